/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TOML 1.0, read into a tree that knows where in the text each value stands.
 * The same tree serves for JSON, see ndjson.h.
 */
#ifndef AUDISP_EQL_RULES_TOML_H
#define AUDISP_EQL_RULES_TOML_H

#include "../util/arena.h"

enum {
	/* the text is no TOML */
	TOML_E_SYNTAX = 1,
};

enum toml_type {
	TOML_STRING,
	TOML_INTEGER,
	TOML_FLOAT,
	TOML_BOOL,
	TOML_DATE, /* date, time or both: checked, and kept as text */
	TOML_ARRAY,
	TOML_TABLE,
	TOML_NULL, /* JSON's, as if the key were absent */
};

/* What made a table or an array, and so who may still add to it. */
enum toml_origin {
	TOML_BY_VALUE, /* [...] or {...} behind a '=': closed */
	TOML_BY_PATH, /* a header below it: its own header may follow */
	TOML_BY_KEY, /* a dotted key: more dotted keys may follow */
	TOML_BY_HEADER, /* [x], or an array made by [[x]] */
};

struct toml_value {
	enum toml_type type;
	enum toml_origin origin; /* ARRAY, TABLE */
	size_t offset; /* in the text; a table's: of its header or key */
	struct str key; /* of a member of a table */
	size_t key_offset;
	const struct toml_value *parent; /* the table it is a member of */
	struct toml_value *next; /* in its table or array */
	struct toml_value *chain; /* in the parser's index of keys */
	union {
		struct str text; /* STRING, decoded; DATE */
		int64_t integer;
		double number;
		bool boolean;
		struct {
			struct toml_value *first, *last;
			size_t count;
		} items; /* ARRAY, TABLE: as they stand in the text */
	};
};

struct toml_error {
	size_t offset;
	struct str message; /* in the arena */
};

/*
 * Reads a whole text; the tree borrows from it. 0 and *out, the root table;
 * TOML_E_SYNTAX and *error; -errno. On failure *out is unchanged.
 */
int toml_parse(struct arena *arena, struct str text, struct toml_value **out,
	       struct toml_error *error);
/*
 * The nanosecond of a date, with or without a time; what names no zone is in
 * UTC. Beyond 64 bits it is the first or the last there is. False = no date.
 */
bool toml_time(struct str text, int64_t *out);
/* A member of a table; NULL = none (or that is no table). */
const struct toml_value *toml_get(const struct toml_value *table,
				  const char *key);
/*
 * Where in the text a byte of a decoded string came from; its closing quote
 * for at == length.
 */
size_t toml_source(struct str text, const struct toml_value *string, size_t at);

#endif
