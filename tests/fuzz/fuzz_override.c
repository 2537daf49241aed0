/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text as a file of overrides.d, for two rules: complaints that point into
 * it or into what it is said of; rules go on, are off, or have exceptions that
 * are counted.
 */
#include <fcntl.h>
#include <stdio.h>

#include <audisp-eql/rule.h>

#include "target.h"

#define EVENT_RULE \
	"[rule]\nrule_id = \"a\"\nname = \"A\"\ntype = \"eql\"\n" \
	"risk_score = 21\nseverity = \"low\"\n" \
	"query = '''process where process.name == \"x\"'''\n"
#define SEQUENCE_RULE \
	"[rule]\nrule_id = \"b\"\nname = \"B\"\ntype = \"eql\"\n" \
	"risk_score = 73\nseverity = \"high\"\n" \
	"query = '''sequence by process.pid with maxspan=1m\n" \
	"[process where true] [network where true]'''\n"

static void on_diag(void *user, const struct diag *diag)
{
	target_check_diag(diag, *(const unsigned int *)user);
}

static void make_file(int directory, const char *name, const void *data,
		      size_t size)
{
	int fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL, 0600);

	require(fd >= 0);
	target_write(fd, data, size);
	close(fd);
}

static void check_exceptions(const struct ruleset *set, const struct rule *rule)
{
	for (size_t i = 0; i < rule->query->stage_count; i++) {
		const struct stage *stage = &rule->query->stages[i];

		for (size_t j = 0; j < stage->exception_count; j++) {
			const struct exception *exception =
				&stage->exceptions[j];

			require(exception->condition && exception->text.len);
			require(exception->index < set->exception_count);
		}
	}
}

static void load(const char *directory, unsigned int rows)
{
	int event = target_file((const uint8_t *)EVENT_RULE,
				sizeof(EVENT_RULE) - 1);
	int sequence = target_file((const uint8_t *)SEQUENCE_RULE,
				   sizeof(SEQUENCE_RULE) - 1);
	char one[64], other[64];
	const char *const paths[] = { one, other };
	const struct ruleset_options options = {
		.paths = paths,
		.path_count = 2,
		.overrides = directory,
		.on_diag = on_diag,
		.user = &rows,
	};
	struct ruleset *set = NULL;

	snprintf(one, sizeof(one), "/proc/self/fd/%d", event);
	snprintf(other, sizeof(other), "/proc/self/fd/%d", sequence);
	require(!ruleset_load(&options, &set));
	require(set->rule_count <= 2 && set->report_count == 2);
	for (size_t i = 0; i < set->rule_count; i++)
		check_exceptions(set, set->rules[i]);
	ruleset_free(&set);
	close(event);
	close(sequence);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int rows = target_rows(data, size);
	char path[] = "/tmp/fuzz_override.XXXXXX";
	int directory;

	require(mkdtemp(path) != NULL);
	directory = open(path, O_RDONLY | O_DIRECTORY);
	require(directory >= 0);
	make_file(directory, "x.toml", data, size);
	/* rules have rows, too */
	load(path, rows < 16 ? 16 : rows);
	require(!unlinkat(directory, "x.toml", 0));
	close(directory);
	require(!rmdir(path));
	return 0;
}
