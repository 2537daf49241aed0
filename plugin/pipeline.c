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
	struct arena *arena; /* of the event in hand */
};

static int pipeline_take(struct pipeline *pipeline, const struct event *event)
{
	if (pipeline->config.on_event)
		pipeline->config.on_event(pipeline->config.user, event);
	if (!pipeline->engine)
		return 0;
	return engine_process(pipeline->engine, event);
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

static int pipeline_normalize(struct pipeline *pipeline,
			      const struct raw_event *raw)
{
	struct event *event;
	int rc;

	arena_reset(pipeline->arena);
	rc = normalize_event(pipeline->normalizer, raw, pipeline->arena,
			     &event);
	if (rc == NORMALIZE_E_SEEN && pipeline->engine)
		return engine_pass(
			pipeline->engine,
			normalizer_host(pipeline->normalizer, raw->node),
			raw->time_ns);
	if (rc)
		return rc > 0 ? 0 : rc;
	return pipeline_take(pipeline, event);
}

static int pipeline_on_raw(void *user, const struct raw_event *raw)
{
	struct pipeline *pipeline = user;
	struct event_mark *in_hand = pipeline->config.in_hand;
	int rc;

	if (!in_hand)
		return pipeline_normalize(pipeline, raw);
	*in_hand = mark_of(raw);
	if (event_mark_equal(in_hand, &pipeline->config.skip))
		rc = 0;
	else
		rc = pipeline_normalize(pipeline, raw);
	*in_hand = (struct event_mark){ 0 };
	return rc;
}

static void pipeline_on_gap(void *user, struct str node, uint64_t count,
			    int64_t time_ns)
{
	struct pipeline *pipeline = user;

	if (pipeline->engine)
		engine_mark_gap(pipeline->engine,
				normalizer_host(pipeline->normalizer, node),
				time_ns);
	if (pipeline->config.on_gap)
		pipeline->config.on_gap(pipeline->config.user, node, count,
					time_ns);
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
		.exact = config->exact,
		.on_alert = config->on_alert,
		.user = config->user,
	};

	return config->rules ? engine_new(&engine, &pipeline->engine) : 0;
}

static int pipeline_open(struct pipeline *pipeline)
{
	const struct pipeline_config *config = &pipeline->config;
	struct sieve_config sieve = {
		.on_event = pipeline_on_raw,
		.on_gap = pipeline_on_gap,
		.user = pipeline,
		.event_timeout_ns = 2 * NSEC_PER_SEC,
	};
	struct normalizer_config normalizer = {
		.field_count =
			config->rules ? field_table_count(config->rules->fields)
				      : FIELD__COUNT,
		.memcap = config->memcap / TABLES_SHARE,
		.host_id = config->host_id,
		.local_node = config->local_node,
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
	if (rc)
		return rc;
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
	normalizer_free(&(*pipeline)->normalizer);
	arena_free(&(*pipeline)->arena);
	free(*pipeline);
	*pipeline = NULL;
}

int pipeline_feed(struct pipeline *pipeline, const char *data, size_t len)
{
	return sieve_feed(pipeline->sieve, data, len);
}

int pipeline_event(struct pipeline *pipeline, const struct event *event)
{
	return pipeline_take(pipeline, event);
}

int pipeline_advance(struct pipeline *pipeline, int64_t elapsed_ns)
{
	int rc = sieve_age(pipeline->sieve, elapsed_ns);

	if (rc || !pipeline->engine)
		return rc;
	return engine_advance(pipeline->engine, elapsed_ns);
}

int pipeline_flush(struct pipeline *pipeline)
{
	int rc = sieve_finish(pipeline->sieve);

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

int pipeline_save(const struct pipeline *pipeline, struct strbuf *out)
{
	normalizer_save(pipeline->normalizer, out);
	sieve_save(pipeline->sieve, out);
	return engine_save(pipeline->engine, out);
}

int pipeline_load(struct pipeline *pipeline, struct str state, bool booted)
{
	struct reader reader = {
		.at = (const uint8_t *)state.data,
		.end = (const uint8_t *)state.data + state.len,
	};
	int rc = normalizer_load(pipeline->normalizer, &reader, booted);

	if (rc || booted)
		return rc;
	rc = sieve_load(pipeline->sieve, &reader);
	if (rc)
		return rc;
	state.data = (const char *)reader.at;
	state.len = (size_t)(reader.end - reader.at);
	return engine_load(pipeline->engine, state);
}

uint64_t pipeline_position(const struct pipeline *pipeline)
{
	return sieve_position(pipeline->sieve);
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

struct engine *pipeline_engine(struct pipeline *pipeline)
{
	return pipeline->engine;
}

void pipeline_stats(const struct pipeline *pipeline, struct pipeline_stats *out)
{
	*out = (struct pipeline_stats){ 0 };
	sieve_stats(pipeline->sieve, &out->sieve);
	normalizer_stats(pipeline->normalizer, &out->normalizer);
	if (pipeline->engine)
		engine_stats(pipeline->engine, &out->engine);
}
