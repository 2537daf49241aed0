/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree of a query: made by parser.c, resolved and simplified in place by
 * check.c, evaluated by pred.c, printed by print.c. One kind of node from the
 * text to the run, so that what is printed is what runs.
 */
#ifndef AUDISP_EQL_EQL_AST_H
#define AUDISP_EQL_EQL_AST_H

#include <stdarg.h>

#include "eql.h"

enum node_type {
	NODE_CONST,
	NODE_FIELD,
	NODE_NOT, /* one operand */
	NODE_AND, /* two or more */
	NODE_OR,
	NODE_COMPARE, /* left, right; != is NOT of == */
	NODE_IN, /* left, then the members */
	NODE_MATCH, /* left, then the patterns: ':' and like */
	NODE_CALL, /* arguments */
	NODE_ARITHMETIC, /* left, right */
	NODE_NEGATE,
	NODE_NULL_TEST, /* left == null */
	NODE_CIDR, /* left, networks compiled */
};

enum compare_op { OP_EQ, OP_LT, OP_LE, OP_GT, OP_GE };

/* A network of cidrMatch or of an ip field's literal. */
struct network {
	struct ip ip;
	unsigned int prefix; /* 0..128, of the v4-mapped form */
};

/*
 * A literal in all the forms a value of the log can ask for: a number written
 * as text compares with a number, an address with an address.
 */
struct literal {
	struct value value;
	bool is_number; /* value, or the text, is a number */
	double number;
	int64_t integer; /* where is_integer */
	bool is_integer;
	struct str text; /* value as text */
	bool is_network; /* the text is an address or a network */
	struct network network;
};

/* A pattern of like or ':', split at its stars. */
struct wildcard;

struct node {
	enum node_type type;
	size_t offset; /* into the query, for complaints */
	enum compare_op op; /* COMPARE */
	char symbol; /* ARITHMETIC: + - * / % */
	bool insensitive; /* ~ forms, and ':' */
	bool is_like; /* MATCH: like, else ':' */
	bool is_regex; /* MATCH: regex */
	struct str name; /* FIELD: path; CALL: function */
	size_t slot; /* FIELD */
	bool optional; /* FIELD: ?name */
	struct literal literal; /* CONST */
	size_t count;
	struct node **operands;
	size_t part_count; /* MATCH, CIDR: what the operands compile to */
	const struct wildcard *patterns;
	const struct network *networks;
};

struct key_list {
	size_t count;
	struct node **keys;
};

struct ast_stage {
	size_t offset;
	struct str category; /* "" = any */
	struct node *condition;
	struct key_list by;
	bool missing;
	int64_t runs;
	size_t runs_offset;
};

struct ast_pipe {
	size_t offset;
	struct str name;
	struct key_list arguments;
};

struct ast_query {
	enum query_type type;
	size_t offset;
	int64_t maxspan_ns; /* 0 = none */
	struct key_list by;
	size_t stage_count;
	struct ast_stage *stages;
	struct ast_stage *until;
	size_t pipe_count;
	struct ast_pipe *pipes;
};

/* One compilation: what every step of it shares. */
struct compile {
	const struct eql_options *options;
	struct str text;
	struct eql_error *error;
};

/* Notes the first error and returns its code (EQL_E_*), or -ENOMEM. */
int compile_fail(struct compile *compile, int code, size_t offset,
		 const char *format, ...) __attribute__((format(printf, 4, 5)));

int parse_query(struct compile *compile, struct ast_query **out);
int check_query(struct compile *compile, struct ast_query *ast,
		const struct query **out);

struct pred {
	struct node *root;
};

#endif
