/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <audisp-eql/event.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "util/arena.h"
#include "util/hash.h"

/* --- text and addresses ------------------------------------------------- */

int str_compare(struct str a, struct str b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len ? memcmp(a.data, b.data, len) : 0;

	return order ? order : (a.len > b.len) - (a.len < b.len);
}

struct str str_basename(struct str path)
{
	const char *slash = path.len ? memrchr(path.data, '/', path.len) : NULL;

	if (!slash)
		return path;
	slash++;
	return (struct str){ slash, path.len - (size_t)(slash - path.data) };
}

static const uint8_t v4_mapped[12] = { [10] = 0xff, [11] = 0xff };

int ip_parse(struct str text, struct ip *out)
{
	char copy[INET6_ADDRSTRLEN];
	struct ip ip;

	if (!text.len || text.len >= sizeof(copy) ||
	    memchr(text.data, '\0', text.len))
		return -EINVAL;
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	if (inet_pton(AF_INET, copy, ip.b + 12) == 1)
		memcpy(ip.b, v4_mapped, sizeof(v4_mapped));
	else if (inet_pton(AF_INET6, copy, ip.b) != 1)
		return -EINVAL;
	*out = ip;
	return 0;
}

size_t ip_format(const struct ip *ip, char out[IP_TEXT_MAX])
{
	if (!memcmp(ip->b, v4_mapped, sizeof(v4_mapped)))
		inet_ntop(AF_INET, ip->b + 12, out, IP_TEXT_MAX);
	else
		inet_ntop(AF_INET6, ip->b, out, IP_TEXT_MAX);
	return strlen(out);
}

/* --- values --------------------------------------------------------------- */

static const struct value null_value;

const struct value *value_items(const struct value *value, size_t *count)
{
	if (value->type == VALUE_LIST) {
		*count = value->list.count;
		return value->list.items;
	}
	*count = value->type != VALUE_NULL;
	return value;
}

static bool list_equal(const struct value *a, const struct value *b)
{
	if (a->list.count != b->list.count)
		return false;
	for (size_t i = 0; i < a->list.count; i++)
		if (!value_equal(&a->list.items[i], &b->list.items[i]))
			return false;
	return true;
}

bool value_equal(const struct value *a, const struct value *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case VALUE_NULL:
		return true;
	case VALUE_BOOL:
		return a->b == b->b;
	case VALUE_INT:
		return a->i == b->i;
	case VALUE_DOUBLE:
		/* by bits: a NaN key equals itself, 0.0 and -0.0 differ */
		return !memcmp(&a->d, &b->d, sizeof(a->d));
	case VALUE_STRING:
		return str_equal(a->s, b->s);
	case VALUE_IP:
		return !memcmp(&a->ip, &b->ip, sizeof(a->ip));
	case VALUE_LIST:
		return list_equal(a, b);
	}
	return false;
}

uint64_t value_hash(const struct value *value, const uint8_t seed[16])
{
	uint64_t hash = (uint64_t)value->type;

	switch (value->type) {
	case VALUE_NULL:
		return hash;
	case VALUE_BOOL:
		return hash_combine(hash, value->b);
	case VALUE_INT:
		return hash_combine(
			hash, hash_bytes(&value->i, sizeof(value->i), seed));
	case VALUE_DOUBLE:
		return hash_combine(
			hash, hash_bytes(&value->d, sizeof(value->d), seed));
	case VALUE_STRING:
		return hash_combine(
			hash, hash_bytes(value->s.data, value->s.len, seed));
	case VALUE_IP:
		return hash_combine(
			hash, hash_bytes(&value->ip, sizeof(value->ip), seed));
	case VALUE_LIST:
		for (size_t i = 0; i < value->list.count; i++)
			hash = hash_combine(
				hash, value_hash(&value->list.items[i], seed));
		return hash;
	}
	return hash;
}

/* --- fields --------------------------------------------------------------- */

struct field {
	struct str name;
	enum field_type type;
	unsigned int flags;
};

static const struct field fixed_fields[] = {
#define FIELD(id, name, type, flags) { STR(name), type, flags },
#include <audisp-eql/fields.def>
#undef FIELD
};

_Static_assert(sizeof(fixed_fields) / sizeof(fixed_fields[0]) == FIELD__COUNT,
	       "fields.def and enum field_id differ");

#define FIELDS_MAX (FIELD__COUNT + LIMIT_FIELDS)
/* a power of two, at most half full */
#define BUCKETS 16384

_Static_assert(BUCKETS >= 2 * FIELDS_MAX, "the field index is too small");

struct field_table {
	struct arena *arena; /* names beyond fields.def */
	struct field *fields;
	size_t count, capacity;
	uint16_t *index; /* slot + 1, 0 = free; open addressing */
};

/* The bucket of a name, or the free one where it would go. */
static size_t field_bucket(const struct field_table *table, struct str name)
{
	/* names come from rules and documents an administrator chose, and
	 * the table is half empty: a fixed seed will do */
	static const uint8_t seed[16];
	size_t bucket = hash_bytes(name.data, name.len, seed) % BUCKETS;

	while (table->index[bucket] &&
	       !str_equal(table->fields[table->index[bucket] - 1].name, name))
		bucket = (bucket + 1) % BUCKETS;
	return bucket;
}

int field_table_find(const struct field_table *table, struct str name)
{
	uint16_t entry = table->index[field_bucket(table, name)];

	return entry ? entry - 1 : -ENOENT;
}

/* Appends a field whose name will live as long as the table. */
static int field_append(struct field_table *table, const struct field *field)
{
	if (table->count == table->capacity) {
		size_t capacity = 2 * table->capacity;
		struct field *fields =
			reallocarray(table->fields, capacity, sizeof(*fields));

		if (!fields)
			return -ENOMEM;
		table->fields = fields;
		table->capacity = capacity;
	}
	table->fields[table->count] = *field;
	table->index[field_bucket(table, field->name)] =
		(uint16_t)++table->count;
	return (int)table->count - 1;
}

int field_table_add(struct field_table *table, struct str name,
		    enum field_type type)
{
	struct field field = { .type = type };
	int slot = field_table_find(table, name);

	if (slot >= 0)
		return slot;
	if (table->count >= FIELDS_MAX)
		return -E2BIG;
	field.name = arena_str(table->arena, name);
	if (!field.name.data)
		return -ENOMEM;
	return field_append(table, &field);
}

int field_table_new(struct field_table **out)
{
	struct field_table *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	table->arena = arena_new(0);
	table->capacity = 2 * FIELD__COUNT;
	table->fields = calloc(table->capacity, sizeof(*table->fields));
	table->index = calloc(BUCKETS, sizeof(*table->index));
	if (!table->arena || !table->fields || !table->index) {
		field_table_free(&table);
		return -ENOMEM;
	}
	for (size_t i = 0; i < FIELD__COUNT; i++)
		field_append(table, &fixed_fields[i]);
	*out = table;
	return 0;
}

void field_table_free(struct field_table **table)
{
	if (!*table)
		return;
	arena_free(&(*table)->arena);
	free((*table)->fields);
	free((*table)->index);
	free(*table);
	*table = NULL;
}

size_t field_table_count(const struct field_table *table)
{
	return table->count;
}

struct str field_table_name(const struct field_table *table, size_t slot)
{
	return table->fields[slot].name;
}

enum field_type field_table_type(const struct field_table *table, size_t slot)
{
	return table->fields[slot].type;
}

unsigned int field_table_flags(const struct field_table *table, size_t slot)
{
	return table->fields[slot].flags;
}

static const struct {
	struct str name;
	unsigned int bit;
} categories[] = {
	{ STR("process"), CATEGORY_PROCESS },
	{ STR("file"), CATEGORY_FILE },
	{ STR("network"), CATEGORY_NETWORK },
	{ STR("authentication"), CATEGORY_AUTHENTICATION },
	{ STR("iam"), CATEGORY_IAM },
	{ STR("session"), CATEGORY_SESSION },
	{ STR("driver"), CATEGORY_DRIVER },
	{ STR("configuration"), CATEGORY_CONFIGURATION },
};

unsigned int event_category_bit(struct str name)
{
	for (size_t i = 0; i < sizeof(categories) / sizeof(categories[0]); i++)
		if (str_equal(categories[i].name, name))
			return categories[i].bit;
	return CATEGORY_OTHER;
}

/* --- events --------------------------------------------------------------- */

struct event *event_new(struct arena *arena, size_t value_count)
{
	struct event *event = arena_alloc(arena, sizeof(*event));

	if (!event)
		return NULL;
	event->values = arena_array(arena, value_count, sizeof(struct value));
	event->value_count = value_count;
	return event->values ? event : NULL;
}

static size_t word_count(size_t value_count)
{
	return (value_count + EVENT_SLOTS_PER_WORD - 1) / EVENT_SLOTS_PER_WORD;
}

struct event *event_new_sparse(struct arena *arena, size_t value_count)
{
	struct event *event = arena_alloc(
		arena,
		sizeof(*event) + word_count(value_count) * sizeof(*event->set));

	if (!event)
		return NULL;
	event->set = (uint64_t *)(event + 1);
	event->value_count = value_count;
	event->values = arena_room(arena, value_count * sizeof(struct value));
	return event->values ? event : NULL;
}

/* Where a slot's resolved reading stands; READING__COUNT = it has none. */
static enum field_reading reading_of(size_t slot)
{
	switch (slot) {
#define READING(field, name) \
	case FIELD_##field: \
		return READING_##field;
#include <audisp-eql/readings.def>
#undef READING
	default:
		return READING__COUNT;
	}
}

/* --- fields left for later ------------------------------------------------ */

static void make_groups(struct event_rest *rest, uint32_t groups)
{
	for (; groups; groups &= groups - 1) {
		rest->left &= ~(groups & -groups);
		rest->make(rest, (unsigned int)__builtin_ctz(groups));
	}
}

/* Makes what some slots are left of. */
static inline void make_slot(const struct event *event, size_t slot)
{
	struct event_rest *rest = event->rest;

	if (rest && slot < FIELD__COUNT && rest->left & rest->bits[slot])
		make_groups(rest, rest->bits[slot]);
}

int event_complete(const struct event *event)
{
	struct event_rest *rest = event->rest;

	if (!rest)
		return 0;
	make_groups(rest, rest->left);
	return arena_failed(rest->arena) ? -ENOMEM : 0;
}

/* --- reading -------------------------------------------------------------- */

const struct value *event_value(const struct event *event, size_t slot,
				enum reading reading)
{
	make_slot(event, slot);
	if (reading == READING_RESOLVED) {
		enum field_reading index = reading_of(slot);

		if (index != READING__COUNT &&
		    event->resolved[index].type != VALUE_NULL)
			return &event->resolved[index];
	}
	if (slot >= event->value_count ||
	    (event->set && !(event->set[slot / EVENT_SLOTS_PER_WORD] >>
				     slot % EVENT_SLOTS_PER_WORD &
			     1)))
		return &null_value;
	return &event->values[slot];
}

bool event_has_readings(const struct event *event)
{
	static const size_t slots[READING__COUNT] = {
#define READING(field, name) FIELD_##field,
#include <audisp-eql/readings.def>
#undef READING
	};

	for (size_t i = 0; i < READING__COUNT; i++) {
		const struct value *invoked =
			event_value(event, slots[i], READING_INVOKED);

		if (event->resolved[i].type != VALUE_NULL &&
		    !value_equal(&event->resolved[i], invoked))
			return true;
	}
	return false;
}

size_t event_id_format(const struct event *event, char out[EVENT_ID_MAX])
{
	int64_t seconds = event->time_ns / NSEC_PER_SEC;
	int64_t ms = event->time_ns % NSEC_PER_SEC / NSEC_PER_MSEC;

	return (size_t)snprintf(out, EVENT_ID_MAX, "%lld.%03lld:%llu",
				(long long)seconds,
				(long long)(ms < 0 ? -ms : ms),
				(unsigned long long)event->serial);
}

/* --- kept events ---------------------------------------------------------- */

/*
 * A kept event is one allocation: header, values, elements of lists, records,
 * and behind them the bytes of all texts. A first walk counts them, a second one
 * copies.
 */
struct kept {
	unsigned int owners;
	size_t size;
	struct event event;
};

_Static_assert(!(sizeof(struct event) % alignof(struct value)) &&
		       !(sizeof(struct value) % alignof(struct str)),
	       "what stands behind a header is not aligned");

/* What of an event stands behind its header. */
struct extent {
	size_t items, bytes; /* elements of lists; of texts */
};

/* Where the next of each goes. */
struct packer {
	struct value *items;
	char *text;
};

static size_t extent_size(const struct event *event,
			  const struct extent *extent)
{
	return (event->value_count + extent->items) * sizeof(struct value) +
	       event->record_count * sizeof(struct str) + extent->bytes;
}

/* A bit for each of 64 slots from first on that has a value. */
static uint64_t word_of(const struct event *event, size_t first)
{
	uint64_t word = 0;

	if (event->set)
		return event->set[first / EVENT_SLOTS_PER_WORD];
	for (size_t i = 0;
	     i < EVENT_SLOTS_PER_WORD && first + i < event->value_count; i++)
		word |= (uint64_t)(event->values[first + i].type != VALUE_NULL)
			<< i;
	return word;
}

static inline void measure_value(const struct value *value,
				 struct extent *extent)
{
	if (value->type == VALUE_STRING)
		extent->bytes += value->s.len;
	if (value->type != VALUE_LIST)
		return;
	extent->items += value->list.count;
	for (size_t i = 0; i < value->list.count; i++)
		if (value->list.items[i].type == VALUE_STRING)
			extent->bytes += value->list.items[i].s.len;
}

static void measure_event(const struct event *event, struct extent *extent)
{
	*extent = (struct extent){
		.bytes =
			event->host.len + event->node.len + event->document.len,
	};
	for (size_t first = 0; first < event->value_count;
	     first += EVENT_SLOTS_PER_WORD)
		for (uint64_t word = word_of(event, first); word;
		     word &= word - 1)
			measure_value(
				&event->values[first +
					       (size_t)__builtin_ctzll(word)],
				extent);
	for (size_t i = 0; i < READING__COUNT; i++)
		measure_value(&event->resolved[i], extent);
	for (size_t i = 0; i < event->record_count; i++)
		extent->bytes += event->records[i].len;
}

static inline struct str pack_str(struct packer *packer, struct str text)
{
	struct str copy = { packer->text, text.len };

	if (text.len)
		memcpy(packer->text, text.data, text.len);
	packer->text += text.len;
	return copy;
}

static inline void pack_scalar(struct packer *packer, const struct value *value,
			       struct value *copy)
{
	*copy = *value;
	if (value->type == VALUE_STRING)
		copy->s = pack_str(packer, value->s);
}

static inline void pack_value(struct packer *packer, const struct value *value,
			      struct value *copy)
{
	struct value *items = packer->items;

	pack_scalar(packer, value, copy);
	if (value->type != VALUE_LIST)
		return;
	packer->items += value->list.count;
	for (size_t i = 0; i < value->list.count; i++)
		pack_scalar(packer, &value->list.items[i], &items[i]);
	copy->list.items = items;
}

static void pack_values(struct packer *packer, const struct event *event,
			struct event *copy)
{
	for (size_t i = 0; i < event->value_count; i++)
		copy->values[i].type = VALUE_NULL;
	for (size_t first = 0; first < event->value_count;
	     first += EVENT_SLOTS_PER_WORD) {
		uint64_t word = word_of(event, first);

		for (; word; word &= word - 1) {
			size_t i = first + (size_t)__builtin_ctzll(word);

			pack_value(packer, &event->values[i], &copy->values[i]);
		}
	}
	for (size_t i = 0; i < READING__COUNT; i++)
		pack_value(packer, &event->resolved[i], &copy->resolved[i]);
}

/* Into a header that has as much room behind it as was measured. */
static void pack_event(const struct event *event, const struct extent *extent,
		       struct event *copy)
{
	struct value *values = (struct value *)(copy + 1);
	struct value *items = values + event->value_count;
	struct str *records = (struct str *)(items + extent->items);
	struct packer packer = { items,
				 (char *)(records + event->record_count) };

	*copy = *event;
	copy->rest = NULL;
	copy->set = NULL;
	copy->values = values;
	pack_values(&packer, event, copy);
	copy->host = pack_str(&packer, event->host);
	copy->node = pack_str(&packer, event->node);
	copy->document = pack_str(&packer, event->document);
	for (size_t i = 0; i < event->record_count; i++)
		records[i] = pack_str(&packer, event->records[i]);
	copy->records = records;
}

static struct kept *kept_of(const struct event *event)
{
	return (struct kept *)((char *)event - offsetof(struct kept, event));
}

struct event *event_keep(const struct event *event, size_t *size)
{
	struct extent extent;
	struct kept *kept;
	size_t bytes;

	if (event_complete(event))
		return NULL;
	measure_event(event, &extent);
	bytes = sizeof(*kept) + extent_size(event, &extent);
	kept = malloc(bytes);
	if (!kept)
		return NULL;
	kept->owners = 1;
	kept->size = bytes;
	pack_event(event, &extent, &kept->event);
	*size = bytes;
	return &kept->event;
}

struct event *event_copy(const struct event *event, struct arena *arena)
{
	struct extent extent;
	struct event *copy;

	if (event_complete(event))
		return NULL;
	measure_event(event, &extent);
	copy = arena_room(arena, sizeof(*copy) + extent_size(event, &extent));
	if (copy)
		pack_event(event, &extent, copy);
	return copy;
}

struct event *event_hold(struct event *kept)
{
	kept_of(kept)->owners++;
	return kept;
}

size_t event_release(struct event **kept)
{
	struct kept *owned;
	size_t freed = 0;

	if (!*kept)
		return 0;
	owned = kept_of(*kept);
	if (!--owned->owners) {
		freed = owned->size;
		free(owned);
	}
	*kept = NULL;
	return freed;
}

size_t event_kept_size(const struct event *kept)
{
	return kept_of(kept)->size;
}
