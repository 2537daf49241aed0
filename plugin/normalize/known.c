/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "known.h"

#include "tools.h"

uint64_t known_host(const struct context *context)
{
	return provenance_host(context->event->host);
}

struct known_file *known_by_path(const struct context *context, struct str path)
{
	if (!path.len)
		return NULL;
	return provenance_find_path(births_files(context->births),
				    known_host(context), path);
}

bool known_id(const struct context *context, const struct path_item *item,
	      struct file_id *out)
{
	out->host = known_host(context);
	return file_id_parse(item->device, item->inode, out);
}

uint32_t known_owner(const struct path_item *item)
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

uint32_t known_payer(const struct context *context)
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
		.auid = login_of(context),
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
