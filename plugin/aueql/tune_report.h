/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What aueql tune prints of a tally. */
#ifndef AUDISP_EQL_AUEQL_TUNE_REPORT_H
#define AUDISP_EQL_AUEQL_TUNE_REPORT_H

#include <audisp-eql/engine.h>

#include "command.h"
#include "tally.h"

struct tune_report {
	struct tally *tally; /* sorted */
	const struct ruleset *rules;
	/* what exceptions held; NULL = alerts were read, not records */
	const struct engine *engine;
	int64_t now_ns; /* exceptions expire some time after */
};

/* 0 or -ENOMEM. */
int tune_report(const struct tune_report *report, enum command_format format);

#endif
