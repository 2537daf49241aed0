/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the records of an event to its ECS fields. */
#ifndef AUDISP_EQL_NORMALIZE_H
#define AUDISP_EQL_NORMALIZE_H

#include "../record.h"

struct normalizer;

struct normalizer_config {
	size_t field_count; /* slots an event needs, field_table_count() */
	size_t memcap; /* bytes for process tables, over all hosts */
	struct str host_id; /* host.id of records without node; not empty */
	/* node names that mean this host too; may be empty */
	struct str local_node;
};

struct normalizer_stats {
	uint64_t events; /* ECS events made */
	uint64_t ignored; /* audit events that are no ECS event of ours */
	uint64_t malformed;
	uint64_t processes; /* in the tables now */
	uint64_t processes_evicted;
};

int normalizer_new(const struct normalizer_config *config,
		   struct normalizer **out);
void normalizer_free(struct normalizer **normalizer);
/*
 * Makes the ECS event of one closed audit event, in the arena. Events must come
 * in the order their calls ended (by serial per node, nearly). 0 and *out, or
 * NORMALIZE_E_IGNORED (nothing for a rule in it), -ENOMEM.
 */
enum { NORMALIZE_E_IGNORED = 1 };
int normalize_event(struct normalizer *normalizer, const struct raw_event *raw,
		    struct arena *arena, struct event **out);
/* host.id that events of a node bear; valid as long as the node's text. */
struct str normalizer_host(const struct normalizer *normalizer,
			   struct str node);
void normalizer_stats(const struct normalizer *normalizer,
		      struct normalizer_stats *out);

#endif
