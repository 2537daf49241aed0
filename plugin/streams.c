/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Serials of one kernel go upwards. A reboot leaves the old ones for good, and
 * so does a loss. Where two hosts send under one name, what was left goes on:
 * that is a switch, and none happens within one kernel, but for a record that is
 * as late as nothing seen. So the places are kept where serials were left, and
 * an event belongs to the one that goes on there.
 *
 * Places come about where a serial is far from all of them, or was used for
 * another event already. Two that have come together are one: of hosts that
 * are as near as that, serials collide again and again, and it is that which
 * counts.
 */
#include "streams.h"

#include <string.h>

/* Further from a stream than any disorder: some dozens were seen. */
#define FAR 1024
/* Nearer to one another than disorder tells apart. */
#define NEAR 64
#define EXACT 4

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* Whether a serial goes on at a place; beside the first place a small loss looks
 * the same but for the number. */
static bool goes_on(const struct streams *streams, size_t at, uint64_t serial)
{
	bool beside = distance(streams->next[0], streams->next[at]) <= FAR;

	return distance(serial, streams->next[at]) < (beside ? EXACT : NEAR);
}

/* The place a serial belongs to, the first where it is at no other. */
static size_t place_of(const struct streams *streams, uint64_t serial)
{
	size_t best = 0;

	for (size_t i = 1; i < STREAMS_MAX && streams->next[i]; i++)
		if (goes_on(streams, i, serial) &&
		    distance(serial, streams->next[i]) <
			    distance(serial, streams->next[best]))
			best = i;
	return best;
}

static void count_switch(struct streams *streams, int64_t now_ns)
{
	streams->switches[streams->switch_at] = now_ns;
	streams->switch_at = (streams->switch_at + 1) % STREAMS_SWITCHES;
	if (streams->switch_count < STREAMS_SWITCHES)
		streams->switch_count++;
}

/* Place number at becomes the first, and goes on at next. */
static void move_first(struct streams *streams, size_t at, uint64_t next)
{
	memmove(&streams->next[1], &streams->next[0],
		at * sizeof(streams->next[0]));
	streams->next[0] = next;
}

static void forget(struct streams *streams, size_t at)
{
	memmove(&streams->next[at], &streams->next[at + 1],
		(STREAMS_MAX - at - 1) * sizeof(streams->next[0]));
	streams->next[STREAMS_MAX - 1] = 0;
}

/* Forgets the places that the first has come to; whether there were any. */
static bool join_near(struct streams *streams)
{
	bool joined = false;

	for (size_t i = 1; i < STREAMS_MAX && streams->next[i];) {
		if (distance(streams->next[0], streams->next[i]) >= NEAR) {
			i++;
			continue;
		}
		forget(streams, i);
		joined = true;
	}
	return joined;
}

void streams_take(struct streams *streams, uint64_t serial, bool other,
		  int64_t now_ns)
{
	uint64_t next = serial + 1;
	size_t at;

	/* nearly all of them */
	if (serial && serial == streams->next[0] && !streams->next[1] &&
	    !other) {
		streams->next[0] = next;
		return;
	}
	at = place_of(streams, serial);
	if (!streams->next[0]) {
		streams->next[0] = next;
		return;
	}
	if (distance(serial, streams->next[at]) > FAR || (other && !at)) {
		move_first(streams, STREAMS_MAX - 1, next);
		if (join_near(streams) && other)
			count_switch(streams, now_ns);
		return;
	}
	if (streams->next[at] > next)
		next = streams->next[at];
	if (at)
		count_switch(streams, now_ns);
	move_first(streams, at, next);
	join_near(streams);
}

bool streams_mixed(const struct streams *streams, int64_t now_ns)
{
	size_t newest =
		(streams->switch_at + STREAMS_SWITCHES - 1) % STREAMS_SWITCHES;

	if (streams->switch_count < STREAMS_SWITCHES)
		return false;
	return now_ns - streams->switches[newest] < STREAMS_NS;
}
