/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_EQL_REGEX_H
#define AUDISP_EQL_EQL_REGEX_H

#include "../util/arena.h"
#include "ast.h"

struct regex;

/*
 * The patterns of a regex node as one. script: as Java reads them, else as
 * Lucene does. 0, EQL_E_*, -ENOMEM.
 */
int regex_compile(struct compile *compile, const struct node *match,
		  bool script, const struct regex **out);

enum match_result { MATCH_NO, MATCH_YES, MATCH_LIMIT };

/* Whether the whole text matches. Not for two threads at once. */
enum match_result regex_match(const struct regex *regex, struct str text,
			      struct arena *scratch);

#endif
