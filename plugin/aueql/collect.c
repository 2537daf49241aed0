/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../util/json.h"
#include "command.h"
#include "input.h"

#define BAD_TOLD_MAX 10

static int keep(struct collection *collection, const struct event *event)
{
	if (collection->count == collection->capacity) {
		size_t capacity =
			collection->capacity ? 2 * collection->capacity : 1024;
		const struct event **events = reallocarray(
			collection->events, capacity, sizeof(*events));

		if (!events)
			return -ENOMEM;
		collection->events = events;
		collection->capacity = capacity;
	}
	collection->events[collection->count++] = event;
	return 0;
}

/* What a document becomes lives in the arena already. */
static int on_document(void *user, struct event *event)
{
	struct collection *collection = user;

	if (!period_holds(&collection->period, event->time_ns))
		return 0;
	return keep(collection, event);
}

static void on_bad(void *user, uint64_t line)
{
	struct collection *collection = user;
	struct strbuf text = STRBUF_INIT(0);

	if (collection->documents.bad > BAD_TOLD_MAX)
		return;
	text_escape_plain(&text, str_from(collection->documents.reader.error));
	command_error("document %llu: %.*s", (unsigned long long)line,
		      STR_ARG(strbuf_str(&text)));
	strbuf_free(&text);
}

/* An audit event is copied: its arena is the pipeline's. */
static void on_event(void *user, const struct event *event)
{
	struct collection *collection = user;
	struct event *copy = event_copy(event, collection->arena);

	if (!copy || keep(collection, copy))
		collection->failed = -ENOMEM;
}

static int on_documents(void *user, const char *data, size_t len)
{
	struct collection *collection = user;

	return documents_feed(&collection->documents, data, len);
}

static int on_documents_end(void *user)
{
	struct collection *collection = user;

	return documents_end(&collection->documents);
}

static int on_records(void *user, const char *data, size_t len)
{
	struct collection *collection = user;
	int rc = pipeline_feed(collection->pipeline, data, len);

	return rc ? rc : collection->failed;
}

static int compare_events(const void *x, const void *y)
{
	const struct event *a = *(const struct event *const *)x;
	const struct event *b = *(const struct event *const *)y;

	if (a->time_ns != b->time_ns)
		return a->time_ns < b->time_ns ? -1 : 1;
	return (a->serial > b->serial) - (a->serial < b->serial);
}

static int memory_error(const struct collect_options *options)
{
	command_error(
		"the events take more than %zu MB: take a part of them, with "
		"--start and --end",
		options->memory >> 20);
	return EXIT_NOT_DONE;
}

static int collect_documents(const struct collect_options *options,
			     struct collection *collection)
{
	const struct input input = {
		.paths = options->paths,
		.count = options->count,
		.sparse = true,
		.no_logs = true,
		.on_chunk = on_documents,
		.on_end = on_documents_end,
		.user = collection,
	};
	int code;

	collection->documents = (struct documents){
		.reader.fields = options->fields,
		.arena = collection->arena,
		.on_event = on_document,
		.on_bad = on_bad,
		.user = collection,
	};
	code = input_read(&input);
	if (code || collection->documents.count || !collection->documents.bad)
		return code;
	return input_was_empty(true);
}

static int collect_records(const struct collect_options *options,
			   struct collection *collection)
{
	const struct pipeline_config config = {
		.host_id = STR("localhost"),
		.memcap = 64U << 20,
		.on_event = on_event,
		.user = collection,
		.start_ns = options->period.start_ns,
		.end_ns = options->period.end_ns,
	};
	const struct input input = {
		.paths = options->paths,
		.count = options->count,
		.sparse = true,
		.on_chunk = on_records,
		.user = collection,
	};
	struct pipeline_stats stats;
	int code;

	if (pipeline_new(&config, &collection->pipeline))
		return memory_error(options);
	code = input_read(&input);
	if (!code && pipeline_finish(collection->pipeline))
		collection->failed = -ENOMEM;
	if (collection->failed)
		return memory_error(options);
	pipeline_stats(collection->pipeline, &stats);
	if (code || stats.sieve.records)
		return code;
	return input_was_empty(false);
}

int collect(const struct collect_options *options,
	    struct collection *collection)
{
	int code;

	collection->period = options->period;
	collection->arena = arena_new(options->memory);
	if (!collection->arena)
		return memory_error(options);
	code = options->ecs ? collect_documents(options, collection)
			    : collect_records(options, collection);
	if (collection->count)
		qsort(collection->events, collection->count,
		      sizeof(*collection->events), compare_events);
	return code;
}

void collection_close(struct collection *collection)
{
	pipeline_free(&collection->pipeline);
	documents_close(&collection->documents);
	free(collection->events);
	arena_free(&collection->arena);
}
