/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What outlives a worker: in memory shared with the keeper for the next worker,
 * in a file for the next plugin.
 */
#ifndef AUDISP_EQL_STATE_H
#define AUDISP_EQL_STATE_H

#include "util/arena.h"
#include "util/hash.h"
#include "util/log.h"
#include "util/strbuf.h"

struct state {
	struct str boot_id; /* tables are of use in the same boot only */
	struct str host_id;
	uint64_t alerts; /* number of the last one */
	uint64_t position; /* in the ring, for a worker; in the file useless */
	struct str tables; /* for pipeline_load(); last, up to the end */
};

enum {
	STATE_E_DAMAGED = 1,
	STATE_E_FORMAT = 2, /* of another version of this program */
	STATE_E_FOREIGN = 3, /* a file that others could have written */
};

/* A reason of the above as text. */
const char *state_error(int code);

/*
 * A state on its way into a file in memory: it never lies in the memory of who
 * writes it, as it may be half as large as memcap.
 */
struct state_out {
	struct strbuf tables; /* pipeline_save() writes here */
	int fd, rc;
	uint64_t at; /* in the file */
	struct hash_check check;
	char buffer[STRBUF_DRAIN_BYTES];
};

/* All up to the tables, which are added then. The file is no state until
 * state_seal() has come to its end. */
void state_begin(struct state_out *out, int fd, const struct state *state);
/* 0; -EFBIG: over LIMIT_STATE_BYTES; -errno of what was written first and could
 * not be. */
int state_seal(struct state_out *out);
/* Texts of *out point into bytes. 0, STATE_E_DAMAGED, STATE_E_FORMAT. */
int state_parse(struct str bytes, struct state *out);

/*
 * The bytes of a state in a file in memory, for reading, until state_unmap().
 * Those that were looked at are no more part of this process after
 * state_put_away(); they come back where they are looked at again. 0 or -errno.
 */
int state_map(int fd, struct str *out);
void state_put_away(struct str bytes);
void state_unmap(struct str *bytes);
/* Gives the memory of one that is of no use back. */
void state_discard(int fd);

/* The id of the boot this is; empty where it cannot be read. */
struct str state_boot_id(struct arena *arena);

/*
 * The file of a state, copied to a file in memory: a regular file of the owner
 * (or root's) that nobody else can write, of LIMIT_STATE_BYTES at most. 0,
 * -errno (-ENOENT: there is none), STATE_E_FOREIGN.
 */
int state_file_read(const char *path, int to);
/* Replaces the file by what is in another; it is on disk when this returns. 0 or
 * -errno. */
int state_file_write(const char *path, int from);
/*
 * A lock beside the file, for as long as *fd is open: two plugins overlap when
 * one is replaced. Waits for timeout_ms at most. 0, -EAGAIN, -errno.
 */
int state_file_lock(const char *path, int timeout_ms, int *fd);

/*
 * Writes the file from a thread of its own, as disks may hang, out of the file
 * in memory that has the state: it may not be written to meanwhile. At most one
 * waits beside the one that is written: the newest.
 */
struct state_writer;

int state_writer_new(const char *path, struct log *log,
		     struct state_writer **out);
void state_writer_put(struct state_writer *writer, int fd);
/* Takes back what waits; false = nothing did. */
bool state_writer_take_back(struct state_writer *writer);
/* The one that is being written; < 0 = none. */
int state_writer_busy(struct state_writer *writer);
/* Waits until what was put is written, timeout_ms at most. True = it is. */
bool state_writer_drain(struct state_writer *writer, int timeout_ms);
/* Drains for a second, then leaves a thread that hangs to itself. */
void state_writer_free(struct state_writer **writer);

#endif
