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
	if (has(inner, '*') || has(inner, '?'))
		return WILDCARD_GENERAL;
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

/* Whether text begins with what the wildcard asks for. */
static bool begins(const struct wildcard *wildcard, const char *text)
{
	const char *wanted = wildcard->text.data;
	size_t len = wildcard->text.len;

	if (!wildcard->insensitive)
		return !len || !memcmp(text, wanted, len);
	for (size_t i = 0; i < len; i++)
		if (text_fold(text[i]) != wanted[i])
			return false;
	return true;
}

static bool match_infix(const struct wildcard *wildcard, struct str text)
{
	if (!wildcard->insensitive)
		return text_find(text, wildcard->text) != SIZE_MAX;
	for (size_t i = 0; i + wildcard->text.len <= text.len; i++)
		if (begins(wildcard, text.data + i))
			return true;
	return false;
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
	if (text.len < len)
		return false;
	switch (wildcard->shape) {
	case WILDCARD_EXACT:
		return text.len == len && begins(wildcard, text.data);
	case WILDCARD_PREFIX:
		return begins(wildcard, text.data);
	case WILDCARD_SUFFIX:
		return begins(wildcard, text.data + text.len - len);
	default:
		return match_infix(wildcard, text);
	}
}
