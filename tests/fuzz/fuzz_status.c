/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text as a status file, and what `aueql status` makes of it in each form:
 * nothing that a terminal takes for more than text, and as JSON one line that
 * others can read. Its directory is the worker's, which may have been taken
 * over. Includes status.c, and stands in for aueql's main.c.
 */
#include "aueql/status.c"

/* a type of json-c, and a function of ours */
#define json_bool json_c_bool
#include <json-c/json.h>
#undef json_bool

#include "target.h"

int command_help(const struct command *command)
{
	(void)command;
	return EXIT_DONE;
}

int command_usage(const struct command *command, const char *format, ...)
{
	(void)command;
	(void)format;
	return EXIT_USAGE;
}

int command_bad_option(const struct command *command, int opt, char **argv)
{
	(void)command;
	(void)opt;
	(void)argv;
	return EXIT_USAGE;
}

void command_error(const char *format, ...)
{
	(void)format;
}

void command_diag(void *user, const struct diag *diag)
{
	(void)user;
	(void)diag;
}

int command_finish(int code)
{
	return code;
}

static void check_characters(struct str text)
{
	for (size_t i = 0; i < text.len;) {
		size_t len = utf8_length(text.data + i, text.len - i);
		unsigned char c = (unsigned char)text.data[i];

		require(len > 0 && (c >= ' ' || c == '\n') && c != 0x7f);
		/* C1 */
		require(c != 0xc2 || (unsigned char)text.data[i + 1] >= 0xa0);
		i += len;
	}
}

static void check_json(const char *text, size_t len)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *object;

	require(len && memchr(text, '\n', len) == text + len - 1);
	object = json_tokener_parse_ex(tokener, text, (int)len);
	require(json_tokener_get_error(tokener) == json_tokener_success);
	require(json_object_is_type(object, json_type_object));
	json_object_put(object);
	json_tokener_free(tokener);
}

static void check_form(const struct status_file *file,
		       enum status_format format)
{
	struct report report = { .file = *file, .format = format };
	FILE *out = stdout;
	char *text = NULL;
	size_t len = 0;
	int code;

	stdout = open_memstream(&text, &len);
	require(stdout != NULL);
	code = print_report(&report);
	fclose(stdout);
	stdout = out;
	require(!code == !report.problems);
	check_characters((struct str){ text, len });
	if (format == STATUS_JSON)
		check_json(text, len);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct status_file file = { .text = STRBUF_INIT(0) };
	int rc;

	strbuf_add(&file.text, data, size);
	rc = status_file_parse(&file);
	require(rc == 0 || rc == STATUS_FILE_E_OTHER);
	if (!rc) {
		require(status_file_find(&file, "info") != NULL);
		check_form(&file, STATUS_TEXT);
		check_form(&file, STATUS_JSON);
		check_form(&file, STATUS_PROMETHEUS);
	}
	status_file_free(&file);
	return 0;
}
