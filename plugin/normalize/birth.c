/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "birth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "told.h"
#include "tools.h"

#define MODE_EXECUTE (S_IXUSR | S_IXGRP | S_IXOTH)

/* --- births --------------------------------------------------------------- */

/* A program of one's own copies what it likes, whatever its arguments say: what
 * one that was linked here makes executable is taken for linked, too. */
static struct origin *find_writer(const struct process *process)
{
	return process->origin && process->origin_own &&
			       process->origin->is.kind == ORIGIN_LINKED
		       ? process->origin
		       : NULL;
}

/* Where a new file comes from; the caller gets an owner of *out. */
static int find_origin(struct context *context, struct str path,
		       struct origin **out)
{
	const struct process *process = context->process;
	struct origin *source = NULL;
	enum origin_kind kind = ORIGIN_LINKED;
	unsigned int traits = 0;
	int rc;

	if (!tool_links(process)) {
		rc = told_copied(context, path, &source);
		if (rc)
			return rc;
		if (!source)
			source = told_installed(context, path);
		if (!source)
			source = told_stream(context);
		if (!source)
			source = told_unpacked(context);
		if (!source)
			source = find_writer(process);
		kind = tool_kind(process);
		traits = tool_copied_traits(process);
	}
	*out = source ? origin_hold(source)
		      : known_origin(context, process->image, kind, traits,
				     path);
	return *out ? 0 : -ENOMEM;
}

static int add_file(struct context *context, const struct path_item *item,
		    bool confirmed, struct origin *origin)
{
	struct file_birth birth = {
		.path = known_event_path_or_name(context),
		.owner = known_owner(item),
		.payer = known_payer(context),
		.confirmed = confirmed,
		.origin = origin,
	};

	if (!known_id(context, item, &birth.id))
		return 0;
	return provenance_add(context->births->files, &birth);
}

static int add_new(struct context *context, const struct path_item *item,
		   bool confirmed)
{
	struct origin *origin = NULL;
	int rc = find_origin(context, known_event_path(context), &origin);

	if (!rc)
		rc = add_file(context, item, confirmed, origin);
	origin_release(&origin);
	return rc;
}

int birth_on_created(struct context *context, const struct path_item *item)
{
	bool executable = (item->mode & MODE_EXECUTE) != 0;

	/* ld makes its output executable only when it is whole */
	if (!executable && !tool_is_linker(context->process))
		return 0;
	return add_new(context, item, executable);
}

/* Whether a file that is made executable is the one known by its inode. One
 * that was executable, and under this name is not, is another. */
static bool is_same_file(const struct known_file *file, struct str path,
			 int64_t before)
{
	return !file->confirmed || (before & MODE_EXECUTE) || !path.len ||
	       str_equal(shared_text_str(file->path), path);
}

/* It is known already: what it was is not changed by making it executable. */
static int mark_known(struct context *context, struct known_file *file,
		      const struct path_item *item)
{
	struct str path = known_event_path(context);

	file->confirmed = true;
	file->owner = known_owner(item);
	if (!path.len)
		return 0;
	return provenance_move(context->births->files, file, path);
}

/* What was told to make the file says where it comes from. */
static struct origin *find_told(const struct context *context,
				const struct path_item *item, struct str path)
{
	const struct known_file *file = known_by_path(context, path);

	return file && file->how != FILE_RUN && told_by(file, known_owner(item))
		       ? file->origin
		       : NULL;
}

int birth_on_marked(struct context *context, const struct path_item *item,
		    int64_t before)
{
	bool linking = tool_links(context->process);
	struct str path = known_event_path(context);
	struct known_file *file = NULL;
	struct origin *told;
	struct file_id id;

	if (known_id(context, item, &id))
		file = provenance_find(context->births->files, &id);
	if (file && !is_same_file(file, path, before))
		file = NULL;
	/* the end of a link that began with the file's creation */
	if (file && (!linking || (!file->confirmed &&
				  file->origin->is.kind == ORIGIN_LINKED)))
		return mark_known(context, file, item);
	if (linking)
		return add_new(context, item, true);
	if (before & MODE_EXECUTE)
		return 0;
	told = find_told(context, item, path);
	if (told)
		return add_file(context, item, true, told);
	return add_new(context, item, true);
}

int birth_on_named(struct context *context, const struct path_item *item)
{
	struct known_file *file;
	struct file_id id;

	if (!known_id(context, item, &id))
		return 0;
	file = provenance_find(context->births->files, &id);
	if (!file)
		return 0;
	return provenance_move(context->births->files, file,
			       known_event_path_or_name(context));
}

/* --- running -------------------------------------------------------------- */

/* Whether the file of an item is the known one, and not another that has been
 * given its inode. */
static bool is_known(const struct context *context,
		     const struct known_file *file,
		     const struct path_item *item, struct str path)
{
	struct str known = shared_text_str(file->path);

	/* no record tells of working directories: its name is all there is */
	if (known.len && known.data[0] != '/' &&
	    str_equal(known, str_basename(item->name)))
		return true;
	if (known.len &&
	    (str_equal(known, path) || str_equal(known, context->sight.exe)))
		return true;
	return file->confirmed && file->owner == known_owner(item);
}

/* An overlay shows the files of its layers, and a snapshot those of what it was
 * taken of, with their names and inodes, on another device. */
static struct origin *find_by_layer(const struct context *context,
				    const struct path_item *item,
				    const struct file_id *id, struct str path)
{
	const struct known_file *file = provenance_find_layer(
		context->births->files, id, str_basename(path));

	return file && file->confirmed && file->owner == known_owner(item)
		       ? file->origin
		       : NULL;
}

/* By its path: seen from outside an overlay it is on another device; or a tool
 * was told to copy to it, which may have renamed what it wrote to there. */
static struct origin *find_by_path(const struct context *context,
				   const struct path_item *item,
				   const struct known_file *file)
{
	struct file_id id;
	bool same;

	if (!file || file->how == FILE_OUTPUT || file->how == FILE_RUN)
		return NULL;
	if (file->how == FILE_COPY)
		return told_by(file, known_owner(item)) ? file->origin : NULL;
	/* whoever makes namespaces chooses paths, and inodes, but no owner */
	same = known_id(context, item, &id) && id.inode == file->id.inode &&
	       file->owner == known_owner(item);
	return same ? file->origin : NULL;
}

/* The origin of what one item of an exec names; exe is the file that is known by
 * the path that runs. */
static int find_executed(const struct context *context,
			 const struct path_item *item,
			 const struct known_file *exe, struct origin **out)
{
	struct str path = path_resolve(
		context->arena,
		context_start_directory(context, context->row->directory),
		item->name);
	const struct known_file *file = NULL;
	struct file_id id;
	bool has_id = known_id(context, item, &id);

	if (!path.data)
		return -ENOMEM;
	*out = NULL;
	if (has_id)
		file = provenance_find(context->births->files, &id);
	if (file && is_known(context, file, item, path))
		*out = file->origin;
	if (!file && has_id)
		*out = find_by_layer(context, item, &id, path);
	if (!str_equal(path, context->sight.exe))
		*out = origin_stronger(
			*out, find_by_path(context, item,
					   known_by_path(context, path)));
	*out = origin_stronger(*out, find_by_path(context, item, exe));
	return 0;
}

/* The program is the first item; a script's interpreter and ld.so follow. A
 * package brings those of everybody. */
static int find_program(const struct context *context, struct origin **out)
{
	const struct known_file *exe =
		known_by_path(context, context->sight.exe);
	struct path_item item;
	bool first = true;
	size_t next = 0;

	while (context_next_path(context, &next, &item)) {
		struct origin *origin;
		int rc;

		if (!str_equal(item.nametype, STR("NORMAL")))
			continue;
		rc = find_executed(context, &item, exe, &origin);
		if (rc)
			return rc;
		if (origin && (first || origin->is.kind != ORIGIN_PACKAGED))
			*out = origin_stronger(*out, origin);
		first = false;
	}
	return 0;
}

/* What is no file of a file system. A compiler may run what it makes by itself;
 * a memfd the program before has made, perhaps of a file it was told of. The
 * caller gets an owner of *out. */
static int find_memory(struct context *context, struct process *process,
		       struct origin **out)
{
	struct str mark = STR("/memfd:");
	struct str exe = context->sight.exe;
	struct origin *named = NULL;
	int rc;

	if (tool_links_to_memory(process->image)) {
		*out = known_origin(context, process->image, ORIGIN_LINKED, 0,
				    exe);
		return *out ? 0 : -ENOMEM;
	}
	if (exe.len < mark.len || memcmp(exe.data, mark.data, mark.len))
		return 0;
	rc = told_named(context, process, process->previous, (struct str){ 0 },
			&named);
	if (rc)
		return rc;
	*out = named ? origin_hold(named)
		     : known_origin(context, process->previous, ORIGIN_MEMORY,
				    0, exe);
	return *out ? 0 : -ENOMEM;
}

/* What a loader runs, its arguments say. */
static int find_loaded(const struct context *context,
		       const struct process *process, struct origin *program,
		       struct origin **out)
{
	int rc;

	if (!tool_is(process->image, PROGRAM_LOADER) &&
	    !(program && (program->is.traits & ORIGIN_IS_LOADER)))
		return 0;
	rc = told_named(context, process, process->image, (struct str){ 0 },
			out);
	/* it needs no execute permission: of `cat a > b` nothing else is seen */
	if (!rc && !*out)
		*out = told_stream(context);
	return rc;
}

/* Its children may be seen before they do anything but connect, and all that
 * is known of them then is the file they run. */
static int note_run(struct context *context, struct origin *origin)
{
	struct str exe = context->sight.exe;

	if (!exe.len || known_by_path(context, exe))
		return 0;
	return told_claim(context, FILE_RUN, exe, origin);
}

/* The interpreter of a script is not what was made: others run it, too. The
 * kernel gives it the path of the script as an argument. */
static bool is_script(const struct image *image)
{
	if (str_equal(str_basename(image->invoked),
		      str_basename(image->resolved)))
		return false;
	for (size_t i = 1; i < 3 && i < image->kept_count; i++)
		if (str_equal(image->args[i], image->invoked))
			return true;
	return false;
}

int birth_on_exec(struct context *context, struct process *process)
{
	struct origin *program = NULL, *loaded = NULL, *memory = NULL;
	struct origin *origin;
	int rc;

	context->process = process;
	rc = find_program(context, &program);
	if (!rc)
		rc = find_loaded(context, process, program, &loaded);
	if (!rc)
		rc = find_memory(context, process, &memory);
	if (rc)
		return rc;
	origin = origin_stronger(origin_stronger(program, loaded), memory);
	if (origin && origin_stronger(origin, process->origin) == origin)
		proctable_set_origin(process, origin);
	if (origin && !memory && !is_script(process->image))
		rc = note_run(context, origin);
	origin_release(&memory);
	return rc ? rc : told_exec(context, process);
}

int birth_recall(struct context *context, struct process *process)
{
	const struct known_file *file;

	if (process->origin_sought)
		return 0;
	process->origin_sought = true;
	if (process->origin || context->exe_deleted)
		return 0;
	file = known_by_path(context, context->sight.exe);
	/* paths look the same in other namespaces, logins do not */
	if (file && (file->how == FILE_BORN || file->how == FILE_RUN) &&
	    file->payer == known_payer(context))
		proctable_set_origin(process, file->origin);
	return 0;
}

struct origin *birth_of_seed(struct births *births, struct str host,
			     const struct process_seed *seed)
{
	const struct file_id id = {
		.host = provenance_host(host),
		.device = seed->file.device,
		.inode = seed->file.inode,
	};
	const struct known_file *file =
		id.inode ? provenance_find(births->files, &id) : NULL;

	if (!file)
		return NULL;
	if (str_equal(shared_text_str(file->path), seed->exe) ||
	    (file->confirmed && file->owner == seed->file.owner))
		return file->origin;
	return NULL;
}

/* --- life ----------------------------------------------------------------- */

int births_new(size_t memcap, struct births **out)
{
	struct births *births = calloc(1, sizeof(*births));
	int rc;

	if (!births)
		return -ENOMEM;
	rc = provenance_new(memcap, &births->files);
	if (rc) {
		free(births);
		return rc;
	}
	*out = births;
	return 0;
}

void births_free(struct births **out)
{
	struct births *births = *out;

	if (!births)
		return;
	for (size_t i = 0; i < STREAMS; i++)
		origin_release(&births->streams[i].origin);
	provenance_free(&births->files);
	free(births);
	*out = NULL;
}

struct provenance *births_files(struct births *births)
{
	return births->files;
}
