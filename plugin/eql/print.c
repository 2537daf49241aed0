/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A compiled query as EQL text, printed from the nodes that run: what was
 * folded away does not appear. Compiled again, the text prints the same.
 */
#include <math.h>
#include <string.h>

#include "functions.h"
#include "lexer.h"
#include "pred_node.h"

static void print_node(const struct node *node,
		       const struct field_table *fields, struct strbuf *out);

/* --- names and constants -------------------------------------------------- */

static bool is_plain_path(struct str name)
{
	size_t start = 0;

	for (size_t i = 0; i <= name.len; i++) {
		if (i < name.len && name.data[i] != '.')
			continue;
		if (!lexer_is_plain_name(
			    (struct str){ name.data + start, i - start }))
			return false;
		start = i + 1;
	}
	return true;
}

static void print_name(struct str name, struct strbuf *out)
{
	if (is_plain_path(name)) {
		strbuf_add_str(out, name);
		return;
	}
	strbuf_add_char(out, '`');
	for (size_t i = 0; i < name.len; i++) {
		strbuf_add_char(out, name.data[i]);
		if (name.data[i] == '`')
			strbuf_add_char(out, '`');
	}
	strbuf_add_char(out, '`');
}

static void print_field(size_t slot, const struct field_table *fields,
			struct strbuf *out)
{
	print_name(field_table_name(fields, slot), out);
}

static void print_text(struct str text, struct strbuf *out)
{
	static const char from[] = "\b\t\n\r\f\"\\", to[] = "btnrf\"\\";

	strbuf_add_char(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];
		const char *found = c ? strchr(from, c) : NULL;

		if (found)
			strbuf_printf(out, "\\%c", to[found - from]);
		else if (c < 0x20 || c == 0x7f)
			strbuf_printf(out, "\\u{%02x}", c);
		else
			strbuf_add_char(out, (char)c);
	}
	strbuf_add_char(out, '"');
}

/* EQL writes no infinity, but can compute it. */
static void print_double(double number, struct strbuf *out)
{
	char text[DOUBLE_TEXT_MAX];

	if (isfinite(number)) {
		double_format(number, text);
		strbuf_add_str(out, str_from(text));
	} else {
		strbuf_printf(out, "(%s / 0.0)",
			      isnan(number) ? "0.0"
			      : number > 0  ? "1.0"
					    : "-1.0");
	}
}

static void print_value(const struct value *value, struct strbuf *out)
{
	switch (value->type) {
	case VALUE_BOOL:
		strbuf_add_str(out, value->b ? STR("true") : STR("false"));
		break;
	case VALUE_INT:
		/* the least number has no literal: its digits overflow */
		if (value->i == INT64_MIN)
			strbuf_printf(out, "(%lld - 1)",
				      (long long)INT64_MIN + 1);
		else
			strbuf_printf(out, "%lld", (long long)value->i);
		break;
	case VALUE_DOUBLE:
		print_double(value->d, out);
		break;
	case VALUE_STRING:
		print_text(value->s, out);
		break;
	default:
		strbuf_add_str(out, STR("null"));
		break;
	}
}

static const char *compare_symbol(enum compare_op op)
{
	static const char *const symbols[] = {
		[OP_EQ] = "==", [OP_LT] = "<",	[OP_LE] = "<=",
		[OP_GT] = ">",	[OP_GE] = ">=",
	};

	return symbols[op];
}

/* --- expressions ---------------------------------------------------------- */

/* How tightly an expression binds; what binds less goes in parentheses. */
enum level {
	LEVEL_OR,
	LEVEL_AND,
	LEVEL_NOT,
	LEVEL_COMPARE,
	LEVEL_SUM,
	LEVEL_PRODUCT,
	LEVEL_UNARY,
	LEVEL_PREDICATE,
	LEVEL_PRIMARY,
};

static enum level symbol_level(char symbol)
{
	switch (symbol) {
	case '\0':
		return LEVEL_PRIMARY;
	case '~':
		return LEVEL_UNARY;
	case '+':
	case '-':
		return LEVEL_SUM;
	default:
		return LEVEL_PRODUCT;
	}
}

static enum level const_level(const struct value *value)
{
	bool negative = (value->type == VALUE_INT && value->i < 0) ||
			(value->type == VALUE_DOUBLE && signbit(value->d));

	return negative ? LEVEL_UNARY : LEVEL_PRIMARY;
}

static enum level node_level(const struct node *node)
{
	switch (node->type) {
	case NODE_CONST:
		return const_level(&node->value);
	case NODE_FIELD:
		return LEVEL_PRIMARY;
	case NODE_OR:
		return LEVEL_OR;
	case NODE_AND:
		return LEVEL_AND;
	case NODE_NOT:
		return LEVEL_NOT;
	case NODE_COMPARE:
	case NODE_IS_NULL:
		return LEVEL_COMPARE;
	case NODE_IN:
	case NODE_MATCH:
		return LEVEL_PREDICATE;
	case NODE_CALL:
		return symbol_level(node->symbol);
	}
	return LEVEL_OR;
}

/* An operand where at least this level is asked for. */
static void print_operand(const struct node *node, enum level level,
			  const struct field_table *fields, struct strbuf *out)
{
	bool enclosed = node_level(node) < level;

	if (enclosed)
		strbuf_add_char(out, '(');
	print_node(node, fields, out);
	if (enclosed)
		strbuf_add_char(out, ')');
}

/* Operands from first on, in parentheses. */
static void print_operands(const struct node *node, size_t first,
			   const struct field_table *fields, struct strbuf *out)
{
	strbuf_add_char(out, '(');
	for (size_t i = first; i < node->count; i++) {
		if (i > first)
			strbuf_add_str(out, STR(", "));
		print_node(node->operands[i], fields, out);
	}
	strbuf_add_char(out, ')');
}

static void print_function(const struct node *node, struct strbuf *out)
{
	strbuf_printf(out, "%s%s", node->function->name,
		      node->insensitive ? "~" : "");
}

static void print_call_node(const struct node *node,
			    const struct field_table *fields,
			    struct strbuf *out)
{
	enum level level = node_level(node);

	if (level == LEVEL_PRIMARY) {
		print_function(node, out);
		print_operands(node, 0, fields, out);
	} else if (level == LEVEL_UNARY) {
		strbuf_add_char(out, '-');
		print_operand(node->operands[0], level, fields, out);
	} else {
		print_operand(node->operands[0], level, fields, out);
		strbuf_printf(out, " %c ", node->symbol);
		print_operand(node->operands[1], level + 1, fields, out);
	}
}

/* Behind the left side: the operator and its patterns. */
static void print_patterns(const struct node *node,
			   const struct field_table *fields, struct strbuf *out)
{
	static const char *const words[] = {
		[MATCH_COLON] = ":",
		[MATCH_LIKE] = "like",
		[MATCH_REGEX] = "regex",
	};
	bool tilde = node->insensitive && node->match != MATCH_COLON;

	strbuf_printf(out, " %s%s ", words[node->match], tilde ? "~" : "");
	if (node->count == 2)
		print_node(node->operands[1], fields, out);
	else
		print_operands(node, 1, fields, out);
}

static void print_logic(const struct node *node,
			const struct field_table *fields, struct strbuf *out)
{
	for (size_t i = 0; i < node->count; i++) {
		if (i)
			strbuf_add_str(out, node->type == NODE_AND
						    ? STR(" and ")
						    : STR(" or "));
		print_operand(node->operands[i], LEVEL_NOT, fields, out);
	}
}

/* Operators that stand behind their first operand. */
static void print_leaf(const struct node *node,
		       const struct field_table *fields, struct strbuf *out)
{
	enum level level = node_level(node);

	/* what predicates bind to is a primary, the rest takes sums */
	print_operand(node->operands[0],
		      level == LEVEL_PREDICATE ? LEVEL_PRIMARY : level + 1,
		      fields, out);
	if (node->type == NODE_COMPARE) {
		strbuf_printf(out, " %s ", compare_symbol(node->compare));
		print_operand(node->operands[1], level + 1, fields, out);
	} else if (node->type == NODE_IS_NULL) {
		strbuf_add_str(out, STR(" == null"));
	} else if (node->type == NODE_IN) {
		strbuf_printf(out, " in%s ", node->insensitive ? "~" : "");
		print_operands(node, 1, fields, out);
	} else {
		print_patterns(node, fields, out);
	}
}

static void print_node(const struct node *node,
		       const struct field_table *fields, struct strbuf *out)
{
	switch (node->type) {
	case NODE_CONST:
		print_value(&node->value, out);
		break;
	case NODE_FIELD:
		print_field(node->slot, fields, out);
		break;
	case NODE_CALL:
		print_call_node(node, fields, out);
		break;
	case NODE_AND:
	case NODE_OR:
		print_logic(node, fields, out);
		break;
	case NODE_NOT:
		strbuf_add_str(out, STR("not "));
		print_operand(node->operands[0], LEVEL_NOT, fields, out);
		break;
	default:
		print_leaf(node, fields, out);
		break;
	}
}

/* --- conditions ----------------------------------------------------------- */

static void print_not(const struct pred *pred, bool flip, struct strbuf *out)
{
	if (pred->negated != flip)
		strbuf_add_str(out, STR("not "));
}

static bool is_group(const struct pred *pred)
{
	return pred->ops == &pred_all_ops || pred->ops == &pred_any_ops;
}

/* The AND or OR as it was written, NOT in front where it had one. */
void print_group(const struct pred *pred, bool flip,
		 const struct field_table *fields, struct strbuf *out)
{
	const struct pred_group *group = (const struct pred_group *)pred;
	bool is_and = (pred->ops == &pred_all_ops) != pred->negated;
	bool has_not = pred->negated != flip;

	if (has_not)
		strbuf_add_str(out, STR("not ("));
	for (size_t i = 0; i < group->count; i++) {
		const struct pred *item = group->items[i];
		bool nested = is_group(item) && item->negated == pred->negated;

		if (i)
			strbuf_add_str(out,
				       is_and ? STR(" and ") : STR(" or "));
		if (nested)
			strbuf_add_char(out, '(');
		item->ops->print(item, pred->negated, fields, out);
		if (nested)
			strbuf_add_char(out, ')');
	}
	if (has_not)
		strbuf_add_char(out, ')');
}

void print_const(const struct pred *pred, bool flip,
		 const struct field_table *fields, struct strbuf *out)
{
	(void)flip; /* constants are never part of a group */
	(void)fields;
	strbuf_add_str(out, ((const struct pred_const *)pred)->truth
				    ? STR("true")
				    : STR("false"));
}

void print_exists(const struct pred *pred, bool flip,
		  const struct field_table *fields, struct strbuf *out)
{
	print_field(pred->slot, fields, out);
	strbuf_add_str(out, pred->negated != flip ? STR(" == null")
						  : STR(" != null"));
}

void print_term(const struct pred *pred, bool flip,
		const struct field_table *fields, struct strbuf *out)
{
	const struct pred_term *term = (const struct pred_term *)pred;

	print_field(pred->slot, fields, out);
	if (!term->is_list) {
		strbuf_add_str(out, pred->negated != flip ? STR(" != ")
							  : STR(" == "));
		print_value(&term->literals[0].value, out);
		return;
	}
	strbuf_printf(out, "%s in%s (", pred->negated != flip ? " not" : "",
		      term->strings.insensitive ? "~" : "");
	for (size_t i = 0; i < term->count; i++) {
		if (i)
			strbuf_add_str(out, STR(", "));
		print_value(&term->literals[i].value, out);
	}
	strbuf_add_char(out, ')');
}

void print_range(const struct pred *pred, bool flip,
		 const struct field_table *fields, struct strbuf *out)
{
	const struct pred_range *range = (const struct pred_range *)pred;

	print_not(pred, flip, out);
	print_field(pred->slot, fields, out);
	strbuf_printf(out, " %s ", compare_symbol(range->op));
	print_value(&range->literal.value, out);
}

void print_match(const struct pred *pred, bool flip,
		 const struct field_table *fields, struct strbuf *out)
{
	print_not(pred, flip, out);
	print_field(pred->slot, fields, out);
	print_patterns(((const struct pred_match *)pred)->node, fields, out);
}

/* A function of the leaf's field and constants. */
void print_call(const struct pred *pred, bool flip,
		const struct field_table *fields, struct strbuf *out)
{
	const struct node *node =
		pred->ops == &pred_cidr_ops
			? ((const struct pred_cidr *)pred)->node
			: ((const struct pred_affix *)pred)->node;

	print_not(pred, flip, out);
	print_function(node, out);
	strbuf_add_char(out, '(');
	print_field(pred->slot, fields, out);
	for (size_t i = 1; i < node->count; i++) {
		strbuf_add_str(out, STR(", "));
		print_node(node->operands[i], fields, out);
	}
	strbuf_add_char(out, ')');
}

void print_script(const struct pred *pred, bool flip,
		  const struct field_table *fields, struct strbuf *out)
{
	print_not(pred, flip, out);
	print_node(((const struct pred_script *)pred)->node, fields, out);
}

void pred_print(const struct pred *pred, const struct field_table *fields,
		struct strbuf *out)
{
	pred->ops->print(pred, false, fields, out);
}

/* --- queries -------------------------------------------------------------- */

static void print_filter(const struct stage *stage,
			 const struct field_table *fields, struct strbuf *out)
{
	if (!stage->category.len)
		strbuf_add_str(out, STR("any"));
	else if (lexer_is_plain_name(stage->category))
		strbuf_add_str(out, stage->category);
	else
		print_text(stage->category, out);
	strbuf_add_str(out, STR(" where "));
	pred_print(stage->condition, fields, out);
}

static void print_stage(const struct stage *stage,
			const struct field_table *fields, struct strbuf *out)
{
	strbuf_add_str(out, stage->missing ? STR("![") : STR("["));
	print_filter(stage, fields, out);
	strbuf_add_char(out, ']');
	for (size_t i = 0; i < stage->key_count; i++) {
		strbuf_add_str(out, i ? STR(", ") : STR(" by "));
		if (stage->keys[i].optional)
			strbuf_add_char(out, '?');
		print_field(stage->keys[i].slot, fields, out);
	}
}

/* How many stages from first on are runs of one. */
static size_t run_length(const struct query *query, size_t first)
{
	size_t runs = 1;

	while (first + runs < query->stage_count &&
	       query->stages[first + runs].condition ==
		       query->stages[first].condition &&
	       query->stages[first + runs].keys == query->stages[first].keys)
		runs++;
	return runs;
}

static void print_span(int64_t ns, struct strbuf *out)
{
	static const struct {
		const char *unit;
		int64_t ns;
	} units[] = {
		{ "d", 86400 * NSEC_PER_SEC }, { "h", 3600 * NSEC_PER_SEC },
		{ "m", 60 * NSEC_PER_SEC },    { "s", NSEC_PER_SEC },
		{ "ms", NSEC_PER_MSEC },
	};
	size_t i = 0;

	while (ns % units[i].ns)
		i++;
	strbuf_printf(out, " with maxspan=%lld%s",
		      (long long)(ns / units[i].ns), units[i].unit);
}

static void print_stages(const struct query *query,
			 const struct field_table *fields, struct strbuf *out)
{
	for (size_t i = 0, runs; i < query->stage_count; i += runs) {
		runs = run_length(query, i);
		strbuf_add_str(out, STR("\n  "));
		print_stage(&query->stages[i], fields, out);
		if (runs > 1)
			strbuf_printf(out, " with runs=%zu", runs);
	}
	if (query->until) {
		strbuf_add_str(out, STR("\nuntil "));
		print_stage(query->until, fields, out);
	}
}

void eql_print(const struct query *query, const struct field_table *fields,
	       struct strbuf *out)
{
	if (query->type == QUERY_EVENT) {
		print_filter(&query->stages[0], fields, out);
	} else {
		strbuf_add_str(out, query->type == QUERY_SAMPLE
					    ? STR("sample")
					    : STR("sequence"));
		if (query->maxspan_ns)
			print_span(query->maxspan_ns, out);
		print_stages(query, fields, out);
	}
	for (size_t i = 0; i < query->pipe_count; i++)
		strbuf_printf(out, "\n| %s %lld",
			      query->pipes[i].type == PIPE_HEAD ? "head"
								: "tail",
			      (long long)query->pipes[i].count);
	strbuf_add_char(out, '\n');
}
