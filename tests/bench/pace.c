/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Feeds a plugin as auditd does and sees what that costs:
 *
 *   pace [--rate N] [--chunks] [--syslog SOCKET] LOG PROGRAM [ARGUMENT]...
 *
 * --rate    records a second (10000)
 * --chunks  64 KiB a write, in place of one record a write: what the plugin
 *           takes without its wake-ups
 * --syslog  a socket that the program logs to: it is fed once it says there
 *           that its rules run, and its alerts are timed. Without, it is fed
 *           after a second.
 *
 * The program's input is one end of a socket pair. A record that finds the
 * socket full waits, and so do those behind it; if 2000 wait (q_depth of
 * Debian's auditd.conf) they are dropped, as auditd would. The log is to be made
 * with the rate it is fed at (genlog --rate): its times are the program's clock.
 * Prints names and numbers, one a row.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "processes.h"

#define NS 1000000000LL
#define CHUNK (64U << 10)
#define QUEUE 2000
#define ALERTS_MAX 65536
#define READY_TEXT "rules run"
#define READY_NS (30 * NS)
#define QUIET_NS (200000000LL)
#define QUIET_TRIES 300

struct log {
	const char *text;
	size_t len;
};

struct alert {
	uint64_t serial;
	int64_t at;
};

/* What comes on the socket; filled by a thread of its own. */
struct listener {
	int fd; /* -1 = none */
	atomic_bool ready;
	atomic_size_t count;
	struct alert alerts[ALERTS_MAX];
};

struct feed {
	int fd;
	uint64_t rate;
	bool chunks;
	uint64_t records, dropped, waits;
	int64_t began, ended;
	/* when the last record of an event was written, by serial */
	int64_t *written;
	uint64_t serial_max;
};

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "pace: %s: %s\n", what, strerror(errno));
	exit(1);
}

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
		continue;
}

static struct log log_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat about;
	struct log log = { "", 0 };
	void *text;

	if (fd < 0 || fstat(fd, &about))
		fail(path);
	if (about.st_size) {
		text = mmap(NULL, (size_t)about.st_size, PROT_READ,
			    MAP_PRIVATE | MAP_POPULATE, fd, 0);
		if (text == MAP_FAILED)
			fail(path);
		log = (struct log){ text, (size_t)about.st_size };
	}
	close(fd);
	return log;
}

/* --- alerts --------------------------------------------------------------- */

static void listen_on(struct listener *listener, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	listener->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (listener->fd < 0 || strlen(path) >= sizeof(address.sun_path))
		fail(path);
	strcpy(address.sun_path, path);
	if (bind(listener->fd, (struct sockaddr *)&address, sizeof(address)))
		fail(path);
}

/* audit1=1800000000.195:280 */
static void take_alert(struct listener *listener, const char *text, int64_t at)
{
	const char *id = strstr(text, " audit1=");
	size_t count = atomic_load(&listener->count);

	id = id ? strchr(id, ':') : NULL;
	if (!id || count == ALERTS_MAX)
		return;
	listener->alerts[count] =
		(struct alert){ strtoull(id + 1, NULL, 10), at };
	atomic_store(&listener->count, count + 1);
}

static void *listen_all(void *user)
{
	struct listener *listener = user;
	char text[65536];

	for (;;) {
		ssize_t len = recv(listener->fd, text, sizeof(text) - 1, 0);
		int64_t at = now();

		if (len < 0)
			continue;
		text[len] = '\0';
		if (strstr(text, READY_TEXT))
			atomic_store(&listener->ready, true);
		else
			take_alert(listener, text, at);
	}
	return NULL;
}

static int64_t wait_ready(struct listener *listener)
{
	int64_t began = now();

	if (listener->fd < 0) {
		wait_until(began + NS);
		return 0;
	}
	while (!atomic_load(&listener->ready)) {
		if (now() - began > READY_NS) {
			errno = ETIMEDOUT;
			fail("the program is not ready");
		}
		wait_until(now() + NS / 2000);
	}
	return now() - began;
}

/* --- feeding -------------------------------------------------------------- */

/* Writes all of it; false where the program is gone. */
static bool put(struct feed *feed, const char *data, size_t len)
{
	while (len) {
		ssize_t done =
			send(feed->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		struct pollfd fd = { .fd = feed->fd, .events = POLLOUT };

		if (done < 0 && errno == EAGAIN) {
			feed->waits++;
			poll(&fd, 1, -1);
		} else if (done < 0 && errno != EINTR) {
			return false;
		} else if (done > 0) {
			data += done;
			len -= (size_t)done;
		}
	}
	return true;
}

static uint64_t serial_of(const char *line, const char *end)
{
	const char *p = memchr(line, '(', (size_t)(end - line));

	p = p ? memchr(p, ':', (size_t)(end - p)) : NULL;
	return p ? strtoull(p + 1, NULL, 10) : 0;
}

static void note_written(struct feed *feed, uint64_t serial)
{
	if (serial < feed->serial_max)
		feed->written[serial] = now();
}

/* Records of one event are written at once, as the kernel makes them. */
static bool feed_records(struct feed *feed, const struct log *log)
{
	const char *line = log->text, *end = log->text + log->len, *newline;
	uint64_t last = 0, number = 0;

	for (; line < end; line = newline + 1, number++) {
		uint64_t serial, waits = feed->waits;
		int64_t due = feed->began +
			      (int64_t)(number * (uint64_t)NS / feed->rate);

		newline = memchr(line, '\n', (size_t)(end - line));
		if (!newline)
			break;
		serial = serial_of(line, newline);
		if (serial != last && due > now())
			wait_until(due);
		last = serial;
		if (!put(feed, line, (size_t)(newline + 1 - line)))
			return false;
		note_written(feed, serial);
		feed->records++;
		if (feed->waits == waits)
			continue;
		/* what came meanwhile and found no room in the queue */
		for (due = (now() - feed->began) / (NS / (int64_t)feed->rate);
		     newline + 1 < end && (int64_t)number + QUEUE < due;
		     number++, feed->dropped++) {
			const char *next = memchr(newline + 1, '\n',
						  (size_t)(end - newline - 1));

			if (!next)
				break;
			newline = next;
		}
	}
	return true;
}

static bool feed_chunks(struct feed *feed, const struct log *log)
{
	uint64_t lines = 0;
	size_t at = 0;

	while (at < log->len) {
		size_t len = log->len - at < CHUNK ? log->len - at : CHUNK;

		wait_until(feed->began +
			   (int64_t)(lines * (uint64_t)NS / feed->rate));
		if (!put(feed, log->text + at, len))
			return false;
		for (size_t i = 0; i < len; i++)
			lines += log->text[at + i] == '\n';
		at += len;
	}
	feed->records = lines;
	return true;
}

static void feed_all(struct feed *feed, const struct log *log)
{
	bool done;

	feed->serial_max = log->len / 64 + 2;
	feed->written = calloc(feed->serial_max, sizeof(*feed->written));
	if (!feed->written)
		fail("memory");
	feed->began = now();
	done = feed->chunks ? feed_chunks(feed, log) : feed_records(feed, log);
	feed->ended = now();
	if (!done)
		fail("the program went away");
}

/* --- the program ---------------------------------------------------------- */

static pid_t start(char **argv, int *input)
{
	int ends[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t pid;

	if (null < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		fail("socketpair");
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (!pid) {
		dup2(ends[0], STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(ends[0]);
	*input = ends[1];
	return pid;
}

/* Until what is still under way is done: it takes no more time. */
static struct usage wait_quiet(const struct processes *processes)
{
	struct usage before, after = processes_usage(processes);

	for (int tries = 0; tries < QUIET_TRIES; tries++) {
		before = after;
		wait_until(now() + QUIET_NS);
		after = processes_usage(processes);
		if (after.cpu_ns - before.cpu_ns < QUIET_NS / 100)
			break;
	}
	return after;
}

/* --- report --------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void report_lag(struct listener *listener, const struct feed *feed)
{
	static int64_t lags[ALERTS_MAX];
	size_t count = atomic_load(&listener->count), known = 0;

	for (size_t i = 0; i < count; i++) {
		const struct alert *alert = &listener->alerts[i];

		if (alert->serial < feed->serial_max &&
		    feed->written[alert->serial])
			lags[known++] =
				alert->at - feed->written[alert->serial];
	}
	printf("alerts %zu\n", known);
	if (!known)
		return;
	qsort(lags, known, sizeof(*lags), by_size);
	printf("lag_p50_ms %.1f\nlag_p99_ms %.1f\nlag_max_ms %.1f\n",
	       (double)lags[known / 2] / 1e6,
	       (double)lags[(known - 1) * 99 / 100] / 1e6,
	       (double)lags[known - 1] / 1e6);
}

static void report(const struct processes *processes, const struct feed *feed,
		   const struct usage *before, const struct usage *after)
{
	double seconds = (double)(feed->ended - feed->began) / 1e9;
	double cpu = (double)(after->cpu_ns - before->cpu_ns) / 1e9;

	printf("processes %zu\nrecords %llu\nseconds %.3f\ncpu_s %.6f\n",
	       processes->count, (unsigned long long)feed->records, seconds,
	       cpu);
	if (feed->records)
		printf("core_percent %.2f\nswitches_s %.0f\n",
		       100 * cpu / seconds,
		       (double)(after->switches - before->switches) / seconds);
	printf("queue_dropped %llu\nqueue_waits %llu\n",
	       (unsigned long long)feed->dropped,
	       (unsigned long long)feed->waits);
	for (size_t i = 0; i < processes->count; i++)
		printf("rss%zu_kib %ld\npss%zu_kib %ld\npeak%zu_kib %ld\n", i,
		       after->memory[i].rss, i, after->memory[i].pss, i,
		       after->memory[i].peak);
}

static void run(struct feed *feed, struct listener *listener, char **argv)
{
	struct log log = log_open(argv[0]);
	struct processes processes;
	struct usage before, after;
	pthread_t thread;
	int status;
	pid_t pid;

	if (listener->fd >= 0 &&
	    pthread_create(&thread, NULL, listen_all, listener))
		fail("thread");
	pid = start(argv + 1, &feed->fd);
	printf("ready_ms %.1f\n", (double)wait_ready(listener) / 1e6);
	processes_find(pid, &processes);
	before = wait_quiet(&processes);
	printf("start_cpu_s %.6f\n", (double)before.cpu_ns / 1e9);
	feed_all(feed, &log);
	after = wait_quiet(&processes);
	report(&processes, feed, &before, &after);
	report_lag(listener, feed);
	free(feed->written);
	close(feed->fd);
	if (waitpid(pid, &status, 0) != pid || status) {
		errno = ECHILD;
		fail("the program ended badly");
	}
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "rate", required_argument, NULL, 'r' },
		{ "chunks", no_argument, NULL, 'c' },
		{ "syslog", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	static struct listener listener = { .fd = -1 };
	struct feed feed = { .rate = 10000 };
	int c;

	while ((c = getopt_long(argc, argv, "+", longs, NULL)) != -1) {
		if (c == 'r')
			feed.rate = strtoull(optarg, NULL, 10);
		else if (c == 'c')
			feed.chunks = true;
		else if (c == 's')
			listen_on(&listener, optarg);
		else
			return 2;
	}
	if (argc - optind < 2 || !feed.rate || feed.rate > (uint64_t)NS) {
		fputs("see the head of tests/bench/pace.c\n", stderr);
		return 2;
	}
	prctl(PR_SET_TIMERSLACK, 1UL);
	run(&feed, &listener, argv + optind);
	return fflush(stdout) || ferror(stdout);
}
