/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events of what a process has the kernel do: modules, mounts, and calls that
 * rules know by name and arguments alone. */
#include <libaudit.h>

#include "handler.h"

/* Elastic Defend tells it of the process, auditd of the driver. */
static const struct event_kind kind_load = {
	.categories = CATEGORY_DRIVER | CATEGORY_PROCESS,
	.category = WORDS(WORD("driver"), WORD("process")),
	.dataset = DATASETS("process"),
	.type = WORDS(WORD("start")),
	.action = WORDS(WORD("load_module"), WORD("loaded-kernel-module")),
	.arguments = true,
};

static const struct event_kind kind_unload = {
	.categories = CATEGORY_DRIVER,
	.category = WORDS(WORD("driver")),
	.dataset = DATASETS("process"),
	.type = WORDS(WORD("end")),
	.action = WORDS(WORD("unloaded-kernel-module")),
	.arguments = true,
};

static const struct event_kind kind_mount = {
	.categories = CATEGORY_PROCESS,
	.category = WORDS(WORD("process")),
	.dataset = DATASETS("process"),
	.type = WORDS(WORD("info")),
	.action = WORDS(WORD("mounted")),
	.arguments = true,
};

static const struct event_kind kind_unmount = {
	.categories = CATEGORY_PROCESS,
	.category = WORDS(WORD("process")),
	.dataset = DATASETS("process"),
	.type = WORDS(WORD("info")),
	.action = WORDS(WORD("unmounted")),
	.arguments = true,
};

static const struct event_kind kind_call = {
	.categories = CATEGORY_PROCESS,
	.category = WORDS(WORD("process")),
	.dataset = DATASETS("process"),
	.type = WORDS(WORD("info")),
	.arguments = true,
};

static int module_event(struct context *context, const struct event_kind *kind)
{
	size_t next = 0;
	const struct record *module =
		record_find(&context->records, AUDIT_KERN_MODULE, &next);

	if (module)
		context_set_str(context, FIELD_AUDITD_DATA_NAME,
				record_decoded(module, "name"));
	return context_make_plain(context, kind);
}

int kernel_on_module_load(struct context *context)
{
	return module_event(context, &kind_load);
}

int kernel_on_module_unload(struct context *context)
{
	return module_event(context, &kind_unload);
}

/* The file is the mount point. */
static int mount_event(struct context *context, const struct event_kind *kind)
{
	int rc = context_make_plain(context, kind);
	struct path_item item;

	if (rc || !context_find_object(context, &item))
		return rc;
	return context_set_file(context, &item);
}

int kernel_on_mount(struct context *context)
{
	return mount_event(context, &kind_mount);
}

int kernel_on_unmount(struct context *context)
{
	return mount_event(context, &kind_unmount);
}

int kernel_on_call(struct context *context)
{
	return context_make_plain(context, &kind_call);
}

int kernel_on_namespace(struct context *context)
{
	int rc = kernel_on_call(context);

	if (!rc)
		context_set_str(context, FIELD_AUDITD_DATA_CLASS,
				STR("namespace"));
	return rc;
}
