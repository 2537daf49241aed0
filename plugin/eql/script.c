/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "script.h"

#include <errno.h>
#include <math.h>

#include "literal.h"
#include "match.h"
#include "text.h"

static const struct value null_value;

static int raise_error(struct script *script, const char *error)
{
	script->error = error;
	return SCRIPT_E_RAISED;
}

static bool is_number(const struct value *value)
{
	return value->type == VALUE_INT || value->type == VALUE_DOUBLE;
}

/* An operand that must be true, false or null. */
static int eval_truth(const struct node *node, struct script *script,
		      struct value *out)
{
	int rc = script_eval(node, script, out);

	if (!rc && out->type != VALUE_BOOL && out->type != VALUE_NULL)
		return raise_error(script, "true or false is required");
	return rc;
}

static int eval_not(const struct node *node, struct script *script,
		    struct value *out)
{
	int rc = eval_truth(node->operands[0], script, out);

	if (!rc && out->type == VALUE_BOOL)
		out->b = !out->b;
	return rc;
}

static int eval_logic(const struct node *node, struct script *script,
		      struct value *out)
{
	bool decides = node->type == NODE_OR, null = false;

	for (size_t i = 0; i < node->count; i++) {
		int rc = eval_truth(node->operands[i], script, out);

		if (rc || (out->type == VALUE_BOOL && out->b == decides))
			return rc;
		null = null || out->type == VALUE_NULL;
	}
	*out = null ? null_value : VALUE_OF_BOOL(!decides);
	return 0;
}

static bool is_nan(const struct value *value)
{
	return value->type == VALUE_DOUBLE && isnan(value->d);
}

/* Values of different kinds are unequal, and have no order: null. */
static struct value compare(enum compare_op op, const struct value *a,
			    const struct value *b)
{
	if (a->type == VALUE_NULL || b->type == VALUE_NULL)
		return null_value;
	if (is_number(a) && is_number(b))
		return VALUE_OF_BOOL(!is_nan(a) && !is_nan(b) &&
				     compare_order(op, compare_numbers(a, b)));
	if (a->type == VALUE_STRING && b->type == VALUE_STRING)
		return VALUE_OF_BOOL(
			compare_order(op, str_compare(a->s, b->s)));
	if (a->type == VALUE_BOOL && b->type == VALUE_BOOL)
		return VALUE_OF_BOOL(compare_order(op, a->b - b->b));
	return op == OP_EQ ? VALUE_OF_BOOL(false) : null_value;
}

static int eval_compare(const struct node *node, struct script *script,
			struct value *out)
{
	struct value left, right;
	int rc = script_eval(node->operands[0], script, &left);

	if (!rc)
		rc = script_eval(node->operands[1], script, &right);
	if (!rc)
		*out = compare(node->compare, &left, &right);
	return rc;
}

static int eval_is_null(const struct node *node, struct script *script,
			struct value *out)
{
	int rc = script_eval(node->operands[0], script, out);

	if (!rc)
		*out = VALUE_OF_BOOL(out->type == VALUE_NULL);
	return rc;
}

static int lower(struct script *script, struct value *value)
{
	if (value->type != VALUE_STRING)
		return 0;
	value->s = text_lower(script->arena, value->s);
	return value->s.data ? 0 : -ENOMEM;
}

static int eval_in(const struct node *node, struct script *script,
		   struct value *out)
{
	struct value left, member;
	bool null = false;
	int rc = script_eval(node->operands[0], script, &left);

	if (!rc && node->insensitive)
		rc = lower(script, &left);
	for (size_t i = 1; i < node->count && !rc; i++) {
		rc = script_eval(node->operands[i], script, &member);
		if (!rc && node->insensitive)
			rc = lower(script, &member);
		if (rc)
			break;
		*out = compare(OP_EQ, &left, &member);
		if (out->type == VALUE_BOOL && out->b)
			return 0;
		null = null || out->type == VALUE_NULL;
	}
	*out = null ? null_value : VALUE_OF_BOOL(false);
	return rc;
}

static int eval_match(const struct node *node, struct script *script,
		      struct value *out)
{
	enum match_result result;
	int rc = script_eval(node->operands[0], script, out);

	if (rc || out->type == VALUE_NULL)
		return rc;
	if (out->type != VALUE_STRING)
		return raise_error(script, "text is required");
	result = matcher_match(node->matcher, out->s, script->arena);
	*out = VALUE_OF_BOOL(result == MATCH_YES);
	return result == MATCH_LIMIT ? -ENOMEM : 0;
}

/* Whether a value is what a parameter asks for; else why not. */
static const char *check_argument(char parameter, const struct value *value)
{
	switch (parameter | 0x20) {
	case 't':
	case 'c':
	case 'i':
		return value->type == VALUE_STRING ? NULL : "text is required";
	case 'n':
		return is_number(value) ? NULL : "a number is required";
	case 'b':
		return value->type == VALUE_BOOL ? NULL
						 : "true or false is required";
	default:
		return NULL;
	}
}

static int eval_call(const struct node *node, struct script *script,
		     struct value *out)
{
	struct value *arguments =
		arena_array(script->arena, node->count, sizeof(*arguments));
	struct call call = {
		.arguments = arguments,
		.count = node->count,
		.insensitive = node->insensitive,
		.narrow = node->narrow,
		.arena = script->arena,
	};
	bool null = false;
	int rc = arguments ? 0 : -ENOMEM;

	for (size_t i = 0; i < node->count && !rc; i++) {
		char parameter = function_parameter(node->function, i);
		const char *error = NULL;

		rc = script_eval(node->operands[i], script, &arguments[i]);
		if (!rc && arguments[i].type == VALUE_NULL)
			null = null || parameter < 'a';
		else if (!rc)
			error = check_argument(parameter, &arguments[i]);
		if (error)
			rc = raise_error(script, error);
	}
	if (rc)
		return rc;
	*out = null_value;
	if (null)
		return 0;
	rc = node->function->run(&call, out);
	if (rc == SCRIPT_E_RAISED)
		script->error = call.error;
	return rc;
}

int script_eval(const struct node *node, struct script *script,
		struct value *out)
{
	switch (node->type) {
	case NODE_CONST:
		*out = node->value;
		return 0;
	case NODE_FIELD:
		*out = script->cells[node->cell];
		return 0;
	case NODE_NOT:
		return eval_not(node, script, out);
	case NODE_AND:
	case NODE_OR:
		return eval_logic(node, script, out);
	case NODE_COMPARE:
		return eval_compare(node, script, out);
	case NODE_IS_NULL:
		return eval_is_null(node, script, out);
	case NODE_IN:
		return eval_in(node, script, out);
	case NODE_MATCH:
		return eval_match(node, script, out);
	case NODE_CALL:
		return eval_call(node, script, out);
	}
	return -EINVAL;
}
