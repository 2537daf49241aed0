/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text.h"

#include <string.h>

#include "../util/json.h"

#define SHORT_TEXT 64

static const struct lower_range {
	uint32_t first, last;
	int step, distance;
} lower_ranges[] = {
#define LOWER(first, last, step, distance) { first, last, step, distance },
#include "lowercase.def"
#undef LOWER
};

size_t text_char_length(const char *p, size_t len)
{
	size_t bytes = (unsigned char)*p < 0x80 ? 1 : utf8_length(p, len);

	return bytes ? bytes : 1;
}

uint32_t text_char_code(const char *p, size_t len)
{
	static const unsigned char masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	size_t bytes = text_char_length(p, len);
	uint32_t code = (unsigned char)*p & masks[bytes];

	if (bytes == 1 && (unsigned char)*p >= 0x80)
		return 0xfffd;
	for (size_t i = 1; i < bytes; i++)
		code = code << 6 | ((unsigned char)p[i] & 0x3f);
	return code;
}

size_t text_put_char(char out[4], uint32_t code)
{
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t len = code < 0x80      ? 1
		     : code < 0x800   ? 2
		     : code < 0x10000 ? 3
				      : 4;

	for (size_t i = len; i-- > 1; code >>= 6)
		out[i] = (char)(0x80 | (code & 0x3f));
	out[0] = (char)(lead[len] | code);
	return len;
}

static uint32_t lower_code(uint32_t code)
{
	size_t low = 0, high = sizeof(lower_ranges) / sizeof(lower_ranges[0]);

	if (code < 0x80)
		return (unsigned char)text_fold((char)code);
	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct lower_range *range = &lower_ranges[middle];

		if (code > range->last)
			low = middle + 1;
		else if (code < range->first)
			high = middle;
		else
			return (code - range->first) % (unsigned int)range->step
				       ? code
				       : code + (uint32_t)range->distance;
	}
	return code;
}

static bool has_upper(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.data[i] >= 0x80 ||
		    (text.data[i] >= 'A' && text.data[i] <= 'Z'))
			return true;
	return false;
}

struct str text_lower(struct arena *arena, struct str text)
{
	char *out;
	size_t len = 0;

	if (!has_upper(text))
		return text.data ? text : STR("");
	/* a few letters of two bytes have lower cases of three */
	out = arena_array(arena, text.len + 1, 3);
	if (!out)
		return (struct str){ 0 };
	for (size_t i = 0, bytes; i < text.len; i += bytes) {
		uint32_t code = text_char_code(text.data + i, text.len - i);

		bytes = text_char_length(text.data + i, text.len - i);
		if (code == 0xfffd && bytes == 1)
			out[len++] = text.data[i];
		else
			len += text_put_char(out + len, lower_code(code));
	}
	return (struct str){ out, len };
}

struct str text_as_utf8(struct arena *arena, struct str text)
{
	size_t bad = 0, len = 0, bytes;
	char *out;

	for (size_t i = 0; i < text.len; i += bytes) {
		bytes = text_char_length(text.data + i, text.len - i);
		bad += bytes == 1 && (unsigned char)text.data[i] >= 0x80;
	}
	if (!bad)
		return text.data ? text : STR("");
	out = arena ? arena_alloc(arena, text.len + 2 * bad) : NULL;
	if (!out)
		return (struct str){ 0 };
	for (size_t i = 0; i < text.len; i += bytes) {
		uint32_t code = text_char_code(text.data + i, text.len - i);

		bytes = text_char_length(text.data + i, text.len - i);
		len += text_put_char(out + len, code);
	}
	return (struct str){ out, len };
}

size_t text_utf16_length(struct str text)
{
	size_t units = 0, bytes;

	for (size_t i = 0; i < text.len; i += bytes) {
		bytes = text_char_length(text.data + i, text.len - i);
		units += bytes == 4 ? 2 : 1;
	}
	return units;
}

size_t text_utf16_offset(struct str text, size_t units)
{
	size_t at = 0;

	while (at < text.len && units) {
		size_t bytes = text_char_length(text.data + at, text.len - at);

		/* half a surrogate pair is no place to cut: before it */
		if (bytes == 4 && units == 1)
			break;
		units -= bytes == 4 ? 2 : 1;
		at += bytes;
	}
	return at;
}

/* From one of its first characters to the next: memmem() prepares a table
 * first, for which a short text is not worth while. */
static const char *find_in_short(struct str text, struct str needle)
{
	const char *at = text.data, *end = at + text.len - needle.len + 1;

	while (at < end) {
		at = memchr(at, needle.data[0], (size_t)(end - at));
		if (!at || !memcmp(at, needle.data, needle.len))
			return at;
		at++;
	}
	return NULL;
}

size_t text_find(struct str text, struct str needle)
{
	const char *found;

	if (!needle.len)
		return 0;
	if (needle.len > text.len)
		return SIZE_MAX;
	if (text.len <= SHORT_TEXT)
		found = find_in_short(text, needle);
	else
		found = memmem(text.data, text.len, needle.data, needle.len);
	return found ? (size_t)(found - text.data) : SIZE_MAX;
}

size_t text_find_last(struct str text, struct str needle)
{
	size_t last = SIZE_MAX, from = 0;

	if (!needle.len)
		return text.len;
	while (from <= text.len) {
		struct str rest = { text.data + from, text.len - from };
		size_t at = text_find(rest, needle);

		if (at == SIZE_MAX)
			break;
		last = from + at;
		from = last + 1;
	}
	return last;
}
