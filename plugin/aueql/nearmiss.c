/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why did it not fire? Each event of the first stage begins a sequence; it is
 * followed forward, at each stage by the earliest event that meets all. Where
 * there is none, the events around are asked what they lack: the time, the
 * order, the keys, or a part of the condition. (The engine joins to the newest
 * sequence, not forward. What it found is given, so the two need not agree on
 * what goes together, only on what did not.)
 */
#include "nearmiss.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../eql/pred.h"
#include "../limits.h"

#define SCRATCH_BYTES (64U << 20)
/* What is looked at, of a log of any length: the last sequences begun, and of
 * each the first events behind where it ended. */
#define STARTS_MAX 1000
#define CANDIDATES_MAX 1000

/* The events that meet a stage, in order. */
struct hits {
	const struct stage *stage;
	size_t count, capacity;
	size_t *positions;
	unsigned char *readings; /* bits of enum reading */
};

struct follower {
	const struct search *search;
	struct arena *scratch;
	size_t stage_count;
	struct hits *hits; /* by stage, until behind them */
	bool *matched; /* by position: the first event of a match */
	struct near_result *result;
};

static const struct event *event_at(const struct follower *follower,
				    size_t position)
{
	return follower->search->events[position];
}

/* --- hits ----------------------------------------------------------------- */

static int add_hit(struct hits *hits, size_t position, unsigned int readings)
{
	if (hits->count == hits->capacity) {
		size_t capacity = hits->capacity ? 2 * hits->capacity : 64;
		size_t *positions = reallocarray(hits->positions, capacity,
						 sizeof(*positions));
		unsigned char *bits;

		if (!positions)
			return -ENOMEM;
		hits->positions = positions;
		bits = realloc(hits->readings, capacity);
		if (!bits)
			return -ENOMEM;
		hits->readings = bits;
		hits->capacity = capacity;
	}
	hits->positions[hits->count] = position;
	hits->readings[hits->count++] = (unsigned char)readings;
	return 0;
}

static int find_hits(struct follower *follower, struct hits *hits)
{
	uint64_t errors = 0;
	int rc = 0;

	for (size_t i = 0; i < follower->search->count && !rc; i++) {
		unsigned int readings =
			search_holds(hits->stage, event_at(follower, i),
				     follower->scratch, &errors);

		if (readings)
			rc = add_hit(hits, i, readings);
	}
	return rc;
}

static int find_all_hits(struct follower *follower)
{
	int rc = 0;

	for (size_t i = 0; i < follower->stage_count && !rc; i++) {
		follower->hits[i].stage = &follower->search->query->stages[i];
		rc = find_hits(follower, &follower->hits[i]);
	}
	return rc;
}

/* The first hit behind a position, as an index. */
static size_t hit_after(const struct hits *hits, size_t position)
{
	size_t low = 0, high = hits->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (hits->positions[middle] <= position)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* --- keys ----------------------------------------------------------------- */

static bool has_key(const struct event *event, const struct stage_key *key,
		    enum reading reading, const struct value *wanted)
{
	size_t count;
	const struct value *items =
		value_items(event_value(event, key->slot, reading), &count);
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		any = any || items[i].type != VALUE_NULL;
		if (items[i].type != VALUE_NULL &&
		    value_equal(&items[i], wanted))
			return true;
	}
	return !any && key->optional && wanted->type == VALUE_NULL;
}

/* The first key that is another one; key_count = all are there. */
static size_t other_key(const struct stage *stage, const struct event *event,
			enum reading reading, const struct value *keys)
{
	size_t i = 0;

	while (i < stage->key_count &&
	       has_key(event, &stage->keys[i], reading, &keys[i]))
		i++;
	return i;
}

/* Under one of the readings that held; the best answer of both. */
static size_t hit_other_key(const struct follower *follower,
			    const struct hits *hits, size_t index,
			    const struct value *keys)
{
	const struct event *event = event_at(follower, hits->positions[index]);
	size_t best = 0;

	for (int i = 0; i < 2; i++) {
		size_t other;

		if (!(hits->readings[index] & 1U << i))
			continue;
		other = other_key(hits->stage, event, (enum reading)i, keys);
		if (other > best)
			best = other;
	}
	return best;
}

/* --- following ------------------------------------------------------------ */

/* A sequence on its way. */
struct path {
	const struct value *keys;
	size_t count;
	size_t events[LIMIT_STAGES];
	size_t stages[LIMIT_STAGES]; /* which each is of */
	int64_t first_ns, end_ns; /* of its window */
	int64_t span_ns; /* INT64_MAX = without end */
};

static size_t next_stage(const struct follower *follower, size_t stage)
{
	const struct stage *stages = follower->search->query->stages;

	while (stage < follower->stage_count && stages[stage].missing)
		stage++;
	return stage;
}

/* The earliest hit that goes on with the path, as an index; count = none. */
static size_t find_next(const struct follower *follower,
			const struct path *path, size_t stage)
{
	const struct hits *hits = &follower->hits[stage];
	size_t width = hits->stage->key_count;
	size_t i = hit_after(hits, path->events[path->count - 1]);

	for (; i < hits->count; i++) {
		const struct event *event =
			event_at(follower, hits->positions[i]);

		if (event->time_ns > path->end_ns)
			break;
		if (hit_other_key(follower, hits, i, path->keys) == width)
			return i;
	}
	return hits->count;
}

/* Follows to where it ends; returns the stage that it lacks, stage_count =
 * none. */
static size_t follow(const struct follower *follower, struct path *path)
{
	size_t stage = next_stage(follower, path->stages[0] + 1);

	while (stage < follower->stage_count) {
		size_t index = find_next(follower, path, stage);

		if (index == follower->hits[stage].count)
			return stage;
		path->events[path->count] =
			follower->hits[stage].positions[index];
		path->stages[path->count++] = stage;
		stage = next_stage(follower, stage + 1);
	}
	return stage;
}

/* --- reasons -------------------------------------------------------------- */

static void add_reason(struct near_miss *miss, const struct near_reason *reason)
{
	if (miss->reason_count < NEAR_REASONS_MAX)
		miss->reasons[miss->reason_count++] = *reason;
}

/* An event with all it takes, but too late or too early. */
static void look_outside(const struct follower *follower,
			 const struct path *path, size_t stage,
			 struct near_miss *miss)
{
	const struct hits *hits = &follower->hits[stage];
	size_t width = hits->stage->key_count;
	size_t last = path->events[path->count - 1];
	struct near_reason early = { .kind = NEAR_ORDER, .event = SIZE_MAX };
	int64_t last_ns = event_at(follower, last)->time_ns;

	for (size_t i = 0; i < hits->count; i++) {
		size_t position = hits->positions[i];
		int64_t time_ns = event_at(follower, position)->time_ns;
		struct near_reason late = {
			.kind = NEAR_SPAN,
			.event = position,
			.stage = stage,
			.distance_ns = time_sub(time_ns, path->end_ns),
		};

		if (hit_other_key(follower, hits, i, path->keys) != width)
			continue;
		if (time_ns > path->end_ns) {
			add_reason(miss, &late);
			break;
		}
		if (position >= path->events[0] ||
		    time_add(time_ns, path->span_ns) >= last_ns) {
			early.event = position;
			early.stage = stage;
			early.distance_ns = time_sub(last_ns, time_ns);
		}
	}
	if (early.event != SIZE_MAX)
		add_reason(miss, &early);
}

/* The first event within the window that has other keys only. */
static void look_at_keys(const struct follower *follower,
			 const struct path *path, size_t stage,
			 struct near_miss *miss)
{
	const struct hits *hits = &follower->hits[stage];
	struct near_reason reason = { .kind = NEAR_KEY, .event = SIZE_MAX };
	size_t i = hit_after(hits, path->events[path->count - 1]);

	for (size_t end = i + CANDIDATES_MAX; i < hits->count && i < end; i++) {
		size_t position = hits->positions[i], key;

		if (event_at(follower, position)->time_ns > path->end_ns)
			break;
		key = hit_other_key(follower, hits, i, path->keys);
		if (reason.event != SIZE_MAX && key <= reason.key)
			continue;
		reason.event = position;
		reason.stage = stage;
		reason.key = key;
	}
	if (reason.event != SIZE_MAX)
		add_reason(miss, &reason);
}

static bool holds(struct follower *follower, const struct pred *pred,
		  const struct event *event, enum reading reading)
{
	struct pred_context context = { .scratch = follower->scratch };

	arena_reset(follower->scratch);
	return pred_eval(pred, event, reading, &context);
}

/* How many parts of a condition fail for an event; out, if there, gets them. */
static size_t failed_parts(struct follower *follower, const struct stage *stage,
			   const struct event *event, enum reading reading,
			   const struct pred **out)
{
	const struct pred *const *items;
	size_t count = pred_all_items(&stage->condition, &items), failed = 0;

	for (size_t i = 0; i < count; i++) {
		if (holds(follower, items[i], event, reading))
			continue;
		if (out)
			out[failed] = items[i];
		failed++;
	}
	return failed;
}

/* The event of the stage's category, and of some keys where they are given,
 * that fails the fewest parts. */
static void find_closest(struct follower *follower, const struct value *keys,
			 size_t from, size_t to, struct near_reason *reason)
{
	const struct stage *stage =
		&follower->search->query->stages[reason->stage];
	size_t best = SIZE_MAX;

	for (size_t i = from; i < to; i++) {
		const struct event *event = event_at(follower, i);

		if (!search_has_category(stage, event))
			continue;
		for (int reading = 0; reading < 2; reading++) {
			size_t failed;

			if (keys &&
			    other_key(stage, event, (enum reading)reading,
				      keys) < stage->key_count)
				continue;
			failed = failed_parts(follower, stage, event,
					      (enum reading)reading, NULL);
			if (!failed || failed >= best)
				continue;
			best = failed;
			reason->event = i;
			reason->reading = (enum reading)reading;
		}
	}
	reason->failed_count = best == SIZE_MAX ? 0 : best;
}

static int list_failed(struct follower *follower, const struct stage *stage,
		       struct near_reason *reason)
{
	const struct pred **failed =
		arena_array(follower->search->arena, reason->failed_count + 1,
			    sizeof(*failed));

	if (!failed)
		return -ENOMEM;
	failed_parts(follower, stage, event_at(follower, reason->event),
		     reason->reading, failed);
	reason->failed = failed;
	return 0;
}

static int look_at_conditions(struct follower *follower,
			      const struct path *path, size_t number,
			      struct near_miss *miss)
{
	const struct stage *stage = &follower->search->query->stages[number];
	struct near_reason reason = {
		.kind = NEAR_CONDITION,
		.event = SIZE_MAX,
		.stage = number,
	};
	size_t from = path->events[path->count - 1] + 1, to = from;
	int rc = 0;

	while (to < follower->search->count && to < from + CANDIDATES_MAX &&
	       event_at(follower, to)->time_ns <= path->end_ns)
		to++;
	find_closest(follower, NULL, from, to, &reason);
	if (reason.event == SIZE_MAX)
		reason.kind = NEAR_NOTHING;
	else
		rc = list_failed(follower, stage, &reason);
	if (!rc && (reason.kind == NEAR_CONDITION || !miss->reason_count))
		add_reason(miss, &reason);
	return rc;
}

/* What kept a sequence from matching that has all its stages. */
static void look_for_enders(const struct follower *follower,
			    const struct path *path, struct near_miss *miss)
{
	for (size_t i = 0; i <= follower->stage_count; i++) {
		const struct hits *hits = &follower->hits[i];
		bool until = i == follower->stage_count;

		if (!hits->stage || (!until && !hits->stage->missing))
			continue;
		for (size_t k = 0; k < hits->count; k++) {
			const struct near_reason reason = {
				.kind = until ? NEAR_UNTIL : NEAR_PRESENT,
				.event = hits->positions[k],
				.stage = i,
			};
			int64_t time_ns =
				event_at(follower, reason.event)->time_ns;

			if (time_add(time_ns, path->span_ns) < path->first_ns ||
			    time_ns > path->end_ns ||
			    hit_other_key(follower, hits, k, path->keys) !=
				    hits->stage->key_count)
				continue;
			add_reason(miss, &reason);
			break;
		}
	}
}

/* --- the nearest ---------------------------------------------------------- */

static int compare_misses(const void *x, const void *y)
{
	const struct near_miss *a = x, *b = y;
	size_t failed_a = SIZE_MAX, failed_b = SIZE_MAX;

	if (a->event_count != b->event_count)
		return a->event_count > b->event_count ? -1 : 1;
	for (size_t i = 0; i < a->reason_count; i++)
		if (a->reasons[i].failed_count < failed_a)
			failed_a = a->reasons[i].failed_count;
	for (size_t i = 0; i < b->reason_count; i++)
		if (b->reasons[i].failed_count < failed_b)
			failed_b = b->reasons[i].failed_count;
	if (failed_a != failed_b)
		return failed_a < failed_b ? -1 : 1;
	return (a->events[0] > b->events[0]) - (a->events[0] < b->events[0]);
}

/* Keeps the nearest: room for one more than is told. */
static void keep_miss(struct near_result *result, const struct near_miss *miss)
{
	result->misses[result->count++] = *miss;
	qsort(result->misses, result->count, sizeof(*miss), compare_misses);
	if (result->count > NEAR_MISSES_MAX)
		result->count = NEAR_MISSES_MAX;
}

static int tell_path(struct follower *follower, const struct path *path,
		     size_t lacks)
{
	struct arena *arena = follower->search->arena;
	struct near_miss miss = {
		.event_count = path->count,
		.key_count = follower->search->query->key_count,
		.keys = path->keys,
	};
	size_t *events = arena_array(arena, path->count, sizeof(*events));
	int rc = 0;

	if (!events)
		return -ENOMEM;
	memcpy(events, path->events, path->count * sizeof(*events));
	miss.events = events;
	if (lacks < follower->stage_count) {
		look_outside(follower, path, lacks, &miss);
		look_at_keys(follower, path, lacks, &miss);
		rc = look_at_conditions(follower, path, lacks, &miss);
	} else {
		look_for_enders(follower, path, &miss);
	}
	/* complete, and nothing ended it: a later one took its place */
	if (!rc && miss.reason_count)
		keep_miss(follower->result, &miss);
	return rc;
}

/* All key tuples of a first event, of which the best path is told. */
struct tuple_walk {
	struct path best;
	size_t lacks;
	struct value *lists, *tuple;
};

static int walk_tuples(struct follower *follower, struct tuple_walk *walk,
		       size_t position, enum reading reading)
{
	const struct stage *stage = follower->hits[walk->best.stages[0]].stage;
	size_t width = stage->key_count, total = 1;
	int rc = search_key_values(follower->search->arena, stage,
				   event_at(follower, position), reading,
				   walk->lists);

	for (size_t i = 0; i < width && !rc; i++)
		if (__builtin_mul_overflow(total, walk->lists[i].list.count,
					   &total) ||
		    total > LIMIT_KEY_TUPLES)
			return -E2BIG;
	for (size_t number = 0; number < total && !rc; number++) {
		struct path path = walk->best;
		size_t rest = number, lacks;

		for (size_t i = width; i-- > 0;) {
			size_t count = walk->lists[i].list.count;

			walk->tuple[i] =
				walk->lists[i].list.items[rest % count];
			rest /= count;
		}
		path.count = 1;
		path.keys = walk->tuple;
		lacks = follow(follower, &path);
		if (walk->best.keys && path.count <= walk->best.count)
			continue;
		walk->lacks = lacks;
		walk->best = path;
		walk->best.keys = arena_array(follower->search->arena,
					      width + 1, sizeof(struct value));
		if (!walk->best.keys)
			return -ENOMEM;
		memcpy((struct value *)walk->best.keys, walk->tuple,
		       width * sizeof(struct value));
	}
	return rc;
}

static int start_from(struct follower *follower, size_t first, size_t index)
{
	const struct hits *hits = &follower->hits[first];
	const struct query *query = follower->search->query;
	struct arena *arena = follower->search->arena;
	size_t position = hits->positions[index];
	struct tuple_walk walk = { .best.count = 1 };
	int64_t first_ns = event_at(follower, position)->time_ns;
	int rc = 0;

	walk.lists =
		arena_array(arena, query->key_count + 1, sizeof(*walk.lists));
	walk.tuple =
		arena_array(arena, query->key_count + 1, sizeof(*walk.tuple));
	if (!walk.lists || !walk.tuple)
		return -ENOMEM;
	walk.best.events[0] = position;
	walk.best.stages[0] = first;
	walk.best.first_ns = first_ns;
	walk.best.span_ns = query->maxspan_ns ? query->maxspan_ns : INT64_MAX;
	walk.best.end_ns = query->maxspan_ns
				   ? time_add(first_ns, query->maxspan_ns)
				   : INT64_MAX;
	for (int reading = 0; reading < 2 && !rc; reading++)
		if (hits->readings[index] & 1U << reading)
			rc = walk_tuples(follower, &walk, position,
					 (enum reading)reading);
	/* without a key it begins nothing */
	if (rc || !walk.best.keys)
		return rc;
	return tell_path(follower, &walk.best, walk.lacks);
}

/* --- single events -------------------------------------------------------- */

/* An event of the category that fails a part of the condition. */
static int near_event(struct follower *follower, size_t position)
{
	const struct stage *stage = follower->search->query->stages;
	struct near_reason reason = { .event = SIZE_MAX };
	struct near_miss miss = { .reason_count = 1 };
	size_t *events;
	int rc;

	find_closest(follower, NULL, position, position + 1, &reason);
	if (reason.event == SIZE_MAX)
		return 0;
	events = arena_alloc(follower->search->arena, sizeof(*events));
	rc = events ? list_failed(follower, stage, &reason) : -ENOMEM;
	if (rc)
		return rc;
	*events = position;
	miss.events = events;
	miss.reasons[0] = reason;
	keep_miss(follower->result, &miss);
	return 0;
}

static int explain_events(struct follower *follower)
{
	int rc = 0;

	for (size_t i = 0; i < follower->search->count && !rc; i++) {
		if (!search_has_category(follower->search->query->stages,
					 event_at(follower, i)))
			continue;
		follower->result->started++;
		if (follower->matched[i])
			follower->result->matched++;
		else
			rc = near_event(follower, i);
	}
	return rc;
}

/* --- samples -------------------------------------------------------------- */

/* Why a stage has no event of the keys. */
static int look_at_stage(struct follower *follower, size_t number,
			 struct near_miss *miss)
{
	const struct hits *hits = &follower->hits[number];
	struct near_reason reason = {
		.kind = NEAR_TAKEN,
		.event = SIZE_MAX,
		.stage = number,
	};
	int rc = 0;

	for (size_t i = 0; i < hits->count && reason.event == SIZE_MAX; i++)
		if (hit_other_key(follower, hits, i, miss->keys) ==
		    hits->stage->key_count)
			reason.event = hits->positions[i];
	if (reason.event == SIZE_MAX) {
		find_closest(follower, miss->keys, 0, follower->search->count,
			     &reason);
		reason.kind =
			reason.event == SIZE_MAX ? NEAR_NO_KEY : NEAR_CONDITION;
	}
	if (reason.kind == NEAR_CONDITION)
		rc = list_failed(follower, hits->stage, &reason);
	if (!rc)
		add_reason(miss, &reason);
	return rc;
}

static int look_at_sample(struct follower *follower, struct near_miss *miss)
{
	int rc = 0;

	for (size_t i = 0; i < follower->stage_count && !rc; i++)
		if (miss->events[i] == SIZE_MAX)
			rc = look_at_stage(follower, i, miss);
	return rc;
}

static int explain_samples(struct follower *follower, size_t matched)
{
	struct near_result *result = follower->result;
	struct search_result near;
	int rc = sample_near(follower->search, &near);

	if (!rc)
		rc = find_all_hits(follower);
	if (rc)
		return rc;
	result->started = near.count + matched;
	result->matched = matched;
	for (size_t i = 0; i < near.count; i++) {
		struct near_miss miss = {
			.events = near.matches[i].events,
			.key_count = near.matches[i].key_count,
			.keys = near.matches[i].keys,
		};

		for (size_t k = 0; k < follower->stage_count; k++)
			miss.event_count += miss.events[k] != SIZE_MAX;
		keep_miss(result, &miss);
	}
	for (size_t i = 0; i < result->count && !rc; i++)
		rc = look_at_sample(follower, &result->misses[i]);
	return rc;
}

/* --- the whole ------------------------------------------------------------ */

static int explain_sequences(struct follower *follower)
{
	const struct query *query = follower->search->query;
	size_t first = next_stage(follower, 0);
	int rc = find_all_hits(follower);

	if (!rc && query->until) {
		follower->hits[query->stage_count].stage = query->until;
		rc = find_hits(follower, &follower->hits[query->stage_count]);
	}
	for (size_t i = 0; i < follower->hits[first].count && !rc; i++) {
		size_t position = follower->hits[first].positions[i];

		follower->result->started++;
		if (follower->matched[position])
			follower->result->matched++;
		else if (i + STARTS_MAX >= follower->hits[first].count)
			rc = start_from(follower, first, i);
	}
	return rc;
}

/* Marks the first events of what matched. */
static void mark_matched(struct follower *follower,
			 const struct search_result *matches)
{
	for (size_t i = 0; i < matches->count; i++) {
		const struct search_match *match = &matches->matches[i];
		size_t first = 0;

		while (first < match->event_count &&
		       match->events[first] == SIZE_MAX)
			first++;
		if (first < match->event_count)
			follower->matched[match->events[first]] = true;
	}
}

int near_misses(const struct search *search,
		const struct search_result *matches, struct near_result *result)
{
	const struct query *query = search->query;
	struct near_result found = { 0 };
	struct follower follower = {
		.search = search,
		.scratch = arena_new(SCRATCH_BYTES),
		.stage_count = query->stage_count,
		.result = &found,
	};
	int rc = -ENOMEM;

	follower.hits = calloc(query->stage_count + 1, sizeof(struct hits));
	follower.matched = calloc(search->count + 1, sizeof(bool));
	found.misses = arena_array(search->arena, NEAR_MISSES_MAX + 1,
				   sizeof(*found.misses));
	if (follower.scratch && follower.hits && follower.matched &&
	    found.misses) {
		mark_matched(&follower, matches);
		/* a sample has no first stage to follow it from */
		if (query->type == QUERY_SAMPLE)
			rc = explain_samples(&follower, matches->count);
		else
			rc = query->type == QUERY_EVENT
				     ? explain_events(&follower)
				     : explain_sequences(&follower);
	}
	for (size_t i = 0; follower.hits && i <= query->stage_count; i++) {
		free(follower.hits[i].positions);
		free(follower.hits[i].readings);
	}
	free(follower.hits);
	free(follower.matched);
	arena_free(&follower.scratch);
	if (!rc)
		*result = found;
	return rc;
}
