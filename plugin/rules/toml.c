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
	size_t start, at;
	int quote;
	bool multiline;
	size_t quotes; /* quotes to come that belong to the string */
	bool closing; /* the end is behind them */
	const char *problem;
	size_t problem_at;
};

enum piece { PIECE_BYTES, PIECE_END, PIECE_BAD };

static struct string_reader string_begin(struct str text, size_t at)
{
	struct string_reader reader = {
		.text = text,
		.start = at,
		.quote = byte_at(text, at),
	};

	reader.multiline = byte_at(text, at + 1) == reader.quote &&
			   byte_at(text, at + 2) == reader.quote;
	reader.at = at + (reader.multiline ? 3 : 1);
	if (reader.multiline)
		reader.at += newline_at(text, reader.at);
	return reader;
}

static enum piece string_bad(struct string_reader *reader, size_t at,
			     const char *problem)
{
	reader->problem = problem;
	reader->problem_at = at;
	return PIECE_BAD;
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
			return string_bad(reader, reader->at,
					  "\\u wants 4 hex digits, \\U 8");
	}
	if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return string_bad(reader, reader->at,
				  "this is no Unicode character");
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
		return string_bad(reader, reader->at,
				  "there is no such escape");
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
		return string_bad(reader, reader->start,
				  "this string is not closed");
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
		return fail(parser, reader.problem_at, "%s", reader.problem);
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

/* --- keys and tables ------------------------------------------------------ */

static size_t bucket_of(const struct parser *parser,
			const struct toml_value *table, struct str key)
{
	uint64_t hash = hash_bytes(key.data, key.len, parser->seed);

	return hash_combine(hash, (uint64_t)(uintptr_t)table) %
	       parser->bucket_count;
}

static struct toml_value *find_key(const struct parser *parser,
				   const struct toml_value *table,
				   struct str key)
{
	struct toml_value *found =
		parser->buckets[bucket_of(parser, table, key)];

	while (found && (found->parent != table || !str_equal(found->key, key)))
		found = found->chain;
	return found;
}

static int grow_index(struct parser *parser)
{
	struct toml_value **old = parser->buckets;
	size_t count = parser->bucket_count;

	parser->bucket_count = count ? 4 * count : 64;
	parser->buckets = arena_array(parser->arena, parser->bucket_count,
				      sizeof(struct toml_value *));
	if (!parser->buckets)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		while (old[i]) {
			struct toml_value *value = old[i], **bucket;

			old[i] = value->chain;
			bucket = &parser->buckets[bucket_of(
				parser, value->parent, value->key)];
			value->chain = *bucket;
			*bucket = value;
		}
	}
	return 0;
}

static void append(struct toml_value *to, struct toml_value *value)
{
	if (to->items.last)
		to->items.last->next = value;
	else
		to->items.first = value;
	to->items.last = value;
	to->items.count++;
}

/* One part of a key, as it stands in the text. */
struct key_part {
	struct str text;
	size_t offset;
};

/* A member that the table does not have yet. */
static int add_member(struct parser *parser, struct toml_value *table,
		      const struct key_part *part, struct toml_value **out)
{
	struct toml_value *value = arena_alloc(parser->arena, sizeof(*value));
	struct toml_value **bucket;
	int rc = 0;

	if (!value)
		return -ENOMEM;
	if (parser->key_count == parser->bucket_count)
		rc = grow_index(parser);
	if (rc)
		return rc;
	value->key = part->text;
	value->key_offset = value->offset = part->offset;
	value->parent = table;
	bucket = &parser->buckets[bucket_of(parser, table, part->text)];
	value->chain = *bucket;
	*bucket = value;
	parser->key_count++;
	append(table, value);
	*out = value;
	return 0;
}

static int fail_twice(struct parser *parser, const struct key_part *part,
		      const struct toml_value *first)
{
	struct diag at;

	diag_locate(parser->text, first->key_offset, &at);
	return fail(parser, part->offset, "'%.*s' is in line %u already",
		    STR_ARG(part->text), at.line);
}

static bool is_key_byte(int c)
{
	return is_letter(c) || is_digit(c) || c == '_' || c == '-';
}

static int parse_key_part(struct parser *parser, struct key_part *out)
{
	const char *start;

	skip_blanks(parser);
	out->offset = parser->at;
	if (peek(parser) == '"' || peek(parser) == '\'') {
		if (string_begin(parser->text, parser->at).multiline)
			return fail(parser, parser->at, "a key is on one line");
		return parse_string(parser, &out->text);
	}
	start = parser->text.data + parser->at;
	while (is_key_byte(peek(parser)))
		parser->at++;
	out->text = (struct str){ start, parser->at - out->offset };
	if (!out->text.len)
		return fail(parser, parser->at, "a key is wanted here");
	return 0;
}

/* The parts of a key up to the last, which is left to the caller; each goes
 * one table down. */
static int parse_key(struct parser *parser, struct toml_value **table,
		     struct key_part *last,
		     int (*descend)(struct parser *, struct toml_value **,
				    const struct key_part *))
{
	int rc = parse_key_part(parser, last);

	while (!rc) {
		skip_blanks(parser);
		if (peek(parser) != '.')
			return 0;
		parser->at++;
		rc = descend(parser, table, last);
		if (!rc)
			rc = parse_key_part(parser, last);
	}
	return rc;
}

/* A part of a dotted key before a '='. */
static int descend_key(struct parser *parser, struct toml_value **table,
		       const struct key_part *part)
{
	struct toml_value *next = find_key(parser, *table, part->text);
	int rc = 0;

	if (!next)
		rc = add_member(parser, *table, part, &next);
	else if (next->type != TOML_TABLE ||
		 (next->origin != TOML_BY_KEY && next->origin != TOML_BY_PATH))
		return fail_twice(parser, part, next);
	if (rc)
		return rc;
	next->type = TOML_TABLE;
	next->origin = TOML_BY_KEY;
	*table = next;
	return 0;
}

/* A part of a header before its last: through arrays, to their last table. */
static int descend_header(struct parser *parser, struct toml_value **table,
			  const struct key_part *part)
{
	struct toml_value *next = find_key(parser, *table, part->text);
	int rc;

	if (!next) {
		rc = add_member(parser, *table, part, &next);
		if (rc)
			return rc;
		next->type = TOML_TABLE;
		next->origin = TOML_BY_PATH;
	} else if ((next->type != TOML_TABLE && next->type != TOML_ARRAY) ||
		   next->origin == TOML_BY_VALUE) {
		return fail_twice(parser, part, next);
	}
	*table = next->type == TOML_ARRAY ? next->items.last : next;
	return 0;
}

/* key = value into a table. */
static int parse_member(struct parser *parser, struct toml_value *table)
{
	struct toml_value *member;
	struct key_part last;
	int rc = parse_key(parser, &table, &last, descend_key);

	if (rc)
		return rc;
	if (peek(parser) != '=')
		return fail(parser, parser->at, "'=' is wanted here");
	parser->at++;
	member = find_key(parser, table, last.text);
	if (member)
		return fail_twice(parser, &last, member);
	rc = add_member(parser, table, &last, &member);
	if (rc)
		return rc;
	skip_blanks(parser);
	return parse_value(parser, member);
}

/* --- numbers, dates, true and false --------------------------------------- */

static int digit_of(int c, int base)
{
	int digit = is_digit(c)		   ? c - '0'
		    : c >= 'a' && c <= 'f' ? c - 'a' + 10
		    : c >= 'A' && c <= 'F' ? c - 'A' + 10
					   : 99;

	return digit < base ? digit : -1;
}

/* Digits with single underscores between them; returns what is behind, the
 * start where there are none. */
static size_t skip_digits(struct str text, size_t at, int base)
{
	size_t end = at;

	while (digit_of(byte_at(text, end), base) >= 0 ||
	       (end > at && byte_at(text, end) == '_' &&
		digit_of(byte_at(text, end - 1), base) >= 0 &&
		digit_of(byte_at(text, end + 1), base) >= 0))
		end++;
	return end;
}

/* The token without its underscores, as a C string. */
static char *plain_number(struct parser *parser, struct str token)
{
	char *copy = arena_alloc(parser->arena, token.len + 1), *to = copy;

	for (size_t i = 0; copy && i < token.len; i++)
		if (token.data[i] != '_')
			*to++ = token.data[i];
	return copy;
}

static int parse_integer(struct parser *parser, struct str token, int base,
			 struct toml_value *value)
{
	char *copy = plain_number(parser, token), *digits = copy;

	if (!copy)
		return -ENOMEM;
	if (base != 10)
		digits += 2; /* 0x */
	errno = 0;
	value->type = TOML_INTEGER;
	value->integer = strtoll(digits, NULL, base);
	if (errno)
		return fail(parser, value->offset,
			    "this number does not fit into 64 bits");
	return 0;
}

/* Whether the token is a float: fraction or exponent or both behind digits. */
static bool is_float(struct str token, size_t behind_digits)
{
	size_t at = behind_digits, end;

	if (byte_at(token, at) == '.') {
		end = skip_digits(token, at + 1, 10);
		if (end == at + 1)
			return false;
		at = end;
	}
	if (byte_at(token, at) == 'e' || byte_at(token, at) == 'E') {
		at++;
		if (byte_at(token, at) == '+' || byte_at(token, at) == '-')
			at++;
		end = skip_digits(token, at, 10);
		if (end == at)
			return false;
		at = end;
	}
	return at == token.len && at > behind_digits;
}

static int parse_float(struct parser *parser, struct str token,
		       struct toml_value *value)
{
	char *copy = plain_number(parser, token);

	if (!copy)
		return -ENOMEM;
	value->type = TOML_FLOAT;
	value->number = strtod(copy, NULL);
	return 0;
}

/* 0x, 0o, 0b; 0 = none of them. */
static int prefix_base(struct str token)
{
	if (byte_at(token, 0) != '0')
		return 0;
	switch (byte_at(token, 1)) {
	case 'x':
		return 16;
	case 'o':
		return 8;
	case 'b':
		return 2;
	default:
		return 0;
	}
}

static int parse_number(struct parser *parser, struct str token,
			struct toml_value *value)
{
	size_t sign = byte_at(token, 0) == '+' || byte_at(token, 0) == '-';
	struct str rest = { token.data + sign, token.len - sign };
	int base = prefix_base(token);
	size_t end;

	if (base && token.len > 2 && skip_digits(token, 2, base) == token.len)
		return parse_integer(parser, token, base, value);
	if (str_equal(rest, STR("inf")) || str_equal(rest, STR("nan")))
		return parse_float(parser, token, value);
	end = skip_digits(rest, 0, 10);
	if (!end || (byte_at(rest, 0) == '0' && end > 1))
		return fail(parser, value->offset, "this is no value");
	if (end == rest.len)
		return parse_integer(parser, token, 10, value);
	if (is_float(rest, end))
		return parse_float(parser, token, value);
	return fail(parser, value->offset, "this is no value");
}

/* count digits; -1 = not so. */
static int fixed_digits(struct str text, size_t at, size_t count)
{
	int number = 0;

	for (size_t i = 0; i < count; i++) {
		if (!is_digit(byte_at(text, at + i)))
			return -1;
		number = number * 10 + byte_at(text, at + i) - '0';
	}
	return number;
}

static bool in_range(int number, int least, int most)
{
	return number >= least && number <= most;
}

/* yyyy-mm-dd at the start of the token; 0, or the length. */
static size_t match_date(struct str token)
{
	static const int days[] = { 31, 29, 31, 30, 31, 30,
				    31, 31, 30, 31, 30, 31 };
	int year = fixed_digits(token, 0, 4);
	int month = fixed_digits(token, 5, 2);
	int day = fixed_digits(token, 8, 2);
	bool leap = year % 4 == 0 && (year % 100 || year % 400 == 0);

	if (year < 0 || byte_at(token, 4) != '-' || byte_at(token, 7) != '-' ||
	    !in_range(month, 1, 12) || !in_range(day, 1, days[month - 1]) ||
	    (month == 2 && day == 29 && !leap))
		return 0;
	return 10;
}

/* hh:mm:ss[.fraction] there; 0, or what is behind it. */
static size_t match_time(struct str token, size_t at)
{
	size_t end = at + 8;

	if (!in_range(fixed_digits(token, at, 2), 0, 23) ||
	    byte_at(token, at + 2) != ':' ||
	    !in_range(fixed_digits(token, at + 3, 2), 0, 59) ||
	    byte_at(token, at + 5) != ':' ||
	    !in_range(fixed_digits(token, at + 6, 2), 0, 60))
		return 0;
	if (byte_at(token, end) != '.')
		return end;
	if (!is_digit(byte_at(token, ++end)))
		return 0;
	while (is_digit(byte_at(token, end)))
		end++;
	return end;
}

/* Z or +hh:mm there; what is behind it. */
static size_t match_zone(struct str token, size_t at)
{
	int c = byte_at(token, at);

	if (c == 'Z' || c == 'z')
		return at + 1;
	if ((c == '+' || c == '-') &&
	    in_range(fixed_digits(token, at + 1, 2), 0, 23) &&
	    byte_at(token, at + 3) == ':' &&
	    in_range(fixed_digits(token, at + 4, 2), 0, 59))
		return at + 6;
	return at;
}

static bool is_date(struct str token)
{
	size_t date = match_date(token), end;
	int between = byte_at(token, date);

	if (!date)
		return match_time(token, 0) == token.len;
	if (date == token.len)
		return true;
	if (between != 'T' && between != 't' && between != ' ')
		return false;
	end = match_time(token, date + 1);
	return end && match_zone(token, end) == token.len;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar. */
static int64_t days_since_1970(int year, int month, int day)
{
	/* years that begin in March have their leap day at the end */
	int64_t y = month > 2 ? year : year - 1;
	int64_t m = month > 2 ? month - 3 : month + 9;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day -
	       1 - 719468;
}

/* The seconds a zone is ahead of UTC. */
static int64_t zone_seconds(struct str zone)
{
	int64_t seconds;

	if (zone.len != 6)
		return 0;
	seconds = fixed_digits(zone, 1, 2) * 3600LL +
		  fixed_digits(zone, 4, 2) * 60LL;
	return zone.data[0] == '-' ? -seconds : seconds;
}

bool toml_time(struct str text, int64_t *out)
{
	size_t date = match_date(text), end = date;
	int64_t seconds, fraction = 0, scale = NSEC_PER_SEC;

	if (!date || !is_date(text))
		return false;
	seconds = days_since_1970(fixed_digits(text, 0, 4),
				  fixed_digits(text, 5, 2),
				  fixed_digits(text, 8, 2)) *
		  86400;
	if (text.len > date) {
		end = match_time(text, date + 1);
		seconds += fixed_digits(text, date + 1, 2) * 3600LL +
			   fixed_digits(text, date + 4, 2) * 60LL +
			   fixed_digits(text, date + 7, 2);
		for (size_t i = date + 10; i < end && scale > 1; i++) {
			scale /= 10;
			fraction += scale * (text.data[i] - '0');
		}
		seconds -= zone_seconds(
			(struct str){ text.data + end, text.len - end });
	}
	if (seconds >= INT64_MAX / NSEC_PER_SEC)
		*out = INT64_MAX;
	else if (seconds <= INT64_MIN / NSEC_PER_SEC)
		*out = INT64_MIN;
	else
		*out = seconds * NSEC_PER_SEC + fraction;
	return true;
}

/* The bytes a number, a date or a word may have. */
static void skip_token(struct parser *parser)
{
	int c = peek(parser);

	while (is_key_byte(c) || c == '+' || c == '.' || c == ':') {
		parser->at++;
		c = peek(parser);
	}
}

static int parse_token(struct parser *parser, struct toml_value *value)
{
	struct str token = { parser->text.data + parser->at, 0 };
	size_t start = parser->at;
	int c;

	skip_token(parser);
	token.len = parser->at - start;
	/* a blank may stand between date and time */
	if (token.len == 10 && match_date(token) && peek(parser) == ' ' &&
	    is_digit(byte_at(parser->text, parser->at + 1))) {
		parser->at++;
		skip_token(parser);
		token.len = parser->at - start;
	}
	c = byte_at(token, 0);
	if (!token.len)
		return fail(parser, start, "a value is wanted here");
	if (str_equal(token, STR("true")) || str_equal(token, STR("false"))) {
		value->type = TOML_BOOL;
		value->boolean = c == 't';
		return 0;
	}
	if (byte_at(token, 2) == ':' || byte_at(token, 4) == '-') {
		value->type = TOML_DATE;
		value->text = token;
		if (is_date(token))
			return 0;
		if (is_digit(c) && is_digit(byte_at(token, 1)))
			return fail(parser, start, "this is no date or time");
	}
	return parse_number(parser, token, value);
}

/* --- arrays, tables ------------------------------------------------------- */

static int parse_array(struct parser *parser, struct toml_value *array)
{
	struct toml_value *item;
	int rc;

	array->type = TOML_ARRAY;
	array->origin = TOML_BY_VALUE;
	do {
		parser->at++; /* '[' or ',' */
		skip_space(parser);
		if (peek(parser) == ']')
			break;
		item = arena_alloc(parser->arena, sizeof(*item));
		if (!item)
			return -ENOMEM;
		append(array, item);
		rc = parse_value(parser, item);
		if (rc)
			return rc;
		skip_space(parser);
	} while (peek(parser) == ',');
	if (peek(parser) != ']')
		return fail(parser, parser->at, "',' or ']' is wanted here");
	parser->at++;
	return 0;
}

/* Closed only when it is whole: within, its dotted keys may share a table. */
static int parse_inline_table(struct parser *parser, struct toml_value *table)
{
	table->type = TOML_TABLE;
	table->origin = TOML_BY_VALUE;
	parser->at++;
	skip_blanks(parser);
	if (peek(parser) == '}') {
		parser->at++;
		return 0;
	}
	for (;;) {
		int rc = parse_member(parser, table);

		if (rc)
			return rc;
		skip_blanks(parser);
		if (peek(parser) != ',')
			break;
		parser->at++;
	}
	if (peek(parser) != '}')
		return fail(parser, parser->at, "',' or '}' is wanted here");
	parser->at++;
	return 0;
}

static int parse_nested(struct parser *parser, struct toml_value *value)
{
	int rc;

	if (parser->depth == LIMIT_NESTING)
		return fail(parser, parser->at, "nested deeper than %d",
			    LIMIT_NESTING);
	parser->depth++;
	rc = peek(parser) == '[' ? parse_array(parser, value)
				 : parse_inline_table(parser, value);
	parser->depth--;
	return rc;
}

static int parse_value(struct parser *parser, struct toml_value *value)
{
	int c = peek(parser);

	value->offset = parser->at;
	if (c == '[' || c == '{')
		return parse_nested(parser, value);
	if (c == '"' || c == '\'') {
		value->type = TOML_STRING;
		return parse_string(parser, &value->text);
	}
	return parse_token(parser, value);
}

/* What [x] means: a new table, or one that so far is only a path. */
static int open_table(struct parser *parser, struct toml_value **table,
		      const struct key_part *part, size_t offset)
{
	struct toml_value *found = find_key(parser, *table, part->text);
	int rc = 0;

	if (!found)
		rc = add_member(parser, *table, part, &found);
	else if (found->type != TOML_TABLE || found->origin != TOML_BY_PATH)
		return fail_twice(parser, part, found);
	if (rc)
		return rc;
	found->type = TOML_TABLE;
	found->origin = TOML_BY_HEADER;
	found->offset = offset;
	*table = found;
	return 0;
}

/* What [[x]] means: one more table of an array. */
static int open_array_table(struct parser *parser, struct toml_value **table,
			    const struct key_part *part, size_t offset)
{
	struct toml_value *array = find_key(parser, *table, part->text);
	struct toml_value *item = arena_alloc(parser->arena, sizeof(*item));
	int rc;

	if (!item)
		return -ENOMEM;
	if (!array) {
		rc = add_member(parser, *table, part, &array);
		if (rc)
			return rc;
		array->type = TOML_ARRAY;
		array->origin = TOML_BY_HEADER;
		array->offset = offset;
	} else if (array->type != TOML_ARRAY ||
		   array->origin != TOML_BY_HEADER) {
		return fail_twice(parser, part, array);
	}
	item->type = TOML_TABLE;
	item->origin = TOML_BY_HEADER;
	item->offset = offset;
	append(array, item);
	*table = item;
	return 0;
}

static int parse_header(struct parser *parser, struct toml_value *root,
			struct toml_value **table)
{
	size_t offset = parser->at;
	bool array = byte_at(parser->text, offset + 1) == '[';
	struct key_part last;
	int rc;

	*table = root;
	parser->at += array ? 2 : 1;
	rc = parse_key(parser, table, &last, descend_header);
	if (rc)
		return rc;
	if (peek(parser) != ']' ||
	    (array && byte_at(parser->text, parser->at + 1) != ']'))
		return fail(parser, parser->at, "'%s' is wanted here",
			    array ? "]]" : "]");
	parser->at += array ? 2 : 1;
	return array ? open_array_table(parser, table, &last, offset)
		     : open_table(parser, table, &last, offset);
}

static int parse_text(struct parser *parser, struct toml_value *root)
{
	struct toml_value *table = root;
	int rc = check_text(parser);

	for (;;) {
		if (rc)
			return rc;
		skip_space(parser);
		if (peek(parser) < 0)
			return 0;
		if (peek(parser) == '[')
			rc = parse_header(parser, root, &table);
		else
			rc = parse_member(parser, table);
		if (!rc)
			rc = expect_line_end(parser);
	}
}

int toml_parse(struct arena *arena, struct str text, struct toml_value **out,
	       struct toml_error *error)
{
	struct parser parser = {
		.arena = arena,
		.text = text,
		.error = error,
	};
	struct toml_value *root = arena_alloc(arena, sizeof(*root));
	int rc = root ? hash_seed(parser.seed) : -ENOMEM;

	if (!rc)
		rc = grow_index(&parser);
	if (rc)
		return rc;
	root->type = TOML_TABLE;
	root->origin = TOML_BY_HEADER;
	rc = parse_text(&parser, root);
	if (!rc)
		*out = root;
	return rc;
}

const struct toml_value *toml_get(const struct toml_value *table,
				  const char *key)
{
	const struct toml_value *member;

	if (!table || table->type != TOML_TABLE)
		return NULL;
	member = table->items.first;
	while (member && !str_equal(member->key, str_from(key)))
		member = member->next;
	return member && member->type != TOML_NULL ? member : NULL;
}
