/* SPDX-License-Identifier: GPL-2.0-or-later */
/* audisp-eql: the plugin auditd starts. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "config.h"
#include "keeper.h"
#include "output/syslog.h"
#include "privs.h"

static int usage(FILE *out, int code)
{
	fputs("Usage: audisp-eql [-c FILE]\n"
	      "Detects sequences of events in Linux audit records. auditd "
	      "starts this program\n"
	      "and writes records to its standard input; see audisp-eql(8). "
	      "To try rules on a\n"
	      "log, use aueql replay.\n"
	      "\n"
	      "  -c FILE        configuration, instead of " CONFIG_FILE_DEFAULT
	      "\n"
	      "  -h, --help     this text\n"
	      "  -V, --version  the version\n",
	      out);
	return code;
}

/* Where notices go, as the configuration may name another socket, and whether
 * there is a sandbox. */
static int open_log(const char *config_path, bool *sandbox, struct log *log,
		    struct syslog_writer **writer)
{
	struct config *config = NULL;
	const char *path = SYSLOG_SOCKET_DEFAULT;
	int facility = LOG_DAEMON, rc;

	/* complaints are the worker's to tell, once there is a log */
	if (!config_load(config_path, NULL, NULL, &config)) {
		*sandbox = config->sandbox;
		if (config->syslog == OUTPUT_SYSLOG_YES &&
		    config->syslog_socket)
			path = config->syslog_socket;
	}
	rc = syslog_new(path, facility, writer);
	config_free(&config);
	if (!rc)
		*log = (struct log){ syslog_notice, *writer };
	return rc;
}

int main(int argc, char **argv)
{
	const char *config_path = NULL;
	struct syslog_writer *writer = NULL;
	struct log log = { 0 };
	bool sandbox = true;
	int code;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help"))
			return usage(stdout, 0);
		if (!strcmp(argv[i], "-V") || !strcmp(argv[i], "--version"))
			return puts("audisp-eql " PACKAGE_VERSION) < 0;
		if (strcmp(argv[i], "-c") || i + 1 == argc)
			return usage(stderr, 2);
		config_path = argv[++i];
	}
	if (isatty(STDIN_FILENO)) {
		fputs("audisp-eql: auditd starts this program; to read a log, "
		      "use aueql replay\n",
		      stderr);
		return 2;
	}
	privs_reset();
	if (open_log(config_path, &sandbox, &log, &writer))
		log = (struct log){ 0 };
	code = keeper_run(config_path, sandbox, &log);
	syslog_free(&writer);
	return code;
}
