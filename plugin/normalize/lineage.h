/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leaders of sessions and process groups, how a user came in, containers. */
#ifndef AUDISP_EQL_NORMALIZE_LINEAGE_H
#define AUDISP_EQL_NORMALIZE_LINEAGE_H

#include "image.h"

struct process;

enum process_tty {
	TTY_UNKNOWN,
	TTY_NONE,
	TTY_PTS, /* a pseudo terminal */
	TTY_CONSOLE, /* tty1 and the like */
	TTY_OTHER, /* a serial one, and whatever else */
};

/* By its name in a record: pts0, tty1, (none). */
enum process_tty tty_of_name(struct str name);

/* A leader, counted: it is known to its members beyond its own death. */
struct leader {
	unsigned int owners;
	uint32_t number; /* while a state is saved */
	int64_t pid;
	uint64_t id; /* see struct process */
	struct image *image; /* NULL = unknown */
	const char *entry_type; /* of an entry leader, else NULL */
};

/* Each NULL where it is not known. */
struct lineage {
	struct leader *own; /* stands for the process itself, if it leads */
	struct leader *session, *group, *entry;
	struct shared_text *container; /* id */
};

/* What of its parent's a new process has. */
enum lineage_part {
	LINEAGE_SESSION = 1 << 0,
	LINEAGE_GROUP = 1 << 1,
};

/* The container of the parent, and these parts. */
void lineage_inherit(struct process *process, const struct process *parent,
		     unsigned int parts);
/* All of it becomes unknown. */
void lineage_release(struct lineage *lineage, size_t *memory);
/* One that nothing is known of, and its owners; NULL = out of memory. */
struct leader *leader_new(size_t *memory);
struct leader *leader_hold(struct leader *leader);
void leader_release(struct leader **leader, size_t *memory);
/* The process leads a session or a group now. 0 or -ENOMEM. */
int lineage_lead_session(struct process *process, size_t *memory);
int lineage_lead_group(struct process *process, size_t *memory);
/* It belongs to another group, and which is not known. */
void lineage_leave_group(struct process *process, size_t *memory);
/* The process has executed; parent NULL = unknown. */
void lineage_exec(struct process *process, const struct process *parent,
		  size_t *memory);
/* Who a seeded process belongs to; each NULL = unknown, or the process itself
 * where it leads. */
struct lineage_seed {
	const struct process *parent, *session, *group;
};

/* 0 or -ENOMEM. */
int lineage_seed(struct process *process, const struct lineage_seed *seed,
		 size_t *memory);
/* The entry_type of that name, one of those above; NULL = there is none. */
const char *lineage_entry_type(struct str name);
/* Whether it starts containers: its children are where these begin. */
bool lineage_is_runtime(const struct image *image);
/* Whether one began the process, or is still what it runs. */
bool lineage_is_of_runtime(const struct process *process,
			   const struct process *parent);
/* Whether orphans are given to it: who has it as parent may be another's. */
bool lineage_is_reaper(const struct process *process);

#endif
