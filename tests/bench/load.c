/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One kind of work, as fast as it goes or at a rate, for kernel.sh:
 *
 *	load exec|open|connect SECONDS RATE	RATE 0 = as fast as it goes
 *	load http SECONDS RATE ADDRESS PORT	one kept connection, GET /
 *
 * Prints requests a second, and of their latencies in microseconds the median
 * and the 99th percentile. At a rate, latency counts from when a request was
 * due, so that waiting behind a slow one is not forgiven. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REQUESTS_MAX 4000000
#define OPENS 10 /* of one request; the last one creates a file */
#define NS 1000000000LL

extern char **environ;

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS + t.tv_nsec;
}

static void wait_until(int64_t when)
{
	struct timespec t = { when / NS, when % NS };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) ==
	       EINTR)
		;
}

static int request_exec(const struct sockaddr_in *server)
{
	char name[] = "true", *argv[] = { name, NULL };
	int status = 1;
	pid_t pid;

	(void)server;
	if (posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ) ||
	    waitpid(pid, &status, 0) != pid)
		return -1;
	return status ? -1 : 0;
}

static int request_open(const struct sockaddr_in *server)
{
	(void)server;
	for (int i = 0; i < OPENS; i++) {
		int fd = i < OPENS - 1
				 ? open("/etc/passwd", O_RDONLY | O_CLOEXEC)
				 : open("load.tmp",
					O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

		if (fd < 0)
			return -1;
		close(fd);
	}
	return unlink("load.tmp");
}

/* A reset at the end leaves no port waiting. */
static int request_connect(const struct sockaddr_in *server)
{
	const struct linger reset = { .l_onoff = 1 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char byte = 'x';
	int ok;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	ok = connect(fd, (const struct sockaddr *)server, sizeof(*server)) ==
		     0 &&
	     write(fd, &byte, 1) == 1 && read(fd, &byte, 1) == 1;
	close(fd);
	return ok ? 0 : -1;
}

/* The length of a response, head and body; 0 = its head is not whole. */
static size_t response_len(const char *text)
{
	static const char name[] = "Content-Length:";
	const char *end = strstr(text, "\r\n\r\n");
	const char *body = strcasestr(text, name);

	if (!end || !body || body > end)
		return 0;
	return (size_t)(end + 4 - text) +
	       strtoul(body + sizeof(name) - 1, NULL, 10);
}

/* The connection is kept: what is connected anew for each request is what the
 * server asks. */
static int request_http(const struct sockaddr_in *server)
{
	static const char get[] = "GET / HTTP/1.1\r\nHost: load\r\n\r\n";
	static int fd = -1;
	char text[16384];
	size_t len = 0, whole = 0;

	if (fd < 0) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0 || connect(fd, (const struct sockaddr *)server,
				      sizeof(*server)))
			return -1;
	}
	if (write(fd, get, sizeof(get) - 1) != (ssize_t)sizeof(get) - 1)
		return -1;
	while (!whole || len < whole) {
		ssize_t got = read(fd, text + len, sizeof(text) - 1 - len);

		if (got <= 0)
			return -1;
		len += (size_t)got;
		text[len] = '\0';
		whole = response_len(text);
	}
	return strncmp(text, "HTTP/1.1 200 ", 13) ? -1 : 0;
}

static void serve(int listener)
{
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		char byte;

		if (fd < 0)
			continue;
		while (read(fd, &byte, 1) == 1 && write(fd, &byte, 1) == 1)
			;
		close(fd);
	}
}

/* A server of one thread on a free port of loopback: its process, or -1. */
static pid_t server_start(struct sockaddr_in *server)
{
	socklen_t size = sizeof(*server);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	pid_t pid;

	server->sin_family = AF_INET;
	server->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)server, size) ||
	    listen(fd, 128) ||
	    getsockname(fd, (struct sockaddr *)server, &size))
		return -1;
	pid = fork();
	if (pid == 0) {
		signal(SIGPIPE, SIG_IGN);
		serve(fd);
	}
	close(fd);
	return pid;
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int run(int (*request)(const struct sockaddr_in *),
	       const struct sockaddr_in *server, int64_t seconds, int64_t rate)
{
	uint32_t *took = calloc(REQUESTS_MAX, sizeof(*took));
	int64_t start = now(), end = start + seconds * NS, done = start;
	size_t n = 0;

	if (!took)
		return 1;
	while (done < end && n < REQUESTS_MAX) {
		int64_t due = done;

		if (rate) {
			due = start + (int64_t)n * NS / rate;
			if (due >= end)
				break;
			wait_until(due);
		}
		if (request(server)) {
			perror("load");
			free(took);
			return 1;
		}
		done = now();
		took[n++] = (uint32_t)((done - due) / 1000);
	}
	qsort(took, n, sizeof(*took), by_size);
	printf("%.1f %u %u\n", (double)n * NS / (double)(done - start),
	       took[n / 2], took[n * 99 / 100]);
	free(took);
	return 0;
}

/* ADDRESS PORT of a server that runs. */
static int run_http(char **args, int64_t seconds, int64_t rate)
{
	struct sockaddr_in server = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(args[1])),
	};

	if (inet_pton(AF_INET, args[0], &server.sin_addr) != 1) {
		fprintf(stderr, "load: %s is no address\n", args[0]);
		return 2;
	}
	return run(request_http, &server, seconds, rate);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*request)(const struct sockaddr_in *);
	} kinds[] = { { "exec", request_exec },
		      { "open", request_open },
		      { "connect", request_connect } };
	struct sockaddr_in server = { 0 };
	int64_t seconds = argc >= 4 ? atoll(argv[2]) : 0;

	if (seconds > 0 && argc == 6 && !strcmp(argv[1], "http"))
		return run_http(argv + 4, seconds, atoll(argv[3]));

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		pid_t pid;
		int status;

		if (seconds < 1 || argc != 4 || strcmp(argv[1], kinds[i].name))
			continue;
		pid = server_start(&server);
		if (pid < 0) {
			perror("load: server");
			return 1;
		}
		status =
			run(kinds[i].request, &server, seconds, atoll(argv[3]));
		kill(pid, SIGKILL);
		return status;
	}
	fprintf(stderr, "Usage: load exec|open|connect SECONDS RATE\n"
			"       load http SECONDS RATE ADDRESS PORT\n");
	return 2;
}
