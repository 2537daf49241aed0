/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A look at an audit event before it is parsed: which system call it is of, and
 * whether that failed. Most events of a host that audits for other reasons, too,
 * are of calls that make no event here, or of failed ones that never do.
 */
#ifndef AUDISP_EQL_NORMALIZE_GLANCE_H
#define AUDISP_EQL_NORMALIZE_GLANCE_H

#include "../sieve.h"

struct glance {
	int64_t arch, syscall;
	bool failed; /* success=no */
};

/* False = it has to be parsed: it is not one SYSCALL record and those that go
 * with it, or not written as the kernel does. */
bool glance_at(const struct raw_event *raw, struct glance *out);

#endif
