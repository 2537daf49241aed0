/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a condition is made of: groups (all of, any of) over leaves. NOT has
 * been pushed down to the leaves by lower.c, so each knows by itself whether
 * it is negated, and an answer of true never works against an alert.
 */
#ifndef AUDISP_EQL_EQL_PRED_NODE_H
#define AUDISP_EQL_EQL_PRED_NODE_H

#include "literal.h"
#include "match.h"
#include "pred.h"
#include "strset.h"
#include "wildcard.h"

struct evaluation {
	const struct event *event;
	enum reading reading;
	struct pred_context *context;
};

/* flip: it stands below a NOT that is printed already. */
typedef void (*print_fn)(const struct pred *pred, bool flip,
			 const struct field_table *fields, struct strbuf *out);

struct pred_ops {
	size_t size; /* of its node */
	bool (*holds)(const struct pred *pred,
		      const struct evaluation *evaluation);
	/* leaves of one field: whether one value of it holds */
	enum match_result (*value)(const struct pred *pred,
				   const struct value *value,
				   const struct evaluation *evaluation);
	print_fn print;
};

/* The head of every node. */
struct pred {
	const struct pred_ops *ops;
	/* a leaf: the complement; a group: an odd number of NOTs stood above
	 * it in the query, which matters for printing only */
	bool negated;
	bool on_limit; /* the answer of a leaf that a limit stopped */
	bool may_fail; /* asking it may be counted as an error */
	size_t offset; /* where it begins in the query */
	size_t slot; /* of leaves of one field */
};

struct pred_group {
	struct pred pred;
	size_t count;
	const struct pred **items; /* as written */
	const struct pred **order; /* as they are asked */
};

struct pred_const {
	struct pred pred;
	bool truth;
};

/* field == constant, field in (...), field in~ (...) */
struct pred_term {
	struct pred pred;
	bool is_list; /* as written */
	size_t count;
	const struct literal *literals;
	struct strset strings; /* their texts */
	size_t whole_count;
	const int64_t *wholes; /* their whole numbers, sorted */
	bool only_wholes; /* no literal is another kind of number */
};

/* field < constant and the like */
struct pred_range {
	struct pred pred;
	enum compare_op op;
	struct literal literal;
};

/* field : "...", like, regex */
struct pred_match {
	struct pred pred;
	const struct node *node;
};

/* cidrMatch(field, ...) */
struct pred_cidr {
	struct pred pred;
	const struct node *node;
	size_t count;
	const struct network *networks;
};

/* startsWith, endsWith, stringContains of a field and a constant */
struct pred_affix {
	struct pred pred;
	const struct node *node;
	struct wildcard wildcard;
};

/* An expression over the values of any fields. */
struct pred_script {
	struct pred pred;
	const struct node *node;
	size_t cell_count;
	const size_t *cells; /* slot of each field in it, by node.cell */
};

extern const struct pred_ops pred_all_ops, pred_any_ops, pred_const_ops,
	pred_exists_ops, pred_term_ops, pred_range_ops, pred_match_ops,
	pred_cidr_ops, pred_affix_ops, pred_script_ops;

/* print.c */
void print_group(const struct pred *pred, bool flip,
		 const struct field_table *fields, struct strbuf *out);
void print_const(const struct pred *pred, bool flip,
		 const struct field_table *fields, struct strbuf *out);
void print_exists(const struct pred *pred, bool flip,
		  const struct field_table *fields, struct strbuf *out);
void print_term(const struct pred *pred, bool flip,
		const struct field_table *fields, struct strbuf *out);
void print_range(const struct pred *pred, bool flip,
		 const struct field_table *fields, struct strbuf *out);
void print_match(const struct pred *pred, bool flip,
		 const struct field_table *fields, struct strbuf *out);
void print_call(const struct pred *pred, bool flip,
		const struct field_table *fields, struct strbuf *out);
void print_script(const struct pred *pred, bool flip,
		  const struct field_table *fields, struct strbuf *out);

#endif
