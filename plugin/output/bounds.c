/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bounds.h"

void bounds_free(struct bounds *bounds)
{
	strbuf_free(&bounds->scratch);
}

/* Inside a UTF-8 sequence, where a cut would spoil the character. */
static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

struct str bounds_text(struct bounds *bounds, struct str text)
{
	size_t head = bounds->text / 2;
	size_t tail = bounds->text - head;

	if (text.len <= bounds->text)
		return text;
	bounds->cut = true;
	for (int i = 0; i < 3 && head && is_continuation(text.data[head]); i++)
		head--;
	for (int i = 0;
	     i < 3 && tail && is_continuation(text.data[text.len - tail]); i++)
		tail--;
	strbuf_reset(&bounds->scratch);
	strbuf_add(&bounds->scratch, text.data, head);
	strbuf_add_str(&bounds->scratch, STR(BOUNDS_MARK));
	strbuf_add(&bounds->scratch, text.data + text.len - tail, tail);
	bounds->failed = bounds->failed || bounds->scratch.failed;
	return strbuf_str(&bounds->scratch);
}

struct bounds_span bounds_count(struct bounds *bounds, size_t count)
{
	size_t max = bounds->items;

	if (count <= max)
		return (struct bounds_span){ .head = count };
	bounds->cut = true;
	return (struct bounds_span){ .head = max - max / 2, .tail = max / 2 };
}

static size_t told_bytes(const struct bounds *bounds, const struct value *item)
{
	if (item->type != VALUE_STRING)
		return 0;
	return item->s.len < bounds->text ? item->s.len : bounds->text;
}

static bool list_fits(const struct bounds *bounds, const struct value *items,
		      size_t count)
{
	size_t bytes = 0;

	if (count > bounds->items)
		return false;
	for (size_t i = 0; i < count; i++) {
		bytes += told_bytes(bounds, &items[i]);
		if (bytes > bounds->text)
			return false;
	}
	return true;
}

struct bounds_span bounds_list(struct bounds *bounds, const struct value *items,
			       size_t count)
{
	struct bounds_span span = { 0 };
	size_t bytes = 0;

	/* a single one is cut as a text */
	if (count <= 1 || list_fits(bounds, items, count))
		return (struct bounds_span){ .head = count };
	bounds->cut = true;
	while (span.head < count && span.head < (bounds->items + 1) / 2) {
		bytes += told_bytes(bounds, &items[span.head]);
		/* the first is what the rest is about */
		if (span.head && bytes > bounds->text / 2)
			break;
		span.head++;
	}
	bytes = 0;
	while (span.head + span.tail < count && span.tail < bounds->items / 2) {
		bytes += told_bytes(bounds, &items[count - 1 - span.tail]);
		if (bytes > bounds->text / 2)
			break;
		span.tail++;
	}
	return span;
}
