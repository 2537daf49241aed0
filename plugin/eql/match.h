/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_EQL_MATCH_H
#define AUDISP_EQL_EQL_MATCH_H

#include "regex.h"

/* The compiled patterns of ':', like or regex. */
struct matcher;

/*
 * Compiles the patterns of a MATCH node and hangs them on it. script: as they
 * mean below a function, where Elasticsearch runs Java (all of Unicode's
 * cases, and '*' and '.' stop at the end of a line). 0, EQL_E_*, -ENOMEM.
 */
int matcher_compile(struct compile *compile, struct node *match, bool script);
enum match_result matcher_match(const struct matcher *matcher, struct str text,
				struct arena *scratch);

#endif
