/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fields that are made when they are asked for are those that were made at once:
 * of every event of all logs each field is asked for by itself, in two orders,
 * and compared with the same event made whole. So a field that stands in the wrong
 * group of later.def, or in none while a group's function sets it, is found, and
 * so is a table that changes between. That alerts stay the same: test_skip.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "normalize/normalize.h"
#include "readlog.h"

enum { WAYS = 3 };

struct run {
	struct normalizer *whole, *ways[WAYS];
	struct arena *arenas[WAYS + 1];
	const char *path;
	unsigned long events, left;
};

static void expect_same(const struct run *run, const struct event *whole,
			const struct event *asked, size_t slot)
{
	for (int i = READING_INVOKED; i <= READING_RESOLVED; i++)
		if (!value_equal(event_value(whole, slot, (enum reading)i),
				 event_value(asked, slot, (enum reading)i)))
			fail_msg("%s:%llu: field %zu differs", run->path,
				 (unsigned long long)whole->serial, slot);
}

/* From the first field to the last, from the last to the first, all at once. */
static void ask(const struct run *run, const struct event *whole,
		const struct event *asked, size_t way)
{
	if (way == 2)
		assert_int_equal(event_complete(asked), 0);
	for (size_t i = 0; i < FIELD__COUNT; i++)
		expect_same(run, whole, asked,
			    way == 1 ? FIELD__COUNT - 1 - i : i);
	assert_int_equal(event_complete(asked), 0);
	/* what is made later changes nothing that was read before */
	for (size_t i = 0; i < FIELD__COUNT; i++)
		expect_same(run, whole, asked, i);
	for (size_t i = 0; i < READING__COUNT; i++)
		assert_true(
			value_equal(&whole->resolved[i], &asked->resolved[i]));
}

static int on_raw(void *user, const struct raw_event *raw)
{
	struct run *run = user;
	struct event *whole, *asked;
	int rc;

	arena_reset(run->arenas[WAYS]);
	rc = normalize_event(run->whole, raw, run->arenas[WAYS], &whole);
	for (size_t i = 0; i < WAYS; i++) {
		int other;

		arena_reset(run->arenas[i]);
		other = normalize_event(run->ways[i], raw, run->arenas[i],
					&asked);
		assert_int_equal(rc > 0, other > 0);
		if (rc)
			continue;
		assert_false(whole->rest && whole->rest->left);
		run->left += asked->rest && asked->rest->left;
		ask(run, whole, asked, i);
	}
	run->events += !rc;
	return rc < 0 ? rc : 0;
}

static struct normalizer *open_normalizer(bool whole)
{
	struct normalizer_config config = {
		.field_count = FIELD__COUNT,
		.memcap = 16U << 20,
		.host_id = STR("localhost"),
		.parse_all = whole,
	};
	struct normalizer *normalizer;

	assert_int_equal(normalizer_new(&config, &normalizer), 0);
	return normalizer;
}

static void run_open(struct run *run)
{
	run->whole = open_normalizer(true);
	for (size_t i = 0; i < WAYS; i++)
		run->ways[i] = open_normalizer(false);
	for (size_t i = 0; i <= WAYS; i++) {
		run->arenas[i] = arena_new(0);
		assert_non_null(run->arenas[i]);
	}
}

static void run_close(struct run *run)
{
	normalizer_free(&run->whole);
	for (size_t i = 0; i < WAYS; i++)
		normalizer_free(&run->ways[i]);
	for (size_t i = 0; i <= WAYS; i++)
		arena_free(&run->arenas[i]);
}

static void run_log(void *user, const char *path)
{
	struct run *run = user;
	size_t len = 0;
	char *data = readlog_file(path, &len);

	assert_non_null(data);
	run->path = path;
	run_open(run);
	assert_int_equal(readlog_events(data, len, on_raw, run), 0);
	run_close(run);
	free(data);
}

static void test_fields(void **state)
{
	struct run run = { 0 };
	size_t logs;

	(void)state;
	logs = readlog_all(run_log, &run);
	print_message("%zu logs, %lu events, %lu times something was left\n",
		      logs, run.events, run.left);
	assert_true(logs > 100);
	assert_int_equal(run.left, WAYS * run.events);
}

/* --- out of memory -------------------------------------------------------- */

/* A field that cannot be made, as no memory is left, is told: by whoever makes
 * all of the event, and by a copy, which there is none of. */
static int starve_on_raw(void *user, const struct raw_event *raw)
{
	struct run *run = user;
	struct event *event;
	size_t size;

	arena_free(&run->arenas[0]);
	run->arenas[0] = arena_new(64U << 10);
	assert_non_null(run->arenas[0]);
	if (normalize_event(run->ways[0], raw, run->arenas[0], &event))
		return 0;
	assert_false(arena_failed(run->arenas[0]));
	while (arena_alloc(run->arenas[0], 1))
		;
	arena_free(&run->arenas[1]);
	run->arenas[1] = arena_new(0);
	assert_null(event_keep(event, &size));
	assert_null(event_copy(event, run->arenas[1]));
	assert_int_equal(event_complete(event), -ENOMEM);
	run->events++;
	return 0;
}

static void test_starved(void **state)
{
	char path[4096];
	struct run run = { 0 };
	size_t len = 0;
	char *data;

	(void)state;
	snprintf(path, sizeof(path), "%s/tests/corpus/argv-long/plugin.log",
		 readlog_srcdir());
	data = readlog_file(path, &len);
	assert_non_null(data);
	run_open(&run);
	assert_int_equal(readlog_events(data, len, starve_on_raw, &run), 0);
	assert_true(run.events > 0);
	run_close(&run);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_starved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
