/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An event has its turn: what its hits begin, advance and complete. The rules
 * are Elasticsearch's; see partial.c for why one slot per key and stage does.
 */
#include <errno.h>
#include <string.h>

#include "../util/hash.h"
#include "internal.h"

/* One event at one rule. */
struct turn {
	struct engine *engine;
	struct engine_host *host;
	struct event *event;
	struct ordinal ordinal;
	uint32_t rule;
	const struct query *query;
	/* the match to be told, and the key tuples it was found by */
	struct event **events;
	int64_t newest_first_ns;
	struct value *tuples;
	size_t tuple_count, tuple_capacity;
};

/* --- alert ---------------------------------------------------------------- */

/* What tells a match from any other, whenever and wherever it is found: rule,
 * host, and the audit ids of its events. */
static int alert_id(struct turn *turn, uint8_t out[16])
{
	static const uint8_t seeds[2][16] = { { 1 }, { 2 } };
	const struct rule *rule = turn->engine->config.rules->rules[turn->rule];
	struct str text = arena_printf(
		turn->engine->scratch, "%.*s %.*s", STR_ARG(rule->id),
		(int)turn->host->name_len, turn->host->name);

	for (size_t i = 0; i < turn->query->stage_count && text.data; i++) {
		char id[EVENT_ID_MAX];

		event_id_format(turn->events[i], id);
		text = arena_printf(turn->engine->scratch, "%.*s %s",
				    STR_ARG(text), id);
	}
	if (!text.data)
		return -ENOMEM;
	for (size_t i = 0; i < 2; i++) {
		uint64_t half = hash_bytes(text.data, text.len, seeds[i]);

		memcpy(out + 8 * i, &half, sizeof(half));
	}
	return 0;
}

static bool span_has_gap(const struct engine_host *host, int64_t from,
			 int64_t to)
{
	size_t count =
		host->gap_count < HOST_GAPS ? host->gap_count : HOST_GAPS;

	for (size_t i = 0; i < count; i++)
		if (host->gaps[i] >= from && host->gaps[i] <= to)
			return true;
	return false;
}

/* Matches of one rule that end in the same event are one alert. */
static int tell_match(struct turn *turn)
{
	struct alert alert = {
		.kind = ALERT_MATCH,
		.rule = turn->engine->config.rules->rules[turn->rule],
		.host = { turn->host->name, turn->host->name_len },
		.time_ns = turn->event->time_ns,
		.event_count = turn->query->stage_count,
		.events = (const struct event *const *)turn->events,
		.key_count = turn->query->key_count,
		.tuple_count = turn->tuple_count,
		.keys = turn->tuples,
	};
	int64_t first;
	int rc;

	if (!turn->events)
		return 0;
	first = turn->events[0]->time_ns;
	alert.gap = span_has_gap(turn->host, first, host_now(turn->host));
	alert.degraded = turn->host->evicted_ns >= first;
	rc = alert_id(turn, alert.id);
	return rc ? rc : suppress_match(turn->engine, turn->host, &alert);
}

static int add_tuple(struct turn *turn, const struct value *tuple)
{
	size_t keys = turn->query->key_count;

	if (turn->tuple_count == turn->tuple_capacity) {
		size_t capacity =
			turn->tuple_capacity ? 2 * turn->tuple_capacity : 4;
		struct value *tuples =
			arena_array(turn->engine->scratch,
				    capacity * (keys + 1), sizeof(*tuples));

		if (!tuples)
			return -ENOMEM;
		if (turn->tuple_count)
			memcpy(tuples, turn->tuples,
			       turn->tuple_count * keys * sizeof(*tuples));
		turn->tuples = tuples;
		turn->tuple_capacity = capacity;
	}
	if (keys)
		memcpy(turn->tuples + turn->tuple_count * keys, tuple,
		       keys * sizeof(*tuple));
	turn->tuple_count++;
	return 0;
}

/* A match: of several with the same end the one begun last is shown. */
static int complete(struct turn *turn, const struct partial *before,
		    const struct value *tuple)
{
	size_t count = turn->query->stage_count;
	int64_t first = before ? before->first_ns : turn->ordinal.time_ns;

	turn->engine->stats.matches++;
	if (!turn->events || first > turn->newest_first_ns) {
		if (!turn->events)
			turn->events = arena_array(turn->engine->scratch, count,
						   sizeof(struct event *));
		if (!turn->events)
			return -ENOMEM;
		for (size_t i = 0; before && i < before->event_count; i++)
			turn->events[i] = before->events[i];
		turn->events[count - 1] = turn->event;
		turn->newest_first_ns = first;
	}
	return add_tuple(turn, tuple);
}

/* --- matching ------------------------------------------------------------- */

/*
 * The partial an event advances: the newest that ended strictly before it. One
 * consumed by an event ordered before this one is gone, and so are all older
 * ones; one consumed by a later event, which merely arrived first, is still
 * there as of this event's time.
 */
static struct partial *choose(struct partial *newest, struct ordinal ordinal)
{
	while (newest && !ordinal_before(newest->last, ordinal))
		newest = newest->older;
	if (!newest ||
	    (newest->consumed && ordinal_before(newest->consumed_by, ordinal)))
		return NULL;
	return newest;
}

/* Whether an until event of the key stands between the partial's last event
 * (included) and this one (excluded). */
static bool ended_by_until(const struct turn *turn,
			   const struct partial_key *key,
			   const struct partial *partial)
{
	struct partial_key until = *key;
	const struct partial *mark;

	if (!turn->query->until)
		return false;
	until.stage = UNTIL_STAGE;
	mark = partial_find(turn->engine, &until);
	return mark && ordinal_before(mark->last, turn->ordinal) &&
	       !ordinal_before(mark->last, partial->last);
}

static int advance(struct turn *turn, const struct partial_key *key)
{
	struct engine *engine = turn->engine;
	bool last = key->stage + 1 == turn->query->stage_count;
	struct partial_key from = *key;
	struct partial *partial;
	int rc = 0;

	from.stage = key->stage - 1;
	partial = choose(partial_find(engine, &from), turn->ordinal);
	if (!partial)
		return 0;
	if (turn->ordinal.time_ns - partial->first_ns <=
		    engine->rules[turn->rule].span_ns &&
	    !ended_by_until(turn, key, partial)) {
		if (last)
			rc = complete(turn, partial, key->values);
		else if (!partial_put(engine, key, partial, turn->event,
				      turn->ordinal))
			rc = -ENOMEM;
	}
	if (!last) {
		partial_remove(engine, partial);
	} else if (!partial->consumed ||
		   ordinal_before(turn->ordinal, partial->consumed_by)) {
		partial->consumed = true;
		partial->consumed_by = turn->ordinal;
	}
	return rc;
}

static int take_tuple(struct turn *turn, const struct partial_key *key)
{
	if (turn->query->stage_count == 1)
		return complete(turn, NULL, key->values);
	if (key->stage && key->stage != UNTIL_STAGE)
		return advance(turn, key);
	return partial_put(turn->engine, key, NULL, turn->event, turn->ordinal)
		       ? 0
		       : -ENOMEM;
}

static int take_hit(struct turn *turn, const struct hit *hit)
{
	const struct stage *stage = hit->stage == UNTIL_STAGE
					    ? turn->query->until
					    : &turn->query->stages[hit->stage];
	struct partial_key key = {
		.host = turn->host,
		.rule = hit->rule,
		.stage = hit->stage,
		.count = stage->key_count,
	};
	struct tuples tuples;
	int rc = keys_of(turn->engine, turn->event, stage, hit, &tuples);

	for (size_t i = 0; i < tuples.count && !rc; i++) {
		key.values = tuples.values + i * tuples.key_count;
		rc = take_tuple(turn, &key);
	}
	return rc;
}

/*
 * An attempt that arrives after later events had their turn is matched as of
 * its own time where it completes a sequence; where it would begin or advance
 * one, it counts from now.
 */
static void set_ordinal(struct turn *turn, const struct held *held,
			const struct hit *hit)
{
	bool last = hit->stage != UNTIL_STAGE &&
		    hit->stage + 1 == turn->query->stage_count;

	turn->ordinal = held->ordinal;
	if (!last && ordinal_before(held->ordinal, turn->host->matched)) {
		turn->ordinal.time_ns = turn->host->matched.time_ns;
		if (turn->ordinal.serial < turn->host->matched.serial)
			turn->ordinal.serial = turn->host->matched.serial;
	}
}

/* The hits of one rule, last stage first, until at the end. */
static int take_rule(struct turn *turn, const struct held *held, size_t from,
		     size_t to)
{
	int rc = 0;

	for (size_t i = from; i < to && !rc; i++) {
		set_ordinal(turn, held, &held->hits[i]);
		rc = take_hit(turn, &held->hits[i]);
	}
	if (!rc)
		rc = tell_match(turn);
	partial_expire(turn->engine, &turn->engine->rules[turn->rule]);
	return rc;
}

int sequence_process(struct engine *engine, struct engine_host *host,
		     const struct held *held)
{
	size_t from = 0;
	int rc = 0;

	if (ordinal_before(held->ordinal, host->matched))
		engine->stats.late_attempts++;
	while (from < held->hit_count && !rc) {
		uint32_t rule = held->hits[from].rule;
		struct turn turn = {
			.engine = engine,
			.host = host,
			.event = held->event,
			.rule = rule,
			.query = engine->config.rules->rules[rule]->query,
		};
		size_t to = from;

		while (to < held->hit_count && held->hits[to].rule == rule)
			to++;
		arena_reset(engine->scratch);
		rc = take_rule(&turn, held, from, to);
		from = to;
	}
	if (ordinal_before(host->matched, held->ordinal))
		host->matched = held->ordinal;
	while (engine->stats.memory > engine->config.memcap &&
	       partial_evict(engine))
		;
	return rc;
}
