/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plugin with a mistake in it: an event that holds a certain text kills who
 * makes an ECS event of it; another sets the clock that process sees back by an
 * hour. Linked with --wrap=normalize_event, --wrap=clock_gettime. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "normalize/normalize.h"

#define DEADLY "op=deadly"
#define EARLIER "op=earlier"

static time_t set_back;

int __real_clock_gettime(clockid_t clock, struct timespec *out);
int __wrap_clock_gettime(clockid_t clock, struct timespec *out);

int __real_normalize_event(struct normalizer *normalizer,
			   const struct raw_event *raw, struct arena *arena,
			   struct event **out);
int __wrap_normalize_event(struct normalizer *normalizer,
			   const struct raw_event *raw, struct arena *arena,
			   struct event **out);

int __wrap_clock_gettime(clockid_t clock, struct timespec *out)
{
	int rc = __real_clock_gettime(clock, out);

	if (clock == CLOCK_REALTIME)
		out->tv_sec -= set_back;
	return rc;
}

static bool holds(const struct raw_event *raw, const char *text)
{
	return memmem(raw->text.data, raw->text.len, text, strlen(text));
}

int __wrap_normalize_event(struct normalizer *normalizer,
			   const struct raw_event *raw, struct arena *arena,
			   struct event **out)
{
	if (holds(raw, DEADLY))
		abort();
	if (holds(raw, EARLIER))
		set_back = 3600;
	return __real_normalize_event(normalizer, raw, arena, out);
}
