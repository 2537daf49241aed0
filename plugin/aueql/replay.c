/* SPDX-License-Identifier: GPL-2.0-or-later */
/* aueql replay: recorded logs through the whole pipeline. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <audisp-eql/output.h>

#include "../config.h"
#include "../pipeline.h"
#include "command.h"
#include "documents.h"
#include "exceptions.h"
#include "input.h"

struct replay {
	enum command_format format;
	const char *config; /* NULL = the default file */
	const char **rule_paths; /* -r */
	size_t rule_path_count;
	struct ruleset *rules;
	struct pipeline *pipeline;
	bool ecs;
	struct period period;
	struct documents documents; /* with ecs */
	struct arena *arena; /* of the alert in hand */
	uint64_t alerts;
	bool failed; /* an alert could not be rendered */
};

static void replay_on_alert(void *user, const struct alert *alert)
{
	struct replay *replay = user;
	struct render_context context = {
		.rule_set = replay->rules->hash,
		.fields = replay->rules->fields,
		.version = PACKAGE_VERSION,
	};
	struct rendered rendered;
	struct str text;

	arena_reset(replay->arena);
	if (alert_render(alert, &context, replay->arena, &rendered)) {
		replay->failed = true;
		return;
	}
	replay->alerts++;
	text = replay->format == FORMAT_JSON ? rendered.json : rendered.text;
	input_before_output();
	fwrite(text.data, 1, text.len, stdout);
	fputc('\n', stdout);
}

static int replay_on_chunk(void *user, const char *data, size_t len)
{
	struct replay *replay = user;

	if (ferror(stdout))
		return -EPIPE;
	return replay->ecs ? documents_feed(&replay->documents, data, len)
			   : pipeline_feed(replay->pipeline, data, len);
}

static int replay_on_end(void *user)
{
	struct replay *replay = user;

	return replay->ecs ? documents_end(&replay->documents) : 0;
}

static int replay_on_document(void *user, struct event *event)
{
	struct replay *replay = user;

	return pipeline_event(replay->pipeline, event);
}

/* What was read, what was found, what was lost: one line each where it is. */
static uint64_t replay_print_summary(const struct replay *replay)
{
	struct pipeline_stats stats;
	uint64_t inputs;

	pipeline_stats(replay->pipeline, &stats);
	inputs = replay->ecs ? replay->documents.count : stats.sieve.records;
	if (!replay->ecs)
		fprintf(stderr, "%llu records, %llu audit events, ",
			(unsigned long long)inputs,
			(unsigned long long)stats.sieve.events);
	fprintf(stderr, "%llu ECS events, %llu alerts",
		(unsigned long long)stats.engine.events,
		(unsigned long long)replay->alerts);
#define TELL(count, text) \
	do { \
		if (count) \
			fprintf(stderr, ", %llu " text, \
				(unsigned long long)(count)); \
	} while (0)
	TELL(stats.outside, "events outside the time asked for");
	TELL(stats.engine.observed, "of them only observed");
	TELL(stats.engine.excepted, "times an exception held");
	TELL(stats.engine.suppressed, "repeats suppressed");
	TELL(stats.sieve.malformed, "malformed");
	TELL(replay->documents.bad, "documents that are no ECS event");
	TELL(stats.sieve.incomplete, "incomplete");
	TELL(stats.sieve.duplicates, "duplicates");
	TELL(stats.sieve.gaps, "serials missing");
	TELL(stats.sieve.refused, "records of one host too many");
	TELL(stats.sieve.mixed,
	     "host names that several use, whose events are not correlated");
	TELL(stats.sieve.over_limit, "records over the limit");
	TELL(stats.engine.partials_evicted, "partials evicted");
	TELL(stats.engine.late_attempts, "attempts out of exact order");
	TELL(stats.engine.key_overflows, "events with too many keys");
	TELL(stats.engine.runtime_errors, "conditions without an answer");
#undef TELL
	fputc('\n', stderr);
	exceptions_tell(replay->rules, pipeline_engine(replay->pipeline));
	return inputs;
}

static int replay_read(struct replay *replay, const struct input *input)
{
	int code = input_read(input);
	int rc = pipeline_finish(replay->pipeline);

	if (rc) {
		command_error("%s", strerror(-rc));
		return EXIT_NOT_DONE;
	}
	/* alerts first, then the summary, also where both share a terminal */
	fflush(stdout);
	if (!replay_print_summary(replay)) {
		return input_was_empty(replay->ecs);
	}
	return replay->failed ? EXIT_NOT_DONE : code;
}

static int replay_open(struct replay *replay)
{
	struct pipeline_config pipeline = {
		.rules = replay->rules,
		.host_id = STR("localhost"),
		.memcap = 256U << 20,
		.exact = true,
		.start_ns = replay->period.start_ns,
		.end_ns = replay->period.end_ns,
		.on_alert = replay_on_alert,
		.user = replay,
	};
	int rc = command_configure(replay->config, replay->rule_path_count > 0,
				   &pipeline);

	if (rc)
		return rc;
	replay->arena = arena_new(0);
	replay->documents = (struct documents){
		.reader.fields = replay->rules->fields,
		.arena = arena_new(0),
		.reset = true,
		.on_event = replay_on_document,
		.user = replay,
	};
	if (!replay->arena || !replay->documents.arena)
		return -ENOMEM;
	return pipeline_new(&pipeline, &replay->pipeline);
}

static int replay_files(struct replay *replay, const struct input *input)
{
	int loaded = command_load_rules(
		replay->config,
		&(struct ruleset_options){
			.paths = replay->rule_paths,
			.path_count = replay->rule_path_count,
			.off = RULESET_OFF_RUN,
		},
		&replay->rules);
	int code, rc;

	if (!replay->rules)
		return EXIT_NOT_DONE;
	if (!replay->rules->rule_count) {
		command_error("no rule to run was found; name rule files or "
			      "directories with -r");
		return EXIT_NOT_DONE;
	}
	rc = replay_open(replay);
	if (rc) {
		command_error("%s", strerror(-rc));
		return EXIT_NOT_DONE;
	}
	code = replay_read(replay, input);
	return code ? code : loaded;
}

/* Reads the options; EXIT_DONE to go on, -1 = done (help). */
static int replay_parse(const struct command *command, int argc, char **argv,
			struct replay *replay)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "ecs", no_argument, NULL, 'e' },
		{ "format", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "rules", required_argument, NULL, 'r' },
		PERIOD_OPTIONS,
		{ 0 },
	};
	int opt;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":c:hr:", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			replay->config = optarg;
			break;
		case 'e':
			replay->ecs = true;
			break;
		case 'f':
			if (command_parse_format(optarg, &replay->format))
				break;
			return command_usage(command,
					     "no format '%s': text or json",
					     optarg);
		case 'r':
			replay->rule_paths[replay->rule_path_count++] = optarg;
			break;
		case 'h':
			return -1;
		case PERIOD_OPTION + PERIOD_START:
		case PERIOD_OPTION + PERIOD_END:
			if (!command_period(command, opt, optarg,
					    &replay->period))
				break;
			return EXIT_USAGE;
		default:
			return command_bad_option(command, opt, argv);
		}
	}
	return command_check_period(command, &replay->period);
}

static int replay_run(const struct command *command, int argc, char **argv)
{
	struct replay replay = { .period = PERIOD_ALL };
	struct input input = {
		.sparse = true,
		.on_chunk = replay_on_chunk,
		.on_end = replay_on_end,
		.user = &replay,
	};
	int code;

	replay.rule_paths = calloc((size_t)argc, sizeof(*replay.rule_paths));
	if (!replay.rule_paths) {
		command_error("%s", strerror(ENOMEM));
		return EXIT_NOT_DONE;
	}
	code = replay_parse(command, argc, argv, &replay);
	if (code < 0) {
		code = command_help(command);
	} else if (code == EXIT_DONE) {
		input.paths = argv + optind;
		input.count = (size_t)(argc - optind);
		input.no_logs = replay.ecs;
		code = command_finish(replay_files(&replay, &input));
	}
	pipeline_free(&replay.pipeline);
	documents_close(&replay.documents);
	arena_free(&replay.documents.arena);
	arena_free(&replay.arena);
	ruleset_free(&replay.rules);
	free(replay.rule_paths);
	return code;
}

const struct command command_replay = {
	.name = "replay",
	.summary = "recorded logs through the rules; prints alerts",
	.help = "Usage: aueql replay [-c FILE] [-r FILE|DIR]... "
		"[--format text|json] [--ecs]\n"
		"                    [--start TIME] [--end TIME] [FILE|-]...\n"
		"Runs raw audit logs (auditd's files, ausearch --raw, what a "
		"plugin receives)\n"
		"through the rules, in exact order of time. Alerts go to "
		"stdout, one a line,\n"
		"a summary to stderr. No FILE = auditd's own logs, oldest "
		"first; - = stdin.\n"
		"\n"
		"  -c, --config FILE     configuration, instead of the default: "
		"rules, overrides\n"
		"                        beside it, suppress, budget, reorder, "
		"lateness\n"
		"  -r, --rules PATH      rule file or directory, instead of "
		"the configured ones;\n"
		"                        they run even if switched off; may be "
		"repeated\n"
		"      --format FORMAT   text (default) or json: the whole "
		"ECS document\n"
		"      --ecs             the input is ECS events, one JSON "
		"object a line, as\n"
		"                        aueql events and Elastic's sensors "
		"write them\n"
		"      --start TIME      events from then on: yesterday, '2026-11-24 02:14'\n"
		"      --end TIME        events up to then\n"
		"  -h, --help            this text\n",
	.run = replay_run,
};
