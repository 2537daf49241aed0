/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Order: what a sequence finds in sorted events it finds live, too. Every
 * golden sequence and every capture goes through the engine once sorted and
 * exact, and then live: as it arrived; where events come by their own time also
 * in disorder within the hold-back; and with attempts late that are a last
 * stage of some rule and nothing else of any, up to the lateness there is. Each
 * match of the sorted run must be among those alerted live.
 *
 * What a late attempt begins, or undoes, counts from its arrival: those are not
 * delayed. Pipes and samples do not run live: the engine refuses a query with
 * pipes, and what stands before them is tried.
 */
#include "engine_rig.h"

#include <glob.h>
#include <json-c/json.h>

#include "aueql/documents.h"
#include "eql/pred.h"
#include "pipeline.h"
#include "readlog.h"

#define REORDER (100 * MS)
#define LATENESS (300 * SEC)
#define LATE_RUNS 8
#define DISORDERED_RUNS 4

/* Events in the order of their arrival. */
struct feed {
	struct arena *arena;
	size_t count, capacity;
	struct event **events;
};

/* One event's place in a run. */
struct place {
	int64_t time_ns; /* when it comes, in its host's time */
	size_t index; /* in the feed */
	uint64_t serial; /* 0: those of the same time as in the feed */
};

static uint64_t chance;

/* From 0 to below. */
static int64_t roll(int64_t below)
{
	uint64_t z = chance += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return (int64_t)((z ^ z >> 31) % (uint64_t)below);
}

/* --- feeds ---------------------------------------------------------------- */

static void feed_open(struct feed *feed)
{
	*feed = (struct feed){ .arena = arena_new(0) };
	assert_non_null(feed->arena);
}

static void feed_close(struct feed *feed)
{
	free(feed->events);
	arena_free(&feed->arena);
}

static void feed_add(struct feed *feed, struct event *event)
{
	if (feed->count == feed->capacity) {
		feed->capacity = 2 * feed->capacity + 64;
		feed->events = realloc(feed->events,
				       feed->capacity * sizeof(*feed->events));
		assert_non_null(feed->events);
	}
	assert_non_null(event);
	feed->events[feed->count++] = event;
}

static int on_document(void *user, struct event *event)
{
	feed_add(user, event);
	return 0;
}

/* The documents of a golden case. */
static void feed_documents(struct feed *feed, const struct field_table *fields,
			   struct json_object *json)
{
	struct documents documents = {
		.reader.fields = fields,
		.arena = feed->arena,
		.on_event = on_document,
		.user = feed,
	};

	for (size_t i = 0; i < json_object_array_length(json); i++) {
		const char *text = json_object_to_json_string_ext(
			json_object_array_get_idx(json, i),
			JSON_C_TO_STRING_PLAIN);

		assert_int_equal(documents_feed(&documents, text, strlen(text)),
				 0);
		assert_int_equal(documents_feed(&documents, "\n", 1), 0);
	}
	assert_int_equal(documents.bad, 0);
	documents_close(&documents);
}

static void on_event(void *user, const struct event *event)
{
	struct feed *feed = user;

	feed_add(feed, event_copy(event, feed->arena));
}

/* The events of a capture. */
static void feed_log(struct feed *feed, const char *path)
{
	const struct pipeline_config config = {
		.host_id = STR("localhost"),
		.memcap = 64U << 20,
		.on_event = on_event,
		.user = feed,
	};
	struct pipeline *pipeline;
	size_t len = 0;
	char *log = readlog_file(path, &len);

	assert_non_null(log);
	assert_int_equal(pipeline_new(&config, &pipeline), 0);
	assert_int_equal(pipeline_feed(pipeline, log, len), 0);
	assert_int_equal(pipeline_finish(pipeline), 0);
	pipeline_free(&pipeline);
	free(log);
}

/* --- orders --------------------------------------------------------------- */

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	if (x->serial != y->serial)
		return x->serial < y->serial ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

static struct place *places_new(const struct feed *feed)
{
	struct place *places = calloc(feed->count + 1, sizeof(*places));

	assert_non_null(places);
	return places;
}

/* By their own time; what is accomplished, and was under way for longer than is
 * held back (an exec that waits for a lease), counts from its end. */
static struct place *sorted_places(const struct feed *feed)
{
	struct place *places = places_new(feed);
	int64_t newest_ns = INT64_MIN;

	for (size_t i = 0; i < feed->count; i++) {
		const struct event *event = feed->events[i];
		int64_t time_ns = event->time_ns;

		if (time_ns > newest_ns)
			newest_ns = time_ns;
		if (!(event->flags & EVENT_ATTEMPT) &&
		    newest_ns - time_ns > REORDER)
			time_ns = newest_ns;
		places[i] = (struct place){ time_ns, i, event->serial };
	}
	qsort(places, feed->count, sizeof(*places), compare_places);
	return places;
}

/* As they arrived: the newest time so far is the host's. */
static struct place *arrived_places(const struct feed *feed)
{
	struct place *places = places_new(feed);
	int64_t newest_ns = INT64_MIN;

	for (size_t i = 0; i < feed->count; i++) {
		if (feed->events[i]->time_ns > newest_ns)
			newest_ns = feed->events[i]->time_ns;
		places[i] = (struct place){ newest_ns, i, 0 };
	}
	return places;
}

/* Within the hold-back, those that count as of their own time. */
static struct place *disordered_places(const struct feed *feed)
{
	struct place *places = arrived_places(feed);

	for (size_t i = 0; i < feed->count; i++)
		if (feed->events[i]->flags & EVENT_ATTEMPT)
			places[i].time_ns =
				feed->events[i]->time_ns + roll(REORDER);
	qsort(places, feed->count, sizeof(*places), compare_places);
	return places;
}

static bool may_hit(const struct rig *rig, const struct stage *stage,
		    const struct event *event)
{
	struct pred_context context = { .scratch = rig->event_arena };

	if (stage->category_bit && !(stage->category_bit & event->categories))
		return false;
	arena_reset(rig->event_arena);
	return pred_eval(stage->condition, event, READING_INVOKED, &context) ||
	       pred_eval(stage->condition, event, READING_RESOLVED, &context);
}

/* Whether an event may be a last stage of a rule, and nothing else of any. */
static bool only_ends(const struct rig *rig, const struct event *event)
{
	const struct ruleset *set = rig->config.rules;
	bool ends = false;

	for (size_t i = 0; i < set->rule_count; i++) {
		const struct query *query = set->rules[i]->query;
		size_t last = query->stage_count - 1;

		if (query->until && may_hit(rig, query->until, event))
			return false;
		for (size_t k = 0; k < query->stage_count; k++) {
			if (!may_hit(rig, &query->stages[k], event))
				continue;
			if (k < last || query->stages[k].missing)
				return false;
			ends = true;
		}
	}
	return ends;
}

/* Half of the attempts that only end something come late: by any time up to the
 * lateness, by some of what the feed takes, or by a little. *late says whether
 * there are such. */
static struct place *late_places(const struct rig *rig, const struct feed *feed,
				 bool *late)
{
	struct place *places = arrived_places(feed);
	int64_t span_ns = 1;

	if (feed->count)
		span_ns += places[feed->count - 1].time_ns - places[0].time_ns;
	if (span_ns <= 0 || span_ns > LATENESS)
		span_ns = LATENESS;
	for (size_t i = 0; i < feed->count; i++) {
		const int64_t most[] = { LATENESS, span_ns, 2 * REORDER };
		const struct event *event = feed->events[i];

		if (!(event->flags & EVENT_ATTEMPT) || roll(2) ||
		    !only_ends(rig, event))
			continue;
		places[i].time_ns = event->time_ns + roll(most[roll(3)]);
		*late = true;
	}
	qsort(places, feed->count, sizeof(*places), compare_places);
	return places;
}

/* --- runs ----------------------------------------------------------------- */

/* The matches, one a line; the places go. */
static char *run(struct rig *rig, const struct feed *feed, struct place *places,
		 bool exact)
{
	char *text;

	rig->config.exact = exact;
	rig->config.reorder_ns = REORDER;
	rig->config.lateness_ns = LATENESS;
	strbuf_reset(&rig->matches);
	strbuf_reset(&rig->alerts);
	rig_start(rig);
	for (size_t i = 0; i < feed->count; i++)
		assert_int_equal(engine_process(rig->engine,
						feed->events[places[i].index]),
				 0);
	rig_finish(rig);
	assert_int_equal(rig->stats.partials_evicted, 0);
	assert_int_equal(!rig->matches.len, !rig->alerts.len);
	engine_free(&rig->engine);
	free(places);
	strbuf_add_char(&rig->matches, '\0');
	text = strdup(rig->matches.data);
	assert_non_null(text);
	return text;
}

/* Each line stands among the found ones. */
static void expect_all(const char *what, const char *how, const char *wanted,
		       const char *found)
{
	size_t len;

	for (; *wanted; wanted += len) {
		const char *at = found;

		len = strcspn(wanted, "\n") + 1;
		while (*at && strncmp(at, wanted, len) != 0)
			at += strcspn(at, "\n") + 1;
		if (!*at)
			fail_msg("%s, %s: without %.*s\nbut:\n%s", what, how,
				 (int)len, wanted, found);
	}
}

struct totals {
	size_t feeds, matches, late_runs;
};

static void try_live(struct rig *rig, const struct feed *feed, const char *what,
		     struct totals *totals)
{
	char *wanted = run(rig, feed, sorted_places(feed), true), *found;

	found = run(rig, feed, arrived_places(feed), false);
	expect_all(what, "as it arrived", wanted, found);
	free(found);
	for (uint64_t seed = 1; seed <= DISORDERED_RUNS; seed++) {
		chance = seed;
		found = run(rig, feed, disordered_places(feed), false);
		expect_all(what, "in disorder", wanted, found);
		free(found);
	}
	for (uint64_t seed = 1; seed <= LATE_RUNS; seed++) {
		bool late = false;

		chance = seed;
		found = run(rig, feed, late_places(rig, feed, &late), false);
		expect_all(what, "with attempts late", wanted, found);
		free(found);
		totals->late_runs += late;
	}
	for (const char *at = wanted; *at; at++)
		totals->matches += *at == '\n';
	totals->feeds++;
	free(wanted);
}

static void print_totals(const struct totals *totals)
{
	print_message("%zu feeds with %zu matches, %zu times with late ones\n",
		      totals->feeds, totals->matches, totals->late_runs);
}

/* --- golden cases --------------------------------------------------------- */

static void declare_types(struct rig *rig, struct json_object *types)
{
	if (!types)
		return;
	json_object_object_foreach(types, name, json)
	{
		const char *type = json_object_get_string(json);

		field_table_add(rig->fields, str_from(name),
				!strcmp(type, "ip")	? FIELD_IP
				: !strcmp(type, "date") ? FIELD_DATE
							: FIELD_VERSION);
	}
}

/* Pipes do not run in the engine, what stands before them does. */
static void drop_pipes(struct rig *rig, struct rule *rule)
{
	struct query *query = arena_alloc(rig->arena, sizeof(*query));

	if (!rule->query->pipe_count)
		return;
	rig->config.on_alert = rig_on_alert;
	assert_int_equal(engine_new(&rig->config, &rig->engine), -EINVAL);
	assert_non_null(query);
	*query = *rule->query;
	query->pipe_count = 0;
	rule->query = query;
}

static void try_golden(struct json_object *json, struct totals *totals)
{
	const char *text =
		json_object_get_string(json_object_object_get(json, "query"));
	struct feed feed;
	struct rig rig;

	rig_open(&rig);
	feed_open(&feed);
	declare_types(&rig, json_object_object_get(json, "types"));
	drop_pipes(&rig, rig_rule(&rig, text));
	feed_documents(&feed, rig.fields,
		       json_object_object_get(json, "events"));
	try_live(&rig, &feed, text, totals);
	feed_close(&feed);
	rig_close(&rig);
}

static void test_golden(void **state)
{
	struct json_object *cases;
	struct totals totals = { 0 };
	char path[4096];

	(void)state;
	snprintf(path, sizeof(path), "%s/tests/cases/eql-golden.json",
		 readlog_srcdir());
	cases = json_object_from_file(path);
	assert_non_null(cases);
	for (size_t i = 0; i < json_object_array_length(cases); i++) {
		struct json_object *json = json_object_array_get_idx(cases, i);
		const char *text = json_object_get_string(
			json_object_object_get(json, "query"));

		if (!strncmp(text, "sequence", 8) &&
		    json_object_is_type(json_object_object_get(json, "expect"),
					json_type_array))
			try_golden(json, &totals);
	}
	json_object_put(cases);
	print_totals(&totals);
	assert_true(totals.feeds > 150 && totals.matches > totals.feeds / 2 &&
		    totals.late_runs > totals.feeds);
}

/* --- captures ------------------------------------------------------------- */

/* Beside the rules there are, some that match more: what processes do after
 * their start, and what must not have happened. */
static const char *const broad[] = {
	"sequence by process.entity_id with maxspan=5m"
	" [process where event.action == \"exec\"]"
	" [network where event.action == \"connection_attempted\"]",
	"sequence by host.id with maxspan=1m"
	" [file where event.type in (\"creation\", \"change\")] by file.name"
	" [process where event.action == \"exec\"] by process.name"
	" [network where true] by process.name",
	"sequence by process.entity_id with maxspan=1m"
	" [process where event.action == \"exec\"] [network where true]"
	" until [process where event.type == \"end\"]",
	"sequence by process.parent.entity_id with maxspan=10s"
	" [process where event.action == \"exec\"]"
	" ![file where event.type == \"deletion\"]"
	" [network where true]",
};

static void try_capture(const struct ruleset *set, const char *path,
			struct totals *totals)
{
	struct feed feed;
	struct rig rig;

	rig_open(&rig);
	feed_open(&feed);
	feed_log(&feed, path);
	if (set)
		rig.config.rules = set;
	for (size_t i = 0; !set && i < sizeof(broad) / sizeof(broad[0]); i++)
		rig_rule(&rig, broad[i]);
	try_live(&rig, &feed, path, totals);
	feed_close(&feed);
	rig_close(&rig);
}

static struct ruleset *load_rules(char paths[2][4096])
{
	const char *const list[] = { paths[0], paths[1] };
	const struct ruleset_options options = { .paths = list,
						 .path_count = 2 };
	struct ruleset *set;

	snprintf(paths[0], sizeof(paths[0]), "%s/rules.d/detect",
		 readlog_srcdir());
	snprintf(paths[1], sizeof(paths[1]), "%s/tests/rules",
		 readlog_srcdir());
	assert_int_equal(ruleset_load(&options, &set), 0);
	assert_true(set->rule_count > 1);
	return set;
}

static void test_captures(void **state)
{
	char paths[2][4096], pattern[4096];
	struct ruleset *set = load_rules(paths);
	struct totals totals = { 0 };
	glob_t logs;

	(void)state;
	snprintf(pattern, sizeof(pattern), "%s/tests/corpus/*/*.log",
		 readlog_srcdir());
	assert_int_equal(glob(pattern, 0, NULL, &logs), 0);
	for (size_t i = 0; i < logs.gl_pathc; i++) {
		try_capture(set, logs.gl_pathv[i], &totals);
		try_capture(NULL, logs.gl_pathv[i], &totals);
	}
	globfree(&logs);
	ruleset_free(&set);
	print_totals(&totals);
	assert_true(totals.feeds > 100 && totals.matches > totals.feeds / 2 &&
		    totals.late_runs > totals.feeds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_captures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
