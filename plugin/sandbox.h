/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which system calls a process may still make. */
#ifndef AUDISP_EQL_SANDBOX_H
#define AUDISP_EQL_SANDBOX_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* LeakSanitizer looks for leaks by ptrace, when a program ends. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANDBOX_TRACES 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_TRACES 1
#endif

enum sandbox_profile {
	/* all but the deadly ones: what it starts inherits this */
	SANDBOX_KEEPER,
	SANDBOX_WORKER, /* files, sockets of this host, threads */
	/* reads files, and answers on a socket it has; threads */
	SANDBOX_INSPECTOR,
};

/* Of system calls that failed because nobody has a use for them. In memory that
 * outlives the process, if that is to be counted. */
struct sandbox_refused {
	_Atomic uint64_t count;
	_Atomic int last; /* its number */
};

/*
 * Takes from this thread, and from all it starts, the system calls that are not
 * of the profile: they fail with EPERM and are counted in *refused (which a
 * keeper does not need; on machines other than x86_64 and aarch64 they are not
 * counted). The deadly ones (starting programs, tracing, sockets of a network,
 * bpf, mounts, kernel modules) kill the process. No new privileges must be set,
 * and there can be but one of these counters in a process. 0 or -errno.
 */
int sandbox_enter(enum sandbox_profile profile,
		  struct sandbox_refused *refused);
/* "openat", or its number. */
void sandbox_call_name(int number, char *out, size_t size);

#endif
