/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "node.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "privs.h"

#define NOBODY 65534

/* --- auditd.conf ---------------------------------------------------------- */

/* What it says, as far as it matters here. */
struct auditd_conf {
	char format[NODE_NAME_BYTES], name[NODE_NAME_BYTES];
	char port[NODE_NAME_BYTES], distribute[NODE_NAME_BYTES];
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

static bool needs_resolver(enum node_format format)
{
	return format == NODE_FQD || format == NODE_NUMERIC;
}

/* --- the resolver --------------------------------------------------------- */

static void numeric(const struct sockaddr *address, char *out)
{
	if (address->sa_family == AF_INET)
		inet_ntop(AF_INET,
			  &((const struct sockaddr_in *)(const void *)address)
				   ->sin_addr,
			  out, NODE_NAME_BYTES);
	else if (address->sa_family == AF_INET6)
		inet_ntop(AF_INET6,
			  &((const struct sockaddr_in6 *)(const void *)address)
				   ->sin6_addr,
			  out, NODE_NAME_BYTES);
}

/* With the flags that auditd asks with, as they change the answer. */
static void resolve(enum node_format format, char *out)
{
	const struct addrinfo hints = {
		.ai_flags = AI_ADDRCONFIG |
			    (format == NODE_FQD ? AI_CANONNAME : AI_PASSIVE),
		.ai_socktype = SOCK_STREAM,
	};
	char name[NODE_NAME_BYTES] = { 0 };
	struct addrinfo *found;

	if (gethostname(name, sizeof(name) - 1) ||
	    getaddrinfo(name, NULL, &hints, &found))
		return;
	if (format == NODE_NUMERIC)
		numeric(found->ai_addr, out);
	else if (found->ai_canonname &&
		 strlen(found->ai_canonname) < NODE_NAME_BYTES)
		strcpy(out, found->ai_canonname);
	freeaddrinfo(found);
}

/* The resolver parses what comes from the network. */
static void run_resolver(enum node_format format, int fd)
{
	const struct privs_user nobody = { NOBODY, NOBODY };
	char name[NODE_NAME_BYTES] = { 0 };

	if (geteuid() || !privs_drop(&nobody, 0))
		resolve(format, name);
	if (write(fd, name, strlen(name)) < 0)
		_exit(1);
	_exit(0);
}

/* A name is written at once, or not at all. */
static void hear(int fd, char *out)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	ssize_t len = 0;

	if (poll(&wait, 1, NODE_WAIT_MS) > 0)
		len = read(fd, out, NODE_NAME_BYTES - 1);
	out[len > 0 ? len : 0] = '\0';
}

void node_ask(const char *auditd_conf, struct node_answer *out)
{
	struct auditd_conf conf;
	int fds[2];
	pid_t pid;

	*out = (struct node_answer){ 0 };
	read_conf(auditd_conf, &conf);
	out->format = parse_format(conf.format);
	if (!needs_resolver(out->format) || pipe(fds))
		return;
	pid = fork();
	if (!pid)
		run_resolver(out->format, fds[1]);
	close(fds[1]);
	if (pid > 0) {
		hear(fds[0], out->name);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	close(fds[0]);
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
	};
	if (out->format == NODE_USER)
		local = conf.name;
	else if (out->format == NODE_HOSTNAME &&
		 !gethostname(host, sizeof(host) - 1))
		local = host;
	else if (needs_resolver(out->format) && answer->format == out->format)
		local = answer->name;
	out->local = arena_str(arena, str_from(local));
	return out->local.data ? 0 : -ENOMEM;
}
