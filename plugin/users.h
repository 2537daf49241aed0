/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of this host's users by their ids, for alerts, where auditd writes none
 * (log_format = RAW). The name service is asked by a process of its own, since
 * it may parse what comes from the network, and answer late or never. Nobody
 * waits for it: what it has not said when an alert is told is not in there.
 */
#ifndef AUDISP_EQL_USERS_H
#define AUDISP_EQL_USERS_H

#include <audisp-eql/alert.h>

struct arena;
struct users;

/* With its NUL; a longer name is none. */
#define USERS_NAME_MAX 128

/* As getpwuid_r(3) has it, in the process that asks; false = none. */
typedef bool (*users_find_fn)(uint32_t uid, char out[USERS_NAME_MAX]);

struct users_config {
	struct str host; /* host.id of this host; outlives it */
	users_find_fn find; /* NULL = the name service */
};

/* Starts who asks, which ends when it is freed or its parent ends. As long as
 * this process may still become somebody else. 0 or -errno. */
int users_start(const struct users_config *config, struct users **out);
void users_free(struct users **users);
/* Has the user of an event asked for, unless he is known, or it is another
 * host's. */
void users_want(struct users *users, const struct event *event, int64_t now_ns);
/*
 * The alert with user.name in those events that have none, as far as it is
 * known; what is new of it lives in the arena. 0 or -ENOMEM.
 */
int users_name_alert(struct users *users, const struct alert *alert,
		     int64_t now_ns, struct arena *arena, struct alert *out);
/* Who asks has ended: nothing more comes to be known. */
bool users_failed(const struct users *users);

#endif
