/* SPDX-License-Identifier: GPL-2.0-or-later */
/* aueql rules: what each rule needs and whether it can run here. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "../config.h"
#include "../rules/audit_rules.h"
#include "../util/json.h"
#include "command.h"

static const char *const status_names[] = {
	[RULE_FULL] = "full",
	[RULE_DEGRADED] = "degraded",
	[RULE_UNSUPPORTED] = "unsupported",
	[RULE_SKIPPED] = "skipped",
	[RULE_INVALID] = "invalid",
};

struct rules_options {
	enum command_format format;
	bool audit_rules;
};

static void print_escaped(struct str text)
{
	struct strbuf out = STRBUF_INIT(0);

	text_escape(&out, text);
	fwrite(out.data, 1, out.len, stdout);
	strbuf_free(&out);
}

static void print_reason_text(const struct rule_report *report,
			      const struct rule_reason *reason)
{
	fputs("    ", stdout);
	print_escaped(report->file);
	if (reason->line)
		printf(":%u:%u", reason->line, reason->column);
	fputs(": ", stdout);
	print_escaped(reason->text);
	putchar('\n');
}

/* The audit rules one rule needs; empty where it does not run. */
static int rule_needs(const struct rule *rule, struct strbuf *out)
{
	struct utsname host;

	if (!rule)
		return 0;
	if (uname(&host))
		return -errno;
	return rule_audit_rules(rule, host.machine, out);
}

static void print_report_text(const struct rule_report *report)
{
	struct strbuf needs = STRBUF_INIT(1U << 20);

	printf("%-11s ", status_names[report->status]);
	print_escaped(report->name.len ? report->name : report->file);
	if (report->id.len) {
		fputs(" (", stdout);
		print_escaped(report->id);
		putchar(')');
	}
	putchar('\n');
	for (size_t i = 0; i < report->reason_count; i++)
		print_reason_text(report, &report->reasons[i]);
	if (!rule_needs(report->rule, &needs)) {
		struct str rest = strbuf_str(&needs);

		while (rest.len) {
			const char *end = memchr(rest.data, '\n', rest.len);
			size_t len = end ? (size_t)(end - rest.data) : rest.len;

			printf("    needs %.*s\n", (int)len, rest.data);
			rest.data += len + !!end;
			rest.len -= len + !!end;
		}
	}
	strbuf_free(&needs);
}

static void json_add_needs(struct json *json, struct str text)
{
	json_key(json, STR("audit_rules"));
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

static void print_report_json(const struct rule_report *report)
{
	struct strbuf out = STRBUF_INIT(4U << 20);
	struct strbuf needs = STRBUF_INIT(1U << 20);
	struct json json;

	if (rule_needs(report->rule, &needs))
		strbuf_reset(&needs);
	json_init(&json, &out);
	json_object_begin(&json);
	json_add_str(&json, "file", report->file);
	json_add_str(&json, "id", report->id);
	json_add_str(&json, "name", report->name);
	json_add_str(&json, "type", report->type);
	json_add_str(&json, "status", str_from(status_names[report->status]));
	json_add_reasons(&json, report);
	json_add_needs(&json, strbuf_str(&needs));
	json_object_end(&json);
	strbuf_add_char(&out, '\n');
	fwrite(out.data, 1, out.len, stdout);
	strbuf_free(&needs);
	strbuf_free(&out);
}

static void print_totals(const struct ruleset *rules)
{
	size_t totals[RULE_INVALID + 1] = { 0 };

	for (size_t i = 0; i < rules->report_count; i++)
		totals[rules->reports[i].status]++;
	printf("%zu rules:", rules->report_count);
	for (size_t i = 0; i <= RULE_INVALID; i++)
		printf(" %zu %s%s", totals[i], status_names[i],
		       i < RULE_INVALID ? "," : "\n");
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
	for (size_t i = 0; i < rules->report_count; i++) {
		if (options->format == FORMAT_JSON)
			print_report_json(&rules->reports[i]);
		else
			print_report_text(&rules->reports[i]);
	}
	if (options->format == FORMAT_TEXT)
		print_totals(rules);
	return EXIT_DONE;
}

static int rules_run(const struct command *command, int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "audit-rules", no_argument, NULL, 'a' },
		{ "format", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct rules_options options = { 0 };
	struct ruleset *rules = NULL;
	int opt, loaded, code;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":h", long_options, NULL)) !=
	       -1) {
		if (opt == 'h')
			return command_help(command);
		if (opt == 'a')
			options.audit_rules = true;
		else if (opt == ':')
			return command_usage(command, "'%s' wants an argument",
					     argv[optind - 1]);
		else if (opt != 'f')
			return command_usage(command, "no option '%s'",
					     argv[optind - 1]);
		else if (!command_parse_format(optarg, &options.format))
			return command_usage(command, "no format '%s'", optarg);
	}
	loaded = command_load_rules((const char *const *)argv + optind,
				    (size_t)(argc - optind), &rules);
	if (!rules)
		return EXIT_NOT_DONE;
	code = rules_print(rules, &options);
	ruleset_free(&rules);
	return command_finish(code ? code : loaded);
}

const struct command command_rules = {
	.name = "rules",
	.summary = "compiles rules; what each needs and lacks",
	.help = "Usage: aueql rules [--format text|json] [--audit-rules] "
		"[FILE|DIR]...\n"
		"Compiles rules and tells for each: full, degraded, "
		"unsupported, skipped or invalid,\n"
		"why, and the audit rules it needs. No operand = the "
		"configured rules.\n"
		"\n"
		"      --format FORMAT  text (default), or json: one line a "
		"rule\n"
		"      --audit-rules    the least set of audit rules for all, "
		"ready for rules.d\n"
		"  -h, --help           this text\n",
	.run = rules_run,
};
