/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <audisp-eql/event.h>

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "limits.h"
#include "util/arena.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define assert_str(actual, literal) assert_str_equal(actual, STR(literal))

static void assert_str_equal(struct str actual, struct str expected)
{
	if (!str_equal(actual, expected))
		fail_msg("\"%.*s\" is not \"%.*s\"", STR_ARG(actual),
			 STR_ARG(expected));
}

/* The same numbers in every run: what fails once fails again. */
static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(*state >> 32);
}

static const uint8_t seed_a[16] = { 1 }, seed_b[16] = { 2 };
static const struct str no_text = { NULL, 0 };

/* --- text ----------------------------------------------------------------- */

static void test_str(void **state)
{
	static const struct {
		struct str a, b;
		int order;
	} cases[] = {
		{ STR(""), STR(""), 0 },	  { STR(""), { NULL, 0 }, 0 },
		{ STR(""), STR("a"), -1 },	  { STR("a"), STR("b"), -1 },
		{ STR("ab"), STR("abc"), -1 },	  { STR("b"), STR("abc"), 1 },
		{ STR("a"), STR("\xff"), -1 },	  { STR("a"), STR("A"), 1 },
		{ STR("a\0b"), STR("a\0c"), -1 }, { STR("a\0"), STR("a"), 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int forth = str_compare(cases[i].a, cases[i].b);
		int back = str_compare(cases[i].b, cases[i].a);

		assert_int_equal((forth > 0) - (forth < 0), cases[i].order);
		assert_int_equal((back > 0) - (back < 0), -cases[i].order);
		assert_int_equal(str_equal(cases[i].a, cases[i].b),
				 !cases[i].order);
	}
	assert_str(str_from("abc"), "abc");
	assert_int_equal(str_from(NULL).len, 0);
}

static void test_basename(void **state)
{
	(void)state;
	assert_str(str_basename(STR("/usr/bin/gcc")), "gcc");
	assert_str(str_basename(STR("gcc")), "gcc");
	assert_str(str_basename(STR("./a")), "a");
	assert_str(str_basename(STR("/")), "");
	assert_str(str_basename(STR("a/")), "");
	assert_str(str_basename(STR("a\0/b\0c")), "b\0c");
	assert_str(str_basename(no_text), "");
}

/* --- addresses ------------------------------------------------------------ */

/* Parses bytes that nothing follows, so that a read beyond them is seen. */
static int parse_exact(struct str text, struct ip *out)
{
	char *copy = malloc(text.len ? text.len : 1);
	int rc;

	memcpy(copy, text.data, text.len);
	rc = ip_parse((struct str){ copy, text.len }, out);
	free(copy);
	return rc;
}

static void test_ip_accept(void **state)
{
	static const struct {
		struct str text, formatted;
	} cases[] = {
		{ STR("0.0.0.0"), STR("0.0.0.0") },
		{ STR("192.0.2.255"), STR("192.0.2.255") },
		{ STR("::ffff:192.0.2.1"), STR("192.0.2.1") },
		{ STR("::FFFF:c000:201"), STR("192.0.2.1") },
		{ STR("::"), STR("::") },
		{ STR("::1"), STR("::1") },
		{ STR("2001:DB8:0:0:0:0:0:1"), STR("2001:db8::1") },
		{ STR("1111:2222:3333:4444:5555:6666:255.255.255.255"),
		  STR("1111:2222:3333:4444:5555:6666:ffff:ffff") },
		{ STR("1111:2222:3333:4444:5555:6666:7777:8888"),
		  STR("1111:2222:3333:4444:5555:6666:7777:8888") },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[IP_TEXT_MAX];
		struct ip ip, again;
		size_t len;

		assert_int_equal(parse_exact(cases[i].text, &ip), 0);
		len = ip_format(&ip, text);
		assert_str_equal((struct str){ text, len }, cases[i].formatted);
		assert_int_equal(parse_exact(cases[i].formatted, &again), 0);
		assert_memory_equal(&ip, &again, sizeof(ip));
	}
}

static void test_ip_reject(void **state)
{
	static const struct str texts[] = {
		STR(""),
		STR(" "),
		STR("1.2.3"),
		STR("1.2.3.4.5"),
		STR("1.2.3.256"),
		STR("1.2.3.4 "),
		STR(" 1.2.3.4"),
		STR("01.2.3.4"),
		STR("1.2.3.4\0"),
		STR("1.2.3.4\0x"),
		STR("0x1.2.3.4"),
		STR("::1%lo"),
		STR("::1/128"),
		STR("[::1]"),
		STR(":::"),
		STR("1::2::3"),
		STR("12345::"),
		STR("::1.2.3"),
		STR("\xff"),
		STR("localhost"),
		STR("1111:2222:3333:4444:5555:6666:7777:8888:9999"),
		STR("0000:0000:0000:0000:0000:0000:255.255.255.2555"),
	};
	struct ip ip, before;

	(void)state;
	memset(&ip, 0x5a, sizeof(ip));
	before = ip;
	for (size_t i = 0; i < COUNT(texts); i++) {
		assert_int_equal(parse_exact(texts[i], &ip), -EINVAL);
		assert_memory_equal(&ip, &before, sizeof(ip));
	}
	assert_int_equal(ip_parse(no_text, &ip), -EINVAL);
}

static void test_ip_random(void **state)
{
	uint64_t seed = 9;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char text[IP_TEXT_MAX];
		struct ip ip, back;
		size_t len;

		for (size_t k = 0; k < sizeof(ip.b); k++)
			ip.b[k] = next_random(&seed) % 3
					  ? 0
					  : (uint8_t)next_random(&seed);
		if (i % 4 == 0)
			memset(ip.b + 10, 0xff, 2);
		len = ip_format(&ip, text);
		assert_true(len < IP_TEXT_MAX);
		assert_int_equal(parse_exact((struct str){ text, len }, &back),
				 0);
		assert_memory_equal(&ip, &back, sizeof(ip));
	}
}

/* --- values --------------------------------------------------------------- */

static struct value value_of_double(double number)
{
	return (struct value){ .type = VALUE_DOUBLE, .d = number };
}

static struct value value_of_ip(const char *text)
{
	struct value value = { .type = VALUE_IP };

	assert_int_equal(ip_parse(str_from(text), &value.ip), 0);
	return value;
}

static struct value value_of_list(const struct value *items, size_t count)
{
	struct value value = { .type = VALUE_LIST };

	value.list.items = items;
	value.list.count = count;
	return value;
}

/* Values that all differ; lists borrow from the values before them. */
#define DISTINCT_COUNT 23

static void make_distinct(struct value out[DISTINCT_COUNT])
{
	size_t n = 0;

	out[n++] = (struct value){ 0 };
	out[n++] = VALUE_OF_BOOL(false);
	out[n++] = VALUE_OF_BOOL(true);
	out[n++] = VALUE_OF_INT(0);
	out[n++] = VALUE_OF_INT(1);
	out[n++] = VALUE_OF_INT(INT64_MIN);
	out[n++] = value_of_double(0.0);
	out[n++] = value_of_double(-0.0);
	out[n++] = value_of_double(1.0);
	out[n++] = value_of_double(NAN);
	out[n++] = VALUE_OF_STR(STR(""));
	out[n++] = VALUE_OF_STR(STR("a"));
	out[n++] = VALUE_OF_STR(STR("A"));
	out[n++] = VALUE_OF_STR(STR("a\0"));
	out[n++] = VALUE_OF_STR(STR("192.0.2.1"));
	out[n++] = value_of_ip("192.0.2.1");
	out[n++] = value_of_ip("::1");
	out[n++] = value_of_list(NULL, 0);
	out[n++] = value_of_list(&out[11], 1);
	out[n++] = value_of_list(&out[11], 2);
	out[n++] = value_of_list(&out[12], 1);
	out[n++] = value_of_list(&out[12], 2);
	out[n++] = value_of_list(&out[0], 1);
	assert_int_equal(n, DISTINCT_COUNT);
}

static void test_value_equal(void **state)
{
	struct value a[DISTINCT_COUNT], b[DISTINCT_COUNT];
	char letter[] = "a";

	(void)state;
	make_distinct(a);
	make_distinct(b);
	/* equal by content, not by where it stands */
	b[11].s.data = letter;
	for (size_t i = 0; i < DISTINCT_COUNT; i++) {
		for (size_t k = 0; k < DISTINCT_COUNT; k++) {
			if (value_equal(&a[i], &b[k]) != (i == k))
				fail_msg("values %zu and %zu", i, k);
			if ((value_hash(&a[i], seed_a) ==
			     value_hash(&b[k], seed_a)) != (i == k))
				fail_msg("hashes of %zu and %zu", i, k);
		}
	}
}

/* Whoever chooses texts, numbers and addresses cannot choose hashes. */
static void test_value_hash_seeded(void **state)
{
	struct value values[DISTINCT_COUNT];

	(void)state;
	make_distinct(values);
	for (size_t i = 3; i <= 16; i++)
		assert_true(value_hash(&values[i], seed_a) !=
			    value_hash(&values[i], seed_b));
}

static void test_value_items(void **state)
{
	struct value values[DISTINCT_COUNT];
	size_t count = 99;

	(void)state;
	make_distinct(values);
	value_items(&values[0], &count);
	assert_int_equal(count, 0);
	assert_ptr_equal(value_items(&values[4], &count), &values[4]);
	assert_int_equal(count, 1);
	assert_ptr_equal(value_items(&values[19], &count), &values[11]);
	assert_int_equal(count, 2);
	value_items(&values[17], &count);
	assert_int_equal(count, 0);
}

/* --- fields --------------------------------------------------------------- */

static const struct {
	enum field_id slot;
	struct str name;
	enum field_type type;
	unsigned int flags;
} rows[] = {
#define FIELD(id, name, type, flags) { FIELD_##id, STR(name), type, flags },
#include <audisp-eql/fields.def>
#undef FIELD
};

/* In byte order, so that a newcomer knows where a row goes and
 * no name stands twice. */
static void test_fields_sorted(void **state)
{
	(void)state;
	assert_int_equal(COUNT(rows), FIELD__COUNT);
	for (size_t i = 1; i < COUNT(rows); i++)
		if (str_compare(rows[i - 1].name, rows[i].name) >= 0)
			fail_msg("%.*s is not sorted", STR_ARG(rows[i].name));
}

static void test_fields_fixed(void **state)
{
	struct field_table *table = NULL;

	(void)state;
	assert_int_equal(field_table_new(&table), 0);
	assert_int_equal(field_table_count(table), FIELD__COUNT);
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(rows[i].slot, i);
		assert_int_equal(field_table_find(table, rows[i].name), i);
		assert_str_equal(field_table_name(table, i), rows[i].name);
		assert_int_equal(field_table_type(table, i), rows[i].type);
		assert_int_equal(field_table_flags(table, i), rows[i].flags);
	}
	assert_int_equal(field_table_find(table, STR("process.nam")), -ENOENT);
	assert_int_equal(field_table_find(table, STR("Process.name")), -ENOENT);
	assert_int_equal(field_table_find(table, no_text), -ENOENT);
	field_table_free(&table);
	assert_null(table);
	field_table_free(&table);
}

static void test_fields_add(void **state)
{
	struct field_table *table = NULL;
	char name[] = "my.field";

	(void)state;
	assert_int_equal(field_table_new(&table), 0);
	assert_int_equal(field_table_add(table, str_from(name), FIELD_IP),
			 FIELD__COUNT);
	/* the table has a name of its own */
	memset(name, 'x', strlen(name));
	assert_int_equal(field_table_find(table, STR("my.field")),
			 FIELD__COUNT);
	assert_str(field_table_name(table, FIELD__COUNT), "my.field");
	assert_int_equal(field_table_flags(table, FIELD__COUNT), 0);
	/* known names keep slot and type */
	assert_int_equal(field_table_add(table, STR("my.field"), FIELD_LONG),
			 FIELD__COUNT);
	assert_int_equal(field_table_type(table, FIELD__COUNT), FIELD_IP);
	assert_int_equal(field_table_add(table, STR("process.pid"), FIELD_IP),
			 FIELD_PROCESS_PID);
	assert_int_equal(field_table_type(table, FIELD_PROCESS_PID),
			 FIELD_LONG);
	assert_int_equal(field_table_count(table), FIELD__COUNT + 1);
	field_table_free(&table);
}

static struct str number_name(size_t number, char out[32])
{
	return (struct str){ out, (size_t)snprintf(out, 32, "f.%zu", number) };
}

static void test_fields_limit(void **state)
{
	struct field_table *table = NULL;
	char text[32];

	(void)state;
	assert_int_equal(field_table_new(&table), 0);
	for (size_t i = 0; i < LIMIT_FIELDS; i++)
		assert_int_equal(field_table_add(table, number_name(i, text),
						 FIELD_KEYWORD),
				 FIELD__COUNT + i);
	assert_int_equal(field_table_add(table, STR("more"), FIELD_KEYWORD),
			 -E2BIG);
	assert_int_equal(field_table_count(table), FIELD__COUNT + LIMIT_FIELDS);
	assert_int_equal(field_table_find(table, STR("more")), -ENOENT);
	/* all that are in it are still found, and can be added again */
	for (size_t i = 0; i < LIMIT_FIELDS; i++)
		assert_int_equal(field_table_add(table, number_name(i, text),
						 FIELD_KEYWORD),
				 FIELD__COUNT + i);
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(field_table_find(table, rows[i].name), i);
	field_table_free(&table);
}

static void test_category_bit(void **state)
{
	static const struct str names[] = {
		STR("process"),	       STR("file"),	     STR("network"),
		STR("authentication"), STR("iam"),	     STR("session"),
		STR("driver"),	       STR("configuration"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		assert_int_equal(event_category_bit(names[i]), 1U << i);
	assert_int_equal(event_category_bit(STR("dns")), CATEGORY_OTHER);
	assert_int_equal(event_category_bit(STR("files")), CATEGORY_OTHER);
	assert_int_equal(event_category_bit(no_text), CATEGORY_OTHER);
}

/* --- events --------------------------------------------------------------- */

static const struct {
	size_t slot;
	enum field_reading reading;
} readings[READING__COUNT] = {
#define READING(field, name) { FIELD_##field, READING_##field },
#include <audisp-eql/readings.def>
#undef READING
};

static void test_event_values(void **state)
{
	struct arena *arena = arena_new(0);
	struct event *event = event_new(arena, 3);

	(void)state;
	assert_non_null(event);
	for (size_t slot = 0; slot < 5; slot++)
		assert_int_equal(
			event_value(event, slot, READING_INVOKED)->type,
			VALUE_NULL);
	event_set(event, 2, VALUE_OF_INT(7));
	event_set(event, 3, VALUE_OF_INT(8));
	event_set(event, SIZE_MAX, VALUE_OF_INT(9));
	assert_int_equal(event_value(event, 2, READING_INVOKED)->i, 7);
	assert_int_equal(event_value(event, 2, READING_RESOLVED)->i, 7);
	assert_int_equal(event_value(event, 3, READING_INVOKED)->type,
			 VALUE_NULL);
	assert_int_equal(event_value(event, SIZE_MAX, READING_RESOLVED)->type,
			 VALUE_NULL);
	assert_non_null(event_new(arena, 0));
	assert_null(event_new(arena, SIZE_MAX / 2));
	arena_free(&arena);
}

/* The slots with a second reading are those fields.def says. */
static void test_event_readings(void **state)
{
	struct arena *arena = arena_new(0);
	struct event *event = event_new(arena, FIELD__COUNT);
	size_t flagged = 0;

	(void)state;
	for (size_t i = 0; i < FIELD__COUNT; i++)
		event_set(event, i, VALUE_OF_INT((int64_t)i));
	for (size_t i = 0; i < READING__COUNT; i++)
		event->resolved[readings[i].reading] =
			VALUE_OF_INT(1000 + (int64_t)readings[i].slot);
	for (size_t i = 0; i < FIELD__COUNT; i++) {
		bool two = rows[i].flags & FIELD_READING;

		flagged += two;
		assert_int_equal(event_value(event, i, READING_INVOKED)->i, i);
		assert_int_equal(event_value(event, i, READING_RESOLVED)->i,
				 two ? 1000 + i : i);
	}
	assert_int_equal(flagged, READING__COUNT);
	/* a resolved name that is not known is the invoked one */
	event->resolved[READING_PROCESS_NAME] = (struct value){ 0 };
	assert_int_equal(
		event_value(event, FIELD_PROCESS_NAME, READING_RESOLVED)->i,
		FIELD_PROCESS_NAME);
	arena_free(&arena);
}

static void test_event_has_readings(void **state)
{
	struct arena *arena = arena_new(0);

	(void)state;
	for (size_t i = 0; i < READING__COUNT; i++) {
		struct event *event = event_new(arena, FIELD__COUNT);
		struct value *resolved = &event->resolved[readings[i].reading];

		assert_false(event_has_readings(event));
		event_set(event, readings[i].slot, VALUE_OF_STR(STR("sh")));
		assert_false(event_has_readings(event));
		*resolved = VALUE_OF_STR(STR("sh"));
		assert_false(event_has_readings(event));
		*resolved = VALUE_OF_STR(STR("dash"));
		assert_true(event_has_readings(event));
		/* invoked is not known: null, and so it differs */
		event->value_count = 0;
		*resolved = VALUE_OF_STR(STR("sh"));
		assert_true(event_has_readings(event));
	}
	arena_free(&arena);
}

static void test_event_id(void **state)
{
	static const struct {
		int64_t time_ns;
		uint64_t serial;
		const char *id;
	} cases[] = {
		{ 0, 0, "0.000:0" },
		{ 1795493511007999999, 42, "1795493511.007:42" },
		{ INT64_MAX, UINT64_MAX,
		  "9223372036.854:18446744073709551615" },
	};
	char id[EVENT_ID_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct event event = { .time_ns = cases[i].time_ns,
				       .serial = cases[i].serial };

		assert_int_equal(event_id_format(&event, id),
				 strlen(cases[i].id));
		assert_string_equal(id, cases[i].id);
	}
	/* before 1970 there was no audit: any text, within its room */
	assert_true(event_id_format(&(struct event){ .time_ns = INT64_MIN,
						     .serial = UINT64_MAX },
				    id) < EVENT_ID_MAX);
}

/* --- kept events ---------------------------------------------------------- */

static struct str random_str(struct arena *arena, uint64_t *seed)
{
	size_t len = next_random(seed) % 40;
	char *text = arena_alloc(arena, len);

	for (size_t i = 0; i < len; i++)
		text[i] = (char)next_random(seed);
	return (struct str){ next_random(seed) % 8 || len ? text : NULL, len };
}

static struct value random_scalar(struct arena *arena, uint64_t *seed)
{
	switch (next_random(seed) % 6) {
	case 0:
		return VALUE_OF_BOOL(next_random(seed) & 1);
	case 1:
		return VALUE_OF_INT((int64_t)next_random(seed) << 31);
	case 2:
		return value_of_double(next_random(seed) / 7.0);
	case 3:
		return VALUE_OF_STR(random_str(arena, seed));
	case 4:
		return value_of_ip("2001:db8::5");
	default:
		return (struct value){ 0 };
	}
}

static struct value random_value(struct arena *arena, uint64_t *seed)
{
	size_t count = next_random(seed) % 5;
	struct value *items;

	if (next_random(seed) % 4)
		return random_scalar(arena, seed);
	items = arena_array(arena, count, sizeof(*items));
	for (size_t i = 0; i < count; i++)
		items[i] = random_scalar(arena, seed);
	return value_of_list(items, count);
}

/* The same event for the same seed. */
static struct event *random_event(struct arena *arena, uint64_t seed)
{
	size_t count = next_random(&seed) % 20;
	struct event *event = event_new(arena, count);
	struct str *records;

	for (size_t i = 0; i < count; i++)
		event_set(event, i, random_value(arena, &seed));
	for (size_t i = 0; i < READING__COUNT; i++)
		event->resolved[i] = random_value(arena, &seed);
	event->time_ns = next_random(&seed);
	event->serial = next_random(&seed);
	event->categories = next_random(&seed);
	event->flags = EVENT_ATTEMPT;
	event->charge_uid = next_random(&seed);
	event->host = random_str(arena, &seed);
	event->node = random_str(arena, &seed);
	event->document = random_str(arena, &seed);
	event->record_count = next_random(&seed) % 4;
	records = arena_array(arena, event->record_count, sizeof(*records));
	for (size_t i = 0; i < event->record_count; i++)
		records[i] = random_str(arena, &seed);
	event->records = records;
	return event;
}

static void assert_event_equal(const struct event *a, const struct event *b)
{
	assert_true(a->time_ns == b->time_ns && a->serial == b->serial);
	assert_int_equal(a->categories, b->categories);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->charge_uid, b->charge_uid);
	assert_str_equal(a->host, b->host);
	assert_str_equal(a->node, b->node);
	assert_str_equal(a->document, b->document);
	assert_int_equal(a->value_count, b->value_count);
	for (size_t i = 0; i < a->value_count; i++)
		assert_true(value_equal(&a->values[i], &b->values[i]));
	for (size_t i = 0; i < READING__COUNT; i++)
		assert_true(value_equal(&a->resolved[i], &b->resolved[i]));
	assert_int_equal(a->record_count, b->record_count);
	for (size_t i = 0; i < a->record_count; i++)
		assert_str_equal(a->records[i], b->records[i]);
}

/* Bytes of an event that a kept copy must hold itself. */
struct extent {
	const char *start, *end;
};

static void assert_inside(struct extent extent, const void *data, size_t size)
{
	const char *p = data;

	assert_true(!size || (p >= extent.start && p + size <= extent.end));
}

static void assert_value_inside(struct extent extent, const struct value *value)
{
	if (value->type == VALUE_STRING)
		assert_inside(extent, value->s.data, value->s.len);
	if (value->type != VALUE_LIST)
		return;
	assert_inside(extent, value->list.items,
		      value->list.count * sizeof(*value));
	for (size_t i = 0; i < value->list.count; i++)
		assert_value_inside(extent, &value->list.items[i]);
}

static void assert_one_piece(const struct event *kept, size_t size)
{
	struct extent extent = { (const char *)kept,
				 (const char *)kept + size };

	assert_inside(extent, kept->values,
		      kept->value_count * sizeof(struct value));
	for (size_t i = 0; i < kept->value_count; i++)
		assert_value_inside(extent, &kept->values[i]);
	for (size_t i = 0; i < READING__COUNT; i++)
		assert_value_inside(extent, &kept->resolved[i]);
	assert_inside(extent, kept->host.data, kept->host.len);
	assert_inside(extent, kept->node.data, kept->node.len);
	assert_inside(extent, kept->document.data, kept->document.len);
	assert_inside(extent, kept->records,
		      kept->record_count * sizeof(struct str));
	for (size_t i = 0; i < kept->record_count; i++)
		assert_inside(extent, kept->records[i].data,
			      kept->records[i].len);
}

static void test_keep_random(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 3000; seed++) {
		struct arena *arena = arena_new(0);
		size_t size = 0, again = 0;
		struct event *kept, *copy;

		kept = event_keep(random_event(arena, seed), &size);
		assert_non_null(kept);
		arena_free(&arena);
		arena = arena_new(0);
		assert_event_equal(kept, random_event(arena, seed));
		assert_one_piece(kept, size);
		assert_int_equal(event_kept_size(kept), size);
		/* a copy of a copy has the same size and outlives it */
		copy = event_keep(kept, &again);
		assert_int_equal(again, size);
		assert_int_equal(event_release(&kept), size);
		assert_event_equal(copy, random_event(arena, seed));
		assert_int_equal(event_release(&copy), size);
		arena_free(&arena);
	}
}

static void test_keep_owners(void **state)
{
	struct arena *arena = arena_new(0);
	struct event *kept, *second, *third, *nobody = NULL;
	size_t size = 0;

	(void)state;
	kept = event_keep(event_new(arena, 4), &size);
	second = event_hold(kept);
	third = event_hold(second);
	assert_ptr_equal(second, kept);
	assert_int_equal(event_release(&second), 0);
	assert_null(second);
	assert_int_equal(event_release(&second), 0);
	assert_int_equal(event_release(&kept), 0);
	assert_int_equal(third->value_count, 4);
	assert_int_equal(event_release(&third), size);
	assert_null(third);
	assert_int_equal(event_release(&nobody), 0);
	arena_free(&arena);
}

static size_t kept_size(const struct event *event)
{
	size_t size = 0;
	struct event *kept = event_keep(event, &size);

	assert_non_null(kept);
	event_release(&kept);
	return size;
}

/* What an event costs is what it holds, to the byte. */
static void test_keep_size(void **state)
{
	struct value items[5] = { { 0 } };
	struct arena *arena = arena_new(0);
	struct event *event = event_new(arena, 4);
	size_t base = kept_size(event);
	char text[100] = "";

	(void)state;
	event->document = (struct str){ text, 100 };
	assert_int_equal(kept_size(event), base + 100);
	event->document = (struct str){ text, 99 };
	assert_int_equal(kept_size(event), base + 99);
	event->document = no_text;
	event_set(event, 1, value_of_list(items, 5));
	assert_int_equal(kept_size(event), base + sizeof(items));
	event_set(event, 1, VALUE_OF_STR(((struct str){ text, 7 })));
	assert_int_equal(kept_size(event), base + 7);
	event->value_count = 1;
	assert_int_equal(kept_size(event), base - 3 * sizeof(struct value));
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_str),
		cmocka_unit_test(test_basename),
		cmocka_unit_test(test_ip_accept),
		cmocka_unit_test(test_ip_reject),
		cmocka_unit_test(test_ip_random),
		cmocka_unit_test(test_value_equal),
		cmocka_unit_test(test_value_hash_seeded),
		cmocka_unit_test(test_value_items),
		cmocka_unit_test(test_fields_sorted),
		cmocka_unit_test(test_fields_fixed),
		cmocka_unit_test(test_fields_add),
		cmocka_unit_test(test_fields_limit),
		cmocka_unit_test(test_category_bit),
		cmocka_unit_test(test_event_values),
		cmocka_unit_test(test_event_readings),
		cmocka_unit_test(test_event_has_readings),
		cmocka_unit_test(test_event_id),
		cmocka_unit_test(test_keep_random),
		cmocka_unit_test(test_keep_owners),
		cmocka_unit_test(test_keep_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
