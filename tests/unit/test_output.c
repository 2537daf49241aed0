/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Outputs against daemons that are absent, restarted or stuck, and files that
 * are moved, removed or full. The daemons are sockets of our own in a directory
 * of our own.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <audisp-eql/output.h>

#include "limits.h"
#include "output/syslog.h"
#include "util/log.h"
#include "util/strbuf.h"

struct fixture {
	char directory[64];
	char socket[96], file[96];
	struct output_config config;
	struct outputs *outputs;
	struct log log;
	pthread_mutex_t lock; /* of said */
	struct strbuf said;
};

static void note(void *user, int priority, struct str text)
{
	struct fixture *fixture = user;

	pthread_mutex_lock(&fixture->lock);
	strbuf_printf(&fixture->said, "%d %.*s\n", priority, STR_ARG(text));
	pthread_mutex_unlock(&fixture->lock);
}

/* How often a notice was given that has these words. */
static int said(struct fixture *fixture, const char *words)
{
	int count = 0;

	pthread_mutex_lock(&fixture->lock);
	strbuf_add_char(&fixture->said, '\0');
	for (const char *p = fixture->said.data; (p = strstr(p, words)); p++)
		count++;
	fixture->said.len--;
	pthread_mutex_unlock(&fixture->lock);
	return count;
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	strcpy(fixture->directory, "/tmp/test_output.XXXXXX");
	if (!mkdtemp(fixture->directory))
		return -1;
	snprintf(fixture->socket, sizeof(fixture->socket), "%s/log",
		 fixture->directory);
	snprintf(fixture->file, sizeof(fixture->file), "%s/alerts.ndjson",
		 fixture->directory);
	pthread_mutex_init(&fixture->lock, NULL);
	fixture->log = (struct log){ note, fixture };
	fixture->config = (struct output_config){
		.syslog_socket = fixture->socket,
		.syslog_facility = LOG_AUTHPRIV,
		.log = &fixture->log,
	};
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	DIR *directory;
	struct dirent *entry;

	outputs_free(&fixture->outputs);
	directory = opendir(fixture->directory);
	while (directory && (entry = readdir(directory)))
		unlinkat(dirfd(directory), entry->d_name, 0);
	if (directory)
		closedir(directory);
	rmdir(fixture->directory);
	pthread_mutex_destroy(&fixture->lock);
	strbuf_free(&fixture->said);
	free(fixture);
	return 0;
}

static void start(struct fixture *fixture)
{
	assert_int_equal(outputs_new(&fixture->config, &fixture->outputs), 0);
}

static int put(struct fixture *fixture, const char *text)
{
	struct rendered alert = {
		.priority = LOG_WARNING,
		.json = str_from(text),
		.text = str_from(text),
		.cee = STR("@cee: {}"),
		.journal = STR("MESSAGE=x\nPRIORITY=4\n"),
	};

	return outputs_put(fixture->outputs, &alert);
}

/* Puts it and waits until it has been written or given up. */
static void deliver(struct fixture *fixture, const char *text)
{
	assert_int_equal(put(fixture, text), 0);
	assert_true(outputs_drain(fixture->outputs, 5000));
}

static struct output_stats stats(struct fixture *fixture)
{
	struct output_stats out;

	outputs_stats(fixture->outputs, &out);
	return out;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* --- daemons ---------------------------------------------------------------- */

static int listen_as(struct fixture *fixture, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, fixture->socket);
	unlink(fixture->socket);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)),
			 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 5), 0);
	return fd;
}

/* What comes within a second; -1 = nothing. */
static ssize_t receive(int fd, char *out, size_t size)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	ssize_t n;

	if (poll(&poll_fd, 1, 1000) != 1)
		return -1;
	n = recv(fd, out, size - 1, 0);
	if (n >= 0)
		out[n] = '\0';
	return n;
}

static void assert_received(int fd, const char *text)
{
	char out[16384], *colon;

	assert_true(receive(fd, out, sizeof(out)) > 0);
	/* authpriv.warning */
	assert_memory_equal(out, "<84>", 4);
	colon = strstr(out, "]: ");
	assert_non_null(colon);
	assert_non_null(strstr(out, " audisp-eql["));
	assert_string_equal(colon + 3, text);
}

/* Sends until the daemon's queue is full. */
static int fill(struct fixture *fixture)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, fixture->socket);
	assert_int_equal(
		connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	while (send(fd, "x", 1, MSG_DONTWAIT) == 1)
		;
	assert_int_equal(errno, EAGAIN);
	return fd;
}

static void empty(int fd)
{
	char out[16384];

	while (recv(fd, out, sizeof(out), MSG_DONTWAIT) > 0)
		;
}

static char *contents(const char *path)
{
	static char text[65536];
	int fd = open(path, O_RDONLY);
	ssize_t n;

	assert_true(fd >= 0);
	n = read(fd, text, sizeof(text) - 1);
	assert_true(n >= 0);
	text[n] = '\0';
	close(fd);
	return text;
}

/* --- syslog ----------------------------------------------------------------- */

static void test_syslog_format(void **state)
{
	struct syslog_header header = { LOG_AUTHPRIV | LOG_ALERT, 1795487386,
					4711 };
	struct strbuf out = STRBUF_INIT(0);

	(void)state;
	setenv("TZ", "UTC-2", 1);
	tzset();
	syslog_format(&header, STR("text"), &out);
	assert_true(
		str_equal(strbuf_str(&out),
			  STR("<81>Nov 24 04:29:46 audisp-eql[4711]: text")));
	strbuf_reset(&out);
	header.when = 1793491200 + 86400;
	syslog_format(&header, STR(""), &out);
	assert_true(str_equal(strbuf_str(&out),
			      STR("<81>Nov  2 02:00:00 audisp-eql[4711]: ")));
	strbuf_free(&out);
	unsetenv("TZ");
	tzset();
}

static void test_syslog(void **state)
{
	struct fixture *fixture = *state;
	int fd = listen_as(fixture, SOCK_DGRAM);

	fixture->config.syslog = OUTPUT_SYSLOG_YES;
	start(fixture);
	deliver(fixture, "ALERT one");
	deliver(fixture, "ALERT two");
	assert_received(fd, "ALERT one");
	assert_received(fd, "ALERT two");
	assert_int_equal(stats(fixture).delivered, 2);
	assert_int_equal(stats(fixture).failed, 0);
	close(fd);
}

/* What is only observed is for the file alone. */
static void test_observed(void **state)
{
	struct fixture *fixture = *state;
	int fd = listen_as(fixture, SOCK_DGRAM);
	const struct rendered alert = {
		.priority = LOG_WARNING,
		.observed = true,
		.json = STR("{\"a\":1}"),
		.text = STR("OBSERVED-ALERT"),
		.cee = STR("@cee: {}"),
		.journal = STR("MESSAGE=x\nPRIORITY=4\n"),
	};

	fixture->config.syslog = OUTPUT_SYSLOG_YES;
	fixture->config.json_file = fixture->file;
	start(fixture);
	assert_int_equal(outputs_put(fixture->outputs, &alert), 0);
	deliver(fixture, "ALERT");
	assert_received(fd, "ALERT");
	assert_string_equal(contents(fixture->file), "{\"a\":1}\nALERT\n");
	assert_int_equal(stats(fixture).delivered, 3);
	assert_int_equal(stats(fixture).failed, 0);
	close(fd);
}

static void test_syslog_cee(void **state)
{
	struct fixture *fixture = *state;
	int fd = listen_as(fixture, SOCK_DGRAM);

	fixture->config.syslog = OUTPUT_SYSLOG_YES;
	fixture->config.syslog_cee = true;
	start(fixture);
	deliver(fixture, "ALERT one");
	assert_received(fd, "@cee: {}");
	close(fd);
}

/* No daemon yet: told once, counted each time, and it works once it is there. */
static void test_syslog_absent(void **state)
{
	struct fixture *fixture = *state;
	int fd;

	fixture->config.syslog = OUTPUT_SYSLOG_YES;
	start(fixture);
	deliver(fixture, "ALERT one");
	deliver(fixture, "ALERT two");
	assert_int_equal(stats(fixture).failed, 2);
	assert_int_equal(said(fixture, "output syslog: No such file"), 1);
	fd = listen_as(fixture, SOCK_DGRAM);
	deliver(fixture, "ALERT three");
	assert_received(fd, "ALERT three");
	deliver(fixture, "ALERT four");
	assert_received(fd, "ALERT four");
	assert_int_equal(said(fixture, "works again, 2 alerts"), 1);
	assert_int_equal(said(fixture, "output syslog"), 2);
	close(fd);
}

static void test_syslog_restarted(void **state)
{
	struct fixture *fixture = *state;
	int fd = listen_as(fixture, SOCK_DGRAM);

	fixture->config.syslog = OUTPUT_SYSLOG_YES;
	start(fixture);
	deliver(fixture, "ALERT one");
	close(fd);
	fd = listen_as(fixture, SOCK_DGRAM);
	deliver(fixture, "ALERT two");
	assert_received(fd, "ALERT two");
	assert_int_equal(stats(fixture).failed, 0);
	/* gone for good */
	close(fd);
	deliver(fixture, "ALERT three");
	assert_int_equal(stats(fixture).failed, 1);
	assert_int_equal(said(fixture, "output syslog: Connection refused"), 1);
}

/* A stuck daemon costs one wait, and the file notices nothing. */
static void test_syslog_full(void **state)
{
	struct fixture *fixture = *state;
	int fd = listen_as(fixture, SOCK_DGRAM), filler = fill(fixture);
	int64_t begin;

	fixture->config.syslog = OUTPUT_SYSLOG_YES;
	fixture->config.json_file = fixture->file;
	start(fixture);
	begin = now_ms();
	for (int i = 0; i < 20; i++)
		assert_int_equal(put(fixture, "ALERT"), 0);
	assert_true(now_ms() - begin < 500);
	assert_true(outputs_drain(fixture->outputs, 5000));
	assert_true(now_ms() - begin >= 900);
	assert_true(now_ms() - begin < 3000);
	assert_int_equal(stats(fixture).failed, 20);
	assert_int_equal(stats(fixture).delivered, 20);
	assert_int_equal(said(fixture, "output syslog"), 1);
	empty(fd);
	deliver(fixture, "ALERT last");
	assert_received(fd, "ALERT last");
	assert_int_equal(said(fixture, "works again, 20 alerts"), 1);
	close(filler);
	close(fd);
}

/* A slow daemon is waited for. */
static void *empty_later(void *user)
{
	usleep(300000);
	empty(*(int *)user);
	return NULL;
}

static void test_syslog_slow(void **state)
{
	struct fixture *fixture = *state;
	int fd = listen_as(fixture, SOCK_DGRAM), filler = fill(fixture);
	pthread_t thread;

	fixture->config.syslog = OUTPUT_SYSLOG_YES;
	start(fixture);
	assert_int_equal(pthread_create(&thread, NULL, empty_later, &fd), 0);
	deliver(fixture, "ALERT");
	pthread_join(thread, NULL);
	assert_int_equal(stats(fixture).delivered, 1);
	close(filler);
	close(fd);
}

static void test_syslog_stream(void **state)
{
	struct fixture *fixture = *state;
	int listener = listen_as(fixture, SOCK_STREAM), fd;
	char out[256];
	ssize_t n;

	fixture->config.syslog = OUTPUT_SYSLOG_YES;
	start(fixture);
	fd = accept(listener, NULL, NULL);
	deliver(fixture, "ALERT one");
	n = receive(fd, out, sizeof(out));
	assert_true(n > 0);
	/* a NUL ends it */
	assert_int_equal(strlen(out), n - 1);
	assert_non_null(strstr(out, "]: ALERT one"));
	/* the daemon hangs up: the next one comes by a new connection */
	close(fd);
	deliver(fixture, "ALERT two");
	fd = accept(listener, NULL, NULL);
	assert_true(receive(fd, out, sizeof(out)) > 0);
	assert_non_null(strstr(out, "]: ALERT two"));
	close(fd);
	close(listener);
}

static void test_notice(void **state)
{
	struct fixture *fixture = *state;
	struct syslog_writer *writer;
	int fd, filler;
	char path[200];
	int64_t begin;

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(syslog_new(path, LOG_DAEMON, &writer), -ENAMETOOLONG);
	assert_int_equal(syslog_new(fixture->socket, LOG_AUTHPRIV, &writer), 0);
	/* nobody there, then somebody, then somebody who does not read */
	syslog_notice(writer, LOG_WARNING, STR("lost"));
	fd = listen_as(fixture, SOCK_DGRAM);
	syslog_notice(writer, LOG_WARNING, STR("found"));
	assert_received(fd, "found");
	filler = fill(fixture);
	begin = now_ms();
	syslog_notice(writer, LOG_WARNING, STR("lost"));
	assert_true(now_ms() - begin < 100);
	empty(fd);
	syslog_notice(writer, LOG_WARNING, STR("again"));
	assert_received(fd, "again");
	syslog_free(&writer);
	syslog_free(&writer);
	close(filler);
	close(fd);
}

/* No more than a daemon takes, whatever is asked. */
static void test_syslog_limit(void **state)
{
	struct fixture *fixture = *state;
	static char text[LIMIT_SYSLOG_BYTES + 2], out[16384];
	int fd = listen_as(fixture, SOCK_DGRAM);

	memset(text, 'a', sizeof(text) - 1);
	fixture->config.syslog = OUTPUT_SYSLOG_YES;
	start(fixture);
	deliver(fixture, text);
	assert_true(receive(fd, out, sizeof(out)) > 0);
	assert_int_equal(strlen(strstr(out, "]: ") + 3), LIMIT_SYSLOG_BYTES);
	deliver(fixture, text + 1);
	assert_true(receive(fd, out, sizeof(out)) > 0);
	assert_int_equal(strlen(strstr(out, "]: ") + 3), LIMIT_SYSLOG_BYTES);
	close(fd);
}

static void test_journal(void **state)
{
	struct fixture *fixture = *state;
	int fd = listen_as(fixture, SOCK_DGRAM);
	char out[256];

	fixture->config.syslog = OUTPUT_SYSLOG_JOURNAL;
	start(fixture);
	deliver(fixture, "ALERT");
	assert_true(receive(fd, out, sizeof(out)) > 0);
	assert_string_equal(out, "MESSAGE=x\nPRIORITY=4\n");
	/* journald restarts */
	close(fd);
	fd = listen_as(fixture, SOCK_DGRAM);
	deliver(fixture, "ALERT");
	assert_true(receive(fd, out, sizeof(out)) > 0);
	assert_int_equal(stats(fixture).delivered, 2);
	assert_int_equal(stats(fixture).failed, 0);
	close(fd);
}

/* --- the file --------------------------------------------------------------- */

static void start_file(struct fixture *fixture)
{
	fixture->config.json_file = fixture->file;
	start(fixture);
}

static void test_file(void **state)
{
	struct fixture *fixture = *state;
	struct stat st;

	umask(022);
	start_file(fixture);
	deliver(fixture, "{\"a\":1}");
	deliver(fixture, "{\"a\":2}");
	assert_string_equal(contents(fixture->file), "{\"a\":1}\n{\"a\":2}\n");
	assert_int_equal(stat(fixture->file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
}

static void test_file_rotated(void **state)
{
	struct fixture *fixture = *state;
	char moved[128];

	snprintf(moved, sizeof(moved), "%s.1", fixture->file);
	start_file(fixture);
	deliver(fixture, "one");
	assert_int_equal(rename(fixture->file, moved), 0);
	deliver(fixture, "two");
	assert_string_equal(contents(moved), "one\n");
	assert_string_equal(contents(fixture->file), "two\n");
	/* moved, and another one already in its place */
	assert_int_equal(rename(fixture->file, moved), 0);
	close(open(fixture->file, O_CREAT | O_WRONLY, 0600));
	deliver(fixture, "three");
	assert_string_equal(contents(fixture->file), "three\n");
	assert_int_equal(unlink(fixture->file), 0);
	deliver(fixture, "four");
	assert_string_equal(contents(fixture->file), "four\n");
	/* truncated in place */
	assert_int_equal(truncate(fixture->file, 0), 0);
	deliver(fixture, "five");
	assert_string_equal(contents(fixture->file), "five\n");
	assert_int_equal(stats(fixture).failed, 0);
}

static void test_file_no_directory(void **state)
{
	struct fixture *fixture = *state;
	char directory[128], path[160];

	snprintf(directory, sizeof(directory), "%s/absent", fixture->directory);
	snprintf(path, sizeof(path), "%s/alerts", directory);
	fixture->config.json_file = path;
	start(fixture);
	deliver(fixture, "one");
	deliver(fixture, "two");
	assert_int_equal(said(fixture, "output json_file: No such file"), 1);
	assert_int_equal(stats(fixture).failed, 2);
	assert_int_equal(mkdir(directory, 0700), 0);
	deliver(fixture, "three");
	assert_string_equal(contents(path), "three\n");
	assert_int_equal(said(fixture, "works again, 2 alerts"), 1);
	/* and gone again under the open file */
	unlink(path);
	rmdir(directory);
	deliver(fixture, "four");
	assert_int_equal(stats(fixture).failed, 3);
	assert_int_equal(said(fixture, "output json_file: No such file"), 2);
}

/* A link in its place is not followed, a pipe is not waited for. */
static void test_file_replaced(void **state)
{
	struct fixture *fixture = *state;
	char victim[128];

	snprintf(victim, sizeof(victim), "%s/victim", fixture->directory);
	start_file(fixture);
	deliver(fixture, "one");
	unlink(fixture->file);
	assert_int_equal(symlink(victim, fixture->file), 0);
	deliver(fixture, "two");
	assert_int_equal(stats(fixture).failed, 1);
	assert_int_equal(access(victim, F_OK), -1);
	unlink(fixture->file);
	assert_int_equal(mkfifo(fixture->file, 0600), 0);
	deliver(fixture, "three");
	assert_int_equal(stats(fixture).failed, 2);
	unlink(fixture->file);
	deliver(fixture, "four");
	assert_string_equal(contents(fixture->file), "four\n");
}

/* No room in the middle of a line: what follows has a line of its own. */
static void test_file_short_write(void **state)
{
	struct fixture *fixture = *state;
	struct rlimit before, limit;
	int part;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	start_file(fixture);
	deliver(fixture, "0123456789");
	limit.rlim_cur = 16;
	setrlimit(RLIMIT_FSIZE, &limit);
	part = put(fixture, "abcdefghij");
	outputs_drain(fixture->outputs, 5000);
	deliver(fixture, "lost");
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(part, 0);
	assert_int_equal(stats(fixture).failed, 2);
	assert_int_equal(said(fixture, "output json_file: File too large"), 1);
	deliver(fixture, "whole");
	assert_string_equal(contents(fixture->file),
			    "0123456789\nabcde\nwhole\n");
	deliver(fixture, "next");
	assert_string_equal(contents(fixture->file),
			    "0123456789\nabcde\nwhole\nnext\n");
}

/* The same, and the one who left it like that was another process. */
static void test_file_torn_before(void **state)
{
	struct fixture *fixture = *state;
	int fd = open(fixture->file, O_CREAT | O_WRONLY, 0600);

	assert_int_equal(write(fd, "torn", 4), 4);
	close(fd);
	start_file(fixture);
	deliver(fixture, "whole");
	assert_string_equal(contents(fixture->file), "torn\nwhole\n");
	outputs_free(&fixture->outputs);
	start(fixture);
	deliver(fixture, "next");
	assert_string_equal(contents(fixture->file), "torn\nwhole\nnext\n");
}

static void test_file_no_space(void **state)
{
	struct fixture *fixture = *state;
	int fd = listen_as(fixture, SOCK_DGRAM);

	fixture->config.json_file = "/dev/full";
	fixture->config.syslog = OUTPUT_SYSLOG_YES;
	start(fixture);
	deliver(fixture, "ALERT one");
	deliver(fixture, "ALERT two");
	assert_int_equal(said(fixture, "output json_file: No space left"), 1);
	assert_received(fd, "ALERT one");
	assert_received(fd, "ALERT two");
	assert_int_equal(stats(fixture).failed, 2);
	assert_int_equal(stats(fixture).delivered, 2);
	close(fd);
}

/* --- the queue -------------------------------------------------------------- */

/* A writer that waits for a stuck daemon: the queue fills behind it. */
static void test_queue_count(void **state)
{
	struct fixture *fixture = *state;
	int fd = listen_as(fixture, SOCK_DGRAM), filler = fill(fixture);

	fixture->config.syslog = OUTPUT_SYSLOG_YES;
	start(fixture);
	for (int i = 0; i < LIMIT_OUTPUT_QUEUE; i++)
		assert_int_equal(put(fixture, "ALERT"), 0);
	assert_int_equal(put(fixture, "ALERT"), -ENOBUFS);
	assert_int_equal(stats(fixture).queued, LIMIT_OUTPUT_QUEUE);
	assert_int_equal(stats(fixture).dropped, 1);
	assert_true(outputs_drain(fixture->outputs, 5000));
	assert_int_equal(put(fixture, "ALERT"), 0);
	close(filler);
	close(fd);
}

static void test_queue_bytes(void **state)
{
	struct fixture *fixture = *state;
	struct rendered large = { .priority = LOG_WARNING };
	char *text = malloc(LIMIT_OUTPUT_QUEUE_BYTES);

	memset(text, 'a', LIMIT_OUTPUT_QUEUE_BYTES);
	fixture->config.json_file = "/dev/null";
	start(fixture);
	large.json = (struct str){ text, LIMIT_OUTPUT_QUEUE_BYTES };
	assert_int_equal(outputs_put(fixture->outputs, &large), -ENOBUFS);
	large.json.len -= 256;
	assert_int_equal(outputs_put(fixture->outputs, &large), 0);
	assert_true(outputs_drain(fixture->outputs, 5000));
	/* forms nobody writes take no room */
	large.journal = large.cee = large.text = large.json;
	assert_int_equal(outputs_put(fixture->outputs, &large), 0);
	assert_true(outputs_drain(fixture->outputs, 5000));
	assert_int_equal(stats(fixture).delivered, 2);
	assert_int_equal(stats(fixture).dropped, 1);
	free(text);
}

/* The end does not wait for ever. */
static void test_free_stuck(void **state)
{
	struct fixture *fixture = *state;
	int fd = listen_as(fixture, SOCK_DGRAM), filler = fill(fixture);
	int64_t begin = now_ms();

	fixture->config.syslog = OUTPUT_SYSLOG_YES;
	start(fixture);
	assert_int_equal(put(fixture, "ALERT"), 0);
	assert_false(outputs_drain(fixture->outputs, 50));
	assert_true(now_ms() - begin < 500);
	outputs_free(&fixture->outputs);
	assert_null(fixture->outputs);
	assert_true(now_ms() - begin < 3000);
	outputs_free(&fixture->outputs);
	close(filler);
	close(fd);
}

static void test_no_output(void **state)
{
	struct fixture *fixture = *state;

	fixture->config.json_file = "";
	start(fixture);
	deliver(fixture, "ALERT");
	assert_int_equal(stats(fixture).queued, 1);
	assert_int_equal(stats(fixture).failed, 0);
}

/* Every thread but this one blocks the signals the plugin lives by. */
static void test_signals(void **state)
{
	struct fixture *fixture = *state;
	DIR *tasks;
	struct dirent *entry;
	int others = 0;

	start(fixture);
	deliver(fixture, "ALERT");
	tasks = opendir("/proc/self/task");
	assert_non_null(tasks);
	while ((entry = readdir(tasks))) {
		unsigned long long blocked = 0;
		char path[300], *found;

		if (entry->d_name[0] == '.' || atoi(entry->d_name) == getpid())
			continue;
		snprintf(path, sizeof(path), "/proc/self/task/%s/status",
			 entry->d_name);
		found = strstr(contents(path), "SigBlk:");
		assert_non_null(found);
		assert_int_equal(sscanf(found, "SigBlk: %llx", &blocked), 1);
		/* a sanitizer's own thread blocks less */
		if (blocked >> (SIGTERM - 1) & blocked >> (SIGHUP - 1) &
		    blocked >> (SIGUSR1 - 1) & 1)
			others++;
	}
	closedir(tasks);
	assert_true(others >= 1);
}

/* Many threads put at once, none is lost. */
static void *put_many(void *user)
{
	struct fixture *fixture = user;

	for (int i = 0; i < 50; i++)
		while (put(fixture, "{\"a\":1}"))
			usleep(1000);
	return NULL;
}

static void test_threads(void **state)
{
	struct fixture *fixture = *state;
	int fd = listen_as(fixture, SOCK_DGRAM), lines = 0;
	pthread_t threads[4];

	fixture->config.syslog = OUTPUT_SYSLOG_YES;
	start_file(fixture);
	for (int i = 0; i < 4; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, put_many, fixture),
			0);
	for (int i = 0; i < 4; i++) {
		empty(fd);
		pthread_join(threads[i], NULL);
	}
	assert_true(outputs_drain(fixture->outputs, 10000));
	for (char *p = contents(fixture->file); (p = strchr(p, '\n')); p++)
		lines++;
	assert_int_equal(lines, 200);
	assert_int_equal(stats(fixture).queued, 200);
	close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_syslog_format),
		TEST(test_syslog),
		TEST(test_observed),
		TEST(test_syslog_cee),
		TEST(test_syslog_absent),
		TEST(test_syslog_restarted),
		TEST(test_syslog_full),
		TEST(test_syslog_slow),
		TEST(test_syslog_stream),
		TEST(test_syslog_limit),
		TEST(test_notice),
		TEST(test_journal),
		TEST(test_file),
		TEST(test_file_rotated),
		TEST(test_file_no_directory),
		TEST(test_file_replaced),
		TEST(test_file_short_write),
		TEST(test_file_torn_before),
		TEST(test_file_no_space),
		TEST(test_queue_count),
		TEST(test_queue_bytes),
		TEST(test_free_stuck),
		TEST(test_no_output),
		TEST(test_signals),
		TEST(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
