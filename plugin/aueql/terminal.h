/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What may be written to whoever reads: colours, and which characters. */
#ifndef AUDISP_EQL_AUEQL_TERMINAL_H
#define AUDISP_EQL_AUEQL_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Whether colours go to this stream: it is a terminal that has them, and
 * NO_COLOR (no-color.org) is not set.
 */
bool terminal_colors(FILE *stream);
/* Whether the locale's characters are UTF-8. */
bool terminal_utf8(void);

#endif
