/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_ENGINE_CODEC_H
#define AUDISP_EQL_ENGINE_CODEC_H

#include "../util/arena.h"
#include "../util/codec.h"
#include "internal.h"

void write_ordinal(struct strbuf *out, struct ordinal ordinal);
/* An event; its fields by their slot. */
void write_event(struct strbuf *out, const struct event *event);

struct ordinal read_ordinal(struct reader *reader);
/* What the slots of a state are in this rule set. */
struct slot_map {
	size_t count;
	const int *slots; /* < 0 = nobody knows it any more */
	size_t value_count; /* slots of an event now */
};

/* An event in the arena, its bytes where they were read. NULL = out of memory,
 * or bad. */
struct event *read_event(struct reader *reader, const struct slot_map *map,
			 struct arena *arena);

#endif
