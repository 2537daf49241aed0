/* SPDX-License-Identifier: GPL-2.0-or-later */
/* aueql rules: what each rule needs and whether it can run here. */
#include <errno.h>
#include <getopt.h>
#include <libaudit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "../config.h"
#include "../rules/audit_rules.h"
#include "../rules/traits.h"
#include "../util/json.h"
#include "command.h"
#include "terminal.h"
#include "exceptions.h"

static const char *const status_names[] = {
	[RULE_FULL] = "full",
	[RULE_DEGRADED] = "degraded",
	[RULE_UNSUPPORTED] = "unsupported",
	[RULE_SKIPPED] = "skipped",
	[RULE_INVALID] = "invalid",
};

static const enum color status_colors[] = {
	[RULE_FULL] = COLOR_GOOD,	    [RULE_DEGRADED] = COLOR_WARNING,
	[RULE_UNSUPPORTED] = COLOR_WARNING, [RULE_SKIPPED] = COLOR_NONE,
	[RULE_INVALID] = COLOR_BAD,
};

struct rules_options {
	enum command_format format;
	bool audit_rules;
	const char *environment; /* NULL = as configured */
	const char *config; /* NULL = the default file */
};

/* What is printed of one rule. */
struct row {
	const struct rule_report *report;
	const struct field_table *fields;
	struct arena *arena;
	struct rule_traits traits; /* where report->rule */
	struct strbuf needs; /* audit rules, the same */
};

/* --- text ----------------------------------------------------------------- */

#define WIDTH 80
#define INDENT 4
#define LABEL 11

/*
 * One thing of a rule, below its label, broken between words so that it keeps
 * within WIDTH; a word is never broken.
 */
static void print_item(const char *label, struct str text)
{
	struct strbuf out = STRBUF_INIT(0);
	size_t column = INDENT + LABEL;
	struct str rest;

	text_escape_plain(&out, text);
	rest = strbuf_str(&out);
	printf("%*s%-*s", INDENT, "", LABEL, label);
	while (rest.len) {
		const char *end = memchr(rest.data, ' ', rest.len);
		size_t len = end ? (size_t)(end - rest.data) : rest.len;

		if (column > INDENT + LABEL && column + 1 + len > WIDTH) {
			printf("\n%*s", INDENT + LABEL, "");
			column = INDENT + LABEL;
		} else if (column > INDENT + LABEL) {
			putchar(' ');
			column++;
		}
		fwrite(rest.data, 1, len, stdout);
		column += len;
		rest.data += len + (end != NULL);
		rest.len -= len + (end != NULL);
	}
	putchar('\n');
	strbuf_free(&out);
}

static void print_item_of(const char *label, struct strbuf *text)
{
	print_item(label, strbuf_str(text));
	strbuf_free(text);
}

static void print_reasons(const struct rule_report *report)
{
	for (size_t i = 0; i < report->reason_count; i++) {
		const struct rule_reason *reason = &report->reasons[i];
		struct strbuf text = STRBUF_INIT(0);

		if (reason->line)
			strbuf_printf(&text,
				      "%.*s:%u:%u: ", STR_ARG(report->file),
				      reason->line, reason->column);
		strbuf_add_str(&text, reason->text);
		print_item_of("why", &text);
	}
}

static bool next_word(struct str *rest, struct str *word)
{
	const char *end;

	while (rest->len && *rest->data == ' ')
		*rest = (struct str){ rest->data + 1, rest->len - 1 };
	end = memchr(rest->data, ' ', rest->len);
	*word = (struct str){ rest->data,
			      end ? (size_t)(end - rest->data) : rest->len };
	*rest = (struct str){ rest->data + word->len, rest->len - word->len };
	return word->len;
}

static void print_cost(const struct row *row)
{
	struct strbuf text = STRBUF_INIT(0);
	const char *before = ": ";

	strbuf_add_str(&text, str_from(cost_class_name(row->traits.cost)));
	for (size_t i = 0; i < trait_kind_count(); i++) {
		if (!(row->traits.kinds & 1ULL << i))
			continue;
		strbuf_add_str(&text, str_from(before));
		strbuf_add_str(&text, str_from(trait_kind_name(i)));
		before = ", ";
	}
	print_item_of("cost", &text);
}

/* The system calls of an audit rule, those that stand as numbers by name. */
static void add_calls(struct strbuf *out, struct str calls)
{
	int machine = audit_detect_machine();

	while (calls.len) {
		const char *end = memchr(calls.data, ',', calls.len);
		size_t len = end ? (size_t)(end - calls.data) : calls.len;
		const char *name = *calls.data > '9'
					   ? NULL
					   : audit_syscall_to_name(
						     atoi(calls.data), machine);

		if (name)
			strbuf_add_str(out, str_from(name));
		else
			strbuf_add_str(out, (struct str){ calls.data, len });
		if (end)
			strbuf_add_char(out, ',');
		calls.data += len + !!end;
		calls.len -= len + !!end;
	}
}

/*
 * What of an audit rule tells it from others: calls and filters, without what
 * all have, its width and its key. audit_rules.c has words between spaces.
 */
static void add_audit_rule(struct strbuf *out, struct str line)
{
	struct str word, flag = { 0 };

	while (next_word(&line, &word)) {
		if (str_equal(flag, STR("-S"))) {
			add_calls(out, word);
		} else if (str_equal(flag, STR("-F")) &&
			   !str_begins(word, STR("arch=")) &&
			   !str_begins(word, STR("key="))) {
			strbuf_add_char(out, ' ');
			strbuf_add_str(out, word);
		}
		flag = word;
	}
}

/* An audit rule a line; those of both widths are told once. */
static void print_audit(struct str lines)
{
	struct strbuf last = STRBUF_INIT(0), text = STRBUF_INIT(0);
	const char *label = "audits";

	while (lines.len) {
		const char *end = memchr(lines.data, '\n', lines.len);
		size_t len = end ? (size_t)(end - lines.data) : lines.len;

		strbuf_reset(&text);
		add_audit_rule(&text, (struct str){ lines.data, len });
		if (!str_equal(strbuf_str(&text), strbuf_str(&last))) {
			print_item(label, strbuf_str(&text));
			label = "";
		}
		strbuf_reset(&last);
		strbuf_add_str(&last, strbuf_str(&text));
		lines.data += len + !!end;
		lines.len -= len + !!end;
	}
	strbuf_free(&last);
	strbuf_free(&text);
}

static bool is_wanted(const struct trait_field *field)
{
	return field->wanted;
}

static bool is_excluded(const struct trait_field *field)
{
	return field->excluded;
}

static bool is_key(const struct trait_field *field)
{
	return field->key;
}

/* Fields of one role. */
static void print_fields(const struct row *row, const char *label,
			 bool (*has_role)(const struct trait_field *))
{
	struct strbuf text = STRBUF_INIT(0);

	for (size_t i = 0; i < row->traits.field_count; i++) {
		const struct trait_field *field = &row->traits.fields[i];

		if (!has_role(field))
			continue;
		strbuf_add_str(&text, text.len ? STR(", ") : STR(""));
		strbuf_add_str(&text,
			       field_table_name(row->fields, field->slot));
	}
	if (text.len)
		print_item(label, strbuf_str(&text));
	strbuf_free(&text);
}

static void print_exceptions(const struct stage *stage, size_t number)
{
	for (size_t i = 0; i < stage->exception_count; i++) {
		const struct exception *exception = &stage->exceptions[i];
		struct strbuf text = STRBUF_INIT(0);
		char expiry[TIME_TEXT_MAX];

		time_text(exception->expires_ns, expiry);
		strbuf_printf(&text, "stage %zu, no. %zu: %.*s (%s %s", number,
			      i + 1, STR_ARG(exception->text),
			      exception_is_expired(exception) ? "EXPIRED"
							      : "expires",
			      expiry);
		if (exception->owner.len)
			strbuf_printf(&text, "; %.*s",
				      STR_ARG(exception->owner));
		if (exception->reason.len)
			strbuf_printf(&text, "; %.*s",
				      STR_ARG(exception->reason));
		strbuf_add_char(&text, ')');
		print_item_of("except", &text);
	}
}

static void print_stages(const struct query *query)
{
	size_t number = 0;

	for (size_t i = 0; i < query->stage_count; i++) {
		if (!query_stage_repeats(query, i))
			print_exceptions(&query->stages[i], ++number);
	}
}

static void print_budget(int64_t budget)
{
	struct strbuf text = STRBUF_INIT(0);

	strbuf_printf(&text, "%lld alerts an hour, the rest in one summary",
		      (long long)budget);
	print_item_of("budget", &text);
}

static void print_row_text(const struct row *row)
{
	const struct rule_report *report = row->report;
	struct strbuf text = STRBUF_INIT(0);

	text_escape(&text, report->name.len ? report->name : report->file);
	terminal_word(status_colors[report->status],
		      status_names[report->status], 12);
	printf("%.*s\n", STR_ARG(strbuf_str(&text)));
	strbuf_reset(&text);
	if (report->id.len) {
		strbuf_printf(&text, "%.*s %.*s:%u", STR_ARG(report->id),
			      STR_ARG(report->file), report->line);
		print_item("rule", strbuf_str(&text));
	}
	strbuf_free(&text);
	print_reasons(report);
	if (!report->rule)
		return;
	if (report->rule->mode == RULE_MODE_OBSERVE)
		print_item("mode", STR("observe"));
	if (report->rule->budget > 0)
		print_budget(report->rule->budget);
	print_stages(report->rule->query);
	print_cost(row);
	print_audit(strbuf_str(&row->needs));
	print_fields(row, "evaded by", is_wanted);
	print_fields(row, "excluded", is_excluded);
	print_fields(row, "state", is_key);
	if (row->traits.no_maxspan)
		print_item("state", STR("no maxspan: partials live for the "
					"rule's 'from'"));
	for (size_t i = 0; i < row->traits.racy_count; i++)
		print_item("racy", str_from(row->traits.racy[i]));
}

static void print_table(const size_t totals[RULE_INVALID + 1], size_t count)
{
	printf("%8s", "rules");
	for (size_t i = 0; i <= RULE_INVALID; i++)
		printf("  %11s", status_names[i]);
	printf("\n%8zu", count);
	for (size_t i = 0; i <= RULE_INVALID; i++)
		printf("  %11zu", totals[i]);
	putchar('\n');
}

/* It goes for most rules, so it stands here once. */
static void print_parents(size_t parents)
{
	if (parents)
		printf("parents    %zu rule%s process.parent.*: of a parent that "
		       "only forked, and\n"
		       "           executed nothing under audit, it is known live "
		       "(from /proc, while\n"
		       "           it runs), and null in a replay\n",
		       parents, parents == 1 ? " asks for" : "s ask for");
}

/* An exception that has expired is without effect: its rule alerts again. */
static void print_exception_totals(const struct ruleset *rules)
{
	struct exception_place place = { 0 };
	size_t count = 0, expired = 0;

	while (ruleset_next_exception(rules, &place)) {
		count++;
		expired += exception_is_expired(place.exception);
	}
	if (count)
		printf("%zu exception%s, %zu of them expired\n", count,
		       count == 1 ? "" : "s", expired);
}

static void print_totals(const struct ruleset *rules, size_t parents)
{
	size_t totals[RULE_INVALID + 1] = { 0 };
	size_t off = 0, observe = 0;

	for (size_t i = 0; i < rules->report_count; i++) {
		const struct rule_report *report = &rules->reports[i];

		totals[report->status]++;
		off += report->rule && report->rule->mode == RULE_MODE_OFF;
		observe +=
			report->rule && report->rule->mode == RULE_MODE_OBSERVE;
	}
	fputs("\n"
	      "audits     the system calls the kernel must log for it, with "
	      "their filters;\n"
	      "           --audit-rules prints the least set for all rules\n"
	      "evaded by  the account chooses these: other values evade the "
	      "rule, the same\n"
	      "           forge an alert (arguments, too: a tracer rewrites "
	      "what is recorded)\n"
	      "excluded   whoever takes such a value is not seen\n"
	      "state      a partial for each value made up, within maxspan "
	      "and memcap\n",
	      stdout);
	print_parents(parents);
	printf("\n%zu run, %zu of them only observe; %zu are off\n",
	       rules->rule_count, observe, off);
	print_exception_totals(rules);
	print_table(totals, rules->report_count);
}

/* --- JSON ----------------------------------------------------------------- */

static void json_add_lines(struct json *json, const char *key, struct str text)
{
	json_key(json, str_from(key));
	json_array_begin(json);
	while (text.len) {
		const char *end = memchr(text.data, '\n', text.len);
		size_t len = end ? (size_t)(end - text.data) : text.len;

		json_string(json, (struct str){ text.data, len });
		text.data += len + !!end;
		text.len -= len + !!end;
	}
	json_array_end(json);
}

static void json_add_reasons(struct json *json,
			     const struct rule_report *report)
{
	json_key(json, STR("reasons"));
	json_array_begin(json);
	for (size_t i = 0; i < report->reason_count; i++) {
		const struct rule_reason *reason = &report->reasons[i];

		json_object_begin(json);
		json_add_int(json, "line", reason->line);
		json_add_int(json, "column", reason->column);
		json_add_str(json, "text", reason->text);
		json_object_end(json);
	}
	json_array_end(json);
}

static void json_add_fields(struct json *json, const struct row *row,
			    const char *key,
			    bool (*has_role)(const struct trait_field *))
{
	json_key(json, str_from(key));
	json_array_begin(json);
	for (size_t i = 0; i < row->traits.field_count; i++) {
		const struct trait_field *field = &row->traits.fields[i];

		if (!has_role(field))
			continue;
		json_object_begin(json);
		json_add_str(json, "field",
			     field_table_name(row->fields, field->slot));
		json_add_str(json, "how", str_from(field->how));
		json_object_end(json);
	}
	json_array_end(json);
}

static void json_add_exception(struct json *json,
			       const struct exception *exception, size_t stage,
			       size_t number)
{
	json_object_begin(json);
	json_add_int(json, "stage", (int64_t)stage);
	json_add_int(json, "number", (int64_t)number);
	json_add_str(json, "condition", exception->text);
	json_add_str(json, "owner", exception->owner);
	json_add_str(json, "reason", exception->reason);
	if (exception->expires_ns != INT64_MAX) {
		json_key(json, STR("expires"));
		json_time(json, exception->expires_ns);
	}
	json_add_bool(json, "expired", exception_is_expired(exception));
	json_object_end(json);
}

static void json_add_exceptions(struct json *json, const struct query *query)
{
	json_key(json, STR("exceptions"));
	json_array_begin(json);
	for (size_t i = 0; i < query->stage_count; i++) {
		const struct stage *stage = &query->stages[i];

		for (size_t k = 0; k < stage->exception_count &&
				   !query_stage_repeats(query, i);
		     k++)
			json_add_exception(json, &stage->exceptions[k],
					   query_stage_number(query, i), k + 1);
	}
	json_array_end(json);
}

static void json_add_traits(struct json *json, const struct row *row)
{
	static const char *const modes[] = {
		[RULE_MODE_OFF] = "off",
		[RULE_MODE_OBSERVE] = "observe",
		[RULE_MODE_ALERT] = "alert",
	};

	json_add_str(json, "mode", str_from(modes[row->report->rule->mode]));
	json_add_str(json, "cost", str_from(cost_class_name(row->traits.cost)));
	json_key(json, STR("kinds"));
	json_array_begin(json);
	for (size_t i = 0; i < trait_kind_count(); i++)
		if (row->traits.kinds & 1ULL << i)
			json_string(json, str_from(trait_kind_name(i)));
	json_array_end(json);
	json_add_fields(json, row, "evaded_by", is_wanted);
	json_add_fields(json, row, "excluded", is_excluded);
	json_add_fields(json, row, "unbounded_by", is_key);
	json_add_bool(json, "no_maxspan", row->traits.no_maxspan);
	json_add_bool(json, "racy", row->traits.racy_count);
	json_add_bool(json, "parents", row->traits.parents);
	if (row->report->rule->budget >= 0)
		json_add_int(json, "budget", row->report->rule->budget);
	json_add_exceptions(json, row->report->rule->query);
}

static void print_row_json(const struct row *row)
{
	const struct rule_report *report = row->report;
	struct strbuf out = STRBUF_INIT(4U << 20);
	struct json json;

	json_init(&json, &out);
	json_object_begin(&json);
	json_add_str(&json, "file", report->file);
	json_add_int(&json, "line", report->line);
	json_add_str(&json, "id", report->id);
	json_add_str(&json, "name", report->name);
	json_add_str(&json, "type", report->type);
	json_add_str(&json, "status", str_from(status_names[report->status]));
	json_add_reasons(&json, report);
	json_add_lines(&json, "audit_rules", strbuf_str(&row->needs));
	if (report->rule)
		json_add_traits(&json, row);
	json_object_end(&json);
	strbuf_add_char(&out, '\n');
	fwrite(out.data, 1, out.len, stdout);
	strbuf_free(&out);
}

/* --- all ------------------------------------------------------------------ */

/* Fills in what is known of a rule that could run. */
static int row_fill(struct row *row)
{
	const struct rule *rule = row->report->rule;
	struct utsname host;
	int rc;

	strbuf_reset(&row->needs);
	arena_reset(row->arena);
	if (!rule)
		return 0;
	if (uname(&host))
		return -errno;
	rc = rule_audit_rules(rule, host.machine, &row->needs);
	return rc ? rc
		  : rule_traits(rule, row->fields, row->arena, &row->traits);
}

static int print_rows(const struct ruleset *rules, enum command_format format)
{
	struct row row = {
		.fields = rules->fields,
		.arena = arena_new(0),
		.needs = STRBUF_INIT(1U << 20),
	};
	int rc = row.arena ? 0 : -ENOMEM;
	size_t parents = 0;

	for (size_t i = 0; i < rules->report_count && !rc; i++) {
		row.report = &rules->reports[i];
		rc = row_fill(&row);
		parents += !rc && row.report->rule && row.traits.parents;
		if (!rc && format == FORMAT_JSON)
			print_row_json(&row);
		else if (!rc)
			print_row_text(&row);
	}
	if (rc)
		command_error("rules: %s", strerror(-rc));
	else if (format == FORMAT_TEXT)
		print_totals(rules, parents);
	strbuf_free(&row.needs);
	arena_free(&row.arena);
	return rc ? EXIT_NOT_DONE : EXIT_DONE;
}

static int print_audit_rules(const struct ruleset *rules)
{
	struct strbuf out = STRBUF_INIT(1U << 20);
	struct utsname host;
	int rc = uname(&host) ? -errno : 0;

	if (!rc)
		rc = ruleset_audit_rules(rules, host.machine, &out);
	if (rc)
		command_error("audit rules: %s", strerror(-rc));
	else
		fwrite(out.data, 1, out.len, stdout);
	strbuf_free(&out);
	return rc ? EXIT_NOT_DONE : EXIT_DONE;
}

static int rules_print(const struct ruleset *rules,
		       const struct rules_options *options)
{
	if (options->audit_rules)
		return print_audit_rules(rules);
	return print_rows(rules, options->format);
}

static int rules_do(const struct rules_options *options,
		    const struct ruleset_options *wanted)
{
	struct ruleset *rules = NULL;
	int loaded = command_load_rules(options->config, wanted, &rules);
	int code;

	if (!rules)
		return EXIT_NOT_DONE;
	code = rules_print(rules, options);
	ruleset_free(&rules);
	return code ? code : loaded;
}

/* With the variables of the option; else the configuration's count, whatever
 * rules are named. */
static int rules_find(const struct command *command,
		      const struct rules_options *options,
		      struct ruleset_options *wanted)
{
	struct arena *arena = arena_new(0);
	struct config *config = NULL;
	struct str_list names = { 0 };
	int rc = arena ? 0 : -ENOMEM, code = EXIT_NOT_DONE;

	if (!rc && options->environment)
		rc = config_parse_names(arena, str_from(options->environment),
					&names);
	else if (!rc)
		rc = config_load(options->config, command_diag, NULL, &config);
	wanted->environment = config ? &config->environment : &names;
	if (!rc)
		code = rules_do(options, wanted);
	else if (rc == -EINVAL && options->environment)
		code = command_usage(command, "no names of variables '%s'",
				     options->environment);
	else
		command_error("configuration: %s", strerror(-rc));
	config_free(&config);
	arena_free(&arena);
	return code;
}

static int rules_run(const struct command *command, int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "audit-rules", no_argument, NULL, 'a' },
		{ "config", required_argument, NULL, 'c' },
		{ "environment", required_argument, NULL, 'e' },
		{ "format", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct rules_options options = { 0 };
	struct ruleset_options wanted = { .off = RULESET_OFF_RUN_NAMED };
	int opt;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":c:h", long_options, NULL)) !=
	       -1) {
		if (opt == 'h')
			return command_help(command);
		if (opt == 'a')
			options.audit_rules = true;
		else if (opt == 'c')
			options.config = optarg;
		else if (opt == 'e')
			options.environment = optarg;
		else if (opt == ':')
			return command_usage(command, "'%s' wants an argument",
					     argv[optind - 1]);
		else if (opt != 'f')
			return command_bad_option(command, opt, argv);
		else if (!command_parse_format(optarg, &options.format))
			return command_usage(command,
					     "no format '%s': text or json",
					     optarg);
	}
	wanted.paths = (const char *const *)argv + optind;
	wanted.path_count = (size_t)(argc - optind);
	return command_finish(rules_find(command, &options, &wanted));
}

const struct command command_rules = {
	.name = "rules",
	.summary = "compiles rules; what each needs and lacks",
	.help = "Usage: aueql rules [-c FILE] [--format text|json] "
		"[--audit-rules]\n"
		"                   [--environment NAMES] [FILE|DIR]...\n"
		"Compiles rules and tells for each: full, degraded, "
		"unsupported, skipped or\n"
		"invalid, why, what auditing for it costs and is, by which "
		"fields it is evaded\n"
		"and forged, and where its state grows at will. *.toml is one "
		"rule, *.ndjson an\n"
		"export of Kibana. No operand = the configured rules, with "
		"their overrides.\n"
		"A rule that is off runs where its file is named, and stays "
		"off in a directory.\n"
		"\n"
		"  -c, --config FILE    configuration, instead of the default; "
		"its overrides.d\n"
		"      --format FORMAT  text (default), or json: one line a "
		"rule, with the\n"
		"                       audit rules it needs\n"
		"      --audit-rules    the least set of audit rules for all "
		"that run, ready\n"
		"                       for rules.d\n"
		"      --environment NAMES\n"
		"                       variables that are read for "
		"process.env_vars, instead of\n"
		"                       the configuration's 'environment'; '' = "
		"none\n"
		"  -h, --help           this text\n",
	.run = rules_run,
};
