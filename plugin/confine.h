/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What keeper and worker give up, and how that is said. */
#ifndef AUDISP_EQL_CONFINE_H
#define AUDISP_EQL_CONFINE_H

#include "config.h"
#include "inspector.h"
#include "util/log.h"

/* Where a worker writes: the directories of its files. */
enum { CONFINE_PLACES = 3 };
struct place {
	const char *directory; /* NULL = there is no such file */
	mode_t mode; /* if it is made */
	/* as it was; 0 = not there */
	dev_t device;
	ino_t inode;
};

struct confinement {
	struct inspector *inspector;
	struct place places[CONFINE_PLACES];
};

/* Keeps what it takes to start workers. What cannot be had is told: nothing is
 * parsed in a keeper, so it goes on. */
void confine_keeper(bool sandbox, struct log *log);
/*
 * Once all is read that only root may read, and before a thread begins: makes
 * the directories that are written to, leaves an inspector behind, becomes the
 * user of the configuration, and lets itself be confined to what a worker does.
 * environment is the inspector's. 0, -ENOMEM, or CONFINE_E_REFUSED: something of
 * that cannot be had (told, with what mends it), and nothing is to be parsed.
 */
enum { CONFINE_E_REFUSED = 1 };
int confine_worker(const struct config *config,
		   const struct str_list *environment,
		   struct sandbox_refused *refused, struct log *log,
		   struct confinement *out);
/*
 * Whether a directory has gone since, or another one is there: Landlock knows
 * the one that was, and only root can make it anew.
 */
bool confine_moved(const struct confinement *confinement);
/* Whether there is such a user; told. */
bool confine_has_user(const struct config *config, struct log *log);

#endif
