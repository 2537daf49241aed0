/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <cmocka.h>
/* a type of json-c, and a function of ours */
#define json_bool json_c_bool
#include <json-c/json.h>
#undef json_bool

#include "util/arena.h"
#include "util/diag.h"
#include "util/digits.h"
#include "util/hash.h"
#include "util/json.h"
#include "util/list.h"
#include "util/log.h"
#include "util/quantity.h"
#include "util/strbuf.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CHUNK 65536U /* what an arena takes at a time */

#define assert_str(actual, literal) assert_str_equal(actual, STR(literal))

static void assert_str_equal(struct str actual, struct str expected)
{
	if (!str_equal(actual, expected))
		fail_msg("\"%.*s\" is not \"%.*s\"", STR_ARG(actual),
			 STR_ARG(expected));
}

/* The same numbers in every run: what fails once fails again. */
static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(*state >> 32);
}

/* --- arena -------------------------------------------------------------- */

static void test_arena_zeroes(void **state)
{
	struct arena *arena = arena_new(0);

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (size_t size = 0; size < 3000; size += 37) {
			char *p = arena_alloc(arena, size);

			assert_non_null(p);
			assert_int_equal((uintptr_t)p % 16, 0);
			for (size_t i = 0; i < size; i++)
				assert_int_equal(p[i], 0);
			memset(p, 0xa5, size);
		}
		arena_reset(arena);
	}
	arena_free(&arena);
	assert_null(arena);
	arena_free(&arena);
}

/* No two pieces share a byte, over chunks of all kinds. */
static void test_arena_keeps_apart(void **state)
{
	struct arena *arena = arena_new(0);
	unsigned char *pieces[500];
	size_t sizes[500];
	uint64_t seed = 1;

	(void)state;
	for (size_t i = 0; i < COUNT(pieces); i++) {
		sizes[i] = next_random(&seed) % (i % 50 ? 900 : 200000) + 1;
		pieces[i] = arena_alloc(arena, sizes[i]);
		assert_non_null(pieces[i]);
		memset(pieces[i], (int)(i & 0xff), sizes[i]);
	}
	for (size_t i = 0; i < COUNT(pieces); i++)
		for (size_t k = 0; k < sizes[i]; k++)
			assert_int_equal(pieces[i][k], i & 0xff);
	arena_free(&arena);
}

static void test_arena_ceiling(void **state)
{
	static const size_t ceilings[] = { 16, 4096, CHUNK, CHUNK + 16,
					   3 * CHUNK + 160 };

	(void)state;
	for (size_t i = 0; i < COUNT(ceilings); i++) {
		struct arena *arena = arena_new(ceilings[i]);

		/* twice: what a reset frees is there again */
		for (int round = 0; round < 2; round++) {
			for (size_t n = 0; n < ceilings[i] / 16; n++)
				assert_non_null(arena_alloc(arena, 16));
			assert_int_equal(arena_size(arena), ceilings[i]);
			assert_null(arena_alloc(arena, 1));
			arena_reset(arena);
		}
		arena_free(&arena);
	}
}

static void test_arena_oversize(void **state)
{
	struct arena *arena = arena_new(4 * CHUNK);
	char *first, *second;

	(void)state;
	assert_null(arena_alloc(arena, 4 * CHUNK + 1));
	assert_int_equal(arena_size(arena), 0);
	assert_non_null(arena_alloc(arena, 4 * CHUNK));
	arena_reset(arena);
	/* a large chunk is given back, a normal one stays */
	assert_int_equal(arena_size(arena), 0);
	first = arena_alloc(arena, 16);
	assert_non_null(arena_alloc(arena, 2 * CHUNK));
	/* and does not end the chunk in use */
	second = arena_alloc(arena, 16);
	assert_ptr_equal(second, first + 16);
	assert_int_equal(arena_size(arena), 3 * CHUNK);
	assert_non_null(arena_alloc(arena, CHUNK));
	arena_reset(arena);
	assert_int_equal(arena_size(arena), CHUNK);
	arena_free(&arena);
}

/* A stream of events of one size takes no memory anew. */
static void test_arena_reuse(void **state)
{
	struct arena *arena = arena_new(0);
	char *first = arena_alloc(arena, 1000);

	(void)state;
	for (int i = 0; i < 100; i++) {
		arena_reset(arena);
		assert_ptr_equal(arena_alloc(arena, 1000), first);
		assert_int_equal(arena_size(arena), CHUNK);
	}
	arena_free(&arena);
}

static void test_arena_overflow(void **state)
{
	struct arena *arena = arena_new(0);

	(void)state;
	assert_null(arena_alloc(arena, SIZE_MAX));
	assert_null(arena_alloc(arena, SIZE_MAX - 15));
	assert_null(arena_array(arena, SIZE_MAX / 8 + 1, 8));
	assert_null(arena_array(arena, SIZE_MAX / 2, 3));
	assert_null(arena_copy(arena, "", SIZE_MAX));
	assert_int_equal(arena_size(arena), 0);
	assert_non_null(arena_array(arena, 0, 8));
	arena_free(&arena);
}

static void test_arena_text(void **state)
{
	struct arena *arena = arena_new(2 * CHUNK);
	struct str text;

	(void)state;
	assert_string_equal(arena_copy(arena, "abcdef", 3), "abc");
	assert_string_equal(arena_copy(arena, NULL, 0), "");
	text = arena_str(arena, STR("a\0b"));
	assert_str(text, "a\0b");
	assert_int_equal(text.data[3], 0);
	text = arena_str(arena, (struct str){ NULL, 0 });
	assert_non_null(text.data);
	assert_int_equal(text.len, 0);
	text = arena_printf(arena, "%d %s", 42, "x");
	assert_str(text, "42 x");
	assert_int_equal(text.data[text.len], 0);
	text = arena_printf(arena, "%*s", (int)CHUNK - 1, "x");
	assert_int_equal(text.len, CHUNK - 1);
	text = arena_printf(arena, "%*s", (int)CHUNK, "x");
	assert_null(text.data);
	assert_int_equal(text.len, 0);
	arena_free(&arena);
}

/* --- strbuf --------------------------------------------------------------- */

static void test_strbuf_grows(void **state)
{
	struct strbuf buf = STRBUF_INIT(0);

	(void)state;
	assert_int_equal(strbuf_str(&buf).len, 0);
	for (int i = 0; i < 20000; i++)
		strbuf_add_char(&buf, (char)('a' + i % 26));
	assert_int_equal(buf.len, 20000);
	for (int i = 0; i < 20000; i++)
		assert_int_equal(buf.data[i], 'a' + i % 26);
	assert_false(buf.failed);
	strbuf_reset(&buf);
	strbuf_add(&buf, NULL, 0);
	strbuf_add_str(&buf, STR("x\0y"));
	strbuf_printf(&buf, "%s-%d", "", 7);
	assert_str(strbuf_str(&buf), "x\0y-7");
	strbuf_free(&buf);
	assert_null(buf.data);
	strbuf_free(&buf);
}

/* Fills with add (0), single bytes (1) or printf (2). */
static void fill(struct strbuf *buf, size_t len, int way)
{
	char *text = calloc(1, len + 1);

	memset(text, 'x', len);
	if (way == 0)
		strbuf_add(buf, text, len);
	else if (way == 1)
		for (size_t i = 0; i < len; i++)
			strbuf_add_char(buf, 'x');
	else
		strbuf_printf(buf, "%s", text);
	free(text);
}

static void test_strbuf_max(void **state)
{
	static const size_t limits[] = { 1, 2, 255, 256, 257, 1000, 4096 };

	(void)state;
	for (size_t i = 0; i < COUNT(limits) * 3; i++) {
		struct strbuf buf = STRBUF_INIT(limits[i / 3]);
		int way = (int)(i % 3);

		fill(&buf, buf.max, way);
		assert_false(buf.failed);
		assert_int_equal(buf.len, buf.max);
		assert_true(buf.capacity <= buf.max + 1);
		fill(&buf, 1, way);
		assert_true(buf.failed);
		assert_int_equal(buf.len, buf.max);
		strbuf_reset(&buf);
		assert_false(buf.failed);
		assert_int_equal(buf.len, 0);
		strbuf_free(&buf);
	}
}

/* A piece is in it whole or not at all. */
static void test_strbuf_whole(void **state)
{
	struct strbuf buf = STRBUF_INIT(10);

	(void)state;
	strbuf_add_str(&buf, STR("1234567"));
	strbuf_add_str(&buf, STR("abcd"));
	assert_true(buf.failed);
	strbuf_printf(&buf, "%d", 8901);
	strbuf_add(&buf, "", SIZE_MAX);
	assert_str(strbuf_str(&buf), "1234567");
	strbuf_free(&buf);
}

/* What went down a drain, which may take no more at some time. */
struct sink {
	struct strbuf bytes;
	size_t left, calls;
};

static int sink_take(void *user, struct str bytes)
{
	struct sink *sink = user;

	sink->calls++;
	if (bytes.len > sink->left)
		return -ENOSPC;
	sink->left -= bytes.len;
	strbuf_add_str(&sink->bytes, bytes);
	return 0;
}

static void drain_pieces(struct strbuf *buf, struct strbuf *expected)
{
	static const size_t lens[] = { 1,
				       8,
				       0,
				       1000,
				       STRBUF_DRAIN_BYTES - 1,
				       STRBUF_DRAIN_BYTES,
				       3,
				       3 * STRBUF_DRAIN_BYTES + 5 };
	static char text[3 * STRBUF_DRAIN_BYTES + 5];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 2654435761U >> 7);
	for (size_t i = 0; i < COUNT(lens); i++) {
		strbuf_add(buf, text, lens[i]);
		strbuf_add(expected, text, lens[i]);
	}
}

static void test_strbuf_drain(void **state)
{
	static char room[STRBUF_DRAIN_BYTES];
	struct strbuf expected = STRBUF_INIT(0);
	struct sink sink = { .left = SIZE_MAX };
	struct strbuf buf = { .data = room, .drain = sink_take, .user = &sink };
	size_t total;

	(void)state;
	drain_pieces(&buf, &expected);
	total = expected.len;
	assert_int_equal(strbuf_total(&buf), total);
	/* whole buffers, until the end */
	assert_int_equal(sink.bytes.len, total - total % STRBUF_DRAIN_BYTES);
	assert_int_equal(sink.calls, total / STRBUF_DRAIN_BYTES);
	strbuf_drain(&buf);
	strbuf_drain(&buf);
	assert_int_equal(sink.calls, total / STRBUF_DRAIN_BYTES + 1);
	assert_false(buf.failed);
	assert_str_equal(strbuf_str(&sink.bytes), strbuf_str(&expected));
	strbuf_printf(&buf, "x");
	assert_true(buf.failed);
	/* one that is full is asked once */
	for (size_t left = 0; left < total; left += STRBUF_DRAIN_BYTES / 2) {
		strbuf_reset(&sink.bytes);
		strbuf_reset(&expected);
		sink.left = left;
		sink.calls = 0;
		buf = (struct strbuf){ .data = room,
				       .drain = sink_take,
				       .user = &sink };
		drain_pieces(&buf, &expected);
		strbuf_drain(&buf);
		assert_true(buf.failed);
		assert_int_equal(sink.calls, left / STRBUF_DRAIN_BYTES + 1);
	}
	/* its limit is of all */
	for (size_t less = 0; less < 2; less++) {
		sink = (struct sink){ .bytes = sink.bytes, .left = SIZE_MAX };
		buf = (struct strbuf){ .data = room,
				       .max = total - less,
				       .drain = sink_take,
				       .user = &sink };
		drain_pieces(&buf, &expected);
		assert_int_equal(buf.failed, less != 0);
	}
	strbuf_free(&sink.bytes);
	strbuf_free(&expected);
}

/* --- UTF-8 ---------------------------------------------------------------- */

/* A code point in len bytes, right or overlong. */
static void encode(uint32_t code, size_t len, char out[4])
{
	static const unsigned int first[] = { 0, 0x00, 0xc0, 0xe0, 0xf0 };

	for (size_t i = len - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (code & 0x3f));
		code >>= 6;
	}
	out[0] = (char)(first[len] | code);
}

static size_t shortest(uint32_t code)
{
	return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

/* All that looks like a sequence: just the shortest forms of what is a
 * character are valid, and no part of one. */
static void test_utf8_sequences(void **state)
{
	static const uint32_t ends[] = { 0, 0x80, 0x800, 0x10000, 0x200000 };

	(void)state;
	for (size_t len = 1; len <= 4; len++) {
		for (uint32_t code = 0; code < ends[len]; code++) {
			bool valid = len == shortest(code) &&
				     code <= 0x10ffff &&
				     (code < 0xd800 || code > 0xdfff);
			char text[4];

			encode(code, len, text);
			if (utf8_length(text, len) != (valid ? len : 0))
				fail_msg("U+%04X in %zu bytes", code, len);
			if (len > 1 && utf8_length(text, len - 1))
				fail_msg("part of U+%04X", code);
		}
	}
}

static void test_utf8_rest(void **state)
{
	static const char *const texts[] = { "\xc3\xa9", "\xe2\x82\xac",
					     "\xf0\x9f\x98\x80" };
	static const unsigned char wrong[] = { 0, 0x41, 0x7f, 0xc0, 0xff };

	(void)state;
	assert_int_equal(utf8_length("", 0), 0);
	for (unsigned int c = 0x80; c < 0x100; c++) {
		char text[4] = { (char)c, (char)0x80, (char)0x80, (char)0x80 };

		if (c < 0xc2 || c > 0xf4)
			assert_int_equal(utf8_length(text, 4), 0);
	}
	for (size_t i = 0; i < COUNT(texts); i++) {
		size_t len = strlen(texts[i]);

		assert_int_equal(utf8_length(texts[i], len), len);
		for (size_t k = 1; k < len; k++) {
			for (size_t w = 0; w < COUNT(wrong); w++) {
				char text[4];

				memcpy(text, texts[i], len);
				text[k] = (char)wrong[w];
				assert_int_equal(utf8_length(text, len), 0);
			}
		}
	}
}

/* --- json ----------------------------------------------------------------- */

/* What must never stand raw in an output, said anew by ranges. */
static bool is_hostile(uint32_t code)
{
	static const uint32_t ranges[][2] = {
		{ 0x00, 0x1f },	    { 0x7f, 0x9f },	{ 0x61c, 0x61c },
		{ 0x200e, 0x200f }, { 0x2028, 0x202e }, { 0x2066, 0x2069 },
		{ 0xfeff, 0xfeff },
	};

	for (size_t i = 0; i < COUNT(ranges); i++)
		if (code >= ranges[i][0] && code <= ranges[i][1])
			return true;
	return false;
}

static uint32_t decode(const char *p, size_t len)
{
	uint32_t code = (unsigned char)p[0] & (len == 1 ? 0x7f : 0x7f >> len);

	for (size_t i = 1; i < len; i++)
		code = code << 6 | ((unsigned char)p[i] & 0x3f);
	return code;
}

/* Valid UTF-8 and nothing hostile in it. */
static void assert_tame(struct str text)
{
	for (size_t i = 0; i < text.len;) {
		size_t len = utf8_length(text.data + i, text.len - i);

		if (!len)
			fail_msg("not UTF-8 at %zu", i);
		if (is_hostile(decode(text.data + i, len)))
			fail_msg("a raw U+%04X at %zu",
				 decode(text.data + i, len), i);
		i += len;
	}
}

/* A string parsed back by another's parser; the caller frees. */
static struct json_object *parse_strictly(struct str text)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *object;

	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT |
						JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, text.data, (int)text.len);
	/* a number ends where the text ends */
	if (json_tokener_get_error(tokener) == json_tokener_continue)
		object = json_tokener_parse_ex(tokener, "", 1);
	if (json_tokener_get_error(tokener) != json_tokener_success)
		fail_msg("\"%.*s\" is not JSON", STR_ARG(text));
	json_tokener_free(tokener);
	return object;
}

/* Writes the string, reads it back, and compares: the same text, with U+FFFD
 * for each byte that was none. */
static void check_json_string(struct str text)
{
	struct strbuf out = STRBUF_INIT(0), expected = STRBUF_INIT(0);
	struct json_object *object;
	struct json json;

	json_init(&json, &out);
	json_string(&json, text);
	assert_tame(strbuf_str(&out));
	for (size_t i = 0; i < text.len;) {
		size_t len = utf8_length(text.data + i, text.len - i);

		strbuf_add_str(&expected,
			       len ? (struct str){ text.data + i, len }
				   : STR("\xef\xbf\xbd"));
		i += len ? len : 1;
	}
	object = parse_strictly(strbuf_str(&out));
	assert_true(json_object_is_type(object, json_type_string));
	assert_str_equal(
		(struct str){ json_object_get_string(object),
			      (size_t)json_object_get_string_len(object) },
		strbuf_str(&expected));
	json_object_put(object);
	strbuf_free(&expected);
	strbuf_free(&out);
}

static void test_json_string(void **state)
{
	static const struct {
		struct str text, json;
	} cases[] = {
		{ STR(""), STR("\"\"") },
		{ STR("plain /\x7e"), STR("\"plain /\x7e\"") },
		{ STR("\"\\/"), STR("\"\\\"\\\\/\"") },
		{ STR("\b\f\n\r\t"), STR("\"\\b\\f\\n\\r\\t\"") },
		{ STR("a\0b\x1b\x1f"), STR("\"a\\u0000b\\u001b\\u001f\"") },
		{ STR("\x7f\xc2\x80\xc2\x9f\xc2\xa0"),
		  STR("\"\\u007f\\u0080\\u009f\xc2\xa0\"") },
		{ STR("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xa7"),
		  STR("\"\\u2028\\u2029\xe2\x80\xa7\"") },
		{ STR("\xe2\x80\xae.exe\xe2\x81\xa6\xd8\x9c"),
		  STR("\"\\u202e.exe\\u2066\\u061c\"") },
		{ STR("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
		  STR("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"") },
		{ STR("\xff\xc0\x80z"), STR("\"\\ufffd\\ufffd\\ufffdz\"") },
		{ STR("\xed\xa0\x80"), STR("\"\\ufffd\\ufffd\\ufffd\"") },
		{ STR("\xe2\x82"), STR("\"\\ufffd\\ufffd\"") },
		{ STR("\xe2\x82\x22"), STR("\"\\ufffd\\ufffd\\\"\"") },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct strbuf out = STRBUF_INIT(0);
		struct json json;

		json_init(&json, &out);
		json_string(&json, cases[i].text);
		assert_str_equal(strbuf_str(&out), cases[i].json);
		strbuf_free(&out);
		check_json_string(cases[i].text);
	}
	check_json_string((struct str){ NULL, 0 });
}

/* Every code point by itself. */
static void test_json_all_codes(void **state)
{
	(void)state;
	for (uint32_t code = 0; code < 0x3000; code++) {
		char text[4];
		size_t len = shortest(code);

		encode(code, len, text);
		check_json_string((struct str){ text, len });
	}
}

/* A text of bytes, halves and wholes of sequences, escapes and plain words. */
static size_t random_text(uint64_t *seed, char *out, size_t max)
{
	static const struct str pieces[] = {
		STR("\xe2\x80\xae"),
		STR("\xe2\x80"),
		STR("\xc2\x85"),
		STR("\xc2"),
		STR("\xf0\x9f\x98"),
		STR("\xed\xbf\xbf"),
		STR("\xf0\x9f\x98\x80"),
		STR("\\u0000"),
		STR("\\"),
		STR("\""),
		STR("\r\n"),
		STR("word"),
	};
	size_t len = 0, want = next_random(seed) % (max - 8);

	while (len < want) {
		uint32_t random = next_random(seed);
		struct str piece = pieces[random / 2 % COUNT(pieces)];

		if (random & 1) {
			out[len++] = (char)(random >> 8);
		} else {
			memcpy(out + len, piece.data, piece.len);
			len += piece.len;
		}
	}
	return len;
}

static void test_json_random(void **state)
{
	uint64_t seed = 20;
	char text[200];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t len = random_text(&seed, text, sizeof(text));
		/* a copy of just its size, so that a byte read beyond is seen */
		char *copy = malloc(len ? len : 1);

		memcpy(copy, text, len);
		check_json_string((struct str){ copy, len });
		free(copy);
	}
}

static void write_document(struct json *json)
{
	json_object_begin(json);
	json_add_str(json, "a", STR("x"));
	json_key(json, STR("b"));
	json_array_begin(json);
	json_int(json, INT64_MIN);
	json_uint(json, UINT64_MAX);
	json_array_begin(json);
	json_array_end(json);
	json_object_begin(json);
	json_object_end(json);
	json_null(json);
	json_array_end(json);
	json_add_int(json, "c", -1);
	json_add_bool(json, "d", true);
	json_key(json, STR("e\n"));
	json_object_begin(json);
	json_add_bool(json, "f", false);
	json_key(json, STR(""));
	json_raw(json, STR("[1,2]"));
	json_object_end(json);
	json_key(json, STR("t"));
	json_time(json, 0);
	json_key(json, STR("g"));
	json_double(json, 0.5);
	json_object_end(json);
}

static void test_json_document(void **state)
{
	struct strbuf out = STRBUF_INIT(0);
	struct json json;

	(void)state;
	json_init(&json, &out);
	write_document(&json);
	assert_int_equal(json.depth, 0);
	assert_str(strbuf_str(&out),
		   "{\"a\":\"x\",\"b\":[-9223372036854775808,"
		   "18446744073709551615,[],{},null],\"c\":-1,\"d\":true,"
		   "\"e\\n\":{\"f\":false,\"\":[1,2]},"
		   "\"t\":\"1970-01-01T00:00:00.000Z\",\"g\":0.5}");
	json_object_put(parse_strictly(strbuf_str(&out)));
	strbuf_free(&out);
}

static void check_double(double number, const char *expected)
{
	struct strbuf out = STRBUF_INIT(0);
	struct json json;

	json_init(&json, &out);
	json_double(&json, number);
	assert_str_equal(strbuf_str(&out), str_from(expected));
	strbuf_free(&out);
}

static void check_doubles(void)
{
	check_double(2.0, "2.0");
	check_double(-2.0, "-2.0");
	check_double(0.0, "0.0");
	check_double(-0.0, "-0.0");
	check_double(0.1, "0.1");
	check_double(-1234.5, "-1234.5");
	check_double(0.1 + 0.2, "0.30000000000000004");
	check_double(1e300, "1e+300");
	check_double(1.5e-7, "1.5e-07");
	check_double(9007199254740993.0, "9007199254740992.0");
	check_double(INFINITY, "null");
	check_double(-INFINITY, "null");
	check_double(NAN, "null");
}

static void test_json_double(void **state)
{
	uint64_t seed = 3;

	(void)state;
	check_doubles();
	for (int i = 0; i < 20000; i++) {
		struct strbuf out = STRBUF_INIT(0);
		uint64_t bits =
			(uint64_t)next_random(&seed) << 32 | next_random(&seed);
		struct json_object *object;
		struct json json;
		double number, back;

		memcpy(&number, &bits, sizeof(number));
		json_init(&json, &out);
		json_double(&json, number);
		object = parse_strictly(strbuf_str(&out));
		back = json_object_get_double(object);
		if (isfinite(number))
			assert_memory_equal(&back, &number, sizeof(back));
		else
			assert_null(object);
		json_object_put(object);
		strbuf_free(&out);
	}
}

/* A system may have no locale but C: one with a decimal comma is made. */
static void make_locale(const char *directory)
{
	static const char source[] = "LC_NUMERIC\n"
				     "decimal_point \",\"\n"
				     "thousands_sep \"\"\n"
				     "grouping -1\n"
				     "END LC_NUMERIC\n";
	char path[128], command[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/source", directory);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(source, file);
	assert_int_equal(fclose(file), 0);
	/* it complains of the categories that are not there */
	snprintf(command, sizeof(command),
		 "localedef -c -f ANSI_X3.4-1968 -i %s %s/comma >%s/log 2>&1",
		 path, directory, directory);
	if (system(command) < 0)
		fail();
	setenv("LOCPATH", directory, 1);
}

/* A decimal comma is nothing JSON knows. */
static void test_json_locale(void **state)
{
	char directory[] = "/tmp/test_util.XXXXXX", command[64], comma[8];

	(void)state;
	assert_non_null(mkdtemp(directory));
	make_locale(directory);
	if (!setlocale(LC_NUMERIC, "comma"))
		fail_msg("localedef, which is part of libc, made no locale");
	snprintf(comma, sizeof(comma), "%.1f", 1.5);
	assert_string_equal(comma, "1,5");
	check_doubles();
	setlocale(LC_NUMERIC, "C");
	unsetenv("LOCPATH");
	snprintf(command, sizeof(command), "rm -r %s", directory);
	assert_int_equal(system(command), 0);
}

static void test_json_time(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} cases[] = {
		{ 0, "\"1970-01-01T00:00:00.000Z\"" },
		{ 999999, "\"1970-01-01T00:00:00.000Z\"" },
		{ 1000000, "\"1970-01-01T00:00:00.001Z\"" },
		{ 1795493511123456789, "\"2026-11-24T04:11:51.123Z\"" },
		{ 951782400LL * NSEC_PER_SEC, "\"2000-02-29T00:00:00.000Z\"" },
		{ -1, "\"1969-12-31T23:59:59.999Z\"" },
		{ -NSEC_PER_SEC, "\"1969-12-31T23:59:59.000Z\"" },
		{ INT64_MAX, "\"2262-04-11T23:47:16.854Z\"" },
		{ INT64_MIN, "\"1677-09-21T00:12:43.145Z\"" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct strbuf out = STRBUF_INIT(0);
		struct json json;

		json_init(&json, &out);
		json_time(&json, cases[i].ns);
		assert_str_equal(strbuf_str(&out), str_from(cases[i].text));
		strbuf_free(&out);
	}
}

static void test_json_value(void **state)
{
	struct value ip = { .type = VALUE_IP }, real = { .type = VALUE_DOUBLE };
	struct strbuf out = STRBUF_INIT(0);
	struct value items[6], list = { .type = VALUE_LIST };
	struct json json;

	(void)state;
	assert_int_equal(ip_parse(STR("192.0.2.7"), &ip.ip), 0);
	real.d = 3;
	items[0] = (struct value){ 0 };
	items[1] = VALUE_OF_BOOL(true);
	items[2] = VALUE_OF_INT(-5);
	items[3] = real;
	items[4] = VALUE_OF_STR(STR("s\n"));
	items[5] = ip;
	list.list.items = items;
	json_init(&json, &out);
	json_array_begin(&json);
	for (list.list.count = 0; list.list.count <= 6; list.list.count += 6)
		json_value(&json, &list);
	json_value(&json, &items[5]);
	json_array_end(&json);
	assert_str(strbuf_str(&out),
		   "[[],[null,true,-5,3.0,\"s\\n\",\"192.0.2.7\"],"
		   "\"192.0.2.7\"]");
	strbuf_free(&out);
}

static void test_text_escape(void **state)
{
	static const struct {
		struct str text, escaped, plain;
	} cases[] = {
		{ STR(""), STR(""), STR("") },
		{ STR("a b"), STR("a b"), STR("a b") },
		{ STR("\"\\"), STR("\\\"\\\\"), STR("\"\\") },
		{ STR("\n\0\x7f"), STR("\\x0a\\x00\\x7f"),
		  STR("\\x0a\\x00\\x7f") },
		{ STR("\xc2\x9b"
		      "31m"),
		  STR("\\xc2\\x9b31m"), STR("\\xc2\\x9b31m") },
		{ STR("\xe2\x80\xae\xc3\xa9"), STR("\\xe2\\x80\\xae\xc3\xa9"),
		  STR("\\xe2\\x80\\xae\xc3\xa9") },
		{ STR("\xff\xe2\x82"), STR("\\xff\\xe2\\x82"),
		  STR("\\xff\\xe2\\x82") },
	};
	struct strbuf out = STRBUF_INIT(0);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		strbuf_reset(&out);
		text_escape(&out, cases[i].text);
		assert_str_equal(strbuf_str(&out), cases[i].escaped);
		strbuf_reset(&out);
		text_escape_plain(&out, cases[i].text);
		assert_str_equal(strbuf_str(&out), cases[i].plain);
	}
	text_escape(&out, (struct str){ NULL, 0 });
	strbuf_free(&out);
}

/* The byte a piece of escaped text stands for; its length. */
static size_t unescape(const char *p, char *out)
{
	char digits[3] = { 0 };

	*out = p[0];
	if (p[0] != '\\')
		return 1;
	*out = p[1];
	if (p[1] != 'x')
		return 2;
	memcpy(digits, p + 2, 2);
	*out = (char)strtoul(digits, NULL, 16);
	return 4;
}

/* The quoting form loses nothing: it can be read back. */
static void test_text_escape_random(void **state)
{
	struct strbuf out = STRBUF_INIT(0), back = STRBUF_INIT(0);
	uint64_t seed = 5;
	char text[200];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t len = random_text(&seed, text, sizeof(text));

		strbuf_reset(&out);
		strbuf_reset(&back);
		text_escape_plain(&out, (struct str){ text, len });
		assert_tame(strbuf_str(&out));
		strbuf_reset(&out);
		text_escape(&out, (struct str){ text, len });
		assert_tame(strbuf_str(&out));
		for (size_t k = 0; k < out.len;) {
			char c;

			k += unescape(out.data + k, &c);
			strbuf_add_char(&back, c);
		}
		assert_str_equal(strbuf_str(&back), (struct str){ text, len });
	}
	strbuf_free(&out);
	strbuf_free(&back);
}

/* --- diag ----------------------------------------------------------------- */

static void test_diag_print(void **state)
{
	static const struct {
		struct diag diag;
		const char *text;
	} cases[] = {
		{ { DIAG_ERROR, STR("a.toml"), 3, 5, STR("foo bar"),
		    STR("no such field") },
		  "a.toml:3:5: error: no such field\nfoo bar\n    ^\n" },
		{ { DIAG_WARNING, STR(""), 1, 1, STR("x"), STR("m") },
		  "1:1: warning: m\nx\n^\n" },
		{ { DIAG_NOTE, STR("f"), 0, 0, STR("x"), STR("m") },
		  "f: note: m\n" },
		{ { DIAG_NOTE, STR("f"), 7, 0, STR("x"), STR("m") },
		  "f:7: note: m\n" },
		{ { DIAG_ERROR, STR(""), 0, 0, STR(""), STR("m") },
		  "error: m\n" },
		{ { DIAG_ERROR, STR("f"), 2, 4, STR(""), STR("m") },
		  "f:2:4: error: m\n" },
		/* tabs stay, and the caret stands behind the end at most */
		{ { DIAG_ERROR, STR("f"), 1, 4, STR("\ta\tb"), STR("m") },
		  "f:1:4: error: m\n\ta\tb\n\t \t^\n" },
		{ { DIAG_ERROR, STR("f"), 1, 99, STR("ab"), STR("m") },
		  "f:1:99: error: m\nab\n  ^\n" },
		/* one column for a letter, four for each byte escaped */
		{ { DIAG_ERROR, STR("f"), 1, 6, STR("\xc3\xa9\xe2\x82\xac!"),
		    STR("m") },
		  "f:1:6: error: m\n\xc3\xa9\xe2\x82\xac!\n  ^\n" },
		{ { DIAG_ERROR, STR("f"), 1, 6, STR("\x01\xff\xc2\x9b!"),
		    STR("m") },
		  "f:1:6: error: m\n\\x01\\xff\\xc2\\x9b!\n"
		  "                 ^\n" },
		/* within a letter: below the letter */
		{ { DIAG_ERROR, STR("f"), 1, 3, STR("a\xc3\xa9"), STR("m") },
		  "f:1:3: error: m\na\xc3\xa9\n ^\n" },
		{ { DIAG_ERROR, STR("a\nb"), 1, 1, STR("\"\\"), STR("\x1b[m") },
		  "a\\x0ab:1:1: error: \\x1b[m\n\"\\\n^\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct strbuf out = STRBUF_INIT(0);

		diag_print(&cases[i].diag, false, &out);
		assert_str_equal(strbuf_str(&out), str_from(cases[i].text));
		strbuf_free(&out);
	}
}

static void test_diag_locate(void **state)
{
	static const struct {
		struct str text;
		size_t offset;
		unsigned int line, column;
		struct str source;
	} cases[] = {
		{ STR(""), 0, 1, 1, STR("") },
		{ STR("abc"), 0, 1, 1, STR("abc") },
		{ STR("abc"), 3, 1, 4, STR("abc") },
		{ STR("abc"), 99, 1, 4, STR("abc") },
		{ STR("abc\nde\n"), 3, 1, 4, STR("abc") },
		{ STR("abc\nde\n"), 4, 2, 1, STR("de") },
		{ STR("abc\nde\n"), 6, 2, 3, STR("de") },
		{ STR("abc\nde\n"), 7, 3, 1, STR("") },
		{ STR("a\r\nb\r\n"), 3, 2, 1, STR("b") },
		{ STR("a\r\nb\r\n"), 0, 1, 1, STR("a") },
		{ STR("a\rb\nc"), 2, 1, 3, STR("a\rb") },
		{ STR("\n\n\n"), 2, 3, 1, STR("") },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct diag diag = { .file = STR("kept") };

		diag_locate(cases[i].text, cases[i].offset, &diag);
		assert_int_equal(diag.line, cases[i].line);
		assert_int_equal(diag.column, cases[i].column);
		assert_str_equal(diag.source_line, cases[i].source);
		assert_str(diag.file, "kept");
	}
	diag_locate((struct str){ NULL, 0 }, 5, &(struct diag){ 0 });
}

/* --- hash ----------------------------------------------------------------- */

/* The published vectors: key 00..0f, message 00..len-1. */
static void test_hash_vectors(void **state)
{
	static const struct {
		size_t len;
		uint64_t hash;
	} cases[] = {
		{ 0, 0x726fdb47dd0e0e31ULL },  { 1, 0x74f839c593dc67fdULL },
		{ 2, 0x0d6c8009d9a94f5aULL },  { 7, 0xab0200f58b01d137ULL },
		{ 8, 0x93f5f5799a932462ULL },  { 15, 0xa129ca6149be45e5ULL },
		{ 63, 0x958a324ceb064572ULL },
	};
	uint8_t seed[16], message[64];

	(void)state;
	for (uint8_t i = 0; i < sizeof(message); i++)
		message[i] = i;
	memcpy(seed, message, sizeof(seed));
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_true(hash_bytes(message, cases[i].len, seed) ==
			    cases[i].hash);
}

static void test_hash_seed(void **state)
{
	uint8_t a[16] = { 0 }, b[16] = { 0 }, zero[16] = { 0 };

	(void)state;
	assert_int_equal(hash_seed(a), 0);
	assert_int_equal(hash_seed(b), 0);
	assert_memory_not_equal(a, b, sizeof(a));
	assert_memory_not_equal(a, zero, sizeof(a));
	assert_true(hash_bytes("x", 1, a) != hash_bytes("x", 1, b));
	assert_true(hash_bytes(NULL, 0, a) == hash_bytes("", 0, a));
}

/* Whatever numbers there are in a row, or far apart: few meet. */
static void test_hash_number(void **state)
{
	enum { COUNT = 1024 };
	struct hash_key key, other;

	(void)state;
	assert_int_equal(hash_key_new(&key), 0);
	assert_int_equal(hash_key_new(&other), 0);
	assert_true(hash_number(&key, 1) != hash_number(&other, 1));
	for (int shift = 0; shift <= 54; shift += 6) {
		unsigned int taken[COUNT] = { 0 }, most = 0;

		for (uint64_t i = 0; i < COUNT; i++) {
			uint64_t hash = hash_number(&key, i << shift);

			if (++taken[hash % COUNT] > most)
				most = taken[hash % COUNT];
		}
		/* chance has it at 6 */
		assert_true(most < 32);
	}
}

/* In parts it is the same, each byte counts, and so does the length. */
static void test_hash_check(void **state)
{
	uint8_t bytes[4 * HASH_CHECK_BLOCK + 5] = { 0 };
	struct hash_check check;
	uint64_t whole;

	(void)state;
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		whole = hash_check(bytes, len);
		for (size_t cut = 0; cut <= len; cut += HASH_CHECK_BLOCK) {
			hash_check_begin(&check);
			hash_check_add(&check, bytes, cut);
			hash_check_add(&check, bytes + cut, len - cut);
			assert_true(hash_check_end(&check) == whole);
		}
		for (size_t i = 0; i < len; i++) {
			bytes[i] = 1;
			assert_true(hash_check(bytes, len) != whole);
			bytes[i] = 0;
		}
		assert_true(!len || hash_check(bytes, len - 1) != whole);
	}
}

static void test_hash_combine(void **state)
{
	(void)state;
	assert_true(hash_combine(1, 2) != hash_combine(2, 1));
	assert_true(hash_combine(0, 1) != hash_combine(0, 2));
	assert_true(hash_combine(hash_combine(1, 2), 3) !=
		    hash_combine(1, hash_combine(2, 3)));
}

/* --- list ----------------------------------------------------------------- */

struct item {
	int number;
	struct list node;
};

static int list_sum(struct list *head)
{
	int sum = 0;

	for (struct list *n = head->next; n != head; n = n->next)
		sum = 10 * sum + list_entry(n, struct item, node)->number;
	return sum;
}

static void test_list(void **state)
{
	struct item items[3] = { { .number = 1 },
				 { .number = 2 },
				 { .number = 3 } };
	struct list head;

	(void)state;
	list_init(&head);
	assert_true(list_empty(&head));
	for (size_t i = 0; i < 3; i++)
		list_add_tail(&head, &items[i].node);
	assert_int_equal(list_sum(&head), 123);
	list_remove(&items[1].node);
	list_remove(&items[1].node);
	assert_int_equal(list_sum(&head), 13);
	list_add_tail(&head, &items[1].node);
	assert_int_equal(list_sum(&head), 132);
	for (size_t i = 0; i < 3; i++)
		list_remove(&items[i].node);
	assert_true(list_empty(&head));
}

/* --- log ------------------------------------------------------------------ */

struct notice {
	int count, priority;
	struct strbuf text;
};

static void take_notice(void *user, int priority, struct str text)
{
	struct notice *notice = user;

	notice->count++;
	notice->priority = priority;
	strbuf_reset(&notice->text);
	strbuf_add_str(&notice->text, text);
}

static void test_log(void **state)
{
	struct notice notice = { 0 };
	struct log log = { take_notice, &notice };

	(void)state;
	log_print(NULL, LOG_ERR, "nobody hears %s", "this");
	log_print(&(struct log){ 0 }, LOG_ERR, "nor this");
	log_print(&log, LOG_WARNING, "%d events of \"%s\\\"", 3, "h");
	assert_int_equal(notice.count, 1);
	assert_int_equal(notice.priority, LOG_WARNING);
	assert_str(strbuf_str(&notice.text), "3 events of \"h\\\"");
	log_print(&log, LOG_ERR, "one%s", "\nalert: forged\xff");
	assert_int_equal(notice.count, 2);
	assert_str(strbuf_str(&notice.text), "one\\x0aalert: forged\\xff");
	strbuf_free(&notice.text);
}

static void test_log_bound(void **state)
{
	struct notice notice = { 0 };
	struct log log = { take_notice, &notice };
	char text[5000];

	(void)state;
	memset(text, 'x', sizeof(text));
	log_print(&log, LOG_ERR, "%.*s", 2047, text);
	assert_int_equal(notice.text.len, 2047);
	assert_memory_equal(notice.text.data, text, 2047);
	log_print(&log, LOG_ERR, "%.*s", 2048, text);
	assert_int_equal(notice.text.len, 2047);
	assert_memory_equal(notice.text.data + 2043, "x...", 4);
	/* the worst: each byte takes four */
	memset(text, 0x01, sizeof(text));
	log_print(&log, LOG_ERR, "%.*s", 5000, text);
	assert_int_equal(notice.text.len, 4 * 2044 + 3);
	assert_memory_equal(notice.text.data + notice.text.len - 7, "\\x01...",
			    7);
	strbuf_free(&notice.text);
}

/* --- quantity ------------------------------------------------------------- */

#define UNCHANGED (-77)

struct quantity_case {
	struct str text;
	int64_t value; /* UNCHANGED = refused */
};

static void check_quantities(bool (*read)(struct str, int64_t *),
			     const struct quantity_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int64_t value = UNCHANGED;
		bool taken = read(cases[i].text, &value);

		if (taken != (cases[i].value != UNCHANGED) ||
		    value != cases[i].value)
			fail_msg("\"%.*s\" is %lld", STR_ARG(cases[i].text),
				 (long long)value);
	}
}

static void test_duration(void **state)
{
	static const struct quantity_case cases[] = {
		{ STR("0ms"), 0 },
		{ STR("5ms"), 5 * NSEC_PER_MSEC },
		{ STR("007s"), 7 * NSEC_PER_SEC },
		{ STR("2m"), 120 * NSEC_PER_SEC },
		{ STR("3h"), 10800 * NSEC_PER_SEC },
		{ STR("1d"), 86400 * NSEC_PER_SEC },
		{ STR("1w"), 604800 * NSEC_PER_SEC },
		{ STR("9223372036s"), 9223372036 * NSEC_PER_SEC },
		{ STR("9223372037s"), UNCHANGED },
		{ STR("9223372036854ms"), 9223372036854 * NSEC_PER_MSEC },
		{ STR("9223372036855ms"), UNCHANGED },
		{ STR("99999999999999999999s"), UNCHANGED },
		{ STR(""), UNCHANGED },
		{ STR("5"), UNCHANGED },
		{ STR("s"), UNCHANGED },
		{ STR("-1s"), UNCHANGED },
		{ STR("+1s"), UNCHANGED },
		{ STR("1 s"), UNCHANGED },
		{ STR(" 1s"), UNCHANGED },
		{ STR("1s "), UNCHANGED },
		{ STR("1S"), UNCHANGED },
		{ STR("1.5s"), UNCHANGED },
		{ STR("1us"), UNCHANGED },
		{ STR("1s\0"), UNCHANGED },
		{ { "5m", 1 }, UNCHANGED },
		{ { NULL, 0 }, UNCHANGED },
	};

	(void)state;
	check_quantities(quantity_duration, cases, COUNT(cases));
}

static void test_size(void **state)
{
	static const struct quantity_case cases[] = {
		{ STR("0"), 0 },
		{ STR("17"), 17 },
		{ STR("4K"), 4096 },
		{ STR("32M"), 32 << 20 },
		{ STR("64G"), 64LL << 30 },
		{ STR("9223372036854775807"), INT64_MAX },
		{ STR("9223372036854775808"), UNCHANGED },
		{ STR("8589934591G"), 8589934591LL << 30 },
		{ STR("8589934592G"), UNCHANGED },
		{ STR(""), UNCHANGED },
		{ STR("M"), UNCHANGED },
		{ STR("1k"), UNCHANGED },
		{ STR("1MB"), UNCHANGED },
		{ STR("1T"), UNCHANGED },
		{ STR("0x10"), UNCHANGED },
		{ { "32M", 2 }, 32 },
		{ { NULL, 0 }, UNCHANGED },
	};

	(void)state;
	check_quantities(quantity_size, cases, COUNT(cases));
}

/* --- digits --------------------------------------------------------------- */

static void test_digits(void **state)
{
	static const struct {
		const char *text;
		int base;
		bool fits;
		uint64_t number;
	} cases[] = {
		{ "0", 10, true, 0 },
		{ "18446744073709551615", 10, true, UINT64_MAX },
		{ "18446744073709551616", 10, false, 0 },
		{ "18446744073709551619999", 10, false, 0 },
		{ "ffffffffffffffff", 16, true, UINT64_MAX },
		{ "10000000000000000", 16, false, 0 },
		{ "C000003e", 16, true, 0xc000003e },
		{ "0100755", 8, true, 0100755 },
		{ "8", 8, false, 0 },
		{ "a", 10, false, 0 },
		{ "0x1", 16, false, 0 },
		{ "", 10, false, 0 },
		{ "-1", 10, false, 0 },
		{ "+1", 10, false, 0 },
		{ " 1", 10, false, 0 },
		{ "1 ", 10, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t number = 1;

		assert_int_equal(digits_parse(str_from(cases[i].text),
					      cases[i].base, &number),
				 cases[i].fits);
		if (cases[i].fits)
			assert_int_equal(number, cases[i].number);
	}
}

static void test_digits_format(void **state)
{
	static const uint64_t numbers[] = { 0, 9, 10, 4194304, UINT64_MAX };
	char text[DIGITS_MAX], expected[DIGITS_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		size_t len = digits_format(numbers[i], text);

		snprintf(expected, sizeof(expected), "%llu",
			 (unsigned long long)numbers[i]);
		assert_int_equal(len, strlen(expected));
		assert_memory_equal(text, expected, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arena_zeroes),
		cmocka_unit_test(test_arena_keeps_apart),
		cmocka_unit_test(test_arena_ceiling),
		cmocka_unit_test(test_arena_oversize),
		cmocka_unit_test(test_arena_reuse),
		cmocka_unit_test(test_arena_overflow),
		cmocka_unit_test(test_arena_text),
		cmocka_unit_test(test_strbuf_grows),
		cmocka_unit_test(test_strbuf_max),
		cmocka_unit_test(test_strbuf_whole),
		cmocka_unit_test(test_strbuf_drain),
		cmocka_unit_test(test_utf8_sequences),
		cmocka_unit_test(test_utf8_rest),
		cmocka_unit_test(test_json_string),
		cmocka_unit_test(test_json_all_codes),
		cmocka_unit_test(test_json_random),
		cmocka_unit_test(test_json_document),
		cmocka_unit_test(test_json_double),
		cmocka_unit_test(test_json_locale),
		cmocka_unit_test(test_json_time),
		cmocka_unit_test(test_json_value),
		cmocka_unit_test(test_text_escape),
		cmocka_unit_test(test_text_escape_random),
		cmocka_unit_test(test_diag_print),
		cmocka_unit_test(test_diag_locate),
		cmocka_unit_test(test_hash_vectors),
		cmocka_unit_test(test_hash_seed),
		cmocka_unit_test(test_hash_combine),
		cmocka_unit_test(test_hash_number),
		cmocka_unit_test(test_hash_check),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_log_bound),
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_digits),
		cmocka_unit_test(test_digits_format),
		cmocka_unit_test(test_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
