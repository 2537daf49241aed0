/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_UTIL_STRBUF_H
#define AUDISP_EQL_UTIL_STRBUF_H

#include <stdbool.h>
#include <stddef.h>

#include <audisp-eql/event.h>

/* Takes bytes on; 0, or an error, after which no more come. */
typedef int (*strbuf_drain_fn)(void *user, struct str bytes);

/*
 * A growing byte buffer with a ceiling that belongs to it. What does not fit
 * is left out as a whole and sets failed: check it once, at the end.
 *
 * One with a drain is for what need not lie in memory as a whole: its data are
 * STRBUF_DRAIN_BYTES of its owner, which are handed on whenever they are full.
 */
struct strbuf {
	char *data;
	size_t len, capacity;
	size_t max; /* 0 = none; of what went down the drain, too */
	bool failed; /* out of memory, over max, or the drain refused */
	strbuf_drain_fn drain; /* NULL = none */
	void *user; /* of drain */
	size_t drained; /* bytes handed on */
};

#define STRBUF_DRAIN_BYTES (16U << 10)

#define STRBUF_INIT(limit) \
	{ \
		.max = (limit) \
	}

void strbuf_free(struct strbuf *buf);
void strbuf_reset(struct strbuf *buf); /* keeps the memory, clears failed */
void strbuf_add(struct strbuf *buf, const void *data, size_t len);
void strbuf_add_str(struct strbuf *buf, struct str text);
void strbuf_add_char(struct strbuf *buf, char c);
/* Not for one with a drain: it fails. */
void strbuf_printf(struct strbuf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Hands on what is left. */
void strbuf_drain(struct strbuf *buf);
/* All bytes that were added. */
size_t strbuf_total(const struct strbuf *buf);
/* The bytes of one without a drain. */
struct str strbuf_str(const struct strbuf *buf);

#endif
