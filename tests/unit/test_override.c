/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an administrator says of rules: [audisp-eql], overrides.d, exceptions. */
#include "rulefiles.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "rules/audit_rules.h"

#define HEAD(id) "[rule]\nrule_id = \"" id "\"\nname = \"n\"\ntype = \"eql\"\n"
#define EVENT "query = 'process where event.action == \"exec\"'\n"
#define SEQUENCE \
	"query = '''sequence by host.id with maxspan=1m\n" \
	"[process where event.action == \"exec\"] with runs=2\n" \
	"[network where event.action == \"connection_attempted\"]'''\n"

static char directory[] = "/tmp/test_override.XXXXXX";
static const char *const paths[] = { "rules" };

/* Loads rules/ with overrides.d. */
static struct ruleset *load(const char *complaints)
{
	struct ruleset_options options = {
		.paths = paths,
		.path_count = 1,
		.overrides = "overrides.d",
	};

	return rulefiles_load(&options, complaints);
}

static void override(const char *text)
{
	rulefiles_write_text("overrides.d/a.toml", text);
}

/* --- single things -------------------------------------------------------- */

static void test_keys(void **state)
{
	const struct rule *rule;
	struct ruleset *set;

	(void)state;
	rulefiles_write_text("rules/a.toml", HEAD("a") EVENT
			     "severity = \"low\"\n"
			     "[audisp-eql]\nseverity = \"high\"\n"
			     "suppress = \"1m\"\nbudget = 40\n"
			     "suppress_by = [\"user.id\", \"process.pid\"]\n");
	override("[[override]]\nrule_id = \"a\"\nmode = \"observe\"\n"
		 "budget = 20\n"
		 "severity = \"critical\"\nsuppress = \"\"\n"
		 "suppress_by = [\"process.name\"]\n"
		 "process_names = \"invoked\"\n");
	set = load("");
	assert_int_equal(set->rule_count, 1);
	rule = set->rules[0];
	assert_int_equal(rule->mode, RULE_MODE_OBSERVE);
	assert_int_equal(rule->severity, SEVERITY_CRITICAL);
	assert_true(rule->suppress_ns == 0);
	assert_int_equal(rule->budget, 20);
	assert_int_equal(rule->suppress_by_count, 1);
	assert_int_equal(rule->suppress_by[0], FIELD_PROCESS_NAME);
	assert_int_equal(rule->process_names, PROCESS_NAMES_INVOKED);
	assert_true(rule->process_names_set);
	assert_text(set->reports[0].reasons[0].text,
		    "overridden in overrides.d/a.toml:1");
	assert_int_equal(set->reports[0].status, RULE_FULL);
	ruleset_free(&set);
	/* what an override does not say stays */
	override("[[override]]\nrule_id = \"a\"\nsuppress = \"2m\"\n");
	set = load("");
	assert_int_equal(set->rules[0]->mode, RULE_MODE_ALERT);
	assert_int_equal(set->rules[0]->severity, SEVERITY_HIGH);
	assert_true(set->rules[0]->suppress_ns == 120 * NSEC_PER_SEC);
	assert_int_equal(set->rules[0]->suppress_by_count, 2);
	assert_int_equal(set->rules[0]->budget, 40);
	ruleset_free(&set);
	/* nor what neither says: -1 is the configuration's */
	rulefiles_write_text("rules/a.toml", HEAD("a") EVENT);
	set = load("");
	assert_int_equal(set->rules[0]->budget, -1);
	ruleset_free(&set);
}

/* Neither an override nor a rule of the same id reaches a built-in one. */
static void test_builtin(void **state)
{
	struct ruleset_options options = {
		.paths = paths,
		.path_count = 1,
		.overrides = "overrides.d",
		.builtins = true,
	};
	struct ruleset *set;

	(void)state;
	rulefiles_write_text("rules/a.toml",
			     HEAD("audisp_eql.audit_disabled") EVENT);
	override("");
	set = rulefiles_load(
		&options,
		"rules/a.toml:2:11: error: this rule_id is taken by "
		"built-in:1\nrule_id = \"audisp_eql.audit_disabled\"\n"
		"          ^\n");
	assert_int_equal(set->rule_count, set->builtin_count);
	assert_int_equal(set->error_count, 1);
	ruleset_free(&set);
	rulefiles_write_text("rules/a.toml", HEAD("a") EVENT);
	override("[[override]]\nrule_id = \"audisp_eql.audit_disabled\"\n"
		 "mode = \"off\"\n");
	set = rulefiles_load(
		&options,
		"overrides.d/a.toml:2:11: warning: no rule has this rule_id: "
		"the override is without effect\n"
		"rule_id = \"audisp_eql.audit_disabled\"\n          ^\n");
	assert_int_equal(set->rule_count, set->builtin_count + 1);
	assert_true(set->builtin_count > 0);
	for (size_t i = 0; i < set->rule_count; i++)
		assert_int_equal(set->rules[i]->mode, RULE_MODE_ALERT);
	/* not the configuration's: what they tell is never only counted */
	for (size_t i = 0; i < set->builtin_count; i++)
		assert_int_equal(set->rules[i]->budget, 0);
	ruleset_free(&set);
}

/* Later files, and later tables of one, have the last word by key. */
static void test_order(void **state)
{
	struct ruleset *set;

	(void)state;
	rulefiles_write_text("rules/a.toml", HEAD("a") EVENT);
	rulefiles_write_text("rules/b.toml", HEAD("b") EVENT);
	rulefiles_write_text("overrides.d/b.toml",
			     "[[override]]\nrule_id = \"a\"\n"
			     "severity = \"low\"\n"
			     "[[override]]\nrule_id = \"b\"\nmode = \"off\"\n"
			     "[[override]]\nrule_id = \"a\"\n"
			     "severity = \"high\"\n");
	override("[[override]]\nrule_id = \"a\"\nseverity = \"critical\"\n"
		 "mode = \"observe\"\n");
	set = load("");
	assert_int_equal(set->rule_count, 1);
	assert_int_equal(set->rules[0]->severity, SEVERITY_HIGH);
	assert_int_equal(set->rules[0]->mode, RULE_MODE_OBSERVE);
	assert_int_equal(set->reports[0].reason_count, 3);
	assert_int_equal(set->reports[1].rule->mode, RULE_MODE_OFF);
	ruleset_free(&set);
	unlink("overrides.d/b.toml");
	unlink("rules/b.toml");
}

static void test_modes(void **state)
{
	static const struct {
		const char *rule, *override;
		enum ruleset_off off;
		enum rule_mode mode;
	} cases[] = {
		{ "", "", RULESET_OFF_STAY, RULE_MODE_ALERT },
		{ "enabled = false\n", "", RULESET_OFF_STAY, RULE_MODE_OFF },
		{ "enabled = false\n", "", RULESET_OFF_RUN, RULE_MODE_ALERT },
		{ "enabled = false\n[audisp-eql]\nmode = \"observe\"\n", "",
		  RULESET_OFF_STAY, RULE_MODE_OBSERVE },
		{ "enabled = false\n", "mode = \"alert\"\n", RULESET_OFF_STAY,
		  RULE_MODE_ALERT },
		{ "[audisp-eql]\nmode = \"off\"\n", "mode = \"observe\"\n",
		  RULESET_OFF_STAY, RULE_MODE_OBSERVE },
		{ "[audisp-eql]\nmode = \"observe\"\n", "mode = \"off\"\n",
		  RULESET_OFF_STAY, RULE_MODE_OFF },
		{ "[audisp-eql]\nmode = \"observe\"\n", "", RULESET_OFF_RUN,
		  RULE_MODE_OBSERVE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ruleset_options options = {
			.paths = paths,
			.path_count = 1,
			.overrides = "overrides.d",
			.off = cases[i].off,
		};
		struct ruleset *set;
		char text[1024];

		snprintf(text, sizeof(text), HEAD("a") EVENT "%s",
			 cases[i].rule);
		rulefiles_write_text("rules/a.toml", text);
		snprintf(text, sizeof(text),
			 "[[override]]\nrule_id = \"a\"\n%s",
			 cases[i].override);
		override(text);
		set = rulefiles_load(&options, "");
		assert_int_equal(set->reports[0].rule->mode, cases[i].mode);
		assert_int_equal(set->rule_count,
				 cases[i].mode != RULE_MODE_OFF);
		ruleset_free(&set);
	}
}

/* --- mistakes ------------------------------------------------------------- */

static const struct {
	const char *text;
	size_t errors;
	const char *complaints;
} mistakes[] = {
	{ "", 0, "" },
	{ "override = []\n", 0, "" },
	{ "x =\n", 1,
	  "overrides.d/a.toml:1:4: error: a value is wanted here\nx =\n"
	  "   ^\n" },
	{ "mode = \"off\"\n", 1,
	  "overrides.d/a.toml:1:1: error: a file of overrides has "
	  "[[override]] tables only, no 'mode'\nmode = \"off\"\n^\n" },
	{ "[override]\nrule_id = \"a\"\n", 1,
	  "overrides.d/a.toml:1:1: error: 'override' must be a list of "
	  "tables\n[override]\n^\n" },
	{ "[[override]]\nmode = \"off\"\n", 1,
	  "overrides.d/a.toml:1:1: error: [[override]] wants the 'rule_id' of "
	  "a rule\n[[override]]\n^\n" },
	{ "[[override]]\nrule_id = \"\"\n", 1,
	  "overrides.d/a.toml:2:11: error: [[override]] wants the 'rule_id' of "
	  "a rule\nrule_id = \"\"\n          ^\n" },
	{ "[[override]]\nrule_id = \"a\"\nname = \"x\"\nmode = \"on\"\n", 1,
	  "overrides.d/a.toml:3:1: error: [[override]] has no key 'name'\n"
	  "name = \"x\"\n^\n"
	  "overrides.d/a.toml:4:8: error: 'mode' must be off, observe or "
	  "alert\nmode = \"on\"\n       ^\n" },
	{ "[[override]]\nrule_id = \"A\"\n", 0,
	  "overrides.d/a.toml:2:11: warning: no rule has this rule_id: the "
	  "override is without effect\nrule_id = \"A\"\n          ^\n" },
	/* mistakes are told although there is no such rule */
	{ "[[override]]\nrule_id = \"A\"\nsuppress = 1\n", 1,
	  "overrides.d/a.toml:2:11: warning: no rule has this rule_id: the "
	  "override is without effect\nrule_id = \"A\"\n          ^\n"
	  "overrides.d/a.toml:3:12: error: 'suppress' must look like \"60s\"\n"
	  "suppress = 1\n           ^\n" },
	{ "[[override]]\nrule_id = \"a\"\nbudget = \"20\"\n"
	  "[[override]]\nrule_id = \"a\"\nbudget = -1\n"
	  "[[override]]\nrule_id = \"a\"\nbudget = 1000001\n"
	  "[[override]]\nrule_id = \"a\"\nbudget = 1000000\n",
	  1,
	  "overrides.d/a.toml:3:10: error: 'budget' must be a whole number of "
	  "alerts an hour, 0 to 1000000\nbudget = \"20\"\n         ^\n"
	  "overrides.d/a.toml:6:10: error: 'budget' must be a whole number of "
	  "alerts an hour, 0 to 1000000\nbudget = -1\n         ^\n"
	  "overrides.d/a.toml:9:10: error: 'budget' must be a whole number of "
	  "alerts an hour, 0 to 1000000\nbudget = 1000001\n         ^\n" },
	{ "[[override]]\nrule_id = \"skipped\"\nmode = \"off\"\n", 0, "" },
	{ "[[override]]\nrule_id = \"a\"\nexceptions = 1\n", 1,
	  "overrides.d/a.toml:3:14: error: 'exceptions' must be a list of "
	  "tables\nexceptions = 1\n             ^\n" },
	{ "[[override]]\nrule_id = \"a\"\n[[override.exceptions]]\n"
	  "owner = 1\nwhy = \"\"\nexpires = 12:00:00\n",
	  1,
	  "overrides.d/a.toml:4:9: error: 'owner' must be a string\n"
	  "owner = 1\n        ^\n"
	  "overrides.d/a.toml:5:1: error: an exception has no key 'why'\n"
	  "why = \"\"\n^\n"
	  "overrides.d/a.toml:6:11: error: 'expires' must be a date such as "
	  "2027-01-31\nexpires = 12:00:00\n          ^\n"
	  "overrides.d/a.toml:3:1: error: an exception has no 'condition'\n"
	  "[[override.exceptions]]\n^\n" },
	{ "[[override]]\nrule_id = \"a\"\n[[override.exceptions]]\n"
	  "condition = 'process.name = \"x\"'\nstage = 0\n",
	  1,
	  "overrides.d/a.toml:5:9: error: 'stage' must be a whole number from "
	  "1\nstage = 0\n        ^\n"
	  "overrides.d/a.toml:4:27: error: '=' compares nothing: write '==', or ':' to ignore case\n"
	  "condition = 'process.name = \"x\"'\n"
	  "                          ^\n" },
	{ "[[override]]\nrule_id = \"a\"\n[[override.exceptions]]\n"
	  "condition = ''\n",
	  1,
	  "overrides.d/a.toml:4:14: error: a field or a value is wanted here\n"
	  "condition = ''\n             ^\n" },
	{ "[[override]]\nrule_id = \"a\"\n[[override.exceptions]]\n"
	  "condition = 'true'\nstage = 2\n",
	  1,
	  "overrides.d/a.toml:5:9: error: the rule's last stage is 1\n"
	  "stage = 2\n        ^\n" },
	{ "[[override]]\nrule_id = \"s\"\n[[override.exceptions]]\n"
	  "condition = 'true'\n",
	  1,
	  "overrides.d/a.toml:3:1: error: an exception of a sequence must say "
	  "its 'stage'\n[[override.exceptions]]\n^\n" },
	{ "[[override]]\nrule_id = \"s\"\n[[override.exceptions]]\n"
	  "condition = 'true'\nstage = 3\n",
	  1,
	  "overrides.d/a.toml:5:9: error: the rule's last stage is 2\n"
	  "stage = 3\n        ^\n" },
};

/* What is wrong in an override is told, and takes no rule away. */
static void test_mistakes(void **state)
{
	(void)state;
	rulefiles_write_text("rules/a.toml", HEAD("a") EVENT);
	rulefiles_write_text("rules/s.toml", HEAD("s") SEQUENCE);
	rulefiles_write_text("rules/x.toml",
			     "[rule]\nrule_id = \"skipped\"\nname = \"n\"\n"
			     "type = \"esql\"\n");
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct ruleset *set;

		override(mistakes[i].text);
		set = load(mistakes[i].complaints);
		assert_int_equal(set->error_count, mistakes[i].errors);
		assert_int_equal(set->rule_count, 2);
		for (size_t k = 0; k < set->rule_count; k++)
			for (size_t s = 0;
			     s < set->rules[k]->query->stage_count; s++)
				assert_int_equal(set->rules[k]
							 ->query->stages[s]
							 .exception_count,
						 0);
		ruleset_free(&set);
	}
	unlink("rules/s.toml");
	unlink("rules/x.toml");
}

static void test_directory(void **state)
{
	struct ruleset *set;

	(void)state;
	rulefiles_write_text("rules/a.toml", HEAD("a") EVENT);
	/* other files are none of overrides, a link to nowhere is an error */
	override("");
	rulefiles_write_text("overrides.d/b.ndjson", "{");
	assert_int_equal(symlink("nowhere", "overrides.d/c.toml"), 0);
	set = load("overrides.d/c.toml: error: No such file or directory\n");
	assert_int_equal(set->error_count, 1);
	ruleset_free(&set);
	assert_int_equal(system("rm -r overrides.d"), 0);
	set = load("");
	assert_int_equal(set->rule_count, 1);
	ruleset_free(&set);
	rulefiles_write_text("overrides.d", "");
	set = load("overrides.d: error: Not a directory\n");
	assert_int_equal(set->error_count, 1);
	ruleset_free(&set);
	unlink("overrides.d");
	assert_int_equal(mkdir("overrides.d", 0700), 0);
}

/* They are looked for beside the configuration file. */
static void test_configured(void **state)
{
	struct config *config;

	(void)state;
	rulefiles_write_text("rules/x.conf", "rules = rules\n");
	assert_int_equal(config_load("rules/x.conf", NULL, NULL, &config), 0);
	assert_string_equal(config->overrides, "rules/overrides.d");
	config_free(&config);
	assert_int_equal(config_defaults(&config), 0);
	assert_null(config->overrides);
	config_free(&config);
	unlink("rules/x.conf");
}

/* --- exceptions ----------------------------------------------------------- */

static bool reads(const struct query *query, size_t slot)
{
	for (size_t i = 0; i < query->field_slot_count; i++)
		if (query->field_slots[i] == slot)
			return true;
	return false;
}

/* Those of the file, then those of overrides; to all runs of a stage. */
static void test_exceptions(void **state)
{
	const struct query *query;
	struct ruleset *set;

	(void)state;
	rulefiles_write_text("rules/a.toml", HEAD("a") SEQUENCE
			     "[[audisp-eql.exceptions]]\nstage = 2\n"
			     "condition = 'destination.port == 53'\n");
	override("[[override]]\nrule_id = \"a\"\n"
		 "[[override.exceptions]]\nstage = 1\n"
		 "condition = 'process.name == \"puppet\" and user.id == "
		 "\"0\"'\n"
		 "owner = \"ops\"\nreason = \"ticket 7\"\n"
		 "expires = 2027-01-31\n"
		 "[[override.exceptions]]\nstage = 2\n"
		 "condition = '''\n// a comment\ndestination.port == 80'''\n"
		 "[[override]]\nrule_id = \"a\"\n"
		 "[[override.exceptions]]\nstage = 2\n"
		 "condition = 'destination.port == 443'\n");
	set = load("");
	query = set->rules[0]->query;
	assert_int_equal(set->exception_count, 4);
	assert_int_equal(query->stage_count, 3);
	for (size_t i = 0; i < 2; i++) {
		const struct stage *stage = &query->stages[i];

		assert_int_equal(stage->exception_count, 1);
		assert_true(stage->uses_readings);
		assert_text(stage->exceptions[0].owner, "ops");
		assert_text(stage->exceptions[0].reason, "ticket 7");
		assert_true(stage->exceptions[0].expires_ns ==
			    1801353600 * NSEC_PER_SEC);
		assert_int_equal(stage->exceptions[0].index, 1);
	}
	assert_int_equal(query->stages[2].exception_count, 3);
	assert_false(query->stages[2].uses_readings);
	for (size_t i = 0; i < 3; i++) {
		static const size_t indexes[] = { 0, 2, 3 };
		const struct exception *exception =
			&query->stages[2].exceptions[i];

		assert_int_equal(exception->index, indexes[i]);
		assert_non_null(exception->condition);
		assert_true(exception->expires_ns == INT64_MAX);
	}
	/* the events must have what the exceptions read */
	assert_true(reads(query, FIELD_PROCESS_NAME));
	assert_true(reads(query, FIELD_USER_ID));
	assert_true(reads(query, FIELD_DESTINATION_PORT));
	ruleset_free(&set);
}

static bool needs_exec(void)
{
	struct ruleset *set = load("");
	struct strbuf text = STRBUF_INIT(0);
	bool needs;

	assert_int_equal(ruleset_audit_rules(set, "x86_64", &text), 0);
	needs = memmem(text.data, text.len, "execve", 6) != NULL;
	strbuf_free(&text);
	ruleset_free(&set);
	return needs;
}

/* What an exception reads must be audited, else it never holds. */
static void test_audit_rules(void **state)
{
	(void)state;
	rulefiles_write_text("rules/a.toml",
			     HEAD("a") "query = 'network where event.action == "
				       "\"connection_attempted\"'\n");
	override("");
	assert_false(needs_exec());
	override("[[override]]\nrule_id = \"a\"\n[[override.exceptions]]\n"
		 "condition = 'process.executable == \"/usr/bin/x\"'\n");
	assert_true(needs_exec());
}

static uint64_t hash_with(const char *text)
{
	struct ruleset *set;
	uint64_t hash;

	override(text);
	set = load("");
	hash = set->hash;
	ruleset_free(&set);
	return hash;
}

/* What an exception changes is another rule; who owns it is not. */
static void test_hash(void **state)
{
	uint64_t plain, one;

	(void)state;
	rulefiles_write_text("rules/a.toml", HEAD("a") EVENT);
	plain = hash_with("");
#define ONE(more) \
	"[[override]]\nrule_id = \"a\"\n[[override.exceptions]]\n" more
	one = hash_with(ONE("condition = 'true'\n"));
	assert_true(plain != one);
	assert_true(one == hash_with(ONE("condition = 'true'\nowner = \"x\"\n"
					 "reason = \"y\"\n")));
	assert_true(one != hash_with(ONE("condition = 'false'\n")));
	assert_true(one != hash_with(ONE("condition = 'true'\n"
					 "expires = 2027-01-31\n")));
#undef ONE
	assert_true(plain == hash_with("[[override]]\nrule_id = \"a\"\n"
				       "severity = \"low\"\n"));
}

/* A user id means to an exception what it means to its rule. */
static void test_user_id(void **state)
{
	struct ruleset *set;

	(void)state;
	rulefiles_write_text("rules/a.toml",
			     HEAD("a") EVENT "index = [\"auditbeat-*\"]\n");
	override("[[override]]\nrule_id = \"a\"\n[[override.exceptions]]\n"
		 "condition = 'user.id == \"0\"'\n");
	set = load("");
	assert_true(reads(set->rules[0]->query, FIELD_USER_EXT_REAL_ID));
	assert_false(reads(set->rules[0]->query, FIELD_USER_ID));
	ruleset_free(&set);
}

/* Rules of an export have overrides like any other. */
static void test_export(void **state)
{
	struct ruleset *set;

	(void)state;
	unlink("rules/a.toml");
	rulefiles_write_text(
		"rules/a.ndjson",
		"{\"rule_id\":\"a\",\"name\":\"n\",\"type\":\"eql\","
		"\"enabled\":false,\"query\":\"any where true\","
		"\"audisp-eql\":{\"exceptions\":[{\"condition\":"
		"\"user.id == \\\"0\\\"\",\"expires\":\"2027-01-31\"}]}}\n");
	override("[[override]]\nrule_id = \"a\"\nmode = \"observe\"\n");
	set = load("");
	assert_int_equal(set->rule_count, 1);
	assert_int_equal(set->rules[0]->mode, RULE_MODE_OBSERVE);
	assert_true(set->rules[0]->query->stages[0].exceptions[0].expires_ns ==
		    1801353600 * NSEC_PER_SEC);
	ruleset_free(&set);
	unlink("rules/a.ndjson");
}

/* Some hundred of each. */
static void test_many(void **state)
{
	struct strbuf rules = STRBUF_INIT(0), text = STRBUF_INIT(0);
	struct ruleset *set;

	(void)state;
	for (size_t i = 0; i < 2000; i++) {
		strbuf_printf(&rules,
			      "{\"rule_id\":\"%zu\",\"name\":\"n\","
			      "\"type\":\"eql\",\"query\":\"any where true\"}"
			      "\n",
			      i);
		strbuf_printf(&text,
			      "[[override]]\nrule_id = \"%zu\"\n"
			      "mode = \"%s\"\n[[override.exceptions]]\n"
			      "condition = 'user.id == \"%zu\"'\n",
			      i, i % 2 ? "off" : "observe", i);
	}
	rulefiles_write("rules/a.ndjson", rules.data, rules.len);
	rulefiles_write("overrides.d/a.toml", text.data, text.len);
	set = load("");
	assert_int_equal(set->rule_count, 1000);
	assert_int_equal(set->exception_count, 2000);
	for (size_t i = 0; i < set->rule_count; i++)
		assert_int_equal(set->rules[i]->mode, RULE_MODE_OBSERVE);
	ruleset_free(&set);
	strbuf_free(&rules);
	strbuf_free(&text);
}

/* --- main ----------------------------------------------------------------- */

static int enter(void **state)
{
	(void)state;
	return !mkdtemp(directory) || chdir(directory) ||
	       mkdir("rules", 0700) || mkdir("overrides.d", 0700);
}

static int leave(void **state)
{
	(void)state;
	return system("rm -r rules overrides.d") || chdir("/") ||
	       rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_builtin),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_directory),
		cmocka_unit_test(test_configured),
		cmocka_unit_test(test_exceptions),
		cmocka_unit_test(test_audit_rules),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_user_id),
		cmocka_unit_test(test_export),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
