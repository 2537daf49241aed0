/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_NORMALIZE_NAMES_H
#define AUDISP_EQL_NORMALIZE_NAMES_H

#include <audisp-eql/event.h>

/* What a program is by its name: names.def. */
enum program {
	PROGRAM_AGENT = 1 << 0, /* for remote shells */
	PROGRAM_BOX = 1 << 1, /* of tools, each known by the first argument */
	/* drivers: what they have started to write programs links them, whatever
	 * it is called */
	PROGRAM_COMPILER = 1 << 2,
	PROGRAM_COPIER = 1 << 3,
	PROGRAM_DOWNLOADER = 1 << 4,
	/* install what was built, and their arguments do not say what */
	PROGRAM_INSTALLER = 1 << 5,
	PROGRAM_LINKER = 1 << 6,
	PROGRAM_LOADER = 1 << 7, /* runs a program in its own process */
	PROGRAM_LOGIN = 1 << 8,
	PROGRAM_MARKER = 1 << 9, /* makes files executable */
	PROGRAM_PACKAGER = 1 << 10, /* believed only as root */
	PROGRAM_REAPER = 1 << 11, /* orphans are given to it */
	PROGRAM_RUNTIME = 1 << 12, /* of containers */
	PROGRAM_SSHD = 1 << 13,
	/* reads files to its standard output, or changes the form of one */
	PROGRAM_STREAMER = 1 << 14,
	PROGRAM_UNPACKER = 1 << 15,
	/* of streamers: may be given a directory, and packs or unpacks all below */
	PROGRAM_ARCHIVER = 1 << 16,
	PROGRAM_MEMORY_LINKER =
		1 << 17, /* links into its memory, and runs that */
	PROGRAM_TCC = 1 << 18, /* does so where it is told to */
};

/* What a program of this name is (base name of its path), as bits. */
uint32_t name_programs(struct str name);
/* Whether a name is one of these patterns, in which * stands for any text; NULL
 * ends them. */
bool name_matches(struct str name, const char *const *patterns);
/* Whether a program of this name (base name of its path) links programs. */
bool name_is_linker(struct str name);
/* The text behind the last dot of a file name; empty = none. */
struct str name_extension(struct str name);
/* exe= without the " (deleted)" of an unlinked file. */
struct str name_without_deleted(struct str exe);

#endif
