/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Texts are found by their last three bytes. A bit for each hash of these says
 * whether a text may end at a place of a value, and only then those that end so
 * are compared. The places are the end, the beginning as far as texts reach that
 * must stand there, and all of a value where some may stand anywhere: which
 * costs about a nanosecond a byte, however many texts there are.
 *
 * The texts are the rules', not the attacker's: no seed is needed.
 */
#include "needles.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../eql/text.h"
#include "../util/list.h"

/* of a hash; a field has some hundred texts, and each field's bits want to be in
 * the caches */
#define ENDING_BITS 12
#define ENDING_BYTES ((1U << ENDING_BITS) / 8)
#define CASE_BITS 0x2020202020202020U

static_assert(DEMAND_PIECE_MIN == 3, "an ending is three bytes");

/*
 * A hash of the three bytes that end at a place, and of those there are near
 * the start. Letters lose their case, which some other bytes share: comparing
 * tells them apart.
 */
static uint32_t ending_hash(uint32_t ending)
{
	return ending * 0x9e3779b1U >> (32 - ENDING_BITS);
}

static inline uint32_t first_four(const char *text)
{
	uint32_t four;

	memcpy(&four, text, 4);
	return le32toh(four) | 0x20202020U;
}

static inline uint32_t ending_before(const char *end)
{
	return ending_hash(first_four(end - 4) & 0xffffff00U);
}

static inline uint32_t ending_at(struct str text, size_t end)
{
	uint32_t ending = 0;

	if (end > DEMAND_PIECE_MIN)
		return ending_before(text.data + end);
	if (text.len >= 4 && end)
		return ending_hash(first_four(text.data) << (32 - 8 * end));
	for (size_t i = 0; i < end; i++)
		ending = ending >> 8 |
			 ((uint32_t)(unsigned char)text.data[i] | 0x20U) << 24;
	return ending_hash(ending);
}

/* The same but for what tells the cases of letters apart. */
static bool same_eight(const char *a, const char *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return !((x ^ y) & ~CASE_BITS);
}

static bool same_four(const char *a, const char *b)
{
	uint32_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return !((x ^ y) & ~(uint32_t)CASE_BITS);
}

/* Whether the text may stand there: of bytes that are no letters some pass for
 * others, and then a stage is asked in vain. The last bytes are compared
 * together with some before them. */
static bool begins_with(const char *at, struct str wanted)
{
	const char *text = wanted.data;
	size_t len = wanted.len, i = 0;

	if (len >= 8) {
		for (; i + 8 < len; i += 8)
			if (!same_eight(at + i, text + i))
				return false;
		return same_eight(at + len - 8, text + len - 8);
	}
	if (len >= 4)
		return same_four(at, text) &&
		       same_four(at + len - 4, text + len - 4);
	for (; i < len; i++)
		if ((at[i] ^ text[i]) & ~0x20)
			return false;
	return true;
}

/* --- building ------------------------------------------------------------- */

int needles_open(struct needles *needles, struct arena *arena, size_t size)
{
	*needles = (struct needles){
		.arena = arena,
		.size = size,
		.from = SIZE_MAX,
		.endings = arena_alloc(arena, ENDING_BYTES),
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
		    needle->demand.text.len == demand->text.len &&
		    begins_with(demand->text.data, needle->demand.text))
			return needle;
	}
	return NULL;
}

/* Lets a text be found that need not end the value. */
static void widen(struct needles *needles, const struct demand *demand)
{
	size_t len = demand->text.len;

	needles->unanchored += !demand->at_start;
	if (len < needles->from)
		needles->from = len;
	if (!demand->at_start)
		needles->reach = SIZE_MAX;
	else if (len > needles->reach)
		needles->reach = len;
}

/* Its text stands behind it: whoever finds it compares that. */
static struct needle *new_needle(const struct needles *needles,
				 const struct demand *demand)
{
	size_t len = demand->text.len;
	struct needle *needle =
		arena_alloc(needles->arena, needles->size + len);
	char *text;

	if (!needle)
		return NULL;
	text = (char *)needle + needles->size;
	for (size_t i = 0; i < len; i++)
		text[i] = text_fold(demand->text.data[i]);
	needle->demand = *demand;
	needle->demand.text = (struct str){ text, len };
	return needle;
}

struct needle *needles_add(struct needles *needles, const struct demand *demand)
{
	uint32_t hash = ending_at(demand->text, demand->text.len);
	struct needle *needle = find_same(needles, hash, demand);

	if (needle)
		return needle;
	needle = new_needle(needles, demand);
	if (!needle)
		return NULL;
	needle->node.hash = hash;
	table_add(&needles->table, &needle->node);
	needles->endings[hash / 8] |= (uint8_t)(1U << hash % 8);
	if (!demand->at_end)
		widen(needles, demand);
	return needle;
}

/* --- asking --------------------------------------------------------------- */

struct search {
	const struct needles *needles;
	struct str value;
	needle_fn fn;
	void *user;
};

/* Those of a hash that end at a place. */
static void find_ended(const struct search *search, size_t end, uint32_t hash)
{
	struct table_node *node = table_bucket(&search->needles->table, hash);

	for (; node; node = node->next) {
		struct needle *needle = list_entry(node, struct needle, node);
		const struct demand *demand = &needle->demand;
		size_t len = demand->text.len;

		if (node->hash == hash && len <= end &&
		    (!demand->at_start || len == end) &&
		    (!demand->at_end || end == search->value.len) &&
		    begins_with(search->value.data + end - len, demand->text))
			search->fn(search->user, needle);
	}
}

static bool may_end(const uint8_t *endings, uint32_t hash)
{
	return endings[hash / 8] >> hash % 8 & 1;
}

static void look_at(const struct search *search, size_t end)
{
	uint32_t hash = ending_at(search->value, end);

	if (may_end(search->needles->endings, hash))
		find_ended(search, end, hash);
}

void needles_find(const struct needles *needles, struct str value, needle_fn fn,
		  void *user)
{
	const struct search search = { needles, value.len ? value : STR(""), fn,
				       user };
	const uint8_t *endings = needles->endings;
	size_t end = needles->from;

	for (; end <= DEMAND_PIECE_MIN && end < value.len; end++)
		look_at(&search, end);
	for (; end < value.len && end <= needles->reach; end++) {
		uint32_t hash = ending_before(value.data + end);

		if (may_end(endings, hash))
			find_ended(&search, end, hash);
	}
	look_at(&search, value.len);
}
