/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The path from bytes to alerts, joined: sieve, records, normalize, engine.
 * The worker feeds it from the ring, aueql from files; both get the same.
 */
#ifndef AUDISP_EQL_PIPELINE_H
#define AUDISP_EQL_PIPELINE_H

#include <audisp-eql/engine.h>

#include "normalize/normalize.h"
#include "sensor.h"
#include "sieve.h"

struct pipeline;
struct reader;
struct strbuf;

struct pipeline_config {
	const struct ruleset *rules; /* NULL: no engine, events only */
	struct str host_id; /* of records without node= */
	struct str local_node; /* node name that is this host; may be empty */
	bool names_all; /* see normalizer_config */
	struct process_resolver resolver; /* may be none */
	size_t memcap;
	int64_t reorder_ns, lateness_ns, suppress_ns, budget;
	bool exact; /* replay: see engine_config */
	alert_fn on_alert; /* may be NULL without rules */
	/* each ECS event, whole, before the engine sees it; may be NULL */
	void (*on_event)(void *user, const struct event *event);
	/* those that rules may use: fields are made as they are asked for; may be
	 * NULL */
	void (*on_wanted)(void *user, const struct event *event);
	/* serials that never came, per interval of the sieve; may be NULL */
	void (*on_gap)(void *user, struct str node, uint64_t count,
		       int64_t time_ns);
	/* see sieve_config; may be NULL */
	void (*on_mixed)(void *user, struct str node, bool mixed,
			 int64_t time_ns);
	void *user;
	/* where the event in hand is noted, for the case that this process
	 * dies of it; may be NULL */
	struct event_mark *in_hand;
	struct event_mark skip; /* an event that is left out; 0 = none */
	/* processes that run already are events; a rule asks for them */
	bool running;
	/* also what no rule can use, and each field at once; for tests */
	bool parse_all;
	/* first and last time of events that are told of, to on_event and to
	 * rules; others only teach the tables. end_ns 0 = all are told of */
	int64_t start_ns, end_ns;
};

struct pipeline_stats {
	struct sieve_stats sieve;
	struct normalizer_stats normalizer;
	struct engine_stats engine;
	uint64_t outside; /* events before start_ns or after end_ns */
};

int pipeline_new(const struct pipeline_config *config, struct pipeline **out);
void pipeline_free(struct pipeline **pipeline);
/* Any chunk of an audit stream. 0 or -errno (fatal). */
int pipeline_feed(struct pipeline *pipeline, const char *data, size_t len);
/* An ECS event from elsewhere (--ecs), past sieve and normalizer. */
int pipeline_event(struct pipeline *pipeline, const struct event *event);
/* elapsed_ns of the monotonic clock since the last call. */
int pipeline_advance(struct pipeline *pipeline, int64_t elapsed_ns);
/* As engine_due_ns(). */
int64_t pipeline_due_ns(const struct pipeline *pipeline);
/*
 * End of this process's input: open events close, what is held back is matched.
 * What is still under way is for pipeline_save().
 */
int pipeline_flush(struct pipeline *pipeline);
/* The end of all input: matches that wait go out, too. */
int pipeline_finish(struct pipeline *pipeline);
/* See sieve_position(). */
uint64_t pipeline_position(const struct pipeline *pipeline);
/*
 * All that is known of hosts, for a successor that is fed from
 * pipeline_position() on. pipeline_load() is for a pipeline that was fed
 * nothing: 0, -ENOMEM, or -EBADMSG, after which it is to be freed. booted = the
 * host has booted since: only what its disks still hold is loaded.
 */
int pipeline_save(struct pipeline *pipeline, struct strbuf *out);
int pipeline_load(struct pipeline *pipeline, struct reader *state, bool booted);
/* Between these two a log of auditd is fed: see sieve_catch_up(),
 * sieve_has_passed(). */
void pipeline_catch_up(struct pipeline *pipeline, int64_t booted_ns,
		       int64_t since_ns);
void pipeline_caught_up(struct pipeline *pipeline);
bool pipeline_has_passed(const struct pipeline *pipeline, struct str record);
/* A process of this host that runs already, met at now_ns, before anything is
 * fed; see normalizer_seed(). */
int pipeline_seed(struct pipeline *pipeline, const struct process_seed *seed,
		  int64_t now_ns);
/* Told by a built-in rule, if these run: see sensor.h. */
void pipeline_note(struct pipeline *pipeline, const struct sensor_note *note);
void pipeline_auditd_gone(struct pipeline *pipeline, int64_t now_ns);
/* Whether a state is better saved a little later: see sensor_is_pending(). */
bool pipeline_is_pending(const struct pipeline *pipeline);
/* See sieve_hosts(); their names are host.id here. */
size_t pipeline_hosts(const struct pipeline *pipeline, struct sieve_host *out,
		      size_t max);
/* NULL without rules. */
struct engine *pipeline_engine(struct pipeline *pipeline);
void pipeline_stats(const struct pipeline *pipeline,
		    struct pipeline_stats *out);

#endif
