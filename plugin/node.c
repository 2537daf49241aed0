/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "node.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- auditd.conf ---------------------------------------------------------- */

/* What it says, as far as it matters here. */
struct auditd_conf {
	char format[NODE_NAME_BYTES], name[NODE_NAME_BYTES];
	char port[NODE_NAME_BYTES], distribute[NODE_NAME_BYTES];
	char log_file[NODE_NAME_BYTES], log_format[NODE_NAME_BYTES];
	char write_logs[NODE_NAME_BYTES];
};

static void read_conf(const char *path, struct auditd_conf *out)
{
	const struct {
		const char *key;
		char *value;
	} keys[] = {
		{ "name_format", out->format },
		{ "name", out->name },
		{ "tcp_listen_port", out->port },
		{ "distribute_network", out->distribute },
		{ "log_file", out->log_file },
		{ "log_format", out->log_format },
		{ "write_logs", out->write_logs },
	};
	char row[512], name[64], word[NODE_NAME_BYTES];
	FILE *file = fopen(path, "re");

	*out = (struct auditd_conf){ 0 };
	if (!file)
		return;
	while (fgets(row, sizeof(row), file)) {
		if (sscanf(row, " %63[^ \t=] = %255s", name, word) != 2)
			continue;
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			if (!strcasecmp(name, keys[i].key))
				strcpy(keys[i].value, word);
	}
	fclose(file);
}

static enum node_format parse_format(const char *word)
{
	static const char *const words[] = {
		[NODE_NONE] = "none", [NODE_HOSTNAME] = "hostname",
		[NODE_FQD] = "fqd",   [NODE_NUMERIC] = "numeric",
		[NODE_USER] = "user",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcasecmp(word, words[i]))
			return (enum node_format)i;
	return NODE_NONE;
}

enum node_format node_format_of(const char *auditd_conf)
{
	struct auditd_conf conf;

	read_conf(auditd_conf, &conf);
	return parse_format(conf.format);
}

const char *node_log_file(const char *auditd_conf, struct arena *arena)
{
	struct auditd_conf conf;

	read_conf(auditd_conf, &conf);
	if (!strcasecmp(conf.write_logs, "no") ||
	    !strcasecmp(conf.log_format, "nolog"))
		return NULL;
	return *conf.log_file
		       ? arena_copy(arena, conf.log_file, strlen(conf.log_file))
		       : "/var/log/audit/audit.log";
}

/* --- names ---------------------------------------------------------------- */

int node_names(const char *auditd_conf, const struct node_answer *answer,
	       struct arena *arena, struct node_names *out)
{
	char host[NODE_NAME_BYTES] = { 0 };
	const char *local = "";
	struct auditd_conf conf;

	read_conf(auditd_conf, &conf);
	*out = (struct node_names){
		.format = parse_format(conf.format),
		.listens = atoi(conf.port) > 0,
		.distributes = !strcasecmp(conf.distribute, "yes"),
		.enriched = !strcasecmp(conf.log_format, "enriched"),
	};
	if (out->format == NODE_USER)
		local = conf.name;
	else if (out->format == NODE_HOSTNAME &&
		 !gethostname(host, sizeof(host) - 1))
		local = host;
	else if (answer->format == out->format)
		local = answer->name;
	out->local = arena_str(arena, str_from(local));
	return out->local.data ? 0 : -ENOMEM;
}
