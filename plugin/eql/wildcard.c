/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wildcard.h"

#include <string.h>

#include "../util/json.h"

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same(char a, char b, bool insensitive)
{
	return a == b || (insensitive && fold(a) == fold(b));
}

bool wildcard_equal_insensitive(struct str a, struct str b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (fold(a.data[i]) != fold(b.data[i]))
			return false;
	return true;
}

struct wildcard wildcard_compile(struct str pattern, bool insensitive)
{
	return (struct wildcard){
		.pattern = pattern,
		.insensitive = insensitive,
		.plain = !pattern.len ||
			 (!memchr(pattern.data, '*', pattern.len) &&
			  !memchr(pattern.data, '?', pattern.len)),
	};
}

/* Bytes of the character at an offset; a byte that is not UTF-8 is one. */
static size_t character(struct str text, size_t at)
{
	size_t len = utf8_length(text.data + at, text.len - at);

	return len ? len : 1;
}

/*
 * Greedy, with one place to come back to: the last star passed. An earlier
 * star never needs another try, since the later one can take up whatever it
 * would have given.
 */
static bool match_stars(const struct wildcard *wildcard, struct str text)
{
	struct str pattern = wildcard->pattern;
	size_t p = 0, t = 0, star = SIZE_MAX, resume = 0;

	while (t < text.len) {
		if (p < pattern.len && pattern.data[p] == '*') {
			star = p++;
			resume = t;
		} else if (p < pattern.len && pattern.data[p] == '?') {
			p++;
			t += character(text, t);
		} else if (p < pattern.len &&
			   same(pattern.data[p], text.data[t],
				wildcard->insensitive)) {
			p++;
			t++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			resume += character(text, resume);
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
	if (!wildcard->plain)
		return match_stars(wildcard, text);
	if (wildcard->insensitive)
		return wildcard_equal_insensitive(wildcard->pattern, text);
	return str_equal(wildcard->pattern, text);
}
