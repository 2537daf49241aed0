/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aueql tune: how loud each rule is, of what, and which exception would make it
 * quieter without hiding what an account chooses. From audit records, which are
 * replayed, or from alerts as the plugin wrote them.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "../config.h"
#include "../pipeline.h"
#include "../util/clock.h"
#include "command.h"
#include "documents.h"
#include "input.h"
#include "tally.h"
#include "tune_report.h"

/* What of an alert document is no field of events. */
enum own_field {
	OWN_RULE_ID,
	OWN_RULE_NAME,
	OWN_KIND,
	OWN_SUPPRESSED,
	OWN_LOGIN,
	OWN__COUNT,
};

static const struct {
	const char *name;
	enum field_type type;
} own_fields[OWN__COUNT] = {
	[OWN_RULE_ID] = { "rule.id", FIELD_KEYWORD },
	[OWN_RULE_NAME] = { "rule.name", FIELD_KEYWORD },
	[OWN_KIND] = { "audisp_eql.kind", FIELD_KEYWORD },
	[OWN_SUPPRESSED] = { "audisp_eql.suppressed", FIELD_LONG },
	[OWN_LOGIN] = { "audisp_eql.login_uid", FIELD_LONG },
};

enum what { NOTHING_YET, RECORDS, ALERTS };

struct tune {
	enum command_format format;
	const char *config; /* NULL = the default file */
	const char **rule_paths; /* -r */
	size_t rule_path_count;
	struct period period;
	struct ruleset *rules;
	size_t slots[OWN__COUNT];
	struct pipeline *pipeline;
	struct documents documents;
	struct tally *tally;
	enum what what; /* the file in hand is; by its first byte */
	bool records, alerts; /* some file was */
	int failed; /* -errno of an alert that could not be counted */
};

/* --- alerts of a replay --------------------------------------------------- */

static void on_event(void *user, const struct event *event)
{
	struct tune *tune = user;

	tally_see(tune->tally, event->time_ns);
}

/* The last event there is, and its stage. */
static void set_event(const struct alert *alert, struct tally_alert *out)
{
	size_t index = alert->event_count;

	while (index-- > 0) {
		if (!alert->events[index])
			continue;
		out->event = alert->events[index];
		out->stage = query_stage_number(alert->rule->query, index);
		out->login = event_value(out->event, FIELD_USER_AUDIT_ID,
					 READING_INVOKED);
		return;
	}
}

static void on_alert(void *user, const struct alert *alert)
{
	struct tune *tune = user;
	struct tally_alert one = { 0 };
	int rc = 0;

	if (!alert->rule)
		return;
	one.rule = alert->rule;
	one.id = alert->rule->id;
	one.name = alert->rule->name;
	one.time_ns = alert->time_ns;
	set_event(alert, &one);
	if (alert_is_summary(alert))
		rc = tally_add_summary(tune->tally, &one, alert->suppressed);
	else if (one.event)
		rc = tally_add(tune->tally, &one);
	if (rc)
		tune->failed = rc;
}

/* --- alerts that were written --------------------------------------------- */

static struct str own_text(const struct tune *tune, const struct event *event,
			   enum own_field field)
{
	const struct value *value =
		event_value(event, tune->slots[field], READING_INVOKED);

	return value->type == VALUE_STRING ? value->s : (struct str){ 0 };
}

static const struct rule *find_rule(const struct tune *tune, struct str id)
{
	for (size_t i = 0; i < tune->rules->rule_count; i++)
		if (str_equal(tune->rules->rules[i]->id, id))
			return tune->rules->rules[i];
	return NULL;
}

/* What stands at the top of the document is of the last event: the last stage
 * that is not one that must be missing. */
static size_t last_stage(const struct rule *rule)
{
	size_t index = rule->query->stage_count;

	while (index-- > 0)
		if (!rule->query->stages[index].missing)
			return query_stage_number(rule->query, index);
	return 0;
}

static int add_document(struct tune *tune, const struct event *event)
{
	const struct value *suppressed = event_value(
		event, tune->slots[OWN_SUPPRESSED], READING_INVOKED);
	struct str kind = own_text(tune, event, OWN_KIND);
	struct tally_alert one = {
		.id = own_text(tune, event, OWN_RULE_ID),
		.name = own_text(tune, event, OWN_RULE_NAME),
		.time_ns = event->time_ns,
		.event = event,
		.login = event_value(event, tune->slots[OWN_LOGIN],
				     READING_INVOKED),
	};

	if (!period_holds(&tune->period, event->time_ns))
		return 0;
	tally_see(tune->tally, event->time_ns);
	if (!one.id.len)
		return 0;
	one.rule = find_rule(tune, one.id);
	if (one.rule)
		one.stage = last_stage(one.rule);
	if (str_equal(kind, STR("match")))
		return tally_add(tune->tally, &one);
	if (suppressed->type != VALUE_INT || suppressed->i < 0)
		return 0;
	return tally_add_summary(tune->tally, &one, (uint64_t)suppressed->i);
}

static int on_document(void *user, struct event *event)
{
	return add_document(user, event);
}

/* --- input ---------------------------------------------------------------- */

/* A record begins with type= or node=, a document with a brace. */
static enum what what_is(const char *data, size_t len)
{
	while (len && strchr(" \t\r\n", *data)) {
		data++;
		len--;
	}
	if (!len)
		return NOTHING_YET;
	return *data == '{' ? ALERTS : RECORDS;
}

static int on_chunk(void *user, const char *data, size_t len)
{
	struct tune *tune = user;
	int rc;

	if (!tune->what)
		tune->what = what_is(data, len);
	tune->alerts = tune->alerts || tune->what == ALERTS;
	tune->records = tune->records || tune->what == RECORDS;
	rc = tune->what == ALERTS ? documents_feed(&tune->documents, data, len)
				  : pipeline_feed(tune->pipeline, data, len);
	return rc ? rc : tune->failed;
}

static int on_end(void *user)
{
	struct tune *tune = user;
	enum what what = tune->what;

	tune->what = NOTHING_YET;
	return what == ALERTS ? documents_end(&tune->documents) : 0;
}

/* --- all ------------------------------------------------------------------ */

/* Configured as the rules are; budgets are left out, or what they hide could
 * not be seen. */
static int open_pipeline(struct tune *tune)
{
	struct pipeline_config pipeline = {
		.rules = tune->rules,
		.host_id = STR("localhost"),
		.memcap = 256U << 20,
		.exact = true,
		.start_ns = tune->period.start_ns,
		.end_ns = tune->period.end_ns,
		.on_alert = on_alert,
		.on_event = on_event,
		.user = tune,
	};
	int rc = command_configure(tune->config, tune->rule_path_count > 0,
				   &pipeline);

	if (rc)
		return rc;
	pipeline.budget = -1;
	return pipeline_new(&pipeline, &tune->pipeline);
}

/* An exception that takes all away is told of, too. */
static int add_excepted(struct tune *tune)
{
	struct exception_place place = { 0 };
	int rc = 0;

	while (!rc && ruleset_next_exception(tune->rules, &place))
		rc = tally_add_rule(tune->tally, place.rule);
	return rc;
}

static int open_all(struct tune *tune)
{
	for (size_t i = 0; i < OWN__COUNT; i++) {
		int slot = field_table_add(tune->rules->fields,
					   str_from(own_fields[i].name),
					   own_fields[i].type);

		if (slot < 0)
			return slot;
		tune->slots[i] = (size_t)slot;
	}
	tune->documents = (struct documents){
		.reader.fields = tune->rules->fields,
		.arena = arena_new(0),
		.reset = true,
		.on_event = on_document,
		.user = tune,
	};
	if (!tune->documents.arena || add_excepted(tune))
		return -ENOMEM;
	return open_pipeline(tune);
}

static int report(struct tune *tune)
{
	const struct tune_report what = {
		.tally = tune->tally,
		.rules = tune->rules,
		.engine =
			tune->records ? pipeline_engine(tune->pipeline) : NULL,
		.now_ns = clock_ns(CLOCK_REALTIME),
	};

	tally_sort(tune->tally);
	input_before_output();
	return tune_report(&what, tune->format);
}

static int read_all(struct tune *tune, const struct input *input)
{
	struct pipeline_stats stats;
	int code = input_read(input);
	int rc = pipeline_finish(tune->pipeline);

	/* what was counted and not told so far */
	if (!rc)
		engine_close_findings(pipeline_engine(tune->pipeline));
	if (!rc)
		rc = tune->failed;
	if (!rc)
		rc = report(tune);
	if (rc) {
		command_error("%s", strerror(-rc));
		return EXIT_NOT_DONE;
	}
	pipeline_stats(tune->pipeline, &stats);
	if (tune->documents.bad)
		command_error("%llu line%s of alerts could not be read",
			      (unsigned long long)tune->documents.bad,
			      tune->documents.bad == 1 ? "" : "s");
	if (stats.sieve.records || tune->documents.count)
		return code;
	command_error("the input holds neither an audit record nor an alert");
	return EXIT_NOT_DONE;
}

static int tune_files(struct tune *tune, const struct input *input)
{
	int loaded =
		command_load_rules(tune->config,
				   &(struct ruleset_options){
					   .paths = tune->rule_paths,
					   .path_count = tune->rule_path_count,
					   .off = RULESET_OFF_RUN_NAMED,
				   },
				   &tune->rules);
	int code, rc;

	if (!tune->rules)
		return EXIT_NOT_DONE;
	if (!tune->rules->rule_count) {
		command_error("no rule to run was found; name rule files or "
			      "directories with -r");
		return EXIT_NOT_DONE;
	}
	rc = open_all(tune);
	if (rc) {
		command_error("%s", strerror(-rc));
		return EXIT_NOT_DONE;
	}
	code = read_all(tune, input);
	return code ? code : loaded;
}

/* Reads the options; EXIT_DONE to go on, -1 = done (help). */
static int tune_parse(const struct command *command, int argc, char **argv,
		      struct tune *tune)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
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
			tune->config = optarg;
			break;
		case 'f':
			if (command_parse_format(optarg, &tune->format))
				break;
			return command_usage(command,
					     "no format '%s': text or json",
					     optarg);
		case 'r':
			tune->rule_paths[tune->rule_path_count++] = optarg;
			break;
		case 'h':
			return -1;
		case PERIOD_OPTION + PERIOD_START:
		case PERIOD_OPTION + PERIOD_END:
			if (!command_period(command, opt, optarg,
					    &tune->period))
				break;
			return EXIT_USAGE;
		default:
			return command_bad_option(command, opt, argv);
		}
	}
	return command_check_period(command, &tune->period);
}

static int tune_run(const struct command *command, int argc, char **argv)
{
	struct tune tune = { .period = PERIOD_ALL };
	struct input input = {
		.sparse = true,
		.on_chunk = on_chunk,
		.on_end = on_end,
		.user = &tune,
	};
	int code;

	tune.rule_paths = calloc((size_t)argc, sizeof(*tune.rule_paths));
	if (!tune.rule_paths || tally_new(&tune.tally)) {
		command_error("%s", strerror(ENOMEM));
		free(tune.rule_paths);
		return EXIT_NOT_DONE;
	}
	code = tune_parse(command, argc, argv, &tune);
	if (code < 0) {
		code = command_help(command);
	} else if (code == EXIT_DONE) {
		input.paths = argv + optind;
		input.count = (size_t)(argc - optind);
		code = command_finish(tune_files(&tune, &input));
	}
	pipeline_free(&tune.pipeline);
	documents_close(&tune.documents);
	arena_free(&tune.documents.arena);
	ruleset_free(&tune.rules);
	tally_free(&tune.tally);
	free(tune.rule_paths);
	return code;
}

const struct command command_tune = {
	.name = "tune",
	.summary = "how loud each rule is, and exceptions for what is noise",
	.help = "Usage: aueql tune [-c FILE] [-r FILE|DIR]... "
		"[--format text|json]\n"
		"                  [--start TIME] [--end TIME] [FILE|-]...\n"
		"Alerts per day and rule, the values most frequent in them, "
		"and exceptions that\n"
		"would hide many, ready for overrides.d, with how many they "
		"hide and leave. None\n"
		"rests on what an account can choose. FILE is raw audit "
		"logs, which are replayed,\n"
		"or the alerts file; no FILE = auditd's own logs, oldest "
		"first; - = stdin.\n"
		"\n"
		"  -c, --config FILE     configuration, instead of the default; "
		"its overrides.d\n"
		"  -r, --rules PATH      rule file or directory, instead of "
		"the configured ones;\n"
		"                        a file runs even if it is switched "
		"off; may be repeated\n"
		"      --format FORMAT   text (default), or json: one line a "
		"rule\n"
		"      --start TIME      from then on: yesterday, '2026-11-24 02:14'\n"
		"      --end TIME        up to then\n"
		"  -h, --help            this text\n",
	.run = tune_run,
};
