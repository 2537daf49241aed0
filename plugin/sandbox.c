/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A call that fails by SECCOMP_RET_ERRNO is counted by nobody, and one that is
 * logged comes back to us as an audit record. So a call nobody has a use for
 * makes the kernel send SIGSYS to its thread; the handler counts it and lets it
 * return EPERM. That needs to know where a machine keeps a result: on others
 * than those below such calls just fail.
 */
#include "sandbox.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <ucontext.h>
#include <unistd.h>

#if defined(__x86_64__)
#define RESULT(context) ((context)->uc_mcontext.gregs[REG_RAX])
#elif defined(__aarch64__)
#define RESULT(context) ((context)->uc_mcontext.regs[0])
#endif

/* What only somebody who got in would call. */
static const char *const deadly_calls[] = {
	"add_key",	    "bpf",
	"delete_module",    "execve",
	"execveat",	    "finit_module",
	"fsconfig",	    "fsmount",
	"fsopen",	    "fspick",
	"init_module",	    "io_uring_setup",
	"kexec_file_load",  "kexec_load",
	"keyctl",	    "mount",
	"mount_setattr",    "move_mount",
	"open_tree",	    "perf_event_open",
	"pidfd_getfd",	    "pivot_root",
	"process_vm_readv", "process_vm_writev",
#ifndef SANDBOX_TRACES
	"ptrace",
#endif
	"request_key",	    "setns",
	"umount",	    "umount2",
	"unshare",	    "userfaultfd",
};

/* Memory, time, the end, and reading what is open. */
static const char *const common_calls[] = {
	"_llseek",	 "brk",
	"clock_gettime", "clock_gettime64",
	"close",	 "exit",
	"exit_group",	 "fstat",
	"fstat64",	 "fstatat64",
	"futex",	 "futex_time64",
	"getegid",	 "getegid32",
	"geteuid",	 "geteuid32",
	"getgid",	 "getgid32",
	"getpid",	 "getrandom",
	"gettid",	 "gettimeofday",
	"getuid",	 "getuid32",
	"lseek",	 "lstat",
	"lstat64",	 "madvise",
	"mremap",	 "munmap",
	"newfstatat",	 "open",
	"openat",	 "pread64",
	"read",		 "restart_syscall",
	"rt_sigaction",	 "rt_sigprocmask",
	"rt_sigreturn",	 "sched_getaffinity",
	"sched_yield",	 "send",
	"sendto",	 "sigaltstack",
	"sigreturn",	 "stat",
	"stat64",	 "statx",
	"sysinfo",	 "time",
};

static const char *const worker_calls[] = {
	"clock_nanosleep", "clock_nanosleep_time64",
	"connect",	   "fchmod",
	"fdatasync",	   "flock",
	"ftruncate",	   "ftruncate64",
	"nanosleep",	   "poll",
	"ppoll",	   "ppoll_time64",
	"pwrite64",	   "recv",
	"recvfrom",	   "rename",
	"renameat",	   "renameat2",
	"setsockopt",	   "unlink",
	"unlinkat",	   "write",
	"writev",
};

static const char *const inspector_calls[] = {
	"dup",	    "fcntl",	  "fcntl64", "getdents64",
	"readlink", "readlinkat", "recv",    "recvfrom",
};

static const char *const thread_calls[] = { "rseq", "set_robust_list" };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- counting ------------------------------------------------------------- */

#ifdef RESULT

#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1
#endif

/* A signal handler is handed nothing of ours. */
static struct sandbox_refused *refused_calls;

static void on_refused(int number, siginfo_t *info, void *context)
{
	ucontext_t *interrupted = context;

	(void)number;
	/* by kill(): nothing of ours was interrupted for it */
	if (info->si_code != SYS_SECCOMP)
		return;
	atomic_store(&refused_calls->last, info->si_syscall);
	atomic_fetch_add(&refused_calls->count, 1);
	RESULT(interrupted) = -EPERM;
}

/* The action for calls that are of no use. */
static int count_refused(struct sandbox_refused *refused, uint32_t *action)
{
	struct sigaction handler = {
		.sa_sigaction = on_refused,
		.sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART,
	};
	sigset_t one;

	refused_calls = refused;
	sigemptyset(&handler.sa_mask);
	sigemptyset(&one);
	sigaddset(&one, SIGSYS);
	/* one that is blocked kills */
	if (sigaction(SIGSYS, &handler, NULL) ||
	    sigprocmask(SIG_UNBLOCK, &one, NULL))
		return -errno;
	*action = SCMP_ACT_TRAP;
	return 0;
}

#else

static int count_refused(struct sandbox_refused *refused, uint32_t *action)
{
	(void)refused;
	*action = SCMP_ACT_ERRNO(EPERM);
	return 0;
}

#endif

void sandbox_call_name(int number, char *out, size_t size)
{
	char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);

	if (name)
		snprintf(out, size, "%s", name);
	else
		snprintf(out, size, "%d", number);
	free(name);
}

/* --- rules ---------------------------------------------------------------- */

/* One rule, with a condition or none. What this machine or this libseccomp does
 * not know by name is refused like the rest. */
static int add(scmp_filter_ctx filter, uint32_t action, const char *name,
	       const struct scmp_arg_cmp *condition)
{
	int number = seccomp_syscall_resolve_name(name);

	if (number == __NR_SCMP_ERROR)
		return 0;
	return seccomp_rule_add_array(filter, action, number, condition != NULL,
				      condition);
}

static int add_all(scmp_filter_ctx filter, uint32_t action,
		   const char *const *names, size_t count)
{
	int rc = 0;

	for (size_t i = 0; i < count && !rc; i++)
		rc = add(filter, action, names[i], NULL);
	return rc;
}

static int add_deadly(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp elsewhere = { .arg = 0,
						.op = SCMP_CMP_NE,
						.datum_a = AF_UNIX };
	int rc = add_all(filter, SCMP_ACT_KILL_PROCESS, deadly_calls,
			 COUNT(deadly_calls));

	return rc ? rc
		  : add(filter, SCMP_ACT_KILL_PROCESS, "socket", &elsewhere);
}

/* Memory that holds no code, and a signal to none but oneself: abort(). */
static int add_common(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp data = { .arg = 2,
					   .op = SCMP_CMP_MASKED_EQ,
					   .datum_a = PROT_EXEC };
	const struct scmp_arg_cmp self = { .arg = 0,
					   .op = SCMP_CMP_EQ,
					   .datum_a = (scmp_datum_t)getpid() };
	int rc = add_all(filter, SCMP_ACT_ALLOW, common_calls,
			 COUNT(common_calls));

	if (!rc)
		rc = add(filter, SCMP_ACT_ALLOW, "mmap", &data);
	if (!rc)
		rc = add(filter, SCMP_ACT_ALLOW, "mmap2", &data);
	if (!rc)
		rc = add(filter, SCMP_ACT_ALLOW, "mprotect", &data);
	return rc ? rc : add(filter, SCMP_ACT_ALLOW, "tgkill", &self);
}

/* Where clone() has its flags. */
#if defined(__s390x__)
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

/* Threads, and no process. */
static int add_threads(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp thread = { .arg = CLONE_FLAGS,
					     .op = SCMP_CMP_MASKED_EQ,
					     .datum_a = CLONE_THREAD,
					     .datum_b = CLONE_THREAD };
	int rc = add_all(filter, SCMP_ACT_ALLOW, thread_calls,
			 COUNT(thread_calls));

	if (!rc)
		rc = add(filter, SCMP_ACT_ALLOW, "clone", &thread);
	/* its flags cannot be looked at; libc then takes clone() */
	return rc ? rc : add(filter, SCMP_ACT_ERRNO(ENOSYS), "clone3", NULL);
}

static int add_worker(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp local = { .arg = 0,
					    .op = SCMP_CMP_EQ,
					    .datum_a = AF_UNIX };
	int rc = add_all(filter, SCMP_ACT_ALLOW, worker_calls,
			 COUNT(worker_calls));

	return rc ? rc : add(filter, SCMP_ACT_ALLOW, "socket", &local);
}

static int add_profile(scmp_filter_ctx filter, enum sandbox_profile profile)
{
	int rc = add_deadly(filter);

	if (!rc && profile != SANDBOX_KEEPER)
		rc = add_common(filter);
	/* also for an inspector that needs none: one can do with it what it
	 * could do without */
	if (!rc && profile != SANDBOX_KEEPER)
		rc = add_threads(filter);
	if (!rc && profile == SANDBOX_WORKER)
		rc = add_worker(filter);
	if (!rc && profile == SANDBOX_INSPECTOR)
		rc = add_all(filter, SCMP_ACT_ALLOW, inspector_calls,
			     COUNT(inspector_calls));
	return rc;
}

int sandbox_enter(enum sandbox_profile profile, struct sandbox_refused *refused)
{
	uint32_t otherwise = SCMP_ACT_ALLOW;
	scmp_filter_ctx filter;
	int rc = 0;

	/* a kernel that can kill processes: 4.14 */
	if (seccomp_api_get() < 3)
		return -ENOSYS;
	if (profile != SANDBOX_KEEPER)
		rc = count_refused(refused, &otherwise);
	if (rc)
		return rc;
	filter = seccomp_init(otherwise);
	if (!filter)
		return -ENOMEM;
	rc = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH,
			      SCMP_ACT_KILL_PROCESS);
	/* the caller has set it, and says so if it cannot be */
	if (!rc)
		rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
	seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
	/* speed alone: older kernels and libraries know neither */
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (!rc)
		rc = add_profile(filter, profile);
	if (!rc)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	return rc;
}
