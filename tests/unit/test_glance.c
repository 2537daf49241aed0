/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a look at an event tells is what libauparse makes of it: over all logs of
 * the tests, and over them with bytes changed.
 */
#include "normalize/glance.h"

#include <libaudit.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "readlog.h"
#include "record.h"
#include "util/arena.h"
#include "util/strbuf.h"

struct seen {
	struct record_parser *parser;
	struct arena *arena;
	bool damaged;
	size_t events, calls, records, callers, senders;
	size_t local, directories;
};

static uint32_t id_of(const struct record *record, const char *field)
{
	int64_t id;

	return record_number(record, field, 10, &id) ? (uint32_t)id
						     : ID_UNKNOWN;
}

static int64_t number_of(const struct record *record, const char *field,
			 int base)
{
	int64_t number = -1;

	record_number(record, field, base, &number);
	return number;
}

static void check_who(const struct record *record,
		      const struct glance_sight *sight)
{
	const struct process_sight *who = &sight->sight;

	assert_int_equal(who->pid, number_of(record, "pid", 10));
	assert_int_equal(who->ppid, number_of(record, "ppid", 10));
	assert_int_equal(sight->login, id_of(record, "auid"));
	assert_int_equal(who->ids.uid, id_of(record, "uid"));
	assert_int_equal(who->ids.gid, id_of(record, "gid"));
	assert_int_equal(who->ids.euid, id_of(record, "euid"));
	assert_int_equal(who->ids.egid, id_of(record, "egid"));
	assert_int_equal(who->tty, tty_of_name(record_raw(record, "tty")));
}

static void check_caller(const struct record_event *event,
			 const struct record *call,
			 const struct glance_sight *sight)
{
	static const char *const arguments[] = { "a0", "a1", "a2", "a3" };
	struct str directory = { 0 };
	size_t next = 0;
	const struct record *cwd = record_find(event, AUDIT_CWD, &next);

	check_who(call, sight);
	if (cwd)
		directory = record_decoded(cwd, "cwd");
	assert_true(str_equal(sight->sight.directory, directory));
	assert_true(str_equal(sight->sight.exe, record_decoded(call, "exe")));
	for (size_t i = 0; i < 4; i++) {
		int64_t number;

		if (glance_argument(sight, i, &number))
			assert_int_equal(number,
					 number_of(call, arguments[i], 16));
	}
}

/* What is told to be of the host is no address of another. */
static void check_address(struct seen *seen, const struct raw_event *raw,
			  const struct glance *glance,
			  const struct record_event *event)
{
	size_t next = 0;
	const struct record *record = record_find(event, AUDIT_SOCKADDR, &next);
	struct str address;

	if (!glance_is_local(raw, glance))
		return;
	seen->local++;
	assert_non_null(record);
	address = record_decoded(record, "saddr");
	assert_true(address.len >= 2);
	for (int i = 0; i < 2; i++) {
		int family = (unsigned char)address.data[i] +
			     256 * (unsigned char)address.data[1 - i];

		assert_true(family != AF_INET && family != AF_INET6);
	}
}

static void check_directory(struct seen *seen, const struct raw_event *raw,
			    const struct glance *glance,
			    const struct record_event *event)
{
	struct str told, directory = { 0 };
	size_t next = 0;
	const struct record *cwd = record_find(event, AUDIT_CWD, &next);

	if (!glance_directory(raw, glance, &told))
		return;
	seen->directories += cwd != NULL;
	if (cwd)
		directory = record_decoded(cwd, "cwd");
	assert_true(str_equal(told, directory));
}

static void check_call(struct seen *seen, const struct raw_event *raw,
		       const struct glance *glance)
{
	struct glance_sight sight;
	struct record_event event;
	const struct record *call;
	size_t next = 0;

	arena_reset(seen->arena);
	if (record_parse(seen->parser, raw, RECORD_ALL, seen->arena, &event))
		return;
	call = record_find(&event, AUDIT_SYSCALL, &next);
	/* what auparse does not take for a record a look may */
	if (!call && seen->damaged)
		return;
	seen->calls++;
	assert_non_null(call);
	assert_int_equal(glance->arch, number_of(call, "arch", 16));
	assert_int_equal(glance->syscall, number_of(call, "syscall", 10));
	assert_true(glance->failed !=
		    str_equal(record_raw(call, "success"), STR("yes")));
	assert_null(record_find(&event, AUDIT_SYSCALL, &next));
	check_address(seen, raw, glance, &event);
	check_directory(seen, raw, glance, &event);
	if (!glance_sight(raw, glance, &sight))
		return;
	seen->callers++;
	check_caller(&event, call, &sight);
}

static void check_record(struct seen *seen, const struct raw_event *raw,
			 const struct glance *glance)
{
	struct glance_sight sight;
	struct record_event event;

	arena_reset(seen->arena);
	if (record_parse(seen->parser, raw, RECORD_ALL, seen->arena, &event) ||
	    !event.count)
		return;
	seen->records++;
	assert_int_equal(event.count, 1);
	assert_int_equal(glance->type, record_type(event.records[0]));
	/* of these nothing is asked for beside the type */
	if (glance->type < AUDIT_FIRST_USER_MSG ||
	    !glance_sight(raw, glance, &sight))
		return;
	seen->senders++;
	check_who(event.records[0], &sight);
	assert_int_equal(sight.sight.exe.len, 0);
}

static int on_event(void *user, const struct raw_event *raw)
{
	struct seen *seen = user;
	struct glance glance;

	seen->events++;
	glance_at(raw, &glance);
	if (glance.of == GLANCE_CALL)
		check_call(seen, raw, &glance);
	else if (glance.of == GLANCE_RECORD)
		check_record(seen, raw, &glance);
	return 0;
}

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Bytes that fields are made of, one in so many. */
static void damage(char *data, size_t len, uint32_t seed)
{
	static const char bytes[] = "= \"'\x1d\t0123456789afAFx-?(";

	for (size_t i = 0; i < len / 400; i++) {
		size_t at = next_random(&seed) % len;

		if (data[at] != '\n')
			data[at] =
				bytes[next_random(&seed) % (sizeof(bytes) - 1)];
	}
}

static void check_log(void *user, const char *path)
{
	struct seen *seen = user;
	size_t len = 0;
	char *data = readlog_file(path, &len), *copy = malloc(len + 1);

	assert_non_null(data);
	assert_non_null(copy);
	seen->damaged = false;
	assert_int_equal(readlog_events(data, len, on_event, seen), 0);
	seen->damaged = true;
	for (uint32_t seed = 1; seed < 20; seed++) {
		memcpy(copy, data, len);
		damage(copy, len, seed);
		assert_int_equal(readlog_events(copy, len, on_event, seen), 0);
	}
	free(data);
	free(copy);
}

static void test_logs(void **state)
{
	struct seen seen = { .arena = arena_new(0) };

	(void)state;
	assert_non_null(seen.arena);
	assert_int_equal(record_parser_new(&seen.parser), 0);
	assert_true(readlog_all(check_log, &seen) > 100);
	print_message("%zu events: %zu calls, %zu callers, %zu records, "
		      "%zu senders\n",
		      seen.events, seen.calls, seen.callers, seen.records,
		      seen.senders);
	assert_true(seen.callers > 5000);
	assert_true(seen.local > 10);
	assert_true(seen.directories > 1000);
	assert_true(seen.senders > 100);
	record_parser_free(&seen.parser);
	arena_free(&seen.arena);
}

/* --- odd events ------------------------------------------------------------ */

#define STAMP " msg=audit(1700000000.000:1): "
#define CALL_OF(pid, exe) \
	"type=SYSCALL" STAMP "arch=c000003e syscall=87 success=yes exit=0 " \
	"a0=1 a1=2 a2=3 a3=4 items=1 ppid=1 pid=" pid " auid=1 uid=2 gid=3 " \
	"euid=4 suid=5 fsuid=6 egid=7 sgid=8 fsgid=9 tty=pts0 ses=1 " \
	"comm=\"x\" exe=" exe " key=(null)\n"
#define CALL CALL_OF("2", "\"/x\"")
#define CWD(value) "type=CWD" STAMP "cwd=" value "\n"

struct odd {
	const char *log;
	enum glance_of of;
	bool seen; /* who did it is told */
};

static const struct odd odds[] = {
	{ CALL, GLANCE_CALL, true },
	{ CALL CWD("\"/\""), GLANCE_CALL, true },
	{ CALL CWD("\"/\"\x1d"), GLANCE_CALL, true },
	{ CALL CWD("\"/\" cwd=\"/x\""), GLANCE_CALL, false },
	{ CALL CWD("2F61"), GLANCE_CALL, false },
	{ CALL CWD("(null)"), GLANCE_CALL, false },
	{ CALL CWD("\"\""), GLANCE_CALL, false },
	{ CALL CWD("\"/\"") CWD("\"/x\""), GLANCE_CALL, false },
	{ CALL CALL, GLANCE_OTHER, false },
	{ CALL "type=EXECVE" STAMP "argc=0\n", GLANCE_CALL, true },
	{ CALL "type=URINGOP" STAMP "uring_op=16\n", GLANCE_OTHER, false },
	{ CALL "type=AVC" STAMP "x\n", GLANCE_OTHER, false },
	{ CALL "type=NONE_OF_OURS" STAMP "x\n", GLANCE_OTHER, false },
	{ CWD("\"/\""), GLANCE_OTHER, false },
	{ CALL_OF("2", "2F78"), GLANCE_CALL, false },
	{ CALL_OF("2", "(null)"), GLANCE_CALL, false },
	{ CALL_OF("2", "\"/x"), GLANCE_CALL, false },
	{ CALL_OF("0", "\"/x\""), GLANCE_CALL, false },
	{ CALL_OF("-2", "\"/x\""), GLANCE_CALL, false },
	{ CALL_OF("2\x1d", "\"/x\""), GLANCE_CALL, false },
	{ CALL_OF("1234567890123456789", "\"/x\""), GLANCE_CALL, false },
	{ "type=SYSCALL" STAMP "arch=c000003e syscall=87 per=400000 "
	  "success=no exit=-2\n",
	  GLANCE_CALL, false },
	{ "type=SYSCALL" STAMP "arch=c000003e syscall=87 exit=-2\n",
	  GLANCE_OTHER, false },
	{ "type=USER_ACCT" STAMP "pid=1 uid=2 auid=3 msg='x'\n", GLANCE_RECORD,
	  true },
	{ "type=USER_ACCT" STAMP "pid=1 uid=2 auid=3 msg='x'\x1dUID=\"a\" "
	  "euid=1\n",
	  GLANCE_RECORD, true },
	{ "type=USER_ACCT" STAMP "pid=1 uid=2 auid=3 euid=1 msg='x'\n",
	  GLANCE_RECORD, false },
	{ "type=USER_ACCT" STAMP "pid=1 uid=2 auid=3 msg='tty=x'\n",
	  GLANCE_RECORD, false },
	{ "type=USER_ACCT" STAMP "uid=2 pid=1 auid=3\n", GLANCE_RECORD, false },
	{ "type=USER_ACCT msg=audit(1700000000.000:1):pid=1 uid=2 auid=3 x\n",
	  GLANCE_RECORD, false },
};

static int on_odd(void *user, const struct raw_event *raw)
{
	const struct odd *odd = user;
	struct glance_sight sight;
	struct glance glance;

	glance_at(raw, &glance);
	if (glance.of != odd->of)
		fail_msg("of %d: %s", (int)glance.of, odd->log);
	if (odd->of != GLANCE_OTHER &&
	    glance_sight(raw, &glance, &sight) != odd->seen)
		fail_msg("who it was is %stold: %s", odd->seen ? "not " : "",
			 odd->log);
	return 0;
}

static void test_odd(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(odds) / sizeof(odds[0]); i++)
		assert_int_equal(readlog_events(odds[i].log,
						strlen(odds[i].log), on_odd,
						(void *)(uintptr_t)&odds[i]),
				 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_logs),
		cmocka_unit_test(test_odd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
