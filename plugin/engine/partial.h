/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_ENGINE_PARTIAL_H
#define AUDISP_EQL_ENGINE_PARTIAL_H

#include "internal.h"
#include "keys.h"

/*
 * An event on its stage, on top of the step before it: what the partials of
 * all keys of that event have in common. A mark (a hit of until or of a missing
 * stage) is a step without event.
 */
struct step {
	struct item item; /* queued while the step has partials */
	bool queued;
	unsigned int owners; /* being queued, and the steps on top of it */
	struct host *host;
	const struct slot *slot;
	struct kept *kept;
	struct step *parent;
	struct step *child; /* made of it by the event in hand */
	struct step *next; /* the other ones made of that event */
	struct partial *partials;
	size_t partial_count;
	struct ordinal first, last;
	uint32_t readings; /* under which the stage held */
	uint32_t number; /* while a state is written */
};

/* One key of a step. */
struct partial {
	struct table_node node; /* next: also the left branch, see partial.c */
	uint64_t print_b;
	struct partial *older; /* what it superseded, see partial.c */
	struct step *step;
	struct partial *next, *prev; /* of the same step */
	union {
		struct ordinal consumed; /* by the earliest that took it */
		size_t tuple; /* of a match: number in the keys of its event */
	};
};

/* What they are charged with. */
#define STEP_BYTES sizeof(struct step)
#define PARTIAL_BYTES (sizeof(struct partial) + TABLE_NODE_BYTES)

/* --- steps ---------------------------------------------------------------- */

struct step_seed {
	struct host *host;
	const struct slot *slot;
	struct kept *kept; /* who pays; not kept by a mark */
	struct step *parent; /* NULL = none */
	struct ordinal ordinal;
	uint32_t readings;
};

/* A step with one owner, the caller. NULL = out of memory. */
struct step *step_new(struct engine *engine, const struct step_seed *seed);
void step_hold(struct step *step);
void step_drop(struct engine *engine, struct step *step);
/* Queues it until due_ns; the queue is one more owner. 0 or -ENOMEM. */
int step_queue(struct engine *engine, struct step *step, enum item_kind kind,
	       int64_t due_ns);
/* Takes it out of its queue, which gives up its hold. */
void step_unqueue(struct engine *engine, struct step *step);
/* When the partials or marks of a step are of no more use. */
int64_t step_due(const struct engine *engine, const struct step *step);
/* Drops all its partials and takes it out of its queue. */
void step_forget(struct engine *engine, struct item *item);

/* --- partials ------------------------------------------------------------- */

/* The newest partial at a place; NULL = none. */
struct partial *partial_find(const struct engine *engine,
			     const struct print *place);
/* The newest of a place that ended strictly before; NULL = none. */
struct partial *partial_before(struct partial *newest, struct ordinal ordinal);
/* The oldest of a place that ended strictly after; NULL = none. */
struct partial *partial_after(struct partial *newest, struct ordinal ordinal);
/* A new partial of a step takes its place, and what is there is superseded.
 * 0 or -ENOMEM. */
int partial_put(struct engine *engine, struct step *step,
		const struct print *place);
/* A key of a match: it stands at no place. 0 or -ENOMEM. */
int partial_add_match(struct engine *engine, struct step *step,
		      const struct print *print, size_t tuple);
void partial_remove(struct engine *engine, struct partial *partial);

#endif
