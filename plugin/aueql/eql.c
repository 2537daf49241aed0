/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aueql eql: one query over the events of files, as Elasticsearch would answer
 * it. All events are read, then sorted by time; a condition that raises is an
 * error here, as it is there.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../eql/eql.h"
#include "../output/event_json.h"
#include "../pipeline.h"
#include "../util/diag.h"
#include "../util/quantity.h"
#include "command.h"
#include "documents.h"
#include "input.h"
#include "search.h"

#define MEMORY_DEFAULT (1ULL << 30)
#define BAD_TOLD_MAX 10

struct eql {
	struct str text;
	bool ecs;
	int64_t memory;
	struct field_table *fields;
	struct arena *rules; /* the compiled query */
	struct arena *arena; /* events and matches */
	const struct query *query;
	const struct event **events;
	size_t count, capacity;
	struct pipeline *pipeline; /* audit logs */
	struct documents documents; /* ECS */
	int failed; /* -errno of an event that could not be kept */
};

/* --- events --------------------------------------------------------------- */

static int keep(struct eql *eql, const struct event *event)
{
	if (eql->count == eql->capacity) {
		size_t capacity = eql->capacity ? 2 * eql->capacity : 1024;
		const struct event **events =
			reallocarray(eql->events, capacity, sizeof(*events));

		if (!events)
			return -ENOMEM;
		eql->events = events;
		eql->capacity = capacity;
	}
	eql->events[eql->count++] = event;
	return 0;
}

/* What a document becomes lives in the arena already. */
static int on_document(void *user, struct event *event)
{
	return keep(user, event);
}

static void on_bad(void *user, uint64_t line)
{
	struct eql *eql = user;
	struct strbuf text = STRBUF_INIT(0);

	if (eql->documents.bad > BAD_TOLD_MAX)
		return;
	text_escape_plain(&text, str_from(eql->documents.reader.error));
	command_error("document %llu: %.*s", (unsigned long long)line,
		      STR_ARG(strbuf_str(&text)));
	strbuf_free(&text);
}

/* An audit event is copied: its arena is the pipeline's. */
static void on_event(void *user, const struct event *event)
{
	struct eql *eql = user;
	struct event *copy = event_copy(event, eql->arena);

	if (!copy || keep(eql, copy))
		eql->failed = -ENOMEM;
}

static int on_chunk(void *user, const char *data, size_t len)
{
	struct eql *eql = user;
	int rc = eql->ecs ? documents_feed(&eql->documents, data, len)
			  : pipeline_feed(eql->pipeline, data, len);

	return rc ? rc : eql->failed;
}

static int on_end(void *user)
{
	struct eql *eql = user;

	return eql->ecs ? documents_end(&eql->documents) : 0;
}

static int compare_events(const void *x, const void *y)
{
	const struct event *a = *(const struct event *const *)x;
	const struct event *b = *(const struct event *const *)y;

	if (a->time_ns != b->time_ns)
		return a->time_ns < b->time_ns ? -1 : 1;
	return (a->serial > b->serial) - (a->serial < b->serial);
}

/* --- result --------------------------------------------------------------- */

static void write_document(const struct eql *eql, const struct event *event,
			   struct json *json)
{
	if (eql->ecs)
		json_raw(json, event->document);
	else
		event_json_document(event, eql->fields, json);
}

static void write_match(const struct eql *eql, const struct search_match *match,
			struct json *json)
{
	json_object_begin(json);
	json_key(json, STR("join_keys"));
	json_array_begin(json);
	for (size_t i = 0; i < match->key_count; i++)
		json_value(json, &match->keys[i]);
	json_array_end(json);
	json_key(json, STR("events"));
	json_array_begin(json);
	for (size_t i = 0; i < match->event_count; i++) {
		if (match->events[i] == SIZE_MAX)
			json_null(json);
		else
			write_document(eql, eql->events[match->events[i]],
				       json);
	}
	json_array_end(json);
	json_object_end(json);
}

static int print_matches(const struct eql *eql,
			 const struct search_result *result)
{
	struct strbuf text = STRBUF_INIT(0);
	int code = EXIT_DONE;

	for (size_t i = 0; i < result->count && !ferror(stdout); i++) {
		struct json json;

		strbuf_reset(&text);
		json_init(&json, &text);
		write_match(eql, &result->matches[i], &json);
		strbuf_add_char(&text, '\n');
		if (text.failed) {
			command_error("%s", strerror(ENOMEM));
			code = EXIT_NOT_DONE;
			break;
		}
		fwrite(text.data, 1, text.len, stdout);
	}
	strbuf_free(&text);
	return code;
}

static int memory_error(const struct eql *eql)
{
	command_error("the query needs more than --memory (%lld MB)",
		      (long long)(eql->memory >> 20));
	return EXIT_NOT_DONE;
}

static int run_query(const struct eql *eql)
{
	const struct search search = {
		.query = eql->query,
		.fields = eql->fields,
		.events = eql->events,
		.count = eql->count,
		.memory = (size_t)eql->memory,
		.arena = eql->arena,
	};
	struct search_result result;
	int rc;

	if (eql->count)
		qsort(eql->events, eql->count, sizeof(*eql->events),
		      compare_events);
	rc = search_run(&search, &result);
	if (rc == -ENOMEM || rc == -E2BIG)
		return memory_error(eql);
	if (!rc && result.errors) {
		command_error("a condition could not be computed for %llu "
			      "events (division by zero, a number out of "
			      "range, or a limit)",
			      (unsigned long long)result.errors);
		return EXIT_NOT_DONE;
	}
	return rc ? EXIT_NOT_DONE : print_matches(eql, &result);
}

/* --- the whole ------------------------------------------------------------ */

static int compile(struct eql *eql)
{
	const struct eql_options options = {
		.arena = eql->rules,
		.fields = eql->fields,
	};
	struct diag diag = { .severity = DIAG_ERROR, .file = STR("query") };
	struct eql_error error;
	int rc = eql_compile(&options, eql->text, &eql->query, &error);

	if (rc < 0)
		command_error("%s", strerror(-rc));
	if (rc <= 0)
		return rc ? EXIT_NOT_DONE : EXIT_DONE;
	diag_locate(eql->text, error.offset, &diag);
	diag.message = error.message;
	command_diag(NULL, &diag);
	return EXIT_NOT_DONE;
}

static int open_pipeline(struct eql *eql)
{
	const struct pipeline_config config = {
		.host_id = STR("localhost"),
		.memcap = 64U << 20,
		.on_event = on_event,
		.user = eql,
	};

	return pipeline_new(&config, &eql->pipeline);
}

static void open_documents(struct eql *eql)
{
	eql->documents.reader.fields = eql->fields;
	eql->documents.arena = eql->arena;
	eql->documents.on_event = on_document;
	eql->documents.on_bad = on_bad;
	eql->documents.user = eql;
}

static bool holds_nothing(const struct eql *eql)
{
	struct pipeline_stats stats;

	if (eql->ecs)
		return !eql->documents.count && eql->documents.bad;
	pipeline_stats(eql->pipeline, &stats);
	return !stats.sieve.records;
}

static int read_events(struct eql *eql, struct input *input)
{
	int code, rc = 0;

	input->no_logs = eql->ecs;
	if (eql->ecs)
		open_documents(eql);
	else
		rc = open_pipeline(eql);
	if (rc) {
		command_error("%s", strerror(-rc));
		return EXIT_NOT_DONE;
	}
	code = input_read(input);
	if (!code && !eql->ecs)
		rc = pipeline_finish(eql->pipeline);
	if (rc || eql->failed)
		return memory_error(eql);
	if (!code && holds_nothing(eql)) {
		command_error("the input holds no %s",
			      eql->ecs ? "ECS event" : "audit record");
		return EXIT_NOT_DONE;
	}
	return code;
}

static int eql_open(struct eql *eql)
{
	int rc = field_table_new(&eql->fields);

	if (rc)
		return rc;
	eql->rules = arena_new(0);
	return eql->rules ? 0 : -ENOMEM;
}

static void eql_close(struct eql *eql)
{
	pipeline_free(&eql->pipeline);
	documents_close(&eql->documents);
	free(eql->events);
	arena_free(&eql->arena);
	arena_free(&eql->rules);
	field_table_free(&eql->fields);
}

/* --- command line --------------------------------------------------------- */

/* FIELD=ip|date|version; 0, -1 = not of this form, -errno. */
static int add_type(struct eql *eql, const char *text)
{
	static const struct {
		const char *name;
		enum field_type type;
	} types[] = { { "ip", FIELD_IP },
		      { "date", FIELD_DATE },
		      { "version", FIELD_VERSION } };
	const char *equals = strrchr(text, '=');

	if (!equals || equals == text)
		return -1;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct str name = { text, (size_t)(equals - text) };

		if (strcmp(equals + 1, types[i].name))
			continue;
		return field_table_add(eql->fields, name, types[i].type) < 0
			       ? -1
			       : 0;
	}
	return -1;
}

static int take_option(const struct command *command, struct eql *eql, int opt,
		       char **argv)
{
	switch (opt) {
	case 'e':
		eql->ecs = true;
		return EXIT_DONE;
	case 'm':
		if (quantity_size(str_from(optarg), &eql->memory) &&
		    eql->memory >= 1 << 20)
			return EXIT_DONE;
		return command_usage(command, "'%s' is no size of 1M or more",
				     optarg);
	case 't':
		if (!add_type(eql, optarg))
			return EXIT_DONE;
		return command_usage(
			command, "'%s' is not FIELD=ip|date|version", optarg);
	case ':':
		return command_usage(command, "'%s' wants an argument",
				     argv[optind - 1]);
	default:
		return command_usage(command, "no option '%s'",
				     argv[optind - 1]);
	}
}

static int eql_parse(const struct command *command, int argc, char **argv,
		     struct eql *eql)
{
	static const struct option options[] = {
		{ "ecs", no_argument, NULL, 'e' },
		{ "help", no_argument, NULL, 'h' },
		{ "memory", required_argument, NULL, 'm' },
		{ "type", required_argument, NULL, 't' },
		{ 0 },
	};
	int opt;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		int code;

		if (opt == 'h')
			return -1;
		code = take_option(command, eql, opt, argv);
		if (code)
			return code;
	}
	if (optind == argc)
		return command_usage(command, "a query is wanted");
	eql->text = str_from(argv[optind++]);
	return EXIT_DONE;
}

static int eql_do(struct eql *eql, struct input *input)
{
	int code = compile(eql);

	if (code)
		return code;
	eql->arena = arena_new((size_t)eql->memory);
	if (!eql->arena)
		return memory_error(eql);
	code = read_events(eql, input);
	return code ? code : run_query(eql);
}

static int eql_run(const struct command *command, int argc, char **argv)
{
	struct eql eql = { .memory = MEMORY_DEFAULT };
	struct input input = {
		.on_chunk = on_chunk,
		.on_end = on_end,
		.user = &eql,
	};
	int code = eql_open(&eql);

	if (code) {
		command_error("%s", strerror(-code));
		code = EXIT_NOT_DONE;
	} else {
		code = eql_parse(command, argc, argv, &eql);
	}
	if (code < 0) {
		code = command_help(command);
	} else if (code == EXIT_DONE) {
		input.paths = argv + optind;
		input.count = (size_t)(argc - optind);
		code = command_finish(eql_do(&eql, &input));
	}
	eql_close(&eql);
	return code;
}

const struct command command_eql = {
	.name = "eql",
	.summary = "one EQL query over the events of a log",
	.help = "Usage: aueql eql [--ecs] [--type FIELD=TYPE]... "
		"[--memory SIZE] QUERY [FILE|-]...\n"
		"Prints a JSON line for each match, in Elasticsearch's order: "
		"its join keys, and its\n"
		"events in full (null for a missing event). Reads all input, "
		"and sorts it by time.\n"
		"No FILE = auditd's own logs, with --ecs standard input; - = "
		"standard input.\n"
		"\n"
		"      --ecs             the input is ECS events, one JSON "
		"object a line\n"
		"      --type FIELD=TYPE a field of the events is of type ip, "
		"date or version\n"
		"      --memory SIZE     what events and matches may take "
		"(1G); more is an error\n"
		"  -h, --help            this text\n",
	.run = eql_run,
};
