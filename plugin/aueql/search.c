/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sequences are the engine's: it gets the events in order, as one host's, each
 * numbered by its position, so that what it keeps can be told from it. Single
 * events are asked here, samples in sample.c. What all have in common is the
 * order of the result and the pipes.
 */
#include "search.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <audisp-eql/engine.h>

#include "../eql/literal.h"
#include "../eql/pred.h"
#include "../limits.h"

#define SCRATCH_BYTES (64U << 20)

struct run {
	const struct search *search;
	struct search_match *matches;
	size_t count, capacity;
	bool failed; /* out of memory */
};

static int add_match(struct run *run, const struct search_match *match)
{
	if (run->count == run->capacity) {
		size_t capacity = run->capacity ? 2 * run->capacity : 64;
		struct search_match *matches =
			reallocarray(run->matches, capacity, sizeof(*matches));

		if (!matches)
			return -ENOMEM;
		run->matches = matches;
		run->capacity = capacity;
	}
	run->matches[run->count++] = *match;
	return 0;
}

/* --- order ---------------------------------------------------------------- */

static int rank(const struct value *value)
{
	switch (value->type) {
	case VALUE_NULL:
		return 0;
	case VALUE_BOOL:
		return 1;
	case VALUE_INT:
	case VALUE_DOUBLE:
		return 2;
	default:
		return 3;
	}
}

static int compare_values(const struct value *a, const struct value *b)
{
	if (rank(a) != rank(b))
		return rank(a) - rank(b);
	switch (rank(a)) {
	case 0:
		return 0;
	case 1:
		return a->b - b->b;
	case 2:
		return compare_numbers(a, b);
	default:
		break;
	}
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	if (a->type == VALUE_IP)
		return memcmp(&a->ip, &b->ip, sizeof(a->ip));
	return str_compare(a->s, b->s);
}

int search_compare_keys(const struct value *a, const struct value *b,
			size_t count)
{
	int order = 0;

	for (size_t i = 0; i < count && !order; i++)
		order = compare_values(&a[i], &b[i]);
	return order;
}

static size_t last_event(const struct search_match *match)
{
	for (size_t i = match->event_count; i-- > 0;)
		if (match->events[i] != SIZE_MAX)
			return match->events[i];
	return 0;
}

/* By the last event, then by the keys from left to right. */
static int compare_matches(const void *x, const void *y)
{
	const struct search_match *a = x, *b = y;
	size_t last_a = last_event(a), last_b = last_event(b);

	if (last_a != last_b)
		return last_a < last_b ? -1 : 1;
	return search_compare_keys(a->keys, b->keys, a->key_count);
}

static void apply_pipes(const struct query *query, struct search_result *result)
{
	for (size_t i = 0; i < query->pipe_count; i++) {
		uint64_t most = (uint64_t)query->pipes[i].count;

		if (result->count <= most)
			continue;
		if (query->pipes[i].type == PIPE_TAIL)
			result->matches += result->count - most;
		result->count = (size_t)most;
	}
}

/* --- single events -------------------------------------------------------- */

bool search_has_category(const struct stage *stage, const struct event *event)
{
	size_t count;
	const struct value *items = value_items(
		event_value(event, FIELD_EVENT_CATEGORY, READING_INVOKED),
		&count);

	for (size_t i = 0; i < count; i++)
		if (items[i].type == VALUE_STRING &&
		    str_equal(items[i].s, stage->category))
			return true;
	return !stage->category.len;
}

unsigned int search_holds(const struct stage *stage, const struct event *event,
			  struct arena *scratch, uint64_t *errors)
{
	struct pred_context context = { .scratch = scratch };
	bool both = stage->uses_readings && event_has_readings(event);
	unsigned int holds = 0;

	if (!search_has_category(stage, event))
		return 0;
	for (int i = READING_INVOKED; i <= (both ? READING_RESOLVED : 0); i++) {
		arena_reset(scratch);
		if (pred_eval(stage->condition, event, (enum reading)i,
			      &context))
			holds |= 1U << i;
	}
	*errors += context.errors;
	return holds;
}

/* One key's values. */
static int key_values(struct arena *arena, const struct stage_key *key,
		      const struct value *value, struct value *list)
{
	size_t count, kept = 0;
	const struct value *items = value_items(value, &count);
	struct value *copy = arena_array(arena, count + 1, sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (items[i].type != VALUE_NULL)
			copy[kept++] = items[i];
	if (!kept && key->optional)
		kept = 1;
	*list = (struct value){ .type = VALUE_LIST, .list = { copy, kept } };
	return 0;
}

int search_key_values(struct arena *arena, const struct stage *stage,
		      const struct event *event, enum reading reading,
		      struct value *lists)
{
	int rc = 0;

	for (size_t i = 0; i < stage->key_count && !rc; i++)
		rc = key_values(
			arena, &stage->keys[i],
			event_value(event, stage->keys[i].slot, reading),
			&lists[i]);
	return rc;
}

static int run_events(struct run *run, struct search_result *result)
{
	const struct search *search = run->search;
	struct arena *scratch = arena_new(SCRATCH_BYTES);
	int rc = scratch ? 0 : -ENOMEM;

	for (size_t i = 0; i < search->count && !rc; i++) {
		struct search_match match = { .event_count = 1 };
		size_t *position;

		if (!search_holds(search->query->stages, search->events[i],
				  scratch, &result->errors))
			continue;
		position = arena_alloc(search->arena, sizeof(*position));
		if (!position) {
			rc = -ENOMEM;
			break;
		}
		*position = i;
		match.events = position;
		rc = add_match(run, &match);
	}
	arena_free(&scratch);
	return rc;
}

/* --- sequences ------------------------------------------------------------ */

static bool copy_match(struct run *run, const struct engine_match *from,
		       struct search_match *match)
{
	struct arena *arena = run->search->arena;
	size_t *events = arena_array(arena, from->event_count, sizeof(*events));
	struct value *keys =
		arena_array(arena, from->key_count + 1, sizeof(*keys));

	if (!events || !keys)
		return false;
	for (size_t i = 0; i < from->event_count; i++)
		events[i] = from->events[i] ? (size_t)from->events[i]->serial
					    : SIZE_MAX;
	for (size_t i = 0; i < from->key_count; i++) {
		keys[i] = from->keys[i];
		if (keys[i].type == VALUE_STRING)
			keys[i].s = arena_str(arena, keys[i].s);
		if (keys[i].type == VALUE_STRING && !keys[i].s.data)
			return false;
	}
	*match = (struct search_match){ from->event_count, from->key_count,
					events, keys };
	return true;
}

static void on_match(void *user, const struct engine_match *from)
{
	struct run *run = user;
	struct search_match match;

	if (!copy_match(run, from, &match) || add_match(run, &match))
		run->failed = true;
}

static void on_alert(void *user, const struct alert *alert)
{
	(void)user;
	(void)alert;
}

static int feed(const struct search *search, struct engine *engine)
{
	int rc = 0;

	for (size_t i = 0; i < search->count && !rc; i++) {
		struct event event = *search->events[i];

		/* it counts where it stands, and need not be kept whole */
		event.serial = i;
		event.host = STR("events");
		event.flags |= EVENT_ATTEMPT;
		event.record_count = 0;
		event.document = (struct str){ 0 };
		rc = engine_process(engine, &event);
	}
	return rc ? rc : engine_finish(engine);
}

static int run_engine(struct run *run, const struct ruleset *rules,
		      struct search_result *result)
{
	const struct engine_config config = {
		.rules = rules,
		.memcap = run->search->memory,
		.exact = true,
		.on_alert = on_alert,
		.on_match = on_match,
		.user = run,
	};
	struct engine_stats stats;
	struct engine *engine;
	int rc = engine_new(&config, &engine);

	if (rc)
		return rc;
	rc = feed(run->search, engine);
	engine_stats(engine, &stats);
	engine_free(&engine);
	result->errors = stats.runtime_errors;
	if (rc)
		return rc;
	if (run->failed)
		return -ENOMEM;
	return stats.partials_evicted || stats.held_early || stats.key_overflows
		       ? -E2BIG
		       : 0;
}

static int run_sequence(struct run *run, struct search_result *result)
{
	struct query query = *run->search->query;
	const struct rule rule = {
		.id = STR("query"),
		.name = STR("query"),
		.from_ns = INT64_MAX,
		.query = &query,
	};
	const struct rule *const list[] = { &rule };
	const struct ruleset rules = {
		.fields = (struct field_table *)run->search->fields,
		.rule_count = 1,
		.rules = list,
	};

	query.pipe_count = 0;
	return run_engine(run, &rules, result);
}

/* --- the whole ------------------------------------------------------------ */

static int run_query(struct run *run, struct search_result *result)
{
	int rc;

	if (run->search->query->type == QUERY_EVENT)
		return run_events(run, result);
	rc = run_sequence(run, result);
	if (!rc && run->count)
		qsort(run->matches, run->count, sizeof(*run->matches),
		      compare_matches);
	return rc;
}

int search_run(const struct search *search, struct search_result *result)
{
	struct run run = { .search = search };
	struct search_result found = { 0 };
	struct search_match *matches;
	int rc;

	if (search->query->type == QUERY_SAMPLE) {
		rc = sample_run(search, &found);
	} else {
		rc = run_query(&run, &found);
		matches = arena_array(search->arena, run.count + 1,
				      sizeof(*matches));
		if (matches && run.count)
			memcpy(matches, run.matches,
			       run.count * sizeof(*matches));
		if (!rc && !matches)
			rc = -ENOMEM;
		found.matches = matches;
		found.count = run.count;
		free(run.matches);
	}
	if (rc)
		return rc;
	apply_pipes(search->query, &found);
	*result = found;
	return 0;
}
