/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "streams.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define SECOND 1000000000LL

/* A window that knows every serial it was given, as the sieve's does. */
struct rig {
	struct streams streams;
	int64_t now_ns;
	uint32_t boot[1 << 16]; /* who had the serial last, plus one */
};

static struct rig *rig_new(void)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	rig->now_ns = 1700000000 * SECOND;
	return rig;
}

/* An event of a boot of a host; a collision makes the window start anew. */
static void take(struct rig *rig, uint32_t boot, uint64_t serial)
{
	uint32_t *place = &rig->boot[serial % (1 << 16)];
	bool other = *place && *place != boot + 1;

	if (other)
		for (size_t i = 0; i < 1 << 16; i++)
			rig->boot[i] = 0;
	*place = boot + 1;
	rig->now_ns += SECOND / 100;
	streams_take(&rig->streams, serial, other, rig->now_ns);
}

static bool mixed(const struct rig *rig)
{
	return streams_mixed(&rig->streams, rig->now_ns);
}

/* Events of each in turn, from its own serial on; how many until it is seen. */
static unsigned int until_mixed(const uint64_t *from, unsigned int hosts,
				unsigned int run)
{
	struct rig *rig = rig_new();
	unsigned int count = 0;

	for (unsigned int i = 0; i < 2000 && !mixed(rig); i++)
		for (unsigned int k = 0; k < run * hosts; k++, count++)
			take(rig, k / run, from[k / run] + i * run + k % run);
	count = mixed(rig) ? count : 0;
	free(rig);
	return count;
}

static void test_two(void **state)
{
	static const uint64_t far[] = { 5000, 900000 };
	static const uint64_t near[] = { 5000, 4800 };
	static const uint64_t beside[] = { 5000, 4995 };

	(void)state;
	assert_in_range(until_mixed(far, 2, 1), 1, 30);
	assert_in_range(until_mixed(far, 2, 12), 1, 300);
	assert_in_range(until_mixed(near, 2, 1), 1, 1000);
	assert_in_range(until_mixed(near, 2, 12), 1, 1000);
	assert_in_range(until_mixed(beside, 2, 1), 1, 1000);
}

/* More than are followed. */
static void test_many(void **state)
{
	uint64_t from[50];
	uint32_t random = 1;
	struct rig *rig = rig_new();
	unsigned int i;

	(void)state;
	for (i = 0; i < 50; i++)
		from[i] = 1000 + i * 20000;
	for (i = 0; i < 5000 && !mixed(rig); i++) {
		unsigned int host;

		random = random * 1103515245 + 12345;
		host = random >> 16 & 0xff;
		if (host < 50)
			take(rig, host, from[host]++);
	}
	assert_true(mixed(rig));
	free(rig);
}

/* What one kernel does: disorder, losses, boots, and boots again and again. */
static void test_one(void **state)
{
	struct rig *rig = rig_new();
	uint32_t random = 1;
	uint64_t serial = 1;

	(void)state;
	for (unsigned int boot = 0; boot < 40; boot++) {
		serial = 1;
		rig->now_ns += 300 * SECOND;
		for (unsigned int i = 0; i < 700; i++) {
			random = random * 1103515245 + 12345;
			/* four that overtake one another */
			take(rig, boot, serial + 3);
			take(rig, boot, serial);
			take(rig, boot, serial + 2);
			take(rig, boot, serial + 1);
			serial += 4;
			/* now and then a loss */
			if ((random >> 16 & 0x3f) == 0)
				serial += random >> 8 & 0x3fff;
			assert_false(mixed(rig));
			if (serial > 60000)
				break;
		}
	}
	free(rig);
}

/* It is over an hour after the last switch, and not before. */
static void test_end(void **state)
{
	struct rig *rig = rig_new();
	int64_t last;

	(void)state;
	for (unsigned int i = 0; i < 20; i++) {
		take(rig, 0, 100 + i);
		take(rig, 1, 50000 + i);
	}
	last = rig->now_ns;
	assert_true(streams_mixed(&rig->streams, last + STREAMS_NS - 1));
	assert_false(streams_mixed(&rig->streams, last + STREAMS_NS));
	/* a clock that is set back */
	assert_true(streams_mixed(&rig->streams, last - 10 * STREAMS_NS));
	free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
