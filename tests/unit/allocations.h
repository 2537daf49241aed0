/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests: the linker puts these before malloc() and its kin for all objects
 * of the program (wrap_allocations in Makefile.am). They count, and the one
 * whose turn it is fails. What libraries allocate inside is not met. An arena
 * seldom allocates, so that what is taken of one can be counted, too.
 */
#ifndef AUDISP_EQL_TESTS_ALLOCATIONS_H
#define AUDISP_EQL_TESTS_ALLOCATIONS_H

#include <auparse.h>
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/arena.h"

static struct {
	size_t count; /* so far */
	size_t live; /* of these, not freed */
	size_t failing; /* counted from 1; 0 = none */
	bool on; /* that and all behind it */
	bool arenas; /* what is taken of one counts, too */
} allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_reallocarray(void *memory, size_t count, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *text);
void __real_free(void *memory);
int __real_scandir(const char *path, struct dirent ***out,
		   int (*filter)(const struct dirent *),
		   int (*compare)(const struct dirent **,
				  const struct dirent **));
auparse_state_t *__real_auparse_init(ausource_t source, const void *b);

void *__real_arena_alloc(struct arena *arena, size_t size);
void *__real_arena_array(struct arena *arena, size_t count, size_t size);
char *__real_arena_copy(struct arena *arena, const char *data, size_t len);
struct str __real_arena_str(struct arena *arena, struct str text);

void *__wrap_arena_alloc(struct arena *arena, size_t size);
void *__wrap_arena_array(struct arena *arena, size_t count, size_t size);
char *__wrap_arena_copy(struct arena *arena, const char *data, size_t len);
struct str __wrap_arena_str(struct arena *arena, struct str text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);
void __wrap_free(void *memory);
int __wrap_asprintf(char **out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int __wrap___asprintf_chk(char **out, int flag, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int __wrap_scandir(const char *path, struct dirent ***out,
		   int (*filter)(const struct dirent *),
		   int (*compare)(const struct dirent **,
				  const struct dirent **));
auparse_state_t *__wrap_auparse_init(ausource_t source, const void *b);

/* Whether the next one fails. */
static bool allocation_fails(void)
{
	size_t number = ++allocations.count;

	if (!allocations.failing ||
	    (allocations.on ? number < allocations.failing
			    : number != allocations.failing))
		return false;
	errno = ENOMEM;
	return true;
}

static void *allocation_done(void *memory)
{
	allocations.live += memory != NULL;
	return memory;
}

void *__wrap_malloc(size_t size)
{
	return allocation_fails() ? NULL : allocation_done(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
	return allocation_fails() ? NULL
				  : allocation_done(__real_calloc(count, size));
}

static void *allocation_moved(void *before, void *after)
{
	allocations.live += !before && after;
	return after;
}

void *__wrap_realloc(void *memory, size_t size)
{
	return allocation_fails()
		       ? NULL
		       : allocation_moved(memory, __real_realloc(memory, size));
}

void *__wrap_reallocarray(void *memory, size_t count, size_t size)
{
	return allocation_fails()
		       ? NULL
		       : allocation_moved(memory, __real_reallocarray(
							  memory, count, size));
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return allocation_fails()
		       ? NULL
		       : allocation_done(__real_aligned_alloc(alignment, size));
}

char *__wrap_strdup(const char *text)
{
	return allocation_fails() ? NULL : allocation_done(__real_strdup(text));
}

void __wrap_free(void *memory)
{
	allocations.live -= memory != NULL;
	__real_free(memory);
}

static int allocation_print(char **out, const char *format, va_list ap)
	__attribute__((format(printf, 2, 0)));

static int allocation_print(char **out, const char *format, va_list ap)
{
	int len = allocation_fails() ? -1 : vasprintf(out, format, ap);

	allocations.live += len >= 0;
	return len;
}

int __wrap_asprintf(char **out, const char *format, ...)
{
	va_list ap;
	int len;

	va_start(ap, format);
	len = allocation_print(out, format, ap);
	va_end(ap);
	return len;
}

int __wrap___asprintf_chk(char **out, int flag, const char *format, ...)
{
	va_list ap;
	int len;

	(void)flag;
	va_start(ap, format);
	len = allocation_print(out, format, ap);
	va_end(ap);
	return len;
}

int __wrap_scandir(const char *path, struct dirent ***out,
		   int (*filter)(const struct dirent *),
		   int (*compare)(const struct dirent **,
				  const struct dirent **))
{
	int count = allocation_fails()
			    ? -1
			    : __real_scandir(path, out, filter, compare);

	/* each entry, and the list of them */
	allocations.live += count < 0 ? 0 : (size_t)count + 1;
	return count;
}

auparse_state_t *__wrap_auparse_init(ausource_t source, const void *b)
{
	/* freed by its library */
	return allocation_fails() ? NULL : __real_auparse_init(source, b);
}

/* The arena is to know of it. */
static bool arena_fails(struct arena *arena)
{
	bool fails = allocations.arenas && allocation_fails();

	if (fails)
		(void)__real_arena_array(arena, SIZE_MAX, SIZE_MAX);
	return fails;
}

void *__wrap_arena_alloc(struct arena *arena, size_t size)
{
	return arena_fails(arena) ? NULL : __real_arena_alloc(arena, size);
}

void *__wrap_arena_array(struct arena *arena, size_t count, size_t size)
{
	return arena_fails(arena) ? NULL
				  : __real_arena_array(arena, count, size);
}

char *__wrap_arena_copy(struct arena *arena, const char *data, size_t len)
{
	return arena_fails(arena) ? NULL : __real_arena_copy(arena, data, len);
}

struct str __wrap_arena_str(struct arena *arena, struct str text)
{
	return arena_fails(arena) ? (struct str){ 0 }
				  : __real_arena_str(arena, text);
}

#endif
