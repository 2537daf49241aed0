/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's outside: which events meet a condition, when they count, and
 * what it all may cost. An event that meets nothing costs its conditions and no
 * allocation.
 */
#include <audisp-eql/engine.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../eql/pred.h"
#include "../limits.h"
#include "../util/hash.h"
#include "internal.h"

/* --- memory --------------------------------------------------------------- */

void engine_charge(struct engine *engine, size_t bytes)
{
	engine->stats.memory += bytes;
	if (engine->stats.memory > engine->stats.memory_peak)
		engine->stats.memory_peak = engine->stats.memory;
}

void engine_discharge(struct engine *engine, size_t bytes)
{
	engine->stats.memory -= bytes;
}

void engine_drop_event(struct engine *engine, struct event **event)
{
	engine_discharge(engine, event_release(event));
}

/* --- hosts and their time ------------------------------------------------- */

int64_t host_now(const struct engine_host *host)
{
	return host->newest_ns + host->idle_ns;
}

struct engine_host *engine_host(struct engine *engine, struct str name)
{
	struct engine_host **link = &engine->hosts, *host;

	for (; *link; link = &(*link)->next)
		if (str_equal((struct str){ (*link)->name, (*link)->name_len },
			      name))
			break;
	host = *link;
	if (host) {
		*link = host->next;
	} else {
		/* beyond the limit all further hosts share one: what they do
		 * is still seen, if not kept apart */
		if (engine->host_count == LIMIT_HOSTS)
			return engine->hosts;
		host = calloc(1, sizeof(*host) + name.len);
		if (!host)
			return NULL;
		if (name.len)
			memcpy(host->name, name.data, name.len);
		host->name_len = name.len;
		engine->host_count++;
		engine_charge(engine, sizeof(*host) + name.len);
	}
	host->next = engine->hosts;
	engine->hosts = host;
	return host;
}

/* The latest of the last HOST_TIMES stamps: one wild stamp is forgotten soon,
 * and a clock set back is followed. */
static void host_note_time(struct engine_host *host, int64_t time_ns)
{
	int64_t leaving = host->times[host->time_at];
	bool full = host->time_count == HOST_TIMES;

	host->times[host->time_at] = time_ns;
	host->time_at = (host->time_at + 1) % HOST_TIMES;
	host->time_count += !full;
	host->idle_ns = 0;
	if (time_ns >= host->newest_ns || host->time_count == 1) {
		host->newest_ns = time_ns;
	} else if (full && leaving == host->newest_ns) {
		host->newest_ns = host->times[0];
		for (size_t i = 1; i < HOST_TIMES; i++)
			if (host->times[i] > host->newest_ns)
				host->newest_ns = host->times[i];
	}
}

void engine_mark_gap(struct engine *engine, struct str name, int64_t time_ns)
{
	struct engine_host *host = engine_host(engine, name);

	if (host)
		host->gaps[host->gap_count++ % HOST_GAPS] = time_ns;
}

/* --- conditions ----------------------------------------------------------- */

static bool reading_allowed(const struct rule *rule, enum reading reading)
{
	return rule->process_names == PROCESS_NAMES_EITHER ||
	       (rule->process_names == PROCESS_NAMES_INVOKED) ==
		       (reading == READING_INVOKED);
}

/* A stage's category beyond its bit. */
static bool category_holds(const struct stage *stage, const struct event *event)
{
	const struct value *items;
	size_t count;

	if (stage->category_bit != CATEGORY_OTHER)
		return true;
	items = value_items(
		event_value(event, FIELD_EVENT_CATEGORY, READING_INVOKED),
		&count);
	for (size_t i = 0; i < count; i++)
		if (items[i].type == VALUE_STRING &&
		    str_equal(items[i].s, stage->category))
			return true;
	return false;
}

/* Fills in the readings under which the stage holds; false = none. */
static bool stage_holds(struct engine *engine, const struct event *event,
			struct hit *hit)
{
	const struct rule *rule = engine->config.rules->rules[hit->rule];
	const struct stage *stage = hit->stage == UNTIL_STAGE
					    ? rule->query->until
					    : &rule->query->stages[hit->stage];
	bool readings = stage->uses_readings && event_has_readings(event);

	if (!category_holds(stage, event))
		return false;
	hit->readings[READING_INVOKED] = false;
	hit->readings[READING_RESOLVED] = false;
	if (!readings) {
		hit->readings[READING_INVOKED] =
			pred_eval(stage->condition, event, READING_INVOKED,
				  &engine->context);
		return hit->readings[READING_INVOKED];
	}
	for (int i = READING_INVOKED; i <= READING_RESOLVED; i++)
		if (reading_allowed(rule, (enum reading)i))
			hit->readings[i] =
				pred_eval(stage->condition, event,
					  (enum reading)i, &engine->context);
	return hit->readings[READING_INVOKED] ||
	       hit->readings[READING_RESOLVED];
}

static size_t add_hits(struct engine *engine, const struct event *event,
		       const struct stage_index *index, size_t count)
{
	for (size_t i = 0; i < index->count; i++) {
		engine->hits[count] = index->stages[i];
		count += stage_holds(engine, event, &engine->hits[count]);
	}
	return count;
}

static int compare_hits(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;

	if (x->rule != y->rule)
		return x->rule < y->rule ? -1 : 1;
	/* until comes after the stages, which go from last to first */
	if (x->stage == UNTIL_STAGE || y->stage == UNTIL_STAGE)
		return (x->stage == UNTIL_STAGE) - (y->stage == UNTIL_STAGE);
	return (x->stage < y->stage) - (x->stage > y->stage);
}

/* All hits of an event in the order they are to be taken. */
static size_t find_hits(struct engine *engine, const struct event *event)
{
	size_t count;

	arena_reset(engine->context.scratch);
	count = add_hits(engine, event, &engine->any, 0);
	for (size_t i = 0; i < CATEGORIES; i++)
		if (event->categories & 1U << i)
			count = add_hits(engine, event, &engine->by_category[i],
					 count);
	if (count > 1)
		qsort(engine->hits, count, sizeof(engine->hits[0]),
		      compare_hits);
	return count;
}

/* --- events --------------------------------------------------------------- */

/*
 * An accomplished event (an exec, a creation) counts when its call ended, which
 * is not before the newest time already seen; an attempt when it began.
 */
static struct ordinal effective(const struct engine_host *host,
				const struct event *event)
{
	struct ordinal ordinal = { event->time_ns, event->serial };

	if (!(event->flags & EVENT_ATTEMPT) &&
	    ordinal.time_ns < host->newest_ns)
		ordinal.time_ns = host->newest_ns;
	return ordinal;
}

static int hold(struct engine *engine, struct engine_host *host,
		const struct event *event, size_t hit_count)
{
	size_t size = hit_count * sizeof(struct hit), kept_size;
	struct held *held = malloc(sizeof(*held) + size);
	int rc;

	if (!held)
		return -ENOMEM;
	held->event = event_keep(event, &kept_size);
	if (!held->event) {
		free(held);
		return -ENOMEM;
	}
	held->ordinal = effective(host, event);
	held->arrival = engine->arrivals++;
	held->hit_count = hit_count;
	memcpy(held->hits, engine->hits, size);
	engine_charge(engine, sizeof(*held) + size + kept_size);
	rc = holdback_put(engine, host, held);
	while (!rc && engine->held_bytes > engine->config.memcap / 2)
		rc = holdback_release_oldest(engine);
	return rc;
}

int engine_process(struct engine *engine, const struct event *event)
{
	struct engine_host *host = engine_host(engine, event->host);
	size_t hit_count;
	int rc = 0;

	if (!host)
		return -ENOMEM;
	engine->stats.events++;
	hit_count = find_hits(engine, event);
	engine->stats.hits += hit_count;
	if (hit_count)
		rc = hold(engine, host, event, hit_count);
	host_note_time(host, event->time_ns);
	return rc ? rc : holdback_release(engine, host);
}

int engine_advance(struct engine *engine, int64_t elapsed_ns)
{
	int rc = 0;

	/* hosts move to the front when used: keep the next one first */
	for (struct engine_host *host = engine->hosts, *next; host && !rc;
	     host = next) {
		next = host->next;
		host->idle_ns += elapsed_ns;
		rc = holdback_release(engine, host);
	}
	suppress_expire(engine);
	return rc;
}

int engine_finish(struct engine *engine)
{
	int rc = 0;

	for (struct engine_host *host = engine->hosts, *next; host && !rc;
	     host = next) {
		next = host->next;
		rc = holdback_release_all(engine, host);
	}
	return rc;
}

void engine_close_findings(struct engine *engine)
{
	suppress_close_all(engine);
}

void engine_stats(const struct engine *engine, struct engine_stats *out)
{
	*out = engine->stats;
	out->runtime_errors = engine->context.errors;
}

/* --- life ----------------------------------------------------------------- */

static size_t category_of(unsigned int bit)
{
	return (size_t)__builtin_ctz(bit);
}

static int index_add(struct engine *engine, uint32_t rule, uint32_t number,
		     const struct stage *stage)
{
	struct stage_index *index =
		stage->category_bit
			? &engine->by_category[category_of(stage->category_bit)]
			: &engine->any;
	struct hit *stages =
		reallocarray(index->stages, index->count + 1, sizeof(*stages));

	if (!stages)
		return -ENOMEM;
	stages[index->count++] = (struct hit){ .rule = rule, .stage = number };
	index->stages = stages;
	return 0;
}

static int index_rule(struct engine *engine, uint32_t number, size_t *stages)
{
	const struct rule *rule = engine->config.rules->rules[number];
	const struct query *query = rule->query;
	struct rule_state *state = &engine->rules[number];
	int rc = 0;

	list_init(&state->partials);
	state->span_ns = query->maxspan_ns ? query->maxspan_ns : rule->from_ns;
	for (uint32_t i = 0; i < query->stage_count && !rc; i++)
		rc = index_add(engine, number, i, &query->stages[i]);
	if (!rc && query->until)
		rc = index_add(engine, number, UNTIL_STAGE, query->until);
	*stages += query->stage_count + 1;
	return rc;
}

static int engine_open(struct engine *engine)
{
	const struct ruleset *rules = engine->config.rules;
	size_t stages = 0;
	int rc = hash_seed(engine->seed);

	engine->scratch = arena_new(0);
	engine->context.scratch = arena_new(LIMIT_SCRATCH_BYTES);
	engine->rules = calloc(rules->rule_count + 1, sizeof(*engine->rules));
	if (!engine->scratch || !engine->context.scratch || !engine->rules)
		return -ENOMEM;
	for (uint32_t i = 0; i < rules->rule_count && !rc; i++)
		rc = index_rule(engine, i, &stages);
	engine->hits = calloc(stages + 1, sizeof(*engine->hits));
	if (!engine->hits)
		return -ENOMEM;
	if (!rc)
		rc = partial_table_new(engine);
	return rc ? rc : suppressor_new(engine);
}

int engine_new(const struct engine_config *config, struct engine **out)
{
	struct engine *engine;
	int rc;

	if (!config->rules || !config->on_alert || !config->memcap)
		return -EINVAL;
	engine = calloc(1, sizeof(*engine));
	if (!engine)
		return -ENOMEM;
	engine->config = *config;
	rc = engine_open(engine);
	if (rc) {
		engine_free(&engine);
		return rc;
	}
	*out = engine;
	return 0;
}

void engine_free(struct engine **out)
{
	struct engine *engine = *out;

	if (!engine)
		return;
	suppressor_free(engine);
	if (engine->buckets)
		partial_table_free(engine);
	while (engine->hosts) {
		struct engine_host *next = engine->hosts->next;

		holdback_free(engine, engine->hosts);
		free(engine->hosts);
		engine->hosts = next;
	}
	for (size_t i = 0; i < CATEGORIES; i++)
		free(engine->by_category[i].stages);
	free(engine->any.stages);
	free(engine->accounts);
	free(engine->hits);
	free(engine->rules);
	arena_free(&engine->scratch);
	arena_free(&engine->context.scratch);
	free(engine);
	*out = NULL;
}
