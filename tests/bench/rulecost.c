/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What many rules cost, in the engine alone:
 *
 *   rulecost EVENTS.ndjson RULES...
 *
 * The ECS documents (aueql events) that are executions go through an engine
 * with the first rule and one with all of them, in turn, again and again, a few
 * at a time: copies, as the plugin has an event in its caches when it comes to
 * the engine. The best time of each few counts. Then each rule goes alone, and
 * the dearest are named. Times of later rounds go on where the earlier ended.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <audisp-eql/engine.h>

#include "aueql/documents.h"

#define ROUNDS 40
#define ROUNDS_ALONE 5
#define DEAREST 5
#define FEW 16

struct bench {
	struct ruleset *set;
	struct event **events;
	size_t count, capacity;
	int64_t span_ns; /* of a round */
	struct arena *copies;
};

/* An engine, and the best time it took for each few of the events. */
struct runner {
	struct engine *engine;
	double *best;
};

struct cost {
	size_t rule;
	double ns;
};

static void die(const char *what)
{
	fprintf(stderr, "rulecost: %s\n", what);
	exit(1);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static size_t resident_kib(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long size, resident = 0;

	if (!file || fscanf(file, "%lu %lu", &size, &resident) != 2)
		die("/proc/self/statm");
	fclose(file);
	return resident * (size_t)sysconf(_SC_PAGESIZE) / 1024;
}

/* --- events --------------------------------------------------------------- */

static bool is_execution(const struct event *event)
{
	size_t count;
	const struct value *items = value_items(
		event_value(event, FIELD_EVENT_ACTION, READING_INVOKED),
		&count);

	for (size_t i = 0; i < count; i++)
		if (items[i].type == VALUE_STRING &&
		    str_equal(items[i].s, STR("exec")))
			return true;
	return false;
}

static int add_event(void *user, struct event *event)
{
	struct bench *bench = user;

	if (!is_execution(event))
		return 0;
	if (bench->count == bench->capacity) {
		bench->capacity = 2 * bench->capacity + 64;
		bench->events =
			realloc(bench->events,
				bench->capacity * sizeof(*bench->events));
		if (!bench->events)
			die("out of memory");
	}
	bench->events[bench->count++] = event;
	return 0;
}

static void load_events(struct bench *bench, const char *path)
{
	struct documents documents = {
		.reader.fields = bench->set->fields,
		.arena = arena_new(0),
		.on_event = add_event,
		.user = bench,
	};
	static char chunk[1 << 16];
	FILE *file = fopen(path, "re");
	int64_t first_ns = INT64_MAX, last_ns = INT64_MIN;
	size_t len;

	if (!file || !documents.arena)
		die(path);
	while ((len = fread(chunk, 1, sizeof(chunk), file)) > 0)
		if (documents_feed(&documents, chunk, len))
			die(path);
	if (documents_end(&documents) || !bench->count)
		die("no executions");
	fclose(file);
	for (size_t i = 0; i < bench->count; i++) {
		int64_t time_ns = bench->events[i]->time_ns;

		first_ns = time_ns < first_ns ? time_ns : first_ns;
		last_ns = time_ns > last_ns ? time_ns : last_ns;
	}
	bench->span_ns = last_ns - first_ns + 600 * NSEC_PER_SEC;
}

/* --- engines -------------------------------------------------------------- */

static void ignore_alert(void *user, const struct alert *alert)
{
	(void)user;
	(void)alert;
}

static struct engine *open_engine(const struct ruleset *set)
{
	const struct engine_config config = {
		.rules = set,
		.memcap = 32 << 20,
		.reorder_ns = 100 * NSEC_PER_MSEC,
		.lateness_ns = 300 * NSEC_PER_SEC,
		.suppress_ns = 60 * NSEC_PER_SEC,
		.on_alert = ignore_alert,
	};
	struct engine *engine;

	if (engine_new(&config, &engine))
		die("no engine");
	return engine;
}

static struct runner open_runner(const struct bench *bench,
				 const struct ruleset *set)
{
	struct runner runner = {
		.engine = open_engine(set),
		.best = calloc(bench->count, sizeof(*runner.best)),
	};

	if (!runner.best)
		die("out of memory");
	return runner;
}

/* Nanoseconds an event. */
static double close_runner(const struct bench *bench, struct runner *runner)
{
	double sum = 0;

	for (size_t i = 0; i < bench->count; i++)
		sum += runner->best[i];
	free(runner->best);
	engine_free(&runner->engine);
	return sum / (double)bench->count;
}

static void run_few(const struct bench *bench, struct runner *runner,
		    size_t first, int round)
{
	struct event *events[FEW];
	size_t count = 0;
	double start, took;

	arena_reset(bench->copies);
	for (; count < FEW && first + count < bench->count; count++) {
		events[count] =
			event_copy(bench->events[first + count], bench->copies);
		if (!events[count])
			die("out of memory");
		events[count]->time_ns += round * bench->span_ns;
		events[count]->serial += (uint64_t)round * bench->count;
	}
	start = now();
	for (size_t i = 0; i < count; i++)
		if (engine_process(runner->engine, events[i]))
			die("the engine failed");
	took = now() - start;
	if (!round || took < runner->best[first])
		runner->best[first] = took;
}

/* The events once. */
static void run(const struct bench *bench, struct runner *runner, int round)
{
	for (size_t i = 0; i < bench->count; i += FEW)
		run_few(bench, runner, i, round);
}

static double run_alone(const struct bench *bench, const struct ruleset *set)
{
	struct runner runner = open_runner(bench, set);

	for (int round = 0; round < ROUNDS_ALONE; round++)
		run(bench, &runner, round);
	return close_runner(bench, &runner);
}

/* --- figures -------------------------------------------------------------- */

static void compare_one_and_all(const struct bench *bench)
{
	struct ruleset first = *bench->set;
	struct engine_stats stats_one, stats_all;
	struct runner one, all = open_runner(bench, bench->set);
	double ns_one, ns_all;

	first.rule_count = 1;
	one = open_runner(bench, &first);
	for (int round = 0; round < ROUNDS; round++) {
		run(bench, &one, round);
		run(bench, &all, round);
	}
	engine_stats(one.engine, &stats_one);
	engine_stats(all.engine, &stats_all);
	ns_one = close_runner(bench, &one);
	ns_all = close_runner(bench, &all);
	printf("ns per execution: 1 rule %.0f, %zu rules %.0f, %.0f more; "
	       "of %zu executions, with %.2f and %.2f stages hit each\n",
	       ns_one, bench->set->rule_count, ns_all, ns_all - ns_one,
	       bench->count, (double)stats_one.hits / (double)stats_one.events,
	       (double)stats_all.hits / (double)stats_all.events);
}

static int by_cost(const void *a, const void *b)
{
	const struct cost *x = a, *y = b;

	return (x->ns < y->ns) - (x->ns > y->ns);
}

static void name_dearest(const struct bench *bench)
{
	struct ruleset set = *bench->set;
	struct cost *costs = calloc(set.rule_count + 1, sizeof(*costs));
	double none;

	if (!costs)
		die("out of memory");
	set.rule_count = 0;
	none = run_alone(bench, &set);
	set.rule_count = 1;
	for (size_t i = 0; i < bench->set->rule_count; i++) {
		set.rules = &bench->set->rules[i];
		costs[i] = (struct cost){ i, run_alone(bench, &set) - none };
	}
	qsort(costs, bench->set->rule_count, sizeof(*costs), by_cost);
	printf("dearest alone, ns per execution:");
	for (size_t i = 0; i < DEAREST && i < bench->set->rule_count; i++) {
		struct str file = bench->set->rules[costs[i].rule]->file;

		file = str_basename(file);
		printf("%s %.*s %.0f", i ? "," : "", STR_ARG(file),
		       costs[i].ns);
	}
	putchar('\n');
	free(costs);
}

int main(int argc, char **argv)
{
	static struct bench bench;
	struct ruleset_options options = { 0 };
	size_t before = resident_kib();
	double start = now();
	struct engine *engine;

	if (argc < 3)
		die("usage: rulecost EVENTS.ndjson RULES...");
	options.paths = (const char *const *)argv + 2;
	options.path_count = (size_t)argc - 2;
	if (ruleset_load(&options, &bench.set) || bench.set->error_count)
		die("the rules do not load");
	engine = open_engine(bench.set);
	printf("%zu rules: loaded in %.1f ms, %zu KiB\n", bench.set->rule_count,
	       (now() - start) / 1e6, resident_kib() - before);
	engine_free(&engine);
	if (!strcmp(argv[1], "-"))
		return 0;
	load_events(&bench, argv[1]);
	bench.copies = arena_new(0);
	if (!bench.copies)
		die("out of memory");
	compare_one_and_all(&bench);
	name_dearest(&bench);
	return 0;
}
