/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One table row per key: where its value goes, and how it is read. Strict in
 * auditd's manner: a typing error must not silently mean the default.
 */
#include "config.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "limits.h"
#include "output/redact.h"
#include "util/diag.h"
#include "util/quantity.h"

#define FILE_BYTES_MAX (64U << 10)

struct reader {
	struct config *config;
	diag_fn on_diag;
	void *user;
	struct str path, text;
	size_t errors;
	uint64_t seen; /* rows of keys[] met in this file */
};

enum value_kind {
	TEXT, /* empty = NULL, off */
	WORD, /* text that may not be empty */
	LIST_COLON,
	LIST_COMMA,
	LIST_NAMES,
	TRUTH,
	DURATION, /* empty or 0 = off */
	SIZE,
	COUNT, /* empty or 0 = off */
	SYSLOG,
	FACILITY,
	FORMAT,
	NAMES,
	USER_NAMES,
	PATTERN, /* empty = off */
};

/* Limits of DURATION are nanoseconds, of SIZE bytes. */
static const struct key {
	const char *name;
	enum value_kind kind;
	size_t where;
	int64_t least, most;
	const char *preset;
} keys[] = {
#define KEY(name, kind, member, least, most, preset) \
	{ \
		name, kind, offsetof(struct config, member), least, most, \
			preset \
	}
	KEY("audit_log", TEXT, audit_log, 0, 0, CONFIG_AUDIT_LOG_AUTO),
	KEY("batch_delay", DURATION, batch_delay_ns, 0, NSEC_PER_SEC, "10ms"),
	KEY("budget", COUNT, budget, 0, LIMIT_BUDGET, "0"),
	KEY("disable", LIST_COMMA, disable, 0, 0, ""),
	KEY("environment", LIST_NAMES, environment, 0, 0, ""),
	KEY("heartbeat", DURATION, heartbeat_ns, 0, 86400 * NSEC_PER_SEC,
	    "15m"),
	KEY("host_id", TEXT, host_id, 0, 0, ""),
	KEY("json_file", TEXT, json_file, 0, 0,
	    LOCALSTATEDIR "/log/audisp-eql/alerts.ndjson"),
	KEY("lateness", DURATION, lateness_ns, 0, 3600 * NSEC_PER_SEC, "300s"),
	KEY("memcap", SIZE, memcap, 1 << 20, 1LL << 36, "32M"),
	KEY("process_names", NAMES, process_names, 0, 0, "either"),
	KEY("redact", PATTERN, redact, 0, 0, ""),
	KEY("reorder", DURATION, reorder_ns, 0, 60 * NSEC_PER_SEC, "100ms"),
	KEY("rules", LIST_COLON, rule_paths, 0, 0,
	    PKGDATADIR "/rules.d:" SYSCONFDIR "/audisp-eql/rules.d"),
	KEY("sandbox", TRUTH, sandbox, 0, 0, "yes"),
	KEY("state_file", TEXT, state_file, 0, 0,
	    LOCALSTATEDIR "/lib/audisp-eql/state"),
	KEY("state_interval", DURATION, state_interval_ns, NSEC_PER_SEC,
	    3600 * NSEC_PER_SEC, "10s"),
	KEY("status_file", TEXT, status_file, 0, 0,
	    RUNSTATEDIR "/audisp-eql/status"),
	KEY("suppress", DURATION, suppress_ns, 0, 86400 * NSEC_PER_SEC, "60s"),
	KEY("syslog", SYSLOG, syslog, 0, 0, "yes"),
	KEY("syslog_facility", FACILITY, syslog_facility, 0, 0, "authpriv"),
	KEY("syslog_format", FORMAT, syslog_cee, 0, 0, "text"),
	KEY("syslog_socket", TEXT, syslog_socket, 0, 0, ""),
	KEY("user", WORD, user, 0, 0, "_audisp-eql"),
	KEY("user_names", USER_NAMES, user_names, 0, 0, "auto"),
#undef KEY
};

#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

static void complain(struct reader *reader, size_t offset, const char *what,
		     struct str word)
{
	struct diag diag = { .severity = DIAG_ERROR, .file = reader->path };

	diag.message = word.data
			       ? arena_printf(reader->config->arena,
					      "%s: '%.*s'", what, STR_ARG(word))
			       : str_from(what);
	if (reader->text.data)
		diag_locate(reader->text, offset, &diag);
	reader->errors++;
	if (reader->on_diag)
		reader->on_diag(reader->user, &diag);
}

/* --- values ---------------------------------------------------------------- */

static bool parse_quantity(const struct key *key, struct str text, int64_t *out)
{
	bool read = true;

	if (key->kind != SIZE && (!text.len || str_equal(text, STR("0"))))
		*out = 0;
	else if (key->kind == COUNT)
		read = quantity_count(text, out);
	else if (key->kind == DURATION)
		read = quantity_duration(text, out);
	else
		read = quantity_size(text, out);
	return read && *out >= key->least && *out <= key->most;
}

/* The index of a word in a list that ends in NULL; -1 = not there. */
static int find_word(struct str text, const char *const *words)
{
	for (int i = 0; words[i]; i++)
		if (text.len == strlen(words[i]) &&
		    !strncasecmp(text.data, words[i], text.len))
			return i;
	return -1;
}

static int parse_list(struct reader *reader, const struct key *key,
		      struct str text)
{
	struct config *config = reader->config;
	char separator = key->kind == LIST_COLON ? ':' : ',';
	const char **items =
		arena_array(config->arena, text.len + 1, sizeof(*items));
	char *copy = arena_copy(config->arena, text.data, text.len);
	size_t count = 0;

	if (!items || !copy)
		return -ENOMEM;
	while (*copy) {
		char *end = strchrnul(copy, separator);
		char *last = end;

		while (*copy == ' ')
			copy++;
		while (last > copy && last[-1] == ' ')
			last--;
		if (last > copy)
			items[count++] = copy;
		copy = end + (*end != '\0');
		*last = '\0';
		if (end != last)
			*end = '\0';
	}
	if (key->kind == LIST_COLON) {
		config->rule_paths = items;
		config->rule_path_count = count;
	} else {
		config->disable = items;
		config->disable_count = count;
	}
	return 0;
}

/* As shells and C libraries have them, and the dots of a few programs. */
static bool is_variable(struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];

		if (!isalnum((unsigned char)c) && c != '_' && c != '.')
			return false;
	}
	return name.len && name.len <= LIMIT_ENVIRONMENT_NAME_BYTES &&
	       !isdigit((unsigned char)*name.data);
}

int config_parse_names(struct arena *arena, struct str text,
		       struct str_list *out)
{
	struct str *items =
		arena_array(arena, LIMIT_ENVIRONMENT_NAMES, sizeof(*items));
	char *copy = arena_copy(arena, text.data, text.len), *word;
	size_t count = 0;

	if (!items || !copy)
		return -ENOMEM;
	while ((word = strsep(&copy, ", \t"))) {
		struct str name = str_from(word);

		if (!name.len)
			continue;
		if (!is_variable(name) || count == LIMIT_ENVIRONMENT_NAMES)
			return -EINVAL;
		items[count++] = name;
	}
	*out = (struct str_list){ count, items };
	return 0;
}

static const char *const truth_words[] = { "no", "yes", NULL };
static const char *const syslog_words[] = { "no", "yes", "journal", NULL };
static const char *const format_words[] = { "text", "cee", NULL };
static const char *const names_words[] = { "either", "invoked", "resolved",
					   NULL };
static const char *const user_names_words[] = { "auto", "no", "yes", NULL };
static const char *const facility_words[] = {
	"authpriv", "auth",   "daemon", "user",	  "local0", "local1", "local2",
	"local3",   "local4", "local5", "local6", "local7", NULL,
};
static const int facilities[] = {
	LOG_AUTHPRIV, LOG_AUTH,	  LOG_DAEMON, LOG_USER,
	LOG_LOCAL0,   LOG_LOCAL1, LOG_LOCAL2, LOG_LOCAL3,
	LOG_LOCAL4,   LOG_LOCAL5, LOG_LOCAL6, LOG_LOCAL7,
};

/* Words that mean numbers; false = none of them. */
static bool set_word(const struct key *key, void *where, struct str text)
{
	int word;

	switch (key->kind) {
	case TRUTH:
		word = find_word(text, truth_words);
		*(bool *)where = word == 1;
		return word >= 0;
	case FORMAT:
		word = find_word(text, format_words);
		*(bool *)where = word == 1;
		return word >= 0;
	case SYSLOG:
		word = text.len ? find_word(text, syslog_words) : 0;
		if (word >= 0)
			*(enum output_syslog *)where = (enum output_syslog)word;
		return word >= 0;
	case NAMES:
		word = find_word(text, names_words);
		if (word >= 0)
			*(enum process_names *)where = (enum process_names)word;
		return word >= 0;
	case USER_NAMES:
		word = find_word(text, user_names_words);
		if (word >= 0)
			*(enum user_names *)where = (enum user_names)word;
		return word >= 0;
	case FACILITY:
		word = find_word(text, facility_words);
		if (word >= 0)
			*(int *)where = facilities[word];
		return word >= 0;
	default:
		return false;
	}
}

/* Complains by itself. 0, -ENOMEM. */
static int set_pattern(struct reader *reader, struct str text)
{
	struct config *config = reader->config;
	struct redact_error error;
	int rc = 0;

	redact_free(&config->mask);
	config->redact = NULL;
	if (!text.len)
		return 0;
	rc = redact_new(text, &error, &config->mask);
	if (rc == REDACT_E_PATTERN) {
		complain(reader,
			 (size_t)(text.data - reader->text.data) + error.at,
			 "no pattern that can be matched", str_from(error.why));
		return 0;
	}
	if (!rc)
		config->redact = arena_copy(config->arena, text.data, text.len);
	return config->redact ? 0 : -ENOMEM;
}

/* 0, -ENOMEM, -EINVAL. */
static int set_value(struct reader *reader, const struct key *key,
		     struct str text)
{
	char *where = (char *)reader->config + key->where;
	int64_t number;

	switch (key->kind) {
	case WORD:
	case TEXT:
		if (!text.len && key->kind == WORD)
			return -EINVAL;
		if (!text.len) {
			*(const char **)where = NULL;
			return 0;
		}
		*(const char **)where =
			arena_copy(reader->config->arena, text.data, text.len);
		return *(const char **)where ? 0 : -ENOMEM;
	case LIST_COLON:
	case LIST_COMMA:
		return parse_list(reader, key, text);
	case LIST_NAMES:
		return config_parse_names(reader->config->arena, text,
					  (struct str_list *)where);
	case PATTERN:
		return set_pattern(reader, text);
	case DURATION:
	case SIZE:
	case COUNT:
		if (!parse_quantity(key, text, &number))
			return -EINVAL;
		if (key->kind == SIZE)
			*(size_t *)where = (size_t)number;
		else
			*(int64_t *)where = number;
		return 0;
	default:
		return set_word(key, where, text) ? 0 : -EINVAL;
	}
}

/* --- files ----------------------------------------------------------------- */

static struct str trim(struct str text)
{
	while (text.len && strchr(" \t", text.data[0])) {
		text.data++;
		text.len--;
	}
	while (text.len && strchr(" \t\r", text.data[text.len - 1]))
		text.len--;
	return text;
}

static size_t find_key(struct str name)
{
	size_t i = 0;

	while (i < KEY_COUNT && !str_equal(name, str_from(keys[i].name)))
		i++;
	return i;
}

/* One row of a file. 0 or -ENOMEM; complaints are counted. */
static int take_row(struct reader *reader, struct str row)
{
	struct str text = trim(row), name, value;
	size_t offset = (size_t)(text.data - reader->text.data), index;
	const char *equals;
	int rc;

	if (!text.len || text.data[0] == '#')
		return 0;
	equals = memchr(text.data, '=', text.len);
	if (!equals || memchr(text.data, '\0', text.len)) {
		complain(reader, offset, "\"name = value\" is wanted here",
			 (struct str){ 0 });
		return 0;
	}
	name = trim((struct str){ text.data, (size_t)(equals - text.data) });
	value = trim((struct str){
		equals + 1, (size_t)(text.data + text.len - equals) - 1 });
	index = find_key(name);
	if (index == KEY_COUNT) {
		complain(reader, offset, "no such key", name);
		return 0;
	}
	if (reader->seen & 1ULL << index) {
		complain(reader, offset, "this key stands here twice", name);
		return 0;
	}
	reader->seen |= 1ULL << index;
	rc = set_value(reader, &keys[index], value);
	if (rc == -EINVAL)
		complain(reader, (size_t)(value.data - reader->text.data),
			 "not a value of this key, or out of its range", value);
	return rc == -EINVAL ? 0 : rc;
}

static int take_text(struct reader *reader)
{
	struct str rest = reader->text;
	int rc = 0;

	reader->seen = 0;
	while (rest.len && !rc) {
		const char *newline = memchr(rest.data, '\n', rest.len);
		size_t len = newline ? (size_t)(newline - rest.data) : rest.len;

		rc = take_row(reader, (struct str){ rest.data, len });
		rest.data += len + !!newline;
		rest.len -= len + !!newline;
	}
	return rc;
}

static int take_file(struct reader *reader, const char *path, bool may_lack)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	ssize_t len = -1;
	char *data;

	reader->path = arena_str(reader->config->arena, str_from(path));
	reader->text = (struct str){ 0 };
	if (fd < 0 && may_lack && errno == ENOENT)
		return 0;
	data = arena_alloc(reader->config->arena, FILE_BYTES_MAX + 1);
	if (!data || !reader->path.data) {
		if (fd >= 0)
			close(fd);
		return -ENOMEM;
	}
	if (fd >= 0 && !fstat(fd, &st) && !S_ISREG(st.st_mode))
		errno = EINVAL;
	else if (fd >= 0)
		len = read(fd, data, FILE_BYTES_MAX + 1);
	if (len > (ssize_t)FILE_BYTES_MAX) {
		len = -1;
		errno = EFBIG;
	}
	if (len < 0)
		complain(reader, 0, "cannot be read",
			 str_from(strerror(errno)));
	if (fd >= 0)
		close(fd);
	if (len < 0)
		return 0;
	reader->text = (struct str){ data, (size_t)len };
	return take_text(reader);
}

static int is_conf(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 &&
	       !strcmp(entry->d_name + len - 5, ".conf");
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* The path of a directory beside the file. */
static struct str beside(struct reader *reader, const char *path,
			 const char *name)
{
	size_t len = str_from(path).len - str_basename(str_from(path)).len;

	return arena_printf(reader->config->arena, "%.*s%s", (int)len, path,
			    name);
}

static int take_directory(struct reader *reader, const char *path)
{
	struct arena *arena = reader->config->arena;
	struct str directory = beside(reader, path, "conf.d");
	struct dirent **entries;
	int rc = 0, count;

	reader->config->overrides = beside(reader, path, "overrides.d").data;
	if (!directory.data || !reader->config->overrides)
		return -ENOMEM;
	count = scandir(directory.data, &entries, is_conf, by_bytes);
	if (count < 0 && errno == ENOMEM)
		return -ENOMEM;
	if (count < 0 && errno != ENOENT) {
		struct str why = str_from(strerror(errno));

		reader->path = directory;
		reader->text = (struct str){ 0 };
		complain(reader, 0, "cannot be read", why);
	}
	for (int i = 0; i < count; i++) {
		struct str name = arena_printf(arena, "%s/%s", directory.data,
					       entries[i]->d_name);

		if (!rc)
			rc = name.data ? take_file(reader, name.data, false)
				       : -ENOMEM;
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return rc;
}

int config_defaults(struct config **out)
{
	struct config *config = calloc(1, sizeof(*config));
	struct reader reader = { .config = config };
	int rc = 0;

	if (!config)
		return -ENOMEM;
	config->arena = arena_new(0);
	if (!config->arena)
		rc = -ENOMEM;
	for (size_t i = 0; i < KEY_COUNT && !rc; i++)
		rc = set_value(&reader, &keys[i], str_from(keys[i].preset));
	if (rc) {
		config_free(&config);
		return rc;
	}
	*out = config;
	return 0;
}

int config_load(const char *path, diag_fn on_diag, void *user,
		struct config **out)
{
	struct reader reader = { .on_diag = on_diag, .user = user };
	int rc = config_defaults(&reader.config);

	if (rc)
		return rc;
	rc = take_file(&reader, path ? path : CONFIG_FILE_DEFAULT, !path);
	if (!rc)
		rc = take_directory(&reader, path ? path : CONFIG_FILE_DEFAULT);
	if (!rc && reader.errors)
		rc = -EINVAL;
	if (rc)
		config_free(&reader.config);
	else
		*out = reader.config;
	return rc;
}

void config_free(struct config **config)
{
	if (!*config)
		return;
	redact_free(&(*config)->mask);
	arena_free(&(*config)->arena);
	free(*config);
	*config = NULL;
}

/* The first row of a file, trimmed; empty = there is none. */
static struct str first_row(const char *path, struct arena *arena)
{
	char text[256];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text));
	const char *newline;

	if (fd >= 0)
		close(fd);
	if (len <= 0)
		return (struct str){ 0 };
	newline = memchr(text, '\n', (size_t)len);
	return arena_str(arena, trim((struct str){
					text, newline ? (size_t)(newline - text)
						      : (size_t)len }));
}

struct str config_host_id(const struct config *config, struct arena *arena)
{
	struct str id = { 0 };
	char name[256];

	if (config->host_id && config->host_id[0] != '/')
		return str_from(config->host_id);
	id = first_row(config->host_id ? config->host_id : "/etc/machine-id",
		       arena);
	if (!id.len && !gethostname(name, sizeof(name) - 1)) {
		name[sizeof(name) - 1] = '\0';
		id = arena_str(arena, str_from(name));
	}
	return id.len ? id : STR("localhost");
}
