/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which stages an event can hit at all. Most conditions demand a text of some
 * fields: an action, the name of a program, a piece of a command line. An event
 * that has none of them need not be asked further. So for each such field all
 * texts that any stage demands of it are looked for at once, and each has the
 * stages that name it, as bits; those of the texts found are joined with the
 * stages that demand nothing there, and the fields' sets are cut. An event's
 * cost grows by a few instructions per 64 stages, not by their conditions.
 */
#include "index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../eql/demand.h"
#include "../util/arena.h"
#include "needles.h"

/* Of a condition's demands of one field as many are looked at. */
#define DEMANDS_MAX 4

/* 64 probes of which some have a text in the same of their demands. */
struct mark {
	size_t word;
	uint64_t bits;
};

struct text {
	struct needle needle;
	struct mark mark; /* the first one, as most have no other */
	struct mark *more;
	uint32_t more_count, more_capacity;
	uint64_t seen; /* the last event that had it */
};

struct field_index {
	size_t slot;
	struct needles needles;
	size_t demands; /* the most that a probe makes */
	uint64_t *open; /* for each, the probes that do not make as many */
};

struct index {
	struct arena *arena;
	size_t field_count;
	struct field_index *fields; /* in the order they are asked */
	uint64_t *joined; /* of the field in hand */
	uint64_t events;
};

/* --- building ------------------------------------------------------------- */

/* A field, and whose demand of it is told. */
struct told {
	struct index *index;
	struct field_index *field;
	size_t word;
	uint64_t bit;
};

static struct mark *find_mark(struct text *text, size_t word)
{
	if (text->mark.bits && text->mark.word == word)
		return &text->mark;
	for (size_t i = 0; i < text->more_count; i++)
		if (text->more[i].word == word)
			return &text->more[i];
	return NULL;
}

/* A blank one. NULL = out of memory. */
static struct mark *add_mark(struct index *index, struct text *text)
{
	if (!text->mark.bits)
		return &text->mark;
	if (text->more_count == text->more_capacity) {
		uint32_t capacity = 2 * text->more_capacity + 2;
		struct mark *more =
			arena_array(index->arena, capacity, sizeof(*more));

		if (!more)
			return NULL;
		if (text->more_count)
			memcpy(more, text->more,
			       text->more_count * sizeof(*more));
		text->more = more;
		text->more_capacity = capacity;
	}
	return &text->more[text->more_count++];
}

static int mark_text(struct index *index, struct text *text,
		     const struct told *told)
{
	struct mark *mark = find_mark(text, told->word);

	if (!mark)
		mark = add_mark(index, text);
	if (!mark)
		return -ENOMEM;
	mark->word = told->word;
	mark->bits |= told->bit;
	return 0;
}

static int add_demand(void *user, const struct demand *demand)
{
	const struct told *told = user;
	struct needle *needle = needles_add(&told->field->needles, demand);

	if (!needle)
		return -ENOMEM;
	return mark_text(told->index, list_entry(needle, struct text, needle),
			 told);
}

static const struct pred *condition_of(const struct engine *engine,
				       size_t probe)
{
	return engine->probes[probe]->stage->condition;
}

/* The demands a probe makes of a field, and those it does not. */
static int add_probe(struct engine *engine, struct field_index *field,
		     size_t probe)
{
	const struct pred *condition = condition_of(engine, probe);
	size_t count = demand_count(condition, field->slot);
	struct told told = {
		.index = engine->index,
		.field = field,
		.word = probe / PROBES_PER_WORD,
		.bit = 1ULL << probe % PROBES_PER_WORD,
	};
	int rc = 0;

	for (size_t i = 0; i < field->demands && !rc; i++) {
		const struct demand_place place = { field->slot, i };

		if (i < count)
			rc = demand_tell(condition, place, add_demand, &told);
		else
			field->open[told.word] |= told.bit;
		told.word += engine->word_count;
	}
	return rc;
}

static int field_open(struct engine *engine, size_t slot, size_t demands)
{
	struct index *index = engine->index;
	struct field_index *field = &index->fields[index->field_count++];
	int rc = needles_open(&field->needles, index->arena,
			      sizeof(struct text));

	field->slot = slot;
	field->demands = demands;
	field->open = arena_array(index->arena, demands * engine->word_count,
				  sizeof(uint64_t));
	if (!field->open)
		rc = -ENOMEM;
	for (size_t i = 0; i < engine->probe_count && !rc; i++)
		rc = add_probe(engine, field, i);
	return rc;
}

/* The most demands that a probe makes of a field, as far as we look. */
static size_t most_demands(const struct engine *engine, size_t slot)
{
	size_t most = 0;

	for (size_t i = 0; i < engine->probe_count; i++) {
		size_t count = demand_count(condition_of(engine, i), slot);

		if (count > most)
			most = count;
	}
	return most < DEMANDS_MAX ? most : DEMANDS_MAX;
}

static int fields_open(struct engine *engine)
{
	const struct field_table *table = engine->config.rules->fields;
	int rc = 0;

	for (size_t slot = 0; slot < field_table_count(table) && !rc; slot++) {
		size_t demands = 0;

		if (field_table_type(table, slot) == FIELD_KEYWORD)
			demands = most_demands(engine, slot);
		if (demands)
			rc = field_open(engine, slot, demands);
	}
	return rc;
}

/* Where more than a few texts may stand anywhere, values are long. */
static bool is_long(const struct field_index *field)
{
	return field->needles.unanchored > field->needles.table.count / 4;
}

/* Names come before command lines, and what has the most texts, which cuts the
 * most, before the rest: what is cut need not be looked for any more. */
static int by_work(const void *a, const void *b)
{
	const struct field_index *x = a, *y = b;
	size_t first = x->needles.table.count, second = y->needles.table.count;

	if (is_long(x) != is_long(y))
		return is_long(x) - is_long(y);
	return (first < second) - (first > second);
}

int index_open(struct engine *engine)
{
	size_t slots = field_table_count(engine->config.rules->fields);
	struct index *index = calloc(1, sizeof(*index));
	int rc;

	engine->index = index;
	engine->asked = calloc(engine->word_count + 1, sizeof(uint64_t));
	if (!index || !engine->asked)
		return -ENOMEM;
	index->arena = arena_new(0);
	if (!index->arena)
		return -ENOMEM;
	index->fields =
		arena_array(index->arena, slots + 1, sizeof(*index->fields));
	index->joined =
		arena_array(index->arena, DEMANDS_MAX * engine->word_count + 1,
			    sizeof(uint64_t));
	if (!index->fields || !index->joined)
		return -ENOMEM;
	rc = fields_open(engine);
	qsort(index->fields, index->field_count, sizeof(*index->fields),
	      by_work);
	return rc;
}

void index_close(struct engine *engine)
{
	struct index *index = engine->index;

	for (size_t i = 0; index && i < index->field_count; i++)
		needles_close(&index->fields[i].needles);
	if (index)
		arena_free(&index->arena);
	free(index);
	free(engine->asked);
}

/* --- asking --------------------------------------------------------------- */

static void join(void *user, struct needle *needle)
{
	struct index *index = user;
	struct text *text = list_entry(needle, struct text, needle);

	if (text->seen == index->events)
		return;
	text->seen = index->events;
	index->joined[text->mark.word] |= text->mark.bits;
	for (size_t i = 0; i < text->more_count; i++)
		index->joined[text->more[i].word] |= text->more[i].bits;
}

/* False: a value that is no text may meet any demand. */
static bool join_values(struct index *index, const struct field_index *field,
			const struct value *value)
{
	const struct value *items = value;
	size_t count = 1;

	if (value->type == VALUE_LIST)
		items = value_items(value, &count);
	for (size_t i = 0; i < count; i++) {
		if (items[i].type == VALUE_STRING)
			needles_find(&field->needles, items[i].s, join, index);
		else if (items[i].type != VALUE_NULL)
			return false;
	}
	return true;
}

/* Whether a probe that is asked still demands something here. */
static bool is_worth(const struct engine *engine,
		     const struct field_index *field)
{
	for (size_t k = 0; k < engine->word_count; k++)
		if (engine->asked[k] & ~field->open[k])
			return true;
	return false;
}

static void cut_by_field(struct engine *engine, const struct event *event,
			 const struct field_index *field)
{
	struct index *index = engine->index;
	size_t words = field->demands * engine->word_count, at = 0;
	const struct value *invoked =
		event_value(event, field->slot, READING_INVOKED);
	const struct value *resolved =
		event_value(event, field->slot, READING_RESOLVED);

	memcpy(index->joined, field->open, words * sizeof(*index->joined));
	/* most fields have one reading */
	if (!join_values(index, field, invoked) ||
	    (resolved != invoked && !join_values(index, field, resolved)))
		return;
	for (size_t i = 0; i < field->demands; i++)
		for (size_t k = 0; k < engine->word_count; k++)
			engine->asked[k] &= index->joined[at++];
}

void index_ask(struct engine *engine, const struct event *event)
{
	struct index *index = engine->index;
	size_t size = engine->word_count * sizeof(*engine->asked);
	unsigned int left = event->categories & ((1U << CATEGORIES) - 1);

	memcpy(engine->asked, engine->by_category[CATEGORY_ANY], size);
	for (; left; left &= left - 1) {
		const uint64_t *bits = engine->by_category[__builtin_ctz(left)];

		for (size_t k = 0; k < engine->word_count; k++)
			engine->asked[k] |= bits[k];
	}
	index->events++;
	for (size_t i = 0; i < index->field_count; i++)
		if (is_worth(engine, &index->fields[i]))
			cut_by_field(engine, event, &index->fields[i]);
}
