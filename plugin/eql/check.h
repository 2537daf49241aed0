/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_EQL_CHECK_H
#define AUDISP_EQL_EQL_CHECK_H

#include "ast.h"

/* The query of a parsed tree. 0, EQL_E_*, -ENOMEM. */
int check_query(struct compile *compile, struct ast_query *ast,
		const struct query **out);

#endif
