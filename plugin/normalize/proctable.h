/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which program each live process runs, per host, from what its own records
 * said. Bounded in entries and bytes: of the host that takes most, the login that
 * has most loses what was unused for longest (share.h).
 */
#ifndef AUDISP_EQL_NORMALIZE_PROCTABLE_H
#define AUDISP_EQL_NORMALIZE_PROCTABLE_H

#include <audisp-eql/event.h>

#include "../util/codec.h"
#include "../util/list.h"
#include "../util/table.h"
#include "image.h"
#include "lineage.h"
#include "origin.h"
#include "share.h"

struct proctable;
struct proctable_host;
struct provenance;

struct process_ids {
	uint32_t uid, euid, gid, egid;
};

#define PROCESS_IDS_UNKNOWN \
	((struct process_ids){ ID_UNKNOWN, ID_UNKNOWN, ID_UNKNOWN, ID_UNKNOWN })

/* As the last exec told, changes of identity since then taken into account. */
struct process_capabilities {
	uint64_t effective, permitted; /* both 0 = not told */
};

/* A descriptor of a process, and what it was bound to. */
struct bound_socket {
	int64_t fd;
	struct ip ip;
	int64_t port;
};

/* The last ones; a server has few, and a new one takes the place of the oldest.
 */
#define BOUND_SOCKETS 8

struct bound_sockets {
	size_t count; /* ever */
	struct bound_socket sockets[BOUND_SOCKETS];
};

struct process {
	struct table_node node;
	struct list in_host; /* unused for longest first */
	struct share_entry charged;
	int64_t used_ms; /* time of its last record */
	struct proctable_host *host;
	int64_t pid, ppid; /* ppid -1 = unknown */
	uint64_t serial; /* of its first record seen; 0 = seeded */
	int64_t since_ms; /* time of that record; of its start, where seeded */
	uint64_t id; /* of this process alone, on all hosts */
	struct image *image, *previous; /* NULL = unknown */
	struct shared_text *directory; /* working directory, as last told */
	struct lineage lineage;
	/* of the program it runs, or of one it or an ancestor ran before;
	 * NULL = none known */
	struct origin *origin;
	bool origin_own; /* of the program it runs */
	bool origin_sought; /* by the program's path, if no exec was seen */
	/* as last told, and as told before that */
	struct process_ids ids, ids_before;
	struct process_capabilities capabilities;
	struct bound_sockets *bound; /* NULL = none */
	enum process_tty tty; /* as last told */
	bool ended; /* a record of that came */
};

struct proctable_stats {
	uint64_t processes, evicted;
	/* of these, of linked programs; others that were used a moment ago */
	uint64_t linked_evicted, young_evicted;
	uint32_t linked_payer, young_payer; /* of the last of them */
};

int proctable_new(size_t memcap, struct proctable **out);
void proctable_free(struct proctable **table);
/* The table of a host; NULL = out of memory. */
struct proctable_host *proctable_host(struct proctable *table, struct str name);
/* What stands for the host in a file_id: provenance_host() of its name. */
uint64_t proctable_host_hash(const struct proctable_host *host);
/* The host has booted: all its processes are gone. Not so where it has been
 * seeded: that is this host, and this program did not outlive its boot. */
void proctable_host_boot(struct proctable_host *host);
/* Nothing is known of the host any more, seeds included. */
void proctable_host_forget(struct proctable_host *host);

/* What a record says about the process that caused it. */
struct process_sight {
	int64_t pid, ppid; /* ppid -1 = unknown */
	uint64_t serial;
	int64_t time_ms;
	struct str exe; /* without " (deleted)"; empty = none */
	struct str directory; /* empty = none */
	struct process_ids ids;
	uint32_t payer; /* login, uid where unset */
	enum process_tty tty;
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
	struct process_capabilities capabilities;
};

struct process *proctable_exec(struct proctable_host *host,
			       const struct process_exec *exec);

/* A file as stat(2) has it. */
struct file_seed {
	uint64_t device; /* major << 32 | minor */
	uint64_t inode; /* 0 = unknown */
	uint32_t owner;
};

/* What the kernel says of a process that was there before any record. */
struct process_seed {
	int64_t pid, ppid, session, group; /* the latter two: of whom */
	uint64_t start; /* ticks since boot */
	int64_t start_ms; /* since the epoch */
	struct str exe; /* without " (deleted)"; empty = none */
	struct file_seed file; /* that exe is */
	struct str directory; /* empty = unknown */
	struct str container; /* empty = none or unknown */
	struct process_ids ids;
	enum process_tty tty;
	struct str *args;
	size_t args_len;
};

/* Makes an entry that is older than any record, where a saved one of this process
 * is not there already; origin = that of its program,
 * NULL = not known. Leaders come before members, parents before children, or
 * they are not known to them. 0 or -ENOMEM. */
int proctable_seed(struct proctable_host *host, const struct process_seed *seed,
		   struct origin *origin);

/* The process of a pid; NULL = none is known. */
struct process *proctable_find(struct proctable_host *host, int64_t pid);
/* The process leads a session, and a group, of its own. 0 or -ENOMEM. */
int proctable_set_session(struct process *process);
/* Its process group: its own, or an unknown one. 0 or -ENOMEM. */
int proctable_set_group(struct process *process, bool own);
/* Its container; children have it, too. 0 or -ENOMEM. */
int proctable_set_container(struct process *process, struct str id);
/* How the program came into being that it runs from now on. */
void proctable_set_origin(struct process *process, struct origin *origin);
/* A socket of it is bound. 0 or -ENOMEM. */
int proctable_bind(struct process *process, const struct bound_socket *socket);
/* What a descriptor was bound to, by the process or those it may have it from;
 * NULL = not known. */
const struct bound_socket *proctable_bound(const struct process *process,
					   int64_t fd);
/* It has ended; a record may still be on its way. */
void proctable_end(struct process *process);
/* The parent, where known and older; NULL else. */
struct process *proctable_parent(const struct process *process);
/* Parent, grandparent and so on, as far as known; returns how many. */
size_t proctable_ancestry(const struct process *process,
			  const struct process **out, size_t max);
/* All of it, what processes share once; into an empty table, with the origins in
 * that of files. 0, -EBADMSG, -ENOMEM. */
void proctable_save(const struct proctable *table, struct strbuf *out);
int proctable_load(struct proctable *table, struct provenance *files,
		   struct reader *reader);
void proctable_stats(const struct proctable *table,
		     struct proctable_stats *out);
/* Bytes of all entries and what they share: a walk over all hosts. */
size_t proctable_memory(const struct proctable *table);

#endif
