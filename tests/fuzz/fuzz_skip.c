/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes through the pipeline, with and without what is left unparsed since
 * no rule asks for it: the same alerts.
 */
#include "pipeline.h"

#include <stdio.h>
#include <unistd.h>

#include <audisp-eql/output.h>

#include "target.h"
#include "util/arena.h"
#include "util/strbuf.h"

static const char rule[] =
	"[rule]\nrule_id = \"%c\"\nname = \"%c\"\ntype = \"eql\"\n"
	"risk_score = 21\nseverity = \"low\"\nquery = '''\n%s\n'''\n";

/* Asked for: programs, connections, and what a process that ran one removes. */
static const char *const queries[] = {
	"process where event.action == \"exec\"",
	"network where event.action == \"connection_attempted\"",
	"sequence by process.entity_id with maxspan=1m"
	" [process where event.action == \"exec\"]"
	" [file where event.type == \"deletion\"]",
};

#define QUERIES (sizeof(queries) / sizeof(queries[0]))
#define PATH_BYTES 32

static void write_rule(char path[PATH_BYTES], size_t which)
{
	int id = 'a' + (int)which, fd;

	strcpy(path, "/tmp/fuzz_skip_XXXXXX.toml");
	fd = mkstemps(path, 5);
	require(fd >= 0 && dprintf(fd, rule, id, id, queries[which]) > 0);
	close(fd);
}

static struct ruleset *load_rules(size_t count)
{
	char paths[QUERIES][PATH_BYTES];
	const char *list[QUERIES];
	struct ruleset_options options = { .paths = list, .path_count = count };
	struct ruleset *rules;

	for (size_t i = 0; i < count; i++) {
		write_rule(paths[i], i);
		list[i] = paths[i];
	}
	require(!ruleset_load(&options, &rules) && !rules->error_count &&
		rules->rule_count == count);
	for (size_t i = 0; i < count; i++)
		unlink(paths[i]);
	return rules;
}

struct run {
	const struct ruleset *rules;
	struct arena *arena;
	struct strbuf alerts;
};

static void on_alert(void *user, const struct alert *alert)
{
	struct run *run = user;
	struct render_context context = {
		.fields = run->rules->fields,
		.version = "0",
	};
	struct rendered rendered;

	arena_reset(run->arena);
	require(!alert_render(alert, &context, run->arena, &rendered));
	strbuf_add_str(&run->alerts, rendered.json);
}

static void run_all(struct run *run, struct str log, bool parse_all)
{
	const struct pipeline_config config = {
		.rules = run->rules,
		.host_id = STR("h"),
		.memcap = 4U << 20,
		.exact = true,
		.on_alert = on_alert,
		.user = run,
		.parse_all = parse_all,
	};
	struct pipeline *pipeline = NULL;

	run->arena = arena_new(0);
	require(run->arena && !pipeline_new(&config, &pipeline));
	require(!pipeline_feed(pipeline, log.data, log.len));
	require(!pipeline_finish(pipeline));
	pipeline_free(&pipeline);
	arena_free(&run->arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* all of them, and the first alone, which asks for little */
	static struct ruleset *rules[2];
	struct str log = { (const char *)data, size };

	for (size_t i = 0; i < 2; i++) {
		struct run skipped = { 0 }, whole = { 0 };

		if (!rules[i])
			rules[i] = load_rules(i ? 1 : QUERIES);
		skipped.rules = whole.rules = rules[i];
		run_all(&skipped, log, false);
		run_all(&whole, log, true);
		require(str_equal(strbuf_str(&skipped.alerts),
				  strbuf_str(&whole.alerts)));
		strbuf_free(&skipped.alerts);
		strbuf_free(&whole.alerts);
	}
	return 0;
}
