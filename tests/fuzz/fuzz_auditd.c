/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text as auditd.conf, by both who read it: the plugin, which takes a few
 * keys and complains of nothing, and `aueql check`.
 */
#include "aueql/auditd_conf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "node.h"
#include "target.h"

static void check_text(const char text[AUDITD_TEXT_MAX])
{
	require(memchr(text, '\0', AUDITD_TEXT_MAX) != NULL);
	require(!strpbrk(text, " \t\n"));
}

static void check_action(enum auditd_action action)
{
	require(action <= AUDITD_UNKNOWN);
}

static void check_conf(const struct auditd_conf *conf, unsigned int rows)
{
	require(!conf->error || conf->error == EFBIG);
	require(conf->bad_line <= rows);
	require(!conf->bad_key || conf->bad_key[0]);
	check_text(conf->log_file);
	check_text(conf->plugin_dir);
	check_text(conf->name_format);
	check_text(conf->log_format);
	check_action(conf->max_log_file_action);
	check_action(conf->space_left_action);
	check_action(conf->admin_space_left_action);
	check_action(conf->disk_full_action);
	check_action(conf->disk_error_action);
	check_action(conf->overflow_action);
	/* a number that cannot be is told, and else computed with */
	if (!conf->bad_key)
		require((conf->max_log_file_mb | conf->num_logs |
			 conf->q_depth | conf->space_left) <= UINT32_MAX);
}

static void check_node(const char *path)
{
	struct node_answer answer = { .format = node_format_of(path) };
	struct arena *arena = arena_new(0);
	struct node_names names;
	const char *log;

	require(answer.format <= NODE_USER);
	strcpy(answer.name, "answer");
	require(!node_names(path, &answer, arena, &names));
	require(names.format == answer.format);
	require(names.local.len < NODE_NAME_BYTES);
	require(names.format != NODE_NONE || !names.local.len ||
		str_equal(names.local, STR("answer")));
	log = node_log_file(path, arena);
	require(!log || (log[0] && strlen(log) < NODE_NAME_BYTES));
	arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = target_file(data, size);
	struct auditd_conf conf;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	auditd_conf_read(path, &conf);
	check_conf(&conf, target_rows(data, size));
	check_node(path);
	close(fd);
	return 0;
}
