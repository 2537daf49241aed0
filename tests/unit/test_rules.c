/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rule files, rule sets, and what they need of a host. Cases stand in
 * tests/cases/rules.case: a file, and its status with all complaints as they
 * are printed.
 *
 *   === name
 *   the file; <base> stands for the five lines of a smallest rule. Of an
 *   environment LD_PRELOAD and HISTFILE are read
 *   ---
 *   status
 *   complaints
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <libaudit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <audisp-eql/rule.h>

#include "limits.h"
#include "normalize/names.h"
#include "readlog.h"
#include "rules/audit_rules.h"
#include "rules/traits.h"
#include "util/diag.h"

#define BASE \
	"[rule]\nrule_id = \"r1\"\nname = \"n\"\ntype = \"eql\"\n" \
	"query = 'process where event.action == \"exec\"'\n"

static char *source; /* the source tree, absolute */
static char directory[] = "/tmp/test_rules.XXXXXX";

/* --- tools ---------------------------------------------------------------- */

static void note_diag(void *user, const struct diag *diag)
{
	diag_print(diag, false, user);
}

static void write_file(const char *path, const void *data, size_t len)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static void write_text(const char *path, const char *text)
{
	write_file(path, text, strlen(text));
}

static struct ruleset *load(const char *path)
{
	struct ruleset_options options = { .paths = &path, .path_count = 1 };
	struct ruleset *set = NULL;

	assert_int_equal(ruleset_load(&options, &set), 0);
	assert_non_null(set);
	return set;
}

static void assert_str(struct str got, const char *expected)
{
	if (str_equal(got, str_from(expected)))
		return;
	print_error("expected %s\ngot      %.*s\n", expected, STR_ARG(got));
	fail();
}

static const char *const status_names[] = {
	[RULE_FULL] = "full",
	[RULE_DEGRADED] = "degraded",
	[RULE_UNSUPPORTED] = "unsupported",
	[RULE_SKIPPED] = "skipped",
	[RULE_INVALID] = "invalid",
};

/* --- cases ---------------------------------------------------------------- */

static struct str next_line(struct str *rest)
{
	const char *end =
		rest->len ? memchr(rest->data, '\n', rest->len) : NULL;
	size_t len = end ? (size_t)(end + 1 - rest->data) : rest->len;
	struct str line = { rest->data, len };

	if (len)
		rest->data += len;
	rest->len -= len;
	return line;
}

static bool starts_with(struct str line, const char *text)
{
	return line.len >= strlen(text) &&
	       !memcmp(line.data, text, strlen(text));
}

/* Status and complaints of the file case.toml. */
static void describe(struct strbuf *out)
{
	static const struct str names[] = { STR("LD_PRELOAD"),
					    STR("HISTFILE") };
	static const struct str_list environment = { 2, names };
	const char *path = "case.toml";
	struct strbuf diags = STRBUF_INIT(0);
	struct ruleset_options options = {
		.paths = &path,
		.path_count = 1,
		.environment = &environment,
		.on_diag = note_diag,
		.user = &diags,
	};
	const struct rule_report *report;
	struct ruleset *set;

	assert_int_equal(ruleset_load(&options, &set), 0);
	assert_int_equal(set->report_count, 1);
	report = &set->reports[0];
	assert_int_equal(set->error_count, report->status == RULE_INVALID);
	assert_int_equal(set->rule_count, report->rule != NULL);
	assert_int_equal(report->rule != NULL, report->status <= RULE_DEGRADED);
	strbuf_printf(out, "%s\n", status_names[report->status]);
	/* what has no complaint has its reason only in the report */
	if (report->status == RULE_SKIPPED)
		strbuf_printf(out, "%u:%u: %.*s\n", report->reasons[0].line,
			      report->reasons[0].column,
			      STR_ARG(report->reasons[0].text));
	strbuf_add_str(out, strbuf_str(&diags));
	strbuf_free(&diags);
	ruleset_free(&set);
}

/* Reads a case behind its title; the next title is in *line afterwards. */
static void read_case(struct str *rest, struct strbuf *text,
		      struct strbuf *expected, struct str *line)
{
	strbuf_reset(text);
	strbuf_reset(expected);
	while (*line = next_line(rest), !str_equal(*line, STR("---\n")))
		strbuf_add_str(text, str_equal(*line, STR("<base>\n"))
					     ? STR(BASE)
					     : *line);
	while (*line = next_line(rest),
	       line->len && !starts_with(*line, "=== "))
		strbuf_add_str(expected, *line);
}

static void test_cases(void **state)
{
	struct strbuf text = STRBUF_INIT(0), expected = STRBUF_INIT(0);
	struct strbuf got = STRBUF_INIT(0);
	size_t len = 0, count = 0, bad = 0;
	char path[4096], *data;
	struct str rest, line;

	(void)state;
	snprintf(path, sizeof(path), "%s/tests/cases/rules.case", source);
	data = readlog_file(path, &len);
	assert_non_null(data);
	rest = (struct str){ data, len };
	while (line = next_line(&rest), !starts_with(line, "=== "))
		;
	while (line.len) {
		struct str title = line;

		read_case(&rest, &text, &expected, &line);
		write_file("case.toml", text.data, text.len);
		strbuf_reset(&got);
		describe(&got);
		count++;
		if (str_equal(strbuf_str(&got), strbuf_str(&expected)))
			continue;
		bad++;
		print_error("%.*sexpected:\n%.*sgot:\n%.*s\n", STR_ARG(title),
			    STR_ARG(strbuf_str(&expected)),
			    STR_ARG(strbuf_str(&got)));
	}
	unlink("case.toml");
	strbuf_free(&text);
	strbuf_free(&expected);
	strbuf_free(&got);
	free(data);
	assert_int_equal(bad, 0);
	assert_true(count >= 80);
}

/* --- what a rule says ----------------------------------------------------- */

static const char full_rule[] =
	"[metadata]\nmaturity = \"production\"\n"
	"[rule]\n"
	"author = [\"A\", \"B\"]\n"
	"description = \"\"\"\nD1\nD2\"\"\"\n"
	"enabled = true\n"
	"false_positives = [\"F\"]\n"
	"from = \"now-9m\"\n"
	"index = [\"logs-endpoint.events.*\", \"x\"]\n"
	"language = \"eql\"\n"
	"license = \"L\"\n"
	"name = \"N\"\n"
	"note = 1\n"
	"query = 'any where true'\n"
	"references = [\"R1\", \"R2\", \"R3\"]\n"
	"risk_score = 73\n"
	"rule_id = \"I\"\n"
	"severity = \"high\"\n"
	"tags = [\"T\"]\n"
	"type = \"eql\"\n"
	"version = 7\n"
	"[[rule.threat]]\n"
	"framework = \"MITRE\"\n"
	"[rule.threat.tactic]\n"
	"id = \"TA1\"\nname = \"tactic\"\nreference = \"r0\"\n"
	"[[rule.threat.technique]]\n"
	"id = \"T1\"\nname = \"one\"\nreference = \"r1\"\n"
	"[[rule.threat.technique.subtechnique]]\n"
	"id = \"T1.1\"\nname = \"one one\"\nreference = \"r11\"\n"
	"[[rule.threat.technique]]\n"
	"id = \"T2\"\n"
	"[[rule.threat]]\n"
	"[audisp-eql]\n"
	"mode = \"observe\"\n"
	"severity = \"critical\"\n"
	"suppress = \"15m\"\n"
	"suppress_by = [\"process.name\", \"destination.ip\"]\n"
	"process_names = \"resolved\"\n"
	"[transform]\nosquery = 1\n";

static void check_threats(const struct rule *rule)
{
	const struct threat *threat = rule->threats;

	assert_int_equal(rule->threat_count, 2);
	assert_str(threat->framework, "MITRE");
	assert_str(threat->tactic.id, "TA1");
	assert_str(threat->tactic.name, "tactic");
	assert_str(threat->tactic.reference, "r0");
	assert_int_equal(threat->technique_count, 2);
	assert_str(threat->techniques[0].id, "T1");
	assert_str(threat->techniques[0].name, "one");
	assert_str(threat->techniques[0].reference, "r1");
	assert_int_equal(threat->techniques[0].subtechnique_count, 1);
	assert_str(threat->techniques[0].subtechniques[0].id, "T1.1");
	assert_str(threat->techniques[1].id, "T2");
	assert_str(threat->techniques[1].name, "");
	assert_int_equal(rule->threats[1].technique_count, 0);
}

static void test_values(void **state)
{
	struct ruleset *set;
	const struct rule *rule;

	(void)state;
	write_text("v.toml", full_rule);
	set = load("v.toml");
	assert_int_equal(set->rule_count, 1);
	rule = set->rules[0];
	assert_str(rule->file, "v.toml");
	assert_str(rule->id, "I");
	assert_str(rule->name, "N");
	assert_str(rule->description, "D1\nD2");
	assert_str(rule->type, "eql");
	assert_str(rule->language, "eql");
	assert_str(rule->license, "L");
	assert_str(rule->version, "7");
	assert_str(rule->query_text, "any where true");
	assert_int_equal(rule->severity, SEVERITY_CRITICAL);
	assert_int_equal(rule->risk_score, 73);
	assert_true(rule->from_ns == 540 * NSEC_PER_SEC);
	assert_true(rule->suppress_ns == 900 * NSEC_PER_SEC);
	assert_int_equal(rule->process_names, PROCESS_NAMES_RESOLVED);
	assert_true(rule->process_names_set);
	assert_int_equal(rule->mode, RULE_MODE_OBSERVE);
	assert_int_equal(rule->author.count, 2);
	assert_str(rule->author.items[1], "B");
	assert_str(rule->tags.items[0], "T");
	assert_int_equal(rule->references.count, 3);
	assert_str(rule->references.items[2], "R3");
	assert_str(rule->false_positives.items[0], "F");
	assert_str(rule->index.items[0], "logs-endpoint.events.*");
	assert_int_equal(rule->suppress_by_count, 2);
	assert_int_equal(rule->suppress_by[0], FIELD_PROCESS_NAME);
	assert_int_equal(rule->suppress_by[1], FIELD_DESTINATION_IP);
	check_threats(rule);
	ruleset_free(&set);
	unlink("v.toml");
}

static void test_defaults(void **state)
{
	const char *path = "v.toml";
	struct ruleset_options options = {
		.paths = &path,
		.path_count = 1,
		.process_names = PROCESS_NAMES_INVOKED,
	};
	const struct rule *rule;
	struct ruleset *set;

	(void)state;
	write_text(path, BASE);
	assert_int_equal(ruleset_load(&options, &set), 0);
	rule = set->rules[0];
	assert_int_equal(rule->severity, SEVERITY_MEDIUM);
	assert_int_equal(rule->risk_score, 47);
	assert_true(rule->from_ns == 360 * NSEC_PER_SEC);
	assert_true(rule->suppress_ns == -1);
	assert_int_equal(rule->process_names, PROCESS_NAMES_INVOKED);
	assert_false(rule->process_names_set);
	assert_str(rule->version, "");
	assert_int_equal(rule->threat_count, 0);
	ruleset_free(&set);
	unlink(path);
}

static int64_t from_of(const char *from)
{
	struct ruleset *set;
	char text[512];
	int64_t ns;

	snprintf(text, sizeof(text), BASE "from = \"%s\"\n", from);
	write_text("v.toml", text);
	set = load("v.toml");
	ns = set->rule_count ? set->rules[0]->from_ns : -1;
	ruleset_free(&set);
	unlink("v.toml");
	return ns;
}

static void test_durations(void **state)
{
	(void)state;
	assert_true(from_of("now-1ms") == NSEC_PER_MSEC);
	assert_true(from_of("now-0s") == 0);
	assert_true(from_of("now-24h") == 86400 * NSEC_PER_SEC);
	assert_true(from_of("now-3d") == 3 * 86400 * NSEC_PER_SEC);
	assert_true(from_of("now-2w") == 14 * 86400 * NSEC_PER_SEC);
	/* the last that fits into 64 bits of nanoseconds, and the next */
	assert_true(from_of("now-9223372036s") > 0);
	assert_true(from_of("now-9223372037s") == -1);
	assert_true(from_of("now-9223372036854775808s") == -1);
	assert_true(from_of("now-99999999999999999999s") == -1);
}

/* user.id is the effective id, but for rules that read auditd alone. */
static void test_user_id(void **state)
{
	static const struct {
		const char *index;
		size_t slot;
	} cases[] = {
		{ "", FIELD_USER_ID },
		{ "index = []\n", FIELD_USER_ID },
		{ "index = [\"logs-endpoint.events.process*\"]\n",
		  FIELD_USER_ID },
		{ "index = [\"auditbeat-*\", \"logs-endpoint.events.*\"]\n",
		  FIELD_USER_ID },
		{ "index = [\"auditbeat-*\", \"logs-auditd_manager.*\"]\n",
		  FIELD_USER_EXT_REAL_ID },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ruleset *set;
		char text[512];

		snprintf(text, sizeof(text),
			 "[rule]\nrule_id = \"a\"\nname = \"b\"\n"
			 "type = \"eql\"\n"
			 "query = 'any where user.id == \"0\"'\n%s",
			 cases[i].index);
		write_text("v.toml", text);
		set = load("v.toml");
		assert_int_equal(set->rules[0]->query->field_slots[0],
				 cases[i].slot);
		ruleset_free(&set);
	}
	unlink("v.toml");
}

/* The same hash for the same meaning only. */
static uint64_t hash_of(const char *text)
{
	struct ruleset *set;
	uint64_t hash;

	write_text("v.toml", text);
	set = load("v.toml");
	assert_int_equal(set->rule_count, 1);
	hash = set->hash;
	ruleset_free(&set);
	unlink("v.toml");
	return hash;
}

static void test_hash(void **state)
{
	uint64_t hash = hash_of(BASE);

	(void)state;
	assert_true(hash == hash_of(BASE));
	assert_true(hash == hash_of("# x\n" BASE "severity = \"low\"\n"));
	assert_true(hash != hash_of(BASE "from = \"now-1m\"\n"));
	assert_true(hash != hash_of(BASE "[audisp-eql]\n"
					 "process_names = \"resolved\"\n"));
	assert_true(hash != hash_of("[rule]\nrule_id = \"r2\"\nname = \"n\"\n"
				    "type = \"eql\"\nquery = 'process where "
				    "event.action == \"exec\"'\n"));
	assert_true(hash != hash_of("[rule]\nrule_id = \"r1\"\nname = \"n\"\n"
				    "type = \"eql\"\nquery = 'process where "
				    "event.action == \"fork\"'\n"));
}

/* --- sets ----------------------------------------------------------------- */

static void write_rule(const char *path, const char *id, const char *more)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "[rule]\nname = \"n\"\nrule_id = \"%s\"\ntype = \"eql\"\n"
		 "query = 'process where event.action == \"exec\"'\n%s",
		 id, more);
	write_text(path, text);
}

/* The ids of all that run, in order. */
static void assert_runs(struct ruleset_options *options, const char *expected)
{
	struct strbuf got = STRBUF_INIT(0);
	struct ruleset *set;

	options->on_diag = NULL;
	assert_int_equal(ruleset_load(options, &set), 0);
	for (size_t i = 0; i < set->rule_count; i++) {
		if (i)
			strbuf_add_char(&got, ' ');
		strbuf_add_str(&got, set->rules[i]->id);
	}
	assert_str(strbuf_str(&got), expected);
	strbuf_free(&got);
	ruleset_free(&set);
}

static void test_directory(void **state)
{
	const char *paths[] = { "d", "d/B.toml", "e" };
	struct ruleset_options options = { .paths = paths, .path_count = 1 };

	(void)state;
	assert_int_equal(mkdir("d", 0700), 0);
	assert_int_equal(mkdir("d/sub.toml", 0700), 0);
	write_rule("d/sub.toml/x.toml", "below", "");
	write_rule("d/b.toml", "3", "");
	write_rule("d/B.toml", "2", "");
	write_rule("d/10.toml", "1", "");
	write_rule("d/\xc3\xa9.toml", "4", "");
	write_rule("d/.toml", "none", "");
	write_rule("d/.hidden.toml", "hidden", "");
	write_rule("d/x.toml~", "backup", "");
	write_rule("d/x.txt", "text", "");
	assert_int_equal(mkfifo("d/pipe.toml", 0600), 0);
	assert_runs(&options, "1 2 3 4");
	/* a file by its name, whatever that is */
	paths[0] = "d/x.txt";
	assert_runs(&options, "text");
	paths[0] = "d/sub.toml";
	options.path_count = 2;
	assert_runs(&options, "below 2");
	assert_int_equal(system("rm -r d"), 0);
}

static void assert_complaints(struct ruleset_options *options, size_t errors,
			      const char *expected)
{
	struct strbuf got = STRBUF_INIT(0);
	struct ruleset *set;

	options->on_diag = note_diag;
	options->user = &got;
	assert_int_equal(ruleset_load(options, &set), 0);
	assert_int_equal(set->error_count, errors);
	assert_str(strbuf_str(&got), expected);
	strbuf_free(&got);
	ruleset_free(&set);
}

static void test_unreadable(void **state)
{
	const char *paths[] = { "absent", "absent/x.toml", "d" };
	struct ruleset_options options = { .paths = paths, .path_count = 3 };

	(void)state;
	assert_int_equal(mkdir("d", 0700), 0);
	assert_int_equal(symlink("nowhere", "d/link.toml"), 0);
	assert_complaints(&options, 3,
			  "absent: error: No such file or directory\n"
			  "absent/x.toml: error: No such file or directory\n"
			  "d/link.toml: error: No such file or directory\n");
	assert_int_equal(system("rm -r d"), 0);
	options.path_count = 0;
	assert_complaints(&options, 0, "");
}

/* The largest file there may be, and one byte more. */
static void test_file_limit(void **state)
{
	const char *path = "v.toml";
	struct ruleset_options options = { .paths = &path, .path_count = 1 };
	char *text = malloc(LIMIT_RULE_FILE_BYTES + 1);

	(void)state;
	assert_non_null(text);
	memset(text, '#', LIMIT_RULE_FILE_BYTES + 1);
	memcpy(text, BASE, strlen(BASE));
	write_file(path, text, LIMIT_RULE_FILE_BYTES);
	assert_complaints(&options, 0, "");
	write_file(path, text, LIMIT_RULE_FILE_BYTES + 1);
	assert_complaints(&options, 1,
			  "v.toml: error: the file is longer than 4194304 "
			  "bytes\n");
	write_file(path, text, 0);
	assert_complaints(&options, 1,
			  "v.toml: error: the file has no [rule] table\n");
	free(text);
	unlink(path);
}

static void test_duplicate(void **state)
{
	const char *paths[] = { "a.toml", "b.toml", "c.toml", "a.toml" };
	struct ruleset_options options = { .paths = paths, .path_count = 4 };

	(void)state;
	write_rule("a.toml", "same", "");
	write_rule("b.toml", "other", "");
	write_rule("c.toml", "same", "");
	assert_runs(&options, "same other");
	assert_complaints(&options, 2,
			  "c.toml:3:11: error: this rule_id is taken by "
			  "a.toml:3\n"
			  "rule_id = \"same\"\n"
			  "          ^\n"
			  "a.toml:3:11: error: this rule_id is taken by "
			  "a.toml:3\n"
			  "rule_id = \"same\"\n"
			  "          ^\n");
	/* one that does not run has its id all the same */
	write_rule("a.toml", "same", "[audisp-eql]\nmode = \"off\"\n");
	options.path_count = 3;
	assert_runs(&options, "other");
	unlink("a.toml");
	unlink("b.toml");
	unlink("c.toml");
}

static void test_off(void **state)
{
	const char *paths[] = { "a.toml", "b.toml", "c.toml", "d.toml" };
	const char *directory_path = ".";
	const char *disable[1] = { "" };
	struct ruleset_options options = {
		.paths = paths,
		.path_count = 4,
		.disable = disable,
	};
	static const struct {
		const char *name, *runs;
	} cases[] = {
		{ "id-a", "id-b" },   { "a.toml", "id-b" },
		{ "a", "id-b" },      { "id-a.toml", "id-a id-b" },
		{ "A", "id-a id-b" }, { ".toml", "id-a id-b" },
		{ "", "id-a id-b" },  { "id-b", "id-a" },
	};
	struct ruleset_options in_directory = {
		.paths = &directory_path,
		.path_count = 1,
		.off = RULESET_OFF_RUN_NAMED,
	};
	struct ruleset *set;

	(void)state;
	write_rule("a.toml", "id-a", "");
	write_rule("b.toml", "id-b", "[audisp-eql]\nmode = \"observe\"\n");
	write_rule("c.toml", "id-c", "[audisp-eql]\nmode = \"off\"\n");
	write_rule("d.toml", "id-d", "enabled = false\n");
	assert_runs(&options, "id-a id-b");
	options.disable_count = 1;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		disable[0] = cases[i].name;
		assert_runs(&options, cases[i].runs);
	}
	/* what says itself that it is off can be made to run */
	options.off = RULESET_OFF_RUN;
	assert_runs(&options, "id-a id-c id-d");
	/* where its file is named alone */
	options.off = RULESET_OFF_RUN_NAMED;
	assert_runs(&options, "id-a id-c id-d");
	assert_runs(&in_directory, "id-a id-b");
	options.off = RULESET_OFF_STAY;
	assert_complaints(&options, 0, "");
	assert_int_equal(ruleset_load(&options, &set), 0);
	assert_int_equal(set->report_count, 4);
	assert_int_equal(set->reports[0].reason_count, 0);
	assert_int_equal(set->reports[1].status, RULE_FULL);
	assert_str(set->reports[1].reasons[0].text,
		   "does not run: the configuration's 'disable' names it");
	assert_int_equal(set->reports[1].rule->mode, RULE_MODE_OFF);
	assert_str(set->reports[2].reasons[0].text,
		   "does not run: its 'mode' is off");
	assert_str(set->reports[3].reasons[0].text,
		   "does not run: its 'enabled' is false");
	ruleset_free(&set);
	for (size_t i = 0; i < 4; i++)
		unlink(paths[i]);
}

/* --- what rules need ------------------------------------------------------ */

static const char *const kind_calls[] = {
#define KIND(id, name, need, category, dataset, types, actions, calls, ...) \
	calls,
#include "rules/kinds.def"
#undef KIND
};

/* The audit rules of a query. */
static void rules_of(const char *query, const char *machine, struct strbuf *out)
{
	struct strbuf text = STRBUF_INIT(0);
	struct ruleset *set;

	strbuf_printf(&text,
		      "[rule]\nrule_id = \"a\"\nname = \"b\"\n"
		      "type = \"eql\"\nquery = '''%s'''\n",
		      query);
	write_file("v.toml", text.data, text.len);
	set = load("v.toml");
	assert_int_equal(set->rule_count, 1);
	assert_int_equal(rule_audit_rules(set->rules[0], machine, out), 0);
	strbuf_free(&text);
	ruleset_free(&set);
	unlink("v.toml");
}

/* Those of every kind, which a rule names by the calls it comes from. */
static void every_kind(const char *machine, struct strbuf *out)
{
	struct strbuf query = STRBUF_INIT(0);

	strbuf_printf(&query, "any where auditd.data.syscall in (\"\"");
	for (size_t i = 0; i < sizeof(kind_calls) / sizeof(kind_calls[0]);
	     i++) {
		const char *call = kind_calls[i];

		while (*call) {
			size_t len = strcspn(call, ",");

			strbuf_printf(&query, ", \"%.*s\"", (int)len, call);
			call += len + (call[len] == ',');
		}
	}
	strbuf_add_char(&query, ')');
	strbuf_add_char(&query, '\0');
	rules_of(query.data, machine, out);
	strbuf_free(&query);
}

/* The keys of the audit rules of a query, each once. */
static void keys_of(const char *query, struct strbuf *out)
{
	struct strbuf text = STRBUF_INIT(0);
	struct str rest, line;
	struct str last = { 0 };

	rules_of(query, "x86_64", &text);
	rest = strbuf_str(&text);
	while (line = next_line(&rest), line.len) {
		const char *key =
			memmem(line.data, line.len, "audisp_eql_", 11);
		struct str word = { key + 11,
				    (size_t)(line.data + line.len - key - 12) };

		assert_non_null(key);
		if (str_equal(word, last))
			continue;
		if (last.len)
			strbuf_add_char(out, ' ');
		strbuf_add_str(out, word);
		last = word;
	}
	strbuf_free(&text);
}

static const struct {
	const char *query, *keys;
} kind_cases[] = {
	{ "process where event.action == \"exec\"", "exec" },
	{ "process where event.action == \"executed\"", "exec" },
	{ "process where event.type == \"start\"", "exec fork" },
	{ "process where event.type == \"start\" and event.action in "
	  "(\"exec\", \"start\", \"ProcessRollup2\")",
	  "exec" },
	{ "process where event.action == \"fork\"", "fork" },
	{ "process where event.type == \"end\"", "exit" },
	{ "process where process.exit_code == 1", "exit" },
	{ "process where process.pid == 1", "exec exit" },
	{ "process where true", "exec fork exit" },
	{ "any where true", "exec fork exit create rename chmod net send" },
	{ "file where event.type == \"creation\"", "create" },
	{ "file where event.action == \"creation\" and "
	  "process.name == \"ld\"",
	  "exec birth" },
	{ "file where event.action == \"creation\" and "
	  "process.name like~ (\"ld*\", \"*-linux-gnu-ld*\")",
	  "exec birth" },
	{ "file where event.action == \"creation\" and "
	  "process.name in (\"ld\", \"cp\")",
	  "exec create" },
	{ "file where event.action == \"creation\" and "
	  "process.name : \"c?\"",
	  "exec create" },
	{ "file where event.action == \"creation\" and "
	  "process.name in (\"ld\", \"cp\") and not process.name == \"cp\"",
	  "exec birth" },
	{ "file where event.action == \"creation\" and "
	  "not process.name == \"ld\"",
	  "exec create" },
	{ "file where event.action == \"creation\" and "
	  "process.name > \"ld\"",
	  "exec create" },
	{ "file where event.action == \"creation\" and "
	  "(process.name == \"ld\" or file.name == \"x\")",
	  "exec create" },
	/* below /etc, where nothing else can match */
	{ "file where event.type == \"creation\" and "
	  "file.path : \"/etc/cron.d/*\"",
	  "create_etc" },
	{ "file where event.type == \"creation\" and "
	  "(file.path like~ (\"/etc/cron*\", \"/etc/x/?\") or "
	  "file.path regex \".*/etc/.*\")",
	  "create" },
	{ "file where event.type in (\"creation\", \"change\", \"deletion\", "
	  "\"access\") and file.path in (\"/etc/passwd\", \"/etc/a\")",
	  "create_etc modify_etc access_etc rename_etc delete_etc chmod_etc" },
	{ "file where event.action == \"changed-file-ownership-of\" and "
	  "file.path : \"/etc/*\"",
	  "chown_etc" },
	{ "file where event.action == \"rename\" and "
	  "file.path : (\"/etc/*\", \"/root/x\")",
	  "rename" },
	{ "file where event.action == \"rename\" and "
	  "file.path : (\"/etc/*\", \"/root/x\") and "
	  "not file.path == \"/root/x\"",
	  "rename_etc" },
	{ "file where event.action == \"rename\" and "
	  "(file.path : \"/etc/*\" or file.name == \"x\")",
	  "rename" },
	{ "file where event.action == \"rename\" and "
	  "(file.path : \"/etc/*\" and file.name == \"x\" or "
	  "file.path == \"/etc/b\" and file.extension == null) and "
	  "not file.path : (\"/usr/*\", \"/etc/c\")",
	  "rename_etc" },
	{ "file where event.action == \"rename\" and "
	  "not file.path : \"/etc/*\"",
	  "rename" },
	{ "file where event.action == \"rename\" and "
	  "file.path : (\"/*/passwd\", \"/*etc/passwd\")",
	  "rename" },
	{ "file where event.action == \"rename\" and file.path == \"/etc\"",
	  "rename" },
	{ "file where event.action == \"rename\" and file.path : \"/etc*\"",
	  "rename" },
	{ "file where event.action == \"rename\" and file.path : \"*\"",
	  "rename" },
	{ "file where event.action == \"rename\" and "
	  "startsWith(file.path, \"/etc/\")",
	  "rename" },
	{ "file where event.action == \"rename\" and "
	  "file.path : \"/etc/*\" and container.id != null",
	  "exec rename session" },
	{ "file where event.action == \"creation\" and "
	  "process.name == \"ld\" and file.path : \"/etc/*\"",
	  "exec birth" },
	/* who becomes root, and nobody else */
	{ "process where event.action == \"uid_change\" and "
	  "user.id == \"0\"",
	  "uid_root" },
	{ "process where event.action == \"uid_change\" and "
	  "user.id in (\"0\", \"1\")",
	  "uid" },
	{ "process where event.action == \"uid_change\" and "
	  "not user.id == \"0\"",
	  "uid" },
	{ "process where event.action == \"uid_change\" and "
	  "user.id : \"0*\"",
	  "uid" },
	{ "sequence [process where event.action == \"uid_change\"] "
	  "[process where event.action == \"uid_change\" and "
	  "user.id == \"0\"]",
	  "uid" },
	/* what is wanted whole covers a part of it */
	{ "sequence [file where event.action == \"rename\" and "
	  "file.path : \"/etc/*\"] "
	  "[file where event.action == \"rename\"]",
	  "rename" },
	{ "sequence [file where event.action == \"changed-file-permissions-of\" "
	  "and file.path : \"/etc/*\"] "
	  "[file where event.action == \"deletion\"]",
	  "delete chmod_etc" },
	{ "file where event.type == \"change\"", "modify rename chmod" },
	{ "file where event.action in (\"rename\", \"moved\")", "rename" },
	{ "file where event.action == \"changed-file-permissions-of\"",
	  "chmod" },
	{ "file where file.Ext.original.name == \"x\"", "rename" },
	{ "network where event.action == \"connection_attempted\"", "net" },
	{ "network where event.action == \"sent-to\"", "send" },
	{ "network where destination.port == 53", "net send" },
	/* where they come in is told by bind */
	{ "network where event.action == \"connection_accepted\"", "accept" },
	{ "network where event.action in (\"connection_accepted\", "
	  "\"connection_attempted\") and destination.port == 53",
	  "net accept bind" },
	{ "network where event.type == \"start\" and "
	  "process.name == \"nc\"",
	  "exec net accept" },
	{ "network where event.type == \"start\" and "
	  "process.parent.args == \"-c\"",
	  "exec net accept" },
	{ "network where event.type == \"start\" and user.id == \"0\"",
	  "net accept" },
	/* what is asked for by type, by action, by call */
	{ "file where event.type == \"deletion\"", "delete" },
	{ "file where event.action in (\"creation\", \"deletion\")",
	  "create delete" },
	{ "file where event.type != \"deletion\"", "create rename chmod" },
	{ "file where event.action == \"modification\"", "modify" },
	{ "file where event.type == \"change\" and "
	  "event.action == \"rename\"",
	  "rename" },
	{ "file where event.type == \"access\"", "access" },
	{ "file where event.action == \"open\"", "modify" },
	{ "file where event.action == \"updated\"", "modify" },
	{ "file where event.action == \"opened-file\"",
	  "create modify access" },
	{ "process where event.action == \"violated-apparmor-policy\"", "" },
	{ "file where event.action == \"changed-file-ownership-of\"", "chown" },
	{ "file where event.action == \"changed-file-attributes-of\"",
	  "xattr" },
	{ "file where event.action == \"created-directory\"", "mkdir" },
	{ "file where event.action in (\"linked\", \"symlinked\")",
	  "link symlink" },
	{ "file where event.action == \"make-device\"", "mknod" },
	{ "process where event.action == \"uid_change\"", "uid" },
	{ "process where event.action == \"gid_change\"", "gid" },
	{ "process where event.action == \"changed-identity-of\"", "uid gid" },
	{ "process where event.action == \"session_id_change\"", "session" },
	{ "process where event.type == \"change\"", "uid gid session" },
	{ "process where event.action == \"killed-pid\" and "
	  "auditd.data.syscall == \"kill\" and auditd.data.a1 == \"21\"",
	  "kill" },
	{ "process where auditd.data.syscall == \"prctl\" and "
	  "auditd.data.a0 == \"f\"",
	  "prctl" },
	{ "process where auditd.data.syscall in "
	  "(\"ptrace\", \"memfd_create\")",
	  "ptrace memfd" },
	{ "process where auditd.data.syscall == \"execve\"", "exec" },
	{ "process where process.name == \"a\" and "
	  "not auditd.data.syscall == \"execve\"",
	  "exec fork exit" },
	{ "process where auditd.data.syscall == \"keyctl\"", "" },
	{ "process where event.action == \"mounted\"", "mount" },
	{ "driver where event.action == \"loaded-kernel-module\" and "
	  "auditd.data.syscall in (\"init_module\", \"finit_module\")",
	  "module" },
	{ "process where event.type == \"start\" and "
	  "event.action == \"load_module\"",
	  "module" },
	{ "network where event.action == \"connection_accepted\"", "accept" },
	{ "network where event.action == \"listen-for-connections\"",
	  "listen" },
	{ "any where event.category == \"process\" and "
	  "auditd.data.syscall == \"socket\" and "
	  "auditd.data.a0 in (\"26\", \"21\") or "
	  "event.category == \"network\" and "
	  "event.action == \"bound-socket\" and "
	  "?auditd.data.socket.family == \"38\"",
	  "bind socket" },
	/* what one branch names, though another would do without */
	{ "process where auditd.data.syscall == \"unshare\" or "
	  "event.action == \"exec\" and process.name == \"unshare\"",
	  "exec unshare" },
	{ "process where auditd.data.syscall == \"tkill\" or "
	  "process.pid == 1",
	  "exec exit kill" },
	{ "process where event.action == \"uid_change\" and "
	  "host.os.type == \"windows\" or event.action == \"exec\"",
	  "exec" },
	{ "process where auditd.data.syscall == \"unshare\" and "
	  "auditd.data.class == \"namespace\" or "
	  "event.action == \"exec\"",
	  "exec unshare" },
	{ "process where auditd.data.syscall == \"unshare\" and "
	  "dns.question.name == \"x\" or event.action == \"exec\"",
	  "exec" },
	/* what no kind but these can match */
	{ "driver where true", "module" },
	{ "network where source.ip != null", "accept bind" },
	{ "process where Target.process.name == \"a\"", "kill ptrace" },
	{ "file where file.target_path : \"/etc/*\"", "link symlink" },
	{ "any where destination.ip != null", "net send" },
	{ "process where event.action == \"session_id_change\"", "session" },
	{ "file where event.action == \"rename\" and "
	  "process.parent.entity_id != null",
	  "exec rename" },
	{ "file where event.action == \"rename\" and "
	  "process.entry_leader.entry_meta.type == \"sshd\"",
	  "exec rename session" },
	{ "file where event.action == \"rename\" and "
	  "process.group_leader.name == \"sh\"",
	  "exec group rename session" },
	{ "process where process.thread.capabilities.effective : \"*\"",
	  "exec" },
	/* what programs send needs no audit rule */
	{ "authentication where event.action == \"authenticated\"", "" },
	{ "iam where event.type == \"creation\" and user.target.name != null",
	  "" },
	{ "process where host.os.type == \"windows\"", "" },
	{ "process where event.module == \"sysmon\"", "" },
	{ "process where event.kind == \"alert\"", "" },
	{ "file where event.outcome == \"failure\"", "" },
	{ "network where event.outcome == \"failure\"", "net send" },
	{ "any where data_stream.dataset == \"endpoint.events.network\"",
	  "net send" },
	{ "any where data_stream.dataset == \"auditd_manager.auditd\"",
	  "exec fork exit create rename chmod net send" },
	{ "any where data_stream.dataset == \"fim.event\"",
	  "create rename chmod" },
	{ "process where data_stream.dataset == \"fim.event\"", "" },
	{ "process where dns.question.name == \"x\"", "" },
	{ "sequence by host.id with maxspan=1m "
	  "[process where event.action == \"exec\"] by process.name "
	  "[network where event.action == \"connection_attempted\"] "
	  "by process.name",
	  "exec net" },
	{ "sequence with maxspan=1m "
	  "[any where true] by file.name "
	  "[any where event.action == \"exec\"] by process.name",
	  "exec create rename chmod" },
	{ "sequence by process.pid with maxspan=1m "
	  "[process where event.action == \"exec\"] "
	  "[process where event.action == \"exec\"] "
	  "until [process where event.type == \"end\"]",
	  "exec exit" },
};

static void test_kinds(void **state)
{
	size_t bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(kind_cases) / sizeof(kind_cases[0]);
	     i++) {
		struct strbuf got = STRBUF_INIT(0);

		keys_of(kind_cases[i].query, &got);
		if (!str_equal(strbuf_str(&got),
			       str_from(kind_cases[i].keys))) {
			print_error("%s\n  expected %s\n  got      %.*s\n",
				    kind_cases[i].query, kind_cases[i].keys,
				    STR_ARG(strbuf_str(&got)));
			bad++;
		}
		strbuf_free(&got);
	}
	assert_int_equal(bad, 0);
}

/* The audit rules of one query on one machine, whole. */
static const struct {
	const char *query, *machine, *rules;
} rule_cases[] = {
	{ "file where event.type == \"deletion\"", "x86_64",
	  "-a always,exit -F arch=b64 -S unlinkat -F success=1 "
	  "-F key=audisp_eql_delete\n"
	  "-a always,exit -F arch=b32 -S unlinkat -F success=1 "
	  "-F key=audisp_eql_delete\n"
	  "-a always,exit -F arch=b64 -S unlink,rmdir -F success=1 "
	  "-F key=audisp_eql_delete\n"
	  "-a always,exit -F arch=b32 -S unlink,rmdir -F success=1 "
	  "-F key=audisp_eql_delete\n" },
	{ "file where event.type == \"deletion\"", "aarch64",
	  "-a always,exit -F arch=b64 -S unlinkat -F success=1 "
	  "-F key=audisp_eql_delete\n" },
	/* an access rule covers a modification rule of the same call */
	{ "file where event.type in (\"change\", \"access\") and "
	  "event.action in (\"opened-file\", \"modification\")",
	  "aarch64",
	  "-a always,exit -F arch=b64 -S 437 -F filetype=file "
	  "-F success=1 -F key=audisp_eql_modify\n"
	  "-a always,exit -F arch=b64 -S truncate -F success=1 "
	  "-F key=audisp_eql_modify\n"
	  "-a always,exit -F arch=b64 -S openat -F filetype=file "
	  "-F success=1 -F key=audisp_eql_access\n" },
	{ "process where event.action == \"uid_change\"", "x86_64",
	  "-a always,exit -F arch=b64 -S setuid,setreuid,setresuid "
	  "-F success=1 -F key=audisp_eql_uid\n"
	  "-a always,exit -F arch=b32 -S setuid,setreuid,setresuid "
	  "-F success=1 -F key=audisp_eql_uid\n"
	  "-a always,exit -F arch=b32 -S setuid32,setreuid32,setresuid32 "
	  "-F success=1 -F key=audisp_eql_uid\n" },
	{ "network where event.action == \"bound-socket\"", "s390x",
	  "-a always,exit -F arch=b64 -S bind -F saddr_fam!=1 "
	  "-F saddr_fam!=16 -F success=1 -F key=audisp_eql_bind\n"
	  "-a always,exit -F arch=b64 -S socketcall -F a0=2 "
	  "-F saddr_fam!=1 -F saddr_fam!=16 -F success=1 "
	  "-F key=audisp_eql_bind\n" },
	{ "network where event.action == \"connection_accepted\"", "riscv64",
	  "-a always,exit -F arch=b64 -S accept4 -F saddr_fam=2 "
	  "-F success=1 -F key=audisp_eql_accept\n"
	  "-a always,exit -F arch=b64 -S accept -F saddr_fam=2 "
	  "-F success=1 -F key=audisp_eql_accept\n"
	  "-a always,exit -F arch=b64 -S accept4 -F saddr_fam=10 "
	  "-F success=1 -F key=audisp_eql_accept\n"
	  "-a always,exit -F arch=b64 -S accept -F saddr_fam=10 "
	  "-F success=1 -F key=audisp_eql_accept\n" },
};

static void test_rule_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rule_cases) / sizeof(rule_cases[0]);
	     i++) {
		struct strbuf got = STRBUF_INIT(0);

		rules_of(rule_cases[i].query, rule_cases[i].machine, &got);
		assert_str(strbuf_str(&got), rule_cases[i].rules);
		strbuf_free(&got);
	}
}

static void check_calls(struct str line, int machine)
{
	const char *call = memmem(line.data, line.len, " -S ", 4);
	bool more = true;

	assert_non_null(call);
	for (call += 4; more; call++) {
		size_t len = strcspn(call, ", ");
		char name[32];

		snprintf(name, sizeof(name), "%.*s", (int)len, call);
		if (name[0] > '9' && audit_name_to_syscall(name, machine) < 0)
			fail_msg("machine %d has no %s", machine, name);
		call += len;
		more = *call == ',';
	}
}

/* No audit rule of any kind names a call its machine does not have: it would
 * keep all behind it from loading. */
static void test_calls_exist(void **state)
{
	static const struct {
		const char *name;
		int b64, b32;
	} machines[] = {
		{ "x86_64", MACH_86_64, MACH_X86 },
		{ "i686", -1, MACH_X86 },
		{ "aarch64", MACH_AARCH64, -1 },
		{ "armv7l", -1, MACH_ARM },
		{ "ppc64le", MACH_PPC64LE, -1 },
		{ "s390x", MACH_S390X, -1 },
		/* the calls that every new machine has */
		{ "riscv64", MACH_AARCH64, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		struct strbuf got = STRBUF_INIT(0);
		struct str rest, line;
		size_t lines = 0;

		every_kind(machines[i].name, &got);
		rest = strbuf_str(&got);
		while (line = next_line(&rest), line.len) {
			bool b32 = memmem(line.data, line.len, "=b32", 4);
			int machine = b32 ? machines[i].b32 : machines[i].b64;

			/* libaudit may be built without a machine */
			if (audit_name_to_syscall("read", machine) >= 0)
				check_calls(line, machine);
			lines++;
		}
		assert_true(lines > 40);
		strbuf_free(&got);
	}
}

/* A rule asks for births instead of all creations only by programs whose
 * births normalize tells as creations. */
static void test_linkers(void **state)
{
	static const char *const names[] = {
		"ld",	  "ld.bfd", "ld.gold", "x86_64-linux-gnu-ld",
		"ld-new", "lld",    "ld.lld",  "x86_64-linux-gnu-ld.bfd",
		"lld-14", "mold",   "gold",    "aarch64-linux-gnu-ld.gold",
		"tcc",	  "go",	    "link",    "x86_64-tcc",
		"rustc",  "zig",    "wild",    "rust-lld",
		"cp",	  "gcc",    "sh",      "collect2",
		"",	  "old",    "lda",     "go2",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct strbuf got = STRBUF_INIT(0);
		char query[256];

		snprintf(query, sizeof(query),
			 "file where event.type == \"creation\" and "
			 "process.name == \"%s\"",
			 names[i]);
		keys_of(query, &got);
		assert_str(strbuf_str(&got), name_is_linker(str_from(names[i]))
						     ? "exec birth"
						     : "exec create");
		strbuf_free(&got);
	}
}

/* Rows that others make superfluous are left out. */
static void test_least_set(void **state)
{
	const char *paths[] = { "a.toml", "b.toml" };
	struct ruleset_options options = { .paths = paths, .path_count = 2 };
	struct strbuf got = STRBUF_INIT(0);
	struct ruleset *set;

	(void)state;
	write_text("a.toml",
		   "[rule]\nrule_id = \"a\"\nname = \"a\"\ntype = \"eql\"\n"
		   "query = 'file where event.type == \"creation\" and "
		   "process.name == \"ld\"'\n");
	write_text("b.toml",
		   "[rule]\nrule_id = \"b\"\nname = \"b\"\ntype = \"eql\"\n"
		   "query = 'file where event.action == "
		   "\"changed-file-permissions-of\"'\n");
	assert_int_equal(ruleset_load(&options, &set), 0);
	assert_int_equal(ruleset_audit_rules(set, "aarch64", &got), 0);
	assert_str(strbuf_str(&got),
		   "-a always,exit -F arch=b64 -S execve,execveat -F success=1 "
		   "-F key=audisp_eql_exec\n"
		   "-a always,exit -F arch=b64 -S openat -F a2&0100 -F a3&0111 "
		   "-F success=1 -F key=audisp_eql_birth\n"
		   "-a always,exit -F arch=b64 -S openat -F a2&020000000 "
		   "-F a3&0111 -F success=1 -F key=audisp_eql_birth\n"
		   "-a always,exit -F arch=b64 -S 437 -F perm=w "
		   "-F success=1 -F key=audisp_eql_birth\n"
		   "-a always,exit -F arch=b64 -S mknodat -F a2&0100000 "
		   "-F a2&0111 -F success=1 -F key=audisp_eql_birth\n"
		   "-a always,exit -F arch=b64 -S fchmod,fchmodat,452 "
		   "-F success=1 -F key=audisp_eql_chmod\n");
	ruleset_free(&set);
	write_rule("b.toml", "b", "");
	write_text("b.toml",
		   "[rule]\nrule_id = \"b\"\nname = \"b\"\ntype = \"eql\"\n"
		   "query = 'file where event.action == \"creation\"'\n");
	strbuf_reset(&got);
	assert_int_equal(ruleset_load(&options, &set), 0);
	assert_int_equal(ruleset_audit_rules(set, "riscv64", &got), 0);
	assert_str(strbuf_str(&got),
		   "-a always,exit -F arch=b64 -S execve,execveat -F success=1 "
		   "-F key=audisp_eql_exec\n"
		   "-a always,exit -F arch=b64 -S openat -F a2&0100 "
		   "-F success=1 -F key=audisp_eql_create\n"
		   "-a always,exit -F arch=b64 -S openat -F a2&020000000 "
		   "-F success=1 -F key=audisp_eql_create\n"
		   "-a always,exit -F arch=b64 -S 437 -F success=1 "
		   "-F key=audisp_eql_create\n");
	ruleset_free(&set);
	/* where a file comes from is told by what makes it executable as well */
	write_text("a.toml",
		   "[rule]\nrule_id = \"a\"\nname = \"a\"\ntype = \"eql\"\n"
		   "query = 'process where process.origin.age < 60'\n");
	strbuf_reset(&got);
	assert_int_equal(ruleset_load(&options, &set), 0);
	assert_int_equal(ruleset_audit_rules(set, "riscv64", &got), 0);
	strbuf_add_char(&got, '\0');
	assert_non_null(strstr(got.data, "-S openat -F a2&0100 -F success=1"));
	assert_non_null(strstr(got.data, "-S fchmodat -F a2&0111"));
	assert_non_null(strstr(got.data, "-S setxattr,lsetxattr,fsetxattr"));
	assert_null(strstr(got.data, "a3&0111"));
	ruleset_free(&set);
	strbuf_free(&got);
	unlink("a.toml");
	unlink("b.toml");
}

/* --- traits --------------------------------------------------------------- */

static void write_fields(struct strbuf *out, const struct ruleset *set,
			 const struct rule_traits *traits)
{
	for (size_t i = 0; i < traits->field_count; i++) {
		const struct trait_field *field = &traits->fields[i];
		struct str name = field_table_name(set->fields, field->slot);

		strbuf_printf(out, " %.*s%s%s%s", STR_ARG(name),
			      field->wanted ? "+" : "",
			      field->excluded ? "-" : "",
			      field->key ? "=" : "");
	}
}

static const struct {
	const char *query, *more, *traits;
} trait_cases[] = {
	{ "process where event.action == \"exec\"", "", "low" },
	{ "process where event.action == \"fork\"", "", "medium" },
	{ "file where event.action == \"creation\"", "", "high" },
	{ "any where true", "", "high" },
	{ "process where host.os.type == \"windows\"", "", "none" },
	{ "file where event.action == \"creation\" and "
	  "file.path : \"/etc/*\"",
	  "", "low file.path+" },
	{ "process where event.action == \"exec\" and container.id != null", "",
	  "low racy" },
	{ "process where event.action == \"exec\" and "
	  "process.parent.user.id == \"0\"",
	  "", "low parents" },
	{ "process where event.action == \"exec\" and "
	  "process.parent.pid == 1",
	  "", "low" },
	/* it is not read at all */
	{ "process where event.action == \"exec\" and "
	  "not process.env_vars == \"A=1\"",
	  "", "low process.env_vars-" },
	{ "sequence by container.id with maxspan=1s [process where "
	  "event.action == \"exec\"] [process where event.action == \"end\"]",
	  "", "medium racy" },
	{ "process where event.action == \"exec\" and "
	  "process.name == \"a\" and user.id == \"0\" and process.pid > 1",
	  "", "low process.name+" },
	{ "process where event.action == \"exec\" and "
	  "not (process.name == \"a\" or process.args : \"b*\")",
	  "", "low process.args- process.name-" },
	{ "process where event.action == \"exec\" and "
	  "process.name in (\"a\", \"b\") and process.name != \"b\" and "
	  "process.parent.executable == \"/x\" and process.tty.name == null",
	  "",
	  "low process.name+- process.parent.executable+ process.tty.name- parents" },
	{ "network where event.action == \"connection_attempted\" and "
	  "not cidrMatch(destination.ip, \"127.0.0.0/8\") and "
	  "destination.port == 80",
	  "", "low destination.ip- destination.port+" },
	/* the keys of a sequence, but not of a single event */
	{ "sequence by host.id, process.pid with maxspan=1m "
	  "[process where event.action == \"exec\"] by process.name "
	  "[file where event.action == \"rename\"] by file.name",
	  "", "medium file.name= process.name=" },
	{ "sequence by host.id [process where event.action == \"exec\"] "
	  "[network where event.action == \"connection_attempted\"]",
	  "", "low no maxspan" },
	{ "process where event.action == \"exec\" and "
	  "process.working_directory == \"/tmp\"",
	  "[[audisp-eql.exceptions]]\n"
	  "condition = 'process.name == \"x\" and process.args != \"y\"'\n",
	  "low process.name- process.working_directory+" },
};

static void describe_traits(const char *query, const char *more,
			    struct strbuf *out)
{
	struct strbuf text = STRBUF_INIT(0);
	struct rule_traits traits;
	struct ruleset *set;

	strbuf_printf(&text,
		      "[rule]\nrule_id = \"a\"\nname = \"b\"\n"
		      "type = \"eql\"\nquery = '''%s'''\n%s",
		      query, more);
	write_file("v.toml", text.data, text.len);
	set = load("v.toml");
	assert_int_equal(set->rule_count, 1);
	assert_int_equal(
		rule_traits(set->rules[0], set->fields, set->arena, &traits),
		0);
	strbuf_add_str(out, str_from(cost_class_name(traits.cost)));
	write_fields(out, set, &traits);
	if (traits.no_maxspan)
		strbuf_add_str(out, STR(" no maxspan"));
	if (traits.racy_count)
		strbuf_add_str(out, STR(" racy"));
	if (traits.parents)
		strbuf_add_str(out, STR(" parents"));
	strbuf_free(&text);
	ruleset_free(&set);
	unlink("v.toml");
}

static void test_traits(void **state)
{
	size_t bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(trait_cases) / sizeof(trait_cases[0]);
	     i++) {
		struct strbuf got = STRBUF_INIT(0);

		describe_traits(trait_cases[i].query, trait_cases[i].more,
				&got);
		if (!str_equal(strbuf_str(&got),
			       str_from(trait_cases[i].traits))) {
			print_error("%s\n  expected %s\n  got      %.*s\n",
				    trait_cases[i].query, trait_cases[i].traits,
				    STR_ARG(strbuf_str(&got)));
			bad++;
		}
		strbuf_free(&got);
	}
	assert_int_equal(bad, 0);
}

/* --- what is shipped ------------------------------------------------------ */

static void test_shipped(void **state)
{
	static const char *const files[] = {
		"rules.d/detect",
		"tests/rules/published_2023_form.toml",
		"tests/rules/published_2025_form.toml",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char path[4096];
		struct ruleset *set;

		snprintf(path, sizeof(path), "%s/%s", source, files[i]);
		set = load(path);
		assert_true(set->rule_count > 0);
		assert_int_equal(set->error_count, 0);
		for (size_t k = 0; k < set->report_count; k++) {
			const struct rule_report *report = &set->reports[k];

			assert_int_equal(report->status, RULE_FULL);
			assert_int_equal(report->reason_count,
					 report->rule->mode == RULE_MODE_OFF);
		}
		ruleset_free(&set);
	}
}

/* The rules of the file made by generate.sh, without its comments. */
static void generate(const char *machine, struct strbuf *out)
{
	char command[16384], line[1024];
	FILE *pipe;

	snprintf(command, sizeof(command),
		 "sh '%s/rules.d/audit/generate.sh' %s < "
		 "'%s/rules.d/audit/60-audisp-eql.rules.in'",
		 source, machine, source);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	while (fgets(line, sizeof(line), pipe)) {
		if (line[0] != '#' && line[0] != '\n')
			strbuf_add(out, line, strlen(line));
		else
			assert_null(strchr(line, '@'));
	}
	assert_int_equal(pclose(pipe), 0);
}

/* The shipped audit rules are those the shipped rules need that are not off. */
static void test_shipped_audit_rules(void **state)
{
	static const char *const machines[] = {
		"x86_64",  "aarch64", "aarch64_be",  "arm64",	    "riscv64",
		"ppc64le", "ppc64",   "s390x",	     "powerpc64le", "i386",
		"i686",	   "armv7l",  "loongarch64", "unheard-of",
	};
	struct ruleset *set;
	char path[4096];

	(void)state;
	snprintf(path, sizeof(path), "%s/rules.d/detect", source);
	set = load(path);
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		struct strbuf made = STRBUF_INIT(0), needed = STRBUF_INIT(0);

		generate(machines[i], &made);
		assert_int_equal(ruleset_audit_rules(set, machines[i], &needed),
				 0);
		assert_true(made.len > 0);
		strbuf_add_char(&made, '\0');
		assert_str(strbuf_str(&needed), made.data);
		strbuf_free(&made);
		strbuf_free(&needed);
	}
	ruleset_free(&set);
}

/* --- main ----------------------------------------------------------------- */

/* Complaints name the files, so the tests work in a directory of their own. */
static int enter(void **state)
{
	(void)state;
	source = realpath(readlog_srcdir(), NULL);
	return !source || !mkdtemp(directory) || chdir(directory);
}

static int leave(void **state)
{
	(void)state;
	free(source);
	return chdir("/") || rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_user_id),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_directory),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_file_limit),
		cmocka_unit_test(test_duplicate),
		cmocka_unit_test(test_off),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_rule_text),
		cmocka_unit_test(test_calls_exist),
		cmocka_unit_test(test_linkers),
		cmocka_unit_test(test_traits),
		cmocka_unit_test(test_least_set),
		cmocka_unit_test(test_shipped),
		cmocka_unit_test(test_shipped_audit_rules),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
