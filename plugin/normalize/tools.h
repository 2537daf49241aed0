/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What programs do to files, by what they are called and told: a name or an
 * argument may add an origin to what they write, and takes none away.
 */
#ifndef AUDISP_EQL_NORMALIZE_TOOLS_H
#define AUDISP_EQL_NORMALIZE_TOOLS_H

#include "names.h"
#include "proctable.h"

/* Whether a program is one of these (enum program), by its names or as what a box
 * of tools is told to be; NULL is none. */
bool tool_is(const struct image *image, uint32_t programs);

/* Whether the process runs a linker, by its name or as a copy of one. */
bool tool_is_linker(const struct process *process);
bool tool_is_copied_linker(const struct process *process);
/* Whether what it makes executable is linked by that: it is a linker, is told
 * what linkers are told, or a compiler has started it. */
bool tool_links(const struct process *process);
/* Whether what it links is run in its own process, and is no file. */
bool tool_links_to_memory(const struct image *image);
/* The outermost compiler driver among its ancestors; NULL = none. */
const struct image *tool_driver(const struct process *process);
/* How what it writes comes into being, if nothing says more. */
enum origin_kind tool_kind(const struct process *process);
/* What a copy that it writes can do (ORIGIN_IS_*). */
unsigned int tool_copied_traits(const struct process *process);

#endif
