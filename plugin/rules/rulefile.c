/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rulefile.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../eql/eql.h"
#include "../util/diag.h"
#include "../util/hash.h"
#include "toml.h"

/* The file is no good, or its rule not for us: stop, but go on with others. */
enum { RULEFILE_E_STOP = 1 };

static int stop(struct rulefile *file, enum rule_status status, size_t offset,
		const char *format, ...) __attribute__((format(printf, 4, 5)));

static int stop(struct rulefile *file, enum rule_status status, size_t offset,
		const char *format, ...)
{
	struct diag diag = { .file = file->path };
	char text[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	diag.message = arena_str(file->arena, str_from(text));
	if (!diag.message.data)
		return -ENOMEM;
	diag_locate(file->text, offset, &diag);
	file->status = status;
	file->reason =
		(struct rule_reason){ diag.line, diag.column, diag.message };
	diag.severity = status == RULE_INVALID ? DIAG_ERROR : DIAG_WARNING;
	if (status != RULE_SKIPPED && file->options->on_diag)
		file->options->on_diag(file->options->user, &diag);
	return RULEFILE_E_STOP;
}

#define INVALID(file, offset, ...) stop(file, RULE_INVALID, offset, __VA_ARGS__)

/* --- reading values ------------------------------------------------------- */

static int get_string(struct rulefile *file, const struct toml *table,
		      const char *key, struct str *out)
{
	const struct toml *value = toml_get(table, key);

	if (!value)
		return 0;
	if (value->type != TOML_STRING)
		return INVALID(file, value->offset, "%s must be a string", key);
	*out = value->text;
	return 0;
}

static int get_list(struct rulefile *file, const struct toml *table,
		    const char *key, struct str_list *out)
{
	const struct toml *array = toml_get(table, key);
	struct str *items;

	if (!array)
		return 0;
	if (array->type != TOML_ARRAY)
		return INVALID(file, array->offset,
			       "%s must be a list of strings", key);
	items = arena_array(file->arena, array->count, sizeof(*items));
	if (!items)
		return -ENOMEM;
	out->items = items;
	for (const struct toml *item = array->first; item; item = item->next) {
		if (item->type != TOML_STRING)
			return INVALID(file, item->offset,
				       "%s must be a list of strings", key);
		items[out->count++] = item->text;
	}
	return 0;
}

/* NUMBER UNIT, the unit among ms s m h d. */
static bool parse_duration(struct str text, int64_t *out)
{
	static const struct {
		struct str unit;
		int64_t ns;
	} units[] = {
		{ STR("ms"), NSEC_PER_MSEC },
		{ STR("s"), NSEC_PER_SEC },
		{ STR("m"), 60 * NSEC_PER_SEC },
		{ STR("h"), 3600 * NSEC_PER_SEC },
		{ STR("d"), 86400 * NSEC_PER_SEC },
	};
	int64_t number = 0;
	size_t i = 0;

	for (; i < text.len && i < 9 && text.data[i] >= '0' &&
	       text.data[i] <= '9';
	     i++)
		number = number * 10 + (text.data[i] - '0');
	if (!i)
		return false;
	text = (struct str){ text.data + i, text.len - i };
	for (size_t k = 0; k < sizeof(units) / sizeof(units[0]); k++)
		if (str_equal(text, units[k].unit))
			return !__builtin_mul_overflow(number, units[k].ns,
						       out);
	return false;
}

/* --- metadata ------------------------------------------------------------- */

static int read_severity(struct rulefile *file, const struct toml *table)
{
	static const struct {
		struct str name;
		enum severity severity;
	} names[] = {
		{ STR("low"), SEVERITY_LOW },
		{ STR("medium"), SEVERITY_MEDIUM },
		{ STR("high"), SEVERITY_HIGH },
		{ STR("critical"), SEVERITY_CRITICAL },
	};
	const struct toml *value = toml_get(table, "severity");

	if (!value)
		return 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (value->type != TOML_STRING ||
		    !str_equal(value->text, names[i].name))
			continue;
		file->rule->severity = names[i].severity;
		return 0;
	}
	return INVALID(file, value->offset,
		       "severity must be low, medium, high or critical");
}

static int read_numbers(struct rulefile *file, const struct toml *table)
{
	const struct toml *risk = toml_get(table, "risk_score");
	const struct toml *version = toml_get(table, "version");

	if (risk && (risk->type != TOML_INTEGER || risk->integer < 0 ||
		     risk->integer > 100))
		return INVALID(file, risk->offset,
			       "risk_score must be a whole number from 0 to "
			       "100");
	if (risk)
		file->rule->risk_score = risk->integer;
	if (version && version->type != TOML_INTEGER)
		return INVALID(file, version->offset,
			       "version must be a whole number");
	if (version)
		file->rule->version = arena_printf(file->arena, "%lld",
						   (long long)version->integer);
	return 0;
}

/* from = "now-9m" */
static int read_from(struct rulefile *file, const struct toml *table)
{
	const struct toml *from = toml_get(table, "from");

	file->rule->from_ns = 360 * NSEC_PER_SEC;
	if (!from)
		return 0;
	if (from->type == TOML_STRING && from->text.len > 4 &&
	    !memcmp(from->text.data, "now-", 4) &&
	    parse_duration(
		    (struct str){ from->text.data + 4, from->text.len - 4 },
		    &file->rule->from_ns))
		return 0;
	return INVALID(file, from->offset, "from must look like \"now-9m\"");
}

static int read_strings(struct rulefile *file, const struct toml *table)
{
	struct rule *rule = file->rule;
	const struct {
		const char *key;
		struct str *out;
	} strings[] = {
		{ "rule_id", &rule->id },
		{ "name", &rule->name },
		{ "description", &rule->description },
		{ "type", &rule->type },
		{ "language", &rule->language },
		{ "license", &rule->license },
	};
	const struct {
		const char *key;
		struct str_list *out;
	} lists[] = {
		{ "author", &rule->author },
		{ "tags", &rule->tags },
		{ "references", &rule->references },
		{ "false_positives", &rule->false_positives },
		{ "index", &rule->index },
	};
	int rc = 0;

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]) && !rc; i++)
		rc = get_string(file, table, strings[i].key, strings[i].out);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]) && !rc; i++)
		rc = get_list(file, table, lists[i].key, lists[i].out);
	return rc;
}

/* --- threat --------------------------------------------------------------- */

static int read_technique(struct rulefile *file, const struct toml *table,
			  struct technique *out, const char *below);

static int read_techniques(struct rulefile *file, const struct toml *table,
			   const char *key, const struct technique **out,
			   size_t *count)
{
	const struct toml *array = toml_get(table, key);
	struct technique *items;

	if (!array)
		return 0;
	if (array->type != TOML_ARRAY)
		return INVALID(file, array->offset,
			       "%s must be an array of tables", key);
	items = arena_array(file->arena, array->count, sizeof(*items));
	if (!items)
		return -ENOMEM;
	*out = items;
	for (const struct toml *item = array->first; item; item = item->next) {
		int rc = read_technique(
			file, item, &items[*count],
			!strcmp(key, "technique") ? "subtechnique" : NULL);

		if (rc)
			return rc;
		++*count;
	}
	return 0;
}

/* id, name, reference, and the techniques below it. */
static int read_technique(struct rulefile *file, const struct toml *table,
			  struct technique *out, const char *below)
{
	int rc;

	if (table->type != TOML_TABLE)
		return INVALID(file, table->offset, "a table is wanted here");
	rc = get_string(file, table, "id", &out->id);
	if (!rc)
		rc = get_string(file, table, "name", &out->name);
	if (!rc)
		rc = get_string(file, table, "reference", &out->reference);
	if (!rc && below)
		rc = read_techniques(file, table, below, &out->subtechniques,
				     &out->subtechnique_count);
	return rc;
}

static int read_threat(struct rulefile *file, const struct toml *table,
		       struct threat *out)
{
	const struct toml *tactic = toml_get(table, "tactic");
	int rc;

	if (table->type != TOML_TABLE)
		return INVALID(file, table->offset, "a table is wanted here");
	rc = get_string(file, table, "framework", &out->framework);
	if (!rc && tactic)
		rc = read_technique(file, tactic, &out->tactic, NULL);
	if (!rc)
		rc = read_techniques(file, table, "technique", &out->techniques,
				     &out->technique_count);
	return rc;
}

static int read_threats(struct rulefile *file, const struct toml *table)
{
	const struct toml *array = toml_get(table, "threat");
	struct threat *threats;

	if (!array)
		return 0;
	if (array->type != TOML_ARRAY)
		return INVALID(file, array->offset,
			       "threat must be an array of tables");
	threats = arena_array(file->arena, array->count, sizeof(*threats));
	if (!threats)
		return -ENOMEM;
	file->rule->threats = threats;
	for (const struct toml *item = array->first; item; item = item->next) {
		int rc = read_threat(file, item,
				     &threats[file->rule->threat_count]);

		if (rc)
			return rc;
		file->rule->threat_count++;
	}
	return 0;
}

/* --- our own table -------------------------------------------------------- */

static int read_suppress_by(struct rulefile *file, const struct toml *value)
{
	size_t *slots;

	if (value->type != TOML_ARRAY)
		return INVALID(file, value->offset,
			       "suppress_by must be a list of fields");
	slots = arena_array(file->arena, value->count, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	file->rule->suppress_by = slots;
	for (const struct toml *item = value->first; item; item = item->next) {
		int slot = item->type == TOML_STRING
				   ? field_table_find(file->fields, item->text)
				   : -ENOENT;

		if (slot < 0)
			return INVALID(file, item->offset,
				       "suppress_by wants fields we supply");
		slots[file->rule->suppress_by_count++] = (size_t)slot;
	}
	return 0;
}

static int read_process_names(struct rulefile *file, const struct toml *value)
{
	static const struct str names[] = {
		[PROCESS_NAMES_EITHER] = STR("either"),
		[PROCESS_NAMES_INVOKED] = STR("invoked"),
		[PROCESS_NAMES_RESOLVED] = STR("resolved"),
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (value->type != TOML_STRING ||
		    !str_equal(value->text, names[i]))
			continue;
		file->rule->process_names = (enum process_names)i;
		file->rule->process_names_set = true;
		return 0;
	}
	return INVALID(file, value->offset,
		       "process_names must be either, invoked or resolved");
}

static int read_own_key(struct rulefile *file, const struct toml *value)
{
	if (str_equal(value->key, STR("suppress_by")))
		return read_suppress_by(file, value);
	if (str_equal(value->key, STR("process_names")))
		return read_process_names(file, value);
	if (str_equal(value->key, STR("suppress"))) {
		if (value->type == TOML_STRING &&
		    parse_duration(value->text, &file->rule->suppress_ns))
			return 0;
		return INVALID(file, value->offset,
			       "suppress must look like \"60s\"");
	}
	if (str_equal(value->key, STR("mode"))) {
		if (value->type != TOML_STRING ||
		    (!str_equal(value->text, STR("off")) &&
		     !str_equal(value->text, STR("observe")) &&
		     !str_equal(value->text, STR("alert"))))
			return INVALID(file, value->offset,
				       "mode must be off, observe or alert");
		file->mode_off = str_equal(value->text, STR("off"));
		return 0;
	}
	return INVALID(file, value->key_offset, "no such key in [audisp-eql]");
}

static int read_own(struct rulefile *file, const struct toml *root)
{
	const struct toml *own = toml_get(root, "audisp-eql");
	int rc = 0;

	file->rule->suppress_ns = -1;
	file->rule->process_names = file->options->process_names;
	if (!own)
		return 0;
	if (own->type != TOML_TABLE)
		return INVALID(file, own->offset, "a table is wanted here");
	for (const struct toml *value = own->first; value && !rc;
	     value = value->next)
		rc = read_own_key(file, value);
	return rc;
}

/* --- query ---------------------------------------------------------------- */

/* user.id is the effective id for Elastic Defend, the real one for auditd's
 * own indices. */
static bool user_id_is_real(const struct rule *rule)
{
	for (size_t i = 0; i < rule->index.count; i++)
		if (memmem(rule->index.items[i].data, rule->index.items[i].len,
			   "endpoint", 8))
			return false;
	return rule->index.count > 0;
}

static int compile_query(struct rulefile *file, const struct toml *query)
{
	struct eql_options options = {
		.arena = file->arena,
		.fields = file->fields,
		.user_id_is_real = user_id_is_real(file->rule),
		.live = true,
	};
	struct eql_error error = { 0 };
	int rc = eql_compile(&options, query->text, &file->rule->query, &error);

	if (rc <= 0)
		return rc;
	return stop(file, rc == EQL_E_INVALID ? RULE_INVALID : RULE_UNSUPPORTED,
		    toml_offset(file->text, query, error.offset), "%.*s",
		    STR_ARG(error.message));
}

/* The kinds of rule that are not ours are no errors. */
static int check_type(struct rulefile *file, const struct toml *table)
{
	const struct rule *rule = file->rule;

	if (!rule->id.len)
		return INVALID(file, table->offset, "the rule has no rule_id");
	if (!rule->name.len)
		return INVALID(file, table->offset, "the rule has no name");
	if (!rule->type.len)
		return INVALID(file, table->offset, "the rule has no type");
	if (!str_equal(rule->type, STR("eql")) ||
	    (rule->language.len && !str_equal(rule->language, STR("eql"))))
		return stop(file, RULE_SKIPPED, toml_get(table, "type")->offset,
			    "not an EQL rule but %.*s",
			    STR_ARG(str_equal(rule->type, STR("eql"))
					    ? rule->language
					    : rule->type));
	return 0;
}

static void set_hash(struct rule *rule)
{
	static const uint8_t seed[16];

	rule->hash = hash_combine(
		hash_bytes(rule->id.data, rule->id.len, seed),
		hash_bytes(rule->query_text.data, rule->query_text.len, seed));
}

static int read_rule(struct rulefile *file, const struct toml *root)
{
	const struct toml *table = toml_get(root, "rule");
	const struct toml *query = toml_get(table, "query");
	int rc;

	if (!table || table->type != TOML_TABLE)
		return INVALID(file, 0, "the file has no [rule] table");
	file->rule->severity = SEVERITY_MEDIUM;
	file->rule->risk_score = SEVERITY_MEDIUM;
	rc = read_strings(file, table);
	if (!rc)
		rc = check_type(file, table);
	if (!rc)
		rc = read_severity(file, table);
	if (!rc)
		rc = read_numbers(file, table);
	if (!rc)
		rc = read_from(file, table);
	if (!rc)
		rc = read_threats(file, table);
	if (!rc)
		rc = read_own(file, root);
	if (rc)
		return rc;
	if (!query || query->type != TOML_STRING)
		return INVALID(file, query ? query->offset : table->offset,
			       "the rule has no query");
	file->rule->query_text = query->text;
	set_hash(file->rule);
	return compile_query(file, query);
}

int rulefile_read(struct rulefile *file)
{
	struct toml_error error;
	struct toml *root;
	int rc = toml_parse(file->arena, file->text, &root, &error);

	file->rule->file = file->path;
	file->status = RULE_FULL;
	if (rc == TOML_E_SYNTAX)
		rc = INVALID(file, error.offset, "%.*s",
			     STR_ARG(error.message));
	else if (!rc)
		rc = read_rule(file, root);
	return rc == RULEFILE_E_STOP ? 0 : rc;
}
