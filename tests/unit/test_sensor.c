/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Built-in rules, from the texts of records to alerts: cases/sensor/NAME.log and
 * what is told of it, NAME.expect; UPDATE_CASES=1 writes these anew. Settings,
 * removals and loads are a real kernel's, the end of auditd a real auditd's.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config.h"
#include "pipeline.h"
#include "util/codec.h"
#include "util/json.h"
#include "util/strbuf.h"

#include "readlog.h"

struct rig {
	struct ruleset *rules;
	struct pipeline *pipeline;
	struct strbuf told;
	size_t alerts;
};

static void add_field(struct strbuf *out, const struct event *event,
		      const char *name, size_t slot)
{
	const struct value *value = event_value(event, slot, READING_INVOKED);

	strbuf_printf(out, " %s=", name);
	if (value->type == VALUE_STRING)
		text_escape(out, value->s);
	else if (value->type == VALUE_INT)
		strbuf_printf(out, "%lld", (long long)value->i);
	else
		strbuf_add_char(out, '-');
}

static void on_alert(void *user, const struct alert *alert)
{
	struct rig *rig = user;
	const struct event *event = alert->events[0];

	rig->alerts++;
	strbuf_printf(&rig->told, "%.*s %d x%llu%s host=%.*s",
		      STR_ARG(alert->rule->id), (int)alert->rule->severity,
		      (unsigned long long)alert->suppressed,
		      alert->gap ? " gap" : "", STR_ARG(alert->host));
	add_field(&rig->told, event, "pid", FIELD_PROCESS_PID);
	add_field(&rig->told, event, "exe", FIELD_PROCESS_EXECUTABLE);
	strbuf_printf(&rig->told, " serial=%llu records=%zu",
		      (unsigned long long)event->serial, event->record_count);
	add_field(&rig->told, event, "reason", FIELD_EVENT_REASON);
	strbuf_add_char(&rig->told, '\n');
}

static void rig_open_with(struct rig *rig, const char *rule)
{
	const struct ruleset_options options = {
		.paths = &rule,
		.path_count = rule != NULL,
		.builtins = true,
	};
	struct pipeline_config config = {
		.host_id = STR("here"),
		.memcap = 2U << 20,
		.reorder_ns = 100 * NSEC_PER_MSEC,
		.on_alert = on_alert,
		.user = rig,
	};

	*rig = (struct rig){ .told = STRBUF_INIT(0) };
	assert_int_equal(ruleset_load(&options, &rig->rules), 0);
	config.rules = rig->rules;
	assert_int_equal(pipeline_new(&config, &rig->pipeline), 0);
}

static void rig_open(struct rig *rig)
{
	rig_open_with(rig, NULL);
}

static void rig_close(struct rig *rig)
{
	pipeline_free(&rig->pipeline);
	ruleset_free(&rig->rules);
	strbuf_free(&rig->told);
}

static const char *path_of(const char *name)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/tests/cases/sensor/%s",
		 readlog_srcdir(), name);
	return path;
}

/* The lines of a log, and then time alone. */
static void run_log(struct rig *rig, const char *name)
{
	size_t len = 0;
	char *text = readlog_file(path_of(name), &len);

	assert_non_null(text);
	assert_int_equal(pipeline_feed(rig->pipeline, text, len), 0);
	free(text);
}

static void pass(struct rig *rig, int64_t seconds)
{
	for (int64_t i = 0; i < 10 * seconds; i++)
		assert_int_equal(
			pipeline_advance(rig->pipeline, NSEC_PER_SEC / 10), 0);
}

static void check_expect(struct rig *rig, const char *log)
{
	char name[256];
	size_t len = 0;
	char *expect;

	snprintf(name, sizeof(name), "%.*s.expect", (int)strlen(log) - 4, log);
	strbuf_add_char(&rig->told, '\0');
	if (getenv("UPDATE_CASES")) {
		FILE *file = fopen(path_of(name), "we");

		assert_non_null(file);
		fputs(rig->told.data, file);
		fclose(file);
	}
	expect = readlog_file(path_of(name), &len);
	if (!expect)
		fail_msg("no %s", name);
	if (strcmp(expect, rig->told.data))
		fail_msg("%s: told\n%swanted\n%s", log, rig->told.data, expect);
	free(expect);
}

static int is_log(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 4 && !strcmp(entry->d_name + len - 4, ".log");
}

static void test_cases(void **state)
{
	struct dirent **entries;
	int count = scandir(path_of(""), &entries, is_log, alphasort);

	(void)state;
	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		struct rig rig;

		rig_open(&rig);
		run_log(&rig, entries[i]->d_name);
		pass(&rig, 12);
		check_expect(&rig, entries[i]->d_name);
		rig_close(&rig);
		free(entries[i]);
	}
	free(entries);
}

/* The end of input tells what is under way, and so does a saved state: nothing
 * waits in this process alone. */
static void test_under_way(void **state)
{
	struct strbuf saved = STRBUF_INIT(1U << 20);
	struct reader reader;
	struct rig rig;

	(void)state;
	rig_open(&rig);
	run_log(&rig, "removed.log");
	assert_true(pipeline_is_pending(rig.pipeline));
	assert_int_equal(rig.alerts, 0);
	assert_int_equal(pipeline_flush(rig.pipeline), 0);
	assert_int_equal(rig.alerts, 1);
	rig_close(&rig);
	rig_open(&rig);
	run_log(&rig, "removed.log");
	assert_int_equal(pipeline_save(rig.pipeline, &saved), 0);
	assert_false(pipeline_is_pending(rig.pipeline));
	rig_close(&rig);
	rig_open(&rig);
	reader = reader_of(strbuf_str(&saved));
	assert_int_equal(pipeline_load(rig.pipeline, &reader, false), 0);
	pass(&rig, 1);
	assert_int_equal(rig.alerts, 1);
	rig_close(&rig);
	strbuf_free(&saved);
}

/* Who goes on and on removing is told of all the same. */
static void test_endless(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig);
	for (int i = 0; i < 120 && !rig.alerts; i++) {
		char line[200];
		int len = snprintf(
			line, sizeof(line),
			"type=CONFIG_CHANGE msg=audit(%d.000:%d): auid=0 "
			"ses=1 op=remove_rule key=\"x\" list=4 res=1\n"
			"type=PROCTITLE msg=audit(%d.000:%d): proctitle=61\n",
			1795534838 + i, i + 1, 1795534838 + i, i + 1);

		assert_int_equal(pipeline_feed(rig.pipeline, line, (size_t)len),
				 0);
		pass(&rig, 1);
	}
	assert_int_equal(rig.alerts, 1);
	rig_close(&rig);
}

/* What others count: one finding, whatever the number; and this host's. */
static void test_notes(void **state)
{
	struct sensor_note note = { .time_ns = 1795534838 * NSEC_PER_SEC };
	struct rig rig;

	(void)state;
	for (int id = 0; id < BUILTIN__COUNT; id++) {
		if (id != BUILTIN_RECORDS_LOST &&
		    id != BUILTIN_ORIGINS_FORGOTTEN &&
		    id != BUILTIN_RECORDS_DROPPED &&
		    id != BUILTIN_MEMORY_FULL && id != BUILTIN_AUDIT_DISABLED &&
		    id != BUILTIN_NOTHING_DETECTED)
			continue;
		rig_open(&rig);
		note.id = (enum builtin_id)id;
		note.count = 20;
		pipeline_note(rig.pipeline, &note);
		note.count = 3;
		pipeline_note(rig.pipeline, &note);
		assert_int_equal(rig.alerts, 0);
		pass(&rig, 1);
		assert_int_equal(rig.alerts, 1);
		strbuf_add_char(&rig.told, '\0');
		assert_non_null(strstr(rig.told.data, "host=here"));
		if (id == BUILTIN_RECORDS_LOST)
			assert_non_null(strstr(rig.told.data,
					       "the kernel lost 23 records"));
		note.time_ns += NSEC_PER_SEC;
		pipeline_note(rig.pipeline, &note);
		pass(&rig, 1);
		assert_int_equal(rig.alerts, 1);
		rig_close(&rig);
	}
}

/* Notes of more hosts than there is room for are not told, and nothing else
 * happens. */
static void test_notes_full(void **state)
{
	struct sensor_note note = { .id = BUILTIN_RECORDS_MISSING,
				    .time_ns = 1795534838 * NSEC_PER_SEC,
				    .count = 1 };
	struct rig rig;
	char name[32];

	(void)state;
	rig_open(&rig);
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "host%d", i);
		note.host = str_from(name);
		pipeline_note(rig.pipeline, &note);
	}
	pass(&rig, 1);
	assert_in_range(rig.alerts, 1, 99);
	rig_close(&rig);
}

/* Sequences begun without end: whoever holds most loses the oldest. */
static void test_memory_full(void **state)
{
	char path[] = "/tmp/test_sensor.XXXXXX";
	FILE *file = fdopen(mkstemp(path), "w");
	struct rig rig;

	(void)state;
	assert_non_null(file);
	fputs("[rule]\nrule_id = \"x\"\nname = \"x\"\ntype = \"eql\"\n"
	      "query = '''sequence by process.pid with maxspan=1h\n"
	      "[process where event.action == \"exec\"]\n"
	      "[process where event.action == \"end\"]'''\n",
	      file);
	fclose(file);
	rig_open_with(&rig, path);
	for (int i = 1; i < 9000 && !rig.alerts; i++) {
		char text[1000];
		int len = snprintf(
			text, sizeof(text),
			"type=SYSCALL msg=audit(1795534838.%03d:%d): "
			"arch=c000003e syscall=59 success=yes exit=0 a0=0 a1=0 "
			"a2=0 a3=0 items=0 ppid=1 pid=%d auid=1000 uid=1000 "
			"gid=1000 euid=1000 egid=1000 tty=(none) ses=1 "
			"comm=\"x\" exe=\"/bin/x\"\n"
			"type=EXECVE msg=audit(1795534838.%03d:%d): argc=1 "
			"a0=\"x\"\n"
			"type=PROCTITLE msg=audit(1795534838.%03d:%d): "
			"proctitle=78\n",
			i / 10, i, 1000 + i, i / 10, i, i / 10, i);

		assert_int_equal(pipeline_feed(rig.pipeline, text, (size_t)len),
				 0);
		if (i % 100 == 0)
			assert_int_equal(pipeline_advance(rig.pipeline,
							  NSEC_PER_SEC / 5),
					 0);
	}
	assert_int_equal(rig.alerts, 1);
	strbuf_add_char(&rig.told, '\0');
	assert_non_null(strstr(rig.told.data, "memory_full 47 x0 host=here"));
	assert_non_null(strstr(rig.told.data, "login 1000, who held most"));
	rig_close(&rig);
	unlink(path);
}

/* auditd's end is told once, by its record or without. */
static void test_auditd_gone(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig);
	pipeline_auditd_gone(rig.pipeline, 1795534838 * NSEC_PER_SEC);
	assert_int_equal(pipeline_flush(rig.pipeline), 0);
	assert_int_equal(rig.alerts, 1);
	rig_close(&rig);
	rig_open(&rig);
	run_log(&rig, "stopped.log");
	pipeline_auditd_gone(rig.pipeline, 1795534839 * NSEC_PER_SEC);
	assert_int_equal(pipeline_flush(rig.pipeline), 0);
	assert_int_equal(rig.alerts, 1);
	rig_close(&rig);
	rig_open(&rig);
	run_log(&rig, "hosts.log");
	pipeline_auditd_gone(rig.pipeline, 1795534839 * NSEC_PER_SEC);
	assert_int_equal(pipeline_flush(rig.pipeline), 0);
	strbuf_add_char(&rig.told, '\0');
	assert_non_null(
		strstr(rig.told.data, "auditd_stopped 73 x0 host=here"));
	rig_close(&rig);
}

/* No option of a rule set takes them away. */
static void test_cannot_be_off(void **state)
{
	static const char *const disable[] = { "audisp_eql.audit_disabled",
					       "audit_disabled", "built-in" };
	struct ruleset_options options = {
		.disable = disable,
		.disable_count = 3,
		.builtins = true,
	};
	struct ruleset *rules = NULL;

	(void)state;
	assert_int_equal(ruleset_load(&options, &rules), 0);
	assert_int_equal(rules->rule_count, BUILTIN__COUNT);
	assert_int_equal(rules->builtin_count, BUILTIN__COUNT);
	for (size_t i = 0; i < rules->rule_count; i++)
		assert_int_equal(rules->rules[i]->mode, RULE_MODE_ALERT);
	ruleset_free(&rules);
}

/* The manual lists them all. */
static void test_manual(void **state)
{
	static const char *const names[] = {
#define BUILTIN(id, name, severity, same, minutes, title, description) name,
#include <audisp-eql/builtins.def>
#undef BUILTIN
	};
	char path[4096];
	size_t len = 0;
	char *text;

	(void)state;
	snprintf(path, sizeof(path), "%s/plugin/man/audisp-eql.8",
		 readlog_srcdir());
	text = readlog_file(path, &len);
	assert_non_null(text);
	for (size_t i = 0; i < BUILTIN__COUNT; i++)
		if (!strstr(text, names[i]))
			fail_msg("%s does not stand in %s", names[i], path);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_under_way),
		cmocka_unit_test(test_endless),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_notes_full),
		cmocka_unit_test(test_memory_full),
		cmocka_unit_test(test_auditd_gone),
		cmocka_unit_test(test_cannot_be_off),
		cmocka_unit_test(test_manual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
