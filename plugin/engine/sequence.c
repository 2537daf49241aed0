/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An event has its turn: what its hits begin, advance and complete. The rules
 * are Elasticsearch's (its lists on events in order; see partial.c):
 *
 * A hit of the first stage begins a partial at its key. A hit of a later stage
 * takes the newest partial of the stage before that ended strictly before it;
 * that partial and all older ones are gone from there, also where the window
 * has passed, and nothing else is tried. Stages are visited last to first, so
 * that no event advances what it has just made.
 *
 * An until is looked for when a sequence is complete, from its first event on,
 * and not at each advance. A partial that it has ended lives on, but is in
 * nobody's way: what it supersedes had ended before it, and not behind the
 * until, or its last event would have taken this partial. So the until has
 * ended that, too.
 *
 * A late attempt does the same as of its own time. Whatever consumed the newest
 * partial before it, and was ordered before it, consumed the older ones too;
 * what was consumed by an event ordered behind it is still there for it.
 */
#include "sequence.h"

#include <errno.h>

#include "evict.h"
#include "gather.h"
#include "keys.h"
#include "host.h"
#include "match.h"
#include "partial.h"

/* One hit of the event in hand. */
struct take {
	struct turn *turn;
	const struct slot *slot;
	uint32_t readings;
	struct step *made; /* by this hit, one on top of each parent */
};

/* --- steps ---------------------------------------------------------------- */

static struct step *make_step(struct take *take, struct step *parent)
{
	struct turn *turn = take->turn;
	const struct step_seed seed = {
		.host = turn->host,
		.slot = take->slot,
		.kept = turn->kept,
		.parent = parent,
		.ordinal = turn->ordinal,
		.readings = take->readings,
	};
	struct step *step = step_new(turn->engine, &seed);

	if (!step)
		return NULL;
	if (!take->slot->last && step_queue(turn->engine, step, ITEM_STEP,
					    step_due(turn->engine, step))) {
		step_drop(turn->engine, step);
		return NULL;
	}
	step->next = take->made;
	take->made = step;
	if (parent)
		parent->child = step;
	return step;
}

/* A key of the event goes on: to the next place, or into the match. */
static int add_key(struct take *take, struct step *step, size_t number)
{
	struct engine *engine = take->turn->engine;
	const struct print *print = &engine->keys->prints[number];
	struct print place;

	if (take->slot->last)
		return partial_add_match(engine, step, print, number);
	place = keys_place(print, take->slot, take->turn->host);
	return partial_put(engine, step, &place);
}

/* A first stage begins, a mark is made: one step with all keys. */
static int begin(struct take *take)
{
	struct step *step = make_step(take, NULL);
	size_t count = take->turn->engine->keys->count;
	int rc = step ? 0 : -ENOMEM;

	for (size_t i = 0; i < count && !rc; i++)
		rc = add_key(take, step, i);
	return rc;
}

/* --- advancing ------------------------------------------------------------ */

static int go_on(struct take *take, struct step *parent, size_t number)
{
	struct ordinal ordinal = take->turn->ordinal;
	struct step *step;

	if (time_sub(ordinal.time_ns, parent->first.time_ns) >
	    take->slot->rule->span_ns)
		return 0;
	step = parent->child ? parent->child : make_step(take, parent);
	return step ? add_key(take, step, number) : -ENOMEM;
}

/* Takes a partial from where it stands. */
static void consume(struct engine *engine, struct partial *partial,
		    struct ordinal ordinal)
{
	if (!partial->step->slot->history)
		partial_remove(engine, partial);
	else if (ordinal_before(ordinal, partial->consumed))
		partial->consumed = ordinal;
}

static int advance_key(struct take *take, size_t number)
{
	struct engine *engine = take->turn->engine;
	struct ordinal ordinal = take->turn->ordinal;
	struct print place = keys_place(&engine->keys->prints[number],
					take->slot->before, take->turn->host);
	struct partial *partial =
		partial_before(partial_find(engine, &place), ordinal);
	struct step *parent;
	int rc;

	if (!partial || !ordinal_before(ordinal, partial->consumed))
		return 0;
	parent = partial->step;
	step_hold(parent);
	consume(engine, partial, ordinal);
	rc = go_on(take, parent, number);
	/* while it has a child this turn, that holds it */
	step_drop(engine, parent);
	return rc;
}

static int advance(struct take *take)
{
	size_t count = take->turn->engine->keys->count;
	int rc = 0;

	for (size_t i = 0; i < count && !rc; i++)
		rc = advance_key(take, i);
	for (struct step *step = take->made; step; step = step->next)
		step->parent->child = NULL;
	return rc;
}

/* --- turns ---------------------------------------------------------------- */

static int take_hit(struct turn *turn, const struct slot *slot,
		    uint32_t readings)
{
	struct take take = { turn, slot, readings, NULL };
	struct engine *engine = turn->engine;
	size_t count;
	int rc;

	/* most events hit later stages of what nobody began */
	if (slot->before && !slot->before->partials)
		return 0;
	rc = keys_make(engine, turn->kept, slot, readings);
	if (rc)
		return rc;
	turn->cut |= engine->keys->cut;
	if (slot->completion)
		return gather_take(turn, slot, readings);
	count = engine->keys->count;
	if (slot->before) {
		rc = advance(&take);
	} else {
		evict_for(engine, STEP_BYTES + count * PARTIAL_BYTES);
		rc = begin(&take);
	}
	if (slot->last)
		return match_take(turn, take.made, rc);
	/* the queue owns them now, and those without a key go */
	for (struct step *step = take.made, *next; step; step = next) {
		next = step->next;
		step->next = NULL;
		step_drop(engine, step);
	}
	return rc;
}

/* What was left out may be what a finding needs. */
static void tell_cut(const struct turn *turn)
{
	struct engine *engine = turn->engine;
	const struct account *account = turn->kept->account;
	int64_t now_ns = turn->host->matched_ns;

	engine->stats.key_overflows++;
	host_mark_loss(engine, turn->host, now_ns);
	if (engine->config.on_cut)
		engine->config.on_cut(engine->config.user, turn->host->name,
				      account->uid, now_ns);
}

int sequence_take(struct turn *turn, const struct hit *hits, size_t count)
{
	struct engine *engine = turn->engine;
	int rc = 0;

	keys_forget(engine->keys);
	for (size_t i = 0; i < count && !rc; i++) {
		rc = take_hit(turn, engine->probes[hits[i].probe],
			      hits[i].readings);
		evict_for(engine, 0);
	}
	if (turn->cut)
		tell_cut(turn);
	return rc;
}
