/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events, values and fields: what normalize makes and all the rest reads.
 *
 * An event is the ECS view of all audit records that share one
 * (node, time, serial). Its values stand in an array indexed by field slot.
 * The rows of fields.def have fixed slots (FIELD_*); names that only a rule or
 * an ECS document knows get slots behind them when the rule set is compiled.
 *
 * Text is bytes with a length: it comes from the log, is hostile, need not be
 * UTF-8, and is never NUL-terminated by assumption.
 *
 * Everything an event points to lives in the arena it was made in, until that
 * arena is reset. event_keep() makes a copy that stands on its own.
 */
#ifndef AUDISP_EQL_EVENT_H
#define AUDISP_EQL_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct arena;

#define NSEC_PER_MSEC 1000000LL
#define NSEC_PER_SEC 1000000000LL

/* Stamps come from outside and may be anything: sums end at the limits. */
static inline int64_t time_add(int64_t a, int64_t b)
{
	int64_t sum;

	if (!__builtin_add_overflow(a, b, &sum))
		return sum;
	return b < 0 ? INT64_MIN : INT64_MAX;
}

static inline int64_t time_sub(int64_t a, int64_t b)
{
	int64_t difference;

	if (!__builtin_sub_overflow(a, b, &difference))
		return difference;
	return b < 0 ? INT64_MAX : INT64_MIN;
}

/* Borrowed bytes. data may be NULL when len is 0. */
struct str {
	const char *data;
	size_t len;
};

#define STR(literal) ((struct str){ "" literal, sizeof(literal) - 1 })
#define STR_ARG(s) (int)(s).len, (s).data /* for %.*s, trusted text only */

/* A NUL-terminated string as a struct str; NULL gives the empty one. */
static inline struct str str_from(const char *text)
{
	return (struct str){ text, text ? strlen(text) : 0 };
}

static inline bool str_equal(struct str a, struct str b)
{
	return a.len == b.len && (!a.len || !memcmp(a.data, b.data, a.len));
}

static inline bool str_begins(struct str text, struct str with)
{
	return text.len >= with.len &&
	       (!with.len || !memcmp(text.data, with.data, with.len));
}

/* <0, 0, >0 in byte order, a prefix before its extension. */
int str_compare(struct str a, struct str b);
/* The part after the last '/'; the whole where there is none. */
struct str str_basename(struct str path);

/* An address; IPv4 is kept as its v4-mapped IPv6 form (::ffff:a.b.c.d). */
struct ip {
	uint8_t b[16];
};

#define IP_TEXT_MAX 46

/* Parses a textual IPv4 or IPv6 address. 0, or -EINVAL. */
int ip_parse(struct str text, struct ip *out);
/* Writes a.b.c.d for v4-mapped addresses, IPv6 text else; returns length. */
size_t ip_format(const struct ip *ip, char out[IP_TEXT_MAX]);

enum value_type {
	VALUE_NULL,
	VALUE_BOOL,
	VALUE_INT,
	VALUE_DOUBLE,
	VALUE_STRING,
	VALUE_IP,
	VALUE_LIST, /* of non-list values; nested lists are flattened */
};

struct value {
	enum value_type type;
	union {
		bool b;
		int64_t i;
		double d;
		struct str s;
		struct ip ip;
		struct {
			const struct value *items;
			size_t count;
		} list;
	};
};

#define VALUE_OF_INT(x) ((struct value){ .type = VALUE_INT, .i = (x) })
#define VALUE_OF_BOOL(x) ((struct value){ .type = VALUE_BOOL, .b = (x) })
#define VALUE_OF_STR(x) ((struct value){ .type = VALUE_STRING, .s = (x) })

/* Exact equality by type and content, case-sensitive; lists by element. */
bool value_equal(const struct value *a, const struct value *b);
/* A seeded hash of type and content. */
uint64_t value_hash(const struct value *value, const uint8_t seed[16]);
/*
 * The non-null elements of a value as a plain array: none for null, the value
 * itself for a scalar. *count receives how many the array has, nulls within a
 * list included: skip those.
 */
const struct value *value_items(const struct value *value, size_t *count);

enum field_type {
	FIELD_KEYWORD,
	FIELD_LONG,
	FIELD_DOUBLE,
	FIELD_BOOL,
	FIELD_IP,
	FIELD_DATE, /* VALUE_INT, milliseconds since the epoch */
	FIELD_VERSION,
};

enum field_flag {
	/* has an invoked and a resolved reading, see enum reading */
	FIELD_READING = 1,
};

enum field_id {
#define FIELD(id, name, type, flags) FIELD_##id,
#include <audisp-eql/fields.def>
#undef FIELD
	FIELD__COUNT,
};

/* Fields with two readings; event_value() maps slots to these. */
enum field_reading {
#define READING(field, name) READING_##field,
#include <audisp-eql/readings.def>
#undef READING
	READING__COUNT,
};

/*
 * A name has two readings: as the program was invoked (the path given to
 * execve, as given) and as the kernel resolved it (exe=, without
 * " (deleted)"). A condition is evaluated under one of them at a time; they
 * are never mixed and never a list.
 */
enum reading {
	READING_INVOKED,
	READING_RESOLVED,
};

/*
 * Name -> slot and type. New tables hold the rows of fields.def. Slots never
 * change once given out.
 */
struct field_table;

int field_table_new(struct field_table **out);
void field_table_free(struct field_table **table);
/* The slot, or -ENOENT. */
int field_table_find(const struct field_table *table, struct str name);
/*
 * The slot of name, added with this type where it is new (an existing one
 * keeps its type). -ENOMEM, or -E2BIG beyond LIMIT_FIELDS.
 */
int field_table_add(struct field_table *table, struct str name,
		    enum field_type type);
size_t field_table_count(const struct field_table *table);
struct str field_table_name(const struct field_table *table, size_t slot);
enum field_type field_table_type(const struct field_table *table, size_t slot);
/* FIELD_* flags of fields.def; 0 for slots behind it. */
unsigned int field_table_flags(const struct field_table *table, size_t slot);

/* Bits of event.category, for a stage's quick look. */
enum event_category {
	CATEGORY_PROCESS = 1 << 0,
	CATEGORY_FILE = 1 << 1,
	CATEGORY_NETWORK = 1 << 2,
	CATEGORY_AUTHENTICATION = 1 << 3,
	CATEGORY_IAM = 1 << 4,
	CATEGORY_SESSION = 1 << 5,
	CATEGORY_DRIVER = 1 << 6,
	CATEGORY_CONFIGURATION = 1 << 7,
	CATEGORY_OTHER = 1 << 8, /* compare event.category itself */
};

/* The bit of a category's name; CATEGORY_OTHER where it has none. */
unsigned int event_category_bit(struct str name);

enum event_flag {
	/* an attempt (connect, sendto): counts when the call began; all other
	 * events are accomplished and count when the call ended */
	EVENT_ATTEMPT = 1 << 0,
	/* records of it were missing (no SYSCALL, item count, argc) */
	EVENT_INCOMPLETE = 1 << 1,
};

/*
 * Who makes an event may leave fields of it to be made when somebody asks for
 * them: most events are asked for few. They come in groups, and nobody sees the
 * difference who reads by event_value().
 */
struct event_rest {
	uint32_t left; /* bits of the groups that are not made yet */
	const uint32_t
		*bits; /* of each fixed slot its group's; 0 = it has none */
	/* makes a group by event_set(); that it had no memory for it shows in the
	 * arena */
	void (*make)(struct event_rest *rest, unsigned int group);
	const struct arena *arena;
};

#define EVENT_SLOTS_PER_WORD 64 /* of event->set */

struct event {
	int64_t time_ns; /* since the epoch, as stamped: when the call began */
	uint64_t serial; /* audit serial; the line number for ECS input */
	struct str host; /* host.id, never empty */
	struct str node; /* node= of the records, empty where there was none */
	unsigned int categories; /* enum event_category */
	unsigned int flags; /* enum event_flag */
	uint32_t charge_uid; /* login uid, uid where unset: who pays memory */
	size_t value_count; /* slots at and beyond it are null */
	struct value *values; /* by field slot, invoked reading */
	/* of each slot a bit, whether it has a value; NULL = null values say it.
	 * Where it is given, read by event_value() only; copies have none */
	uint64_t *set;
	struct value resolved[READING__COUNT];
	size_t record_count;
	const struct str *records; /* raw, without newline and enrichment */
	struct str document; /* ECS input: the JSON as it came; else empty */
	struct event_rest *rest; /* NULL = all of it is made */
};

/* Which event, told in little room. All zero = none. */
struct event_mark {
	uint64_t node_hash, serial;
	int64_t time_ns;
};

static inline bool event_mark_equal(const struct event_mark *a,
				    const struct event_mark *b)
{
	return a->node_hash == b->node_hash && a->serial == b->serial &&
	       a->time_ns == b->time_ns;
}

/* A blank event with room for value_count slots. NULL = out of memory. */
struct event *event_new(struct arena *arena, size_t value_count);
/* The same, quickly: its values are what event->set says. */
struct event *event_new_sparse(struct arena *arena, size_t value_count);
/* The value of a slot under a reading; a static null where it has none. */
const struct value *event_value(const struct event *event, size_t slot,
				enum reading reading);
static inline void event_set(struct event *event, size_t slot,
			     struct value value)
{
	if (slot >= event->value_count)
		return;
	event->values[slot] = value;
	if (event->set)
		event->set[slot / EVENT_SLOTS_PER_WORD] |=
			1ULL << slot % EVENT_SLOTS_PER_WORD;
}

/*
 * Makes all that was left, while what it is made of still stands: before the
 * next event. For who goes past event_value(); copies are whole. 0 or -ENOMEM,
 * also where a field asked for before could not be made.
 */
int event_complete(const struct event *event);
/* Whether the two readings of any field differ. */
bool event_has_readings(const struct event *event);
/* "sec.mmm:serial", as ausearch -a wants the serial. Returns the length. */
#define EVENT_ID_MAX 48
size_t event_id_format(const struct event *event, char out[EVENT_ID_MAX]);

/* A whole copy in another arena. NULL = out of memory. */
struct event *event_copy(const struct event *event, struct arena *arena);

/*
 * A counted copy in one allocation, for who needs an event beyond its arena.
 * *size receives the bytes charged. event_hold() adds an owner,
 * event_release() takes one away and frees with the last; it returns the bytes
 * freed, 0 where there are other owners.
 */
struct event *event_keep(const struct event *event, size_t *size);
struct event *event_hold(struct event *kept);
size_t event_release(struct event **kept);
size_t event_kept_size(const struct event *kept);

#endif
