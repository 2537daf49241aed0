/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES (64U << 10)
#define ALIGNMENT 16U

struct chunk {
	struct chunk *next;
	size_t size, used;
	alignas(ALIGNMENT) char data[];
};

struct arena {
	struct chunk *chunks; /* newest first */
	size_t total, max;
	bool failed;
};

struct arena *arena_new(size_t max_bytes)
{
	struct arena *arena = calloc(1, sizeof(*arena));

	if (arena)
		arena->max = max_bytes;
	return arena;
}

void arena_free(struct arena **arena)
{
	if (!*arena)
		return;
	while ((*arena)->chunks) {
		struct chunk *next = (*arena)->chunks->next;

		free((*arena)->chunks);
		(*arena)->chunks = next;
	}
	free(*arena);
	*arena = NULL;
}

void arena_reset(struct arena *arena)
{
	struct chunk *kept = NULL;

	arena->failed = false;
	while (arena->chunks) {
		struct chunk *chunk = arena->chunks;

		arena->chunks = chunk->next;
		if (!kept && chunk->size == CHUNK_BYTES) {
			kept = chunk;
		} else {
			arena->total -= chunk->size;
			free(chunk);
		}
	}
	if (kept) {
		kept->next = NULL;
		kept->used = 0;
		arena->chunks = kept;
	}
}

static struct chunk *arena_grow(struct arena *arena, size_t size)
{
	size_t bytes = size > CHUNK_BYTES ? size : CHUNK_BYTES;
	struct chunk *chunk;

	/* the last chunk below the ceiling is what there is left */
	if (arena->max && bytes > arena->max - arena->total)
		bytes = (arena->max - arena->total) & ~(size_t)(ALIGNMENT - 1);
	if (bytes < size)
		return NULL;
	chunk = aligned_alloc(ALIGNMENT, sizeof(*chunk) + bytes);
	if (!chunk)
		return NULL;
	chunk->size = bytes;
	chunk->used = 0;
	arena->total += bytes;
	/* an oversize chunk is full at once: keep filling the one before */
	if (bytes > CHUNK_BYTES && arena->chunks) {
		chunk->next = arena->chunks->next;
		arena->chunks->next = chunk;
	} else {
		chunk->next = arena->chunks;
		arena->chunks = chunk;
	}
	return chunk;
}

static void *arena_refuse(struct arena *arena)
{
	arena->failed = true;
	return NULL;
}

void *arena_room(struct arena *arena, size_t size)
{
	struct chunk *chunk = arena->chunks;
	char *result;

	if (size > SIZE_MAX / 2)
		return arena_refuse(arena);
	size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (!chunk || chunk->size - chunk->used < size) {
		chunk = arena_grow(arena, size);
		if (!chunk)
			return arena_refuse(arena);
	}
	result = chunk->data + chunk->used;
	chunk->used += size;
	return result;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	void *result = arena_room(arena, size);

	return result ? memset(result, 0, size) : NULL;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		return arena_refuse(arena);
	return arena_alloc(arena, bytes);
}

char *arena_copy(struct arena *arena, const char *data, size_t len)
{
	char *copy = len < SIZE_MAX ? arena_room(arena, len + 1) : NULL;

	if (!copy)
		return NULL;
	if (len)
		memcpy(copy, data, len);
	copy[len] = '\0';
	return copy;
}

struct str arena_str(struct arena *arena, struct str text)
{
	return (struct str){ arena_copy(arena, text.data, text.len), text.len };
}

struct str arena_printf(struct arena *arena, const char *format, ...)
{
	struct str out = { 0 };
	char *text;
	va_list ap;
	int len;

	va_start(ap, format);
	len = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (len < 0)
		return out;
	text = arena_alloc(arena, (size_t)len + 1);
	if (!text)
		return out;
	va_start(ap, format);
	vsnprintf(text, (size_t)len + 1, format, ap);
	va_end(ap);
	return (struct str){ text, (size_t)len };
}

bool arena_failed(const struct arena *arena)
{
	return arena->failed;
}

size_t arena_size(const struct arena *arena)
{
	return arena->total;
}
