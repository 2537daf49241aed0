/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "share.h"

#include <errno.h>
#include <stdlib.h>

void shares_open(struct shares *shares, size_t *memory)
{
	list_init(&shares->all);
	shares->memory = memory;
}

/* There are as many as accounts that do something. */
struct share *share_find(const struct shares *shares, uint32_t payer)
{
	for (const struct list *at = shares->all.next; at != &shares->all;
	     at = at->next) {
		struct share *share = list_entry(at, struct share, in_all);

		if (share->payer == payer)
			return share;
	}
	return NULL;
}

static struct share *share_get(struct shares *shares, uint32_t payer)
{
	struct share *share = share_find(shares, payer);

	if (share)
		return share;
	share = calloc(1, sizeof(*share));
	if (!share)
		return NULL;
	share->payer = payer;
	list_init(&share->linked);
	list_init(&share->others);
	list_add_tail(&shares->all, &share->in_all);
	*shares->memory += sizeof(*share);
	return share;
}

/* In its share it is the newest of its like. */
static void entry_enter(struct shares *shares, struct share_entry *entry)
{
	struct share *share = entry->share;

	list_add_tail(entry->linked ? &share->linked : &share->others,
		      &entry->list);
	share->count++;
	share->linked_count += entry->linked;
	share->bytes += entry->bytes;
	shares->bytes += entry->bytes;
	shares->count++;
}

static void entry_leave(struct shares *shares, struct share_entry *entry)
{
	struct share *share = entry->share;

	list_remove(&entry->list);
	share->count--;
	share->linked_count -= entry->linked;
	share->bytes -= entry->bytes;
	shares->bytes -= entry->bytes;
	shares->count--;
}

static void share_free_empty(struct shares *shares, struct share *share)
{
	if (share->count)
		return;
	list_remove(&share->in_all);
	*shares->memory -= sizeof(*share);
	free(share);
}

int share_join(struct shares *shares, struct share_entry *entry, uint32_t payer)
{
	struct share *before = entry->share, *share;

	if (before && before->payer == payer)
		return 0;
	share = share_get(shares, payer);
	if (!share)
		return -ENOMEM;
	if (before)
		entry_leave(shares, entry);
	entry->share = share;
	entry_enter(shares, entry);
	if (before)
		share_free_empty(shares, before);
	return 0;
}

void share_touch(struct shares *shares, struct share_entry *entry, bool linked,
		 size_t bytes)
{
	entry_leave(shares, entry);
	entry->linked = linked;
	entry->bytes = bytes;
	entry_enter(shares, entry);
}

void share_leave(struct shares *shares, struct share_entry *entry)
{
	struct share *share = entry->share;

	entry_leave(shares, entry);
	entry->share = NULL;
	share_free_empty(shares, share);
}

/* --- making room ---------------------------------------------------------- */

/* Not one that has nothing but what is in hand. */
static const struct share *largest_share(const struct shares *shares,
					 const struct share_entry *in_hand)
{
	const struct share *largest = NULL;

	for (const struct list *at = shares->all.next; at != &shares->all;
	     at = at->next) {
		const struct share *share =
			list_entry(at, struct share, in_all);

		if (in_hand && in_hand->share == share && share->count == 1)
			continue;
		if (!largest || share->bytes > largest->bytes)
			largest = share;
	}
	return largest;
}

static struct share_entry *oldest_of(const struct list *list,
				     const struct share_entry *in_hand)
{
	const struct list *at = list->next;

	if (in_hand && at == &in_hand->list)
		at = at->next;
	return at == list ? NULL : list_entry(at, struct share_entry, list);
}

struct share_entry *shares_oldest(const struct shares *shares,
				  const struct share_entry *in_hand)
{
	const struct share *share = largest_share(shares, in_hand);
	struct share_entry *entry;
	bool linked;

	if (!share)
		return NULL;
	linked = share->linked_count &&
		 share->count - share->linked_count <= share->count / 4;
	entry = oldest_of(linked ? &share->linked : &share->others, in_hand);
	return entry ? entry
		     : oldest_of(linked ? &share->others : &share->linked,
				 in_hand);
}
