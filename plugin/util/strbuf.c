/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES 256U

void strbuf_free(struct strbuf *buf)
{
	free(buf->data);
	buf->data = NULL;
	buf->len = buf->capacity = 0;
	buf->failed = false;
}

void strbuf_reset(struct strbuf *buf)
{
	buf->len = 0;
	buf->failed = false;
}

/* Room for more bytes and one behind them, for the NUL of vsnprintf; false = it
 * does not fit, and failed is set. */
static bool strbuf_reserve(struct strbuf *buf, size_t more)
{
	size_t need, capacity;
	char *data;

	if (__builtin_add_overflow(buf->len, more, &need) ||
	    (buf->max && need > buf->max) || need > SIZE_MAX / 2) {
		buf->failed = true;
		return false;
	}
	if (need < buf->capacity)
		return true;
	capacity = buf->capacity ? buf->capacity : FIRST_BYTES;
	while (capacity <= need)
		capacity *= 2;
	if (buf->max && capacity > buf->max)
		capacity = buf->max + 1;
	data = realloc(buf->data, capacity);
	if (!data) {
		buf->failed = true;
		return false;
	}
	buf->data = data;
	buf->capacity = capacity;
	return true;
}

void strbuf_drain(struct strbuf *buf)
{
	if (buf->failed || !buf->len)
		return;
	if (buf->drain(buf->user, strbuf_str(buf)))
		buf->failed = true;
	buf->drained += buf->len;
	buf->len = 0;
}

/* Each part that is handed on but the last is as long as the buffer. */
static void strbuf_pass(struct strbuf *buf, const char *data, size_t len)
{
	if (buf->max && len > buf->max - strbuf_total(buf))
		buf->failed = true;
	while (len && !buf->failed) {
		size_t part = STRBUF_DRAIN_BYTES - buf->len;

		if (part > len)
			part = len;
		memcpy(buf->data + buf->len, data, part);
		buf->len += part;
		data += part;
		len -= part;
		if (buf->len == STRBUF_DRAIN_BYTES)
			strbuf_drain(buf);
	}
}

void strbuf_add(struct strbuf *buf, const void *data, size_t len)
{
	if (buf->drain) {
		strbuf_pass(buf, data, len);
		return;
	}
	if (!len || !strbuf_reserve(buf, len))
		return;
	memcpy(buf->data + buf->len, data, len);
	buf->len += len;
}

void strbuf_add_str(struct strbuf *buf, struct str text)
{
	strbuf_add(buf, text.data, text.len);
}

void strbuf_add_char(struct strbuf *buf, char c)
{
	strbuf_add(buf, &c, 1);
}

void strbuf_printf(struct strbuf *buf, const char *format, ...)
{
	va_list ap;
	int len;

	va_start(ap, format);
	len = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (len < 0 || buf->drain || !strbuf_reserve(buf, (size_t)len)) {
		buf->failed = true;
		return;
	}
	va_start(ap, format);
	vsnprintf(buf->data + buf->len, (size_t)len + 1, format, ap);
	va_end(ap);
	buf->len += (size_t)len;
}

size_t strbuf_total(const struct strbuf *buf)
{
	return buf->drained + buf->len;
}

struct str strbuf_str(const struct strbuf *buf)
{
	return (struct str){ buf->data, buf->len };
}
