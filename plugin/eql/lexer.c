/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lexer.h"

#include <errno.h>
#include <string.h>

#include "text.h"

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool lexer_is_keyword(struct str text)
{
	static const char *const words[] = {
		"and",	    "any",  "by",    "false", "in",   "join",  "like",
		"maxspan",  "not",  "null",  "of",    "or",   "regex", "sample",
		"sequence", "true", "until", "where", "with",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_equal(text, str_from(words[i])))
			return true;
	return false;
}

bool lexer_is_plain_name(struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if (!is_letter(c) && !(i ? is_digit(c) : c == '@'))
			return false;
	}
	return text.len && !lexer_is_keyword(text);
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

static int fail(struct lexer *lexer, size_t offset, const char *message)
{
	return compile_fail(lexer->compile, EQL_E_INVALID, offset, "%s",
			    message);
}

/* Block comments nest. */
static int skip_block_comment(struct lexer *lexer)
{
	size_t start = lexer->position, depth = 0;

	do {
		if (at_end(lexer))
			return fail(lexer, start, "this comment is not closed");
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
			while (!at_end(lexer) && peek(lexer, 0) != '\n' &&
			       peek(lexer, 0) != '\r')
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

/* --- strings -------------------------------------------------------------- */

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

/* u{XX..} at p, of at most len bytes. Returns its length, 0 = malformed. */
static size_t read_unicode(const char *p, size_t len, uint32_t *code)
{
	size_t i = 2;

	if (len < 2 || p[1] != '{')
		return 0;
	for (*code = 0; i < len && i < 10 && hex_value(p[i]) >= 0; i++)
		*code = *code << 4 | (uint32_t)hex_value(p[i]);
	if (i < 4 || i == len || p[i] != '}' || *code > 0x10ffff ||
	    (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return i + 1;
}

/*
 * One escape, p behind the backslash. Writes the bytes it stands for and
 * returns the length of its source, 0 = there is none such. No escape grows.
 */
static size_t read_escape(const char *p, size_t len, char out[4],
			  size_t *out_len)
{
	static const char from[] = "btnrf\"'\\", to[] = "\b\t\n\r\f\"'\\";
	const char *found = len && *p ? strchr(from, *p) : NULL;
	uint32_t code;
	size_t used;

	if (found) {
		out[0] = to[found - from];
		*out_len = 1;
		return 1;
	}
	used = len && *p == 'u' ? read_unicode(p, len, &code) : 0;
	if (used)
		*out_len = text_put_char(out, code);
	return used;
}

/* Decodes the escapes of a string's source. */
static int decode_string(struct lexer *lexer, size_t start, struct str *text)
{
	char *out = arena_alloc(lexer->compile->options->arena, text->len + 1);
	size_t len = 0;

	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < text->len;) {
		const char *p = text->data + i;
		size_t bytes, used;

		if (*p != '\\') {
			out[len++] = *p;
			i++;
			continue;
		}
		used = read_escape(p + 1, text->len - i - 1, out + len, &bytes);
		if (!used)
			return fail(lexer, start + i,
				    p[1] == 'u'
					    ? "\\u takes 2 to 8 hex digits of "
					      "a character in braces"
					    : "no such escape; a backslash is "
					      "written \\\\");
		len += bytes;
		i += 1 + used;
	}
	*text = (struct str){ out, len };
	return 0;
}

/* "...", with escapes. */
static int read_string(struct lexer *lexer, struct token *out)
{
	size_t start = lexer->position;
	bool escapes = false;

	for (lexer->position++; peek(lexer, 0) != '"'; lexer->position++) {
		if (peek(lexer, 0) == '\\') {
			escapes = true;
			lexer->position++;
		}
		if (at_end(lexer) || peek(lexer, 0) == '\n' ||
		    peek(lexer, 0) == '\r')
			return fail(lexer, start, "this string is not closed");
	}
	out->type = TOKEN_STRING;
	out->text = (struct str){ lexer->compile->text.data + start + 1,
				  lexer->position - start - 1 };
	lexer->position++;
	return escapes ? decode_string(lexer, start + 1, &out->text) : 0;
}

static bool at_raw_quotes(const struct lexer *lexer)
{
	return peek(lexer, 0) == '"' && peek(lexer, 1) == '"' &&
	       peek(lexer, 2) == '"';
}

/* """...""", raw; up to two more quotes behind the end belong to the text. */
static int read_raw_string(struct lexer *lexer, struct token *out)
{
	size_t start = lexer->position;

	for (lexer->position += 3; !at_raw_quotes(lexer); lexer->position++)
		if (at_end(lexer) || peek(lexer, 0) == '\n' ||
		    peek(lexer, 0) == '\r')
			return fail(lexer, start,
				    "this raw string is not closed");
	for (int extra = 0; extra < 2 && peek(lexer, 3) == '"'; extra++)
		lexer->position++;
	out->type = TOKEN_STRING;
	out->text = (struct str){ lexer->compile->text.data + start + 3,
				  lexer->position - start - 3 };
	lexer->position += 3;
	return 0;
}

size_t lexer_string_offset(struct str query, size_t start, size_t index)
{
	const char *p = query.data + start;
	size_t at = 1, decoded = 0;

	if (query.len - start >= 3 && p[1] == '"' && p[2] == '"')
		return start + 3 + index;
	while (decoded < index) {
		char bytes[4];
		size_t len = 1;

		at++;
		if (p[at - 1] == '\\')
			at += read_escape(p + at, query.len - start - at, bytes,
					  &len);
		decoded += len;
	}
	return start + at;
}

/* --- other tokens --------------------------------------------------------- */

/* `...`; two backticks stand for one. */
static int read_quoted(struct lexer *lexer, struct token *out)
{
	struct str text = lexer->compile->text;
	size_t start = lexer->position++, len = 0;
	char *name;

	while (peek(lexer, 0) != '`' || peek(lexer, 1) == '`') {
		if (at_end(lexer))
			return fail(lexer, start, "this name is not closed");
		lexer->position += peek(lexer, 0) == '`' ? 2 : 1;
	}
	name = arena_alloc(lexer->compile->options->arena,
			   lexer->position - start);
	if (!name)
		return -ENOMEM;
	for (size_t i = start + 1; i < lexer->position; i++) {
		name[len++] = text.data[i];
		i += text.data[i] == '`';
	}
	lexer->position++;
	if (!len)
		return fail(lexer, start, "a name cannot be empty");
	out->type = TOKEN_QUOTED;
	out->text = (struct str){ name, len };
	return 0;
}

static void skip_digits(struct lexer *lexer)
{
	while (is_digit(peek(lexer, 0)))
		lexer->position++;
}

static void read_number(struct lexer *lexer, struct token *out)
{
	size_t start = lexer->position;

	out->type = TOKEN_INTEGER;
	skip_digits(lexer);
	if (peek(lexer, 0) == '.') {
		out->type = TOKEN_DECIMAL;
		lexer->position++;
		skip_digits(lexer);
	}
	if (peek(lexer, 0) == 'e' || peek(lexer, 0) == 'E') {
		size_t sign = peek(lexer, 1) == '-' || peek(lexer, 1) == '+';

		if (is_digit(peek(lexer, 1 + sign))) {
			out->type = TOKEN_DECIMAL;
			lexer->position += 1 + sign;
			skip_digits(lexer);
		}
	}
	out->text = (struct str){ lexer->compile->text.data + start,
				  lexer->position - start };
}

static void read_ident(struct lexer *lexer, struct token *out)
{
	size_t start = lexer->position++;

	while (is_letter(peek(lexer, 0)) || is_digit(peek(lexer, 0)))
		lexer->position++;
	out->type = TOKEN_IDENT;
	out->text = (struct str){ lexer->compile->text.data + start,
				  lexer->position - start };
	if (peek(lexer, 0) == '~') {
		out->tilde = true;
		lexer->position++;
	}
}

static int read_operator(struct lexer *lexer, struct token *out)
{
	static const char pairs[][3] = { "==", "!=", "<=", ">=", "![" };
	char first = peek(lexer, 0), second = peek(lexer, 1);
	size_t len = 0;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (first == pairs[i][0] && second == pairs[i][1])
			len = 2;
	if (!len && first && strchr("<>=:()[],.|+-*/%?", first))
		len = 1;
	if (first == '\'')
		return fail(lexer, lexer->position,
			    "strings stand in double quotes");
	if (first == '?' && (second == '"' || second == '\''))
		return fail(lexer, lexer->position,
			    "a raw string stands in three double quotes");
	if (!len)
		return fail(lexer, lexer->position,
			    "this character has no meaning here");
	out->type = TOKEN_OPERATOR;
	out->text = (struct str){ lexer->compile->text.data + lexer->position,
				  len };
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
	if (at_raw_quotes(lexer))
		rc = read_raw_string(lexer, out);
	else if (c == '"')
		rc = read_string(lexer, out);
	else if (c == '`')
		rc = read_quoted(lexer, out);
	else if (is_digit(c) || (c == '.' && is_digit(peek(lexer, 1))))
		read_number(lexer, out);
	else if (is_letter(c) || c == '@')
		read_ident(lexer, out);
	else
		rc = read_operator(lexer, out);
	return rc;
}
