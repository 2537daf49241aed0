/* SPDX-License-Identifier: GPL-2.0-or-later */
/* aueql timeline: an alert out of a file of them, as a picture. */
#include "timeline.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../util/color.h"
#include "../util/json.h"
#include "columns.h"
#include "command.h"
#include "documents.h"
#include "input.h"
#include "terminal.h"

/* An alert of ours has at most 256 KiB; of what json-c makes of a hostile one
 * of this size, a machine still has enough. */
#define DOCUMENT_BYTES (1U << 20)
#define MEMORY (256U << 20)
/* so much of an event.id is no number (syslog's lines tell 16) */
#define ID_CHARS 16
#define BAD_TOLD_MAX 10
/* what a line of --list has left for the name of the rule */
#define NAME_COLUMNS 28

enum picture { PICTURE_TEXT, PICTURE_SVG };

struct show {
	const struct command *command;
	char *path;
	enum picture picture;
	bool list, all;
	struct str wanted; /* number or event.id; empty = the last */
	struct timeline_reader reader;
	struct documents documents;
	struct timeline_look look;
	struct arena *arena; /* of the alert that is shown */
	uint64_t alerts; /* so far */
	struct strbuf chosen; /* its document */
	uint64_t line; /* where that is */
	struct strbuf out;
	bool failed;
};

/* --- which ---------------------------------------------------------------- */

/* Its own number; the place in the file where it has none (a replay's). */
static int64_t number_of(const struct show *show, const struct event *event)
{
	const struct value *value =
		timeline_value(&show->reader, event, TIMELINE_NUMBER);

	return value->type == VALUE_INT ? value->i : (int64_t)show->alerts;
}

/* The plugin's heartbeat, and what other tools' measure, are in such files, too.
 * What a rule only observes is an "event". */
static bool is_alert(const struct event *event)
{
	static const char *const kinds[] = { "alert", "event", "signal" };
	size_t count;
	const struct value *kind = value_items(
		event_value(event, FIELD_EVENT_KIND, READING_INVOKED), &count);

	for (size_t i = 0; i < 3 && count; i++)
		if (kind->type == VALUE_STRING &&
		    str_equal(kind->s, str_from(kinds[i])))
			return true;
	return !count;
}

static bool is_number(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!isdigit((unsigned char)text.data[i]))
			return false;
	return text.len && text.len < ID_CHARS;
}

static bool is_wanted(const struct show *show, const struct event *event)
{
	const struct value *id;
	char number[24];

	if (!show->wanted.len)
		return true;
	if (is_number(show->wanted)) {
		snprintf(number, sizeof(number), "%lld",
			 (long long)number_of(show, event));
		return str_equal(show->wanted, str_from(number));
	}
	id = timeline_value(&show->reader, event, TIMELINE_ID);
	return id->type == VALUE_STRING && str_begins(id->s, show->wanted);
}

/* --- showing -------------------------------------------------------------- */

static void show_write(struct show *show)
{
	if (show->out.failed) {
		command_error("%s", strerror(ENOMEM));
		show->failed = true;
	}
	fwrite(show->out.data, 1, show->out.len, stdout);
	strbuf_reset(&show->out);
}

static void show_complain(const struct show *show, uint64_t line,
			  const char *error)
{
	struct strbuf text = STRBUF_INIT(0);

	text_escape_plain(&text, str_from(show->path));
	strbuf_printf(&text, ":%llu: ", (unsigned long long)line);
	text_escape_plain(&text, str_from(error));
	command_error("%.*s", STR_ARG(strbuf_str(&text)));
	strbuf_free(&text);
}

/* A document that has been read once is read again, for its events. */
static void show_alert(struct show *show, struct str document, uint64_t line)
{
	struct ecs_reader reader = { .fields = show->reader.fields };
	struct ecs_alert alert;
	struct timeline timeline;
	int rc;

	arena_reset(show->arena);
	rc = ecs_parse_alert(&reader, document, show->arena, &alert);
	if (!rc)
		rc = timeline_make(&show->reader, &alert, show->arena,
				   &timeline);
	if (rc) {
		show_complain(show, line,
			      rc < 0 ? "the alert takes too much memory"
				     : reader.error);
		show->failed = true;
		return;
	}
	if (show->picture == PICTURE_SVG)
		timeline_svg(&timeline, &show->out);
	else
		timeline_text(&timeline, &show->look, &show->out);
	show_write(show);
}

static struct str text_of(const struct value *value)
{
	return value->type == VALUE_STRING ? value->s : STR("");
}

/* One line of --list: number, time, event.id, rule. */
static void show_row(struct show *show, const struct event *event)
{
	const struct timeline_reader *reader = &show->reader;
	struct str rule =
		text_of(timeline_value(reader, event, TIMELINE_MESSAGE));
	struct strbuf id = STRBUF_INIT(0), name = STRBUF_INIT(0);
	size_t columns;

	if (!rule.len)
		rule = text_of(
			timeline_value(reader, event, TIMELINE_RULE_NAME));
	text_escape_plain(&id,
			  text_of(timeline_value(reader, event, TIMELINE_ID)));
	text_escape_plain(&name, rule);
	strbuf_printf(&show->out, "%6lld  ", (long long)number_of(show, event));
	text_time(&show->out, event->time_ns);
	strbuf_add_str(&show->out, STR("  "));
	columns = columns_fit(&show->out, strbuf_str(&id), ID_CHARS,
			      COLUMNS_CUT_END, STR(""));
	strbuf_printf(&show->out, "%*s", (int)(ID_CHARS + 2 - columns), "");
	columns_fit(&show->out, strbuf_str(&name), NAME_COLUMNS,
		    COLUMNS_CUT_END, show->look.utf8 ? STR("…") : STR("..."));
	strbuf_add_char(&show->out, '\n');
	strbuf_free(&id);
	strbuf_free(&name);
	show_write(show);
}

static int show_on_document(void *user, struct event *event)
{
	struct show *show = user;

	if (ferror(stdout))
		return -EPIPE;
	show->alerts += is_alert(event);
	if (!is_alert(event) || !is_wanted(show, event))
		return 0;
	if (show->list) {
		show_row(show, event);
	} else if (show->all) {
		if (show->alerts > 1)
			putchar('\n');
		show_alert(show, event->document, show->documents.line);
	} else {
		strbuf_reset(&show->chosen);
		strbuf_add_str(&show->chosen, event->document);
		show->line = show->documents.line;
	}
	return show->chosen.failed ? -ENOMEM : 0;
}

static void show_on_bad(void *user, uint64_t line)
{
	struct show *show = user;

	if (show->documents.bad <= BAD_TOLD_MAX)
		show_complain(show, line, show->documents.reader.error);
}

static int show_on_chunk(void *user, const char *data, size_t len)
{
	struct show *show = user;

	return documents_feed(&show->documents, data, len);
}

static int show_on_end(void *user)
{
	struct show *show = user;

	return documents_end(&show->documents);
}

/* --- all ------------------------------------------------------------------ */

static int show_open(struct show *show)
{
	int rc = timeline_reader_open(&show->reader);

	if (rc)
		return rc;
	show->arena = arena_new(MEMORY);
	show->documents = (struct documents){
		.reader.fields = show->reader.fields,
		.arena = arena_new(MEMORY),
		.reset = true,
		.max = DOCUMENT_BYTES,
		.on_event = show_on_document,
		.on_bad = show_on_bad,
		.user = show,
	};
	show->look = (struct timeline_look){
		.color = terminal_colors(stdout),
		.utf8 = terminal_utf8(),
	};
	return show->arena && show->documents.arena ? 0 : -ENOMEM;
}

static void show_close(struct show *show)
{
	documents_close(&show->documents);
	arena_free(&show->documents.arena);
	arena_free(&show->arena);
	strbuf_free(&show->chosen);
	strbuf_free(&show->out);
	timeline_reader_close(&show->reader);
}

static int show_refuse(const struct show *show, const char *why)
{
	struct strbuf name = STRBUF_INIT(0);

	text_escape_plain(&name, str_from(show->path));
	command_error("%.*s: %s", STR_ARG(strbuf_str(&name)), why);
	strbuf_free(&name);
	return EXIT_NOT_DONE;
}

static int show_do(struct show *show)
{
	struct input input = {
		.paths = &show->path,
		.count = 1,
		.no_logs = true,
		.on_chunk = show_on_chunk,
		.on_end = show_on_end,
		.user = show,
	};
	int rc = show_open(show), code;

	if (rc) {
		command_error("%s", strerror(-rc));
		return EXIT_NOT_DONE;
	}
	code = input_read(&input);
	if (code)
		return code;
	if (!show->alerts)
		return show_refuse(show, "no alert is in it");
	if (show->chosen.len)
		show_alert(show, strbuf_str(&show->chosen), show->line);
	else if (!show->list && !show->all)
		return show_refuse(show, "no such alert is in it; 'aueql "
					 "timeline --list' says which are");
	return show->failed ? EXIT_NOT_DONE : EXIT_DONE;
}

static int take_format(struct show *show, const char *text)
{
	if (!strcmp(text, "svg"))
		show->picture = PICTURE_SVG;
	else if (!strcmp(text, "text"))
		show->picture = PICTURE_TEXT;
	else
		return command_usage(show->command,
				     "no format '%s': text or svg", text);
	return EXIT_DONE;
}

static int show_parse(int argc, char **argv, struct show *show)
{
	static const struct option options[] = {
		{ "alert", required_argument, NULL, 'a' },
		{ "all", no_argument, NULL, 'A' },
		{ "format", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "list", no_argument, NULL, 'l' },
		{ 0 },
	};
	int opt, code = EXIT_DONE;

	opterr = 0;
	while (!code &&
	       (opt = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (opt == 'h')
			return -1;
		if (opt == 'a')
			show->wanted = str_from(optarg);
		else if (opt == 'A')
			show->all = true;
		else if (opt == 'l')
			show->list = true;
		else if (opt == 'f')
			code = take_format(show, optarg);
		else
			code = command_bad_option(show->command, opt, argv);
	}
	if (code)
		return code;
	if (argc - optind != 1)
		return command_usage(show->command,
				     "wants one file of alerts, or -");
	if ((show->wanted.len > 0) + show->all + show->list > 1)
		return command_usage(show->command,
				     "--alert, --all and --list exclude each "
				     "other");
	if (show->picture == PICTURE_SVG && (show->all || show->list))
		return command_usage(show->command,
				     "an SVG is of one alert: name it with "
				     "--alert");
	show->path = argv[optind];
	return EXIT_DONE;
}

static int timeline_run(const struct command *command, int argc, char **argv)
{
	struct show show = {
		.command = command,
		.chosen = STRBUF_INIT(DOCUMENT_BYTES),
		.out = STRBUF_INIT(64U << 20),
	};
	int code = show_parse(argc, argv, &show);

	if (code < 0)
		return command_help(command);
	if (code == EXIT_DONE)
		code = command_finish(show_do(&show));
	show_close(&show);
	return code;
}

const struct command command_timeline = {
	.name = "timeline",
	.summary = "an alert as a picture: what happened when, by whom",
	.help = "Usage: aueql timeline [--alert WHICH | --all | --list] "
		"[--format text|svg]\n"
		"                      FILE|-\n"
		"Shows an alert of a file of them (the plugin's "
		"alerts.ndjson, what aueql replay\n"
		"writes as json, other tools' ECS alerts): its stages one "
		"after the other, the\n"
		"tree of processes, files, addresses, user, and the audit "
		"records. Without an\n"
		"option the last alert; times are UTC.\n"
		"\n"
		"      --alert WHICH    the alert of this number (number=, or "
		"its place in the\n"
		"                       file), or whose event.id begins so\n"
		"      --all            all of them, one below the other\n"
		"      --list           a line for each: number, time, "
		"event.id, rule\n"
		"      --format FORMAT  text (default), coloured on a "
		"terminal, 80 columns wide,\n"
		"                       or svg: one picture, with nothing "
		"outside itself\n"
		"  -h, --help           this text\n",
	.run = timeline_run,
};
