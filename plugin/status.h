/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state report: what is counted, as Prometheus text. */
#ifndef AUDISP_EQL_STATUS_H
#define AUDISP_EQL_STATUS_H

#include <audisp-eql/output.h>

#include "pipeline.h"
#include "ring.h"

struct status {
	const struct ring *ring;
	const struct pipeline_stats *pipeline;
	const struct output_stats *outputs;
	const struct ruleset *rules;
	const struct engine *engine;
};

/* Writes path anew (a temporary file, then rename), mode 0644. 0 or -errno. */
int status_write(const char *path, const struct status *status);

#endif
