/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recursive descent over the whole grammar of EQL. What EQL itself rejects is
 * rejected here or in check.c with its position; what is right but not run
 * here is left to check.c.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../limits.h"
#include "lexer.h"

struct parser {
	struct compile *compile;
	struct lexer lexer;
	struct token token; /* the one not taken yet */
	unsigned int depth;
};

/* A growing array of pointers in the arena. */
struct node_list {
	struct node **items;
	size_t count, capacity;
};

static int parse_expression(struct parser *parser, struct node **out);

int compile_fail(struct compile *compile, int code, size_t offset,
		 const char *format, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	compile->error->offset = offset;
	compile->error->message =
		arena_str(compile->options->arena, str_from(text));
	return compile->error->message.data ? code : -ENOMEM;
}

#define FAIL(parser, ...) \
	compile_fail((parser)->compile, EQL_E_INVALID, (parser)->token.offset, \
		     __VA_ARGS__)

static int next(struct parser *parser)
{
	return lexer_next(&parser->lexer, &parser->token);
}

static bool is_operator(const struct parser *parser, const char *text)
{
	return parser->token.type == TOKEN_OPERATOR &&
	       str_equal(parser->token.text, str_from(text));
}

/* A keyword: lower case only, and not a name with ~. */
static bool is_word(const struct parser *parser, const char *text)
{
	return parser->token.type == TOKEN_IDENT && !parser->token.tilde &&
	       str_equal(parser->token.text, str_from(text));
}

static bool is_keyword(struct str text)
{
	static const char *const words[] = {
		"and",	    "any",  "by",    "false", "in",   "join",  "like",
		"maxspan",  "not",  "null",  "of",    "or",   "regex", "sample",
		"sequence", "true", "until", "where", "with",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_equal(text, str_from(words[i])))
			return true;
	return false;
}

static int expect_operator(struct parser *parser, const char *text)
{
	if (!is_operator(parser, text))
		return FAIL(parser, "'%s' is wanted here", text);
	return next(parser);
}

static int expect_word(struct parser *parser, const char *text)
{
	if (!is_word(parser, text))
		return FAIL(parser, "'%s' is wanted here", text);
	return next(parser);
}

static int list_add(struct parser *parser, struct node_list *list,
		    struct node *node)
{
	struct arena *arena = parser->compile->options->arena;

	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 4;
		struct node **items =
			arena_array(arena, capacity, sizeof(struct node *));

		if (!items)
			return -ENOMEM;
		if (list->count)
			memcpy(items, list->items,
			       list->count * sizeof(*items));
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->count++] = node;
	return 0;
}

static struct node *node_new(struct parser *parser, enum node_type type,
			     size_t offset)
{
	struct node *node =
		arena_alloc(parser->compile->options->arena, sizeof(*node));

	if (node) {
		node->type = type;
		node->offset = offset;
	}
	return node;
}

/* A node over up to two operands. */
static int node_over(struct parser *parser, struct node *like,
		     struct node *left, struct node *right)
{
	struct node_list list = { 0 };
	int rc = list_add(parser, &list, left);

	if (!rc && right)
		rc = list_add(parser, &list, right);
	like->operands = list.items;
	like->count = list.count;
	return rc;
}

static int parse_number(struct parser *parser, struct node *node)
{
	char text[400];
	struct str token = parser->token.text;
	struct value *value = &node->literal.value;

	if (token.len >= sizeof(text))
		return FAIL(parser, "this number is too long");
	memcpy(text, token.data, token.len);
	text[token.len] = '\0';
	errno = 0;
	if (parser->token.type == TOKEN_INTEGER) {
		value->type = VALUE_INT;
		value->i = strtoll(text, NULL, 10);
		if (!errno)
			return next(parser);
	}
	value->type = VALUE_DOUBLE;
	value->d = strtod(text, NULL);
	if (!isfinite(value->d))
		return FAIL(parser, "this number is too large");
	return next(parser);
}

/* A constant, or NULL in *out where none stands here. */
static int parse_constant(struct parser *parser, struct node **out)
{
	struct node *node = node_new(parser, NODE_CONST, parser->token.offset);

	if (!node)
		return -ENOMEM;
	*out = node;
	switch (parser->token.type) {
	case TOKEN_STRING:
		node->literal.value = VALUE_OF_STR(parser->token.text);
		return next(parser);
	case TOKEN_INTEGER:
	case TOKEN_DECIMAL:
		return parse_number(parser, node);
	default:
		break;
	}
	if (is_word(parser, "null"))
		return next(parser);
	if (is_word(parser, "true") || is_word(parser, "false")) {
		node->literal.value = VALUE_OF_BOOL(is_word(parser, "true"));
		return next(parser);
	}
	*out = NULL;
	return 0;
}

/* field[0]; a '[' that no number follows begins the next stage. */
static int refuse_index(struct parser *parser)
{
	struct parser ahead = *parser;
	int rc;

	if (!is_operator(parser, "["))
		return 0;
	rc = next(&ahead);
	if (rc)
		return rc;
	if (ahead.token.type == TOKEN_INTEGER)
		return FAIL(parser, "fields have no indexes: a condition holds "
				    "for any value of an array");
	return 0;
}

/* The path behind its first identifier: .name ... */
static int parse_path(struct parser *parser, struct node *field)
{
	struct arena *arena = parser->compile->options->arena;

	while (is_operator(parser, ".")) {
		int rc;

		rc = next(parser);
		if (rc)
			return rc;
		if (parser->token.type != TOKEN_IDENT &&
		    parser->token.type != TOKEN_QUOTED)
			return FAIL(parser, "a field name is wanted here");
		if (parser->token.tilde)
			return FAIL(parser, "no '~' behind a field name");
		field->name =
			arena_printf(arena, "%.*s.%.*s", STR_ARG(field->name),
				     STR_ARG(parser->token.text));
		if (!field->name.data)
			return -ENOMEM;
		rc = next(parser);
		if (rc)
			return rc;
	}
	return refuse_index(parser);
}

static int parse_field(struct parser *parser, struct node **out)
{
	struct node *field = node_new(parser, NODE_FIELD, parser->token.offset);
	int rc;

	if (!field)
		return -ENOMEM;
	if (is_operator(parser, "?")) {
		field->optional = true;
		rc = next(parser);
		if (rc)
			return rc;
	}
	if (parser->token.type != TOKEN_QUOTED &&
	    (parser->token.type != TOKEN_IDENT ||
	     is_keyword(parser->token.text)))
		return FAIL(parser, "a field or a value is wanted here");
	field->name = parser->token.text;
	rc = next(parser);
	if (!rc)
		rc = parse_path(parser, field);
	if (!rc)
		*out = field;
	return rc;
}

/* "(" member { "," member } ")" appended to a node's operands. */
static int parse_list(struct parser *parser, struct node *node,
		      int (*member)(struct parser *, struct node **))
{
	struct node_list list = { node->operands, node->count, node->count };
	struct node *item;
	int rc;

	do {
		rc = next(parser);
		if (!rc)
			rc = member(parser, &item);
		if (!rc)
			rc = list_add(parser, &list, item);
		if (rc)
			return rc;
	} while (is_operator(parser, ","));
	node->operands = list.items;
	node->count = list.count;
	return expect_operator(parser, ")");
}

static int parse_call(struct parser *parser, struct token name,
		      struct node **out)
{
	struct node *call = node_new(parser, NODE_CALL, name.offset);
	struct parser ahead = *parser;
	int rc;

	if (!call)
		return -ENOMEM;
	call->name = name.text;
	call->insensitive = name.tilde;
	*out = call;
	rc = next(&ahead);
	if (rc)
		return rc;
	if (!is_operator(&ahead, ")"))
		return parse_list(parser, call, parse_expression);
	*parser = ahead;
	return next(parser);
}

static int parse_primary(struct parser *parser, struct node **out)
{
	struct parser ahead;
	int rc = parse_constant(parser, out);

	if (rc || *out)
		return rc;
	if (is_operator(parser, "(")) {
		rc = next(parser);
		if (!rc)
			rc = parse_expression(parser, out);
		return rc ? rc : expect_operator(parser, ")");
	}
	if (parser->token.type == TOKEN_IDENT &&
	    !is_keyword(parser->token.text)) {
		ahead = *parser;
		rc = next(&ahead);
		if (rc)
			return rc;
		if (is_operator(&ahead, "(")) {
			struct token name = parser->token;

			*parser = ahead;
			return parse_call(parser, name, out);
		}
		if (parser->token.tilde)
			return FAIL(parser, "'%.*s~' is no operator here",
				    STR_ARG(parser->token.text));
	}
	return parse_field(parser, out);
}

static int parse_pattern(struct parser *parser, struct node **out)
{
	struct node *constant;
	size_t offset = parser->token.offset;
	int rc = parse_constant(parser, &constant);

	if (rc)
		return rc;
	if (!constant || constant->literal.value.type != VALUE_STRING)
		return compile_fail(parser->compile, EQL_E_INVALID, offset,
				    "a string is wanted here");
	*out = constant;
	return 0;
}

/* Behind ':', like or regex: one string, or several in parentheses. */
static int parse_match(struct parser *parser, struct node *left,
		       struct node **out)
{
	struct node *match = node_new(parser, NODE_MATCH, parser->token.offset);
	struct node *pattern;
	int rc;

	if (!match)
		return -ENOMEM;
	match->is_like = str_equal(parser->token.text, STR("like"));
	match->is_regex = str_equal(parser->token.text, STR("regex"));
	match->insensitive = parser->token.tilde || is_operator(parser, ":");
	rc = next(parser);
	if (!rc)
		rc = node_over(parser, match, left, NULL);
	if (rc)
		return rc;
	*out = match;
	if (is_operator(parser, "("))
		return parse_list(parser, match, parse_pattern);
	rc = parse_pattern(parser, &pattern);
	return rc ? rc : node_over(parser, match, left, pattern);
}

static bool is_match_operator(const struct parser *parser)
{
	return is_operator(parser, ":") ||
	       (parser->token.type == TOKEN_IDENT &&
		(str_equal(parser->token.text, STR("like")) ||
		 str_equal(parser->token.text, STR("regex"))));
}

static bool is_in(const struct parser *parser)
{
	return parser->token.type == TOKEN_IDENT &&
	       str_equal(parser->token.text, STR("in"));
}

/* Wraps a node in NOT. */
static int negate(struct parser *parser, size_t offset, struct node **node)
{
	struct node *not = node_new(parser, NODE_NOT, offset);
	int rc = not ? node_over(parser, not, *node, NULL) : -ENOMEM;

	if (!rc)
		*node = not ;
	return rc;
}

static int parse_in(struct parser *parser, struct node *left, struct node **out)
{
	struct node *in = node_new(parser, NODE_IN, parser->token.offset);
	int rc;

	if (!in)
		return -ENOMEM;
	in->insensitive = parser->token.tilde;
	rc = node_over(parser, in, left, NULL);
	if (!rc)
		rc = next(parser);
	if (rc)
		return rc;
	if (!is_operator(parser, "("))
		return FAIL(parser, "'(' is wanted here");
	*out = in;
	return parse_list(parser, in, parse_expression);
}

/* primary [ ["not"] in (...) | : | like | regex ] */
static int parse_predicated(struct parser *parser, struct node **out)
{
	size_t offset = parser->token.offset;
	bool not = false;
	int rc = parse_primary(parser, out);

	if (rc)
		return rc;
	if (is_word(parser, "not")) {
		offset = parser->token.offset;
		not = true;
		rc = next(parser);
		if (rc)
			return rc;
		if (!is_in(parser))
			return FAIL(parser, "behind a value, 'not' goes only "
					    "with 'in'; write 'not' in front");
	}
	if (is_in(parser)) {
		rc = parse_in(parser, *out, out);
		return rc || !not ? rc : negate(parser, offset, out);
	}
	return is_match_operator(parser) ? parse_match(parser, *out, out) : 0;
}

static int enter(struct parser *parser)
{
	if (++parser->depth > LIMIT_NESTING)
		return FAIL(parser, "nested deeper than %d", LIMIT_NESTING);
	return 0;
}

static int parse_unary(struct parser *parser, struct node **out)
{
	struct node *node;
	bool minus = is_operator(parser, "-");
	int rc;

	if (!minus && !is_operator(parser, "+"))
		return parse_predicated(parser, out);
	node = node_new(parser, NODE_NEGATE, parser->token.offset);
	if (!node)
		return -ENOMEM;
	rc = enter(parser);
	if (!rc)
		rc = next(parser);
	if (!rc)
		rc = parse_unary(parser, out);
	parser->depth--;
	if (rc || !minus)
		return rc;
	rc = node_over(parser, node, *out, NULL);
	*out = node;
	return rc;
}

/* The operators of one level, left to right. */
static int parse_arithmetic(struct parser *parser, const char *symbols,
			    struct node **out)
{
	bool products = symbols[0] == '+';
	int rc = products ? parse_arithmetic(parser, "*/%", out)
			  : parse_unary(parser, out);

	while (!rc && parser->token.type == TOKEN_OPERATOR &&
	       parser->token.text.len == 1 &&
	       strchr(symbols, parser->token.text.data[0])) {
		struct node *node =
			node_new(parser, NODE_ARITHMETIC, parser->token.offset);
		struct node *right;

		if (!node)
			return -ENOMEM;
		node->symbol = parser->token.text.data[0];
		rc = next(parser);
		if (!rc)
			rc = products ? parse_arithmetic(parser, "*/%", &right)
				      : parse_unary(parser, &right);
		if (!rc)
			rc = node_over(parser, node, *out, right);
		*out = node;
	}
	return rc;
}

static bool compare_operator(const struct parser *parser, enum compare_op *op,
			     bool * not )
{
	static const struct {
		const char *text;
		enum compare_op op;
		bool not ;
	} operators[] = {
		{ "==", OP_EQ, false }, { "!=", OP_EQ, true },
		{ "<", OP_LT, false },	{ "<=", OP_LE, false },
		{ ">", OP_GT, false },	{ ">=", OP_GE, false },
	};

	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		if (!is_operator(parser, operators[i].text))
			continue;
		*op = operators[i].op;
		*not = operators[i].not ;
		return true;
	}
	return false;
}

static int parse_comparison(struct parser *parser, struct node **out)
{
	size_t offset;
	struct node *node, *right;
	enum compare_op op;
	bool not ;
	int rc = parse_arithmetic(parser, "+-", out);

	if (rc)
		return rc;
	if (is_operator(parser, "="))
		return FAIL(parser, "use '==', or ':' to ignore case");
	if (!compare_operator(parser, &op, &not ))
		return 0;
	offset = parser->token.offset;
	node = node_new(parser, NODE_COMPARE, offset);
	if (!node)
		return -ENOMEM;
	node->op = op;
	rc = next(parser);
	if (!rc)
		rc = parse_arithmetic(parser, "+-", &right);
	if (!rc)
		rc = node_over(parser, node, *out, right);
	*out = node;
	if (!rc && not )
		rc = negate(parser, offset, out);
	if (!rc && compare_operator(parser, &op, &not ))
		return FAIL(parser, "comparisons cannot be chained");
	return rc;
}

static int parse_not(struct parser *parser, struct node **out)
{
	size_t offset = parser->token.offset;
	int rc;

	if (!is_word(parser, "not"))
		return parse_comparison(parser, out);
	rc = enter(parser);
	if (!rc)
		rc = next(parser);
	if (!rc)
		rc = parse_not(parser, out);
	parser->depth--;
	return rc ? rc : negate(parser, offset, out);
}

/* One level of "and" or "or" as a node over all its operands. */
static int parse_logic(struct parser *parser, enum node_type type,
		       struct node **out)
{
	const char *word = type == NODE_AND ? "and" : "or";
	size_t offset = parser->token.offset;
	struct node_list list = { 0 };
	struct node *node;
	int rc;

	for (;;) {
		rc = type == NODE_AND ? parse_not(parser, &node)
				      : parse_logic(parser, NODE_AND, &node);
		if (!rc)
			rc = list_add(parser, &list, node);
		if (rc || !is_word(parser, word))
			break;
		rc = next(parser);
		if (rc)
			break;
	}
	if (rc || list.count == 1) {
		*out = node;
		return rc;
	}
	*out = node_new(parser, type, offset);
	if (!*out)
		return -ENOMEM;
	(*out)->operands = list.items;
	(*out)->count = list.count;
	return 0;
}

static int parse_expression(struct parser *parser, struct node **out)
{
	int rc = enter(parser);

	if (!rc)
		rc = parse_logic(parser, NODE_OR, out);
	parser->depth--;
	return rc;
}

/* --- query ---------------------------------------------------------------- */

static int parse_keys(struct parser *parser, struct key_list *out)
{
	struct node_list list = { out->keys, out->count, out->count };
	struct node *key;
	int rc;

	do {
		rc = next(parser);
		if (!rc)
			rc = parse_expression(parser, &key);
		if (rc)
			return rc;
		if (key->type != NODE_FIELD)
			return compile_fail(parser->compile, EQL_E_INVALID,
					    key->offset,
					    "only a field can be a join key");
		rc = list_add(parser, &list, key);
		if (rc)
			return rc;
	} while (is_operator(parser, ","));
	*out = (struct key_list){ list.count, list.items };
	return 0;
}

static int parse_integer(struct parser *parser, int64_t *out)
{
	struct node node;
	int rc;

	if (parser->token.type != TOKEN_INTEGER)
		return FAIL(parser, "a whole number is wanted here");
	rc = parse_number(parser, &node);
	if (rc)
		return rc;
	*out = node.literal.value.type == VALUE_INT ? node.literal.value.i
						    : INT64_MAX;
	return 0;
}

/* maxspan=NUMBER UNIT, the position behind "with". */
static int parse_span(struct parser *parser, int64_t *out)
{
	static const struct {
		const char *unit;
		int64_t ns;
	} units[] = {
		{ "ms", NSEC_PER_MSEC },       { "s", NSEC_PER_SEC },
		{ "m", 60 * NSEC_PER_SEC },    { "h", 3600 * NSEC_PER_SEC },
		{ "d", 86400 * NSEC_PER_SEC },
	};
	size_t offset;
	int64_t number;
	int rc = expect_word(parser, "maxspan");

	if (!rc)
		rc = expect_operator(parser, "=");
	offset = parser->token.offset;
	if (!rc)
		rc = parse_integer(parser, &number);
	if (rc)
		return rc;
	if (number <= 0)
		return compile_fail(parser->compile, EQL_E_INVALID, offset,
				    "maxspan must be greater than 0");
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!is_word(parser, units[i].unit))
			continue;
		if (__builtin_mul_overflow(number, units[i].ns, out))
			*out = INT64_MAX;
		return next(parser);
	}
	return FAIL(parser, "a unit is wanted here: ms, s, m, h or d");
}

static int parse_category(struct parser *parser, struct str *out)
{
	if (is_word(parser, "any"))
		*out = (struct str){ 0 };
	else if (parser->token.type == TOKEN_STRING ||
		 (parser->token.type == TOKEN_IDENT && !parser->token.tilde &&
		  !is_keyword(parser->token.text)))
		*out = parser->token.text;
	else
		return FAIL(parser, "an event category or 'any' is wanted "
				    "here");
	return next(parser);
}

/* category "where" expression */
static int parse_filter(struct parser *parser, struct ast_stage *stage)
{
	int rc;

	stage->offset = parser->token.offset;
	rc = parse_category(parser, &stage->category);
	if (!rc && is_word(parser, "of"))
		return FAIL(parser,
			    "process relationships are no part of EQL here");
	if (!rc)
		rc = expect_word(parser, "where");
	return rc ? rc : parse_expression(parser, &stage->condition);
}

/* with runs=N, the position on "with". */
static int parse_runs(struct parser *parser, struct ast_stage *stage)
{
	int rc = next(parser);

	if (!rc)
		rc = expect_word(parser, "runs");
	if (!rc)
		rc = expect_operator(parser, "=");
	stage->runs_offset = parser->token.offset;
	if (!rc)
		rc = parse_integer(parser, &stage->runs);
	if (!rc && (stage->runs < 1 || stage->runs > 100))
		return compile_fail(parser->compile, EQL_E_INVALID,
				    stage->runs_offset,
				    "runs must be from 1 to 100");
	return rc;
}

static bool at_stage(const struct parser *parser)
{
	return is_operator(parser, "[") || is_operator(parser, "![");
}

/* "[" filter "]" [by keys] [with runs=N] */
static int parse_stage(struct parser *parser, struct ast_stage *stage)
{
	int rc;

	*stage = (struct ast_stage){ .runs = 1 };
	if (!at_stage(parser))
		return FAIL(parser, "'[' is wanted here");
	stage->missing = is_operator(parser, "![");
	rc = next(parser);
	if (!rc)
		rc = parse_filter(parser, stage);
	if (!rc)
		rc = expect_operator(parser, "]");
	if (!rc && is_word(parser, "by"))
		rc = parse_keys(parser, &stage->by);
	if (!rc && is_word(parser, "with"))
		rc = parse_runs(parser, stage);
	return rc;
}

static int parse_stages(struct parser *parser, struct ast_query *query)
{
	struct arena *arena = parser->compile->options->arena;
	size_t capacity = 0;

	do {
		int rc;

		if (query->stage_count == LIMIT_STAGES)
			return FAIL(parser, "more than %d stages",
				    LIMIT_STAGES);
		if (query->stage_count == capacity) {
			struct ast_stage *stages = query->stages;

			capacity = capacity ? 2 * capacity : 4;
			query->stages =
				arena_array(arena, capacity, sizeof(*stages));
			if (!query->stages)
				return -ENOMEM;
			if (query->stage_count)
				memcpy(query->stages, stages,
				       query->stage_count * sizeof(*stages));
		}
		rc = parse_stage(parser, &query->stages[query->stage_count]);
		if (rc)
			return rc;
		query->stage_count++;
	} while (at_stage(parser));
	return 0;
}

static int parse_sequence(struct parser *parser, struct ast_query *query)
{
	struct arena *arena = parser->compile->options->arena;
	int rc = next(parser);

	if (!rc && is_word(parser, "by"))
		rc = parse_keys(parser, &query->by);
	if (!rc && is_word(parser, "with")) {
		rc = next(parser);
		if (!rc)
			rc = parse_span(parser, &query->maxspan_ns);
		if (!rc && is_word(parser, "by"))
			return FAIL(parser, "'by' goes before 'with maxspan'");
	}
	if (!rc)
		rc = parse_stages(parser, query);
	if (rc || !is_word(parser, "until"))
		return rc;
	query->until = arena_alloc(arena, sizeof(*query->until));
	if (!query->until)
		return -ENOMEM;
	rc = next(parser);
	return rc ? rc : parse_stage(parser, query->until);
}

static int parse_sample(struct parser *parser, struct ast_query *query)
{
	int rc = next(parser);

	if (!rc && is_word(parser, "by"))
		rc = parse_keys(parser, &query->by);
	return rc ? rc : parse_stages(parser, query);
}

static int parse_pipes(struct parser *parser, struct ast_query *query)
{
	struct arena *arena = parser->compile->options->arena;

	while (is_operator(parser, "|")) {
		struct ast_pipe *pipes = query->pipes, *pipe;
		struct node_list list = { 0 };
		struct node *argument;
		int rc = next(parser);

		if (rc)
			return rc;
		if (parser->token.type != TOKEN_IDENT)
			return FAIL(parser, "a pipe's name is wanted here");
		query->pipes = arena_array(arena, query->pipe_count + 1,
					   sizeof(*pipes));
		if (!query->pipes)
			return -ENOMEM;
		if (query->pipe_count)
			memcpy(query->pipes, pipes,
			       query->pipe_count * sizeof(*pipes));
		pipe = &query->pipes[query->pipe_count++];
		pipe->offset = parser->token.offset;
		pipe->name = parser->token.text;
		do {
			rc = next(parser);
			if (rc)
				return rc;
			if (!list.count && (is_operator(parser, "|") ||
					    parser->token.type == TOKEN_END))
				break;
			rc = parse_expression(parser, &argument);
			if (!rc)
				rc = list_add(parser, &list, argument);
			if (rc)
				return rc;
		} while (is_operator(parser, ","));
		pipe->arguments = (struct key_list){ list.count, list.items };
	}
	return 0;
}

static int parse_body(struct parser *parser, struct ast_query *query)
{
	query->offset = parser->token.offset;
	if (is_word(parser, "join"))
		return FAIL(parser, "join is no part of EQL here");
	if (is_word(parser, "sequence")) {
		query->type = QUERY_SEQUENCE;
		return parse_sequence(parser, query);
	}
	if (is_word(parser, "sample")) {
		query->type = QUERY_SAMPLE;
		return parse_sample(parser, query);
	}
	query->type = QUERY_EVENT;
	query->stages = arena_alloc(parser->compile->options->arena,
				    sizeof(*query->stages));
	if (!query->stages)
		return -ENOMEM;
	query->stages->runs = 1;
	query->stage_count = 1;
	return parse_filter(parser, query->stages);
}

int parse_query(struct compile *compile, struct ast_query **out)
{
	struct parser parser = {
		.compile = compile,
		.lexer = { .compile = compile },
	};
	struct ast_query *query =
		arena_alloc(compile->options->arena, sizeof(*query));
	int rc = query ? next(&parser) : -ENOMEM;

	if (!rc)
		rc = parse_body(&parser, query);
	if (!rc)
		rc = parse_pipes(&parser, query);
	if (!rc && parser.token.type != TOKEN_END)
		rc = FAIL(&parser, "the query should end here");
	if (!rc)
		*out = query;
	return rc;
}
