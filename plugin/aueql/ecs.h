/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ECS documents as events: for the tool and for tests. */
#ifndef AUDISP_EQL_AUEQL_ECS_H
#define AUDISP_EQL_AUEQL_ECS_H

#include <audisp-eql/event.h>

#include "../util/arena.h"

struct ecs_reader {
	/* the fields that are read, with their types; others are left out, so
	 * queries are compiled before the first document */
	const struct field_table *fields;
	uint64_t serial; /* of the last event: documents count from 1 */
	char error[256]; /* what was wrong with the last document */
};

enum {
	ECS_E_INVALID = 1, /* no document, or a value its field cannot have */
};

/*
 * One JSON document as an event in the arena. Fields are nested or dotted,
 * arrays of objects are arrays of their fields, null is no value. @timestamp
 * is ISO 8601 or milliseconds since the epoch, and must be there. The document
 * stays whole as event.document. An event counts as of its own time (attempt),
 * but those of aueql events say themselves how they do, and bring their serial,
 * node and resolved names. 0, ECS_E_INVALID, -ENOMEM.
 */
int ecs_parse(struct ecs_reader *reader, struct str text, struct arena *arena,
	      struct event **out);

/* An alert document, ours or another tool's. */
struct ecs_alert {
	struct event *event; /* what it says itself */
	/* what it says of the events it is about, in their order; NULL = a
	 * missing event. Other tools' alerts have none. */
	size_t event_count;
	struct event **events;
};

/* The same for an alert. Of each event also the members "stage" and "audit.id"
 * are read, where the reader knows them. */
int ecs_parse_alert(struct ecs_reader *reader, struct str text,
		    struct arena *arena, struct ecs_alert *out);

#endif
