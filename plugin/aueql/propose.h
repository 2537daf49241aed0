/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exceptions that aueql tune proposes for a rule, and what each would hide. */
#ifndef AUDISP_EQL_AUEQL_PROPOSE_H
#define AUDISP_EQL_AUEQL_PROPOSE_H

#include "../util/strbuf.h"
#include "tally.h"

#define PROPOSALS_MAX 3
/* what was found less often is not noise, but something to look at */
#define PROPOSE_LEAST 3
/* an exception is a hole: none for less than that part of a rule's alerts */
#define PROPOSE_PART 20

struct proposal {
	const struct proposal_kind *kind;
	struct tally_facts facts;
	uint64_t hides; /* alerts, without those that one before it hides */
	uint64_t remain; /* of the rule, with this and those before it */
};

/* Fills out with up to PROPOSALS_MAX, what hides most first, and marks the
 * groups that they hide. Returns how many there are. */
size_t propose(struct tally_rule *rule, struct proposal out[PROPOSALS_MAX]);
/* The condition, in EQL. */
void proposal_condition(const struct proposal *proposal, struct strbuf *out);
/* What it rests on, and who is not seen by it: a clause for a reader each. */
const char *proposal_rests_on(const struct proposal *proposal);
const char *proposal_hides_whom(const struct proposal *proposal);
/* Why there is none: a sentence without its end. */
const char *proposal_why_none(const struct tally_rule *rule);

#endif
