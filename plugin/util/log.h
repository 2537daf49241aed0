/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_UTIL_LOG_H
#define AUDISP_EQL_UTIL_LOG_H

#include <stdarg.h>
#include <stdint.h>

#include <audisp-eql/event.h>

/*
 * Where a program's own notices go: the plugin's to syslog (never blocking),
 * a tool's to stderr. Handed down to who must speak; nobody below a main
 * prints. Text is made safe for one line before it is written.
 */
typedef void (*log_fn)(void *user, int priority, struct str text);

struct log {
	log_fn write;
	void *user;
};

/* A NULL log is silent. Priorities are syslog's. */
void log_print(struct log *log, int priority, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
