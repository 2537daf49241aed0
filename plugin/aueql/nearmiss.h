/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far a query came over events in memory, and what stopped it. */
#ifndef AUDISP_EQL_AUEQL_NEARMISS_H
#define AUDISP_EQL_AUEQL_NEARMISS_H

#include "search.h"

struct pred;

enum near_kind {
	NEAR_CONDITION, /* an event of the kind asked for fails a condition */
	NEAR_KEY, /* the conditions hold, the keys are others */
	NEAR_ORDER, /* all holds, but it came before the stage before */
	NEAR_SPAN, /* all holds, but it came after the window */
	NEAR_UNTIL, /* an until ended it */
	NEAR_PRESENT, /* an event that must be missing is there */
	NEAR_TAKEN, /* all holds, but the event counts for another stage */
	NEAR_NOTHING, /* no event of the category in the window */
	NEAR_NO_KEY, /* no event of the category has the key */
};

/* What stopped a sequence, one of several. */
struct near_reason {
	enum near_kind kind;
	size_t event; /* position; SIZE_MAX = none */
	size_t stage;
	/* CONDITION: what of the stage's condition fails, and under which
	 * reading of names it was looked at */
	size_t failed_count;
	const struct pred *const *failed;
	enum reading reading;
	/* KEY: which key differs first */
	size_t key;
	int64_t distance_ns; /* ORDER: before; SPAN: after the window */
};

#define NEAR_REASONS_MAX 4

struct near_miss {
	size_t event_count; /* stages it came to; missing ones not counted */
	/* of a sample one for each stage, SIZE_MAX = none */
	const size_t *events;
	size_t key_count;
	const struct value *keys;
	size_t reason_count;
	struct near_reason reasons[NEAR_REASONS_MAX];
};

struct near_result {
	/* first events, of a sample keys; and that many of them matched */
	size_t started;
	size_t matched;
	size_t count; /* the nearest misses, nearest first */
	struct near_miss *misses;
};

#define NEAR_MISSES_MAX 20

/*
 * matches: what search_run() found of the same search. 0, -ENOMEM, -E2BIG. A
 * sequence begins with each event that meets the first stage; of its keys the
 * one that came furthest is told. Of a long log the last thousand sequences
 * that did not match are looked at. Of a sample each key is looked at that one
 * of its stages has an event of.
 */
int near_misses(const struct search *search,
		const struct search_result *matches,
		struct near_result *result);

#endif
