/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names, kinds and constants.
 *
 * Names that fields.def does not have may stand for anything: their kind is
 * known only when an event comes, so nothing is refused for it. An expression
 * of constants is replaced by its value, with null as a third truth value; a
 * constant that decides an AND or OR replaces it. What is left compares values
 * of events with constants.
 */
#include "fold.h"

#include <errno.h>
#include <string.h>

#include "../limits.h"
#include "functions.h"
#include "literal.h"
#include "match.h"
#include "script.h"

#define INVALID(compile, node, ...) \
	compile_fail(compile, EQL_E_INVALID, (node)->offset, __VA_ARGS__)

/* --- kinds ---------------------------------------------------------------- */

static enum kind field_kind(const struct compile *compile, size_t slot)
{
	switch (field_table_type(compile->options->fields, slot)) {
	case FIELD_KEYWORD:
		return slot < FIELD__COUNT ? KIND_TEXT : KIND_ANY;
	case FIELD_LONG:
	case FIELD_DOUBLE:
		return KIND_NUMBER;
	case FIELD_BOOL:
		return KIND_BOOL;
	case FIELD_IP:
		return KIND_IP;
	case FIELD_DATE:
		return KIND_DATE;
	case FIELD_VERSION:
		return KIND_TEXT;
	}
	return KIND_ANY;
}

static enum kind value_kind(const struct value *value)
{
	switch (value->type) {
	case VALUE_BOOL:
		return KIND_BOOL;
	case VALUE_INT:
	case VALUE_DOUBLE:
		return KIND_NUMBER;
	case VALUE_STRING:
		return KIND_TEXT;
	default:
		return KIND_NULL;
	}
}

static enum kind node_kind(const struct compile *compile,
			   const struct node *node)
{
	switch (node->type) {
	case NODE_CONST:
		return value_kind(&node->value);
	case NODE_FIELD:
		return field_kind(compile, node->slot);
	case NODE_CALL:
		return node->function->result;
	default:
		return KIND_BOOL;
	}
}

/* Whether a value of this kind can be used where wanted is. */
static bool kind_fits(enum kind kind, enum kind wanted)
{
	return kind == wanted || kind == KIND_ANY || kind == KIND_NULL;
}

bool fold_fields_comparable(const struct compile *compile, size_t a, size_t b)
{
	enum kind x = field_kind(compile, a), y = field_kind(compile, b);

	return kind_fits(x, y) || y == KIND_ANY;
}

/* --- constants ------------------------------------------------------------ */

static void become_const(struct node *node, struct value value)
{
	*node = (struct node){
		.type = NODE_CONST,
		.offset = node->offset,
		.narrow = node->narrow,
		.value = value,
	};
}

static bool all_const(const struct node *node)
{
	for (size_t i = 0; i < node->count; i++)
		if (!node_is_const(node->operands[i]))
			return false;
	return true;
}

/* A node over constants becomes its value. */
static int evaluate(struct compile *compile, struct node *node)
{
	struct script script = { .arena = compile->options->arena };
	struct value value;
	int rc = script_eval(node, &script, &value);

	if (rc == SCRIPT_E_RAISED)
		return INVALID(compile, node, "%s", script.error);
	if (rc)
		return rc;
	become_const(node, value);
	return 0;
}

static bool fits_narrow(const struct value *value)
{
	return value->type == VALUE_INT && value->i == (int32_t)value->i;
}

/* --- leaves --------------------------------------------------------------- */

int fold_field(struct compile *compile, struct node *field)
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

static int fold_operands(struct compile *compile, struct node *node)
{
	int rc = 0;

	for (size_t i = 0; i < node->count && !rc; i++)
		rc = fold_expression(compile, &node->operands[i]);
	return rc;
}

static void constant_to_the_right(struct node *node)
{
	static const enum compare_op mirrored[] = {
		[OP_EQ] = OP_EQ, [OP_LT] = OP_GT, [OP_LE] = OP_GE,
		[OP_GT] = OP_LT, [OP_GE] = OP_LE,
	};
	struct node *left = node->operands[0];

	if (!node_is_const(left) || node_is_const(node->operands[1]))
		return;
	node->operands[0] = node->operands[1];
	node->operands[1] = left;
	node->compare = mirrored[node->compare];
}

/* "condition == true" is the condition, "condition == false" its NOT. */
static bool is_truth_test(const struct compile *compile,
			  const struct node *node)
{
	const struct node *left = node->operands[0];

	return node->compare == OP_EQ && left->type != NODE_FIELD &&
	       !node_is_const(left) && node_kind(compile, left) == KIND_BOOL &&
	       node->operands[1]->value.type == VALUE_BOOL;
}

static int fold_compare(struct compile *compile, struct node **out)
{
	struct node *node = *out, *right;
	int rc = fold_operands(compile, node);

	if (rc)
		return rc;
	constant_to_the_right(node);
	right = node->operands[1];
	if (!node_is_const(right))
		return INVALID(compile, right,
			       "a field is compared with constants only");
	if (node->compare == OP_EQ && node_is_null(right)) {
		node->type = NODE_IS_NULL;
		node->count = 1;
		return all_const(node) ? evaluate(compile, node) : 0;
	}
	if (all_const(node))
		return evaluate(compile, node);
	if (!is_truth_test(compile, node))
		return 0;
	*out = node->operands[0];
	if (right->value.b)
		return 0;
	node->type = NODE_NOT;
	node->count = 1;
	*out = node;
	return 0;
}

static int fold_in(struct compile *compile, struct node *node)
{
	const struct node *left;
	int rc = fold_operands(compile, node);

	if (rc)
		return rc;
	left = node->operands[0];
	if (node->insensitive &&
	    !kind_fits(node_kind(compile, left), KIND_TEXT))
		return INVALID(compile, left, "in~ compares text");
	for (size_t i = 1; i < node->count; i++) {
		const struct node *member = node->operands[i];

		if (!node_is_const(member))
			return INVALID(compile, member,
				       "only constants stand in a list");
		if (node->insensitive &&
		    !kind_fits(node_kind(compile, member), KIND_TEXT))
			return INVALID(compile, member, "in~ compares text");
	}
	return node_is_const(left) ? evaluate(compile, node) : 0;
}

static int fold_match(struct compile *compile, struct node *node)
{
	struct node *left;
	int rc = fold_expression(compile, &node->operands[0]);

	if (rc)
		return rc;
	left = node->operands[0];
	if (!kind_fits(node_kind(compile, left), KIND_TEXT))
		return INVALID(compile, left, "patterns match text only");
	if (!node_is_const(left))
		return 0;
	rc = matcher_compile(compile, node, true);
	return rc ? rc : evaluate(compile, node);
}

/* --- calls ---------------------------------------------------------------- */

static bool argument_fits(enum kind kind, char parameter)
{
	switch (parameter | 0x20) {
	case 't':
	case 'c':
		return kind_fits(kind, KIND_TEXT);
	case 'n':
		return kind_fits(kind, KIND_NUMBER);
	case 'b':
		return kind_fits(kind, KIND_BOOL);
	default:
		return true;
	}
}

/* Addresses: of fields that are known to hold text, none does. */
static bool is_address(enum kind kind, const struct node *argument)
{
	return kind_fits(kind, KIND_IP) ||
	       (kind == KIND_TEXT && argument->type != NODE_FIELD);
}

static int check_argument(struct compile *compile, const struct node *argument,
			  char parameter)
{
	static const struct {
		char parameter;
		const char *name;
	} names[] = { { 't', "text" },
		      { 'n', "a number" },
		      { 'b', "true or false" },
		      { 'i', "an address" },
		      { 'c', "a constant address or network" } };
	enum kind kind = node_kind(compile, argument);
	bool fits = argument_fits(kind, parameter);
	size_t i = 0;

	if (parameter == 'I')
		fits = is_address(kind, argument);
	if (parameter == 'C')
		fits = node_is_const(argument) && kind == KIND_TEXT;
	if (fits)
		return 0;
	while (names[i].parameter != (parameter | 0x20))
		i++;
	return INVALID(compile, argument, "%s is wanted here", names[i].name);
}

static int check_arguments(struct compile *compile, const struct node *node)
{
	const struct function *function = node->function;

	for (size_t i = 0; i < node->count; i++) {
		char parameter = function_parameter(function, i);
		int rc;

		if (!parameter)
			return INVALID(compile, node->operands[i],
				       "%s takes no further argument",
				       function->name);
		rc = check_argument(compile, node->operands[i], parameter);
		if (rc)
			return rc;
	}
	if (node->count < function->least)
		return INVALID(compile, node, "%s takes %zu arguments or more",
			       function->name, function->least);
	return 0;
}

/*
 * Java counts a whole number in 32 bits until a wider one comes in; fields
 * are wide.
 */
static bool is_narrow(const struct node *node)
{
	if (node->function == function_find(STR("length")) ||
	    node->function == function_find(STR("indexOf")))
		return true;
	if (node->function->result != KIND_NUMBER ||
	    node->function == function_find(STR("number")))
		return false;
	for (size_t i = 0; i < node->count; i++)
		if (!node->operands[i]->narrow)
			return false;
	return true;
}

static int check_networks(struct compile *compile, const struct node *node)
{
	struct network network;

	if (strcmp(node->function->name, "cidrMatch") != 0)
		return 0;
	for (size_t i = 1; i < node->count; i++)
		if (!network_parse(node->operands[i]->value.s, &network))
			return INVALID(compile, node->operands[i],
				       "this is no address or network");
	return 0;
}

static int fold_call(struct compile *compile, struct node *node)
{
	int rc = fold_operands(compile, node);

	if (!rc)
		rc = check_arguments(compile, node);
	if (!rc)
		rc = check_networks(compile, node);
	if (rc)
		return rc;
	node->narrow = is_narrow(node);
	return all_const(node) ? evaluate(compile, node) : 0;
}

/* --- logic ---------------------------------------------------------------- */

static int fold_not(struct compile *compile, struct node **out)
{
	struct node *node = *out, *operand;
	int rc = fold_condition(compile, &node->operands[0]);

	if (rc)
		return rc;
	operand = node->operands[0];
	if (node_is_const(operand))
		return evaluate(compile, node);
	if (operand->type == NODE_NOT)
		*out = operand->operands[0];
	return 0;
}

/*
 * All operands are checked; then a constant that decides takes the place of
 * the whole, one that does not drops out, and null stays.
 */
static int fold_logic(struct compile *compile, struct node **out)
{
	struct node *node = *out;
	bool decides = node->type == NODE_OR, decided = false;
	size_t kept = 0;

	for (size_t i = 0; i < node->count; i++) {
		struct node *operand = node->operands[i];
		int rc = fold_condition(compile, &operand);

		if (rc)
			return rc;
		if (!node_is_const(operand) || node_is_null(operand))
			node->operands[kept++] = operand;
		else if (operand->value.b == decides)
			decided = true;
	}
	node->count = kept;
	if (decided || !kept)
		become_const(node, VALUE_OF_BOOL(decided == decides));
	else if (all_const(node))
		become_const(node, (struct value){ 0 });
	else if (kept == 1)
		*out = node->operands[0];
	return 0;
}

int fold_condition(struct compile *compile, struct node **node)
{
	int rc = fold_expression(compile, node);

	if (!rc && !kind_fits(node_kind(compile, *node), KIND_BOOL))
		return INVALID(compile, *node,
			       "a condition is wanted here, this is a value");
	return rc;
}

int fold_expression(struct compile *compile, struct node **node)
{
	switch ((*node)->type) {
	case NODE_CONST:
		(*node)->narrow = fits_narrow(&(*node)->value);
		return 0;
	case NODE_FIELD:
		return fold_field(compile, *node);
	case NODE_NOT:
		return fold_not(compile, node);
	case NODE_AND:
	case NODE_OR:
		return fold_logic(compile, node);
	case NODE_COMPARE:
		return fold_compare(compile, node);
	case NODE_IS_NULL:
		return 0;
	case NODE_IN:
		return fold_in(compile, *node);
	case NODE_MATCH:
		return fold_match(compile, *node);
	case NODE_CALL:
		return fold_call(compile, *node);
	}
	return -EINVAL;
}
