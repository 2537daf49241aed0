/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What proctable.c and proctable_save.c have in common. */
#ifndef AUDISP_EQL_NORMALIZE_PROCTABLE_INTERNAL_H
#define AUDISP_EQL_NORMALIZE_PROCTABLE_INTERNAL_H

#include "../util/hash.h"
#include "proctable.h"

#define HOST_BUCKETS 256

struct proctable_host {
	struct list in_bucket, in_all; /* in_all: unused for longest first */
	struct proctable *table;
	struct list processes; /* unused for longest first */
	struct shares shares; /* of its logins */
	size_t count;
	size_t memory, counted; /* bytes; what of them the table knows of */
	uint64_t newest_serial;
	int64_t now_ms; /* of the record in hand */
	uint64_t hash; /* of its name: see provenance_host() */
	uint64_t salt; /* another hash of it, with the seed */
	bool seeded;
	/* a record of it came: the host logs such calls */
	bool sees_setsid, sees_setpgid;
	size_t name_len;
	char name[];
};

struct proctable {
	uint8_t seed[16];
	struct hash_key key; /* of pids */
	struct proctable_host *last; /* asked for last; NULL = it is gone */
	size_t memcap, memory, count, host_count;
	struct proctable_stats evictions; /* what of it counts them */
	struct proctable_host *largest; /* nearly; NULL = not known */
	struct list hosts; /* unused for longest first */
	struct list host_buckets[HOST_BUCKETS];
	struct table processes; /* of all hosts, by host and pid */
};

/* An entry nothing is known of, the one used last. NULL = out of memory. */
struct process *proctable_make(struct proctable_host *host, int64_t pid,
			       uint32_t payer);
/* It has this origin; takes an owner of it over, and charges the process, for the
 * files of that origin may be forgotten. NULL = none. */
void process_set_origin(struct process *process, struct origin *origin);
/* What is known of it has changed, or it was used. */
void process_touch(struct process *process);
/* Makes room: of the host that takes most the login that has most gives up what
 * it has not used for longest (share.h); the process in hand stays. */
void proctable_trim(struct proctable_host *host, const struct process *in_hand);

#endif
