/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_EQL_LOWER_H
#define AUDISP_EQL_EQL_LOWER_H

#include "../limits.h"
#include "ast.h"

struct pred;

/* A set of field slots. */
struct slot_set {
	uint64_t bits[(FIELD__COUNT + LIMIT_FIELDS) / 64 + 1];
};

static inline void slot_set_add(struct slot_set *set, size_t slot)
{
	set->bits[slot / 64] |= 1ULL << slot % 64;
}

static inline bool slot_set_has(const struct slot_set *set, size_t slot)
{
	return set->bits[slot / 64] >> slot % 64 & 1;
}

struct lowering {
	struct compile *compile;
	/* what a leaf says when a limit stops it: true where the condition
	 * makes for an alert, false where it prevents one */
	bool on_limit;
	struct slot_set *slots; /* receives the slots it reads */
	/* where replaces: fields of this slot become those of another */
	bool replaces;
	size_t replaced, replacement;
};

/* The condition of a folded tree. 0, EQL_E_*, -ENOMEM. */
int lower_condition(const struct lowering *lowering, const struct node *node,
		    const struct pred **out);
/* Adds what a node has become to a condition: both must hold. */
int lower_join(const struct lowering *low, const struct node *node,
	       const struct pred *added, const struct pred **condition);

#endif
