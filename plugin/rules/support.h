/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of a query this sensor can supply. */
#ifndef AUDISP_EQL_RULES_SUPPORT_H
#define AUDISP_EQL_RULES_SUPPORT_H

#include <audisp-eql/rule.h>

#include "../util/arena.h"

enum kind_id {
#define KIND(id, ...) KIND_##id,
#include "kinds.def"
#undef KIND
	KIND__COUNT,
	/* no event: only the process table reads its records */
	KIND_SETPGID = KIND__COUNT,
	/* nor here: the table of files does; beside BIRTH, or CREATE */
	KIND_ORIGIN,
/* no other event: less of it is audited */
#define NARROW_KIND(id, ...) KIND_##id,
#include "kinds.def"
#undef NARROW_KIND
	KIND__ALL
};

#define KIND_BIT(id) (1ULL << KIND_##id)

struct support_problem {
	size_t offset; /* into the query */
	struct str text;
};

struct support {
	size_t problem_count; /* 0 = all of it can be supplied */
	struct support_problem *problems;
};

/* The kinds of event a rule needs, as KIND_BITs. */
uint64_t support_kinds(const struct rule *rule);
/* Whether a rule of the set asks for processes that run already: they need no
 * audit rule, but somebody to tell of them. */
bool ruleset_asks_running(const struct ruleset *set);
/* Whether one asks for the capabilities of processes, for their environment: the
 * kernel has to be asked for them at each exec. */
bool ruleset_asks_capabilities(const struct ruleset *set);
bool ruleset_asks_environment(const struct ruleset *set);
/* Whether a condition, a key or an exception reads a field. */
bool query_reads(const struct query *query, size_t slot);
/*
 * Tells the system calls of kinds.def and the record types of user_records.def
 * that no rule of the set can match an event of.
 */
void ruleset_tell_unwanted(const struct ruleset *set,
			   void (*tell)(void *user, struct str name),
			   void *user);
/* What of a rule's query is not supplied; allocated in arena. 0 or -ENOMEM. */
int support_assess(const struct rule *rule, const struct field_table *fields,
		   struct arena *arena, struct support *out);

#endif
