/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_ENGINE_HEAP_H
#define AUDISP_EQL_ENGINE_HEAP_H

#include <stdbool.h>
#include <stddef.h>

/* Stands in what a heap orders; at is kept by the heap. */
struct heap_node {
	size_t at;
};

/* A binary heap of pointers: the first, and removal of any, in O(log n). */
struct heap {
	bool (*before)(const struct heap_node *a, const struct heap_node *b);
	struct heap_node **nodes;
	size_t count, capacity;
};

/* Bytes a node takes of the heap's array, which doubles. */
#define HEAP_NODE_BYTES (2 * sizeof(struct heap_node *))

static inline struct heap_node *heap_first(const struct heap *heap)
{
	return heap->count ? heap->nodes[0] : NULL;
}

/* 0 or -ENOMEM. */
int heap_put(struct heap *heap, struct heap_node *node);
void heap_remove(struct heap *heap, struct heap_node *node);
/* Puts a node right whose order has changed. */
void heap_fix(struct heap *heap, struct heap_node *node);
void heap_free(struct heap *heap);

#endif
