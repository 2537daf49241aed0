/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "known.h"

#include "tools.h"

#define SUBORDINATE_FIRST 65536U

struct known_file *known_by_path(const struct context *context, struct str path)
{
	if (!path.len)
		return NULL;
	return provenance_find_path(births_files(context->births),
				    context->file_host, path);
}

bool known_id(const struct context *context, const struct path_item *item,
	      struct file_id *out)
{
	out->host = context->file_host;
	return file_id_parse(item->device, item->inode, out);
}

uint32_t known_owner(const struct path_item *item)
{
	return item->owner_id < 0 ? ID_UNKNOWN : (uint32_t)item->owner_id;
}

/* Subordinate uids are given 65,536 in a row, and whoever has them can be each:
 * without a login they are one payer, or two as ranges lie. */
uint32_t known_payer(const struct context *context)
{
	uint32_t uid = context->sight.ids.uid;

	if (context->login != ID_UNKNOWN)
		return context->login;
	if (uid == ID_UNKNOWN)
		return 0;
	return uid < SUBORDINATE_FIRST ? uid : uid & ~(SUBORDINATE_FIRST - 1);
}

static struct str event_text(const struct context *context, size_t field)
{
	const struct value *text =
		event_value(context->event, field, READING_INVOKED);

	return text->type == VALUE_STRING ? text->s : (struct str){ 0 };
}

struct str known_event_path(const struct context *context)
{
	return event_text(context, FIELD_FILE_PATH);
}

/* Known also of a file that is named by its directory's descriptor. */
struct str known_event_name(const struct context *context)
{
	return event_text(context, FIELD_FILE_NAME);
}

/* Where the path cannot be known, its name. */
struct str known_event_path_or_name(const struct context *context)
{
	struct str path = known_event_path(context);

	return path.len ? path : known_event_name(context);
}

/* One of what the event's process has made, running that program. NULL = out
 * of memory. */
struct origin *known_origin(const struct context *context,
			    const struct image *image, enum origin_kind kind,
			    unsigned int traits, struct str path)
{
	const struct image *driver =
		kind == ORIGIN_LINKED ? tool_driver(context->process) : NULL;
	struct origin_source source = {
		.kind = kind,
		.traits = traits,
		.time_ns = context->event->time_ns,
		.serial = context->event->serial,
		.uid = context->sight.ids.euid,
		.auid = context->login,
		.path = path,
	};

	if (image) {
		source.name = str_basename(image->invoked);
		source.executable = image->resolved;
	}
	if (driver)
		source.compiler = driver->resolved;
	return provenance_origin(births_files(context->births), &source);
}
