/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of `aueql check` share. */
#ifndef AUDISP_EQL_AUEQL_CHECK_H
#define AUDISP_EQL_AUEQL_CHECK_H

#include <sys/types.h>

#include "../config.h"
#include "../util/arena.h"
#include "auditd_conf.h"
#include "command.h"

enum finding_id {
#define FINDING(name, id) FINDING_##name,
#include "findings.def"
#undef FINDING
	FINDING__COUNT
};

enum finding_severity {
	FINDING_OK,
	FINDING_WARNING, /* works, but not as well as it could */
	FINDING_PROBLEM, /* alerts will be missed: exit status 1 */
	FINDING__SEVERITIES
};

struct finding {
	enum finding_id id;
	enum finding_severity severity;
	struct str sentence, mend; /* mend.len 0 = nothing to type */
};

struct check {
	enum command_format format;
	struct arena *arena; /* all strings */
	const char *config_path; /* as asked for; NULL = the default one */
	const char *root; /* what stands before all paths; "" = this host */
	uid_t owner; /* who is root in there */
	struct finding *findings;
	size_t finding_count, finding_room;
	bool failed; /* no memory: not all findings are there */
	size_t problems, warnings;
	const struct auditd_conf *auditd; /* never NULL */
};

/*
 * One finding: a sentence, and what to type about it (NULL = nothing). Both may
 * hold text of files: they are made safe when they are printed.
 */
void check_finding(struct check *check, enum finding_id id,
		   enum finding_severity severity, const char *mend,
		   const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/* A path behind the root; lives as long as the check. "" without memory. */
const char *check_path(struct check *check, const char *path);
/* What to type, formatted; lives as long as the check. NULL without memory. */
const char *check_mend(struct check *check, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same, that gives a key of auditd.conf a value. */
const char *check_mend_auditd(struct check *check, const char *key,
			      const char *value);
/* The same, that installs a package, by its names; NULL with --root. */
const char *check_mend_package(struct check *check, const char *deb,
			       const char *rpm);
/* Whether nobody but root can put another program there. */
bool check_is_of_root(struct check *check, struct str exe);
/* Whether this host itself is looked at. */
static inline bool check_is_live(const struct check *check)
{
	return !check->root[0];
}

/* Where alerts go, who the worker is, and whether the plugin runs. */
void check_config(struct check *check, const struct config *config);
/* Kernel audit: enabled, auditd there, our audit rules loaded, linkers seen. */
void check_kernel(struct check *check, const struct ruleset *rules);
/* auditd.conf, as far as it is about us, and about rules (NULL = none). */
void check_auditd(struct check *check, const struct ruleset *rules);
/* What of this host is seen less well than it could be; proc = /proc. */
void check_host(struct check *check, const char *proc);
/* By the end of auditd's log: how long it lasts, what auditing of which service
 * costs much. What cannot be read says nothing. */
void check_log(struct check *check);
/* The stanza and the program it names. */
void check_stanza(struct check *check);

#endif
