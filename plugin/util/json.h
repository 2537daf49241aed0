/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_UTIL_JSON_H
#define AUDISP_EQL_UTIL_JSON_H

#include "strbuf.h"

/*
 * A JSON writer for hostile bytes: control characters (C0, DEL, C1), U+2028/9
 * and bidi controls are escaped, each byte that is not UTF-8 becomes
 * \ufffd. The result is one line of valid UTF-8, whatever goes in.
 */
struct json {
	struct strbuf *out;
	unsigned int depth;
	bool comma; /* a value stands before */
	bool key; /* a key has just been written */
};

void json_init(struct json *json, struct strbuf *out);
void json_object_begin(struct json *json);
void json_object_end(struct json *json);
void json_array_begin(struct json *json);
void json_array_end(struct json *json);
void json_key(struct json *json, struct str key);
void json_string(struct json *json, struct str text);
void json_int(struct json *json, int64_t number);
void json_uint(struct json *json, uint64_t number);
void json_double(struct json *json, double number); /* null for inf, nan */
void json_truth(struct json *json, bool value);
void json_null(struct json *json);
/* Text that is JSON already. */
void json_raw(struct json *json, struct str text);
/* "2026-11-24T04:11:51.123Z" as a string value. */
void json_time(struct json *json, int64_t time_ns);
/* A value of any type; lists as arrays. */
void json_value(struct json *json, const struct value *value);

/* Shorthands: key and value. */
void json_add_str(struct json *json, const char *key, struct str text);
void json_add_int(struct json *json, const char *key, int64_t number);
void json_add_bool(struct json *json, const char *key, bool value);

/*
 * Bytes made safe for one line of text on a terminal or in syslog: the same
 * characters that JSON strings escape are written as \xHH, a backslash as
 * \\, a double quote as \".
 */
void text_escape(struct strbuf *out, struct str text);
/* The same, but leaves backslashes and quotes alone: for whole sentences. */
void text_escape_plain(struct strbuf *out, struct str text);
/* Whether that leaves all of it alone. */
bool text_is_plain(struct str text);
/* A Unicode character as UTF-8; returns its length. */
size_t utf8_encode(uint32_t c, char out[4]);
/* 2026-11-24T04:11:51.123Z */
void text_time(struct strbuf *out, int64_t time_ns);
/* Length of the valid UTF-8 sequence at p (1..4), 0 = not valid. */
size_t utf8_length(const char *p, size_t len);

#endif
