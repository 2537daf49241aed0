/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_NORMALIZE_NAMES_H
#define AUDISP_EQL_NORMALIZE_NAMES_H

#include <audisp-eql/event.h>

/* Whether a name is one of these patterns, in which * stands for any text; NULL
 * ends them. */
bool name_matches(struct str name, const char *const *patterns);
/* Whether a program of this name (base name of its path) links programs. */
bool name_is_linker(struct str name);
/* Whether it compiles, or has others compile and link. */
bool name_is_compiler(struct str name);
/* The text behind the last dot of a file name; empty = none. */
struct str name_extension(struct str name);
/* exe= without the " (deleted)" of an unlinked file. */
struct str name_without_deleted(struct str exe);

#endif
