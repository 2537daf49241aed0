/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ordinary user who floods for real:
 *
 *   storm DIRECTORY COUNT ARGUMENTS
 *
 * COUNT times it makes a small executable file in the directory, and starts
 * DIRECTORY/gcc, a program that ends at once, with as many arguments, other ones
 * each time.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS_MAX 100000

static char *arguments[ARGUMENTS_MAX + 2];

static void fill(unsigned long number, unsigned long count)
{
	static char texts[ARGUMENTS_MAX][16];

	for (unsigned long i = 0; i < count; i++) {
		snprintf(texts[i], sizeof(texts[i]), "%lu-%lu", number % 100000,
			 i % 100000);
		arguments[i + 1] = texts[i];
	}
}

static int make_file(unsigned long number)
{
	char name[32];
	int fd;

	snprintf(name, sizeof(name), "copy%lu", number);
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	if (fd < 0)
		return 1;
	if (write(fd, "#!", 2) != 2 || fchmod(fd, 0700)) {
		close(fd);
		return 1;
	}
	return close(fd);
}

static int start(void)
{
	char *environment[] = { NULL };
	pid_t child = vfork();

	if (!child) {
		execve("./gcc", arguments, environment);
		_exit(127);
	}
	return child < 0 || waitpid(child, NULL, 0) < 0;
}

int main(int argc, char **argv)
{
	unsigned long count, size;

	if (argc != 4 || chdir(argv[1]))
		return 2;
	count = strtoul(argv[2], NULL, 10);
	size = strtoul(argv[3], NULL, 10);
	if (size > ARGUMENTS_MAX)
		return 2;
	arguments[0] = "gcc";
	for (unsigned long i = 0; i < count; i++) {
		fill(i, size);
		if (make_file(i) || start())
			return 1;
	}
	return 0;
}
