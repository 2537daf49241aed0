/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TOML reader. Cases stand in tests/cases/toml-accept.case (a text, and
 * the tree it makes) and toml-reject.case (a text, and the exact complaint):
 *
 *   === name
 *   text, <0D> stands for that byte
 *   ---
 *   what is expected
 *
 * Trees are printed on one line: "text", 1, 1.5f, true, <date>, [], {}.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "readlog.h"
#include "rules/toml.h"
#include "util/diag.h"
#include "util/json.h"

static void dump(struct strbuf *out, const struct toml_value *value);

static void dump_items(struct strbuf *out, const struct toml_value *value)
{
	const struct toml_value *item = value->items.first;

	for (; item; item = item->next) {
		if (value->type == TOML_TABLE) {
			text_escape(out, item->key);
			strbuf_add_str(out, STR(": "));
		}
		dump(out, item);
		if (item->next)
			strbuf_add_str(out, STR(", "));
	}
}

static void dump(struct strbuf *out, const struct toml_value *value)
{
	switch (value->type) {
	case TOML_STRING:
		strbuf_add_char(out, '"');
		text_escape(out, value->text);
		strbuf_add_char(out, '"');
		break;
	case TOML_INTEGER:
		strbuf_printf(out, "%" PRId64, value->integer);
		break;
	case TOML_FLOAT:
		strbuf_printf(out, "%.17gf", value->number);
		break;
	case TOML_BOOL:
		strbuf_add_str(out,
			       value->boolean ? STR("true") : STR("false"));
		break;
	case TOML_DATE:
		strbuf_printf(out, "<%.*s>", STR_ARG(value->text));
		break;
	case TOML_ARRAY:
	case TOML_TABLE:
		strbuf_add_char(out, value->type == TOML_ARRAY ? '[' : '{');
		dump_items(out, value);
		strbuf_add_char(out, value->type == TOML_ARRAY ? ']' : '}');
		break;
	case TOML_NULL: /* JSON's */
		fail();
	}
}

/* The tree, or "line:column: complaint", of a text. */
static void read_text(struct str text, struct strbuf *out)
{
	struct arena *arena = arena_new(0);
	struct toml_value *root = NULL;
	struct toml_error error = { 0 };
	struct diag at;
	int rc;

	assert_non_null(arena);
	rc = toml_parse(arena, text, &root, &error);
	if (!rc) {
		dump(out, root);
	} else {
		assert_int_equal(rc, TOML_E_SYNTAX);
		assert_null(root);
		diag_locate(text, error.offset, &at);
		strbuf_printf(out, "%u:%u: %.*s", at.line, at.column,
			      STR_ARG(error.message));
	}
	arena_free(&arena);
}

static struct str next_line(struct str *rest)
{
	const char *end = memchr(rest->data, '\n', rest->len);
	struct str line = { rest->data,
			    end ? (size_t)(end - rest->data) : rest->len };

	rest->data += line.len + (end != NULL);
	rest->len -= line.len + (end != NULL);
	return line;
}

static void add_bytes(struct strbuf *out, struct str line)
{
	unsigned int byte;
	int used;

	while (line.len) {
		char hex[5] = { 0 };

		memcpy(hex, line.data, line.len < 4 ? line.len : 4);
		used = 0;
		if (sscanf(hex, "<%2X>%n", &byte, &used) == 1 && used == 4) {
			strbuf_add_char(out, (char)byte);
			line.data += 4;
			line.len -= 4;
		} else {
			strbuf_add_char(out, *line.data++);
			line.len--;
		}
	}
}

static bool starts_with(struct str line, const char *text)
{
	return line.len >= strlen(text) &&
	       !memcmp(line.data, text, strlen(text));
}

/* Runs each case of a file; returns how many there were. */
static size_t run_cases(const char *name)
{
	struct strbuf text = STRBUF_INIT(0), got = STRBUF_INIT(0);
	size_t count = 0, len = 0, bad = 0;
	char path[512], *data;
	struct str rest, line;

	snprintf(path, sizeof(path), "%s/tests/cases/%s", readlog_srcdir(),
		 name);
	data = readlog_file(path, &len);
	assert_non_null(data);
	rest = (struct str){ data, len };
	line = next_line(&rest);
	while (rest.len) {
		struct str title = line, expected;

		if (!starts_with(line, "=== ")) {
			line = next_line(&rest);
			continue;
		}
		strbuf_reset(&text);
		while (line = next_line(&rest), !str_equal(line, STR("---"))) {
			add_bytes(&text, line);
			strbuf_add_char(&text, '\n');
		}
		expected = next_line(&rest);
		line = next_line(&rest);
		strbuf_reset(&got);
		read_text(strbuf_str(&text), &got);
		count++;
		if (str_equal(strbuf_str(&got), expected))
			continue;
		bad++;
		print_error("%.*s\n  expected %.*s\n  got      %.*s\n",
			    STR_ARG(title), STR_ARG(expected),
			    STR_ARG(strbuf_str(&got)));
	}
	strbuf_free(&text);
	strbuf_free(&got);
	free(data);
	assert_int_equal(bad, 0);
	return count;
}

static void test_accept(void **state)
{
	(void)state;
	assert_true(run_cases("toml-accept.case") >= 50);
}

static void test_reject(void **state)
{
	(void)state;
	assert_true(run_cases("toml-reject.case") >= 140);
}

/* Without a newline at the end, and nothing at all. */
static void test_text_ends(void **state)
{
	static const char *const cases[][2] = {
		{ "", "{}" },
		{ "\xef\xbb\xbf", "{}" },
		{ "\xef\xbb\xbf"
		  "a=1",
		  "{a: 1}" },
		{ "#", "{}" },
		{ "a=1", "{a: 1}" },
		{ "[a]", "{a: {}}" },
		{ "a", "1:2: '=' is wanted here" },
		{ "a=", "1:3: a value is wanted here" },
		{ "a=\"", "1:3: this string is not closed" },
		{ "a='''", "1:3: this string is not closed" },
		{ "a='''x'", "1:3: this string is not closed" },
		{ "a='''x''", "1:3: this string is not closed" },
		{ "a=\"\\", "1:4: there is no such escape" },
		{ "a=\"\\u00", "1:4: \\u wants 4 hex digits, \\U 8" },
		{ "a=\"\"\"\\\n", "1:3: this string is not closed" },
		{ "a=[", "1:4: a value is wanted here" },
		{ "a={", "1:4: a key is wanted here" },
		{ "[", "1:2: a key is wanted here" },
		{ "[a", "1:3: ']' is wanted here" },
		{ "[[a]", "1:4: ']]' is wanted here" },
		{ "a=1\r", "1:4: a carriage return without a newline" },
	};
	struct strbuf got = STRBUF_INIT(0);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		strbuf_reset(&got);
		read_text(str_from(cases[i][0]), &got);
		strbuf_add_char(&got, '\0');
		assert_string_equal(got.data, cases[i][1]);
	}
	strbuf_free(&got);
}

/* As many levels as allowed, and one more; by arrays and inline tables. */
static void test_nesting_limit(void **state)
{
	struct strbuf text = STRBUF_INIT(0), got = STRBUF_INIT(0);

	(void)state;
	for (int levels = LIMIT_NESTING; levels <= LIMIT_NESTING + 1;
	     levels++) {
		strbuf_reset(&text);
		strbuf_reset(&got);
		strbuf_add_str(&text, STR("a="));
		for (int i = 0; i < levels; i++)
			strbuf_add_str(&text, i % 2 ? STR("{b=") : STR("["));
		strbuf_add_char(&text, '1');
		for (int i = levels; i-- > 0;)
			strbuf_add_char(&text, i % 2 ? '}' : ']');
		read_text(strbuf_str(&text), &got);
		strbuf_add_char(&got, '\0');
		if (levels == LIMIT_NESTING)
			assert_int_equal(got.data[0], '{');
		else
			assert_string_equal(got.data,
					    "1:403: nested deeper than 200");
	}
	strbuf_free(&text);
	strbuf_free(&got);
}

/* Keys are found by an index: as many again must not cost the square. */
static void test_many_keys(void **state)
{
	struct strbuf text = STRBUF_INIT(0);
	struct arena *arena = arena_new(0);
	struct toml_value *root;
	struct toml_error error;

	(void)state;
	for (int i = 0; i < 100000; i++)
		strbuf_printf(&text, "k%d=%d\n", i, i);
	assert_int_equal(toml_parse(arena, strbuf_str(&text), &root, &error),
			 0);
	assert_int_equal(root->items.count, 100000);
	assert_int_equal(toml_get(root, "k99999")->integer, 99999);
	assert_null(toml_get(root, "k100000"));
	arena_free(&arena);
	strbuf_free(&text);
}

/* Each "@" of the decoded string stands where source has one, too. */
static void check_source(const char *text)
{
	struct str all = str_from(text);
	struct arena *arena = arena_new(0);
	const struct toml_value *string;
	struct toml_value *root;
	struct toml_error error;
	const char *mark = text;
	size_t found = 0;

	assert_int_equal(toml_parse(arena, all, &root, &error), 0);
	string = toml_get(root, "q");
	for (size_t i = 0; i < string->text.len; i++) {
		if (string->text.data[i] != '@')
			continue;
		mark = strchr(mark, '@');
		assert_non_null(mark);
		assert_int_equal(toml_source(all, string, i), mark - text);
		mark++;
		found++;
	}
	assert_null(strchr(mark, '@'));
	assert_true(found > 0);
	arena_free(&arena);
}

static void test_source(void **state)
{
	struct arena *arena = arena_new(0);
	struct str text = STR("q = \"\\u00e9\\n\" # x");
	struct toml_value *root;
	struct toml_error error;

	(void)state;
	check_source("q = \"@a@\"");
	check_source("q = '@a\\n@'");
	check_source("q = \"\\n@\\u00e9@\\U0001F600@\\\\@\"");
	check_source("# x\nq = '''@'''");
	check_source("q = '''\n@ any\n where @'''");
	check_source("q = \"\"\"\r\n@\r\n@ \\\"@ \"\"@\"\"\"");
	check_source("q = \"\"\"\n@ \\\n   @ \\  \n\n  @\"\"@\"\"\"\"\"");
	/* within an escape: its start; behind the end: the quote */
	assert_int_equal(toml_parse(arena, text, &root, &error), 0);
	assert_int_equal(toml_source(text, root->items.first, 0), 5);
	assert_int_equal(toml_source(text, root->items.first, 1), 5);
	assert_int_equal(toml_source(text, root->items.first, 2), 11);
	assert_int_equal(toml_source(text, root->items.first, 3), 13);
	assert_int_equal(toml_source(text, root->items.first, 99), 13);
	arena_free(&arena);
}

/* Where values and tables say they stand. */
static void test_offsets(void **state)
{
	struct str text = STR("a.b = 1\n[t]\n'k' = [2, 3]\n[[u.v]]\n");
	struct arena *arena = arena_new(0);
	const struct toml_value *value;
	struct toml_value *root;
	struct toml_error error;

	(void)state;
	assert_int_equal(toml_parse(arena, text, &root, &error), 0);
	value = toml_get(root, "a");
	assert_int_equal(value->offset, 0);
	value = toml_get(value, "b");
	assert_int_equal(value->key_offset, 2);
	assert_int_equal(value->offset, 6);
	value = toml_get(root, "t");
	assert_int_equal(value->offset, 8);
	value = toml_get(value, "k");
	assert_int_equal(value->key_offset, 12);
	assert_int_equal(value->offset, 18);
	assert_int_equal(value->items.last->offset, 22);
	value = toml_get(toml_get(root, "u"), "v");
	assert_int_equal(value->items.first->offset, 25);
	arena_free(&arena);
}

/* What a date means, to the nanosecond. */
static void test_time(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds, ns;
	} cases[] = {
		{ "1970-01-01", 0, 0 },
		{ "2000-02-29", 951782400, 0 },
		{ "2027-01-31", 1801353600, 0 },
		{ "1969-12-31T23:59:59Z", -1, 0 },
		{ "1979-05-27 07:32:00", 296638320, 0 },
		{ "1979-05-27t07:32:00z", 296638320, 0 },
		{ "1979-05-27T00:32:00-07:00", 296638320, 0 },
		{ "1979-05-27T09:02:00+01:30", 296638320, 0 },
		{ "1979-05-27T07:32:00.25", 296638320, 250000000 },
		{ "1979-05-27T07:32:00.1234567899Z", 296638320, 123456789 },
		{ "2262-04-11", 9223286400, 0 },
	};
	static const char *const wrong[] = {
		"",
		"07:32:00",
		"2027-02-29",
		"2027-1-31",
		"2027-01-31T",
		"2027-01-31T24:00:00",
		"2027-01-31x",
		" 2027-01-31",
	};
	int64_t ns = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(toml_time(str_from(cases[i].text), &ns));
		assert_true(ns ==
			    cases[i].seconds * NSEC_PER_SEC + cases[i].ns);
	}
	assert_true(toml_time(STR("9999-12-31"), &ns) && ns == INT64_MAX);
	assert_true(toml_time(STR("0000-01-01"), &ns) && ns == INT64_MIN);
	ns = 7;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(toml_time(str_from(wrong[i]), &ns));
	assert_true(ns == 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accept),
		cmocka_unit_test(test_reject),
		cmocka_unit_test(test_text_ends),
		cmocka_unit_test(test_nesting_limit),
		cmocka_unit_test(test_many_keys),
		cmocka_unit_test(test_source),
		cmocka_unit_test(test_offsets),
		cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
