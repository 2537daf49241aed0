/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files a subcommand reads. */
#ifndef AUDISP_EQL_AUEQL_INPUT_H
#define AUDISP_EQL_AUEQL_INPUT_H

#include <stdbool.h>
#include <stddef.h>

/* Takes a chunk; 0, or -errno which ends the reading. */
typedef int (*input_fn)(void *user, const char *data, size_t len);

struct input {
	char **paths; /* "-" = standard input */
	size_t count;
	bool no_logs; /* no paths = standard input, not auditd's own logs */
	/* little is written to standard output while reading, so that progress
	 * may share a terminal with it: see input_before_output() */
	bool sparse;
	input_fn on_chunk;
	/* after each file: a last record without newline is whole */
	int (*on_end)(void *user);
	void *user;
};

/*
 * Reads all files in order, with progress on a terminal; compressed ones (gzip,
 * xz, zstd, bzip2, by their first bytes) through the program for it. A file that cannot be
 * read is told on stderr and the rest is read nevertheless: then
 * EXIT_NOT_DONE. EXIT_DONE else.
 */
int input_read(const struct input *input);
/* All that was read held nothing of use: says what is wanted. EXIT_NOT_DONE. */
int input_was_empty(bool ecs);
/* Before a sparse reader writes to standard output: away with the progress. */
void input_before_output(void);

#endif
