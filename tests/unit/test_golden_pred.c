/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The golden cases: every predicate case gives what it should, every query of
 * every kind compiles (or is refused where that is expected), and what a
 * compiled query prints compiles to what prints the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "aueql/ecs.h"
#include "eql/eql.h"
#include "eql/pred.h"

struct golden {
	const char *kind, *query;
	struct json_object *events, *expect;
	struct field_table *fields;
	struct arena *arena;
};

static struct json_object *load(void)
{
	const char *srcdir = getenv("srcdir");
	char path[4096];
	struct json_object *cases;

	snprintf(path, sizeof(path), "%s/tests/cases/eql-golden.json",
		 srcdir ? srcdir : ".");
	cases = json_object_from_file(path);
	assert_non_null(cases);
	assert_true(json_object_is_type(cases, json_type_array));
	return cases;
}

static void add_types(struct field_table *fields, struct json_object *types)
{
	if (!types)
		return;
	json_object_object_foreach(types, name, value)
	{
		const char *type = json_object_get_string(value);

		assert_true(field_table_add(fields, str_from(name),
					    !strcmp(type, "ip") ? FIELD_IP
					    : !strcmp(type, "date")
						    ? FIELD_DATE
						    : FIELD_VERSION) >= 0);
	}
}

static void golden_open(struct golden *golden, struct json_object *json)
{
	golden->kind =
		json_object_get_string(json_object_object_get(json, "kind"));
	golden->query =
		json_object_get_string(json_object_object_get(json, "query"));
	golden->events = json_object_object_get(json, "events");
	golden->expect = json_object_object_get(json, "expect");
	golden->arena = arena_new(0);
	assert_int_equal(field_table_new(&golden->fields), 0);
	add_types(golden->fields, json_object_object_get(json, "types"));
}

static void golden_close(struct golden *golden)
{
	field_table_free(&golden->fields);
	arena_free(&golden->arena);
}

static bool expects_error(const struct golden *golden)
{
	return json_object_is_type(golden->expect, json_type_string);
}

static int compile(const struct golden *golden, struct str text,
		   const struct query **out)
{
	struct eql_options options = { .arena = golden->arena,
				       .fields = golden->fields };
	struct eql_error error = { 0 };
	int rc = eql_compile(&options, text, out, &error);

	if (rc && !expects_error(golden))
		print_message("%s\nat %zu: %.*s\n", golden->query, error.offset,
			      STR_ARG(error.message));
	return rc;
}

static size_t check_predicate(const struct golden *golden)
{
	struct ecs_reader reader = { .fields = golden->fields };
	struct pred_context context = { .scratch = golden->arena };
	const struct query *query;
	struct event *event;
	bool found, expected = json_object_is_type(golden->expect,
						   json_type_array) &&
			       json_object_array_length(golden->expect) == 1;
	const char *text;

	if (compile(golden, str_from(golden->query), &query))
		return !expects_error(golden);
	text = json_object_to_json_string(
		json_object_array_get_idx(golden->events, 0));
	assert_int_equal(
		ecs_parse(&reader, str_from(text), golden->arena, &event), 0);
	found = pred_eval(query->stages[0].condition, event, READING_INVOKED,
			  &context);
	if (expects_error(golden))
		return context.errors == 0;
	if (found == expected && !context.errors)
		return 0;
	print_message("%s: %d, %llu errors\n", golden->query, found,
		      (unsigned long long)context.errors);
	return 1;
}

static void test_predicates(void **state)
{
	struct json_object *cases = load();
	size_t count = 0, wrong = 0;

	(void)state;
	for (size_t i = 0; i < json_object_array_length(cases); i++) {
		struct golden golden;

		golden_open(&golden, json_object_array_get_idx(cases, i));
		if (!strcmp(golden.kind, "predicate")) {
			wrong += check_predicate(&golden);
			count++;
		}
		golden_close(&golden);
	}
	json_object_put(cases);
	assert_true(count >= 88);
	assert_int_equal(wrong, 0);
}

/* Compiles a query, prints it, and the same with what was printed. */
static void check_print(struct golden *golden)
{
	struct strbuf once = STRBUF_INIT(0), twice = STRBUF_INIT(0);
	const struct query *query;

	if (!strcmp(golden->kind, "predicate") && expects_error(golden)) {
		return;
	}
	if (expects_error(golden)) {
		assert_int_equal(
			compile(golden, str_from(golden->query), &query),
			EQL_E_INVALID);
		return;
	}
	assert_int_equal(compile(golden, str_from(golden->query), &query), 0);
	eql_print(query, golden->fields, &once);
	assert_int_equal(compile(golden, strbuf_str(&once), &query), 0);
	eql_print(query, golden->fields, &twice);
	strbuf_add_char(&once, '\0');
	strbuf_add_char(&twice, '\0');
	assert_string_equal(once.data, twice.data);
	strbuf_free(&once);
	strbuf_free(&twice);
}

static void test_print(void **state)
{
	struct json_object *cases = load();

	(void)state;
	for (size_t i = 0; i < json_object_array_length(cases); i++) {
		struct golden golden;

		golden_open(&golden, json_object_array_get_idx(cases, i));
		check_print(&golden);
		golden_close(&golden);
	}
	json_object_put(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_predicates),
		cmocka_unit_test(test_print),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
