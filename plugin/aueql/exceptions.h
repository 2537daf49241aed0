/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the subcommands say of exceptions. */
#ifndef AUDISP_EQL_AUEQL_EXCEPTIONS_H
#define AUDISP_EQL_AUEQL_EXCEPTIONS_H

#include <audisp-eql/engine.h>

#define TIME_TEXT_MAX 64

/* To the second, in UTC; "never" for INT64_MAX. */
void time_text(int64_t time_ns, char out[TIME_TEXT_MAX]);
/* Whether it is without effect by now. */
bool exception_is_expired(const struct exception *exception);
/* A line on stderr for each that held, and how many did not. */
void exceptions_tell(const struct ruleset *rules, const struct engine *engine);

#endif
