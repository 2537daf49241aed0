/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "color.h"

/* The eight colours every terminal has, so that its own theme decides. */
static const char *const sequences[] = {
	[COLOR_NONE] = "",
	[COLOR_STRONG] = "\033[1m",
	[COLOR_FAINT] = "\033[2m",
	[COLOR_GOOD] = "\033[32m",
	[COLOR_WARNING] = "\033[33m",
	[COLOR_BAD] = "\033[1;31m",
	[COLOR_FILE] = "\033[36m",
	[COLOR_ADDRESS] = "\033[35m",
};

void color_begin(struct strbuf *out, bool on, enum color color)
{
	if (on && color != COLOR_NONE)
		strbuf_add_str(out, str_from(sequences[color]));
}

void color_end(struct strbuf *out, bool on, enum color color)
{
	if (on && color != COLOR_NONE)
		strbuf_add_str(out, STR("\033[0m"));
}

void color_add(struct strbuf *out, bool on, enum color color, struct str text)
{
	color_begin(out, on, color);
	strbuf_add_str(out, text);
	color_end(out, on, color);
}
