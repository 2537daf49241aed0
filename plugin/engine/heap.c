/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "heap.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_NODES 16

static void place(struct heap *heap, struct heap_node *node, size_t at)
{
	heap->nodes[at] = node;
	node->at = at;
}

static void sift_up(struct heap *heap, struct heap_node *node)
{
	size_t at = node->at;

	while (at && heap->before(node, heap->nodes[(at - 1) / 2])) {
		place(heap, heap->nodes[(at - 1) / 2], at);
		at = (at - 1) / 2;
	}
	place(heap, node, at);
}

static void sift_down(struct heap *heap, struct heap_node *node)
{
	size_t at = node->at, child;

	while ((child = 2 * at + 1) < heap->count) {
		if (child + 1 < heap->count &&
		    heap->before(heap->nodes[child + 1], heap->nodes[child]))
			child++;
		if (!heap->before(heap->nodes[child], node))
			break;
		place(heap, heap->nodes[child], at);
		at = child;
	}
	place(heap, node, at);
}

void heap_fix(struct heap *heap, struct heap_node *node)
{
	sift_up(heap, node);
	sift_down(heap, node);
}

int heap_put(struct heap *heap, struct heap_node *node)
{
	if (heap->count == heap->capacity) {
		size_t capacity =
			heap->capacity ? 2 * heap->capacity : FIRST_NODES;
		struct heap_node **nodes = reallocarray(
			heap->nodes, capacity, sizeof(struct heap_node *));

		if (!nodes)
			return -ENOMEM;
		heap->nodes = nodes;
		heap->capacity = capacity;
	}
	place(heap, node, heap->count++);
	sift_up(heap, node);
	return 0;
}

/* The array follows down as well: what a flood made it, it does not stay. */
static void shrink(struct heap *heap)
{
	size_t capacity = heap->capacity / 2;
	struct heap_node **nodes;

	if (heap->count >= capacity / 2 || capacity < FIRST_NODES)
		return;
	nodes = reallocarray(heap->nodes, capacity, sizeof(struct heap_node *));
	if (!nodes)
		return;
	heap->nodes = nodes;
	heap->capacity = capacity;
}

void heap_remove(struct heap *heap, struct heap_node *node)
{
	struct heap_node *moved = heap->nodes[--heap->count];

	if (moved != node) {
		place(heap, moved, node->at);
		heap_fix(heap, moved);
	}
	shrink(heap);
}

void heap_free(struct heap *heap)
{
	free(heap->nodes);
	heap->nodes = NULL;
	heap->count = heap->capacity = 0;
}
