/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ring.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A system call for each of these. */
#define AWAY_BYTES (256U << 10)

struct ring *ring_new(void)
{
	void *memory = mmap(NULL, sizeof(struct ring), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

void ring_free(struct ring **ring)
{
	if (*ring)
		munmap(*ring, sizeof(**ring));
	*ring = NULL;
}

static size_t ring_room(const struct ring *ring)
{
	return LIMIT_RING_BYTES -
	       (size_t)(atomic_load(&ring->head) - atomic_load(&ring->acked));
}

static void ring_copy(struct ring *ring, const char *data, size_t len)
{
	uint64_t head = atomic_load(&ring->head);
	size_t at = (size_t)(head % LIMIT_RING_BYTES);
	size_t first = LIMIT_RING_BYTES - at;

	if (first > len)
		first = len;
	memcpy(ring->data + at, data, first);
	memcpy(ring->data, data + first, len - first);
	atomic_store(&ring->head, head + len);
}

/* The end of the record that data is in the middle of; len = not in here. */
static size_t record_end(const char *data, size_t len)
{
	const char *newline = memchr(data, '\n', len);

	return newline ? (size_t)(newline - data) + 1 : len;
}

/* What a record begun may still need, so that it is begun only where all of it
 * has room. */
static size_t record_rest(size_t begun)
{
	return begun < LIMIT_RECORD_BYTES ? LIMIT_RECORD_BYTES - begun : 0;
}

/* The end of a chunk: how much of the record that it cuts is in it. */
static size_t record_begun(const struct ring *ring, const char *data,
			   size_t len)
{
	const char *newline = memrchr(data, '\n', len);

	return newline ? (size_t)(data + len - newline) - 1 : ring->begun + len;
}

/* One record, or the part of it that the chunk holds. */
static void ring_put_record(struct ring *ring, const char *data, size_t len)
{
	bool whole = data[len - 1] == '\n';
	size_t begun = ring->begun, room = ring_room(ring);

	ring->begun = whole ? 0 : begun + len;
	if (!ring->dropping &&
	    room > len + (whole ? 0 : record_rest(begun + len))) {
		ring_copy(ring, data, len);
		return;
	}
	/* ends what is in of it, so that the next is not glued to it */
	if (!ring->dropping && begun && room)
		ring_copy(ring, "\n", 1);
	atomic_fetch_add(&ring->dropped, !ring->dropping);
	ring->dropping = !whole;
}

void ring_put(struct ring *ring, const char *data, size_t len)
{
	while (len) {
		size_t part = record_end(data, len);

		if (!ring->dropping &&
		    ring_room(ring) > len + LIMIT_RECORD_BYTES) {
			ring_copy(ring, data, len);
			ring->begun = record_begun(ring, data, len);
			return;
		}
		ring_put_record(ring, data, part);
		data += part;
		len -= part;
	}
}

size_t ring_space(struct ring *ring, size_t max, struct iovec space[2])
{
	size_t at = (size_t)(atomic_load(&ring->head) % LIMIT_RING_BYTES);
	size_t first = LIMIT_RING_BYTES - at;

	if (ring->dropping || ring_room(ring) <= max + LIMIT_RECORD_BYTES)
		return 0;
	space[0] = (struct iovec){ ring->data + at, first < max ? first : max };
	space[1] = (struct iovec){ ring->data, max - space[0].iov_len };
	return space[1].iov_len ? 2 : 1;
}

void ring_fill(struct ring *ring, size_t len)
{
	uint64_t head = atomic_load(&ring->head);
	size_t at = (size_t)(head % LIMIT_RING_BYTES);
	size_t first = LIMIT_RING_BYTES - at;

	if (first > len)
		first = len;
	ring->begun = record_begun(ring, ring->data + at, first);
	ring->begun = record_begun(ring, ring->data, len - first);
	atomic_store(&ring->head, head + len);
}

/* Whole pages only: the bytes beside may be in use. A kernel that cannot do it
 * keeps the pages, which costs nothing but them. */
static void advise_pages(char *from, size_t len, int advice)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t start = ((uintptr_t)from + page - 1) & ~(page - 1);
	uintptr_t end = ((uintptr_t)from + len) & ~(page - 1);

	if (start < end)
		madvise((void *)start, end - start, advice);
}

static void advise(struct ring *ring, uint64_t from, uint64_t to, int advice)
{
	size_t at = (size_t)(from % LIMIT_RING_BYTES);
	size_t len = (size_t)(to - from), first = LIMIT_RING_BYTES - at;

	if (first > len)
		first = len;
	advise_pages(ring->data + at, first, advice);
	advise_pages(ring->data, len - first, advice);
}

void ring_trim(struct ring *ring)
{
	uint64_t head = atomic_load(&ring->head);
	size_t len = ring_room(ring);

	/* positions are the worker's as well, who may be somebody else by now */
	if (len > LIMIT_RING_BYTES)
		return;
	advise(ring, head, head + len, MADV_REMOVE);
}

void ring_put_away(struct ring *ring, uint64_t *away, uint64_t position)
{
	if (position - *away < AWAY_BYTES)
		return;
	/* of memory that is shared it takes what this process sees of it */
	advise(ring, *away, position, MADV_DONTNEED);
	*away = position;
}

/* Each side writes its own word before it reads the other's, all in one order:
 * one of the two sees what the other did. */
bool ring_wait(struct ring *ring, uint64_t position)
{
	atomic_store(&ring->waiting, true);
	return atomic_load(&ring->head) == position &&
	       !atomic_load(&ring->ended);
}

void ring_woken(struct ring *ring)
{
	atomic_store(&ring->waiting, false);
}

bool ring_wake(struct ring *ring)
{
	return atomic_exchange(&ring->waiting, false);
}

size_t ring_get(const struct ring *ring, uint64_t position, const char **data)
{
	size_t at = (size_t)(position % LIMIT_RING_BYTES);
	size_t len = (size_t)(atomic_load(&ring->head) - position);

	*data = ring->data + at;
	return len < LIMIT_RING_BYTES - at ? len : LIMIT_RING_BYTES - at;
}
