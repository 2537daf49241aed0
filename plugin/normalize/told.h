/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What arguments tell of files: which a tool copies, reads out or is about to
 * make. Whoever is traced may have others read there what his tracer likes, so
 * it adds to what records of files tell, and never contradicts.
 */
#ifndef AUDISP_EQL_NORMALIZE_TOLD_H
#define AUDISP_EQL_NORMALIZE_TOLD_H

#include "known.h"

/* What a tool reads to its output, another one by its side has written within
 * that time: `cat a > b; chmod +x b`. */
#define STREAM_NS (60 * NSEC_PER_SEC)
#define STREAMS 64

/* A child of this process has read a known file to its output, or has packed
 * or unpacked something. */
struct stream {
	uint64_t host;
	int64_t ppid, time_ns;
	int64_t archiver; /* the child's pid; 0 = the former */
	struct origin *origin; /* NULL = the latter, or nothing */
};

struct births {
	struct provenance *files;
	struct stream streams[STREAMS];
};

/* Whether what is known of a path is believed by who reads there: anybody may
 * tell a tool to write anywhere. */
bool told_by(const struct known_file *file, uint32_t uid);

/* The known files that the arguments of a program of the process name, but that
 * path: the strongest origin in *out, which stays where there is none. 0 or
 * -ENOMEM. */
int told_named(const struct context *context, const struct process *process,
	       const struct image *image, struct str but, struct origin **out);
/* What the event's process copies to that path, the same way. */
int told_copied(const struct context *context, struct str path,
		struct origin **out);
/* What an installer writes under the name of a program that its account has had
 * linked here is taken for that program. NULL = nothing. */
struct origin *told_installed(const struct context *context, struct str path);
/* What a sibling of the process, or a child of it, has read out; NULL =
 * nothing. */
struct origin *told_stream(const struct context *context);

/* What is unpacked under the name of a program that its account has had linked
 * here, after another archiver beside this one, is taken for that program: the
 * other may have packed it. NULL = nothing. */
struct origin *told_unpacked(const struct context *context);

/* A path is known by what has been said or seen. 0 or -ENOMEM. */
int told_claim(struct context *context, enum file_known how, struct str path,
	       struct origin *origin);
/* The process is about to do what its arguments say. 0 or -ENOMEM. */
int told_exec(struct context *context, const struct process *process);

#endif
