/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long to wait before reading, so that a read gives many records.
 *
 * auditd writes each record by itself, and to wake up costs more than all that
 * is done with a record. So while records keep coming, the reader waits a
 * little for more of them: for so long as they need to make up a batch, by the
 * pace of the last read, and never longer than the administrator says. Not
 * after a pause, when there may be one record only and nothing is gained; and
 * not while a read gives more than was waited for, when the writer is ahead.
 */
#ifndef AUDISP_EQL_BATCH_H
#define AUDISP_EQL_BATCH_H

#include <stddef.h>
#include <stdint.h>

/*
 * Some 80 records. auditd's socket holds 278 of less than 190 bytes, 166 of less
 * than 700 or 93 of a kilobyte, as each is charged with the size of its buffer: a
 * batch leaves half of that free for a burst.
 */
#define BATCH_BYTES (24 << 10)
/* The socket may be full: it holds as much even if all records are short. */
#define BATCH_FULL_BYTES (BATCH_BYTES + BATCH_BYTES / 4)

struct batch {
	int64_t read_ns; /* when the last read was, by the monotonic clock */
	int64_t pace_ns; /* for how long what it gave had gathered; 0 = idle */
	size_t len; /* how much it gave */
};

/* How long to wait before the next read; max_ns (1 s at most) at the longest. */
int64_t batch_wait_ns(const struct batch *batch, int64_t now_ns,
		      int64_t max_ns);
/* A read gave len bytes. Twice max_ns without a record is a pause. */
void batch_note(struct batch *batch, int64_t now_ns, size_t len,
		int64_t max_ns);

#endif
