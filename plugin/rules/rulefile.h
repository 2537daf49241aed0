/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One rule file in Elastic's format. */
#ifndef AUDISP_EQL_RULES_RULEFILE_H
#define AUDISP_EQL_RULES_RULEFILE_H

#include <audisp-eql/rule.h>

#include "../util/arena.h"

/* For complaints about the file as a whole. */
#define RULEFILE_WHOLE SIZE_MAX

/* A file on its way to a rule. */
struct rulefile {
	const struct ruleset_options *options;
	struct arena *arena; /* of the rule set */
	struct arena *scratch; /* for what is over when the file is read */
	struct field_table *fields;
	struct str path; /* in arena */
	struct str text;
	/* what becomes of it */
	struct rule *rule; /* filled as far as it could be */
	enum rule_status status;
	size_t reason_count, reason_capacity;
	struct rule_reason *reasons;
	size_t id_offset; /* where rule_id stands */
	const char *off; /* why it does not run though it could, or NULL */
};

/* Reads text. 0, whatever it is like (status and reasons say), or -ENOMEM. */
int rulefile_read(struct rulefile *file);
/*
 * Adds a reason, and takes over the status where it is a graver one. Errors,
 * what is unsupported and what degrades also go to on_diag. 0 or -ENOMEM.
 */
int rulefile_complain(struct rulefile *file, enum rule_status status,
		      size_t offset, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
