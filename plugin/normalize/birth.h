/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Executable files as they come into being, and the processes that run them:
 * what process.origin.* says. What happened is told by records of the file; the
 * arguments of tools may add to it, and never take anything away: a process may
 * have others read there what it likes.
 *
 * Each returns 0 or -ENOMEM.
 */
#ifndef AUDISP_EQL_NORMALIZE_BIRTH_H
#define AUDISP_EQL_NORMALIZE_BIRTH_H

#include "known.h"

int births_new(size_t memcap, struct births **out);
void births_free(struct births **births);

/* Behind context_set_process() and context_set_file(), of the item's file: */

/* It was created. */
int birth_on_created(struct context *context, const struct path_item *item);
/* It was given an execute permission; before = its mode until then. */
int birth_on_marked(struct context *context, const struct path_item *item,
		    int64_t before);
/* It has this event's path now, too. */
int birth_on_named(struct context *context, const struct path_item *item);

/* The process has executed what the PATH items say. */
int birth_on_exec(struct context *context, struct process *process);
/* The process is seen; if its exec was not, its file may still be known. */
int birth_recall(struct context *context, struct process *process);
/* How the program of a process came into being that runs already; NULL = not
 * known. */
struct origin *birth_of_seed(struct births *births, struct str host,
			     const struct process_seed *seed);

#endif
