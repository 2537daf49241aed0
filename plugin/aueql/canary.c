/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aueql canary: does the whole way work, from the kernel to each output? It has
 * a program made, runs it in a network namespace that leads nowhere, has it try
 * to connect, and waits for the alert wherever one should come.
 *
 * The program bears a number that was drawn a moment ago: whoever ran the
 * command knows it, and it makes each run a finding of its own. Any other
 * program that is called so is none of ours.
 *
 * It is made by the host's compiler; where there is none, by this program
 * itself, which then has a linker's arguments and writes a copy of itself: that
 * is as good a linked program to the rule. What is run is told by argv[0]
 * (canary_run_as()).
 */
#include "canary.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../config.h"
#include "../util/clock.h"
#include "../util/quantity.h"
#include "command.h"
#include "terminal.h"

#define NAME_PREFIX "aueql-canary-"
#define LINKER_NAME NAME_PREFIX "link"
/* of documentation (RFC 5737): nobody has it, and no rule leaves it out */
#define ADDRESS "192.0.2.1"
#define PORT 9
#define LOOK_MS 10
#define LEGS 8
#define LINE_BYTES_MAX (1U << 20)
#define AUDIT_LOG "/var/log/audit/audit.log"
#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* Where the alert, or a record of it, is looked for. */
struct leg {
	const char *name, *path; /* path: NULL = a pipe */
	const char *also; /* a row counts that has this, too */
	const char *mend;
	int fd; /* -1 = could not be opened */
	pid_t child; /* who writes the pipe */
	char *line; /* the row begun */
	size_t len;
	int64_t found_ms; /* after the start; -1 = not yet */
};

struct canary {
	const struct command *command;
	const char *config_path, *syslog_file, *audit_log, *directory;
	int64_t wait_ns;
	struct config *config;
	char name[sizeof(NAME_PREFIX) + 16];
	char place[4096]; /* directory of our own; "" = none yet */
	char program[4200], source[4300];
	const char *maker;
	int64_t start_ns;
	size_t leg_count;
	struct leg legs[LEGS];
};

static volatile sig_atomic_t stopped;

static void on_stop(int number)
{
	(void)number;
	stopped = 1;
}

/* --- as the canary, and as its linker ------------------------------------- */

/* The connection that cannot be made: there is no network where it runs. */
static int run_canary(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(PORT) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, ADDRESS, &to.sin_addr);
	return fd < 0 || !connect(fd, (struct sockaddr *)&to, sizeof(to));
}

/* Copies this program to path. */
static int run_linker(const char *path)
{
	int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	char chunk[65536];
	ssize_t len = in < 0 || out < 0 ? -1 : 1;

	while (len > 0) {
		len = read(in, chunk, sizeof(chunk));
		if (len > 0 && write(out, chunk, (size_t)len) != len)
			len = -1;
	}
	return len < 0 || close(out);
}

bool canary_run_as(int argc, char **argv, int *code)
{
	struct str name = str_basename(str_from(argv[0]));
	struct str prefix = STR(NAME_PREFIX);

	if (str_equal(name, STR(LINKER_NAME)) && argc == 4)
		*code = run_linker(argv[2]);
	else if (argc == 1 && name.len == prefix.len + 16 &&
		 !memcmp(name.data, prefix.data, prefix.len))
		*code = run_canary();
	else
		return false;
	return true;
}

/* --- making and running --------------------------------------------------- */

/* How a child ends: its exit code, or 256 where it could not be run. */
static int run_child(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return 256;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256;
}

static void close_output(void)
{
	int null = open("/dev/null", O_RDWR);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
	}
}

static _Noreturn void execute(const char *path, const char *const *argv)
{
	static const char *const environment[] = {
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL
	};

	/* execve() writes to neither */
	execve(path, (char *const *)(uintptr_t)argv,
	       (char *const *)(uintptr_t)environment);
	_exit(126);
}

static int run_program(const char *path, const char *const *argv)
{
	pid_t child = fork();

	if (!child) {
		close_output();
		execute(path, argv);
	}
	return child < 0 ? 256 : run_child(child);
}

static bool make_by_compiler(struct canary *canary)
{
	static const char *const compilers[] = { "/usr/bin/cc", "/usr/bin/gcc",
						 "/usr/bin/clang" };
	static const char source[] =
		"#include <arpa/inet.h>\n"
		"#include <sys/socket.h>\n"
		"int main(void)\n"
		"{\n"
		"	struct sockaddr_in to = { .sin_family = AF_INET };\n"
		"	int fd = socket(AF_INET, SOCK_STREAM, 0);\n"
		"\n"
		"	to.sin_port = htons(9);\n"
		"	inet_pton(AF_INET, \"" ADDRESS "\", &to.sin_addr);\n"
		"	return fd < 0 ||\n"
		"	       !connect(fd, (struct sockaddr *)&to, "
		"sizeof(to));\n"
		"}\n";
	FILE *file = fopen(canary->source, "wxe");

	if (!file)
		return false;
	fputs(source, file);
	if (fclose(file))
		return false;
	for (size_t i = 0; i < sizeof(compilers) / sizeof(compilers[0]); i++) {
		const char *const argv[] = { compilers[i], "-o",
					     canary->program, canary->source,
					     NULL };

		if (access(compilers[i], X_OK) ||
		    run_program(compilers[i], argv))
			continue;
		canary->maker = compilers[i];
		return true;
	}
	return false;
}

static bool make_by_self(struct canary *canary)
{
	const char *const argv[] = { LINKER_NAME, "-o", canary->program,
				     NAME_PREFIX ".o", NULL };
	char self[4096];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (len <= 0)
		return false;
	self[len] = '\0';
	canary->maker = "aueql itself, as no compiler could make it";
	return !run_program(self, argv);
}

/* A directory of our own, where programs may run. */
static bool make_place(struct canary *canary)
{
	static const char *const directories[] = { "/var/tmp", "/tmp", "/root",
						   "/var/lib" };
	struct statvfs vfs;

	for (size_t i = 0; i < sizeof(directories) / sizeof(*directories);
	     i++) {
		const char *directory =
			canary->directory ? canary->directory : directories[i];

		snprintf(canary->place, sizeof(canary->place), "%s/%sXXXXXX",
			 directory, NAME_PREFIX);
		if (!statvfs(directory, &vfs) &&
		    (canary->directory || !(vfs.f_flag & ST_NOEXEC)) &&
		    mkdtemp(canary->place))
			break;
		canary->place[0] = '\0';
		if (canary->directory)
			break;
	}
	snprintf(canary->program, sizeof(canary->program), "%s/%s",
		 canary->place, canary->name);
	snprintf(canary->source, sizeof(canary->source), "%s.c",
		 canary->program);
	return canary->place[0] != '\0';
}

/* Runs it where there is no network; false = it could not be, and was not run.
 */
static bool run_apart(const struct canary *canary)
{
	const char *const argv[] = { canary->program, NULL };
	pid_t child = fork();
	int code;

	if (!child) {
		close_output();
		if (unshare(CLONE_NEWNET))
			_exit(125);
		execute(canary->program, argv);
	}
	code = child < 0 ? 256 : run_child(child);
	if (code == 125)
		command_error("no network namespace can be made here: the "
			      "canary was not run");
	else if (code == 126)
		command_error("%s cannot be run there; name another directory "
			      "with --directory",
			      canary->program);
	else if (code)
		command_error("the canary did not do what it should (%d)",
			      code);
	return !code;
}

/* --- legs ----------------------------------------------------------------- */

static struct leg *leg_add(struct canary *canary, const char *name,
			   const char *path, const char *also, const char *mend)
{
	struct leg *leg = &canary->legs[canary->leg_count++];

	*leg = (struct leg){ .name = name,
			     .path = path,
			     .also = also,
			     .mend = mend,
			     .fd = -1,
			     .found_ms = -1 };
	leg->line = malloc(LINE_BYTES_MAX);
	if (path)
		leg->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (leg->fd >= 0)
		lseek(leg->fd, 0, SEEK_END);
	return leg;
}

/* What the journal gets from now on, through its own tool. */
static void leg_add_journal(struct canary *canary, const char *mend)
{
	static const char tool[] = "/usr/bin/journalctl";
	struct leg *leg = leg_add(canary, "syslog (journal)", NULL, "", mend);
	static const char *const argv[] = { "journalctl", "-f", "-n",  "0",
					    "-q",	  "-o", "cat", "-t",
					    "audisp-eql", NULL };
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return;
	leg->child = fork();
	if (!leg->child) {
		close_output();
		dup2(ends[1], STDOUT_FILENO);
		execute(tool, argv);
	}
	close(ends[1]);
	leg->fd = ends[0];
	fcntl(leg->fd, F_SETFL, O_NONBLOCK);
}

static void tell_unknown(void)
{
	terminal_word(COLOR_WARNING, "unknown", 9);
	printf("%-18s cannot be read back here; name its file with --syslog\n",
	       "syslog");
}

static void add_syslog(struct canary *canary)
{
	static const char *const files[] = { "/var/log/auth.log",
					     "/var/log/secure",
					     "/var/log/syslog",
					     "/var/log/messages" };
	static const char mend[] = "systemctl status rsyslog; journalctl -t "
				   "audisp-eql";

	if (canary->config->syslog == OUTPUT_SYSLOG_NO)
		return;
	if (canary->syslog_file) {
		leg_add(canary, "syslog", canary->syslog_file, "audisp-eql",
			mend);
		return;
	}
	/* who listens at another socket is not known */
	if (canary->config->syslog_socket) {
		tell_unknown();
		return;
	}
	if (!access(JOURNAL_SOCKET, F_OK) &&
	    !access("/usr/bin/journalctl", X_OK)) {
		leg_add_journal(canary, mend);
		return;
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (access(files[i], R_OK))
			continue;
		leg_add(canary, "syslog", files[i], "audisp-eql", mend);
		return;
	}
	tell_unknown();
}

static void add_legs(struct canary *canary)
{
	const char *log = canary->audit_log ? canary->audit_log : AUDIT_LOG;

	if (canary->audit_log || !access(log, R_OK))
		leg_add(canary, "auditd's log", log, "argc=1 ", "aueql check");
	if (canary->config->json_file)
		leg_add(canary, "alerts file", canary->config->json_file,
			"\"kind\":\"alert\"",
			"aueql status; journalctl -t audisp-eql");
	add_syslog(canary);
}

static void leg_close(struct leg *leg)
{
	if (leg->fd >= 0)
		close(leg->fd);
	if (leg->child > 0) {
		kill(leg->child, SIGTERM);
		run_child(leg->child);
	}
	free(leg->line);
}

/* A file may be made, or made anew, while it is read. */
static void leg_reopen(struct leg *leg)
{
	struct stat now, ours;

	if (!leg->path || stat(leg->path, &now) ||
	    (leg->fd >= 0 && !fstat(leg->fd, &ours) &&
	     now.st_ino == ours.st_ino && now.st_dev == ours.st_dev))
		return;
	if (leg->fd >= 0)
		close(leg->fd);
	leg->fd = open(leg->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	leg->len = 0;
}

/* Rows that are whole leave; true = one of them is it. */
static bool leg_scan(struct leg *leg, const char *name)
{
	char *row = leg->line, *newline;
	size_t left = leg->len;
	bool found = false;

	while ((newline = memchr(row, '\n', left))) {
		size_t len = (size_t)(newline - row);

		found |= memmem(row, len, name, strlen(name)) &&
			 memmem(row, len, leg->also, strlen(leg->also));
		row += len + 1;
		left -= len + 1;
	}
	memmove(leg->line, row, left);
	/* no row of ours is that long */
	leg->len = left == LINE_BYTES_MAX ? 0 : left;
	return found;
}

static void leg_look(const struct canary *canary, struct leg *leg)
{
	ssize_t len = 1;

	leg_reopen(leg);
	while (leg->fd >= 0 && leg->line && leg->found_ms < 0 && len > 0) {
		len = read(leg->fd, leg->line + leg->len,
			   LINE_BYTES_MAX - leg->len);
		if (len <= 0)
			break;
		leg->len += (size_t)len;
		if (leg_scan(leg, canary->name))
			leg->found_ms =
				(clock_ns(CLOCK_MONOTONIC) - canary->start_ns) /
				NSEC_PER_MSEC;
	}
}

/* True = all have come. */
static bool look(struct canary *canary)
{
	size_t found = 0;

	for (size_t i = 0; i < canary->leg_count; i++) {
		struct leg *leg = &canary->legs[i];

		if (leg->found_ms < 0)
			leg_look(canary, leg);
		found += leg->found_ms >= 0;
	}
	return found == canary->leg_count;
}

/* --- telling -------------------------------------------------------------- */

static size_t tell_legs(const struct canary *canary)
{
	size_t broken = 0;

	for (size_t i = 0; i < canary->leg_count; i++) {
		const struct leg *leg = &canary->legs[i];
		const char *path = leg->path ? leg->path : "";

		if (leg->found_ms >= 0) {
			terminal_word(COLOR_GOOD, "ok", 9);
			printf("%-18s after %lld ms  %s\n", leg->name,
			       (long long)leg->found_ms, path);
			continue;
		}
		broken++;
		terminal_word(COLOR_BAD, "broken", 9);
		printf("%-18s nothing in %lld s%s  %s\n"
		       "         type: %s\n",
		       leg->name, (long long)(canary->wait_ns / NSEC_PER_SEC),
		       leg->fd < 0 ? ": it cannot be read" : "", path,
		       leg->mend);
	}
	return broken;
}

static int fly(struct canary *canary)
{
	int64_t until;

	if (!make_place(canary)) {
		command_error("no directory is writable where programs may "
			      "run; name one with --directory");
		return EXIT_NOT_DONE;
	}
	if (!make_by_compiler(canary) && !make_by_self(canary)) {
		command_error("the canary could not be made in %s",
			      canary->place);
		return EXIT_NOT_DONE;
	}
	printf("canary   %s, made by %s\n", canary->name, canary->maker);
	fflush(stdout);
	add_legs(canary);
	canary->start_ns = clock_ns(CLOCK_MONOTONIC);
	if (!run_apart(canary))
		return EXIT_NOT_DONE;
	until = canary->start_ns + canary->wait_ns;
	while (!look(canary) && !stopped && clock_ns(CLOCK_MONOTONIC) < until)
		poll(NULL, 0, LOOK_MS);
	if (stopped) {
		command_error("stopped before all was known");
		return EXIT_NOT_DONE;
	}
	return tell_legs(canary) ? EXIT_NOT_DONE : EXIT_DONE;
}

static void clean_up(struct canary *canary)
{
	for (size_t i = 0; i < canary->leg_count; i++)
		leg_close(&canary->legs[i]);
	if (!canary->place[0])
		return;
	unlink(canary->program);
	unlink(canary->source);
	rmdir(canary->place);
}

/* --- command -------------------------------------------------------------- */

static int canary_begin(struct canary *canary)
{
	struct sigaction action = { .sa_handler = on_stop };
	uint64_t number;
	int rc;

	if (geteuid()) {
		command_error("canary needs root: it makes a network "
			      "namespace, and reads what outputs wrote");
		return EXIT_NOT_DONE;
	}
	rc = config_load(canary->config_path, command_diag, NULL,
			 &canary->config);
	if (rc) {
		command_error("configuration: %s", strerror(-rc));
		return EXIT_NOT_DONE;
	}
	if (getrandom(&number, sizeof(number), 0) != sizeof(number)) {
		command_error("getrandom: %s", strerror(errno));
		return EXIT_NOT_DONE;
	}
	snprintf(canary->name, sizeof(canary->name), NAME_PREFIX "%016llx",
		 (unsigned long long)number);
	umask(0077);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	return fly(canary);
}

/* EXIT_DONE to go on, -1 = done (help). */
static int canary_parse(struct canary *canary, int argc, char **argv)
{
	static const struct option options[] = {
		{ "audit-log", required_argument, NULL, 'a' },
		{ "config", required_argument, NULL, 'c' },
		{ "directory", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ "syslog", required_argument, NULL, 's' },
		{ "wait", required_argument, NULL, 'w' },
		{ 0 },
	};
	int opt;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":c:h", options, NULL)) != -1) {
		switch (opt) {
		case 'a':
			canary->audit_log = optarg;
			break;
		case 'c':
			canary->config_path = optarg;
			break;
		case 'd':
			canary->directory = optarg;
			break;
		case 's':
			canary->syslog_file = optarg;
			break;
		case 'w':
			if (quantity_duration(str_from(optarg),
					      &canary->wait_ns) &&
			    canary->wait_ns >= NSEC_PER_SEC &&
			    canary->wait_ns <= 600 * NSEC_PER_SEC)
				break;
			return command_usage(canary->command,
					     "'%s' is no time from 1s to 10m",
					     optarg);
		case 'h':
			return -1;
		default:
			return command_bad_option(canary->command, opt, argv);
		}
	}
	if (optind < argc)
		return command_usage(canary->command, "takes no operand '%s'",
				     argv[optind]);
	return EXIT_DONE;
}

static int canary_run(const struct command *command, int argc, char **argv)
{
	struct canary canary = { .command = command,
				 .wait_ns = 10 * NSEC_PER_SEC };
	int code = canary_parse(&canary, argc, argv);

	if (code < 0)
		return command_help(command);
	if (code == EXIT_DONE) {
		code = command_finish(canary_begin(&canary));
		clean_up(&canary);
	}
	config_free(&canary.config);
	return code;
}

const struct command command_canary = {
	.name = "canary",
	.summary = "a harmless attack: does its alert come, and where not",
	.help = "Usage: aueql canary [OPTION]...\n"
		"Has a program made (by cc, gcc or clang; where there is none "
		"by aueql itself, in\n"
		"a linker's place), runs it in a network namespace without any "
		"network, where it\n"
		"tries to connect to " ADDRESS
		", and waits for the alert in auditd's log and in\n"
		"each configured output. Says how long each took, or which is "
		"broken and what to\n"
		"type; exit status 1 then. The alert names aueql-canary- and "
		"a number that was\n"
		"drawn for this run: any other is not from here. Needs root "
		"and a rule that\n"
		"alerts on linked programs that connect.\n"
		"\n"
		"      --audit-log FILE  auditd's, instead of " AUDIT_LOG "\n"
		"  -c, --config FILE     configuration, instead of the default\n"
		"      --directory DIR   where to make the program, instead of "
		"/var/tmp or /tmp\n"
		"      --syslog FILE     where syslog writes authpriv; else the "
		"journal, or the\n"
		"                        usual files below /var/log\n"
		"      --wait TIME       how long, 1s to 10m (default 10s)\n"
		"  -h, --help            this text\n",
	.run = canary_run,
};
