/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diag.h"

#include <string.h>

#include "json.h"

static const char *const severity_names[] = {
	[DIAG_ERROR] = "error",
	[DIAG_WARNING] = "warning",
	[DIAG_NOTE] = "note",
};

/* The source and a caret; what stands before the caret keeps its tabs, and is
 * as wide as it was printed. */
static void print_source(const struct diag *diag, struct strbuf *out)
{
	size_t before = diag->column - 1;

	if (before > diag->source_line.len)
		before = diag->source_line.len;
	for (size_t i = 0; i < diag->source_line.len; i++) {
		struct str rest = { diag->source_line.data + i, 1 };
		size_t len = utf8_length(rest.data, diag->source_line.len - i);

		if (len > 1) {
			rest.len = len;
			i += len - 1;
		}
		if (rest.data[0] == '\t')
			strbuf_add_char(out, '\t');
		else
			text_escape_plain(out, rest);
	}
	strbuf_add_char(out, '\n');
	for (size_t i = 0; i < before; i++) {
		const char *p = diag->source_line.data + i;
		struct strbuf shown = STRBUF_INIT(64);
		size_t len = utf8_length(p, before - i);

		if (*p == '\t') {
			strbuf_add_char(out, '\t');
			continue;
		}
		text_escape_plain(&shown, (struct str){ p, len ? len : 1 });
		if (len > 1)
			strbuf_add_char(out, ' ');
		else
			for (size_t k = 0; k < shown.len; k++)
				strbuf_add_char(out, ' ');
		i += len > 1 ? len - 1 : 0;
		strbuf_free(&shown);
	}
	strbuf_add_str(out, STR("^\n"));
}

void diag_print(const struct diag *diag, struct strbuf *out)
{
	if (diag->file.len) {
		text_escape_plain(out, diag->file);
		strbuf_add_char(out, ':');
	}
	if (diag->line)
		strbuf_printf(out, "%u:%u:", diag->line, diag->column);
	if (diag->file.len || diag->line)
		strbuf_add_char(out, ' ');
	strbuf_printf(out, "%s: ", severity_names[diag->severity]);
	text_escape_plain(out, diag->message);
	strbuf_add_char(out, '\n');
	if (diag->line && diag->column && diag->source_line.data)
		print_source(diag, out);
}

void diag_locate(struct str text, size_t offset, struct diag *diag)
{
	size_t start = 0, end;

	if (offset > text.len)
		offset = text.len;
	diag->line = 1;
	for (size_t i = 0; i < offset; i++) {
		if (text.data[i] == '\n') {
			diag->line++;
			start = i + 1;
		}
	}
	for (end = start; end < text.len; end++)
		if (text.data[end] == '\n' || text.data[end] == '\r')
			break;
	diag->column = (unsigned int)(offset - start) + 1;
	diag->source_line = (struct str){ text.data + start, end - start };
}
