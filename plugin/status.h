/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is counted: the status file, as Prometheus text, and the heartbeat. The
 * file is what aueql status reads.
 */
#ifndef AUDISP_EQL_STATUS_H
#define AUDISP_EQL_STATUS_H

#include <audisp-eql/output.h>

#include "pipeline.h"
#include "ring.h"

#define STATUS_PREFIX "audisp_eql_"
/* So many hosts have rows of their own. */
#define STATUS_HOSTS 1000
/* The file is written anew that often. */
#define STATUS_INTERVAL_NS (10 * NSEC_PER_SEC)

struct status {
	const struct ring *ring;
	const struct pipeline_stats *pipeline;
	const struct output_stats *outputs;
	const struct ruleset *rules;
	const struct engine *engine;
	const struct sieve_host *hosts; /* the ones used last first */
	size_t host_count;
	struct str host_id;
	int64_t now_ns; /* since the epoch */
	uint64_t unread; /* bytes in the ring */
	bool ended; /* the plugin's last word */
	bool blind; /* something is, or was just now, not seen */
};

/* Writes path anew (a temporary file, then rename), mode 0644. 0 or -errno. */
int status_write(const char *path, const struct status *status);
/* How far behind the clock what is read is; 0 with nothing to read. */
int64_t status_lag_ns(const struct status *status);
/* All that was not seen, or was forgotten: it only grows. */
uint64_t status_losses(const struct status *status);
/* The heartbeat in all forms an output may want; the strings live in the arena.
 * 0 or -ENOMEM. */
int status_heartbeat(const struct status *status, struct arena *arena,
		     struct rendered *out);

#endif
