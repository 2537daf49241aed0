/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events come nearly in order: a record bears the time its call began, but is
 * sent when it ended. What hit a stage waits here for a while, so that matching
 * sees events in the order of (effective time, serial).
 */
#include "holdback.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "host.h"
#include "sequence.h"

static struct held *held_of(const struct heap_node *node)
{
	return list_entry(node, struct held, node);
}

static bool held_before(const struct heap_node *x, const struct heap_node *y)
{
	const struct held *a = held_of(x), *b = held_of(y);

	if (ordinal_before(a->ordinal, b->ordinal))
		return true;
	return !ordinal_before(b->ordinal, a->ordinal) &&
	       a->arrival < b->arrival;
}

/* Without the event, which is charged where it is kept. */
static size_t held_size(const struct held *held)
{
	return sizeof(*held) + held->hit_count * sizeof(held->hits[0]) +
	       HEAP_NODE_BYTES;
}

void holdback_open(struct host *host)
{
	host->held.before = held_before;
}

static void held_free(struct engine *engine, struct held *held)
{
	account_discharge(engine, held->kept->account, held_size(held));
	kept_drop(engine, held->kept);
	free(held);
}

static void count_held(struct engine *engine, struct host *host,
		       const struct held *held, bool more)
{
	size_t size = held_size(held) + kept_size(held->kept);

	host->held_bytes += more ? size : -size;
	engine->held_bytes += more ? size : -size;
	if (!host->held.count)
		list_remove(&host->holding);
	else if (list_empty(&host->holding))
		list_add_tail(&engine->holding, &host->holding);
}

int holdback_put(struct engine *engine, struct host *host,
		 const struct held *held, const struct hit *hits)
{
	size_t size = held->hit_count * sizeof(*hits);
	struct held *copy = malloc(sizeof(*copy) + size);
	int rc;

	if (!copy)
		return -ENOMEM;
	*copy = *held;
	memcpy(copy->hits, hits, size);
	rc = heap_put(&host->held, &copy->node);
	if (rc) {
		free(copy);
		return rc;
	}
	kept_hold(copy->kept);
	account_charge(engine, copy->kept->account, held_size(copy));
	count_held(engine, host, copy, true);
	return 0;
}

static struct held *take_first(struct engine *engine, struct host *host)
{
	struct held *held = held_of(heap_first(&host->held));

	heap_remove(&host->held, &held->node);
	count_held(engine, host, held, false);
	return held;
}

static int release_first(struct engine *engine, struct host *host)
{
	struct held *held = take_first(engine, host);
	struct turn turn = {
		.engine = engine,
		.host = host,
		.kept = held->kept,
		.ordinal = held->ordinal,
	};
	int rc = host_fire(engine, host, held->ordinal.time_ns);

	if (ordinal_before(host->released, held->ordinal))
		host->released = held->ordinal;
	if (!rc)
		rc = sequence_take(&turn, held->hits, held->hit_count);
	held_free(engine, held);
	return rc;
}

int64_t holdback_first_ns(const struct host *host)
{
	return held_of(heap_first(&host->held))->ordinal.time_ns;
}

int holdback_release(struct engine *engine, struct host *host, int64_t until_ns)
{
	int rc = 0;

	while (!rc && host->held.count &&
	       held_of(heap_first(&host->held))->ordinal.time_ns <= until_ns)
		rc = release_first(engine, host);
	return rc;
}

int holdback_release_early(struct engine *engine)
{
	struct host *most = NULL;

	for (struct list *at = engine->holding.next; at != &engine->holding;
	     at = at->next) {
		struct host *host = list_entry(at, struct host, holding);

		if (!most || host->held_bytes > most->held_bytes)
			most = host;
	}
	engine->stats.held_early++;
	return release_first(engine, most);
}

void holdback_close(struct engine *engine, struct host *host)
{
	while (host->held.count)
		held_free(engine, take_first(engine, host));
	heap_free(&host->held);
}
