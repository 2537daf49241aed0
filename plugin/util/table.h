/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_UTIL_TABLE_H
#define AUDISP_EQL_UTIL_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* Stands in what a table holds. */
struct table_node {
	struct table_node *next; /* of its bucket */
	uint64_t hash;
};

/*
 * A hash table by chaining that follows the number of its nodes both ways. It
 * never fails: where no memory is left for more buckets the chains grow.
 */
struct table {
	struct table_node **buckets;
	size_t bucket_count; /* a power of two */
	size_t count;
};

/* 0 or -ENOMEM. */
int table_open(struct table *table);
void table_close(struct table *table);
/* The first node of a hash's bucket: compare hash and whatever else, go on by
 * next. */
static inline struct table_node *table_bucket(const struct table *table,
					      uint64_t hash)
{
	return table->buckets[hash & (table->bucket_count - 1)];
}

void table_add(struct table *table, struct table_node *node);
void table_remove(struct table *table, struct table_node *node);
/* One node takes the place of another with the same hash. */
void table_replace(struct table *table, struct table_node *old,
		   struct table_node *node);

/* Bytes a node takes of the buckets, which double. */
#define TABLE_NODE_BYTES (2 * sizeof(struct table_node *))

#endif
