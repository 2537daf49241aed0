/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the records of an event to its ECS fields. */
#ifndef AUDISP_EQL_NORMALIZE_H
#define AUDISP_EQL_NORMALIZE_H

#include "../record.h"

struct normalizer;
struct process_capabilities;
struct reader;
struct strbuf;

#define CONTAINER_ID_MAX 128
/* host.id of others that send no name: none that a node can have. */
#define NORMALIZE_NO_NAME "(no node name)"

/* What came of asking for an environment. */
enum environment_answer {
	ENVIRONMENT_UNKNOWN, /* not to be known any more, or in time */
	ENVIRONMENT_CUT, /* some of it is not told, as it was too long */
	ENVIRONMENT_WHOLE,
};

struct process_seed;
typedef int (*process_seed_fn)(void *user, const struct process_seed *seed);

/*
 * Tells of processes from what the kernel says of them now. A process that
 * began after since_ms (of the epoch) is another one. Each may be NULL.
 */
struct process_resolver {
	/* The length of the container's id; 0 = none, or not to be known any
	 * more. */
	size_t (*container)(void *user, int64_t pid, int64_t since_ms,
			    char out[CONTAINER_ID_MAX]);
	/* Calls seed() with the process, and returns what that did; 0 where it
	 * is not to be known any more. */
	int (*describe)(void *user, int64_t pid, int64_t since_ms,
			process_seed_fn seed, void *seed_user);
	/* False = not to be known any more. */
	bool (*capabilities)(void *user, int64_t pid, int64_t since_ms,
			     struct process_capabilities *out);
	void *user;
	/* The variables of interest, a list of NAME=value in the arena; null =
	 * it has none of them. */
	enum environment_answer (*environment)(void *environment_user,
					       int64_t pid, int64_t since_ms,
					       struct arena *arena,
					       struct value *out);
	void *environment_user;
};

struct normalizer_config {
	size_t field_count; /* slots an event needs, field_table_count() */
	size_t memcap; /* bytes for process tables, over all hosts */
	struct str host_id; /* host.id of records without node; not empty */
	/* node names that mean this host too; may be empty */
	struct str local_node;
	/* this host's records all have a node, so that those without one are
	 * others' */
	bool names_all;
	/* also what is seen to be of no use, and each field at once; for tests */
	bool parse_all;
	/* of this host's processes */
	struct process_resolver resolver;
};

struct normalizer_stats {
	uint64_t events; /* ECS events made */
	uint64_t ignored; /* audit events that are no ECS event of ours */
	uint64_t malformed;
	uint64_t processes; /* in the tables now */
	uint64_t processes_evicted;
	uint64_t containers_unresolved;
	uint64_t environments_unresolved;
	uint64_t files; /* known by their origin now */
	uint64_t files_evicted;
	/* files and processes of programs linked here that were forgotten;
	 * other processes that were used a moment before */
	uint64_t linked_evicted, young_evicted;
};

/* What a table forgot for want of room, and whose the last of it was. */
struct forgotten {
	uint64_t count;
	uint32_t payer;
};

/* Asked after each event. */
struct normalizer_forgotten {
	struct forgotten linked_files, linked_processes;
	struct forgotten young_processes; /* others, used a moment before */
};

int normalizer_new(const struct normalizer_config *config,
		   struct normalizer **out);
void normalizer_free(struct normalizer **normalizer);
/*
 * Makes the ECS event of one closed audit event, in the arena, and leaves most
 * fields to be made when they are asked for: it stands until the normalizer gets
 * the next one, or a seed. Events must come in the order their calls ended (by
 * serial per node, nearly). 0 and *out, or NORMALIZE_E_IGNORED (nothing for a rule
 * in it); NORMALIZE_E_SEEN: the same, but what its host did, and when; -ENOMEM.
 */
enum { NORMALIZE_E_IGNORED = 1, NORMALIZE_E_SEEN };
int normalize_event(struct normalizer *normalizer, const struct raw_event *raw,
		    struct arena *arena, struct event **out);
/* No rule asks for what a system call or a record of a type (of
 * user_records.def) makes; a void * for ruleset_tell_unwanted(). */
void normalizer_unwanted(void *normalizer, struct str name);
/*
 * An event that says who did what these records are about, and nothing of what:
 * that is for the caller, who gets them parsed. 0, NORMALIZE_E_IGNORED (there
 * is no record in it), -ENOMEM.
 */
int normalize_about(struct normalizer *normalizer, const struct raw_event *raw,
		    struct arena *arena, struct record_event *records,
		    struct event **out);
/* A process of this host that runs already; before the first event, and as
 * proctable_seed() wants them. 0 or -ENOMEM. */
int normalizer_seed(struct normalizer *normalizer,
		    const struct process_seed *seed);
/* The files that came into being and the processes, as they are known now; and
 * back, before the first process is seeded. Processes, and what was in memory
 * alone, do not outlive a boot: the rest of the state is then left unread. 0,
 * -EBADMSG, -ENOMEM. */
void normalizer_save(const struct normalizer *normalizer, struct strbuf *out);
int normalizer_load(struct normalizer *normalizer, struct reader *state,
		    bool booted);
/* The event of a process that was seeded, met at now_ns. 0 and *out,
 * NORMALIZE_E_IGNORED (there is none of this pid), or -ENOMEM. */
int normalizer_running(struct normalizer *normalizer, int64_t pid,
		       int64_t now_ns, struct arena *arena, struct event **out);
/* host.id that events of a node bear; valid as long as the node's text. */
struct str normalizer_host(const struct normalizer *normalizer,
			   struct str node);
void normalizer_stats(const struct normalizer *normalizer,
		      struct normalizer_stats *out);
void normalizer_forgot(const struct normalizer *normalizer,
		       struct normalizer_forgotten *out);

#endif
