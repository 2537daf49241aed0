/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <libaudit.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#include "limits.h"
#include "readlog.h"
#include "record.h"
#include "util/strbuf.h"

#define assert_str(actual, literal) assert_str_equal(actual, STR(literal))

static void assert_str_equal(struct str actual, struct str expected)
{
	if (!str_equal(actual, expected))
		fail_msg("\"%.*s\" is not \"%.*s\"", STR_ARG(actual),
			 STR_ARG(expected));
}

/* A parser and an arena, and the records of one event given as text. */
struct fixture {
	struct record_parser *parser;
	struct arena *arena;
	struct record_event event;
	struct str *lines;
	char *text;
	struct raw_event raw;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	fixture->arena = arena_new(0);
	*state = fixture;
	return record_parser_new(&fixture->parser);
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	record_parser_free(&fixture->parser);
	arena_free(&fixture->arena);
	free(fixture->lines);
	free(fixture);
	return 0;
}

static int parse(struct fixture *fixture, const char *text)
{
	size_t count = 0;

	free(fixture->lines);
	fixture->lines = calloc(strlen(text) + 1, sizeof(*fixture->lines));
	for (const char *p = text; *p;) {
		const char *end = strchrnul(p, '\n');

		fixture->lines[count++] = (struct str){ p, (size_t)(end - p) };
		p = *end ? end + 1 : end;
	}
	fixture->raw = (struct raw_event){
		.record_count = count,
		.records = fixture->lines,
		.text = str_from(text),
		.complete = true,
	};
	arena_reset(fixture->arena);
	return record_parse(fixture->parser, &fixture->raw, fixture->arena,
			    &fixture->event);
}

static const struct record *first(const struct fixture *fixture)
{
	return fixture->event.records[0];
}

#define HEAD " msg=audit(1795486462.910:25280): "

static void test_fields(void **state)
{
	struct fixture *fixture = *state;
	int64_t number;

	assert_int_equal(parse(fixture,
			       "type=SYSCALL" HEAD
			       "arch=c000003e syscall=59 success=yes exit=-115 "
			       "a0=ffffffffffffff9c a1=2A pid=11376 "
			       "comm=\"gcc\" tty=(none) key=(null)\n"),
			 0);
	assert_int_equal(record_type(first(fixture)), AUDIT_SYSCALL);
	assert_str(record_raw(first(fixture), "success"), "yes");
	assert_str(record_raw(first(fixture), "comm"), "\"gcc\"");
	assert_str(record_raw(first(fixture), "tty"), "(none)");
	assert_null(record_raw(first(fixture), "exe").data);
	assert_true(record_number(first(fixture), "pid", 10, &number));
	assert_int_equal(number, 11376);
	assert_true(record_number(first(fixture), "exit", 10, &number));
	assert_int_equal(number, -115);
	assert_true(record_number(first(fixture), "a0", 16, &number));
	assert_int_equal(number, -100);
	assert_true(record_number(first(fixture), "a1", 16, &number));
	assert_int_equal(number, 42);
	assert_false(record_number(first(fixture), "comm", 10, &number));
	assert_false(record_number(first(fixture), "exe", 10, &number));
}

static void test_number_edges(void **state)
{
	struct fixture *fixture = *state;
	int64_t number;

	parse(fixture, "type=SYSCALL" HEAD "a=9223372036854775807 "
		       "b=9223372036854775808 c=ffffffffffffffff "
		       "d=10000000000000000 e=12x f=-1\n");
	assert_true(record_number(first(fixture), "a", 10, &number));
	assert_int_equal(number, INT64_MAX);
	assert_false(record_number(first(fixture), "b", 10, &number));
	assert_true(record_number(first(fixture), "c", 16, &number));
	assert_int_equal(number, -1);
	assert_false(record_number(first(fixture), "d", 16, &number));
	assert_false(record_number(first(fixture), "e", 10, &number));
	assert_true(record_number(first(fixture), "f", 10, &number));
	assert_int_equal(number, -1);
}

static void test_decoding(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		const char *raw;
		struct str decoded;
		bool none;
	} cases[] = {
		{ "\"plain\"", STR("plain"), false },
		{ "\"\"", STR(""), false },
		/* in quotes, so neither hex nor nothing */
		{ "\"CAFE\"", STR("CAFE"), false },
		{ "\"(null)\"", STR("(null)"), false },
		{ "(null)", STR(""), true },
		{ "20", STR(" "), false },
		{ "610A62", STR("a\nb"), false },
		{ "FF001D", STR("\377\0\035"), false },
		{ "c3a9", STR("\303\251"), false },
		/* no hex after all */
		{ "613", STR("613"), false },
		{ "(none)", STR("(none)"), false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[128];
		struct str decoded;

		snprintf(text, sizeof(text), "type=PATH" HEAD "name=%s x=1\n",
			 cases[i].raw);
		assert_int_equal(parse(fixture, text), 0);
		decoded = record_decoded(first(fixture), "name");
		assert_str_equal(decoded, cases[i].decoded);
		assert_int_equal(!decoded.data, cases[i].none);
	}
}

/* Auparse gives LOGIN as an event of its own, and would end one at PROCTITLE,
 * which it does not get. */
static void test_all_records_in_order(void **state)
{
	struct fixture *fixture = *state;
	const int types[] = { AUDIT_LOGIN, AUDIT_SYSCALL, AUDIT_PATH };
	size_t next = 0;

	assert_int_equal(parse(fixture, "type=LOGIN" HEAD "pid=1 uid=0\n"
					"type=SYSCALL" HEAD "pid=2\n"
					"type=PROCTITLE" HEAD "proctitle=41\n"
					"type=PATH" HEAD "item=0\n"),
			 0);
	assert_int_equal(fixture->event.count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(record_type(fixture->event.records[i]),
				 types[i]);
	assert_non_null(record_find(&fixture->event, AUDIT_SYSCALL, &next));
	assert_int_equal(next, 2);
	assert_null(record_find(&fixture->event, AUDIT_SYSCALL, &next));
}

/* What nobody asks for; with a node's name before it, too. */
static void test_left_out(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(parse(fixture, "type=PROCTITLE" HEAD "proctitle=41\n"),
			 0);
	assert_int_equal(fixture->event.count, 0);
	assert_int_equal(
		parse(fixture,
		      "node=a type=PROCTITLE" HEAD "proctitle=41\n"
		      "node=a type=PATH" HEAD
		      "name=\"cap_fp=0\" nametype=NORMAL cap_fp=0 cap_fi=0\n"),
		0);
	assert_int_equal(fixture->event.count, 1);
	assert_str_equal(record_decoded(first(fixture), "name"),
			 STR("cap_fp=0"));
	assert_str_equal(record_raw(first(fixture), "nametype"), STR("NORMAL"));
	assert_null(record_raw(first(fixture), "cap_fp").data);
	assert_null(record_raw(first(fixture), "cap_fi").data);
}

/* A field is not looked for in the next record, as auparse would. */
static void test_find_stays_in_record(void **state)
{
	struct fixture *fixture = *state;

	parse(fixture, "type=SYSCALL" HEAD "pid=2\n"
		       "type=CWD" HEAD "cwd=\"/\"\n");
	assert_null(record_raw(first(fixture), "cwd").data);
}

/* Auparse gets long events in batches; no record is lost at their edges. */
static void test_many_records(void **state)
{
	struct fixture *fixture = *state;

	for (size_t count = 255; count <= 1025; count += 1 + count % 257) {
		struct strbuf text = STRBUF_INIT(0);

		for (size_t i = 0; i < count; i++)
			strbuf_printf(&text, "type=PATH" HEAD "item=%zu\n", i);
		strbuf_add_char(&text, '\0');
		assert_int_equal(parse(fixture, text.data), 0);
		assert_int_equal(fixture->event.count, count);
		for (size_t i = 0; i < count; i++) {
			int64_t item = -1;

			record_number(fixture->event.records[i], "item", 10,
				      &item);
			assert_int_equal(item, i);
		}
		strbuf_free(&text);
	}
}

/* Nothing is left of an event in the parser for the next one. */
static void test_events_are_apart(void **state)
{
	struct fixture *fixture = *state;

	parse(fixture, "type=SYSCALL" HEAD "pid=2\n");
	parse(fixture, "type=SYSCALL" HEAD "ppid=3\n");
	assert_int_equal(fixture->event.count, 1);
	assert_null(record_raw(first(fixture), "pid").data);
	assert_str(record_raw(first(fixture), "ppid"), "3");
}

/* More than one cwd= is not from a kernel, and auparse leaks them. */
static void test_repeated_cwd(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(
		parse(fixture, "type=CWD" HEAD "cwd=\"/a\" cwd=\"/b\" c=1\n"),
		0);
	assert_str(record_decoded(first(fixture), "cwd"), "/a");
	assert_str(fixture->event.texts[0],
		   "type=CWD" HEAD "cwd=\"/a\" cwd=\"/b\" c=1");
}

static void test_malformed(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(parse(fixture, "no record at all\n"),
			 RECORD_E_MALFORMED);
	/* what can be read of an event is */
	assert_int_equal(parse(fixture, "no record\n"
					"type=SYSCALL" HEAD "pid=2\n"),
			 0);
	assert_int_equal(fixture->event.count, 1);
	assert_str(record_raw(first(fixture), "pid"), "2");
}

static void test_enrichment(void **state)
{
	struct fixture *fixture = *state;
	const struct record *sockaddr;

	parse(fixture,
	      "type=SYSCALL" HEAD "uid=0 euid=2001 key=(null)\x1d"
	      "ARCH=x86_64 UID=\"root\" EUID=\"a b\" GID=\"unknown(7)\""
	      "\n"
	      "type=SOCKADDR" HEAD "saddr=0200\x1d"
	      "SADDR={ saddr_fam=inet EUID=x } EUID=6162\n");
	assert_str(record_enriched(first(fixture), "UID"), "root");
	assert_str(record_enriched(first(fixture), "EUID"), "a b");
	assert_str(record_enriched(first(fixture), "GID"), "unknown(7)");
	assert_null(record_enriched(first(fixture), "FSUID").data);
	/* of the record proper it is no part */
	assert_null(record_raw(first(fixture), "EUID").data);
	assert_str(record_raw(first(fixture), "key"), "(null)");
	assert_str(fixture->event.texts[0],
		   "type=SYSCALL" HEAD "uid=0 euid=2001 key=(null)");
	sockaddr = fixture->event.records[1];
	assert_str(record_enriched(sockaddr, "SADDR"),
		   "{ saddr_fam=inet EUID=x }");
	assert_str(record_enriched(sockaddr, "EUID"), "6162");
	parse(fixture, "type=SYSCALL" HEAD "pid=1\x1dUID=\n");
	assert_null(record_enriched(first(fixture), "UID").data);
}

/* --- arguments ------------------------------------------------------------ */

static struct str_array arguments(struct fixture *fixture, bool *complete)
{
	struct str_array args;

	assert_int_equal(record_arguments(&fixture->event, fixture->arena,
					  &args, complete),
			 0);
	return args;
}

static void test_arguments(void **state)
{
	struct fixture *fixture = *state;
	struct str_array args;
	bool complete;

	parse(fixture, "type=EXECVE" HEAD "argc=5 a0=\"gcc\" a1=20 a2=\"\" "
		       "a3_len=8 a3[0]=6162 a3[1]=6364\n"
		       "type=EXECVE" HEAD "  a4=\"-o\"\n");
	args = arguments(fixture, &complete);
	assert_true(complete);
	assert_int_equal(args.count, 5);
	assert_str(args.items[0], "gcc");
	assert_str(args.items[1], " ");
	assert_str(args.items[2], "");
	assert_str(args.items[3], "abcd");
	assert_str(args.items[4], "-o");
}

static void test_arguments_incomplete(void **state)
{
	struct fixture *fixture = *state;
	struct str_array args;
	bool complete;

	parse(fixture, "type=EXECVE" HEAD "argc=3 a0=\"a\" a1=\"b\"\n");
	args = arguments(fixture, &complete);
	assert_false(complete);
	assert_int_equal(args.count, 2);
	/* one in the middle is missing */
	parse(fixture, "type=EXECVE" HEAD "argc=3 a0=\"a\" a2=\"c\"\n");
	args = arguments(fixture, &complete);
	assert_false(complete);
	assert_int_equal(args.count, 3);
	assert_str(args.items[1], "");
	assert_str(args.items[2], "c");
	/* the first record is missing, and with it argc */
	parse(fixture, "type=EXECVE" HEAD "  a1=\"b\"\n");
	args = arguments(fixture, &complete);
	assert_false(complete);
	/* told twice: the first counts */
	parse(fixture, "type=EXECVE" HEAD "argc=1 a0=\"a\" a0=\"b\"\n");
	args = arguments(fixture, &complete);
	assert_str(args.items[0], "a");
	parse(fixture, "type=CWD" HEAD "cwd=\"/\"\n");
	args = arguments(fixture, &complete);
	assert_false(complete);
	assert_int_equal(args.count, 0);
}

static void test_arguments_limit(void **state)
{
	struct fixture *fixture = *state;
	char text[160];
	struct str_array args;
	bool complete;

	snprintf(text, sizeof(text), "type=EXECVE" HEAD "argc=1 a%d=\"x\"\n",
		 LIMIT_ARGS - 1);
	parse(fixture, text);
	args = arguments(fixture, &complete);
	assert_int_equal(args.count, LIMIT_ARGS);
	snprintf(text, sizeof(text), "type=EXECVE" HEAD "argc=1 a%d=\"x\"\n",
		 LIMIT_ARGS);
	parse(fixture, text);
	args = arguments(fixture, &complete);
	assert_int_equal(args.count, 0);
	assert_false(complete);
	parse(fixture, "type=EXECVE" HEAD
		       "argc=1 a99999999999999999999999999999999=\"x\"\n");
	args = arguments(fixture, &complete);
	assert_int_equal(args.count, 0);
}

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* One argument of 2 MiB in pieces as the kernel cuts them, and how long that
 * took to join. */
static double join_long(struct fixture *fixture, size_t bytes)
{
	enum { PIECE = 3750 };
	struct strbuf text = STRBUF_INIT(0);
	struct str_array args;
	double started;
	bool complete;

	strbuf_printf(&text, "type=EXECVE" HEAD "argc=2 a0=\"x\" a1_len=%zu",
		      2 * bytes);
	for (size_t i = 0; i * PIECE < bytes; i++) {
		size_t len = bytes - i * PIECE;

		strbuf_printf(&text, " a1[%zu]=", i);
		for (size_t k = 0; k < (len < PIECE ? len : PIECE); k++)
			strbuf_add_str(&text, STR("41"));
		strbuf_printf(&text, "\ntype=EXECVE" HEAD " ");
	}
	strbuf_add_char(&text, '\n');
	strbuf_add_char(&text, '\0');
	started = cpu_seconds();
	assert_int_equal(parse(fixture, text.data), 0);
	args = arguments(fixture, &complete);
	started = cpu_seconds() - started;
	assert_true(complete);
	assert_int_equal(args.count, 2);
	assert_int_equal(args.items[1].len, bytes);
	for (size_t i = 0; i < bytes; i++)
		assert_int_equal(args.items[1].data[i], 'A');
	strbuf_free(&text);
	return started;
}

static void test_arguments_linear(void **state)
{
	struct fixture *fixture = *state;
	double some = join_long(fixture, 1U << 18);
	double all = join_long(fixture, 1U << 21);

	/* eight times as much; a quadratic join takes 64 times as long */
	if (all > 24 * some + 0.05)
		fail_msg("256 KiB: %.4f s, 2 MiB: %.4f s", some, all);
}

/* --- real captures -------------------------------------------------------- */

/* What an own reading of the text finds must be what auparse finds. */
struct capture {
	struct fixture *fixture;
	size_t records, fields;
};

/* The fields of a record by splitting at blanks. */
static void check_fields(struct capture *capture, const struct record *record,
			 struct str text)
{
	const char *p = text.data, *end = p + text.len;

	/* type= and msg= are checked by who groups the records */
	p = memchr(p, ')', text.len);
	assert_non_null(p);
	if (record_type(record) == AUDIT_PATH &&
	    memmem(text.data, text.len, " cap_fp=", 8))
		end = memmem(text.data, text.len, " cap_fp=", 8);
	for (p += 2; p < end;) {
		const char *blank = memchr(p, ' ', (size_t)(end - p));
		const char *stop = blank ? blank : end;
		const char *equals = memchr(p, '=', (size_t)(stop - p));

		/* the fields of user space's text are not for us */
		if (stop - p > 4 && !memcmp(p, "msg=", 4))
			return;
		if (equals) {
			char name[64];

			snprintf(name, sizeof(name), "%.*s", (int)(equals - p),
				 p);
			/* auparse decodes and splits keys */
			if (strcmp(name, "key"))
				assert_str_equal(
					record_raw(record, name),
					(struct str){
						equals + 1,
						(size_t)(stop - equals - 1) });
			capture->fields++;
		}
		p = stop + 1;
	}
}

static int on_event(void *user, const struct raw_event *raw)
{
	struct capture *capture = user;
	struct fixture *fixture = capture->fixture;
	struct record_event event;

	arena_reset(fixture->arena);
	assert_int_equal(
		record_parse(fixture->parser, raw, fixture->arena, &event), 0);
	for (size_t i = 0, next = 0; i < raw->record_count; i++) {
		struct str text = event.texts[i];

		if (memmem(text.data, text.len, "type=PROCTITLE", 14))
			continue;
		assert_true(next < event.count);
		check_fields(capture, event.records[next++], text);
	}
	capture->records += event.count;
	return 0;
}

static void test_captures(void **state)
{
	static const char *const logs[] = {
		"gcc-o/plugin.log",
		"gcc-o/plugin-raw.log",
		"gcc-o/plugin-node.log",
		"name-forged/plugin.log",
		"name-newline/plugin-births.log",
		"argv-long/plugin.log",
		"argv-many/plugin-raw.log",
		"ns-overlay/creat.log",
		"conn-uring/plugin-births.log",
		"hosts-crossed/plugin.log",
	};
	struct capture capture = { .fixture = *state };

	for (size_t i = 0; i < sizeof(logs) / sizeof(logs[0]); i++) {
		char path[4096];
		size_t len = 0;
		char *data;

		snprintf(path, sizeof(path), "%s/tests/corpus/%s",
			 readlog_srcdir(), logs[i]);
		data = readlog_file(path, &len);
		assert_non_null(data);
		assert_int_equal(readlog_events(data, len, on_event, &capture),
				 0);
		free(data);
	}
	assert_true(capture.records > 800);
	assert_true(capture.fields > 5 * capture.records);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_number_edges),
		cmocka_unit_test(test_decoding),
		cmocka_unit_test(test_all_records_in_order),
		cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_find_stays_in_record),
		cmocka_unit_test(test_many_records),
		cmocka_unit_test(test_events_are_apart),
		cmocka_unit_test(test_repeated_cwd),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_enrichment),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_arguments_incomplete),
		cmocka_unit_test(test_arguments_limit),
		cmocka_unit_test(test_arguments_linear),
		cmocka_unit_test(test_captures),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
