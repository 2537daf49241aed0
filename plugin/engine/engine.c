/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's outside: which events hit a stage, when they count, and its
 * life. An event that hits nothing costs the conditions asked, and no
 * allocation.
 */
#include <audisp-eql/engine.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../eql/pred.h"
#include "../limits.h"
#include "../util/arena.h"
#include "../util/hash.h"
#include "account.h"
#include "evict.h"
#include "holdback.h"
#include "host.h"
#include "index.h"
#include "internal.h"
#include "keys.h"
#include "partial.h"
#include "rules.h"
#include "sequence.h"

/* Hosts without events held are looked at this often. */
#define SWEEP_NS NSEC_PER_SEC
/* What a condition's functions, or an alert's key tuples, may take: an event
 * of the largest kind through some functions, or all keys of eight fields. */
#define SCRATCH_BYTES (8U * LIMIT_EVENT_BYTES)
/* Of memcap, one part of so many may be keys of one event, or events held. */
#define EVENT_SHARE 4
/* Below this not even one event fits well. */
#define MEMCAP_MIN (64U << 10)

/* --- conditions ----------------------------------------------------------- */

/* A category that has no bit of its own is compared by name. */
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

/* The event in hand, and whether its readings differ, once that is asked. */
struct question {
	const struct event *event;
	bool is_known, has_readings;
};

static bool has_readings(struct question *question)
{
	if (!question->is_known)
		question->has_readings = event_has_readings(question->event);
	question->is_known = true;
	return question->has_readings;
}

/* The readings worth asking, as bits. */
static uint32_t readings_of(const struct slot *slot, struct question *question)
{
	if (!slot->stage->uses_readings || !has_readings(question))
		return 1U << READING_INVOKED;
	switch (slot->rule->rule->process_names) {
	case PROCESS_NAMES_INVOKED:
		return 1U << READING_INVOKED;
	case PROCESS_NAMES_RESOLVED:
		return 1U << READING_RESOLVED;
	default:
		return 1U << READING_INVOKED | 1U << READING_RESOLVED;
	}
}

/* Whether an exception holds; one whose condition cannot be told to its end
 * does not, so that the rule alerts. */
static bool is_excepted(const struct exception *exception,
			const struct event *event, enum reading reading,
			struct pred_context *context)
{
	uint64_t errors = context->errors;

	return pred_eval(exception->condition, event, reading, context) &&
	       context->errors == errors;
}

static void count_exception(struct engine *engine,
			    const struct exception *exception, int64_t time_ns)
{
	struct exception_use *use = &engine->exceptions[exception->index].use;

	use->hits++;
	if (time_ns > use->last_ns)
		use->last_ns = time_ns;
}

/* The readings that no exception takes away. */
static uint32_t ask_exceptions(struct engine *engine, const struct stage *stage,
			       const struct event *event, uint32_t holds,
			       struct pred_context *context)
{
	for (size_t i = 0; i < stage->exception_count && holds; i++) {
		const struct exception *exception = &stage->exceptions[i];
		uint32_t taken = 0;

		if (event->time_ns >= exception->expires_ns)
			continue;
		for (int k = READING_INVOKED; k <= READING_RESOLVED; k++)
			if (holds & 1U << k &&
			    is_excepted(exception, event, (enum reading)k,
					context))
				taken |= 1U << k;
		if (taken)
			count_exception(engine, exception, event->time_ns);
		holds &= ~taken;
	}
	return holds;
}

/* Under which readings an event meets a stage and has its keys; 0 = none. */
static uint32_t ask(struct engine *engine, const struct slot *slot,
		    struct question *question)
{
	const struct event *event = question->event;
	uint32_t readings, holds = 0;
	struct pred_context context = { .scratch = engine->scratch };

	if (!category_holds(slot->stage, event))
		return 0;
	readings = readings_of(slot, question);
	arena_reset(engine->scratch);
	for (int i = READING_INVOKED; i <= READING_RESOLVED; i++)
		if (readings & 1U << i &&
		    pred_eval(slot->stage->condition, event, (enum reading)i,
			      &context) &&
		    keys_present(slot->stage, event, (enum reading)i))
			holds |= 1U << i;
	if (holds && slot->stage->exception_count) {
		holds = ask_exceptions(engine, slot->stage, event, holds,
				       &context);
		engine->stats.excepted += !holds;
	}
	engine->stats.runtime_errors += context.errors;
	return holds;
}

/* All hits of an event, in the order they are to be taken. */
static size_t find_hits(struct engine *engine, const struct event *event)
{
	struct question question = { .event = event };
	uint32_t readings = 0;
	size_t count = 0;

	if (!index_ask(engine, event))
		return 0;
	for (size_t word = 0; word < engine->word_count; word++) {
		uint64_t bits = engine->asked[word];

		for (; bits; bits &= bits - 1) {
			uint32_t probe = (uint32_t)(word * PROBES_PER_WORD) +
					 (uint32_t)__builtin_ctzll(bits);
			const struct slot *slot = engine->probes[probe];

			if (!slot->repeats)
				readings = ask(engine, slot, &question);
			if (readings)
				engine->hits[count++] =
					(struct hit){ probe, readings };
		}
	}
	return count;
}

/* --- events --------------------------------------------------------------- */

/* Keeps the first hits back until they count. */
static int hold(struct turn *turn, size_t hit_count)
{
	const struct held held = {
		.ordinal = turn->ordinal,
		.arrival = turn->engine->arrivals++,
		.kept = turn->kept,
		.hit_count = hit_count,
	};

	if (!hit_count)
		return 0;
	return holdback_put(turn->engine, turn->host, &held,
			    turn->engine->hits);
}

/* Whether a hit counts as of the attempt's own time however late it comes:
 * where it completes a sequence or undoes one. */
static bool counts_late(const struct engine *engine, const struct hit *hit)
{
	const struct slot *slot = engine->probes[hit->probe];

	return slot->last || slot->kind != SLOT_STAGE;
}

/* Takes the hits that count late from the others, both in their order. Returns
 * how many the others are. */
static size_t split_hits(struct engine *engine, size_t count)
{
	size_t others = 0, lates = 0;

	for (size_t i = 0; i < count; i++) {
		const struct hit hit = engine->hits[i];

		if (counts_late(engine, &hit))
			engine->late_hits[lates++] = hit;
		else
			engine->hits[others++] = hit;
	}
	return others;
}

/* Whether an attempt began before what has been matched, or forgotten. */
static bool is_late(const struct host *host, const struct event *event)
{
	const struct ordinal ordinal = { event->time_ns, event->serial };

	return event->flags & EVENT_ATTEMPT &&
	       (event->time_ns < host->matched_ns ||
		ordinal_before(ordinal, host->released));
}

/*
 * What a late attempt completes or undoes it does as of its own time, now; what
 * it begins or advances counts from its arrival.
 */
static int take_late(struct turn *turn, size_t hit_count)
{
	struct engine *engine = turn->engine;
	size_t others = split_hits(engine, hit_count);
	int rc = sequence_take(turn, engine->late_hits, hit_count - others);

	engine->stats.late_attempts++;
	turn->ordinal.time_ns = turn->host->newest_ns;
	return rc ? rc : hold(turn, others);
}

static int take_hits(struct engine *engine, struct host *host,
		     const struct event *event, size_t hit_count)
{
	struct turn turn = {
		.engine = engine,
		.host = host,
		.kept = kept_new(engine, host, event),
		.ordinal = { event->time_ns, event->serial },
	};
	int rc;

	if (!turn.kept)
		return -ENOMEM;
	evict_for(engine, 0);
	if (!(event->flags & EVENT_ATTEMPT))
		turn.ordinal.time_ns = host->newest_ns;
	if (is_late(host, event))
		rc = take_late(&turn, hit_count);
	else
		rc = hold(&turn, hit_count);
	kept_drop(engine, turn.kept);
	while (!rc && engine->held_bytes > engine->held_max)
		rc = holdback_release_early(engine);
	return rc;
}

int engine_process(struct engine *engine, const struct event *event)
{
	struct host *host;
	size_t hit_count;
	int rc = host_get(engine, event->host, &host);

	if (rc)
		return rc;
	engine->stats.events++;
	if (!engine->first_ns)
		engine->first_ns = event->time_ns;
	host_see(engine, host, event->time_ns);
	hit_count = find_hits(engine, event);
	engine->stats.hits += hit_count;
	if (hit_count)
		rc = take_hits(engine, host, event, hit_count);
	if (!rc && engine->starved)
		rc = -ENOMEM;
	return rc ? rc : host_run(engine, host);
}

int engine_pass(struct engine *engine, struct str name, int64_t time_ns)
{
	struct host *host;
	int rc = host_get(engine, name, &host);

	if (rc)
		return rc;
	host_see(engine, host, time_ns);
	return host_run(engine, host);
}

/* Runs each host of a list, which may leave it meanwhile. */
static int run_all(struct engine *engine, size_t member)
{
	struct list *all = member == offsetof(struct host, holding)
				   ? &engine->holding
				   : &engine->hosts;
	int rc = engine->starved ? -ENOMEM : 0;

	for (struct list *at = all->next, *next; at != all && !rc; at = next) {
		next = at->next;
		rc = host_run(engine, (struct host *)((char *)at - member));
	}
	return rc;
}

int engine_advance(struct engine *engine, int64_t elapsed_ns)
{
	int rc;

	if (elapsed_ns > 0)
		engine->clock_ns = time_add(engine->clock_ns, elapsed_ns);
	rc = run_all(engine, offsetof(struct host, holding));
	if (rc || engine->clock_ns - engine->swept_ns < SWEEP_NS)
		return rc;
	engine->swept_ns = engine->clock_ns;
	return run_all(engine, offsetof(struct host, recent));
}

int64_t engine_due_ns(const struct engine *engine)
{
	int64_t due_ns = INT64_MAX;

	for (const struct list *at = engine->holding.next;
	     at != &engine->holding; at = at->next) {
		const struct host *host = list_entry(at, struct host, holding);
		int64_t until_ns =
			time_sub(host_now(engine, host), engine->wait_ns);
		int64_t host_due_ns =
			time_sub(holdback_first_ns(host), until_ns);

		if (host_due_ns < due_ns)
			due_ns = host_due_ns;
	}
	return due_ns;
}

static int finish_all(struct engine *engine,
		      int (*finish)(struct engine *engine, struct host *host))
{
	int rc = engine->starved ? -ENOMEM : 0;

	for (struct list *at = engine->hosts.next; at != &engine->hosts && !rc;
	     at = at->next)
		rc = finish(engine, list_entry(at, struct host, recent));
	return rc;
}

int engine_flush(struct engine *engine)
{
	return finish_all(engine, host_flush);
}

int engine_finish(struct engine *engine)
{
	return finish_all(engine, host_finish);
}

void engine_close_findings(struct engine *engine)
{
	for (struct list *at = engine->hosts.next; at != &engine->hosts;
	     at = at->next)
		host_close_findings(engine,
				    list_entry(at, struct host, recent));
}

int engine_separate(struct engine *engine, struct str name)
{
	struct host *host;
	int rc = host_get(engine, name, &host);

	return rc ? rc : host_separate(engine, host);
}

size_t engine_host_max(const struct engine *engine)
{
	return host_max(engine);
}

void engine_mark_gap(struct engine *engine, struct str name, int64_t from_ns,
		     int64_t to_ns)
{
	const struct time_span span = { from_ns, to_ns };
	struct host *host;

	if (host_get(engine, name, &host))
		engine->starved = true;
	else
		host_mark_gap(engine, host, span);
	evict_for(engine, 0);
}

void engine_mark_loss(struct engine *engine, struct str name, int64_t time_ns)
{
	struct host *host;

	if (!host_get(engine, name, &host))
		host_mark_loss(engine, host, time_ns);
	evict_for(engine, 0);
}

void engine_stats(const struct engine *engine, struct engine_stats *out)
{
	*out = engine->stats;
}

void engine_exception_use(const struct engine *engine,
			  const struct exception *exception,
			  struct exception_use *out)
{
	*out = engine->exceptions[exception->index].use;
	if (!out->since_ns)
		out->since_ns = engine->first_ns;
}

/* --- life ----------------------------------------------------------------- */

static bool larger(const struct heap_node *a, const struct heap_node *b)
{
	return list_entry(a, struct host, by_size)->bytes >
	       list_entry(b, struct host, by_size)->bytes;
}

static int engine_open(struct engine *engine)
{
	int rc;

	list_init(&engine->hosts);
	list_init(&engine->holding);
	pool_open(&engine->partial_pool, sizeof(struct partial));
	pool_open(&engine->step_pool, sizeof(struct step));
	pool_open(&engine->kept_pool, sizeof(struct kept));
	engine->holders.before = larger;
	engine->scratch = arena_new(SCRATCH_BYTES);
	rc = engine->scratch ? rules_open(engine) : -ENOMEM;
	for (size_t i = 0; i < 2 && !rc; i++)
		rc = hash_seed(engine->seeds[i]);
	if (!rc)
		rc = keys_new(&engine->keys);
	if (!rc)
		rc = table_open(&engine->host_table);
	if (!rc)
		rc = table_open(&engine->accounts);
	if (!rc)
		rc = table_open(&engine->partials);
	if (!rc)
		rc = table_open(&engine->findings);
	return rc;
}

/* One event is to leave room for what others began. */
static size_t key_tuples_max(size_t memcap)
{
	size_t fit = memcap / EVENT_SHARE / PARTIAL_BYTES;

	return fit < LIMIT_KEY_TUPLES ? fit : LIMIT_KEY_TUPLES;
}

int engine_new(const struct engine_config *config, struct engine **out)
{
	struct engine *engine;
	int rc;

	if (!config->rules || !config->on_alert ||
	    config->memcap < MEMCAP_MIN || config->reorder_ns < 0 ||
	    config->lateness_ns < 0 || config->suppress_ns < 0 ||
	    config->budget < -1)
		return -EINVAL;
	engine = calloc(1, sizeof(*engine));
	if (!engine)
		return -ENOMEM;
	engine->config = *config;
	engine->wait_ns =
		config->exact ? config->lateness_ns : config->reorder_ns;
	engine->late_ns = config->exact ? 0 : config->lateness_ns;
	/* what is held cannot be evicted: with much of it a flood would push
	 * out what others began. A replay holds back for minutes */
	engine->held_max = config->memcap / (config->exact ? 2 : EVENT_SHARE);
	engine->key_tuples_max = key_tuples_max(config->memcap);
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
	hosts_free(engine);
	table_close(&engine->host_table);
	table_close(&engine->accounts);
	table_close(&engine->partials);
	table_close(&engine->findings);
	heap_free(&engine->holders);
	pool_close(&engine->partial_pool);
	pool_close(&engine->step_pool);
	pool_close(&engine->kept_pool);
	keys_free(&engine->keys);
	arena_free(&engine->scratch);
	rules_close(engine);
	free(engine);
	*out = NULL;
}
