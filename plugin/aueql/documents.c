/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "documents.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../limits.h"

static int take_bad(struct documents *documents)
{
	documents->bad++;
	if (documents->on_bad)
		documents->on_bad(documents->user, documents->line);
	return 0;
}

static bool is_blank(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!memchr(" \t\r", text.data[i], 3))
			return false;
	return true;
}

static int take_line(struct documents *documents, struct str text)
{
	struct event *event;
	int rc;

	documents->line++;
	if (is_blank(text))
		return 0;
	if (documents->reset)
		arena_reset(documents->arena);
	rc = ecs_parse(&documents->reader, text, documents->arena, &event);
	if (rc == ECS_E_INVALID)
		return take_bad(documents);
	if (rc)
		return rc;
	documents->count++;
	return documents->on_event(documents->user, event);
}

static int take_text(struct documents *documents)
{
	bool cut = documents->cut;
	int rc;

	documents->cut = false;
	if (!cut) {
		rc = take_line(documents, strbuf_str(&documents->text));
	} else {
		documents->line++;
		snprintf(documents->reader.error,
			 sizeof(documents->reader.error),
			 "the document is too long");
		rc = take_bad(documents);
	}
	strbuf_reset(&documents->text);
	return rc;
}

static size_t limit_of(const struct documents *documents)
{
	return documents->max ? documents->max : LIMIT_DOCUMENT_BYTES;
}

/* Keeps a part of a line whose end is still to come. 0 or -ENOMEM. */
static int keep(struct documents *documents, struct str part)
{
	if (documents->cut)
		return 0;
	documents->cut = documents->text.len + part.len > limit_of(documents);
	if (!documents->cut)
		strbuf_add_str(&documents->text, part);
	return documents->text.failed ? -ENOMEM : 0;
}

int documents_feed(struct documents *documents, const char *data, size_t len)
{
	const char *end = data + len;
	int rc = 0;

	while (data < end && !rc) {
		size_t left = (size_t)(end - data);
		const char *newline = memchr(data, '\n', left);
		struct str part = { data,
				    newline ? (size_t)(newline - data) : left };

		data += part.len + 1;
		if (newline && !documents->text.len && !documents->cut &&
		    part.len <= limit_of(documents)) {
			rc = take_line(documents, part);
			continue;
		}
		rc = keep(documents, part);
		if (!rc && newline)
			rc = take_text(documents);
	}
	return rc;
}

int documents_end(struct documents *documents)
{
	int rc = 0;

	if (documents->text.len || documents->cut)
		rc = take_text(documents);
	documents->line = 0;
	return rc;
}

void documents_close(struct documents *documents)
{
	strbuf_free(&documents->text);
}
