/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expressions that compute. Constants are folded with it, and leaves that hold
 * a function or arithmetic run on it. Null is a third truth value here: what
 * is made of null is null, unless the other operand decides.
 */
#ifndef AUDISP_EQL_EQL_SCRIPT_H
#define AUDISP_EQL_EQL_SCRIPT_H

#include "ast.h"
#include "functions.h"

struct script {
	const struct value *cells; /* the values of its fields, one each */
	struct arena *arena; /* for what it computes */
	const char *error; /* why it raised; static */
};

/* 0, SCRIPT_E_RAISED, or -ENOMEM: the arena or a limit ended it. */
int script_eval(const struct node *node, struct script *script,
		struct value *out);

#endif
