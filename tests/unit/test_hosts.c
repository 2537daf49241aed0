/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many hosts through the whole pipeline: a capture in which one host starts a
 * program and another connects, with and without names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config.h"
#include "pipeline.h"
#include "util/strbuf.h"

#include "readlog.h"

struct rig {
	struct ruleset *rules;
	struct pipeline *pipeline;
	struct strbuf told;
};

static void on_alert(void *user, const struct alert *alert)
{
	struct rig *rig = user;

	strbuf_printf(&rig->told, "%.*s@%.*s ", STR_ARG(alert->rule->id),
		      STR_ARG(alert->host));
}

#define RULE(id, query) \
	"[rule]\nrule_id = \"" id "\"\nname = \"" id "\"\ntype = \"eql\"\n" \
	"language = \"eql\"\nquery = '''\n" query "\n'''\n"

static const struct {
	const char *path, *text;
} rules[] = {
	{ "chain.toml",
	  RULE("chain",
	       "sequence by host.id, process.executable with maxspan=1m\n"
	       "  [process where event.type == \"start\" and\n"
	       "     process.name == \"revsh\"]\n"
	       "  [network where event.type == \"start\"]") },
	{ "single.toml",
	  RULE("single", "process where event.type == \"start\" and\n"
			 "  process.name == \"revsh\"") },
};

static void load_rules(struct rig *rig)
{
	char directory[] = "/tmp/test_hosts.XXXXXX", path[64];
	const char *paths[] = { directory };
	const struct ruleset_options options = {
		.paths = paths,
		.path_count = 1,
		.builtins = true,
	};

	assert_non_null(mkdtemp(directory));
	for (size_t i = 0; i < 2; i++) {
		FILE *file;

		snprintf(path, sizeof(path), "%s/%s", directory, rules[i].path);
		file = fopen(path, "we");
		assert_non_null(file);
		fputs(rules[i].text, file);
		fclose(file);
	}
	assert_int_equal(ruleset_load(&options, &rig->rules), 0);
	assert_int_equal(rig->rules->rule_count - rig->rules->builtin_count, 2);
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, rules[i].path);
		unlink(path);
	}
	rmdir(directory);
}

static void rig_open(struct rig *rig, struct str local, bool names_all)
{
	struct pipeline_config config = {
		.host_id = STR("here"),
		.local_node = local,
		.names_all = names_all,
		.memcap = 2U << 20,
		.reorder_ns = 100 * NSEC_PER_MSEC,
		.lateness_ns = 300 * NSEC_PER_SEC,
		.on_alert = on_alert,
		.user = rig,
	};

	*rig = (struct rig){ .told = STRBUF_INIT(0) };
	load_rules(rig);
	config.rules = rig->rules;
	assert_int_equal(pipeline_new(&config, &rig->pipeline), 0);
}

static void rig_close(struct rig *rig)
{
	pipeline_free(&rig->pipeline);
	ruleset_free(&rig->rules);
	strbuf_free(&rig->told);
}

/* Who sends: under which name, and how far on its serials are. */
struct sender {
	const char *name; /* NULL = none */
	unsigned long long serials;
};

static void feed_record(struct rig *rig, const struct sender *sender,
			const char *record)
{
	const char *colon = strchr(strchr(record, '('), ':');
	struct strbuf out = STRBUF_INIT(0);
	char *end;

	assert_non_null(colon);
	if (sender->name)
		strbuf_printf(&out, "node=%s ", sender->name);
	strbuf_printf(&out, "%.*s%llu", (int)(colon + 1 - record), record,
		      strtoull(colon + 1, &end, 10) + sender->serials);
	strbuf_printf(&out, "%s\n", end);
	assert_int_equal(pipeline_feed(rig->pipeline, out.data, out.len), 0);
	strbuf_free(&out);
}

/* The program starts on one host, and connects on the other. */
static void feed_capture(struct rig *rig, const struct sender *starts,
			 const struct sender *connects)
{
	const struct sender *sender = starts;
	char path[4096], *text, *line, *rest;
	size_t len = 0;

	snprintf(path, sizeof(path), "%s/tests/corpus/gcc-o/plugin.log",
		 readlog_srcdir());
	text = readlog_file(path, &len);
	assert_non_null(text);
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		if (strstr(line, "type=SYSCALL"))
			sender =
				strstr(line, "syscall=42 ") ? connects : starts;
		if (*line)
			feed_record(rig, sender, line);
	}
	free(text);
}

static void feed_chatter(struct rig *rig, const struct sender *a,
			 const struct sender *b)
{
	for (int i = 0; i < 20; i++) {
		char record[128];

		snprintf(record, sizeof(record),
			 "type=USER_CMD msg=audit(1795486462.000:%d): pid=1",
			 25200 + i);
		feed_record(rig, i % 2 ? a : b, record);
	}
}

static void pass(struct rig *rig, int64_t seconds)
{
	for (int64_t i = 0; i < 10 * seconds; i++)
		assert_int_equal(
			pipeline_advance(rig->pipeline, NSEC_PER_SEC / 10), 0);
}

static size_t told(struct rig *rig, const char *what)
{
	size_t count = 0;
	const char *at;

	strbuf_add_char(&rig->told, '\0');
	rig->told.len--;
	for (at = rig->told.data; (at = strstr(at, what)); at++)
		count++;
	return count;
}

/* As it was recorded: one host, whatever its name. */
static void test_one(void **state)
{
	const struct sender senders[] = { { NULL, 0 }, { "me", 0 } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct rig rig;

		rig_open(&rig, STR("me"), i);
		feed_chatter(&rig, &senders[i], &senders[i]);
		feed_capture(&rig, &senders[i], &senders[i]);
		pass(&rig, 12);
		assert_int_equal(told(&rig, "chain@here "), 1);
		assert_int_equal(told(&rig, "single@here "), 1);
		assert_int_equal(told(&rig, "hosts_mixed"), 0);
		rig_close(&rig);
	}
}

/* Two by name: what one starts the other does not go on with. */
static void test_names(void **state)
{
	const struct sender a = { "a", 0 }, b = { "b", 0 };
	struct rig rig;

	(void)state;
	rig_open(&rig, STR(""), false);
	feed_chatter(&rig, &a, &b);
	feed_capture(&rig, &a, &b);
	pass(&rig, 12);
	assert_int_equal(told(&rig, "chain@"), 0);
	assert_int_equal(told(&rig, "single@a "), 1);
	assert_int_equal(told(&rig, "hosts_mixed"), 0);
	rig_close(&rig);
}

/* Two without: noticed, told, and not correlated; a single event is a finding
 * nevertheless. */
static void test_no_names(void **state)
{
	const struct sender a = { NULL, 0 }, b = { NULL, 300000 };
	struct pipeline_stats stats;
	struct rig rig;

	(void)state;
	rig_open(&rig, STR(""), false);
	feed_chatter(&rig, &a, &b);
	feed_capture(&rig, &a, &b);
	pass(&rig, 12);
	assert_int_equal(told(&rig, "hosts_mixed@here "), 1);
	assert_int_equal(told(&rig, "chain@"), 0);
	assert_int_equal(told(&rig, "single@here "), 1);
	assert_int_equal(told(&rig, "records_missing"), 0);
	pipeline_stats(rig.pipeline, &stats);
	assert_int_equal(stats.sieve.mixed, 1);
	rig_close(&rig);
}

/* Where this host has a name, who has none is another. */
static void test_others_without(void **state)
{
	const struct sender own = { "me", 0 }, other = { NULL, 0 };
	struct sieve_host hosts[3];
	struct rig rig;

	(void)state;
	rig_open(&rig, STR("me"), true);
	feed_capture(&rig, &own, &other);
	pass(&rig, 12);
	assert_int_equal(told(&rig, "chain@"), 0);
	assert_int_equal(told(&rig, "single@here "), 1);
	assert_int_equal(pipeline_hosts(rig.pipeline, hosts, 3), 2);
	rig_close(&rig);
	/* and where not all its records are known to have it, it is this */
	rig_open(&rig, STR("me"), false);
	feed_capture(&rig, &own, &other);
	pass(&rig, 12);
	assert_int_equal(told(&rig, "chain@here "), 1);
	assert_int_equal(pipeline_hosts(rig.pipeline, hosts, 3), 1);
	assert_true(str_equal(hosts[0].node, STR("here")));
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_no_names),
		cmocka_unit_test(test_others_without),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
