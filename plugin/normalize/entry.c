/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events of directory entries that come and go without a file being opened. */
#include <errno.h>
#include <sys/stat.h>

#include "birth.h"
#include "handler.h"

static const struct event_kind kind_delete = {
	.categories = CATEGORY_FILE,
	.category = WORDS(WORD("file")),
	.dataset = FILE_DATASETS,
	.type = WORDS(WORD("deletion")),
	.action = WORDS(WORD("deletion"), WORD("deleted")),
};

static const struct event_kind kind_mkdir = {
	.categories = CATEGORY_FILE,
	.category = WORDS(WORD("file")),
	.dataset = FILE_DATASETS,
	.type = WORDS(WORD("creation")),
	.action = WORDS(WORD("created-directory")),
};

static const struct event_kind kind_link = {
	.categories = CATEGORY_FILE,
	.category = WORDS(WORD("file")),
	.dataset = FILE_DATASETS,
	.type = WORDS(WORD("creation")),
	.action = WORDS(WORD("linked")),
};

static const struct event_kind kind_symlink = {
	.categories = CATEGORY_FILE,
	.category = WORDS(WORD("file")),
	.dataset = FILE_DATASETS,
	.type = WORDS(WORD("creation")),
	.action = WORDS(WORD("symlinked")),
};

static const struct event_kind kind_mknod = {
	.categories = CATEGORY_FILE,
	.category = WORDS(WORD("file")),
	.dataset = FILE_DATASETS,
	.type = WORDS(WORD("creation")),
	.action = WORDS(WORD("make-device")),
};

/* The last item of that type with a name: overlays list more before it. */
static bool find_entry(const struct context *context, struct str nametype,
		       struct path_item *out)
{
	struct path_item item;
	bool found = false;
	size_t next = 0;

	while (context_next_path(context, &next, &item))
		if (item.name.len && str_equal(item.nametype, nametype)) {
			*out = item;
			found = true;
		}
	return found;
}

static int entry_event(struct context *context, struct str nametype,
		       const struct event_kind *kind)
{
	struct path_item item;
	int rc;

	if (!context->succeeded || !find_entry(context, nametype, &item))
		return NORMALIZE_E_IGNORED;
	rc = context_set_process(context);
	if (!rc)
		rc = context_set_file(context, &item);
	if (!rc)
		context_set_kind(context, kind);
	return rc;
}

int entry_on_delete(struct context *context)
{
	return entry_event(context, STR("DELETE"), &kind_delete);
}

int entry_on_mkdir(struct context *context)
{
	return entry_event(context, STR("CREATE"), &kind_mkdir);
}

int entry_on_mknod(struct context *context)
{
	int rc = entry_event(context, STR("CREATE"), &kind_mknod);
	struct path_item item;

	/* it makes plain files, too */
	if (rc || !find_entry(context, STR("CREATE"), &item) || item.mode < 0 ||
	    !S_ISREG((mode_t)item.mode))
		return rc;
	return birth_on_created(context, &item);
}

/* What is linked to is an item NORMAL. */
int entry_on_link(struct context *context)
{
	int rc = entry_event(context, STR("CREATE"), &kind_link);
	struct path_item target;
	struct str path;

	if (rc || !find_entry(context, STR("NORMAL"), &target))
		return rc;
	path = path_resolve(
		context->arena,
		context_start_directory(context, context->row->old_directory),
		target.name);
	if (!path.data)
		return -ENOMEM;
	context_set_str(context, FIELD_FILE_TARGET_PATH, path);
	return 0;
}

/* The text of the link is an item of a file nobody looked up; it counts from
 * where the link is, so it stays as it was given. */
int entry_on_symlink(struct context *context)
{
	int rc = entry_event(context, STR("CREATE"), &kind_symlink);
	struct path_item target;

	if (!rc && find_entry(context, STR("UNKNOWN"), &target))
		context_set_str(context, FIELD_FILE_TARGET_PATH, target.name);
	return rc;
}
