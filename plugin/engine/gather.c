/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Samples: an event of each stage with the same key, in whatever order, none
 * used twice, and all within the time the rule looks back.
 *
 * What a hit leaves is a partial of its stage alone; the newest stands for all,
 * as it has the most of its time left. A hit that finds one of every other stage
 * completes the sample, and all these events are gone from all stages: the next
 * alert needs new ones. An event that hits several stages is looked at as each of
 * them before it stands for it, so it takes no other's place in its own match.
 *
 * A late attempt counts from its arrival here. There is no order that it could
 * spoil.
 */
#include "gather.h"

#include <errno.h>

#include "evict.h"
#include "keys.h"
#include "match.h"
#include "partial.h"

/* One hit of the event in hand. */
struct gather {
	struct turn *turn;
	const struct slot *slot;
	uint32_t readings;
	struct step *left; /* of the keys that are not complete */
	struct step *matches;
};

/* What there is of another stage: not of this event, and not too old. */
static struct partial *find_partner(const struct gather *gather,
				    const struct slot *slot,
				    const struct print *print)
{
	const struct turn *turn = gather->turn;
	struct print place = keys_place(print, slot, turn->host);
	struct partial *partial = partial_find(turn->engine, &place);

	if (!partial || partial->step->kept == turn->kept ||
	    time_sub(turn->ordinal.time_ns, partial->step->last.time_ns) >
		    slot->rule->span_ns)
		return NULL;
	return partial;
}

static bool is_among(const struct kept *kept, struct partial *const *partners,
		     size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (partners[i] && partners[i]->step->kept == kept)
			return true;
	return false;
}

/* Fills the rule's partners, by stage; false = one is missing. */
static bool find_partners(const struct gather *gather,
			  const struct print *print)
{
	const struct rule_state *rule = gather->slot->rule;
	struct partial **partners = rule->partners;

	for (size_t i = 0; i < rule->slot_count; i++) {
		partners[i] = NULL;
		if (i == gather->slot->index)
			continue;
		partners[i] = find_partner(gather, &rule->slots[i], print);
		if (!partners[i] ||
		    is_among(partners[i]->step->kept, partners, i))
			return false;
	}
	return true;
}

static struct step *put_on(const struct gather *gather,
			   const struct step_seed *seed)
{
	struct step *step = step_new(gather->turn->engine, seed);

	/* the step on top holds it */
	if (seed->parent)
		step_drop(gather->turn->engine, seed->parent);
	return step;
}

/* A chain as a sequence leaves it, so that it ends in the event in hand. */
static struct step *make_chain(const struct gather *gather)
{
	const struct rule_state *rule = gather->slot->rule;
	struct step_seed seed = { .host = gather->turn->host };
	struct ordinal first = gather->turn->ordinal;

	for (size_t i = 0; i < rule->slot_count; i++) {
		const struct partial *partner = rule->partners[i];

		if (!partner)
			continue;
		seed.slot = partner->step->slot;
		seed.kept = partner->step->kept;
		seed.ordinal = partner->step->last;
		seed.readings = partner->step->readings;
		if (ordinal_before(seed.ordinal, first))
			first = seed.ordinal;
		seed.parent = put_on(gather, &seed);
		if (!seed.parent)
			return NULL;
	}
	seed.slot = gather->slot->completion;
	seed.kept = gather->turn->kept;
	seed.ordinal = gather->turn->ordinal;
	seed.readings = gather->readings;
	seed.parent = put_on(gather, &seed);
	if (seed.parent)
		seed.parent->first = first;
	return seed.parent;
}

static struct print first_place(const struct gather *gather, size_t number)
{
	const struct turn *turn = gather->turn;

	return keys_place(&turn->engine->keys->prints[number],
			  gather->slot->rule->slots, turn->host);
}

/* Whether the event has just completed the sample of this key as another stage.
 */
static bool is_taken(const struct gather *gather, size_t number)
{
	const struct taken *taken = &gather->slot->rule->taken;
	const struct ordinal *ordinal = &gather->turn->ordinal;
	struct print place = first_place(gather, number);

	return taken->at.time_ns == ordinal->time_ns &&
	       taken->at.serial == ordinal->serial &&
	       taken->place[0] == place.a && taken->place[1] == place.b;
}

static void take(struct gather *gather, size_t number)
{
	struct print place = first_place(gather, number);

	gather->slot->rule->taken =
		(struct taken){ gather->turn->ordinal, { place.a, place.b } };
}

/* The events of a match, given by its chain, stand for no stage any more. */
static void remove_used(struct gather *gather, const struct step *match,
			const struct print *print)
{
	struct engine *engine = gather->turn->engine;
	const struct rule_state *rule = gather->slot->rule;

	for (size_t i = 0; i < rule->slot_count; i++) {
		struct print place =
			keys_place(print, &rule->slots[i], gather->turn->host);
		struct partial *partial = partial_find(engine, &place);
		const struct step *used = match;

		while (partial && used && used->kept != partial->step->kept)
			used = used->parent;
		if (partial && used)
			partial_remove(engine, partial);
	}
}

static int complete(struct gather *gather, size_t number)
{
	struct engine *engine = gather->turn->engine;
	const struct print *print = &engine->keys->prints[number];
	struct step *match = make_chain(gather);

	if (!match)
		return -ENOMEM;
	match->next = gather->matches;
	gather->matches = match;
	remove_used(gather, match, print);
	take(gather, number);
	return partial_add_match(engine, match, print, number);
}

/* The step that stands for the event at its keys. */
static int leave(struct gather *gather, size_t number)
{
	struct turn *turn = gather->turn;
	struct engine *engine = turn->engine;
	struct print place = keys_place(&engine->keys->prints[number],
					gather->slot, turn->host);
	const struct step_seed seed = {
		.host = turn->host,
		.slot = gather->slot,
		.kept = turn->kept,
		.ordinal = turn->ordinal,
		.readings = gather->readings,
	};

	if (!gather->left) {
		gather->left = step_new(engine, &seed);
		if (!gather->left || step_queue(engine, gather->left, ITEM_STEP,
						step_due(engine, gather->left)))
			return -ENOMEM;
	}
	return partial_put(engine, gather->left, &place);
}

int gather_take(struct turn *turn, const struct slot *slot, uint32_t readings)
{
	struct gather gather = { turn, slot, readings, NULL, NULL };
	struct engine *engine = turn->engine;
	size_t count = engine->keys->count;
	int rc = 0;

	evict_for(engine, STEP_BYTES + count * PARTIAL_BYTES);
	for (size_t i = 0; i < count && !rc; i++) {
		if (is_taken(&gather, i))
			continue;
		rc = find_partners(&gather, &engine->keys->prints[i])
			     ? complete(&gather, i)
			     : leave(&gather, i);
	}
	/* the queue owns it now, and without a key it goes */
	step_drop(engine, gather.left);
	return match_take(turn, gather.matches, rc);
}
