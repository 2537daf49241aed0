/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diag.h"

#include <string.h>

#include "color.h"
#include "json.h"

static const char *const severity_names[] = {
	[DIAG_ERROR] = "error",
	[DIAG_WARNING] = "warning",
	[DIAG_NOTE] = "note",
};

static const enum color severity_colors[] = {
	[DIAG_ERROR] = COLOR_BAD,
	[DIAG_WARNING] = COLOR_WARNING,
	[DIAG_NOTE] = COLOR_STRONG,
};

/* A line of an export is a whole rule: what is longer is shown around the
 * column alone. */
#define SOURCE_MAX 240

/* The bytes to show, and the column in them. */
static struct str source_window(const struct diag *diag, size_t *column)
{
	struct str source = diag->source_line;
	size_t at = diag->column - 1, start;

	*column = diag->column;
	if (source.len <= SOURCE_MAX || at > source.len)
		return source;
	start = at > SOURCE_MAX / 2 ? at - SOURCE_MAX / 2 : 0;
	while (start < at && (source.data[start] & 0xc0) == 0x80)
		start++;
	source.data += start;
	source.len -= start;
	if (source.len > SOURCE_MAX)
		source.len = SOURCE_MAX;
	while (source.len && start + source.len < diag->source_line.len &&
	       (source.data[source.len] & 0xc0) == 0x80)
		source.len--;
	*column -= start;
	return source;
}

/*
 * The source and a caret below its column. What stands before the caret is as
 * wide as it was printed: tabs stay tabs, an escaped byte takes four columns.
 */
static void print_source(const struct diag *diag, bool color,
			 struct strbuf *out)
{
	size_t column, len;
	struct str source = source_window(diag, &column);
	struct strbuf indent = STRBUF_INIT(4 * source.len + 3);

	if (source.data != diag->source_line.data) {
		strbuf_add_str(out, STR("..."));
		strbuf_add_str(&indent, STR("   "));
	}
	for (size_t i = 0; i < source.len; i += len) {
		const char *p = source.data + i;
		size_t start = out->len, width;

		len = utf8_length(p, source.len - i);
		len = len ? len : 1;
		if (*p == '\t')
			strbuf_add_char(out, '\t');
		else
			text_escape_plain(out, (struct str){ p, len });
		width = out->len - start == len ? 1 : out->len - start;
		if (i + len >= column)
			continue;
		strbuf_printf(&indent, "%*s", (int)width,
			      *p == '\t' ? "\t" : "");
	}
	if (source.data + source.len <
	    diag->source_line.data + diag->source_line.len)
		strbuf_add_str(out, STR("..."));
	strbuf_add_char(out, '\n');
	strbuf_add_str(out, strbuf_str(&indent));
	color_add(out, color, severity_colors[diag->severity], STR("^"));
	strbuf_add_char(out, '\n');
	strbuf_free(&indent);
}

/* "file:line:column: ", as far as known. */
static void print_place(const struct diag *diag, struct strbuf *out)
{
	if (diag->file.len) {
		text_escape_plain(out, diag->file);
		strbuf_add_char(out, ':');
	}
	if (diag->line)
		strbuf_printf(out, "%u:", diag->line);
	if (diag->line && diag->column)
		strbuf_printf(out, "%u:", diag->column);
	if (diag->file.len || diag->line)
		strbuf_add_char(out, ' ');
}

void diag_summary(const struct diag *diag, struct strbuf *out)
{
	print_place(diag, out);
	text_escape_plain(out, diag->message);
}

void diag_print(const struct diag *diag, bool color, struct strbuf *out)
{
	print_place(diag, out);
	color_add(out, color, severity_colors[diag->severity],
		  str_from(severity_names[diag->severity]));
	strbuf_add_str(out, STR(": "));
	text_escape_plain(out, diag->message);
	strbuf_add_char(out, '\n');
	if (diag->line && diag->column && diag->source_line.len)
		print_source(diag, color, out);
}

void diag_locate(struct str text, size_t offset, struct diag *diag)
{
	struct str rest = text;
	unsigned int line = 1;
	const char *end;

	if (offset > text.len)
		offset = text.len;
	while (offset && (end = memchr(rest.data, '\n', offset))) {
		size_t passed = (size_t)(end - rest.data) + 1;

		rest = (struct str){ end + 1, rest.len - passed };
		offset -= passed;
		line++;
	}
	diag->line = line;
	diag->column = (unsigned int)offset + 1;
	end = rest.len ? memchr(rest.data, '\n', rest.len) : NULL;
	if (end)
		rest.len = (size_t)(end - rest.data);
	if (rest.len && rest.data[rest.len - 1] == '\r')
		rest.len--;
	diag->source_line = rest;
}
