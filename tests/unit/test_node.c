/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "node.h"

static void assert_node(const char *conf, const char *expected)
{
	char path[] = "/tmp/test_node.XXXXXX";
	struct arena *arena = arena_new(0);
	int fd = mkstemp(path);
	struct str node;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, conf, strlen(conf)), (ssize_t)strlen(conf));
	close(fd);
	node = node_local(path, arena);
	if (!str_equal(node, str_from(expected)))
		fail_msg("%s gives \"%.*s\", not \"%s\"", conf, STR_ARG(node),
			 expected);
	arena_free(&arena);
	unlink(path);
}

static void test_formats(void **state)
{
	char name[256] = { 0 };

	(void)state;
	assert_int_equal(gethostname(name, sizeof(name) - 1), 0);
	assert_node("", "");
	assert_node("name_format = NONE\n", "");
	assert_node("name_format = hostname\n", name);
	assert_node("name_format = HOSTNAME", name);
	assert_node("name_format = fqd\n", "");
	assert_node("name_format = numeric\n", "");
	assert_node("name_format = user\nname = mydomain\n", "mydomain");
	assert_node("name = mydomain\nname_format = user\n", "mydomain");
	/* a name counts for `user` only, and `user` wants one */
	assert_node("name = mydomain\nname_format = hostname\n", name);
	assert_node("name = mydomain\nname_format = none\n", "");
	assert_node("name_format = user\n", "");
	assert_node("##name = mydomain\nname_format = user\n", "");
}

static void test_rows(void **state)
{
	(void)state;
	assert_node("\n \n# name_format = user\n=\n name_format =\n"
		    "name_formats = user\nname =\n",
		    "");
	assert_node("\tName_Format = user\r\nNAME = x\r\n", "x");
	assert_node("log_file = /var/log/audit/audit.log\n"
		    "name_format = user\nname = a-b.c\nnum_logs = 5\n",
		    "a-b.c");
}

static void test_no_file(void **state)
{
	struct arena *arena = arena_new(0);

	(void)state;
	assert_int_equal(node_local("/nonexistent", arena).len, 0);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
