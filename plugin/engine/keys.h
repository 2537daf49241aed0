/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_ENGINE_KEYS_H
#define AUDISP_EQL_ENGINE_KEYS_H

#include "internal.h"

/*
 * A key as the engine keeps it: 128 bits of hash under two secret seeds. They
 * take the place of the values: two keys that differ have the same print with
 * a chance of 2^-128, and nobody who does not know the seeds can find such.
 */
struct print {
	uint64_t a, b;
};

/* Of an event, the keys of its last hits: rules share them. */
#define KEYS_KNOWN 8
/* So many fields at most have a tuple without asking the arena. */
#define KEYS_FEW 4

struct known_print {
	const struct value *value;
	struct print print;
};

/* The key tuples of one event for one stage, each once. */
struct keys {
	/* what they were made from */
	const struct kept *kept;
	const struct slot *slot;
	uint32_t readings;
	size_t count, key_count;
	struct print *prints;
	const struct value **values; /* count * key_count, in the event */
	bool cut; /* there are more than LIMIT_KEY_TUPLES */
	/* where there is one tuple, as nearly always */
	struct print one_print;
	const struct value *one_tuple[KEYS_FEW];
	struct known_print known[KEYS_KNOWN];
	size_t known_count;
	struct arena *arena;
};

int keys_new(struct keys **out);
void keys_free(struct keys **keys);
/* Nothing made before is of use any more: events were freed. */
void keys_forget(struct keys *keys);
/* Whether the event has a key under a reading, so that it counts at all. */
bool keys_present(const struct stage *stage, const struct event *event,
		  enum reading reading);
/* Makes engine->keys those of an event, under the readings that held. What was
 * asked just before costs nothing. 0 or -ENOMEM. */
int keys_make(struct engine *engine, const struct kept *kept,
	      const struct slot *slot, uint32_t readings);
/* Where a key of a slot and host is found. */
struct print keys_place(const struct print *print, const struct slot *slot,
			const struct host *host);

#endif
