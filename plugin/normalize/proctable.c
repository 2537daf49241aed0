/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An entry is made by a process's own record, never from the exit= of a clone:
 * that is the pid inside its namespace, and whoever may make namespaces could
 * write any pid into the table that way.
 *
 * Pids are used again, and no record tells of a death. Three guards keep an old
 * process from being taken for a new one: the file that a record says the
 * process runs must be the one the entry knows; a parent must be older than its
 * child, by the serials of their first records; and so a process whose parent
 * has become a younger one is another process than before. What fails a guard
 * is unknown, never guessed.
 */
#include "proctable.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../limits.h"
#include "../util/hash.h"

#define BUCKETS 16384 /* of all hosts' processes */
#define HOST_BUCKETS 256
/* of the arguments of one process; the rest is only counted */
#define ARGS_KEPT_BYTES 4096
#define ARGS_KEPT 256
/* A serial that much below the newest is not late: the host has booted, and
 * counts from one again. */
#define SERIAL_DISORDER 65536

struct proctable_host {
	struct list in_bucket, in_all; /* in_all: unused for longest first */
	struct proctable *table;
	struct list processes; /* unused for longest first */
	size_t count;
	uint64_t newest_serial;
	size_t name_len;
	char name[];
};

struct proctable {
	uint8_t seed[16];
	size_t memcap, memory, count, host_count;
	uint64_t evicted;
	struct list hosts, all; /* unused for longest first */
	struct list host_buckets[HOST_BUCKETS];
	struct list buckets[BUCKETS];
};

int proctable_new(size_t memcap, struct proctable **out)
{
	struct proctable *table = calloc(1, sizeof(*table));
	int rc;

	if (!table)
		return -ENOMEM;
	rc = hash_seed(table->seed);
	if (rc) {
		free(table);
		return rc;
	}
	table->memcap = memcap;
	list_init(&table->hosts);
	list_init(&table->all);
	for (size_t i = 0; i < HOST_BUCKETS; i++)
		list_init(&table->host_buckets[i]);
	for (size_t i = 0; i < BUCKETS; i++)
		list_init(&table->buckets[i]);
	*out = table;
	return 0;
}

/* Makes an entry of a list the one used last. */
static void list_touch(struct list *head, struct list *node)
{
	list_remove(node);
	list_add_tail(head, node);
}

/* --- images --------------------------------------------------------------- */

static void image_release(struct proctable *table, struct image **image)
{
	if (*image && !--(*image)->owners) {
		table->memory -= (*image)->size;
		free(*image);
	}
	*image = NULL;
}

static struct str place(char **at, struct str text)
{
	struct str placed = { *at, text.len };

	if (text.len)
		memcpy(*at, text.data, text.len);
	*at += text.len;
	return placed;
}

/* How many arguments are kept, and their bytes. */
static size_t args_kept(const struct process_exec *exec, size_t *bytes)
{
	size_t kept = 0;

	*bytes = 0;
	while (kept < exec->args_len && kept < ARGS_KEPT &&
	       *bytes + exec->args[kept].len <= ARGS_KEPT_BYTES)
		*bytes += exec->args[kept++].len;
	return kept;
}

static struct image *image_new(struct proctable *table,
			       const struct process_exec *exec)
{
	size_t arg_bytes, kept = args_kept(exec, &arg_bytes);
	size_t size = sizeof(struct image) + kept * sizeof(struct str) +
		      exec->invoked.len + exec->sight.exe.len + arg_bytes;
	struct image *image = malloc(size);
	char *at;

	if (!image)
		return NULL;
	*image = (struct image){
		.owners = 1,
		.size = size,
		.arg_count = exec->arg_count,
		.kept_count = kept,
		.args = (struct str *)(image + 1),
	};
	at = (char *)(image->args + kept);
	image->invoked = place(&at, exec->invoked);
	image->resolved = place(&at, exec->sight.exe);
	for (size_t i = 0; i < kept; i++)
		image->args[i] = place(&at, exec->args[i]);
	table->memory += size;
	return image;
}

/* --- entries -------------------------------------------------------------- */

static void process_free(struct process *process)
{
	struct proctable *table = process->host->table;

	list_remove(&process->in_bucket);
	list_remove(&process->in_host);
	list_remove(&process->in_all);
	image_release(table, &process->image);
	table->memory -= sizeof(*process);
	table->count--;
	process->host->count--;
	free(process);
}

/* Makes room. The entry in hand is the last one that would go: it stays. */
static void host_trim(struct proctable_host *host)
{
	struct proctable *table = host->table;

	while (host->count > LIMIT_PROCESSES) {
		process_free(list_entry(host->processes.next, struct process,
					in_host));
		table->evicted++;
	}
	while (table->memory > table->memcap && table->count > 1) {
		process_free(
			list_entry(table->all.next, struct process, in_all));
		table->evicted++;
	}
}

static struct list *bucket_of(struct proctable_host *host, int64_t pid)
{
	uint64_t key[] = { (uint64_t)(uintptr_t)host, (uint64_t)pid };

	return &host->table->buckets[hash_bytes(key, sizeof(key),
						host->table->seed) %
				     BUCKETS];
}

static struct process *process_find(struct proctable_host *host, int64_t pid)
{
	struct list *bucket = bucket_of(host, pid);

	for (struct list *at = bucket->next; at != bucket; at = at->next) {
		struct process *process =
			list_entry(at, struct process, in_bucket);

		if (process->pid == pid && process->host == host)
			return process;
	}
	return NULL;
}

static struct process *process_new(struct proctable_host *host,
				   const struct process_sight *sight)
{
	struct process *process = calloc(1, sizeof(*process));

	if (!process)
		return NULL;
	process->host = host;
	process->pid = sight->pid;
	process->ppid = sight->ppid;
	process->serial = sight->serial;
	list_add_tail(bucket_of(host, sight->pid), &process->in_bucket);
	list_init(&process->in_host);
	list_init(&process->in_all);
	host->table->memory += sizeof(*process);
	host->table->count++;
	host->count++;
	return process;
}

/* The entry stands for another process from now on, or for one whose exec was
 * not seen. */
static void process_renew(struct process *process,
			  const struct process_sight *sight)
{
	image_release(process->host->table, &process->image);
	process->serial = sight->serial;
}

/* Whether the entry is of an earlier process with this pid: its parent has
 * become a younger one. Who loses his parent gets init, which may be seen late.
 */
static bool process_is_other(const struct process *process,
			     const struct process_sight *sight)
{
	const struct process *parent;

	if (sight->ppid <= 1 || sight->ppid == process->ppid)
		return false;
	parent = process_find(process->host, sight->ppid);
	return parent && parent->serial > process->serial;
}

/* The entry of a pid, made where it is missing, and marked as used. */
static struct process *process_get(struct proctable_host *host,
				   const struct process_sight *sight)
{
	struct process *process;

	if (sight->serial + SERIAL_DISORDER < host->newest_serial)
		proctable_host_clear(host);
	if (sight->serial > host->newest_serial)
		host->newest_serial = sight->serial;
	process = process_find(host, sight->pid);
	if (process && process_is_other(process, sight))
		process_renew(process, sight);
	if (!process)
		process = process_new(host, sight);
	if (!process)
		return NULL;
	list_touch(&host->processes, &process->in_host);
	list_touch(&host->table->all, &process->in_all);
	if (sight->ppid >= 0)
		process->ppid = sight->ppid;
	return process;
}

struct process *proctable_parent(const struct process *process)
{
	struct process *parent =
		process->ppid > 0 ? process_find(process->host, process->ppid)
				  : NULL;

	return parent && parent->serial < process->serial ? parent : NULL;
}

/* Serials fall on the way, so there is no circle. */
size_t proctable_ancestry(const struct process *process,
			  const struct process **out, size_t max)
{
	size_t count = 0;

	while (count < max && (process = proctable_parent(process)))
		out[count++] = process;
	return count;
}

/* The image of a process whose exec was not seen: a process that runs what its
 * parent runs has been forked from it; of any other only the file is known. */
static struct image *image_infer(const struct process *process,
				 const struct process_sight *sight)
{
	const struct process *parent = proctable_parent(process);
	struct process_exec exec = {
		.sight = *sight,
		.invoked = sight->exe,
		.arg_count = -1,
	};

	if (!parent || !parent->image ||
	    !str_equal(parent->image->resolved, sight->exe))
		return image_new(process->host->table, &exec);
	parent->image->owners++;
	return parent->image;
}

struct process *proctable_see(struct proctable_host *host,
			      const struct process_sight *sight)
{
	struct process *process = process_get(host, sight);

	if (!process)
		return NULL;
	if (process->image && sight->exe.len &&
	    !str_equal(process->image->resolved, sight->exe))
		process_renew(process, sight);
	if (!process->image && sight->exe.len) {
		process->image = image_infer(process, sight);
		if (!process->image)
			return NULL;
	}
	host_trim(host);
	return process;
}

struct process *proctable_exec(struct proctable_host *host,
			       const struct process_exec *exec)
{
	struct process *process = process_get(host, &exec->sight);
	struct image *image;

	if (!process)
		return NULL;
	image = image_new(host->table, exec);
	if (!image)
		return NULL;
	image_release(host->table, &process->image);
	process->image = image;
	host_trim(host);
	return process;
}

/* --- hosts ---------------------------------------------------------------- */

void proctable_host_clear(struct proctable_host *host)
{
	while (!list_empty(&host->processes))
		process_free(list_entry(host->processes.next, struct process,
					in_host));
	host->newest_serial = 0;
}

static void host_free(struct proctable_host *host)
{
	proctable_host_clear(host);
	list_remove(&host->in_bucket);
	list_remove(&host->in_all);
	host->table->memory -= sizeof(*host) + host->name_len;
	host->table->host_count--;
	free(host);
}

/* The host used longest ago goes, with its processes. */
static void host_evict(struct proctable *table)
{
	struct proctable_host *host =
		list_entry(table->hosts.next, struct proctable_host, in_all);

	table->evicted += host->count;
	host_free(host);
}

static struct proctable_host *host_new(struct proctable *table,
				       struct list *bucket, struct str name)
{
	struct proctable_host *host;

	if (table->host_count == LIMIT_HOSTS)
		host_evict(table);
	host = calloc(1, sizeof(*host) + name.len);
	if (!host)
		return NULL;
	host->table = table;
	list_init(&host->processes);
	list_init(&host->in_all);
	list_add_tail(bucket, &host->in_bucket);
	host->name_len = name.len;
	if (name.len)
		memcpy(host->name, name.data, name.len);
	table->memory += sizeof(*host) + name.len;
	table->host_count++;
	return host;
}

struct proctable_host *proctable_host(struct proctable *table, struct str name)
{
	struct list *bucket =
		&table->host_buckets[hash_bytes(name.data, name.len,
						table->seed) %
				     HOST_BUCKETS];
	struct proctable_host *host = NULL;

	for (struct list *at = bucket->next; at != bucket; at = at->next) {
		host = list_entry(at, struct proctable_host, in_bucket);
		if (str_equal((struct str){ host->name, host->name_len }, name))
			break;
		host = NULL;
	}
	if (!host)
		host = host_new(table, bucket, name);
	if (host)
		list_touch(&table->hosts, &host->in_all);
	return host;
}

void proctable_free(struct proctable **table)
{
	if (!*table)
		return;
	while (!list_empty(&(*table)->hosts))
		host_free(list_entry((*table)->hosts.next,
				     struct proctable_host, in_all));
	free(*table);
	*table = NULL;
}

void proctable_stats(const struct proctable *table, struct proctable_stats *out)
{
	*out = (struct proctable_stats){ table->count, table->evicted };
}
