/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_EQL_STRSET_H
#define AUDISP_EQL_EQL_STRSET_H

#include "../util/arena.h"

/* A fixed set of strings, sorted by length and bytes. */
struct strset {
	const struct str *items;
	size_t count;
	uint64_t lengths; /* bit n: some item is n bytes long, modulo 64 */
	bool insensitive; /* ASCII letters only; items are in lower case */
};

/* Copies the strings, without doubles. 0 or -ENOMEM. */
int strset_make(struct arena *arena, const struct str *items, size_t count,
		struct strset *set);
bool strset_has(const struct strset *set, struct str text);
/* A copy with ASCII letters in lower case; data == NULL = out of memory. */
struct str strset_fold(struct arena *arena, struct str text);

#endif
