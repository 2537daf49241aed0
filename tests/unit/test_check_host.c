/* SPDX-License-Identifier: GPL-2.0-or-later */
/* aueql check: what is said of a host, by files as /proc has them, and by the
 * log of auditd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "aueql/check.h"

static char proc[] = "/tmp/test_check_host.XXXXXX";
static char said[4096], mended[4096];

/* Stands in for the one that prints. */
void check_finding(struct check *check, enum finding_severity severity,
		   const char *mend, const char *format, ...)
{
	size_t len = strlen(said);
	va_list ap;

	snprintf(mended, sizeof(mended), "%s", mend ? mend : "");
	assert_int_equal(severity, FINDING_WARNING);
	check->warnings++;
	va_start(ap, format);
	vsnprintf(said + len, sizeof(said) - len, format, ap);
	va_end(ap);
}

static const char *const names[] = { "sys/kernel/osrelease",
				     "sys/kernel/io_uring_disabled", "cmdline",
				     "self/mounts" };

static void put(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", proc, name);
	if (!text) {
		unlink(path);
		return;
	}
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int open_proc(void **state)
{
	static const char *const directories[] = { "/sys", "/sys/kernel",
						   "/self" };
	char path[256];

	(void)state;
	if (!mkdtemp(proc))
		return -1;
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s%s", proc, directories[i]);
		if (mkdir(path, 0700))
			return -1;
	}
	return 0;
}

static int close_proc(void **state)
{
	static const char *const directories[] = { "/sys/kernel", "/sys",
						   "/self", "" };
	char path[256];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		put(names[i], NULL);
	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s%s", proc, directories[i]);
		rmdir(path);
	}
	return 0;
}

/* How many warnings these files give. */
static size_t warnings(const char *release, const char *disabled,
		       const char *command_line, const char *mounts)
{
	struct check check = { 0 };

	put("sys/kernel/osrelease", release);
	put("sys/kernel/io_uring_disabled", disabled);
	put("cmdline", command_line);
	put("self/mounts", mounts);
	said[0] = '\0';
	check_host(&check, proc);
	return check.warnings;
}

static void test_nothing(void **state)
{
	(void)state;
	assert_int_equal(warnings(NULL, NULL, NULL, NULL), 0);
	assert_int_equal(warnings("6.12.1\n", "1\n", "quiet audit=1\n",
				  "/dev/sda / ext4 rw 0 0\n"),
			 0);
	assert_int_equal(warnings("4.18.0-1.el8\n", NULL, "audit=1", ""), 0);
}

static void test_io_uring(void **state)
{
	(void)state;
	assert_int_equal(warnings("6.12.1\n", "0\n", NULL, NULL), 1);
	assert_non_null(strstr(said, "io_uring"));
	assert_int_equal(warnings("6.12.1\n", "2\n", NULL, NULL), 0);
	assert_int_equal(warnings("6.1.0\n", NULL, NULL, NULL), 1);
	assert_int_equal(warnings("5.1.0\n", NULL, NULL, NULL), 1);
	assert_int_equal(warnings("5.0.9\n", NULL, NULL, NULL), 0);
	assert_int_equal(warnings("odd\n", NULL, NULL, NULL), 0);
}

static void test_command_line(void **state)
{
	(void)state;
	assert_int_equal(warnings(NULL, NULL, "quiet\n", NULL), 1);
	assert_non_null(strstr(said, "audit=1"));
	assert_int_equal(warnings(NULL, NULL, "audit=0\n", NULL), 1);
	assert_int_equal(warnings(NULL, NULL, "xaudit=1 audit=10\n", NULL), 1);
	assert_int_equal(warnings(NULL, NULL, "audit=10 audit=1\n", NULL), 0);
	assert_int_equal(warnings(NULL, NULL, "audit=1 syscall.x32=y", NULL),
			 1);
	assert_non_null(strstr(said, "x32"));
}

static void test_mounts(void **state)
{
	(void)state;
	assert_int_equal(warnings(NULL, NULL, NULL,
				  "server:/e /home nfs4 rw,nosuid 0 0\n"
				  "x /mnt fuse.sshfs rw 0 0\n"
				  "x /quiet nfs rw,noexec,nosuid 0 0\n"
				  "x /last cifs rw,noexec 0 0\n"
				  "fusectl /c fusectl rw 0 0\n"
				  "odd row\n\n"),
			 2);
	assert_non_null(strstr(said, "/home (nfs4)"));
	assert_non_null(strstr(said, "/mnt (fuse.sshfs)"));
	assert_int_equal(
		warnings(NULL, NULL, NULL, "x /y nfs rw,noexecutable 0 0\n"),
		1);
}

/* A log of so many records over so many seconds. */
static void write_log(const char *path, const char *exe, const char *login,
		      size_t records, unsigned int seconds)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	for (size_t i = 0; i < records; i++)
		fprintf(file,
			"type=SYSCALL msg=audit(%zu.000:%zu): arch=c000003e "
			"syscall=42 success=yes exit=0 a0=3 items=0 ppid=1 "
			"pid=9 auid=%s uid=33 gid=33 euid=33 comm=\"x\" "
			"exe=\"%s\" key=\"audisp_eql_net\"\x1dUID=\"w\"\n",
			1000 + i * seconds / records, i, login, exe);
	assert_int_equal(fclose(file), 0);
}

static size_t load_warnings(const char *exe, const char *login, size_t records,
			    unsigned int seconds)
{
	struct check check = { 0 };
	char path[256];

	snprintf(path, sizeof(path), "%s/audit.log", proc);
	write_log(path, exe, login, records, seconds);
	said[0] = '\0';
	check_load(&check, path);
	unlink(path);
	return check.warnings;
}

static void test_load(void **state)
{
	static const char unset[] = "4294967295";
	struct check check = { 0 };
	char link[256];

	(void)state;
	assert_int_equal(load_warnings("/bin/true", unset, 30000, 100), 1);
	assert_non_null(strstr(said, "/bin/true, run by user 33, makes 30"));
	assert_string_equal(mended, "auditctl -A never,exit -F arch=b64 -S 42 "
				    "-F exe=/bin/true -F uid=33");
	/* seldom, too short, of a person, not a program that is there */
	assert_int_equal(load_warnings("/bin/true", unset, 10000, 100), 0);
	assert_int_equal(load_warnings("/bin/true", unset, 30000, 30), 0);
	assert_int_equal(load_warnings("/bin/true", "1000", 30000, 100), 0);
	assert_int_equal(load_warnings("/no/such", unset, 30000, 100), 1);
	assert_string_equal(mended, "");
	/* nothing that a shell would take apart, and no link */
	snprintf(link, sizeof(link), "%s/$(x)", proc);
	assert_int_equal(symlink("/bin/true", link), 0);
	assert_int_equal(load_warnings(link, unset, 30000, 100), 1);
	assert_string_equal(mended, "");
	unlink(link);
	check_load(&check, "/no/such/log");
	assert_int_equal(check.warnings, 0);
}

static size_t name_warnings(const char *conf)
{
	struct check check = { 0 };
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/auditd.conf", proc);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(conf, file) >= 0);
	assert_int_equal(fclose(file), 0);
	said[0] = '\0';
	check_names(&check, path);
	unlink(path);
	return check.warnings;
}

static void test_names(void **state)
{
	(void)state;
	assert_int_equal(name_warnings("name_format = none\n"), 0);
	assert_int_equal(name_warnings("tcp_listen_port = 60\n"), 1);
	assert_non_null(strstr(said, "distribute_network = yes"));
	assert_int_equal(name_warnings("tcp_listen_port = 60\n"
				       "distribute_network = yes\n"),
			 1);
	assert_non_null(strstr(said, "bear no name"));
	assert_int_equal(name_warnings("tcp_listen_port = 60\n"
				       "distribute_network = yes\n"
				       "name_format = fqd\n"),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_io_uring),
		cmocka_unit_test(test_command_line),
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_mounts),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, open_proc, close_proc);
}
