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

/* 64 probes of which some name a text. */
struct mark {
	struct mark *next;
	size_t word;
	uint64_t bits;
};

struct text {
	struct needle needle;
	struct mark *marks;
	uint64_t seen; /* the last event that had it */
};

struct field_index {
	size_t slot;
	struct needles needles;
	uint64_t *open; /* the probes that demand nothing of it */
};

struct index {
	struct arena *arena;
	size_t field_count;
	struct field_index *fields; /* in the order they are asked */
	uint64_t *joined; /* of the field in hand */
	uint64_t events;
};

/* --- building ------------------------------------------------------------- */

/* A field, and the probe whose demands are told. */
struct told {
	struct index *index;
	struct field_index *field;
	size_t probe;
};

static int mark_text(struct index *index, struct text *text, size_t probe)
{
	size_t word = probe / PROBES_PER_WORD;
	struct mark *mark = text->marks;

	/* probes come in order */
	if (!mark || mark->word != word) {
		mark = arena_alloc(index->arena, sizeof(*mark));
		if (!mark)
			return -ENOMEM;
		*mark = (struct mark){ text->marks, word, 0 };
		text->marks = mark;
	}
	mark->bits |= 1ULL << probe % PROBES_PER_WORD;
	return 0;
}

static int add_demand(void *user, const struct demand *demand)
{
	const struct told *told = user;
	struct needle *needle = needles_add(&told->field->needles, demand);

	if (!needle)
		return -ENOMEM;
	return mark_text(told->index, list_entry(needle, struct text, needle),
			 told->probe);
}

static const struct pred *condition_of(const struct engine *engine,
				       size_t probe)
{
	return engine->probes[probe]->stage->condition;
}

static int field_open(struct engine *engine, size_t slot)
{
	struct index *index = engine->index;
	struct field_index *field = &index->fields[index->field_count++];
	struct told told = { index, field, 0 };
	int rc = needles_open(&field->needles, index->arena,
			      sizeof(struct text));

	field->slot = slot;
	field->open = arena_array(index->arena, engine->word_count + 1,
				  sizeof(uint64_t));
	if (!field->open)
		rc = -ENOMEM;
	for (; told.probe < engine->probe_count && !rc; told.probe++) {
		const struct pred *condition = condition_of(engine, told.probe);

		if (demand_made(condition, slot))
			rc = demand_tell(condition, slot, add_demand, &told);
		else
			field->open[told.probe / PROBES_PER_WORD] |=
				1ULL << told.probe % PROBES_PER_WORD;
	}
	return rc;
}

static bool is_demanded(const struct engine *engine, size_t slot)
{
	for (size_t i = 0; i < engine->probe_count; i++)
		if (demand_made(condition_of(engine, i), slot))
			return true;
	return false;
}

/* Fields whose values need not be gone through are asked first. */
static int by_work(const void *a, const void *b)
{
	const struct field_index *x = a, *y = b;

	return x->needles.anywhere - y->needles.anywhere;
}

int index_open(struct engine *engine)
{
	const struct field_table *table = engine->config.rules->fields;
	size_t slots = field_table_count(table);
	struct index *index = calloc(1, sizeof(*index));
	int rc = 0;

	engine->index = index;
	engine->asked = calloc(engine->word_count + 1, sizeof(uint64_t));
	if (!index || !engine->asked)
		return -ENOMEM;
	index->arena = arena_new(0);
	if (!index->arena)
		return -ENOMEM;
	index->fields =
		arena_array(index->arena, slots + 1, sizeof(*index->fields));
	index->joined = arena_array(index->arena, engine->word_count + 1,
				    sizeof(uint64_t));
	if (!index->fields || !index->joined)
		return -ENOMEM;
	for (size_t slot = 0; slot < slots && !rc; slot++)
		if (field_table_type(table, slot) == FIELD_KEYWORD &&
		    is_demanded(engine, slot))
			rc = field_open(engine, slot);
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
	for (const struct mark *mark = text->marks; mark; mark = mark->next)
		index->joined[mark->word] |= mark->bits;
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
	const struct value *invoked =
		event_value(event, field->slot, READING_INVOKED);
	const struct value *resolved =
		event_value(event, field->slot, READING_RESOLVED);

	memcpy(index->joined, field->open,
	       engine->word_count * sizeof(*index->joined));
	/* most fields have one reading */
	if (!join_values(index, field, invoked) ||
	    (resolved != invoked && !join_values(index, field, resolved)))
		return;
	for (size_t k = 0; k < engine->word_count; k++)
		engine->asked[k] &= index->joined[k];
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
