/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_UTIL_ARENA_H
#define AUDISP_EQL_UTIL_ARENA_H

#include <stddef.h>

#include <audisp-eql/event.h>

/*
 * Memory that is freed all at once. Reset keeps up to one chunk, so that a
 * steady stream of events allocates nothing.
 */
struct arena;

/* max_bytes: ceiling over all chunks, 0 = none. NULL = out of memory. */
struct arena *arena_new(size_t max_bytes);
void arena_free(struct arena **arena);
void arena_reset(struct arena *arena);
/* Zeroed, aligned to 16 bytes. NULL = out of memory or over the ceiling. */
void *arena_alloc(struct arena *arena, size_t size);
/* The same, but not zeroed: for what is written to at once. */
void *arena_room(struct arena *arena, size_t size);
/* count * size with an overflow check. */
void *arena_array(struct arena *arena, size_t count, size_t size);
/* A copy of len bytes and a NUL behind them. */
char *arena_copy(struct arena *arena, const char *data, size_t len);
/* A copy as struct str; data == NULL = out of memory. */
struct str arena_str(struct arena *arena, struct str text);
/* Formats into the arena; data == NULL = out of memory. */
struct str arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Whether any of these was refused since the last reset: for who must know that
 * nothing made in it lacks a part. */
bool arena_failed(const struct arena *arena);
size_t arena_size(const struct arena *arena);

#endif
