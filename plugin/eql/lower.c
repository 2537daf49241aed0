/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a folded tree to a condition. NOT goes down to the leaves (not (a and
 * b) = not a or not b); what remains null is false there, negated or not: a
 * condition that is null holds for nothing. Leaves over one field and
 * constants get a node of their own, all others run as scripts.
 */
#include "lower.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "functions.h"
#include "pred_node.h"

static int lower(const struct lowering *low, const struct node *node,
		 bool negated, const struct pred **out);

static struct arena *arena_of(const struct lowering *low)
{
	return low->compile->options->arena;
}

static size_t slot_of(const struct lowering *low, const struct node *field)
{
	size_t slot = field->slot;

	if (low->replaces && slot == low->replaced)
		slot = low->replacement;
	slot_set_add(low->slots, slot);
	return slot;
}

/* Where an expression begins: a node's own offset is that of its operator. */
static size_t start_of(const struct node *node)
{
	size_t start = node->offset;

	for (size_t i = 0; i < node->count; i++) {
		size_t operand = start_of(node->operands[i]);

		if (operand < start)
			start = operand;
	}
	return start;
}

/* The head of a leaf; NULL = out of memory. */
static void *leaf_new(const struct lowering *low, const struct node *node,
		      const struct pred_ops *ops, bool negated)
{
	struct pred *pred = arena_alloc(arena_of(low), ops->size);

	if (pred) {
		pred->ops = ops;
		pred->offset = start_of(node);
		pred->negated = negated;
		pred->on_limit = low->on_limit;
	}
	return pred;
}

static int lower_const(const struct lowering *low, const struct node *node,
		       bool truth, const struct pred **out)
{
	struct pred_const *leaf = leaf_new(low, node, &pred_const_ops, false);

	if (!leaf)
		return -ENOMEM;
	leaf->truth = truth;
	*out = &leaf->pred;
	return 0;
}

/* --- literals ------------------------------------------------------------- */

static const char *type_name(enum field_type type)
{
	switch (type) {
	case FIELD_LONG:
	case FIELD_DOUBLE:
		return "a number";
	case FIELD_BOOL:
		return "true or false";
	case FIELD_IP:
		return "an address";
	case FIELD_DATE:
		return "a date";
	default:
		return "text";
	}
}

static int make_literal(const struct lowering *low, const struct node *constant,
			size_t slot, struct literal *out)
{
	const struct field_table *fields = low->compile->options->fields;
	enum field_type type = field_table_type(fields, slot);
	int rc = literal_make(arena_of(low), &constant->value, type, out);

	if (rc == LITERAL_E_DATE_MATH)
		return compile_fail(low->compile, EQL_E_UNSUPPORTED,
				    constant->offset,
				    "dates that count from now do not run "
				    "here");
	if (rc == LITERAL_E_TYPE)
		return compile_fail(low->compile, EQL_E_INVALID,
				    constant->offset, "%.*s is %s",
				    STR_ARG(field_table_name(fields, slot)),
				    type_name(type));
	return rc;
}

static int compare_wholes(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The lookup tables of a term's literals. */
static int index_literals(const struct lowering *low, struct pred_term *term)
{
	struct arena *arena = arena_of(low);
	struct str *texts = arena_array(arena, term->count, sizeof(*texts));
	int64_t *wholes = arena_array(arena, term->count, sizeof(*wholes));

	if (!texts || !wholes)
		return -ENOMEM;
	term->only_wholes = true;
	for (size_t i = 0; i < term->count; i++) {
		const struct literal *literal = &term->literals[i];

		texts[i] = literal->text;
		if (literal->number == NUMBER_INT &&
		    literal->low == literal->high)
			wholes[term->whole_count++] = literal->low;
		else if (literal->number != NUMBER_NONE)
			term->only_wholes = false;
	}
	qsort(wholes, term->whole_count, sizeof(*wholes), compare_wholes);
	term->wholes = wholes;
	return strset_make(arena, texts, term->count, &term->strings);
}

/* --- leaves of one field -------------------------------------------------- */

/* field == constant or field in (constants); nulls are no members. */
static int lower_term(const struct lowering *low, const struct node *node,
		      bool negated, const struct pred **out)
{
	struct pred_term *term = leaf_new(low, node, &pred_term_ops, negated);
	struct literal *literals =
		arena_array(arena_of(low), node->count, sizeof(*literals));
	int rc;

	if (!term || !literals)
		return -ENOMEM;
	term->pred.slot = slot_of(low, node->operands[0]);
	term->is_list = node->type == NODE_IN;
	term->strings.insensitive = node->insensitive;
	term->literals = literals;
	for (size_t i = 1; i < node->count; i++) {
		if (node_is_null(node->operands[i]))
			continue;
		rc = make_literal(low, node->operands[i], term->pred.slot,
				  &literals[term->count]);
		if (rc)
			return rc;
		term->count++;
	}
	if (!term->count)
		return lower_const(low, node, negated, out);
	*out = &term->pred;
	return index_literals(low, term);
}

static int lower_range(const struct lowering *low, const struct node *node,
		       bool negated, const struct pred **out)
{
	const struct node *constant = node->operands[1];
	struct pred_range *range =
		leaf_new(low, node, &pred_range_ops, negated);
	int rc;

	if (node_is_null(constant))
		return lower_const(low, node, negated, out);
	if (!range)
		return -ENOMEM;
	range->pred.slot = slot_of(low, node->operands[0]);
	range->op = node->compare;
	rc = make_literal(low, constant, range->pred.slot, &range->literal);
	if (rc)
		return rc;
	if (field_table_type(low->compile->options->fields, range->pred.slot) ==
		    FIELD_IP &&
	    range->literal.network.prefix != 128)
		return compile_fail(low->compile, EQL_E_INVALID,
				    constant->offset,
				    "addresses are ordered by one address, "
				    "not by a network");
	*out = &range->pred;
	return 0;
}

/* A field that is a condition: field == true. */
static int lower_field(const struct lowering *low, const struct node *node,
		       bool negated, const struct pred **out)
{
	struct node *truth = node_new(low->compile, NODE_CONST, node->offset);
	struct node *compare =
		node_new(low->compile, NODE_COMPARE, node->offset);
	struct node *field = arena_alloc(arena_of(low), sizeof(*field));
	int rc;

	if (!truth || !compare || !field)
		return -ENOMEM;
	*field = *node;
	truth->value = VALUE_OF_BOOL(true);
	rc = node_over(low->compile, compare, field, truth);
	return rc ? rc : lower_term(low, compare, negated, out);
}

/* IS_NULL of a field: the complement of "it has a value". */
static int lower_exists(const struct lowering *low, const struct node *node,
			bool negated, const struct pred **out)
{
	struct pred *leaf = leaf_new(low, node, &pred_exists_ops, !negated);

	if (!leaf)
		return -ENOMEM;
	leaf->slot = slot_of(low, node->operands[0]);
	*out = leaf;
	return 0;
}

static int lower_match(const struct lowering *low, const struct node *node,
		       bool negated, const struct pred **out)
{
	struct pred_match *leaf = leaf_new(low, node, &pred_match_ops, negated);
	struct node *copy = arena_alloc(arena_of(low), sizeof(*copy));

	if (!leaf || !copy)
		return -ENOMEM;
	*copy = *node;
	leaf->pred.slot = slot_of(low, node->operands[0]);
	leaf->pred.may_fail = node->match == MATCH_REGEX;
	leaf->node = copy;
	*out = &leaf->pred;
	return matcher_compile(low->compile, copy, false);
}

static int lower_cidr(const struct lowering *low, const struct node *node,
		      bool negated, const struct pred **out)
{
	struct pred_cidr *leaf = leaf_new(low, node, &pred_cidr_ops, negated);
	struct network *networks =
		arena_array(arena_of(low), node->count, sizeof(*networks));

	if (!leaf || !networks)
		return -ENOMEM;
	leaf->pred.slot = slot_of(low, node->operands[0]);
	leaf->node = node;
	leaf->networks = networks;
	for (size_t i = 1; i < node->count; i++)
		network_parse(node->operands[i]->value.s,
			      &networks[leaf->count++]);
	*out = &leaf->pred;
	return 0;
}

/* The shape a function of text asks for; GENERAL = it is none of these. */
static enum wildcard_shape affix_shape(const struct node *node)
{
	static const struct {
		const char *name;
		enum wildcard_shape shape;
	} shapes[] = { { "startsWith", WILDCARD_PREFIX },
		       { "endsWith", WILDCARD_SUFFIX },
		       { "stringContains", WILDCARD_INFIX } };

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (!strcmp(node->function->name, shapes[i].name))
			return shapes[i].shape;
	return WILDCARD_GENERAL;
}

static int lower_affix(const struct lowering *low, const struct node *node,
		       bool negated, const struct pred **out)
{
	struct str text = node->operands[1]->value.s;
	struct pred_affix *leaf = leaf_new(low, node, &pred_affix_ops, negated);

	if (!leaf)
		return -ENOMEM;
	leaf->wildcard.shape = affix_shape(node);
	/* nothing contains the empty string, but all begin and end with it */
	if (leaf->wildcard.shape == WILDCARD_INFIX && !text.len)
		return lower_const(low, node, negated, out);
	if (node->insensitive)
		text = strset_fold(arena_of(low), text);
	if (node->insensitive && !text.data)
		return -ENOMEM;
	leaf->wildcard.text = text;
	leaf->wildcard.insensitive = node->insensitive;
	leaf->pred.slot = slot_of(low, node->operands[0]);
	leaf->node = node;
	*out = &leaf->pred;
	return 0;
}

/* --- scripts -------------------------------------------------------------- */

/* A copy of an expression for one leaf, each field with a cell of its own. */
static int copy_script(const struct lowering *low, const struct node *node,
		       struct node_list *fields, struct node **out)
{
	struct node_list operands = { 0 };
	struct node *copy = arena_alloc(arena_of(low), sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	*copy = *node;
	*out = copy;
	for (size_t i = 0; i < node->count; i++) {
		struct node *operand;
		int rc = copy_script(low, node->operands[i], fields, &operand);

		if (!rc)
			rc = node_add(low->compile, &operands, operand);
		if (rc)
			return rc;
	}
	copy->operands = operands.items;
	if (node->type == NODE_MATCH)
		return matcher_compile(low->compile, copy, true);
	if (node->type != NODE_FIELD)
		return 0;
	copy->slot = slot_of(low, node);
	copy->cell = fields->count;
	return node_add(low->compile, fields, copy);
}

static int lower_script(const struct lowering *low, const struct node *node,
			bool negated, const struct pred **out)
{
	struct pred_script *leaf =
		leaf_new(low, node, &pred_script_ops, negated);
	struct node_list fields = { 0 };
	struct node *copy;
	size_t *cells;
	int rc = leaf ? copy_script(low, node, &fields, &copy) : -ENOMEM;

	if (rc)
		return rc;
	cells = arena_array(arena_of(low), fields.count + 1, sizeof(*cells));
	if (!cells)
		return -ENOMEM;
	for (size_t i = 0; i < fields.count; i++)
		cells[i] = fields.items[i]->slot;
	leaf->pred.may_fail = true;
	leaf->node = copy;
	leaf->cells = cells;
	leaf->cell_count = fields.count;
	*out = &leaf->pred;
	return 0;
}

/* --- logic ---------------------------------------------------------------- */

struct pred_list {
	size_t count, capacity;
	const struct pred **items;
};

static int list_add(const struct lowering *low, struct pred_list *list,
		    const struct pred *item)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 4;
		const struct pred **items =
			arena_array(arena_of(low), capacity, sizeof(*items));

		if (!items)
			return -ENOMEM;
		if (list->count)
			memcpy(items, list->items,
			       list->count * sizeof(*items));
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->count++] = item;
	return 0;
}

/* A group under way: what it will be, and its operands. */
struct group_plan {
	const struct node *node; /* where it stands in the query */
	const struct pred_ops *ops;
	bool negated; /* as in struct pred */
	struct pred_list list;
};

/* Adds an operand, or its own ones where it was written as the same group. */
static int group_add(const struct lowering *low, struct group_plan *plan,
		     const struct pred *item)
{
	const struct pred_group *group = (const struct pred_group *)item;
	int rc = 0;

	if (item->ops != plan->ops || item->negated != plan->negated)
		return list_add(low, &plan->list, item);
	for (size_t i = 0; i < group->count && !rc; i++)
		rc = list_add(low, &plan->list, group->items[i]);
	return rc;
}

/*
 * What may fail is asked last: an error counts only where the rest leaves the
 * answer open, wherever it was written. Elasticsearch, too, runs scripts only
 * on documents that its other clauses let pass.
 */
static int order_items(const struct lowering *low, struct pred_group *group)
{
	size_t at = 0;

	group->order =
		arena_array(arena_of(low), group->count, sizeof(*group->order));
	if (!group->order)
		return -ENOMEM;
	for (int may_fail = 0; may_fail <= 1; may_fail++)
		for (size_t i = 0; i < group->count; i++)
			if (group->items[i]->may_fail == may_fail)
				group->order[at++] = group->items[i];
	for (size_t i = 0; i < group->count; i++)
		group->pred.may_fail |= group->items[i]->may_fail;
	return 0;
}

/* A constant that decides stands for the whole, others drop out. */
static int group_make(const struct lowering *low, struct group_plan *plan,
		      const struct pred **out)
{
	bool decides = plan->ops == &pred_any_ops;
	const struct pred **items = plan->list.items;
	struct pred_group *group;
	size_t kept = 0;

	for (size_t i = 0; i < plan->list.count; i++) {
		const struct pred_const *item =
			(const struct pred_const *)items[i];

		if (item->pred.ops != &pred_const_ops)
			items[kept++] = items[i];
		else if (item->truth == decides)
			return lower_const(low, plan->node, decides, out);
	}
	if (!kept)
		return lower_const(low, plan->node, !decides, out);
	*out = items[0];
	if (kept == 1)
		return 0;
	group = leaf_new(low, plan->node, plan->ops, plan->negated);
	if (!group)
		return -ENOMEM;
	group->count = kept;
	group->items = items;
	*out = &group->pred;
	return order_items(low, group);
}

static int lower_logic(const struct lowering *low, const struct node *node,
		       bool negated, const struct pred **out)
{
	struct group_plan plan = {
		.node = node,
		.ops = (node->type == NODE_AND) != negated ? &pred_all_ops
							   : &pred_any_ops,
		.negated = negated,
	};

	for (size_t i = 0; i < node->count; i++) {
		const struct pred *item;
		int rc = lower(low, node->operands[i], negated, &item);

		if (!rc)
			rc = group_add(low, &plan, item);
		if (rc)
			return rc;
	}
	return group_make(low, &plan, out);
}

int lower_join(const struct lowering *low, const struct node *node,
	       const struct pred *added, const struct pred **condition)
{
	struct group_plan plan = { .node = node, .ops = &pred_all_ops };
	int rc = group_add(low, &plan, *condition);

	if (!rc)
		rc = group_add(low, &plan, added);
	return rc ? rc : group_make(low, &plan, condition);
}

/* A function of a field and constants that need no script. */
static bool is_plain_call(const struct node *node)
{
	for (size_t i = 1; i < node->count; i++)
		if (!node_is_const(node->operands[i]) ||
		    node_is_null(node->operands[i]))
			return false;
	return node->operands[0]->type == NODE_FIELD;
}

static int lower_call(const struct lowering *low, const struct node *node,
		      bool negated, const struct pred **out)
{
	if (is_plain_call(node) && !strcmp(node->function->name, "cidrMatch"))
		return lower_cidr(low, node, negated, out);
	if (is_plain_call(node) && affix_shape(node) != WILDCARD_GENERAL)
		return lower_affix(low, node, negated, out);
	return lower_script(low, node, negated, out);
}

/* A leaf whose first operand is a field. */
static int lower_leaf(const struct lowering *low, const struct node *node,
		      bool negated, const struct pred **out)
{
	switch (node->type) {
	case NODE_COMPARE:
		if (node->compare == OP_EQ)
			return lower_term(low, node, negated, out);
		return lower_range(low, node, negated, out);
	case NODE_IS_NULL:
		return lower_exists(low, node, negated, out);
	case NODE_IN:
		return lower_term(low, node, negated, out);
	default:
		return lower_match(low, node, negated, out);
	}
}

static int lower(const struct lowering *low, const struct node *node,
		 bool negated, const struct pred **out)
{
	switch (node->type) {
	case NODE_CONST:
		return lower_const(low, node,
				   node->value.type == VALUE_BOOL &&
					   node->value.b != negated,
				   out);
	case NODE_NOT:
		return lower(low, node->operands[0], !negated, out);
	case NODE_AND:
	case NODE_OR:
		return lower_logic(low, node, negated, out);
	case NODE_FIELD:
		return lower_field(low, node, negated, out);
	case NODE_CALL:
		return lower_call(low, node, negated, out);
	default:
		if (node->operands[0]->type == NODE_FIELD)
			return lower_leaf(low, node, negated, out);
		return lower_script(low, node, negated, out);
	}
}

int lower_condition(const struct lowering *low, const struct node *node,
		    const struct pred **out)
{
	return lower(low, node, false, out);
}
