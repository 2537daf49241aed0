/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_OUTPUT_BOUNDS_H
#define AUDISP_EQL_OUTPUT_BOUNDS_H

#include "../util/strbuf.h"

/*
 * How much of a text and of a list is told. What is left out is always the
 * middle, with a mark in its place: who may choose a text may fill up either
 * end of it, and the telling part is as often the first as the last.
 */
struct bounds {
	size_t text; /* bytes of one string, and of all strings of a list */
	size_t items; /* elements of a list */
	bool cut; /* something was left out */
	bool failed; /* out of memory */
	struct strbuf scratch;
};

#define BOUNDS_NONE \
	{ \
		.text = SIZE_MAX, .items = SIZE_MAX \
	}
#define BOUNDS_MARK "[...]"

void bounds_free(struct bounds *bounds);
/* The text, or as much of it as may be told; valid until the next call. */
struct str bounds_text(struct bounds *bounds, struct str text);

/* The first and the last elements that are told; all: head == count. */
struct bounds_span {
	size_t head, tail;
};

struct bounds_span bounds_count(struct bounds *bounds, size_t count);
/* The same, and no more bytes of strings than of one text. */
struct bounds_span bounds_list(struct bounds *bounds, const struct value *items,
			       size_t count);

#endif
