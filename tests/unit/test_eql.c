/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Queries: what compiles, what is refused and where, what holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "eql/eql.h"
#include "eql/pred.h"

struct fixture {
	struct arena *arena;
	struct field_table *fields;
	struct eql_error error;
	const struct query *query;
};

static int set_up(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){ .arena = arena_new(0) };
	assert_non_null(fixture.arena);
	assert_int_equal(field_table_new(&fixture.fields), 0);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	field_table_free(&fixture->fields);
	arena_free(&fixture->arena);
	return 0;
}

static int compile(struct fixture *fixture, const char *text)
{
	struct eql_options options = {
		.arena = fixture->arena,
		.fields = fixture->fields,
		.live = true,
	};

	return eql_compile(&options, str_from(text), &fixture->query,
			   &fixture->error);
}

static void test_refused(void **state)
{
	/* '^' stands before the byte the complaint points at */
	static const struct {
		int code;
		const char *query;
	} cases[] = {
		{ EQL_E_INVALID, "process where a ^= 1" },
		{ EQL_E_INVALID, "process where a == ^'x'" },
		{ EQL_E_INVALID, "process where ^\"open" },
		{ EQL_E_INVALID, "process where a == \"^\\q\"" },
		{ EQL_E_INVALID, "process where a == ^b" },
		{ EQL_E_INVALID, "process where a < 1 ^< 2" },
		{ EQL_E_INVALID, "process where a^[0] == 1" },
		{ EQL_E_INVALID, "process where ^nosuch(a)" },
		{ EQL_E_INVALID, "process where a : ^5" },
		{ EQL_E_INVALID, "process where ^5" },
		{ EQL_E_INVALID, "process where ^process.pid" },
		{ EQL_E_INVALID, "process where process.pid == ^\"x\"" },
		{ EQL_E_INVALID, "process where a == 1 ^)" },
		{ EQL_E_INVALID, "process where cidrMatch(a, ^\"x\")" },
		{ EQL_E_INVALID, "process where a not ^like \"x\"" },
		{ EQL_E_INVALID, "^sequence [any where true]" },
		{ EQL_E_INVALID,
		  "sequence with maxspan=^0s [any where true] [any where true]" },
		{ EQL_E_INVALID,
		  "sequence with maxspan=1^x [any where true] [any where true]" },
		{ EQL_E_INVALID,
		  "sequence with maxspan=1s ^by a [any where true] [any where "
		  "true]" },
		{ EQL_E_INVALID,
		  "sequence [any where true] by a [^any where true]" },
		{ EQL_E_INVALID, "^join [any where true] [any where true]" },
		{ EQL_E_UNSUPPORTED, "process where a ^regex \"x\"" },
		{ EQL_E_UNSUPPORTED, "process where ^length(a) == 1" },
		{ EQL_E_UNSUPPORTED, "process where a ^+ 1 == 2" },
		{ EQL_E_UNSUPPORTED, "process where true | ^head 1" },
		{ EQL_E_UNSUPPORTED,
		  "^sample by a [any where true] [any where true]" },
		{ EQL_E_UNSUPPORTED,
		  "sequence with maxspan=1s [any where true] ![^any where "
		  "true]" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[256];
		const char *mark = strchr(cases[i].query, '^');
		size_t at = (size_t)(mark - cases[i].query);

		memcpy(text, cases[i].query, at);
		strcpy(text + at, mark + 1);
		if (compile(*state, text) != cases[i].code ||
		    ((struct fixture *)*state)->error.offset != at)
			fail_msg("%s: at %zu", cases[i].query,
				 ((struct fixture *)*state)->error.offset);
	}
}

static void test_nesting(void **state)
{
	char text[4096] = "any where ";

	for (int i = 0; i < 150; i++)
		strcat(text, "not (");
	strcat(text, "a == 1");
	for (int i = 0; i < 150; i++)
		strcat(text, ")");
	assert_int_equal(compile(*state, text), EQL_E_INVALID);
}

static struct event *sample(struct fixture *fixture)
{
	static struct value list[] = {
		{ .type = VALUE_STRING, .s = { "x", 1 } },
		{ .type = VALUE_STRING, .s = { "Yy", 2 } },
	};
	struct event *event =
		event_new(fixture->arena, field_table_count(fixture->fields));
	struct value ip = { .type = VALUE_IP };

	assert_non_null(event);
	assert_int_equal(ip_parse(STR("10.1.2.3"), &ip.ip), 0);
	event_set(event, FIELD_PROCESS_NAME, VALUE_OF_STR(STR("Cmd.exe")));
	event->resolved[READING_PROCESS_NAME] = VALUE_OF_STR(STR("real-5"));
	event_set(event, FIELD_PROCESS_PID, VALUE_OF_INT(5));
	event_set(event, FIELD_DESTINATION_IP, ip);
	event_set(event, FIELD_PROCESS_ARGS,
		  (struct value){ .type = VALUE_LIST, .list = { list, 2 } });
	return event;
}

static void test_holds(void **state)
{
	static const struct {
		bool holds;
		const char *condition;
	} cases[] = {
		{ false, "process.name == \"cmd.exe\"" },
		{ true, "process.name : \"cmd.exe\"" },
		{ true, "process.name like \"Cmd.e*\"" },
		{ false, "process.name like \"cmd*\"" },
		{ true, "process.name like~ (\"a\", \"cmd.ex?\")" },
		{ false, "process.name like \"Cmd.exe?\"" },
		{ true, "process.name in~ (\"cmd.exe\")" },
		{ false, "process.name == \"Cmd*\"" },
		{ true, "process.args == \"x\"" },
		{ false, "process.args != \"x\"" },
		{ true, "process.args == \"x\" and process.args : \"yy\"" },
		{ true, "process.pid > 4.5 and process.pid <= 5" },
		{ true, "5 == process.pid" },
		{ false, "missing == \"a\"" },
		{ true, "missing != \"a\"" },
		{ true, "not missing in (\"a\", null)" },
		{ true, "not missing > 1" },
		{ true, "missing == null and process.name != null" },
		{ true, "cidrMatch(destination.ip, \"10.0.0.0/8\")" },
		{ true,
		  "not cidrmatch(destination.ip, \"::1\", \"11.0.0.0/8\")" },
		{ true, "not cidrmatch(missing, \"10.0.0.0/8\")" },
		{ true, "destination.ip == \"10.1.0.0/16\"" },
		{ false, "null" },
		{ false, "not null" },
		{ true, "1 == 1 or null" },
		{ true, "true and not false" },
		{ true, "process.name == \"\"\"Cmd.exe\"\"\" // end" },
		{ true, "`process`.name == \"\\u{43}md.exe\" /* c /* d */ */" },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct strbuf text = STRBUF_INIT(0), once = STRBUF_INIT(0),
			      twice = STRBUF_INIT(0);

		strbuf_printf(&text, "any where %s%c", cases[i].condition, 0);
		assert_int_equal(compile(fixture, text.data), 0);
		if (pred_eval(fixture->query->stages[0].condition,
			      sample(fixture),
			      READING_INVOKED) != cases[i].holds)
			fail_msg("%s", cases[i].condition);
		/* what is printed compiles to what prints the same */
		eql_print(fixture->query, fixture->fields, &once);
		strbuf_add_char(&once, '\0');
		assert_int_equal(compile(fixture, once.data), 0);
		eql_print(fixture->query, fixture->fields, &twice);
		strbuf_add_char(&twice, '\0');
		assert_string_equal(once.data, twice.data);
		strbuf_free(&text);
		strbuf_free(&once);
		strbuf_free(&twice);
	}
}

static void test_readings(void **state)
{
	struct fixture *fixture = *state;
	const struct pred *pred;

	assert_int_equal(
		compile(fixture, "any where process.name == \"real-5\""), 0);
	assert_true(fixture->query->stages[0].uses_readings);
	pred = fixture->query->stages[0].condition;
	assert_false(pred_eval(pred, sample(fixture), READING_INVOKED));
	assert_true(pred_eval(pred, sample(fixture), READING_RESOLVED));
}

static void test_sequence(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(compile(fixture,
				 "sequence by host.id with maxspan=90s\n"
				 "[any where true] by a with runs=3\n"
				 "[file where true] by b\n"
				 "until [any where false] by c"),
			 0);
	assert_int_equal(fixture->query->stage_count, 4);
	assert_int_equal(fixture->query->key_count, 2);
	assert_int_equal(fixture->query->maxspan_ns, 90 * NSEC_PER_SEC);
	assert_int_equal(fixture->query->stages[0].keys[0].slot, FIELD_HOST_ID);
	assert_int_equal(fixture->query->stages[3].category_bit, CATEGORY_FILE);
	assert_non_null(fixture->query->until);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_refused, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_nesting, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_holds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_readings, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_sequence, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
