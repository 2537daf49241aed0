/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_WORKER_H
#define AUDISP_EQL_WORKER_H

#include "node.h"
#include "ring.h"
#include "util/log.h"

struct worker_config {
	struct ring *ring;
	int wake_fd; /* eventfd: the keeper put something in */
	int alive_fd; /* pipe: its end means the keeper is gone */
	const int *state_fds; /* STATE_FDS files in memory, see ring.state */
	const char *config_path; /* NULL = the default */
	const struct node_answer *node; /* what only the keeper could ask */
	struct log *log;
};

/* What the worker ends with. */
enum {
	WORKER_DONE = 0, /* all is read and told */
	WORKER_FAILED = 1,
	WORKER_RELOAD = 75, /* start another with the new configuration */
};

/*
 * The worker's life; returns its exit code. Signals are taken through a signalfd
 * of its own: USR1 writes the status, HUP makes it end for another to go on,
 * which reads configuration and rules anew (and so has the privileges for it).
 */
int worker_run(const struct worker_config *config);
/* Whether a worker could start with configuration and rules as they are now:
 * WORKER_DONE or WORKER_FAILED, told. Uses config_path and log only. */
int worker_try(const struct worker_config *config);

#endif
