/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Length of a sequence by its first byte, with the least code point that may
 * need so many bytes; 0 = no first byte. */
static size_t utf8_first(unsigned char c, uint32_t *least)
{
	if (c < 0x80) {
		*least = 0;
		return 1;
	}
	if (c >= 0xc2 && c < 0xe0) {
		*least = 0x80;
		return 2;
	}
	if (c >= 0xe0 && c < 0xf0) {
		*least = 0x800;
		return 3;
	}
	if (c >= 0xf0 && c < 0xf5) {
		*least = 0x10000;
		return 4;
	}
	return 0;
}

/* Decodes one code point; its length, 0 = not valid. */
static size_t utf8_decode(const char *p, size_t len, uint32_t *out)
{
	unsigned char first = len ? (unsigned char)p[0] : 0xff;
	uint32_t least, code;
	size_t need = utf8_first(first, &least);

	if (!need || need > len)
		return 0;
	code = need == 1 ? first : first & (0x7fU >> need);
	for (size_t i = 1; i < need; i++) {
		unsigned char c = (unsigned char)p[i];

		if ((c & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (c & 0x3f);
	}
	if (code < least || code > 0x10ffff ||
	    (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*out = code;
	return need;
}

size_t utf8_length(const char *p, size_t len)
{
	uint32_t code;

	return utf8_decode(p, len, &code);
}

/*
 * What may not stand in a terminal, a one-line format or XML as it is: controls,
 * line separators, marks that turn the direction of text around, and two codes
 * that are no characters.
 */
static bool code_is_hostile(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code <= 0x9f) ||
	       code == 0x061c || code == 0x200e || code == 0x200f ||
	       code == 0x2028 || code == 0x2029 || code == 0xfeff ||
	       code == 0xfffe || code == 0xffff ||
	       (code >= 0x202a && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

void json_init(struct json *json, struct strbuf *out)
{
	*json = (struct json){ .out = out };
}

/* The comma before a value or key, where one is due. */
static void json_separate(struct json *json)
{
	if (json->comma && !json->key)
		strbuf_add_char(json->out, ',');
	json->comma = true;
	json->key = false;
}

static void json_begin(struct json *json, char bracket)
{
	json_separate(json);
	strbuf_add_char(json->out, bracket);
	json->comma = false;
	json->depth++;
}

static void json_end(struct json *json, char bracket)
{
	strbuf_add_char(json->out, bracket);
	json->comma = true;
	json->depth--;
}

void json_object_begin(struct json *json)
{
	json_begin(json, '{');
}

void json_object_end(struct json *json)
{
	json_end(json, '}');
}

void json_array_begin(struct json *json)
{
	json_begin(json, '[');
}

void json_array_end(struct json *json)
{
	json_end(json, ']');
}

static void json_escape_code(struct strbuf *out, uint32_t code)
{
	static const char short_forms[] = "\bb\ff\nn\rr\tt\"\"\\\\";

	for (const char *p = short_forms; *p; p += 2) {
		if ((unsigned char)p[0] == code) {
			strbuf_add_char(out, '\\');
			strbuf_add_char(out, p[1]);
			return;
		}
	}
	strbuf_printf(out, "\\u%04x", (unsigned int)code);
}

static void json_quote(struct strbuf *out, struct str text)
{
	size_t start = 0, i = 0;

	strbuf_add_char(out, '"');
	while (i < text.len) {
		uint32_t code = 0;
		size_t len = utf8_decode(text.data + i, text.len - i, &code);

		if (len && code != '"' && code != '\\' &&
		    !code_is_hostile(code)) {
			i += len;
			continue;
		}
		strbuf_add(out, text.data + start, i - start);
		if (len)
			json_escape_code(out, code);
		else
			strbuf_add_str(out, STR("\\ufffd"));
		i += len ? len : 1;
		start = i;
	}
	if (text.len)
		strbuf_add(out, text.data + start, i - start);
	strbuf_add_char(out, '"');
}

void json_key(struct json *json, struct str key)
{
	json_separate(json);
	json_quote(json->out, key);
	strbuf_add_char(json->out, ':');
	json->key = true;
}

void json_string(struct json *json, struct str text)
{
	json_separate(json);
	json_quote(json->out, text);
}

void json_int(struct json *json, int64_t number)
{
	json_separate(json);
	strbuf_printf(json->out, "%lld", (long long)number);
}

void json_uint(struct json *json, uint64_t number)
{
	json_separate(json);
	strbuf_printf(json->out, "%llu", (unsigned long long)number);
}

void json_double(struct json *json, double number)
{
	char text[40];
	size_t point;

	if (!isfinite(number)) {
		json_null(json);
		return;
	}
	json_separate(json);
	snprintf(text, sizeof(text), "%.15g", number);
	if (strtod(text, NULL) < number || strtod(text, NULL) > number)
		snprintf(text, sizeof(text), "%.17g", number);
	/* a locale's decimal point may be any character */
	point = strspn(text, "-0123456789");
	strbuf_add(json->out, text, point);
	if (!text[point]) {
		strbuf_add_str(json->out, STR(".0"));
	} else if (text[point] != 'e') {
		strbuf_add_char(json->out, '.');
		point += strcspn(text + point, "0123456789");
	}
	strbuf_add_str(json->out, str_from(text + point));
}

void json_truth(struct json *json, bool value)
{
	json_raw(json, value ? STR("true") : STR("false"));
}

void json_null(struct json *json)
{
	json_raw(json, STR("null"));
}

void json_raw(struct json *json, struct str text)
{
	json_separate(json);
	strbuf_add_str(json->out, text);
}

void text_time(struct strbuf *out, int64_t time_ns)
{
	int64_t seconds = time_ns / NSEC_PER_SEC;
	int64_t rest = time_ns % NSEC_PER_SEC;
	time_t when;
	struct tm tm;

	if (rest < 0) {
		rest += NSEC_PER_SEC;
		seconds--;
	}
	when = (time_t)seconds;
	/* an int64 of nanoseconds ends in the year 2262 */
	gmtime_r(&when, &tm);
	strbuf_printf(out, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
		      tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		      tm.tm_min, tm.tm_sec, (int)(rest / NSEC_PER_MSEC));
}

void json_time(struct json *json, int64_t time_ns)
{
	json_separate(json);
	strbuf_add_char(json->out, '"');
	text_time(json->out, time_ns);
	strbuf_add_char(json->out, '"');
}

static void json_list(struct json *json, const struct value *value)
{
	json_array_begin(json);
	for (size_t i = 0; i < value->list.count; i++)
		json_value(json, &value->list.items[i]);
	json_array_end(json);
}

void json_value(struct json *json, const struct value *value)
{
	char text[IP_TEXT_MAX];

	switch (value->type) {
	case VALUE_NULL:
		json_null(json);
		break;
	case VALUE_BOOL:
		json_truth(json, value->b);
		break;
	case VALUE_INT:
		json_int(json, value->i);
		break;
	case VALUE_DOUBLE:
		json_double(json, value->d);
		break;
	case VALUE_STRING:
		json_string(json, value->s);
		break;
	case VALUE_IP:
		json_string(json,
			    (struct str){ text, ip_format(&value->ip, text) });
		break;
	case VALUE_LIST:
		json_list(json, value);
		break;
	}
}

void json_add_str(struct json *json, const char *key, struct str text)
{
	json_key(json, str_from(key));
	json_string(json, text);
}

void json_add_int(struct json *json, const char *key, int64_t number)
{
	json_key(json, str_from(key));
	json_int(json, number);
}

void json_add_bool(struct json *json, const char *key, bool value)
{
	json_key(json, str_from(key));
	json_truth(json, value);
}

/* Copies text; hostile code points and bytes as \xHH, and so a '"' or '\'
 * with a backslash before it where quotes is set. */
static void escape_text(struct strbuf *out, struct str text, bool quotes)
{
	size_t start = 0, i = 0;

	while (i < text.len) {
		uint32_t code = 0;
		size_t len = utf8_decode(text.data + i, text.len - i, &code);
		bool quote = quotes && (code == '"' || code == '\\');

		if (len && !code_is_hostile(code) && !quote) {
			i += len;
			continue;
		}
		strbuf_add(out, text.data + start, i - start);
		if (quote)
			strbuf_printf(out, "\\%c", (int)code);
		len = len ? len : 1;
		for (size_t k = 0; k < len && !quote; k++)
			strbuf_printf(out, "\\x%02x",
				      (unsigned char)text.data[i + k]);
		i += len;
		start = i;
	}
	if (text.len)
		strbuf_add(out, text.data + start, i - start);
}

void text_escape(struct strbuf *out, struct str text)
{
	escape_text(out, text, true);
}

void text_escape_plain(struct strbuf *out, struct str text)
{
	escape_text(out, text, false);
}

bool text_is_plain(struct str text)
{
	uint32_t code;
	size_t len;

	for (size_t i = 0; i < text.len; i += len) {
		len = utf8_decode(text.data + i, text.len - i, &code);
		if (!len || code_is_hostile(code))
			return false;
	}
	return true;
}

size_t utf8_encode(uint32_t c, char out[4])
{
	static const unsigned char first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = len; i-- > 1; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(first[len] | c);
	return len;
}
