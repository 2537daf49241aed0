/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "codec.h"

#include <string.h>

#include "../limits.h"

/* --- ordinals ------------------------------------------------------------ */

void write_ordinal(struct strbuf *out, struct ordinal ordinal)
{
	write_u64(out, (uint64_t)ordinal.time_ns);
	write_u64(out, ordinal.serial);
}

struct ordinal read_ordinal(struct reader *reader)
{
	struct ordinal ordinal;

	ordinal.time_ns = read_i64(reader);
	ordinal.serial = read_u64(reader);
	return ordinal;
}

/* --- values --------------------------------------------------------------- */

static void write_double(struct strbuf *out, double number)
{
	uint64_t bits;

	memcpy(&bits, &number, sizeof(bits));
	write_u64(out, bits);
}

static void write_scalar(struct strbuf *out, const struct value *value)
{
	write_u8(out, (uint8_t)value->type);
	switch (value->type) {
	case VALUE_BOOL:
		write_u8(out, value->b);
		break;
	case VALUE_INT:
		write_u64(out, (uint64_t)value->i);
		break;
	case VALUE_DOUBLE:
		write_double(out, value->d);
		break;
	case VALUE_STRING:
		write_str(out, value->s);
		break;
	case VALUE_IP:
		strbuf_add(out, &value->ip, sizeof(value->ip));
		break;
	case VALUE_NULL:
	case VALUE_LIST:
		break;
	}
}

static void write_value(struct strbuf *out, const struct value *value)
{
	write_scalar(out, value);
	if (value->type != VALUE_LIST)
		return;
	write_u32(out, (uint32_t)value->list.count);
	for (size_t i = 0; i < value->list.count; i++)
		write_scalar(out, &value->list.items[i]);
}

static double read_double(struct reader *reader)
{
	uint64_t bits = read_u64(reader);
	double number;

	memcpy(&number, &bits, sizeof(number));
	return number;
}

static struct value read_scalar(struct reader *reader)
{
	struct value value = { .type = (enum value_type)read_u8(reader) };

	switch (value.type) {
	case VALUE_NULL:
		break;
	case VALUE_BOOL:
		value.b = read_u8(reader) != 0;
		break;
	case VALUE_INT:
		value.i = read_i64(reader);
		break;
	case VALUE_DOUBLE:
		value.d = read_double(reader);
		break;
	case VALUE_STRING:
		value.s = read_str(reader);
		break;
	case VALUE_IP:
		read_bytes(reader, &value.ip, sizeof(value.ip));
		break;
	default: /* a list within a list, or nonsense */
		reader->bad = true;
		value.type = VALUE_NULL;
	}
	return value;
}

/* *starved: there is no memory for it. */
static struct value read_value(struct reader *reader, struct arena *arena,
			       bool *starved)
{
	struct value value = { .type = VALUE_LIST };
	struct value *items;

	if (reader->at == reader->end || *reader->at != VALUE_LIST)
		return read_scalar(reader);
	reader->at++;
	value.list.count = read_count(reader, 1);
	if (value.list.count > LIMIT_ARGS)
		reader->bad = true;
	items = reader->bad
			? NULL
			: arena_array(arena, value.list.count, sizeof(*items));
	if (!items) {
		*starved |= !reader->bad;
		return (struct value){ 0 };
	}
	for (size_t i = 0; i < value.list.count; i++)
		items[i] = read_scalar(reader);
	value.list.items = items;
	return value;
}

/* --- events --------------------------------------------------------------- */

static void write_values(struct strbuf *out, const struct event *event)
{
	uint32_t count = 0;

	for (size_t i = 0; i < event->value_count; i++)
		count += event->values[i].type != VALUE_NULL;
	write_u32(out, count);
	for (size_t i = 0; i < event->value_count; i++) {
		if (event->values[i].type == VALUE_NULL)
			continue;
		write_u32(out, (uint32_t)i);
		write_value(out, &event->values[i]);
	}
	for (size_t i = 0; i < READING__COUNT; i++)
		write_value(out, &event->resolved[i]);
}

void write_event(struct strbuf *out, const struct event *event)
{
	write_u64(out, (uint64_t)event->time_ns);
	write_u64(out, event->serial);
	write_str(out, event->host);
	write_str(out, event->node);
	write_u32(out, event->categories);
	write_u32(out, event->flags);
	write_u32(out, event->charge_uid);
	write_values(out, event);
	write_u32(out, (uint32_t)event->record_count);
	for (size_t i = 0; i < event->record_count; i++)
		write_str(out, event->records[i]);
	write_str(out, event->document);
}

static void read_values(struct reader *reader, const struct slot_map *map,
			struct event *event, struct arena *arena, bool *starved)
{
	uint32_t count = read_count(reader, 5);

	for (uint32_t i = 0; i < count && !reader->bad; i++) {
		uint32_t index = read_index(reader, map->count);
		struct value value = read_value(reader, arena, starved);

		if (!reader->bad && map->slots[index] >= 0)
			event_set(event, (size_t)map->slots[index], value);
	}
	for (size_t i = 0; i < READING__COUNT; i++)
		event->resolved[i] = read_value(reader, arena, starved);
}

static void read_records(struct reader *reader, struct event *event,
			 struct arena *arena, bool *starved)
{
	uint32_t count = read_count(reader, 4);
	struct str *records = arena_array(arena, count, sizeof(*records));

	if (!records) {
		*starved = true;
		return;
	}
	for (uint32_t i = 0; i < count; i++)
		records[i] = read_str(reader);
	event->records = records;
	event->record_count = count;
}

struct event *read_event(struct reader *reader, const struct slot_map *map,
			 struct arena *arena)
{
	struct event *event = event_new(arena, map->value_count);
	bool starved = false;

	if (!event)
		return NULL;
	event->time_ns = read_i64(reader);
	event->serial = read_u64(reader);
	event->host = read_str(reader);
	event->node = read_str(reader);
	event->categories = read_u32(reader);
	event->flags = read_u32(reader);
	event->charge_uid = read_u32(reader);
	read_values(reader, map, event, arena, &starved);
	read_records(reader, event, arena, &starved);
	event->document = read_str(reader);
	/* what was not read is not bad for that */
	if (starved)
		reader->bad = false;
	return starved || reader->bad ? NULL : event;
}
