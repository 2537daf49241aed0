/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ecs.h"

#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../eql/date.h"
#include "../eql/literal.h"
#include "../limits.h"
#include "../util/strbuf.h"

/* Objects within objects; ECS has six. */
#define DEPTH_MAX 64

/* The values of one field so far. */
struct pending {
	struct value *items;
	size_t count, capacity;
};

struct document {
	struct ecs_reader *reader;
	struct arena *arena;
	struct strbuf path; /* of the field being read */
	size_t slot_count;
	struct pending *pending; /* by slot */
	int32_t timestamp_ns; /* what of @timestamp is below a millisecond */
};

static int fail(struct ecs_reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int fail(struct ecs_reader *reader, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(reader->error, sizeof(reader->error), format, ap);
	va_end(ap);
	return ECS_E_INVALID;
}

static int fail_type(struct document *document, const char *wanted)
{
	return fail(document->reader, "%.*s is not %s",
		    STR_ARG(strbuf_str(&document->path)), wanted);
}

/* --- values --------------------------------------------------------------- */

/* A scalar with the type it has in JSON. 0 or -ENOMEM. */
static int read_plain(struct document *document, struct json_object *json,
		      struct value *out)
{
	struct str text;

	switch (json_object_get_type(json)) {
	case json_type_boolean:
		*out = VALUE_OF_BOOL(json_object_get_boolean(json));
		return 0;
	case json_type_int:
		*out = VALUE_OF_INT(json_object_get_int64(json));
		if (json_object_get_uint64(json) > INT64_MAX && out->i > 0)
			*out = (struct value){
				.type = VALUE_DOUBLE,
				.d = (double)json_object_get_uint64(json),
			};
		return 0;
	case json_type_double:
		*out = (struct value){ .type = VALUE_DOUBLE,
				       .d = json_object_get_double(json) };
		return 0;
	case json_type_string:
		text.data = json_object_get_string(json);
		text.len = (size_t)json_object_get_string_len(json);
		*out = VALUE_OF_STR(arena_str(document->arena, text));
		return out->s.data ? 0 : -ENOMEM;
	default:
		*out = (struct value){ 0 };
		return 0;
	}
}

static int to_text(struct document *document, struct value *value)
{
	char text[DOUBLE_TEXT_MAX];

	if (value->type == VALUE_STRING)
		return 0;
	if (value->type == VALUE_BOOL)
		snprintf(text, sizeof(text), value->b ? "true" : "false");
	else if (value->type == VALUE_INT)
		snprintf(text, sizeof(text), "%lld", (long long)value->i);
	else
		double_format(value->d, text);
	*value = VALUE_OF_STR(arena_str(document->arena, str_from(text)));
	return value->s.data ? 0 : -ENOMEM;
}

static int to_number(struct document *document, struct value *value, bool whole)
{
	if (value->type == VALUE_STRING && !number_parse(value->s, value))
		return fail_type(document, "a number");
	if (value->type == VALUE_BOOL)
		return fail_type(document, "a number");
	if (!whole || value->type == VALUE_INT)
		return 0;
	if (!(fabs(value->d) < 0x1p63))
		return fail_type(document, "a whole number");
	*value = VALUE_OF_INT((int64_t)value->d);
	return 0;
}

static int to_bool(struct document *document, struct value *value)
{
	bool truth =
		value->type == VALUE_STRING && str_equal(value->s, STR("true"));

	if (value->type == VALUE_BOOL)
		return 0;
	if (value->type != VALUE_STRING ||
	    (!truth && value->s.len && !str_equal(value->s, STR("false"))))
		return fail_type(document, "true or false");
	*value = VALUE_OF_BOOL(truth);
	return 0;
}

static int to_ip(struct document *document, struct value *value)
{
	struct value address = { .type = VALUE_IP };

	if (value->type != VALUE_STRING || ip_parse(value->s, &address.ip))
		return fail_type(document, "an address");
	*value = address;
	return 0;
}

static int to_date(struct document *document, struct value *value, size_t slot)
{
	struct date date = { 0 };
	double whole;

	if (value->type == VALUE_STRING) {
		if (date_parse(value->s, &date))
			return fail_type(document, "a date");
	} else if (value->type == VALUE_DOUBLE && fabs(value->d) < 0x1p53) {
		whole = floor(value->d);
		date.low_ms = (int64_t)whole;
		date.ns = (int32_t)((value->d - whole) * NSEC_PER_MSEC);
	} else if (value->type == VALUE_INT) {
		date.low_ms = value->i;
	} else {
		return fail_type(document, "a date");
	}
	if (slot == FIELD_TIMESTAMP)
		document->timestamp_ns = date.ns;
	*value = VALUE_OF_INT(date.low_ms);
	return 0;
}

/*
 * A value as its field's type has it. Of names that are not in fields.def only
 * --type says more than the document itself.
 */
static int to_type(struct document *document, size_t slot, struct value *value)
{
	switch (field_table_type(document->reader->fields, slot)) {
	case FIELD_KEYWORD:
		return slot < FIELD__COUNT ? to_text(document, value) : 0;
	case FIELD_VERSION:
		return to_text(document, value);
	case FIELD_LONG:
		return to_number(document, value, true);
	case FIELD_DOUBLE:
		return to_number(document, value, false);
	case FIELD_BOOL:
		return to_bool(document, value);
	case FIELD_IP:
		return to_ip(document, value);
	case FIELD_DATE:
		return to_date(document, value, slot);
	}
	return 0;
}

static int pending_add(struct arena *arena, struct pending *pending,
		       struct value value)
{
	if (pending->count == pending->capacity) {
		size_t capacity = pending->capacity ? 2 * pending->capacity : 1;
		struct value *items =
			arena_array(arena, capacity, sizeof(*items));

		if (!items)
			return -ENOMEM;
		if (pending->count)
			memcpy(items, pending->items,
			       pending->count * sizeof(*items));
		pending->items = items;
		pending->capacity = capacity;
	}
	pending->items[pending->count++] = value;
	return 0;
}

/* --- documents ------------------------------------------------------------ */

static int read_scalar(struct document *document, struct json_object *json)
{
	struct str path = strbuf_str(&document->path);
	int slot = field_table_find(document->reader->fields, path);
	struct value value;
	int rc;

	if (slot < 0 || (size_t)slot >= document->slot_count)
		return 0;
	rc = read_plain(document, json, &value);
	if (!rc)
		rc = to_type(document, (size_t)slot, &value);
	return rc ? rc
		  : pending_add(document->arena, &document->pending[slot],
				value);
}

static int read_any(struct document *document, struct json_object *json);

static int read_members(struct document *document, struct json_object *json)
{
	size_t start = document->path.len;
	int rc = 0;

	json_object_object_foreach(json, key, member)
	{
		if (start)
			strbuf_add_char(&document->path, '.');
		strbuf_add_str(&document->path, str_from(key));
		/* a name too long for any field leads nowhere */
		if (!document->path.failed)
			rc = read_any(document, member);
		document->path.len = start;
		document->path.failed = false;
		if (rc)
			break;
	}
	return rc;
}

static int read_any(struct document *document, struct json_object *json)
{
	int rc = 0;

	switch (json_object_get_type(json)) {
	case json_type_null:
		return 0;
	case json_type_object:
		return read_members(document, json);
	case json_type_array:
		for (size_t i = 0; i < json_object_array_length(json) && !rc;
		     i++)
			rc = read_any(document,
				      json_object_array_get_idx(json, i));
		return rc;
	default:
		return read_scalar(document, json);
	}
}

static int parse_json(struct ecs_reader *reader, struct str text,
		      struct json_object **out)
{
	struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
	struct json_object *json;
	enum json_tokener_error error;
	size_t end;

	if (!tokener)
		return -ENOMEM;
	if (text.len > INT32_MAX) {
		json_tokener_free(tokener);
		return fail(reader, "the document is too long");
	}
	json_tokener_set_flags(tokener,
			       JSON_TOKENER_STRICT |
				       JSON_TOKENER_ALLOW_TRAILING_CHARS);
	json = json_tokener_parse_ex(tokener, text.data, (int)text.len);
	error = json_tokener_get_error(tokener);
	end = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);
	if (!json_object_is_type(json, json_type_object)) {
		json_object_put(json);
		if (error == json_tokener_continue)
			return fail(reader, "the document is cut off");
		if (error != json_tokener_success)
			return fail(reader, "byte %zu: %s", end + 1,
				    json_tokener_error_desc(error));
		return fail(reader, "a document is a JSON object");
	}
	while (end < text.len && strchr(" \t\r\n", text.data[end]) &&
	       text.data[end])
		end++;
	if (end < text.len) {
		json_object_put(json);
		return fail(reader, "byte %zu: one document a line", end + 1);
	}
	*out = json;
	return 0;
}

static void set_values(struct document *document, struct event *event)
{
	for (size_t slot = 0; slot < document->slot_count; slot++) {
		const struct pending *pending = &document->pending[slot];
		struct value list = { .type = VALUE_LIST };

		if (!pending->count)
			continue;
		list.list.items = pending->items;
		list.list.count = pending->count;
		event_set(event, slot,
			  pending->count == 1 ? pending->items[0] : list);
	}
}

static int set_time(struct document *document, struct event *event)
{
	const struct pending *pending = &document->pending[FIELD_TIMESTAMP];
	int64_t ms, ns;

	if (!pending->count)
		return fail(document->reader, "there is no @timestamp");
	ms = pending->items[pending->count - 1].i;
	if (__builtin_mul_overflow(ms, NSEC_PER_MSEC, &ns) ||
	    __builtin_add_overflow(ns, document->timestamp_ns, &ns))
		return fail(document->reader, "@timestamp is out of range");
	event->time_ns = ns;
	return 0;
}

/* The first text of a field, empty where it has none. */
static struct str first_text(const struct event *event, size_t slot)
{
	size_t count;
	const struct value *items =
		value_items(event_value(event, slot, READING_INVOKED), &count);

	return count && items->type == VALUE_STRING ? items->s
						    : (struct str){ 0 };
}

static void set_identity(struct event *event)
{
	size_t count;
	const struct value *items = value_items(
		event_value(event, FIELD_EVENT_CATEGORY, READING_INVOKED),
		&count);

	for (size_t i = 0; i < count; i++)
		event->categories |= event_category_bit(items[i].s);
	event->host = first_text(event, FIELD_HOST_ID);
	if (!event->host.len)
		event->host = first_text(event, FIELD_HOST_NAME);
	if (!event->host.len)
		event->host = STR("localhost");
}

/* --- where our own documents come from ------------------------------------ */

static struct json_object *member(struct json_object *json, const char *name)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(json, name, &value);
	return value;
}

/* A text in the arena; empty = there is none, data == NULL = out of memory. */
static struct str member_text(struct arena *arena, struct json_object *json,
			      const char *name)
{
	struct json_object *value = member(json, name);

	if (!json_object_is_type(value, json_type_string))
		return STR("");
	return arena_str(
		arena,
		(struct str){ json_object_get_string(value),
			      (size_t)json_object_get_string_len(value) });
}

/* "seconds.milliseconds:serial" */
static void set_serial(struct event *event, struct str id)
{
	const char *colon = id.len ? memchr(id.data, ':', id.len) : NULL;
	struct value serial;

	if (colon &&
	    number_parse((struct str){ colon + 1,
				       (size_t)(id.data + id.len - colon) - 1 },
			 &serial) &&
	    serial.type == VALUE_INT)
		event->serial = (uint64_t)serial.i;
}

static int set_origin(struct document *document, struct json_object *origin,
		      struct event *event)
{
	static const char *const names[READING__COUNT] = {
#define READING(field, name) name,
#include <audisp-eql/readings.def>
#undef READING
	};
	struct json_object *audit = member(origin, "audit");
	struct json_object *resolved = member(origin, "resolved");
	struct str text;

	if (!audit)
		return 0;
	set_serial(event, member_text(document->arena, audit, "id"));
	event->node = member_text(document->arena, audit, "node");
	if (!event->node.data)
		return -ENOMEM;
	event->flags = 0;
	if (json_object_get_boolean(member(origin, "attempt")))
		event->flags |= EVENT_ATTEMPT;
	if (json_object_get_boolean(member(origin, "incomplete")))
		event->flags |= EVENT_INCOMPLETE;
	for (size_t i = 0; i < READING__COUNT; i++) {
		text = member_text(document->arena, resolved, names[i]);
		if (!text.data)
			return -ENOMEM;
		if (text.len)
			event->resolved[i] = VALUE_OF_STR(text);
	}
	return 0;
}

static int make_event(struct document *document, struct event **out)
{
	struct event *event = event_new(document->arena, document->slot_count);
	int rc;

	if (!event)
		return -ENOMEM;
	set_values(document, event);
	rc = set_time(document, event);
	if (rc)
		return rc;
	set_identity(event);
	event->serial = document->reader->serial;
	event->flags = EVENT_ATTEMPT;
	*out = event;
	return 0;
}

/* An event of an object that has been read; origin = the object that says how
 * the event came about, NULL = there is none. */
static int read_event(struct ecs_reader *reader, struct json_object *json,
		      struct json_object *origin, struct arena *arena,
		      struct event **out)
{
	struct document document = {
		.reader = reader,
		.arena = arena,
		.path = STRBUF_INIT(LIMIT_FIELD_NAME_BYTES),
		.slot_count = field_table_count(reader->fields),
	};
	struct event *event;
	int rc;

	document.pending = arena_array(arena, document.slot_count,
				       sizeof(*document.pending));
	rc = document.pending ? read_members(&document, json) : -ENOMEM;
	if (!rc)
		rc = make_event(&document, &event);
	if (!rc)
		rc = set_origin(&document, origin, event);
	if (!rc)
		*out = event;
	strbuf_free(&document.path);
	return rc;
}

static int read_document(struct ecs_reader *reader, struct str text,
			 struct json_object *json, struct arena *arena,
			 struct event **out)
{
	struct event *event;
	int rc = read_event(reader, json, member(json, "audisp_eql"), arena,
			    &event);

	if (rc)
		return rc;
	event->document = arena_str(arena, text);
	if (!event->document.data)
		return -ENOMEM;
	*out = event;
	return 0;
}

int ecs_parse(struct ecs_reader *reader, struct str text, struct arena *arena,
	      struct event **out)
{
	struct json_object *json = NULL;
	int rc;

	reader->serial++;
	rc = parse_json(reader, text, &json);
	if (!rc)
		rc = read_document(reader, text, json, arena, out);
	json_object_put(json);
	return rc;
}

static int read_stage(struct ecs_reader *reader, struct json_object *json,
		      struct arena *arena, struct event **out)
{
	if (!json_object_is_type(json, json_type_object))
		return fail(reader,
			    "audisp_eql.events is not a list of objects");
	if (json_object_get_boolean(member(json, "missing"))) {
		*out = NULL;
		return 0;
	}
	return read_event(reader, json, json, arena, out);
}

static int read_stages(struct ecs_reader *reader, struct json_object *list,
		       struct arena *arena, struct ecs_alert *alert)
{
	size_t count;
	int rc = 0;

	if (!list)
		return 0;
	if (!json_object_is_type(list, json_type_array))
		return fail(reader, "audisp_eql.events is not a list");
	count = json_object_array_length(list);
	if (count > LIMIT_STAGES)
		return fail(reader, "audisp_eql.events has more than %d",
			    LIMIT_STAGES);
	alert->events = arena_array(arena, count, sizeof(*alert->events));
	if (count && !alert->events)
		return -ENOMEM;
	for (size_t i = 0; i < count && !rc; i++)
		rc = read_stage(reader, json_object_array_get_idx(list, i),
				arena, &alert->events[i]);
	alert->event_count = count;
	return rc;
}

int ecs_parse_alert(struct ecs_reader *reader, struct str text,
		    struct arena *arena, struct ecs_alert *out)
{
	struct ecs_alert alert = { 0 };
	struct json_object *json = NULL;
	int rc;

	reader->serial++;
	rc = parse_json(reader, text, &json);
	if (!rc)
		rc = read_document(reader, text, json, arena, &alert.event);
	if (!rc)
		rc = read_stages(reader,
				 member(member(json, "audisp_eql"), "events"),
				 arena, &alert);
	if (!rc)
		*out = alert;
	json_object_put(json);
	return rc;
}
