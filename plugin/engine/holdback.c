/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events come nearly in order: an audit record bears the time its call began,
 * but is sent when it ended. What met a condition waits here for a while, so
 * that the matching sees events in the order of (effective time, serial). One
 * heap per host: clocks of hosts have nothing to do with one another.
 */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

static bool held_before(const struct held *a, const struct held *b)
{
	if (a->ordinal.time_ns != b->ordinal.time_ns ||
	    a->ordinal.serial != b->ordinal.serial)
		return ordinal_before(a->ordinal, b->ordinal);
	return a->arrival < b->arrival;
}

static size_t held_size(const struct held *held)
{
	return sizeof(*held) + held->hit_count * sizeof(held->hits[0]) +
	       event_kept_size(held->event);
}

static void sift_up(struct engine_host *host, size_t at)
{
	struct held *held = host->heap[at];

	while (at && held_before(held, host->heap[(at - 1) / 2])) {
		host->heap[at] = host->heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	host->heap[at] = held;
}

static void sift_down(struct engine_host *host)
{
	struct held *held = host->heap[0];
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= host->held_count)
			break;
		if (child + 1 < host->held_count &&
		    held_before(host->heap[child + 1], host->heap[child]))
			child++;
		if (!held_before(host->heap[child], held))
			break;
		host->heap[at] = host->heap[child];
		at = child;
	}
	host->heap[at] = held;
}

int holdback_put(struct engine *engine, struct engine_host *host,
		 struct held *held)
{
	if (host->held_count == host->held_capacity) {
		size_t capacity =
			host->held_capacity ? 2 * host->held_capacity : 64;
		struct held **heap = reallocarray(host->heap, capacity,
						  sizeof(struct held *));

		if (!heap)
			return -ENOMEM;
		host->heap = heap;
		host->held_capacity = capacity;
	}
	host->heap[host->held_count++] = held;
	sift_up(host, host->held_count - 1);
	engine->held_bytes += held_size(held);
	return 0;
}

static struct held *pop(struct engine *engine, struct engine_host *host)
{
	struct held *held = host->heap[0];

	host->heap[0] = host->heap[--host->held_count];
	if (host->held_count)
		sift_down(host);
	engine->held_bytes -= held_size(held);
	return held;
}

static void held_free(struct engine *engine, struct held *held)
{
	engine_discharge(engine, sizeof(*held) + held->hit_count *
							 sizeof(held->hits[0]));
	engine_drop_event(engine, &held->event);
	free(held);
}

static int release_first(struct engine *engine, struct engine_host *host)
{
	struct held *held = pop(engine, host);
	int rc = sequence_process(engine, host, held);

	held_free(engine, held);
	return rc;
}

int holdback_release(struct engine *engine, struct engine_host *host)
{
	int64_t wait = engine->config.exact ? engine->config.lateness_ns
					    : engine->config.reorder_ns;
	int rc = 0;

	while (!rc && host->held_count &&
	       host_now(host) - host->heap[0]->ordinal.time_ns >= wait)
		rc = release_first(engine, host);
	return rc;
}

int holdback_release_all(struct engine *engine, struct engine_host *host)
{
	int rc = 0;

	while (!rc && host->held_count)
		rc = release_first(engine, host);
	return rc;
}

/* That is, of the host that holds the most. */
int holdback_release_oldest(struct engine *engine)
{
	struct engine_host *most = NULL;

	for (struct engine_host *host = engine->hosts; host; host = host->next)
		if (host->held_count &&
		    (!most || host->held_count > most->held_count))
			most = host;
	if (!most)
		return 0;
	engine->stats.held_early++;
	return release_first(engine, most);
}

void holdback_free(struct engine *engine, struct engine_host *host)
{
	while (host->held_count)
		held_free(engine, pop(engine, host));
	free(host->heap);
	host->heap = NULL;
	host->held_capacity = 0;
}
