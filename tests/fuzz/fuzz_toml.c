/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text as TOML: either a complaint that points into the text, or a tree
 * whose every value does.
 */
#include "rules/toml.h"

#include <string.h>

#include "target.h"

static void check_string(struct str text, const struct toml_value *value)
{
	size_t before = value->offset;

	/* it decodes from the start each time */
	for (size_t at = 0; at <= value->text.len && at < 500; at++) {
		size_t source = toml_source(text, value, at);

		require(source >= before && source < text.len);
		before = source;
	}
}

/* A member is found by its name, and it alone has that name. */
static void check_name(const struct toml_value *table,
		       const struct toml_value *member)
{
	char *name = strndup(member->key.data ? member->key.data : "",
			     member->key.len);

	require(name != NULL);
	if (strlen(name) == member->key.len)
		require(toml_get(table, name) == member);
	free(name);
}

static void check_value(struct str text, const struct toml_value *value)
{
	size_t count = 0;

	require(value->offset <= text.len);
	if (value->type == TOML_STRING)
		check_string(text, value);
	if (value->type == TOML_DATE)
		require(value->text.len >= 8);
	if (value->type != TOML_ARRAY && value->type != TOML_TABLE)
		return;
	for (const struct toml_value *item = value->items.first; item;
	     item = item->next) {
		check_value(text, item);
		count++;
		if (value->type != TOML_TABLE)
			continue;
		require(item->parent == value);
		require(item->key_offset < text.len);
		check_name(value, item);
	}
	require(count == value->items.count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct arena *arena = arena_new(64U << 20);
	struct toml_value *root = NULL;
	struct toml_error error = { 0 };
	int rc;

	require(arena != NULL);
	rc = toml_parse(arena, text, &root, &error);
	if (!rc) {
		check_value(text, root);
	} else {
		require(rc == TOML_E_SYNTAX && !root);
		require(error.offset <= size && error.message.len > 0);
	}
	arena_free(&arena);
	return 0;
}
