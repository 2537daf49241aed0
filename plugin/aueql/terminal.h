/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What may be written to whoever reads: colours, and which characters. */
#ifndef AUDISP_EQL_AUEQL_TERMINAL_H
#define AUDISP_EQL_AUEQL_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

#include "../util/color.h"

/*
 * Whether colours go to this stream: it is a terminal that has them, and
 * NO_COLOR (no-color.org) is not set.
 */
bool terminal_colors(FILE *stream);
/* A word of ours on standard output, in so many columns, with blanks behind it;
 * in a colour where colours go there. */
void terminal_word(enum color color, const char *word, int columns);
/* Whether the locale's characters are UTF-8. */
bool terminal_utf8(void);

#endif
