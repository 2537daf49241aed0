/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_RULES_BUILTIN_H
#define AUDISP_EQL_RULES_BUILTIN_H

#include <audisp-eql/builtin.h>
#include <audisp-eql/rule.h>

/* What they have instead of a file. */
#define BUILTIN_FILE "built-in"

/* Makes the rule of a row. 0 and *out, or -ENOMEM. */
int builtin_rule(enum builtin_id id, struct arena *arena,
		 struct field_table *fields, struct rule **out);

#endif
