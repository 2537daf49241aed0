/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process table as bytes. What a host's processes share (programs, texts,
 * leaders, origins) is written where it is met first, and by its number from then on: a
 * thousand shells of one program are one program, as in memory, and what is
 * loaded takes no more of memcap than what was saved.
 */
#include <errno.h>
#include <stdlib.h>

#include "../limits.h"
#include "proctable_internal.h"
#include "provenance.h"

#define NONE UINT32_MAX
/* the least a process, and a host, takes */
#define SAVED_PROCESS_BYTES 64
#define SAVED_HOST_BYTES 16

enum shared_kind { TEXTS, IMAGES, LEADERS, ORIGINS, SHARED_KINDS };

/* --- saving --------------------------------------------------------------- */

struct saver {
	struct strbuf *out;
	uint32_t counts[SHARED_KINDS]; /* written of each */
};

/* True = it is met for the first time, and stands behind its number. */
static bool save_number(struct saver *saver, enum shared_kind kind,
			uint32_t *number)
{
	bool first = number && *number == NONE;

	if (first)
		*number = saver->counts[kind]++;
	write_u32(saver->out, number ? *number : NONE);
	return first;
}

static void save_text(struct saver *saver, struct shared_text *text)
{
	if (save_number(saver, TEXTS, text ? &text->number : NULL))
		write_str(saver->out, shared_text_str(text));
}

static void save_image(struct saver *saver, struct image *image)
{
	if (!save_number(saver, IMAGES, image ? &image->number : NULL))
		return;
	write_str(saver->out, image->invoked);
	write_str(saver->out, image->resolved);
	write_u64(saver->out, (uint64_t)image->arg_count);
	write_u32(saver->out, (uint32_t)image->kept_count);
	for (size_t i = 0; i < image->kept_count; i++)
		write_str(saver->out, image->args[i]);
}

static void save_leader(struct saver *saver, struct leader *leader)
{
	if (!save_number(saver, LEADERS, leader ? &leader->number : NULL))
		return;
	write_u64(saver->out, (uint64_t)leader->pid);
	write_u64(saver->out, leader->id);
	write_str(saver->out, leader->entry_type ? str_from(leader->entry_type)
						 : (struct str){ 0 });
	save_image(saver, leader->image);
}

static void save_origin(struct saver *saver, struct origin *origin)
{
	if (save_number(saver, ORIGINS, origin ? &origin->number : NULL))
		provenance_save_origin(&origin->is, saver->out);
}

static void save_ids(const struct process_ids *ids, struct strbuf *out)
{
	write_u32(out, ids->uid);
	write_u32(out, ids->euid);
	write_u32(out, ids->gid);
	write_u32(out, ids->egid);
}

static void save_bound(const struct bound_sockets *bound, struct strbuf *out)
{
	write_u32(out, bound ? (uint32_t)bound->count : 0);
	for (size_t i = 0; bound && i < bound->count && i < BOUND_SOCKETS;
	     i++) {
		write_u64(out, (uint64_t)bound->sockets[i].fd);
		strbuf_add(out, &bound->sockets[i].ip,
			   sizeof(bound->sockets[i].ip));
		write_u64(out, (uint64_t)bound->sockets[i].port);
	}
}

static void save_lineage(struct saver *saver, const struct lineage *lineage)
{
	save_leader(saver, lineage->own);
	save_leader(saver, lineage->session);
	save_leader(saver, lineage->group);
	save_leader(saver, lineage->entry);
	save_text(saver, lineage->container);
}

static void save_process(struct saver *saver, const struct process *process)
{
	struct strbuf *out = saver->out;

	write_u64(out, (uint64_t)process->pid);
	write_u32(out, process->charged.share->payer);
	write_u64(out, (uint64_t)process->ppid);
	write_u64(out, process->serial);
	write_u64(out, (uint64_t)process->since_ms);
	write_u64(out, process->id);
	save_image(saver, process->image);
	save_image(saver, process->previous);
	save_text(saver, process->directory);
	save_lineage(saver, &process->lineage);
	save_origin(saver, process->origin);
	write_u8(out, process->origin_own);
	write_u8(out, process->origin_sought);
	save_ids(&process->ids, out);
	save_ids(&process->ids_before, out);
	write_u64(out, process->capabilities.effective);
	write_u64(out, process->capabilities.permitted);
	save_bound(process->bound, out);
	write_u8(out, (uint8_t)process->tty);
	write_u8(out, process->ended);
}

static void forget_number(struct image *image)
{
	if (image)
		image->number = NONE;
}

static void forget_leader(struct leader *leader)
{
	if (!leader)
		return;
	leader->number = NONE;
	forget_number(leader->image);
}

static void forget_numbers(const struct process *process)
{
	forget_number(process->image);
	forget_number(process->previous);
	forget_leader(process->lineage.own);
	forget_leader(process->lineage.session);
	forget_leader(process->lineage.group);
	forget_leader(process->lineage.entry);
	if (process->directory)
		process->directory->number = NONE;
	if (process->lineage.container)
		process->lineage.container->number = NONE;
	if (process->origin)
		process->origin->number = NONE;
}

static void save_host(struct saver *saver, const struct proctable_host *host)
{
	struct strbuf *out = saver->out;

	*saver = (struct saver){ .out = out };
	for (const struct list *at = host->processes.next;
	     at != &host->processes; at = at->next)
		forget_numbers(list_entry(at, struct process, in_host));
	write_str(out, (struct str){ host->name, host->name_len });
	write_u64(out, host->newest_serial);
	write_u8(out, host->sees_setsid);
	write_u8(out, host->sees_setpgid);
	write_u32(out, (uint32_t)host->count);
	for (const struct list *at = host->processes.next;
	     at != &host->processes; at = at->next)
		save_process(saver, list_entry(at, struct process, in_host));
}

void proctable_save(const struct proctable *table, struct strbuf *out)
{
	struct saver saver = { .out = out };

	write_u32(out, (uint32_t)table->host_count);
	for (const struct list *at = table->hosts.next; at != &table->hosts;
	     at = at->next)
		save_host(&saver,
			  list_entry(at, struct proctable_host, in_all));
}

/* --- loading -------------------------------------------------------------- */

/* What has a number, each with an owner until all is loaded. */
struct numbered {
	void **things;
	size_t count, capacity;
};

struct loader {
	struct reader *reader;
	struct proctable *table;
	struct proctable_host *host; /* whose processes are loaded */
	struct provenance *files;
	struct numbered numbered[SHARED_KINDS];
	bool no_memory;
};

/* Takes the owner the caller is. */
static void *keep(struct loader *loader, enum shared_kind kind, void *thing)
{
	struct numbered *numbered = &loader->numbered[kind];

	if (thing && numbered->count == numbered->capacity) {
		size_t capacity =
			numbered->capacity ? 2 * numbered->capacity : 256;
		void **grown =
			realloc(numbered->things, capacity * sizeof(void *));

		if (!grown) {
			loader->no_memory = true;
			return NULL;
		}
		numbered->things = grown;
		numbered->capacity = capacity;
	}
	if (!thing) {
		loader->no_memory = true;
		return NULL;
	}
	numbered->things[numbered->count++] = thing;
	return thing;
}

/* True = *out is what it is; false = it follows, and is new. */
static bool load_number(struct loader *loader, enum shared_kind kind,
			void **out)
{
	const struct numbered *numbered = &loader->numbered[kind];
	uint32_t number = read_u32(loader->reader);

	*out = NULL;
	if (loader->reader->bad || loader->no_memory || number == NONE)
		return true;
	if (number == numbered->count)
		return false;
	if (number > numbered->count)
		loader->reader->bad = true;
	else
		*out = numbered->things[number];
	return true;
}

static struct shared_text *load_text(struct loader *loader)
{
	struct shared_text *text;
	void *known;

	if (load_number(loader, TEXTS, &known))
		return shared_text_hold(known);
	text = shared_text_new(read_str(loader->reader), &loader->host->memory);
	if (keep(loader, TEXTS, text))
		return shared_text_hold(text);
	shared_text_release(&text, &loader->host->memory);
	return NULL;
}

static struct image *read_image(struct loader *loader)
{
	struct str args[IMAGE_ARGS_KEPT];
	struct image_source source = { .args = args };
	struct reader *reader = loader->reader;

	source.invoked = read_str(reader);
	source.resolved = read_str(reader);
	source.arg_count = read_i64(reader);
	source.args_len = read_u32(reader);
	if (source.args_len > IMAGE_ARGS_KEPT) {
		source.args_len = 0;
		reader->bad = true;
	}
	for (size_t i = 0; i < source.args_len; i++)
		args[i] = read_str(reader);
	return image_new(&source, &loader->host->memory);
}

static struct image *load_image(struct loader *loader)
{
	struct image *image;
	void *known;

	if (load_number(loader, IMAGES, &known))
		return image_hold(known);
	image = read_image(loader);
	if (keep(loader, IMAGES, image))
		return image_hold(image);
	image_release(&image, &loader->host->memory);
	return NULL;
}

static struct leader *load_leader(struct loader *loader)
{
	struct leader *leader;
	void *known;

	if (load_number(loader, LEADERS, &known))
		return leader_hold(known);
	leader = leader_new(&loader->host->memory);
	if (!keep(loader, LEADERS, leader)) {
		leader_release(&leader, &loader->host->memory);
		return NULL;
	}
	leader->pid = read_i64(loader->reader);
	leader->id = read_u64(loader->reader);
	leader->entry_type = lineage_entry_type(read_str(loader->reader));
	leader->image = load_image(loader);
	return leader_hold(leader);
}

static struct origin *load_origin(struct loader *loader)
{
	struct origin *origin;
	void *known;

	if (load_number(loader, ORIGINS, &known))
		return origin_hold(known);
	origin = provenance_load_origin(loader->files, loader->reader);
	if (keep(loader, ORIGINS, origin))
		return origin_hold(origin);
	origin_release(&origin);
	return NULL;
}

static struct process_ids load_ids(struct reader *reader)
{
	struct process_ids ids;

	ids.uid = read_u32(reader);
	ids.euid = read_u32(reader);
	ids.gid = read_u32(reader);
	ids.egid = read_u32(reader);
	return ids;
}

static void load_bound(struct loader *loader, struct process *process)
{
	struct reader *reader = loader->reader;
	uint32_t count = read_u32(reader);

	if (!count || reader->bad)
		return;
	process->bound = calloc(1, sizeof(*process->bound));
	if (!process->bound) {
		loader->no_memory = true;
		return;
	}
	loader->host->memory += sizeof(*process->bound);
	process->bound->count = count;
	for (size_t i = 0; i < count && i < BOUND_SOCKETS; i++) {
		struct bound_socket *socket = &process->bound->sockets[i];

		socket->fd = read_i64(reader);
		read_bytes(reader, &socket->ip, sizeof(socket->ip));
		socket->port = read_i64(reader);
	}
}

static void load_lineage(struct loader *loader, struct lineage *lineage)
{
	lineage->own = load_leader(loader);
	lineage->session = load_leader(loader);
	lineage->group = load_leader(loader);
	lineage->entry = load_leader(loader);
	lineage->container = load_text(loader);
}

static void load_facts(struct loader *loader, struct process *process)
{
	struct reader *reader = loader->reader;
	uint8_t tty;

	process->ppid = read_i64(reader);
	process->serial = read_u64(reader);
	process->since_ms = read_i64(reader);
	process->id = read_u64(reader);
	process->image = load_image(loader);
	process->previous = load_image(loader);
	process->directory = load_text(loader);
	load_lineage(loader, &process->lineage);
	process_set_origin(process, load_origin(loader));
	process->origin_own = read_u8(reader);
	process->origin_sought = read_u8(reader);
	process->ids = load_ids(reader);
	process->ids_before = load_ids(reader);
	process->capabilities.effective = read_u64(reader);
	process->capabilities.permitted = read_u64(reader);
	load_bound(loader, process);
	tty = read_u8(reader);
	if (tty > TTY_OTHER)
		reader->bad = true;
	else
		process->tty = (enum process_tty)tty;
	process->ended = read_u8(reader);
}

static int load_process(struct loader *loader)
{
	struct proctable_host *host = loader->host;
	struct reader *reader = loader->reader;
	int64_t pid = read_i64(reader);
	uint32_t payer = read_u32(reader);
	struct process *process;

	if (reader->bad || pid < 0 || proctable_find(host, pid))
		return -EBADMSG;
	process = proctable_make(host, pid, payer);
	if (!process)
		return -ENOMEM;
	load_facts(loader, process);
	if (loader->no_memory)
		return -ENOMEM;
	if (reader->bad)
		return -EBADMSG;
	/* memcap may be less now */
	process_touch(process);
	proctable_trim(host, process);
	return 0;
}

static void release_numbered(struct loader *loader)
{
	size_t *memory = &loader->host->memory;

	for (int kind = 0; kind < SHARED_KINDS; kind++) {
		struct numbered *numbered = &loader->numbered[kind];

		for (size_t i = 0; i < numbered->count; i++) {
			void *thing = numbered->things[i];

			if (kind == TEXTS)
				shared_text_release(
					&(struct shared_text *){ thing },
					memory);
			else if (kind == IMAGES)
				image_release(&(struct image *){ thing },
					      memory);
			else if (kind == LEADERS)
				leader_release(&(struct leader *){ thing },
					       memory);
			else
				origin_release(&(struct origin *){ thing });
		}
		free(numbered->things);
		*numbered = (struct numbered){ 0 };
	}
}

static int load_processes(struct loader *loader)
{
	struct reader *reader = loader->reader;
	uint32_t count = read_count(reader, SAVED_PROCESS_BYTES);
	int rc = 0;

	while (!rc && count--)
		rc = load_process(loader);
	return rc ? rc : (reader->bad ? -EBADMSG : 0);
}

static int load_host(struct loader *loader)
{
	struct reader *reader = loader->reader;
	struct str name = read_str(reader);
	struct proctable_host *host;
	int rc;

	if (reader->bad || loader->table->host_count == LIMIT_HOSTS)
		return -EBADMSG;
	host = proctable_host(loader->table, name);
	if (!host)
		return -ENOMEM;
	host->newest_serial = read_u64(reader);
	host->sees_setsid = read_u8(reader);
	host->sees_setpgid = read_u8(reader);
	loader->host = host;
	rc = load_processes(loader);
	release_numbered(loader);
	return rc;
}

int proctable_load(struct proctable *table, struct provenance *files,
		   struct reader *reader)
{
	struct loader loader = {
		.reader = reader,
		.table = table,
		.files = files,
	};
	uint32_t count = read_count(reader, SAVED_HOST_BYTES);
	int rc = reader->bad ? -EBADMSG : 0;

	while (!rc && count--)
		rc = load_host(&loader);
	return rc;
}
