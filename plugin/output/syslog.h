/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Syslog without syslog(3): that one blocks when the daemon does, and keeps its
 * state in the library. For alerts, and for a program's own notices.
 */
#ifndef AUDISP_EQL_OUTPUT_SYSLOG_H
#define AUDISP_EQL_OUTPUT_SYSLOG_H

#include <sys/types.h>
#include <time.h>

#include <audisp-eql/output.h>

#include "../util/strbuf.h"

#define SYSLOG_SOCKET_DEFAULT "/dev/log"

/* May be used by several threads. */
struct syslog_writer;

/* Does not connect yet. facility: LOG_AUTHPRIV and so on. 0, -ENOMEM,
 * -ENAMETOOLONG. */
int syslog_new(const char *path, int facility, struct syslog_writer **out);
void syslog_free(struct syslog_writer **writer);
/* Connects anew. 0, or -errno. */
int syslog_connect(struct syslog_writer *writer);
/* One line of text; waits for up to wait_ms where the daemon's queue is full.
 * 0, or -errno. */
int syslog_send(struct syslog_writer *writer, int priority, struct str text,
		int wait_ms);
/* A log_fn whose user is a struct syslog_writer; never waits. */
void syslog_notice(void *user, int priority, struct str text);

struct syslog_header {
	int priority; /* facility included */
	time_t when;
	pid_t pid;
};

/* "<PRI>Mmm dd hh:mm:ss audisp-eql[pid]: text", in local time. */
void syslog_format(const struct syslog_header *header, struct str text,
		   struct strbuf *out);

extern const struct output_ops output_syslog;

#endif
