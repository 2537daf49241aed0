/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the subcommands of aueql share. */
#ifndef AUDISP_EQL_AUEQL_COMMAND_H
#define AUDISP_EQL_AUEQL_COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <audisp-eql/rule.h>

#include "period.h"

/* Exit codes, as aueql(8) documents them. */
enum {
	EXIT_DONE = 0, /* the job was done, whatever it found */
	EXIT_NOT_DONE = 1, /* could not be done whole, or problems found */
	EXIT_USAGE = 2, /* wrong command line */
};

/* One subcommand: a row of the table in main.c. */
struct command {
	const char *name;
	const char *summary; /* one line of --help */
	const char *help; /* usage and options, for NAME --help */
	/* argv[0] is the subcommand's name; returns an exit code */
	int (*run)(const struct command *command, int argc, char **argv);
};

extern const struct command command_canary;
extern const struct command command_check;
extern const struct command command_eql;
extern const struct command command_events;
extern const struct command command_explain;
extern const struct command command_replay;
extern const struct command command_rules;
extern const struct command command_status;
extern const struct command command_timeline;
extern const struct command command_tune;

/* --help of a subcommand on stdout; EXIT_DONE. */
int command_help(const struct command *command);
/* Complaint about the command line on stderr; EXIT_USAGE. */
int command_usage(const struct command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same for what getopt_long() could not take: ':' or '?'. */
int command_bad_option(const struct command *command, int opt, char **argv);
/* "aueql: " and the sentence on stderr. */
void command_error(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
/* A diag_fn that prints on stderr. */
void command_diag(void *user, const struct diag *diag);
/* Flushes stdout; EXIT_NOT_DONE with a word on stderr where that failed. */
int command_finish(int code);

enum command_format { FORMAT_TEXT, FORMAT_JSON };

/* The argument of --format; false = neither text nor json. */
bool command_parse_format(const char *text, enum command_format *out);

/* The argument of --start or --end, of which opt is one. An exit code. */
int command_period(const struct command *command, int opt, const char *text,
		   struct period *period);
/* Whether there is any time in it. An exit code. */
int command_check_period(const struct command *command,
			 const struct period *period);

/*
 * Loads rules: the wanted paths, or with none the configuration's, with all
 * else that it says of rules. config: the configuration file; NULL = the default
 * one. off = what becomes of those in wanted paths that are off; the configured
 * ones stay so. Complaints go to stderr. EXIT_DONE, or EXIT_NOT_DONE where
 * something had an error; *out is set nevertheless, unless nothing could be
 * loaded at all.
 */
int command_load_rules(const char *config, const struct ruleset_options *wanted,
		       struct ruleset **out);

struct pipeline_config;
/*
 * What a replay takes of the configuration beside rules: reorder, lateness,
 * suppress, budget. config: its file; NULL = the default one, or, for rules that
 * were named, what is built in. 0 or -errno; complaints go to stderr.
 */
int command_configure(const char *config, bool named,
		      struct pipeline_config *out);

#endif
