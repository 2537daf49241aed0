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
#include "support.h"
#include "toml.h"

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
	if (offset != RULEFILE_WHOLE)
		diag_locate(file->text, offset, &diag);
	if (status > file->status)
		file->status = status;
	if (status != RULE_FULL && status != RULE_SKIPPED &&
	    file->options->on_diag) {
		diag.severity = severities[status];
		file->options->on_diag(file->options->user, &diag);
	}
	return add_reason(file, &diag);
}

#define INVALID(file, offset, ...) \
	rulefile_complain(file, RULE_INVALID, offset, __VA_ARGS__)

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

static int take_string(struct rulefile *file, const struct toml_value *value,
		       struct str *out)
{
	if (value->type != TOML_STRING)
		return INVALID(file, value->offset, "'%.*s' must be a string",
			       STR_ARG(value->key));
	return keep(file, value->text, out);
}

/* A key that may be absent. */
static int read_string(struct rulefile *file, const struct toml_value *table,
		       const char *key, struct str *out)
{
	const struct toml_value *value = toml_get(table, key);

	return value ? take_string(file, value, out) : 0;
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
		return INVALID(file, array->offset,
			       "'%s' must be a list of strings", key);
	list.items = items =
		arena_array(file->arena, array->items.count, sizeof(*items));
	if (!items)
		return -ENOMEM;
	for (const struct toml_value *item = array->items.first; item && !rc;
	     item = item->next) {
		if (item->type != TOML_STRING)
			return INVALID(file, item->offset,
				       "'%s' must be a list of strings", key);
		rc = keep(file, item->text, &items[list.count++]);
	}
	if (!rc)
		*out = list;
	return rc;
}

/* Which of some words a value is; -1 = none. */
static int word_index(const struct toml_value *value, const char *const *words,
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

static int take_severity(struct rulefile *file, const struct toml_value *value)
{
	static const char *const words[] = { "low", "medium", "high",
					     "critical" };
	static const enum severity severities[] = {
		SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH, SEVERITY_CRITICAL
	};
	int index = word_index(value, words, 4);

	if (index < 0)
		return INVALID(file, value->offset,
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
		return INVALID(file, value->offset,
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
		return INVALID(file, value->offset,
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
	return INVALID(file, value->offset, "'from' must look like \"now-9m\"");
}

static int read_enabled(struct rulefile *file, const struct toml_value *table)
{
	const struct toml_value *value = toml_get(table, "enabled");

	if (!value)
		return 0;
	if (value->type != TOML_BOOL)
		return INVALID(file, value->offset,
			       "'enabled' must be true or false");
	if (!value->boolean)
		file->off = "its 'enabled' is false";
	return 0;
}

/* --- [[rule.threat]] ------------------------------------------------------ */

/* The tables of an array; NULL = absent, or wrong and complained of. */
static int read_tables(struct rulefile *file, const struct toml_value *table,
		       const char *key, const struct toml_value **out)
{
	const struct toml_value *array = toml_get(table, key);

	*out = NULL;
	if (!array)
		return 0;
	if (array->type != TOML_ARRAY)
		return INVALID(file, array->offset,
			       "'%s' must be a list of tables", key);
	for (const struct toml_value *item = array->items.first; item;
	     item = item->next)
		if (item->type != TOML_TABLE)
			return INVALID(file, item->offset,
				       "'%s' must be a list of tables", key);
	*out = array;
	return 0;
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
			     : INVALID(file, tactic->offset,
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

/* --- [audisp-eql] --------------------------------------------------------- */

static int take_mode(struct rulefile *file, const struct toml_value *value)
{
	static const char *const words[] = { "off", "observe", "alert" };
	int index = word_index(value, words, 3);

	if (index < 0)
		return INVALID(file, value->offset,
			       "'mode' must be off, observe or alert");
	if (!index)
		file->off = "its 'mode' is off";
	return 0;
}

/* Empty is off, as in the configuration. */
static int take_suppress(struct rulefile *file, const struct toml_value *value)
{
	int64_t *out = &file->rule->suppress_ns;

	if (value->type == TOML_STRING && !value->text.len)
		*out = 0;
	else if (value->type != TOML_STRING ||
		 !quantity_duration(value->text, out))
		return INVALID(file, value->offset,
			       "'suppress' must look like \"60s\"");
	return 0;
}

static int take_suppress_by(struct rulefile *file,
			    const struct toml_value *value)
{
	size_t *slots;

	if (value->type != TOML_ARRAY)
		return INVALID(file, value->offset,
			       "'suppress_by' must be a list of fields");
	slots = arena_array(file->arena, value->items.count, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	file->rule->suppress_by = slots;
	for (const struct toml_value *item = value->items.first; item;
	     item = item->next) {
		int slot = item->type == TOML_STRING
				   ? field_table_find(file->fields, item->text)
				   : -ENOENT;

		if (slot < 0 || slot >= FIELD__COUNT)
			return INVALID(file, item->offset,
				       "'suppress_by' must be a list of "
				       "fields that events have");
		slots[file->rule->suppress_by_count++] = (size_t)slot;
	}
	return 0;
}

static int take_process_names(struct rulefile *file,
			      const struct toml_value *value)
{
	static const char *const words[] = {
		[PROCESS_NAMES_EITHER] = "either",
		[PROCESS_NAMES_INVOKED] = "invoked",
		[PROCESS_NAMES_RESOLVED] = "resolved",
	};
	int index = word_index(value, words, 3);

	if (index < 0)
		return INVALID(file, value->offset,
			       "'process_names' must be either, invoked or "
			       "resolved");
	file->rule->process_names = (enum process_names)index;
	file->rule->process_names_set = true;
	return 0;
}

static const struct own_key {
	const char *name;
	int (*take)(struct rulefile *file, const struct toml_value *value);
} own_keys[] = {
	{ "mode", take_mode },
	{ "process_names", take_process_names },
	{ "severity", take_severity },
	{ "suppress", take_suppress },
	{ "suppress_by", take_suppress_by },
};

static int read_own(struct rulefile *file, const struct toml_value *root)
{
	const struct toml_value *own = toml_get(root, "audisp-eql");
	const size_t count = sizeof(own_keys) / sizeof(own_keys[0]);
	int rc = 0;

	if (own && own->type != TOML_TABLE)
		return INVALID(file, own->offset,
			       "'audisp-eql' must be a table");
	for (const struct toml_value *value = own ? own->items.first : NULL;
	     value && !rc; value = value->next) {
		size_t i = 0;

		while (i < count &&
		       !str_equal(value->key, str_from(own_keys[i].name)))
			i++;
		rc = i < count ? own_keys[i].take(file, value)
			       : INVALID(file, value->key_offset,
					 "[audisp-eql] has no key '%.*s'",
					 STR_ARG(value->key));
	}
	return rc;
}

/* --- query ---------------------------------------------------------------- */

/* user.id means the effective id to Elastic Defend, the real one to rules that
 * read only what auditd sent. */
static bool user_id_is_real(const struct rule *rule)
{
	for (size_t i = 0; i < rule->index.count; i++)
		if (memmem(rule->index.items[i].data, rule->index.items[i].len,
			   "endpoint", 8))
			return false;
	return rule->index.count > 0;
}

/* Everything that changes what the rule matches. */
static void set_hash(struct rule *rule)
{
	static const uint8_t seed[16];

	rule->hash = hash_combine(
		hash_bytes(rule->id.data, rule->id.len, seed),
		hash_bytes(rule->query_text.data, rule->query_text.len, seed));
	rule->hash = hash_combine(rule->hash, (uint64_t)rule->process_names);
	rule->hash = hash_combine(rule->hash, user_id_is_real(rule));
	rule->hash = hash_combine(rule->hash, (uint64_t)rule->from_ns);
}

static int assess(struct rulefile *file, const struct toml_value *query)
{
	struct support support;
	int rc = support_assess(file->rule->query, file->fields, file->scratch,
				&support);

	for (size_t i = 0; !rc && i < support.problem_count; i++) {
		const struct support_problem *problem = &support.problems[i];

		rc = rulefile_complain(
			file, RULE_DEGRADED,
			toml_source(file->text, query, problem->offset), "%.*s",
			STR_ARG(problem->text));
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
		.user_id_is_real = user_id_is_real(rule),
		.live = true,
	};
	struct eql_error error;
	int rc;

	if (!query)
		return INVALID(file, table->offset, "[rule] has no 'query'");
	rc = take_string(file, query, &rule->query_text);
	if (rc || !rule->query_text.data)
		return rc;
	rc = eql_compile(&options, rule->query_text, &rule->query, &error);
	if (rc > 0)
		return rulefile_complain(
			file,
			rc == EQL_E_INVALID ? RULE_INVALID : RULE_UNSUPPORTED,
			toml_source(file->text, query, error.offset), "%.*s",
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
			rc = INVALID(file, table->offset, "[rule] has no '%s'",
				     keys[i].key);
		else if (value->type == TOML_STRING && !value->text.len)
			rc = INVALID(file, value->offset, "'%s' is empty",
				     keys[i].key);
		else
			rc = take_string(file, value, keys[i].out);
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

static int read_rule(struct rulefile *file, const struct toml_value *root,
		     const struct toml_value *table)
{
	int (*const readers[])(struct rulefile *, const struct toml_value *) = {
		read_strings, read_risk_score, read_version,
		read_from,    read_enabled,    read_threats,
	};
	const struct toml_value *severity = toml_get(table, "severity");
	int rc = 0;

	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]) && !rc; i++)
		rc = readers[i](file, table);
	if (!rc && severity)
		rc = take_severity(file, severity);
	if (!rc)
		rc = read_own(file, root);
	if (!rc)
		rc = read_query(file, table);
	set_hash(file->rule);
	return rc;
}

static int read_root(struct rulefile *file, const struct toml_value *root)
{
	const struct toml_value *metadata = toml_get(root, "metadata");
	const struct toml_value *table = toml_get(root, "rule");
	const struct toml_value *foreign;
	int rc = 0;

	if (metadata && metadata->type != TOML_TABLE)
		rc = INVALID(file, metadata->offset,
			     "'metadata' must be a table");
	if (rc)
		return rc;
	if (!table || table->type != TOML_TABLE)
		return INVALID(file, table ? table->offset : RULEFILE_WHOLE,
			       "the file has no [rule] table");
	rc = read_identity(file, table);
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

int rulefile_read(struct rulefile *file)
{
	struct toml_error error;
	struct toml_value *root;
	struct rule *rule = file->rule;
	int rc = toml_parse(file->scratch, file->text, &root, &error);

	rule->file = file->path;
	rule->enabled = true;
	rule->severity = SEVERITY_MEDIUM;
	rule->risk_score = SEVERITY_MEDIUM;
	rule->from_ns = FROM_DEFAULT_NS;
	rule->suppress_ns = -1;
	rule->process_names = file->options->process_names;
	if (rc == TOML_E_SYNTAX)
		return INVALID(file, error.offset, "%.*s",
			       STR_ARG(error.message));
	return rc ? rc : read_root(file, root);
}
