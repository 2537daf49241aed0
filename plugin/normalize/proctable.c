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
 * is unknown, never guessed. Where exit is logged, an exec behind it is
 * another process's.
 */
#include "proctable.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../limits.h"
#include "../util/hash.h"
#include "proctable_internal.h"

/* what an entry takes of memcap by itself */
#define PROCESS_BYTES (sizeof(struct process) + TABLE_NODE_BYTES)
/* a longer working directory is not kept */
#define DIRECTORY_MAX 1024
/* after so many evictions, another host may take most */
#define LOOK_AGAIN 64
/* Of a start in /proc, which is told by a clock that has been set since: of two
 * processes within this time pids do not come around. */
#define START_SLACK_MS 1000
/* Rules look back a minute, as a rule, and to links of a day: what goes before is
 * told of. */
#define YOUNG_MS (60 * 1000)
#define LINKED_MS (24 * 3600 * 1000LL)
/* A serial that much below the newest is not late: the host has booted, and
 * counts from one again. */
#define SERIAL_DISORDER 65536

int proctable_new(size_t memcap, struct proctable **out)
{
	struct proctable *table = calloc(1, sizeof(*table));
	int rc;

	if (!table)
		return -ENOMEM;
	rc = hash_seed(table->seed);
	if (!rc)
		rc = hash_key_new(&table->key);
	if (!rc)
		rc = table_open(&table->processes);
	if (rc) {
		free(table);
		return rc;
	}
	table->memcap = memcap;
	list_init(&table->hosts);
	for (size_t i = 0; i < HOST_BUCKETS; i++)
		list_init(&table->host_buckets[i]);
	*out = table;
	return 0;
}

/* Makes an entry of a list the one used last. */
static void list_touch(struct list *head, struct list *node)
{
	list_remove(node);
	list_add_tail(head, node);
}

/* --- entries -------------------------------------------------------------- */

static size_t origin_size(const struct process *process)
{
	return process->origin ? process->origin->size : 0;
}

void process_set_origin(struct process *process, struct origin *origin)
{
	process->host->memory -= origin_size(process);
	origin_release(&process->origin);
	process->origin = origin;
	process->host->memory += origin_size(process);
}

/* Nothing is known of the process any more. */
static void process_forget(struct process *process)
{
	size_t *memory = &process->host->memory;

	image_release(&process->image, memory);
	image_release(&process->previous, memory);
	shared_text_release(&process->directory, memory);
	lineage_release(&process->lineage, memory);
	process_set_origin(process, NULL);
	process->origin_own = process->origin_sought = false;
	*memory -= process->bound ? sizeof(*process->bound) : 0;
	free(process->bound);
	process->bound = NULL;
	process->ids = PROCESS_IDS_UNKNOWN;
	process->capabilities = (struct process_capabilities){ 0 };
	process->tty = TTY_UNKNOWN;
	process->ended = false;
}

static void process_free(struct process *process)
{
	struct proctable *table = process->host->table;

	process_forget(process);
	table_remove(&table->processes, &process->node);
	list_remove(&process->in_host);
	share_leave(&process->host->shares, &process->charged);
	process->host->memory -= PROCESS_BYTES;
	table->count--;
	process->host->count--;
	free(process);
}

/* What a process takes, texts that it shares included: of whom they are when one
 * goes is not known. */
static size_t process_size(const struct process *process)
{
	size_t size = PROCESS_BYTES + origin_size(process) +
		      shared_text_size(process->directory);

	size += process->image ? process->image->size : 0;
	size += process->previous ? process->previous->size : 0;
	return size + (process->bound ? sizeof(*process->bound) : 0);
}

/* It runs a program that was linked here not long ago, or what that started. */
static bool is_linked(const struct process *process)
{
	return process->origin && process->origin->is.kind == ORIGIN_LINKED &&
	       process->host->now_ms -
			       process->origin->is.time_ns / NSEC_PER_MSEC <
		       LINKED_MS;
}

void process_touch(struct process *process)
{
	process->used_ms = process->host->now_ms;
	share_touch(&process->host->shares, &process->charged,
		    is_linked(process), process_size(process));
}

/* The table takes note of what a host has come to. */
static void host_settle(struct proctable_host *host)
{
	struct proctable *table = host->table;

	table->memory += host->memory - host->counted;
	host->counted = host->memory;
	if (table->largest && host->memory > table->largest->memory)
		table->largest = host;
}

/* Who gives up an entry, but for the one in hand. A walk over all hosts now and
 * then will do: they change slowly. */
static struct proctable_host *host_of_victim(struct proctable_host *in_hand)
{
	struct proctable *table = in_hand->table;
	struct proctable_host *largest = table->largest;

	if (largest && largest->count > 1 &&
	    table->evictions.evicted % LOOK_AGAIN)
		return largest;
	largest = NULL;
	for (struct list *at = table->hosts.next; at != &table->hosts;
	     at = at->next) {
		struct proctable_host *host =
			list_entry(at, struct proctable_host, in_all);

		if (host->count > (host == in_hand) &&
		    (!largest || host->memory > largest->memory))
			largest = host;
	}
	table->largest = largest;
	return largest;
}

/* False = there is nothing but what is in hand. */
static bool host_evict_process(struct proctable_host *host,
			       const struct process *in_hand)
{
	struct share_entry *entry =
		shares_oldest(&host->shares, &in_hand->charged);
	struct proctable_stats *count = &host->table->evictions;
	struct process *process;

	if (!entry)
		return false;
	process = list_entry(entry, struct process, charged);
	count->evicted++;
	if (is_linked(process)) {
		count->linked_evicted++;
		count->linked_payer = entry->share->payer;
	} else if (host->now_ms - process->used_ms < YOUNG_MS) {
		count->young_evicted++;
		count->young_payer = entry->share->payer;
	}
	process_free(process);
	host_settle(host);
	return true;
}

void proctable_trim(struct proctable_host *host, const struct process *in_hand)
{
	struct proctable *table = host->table;

	host_settle(host);
	while (host->count > LIMIT_PROCESSES)
		if (!host_evict_process(host, in_hand))
			break;
	while (table->memory > table->memcap && table->count > 1)
		if (!host_evict_process(host_of_victim(host), in_hand))
			break;
}

/* A pid is looked for several times an event. */
static inline uint64_t hash_of(const struct proctable_host *host, int64_t pid)
{
	return hash_number(&host->table->key, (uint64_t)pid ^ host->salt);
}

struct process *proctable_find(struct proctable_host *host, int64_t pid)
{
	uint64_t hash = hash_of(host, pid);
	struct table_node *node = table_bucket(&host->table->processes, hash);

	for (; node; node = node->next) {
		struct process *process =
			list_entry(node, struct process, node);

		if (node->hash == hash && process->pid == pid &&
		    process->host == host)
			return process;
	}
	return NULL;
}

struct process *proctable_make(struct proctable_host *host, int64_t pid,
			       uint32_t payer)
{
	struct process *process = calloc(1, sizeof(*process));

	if (!process)
		return NULL;
	if (share_join(&host->shares, &process->charged, payer)) {
		free(process);
		return NULL;
	}
	process->host = host;
	process->pid = pid;
	process->ppid = -1;
	process->ids = PROCESS_IDS_UNKNOWN;
	process->node.hash = hash_of(host, pid);
	table_add(&host->table->processes, &process->node);
	list_add_tail(&host->processes, &process->in_host);
	host->memory += PROCESS_BYTES;
	host->table->count++;
	host->count++;
	return process;
}

/*
 * The same in each run over the same records, so that an alert of a replay
 * names the process as the live one did. A seeded process has no record: its
 * start stands for it.
 */
static uint64_t process_id(const struct process *process, uint64_t start)
{
	static const uint8_t no_seed[16];
	const struct proctable_host *host = process->host;
	const uint64_t parts[] = {
		htole64((uint64_t)process->pid),
		htole64(process->serial),
		htole64(process->serial ? (uint64_t)process->since_ms : start),
	};

	return hash_combine(host->hash,
			    hash_bytes(parts, sizeof(parts), no_seed));
}

/* Of two records the earlier is that of the older process; what was seeded was
 * there before, and is as old as its start. */
static bool is_older(const struct process *process, const struct process *than)
{
	if (process->serial && than->serial)
		return process->serial < than->serial;
	return process != than && process->since_ms <= than->since_ms;
}

struct process *proctable_parent(const struct process *process)
{
	struct process *parent =
		process->ppid > 0 ? proctable_find(process->host, process->ppid)
				  : NULL;

	return parent && is_older(parent, process) ? parent : NULL;
}

/* The first record of a process. */
static void process_begin(struct process *process,
			  const struct process_sight *sight)
{
	struct proctable_host *host = process->host;
	const struct process *parent;
	unsigned int parts = 0;

	process->serial = sight->serial;
	process->since_ms = sight->time_ms;
	process->id = process_id(process, 0);
	parent = proctable_parent(process);
	if (!parent)
		return;
	if (!lineage_is_reaper(parent)) {
		parts |= host->sees_setsid ? LINEAGE_SESSION : 0;
		parts |= host->sees_setpgid ? LINEAGE_GROUP : 0;
	}
	lineage_inherit(process, parent, parts);
	process_set_origin(process, origin_hold(parent->origin));
}

/* Whether the entry is of an earlier process with this pid: its parent has
 * become a younger one. Who loses his parent gets init, which may be seen late.
 */
static bool process_is_other(const struct process *process,
			     const struct process_sight *sight)
{
	const struct process *parent;

	if (sight->ppid < 0 || sight->ppid == process->ppid)
		return false;
	if (process->ended)
		return true;
	parent = sight->ppid > 1 ? proctable_find(process->host, sight->ppid)
				 : NULL;
	return parent && !is_older(parent, process);
}

/* The working directory, shared with the parent's where it is the same. */
static int set_directory(struct process *process, struct str directory)
{
	size_t *memory = &process->host->memory;
	const struct process *parent;

	if (!directory.len ||
	    str_equal(shared_text_str(process->directory), directory))
		return 0;
	shared_text_release(&process->directory, memory);
	if (directory.len > DIRECTORY_MAX)
		return 0;
	parent = proctable_parent(process);
	if (parent && str_equal(shared_text_str(parent->directory), directory))
		process->directory = shared_text_hold(parent->directory);
	else
		process->directory = shared_text_new(directory, memory);
	return process->directory ? 0 : -ENOMEM;
}

static void set_id(uint32_t *id, uint32_t told)
{
	if (told != ID_UNKNOWN)
		*id = told;
}

/* What a record tells anew of a process. */
static int process_update(struct process *process,
			  const struct process_sight *sight)
{
	process->ids_before = process->ids;
	set_id(&process->ids.uid, sight->ids.uid);
	set_id(&process->ids.euid, sight->ids.euid);
	set_id(&process->ids.gid, sight->ids.gid);
	set_id(&process->ids.egid, sight->ids.egid);
	if (sight->tty != TTY_UNKNOWN)
		process->tty = sight->tty;
	return set_directory(process, sight->directory);
}

/* A host's serials rise. */
static void host_pass(struct proctable_host *host, uint64_t serial)
{
	if (serial + SERIAL_DISORDER < host->newest_serial)
		proctable_host_boot(host);
	if (serial > host->newest_serial)
		host->newest_serial = serial;
}

/* The entry of a pid, made where it is missing, and marked as used. */
static struct process *process_get(struct proctable_host *host,
				   const struct process_sight *sight, bool exec)
{
	struct process *process;
	bool begins;

	host_pass(host, sight->serial);
	host->now_ms = sight->time_ms;
	process = proctable_find(host, sight->pid);
	begins = !process || process_is_other(process, sight) ||
		 (exec && process->ended);
	if (!process)
		process = proctable_make(host, sight->pid, sight->payer);
	else if (begins)
		process_forget(process);
	if (!process)
		return NULL;
	list_touch(&host->processes, &process->in_host);
	if (share_join(&host->shares, &process->charged, sight->payer))
		return NULL;
	if (sight->ppid >= 0)
		process->ppid = sight->ppid;
	if (begins)
		process_begin(process, sight);
	return process_update(process, sight) ? NULL : process;
}

/* Parents are older, so there is no circle of any length; of two that began at
 * the same time max is the end. */
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
static struct image *image_infer(struct process *process, struct str exe)
{
	const struct process *parent = proctable_parent(process);
	struct image_source source = {
		.invoked = exe,
		.resolved = exe,
		.arg_count = -1,
	};

	if (parent && parent->image &&
	    str_equal(parent->image->resolved, exe)) {
		process->origin_own = parent->origin_own;
		return image_hold(parent->image);
	}
	/* the parent may have begun its program after the fork */
	process_set_origin(process, NULL);
	return image_new(&source, &process->host->memory);
}

/* The process runs another file than is known: an exec was not seen, or it is
 * another process. Neither session nor container can be told. */
static void process_renew(struct process *process,
			  const struct process_sight *sight)
{
	process_forget(process);
	process->serial = sight->serial;
	process->since_ms = sight->time_ms;
	process->id = process_id(process, 0);
}

struct process *proctable_see(struct proctable_host *host,
			      const struct process_sight *sight)
{
	struct process *process = process_get(host, sight, false);

	if (!process)
		return NULL;
	if (process->image && sight->exe.len &&
	    !str_equal(process->image->resolved, sight->exe)) {
		process_renew(process, sight);
		if (process_update(process, sight))
			return NULL;
	}
	if (!process->image && sight->exe.len) {
		process->image = image_infer(process, sight->exe);
		if (!process->image)
			return NULL;
	}
	process_touch(process);
	proctable_trim(host, process);
	return process;
}

struct process *proctable_exec(struct proctable_host *host,
			       const struct process_exec *exec)
{
	struct process *process = process_get(host, &exec->sight, true);
	size_t *memory = &host->memory;
	struct image_source source = {
		.invoked = exec->invoked,
		.resolved = exec->sight.exe,
		.arg_count = exec->arg_count,
		.args = exec->args,
		.args_len = exec->args_len,
	};
	struct image *image;

	if (!process)
		return NULL;
	image = image_new(&source, memory);
	if (!image)
		return NULL;
	image_release(&process->previous, memory);
	process->previous = process->image;
	process->image = image;
	process->origin_own = false;
	process->origin_sought = true;
	process->capabilities = exec->capabilities;
	lineage_exec(process, proctable_parent(process), memory);
	process_touch(process);
	proctable_trim(host, process);
	return process;
}

static struct bound_socket *find_bound(struct bound_sockets *bound, int64_t fd)
{
	for (size_t i = 0; bound && i < bound->count && i < BOUND_SOCKETS; i++)
		if (bound->sockets[i].fd == fd)
			return &bound->sockets[i];
	return NULL;
}

int proctable_bind(struct process *process, const struct bound_socket *socket)
{
	struct bound_socket *place = find_bound(process->bound, socket->fd);

	if (!process->bound) {
		process->bound = calloc(1, sizeof(*process->bound));
		if (!process->bound)
			return -ENOMEM;
		process->host->memory += sizeof(*process->bound);
	}
	if (!place)
		place = &process->bound->sockets[process->bound->count++ %
						 BOUND_SOCKETS];
	*place = *socket;
	return 0;
}

/* A worker has its sockets from who started it, at the same numbers. */
const struct bound_socket *proctable_bound(const struct process *process,
					   int64_t fd)
{
	enum { GENERATIONS = 4 };

	for (size_t i = 0; process && i < GENERATIONS; i++) {
		const struct bound_socket *found =
			find_bound(process->bound, fd);

		if (found)
			return found;
		process = proctable_parent(process);
	}
	return NULL;
}

int proctable_set_session(struct process *process)
{
	process->host->sees_setsid = true;
	return lineage_lead_session(process, &process->host->memory);
}

int proctable_set_group(struct process *process, bool own)
{
	size_t *memory = &process->host->memory;

	process->host->sees_setpgid = true;
	if (own)
		return lineage_lead_group(process, memory);
	lineage_leave_group(process, memory);
	return 0;
}

int proctable_set_container(struct process *process, struct str id)
{
	size_t *memory = &process->host->memory;
	struct shared_text *text = shared_text_new(id, memory);

	if (!text)
		return -ENOMEM;
	shared_text_release(&process->lineage.container, memory);
	process->lineage.container = text;
	return 0;
}

void proctable_set_origin(struct process *process, struct origin *origin)
{
	struct origin *held = origin_hold(origin);

	process_set_origin(process, held);
	process->origin_own = true;
	process_touch(process);
}

void proctable_end(struct process *process)
{
	process->ended = true;
}

/* --- seeds ---------------------------------------------------------------- */

static int seed_container(struct process *process, const struct process *parent,
			  struct str id)
{
	struct lineage *lineage = &process->lineage;

	if (!id.len)
		return 0;
	if (!parent ||
	    !str_equal(shared_text_str(parent->lineage.container), id))
		return proctable_set_container(process, id);
	lineage->container = shared_text_hold(parent->lineage.container);
	return 0;
}

/* That of the program; of a parent's, where there is none. */
static void seed_origin(struct process *process, struct origin *origin)
{
	const struct process *parent = proctable_parent(process);

	process->origin_sought = true;
	if (origin)
		proctable_set_origin(process, origin);
	else if (parent)
		process_set_origin(process, origin_hold(parent->origin));
}

static int seed_lineage(struct process *process,
			const struct process_seed *seed)
{
	struct proctable_host *host = process->host;
	size_t *memory = &host->memory;
	const struct process *parent = proctable_parent(process);
	struct lineage_seed lineage = {
		.parent = parent,
		.session = proctable_find(host, seed->session),
		.group = proctable_find(host, seed->group),
	};
	int rc = lineage_seed(process, &lineage, memory);

	return rc ? rc : seed_container(process, parent, seed->container);
}

/* Whether a saved entry is of an earlier process with this pid. */
static bool is_another(const struct process *process,
		       const struct process_seed *seed)
{
	return seed->start_ms > process->since_ms + START_SLACK_MS;
}

int proctable_seed(struct proctable_host *host, const struct process_seed *seed,
		   struct origin *origin)
{
	struct process_sight sight = {
		.directory = seed->directory,
		.ids = seed->ids,
		.tty = seed->tty,
	};
	struct image_source source = {
		.invoked = seed->exe,
		.resolved = seed->exe,
		.arg_count = (int64_t)seed->args_len,
		.args = seed->args,
		.args_len = seed->args_len,
	};
	struct process *process;
	int rc;

	host->seeded = true;
	process = proctable_find(host, seed->pid);
	if (process && !is_another(process, seed))
		return 0;
	if (process)
		process_free(process);
	process =
		proctable_make(host, seed->pid,
			       seed->ids.uid == ID_UNKNOWN ? 0 : seed->ids.uid);
	if (!process)
		return -ENOMEM;
	process->ppid = seed->ppid;
	process->since_ms = seed->start_ms;
	process->id = process_id(process, seed->start);
	if (seed->exe.len) {
		process->image = image_new(&source, &host->memory);
		if (!process->image)
			return -ENOMEM;
	}
	rc = process_update(process, &sight);
	seed_origin(process, origin);
	if (!rc)
		rc = seed_lineage(process, seed);
	process_touch(process);
	proctable_trim(host, process);
	return rc;
}

/* --- hosts ---------------------------------------------------------------- */

static void host_clear(struct proctable_host *host)
{
	while (!list_empty(&host->processes))
		process_free(list_entry(host->processes.next, struct process,
					in_host));
	host->newest_serial = 0;
}

void proctable_host_forget(struct proctable_host *host)
{
	host_clear(host);
	host_settle(host);
}

void proctable_host_boot(struct proctable_host *host)
{
	if (!host->seeded)
		host_clear(host);
}

static void host_free(struct proctable_host *host)
{
	host_clear(host);
	list_remove(&host->in_bucket);
	list_remove(&host->in_all);
	host_settle(host);
	if (host->table->largest == host)
		host->table->largest = NULL;
	if (host->table->last == host)
		host->table->last = NULL;
	host->table->memory -= sizeof(*host) + host->name_len;
	host->table->host_count--;
	free(host);
}

/* The host used longest ago goes, with its processes. */
static void host_evict(struct proctable *table)
{
	struct proctable_host *host =
		list_entry(table->hosts.next, struct proctable_host, in_all);

	table->evictions.evicted += host->count;
	host_free(host);
}

static struct proctable_host *host_new(struct proctable *table, uint64_t salt,
				       struct str name)
{
	static const uint8_t no_seed[16];
	struct proctable_host *host;

	if (table->host_count == LIMIT_HOSTS)
		host_evict(table);
	host = calloc(1, sizeof(*host) + name.len);
	if (!host)
		return NULL;
	host->table = table;
	host->salt = salt;
	host->hash = hash_bytes(name.data, name.len, no_seed);
	list_init(&host->processes);
	shares_open(&host->shares, &host->memory);
	list_init(&host->in_all);
	list_add_tail(&table->host_buckets[salt % HOST_BUCKETS],
		      &host->in_bucket);
	host->name_len = name.len;
	if (name.len)
		memcpy(host->name, name.data, name.len);
	table->memory += sizeof(*host) + name.len;
	table->host_count++;
	return host;
}

static bool is_named(const struct proctable_host *host, struct str name)
{
	return str_equal((struct str){ host->name, host->name_len }, name);
}

static struct proctable_host *host_find(struct proctable *table, uint64_t salt,
					struct str name)
{
	struct list *bucket = &table->host_buckets[salt % HOST_BUCKETS];

	for (struct list *at = bucket->next; at != bucket; at = at->next) {
		struct proctable_host *host =
			list_entry(at, struct proctable_host, in_bucket);

		if (is_named(host, name))
			return host;
	}
	return NULL;
}

/* Mostly it is the one of the event before. */
struct proctable_host *proctable_host(struct proctable *table, struct str name)
{
	struct proctable_host *host = table->last;
	uint64_t salt;

	if (host && is_named(host, name))
		return host;
	salt = hash_bytes(name.data, name.len, table->seed);
	host = host_find(table, salt, name);
	if (!host)
		host = host_new(table, salt, name);
	if (host)
		list_touch(&table->hosts, &host->in_all);
	table->last = host;
	return host;
}

uint64_t proctable_host_hash(const struct proctable_host *host)
{
	return host->hash;
}

void proctable_free(struct proctable **table)
{
	if (!*table)
		return;
	while (!list_empty(&(*table)->hosts))
		host_free(list_entry((*table)->hosts.next,
				     struct proctable_host, in_all));
	table_close(&(*table)->processes);
	free(*table);
	*table = NULL;
}

void proctable_stats(const struct proctable *table, struct proctable_stats *out)
{
	*out = table->evictions;
	out->processes = table->count;
}

size_t proctable_memory(const struct proctable *table)
{
	size_t memory = table->memory;

	for (const struct list *at = table->hosts.next; at != &table->hosts;
	     at = at->next) {
		const struct proctable_host *host =
			list_entry(at, struct proctable_host, in_all);

		memory += host->memory - host->counted;
	}
	return memory;
}
