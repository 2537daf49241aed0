/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "strset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

static int compare(const void *a, const void *b)
{
	const struct str *x = a, *y = b;

	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return str_compare(*x, *y);
}

/* The order of an item, which is folded already, and a text of its length. */
static int compare_folded(struct str item, struct str text)
{
	for (size_t i = 0; i < item.len; i++) {
		unsigned char a = (unsigned char)item.data[i];
		unsigned char b = (unsigned char)text_fold(text.data[i]);

		if (a != b)
			return a < b ? -1 : 1;
	}
	return 0;
}

struct str strset_fold(struct arena *arena, struct str text)
{
	char *out = arena_copy(arena, text.len ? text.data : "", text.len);

	for (size_t i = 0; out && i < text.len; i++)
		out[i] = text_fold(out[i]);
	return (struct str){ out, text.len };
}

int strset_make(struct arena *arena, const struct str *items, size_t count,
		struct strset *set)
{
	struct str *sorted = arena_array(arena, count + 1, sizeof(*sorted));
	size_t kept = 0;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		sorted[i] = items[i];
		if (set->insensitive)
			sorted[i] = strset_fold(arena, items[i]);
		if (set->insensitive && !sorted[i].data)
			return -ENOMEM;
	}
	qsort(sorted, count, sizeof(*sorted), compare);
	for (size_t i = 0; i < count; i++)
		if (!i || !str_equal(sorted[i], sorted[kept - 1]))
			sorted[kept++] = sorted[i];
	set->items = sorted;
	set->count = kept;
	set->lengths = 0;
	for (size_t i = 0; i < kept; i++)
		set->lengths |= 1ULL << sorted[i].len % 64;
	return 0;
}

bool strset_has(const struct strset *set, struct str text)
{
	size_t low = 0, high = set->count;

	if (!(set->lengths >> text.len % 64 & 1))
		return false;
	while (low < high) {
		size_t middle = (low + high) / 2;
		struct str item = set->items[middle];
		int order;

		if (item.len != text.len)
			order = item.len < text.len ? -1 : 1;
		else if (set->insensitive)
			order = compare_folded(item, text);
		else
			order = item.len
					? memcmp(item.data, text.data, item.len)
					: 0;
		if (!order)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}
