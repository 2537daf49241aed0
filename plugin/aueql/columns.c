/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "columns.h"

#include "../util/json.h"

/* East Asian characters and pictures take two columns, marks that are put on
 * another character none; coarse, and the same in every locale. */
static const struct {
	uint32_t first, last;
	unsigned char width;
} widths[] = {
	{ 0x0300, 0x036f, 0 },	 { 0x0483, 0x0489, 0 },
	{ 0x0591, 0x05bd, 0 },	 { 0x0610, 0x061a, 0 },
	{ 0x064b, 0x065f, 0 },	 { 0x1100, 0x115f, 2 },
	{ 0x1ab0, 0x1aff, 0 },	 { 0x1dc0, 0x1dff, 0 },
	{ 0x200b, 0x200d, 0 },	 { 0x20d0, 0x20ff, 0 },
	{ 0x2e80, 0x303e, 2 },	 { 0x3041, 0xa4cf, 2 },
	{ 0xac00, 0xd7a3, 2 },	 { 0xf900, 0xfaff, 2 },
	{ 0xfe00, 0xfe0f, 0 },	 { 0xfe20, 0xfe2f, 0 },
	{ 0xfe30, 0xfe6f, 2 },	 { 0xff00, 0xff60, 2 },
	{ 0xffe0, 0xffe6, 2 },	 { 0x1f300, 0x1f64f, 2 },
	{ 0x1f680, 0x1f6ff, 2 }, { 0x1f900, 0x1f9ff, 2 },
	{ 0x20000, 0x3fffd, 2 }, { 0xe0000, 0xe01ef, 0 },
};

static size_t width_of(uint32_t code)
{
	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++)
		if (code >= widths[i].first && code <= widths[i].last)
			return widths[i].width;
	return 1;
}

/* One character; its bytes. What is no UTF-8 is one byte and one column. */
static size_t next_character(struct str text, size_t at, size_t *width)
{
	size_t len = utf8_length(text.data + at, text.len - at);
	uint32_t code = (unsigned char)text.data[at];

	if (len > 1)
		code &= 0x7fU >> len;
	for (size_t i = 1; i < len; i++)
		code = code << 6 | (text.data[at + i] & 0x3f);
	*width = len ? width_of(code) : 1;
	return len ? len : 1;
}

size_t columns_of(struct str text)
{
	size_t columns = 0, width;

	for (size_t i = 0; i < text.len; columns += width)
		i += next_character(text, i, &width);
	return columns;
}

size_t columns_prefix(struct str text, size_t columns)
{
	size_t i = 0, width, len;

	while (i < text.len) {
		len = next_character(text, i, &width);
		if (width > columns)
			break;
		columns -= width;
		i += len;
	}
	return i;
}

/* Where the last so many columns begin. */
static size_t suffix_start(struct str text, size_t columns)
{
	size_t left = columns_of(text), i = 0, width;

	while (i < text.len && left > columns) {
		i += next_character(text, i, &width);
		left -= width;
	}
	return i;
}

size_t columns_fit(struct strbuf *out, struct str text, size_t columns,
		   enum columns_cut cut, struct str mark)
{
	size_t all = columns_of(text), kept, tail, start;

	if (all <= columns) {
		strbuf_add_str(out, text);
		return all;
	}
	kept = columns_of(mark);
	if (kept > columns)
		return 0;
	kept = columns - kept;
	tail = cut == COLUMNS_CUT_MIDDLE ? kept - kept / 3 : 0;
	start = tail ? suffix_start(text, tail) : text.len;
	strbuf_add(out, text.data, columns_prefix(text, kept - tail));
	strbuf_add_str(out, mark);
	if (start < text.len)
		strbuf_add(out, text.data + start, text.len - start);
	return columns;
}
