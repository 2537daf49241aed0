/* SPDX-License-Identifier: GPL-2.0-or-later */
/* auditd's log as files: what is opened, where reading begins, and when it ends. */
#include "catchup.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "node.h"
#include "util/strbuf.h"

struct place {
	char directory[64], path[96];
	struct strbuf fed;
	const char *passed; /* rows before this one are not asked for */
	size_t feeds, feeds_max; /* 0 = as many as there are */
};

static const char *name_of(struct place *place, unsigned int number)
{
	static char name[128];

	if (number)
		snprintf(name, sizeof(name), "%s.%u", place->path, number);
	else
		snprintf(name, sizeof(name), "%s", place->path);
	return name;
}

static int place_open(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	strcpy(place->directory, "/tmp/test_catchup.XXXXXX");
	assert_non_null(mkdtemp(place->directory));
	snprintf(place->path, sizeof(place->path), "%s/log", place->directory);
	*state = place;
	return 0;
}

static int place_close(void **state)
{
	struct place *place = *state;

	for (unsigned int i = 0; i < 40; i++)
		unlink(name_of(place, i));
	assert_int_equal(rmdir(place->directory), 0);
	strbuf_free(&place->fed);
	free(place);
	return 0;
}

static void put(struct place *place, unsigned int number, const char *text)
{
	FILE *file = fopen(name_of(place, number), "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(name_of(place, number), 0600), 0);
}

static bool has_passed(void *user, struct str record)
{
	struct place *place = user;

	return place->passed &&
	       str_compare(record, str_from(place->passed)) <= 0;
}

static int feed(void *user, const char *data, size_t len)
{
	struct place *place = user;

	place->feeds++;
	strbuf_add(&place->fed, data, len);
	return 0;
}

static bool go_on(void *user)
{
	struct place *place = user;

	return !place->feeds_max || place->feeds < place->feeds_max;
}

/* Opens and reads it all. */
static struct catch_up_result read_all(struct place *place)
{
	const struct catch_up_reader reader = { has_passed, feed, go_on,
						place };
	struct catch_up_result result;
	struct catch_up log;

	strbuf_reset(&place->fed);
	place->feeds = 0;
	catch_up_open(&log, place->path);
	assert_int_equal(log.error, 0);
	assert_int_equal(catch_up_read(&log, &reader, &result), 0);
	catch_up_close(&log);
	return result;
}

static void assert_fed(struct place *place, const char *expected)
{
	assert_true(str_equal(strbuf_str(&place->fed), str_from(expected)));
}

/* Oldest first, each file's last row ended, and no file twice. */
static void test_rotated(void **state)
{
	struct place *place = *state;

	put(place, 0, "5\n6\n");
	read_all(place);
	assert_fed(place, "5\n6\n");
	put(place, 1, "3\n4");
	put(place, 2, "1\n2\n");
	read_all(place);
	assert_fed(place, "1\n2\n\n3\n4\n5\n6\n");
	/* what is behind a gap of numbers is not of this log any more */
	put(place, 4, "0\n");
	read_all(place);
	assert_fed(place, "1\n2\n\n3\n4\n5\n6\n");
	place->passed = "3";
	read_all(place);
	assert_fed(place, "3\n4\n5\n6\n");
	place->passed = "9";
	read_all(place);
	assert_fed(place, "5\n6\n");
	/* rotated between two looks */
	unlink(name_of(place, 1));
	assert_int_equal(link(place->path, name_of(place, 1)), 0);
	place->passed = NULL;
	read_all(place);
	assert_fed(place, "1\n2\n\n5\n6\n");
}

static void test_foreign(void **state)
{
	struct place *place = *state;
	struct catch_up log;

	catch_up_open(&log, "");
	assert_int_equal(log.error, CATCH_UP_E_OFF);
	catch_up_open(&log, NULL);
	assert_int_equal(log.error, CATCH_UP_E_NO_LOG);
	catch_up_open(&log, place->path);
	assert_int_equal(log.error, ENOENT);
	put(place, 0, "1\n");
	assert_int_equal(chmod(place->path, 0620), 0);
	catch_up_open(&log, place->path);
	assert_int_equal(log.error, CATCH_UP_E_FOREIGN);
	assert_int_equal(log.count, 0);
	assert_int_equal(chmod(place->path, 0600), 0);
	assert_int_equal(symlink(place->path, name_of(place, 1)), 0);
	read_all(place);
	assert_fed(place, "1\n");
	catch_up_open(&log, name_of(place, 1));
	assert_int_equal(log.error, ELOOP);
	catch_up_open(&log, place->directory);
	assert_int_equal(log.error, CATCH_UP_E_FOREIGN);
	if (!geteuid()) {
		assert_int_equal(chown(place->path, 12345, 0), 0);
		catch_up_open(&log, place->path);
		assert_int_equal(log.error, CATCH_UP_E_FOREIGN);
	}
}

/* Rows of 1024 bytes, which begin with their number. */
static void put_rows(struct place *place, unsigned int number,
		     unsigned int from, unsigned int count)
{
	FILE *file = fopen(name_of(place, number), "we");

	assert_non_null(file);
	for (unsigned int i = 0; i < count; i++)
		fprintf(file, "%08u %01014d\n", from + i, 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(name_of(place, number), 0600), 0);
}

static unsigned int first_fed(const struct place *place)
{
	return (unsigned int)strtoul(place->fed.data, NULL, 10);
}

/* It begins at a whole row, a stretch before what is asked for at most, and
 * reads no more than its limit. */
static void test_start(void **state)
{
	struct place *place = *state;
	struct catch_up_result result;
	unsigned int limit = LIMIT_CATCH_UP_BYTES >> 10;

	put_rows(place, 1, 0, 2000);
	put_rows(place, 0, 2000, 2000);
	for (unsigned int asked = 10; asked < 4000; asked += 499) {
		char row[16];

		snprintf(row, sizeof(row), "%08u", asked);
		place->passed = row;
		result = read_all(place);
		assert_false(result.limited);
		assert_true(first_fed(place) <= asked);
		assert_true(first_fed(place) + 257 > asked ||
			    !first_fed(place));
		assert_int_equal(place->fed.data[1024 - 1], '\n');
	}
	place->passed = NULL;
	put_rows(place, 1, 0, limit);
	result = read_all(place);
	assert_true(result.limited);
	assert_true(result.bytes <= LIMIT_CATCH_UP_BYTES + (256U << 10));
	assert_true(result.bytes > LIMIT_CATCH_UP_BYTES - (512U << 10));
}

static void test_given_up(void **state)
{
	struct place *place = *state;
	struct catch_up_result result;

	put_rows(place, 0, 0, 1000);
	place->feeds_max = 3;
	result = read_all(place);
	assert_true(result.given_up);
	assert_int_equal(place->feeds, 3);
}

static void test_path(void **state)
{
	struct place *place = *state;
	struct arena *arena = arena_new(0);

	put(place, 0, "log_file = /x/y.log\nwrite_logs = yes\n");
	assert_string_equal(node_log_file(place->path, arena), "/x/y.log");
	put(place, 0, "log_file = /x/y.log\nwrite_logs = no\n");
	assert_null(node_log_file(place->path, arena));
	put(place, 0, "log_format = NOLOG\n");
	assert_null(node_log_file(place->path, arena));
	put(place, 0, "");
	assert_string_equal(node_log_file(place->path, arena),
			    "/var/log/audit/audit.log");
	arena_free(&arena);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, place_open, place_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rotated),  TEST(test_foreign), TEST(test_start),
		TEST(test_given_up), TEST(test_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
