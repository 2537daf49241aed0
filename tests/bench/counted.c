/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pipeline over a log, for callgrind, with as much memory as is wanted:
 *
 *   counted MEMCAP RULES LOG LINES
 *
 * Instructions are counted from behind the first LINES of the log on (valgrind
 * --instr-atstart=no). Prints records, events and partials that were live when
 * the count began, then those at its end. Live, not exact: as the plugin does.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_START_INSTRUMENTATION
#define CALLGRIND_STOP_INSTRUMENTATION
#endif

#include "pipeline.h"

#define REORDER_NS (100 * NSEC_PER_MSEC)
#define LATENESS_NS (300 * NSEC_PER_SEC)
#define SUPPRESS_NS (60 * NSEC_PER_SEC)
#define CHUNK (64U << 10)

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "counted: %s\n", what);
	exit(1);
}

static struct str map_log(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat about;
	void *text;

	if (fd < 0 || fstat(fd, &about) || !about.st_size)
		die(path);
	text = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED)
		die(path);
	close(fd);
	return (struct str){ text, (size_t)about.st_size };
}

static size_t lines_length(struct str text, unsigned long lines)
{
	const char *p = text.data, *end = text.data + text.len;

	for (; lines && p; lines--) {
		p = memchr(p, '\n', (size_t)(end - p));
		p = p ? p + 1 : NULL;
	}
	if (!p)
		die("the log has fewer lines");
	return (size_t)(p - text.data);
}

static void feed(struct pipeline *pipeline, const char *data, size_t len)
{
	while (len) {
		size_t part = len < CHUNK ? len : CHUNK;

		if (pipeline_feed(pipeline, data, part))
			die("feeding failed");
		data += part;
		len -= part;
	}
}

static void tell(const struct pipeline *pipeline)
{
	struct pipeline_stats stats;

	pipeline_stats(pipeline, &stats);
	printf("%llu records, %llu events, %llu partials\n",
	       (unsigned long long)stats.sieve.records,
	       (unsigned long long)stats.sieve.events,
	       (unsigned long long)stats.engine.partials_live);
}

static void on_alert(void *user, const struct alert *alert)
{
	(void)user;
	(void)alert;
}

int main(int argc, char **argv)
{
	struct pipeline_config config = {
		.host_id = STR("host"),
		.reorder_ns = REORDER_NS,
		.lateness_ns = LATENESS_NS,
		.suppress_ns = SUPPRESS_NS,
		.on_alert = on_alert,
	};
	struct ruleset_options options = { .path_count = 1 };
	struct pipeline *pipeline;
	struct ruleset *rules;
	const char *path;
	struct str log;
	size_t before;

	if (argc != 5)
		die("see the head of tests/bench/counted.c");
	path = argv[2];
	options.paths = &path;
	if (ruleset_load(&options, &rules) || !rules->rule_count)
		die("no rules");
	config.rules = rules;
	config.memcap = strtoul(argv[1], NULL, 10);
	if (pipeline_new(&config, &pipeline))
		die("no pipeline");
	log = map_log(argv[3]);
	before = lines_length(log, strtoul(argv[4], NULL, 10));
	feed(pipeline, log.data, before);
	tell(pipeline);
	CALLGRIND_START_INSTRUMENTATION;
	feed(pipeline, log.data + before, log.len - before);
	CALLGRIND_STOP_INSTRUMENTATION;
	tell(pipeline);
	pipeline_free(&pipeline);
	ruleset_free(&rules);
	return 0;
}
