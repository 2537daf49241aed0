/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pool.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Chunks stand at multiples of their size: masking the address of an object
 * finds the chunk it came from. */
#define CHUNK_BYTES 16384U
#define ALIGNMENT 16U

struct chunk {
	struct list list; /* of the pool's room or full */
	size_t used; /* objects out */
	size_t fresh; /* objects never handed out stand from here on */
	void *returned; /* each begins with a pointer to the next */
};

#define FIRST_OBJECT \
	((sizeof(struct chunk) + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1))

void pool_open(struct pool *pool, size_t size)
{
	pool->size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	pool->per_chunk = (CHUNK_BYTES - FIRST_OBJECT) / pool->size;
	list_init(&pool->room);
	list_init(&pool->full);
}

static void close_chunks(struct list *chunks)
{
	while (!list_empty(chunks)) {
		struct chunk *chunk =
			list_entry(chunks->next, struct chunk, list);

		list_remove(&chunk->list);
		free(chunk);
	}
}

void pool_close(struct pool *pool)
{
	close_chunks(&pool->room);
	close_chunks(&pool->full);
}

static struct chunk *chunk_with_room(struct pool *pool)
{
	struct chunk *chunk;

	if (!list_empty(&pool->room))
		return list_entry(pool->room.next, struct chunk, list);
	chunk = aligned_alloc(CHUNK_BYTES, CHUNK_BYTES);
	if (!chunk)
		return NULL;
	*chunk = (struct chunk){ 0 };
	list_add_tail(&pool->room, &chunk->list);
	return chunk;
}

static void chunk_move(struct chunk *chunk, struct list *to)
{
	list_remove(&chunk->list);
	list_add_tail(to, &chunk->list);
}

void *pool_get(struct pool *pool)
{
	struct chunk *chunk = chunk_with_room(pool);
	void *object;

	if (!chunk)
		return NULL;
	object = chunk->returned;
	if (object)
		memcpy(&chunk->returned, object, sizeof(chunk->returned));
	else
		object = (char *)chunk + FIRST_OBJECT +
			 chunk->fresh++ * pool->size;
	if (++chunk->used == pool->per_chunk)
		chunk_move(chunk, &pool->full);
	return memset(object, 0, pool->size);
}

void pool_put(struct pool *pool, void *object)
{
	struct chunk *chunk =
		(void *)((uintptr_t)object & ~(uintptr_t)(CHUNK_BYTES - 1));

	if (chunk->used-- == pool->per_chunk)
		chunk_move(chunk, &pool->room);
	memcpy(object, &chunk->returned, sizeof(chunk->returned));
	chunk->returned = object;
	/* the last chunk with room stays, for the next pool_get() */
	if (!chunk->used && pool->room.next != pool->room.prev) {
		list_remove(&chunk->list);
		free(chunk);
	}
}
