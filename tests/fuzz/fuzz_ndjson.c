/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line of an export under any bytes: what is read is written by our own
 * writer, read again, and must be the same; each byte of a string leads back
 * into its text; and a rule made of it compiles or is told of.
 */
#include "rules/ndjson.h"

#include <string.h>
#include <unistd.h>

#include <audisp-eql/rule.h>

#include "target.h"
#include "util/json.h"

static void check_source(struct str text, const struct toml_value *string)
{
	size_t before = string->offset;

	require(string->offset < text.len && text.data[string->offset] == '"');
	for (size_t i = 0; i <= string->text.len; i++) {
		size_t at = ndjson_source(text, string, i);

		require(at >= before && at < text.len);
		before = at;
	}
	require(text.data[before] == '"');
}

static void write_value(struct json *json, struct str text,
			const struct toml_value *value)
{
	bool object = value->type == TOML_TABLE;

	if (object || value->type == TOML_ARRAY) {
		object ? json_object_begin(json) : json_array_begin(json);
		for (const struct toml_value *item = value->items.first; item;
		     item = item->next) {
			if (object)
				json_key(json, item->key);
			write_value(json, text, item);
		}
		object ? json_object_end(json) : json_array_end(json);
	} else if (value->type == TOML_STRING) {
		if (value->text.len < 1000)
			check_source(text, value);
		json_string(json, value->text);
	} else if (value->type == TOML_INTEGER) {
		json_int(json, value->integer);
	} else if (value->type == TOML_BOOL) {
		json_truth(json, value->boolean);
	} else {
		/* floats need not come back digit by digit */
		json_null(json);
	}
}

/* The text as our writer has it; empty = it is no JSON. */
static void rewrite(struct str text, struct strbuf *out)
{
	struct arena *arena = arena_new(0);
	struct toml_value *value;
	struct toml_error error;
	struct json json;
	int rc = ndjson_parse(arena, text, &value, &error);

	require(!rc || (rc == NDJSON_E_SYNTAX && error.offset <= text.len &&
			error.message.len));
	json_init(&json, out);
	if (!rc)
		write_value(&json, text, value);
	arena_free(&arena);
}

static void load(const uint8_t *data, size_t size)
{
	char path[] = "/tmp/fuzz_ndjson.XXXXXX.ndjson";
	const char *name = path;
	int fd = mkstemps(path, 7);
	struct ruleset_options options = { .paths = &name, .path_count = 1 };
	struct ruleset *set;

	require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	close(fd);
	require(!ruleset_load(&options, &set));
	require(set->rule_count <= set->report_count);
	ruleset_free(&set);
	unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* memory of the very size: what reads behind it is seen */
	char *copy = malloc(size + !size);
	struct strbuf once = STRBUF_INIT(0), twice = STRBUF_INIT(0);

	require(copy != NULL);
	memcpy(copy, data, size);
	rewrite((struct str){ copy, size }, &once);
	if (once.len) {
		rewrite(strbuf_str(&once), &twice);
		require(str_equal(strbuf_str(&once), strbuf_str(&twice)));
	}
	load(data, size);
	strbuf_free(&once);
	strbuf_free(&twice);
	free(copy);
	return 0;
}
