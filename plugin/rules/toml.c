/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A reader for all of TOML 1.0, by recursive descent.
 *
 * What no TOML text may hold anywhere (bytes that are not UTF-8, control
 * characters) is refused in a first pass, so that the rest need not look.
 *
 * Keys of all tables are in one index, by (table, key): a text of a million
 * keys is read in linear time. Whether a table may be opened again depends
 * only on what made it, see enum toml_origin.
 *
 * The way from a decoded string back to its text is not stored: toml_source()
 * decodes again and stops.
 */
#include "toml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../limits.h"
#include "../util/diag.h"
#include "../util/hash.h"
#include "../util/json.h"

struct parser {
	struct arena *arena;
	struct str text;
	size_t at;
	unsigned int depth; /* of arrays and inline tables */
	struct toml_error *error;
	uint8_t seed[16];
	struct toml_value **buckets; /* the index of keys */
	size_t bucket_count, key_count;
};

static int parse_value(struct parser *parser, struct toml_value *value);

/* --- text ----------------------------------------------------------------- */

static int fail(struct parser *parser, size_t offset, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(struct parser *parser, size_t offset, const char *format, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	parser->error->offset = offset;
	parser->error->message = arena_str(parser->arena, str_from(text));
	return parser->error->message.data ? TOML_E_SYNTAX : -ENOMEM;
}

/* The byte some way ahead; -1 behind the end. */
static int byte_at(struct str text, size_t at)
{
	return at < text.len ? (unsigned char)text.data[at] : -1;
}

static int peek(const struct parser *parser)
{
	return byte_at(parser->text, parser->at);
}

/* Length of the newline there; 0 = none. */
static size_t newline_at(struct str text, size_t at)
{
	if (byte_at(text, at) == '\n')
		return 1;
	return byte_at(text, at) == '\r' ? 2 : 0;
}

static bool is_blank(int c)
{
	return c == ' ' || c == '\t';
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int check_text(struct parser *parser)
{
	struct str text = parser->text;
	size_t at = 0, len;

	for (; at < text.len; at += len) {
		int c = byte_at(text, at);

		len = utf8_length(text.data + at, text.len - at);
		if (!len)
			return fail(parser, at, "this is not UTF-8");
		if (c == '\r' && byte_at(text, at + 1) != '\n')
			return fail(parser, at,
				    "a carriage return without a newline");
		if ((c < ' ' && !is_blank(c) && !newline_at(text, at)) ||
		    c == 0x7f)
			return fail(parser, at, "a control character (0x%02x)",
				    (unsigned int)c);
	}
	/* a byte order mark, as some editors leave it */
	if (text.len >= 3 && !memcmp(text.data, "\xef\xbb\xbf", 3))
		parser->at = 3;
	return 0;
}

static void skip_blanks(struct parser *parser)
{
	while (is_blank(peek(parser)))
		parser->at++;
}

static void skip_comment(struct parser *parser)
{
	if (peek(parser) != '#')
		return;
	while (peek(parser) >= 0 && !newline_at(parser->text, parser->at))
		parser->at++;
}

/* Blanks, comments and newlines. */
static void skip_space(struct parser *parser)
{
	size_t newline;

	do {
		skip_blanks(parser);
		skip_comment(parser);
		newline = newline_at(parser->text, parser->at);
		parser->at += newline;
	} while (newline);
}

static int expect_line_end(struct parser *parser)
{
	size_t newline;

	skip_blanks(parser);
	skip_comment(parser);
	newline = newline_at(parser->text, parser->at);
	if (!newline && peek(parser) >= 0)
		return fail(parser, parser->at,
			    "nothing more may stand on this line");
	parser->at += newline;
	return 0;
}

/* --- strings -------------------------------------------------------------- */

/* Decodes a string piece by piece. */
struct string_reader {
	struct str text;
	size_t at;
	int quote;
	bool multiline;
	size_t quotes; /* quotes to come that belong to the string */
	bool closing; /* the end is behind them */
	const char *problem; /* at at */
};

enum piece { PIECE_BYTES, PIECE_END, PIECE_BAD };

static struct string_reader string_begin(struct str text, size_t at)
{
	struct string_reader reader = {
		.text = text,
		.quote = byte_at(text, at),
	};

	reader.multiline = byte_at(text, at + 1) == reader.quote &&
			   byte_at(text, at + 2) == reader.quote;
	reader.at = at + (reader.multiline ? 3 : 1);
	if (reader.multiline)
		reader.at += newline_at(text, reader.at);
	return reader;
}

static enum piece string_bad(struct string_reader *reader, const char *problem)
{
	reader->problem = problem;
	return PIECE_BAD;
}

static size_t utf8_encode(uint32_t c, char out[4])
{
	static const unsigned char first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = len; i-- > 1; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(first[len] | c);
	return len;
}

/* \uXXXX and \UXXXXXXXX. */
static enum piece read_code_point(struct string_reader *reader, char out[4],
				  size_t *len)
{
	size_t digits = byte_at(reader->text, reader->at + 1) == 'u' ? 4 : 8;
	uint32_t code = 0;

	for (size_t i = 0; i < digits; i++) {
		int c = byte_at(reader->text, reader->at + 2 + i);

		if (is_digit(c))
			code = code << 4 | (uint32_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			code = code << 4 | (uint32_t)(c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			code = code << 4 | (uint32_t)(c - 'A' + 10);
		else
			return string_bad(reader,
					  "\\u wants 4 hex digits, \\U 8");
	}
	if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return string_bad(reader, "this is no Unicode character");
	reader->at += 2 + digits;
	*len = utf8_encode(code, out);
	return PIECE_BYTES;
}

/* A backslash at the end of a line joins it with the next text. */
static bool skip_joined_line(struct string_reader *reader)
{
	size_t at = reader->at + 1;

	while (is_blank(byte_at(reader->text, at)))
		at++;
	if (!reader->multiline || !newline_at(reader->text, at))
		return false;
	while (is_blank(byte_at(reader->text, at)) ||
	       newline_at(reader->text, at))
		at++;
	reader->at = at;
	return true;
}

static enum piece read_escape(struct string_reader *reader, char out[4],
			      size_t *len)
{
	static const char names[] = "btnfr\"\\";
	static const char bytes[] = "\b\t\n\f\r\"\\";
	int c = byte_at(reader->text, reader->at + 1);
	const char *found = c > 0 ? strchr(names, c) : NULL;

	*len = 0;
	if (c == 'u' || c == 'U')
		return read_code_point(reader, out, len);
	if (skip_joined_line(reader))
		return PIECE_BYTES;
	if (!found)
		return string_bad(reader, "there is no such escape");
	out[0] = bytes[found - names];
	*len = 1;
	reader->at += 2;
	return PIECE_BYTES;
}

/* Up to two quotes may stand before the three that end a multi-line string. */
static void count_quotes(struct string_reader *reader)
{
	size_t run = 0;

	while (byte_at(reader->text, reader->at + run) == reader->quote)
		run++;
	reader->closing = run >= 3;
	reader->quotes = run < 3 ? run : run - 3 < 2 ? run - 3 : 2;
}

/* The next piece of 0 to 4 bytes, and at behind it. */
static enum piece string_next(struct string_reader *reader, char out[4],
			      size_t *len)
{
	int c = byte_at(reader->text, reader->at);
	size_t newline = newline_at(reader->text, reader->at);

	if (c < 0 || (newline && !reader->multiline))
		return string_bad(reader, "this string is not closed");
	if (c == '\\' && reader->quote == '"')
		return read_escape(reader, out, len);
	if (c == reader->quote && !reader->multiline) {
		reader->at++;
		return PIECE_END;
	}
	if (c == reader->quote && !reader->quotes && !reader->closing)
		count_quotes(reader);
	if (reader->closing && !reader->quotes) {
		reader->at += 3;
		return PIECE_END;
	}
	if (reader->quotes)
		reader->quotes--;
	out[0] = newline ? '\n' : (char)c;
	*len = 1;
	reader->at += newline ? newline : 1;
	return PIECE_BYTES;
}

/* A string of any kind, decoded. */
static int parse_string(struct parser *parser, struct str *out)
{
	struct string_reader reader = string_begin(parser->text, parser->at);
	char bytes[4], *to;
	size_t len, total = 0;
	enum piece piece;

	while ((piece = string_next(&reader, bytes, &len)) == PIECE_BYTES)
		total += len;
	if (piece == PIECE_BAD)
		return fail(parser,
			    *reader.problem == 't' && byte_at(reader.text,
							      reader.at) != '\\'
				    ? parser->at
				    : reader.at,
			    "%s", reader.problem);
	out->data = to = arena_alloc(parser->arena, total + 1);
	if (!to)
		return -ENOMEM;
	out->len = total;
	reader = string_begin(parser->text, parser->at);
	while (string_next(&reader, bytes, &len) == PIECE_BYTES) {
		memcpy(to, bytes, len);
		to += len;
	}
	parser->at = reader.at;
	return 0;
}

size_t toml_source(struct str text, const struct toml_value *string, size_t at)
{
	struct string_reader reader = string_begin(text, string->offset);
	size_t before, len = 0, done = 0;
	char bytes[4];

	do {
		before = reader.at;
		done += len;
	} while (string_next(&reader, bytes, &len) == PIECE_BYTES &&
		 done + len <= at);
	return before;
}
