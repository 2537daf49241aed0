/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One rule file in Elastic's format. */
#ifndef AUDISP_EQL_RULES_RULEFILE_H
#define AUDISP_EQL_RULES_RULEFILE_H

#include <audisp-eql/rule.h>

/* What reading a rule needs and what becomes of it. */
struct rulefile {
	const struct ruleset_options *options;
	struct arena *arena;
	struct field_table *fields;
	struct str path;
	struct str text;
	struct rule *rule; /* filled as far as it could be */
	enum rule_status status;
	struct rule_reason reason; /* why it is not full */
	bool mode_off; /* [audisp-eql] mode = "off" */
};

/* 0, whatever the file is like (status and reason say), or -ENOMEM. */
int rulefile_read(struct rulefile *file);

#endif
