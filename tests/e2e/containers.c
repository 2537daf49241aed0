/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Containers as runtimes start them, but without their isolation: a shim, which
 * for each has runc create it (its first process goes to a cgroup, makes its
 * session, waits) and then start it (that process executes something that ends
 * at once). Called by the names of these programs:
 *
 *   containerd-shim-runc-v2 COUNT CGROUP DIRECTORY   what is below is told by it
 *   runc create CGROUP FIFO PROGRAM
 *   runc start FIFO
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void must(int done, const char *what)
{
	if (done)
		return;
	perror(what);
	exit(1);
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	must(fd >= 0 && write(fd, text, strlen(text)) > 0, path);
	close(fd);
}

/* The first process: from runc's child to the program of the container. */
static void init(const char *cgroup, const char *fifo, const char *program,
		 int ready)
{
	char procs[PATH_MAX], byte;
	int fd;

	snprintf(procs, sizeof(procs), "%s/cgroup.procs", cgroup);
	put(procs, "0");
	must(setsid() > 0, "setsid");
	must(write(ready, "", 1) == 1, "ready");
	close(ready);
	fd = open(fifo, O_RDONLY | O_CLOEXEC);
	must(fd >= 0 && read(fd, &byte, 1) == 1, fifo);
	execl(program, program, (char *)NULL);
	must(0, program);
}

static int create(char **args)
{
	int pipes[2];
	char byte;

	must(!pipe2(pipes, O_CLOEXEC), "pipe");
	if (!fork())
		init(args[2], args[3], args[4], pipes[1]);
	close(pipes[1]);
	must(read(pipes[0], &byte, 1) == 1, "init");
	return 0;
}

static int start(char **args)
{
	int fd = open(args[2], O_WRONLY);

	must(fd >= 0 && write(fd, "", 1) == 1, args[2]);
	return 0;
}

static void run(char *const *args)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		execv(args[0], args);
		_exit(127);
	}
	must(waitpid(pid, &status, 0) == pid && !status, args[1]);
}

static void contain(const char *root, const char *directory,
		    unsigned int number)
{
	char cgroup[PATH_MAX], runc[PATH_MAX], program[PATH_MAX],
		fifo[PATH_MAX];
	char *const creates[] = { runc, "create", cgroup, fifo, program, NULL };
	char *const starts[] = { runc, "start", fifo, NULL };

	snprintf(cgroup, sizeof(cgroup), "%s/docker-%064x.scope", root, number);
	snprintf(runc, sizeof(runc), "%s/runc", directory);
	snprintf(program, sizeof(program), "%s/short-lived", directory);
	snprintf(fifo, sizeof(fifo), "%s/fifo", directory);
	must(!mkdir(cgroup, 0755), cgroup);
	run(creates);
	run(starts);
	/* the first process is the shim's now */
	must(wait(NULL) > 0, "wait");
	must(!rmdir(cgroup), cgroup);
}

static int shim(char **args)
{
	unsigned int count = (unsigned int)atoi(args[1]);
	char fifo[PATH_MAX];

	must(!prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "subreaper");
	snprintf(fifo, sizeof(fifo), "%s/fifo", args[3]);
	must(!mkfifo(fifo, 0600), fifo);
	for (unsigned int i = 1; i <= count; i++)
		contain(args[2], args[3], i);
	unlink(fifo);
	return 0;
}

int main(int argc, char **args)
{
	const char *slash = strrchr(args[0], '/');
	const char *name = slash ? slash + 1 : args[0];

	if (!strcmp(name, "short-lived"))
		return 0;
	if (argc == 5 && !strcmp(args[1], "create"))
		return create(args);
	if (argc == 3 && !strcmp(args[1], "start"))
		return start(args);
	return argc == 4 ? shim(args) : 2;
}
