/* SPDX-License-Identifier: GPL-2.0-or-later */
/* aueql events: the normalized ECS events of a log, as JSON lines. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "../output/event_json.h"
#include "../pipeline.h"
#include "command.h"
#include "input.h"

struct events {
	struct period period;
	struct pipeline *pipeline;
	struct field_table *fields;
	struct strbuf text;
};

static void events_on_event(void *user, const struct event *event)
{
	struct events *events = user;
	struct json json;

	strbuf_reset(&events->text);
	json_init(&json, &events->text);
	event_json_document(event, events->fields, &json);
	if (events->text.failed) {
		command_error("event %llu: %s",
			      (unsigned long long)event->serial,
			      strerror(ENOMEM));
		return;
	}
	strbuf_add_char(&events->text, '\n');
	fwrite(events->text.data, 1, events->text.len, stdout);
}

static int events_on_chunk(void *user, const char *data, size_t len)
{
	struct events *events = user;

	if (ferror(stdout))
		return -EPIPE;
	return pipeline_feed(events->pipeline, data, len);
}

static int events_read(struct events *events, const struct input *input)
{
	struct pipeline_stats stats;
	int code = input_read(input);
	int rc = pipeline_finish(events->pipeline);

	if (rc) {
		command_error("%s", strerror(-rc));
		return EXIT_NOT_DONE;
	}
	pipeline_stats(events->pipeline, &stats);
	if (!stats.sieve.records) {
		return input_was_empty(false);
	}
	return code;
}

static int events_open_and_read(struct events *events,
				const struct input *input)
{
	struct pipeline_config config = {
		.host_id = STR("localhost"),
		.memcap = 64U << 20,
		.on_event = events_on_event,
		.user = events,
		.start_ns = events->period.start_ns,
		.end_ns = events->period.end_ns,
	};
	int rc = field_table_new(&events->fields);

	if (!rc)
		rc = pipeline_new(&config, &events->pipeline);
	if (rc) {
		command_error("%s", strerror(-rc));
		return EXIT_NOT_DONE;
	}
	return events_read(events, input);
}

static int events_run(const struct command *command, int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		PERIOD_OPTIONS,
		{ 0 },
	};
	struct events events = {
		.period = PERIOD_ALL,
		.text = STRBUF_INIT(64U << 20),
	};
	struct input input = {
		.on_chunk = events_on_chunk,
		.user = &events,
	};
	int opt, code;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (opt == 'h')
			return command_help(command);
		code = opt < PERIOD_OPTION
			       ? command_bad_option(command, opt, argv)
			       : command_period(command, opt, optarg,
						&events.period);
		if (code)
			return code;
	}
	code = command_check_period(command, &events.period);
	if (code)
		return code;
	input.paths = argv + optind;
	input.count = (size_t)(argc - optind);
	code = events_open_and_read(&events, &input);
	pipeline_free(&events.pipeline);
	field_table_free(&events.fields);
	strbuf_free(&events.text);
	return command_finish(code);
}

const struct command command_events = {
	.name = "events",
	.summary = "the ECS events of a log, as JSON lines",
	.help = "Usage: aueql events [--start TIME] [--end TIME] "
		"[FILE|-]...\n"
		"Prints the normalized ECS events of raw audit logs as JSON "
		"lines.\n"
		"No FILE = auditd's own logs, oldest first; - = standard "
		"input.\n"
		"\n"
		"      --start TIME  events from then on: yesterday, "
		"'2026-11-24 02:14'\n"
		"      --end TIME    events up to then\n"
		"  -h, --help        this text\n",
	.run = events_run,
};
