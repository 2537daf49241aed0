/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fields have flat names ("process.parent.pid"), documents are nested. Sorted
 * by name, fields of one object stand together: objects are opened and closed
 * on the way, and no tree is built.
 */
#include "event_json.h"

#include <stdlib.h>
#include <string.h>

#include "../limits.h"

#define SLOTS_MAX (FIELD__COUNT + LIMIT_FIELDS)

static const enum field_id compact_fields[] = {
	FIELD_TIMESTAMP,
	FIELD_DESTINATION_IP,
	FIELD_DESTINATION_PORT,
	FIELD_EVENT_ACTION,
	FIELD_EVENT_REASON,
	FIELD_FILE_PATH,
	FIELD_PROCESS_COMMAND_LINE,
	FIELD_PROCESS_EXECUTABLE,
	FIELD_PROCESS_NAME,
	FIELD_PROCESS_PARENT_NAME,
	FIELD_PROCESS_PARENT_PID,
	FIELD_PROCESS_PID,
	FIELD_SOURCE_IP,
	FIELD_SOURCE_PORT,
	FIELD_USER_ID,
	FIELD_USER_NAME,
};

static bool is_compact(size_t slot)
{
	for (size_t i = 0;
	     i < sizeof(compact_fields) / sizeof(compact_fields[0]); i++)
		if (slot == compact_fields[i])
			return true;
	return false;
}

static bool is_below(struct str name, struct str above)
{
	return name.len > above.len && name.data[above.len] == '.' &&
	       !memcmp(name.data, above.data, above.len);
}

/* --- order ---------------------------------------------------------------- */

/* Byte order, but a dot before all else: "a", "a.b", "a-b". */
static int compare_names(struct str a, struct str b)
{
	for (size_t i = 0; i < a.len && i < b.len; i++) {
		unsigned char x = (unsigned char)a.data[i];
		unsigned char y = (unsigned char)b.data[i];

		if (x == y)
			continue;
		if (x == '.' || y == '.')
			return x == '.' ? -1 : 1;
		return x < y ? -1 : 1;
	}
	return (a.len > b.len) - (a.len < b.len);
}

static int compare_slots(const void *a, const void *b, void *fields)
{
	return compare_names(field_table_name(fields, *(const uint16_t *)a),
			     field_table_name(fields, *(const uint16_t *)b));
}

static bool is_wanted(const struct event_json *how, size_t slot)
{
	struct str name = field_table_name(how->fields, slot);

	if (how->compact && !is_compact(slot))
		return false;
	if (how->without.len && is_below(name, how->without))
		return false;
	return !how->below.len || is_below(name, how->below);
}

/* The slots to write, in the order of their names. */
static size_t choose_slots(const struct event_json *how,
			   const struct event *event, uint16_t slots[SLOTS_MAX])
{
	size_t known = field_table_count(how->fields), count = 0;

	for (size_t slot = 0; slot < known && slot < SLOTS_MAX; slot++)
		if (event_value(event, slot, how->reading)->type !=
			    VALUE_NULL &&
		    is_wanted(how, slot))
			slots[count++] = (uint16_t)slot;
	qsort_r(slots, count, sizeof(slots[0]), compare_slots,
		(void *)how->fields);
	return count;
}

/* --- nesting -------------------------------------------------------------- */

struct nesting {
	struct json *json;
	struct str open; /* name of the object we are in; empty = outermost */
	struct str scalar; /* the last name that has a value of its own */
};

static struct str parent_name(struct str name)
{
	const char *dot = name.len ? memrchr(name.data, '.', name.len) : NULL;

	return (struct str){ name.data, dot ? (size_t)(dot - name.data) : 0 };
}

/* Closes and opens objects until the one of this name is open. */
static void nesting_enter(struct nesting *nesting, struct str object)
{
	while (nesting->open.len && !str_equal(nesting->open, object) &&
	       !is_below(object, nesting->open)) {
		json_object_end(nesting->json);
		nesting->open = parent_name(nesting->open);
	}
	while (nesting->open.len < object.len) {
		size_t start = nesting->open.len ? nesting->open.len + 1 : 0;
		const char *part = object.data + start;
		const char *dot = memchr(part, '.', object.len - start);
		size_t len = dot ? (size_t)(dot - part) : object.len - start;

		json_key(nesting->json, (struct str){ part, len });
		json_object_begin(nesting->json);
		nesting->open = (struct str){ object.data, start + len };
	}
}

/* A name whose every part has at least one byte. */
static bool is_nestable(struct str name)
{
	char before = '.';

	for (size_t i = 0; i < name.len; i++) {
		if (before == '.' && name.data[i] == '.')
			return false;
		before = name.data[i];
	}
	return before != '.';
}

/* Writes the key of a field, inside its object. Where "a" has a value, "a"
 * cannot be an object too: then "a.b" is a key as it stands. */
static void nesting_key(struct nesting *nesting, struct str name)
{
	struct str object = { 0 };

	if (nesting->scalar.len && is_below(name, nesting->scalar)) {
		object = parent_name(nesting->scalar);
	} else if (is_nestable(name)) {
		object = parent_name(name);
		nesting->scalar = name;
	}
	nesting_enter(nesting, object);
	if (object.len) {
		name.data += object.len + 1;
		name.len -= object.len + 1;
	}
	json_key(nesting->json, name);
}

/* --- values --------------------------------------------------------------- */

#define MS_MAX (INT64_MAX / NSEC_PER_MSEC)

static void write_scalar(const struct event_json *how, enum field_type type,
			 const struct value *value, struct json *json)
{
	if (value->type == VALUE_STRING)
		json_string(json, bounds_text(how->bounds, value->s));
	else if (type == FIELD_DATE && value->type == VALUE_INT &&
		 value->i >= -MS_MAX && value->i <= MS_MAX)
		json_time(json, value->i * NSEC_PER_MSEC);
	else
		json_value(json, value);
}

static void write_value(const struct event_json *how, enum field_type type,
			const struct value *value, struct json *json)
{
	struct bounds_span span;
	size_t count;
	const struct value *items = value_items(value, &count);

	if (value->type != VALUE_LIST) {
		write_scalar(how, type, value, json);
		return;
	}
	span = bounds_list(how->bounds, items, count);
	json_array_begin(json);
	for (size_t i = 0; i < span.head; i++)
		write_scalar(how, type, &items[i], json);
	/* a mark among addresses or numbers would be none of them */
	if (span.head < count && type == FIELD_KEYWORD)
		json_string(json, STR(BOUNDS_MARK));
	for (size_t i = count - span.tail; i < count; i++)
		write_scalar(how, type, &items[i], json);
	json_array_end(json);
}

/* --- events --------------------------------------------------------------- */

void event_json_members(const struct event_json *how, const struct event *event,
			struct json *json)
{
	struct nesting nesting = { .json = json };
	uint16_t slots[SLOTS_MAX];
	size_t count = choose_slots(how, event, slots);

	for (size_t i = 0; i < count && !json->out->failed; i++) {
		nesting_key(&nesting, field_table_name(how->fields, slots[i]));
		write_value(how, field_table_type(how->fields, slots[i]),
			    event_value(event, slots[i], how->reading), json);
	}
	nesting_enter(&nesting, (struct str){ 0 });
}

void event_json_write(const struct event *event,
		      const struct field_table *fields, enum reading reading,
		      struct json *json)
{
	struct bounds bounds = BOUNDS_NONE;
	struct event_json how = {
		.fields = fields,
		.reading = reading,
		.bounds = &bounds,
	};

	event_json_members(&how, event, json);
	bounds_free(&bounds);
}

static void write_resolved(const struct event *event, struct bounds *bounds,
			   struct json *json)
{
	static const char *const names[READING__COUNT] = {
#define READING(field, name) name,
#include <audisp-eql/readings.def>
#undef READING
	};

	json_key(json, STR("resolved"));
	json_object_begin(json);
	for (size_t i = 0; i < READING__COUNT; i++) {
		const struct value *value = &event->resolved[i];

		if (value->type == VALUE_STRING)
			json_add_str(json, names[i],
				     bounds_text(bounds, value->s));
	}
	json_object_end(json);
}

void event_json_origin(const struct event *event, struct bounds *bounds,
		       struct json *json)
{
	char id[EVENT_ID_MAX];
	size_t len = event_id_format(event, id);

	json_key(json, STR("audit"));
	json_object_begin(json);
	if (event->node.len)
		json_add_str(json, "node", bounds_text(bounds, event->node));
	json_add_str(json, "id", (struct str){ id, len });
	json_object_end(json);
	if (event_has_readings(event))
		write_resolved(event, bounds, json);
	if (event->flags & EVENT_ATTEMPT)
		json_add_bool(json, "attempt", true);
	if (event->flags & EVENT_INCOMPLETE)
		json_add_bool(json, "incomplete", true);
}

void event_json_document(const struct event *event,
			 const struct field_table *fields, struct json *json)
{
	struct bounds bounds = BOUNDS_NONE;

	json_object_begin(json);
	event_json_write(event, fields, READING_INVOKED, json);
	json_key(json, STR("audisp_eql"));
	json_object_begin(json);
	event_json_origin(event, &bounds, json);
	json_object_end(json);
	json_object_end(json);
	bounds_free(&bounds);
}
