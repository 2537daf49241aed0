/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "recent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../util/hash.h"

#define ENTRIES 4096
#define YOUNG_NS (60 * NSEC_PER_SEC)

struct recent_files {
	uint8_t seed[16];
	size_t memory, max_bytes;
	struct recent_file entries[ENTRIES];
};

int recent_new(size_t max_bytes, struct recent_files **out)
{
	struct recent_files *recent = calloc(1, sizeof(*recent));
	int rc;

	if (!recent)
		return -ENOMEM;
	rc = hash_seed(recent->seed);
	if (rc) {
		free(recent);
		return rc;
	}
	recent->max_bytes = max_bytes;
	*out = recent;
	return 0;
}

/* All texts of an entry are one piece, which begins with the host. */
static size_t text_size(const struct recent_file *file)
{
	return file->key.host.len + file->key.device.len + file->key.inode.len +
	       file->path.len;
}

static void entry_clear(struct recent_files *recent, struct recent_file *entry)
{
	recent->memory -= text_size(entry);
	free((char *)entry->key.host.data);
	*entry = (struct recent_file){ 0 };
}

void recent_free(struct recent_files **recent)
{
	if (!*recent)
		return;
	for (size_t i = 0; i < ENTRIES; i++)
		entry_clear(*recent, &(*recent)->entries[i]);
	free(*recent);
	*recent = NULL;
}

static size_t place_of(const struct recent_files *recent,
		       const struct recent_key *key)
{
	uint64_t hash = hash_bytes(key->host.data, key->host.len, recent->seed);

	hash = hash_combine(hash, hash_bytes(key->device.data, key->device.len,
					     recent->seed));
	hash = hash_combine(hash, hash_bytes(key->inode.data, key->inode.len,
					     recent->seed));
	return hash % ENTRIES;
}

const struct recent_file *recent_find(const struct recent_files *recent,
				      const struct recent_key *key,
				      int64_t time_ns)
{
	const struct recent_file *entry =
		&recent->entries[place_of(recent, key)];

	if (!str_equal(entry->key.inode, key->inode) ||
	    !str_equal(entry->key.device, key->device) ||
	    !str_equal(entry->key.host, key->host) ||
	    time_ns - entry->time_ns > YOUNG_NS)
		return NULL;
	return entry;
}

static void place(char **at, struct str *text)
{
	if (text->len)
		memcpy(*at, text->data, text->len);
	text->data = *at;
	*at += text->len;
}

void recent_note(struct recent_files *recent, const struct recent_file *file)
{
	struct recent_file *entry =
		&recent->entries[place_of(recent, &file->key)];
	size_t size = text_size(file);
	char *text;

	entry_clear(recent, entry);
	if (recent->memory + size > recent->max_bytes)
		return;
	text = malloc(size);
	if (!text)
		return;
	recent->memory += size;
	*entry = *file;
	place(&text, &entry->key.host);
	place(&text, &entry->key.device);
	place(&text, &entry->key.inode);
	place(&text, &entry->path);
}
