/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Join keys: the cartesian product over the values of a stage's key fields,
 * each tuple once. A field without value excludes the event, unless the key is
 * optional: then null is its value.
 */
#include <errno.h>
#include <string.h>

#include "../limits.h"
#include "internal.h"

static const struct value null_key;

/* A set of tuples seen, by open addressing over their numbers. */
struct seen {
	size_t mask;
	uint32_t *slots; /* tuple + 1 */
};

static uint64_t tuple_hash(struct engine *engine, const struct value *tuple,
			   size_t count)
{
	uint64_t hash = 0;

	for (size_t i = 0; i < count; i++)
		hash = hash * 31 + value_hash(&tuple[i], engine->seed);
	return hash;
}

static bool tuple_equal(const struct value *a, const struct value *b,
			size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!value_equal(&a[i], &b[i]))
			return false;
	return true;
}

/* Keeps the tuple written at the end of out, if it is new. */
static void tuple_keep(struct engine *engine, struct seen *seen,
		       struct tuples *out)
{
	const struct value *tuple = out->values + out->count * out->key_count;
	size_t at = tuple_hash(engine, tuple, out->key_count) & seen->mask;

	for (; seen->slots[at]; at = (at + 1) & seen->mask)
		if (tuple_equal(tuple,
				out->values +
					(seen->slots[at] - 1) * out->key_count,
				out->key_count))
			return;
	seen->slots[at] = (uint32_t)++out->count;
}

/* The non-null values of a key under one reading; none = { null, 1 } where
 * optional. Returns how many. */
static size_t key_values(struct arena *arena, const struct event *event,
			 const struct stage_key *key, enum reading reading,
			 const struct value **out)
{
	size_t count, kept = 0;
	const struct value *items =
		value_items(event_value(event, key->slot, reading), &count);
	struct value *values = NULL;

	for (size_t i = 0; i < count; i++)
		kept += items[i].type != VALUE_NULL;
	*out = items;
	if (!kept && key->optional) {
		*out = &null_key;
		return 1;
	}
	if (kept == count)
		return count;
	values = arena_array(arena, kept, sizeof(*values));
	if (!values)
		return 0;
	kept = 0;
	for (size_t i = 0; i < count; i++)
		if (items[i].type != VALUE_NULL)
			values[kept++] = items[i];
	*out = values;
	return kept;
}

/* Tuples of one reading; false = there are more than the limit. */
static bool add_product(struct engine *engine, const struct event *event,
			const struct stage *stage, enum reading reading,
			struct seen *seen, struct tuples *out)
{
	size_t keys = stage->key_count;
	const struct value **columns =
		arena_array(engine->scratch, keys + 1, sizeof(*columns));
	size_t *counts =
		arena_array(engine->scratch, keys + 1, sizeof(*counts));
	size_t *at = arena_array(engine->scratch, keys + 1, sizeof(*at));
	size_t k, visited = 0;

	if (!columns || !counts || !at)
		return false;
	for (k = 0; k < keys; k++) {
		counts[k] = key_values(engine->scratch, event, &stage->keys[k],
				       reading, &columns[k]);
		if (!counts[k])
			return true;
	}
	do {
		/* repeated values make the same tuple again and again */
		if (out->count == LIMIT_KEY_TUPLES ||
		    visited++ == 4 * LIMIT_KEY_TUPLES)
			return false;
		for (k = 0; k < keys; k++)
			out->values[out->count * keys + k] = columns[k][at[k]];
		tuple_keep(engine, seen, out);
		/* the next combination, the last key turning fastest */
		for (k = keys; k > 0 && ++at[k - 1] == counts[k - 1]; k--)
			at[k - 1] = 0;
	} while (k);
	return true;
}

/* An upper bound on the number of tuples. */
static size_t count_product(const struct event *event,
			    const struct stage *stage)
{
	size_t product = 2; /* two readings at most */

	for (size_t k = 0; k < stage->key_count; k++) {
		size_t count;

		value_items(event_value(event, stage->keys[k].slot,
					READING_INVOKED),
			    &count);
		if (count > 1 &&
		    __builtin_mul_overflow(product, count, &product))
			return LIMIT_KEY_TUPLES + 1;
		if (product > LIMIT_KEY_TUPLES)
			return LIMIT_KEY_TUPLES + 1;
	}
	return product;
}

int keys_of(struct engine *engine, const struct event *event,
	    const struct stage *stage, const struct hit *hit,
	    struct tuples *out)
{
	size_t room = count_product(event, stage), slots = 8;
	struct seen seen;
	bool whole = true;

	while (slots < 2 * room)
		slots *= 2;
	seen.mask = slots - 1;
	seen.slots = arena_array(engine->scratch, slots, sizeof(uint32_t));
	*out = (struct tuples){ .key_count = stage->key_count };
	out->values = arena_array(engine->scratch,
				  (room + 1) * (stage->key_count + 1),
				  sizeof(struct value));
	if (!seen.slots || !out->values)
		return -ENOMEM;
	for (int reading = 0; reading < 2; reading++)
		if (hit->readings[reading])
			whole = add_product(engine, event, stage,
					    (enum reading)reading, &seen,
					    out) &&
				whole;
	engine->stats.key_overflows += !whole;
	return 0;
}
