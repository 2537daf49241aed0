/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_NORMALIZE_CAPABILITY_H
#define AUDISP_EQL_NORMALIZE_CAPABILITY_H

#include "../util/arena.h"

/* The capabilities of a mask as a list of names, such as CAP_SYS_ADMIN; those
 * without a name here are left out. VALUE_NULL = out of memory. */
struct value capability_names(struct arena *arena, uint64_t mask);

#endif
