/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --start and --end: each form, its first and its last moment, and what is
 * refused. The zone is one that changes to summer time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aueql/period.h"

#include <audisp-eql/event.h>

/* 2026-11-24 15:04:05 there, a Tuesday; 14:04:05 UTC */
#define NOW 1795529045

/* The text of a moment in UTC, down to milliseconds. */
static const char *show(int64_t ns, char out[64])
{
	time_t seconds = (time_t)(ns / NSEC_PER_SEC);
	struct tm tm;
	size_t len;

	gmtime_r(&seconds, &tm);
	len = strftime(out, 64, "%F %T", &tm);
	snprintf(out + len, 64 - len, ".%03d",
		 (int)(ns % NSEC_PER_SEC / NSEC_PER_MSEC));
	return out;
}

static void check(const char *text, const char *start, const char *end)
{
	int64_t first = 0, last = 0;
	char got[64];

	assert_null(period_parse(text, PERIOD_START, NOW, &first));
	assert_null(period_parse(text, PERIOD_END, NOW, &last));
	assert_string_equal(show(first, got), start);
	assert_string_equal(show(last, got), end);
	assert_true(first <= last);
}

static void test_words(void **state)
{
	(void)state;
	check("now", "2026-11-24 14:04:05.000", "2026-11-24 14:04:05.999");
	check("recent", "2026-11-24 13:54:05.000", "2026-11-24 13:54:05.999");
	check("this-hour", "2026-11-24 14:00:00.000",
	      "2026-11-24 14:59:59.999");
	check("today", "2026-11-23 23:00:00.000", "2026-11-24 22:59:59.999");
	check("yesterday", "2026-11-22 23:00:00.000",
	      "2026-11-23 22:59:59.999");
	check("week-ago", "2026-11-16 23:00:00.000", "2026-11-17 22:59:59.999");
	check("this-week", "2026-11-21 23:00:00.000",
	      "2026-11-28 22:59:59.999");
	check("this-month", "2026-10-31 23:00:00.000",
	      "2026-11-30 22:59:59.999");
	check("this-year", "2025-12-31 23:00:00.000",
	      "2026-12-31 22:59:59.999");
}

static void test_dates(void **state)
{
	(void)state;
	check("2026-11-20", "2026-11-19 23:00:00.000",
	      "2026-11-20 22:59:59.999");
	/* in summer, and the days on which the clock is changed */
	check("2026-07-01", "2026-06-30 22:00:00.000",
	      "2026-07-01 21:59:59.999");
	check("2026-03-29", "2026-03-28 23:00:00.000",
	      "2026-03-29 21:59:59.999");
	check("2026-10-25", "2026-10-24 22:00:00.000",
	      "2026-10-25 22:59:59.999");
	check("2024-02-29", "2024-02-28 23:00:00.000",
	      "2024-02-29 22:59:59.999");
}

static void test_times(void **state)
{
	(void)state;
	check("02:14", "2026-11-24 01:14:00.000", "2026-11-24 01:14:00.999");
	check("02:14:22", "2026-11-24 01:14:22.000", "2026-11-24 01:14:22.999");
	check("02:14:22.91", "2026-11-24 01:14:22.910",
	      "2026-11-24 01:14:22.919");
	check("2026-11-20 02:14", "2026-11-20 01:14:00.000",
	      "2026-11-20 01:14:00.999");
	check("2026-11-20T02:14:22.910Z", "2026-11-20 02:14:22.910",
	      "2026-11-20 02:14:22.910");
	check("2026-11-20T02:14:22+05:30", "2026-11-19 20:44:22.000",
	      "2026-11-19 20:44:22.999");
	check("2026-11-20 02:14:22-0800", "2026-11-20 10:14:22.000",
	      "2026-11-20 10:14:22.999");
	check("yesterday 22:00", "2026-11-23 21:00:00.000",
	      "2026-11-23 21:00:00.999");
	check("@1795529045", "2026-11-24 14:04:05.000",
	      "2026-11-24 14:04:05.999");
	check("@1795529045.123", "2026-11-24 14:04:05.123",
	      "2026-11-24 14:04:05.123");
}

static void test_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"1",
		"12",
		"12:",
		"24:00",
		"12:60",
		"12:00:61",
		"12:00:0",
		"12:00:00.",
		"2026",
		"2026-11",
		"2026-13-01",
		"2026-02-29",
		"2026-11-31",
		"1969-12-31",
		"2026-11-20 ",
		"2026-11-20x12:00",
		"2026-11-20 12:00 x",
		"2026-11-20T12:00+25:00",
		"11/20/2026",
		"20.11.2026",
		"tomorrow",
		"today ",
		"this-week 12:00",
		"@",
		"@x",
		"@1.",
		"@1x",
		"@99999999999999999999",
		"boot",
		"checkpoint",
		"now 12:00",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		/* of the very size: what reads behind it is seen */
		char *copy = strdup(texts[i]);
		int64_t out = 7;

		if (!period_parse(copy, PERIOD_START, NOW, &out))
			fail_msg("'%s' is taken", texts[i]);
		assert_int_equal(out, 7);
		free(copy);
	}
}

static void test_holds(void **state)
{
	const struct period all = PERIOD_ALL;
	const struct period one = { .start_ns = 5, .end_ns = 5 };

	(void)state;
	assert_true(period_holds(&all, INT64_MIN));
	assert_true(period_holds(&all, INT64_MAX));
	assert_false(period_holds(&one, 4));
	assert_true(period_holds(&one, 5));
	assert_false(period_holds(&one, 6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words), cmocka_unit_test(test_dates),
		cmocka_unit_test(test_times), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_holds),
	};

	/* Central Europe, told whole: the zones of the host need not be there */
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
