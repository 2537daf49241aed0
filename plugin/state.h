/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What outlives a worker: in memory shared with the keeper for the next worker,
 * in a file for the next plugin.
 */
#ifndef AUDISP_EQL_STATE_H
#define AUDISP_EQL_STATE_H

#include "util/arena.h"
#include "util/log.h"
#include "util/strbuf.h"

struct state {
	struct str boot_id; /* tables are of use in the same boot only */
	struct str host_id;
	uint64_t alerts; /* number of the last one */
	uint64_t position; /* in the ring, for a worker; in the file useless */
	struct str tables; /* pipeline_save(); last, up to the end */
};

enum {
	STATE_E_DAMAGED = 1,
	STATE_E_FORMAT = 2, /* of another version of this program */
	STATE_E_FOREIGN = 3, /* a file that others could have written */
};

/* A reason of the above as text. */
const char *state_error(int code);

/* The state up to its tables; they are added behind it, then it is sealed. */
void state_begin(struct strbuf *out, const struct state *state);
/* 0, or -ENOMEM: over out's limit. */
int state_seal(struct strbuf *out);
/* Texts of *out point into bytes. 0, STATE_E_DAMAGED, STATE_E_FORMAT. */
int state_parse(struct str bytes, struct state *out);

/* A state in a file in memory. 0 or -errno. */
int state_fd_write(int fd, struct str bytes);
int state_fd_read(int fd, struct arena *arena, struct str *out);

/* The id of the boot this is; empty where it cannot be read. */
struct str state_boot_id(struct arena *arena);

/*
 * The file of a state: a regular file of the owner (or root's) that nobody else
 * can write, of LIMIT_STATE_BYTES at most. The text is the arena's. 0, -errno
 * (-ENOENT: there is none), STATE_E_FOREIGN.
 */
int state_file_read(const char *path, struct arena *arena, struct str *out);
/* Replaces the file, which is on disk when this returns. 0 or -errno. */
int state_file_write(const char *path, struct str bytes);
/*
 * A lock beside the file, for as long as *fd is open: two plugins overlap when
 * one is replaced. Waits for timeout_ms at most. 0, -EAGAIN, -errno.
 */
int state_file_lock(const char *path, int timeout_ms, int *fd);

/*
 * Writes the file from a thread of its own, as disks may hang. It has at most
 * one state waiting: the newest.
 */
struct state_writer;

int state_writer_new(const char *path, struct log *log,
		     struct state_writer **out);
/* Takes the bytes over: a state may be half as large as memcap, and there is to
 * be one of it. */
void state_writer_put(struct state_writer *writer, struct strbuf *bytes);
/* Waits until what was put is written, timeout_ms at most. True = it is. */
bool state_writer_drain(struct state_writer *writer, int timeout_ms);
/* Drains for a second, then leaves a thread that hangs to itself. */
void state_writer_free(struct state_writer **writer);

#endif
