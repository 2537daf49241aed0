/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Audit records of what an account does to blind the plugin, and of what it
 * wants to hide: see make.c for the steps. */
#ifndef FLOOD_H
#define FLOOD_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define FLOOD_USERS 16

/* One who acts: his shell, the program he linked last, and what runs it. */
struct flood_user {
	unsigned int uid;
	unsigned int shell, program, running;
	const char *name, *exe; /* of what runs */
	char path[64], exe_path[96];
};

struct flood {
	/* each whole record, line end included */
	void (*on_record)(void *user, const char *record, size_t len);
	void *user;
	uint64_t now_us, serial, inode;
	unsigned int pid, made;
	size_t user_count;
	struct flood_user users[FLOOD_USERS];
	size_t len;
	char record[16384]; /* in hand */
};

void flood_open(struct flood *flood);
/* KIND[:COUNT[xSIZE]]@UID; 0, or -1: there is no such kind. */
int flood_step(struct flood *flood, const char *step);

#endif
