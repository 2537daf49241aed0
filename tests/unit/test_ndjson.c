/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reader of JSON, against json-c where that can tell, and exports. */
#include "rulefiles.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "limits.h"
#include "readlog.h"
#include "rules/ndjson.h"
#include "util/arena.h"
#include "util/json.h"

static char *source; /* the source tree, absolute */
static char directory[] = "/tmp/test_ndjson.XXXXXX";

/* --- the reader ----------------------------------------------------------- */

/* The tree as JSON again. */
static void dump(struct json *json, const struct toml_value *value)
{
	bool object = value->type == TOML_TABLE;

	switch (value->type) {
	case TOML_STRING:
		json_string(json, value->text);
		break;
	case TOML_INTEGER:
		json_int(json, value->integer);
		break;
	case TOML_FLOAT:
		json_double(json, value->number);
		break;
	case TOML_BOOL:
		json_truth(json, value->boolean);
		break;
	case TOML_NULL:
		json_null(json);
		break;
	case TOML_DATE:
		fail();
		break;
	case TOML_ARRAY:
	case TOML_TABLE:
		object ? json_object_begin(json) : json_array_begin(json);
		for (const struct toml_value *item = value->items.first; item;
		     item = item->next) {
			if (object)
				json_key(json, item->key);
			dump(json, item);
		}
		object ? json_object_end(json) : json_array_end(json);
		break;
	}
}

/* A NUL stands behind the text: where a number ends json-c must see. */
static struct json_object *parse_by_jsonc(const char *text, size_t len)
{
	struct json_tokener *tokener = json_tokener_new_ex(LIMIT_NESTING + 9);
	struct json_object *object;

	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	object = json_tokener_parse_ex(tokener, text, (int)len + 1);
	assert_int_equal(json_tokener_get_error(tokener), json_tokener_success);
	json_tokener_free(tokener);
	return object;
}

/* Reads text from memory of its very size: what reads behind it is seen. */
static int parse(struct arena *arena, const char *text, size_t len,
		 struct toml_value **out, struct toml_error *error)
{
	char *copy = malloc(len ? len : 1);
	struct str kept;
	int rc;

	assert_non_null(copy);
	memcpy(copy, text, len);
	rc = ndjson_parse(arena, (struct str){ copy, len }, out, error);
	/* the tree has copies of its own */
	kept = arena_str(arena, (struct str){ copy, len });
	assert_non_null(kept.data);
	memset(copy, 'x', len);
	free(copy);
	return rc;
}

static const char *const accepted[] = {
	"{}",
	" \t\r\n[ ] ",
	"null",
	"[null,true,false,0,-0,1,-1,9223372036854775807]",
	"[-9223372036854775808,1.5,-1.25e2,1E2,1e-2,0.0,10,0e1]",
	"\"\"",
	"\"a\\\"\\\\\\/\\b\\f\\n\\r\\tz\"",
	"\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\\uFFFF\"",
	"\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"",
	"{\"a\":{\"b\":[1,{\"c\":null}]},\"\":2,\"A\":3}",
	"{ \"a\" : 1 , \"b\" : [ 1 , 2 ] }",
	"[[],[[]],{}]",
};

static void test_accept(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
		const char *text = accepted[i];
		struct arena *arena = arena_new(0);
		struct strbuf out = STRBUF_INIT(0);
		struct json_object *theirs, *ours;
		struct toml_value *value;
		struct toml_error error;
		struct json json;

		if (parse(arena, text, strlen(text), &value, &error))
			fail_msg("%s: %.*s", text, STR_ARG(error.message));
		json_init(&json, &out);
		dump(&json, value);
		strbuf_add_char(&out, '\0');
		theirs = parse_by_jsonc(text, strlen(text));
		ours = parse_by_jsonc(out.data, out.len - 1);
		if (!json_object_equal(theirs, ours))
			fail_msg("%s became %.*s", text, (int)out.len,
				 out.data);
		json_object_put(theirs);
		json_object_put(ours);
		strbuf_free(&out);
		arena_free(&arena);
	}
}

static const struct {
	const char *text;
	size_t offset;
	const char *message;
} rejected[] = {
	{ "", 0, "a value is wanted here" },
	{ "  ", 2, "a value is wanted here" },
	{ "{", 1, "a key is wanted here" },
	{ "{a:1}", 1, "a key is wanted here" },
	{ "{'a':1}", 1, "a key is wanted here" },
	{ "{\"a\"}", 4, "':' is wanted here" },
	{ "{\"a\" 1}", 5, "':' is wanted here" },
	{ "{\"a\":}", 5, "a value is wanted here" },
	{ "{\"a\":1", 6, "',' or '}' is wanted here" },
	{ "{\"a\":1,}", 7, "a key is wanted here" },
	{ "{\"a\":1 \"b\":2}", 7, "',' or '}' is wanted here" },
	{ "[", 1, "a value is wanted here" },
	{ "[1", 2, "',' or ']' is wanted here" },
	{ "[1,]", 3, "a value is wanted here" },
	{ "[1}", 2, "',' or ']' is wanted here" },
	{ "{} {}", 3, "nothing more may stand on this line" },
	{ "1 // x", 2, "nothing more may stand on this line" },
	{ "/* x */ 1", 0, "a value is wanted here" },
	{ "nul", 0, "a value is wanted here" },
	{ "True", 0, "a value is wanted here" },
	{ "truex", 4, "nothing more may stand on this line" },
	{ "NaN", 0, "a value is wanted here" },
	{ "Infinity", 0, "a value is wanted here" },
	{ "+1", 0, "a value is wanted here" },
	{ "-", 0, "a value is wanted here" },
	{ "01", 1, "nothing more may stand on this line" },
	{ "1.", 0, "a value is wanted here" },
	{ ".5", 0, "a value is wanted here" },
	{ "1e", 0, "a value is wanted here" },
	{ "1e+", 0, "a value is wanted here" },
	{ "[1e999]", 1, "this number is too large" },
	{ "0x10", 1, "nothing more may stand on this line" },
	{ "\"abc", 0, "this string is not closed" },
	{ "\"abc\\", 4, "there is no such escape" },
	{ "\"a\\x\"", 2, "there is no such escape" },
	{ "\"a\\u12\"", 2, "\\u wants 4 hex digits" },
	{ "\"a\\u12g4\"", 2, "\\u wants 4 hex digits" },
	{ "\"\\ud83d\"", 1, "this is no Unicode character" },
	{ "\"\\ud83d\\u0041\"", 1, "this is no Unicode character" },
	{ "\"\\ude00\"", 1, "this is no Unicode character" },
	{ "\"a\tb\"", 2, "a control character in a string" },
	{ "\"a\nb\"", 2, "a control character in a string" },
	{ "\"a\xff\"", 2, "this is not UTF-8" },
	{ "\"\xc0\x80\"", 1, "this is not UTF-8" },
	{ "\"\xed\xa0\x80\"", 1, "this is not UTF-8" },
	{ "\"\xe2\x82\"", 1, "this is not UTF-8" },
	{ "\xc2\xa0{}", 0, "a value is wanted here" },
	{ "{\"a\":1,\"b\":2,\"a\":3}", 13, "the object has this key already" },
	{ "{\"a\":1,\"\\u0061\":3}", 7, "the object has this key already" },
	{ "[{\"a\":null,\"a\":null}]", 11, "the object has this key already" },
};

static void test_reject(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rejected) / sizeof(rejected[0]); i++) {
		const char *text = rejected[i].text;
		struct arena *arena = arena_new(0);
		struct toml_value *value = NULL;
		struct toml_error error = { 0 };
		int rc = parse(arena, text, strlen(text), &value, &error);

		if (rc != NDJSON_E_SYNTAX ||
		    error.offset != rejected[i].offset ||
		    !str_equal(error.message, str_from(rejected[i].message)))
			fail_msg("%s: %d, %zu: %.*s", text, rc, error.offset,
				 STR_ARG(error.message));
		assert_null(value);
		arena_free(&arena);
	}
}

/* Each text ends at any byte without harm. */
static void test_text_ends(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
		for (size_t len = 0; len < strlen(accepted[i]); len++) {
			struct arena *arena = arena_new(0);
			struct toml_value *value;
			struct toml_error error;

			parse(arena, accepted[i], len, &value, &error);
			arena_free(&arena);
		}
	}
}

static int parse_nested(size_t depth, char open, char close)
{
	struct arena *arena = arena_new(0);
	struct strbuf text = STRBUF_INIT(0);
	struct toml_value *value;
	struct toml_error error;
	int rc;

	for (size_t i = 0; i < depth; i++)
		strbuf_add_str(&text, open == '[' ? STR("[") : STR("{\"\":"));
	strbuf_add_str(&text, STR("1"));
	for (size_t i = 0; i < depth; i++)
		strbuf_add_char(&text, close);
	rc = parse(arena, text.data, text.len, &value, &error);
	strbuf_free(&text);
	arena_free(&arena);
	return rc;
}

static void test_nesting_limit(void **state)
{
	(void)state;
	assert_int_equal(parse_nested(LIMIT_NESTING, '[', ']'), 0);
	assert_int_equal(parse_nested(LIMIT_NESTING, '{', '}'), 0);
	assert_int_equal(parse_nested(LIMIT_NESTING + 1, '[', ']'),
			 NDJSON_E_SYNTAX);
	assert_int_equal(parse_nested(LIMIT_NESTING + 1, '{', '}'),
			 NDJSON_E_SYNTAX);
}

/* A byte of a decoded string leads back to where it stands. */
static void test_source(void **state)
{
	const struct str text = STR(" \"a\\nb\\u00e9\xc3\xa9\\ud83d\\ude00z\"");
	/* of: a \n b e9 e9 c3 a9 (4 bytes) z and the closing quote */
	static const size_t expected[] = { 2,  3,  5,  6,  6,  12, 12,
					   14, 14, 14, 14, 26, 27, 27 };
	struct arena *arena = arena_new(0);
	struct toml_value *value;
	struct toml_error error;

	(void)state;
	assert_int_equal(ndjson_parse(arena, text, &value, &error), 0);
	assert_int_equal(value->offset, 1);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_int_equal(ndjson_source(text, value, i), expected[i]);
	arena_free(&arena);
}

/* --- exports -------------------------------------------------------------- */

#define QUERY "process where event.action == \\\"exec\\\""
#define RULE(id, more) \
	"{\"rule_id\":\"" id "\",\"name\":\"n\",\"type\":\"eql\"," \
	"\"language\":\"eql\",\"query\":\"" QUERY "\"" more "}\n"
#define SUMMARY(count) \
	"{\"exported_count\":9,\"exported_rules_count\":" count \
	",\"missing_rules\":[]}\n"

static struct ruleset *load_text(const char *text, size_t len,
				 const char *complaints)
{
	const char *path = "x.ndjson";
	struct ruleset_options options = { .paths = &path, .path_count = 1 };
	struct ruleset *set;

	rulefiles_write(path, text, len);
	set = rulefiles_load(&options, complaints);
	unlink(path);
	return set;
}

/* How many run, are in the reports, and are errors. */
static void assert_export(const char *text, const char *complaints,
			  const size_t counts[3])
{
	struct ruleset *set = load_text(text, strlen(text), complaints);

	assert_int_equal(set->rule_count, counts[0]);
	assert_int_equal(set->report_count, counts[1]);
	assert_int_equal(set->error_count, counts[2]);
	ruleset_free(&set);
}

#define COUNTS(...) ((const size_t[]){ __VA_ARGS__ })

static void test_exports(void **state)
{
	(void)state;
	assert_export("", "", COUNTS(0, 0, 0));
	assert_export("\n \t\r\n", "", COUNTS(0, 0, 0));
	assert_export(RULE("a", "") RULE("b", ""), "", COUNTS(2, 2, 0));
	assert_export("\xef\xbb\xbf" RULE("a", "") "\r\n" RULE("b", ""), "",
		      COUNTS(2, 2, 0));
	/* lists of exceptions, connectors, and the count */
	assert_export(
		RULE("a",
		     "") "{\"list_id\":\"l\",\"type\":\"simple\"}\n"
			 "{\"attributes\":{},\"type\":\"action\"}\n" SUMMARY(
				 "1"),
		"", COUNTS(1, 1, 0));
	assert_export(RULE("a", "") SUMMARY("2"),
		      "x.ndjson:2:44: warning: the export says it has 2 "
		      "rules, but here are 1\n"
		      "{\"exported_count\":9,\"exported_rules_count\":2,"
		      "\"missing_rules\":[]}\n"
		      "                                           ^\n",
		      COUNTS(1, 1, 0));
	assert_export("[]\n",
		      "x.ndjson:1:1: error: a rule is an object, "
		      "{...}\n[]\n^\n",
		      COUNTS(0, 1, 1));
	assert_export("{}\n",
		      "x.ndjson:1:1: error: the rule has no "
		      "'rule_id'\n{}\n^\n"
		      "x.ndjson:1:1: error: the rule has no 'name'\n"
		      "{}\n^\n"
		      "x.ndjson:1:1: error: the rule has no 'type'\n"
		      "{}\n^\n"
		      "x.ndjson:1:1: error: the rule has no 'query'\n"
		      "{}\n^\n",
		      COUNTS(0, 1, 1));
	/* a bad line does not hurt its neighbours */
	assert_export(RULE("a", "") "{\"x\":\n" RULE("b", ""),
		      "x.ndjson:2:6: error: a value is wanted here\n"
		      "{\"x\":\n     ^\n",
		      COUNTS(2, 3, 1));
}

/* What is wrong with a value is told where it stands. */
static void test_values(void **state)
{
	(void)state;
	assert_export(
		"{\"rule_id\":\"a\",\"name\":\"n\",\"type\":\"eql\","
		"\"query\":\"any where\\n x = 1\"}\n",
		"x.ndjson:1:63: error: '=' compares nothing: write '==', or ':' to ignore case\n"
		"{\"rule_id\":\"a\",\"name\":\"n\",\"type\":\"eql\","
		"\"query\":\"any where\\n x = 1\"}\n"
		"                                                       "
		"       ^\n",
		COUNTS(0, 1, 1));
	assert_export("{\"rule_id\":\"a\",\"name\":7,\"type\":\"eql\","
		      "\"query\":\"any where true\",\"risk_score\":\"47\"}\n",
		      "x.ndjson:1:23: error: 'name' must be a string\n"
		      "{\"rule_id\":\"a\",\"name\":7,\"type\":\"eql\","
		      "\"query\":\"any where true\",\"risk_score\":\"47\"}\n"
		      "                      ^\n"
		      "x.ndjson:1:76: error: 'risk_score' must be a whole "
		      "number from 0 to 100\n"
		      "{\"rule_id\":\"a\",\"name\":7,\"type\":\"eql\","
		      "\"query\":\"any where true\",\"risk_score\":\"47\"}\n"
		      "                                                      "
		      "                     ^\n",
		      COUNTS(0, 1, 1));
	/* null is as absent */
	assert_export(RULE("a", ",\"severity\":null,\"threat\":null"), "",
		      COUNTS(1, 1, 0));
	/* switched off, and our own table */
	assert_export(RULE("a", ",\"enabled\":false"), "", COUNTS(0, 1, 0));
	assert_export(RULE("a", ",\"enabled\":false,\"audisp-eql\":"
				"{\"mode\":\"alert\"}"),
		      "", COUNTS(1, 1, 0));
}

/* A long line is shown around its mistake. */
static void test_long_line(void **state)
{
	struct strbuf text = STRBUF_INIT(0), expected = STRBUF_INIT(0);
	struct ruleset *set;

	(void)state;
	strbuf_add_str(&text, STR("{\"note\":\""));
	for (size_t i = 0; i < 300; i++)
		strbuf_add_str(&text, STR("\xc3\xa9"));
	strbuf_add_str(&text, STR("\",\"x\":y,\""));
	for (size_t i = 0; i < 300; i++)
		strbuf_add_char(&text, 'b');
	strbuf_add_str(&text, STR("\":1}"));
	strbuf_add_str(&expected, STR("x.ndjson:1:616: error: a value is "
				      "wanted here\n..."));
	/* 120 bytes before the column, as many behind */
	for (size_t i = 0; i < 57; i++)
		strbuf_add_str(&expected, STR("\xc3\xa9"));
	strbuf_add_str(&expected, STR("\",\"x\":y,\""));
	for (size_t i = 0; i < 117; i++)
		strbuf_add_char(&expected, 'b');
	strbuf_add_str(&expected, STR("...\n"));
	strbuf_printf(&expected, "%*s^\n", 3 + 57 + 6, "");
	strbuf_add_char(&expected, '\0');
	set = load_text(text.data, text.len, expected.data);
	ruleset_free(&set);
	strbuf_free(&text);
	strbuf_free(&expected);
}

static void assert_line(const char *text, size_t len, size_t errors)
{
	const char *path = "x.ndjson";
	struct ruleset_options options = { .paths = &path, .path_count = 1 };
	struct ruleset *set;

	rulefiles_write(path, text, len);
	assert_int_equal(ruleset_load(&options, &set), 0);
	assert_int_equal(set->report_count, 1);
	assert_int_equal(set->error_count, errors);
	if (errors)
		assert_text(set->reports[0].reasons[0].text,
			    "the line is too long");
	ruleset_free(&set);
	unlink(path);
}

static void test_line_limit(void **state)
{
	char *text = malloc(LIMIT_RULE_FILE_BYTES + 1);
	size_t len = strlen(RULE("a", "")) - 1;

	(void)state;
	assert_non_null(text);
	memset(text, ' ', LIMIT_RULE_FILE_BYTES + 1);
	memcpy(text, RULE("a", ""), len);
	assert_line(text, LIMIT_RULE_FILE_BYTES, 0);
	assert_line(text, LIMIT_RULE_FILE_BYTES + 1, 1);
	free(text);
}

/* Others than EQL rules are skipped, an id may be there once. */
static void test_kinds(void **state)
{
	static const char *const types[] = {
		"query",       "esql",	       "new_terms",
		"threshold",   "threat_match", "machine_learning",
		"saved_query",
	};
	struct strbuf text = STRBUF_INIT(0);
	struct ruleset *set;

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		strbuf_printf(&text,
			      "{\"rule_id\":\"%zu\",\"name\":\"n\","
			      "\"type\":\"%s\",\"query\":\"x: y\"}\n",
			      i, types[i]);
	set = load_text(text.data, text.len, "");
	assert_int_equal(set->error_count, 0);
	assert_int_equal(set->report_count, sizeof(types) / sizeof(types[0]));
	for (size_t i = 0; i < set->report_count; i++) {
		assert_int_equal(set->reports[i].status, RULE_SKIPPED);
		assert_int_equal(set->reports[i].reasons[0].line, i + 1);
	}
	ruleset_free(&set);
	strbuf_free(&text);
	assert_export(RULE("a", "") RULE("b", "") RULE("a", ""),
		      "x.ndjson:3:12: error: this rule_id is taken by "
		      "x.ndjson:1\n"
		      "{\"rule_id\":\"a\",\"name\":\"n\",\"type\":\"eql\","
		      "\"language\":\"eql\",\"query\":\"" QUERY "\"}\n"
		      "           ^\n",
		      COUNTS(2, 3, 1));
}

/* What Kibana would apply beside the query is said to be lost. */
static void test_unused(void **state)
{
	struct ruleset *set;
	const char *text = RULE("a", ",\"exceptions_list\":[],\"filters\":[]")
		RULE("b", ",\"exceptions_list\":[{\"list_id\":\"l\"}]") RULE(
			"c", ",\"event_category_override\":\"x\"")
			RULE("d",
			     ",\"event_category_override\":\"event.category\"");
	struct ruleset_options options = { 0 };
	const char *path = "x.ndjson";

	(void)state;
	rulefiles_write_text(path, text);
	options.paths = &path;
	options.path_count = 1;
	assert_int_equal(ruleset_load(&options, &set), 0);
	assert_int_equal(set->report_count, 4);
	assert_int_equal(set->reports[0].status, RULE_FULL);
	assert_int_equal(set->reports[1].status, RULE_DEGRADED);
	assert_int_equal(set->reports[2].status, RULE_UNSUPPORTED);
	assert_int_equal(set->reports[3].status, RULE_FULL);
	assert_text(set->reports[1].reasons[0].text,
		    "'exceptions_list' is not applied: more alerts than in "
		    "Kibana (exceptions go into overrides.d)");
	ruleset_free(&set);
	unlink(path);
}

/* An export of some thousand rules: the time is linear in their number. */
static void test_many(void **state)
{
	struct strbuf text = STRBUF_INIT(0);
	struct ruleset *set;

	(void)state;
	for (size_t i = 0; i < 5000; i++)
		strbuf_printf(&text,
			      "{\"rule_id\":\"rule %zu\",\"name\":\"n\","
			      "\"type\":\"eql\",\"query\":\"process where "
			      "process.name == \\\"p%zu\\\"\"}\n",
			      i, i);
	set = load_text(text.data, text.len, "");
	assert_int_equal(set->rule_count, 5000);
	assert_text(set->rules[4999]->id, "rule 4999");
	assert_int_equal(set->reports[4999].line, 5000);
	ruleset_free(&set);
	strbuf_free(&text);
}

/* A whole export, beside rules in TOML; both are of the same kind. */
static void test_directory(void **state)
{
	const char *path = "d";
	struct ruleset_options options = { .paths = &path, .path_count = 1 };
	char name[4096], *data;
	struct ruleset *set;
	size_t len = 0;

	(void)state;
	snprintf(name, sizeof(name), "%s/tests/rules/export.ndjson", source);
	data = readlog_file(name, &len);
	assert_non_null(data);
	assert_int_equal(mkdir("d", 0700), 0);
	rulefiles_write("d/b.ndjson", data, len);
	rulefiles_write_text("d/a.toml",
			     "[rule]\nrule_id = \"t\"\nname = \"n\"\n"
			     "type = \"eql\"\nquery = 'any where true'\n");
	rulefiles_write_text("d/.c.ndjson", "{");
	free(data);
	set = rulefiles_load(&options, "");
	assert_int_equal(set->report_count, 5);
	assert_int_equal(set->rule_count, 2);
	assert_text(set->rules[1]->name, "Interpreter that connects out");
	assert_int_equal(set->rules[1]->severity, SEVERITY_HIGH);
	assert_int_equal(set->rules[1]->risk_score, 73);
	assert_true(set->rules[1]->from_ns == 540 * NSEC_PER_SEC);
	assert_text(set->rules[1]->version, "3");
	assert_int_equal(set->rules[1]->query->stage_count, 2);
	assert_int_equal(set->rules[1]->threat_count, 1);
	assert_text(set->rules[1]->threats[0].techniques[0].subtechniques[0].id,
		    "T1059.004");
	assert_int_equal(set->reports[2].status, RULE_FULL);
	assert_int_equal(set->reports[2].rule->mode, RULE_MODE_OFF);
	assert_int_equal(set->reports[3].status, RULE_SKIPPED);
	assert_int_equal(set->reports[4].status, RULE_SKIPPED);
	ruleset_free(&set);
	/* a file name in the configuration's list means all of them */
	options.disable = (const char *const[]){ "b" };
	options.disable_count = 1;
	set = rulefiles_load(&options, "");
	assert_int_equal(set->rule_count, 1);
	ruleset_free(&set);
	assert_int_equal(system("rm -r d"), 0);
}

/* --- main ----------------------------------------------------------------- */

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
		cmocka_unit_test(test_accept),
		cmocka_unit_test(test_reject),
		cmocka_unit_test(test_text_ends),
		cmocka_unit_test(test_nesting_limit),
		cmocka_unit_test(test_source),
		cmocka_unit_test(test_exports),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_line_limit),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_unused),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_directory),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
