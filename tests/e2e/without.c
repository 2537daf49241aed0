/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * without CALL PROGRAM [ARGUMENT]...
 *
 * runs a program where the kernel does not know this system call; for seccomp,
 * the older way to the same is closed, too.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const struct scmp_arg_cmp by_prctl = { .arg = 0,
					       .op = SCMP_CMP_EQ,
					       .datum_a = PR_SET_SECCOMP };
	const uint32_t unknown = SCMP_ACT_ERRNO(ENOSYS);
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (argc < 3 || !filter) {
		fputs("see the head of tests/e2e/without.c\n", stderr);
		return 2;
	}
	if (seccomp_rule_add(filter, unknown,
			     seccomp_syscall_resolve_name(argv[1]), 0) ||
	    (!strcmp(argv[1], "seccomp") &&
	     seccomp_rule_add_array(filter, unknown, SCMP_SYS(prctl), 1,
				    &by_prctl)) ||
	    seccomp_load(filter)) {
		fprintf(stderr, "without: %s\n", argv[1]);
		return 1;
	}
	seccomp_release(filter);
	execv(argv[2], argv + 2);
	perror(argv[2]);
	return 1;
}
