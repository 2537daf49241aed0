/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_UTIL_CLOCK_H
#define AUDISP_EQL_UTIL_CLOCK_H

#include <time.h>

#include <audisp-eql/event.h>

/* CLOCK_MONOTONIC for spans, CLOCK_REALTIME for what a person reads. For the
 * programs only: below them time is the event's. */
static inline int64_t clock_ns(clockid_t clock)
{
	struct timespec now = { 0 };

	clock_gettime(clock, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

#endif
