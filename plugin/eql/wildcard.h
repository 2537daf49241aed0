/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_EQL_WILDCARD_H
#define AUDISP_EQL_EQL_WILDCARD_H

#include <audisp-eql/event.h>

/* A pattern: '*' is any run of characters, '?' exactly one; nothing escapes. */
struct wildcard {
	struct str pattern;
	bool insensitive; /* ASCII letters only, as Elasticsearch does it */
	bool plain; /* neither star nor question mark: equality */
};

struct wildcard wildcard_compile(struct str pattern, bool insensitive);
/* Whether the whole text matches, in O(pattern * text) at worst. */
bool wildcard_match(const struct wildcard *wildcard, struct str text);
/* Equality that ignores the case of ASCII letters. */
bool wildcard_equal_insensitive(struct str a, struct str b);

#endif
