/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON, read into the tree that TOML is read into, so that a rule is checked
 * by the same code whichever it was written in. RFC 8259, strictly: no
 * comments, no second value, no key twice, nothing that is not UTF-8.
 */
#ifndef AUDISP_EQL_RULES_NDJSON_H
#define AUDISP_EQL_RULES_NDJSON_H

#include "toml.h"

enum {
	/* the text is no JSON */
	NDJSON_E_SYNTAX = 1,
};

/*
 * Reads one value, as a rule the object of a line; blank space may be around
 * it. 0 and *out; NDJSON_E_SYNTAX and *error; -ENOMEM. On failure *out is
 * unchanged.
 */
int ndjson_parse(struct arena *arena, struct str text, struct toml_value **out,
		 struct toml_error *error);
/* As toml_source(). */
size_t ndjson_source(struct str text, const struct toml_value *string,
		     size_t at);

#endif
