/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A look at an audit event before it is parsed: what it is of, and whether that
 * failed. Most events of a host that audits for other reasons, too, are of calls
 * that make no event here, of failed ones that never do, or of some that no rule
 * asks for. The last tell the process table who was there, and that can be read
 * here as well.
 *
 * Only what stands exactly as the kernel writes it is understood; of all else
 * nothing is told, and it is parsed.
 */
#ifndef AUDISP_EQL_NORMALIZE_GLANCE_H
#define AUDISP_EQL_NORMALIZE_GLANCE_H

#include "../sieve.h"
#include "proctable.h"

enum glance_of {
	GLANCE_OTHER, /* it has to be parsed */
	GLANCE_CALL, /* one SYSCALL record and those that go with it */
	GLANCE_RECORD, /* one record of another type */
};

struct glance {
	enum glance_of of;
	int type; /* of the record; -1 = not known */
	int64_t arch, syscall;
	bool failed; /* success=no */
	struct str caller; /* of a call: the SYSCALL record from exit= on */
	size_t directories, directory_at; /* CWD records; where the last is */
	size_t addresses, address_at; /* the same of SOCKADDR records */
};

void glance_at(const struct raw_event *raw, struct glance *out);

/* What an event says of the process that caused it. */
struct glance_sight {
	struct process_sight sight;
	struct str arguments; /* of a call, from a0= on */
	uint32_t login;
};

/* False = it has to be parsed. */
bool glance_sight(const struct raw_event *raw, const struct glance *glance,
		  struct glance_sight *out);
/* The working directory that a call's CWD record tells; empty = there is none.
 * False = it has to be parsed. */
bool glance_directory(const struct raw_event *raw, const struct glance *glance,
		      struct str *out);
/* Whether a call's only address is a socket of its host (AF_UNIX). */
bool glance_is_local(const struct raw_event *raw, const struct glance *glance);
/* a0 to a3 of a call; false = it is no number. */
bool glance_argument(const struct glance_sight *sight, size_t number,
		     int64_t *out);

#endif
