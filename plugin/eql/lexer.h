/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_EQL_LEXER_H
#define AUDISP_EQL_EQL_LEXER_H

#include "ast.h"

enum token_type {
	TOKEN_END,
	TOKEN_IDENT, /* keywords too: see lexer_is_keyword() */
	TOKEN_QUOTED, /* `identifier` */
	TOKEN_STRING,
	TOKEN_INTEGER,
	TOKEN_DECIMAL,
	TOKEN_OPERATOR, /* punctuation; text says which */
};

struct token {
	enum token_type type;
	size_t offset; /* in the query */
	struct str text; /* decoded: string content, identifier, operator */
	bool tilde; /* identifier with ~ right behind it */
};

struct lexer {
	struct compile *compile;
	size_t position;
};

/* The next token; 0, EQL_E_INVALID, -ENOMEM. */
int lexer_next(struct lexer *lexer, struct token *out);
bool lexer_is_keyword(struct str text);
/* Whether a name can stand without backticks. */
bool lexer_is_plain_name(struct str text);
/*
 * Offset in the query of the byte at index of the content of the string
 * literal that begins at start.
 */
size_t lexer_string_offset(struct str query, size_t start, size_t index);

#endif
