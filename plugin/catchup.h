/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What auditd wrote to its log while no plugin read, for one that goes on where
 * the last one was: see sieve_catch_up().
 */
#ifndef AUDISP_EQL_CATCHUP_H
#define AUDISP_EQL_CATCHUP_H

#include <sys/types.h>

#include <audisp-eql/event.h>

#include "limits.h"

/* The log and what it was rotated to, open; the newest first. */
struct catch_up {
	size_t count;
	struct {
		int fd;
		off_t size;
	} files[LIMIT_CATCH_UP_FILES];
	const char *path;
	int error; /* why there is none: errno, or CATCH_UP_E_* */
};

enum {
	CATCH_UP_E_FOREIGN = -1, /* others than root could have written it */
	CATCH_UP_E_OFF = -2, /* no log is to be read */
	CATCH_UP_E_NO_LOG = -3, /* auditd writes none */
};

/*
 * Opens it all, as long as one may; path "" = none is to be read, NULL = auditd
 * writes none. Tells in ->error. What is written from now on is in the stream.
 */
void catch_up_open(struct catch_up *log, const char *path);
void catch_up_close(struct catch_up *log);
/* An error of it as text. */
const char *catch_up_error(int error);

struct catch_up_reader {
	/* what stands before this record is not asked for */
	bool (*has_passed)(void *user, struct str record);
	/* 0 or -errno */
	int (*feed)(void *user, const char *data, size_t len);
	bool (*go_on)(void *user); /* false = no time is left */
	void *user;
};

struct catch_up_result {
	uint64_t bytes; /* read */
	bool limited; /* more was there than LIMIT_CATCH_UP_BYTES */
	bool given_up; /* what is newest was not read */
};

/* Feeds what may be new, from the oldest on. 0 or -errno: of feed, or of
 * reading. */
int catch_up_read(struct catch_up *log, const struct catch_up_reader *reader,
		  struct catch_up_result *out);

#endif
