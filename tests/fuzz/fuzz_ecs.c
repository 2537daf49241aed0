/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a stream of ECS documents: what comes out must not depend on how
 * the stream was cut, each complaint is said of a row, values can be read and
 * kept, and an event written as aueql events does is read as the same.
 */
#include "aueql/documents.h"

#include "limits.h"
#include "output/event_json.h"
#include "target.h"
#include "util/hash.h"

struct run {
	struct documents documents;
	struct field_table *fields;
	struct arena *arena; /* of what is read again */
	struct strbuf text;
	uint64_t digest, rows;
};

static void digest_value(struct run *run, const struct value *value)
{
	static const uint8_t seed[16];

	run->digest = hash_combine(run->digest, value_hash(value, seed));
}

static void write_event(struct run *run, const struct event *event,
			struct strbuf *out)
{
	struct json json;

	strbuf_reset(out);
	json_init(&json, out);
	event_json_document(event, run->fields, &json);
	require(!out->failed && !memchr(out->data, '\n', out->len));
}

/* Written, read again and written. */
static void write_again(struct run *run, struct strbuf *text)
{
	struct ecs_reader reader = { .fields = run->fields };
	struct event *event;

	arena_reset(run->arena);
	require(!ecs_parse(&reader, strbuf_str(text), run->arena, &event));
	write_event(run, event, text);
}

/* From the second time on it is written alike: a byte that is no UTF-8 has
 * become a character then. Dates that no text of ours can be are left out. */
static void check_again(struct run *run, const struct event *event)
{
	struct strbuf again = STRBUF_INIT(0);

	if (event->time_ns < 0)
		return;
	write_event(run, event, &run->text);
	write_again(run, &run->text);
	strbuf_add_str(&again, strbuf_str(&run->text));
	write_again(run, &again);
	require(str_equal(strbuf_str(&run->text), strbuf_str(&again)));
	strbuf_free(&again);
}

static int on_event(void *user, struct event *event)
{
	struct run *run = user;
	struct event *kept;
	size_t size;

	require(event->host.len > 0 && event->document.len > 0);
	kept = event_keep(event, &size);
	require(kept != NULL);
	for (size_t slot = 0; slot < field_table_count(run->fields); slot++) {
		const struct value *value =
			event_value(event, slot, READING_INVOKED);

		digest_value(run, value);
		require(value_equal(value,
				    event_value(kept, slot, READING_INVOKED)));
	}
	event_release(&kept);
	if (run->arena)
		check_again(run, event);
	return 0;
}

static void on_bad(void *user, uint64_t row)
{
	struct run *run = user;

	require(row > run->rows && run->documents.reader.error[0]);
	run->rows = row;
	run->digest = hash_combine(run->digest, row);
}

/* In chunks of 1 to max bytes; 0: as a whole. */
static void run_all(struct run *run, struct str text, size_t max)
{
	struct documents *documents = &run->documents;
	size_t len;

	documents->reader.fields = run->fields;
	documents->arena = arena_new(0);
	documents->reset = true;
	documents->on_event = on_event;
	documents->on_bad = on_bad;
	documents->user = run;
	documents->text = (struct strbuf)STRBUF_INIT(0);
	require(documents->arena != NULL);
	for (size_t at = 0; at < text.len; at += len) {
		len = max ? 1 + at * 2654435761U % max : text.len;
		if (len > text.len - at)
			len = text.len - at;
		require(!documents_feed(documents, text.data + at, len));
	}
	require(!documents_end(documents));
	documents_close(documents);
	arena_free(&documents->arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct run whole = { 0 }, chunks = { 0 };

	require(!field_table_new(&whole.fields));
	/* names that only a rule knows, of each type */
	require(field_table_add(whole.fields, STR("k"), FIELD_KEYWORD) > 0);
	require(field_table_add(whole.fields, STR("v"), FIELD_VERSION) > 0);
	require(field_table_add(whole.fields, STR("d"), FIELD_DOUBLE) > 0);
	require(field_table_add(whole.fields, STR("b"), FIELD_BOOL) > 0);
	require(field_table_add(whole.fields, STR("t"), FIELD_DATE) > 0);
	chunks.fields = whole.fields;
	whole.arena = arena_new(0);
	require(whole.arena != NULL);
	run_all(&whole, text, 0);
	run_all(&chunks, text, 37);
	require(whole.digest == chunks.digest);
	require(whole.documents.count == chunks.documents.count);
	require(whole.documents.bad == chunks.documents.bad);
	arena_free(&whole.arena);
	strbuf_free(&whole.text);
	field_table_free(&whole.fields);
	return 0;
}
