/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which audit rules a host must load so that rules see their events. */
#ifndef AUDISP_EQL_RULES_AUDIT_RULES_H
#define AUDISP_EQL_RULES_AUDIT_RULES_H

#include <audisp-eql/rule.h>

#include "../util/strbuf.h"

/*
 * The least set for all rules that run, or for one, a rule a line, ready for
 * rules.d of a machine as uname -m names it. 0 or -ENOMEM.
 */
int ruleset_audit_rules(const struct ruleset *set, const char *machine,
			struct strbuf *out);
int rule_audit_rules(const struct rule *rule, const char *machine,
		     struct strbuf *out);

#endif
