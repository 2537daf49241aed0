/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text as a configuration: complaints that point into it, or values within
 * their ranges.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "output/redact.h"
#include "util/arena.h"
#include "util/diag.h"

#include "target.h"

struct run {
	unsigned int rows, complaints;
};

static void on_diag(void *user, const struct diag *diag)
{
	struct run *run = user;

	run->complaints++;
	require(diag->severity == DIAG_ERROR);
	target_check_diag(diag, run->rows);
}

static bool is_within(int64_t value, int64_t least, int64_t most)
{
	return value >= least && value <= most;
}

static void check_list(const char *const *items, size_t count, char separator)
{
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(items[i]);

		require(len && items[i][0] != ' ' && items[i][len - 1] != ' ');
		require(!strchr(items[i], separator));
	}
}

static void check_config(const struct config *config)
{
	struct arena *arena = arena_new(0);

	check_list(config->rule_paths, config->rule_path_count, ':');
	check_list(config->disable, config->disable_count, ',');
	require(is_within((int64_t)config->memcap, 1 << 20, 64LL << 30));
	require(is_within(config->reorder_ns, 0, 60 * NSEC_PER_SEC));
	require(is_within(config->lateness_ns, 0, 3600 * NSEC_PER_SEC));
	require(is_within(config->batch_delay_ns, 0, NSEC_PER_SEC));
	require(is_within(config->suppress_ns, 0, 86400 * NSEC_PER_SEC));
	require(is_within(config->budget, 0, 1000000));
	require(is_within(config->heartbeat_ns, 0, 86400 * NSEC_PER_SEC));
	require(is_within(config->state_interval_ns, 0, 3600 * NSEC_PER_SEC));
	require(config->user && config->user[0]);
	require(!config->json_file || config->json_file[0]);
	/* not one that names a file: the fuzzer would choose which */
	if (config->host_id && config->host_id[0] != '/')
		require(config_host_id(config, arena).len > 0);
	arena_free(&arena);
}

/* The pattern over the file itself, as a text and cut into arguments: it ends,
 * and as many arguments come out, or one for all. */
static void check_mask(const struct config *config, struct str text)
{
	struct value items[3];
	struct value values[FIELD__COUNT] = { 0 };
	struct event event = { .value_count = FIELD__COUNT, .values = values };
	const struct event *events[] = { &event };
	struct alert alert = { .event_count = 1, .events = events }, told;
	struct arena *arena = arena_new(0);
	size_t third = text.len / 3, count;

	for (size_t i = 0; i < 3; i++)
		items[i] = VALUE_OF_STR(
			((struct str){ text.data + i * third, third }));
	values[FIELD_PROCESS_COMMAND_LINE] = VALUE_OF_STR(text);
	values[FIELD_PROCESS_ARGS] =
		(struct value){ .type = VALUE_LIST, .list = { items, 3 } };
	require(!redact_alert(config->mask, &alert, arena, &told));
	count = told.events[0]->values[FIELD_PROCESS_ARGS].list.count;
	require(count == 3 || count == 1);
	arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *config = NULL;
	struct run run = { .rows = target_rows(data, size) };
	int fd = target_file(data, size), rc;
	char path[64];

	/* nothing is beside it, so there are no drop-ins */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	rc = config_load(path, on_diag, &run, &config);
	require(rc == 0 || rc == -EINVAL);
	require(!rc == !run.complaints && !rc == !!config);
	if (config)
		check_config(config);
	if (config && config->mask)
		check_mask(config, (struct str){ (const char *)data, size });
	config_free(&config);
	close(fd);
	return 0;
}
