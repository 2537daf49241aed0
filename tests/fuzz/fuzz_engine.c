/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine against a slow matcher, on a stream that the input chooses, and
 * with too little memory: see random_streams.h. What cmocka finds wrong ends the
 * process, as no test of its runs.
 */
#include "../unit/random_streams.h"

#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct chance chance = { .bytes = data + !!size, .end = data + size };

	if (!size)
		return 0;
	if (*data & 1)
		try_pressure(&chance);
	else
		try_stream(&chance);
	return 0;
}
