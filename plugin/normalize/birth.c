/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "birth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "names.h"

/* Ancestors that are asked whether they had a program linked or installed. */
#define ANCESTORS 8
/* What a tool reads to its output, another one by its side has written within
 * that time: `cat a > b; chmod +x b`. */
#define STREAM_NS (60 * NSEC_PER_SEC)
#define STREAMS 64

/* A child of this process has read a known file to its output. */
struct stream {
	uint64_t host;
	int64_t ppid, time_ns;
	struct origin *origin; /* NULL = none */
};

struct births {
	struct provenance *files;
	struct stream streams[STREAMS];
};

#define MODE_EXECUTE (S_IXUSR | S_IXGRP | S_IXOTH)

/* --- tools ---------------------------------------------------------------- */

/* Names behind the last slash. Whoever calls his own program so adds an origin
 * to what it writes; of no name here a file is the less suspicious. Package
 * managers are believed only as root. */
static const char *const packagers[] = {
	"apt*",
	"dnf*",
	"dpkg*",
	"flatpak*",
	"microdnf*",
	"packagekitd",
	"pacman",
	"rpm*",
	"snapd",
	"tdnf",
	"unattended-upgr*",
	"yum*",
	"zypper",
	NULL,
};
static const char *const downloaders[] = {
	"aria2c",    "axel",   "curl*", "fetch", "ftp", "git*",
	"lftp",	     "nc*",    "ncat",	"rsync", "scp", "sftp*",
	"smbclient", "socat*", "tftp",	"wget*", NULL,
};
static const char *const unpackers[] = {
	"7z*",	"ar",	 "bsdtar", "bunzip2", "cpio",	"gunzip",
	"gzip", "pax",	 "tar",	   "unar",    "unrar*", "unsquashfs",
	"unxz", "unzip", "unzstd", "xz",      "zstd",	NULL,
};
static const char *const copiers[] = {
	"cp",	   "dd",	"gcp",	 "ginstall", "install", "ln",	   "mv",
	"objcopy", "*-objcopy", "rsync", "scp",	     "strip",	"*-strip", NULL,
};
/* They install what was built, and their arguments do not say what. */
static const char *const installers[] = {
	"bazel*",  "cmake*", "gradle*", "meson*", "ninja*",
	"python*", "scons*", "waf*",	"xmake*", NULL,
};
static const char *const markers[] = { "chmod", "setfacl", NULL };
/* They read files to their standard output, or change the form of one. */
static const char *const streamers[] = {
	"*-ar",	   "*awk",    "*zip*", "ar",   "base32",   "base64",  "basenc",
	"bzcat",   "cat",     "cpio",  "dd",   "gpg*",	   "gzip",    "head",
	"hexdump", "lz4*",    "nc*",   "ncat", "od",	   "openssl", "perl*",
	"pv",	   "python*", "ruby*", "sed",  "socat*",   "split",   "tac",
	"tail",	   "tar",     "tee",   "tr",   "uuencode", "xxd",     "xz*",
	"zcat",	   "zstd*",   NULL,
};
/* They run the program that they are given, in their own process. */
static const char *const loaders[] = {
	"box64*",     "box86*", "ld-*.so*",  "ld.so*", "ld64.so*",
	"memcheck-*", "qemu-*", "valgrind*", NULL,
};
static const char *const boxes[] = { "busybox*", "coreutils", "toybox*", NULL };

/* What the program was started as; the applet of a box of tools. */
static struct str tool_of(const struct image *image)
{
	struct str name;

	if (!image)
		return (struct str){ 0 };
	name = str_basename(image->invoked);
	if (name_matches(name, boxes) && image->kept_count > 1)
		return str_basename(image->args[1]);
	return name;
}

static bool image_is_tool(const struct image *image,
			  const char *const *patterns)
{
	return image_is(image, patterns) ||
	       name_matches(tool_of(image), patterns);
}

static bool image_is_named(const struct image *image,
			   bool (*is)(struct str name))
{
	return image && (is(str_basename(image->invoked)) ||
			 is(str_basename(image->resolved)));
}

bool birth_is_linker(const struct process *process)
{
	return process->origin && process->origin_own &&
	       (process->origin->is.traits & ORIGIN_IS_LINKER);
}

static bool is_linker(const struct process *process)
{
	return image_is_named(process->image, name_is_linker) ||
	       birth_is_linker(process);
}

static bool has_ending(struct str text, struct str ending)
{
	return text.len > ending.len &&
	       !memcmp(text.data + text.len - ending.len, ending.data,
		       ending.len);
}

/* Whether arguments are those of a linker under another name: it is told what
 * to make, of objects. */
static bool has_linker_arguments(const struct image *image)
{
	bool output = false, objects = false;

	for (size_t i = 1; image && i < image->kept_count; i++) {
		output |= str_equal(image->args[i], STR("-o"));
		objects |= has_ending(image->args[i], STR(".o")) ||
			   str_equal(image->args[i], STR("-dynamic-linker"));
	}
	return output && objects;
}

/* The outermost ancestor that is a driver; NULL = none. */
static const struct image *find_driver(const struct process *process)
{
	const struct process *ancestors[ANCESTORS];
	size_t count = proctable_ancestry(process, ancestors, ANCESTORS);

	while (count--)
		if (image_is_named(ancestors[count]->image, name_is_compiler))
			return ancestors[count]->image;
	return NULL;
}

static bool links(const struct process *process)
{
	return is_linker(process) || has_linker_arguments(process->image) ||
	       find_driver(process);
}

/* Root's own package manager, at work itself or by its scripts. */
static bool installs(const struct process *process)
{
	const struct process *ancestors[ANCESTORS];
	size_t count;

	if (process->ids.euid)
		return false;
	if (image_is(process->image, packagers))
		return true;
	count = proctable_ancestry(process, ancestors, ANCESTORS);
	while (count--)
		if (!ancestors[count]->ids.euid &&
		    image_is(ancestors[count]->image, packagers))
			return true;
	return false;
}

/* --- files ---------------------------------------------------------------- */

static uint64_t host_of(const struct context *context)
{
	return provenance_host(context->event->host);
}

static struct known_file *find_path(const struct context *context,
				    struct str path)
{
	if (!path.len)
		return NULL;
	return provenance_find_path(context->births->files, host_of(context),
				    path);
}

static bool get_id(const struct context *context, const struct path_item *item,
		   struct file_id *out)
{
	out->host = host_of(context);
	return file_id_parse(item->device, item->inode, out);
}

static uint32_t owner_of(const struct path_item *item)
{
	uint32_t owner = 0;

	if (!item->owner.len)
		return ID_UNKNOWN;
	for (size_t i = 0; i < item->owner.len; i++)
		owner = owner * 10 + (uint32_t)(item->owner.data[i] - '0');
	return owner;
}

static uint32_t login_of(const struct context *context)
{
	int64_t id;

	return record_number(context->subject, "auid", 10, &id) ? (uint32_t)id
								: ID_UNKNOWN;
}

static uint32_t payer_of(const struct context *context)
{
	uint32_t login = login_of(context);

	return login == ID_UNKNOWN ? context->sight.ids.uid : login;
}

static struct str event_text(const struct context *context, size_t field)
{
	const struct value *text =
		event_value(context->event, field, READING_INVOKED);

	return text->type == VALUE_STRING ? text->s : (struct str){ 0 };
}

static struct str event_path(const struct context *context)
{
	return event_text(context, FIELD_FILE_PATH);
}

/* Known also of a file that is named by its directory's descriptor. */
static struct str event_name(const struct context *context)
{
	return event_text(context, FIELD_FILE_NAME);
}

/* Where the path cannot be known, its name. */
static struct str event_path_or_name(const struct context *context)
{
	struct str path = event_path(context);

	return path.len ? path : event_name(context);
}

/* One of what the event's process has made, running that program. NULL = out
 * of memory. */
static struct origin *make_origin(const struct context *context,
				  const struct image *image,
				  enum origin_kind kind, unsigned int traits,
				  struct str path)
{
	const struct image *driver =
		kind == ORIGIN_LINKED ? find_driver(context->process) : NULL;
	struct origin_source source = {
		.kind = kind,
		.traits = traits,
		.time_ns = context->event->time_ns,
		.serial = context->event->serial,
		.uid = context->sight.ids.euid,
		.auid = login_of(context),
		.path = path,
	};

	if (image) {
		source.name = str_basename(image->invoked);
		source.executable = image->resolved;
	}
	if (driver)
		source.compiler = driver->resolved;
	return provenance_origin(context->births->files, &source);
}

/* Of two origins the one that says more; each may be NULL. */
static struct origin *stronger(struct origin *a, struct origin *b)
{
	if (!a || !b)
		return a ? a : b;
	return b->is.kind > a->is.kind ? b : a;
}

/* --- arguments ------------------------------------------------------------ */

/* An argument as a path: "of=x" and "--output=x" name x. data == NULL = out of
 * memory; empty = none. */
static struct str argument_path(const struct context *context,
				const struct process *process, struct str text)
{
	const char *equals =
		text.len ? memrchr(text.data, '=', text.len) : NULL;

	if (equals) {
		text.len -= (size_t)(equals + 1 - text.data);
		text.data = equals + 1;
	}
	if (!text.len || text.data[0] == '-')
		return (struct str){ "", 0 };
	return path_resolve(context->arena, shared_text_str(process->directory),
			    text);
}

/* Whether what is known of a path is believed by who reads there: anybody may
 * tell a tool to write anywhere. */
static bool is_told_by(const struct known_file *file, uint32_t uid)
{
	return file->how == FILE_BORN || !file->owner || file->owner == uid;
}

/* What a loader ran is not what a copy of the loader is. */
static bool is_run_by_loader(const struct known_file *file)
{
	return file->how == FILE_RUN &&
	       name_matches(str_basename(shared_text_str(file->path)), loaders);
}

/* The files that arguments name and that are known; the strongest. */
static int find_named(const struct context *context,
		      const struct process *process, const struct image *image,
		      struct str but, struct origin **out)
{
	for (size_t i = 1; image && i < image->kept_count; i++) {
		struct str path =
			argument_path(context, process, image->args[i]);
		const struct known_file *file;

		if (!path.data)
			return -ENOMEM;
		if (str_equal(path, but))
			continue;
		file = find_path(context, path);
		if (file && is_told_by(file, context->sight.ids.euid) &&
		    !is_run_by_loader(file))
			*out = stronger(*out, file->origin);
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
	struct str name = event_name(context);
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
		file = find_path(context, from);
		source = stronger(source, file ? file->origin : NULL);
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
		file = find_path(context, below);
		if (file && !str_equal(below, path) &&
		    is_told_by(file, context->sight.ids.euid))
			*out = stronger(*out, file->origin);
	}
	return 0;
}

static int find_copied(const struct context *context, struct str path,
		       struct origin **out)
{
	const struct process *process = context->process;
	const struct image *image = process->image;
	int rc = 0;

	/* what else chmod is told to mark is not what this file is made of */
	if (image_is_tool(image, markers))
		return 0;
	if (image_is_tool(image, copiers) &&
	    find_namesake(context, path, out, &rc))
		return 0;
	if (rc)
		return rc;
	rc = find_named(context, process, image, path, out);
	if (rc || *out || !image_is_tool(image, copiers))
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

/* What an installer writes under the name of a program that its account has had
 * linked here is taken for that program. */
static struct origin *find_installed(const struct context *context,
				     struct str path)
{
	const struct known_file *file;

	if (!path.len || !image_is_tool(context->process->image, installers))
		return NULL;
	file = provenance_find_linked(context->births->files, host_of(context),
				      payer_of(context), str_basename(path));
	return file ? file->origin : NULL;
}

/* What a copy can do, by the name of what it is a copy of. */
static unsigned int copied_traits(const struct process *process,
				  struct str path)
{
	const struct image *image = process->image;
	unsigned int traits = 0;

	if (!image_is_tool(image, copiers) && !image_is_tool(image, streamers))
		return 0;
	for (size_t i = 1; i < image->kept_count; i++) {
		struct str name = str_basename(image->args[i]);

		if (str_equal(name, str_basename(path)) &&
		    !name_is_linker(name) && !name_matches(name, loaders))
			continue;
		traits |= name_is_linker(name) ? ORIGIN_IS_LINKER : 0;
		traits |= name_matches(name, loaders) ? ORIGIN_IS_LOADER : 0;
	}
	return traits;
}

/* --- streams -------------------------------------------------------------- */

static struct stream *stream_of(const struct context *context, int64_t ppid)
{
	return &context->births->streams[(uint64_t)ppid % STREAMS];
}

static void note_stream(struct context *context, struct origin *origin)
{
	struct stream *stream = stream_of(context, context->sight.ppid);
	struct origin *held = origin_hold(origin);

	origin_release(&stream->origin);
	*stream = (struct stream){
		.host = host_of(context),
		.ppid = context->sight.ppid,
		.time_ns = context->event->time_ns,
		.origin = held,
	};
}

/* What a sibling of the process, or a child of it, has read out. */
static struct origin *find_stream(const struct context *context)
{
	const int64_t parents[] = { context->sight.ppid, context->sight.pid };

	for (size_t i = 0; i < 2; i++) {
		const struct stream *stream = stream_of(context, parents[i]);
		int64_t age =
			time_sub(context->event->time_ns, stream->time_ns);

		if (stream->origin && stream->ppid == parents[i] &&
		    stream->host == host_of(context) && age <= STREAM_NS)
			return stream->origin;
	}
	return NULL;
}

/* --- births --------------------------------------------------------------- */

static enum origin_kind kind_by_writer(const struct process *process)
{
	static const struct {
		const char *const *patterns;
		enum origin_kind kind;
	} rows[] = {
		{ downloaders, ORIGIN_DOWNLOADED },
		{ unpackers, ORIGIN_UNPACKED },
		{ copiers, ORIGIN_COPIED },
		{ markers, ORIGIN_MARKED },
	};

	if (installs(process))
		return ORIGIN_PACKAGED;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (image_is_tool(process->image, rows[i].patterns))
			return rows[i].kind;
	return ORIGIN_WRITTEN;
}

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

	if (!links(process)) {
		rc = find_copied(context, path, &source);
		if (rc)
			return rc;
		if (!source)
			source = find_installed(context, path);
		if (!source)
			source = find_stream(context);
		if (!source)
			source = find_writer(process);
		kind = kind_by_writer(process);
		traits = copied_traits(process, path);
	}
	*out = source ? origin_hold(source)
		      : make_origin(context, process->image, kind, traits,
				    path);
	return *out ? 0 : -ENOMEM;
}

static int add_file(struct context *context, const struct path_item *item,
		    bool confirmed, struct origin *origin)
{
	struct file_birth birth = {
		.path = event_path_or_name(context),
		.owner = owner_of(item),
		.payer = payer_of(context),
		.confirmed = confirmed,
		.origin = origin,
	};

	if (!get_id(context, item, &birth.id))
		return 0;
	return provenance_add(context->births->files, &birth);
}

static int add_new(struct context *context, const struct path_item *item,
		   bool confirmed)
{
	struct origin *origin = NULL;
	int rc = find_origin(context, event_path(context), &origin);

	if (!rc)
		rc = add_file(context, item, confirmed, origin);
	origin_release(&origin);
	return rc;
}

int birth_on_created(struct context *context, const struct path_item *item)
{
	bool executable = (item->mode & MODE_EXECUTE) != 0;

	/* ld makes its output executable only when it is whole */
	if (!executable && !is_linker(context->process))
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
	struct str path = event_path(context);

	file->confirmed = true;
	file->owner = owner_of(item);
	if (!path.len)
		return 0;
	return provenance_move(context->births->files, file, path);
}

/* What was told to make the file says where it comes from. */
static struct origin *find_told(const struct context *context,
				const struct path_item *item, struct str path)
{
	const struct known_file *file = find_path(context, path);

	return file && file->how != FILE_RUN && is_told_by(file, owner_of(item))
		       ? file->origin
		       : NULL;
}

int birth_on_marked(struct context *context, const struct path_item *item,
		    int64_t before)
{
	bool linking = links(context->process);
	struct str path = event_path(context);
	struct known_file *file = NULL;
	struct origin *told;
	struct file_id id;

	if (get_id(context, item, &id))
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

	if (!get_id(context, item, &id))
		return 0;
	file = provenance_find(context->births->files, &id);
	if (!file)
		return 0;
	return provenance_move(context->births->files, file,
			       event_path(context));
}

/* --- what tools are told to do ---------------------------------------------- */

static int claim(struct context *context, enum file_known how, struct str path,
		 struct origin *origin)
{
	struct known_file *known = find_path(context, path);
	uint32_t owner = context->sight.ids.euid;
	struct file_birth birth = {
		.id.host = host_of(context),
		.path = path,
		.how = how,
		.owner = owner,
		.payer = payer_of(context),
		.origin = origin,
	};

	if (!path.len)
		return 0;
	if (!known || known->how != FILE_BORN)
		return provenance_add(context->births->files, &birth);
	/* written over; a linker begins with a new file */
	if (how == FILE_COPY && (!owner || owner == known->owner))
		provenance_set_origin(known, stronger(known->origin, origin));
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
	origin = make_origin(context, image, ORIGIN_LINKED, 0, path);
	if (!origin)
		return -ENOMEM;
	rc = claim(context, FILE_OUTPUT, path, origin);
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
	file = find_path(context, path);
	if (!file)
		return 0;
	below = path_resolve(context->arena, to, str_basename(path));
	if (!below.data)
		return -ENOMEM;
	return claim(context, FILE_COPY, below, file->origin);
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
			rc = claim(context, FILE_COPY, to, held);
		for (size_t i = 1; !rc && to.len && i < image->kept_count - 1;
		     i++)
			rc = claim_below(context, process, image->args[i], to);
	}
	origin_release(&held);
	return rc;
}

/* The process is about to do what its arguments say. */
static int note_told(struct context *context, const struct process *process)
{
	const struct image *image = process->image;
	struct origin *origin = NULL;
	int rc;

	if (is_linker(process))
		return claim_output(context, process);
	if (!image_is_tool(image, copiers) && !image_is_tool(image, streamers))
		return 0;
	rc = find_named(context, process, image, (struct str){ 0 }, &origin);
	if (rc || !origin)
		return rc;
	if (image_is_tool(image, streamers))
		note_stream(context, origin);
	if (image_is_tool(image, copiers))
		return claim_copies(context, process, origin);
	return 0;
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
	return file->confirmed && file->owner == owner_of(item);
}

/* An overlay shows the files of its layers, and a snapshot those of what it was
 * taken of, with their names and inodes, on another device. */
static struct origin *find_by_layer(const struct context *context,
				    const struct path_item *item,
				    struct str path)
{
	const struct known_file *file;
	struct file_id id;

	if (!get_id(context, item, &id))
		return NULL;
	file = provenance_find_layer(context->births->files, &id,
				     str_basename(path));
	return file && file->confirmed && file->owner == owner_of(item)
		       ? file->origin
		       : NULL;
}

/* By its path: seen from outside an overlay it is on another device; or a tool
 * was told to copy to it, which may have renamed what it wrote to there. */
static struct origin *find_by_path(const struct context *context,
				   const struct path_item *item,
				   struct str path)
{
	const struct known_file *file = find_path(context, path);
	struct file_id id;
	bool same;

	if (!file || file->how == FILE_OUTPUT || file->how == FILE_RUN)
		return NULL;
	if (file->how == FILE_COPY)
		return is_told_by(file, owner_of(item)) ? file->origin : NULL;
	/* whoever makes namespaces chooses paths, and inodes, but no owner */
	same = get_id(context, item, &id) && id.inode == file->id.inode &&
	       file->owner == owner_of(item);
	return same ? file->origin : NULL;
}

/* The origin of what one item of an exec names. */
static int find_executed(const struct context *context,
			 const struct path_item *item, struct origin **out)
{
	struct str path = path_resolve(
		context->arena,
		context_start_directory(context, context->row->directory),
		item->name);
	const struct known_file *file = NULL;
	struct file_id id;

	if (!path.data)
		return -ENOMEM;
	*out = NULL;
	if (get_id(context, item, &id))
		file = provenance_find(context->births->files, &id);
	if (file && is_known(context, file, item, path))
		*out = file->origin;
	if (!file)
		*out = find_by_layer(context, item, path);
	*out = stronger(*out, find_by_path(context, item, path));
	*out = stronger(*out, find_by_path(context, item, context->sight.exe));
	return 0;
}

/* The program is the first item; a script's interpreter and ld.so follow. A
 * package brings those of everybody. */
static int find_program(const struct context *context, struct origin **out)
{
	struct path_item item;
	bool first = true;
	size_t next = 0;

	while (context_next_path(context, &next, &item)) {
		struct origin *origin;
		int rc;

		if (!str_equal(item.nametype, STR("NORMAL")))
			continue;
		rc = find_executed(context, &item, &origin);
		if (rc)
			return rc;
		if (origin && (first || origin->is.kind != ORIGIN_PACKAGED))
			*out = stronger(*out, origin);
		first = false;
	}
	return 0;
}

/* A file of no file system: the program before made it, perhaps of one it was
 * told of. The caller gets an owner of *out. */
static int find_memory(struct context *context, struct process *process,
		       struct origin **out)
{
	struct str mark = STR("/memfd:");
	struct str exe = context->sight.exe;
	struct origin *named = NULL;
	int rc;

	if (exe.len < mark.len || memcmp(exe.data, mark.data, mark.len))
		return 0;
	rc = find_named(context, process, process->previous, (struct str){ 0 },
			&named);
	if (rc)
		return rc;
	*out = named ? origin_hold(named)
		     : make_origin(context, process->previous, ORIGIN_MEMORY, 0,
				   exe);
	return *out ? 0 : -ENOMEM;
}

/* What a loader runs, its arguments say. */
static int find_loaded(const struct context *context,
		       const struct process *process, struct origin *program,
		       struct origin **out)
{
	int rc;

	if (!image_is(process->image, loaders) &&
	    !(program && (program->is.traits & ORIGIN_IS_LOADER)))
		return 0;
	rc = find_named(context, process, process->image, (struct str){ 0 },
			out);
	/* it needs no execute permission: of `cat a > b` nothing else is seen */
	if (!rc && !*out)
		*out = find_stream(context);
	return rc;
}

/* Its children may be seen before they do anything but connect, and all that
 * is known of them then is the file they run. */
static int note_run(struct context *context, struct origin *origin)
{
	struct str exe = context->sight.exe;

	if (!exe.len || find_path(context, exe))
		return 0;
	return claim(context, FILE_RUN, exe, origin);
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
	origin = stronger(stronger(program, loaded), memory);
	if (origin && stronger(origin, process->origin) == origin)
		proctable_set_origin(process, origin);
	if (origin && !memory)
		rc = note_run(context, origin);
	origin_release(&memory);
	return rc ? rc : note_told(context, process);
}

int birth_recall(struct context *context, struct process *process)
{
	const struct known_file *file;

	if (process->origin_sought)
		return 0;
	process->origin_sought = true;
	if (process->origin || context->exe_deleted)
		return 0;
	file = find_path(context, context->sight.exe);
	/* paths look the same in other namespaces, logins do not */
	if (file && (file->how == FILE_BORN || file->how == FILE_RUN) &&
	    file->payer == payer_of(context))
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
