/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sample by: for each key that all stages have events of, one event a stage,
 * none used twice. Which ones Elasticsearch leaves open; here the earliest that
 * go together: each stage takes its first event that is free, or one whose
 * stage can take another (augmenting paths).
 */
#include "search.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../limits.h"

#define SCRATCH_BYTES (64U << 20)

/* An event that holds for a stage, under one of its keys. */
struct candidate {
	const struct value *keys;
	size_t stage, event;
};

struct sampler {
	const struct search *search;
	struct arena *scratch; /* of the condition in hand */
	struct candidate *candidates;
	size_t count, capacity, key_count;
	struct search_match *matches;
	size_t match_count, match_capacity;
	bool near; /* the keys that do not match are asked for */
	uint64_t errors;
};

/* --- candidates ----------------------------------------------------------- */

static int add_candidate(struct sampler *sampler,
			 const struct candidate *candidate)
{
	if (sampler->count == sampler->capacity) {
		size_t capacity =
			sampler->capacity ? 2 * sampler->capacity : 256;
		struct candidate *candidates = reallocarray(
			sampler->candidates, capacity, sizeof(*candidates));

		if (!candidates)
			return -ENOMEM;
		sampler->candidates = candidates;
		sampler->capacity = capacity;
	}
	sampler->candidates[sampler->count++] = *candidate;
	return 0;
}

/* All tuples of the values, like the wheels of a counter. */
static int add_tuples(struct sampler *sampler, const struct value *lists,
		      const struct candidate *model)
{
	size_t width = sampler->key_count, total = 1;
	struct candidate candidate = *model;

	for (size_t i = 0; i < width; i++)
		if (__builtin_mul_overflow(total, lists[i].list.count,
					   &total) ||
		    total > LIMIT_KEY_TUPLES)
			return -E2BIG;
	for (size_t number = 0; number < total; number++) {
		struct value *keys = arena_array(sampler->search->arena, width,
						 sizeof(*keys));
		size_t rest = number;
		int rc;

		if (!keys)
			return -ENOMEM;
		for (size_t i = width; i-- > 0;) {
			keys[i] =
				lists[i].list.items[rest % lists[i].list.count];
			rest /= lists[i].list.count;
		}
		candidate.keys = keys;
		rc = add_candidate(sampler, &candidate);
		if (rc)
			return rc;
	}
	return 0;
}

static int take_event(struct sampler *sampler, size_t number, size_t position)
{
	const struct stage *stage = &sampler->search->query->stages[number];
	const struct event *event = sampler->search->events[position];
	const struct candidate model = { .stage = number, .event = position };
	unsigned int holds =
		search_holds(stage, event, sampler->scratch, &sampler->errors);
	struct value *lists = arena_array(sampler->search->arena,
					  stage->key_count, sizeof(*lists));
	int rc = lists ? 0 : -ENOMEM;

	for (int reading = 0; reading < 2 && !rc; reading++) {
		if (!(holds & 1U << reading))
			continue;
		rc = search_key_values(sampler->search->arena, stage, event,
				       (enum reading)reading, lists);
		if (!rc)
			rc = add_tuples(sampler, lists, &model);
	}
	return rc;
}

static int collect(struct sampler *sampler)
{
	const struct search *search = sampler->search;
	int rc = 0;

	for (size_t stage = 0; stage < search->query->stage_count; stage++)
		for (size_t i = 0; i < search->count && !rc; i++)
			rc = take_event(sampler, stage, i);
	return rc;
}

static int compare_candidates(const void *x, const void *y, void *user)
{
	const struct candidate *a = x, *b = y;
	const struct sampler *sampler = user;
	int order = search_compare_keys(a->keys, b->keys, sampler->key_count);

	if (!order)
		order = (a->stage > b->stage) - (a->stage < b->stage);
	return order ? order : (a->event > b->event) - (a->event < b->event);
}

/* --- one key -------------------------------------------------------------- */

/* The candidates of one key, and who has which. */
struct group {
	const struct candidate *candidates; /* by stage, then event */
	size_t count, stage_count;
	size_t *chosen; /* by stage: a candidate; SIZE_MAX = none yet */
	bool *tried; /* candidates looked at for the stage in hand */
};

static bool assign(struct group *group, size_t stage);

static bool try_candidate(struct group *group, size_t stage, size_t number)
{
	size_t event = group->candidates[number].event;

	for (size_t other = 0; other < group->stage_count; other++) {
		size_t chosen = group->chosen[other];

		if (chosen == SIZE_MAX ||
		    group->candidates[chosen].event != event)
			continue;
		if (!assign(group, other))
			return false;
		break;
	}
	group->chosen[stage] = number;
	return true;
}

static bool assign(struct group *group, size_t stage)
{
	for (size_t i = 0; i < group->count; i++) {
		if (group->candidates[i].stage != stage || group->tried[i])
			continue;
		/* for none of the stages on this path, again */
		for (size_t k = 0; k < group->count; k++)
			if (group->candidates[k].event ==
			    group->candidates[i].event)
				group->tried[k] = true;
		if (try_candidate(group, stage, i))
			return true;
	}
	return false;
}

static int add_sample(struct sampler *sampler, const struct group *group)
{
	struct arena *arena = sampler->search->arena;
	size_t *events =
		arena_array(arena, group->stage_count, sizeof(*events));

	if (!events)
		return -ENOMEM;
	if (sampler->match_count == sampler->match_capacity) {
		size_t capacity = 2 * sampler->match_capacity + 16;
		struct search_match *matches =
			arena_array(arena, capacity, sizeof(*matches));

		if (!matches)
			return -ENOMEM;
		if (sampler->match_count)
			memcpy(matches, sampler->matches,
			       sampler->match_count * sizeof(*matches));
		sampler->matches = matches;
		sampler->match_capacity = capacity;
	}
	for (size_t i = 0; i < group->stage_count; i++) {
		size_t chosen = group->chosen[i];

		events[i] = chosen == SIZE_MAX
				    ? SIZE_MAX
				    : group->candidates[chosen].event;
	}
	sampler->matches[sampler->match_count++] =
		(struct search_match){ group->stage_count, sampler->key_count,
				       events, group->candidates->keys };
	return 0;
}

static int sample_key(struct sampler *sampler,
		      const struct candidate *candidates, size_t count)
{
	struct group group = {
		.candidates = candidates,
		.count = count,
		.stage_count = sampler->search->query->stage_count,
	};
	bool all = true;
	int rc = 0;

	group.chosen = calloc(group.stage_count, sizeof(*group.chosen));
	group.tried = calloc(count, sizeof(*group.tried));
	if (!group.chosen || !group.tried)
		rc = -ENOMEM;
	for (size_t i = 0; i < group.stage_count && !rc; i++)
		group.chosen[i] = SIZE_MAX;
	for (size_t i = 0; i < group.stage_count && !rc; i++) {
		memset(group.tried, 0, count * sizeof(*group.tried));
		all = assign(&group, i) && all;
		if (!all && !sampler->near)
			break;
	}
	if (!rc && all != sampler->near)
		rc = add_sample(sampler, &group);
	free(group.chosen);
	free(group.tried);
	return rc;
}

/* --- the whole ------------------------------------------------------------ */

static int sample_all(struct sampler *sampler)
{
	struct candidate *all = sampler->candidates;
	size_t from = 0;
	int rc = 0;

	if (sampler->count)
		qsort_r(all, sampler->count, sizeof(*all), compare_candidates,
			sampler);
	for (size_t i = 1; i <= sampler->count && !rc; i++) {
		if (i < sampler->count &&
		    !search_compare_keys(all[from].keys, all[i].keys,
					 sampler->key_count))
			continue;
		rc = sample_key(sampler, &all[from], i - from);
		from = i;
	}
	return rc;
}

static int run(const struct search *search, bool near,
	       struct search_result *result)
{
	struct sampler sampler = {
		.search = search,
		.scratch = arena_new(SCRATCH_BYTES),
		.key_count = search->query->key_count,
		.near = near,
	};
	int rc = sampler.scratch ? collect(&sampler) : -ENOMEM;

	if (!rc)
		rc = sample_all(&sampler);
	if (!rc) {
		result->matches = sampler.matches;
		result->count = sampler.match_count;
		result->errors = sampler.errors;
	}
	free(sampler.candidates);
	arena_free(&sampler.scratch);
	return rc;
}

int sample_run(const struct search *search, struct search_result *result)
{
	return run(search, false, result);
}

int sample_near(const struct search *search, struct search_result *result)
{
	return run(search, true, result);
}
