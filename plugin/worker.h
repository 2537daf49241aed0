/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_WORKER_H
#define AUDISP_EQL_WORKER_H

#include "ring.h"
#include "util/log.h"

struct worker_config {
	struct ring *ring;
	int wake_fd; /* eventfd: the keeper put something in */
	int alive_fd; /* pipe: its end means the keeper is gone */
	const int *state_fds; /* two files in memory, see ring.state */
	const char *config_path; /* NULL = the default */
	struct log *log;
};

/* What the worker ends with. */
enum {
	WORKER_DONE = 0, /* all is read and told */
	WORKER_FAILED = 1,
	WORKER_RELOAD = 75, /* start another with the new configuration */
};

/* The worker's life; returns its exit code. Signals HUP and USR1 are taken
 * through a signalfd of its own. */
int worker_run(const struct worker_config *config);

#endif
