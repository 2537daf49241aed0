/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Audit rules, as the kernel holds them or as files for augenrules have them:
 * in the order in which the first that fits takes an event.
 */
#ifndef AUDISP_EQL_AUEQL_LOADED_H
#define AUDISP_EQL_AUEQL_LOADED_H

#include <libaudit.h>
#include <stdbool.h>

#include "../util/strbuf.h"

/* more audit rules than anyone loads */
#define LOADED_MAX 4096

struct loaded {
	size_t count;
	struct audit_rule_data *rules[LOADED_MAX];
};

/* All rules the kernel holds, asked by an open descriptor; false where it does
 * not tell. */
bool loaded_from_kernel(struct loaded *loaded, int fd);
/*
 * Adds those of DIR/(any).rules, as augenrules sorts them. on_bad, which may be
 * NULL, is called for lines that auditctl takes for none. 0 or -errno.
 */
int loaded_from_directory(struct loaded *loaded, const char *directory,
			  void (*on_bad)(void *user, const char *path,
					 unsigned int line),
			  void *user);
void loaded_clear(struct loaded *loaded);

/* The next reply of the kernel within two seconds; false = none came. */
bool loaded_next_reply(int fd, struct audit_reply *reply);

/* A rule of a text for auditctl, which is taken apart; NULL = it is none. */
struct audit_rule_data *loaded_build(char *text);

/* What becomes of the events that a rule asks for. */
struct coverage {
	bool missing; /* of some system calls: no rule takes them */
	/* this one keeps some out of the log altogether; NULL = none does */
	const struct audit_rule_data *never;
};

/*
 * Compares. doubtful, if not NULL, has a place for each of loaded's rules: those
 * are set that keep some of these events out, by conditions of their own.
 */
struct coverage loaded_cover(const struct loaded *loaded,
			     const struct audit_rule_data *ours,
			     bool *doubtful);

/* The value of a field, as text where it is one; false = it has none such. */
bool loaded_text_field(const struct audit_rule_data *rule, uint32_t field,
		       struct str *out);
bool loaded_number_field(const struct audit_rule_data *rule, uint32_t field,
			 uint32_t *out);
/* "never,exit -F arch=b64 -S connect -F ...": what stands behind -a, or -d. */
void loaded_print(const struct audit_rule_data *rule, struct strbuf *out);

#endif
