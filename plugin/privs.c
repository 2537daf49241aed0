/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "privs.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_inherited(void)
{
	struct rlimit limit = { .rlim_cur = 1024 };

	if (!close_range(STDERR_FILENO + 1, ~0U, 0))
		return;
	/* kernels before 5.9 */
	getrlimit(RLIMIT_NOFILE, &limit);
	for (int fd = STDERR_FILENO + 1;
	     fd < (limit.rlim_cur < 4096 ? (int)limit.rlim_cur : 4096); fd++)
		close(fd);
}

void privs_signals(sigset_t *set)
{
	static const int numbers[] = { SIGCHLD, SIGHUP, SIGINT, SIGTERM,
				       SIGUSR1 };

	sigemptyset(set);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaddset(set, numbers[i]);
}

void privs_reset(void)
{
	sigset_t taken;
	FILE *file;

	/* first: one that comes now would end us by its default */
	privs_signals(&taken);
	sigprocmask(SIG_SETMASK, &taken, NULL);
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	umask(0027);
	close_inherited();
	/* a plugin that eats memory must be killed before what it watches */
	file = fopen("/proc/self/oom_score_adj", "we");
	if (file) {
		fputs("0", file);
		fclose(file);
	}
}
