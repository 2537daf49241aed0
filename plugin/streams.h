/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether what comes under one name are the events of one kernel. */
#ifndef AUDISP_EQL_STREAMS_H
#define AUDISP_EQL_STREAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Streams followed at once: of more, enough return in time. */
#define STREAMS_MAX 4
/* So many switches within STREAMS_NS are no accident. */
#define STREAMS_SWITCHES 8
#define STREAMS_NS (3600LL * 1000000000LL)

struct streams {
	/* where each goes on, the one in hand first; 0 = none */
	uint64_t next[STREAMS_MAX];
	int64_t switches[STREAMS_SWITCHES]; /* when: the newest */
	uint32_t switch_count; /* of these, at most STREAMS_SWITCHES */
	uint32_t switch_at; /* where the next one goes */
};

/*
 * Takes the serial of a new event, at the node's time. other: the serial was
 * another event's before.
 */
void streams_take(struct streams *streams, uint64_t serial, bool other,
		  int64_t now_ns);
bool streams_mixed(const struct streams *streams, int64_t now_ns);

#endif
