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
#include "../util/diag.h"
#include "../util/quantity.h"
#include "collect.h"
#include "command.h"
#include "search.h"

#define MEMORY_DEFAULT (1ULL << 30)

struct eql {
	struct str text;
	bool ecs;
	struct period period;
	int64_t memory;
	struct field_table *fields;
	struct arena *rules; /* the compiled query */
	const struct query *query;
	struct collection collection;
};

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
			write_document(eql,
				       eql->collection.events[match->events[i]],
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

static int run_query(const struct eql *eql)
{
	const struct search search = {
		.query = eql->query,
		.fields = eql->fields,
		.events = eql->collection.events,
		.count = eql->collection.count,
		.memory = (size_t)eql->memory,
		.arena = eql->collection.arena,
	};
	struct search_result result;
	int rc = search_run(&search, &result);

	if (rc == -ENOMEM || rc == -E2BIG) {
		command_error(
			"the query needs more than --memory (%lld MB): raise "
			"it, or take a part with --start and --end",
			(long long)(eql->memory >> 20));
		return EXIT_NOT_DONE;
	}
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
	collection_close(&eql->collection);
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
	case PERIOD_OPTION + PERIOD_START:
	case PERIOD_OPTION + PERIOD_END:
		return command_period(command, opt, optarg, &eql->period);
	default:
		return command_bad_option(command, opt, argv);
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
		PERIOD_OPTIONS,
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
	return command_check_period(command, &eql->period);
}

static int eql_do(struct eql *eql, char **paths, int count)
{
	const struct collect_options options = {
		.paths = paths,
		.count = (size_t)count,
		.ecs = eql->ecs,
		.period = eql->period,
		.memory = (size_t)eql->memory,
		.fields = eql->fields,
	};
	int code = compile(eql);

	if (!code)
		code = collect(&options, &eql->collection);
	return code ? code : run_query(eql);
}

static int eql_run(const struct command *command, int argc, char **argv)
{
	struct eql eql = { .memory = MEMORY_DEFAULT, .period = PERIOD_ALL };
	int code = eql_open(&eql);

	if (code) {
		command_error("%s", strerror(-code));
		code = EXIT_NOT_DONE;
	} else {
		code = eql_parse(command, argc, argv, &eql);
	}
	if (code < 0)
		code = command_help(command);
	else if (code == EXIT_DONE)
		code = command_finish(
			eql_do(&eql, argv + optind, argc - optind));
	eql_close(&eql);
	return code;
}

const struct command command_eql = {
	.name = "eql",
	.summary = "one EQL query over the events of a log",
	.help = "Usage: aueql eql [--ecs] [--type FIELD=TYPE]... "
		"[--memory SIZE]\n"
		"                 [--start TIME] [--end TIME] QUERY "
		"[FILE|-]...\n"
		"Prints a JSON line for each match, in Elasticsearch's order: "
		"its join keys, and\n"
		"its events in full (null for a missing event). Reads all "
		"input, and sorts it.\n"
		"No FILE = auditd's own logs, with --ecs standard input; - = "
		"standard input.\n"
		"\n"
		"      --ecs             the input is ECS events, one JSON "
		"object a line\n"
		"      --type FIELD=TYPE a field of the events is of type ip, "
		"date or version\n"
		"      --memory SIZE     what events and matches may take "
		"(1G); more is an error\n"
		"      --start TIME      events from then on: yesterday, '2026-11-24 02:14'\n"
		"      --end TIME        events up to then\n"
		"  -h, --help            this text\n",
	.run = eql_run,
};
