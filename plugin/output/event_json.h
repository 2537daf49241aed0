/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One event as nested ECS. */
#ifndef AUDISP_EQL_OUTPUT_EVENT_JSON_H
#define AUDISP_EQL_OUTPUT_EVENT_JSON_H

#include <audisp-eql/event.h>

#include "../util/json.h"
#include "bounds.h"

/* What of an event is written, and how much of it. */
struct event_json {
	const struct field_table *fields;
	enum reading reading;
	struct str below; /* only fields below this name; empty = all */
	struct str without; /* none below this one; empty = all */
	bool compact; /* only what a syslog form has room for */
	struct bounds *bounds;
};

/* The members of an object, in the order of their names. */
void event_json_members(const struct event_json *how, const struct event *event,
			struct json *json);
/* The same of a whole event. */
void event_json_write(const struct event *event,
		      const struct field_table *fields, enum reading reading,
		      struct json *json);
/* "audit": {...}, "resolved": {...} where that differs, "attempt",
 * "incomplete". */
void event_json_origin(const struct event *event, struct bounds *bounds,
		       struct json *json);
/* A document of its own: the members, and its origin under "audisp_eql". */
void event_json_document(const struct event *event,
			 const struct field_table *fields, struct json *json);

#endif
