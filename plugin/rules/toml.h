/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small reader for TOML 1.0: text in, a tree in an arena out. */
#ifndef AUDISP_EQL_RULES_TOML_H
#define AUDISP_EQL_RULES_TOML_H

#include <audisp-eql/event.h>

#include "../util/arena.h"

enum toml_type {
	TOML_STRING,
	TOML_INTEGER,
	TOML_FLOAT,
	TOML_BOOL,
	TOML_DATE, /* kept as text */
	TOML_ARRAY,
	TOML_TABLE,
};

struct toml {
	enum toml_type type;
	size_t offset; /* of the value in the text */
	struct str key; /* in a table */
	size_t key_offset;
	struct str text; /* STRING decoded, DATE */
	int64_t integer;
	double number;
	bool truth;
	bool closed; /* written whole: nothing may be added */
	bool defined; /* a table that had its own header */
	struct toml *first, *last; /* ARRAY, TABLE: members in order */
	struct toml *next; /* the following member */
	size_t count;
};

struct toml_error {
	size_t offset;
	struct str message; /* in the arena, or static */
};

enum { TOML_E_SYNTAX = 1 };

/* 0 and the root table; TOML_E_SYNTAX and *error; -ENOMEM. */
int toml_parse(struct arena *arena, struct str text, struct toml **out,
	       struct toml_error *error);
/* A member of a table; NULL = none (also where table is NULL). */
const struct toml *toml_get(const struct toml *table, const char *key);
/*
 * Where in the text a byte of a decoded string stands, so that a complaint
 * about a query points into its file.
 */
size_t toml_offset(struct str text, const struct toml *string, size_t at);

#endif
