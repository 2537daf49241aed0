/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_PRIVS_H
#define AUDISP_EQL_PRIVS_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

/* The signals that are taken through a signalfd, and so stay blocked. */
void privs_signals(sigset_t *set);
/*
 * Undoes what a plugin inherits from auditd: ignored and blocked signals, open
 * descriptors, umask, and an exemption from the out-of-memory killer that is
 * auditd's, not ours.
 */
void privs_reset(void);
/* All but standard input, output and error. */
void privs_close_inherited(void);

/* A set of capabilities is the sum of these. */
#define PRIVS_CAP(number) (1ULL << (number))

struct privs_user {
	uid_t uid;
	gid_t gid;
};

/* Who owns nothing. */
#define PRIVS_NOBODY 65534

/* Asks the name service. 0, -ENOENT: no such user, -errno. */
int privs_find(const char *name, struct privs_user *out);
/*
 * Gives up all capabilities but these, as far as they are there, and lets no
 * program it starts gain any. 0 or -errno.
 */
int privs_keep(uint64_t capabilities);
/* The same, and becomes this user, in no groups but his own. Before any thread
 * begins: capabilities are a thread's. */
int privs_drop(const struct privs_user *user, uint64_t capabilities);
/* Makes a directory for this user, if there is none; what is there stays as it
 * is. 0 or -errno. */
int privs_directory(const char *path, const struct privs_user *user,
		    mode_t mode);

#endif
