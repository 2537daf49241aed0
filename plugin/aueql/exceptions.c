/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exceptions.h"

#include <stdio.h>
#include <time.h>

#include "../util/clock.h"
#include "../util/json.h"

void time_text(int64_t time_ns, char out[TIME_TEXT_MAX])
{
	time_t seconds = (time_t)(time_ns / NSEC_PER_SEC);
	struct tm tm;

	snprintf(out, TIME_TEXT_MAX, "never");
	if (time_ns != INT64_MAX && gmtime_r(&seconds, &tm))
		strftime(out, TIME_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

bool exception_is_expired(const struct exception *exception)
{
	return exception->expires_ns <= clock_ns(CLOCK_REALTIME);
}

static void tell_one(const struct exception_place *place,
		     const struct exception_use *use)
{
	struct strbuf id = STRBUF_INIT(0);

	text_escape(&id, place->rule->id);
	fprintf(stderr,
		"exception no. %zu of stage %zu, rule %.*s: held %llu times\n",
		place->number, place->stage, STR_ARG(strbuf_str(&id)),
		(unsigned long long)use->hits);
	strbuf_free(&id);
}

void exceptions_tell(const struct ruleset *rules, const struct engine *engine)
{
	struct exception_place place = { 0 };
	size_t unused = 0;

	while (ruleset_next_exception(rules, &place)) {
		struct exception_use use;

		engine_exception_use(engine, place.exception, &use);
		if (use.hits)
			tell_one(&place, &use);
		else
			unused++;
	}
	if (unused)
		fprintf(stderr, "%zu exception%s held nothing\n", unused,
			unused == 1 ? "" : "s");
}
