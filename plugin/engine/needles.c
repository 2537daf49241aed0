/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Texts are found by their last three bytes. A bit for each hash of these says
 * whether a text may end at a place of a value, and only then those that end so
 * are compared. Where all texts must end the value there is but one place to
 * look at; else the cost is about a nanosecond a byte, however many texts there
 * are.
 *
 * The texts are the rules', not the attacker's: no seed is needed.
 */
#include "needles.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../eql/strset.h"
#include "../eql/text.h"
#include "../util/list.h"

#define ENDING_BITS 14
#define ENDING_WORDS ((1U << ENDING_BITS) / 64)

static_assert(DEMAND_PIECE_MIN == 3, "an ending is three bytes");

/* One more byte at the end, the first of three falls out. Letters lose their
 * case, which some other bytes share: comparing tells them apart. */
static uint32_t ending_add(uint32_t ending, char c)
{
	return ending >> 8 | (uint32_t)((unsigned char)c | 0x20) << 16;
}

static uint32_t ending_hash(uint32_t ending)
{
	return ending * 0x9e3779b1U >> (32 - ENDING_BITS);
}

/* Of the last bytes of a text, which may be shorter than three. */
static uint32_t last_ending(struct str text)
{
	size_t from =
		text.len > DEMAND_PIECE_MIN ? text.len - DEMAND_PIECE_MIN : 0;
	uint32_t ending = 0;

	for (size_t i = from; i < text.len; i++)
		ending = ending_add(ending, text.data[i]);
	return ending_hash(ending);
}

static bool begins_with(const char *at, struct str wanted)
{
	for (size_t i = 0; i < wanted.len; i++)
		if (text_fold(at[i]) != wanted.data[i])
			return false;
	return true;
}

/* --- building ------------------------------------------------------------- */

int needles_open(struct needles *needles, struct arena *arena, size_t size)
{
	*needles = (struct needles){
		.arena = arena,
		.size = size,
		.endings = arena_array(arena, ENDING_WORDS, sizeof(uint64_t)),
	};
	return needles->endings ? table_open(&needles->table) : -ENOMEM;
}

void needles_close(struct needles *needles)
{
	table_close(&needles->table);
}

static struct needle *find_same(const struct needles *needles, uint64_t hash,
				const struct demand *demand)
{
	struct table_node *node = table_bucket(&needles->table, hash);

	for (; node; node = node->next) {
		struct needle *needle = list_entry(node, struct needle, node);

		if (node->hash == hash &&
		    needle->demand.at_start == demand->at_start &&
		    needle->demand.at_end == demand->at_end &&
		    str_equal(needle->demand.text, demand->text))
			return needle;
	}
	return NULL;
}

struct needle *needles_add(struct needles *needles, const struct demand *demand)
{
	uint32_t hash = last_ending(demand->text);
	struct demand folded = *demand;
	struct needle *needle;

	folded.text = strset_fold(needles->arena, demand->text);
	if (!folded.text.data)
		return NULL;
	needle = find_same(needles, hash, &folded);
	if (needle)
		return needle;
	needle = arena_alloc(needles->arena, needles->size);
	if (!needle)
		return NULL;
	needle->demand = folded;
	needle->node.hash = hash;
	table_add(&needles->table, &needle->node);
	needles->endings[hash / 64] |= 1ULL << hash % 64;
	needles->anywhere |= !demand->at_end;
	return needle;
}

/* --- asking --------------------------------------------------------------- */

/* Those that end at a place of a value where some may. */
static void find_ended(const struct needles *needles, struct str value,
		       size_t end, uint32_t hash, needle_fn fn, void *user)
{
	struct table_node *node = table_bucket(&needles->table, hash);

	for (; node; node = node->next) {
		struct needle *needle = list_entry(node, struct needle, node);
		const struct demand *demand = &needle->demand;
		size_t len = demand->text.len;

		if (node->hash == hash && len <= end &&
		    (!demand->at_start || len == end) &&
		    (!demand->at_end || end == value.len) &&
		    begins_with(value.data + end - len, demand->text))
			fn(user, needle);
	}
}

static bool may_end(const struct needles *needles, uint32_t hash)
{
	return needles->endings[hash / 64] >> hash % 64 & 1;
}

void needles_find(const struct needles *needles, struct str value, needle_fn fn,
		  void *user)
{
	uint32_t ending = 0, hash;

	for (size_t i = 0; needles->anywhere && i + 1 < value.len; i++) {
		ending = ending_add(ending, value.data[i]);
		hash = ending_hash(ending);
		if (may_end(needles, hash))
			find_ended(needles, value, i + 1, hash, fn, user);
	}
	hash = last_ending(value);
	if (may_end(needles, hash))
		find_ended(needles, value, value.len, hash, fn, user);
}
