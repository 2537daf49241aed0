/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The language by cases: what compiles and how it prints, what is refused and
 * where, what holds. Then what needs more than a query and an event.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aueql/ecs.h"
#include "eql/eql.h"
#include "eql/functions.h"
#include "eql/pred.h"
#include "eql/wildcard.h"
#include "limits.h"

/* --- case files ----------------------------------------------------------- */

struct cases {
	FILE *file;
	char *text; /* the current one, without newline */
	size_t capacity;
	unsigned int number;
};

static void cases_open(struct cases *cases, const char *name)
{
	const char *srcdir = getenv("srcdir");
	char path[4096];

	snprintf(path, sizeof(path), "%s/tests/cases/%s", srcdir ? srcdir : ".",
		 name);
	*cases = (struct cases){ .file = fopen(path, "r") };
	assert_non_null(cases->file);
}

static void cases_close(struct cases *cases)
{
	fclose(cases->file);
	free(cases->text);
}

static bool cases_next(struct cases *cases)
{
	ssize_t len = getline(&cases->text, &cases->capacity, cases->file);

	if (len <= 0)
		return false;
	if (cases->text[len - 1] == '\n')
		cases->text[len - 1] = '\0';
	cases->number++;
	return true;
}

static bool begins(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

static void add_text(struct strbuf *buf, const char *text)
{
	strbuf_add_str(buf, str_from(text));
}

static const char *text_of(struct strbuf *buf)
{
	strbuf_add_char(buf, '\0');
	buf->len--;
	assert_false(buf->failed);
	return buf->data;
}

/* --- compiling ------------------------------------------------------------ */

struct bench {
	struct arena *arena;
	struct field_table *fields;
	struct eql_options options;
	struct eql_error error;
	const struct query *query;
};

static void bench_open(struct bench *bench)
{
	*bench = (struct bench){ .arena = arena_new(0) };
	assert_int_equal(field_table_new(&bench->fields), 0);
	bench->options.arena = bench->arena;
	bench->options.fields = bench->fields;
}

static void bench_close(struct bench *bench)
{
	field_table_free(&bench->fields);
	arena_free(&bench->arena);
}

static int bench_compile(struct bench *bench, const char *text)
{
	bench->query = NULL;
	bench->error = (struct eql_error){ 0 };
	return eql_compile(&bench->options, str_from(text), &bench->query,
			   &bench->error);
}

/* Compiles what must compile. */
static void bench_query(struct bench *bench, const char *text)
{
	int rc = bench_compile(bench, text);

	if (rc)
		print_message("%s\nat %zu: %.*s\n", text, bench->error.offset,
			      STR_ARG(bench->error.message));
	assert_int_equal(rc, 0);
	assert_non_null(bench->query);
}

static void describe(const struct bench *bench, int rc, struct strbuf *out)
{
	strbuf_reset(out);
	if (!rc)
		eql_print(bench->query, bench->fields, out);
	else
		strbuf_printf(out, "%s %zu %.*s\n",
			      rc == EQL_E_INVALID ? "invalid" : "unsupported",
			      bench->error.offset,
			      STR_ARG(bench->error.message));
}

/* One case: what the query gives, and once more what it prints. */
static bool check_case(const char *text, const char *expected)
{
	struct strbuf out = STRBUF_INIT(0), again = STRBUF_INIT(0);
	struct bench bench;
	bool right;
	int rc;

	bench_open(&bench);
	bench.options.live = begins(text, "live ");
	rc = bench_compile(&bench, text + (bench.options.live ? 5 : 0));
	assert_true(rc >= 0);
	/* on failure the output stays as it was */
	assert_true(!rc == (bench.query != NULL));
	describe(&bench, rc, &out);
	right = !strcmp(text_of(&out), expected);
	if (right && !rc) {
		rc = bench_compile(&bench, out.data);
		describe(&bench, rc, &again);
		right = !strcmp(text_of(&again), expected);
	}
	if (!right)
		print_message("%s\ngives\n%sinstead of\n%s%s\n", text, out.data,
			      expected, again.data ? again.data : "");
	strbuf_free(&out);
	strbuf_free(&again);
	bench_close(&bench);
	return right;
}

/*
 * Queries and what they give: the text of a query goes to the first line that
 * begins with "= " or "! ", and these to the next that does not.
 */
static void run_compile_cases(const char *name, unsigned int at_least)
{
	struct strbuf query = STRBUF_INIT(0), expected = STRBUF_INIT(0);
	unsigned int count = 0, wrong = 0;
	struct cases cases;
	bool more = true;

	cases_open(&cases, name);
	while (more) {
		more = cases_next(&cases);
		if (more &&
		    (begins(cases.text, "= ") || begins(cases.text, "! "))) {
			add_text(&expected, cases.text + 2);
			strbuf_add_char(&expected, '\n');
			continue;
		}
		if (expected.len) {
			wrong += !check_case(text_of(&query),
					     text_of(&expected));
			count++;
			strbuf_reset(&query);
			strbuf_reset(&expected);
		}
		if (!more || begins(cases.text, "#") || !*cases.text)
			continue;
		if (query.len)
			strbuf_add_char(&query, '\n');
		add_text(&query, cases.text);
	}
	cases_close(&cases);
	strbuf_free(&query);
	strbuf_free(&expected);
	print_message("%s: %u cases\n", name, count);
	assert_int_equal(wrong, 0);
	assert_true(count >= at_least);
}

static void test_accept(void **state)
{
	(void)state;
	run_compile_cases("eql-accept.case", 70);
}

static void test_reject(void **state)
{
	(void)state;
	run_compile_cases("eql-reject.case", 140);
}

/* --- conditions ----------------------------------------------------------- */

static const struct {
	const char *name;
	enum field_type type;
} types[] = { { "ip", FIELD_IP },
	      { "date", FIELD_DATE },
	      { "version", FIELD_VERSION } };

/* "name=type name=type ..." */
static void add_types(struct bench *bench, char *text)
{
	for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
		char *type = strchr(word, '=');
		struct str name = { word, (size_t)(type - word) };

		for (size_t i = 0; i < 3; i++)
			if (!strcmp(type + 1, types[i].name))
				assert_true(field_table_add(bench->fields, name,
							    types[i].type) >=
					    0);
	}
}

/* The event of a JSON text, read for the fields compiled so far. */
static struct event *read_event(struct bench *bench, const char *json)
{
	struct ecs_reader reader = { .fields = bench->fields };
	struct event *event = NULL;
	int rc = ecs_parse(&reader, str_from(json), bench->arena, &event);

	if (rc)
		print_message("%s: %s\n", json, reader.error);
	assert_int_equal(rc, 0);
	return event;
}

static bool holds(struct bench *bench, const struct event *event,
		  uint64_t *errors)
{
	struct pred_context context = { .scratch = bench->arena };
	bool found = pred_eval(bench->query->stages[0].condition, event,
			       READING_INVOKED, &context);

	*errors = context.errors;
	return found;
}

static bool check_condition(struct bench *bench, const char *json, char mark,
			    const char *condition)
{
	struct strbuf text = STRBUF_INIT(0);
	uint64_t errors;
	bool found;

	strbuf_printf(&text, "any where %s", condition);
	bench_query(bench, text_of(&text));
	strbuf_free(&text);
	found = holds(bench, read_event(bench, json), &errors);
	return found == (mark == '+' || mark == 'E') &&
	       (errors > 0) == (mark == 'e' || mark == 'E');
}

static void test_apply(void **state)
{
	unsigned int count = 0, wrong = 0;
	struct cases cases;
	struct bench bench;
	char *json = NULL;

	(void)state;
	bench_open(&bench);
	cases_open(&cases, "eql-apply.case");
	while (cases_next(&cases)) {
		if (!*cases.text || *cases.text == '#')
			continue;
		if (begins(cases.text, "types ")) {
			add_types(&bench, cases.text + 6);
		} else if (*cases.text == '{') {
			free(json);
			json = strdup(cases.text);
		} else {
			assert_true(strchr("+-eE", *cases.text) && json &&
				    cases.text[1] == ' ');
			count++;
			if (check_condition(&bench, json, *cases.text,
					    cases.text + 2))
				continue;
			wrong++;
			print_message("eql-apply.case:%u: %s\n", cases.number,
				      cases.text);
		}
	}
	free(json);
	cases_close(&cases);
	bench_close(&bench);
	print_message("eql-apply.case: %u cases\n", count);
	assert_int_equal(wrong, 0);
	assert_true(count > 200);
}

/* --- queries as the engine sees them -------------------------------------- */

static void test_query(void **state)
{
	const struct query *query;
	struct bench bench;

	(void)state;
	bench_open(&bench);
	bench_query(&bench,
		    "sequence by host.id with maxspan=1500ms "
		    "[process where process.args == \"x\"] by ?process.name "
		    "with runs=2 "
		    "![\"web\" where a == 1] by b "
		    "[any where user.id == \"0\"] by c "
		    "until [file where d] by e | tail 3");
	query = bench.query;
	assert_int_equal(query->type, QUERY_SEQUENCE);
	assert_int_equal(query->maxspan_ns, 1500 * NSEC_PER_MSEC);
	assert_int_equal(query->stage_count, 4);
	assert_int_equal(query->key_count, 2);
	assert_ptr_equal(query->stages[0].condition,
			 query->stages[1].condition);
	assert_int_equal(query->stages[0].category_bit, CATEGORY_PROCESS);
	assert_int_equal(query->stages[2].category_bit, CATEGORY_OTHER);
	assert_true(str_equal(query->stages[2].category, STR("web")));
	assert_int_equal(query->stages[3].category_bit, 0);
	assert_int_equal(query->stages[3].category.len, 0);
	assert_true(query->stages[2].missing && !query->stages[3].missing);
	assert_int_equal(query->stages[0].keys[0].slot, FIELD_HOST_ID);
	assert_int_equal(query->stages[0].keys[1].slot, FIELD_PROCESS_NAME);
	assert_true(query->stages[0].keys[1].optional);
	assert_false(query->stages[0].keys[0].optional);
	/* by its key alone */
	assert_true(query->stages[0].uses_readings);
	assert_false(query->stages[2].uses_readings);
	assert_int_equal(query->until->category_bit, CATEGORY_FILE);
	assert_int_equal(query->pipe_count, 1);
	assert_int_equal(query->pipes[0].type, PIPE_TAIL);
	assert_int_equal(query->pipes[0].count, 3);
	/* host.id process.args process.name user.id a b c d e */
	assert_int_equal(query->field_slot_count, 9);
	assert_int_equal(query->field_slots[0], FIELD_HOST_ID);
	for (size_t i = 1; i < query->field_slot_count; i++)
		assert_true(query->field_slots[i] > query->field_slots[i - 1]);
	bench_close(&bench);
}

static void test_user_id(void **state)
{
	struct bench bench;

	(void)state;
	bench_open(&bench);
	bench_query(&bench, "any where user.id == \"0\"");
	assert_int_equal(bench.query->field_slots[0], FIELD_USER_ID);
	bench.options.user_id_is_real = true;
	bench_query(&bench, "any where user.id == \"0\"");
	assert_int_equal(bench.query->field_slot_count, 1);
	assert_int_equal(bench.query->field_slots[0], FIELD_USER_EXT_REAL_ID);
	bench_close(&bench);
}

static void test_readings(void **state)
{
	struct pred_context context = { 0 };
	const struct pred *pred;
	struct event *event;
	struct bench bench;

	(void)state;
	bench_open(&bench);
	bench_query(&bench, "process where process.name == \"gcc\"");
	assert_true(bench.query->stages[0].uses_readings);
	event = read_event(&bench,
			   "{\"@timestamp\":1,\"process\":{\"name\":\"cc\"}}");
	event->resolved[READING_PROCESS_NAME] = VALUE_OF_STR(STR("gcc"));
	pred = bench.query->stages[0].condition;
	assert_false(pred_eval(pred, event, READING_INVOKED, &context));
	assert_true(pred_eval(pred, event, READING_RESOLVED, &context));
	bench_close(&bench);
}

/* --- possibility ---------------------------------------------------------- */

static bool is_possible(const char *condition, const char *known_name)
{
	struct strbuf text = STRBUF_INIT(0);
	bool known[FIELD__COUNT + 64] = { false };
	struct event *event;
	struct bench bench;
	bool possible;
	int slot;

	bench_open(&bench);
	strbuf_printf(&text, "any where %s", condition);
	bench_query(&bench, text_of(&text));
	event = read_event(&bench, "{\"@timestamp\":1,\"a\":1,\"b\":2,"
				   "\"bad\":\"x\"}");
	slot = field_table_add(bench.fields, str_from(known_name),
			       FIELD_KEYWORD);
	known[slot] = true;
	possible =
		pred_possible(bench.query->stages[0].condition, event,
			      &(struct pred_known){ known, FIELD__COUNT + 64 });
	/* slots beyond the array are unknown */
	if (possible)
		assert_true(pred_possible(bench.query->stages[0].condition,
					  event,
					  &(struct pred_known){ known, 0 }));
	strbuf_free(&text);
	bench_close(&bench);
	return possible;
}

static void test_possible(void **state)
{
	(void)state;
	assert_true(is_possible("a == 1", "a"));
	assert_false(is_possible("a == 2", "a"));
	assert_true(is_possible("a == 2", "b"));
	assert_false(is_possible("a == 2 and b == 2", "a"));
	assert_true(is_possible("a == 2 or b == 7", "a"));
	assert_false(is_possible("a == 2 or not b == 2 and a == 3", "a"));
	assert_false(is_possible("not a == 1", "a"));
	assert_true(is_possible("not a == 1", "b"));
	assert_true(is_possible("not (a == 1 and b == 2)", "a"));
	assert_false(is_possible("not (a == 1 or b == 2)", "a"));
	assert_false(is_possible("a == null", "a"));
	assert_true(is_possible("length(bad) == 9", "bad"));
	assert_false(is_possible("false", "a"));
	assert_true(is_possible("true", "a"));
}

/* --- limits --------------------------------------------------------------- */

/* before, count times piece, middle, count times closing. */
static int compile_nested(struct bench *bench, const char *piece,
			  const char *middle, const char *closing,
			  unsigned int count)
{
	struct strbuf text = STRBUF_INIT(0);
	int rc;

	add_text(&text, "any where ");
	for (unsigned int i = 0; i < count; i++)
		add_text(&text, piece);
	add_text(&text, middle);
	for (unsigned int i = 0; i < count; i++)
		add_text(&text, closing);
	rc = bench_compile(bench, text_of(&text));
	strbuf_free(&text);
	return rc;
}

static void test_nesting(void **state)
{
	static const struct {
		const char *piece, *middle, *closing;
		unsigned int fits;
	} cases[] = {
		/* the condition itself is one level */
		{ "(", "a", ")", LIMIT_NESTING - 1 },
		{ "not ", "a", "", LIMIT_NESTING - 1 },
		{ "not (", "a", ")", LIMIT_NESTING / 2 - 1 },
		{ "null == (", "a", ")", LIMIT_NESTING - 1 },
		/* each is an OR over an AND */
		{ "(", "a", " and b or c)", LIMIT_NESTING / 2 },
	};
	struct bench bench;

	(void)state;
	bench_open(&bench);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
			compile_nested(&bench, cases[i].piece, cases[i].middle,
				       cases[i].closing, cases[i].fits),
			0);
		assert_int_equal(
			compile_nested(&bench, cases[i].piece, cases[i].middle,
				       cases[i].closing, cases[i].fits + 1),
			EQL_E_INVALID);
	}
	/* side by side: each makes the tree one deeper; == and NOT do too */
	assert_int_equal(
		compile_nested(&bench, "", "1 != a", " + a", LIMIT_NESTING - 2),
		0);
	assert_int_equal(
		compile_nested(&bench, "", "1 != a", " + a", LIMIT_NESTING - 1),
		EQL_E_INVALID);
	/* and far beyond */
	assert_int_equal(compile_nested(&bench, "(", "a", ")", 100000),
			 EQL_E_INVALID);
	assert_int_equal(compile_nested(&bench, "- ", "a", "", 100000),
			 EQL_E_INVALID);
	assert_int_equal(compile_nested(&bench, "", "a", " or a == 1", 50000),
			 0);
	bench_close(&bench);
}

static int compile_stages(struct bench *bench, unsigned int count,
			  const char *last)
{
	struct strbuf text = STRBUF_INIT(0);
	int rc;

	add_text(&text, "sequence ");
	for (unsigned int i = 0; i < count; i++)
		add_text(&text, "[any where true] ");
	add_text(&text, last);
	rc = bench_compile(bench, text_of(&text));
	strbuf_free(&text);
	return rc;
}

static void test_stages(void **state)
{
	struct bench bench;

	(void)state;
	bench_open(&bench);
	assert_int_equal(compile_stages(&bench, LIMIT_STAGES, ""), 0);
	assert_int_equal(bench.query->stage_count, LIMIT_STAGES);
	assert_int_equal(compile_stages(&bench, LIMIT_STAGES + 1, ""),
			 EQL_E_INVALID);
	/* the last stage stands for a hundred */
	assert_int_equal(
		compile_stages(&bench, LIMIT_STAGES - 99, "with runs=100"), 0);
	assert_int_equal(bench.query->stage_count, LIMIT_STAGES);
	assert_int_equal(
		compile_stages(&bench, LIMIT_STAGES - 98, "with runs=100"),
		EQL_E_INVALID);
	bench_close(&bench);
}

static void test_long_texts(void **state)
{
	struct strbuf text = STRBUF_INIT(0);
	struct bench bench;

	(void)state;
	bench_open(&bench);
	add_text(&text, "any where true");
	while (text.len < LIMIT_QUERY_BYTES)
		strbuf_add_char(&text, ' ');
	assert_int_equal(bench_compile(&bench, text_of(&text)), 0);
	strbuf_add_char(&text, ' ');
	assert_int_equal(bench_compile(&bench, text_of(&text)), EQL_E_INVALID);

	strbuf_reset(&text);
	add_text(&text, "any where a");
	while (text.len < 10 + LIMIT_FIELD_NAME_BYTES - 2)
		strbuf_add_char(&text, 'a');
	add_text(&text, ".b");
	assert_int_equal(bench_compile(&bench, text_of(&text)), 0);
	strbuf_add_char(&text, 'b');
	assert_int_equal(bench_compile(&bench, text_of(&text)), EQL_E_INVALID);
	strbuf_free(&text);
	bench_close(&bench);
}

/* More copies of key constraints than allowed are refused, not dropped. */
static void test_constraints(void **state)
{
	struct strbuf text = STRBUF_INIT(0);
	struct bench bench;

	(void)state;
	bench_open(&bench);
	add_text(&text, "sequence by k [any where k != \"x\"");
	for (unsigned int i = 1; i < LIMIT_CONSTRAINTS; i++)
		strbuf_printf(&text, " and k != \"%u\"", i);
	add_text(&text, "] [any where true]");
	assert_int_equal(bench_compile(&bench, text_of(&text)), 0);
	strbuf_reset(&text);
	add_text(&text, "sequence by k [any where k != \"x\"");
	for (unsigned int i = 0; i < LIMIT_CONSTRAINTS; i++)
		strbuf_printf(&text, " and k != \"%u\"", i);
	add_text(&text, "] [any where true]");
	assert_int_equal(bench_compile(&bench, text_of(&text)),
			 EQL_E_UNSUPPORTED);
	strbuf_free(&text);
	bench_close(&bench);
}

/* An event with one field of len times a character. */
static struct event *event_of_length(struct bench *bench, size_t len)
{
	struct event *event =
		event_new(bench->arena, field_table_count(bench->fields));
	char *text = arena_alloc(bench->arena, len + 1);
	int slot = field_table_find(bench->fields, STR("a"));

	memset(text, 'a', len);
	event_set(event, (size_t)slot,
		  VALUE_OF_STR(((struct str){ text, len })));
	return event;
}

/* Where a limit leaves no answer, the answer is the one that alerts. */
static void test_regex_limit(void **state)
{
	struct pred_context context = { 0 };
	struct event *fits, *long_one;
	struct bench bench;

	(void)state;
	bench_open(&bench);
	context.scratch = bench.arena;
	bench_query(&bench,
		    "sequence with maxspan=1s [any where a regex \"b*\"]"
		    " [any where not a regex \"b*\"]"
		    " ![any where a regex \"b*\"]"
		    " ![any where not a regex \"b*\"]"
		    " until [any where a regex \"b*\"]");
	fits = event_of_length(&bench, LIMIT_REGEX_TEXT_BYTES);
	long_one = event_of_length(&bench, LIMIT_REGEX_TEXT_BYTES + 1);
	for (size_t i = 0; i < 4; i++) {
		const struct stage *stage = &bench.query->stages[i];

		assert_int_equal(pred_eval(stage->condition, fits,
					   READING_INVOKED, &context),
				 i % 2);
		assert_int_equal(context.errors, i);
		assert_int_equal(pred_eval(stage->condition, long_one,
					   READING_INVOKED, &context),
				 !stage->missing);
		assert_int_equal(context.errors, i + 1);
	}
	assert_false(pred_eval(bench.query->until->condition, long_one,
			       READING_INVOKED, &context));
	/* as many states at once as the workspace has not */
	bench_query(&bench, "any where not a regex \".*a.{300}a\"");
	assert_true(pred_eval(bench.query->stages[0].condition,
			      event_of_length(&bench, 1000), READING_INVOKED,
			      &context));
	assert_int_equal(context.errors, 6);
	bench_close(&bench);
}

static void test_script_limits(void **state)
{
	struct value values[257];
	struct arena *small = arena_new(8 << 10);
	struct pred_context context = { 0 };
	struct event *event;
	struct bench bench;
	size_t a, b;

	(void)state;
	bench_open(&bench);
	context.scratch = bench.arena;
	bench_query(&bench, "any where a + b == 9");
	for (size_t i = 0; i < 257; i++)
		values[i] = VALUE_OF_INT(1);
	event = event_new(bench.arena, field_table_count(bench.fields));
	a = (size_t)field_table_find(bench.fields, STR("a"));
	b = (size_t)field_table_find(bench.fields, STR("b"));
	event_set(
		event, a,
		(struct value){ .type = VALUE_LIST, .list = { values, 256 } });
	event_set(
		event, b,
		(struct value){ .type = VALUE_LIST, .list = { values, 256 } });
	assert_int_equal(256 * 256, LIMIT_SCRIPT_TUPLES);
	assert_false(pred_eval(bench.query->stages[0].condition, event,
			       READING_INVOKED, &context));
	assert_int_equal(context.errors, 0);
	event->values[b].list.count = 257;
	assert_true(pred_eval(bench.query->stages[0].condition, event,
			      READING_INVOKED, &context));
	assert_int_equal(context.errors, 1);
	/* a full scratch arena is a limit like any other */
	context.scratch = small;
	assert_true(pred_eval(bench.query->stages[0].condition, event,
			      READING_INVOKED, &context));
	assert_int_equal(context.errors, 2);
	arena_free(&small);
	bench_close(&bench);
}

/* Text that is not UTF-8 matches as if each bad byte were U+FFFD. */
static void test_bad_bytes(void **state)
{
	struct pred_context context = { 0 };
	struct event *event;
	struct bench bench;

	(void)state;
	bench_open(&bench);
	context.scratch = bench.arena;
	bench_query(&bench, "sequence [any where a regex \"a..z\"]"
			    " [any where a like \"a??z\"]"
			    " [any where length(a) == 4]"
			    " [any where a == \"a\xff\xc3z\"]"
			    " [any where a regex \"a\\u{fffd}\xff"
			    "z\"]"
			    " [any where substring(a, 3) == \"z\"]");
	event = event_new(bench.arena, field_table_count(bench.fields));
	event_set(event, (size_t)field_table_find(bench.fields, STR("a")),
		  VALUE_OF_STR(STR("a\xff\xc3z")));
	for (size_t i = 0; i < bench.query->stage_count; i++)
		assert_true(pred_eval(bench.query->stages[i].condition, event,
				      READING_INVOKED, &context));
	assert_int_equal(context.errors, 0);
	bench_close(&bench);
}

/* However little memory there is: -ENOMEM or a query, nothing else. */
static void test_memory(void **state)
{
	static const char text[] =
		"sequence by host.id with maxspan=1m [process where a in (1, "
		"2) and b : (\"x*\", \"y\") and c regex \"a|b\"] by k [any "
		"where length(d) == 3 and cidrMatch(e, \"::1\") and k == 1] by "
		"k until [any where f] by g";
	bool compiled = false;

	(void)state;
	for (size_t limit = 1; !compiled; limit += 64 << 10) {
		struct bench bench;
		int rc;

		assert_true(limit < 64 << 20);
		bench_open(&bench);
		arena_free(&bench.arena);
		bench.arena = arena_new(limit);
		bench.options.arena = bench.arena;
		rc = bench_compile(&bench, text);
		assert_true(rc == 0 || rc == -ENOMEM);
		compiled = rc == 0;
		bench_close(&bench);
	}
}

/* --- documents ------------------------------------------------------------ */

static void test_bad_documents(void **state)
{
	static const struct {
		const char *json, *error;
	} cases[] = {
		{ "[]", "a document is a JSON object" },
		{ "5 ", "a document is a JSON object" },
		{ "", "the document is cut off" },
		{ "{\"@timestamp\":1", "the document is cut off" },
		{ "{\"@timestamp\":1}\n {}", "byte 19: one document a line" },
		{ "{}", "there is no @timestamp" },
		{ "{\"@timestamp\":null}", "there is no @timestamp" },
		{ "{\"@timestamp\":\"x\"}", "@timestamp is not a date" },
		{ "{\"@timestamp\":true}", "@timestamp is not a date" },
		{ "{\"@timestamp\":9223372036854775}",
		  "@timestamp is out of range" },
		{ "{\"@timestamp\":1,\"destination\":{\"ip\":\"x\"}}",
		  "destination.ip is not an address" },
		{ "{\"@timestamp\":1,\"process.pid\":\"x\"}",
		  "process.pid is not a number" },
		{ "{\"@timestamp\":1,\"process.pid\":1e30}",
		  "process.pid is not a whole number" },
		{ "{\"@timestamp\":1,\"process\":{\"interactive\":5}}",
		  "process.interactive is not true or false" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ecs_reader reader = { 0 };
		struct event *event = NULL;
		struct bench bench;

		bench_open(&bench);
		reader.fields = bench.fields;
		assert_int_equal(ecs_parse(&reader, str_from(cases[i].json),
					   bench.arena, &event),
				 ECS_E_INVALID);
		assert_string_equal(reader.error, cases[i].error);
		assert_null(event);
		bench_close(&bench);
	}
}

static void test_document(void **state)
{
	static const char json[] =
		"{\"@timestamp\":\"2026-11-24T04:11:51.123456789Z\","
		"\"host\":{\"id\":\"h1\"},\"event\":{\"category\":"
		"[\"process\",\"x\"]},\"user.id\":0,\"process\":"
		"{\"pid\":\"7\"},\"other\":1}";
	struct ecs_reader reader = { 0 };
	const struct value *value;
	struct event *event;
	struct bench bench;

	(void)state;
	bench_open(&bench);
	reader.fields = bench.fields;
	assert_int_equal(
		ecs_parse(&reader, str_from(json), bench.arena, &event), 0);
	assert_int_equal(event->time_ns, 1795493511123456789LL);
	assert_int_equal(event->serial, 1);
	assert_true(str_equal(event->host, STR("h1")));
	assert_int_equal(event->categories, CATEGORY_PROCESS | CATEGORY_OTHER);
	assert_true(str_equal(event->document, str_from(json)));
	assert_int_equal(event->record_count, 0);
	/* keywords of ours are text, numbers may come as text */
	value = event_value(event, FIELD_USER_ID, READING_INVOKED);
	assert_true(value->type == VALUE_STRING &&
		    str_equal(value->s, STR("0")));
	value = event_value(event, FIELD_PROCESS_PID, READING_INVOKED);
	assert_true(value->type == VALUE_INT && value->i == 7);
	assert_int_equal(ecs_parse(&reader, STR("{\"@timestamp\":-1.5}"),
				   bench.arena, &event),
			 0);
	assert_int_equal(event->time_ns, -1500000);
	assert_int_equal(event->serial, 2);
	assert_true(event->host.len > 0);
	/* a fraction longer than any number */
	assert_int_equal(ecs_parse(&reader,
				   STR("{\"@timestamp\":\"2026-11-24T04:11:51."
				       "1184467440737095516150007\"}"),
				   bench.arena, &event),
			 ECS_E_INVALID);
	bench_close(&bench);
}

static void test_functions(void **state)
{
	static const char *const names[] = {
#define FUNCTION(id, name, parameters, least, tilde, result) name,
#include "eql/functions.def"
#undef FUNCTION
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (i)
			assert_true(strcasecmp(names[i - 1], names[i]) < 0);
		assert_string_equal(function_find(str_from(names[i]))->name,
				    names[i]);
	}
	assert_null(function_find(STR("a")));
	assert_null(function_find(STR("zz")));
	assert_null(function_find(STR("lengt")));
	assert_null(function_find(STR("lengthx")));
}

/* --- wildcards ------------------------------------------------------------ */

/* What a pattern means, said in the slowest way. */
static bool matches_slowly(const char *pattern, const char *text, bool fold)
{
	char c = *text, wanted = *pattern;

	if (wanted == '*')
		return matches_slowly(pattern + 1, text, fold) ||
		       (c && matches_slowly(pattern, text + 1, fold));
	if (!wanted || !c)
		return wanted == c;
	if (fold && c >= 'A' && c <= 'Z')
		c += 'a' - 'A';
	if (fold && wanted >= 'A' && wanted <= 'Z')
		wanted += 'a' - 'A';
	return (wanted == '?' || wanted == c) &&
	       matches_slowly(pattern + 1, text + 1, fold);
}

static void random_text(char *out, size_t most, const char *letters)
{
	size_t len = (size_t)rand() % most, count = strlen(letters);

	for (size_t i = 0; i < len; i++)
		out[i] = letters[(size_t)rand() % count];
	out[len] = '\0';
}

static void test_wildcards(void **state)
{
	struct arena *arena = arena_new(0);
	size_t matched = 0;

	(void)state;
	srand(1);
	for (int i = 0; i < 300000; i++) {
		struct wildcard wildcard = { .insensitive = rand() & 1 };
		char pattern[9], text[12];
		bool found;

		arena_reset(arena);
		random_text(pattern, sizeof(pattern),
			    i & 1 ? "ab*A*?b" : "ab*A*");
		random_text(text, sizeof(text), "abAB");
		assert_int_equal(
			wildcard_make(arena, str_from(pattern), &wildcard), 0);
		found = wildcard_match(&wildcard, str_from(text));
		if (found !=
		    matches_slowly(pattern, text, wildcard.insensitive))
			fail_msg("'%s' and '%s': %d", pattern, text, found);
		matched += found;
	}
	assert_true(matched > 10000);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wildcards),
		cmocka_unit_test(test_accept),
		cmocka_unit_test(test_reject),
		cmocka_unit_test(test_apply),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_user_id),
		cmocka_unit_test(test_readings),
		cmocka_unit_test(test_possible),
		cmocka_unit_test(test_nesting),
		cmocka_unit_test(test_stages),
		cmocka_unit_test(test_long_texts),
		cmocka_unit_test(test_constraints),
		cmocka_unit_test(test_regex_limit),
		cmocka_unit_test(test_script_limits),
		cmocka_unit_test(test_bad_bytes),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_bad_documents),
		cmocka_unit_test(test_document),
		cmocka_unit_test(test_functions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
