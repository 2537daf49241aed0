/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree of a query: made by parser.c, resolved and folded in place by
 * fold.c, turned into conditions by lower.c. What is left of it in a condition
 * are the expressions of leaves that compute (script.c).
 */
#ifndef AUDISP_EQL_EQL_AST_H
#define AUDISP_EQL_EQL_AST_H

#include "eql.h"

struct function;
struct matcher;

enum node_type {
	NODE_CONST,
	NODE_FIELD,
	NODE_NOT, /* one operand */
	NODE_AND, /* two or more */
	NODE_OR,
	NODE_COMPARE, /* left, right; != is NOT of == */
	NODE_IS_NULL, /* one operand */
	NODE_IN, /* left, then the members */
	NODE_MATCH, /* left, then the patterns */
	NODE_CALL, /* arguments; arithmetic too */
};

enum compare_op { OP_EQ, OP_LT, OP_LE, OP_GT, OP_GE };
enum match_op { MATCH_COLON, MATCH_LIKE, MATCH_REGEX };

struct node {
	enum node_type type;
	size_t offset; /* into the query, for complaints */
	unsigned int depth; /* levels of operators below */
	bool insensitive; /* IN, MATCH, CALL: the ~ form, and ':' */
	bool narrow; /* a whole number of 32 bits, as Java counts */
	union {
		struct value value; /* CONST */
		struct {
			struct str name; /* FIELD: path, CALL: as written */
			size_t slot; /* FIELD */
			size_t cell; /* FIELD in a script: see script.h */
			bool optional; /* FIELD: ?name */
			char symbol; /* CALL written as an operator */
			const struct function *function; /* CALL */
		};
		enum compare_op compare;
		struct {
			enum match_op match;
			const struct matcher *matcher;
		};
	};
	size_t count;
	struct node **operands;
};

struct node_list {
	size_t count, capacity;
	struct node **items;
};

struct ast_stage {
	size_t offset; /* of its bracket */
	size_t by_offset; /* of "by"; the bracket's where there is none */
	struct str category; /* empty = any */
	struct node *condition;
	struct node_list by; /* fields */
	bool missing;
	int64_t runs;
};

struct ast_pipe {
	size_t offset; /* of its name */
	struct str name;
	struct node_list arguments;
};

struct ast_query {
	enum query_type type;
	size_t offset;
	int64_t maxspan_ns; /* 0 = none */
	struct node_list by;
	size_t stage_count, stage_capacity;
	struct ast_stage *stages;
	struct ast_stage *until;
	size_t pipe_count;
	struct ast_pipe *pipes;
};

/* One compilation: what every step of it shares. */
struct compile {
	const struct eql_options *options;
	struct str text; /* ends in NUL, lives in the arena */
	struct eql_error *error;
};

/* Notes an error and returns its code (EQL_E_*), or -ENOMEM. */
int compile_fail(struct compile *compile, int code, size_t offset,
		 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* NULL = out of memory. */
struct node *node_new(struct compile *compile, enum node_type type,
		      size_t offset);
/*
 * Appends an operand. 0, EQL_E_INVALID where the tree becomes too deep,
 * -ENOMEM.
 */
int node_add(struct compile *compile, struct node_list *list,
	     struct node *operand);
int node_set_operands(struct compile *compile, struct node *node,
		      const struct node_list *list);
/* A node over one or two operands (right may be NULL) in *out. */
int node_over(struct compile *compile, struct node *node, struct node *left,
	      struct node *right);

static inline bool node_is_const(const struct node *node)
{
	return node->type == NODE_CONST;
}

static inline bool node_is_null(const struct node *node)
{
	return node->type == NODE_CONST && node->value.type == VALUE_NULL;
}

#endif
