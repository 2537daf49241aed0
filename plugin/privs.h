/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_PRIVS_H
#define AUDISP_EQL_PRIVS_H

#include <signal.h>

/* The signals that are taken through a signalfd, and so stay blocked. */
void privs_signals(sigset_t *set);
/*
 * Undoes what a plugin inherits from auditd: ignored and blocked signals, open
 * descriptors, umask, and an exemption from the out-of-memory killer that is
 * auditd's, not ours.
 */
void privs_reset(void);

#endif
