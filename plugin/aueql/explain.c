/* SPDX-License-Identifier: GPL-2.0-or-later */
/* aueql explain: a rule as it runs, and why it did not fire. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../eql/eql.h"
#include "../eql/pred.h"
#include "../util/json.h"
#include "collect.h"
#include "command.h"
#include "nearmiss.h"

#define MEMORY (1UL << 30)
#define MATCHES_TOLD 5
#define PHRASE_BYTES 120

struct explain {
	const char *name; /* RULE as given */
	bool ecs;
	struct period period;
	const char **rule_paths; /* -r */
	size_t rule_path_count;
	struct ruleset *rules;
	const struct rule *rule;
	struct collection collection;
};

/* --- one event ------------------------------------------------------------ */

static struct str text_of(const struct event *event, size_t slot)
{
	size_t count;
	const struct value *items =
		value_items(event_value(event, slot, READING_INVOKED), &count);

	return count && items->type == VALUE_STRING ? items->s : STR("");
}

/* Cut where it is long, at a whole character. */
static void put_text(struct strbuf *out, struct str text)
{
	struct str part = text;

	if (part.len > PHRASE_BYTES) {
		part.len = PHRASE_BYTES;
		while (part.len && (part.data[part.len] & 0xc0) == 0x80)
			part.len--;
	}
	text_escape_plain(out, part);
	if (part.len < text.len)
		strbuf_add_str(out, STR("..."));
}

/* What an event is about: an address, a file, or what was run. */
static void put_object(struct strbuf *out, const struct event *event)
{
	const struct value *ip =
		event_value(event, FIELD_DESTINATION_IP, READING_INVOKED);
	struct str object = text_of(event, FIELD_PROCESS_COMMAND_LINE);
	char text[IP_TEXT_MAX];

	if (ip->type == VALUE_IP)
		object = (struct str){ text, ip_format(&ip->ip, text) };
	else if (!(event->categories & CATEGORY_PROCESS))
		object = text_of(event, FIELD_FILE_PATH);
	else if (!object.len)
		object = text_of(event, FIELD_PROCESS_EXECUTABLE);
	strbuf_add_char(out, ' ');
	put_text(out, object);
}

/* 2026-11-24T02:14:22.910Z :25280 exec gcc -o x x.c */
static void put_event(const struct explain *explain, struct strbuf *out,
		      size_t position)
{
	const struct event *event = explain->collection.events[position];
	struct str program = text_of(event, FIELD_PROCESS_EXECUTABLE);

	text_time(out, event->time_ns);
	strbuf_printf(out, " :%llu ", (unsigned long long)event->serial);
	put_text(out, text_of(event, FIELD_EVENT_ACTION));
	put_object(out, event);
	if (!program.len || event->categories & CATEGORY_PROCESS)
		return;
	strbuf_add_str(out, STR(" by "));
	put_text(out, program);
}

/* --- reasons -------------------------------------------------------------- */

static void put_distance(struct strbuf *out, int64_t ns)
{
	strbuf_printf(out, "%.3f s", (double)ns / NSEC_PER_SEC);
}

static void put_value(struct strbuf *out, const struct value *value)
{
	struct json json;

	json_init(&json, out);
	json_value(&json, value);
}

/* What of the condition fails, and what the event has there instead. */
static void put_failed(const struct explain *explain,
		       const struct near_reason *reason, struct strbuf *out)
{
	const struct field_table *fields = explain->rules->fields;
	const struct event *event = explain->collection.events[reason->event];

	for (size_t i = 0; i < reason->failed_count; i++) {
		const size_t *slots;
		size_t count = pred_slots(reason->failed[i], &slots);

		strbuf_add_str(out, STR("\n         fails: "));
		pred_print(reason->failed[i], fields, out);
		for (size_t k = 0; k < count; k++) {
			strbuf_printf(
				out, "\n         there: %.*s is ",
				STR_ARG(field_table_name(fields, slots[k])));
			put_value(out, event_value(event, slots[k],
						   reason->reading));
		}
	}
}

/* Of a sequence that has only begun, all values that would have done. */
static const struct value *wanted_key(const struct explain *explain,
				      const struct near_miss *miss, size_t key)
{
	const struct query *query = explain->rule->query;
	size_t stage = 0;

	while (query->stages[stage].missing)
		stage++;
	if (miss->event_count > 1)
		return &miss->keys[key];
	return event_value(explain->collection.events[miss->events[0]],
			   query->stages[stage].keys[key].slot,
			   READING_INVOKED);
}

static void put_key(const struct explain *explain, const struct near_miss *miss,
		    const struct near_reason *reason, struct strbuf *out)
{
	const struct stage *stage =
		&explain->rule->query->stages[reason->stage];
	const struct event *event = explain->collection.events[reason->event];
	size_t slot = stage->keys[reason->key].slot;

	strbuf_printf(out, "\n         there: %.*s is ",
		      STR_ARG(field_table_name(explain->rules->fields, slot)));
	put_value(out, event_value(event, slot, READING_INVOKED));
	strbuf_add_str(out, STR("; wanted is "));
	put_value(out, wanted_key(explain, miss, reason->key));
}

static void put_reason(const struct explain *explain,
		       const struct near_miss *miss,
		       const struct near_reason *reason, struct strbuf *out)
{
	static const char *const words[] = {
		[NEAR_CONDITION] = "condition: this event fails a part",
		[NEAR_KEY] = "key: this event holds, under another key",
		[NEAR_ORDER] = "order: this event came before",
		[NEAR_SPAN] = "span: this event came too late",
		[NEAR_UNTIL] = "until: this event ended it",
		[NEAR_PRESENT] = "missing event: this one is there",
		[NEAR_TAKEN] = "this event counts for another stage",
		[NEAR_NOTHING] = "no event of the category in the window",
		[NEAR_NO_KEY] = "no event of the category has the key",
	};

	strbuf_printf(out, "\n       %s", words[reason->kind]);
	if (reason->kind == NEAR_ORDER || reason->kind == NEAR_SPAN) {
		strbuf_add_str(out, STR(", by "));
		put_distance(out, reason->distance_ns);
	}
	if (reason->event == SIZE_MAX)
		return;
	strbuf_add_str(out, STR("\n         "));
	put_event(explain, out, reason->event);
	if (reason->kind == NEAR_CONDITION)
		put_failed(explain, reason, out);
	if (reason->kind == NEAR_KEY)
		put_key(explain, miss, reason, out);
}

/* --- the report ----------------------------------------------------------- */

static void put_keys(const struct explain *explain, const struct value *keys,
		     struct strbuf *out)
{
	const struct query *query = explain->rule->query;

	for (size_t i = 0; i < query->key_count; i++) {
		size_t slot = query->stages[0].keys[i].slot;

		strbuf_printf(out, "%s%.*s = ", i ? ", " : ": ",
			      STR_ARG(field_table_name(explain->rules->fields,
						       slot)));
		put_value(out, &keys[i]);
	}
}

/* Stage by stage: its event, or why it has none. */
static void put_sample(const struct explain *explain,
		       const struct near_miss *miss, struct strbuf *out)
{
	size_t stage_count = explain->rule->query->stage_count, reason = 0;

	strbuf_printf(out, "%zu of %zu stages have an event", miss->event_count,
		      stage_count);
	put_keys(explain, miss->keys, out);
	for (size_t i = 0; i < stage_count; i++) {
		strbuf_printf(out, "\n     stage %zu: ", i + 1);
		if (miss->events[i] != SIZE_MAX) {
			put_event(explain, out, miss->events[i]);
			continue;
		}
		strbuf_add_str(out, STR("none"));
		if (reason < miss->reason_count)
			put_reason(explain, miss, &miss->reasons[reason++],
				   out);
	}
}

static void put_miss(const struct explain *explain, size_t number,
		     const struct near_miss *miss, struct strbuf *out)
{
	const struct query *query = explain->rule->query;

	strbuf_printf(out, "\n%zu. ", number);
	if (query->type == QUERY_EVENT) {
		put_event(explain, out, miss->events[0]);
		put_failed(explain, &miss->reasons[0], out);
	} else if (query->type == QUERY_SAMPLE) {
		put_sample(explain, miss, out);
	} else {
		strbuf_printf(out, "came to stage %zu of %zu",
			      miss->event_count, query->stage_count);
		if (miss->event_count > 1)
			put_keys(explain, miss->keys, out);
		for (size_t i = 0; i < miss->event_count; i++) {
			strbuf_add_str(out, STR("\n     "));
			put_event(explain, out, miss->events[i]);
		}
		for (size_t i = 0; i < miss->reason_count; i++)
			put_reason(explain, miss, &miss->reasons[i], out);
	}
	strbuf_add_char(out, '\n');
}

static void put_match(const struct explain *explain,
		      const struct search_match *match, struct strbuf *out)
{
	strbuf_add_str(out, STR("\nmatched"));
	put_keys(explain, match->keys, out);
	for (size_t i = 0; i < match->event_count; i++) {
		strbuf_add_str(out, STR("\n     "));
		if (match->events[i] == SIZE_MAX)
			strbuf_add_str(out, STR("(missing)"));
		else
			put_event(explain, out, match->events[i]);
	}
	strbuf_add_char(out, '\n');
}

static void report(const struct explain *explain,
		   const struct search_result *matches,
		   const struct near_result *near, struct strbuf *out)
{
	static const char *const counted[] = {
		[QUERY_EVENT] = "events of the category",
		[QUERY_SEQUENCE] = "sequences begun",
		[QUERY_SAMPLE] = "keys with an event of a stage",
	};
	enum query_type type = explain->rule->query->type;

	strbuf_printf(out, "\n%zu %s, %zu match%s", near->started,
		      counted[type], near->matched,
		      type == QUERY_EVENT ? "" : "ed");
	strbuf_add_str(out, near->count ? STR("; misses, the nearest first:\n")
					: STR("\n"));
	for (size_t i = 0; i < near->count; i++)
		put_miss(explain, i + 1, &near->misses[i], out);
	for (size_t i = 0; i < matches->count && i < MATCHES_TOLD; i++)
		put_match(explain, &matches->matches[i], out);
	if (matches->count > MATCHES_TOLD)
		strbuf_printf(out, "\nand %zu more matches\n",
			      matches->count - MATCHES_TOLD);
}

static int explain_log(struct explain *explain, struct strbuf *out)
{
	const struct search search = {
		.query = explain->rule->query,
		.fields = explain->rules->fields,
		.events = explain->collection.events,
		.count = explain->collection.count,
		.memory = MEMORY,
		.arena = explain->collection.arena,
	};
	struct search_result matches;
	struct near_result near;
	int rc = search_run(&search, &matches);

	if (!rc)
		rc = near_misses(&search, &matches, &near);
	if (rc) {
		command_error(
			"the log takes more than %lu MB: take a part of it, "
			"with --start and --end",
			MEMORY >> 20);
		return EXIT_NOT_DONE;
	}
	report(explain, &matches, &near, out);
	return EXIT_DONE;
}

/* --- the rule ------------------------------------------------------------- */

/* The file name of a path, without its suffix. */
static struct str stem_of(struct str path)
{
	struct str name = str_basename(path);
	const char *dot = memrchr(name.data, '.', name.len);

	if (dot)
		name.len = (size_t)(dot - name.data);
	return name;
}

/* By id, name, or file name; all the same where there is one only. */
static const struct rule *find_rule(const struct ruleset *rules,
				    struct str name, bool file)
{
	if (file)
		return rules->rule_count == 1 ? rules->rules[0] : NULL;
	for (size_t i = 0; i < rules->rule_count; i++) {
		const struct rule *rule = rules->rules[i];

		if (str_equal(rule->id, name) || str_equal(rule->name, name) ||
		    str_equal(stem_of(rule->file), name))
			return rule;
	}
	return NULL;
}

/* RULE is a file of one rule, or one of those that -r or the configuration
 * names. */
static int load_rule(struct explain *explain)
{
	struct stat info;
	bool file = !explain->rule_path_count && !stat(explain->name, &info) &&
		    S_ISREG(info.st_mode);

	if (file)
		explain->rule_paths[explain->rule_path_count++] = explain->name;
	command_load_rules(NULL,
			   &(struct ruleset_options){
				   .paths = explain->rule_paths,
				   .path_count = explain->rule_path_count,
				   .off = RULESET_OFF_RUN,
			   },
			   &explain->rules);
	if (explain->rules)
		explain->rule = find_rule(explain->rules,
					  str_from(explain->name), file);
	if (explain->rule)
		return EXIT_DONE;
	if (explain->rules)
		command_error(
			file ? "%s: not one rule that runs; name it by "
			       "its id, with -r FILE"
			     : "no rule '%s' runs: 'aueql rules' says which do",
			explain->name);
	return EXIT_NOT_DONE;
}

static int explain_do(struct explain *explain, char **paths, int count)
{
	struct collect_options options = {
		.paths = paths,
		.count = (size_t)count,
		.ecs = explain->ecs,
		.period = explain->period,
		.memory = MEMORY,
	};
	struct strbuf out = STRBUF_INIT(0);
	int code = load_rule(explain);

	if (code)
		return code;
	text_escape_plain(&out, explain->rule->name);
	strbuf_printf(&out, "\n%.*s\n\n", STR_ARG(explain->rule->id));
	eql_print(explain->rule->query, explain->rules->fields, &out);
	if (count) {
		options.fields = explain->rules->fields;
		code = collect(&options, &explain->collection);
		if (!code)
			code = explain_log(explain, &out);
	}
	if (out.failed) {
		command_error("%s", strerror(ENOMEM));
		code = EXIT_NOT_DONE;
	}
	fwrite(out.data, 1, out.len, stdout);
	strbuf_free(&out);
	return code;
}

/* --- command line --------------------------------------------------------- */

static int explain_parse(const struct command *command, int argc, char **argv,
			 struct explain *explain)
{
	static const struct option options[] = {
		{ "ecs", no_argument, NULL, 'e' },
		{ "help", no_argument, NULL, 'h' },
		{ "rules", required_argument, NULL, 'r' },
		PERIOD_OPTIONS,
		{ 0 },
	};
	int opt;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":hr:", options, NULL)) != -1) {
		switch (opt) {
		case 'e':
			explain->ecs = true;
			break;
		case 'r':
			explain->rule_paths[explain->rule_path_count++] =
				optarg;
			break;
		case 'h':
			return -1;
		case PERIOD_OPTION + PERIOD_START:
		case PERIOD_OPTION + PERIOD_END:
			if (!command_period(command, opt, optarg,
					    &explain->period))
				break;
			return EXIT_USAGE;
		default:
			return command_bad_option(command, opt, argv);
		}
	}
	if (optind == argc)
		return command_usage(command, "a rule is wanted");
	explain->name = argv[optind++];
	return command_check_period(command, &explain->period);
}

static int explain_run(const struct command *command, int argc, char **argv)
{
	struct explain explain = { .period = PERIOD_ALL };
	int code;

	explain.rule_paths =
		calloc((size_t)argc + 1, sizeof(*explain.rule_paths));
	if (!explain.rule_paths) {
		command_error("%s", strerror(ENOMEM));
		return EXIT_NOT_DONE;
	}
	code = explain_parse(command, argc, argv, &explain);
	if (code < 0)
		code = command_help(command);
	else if (code == EXIT_DONE)
		code = command_finish(
			explain_do(&explain, argv + optind, argc - optind));
	collection_close(&explain.collection);
	ruleset_free(&explain.rules);
	free(explain.rule_paths);
	return code;
}

const struct command command_explain = {
	.name = "explain",
	.summary = "a rule as it runs, and why it did not fire",
	.help = "Usage: aueql explain [-r PATH]... [--ecs] [--start TIME] "
		"[--end TIME]\n"
		"                     RULE [FILE|-]...\n"
		"Prints a rule as compiled. With a log: the sequences that "
		"came near, how far,\n"
		"and which condition, key, order or span stopped them; of a "
		"sample, the keys of\n"
		"which some stages have an event; then what matched.\n"
		"RULE is a file, or the id, name or file name of a rule that "
		"is configured.\n"
		"\n"
		"  -r, --rules PATH  look for the rule here instead; may be "
		"repeated\n"
		"      --ecs         the input is ECS events, one JSON object "
		"a line\n"
		"      --start TIME  events from then on: yesterday, "
		"'2026-11-24 02:14'\n"
		"      --end TIME    events up to then\n"
		"  -h, --help        this text\n",
	.run = explain_run,
};
