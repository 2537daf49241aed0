/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a confined process can no longer do, tried by one that is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inspector.h"
#include "landlock.h"
#include "limits.h"
#include "normalize/proctable.h"
#include "privs.h"
#include "sandbox.h"
#include "util/arena.h"
#include "util/clock.h"

#define PROFILE_COUNT 3
#define SETUP_FAILED 99

static struct sandbox_refused *refused; /* shared with the children */

static const char *const profile_names[PROFILE_COUNT] = { "keeper", "worker",
							  "inspector" };

struct attempt {
	const char *name;
	long number;
	long args[3];
};

static long call(const struct attempt *attempt)
{
	return syscall(attempt->number, attempt->args[0], attempt->args[1],
		       attempt->args[2], 0L, 0L, 0L);
}

static void enter(enum sandbox_profile profile)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    sandbox_enter(profile, refused))
		_exit(SETUP_FAILED);
}

/* How a child ends that runs this with an argument. */
static int end_of(int (*run)(const void *argument), const void *argument)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid)
		_exit(run(argument));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* --- calls that kill ------------------------------------------------------ */

/* None of them would do anything, were it let through: no argument is good. */
static const struct attempt deadly[] = {
	{ "execve", SYS_execve, { 0 } },
	{ "execveat", SYS_execveat, { -1 } },
#ifndef SANDBOX_TRACES
	{ "ptrace", SYS_ptrace, { 16, -1 } },
#endif
	{ "process_vm_writev", SYS_process_vm_writev, { -1 } },
	{ "bpf", SYS_bpf, { -1 } },
	{ "mount", SYS_mount, { 0 } },
	{ "umount2", SYS_umount2, { 0 } },
	{ "pivot_root", SYS_pivot_root, { 0 } },
	{ "unshare", SYS_unshare, { -1 } },
	{ "setns", SYS_setns, { -1 } },
	{ "init_module", SYS_init_module, { 0 } },
	{ "finit_module", SYS_finit_module, { -1 } },
	{ "delete_module", SYS_delete_module, { 0 } },
	{ "kexec_load", SYS_kexec_load, { 0, 0, -1 } },
	{ "perf_event_open", SYS_perf_event_open, { 0 } },
	{ "keyctl", SYS_keyctl, { -1 } },
	{ "inet socket", SYS_socket, { AF_INET, SOCK_STREAM } },
	{ "inet6 socket", SYS_socket, { AF_INET6, SOCK_DGRAM } },
	{ "netlink socket", SYS_socket, { AF_NETLINK, SOCK_RAW } },
	{ "packet socket", SYS_socket, { AF_PACKET, SOCK_RAW } },
	{ "vsock socket", SYS_socket, { AF_VSOCK, SOCK_STREAM } },
};

struct trial {
	enum sandbox_profile profile;
	const struct attempt *attempt;
};

static int try_call(const void *argument)
{
	const struct trial *trial = argument;

	enter(trial->profile);
	call(trial->attempt);
	return 0;
}

static void test_deadly(void **state)
{
	(void)state;
	for (int p = 0; p < PROFILE_COUNT; p++) {
		for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]);
		     i++) {
			const struct trial trial = { (enum sandbox_profile)p,
						     &deadly[i] };
			int status = end_of(try_call, &trial);

			if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
				fail_msg("%s: %s ended with status %x",
					 profile_names[p], deadly[i].name,
					 (unsigned int)status);
		}
	}
}

/* --- calls that fail ------------------------------------------------------ */

static const struct attempt useless[] = {
	{ "chdir", SYS_chdir, { 0 } },
	{ "fork", SYS_clone, { SIGCHLD } },
	{ "kill", SYS_kill, { 0, 0 } },
	{ "tgkill of others", SYS_tgkill, { 1, 1, 0 } },
	{ "setresuid", SYS_setresuid, { 0 } },
	{ "capset", SYS_capset, { 0 } },
	{ "fchownat", SYS_fchownat, { -1 } },
	{ "linkat", SYS_linkat, { -1 } },
	{ "symlinkat", SYS_symlinkat, { 0 } },
	{ "mknodat", SYS_mknodat, { -1 } },
	{ "memfd_create", SYS_memfd_create, { 0 } },
	{ "memory for code", SYS_mmap, { 0, 4096, PROT_READ | PROT_EXEC } },
	{ "bind", SYS_bind, { -1 } },
	{ "ioctl", SYS_ioctl, { -1 } },
};

/* 0: it failed with EPERM and was counted. */
static int try_useless(const void *argument)
{
	const struct trial *trial = argument;

	atomic_store(&refused->count, 0);
	enter(trial->profile);
	errno = 0;
	if (call(trial->attempt) != -1 || errno != EPERM)
		return 1;
#if defined(__x86_64__) || defined(__aarch64__)
	if (atomic_load(&refused->count) != 1 ||
	    atomic_load(&refused->last) != trial->attempt->number)
		return 2;
#endif
	return 0;
}

static void test_useless(void **state)
{
	(void)state;
	for (int p = SANDBOX_WORKER; p < PROFILE_COUNT; p++) {
		for (size_t i = 0; i < sizeof(useless) / sizeof(useless[0]);
		     i++) {
			const struct trial trial = { (enum sandbox_profile)p,
						     &useless[i] };
			int status = end_of(try_useless, &trial);

			if (status)
				fail_msg("%s: %s ended with status %x",
					 profile_names[p], useless[i].name,
					 (unsigned int)status);
		}
	}
}

static void *refused_in_thread(void *argument)
{
	call(argument);
	return argument;
}

/* What a thread is refused counts like the rest. */
static int try_thread(const void *argument)
{
	struct attempt attempt = *(const struct attempt *)argument;
	pthread_t thread;
	void *result = NULL;

	atomic_store(&refused->count, 0);
	enter(SANDBOX_WORKER);
	if (pthread_create(&thread, NULL, refused_in_thread, &attempt) ||
	    pthread_join(thread, &result) || result != &attempt)
		return 1;
#if defined(__x86_64__) || defined(__aarch64__)
	if (atomic_load(&refused->count) != 1)
		return 2;
#endif
	return 0;
}

static int try_abort(const void *argument)
{
	(void)argument;
	enter(SANDBOX_WORKER);
	abort();
}

static void test_threads(void **state)
{
	int status;

	(void)state;
	assert_int_equal(end_of(try_thread, &useless[0]), 0);
	/* a bug is to be seen as one */
	status = end_of(try_abort, NULL);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void test_name(void **state)
{
	char name[64];

	(void)state;
	sandbox_call_name(SYS_openat, name, sizeof(name));
	assert_string_equal(name, "openat");
	sandbox_call_name(99999, name, sizeof(name));
	assert_string_equal(name, "99999");
}

/* The keeper's children are to become somebody else, and to read. */
static int try_keeper(const void *argument)
{
	int status;
	pid_t pid;

	(void)argument;
	enter(SANDBOX_KEEPER);
	pid = fork();
	if (!pid)
		_exit(open("/proc/self/status", O_RDONLY) < 0 ||
		      setresuid(getuid(), getuid(), getuid()));
	if (waitpid(pid, &status, 0) != pid || status)
		return 1;
	pid = fork();
	if (!pid)
		_exit(socket(AF_INET, SOCK_STREAM, 0) < 0);
	return waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status) ||
	       WTERMSIG(status) != SIGSYS;
}

static void test_keeper(void **state)
{
	(void)state;
	assert_int_equal(end_of(try_keeper, NULL), 0);
}

/* --- files ---------------------------------------------------------------- */

static bool makes(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* 0, or the number of what is not as it should be. */
static int try_files(const void *argument)
{
	static const char *const directories[] = { "inside", "nowhere" };
	char link[64];

	if (chdir(argument) || mkdir("inside", 0700) || !makes("before") ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    landlock_enter(directories, 2, "/proc"))
		return SETUP_FAILED;
	if (!makes("inside/a") || rename("inside/a", "inside/b") ||
	    !makes("inside/b") || unlink("inside/b"))
		return 1;
	if (makes("outside") || errno != EACCES)
		return 2;
	if (open("before", O_RDONLY) >= 0 || errno != EACCES)
		return 3;
	if (!unlink("before") || errno != EACCES)
		return 4;
	if (!mkdir("inside/directory", 0700) || errno != EACCES)
		return 5;
	if (open("/etc/passwd", O_RDONLY) >= 0)
		return 6;
	if (open("/proc/self/status", O_RDONLY) < 0)
		return 7;
	/* nor does a capability show it this, as its parent's */
	return readlink("/proc/1/exe", link, sizeof(link)) != -1 ? 8 : 0;
}

static void test_files(void **state)
{
	char directory[] = "/tmp/test_sandbox.XXXXXX";
	char path[64];
	int status;

	(void)state;
	if (!landlock_version())
		skip();
	assert_non_null(mkdtemp(directory));
	status = end_of(try_files, directory);
	snprintf(path, sizeof(path), "%s/inside", directory);
	rmdir(path);
	snprintf(path, sizeof(path), "%s/before", directory);
	unlink(path);
	assert_int_equal(rmdir(directory), 0);
	assert_int_equal(status, 0);
}

/* --- privileges ----------------------------------------------------------- */

static struct privs_user somebody(void)
{
	struct privs_user user = { getuid(), getgid() };

	if (!user.uid)
		assert_int_equal(privs_find("nobody", &user), 0);
	return user;
}

static void test_user(void **state)
{
	struct privs_user user = { 7, 7 };

	(void)state;
	assert_int_equal(privs_find("no-such-user", &user), -ENOENT);
	assert_int_equal(user.uid, 7);
	assert_int_equal(privs_find("root", &user), 0);
	assert_int_equal(user.uid, 0);
}

static int try_drop(const void *argument)
{
	const struct privs_user *user = argument;

	if (privs_drop(user, 0))
		return 1;
	if (getuid() != user->uid || geteuid() != user->uid ||
	    getgid() != user->gid ||
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 2;
	/* nor does it come back */
	return user->uid && (!setresuid(0, 0, 0) || !setresgid(0, 0, 0)) ? 3
									 : 0;
}

static int try_not_ours(const void *argument)
{
	struct privs_user root = { 0, 0 };

	if (try_drop(argument))
		return 1;
	return privs_drop(&root, 0) != -EPERM;
}

static void test_drop(void **state)
{
	struct privs_user user = somebody(), root = { 0, 0 };

	(void)state;
	assert_int_equal(end_of(try_drop, &user), 0);
	assert_int_equal(end_of(try_not_ours, &user), 0);
	if (!getuid())
		assert_int_equal(end_of(try_drop, &root), 0);
}

static void test_directory(void **state)
{
	char directory[] = "/tmp/test_sandbox.XXXXXX";
	struct privs_user user = somebody();
	struct stat made;
	char path[64];

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/new", directory);
	assert_int_equal(privs_directory(path, &user, 0751), 0);
	assert_int_equal(stat(path, &made), 0);
	assert_int_equal(made.st_uid, user.uid);
	assert_int_equal(made.st_gid, user.gid);
	assert_int_equal(made.st_mode, S_IFDIR | 0751);
	/* one that is there stays as it is */
	assert_int_equal(privs_directory(directory, &user, 0751), 0);
	assert_int_equal(stat(directory, &made), 0);
	assert_int_equal(made.st_uid, getuid());
	assert_int_equal(made.st_mode, S_IFDIR | 0700);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(privs_directory(path, &user, 0700), 0);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(directory), 0);
	assert_int_equal(privs_directory(path, &user, 0700), -ENOENT);
}

/* --- the inspector -------------------------------------------------------- */

struct met {
	int64_t pid; /* who is looked for */
	size_t count, found;
	size_t args_len;
	char exe[4096], directory[4096];
	struct file_seed file;
	struct process_ids ids;
};

static int meet(void *user, const struct process_seed *seed)
{
	struct met *met = user;

	met->count++;
	if (seed->pid != met->pid)
		return 0;
	met->found++;
	met->args_len = seed->args_len;
	met->file = seed->file;
	met->ids = seed->ids;
	snprintf(met->exe, sizeof(met->exe), "%.*s", STR_ARG(seed->exe));
	snprintf(met->directory, sizeof(met->directory), "%.*s",
		 STR_ARG(seed->directory));
	return 0;
}

static void assert_self(const struct met *met)
{
	char exe[4096] = { 0 }, directory[4096];
	struct stat file;

	assert_int_equal(met->found, 1);
	assert_true(readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0);
	assert_string_equal(met->exe, exe);
	assert_string_equal(met->directory,
			    getcwd(directory, sizeof(directory)));
	assert_int_equal(stat(exe, &file), 0);
	assert_int_equal(met->file.inode, file.st_ino);
	assert_int_equal(met->ids.uid, getuid());
	assert_true(met->args_len > 0);
}

/* As another user, in its sandbox, it sees of us what it could not without its
 * capability. */
static void inspect(struct sandbox_refused *counter)
{
	const struct inspector_config config = {
		.user = somebody(),
		.refused = counter,
	};
	const int64_t now_ms = clock_ns(CLOCK_REALTIME) / NSEC_PER_MSEC;
	struct inspector *inspector = NULL;
	struct met met = { .pid = getpid() };
	struct process_capabilities capabilities;
	char id[CONTAINER_ID_MAX];
	size_t count = 0;

	atomic_store(&refused->count, 0);
	assert_int_equal(inspector_start(&config, &inspector), 0);
	assert_int_equal(
		inspector_describe(inspector, getpid(), now_ms, meet, &met), 0);
	assert_self(&met);
	met = (struct met){ .pid = getpid() };
	assert_int_equal(inspector_seed(inspector,
					&(struct seeder){ meet, &met },
					60 * NSEC_PER_SEC, &count),
			 0);
	assert_self(&met);
	assert_int_equal(met.count, count);
	/* that of an older process is none of ours, nor is one that is not */
	met = (struct met){ .pid = getpid() };
	assert_int_equal(inspector_describe(inspector, getpid(), 0, meet, &met),
			 0);
	assert_int_equal(
		inspector_describe(inspector, 1LL << 40, now_ms, meet, &met),
		0);
	assert_int_equal(met.count, 0);
	assert_false(inspector_capabilities(inspector, 1LL << 40, now_ms,
					    &capabilities));
	assert_true(inspector_capabilities(inspector, getpid(), now_ms,
					   &capabilities));
	assert_int_equal(capabilities.effective != 0, !getuid());
	assert_int_equal(inspector_container(inspector, 1LL << 40, now_ms, id),
			 0);
	assert_false(inspector_failed(inspector));
	inspector_free(&inspector);
	assert_null(inspector);
	assert_true(wait(NULL) > 0);
	assert_int_equal(atomic_load(&refused->count), 0);
}

static void test_inspector(void **state)
{
	(void)state;
	inspect(NULL);
	inspect(refused);
}

/* --- environments --------------------------------------------------------- */

static char variables[LIMIT_ENVIRONMENT_NAMES][LIMIT_ENVIRONMENT_VALUE_BYTES];
static struct str variable_names[LIMIT_ENVIRONMENT_NAMES];

/* As many and as long as there can be, with what nobody asks for. */
static void run_with_variables(int ready)
{
	static char *const args[] = { (char *)"sleep", (char *)"600", NULL };
	static char secret[] = "SECRET=1";
	char *environment[2 * LIMIT_ENVIRONMENT_NAMES + 2] = { secret };

	for (size_t i = 0; i < 2 * LIMIT_ENVIRONMENT_NAMES; i++)
		environment[i + 1] = variables[i / 2];
	fcntl(ready, F_SETFD, FD_CLOEXEC);
	execve("/bin/sleep", args, environment);
	_exit(SETUP_FAILED);
}

/* A process, once it has these. */
static pid_t start_process(void)
{
	char path[64], byte;
	int ready[2], fd;
	ssize_t got;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		close(ready[0]);
		run_with_variables(ready[1]);
	}
	close(ready[1]);
	/* the other end is closed when it executes; its variables come after */
	assert_int_equal(read(ready[0], &byte, 1), 0);
	close(ready[0]);
	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	do {
		assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
		fd = open(path, O_RDONLY);
		assert_true(fd >= 0);
		got = read(fd, &byte, 1);
		close(fd);
	} while (!got);
	assert_int_equal(got, 1);
	return pid;
}

static void stop_process(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static struct inspector *start_inspector(const struct str_list *environment)
{
	const struct inspector_config config = {
		.user = somebody(),
		.environment = environment,
		.refused = refused,
	};
	struct inspector *inspector = NULL;

	atomic_store(&refused->count, 0);
	assert_int_equal(inspector_start(&config, &inspector), 0);
	return inspector;
}

static void stop_inspector(struct inspector *inspector)
{
	inspector_free(&inspector);
	assert_true(wait(NULL) > 0);
	assert_int_equal(atomic_load(&refused->count), 0);
}

/* As another user, and whole, however many messages that are. */
static void test_environment(void **state)
{
	const struct str_list names = { LIMIT_ENVIRONMENT_NAMES,
					variable_names };
	struct inspector *inspector = start_inspector(&names);
	struct arena *arena = arena_new(0);
	struct value value = { 0 };
	pid_t pid = start_process();

	(void)state;
	assert_int_equal(inspector_environment(inspector, pid, INT64_MAX / 2,
					       arena, &value),
			 ENVIRONMENT_WHOLE);
	assert_int_equal(value.type, VALUE_LIST);
	assert_int_equal(value.list.count, 2 * LIMIT_ENVIRONMENT_NAMES);
	for (size_t i = 0; i < value.list.count; i++)
		assert_true(str_equal(value.list.items[i].s,
				      str_from(variables[i / 2])));
	/* that of an older process is none of it */
	value = (struct value){ 0 };
	assert_int_equal(
		inspector_environment(inspector, pid, 0, arena, &value),
		ENVIRONMENT_UNKNOWN);
	assert_int_equal(value.type, VALUE_NULL);
	assert_false(inspector_failed(inspector));
	stop_inspector(inspector);
	/* it is asked for none, and reads none */
	inspector = start_inspector(NULL);
	assert_int_equal(inspector_environment(inspector, pid, INT64_MAX / 2,
					       arena, &value),
			 ENVIRONMENT_UNKNOWN);
	assert_false(inspector_failed(inspector));
	stop_inspector(inspector);
	stop_process(pid);
	arena_free(&arena);
}

/* One that tells of what it is not asked for is not asked again: here because
 * we forget a name it was given. */
static void test_environment_hostile(void **state)
{
	struct str given[] = { variable_names[0], variable_names[1] };
	struct str_list names = { 2, given };
	struct arena *arena = arena_new(0);
	struct value value = { 0 };
	pid_t pid = start_process();

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct inspector *inspector = start_inspector(&names);

		if (i)
			names.count = 1; /* fewer */
		else
			given[1].len--; /* another one */
		assert_int_equal(inspector_environment(inspector, pid,
						       INT64_MAX / 2, arena,
						       &value),
				 ENVIRONMENT_UNKNOWN);
		assert_int_equal(value.type, VALUE_NULL);
		assert_true(inspector_failed(inspector));
		given[1] = variable_names[1];
		stop_inspector(inspector);
	}
	stop_process(pid);
	arena_free(&arena);
}

struct stuck {
	const char *directory; /* to work in */
	struct privs_user user;
	pid_t pid, other;
};

/* Over the environment of the one, a file that keeps its readers waiting. */
static bool make_stuck(const struct stuck *stuck)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/environ", stuck->pid);
	return !chdir(stuck->directory) && !unshare(CLONE_NEWNS) &&
	       !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	       !mkfifo("fifo", 0600) &&
	       !mount("fifo", path, NULL, MS_BIND, NULL);
}

static enum environment_answer ask(struct inspector *inspector, pid_t pid)
{
	struct arena *arena = arena_new(0);
	struct value value = { 0 };
	enum environment_answer answer = inspector_environment(
		inspector, pid, INT64_MAX / 2, arena, &value);

	arena_free(&arena);
	return answer;
}

/* 0, or the number of what is not as it should be. */
static int try_stuck(const void *argument)
{
	const struct str_list names = { 1, variable_names };
	const struct stuck *stuck = argument;
	const struct inspector_config config = {
		.user = stuck->user,
		.environment = &names,
		.refused = refused,
	};
	struct inspector *inspector = NULL;
	struct process_capabilities capabilities;
	int fd;

	if (!make_stuck(stuck) || inspector_start(&config, &inspector))
		return SETUP_FAILED;
	if (ask(inspector, stuck->pid) != ENVIRONMENT_UNKNOWN ||
	    ask(inspector, stuck->other) != ENVIRONMENT_UNKNOWN)
		return 1;
	if (!inspector_capabilities(inspector, stuck->other, INT64_MAX / 2,
				    &capabilities))
		return 2;
	/* somebody waits there, who is let go */
	fd = open("fifo", O_WRONLY | O_NONBLOCK);
	if (fd < 0)
		return 3;
	close(fd);
	while (ask(inspector, stuck->other) == ENVIRONMENT_UNKNOWN)
		if (inspector_failed(inspector))
			return 4;
	/* nor does it keep the inspector from ending */
	if (ask(inspector, stuck->pid) != ENVIRONMENT_UNKNOWN)
		return 5;
	inspector_free(&inspector);
	return wait(NULL) > 0 ? 0 : 6;
}

/* A process that keeps its reader waiting keeps nobody else. */
static void test_environment_stuck(void **state)
{
	char directory[] = "/tmp/test_sandbox.XXXXXX", path[64];
	struct stuck stuck = { directory, somebody(), start_process(),
			       start_process() };
	int status;

	(void)state;
	assert_non_null(mkdtemp(directory));
	status = end_of(try_stuck, &stuck);
	stop_process(stuck.pid);
	stop_process(stuck.other);
	snprintf(path, sizeof(path), "%s/fifo", directory);
	unlink(path);
	assert_int_equal(rmdir(directory), 0);
	/* it takes root to mount */
	if (WIFEXITED(status) && WEXITSTATUS(status) == SETUP_FAILED)
		skip();
	assert_int_equal(status, 0);
}

static int stop_at_first(void *user, const struct process_seed *seed)
{
	(void)seed;
	++*(size_t *)user;
	return -ENOMEM;
}

/* Whoever does not want more is heard, and the next question is answered. */
static void test_inspector_error(void **state)
{
	const struct inspector_config config = { .user = somebody() };
	struct inspector *inspector = NULL;
	struct met met = { .pid = getpid() };
	size_t calls = 0, count;

	(void)state;
	assert_int_equal(inspector_start(&config, &inspector), 0);
	assert_int_equal(
		inspector_seed(inspector,
			       &(struct seeder){ stop_at_first, &calls },
			       60 * NSEC_PER_SEC, &count),
		-ENOMEM);
	assert_int_equal(calls, 1);
	assert_int_equal(inspector_describe(inspector, getpid(), INT64_MAX / 2,
					    meet, &met),
			 0);
	assert_int_equal(met.found, 1);
	inspector_free(&inspector);
	assert_true(wait(NULL) > 0);
}

static int make_shared(void **state)
{
	(void)state;
	for (size_t i = 0; i < LIMIT_ENVIRONMENT_NAMES; i++) {
		int len = snprintf(variables[i], sizeof(variables[i]), "N%02zu",
				   i);

		variable_names[i] = (struct str){ variables[i], (size_t)len };
		memset(variables[i] + len, 'x', sizeof(variables[i]) - 1 - len);
		variables[i][len] = '=';
	}
	refused = mmap(NULL, sizeof(*refused), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return refused == MAP_FAILED;
}

static int unmap_shared(void **state)
{
	(void)state;
	return munmap(refused, sizeof(*refused));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deadly),
		cmocka_unit_test(test_useless),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_keeper),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_user),
		cmocka_unit_test(test_drop),
		cmocka_unit_test(test_directory),
		cmocka_unit_test(test_inspector),
		cmocka_unit_test(test_inspector_error),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_environment_hostile),
		cmocka_unit_test(test_environment_stuck),
	};

	return cmocka_run_group_tests(tests, make_shared, unmap_shared);
}
