/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text as a query. What compiles must print as what compiles to the same,
 * and what it answers about an event must not contradict itself.
 */
#include "eql/eql.h"

#include <string.h>

#include "eql/pred.h"
#include "target.h"

struct run {
	struct arena *arena, *scratch;
	struct field_table *fields;
	bool *all; /* every slot is known */
	struct event *event;
};

/* Some of each type, one with bytes that are no UTF-8; the rest is null. */
static struct event *make_event(const struct run *run)
{
	static const char bytes[] = "a\0\xff\xc3\xa9*?\"\\\n";
	struct value *args = arena_array(run->arena, 3, sizeof(*args));
	struct value list = { .type = VALUE_LIST }, ip = { .type = VALUE_IP };
	struct event *event =
		event_new(run->arena, field_table_count(run->fields));

	require(args && event && !ip_parse(STR("198.51.100.7"), &ip.ip));
	args[0] = VALUE_OF_STR(STR("gcc"));
	args[1] = VALUE_OF_STR(STR(""));
	args[2] = VALUE_OF_STR(((struct str){ bytes, sizeof(bytes) - 1 }));
	list.list.items = args;
	list.list.count = 3;
	event_set(event, FIELD_PROCESS_ARGS, list);
	event_set(event, FIELD_PROCESS_ARGS_COUNT, VALUE_OF_INT(3));
	event_set(event, FIELD_PROCESS_PID, VALUE_OF_INT(INT64_MIN));
	event_set(event, FIELD_PROCESS_NAME, VALUE_OF_STR(STR("gcc")));
	event_set(event, FIELD_PROCESS_EXECUTABLE,
		  VALUE_OF_STR(STR("/usr/bin/GCC-12")));
	event->resolved[READING_PROCESS_NAME] =
		VALUE_OF_STR(STR("x86_64-linux-gnu-gcc-12"));
	event_set(event, FIELD_FILE_NAME, args[2]);
	event_set(event, FIELD_DESTINATION_IP, ip);
	event_set(event, FIELD_DESTINATION_PORT, VALUE_OF_INT(4444));
	event_set(event, FIELD_PROCESS_INTERACTIVE, VALUE_OF_BOOL(true));
	event_set(event, FIELD_TIMESTAMP, VALUE_OF_INT(1795487386146));
	return event;
}

/* What holds is possible, whatever of the event is known; and what is wholly
 * known is not open. */
static void check_stage(const struct run *run, const struct stage *stage)
{
	struct pred_known all = { run->all, run->event->value_count };
	struct pred_known none = { run->all, 0 };

	for (int i = 0; i < 2; i++) {
		struct pred_context context = { .scratch = run->scratch };
		enum reading reading = i ? READING_RESOLVED : READING_INVOKED;
		bool holds;

		arena_reset(run->scratch);
		holds = pred_eval(stage->condition, run->event, reading,
				  &context);
		arena_reset(run->scratch);
		require(holds == pred_eval(stage->condition, run->event,
					   reading, &context));
		if (!holds || i)
			continue;
		require(pred_possible(stage->condition, run->event, &all));
		require(pred_possible(stage->condition, run->event, &none));
	}
}

static void check_query(struct run *run, const struct query *query)
{
	require(query->stage_count > 0);
	run->event = make_event(run);
	run->all = arena_alloc(run->arena, run->event->value_count);
	require(run->all != NULL);
	memset(run->all, true, run->event->value_count);
	for (size_t i = 0; i < query->stage_count; i++) {
		require(query->stages[i].key_count == query->key_count);
		check_stage(run, &query->stages[i]);
	}
	if (query->until)
		check_stage(run, query->until);
}

static void check_print(const struct eql_options *options,
			const struct query *query)
{
	struct strbuf first = STRBUF_INIT(0), again = STRBUF_INIT(0);
	const struct query *copy = NULL;
	struct eql_error error;

	eql_print(query, options->fields, &first);
	require(!first.failed && first.len > 0);
	require(!eql_compile(options, strbuf_str(&first), &copy, &error));
	eql_print(copy, options->fields, &again);
	/* a condition that reads two keys is copied for the first alone, as
	 * Elasticsearch does it, so that its copies are copied in their turn */
	require(query->key_count > 1 ||
		str_equal(strbuf_str(&first), strbuf_str(&again)));
	strbuf_free(&first);
	strbuf_free(&again);
}

static void run_query(struct run *run, struct str text, bool live)
{
	struct eql_options options = {
		.arena = run->arena,
		.fields = run->fields,
		.user_id_is_real = live,
		.live = live,
	};
	const struct query *query = NULL;
	struct eql_error error = { 0 };
	int rc = eql_compile(&options, text, &query, &error);

	if (rc) {
		require(rc == EQL_E_INVALID || rc == EQL_E_UNSUPPORTED);
		require(!query && error.offset <= text.len &&
			error.message.len > 0);
		return;
	}
	check_query(run, query);
	/* user.id is another field then, printed as such */
	if (!live)
		check_print(&options, query);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct run run = { 0 };

	run.arena = arena_new(256U << 20);
	run.scratch = arena_new(1U << 20);
	require(run.arena && run.scratch && !field_table_new(&run.fields));
	run_query(&run, text, false);
	run_query(&run, text, true);
	field_table_free(&run.fields);
	arena_free(&run.arena);
	arena_free(&run.scratch);
	return 0;
}
