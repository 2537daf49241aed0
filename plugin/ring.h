/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes between keeper and worker, in memory both share. The keeper alone
 * moves head, the worker alone moves acked; positions count bytes since the
 * start and never wrap. What is acknowledged may be overwritten, what is not
 * is there for the next worker when one dies.
 */
#ifndef AUDISP_EQL_RING_H
#define AUDISP_EQL_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits.h"

struct ring {
	_Atomic uint64_t head; /* bytes put in */
	_Atomic uint64_t acked; /* bytes a successor need not read */
	_Atomic uint64_t dropped; /* records that found no room */
	_Atomic uint64_t alerts; /* number of the last alert: gap-free */
	_Atomic bool ended; /* nothing more will come */
	_Atomic bool waiting; /* the worker sleeps: wake it */
	/* a worker that dies says here where it was */
	_Atomic uint64_t died_at;
	_Atomic unsigned int deaths; /* at that place */
	bool dropping; /* keeper: in the middle of a record left out */
	char data[LIMIT_RING_BYTES];
};

/* Shared with children. NULL = out of memory. */
struct ring *ring_new(void);
void ring_free(struct ring **ring);
/*
 * Puts a chunk of the stream in. What does not fit is left out in whole
 * records, which are counted: a record begun is never cut.
 */
void ring_put(struct ring *ring, const char *data, size_t len);
/* The bytes from a position on that lie in one piece; 0 = none yet. */
size_t ring_get(const struct ring *ring, uint64_t position, const char **data);

#endif
