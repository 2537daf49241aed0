/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Once buffers have grown, an event costs no allocation of ours but the copy of
 * it that a table or a partial keeps, and the keys of that. What libauparse
 * allocates inside is not counted.
 */
#include "rulefiles.h"

#include "allocations.h"
#include "pipeline.h"
#include "readlog.h"

static void on_alert(void *user, const struct alert *alert)
{
	(void)user;
	(void)alert;
}

static struct ruleset *load_rules(void)
{
	char path[4096];
	const char *const paths[] = { path };
	const char *const disable[] = { "network_after_compile" };
	struct ruleset_options options = {
		.paths = paths,
		.path_count = 1,
		.disable = disable,
		.disable_count = 1,
	};

	snprintf(path, sizeof(path), "%s/rules.d/detect", readlog_srcdir());
	return rulefiles_load(&options, "");
}

/* --- events --------------------------------------------------------------- */

#define PIDS 64
#define WARM_EVENTS 20000
#define COUNTED_EVENTS 5000
#define SEVERAL 10

struct kind {
	const char *name;
	size_t kept; /* allocations: for what is kept of it */
	const char *call; /* up to items= */
	const char
		*more; /* further records, each behind its type and a stamp */
};

static const struct kind kinds[] = {
	{ "exec", 1,
	  "syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=1",
	  "EXECVE argc=2 a0=\"ls\" a1=\"-l\"\n"
	  "CWD cwd=\"/root\"\n"
	  "PATH item=0 name=\"/usr/bin/ls\" inode=77 dev=08:01 mode=0100755 "
	  "ouid=0 ogid=0 rdev=00:00 nametype=NORMAL\n" },
	{ "connect", 2,
	  "syscall=42 success=yes exit=0 a0=3 a1=2 a2=10 a3=4 items=0",
	  "SOCKADDR saddr=020001BB0A0000010000000000000000\n" },
	{ "create", 1,
	  "syscall=257 success=yes exit=3 a0=ffffff9c a1=2 a2=241 a3=1b6 "
	  "items=2",
	  "CWD cwd=\"/root\"\n"
	  "PATH item=0 name=\"/root\" inode=2 dev=08:01 mode=040700 ouid=0 "
	  "ogid=0 rdev=00:00 nametype=PARENT\n"
	  "PATH item=1 name=\"f\" inode=78 dev=08:01 mode=0100644 ouid=0 "
	  "ogid=0 rdev=00:00 nametype=CREATE\n" },
	{ "remove", 0,
	  "syscall=263 success=yes exit=0 a0=ffffff9c a1=2 a2=0 a3=0 items=1",
	  "CWD cwd=\"/root\"\n"
	  "PATH item=0 name=\"f\" inode=78 dev=08:01 mode=0100644 ouid=0 "
	  "ogid=0 rdev=00:00 nametype=DELETE\n" },
	{ "failed", 0,
	  "syscall=257 success=no exit=-2 a0=ffffff9c a1=2 a2=0 a3=0 items=1",
	  "CWD cwd=\"/root\"\n"
	  "PATH item=0 name=\"g\" nametype=UNKNOWN\n" },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* A whole event; its pid, time and serial follow from number. */
static size_t print_event(char out[4096], const struct kind *kind,
			  uint64_t number)
{
	const char *more = kind->more;
	char stamp[64];
	size_t len;

	snprintf(stamp, sizeof(stamp),
		 "msg=audit(%lu.%03lu:%lu):", 1800000000 + number / 1000,
		 number % 1000, number);
	len = (size_t)snprintf(
		out, 4096,
		"type=SYSCALL %s arch=c000003e %s ppid=1000 pid=%lu "
		"auid=4294967295 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 "
		"sgid=0 fsgid=0 tty=(none) ses=4294967295 comm=\"ls\" "
		"exe=\"/usr/bin/ls\" key=(null)\n",
		stamp, kind->call, 2000 + number % PIDS);
	while (*more) {
		size_t type = strcspn(more, " "), line = strcspn(more, "\n");

		len += (size_t)snprintf(out + len, 4096 - len,
					"type=%.*s %s%.*s\n", (int)type, more,
					stamp, (int)(line - type), more + type);
		more += line + 1;
	}
	return len + (size_t)snprintf(out + len, 4096 - len,
				      "type=PROCTITLE %s proctitle=\"ls\"\n",
				      stamp);
}

static void feed(struct pipeline *pipeline, const struct kind *kind,
		 uint64_t *number, size_t count)
{
	char text[4096];

	while (count--) {
		size_t len = print_event(text, kind, ++*number);

		assert_int_equal(pipeline_feed(pipeline, text, len), 0);
	}
}

static void test_steady(void **state)
{
	struct ruleset *rules = load_rules();
	const struct pipeline_config config = {
		.rules = rules,
		.host_id = STR("localhost"),
		.memcap = 32U << 20,
		.reorder_ns = 100 * NSEC_PER_MSEC,
		.lateness_ns = 300 * NSEC_PER_SEC,
		.suppress_ns = 60 * NSEC_PER_SEC,
		.on_alert = on_alert,
	};
	struct pipeline *pipeline;
	uint64_t number = 0;

	(void)state;
	assert_int_equal(pipeline_new(&config, &pipeline), 0);
	for (size_t i = 0; i < KINDS; i++)
		feed(pipeline, &kinds[i], &number, WARM_EVENTS);
	for (size_t i = 0; i < KINDS; i++) {
		allocations.count = 0;
		feed(pipeline, &kinds[i], &number, COUNTED_EVENTS);
		print_message("%s: %zu allocations in %d events\n",
			      kinds[i].name, allocations.count, COUNTED_EVENTS);
		/* tables double now and then */
		assert_in_range(allocations.count, 0,
				kinds[i].kept * COUNTED_EVENTS + SEVERAL);
	}
	pipeline_free(&pipeline);
	ruleset_free(&rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steady),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
