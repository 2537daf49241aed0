/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any document as a picture: as text its lines fit a terminal and hold no
 * control characters; as SVG it is well-formed as far as we write it (tags are
 * ours and balance, all else is escaped), and valid UTF-8.
 */
#include "aueql/timeline.h"

#include <string.h>

#include "aueql/columns.h"
#include "util/arena.h"
#include "target.h"
#include "util/json.h"

static void check_characters(struct str text)
{
	for (size_t i = 0; i < text.len;) {
		size_t len = utf8_length(text.data + i, text.len - i);

		require(len > 0);
		require(len > 1 || text.data[i] == '\n' ||
			(text.data[i] >= 0x20 && text.data[i] != 0x7f));
		i += len;
	}
}

static void check_text(struct str text, bool utf8)
{
	check_characters(text);
	for (size_t i = 0; i < text.len; i++)
		require(utf8 || !(text.data[i] & 0x80));
	while (text.len) {
		const char *end = memchr(text.data, '\n', text.len);
		struct str line = { text.data, (size_t)(end - text.data) };

		require(end != NULL);
		require(columns_of(line) <= 80);
		text.len -= line.len + 1;
		text.data = end + 1;
	}
}

/* Elements nest, and what is no element holds no bracket. */
static void check_svg(struct str text)
{
	const char *open[64];
	size_t depth = 0, lens[64];

	check_characters(text);
	for (const char *p = text.data; p < text.data + text.len; p++) {
		const char *end;
		size_t name;

		require(*p != '>');
		if (*p != '<')
			continue;
		end = memchr(p, '>', (size_t)(text.data + text.len - p));
		require(end != NULL && !memchr(p + 1, '<', (size_t)(end - p)));
		name = strcspn(p + 1, " />");
		if (p[1] == '/') {
			name = (size_t)(end - p) - 2;
			require(depth && lens[depth - 1] == name &&
				!memcmp(open[depth - 1], p + 2, name));
			depth--;
		} else if (end[-1] != '/') {
			require(depth < 64);
			open[depth] = p + 1;
			lens[depth++] = name;
		}
		p = end;
	}
	require(!depth);
}

static void draw(const struct timeline *timeline)
{
	struct strbuf out = STRBUF_INIT(0);

	for (int utf8 = 0; utf8 < 2; utf8++) {
		const struct timeline_look look = { .utf8 = utf8 };

		strbuf_reset(&out);
		timeline_text(timeline, &look, &out);
		check_text(strbuf_str(&out), utf8);
	}
	strbuf_reset(&out);
	timeline_svg(timeline, &out);
	check_svg(strbuf_str(&out));
	require(!out.failed);
	strbuf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* memory of the very size: what reads behind it is seen */
	char *copy = malloc(size + !size);
	struct arena *arena = arena_new(0);
	struct timeline_reader reader;
	struct ecs_reader ecs = { 0 };
	struct ecs_alert alert;
	struct timeline timeline;

	require(copy && arena && !timeline_reader_open(&reader));
	memcpy(copy, data, size);
	ecs.fields = reader.fields;
	if (!ecs_parse_alert(&ecs, (struct str){ copy, size }, arena, &alert)) {
		require(!timeline_make(&reader, &alert, arena, &timeline));
		draw(&timeline);
	}
	timeline_reader_close(&reader);
	arena_free(&arena);
	free(copy);
	return 0;
}
