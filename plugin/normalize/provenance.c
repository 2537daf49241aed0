/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "provenance.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../util/hash.h"
#include "../util/digits.h"

#define BUCKETS 16384
/* what a file takes in a saved state, at least */
#define SAVED_FILE_BYTES 80
/* a longer path is not kept: the file is known by its inode */
#define PATH_BYTES_MAX 4096

/* A host on which files were brought about. */
struct file_host {
	struct list in_all;
	uint64_t host;
	struct shares shares;
};

struct provenance {
	uint8_t seed[16];
	struct hash_key key; /* of inodes */
	size_t memcap, memory, count;
	size_t charged; /* to all files */
	size_t overhead; /* bytes of hosts and shares */
	uint64_t evicted, linked_evicted;
	uint32_t evicted_payer; /* of the last of the latter */
	struct list hosts;
	struct list inodes[BUCKETS], paths[BUCKETS];
};

int provenance_new(size_t memcap, struct provenance **out)
{
	struct provenance *table = calloc(1, sizeof(*table));
	int rc;

	if (!table)
		return -ENOMEM;
	rc = hash_seed(table->seed);
	if (!rc)
		rc = hash_key_new(&table->key);
	if (rc) {
		free(table);
		return rc;
	}
	table->memcap = memcap;
	list_init(&table->hosts);
	*out = table;
	return 0;
}

uint64_t provenance_host(struct str name)
{
	static const uint8_t seed[16];

	return hash_bytes(name.data, name.len, seed);
}

bool file_id_parse(struct str device, struct str inode, struct file_id *out)
{
	const char *colon =
		device.len ? memchr(device.data, ':', device.len) : NULL;
	struct str major = device, minor;
	uint64_t high, low;

	if (!colon)
		return false;
	major.len = (size_t)(colon - device.data);
	minor = (struct str){ colon + 1, device.len - major.len - 1 };
	if (!digits_parse(major, 16, &high) || !digits_parse(minor, 16, &low) ||
	    !digits_parse(inode, 10, &out->inode))
		return false;
	out->device = high << 32 | (low & UINT32_MAX);
	return out->inode != 0;
}

struct origin *provenance_origin(struct provenance *table,
				 const struct origin_source *source)
{
	return origin_new(source, &table->memory);
}

/* --- finding -------------------------------------------------------------- */

/* One that nobody asked for yet is zeros: most of them take no memory at start. */
static struct list *bucket_at(const struct list *bucket)
{
	struct list *list = (struct list *)bucket;

	if (!list->next)
		list_init(list);
	return list;
}

static struct list *inode_bucket(const struct provenance *table,
				 const struct file_id *id)
{
	uint64_t hash = hash_number(&table->key, id->inode ^ id->host);

	return bucket_at(&table->inodes[hash % BUCKETS]);
}

static struct list *path_bucket(const struct provenance *table, uint64_t host,
				struct str path)
{
	uint64_t hash = hash_bytes(path.data, path.len, table->seed);

	return bucket_at(&table->paths[hash_combine(hash, host) % BUCKETS]);
}

struct known_file *provenance_find(const struct provenance *table,
				   const struct file_id *id)
{
	struct list *bucket = inode_bucket(table, id);

	for (struct list *at = bucket->next; at != bucket; at = at->next) {
		struct known_file *file =
			list_entry(at, struct known_file, in_inodes);

		if (file->id.inode == id->inode &&
		    file->id.device == id->device && file->id.host == id->host)
			return file;
	}
	return NULL;
}

/* Major number 0: overlay, tmpfs, btrfs. */
static bool is_anonymous(uint64_t device)
{
	return !(device >> 32);
}

struct known_file *provenance_find_layer(const struct provenance *table,
					 const struct file_id *id,
					 struct str name)
{
	struct list *bucket = inode_bucket(table, id);

	for (struct list *at = bucket->next; at != bucket; at = at->next) {
		struct known_file *file =
			list_entry(at, struct known_file, in_inodes);

		if (file->id.inode == id->inode && file->id.host == id->host &&
		    file->id.device != id->device &&
		    (is_anonymous(file->id.device) ||
		     is_anonymous(id->device)) &&
		    str_equal(str_basename(shared_text_str(file->path)), name))
			return file;
	}
	return NULL;
}

struct known_file *provenance_find_path(const struct provenance *table,
					uint64_t host, struct str path)
{
	struct list *bucket = path_bucket(table, host, path);

	for (struct list *at = bucket->next; at != bucket; at = at->next) {
		struct known_file *file =
			list_entry(at, struct known_file, in_paths);

		if (file->id.host == host &&
		    str_equal(shared_text_str(file->path), path))
			return file;
	}
	return NULL;
}

/* --- shares --------------------------------------------------------------- */

static struct file_host *host_find(const struct provenance *table,
				   uint64_t host)
{
	for (const struct list *at = table->hosts.next; at != &table->hosts;
	     at = at->next)
		if (list_entry(at, struct file_host, in_all)->host == host)
			return list_entry(at, struct file_host, in_all);
	return NULL;
}

struct known_file *provenance_find_linked(const struct provenance *table,
					  uint64_t hash, uint32_t payer,
					  struct str name)
{
	const struct file_host *host = host_find(table, hash);
	const struct share *share =
		host ? share_find(&host->shares, payer) : NULL;

	if (!share)
		return NULL;
	for (const struct list *at = share->linked.prev; at != &share->linked;
	     at = at->prev) {
		struct known_file *file =
			list_entry(at, struct known_file, charged.list);

		if (str_equal(str_basename(shared_text_str(file->path)), name))
			return file;
	}
	return NULL;
}

static struct file_host *host_get(struct provenance *table, uint64_t hash)
{
	struct file_host *host = host_find(table, hash);

	if (host)
		return host;
	host = calloc(1, sizeof(*host));
	if (!host)
		return NULL;
	host->host = hash;
	shares_open(&host->shares, &table->overhead);
	list_add_tail(&table->hosts, &host->in_all);
	table->overhead += sizeof(*host);
	return host;
}

static void host_drop_empty(struct provenance *table, struct file_host *host)
{
	if (host->shares.count)
		return;
	list_remove(&host->in_all);
	table->overhead -= sizeof(*host);
	free(host);
}

/* Puts a file behind its like; they are of one age as they come. Copies have
 * an origin in common, and each is charged for it: who else holds it when one
 * goes is not known. */
static void file_charge(struct provenance *table, struct known_file *file)
{
	size_t bytes = sizeof(*file) + shared_text_size(file->path) +
		       file->origin->size;

	table->charged += bytes - file->charged.bytes;
	share_touch(&file->host->shares, &file->charged,
		    file->origin->is.kind == ORIGIN_LINKED, bytes);
}

static void file_free(struct provenance *table, struct known_file *file)
{
	list_remove(&file->in_inodes);
	list_remove(&file->in_paths);
	table->charged -= file->charged.bytes;
	share_leave(&file->host->shares, &file->charged);
	host_drop_empty(table, file->host);
	shared_text_release(&file->path, &table->memory);
	origin_release(&file->origin);
	free(file);
	table->memory -= sizeof(*file);
	table->count--;
}

/* Whoever has a host has as many accounts there as he likes: of the host that
 * has most somebody loses. A walk will do, and is taken at the limit only. */
static struct file_host *largest_host(const struct provenance *table)
{
	struct file_host *largest = NULL;

	for (const struct list *at = table->hosts.next; at != &table->hosts;
	     at = at->next) {
		struct file_host *host =
			list_entry(at, struct file_host, in_all);

		if (!largest || host->shares.bytes > largest->shares.bytes)
			largest = host;
	}
	return largest;
}

static void file_evict(struct provenance *table, struct share_entry *entry)
{
	table->evicted++;
	if (entry->linked) {
		table->linked_evicted++;
		table->evicted_payer = entry->share->payer;
	}
	file_free(table, list_entry(entry, struct known_file, charged));
}

/* What files are charged counts: processes hold origins, too, of files that
 * went, and these do not make the table smaller. */
static void table_trim(struct provenance *table)
{
	while (table->charged + table->overhead > table->memcap &&
	       table->count > 1)
		file_evict(table,
			   shares_oldest(&largest_host(table)->shares, NULL));
}

/* --- adding --------------------------------------------------------------- */

/* What had the path before is somewhere else, or gone. */
static void take_path(struct provenance *table, struct known_file *owner)
{
	if (owner->id.inode) {
		list_remove(&owner->in_paths);
		shared_text_release(&owner->path, &table->memory);
	} else {
		file_free(table, owner);
	}
}

static bool is_kept(struct str path)
{
	return path.len && path.len <= PATH_BYTES_MAX;
}

static int set_path(struct provenance *table, struct known_file *file,
		    struct str path)
{
	struct known_file *before;

	if (str_equal(shared_text_str(file->path), path))
		return 0;
	list_remove(&file->in_paths);
	shared_text_release(&file->path, &table->memory);
	if (!is_kept(path))
		return 0;
	before = provenance_find_path(table, file->id.host, path);
	if (before)
		take_path(table, before);
	file->path = shared_text_new(path, &table->memory);
	if (!file->path)
		return -ENOMEM;
	list_add_tail(path_bucket(table, file->id.host, path), &file->in_paths);
	return 0;
}

static struct known_file *file_new(struct provenance *table,
				   const struct file_birth *birth)
{
	struct known_file *file = calloc(1, sizeof(*file));
	struct file_host *host = file ? host_get(table, birth->id.host) : NULL;

	if (!host) {
		free(file);
		return NULL;
	}
	if (share_join(&host->shares, &file->charged, birth->payer)) {
		host_drop_empty(table, host);
		free(file);
		return NULL;
	}
	file->host = host;
	file->id = birth->id;
	file->owner = birth->owner;
	file->payer = birth->payer;
	file->confirmed = birth->confirmed;
	file->how = birth->how;
	file->origin = origin_hold(birth->origin);
	list_init(&file->in_inodes);
	list_init(&file->in_paths);
	if (birth->id.inode)
		list_add_tail(inode_bucket(table, &birth->id),
			      &file->in_inodes);
	file_charge(table, file);
	table->memory += sizeof(*file);
	table->count++;
	return file;
}

int provenance_add(struct provenance *table, const struct file_birth *birth)
{
	struct known_file *before =
		birth->id.inode ? provenance_find(table, &birth->id) : NULL;
	struct known_file *file;
	int rc;

	/* nobody could find it again */
	if (!birth->id.inode && !is_kept(birth->path))
		return 0;
	/* first: what was before may own the origin */
	file = file_new(table, birth);
	if (!file)
		return -ENOMEM;
	if (before)
		file_free(table, before);
	rc = set_path(table, file, birth->path);
	file_charge(table, file);
	table_trim(table);
	return rc;
}

int provenance_move(struct provenance *table, struct known_file *file,
		    struct str path)
{
	int rc = set_path(table, file, path);

	file_charge(table, file);
	table_trim(table);
	return rc;
}

void provenance_set_origin(struct provenance *table, struct known_file *file,
			   struct origin *origin)
{
	struct origin *held = origin_hold(origin);

	origin_release(&file->origin);
	file->origin = held;
	file_charge(table, file);
}

/* --- saving --------------------------------------------------------------- */

/*
 * Each file with its origin in full: that copies have one in common is lost,
 * which costs room, not truth. Oldest first within each share, as they are
 * read back.
 */
void provenance_save_origin(const struct origin_source *is, struct strbuf *out)
{
	write_u8(out, (uint8_t)is->kind);
	write_u8(out, (uint8_t)is->traits);
	write_u64(out, (uint64_t)is->time_ns);
	write_u64(out, is->serial);
	write_u32(out, is->uid);
	write_u32(out, is->auid);
	write_str(out, is->path);
	write_str(out, is->name);
	write_str(out, is->executable);
	write_str(out, is->compiler);
}

static void save_file(const struct known_file *file, struct strbuf *out)
{
	write_u64(out, file->id.host);
	write_u64(out, file->id.device);
	write_u64(out, file->id.inode);
	write_u32(out, file->owner);
	write_u32(out, file->payer);
	write_u8(out, (uint8_t)file->how);
	write_u8(out, file->confirmed);
	write_str(out, shared_text_str(file->path));
	provenance_save_origin(&file->origin->is, out);
}

static void save_list(const struct list *list, struct strbuf *out)
{
	for (const struct list *at = list->next; at != list; at = at->next)
		save_file(list_entry(at, struct known_file, charged.list), out);
}

static void save_host(const struct file_host *host, struct strbuf *out)
{
	for (const struct list *at = host->shares.all.next;
	     at != &host->shares.all; at = at->next) {
		const struct share *share =
			list_entry(at, struct share, in_all);

		save_list(&share->others, out);
		save_list(&share->linked, out);
	}
}

void provenance_save(const struct provenance *table, struct strbuf *out)
{
	write_u32(out, (uint32_t)table->count);
	for (const struct list *at = table->hosts.next; at != &table->hosts;
	     at = at->next)
		save_host(list_entry(at, struct file_host, in_all), out);
}

struct origin *provenance_load_origin(struct provenance *table,
				      struct reader *reader)
{
	struct origin_source is = { 0 };
	uint8_t kind = read_u8(reader);

	if (kind >= ORIGIN__COUNT)
		reader->bad = true;
	else
		is.kind = (enum origin_kind)kind;
	is.traits = read_u8(reader);
	is.time_ns = read_i64(reader);
	is.serial = read_u64(reader);
	is.uid = read_u32(reader);
	is.auid = read_u32(reader);
	is.path = read_str(reader);
	is.name = read_str(reader);
	is.executable = read_str(reader);
	is.compiler = read_str(reader);
	return origin_new(&is, &table->memory);
}

static bool is_of_memory(const struct file_id *id)
{
	return id->inode && is_anonymous(id->device);
}

static int load_file(struct provenance *table, struct reader *reader,
		     bool booted)
{
	struct file_birth birth;
	uint8_t how;
	int rc;

	birth.id.host = read_u64(reader);
	birth.id.device = read_u64(reader);
	birth.id.inode = read_u64(reader);
	birth.owner = read_u32(reader);
	birth.payer = read_u32(reader);
	how = read_u8(reader);
	birth.how = (enum file_known)how;
	birth.confirmed = read_u8(reader);
	birth.path = read_str(reader);
	birth.origin = provenance_load_origin(table, reader);
	if (!birth.origin)
		return -ENOMEM;
	if (reader->bad || how >= FILE__KNOWN ||
	    (!birth.id.inode && !birth.path.len))
		rc = -EBADMSG;
	else if (booted && is_of_memory(&birth.id))
		rc = 0;
	else
		rc = provenance_add(table, &birth);
	origin_release(&birth.origin);
	return rc;
}

int provenance_load(struct provenance *table, struct reader *reader,
		    bool booted)
{
	uint32_t count = read_count(reader, SAVED_FILE_BYTES);
	int rc = reader->bad ? -EBADMSG : 0;

	while (!rc && count--)
		rc = load_file(table, reader, booted);
	return rc;
}

/* --- life ----------------------------------------------------------------- */

/* The last file takes its host along. */
static void host_free_file(struct provenance *table, struct file_host *host)
{
	file_free(table, list_entry(shares_oldest(&host->shares, NULL),
				    struct known_file, charged));
}

void provenance_forget(struct provenance *table, uint64_t hash)
{
	struct file_host *host = host_find(table, hash);

	for (size_t count = host ? host->shares.count : 0; count; count--)
		host_free_file(table, host);
}

void provenance_free(struct provenance **out)
{
	struct provenance *table = *out;

	if (!table)
		return;
	while (!list_empty(&table->hosts))
		host_free_file(table, list_entry(table->hosts.next,
						 struct file_host, in_all));
	free(table);
	*out = NULL;
}

void provenance_stats(const struct provenance *table,
		      struct provenance_stats *out)
{
	*out = (struct provenance_stats){
		.files = table->count,
		.evicted = table->evicted,
		.linked_evicted = table->linked_evicted,
		.evicted_payer = table->evicted_payer,
		.memory = table->memory + table->overhead,
	};
}
