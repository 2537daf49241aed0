/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_EQL_PRED_H
#define AUDISP_EQL_EQL_PRED_H

#include <audisp-eql/event.h>

struct pred;
struct arena;
struct strbuf;

/* What evaluation needs beside the event; errors are counted, never fatal. */
struct pred_context {
	/* for what functions compute; reset by its owner, who gives it a
	 * ceiling: a full one counts as a limit */
	struct arena *scratch;
	/*
	 * Grows where Elasticsearch raises (division by zero, bad number):
	 * the leaf is false. And where a limit ends a match: the leaf is then
	 * what lets the rule alert.
	 */
	uint64_t errors;
};

/* Whether the condition holds for the event under a reading of names. */
bool pred_eval(const struct pred *pred, const struct event *event,
	       enum reading reading, struct pred_context *context);

/* Slots whose values are known, of an event that is made up; what is not
 * marked, or at or beyond count, may have any value. */
struct pred_known {
	const bool *slots;
	size_t count;
};

/*
 * Whether the condition can hold for some event that has the known values of
 * this one. False only where no values of the unknown slots make it true.
 */
bool pred_possible(const struct pred *pred, const struct event *event,
		   const struct pred_known *known);
/* Whether the unknown slots decide: it can hold, and it can fail. */
bool pred_open(const struct pred *pred, const struct event *event,
	       const struct pred_known *known);

/* What a condition is made of, for who asks what a rule needs. */

/* Where it begins in the query. */
size_t pred_offset(const struct pred *pred);
/* The conditions a group is made of; 0 for a leaf. */
size_t pred_items(const struct pred *pred, const struct pred *const **items);
/* The conditions that must hold all: of what was written as an AND its
 * operands, else itself. */
size_t pred_all_items(const struct pred *const *pred,
		      const struct pred *const **items);
/* The slots a leaf reads. */
size_t pred_slots(const struct pred *pred, const size_t **slots);
bool pred_is_null_test(const struct pred *pred);
/* Whether a leaf holds for all values but those it names, and for null. */
bool pred_is_negated(const struct pred *pred);

enum pred_names {
	PRED_NAMES_UNKNOWN, /* the leaf does not list what it looks for */
	PRED_NAMES_TEXT,
	PRED_NAMES_PATTERN, /* with '*' and '?' */
	PRED_NAMES_END,
};

/* The index-th text a leaf of one field compares it with. */
enum pred_names pred_names(const struct pred *pred, size_t index,
			   struct str *name);

/* The condition as it runs, in EQL syntax. */
void pred_print(const struct pred *pred, const struct field_table *fields,
		struct strbuf *out);

#endif
