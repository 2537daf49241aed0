/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that came into being, as the event in hand sees them. */
#ifndef AUDISP_EQL_NORMALIZE_KNOWN_H
#define AUDISP_EQL_NORMALIZE_KNOWN_H

#include "handler.h"
#include "provenance.h"

/* All that is known. */
struct births;
struct provenance *births_files(struct births *births);

struct known_file *known_by_path(const struct context *context,
				 struct str path);
/* False = the item has none. */
bool known_id(const struct context *context, const struct path_item *item,
	      struct file_id *out);
uint32_t known_owner(const struct path_item *item);
/* Who pays for what the event tells: the login, or the user where there is none
 * (daemons); root where neither is known. */
uint32_t known_payer(const struct context *context);

/* Of the file that the event is about; empty = not known. */
struct str known_event_path(const struct context *context);
/* Known also of a file that is named by its directory's descriptor. */
struct str known_event_name(const struct context *context);
struct str known_event_path_or_name(const struct context *context);

/* One of what the event's process has made, running that program. NULL = out of
 * memory. */
struct origin *known_origin(const struct context *context,
			    const struct image *image, enum origin_kind kind,
			    unsigned int traits, struct str path);

#endif
