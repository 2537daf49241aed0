/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_EQL_PRED_H
#define AUDISP_EQL_EQL_PRED_H

#include <audisp-eql/event.h>

struct pred;
struct strbuf;

/* Whether the condition holds for the event under a reading of names. */
bool pred_eval(const struct pred *pred, const struct event *event,
	       enum reading reading);
/*
 * Whether the condition can hold for some event in which the slots marked in
 * known[] (of known_count; others are unknown) have the values of this one.
 * False only where no values of the unknown slots make it true.
 */
bool pred_possible(const struct pred *pred, const struct event *event,
		   const bool *known, size_t known_count);
/* The condition as it runs, in EQL syntax. */
void pred_print(const struct pred *pred, const struct field_table *fields,
		struct strbuf *out);

#endif
