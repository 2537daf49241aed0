/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "batch.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <audisp-eql/event.h>

#define MAX_NS (5 * NSEC_PER_MSEC)

/* A writer of len bytes every pace_ns, and the reader: how many reads took
 * place by the time of until_ns, and the longest wait of one. */
static size_t read_for(int64_t pace_ns, size_t len, int64_t until_ns,
		       int64_t max_ns, int64_t *longest)
{
	struct batch batch = { 0 };
	int64_t now = NSEC_PER_SEC, end = now + until_ns, written = 0;
	size_t reads = 0;

	*longest = 0;
	while (now < end) {
		int64_t wait = batch_wait_ns(&batch, now, max_ns), came;

		assert_in_range(wait, 0, max_ns);
		if (wait > *longest)
			*longest = wait;
		now += wait;
		came = (now - NSEC_PER_SEC) / pace_ns + 1;
		batch_note(&batch, now, (size_t)(came - written) * len, max_ns);
		written = came;
		reads++;
		/* poll: until the next one */
		now = NSEC_PER_SEC + written * pace_ns;
	}
	return reads;
}

static void test_steady(void **state)
{
	int64_t longest;

	(void)state;
	/* 1,000 a second: as long as may be */
	assert_in_range(
		read_for(NSEC_PER_MSEC, 200, NSEC_PER_SEC, MAX_NS, &longest),
		100, 260);
	assert_in_range(longest, MAX_NS - NSEC_PER_MSEC, MAX_NS);
	/* 60,000 a second: a batch takes 2 ms to gather, and is one read */
	assert_in_range(read_for(NSEC_PER_SEC / 60000, 200, NSEC_PER_SEC,
				 MAX_NS, &longest),
			450, 550);
	assert_true(longest < 3 * NSEC_PER_MSEC);
}

static void test_idle(void **state)
{
	struct batch batch = { 0 };
	int64_t now = 100 * NSEC_PER_SEC;

	(void)state;
	/* nothing was read yet */
	assert_int_equal(batch_wait_ns(&batch, now, MAX_NS), 0);
	batch_note(&batch, now, 200, MAX_NS);
	assert_int_equal(batch_wait_ns(&batch, now, MAX_NS), 0);
	/* a pause, and after it again at once */
	now += 20 * NSEC_PER_MSEC;
	assert_int_equal(batch_wait_ns(&batch, now, MAX_NS), 0);
	batch_note(&batch, now, 200, MAX_NS);
	assert_int_equal(batch_wait_ns(&batch, now, MAX_NS), 0);
	/* the next record is close behind it */
	batch_note(&batch, now + 20000, 200, MAX_NS);
	assert_in_range(batch_wait_ns(&batch, now + 20000, MAX_NS), 1,
			3 * NSEC_PER_MSEC);
}

static void test_behind(void **state)
{
	struct batch batch = { 0 };
	int64_t now = NSEC_PER_SEC;

	(void)state;
	batch_note(&batch, now, 200, MAX_NS);
	batch_note(&batch, now + NSEC_PER_MSEC, BATCH_FULL_BYTES, MAX_NS);
	assert_int_equal(batch_wait_ns(&batch, now + NSEC_PER_MSEC, MAX_NS), 0);
	batch_note(&batch, now + 2 * NSEC_PER_MSEC, 200, MAX_NS);
	assert_true(batch_wait_ns(&batch, now + 2 * NSEC_PER_MSEC, MAX_NS) > 0);
}

/* What has passed since the last read has been waited already. */
static void test_counted_from_read(void **state)
{
	struct batch batch = { 0 };
	int64_t now = NSEC_PER_SEC;

	(void)state;
	batch_note(&batch, now, 200, MAX_NS);
	now += NSEC_PER_MSEC;
	batch_note(&batch, now, 200, MAX_NS);
	assert_int_equal(batch_wait_ns(&batch, now, MAX_NS), MAX_NS);
	assert_int_equal(batch_wait_ns(&batch, now + MAX_NS / 2, MAX_NS),
			 MAX_NS - MAX_NS / 2);
	assert_int_equal(batch_wait_ns(&batch, now + 2 * MAX_NS, MAX_NS), 0);
}

static void test_off(void **state)
{
	int64_t longest;

	(void)state;
	assert_int_equal(
		read_for(NSEC_PER_MSEC, 200, NSEC_PER_SEC, 0, &longest), 1000);
	assert_int_equal(longest, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steady),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_behind),
		cmocka_unit_test(test_counted_from_read),
		cmocka_unit_test(test_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
