/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rule file says what it means by key: keys we use must be right, all others
 * ([transform], note, setup, ...) are passed over, but for our own table, in
 * which a wrong key is a mistake. Each mistake is told, not only the first.
 */
#include "rulefile.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../eql/eql.h"
#include "../util/diag.h"
#include "../util/hash.h"
#include "../util/quantity.h"
#include "override.h"
#include "support.h"

/* Elasticsearch's look-back of a rule that does not say. */
#define FROM_DEFAULT_NS (6 * 60 * NSEC_PER_SEC)

/* --- complaints ----------------------------------------------------------- */

static int add_reason(struct rulefile *file, const struct diag *diag)
{
	if (file->reason_count == file->reason_capacity) {
		size_t capacity =
			file->reason_capacity ? 2 * file->reason_capacity : 4;
		struct rule_reason *reasons =
			arena_array(file->arena, capacity, sizeof(*reasons));

		if (!reasons)
			return -ENOMEM;
		if (file->reason_count)
			memcpy(reasons, file->reasons,
			       file->reason_count * sizeof(*reasons));
		file->reasons = reasons;
		file->reason_capacity = capacity;
	}
	file->reasons[file->reason_count++] =
		(struct rule_reason){ diag->line, diag->column, diag->message };
	return 0;
}

int rulefile_complain(struct rulefile *file, enum rule_status status,
		      size_t offset, const char *format, ...)
{
	static const enum diag_severity severities[] = {
		[RULE_DEGRADED] = DIAG_NOTE,
		[RULE_UNSUPPORTED] = DIAG_WARNING,
		[RULE_INVALID] = DIAG_ERROR,
	};
	struct diag diag = { .file = file->path };
	char text[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	diag.message = arena_str(file->arena, str_from(text));
	if (!diag.message.data)
		return -ENOMEM;
	if (offset != RULEFILE_WHOLE) {
		diag_locate(file->text, offset, &diag);
		diag.line += file->lines_before;
	}
	if (status > file->status)
		file->status = status;
	if (status != RULE_FULL && status != RULE_SKIPPED &&
	    file->options->on_diag) {
		diag.severity = severities[status];
		file->options->on_diag(file->options->user, &diag);
	}
	return add_reason(file, &diag);
}

/* --- values --------------------------------------------------------------- */

/* A copy that stays when the file is read. */
static int keep(struct rulefile *file, struct str text, struct str *out)
{
	struct str copy = arena_str(file->arena, text);

	if (!copy.data)
		return -ENOMEM;
	*out = copy;
	return 0;
}

int rulefile_take_string(struct rulefile *file, const struct toml_value *value,
			 struct str *out)
{
	if (value->type != TOML_STRING)
		return RULEFILE_INVALID(file, value->offset,
					"'%.*s' must be a string",
					STR_ARG(value->key));
	return keep(file, value->text, out);
}

/* A key that may be absent. */
static int read_string(struct rulefile *file, const struct toml_value *table,
		       const char *key, struct str *out)
{
	const struct toml_value *value = toml_get(table, key);

	return value ? rulefile_take_string(file, value, out) : 0;
}

static int read_list(struct rulefile *file, const struct toml_value *table,
		     const char *key, struct str_list *out)
{
	const struct toml_value *array = toml_get(table, key);
	struct str_list list = { 0 };
	struct str *items;
	int rc = 0;

	if (!array)
		return 0;
	if (array->type != TOML_ARRAY)
		return RULEFILE_INVALID(file, array->offset,
					"'%s' must be a list of strings", key);
	list.items = items =
		arena_array(file->arena, array->items.count, sizeof(*items));
	if (!items)
		return -ENOMEM;
	for (const struct toml_value *item = array->items.first; item && !rc;
	     item = item->next) {
		if (item->type != TOML_STRING)
			return RULEFILE_INVALID(
				file, item->offset,
				"'%s' must be a list of strings", key);
		rc = keep(file, item->text, &items[list.count++]);
	}
	if (!rc)
		*out = list;
	return rc;
}

int rulefile_word(const struct toml_value *value, const char *const *words,
		  size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (value->type == TOML_STRING &&
		    str_equal(value->text, str_from(words[i])))
			return (int)i;
	return -1;
}

/* --- [rule] --------------------------------------------------------------- */

static int read_strings(struct rulefile *file, const struct toml_value *table)
{
	struct rule *rule = file->rule;
	const struct {
		const char *key;
		struct str *out;
	} strings[] = {
		{ "description", &rule->description },
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
		rc = read_string(file, table, strings[i].key, strings[i].out);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]) && !rc; i++)
		rc = read_list(file, table, lists[i].key, lists[i].out);
	return rc;
}

int rulefile_take_severity(struct rulefile *file,
			   const struct toml_value *value)
{
	static const char *const words[] = { "low", "medium", "high",
					     "critical" };
	static const enum severity severities[] = {
		SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH, SEVERITY_CRITICAL
	};
	int index = rulefile_word(value, words, 4);

	if (index < 0)
		return RULEFILE_INVALID(
			file, value->offset,
			"'severity' must be low, medium, high or "
			"critical");
	file->rule->severity = severities[index];
	return 0;
}

static int read_risk_score(struct rulefile *file,
			   const struct toml_value *table)
{
	const struct toml_value *value = toml_get(table, "risk_score");

	if (!value)
		return 0;
	if (value->type != TOML_INTEGER || value->integer < 0 ||
	    value->integer > 100)
		return RULEFILE_INVALID(
			file, value->offset,
			"'risk_score' must be a whole number from 0 to "
			"100");
	file->rule->risk_score = value->integer;
	return 0;
}

static int read_version(struct rulefile *file, const struct toml_value *table)
{
	const struct toml_value *value = toml_get(table, "version");
	struct str text;

	if (!value)
		return 0;
	if (value->type == TOML_STRING)
		return keep(file, value->text, &file->rule->version);
	if (value->type != TOML_INTEGER)
		return RULEFILE_INVALID(
			file, value->offset,
			"'version' must be a whole number or a string");
	text = arena_printf(file->arena, "%lld", (long long)value->integer);
	file->rule->version = text;
	return text.data ? 0 : -ENOMEM;
}

static int read_from(struct rulefile *file, const struct toml_value *table)
{
	const struct toml_value *value = toml_get(table, "from");
	struct str now = STR("now-");

	if (!value)
		return 0;
	if (value->type == TOML_STRING && value->text.len > now.len &&
	    !memcmp(value->text.data, now.data, now.len) &&
	    quantity_duration((struct str){ value->text.data + now.len,
					    value->text.len - now.len },
			      &file->rule->from_ns))
		return 0;
	return RULEFILE_INVALID(file, value->offset,
				"'from' must look like \"now-9m\"");
}

static int read_enabled(struct rulefile *file, const struct toml_value *table)
{
	const struct toml_value *value = toml_get(table, "enabled");

	if (!value)
		return 0;
	if (value->type != TOML_BOOL)
		return RULEFILE_INVALID(file, value->offset,
					"'enabled' must be true or false");
	if (!value->boolean) {
		file->rule->mode = RULE_MODE_OFF;
		file->off = "its 'enabled' is false";
	}
	return 0;
}

/* --- [[rule.threat]] ------------------------------------------------------ */

int rulefile_take_tables(struct rulefile *file, const struct toml_value *value,
			 const struct toml_value **out)
{
	const struct toml_value *wrong = NULL;

	*out = NULL;
	if (value->type != TOML_ARRAY)
		wrong = value;
	else
		wrong = value->items.first;
	while (value->type == TOML_ARRAY && wrong && wrong->type == TOML_TABLE)
		wrong = wrong->next;
	if (wrong)
		return RULEFILE_INVALID(file, wrong->offset,
					"'%.*s' must be a list of tables",
					STR_ARG(value->key));
	*out = value;
	return 0;
}

/* A key that may be absent; NULL = it is, or is wrong and complained of. */
static int read_tables(struct rulefile *file, const struct toml_value *table,
		       const char *key, const struct toml_value **out)
{
	const struct toml_value *array = toml_get(table, key);

	*out = NULL;
	return array ? rulefile_take_tables(file, array, out) : 0;
}

/* Without what is below it. */
static int read_technique(struct rulefile *file, const struct toml_value *table,
			  struct technique *out)
{
	int rc = read_string(file, table, "id", &out->id);

	if (!rc)
		rc = read_string(file, table, "name", &out->name);
	if (!rc)
		rc = read_string(file, table, "reference", &out->reference);
	return rc;
}

static int read_subtechniques(struct rulefile *file,
			      const struct toml_value *table,
			      struct technique *out)
{
	const struct toml_value *array;
	struct technique *items;
	int rc = read_tables(file, table, "subtechnique", &array);

	if (rc || !array)
		return rc;
	items = arena_array(file->arena, array->items.count, sizeof(*items));
	if (!items)
		return -ENOMEM;
	for (const struct toml_value *item = array->items.first; item && !rc;
	     item = item->next)
		rc = read_technique(file, item,
				    &items[out->subtechnique_count++]);
	out->subtechniques = items;
	return rc;
}

static int read_techniques(struct rulefile *file,
			   const struct toml_value *table, struct threat *out)
{
	const struct toml_value *array;
	struct technique *items;
	int rc = read_tables(file, table, "technique", &array);

	if (rc || !array)
		return rc;
	items = arena_array(file->arena, array->items.count, sizeof(*items));
	if (!items)
		return -ENOMEM;
	for (const struct toml_value *item = array->items.first; item && !rc;
	     item = item->next) {
		struct technique *technique = &items[out->technique_count++];

		rc = read_technique(file, item, technique);
		if (!rc)
			rc = read_subtechniques(file, item, technique);
	}
	out->techniques = items;
	return rc;
}

static int read_threat(struct rulefile *file, const struct toml_value *table,
		       struct threat *out)
{
	const struct toml_value *tactic = toml_get(table, "tactic");
	int rc = read_string(file, table, "framework", &out->framework);

	if (!rc && tactic)
		rc = tactic->type == TOML_TABLE
			     ? read_technique(file, tactic, &out->tactic)
			     : RULEFILE_INVALID(file, tactic->offset,
						"'tactic' must be a table");
	return rc ? rc : read_techniques(file, table, out);
}

static int read_threats(struct rulefile *file, const struct toml_value *table)
{
	const struct toml_value *array;
	struct threat *threats;
	int rc = read_tables(file, table, "threat", &array);

	if (rc || !array)
		return rc;
	threats =
		arena_array(file->arena, array->items.count, sizeof(*threats));
	if (!threats)
		return -ENOMEM;
	for (const struct toml_value *item = array->items.first; item && !rc;
	     item = item->next)
		rc = read_threat(file, item,
				 &threats[file->rule->threat_count++]);
	file->rule->threats = threats;
	return rc;
}

/* --- query ---------------------------------------------------------------- */

bool rulefile_user_id_is_real(const struct rule *rule)
{
	for (size_t i = 0; i < rule->index.count; i++)
		if (memmem(rule->index.items[i].data, rule->index.items[i].len,
			   "endpoint", 8))
			return false;
	return rule->index.count > 0;
}

static uint64_t hash_str(struct str text)
{
	static const uint8_t seed[16];

	return hash_bytes(text.data, text.len, seed);
}

static uint64_t hash_exceptions(uint64_t hash, const struct stage *stage)
{
	hash = hash_combine(hash, stage->exception_count);
	for (size_t i = 0; i < stage->exception_count; i++) {
		const struct exception *exception = &stage->exceptions[i];

		hash = hash_combine(hash, hash_str(exception->text));
		hash = hash_combine(hash, (uint64_t)exception->expires_ns);
	}
	return hash;
}

/* Everything that changes what the rule matches. */
static void set_hash(struct rule *rule)
{
	const struct query *query = rule->query;
	uint64_t hash =
		hash_combine(hash_str(rule->id), hash_str(rule->query_text));

	hash = hash_combine(hash, (uint64_t)rule->process_names);
	hash = hash_combine(hash, rulefile_user_id_is_real(rule));
	hash = hash_combine(hash, (uint64_t)rule->from_ns);
	for (size_t i = 0; query && i < query->stage_count; i++)
		hash = hash_exceptions(hash, &query->stages[i]);
	rule->hash = hash;
}

static int assess(struct rulefile *file, const struct toml_value *query)
{
	struct support support;
	int rc = support_assess(file->rule, file->fields, file->scratch,
				&support);

	for (size_t i = 0; !rc && i < support.problem_count; i++) {
		const struct support_problem *problem = &support.problems[i];

		rc = rulefile_complain(
			file, RULE_DEGRADED,
			file->source(file->text, query, problem->offset),
			"%.*s", STR_ARG(problem->text));
	}
	return rc;
}

static int read_query(struct rulefile *file, const struct toml_value *table)
{
	const struct toml_value *query = toml_get(table, "query");
	struct rule *rule = file->rule;
	struct eql_options options = {
		.arena = file->arena,
		.fields = file->fields,
		.user_id_is_real = rulefile_user_id_is_real(rule),
		.live = true,
	};
	struct eql_error error;
	int rc;

	if (!query)
		return RULEFILE_INVALID(file, table->offset,
					"%s has no 'query'", file->object);
	rc = rulefile_take_string(file, query, &rule->query_text);
	if (rc || !rule->query_text.data)
		return rc;
	rule->environment = file->environment;
	rc = eql_compile(&options, rule->query_text, &rule->query, &error);
	if (rc > 0)
		return rulefile_complain(
			file,
			rc == EQL_E_INVALID ? RULE_INVALID : RULE_UNSUPPORTED,
			file->source(file->text, query, error.offset), "%.*s",
			STR_ARG(error.message));
	return rc ? rc : assess(file, query);
}

/* --- file ----------------------------------------------------------------- */

/* rule_id, name and type, which every rule must have. */
static int read_identity(struct rulefile *file, const struct toml_value *table)
{
	struct rule *rule = file->rule;
	const struct {
		const char *key;
		struct str *out;
	} keys[] = {
		{ "rule_id", &rule->id },
		{ "name", &rule->name },
		{ "type", &rule->type },
	};
	int rc = 0;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && !rc; i++) {
		const struct toml_value *value = toml_get(table, keys[i].key);

		if (!i && value)
			file->id_offset = value->offset;
		if (!value)
			rc = RULEFILE_INVALID(file, table->offset,
					      "%s has no '%s'", file->object,
					      keys[i].key);
		else if (value->type == TOML_STRING && !value->text.len)
			rc = RULEFILE_INVALID(file, value->offset,
					      "'%s' is empty", keys[i].key);
		else
			rc = rulefile_take_string(file, value, keys[i].out);
	}
	return rc;
}

/* What says that the rule is of another kind, which is no mistake. */
static const struct toml_value *find_foreign(const struct toml_value *table)
{
	static const char *const keys[] = { "type", "language" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct toml_value *value = toml_get(table, keys[i]);

		if (value && value->type == TOML_STRING && value->text.len &&
		    !str_equal(value->text, STR("eql")))
			return value;
	}
	return NULL;
}

/* What Kibana would apply beside the query, and this program does not. */
static int tell_unused(struct rulefile *file, const struct toml_value *table)
{
	static const char *const keys[] = { "exceptions_list", "filters" };
	int rc = 0;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && !rc; i++) {
		const struct toml_value *value = toml_get(table, keys[i]);

		if (value && value->type == TOML_ARRAY && value->items.count)
			rc = rulefile_complain(
				file, RULE_DEGRADED, value->offset,
				"'%s' is not applied: more alerts than in "
				"Kibana (exceptions go into overrides.d)",
				keys[i]);
	}
	return rc;
}

static int read_event_category(struct rulefile *file,
			       const struct toml_value *table)
{
	const struct toml_value *value =
		toml_get(table, "event_category_override");

	if (!value || (value->type == TOML_STRING &&
		       (!value->text.len ||
			str_equal(value->text, STR("event.category")))))
		return 0;
	return rulefile_complain(file, RULE_UNSUPPORTED, value->offset,
				 "'event_category_override' must be "
				 "event.category here");
}

static int read_rule(struct rulefile *file, const struct toml_value *root,
		     const struct toml_value *table)
{
	int (*const readers[])(struct rulefile *, const struct toml_value *) = {
		read_strings, read_risk_score,	   read_version,
		read_from,    read_enabled,	   read_threats,
		tell_unused,  read_event_category,
	};
	const struct toml_value *severity = toml_get(table, "severity");
	const struct toml_value *own = toml_get(root, "audisp-eql");
	int rc = 0;

	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]) && !rc; i++)
		rc = readers[i](file, table);
	if (!rc && severity)
		rc = rulefile_take_severity(file, severity);
	if (!rc)
		rc = read_query(file, table);
	if (!rc && own)
		rc = override_take_own(file, own);
	if (!rc && file->overrides)
		rc = overrides_apply(file->overrides, file);
	set_hash(file->rule);
	return rc;
}

static void set_defaults(struct rulefile *file)
{
	struct rule *rule = file->rule;

	rule->file = file->path;
	rule->mode = RULE_MODE_ALERT;
	rule->severity = SEVERITY_MEDIUM;
	rule->risk_score = SEVERITY_MEDIUM;
	rule->from_ns = FROM_DEFAULT_NS;
	rule->suppress_ns = -1;
	rule->budget = -1;
	rule->process_names = file->options->process_names;
}

/* A rule's own table, below the root of its text. */
static int read_table(struct rulefile *file, const struct toml_value *root,
		      const struct toml_value *table)
{
	const struct toml_value *foreign;
	int rc = read_identity(file, table);

	if (rc)
		return rc;
	foreign = find_foreign(table);
	if (foreign)
		return rulefile_complain(
			file, RULE_SKIPPED, foreign->offset,
			"not an EQL rule: its '%.*s' is '%.*s'",
			STR_ARG(foreign->key), STR_ARG(foreign->text));
	return read_rule(file, root, table);
}

static int read_root(struct rulefile *file, const struct toml_value *root)
{
	const struct toml_value *metadata = toml_get(root, "metadata");
	const struct toml_value *table = toml_get(root, "rule");
	int rc = 0;

	if (metadata && metadata->type != TOML_TABLE)
		rc = RULEFILE_INVALID(file, metadata->offset,
				      "'metadata' must be a table");
	if (rc)
		return rc;
	if (!table || table->type != TOML_TABLE)
		return RULEFILE_INVALID(file,
					table ? table->offset : RULEFILE_WHOLE,
					"the file has no [rule] table");
	return read_table(file, root, table);
}

int rulefile_read(struct rulefile *file)
{
	struct toml_error error;
	struct toml_value *root;
	int rc = toml_parse(file->scratch, file->text, &root, &error);

	file->object = "[rule]";
	file->source = toml_source;
	set_defaults(file);
	if (rc == TOML_E_SYNTAX)
		return RULEFILE_INVALID(file, error.offset, "%.*s",
					STR_ARG(error.message));
	return rc ? rc : read_root(file, root);
}

int rulefile_read_object(struct rulefile *file, const struct toml_value *object)
{
	file->object = "the rule";
	set_defaults(file);
	return read_table(file, object, object);
}

unsigned int rulefile_line(const struct rulefile *file, size_t offset)
{
	struct diag diag;

	diag_locate(file->text, offset, &diag);
	return diag.line + file->lines_before;
}
