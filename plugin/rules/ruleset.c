/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files to rules. A rule file is one rule, an export many, a line each. What
 * becomes of each is a row of the reports, found by its id in an index: a rule
 * id belongs to one rule, and thousands of rules load in linear time.
 */
#include <audisp-eql/rule.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../limits.h"
#include "../util/arena.h"
#include "../util/diag.h"
#include "../util/hash.h"
#include "../util/strbuf.h"
#include "builtin.h"
#include "files.h"
#include "ndjson.h"
#include "override.h"
#include "rulefile.h"

/* All that is kept of a rule set; Elastic's 400 Linux rules take some 10 MB. */
#define RULESET_BYTES_MAX (512U << 20)

static const char *const suffixes[] = { ".toml", ".ndjson", NULL };
static const char *const export_suffixes[] = { ".ndjson", NULL };

/* A rule set in the making. */
struct loader {
	const struct ruleset_options *options;
	struct ruleset *set;
	struct overrides *overrides; /* NULL = none are asked for */
	struct rule_report *reports;
	const struct rule **rules; /* as many as reports have room */
	/* the index by rule id: numbers of reports from 1, 0 = none */
	size_t *buckets; /* twice as many as reports have room */
	size_t *chains; /* behind each report the next of its bucket */
	size_t capacity;
	uint8_t seed[16];
	bool named; /* the file at hand is a path itself, not of a directory */
};

/* A path that leads to no file. */
static void complain(struct loader *loader, const char *path, int problem)
{
	struct diag diag = {
		.severity = DIAG_ERROR,
		.file = str_from(path),
		.message = str_from(strerror(problem)),
	};

	loader->set->error_count++;
	if (loader->options->on_diag)
		loader->options->on_diag(loader->options->user, &diag);
}

/* --- reports by rule id --------------------------------------------------- */

static size_t *bucket_of(const struct loader *loader, struct str id)
{
	return &loader->buckets[hash_bytes(id.data, id.len, loader->seed) %
				(2 * loader->capacity)];
}

/* The first report with a rule id; NULL = none. */
static const struct rule_report *find_report(const struct loader *loader,
					     struct str id)
{
	size_t number = id.len && loader->capacity ? *bucket_of(loader, id) : 0;
	const struct rule_report *found = NULL;

	/* newer ones come first in a chain */
	for (; number; number = loader->chains[number - 1])
		if (str_equal(loader->reports[number - 1].id, id))
			found = &loader->reports[number - 1];
	return found;
}

/* Built-in ones cannot be changed: to an override they are not there. */
static bool is_known(void *user, struct str id)
{
	const struct rule_report *report = find_report(user, id);

	return report && !str_equal(report->file, STR(BUILTIN_FILE));
}

static void index_report(struct loader *loader, size_t number)
{
	struct str id = loader->reports[number - 1].id;
	size_t *bucket = bucket_of(loader, id);

	loader->chains[number - 1] = *bucket;
	*bucket = number;
}

static int reserve(struct loader *loader)
{
	struct ruleset *set = loader->set;
	size_t count = set->report_count;
	size_t capacity = loader->capacity ? 2 * loader->capacity : 64;
	struct loader grown = *loader;

	if (count < loader->capacity)
		return 0;
	grown.capacity = capacity;
	grown.reports =
		arena_array(set->arena, capacity, sizeof(*grown.reports));
	grown.rules = arena_array(set->arena, capacity, sizeof(struct rule *));
	grown.chains = arena_array(set->arena, capacity, sizeof(size_t));
	grown.buckets = arena_array(set->arena, 2 * capacity, sizeof(size_t));
	if (!grown.reports || !grown.rules || !grown.chains || !grown.buckets)
		return -ENOMEM;
	if (count) {
		memcpy(grown.reports, loader->reports,
		       count * sizeof(*grown.reports));
		memcpy(grown.rules, loader->rules,
		       set->rule_count * sizeof(struct rule *));
	}
	for (size_t number = 1; number <= count; number++)
		index_report(&grown, number);
	*loader = grown;
	return 0;
}

/* --- one rule ------------------------------------------------------------- */

static bool is_file_name(struct str path, struct str name)
{
	struct str base = str_basename(path);

	if (str_equal(base, name))
		return true;
	if (!files_has_suffix(base, suffixes))
		return false;
	while (base.data[base.len - 1] != '.')
		base.len--;
	base.len--;
	return str_equal(base, name);
}

/* Why a rule that could run does not; NULL = it runs. */
static const char *why_off(const struct loader *loader,
			   const struct rulefile *file)
{
	const struct ruleset_options *options = loader->options;

	for (size_t i = 0; i < options->disable_count; i++) {
		struct str name = str_from(options->disable[i]);

		if (str_equal(name, file->rule->id) ||
		    is_file_name(file->path, name))
			return "the configuration's 'disable' names it";
	}
	if (options->off == RULESET_OFF_RUN ||
	    (options->off == RULESET_OFF_RUN_NAMED && loader->named))
		return NULL;
	return file->off;
}

/* A rule id belongs to one rule. */
static int check_duplicate(struct loader *loader, struct rulefile *file)
{
	const struct rule_report *first = find_report(loader, file->rule->id);

	if (!first)
		return 0;
	return rulefile_complain(file, RULE_INVALID, file->id_offset,
				 "this rule_id is taken by %.*s:%u",
				 STR_ARG(first->file), first->line);
}

static void add_report(struct loader *loader, const struct rulefile *file)
{
	struct ruleset *set = loader->set;
	struct rule *rule = file->rule;
	bool runs = file->status == RULE_FULL || file->status == RULE_DEGRADED;

	loader->reports[set->report_count++] = (struct rule_report){
		.file = file->path,
		.id = rule->id,
		.name = rule->name,
		.type = rule->type,
		.line = rule->id.len ? rulefile_line(file, file->id_offset) : 0,
		.status = file->status,
		.reason_count = file->reason_count,
		.reasons = file->reasons,
		.rule = runs ? rule : NULL,
	};
	index_report(loader, set->report_count);
	set->error_count += file->status == RULE_INVALID;
	if (!runs || rule->mode == RULE_MODE_OFF)
		return;
	loader->rules[set->rule_count++] = rule;
	set->hash = hash_combine(set->hash, rule->hash);
}

/* What was read of a file becomes a row of the reports, and perhaps a rule. */
static int add_rule(struct loader *loader, struct rulefile *file)
{
	const char *why = why_off(loader, file);
	int rc = check_duplicate(loader, file);

	if (why)
		file->rule->mode = RULE_MODE_OFF;
	else if (file->rule->mode == RULE_MODE_OFF)
		file->rule->mode = RULE_MODE_ALERT;
	if (!rc && why &&
	    (file->status == RULE_FULL || file->status == RULE_DEGRADED))
		rc = rulefile_complain(file, RULE_FULL, RULEFILE_WHOLE,
				       "does not run: %s", why);
	if (!rc)
		rc = reserve(loader);
	if (!rc)
		add_report(loader, file);
	return rc;
}

/* The first ones, so that no file takes their ids. */
static int add_builtins(struct loader *loader)
{
	struct ruleset *set = loader->set;
	struct rulefile file = { .path = STR(BUILTIN_FILE),
				 .status = RULE_FULL };
	int rc = 0;

	for (int id = 0; id < BUILTIN__COUNT && !rc; id++) {
		rc = builtin_rule((enum builtin_id)id, set->arena, set->fields,
				  &file.rule);
		if (!rc)
			rc = reserve(loader);
		if (!rc)
			add_report(loader, &file);
	}
	set->builtin_count = set->rule_count;
	/* the version tells which they are; the hash is that of the files */
	set->hash = 0;
	return rc;
}

/* --- files ---------------------------------------------------------------- */

static struct rulefile new_file(const struct loader *loader)
{
	return (struct rulefile){
		.options = loader->options,
		.overrides = loader->overrides,
		.arena = loader->set->arena,
		.fields = loader->set->fields,
		.environment = &loader->set->environment,
		.exception_count = &loader->set->exception_count,
	};
}

/* A failure to read is the file's; only -ENOMEM is ours. */
static int read_file(struct rulefile *file, size_t max, struct strbuf *text)
{
	int rc = files_read(file->path.data, max, text);

	file->text = strbuf_str(text);
	if (rc == -EFBIG)
		return rulefile_complain(file, RULE_INVALID, RULEFILE_WHOLE,
					 "the file is longer than %zu bytes",
					 max);
	if (rc && rc != -ENOMEM)
		return rulefile_complain(file, RULE_INVALID, RULEFILE_WHOLE,
					 "%s", strerror(-rc));
	return rc;
}

static int load_rule(struct loader *loader, struct rulefile *file,
		     struct strbuf *text)
{
	int rc = read_file(file, LIMIT_RULE_FILE_BYTES, text);

	if (!rc && file->status != RULE_INVALID)
		rc = rulefile_read(file);
	return rc ? rc : add_rule(loader, file);
}

/* --- exports -------------------------------------------------------------- */

/*
 * What else Kibana writes between the rules: lists of exceptions and their
 * items, connectors, and the count of all at the end.
 */
static bool is_no_rule(const struct toml_value *object)
{
	return !toml_get(object, "rule_id") &&
	       (toml_get(object, "list_id") || toml_get(object, "attributes") ||
		toml_get(object, "exported_count") ||
		toml_get(object, "exported_rules_count"));
}

/* A truncated export is told of: fewer rules than it says it has. */
static int check_count(struct rulefile *file, const struct toml_value *object,
		       size_t rules)
{
	const struct toml_value *count =
		toml_get(object, "exported_rules_count");

	if (!count || count->type != TOML_INTEGER || count->integer < 0 ||
	    (uint64_t)count->integer == rules)
		return 0;
	return rulefile_complain(file, RULE_UNSUPPORTED, count->offset,
				 "the export says it has %lld rules, but here "
				 "are %zu",
				 (long long)count->integer, rules);
}

/* One line; *rules counts those that were rules. */
static int load_line(struct loader *loader, struct rulefile *file,
		     size_t *rules)
{
	struct toml_error error = { .message = STR("the line is too long") };
	struct toml_value *object = NULL;
	int rc = NDJSON_E_SYNTAX;

	if (file->text.len <= LIMIT_RULE_FILE_BYTES)
		rc = ndjson_parse(file->scratch, file->text, &object, &error);
	if (rc < 0)
		return rc;
	file->rule = arena_alloc(file->arena, sizeof(*file->rule));
	if (!file->rule)
		return -ENOMEM;
	if (rc)
		rc = RULEFILE_INVALID(file, error.offset, "%.*s",
				      STR_ARG(error.message));
	else if (object->type != TOML_TABLE)
		rc = RULEFILE_INVALID(file, object->offset,
				      "a rule is an object, {...}");
	else if (is_no_rule(object))
		return check_count(file, object, *rules);
	else
		rc = rulefile_read_object(file, object);
	++*rules;
	return rc ? rc : add_rule(loader, file);
}

static bool is_blank(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] != ' ' && text.data[i] != '\t' &&
		    text.data[i] != '\r')
			return false;
	return true;
}

static int load_lines(struct loader *loader, const struct rulefile *whole,
		      struct str text)
{
	unsigned int line = 0;
	size_t rules = 0;
	int rc = 0;

	while (text.len && !rc) {
		const char *end = memchr(text.data, '\n', text.len);
		size_t len = end ? (size_t)(end - text.data) : text.len;
		struct rulefile file = *whole;

		file.text = (struct str){ text.data, len };
		file.lines_before = line++;
		if (!is_blank(file.text))
			rc = load_line(loader, &file, &rules);
		arena_reset(file.scratch);
		text.data += len + !!end;
		text.len -= len + !!end;
	}
	return rc;
}

static int load_export(struct loader *loader, struct rulefile *file,
		       struct strbuf *text)
{
	int rc = read_file(file, LIMIT_EXPORT_BYTES, text);
	struct str lines = file->text;

	if (rc)
		return rc;
	if (file->status == RULE_INVALID)
		return add_rule(loader, file);
	file->source = ndjson_source;
	/* a byte order mark, as some editors leave it */
	if (lines.len >= 3 && !memcmp(lines.data, "\xef\xbb\xbf", 3)) {
		lines.data += 3;
		lines.len -= 3;
	}
	return load_lines(loader, file, lines);
}

/* --- paths ---------------------------------------------------------------- */

static int load_file(void *user, const char *path)
{
	struct loader *loader = user;
	struct rulefile file = new_file(loader);
	struct strbuf text = STRBUF_INIT(0);
	int rc = -ENOMEM;

	file.scratch = arena_new(0);
	file.path = arena_str(file.arena, str_from(path));
	file.rule = arena_alloc(file.arena, sizeof(*file.rule));
	if (file.scratch && file.path.data && file.rule)
		rc = files_has_suffix(file.path, export_suffixes)
			     ? load_export(loader, &file, &text)
			     : load_rule(loader, &file, &text);
	strbuf_free(&text);
	arena_free(&file.scratch);
	return rc;
}

static int load_path(struct loader *loader, const char *path)
{
	struct stat st;
	int rc;

	if (stat(path, &st)) {
		complain(loader, path, errno);
		return 0;
	}
	loader->named = !S_ISDIR(st.st_mode);
	if (loader->named)
		return load_file(loader, path);
	rc = files_list(path, suffixes, load_file, loader);
	if (rc <= 0)
		return rc;
	complain(loader, path, rc);
	return 0;
}

static int load_all(struct loader *loader)
{
	const struct ruleset_options *options = loader->options;
	const struct rulefile source = new_file(loader);
	int rc = hash_seed(loader->seed);

	if (!rc && options->builtins)
		rc = add_builtins(loader);
	if (!rc && options->overrides)
		rc = overrides_load(&source, options->overrides,
				    &loader->overrides);
	for (size_t i = 0; i < options->path_count && !rc; i++)
		rc = load_path(loader, options->paths[i]);
	if (rc || !loader->overrides)
		return rc;
	rc = overrides_finish(loader->overrides, is_known, loader);
	loader->set->error_count += overrides_errors(loader->overrides);
	return rc;
}

/* The set outlives its options. */
static int copy_environment(struct ruleset *set, const struct str_list *names)
{
	size_t count = names ? names->count : 0;
	struct str *items = arena_array(set->arena, count, sizeof(*items));

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		items[i] = arena_str(set->arena, names->items[i]);
		if (!items[i].data)
			return -ENOMEM;
	}
	set->environment = (struct str_list){ count, items };
	return 0;
}

int ruleset_load(const struct ruleset_options *options, struct ruleset **out)
{
	struct ruleset *set = calloc(1, sizeof(*set));
	struct loader loader = { .options = options, .set = set };
	int rc;

	if (!set)
		return -ENOMEM;
	set->arena = arena_new(RULESET_BYTES_MAX);
	rc = set->arena ? field_table_new(&set->fields) : -ENOMEM;
	if (!rc)
		rc = copy_environment(set, options->environment);
	if (!rc)
		rc = load_all(&loader);
	overrides_free(&loader.overrides);
	if (rc) {
		ruleset_free(&set);
		return rc;
	}
	set->reports = loader.reports;
	set->rules = loader.rules;
	*out = set;
	return 0;
}

void ruleset_free(struct ruleset **set)
{
	if (!*set)
		return;
	field_table_free(&(*set)->fields);
	arena_free(&(*set)->arena);
	free(*set);
	*set = NULL;
}

bool ruleset_next_exception(const struct ruleset *set,
			    struct exception_place *place)
{
	for (; place->rule_index < set->rule_count; place->rule_index++) {
		const struct rule *rule = set->rules[place->rule_index];
		const struct query *query = rule->query;

		for (; place->stage_index < query->stage_count;
		     place->stage_index++, place->number = 0) {
			const struct stage *stage =
				&query->stages[place->stage_index];

			/* those of a run are copies */
			if (query_stage_repeats(query, place->stage_index) ||
			    place->number == stage->exception_count)
				continue;
			place->exception = &stage->exceptions[place->number++];
			place->rule = rule;
			place->stage =
				query_stage_number(query, place->stage_index);
			return true;
		}
		place->stage_index = 0;
	}
	return false;
}
