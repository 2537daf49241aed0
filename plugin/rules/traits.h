/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a rule costs its host, by which fields it can be evaded or forged, and
 * where its state is as large as an account wishes.
 */
#ifndef AUDISP_EQL_RULES_TRAITS_H
#define AUDISP_EQL_RULES_TRAITS_H

#include <audisp-eql/rule.h>

#include "../util/arena.h"

/* By the dearest kind of event that must be audited; kinds.def says which. */
enum cost_class {
	COST_NONE, /* the rule can match nothing */
	COST_LOW, /* about once a program or rarer */
	COST_MEDIUM, /* some times a program */
	COST_HIGH, /* for each of many files: a build has thousands a second */
	COST__COUNT,
};

/* A field whose value the account chooses, or can make up in the records. */
struct trait_field {
	size_t slot;
	const char *how; /* a clause for a reader */
	/* asked for: another value evades the rule, this one forges it */
	bool wanted;
	/* excluded: whoever takes such a value is not seen */
	bool excluded;
	/* a join key of a sequence: one partial for each value made up */
	bool key;
};

#define TRAITS_RACY_MAX 4

struct rule_traits {
	enum cost_class cost;
	uint64_t kinds; /* KIND_BITs of what it needs */
	size_t field_count;
	const struct trait_field *fields; /* as their names are sorted */
	bool no_maxspan; /* a sequence that looks back the rule's `from` */
	/* asks for parents: one that only forked, and has no record of its own,
	 * is known live, from /proc, and never in a replay */
	bool parents;
	/* of what is read of a live process, which may be gone by then, what it
	 * asks for: a clause for a reader each */
	size_t racy_count;
	const char *racy[TRAITS_RACY_MAX];
};

/* Allocates in the arena; 0 or -ENOMEM. */
int rule_traits(const struct rule *rule, const struct field_table *fields,
		struct arena *arena, struct rule_traits *out);
const char *cost_class_name(enum cost_class cost);
/* What a kind of event is called. */
const char *trait_kind_name(size_t kind);
size_t trait_kind_count(void);

#endif
