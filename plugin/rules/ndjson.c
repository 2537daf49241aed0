/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our own reader and no library's, because a complaint must say where it is,
 * and a key that is there twice must be one: of json-c neither can be had.
 */
#include "ndjson.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../limits.h"
#include "../util/json.h"

struct parser {
	struct arena *arena;
	struct str text;
	size_t at;
	unsigned int depth;
	struct toml_error *error;
};

static int parse_value(struct parser *parser, struct toml_value *value);

static int fail(struct parser *parser, size_t offset, const char *problem)
{
	parser->error->offset = offset;
	parser->error->message = arena_str(parser->arena, str_from(problem));
	return parser->error->message.data ? NDJSON_E_SYNTAX : -ENOMEM;
}

static int byte_at(struct str text, size_t at)
{
	return at < text.len ? (unsigned char)text.data[at] : -1;
}

/* The next byte that is not blank. */
static int peek(struct parser *parser)
{
	int c = byte_at(parser->text, parser->at);

	while (c == ' ' || c == '\t' || c == '\n' || c == '\r')
		c = byte_at(parser->text, ++parser->at);
	return c;
}

/* --- strings -------------------------------------------------------------- */

/* What a string has at some place: bytes it stands for, and its length. */
struct piece {
	char bytes[4];
	size_t len; /* of bytes */
	size_t taken; /* of the text; 0 = wrong */
	const char *problem;
};

static int hex_digits(struct str text, size_t at)
{
	int code = 0;

	for (size_t i = 0; i < 4; i++) {
		int c = byte_at(text, at + i);

		if (c >= '0' && c <= '9')
			code = code << 4 | (c - '0');
		else if (c >= 'a' && c <= 'f')
			code = code << 4 | (c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			code = code << 4 | (c - 'A' + 10);
		else
			return -1;
	}
	return code;
}

static bool is_surrogate(int code, int first)
{
	return code >= first && code < first + 0x400;
}

/* \uXXXX, or two of them for what is beyond. */
static struct piece read_code_point(struct str text, size_t at)
{
	int code = hex_digits(text, at + 2), low = -1;
	struct piece piece = { .taken = 6 };

	if (code < 0)
		return (struct piece){ .problem = "\\u wants 4 hex digits" };
	if (is_surrogate(code, 0xd800) && byte_at(text, at + 6) == '\\' &&
	    byte_at(text, at + 7) == 'u')
		low = hex_digits(text, at + 8);
	if (is_surrogate(code, 0xd800) && is_surrogate(low, 0xdc00)) {
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
		piece.taken = 12;
	} else if (code >= 0xd800 && code <= 0xdfff) {
		return (struct piece){ .problem =
					       "this is no Unicode character" };
	}
	piece.len = utf8_encode((uint32_t)code, piece.bytes);
	return piece;
}

/* The piece of a string there; a quote that ends it has len 0. */
static struct piece read_piece(struct str text, size_t at)
{
	static const char names[] = "\"\\/bfnrt";
	static const char bytes[] = "\"\\/\b\f\n\r\t";
	int c = byte_at(text, at), next = byte_at(text, at + 1);
	const char *found = next > 0 ? strchr(names, next) : NULL;
	struct piece piece = { .taken = 1 };

	if (c == '"')
		return piece;
	if (c == '\\' && next == 'u')
		return read_code_point(text, at);
	if (c == '\\' && found) {
		piece = (struct piece){ .len = 1, .taken = 2 };
		piece.bytes[0] = bytes[found - names];
		return piece;
	}
	if (c == '\\')
		return (struct piece){ .problem = "there is no such escape" };
	if (c < ' ')
		return (struct piece){
			.problem = c < 0 ? "this string is not closed"
					 : "a control character in a string"
		};
	piece.len = piece.taken = utf8_length(text.data + at, text.len - at);
	memcpy(piece.bytes, text.data + at, piece.len);
	if (!piece.len)
		piece.problem = "this is not UTF-8";
	return piece;
}

/* A string, decoded; at is behind its opening quote. */
static int parse_string(struct parser *parser, struct str *out)
{
	size_t at = parser->at, total = 0;
	struct piece piece;
	char *to;

	for (; piece = read_piece(parser->text, at), piece.len;
	     at += piece.taken)
		total += piece.len;
	if (!piece.taken)
		return fail(parser, at < parser->text.len ? at : parser->at - 1,
			    piece.problem);
	to = arena_alloc(parser->arena, total + 1);
	if (!to)
		return -ENOMEM;
	*out = (struct str){ to, total };
	for (at = parser->at; piece = read_piece(parser->text, at), piece.len;
	     at += piece.taken) {
		memcpy(to, piece.bytes, piece.len);
		to += piece.len;
	}
	parser->at = at + 1;
	return 0;
}

size_t ndjson_source(struct str text, const struct toml_value *string,
		     size_t at)
{
	size_t source = string->offset + 1, done = 0;
	struct piece piece;

	while (piece = read_piece(text, source),
	       piece.len && done + piece.len <= at) {
		source += piece.taken;
		done += piece.len;
	}
	return source;
}

/* --- numbers and words ---------------------------------------------------- */

static size_t skip_digits(struct str text, size_t at)
{
	while (byte_at(text, at) >= '0' && byte_at(text, at) <= '9')
		at++;
	return at;
}

/* Behind the number that stands there; *whole = it has no fraction and no
 * exponent. The start where there is none. */
static size_t skip_number(struct str text, size_t start, bool *whole)
{
	size_t at = start + (byte_at(text, start) == '-'), end;
	int c;

	end = byte_at(text, at) == '0' ? at + 1 : skip_digits(text, at);
	if (end == at)
		return start;
	at = end;
	*whole = true;
	if (byte_at(text, at) == '.') {
		*whole = false;
		end = skip_digits(text, at + 1);
		if (end == at + 1)
			return start;
		at = end;
	}
	if (byte_at(text, at) == 'e' || byte_at(text, at) == 'E') {
		*whole = false;
		c = byte_at(text, ++at);
		at += c == '+' || c == '-';
		end = skip_digits(text, at);
		if (end == at)
			return start;
		at = end;
	}
	return at;
}

static int parse_number(struct parser *parser, struct toml_value *value)
{
	size_t start = parser->at;
	bool whole = false;
	char *copy;

	parser->at = skip_number(parser->text, start, &whole);
	if (parser->at == start)
		return fail(parser, start, "a value is wanted here");
	copy = arena_copy(parser->arena, parser->text.data + start,
			  parser->at - start);
	if (!copy)
		return -ENOMEM;
	errno = 0;
	value->type = TOML_INTEGER;
	if (whole)
		value->integer = strtoll(copy, NULL, 10);
	if (whole && !errno)
		return 0;
	value->type = TOML_FLOAT;
	value->number = strtod(copy, NULL);
	if (isinf(value->number))
		return fail(parser, start, "this number is too large");
	return 0;
}

static bool take_word(struct parser *parser, const char *word)
{
	size_t len = strlen(word);

	if (parser->text.len - parser->at < len ||
	    memcmp(parser->text.data + parser->at, word, len))
		return false;
	parser->at += len;
	return true;
}

static int parse_plain(struct parser *parser, struct toml_value *value)
{
	value->type = TOML_BOOL;
	value->boolean = true;
	if (take_word(parser, "true"))
		return 0;
	value->boolean = false;
	if (take_word(parser, "false"))
		return 0;
	value->type = TOML_NULL;
	if (take_word(parser, "null"))
		return 0;
	return parse_number(parser, value);
}

/* --- arrays and objects --------------------------------------------------- */

static void append(struct toml_value *to, struct toml_value *value)
{
	if (to->items.last)
		to->items.last->next = value;
	else
		to->items.first = value;
	to->items.last = value;
	to->items.count++;
}

/* By key, of equal ones in the order of the text. */
static int compare_keys(const void *a, const void *b)
{
	const struct toml_value *x = *(const struct toml_value *const *)a;
	const struct toml_value *y = *(const struct toml_value *const *)b;
	size_t len = x->key.len < y->key.len ? x->key.len : y->key.len;
	int order = memcmp(x->key.data, y->key.data, len);

	if (order)
		return order;
	if (x->key.len != y->key.len)
		return x->key.len < y->key.len ? -1 : 1;
	return x->key_offset < y->key_offset ? -1 : 1;
}

static int check_keys(struct parser *parser, const struct toml_value *object)
{
	size_t count = object->items.count, i = 0;
	const struct toml_value **keys;

	if (count < 2)
		return 0;
	keys = arena_array(parser->arena, count, sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	for (const struct toml_value *item = object->items.first; item;
	     item = item->next)
		keys[i++] = item;
	qsort(keys, count, sizeof(*keys), compare_keys);
	for (i = 1; i < count; i++)
		if (str_equal(keys[i - 1]->key, keys[i]->key))
			return fail(parser, keys[i]->key_offset,
				    "the object has this key already");
	return 0;
}

static int parse_key(struct parser *parser, struct toml_value *value)
{
	int rc;

	if (peek(parser) != '"')
		return fail(parser, parser->at, "a key is wanted here");
	value->key_offset = parser->at++;
	rc = parse_string(parser, &value->key);
	if (rc)
		return rc;
	if (peek(parser) != ':')
		return fail(parser, parser->at, "':' is wanted here");
	parser->at++;
	return 0;
}

/* Behind the opening bracket. */
static int parse_items(struct parser *parser, struct toml_value *value)
{
	bool object = value->type == TOML_TABLE;
	int close = object ? '}' : ']';
	int rc = 0;

	if (peek(parser) == close)
		return 0;
	for (;; parser->at++) {
		struct toml_value *item =
			arena_alloc(parser->arena, sizeof(*item));

		if (!item)
			return -ENOMEM;
		append(value, item);
		if (object)
			rc = parse_key(parser, item);
		if (!rc)
			rc = parse_value(parser, item);
		if (rc)
			return rc;
		if (peek(parser) != ',')
			break;
	}
	if (peek(parser) != close)
		return fail(parser, parser->at,
			    object ? "',' or '}' is wanted here"
				   : "',' or ']' is wanted here");
	return object ? check_keys(parser, value) : 0;
}

static int parse_nested(struct parser *parser, struct toml_value *value)
{
	int rc;

	if (parser->depth == LIMIT_NESTING)
		return fail(parser, parser->at, "nested too deep");
	value->type = byte_at(parser->text, parser->at) == '{' ? TOML_TABLE
							       : TOML_ARRAY;
	parser->depth++;
	parser->at++;
	rc = parse_items(parser, value);
	parser->depth--;
	parser->at++;
	return rc;
}

static int parse_value(struct parser *parser, struct toml_value *value)
{
	int c = peek(parser);

	value->offset = parser->at;
	if (c == '{' || c == '[')
		return parse_nested(parser, value);
	if (c != '"')
		return parse_plain(parser, value);
	value->type = TOML_STRING;
	parser->at++;
	return parse_string(parser, &value->text);
}

int ndjson_parse(struct arena *arena, struct str text, struct toml_value **out,
		 struct toml_error *error)
{
	struct parser parser = {
		.arena = arena,
		.text = text,
		.error = error,
	};
	struct toml_value *value = arena_alloc(arena, sizeof(*value));
	int rc = value ? parse_value(&parser, value) : -ENOMEM;

	if (!rc && peek(&parser) >= 0)
		rc = fail(&parser, parser.at,
			  "nothing more may stand on this line");
	if (!rc)
		*out = value;
	return rc;
}
