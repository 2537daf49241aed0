/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the parsed tree to one that runs: names become field slots, constants
 * are folded, literals and patterns compiled, and what EQL rejects or we do
 * not run is refused with its position.
 *
 * Every condition ends as a tree of NOT, AND, OR over leaves that compare one
 * field with constants. A leaf holds if it does for some value of the field,
 * and never where the field has none; NOT is the plain complement. That is
 * Elasticsearch's two-valued logic, in which `x != "a"` and `not x > 1` hold
 * for an event without x. Only among constants is null a third truth value,
 * and a condition that folds to null holds for nothing.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../limits.h"
#include "wildcard.h"
#include "ast.h"

static int check_condition(struct compile *compile, struct node **node);

#define INVALID(compile, node, ...) \
	compile_fail(compile, EQL_E_INVALID, (node)->offset, __VA_ARGS__)
#define UNSUPPORTED(compile, node, ...) \
	compile_fail(compile, EQL_E_UNSUPPORTED, (node)->offset, __VA_ARGS__)

/* --- literals ------------------------------------------------------------- */

/* address or address/prefix; host bits are allowed and masked off. */
static bool network_parse(struct str text, struct network *out)
{
	const char *slash = text.len ? memchr(text.data, '/', text.len) : NULL;
	struct str address = text;
	struct network network;
	unsigned int prefix = 0, bits;
	bool v4;

	if (slash)
		address.len = (size_t)(slash - text.data);
	if (ip_parse(address, &network.ip))
		return false;
	v4 = !memchr(address.data, ':', address.len);
	bits = v4 ? 32 : 128;
	if (slash) {
		const char *p = slash + 1, *end = text.data + text.len;

		if (p == end || end - p > 3)
			return false;
		for (; p < end; p++) {
			if (*p < '0' || *p > '9')
				return false;
			prefix = prefix * 10 + (unsigned int)(*p - '0');
		}
		if (prefix > bits)
			return false;
	} else {
		prefix = bits;
	}
	network.prefix = prefix + 128 - bits;
	for (unsigned int bit = network.prefix; bit < 128; bit++)
		network.ip.b[bit / 8] &= (uint8_t) ~(0x80U >> bit % 8);
	*out = network;
	return true;
}

/* Digits, sign, point and exponent only: what strtod takes beyond that (hex,
 * inf, nan, blanks) is no number in a document. */
static bool text_is_number(struct str text)
{
	if (!text.len || text.len > 64)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!strchr("0123456789+-.eE", text.data[i]))
			return false;
	return true;
}

static void literal_number(struct literal *literal, struct str text)
{
	char copy[65], *end;
	long long integer;

	if (!text_is_number(text))
		return;
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	literal->number = strtod(copy, &end);
	literal->is_number = !*end && isfinite(literal->number);
	errno = 0;
	integer = strtoll(copy, &end, 10);
	literal->is_integer = literal->is_number && !*end && !errno;
	literal->integer = literal->is_integer ? integer : 0;
}

/* All forms of a literal. 0 or -ENOMEM. */
static int literal_prepare(struct compile *compile, struct literal *literal)
{
	struct arena *arena = compile->options->arena;
	const struct value *value = &literal->value;

	switch (value->type) {
	case VALUE_STRING:
		literal->text = value->s;
		literal_number(literal, value->s);
		literal->is_network =
			network_parse(value->s, &literal->network);
		return 0;
	case VALUE_INT:
		literal->text =
			arena_printf(arena, "%lld", (long long)value->i);
		break;
	case VALUE_DOUBLE:
		literal->text = arena_printf(arena, "%.17g", value->d);
		break;
	case VALUE_BOOL:
		literal->text = value->b ? STR("true") : STR("false");
		return 0;
	default:
		return 0;
	}
	if (!literal->text.data)
		return -ENOMEM;
	literal_number(literal, literal->text);
	return 0;
}

/* --- constants ------------------------------------------------------------ */

static bool is_const(const struct node *node)
{
	return node->type == NODE_CONST;
}

static bool is_null(const struct node *node)
{
	return is_const(node) && node->literal.value.type == VALUE_NULL;
}

static bool is_truth(const struct node *node)
{
	return is_const(node) && (node->literal.value.type == VALUE_BOOL ||
				  node->literal.value.type == VALUE_NULL);
}

static void become_const(struct node *node, struct value value)
{
	node->type = NODE_CONST;
	node->literal = (struct literal){ .value = value };
	node->count = 0;
}

static void become_bool(struct node *node, bool truth)
{
	become_const(node, VALUE_OF_BOOL(truth));
}

static void become_null(struct node *node)
{
	become_const(node, (struct value){ 0 });
}

static bool is_number(const struct value *value)
{
	return value->type == VALUE_INT || value->type == VALUE_DOUBLE;
}

static int compare_numbers(const struct value *a, const struct value *b)
{
	double x = a->type == VALUE_INT ? (double)a->i : a->d;
	double y = b->type == VALUE_INT ? (double)b->i : b->d;

	if (a->type == VALUE_INT && b->type == VALUE_INT)
		return (a->i > b->i) - (a->i < b->i);
	return (x > y) - (x < y);
}

static bool order_holds(enum compare_op op, int order)
{
	switch (op) {
	case OP_EQ:
		return !order;
	case OP_LT:
		return order < 0;
	case OP_LE:
		return order <= 0;
	case OP_GT:
		return order > 0;
	case OP_GE:
		return order >= 0;
	}
	return false;
}

/* constant OP constant. */
static int fold_comparison(struct compile *compile, struct node *node)
{
	const struct value *a = &node->operands[0]->literal.value;
	const struct value *b = &node->operands[1]->literal.value;

	if (is_null(node->operands[0]) || is_null(node->operands[1])) {
		if (node->op == OP_EQ && a->type == b->type)
			become_bool(node, true);
		else
			become_null(node);
	} else if (is_number(a) && is_number(b)) {
		become_bool(node, order_holds(node->op, compare_numbers(a, b)));
	} else if (a->type == VALUE_STRING && b->type == VALUE_STRING) {
		become_bool(node,
			    order_holds(node->op, str_compare(a->s, b->s)));
	} else if (a->type == VALUE_BOOL && b->type == VALUE_BOOL &&
		   node->op == OP_EQ) {
		become_bool(node, a->b == b->b);
	} else {
		return INVALID(compile, node,
			       "these two constants cannot be compared");
	}
	return 0;
}

/* --- fields --------------------------------------------------------------- */

static int resolve_field(struct compile *compile, struct node *field)
{
	const struct eql_options *options = compile->options;
	int slot;

	if (options->user_id_is_real && str_equal(field->name, STR("user.id")))
		slot = FIELD_USER_EXT_REAL_ID;
	else
		slot = field_table_add(options->fields, field->name,
				       FIELD_KEYWORD);
	if (slot == -E2BIG)
		return INVALID(compile, field, "more than %d field names",
			       LIMIT_FIELDS);
	if (slot < 0)
		return slot;
	field->slot = (size_t)slot;
	return 0;
}

/* Whether a literal can equal or be ordered with values of the field. */
static int check_literal(struct compile *compile, const struct node *field,
			 const struct node *constant)
{
	const struct literal *literal = &constant->literal;

	switch (field_table_type(compile->options->fields, field->slot)) {
	case FIELD_LONG:
	case FIELD_DOUBLE:
		if (!literal->is_number)
			return INVALID(compile, constant, "%.*s is a number",
				       STR_ARG(field->name));
		return 0;
	case FIELD_IP:
		if (!literal->is_network)
			return INVALID(compile, constant, "%.*s is an address",
				       STR_ARG(field->name));
		return 0;
	case FIELD_BOOL:
		if (!str_equal(literal->text, STR("true")) &&
		    !str_equal(literal->text, STR("false")))
			return INVALID(compile, constant,
				       "%.*s is true or false",
				       STR_ARG(field->name));
		return 0;
	case FIELD_DATE:
	case FIELD_VERSION:
		return UNSUPPORTED(compile, constant,
				   "dates and versions are not compared");
	case FIELD_KEYWORD:
		return 0;
	}
	return 0;
}

/* The left side of a predicate: a field. */
static int check_field(struct compile *compile, struct node *node)
{
	if (node->type == NODE_FIELD)
		return resolve_field(compile, node);
	if (node->type == NODE_CALL || node->type == NODE_ARITHMETIC ||
	    node->type == NODE_NEGATE)
		return UNSUPPORTED(compile, node,
				   "functions and arithmetic as values do not "
				   "run here");
	return INVALID(compile, node, "a field is wanted here");
}

static int check_constant(struct compile *compile, struct node *node)
{
	struct node *inner;

	if (node->type == NODE_NEGATE) {
		struct value *value;
		int rc;

		inner = node->operands[0];
		rc = check_constant(compile, inner);
		if (rc)
			return rc;
		value = &inner->literal.value;
		if (!is_number(value))
			return INVALID(compile, node, "'-' wants a number");
		if (value->type == VALUE_INT)
			become_const(node, VALUE_OF_INT(-value->i));
		else
			become_const(node, (struct value){ .type = VALUE_DOUBLE,
							   .d = -value->d });
	}
	if (node->type == NODE_FIELD)
		return INVALID(compile, node,
			       "fields cannot be compared with fields");
	if (!is_const(node))
		return UNSUPPORTED(compile, node,
				   "only constants run here: no arithmetic, no "
				   "functions");
	return literal_prepare(compile, &node->literal);
}

/* --- leaves --------------------------------------------------------------- */

static bool is_boolean_node(const struct node *node)
{
	return node->type == NODE_AND || node->type == NODE_OR ||
	       node->type == NODE_NOT || node->type == NODE_COMPARE ||
	       node->type == NODE_IN || node->type == NODE_MATCH ||
	       (node->type == NODE_CALL &&
		strncasecmp(node->name.data, "cidrmatch", 9) == 0);
}

/* condition == true | false */
static int check_truth_comparison(struct compile *compile, struct node **node)
{
	struct node *compare = *node, *condition = compare->operands[0];
	const struct value *value = &compare->operands[1]->literal.value;
	int rc;

	if (compare->op != OP_EQ || value->type != VALUE_BOOL)
		return UNSUPPORTED(compile, compare,
				   "a condition is compared only with true or "
				   "false here");
	rc = check_condition(compile, &condition);
	if (rc)
		return rc;
	if (value->b) {
		*node = condition;
		return 0;
	}
	compare->type = NODE_NOT;
	compare->operands[0] = condition;
	compare->count = 1;
	return 0;
}

static bool can_be_const(const struct node *node)
{
	return is_const(node) ||
	       (node->type == NODE_NEGATE && can_be_const(node->operands[0]));
}

static int check_comparison(struct compile *compile, struct node **out)
{
	static const enum compare_op swapped[] = {
		[OP_EQ] = OP_EQ, [OP_LT] = OP_GT, [OP_LE] = OP_GE,
		[OP_GT] = OP_LT, [OP_GE] = OP_LE,
	};
	struct node *node = *out;
	int rc;

	if (can_be_const(node->operands[0])) {
		struct node *left = node->operands[0];

		node->operands[0] = node->operands[1];
		node->operands[1] = left;
		node->op = swapped[node->op];
	}
	rc = check_constant(compile, node->operands[1]);
	if (rc)
		return rc;
	if (can_be_const(node->operands[0])) {
		rc = check_constant(compile, node->operands[0]);
		return rc ? rc : fold_comparison(compile, node);
	}
	if (is_boolean_node(node->operands[0]))
		return check_truth_comparison(compile, out);
	rc = check_field(compile, node->operands[0]);
	if (rc)
		return rc;
	if (!is_null(node->operands[1]))
		return check_literal(compile, node->operands[0],
				     node->operands[1]);
	if (node->op == OP_EQ)
		node->type = NODE_NULL_TEST;
	else
		become_null(node);
	return 0;
}

/* Null members are ignored; with none left the leaf is false. */
static int check_in(struct compile *compile, struct node *node)
{
	size_t kept = 1;
	int rc = check_field(compile, node->operands[0]);

	if (rc)
		return rc;
	for (size_t i = 1; i < node->count; i++) {
		struct node *member = node->operands[i];

		rc = check_constant(compile, member);
		if (rc)
			return rc;
		if (is_null(member))
			continue;
		if (node->insensitive &&
		    member->literal.value.type != VALUE_STRING)
			return INVALID(compile, member, "in~ wants strings");
		rc = check_literal(compile, node->operands[0], member);
		if (rc)
			return rc;
		node->operands[kept++] = member;
	}
	node->count = kept;
	return 0;
}

static int check_match(struct compile *compile, struct node *node)
{
	struct wildcard *patterns;
	int rc;

	if (node->is_regex)
		return UNSUPPORTED(compile, node, "regex does not run here");
	rc = check_field(compile, node->operands[0]);
	if (rc)
		return rc;
	node->part_count = node->count - 1;
	patterns = arena_array(compile->options->arena, node->part_count,
			       sizeof(*patterns));
	if (!patterns)
		return -ENOMEM;
	for (size_t i = 0; i < node->part_count; i++)
		patterns[i] =
			wildcard_compile(node->operands[i + 1]->literal.value.s,
					 node->insensitive);
	node->patterns = patterns;
	return 0;
}

static int check_cidr(struct compile *compile, struct node *node)
{
	struct network *networks;
	int rc = check_field(compile, node->operands[0]);

	if (rc)
		return rc;
	node->part_count = node->count - 1;
	networks = arena_array(compile->options->arena, node->part_count,
			       sizeof(*networks));
	if (!networks)
		return -ENOMEM;
	for (size_t i = 0; i < node->part_count; i++) {
		struct node *operand = node->operands[i + 1];

		if (!is_const(operand) ||
		    operand->literal.value.type != VALUE_STRING ||
		    !network_parse(operand->literal.value.s, &networks[i]))
			return INVALID(compile, operand,
				       "an address or a network such as "
				       "\"10.0.0.0/8\" is wanted here");
	}
	node->type = NODE_CIDR;
	node->networks = networks;
	return 0;
}

static const struct function {
	struct str name;
	size_t least, most;
	bool has_tilde, runs;
} functions[] = {
#define FUNCTION(name, least, most, tilde, runs) \
	{ STR(name), least, most, tilde, runs },
#include "functions.def"
#undef FUNCTION
};

static const struct function *find_function(struct str name)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (name.len == functions[i].name.len &&
		    !strncasecmp(name.data, functions[i].name.data, name.len))
			return &functions[i];
	return NULL;
}

/* Names of functions ignore case, as Elasticsearch does. */
static int check_call(struct compile *compile, struct node *node)
{
	const struct function *function = find_function(node->name);

	if (!function || (node->insensitive && !function->has_tilde))
		return INVALID(compile, node, "no function '%.*s%s'",
			       STR_ARG(node->name),
			       node->insensitive ? "~" : "");
	if (node->count < function->least || node->count > function->most)
		return INVALID(compile, node,
			       "wrong number of arguments for %.*s",
			       STR_ARG(function->name));
	if (!function->runs)
		return UNSUPPORTED(compile, node,
				   "the function %.*s does not run here",
				   STR_ARG(function->name));
	return check_cidr(compile, node);
}

/* --- logic ---------------------------------------------------------------- */

static int check_not(struct compile *compile, struct node *node)
{
	struct node *operand;
	int rc = check_condition(compile, &node->operands[0]);

	if (rc)
		return rc;
	operand = node->operands[0];
	if (is_null(operand))
		become_null(node);
	else if (is_const(operand))
		become_bool(node, !operand->literal.value.b);
	else if (operand->type == NODE_NOT)
		*node = *operand->operands[0];
	return 0;
}

/* Checks the operands; a constant that decides wins, others drop out. */
static int check_logic(struct compile *compile, struct node **out)
{
	struct node *node = *out;
	bool decides = node->type == NODE_OR, null = false;
	size_t kept = 0;

	for (size_t i = 0; i < node->count; i++) {
		struct node *operand = node->operands[i];
		int rc = check_condition(compile, &operand);

		if (rc)
			return rc;
		if (is_null(operand)) {
			null = true;
		} else if (!is_const(operand)) {
			node->operands[kept++] = operand;
		} else if (operand->literal.value.b == decides) {
			/* the rest is still checked for errors */
			for (i++; i < node->count; i++) {
				rc = check_condition(compile,
						     &node->operands[i]);
				if (rc)
					return rc;
			}
			become_bool(node, decides);
			return 0;
		}
	}
	/* null or x = x; null and x holds for nothing, as null itself */
	if ((null && !decides) || (null && !kept))
		become_null(node);
	else if (!kept)
		become_bool(node, !decides);
	else if (kept == 1)
		*out = node->operands[0];
	else
		node->count = kept;
	return 0;
}

/* A field by itself: field == true. */
static int check_bare_field(struct compile *compile, struct node **out)
{
	struct arena *arena = compile->options->arena;
	struct node *field = *out;
	struct node *compare = arena_alloc(arena, sizeof(*compare));
	struct node *truth = arena_alloc(arena, sizeof(*truth));
	int rc = resolve_field(compile, field);

	if (rc)
		return rc;
	if (!compare || !truth)
		return -ENOMEM;
	compare->operands = arena_array(arena, 2, sizeof(struct node *));
	if (!compare->operands)
		return -ENOMEM;
	if (field->slot < FIELD__COUNT &&
	    field_table_type(compile->options->fields, field->slot) !=
		    FIELD_BOOL)
		return INVALID(compile, field,
			       "a condition is wanted here: %.*s is not true "
			       "or false",
			       STR_ARG(field->name));
	truth->type = NODE_CONST;
	truth->literal.value = VALUE_OF_BOOL(true);
	compare->type = NODE_COMPARE;
	compare->offset = truth->offset = field->offset;
	compare->operands[0] = field;
	compare->operands[1] = truth;
	compare->count = 2;
	*out = compare;
	return literal_prepare(compile, &truth->literal);
}

static int check_condition(struct compile *compile, struct node **node)
{
	switch ((*node)->type) {
	case NODE_NOT:
		return check_not(compile, *node);
	case NODE_AND:
	case NODE_OR:
		return check_logic(compile, node);
	case NODE_COMPARE:
		return check_comparison(compile, node);
	case NODE_IN:
		return check_in(compile, *node);
	case NODE_MATCH:
		return check_match(compile, *node);
	case NODE_CALL:
		return check_call(compile, *node);
	case NODE_FIELD:
		return check_bare_field(compile, node);
	case NODE_CONST:
		if (is_truth(*node))
			return 0;
		break;
	case NODE_ARITHMETIC:
	case NODE_NEGATE:
		break;
	case NODE_NULL_TEST:
	case NODE_CIDR:
		return 0;
	}
	return INVALID(compile, *node,
		       "a condition is wanted here, this is a value");
}

/* --- query ---------------------------------------------------------------- */

/* Slots read so far, each once. */
struct slots {
	size_t *items;
	size_t count;
};

static int slots_add(struct compile *compile, struct slots *slots, size_t slot)
{
	size_t *items;

	for (size_t i = 0; i < slots->count; i++)
		if (slots->items[i] == slot)
			return 0;
	items = arena_array(compile->options->arena, slots->count + 1,
			    sizeof(*items));
	if (!items)
		return -ENOMEM;
	if (slots->count)
		memcpy(items, slots->items, slots->count * sizeof(*items));
	items[slots->count++] = slot;
	slots->items = items;
	return 0;
}

static int collect_slots(struct compile *compile, const struct node *node,
			 struct slots *slots)
{
	if (node->type == NODE_FIELD)
		return slots_add(compile, slots, node->slot);
	for (size_t i = 0; i < node->count; i++) {
		int rc = collect_slots(compile, node->operands[i], slots);

		if (rc)
			return rc;
	}
	return 0;
}

static int check_keys(struct compile *compile, const struct key_list *list,
		      struct stage_key *out)
{
	for (size_t i = 0; i < list->count; i++) {
		int rc = resolve_field(compile, list->keys[i]);

		if (rc)
			return rc;
		out[i].slot = list->keys[i]->slot;
		out[i].optional = list->keys[i]->optional;
	}
	return 0;
}

static int stage_keys(struct compile *compile, const struct ast_query *ast,
		      const struct ast_stage *from, struct stage *out)
{
	size_t count = ast->by.count + from->by.count;
	struct stage_key *keys =
		arena_array(compile->options->arena, count, sizeof(*keys));
	int rc;

	if (!keys)
		return -ENOMEM;
	rc = check_keys(compile, &ast->by, keys);
	if (!rc)
		rc = check_keys(compile, &from->by, keys + ast->by.count);
	out->keys = keys;
	out->key_count = count;
	return rc;
}

static int stage_reads(struct compile *compile, struct stage *stage,
		       const struct node *condition, struct slots *all)
{
	struct slots own = { 0 };
	int rc = collect_slots(compile, condition, &own);

	for (size_t i = 0; i < stage->key_count && !rc; i++)
		rc = slots_add(compile, &own, stage->keys[i].slot);
	for (size_t i = 0; i < own.count && !rc; i++) {
		if (field_table_flags(compile->options->fields, own.items[i]) &
		    FIELD_READING)
			stage->uses_readings = true;
		rc = slots_add(compile, all, own.items[i]);
	}
	return rc;
}

static int check_stage(struct compile *compile, const struct ast_query *ast,
		       struct ast_stage *from, struct stage *out)
{
	struct slots slots = { 0 };
	struct pred *pred = arena_alloc(compile->options->arena, sizeof(*pred));
	int rc;

	if (!pred)
		return -ENOMEM;
	if (from->missing)
		return compile_fail(compile, EQL_E_UNSUPPORTED, from->offset,
				    "missing events do not run here");
	rc = check_condition(compile, &from->condition);
	if (!rc)
		rc = stage_keys(compile, ast, from, out);
	if (!rc)
		rc = stage_reads(compile, out, from->condition, &slots);
	if (rc)
		return rc;
	pred->root = from->condition;
	out->condition = pred;
	out->category = from->category;
	out->category_bit =
		from->category.len ? event_category_bit(from->category) : 0;
	return 0;
}

/* The stages with runs written out. */
static int check_stages(struct compile *compile, struct ast_query *ast,
			struct query *out)
{
	size_t total = 0, at = 0;

	for (size_t i = 0; i < ast->stage_count; i++)
		total += (size_t)ast->stages[i].runs;
	if (ast->type != QUERY_EVENT && total < 2)
		return compile_fail(compile, EQL_E_INVALID, ast->offset,
				    "a sequence has two stages or more");
	if (total > LIMIT_STAGES)
		return compile_fail(compile, EQL_E_INVALID, ast->offset,
				    "more than %d stages", LIMIT_STAGES);
	out->stages = arena_array(compile->options->arena, total,
				  sizeof(*out->stages));
	if (!out->stages)
		return -ENOMEM;
	for (size_t i = 0; i < ast->stage_count; i++) {
		int rc = check_stage(compile, ast, &ast->stages[i],
				     &out->stages[at]);

		if (rc)
			return rc;
		for (int64_t run = 1; run < ast->stages[i].runs; run++)
			out->stages[at + (size_t)run] = out->stages[at];
		at += (size_t)ast->stages[i].runs;
	}
	out->stage_count = total;
	return 0;
}

static int check_until(struct compile *compile, struct ast_query *ast,
		       struct query *out)
{
	if (!ast->until)
		return 0;
	out->until = arena_alloc(compile->options->arena, sizeof(*out->until));
	if (!out->until)
		return -ENOMEM;
	return check_stage(compile, ast, ast->until, out->until);
}

/* As many keys everywhere, of types that can be equal. */
static int check_key_counts(struct compile *compile,
			    const struct ast_query *ast)
{
	size_t count = ast->stages[0].by.count;

	for (size_t i = 1; i < ast->stage_count; i++)
		if (ast->stages[i].by.count != count)
			return compile_fail(compile, EQL_E_INVALID,
					    ast->stages[i].offset,
					    "this stage has %zu keys, the "
					    "first %zu",
					    ast->stages[i].by.count, count);
	if (ast->until && ast->until->by.count != count)
		return compile_fail(compile, EQL_E_INVALID, ast->until->offset,
				    "until has %zu keys, the stages %zu",
				    ast->until->by.count, count);
	return 0;
}

static int check_key_types(struct compile *compile, const struct ast_query *ast,
			   const struct query *query)
{
	const struct field_table *fields = compile->options->fields;

	for (size_t i = 1; i < query->stage_count; i++) {
		for (size_t k = 0; k < query->stages[i].key_count; k++) {
			size_t a = query->stages[0].keys[k].slot;
			size_t b = query->stages[i].keys[k].slot;

			/* names that only the rule knows have no type yet */
			if (a >= FIELD__COUNT || b >= FIELD__COUNT ||
			    field_table_type(fields, a) ==
				    field_table_type(fields, b))
				continue;
			return compile_fail(
				compile, EQL_E_INVALID, ast->offset,
				"%.*s and %.*s are of different types and "
				"cannot be joined",
				STR_ARG(field_table_name(fields, a)),
				STR_ARG(field_table_name(fields, b)));
		}
	}
	return 0;
}

static int check_pipes(struct compile *compile, const struct ast_query *ast)
{
	if (!ast->pipe_count)
		return 0;
	if (!str_equal(ast->pipes[0].name, STR("head")) &&
	    !str_equal(ast->pipes[0].name, STR("tail")))
		return compile_fail(compile, EQL_E_INVALID,
				    ast->pipes[0].offset, "no pipe '%.*s'",
				    STR_ARG(ast->pipes[0].name));
	return compile_fail(compile, EQL_E_UNSUPPORTED, ast->pipes[0].offset,
			    "pipes do not run here: they look back over "
			    "stored events");
}

static int compare_slots(const void *a, const void *b)
{
	const size_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int query_reads(struct compile *compile, struct query *query)
{
	struct slots all = { 0 };
	int rc = 0;

	for (size_t i = 0; i < query->stage_count && !rc; i++)
		rc = stage_reads(compile, &query->stages[i],
				 query->stages[i].condition->root, &all);
	if (!rc && query->until)
		rc = stage_reads(compile, query->until,
				 query->until->condition->root, &all);
	if (all.count)
		qsort(all.items, all.count, sizeof(*all.items), compare_slots);
	query->field_slots = all.items;
	query->field_slot_count = all.count;
	return rc;
}

int check_query(struct compile *compile, struct ast_query *ast,
		const struct query **out)
{
	struct query *query =
		arena_alloc(compile->options->arena, sizeof(*query));
	int rc;

	if (!query)
		return -ENOMEM;
	if (ast->type == QUERY_SAMPLE)
		return compile_fail(compile, EQL_E_UNSUPPORTED, ast->offset,
				    "sample does not run here");
	query->type = ast->type;
	query->maxspan_ns = ast->maxspan_ns;
	rc = check_key_counts(compile, ast);
	if (!rc)
		rc = check_stages(compile, ast, query);
	if (!rc)
		rc = check_until(compile, ast, query);
	if (!rc)
		rc = check_key_types(compile, ast, query);
	if (!rc)
		rc = check_pipes(compile, ast);
	if (!rc)
		rc = query_reads(compile, query);
	if (rc)
		return rc;
	query->key_count = query->stages[0].key_count;
	*out = query;
	return 0;
}
