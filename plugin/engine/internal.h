/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the engine share: the engine, its rules and hosts. */
#ifndef AUDISP_EQL_ENGINE_INTERNAL_H
#define AUDISP_EQL_ENGINE_INTERNAL_H

#include <audisp-eql/engine.h>

#include "../util/list.h"
#include "heap.h"
#include "pool.h"
#include "../util/table.h"

/* --- time ----------------------------------------------------------------- */

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

/* --- rules ---------------------------------------------------------------- */

enum slot_kind {
	SLOT_STAGE,
	SLOT_MISSING, /* ![ ]: hits are marks */
	SLOT_UNTIL, /* the same */
};

/* A stage, or the until, of a rule: what an event can hit. */
struct partial;

struct slot {
	struct rule_state *rule;
	const struct stage *stage;
	enum slot_kind kind;
	uint32_t index; /* of the stage; until: the number of stages */
	uint64_t salt; /* keeps its keys apart from those of other slots */
	size_t partials; /* that stand at its places, of all hosts */
	struct slot *before; /* the stage its partials come from; NULL: first */
	struct slot *completion; /* of a sample: what its matches stand on */
	bool last; /* completes the sequence */
	bool history; /* what is superseded or consumed stays for a while */
	bool repeats; /* condition and keys of the slot asked just before */
};

struct rule_state {
	const struct rule *rule;
	const struct query *query;
	uint32_t number; /* in the rule set */
	int64_t span_ns; /* maxspan, or how far the rule looks back */
	bool has_missing;
	bool waits; /* matches wait for the end of their window */
	size_t slot_count;
	struct slot *slots; /* by index */
	struct slot *last, *until; /* until: NULL = none */
	struct slot *completions; /* of a sample, by index; NULL = it is none */
	struct partial **partners; /* of a sample: room, one a stage */
	struct taken {
		struct ordinal at;
		uint64_t place[2];
	} taken; /* of a sample: what completed it last, by which key */
};

/* A slot whose condition an event met, under some readings of names. */
struct hit {
	uint32_t probe; /* into engine->probes */
	uint32_t readings; /* bits, 1 << enum reading */
};

/* --- hosts ---------------------------------------------------------------- */

#define HOST_TIMES 64
#define HOST_GAPS 64
#define HOST_EVICTIONS 16

/* The newest times at which something was lost; near ones are taken together.
 */
struct time_marks {
	size_t count, at, capacity;
	struct time_span {
		int64_t from, to;
	} marks[];
};

/* What stands in a host's queues, and is fired when its time has passed; of
 * those due at the same time the first kind first. */
enum item_kind {
	ITEM_MATCH, /* a match that waited for the end of its window */
	ITEM_STEP, /* partials or marks: they are forgotten */
	ITEM_FINDING, /* an interval of suppression */
	ITEM__COUNT,
};

struct host {
	struct table_node node;
	struct list recent; /* of engine->hosts, the longest silent first */
	struct list holding; /* of engine->holding, while events are held */
	struct str name;
	uint64_t salt;
	uint32_t number; /* while a state is written */
	/* the stamps of its last events; the latest of them is its time */
	int64_t times[HOST_TIMES];
	size_t time_at, time_count;
	int64_t newest_ns;
	int64_t seen_ns; /* engine->clock_ns at its last event */
	int64_t matched_ns; /* its time as far as matching has come */
	struct ordinal released; /* the latest event that had its turn */
	struct heap held;
	size_t held_bytes;
	struct heap queues[ITEM__COUNT]; /* by when they are due */
	struct time_marks *gaps, *evictions; /* NULL = none yet */
	struct heap holders; /* its accounts with items, the largest first */
	struct heap_node by_size; /* in engine->holders, while it has some */
	size_t bytes; /* of all its accounts */
	bool evicts; /* partials were evicted, and that was the last time: */
	int64_t evicted_ns;
};

/* --- memory --------------------------------------------------------------- */

/* Who pays: a login uid (uid where unset) of a host. */
struct account {
	struct table_node node;
	struct heap_node by_size;
	struct list items; /* oldest first */
	struct host *host;
	uint32_t uid;
	size_t bytes;
};

/* The head of what is due at some time, and may be evicted before. */
struct item {
	struct heap_node queued;
	int64_t due_ns;
	struct list aged; /* of the account's items */
	struct account *account;
	enum item_kind kind;
};

/* An event kept, shared by all that need it. */
struct kept {
	struct event *event;
	struct account *account;
	unsigned int owners;
	uint32_t number; /* while a state is written */
};

/* --- engine --------------------------------------------------------------- */

#define PROBES_PER_WORD 64

struct index;
struct keys;

/* event.category bits, and one for stages of any category */
#define CATEGORIES 9
#define CATEGORY_ANY CATEGORIES

struct engine {
	struct engine_config config;
	struct engine_stats stats;
	uint8_t seeds[2][16];
	int64_t clock_ns; /* the sum of what engine_advance() was told */
	int64_t swept_ns; /* when all hosts were last looked at */
	int64_t wait_ns; /* the hold-back */
	int64_t late_ns; /* how late an attempt may be, beyond that */
	uint64_t arrivals;
	size_t key_tuples_max; /* of one event and stage */
	size_t held_max; /* beyond that events have their turn early */
	struct rule_state *rules;
	/* all slots, in the order their hits are taken: by rule, the last
	 * stage first, until at the end */
	size_t probe_count, word_count;
	struct slot **probes;
	struct index *index; /* which of these an event may hit */
	uint64_t *asked; /* by the event in hand */
	/* of the event in hand, room for all */
	struct hit *hits, *late_hits;
	/* by struct exception's index; since_ns as it was loaded, else 0 */
	struct exception_count {
		uint64_t hash;
		struct exception_use use;
	} * exceptions;
	int64_t first_ns; /* of the first event; 0 = none yet */
	struct table host_table;
	struct list hosts, holding;
	struct host *host; /* of the last event */
	size_t held_bytes;
	/* there was no memory to remember a mark: the next call says so */
	bool starved;
	struct table accounts, partials, findings;
	struct heap holders; /* hosts with items, the largest first */
	struct pool partial_pool, step_pool, kept_pool;
	struct keys *keys; /* key tuples of the event in hand */
	struct arena *scratch; /* of the condition or the alert in hand */
};

#endif
