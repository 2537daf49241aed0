/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <audisp-eql/rule.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../limits.h"
#include "../util/arena.h"
#include "../util/diag.h"
#include "../util/hash.h"
#include "../util/strbuf.h"
#include "rulefile.h"

/* All that is kept of a rule set; Elastic's 400 Linux rules take some 10 MB. */
#define RULESET_BYTES_MAX (512U << 20)

#define SUFFIX STR(".toml")

/* A rule set in the making. */
struct loader {
	const struct ruleset_options *options;
	struct ruleset *set;
	struct rule_report *reports;
	const struct rule **rules; /* as many as reports have room */
	size_t capacity;
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

/* --- one rule ------------------------------------------------------------- */

static bool is_file_name(struct str path, struct str name)
{
	struct str base = str_basename(path);

	if (str_equal(base, name))
		return true;
	if (base.len != name.len + SUFFIX.len ||
	    memcmp(base.data + name.len, SUFFIX.data, SUFFIX.len))
		return false;
	base.len = name.len;
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
	return options->run_disabled ? NULL : file->off;
}

/* A rule id belongs to one rule. */
static int check_duplicate(struct loader *loader, struct rulefile *file)
{
	const struct ruleset *set = loader->set;

	if (!file->rule->id.len)
		return 0;
	for (size_t i = 0; i < set->report_count; i++)
		if (str_equal(loader->reports[i].id, file->rule->id))
			return rulefile_complain(
				file, RULE_INVALID, file->id_offset,
				"this rule_id is taken by %.*s",
				STR_ARG(loader->reports[i].file));
	return 0;
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
	rules = arena_array(set->arena, capacity, sizeof(struct rule *));
	if (!reports || !rules)
		return -ENOMEM;
	if (loader->capacity) {
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
		.status = file->status,
		.reason_count = file->reason_count,
		.reasons = file->reasons,
		.rule = runs ? rule : NULL,
	};
	set->error_count += file->status == RULE_INVALID;
	if (!runs || !rule->enabled)
		return;
	loader->rules[set->rule_count++] = rule;
	set->hash = hash_combine(set->hash, rule->hash);
}

/* What was read of a file becomes a row of the reports, and perhaps a rule. */
static int add_rule(struct loader *loader, struct rulefile *file)
{
	const char *why = why_off(loader, file);
	int rc = check_duplicate(loader, file);

	if (!rc && why &&
	    (file->status == RULE_FULL || file->status == RULE_DEGRADED)) {
		file->rule->enabled = false;
		rc = rulefile_complain(file, RULE_FULL, RULEFILE_WHOLE,
				       "does not run: %s", why);
	}
	if (!rc)
		rc = reserve(loader);
	if (!rc)
		add_report(loader, file);
	return rc;
}

/* --- files ---------------------------------------------------------------- */

/* Reads to the end, or over the limit. 0 or -errno. */
static int read_all(int fd, struct strbuf *out)
{
	char chunk[16384];
	ssize_t got;

	do {
		got = read(fd, chunk, sizeof(chunk));
		if (got > 0)
			strbuf_add(out, chunk, (size_t)got);
	} while ((got > 0 && out->len <= LIMIT_RULE_FILE_BYTES) ||
		 (got < 0 && errno == EINTR));
	if (out->failed)
		return -ENOMEM;
	return got < 0 ? -errno : 0;
}

/* A failure to read is the file's; only -ENOMEM is ours. */
static int read_file(struct rulefile *file, const char *path,
		     struct strbuf *text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int rc = fd < 0 ? -errno : read_all(fd, text);

	if (fd >= 0)
		close(fd);
	file->text = strbuf_str(text);
	if (rc == -ENOMEM)
		return rc;
	if (rc)
		return rulefile_complain(file, RULE_INVALID, RULEFILE_WHOLE,
					 "%s", strerror(-rc));
	if (text->len > LIMIT_RULE_FILE_BYTES)
		return rulefile_complain(file, RULE_INVALID, RULEFILE_WHOLE,
					 "the file is longer than %u bytes",
					 LIMIT_RULE_FILE_BYTES);
	return rulefile_read(file);
}

static int load_file(struct loader *loader, const char *path)
{
	struct arena *arena = loader->set->arena;
	struct rulefile file = {
		.options = loader->options,
		.arena = arena,
		.scratch = arena_new(0),
		.fields = loader->set->fields,
		.path = arena_str(arena, str_from(path)),
		.rule = arena_alloc(arena, sizeof(struct rule)),
	};
	struct strbuf text = STRBUF_INIT(0);
	int rc = -ENOMEM;

	if (file.scratch && file.path.data && file.rule)
		rc = read_file(&file, path, &text);
	if (!rc)
		rc = add_rule(loader, &file);
	strbuf_free(&text);
	arena_free(&file.scratch);
	return rc;
}

static int is_rule_file(const struct dirent *entry)
{
	struct str name = str_from(entry->d_name);

	return name.data[0] != '.' && name.len > SUFFIX.len &&
	       !memcmp(name.data + name.len - SUFFIX.len, SUFFIX.data,
		       SUFFIX.len);
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* A file of a directory; what is none (a pipe would never end) is passed. */
static int load_entry(struct loader *loader, const char *directory,
		      const char *name)
{
	char *path;
	struct stat st;
	int rc = 0;

	if (asprintf(&path, "%s/%s", directory, name) < 0)
		return -ENOMEM;
	if (stat(path, &st) || S_ISREG(st.st_mode))
		rc = load_file(loader, path);
	free(path);
	return rc;
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
		if (!rc)
			rc = load_entry(loader, path, entries[i]->d_name);
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
	set->arena = arena_new(RULESET_BYTES_MAX);
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
