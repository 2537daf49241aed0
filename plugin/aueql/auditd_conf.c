/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * auditd takes "name = value", blanks around the sign, names and words in any
 * case, and does not start over a line that is not so.
 */
#include "auditd_conf.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../rules/files.h"

#define FILE_BYTES_MAX (1U << 20)
/* auditd's own buffer is shorter */
#define ROW_BYTES 1024

static const char *const actions[] = {
	[AUDITD_IGNORE] = "ignore",	  [AUDITD_SYSLOG] = "syslog",
	[AUDITD_ROTATE] = "rotate",	  [AUDITD_EMAIL] = "email",
	[AUDITD_EXEC] = "exec",		  [AUDITD_SUSPEND] = "suspend",
	[AUDITD_SINGLE] = "single",	  [AUDITD_HALT] = "halt",
	[AUDITD_KEEP_LOGS] = "keep_logs",
};

#define ACTION_COUNT (sizeof(actions) / sizeof(actions[0]))

enum kind { IS_TEXT, IS_NUMBER, IS_PERCENT, IS_TRUTH, IS_PRESENT, IS_ACTION };

static const struct key {
	const char *name;
	enum kind kind;
	size_t offset;
} keys[] = {
#define KEY(name, kind) \
	{ \
#name, kind, offsetof(struct auditd_conf, name) \
	}
	KEY(log_file, IS_TEXT),
	KEY(plugin_dir, IS_TEXT),
	KEY(name_format, IS_TEXT),
	KEY(log_format, IS_TEXT),
	{ "max_log_file", IS_NUMBER,
	  offsetof(struct auditd_conf, max_log_file_mb) },
	KEY(num_logs, IS_NUMBER),
	KEY(q_depth, IS_NUMBER),
	KEY(space_left, IS_PERCENT),
	KEY(local_events, IS_TRUTH),
	KEY(write_logs, IS_TRUTH),
	{ "distribute_network", IS_TRUTH,
	  offsetof(struct auditd_conf, distributes) },
	{ "tcp_listen_port", IS_PRESENT,
	  offsetof(struct auditd_conf, listens) },
	KEY(max_log_file_action, IS_ACTION),
	KEY(space_left_action, IS_ACTION),
	KEY(admin_space_left_action, IS_ACTION),
	KEY(disk_full_action, IS_ACTION),
	KEY(disk_error_action, IS_ACTION),
	KEY(overflow_action, IS_ACTION),
#undef KEY
};

static bool take_number(const char *text, uint64_t *out, bool *percent)
{
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	*out = strtoull(text, &end, 10);
	if (percent)
		*percent = *end == '%';
	/* more is none that auditd takes, and would not be computed with */
	return !errno && *out <= UINT32_MAX &&
	       (!*end || (percent && !strcmp(end, "%")));
}

static bool take_action(const char *text, enum auditd_action *out)
{
	size_t i = 0;

	while (i < ACTION_COUNT && strcasecmp(text, actions[i]))
		i++;
	*out = (enum auditd_action)i;
	return i < ACTION_COUNT;
}

static bool take_value(const struct key *key, const char *text,
		       struct auditd_conf *conf)
{
	void *at = (char *)conf + key->offset;

	switch (key->kind) {
	case IS_TEXT:
		return (size_t)snprintf(at, AUDITD_TEXT_MAX, "%s", text) <
		       AUDITD_TEXT_MAX;
	case IS_NUMBER:
		return take_number(text, at, NULL);
	case IS_PERCENT:
		return take_number(text, at, &conf->space_left_is_percent);
	case IS_TRUTH:
		*(bool *)at = !strcasecmp(text, "yes");
		return *(bool *)at || !strcasecmp(text, "no");
	case IS_PRESENT:
		*(bool *)at = true;
		return true;
	case IS_ACTION:
		return take_action(text, at);
	}
	return false;
}

/* False = auditd does not start over it. */
static bool take_row(char *row, struct auditd_conf *conf)
{
	char *rest = NULL;
	const char *name = strtok_r(row, " \t", &rest);
	const char *equals = name ? strtok_r(NULL, " \t", &rest) : NULL;
	const char *value = equals ? strtok_r(NULL, " \t", &rest) : NULL;

	if (!name || name[0] == '#')
		return true;
	if (!value || strcmp(equals, "="))
		return false;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!strcasecmp(name, keys[i].name) &&
		    !take_value(&keys[i], value, conf) && !conf->bad_key)
			conf->bad_key = keys[i].name;
	return true;
}

/* What is behind a NUL is not read, and makes the line a bad one. */
static bool take_line(const char *text, size_t len, struct auditd_conf *conf)
{
	char row[ROW_BYTES];

	if (len >= sizeof(row) || memchr(text, '\0', len))
		return false;
	memcpy(row, text, len);
	row[len] = '\0';
	return take_row(row, conf);
}

static void take_text(struct str text, struct auditd_conf *conf)
{
	unsigned int number = 0;

	while (text.len) {
		const char *end = memchr(text.data, '\n', text.len);
		size_t len = end ? (size_t)(end - text.data) : text.len;

		number++;
		if (!take_line(text.data, len, conf) && !conf->bad_line)
			conf->bad_line = number;
		text.data += len + !!end;
		text.len -= len + !!end;
	}
}

void auditd_conf_read(const char *path, struct auditd_conf *out)
{
	struct auditd_conf conf = {
		.local_events = true,
		.write_logs = true,
		.log_file = "/var/log/audit/audit.log",
		.name_format = "none",
		.log_format = "raw",
		.q_depth = 2000,
		.max_log_file_action = AUDITD_IGNORE,
		.overflow_action = AUDITD_SYSLOG,
	};
	struct strbuf text = STRBUF_INIT(0);

	conf.error = -files_read(path, FILE_BYTES_MAX, &text);
	if (!conf.error)
		take_text(strbuf_str(&text), &conf);
	strbuf_free(&text);
	*out = conf;
}
