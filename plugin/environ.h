/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The variables that the configuration names, of processes that live. Of others
 * nothing is kept: an environment holds what must not stand in a log.
 */
#ifndef AUDISP_EQL_ENVIRON_H
#define AUDISP_EQL_ENVIRON_H

#include <audisp-eql/rule.h>

#include "limits.h"
#include "normalize/normalize.h"

/* What is told of one name at most: NAME=value, the first and the last, each of
 * so many bytes. */
#define ENVIRON_TEXTS 2
#define ENVIRON_TEXT_MAX \
	(LIMIT_ENVIRONMENT_NAME_BYTES + 1 + LIMIT_ENVIRONMENT_VALUE_BYTES)

struct environ_reader;

struct environ_config {
	const char *root; /* "/proc" */
	const struct str_list *names; /* at least one; copied */
	int64_t deadline_ns; /* of one environment */
};

/* 0 or -ENOMEM. */
int environ_reader_new(const struct environ_config *config,
		       struct environ_reader **out);
void environ_reader_free(struct environ_reader **reader);
/* What a process_resolver asks for; user is the reader. */
enum environment_answer environ_read(void *user, int64_t pid, int64_t since_ms,
				     struct arena *arena, struct value *out);

#endif
