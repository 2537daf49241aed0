/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of `aueql check` share. */
#ifndef AUDISP_EQL_AUEQL_CHECK_H
#define AUDISP_EQL_AUEQL_CHECK_H

#include "command.h"

enum finding_severity {
	FINDING_OK,
	FINDING_WARNING, /* works, but not as well as it could */
	FINDING_PROBLEM, /* alerts will be missed: exit status 1 */
};

struct check {
	enum command_format format;
	size_t problems, warnings;
};

/*
 * Prints one finding: a sentence, and what to type about it (NULL = nothing).
 * Both may hold text of files: they are made safe for a terminal.
 */
void check_finding(struct check *check, enum finding_severity severity,
		   const char *mend, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Kernel audit: enabled, auditd there, our audit rules loaded. */
void check_kernel(struct check *check, const struct ruleset *rules);
/* What of this host is seen less well than it could be; proc = /proc. */
void check_host(struct check *check, const char *proc);
/* How hosts are told apart, by auditd.conf: where others send their records. */
void check_names(struct check *check, const char *auditd_conf);
/* Services whose auditing costs much, by the end of auditd's log; what cannot be
 * read says nothing. */
void check_load(struct check *check, const char *audit_log);
/* The stanza and the program it names. */
void check_stanza(struct check *check);

#endif
