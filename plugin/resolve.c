/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * This host's name, where auditd has asked the resolver for it. What comes from
 * the network is parsed in a process that can do nothing else, and nobody waits
 * for it longer than NODE_WAIT_MS: not the keeper, who has not read yet.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node.h"
#include "privs.h"

static bool needs_resolver(enum node_format format)
{
	return format == NODE_FQD || format == NODE_NUMERIC;
}

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
	const struct privs_user nobody = { PRIVS_NOBODY, PRIVS_NOBODY };
	char name[NODE_NAME_BYTES] = { 0 };

	/* nor has it auditd's records, and the kernel's audit, in hand */
	if (dup2(fd, STDIN_FILENO) < 0)
		_exit(1);
	privs_close_inherited();
	if (geteuid() || !privs_drop(&nobody, 0))
		resolve(format, name);
	if (write(STDIN_FILENO, name, strlen(name)) < 0)
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
	int fds[2];
	pid_t pid;

	*out = (struct node_answer){ .format = node_format_of(auditd_conf) };
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
