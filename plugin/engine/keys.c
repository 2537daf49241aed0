/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Join keys: the cartesian product over the values of a stage's key fields,
 * each tuple once. A field without value excludes the event, unless the key is
 * optional: then null is its value.
 *
 * Repeated values are sorted out per field before the product is made, so that
 * the work is bounded by the values there are and the tuples there may be.
 */
#include "keys.h"

#include <errno.h>
#include <stdlib.h>

#include "../limits.h"
#include "../util/arena.h"
#include "../util/hash.h"

static const struct value null_key;

/* The distinct values of one key field. */
struct axis {
	size_t count, at;
	struct print *prints;
	const struct value **values;
};

/* A set of prints by open addressing, over the array that holds them. */
struct seen {
	size_t mask;
	uint32_t *numbers; /* into prints, + 1 */
	const struct print *prints;
};

int keys_new(struct keys **out)
{
	struct keys *keys = calloc(1, sizeof(*keys));

	if (!keys)
		return -ENOMEM;
	keys->arena = arena_new(0);
	if (!keys->arena) {
		free(keys);
		return -ENOMEM;
	}
	*out = keys;
	return 0;
}

void keys_free(struct keys **keys)
{
	if (!*keys)
		return;
	arena_free(&(*keys)->arena);
	free(*keys);
	*keys = NULL;
}

void keys_forget(struct keys *keys)
{
	keys->kept = NULL;
	keys->known_count = 0;
}

/* --- sets ----------------------------------------------------------------- */

/* Room for count prints; false = out of memory. */
static bool seen_open(struct seen *seen, struct arena *arena, size_t count)
{
	size_t size = 4;

	while (size < 2 * count)
		size *= 2;
	seen->mask = size - 1;
	seen->numbers = arena_array(arena, size, sizeof(*seen->numbers));
	return seen->numbers;
}

/* Whether a print is new; it is then expected at that number. */
static bool seen_add(struct seen *seen, const struct print *print,
		     size_t number)
{
	size_t at = print->a & seen->mask;

	for (; seen->numbers[at]; at = (at + 1) & seen->mask) {
		const struct print *other =
			&seen->prints[seen->numbers[at] - 1];

		if (other->a == print->a && other->b == print->b)
			return false;
	}
	seen->numbers[at] = (uint32_t)number + 1;
	return true;
}

/* --- values of a field ---------------------------------------------------- */

static struct print value_print(const struct engine *engine,
				const struct value *value)
{
	return (struct print){ value_hash(value, engine->seeds[0]),
			       value_hash(value, engine->seeds[1]) };
}

/* The same, of a value of the kept event that other stages may have as well. */
static struct print known_print(const struct engine *engine,
				const struct value *value)
{
	struct keys *keys = engine->keys;
	struct print print;

	for (size_t i = 0; i < keys->known_count; i++)
		if (keys->known[i].value == value)
			return keys->known[i].print;
	print = value_print(engine, value);
	if (keys->known_count < KEYS_KNOWN)
		keys->known[keys->known_count++] =
			(struct known_print){ value, print };
	return print;
}

static size_t count_values(const struct value *items, size_t count)
{
	size_t values = 0;

	for (size_t i = 0; i < count; i++)
		values += items[i].type != VALUE_NULL;
	return values;
}

bool keys_present(const struct stage *stage, const struct event *event,
		  enum reading reading)
{
	for (size_t i = 0; i < stage->key_count; i++) {
		const struct stage_key *key = &stage->keys[i];
		const struct value *items;
		size_t count;

		items = value_items(event_value(event, key->slot, reading),
				    &count);
		if (!key->optional && !count_values(items, count))
			return false;
	}
	return true;
}

static void axis_add(struct axis *axis, const struct value *value,
		     struct print print)
{
	axis->values[axis->count] = value;
	axis->prints[axis->count++] = print;
}

/* Fills in the values of one key; without any the axis stays empty. */
static int axis_make(const struct engine *engine, struct axis *axis,
		     const struct value *value, bool optional)
{
	struct arena *arena = engine->keys->arena;
	size_t count, room;
	const struct value *items = value_items(value, &count);
	struct seen seen;

	room = count_values(items, count);
	if (!room && optional) {
		items = &null_key;
		count = room = 1;
	}
	axis->prints = arena_array(arena, room, sizeof(*axis->prints));
	axis->values = arena_array(arena, room, sizeof(*axis->values));
	if (!axis->prints || !axis->values || !seen_open(&seen, arena, room))
		return -ENOMEM;
	seen.prints = axis->prints;
	for (size_t i = 0; i < count; i++) {
		struct print print;

		if (items[i].type == VALUE_NULL && items != &null_key)
			continue;
		print = value_print(engine, &items[i]);
		if (seen_add(&seen, &print, axis->count))
			axis_add(axis, &items[i], print);
	}
	return 0;
}

/* --- tuples --------------------------------------------------------------- */

/* Adds the tuple the axes stand at. */
static void tuple_add(struct keys *keys, const struct axis *axes,
		      struct seen *seen)
{
	struct print print = { 0 };

	for (size_t i = 0; i < keys->key_count; i++) {
		const struct print *part = &axes[i].prints[axes[i].at];

		print.a = hash_combine(print.a, part->a);
		print.b = hash_combine(print.b, part->b);
	}
	if (!seen_add(seen, &print, keys->count))
		return;
	for (size_t i = 0; i < keys->key_count; i++)
		keys->values[keys->count * keys->key_count + i] =
			axes[i].values[axes[i].at];
	keys->prints[keys->count++] = print;
}

/* The next combination, the last key turning fastest; false = that was all. */
static bool axes_turn(struct axis *axes, size_t count)
{
	while (count) {
		struct axis *axis = &axes[--count];

		if (++axis->at < axis->count)
			return true;
		axis->at = 0;
	}
	return false;
}

static void product_add(const struct engine *engine, struct axis *axes,
			struct seen *seen)
{
	struct keys *keys = engine->keys;

	for (size_t i = 0; i < keys->key_count; i++)
		if (!axes[i].count)
			return;
	do {
		if (keys->count == engine->key_tuples_max) {
			keys->cut = true;
			return;
		}
		tuple_add(keys, axes, seen);
	} while (axes_turn(axes, keys->key_count));
}

static size_t product_size(const struct axis *axes, size_t count, size_t max)
{
	size_t product = 1;

	for (size_t i = 0; i < count; i++)
		if (__builtin_mul_overflow(product, axes[i].count, &product) ||
		    product > max)
			return max;
	return product;
}

/* Whether the keys of a stage read the same under both readings. */
static bool readings_differ(const struct stage *stage,
			    const struct event *event)
{
	for (size_t i = 0; i < stage->key_count; i++) {
		size_t slot = stage->keys[i].slot;

		if (event_value(event, slot, READING_INVOKED) !=
		    event_value(event, slot, READING_RESOLVED))
			return true;
	}
	return false;
}

static int axes_make(const struct engine *engine, struct axis *axes,
		     enum reading reading)
{
	const struct stage *stage = engine->keys->slot->stage;
	const struct event *event = engine->keys->kept->event;
	int rc = 0;

	for (size_t i = 0; i < stage->key_count && !rc; i++)
		rc = axis_make(engine, &axes[i],
			       event_value(event, stage->keys[i].slot, reading),
			       stage->keys[i].optional);
	return rc;
}

static int tuples_make(const struct engine *engine, struct axis *axes[2])
{
	struct keys *keys = engine->keys;
	size_t room = 0, max = engine->key_tuples_max;
	struct seen seen;

	for (size_t i = 0; i < 2; i++)
		if (axes[i])
			room += product_size(axes[i], keys->key_count, max);
	if (room > max)
		room = max;
	keys->prints = arena_array(keys->arena, room, sizeof(*keys->prints));
	keys->values = arena_array(keys->arena, room * keys->key_count,
				   sizeof(*keys->values));
	if (!keys->prints || !keys->values ||
	    !seen_open(&seen, keys->arena, room))
		return -ENOMEM;
	seen.prints = keys->prints;
	for (size_t i = 0; i < 2; i++)
		if (axes[i])
			product_add(engine, axes[i], &seen);
	return 0;
}

/* Without lists and under one reading there is one tuple at most. False = there
 * may be more. */
static bool one_tuple_make(const struct engine *engine, enum reading reading)
{
	struct keys *keys = engine->keys;
	const struct stage *stage = keys->slot->stage;

	if (stage->key_count > KEYS_FEW)
		return false;
	for (size_t i = 0; i < stage->key_count; i++) {
		const struct value *value = event_value(
			keys->kept->event, stage->keys[i].slot, reading);

		if (value->type == VALUE_LIST)
			return false;
		if (value->type == VALUE_NULL && !stage->keys[i].optional)
			return true;
		keys->one_tuple[i] =
			value->type == VALUE_NULL ? &null_key : value;
	}
	keys->one_print = (struct print){ 0 };
	for (size_t i = 0; i < stage->key_count; i++) {
		struct print part = known_print(engine, keys->one_tuple[i]);

		keys->one_print.a = hash_combine(keys->one_print.a, part.a);
		keys->one_print.b = hash_combine(keys->one_print.b, part.b);
	}
	keys->prints = &keys->one_print;
	keys->values = keys->one_tuple;
	keys->count = 1;
	return true;
}

static int keys_fill(struct engine *engine, uint32_t readings)
{
	struct keys *keys = engine->keys;
	struct axis *axes[2] = { 0 };
	int rc = 0;

	if (readings == 3 &&
	    !readings_differ(keys->slot->stage, keys->kept->event))
		readings = 1U << READING_INVOKED;
	if (readings != 3 &&
	    one_tuple_make(engine, readings == 1U << READING_RESOLVED
					   ? READING_RESOLVED
					   : READING_INVOKED))
		return 0;
	arena_reset(keys->arena);
	for (size_t i = 0; i < 2 && !rc; i++) {
		if (!(readings & 1U << i))
			continue;
		axes[i] = arena_array(keys->arena, keys->key_count + 1,
				      sizeof(struct axis));
		rc = axes[i] ? axes_make(engine, axes[i], (enum reading)i)
			     : -ENOMEM;
	}
	return rc ? rc : tuples_make(engine, axes);
}

int keys_make(struct engine *engine, const struct kept *kept,
	      const struct slot *slot, uint32_t readings)
{
	struct keys *keys = engine->keys;
	int rc;

	if (keys->kept == kept && keys->readings == readings &&
	    keys->slot->stage->keys == slot->stage->keys &&
	    keys->key_count == slot->stage->key_count)
		return 0;
	if (keys->kept != kept)
		keys_forget(keys);
	keys->kept = kept;
	keys->slot = slot;
	keys->readings = readings;
	keys->key_count = slot->stage->key_count;
	keys->count = 0;
	keys->cut = false;
	rc = keys_fill(engine, readings);
	if (rc)
		keys_forget(keys);
	return rc;
}

struct print keys_place(const struct print *print, const struct slot *slot,
			const struct host *host)
{
	return (struct print){
		hash_combine(hash_combine(print->a, slot->salt), host->salt),
		hash_combine(hash_combine(print->b, slot->salt), host->salt),
	};
}
