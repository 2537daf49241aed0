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
	struct raw_head *heads;
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
	free(fixture->heads);
	free(fixture);
	return 0;
}

/* As the sieve has it, which refuses what is no record. */
static struct raw_head head_of(struct str line)
{
	struct raw_head head = { .type = -1 };
	const char *end = memmem(line.data, line.len, "):", 2);
	char type[32];

	if (end)
		head.body = (uint32_t)(end + 2 - line.data);
	if (sscanf(line.data, "node=%*s type=%31s", type) == 1 ||
	    sscanf(line.data, "type=%31s", type) == 1)
		head.type = audit_name_to_msg_type(type);
	return head;
}

/* The node of the first line. */
static struct str node_of(const char *text)
{
	return strncmp(text, "node=", 5)
		       ? (struct str){ 0 }
		       : (struct str){ text + 5, strcspn(text + 5, " ") };
}

/* want: of enum record_want. */
static int parse_some(struct fixture *fixture, unsigned int want,
		      const char *text)
{
	size_t count = 0;

	free(fixture->lines);
	free(fixture->heads);
	fixture->lines = calloc(strlen(text) + 1, sizeof(*fixture->lines));
	fixture->heads = calloc(strlen(text) + 1, sizeof(*fixture->heads));
	for (const char *p = text; *p;) {
		const char *end = strchrnul(p, '\n');

		fixture->lines[count] = (struct str){ p, (size_t)(end - p) };
		fixture->heads[count] = head_of(fixture->lines[count]);
		count++;
		p = *end ? end + 1 : end;
	}
	fixture->raw = (struct raw_event){
		.record_count = count,
		.records = fixture->lines,
		.heads = fixture->heads,
		.node = node_of(text),
		.text = str_from(text),
		.complete = true,
	};
	arena_reset(fixture->arena);
	return record_parse(fixture->parser, &fixture->raw, want,
			    fixture->arena, &fixture->event);
}

static int parse(struct fixture *fixture, const char *text)
{
	return parse_some(fixture, RECORD_ALL, text);
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

/* One walk finds what single look-ups find, in whatever order fields stand and
 * are asked for; of several of one name that is the first. */
static void test_pick(void **state)
{
	struct fixture *fixture = *state;
	static const struct record_name names[] = {
		RECORD_NAME("a"),	 RECORD_NAME("bc"),
		RECORD_NAME("eightlen"), RECORD_NAME("none"),
		RECORD_NAME("uid"),	 RECORD_NAME("euid"),
	};
	static const char *const texts[] = {
		"a=1 bc=2 eightlen=3 uid=4 euid=5\n",
		"euid=1 uid=2 eightlen=3 bc=4 a=5\n",
		"uid=1 a=2 uid=3 a=4 bc=5 bc=6 euid=7 uid=8\n",
		"eightlength=1 bcd=2 ab=3 ui=4 eightle=5 uid=6\n",
		"x=1\n",
	};
	enum { NAMES = sizeof(names) / sizeof(names[0]) };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct str out[NAMES];
		char line[256];

		snprintf(line, sizeof(line), "type=SYSCALL" HEAD "%s",
			 texts[i]);
		assert_int_equal(parse(fixture, line), 0);
		record_pick(first(fixture), names, NAMES, out);
		for (size_t k = 0; k < NAMES; k++) {
			struct str one =
				record_raw(first(fixture), names[k].text);

			assert_int_equal(out[k].data == NULL, one.data == NULL);
			assert_true(str_equal(out[k], one));
		}
	}
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

/* Auparse gives LOGIN as an event of its own, and ends one at PROCTITLE. */
static void test_all_records_in_order(void **state)
{
	struct fixture *fixture = *state;
	const int types[] = { AUDIT_LOGIN, AUDIT_SYSCALL, AUDIT_PROCTITLE,
			      AUDIT_PATH };
	size_t next = 0;

	assert_int_equal(parse(fixture, "type=LOGIN" HEAD "pid=1 uid=0\n"
					"type=SYSCALL" HEAD "pid=2\n"
					"type=PROCTITLE" HEAD "proctitle=41\n"
					"type=PATH" HEAD "item=0\n"),
			 0);
	assert_int_equal(fixture->event.count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(record_type(fixture->event.records[i]),
				 types[i]);
	assert_non_null(record_find(&fixture->event, AUDIT_SYSCALL, &next));
	assert_int_equal(next, 2);
	assert_null(record_find(&fixture->event, AUDIT_SYSCALL, &next));
}

/* Those that auparse has as one keep their places among the others. */
static void test_joined_in_order(void **state)
{
	struct fixture *fixture = *state;
	const int types[] = { AUDIT_AVC, AUDIT_SYSCALL, AUDIT_LOGIN, AUDIT_PATH,
			      AUDIT_EXECVE };

	assert_int_equal(parse_some(fixture, RECORD_EVENT,
				    "type=AVC" HEAD
				    "avc:  denied  { x } pid=1\n"
				    "type=SYSCALL" HEAD "pid=2\n"
				    "type=LOGIN" HEAD "pid=3\n"
				    "type=EOE" HEAD "\n"
				    "type=PATH" HEAD "name=\"a\"\n"
				    "type=EXECVE" HEAD "argc=1 a0=\"b\"\n"),
			 0);
	assert_int_equal(fixture->event.count, 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(record_type(fixture->event.records[i]),
				 types[i]);
	for (size_t i = 0; i < 3; i++) {
		int64_t pid;

		assert_true(record_number(fixture->event.records[i], "pid", 10,
					  &pid));
		assert_int_equal(pid, i + 1);
	}
	assert_str(record_raw(fixture->event.records[3], "name"), "\"a\"");
	assert_str(record_raw(fixture->event.records[4], "a0"), "\"b\"");
}

/* What nobody asks for; with a node's name before it, too. */
static void test_left_out(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(parse_some(fixture, RECORD_EVENT,
				    "type=PROCTITLE" HEAD "proctitle=41\n"),
			 0);
	assert_int_equal(fixture->event.count, 0);
	assert_int_equal(
		parse_some(fixture, RECORD_EVENT,
			   "node=a type=PROCTITLE" HEAD "proctitle=41\n"
			   "node=a type=PATH" HEAD
			   "name=\"cap_fp=0\" nametype=NORMAL cap_fp=0 "
			   "cap_fi=0\n"
			   "node=a type=EOE" HEAD "\n"),
		0);
	assert_int_equal(fixture->event.count, 1);
	assert_str_equal(record_decoded(first(fixture), "name"),
			 STR("cap_fp=0"));
	assert_str_equal(record_raw(first(fixture), "nametype"), STR("NORMAL"));
	assert_null(record_raw(first(fixture), "cap_fp").data);
	assert_null(record_raw(first(fixture), "cap_fi").data);
}

/* Each part is there if it is wanted, and takes nothing along if it is not. */
static void test_parts(void **state)
{
	static const struct {
		const char *name;
		unsigned int want;
	} fields[] = {
		{ "arch", RECORD_CALL },
		{ "syscall", RECORD_CALL },
		{ "success", RECORD_CALL },
		{ "exit", RECORD_UNREAD },
		{ "a0", RECORD_A0 },
		{ "a1", RECORD_A1 },
		{ "a2", RECORD_A2 },
		{ "a3", RECORD_A3 },
		{ "suid", RECORD_UNREAD },
		{ "fsuid", RECORD_UNREAD },
		{ "sgid", RECORD_UNREAD },
		{ "fsgid", RECORD_UNREAD },
		{ "comm", RECORD_COMM },
		{ "subj", RECORD_UNREAD },
		{ "key", RECORD_UNREAD },
		{ "items", 0 },
		{ "ppid", 0 },
		{ "pid", 0 },
		{ "auid", 0 },
		{ "uid", 0 },
		{ "gid", 0 },
		{ "euid", 0 },
		{ "egid", 0 },
		{ "tty", 0 },
		{ "ses", 0 },
		{ "exe", 0 },
	};
	struct fixture *fixture = *state;

	for (unsigned int want = 0; want <= RECORD_ALL; want++) {
		bool all = want & RECORD_UNREAD;

		assert_int_equal(
			parse_some(
				fixture, want,
				"type=SYSCALL" HEAD
				"arch=c000003e syscall=59 success=yes exit=0 "
				"a0=1 a1=2 a2=3 a3=4 items=2 ppid=5 pid=6 "
				"auid=7 uid=8 gid=9 euid=10 suid=11 fsuid=12 "
				"egid=13 sgid=14 fsgid=15 tty=pts0 ses=16 "
				"comm=\"a\" exe=\"/b\" subj=c key=\"k\"\n"
				"type=CWD" HEAD "cwd=\"/d\"\n"),
			0);
		assert_int_equal(fixture->event.count,
				 want & RECORD_CWD ? 2 : 1);
		for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
			assert_int_equal(
				!!record_raw(first(fixture), fields[i].name)
					  .data,
				all || !fields[i].want ||
					(fields[i].want & want));
	}
}

/* Auparse tells no field of an event of the first second there was. */
static void test_no_time(void **state)
{
	static const char text[] =
		"type=SYSCALL msg=audit(0.910:25280): pid=1\n"
		"type=PATH msg=audit(0.910:25280): name=\"a\"\n";
	struct fixture *fixture = *state;
	const unsigned int wants[] = { RECORD_EVENT, RECORD_ALL };

	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(parse_some(fixture, wants[i], text), 0);
		assert_int_equal(fixture->event.count, 2);
		assert_null(record_raw(first(fixture), "pid").data);
	}
}

/* What is no field of that name stays, as does what stands behind it. */
static void test_hostile_words(void **state)
{
	struct fixture *fixture = *state;

	/* twice: the first counts */
	parse_some(fixture, 0,
		   "type=SYSCALL" HEAD
		   "pid=1 exit=2 pid=3 exit=4  exitx=5 xexit=6 (exit=7 "
		   "msg='exit=8 uid=9 exe=\"a exit=10 b\" euid=11 key=12\n");
	assert_str(record_raw(first(fixture), "pid"), "1");
	assert_str(record_raw(first(fixture), "exitx"), "5");
	assert_str(record_raw(first(fixture), "xexit"), "6");
	/* auparse takes the bracket off */
	assert_str(record_raw(first(fixture), "exit"), "7");
	assert_str(record_raw(first(fixture), "uid"), "9");
	assert_str(record_raw(first(fixture), "exe"), "\"a");
	assert_str(record_raw(first(fixture), "euid"), "11");
	assert_null(record_raw(first(fixture), "key").data);
	/* ended by what another record begins with */
	parse_some(fixture, 0,
		   "type=SYSCALL" HEAD "uid=1 key\n"
		   "type=PATH" HEAD "name=\"a\"\n");
	assert_int_equal(fixture->event.count, 2);
	assert_str(record_raw(first(fixture), "uid"), "1");
	/* none at all */
	parse_some(fixture, 0,
		   "type=SYSCALL" HEAD "\n"
		   "type=PATH msg=audit(1795486462.910:25280):\n"
		   "type=PATH" HEAD "name=\"a\"\n");
	assert_int_equal(fixture->event.count, 3);
	assert_str(record_raw(fixture->event.records[2], "name"), "\"a\"");
}

/* The PATH records are those of a and b. */
static void check_paths(const struct fixture *fixture)
{
	const struct record *path;
	size_t next = 0;
	int64_t mode;

	for (int i = 1; i < 3; i++) {
		path = record_find(&fixture->event, AUDIT_PATH, &next);
		assert_non_null(path);
		assert_true(record_number(path, "mode", 8, &mode));
		assert_int_equal(mode, i);
		assert_str_equal(record_raw(path, "name"),
				 i == 1 ? STR("\"a\"") : STR("\"b\""));
	}
	assert_null(record_find(&fixture->event, AUDIT_PATH, &next));
}

/* What records are joined by is none of a record. */
static void test_hostile_mark(void **state)
{
	static const char *const words[] = {
		"\034=1",     "(\034=1",	"msg='\034=1",
		"\034mode=7", "\034name=\"c\"", "x=\034",
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		for (int place = 0; place < 3; place++) {
			char text[512];

			snprintf(text, sizeof(text),
				 "type=SYSCALL" HEAD "uid=0 %s ppid=0\n"
				 "type=PATH" HEAD "name=\"a\" %s mode=1\n"
				 "type=PATH" HEAD "name=\"b\" %s mode=2\n",
				 place == 0 ? words[i] : "c=d",
				 place == 1 ? words[i] : "c=d",
				 place == 2 ? words[i] : "c=d");
			assert_int_equal(parse_some(fixture, 0, text), 0);
			assert_int_equal(fixture->event.count, 3);
			assert_str(record_raw(first(fixture), "ppid"), "0");
			check_paths(fixture);
		}
}

/* Records are joined by their first field alone, if it is the one. */
static void test_hostile_first_field(void **state)
{
	static const char *const words[] = {
		"",	   "(",	       "name ",	 "msg='",   "msg=a ",
		"key=61 ", "namex=1 ", "cap_f ", "item=0 ", " ",
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		char text[512];

		snprintf(text, sizeof(text),
			 "type=PATH" HEAD "%sname=\"a\" mode=1\n"
			 "type=SYSCALL" HEAD "uid=0\n"
			 "type=PATH" HEAD "%sname=\"b\" mode=2\n"
			 "type=EXECVE" HEAD "a1=\"c\"\n"
			 "type=EXECVE" HEAD "%sargc=2\n",
			 words[i], words[i], words[i]);
		assert_int_equal(parse_some(fixture, 0, text), 0);
		assert_int_equal(fixture->event.count, 5);
		assert_str(record_raw(fixture->event.records[1], "uid"), "0");
		assert_str(record_raw(fixture->event.records[3], "a1"),
			   "\"c\"");
		assert_str(record_raw(fixture->event.records[4], "argc"), "2");
		check_paths(fixture);
	}
}

/* Of a word without a value not all versions of auparse make a field. */
static void test_empty_first_field(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(parse_some(fixture, 0,
				    "type=SYSCALL" HEAD "uid=0\n"
				    "type=PATH" HEAD "name= mode=1\n"
				    "type=PATH" HEAD "name= mode=2\n"
				    "type=SOCKADDR" HEAD "saddr=\n"),
			 0);
	assert_int_equal(fixture->event.count, 4);
	for (size_t i = 1; i < 3; i++) {
		int64_t mode;

		assert_true(record_number(fixture->event.records[i], "mode", 8,
					  &mode));
		assert_int_equal(mode, i);
	}
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
	struct record_parser *other; /* for the same event once more */
	size_t records, fields, left_out;
};

static bool is_of(struct str text, const char *type)
{
	return memmem(text.data, text.len, type, strlen(type));
}

/* Whether a field of such a record makes no event. */
static bool is_unread(const struct record *record, const char *name)
{
	static const char *const call[] = { "exit",  "suid", "fsuid", "sgid",
					    "fsgid", "subj", "key",   NULL };
	static const char *const path[] = { "item", "rdev", "obj", NULL };
	const char *const *names =
		record_type(record) == AUDIT_SYSCALL ? call : path;

	if (record_type(record) != AUDIT_SYSCALL &&
	    record_type(record) != AUDIT_PATH)
		return false;
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return record_type(record) == AUDIT_PATH && !strncmp(name, "cap_f", 5);
}

/* A field of a record as it was parsed whole, and for an event. */
static void check_field(struct capture *capture, const struct record *whole,
			const struct record *some, const char *name,
			struct str value)
{
	struct str found = record_raw(whole, name);

	/* auparse decodes and splits keys */
	if (strcmp(name, "key"))
		assert_str_equal(found, value);
	capture->fields++;
	if (!is_unread(some, name)) {
		assert_str_equal(record_raw(some, name), found);
	} else {
		assert_null(record_raw(some, name).data);
		capture->left_out++;
	}
}

/* The fields of a record by splitting at blanks. */
static void check_fields(struct capture *capture, const struct record *whole,
			 const struct record *some, struct str text)
{
	const char *p = text.data, *end = p + text.len;

	/* type= and msg= are checked by who groups the records */
	p = memchr(p, ')', text.len);
	assert_non_null(p);
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
			check_field(
				capture, whole, some, name,
				(struct str){ equals + 1,
					      (size_t)(stop - equals - 1) });
		}
		p = stop + 1;
	}
}

static int on_event(void *user, const struct raw_event *raw)
{
	struct capture *capture = user;
	struct arena *arena = capture->fixture->arena;
	struct record_event whole, some;
	size_t next = 0;

	arena_reset(arena);
	assert_int_equal(record_parse(capture->fixture->parser, raw, RECORD_ALL,
				      arena, &whole),
			 0);
	assert_int_equal(
		record_parse(capture->other, raw, RECORD_EVENT, arena, &some),
		0);
	assert_int_equal(whole.count, raw->record_count);
	for (size_t i = 0; i < raw->record_count; i++) {
		struct str text = whole.texts[i];

		assert_str_equal(some.texts[i], text);
		if (is_of(text, "type=PROCTITLE ") || is_of(text, "type=EOE "))
			continue;
		assert_true(next < some.count);
		assert_int_equal(record_type(whole.records[i]),
				 record_type(some.records[next]));
		check_fields(capture, whole.records[i], some.records[next++],
			     text);
	}
	assert_int_equal(next, some.count);
	capture->records += whole.count;
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

	assert_int_equal(record_parser_new(&capture.other), 0);

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
	record_parser_free(&capture.other);
	assert_true(capture.records > 800);
	assert_true(capture.fields > 5 * capture.records);
	assert_true(capture.left_out > capture.records);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_pick),
		cmocka_unit_test(test_number_edges),
		cmocka_unit_test(test_decoding),
		cmocka_unit_test(test_all_records_in_order),
		cmocka_unit_test(test_joined_in_order),
		cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_no_time),
		cmocka_unit_test(test_hostile_words),
		cmocka_unit_test(test_hostile_mark),
		cmocka_unit_test(test_hostile_first_field),
		cmocka_unit_test(test_empty_first_field),
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
