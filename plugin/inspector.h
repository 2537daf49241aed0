/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks at other processes' files in /proc for a worker that may not: a process
 * of its own, which can do nothing else, and is told no more than numbers.
 */
#ifndef AUDISP_EQL_INSPECTOR_H
#define AUDISP_EQL_INSPECTOR_H

#include <audisp-eql/rule.h>

#include "privs.h"
#include "procfs.h"
#include "sandbox.h"

struct inspector;

struct inspector_config {
	struct privs_user user; /* whom it runs as */
	/* variables of environments it may be asked for; outlive it. NULL =
	 * none: it may not read files that are nobody else's. */
	const struct str_list *environment;
	/* where refused system calls are counted; NULL = no sandbox */
	struct sandbox_refused *refused;
};

/* Starts it; it ends when it is freed or its parent ends. As long as this
 * process may still do what it gives up. 0 or -errno. */
int inspector_start(const struct inspector_config *config,
		    struct inspector **out);
void inspector_free(struct inspector **inspector);
/*
 * Whether it did not answer in time (a process can make that others wait who
 * look at it), or what it cannot know: it is not asked any more, and knows
 * nothing.
 */
bool inspector_failed(const struct inspector *inspector);

/*
 * For who asks, as soon as it is who it will be: what of /proc it can read by
 * itself, as everybody can where it is not mounted with hidepid, it does not ask
 * for. A container may have gone before it has an answer.
 */
void inspector_look_around(struct inspector *inspector);

/* As procfs_seed() and the functions of a process_resolver, whose user is the
 * inspector. */
int inspector_seed(struct inspector *inspector, const struct seeder *seeder,
		   int64_t deadline_ns, size_t *count);
size_t inspector_container(void *inspector, int64_t pid, int64_t since_ms,
			   char out[CONTAINER_ID_MAX]);
int inspector_describe(void *inspector, int64_t pid, int64_t since_ms,
		       process_seed_fn seed, void *seed_user);
bool inspector_capabilities(void *inspector, int64_t pid, int64_t since_ms,
			    struct process_capabilities *out);
/* Of environments only: who keeps their reader waiting keeps nobody else. */
enum environment_answer inspector_environment(void *inspector, int64_t pid,
					      int64_t since_ms,
					      struct arena *arena,
					      struct value *out);

#endif
