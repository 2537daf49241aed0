/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a plugin sees of auditd, without auditd:
 *
 *   dispatch 3.0|4.0|4.2 socket|pipe|FILE PLUGIN [ARGUMENT]...
 *
 * starts the plugin as that version's dispatcher does and takes commands from
 * its own input, one a row, each answered by a row:
 *
 *   feed FILE [COUNT MS]  one write a record; a pause of MS after each COUNT
 *   raw FILE              the bytes as they are
 *   log FILE              from now on each record fed is written there first,
 *                         as by auditd: the log has no EOE
 *   signal NAME           to the plugin
 *   worker NAME           a signal to the plugin's child
 *   crash                 plugin and child are killed, at once
 *   reload                what that version does on SIGHUP
 *   replace               another plugin takes over, after SIGTERM and 50 ms
 *   stop                  what that version does at its end
 *   close                 the end of input
 *   start                 the plugin again, after its end
 *   wait                  until the plugin has ended: "exit N", "signal N"
 *   pid                   the plugin's
 *
 * A plugin that has ended is noticed when a record cannot be written: it is
 * started again, MAX_RESTARTS times, and gets that record.
 *
 *   dispatch syslog SOCKET FILE  writes each datagram to the file, as a row
 *   dispatch deaf SOCKET         a socket whose queue is full, for ever
 *
 * No command may stand still for CEILING_SECONDS: all ends then.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define CEILING_SECONDS 120
/* what auditd gives a plugin to stop */
#define GRACE_MS 50
/* from SIGTERM to the end of auditd, which closes the socket */
#define EXIT_MS 30
#define LEAKED_FD 40
#define MAX_RESTARTS 10

enum version { AUDITD_3_0, AUDITD_4_0, AUDITD_4_2, VERSION_COUNT };

static const char *const version_names[VERSION_COUNT] = { "3.0", "4.0", "4.2" };

struct dispatcher {
	enum version version;
	const char *input; /* socket, pipe, or a file */
	char **argv;
	pid_t plugin; /* 0 = none */
	int fd; /* to the plugin; -1 = closed */
	bool started; /* once before */
	int restarts;
	FILE *log; /* NULL = none */
	int status; /* of the plugin that ended */
};

/* For the alarm alone. */
static volatile sig_atomic_t plugin_now;

static void give_up(int number)
{
	(void)number;
	if (plugin_now)
		kill(plugin_now, SIGKILL);
	_exit(3);
}

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "dispatch: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void pause_ms(long ms)
{
	usleep((useconds_t)ms * 1000);
}

/* --- the plugin's life ---------------------------------------------------- */

/* What a plugin inherits. */
static _Noreturn void become_plugin(const struct dispatcher *dispatcher, int fd)
{
	char *nothing[] = { NULL, NULL };
	bool early = dispatcher->version == AUDITD_3_0;
	int null = open("/dev/null", O_RDWR);
	sigset_t blocked;

	for (int number = 1; number < NSIG; number++)
		signal(number, number == SIGCHLD ? SIG_DFL : SIG_IGN);
	sigemptyset(&blocked);
	/* the thread that starts it again has these blocked */
	if (early && dispatcher->started) {
		sigaddset(&blocked, SIGHUP);
		sigaddset(&blocked, SIGUSR1);
		sigaddset(&blocked, SIGUSR2);
		sigaddset(&blocked, SIGTERM);
		sigaddset(&blocked, SIGCHLD);
		sigaddset(&blocked, SIGCONT);
	}
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	dup2(fd, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	if (early)
		dup2(null, LEAKED_FD);
	for (int other = 3; other < 1024; other++)
		if (!early || other != LEAKED_FD)
			close(other);
	/* but for what tests/threads.sh tells the sanitizer */
	for (char **at = environ; *at; at++)
		if (!strncmp(*at, "TSAN_OPTIONS=", 13))
			nothing[0] = *at;
	if (!chdir("/"))
		execve(dispatcher->argv[0], dispatcher->argv, nothing);
	_exit(127);
}

static void open_input(struct dispatcher *dispatcher, int ends[2])
{
	if (!strcmp(dispatcher->input, "socket")) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
			fail("socketpair");
	} else if (!strcmp(dispatcher->input, "pipe")) {
		if (pipe2(ends, O_CLOEXEC))
			fail("pipe");
	} else {
		ends[0] = open(dispatcher->input, O_RDONLY | O_CLOEXEC);
		ends[1] = -1;
		if (ends[0] < 0)
			fail(dispatcher->input);
	}
}

static void start(struct dispatcher *dispatcher)
{
	int ends[2];

	open_input(dispatcher, ends);
	dispatcher->plugin = fork();
	if (dispatcher->plugin < 0)
		fail("fork");
	if (!dispatcher->plugin)
		become_plugin(dispatcher, ends[0]);
	close(ends[0]);
	dispatcher->fd = ends[1];
	dispatcher->started = true;
	plugin_now = dispatcher->plugin;
}

static void close_input(struct dispatcher *dispatcher)
{
	if (dispatcher->fd >= 0)
		close(dispatcher->fd);
	dispatcher->fd = -1;
}

/* Whether the plugin has ended by then. */
static bool ended_within(struct dispatcher *dispatcher, long ms)
{
	for (; dispatcher->plugin; ms--) {
		if (waitpid(dispatcher->plugin, &dispatcher->status, WNOHANG) ==
		    dispatcher->plugin) {
			dispatcher->plugin = plugin_now = 0;
			break;
		}
		if (!ms)
			return false;
		pause_ms(1);
	}
	return true;
}

static void wait_for_end(struct dispatcher *dispatcher)
{
	/* the alarm ends this */
	while (!ended_within(dispatcher, 1000))
		continue;
}

/* 4.2 starts plugins anew, earlier ones send the signal on. */
static void reload(struct dispatcher *dispatcher)
{
	if (dispatcher->version != AUDITD_4_2) {
		kill(dispatcher->plugin, SIGHUP);
		return;
	}
	close_input(dispatcher);
	if (!ended_within(dispatcher, GRACE_MS))
		kill(dispatcher->plugin, SIGTERM);
	wait_for_end(dispatcher);
	start(dispatcher);
}

/* The program has changed: the old one may still be there with the new. */
static void replace(struct dispatcher *dispatcher)
{
	pid_t old = dispatcher->plugin;

	kill(old, SIGTERM);
	pause_ms(GRACE_MS);
	close_input(dispatcher);
	start(dispatcher);
	waitpid(old, &dispatcher->status, 0);
}

static void stop(struct dispatcher *dispatcher)
{
	if (dispatcher->version == AUDITD_4_2) {
		close_input(dispatcher);
		if (!ended_within(dispatcher, GRACE_MS))
			kill(dispatcher->plugin, SIGTERM);
	} else {
		kill(dispatcher->plugin, SIGTERM);
		pause_ms(EXIT_MS);
		close_input(dispatcher);
	}
	wait_for_end(dispatcher);
}

/* --- commands ------------------------------------------------------------- */

static bool write_whole(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t done = write(fd, data, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return false;
		data += done;
		len -= (size_t)done;
	}
	return true;
}

/* False = the plugin has ended, and was started again often enough. */
static bool deliver(struct dispatcher *dispatcher, const char *row, size_t len)
{
	if (dispatcher->log && !strstr(row, "type=EOE ")) {
		fwrite(row, 1, len, dispatcher->log);
		fflush(dispatcher->log);
	}
	while (!write_whole(dispatcher->fd, row, len)) {
		if (dispatcher->restarts++ == MAX_RESTARTS)
			return false;
		close_input(dispatcher);
		wait_for_end(dispatcher);
		start(dispatcher);
	}
	return true;
}

static void feed(struct dispatcher *dispatcher, char *path)
{
	unsigned long records = 0, bytes = 0, group = 0, ms = 0;
	char *row = NULL, name[4096];
	size_t capacity = 0;
	ssize_t len = 0;
	FILE *file;

	if (sscanf(path, "%4095s %lu %lu", name, &group, &ms) < 1)
		name[0] = '\0';
	file = fopen(name, "re");
	if (!file)
		fail(name);
	while ((len = getline(&row, &capacity, file)) > 0) {
		if (!deliver(dispatcher, row, (size_t)len))
			break;
		bytes += (unsigned long)len;
		if (++records % 1024 == 0)
			alarm(CEILING_SECONDS);
		if (group && records % group == 0)
			pause_ms((long)ms);
	}
	printf("%s %lu\n", len > 0 ? "failed" : "done", bytes);
	free(row);
	fclose(file);
}

static void feed_raw(struct dispatcher *dispatcher, char *path)
{
	char data[65536];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		fail(path);
	while ((len = read(fd, data, sizeof(data))) > 0)
		if (!write_whole(dispatcher->fd, data, (size_t)len))
			break;
	puts(len ? "failed" : "done");
	close(fd);
}

/* A child of the plugin; 0 = it has none. */
static pid_t find_worker(pid_t parent)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	pid_t found = 0;

	while (proc && !found && (entry = readdir(proc))) {
		int pid = atoi(entry->d_name), ppid = 0;
		char path[64];
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		file = pid > 0 ? fopen(path, "re") : NULL;
		if (!file)
			continue;
		if (fscanf(file, "%*d (audisp-eql) %*c %d", &ppid) == 1 &&
		    ppid == parent)
			found = pid;
		fclose(file);
	}
	if (proc)
		closedir(proc);
	return found;
}

static int signal_number(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} signals[] = {
		{ "HUP", SIGHUP },   { "USR1", SIGUSR1 }, { "TERM", SIGTERM },
		{ "SYS", SIGSYS },   { "KILL", SIGKILL }, { "STOP", SIGSTOP },
		{ "CONT", SIGCONT },
	};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (!strcmp(signals[i].name, name))
			return signals[i].number;
	errno = EINVAL;
	fail(name);
}

static void answer(bool done)
{
	puts(done ? "done" : "failed");
}

static void answer_end(struct dispatcher *dispatcher)
{
	wait_for_end(dispatcher);
	if (WIFSIGNALED(dispatcher->status))
		printf("signal %d\n", WTERMSIG(dispatcher->status));
	else
		printf("exit %d\n", WEXITSTATUS(dispatcher->status));
}

static void command_feed(struct dispatcher *dispatcher, char *argument)
{
	feed(dispatcher, argument);
}

static void command_signal(struct dispatcher *dispatcher, char *argument)
{
	answer(dispatcher->plugin &&
	       !kill(dispatcher->plugin, signal_number(argument)));
}

static void command_worker(struct dispatcher *dispatcher, char *argument)
{
	pid_t worker = find_worker(dispatcher->plugin);

	answer(worker && !kill(worker, signal_number(argument)));
}

static void command_crash(struct dispatcher *dispatcher, char *argument)
{
	pid_t worker = find_worker(dispatcher->plugin);

	(void)argument;
	/* or one of the two could do something about the other */
	kill(dispatcher->plugin, SIGSTOP);
	answer(worker && !kill(worker, SIGKILL) &&
	       !kill(dispatcher->plugin, SIGKILL));
	/* or what is written next has still found its socket */
	wait_for_end(dispatcher);
}

static void command_log(struct dispatcher *dispatcher, char *argument)
{
	if (dispatcher->log)
		fclose(dispatcher->log);
	dispatcher->log = fopen(argument, "ae");
	answer(dispatcher->log != NULL);
}

static void command_start(struct dispatcher *dispatcher, char *argument)
{
	(void)argument;
	close_input(dispatcher);
	wait_for_end(dispatcher);
	start(dispatcher);
	answer(true);
}

static void command_reload(struct dispatcher *dispatcher, char *argument)
{
	(void)argument;
	reload(dispatcher);
	answer(true);
}

static void command_replace(struct dispatcher *dispatcher, char *argument)
{
	(void)argument;
	replace(dispatcher);
	answer(true);
}

static void command_stop(struct dispatcher *dispatcher, char *argument)
{
	(void)argument;
	stop(dispatcher);
	answer_end(dispatcher);
}

static void command_close(struct dispatcher *dispatcher, char *argument)
{
	(void)argument;
	close_input(dispatcher);
	answer(true);
}

static void command_wait(struct dispatcher *dispatcher, char *argument)
{
	(void)argument;
	answer_end(dispatcher);
}

static void command_pid(struct dispatcher *dispatcher, char *argument)
{
	(void)argument;
	printf("%d\n", (int)dispatcher->plugin);
}

static void take_command(struct dispatcher *dispatcher, char *row)
{
	static const struct {
		const char *name;
		void (*run)(struct dispatcher *dispatcher, char *argument);
	} commands[] = {
		{ "feed", command_feed },     { "raw", feed_raw },
		{ "signal", command_signal }, { "worker", command_worker },
		{ "reload", command_reload }, { "replace", command_replace },
		{ "stop", command_stop },     { "close", command_close },
		{ "wait", command_wait },     { "pid", command_pid },
		{ "crash", command_crash },   { "log", command_log },
		{ "start", command_start },
	};
	char *argument;

	row[strcspn(row, "\n")] = '\0';
	argument = row + strcspn(row, " ");
	if (*argument)
		*argument++ = '\0';
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, row))
			continue;
		alarm(CEILING_SECONDS);
		commands[i].run(dispatcher, argument);
		alarm(0);
		fflush(stdout);
		return;
	}
	errno = EINVAL;
	fail(row);
}

static int run_dispatcher(struct dispatcher *dispatcher)
{
	char row[8192];

	signal(SIGPIPE, SIG_IGN);
	signal(SIGALRM, give_up);
	start(dispatcher);
	while (fgets(row, sizeof(row), stdin))
		take_command(dispatcher, row);
	alarm(CEILING_SECONDS);
	close_input(dispatcher);
	wait_for_end(dispatcher);
	return 0;
}

/* --- syslog --------------------------------------------------------------- */

static int bind_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		fail(path);
	strcpy(address.sun_path, path);
	/* as /dev/log is: the plugin may be anybody */
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    chmod(path, 0666))
		fail(path);
	return fd;
}

/* Writes what has come; false = it cannot. */
static bool drain(int fd, int file)
{
	char data[65536];
	ssize_t len;

	while ((len = recv(fd, data, sizeof(data) - 1, MSG_DONTWAIT)) >= 0) {
		data[len] = '\n';
		if (!write_whole(file, data, (size_t)len + 1))
			return false;
	}
	return errno == EAGAIN || errno == EINTR;
}

/* Ends by SIGTERM, and not before what was sent until then is written: who sends
 * the signal looks into the file next. */
static int run_syslog(const char *path, const char *out)
{
	int file = open(out, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	struct pollfd fds[2] = { { .events = POLLIN }, { .events = POLLIN } };
	sigset_t mask;

	if (file < 0)
		fail(out);
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	fds[0].fd = bind_socket(path);
	fds[1].fd = signalfd(-1, &mask, SFD_CLOEXEC);
	if (fds[1].fd < 0)
		fail("signalfd");
	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			fail("poll");
		if (!drain(fds[0].fd, file))
			fail(path);
		if (fds[1].revents)
			return 0;
	}
}

static int run_deaf(const char *path)
{
	char temporary[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	/* it gets its name when it is full */
	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.new", path) >=
	    sizeof(temporary))
		fail(path);
	fd = bind_socket(temporary);
	strcpy(address.sun_path, temporary);
	if (connect(sender, (struct sockaddr *)&address, sizeof(address)))
		fail(path);
	while (send(sender, "x", 1, MSG_DONTWAIT) == 1)
		continue;
	if (errno != EAGAIN || rename(temporary, path))
		fail(path);
	for (;;)
		pause();
	close(fd);
}

int main(int argc, char **argv)
{
	struct dispatcher dispatcher = { .fd = -1 };

	if (argc == 4 && !strcmp(argv[1], "syslog"))
		return run_syslog(argv[2], argv[3]);
	if (argc == 3 && !strcmp(argv[1], "deaf"))
		return run_deaf(argv[2]);
	for (int i = 0; argc > 3 && i < VERSION_COUNT; i++) {
		if (strcmp(argv[1], version_names[i]))
			continue;
		dispatcher.version = (enum version)i;
		dispatcher.input = argv[2];
		dispatcher.argv = argv + 3;
		return run_dispatcher(&dispatcher);
	}
	fputs("see the head of tests/e2e/dispatch.c\n", stderr);
	return 2;
}
