/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an administrator says of a rule beside its author. */
#ifndef AUDISP_EQL_RULES_OVERRIDE_H
#define AUDISP_EQL_RULES_OVERRIDE_H

#include "rulefile.h"

/* All that overrides.d holds, by rule id; lives while rules are loaded. */
struct overrides;

/*
 * Reads *.toml of a directory, which may be absent; NULL = there is none.
 * source says where complaints, and what is compiled, go. 0 or -ENOMEM.
 */
int overrides_load(const struct rulefile *source, const char *directory,
		   struct overrides **out);
void overrides_free(struct overrides **overrides);
/* Applies all for the rule of a file, in the order they were read. */
int overrides_apply(struct overrides *overrides, struct rulefile *file);
/* Tells of those whose rule was not met by this name; known says which rule
 * ids are known all the same (rules that do not run). 0 or -ENOMEM. */
int overrides_finish(struct overrides *overrides,
		     bool (*known)(void *user, struct str id), void *user);
/* Files that have an error or cannot be read. */
size_t overrides_errors(const struct overrides *overrides);

/* Applies a rule file's own table, [audisp-eql]. */
int override_take_own(struct rulefile *file, const struct toml_value *table);

#endif
