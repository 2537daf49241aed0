/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ring.h"

#include <string.h>
#include <sys/mman.h>

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

void ring_put(struct ring *ring, const char *data, size_t len)
{
	while (len) {
		/* LIMIT_RECORD_BYTES stay free for the rest of a record that
		 * a chunk has cut */
		size_t room = ring_room(ring), part = len;

		if (!ring->dropping && room > len + LIMIT_RECORD_BYTES) {
			ring_copy(ring, data, len);
			return;
		}
		part = record_end(data, len);
		if (!ring->dropping && room > part) {
			ring_copy(ring, data, part);
		} else {
			bool whole = data[part - 1] == '\n';

			/* ends what had room of it, so that the next record
			 * is not glued to it */
			if (!ring->dropping && room)
				ring_copy(ring, "\n", 1);
			ring->dropping = !whole;
			atomic_fetch_add(&ring->dropped, whole);
		}
		data += part;
		len -= part;
	}
}

size_t ring_get(const struct ring *ring, uint64_t position, const char **data)
{
	size_t at = (size_t)(position % LIMIT_RING_BYTES);
	size_t len = (size_t)(atomic_load(&ring->head) - position);

	*data = ring->data + at;
	return len < LIMIT_RING_BYTES - at ? len : LIMIT_RING_BYTES - at;
}
