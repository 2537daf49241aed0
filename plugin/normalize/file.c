/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events of files: creation, modification and access, rename, permission, owner
 * and attributes.
 *
 * What a linker made is told as a creation whichever record shows it first:
 * its creation, where that is logged; the chmod that makes it executable, where
 * only births of executables are; the rename that gives it its name; an open
 * that writes over an older output.
 */
#include <errno.h>
#include <fcntl.h>
#include <libaudit.h>
#include <string.h>
#include <sys/stat.h>

#include "birth.h"
#include "later.h"
#include "names.h"
#include "tools.h"

#ifndef AUDIT_OPENAT2
#define AUDIT_OPENAT2 1337
#endif

#define MODE_BITS 07777
#define MODE_DIGITS 4
#define MODE_EXECUTE 0111

/* --- paths ---------------------------------------------------------------- */

/* Appends the components of a path, taking "." and ".." out. */
static size_t append_components(char *out, size_t len, struct str path)
{
	size_t i = 0;

	while (i < path.len) {
		struct str part = { path.data + i, 0 };

		while (i < path.len && path.data[i] != '/')
			i++;
		part.len = (size_t)(path.data + i - part.data);
		i++;
		if (!part.len || str_equal(part, STR(".")))
			continue;
		if (str_equal(part, STR(".."))) {
			while (len && out[--len] != '/')
				;
			continue;
		}
		out[len++] = '/';
		memcpy(out + len, part.data, part.len);
		len += part.len;
	}
	return len;
}

/* Whether there is nothing to take out of an absolute path: of one in doubt it
 * is said that there is. */
static bool is_plain(struct str path)
{
	for (size_t i = 0; i < path.len; i++)
		if (path.data[i] == '/' &&
		    (i + 1 == path.len || path.data[i + 1] == '/' ||
		     path.data[i + 1] == '.'))
			return false;
	return true;
}

struct str path_resolve(struct arena *arena, struct str directory,
			struct str name)
{
	bool absolute = name.len && name.data[0] == '/';
	size_t len = 0;
	char *out;

	if (absolute && is_plain(name))
		return name;
	out = arena_room(arena, directory.len + name.len + 2);
	if (!out)
		return (struct str){ 0 };
	if (!absolute && (!directory.len || directory.data[0] != '/'))
		return (struct str){ out, 0 };
	if (!absolute)
		len = append_components(out, len, directory);
	len = append_components(out, len, name);
	if (!len)
		out[len++] = '/';
	return (struct str){ out, len };
}

struct str context_start_directory(const struct context *context,
				   enum argument argument)
{
	int64_t fd;

	if (context_argument(context, argument, &fd) && (int32_t)fd != AT_FDCWD)
		return (struct str){ 0 };
	return context->sight.directory;
}

static void read_path(const struct record *path, struct path_item *out)
{
	enum { NAME, INODE, DEVICE, MODE, OWNER, GROUP, NAMETYPE, FIELDS };
	static const struct record_name names[FIELDS] = {
		[NAME] = RECORD_NAME("name"),
		[INODE] = RECORD_NAME("inode"),
		[DEVICE] = RECORD_NAME("dev"),
		[MODE] = RECORD_NAME("mode"),
		[OWNER] = RECORD_NAME("ouid"),
		[GROUP] = RECORD_NAME("ogid"),
		[NAMETYPE] = RECORD_NAME("nametype"),
	};
	struct str fields[FIELDS];

	record_pick(path, names, FIELDS, fields);
	*out = (struct path_item){
		.name = record_decode(path, fields[NAME]),
		.nametype = fields[NAMETYPE],
		.device = fields[DEVICE],
		.owner = fields[OWNER],
		.group = fields[GROUP],
		.inode = fields[INODE],
		.mode = -1,
		.owner_id = -1,
	};
	record_parse_number(fields[MODE], 8, &out->mode);
	record_parse_number(fields[OWNER], 10, &out->owner_id);
}

int context_read_paths(struct context *context)
{
	const struct record *path;
	size_t next = 0, count = 0;

	while (record_find(&context->records, AUDIT_PATH, &next))
		count++;
	context->paths =
		arena_array(context->arena, count, sizeof(*context->paths));
	if (!context->paths)
		return -ENOMEM;
	next = 0;
	while ((path = record_find(&context->records, AUDIT_PATH, &next)))
		read_path(path, &context->paths[context->path_count++]);
	return 0;
}

bool context_next_path(const struct context *context, size_t *next,
		       struct path_item *out)
{
	if (*next >= context->path_count)
		return false;
	*out = context->paths[(*next)++];
	return true;
}

/* The slots of a file's names: as it is, or as it was before a rename. */
struct name_slots {
	size_t path, name, extension;
	enum argument directory;
};

static int set_name(struct context *context, const struct name_slots *slots,
		    struct str given)
{
	struct str name = str_basename(given);
	struct str path = path_resolve(
		context->arena,
		context_start_directory(context, slots->directory), given);

	if (!path.data)
		return -ENOMEM;
	context_set_str(context, slots->path, path);
	context_set_str(context, slots->name, name);
	context_set_str(context, slots->extension, name_extension(name));
	return 0;
}

int file_make_names(struct context *context)
{
	const struct name_slots slots = {
		.path = FIELD_FILE_PATH,
		.name = FIELD_FILE_NAME,
		.extension = FIELD_FILE_EXTENSION,
		.directory = context->row->directory,
	};

	return set_name(context, &slots, context->file->name);
}

int file_make_inode(struct context *context)
{
	const struct path_item *item = context->file;
	char *mode;

	context_set_str(context, FIELD_FILE_INODE, item->inode);
	context_set_str(context, FIELD_FILE_DEVICE, item->device);
	context_set_str(context, FIELD_FILE_UID, item->owner);
	context_set_str(context, FIELD_FILE_GID, item->group);
	if (item->mode < 0)
		return 0;
	mode = arena_alloc(context->arena, MODE_DIGITS);
	if (!mode)
		return -ENOMEM;
	for (int i = 0; i < MODE_DIGITS; i++)
		mode[i] = (char)('0' +
				 (item->mode >> 3 * (MODE_DIGITS - 1 - i) & 7));
	context_set_str(context, FIELD_FILE_MODE,
			(struct str){ mode, MODE_DIGITS });
	return 0;
}

int context_set_file(struct context *context, const struct path_item *item)
{
	context->file = arena_alloc(context->arena, sizeof(*item));
	if (!context->file)
		return -ENOMEM;
	*context->file = *item;
	context_later(context, LATER_FILE_INODE);
	if (item->name.len)
		context_later(context, LATER_FILE);
	return 0;
}

static bool is_regular(const struct path_item *item)
{
	return item->mode >= 0 && S_ISREG((mode_t)item->mode);
}

/* Items of overlays mostly have no name. */
static bool is_named(const struct path_item *item, struct str nametype)
{
	return is_regular(item) && item->name.len &&
	       str_equal(item->nametype, nametype);
}

/* --- who did it ----------------------------------------------------------- */

/* Known only after context_set_process(). */
static bool by_linker(const struct context *context)
{
	const struct process *process = context->process;
	const struct value *name;

	if (tool_is_linker(process))
		return true;
	/* its comm, if nothing else is known */
	name = event_value(context->event, FIELD_PROCESS_NAME, READING_INVOKED);
	return !process->image && name->type == VALUE_STRING &&
	       name_is_linker(name->s);
}

static bool get_key(const struct context *context, const struct path_item *item,
		    struct recent_key *out)
{
	*out = (struct recent_key){ context->event->host, item->device,
				    item->inode };
	return item->device.len && item->inode.len && !context->mixed;
}

/* Remembers the event's file as it is now. */
static void note_file(struct context *context, const struct path_item *item,
		      bool linker)
{
	const struct value *path =
		event_value(context->event, FIELD_FILE_PATH, READING_INVOKED);
	struct recent_file file = {
		.time_ns = context->event->time_ns,
		.pid = context->sight.pid,
		.ppid = context->sight.ppid,
		.by_linker = linker,
	};

	if (path->type == VALUE_STRING)
		file.path = path->s;
	if (get_key(context, item, &file.key))
		recent_note(context->recent, &file);
}

static const struct recent_file *find_recent(const struct context *context,
					     const struct path_item *item)
{
	struct recent_key key;

	if (!get_key(context, item, &key))
		return NULL;
	return recent_find(context->recent, &key, context->event->time_ns);
}

/* --- opening -------------------------------------------------------------- */

static const struct event_kind kind_create = {
	.categories = CATEGORY_FILE,
	.category = WORDS(WORD("file")),
	.dataset = FILE_DATASETS,
	.type = WORDS(WORD("creation")),
	.action = WORDS(WORD("creation"), WORD("opened-file")),
	.arguments = true,
};

static const struct event_kind kind_modify = {
	.categories = CATEGORY_FILE,
	.category = WORDS(WORD("file")),
	.dataset = FILE_DATASETS,
	.type = WORDS(WORD("change")),
	.action = WORDS(WORD("modification"), WORD("overwrite"), WORD("open"),
			WORD("opened-file"), WORD("wrote-to-file"),
			WORD("updated")),
	.arguments = true,
};

static const struct event_kind kind_access = {
	.categories = CATEGORY_FILE,
	.category = WORDS(WORD("file")),
	.dataset = FILE_DATASETS,
	.type = WORDS(WORD("access"), WORD("info")),
	.action = WORDS(WORD("opened-file")),
	.arguments = true,
};

/* The flags and the mode of an open. openat2 has them in memory; newer kernels
 * show them in a record of their own. */
static void open_arguments(const struct context *context, int64_t *flags,
			   int64_t *mode)
{
	size_t next = 0;
	const struct record *how =
		record_find(&context->records, AUDIT_OPENAT2, &next);

	*flags = *mode = 0;
	if (how) {
		record_number(how, "oflag", 8, flags);
		record_number(how, "mode", 8, mode);
		return;
	}
	context_argument(context, context->row->flags, flags);
	context_argument(context, context->row->mode, mode);
	/* creat has no flags */
	if (context->row->flags == A_NONE)
		*flags = O_CREAT | O_WRONLY | O_TRUNC;
}

/*
 * The item that was created. A file without a name (O_TMPFILE) is listed as an
 * item NORMAL with the name of its directory. A linker that may write over an
 * output that exists is listed as NORMAL, too: it truncates it, or, as mold
 * does, asks for an executable.
 */
static bool find_created(const struct context *context, bool linker,
			 struct path_item *out)
{
	const int64_t unnamed = O_TMPFILE & ~O_DIRECTORY;
	int64_t flags, mode;
	size_t next = 0;
	bool anew;

	while (context_next_path(context, &next, out))
		if (is_named(out, STR("CREATE")))
			return true;
	open_arguments(context, &flags, &mode);
	anew = linker && (flags & O_CREAT) &&
	       ((flags & O_TRUNC) || (mode & MODE_EXECUTE));
	if (!anew && !(flags & unnamed))
		return false;
	next = 0;
	while (context_next_path(context, &next, out)) {
		if (!is_named(out, STR("NORMAL")))
			continue;
		if (flags & unnamed)
			out->name = (struct str){ 0 };
		return true;
	}
	return false;
}

/* A file that was there before. */
static bool find_opened(const struct context *context, struct path_item *out)
{
	size_t next = 0;

	while (context_next_path(context, &next, out))
		if (is_named(out, STR("NORMAL")))
			return true;
	return false;
}

/* NULL = none: O_PATH neither reads nor writes. */
static const struct event_kind *opened_kind(const struct context *context)
{
	int64_t flags, mode;

	open_arguments(context, &flags, &mode);
	if (flags & O_PATH)
		return NULL;
	return (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC)
		       ? &kind_modify
		       : &kind_access;
}

int file_on_open(struct context *context)
{
	const struct event_kind *kind = &kind_create;
	struct path_item item;
	bool linker;
	int rc;

	if (!context->succeeded)
		return NORMALIZE_E_IGNORED;
	rc = context_set_process(context);
	if (rc)
		return rc;
	linker = by_linker(context);
	if (!find_created(context, linker, &item)) {
		kind = opened_kind(context);
		if (!kind || !find_opened(context, &item))
			return NORMALIZE_E_IGNORED;
	}
	rc = context_set_file(context, &item);
	if (rc)
		return rc;
	context_set_kind(context, kind);
	if (kind != &kind_create)
		return 0;
	note_file(context, &item, linker);
	return birth_on_created(context, &item);
}

/* --- rename --------------------------------------------------------------- */

static const struct event_kind kind_rename = {
	.categories = CATEGORY_FILE,
	.category = WORDS(WORD("file")),
	.dataset = FILE_DATASETS,
	.type = WORDS(WORD("change")),
	.action = WORDS(WORD("rename"), WORD("renamed")),
};

/* lld, mold and rust-lld link to a temporary name and rename it: for the final
 * name this is the creation. */
static const struct event_kind kind_rename_linked = {
	.categories = CATEGORY_FILE,
	.category = WORDS(WORD("file")),
	.dataset = FILE_DATASETS,
	.type = WORDS(WORD("change"), WORD("creation")),
	.action = WORDS(WORD("rename"), WORD("renamed"), WORD("creation")),
};

/* The items of a rename: CREATE is the new name, DELETE of the same inode the
 * old one; a DELETE of another inode is the file that was replaced. */
static bool find_renamed(const struct context *context, struct path_item *old,
			 struct path_item *new)
{
	size_t next = 0;

	do {
		if (!context_next_path(context, &next, new))
			return false;
	} while (!is_named(new, STR("CREATE")));
	next = 0;
	while (context_next_path(context, &next, old))
		if (is_named(old, STR("DELETE")) &&
		    str_equal(old->inode, new->inode))
			return true;
	old->name = (struct str){ 0 };
	return true;
}

int file_on_rename(struct context *context)
{
	struct name_slots original = {
		.path = FIELD_FILE_EXT_ORIGINAL_PATH,
		.name = FIELD_FILE_EXT_ORIGINAL_NAME,
		.extension = FIELD_FILE_EXT_ORIGINAL_EXTENSION,
		.directory = context->row->old_directory,
	};
	struct path_item old, new;
	bool linker;
	int rc;

	if (!context->succeeded || !find_renamed(context, &old, &new))
		return NORMALIZE_E_IGNORED;
	rc = context_set_process(context);
	if (!rc)
		rc = context_set_file(context, &new);
	if (!rc && old.name.len)
		rc = set_name(context, &original, old.name);
	if (rc)
		return rc;
	linker = by_linker(context);
	note_file(context, &new, linker);
	context_set_kind(context, linker ? &kind_rename_linked : &kind_rename);
	return birth_on_named(context, &new);
}

bool context_find_object(const struct context *context, struct path_item *out)
{
	size_t next = 0;

	while (context_next_path(context, &next, out))
		if (out->mode >= 0 && !str_equal(out->nametype, STR("PARENT")))
			return true;
	return false;
}

/* --- permission ----------------------------------------------------------- */

static const struct event_kind kind_chmod = {
	.categories = CATEGORY_FILE,
	.category = WORDS(WORD("file")),
	.dataset = FILE_DATASETS,
	.type = WORDS(WORD("change")),
	.action = WORDS(WORD("changed-file-permissions-of")),
};

/* A linker that makes its output executable, whose creation was not logged. */
static const struct event_kind kind_chmod_linked = {
	.categories = CATEGORY_FILE,
	.category = WORDS(WORD("file")),
	.dataset = FILE_DATASETS,
	.type = WORDS(WORD("creation")),
	.action = WORDS(WORD("creation"), WORD("opened-file"),
			WORD("changed-file-permissions-of")),
};

static bool find_changed(const struct context *context, struct path_item *out)
{
	size_t next = 0;

	while (context_next_path(context, &next, out))
		if (is_regular(out) && !str_equal(out->nametype, STR("PARENT")))
			return true;
	return false;
}

/* Whether the file has been told as a creation of this link: by this process,
 * or by a child of it (go has its tool link). An older link may have had the
 * same inode. */
static bool is_told(const struct context *context,
		    const struct recent_file *recent)
{
	return recent && recent->by_linker &&
	       (recent->pid == context->sight.pid ||
		recent->ppid == context->sight.pid);
}

/* A descriptor has no name; perhaps its creation had. */
static int recall_name(const struct context *context, struct path_item *item,
		       const struct recent_file *recent)
{
	if (item->name.len || !recent)
		return 0;
	item->name = arena_str(context->arena, recent->path);
	return item->name.data ? 0 : -ENOMEM;
}

int file_on_chmod(struct context *context)
{
	const struct recent_file *recent;
	struct path_item item;
	int64_t mode, before;
	bool birth;
	int rc;

	if (!context->succeeded || !find_changed(context, &item) ||
	    !context_argument(context, context->row->mode, &mode))
		return NORMALIZE_E_IGNORED;
	rc = context_set_process(context);
	if (rc)
		return rc;
	recent = find_recent(context, &item);
	birth = (mode & MODE_EXECUTE) && by_linker(context) &&
		!is_told(context, recent);
	rc = recall_name(context, &item, recent);
	if (rc)
		return rc;
	/* the record has the mode of before; git passes type bits along */
	before = item.mode;
	item.mode = mode & MODE_BITS;
	rc = context_set_file(context, &item);
	if (rc)
		return rc;
	if (birth)
		note_file(context, &item, true);
	context_set_kind(context, birth ? &kind_chmod_linked : &kind_chmod);
	if (!(mode & MODE_EXECUTE))
		return 0;
	return birth_on_marked(context, &item, before);
}

/* --- owner, attributes, size ---------------------------------------------- */

static const struct event_kind kind_chown = {
	.categories = CATEGORY_FILE,
	.category = WORDS(WORD("file")),
	.dataset = FILE_DATASETS,
	.type = WORDS(WORD("change")),
	.action = WORDS(WORD("changed-file-ownership-of")),
	.arguments = true,
};

static const struct event_kind kind_xattr = {
	.categories = CATEGORY_FILE,
	.category = WORDS(WORD("file")),
	.dataset = FILE_DATASETS,
	.type = WORDS(WORD("change")),
	.action = WORDS(WORD("changed-file-attributes-of")),
	.arguments = true,
};

/* A change of the file the call names, or that its descriptor stands for. */
static int change_event(struct context *context, const struct event_kind *kind)
{
	struct path_item item;
	int rc;

	if (!context->succeeded || !context_find_object(context, &item))
		return NORMALIZE_E_IGNORED;
	rc = context_set_process(context);
	if (!rc)
		rc = recall_name(context, &item, find_recent(context, &item));
	if (!rc)
		rc = context_set_file(context, &item);
	if (!rc)
		context_set_kind(context, kind);
	return rc;
}

/* file.uid and file.gid are those of before, which the record has. The new ones
 * are among the arguments, as the caller's user namespace counts. */
int file_on_chown(struct context *context)
{
	return change_event(context, &kind_chown);
}

/* What an ACL grants is not in the record, nor which attribute it is for. */
bool file_may_be_acl(int64_t size)
{
	enum { HEAD_BYTES = 4, ENTRY_BYTES = 8, LEAST_ENTRIES = 3 };

	return size >= HEAD_BYTES + LEAST_ENTRIES * ENTRY_BYTES &&
	       (size - HEAD_BYTES) % ENTRY_BYTES == 0;
}

/* The file may be executable from now on. Of several files, cp and install give
 * each its permission by another call, that names it; this one has a descriptor. */
static int mark_by_acl(struct context *context)
{
	struct path_item item;

	if (!find_changed(context, &item) || (item.mode & MODE_EXECUTE) ||
	    (!item.name.len &&
	     tool_is(context->process->image, PROGRAM_COPIER)))
		return 0;
	return birth_on_marked(context, &item, item.mode);
}

/* sed -i makes its new file executable by an ACL. */
int file_on_xattr(struct context *context)
{
	int rc = change_event(context, &kind_xattr);
	int64_t size;

	if (rc || !context_argument(context, context->row->size, &size) ||
	    !file_may_be_acl(size))
		return rc;
	return mark_by_acl(context);
}

/* The size is in memory. */
int file_on_setxattrat(struct context *context)
{
	int rc = change_event(context, &kind_xattr);

	return rc ? rc : mark_by_acl(context);
}

int file_on_truncate(struct context *context)
{
	return change_event(context, &kind_modify);
}
