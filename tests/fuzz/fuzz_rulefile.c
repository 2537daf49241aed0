/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text as a rule's file: complaints that point into it, or a rule that runs
 * and says what it is.
 */
#include <stdio.h>

#include <audisp-eql/rule.h>

#include "target.h"

struct run {
	unsigned int rows, complaints;
};

static void on_diag(void *user, const struct diag *diag)
{
	struct run *run = user;

	run->complaints++;
	target_check_diag(diag, run->rows);
}

static void check_reasons(const struct rule_report *report, unsigned int rows)
{
	require(report->line <= rows);
	for (size_t i = 0; i < report->reason_count; i++) {
		const struct rule_reason *reason = &report->reasons[i];

		require(reason->text.len > 0 && reason->line <= rows);
		require(!memchr(reason->text.data, '\n', reason->text.len));
	}
}

static void check_rule(const struct rule *rule)
{
	require(rule->id.len > 0 && rule->name.len > 0);
	require(rule->risk_score >= 0 && rule->risk_score <= 100);
	require(rule->query && rule->query->stage_count > 0);
	require(rule->mode != RULE_MODE_OFF);
	for (size_t i = 0; i < rule->query->stage_count; i++) {
		const struct stage *stage = &rule->query->stages[i];

		require(stage->condition != NULL);
		require(stage->key_count == rule->query->key_count);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run run = { .rows = target_rows(data, size) };
	int fd = target_file(data, size);
	char path[64];
	const char *const paths[] = { path };
	const struct ruleset_options options = {
		.paths = paths,
		.path_count = 1,
		.off = RULESET_OFF_RUN,
		.on_diag = on_diag,
		.user = &run,
	};
	struct ruleset *set = NULL;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	require(!ruleset_load(&options, &set));
	require(set->rule_count <= 1 && set->report_count <= 1);
	require(!set->error_count || run.complaints);
	for (size_t i = 0; i < set->report_count; i++)
		check_reasons(&set->reports[i], run.rows);
	for (size_t i = 0; i < set->rule_count; i++)
		check_rule(set->rules[i]);
	ruleset_free(&set);
	close(fd);
	return 0;
}
