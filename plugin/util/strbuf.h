/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_UTIL_STRBUF_H
#define AUDISP_EQL_UTIL_STRBUF_H

#include <stdbool.h>
#include <stddef.h>

#include <audisp-eql/event.h>

/*
 * A growing byte buffer with a ceiling that belongs to it. What does not fit
 * is left out as a whole and sets failed: check it once, at the end.
 */
struct strbuf {
	char *data;
	size_t len, capacity;
	size_t max; /* 0 = none */
	bool failed; /* out of memory or over max */
};

#define STRBUF_INIT(limit) \
	{ \
		.max = (limit) \
	}

void strbuf_free(struct strbuf *buf);
void strbuf_reset(struct strbuf *buf); /* keeps the memory, clears failed */
void strbuf_add(struct strbuf *buf, const void *data, size_t len);
void strbuf_add_str(struct strbuf *buf, struct str text);
void strbuf_add_char(struct strbuf *buf, char c);
void strbuf_printf(struct strbuf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
struct str strbuf_str(const struct strbuf *buf);

#endif
