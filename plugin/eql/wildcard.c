/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wildcard.h"

#include <errno.h>
#include <string.h>

#include "strset.h"
#include "text.h"

static bool has(struct str text, char c)
{
	return text.len && memchr(text.data, c, text.len);
}

static enum wildcard_shape shape_of(struct str pattern, struct str *text)
{
	bool left = pattern.len && pattern.data[0] == '*';
	bool right = pattern.len && pattern.data[pattern.len - 1] == '*';
	struct str inner = pattern;

	*text = pattern;
	if (!has(pattern, '*') && !has(pattern, '?'))
		return WILDCARD_EXACT;
	if (left) {
		inner.data++;
		inner.len--;
	}
	if (right && inner.len)
		inner.len--;
	if (has(pattern, '?'))
		return WILDCARD_GENERAL;
	if (has(inner, '*'))
		return WILDCARD_PIECES;
	*text = inner;
	return !left   ? WILDCARD_PREFIX
	       : right ? WILDCARD_INFIX
		       : WILDCARD_SUFFIX;
}

int wildcard_make(struct arena *arena, struct str pattern,
		  struct wildcard *wildcard)
{
	struct str text;
	enum wildcard_shape shape = shape_of(pattern, &text);

	if (wildcard->one_line && shape != WILDCARD_EXACT) {
		shape = WILDCARD_GENERAL;
		text = pattern;
	}
	if (wildcard->insensitive)
		text = strset_fold(arena, text);
	if (wildcard->insensitive && !text.data)
		return -ENOMEM;
	wildcard->shape = shape;
	wildcard->text = text;
	return 0;
}

/* Whether the first bytes at text are the wanted ones; there are as many. */
static bool begins(const struct wildcard *wildcard, struct str wanted,
		   const char *text)
{
	if (!wildcard->insensitive)
		return !wanted.len || !memcmp(text, wanted.data, wanted.len);
	for (size_t i = 0; i < wanted.len; i++)
		if (text_fold(text[i]) != wanted.data[i])
			return false;
	return true;
}

static const char *next_char(const char *at, const char *end, char c)
{
	const char *found = at < end ? memchr(at, c, (size_t)(end - at)) : NULL;

	return found ? found : end;
}

/* The first place of a text in lower case, whatever the case there: from one
 * of its first letter to the next, small or capital. */
static size_t find_folded(const struct wildcard *wildcard, struct str text,
			  struct str wanted)
{
	char small = wanted.data[0], capital = small;
	const char *end = text.data + text.len - wanted.len + 1;
	const char *a, *b;

	if (small >= 'a' && small <= 'z')
		capital = (char)(small - ('a' - 'A'));
	a = next_char(text.data, end, small);
	b = capital == small ? end : next_char(text.data, end, capital);
	while (a < end || b < end) {
		const char *at = a < b ? a : b;

		if (begins(wildcard, wanted, at))
			return (size_t)(at - text.data);
		if (at == a)
			a = next_char(at + 1, end, small);
		else
			b = next_char(at + 1, end, capital);
	}
	return SIZE_MAX;
}

static size_t find(const struct wildcard *wildcard, struct str text,
		   struct str wanted)
{
	if (!wanted.len)
		return 0;
	if (wanted.len > text.len)
		return SIZE_MAX;
	return wildcard->insensitive ? find_folded(wildcard, text, wanted)
				     : text_find(text, wanted);
}

/* Takes the next piece, up to a star or the end, off a pattern. */
static struct str next_piece(struct str *pattern)
{
	const char *star = memchr(pattern->data, '*', pattern->len);
	struct str piece = *pattern;

	if (star)
		piece.len = (size_t)(star - pattern->data);
	pattern->data += piece.len + (star != NULL);
	pattern->len -= piece.len + (star != NULL);
	return piece;
}

/* The first piece begins the text, the last one ends it, the others come one
 * after the other: each as early as it can. */
static bool match_pieces(const struct wildcard *wildcard, struct str text)
{
	struct str pattern = wildcard->text, piece = next_piece(&pattern);
	bool open = wildcard->text.data[wildcard->text.len - 1] == '*';

	if (piece.len > text.len || !begins(wildcard, piece, text.data))
		return false;
	text.data += piece.len;
	text.len -= piece.len;
	while (pattern.len) {
		size_t at;

		piece = next_piece(&pattern);
		if (!pattern.len && !open)
			return piece.len <= text.len &&
			       begins(wildcard, piece,
				      text.data + text.len - piece.len);
		at = find(wildcard, text, piece);
		if (at == SIZE_MAX)
			return false;
		text.data += at + piece.len;
		text.len -= at + piece.len;
	}
	return true;
}

/* Whether '*' or '?' may stand for the character at p. */
static bool is_wild(const struct wildcard *wildcard, const char *p, size_t len)
{
	uint32_t code;

	if (!wildcard->one_line)
		return true;
	code = text_char_code(p, len);
	return code != '\n' && code != '\r' && code != 0x85 && code != 0x2028 &&
	       code != 0x2029;
}

/*
 * Greedy, with one place to come back to: the last star passed. An earlier
 * star never needs another try: whatever it would take up beyond, the later
 * one can take up as well.
 */
static bool match_general(const struct wildcard *wildcard, struct str text)
{
	struct str pattern = wildcard->text;
	size_t p = 0, t = 0, star = SIZE_MAX, resume = 0;

	while (t < text.len) {
		const char *at = text.data + t;
		char wanted = p < pattern.len ? pattern.data[p] : '\0';

		if (p < pattern.len && wanted == '*') {
			star = p++;
			resume = t;
		} else if (p < pattern.len && wanted == '?' &&
			   is_wild(wildcard, at, text.len - t)) {
			p++;
			t += text_char_length(at, text.len - t);
		} else if (p < pattern.len && wanted != '?' &&
			   (wildcard->insensitive ? text_fold(*at) : *at) ==
				   wanted) {
			p++;
			t++;
		} else if (star != SIZE_MAX &&
			   is_wild(wildcard, text.data + resume,
				   text.len - resume)) {
			p = star + 1;
			resume += text_char_length(text.data + resume,
						   text.len - resume);
			t = resume;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.data[p] == '*')
		p++;
	return p == pattern.len;
}

bool wildcard_match(const struct wildcard *wildcard, struct str text)
{
	size_t len = wildcard->text.len;

	if (!text.len)
		text = STR("");
	if (wildcard->shape == WILDCARD_GENERAL)
		return match_general(wildcard, text);
	if (wildcard->shape == WILDCARD_PIECES)
		return match_pieces(wildcard, text);
	if (text.len < len)
		return false;
	switch (wildcard->shape) {
	case WILDCARD_EXACT:
		return text.len == len &&
		       begins(wildcard, wildcard->text, text.data);
	case WILDCARD_PREFIX:
		return begins(wildcard, wildcard->text, text.data);
	case WILDCARD_SUFFIX:
		return begins(wildcard, wildcard->text,
			      text.data + text.len - len);
	default:
		return find(wildcard, text, wildcard->text) != SIZE_MAX;
	}
}
