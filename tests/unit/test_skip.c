/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is not parsed because no loaded rule asks for it changes no alert, nor
 * does a field that is made when it is asked for (normalize/later.def): every
 * log of the tests goes through the pipeline with and without it, with rules
 * that ask for much and rules that ask for little, and each alert's document is
 * the same to the byte. The documents tell what the process table knows, which
 * calls that are not parsed teach, too.
 */
#include "rulefiles.h"

#include <unistd.h>

#include <audisp-eql/output.h>

#include "pipeline.h"
#include "readlog.h"
#include "util/strbuf.h"

/* Few kinds of event, and each alert of it tells of the process and those
 * above it. */
static const char *const little[] = {
	"process where event.action == \"exec\"",
	"network where event.action == \"connection_attempted\"",
	"file where event.type == \"deletion\"",
	"authentication where event.action == \"logged-in\"",
	"sequence by process.entity_id with maxspan=1m"
	" [process where event.type == \"start\"]"
	" [file where event.type == \"creation\"]",
};

#define LITTLE (sizeof(little) / sizeof(little[0]))

struct run {
	const struct ruleset *rules;
	struct arena *arena;
	struct strbuf alerts;
	uint64_t events; /* made */
};

static void on_alert(void *user, const struct alert *alert)
{
	struct run *run = user;
	struct render_context context = {
		.rule_set = run->rules->hash,
		.fields = run->rules->fields,
		.version = "0",
	};
	struct rendered rendered;

	arena_reset(run->arena);
	assert_int_equal(alert_render(alert, &context, run->arena, &rendered),
			 0);
	strbuf_add_str(&run->alerts, rendered.json);
	strbuf_add_char(&run->alerts, '\n');
}

static void run_log(struct run *run, struct str log, bool parse_all)
{
	const struct pipeline_config config = {
		.rules = run->rules,
		.host_id = STR("localhost"),
		.memcap = 64U << 20,
		.reorder_ns = 100 * NSEC_PER_MSEC,
		.lateness_ns = 300 * NSEC_PER_SEC,
		.exact = true,
		.on_alert = on_alert,
		.user = run,
		.parse_all = parse_all,
	};
	struct pipeline_stats stats;
	struct pipeline *pipeline;

	assert_int_equal(pipeline_new(&config, &pipeline), 0);
	assert_int_equal(pipeline_feed(pipeline, log.data, log.len), 0);
	assert_int_equal(pipeline_finish(pipeline), 0);
	pipeline_stats(pipeline, &stats);
	run->events = stats.normalizer.events;
	pipeline_free(&pipeline);
}

static void run_open(struct run *run, const struct ruleset *rules)
{
	*run = (struct run){ .rules = rules, .arena = arena_new(0) };
	assert_non_null(run->arena);
}

static void run_close(struct run *run)
{
	assert_false(run->alerts.failed);
	strbuf_free(&run->alerts);
	arena_free(&run->arena);
}

struct totals {
	const struct ruleset *rules;
	uint64_t alerts, parsed, all;
};

static void compare(void *user, const char *path)
{
	struct totals *totals = user;
	struct run skipped, whole;
	struct str log = { 0 };

	log.data = readlog_file(path, &log.len);
	assert_non_null(log.data);
	run_open(&skipped, totals->rules);
	run_open(&whole, totals->rules);
	run_log(&skipped, log, false);
	run_log(&whole, log, true);
	if (!str_equal(strbuf_str(&skipped.alerts), strbuf_str(&whole.alerts)))
		fail_msg("%s: the alerts differ", path);
	for (size_t i = 0; i < whole.alerts.len; i++)
		totals->alerts += whole.alerts.data[i] == '\n';
	totals->parsed += skipped.events;
	totals->all += whole.events;
	run_close(&skipped);
	run_close(&whole);
	free((char *)log.data);
}

/* All logs there are; whether something was left out at all. */
static bool compare_all(const struct ruleset *rules)
{
	struct totals totals = { .rules = rules };
	size_t logs = readlog_all(compare, &totals);

	print_message("%zu logs, %lu alerts, %lu of %lu events made\n", logs,
		      totals.alerts, totals.parsed, totals.all);
	assert_true(logs > 100);
	assert_true(totals.alerts > 0);
	return totals.parsed < totals.all;
}

static void test_detect(void **state)
{
	char path[4096];
	const char *const paths[] = { path };
	struct ruleset_options options = {
		.paths = paths,
		.path_count = 1,
		.off = RULESET_OFF_RUN,
	};
	struct ruleset *rules;

	(void)state;
	snprintf(path, sizeof(path), "%s/rules.d/detect", readlog_srcdir());
	rules = rulefiles_load(&options, "");
	assert_true(compare_all(rules));
	ruleset_free(&rules);
}

/* Rules as published ones are, which read other fields; some cannot be run. */
static void test_published(void **state)
{
	char files[4096], census[4096];
	const char *const paths[] = { files, census };
	struct ruleset_options options = {
		.paths = paths,
		.path_count = 2,
		.off = RULESET_OFF_RUN,
	};
	struct ruleset *rules;

	(void)state;
	snprintf(files, sizeof(files), "%s/tests/rules", readlog_srcdir());
	snprintf(census, sizeof(census), "%s/tests/rules/census",
		 readlog_srcdir());
	assert_int_equal(ruleset_load(&options, &rules), 0);
	assert_true(rules->rule_count > 300);
	compare_all(rules);
	ruleset_free(&rules);
}

static void write_rule(const char *path, const char *query)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "[rule]\nrule_id = \"r\"\nname = \"r\"\ntype = \"eql\"\n"
		 "language = \"eql\"\nrisk_score = 21\nseverity = \"low\"\n"
		 "query = '''\n%s\n'''\n",
		 query);
	rulefiles_write_text(path, text);
}

static void test_little(void **state)
{
	char path[] = "test_skip_XXXXXX.toml";
	const char *const paths[] = { path };
	struct ruleset_options options = { .paths = paths, .path_count = 1 };
	int fd = mkstemps(path, 5);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	for (size_t i = 0; i < LITTLE; i++) {
		struct ruleset *rules;

		write_rule(path, little[i]);
		rules = rulefiles_load(&options, "");
		assert_int_equal(rules->rule_count, 1);
		assert_true(compare_all(rules));
		ruleset_free(&rules);
	}
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_detect),
		cmocka_unit_test(test_published),
		cmocka_unit_test(test_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
