/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recursive descent over the whole grammar of EQL. What is wrong whatever the
 * names mean is refused here, the rest in fold.c and check.c. Recursion is
 * bounded: parentheses, unary operators and calls by parser.depth, operators
 * that stand side by side by the depth of their nodes.
 */
#include "parser.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../limits.h"
#include "functions.h"
#include "lexer.h"

struct parser {
	struct compile *compile;
	struct lexer lexer;
	struct token token; /* the one not taken yet */
	unsigned int depth;
};

typedef int (*parse_fn)(struct parser *parser, struct node **out);

static int parse_expression(struct parser *parser, struct node **out);

#define FAIL_AT(parser, offset, ...) \
	compile_fail((parser)->compile, EQL_E_INVALID, offset, __VA_ARGS__)
#define FAIL(parser, ...) FAIL_AT(parser, (parser)->token.offset, __VA_ARGS__)

static int next(struct parser *parser)
{
	return lexer_next(&parser->lexer, &parser->token);
}

/* The token behind the current one, which stays. */
static int peek(const struct parser *parser, struct token *out)
{
	struct lexer ahead = parser->lexer;

	return lexer_next(&ahead, out);
}

static bool token_is(const struct token *token, const char *text)
{
	return token->type == TOKEN_OPERATOR &&
	       str_equal(token->text, str_from(text));
}

static bool is_operator(const struct parser *parser, const char *text)
{
	return token_is(&parser->token, text);
}

/* A keyword; tilde says whether it has its ~ form. */
static bool is_word(const struct parser *parser, const char *text)
{
	return parser->token.type == TOKEN_IDENT && !parser->token.tilde &&
	       str_equal(parser->token.text, str_from(text));
}

static bool is_word_or_tilde(const struct parser *parser, const char *text)
{
	return parser->token.type == TOKEN_IDENT &&
	       str_equal(parser->token.text, str_from(text));
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

static int enter(struct parser *parser)
{
	if (parser->depth == LIMIT_NESTING)
		return FAIL(parser, "nested deeper than %d", LIMIT_NESTING);
	parser->depth++;
	return 0;
}

/* --- constants and fields ------------------------------------------------- */

/* The number of the current token. */
static int parse_number(struct parser *parser, struct value *value)
{
	char text[400];
	struct str token = parser->token.text;

	if (token.len >= sizeof(text))
		return FAIL(parser, "this number is too long");
	memcpy(text, token.data, token.len);
	text[token.len] = '\0';
	if (parser->token.type == TOKEN_INTEGER) {
		errno = 0;
		*value = VALUE_OF_INT(strtoll(text, NULL, 10));
		if (!errno)
			return next(parser);
	}
	*value =
		(struct value){ .type = VALUE_DOUBLE, .d = strtod(text, NULL) };
	if (!isfinite(value->d))
		return FAIL(parser, "this number is too large");
	return next(parser);
}

/* A constant, or NULL in *out where none stands here. */
static int parse_constant(struct parser *parser, struct node **out)
{
	struct node *node =
		node_new(parser->compile, NODE_CONST, parser->token.offset);

	if (!node)
		return -ENOMEM;
	*out = node;
	if (parser->token.type == TOKEN_INTEGER ||
	    parser->token.type == TOKEN_DECIMAL)
		return parse_number(parser, &node->value);
	if (parser->token.type == TOKEN_STRING)
		node->value = VALUE_OF_STR(parser->token.text);
	else if (is_word(parser, "true") || is_word(parser, "false"))
		node->value = VALUE_OF_BOOL(is_word(parser, "true"));
	else if (!is_word(parser, "null"))
		*out = NULL;
	return *out ? next(parser) : 0;
}

/* One identifier of a field's path. */
static int parse_name(struct parser *parser, struct str *name)
{
	if (parser->token.type != TOKEN_QUOTED &&
	    (parser->token.type != TOKEN_IDENT ||
	     lexer_is_keyword(parser->token.text)))
		return FAIL(parser, "a field name is wanted here");
	if (parser->token.tilde)
		return FAIL(parser, "'%.*s~' is no field name",
			    STR_ARG(parser->token.text));
	*name = parser->token.text;
	return next(parser);
}

/* ( "." name )*: most paths are one piece of the query, taken as it stands. */
static int parse_path(struct parser *parser, struct str *name)
{
	struct arena *arena = parser->compile->options->arena;
	int rc = 0;

	while (!rc && is_operator(parser, ".")) {
		const char *end = name->data + name->len;
		size_t offset = parser->token.offset;
		struct str part;

		rc = next(parser);
		if (!rc)
			rc = parse_name(parser, &part);
		if (rc)
			return rc;
		if (name->len + part.len >= LIMIT_FIELD_NAME_BYTES)
			return FAIL_AT(parser, offset,
				       "a field name is longer than %d bytes",
				       LIMIT_FIELD_NAME_BYTES);
		if (*end == '.' && part.data == end + 1) {
			name->len += 1 + part.len;
			continue;
		}
		*name = arena_printf(arena, "%.*s.%.*s", STR_ARG(*name),
				     STR_ARG(part));
		if (!name->data)
			return -ENOMEM;
	}
	return rc;
}

/* [ "?" ] name { "." name } */
static int parse_field(struct parser *parser, struct node **out)
{
	struct node *field =
		node_new(parser->compile, NODE_FIELD, parser->token.offset);
	struct token index;
	int rc = field ? 0 : -ENOMEM;

	if (!rc && is_operator(parser, "?")) {
		field->optional = true;
		rc = next(parser);
	}
	if (!rc)
		rc = parse_name(parser, &field->name);
	if (!rc)
		rc = parse_path(parser, &field->name);
	if (!rc && is_operator(parser, "[")) {
		/* behind a key, '[' begins the first stage */
		rc = peek(parser, &index);
		if (!rc && index.type == TOKEN_INTEGER)
			return FAIL(parser,
				    "fields take no index: a condition holds "
				    "for any value of an array");
	}
	if (!rc)
		*out = field;
	return rc;
}

/* --- expressions ---------------------------------------------------------- */

/* item { "," item } ")", the position behind "(". */
static int parse_list(struct parser *parser, struct node_list *list,
		      parse_fn parse)
{
	for (;;) {
		struct node *item;
		int rc = parse(parser, &item);

		if (!rc)
			rc = node_add(parser->compile, list, item);
		if (rc)
			return rc;
		if (!is_operator(parser, ","))
			return expect_operator(parser, ")");
		rc = next(parser);
		if (rc)
			return rc;
	}
}

/* name "(" [ arguments ] ")" */
static int parse_call(struct parser *parser, struct node **out)
{
	struct node *call =
		node_new(parser->compile, NODE_CALL, parser->token.offset);
	struct node_list list = { 0 };
	int rc;

	if (!call)
		return -ENOMEM;
	call->name = parser->token.text;
	call->insensitive = parser->token.tilde;
	call->function = function_find(call->name);
	if (!call->function || (call->insensitive && !call->function->tilde))
		return FAIL(parser, "there is no function %.*s%s",
			    STR_ARG(call->name), call->insensitive ? "~" : "");
	rc = next(parser);
	if (!rc)
		rc = next(parser);
	if (!rc && is_operator(parser, ")"))
		rc = next(parser);
	else if (!rc)
		rc = parse_list(parser, &list, parse_expression);
	*out = call;
	return rc ? rc : node_set_operands(parser->compile, call, &list);
}

static int parse_primary(struct parser *parser, struct node **out)
{
	struct token ahead;
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
	    !lexer_is_keyword(parser->token.text)) {
		rc = peek(parser, &ahead);
		if (rc)
			return rc;
		if (token_is(&ahead, "("))
			return parse_call(parser, out);
		if (ahead.type == TOKEN_IDENT &&
		    str_equal(ahead.text, STR("of")))
			return FAIL(parser, "EQL has no process relationships "
					    "any more");
	} else if (parser->token.type != TOKEN_QUOTED &&
		   !is_operator(parser, "?")) {
		return FAIL(parser, "a field or a value is wanted here");
	}
	return parse_field(parser, out);
}

/* A pattern of ':', like or regex. */
static int parse_pattern(struct parser *parser, struct node **out)
{
	if (parser->token.type != TOKEN_STRING)
		return FAIL(parser, "a string is wanted here");
	return parse_constant(parser, out);
}

/* Behind ':', like or regex: one string, or several in parentheses. */
static int parse_match(struct parser *parser, enum match_op op,
		       struct node **out)
{
	struct node *match =
		node_new(parser->compile, NODE_MATCH, parser->token.offset);
	struct node_list list = { 0 };
	struct node *pattern;
	int rc = match ? node_add(parser->compile, &list, *out) : -ENOMEM;

	if (rc)
		return rc;
	match->match = op;
	match->insensitive = op == MATCH_COLON || parser->token.tilde;
	rc = next(parser);
	if (!rc && is_operator(parser, "(")) {
		rc = next(parser);
		if (!rc)
			rc = parse_list(parser, &list, parse_pattern);
	} else if (!rc) {
		rc = parse_pattern(parser, &pattern);
		if (!rc)
			rc = node_add(parser->compile, &list, pattern);
	}
	*out = match;
	return rc ? rc : node_set_operands(parser->compile, match, &list);
}

/* Puts a NOT over *node. */
static int negate(struct parser *parser, size_t offset, struct node **node)
{
	struct node *over = node_new(parser->compile, NODE_NOT, offset);
	int rc = over ? node_over(parser->compile, over, *node, NULL) : -ENOMEM;

	*node = over;
	return rc;
}

/* Behind in: the members. */
static int parse_in(struct parser *parser, struct node **out)
{
	struct node *in =
		node_new(parser->compile, NODE_IN, parser->token.offset);
	struct node_list list = { 0 };
	int rc = in ? node_add(parser->compile, &list, *out) : -ENOMEM;

	if (rc)
		return rc;
	in->insensitive = parser->token.tilde;
	*out = in;
	rc = next(parser);
	if (!rc)
		rc = expect_operator(parser, "(");
	if (!rc)
		rc = parse_list(parser, &list, parse_expression);
	return rc ? rc : node_set_operands(parser->compile, in, &list);
}

/* primary [ ["not"] in (...) | : ... | like ... | regex ... ] */
static int parse_predicated(struct parser *parser, struct node **out)
{
	size_t offset;
	int rc = parse_primary(parser, out);

	if (rc)
		return rc;
	if (is_word(parser, "not")) {
		offset = parser->token.offset;
		rc = next(parser);
		if (!rc && !is_word_or_tilde(parser, "in"))
			return FAIL(parser, "behind a value, 'not' goes with "
					    "'in' only; write it in front");
		if (!rc)
			rc = parse_in(parser, out);
		return rc ? rc : negate(parser, offset, out);
	}
	if (is_word_or_tilde(parser, "in"))
		return parse_in(parser, out);
	if (is_operator(parser, ":"))
		return parse_match(parser, MATCH_COLON, out);
	if (is_word_or_tilde(parser, "like"))
		return parse_match(parser, MATCH_LIKE, out);
	if (is_word_or_tilde(parser, "regex"))
		return parse_match(parser, MATCH_REGEX, out);
	return 0;
}

/* A node of arithmetic over one or two operands. */
static int arithmetic(struct parser *parser, struct token sign,
		      struct node **left, struct node *right)
{
	struct node *operand = *left;
	struct node *node = node_new(parser->compile, NODE_CALL,
				     right ? operand->offset : sign.offset);

	if (!node)
		return -ENOMEM;
	node->symbol = right ? sign.text.data[0] : '~';
	node->function = function_of_symbol(node->symbol);
	*left = node;
	return node_over(parser->compile, node, operand, right);
}

/* ( "-" | "+" ) unary | predicated */
static int parse_unary(struct parser *parser, struct node **out)
{
	struct token sign = parser->token;
	int rc;

	if (!token_is(&sign, "-") && !token_is(&sign, "+"))
		return parse_predicated(parser, out);
	rc = enter(parser);
	if (!rc)
		rc = next(parser);
	if (!rc)
		rc = parse_unary(parser, out);
	parser->depth--;
	if (!rc && token_is(&sign, "-"))
		rc = arithmetic(parser, sign, out, NULL);
	return rc;
}

/* Operators of one level, left to right. */
static int parse_level(struct parser *parser, const char *symbols,
		       parse_fn operand, struct node **out)
{
	int rc = operand(parser, out);

	while (!rc && parser->token.type == TOKEN_OPERATOR &&
	       parser->token.text.len == 1 &&
	       strchr(symbols, parser->token.text.data[0])) {
		struct token sign = parser->token;
		struct node *right;

		rc = next(parser);
		if (!rc)
			rc = operand(parser, &right);
		if (!rc)
			rc = arithmetic(parser, sign, out, right);
	}
	return rc;
}

static int parse_product(struct parser *parser, struct node **out)
{
	return parse_level(parser, "*/%", parse_unary, out);
}

static int parse_sum(struct parser *parser, struct node **out)
{
	return parse_level(parser, "+-", parse_product, out);
}

static bool at_comparison(const struct parser *parser, enum compare_op *op,
			  bool *negated)
{
	static const struct {
		const char *text;
		enum compare_op op;
		bool negated;
	} operators[] = {
		{ "==", OP_EQ, false }, { "!=", OP_EQ, true },
		{ "<", OP_LT, false },	{ "<=", OP_LE, false },
		{ ">", OP_GT, false },	{ ">=", OP_GE, false },
	};

	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		if (!is_operator(parser, operators[i].text))
			continue;
		*op = operators[i].op;
		*negated = operators[i].negated;
		return true;
	}
	return false;
}

/* sum [ operator sum ] */
static int parse_comparison(struct parser *parser, struct node **out)
{
	size_t offset;
	struct node *node, *right;
	enum compare_op op;
	bool negated;
	int rc = parse_sum(parser, out);

	if (rc)
		return rc;
	if (is_operator(parser, "="))
		return FAIL(parser, "'=' compares nothing: write '==', or ':' "
				    "to ignore case");
	if (!at_comparison(parser, &op, &negated))
		return 0;
	offset = parser->token.offset;
	node = node_new(parser->compile, NODE_COMPARE, offset);
	if (!node)
		return -ENOMEM;
	node->compare = op;
	rc = next(parser);
	if (!rc)
		rc = parse_sum(parser, &right);
	if (!rc)
		rc = node_over(parser->compile, node, *out, right);
	*out = node;
	if (!rc && negated)
		rc = negate(parser, offset, out);
	if (!rc && at_comparison(parser, &op, &negated))
		return FAIL(parser, "comparisons cannot be chained");
	return rc;
}

/* "not" not | comparison */
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

/* One level of "and" or "or", as one node over all its operands. */
static int parse_logic(struct parser *parser, enum node_type type,
		       struct node **out)
{
	const char *word = type == NODE_AND ? "and" : "or";
	size_t offset = parser->token.offset;
	struct node_list list = { 0 };
	struct node *operand = NULL;
	int rc;

	for (;;) {
		rc = type == NODE_AND ? parse_not(parser, &operand)
				      : parse_logic(parser, NODE_AND, &operand);
		if (!rc)
			rc = node_add(parser->compile, &list, operand);
		if (rc || !is_word(parser, word))
			break;
		rc = next(parser);
		if (rc)
			break;
	}
	*out = operand;
	if (rc || list.count == 1)
		return rc;
	*out = node_new(parser->compile, type, offset);
	return *out ? node_set_operands(parser->compile, *out, &list) : -ENOMEM;
}

static int parse_expression(struct parser *parser, struct node **out)
{
	int rc = enter(parser);

	if (rc)
		return rc;
	rc = parse_logic(parser, NODE_OR, out);
	parser->depth--;
	return rc;
}

/* --- query ---------------------------------------------------------------- */

/* Fields, the position on "by". */
static int parse_keys(struct parser *parser, struct node_list *out)
{
	do {
		size_t offset;
		struct node *key;
		int rc = next(parser);

		offset = parser->token.offset;
		if (!rc)
			rc = parse_expression(parser, &key);
		if (rc)
			return rc;
		if (key->type != NODE_FIELD)
			return FAIL_AT(parser, offset,
				       "only a field can be a join key");
		rc = node_add(parser->compile, out, key);
		if (rc)
			return rc;
	} while (is_operator(parser, ","));
	return 0;
}

/* NUMBER UNIT behind "maxspan=". */
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
	size_t offset = parser->token.offset;
	struct value number;
	int rc;

	if (parser->token.type != TOKEN_INTEGER)
		return FAIL(parser, "maxspan is a whole number and a unit");
	rc = parse_number(parser, &number);
	if (rc)
		return rc;
	if (number.type != VALUE_INT || number.i < 1)
		return FAIL_AT(parser, offset, "maxspan must be 1 or more");
	if (parser->token.type != TOKEN_IDENT ||
	    lexer_is_keyword(parser->token.text))
		return FAIL_AT(parser, offset,
			       "maxspan needs a unit: ms, s, m, h or d");
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!is_word(parser, units[i].unit))
			continue;
		if (__builtin_mul_overflow(number.i, units[i].ns, out))
			return FAIL_AT(parser, offset, "maxspan is too large");
		return next(parser);
	}
	return FAIL(parser, "the units of maxspan are ms, s, m, h and d");
}

/* with maxspan=..., the position on "with". */
static int parse_maxspan(struct parser *parser, int64_t *out)
{
	int rc = next(parser);

	if (!rc)
		rc = expect_word(parser, "maxspan");
	if (!rc)
		rc = expect_operator(parser, "=");
	if (!rc)
		rc = parse_span(parser, out);
	if (!rc && is_word(parser, "by"))
		return FAIL(parser, "'by' goes before 'with maxspan'");
	return rc;
}

/* with runs=N, the position on "with". */
static int parse_runs(struct parser *parser, int64_t *out)
{
	size_t offset;
	struct value number;
	int rc = next(parser);

	if (!rc)
		rc = expect_word(parser, "runs");
	if (!rc)
		rc = expect_operator(parser, "=");
	if (rc)
		return rc;
	offset = parser->token.offset;
	if (parser->token.type != TOKEN_INTEGER)
		return FAIL(parser, "runs is a whole number");
	rc = parse_number(parser, &number);
	if (rc)
		return rc;
	if (number.type != VALUE_INT || number.i < 1 || number.i > 100)
		return FAIL_AT(parser, offset, "runs must be from 1 to 100");
	*out = number.i;
	return 0;
}

/* category "where" expression */
static int parse_filter(struct parser *parser, struct ast_stage *stage)
{
	int rc;

	if (is_word(parser, "any"))
		stage->category = (struct str){ 0 };
	else if (parser->token.type == TOKEN_STRING ||
		 (parser->token.type == TOKEN_IDENT && !parser->token.tilde &&
		  !lexer_is_keyword(parser->token.text)))
		stage->category = parser->token.text;
	else
		return FAIL(parser, "an event category or 'any' is wanted "
				    "here");
	if (parser->token.type == TOKEN_STRING && !stage->category.len)
		return FAIL(parser, "a category cannot be empty");
	rc = next(parser);
	if (!rc)
		rc = expect_word(parser, "where");
	return rc ? rc : parse_expression(parser, &stage->condition);
}

static bool at_stage(const struct parser *parser)
{
	return is_operator(parser, "[") || is_operator(parser, "![");
}

/* "[" filter "]" [ by keys ] [ with runs=N ] */
static int parse_stage(struct parser *parser, struct ast_stage *stage)
{
	size_t offset = parser->token.offset;
	int rc;

	*stage = (struct ast_stage){ .offset = offset,
				     .by_offset = offset,
				     .runs = 1 };
	if (!at_stage(parser))
		return FAIL(parser, "'[' is wanted here");
	stage->missing = is_operator(parser, "![");
	rc = next(parser);
	if (!rc)
		rc = parse_filter(parser, stage);
	if (!rc)
		rc = expect_operator(parser, "]");
	if (!rc && is_word(parser, "by")) {
		stage->by_offset = parser->token.offset;
		rc = parse_keys(parser, &stage->by);
	}
	return rc;
}

static int grow_stages(struct parser *parser, struct ast_query *query)
{
	size_t capacity = query->stage_capacity;
	struct ast_stage *stages;

	if (query->stage_count == LIMIT_STAGES)
		return FAIL(parser, "more than %d stages", LIMIT_STAGES);
	if (query->stage_count < capacity)
		return 0;
	capacity = capacity ? 2 * capacity : 4;
	stages = arena_array(parser->compile->options->arena, capacity,
			     sizeof(*stages));
	if (!stages)
		return -ENOMEM;
	if (query->stage_count)
		memcpy(stages, query->stages,
		       query->stage_count * sizeof(*stages));
	query->stages = stages;
	query->stage_capacity = capacity;
	return 0;
}

/* One or more stages; those of a sample are plain. */
static int parse_stages(struct parser *parser, struct ast_query *query)
{
	bool sample = query->type == QUERY_SAMPLE;
	struct ast_stage *stage;
	int rc;

	do {
		rc = grow_stages(parser, query);
		if (rc)
			return rc;
		if (sample && is_operator(parser, "!["))
			return FAIL(parser, "a sample has no missing events");
		stage = &query->stages[query->stage_count];
		rc = parse_stage(parser, stage);
		if (!rc && !sample && is_word(parser, "with"))
			rc = parse_runs(parser, &stage->runs);
		if (rc)
			return rc;
		query->stage_count++;
	} while (at_stage(parser));
	return 0;
}

static int parse_until(struct parser *parser, struct ast_query *query)
{
	int rc = next(parser);

	query->until = arena_alloc(parser->compile->options->arena,
				   sizeof(*query->until));
	if (!query->until)
		return -ENOMEM;
	if (!rc && is_operator(parser, "!["))
		return compile_fail(parser->compile, EQL_E_UNSUPPORTED,
				    parser->token.offset,
				    "until takes no '!': Elasticsearch drops "
				    "it without a word");
	if (!rc)
		rc = parse_stage(parser, query->until);
	if (!rc && is_word(parser, "with"))
		return FAIL(parser, "until takes no 'with runs'");
	return rc;
}

static int parse_sequence(struct parser *parser, struct ast_query *query)
{
	int rc = next(parser);

	query->type = QUERY_SEQUENCE;
	if (!rc && is_word(parser, "by"))
		rc = parse_keys(parser, &query->by);
	if (!rc && is_word(parser, "with"))
		rc = parse_maxspan(parser, &query->maxspan_ns);
	if (!rc)
		rc = parse_stages(parser, query);
	if (!rc && is_word(parser, "until"))
		rc = parse_until(parser, query);
	return rc;
}

static int parse_sample(struct parser *parser, struct ast_query *query)
{
	int rc = next(parser);

	query->type = QUERY_SAMPLE;
	if (!rc && is_word(parser, "by"))
		rc = parse_keys(parser, &query->by);
	return rc ? rc : parse_stages(parser, query);
}

static int parse_event(struct parser *parser, struct ast_query *query)
{
	int rc = grow_stages(parser, query);

	if (rc)
		return rc;
	query->type = QUERY_EVENT;
	query->stages[0] = (struct ast_stage){
		.offset = parser->token.offset,
		.runs = 1,
	};
	query->stage_count = 1;
	return parse_filter(parser, &query->stages[0]);
}

/* IDENT [ expression { "," expression } ], the position behind "|". */
static int parse_pipe(struct parser *parser, struct ast_pipe *pipe)
{
	int rc;

	*pipe = (struct ast_pipe){ .offset = parser->token.offset,
				   .name = parser->token.text };
	if (parser->token.type != TOKEN_IDENT || parser->token.tilde ||
	    lexer_is_keyword(parser->token.text))
		return FAIL(parser, "the name of a pipe is wanted here");
	rc = next(parser);
	if (rc || is_operator(parser, "|") || parser->token.type == TOKEN_END)
		return rc;
	for (;;) {
		struct node *argument;

		rc = parse_expression(parser, &argument);
		if (!rc)
			rc = node_add(parser->compile, &pipe->arguments,
				      argument);
		if (rc || !is_operator(parser, ","))
			return rc;
		rc = next(parser);
		if (rc)
			return rc;
	}
}

static int parse_pipes(struct parser *parser, struct ast_query *query)
{
	struct arena *arena = parser->compile->options->arena;

	while (is_operator(parser, "|")) {
		struct ast_pipe *pipes = query->pipes;
		int rc = next(parser);

		if (!rc && query->pipe_count == LIMIT_NESTING)
			return FAIL(parser, "more than %d pipes",
				    LIMIT_NESTING);
		query->pipes = arena_array(arena, query->pipe_count + 1,
					   sizeof(*pipes));
		if (!query->pipes)
			return -ENOMEM;
		if (query->pipe_count)
			memcpy(query->pipes, pipes,
			       query->pipe_count * sizeof(*pipes));
		if (!rc)
			rc = parse_pipe(parser,
					&query->pipes[query->pipe_count++]);
		if (rc)
			return rc;
	}
	return 0;
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

	if (rc)
		return rc;
	query->offset = parser.token.offset;
	if (is_word(&parser, "join"))
		return FAIL(&parser, "EQL has no join any more");
	if (is_word(&parser, "sequence"))
		rc = parse_sequence(&parser, query);
	else if (is_word(&parser, "sample"))
		rc = parse_sample(&parser, query);
	else
		rc = parse_event(&parser, query);
	if (!rc)
		rc = parse_pipes(&parser, query);
	if (!rc && parser.token.type != TOKEN_END)
		rc = FAIL(&parser, "the query should end here");
	if (!rc)
		*out = query;
	return rc;
}
