/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the engine share. */
#ifndef AUDISP_EQL_ENGINE_INTERNAL_H
#define AUDISP_EQL_ENGINE_INTERNAL_H

#include <audisp-eql/engine.h>

#include "../eql/pred.h"
#include "../util/arena.h"
#include "../util/list.h"

/* When an event counts: effective time, then audit serial. */
struct ordinal {
	int64_t time_ns;
	uint64_t serial;
};

static inline bool ordinal_before(struct ordinal a, struct ordinal b)
{
	return a.time_ns != b.time_ns ? a.time_ns < b.time_ns
				      : a.serial < b.serial;
}

/* A stage whose condition an event met, and under which readings of names. */
struct hit {
	uint32_t rule, stage; /* stage == UNTIL_STAGE: the rule's until */
	bool readings[2]; /* by enum reading */
};

#define UNTIL_STAGE UINT32_MAX

/* An event that met something, waiting for its turn. */
struct held {
	struct event *event; /* kept */
	struct ordinal ordinal;
	uint64_t arrival;
	size_t hit_count;
	struct hit hits[];
};

#define HOST_TIMES 64
#define HOST_GAPS 64

struct engine_host {
	struct engine_host *next;
	/* the latest of its last HOST_TIMES events, and what passed since */
	int64_t times[HOST_TIMES];
	size_t time_at, time_count;
	int64_t newest_ns, idle_ns;
	struct ordinal matched; /* the latest event that had its turn */
	struct held **heap; /* held back, earliest first */
	size_t held_count, held_capacity;
	int64_t gaps[HOST_GAPS];
	size_t gap_count;
	int64_t evicted_ns; /* when a partial of it was evicted; 0 = never */
	size_t name_len;
	char name[];
};

/* Who pays for a partial: a login uid (uid where unset) of a host. */
struct account {
	struct account *next; /* of its hash bucket */
	struct list in_class; /* accounts of about the same size */
	struct list partials; /* oldest first */
	const struct engine_host *host;
	uint32_t uid;
	size_t bytes;
};

/* A sequence begun and not ended, or (stage == UNTIL_STAGE) an until mark. */
struct partial {
	struct partial *chain; /* of its hash bucket */
	struct partial *older; /* the one it superseded, see partial.c */
	struct list in_rule; /* oldest first: expiry */
	struct list in_account;
	struct account *account;
	struct engine_host *host;
	uint64_t hash;
	uint32_t rule, stage;
	int64_t first_ns;
	struct ordinal last;
	bool consumed;
	struct ordinal consumed_by;
	size_t size; /* bytes charged, without events */
	size_t key_count;
	struct value *keys; /* own copies, behind the struct */
	size_t event_count;
	struct event **events; /* kept; behind the struct */
};

struct rule_state {
	struct list partials; /* oldest first */
	int64_t span_ns;
	/* flood: findings in the minute that began then */
	int64_t minute_ns;
	uint64_t findings, flooded;
};

struct stage_index {
	size_t count;
	struct hit *stages;
};

#define CATEGORIES 9

struct suppressor;

struct engine {
	struct engine_config config;
	struct engine_stats stats;
	uint8_t seed[16];
	struct arena *scratch; /* of the event having its turn */
	struct pred_context context; /* of conditions */
	struct engine_host *hosts;
	size_t host_count;
	uint64_t arrivals;
	size_t held_bytes;
	struct rule_state *rules;
	struct stage_index by_category[CATEGORIES], any;
	struct hit *hits; /* room for all stages of all rules */
	struct partial **buckets;
	size_t bucket_count; /* a power of two */
	struct account **accounts;
	struct list account_classes[64]; /* by magnitude of bytes */
	struct suppressor *suppressor;
};

/* engine.c */
struct engine_host *engine_host(struct engine *engine, struct str name);
int64_t host_now(const struct engine_host *host);
void engine_charge(struct engine *engine, size_t bytes);
void engine_discharge(struct engine *engine, size_t bytes);
/* An event given up by who kept it. */
void engine_drop_event(struct engine *engine, struct event **event);

/* holdback.c */
int holdback_put(struct engine *engine, struct engine_host *host,
		 struct held *held);
/* Gives their turn to all that have waited long enough. */
int holdback_release(struct engine *engine, struct engine_host *host);
int holdback_release_all(struct engine *engine, struct engine_host *host);
/* The oldest of all hosts goes early; false = none is held. */
int holdback_release_oldest(struct engine *engine);
void holdback_free(struct engine *engine, struct engine_host *host);

/* keys.c */
struct tuples {
	size_t count, key_count;
	struct value *values; /* count * key_count, in the scratch arena */
};

/* The distinct key tuples of an event for a stage, under the readings that
 * held. 0 or -ENOMEM. */
int keys_of(struct engine *engine, const struct event *event,
	    const struct stage *stage, const struct hit *hit,
	    struct tuples *out);

/* partial.c */
struct partial_key {
	struct engine_host *host;
	uint32_t rule, stage;
	size_t count;
	const struct value *values;
};

int partial_table_new(struct engine *engine);
void partial_table_free(struct engine *engine);
/* The newest partial of a slot; NULL = none. */
struct partial *partial_find(struct engine *engine,
			     const struct partial_key *key);
/*
 * Puts a partial into its slot: the events of before (NULL = none) and one
 * more, whose share it is. What was in the slot goes, or, where keep_older,
 * stays behind it. Takes its own hold on the events. NULL = out of memory.
 */
struct partial *partial_put(struct engine *engine,
			    const struct partial_key *key,
			    const struct partial *before, struct event *event,
			    struct ordinal ordinal);
/* Takes a partial (and those behind it) out of its slot. */
void partial_remove(struct engine *engine, struct partial *partial);
/* Frees what has outlived its rule's span and the lateness. */
void partial_expire(struct engine *engine, struct rule_state *rule);
/* The largest holder loses its oldest; false = there is none. */
bool partial_evict(struct engine *engine);

/* sequence.c */
/* An event has its turn: all of its hits, rule by rule. */
int sequence_process(struct engine *engine, struct engine_host *host,
		     const struct held *held);

/* suppress.c */
int suppressor_new(struct engine *engine);
void suppressor_free(struct engine *engine);
/* Sends a match, or counts it as a repeat of its finding. */
int suppress_match(struct engine *engine, struct engine_host *host,
		   struct alert *alert);
/* Closes intervals that ended by this time of the host. */
void suppress_expire(struct engine *engine);
void suppress_close_all(struct engine *engine);

#endif
