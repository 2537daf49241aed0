/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel audit's own counters, which only root may ask for. Asking and hearing
 * are apart, and neither waits.
 */
#ifndef AUDISP_EQL_KERNEL_H
#define AUDISP_EQL_KERNEL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct kernel_status {
	pid_t daemon; /* who takes its records; 0 = nobody */
	uint32_t enabled, lost, backlog;
};

/* A socket to poll; -errno where this kernel, or this place, has no audit. */
int kernel_open(void);
/* 0 or -errno. */
int kernel_ask(int fd);
/* Takes what has come; false = it was no status. */
bool kernel_hear(int fd, struct kernel_status *out);

#endif
