/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the parsed query to the one that runs: its stages, keys and pipes.
 *
 * As in Elasticsearch, a condition on a join key holds for all stages: each
 * AND operand of a stage that mentions one of its keys is copied to the other
 * stages, there about their own key. That changes nothing for keys of one
 * value; where a key is an array, all stages must have the value asked for,
 * while each still joins by all its values. Operands with an OR in them are
 * not copied, until and what missing events ask for neither.
 */
#include "check.h"

#include <errno.h>
#include <string.h>

#include "fold.h"
#include "lower.h"
#include "pred_node.h"

/* An operand of a stage's condition that is about a key. */
struct constraint {
	const struct node *node;
	size_t stage; /* where it stands */
	size_t key; /* which key of the stage it mentions */
};

struct checker {
	struct compile *compile;
	struct ast_query *ast;
	struct query *query;
	struct stage *stages; /* one for each written, runs not expanded */
	struct slot_set slots; /* read by any of them */
	size_t constraint_count, constraint_capacity;
	struct constraint *constraints;
	size_t copies;
};

static struct arena *arena_of(const struct checker *checker)
{
	return checker->compile->options->arena;
}

/* --- keys ----------------------------------------------------------------- */

static int add_keys(struct checker *checker, const struct node_list *list,
		    struct stage_key *keys)
{
	for (size_t i = 0; i < list->count; i++) {
		struct node *field = list->items[i];
		int rc = fold_field(checker->compile, field);

		if (rc)
			return rc;
		keys[i].slot = field->slot;
		keys[i].optional = field->optional;
	}
	return 0;
}

/* Sequence-level keys come first. */
static int set_keys(struct checker *checker, const struct ast_stage *from,
		    struct stage *stage)
{
	const struct node_list *common = &checker->ast->by;
	size_t count = common->count + from->by.count;
	struct stage_key *keys =
		arena_array(arena_of(checker), count + 1, sizeof(*keys));
	int rc;

	if (!keys)
		return -ENOMEM;
	rc = add_keys(checker, common, keys);
	if (!rc)
		rc = add_keys(checker, &from->by, keys + common->count);
	stage->keys = keys;
	stage->key_count = count;
	return rc;
}

/* As many keys as the first stage has, of kinds that can be equal. */
static int check_keys(struct checker *checker, const struct ast_stage *from,
		      const struct stage *stage)
{
	const struct field_table *fields = checker->compile->options->fields;
	const struct stage *first = &checker->stages[0];
	size_t common = checker->ast->by.count;

	if (stage->key_count != first->key_count)
		return compile_fail(checker->compile, EQL_E_INVALID,
				    from->by_offset,
				    "%zu keys here, but %zu in the first stage",
				    stage->key_count, first->key_count);
	for (size_t i = common; i < stage->key_count; i++) {
		size_t a = first->keys[i].slot, b = stage->keys[i].slot;

		if (!fold_fields_comparable(checker->compile, a, b))
			return compile_fail(
				checker->compile, EQL_E_INVALID,
				from->by.items[i - common]->offset,
				"%.*s and %.*s have values of different kinds",
				STR_ARG(field_table_name(fields, a)),
				STR_ARG(field_table_name(fields, b)));
	}
	return 0;
}

/* --- conditions ----------------------------------------------------------- */

/*
 * What a match without an answer should say: a stage lets the rule alert, an
 * until or a missing event keeps it from alerting.
 */
static struct lowering lowering_for(struct checker *checker,
				    const struct ast_stage *from,
				    struct slot_set *slots)
{
	return (struct lowering){
		.compile = checker->compile,
		.on_limit = !from->missing && from != checker->ast->until,
		.slots = slots,
	};
}

/* Adds the slots a stage reads to the query's. */
static void note_slots(struct checker *checker, struct stage *stage,
		       struct slot_set *slots)
{
	const struct field_table *fields = checker->compile->options->fields;
	size_t count = field_table_count(fields);

	for (size_t i = 0; i < stage->key_count; i++)
		slot_set_add(slots, stage->keys[i].slot);
	for (size_t slot = 0; slot < count; slot++) {
		if (!slot_set_has(slots, slot))
			continue;
		slot_set_add(&checker->slots, slot);
		if (field_table_flags(fields, slot) & FIELD_READING)
			stage->uses_readings = true;
	}
}

static int check_stage(struct checker *checker, struct ast_stage *from,
		       struct stage *stage)
{
	struct slot_set slots = { 0 };
	struct lowering low = lowering_for(checker, from, &slots);
	int rc = fold_condition(checker->compile, &from->condition);

	if (!rc)
		rc = lower_condition(&low, from->condition, &stage->condition);
	if (!rc)
		rc = set_keys(checker, from, stage);
	if (!rc)
		rc = check_keys(checker, from, stage);
	if (rc)
		return rc;
	stage->category = from->category;
	stage->category_bit =
		from->category.len ? event_category_bit(from->category) : 0;
	stage->missing = from->missing;
	note_slots(checker, stage, &slots);
	return 0;
}

/* --- constraints on keys -------------------------------------------------- */

/* "k == 1 or k in (2, 3)", which is one list to Elasticsearch. */
static bool is_list_in_disguise(const struct node *node)
{
	const struct node *first = node->operands[0];

	for (size_t i = 0; i < node->count; i++) {
		const struct node *item = node->operands[i];

		if (item->type != NODE_IN && item->type != NODE_COMPARE)
			return false;
		if (item->insensitive ||
		    (item->type == NODE_COMPARE && item->compare != OP_EQ) ||
		    item->operands[0]->type != NODE_FIELD ||
		    item->operands[0]->slot != first->operands[0]->slot)
			return false;
	}
	return true;
}

/* Whether an expression is an OR to Elasticsearch, or has one in it. */
static bool has_or(const struct node *node)
{
	if (node->type == NODE_OR && !is_list_in_disguise(node))
		return true;
	if (node->count > 2 &&
	    ((node->type == NODE_IN && node->insensitive) ||
	     (node->type == NODE_MATCH && node->match != MATCH_REGEX)))
		return true;
	for (size_t i = 0; i < node->count; i++)
		if (has_or(node->operands[i]))
			return true;
	return false;
}

/* The first key an expression mentions. */
static bool find_key(const struct node *node, const struct stage *stage,
		     size_t *key)
{
	for (size_t i = 0; node->type == NODE_FIELD && i < stage->key_count;
	     i++) {
		*key = i;
		if (stage->keys[i].slot == node->slot)
			return true;
	}
	for (size_t i = 0; i < node->count; i++)
		if (find_key(node->operands[i], stage, key))
			return true;
	return false;
}

static int add_constraint(struct checker *checker, const struct node *node,
			  size_t stage)
{
	struct constraint constraint = { .node = node, .stage = stage };

	if (has_or(node) ||
	    !find_key(node, &checker->stages[stage], &constraint.key))
		return 0;
	if (checker->constraint_count == checker->constraint_capacity) {
		size_t capacity = checker->constraint_capacity
					  ? 2 * checker->constraint_capacity
					  : 16;
		struct constraint *grown = arena_array(
			arena_of(checker), capacity, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		if (checker->constraint_count)
			memcpy(grown, checker->constraints,
			       checker->constraint_count * sizeof(*grown));
		checker->constraints = grown;
		checker->constraint_capacity = capacity;
	}
	checker->constraints[checker->constraint_count++] = constraint;
	return 0;
}

/* The AND operands of a condition. */
static int collect_constraints(struct checker *checker, const struct node *node,
			       size_t stage)
{
	int rc = 0;

	if (node->type != NODE_AND)
		return add_constraint(checker, node, stage);
	for (size_t i = 0; i < node->count && !rc; i++)
		rc = collect_constraints(checker, node->operands[i], stage);
	return rc;
}

/* Joins what is not there already, told by how it prints. */
static int join_new(struct checker *checker, const struct lowering *low,
		    const struct node *node, struct stage *stage)
{
	const struct field_table *fields = checker->compile->options->fields;
	struct strbuf text = STRBUF_INIT(0), other = STRBUF_INIT(0);
	const struct pred *const *items, *added;
	size_t count = pred_all_items(&stage->condition, &items);
	bool found = false;
	int rc = lower_condition(low, node, &added);

	if (rc)
		return rc;
	pred_print(added, fields, &text);
	for (size_t i = 0; i < count && !found; i++) {
		strbuf_reset(&other);
		pred_print(items[i], fields, &other);
		found = str_equal(strbuf_str(&text), strbuf_str(&other));
	}
	if (text.failed || other.failed)
		rc = -ENOMEM;
	else if (!found)
		rc = lower_join(low, node, added, &stage->condition);
	strbuf_free(&text);
	strbuf_free(&other);
	return rc;
}

/* Copies one constraint to one stage. */
static int copy_constraint(struct checker *checker,
			   const struct constraint *constraint, size_t to)
{
	struct stage *stage = &checker->stages[to];
	const struct stage *from = &checker->stages[constraint->stage];
	struct slot_set slots = { 0 };
	struct lowering low =
		lowering_for(checker, &checker->ast->stages[to], &slots);
	int rc;

	if (checker->copies++ == LIMIT_CONSTRAINTS)
		return compile_fail(checker->compile, EQL_E_UNSUPPORTED,
				    constraint->node->offset,
				    "conditions on join keys would be copied "
				    "more than %d times",
				    LIMIT_CONSTRAINTS);
	low.replaces = true;
	low.replaced = from->keys[constraint->key].slot;
	low.replacement = stage->keys[constraint->key].slot;
	rc = join_new(checker, &low, constraint->node, stage);
	if (!rc)
		note_slots(checker, stage, &slots);
	return rc;
}

static int propagate_constraints(struct checker *checker)
{
	size_t count = checker->ast->stage_count;
	int rc = 0;

	for (size_t i = 0; i < count && !rc; i++)
		if (!checker->ast->stages[i].missing)
			rc = collect_constraints(
				checker, checker->ast->stages[i].condition, i);
	for (size_t i = 0; i < checker->constraint_count; i++)
		for (size_t to = 0; to < count && !rc; to++)
			if (to != checker->constraints[i].stage)
				rc = copy_constraint(
					checker, &checker->constraints[i], to);
	return rc;
}

/* --- stages --------------------------------------------------------------- */

/* How many stages of what sort a sequence or sample has. */
static int check_counts(struct checker *checker)
{
	const struct ast_query *ast = checker->ast;
	const char *what = ast->type == QUERY_SAMPLE ? "sample" : "sequence";
	size_t total = 0, positive = 0;

	for (size_t i = 0; i < ast->stage_count; i++) {
		const struct ast_stage *stage = &ast->stages[i];

		total += (size_t)stage->runs;
		positive += !stage->missing;
		if (stage->missing && !ast->maxspan_ns)
			return compile_fail(checker->compile, EQL_E_INVALID,
					    stage->offset,
					    "a missing event needs maxspan");
		if (total > LIMIT_STAGES)
			return compile_fail(
				checker->compile, EQL_E_INVALID, stage->offset,
				"more than %d stages", LIMIT_STAGES);
	}
	checker->query->stage_count = total;
	if (ast->type != QUERY_EVENT && total < 2)
		return compile_fail(checker->compile, EQL_E_INVALID,
				    ast->offset, "a %s has two stages or more",
				    what);
	if (!positive)
		return compile_fail(checker->compile, EQL_E_INVALID,
				    ast->offset,
				    "one stage at least must not be missing");
	return 0;
}

static int check_stages(struct checker *checker)
{
	struct ast_query *ast = checker->ast;
	int rc = 0;

	checker->stages = arena_array(arena_of(checker), ast->stage_count,
				      sizeof(*checker->stages));
	if (!checker->stages)
		return -ENOMEM;
	for (size_t i = 0; i < ast->stage_count && !rc; i++)
		rc = check_stage(checker, &ast->stages[i], &checker->stages[i]);
	if (rc)
		return rc;
	checker->query->key_count = checker->stages[0].key_count;
	if (ast->type == QUERY_SAMPLE && !checker->query->key_count)
		return compile_fail(checker->compile, EQL_E_INVALID,
				    ast->offset, "a sample needs a join key");
	return ast->type == QUERY_EVENT ? 0 : propagate_constraints(checker);
}

static int check_until(struct checker *checker)
{
	struct stage *until;

	if (!checker->ast->until)
		return 0;
	until = arena_alloc(arena_of(checker), sizeof(*until));
	if (!until)
		return -ENOMEM;
	checker->query->until = until;
	return check_stage(checker, checker->ast->until, until);
}

/* Writes the runs of a stage out. */
static int expand_runs(struct checker *checker)
{
	struct query *query = checker->query;
	size_t at = 0;

	query->stages = arena_array(arena_of(checker), query->stage_count,
				    sizeof(*query->stages));
	if (!query->stages)
		return -ENOMEM;
	for (size_t i = 0; i < checker->ast->stage_count; i++)
		for (int64_t run = 0; run < checker->ast->stages[i].runs; run++)
			query->stages[at++] = checker->stages[i];
	return 0;
}

/* --- pipes and the rest --------------------------------------------------- */

static int check_pipe(struct checker *checker, struct ast_pipe *from,
		      struct query_pipe *pipe)
{
	struct compile *compile = checker->compile;
	struct node *count;
	int rc;

	if (str_equal(from->name, STR("head")))
		pipe->type = PIPE_HEAD;
	else if (str_equal(from->name, STR("tail")))
		pipe->type = PIPE_TAIL;
	else
		return compile_fail(compile, EQL_E_INVALID, from->offset,
				    "the pipes of EQL are head and tail, not "
				    "%.*s",
				    STR_ARG(from->name));
	if (from->arguments.count != 1)
		return compile_fail(compile, EQL_E_INVALID, from->offset,
				    "%.*s takes one number",
				    STR_ARG(from->name));
	rc = fold_expression(compile, &from->arguments.items[0]);
	if (rc)
		return rc;
	count = from->arguments.items[0];
	if (!node_is_const(count) || count->value.type != VALUE_INT ||
	    count->value.i < 0 || count->value.i > INT32_MAX)
		return compile_fail(compile, EQL_E_INVALID, count->offset,
				    "a whole number from 0 is wanted here");
	pipe->count = count->value.i;
	return 0;
}

static int check_pipes(struct checker *checker)
{
	struct ast_query *ast = checker->ast;
	struct query *query = checker->query;
	int rc = 0;

	query->pipes = arena_array(arena_of(checker), ast->pipe_count + 1,
				   sizeof(*query->pipes));
	if (!query->pipes)
		return -ENOMEM;
	for (size_t i = 0; i < ast->pipe_count && !rc; i++)
		rc = check_pipe(checker, &ast->pipes[i], &query->pipes[i]);
	query->pipe_count = ast->pipe_count;
	return rc;
}

/* What counts stored events has no meaning in a rule that runs. */
static int check_live(struct checker *checker)
{
	struct compile *compile = checker->compile;

	if (!compile->options->live)
		return 0;
	if (checker->ast->pipe_count)
		return compile_fail(compile, EQL_E_UNSUPPORTED,
				    checker->ast->pipes[0].offset,
				    "a pipe looks back over stored events: it "
				    "does not run in a rule");
	return 0;
}

static int list_slots(struct checker *checker)
{
	size_t count = field_table_count(checker->compile->options->fields);
	size_t *slots = arena_array(arena_of(checker), count, sizeof(*slots));
	struct query *query = checker->query;

	if (!slots)
		return -ENOMEM;
	for (size_t slot = 0; slot < count; slot++)
		if (slot_set_has(&checker->slots, slot))
			slots[query->field_slot_count++] = slot;
	query->field_slots = slots;
	return 0;
}

int check_query(struct compile *compile, struct ast_query *ast,
		const struct query **out)
{
	struct checker checker = { .compile = compile, .ast = ast };
	struct query *query =
		arena_alloc(compile->options->arena, sizeof(*query));
	int rc;

	if (!query)
		return -ENOMEM;
	checker.query = query;
	query->type = ast->type;
	query->maxspan_ns = ast->maxspan_ns;
	rc = check_counts(&checker);
	if (!rc)
		rc = check_stages(&checker);
	if (!rc)
		rc = check_until(&checker);
	if (!rc)
		rc = expand_runs(&checker);
	if (!rc)
		rc = check_pipes(&checker);
	if (!rc)
		rc = check_live(&checker);
	if (!rc)
		rc = list_slots(&checker);
	if (!rc)
		*out = query;
	return rc;
}
