/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which program each live process runs, per host, from what its own records
 * said. Bounded in entries and bytes; the one unused for longest goes.
 */
#ifndef AUDISP_EQL_NORMALIZE_PROCTABLE_H
#define AUDISP_EQL_NORMALIZE_PROCTABLE_H

#include <audisp-eql/event.h>

#include "../util/list.h"

struct proctable;
struct proctable_host;

/* A program as one exec began it; shared by the children that run it on. Where
 * the exec was not seen, the file stands for the path given. */
struct image {
	unsigned int owners;
	size_t size;
	struct str invoked; /* path given to execve, as given */
	struct str resolved; /* exe=, without " (deleted)" */
	int64_t arg_count; /* as the process has them; -1 = unknown */
	size_t kept_count; /* of these, the first that fit */
	struct str *args;
};

struct process {
	struct list in_bucket;
	struct list in_host, in_all; /* unused for longest first */
	struct proctable_host *host;
	int64_t pid, ppid; /* ppid -1 = unknown */
	uint64_t serial; /* of its first record seen */
	struct image *image; /* NULL = unknown */
};

struct proctable_stats {
	uint64_t processes, evicted;
};

int proctable_new(size_t memcap, struct proctable **out);
void proctable_free(struct proctable **table);
/* The table of a host; NULL = out of memory. */
struct proctable_host *proctable_host(struct proctable *table, struct str name);
/* All processes of the host are gone: it has booted. */
void proctable_host_clear(struct proctable_host *host);

/* What a record says about the process that caused it. */
struct process_sight {
	int64_t pid, ppid; /* ppid -1 = unknown */
	uint64_t serial;
	struct str exe; /* without " (deleted)"; empty = none */
};

/*
 * The process of a record other than exec: known, or made. A known image that
 * is not what the record says runs is dropped; a process whose exec was not
 * seen takes its parent's image where the parent is older and runs the same
 * file (it is a fork), else one made of the file. NULL = out of memory.
 */
struct process *proctable_see(struct proctable_host *host,
			      const struct process_sight *sight);

/* An exec: what the process runs from now on. */
struct process_exec {
	struct process_sight sight;
	struct str invoked;
	int64_t arg_count; /* may be more than args has */
	struct str *args;
	size_t args_len;
};

struct process *proctable_exec(struct proctable_host *host,
			       const struct process_exec *exec);
/* The parent, where known and older; NULL else. */
struct process *proctable_parent(const struct process *process);
/* Parent, grandparent and so on, as far as known; returns how many. */
size_t proctable_ancestry(const struct process *process,
			  const struct process **out, size_t max);
void proctable_stats(const struct proctable *table,
		     struct proctable_stats *out);

#endif
