/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Seeds and containers: a /proc made by hand, and the real one. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "normalize/proctable.h"
#include "procfs.h"
#include "readlog.h"

#define ID_A "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID_B "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

static char root[] = "procfs.test";

static void put(const char *name, const char *text, size_t len)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	fclose(file);
}

/* A process, as few files as it may have. */
static void put_process(int pid, const char *stat, const char *exe)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%d", root, pid);
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%d/stat", pid);
	put(path, stat, strlen(stat));
	if (!exe)
		return;
	snprintf(path, sizeof(path), "%s/%d/exe", root, pid);
	assert_int_equal(symlink(exe, path), 0);
}

static int clean(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static int make(void **state)
{
	static const char args[] = "-bash\0two words\0";
	static const char status[] = "Name:\tx\nUid:\t5\t6\t6\t6\n"
				     "Gid:\t7\t8\t8\t8\n"
				     "CapPrm:\t00000000a80425fb\n"
				     "CapEff:\t0000000000000400\n";
	static const char cgroup[] = "0::/system.slice/docker-" ID_A ".scope\n";

	if (clean(state) || mkdir(root, 0755))
		return -1;
	mkdir("procfs.test/self", 0755);
	mkdir("procfs.test/2", 0755);
	/* the youngest is found first, and its name is hostile */
	put_process(12,
		    "12 (a) R 1 (b)) S 9 12 12 34816 -1 0 0 0 0 0 0 0 0 0 20 "
		    "0 1 0 300 0 0\n",
		    "/bin/bash (deleted)");
	put("12/cmdline", args, sizeof(args) - 1);
	put("12/status", status, sizeof(status) - 1);
	put("12/cgroup", cgroup, sizeof(cgroup) - 1);
	put_process(9,
		    "9 (sshd) S 1 9 9 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 200 0\n",
		    "/usr/sbin/sshd");
	put_process(1, "1 (init) S 0 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1 0\n",
		    "/sbin/init");
	put_process(3,
		    "3 (kworker) S 2 0 0 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1\n",
		    NULL);
	put_process(4, "4 (cut", NULL);
	return 0;
}

static struct normalizer *normalizer;
static struct arena *arena;

static int open_normalizer(void **state)
{
	struct normalizer_config config = {
		.field_count = FIELD__COUNT,
		.memcap = 16U << 20,
		.host_id = STR("this-host"),
	};

	arena = arena_new(0);
	return make(state) || normalizer_new(&config, &normalizer);
}

static int close_normalizer(void **state)
{
	normalizer_free(&normalizer);
	arena_free(&arena);
	return clean(state);
}

static struct event *last;

static int on_raw(void *user, const struct raw_event *raw)
{
	(void)user;
	return normalize_event(normalizer, raw, arena, &last);
}

/* The event of an exec by the child of a process. */
static const struct event *exec_below(long ppid, long long seconds)
{
	char text[1024];
	int len = snprintf(
		text, sizeof(text),
		"type=SYSCALL msg=audit(%lld.000:500): arch=c000003e "
		"syscall=59 success=yes exit=0 items=0 ppid=%ld pid=999999 "
		"auid=1 uid=0 gid=0 euid=0 egid=0 tty=pts0 ses=1 comm=\"ls\" "
		"exe=\"/bin/ls\"\n"
		"type=EXECVE msg=audit(%lld.000:500): argc=1 a0=\"ls\"\n"
		"type=EOE msg=audit(%lld.000:500): \n",
		seconds, ppid, seconds, seconds);

	last = NULL;
	assert_int_equal(readlog_events(text, (size_t)len, on_raw, NULL), 0);
	assert_non_null(last);
	return last;
}

static void assert_text(const struct event *event, size_t slot,
			const char *expected)
{
	const struct value *value = event_value(event, slot, READING_INVOKED);

	if (!expected) {
		assert_int_equal(value->type, VALUE_NULL);
		return;
	}
	assert_int_equal(value->type, VALUE_STRING);
	if (!str_equal(value->s, str_from(expected)))
		fail_msg("%.*s, not %s", (int)value->s.len, value->s.data,
			 expected);
}

static int seed(void *user, const struct process_seed *process)
{
	(void)user;
	return normalizer_seed(normalizer, process);
}

static const struct seeder seeder = { seed, NULL };

/* The event of a process that was seeded. */
static void test_running(void **state)
{
	struct event *event = NULL;
	size_t count = 0;

	(void)state;
	assert_int_equal(procfs_seed(&seeder, root, NSEC_PER_SEC, &count), 0);
	assert_int_equal(normalizer_running(normalizer, 77, 1, arena, &event),
			 NORMALIZE_E_IGNORED);
	assert_int_equal(normalizer_running(normalizer, 12,
					    1795509700 * NSEC_PER_SEC, arena,
					    &event),
			 0);
	assert_true(event->time_ns == 1795509700 * NSEC_PER_SEC);
	assert_int_equal(event->serial, 0);
	assert_int_equal(event->charge_uid, 5);
	assert_true(event->categories == CATEGORY_PROCESS);
	assert_text(event, FIELD_PROCESS_EXECUTABLE, "/bin/bash");
	assert_text(event, FIELD_PROCESS_PARENT_NAME, "sshd");
	assert_text(event, FIELD_USER_ID, "6");
	assert_text(event, FIELD_USER_EXT_REAL_ID, "5");
	assert_text(event, FIELD_PROCESS_REAL_GROUP_ID, "7");
	assert_text(event, FIELD_CONTAINER_ID, ID_A);
	assert_text(event, FIELD_HOST_ID, "this-host");
	assert_text(event, FIELD_HOST_OS_TYPE, "linux");
	assert_int_equal(
		event_value(event, FIELD_PROCESS_ARGS, READING_INVOKED)->type,
		VALUE_LIST);
}

static void test_seed(void **state)
{
	const struct event *event;
	const struct value *value;
	size_t count = 0;

	(void)state;
	assert_int_equal(procfs_seed(&seeder, root, NSEC_PER_SEC, &count), 0);
	assert_int_equal(count, 3);
	event = exec_below(12, (long long)time(NULL));
	assert_text(event, FIELD_PROCESS_PARENT_EXECUTABLE, "/bin/bash");
	assert_text(event, FIELD_PROCESS_PARENT_COMMAND_LINE,
		    "-bash two words");
	assert_text(event, FIELD_PROCESS_PARENT_REAL_USER_ID, "5");
	assert_text(event, FIELD_PROCESS_PARENT_USER_ID, "6");
	assert_text(event, FIELD_PROCESS_PARENT_REAL_GROUP_ID, "7");
	assert_text(event, FIELD_PROCESS_PARENT_GROUP_ID, "8");
	assert_text(event, FIELD_CONTAINER_ID, ID_A);
	value = event_value(event, FIELD_PROCESS_PARENT_INTERACTIVE,
			    READING_INVOKED);
	assert_true(value->type == VALUE_BOOL && value->b);
	value = event_value(event, FIELD_PROCESS_EXT_ANCESTRY, READING_INVOKED);
	assert_int_equal(value->type, VALUE_LIST);
	assert_int_equal(value->list.count, 3);
}

/* What began later than the record is another process with that pid. */
static void test_seed_is_younger(void **state)
{
	size_t count = 0;

	(void)state;
	assert_int_equal(procfs_seed(&seeder, root, NSEC_PER_SEC, &count), 0);
	assert_text(exec_below(12, 1000000), FIELD_PROCESS_PARENT_EXECUTABLE,
		    NULL);
}

static void renew_asking(void)
{
	struct normalizer_config config = {
		.field_count = FIELD__COUNT,
		.memcap = 16U << 20,
		.host_id = STR("this-host"),
		.resolver = { .describe = procfs_describe, .user = root },
	};

	normalizer_free(&normalizer);
	assert_int_equal(normalizer_new(&config, &normalizer), 0);
}

/* A parent that no record has told of. */
static void test_describe(void **state)
{
	(void)state;
	renew_asking();
	assert_text(exec_below(12, (long long)time(NULL)),
		    FIELD_PROCESS_PARENT_EXECUTABLE, "/bin/bash");
	/* it began later, it is not there, it is a thread of the kernel */
	renew_asking();
	assert_text(exec_below(12, 1000000), FIELD_PROCESS_PARENT_EXECUTABLE,
		    NULL);
	renew_asking();
	assert_text(exec_below(77, (long long)time(NULL)),
		    FIELD_PROCESS_PARENT_EXECUTABLE, NULL);
	renew_asking();
	assert_text(exec_below(3, (long long)time(NULL)),
		    FIELD_PROCESS_PARENT_EXECUTABLE, NULL);
}

static void test_deadline(void **state)
{
	size_t count = 7;

	(void)state;
	assert_int_equal(procfs_seed(&seeder, root, -1, &count), PROCFS_E_LATE);
	assert_int_equal(count, 0);
	assert_int_equal(
		procfs_seed(&seeder, "procfs.none", NSEC_PER_SEC, &count),
		-ENOENT);
}

static void test_real(void **state)
{
	const struct event *event;
	size_t count = 0;

	(void)state;
	assert_int_equal(
		procfs_seed(&seeder, "/proc", 10 * NSEC_PER_SEC, &count), 0);
	assert_true(count >= 1);
	event = exec_below(getpid(), (long long)time(NULL) + 1);
	assert_int_equal(
		event_value(event, FIELD_PROCESS_PARENT_ARGS, READING_INVOKED)
			->type,
		VALUE_LIST);
}

static void test_container(void **state)
{
	int64_t now = (int64_t)time(NULL) * 1000;
	char id[CONTAINER_ID_MAX], none[] = "procfs.none";

	(void)state;
	assert_int_equal(procfs_container(root, 12, now, id), 64);
	assert_memory_equal(id, ID_A, 64);
	/* no container, no such process, another one with its pid */
	assert_int_equal(procfs_container(root, 9, now, id), 0);
	assert_int_equal(procfs_container(root, 77, now, id), 0);
	assert_int_equal(procfs_container(root, 12, 1000, id), 0);
	assert_int_equal(procfs_container(none, 12, now, id), 0);
}

static void test_capabilities(void **state)
{
	int64_t now = (int64_t)time(NULL) * 1000;
	struct process_capabilities found;

	(void)state;
	assert_true(procfs_capabilities(root, 12, now, &found));
	assert_true(found.effective == 0x400 && found.permitted == 0xa80425fb);
	/* no such row, no such process, another one with its pid */
	assert_false(procfs_capabilities(root, 9, now, &found));
	assert_false(procfs_capabilities(root, 77, now, &found));
	assert_false(procfs_capabilities(root, 12, 1000, &found));
}

static void test_container_ids(void **state)
{
	static const struct {
		const char *cgroup, *id;
	} cases[] = {
		{ "", "" },
		{ "0::/\n", "" },
		{ "0::/system.slice/sshd.service\n", "" },
		{ "0::/docker/" ID_A "\n", ID_A },
		{ "0::/docker/" ID_A, ID_A },
		{ "0::/system.slice/docker-" ID_A ".scope\n", ID_A },
		{ "0::/kubepods.slice/pod1.slice/cri-containerd-" ID_A
		  ".scope\n",
		  ID_A },
		{ "0::/machine.slice/libpod-" ID_A ".scope/container\n", ID_A },
		{ "0::/machine.slice/libpod-conmon-" ID_A ".scope\n", "" },
		{ "0::/docker/" ID_A "/docker/" ID_B "\n", ID_B },
		{ "12:pids:/user.slice\n1:name=systemd:/docker/" ID_A "\n"
		  "0::/docker/" ID_B "\n",
		  ID_A },
		/* a digit too few, one too many, no digits */
		{ "0::/docker/a" ID_A "\n", "" },
		{ "0::/docker/123456789abcdef0123456789abcdef0123456789abcdef"
		  "0123456789abcdef\n",
		  "" },
		{ "0::/docker/G123456789abcdef0123456789abcdef0123456789abcdef"
		  "0123456789abcdef\n",
		  "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str id = procfs_container_id(str_from(cases[i].cgroup));

		if (!str_equal(id, str_from(cases[i].id)))
			fail_msg("%s: %.*s", cases[i].cgroup, (int)id.len,
				 id.data ? id.data : "");
	}
}

int main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, open_normalizer, close_normalizer)
	const struct CMUnitTest tests[] = {
		TEST(test_seed),
		TEST(test_seed_is_younger),
		TEST(test_deadline),
		TEST(test_describe),
		TEST(test_real),
		TEST(test_running),
		TEST(test_capabilities),
		TEST(test_container),
		cmocka_unit_test(test_container_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
