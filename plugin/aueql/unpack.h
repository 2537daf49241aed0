/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compressed files, through the programs that made them. */
#ifndef AUDISP_EQL_AUEQL_UNPACK_H
#define AUDISP_EQL_AUEQL_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Suffixes that rotated logs may bear beside none; NULL ends. */
extern const char *const unpack_suffixes[];

struct unpacker;

/* Whose format begins so; NULL = nobody's. */
const struct unpacker *unpack_recognize(const void *start, size_t len);
/* The command line that unpacks its standard input, for a person to type. */
const char *unpack_words(const struct unpacker *unpacker);

/* A program at work. */
struct unpacking {
	const struct unpacker *unpacker;
	pid_t child;
	int fd; /* what it writes */
};

/* Has fd, a file at its start, unpacked; fd stays the caller's. 0 or -errno;
 * -ENOENT = the program is not there. */
int unpack_begin(const struct unpacker *unpacker, int fd,
		 struct unpacking *out);
/* Its end; early = not all of it was read, and it is stopped. False = it failed:
 * then why[] has words. */
bool unpack_end(struct unpacking *unpacking, bool early, char why[128]);

#endif
