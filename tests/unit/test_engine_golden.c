/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The golden cases of sequences: each query over its events gives the matches
 * Elasticsearch gives, in its order.
 */
#include <json-c/json.h>

#include "aueql/ecs.h"
#include "engine_rig.h"

/* One match as the engine told it. */
struct found {
	size_t event_count, key_count;
	int64_t positions[LIMIT_STAGES]; /* -1 = missing */
	struct value *keys;
	struct ordinal last;
};

struct golden {
	struct rig rig;
	const char *name;
	struct json_object *events, *expect;
	struct found *found;
	size_t count, capacity;
};

static struct json_object *load(void)
{
	const char *srcdir = getenv("srcdir");
	char path[4096];
	struct json_object *cases;

	snprintf(path, sizeof(path), "%s/tests/cases/eql-golden.json",
		 srcdir ? srcdir : ".");
	cases = json_object_from_file(path);
	assert_non_null(cases);
	return cases;
}

static const char *text_of(struct json_object *object, const char *name)
{
	return json_object_get_string(json_object_object_get(object, name));
}

/* --- what was found ------------------------------------------------------- */

static struct value copy_value(struct arena *arena, const struct value *value)
{
	struct value copy = *value;

	if (value->type == VALUE_STRING)
		copy.s = arena_str(arena, value->s);
	return copy;
}

static void on_match(void *user, const struct engine_match *match)
{
	struct golden *golden = user;
	struct found *found;

	if (golden->count == golden->capacity) {
		golden->capacity = 2 * golden->capacity + 16;
		golden->found = reallocarray(golden->found, golden->capacity,
					     sizeof(*golden->found));
		assert_non_null(golden->found);
	}
	found = &golden->found[golden->count++];
	assert_true(match->event_count <= LIMIT_STAGES);
	found->event_count = match->event_count;
	found->key_count = match->key_count;
	for (size_t i = 0; i < match->event_count; i++) {
		const struct event *event = match->events[i];

		found->positions[i] = event ? (int64_t)event->serial : -1;
		if (event)
			found->last = (struct ordinal){ event->time_ns,
							event->serial };
	}
	found->keys = arena_array(golden->rig.arena, match->key_count,
				  sizeof(*found->keys));
	for (size_t i = 0; i < match->key_count; i++)
		found->keys[i] = copy_value(golden->rig.arena, &match->keys[i]);
}

/* null, then booleans, numbers and texts. */
static int rank(const struct value *value)
{
	switch (value->type) {
	case VALUE_NULL:
		return 0;
	case VALUE_BOOL:
		return 1;
	case VALUE_INT:
	case VALUE_DOUBLE:
		return 2;
	default:
		return 3;
	}
}

static double number(const struct value *value)
{
	return value->type == VALUE_INT ? (double)value->i : value->d;
}

static int compare_values(const struct value *a, const struct value *b)
{
	if (rank(a) != rank(b))
		return rank(a) - rank(b);
	switch (rank(a)) {
	case 1:
		return a->b - b->b;
	case 2:
		return (number(a) > number(b)) - (number(a) < number(b));
	case 3:
		return str_compare(a->s, b->s);
	default:
		return 0;
	}
}

/* By the last event, then by the keys from left to right. */
static int compare_found(const void *x, const void *y)
{
	const struct found *a = x, *b = y;

	if (ordinal_before(a->last, b->last))
		return -1;
	if (ordinal_before(b->last, a->last))
		return 1;
	for (size_t i = 0; i < a->key_count; i++) {
		int order = compare_values(&a->keys[i], &b->keys[i]);

		if (order)
			return order;
	}
	return 0;
}

/* --- comparing ------------------------------------------------------------ */

static bool same_value(const struct value *value, struct json_object *json)
{
	const char *text = json_object_get_string(json);

	switch (value->type) {
	case VALUE_NULL:
		return !json;
	case VALUE_BOOL:
		return json_object_get_boolean(json) == value->b;
	case VALUE_INT:
		return json_object_get_int64(json) == value->i;
	case VALUE_STRING:
		return text && str_equal(str_from(text), value->s);
	default:
		return false;
	}
}

static bool same_match(const struct found *found, struct json_object *json)
{
	struct json_object *events = json_object_array_get_idx(json, 0);
	struct json_object *keys = json_object_array_get_idx(json, 1);

	if (json_object_array_length(events) != found->event_count ||
	    json_object_array_length(keys) != found->key_count)
		return false;
	for (size_t i = 0; i < found->event_count; i++) {
		struct json_object *at = json_object_array_get_idx(events, i);

		if ((at ? json_object_get_int64(at) : -1) !=
		    found->positions[i])
			return false;
	}
	for (size_t i = 0; i < found->key_count; i++)
		if (!same_value(&found->keys[i],
				json_object_array_get_idx(keys, i)))
			return false;
	return true;
}

static void compare(struct golden *golden)
{
	size_t expected = json_object_array_length(golden->expect);

	if (golden->count)
		qsort(golden->found, golden->count, sizeof(*golden->found),
		      compare_found);
	if (golden->count != expected)
		fail_msg("%s: %zu matches, not %zu", golden->name,
			 golden->count, expected);
	for (size_t i = 0; i < expected; i++)
		if (!same_match(&golden->found[i],
				json_object_array_get_idx(golden->expect, i)))
			fail_msg("%s: match %zu is another one than %s",
				 golden->name, i,
				 json_object_to_json_string(
					 json_object_array_get_idx(
						 golden->expect, i)));
}

/* --- running -------------------------------------------------------------- */

/* The fields the documents name are known before any is read. */
static void add_fields(struct golden *golden)
{
	for (size_t i = 0; i < json_object_array_length(golden->events); i++) {
		struct json_object *event =
			json_object_array_get_idx(golden->events, i);

		json_object_object_foreach(event, name, value)
		{
			(void)value;
			assert_true(field_table_add(golden->rig.fields,
						    str_from(name),
						    FIELD_KEYWORD) >= 0);
		}
	}
}

/* Events count as of their own time, and by their position. */
static void feed(struct golden *golden, size_t position)
{
	struct json_object *json =
		json_object_array_get_idx(golden->events, position);
	struct ecs_reader reader = { .fields = golden->rig.fields };
	struct event *event;

	arena_reset(golden->rig.event_arena);
	assert_int_equal(ecs_parse(&reader,
				   str_from(json_object_to_json_string(json)),
				   golden->rig.event_arena, &event),
			 0);
	event->serial = position;
	event->host = STR("h");
	event->flags |= EVENT_ATTEMPT;
	assert_int_equal(engine_process(golden->rig.engine, event), 0);
}

static void run(struct golden *golden)
{
	struct rig *rig = &golden->rig;

	rig->config.exact = true;
	rig->config.lateness_ns = INT64_MAX / 4;
	rig_start(rig);
	rig->engine->on_match = on_match;
	rig->engine->match_user = golden;
	for (size_t i = 0; i < json_object_array_length(golden->events); i++)
		feed(golden, i);
	rig_finish(rig);
	assert_int_equal(rig->stats.matches, golden->count);
	compare(golden);
}

enum outcome { RAN, REFUSED, PIPED };

static enum outcome run_case(struct json_object *json)
{
	struct golden golden = {
		.name = text_of(json, "query"),
		.events = json_object_object_get(json, "events"),
		.expect = json_object_object_get(json, "expect"),
	};
	bool refused = json_object_is_type(golden.expect, json_type_string);
	enum outcome outcome = refused ? REFUSED : RAN;
	const struct query *query;
	int error;

	rig_open(&golden.rig);
	add_fields(&golden);
	query = rig_compile(&golden.rig, str_from(golden.name), &error);
	if (refused != !query)
		fail_msg("%s: compiles with %d", golden.name, error);
	if (query && query->pipe_count)
		outcome = PIPED;
	if (outcome == RAN) {
		rig_rule(&golden.rig, golden.name);
		run(&golden);
	}
	free(golden.found);
	rig_close(&golden.rig);
	return outcome;
}

static void test_golden(void **state)
{
	struct json_object *cases = load();
	size_t counts[3] = { 0 }, samples = 0;

	(void)state;
	for (size_t i = 0; i < json_object_array_length(cases); i++) {
		struct json_object *json = json_object_array_get_idx(cases, i);
		const char *kind = text_of(json, "kind");

		if (!strcmp(kind, "predicate"))
			continue;
		if (!strcmp(kind, "sample")) {
			samples++;
			continue;
		}
		counts[run_case(json)]++;
	}
	print_message("%zu cases ran, %zu refused as expected, %zu with pipes "
		      "and %zu samples skipped\n",
		      counts[RAN], counts[REFUSED], counts[PIPED], samples);
	assert_int_equal(counts[RAN], 222);
	assert_int_equal(counts[REFUSED], 1);
	assert_int_equal(counts[PIPED], 1);
	assert_int_equal(samples, 0);
	json_object_put(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
