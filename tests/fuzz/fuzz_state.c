/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A state that is damaged, and sealed again: whatever a plugin finds as its
 * own, it refuses or lives with it, within its memory, and what it saves then is
 * a state again.
 *
 * The state is made here, from a log, and the input says how to damage it, so
 * that an input is worth keeping when the format changes. Its first two bytes
 * say how much of the log is fed before, and whether the host boots between;
 * then edits follow: what is done, to how many bytes, two bytes of where, and
 * the bytes that are put there.
 */
#include "state.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>

#include "../unit/makelog.h"
#include "pipeline.h"
#include "target.h"
#include "util/codec.h"
#include "util/hash.h"

#define EVENTS 48
/* fed to one that was loaded */
#define EVENTS_AFTER 8
#define MEMCAP (1U << 20)
/* Its magic and format, then the length of what follows and that's check. */
#define HEAD_BYTES 28U
/* What edits may make of it. */
#define STATE_MAX (256U << 10)

static void on_alert(void *user, const struct alert *alert)
{
	(void)user;
	(void)alert;
}

static struct ruleset *load_rules(void)
{
	char paths[MAKELOG_QUERIES][64];
	const char *list[MAKELOG_QUERIES];
	int fds[MAKELOG_QUERIES];
	const struct ruleset_options options = { .paths = list,
						 .path_count = MAKELOG_QUERIES,
						 .builtins = true };
	struct strbuf text = STRBUF_INIT(0);
	struct ruleset *rules;

	for (size_t i = 0; i < MAKELOG_QUERIES; i++) {
		strbuf_reset(&text);
		makelog_rule(&text, i);
		fds[i] = target_file((const uint8_t *)text.data, text.len);
		snprintf(paths[i], sizeof(paths[i]), "/proc/self/fd/%d",
			 fds[i]);
		list[i] = paths[i];
	}
	require(!ruleset_load(&options, &rules) && !rules->error_count);
	for (size_t i = 0; i < MAKELOG_QUERIES; i++)
		close(fds[i]);
	strbuf_free(&text);
	return rules;
}

static struct pipeline *open_pipeline(void)
{
	static struct ruleset *rules;
	struct pipeline *pipeline = NULL;
	struct pipeline_config config = {
		.host_id = STR("host"),
		.memcap = MEMCAP,
		.reorder_ns = 100 * NSEC_PER_MSEC,
		.lateness_ns = 300 * NSEC_PER_SEC,
		.suppress_ns = 60 * NSEC_PER_SEC,
		.on_alert = on_alert,
	};

	if (!rules)
		rules = load_rules();
	config.rules = rules;
	require(!pipeline_new(&config, &pipeline));
	return pipeline;
}

static void feed(struct pipeline *pipeline, size_t from, size_t to)
{
	struct strbuf text = STRBUF_INIT(0);

	for (size_t i = from; i < to; i++)
		makelog_event(&text, i);
	require(!pipeline_feed(pipeline, text.data ? text.data : "", text.len));
	strbuf_free(&text);
}

/* --- bytes ---------------------------------------------------------------- */

static void save(struct pipeline *pipeline, struct strbuf *out)
{
	const struct state state = { .boot_id = STR("boot"),
				     .host_id = STR("host") };
	static struct state_out written;
	static int fd = -1;
	struct engine_stats stats;
	struct str bytes = { 0 };

	if (fd < 0)
		fd = target_file((const uint8_t *)"", 0);
	state_begin(&written, fd, &state);
	require(!pipeline_save(pipeline, &written.tables));
	require(!state_seal(&written) && !state_map(fd, &bytes));
	strbuf_reset(out);
	strbuf_add_str(out, bytes);
	state_unmap(&bytes);
	require(!out->failed);
	engine_stats(pipeline_engine(pipeline), &stats);
	require(stats.memory <= MEMCAP);
}

/* An unsigned number of the input, which ends in zeros. */
static size_t take(const uint8_t **data, size_t *size, size_t bytes)
{
	size_t number = 0;

	for (; bytes; bytes--) {
		number = number << 8 | (*size ? **data : 0);
		*data += *size != 0;
		*size -= *size != 0;
	}
	return number;
}

static void replace(struct strbuf *text, size_t at, size_t old,
		    const void *bytes, size_t len)
{
	struct strbuf out = STRBUF_INIT(0);

	strbuf_add(&out, text->data, at);
	strbuf_add(&out, bytes, len);
	strbuf_add(&out, text->data + at + old, text->len - at - old);
	require(!out.failed);
	strbuf_free(text);
	*text = out;
}

static void edit(struct strbuf *text, const uint8_t **data, size_t *size)
{
	size_t what = take(data, size, 1), len = take(data, size, 1);
	size_t at = take(data, size, 2) % (text->len + 1);
	size_t left = text->len - at, given = len < *size ? len : *size;
	size_t old = len < left ? len : left;

	if (what % 4 == 0) /* over what is there */
		replace(text, at, given < left ? given : left, *data, given);
	else if (what % 4 == 1)
		replace(text, at, 0, *data, given);
	else if (what % 4 == 2)
		replace(text, at, old, "", 0);
	else if (text->len + old < STATE_MAX) /* once more */
		replace(text, at, 0, text->data + at, old);
	*data += what % 4 < 2 ? given : 0;
	*size -= what % 4 < 2 ? given : 0;
}

/* The head says that it is whole; what is shorter is no state. */
static void seal(struct strbuf *text)
{
	uint64_t numbers[2];

	if (text->len < HEAD_BYTES)
		return;
	numbers[0] = htole64(text->len - HEAD_BYTES);
	numbers[1] = htole64(
		hash_check(text->data + HEAD_BYTES, text->len - HEAD_BYTES));
	memcpy(text->data + HEAD_BYTES - sizeof(numbers), numbers,
	       sizeof(numbers));
}

/* --- a life --------------------------------------------------------------- */

/* False = it is refused. */
static bool load(struct pipeline *pipeline, struct str bytes, bool booted)
{
	struct reader reader;
	struct state state;
	int rc = state_parse(bytes, &state);

	require(rc == 0 || rc == STATE_E_DAMAGED || rc == STATE_E_FORMAT);
	if (rc)
		return false;
	reader = reader_of(state.tables);
	rc = pipeline_load(pipeline, &reader, booted);
	require(rc == 0 || rc == -EBADMSG);
	return !rc;
}

/* What a loaded one saves is loaded by the next, and saved alike. */
static void live_on(struct pipeline *pipeline, size_t fed)
{
	struct strbuf once = STRBUF_INIT(0), again = STRBUF_INIT(0);
	struct pipeline *next = open_pipeline();

	save(pipeline, &once);
	require(load(next, strbuf_str(&once), false));
	save(next, &again);
	require(once.len == again.len);
	pipeline_free(&next);
	feed(pipeline, fed, fed + EVENTS_AFTER);
	require(!pipeline_finish(pipeline));
	strbuf_free(&once);
	strbuf_free(&again);
}

/* The state after so many events. */
static struct str state_after(size_t fed)
{
	static struct strbuf states[EVENTS + 1];
	struct strbuf *state = &states[fed];
	struct pipeline *pipeline;

	if (state->len)
		return strbuf_str(state);
	pipeline = open_pipeline();
	feed(pipeline, 0, fed);
	save(pipeline, state);
	pipeline_free(&pipeline);
	return strbuf_str(state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t fed = take(&data, &size, 1) % (EVENTS + 1);
	bool booted = take(&data, &size, 1) & 1, whole = !size;
	struct pipeline *pipeline = open_pipeline();
	struct strbuf text = STRBUF_INIT(0);

	strbuf_add_str(&text, state_after(fed));
	while (size)
		edit(&text, &data, &size);
	seal(&text);
	if (load(pipeline, strbuf_str(&text), booted))
		live_on(pipeline, fed);
	else
		require(!whole);
	pipeline_free(&pipeline);
	strbuf_free(&text);
	return 0;
}
