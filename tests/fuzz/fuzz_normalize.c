/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From any bytes to ECS events: whatever comes must be what rules are promised,
 * and the same as when all of it is parsed. Tables are small, so that they
 * overflow.
 */
#include "normalize/normalize.h"

#include <string.h>

#include "target.h"

struct run {
	struct normalizer *normalizer, *whole; /* this one parses all */
	struct arena *arena;
	struct field_table *fields;
	uint64_t events, raw_events;
};

/* Whether a value is of its field's type, and its bytes are there to read. */
static bool is_valid(const struct value *value, enum field_type type)
{
	volatile char sink = 0;

	switch (value->type) {
	case VALUE_NULL:
		return true;
	case VALUE_BOOL:
		return type == FIELD_BOOL;
	case VALUE_INT:
		return type == FIELD_LONG || type == FIELD_DATE;
	case VALUE_IP:
		return type == FIELD_IP;
	case VALUE_STRING:
		for (size_t i = 0; i < value->s.len; i++)
			sink = (char)(sink ^ value->s.data[i]);
		return type == FIELD_KEYWORD;
	case VALUE_LIST:
		for (size_t i = 0; i < value->list.count; i++)
			if (value->list.items[i].type == VALUE_LIST ||
			    !is_valid(&value->list.items[i], type))
				return false;
		return value->list.count > 0;
	case VALUE_DOUBLE:
		return false;
	}
	return false;
}

static const struct value *get(const struct event *event, size_t slot)
{
	return event_value(event, slot, READING_INVOKED);
}

static void check_values(const struct run *run, const struct event *event)
{
	for (size_t slot = 0; slot < FIELD__COUNT; slot++) {
		enum field_type type = field_table_type(run->fields, slot);

		require(is_valid(get(event, slot), type));
		require(is_valid(event_value(event, slot, READING_RESOLVED),
				 type));
	}
}

static void check_event(const struct run *run, const struct event *event,
			const struct raw_event *raw)
{
	const struct value *path = get(event, FIELD_FILE_PATH);

	check_values(run, event);
	require(event->host.len > 0);
	require(event->time_ns == raw->time_ns);
	require(event->serial == raw->serial);
	require(event->record_count == raw->record_count);
	for (size_t i = 0; i < event->record_count; i++) {
		struct str text = event->records[i];

		require(text.len <= raw->records[i].len);
		require(!memcmp(text.data, raw->records[i].data, text.len));
		require(!memchr(text.data, 0x1d, text.len));
	}
	require(event->categories != 0);
	require(!(event->categories & CATEGORY_OTHER));
	require(get(event, FIELD_EVENT_TYPE)->type == VALUE_LIST);
	/* what has no action is known by its call */
	require(get(event, FIELD_EVENT_ACTION)->type == VALUE_LIST ||
		get(event, FIELD_AUDITD_DATA_SYSCALL)->type == VALUE_STRING);
	require(get(event, FIELD_HOST_ID)->type == VALUE_STRING);
	require(path->type == VALUE_NULL || path->s.data[0] == '/');
	/* connect and send; other sockets may have no peer */
	if (event->flags & EVENT_ATTEMPT)
		require(get(event, FIELD_DESTINATION_IP)->type == VALUE_IP &&
			(event->flags & EVENT_ATTEMPT));
}

/* A copy that stands on its own is the same event. */
static void check_kept(const struct event *event)
{
	size_t size;
	struct event *kept = event_keep(event, &size);

	require(kept && size > 0);
	for (size_t slot = 0; slot < FIELD__COUNT; slot++)
		require(value_equal(get(event, slot), get(kept, slot)));
	event_release(&kept);
}

static void check_same(const struct event *event, const struct event *whole)
{
	require(event->flags == whole->flags);
	require(event->categories == whole->categories);
	require(event->charge_uid == whole->charge_uid);
	for (size_t slot = 0; slot < FIELD__COUNT; slot++) {
		require(value_equal(get(event, slot), get(whole, slot)));
		require(value_equal(
			event_value(event, slot, READING_RESOLVED),
			event_value(whole, slot, READING_RESOLVED)));
	}
}

static int on_raw(void *user, const struct raw_event *raw)
{
	struct run *run = user;
	struct event *event = NULL, *whole = NULL;
	int rc;

	arena_reset(run->arena);
	rc = normalize_event(run->normalizer, raw, run->arena, &event);
	require(rc == normalize_event(run->whole, raw, run->arena, &whole));
	require(rc == 0 || rc == NORMALIZE_E_IGNORED || rc == NORMALIZE_E_SEEN);
	run->raw_events++;
	if (rc)
		return 0;
	run->events++;
	check_event(run, event, raw);
	check_same(event, whole);
	check_kept(event);
	return 0;
}

static void run_sieve(struct run *run, const uint8_t *data, size_t size)
{
	struct sieve_config config = {
		.on_event = on_raw,
		.user = run,
		.event_timeout_ns = 2 * NSEC_PER_SEC,
	};
	struct sieve *sieve;

	require(!sieve_new(&config, &sieve));
	require(!sieve_feed(sieve, (const char *)data, size));
	require(!sieve_finish(sieve));
	sieve_free(&sieve);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct normalizer_config config = {
		.field_count = FIELD__COUNT,
		.memcap = 32U << 10,
		.host_id = STR("host"),
		.local_node = STR("local"),
	};
	struct normalizer_stats stats;
	struct normalizer_config whole = config;
	struct run run = { 0 };

	whole.parse_all = true;
	run.arena = arena_new(0);
	require(run.arena && !field_table_new(&run.fields) &&
		!normalizer_new(&config, &run.normalizer) &&
		!normalizer_new(&whole, &run.whole));
	run_sieve(&run, data, size);
	normalizer_stats(run.normalizer, &stats);
	require(stats.events == run.events);
	require(stats.events + stats.ignored == run.raw_events);
	normalizer_free(&run.normalizer);
	normalizer_free(&run.whole);
	field_table_free(&run.fields);
	arena_free(&run.arena);
	return 0;
}
