/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration file: audisp-eql.conf(5). */
#ifndef AUDISP_EQL_CONFIG_H
#define AUDISP_EQL_CONFIG_H

#include <audisp-eql/output.h>

#include "util/arena.h"

/* Whether names of users are asked for. */
enum user_names {
	USER_NAMES_AUTO, /* where auditd writes none */
	USER_NAMES_NO,
	USER_NAMES_YES,
};

struct config {
	struct arena *arena; /* owns all strings */
	size_t rule_path_count;
	const char *const *rule_paths;
	const char *overrides; /* directory of overrides; NULL = none */
	size_t disable_count;
	const char *const *disable;
	struct str_list environment; /* variables that are read */
	enum output_syslog syslog;
	const char *syslog_socket; /* NULL = the default of that output */
	int syslog_facility;
	bool syslog_cee;
	const char *json_file; /* NULL = off */
	const char
		*audit_log; /* CONFIG_AUDIT_LOG_AUTO, or a path; NULL = off */
	const char *host_id; /* path or name as written; NULL = the chain */
	size_t memcap;
	int64_t reorder_ns, lateness_ns, batch_delay_ns;
	enum process_names process_names;
	int64_t suppress_ns;
	int64_t budget; /* alerts an hour of a rule; 0 = all */
	const char *redact; /* NULL = off */
	struct redact *mask; /* the same, compiled */
	int64_t heartbeat_ns; /* 0 = off */
	const char *state_file; /* NULL = off */
	int64_t state_interval_ns;
	const char *status_file; /* NULL = off */
	const char *user;
	enum user_names user_names;
	bool sandbox;
};

/* Where auditd.conf says. */
#define CONFIG_AUDIT_LOG_AUTO "auto"

#define CONFIG_FILE_DEFAULT SYSCONFDIR "/audisp-eql/audisp-eql.conf"

/*
 * Reads path, then conf.d/<name>.conf beside it in byte order; overrides.d
 * beside it is where overrides of rules are. With path NULL
 * the default file, which may be absent. Every complaint goes to on_diag; with
 * any error -EINVAL and *out unchanged. -ENOMEM.
 */
int config_load(const char *path, diag_fn on_diag, void *user,
		struct config **out);
void config_free(struct config **config);
/* The built-in defaults, no file read (replay without configuration). */
int config_defaults(struct config **out);

/*
 * Names of variables, between commas or blanks. 0, -ENOMEM, or -EINVAL: one
 * that is none, or too many.
 */
int config_parse_names(struct arena *arena, struct str text,
		       struct str_list *out);

/*
 * host.id of this host: the file or name the configuration gives, else
 * /etc/machine-id, else the node name, else "localhost". Never empty.
 */
struct str config_host_id(const struct config *config, struct arena *arena);

#endif
