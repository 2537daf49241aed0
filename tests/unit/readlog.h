/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests: an audit log read from a file or a string, cut into events. */
#ifndef AUDISP_EQL_TESTS_READLOG_H
#define AUDISP_EQL_TESTS_READLOG_H

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sieve.h"

static inline const char *readlog_srcdir(void)
{
	const char *srcdir = getenv("srcdir");

	return srcdir ? srcdir : ".";
}

/* The whole file, NUL behind it; free() it. NULL = cannot be read. */
static inline char *readlog_file(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	char *data = NULL;
	long size;

	if (!file)
		return NULL;
	if (!fseek(file, 0, SEEK_END) && (size = ftell(file)) >= 0) {
		rewind(file);
		data = calloc(1, (size_t)size + 1);
		*len = data ? fread(data, 1, (size_t)size, file) : 0;
	}
	fclose(file);
	return data;
}

/* Hands each event of a log to fn; 0 or what the sieve or fn returned. */
static inline int readlog_events(const char *data, size_t len, sieve_fn fn,
				 void *user)
{
	struct sieve_config config = {
		.on_event = fn,
		.user = user,
		.event_timeout_ns = 2 * NSEC_PER_SEC,
	};
	struct sieve *sieve;
	int rc = sieve_new(&config, &sieve);

	if (rc)
		return rc;
	rc = sieve_feed(sieve, data, len);
	if (!rc)
		rc = sieve_finish(sieve);
	sieve_free(&sieve);
	return rc;
}

/* Hands the path of each log in the tree to fn; how many there are. */
static inline size_t readlog_all(void (*fn)(void *user, const char *path),
				 void *user)
{
	static const char *const patterns[] = {
		"tests/corpus/*/*.log",
		"tests/detect/*/*.log",
		"tests/cases/normalize/*.log",
	};
	size_t count = 0;

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		char pattern[4096];
		glob_t logs;

		snprintf(pattern, sizeof(pattern), "%s/%s", readlog_srcdir(),
			 patterns[i]);
		if (glob(pattern, 0, NULL, &logs))
			return 0;
		for (size_t k = 0; k < logs.gl_pathc; k++)
			fn(user, logs.gl_pathv[k]);
		count += logs.gl_pathc;
		globfree(&logs);
	}
	return count;
}

#endif
