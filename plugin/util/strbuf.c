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

void strbuf_add(struct strbuf *buf, const void *data, size_t len)
{
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
	if (len < 0 || !strbuf_reserve(buf, (size_t)len)) {
		buf->failed = true;
		return;
	}
	va_start(ap, format);
	vsnprintf(buf->data + buf->len, (size_t)len + 1, format, ap);
	va_end(ap);
	buf->len += (size_t)len;
}

struct str strbuf_str(const struct strbuf *buf)
{
	return (struct str){ buf->data, buf->len };
}
