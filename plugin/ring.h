/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes between keeper and worker, in memory both share. The keeper alone
 * moves head, the worker alone moves acked; positions count bytes since the
 * start and never wrap. What is acknowledged may be overwritten, what is not
 * is there for the next worker when one dies: a worker acknowledges what its
 * last saved state (state.h) has seen, and the next goes on from that state.
 */
#ifndef AUDISP_EQL_RING_H
#define AUDISP_EQL_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include <audisp-eql/event.h>

#include "limits.h"
#include "sandbox.h"

/* Files in memory for states: one has the last one, another may be on its way to
 * disk, the third is free for the next. */
#define STATE_FDS 3

struct ring {
	_Atomic uint64_t head; /* bytes put in */
	_Atomic uint64_t acked; /* bytes a successor need not read */
	_Atomic uint64_t dropped; /* records that found no room */
	_Atomic uint64_t alerts; /* number of the last alert: gap-free */
	struct sandbox_refused refused; /* system calls of the worker's side */
	_Atomic bool ended; /* nothing more will come */
	_Atomic bool waiting; /* the worker sleeps: wake it */
	/* batch_delay, which the worker reads from the configuration for the
	 * keeper, who reads no files */
	_Atomic int64_t batch_delay_ns;
	_Atomic bool auditd_gone; /* the end of input was auditd's own */
	/* what the keeper last heard of kernel audit, which only root may ask */
	_Atomic uint64_t kernel_seen; /* how often; 0 = never */
	_Atomic uint32_t kernel_enabled, kernel_lost, kernel_backlog;
	/* worker: what of the above its successor need not tell again, and
	 * what it could not know */
	struct {
		bool kernel, disabled; /* kernel: lost is known */
		uint32_t lost, lost_before; /* before: we were there */
		uint64_t dropped;
		int64_t lost_ns; /* of any loss, the last; 0 = none */
		int64_t heartbeat_ns; /* when the next is due; 0 = never */
	} told;
	/* which of the keeper's STATE_FDS has the last saved state, plus one;
	 * 0 = none yet. Written by the worker */
	_Atomic unsigned int state;
	/* workers that began to catch up from auditd's log and did not end it */
	_Atomic unsigned int catch_ups;
	/* what the worker has in hand: a position (of none, while it catches
	 * up), and an event once its records are together */
	_Atomic uint64_t at;
	struct event_mark in_hand;
	/* where the last worker died, and how many did in a row */
	uint64_t died_at;
	struct event_mark died_of;
	unsigned int deaths;
	struct event_mark skip; /* two have died of it */
	bool dropping; /* keeper: in the middle of a record left out */
	size_t begun; /* keeper: bytes put in of a record a chunk has cut */
	char data[LIMIT_RING_BYTES];
};

#define RING_NOWHERE UINT64_MAX

/* Shared with children. NULL = out of memory. */
struct ring *ring_new(void);
void ring_free(struct ring **ring);
/*
 * Puts a chunk of the stream in. What does not fit is left out in whole
 * records, which are counted: a record begun is never cut, unless it is longer
 * than LIMIT_RECORD_BYTES, which no record is.
 */
void ring_put(struct ring *ring, const char *data, size_t len);
/*
 * The same without a copy: where the next max bytes would lie, in one piece or
 * two, and that the first len of them have been written there. 0 = not all of them
 * have room, and ring_put() finds out which have.
 */
size_t ring_space(struct ring *ring, size_t max, struct iovec space[2]);
void ring_fill(struct ring *ring, size_t len);
/*
 * The memory of what is free goes back to the system. For the keeper, who alone
 * writes there; what it writes next has to be had anew, which costs more than to
 * write it.
 */
void ring_trim(struct ring *ring);
/*
 * The reader has come to a position and would sleep. True = there is nothing
 * more, and who puts more in knows by ring_wake() that it has to be woken;
 * ring_woken() is for afterwards, whatever woke it.
 */
bool ring_wait(struct ring *ring, uint64_t position);
void ring_woken(struct ring *ring);
bool ring_wake(struct ring *ring);
/*
 * What this process has put in or read up to a position is not part of its memory
 * any more, now and then: *away says up to where. The bytes stay for the other.
 */
void ring_put_away(struct ring *ring, uint64_t *away, uint64_t position);
/* The bytes from a position on that lie in one piece; 0 = none yet. */
size_t ring_get(const struct ring *ring, uint64_t position, const char **data);

#endif
