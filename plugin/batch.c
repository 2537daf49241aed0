/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "batch.h"

int64_t batch_wait_ns(const struct batch *batch, int64_t now_ns, int64_t max_ns)
{
	int64_t due;

	if (!batch->pace_ns || !batch->len || batch->len >= BATCH_FULL_BYTES)
		return 0;
	due = batch->pace_ns * BATCH_BYTES / (int64_t)batch->len;
	if (due > max_ns)
		due = max_ns;
	/* counted from the last read: what has passed since then has gathered */
	due -= now_ns - batch->read_ns;
	return due > 0 ? due : 0;
}

void batch_note(struct batch *batch, int64_t now_ns, size_t len, int64_t max_ns)
{
	int64_t pause = now_ns - batch->read_ns;

	batch->pace_ns = pause > 0 && pause <= 2 * max_ns ? pause : 0;
	batch->read_ns = now_ns;
	batch->len = len;
}
