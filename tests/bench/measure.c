/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * measure INPUT COMMAND [ARGUMENT]...: runs the command with the file as its
 * input and its output thrown away; prints the CPU seconds, the seconds and the
 * KiB that it took at most. Its exit code is the command's.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static _Noreturn void run(char **argv)
{
	int in = open(argv[1], O_RDONLY), out = open("/dev/null", O_WRONLY);

	if (in >= 0 && out >= 0) {
		dup2(in, STDIN_FILENO);
		dup2(out, STDOUT_FILENO);
		dup2(out, STDERR_FILENO);
		execvp(argv[2], argv + 2);
	}
	_exit(127);
}

int main(int argc, char **argv)
{
	struct rusage usage;
	double start = now();
	int status;
	pid_t pid;

	if (argc < 3) {
		fputs("usage: measure INPUT COMMAND [ARGUMENT]...\n", stderr);
		return 2;
	}
	pid = fork();
	if (!pid)
		run(argv);
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
		return 1;
	printf("%.6f %.3f %ld\n",
	       seconds(usage.ru_utime) + seconds(usage.ru_stime), now() - start,
	       usage.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
