/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Environments: a process with one, and a /proc made by hand. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "environ.h"
#include "limits.h"
#include "readlog.h"
#include "util/strbuf.h"

#define LONG_NS (60 * NSEC_PER_SEC)

static const char root[] = "environ.test";
static const struct str names[] = { STR("LD_PRELOAD"), STR("A"),
				    STR("LD_AUDIT") };
static const struct str_list wanted = { 3, names };
static struct arena *arena;

static int clean(void **state)
{
	(void)state;
	arena_free(&arena);
	return system("rm -rf environ.test");
}

static void put(const char *name, const char *data, size_t len)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, len, file), len);
	fclose(file);
}

static void put_stat(const char *name, char state)
{
	char text[128];
	int len = snprintf(text, sizeof(text),
			   "5 (x) %c 1 5 5 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1 "
			   "0\n",
			   state);

	put(name, text, (size_t)len);
}

static int make(void **state)
{
	if (clean(state) || mkdir(root, 0755) ||
	    mkdir("environ.test/5", 0755) || mkdir("environ.test/6", 0755))
		return -1;
	arena = arena_new(0);
	put_stat("5/stat", 'S');
	put_stat("6/stat", 'S');
	return arena ? 0 : -1;
}

static struct environ_reader *open_reader(const char *where,
					  int64_t deadline_ns)
{
	const struct environ_config config = { where, &wanted, deadline_ns };
	struct environ_reader *reader = NULL;

	assert_int_equal(environ_reader_new(&config, &reader), 0);
	return reader;
}

static int64_t now_ms(void)
{
	return (int64_t)time(NULL) * 1000 + 1000;
}

/* What is told, each with a ';' behind it. */
static void assert_variables(const struct value *value, const char *expected)
{
	struct strbuf text = STRBUF_INIT(0);
	size_t count;
	const struct value *items = value_items(value, &count);

	for (size_t i = 0; i < count; i++) {
		strbuf_add_str(&text, items[i].s);
		strbuf_add_char(&text, ';');
	}
	if (!str_equal(strbuf_str(&text), str_from(expected)))
		fail_msg("expected %s, got %.*s", expected,
			 STR_ARG(strbuf_str(&text)));
	strbuf_free(&text);
}

/* The environment of process 5, as its file has it. */
static enum environment_answer read_of(const char *data, size_t len,
				       struct value *out)
{
	struct environ_reader *reader = open_reader(root, LONG_NS);
	enum environment_answer answer;

	put("5/environ", data, len);
	*out = (struct value){ 0 };
	answer = environ_read(reader, 5, now_ms(), arena, out);
	environ_reader_free(&reader);
	assert_null(reader);
	return answer;
}

static void test_process(void **state)
{
	static char *const args[] = { (char *)"sleep", (char *)"600", NULL };
	static char *const variables[] = { (char *)"SECRET=1",
					   (char *)"LD_PRELOAD=/tmp/x.so",
					   (char *)"A=two words",
					   (char *)"AA=1", NULL };
	struct environ_reader *reader = open_reader("/proc", LONG_NS);
	int ready[2], status;
	char byte;
	struct value value = { 0 };
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		execve("/bin/sleep", args, variables);
		_exit(1);
	}
	close(ready[1]);
	/* the other end is closed when it executes */
	assert_int_equal(read(ready[0], &byte, 1), 0);
	close(ready[0]);
	assert_int_equal(environ_read(reader, pid, now_ms(), arena, &value),
			 ENVIRONMENT_WHOLE);
	assert_variables(&value, "LD_PRELOAD=/tmp/x.so;A=two words;");
	/* it began after the record, so the record is another's */
	assert_int_equal(environ_read(reader, pid, 1000, arena, &value),
			 ENVIRONMENT_UNKNOWN);
	kill(pid, SIGKILL);
	/* it has ended, and is there until it is waited for */
	assert_int_equal(
		waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT),
		0);
	assert_int_equal(environ_read(reader, pid, now_ms(), arena, &value),
			 ENVIRONMENT_UNKNOWN);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(environ_read(reader, pid, now_ms(), arena, &value),
			 ENVIRONMENT_UNKNOWN);
	environ_reader_free(&reader);
}

#define READ(text, out) read_of(text, sizeof(text) - 1, out)

static void test_variables(void **state)
{
	struct value value;

	(void)state;
	assert_int_equal(READ("B=1\0A=\0", &value), ENVIRONMENT_WHOLE);
	assert_variables(&value, "A=;");
	assert_int_equal(READ("B=A=1\0=A=2\0A\0a=3\0xA=4\0A =5\0", &value),
			 ENVIRONMENT_WHOLE);
	assert_int_equal(value.type, VALUE_NULL);
	/* the value may hold anything, and the last one need not end */
	assert_int_equal(READ("\0\0A=B=1\nC\0LD_PRELOAD=x", &value),
			 ENVIRONMENT_WHOLE);
	assert_variables(&value, "LD_PRELOAD=x;A=B=1\nC;");
	/* the first and the last of a name */
	assert_int_equal(READ("A=1\0A=22\0", &value), ENVIRONMENT_WHOLE);
	assert_variables(&value, "A=1;A=22;");
	assert_int_equal(READ("A=1\0A=22\0A=3\0", &value), ENVIRONMENT_CUT);
	assert_variables(&value, "A=1;A=3;");
	/* nothing there, or no such file */
	assert_int_equal(READ("", &value), ENVIRONMENT_UNKNOWN);
	put_stat("5/stat", 'Z');
	assert_int_equal(READ("A=1\0", &value), ENVIRONMENT_UNKNOWN);
	assert_int_equal(value.type, VALUE_NULL);
}

static void test_long(void **state)
{
	enum {
		MOST = LIMIT_ENVIRONMENT_NAME_BYTES + 1 +
		       LIMIT_ENVIRONMENT_VALUE_BYTES
	};
	struct strbuf text = STRBUF_INIT(0);
	struct value value;

	(void)state;
	/* behind more than is read at once, and than any name is long */
	for (size_t i = 0; i < 100000; i++)
		strbuf_add_str(&text, STR("NO="));
	strbuf_add(&text, "\0A=1\0", 5);
	for (size_t i = 0; i < 100000; i++)
		strbuf_add_char(&text, 'A');
	strbuf_add(&text, "=2\0", 3);
	assert_int_equal(read_of(text.data, text.len, &value),
			 ENVIRONMENT_WHOLE);
	assert_variables(&value, "A=1;");
	strbuf_reset(&text);
	strbuf_add_str(&text, STR("A="));
	while (text.len < MOST)
		strbuf_add_char(&text, 'x');
	assert_int_equal(read_of(text.data, text.len, &value),
			 ENVIRONMENT_WHOLE);
	assert_int_equal(value.list.items[0].s.len, MOST);
	strbuf_add_char(&text, 'y');
	assert_int_equal(read_of(text.data, text.len, &value), ENVIRONMENT_CUT);
	assert_int_equal(value.list.items[0].s.len, MOST);
	strbuf_free(&text);
}

/* A process that keeps its reader waiting costs the deadline once; until it
 * lets go nobody else's environment is known, and nobody waits. */
static void test_stuck(void **state)
{
	struct environ_reader *reader = open_reader(root, NSEC_PER_MSEC);
	struct value value = { 0 };
	int fd;

	(void)state;
	put("5/environ", "A=1", 3);
	assert_int_equal(mkfifo("environ.test/6/environ", 0600), 0);
	assert_int_equal(environ_read(reader, 6, now_ms(), arena, &value),
			 ENVIRONMENT_UNKNOWN);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(
			environ_read(reader, 5, now_ms(), arena, &value),
			ENVIRONMENT_UNKNOWN);
	fd = open("environ.test/6/environ", O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "A=late", 6), 6);
	close(fd);
	/* what came late is nobody's */
	while (environ_read(reader, 5, now_ms(), arena, &value) ==
	       ENVIRONMENT_UNKNOWN)
		sched_yield();
	assert_variables(&value, "A=1;");
	environ_reader_free(&reader);
}

/* --- events --------------------------------------------------------------- */

static enum environment_answer given;
static size_t asked;

static enum environment_answer answer(void *user, int64_t pid, int64_t since_ms,
				      struct arena *memory, struct value *out)
{
	(void)memory;
	assert_ptr_equal(user, &given);
	assert_int_equal(pid, 77);
	assert_int_equal(since_ms, 1795509000123);
	asked++;
	if (given != ENVIRONMENT_UNKNOWN)
		*out = VALUE_OF_STR(STR("A=1"));
	return given;
}

static struct normalizer *normalizer;
static const struct event *last;

static int on_raw(void *user, const struct raw_event *raw)
{
	struct event *event;
	int rc = normalize_event(normalizer, raw, arena, &event);

	(void)user;
	if (!rc)
		last = event;
	return rc == NORMALIZE_E_IGNORED ? 0 : rc;
}

/* Of an exec, on a host. */
static void tell(enum environment_answer what, const char *node)
{
	char text[1024];
	int len = snprintf(
		text, sizeof(text),
		"%stype=SYSCALL msg=audit(1795509000.123:9): arch=c000003e "
		"syscall=59 success=yes exit=0 a0=0 a1=0 a2=0 a3=0 items=0 "
		"ppid=1 pid=77 auid=0 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 "
		"sgid=0 fsgid=0 tty=(none) ses=1 comm=\"x\" exe=\"/bin/x\" "
		"key=(null)\n"
		"%stype=EXECVE msg=audit(1795509000.123:9): argc=1 a0=\"x\"\n"
		"%stype=EOE msg=audit(1795509000.123:9): \n",
		node, node, node);

	given = what;
	last = NULL;
	assert_int_equal(readlog_events(text, (size_t)len, on_raw, NULL), 0);
	assert_non_null(last);
}

static bool has_variables(void)
{
	return event_value(last, FIELD_PROCESS_ENV_VARS, READING_INVOKED)
		       ->type != VALUE_NULL;
}

static void test_events(void **state)
{
	const struct normalizer_config config = {
		.field_count = FIELD__COUNT,
		.memcap = 16U << 20,
		.host_id = STR("this-host"),
		.resolver = { .environment = answer,
			      .environment_user = &given },
	};
	struct normalizer_stats stats;

	(void)state;
	assert_int_equal(normalizer_new(&config, &normalizer), 0);
	tell(ENVIRONMENT_WHOLE, "");
	assert_true(has_variables());
	assert_false(last->flags & EVENT_INCOMPLETE);
	tell(ENVIRONMENT_CUT, "");
	assert_true(has_variables());
	assert_true(last->flags & EVENT_INCOMPLETE);
	tell(ENVIRONMENT_UNKNOWN, "");
	assert_false(has_variables());
	assert_int_equal(asked, 3);
	/* /proc is this host's */
	tell(ENVIRONMENT_WHOLE, "node=other ");
	assert_false(has_variables());
	assert_int_equal(asked, 3);
	normalizer_stats(normalizer, &stats);
	assert_int_equal(stats.environments_unresolved, 1);
	normalizer_free(&normalizer);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, clean)
	const struct CMUnitTest tests[] = {
		TEST(test_process), TEST(test_variables), TEST(test_long),
		TEST(test_stuck),   TEST(test_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
