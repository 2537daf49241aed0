/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A compiled query as EQL text, printed from the nodes that run: what was
 * folded away does not appear. Compiled again, the text prints the same.
 */
#include "ast.h"
#include "pred.h"

#include <string.h>

static void print_node(const struct node *node,
		       const struct field_table *fields, struct strbuf *out);

static bool is_plain_name(struct str part)
{
	for (size_t i = 0; i < part.len; i++) {
		char c = part.data[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    c != '_' && c != '@' && !(i && c >= '0' && c <= '9'))
			return false;
	}
	return part.len > 0;
}

/* A field's path; parts that are no identifiers stand in backticks. */
static void print_name(struct str name, struct strbuf *out)
{
	size_t start = 0;

	for (size_t i = 0; i <= name.len; i++) {
		struct str part = { name.data + start, i - start };

		if (i < name.len && name.data[i] != '.')
			continue;
		if (start)
			strbuf_add_char(out, '.');
		if (is_plain_name(part))
			strbuf_add_str(out, part);
		else
			strbuf_printf(out, "`%.*s`", STR_ARG(part));
		start = i + 1;
	}
}

static void print_string(struct str text, struct strbuf *out)
{
	static const char from[] = "\b\t\n\r\f\"\\", to[] = "btnrf\"\\";

	strbuf_add_char(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		const char *found =
			text.data[i] ? strchr(from, text.data[i]) : NULL;

		if (found)
			strbuf_printf(out, "\\%c", to[found - from]);
		else if ((unsigned char)text.data[i] < 0x20)
			strbuf_printf(out, "\\u{%02x}",
				      (unsigned int)text.data[i]);
		else
			strbuf_add_char(out, text.data[i]);
	}
	strbuf_add_char(out, '"');
}

static void print_const(const struct node *node, struct strbuf *out)
{
	const struct value *value = &node->literal.value;

	switch (value->type) {
	case VALUE_BOOL:
		strbuf_add_str(out, value->b ? STR("true") : STR("false"));
		break;
	case VALUE_INT:
		strbuf_printf(out, "%lld", (long long)value->i);
		break;
	case VALUE_DOUBLE:
		strbuf_printf(out, "%#.17g", value->d);
		break;
	case VALUE_STRING:
		print_string(value->s, out);
		break;
	default:
		strbuf_add_str(out, STR("null"));
		break;
	}
}

static void print_members(const struct node *node, struct strbuf *out)
{
	strbuf_add_char(out, '(');
	for (size_t i = 1; i < node->count; i++) {
		if (i > 1)
			strbuf_add_str(out, STR(", "));
		print_const(node->operands[i], out);
	}
	if (node->count == 1)
		strbuf_add_str(out, STR("null"));
	strbuf_add_char(out, ')');
}

static void print_logic(const struct node *node,
			const struct field_table *fields, struct strbuf *out)
{
	for (size_t i = 0; i < node->count; i++) {
		const struct node *operand = node->operands[i];
		bool nested =
			operand->type == NODE_AND || operand->type == NODE_OR;

		if (i)
			strbuf_add_str(out, node->type == NODE_AND
						    ? STR(" and ")
						    : STR(" or "));
		if (nested)
			strbuf_add_char(out, '(');
		print_node(operand, fields, out);
		if (nested)
			strbuf_add_char(out, ')');
	}
}

static void print_not(const struct node *node, const struct field_table *fields,
		      struct strbuf *out)
{
	const struct node *operand = node->operands[0];
	bool nested = operand->type == NODE_AND || operand->type == NODE_OR;

	strbuf_add_str(out, nested ? STR("not (") : STR("not "));
	print_node(operand, fields, out);
	if (nested)
		strbuf_add_char(out, ')');
}

static void print_leaf(const struct node *node,
		       const struct field_table *fields, struct strbuf *out)
{
	static const char *const compares[] = {
		[OP_EQ] = "==", [OP_LT] = "<",	[OP_LE] = "<=",
		[OP_GT] = ">",	[OP_GE] = ">=",
	};
	const char *tilde = node->insensitive ? "~" : "";

	if (node->type == NODE_CIDR)
		strbuf_add_str(out, STR("cidrMatch("));
	print_name(field_table_name(fields, node->operands[0]->slot), out);
	switch (node->type) {
	case NODE_COMPARE:
		strbuf_printf(out, " %s ", compares[node->op]);
		print_const(node->operands[1], out);
		break;
	case NODE_NULL_TEST:
		strbuf_add_str(out, STR(" == null"));
		break;
	case NODE_IN:
		strbuf_printf(out, " in%s ", tilde);
		print_members(node, out);
		break;
	case NODE_MATCH:
		if (node->is_like)
			strbuf_printf(out, " like%s ", tilde);
		else
			strbuf_add_str(out, STR(" : "));
		print_members(node, out);
		break;
	case NODE_CIDR:
		for (size_t i = 1; i < node->count; i++) {
			strbuf_add_str(out, STR(", "));
			print_const(node->operands[i], out);
		}
		strbuf_add_char(out, ')');
		break;
	default:
		break;
	}
}

static void print_node(const struct node *node,
		       const struct field_table *fields, struct strbuf *out)
{
	if (node->type == NODE_AND || node->type == NODE_OR)
		print_logic(node, fields, out);
	else if (node->type == NODE_NOT)
		print_not(node, fields, out);
	else if (node->type == NODE_CONST)
		print_const(node, out);
	else
		print_leaf(node, fields, out);
}

void pred_print(const struct pred *pred, const struct field_table *fields,
		struct strbuf *out)
{
	print_node(pred->root, fields, out);
}

static void print_filter(const struct stage *stage,
			 const struct field_table *fields, struct strbuf *out)
{
	if (!stage->category.len)
		strbuf_add_str(out, STR("any"));
	else if (is_plain_name(stage->category) &&
		 !str_equal(stage->category, STR("any")))
		strbuf_add_str(out, stage->category);
	else
		print_string(stage->category, out);
	strbuf_add_str(out, STR(" where "));
	pred_print(stage->condition, fields, out);
}

static void print_stage(const struct stage *stage,
			const struct field_table *fields, struct strbuf *out)
{
	strbuf_add_str(out, STR("  ["));
	print_filter(stage, fields, out);
	strbuf_add_char(out, ']');
	for (size_t i = 0; i < stage->key_count; i++) {
		strbuf_add_str(out, i ? STR(", ") : STR(" by "));
		if (stage->keys[i].optional)
			strbuf_add_char(out, '?');
		print_name(field_table_name(fields, stage->keys[i].slot), out);
	}
	strbuf_add_char(out, '\n');
}

void eql_print(const struct query *query, const struct field_table *fields,
	       struct strbuf *out)
{
	if (query->type == QUERY_EVENT) {
		print_filter(&query->stages[0], fields, out);
		strbuf_add_char(out, '\n');
		return;
	}
	strbuf_add_str(out, STR("sequence"));
	if (query->maxspan_ns)
		strbuf_printf(out, " with maxspan=%lldms",
			      (long long)(query->maxspan_ns / NSEC_PER_MSEC));
	strbuf_add_char(out, '\n');
	for (size_t i = 0; i < query->stage_count; i++)
		print_stage(&query->stages[i], fields, out);
	if (query->until) {
		strbuf_add_str(out, STR("until\n"));
		print_stage(query->until, fields, out);
	}
}
