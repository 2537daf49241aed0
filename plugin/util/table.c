/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "table.h"

#include <errno.h>
#include <stdlib.h>

#define BUCKETS_MIN 64

int table_open(struct table *table)
{
	table->buckets = calloc(BUCKETS_MIN, sizeof(struct table_node *));
	table->bucket_count = BUCKETS_MIN;
	return table->buckets ? 0 : -ENOMEM;
}

void table_close(struct table *table)
{
	free(table->buckets);
	table->buckets = NULL;
	table->count = 0;
}

static void table_resize(struct table *table, size_t bucket_count)
{
	struct table_node **buckets =
		calloc(bucket_count, sizeof(struct table_node *));

	if (!buckets)
		return;
	for (size_t i = 0; i < table->bucket_count; i++) {
		struct table_node *node = table->buckets[i], *next;

		for (; node; node = next) {
			struct table_node **bucket =
				&buckets[node->hash & (bucket_count - 1)];

			next = node->next;
			node->next = *bucket;
			*bucket = node;
		}
	}
	free(table->buckets);
	table->buckets = buckets;
	table->bucket_count = bucket_count;
}

static struct table_node **link_of(struct table *table,
				   const struct table_node *node)
{
	struct table_node **link =
		&table->buckets[node->hash & (table->bucket_count - 1)];

	while (*link != node)
		link = &(*link)->next;
	return link;
}

void table_add(struct table *table, struct table_node *node)
{
	struct table_node **bucket;

	if (table->count >= table->bucket_count)
		table_resize(table, 2 * table->bucket_count);
	bucket = &table->buckets[node->hash & (table->bucket_count - 1)];
	node->next = *bucket;
	*bucket = node;
	table->count++;
}

void table_remove(struct table *table, struct table_node *node)
{
	*link_of(table, node) = node->next;
	table->count--;
	if (table->count < table->bucket_count / 8 &&
	    table->bucket_count > BUCKETS_MIN)
		table_resize(table, table->bucket_count / 2);
}

void table_replace(struct table *table, struct table_node *old,
		   struct table_node *node)
{
	struct table_node **link = link_of(table, old);

	node->next = old->next;
	*link = node;
}
