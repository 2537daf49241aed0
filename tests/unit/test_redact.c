/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What redact masks: in texts, across arguments, in every form of an alert; and
 * that a pattern which finds no end masks instead of telling.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <audisp-eql/output.h>

#include "limits.h"
#include "output/redact.h"
#include "util/arena.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct fixture {
	struct arena *arena;
	struct field_table *fields;
	struct redact *redact;
	struct event *event;
	const struct event *events[1];
	struct alert alert;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	fixture->arena = arena_new(0);
	assert_int_equal(field_table_new(&fixture->fields), 0);
	fixture->event = event_new(fixture->arena, FIELD__COUNT);
	fixture->event->host = STR("host");
	fixture->events[0] = fixture->event;
	fixture->alert = (struct alert){
		.kind = ALERT_NOTICE,
		.message = STR("a notice"),
		.host = STR("host"),
		.event_count = 1,
		.events = fixture->events,
	};
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	redact_free(&fixture->redact);
	field_table_free(&fixture->fields);
	arena_free(&fixture->arena);
	free(fixture);
	return 0;
}

static void set_pattern(struct fixture *fixture, const char *pattern)
{
	struct redact_error error;

	redact_free(&fixture->redact);
	assert_int_equal(
		redact_new(str_from(pattern), &error, &fixture->redact), 0);
}

static struct value list_of(struct fixture *fixture, const char *const *texts,
			    size_t count)
{
	struct value *items =
		arena_array(fixture->arena, count, sizeof(*items));

	for (size_t i = 0; i < count; i++)
		items[i] = VALUE_OF_STR(str_from(texts[i]));
	return (struct value){ .type = VALUE_LIST,
			       .list = { .items = items, .count = count } };
}

/* The value of the event as it may be told. */
static const struct value *told(struct fixture *fixture, size_t slot)
{
	struct alert out;

	assert_int_equal(redact_alert(fixture->redact, &fixture->alert,
				      fixture->arena, &out),
			 0);
	return event_value(out.events[0], slot, READING_INVOKED);
}

static void assert_text(struct str text, const char *expected)
{
	if (!str_equal(text, str_from(expected)))
		fail_msg("'%.*s' is not '%s'", STR_ARG(text), expected);
}

static void check_line(struct fixture *fixture, struct str line,
		       const char *expected)
{
	event_set(fixture->event, FIELD_PROCESS_COMMAND_LINE,
		  VALUE_OF_STR(line));
	assert_text(told(fixture, FIELD_PROCESS_COMMAND_LINE)->s, expected);
	/* nothing is done to the engine's own event */
	assert_true(fixture->event->values[FIELD_PROCESS_COMMAND_LINE].s.data ==
		    line.data);
}

static void test_text(void **state)
{
	static const struct {
		const char *pattern, *line, *expected;
	} cases[] = {
		{ "--password=\\S+", "x --password=abc y", "x [redacted] y" },
		{ "--password=\\S+", "x --passwort=abc", "x --passwort=abc" },
		{ "(?<=--password=)\\S+", "x --password=abc y",
		  "x --password=[redacted] y" },
		{ "(?i)token:\\w+", "a TOKEN:1 token:2",
		  "a [redacted] [redacted]" },
		{ "abc", "abcabc", "[redacted]" },
		{ "abc$", "abc\nabc", "abc\n[redacted]" },
		/* the longest of those that begin there */
		{ "a|ab|abc", "abcd", "[redacted]d" },
		/* nothing is no match */
		{ "b*", "abba", "a[redacted]a" },
		{ "b*", "", "" },
		/* a line end hides nothing from a dot */
		{ "-p.*", "-pone\ntwo", "[redacted]" },
		{ ".+", "all of it", "[redacted]" },
		/* bytes that are no characters */
		{ "-p\\S+", "\xff -p\xfe\x80 \xff", "\xff [redacted] \xff" },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		set_pattern(fixture, cases[i].pattern);
		check_line(fixture, str_from(cases[i].line), cases[i].expected);
	}
}

static void check_args(struct fixture *fixture, const char *const *args,
		       const char *const *expected, size_t count)
{
	const struct value *value;

	event_set(fixture->event, FIELD_PROCESS_ARGS,
		  list_of(fixture, args, count));
	value = told(fixture, FIELD_PROCESS_ARGS);
	assert_int_equal(value->type, VALUE_LIST);
	assert_int_equal(value->list.count, count);
	for (size_t i = 0; i < count; i++)
		assert_text(value->list.items[i].s, expected[i]);
}

static void test_arguments(void **state)
{
	static const char *const args[] = { "mysql", "--password", "s3cret", "",
					    "db" };
	static const char *const whole[] = { "mysql", "[redacted]",
					     "[redacted]", "", "db" };
	static const char *const value[] = { "mysql", "--password",
					     "[redacted]", "", "db" };
	struct fixture *fixture = *state;

	set_pattern(fixture, "--password[ =]\\S+");
	check_args(fixture, args, whole, COUNT(args));
	set_pattern(fixture, "(?<=--password )\\S+");
	check_args(fixture, args, value, COUNT(args));
	set_pattern(fixture, "nothing like it");
	check_args(fixture, args, args, COUNT(args));
	/* from one into the next, and the middle of each */
	set_pattern(fixture, "word s3");
	static const char *const across[] = { "mysql", "--pass[redacted]",
					      "[redacted]cret", "", "db" };
	check_args(fixture, args, across, COUNT(args));
}

/* All fields that hold arguments, and none beside them. */
static void test_fields(void **state)
{
	static const enum field_id masked[] = {
		FIELD_AUDITD_DATA_CMD,
		FIELD_PROCESS_COMMAND_LINE,
		FIELD_PROCESS_PARENT_COMMAND_LINE,
		FIELD_PROCESS_ARGS,
		FIELD_PROCESS_PARENT_ARGS,
		FIELD_PROCESS_ENTRY_LEADER_ARGS,
		FIELD_PROCESS_GROUP_LEADER_ARGS,
		FIELD_PROCESS_SESSION_LEADER_ARGS,
		FIELD_PROCESS_ENV_VARS,
	};
	static const enum field_id bare[] = {
		FIELD_FILE_PATH,    FIELD_PROCESS_EXECUTABLE, FIELD_HOST_ID,
		FIELD_CONTAINER_ID, FIELD_USER_NAME,
	};
	struct fixture *fixture = *state;

	set_pattern(fixture, "secret");
	for (size_t i = 0; i < COUNT(masked); i++)
		event_set(fixture->event, masked[i],
			  VALUE_OF_STR(STR("a secret")));
	for (size_t i = 0; i < COUNT(bare); i++)
		event_set(fixture->event, bare[i],
			  VALUE_OF_STR(STR("a secret")));
	for (size_t i = 0; i < COUNT(masked); i++)
		assert_text(told(fixture, masked[i])->s, "a [redacted]");
	for (size_t i = 0; i < COUNT(bare); i++)
		assert_text(told(fixture, bare[i])->s, "a secret");
}

static void test_records(void **state)
{
	static const struct str records[] = {
		STR("type=SYSCALL msg=audit(1.000:2): a0=736563726574"),
		STR("type=EXECVE msg=audit(1.000:2): argc=1 a0=\"secret\""),
		STR("node=type=x type=EXECVE msg=audit(1.000:2): a0=\"secret\""),
		STR("type=PROCTITLE msg=audit(1.000:2): proctitle=736563726574"),
		STR("type=USER_CMD msg=audit(1.000:2): pid=1 cmd=736563726574"),
	};
	static const char *const expected[] = {
		"type=SYSCALL msg=audit(1.000:2): a0=736563726574",
		"type=EXECVE msg=audit(1.000:2): [redacted]",
		"node=type=x type=EXECVE msg=audit(1.000:2): [redacted]",
		"type=PROCTITLE msg=audit(1.000:2): [redacted]",
		"type=USER_CMD msg=audit(1.000:2): [redacted]",
	};
	struct fixture *fixture = *state;
	struct alert out;

	set_pattern(fixture, "secret");
	fixture->event->records = records;
	fixture->event->record_count = COUNT(records);
	assert_int_equal(redact_alert(fixture->redact, &fixture->alert,
				      fixture->arena, &out),
			 0);
	assert_int_equal(out.events[0]->record_count, COUNT(records));
	for (size_t i = 0; i < COUNT(records); i++)
		assert_text(out.events[0]->records[i], expected[i]);
}

static bool has(struct str form, const char *text)
{
	return memmem(form.data, form.len, text, strlen(text));
}

/* The value of a join key alone does not show that it is a secret. */
static void test_forms(void **state)
{
	static const char *const args[] = { "curl", "-u", "s3cret" };
	static const struct str records[] = {
		STR("type=EXECVE msg=audit(1.000:2): argc=3 a0=\"curl\" "
		    "a1=\"-u\" a2=\"s3cret\""),
	};
	static const struct stage_key stage_key = {
		.slot = FIELD_PROCESS_ARGS
	};
	struct stage stage = { .key_count = 1, .keys = &stage_key };
	struct query query = { .key_count = 1,
			       .stage_count = 1,
			       .stages = &stage };
	struct rule rule = { .id = STR("id"),
			     .name = STR("name"),
			     .query = &query };
	struct value key = VALUE_OF_STR(STR("s3cret"));
	struct render_context context = { .version = "0" };
	struct fixture *fixture = *state;
	struct rendered forms;

	set_pattern(fixture, "(?<=-u )\\S+");
	fixture->alert.kind = ALERT_MATCH;
	fixture->alert.rule = &rule;
	fixture->alert.key_count = fixture->alert.tuple_count = 1;
	fixture->alert.keys = &key;
	fixture->event->categories = CATEGORY_PROCESS;
	fixture->event->records = records;
	fixture->event->record_count = COUNT(records);
	event_set(fixture->event, FIELD_PROCESS_ARGS,
		  list_of(fixture, args, COUNT(args)));
	event_set(fixture->event, FIELD_PROCESS_COMMAND_LINE,
		  VALUE_OF_STR(STR("curl -u s3cret")));
	context.fields = fixture->fields;
	for (int pass = 0; pass < 2; pass++) {
		const struct str *each[] = { &forms.json, &forms.text,
					     &forms.cee, &forms.journal };

		assert_int_equal(alert_render(&fixture->alert, &context,
					      fixture->arena, &forms),
				 0);
		for (size_t i = 0; i < COUNT(each); i++) {
			/* without the pattern each of them tells it */
			assert_int_equal(has(*each[i], "s3cret"), !pass);
			assert_int_equal(has(*each[i], "[redacted]"), pass);
		}
		context.redact = fixture->redact;
	}
}

/* A key that is no argument, or where nothing was masked, stays. */
static void test_keys_kept(void **state)
{
	static const struct stage_key by_args = { .slot = FIELD_PROCESS_ARGS };
	static const struct stage_key by_id = { .slot = FIELD_HOST_ID };
	struct stage stage = { .key_count = 1, .keys = &by_id };
	struct query query = { .key_count = 1,
			       .stage_count = 1,
			       .stages = &stage };
	struct rule rule = { .query = &query };
	struct value key = VALUE_OF_STR(STR("kept"));
	struct fixture *fixture = *state;
	struct alert out;

	fixture->alert.rule = &rule;
	fixture->alert.key_count = fixture->alert.tuple_count = 1;
	fixture->alert.keys = &key;
	event_set(fixture->event, FIELD_PROCESS_COMMAND_LINE,
		  VALUE_OF_STR(STR("a secret")));
	set_pattern(fixture, "secret");
	assert_int_equal(redact_alert(fixture->redact, &fixture->alert,
				      fixture->arena, &out),
			 0);
	assert_text(out.keys[0].s, "kept");
	stage.keys = &by_args;
	set_pattern(fixture, "nothing");
	assert_int_equal(redact_alert(fixture->redact, &fixture->alert,
				      fixture->arena, &out),
			 0);
	assert_text(out.keys[0].s, "kept");
	set_pattern(fixture, "secret");
	assert_int_equal(redact_alert(fixture->redact, &fixture->alert,
				      fixture->arena, &out),
			 0);
	assert_text(out.keys[0].s, "[redacted]");
}

/* 64 KiB are matched, a byte more is masked whole. */
static void test_length(void **state)
{
	struct fixture *fixture = *state;
	size_t len = LIMIT_REDACT_TEXT_BYTES;
	char *text = arena_alloc(fixture->arena, len + 1);

	memset(text, 'x', len + 1);
	set_pattern(fixture, "secret");
	event_set(fixture->event, FIELD_PROCESS_COMMAND_LINE,
		  VALUE_OF_STR(((struct str){ text, len })));
	assert_int_equal(told(fixture, FIELD_PROCESS_COMMAND_LINE)->s.len, len);
	check_line(fixture, (struct str){ text, len + 1 }, "[redacted]");
	/* the same of arguments, with the blank between them */
	struct value two[] = {
		VALUE_OF_STR(((struct str){ text, len - 2 })),
		VALUE_OF_STR(((struct str){ text, 1 })),
	};
	struct value list = { .type = VALUE_LIST,
			      .list = { .items = two, .count = 2 } };
	event_set(fixture->event, FIELD_PROCESS_ARGS, list);
	assert_int_equal(told(fixture, FIELD_PROCESS_ARGS)->list.count, 2);
	two[1].s.len = 2;
	assert_int_equal(told(fixture, FIELD_PROCESS_ARGS)->list.count, 1);
	assert_text(told(fixture, FIELD_PROCESS_ARGS)->list.items[0].s,
		    "[redacted]");
}

/* Each of these would take longer than anybody waits; what was not looked at
 * is masked, and what was found before stays as it is. */
static void test_limits(void **state)
{
	static const char *const patterns[] = {
		"x+=y", "(x+)+=y", "(x|xx|xxx)*=y", "(?=x*=)x+y", "(x(?1)?x)=y",
	};
	struct fixture *fixture = *state;
	const struct value *line, *parent;

	for (size_t i = 0; i < COUNT(patterns); i++) {
		char *text = arena_alloc(fixture->arena, 60000);

		memset(text, 'x', 60000);
		memcpy(text, "-a -b ", 6);
		/* or PCRE2 sees at once that there is none */
		text[59999] = 'y';
		set_pattern(fixture, patterns[i]);
		event_set(fixture->event, FIELD_PROCESS_COMMAND_LINE,
			  VALUE_OF_STR(((struct str){ text, 60000 })));
		event_set(fixture->event, FIELD_PROCESS_PARENT_COMMAND_LINE,
			  VALUE_OF_STR(((struct str){ text, 60000 })));
		line = told(fixture, FIELD_PROCESS_COMMAND_LINE);
		assert_in_range(line->s.len, 10, 59999);
		assert_true(str_begins(line->s, STR("-a -b ")));
		assert_memory_equal(line->s.data + line->s.len - 10,
				    "[redacted]", 10);
		/* the time is that of the alert */
		parent = told(fixture, FIELD_PROCESS_PARENT_COMMAND_LINE);
		assert_in_range(parent->s.len, 10, 59999);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *pattern;
		size_t at;
		const char *why;
	} cases[] = {
		{ "a(b", 3, "missing closing parenthesis" },
		{ "*a", 0, "quantifier does not follow" },
		{ "(a)\\1", 0, "back references" },
		{ "ab\\Kc", 2, "\\K does not run" },
		{ "(*UTF)a", 0, "(*...)" },
		{ "a(*SKIP)", 1, "(*...)" },
	};
	struct redact *redact = NULL;
	struct redact_error error;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(
			redact_new(str_from(cases[i].pattern), &error, &redact),
			REDACT_E_PATTERN);
		assert_null(redact);
		assert_int_equal(error.at, cases[i].at);
		assert_non_null(strstr(error.why, cases[i].why));
	}
	/* an escaped backslash before a K */
	assert_int_equal(redact_new(STR("\\\\K"), &error, &redact), 0);
	redact_free(&redact);
	assert_null(redact);
	redact_free(&redact);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_text),    TEST(test_arguments), TEST(test_fields),
		TEST(test_records), TEST(test_forms),	  TEST(test_keys_kept),
		TEST(test_length),  TEST(test_limits),	  TEST(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
