/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text as the functions of EQL see it: case, and UTF-16 units as in Java. */
#ifndef AUDISP_EQL_EQL_TEXT_H
#define AUDISP_EQL_EQL_TEXT_H

#include "../util/arena.h"

static inline char text_fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* Bytes of the character at p (len > 0); a byte that is not UTF-8 is one. */
size_t text_char_length(const char *p, size_t len);
/* The code point of the character at p, U+FFFD where it is not UTF-8. */
uint32_t text_char_code(const char *p, size_t len);
/* Writes a code point as UTF-8, returns the bytes. */
size_t text_put_char(char out[4], uint32_t code);
/*
 * In lower case, all of Unicode. The text itself where nothing changes;
 * data == NULL = the arena is full.
 */
struct str text_lower(struct arena *arena, struct str text);
/* The same with each byte that is not UTF-8 replaced by U+FFFD; the arena may
 * be NULL, which is full. */
struct str text_as_utf8(struct arena *arena, struct str text);
size_t text_utf16_length(struct str text);
/* The byte offset of a UTF-16 offset, at most text.len. */
size_t text_utf16_offset(struct str text, size_t units);
/* The byte offset of the first or last needle, SIZE_MAX = none. */
size_t text_find(struct str text, struct str needle);
size_t text_find_last(struct str text, struct str needle);

#endif
