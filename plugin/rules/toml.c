/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "toml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../limits.h"
#include "../util/json.h"

struct reader {
	struct arena *arena;
	struct str text;
	size_t at;
	unsigned int depth;
	struct toml_error *error;
	char *scratch; /* room for any string of the text */
};

static int parse_value(struct reader *reader, struct toml **out);

static int fail(struct reader *reader, size_t offset, const char *message)
{
	reader->error->offset = offset;
	reader->error->message = str_from(message);
	return TOML_E_SYNTAX;
}

#define FAIL(reader, message) fail(reader, (reader)->at, message)

static char peek(const struct reader *reader, size_t ahead)
{
	size_t at = reader->at + ahead;

	return at < reader->text.len ? reader->text.data[at] : '\0';
}

static bool at_end(const struct reader *reader)
{
	return reader->at >= reader->text.len;
}

static void skip_blanks(struct reader *reader)
{
	while (peek(reader, 0) == ' ' || peek(reader, 0) == '\t')
		reader->at++;
}

/* A comment holds no control bytes but tabs. */
static int skip_comment(struct reader *reader)
{
	if (peek(reader, 0) != '#')
		return 0;
	while (!at_end(reader) && peek(reader, 0) != '\n') {
		unsigned char c = (unsigned char)peek(reader, 0);

		if ((c < 0x20 && c != '\t' && c != '\r') || c == 0x7f)
			return FAIL(reader, "control byte in a comment");
		reader->at++;
	}
	return 0;
}

/* Blanks, comments and newlines. */
static int skip_space(struct reader *reader)
{
	for (;;) {
		int rc;

		skip_blanks(reader);
		rc = skip_comment(reader);
		if (rc)
			return rc;
		if (peek(reader, 0) == '\r' && peek(reader, 1) == '\n')
			reader->at++;
		if (peek(reader, 0) != '\n')
			return 0;
		reader->at++;
	}
}

/* The rest of a row behind a value: nothing but a comment. */
static int end_row(struct reader *reader)
{
	int rc;

	skip_blanks(reader);
	rc = skip_comment(reader);
	if (rc || at_end(reader))
		return rc;
	if (peek(reader, 0) == '\r' && peek(reader, 1) == '\n')
		reader->at++;
	if (peek(reader, 0) != '\n')
		return FAIL(reader, "nothing may follow here in this row");
	reader->at++;
	return 0;
}

static struct toml *node_new(struct reader *reader, enum toml_type type)
{
	struct toml *node = arena_alloc(reader->arena, sizeof(*node));

	if (node) {
		node->type = type;
		node->offset = reader->at;
	}
	return node;
}

static void append(struct toml *parent, struct toml *member)
{
	if (parent->last)
		parent->last->next = member;
	else
		parent->first = member;
	parent->last = member;
	parent->count++;
}

static struct toml *find(const struct toml *table, struct str key)
{
	struct toml *member = table->first;

	while (member && !str_equal(member->key, key))
		member = member->next;
	return member;
}

const struct toml *toml_get(const struct toml *table, const char *key)
{
	return table && table->type == TOML_TABLE ? find(table, str_from(key))
						  : NULL;
}

/* --- strings -------------------------------------------------------------- */

/* How a string is written: its quote, one or three of it. */
struct quoting {
	char quote;
	bool multi;
};

static int hex_digits(const struct reader *reader, size_t count, uint32_t *out)
{
	*out = 0;
	for (size_t i = 0; i < count; i++) {
		char c = peek(reader, i);
		char digit[2] = { c, '\0' }, *end;
		unsigned long value = strtoul(digit, &end, 16);

		if (!c || *end || end == digit || c == '-' || c == '+' ||
		    c == ' ')
			return TOML_E_SYNTAX;
		*out = *out << 4 | (uint32_t)value;
	}
	return 0;
}

static size_t put_utf8(char *out, uint32_t code)
{
	size_t len = code < 0x80      ? 1
		     : code < 0x800   ? 2
		     : code < 0x10000 ? 3
				      : 4;
	static const unsigned char first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = len; i-- > 1; code >>= 6)
		out[i] = (char)(0x80 | (code & 0x3f));
	out[0] = (char)(first[len] | code);
	return len;
}

/* \uXXXX or \UXXXXXXXX, the position on the letter. */
static int parse_unicode(struct reader *reader, char *out, size_t *len)
{
	size_t digits = peek(reader, 0) == 'u' ? 4 : 8;
	uint32_t code;

	reader->at++;
	if (hex_digits(reader, digits, &code) || code > 0x10ffff ||
	    (code >= 0xd800 && code <= 0xdfff))
		return FAIL(reader, "not the hex digits of a character");
	reader->at += digits;
	*len += put_utf8(out + *len, code);
	return 0;
}

/* An escape, the position behind the backslash. */
static int parse_escape(struct reader *reader, bool multi, char *out,
			size_t *len)
{
	static const char from[] = "btnfr\"\\", to[] = "\b\t\n\f\r\"\\";
	char c = peek(reader, 0);
	const char *found = c ? strchr(from, c) : NULL;
	size_t start = reader->at;

	if (c == 'u' || c == 'U')
		return parse_unicode(reader, out, len);
	if (found) {
		out[(*len)++] = to[found - from];
		reader->at++;
		return 0;
	}
	/* a backslash at the end of a row takes all white space away */
	skip_blanks(reader);
	if (peek(reader, 0) == '\r')
		reader->at++;
	if (!multi || peek(reader, 0) != '\n')
		return fail(reader, start - 1, "no such escape");
	while (peek(reader, 0) == '\n' || peek(reader, 0) == ' ' ||
	       peek(reader, 0) == '\t' || peek(reader, 0) == '\r')
		reader->at++;
	return 0;
}

static bool at_quotes(const struct reader *reader, struct quoting how)
{
	return peek(reader, 0) == how.quote &&
	       (!how.multi ||
		(peek(reader, 1) == how.quote && peek(reader, 2) == how.quote));
}

/* One character of a string; bytes must be UTF-8 and no controls. */
static int parse_character(struct reader *reader, struct quoting how, char *out,
			   size_t *len)
{
	unsigned char c = (unsigned char)peek(reader, 0);
	size_t bytes = utf8_length(reader->text.data + reader->at,
				   reader->text.len - reader->at);
	bool newline = c == '\n' || (c == '\r' && peek(reader, 1) == '\n');

	if (c == '\\' && how.quote == '"') {
		reader->at++;
		return parse_escape(reader, how.multi, out, len);
	}
	if (!bytes)
		return FAIL(reader, "this is not UTF-8");
	if (newline ? !how.multi : (c < 0x20 && c != '\t') || c == 0x7f)
		return FAIL(reader, newline ? "this string is not closed"
					    : "control byte in a string");
	memcpy(out + *len, reader->text.data + reader->at, bytes);
	*len += bytes;
	reader->at += bytes;
	return 0;
}

static struct quoting open_quotes(struct reader *reader)
{
	struct quoting how = { .quote = peek(reader, 0) };

	how.multi =
		peek(reader, 1) == how.quote && peek(reader, 2) == how.quote;
	reader->at += how.multi ? 3 : 1;
	/* a newline right behind the opening quotes is not content */
	if (how.multi && peek(reader, 0) == '\r' && peek(reader, 1) == '\n')
		reader->at++;
	if (how.multi && peek(reader, 0) == '\n')
		reader->at++;
	return how;
}

/*
 * Decodes a string, up to stop bytes of content; the position is then on what
 * the byte at stop is written with. out has room for the rest of the text, and
 * nothing decodes to more than it is written with.
 */
static int decode_string(struct reader *reader, size_t stop, char *out,
			 size_t *len)
{
	size_t start = reader->at;
	struct quoting how = open_quotes(reader);

	*len = 0;
	while (!at_quotes(reader, how)) {
		int rc;

		if (at_end(reader))
			return fail(reader, start, "this string is not closed");
		if (*len >= stop)
			return 0;
		rc = parse_character(reader, how, out, len);
		if (rc)
			return rc;
	}
	if (*len >= stop)
		return 0;
	/* up to two more quotes belong to the content */
	for (int i = 0; how.multi && i < 2 && peek(reader, 3) == how.quote;
	     i++) {
		out[(*len)++] = how.quote;
		reader->at++;
	}
	reader->at += how.multi ? 3 : 1;
	return 0;
}

static int parse_string(struct reader *reader, struct str *out)
{
	size_t len;
	int rc = decode_string(reader, SIZE_MAX, reader->scratch, &len);

	if (rc)
		return rc;
	*out = arena_str(reader->arena, (struct str){ reader->scratch, len });
	return out->data ? 0 : -ENOMEM;
}

size_t toml_offset(struct str text, const struct toml *string, size_t at)
{
	struct arena *arena = arena_new(0);
	struct toml_error error;
	struct reader reader = { .arena = arena,
				 .text = text,
				 .at = string->offset,
				 .error = &error };
	char *out = arena ? arena_alloc(arena, text.len + 8) : NULL;
	size_t len, offset = string->offset;

	if (out && !decode_string(&reader, at, out, &len))
		offset = reader.at;
	arena_free(&arena);
	return offset;
}

/* --- keys ------------------------------------------------------------------ */

static bool is_bare(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static int parse_key_part(struct reader *reader, struct str *out)
{
	size_t start = reader->at;

	if (peek(reader, 0) == '"' || peek(reader, 0) == '\'') {
		if (peek(reader, 1) == peek(reader, 0) &&
		    peek(reader, 2) == peek(reader, 0))
			return FAIL(reader, "a key cannot be multi-line");
		return parse_string(reader, out);
	}
	while (is_bare(peek(reader, 0)))
		reader->at++;
	*out = (struct str){ reader->text.data + start, reader->at - start };
	return out->len ? 0 : FAIL(reader, "a key is wanted here");
}

/* The table of a key in another, made where it is missing; of an array of
 * tables its last one. */
static int enter_table(struct reader *reader, struct toml **table,
		       struct str key, size_t offset)
{
	struct toml *member = find(*table, key);

	if (!member) {
		member = node_new(reader, TOML_TABLE);
		if (!member)
			return -ENOMEM;
		member->key = key;
		member->key_offset = offset;
		append(*table, member);
	}
	if (member->type == TOML_ARRAY && !member->closed && member->last)
		member = member->last;
	if (member->type != TOML_TABLE || member->closed)
		return fail(reader, offset, "this key has a value already");
	*table = member;
	return 0;
}

/* A dotted key: *table becomes the one its last part goes into. */
static int parse_key(struct reader *reader, struct toml **table,
		     struct str *last, size_t *offset)
{
	for (;;) {
		int rc;

		skip_blanks(reader);
		*offset = reader->at;
		rc = parse_key_part(reader, last);
		if (rc)
			return rc;
		skip_blanks(reader);
		if (peek(reader, 0) != '.')
			return 0;
		reader->at++;
		rc = enter_table(reader, table, *last, *offset);
		if (rc)
			return rc;
	}
}

/* key = value */
static int parse_pair(struct reader *reader, struct toml *table)
{
	struct toml *value;
	struct str key;
	size_t offset;
	int rc = parse_key(reader, &table, &key, &offset);

	if (rc)
		return rc;
	if (find(table, key))
		return fail(reader, offset, "this key stands here twice");
	if (peek(reader, 0) != '=')
		return FAIL(reader, "'=' is wanted here");
	reader->at++;
	skip_blanks(reader);
	rc = parse_value(reader, &value);
	if (rc)
		return rc;
	value->key = key;
	value->key_offset = offset;
	append(table, value);
	return 0;
}

/* --- values ---------------------------------------------------------------- */

static int parse_array(struct reader *reader, struct toml *array)
{
	struct toml *member;
	int rc;

	reader->at++;
	for (;;) {
		rc = skip_space(reader);
		if (rc)
			return rc;
		if (peek(reader, 0) == ']')
			break;
		rc = parse_value(reader, &member);
		if (rc)
			return rc;
		append(array, member);
		rc = skip_space(reader);
		if (rc)
			return rc;
		if (peek(reader, 0) == ',')
			reader->at++;
		else if (peek(reader, 0) != ']')
			return FAIL(reader, "',' or ']' is wanted here");
	}
	reader->at++;
	array->closed = true;
	return 0;
}

static int parse_inline_table(struct reader *reader, struct toml *table)
{
	reader->at++;
	skip_blanks(reader);
	while (peek(reader, 0) != '}') {
		int rc = parse_pair(reader, table);

		if (rc)
			return rc;
		skip_blanks(reader);
		if (peek(reader, 0) == '}')
			break;
		if (peek(reader, 0) != ',')
			return FAIL(reader, "',' or '}' is wanted here");
		reader->at++;
		skip_blanks(reader);
		if (peek(reader, 0) == '}')
			return FAIL(reader, "no ',' before '}'");
	}
	reader->at++;
	table->closed = true;
	return 0;
}

/* Numbers, dates and words: what stands up to a delimiter. */
static struct str parse_word(struct reader *reader)
{
	size_t start = reader->at;

	while (!at_end(reader) && !strchr(" \t\r\n,]}#=", peek(reader, 0)))
		reader->at++;
	return (struct str){ reader->text.data + start, reader->at - start };
}

/* Takes '_' out of a number, each between two digits; false = bad. */
static bool strip_underscores(struct str word, char *out, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < word.len; i++) {
		char c = word.data[i];

		if (c == '_') {
			if (!i || i + 1 == word.len ||
			    !is_bare(word.data[i - 1]) ||
			    !is_bare(word.data[i + 1]) ||
			    word.data[i - 1] == '_')
				return false;
			continue;
		}
		if (len + 1 == size)
			return false;
		out[len++] = c;
	}
	out[len] = '\0';
	return len > 0;
}

static bool is_date(struct str word)
{
	/* 1979-05-27... or 07:32:00...; TOML's own grammar is stricter */
	return (word.len >= 10 && word.data[4] == '-' && word.data[7] == '-') ||
	       (word.len >= 8 && word.data[2] == ':' && word.data[5] == ':');
}

static bool parse_integer(const char *text, int64_t *out)
{
	int base = text[0] != '0'   ? 10
		   : text[1] == 'x' ? 16
		   : text[1] == 'o' ? 8
		   : text[1] == 'b' ? 2
				    : 10;
	const char *digits = base == 10 ? text : text + 2;
	const char *unsigned_digits =
		digits + (*digits == '-' || *digits == '+');
	char *end;

	if (base == 10 && unsigned_digits[0] == '0' && unsigned_digits[1])
		return false;
	if (base != 10 && unsigned_digits != digits)
		return false;
	errno = 0;
	*out = strtoll(digits, &end, base);
	return !*end && end != digits && !errno;
}

static bool parse_float(const char *text, double *out)
{
	const char *digits = text + (*text == '-' || *text == '+');
	const char *dot = strchr(text, '.');
	char *end;

	if (strcmp(digits, "inf") && strcmp(digits, "nan") &&
	    (strspn(digits, "0123456789.eE+-") != strlen(digits) ||
	     *digits < '0' || *digits > '9' ||
	     (dot && (dot[1] < '0' || dot[1] > '9'))))
		return false;
	*out = strtod(text, &end);
	return !*end && end != text;
}

static int parse_scalar(struct reader *reader, struct toml *node)
{
	struct str word = parse_word(reader);
	char text[128];

	if (str_equal(word, STR("true")) || str_equal(word, STR("false"))) {
		node->type = TOML_BOOL;
		node->truth = word.len == 4;
	} else if (is_date(word)) {
		node->type = TOML_DATE;
		node->text = word;
	} else if (!strip_underscores(word, text, sizeof(text))) {
		return fail(reader, node->offset, "a value is wanted here");
	} else if (parse_integer(text, &node->integer)) {
		node->type = TOML_INTEGER;
	} else if (parse_float(text, &node->number)) {
		node->type = TOML_FLOAT;
	} else {
		return fail(reader, node->offset, "this is no value");
	}
	return 0;
}

static int parse_value(struct reader *reader, struct toml **out)
{
	struct toml *node = node_new(reader, TOML_STRING);
	char c = peek(reader, 0);
	int rc;

	if (!node)
		return -ENOMEM;
	if (++reader->depth > LIMIT_NESTING)
		return FAIL(reader, "nested too deep");
	if (c == '"' || c == '\'') {
		rc = parse_string(reader, &node->text);
	} else if (c == '[') {
		node->type = TOML_ARRAY;
		rc = parse_array(reader, node);
	} else if (c == '{') {
		node->type = TOML_TABLE;
		rc = parse_inline_table(reader, node);
	} else {
		rc = parse_scalar(reader, node);
	}
	reader->depth--;
	*out = node;
	return rc;
}

/* --- document ---------------------------------------------------------------*/

/* [table], the position on '['. */
static int parse_header(struct reader *reader, struct toml *root,
			struct toml **out)
{
	struct str key;
	size_t offset;
	int rc;

	*out = root;
	reader->at++;
	rc = parse_key(reader, out, &key, &offset);
	if (!rc && find(*out, key) && find(*out, key)->type == TOML_ARRAY)
		return fail(reader, offset, "this is an array of tables");
	if (!rc)
		rc = enter_table(reader, out, key, offset);
	if (rc)
		return rc;
	if ((*out)->defined)
		return fail(reader, offset, "this table stands here twice");
	(*out)->defined = true;
	if (peek(reader, 0) != ']')
		return FAIL(reader, "']' is wanted here");
	reader->at++;
	return end_row(reader);
}

/* [[table]]: one more in an array. */
static int parse_array_header(struct reader *reader, struct toml *root,
			      struct toml **out)
{
	struct toml *array, *parent = root;
	struct str key;
	size_t offset;
	int rc;

	reader->at += 2;
	rc = parse_key(reader, &parent, &key, &offset);
	if (rc)
		return rc;
	array = find(parent, key);
	if (!array) {
		array = node_new(reader, TOML_ARRAY);
		if (!array)
			return -ENOMEM;
		array->key = key;
		array->key_offset = offset;
		append(parent, array);
	}
	if (array->type != TOML_ARRAY || array->closed)
		return fail(reader, offset, "this key has a value already");
	*out = node_new(reader, TOML_TABLE);
	if (!*out)
		return -ENOMEM;
	append(array, *out);
	if (peek(reader, 0) != ']' || peek(reader, 1) != ']')
		return FAIL(reader, "']]' is wanted here");
	reader->at += 2;
	return end_row(reader);
}

int toml_parse(struct arena *arena, struct str text, struct toml **out,
	       struct toml_error *error)
{
	struct reader reader = { .arena = arena, .text = text, .error = error };
	struct toml *root = node_new(&reader, TOML_TABLE), *table = root;
	int rc;

	reader.scratch = malloc(text.len + 8);
	rc = root && reader.scratch ? 0 : -ENOMEM;
	if (text.len >= 3 && !memcmp(text.data, "\xef\xbb\xbf", 3))
		reader.at = 3;
	while (!rc) {
		rc = skip_space(&reader);
		if (rc || at_end(&reader))
			break;
		if (peek(&reader, 0) == '[' && peek(&reader, 1) == '[') {
			rc = parse_array_header(&reader, root, &table);
		} else if (peek(&reader, 0) == '[') {
			rc = parse_header(&reader, root, &table);
		} else {
			rc = parse_pair(&reader, table);
			if (!rc)
				rc = end_row(&reader);
		}
	}
	free(reader.scratch);
	if (!rc)
		*out = root;
	return rc;
}
