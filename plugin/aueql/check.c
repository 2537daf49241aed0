/* SPDX-License-Identifier: GPL-2.0-or-later */
/* aueql check: is this installation able to see and to tell? */
#include "../node.h"
#include "check.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../config.h"
#include "../util/diag.h"
#include "../util/json.h"
#include "terminal.h"

static const char *const severity_names[] = {
	[FINDING_OK] = "ok",
	[FINDING_WARNING] = "warning",
	[FINDING_PROBLEM] = "problem",
};

static void print_finding_text(enum finding_severity severity,
			       const char *sentence, const char *mend)
{
	static const enum color colors[] = {
		[FINDING_OK] = COLOR_GOOD,
		[FINDING_WARNING] = COLOR_WARNING,
		[FINDING_PROBLEM] = COLOR_BAD,
	};
	struct strbuf out = STRBUF_INIT(64U << 10);

	terminal_word(colors[severity], severity_names[severity], 9);
	text_escape(&out, str_from(sentence));
	if (mend) {
		strbuf_add_str(&out, STR("\n         type: "));
		text_escape(&out, str_from(mend));
	}
	strbuf_add_char(&out, '\n');
	fwrite(out.data, 1, out.len, stdout);
	strbuf_free(&out);
}

static void print_finding_json(enum finding_severity severity,
			       const char *sentence, const char *mend)
{
	struct strbuf out = STRBUF_INIT(64U << 10);
	struct json json;

	json_init(&json, &out);
	json_object_begin(&json);
	json_add_str(&json, "severity", str_from(severity_names[severity]));
	json_add_str(&json, "finding", str_from(sentence));
	if (mend)
		json_add_str(&json, "type", str_from(mend));
	json_object_end(&json);
	strbuf_add_char(&out, '\n');
	fwrite(out.data, 1, out.len, stdout);
	strbuf_free(&out);
}

void check_finding(struct check *check, enum finding_severity severity,
		   const char *mend, const char *format, ...)
{
	char sentence[4096];
	va_list ap;

	va_start(ap, format);
	vsnprintf(sentence, sizeof(sentence), format, ap);
	va_end(ap);
	check->problems += severity == FINDING_PROBLEM;
	check->warnings += severity == FINDING_WARNING;
	if (check->format == FORMAT_JSON)
		print_finding_json(severity, sentence, mend);
	else
		print_finding_text(severity, sentence, mend);
}

/* Each complaint about configuration or rules is a finding of its own. */
static void check_on_diag(void *user, const struct diag *diag)
{
	struct check *check = user;
	struct strbuf text = STRBUF_INIT(64U << 10);

	diag_summary(diag, &text);
	check_finding(check,
		      diag->severity == DIAG_ERROR ? FINDING_PROBLEM
						   : FINDING_WARNING,
		      NULL, "%.*s:%u:%u: %.*s", STR_ARG(diag->file), diag->line,
		      diag->column, STR_ARG(diag->message));
}

/* The configuration's rules, compiled; NULL where that cannot be. */
static struct ruleset *check_rules(struct check *check)
{
	struct config *config = NULL;
	struct ruleset *rules = NULL;
	struct ruleset_options options = {
		.on_diag = check_on_diag,
		.user = check,
	};
	int rc = config_load(NULL, check_on_diag, check, &config);

	if (rc) {
		check_finding(check, FINDING_PROBLEM, NULL,
			      "the configuration cannot be used: %s",
			      strerror(-rc));
		return NULL;
	}
	check_finding(check, FINDING_OK, NULL, "the configuration is right");
	options.paths = config->rule_paths;
	options.path_count = config->rule_path_count;
	options.disable = config->disable;
	options.disable_count = config->disable_count;
	options.overrides = config->overrides;
	options.process_names = config->process_names;
	options.environment = &config->environment;
	rc = ruleset_load(&options, &rules);
	if (rc)
		check_finding(check, FINDING_PROBLEM, NULL, "rules: %s",
			      strerror(-rc));
	else if (!rules->rule_count)
		check_finding(check, FINDING_PROBLEM, "aueql rules",
			      "no rule is loaded: nothing can be detected");
	else
		check_finding(check, FINDING_OK, NULL,
			      "%zu rules compile and run", rules->rule_count);
	config_free(&config);
	return rules;
}

static void check_all(struct check *check)
{
	struct ruleset *rules = check_rules(check);

	check_kernel(check, rules);
	check_stanza(check);
	check_host(check, "/proc");
	check_names(check, NODE_AUDITD_CONF);
	check_load(check, "/var/log/audit/audit.log");
	ruleset_free(&rules);
	if (check->format == FORMAT_TEXT)
		printf("%zu problems, %zu warnings\n", check->problems,
		       check->warnings);
}

static int check_run(const struct command *command, int argc, char **argv)
{
	static const struct option options[] = {
		{ "format", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct check check = { 0 };
	int opt;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (opt == 'h')
			return command_help(command);
		if (opt == ':')
			return command_usage(command, "'%s' wants an argument",
					     argv[optind - 1]);
		if (opt != 'f')
			return command_bad_option(command, opt, argv);
		if (!command_parse_format(optarg, &check.format))
			return command_usage(command,
					     "no format '%s': text or json",
					     optarg);
	}
	if (optind < argc)
		return command_usage(command, "takes no operand '%s'",
				     argv[optind]);
	check_all(&check);
	return command_finish(check.problems ? EXIT_NOT_DONE : EXIT_DONE);
}

const struct command command_check = {
	.name = "check",
	.summary = "examines this installation and says what to type",
	.help = "Usage: aueql check [--format text|json]\n"
		"Examines this installation: configuration, rules, kernel "
		"audit, audit rules,\n"
		"stanza, and what of the host makes it easier to do things "
		"that no record tells.\n"
		"Each finding has a severity (ok, warning, problem) and, "
		"where something is to be\n"
		"mended, the command to type. Exit status 1 on problems. "
		"Kernel audit can only be\n"
		"asked as root.\n"
		"\n"
		"      --format FORMAT  text (default), or json: one line a "
		"finding\n"
		"  -h, --help           this text\n",
	.run = check_run,
};
