/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that came into being lately: to tell whether a linker's chmod is the
 * first that is heard of its output, and to give a path to a fchmod, whose
 * record has none. A direct-mapped cache over all hosts: bounded, and what a
 * collision costs is a creation told twice, or a path not known.
 */
#ifndef AUDISP_EQL_NORMALIZE_RECENT_H
#define AUDISP_EQL_NORMALIZE_RECENT_H

#include <audisp-eql/event.h>

struct recent_files;

/* Which file: inode numbers are used again, at once on ext4. */
struct recent_key {
	struct str host, device;
	struct str inode; /* as text */
};

struct recent_file {
	struct recent_key key;
	int64_t time_ns;
	int64_t pid, ppid; /* whose record it was */
	bool by_linker; /* told as a creation by a linker */
	struct str path; /* may be empty */
};

/* max_bytes: for the texts of all entries. */
int recent_new(size_t max_bytes, struct recent_files **out);
void recent_free(struct recent_files **recent);
/* The entry of a file younger than a minute at that time; NULL = none. */
const struct recent_file *recent_find(const struct recent_files *recent,
				      const struct recent_key *key,
				      int64_t time_ns);
/* Notes a file; what does not fit is left out. */
void recent_note(struct recent_files *recent, const struct recent_file *file);

#endif
