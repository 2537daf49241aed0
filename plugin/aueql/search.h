/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One query over events in memory, with Elasticsearch's matches and order. */
#ifndef AUDISP_EQL_AUEQL_SEARCH_H
#define AUDISP_EQL_AUEQL_SEARCH_H

#include <audisp-eql/rule.h>

#include "../util/arena.h"

struct search {
	const struct query *query;
	const struct field_table *fields;
	/* in the order they count: their time and serial are not looked at,
	 * but for maxspan and missing events, which go by the time */
	const struct event *const *events;
	size_t count;
	size_t memory; /* bytes that partials and matches may take */
	struct arena *arena; /* owns the matches */
};

struct search_match {
	size_t event_count, key_count;
	/* position among the events; SIZE_MAX = a missing event */
	const size_t *events;
	const struct value *keys;
};

struct search_result {
	size_t count;
	const struct search_match *matches;
	uint64_t errors; /* conditions that raised, or met a limit */
};

/*
 * 0; -ENOMEM; -E2BIG: more than the memory allows is under way at once, and
 * the result would not be whole.
 */
int search_run(const struct search *search, struct search_result *result);

/* The same for a query of type sample (sample.c): unsorted, without pipes. */
int sample_run(const struct search *search, struct search_result *result);
/* The keys that do not match, though a stage has events of them: the events of
 * as many stages as go together, SIZE_MAX for the others. */
int sample_near(const struct search *search, struct search_result *result);

bool search_has_category(const struct stage *stage, const struct event *event);
/*
 * The values of each key of a stage, as lists[] of its keys: without nulls, but
 * null itself for an optional key that has none. 0 or -ENOMEM.
 */
int search_key_values(struct arena *arena, const struct stage *stage,
		      const struct event *event, enum reading reading,
		      struct value *lists);
/* Under which readings of names an event meets a stage, as bits. */
unsigned int search_holds(const struct stage *stage, const struct event *event,
			  struct arena *scratch, uint64_t *errors);
/* null, then booleans, numbers and texts: <0, 0, >0. */
int search_compare_keys(const struct value *a, const struct value *b,
			size_t count);

#endif
