/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "terminal.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool terminal_colors(FILE *stream)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (no_color && *no_color)
		return false;
	return term && *term && strcmp(term, "dumb") && isatty(fileno(stream));
}

void terminal_word(enum color color, const char *word, int columns)
{
	struct strbuf out = STRBUF_INIT(0);

	color_add(&out, terminal_colors(stdout), color, str_from(word));
	fwrite(out.data, 1, out.len, stdout);
	printf("%*s", columns - (int)strlen(word), "");
	strbuf_free(&out);
}

bool terminal_utf8(void)
{
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}
