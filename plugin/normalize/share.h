/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who fills what a table keeps of a host: its logins (uid where unset). Whoever
 * has an account can make entries as fast as he likes, so at the limit the largest
 * share loses its oldest entry: a flood pushes out itself first. What was linked
 * on the host, or runs because of that, goes last in its share.
 */
#ifndef AUDISP_EQL_NORMALIZE_SHARE_H
#define AUDISP_EQL_NORMALIZE_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../util/list.h"

struct share {
	struct list in_all;
	uint32_t payer;
	size_t bytes, count, linked_count;
	struct list linked, others; /* struct share_entry, oldest first */
};

/* Stands in what a table keeps. */
struct share_entry {
	struct list list;
	struct share *share; /* NULL = none */
	size_t bytes;
	bool linked;
};

/* Of a host. */
struct shares {
	struct list all;
	size_t bytes, count; /* of the entries */
	size_t *memory; /* what shares take themselves is added to it */
};

void shares_open(struct shares *shares, size_t *memory);
/* NULL = none. */
struct share *share_find(const struct shares *shares, uint32_t payer);
/* A new entry pays, or one that is in a share pays out of another. It is then
 * the newest of its like. 0, -ENOMEM. */
int share_join(struct shares *shares, struct share_entry *entry,
	       uint32_t payer);
/* It was used, and is from now on of this kind and size. */
void share_touch(struct shares *shares, struct share_entry *entry, bool linked,
		 size_t bytes);
/* The last one takes its share along. */
void share_leave(struct shares *shares, struct share_entry *entry);
/*
 * The entry that goes first, but for the one in hand (NULL = any): the oldest of
 * the largest share, of what was not linked while that is a quarter of the share.
 * NULL = there is no other.
 */
struct share_entry *shares_oldest(const struct shares *shares,
				  const struct share_entry *in_hand);

#endif
