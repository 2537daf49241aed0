/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine on streams of chance, see random_streams.h. ENGINE_RANDOM_STREAMS
 * says how many, ENGINE_RANDOM_SEED which. */
#include "random_streams.h"

static uint64_t number_from(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

static void test_pressure(void **state)
{
	uint64_t streams = number_from("ENGINE_RANDOM_STREAMS", 3000) / 10 + 1;
	uint64_t seed = number_from("ENGINE_RANDOM_SEED", 1);

	(void)state;
	for (uint64_t i = 0; i < streams; i++) {
		struct chance chance = { .state = seed + i };

		try_pressure(&chance);
	}
}

static void test_random(void **state)
{
	uint64_t streams = number_from("ENGINE_RANDOM_STREAMS", 3000);
	uint64_t seed = number_from("ENGINE_RANDOM_SEED", 1);
	uint64_t with_matches = 0;

	(void)state;
	for (uint64_t i = 0; i < streams; i++) {
		struct chance chance = { .state = seed + i };

		with_matches += try_stream(&chance) != 0;
	}
	print_message("%llu of %llu streams have matches\n",
		      (unsigned long long)with_matches,
		      (unsigned long long)streams);
	/* streams that match nothing would test nothing */
	assert_true(with_matches > streams / 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_pressure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
