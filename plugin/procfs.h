/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc says of the processes that run, for the plugin alone. */
#ifndef AUDISP_EQL_PROCFS_H
#define AUDISP_EQL_PROCFS_H

#include "normalize/normalize.h"

/* Who is told of the processes, each of which is its own until it returns. */
struct seeder {
	process_seed_fn seed;
	void *user;
};

/*
 * Tells of all processes below root ("/proc") that can be
 * read within deadline_ns; those that began first come first. *count receives
 * how many. 0, -errno, or PROCFS_E_LATE where there was no time for all.
 */
enum { PROCFS_E_LATE = 1 };
int procfs_seed(const struct seeder *seeder, const char *root,
		int64_t deadline_ns, size_t *count);
/* What a process_resolver asks for; user is root, a string. */
size_t procfs_container(void *root, int64_t pid, int64_t since_ms,
			char out[CONTAINER_ID_MAX]);
int procfs_describe(void *root, int64_t pid, int64_t since_ms,
		    process_seed_fn seed, void *seed_user);
bool procfs_capabilities(void *root, int64_t pid, int64_t since_ms,
			 struct process_capabilities *out);
/*
 * Hands the environment of a process on, in pieces, until take() has enough of
 * it. False = not to be known any more, or not whole. May be kept waiting by
 * the process: not for who has no time.
 */
bool procfs_environ(const char *root, int64_t pid, int64_t since_ms,
		    bool (*take)(void *user, struct str bytes), void *user);
/* The id of the container in the text of a cgroup file; empty = none. */
struct str procfs_container_id(struct str cgroup);

#endif
