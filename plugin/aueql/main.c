/* SPDX-License-Identifier: GPL-2.0-or-later */
/* aueql: the command line beside the plugin. One row per subcommand. */
#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../config.h"
#include "../pipeline.h"
#include "../util/diag.h"
#include "canary.h"
#include "command.h"
#include "terminal.h"

static const struct command *const commands[] = {
	&command_canary,   &command_check,  &command_eql,   &command_events,
	&command_explain,  &command_replay, &command_rules, &command_status,
	&command_timeline, &command_tune,
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *out)
{
	fputs("Usage: aueql COMMAND [OPTION]... [OPERAND]...\n"
	      "Asks audisp-eql: EQL detection over Linux audit records.\n"
	      "\n"
	      "Commands:\n",
	      out);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  %-10s %s\n", commands[i]->name,
			commands[i]->summary);
	fputs("\n"
	      "Options:\n"
	      "  -h, --help     this text; COMMAND --help tells more\n"
	      "  -V, --version  the version\n"
	      "\n"
	      "Exit status: 0 = done, whatever was found; 1 = not done whole,\n"
	      "or canary, check or status found problems; 2 = wrong command line.\n"
	      "Manual: aueql(8), audisp-eql-rules(7).\n",
	      out);
}

int command_help(const struct command *command)
{
	fputs(command->help, stdout);
	return command_finish(EXIT_DONE);
}

int command_usage(const struct command *command, const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "aueql %s: ", command->name);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, "\nTry 'aueql %s --help'.\n", command->name);
	return EXIT_USAGE;
}

int command_bad_option(const struct command *command, int opt, char **argv)
{
	return command_usage(command,
			     opt == ':' ? "'%s' wants an argument"
					: "no option '%s'",
			     argv[optind - 1]);
}

void command_error(const char *format, ...)
{
	va_list ap;

	fputs("aueql: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void command_diag(void *user, const struct diag *diag)
{
	struct strbuf text = STRBUF_INIT(0);

	(void)user;
	diag_print(diag, terminal_colors(stderr), &text);
	fwrite(text.data, 1, text.len, stderr);
	strbuf_free(&text);
}

/* Whether nobody reads standard output any more. */
static bool stdout_is_left(void)
{
	struct pollfd poll_fd = { .fd = STDOUT_FILENO };

	return poll(&poll_fd, 1, 0) == 1 && poll_fd.revents & POLLERR;
}

int command_finish(int code)
{
	bool failed = ferror(stdout);

	/* what failed before has left no errno */
	errno = failed ? EIO : 0;
	if (!fflush(stdout) && !failed)
		return code;
	/* a reader that had enough (head) is no failure worth a word */
	if (errno != EPIPE && !stdout_is_left())
		command_error("standard output: %s", strerror(errno));
	return EXIT_NOT_DONE;
}

bool command_parse_format(const char *text, enum command_format *out)
{
	if (!strcmp(text, "text"))
		*out = FORMAT_TEXT;
	else if (!strcmp(text, "json"))
		*out = FORMAT_JSON;
	else
		return false;
	return true;
}

int command_period(const struct command *command, int opt, const char *text,
		   struct period *period)
{
	enum period_edge edge = (enum period_edge)(opt - PERIOD_OPTION);
	const char *why = period_parse(text, edge, time(NULL),
				       edge == PERIOD_START ? &period->start_ns
							    : &period->end_ns);

	if (!why)
		return EXIT_DONE;
	return command_usage(command, "'%s' is no time for --%s: %s", text,
			     edge == PERIOD_START ? "start" : "end", why);
}

int command_check_period(const struct command *command,
			 const struct period *period)
{
	if (period->start_ns <= period->end_ns)
		return EXIT_DONE;
	return command_usage(command, "--start is behind --end");
}

static int load_rules(const struct ruleset_options *options,
		      struct ruleset **out)
{
	struct ruleset *rules;
	int rc = ruleset_load(options, &rules);

	if (rc) {
		command_error("rules: %s", strerror(-rc));
		return EXIT_NOT_DONE;
	}
	*out = rules;
	return rules->error_count ? EXIT_NOT_DONE : EXIT_DONE;
}

int command_configure(const char *path, bool named, struct pipeline_config *out)
{
	struct config *config = NULL;
	int rc = named && !path
			 ? config_defaults(&config)
			 : config_load(path, command_diag, NULL, &config);

	if (rc)
		return rc;
	out->reorder_ns = config->reorder_ns;
	out->lateness_ns = config->lateness_ns;
	out->suppress_ns = config->suppress_ns;
	out->budget = config->budget;
	config_free(&config);
	return 0;
}

int command_load_rules(const char *path, const struct ruleset_options *wanted,
		       struct ruleset **out)
{
	struct ruleset_options options = *wanted;
	struct config *config = NULL;
	int rc;

	options.on_diag = command_diag;
	if (!options.path_count) {
		rc = config_load(path, command_diag, NULL, &config);
		if (rc) {
			command_error("configuration: %s", strerror(-rc));
			return EXIT_NOT_DONE;
		}
		options.paths = config->rule_paths;
		options.path_count = config->rule_path_count;
		options.disable = config->disable;
		options.disable_count = config->disable_count;
		options.overrides = config->overrides;
		options.process_names = config->process_names;
		if (!options.environment)
			options.environment = &config->environment;
		options.off = RULESET_OFF_STAY;
	}
	rc = load_rules(&options, out);
	config_free(&config);
	return rc;
}

int main(int argc, char **argv)
{
	int code;

	if (argc && canary_run_as(argc, argv, &code))
		return code;
	signal(SIGPIPE, SIG_IGN);
	setlocale(LC_CTYPE, "");
	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help")) {
		print_help(stdout);
		return command_finish(EXIT_DONE);
	}
	if (!strcmp(argv[1], "-V") || !strcmp(argv[1], "--version")) {
		puts("aueql " PACKAGE_VERSION);
		return command_finish(EXIT_DONE);
	}
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (!strcmp(argv[1], commands[i]->name))
			return commands[i]->run(commands[i], argc - 1,
						argv + 1);
	command_error("no command '%s'\nTry 'aueql --help'.", argv[1]);
	return EXIT_USAGE;
}
