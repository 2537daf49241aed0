/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What arguments hold that no alert may tell: the key redact. */
#ifndef AUDISP_EQL_OUTPUT_REDACT_H
#define AUDISP_EQL_OUTPUT_REDACT_H

#include <audisp-eql/alert.h>

struct arena;
struct redact;

#define REDACT_E_PATTERN 1 /* no pattern that runs here: see the error */

struct redact_error {
	size_t at; /* byte of the pattern */
	char why[160];
};

/* 0, -ENOMEM, or REDACT_E_PATTERN and *error says why. */
int redact_new(struct str pattern, struct redact_error *error,
	       struct redact **out);
void redact_free(struct redact **redact);
/*
 * The alert as it may be told; what is new of it lives in the arena, the rest
 * is the alert's own. Not for two threads at once. 0 or -ENOMEM.
 */
int redact_alert(struct redact *redact, const struct alert *alert,
		 struct arena *arena, struct alert *out);

#endif
