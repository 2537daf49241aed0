/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which stages an event can hit at all. Most conditions ask, beside other
 * things, for one of some words in one of a few fields: an action, a type, the
 * name of a program. An event that has none of them need not be asked further.
 * So each such field has for each word the stages that name it, as bits, and
 * the stages that do not care; the sets of an event's words are joined, those
 * of the fields cut. An event's cost grows by a few instructions per 64 stages,
 * not by their conditions.
 *
 * Only parts that must hold, that compare exactly and that are not negated
 * count, in fields whose values are text whatever the event.
 */
#include "index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../eql/pred.h"
#include "../util/hash.h"

static const size_t indexed[] = {
	FIELD_EVENT_ACTION, FIELD_EVENT_TYPE,	FIELD_HOST_OS_TYPE,
	FIELD_FILE_NAME,    FIELD_PROCESS_NAME, FIELD_PROCESS_PARENT_NAME,
};

#define INDEXED (sizeof(indexed) / sizeof(indexed[0]))

/* A word, and the probes that ask for it. */
struct word {
	struct table_node node;
	struct str text; /* the rule set's */
	uint64_t bits[];
};

struct field_index {
	bool used; /* some probe cares */
	uint64_t *open; /* the probes that do not */
	struct table words;
};

struct index {
	struct field_index fields[INDEXED];
	uint64_t *joined; /* of the field in hand */
};

/* The words are the rules', not the attacker's: no seed is needed. */
static uint64_t word_hash(struct str text)
{
	static const uint8_t seed[16];

	return hash_bytes(text.data, text.len, seed);
}

static struct word *find_word(const struct field_index *field, struct str text)
{
	uint64_t hash = word_hash(text);
	struct table_node *node = table_bucket(&field->words, hash);

	for (; node; node = node->next) {
		struct word *word = list_entry(node, struct word, node);

		if (node->hash == hash && str_equal(word->text, text))
			return word;
	}
	return NULL;
}

/* --- building ------------------------------------------------------------- */

static int add_word(struct engine *engine, struct field_index *field,
		    struct str text, size_t probe)
{
	struct word *word = find_word(field, text);

	if (!word) {
		word = calloc(1, sizeof(*word) +
					 engine->word_count * sizeof(uint64_t));
		if (!word)
			return -ENOMEM;
		word->text = text;
		word->node.hash = word_hash(text);
		table_add(&field->words, &word->node);
	}
	word->bits[probe / PROBES_PER_WORD] |= 1ULL << probe % PROBES_PER_WORD;
	return 0;
}

/* Whether a part of a condition asks for words of this field. */
static bool asks_for_words(const struct pred *pred, size_t slot)
{
	const size_t *slots;
	struct str text;

	return pred_slots(pred, &slots) == 1 && *slots == slot &&
	       !pred_is_negated(pred) && pred_is_exact(pred) &&
	       pred_names(pred, 0, &text) == PRED_NAMES_TEXT;
}

/* The words a probe asks for in a field, of the first part that does. */
static int add_probe(struct engine *engine, struct field_index *field,
		     size_t slot, size_t probe)
{
	const struct pred *const *items;
	size_t count = pred_all_items(&engine->probes[probe]->stage->condition,
				      &items);

	for (size_t i = 0; i < count; i++) {
		struct str text;
		int rc = 0;

		if (!asks_for_words(items[i], slot))
			continue;
		for (size_t k = 0;
		     pred_names(items[i], k, &text) == PRED_NAMES_TEXT && !rc;
		     k++)
			rc = add_word(engine, field, text, probe);
		field->used = true;
		return rc;
	}
	field->open[probe / PROBES_PER_WORD] |= 1ULL << probe % PROBES_PER_WORD;
	return 0;
}

static int field_open(struct engine *engine, struct field_index *field,
		      size_t slot)
{
	int rc = table_open(&field->words);

	field->open = calloc(engine->word_count + 1, sizeof(uint64_t));
	if (!field->open)
		rc = -ENOMEM;
	for (size_t probe = 0; probe < engine->probe_count && !rc; probe++)
		rc = add_probe(engine, field, slot, probe);
	return rc;
}

int index_open(struct engine *engine)
{
	struct index *index = calloc(1, sizeof(*index));
	int rc = 0;

	if (!index)
		return -ENOMEM;
	engine->index = index;
	index->joined = calloc(engine->word_count + 1, sizeof(uint64_t));
	engine->asked = calloc(engine->word_count + 1, sizeof(uint64_t));
	if (!index->joined || !engine->asked)
		return -ENOMEM;
	for (size_t i = 0; i < INDEXED && !rc; i++)
		rc = field_open(engine, &index->fields[i], indexed[i]);
	return rc;
}

static void field_close(struct field_index *field)
{
	for (size_t i = 0;
	     field->words.buckets && i < field->words.bucket_count; i++) {
		struct table_node *node = field->words.buckets[i], *next;

		for (; node; node = next) {
			next = node->next;
			free(list_entry(node, struct word, node));
		}
	}
	table_close(&field->words);
	free(field->open);
}

void index_close(struct engine *engine)
{
	struct index *index = engine->index;

	for (size_t i = 0; index && i < INDEXED; i++)
		field_close(&index->fields[i]);
	if (index)
		free(index->joined);
	free(index);
	free(engine->asked);
}

/* --- asking --------------------------------------------------------------- */

static void join_values(const struct engine *engine,
			const struct field_index *field,
			const struct value *value)
{
	size_t count;
	const struct value *items = value_items(value, &count);

	for (size_t i = 0; i < count; i++) {
		const struct word *word = items[i].type == VALUE_STRING
						  ? find_word(field, items[i].s)
						  : NULL;

		for (size_t k = 0; word && k < engine->word_count; k++)
			engine->index->joined[k] |= word->bits[k];
	}
}

static void cut_by_field(struct engine *engine, const struct event *event,
			 size_t number)
{
	const struct field_index *field = &engine->index->fields[number];
	uint64_t *joined = engine->index->joined;

	memcpy(joined, field->open, engine->word_count * sizeof(*joined));
	for (int i = READING_INVOKED; i <= READING_RESOLVED; i++) {
		const struct value *value =
			event_value(event, indexed[number], (enum reading)i);

		/* most fields have one reading */
		if (i == READING_INVOKED ||
		    value != event_value(event, indexed[number],
					 READING_INVOKED))
			join_values(engine, field, value);
	}
	for (size_t k = 0; k < engine->word_count; k++)
		engine->asked[k] &= joined[k];
}

void index_ask(struct engine *engine, const struct event *event)
{
	size_t size = engine->word_count * sizeof(*engine->asked);
	unsigned int left = event->categories & ((1U << CATEGORIES) - 1);

	memcpy(engine->asked, engine->by_category[CATEGORY_ANY], size);
	for (; left; left &= left - 1) {
		const uint64_t *bits = engine->by_category[__builtin_ctz(left)];

		for (size_t k = 0; k < engine->word_count; k++)
			engine->asked[k] |= bits[k];
	}
	for (size_t i = 0; i < INDEXED; i++)
		if (engine->index->fields[i].used)
			cut_by_field(engine, event, i);
}
