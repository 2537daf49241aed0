/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "told.h"

#include <errno.h>
#include <string.h>

#include "../util/digits.h"
#include "tools.h"

/* --- arguments ----------------------------------------------------------- */

/* An argument as a path: "of=x" and "--output=x" name x. data == NULL = out of
 * memory; empty = none. */
static struct str argument_path_in(const struct context *context,
				   struct str directory, struct str text)
{
	const char *equals =
		text.len ? memrchr(text.data, '=', text.len) : NULL;

	if (equals) {
		text.len -= (size_t)(equals + 1 - text.data);
		text.data = equals + 1;
	}
	if (!text.len || text.data[0] == '-')
		return (struct str){ "", 0 };
	return path_resolve(context->arena, directory, text);
}

static struct str argument_path(const struct context *context,
				const struct process *process, struct str text)
{
	return argument_path_in(context, shared_text_str(process->directory),
				text);
}

/* Whether what is known of a path is believed by who reads there: anybody may
 * tell a tool to write anywhere. */
bool told_by(const struct known_file *file, uint32_t uid)
{
	return file->how == FILE_BORN || !file->owner || file->owner == uid;
}

/* What a loader ran is not what a copy of the loader is. */
static bool is_run_by_loader(const struct known_file *file)
{
	return file->how == FILE_RUN &&
	       (name_programs(str_basename(shared_text_str(file->path))) &
		PROGRAM_LOADER);
}

static bool take(struct str *rest, struct str text)
{
	if (rest->len < text.len || memcmp(rest->data, text.data, text.len))
		return false;
	rest->data += text.len;
	rest->len -= text.len;
	return true;
}

/* Of /proc/PID/...: what is known of that process, and in *rest what stands
 * behind. NULL = the path is none, or the process is not known. */
static const struct process *process_of(const struct context *context,
					const struct process *process,
					struct str *rest)
{
	const char *slash;
	struct str word;
	uint64_t pid;

	if (!take(rest, STR("/proc/")))
		return NULL;
	slash = rest->len ? memchr(rest->data, '/', rest->len) : NULL;
	if (!slash)
		return NULL;
	word = (struct str){ rest->data, (size_t)(slash - rest->data) };
	take(rest, word);
	if (str_equal(word, STR("self")) || str_equal(word, STR("thread-self")))
		return process;
	return digits_parse(word, 10, &pid) && pid <= INT64_MAX
		       ? proctable_find(context->host, (int64_t)pid)
		       : NULL;
}

/* What a path leads to: by /proc/PID to the program of a process, or to what its
 * directory holds. *path is that of the file then; data == NULL = out of memory. */
static struct origin *named_origin(const struct context *context,
				   const struct process *process,
				   struct str *path)
{
	struct str rest = *path;
	const struct process *of = process_of(context, process, &rest);
	const struct known_file *file;

	if (of && str_equal(rest, STR("/exe")))
		return of->origin_own ? of->origin : NULL;
	if (of && take(&rest, STR("/cwd/")))
		*path = path_resolve(context->arena,
				     shared_text_str(of->directory), rest);
	else if (of && take(&rest, STR("/root")))
		*path = rest;
	file = known_by_path(context, *path);
	return file && told_by(file, context->sight.ids.euid) &&
			       !is_run_by_loader(file)
		       ? file->origin
		       : NULL;
}

/* The origin of what one argument names, seen from a directory, is added. */
static int add_named(const struct context *context,
		     const struct process *process, struct str path,
		     struct origin **out)
{
	struct origin *origin = named_origin(context, process, &path);

	if (!path.data)
		return -ENOMEM;
	*out = origin_stronger(*out, origin);
	return 0;
}

/* The files that arguments name and that are known; the strongest. What stands
 * behind -C may be named from there (tar, git, make), or -C is something else
 * (install, xz). */
int told_named(const struct context *context, const struct process *process,
	       const struct image *image, struct str but, struct origin **out)
{
	struct str directories[] = { shared_text_str(process->directory),
				     { 0 } };
	size_t count = 1;

	for (size_t i = 1; image && i < image->kept_count; i++) {
		struct str path = { 0 };

		for (size_t k = count; k-- > 0;) {
			path = argument_path_in(context, directories[k],
						image->args[i]);
			if (!path.data ||
			    (!str_equal(path, but) &&
			     add_named(context, process, path, out)))
				return -ENOMEM;
		}
		if (str_equal(image->args[i - 1], STR("-C"))) {
			directories[1] = path;
			count = 2;
		}
	}
	return 0;
}

/*
 * Of several files copied into a directory, each is a copy of the one that has
 * its name: `install program script /srv` makes no program of /srv/script. That
 * can be told only where no argument is the new file itself. false = it is not
 * such a copy, or out of memory (*rc).
 */
static bool find_namesake(const struct context *context, struct str path,
			  struct origin **out, int *rc)
{
	const struct image *image = context->process->image;
	struct str name = known_event_name(context);
	struct origin *source = NULL;
	bool found = false;

	for (size_t i = 1; image && i < image->kept_count; i++) {
		struct str from = argument_path(context, context->process,
						image->args[i]);
		const struct known_file *file;

		if (!from.data)
			*rc = -ENOMEM;
		if (!from.data || (from.len && str_equal(from, path)))
			return false;
		if (!name.len || !str_equal(str_basename(from), name))
			continue;
		found = true;
		file = known_by_path(context, from);
		if (file && told_by(file, context->sight.ids.euid))
			source = origin_stronger(source, file->origin);
	}
	if (found)
		*out = source;
	return found;
}

/* A copier may be given a directory, and what it writes has the same name below
 * there. The file below a directory that a path is the copy of: of
 * `cp -r build /srv`, /srv/build/bin/x is that of build/bin/x. */
static int find_below(const struct context *context, struct str directory,
		      struct str path, struct origin **out)
{
	size_t at = path.len;

	while (at) {
		const struct known_file *file;
		struct str below;

		at--;
		if (path.data[at] != '/')
			continue;
		below = arena_printf(context->arena, "%.*s%.*s",
				     STR_ARG(directory), (int)(path.len - at),
				     path.data + at);
		if (!below.data)
			return -ENOMEM;
		file = known_by_path(context, below);
		if (file && !str_equal(below, path) &&
		    told_by(file, context->sight.ids.euid))
			*out = origin_stronger(*out, file->origin);
	}
	return 0;
}

int told_copied(const struct context *context, struct str path,
		struct origin **out)
{
	const struct process *process = context->process;
	const struct image *image = process->image;
	int rc = 0;

	/* what else chmod is told to mark is not what this file is made of */
	if (tool_is(image, PROGRAM_MARKER))
		return 0;
	if (tool_is(image, PROGRAM_COPIER) &&
	    find_namesake(context, path, out, &rc))
		return 0;
	if (rc)
		return rc;
	rc = told_named(context, process, image, path, out);
	if (rc || *out || !tool_is(image, PROGRAM_COPIER))
		return rc;
	for (size_t i = 1; !rc && i < image->kept_count; i++) {
		struct str directory =
			argument_path(context, process, image->args[i]);

		if (!directory.data)
			return -ENOMEM;
		if (directory.len)
			rc = find_below(context, directory, path, out);
	}
	return rc;
}

/* A program of that name that the account has had linked here. */
static struct origin *find_named_so(const struct context *context,
				    struct str name)
{
	const struct known_file *file = provenance_find_linked(
		context->births->files, context->file_host,
		known_payer(context), name);

	return file ? file->origin : NULL;
}

struct origin *told_installed(const struct context *context, struct str path)
{
	if (!path.len || !tool_is(context->process->image, PROGRAM_INSTALLER))
		return NULL;
	return find_named_so(context, str_basename(path));
}

/* --- streams ------------------------------------------------------------- */

static struct stream *stream_of(const struct context *context, int64_t ppid)
{
	return &context->births->streams[(uint64_t)ppid % STREAMS];
}

static bool is_recent(const struct context *context,
		      const struct stream *stream, int64_t ppid)
{
	int64_t age = time_sub(context->event->time_ns, stream->time_ns);

	return stream->ppid == ppid && stream->host == context->file_host &&
	       age <= STREAM_NS && (stream->origin || stream->archiver);
}

static void note_stream(struct context *context, struct origin *origin)
{
	struct stream *stream = stream_of(context, context->sight.ppid);
	struct origin *held = origin_hold(origin);

	origin_release(&stream->origin);
	*stream = (struct stream){
		.host = context->file_host,
		.ppid = context->sight.ppid,
		.time_ns = context->event->time_ns,
		.archiver = origin ? 0 : context->sight.pid,
		.origin = held,
	};
}

/* What a sibling of the process, or a child of it, has read out. */
struct origin *told_stream(const struct context *context)
{
	const int64_t parents[] = { context->sight.ppid, context->sight.pid };

	for (size_t i = 0; i < 2; i++) {
		const struct stream *stream = stream_of(context, parents[i]);

		if (stream->origin && is_recent(context, stream, parents[i]))
			return stream->origin;
	}
	return NULL;
}

/* Where it was given a file by name, or no other was there, that says more. */
static void note_archiver(struct context *context)
{
	int64_t ppid = context->sight.ppid;

	if (!is_recent(context, stream_of(context, ppid), ppid))
		note_stream(context, NULL);
}

struct origin *told_unpacked(const struct context *context)
{
	const struct stream *stream = stream_of(context, context->sight.ppid);
	struct str name = known_event_name(context);

	if (!name.len || !tool_is(context->process->image, PROGRAM_ARCHIVER) ||
	    !is_recent(context, stream, context->sight.ppid) ||
	    stream->archiver == context->sight.pid)
		return NULL;
	return find_named_so(context, name);
}

/* --- what tools are told to do ------------------------------------------- */

int told_claim(struct context *context, enum file_known how, struct str path,
	       struct origin *origin)
{
	struct known_file *known = known_by_path(context, path);
	uint32_t owner = context->sight.ids.euid;
	struct file_birth birth = {
		.id.host = context->file_host,
		.path = path,
		.how = how,
		.owner = owner,
		.payer = known_payer(context),
		.origin = origin,
	};

	if (!path.len)
		return 0;
	if (!known || known->how != FILE_BORN)
		return provenance_add(context->births->files, &birth);
	/* written over; a linker begins with a new file */
	if (how == FILE_COPY && (!owner || owner == known->owner))
		provenance_set_origin(context->births->files, known,
				      origin_stronger(known->origin, origin));
	return 0;
}

/* A linker says what it is going to make: where its record does not come, a
 * chmod may show that it did. */
static int claim_output(struct context *context, const struct process *process)
{
	const struct image *image = process->image;
	struct origin *origin;
	struct str path;
	size_t i = 1;
	int rc;

	while (i + 1 < image->kept_count &&
	       !str_equal(image->args[i], STR("-o")))
		i++;
	if (i + 1 >= image->kept_count)
		return 0;
	path = path_resolve(context->arena, shared_text_str(process->directory),
			    image->args[i + 1]);
	if (!path.data)
		return -ENOMEM;
	origin = known_origin(context, image, ORIGIN_LINKED, 0, path);
	if (!origin)
		return -ENOMEM;
	rc = told_claim(context, FILE_OUTPUT, path, origin);
	origin_release(&origin);
	return rc;
}

/* If the target is a directory, what an argument names goes below it. */
static int claim_below(struct context *context, const struct process *process,
		       struct str from, struct str to)
{
	struct str path = argument_path(context, process, from), below;
	const struct known_file *file;

	if (!path.data)
		return -ENOMEM;
	file = known_by_path(context, path);
	if (!file || !told_by(file, context->sight.ids.euid))
		return 0;
	below = path_resolve(context->arena, to, str_basename(path));
	if (!below.data)
		return -ENOMEM;
	return told_claim(context, FILE_COPY, below, file->origin);
}

/* A copy goes to the last argument, or below it under the same name. */
static int claim_copies(struct context *context, const struct process *process,
			struct origin *origin)
{
	const struct image *image = process->image;
	struct origin *held = origin_hold(origin);
	struct str to;
	int rc = 0;

	if (image->kept_count > 2) {
		to = argument_path(context, process,
				   image->args[image->kept_count - 1]);
		if (!to.data)
			rc = -ENOMEM;
		else if (to.len)
			rc = told_claim(context, FILE_COPY, to, held);
		for (size_t i = 1; !rc && to.len && i < image->kept_count - 1;
		     i++)
			rc = claim_below(context, process, image->args[i], to);
	}
	origin_release(&held);
	return rc;
}

/* The process is about to do what its arguments say. */
int told_exec(struct context *context, const struct process *process)
{
	const struct image *image = process->image;
	struct origin *origin = NULL;
	bool streamer;
	int rc;

	if (tool_is_linker(process))
		return claim_output(context, process);
	streamer = tool_is(image, PROGRAM_STREAMER);
	if (!tool_is(image, PROGRAM_COPIER) && !streamer)
		return 0;
	if (streamer && tool_is(image, PROGRAM_ARCHIVER))
		note_archiver(context);
	rc = told_named(context, process, image, (struct str){ 0 }, &origin);
	if (rc || !origin)
		return rc;
	if (streamer)
		note_stream(context, origin);
	if (tool_is(image, PROGRAM_COPIER))
		return claim_copies(context, process, origin);
	return 0;
}
