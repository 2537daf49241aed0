/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_EQL_LEXER_H
#define AUDISP_EQL_EQL_LEXER_H

#include "ast.h"

enum token_type {
	TOKEN_END,
	TOKEN_IDENT, /* keywords too: EQL has few and the parser knows them */
	TOKEN_QUOTED, /* `identifier` */
	TOKEN_STRING,
	TOKEN_INTEGER,
	TOKEN_DECIMAL,
	TOKEN_OPERATOR, /* punctuation; text says which */
};

struct token {
	enum token_type type;
	size_t offset, len; /* in the query */
	struct str text; /* decoded: string content, identifier, operator */
	bool tilde; /* identifier with ~ right behind it */
};

struct lexer {
	struct compile *compile;
	size_t position;
};

/* The next token; 0, EQL_E_INVALID, -ENOMEM. */
int lexer_next(struct lexer *lexer, struct token *out);

#endif
