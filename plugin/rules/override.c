/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rule's author writes [rule]; who runs it says the rest, in the table
 * [audisp-eql] of the file or, where the file is not his, by rule id in
 * overrides.d. Both are one table of keys, applied to the rule in order: its
 * file's own first, then the overrides as they were read, so that the last word
 * is the administrator's. A wrong key there is a mistake, never passed over;
 * what else an override says holds all the same, for a rule must not be lost by
 * it.
 *
 * An exception is a condition of its own, compiled as the event query it would
 * be. It is kept beside the condition of its stage, not folded into it: the
 * engine has to count what it holds back, and it ends at its hour.
 */
#include "override.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../eql/eql.h"
#include "../limits.h"
#include "../util/diag.h"
#include "../util/hash.h"
#include "../util/quantity.h"
#include "files.h"

static const char *const mode_words[] = {
	[RULE_MODE_OFF] = "off",
	[RULE_MODE_OBSERVE] = "observe",
	[RULE_MODE_ALERT] = "alert",
};

/* A key of a table: what it says goes to the rule of the file, or to out. */
struct key {
	const char *name;
	int (*take)(struct rulefile *file, const struct toml_value *value,
		    void *out);
};

/* All keys of a table; name is what the table is called. */
static int take_members(struct rulefile *file, const struct toml_value *table,
			const char *name, const struct key *keys, void *out)
{
	int rc = 0;

	for (const struct toml_value *value = table->items.first; value && !rc;
	     value = value->next) {
		const struct key *key = keys;

		while (key->name && !str_equal(value->key, str_from(key->name)))
			key++;
		if (value->type == TOML_NULL)
			continue;
		rc = key->name ? key->take(file, value, out)
			       : RULEFILE_INVALID(file, value->key_offset,
						  "%s has no key '%.*s'", name,
						  STR_ARG(value->key));
	}
	return rc;
}

/* --- exceptions ----------------------------------------------------------- */

/* One as it is written. */
struct draft {
	struct exception exception; /* index: set when it is compiled */
	const struct toml_value *condition;
	const struct toml_value *stage; /* NULL = not said */
	const struct query
		*query; /* compiled; NULL = not, something is wrong */
};

static int take_condition(struct rulefile *file, const struct toml_value *value,
			  void *out)
{
	struct draft *draft = out;

	draft->condition = value;
	return rulefile_take_string(file, value, &draft->exception.text);
}

static int take_stage(struct rulefile *file, const struct toml_value *value,
		      void *out)
{
	struct draft *draft = out;

	if (value->type != TOML_INTEGER || value->integer < 1)
		return RULEFILE_INVALID(file, value->offset,
					"'stage' must be a whole number from "
					"1");
	draft->stage = value;
	return 0;
}

static int take_owner(struct rulefile *file, const struct toml_value *value,
		      void *out)
{
	struct draft *draft = out;

	return rulefile_take_string(file, value, &draft->exception.owner);
}

static int take_reason(struct rulefile *file, const struct toml_value *value,
		       void *out)
{
	struct draft *draft = out;

	return rulefile_take_string(file, value, &draft->exception.reason);
}

/* JSON has no dates: there it is a string. */
static int take_expires(struct rulefile *file, const struct toml_value *value,
			void *out)
{
	struct draft *draft = out;

	if ((value->type != TOML_DATE && value->type != TOML_STRING) ||
	    !toml_time(value->text, &draft->exception.expires_ns))
		return RULEFILE_INVALID(file, value->offset,
					"'expires' must be a date such as "
					"2027-01-31");
	return 0;
}

static const struct key exception_keys[] = {
	{ "condition", take_condition }, { "expires", take_expires },
	{ "owner", take_owner },	 { "reason", take_reason },
	{ "stage", take_stage },	 { 0 },
};

/* Complains of a stage that the rule does not have, or that is not said. */
static int check_stage(struct rulefile *file, const struct toml_value *table,
		       const struct draft *draft)
{
	const struct query *query = file->rule->query;
	long long count = query ? (long long)query_stage_number(
					  query, query->stage_count - 1)
				: 0;

	if (query && draft->stage && draft->stage->integer > count)
		return RULEFILE_INVALID(file, draft->stage->offset,
					"the rule's last stage is %lld", count);
	if (query && !draft->stage && count > 1)
		return RULEFILE_INVALID(file, table->offset,
					"an exception of a sequence must say "
					"its 'stage'");
	return 0;
}

static int compile_condition(struct rulefile *file, struct draft *draft)
{
	const struct str before = STR("any where ");
	struct str text =
		arena_printf(file->scratch, "%.*s%.*s", STR_ARG(before),
			     STR_ARG(draft->condition->text));
	struct eql_options options = {
		.arena = file->arena,
		.fields = file->fields,
		.user_id_is_real = rulefile_user_id_is_real(file->rule),
		.live = true,
	};
	const struct query *query;
	struct eql_error error;
	size_t at;
	int rc;

	if (!text.data)
		return -ENOMEM;
	rc = eql_compile(&options, text, &query, &error);
	if (rc < 0)
		return rc;
	if (rc) {
		at = error.offset > before.len ? error.offset - before.len : 0;
		return RULEFILE_INVALID(
			file, file->source(file->text, draft->condition, at),
			"%.*s", STR_ARG(error.message));
	}
	draft->exception.condition = query->stages[0].condition;
	draft->query = query;
	return 0;
}

/* The one that a rule set loaded later has at the same place. */
static uint64_t hash_draft(const struct rulefile *file,
			   const struct draft *draft)
{
	static const uint8_t seed[16];
	struct str id = file->rule->id, text = draft->exception.text;
	uint64_t hash = hash_bytes(id.data, id.len, seed);

	hash = hash_combine(hash,
			    draft->stage ? (uint64_t)draft->stage->integer : 1);
	return hash_combine(hash, hash_bytes(text.data, text.len, seed));
}

static int read_draft(struct rulefile *file, const struct toml_value *table,
		      struct draft *draft)
{
	enum rule_status before = file->status;
	int rc;

	draft->exception.expires_ns = INT64_MAX;
	file->status = RULE_FULL;
	rc = take_members(file, table, "an exception", exception_keys, draft);
	if (!rc && !draft->condition)
		rc = RULEFILE_INVALID(file, table->offset,
				      "an exception has no 'condition'");
	if (!rc)
		rc = check_stage(file, table, draft);
	/* also where something else is wrong: all mistakes are told */
	if (!rc && draft->exception.text.data)
		rc = compile_condition(file, draft);
	if (file->status == RULE_INVALID)
		draft->query = NULL;
	if (draft->query) {
		draft->exception.index = (*file->exception_count)++;
		draft->exception.hash = hash_draft(file, draft);
	}
	if (before > file->status)
		file->status = before;
	return rc;
}

static bool draft_is_of(const struct draft *draft, const struct query *query,
			size_t stage)
{
	uint64_t number = draft->stage ? (uint64_t)draft->stage->integer : 1;

	return draft->query && query_stage_number(query, stage) == number;
}

/* The stage's exceptions, with those of the drafts that are for it. */
static int extend_stage(struct arena *arena, struct stage *stage,
			const struct draft *const *more, size_t count)
{
	size_t old = stage->exception_count;
	struct exception *all = arena_array(arena, old + count, sizeof(*all));

	if (!all)
		return -ENOMEM;
	if (old)
		memcpy(all, stage->exceptions, old * sizeof(*all));
	for (size_t i = 0; i < count; i++) {
		all[old + i] = more[i]->exception;
		stage->uses_readings = stage->uses_readings ||
				       more[i]->query->stages[0].uses_readings;
	}
	stage->exceptions = all;
	stage->exception_count = old + count;
	return 0;
}

static bool reads_slot(const struct query *query, size_t slot)
{
	for (size_t i = 0; i < query->field_slot_count; i++)
		if (query->field_slots[i] == slot)
			return true;
	return false;
}

/* The query reads what the exception reads, too. */
static int extend_slots(struct arena *arena, struct query *query,
			const struct query *more)
{
	size_t count = query->field_slot_count;
	size_t *slots = arena_array(arena, count + more->field_slot_count,
				    sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	if (count)
		memcpy(slots, query->field_slots, count * sizeof(*slots));
	for (size_t i = 0; i < more->field_slot_count; i++)
		if (!reads_slot(query, more->field_slots[i]))
			slots[count++] = more->field_slots[i];
	query->field_slots = slots;
	query->field_slot_count = count;
	return 0;
}

static int extend_stages(struct rulefile *file, struct query *query,
			 const struct draft *drafts, size_t count)
{
	struct stage *stages =
		arena_array(file->arena, query->stage_count, sizeof(*stages));
	const struct draft **more =
		arena_array(file->scratch, count + 1, sizeof(*more));
	int rc = stages && more ? 0 : -ENOMEM;

	for (size_t i = 0; i < query->stage_count && !rc; i++) {
		size_t found = 0;

		stages[i] = query->stages[i];
		for (size_t k = 0; k < count; k++)
			if (draft_is_of(&drafts[k], query, i))
				more[found++] = &drafts[k];
		if (found)
			rc = extend_stage(file->arena, &stages[i], more, found);
	}
	query->stages = stages;
	return rc;
}

/* The rule's query becomes the same one with the exceptions. */
static int attach(struct rulefile *file, const struct draft *drafts,
		  size_t count)
{
	struct query *query = arena_alloc(file->arena, sizeof(*query));
	int rc = 0;

	if (!query)
		return -ENOMEM;
	*query = *file->rule->query;
	for (size_t i = 0; i < count && !rc; i++)
		if (drafts[i].query)
			rc = extend_slots(file->arena, query, drafts[i].query);
	if (!rc)
		rc = extend_stages(file, query, drafts, count);
	if (!rc)
		file->rule->query = query;
	return rc;
}

static int take_exceptions(struct rulefile *file,
			   const struct toml_value *value, void *out)
{
	const struct toml_value *array;
	struct draft *drafts;
	size_t count = 0;
	int rc = rulefile_take_tables(file, value, &array);

	(void)out;
	if (rc || !array)
		return rc;
	drafts =
		arena_array(file->scratch, array->items.count, sizeof(*drafts));
	if (!drafts)
		return -ENOMEM;
	for (const struct toml_value *item = array->items.first; item && !rc;
	     item = item->next)
		rc = read_draft(file, item, &drafts[count++]);
	return rc || !file->rule->query ? rc : attach(file, drafts, count);
}

/* --- single things -------------------------------------------------------- */

static int take_mode(struct rulefile *file, const struct toml_value *value,
		     void *out)
{
	int index = rulefile_word(value, mode_words, 3);

	(void)out;
	if (index < 0)
		return RULEFILE_INVALID(file, value->offset,
					"'mode' must be off, observe or "
					"alert");
	file->rule->mode = (enum rule_mode)index;
	file->off = index ? NULL : "its 'mode' is off";
	return 0;
}

static int take_severity(struct rulefile *file, const struct toml_value *value,
			 void *out)
{
	(void)out;
	return rulefile_take_severity(file, value);
}

/* Empty is off, as in the configuration. */
static int take_suppress(struct rulefile *file, const struct toml_value *value,
			 void *out)
{
	int64_t *interval = &file->rule->suppress_ns;

	(void)out;
	if (value->type == TOML_STRING && !value->text.len)
		*interval = 0;
	else if (value->type != TOML_STRING ||
		 !quantity_duration(value->text, interval))
		return RULEFILE_INVALID(file, value->offset,
					"'suppress' must look like \"60s\"");
	return 0;
}

static int take_budget(struct rulefile *file, const struct toml_value *value,
		       void *out)
{
	(void)out;
	if (value->type != TOML_INTEGER || value->integer < 0 ||
	    value->integer > LIMIT_BUDGET)
		return RULEFILE_INVALID(file, value->offset,
					"'budget' must be a whole number of "
					"alerts an hour, 0 to %d",
					LIMIT_BUDGET);
	file->rule->budget = value->integer;
	return 0;
}

static int take_suppress_by(struct rulefile *file,
			    const struct toml_value *value, void *out)
{
	size_t count = 0;
	size_t *slots;

	(void)out;
	if (value->type != TOML_ARRAY)
		return RULEFILE_INVALID(
			file, value->offset,
			"'suppress_by' must be a list of fields");
	slots = arena_array(file->arena, value->items.count, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	for (const struct toml_value *item = value->items.first; item;
	     item = item->next) {
		int slot = item->type == TOML_STRING
				   ? field_table_find(file->fields, item->text)
				   : -ENOENT;

		if (slot < 0 || slot >= FIELD__COUNT)
			return RULEFILE_INVALID(file, item->offset,
						"'suppress_by' must be a list "
						"of fields that events have");
		slots[count++] = (size_t)slot;
	}
	file->rule->suppress_by = slots;
	file->rule->suppress_by_count = count;
	return 0;
}

static int take_process_names(struct rulefile *file,
			      const struct toml_value *value, void *out)
{
	static const char *const words[] = {
		[PROCESS_NAMES_EITHER] = "either",
		[PROCESS_NAMES_INVOKED] = "invoked",
		[PROCESS_NAMES_RESOLVED] = "resolved",
	};
	int index = rulefile_word(value, words, 3);

	(void)out;
	if (index < 0)
		return RULEFILE_INVALID(file, value->offset,
					"'process_names' must be either, "
					"invoked or resolved");
	file->rule->process_names = (enum process_names)index;
	file->rule->process_names_set = true;
	return 0;
}

/* It has been read before. */
static int take_rule_id(struct rulefile *file, const struct toml_value *value,
			void *out)
{
	(void)file;
	(void)value;
	(void)out;
	return 0;
}

/* The first is for overrides alone. */
static const struct key override_keys[] = {
	{ "rule_id", take_rule_id },
	{ "budget", take_budget },
	{ "exceptions", take_exceptions },
	{ "mode", take_mode },
	{ "process_names", take_process_names },
	{ "severity", take_severity },
	{ "suppress", take_suppress },
	{ "suppress_by", take_suppress_by },
	{ 0 },
};

int override_take_own(struct rulefile *file, const struct toml_value *table)
{
	if (table->type != TOML_TABLE)
		return RULEFILE_INVALID(file, table->offset,
					"'audisp-eql' must be a table");
	return take_members(file, table, "[audisp-eql]", override_keys + 1,
			    NULL);
}

/* --- overrides.d ---------------------------------------------------------- */

/* A file of overrides: its complaints are its own, not a rule's. */
struct source {
	struct source *next;
	struct rulefile file;
	struct strbuf text;
};

struct override {
	struct str id;
	const struct toml_value *id_value, *table;
	struct source *source;
	size_t order; /* of reading */
	bool used;
};

struct overrides {
	struct rulefile proto; /* what all files of overrides share */
	struct arena *arena;
	struct source *sources;
	size_t error_count; /* beside those of the sources */
	size_t count, capacity;
	struct override *items; /* by id, then in order */
};

static int add_override(struct overrides *overrides, struct source *source,
			const struct toml_value *table)
{
	const struct toml_value *id = toml_get(table, "rule_id");
	struct override *items;

	if (!id || id->type != TOML_STRING || !id->text.len)
		return RULEFILE_INVALID(&source->file,
					id ? id->offset : table->offset,
					"[[override]] wants the 'rule_id' of a "
					"rule");
	if (overrides->count == overrides->capacity) {
		size_t capacity =
			overrides->capacity ? 2 * overrides->capacity : 64;

		items = arena_array(overrides->arena, capacity, sizeof(*items));
		if (!items)
			return -ENOMEM;
		if (overrides->count)
			memcpy(items, overrides->items,
			       overrides->count * sizeof(*items));
		overrides->items = items;
		overrides->capacity = capacity;
	}
	overrides->items[overrides->count] = (struct override){
		.id = id->text,
		.id_value = id,
		.table = table,
		.source = source,
		.order = overrides->count,
	};
	overrides->count++;
	return 0;
}

static int read_root(struct overrides *overrides, struct source *source,
		     const struct toml_value *root)
{
	const struct toml_value *array;
	int rc = 0;

	for (const struct toml_value *value = root->items.first; value && !rc;
	     value = value->next) {
		if (!str_equal(value->key, STR("override"))) {
			rc = RULEFILE_INVALID(
				&source->file, value->key_offset,
				"a file of overrides has [[override]] tables "
				"only, no '%.*s'",
				STR_ARG(value->key));
			continue;
		}
		rc = rulefile_take_tables(&source->file, value, &array);
		for (const struct toml_value *item = array ? array->items.first
							   : NULL;
		     item && !rc; item = item->next)
			rc = add_override(overrides, source, item);
	}
	return rc;
}

static int read_source(struct overrides *overrides, struct source *source,
		       const char *path)
{
	struct rulefile *file = &source->file;
	struct toml_error error;
	struct toml_value *root;
	int rc = files_read(path, LIMIT_RULE_FILE_BYTES, &source->text);

	if (rc == -ENOMEM)
		return rc;
	if (rc)
		return RULEFILE_INVALID(file, RULEFILE_WHOLE, "%s",
					strerror(-rc));
	file->text = strbuf_str(&source->text);
	rc = toml_parse(overrides->arena, file->text, &root, &error);
	if (rc == TOML_E_SYNTAX)
		return RULEFILE_INVALID(file, error.offset, "%.*s",
					STR_ARG(error.message));
	return rc ? rc : read_root(overrides, source, root);
}

static int load_source(void *user, const char *path)
{
	struct overrides *overrides = user;
	struct source *source = arena_alloc(overrides->arena, sizeof(*source));

	if (!source)
		return -ENOMEM;
	source->next = overrides->sources;
	overrides->sources = source;
	source->file = overrides->proto;
	source->file.path = arena_str(overrides->proto.arena, str_from(path));
	if (!source->file.path.data)
		return -ENOMEM;
	return read_source(overrides, source, path);
}

static int compare(const void *a, const void *b)
{
	const struct override *x = a, *y = b;
	size_t len = x->id.len < y->id.len ? x->id.len : y->id.len;
	int order = memcmp(x->id.data, y->id.data, len);

	if (order)
		return order;
	if (x->id.len != y->id.len)
		return x->id.len < y->id.len ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static int unreadable(struct overrides *overrides, const char *directory,
		      int problem)
{
	struct rulefile file = overrides->proto;

	overrides->error_count++;
	file.path = str_from(directory);
	return RULEFILE_INVALID(&file, RULEFILE_WHOLE, "%s", strerror(problem));
}

int overrides_load(const struct rulefile *source, const char *directory,
		   struct overrides **out)
{
	static const char *const suffixes[] = { ".toml", NULL };
	struct overrides *overrides = calloc(1, sizeof(*overrides));
	int rc = -ENOMEM;

	if (!overrides)
		return rc;
	overrides->arena = arena_new(0);
	overrides->proto = *source;
	overrides->proto.scratch = overrides->arena;
	overrides->proto.source = toml_source;
	if (overrides->arena)
		rc = files_list(directory, suffixes, load_source, overrides);
	if (rc > 0)
		rc = rc == ENOENT ? 0 : unreadable(overrides, directory, rc);
	if (rc) {
		overrides_free(&overrides);
		return rc;
	}
	if (overrides->count)
		qsort(overrides->items, overrides->count,
		      sizeof(overrides->items[0]), compare);
	*out = overrides;
	return 0;
}

void overrides_free(struct overrides **overrides)
{
	if (!*overrides)
		return;
	for (struct source *source = (*overrides)->sources; source;
	     source = source->next)
		strbuf_free(&source->text);
	arena_free(&(*overrides)->arena);
	free(*overrides);
	*overrides = NULL;
}

/* --- applying them -------------------------------------------------------- */

/* The first override of a rule id; count where there is none. */
static size_t find(const struct overrides *overrides, struct str id)
{
	struct override wanted = { .id = id };
	size_t low = 0, high = overrides->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(&overrides->items[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < overrides->count && str_equal(overrides->items[low].id, id)
		       ? low
		       : overrides->count;
}

/* Applies one, with the complaints where it stands. */
static int apply(struct override *override, struct rule *rule, const char **off)
{
	struct rulefile *source = &override->source->file;
	int rc;

	source->rule = rule;
	source->off = *off;
	override->used = true;
	rc = take_members(source, override->table, "[[override]]",
			  override_keys, NULL);
	source->rule = NULL;
	*off = source->off;
	return rc;
}

int overrides_apply(struct overrides *overrides, struct rulefile *file)
{
	struct str id = file->rule->id;
	int rc = 0;

	for (size_t i = find(overrides, id);
	     i < overrides->count && str_equal(overrides->items[i].id, id) &&
	     !rc;
	     i++) {
		struct override *override = &overrides->items[i];
		const struct rulefile *source = &override->source->file;

		/* a rule id that is there twice is an error already */
		if (override->used)
			return 0;
		rc = apply(override, file->rule, &file->off);
		if (!rc)
			rc = rulefile_complain(
				file, RULE_FULL, RULEFILE_WHOLE,
				"overridden in %.*s:%u", STR_ARG(source->path),
				rulefile_line(source, override->table->offset));
	}
	return rc;
}

/* What is wrong in it is told although there is no rule to apply it to. */
static int finish_unused(struct override *override)
{
	struct rulefile *source = &override->source->file;
	struct rule none = { .id = override->id };
	const char *off = NULL;
	struct diag diag = {
		.severity = DIAG_WARNING,
		.file = source->path,
		.message = STR("no rule has this rule_id: the override is "
			       "without effect"),
	};

	diag_locate(source->text, override->id_value->offset, &diag);
	if (source->options->on_diag)
		source->options->on_diag(source->options->user, &diag);
	return apply(override, &none, &off);
}

int overrides_finish(struct overrides *overrides,
		     bool (*known)(void *user, struct str id), void *user)
{
	int rc = 0;

	for (size_t i = 0; i < overrides->count && !rc; i++) {
		struct override *override = &overrides->items[i];

		if (!override->used && !known(user, override->id))
			rc = finish_unused(override);
	}
	return rc;
}

size_t overrides_errors(const struct overrides *overrides)
{
	size_t count = overrides->error_count;

	for (const struct source *source = overrides->sources; source;
	     source = source->next)
		count += source->file.status == RULE_INVALID;
	return count;
}
