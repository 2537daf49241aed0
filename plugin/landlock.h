/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which files a process may still open, by the kernel's Landlock. */
#ifndef AUDISP_EQL_LANDLOCK_H
#define AUDISP_EQL_LANDLOCK_H

#include <stddef.h>

/* Of the kernel's; 0 = it has none, or it is off. */
int landlock_version(void);
/*
 * From now on this thread, and all it starts, opens, makes and removes files
 * below these directories alone, and reads what is below another one (NULL =
 * none); one that cannot be opened is left out. Of other processes it sees in
 * /proc what everybody may, whatever its capabilities. Sockets with a path are
 * not meant. No new privileges must be set. 0 or -errno (-ENOSYS, -EOPNOTSUPP:
 * version 0).
 */
int landlock_enter(const char *const *directories, size_t count,
		   const char *readable);

#endif
