/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_UTIL_COLOR_H
#define AUDISP_EQL_UTIL_COLOR_H

#include "strbuf.h"

/* What a piece of text is to the reader; a terminal shows it as a colour. */
enum color {
	COLOR_NONE,
	COLOR_STRONG,
	COLOR_FAINT,
	COLOR_GOOD,
	COLOR_WARNING,
	COLOR_BAD,
	COLOR_FILE,
	COLOR_ADDRESS,
};

/* Escape sequences around what is added in between; nothing where !on. */
void color_begin(struct strbuf *out, bool on, enum color color);
void color_end(struct strbuf *out, bool on, enum color color);
/* Trusted text, or text that has been made safe, in a colour. */
void color_add(struct strbuf *out, bool on, enum color color, struct str text);

#endif
