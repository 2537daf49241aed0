/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who pays for memory.
 *
 * All that the engine keeps is charged to memcap, and to the host and login
 * uid of the event it is kept for: whoever has an ordinary account can begin
 * sequences, so at the ceiling, of the host that holds most, the login that
 * holds most loses its oldest item. A flood pushes out itself first, and what
 * others began stays until they hold as much as the flood. By host first: whoever
 * has a host can have as many logins there as he likes.
 *
 * Shares are bytes, not partials: an event is charged once, whatever number of
 * keys and rules share it, and goes with all its keys as one item; but one that
 * has 65,536 keys costs what it takes.
 */
#include "account.h"

#include <stdlib.h>

#include "../util/hash.h"

#define ACCOUNT_BYTES \
	(sizeof(struct account) + TABLE_NODE_BYTES + HEAP_NODE_BYTES)

void memory_charge(struct engine *engine, size_t bytes)
{
	engine->stats.memory += bytes;
	if (engine->stats.memory > engine->stats.memory_peak)
		engine->stats.memory_peak = engine->stats.memory;
}

void memory_discharge(struct engine *engine, size_t bytes)
{
	engine->stats.memory -= bytes;
}

/* --- accounts ------------------------------------------------------------- */

struct account *account_get(struct engine *engine, struct host *host,
			    uint32_t uid)
{
	uint64_t hash = hash_combine(host->salt, uid);
	struct table_node *node = table_bucket(&engine->accounts, hash);
	struct account *account;

	for (; node; node = node->next) {
		account = list_entry(node, struct account, node);
		if (account->host == host && account->uid == uid)
			return account;
	}
	account = calloc(1, sizeof(*account));
	if (!account)
		return NULL;
	account->host = host;
	account->uid = uid;
	account->node.hash = hash;
	list_init(&account->items);
	table_add(&engine->accounts, &account->node);
	memory_charge(engine, ACCOUNT_BYTES);
	return account;
}

static void account_free(struct engine *engine, struct account *account)
{
	table_remove(&engine->accounts, &account->node);
	free(account);
	memory_discharge(engine, ACCOUNT_BYTES);
}

void accounts_free(struct engine *engine)
{
	struct table *accounts = &engine->accounts;

	for (size_t i = 0; accounts->count; i++) {
		struct table_node *node = table_bucket(accounts, i);

		if (node)
			account_free(engine,
				     list_entry(node, struct account, node));
	}
}

/* An account stands among the holders while it has something to give up. */
static bool account_holds(const struct account *account)
{
	return !list_empty(&account->items);
}

/* Puts right who holds most, once an account has another size. */
static void account_fix(struct engine *engine, struct account *account)
{
	struct host *host = account->host;

	if (account_holds(account))
		heap_fix(&host->holders, &account->by_size);
	if (host->holders.count)
		heap_fix(&engine->holders, &host->by_size);
}

void account_charge(struct engine *engine, struct account *account,
		    size_t bytes)
{
	memory_charge(engine, bytes);
	account->bytes += bytes;
	account->host->bytes += bytes;
	account_fix(engine, account);
}

void account_discharge(struct engine *engine, struct account *account,
		       size_t bytes)
{
	memory_discharge(engine, bytes);
	account->bytes -= bytes;
	account->host->bytes -= bytes;
	account_fix(engine, account);
	if (!account_holds(account) && !account->bytes)
		account_free(engine, account);
}

/* An account has something to give up now: it stands among the holders. */
static int holder_add(struct engine *engine, struct account *account)
{
	struct host *host = account->host;
	int rc = heap_put(&host->holders, &account->by_size);

	if (rc || host->holders.count > 1)
		return rc;
	rc = heap_put(&engine->holders, &host->by_size);
	if (rc)
		heap_remove(&host->holders, &account->by_size);
	return rc;
}

static void holder_remove(struct engine *engine, struct account *account)
{
	struct host *host = account->host;

	heap_remove(&host->holders, &account->by_size);
	if (!host->holders.count)
		heap_remove(&engine->holders, &host->by_size);
}

struct item *account_oldest(const struct engine *engine)
{
	struct heap_node *node = heap_first(&engine->holders);
	const struct host *host;
	struct account *account;

	if (!node)
		return NULL;
	host = list_entry(node, struct host, by_size);
	account =
		list_entry(heap_first(&host->holders), struct account, by_size);
	return list_entry(account->items.next, struct item, aged);
}

/* --- items ---------------------------------------------------------------- */

static struct heap *item_heap(const struct item *item)
{
	return &item->account->host->queues[item->kind];
}

int item_queue(struct engine *engine, struct item *item)
{
	struct account *account = item->account;
	bool held = account_holds(account);
	int rc = heap_put(item_heap(item), &item->queued);

	if (rc)
		return rc;
	if (!held) {
		rc = holder_add(engine, account);
		if (rc) {
			heap_remove(item_heap(item), &item->queued);
			return rc;
		}
	}
	list_add_tail(&account->items, &item->aged);
	account_charge(engine, account, HEAP_NODE_BYTES);
	return 0;
}

void item_unqueue(struct engine *engine, struct item *item)
{
	struct account *account = item->account;

	heap_remove(item_heap(item), &item->queued);
	list_remove(&item->aged);
	if (!account_holds(account))
		holder_remove(engine, account);
	account_discharge(engine, account, HEAP_NODE_BYTES);
}

/* --- kept events ---------------------------------------------------------- */

size_t kept_size(const struct kept *kept)
{
	return sizeof(*kept) + event_kept_size(kept->event);
}

struct kept *kept_new(struct engine *engine, struct host *host,
		      const struct event *event)
{
	struct kept *kept = pool_get(&engine->kept_pool);
	size_t size;

	if (!kept)
		return NULL;
	kept->account = account_get(engine, host, event->charge_uid);
	if (kept->account)
		kept->event = event_keep(event, &size);
	if (!kept->event) {
		pool_put(&engine->kept_pool, kept);
		return NULL;
	}
	kept->owners = 1;
	account_charge(engine, kept->account, kept_size(kept));
	return kept;
}

struct kept *kept_hold(struct kept *kept)
{
	kept->owners++;
	return kept;
}

void kept_drop(struct engine *engine, struct kept *kept)
{
	size_t size;

	if (!kept || --kept->owners)
		return;
	size = kept_size(kept);
	event_release(&kept->event);
	account_discharge(engine, kept->account, size);
	pool_put(&engine->kept_pool, kept);
}
