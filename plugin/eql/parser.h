/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_EQL_PARSER_H
#define AUDISP_EQL_EQL_PARSER_H

#include "ast.h"

/* The tree of compile->text. 0, EQL_E_*, -ENOMEM. */
int parse_query(struct compile *compile, struct ast_query **out);

#endif
