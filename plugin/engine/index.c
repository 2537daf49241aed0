/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which stages an event can hit at all. Most conditions demand a text of some
 * fields: an action, the name of a program, a piece of a command line. An event
 * that has none of them need not be asked further. So for each such field all
 * texts that any stage demands of it are looked for at once, and each has the
 * stages that name it, as bits; those of the texts found are joined with the
 * stages that demand nothing there, and the fields' sets are cut. An event's
 * cost grows by a few instructions per 64 stages, not by their conditions.
 *
 * Of other conditions it is known that the field must have a value. Nothing is
 * looked for that no stage still left demands. A stage whose condition is an OR
 * of things of different fields has a bit for each of them: it can be hit by the
 * ways that are left (demand.h).
 */
#include "index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../eql/demand.h"
#include "../eql/pred.h"
#include "../util/arena.h"
#include "needles.h"

/* Of a condition's demands of one field as many are looked at. */
#define DEMANDS_MAX 4

#define BITS_PER_WORD 64

/* 64 ways of which some have a text in the same of their demands. */
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
	bool has_readings;
	uint64_t *wants; /* the ways that hold for no event without value */
	size_t wanting; /* how many these are */
	uint64_t *names; /* of these, the ways that demand texts */
	size_t demands; /* of texts, the most that a way makes */
	uint64_t *open; /* for each, the ways that do not make as many */
	struct needles needles;
};

/* A way to hit a probe. */
struct way {
	uint32_t probe;
	struct demand_way demand;
	uint64_t *reads; /* the slots of its condition, as bits */
};

struct index {
	struct arena *arena;
	size_t way_count, word_count;
	struct way *ways; /* by probe */
	uint64_t *by_category[CATEGORIES + 1];
	size_t field_count;
	struct field_index *fields; /* in the order they are asked */
	uint64_t *left; /* of the event in hand */
	bool any; /* of these */
	/* of the field in hand: what its texts are named by, once one is found */
	uint64_t *joined;
	bool found;
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

static uint64_t *new_words(const struct index *index, size_t rows)
{
	return arena_array(index->arena, rows * index->word_count + 1,
			   sizeof(uint64_t));
}

static bool way_reads(const struct way *way, size_t slot)
{
	return way->reads[slot / BITS_PER_WORD] >> slot % BITS_PER_WORD & 1;
}

static void mark_reads(const struct pred *pred, uint64_t *reads)
{
	const struct pred *const *items;
	const size_t *slots;
	size_t count = pred_items(pred, &items);

	for (size_t i = 0; i < count; i++)
		mark_reads(items[i], reads);
	count = pred_slots(pred, &slots);
	for (size_t i = 0; i < count; i++)
		reads[slots[i] / BITS_PER_WORD] |= 1ULL
						   << slots[i] % BITS_PER_WORD;
}

/* The demands a way makes of a field, and those it does not. */
static int add_way(struct index *index, struct field_index *field, size_t way)
{
	const struct demand_way *demand = &index->ways[way].demand;
	size_t count = 0;
	struct told told = {
		.index = index,
		.field = field,
		.word = way / BITS_PER_WORD,
		.bit = 1ULL << way % BITS_PER_WORD,
	};
	bool wants = false;
	int rc = 0;

	if (way_reads(&index->ways[way], field->slot)) {
		count = field->demands ? demand_count(demand, field->slot) : 0;
		wants = demand_value(demand, field->slot);
	}
	if (wants) {
		field->wants[told.word] |= told.bit;
		field->wanting++;
	}
	if (count)
		field->names[told.word] |= told.bit;
	for (size_t i = 0; i < field->demands && !rc; i++) {
		const struct demand_place place = { field->slot, i };

		if (i < count)
			rc = demand_tell(demand, place, add_demand, &told);
		else
			field->open[told.word] |= told.bit;
		told.word += index->word_count;
	}
	return rc;
}

static int field_open(struct index *index, struct field_index *field)
{
	size_t demands = field->demands;
	int rc = 0;

	if (demands)
		rc = needles_open(&field->needles, index->arena,
				  sizeof(struct text));
	field->wants = new_words(index, 1);
	field->names = new_words(index, 1);
	field->open = new_words(index, demands);
	if (!field->wants || !field->names || !field->open)
		rc = -ENOMEM;
	for (size_t i = 0; i < index->way_count && !rc; i++)
		rc = add_way(index, field, i);
	return rc;
}

/* The most demands that a way makes of a field, as far as we look. */
static size_t most_demands(const struct index *index, size_t slot)
{
	size_t most = 0;

	for (size_t i = 0; i < index->way_count; i++) {
		const struct way *way = &index->ways[i];
		size_t count = way_reads(way, slot)
				       ? demand_count(&way->demand, slot)
				       : 0;

		if (count > most)
			most = count;
	}
	return most < DEMANDS_MAX ? most : DEMANDS_MAX;
}

static bool is_wanted(const struct index *index, size_t slot)
{
	for (size_t i = 0; i < index->way_count; i++)
		if (way_reads(&index->ways[i], slot) &&
		    demand_value(&index->ways[i].demand, slot))
			return true;
	return false;
}

static int fields_open(struct index *index, const struct field_table *table)
{
	size_t slots = field_table_count(table);
	int rc = 0;

	index->fields =
		arena_array(index->arena, slots + 1, sizeof(*index->fields));
	if (!index->fields)
		return -ENOMEM;
	for (size_t slot = 0; slot < slots && !rc; slot++) {
		struct field_index *field = &index->fields[index->field_count];

		if (!is_wanted(index, slot))
			continue;
		index->field_count++;
		field->slot = slot;
		field->has_readings =
			field_table_flags(table, slot) & FIELD_READING;
		if (field_table_type(table, slot) == FIELD_KEYWORD)
			field->demands = most_demands(index, slot);
		rc = field_open(index, field);
	}
	return rc;
}

/* Where more than a few texts may stand anywhere, values are long. */
static bool is_long(const struct field_index *field)
{
	return field->needles.unanchored > field->needles.table.count / 4;
}

/* Names come before command lines, and what most stages demand, which cuts the
 * most, before the rest: what is cut need not be looked for any more. */
static int by_work(const void *a, const void *b)
{
	const struct field_index *x = a, *y = b;

	if (is_long(x) != is_long(y))
		return is_long(x) - is_long(y);
	return (x->wanting < y->wanting) - (x->wanting > y->wanting);
}

/* The ways of all probes, one after the other, and what categories they are of.
 */
static int ways_open(const struct engine *engine, struct index *index)
{
	for (size_t i = 0; i < engine->probe_count; i++)
		index->way_count +=
			demand_ways(engine->probes[i]->stage->condition);
	index->word_count =
		(index->way_count + BITS_PER_WORD - 1) / BITS_PER_WORD;
	index->ways = arena_array(index->arena, index->way_count + 1,
				  sizeof(*index->ways));
	for (size_t i = 0; i <= CATEGORIES; i++) {
		index->by_category[i] = new_words(index, 1);
		if (!index->by_category[i])
			return -ENOMEM;
	}
	return index->ways ? 0 : -ENOMEM;
}

/* The slots that are read by a condition; NULL = out of memory. */
static uint64_t *make_reads(const struct index *index, size_t slots,
			    const struct pred *condition)
{
	uint64_t *reads = arena_array(index->arena, slots / BITS_PER_WORD + 1,
				      sizeof(*reads));

	if (reads)
		mark_reads(condition, reads);
	return reads;
}

static int ways_fill(const struct engine *engine, struct index *index)
{
	size_t slots = field_table_count(engine->config.rules->fields);
	size_t way = 0;

	for (size_t i = 0; i < engine->probe_count; i++) {
		const struct stage *stage = engine->probes[i]->stage;
		size_t count = demand_ways(stage->condition);
		unsigned int bit = stage->category_bit;
		size_t category =
			bit ? (size_t)__builtin_ctz(bit) : CATEGORY_ANY;
		uint64_t *words = index->by_category[category];
		uint64_t *reads = make_reads(index, slots, stage->condition);

		if (!reads)
			return -ENOMEM;
		for (size_t k = 0; k < count; k++, way++) {
			index->ways[way] = (struct way){
				(uint32_t)i,
				demand_way(stage->condition, k),
				reads,
			};
			words[way / BITS_PER_WORD] |= 1ULL
						      << way % BITS_PER_WORD;
		}
	}
	return 0;
}

int index_open(struct engine *engine)
{
	struct index *index = calloc(1, sizeof(*index));
	int rc;

	engine->index = index;
	engine->asked = calloc(engine->word_count + 1, sizeof(uint64_t));
	if (!index || !engine->asked)
		return -ENOMEM;
	index->arena = arena_new(0);
	rc = index->arena ? ways_open(engine, index) : -ENOMEM;
	if (!rc)
		rc = ways_fill(engine, index);
	if (rc)
		return rc;
	index->left = new_words(index, 1);
	index->joined = new_words(index, DEMANDS_MAX);
	if (!index->left || !index->joined)
		return -ENOMEM;
	rc = fields_open(index, engine->config.rules->fields);
	if (rc)
		return rc;
	qsort(index->fields, index->field_count, sizeof(*index->fields),
	      by_work);
	return 0;
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
	if (!index->found) {
		index->found = true;
		memset(index->joined, 0,
		       DEMANDS_MAX * index->word_count * sizeof(uint64_t));
	}
	index->joined[text->mark.word] |= text->mark.bits;
	for (size_t i = 0; i < text->more_count; i++)
		index->joined[text->more[i].word] |= text->more[i].bits;
}

static bool join_list(struct index *index, const struct field_index *field,
		      const struct value *list)
{
	size_t count;
	const struct value *items = value_items(list, &count);

	for (size_t i = 0; i < count; i++) {
		if (items[i].type == VALUE_STRING)
			needles_find(&field->needles, items[i].s, join, index);
		else if (items[i].type != VALUE_NULL)
			return false;
	}
	return true;
}

/* False: a value that is no text may meet any demand. */
static inline bool join_value(struct index *index,
			      const struct field_index *field,
			      const struct value *value)
{
	if (value->type != VALUE_STRING)
		return join_list(index, field, value);
	needles_find(&field->needles, value->s, join, index);
	return true;
}

static bool is_same_text(const struct value *a, const struct value *b)
{
	return a->type == VALUE_STRING && b->type == VALUE_STRING &&
	       str_equal(a->s, b->s);
}

static void cut(struct index *index, const uint64_t *ways)
{
	uint64_t any = 0;

	for (size_t k = 0; k < index->word_count; k++)
		any |= index->left[k] &= ~ways[k];
	index->any = any;
}

static void cut_by_texts(struct index *index, const struct field_index *field,
			 const struct value *invoked,
			 const struct value *resolved)
{
	uint64_t any = 0;
	size_t at = 0;

	index->found = false;
	if (!join_value(index, field, invoked) ||
	    (resolved != invoked && !is_same_text(invoked, resolved) &&
	     !join_value(index, field, resolved)))
		return;
	if (!index->found) {
		cut(index, field->names);
		return;
	}
	while (at < field->demands * index->word_count) {
		any = 0;
		for (size_t k = 0; k < index->word_count; k++, at++)
			any |= index->left[k] &=
				index->joined[at] | field->open[at];
	}
	index->any = any;
}

/* Whether a way that is left demands something of a field. */
static bool is_worth(const struct index *index, const uint64_t *wants)
{
	for (size_t k = 0; k < index->word_count; k++)
		if (index->left[k] & wants[k])
			return true;
	return false;
}

static void cut_by_field(struct index *index, const struct event *event,
			 const struct field_index *field)
{
	const struct value *invoked =
		event_value(event, field->slot, READING_INVOKED);
	const struct value *resolved = invoked;

	if (field->has_readings)
		resolved = event_value(event, field->slot, READING_RESOLVED);
	if (invoked->type != VALUE_NULL || resolved->type != VALUE_NULL) {
		if (is_worth(index, field->names))
			cut_by_texts(index, field, invoked, resolved);
		return;
	}
	cut(index, field->wants);
}

/* The ways of an event's categories. */
static void begin(struct index *index, unsigned int categories)
{
	unsigned int bits = categories & ((1U << CATEGORIES) - 1);
	uint64_t any = 0;

	for (size_t k = 0; k < index->word_count; k++) {
		uint64_t ways = index->by_category[CATEGORY_ANY][k];

		for (unsigned int left = bits; left; left &= left - 1)
			ways |= index->by_category[__builtin_ctz(left)][k];
		any |= index->left[k] = ways;
	}
	index->any = any;
	index->events++;
}

/* The probes that can be hit by 64 ways that are left. */
static void tell_probes(struct engine *engine, size_t word)
{
	struct index *index = engine->index;

	for (uint64_t bits = index->left[word]; bits; bits &= bits - 1) {
		size_t way =
			word * BITS_PER_WORD + (size_t)__builtin_ctzll(bits);
		uint32_t probe = index->ways[way].probe;

		engine->asked[probe / PROBES_PER_WORD] |=
			1ULL << probe % PROBES_PER_WORD;
	}
}

bool index_ask(struct engine *engine, const struct event *event)
{
	struct index *index = engine->index;

	for (size_t k = 0; k < engine->word_count; k++)
		engine->asked[k] = 0;
	begin(index, event->categories);
	for (size_t i = 0; i < index->field_count && index->any; i++)
		if (is_worth(index, index->fields[i].wants))
			cut_by_field(index, event, &index->fields[i]);
	if (!index->any)
		return false;
	for (size_t k = 0; k < index->word_count; k++)
		tell_probes(engine, k);
	return true;
}
