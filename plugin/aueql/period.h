/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --start and --end. */
#ifndef AUDISP_EQL_AUEQL_PERIOD_H
#define AUDISP_EQL_AUEQL_PERIOD_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Both ends belong to it. */
struct period {
	int64_t start_ns, end_ns;
};

#define PERIOD_ALL \
	{ \
		.start_ns = INT64_MIN, .end_ns = INT64_MAX \
	}

enum period_edge { PERIOD_START, PERIOD_END };

/* For struct option. */
#define PERIOD_OPTIONS \
	{ "end", required_argument, NULL, PERIOD_OPTION + PERIOD_END }, \
	{ \
		"start", required_argument, NULL, PERIOD_OPTION + PERIOD_START \
	}
#define PERIOD_OPTION 0x100 /* behind all characters */

/*
 * The moment that a text names, in the local zone where it names none: where it
 * is a day or the like, its first moment as a start, its last as an end. NULL, or
 * why it names none; *out is unchanged then.
 */
const char *period_parse(const char *text, enum period_edge edge, time_t now,
			 int64_t *out);

static inline bool period_holds(const struct period *period, int64_t time_ns)
{
	return time_ns >= period->start_ns && time_ns <= period->end_ns;
}

#endif
