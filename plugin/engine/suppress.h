/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_ENGINE_SUPPRESS_H
#define AUDISP_EQL_ENGINE_SUPPRESS_H

#include "keys.h"
#include "partial.h"

/* What an interval counts. The numbers stand in saved states. */
enum finding_kind {
	FINDING_REPEATS, /* of one finding */
	FINDING_FLOOD, /* of a rule that finds too much in a minute */
	FINDING_BUDGET, /* of a rule that has told enough for an hour */
	FINDING__COUNT,
};

/* An interval in which something is counted instead of told. */
struct finding {
	struct item item;
	struct table_node node;
	uint64_t print_b;
	const struct rule_state *rule;
	uint8_t kind; /* enum finding_kind */
	uint32_t sent; /* flood: findings told; budget: alerts, all kinds */
	int64_t start_ns; /* the interval's, in the host's time */
	uint8_t alert_id[16]; /* of what was told; else of the first */
	struct kept *last; /* of the last repeat; NULL = none */
	uint64_t repeats;
	int64_t first_ns, last_ns; /* of the repeats */
	struct ip ip; /* of what was told, with the port */
	int64_t port; /* -2 = it had no destination */
	size_t destination_count;
	struct alert_destination destinations[ALERT_DESTINATIONS_MAX];
};

/* Sends a match, or counts it. 0 or -ENOMEM. */
int suppress_match(struct engine *engine, const struct step *match,
		   struct alert *alert);
/* The end of an interval: tells the repeats, if there were any. */
void finding_close(struct engine *engine, struct item *item);
/* Frees it and says nothing. */
void finding_forget(struct engine *engine, struct item *item);
/* The interval of a print; NULL = none runs. */
struct finding *finding_find(const struct engine *engine,
			     const struct print *print);
/* A finding known from a state is put where it belongs. 0 or -ENOMEM. */
int finding_restore(struct engine *engine, struct finding *finding,
		    const struct print *print);

#endif
