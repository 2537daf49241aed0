/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hosts and their time.
 *
 * A host's time is the latest stamp among its last 64 events, so that one wild
 * stamp is soon forgotten and a clock that is set back is followed; while no
 * event comes it goes on by the monotonic clock. Hosts have nothing to do with
 * one another: each has its own hold-back and its own queues.
 */
#include "host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../limits.h"
#include "../util/hash.h"
#include "account.h"
#include "evict.h"
#include "holdback.h"
#include "match.h"
#include "partial.h"
#include "suppress.h"

/* A share of memcap, a third, is what hosts may take themselves. */
#define HOSTS_SHARE 3
/* Evictions of one burst are one mark. */
#define BURST_NS NSEC_PER_SEC

/* --- marks ---------------------------------------------------------------- */

#define MARKS_BYTES(capacity) \
	(sizeof(struct time_marks) + (capacity) * sizeof(struct time_span))

/* A span that begins within the newest mark, or slack_ns behind it, extends it.
 */
static bool marks_extend(struct time_marks *marks, struct time_span span,
			 int64_t slack_ns)
{
	struct time_span *newest;

	if (!marks || !marks->count)
		return false;
	newest = &marks->marks[marks->at];
	if (span.from < newest->from ||
	    time_sub(span.from, newest->to) > slack_ns)
		return false;
	if (span.to > newest->to)
		newest->to = span.to;
	return true;
}

void host_restore_mark(struct engine *engine, struct time_marks **marks,
		       size_t capacity, struct time_span span)
{
	struct time_marks *all = *marks;

	if (!all) {
		all = calloc(1, MARKS_BYTES(capacity));
		if (!all) {
			engine->starved = true;
			return;
		}
		all->capacity = capacity;
		all->at = capacity - 1;
		memory_charge(engine, MARKS_BYTES(capacity));
		*marks = all;
	}
	all->at = (all->at + 1) % all->capacity;
	all->marks[all->at] = span;
	if (all->count < all->capacity)
		all->count++;
}

void host_mark_gap(struct engine *engine, struct host *host,
		   struct time_span span)
{
	if (!marks_extend(host->gaps, span, 0))
		host_restore_mark(engine, &host->gaps, HOST_GAPS, span);
}

void host_mark_loss(struct engine *engine, struct host *host, int64_t time_ns)
{
	const struct time_span span = { time_ns, time_ns };

	if (!marks_extend(host->evictions, span, BURST_NS))
		host_restore_mark(engine, &host->evictions, HOST_EVICTIONS,
				  span);
}

void host_mark_eviction(struct engine *engine, const struct account *account)
{
	struct host *host = account->host;
	int64_t now_ns = host->matched_ns;
	bool burst = host->evicts && now_ns >= host->evicted_ns &&
		     time_sub(now_ns, host->evicted_ns) <= BURST_NS;

	host_mark_loss(engine, host, now_ns);
	host->evicts = true;
	host->evicted_ns = now_ns;
	if (!burst && engine->config.on_evict)
		engine->config.on_evict(engine->config.user, host->name,
					account->uid, host->matched_ns);
}

static void marks_free(struct engine *engine, struct time_marks *marks)
{
	if (marks)
		memory_discharge(engine, MARKS_BYTES(marks->capacity));
	free(marks);
}

bool time_marks_within(const struct time_marks *marks, int64_t from, int64_t to)
{
	for (size_t i = 0; marks && i < marks->count; i++)
		if (marks->marks[i].to >= from && marks->marks[i].from <= to)
			return true;
	return false;
}

/* --- hosts ---------------------------------------------------------------- */

static bool item_before(const struct heap_node *a, const struct heap_node *b)
{
	return list_entry(a, struct item, queued)->due_ns <
	       list_entry(b, struct item, queued)->due_ns;
}

static bool account_larger(const struct heap_node *a, const struct heap_node *b)
{
	return list_entry(a, struct account, by_size)->bytes >
	       list_entry(b, struct account, by_size)->bytes;
}

static size_t host_size(const struct host *host)
{
	return sizeof(*host) + host->name.len + TABLE_NODE_BYTES +
	       HEAP_NODE_BYTES;
}

static struct host *host_new(struct engine *engine, struct str name)
{
	struct host *host = calloc(1, sizeof(*host) + name.len);

	if (!host)
		return NULL;
	host->name = (struct str){ (char *)(host + 1), name.len };
	if (name.len)
		memcpy(host + 1, name.data, name.len);
	host->salt = hash_bytes(name.data, name.len, engine->seeds[0]);
	host->node.hash = host->salt;
	host->released.time_ns = host->matched_ns = INT64_MIN;
	list_init(&host->recent);
	list_init(&host->holding);
	holdback_open(host);
	for (size_t i = 0; i < ITEM__COUNT; i++)
		host->queues[i].before = item_before;
	host->holders.before = account_larger;
	memory_charge(engine, host_size(host));
	return host;
}

/* Frees it as it is. */
static void host_free(struct engine *engine, struct host *host)
{
	struct heap_node *node;

	holdback_close(engine, host);
	while ((node = heap_first(&host->queues[ITEM_MATCH])))
		match_forget(engine, list_entry(node, struct item, queued));
	while ((node = heap_first(&host->queues[ITEM_STEP])))
		step_forget(engine, list_entry(node, struct item, queued));
	while ((node = heap_first(&host->queues[ITEM_FINDING])))
		finding_forget(engine, list_entry(node, struct item, queued));
	for (size_t i = 0; i < ITEM__COUNT; i++)
		heap_free(&host->queues[i]);
	heap_free(&host->holders);
	if (engine->host == host)
		engine->host = NULL;
	table_remove(&engine->host_table, &host->node);
	list_remove(&host->recent);
	marks_free(engine, host->gaps);
	marks_free(engine, host->evictions);
	memory_discharge(engine, host_size(host));
	free(host);
}

void hosts_free(struct engine *engine)
{
	while (!list_empty(&engine->hosts))
		host_free(engine,
			  list_entry(engine->hosts.next, struct host, recent));
	accounts_free(engine);
}

/* Gives up all that is known of a host; what waits is matched first. */
static int host_drop(struct engine *engine, struct host *host)
{
	int rc = host_finish(engine, host);
	struct heap_node *node;

	host_close_findings(engine, host);
	while ((node = heap_first(&host->queues[ITEM_STEP])))
		evict_item(engine, list_entry(node, struct item, queued));
	host_free(engine, host);
	return rc;
}

static struct host *host_find(struct engine *engine, struct str name)
{
	uint64_t hash = hash_bytes(name.data, name.len, engine->seeds[0]);
	struct table_node *node = table_bucket(&engine->host_table, hash);

	for (; node; node = node->next) {
		struct host *host = list_entry(node, struct host, node);

		if (str_equal(host->name, name))
			return host;
	}
	return NULL;
}

static void host_use(struct engine *engine, struct host *host)
{
	list_remove(&host->recent);
	list_add_tail(&engine->hosts, &host->recent);
	engine->host = host;
}

size_t host_max(const struct engine *engine)
{
	size_t bytes = sizeof(struct host) + MARKS_BYTES(HOST_GAPS) +
		       MARKS_BYTES(HOST_EVICTIONS);
	size_t count = engine->config.memcap / HOSTS_SHARE / bytes;

	return count < LIMIT_HOSTS ? count : LIMIT_HOSTS;
}

int host_get(struct engine *engine, struct str name, struct host **out)
{
	struct host *host = engine->host;
	int rc = 0;

	if (!host || !str_equal(host->name, name))
		host = host_find(engine, name);
	if (!host) {
		/* the one silent longest makes room */
		if (engine->host_table.count >= host_max(engine))
			rc = host_drop(engine, list_entry(engine->hosts.next,
							  struct host, recent));
		host = rc ? NULL : host_new(engine, name);
		if (!host)
			return rc ? rc : -ENOMEM;
		table_add(&engine->host_table, &host->node);
	}
	if (engine->host != host)
		host_use(engine, host);
	*out = host;
	return 0;
}

/* --- time ----------------------------------------------------------------- */

void host_see(struct engine *engine, struct host *host, int64_t time_ns)
{
	int64_t leaving = host->times[host->time_at];
	bool full = host->time_count == HOST_TIMES;

	host->times[host->time_at] = time_ns;
	host->time_at = (host->time_at + 1) % HOST_TIMES;
	host->time_count += !full;
	host->seen_ns = engine->clock_ns;
	if (time_ns >= host->newest_ns || host->time_count == 1) {
		host->newest_ns = time_ns;
	} else if (full && leaving == host->newest_ns) {
		host->newest_ns = host->times[0];
		for (size_t i = 1; i < HOST_TIMES; i++)
			if (host->times[i] > host->newest_ns)
				host->newest_ns = host->times[i];
	}
}

int64_t host_now(const struct engine *engine, const struct host *host)
{
	if (!host->time_count)
		return INT64_MIN;
	return time_add(host->newest_ns, engine->clock_ns - host->seen_ns);
}

/* The queue whose first is due first; NULL = nothing stands in any. */
static struct item *first_due(const struct host *host)
{
	struct item *first = NULL;

	for (size_t i = 0; i < ITEM__COUNT; i++) {
		struct heap_node *node = heap_first(&host->queues[i]);
		struct item *item =
			node ? list_entry(node, struct item, queued) : NULL;

		if (item && (!first || item->due_ns < first->due_ns))
			first = item;
	}
	return first;
}

static int fire(struct engine *engine, struct item *item)
{
	switch (item->kind) {
	case ITEM_MATCH:
		return match_decide(engine, item);
	case ITEM_FINDING:
		finding_close(engine, item);
		return 0;
	default:
		step_forget(engine, item);
		return 0;
	}
}

int host_fire(struct engine *engine, struct host *host, int64_t time_ns)
{
	struct item *item;
	int rc = 0;

	while (!rc && (item = first_due(host)) && item->due_ns < time_ns) {
		host->matched_ns = item->due_ns;
		rc = fire(engine, item);
	}
	host->matched_ns = time_ns;
	return rc;
}

int host_run(struct engine *engine, struct host *host)
{
	int64_t until_ns = time_sub(host_now(engine, host), engine->wait_ns);
	int rc = holdback_release(engine, host, until_ns);

	if (!rc)
		rc = host_fire(engine, host, until_ns);
	evict_for(engine, 0);
	return rc;
}

int host_flush(struct engine *engine, struct host *host)
{
	return holdback_release(engine, host, INT64_MAX);
}

int host_finish(struct engine *engine, struct host *host)
{
	int rc = host_flush(engine, host);
	int64_t matched_ns = host->matched_ns;
	struct heap_node *node;

	while (!rc && (node = heap_first(&host->queues[ITEM_MATCH]))) {
		struct item *item = list_entry(node, struct item, queued);

		host->matched_ns = item->due_ns;
		rc = match_decide(engine, item);
	}
	host->matched_ns = matched_ns;
	return rc;
}

int host_separate(struct engine *engine, struct host *host)
{
	int rc = host_flush(engine, host);
	struct heap_node *node;

	while ((node = heap_first(&host->queues[ITEM_MATCH])))
		match_forget(engine, list_entry(node, struct item, queued));
	while ((node = heap_first(&host->queues[ITEM_STEP])))
		step_forget(engine, list_entry(node, struct item, queued));
	return rc;
}

void host_close_findings(struct engine *engine, struct host *host)
{
	struct heap_node *node;

	while ((node = heap_first(&host->queues[ITEM_FINDING])))
		finding_close(engine, list_entry(node, struct item, queued));
}
