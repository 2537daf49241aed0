/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_EQL_WILDCARD_H
#define AUDISP_EQL_EQL_WILDCARD_H

#include "../util/arena.h"

enum wildcard_shape {
	WILDCARD_EXACT,
	WILDCARD_PREFIX, /* text* */
	WILDCARD_SUFFIX, /* *text */
	WILDCARD_INFIX, /* *text* */
	WILDCARD_PIECES, /* stars between, no question mark */
	WILDCARD_GENERAL,
};

/* '*' is any run of characters, '?' exactly one; nothing escapes. */
struct wildcard {
	enum wildcard_shape shape;
	struct str text; /* without its stars unless PIECES or GENERAL */
	bool insensitive; /* ASCII letters only; text is in lower case */
	bool one_line; /* '*' and '?' stop at ends of lines, as Java's '.' */
};

/* Sets shape and text; the flags are the caller's. 0 or -ENOMEM. */
int wildcard_make(struct arena *arena, struct str pattern,
		  struct wildcard *wildcard);
/* Whether the whole text matches, in O(pattern * text) at worst. */
bool wildcard_match(const struct wildcard *wildcard, struct str text);

#endif
