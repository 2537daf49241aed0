/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each tests/cases/config/NAME.conf is loaded. NAME.expect holds what it says:
 * its complaints as LINE:COLUMN: MESSAGE, or where there are none all values;
 * UPDATE_CASES=1 writes them anew.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cmocka.h>

#include "config.h"
#include "util/diag.h"
#include "util/strbuf.h"

#include "readlog.h"

#define CASES "tests/cases/config"

static void on_diag(void *user, const struct diag *diag)
{
	strbuf_printf(user, "%u:%u: %.*s\n", diag->line, diag->column,
		      STR_ARG(diag->message));
}

/* The built-in paths depend on how we were configured: "~/audisp-eql/state". */
static void add_path(struct strbuf *out, const char *path)
{
	const char *tail = strstr(path, "/audisp-eql/");

	strbuf_printf(out, "%s%s", tail ? "~" : "", tail ? tail : path);
}

static void add_list(struct strbuf *out, const char *name,
		     const char *const *items, size_t count)
{
	strbuf_printf(out, "%s =", name);
	for (size_t i = 0; i < count; i++) {
		strbuf_add_char(out, i ? ':' : ' ');
		add_path(out, items[i]);
	}
	strbuf_add_char(out, '\n');
}

static void add_text(struct strbuf *out, const char *name, const char *text)
{
	strbuf_printf(out, "%s =%s", name, text ? " " : "");
	add_path(out, text ? text : "");
	strbuf_add_char(out, '\n');
}

static void add_number(struct strbuf *out, const char *name, int64_t number)
{
	strbuf_printf(out, "%s = %lld\n", name, (long long)number);
}

static void print_config(const struct config *config, struct strbuf *out)
{
	add_list(out, "rules", config->rule_paths, config->rule_path_count);
	add_list(out, "disable", config->disable, config->disable_count);
	strbuf_printf(out, "environment =");
	for (size_t i = 0; i < config->environment.count; i++)
		strbuf_printf(out, " %.*s",
			      STR_ARG(config->environment.items[i]));
	strbuf_add_char(out, '\n');
	add_number(out, "syslog", config->syslog);
	add_text(out, "syslog_socket", config->syslog_socket);
	add_number(out, "syslog_facility", config->syslog_facility >> 3);
	add_number(out, "syslog_cee", config->syslog_cee);
	add_text(out, "json_file", config->json_file);
	add_text(out, "audit_log", config->audit_log);
	add_text(out, "host_id", config->host_id);
	add_number(out, "memcap", (int64_t)config->memcap);
	add_number(out, "reorder", config->reorder_ns);
	add_number(out, "lateness", config->lateness_ns);
	add_number(out, "batch_delay", config->batch_delay_ns);
	add_number(out, "process_names", config->process_names);
	add_number(out, "suppress", config->suppress_ns);
	add_number(out, "budget", config->budget);
	add_text(out, "redact", config->redact);
	add_number(out, "heartbeat", config->heartbeat_ns);
	add_text(out, "state_file", config->state_file);
	add_number(out, "state_interval", config->state_interval_ns);
	add_text(out, "status_file", config->status_file);
	add_text(out, "user", config->user);
	add_number(out, "user_names", config->user_names);
	add_number(out, "sandbox", config->sandbox);
}

/* What a file says, as in .expect. */
static void describe(const char *path, struct strbuf *out)
{
	struct config *config = NULL;
	int rc = config_load(path, on_diag, out, &config);

	if (rc) {
		assert_int_equal(rc, -EINVAL);
		assert_null(config);
		assert_true(out->len > 0);
		return;
	}
	assert_int_equal(out->len, 0);
	print_config(config, out);
	config_free(&config);
	assert_null(config);
}

static int is_case(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && !strcmp(dot, ".conf");
}

static unsigned int check_case(const char *name)
{
	struct strbuf text = STRBUF_INIT(0);
	char path[PATH_MAX];
	size_t len = 0;
	char *expected;
	unsigned int bad;

	snprintf(path, sizeof(path), "%s/" CASES "/%s", readlog_srcdir(), name);
	describe(path, &text);
	strcpy(strrchr(path, '.'), ".expect");
	if (getenv("UPDATE_CASES")) {
		FILE *file = fopen(path, "w");

		fwrite(text.data, 1, text.len, file);
		fclose(file);
	}
	expected = readlog_file(path, &len);
	assert_non_null(expected);
	bad = text.len != len || memcmp(text.data, expected, len);
	if (bad)
		print_error("%s says:\n%.*s", name, (int)text.len, text.data);
	free(expected);
	strbuf_free(&text);
	return bad;
}

static void test_cases(void **state)
{
	char path[PATH_MAX];
	struct dirent **entries;
	unsigned int bad = 0;
	int count;

	(void)state;
	snprintf(path, sizeof(path), "%s/" CASES, readlog_srcdir());
	count = scandir(path, &entries, is_case, alphasort);
	assert_true(count > 5);
	for (int i = 0; i < count; i++) {
		bad += check_case(entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	assert_int_equal(bad, 0);
}

/* --- files ----------------------------------------------------------------- */

struct place {
	char directory[64];
	char path[PATH_MAX];
};

static void put(const struct place *place, const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", place->directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	strcpy(place->directory, "/tmp/test_config.XXXXXX");
	if (!mkdtemp(place->directory))
		return -1;
	snprintf(place->path, sizeof(place->path), "%s/conf.d",
		 place->directory);
	mkdir(place->path, 0700);
	snprintf(place->path, sizeof(place->path), "%s/main.conf",
		 place->directory);
	*state = place;
	return 0;
}

static int teardown(void **state)
{
	struct place *place = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", place->directory);
	free(place);
	return system(command);
}

static void assert_says(const struct place *place, const char *expected)
{
	struct strbuf text = STRBUF_INIT(0);

	describe(place->path, &text);
	strbuf_add_char(&text, '\0');
	assert_string_equal(text.data, expected);
	strbuf_free(&text);
}

static void assert_says_defaults(const struct place *place)
{
	struct strbuf text = STRBUF_INIT(0), preset = STRBUF_INIT(0);
	struct config *defaults;

	describe(place->path, &text);
	assert_int_equal(config_defaults(&defaults), 0);
	print_config(defaults, &preset);
	config_free(&defaults);
	assert_int_equal(text.len, preset.len);
	assert_memory_equal(text.data, preset.data, preset.len);
	strbuf_free(&text);
	strbuf_free(&preset);
}

/* The packaged file says what the built-in defaults are, and every key. */
static void test_packaged(void **state)
{
	struct place *place = *state;
	char path[PATH_MAX];
	size_t len = 0, keys = 0;
	char *text, *row;

	snprintf(path, sizeof(path), "%s/packaging/audisp-eql.conf",
		 readlog_srcdir());
	text = readlog_file(path, &len);
	assert_non_null(text);
	/* rows of "#name = value" are the defaults: uncomment them */
	for (row = text; *row;
	     row = strchrnul(row, '\n'), row += *row == '\n') {
		if (row[0] != '#' || row[1] < 'a' || row[1] > 'z')
			continue;
		row[0] = ' ';
		keys++;
	}
	assert_int_equal(keys, 24);
	/* the one that is not: of two rules for one attack, one runs */
	row = strstr(text, "\ndisable = network_after_compile\n");
	assert_non_null(row);
	row[1] = '#';
	put(place, "main.conf", text);
	assert_says_defaults(place);
	free(text);
}

static void test_drop_ins(void **state)
{
	struct place *place = *state;
	struct config *config;

	put(place, "main.conf", "memcap = 1M\nreorder = 1ms\nuser = a\n");
	put(place, "conf.d/10-a.conf", "memcap = 2M\nreorder = 2ms\n");
	put(place, "conf.d/9-b.conf", "memcap = 3M\n");
	put(place, "conf.d/.hidden.conf", "memcap = 4M\n");
	put(place, "conf.d/x.conf.rpmsave", "nonsense\n");
	assert_int_equal(config_load(place->path, NULL, NULL, &config), 0);
	/* in byte order: 9-b comes after 10-a */
	assert_int_equal(config->memcap, 3 << 20);
	assert_int_equal(config->reorder_ns, 2 * NSEC_PER_MSEC);
	assert_string_equal(config->user, "a");
	config_free(&config);
	put(place, "conf.d/5.conf", "memcap = 0\n");
	assert_says(place, "1:10: not a value of this key, or out of its "
			   "range: '0'\n");
}

static void test_no_file(void **state)
{
	struct place *place = *state;

	assert_says(place, "0:0: cannot be read: 'No such file or "
			   "directory'\n");
	mkdir(place->path, 0700);
	assert_says(place, "0:0: cannot be read: 'Invalid argument'\n");
	rmdir(place->path);
	/* nobody writes to it: this must not wait */
	assert_int_equal(mkfifo(place->path, 0600), 0);
	assert_says(place, "0:0: cannot be read: 'Invalid argument'\n");
}

static void test_no_directory(void **state)
{
	struct place *place = *state;
	char path[PATH_MAX];

	put(place, "main.conf", "");
	snprintf(path, sizeof(path), "%s/conf.d", place->directory);
	rmdir(path);
	assert_says_defaults(place);
	put(place, "conf.d", "memcap = 2M\n");
	assert_says(place, "0:0: cannot be read: 'Not a directory'\n");
	unlink(path);
	mkdir(path, 0700);
	strcat(path, "/lost.conf");
	assert_int_equal(symlink("nowhere", path), 0);
	assert_says(place, "0:0: cannot be read: 'No such file or "
			   "directory'\n");
}

static void test_file_size(void **state)
{
	struct place *place = *state;
	struct config *config;
	FILE *file;

	file = fopen(place->path, "w");
	for (int i = 0; i < 65535; i++)
		fputc('#', file);
	fputc('\n', file);
	fclose(file);
	assert_int_equal(config_load(place->path, NULL, NULL, &config), 0);
	config_free(&config);
	file = fopen(place->path, "a");
	fputc('\n', file);
	fclose(file);
	assert_says(place, "0:0: cannot be read: 'File too large'\n");
}

static void assert_host_id(const char *host_id, const char *expected)
{
	struct config config = { .host_id = host_id };
	struct arena *arena = arena_new(0);
	struct str id = config_host_id(&config, arena);

	assert_int_equal(id.len, strlen(expected));
	assert_memory_equal(id.data, expected, id.len);
	arena_free(&arena);
}

static void test_host_id(void **state)
{
	struct place *place = *state;
	struct utsname name;

	assert_int_equal(uname(&name), 0);
	assert_host_id("web-1", "web-1");
	put(place, "main.conf", "  an-id \nmore\n");
	assert_host_id(place->path, "an-id");
	put(place, "main.conf", "an-id");
	assert_host_id(place->path, "an-id");
	/* nothing in it, or no file: the next of the chain */
	put(place, "main.conf", " \n");
	assert_host_id(place->path,
		       *name.nodename ? name.nodename : "localhost");
	unlink(place->path);
	assert_host_id(place->path,
		       *name.nodename ? name.nodename : "localhost");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test_setup_teardown(test_packaged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_drop_ins, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_directory, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_file_size, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_host_id, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
