/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lexer.h"

#include <errno.h>
#include <string.h>

#include "../limits.h"

static bool is_ident_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       c == '@';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_ident(char c)
{
	return is_ident_start(c) || is_digit(c);
}

/* The byte at an offset from the position; NUL beyond the end. */
static char peek(const struct lexer *lexer, size_t ahead)
{
	struct str text = lexer->compile->text;
	size_t at = lexer->position + ahead;

	return at < text.len ? text.data[at] : '\0';
}

static bool at_end(const struct lexer *lexer)
{
	return lexer->position >= lexer->compile->text.len;
}

/* Nested block comments, as EQL has them. */
static int skip_block_comment(struct lexer *lexer)
{
	size_t start = lexer->position;
	unsigned int depth = 0;

	do {
		if (at_end(lexer))
			return compile_fail(lexer->compile, EQL_E_INVALID,
					    start,
					    "this comment is not closed");
		if (peek(lexer, 0) == '/' && peek(lexer, 1) == '*') {
			depth++;
			lexer->position += 2;
		} else if (peek(lexer, 0) == '*' && peek(lexer, 1) == '/') {
			depth--;
			lexer->position += 2;
		} else {
			lexer->position++;
		}
	} while (depth);
	return 0;
}

static int skip_space(struct lexer *lexer)
{
	for (;;) {
		char c = peek(lexer, 0);

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			lexer->position++;
		} else if (c == '/' && peek(lexer, 1) == '/') {
			while (!at_end(lexer) && peek(lexer, 0) != '\n')
				lexer->position++;
		} else if (c == '/' && peek(lexer, 1) == '*') {
			int rc = skip_block_comment(lexer);

			if (rc)
				return rc;
		} else {
			return 0;
		}
	}
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Appends a code point as UTF-8. */
static size_t put_utf8(char *out, uint32_t code)
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

/* \u{XX..} with the position on the 'u'; writes at most 4 bytes. */
static int read_unicode(struct lexer *lexer, char *out, size_t *len)
{
	size_t start = lexer->position - 1;
	unsigned int digits = 0;
	uint32_t code = 0;

	lexer->position++;
	if (peek(lexer, 0) != '{')
		goto bad;
	lexer->position++;
	while (hex_value(peek(lexer, 0)) >= 0 && digits < 9) {
		code = code << 4 | (uint32_t)hex_value(peek(lexer, 0));
		lexer->position++;
		digits++;
	}
	if (peek(lexer, 0) != '}' || digits < 2 || digits > 8 ||
	    code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		goto bad;
	lexer->position++;
	*len += put_utf8(out + *len, code);
	return 0;
bad:
	return compile_fail(lexer->compile, EQL_E_INVALID, start,
			    "\\u wants 2 to 8 hex digits of a code point in "
			    "braces");
}

/* One escape, the position on the byte behind the backslash. */
static int read_escape(struct lexer *lexer, char *out, size_t *len)
{
	static const char from[] = "btnrf\"'\\", to[] = "\b\t\n\r\f\"'\\";
	char c = peek(lexer, 0);
	const char *found = c ? strchr(from, c) : NULL;

	if (c == 'u')
		return read_unicode(lexer, out, len);
	if (!found)
		return compile_fail(lexer->compile, EQL_E_INVALID,
				    lexer->position - 1,
				    "no such escape; write \\\\ for a "
				    "backslash");
	out[(*len)++] = to[found - from];
	lexer->position++;
	return 0;
}

/* "...", with escapes. */
static int read_string(struct lexer *lexer, struct token *out)
{
	struct compile *compile = lexer->compile;
	size_t start = lexer->position, len = 0;
	/* no escape grows: \u{..} is at least as long as its bytes */
	char *text = arena_alloc(compile->options->arena,
				 compile->text.len - start + 1);
	int rc;

	if (!text)
		return -ENOMEM;
	lexer->position++;
	for (;;) {
		char c = peek(lexer, 0);

		if (at_end(lexer) || c == '\n' || c == '\r')
			return compile_fail(compile, EQL_E_INVALID, start,
					    "this string is not closed");
		lexer->position++;
		if (c == '"')
			break;
		if (c != '\\') {
			text[len++] = c;
			continue;
		}
		rc = read_escape(lexer, text, &len);
		if (rc)
			return rc;
	}
	out->type = TOKEN_STRING;
	out->text = (struct str){ text, len };
	return 0;
}

/* """...""", raw; up to two more quotes behind the end belong to the text. */
static int read_raw_string(struct lexer *lexer, struct token *out)
{
	struct compile *compile = lexer->compile;
	size_t start = lexer->position;

	lexer->position += 3;
	while (peek(lexer, 0) != '"' || peek(lexer, 1) != '"' ||
	       peek(lexer, 2) != '"') {
		if (at_end(lexer) || peek(lexer, 0) == '\n' ||
		    peek(lexer, 0) == '\r')
			return compile_fail(compile, EQL_E_INVALID, start,
					    "this raw string is not closed");
		lexer->position++;
	}
	for (int extra = 0; extra < 2 && peek(lexer, 3) == '"'; extra++)
		lexer->position++;
	out->type = TOKEN_STRING;
	out->text = (struct str){ compile->text.data + start + 3,
				  lexer->position - start - 3 };
	lexer->position += 3;
	return 0;
}

static int read_quoted(struct lexer *lexer, struct token *out)
{
	struct compile *compile = lexer->compile;
	size_t start = lexer->position, len = 0;
	char *text = arena_alloc(compile->options->arena,
				 compile->text.len - start + 1);

	if (!text)
		return -ENOMEM;
	lexer->position++;
	for (;;) {
		char c = peek(lexer, 0);

		if (at_end(lexer))
			return compile_fail(compile, EQL_E_INVALID, start,
					    "this quoted name is not closed");
		lexer->position++;
		if (c == '`' && peek(lexer, 0) != '`')
			break;
		if (c == '`')
			lexer->position++;
		text[len++] = c;
	}
	if (!len)
		return compile_fail(compile, EQL_E_INVALID, start,
				    "a quoted name cannot be empty");
	out->type = TOKEN_QUOTED;
	out->text = (struct str){ text, len };
	return 0;
}

static int read_number(struct lexer *lexer, struct token *out)
{
	size_t start = lexer->position;

	out->type = TOKEN_INTEGER;
	while (is_digit(peek(lexer, 0)))
		lexer->position++;
	if (peek(lexer, 0) == '.') {
		out->type = TOKEN_DECIMAL;
		lexer->position++;
		while (is_digit(peek(lexer, 0)))
			lexer->position++;
	}
	if ((peek(lexer, 0) == 'e' || peek(lexer, 0) == 'E') &&
	    (is_digit(peek(lexer, 1)) ||
	     ((peek(lexer, 1) == '-' || peek(lexer, 1) == '+') &&
	      is_digit(peek(lexer, 2))))) {
		out->type = TOKEN_DECIMAL;
		lexer->position += 2;
		while (is_digit(peek(lexer, 0)))
			lexer->position++;
	}
	out->text = (struct str){ lexer->compile->text.data + start,
				  lexer->position - start };
	return 0;
}

static int read_ident(struct lexer *lexer, struct token *out)
{
	size_t start = lexer->position;

	while (is_ident(peek(lexer, 0)))
		lexer->position++;
	out->type = TOKEN_IDENT;
	out->text = (struct str){ lexer->compile->text.data + start,
				  lexer->position - start };
	if (peek(lexer, 0) == '~') {
		out->tilde = true;
		lexer->position++;
	}
	return 0;
}

static int read_operator(struct lexer *lexer, struct token *out)
{
	static const char pairs[][3] = { "==", "!=", "<=", ">=", "![" };
	static const char singles[] = "<>=:()[],.|+-*/%?";
	const char *at = lexer->compile->text.data + lexer->position;
	size_t len = 0;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]) && !len; i++)
		if (peek(lexer, 0) == pairs[i][0] &&
		    peek(lexer, 1) == pairs[i][1])
			len = 2;
	if (!len && *at && strchr(singles, *at))
		len = 1;
	if (*at == '\'')
		return compile_fail(lexer->compile, EQL_E_INVALID,
				    lexer->position,
				    "strings stand in double quotes");
	if (!len)
		return compile_fail(lexer->compile, EQL_E_INVALID,
				    lexer->position,
				    "no token of EQL begins here");
	if (*at == '?' && (at[1] == '"' || at[1] == '\''))
		return compile_fail(lexer->compile, EQL_E_INVALID,
				    lexer->position,
				    "?\"...\" is old; write a raw string "
				    "\"\"\"...\"\"\"");
	out->type = TOKEN_OPERATOR;
	out->text = (struct str){ at, len };
	lexer->position += len;
	return 0;
}

int lexer_next(struct lexer *lexer, struct token *out)
{
	int rc = skip_space(lexer);
	char c = peek(lexer, 0);

	if (rc)
		return rc;
	*out = (struct token){ .offset = lexer->position };
	if (at_end(lexer))
		return 0;
	if (c == '"' && peek(lexer, 1) == '"' && peek(lexer, 2) == '"')
		rc = read_raw_string(lexer, out);
	else if (c == '"')
		rc = read_string(lexer, out);
	else if (c == '`')
		rc = read_quoted(lexer, out);
	else if (is_digit(c) || (c == '.' && is_digit(peek(lexer, 1))))
		rc = read_number(lexer, out);
	else if (is_ident_start(c))
		rc = read_ident(lexer, out);
	else
		rc = read_operator(lexer, out);
	out->len = lexer->position - out->offset;
	return rc;
}
