/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sequences: windows, keys, order, late attempts, memory, repeats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <audisp-eql/engine.h>

#include "eql/eql.h"
#include "util/arena.h"

struct fixture {
	struct arena *arena;
	struct field_table *fields;
	struct rule rule;
	const struct rule *rules[1];
	struct ruleset set;
	struct engine *engine;
	struct engine_config config;
	uint64_t serial;
	char matches[4096]; /* serials of each alert, as "1-2-3 " */
	unsigned int repeats;
};

static void on_alert(void *user, const struct alert *alert)
{
	struct fixture *fixture = user;
	size_t len = strlen(fixture->matches);

	if (alert->kind != ALERT_MATCH) {
		fixture->repeats += (unsigned int)alert->suppressed;
		return;
	}
	for (size_t i = 0; i < alert->event_count; i++)
		len += (size_t)snprintf(
			fixture->matches + len, sizeof(fixture->matches) - len,
			"%s%llu", i ? "-" : "",
			(unsigned long long)alert->events[i]->serial);
	snprintf(fixture->matches + len, sizeof(fixture->matches) - len, " ");
}

/* An engine with one query; suppress 0 unless changed before. */
static void begin(struct fixture *fixture, const char *query)
{
	struct eql_error error;
	struct eql_options options;

	fixture->arena = arena_new(0);
	assert_int_equal(field_table_new(&fixture->fields), 0);
	options = (struct eql_options){ .arena = fixture->arena,
					.fields = fixture->fields };
	assert_int_equal(eql_compile(&options, str_from(query),
				     &fixture->rule.query, &error),
			 0);
	fixture->rule.id = STR("r");
	fixture->rule.from_ns = 360 * NSEC_PER_SEC;
	fixture->rule.suppress_ns = -1;
	fixture->rules[0] = &fixture->rule;
	fixture->set = (struct ruleset){ .fields = fixture->fields,
					 .rule_count = 1,
					 .rules = fixture->rules };
	fixture->config.rules = &fixture->set;
	if (!fixture->config.memcap)
		fixture->config.memcap = 1 << 20;
	fixture->config.lateness_ns = 300 * NSEC_PER_SEC;
	fixture->config.on_alert = on_alert;
	fixture->config.user = fixture;
	assert_int_equal(engine_new(&fixture->config, &fixture->engine), 0);
}

static void end(struct fixture *fixture)
{
	engine_free(&fixture->engine);
	field_table_free(&fixture->fields);
	arena_free(&fixture->arena);
}

/* An event: process.name is what the queries ask for, args are keys. */
static void put(struct fixture *fixture, int64_t ms, const char *name,
		const char *keys, bool attempt)
{
	struct arena *arena = arena_new(0);
	struct event *event =
		event_new(arena, field_table_count(fixture->fields));
	struct value *items =
		arena_array(arena, strlen(keys) + 1, sizeof(*items));

	for (size_t i = 0; keys[i]; i++)
		items[i] = VALUE_OF_STR(((struct str){ &keys[i], 1 }));
	event->time_ns = (1000000 + ms) * NSEC_PER_MSEC;
	event->serial = ++fixture->serial;
	event->host = STR("h");
	event->categories = CATEGORY_PROCESS;
	event->flags = attempt ? EVENT_ATTEMPT : 0;
	event_set(event, FIELD_PROCESS_NAME, VALUE_OF_STR(str_from(name)));
	event_set(event, FIELD_PROCESS_ARGS,
		  (struct value){ .type = VALUE_LIST,
				  .list = { items, strlen(keys) } });
	assert_int_equal(engine_process(fixture->engine, event), 0);
	arena_free(&arena);
}

#define AB \
	"sequence by process.args with maxspan=60s " \
	"[process where process.name == \"a\"] " \
	"[process where process.name == \"b\"]"

static void expect(struct fixture *fixture, const char *matches)
{
	assert_int_equal(engine_finish(fixture->engine), 0);
	assert_string_equal(fixture->matches, matches);
	end(fixture);
}

static void test_window(void **state)
{
	struct fixture in = { 0 }, out = { 0 };

	(void)state;
	begin(&in, AB);
	put(&in, 0, "a", "k", false);
	put(&in, 60000, "b", "k", false);
	expect(&in, "1-2 ");
	begin(&out, AB);
	put(&out, 0, "a", "k", false);
	put(&out, 60001, "b", "k", false);
	expect(&out, "");
}

static void test_keys(void **state)
{
	struct fixture fixture = { 0 };

	(void)state;
	begin(&fixture, AB);
	put(&fixture, 0, "a", "xyz", false);
	put(&fixture, 1, "b", "q", false); /* another key */
	put(&fixture, 2, "b", "", false); /* no key */
	put(&fixture, 3, "b", "y", false);
	put(&fixture, 4, "b", "y", false); /* consumed */
	put(&fixture, 5, "b", "zx", false); /* two keys, one alert */
	expect(&fixture, "1-4 1-6 ");
}

static void test_newest(void **state)
{
	struct fixture fixture = { 0 };

	(void)state;
	begin(&fixture, AB);
	put(&fixture, 0, "a", "k", false);
	put(&fixture, 1, "a", "k", false);
	put(&fixture, 2, "b", "k", false);
	put(&fixture, 3, "b", "k", false);
	expect(&fixture, "2-3 ");
}

static void test_same_event(void **state)
{
	struct fixture fixture = { 0 };

	(void)state;
	begin(&fixture, "sequence with maxspan=1s [process where true] "
			"[process where true]");
	put(&fixture, 0, "a", "", false);
	put(&fixture, 1, "a", "", false);
	put(&fixture, 2, "a", "", false);
	expect(&fixture, "1-2 2-3 ");
}

static void test_until(void **state)
{
	struct fixture fixture = { 0 };

	(void)state;
	begin(&fixture, AB " until [process where process.name == \"u\"]");
	put(&fixture, 0, "a", "k", false);
	put(&fixture, 1, "u", "j", false); /* another key */
	put(&fixture, 2, "b", "k", false);
	put(&fixture, 3, "a", "k", false);
	put(&fixture, 4, "u", "k", false);
	put(&fixture, 5, "b", "k", false);
	expect(&fixture, "1-3 ");
}

/* A connect that began in the window and ended minutes later. */
static void test_late(void **state)
{
	struct fixture fixture = { 0 };

	(void)state;
	begin(&fixture, AB);
	put(&fixture, 0, "a", "k", false);
	put(&fixture, 130000, "a", "k", false);
	put(&fixture, 131000, "b", "k", false);
	put(&fixture, 59000, "b", "k", true); /* against the superseded one */
	put(&fixture, 61000, "b", "k", true); /* beyond its window */
	expect(&fixture, "2-3 1-4 ");
}

/* What arrives out of order within the hold-back is put in order. */
static void test_order(void **state)
{
	struct fixture fixture = { .config.reorder_ns = 100 * NSEC_PER_MSEC };

	(void)state;
	begin(&fixture, AB);
	put(&fixture, 0, "a", "k", true);
	put(&fixture, 50, "a", "k", true);
	put(&fixture, 20, "b", "k", true);
	expect(&fixture, "1-3 ");
}

static void test_repeats(void **state)
{
	struct fixture fixture = { .config.suppress_ns = 60 * NSEC_PER_SEC };

	(void)state;
	begin(&fixture, "process where process.name == \"a\"");
	for (int i = 0; i < 60; i++)
		put(&fixture, i, "a", "k", false);
	put(&fixture, 70000, "x", "", false);
	put(&fixture, 70001, "a", "k", false); /* a new interval */
	assert_int_equal(engine_finish(fixture.engine), 0);
	engine_close_findings(fixture.engine);
	assert_int_equal(fixture.repeats, 59);
	expect(&fixture, "1 62 ");
}

/* At memcap the oldest go, counted; the newest still match. */
static void test_memcap(void **state)
{
	struct fixture fixture = { .config.memcap = 200000 };
	struct engine_stats stats;

	(void)state;
	begin(&fixture, AB);
	for (int i = 0; i < 1000; i++) {
		char key[2] = { (char)('!' + i % 90), '\0' };

		put(&fixture, i, "a", key, false);
	}
	engine_stats(fixture.engine, &stats);
	assert_true(stats.partials_evicted > 0);
	assert_true(stats.memory <= fixture.config.memcap);
	put(&fixture, 1001, "b", (char[2]){ '!' + 999 % 90, '\0' }, false);
	expect(&fixture, "1000-1001 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_newest),
		cmocka_unit_test(test_until),
		cmocka_unit_test(test_same_event),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_memcap),
		cmocka_unit_test(test_repeats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
