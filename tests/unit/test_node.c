/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "node.h"

/* A file with this text, at a path that lasts until the next one. */
static const char *conf_file(const char *text)
{
	static char path[32];
	int fd;

	if (path[0])
		unlink(path);
	strcpy(path, "/tmp/test_node.XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	return path;
}

static void assert_names(const char *conf, const struct node_answer *answer,
			 const char *expected)
{
	const char *path = conf_file(conf);
	struct arena *arena = arena_new(0);
	struct node_names names;

	assert_int_equal(node_names(path, answer, arena, &names), 0);
	if (!str_equal(names.local, str_from(expected)))
		fail_msg("%s gives \"%.*s\", not \"%s\"", conf,
			 STR_ARG(names.local), expected);
	arena_free(&arena);
	unlink(path);
}

static void assert_node(const char *conf, const char *expected)
{
	const struct node_answer none = { 0 };

	assert_names(conf, &none, expected);
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
	assert_node("name_format = user\nname = mydomain\n", "mydomain");
	assert_node("name = mydomain\nname_format = user\n", "mydomain");
	/* a name counts for `user` only, and `user` wants one */
	assert_node("name = mydomain\nname_format = hostname\n", name);
	assert_node("name = mydomain\nname_format = none\n", "");
	assert_node("name_format = user\n", "");
	assert_node("##name = mydomain\nname_format = user\n", "");
}

/* What the resolver said, for the format it was asked about. */
static void test_answers(void **state)
{
	const struct node_answer fqd = { NODE_FQD, "a.example" };
	const struct node_answer numeric = { NODE_NUMERIC, "192.0.2.1" };

	(void)state;
	assert_node("name_format = fqd\n", "");
	assert_names("name_format = fqd\n", &fqd, "a.example");
	assert_names("name_format = FQD\n", &numeric, "");
	assert_names("name_format = numeric\n", &numeric, "192.0.2.1");
	assert_names("name_format = numeric\n", &fqd, "");
	assert_names("name_format = none\n", &fqd, "");
}

/* Whether users have names in records. */
static void test_enriched(void **state)
{
	static const struct {
		const char *conf;
		bool enriched;
	} cases[] = {
		{ "", false },
		{ "log_format = RAW\n", false },
		{ "log_format = NOLOG\n", false },
		{ "log_format = ENRICHED\n", true },
		{ "Log_Format = enriched\n", true },
	};
	const struct node_answer none = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *arena = arena_new(0);
		const char *path = conf_file(cases[i].conf);
		struct node_names names;

		assert_int_equal(node_names(path, &none, arena, &names), 0);
		assert_int_equal(names.enriched, cases[i].enriched);
		arena_free(&arena);
		unlink(path);
	}
}

/* Of the resolver itself no more can be said here than that it is asked, and in
 * vain or not comes back. */
static void test_ask(void **state)
{
	const char *path = conf_file("name_format = numeric\n");
	char name[256] = { 0 }, numeric[64] = { 0 };
	struct node_answer answer;
	struct addrinfo *found;

	(void)state;
	node_ask(path, &answer);
	assert_int_equal(answer.format, NODE_NUMERIC);
	assert_int_equal(gethostname(name, sizeof(name) - 1), 0);
	if (!getaddrinfo(name, NULL, NULL, &found)) {
		getnameinfo(found->ai_addr, found->ai_addrlen, numeric,
			    sizeof(numeric), NULL, 0, NI_NUMERICHOST);
		freeaddrinfo(found);
	}
	if (numeric[0])
		assert_true(strlen(answer.name) > 0);
	node_ask(conf_file("name_format = hostname\n"), &answer);
	assert_int_equal(answer.format, NODE_HOSTNAME);
	assert_string_equal(answer.name, "");
	unlink(path);
}

/* Whether others send, and whether a plugin sees it. */
static void test_central(void **state)
{
	static const struct {
		const char *conf;
		bool listens, distributes;
	} cases[] = {
		{ "", false, false },
		{ "##tcp_listen_port = 60\ndistribute_network = no\n", false,
		  false },
		{ "tcp_listen_port = 60\n", true, false },
		{ "TCP_LISTEN_PORT = 60\ndistribute_network = YES\n", true,
		  true },
	};
	const struct node_answer none = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *path = conf_file(cases[i].conf);
		struct arena *arena = arena_new(0);
		struct node_names names;

		assert_int_equal(node_names(path, &none, arena, &names), 0);
		assert_int_equal(names.listens, cases[i].listens);
		assert_int_equal(names.distributes, cases[i].distributes);
		arena_free(&arena);
		unlink(path);
	}
}

static void test_rows(void **state)
{
	(void)state;
	assert_node("\n \n# name_format = user\n=\n name_format =\n"
		    "name_formats = user\nname =\n",
		    "");
	assert_node("\tName_Format = user\r\nNAME = x\r\n", "x");
	assert_node("name_format=user\nname=x\n", "x");
	assert_node("log_file = /var/log/audit/audit.log\n"
		    "name_format = user\nname = a-b.c\nnum_logs = 5\n",
		    "a-b.c");
}

static void test_no_file(void **state)
{
	const struct node_answer none = { 0 };
	struct arena *arena = arena_new(0);
	struct node_names names;

	(void)state;
	assert_int_equal(node_names("/nonexistent", &none, arena, &names), 0);
	assert_int_equal(names.local.len, 0);
	assert_int_equal(names.format, NODE_NONE);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),	 cmocka_unit_test(test_answers),
		cmocka_unit_test(test_enriched), cmocka_unit_test(test_ask),
		cmocka_unit_test(test_central),	 cmocka_unit_test(test_rows),
		cmocka_unit_test(test_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
