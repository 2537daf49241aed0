/* SPDX-License-Identifier: GPL-2.0-or-later */
/* auditd.conf(5), as far as `aueql check` asks for it. */
#ifndef AUDISP_EQL_AUEQL_AUDITD_CONF_H
#define AUDISP_EQL_AUEQL_AUDITD_CONF_H

#include <stdbool.h>
#include <stdint.h>

/* What auditd does when something is full. */
enum auditd_action {
	AUDITD_IGNORE,
	AUDITD_SYSLOG,
	AUDITD_ROTATE,
	AUDITD_EMAIL,
	AUDITD_EXEC,
	AUDITD_SUSPEND,
	AUDITD_SINGLE,
	AUDITD_HALT,
	AUDITD_KEEP_LOGS,
	AUDITD_UNKNOWN, /* not one of these words */
};

#define AUDITD_TEXT_MAX 256

/* The defaults are auditd's own. */
struct auditd_conf {
	int error; /* errno of reading it; 0 = none */
	unsigned int bad_line; /* the first that is not "name = value" */
	const char *bad_key; /* whose value cannot be; NULL = none */
	bool local_events, write_logs, listens, distributes;
	char log_file[AUDITD_TEXT_MAX], plugin_dir[AUDITD_TEXT_MAX];
	char name_format[AUDITD_TEXT_MAX], log_format[AUDITD_TEXT_MAX];
	uint64_t max_log_file_mb, num_logs, q_depth;
	uint64_t space_left; /* MB, or percent of the file system */
	bool space_left_is_percent;
	enum auditd_action max_log_file_action, space_left_action,
		admin_space_left_action, disk_full_action, disk_error_action,
		overflow_action;
};

/* Reads a file; what it does not say is the default. */
void auditd_conf_read(const char *path, struct auditd_conf *out);

#endif
