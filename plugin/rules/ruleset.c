/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <audisp-eql/rule.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../limits.h"
#include "../util/arena.h"
#include "../util/diag.h"
#include "../util/hash.h"
#include "rulefile.h"

/* A rule set in the making: arrays that grow in the arena by copying. */
struct loader {
	const struct ruleset_options *options;
	struct ruleset *set;
	struct rule_report *reports;
	const struct rule **rules;
	size_t capacity;
};

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

/* The file's bytes; data == NULL = errno says why not. */
static struct str read_text(struct arena *arena, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct str text = { 0 };
	struct stat st;
	char *data;
	ssize_t got = -1;

	if (fd < 0)
		return text;
	if (fstat(fd, &st)) {
		close(fd);
		return text;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > LIMIT_RULE_FILE_BYTES) {
		close(fd);
		errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
		return text;
	}
	data = arena_alloc(arena, (size_t)st.st_size + 1);
	if (data)
		got = read(fd, data, (size_t)st.st_size);
	close(fd);
	if (got >= 0)
		text = (struct str){ data, (size_t)got };
	return text;
}

/* --- one rule -------------------------------------------------------------- */

static bool name_matches(struct str path, struct str name)
{
	struct str base = str_basename(path);

	if (str_equal(base, name))
		return true;
	return base.len == name.len + 5 &&
	       !memcmp(base.data, name.data, name.len) &&
	       !memcmp(base.data + name.len, ".toml", 5);
}

static bool is_disabled(const struct loader *loader,
			const struct rulefile *file)
{
	if (file->mode_off && !loader->options->run_disabled)
		return true;
	for (size_t i = 0; i < loader->options->disable_count; i++) {
		struct str name = str_from(loader->options->disable[i]);

		if (str_equal(name, file->rule->id) ||
		    name_matches(file->path, name))
			return true;
	}
	return false;
}

static int reserve(struct loader *loader)
{
	struct ruleset *set = loader->set;
	size_t capacity = loader->capacity ? 2 * loader->capacity : 64;
	struct rule_report *reports;
	const struct rule **rules;

	if (set->report_count < loader->capacity)
		return 0;
	reports = arena_array(set->arena, capacity, sizeof(*reports));
	rules = arena_array(set->arena, capacity, sizeof(*rules));
	if (!reports || !rules)
		return -ENOMEM;
	if (set->report_count) {
		memcpy(reports, loader->reports,
		       set->report_count * sizeof(*reports));
		memcpy(rules, loader->rules,
		       set->rule_count * sizeof(struct rule *));
	}
	loader->reports = reports;
	loader->rules = rules;
	loader->capacity = capacity;
	return 0;
}

/* A rule id belongs to one rule: later ones are refused. */
static void check_duplicate(struct loader *loader, struct rulefile *file)
{
	for (size_t i = 0; i < loader->set->report_count; i++) {
		const struct rule_report *other = &loader->reports[i];
		struct diag diag = {
			.severity = DIAG_ERROR,
			.file = file->path,
			.line = 1,
			.column = 1,
		};

		if (!other->rule || !str_equal(other->id, file->rule->id))
			continue;
		diag.message = arena_printf(loader->set->arena,
					    "this rule_id is that of %.*s",
					    STR_ARG(other->file));
		file->status = RULE_INVALID;
		file->reason = (struct rule_reason){ 1, 1, diag.message };
		if (loader->options->on_diag)
			loader->options->on_diag(loader->options->user, &diag);
		return;
	}
}

/* Fields no event of ours will ever have: what the rule cannot see. */
static int find_unsupplied(struct loader *loader, struct rulefile *file,
			   struct rule_report *report)
{
	const struct query *query = file->rule->query;
	struct rule_reason *reasons = arena_array(
		loader->set->arena, query->field_slot_count, sizeof(*reasons));

	if (!reasons)
		return -ENOMEM;
	for (size_t i = 0; i < query->field_slot_count; i++) {
		struct str name = field_table_name(loader->set->fields,
						   query->field_slots[i]);

		if (query->field_slots[i] < FIELD__COUNT)
			continue;
		reasons[report->reason_count++].text = arena_printf(
			loader->set->arena, "no event here has the field %.*s",
			STR_ARG(name));
	}
	report->reasons = reasons;
	if (report->reason_count)
		report->status = RULE_DEGRADED;
	return 0;
}

static int add_rule(struct loader *loader, struct rulefile *file)
{
	struct ruleset *set = loader->set;
	struct rule_report *report;
	struct rule_reason *reason;
	int rc;

	if (file->status == RULE_FULL)
		check_duplicate(loader, file);
	rc = reserve(loader);
	if (rc)
		return rc;
	report = &loader->reports[set->report_count++];
	*report = (struct rule_report){
		.file = file->path,
		.id = file->rule->id,
		.name = file->rule->name,
		.type = file->rule->type,
		.status = file->status,
	};
	set->error_count += file->status == RULE_INVALID;
	if (file->status == RULE_FULL) {
		report->rule = file->rule;
		file->rule->enabled = !is_disabled(loader, file);
		set->hash = hash_combine(set->hash, file->rule->hash);
		if (file->rule->enabled)
			loader->rules[set->rule_count++] = file->rule;
		return find_unsupplied(loader, file, report);
	}
	reason = arena_alloc(set->arena, sizeof(*reason));
	if (!reason)
		return -ENOMEM;
	*reason = file->reason;
	report->reasons = reason;
	report->reason_count = 1;
	return 0;
}

/* --- files ----------------------------------------------------------------- */

static int load_file(struct loader *loader, const char *path)
{
	struct arena *arena = loader->set->arena;
	struct rulefile file = {
		.options = loader->options,
		.arena = arena,
		.fields = loader->set->fields,
		.path = arena_str(arena, str_from(path)),
		.text = read_text(arena, path),
		.rule = arena_alloc(arena, sizeof(struct rule)),
	};
	int rc;

	if (!file.path.data || !file.rule)
		return -ENOMEM;
	if (!file.text.data) {
		complain(loader, path, errno);
		return 0;
	}
	rc = rulefile_read(&file);
	return rc ? rc : add_rule(loader, &file);
}

static int is_rule_file(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 &&
	       !strcmp(entry->d_name + len - 5, ".toml");
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int load_directory(struct loader *loader, const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, is_rule_file, by_bytes);
	int rc = 0;

	if (count < 0) {
		complain(loader, path, errno);
		return 0;
	}
	for (int i = 0; i < count; i++) {
		struct str name = arena_printf(loader->set->arena, "%s/%s",
					       path, entries[i]->d_name);

		if (!rc)
			rc = name.data ? load_file(loader, name.data) : -ENOMEM;
		free(entries[i]);
	}
	free(entries);
	return rc;
}

static int load_path(struct loader *loader, const char *path)
{
	struct stat st;

	if (stat(path, &st)) {
		complain(loader, path, errno);
		return 0;
	}
	return S_ISDIR(st.st_mode) ? load_directory(loader, path)
				   : load_file(loader, path);
}

int ruleset_load(const struct ruleset_options *options, struct ruleset **out)
{
	struct ruleset *set = calloc(1, sizeof(*set));
	struct loader loader = { .options = options, .set = set };
	int rc;

	if (!set)
		return -ENOMEM;
	set->arena = arena_new(0);
	rc = set->arena ? field_table_new(&set->fields) : -ENOMEM;
	for (size_t i = 0; i < options->path_count && !rc; i++)
		rc = load_path(&loader, options->paths[i]);
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
