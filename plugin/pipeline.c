/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pipeline.h"

#include <errno.h>
#include <stdlib.h>

#include "limits.h"
#include "normalize/proctable.h"
#include "rules/support.h"
#include "util/arena.h"
#include "util/codec.h"
#include "util/hash.h"

/* of memcap, one part of so many goes to the process table and its like */
#define TABLES_SHARE 4

struct pipeline {
	struct pipeline_config config;
	struct sieve *sieve;
	struct normalizer *normalizer;
	struct engine *engine;
	struct sensor *sensor; /* NULL = without built-in rules */
	struct arena *arena; /* of the event in hand */
	uint64_t outside; /* see pipeline_stats */
	struct normalizer_forgotten forgotten_told; /* counts, when last told */
};

static bool is_outside(const struct pipeline *pipeline,
		       const struct event *event)
{
	const struct pipeline_config *config = &pipeline->config;

	return config->end_ns && (event->time_ns < config->start_ns ||
				  event->time_ns > config->end_ns);
}

/* A field that was asked for and could not be made may be what a rule looks
 * for. */
static int process(struct pipeline *pipeline, const struct event *event)
{
	int rc = engine_process(pipeline->engine, event);

	return !rc && arena_failed(pipeline->arena) ? -ENOMEM : rc;
}

static int pipeline_take(struct pipeline *pipeline, const struct event *event)
{
	if (is_outside(pipeline, event)) {
		pipeline->outside++;
		return 0;
	}
	if (pipeline->config.on_event) {
		if (event_complete(event))
			return -ENOMEM;
		pipeline->config.on_event(pipeline->config.user, event);
	}
	if (!pipeline->engine)
		return 0;
	if (pipeline->config.on_wanted)
		pipeline->config.on_wanted(pipeline->config.user, event);
	return process(pipeline, event);
}

static struct event_mark mark_of(const struct raw_event *raw)
{
	static const uint8_t seed[16]; /* the same in the next process */

	return (struct event_mark){
		.node_hash = hash_bytes(raw->node.data, raw->node.len, seed),
		.serial = raw->serial,
		.time_ns = raw->time_ns,
	};
}

/* Of two hosts under one name nothing belongs to anything else. */
static int separate(struct pipeline *pipeline, const struct raw_event *raw)
{
	if (!raw->mixed || !pipeline->engine)
		return 0;
	return engine_separate(
		pipeline->engine,
		normalizer_host(pipeline->normalizer, raw->node));
}

static int pipeline_normalize(struct pipeline *pipeline,
			      const struct raw_event *raw)
{
	struct event *event;
	int rc = separate(pipeline, raw);

	if (rc)
		return rc;

	arena_reset(pipeline->arena);
	rc = normalize_event(pipeline->normalizer, raw, pipeline->arena,
			     &event);
	/* an event that lacks a part might be what a rule looks for */
	if (arena_failed(pipeline->arena))
		return -ENOMEM;
	if (rc == NORMALIZE_E_SEEN && pipeline->engine)
		return engine_pass(
			pipeline->engine,
			normalizer_host(pipeline->normalizer, raw->node),
			raw->time_ns);
	if (rc)
		return rc > 0 ? 0 : rc;
	return pipeline_take(pipeline, event);
}

static void tell_forgotten_of(struct pipeline *pipeline,
			      const struct raw_event *raw, enum builtin_id id,
			      const struct forgotten *now, uint64_t *told)
{
	struct sensor_note note;

	if (now->count == *told)
		return;
	note = (struct sensor_note){
		.id = id,
		.host = normalizer_host(pipeline->normalizer, raw->node),
		.node = raw->node,
		.time_ns = raw->time_ns,
		.count = now->count - *told,
		.login = now->payer,
	};
	*told = now->count;
	pipeline_note(pipeline, &note);
	if (pipeline->engine)
		engine_mark_loss(pipeline->engine, note.host, note.time_ns);
}

/* The tables had no room for an event: what went is said, and findings of that
 * time bear a mark. */
static void tell_forgotten(struct pipeline *pipeline,
			   const struct raw_event *raw)
{
	struct normalizer_forgotten *told = &pipeline->forgotten_told, now;

	normalizer_forgot(pipeline->normalizer, &now);
	tell_forgotten_of(pipeline, raw, BUILTIN_ORIGINS_FORGOTTEN,
			  &now.linked_files, &told->linked_files.count);
	tell_forgotten_of(pipeline, raw, BUILTIN_ORIGINS_FORGOTTEN,
			  &now.linked_processes, &told->linked_processes.count);
	tell_forgotten_of(pipeline, raw, BUILTIN_PROCESSES_FORGOTTEN,
			  &now.young_processes, &told->young_processes.count);
}

static int take_raw(struct pipeline *pipeline, const struct raw_event *raw)
{
	int rc = 0;

	if (pipeline->sensor)
		rc = sensor_take(pipeline->sensor, raw, pipeline->arena);
	if (!rc)
		rc = pipeline_normalize(pipeline, raw);
	tell_forgotten(pipeline, raw);
	return rc;
}

static int skip_event(struct pipeline *pipeline, const struct raw_event *raw)
{
	const struct sensor_note note = {
		.id = BUILTIN_EVENT_SKIPPED,
		.host = normalizer_host(pipeline->normalizer, raw->node),
		.node = raw->node,
		.time_ns = raw->time_ns,
		.count = 1,
	};

	pipeline_note(pipeline, &note);
	return 0;
}

static int pipeline_on_raw(void *user, const struct raw_event *raw)
{
	struct pipeline *pipeline = user;
	struct event_mark *in_hand = pipeline->config.in_hand;
	int rc;

	if (!in_hand)
		return take_raw(pipeline, raw);
	*in_hand = mark_of(raw);
	if (event_mark_equal(in_hand, &pipeline->config.skip))
		rc = skip_event(pipeline, raw);
	else
		rc = take_raw(pipeline, raw);
	*in_hand = (struct event_mark){ 0 };
	return rc;
}

static void pipeline_on_gap(void *user, struct str node, uint64_t count,
			    int64_t time_ns)
{
	struct pipeline *pipeline = user;
	const struct sensor_note note = {
		.id = BUILTIN_RECORDS_MISSING,
		.host = normalizer_host(pipeline->normalizer, node),
		.node = node,
		.time_ns = time_ns,
		.count = count,
	};

	if (pipeline->engine)
		engine_mark_gap(pipeline->engine, note.host,
				time_sub(time_ns, SIEVE_GAP_NS), time_ns);
	pipeline_note(pipeline, &note);
	if (pipeline->config.on_gap)
		pipeline->config.on_gap(pipeline->config.user, node, count,
					time_ns);
}

static void pipeline_on_mixed(void *user, struct str node, bool mixed,
			      int64_t time_ns)
{
	struct pipeline *pipeline = user;
	const struct sensor_note note = {
		.id = BUILTIN_HOSTS_MIXED,
		.host = normalizer_host(pipeline->normalizer, node),
		.node = node,
		.time_ns = time_ns,
	};

	if (mixed)
		pipeline_note(pipeline, &note);
	if (pipeline->config.on_mixed)
		pipeline->config.on_mixed(pipeline->config.user, node, mixed,
					  time_ns);
}

static int pipeline_on_sensor(void *user, const struct event *event)
{
	struct pipeline *pipeline = user;

	if (arena_failed(pipeline->arena))
		return -ENOMEM;
	if (is_outside(pipeline, event))
		return 0;
	return process(pipeline, event);
}

/* In the middle of the engine's work. */
static void note_login(struct pipeline *pipeline, enum builtin_id id,
		       struct str host, uint32_t uid, int64_t time_ns)
{
	const struct sensor_note note = {
		.id = id,
		.host = host,
		.time_ns = time_ns,
		.count = uid,
	};

	pipeline_note(pipeline, &note);
}

/* A share of memory is full. */
static void pipeline_on_evict(void *user, struct str host, uint32_t uid,
			      int64_t time_ns)
{
	note_login(user, BUILTIN_MEMORY_FULL, host, uid, time_ns);
}

/* Keys of an event were left out. */
static void pipeline_on_cut(void *user, struct str host, uint32_t uid,
			    int64_t time_ns)
{
	note_login(user, BUILTIN_KEYS_CUT, host, uid, time_ns);
}

/* Serials of its host that are missing now, and may yet come, are a gap of its
 * evidence as well. */
static void pipeline_on_alert(void *user, const struct alert *alert)
{
	struct pipeline *pipeline = user;
	struct alert marked = *alert;
	const struct event *last =
		alert->event_count ? alert->events[alert->event_count - 1]
				   : NULL;

	if (last && last->serial)
		marked.gap |= sieve_holes(pipeline->sieve, last->node) > 0;
	pipeline->config.on_alert(pipeline->config.user, &marked);
}

static int pipeline_open_sensor(struct pipeline *pipeline)
{
	const struct pipeline_config *config = &pipeline->config;
	const struct sensor_config sensor = {
		.normalizer = pipeline->normalizer,
		.host_id = config->host_id,
		.field_count = FIELD__COUNT,
		.on_event = pipeline_on_sensor,
		.user = pipeline,
	};

	if (!config->rules || !config->rules->builtin_count)
		return 0;
	return sensor_new(&sensor, &pipeline->sensor);
}

static int pipeline_open_engine(struct pipeline *pipeline)
{
	const struct pipeline_config *config = &pipeline->config;
	struct engine_config engine = {
		.rules = config->rules,
		.memcap = config->memcap - config->memcap / TABLES_SHARE,
		.reorder_ns = config->reorder_ns,
		.lateness_ns = config->lateness_ns,
		.suppress_ns = config->suppress_ns,
		.budget = config->budget,
		.exact = config->exact,
		.on_alert = pipeline_on_alert,
		.on_evict = pipeline_on_evict,
		.on_cut = pipeline_on_cut,
		.user = pipeline,
	};

	return config->rules ? engine_new(&engine, &pipeline->engine) : 0;
}

static int pipeline_open(struct pipeline *pipeline)
{
	const struct pipeline_config *config = &pipeline->config;
	struct sieve_config sieve = {
		.on_event = pipeline_on_raw,
		.on_gap = pipeline_on_gap,
		.on_mixed = pipeline_on_mixed,
		.user = pipeline,
		.local_node = config->local_node,
		.names_all = config->names_all,
		.event_timeout_ns = 2 * NSEC_PER_SEC,
	};
	struct normalizer_config normalizer = {
		.field_count =
			config->rules ? field_table_count(config->rules->fields)
				      : FIELD__COUNT,
		.memcap = config->memcap / TABLES_SHARE,
		.host_id = config->host_id,
		.local_node = config->local_node,
		.names_all = config->names_all,
		.resolver = config->resolver,
		.parse_all = config->parse_all,
	};
	int rc;

	pipeline->arena = arena_new(2 * LIMIT_EVENT_BYTES + (64U << 20));
	if (!pipeline->arena)
		return -ENOMEM;
	rc = normalizer_new(&normalizer, &pipeline->normalizer);
	if (rc)
		return rc;
	/* events that a caller wants to see are all made */
	if (config->rules && !config->on_event && !config->parse_all)
		ruleset_tell_unwanted(config->rules, normalizer_unwanted,
				      pipeline->normalizer);
	rc = pipeline_open_engine(pipeline);
	if (!rc)
		rc = pipeline_open_sensor(pipeline);
	if (rc)
		return rc;
	/* this host, by its name and without, beside the others */
	if (pipeline->engine)
		sieve.host_max = engine_host_max(pipeline->engine) - 2;
	return sieve_new(&sieve, &pipeline->sieve);
}

int pipeline_new(const struct pipeline_config *config, struct pipeline **out)
{
	struct pipeline *pipeline = calloc(1, sizeof(*pipeline));
	int rc;

	if (!pipeline)
		return -ENOMEM;
	pipeline->config = *config;
	rc = pipeline_open(pipeline);
	if (rc) {
		pipeline_free(&pipeline);
		return rc;
	}
	*out = pipeline;
	return 0;
}

void pipeline_free(struct pipeline **pipeline)
{
	if (!*pipeline)
		return;
	sieve_free(&(*pipeline)->sieve);
	engine_free(&(*pipeline)->engine);
	sensor_free(&(*pipeline)->sensor);
	normalizer_free(&(*pipeline)->normalizer);
	arena_free(&(*pipeline)->arena);
	free(*pipeline);
	*pipeline = NULL;
}

static int run_sensor(struct pipeline *pipeline, int64_t elapsed_ns)
{
	if (!pipeline->sensor)
		return 0;
	return sensor_run(pipeline->sensor, elapsed_ns, pipeline->arena);
}

int pipeline_feed(struct pipeline *pipeline, const char *data, size_t len)
{
	int rc = sieve_feed(pipeline->sieve, data, len);

	return rc ? rc : run_sensor(pipeline, 0);
}

int pipeline_event(struct pipeline *pipeline, const struct event *event)
{
	return pipeline_take(pipeline, event);
}

int pipeline_advance(struct pipeline *pipeline, int64_t elapsed_ns)
{
	int rc = sieve_age(pipeline->sieve, elapsed_ns);

	if (!rc)
		rc = run_sensor(pipeline, elapsed_ns);
	if (rc || !pipeline->engine)
		return rc;
	return engine_advance(pipeline->engine, elapsed_ns);
}

int64_t pipeline_due_ns(const struct pipeline *pipeline)
{
	return pipeline->engine ? engine_due_ns(pipeline->engine) : INT64_MAX;
}

int pipeline_flush(struct pipeline *pipeline)
{
	int rc = sieve_finish(pipeline->sieve);

	if (!rc && pipeline->sensor)
		rc = sensor_flush(pipeline->sensor, pipeline->arena);
	if (rc || !pipeline->engine)
		return rc;
	return engine_flush(pipeline->engine);
}

int pipeline_finish(struct pipeline *pipeline)
{
	int rc = pipeline_flush(pipeline);

	if (rc || !pipeline->engine)
		return rc;
	return engine_finish(pipeline->engine);
}

int pipeline_save(struct pipeline *pipeline, struct strbuf *out)
{
	/* what it has begun is the engine's from here on */
	if (pipeline->sensor) {
		int rc = sensor_flush(pipeline->sensor, pipeline->arena);

		if (rc)
			return rc;
	}
	normalizer_save(pipeline->normalizer, out);
	sieve_save(pipeline->sieve, out);
	return engine_save(pipeline->engine, out);
}

int pipeline_load(struct pipeline *pipeline, struct reader *state, bool booted)
{
	int rc = normalizer_load(pipeline->normalizer, state, booted);

	if (!rc && !booted)
		rc = sieve_load(pipeline->sieve, state);
	if (rc || booted)
		return rc;
	return engine_load(pipeline->engine, state);
}

uint64_t pipeline_position(const struct pipeline *pipeline)
{
	return sieve_position(pipeline->sieve);
}

void pipeline_catch_up(struct pipeline *pipeline, int64_t booted_ns,
		       int64_t since_ns)
{
	sieve_catch_up(pipeline->sieve, booted_ns, since_ns);
}

void pipeline_caught_up(struct pipeline *pipeline)
{
	sieve_caught_up(pipeline->sieve);
}

bool pipeline_has_passed(const struct pipeline *pipeline, struct str record)
{
	return sieve_has_passed(pipeline->sieve, record);
}

int pipeline_seed(struct pipeline *pipeline, const struct process_seed *seed,
		  int64_t now_ns)
{
	struct event *event;
	int rc = normalizer_seed(pipeline->normalizer, seed);

	if (rc || !pipeline->config.running)
		return rc;
	arena_reset(pipeline->arena);
	rc = normalizer_running(pipeline->normalizer, seed->pid, now_ns,
				pipeline->arena, &event);
	if (rc)
		return rc == NORMALIZE_E_IGNORED ? 0 : rc;
	return pipeline_take(pipeline, event);
}

void pipeline_note(struct pipeline *pipeline, const struct sensor_note *note)
{
	if (pipeline->sensor)
		sensor_note(pipeline->sensor, note);
}

void pipeline_auditd_gone(struct pipeline *pipeline, int64_t now_ns)
{
	if (pipeline->sensor)
		sensor_auditd_gone(pipeline->sensor, now_ns);
}

bool pipeline_is_pending(const struct pipeline *pipeline)
{
	return pipeline->sensor && sensor_is_pending(pipeline->sensor);
}

/* Makes one of all that have the name of the one at an index. */
static size_t merge_hosts(struct sieve_host *hosts, size_t count, size_t at)
{
	size_t kept = at + 1;

	for (size_t i = at + 1; i < count; i++) {
		if (!str_equal(hosts[i].node, hosts[at].node)) {
			hosts[kept++] = hosts[i];
			continue;
		}
		hosts[at].records += hosts[i].records;
		hosts[at].events += hosts[i].events;
		hosts[at].gaps += hosts[i].gaps;
		hosts[at].mixed |= hosts[i].mixed;
	}
	return kept;
}

size_t pipeline_hosts(const struct pipeline *pipeline, struct sieve_host *out,
		      size_t max)
{
	size_t count = sieve_hosts(pipeline->sieve, out, max);

	for (size_t i = 0; i < count; i++)
		out[i].node =
			normalizer_host(pipeline->normalizer, out[i].node);
	/* with and without its name, this host is one */
	for (size_t i = 0; i < count; i++)
		if (str_equal(out[i].node, pipeline->config.host_id))
			return merge_hosts(out, count, i);
	return count;
}

struct engine *pipeline_engine(struct pipeline *pipeline)
{
	return pipeline->engine;
}

void pipeline_stats(const struct pipeline *pipeline, struct pipeline_stats *out)
{
	*out = (struct pipeline_stats){ .outside = pipeline->outside };
	sieve_stats(pipeline->sieve, &out->sieve);
	normalizer_stats(pipeline->normalizer, &out->normalizer);
	if (pipeline->engine)
		engine_stats(pipeline->engine, &out->engine);
}
