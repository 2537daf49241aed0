/* SPDX-License-Identifier: GPL-2.0-or-later */
/* aueql check: is this installation able to see and to tell? */
#include "check.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../node.h"
#include "../util/diag.h"
#include "../util/json.h"
#include "terminal.h"

/* More is left out, and said to be. */
#define FINDINGS_MAX 1000
/* What stands in front of each row of text: the severity, or nothing. */
#define INDENT 9

static const char *const severity_names[] = {
	[FINDING_OK] = "ok",
	[FINDING_WARNING] = "warning",
	[FINDING_PROBLEM] = "problem",
};

static const char *const ids[] = {
#define FINDING(name, id) [FINDING_##name] = (id),
#include "findings.def"
#undef FINDING
};

/* --- taking --------------------------------------------------------------- */

void check_finding(struct check *check, enum finding_id id,
		   enum finding_severity severity, const char *mend,
		   const char *format, ...)
{
	struct finding finding = { .id = id, .severity = severity };
	char sentence[4096];
	va_list ap;

	check->problems += severity == FINDING_PROBLEM;
	check->warnings += severity == FINDING_WARNING;
	va_start(ap, format);
	vsnprintf(sentence, sizeof(sentence), format, ap);
	va_end(ap);
	finding.sentence = arena_str(check->arena, str_from(sentence));
	if (mend)
		finding.mend = arena_str(check->arena, str_from(mend));
	if (!finding.sentence.data || (mend && !finding.mend.data) ||
	    check->finding_count == check->finding_room)
		check->failed = true;
	else
		check->findings[check->finding_count++] = finding;
}

const char *check_path(struct check *check, const char *path)
{
	struct str text = arena_printf(check->arena, "%s%s", check->root, path);

	check->failed = check->failed || !text.data;
	return text.data ? text.data : "";
}

const char *check_mend(struct check *check, const char *format, ...)
{
	char text[4096];
	va_list ap;
	int len;

	va_start(ap, format);
	len = vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	/* half a command is none */
	if (len < 0 || (size_t)len >= sizeof(text))
		return NULL;
	return arena_str(check->arena, str_from(text)).data;
}

const char *check_mend_package(struct check *check, const char *deb,
			       const char *rpm)
{
	if (!check_is_live(check))
		return NULL;
	if (!access("/usr/bin/dpkg", X_OK))
		return check_mend(check, "apt-get install --reinstall %s", deb);
	return check_mend(check, "dnf -y install %s || dnf reinstall %s", rpm,
			  rpm);
}

bool check_is_of_root(struct check *check, struct str exe)
{
	struct str path =
		arena_printf(check->arena, "%s%.*s", check->root, STR_ARG(exe));
	struct stat st;

	return path.data && !lstat(path.data, &st) && S_ISREG(st.st_mode) &&
	       st.st_uid == check->owner && !(st.st_mode & (S_IWGRP | S_IWOTH));
}

/* --- printing --------------------------------------------------------------- */

/* Columns of who reads; 0 = no terminal: rows are as long as they are. */
static size_t columns(void)
{
	struct winsize size = { 0 };

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) ||
	    size.ws_col < 40)
		return 0;
	return size.ws_col;
}

/* A sentence in rows of whole words, each but the first indented. */
static void print_wrapped(struct str text, size_t width)
{
	while (width && text.len > width - INDENT) {
		size_t len = width - INDENT;

		while (len && text.data[len] != ' ')
			len--;
		if (!len)
			break;
		printf("%.*s\n%*s", (int)len, text.data, INDENT, "");
		text.data += len + 1;
		text.len -= len + 1;
	}
	printf("%.*s\n", STR_ARG(text));
}

static void print_text(const struct finding *finding, size_t width)
{
	static const enum color colors[] = {
		[FINDING_OK] = COLOR_GOOD,
		[FINDING_WARNING] = COLOR_WARNING,
		[FINDING_PROBLEM] = COLOR_BAD,
	};
	struct strbuf out = STRBUF_INIT(64U << 10);

	text_escape_plain(&out, finding->sentence);
	terminal_word(colors[finding->severity],
		      severity_names[finding->severity], INDENT);
	print_wrapped(strbuf_str(&out), width);
	strbuf_reset(&out);
	text_escape_plain(&out, finding->mend);
	/* a command is copied: it stays in one row */
	if (out.len)
		printf("%*stype: %.*s\n", INDENT, "",
		       STR_ARG(strbuf_str(&out)));
	strbuf_free(&out);
}

static void print_json(const struct finding *finding)
{
	struct strbuf out = STRBUF_INIT(64U << 10);
	struct json json;

	json_init(&json, &out);
	json_object_begin(&json);
	json_add_str(&json, "id", str_from(ids[finding->id]));
	json_add_str(&json, "severity",
		     str_from(severity_names[finding->severity]));
	json_add_str(&json, "finding", finding->sentence);
	if (finding->mend.len)
		json_add_str(&json, "type", finding->mend);
	json_object_end(&json);
	strbuf_add_char(&out, '\n');
	fwrite(out.data, 1, out.len, stdout);
	strbuf_free(&out);
}

static void print_some(const struct check *check, int severity, int id,
		       size_t width)
{
	for (size_t i = 0; i < check->finding_count; i++) {
		const struct finding *finding = &check->findings[i];

		if ((int)finding->severity != severity ||
		    (int)finding->id != id)
			continue;
		if (check->format == FORMAT_JSON)
			print_json(finding);
		else
			print_text(finding, width);
	}
}

/* The worst first, and of these what others follow from. */
static void print_all(const struct check *check)
{
	size_t width = columns();

	for (int severity = FINDING__SEVERITIES - 1; severity >= 0; severity--)
		for (int id = 0; id < FINDING__COUNT; id++)
			print_some(check, severity, id, width);
	if (check->format == FORMAT_TEXT)
		printf("%zu problem%s, %zu warning%s\n", check->problems,
		       check->problems == 1 ? "" : "s", check->warnings,
		       check->warnings == 1 ? "" : "s");
}

/* --- rules ------------------------------------------------------------------ */

/* What helps where a file, or a line of it, is not as it should be. */
static const char *mend_file(struct check *check, const struct diag *diag)
{
	struct str share = STR(PKGDATADIR "/");

	if (diag->line)
		return check_mend(check, "$EDITOR +%u '%.*s'", diag->line,
				  STR_ARG(diag->file));
	if (!diag->file.len || memchr(diag->file.data, '\'', diag->file.len))
		return NULL;
	return str_begins(diag->file, share)
		       ? check_mend_package(check, "audisp-eql", "audisp-eql")
		       : check_mend(check, "ls -ld '%.*s'",
				    STR_ARG(diag->file));
}

/* Each complaint about configuration or rules is a finding of its own. */
static void complain(struct check *check, enum finding_id id,
		     const struct diag *diag)
{
	struct strbuf text = STRBUF_INIT(64U << 10);

	diag_summary(diag, &text);
	if (diag->severity != DIAG_NOTE)
		check_finding(check, id,
			      diag->severity == DIAG_ERROR ? FINDING_PROBLEM
							   : FINDING_WARNING,
			      mend_file(check, diag), "%.*s",
			      STR_ARG(strbuf_str(&text)));
	strbuf_free(&text);
}

static void on_config_diag(void *user, const struct diag *diag)
{
	complain(user, FINDING_CONFIGURATION, diag);
}

static void on_rule_diag(void *user, const struct diag *diag)
{
	complain(user, FINDING_RULES, diag);
}

static struct config *load_config(struct check *check)
{
	const char *path = check_path(check, CONFIG_FILE_DEFAULT);
	size_t before = check->problems;
	struct config *config = NULL;
	int rc;

	/* the default file may be absent, which a named one may not */
	if (check_is_live(check) || check->config_path)
		rc = config_load(check->config_path, on_config_diag, check,
				 &config);
	else if (access(path, F_OK))
		rc = config_defaults(&config);
	else
		rc = config_load(path, on_config_diag, check, &config);
	if (rc && check->problems == before)
		check_finding(check, FINDING_CONFIGURATION, FINDING_PROBLEM,
			      NULL, "the configuration cannot be used: %s",
			      strerror(-rc));
	else if (!rc)
		check_finding(check, FINDING_CONFIGURATION, FINDING_OK, NULL,
			      "the configuration is right");
	return config;
}

/* The paths of rules below the root; NULL = no memory. */
static const char *const *rule_paths(struct check *check,
				     const struct config *config)
{
	const char **paths = arena_array(check->arena, config->rule_path_count,
					 sizeof(*paths));

	for (size_t i = 0; paths && i < config->rule_path_count; i++)
		paths[i] = check_path(check, config->rule_paths[i]);
	return paths;
}

/* The configuration's rules, compiled; NULL where that cannot be. */
static struct ruleset *load_rules(struct check *check,
				  const struct config *config)
{
	struct ruleset *rules = NULL;
	struct ruleset_options options = {
		.on_diag = on_rule_diag,
		.user = check,
		.paths = rule_paths(check, config),
		.path_count = config->rule_path_count,
		.disable = config->disable,
		.disable_count = config->disable_count,
		.overrides = config->overrides,
		.process_names = config->process_names,
		.environment = &config->environment,
	};
	int rc = options.paths ? ruleset_load(&options, &rules) : -ENOMEM;

	if (rc)
		check_finding(check, FINDING_RULES, FINDING_PROBLEM, NULL,
			      "rules: %s", strerror(-rc));
	else if (!rules->rule_count)
		check_finding(check, FINDING_RULES, FINDING_PROBLEM,
			      "aueql rules",
			      "no rule is loaded: nothing can be detected");
	else
		check_finding(check, FINDING_RULES, FINDING_OK, NULL,
			      "%zu rules compile and run", rules->rule_count);
	return rules;
}

/* --- command ---------------------------------------------------------------- */

static void check_all(struct check *check)
{
	struct config *config = load_config(check);
	struct ruleset *rules = config ? load_rules(check, config) : NULL;
	struct auditd_conf auditd;

	auditd_conf_read(check_path(check, NODE_AUDITD_CONF), &auditd);
	check->auditd = &auditd;
	if (config)
		check_config(check, config);
	check_kernel(check, rules);
	check_auditd(check, rules);
	check_stanza(check);
	check_host(check, check_path(check, "/proc"));
	check_log(check);
	ruleset_free(&rules);
	config_free(&config);
	check->auditd = NULL;
}

static int run(struct check *check)
{
	check->arena = arena_new(0);
	check->finding_room = FINDINGS_MAX;
	if (check->arena)
		check->findings = arena_array(check->arena, FINDINGS_MAX,
					      sizeof(*check->findings));
	if (!check->findings) {
		arena_free(&check->arena);
		command_error("check: %s", strerror(ENOMEM));
		return EXIT_NOT_DONE;
	}
	check_all(check);
	print_all(check);
	if (check->failed)
		command_error("check: there is more than could be told");
	arena_free(&check->arena);
	return command_finish(check->problems || check->failed ? EXIT_NOT_DONE
							       : EXIT_DONE);
}

/* False = there is no such directory. */
static bool take_root(struct check *check, const char *root)
{
	struct stat st;

	if (stat(root, &st) || !S_ISDIR(st.st_mode))
		return false;
	check->root = root;
	check->owner = st.st_uid;
	return true;
}

static int check_run(const struct command *command, int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "format", required_argument, NULL, 'f' },
		{ "root", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct check check = { .root = "" };
	int opt;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":hc:", options, NULL)) != -1) {
		switch (opt) {
		case 'h':
			return command_help(command);
		case 'c':
			check.config_path = optarg;
			break;
		case 'f':
			if (command_parse_format(optarg, &check.format))
				break;
			return command_usage(command,
					     "no format '%s': text or json",
					     optarg);
		case 'r':
			if (take_root(&check, optarg))
				break;
			return command_usage(command, "no directory '%s'",
					     optarg);
		default:
			return command_bad_option(command, opt, argv);
		}
	}
	if (optind < argc)
		return command_usage(command, "takes no operand '%s'",
				     argv[optind]);
	return run(&check);
}

const struct command command_check = {
	.name = "check",
	.summary = "examines this installation and says what to type",
	.help = "Usage: aueql check [--format text|json] [-c FILE] [--root DIR]\n"
		"Examines this installation, the worst first: configuration, "
		"rules, kernel audit,\n"
		"audit rules, auditd, its log, the stanza, and what of the "
		"host makes it easier\n"
		"to do things that no record tells. Each finding is a "
		"problem (exit status 1), a\n"
		"warning or ok, and says what to type where something can be "
		"mended. Only root\n"
		"can ask kernel audit.\n"
		"\n"
		"  -c, --config FILE    the plugin's configuration, instead of "
		"the default one\n"
		"      --format FORMAT  text (default), or json: one line a "
		"finding, with an id\n"
		"                       that stays the same: aueql(8)\n"
		"      --root DIR       looks at the files below DIR instead, "
		"as of an image, and\n"
		"                       at no kernel: the audit rules are "
		"those of its rules.d\n"
		"  -h, --help           this text\n",
	.run = check_run,
};
