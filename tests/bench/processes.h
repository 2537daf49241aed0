/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program and the processes it started: what they use. */
#ifndef PROCESSES_H
#define PROCESSES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROCESSES_MAX 8

struct processes {
	size_t count;
	pid_t pids[PROCESSES_MAX]; /* the program's first */
};

struct usage {
	int64_t cpu_ns;
	uint64_t switches; /* that a thread made because it had to wait */
	struct {
		long rss, pss, peak; /* KiB */
	} memory[PROCESSES_MAX];
};

void processes_find(pid_t program, struct processes *out);
struct usage processes_usage(const struct processes *processes);

#endif
