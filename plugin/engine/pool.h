/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_ENGINE_POOL_H
#define AUDISP_EQL_ENGINE_POOL_H

#include <stddef.h>

#include "../util/list.h"

/*
 * Objects of one size, in chunks. A chunk without objects goes back to the
 * system (but for one), so that what one flood filled is there for the next
 * thing of another size.
 */
struct pool {
	size_t size, per_chunk;
	struct list room, full; /* chunks */
};

void pool_open(struct pool *pool, size_t size);
/* Frees the chunks; objects still out go with them. */
void pool_close(struct pool *pool);
/* Zeroed. NULL = out of memory. */
void *pool_get(struct pool *pool);
void pool_put(struct pool *pool, void *object);

#endif
