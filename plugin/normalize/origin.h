/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How an executable file came into being on this host. Told once, when it
 * happens, and never changed: the files that are copies of one, and the
 * processes that run it, have it in common (counted).
 */
#ifndef AUDISP_EQL_NORMALIZE_ORIGIN_H
#define AUDISP_EQL_NORMALIZE_ORIGIN_H

#include <audisp-eql/event.h>

#define ID_UNKNOWN UINT32_MAX /* as in records */

/* Of two that a process has, the later one here counts: it runs a program
 * linked here, whatever that starts. */
enum origin_kind {
	ORIGIN_PACKAGED, /* by root's package manager */
	ORIGIN_MARKED, /* made executable; what wrote it is not known */
	ORIGIN_WRITTEN, /* by any other program */
	ORIGIN_COPIED, /* of a file that is not known */
	ORIGIN_UNPACKED,
	ORIGIN_DOWNLOADED,
	ORIGIN_MEMORY, /* of no file system */
	ORIGIN_LINKED,
	ORIGIN__COUNT,
};

/* What a copy, found by its writer's arguments, can do. */
enum origin_trait {
	ORIGIN_IS_LINKER = 1 << 0,
	ORIGIN_IS_LOADER = 1 << 1, /* of other programs, such as ld.so */
};

struct origin_source {
	enum origin_kind kind;
	unsigned int traits;
	int64_t time_ns; /* of the audit event that told */
	uint64_t serial;
	uint32_t uid, auid; /* effective and login id of who wrote it */
	struct str path; /* of the file then; empty = unknown */
	struct str
		name; /* what the writer was started as, without directories */
	struct str executable; /* the writer's file */
	struct str
		compiler; /* the driver that had it linked; empty = unknown */
};

struct origin {
	unsigned int owners;
	uint32_t number; /* while a state is saved */
	size_t size;
	size_t *memory;
	struct origin_source is;
};

/* Charged to *memory until its last owner has released it. NULL = out of
 * memory. */
struct origin *origin_new(const struct origin_source *source, size_t *memory);
/* Takes NULL. */
struct origin *origin_hold(struct origin *origin);
void origin_release(struct origin **origin);
/* Of two origins the one that says more; each may be NULL. */
struct origin *origin_stronger(struct origin *a, struct origin *b);
/* As process.origin.kind has it. */
const char *origin_kind_name(enum origin_kind kind);

#endif
