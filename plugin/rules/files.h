/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files and directories of rules. */
#ifndef AUDISP_EQL_RULES_FILES_H
#define AUDISP_EQL_RULES_FILES_H

#include "../util/strbuf.h"

/* 0, or -ENOMEM, which ends the listing. */
typedef int (*files_fn)(void *user, const char *path);

/* Reads a file to its end. 0, -EFBIG beyond max bytes, -errno. */
int files_read(const char *path, size_t max, struct strbuf *out);
/* Whether a name ends in one of some suffixes, the last one NULL. */
bool files_has_suffix(struct str name, const char *const *suffixes);
/*
 * Calls back for each file of a directory that has one of the suffixes, in the
 * order of bytes, not for hidden ones. 0; -ENOMEM; a positive errno where the
 * directory cannot be read.
 */
int files_list(const char *directory, const char *const *suffixes, files_fn fn,
	       void *user);

#endif
