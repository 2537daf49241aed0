/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floods the plugin's pipeline, as it is set up live:
 *
 *   floods --write STEP...             the records on standard output
 *   floods MEMCAP RULES STEP...        what is told of them
 *
 * A row for each alert: "alert RULE KIND login=UID evidence=...", the rule by
 * its id's part behind "audisp_eql." or its file's name. Then names and numbers:
 * records, events, evicted, peak_kib (of this process, above what it had before
 * it was fed), instructions (0 = this machine does not count them).
 */
#include <linux/perf_event.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "flood.h"
#include "pipeline.h"

#define MMAP_BYTES (128 << 10)
#define REORDER_NS (100 * NSEC_PER_MSEC)
#define LATENESS_NS (300 * NSEC_PER_SEC)
#define SUPPRESS_NS (60 * NSEC_PER_SEC)

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "floods: %s\n", what);
	exit(2);
}

static void on_written(void *user, const char *text, size_t len)
{
	fwrite(text, 1, len, user);
}

static void on_record(void *user, const char *text, size_t len)
{
	if (pipeline_feed(user, text, len))
		die("feeding failed");
}

static void make(struct flood *flood, char **steps)
{
	for (; *steps; steps++)
		if (flood_step(flood, *steps))
			die(*steps);
}

/* --- alerts --------------------------------------------------------------- */

static long login_of(const struct alert *alert)
{
	const struct event *last =
		alert->event_count ? alert->events[alert->event_count - 1]
				   : NULL;

	return last && last->serial ? (long)last->charge_uid : -1;
}

/* Of a file its name without ".toml". */
static struct str rule_name(const struct rule *rule)
{
	struct str name = str_basename(rule->file), mark = STR("audisp_eql.");

	if (str_begins(rule->id, mark))
		return (struct str){ rule->id.data + mark.len,
				     rule->id.len - mark.len };
	name.len -= strlen(".toml");
	return name;
}

static void on_alert(void *user, const struct alert *alert)
{
	static const char *const kinds[] = { "match", "repeats", "flood",
					     "notice" };
	struct str name = rule_name(alert->rule);

	(void)user;
	printf("alert %.*s %s login=%ld evidence=%s%s tuples=%zu\n",
	       (int)name.len, name.data, kinds[alert->kind], login_of(alert),
	       alert->gap ? "incomplete" : "whole",
	       alert->degraded ? ",degraded" : "", alert->tuple_count);
}

/* --- what it costs -------------------------------------------------------- */

static long peak_kib(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	long peak = 0;

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, "VmHWM:", 6))
			peak = strtol(line + 6, NULL, 10);
	if (file)
		fclose(file);
	return peak;
}

/* -1 = cannot be counted. */
static int count_instructions(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_HW_INSTRUCTIONS,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};

	return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0UL);
}

static void tell(const struct pipeline *pipeline, long before, int counter)
{
	struct pipeline_stats stats;
	unsigned long long instructions = 0;

	if (counter < 0 ||
	    read(counter, &instructions, sizeof(instructions)) < 0)
		instructions = 0;
	pipeline_stats(pipeline, &stats);
	printf("records %llu\nevents %llu\nevicted %llu\npeak_kib %ld\n"
	       "instructions %llu\n",
	       (unsigned long long)stats.sieve.records,
	       (unsigned long long)stats.sieve.events,
	       (unsigned long long)stats.engine.partials_evicted,
	       peak_kib() - before, instructions);
}

static void run(struct flood *flood, char **argv)
{
	const char *path = argv[1];
	struct ruleset_options options = {
		.path_count = 1,
		.paths = &path,
		.builtins = true,
	};
	struct pipeline_config config = {
		.host_id = STR("host"),
		.memcap = strtoul(argv[0], NULL, 10),
		.reorder_ns = REORDER_NS,
		.lateness_ns = LATENESS_NS,
		.suppress_ns = SUPPRESS_NS,
		.on_alert = on_alert,
	};
	struct pipeline *pipeline;
	struct ruleset *rules;
	long before;
	int counter;

	if (ruleset_load(&options, &rules) ||
	    rules->rule_count == rules->builtin_count)
		die("no rules");
	config.rules = rules;
	if (pipeline_new(&config, &pipeline))
		die("no pipeline");
	flood->on_record = on_record;
	flood->user = pipeline;
#ifdef M_MMAP_THRESHOLD
	/* as the worker does */
	mallopt(M_MMAP_THRESHOLD, MMAP_BYTES);
	mallopt(M_TRIM_THRESHOLD, MMAP_BYTES);
#endif
	before = peak_kib();
	counter = count_instructions();
	make(flood, argv + 2);
	if (pipeline_finish(pipeline))
		die("the end failed");
	tell(pipeline, before, counter);
	pipeline_free(&pipeline);
	ruleset_free(&rules);
}

int main(int argc, char **argv)
{
	static struct flood flood;

	flood_open(&flood);
	if (argc > 2 && !strcmp(argv[1], "--write")) {
		flood.on_record = on_written;
		flood.user = stdout;
		make(&flood, argv + 2);
		return fflush(stdout) || ferror(stdout);
	}
	if (argc < 4)
		die("see the head of tests/floods/main.c");
	run(&flood, argv + 1);
	return 0;
}
