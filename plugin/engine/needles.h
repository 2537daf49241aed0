/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_ENGINE_NEEDLES_H
#define AUDISP_EQL_ENGINE_NEEDLES_H

#include "../eql/demand.h"
#include "../util/arena.h"
#include "../util/table.h"

/* Begins what is kept of each text. */
struct needle {
	struct table_node node;
	struct demand demand; /* its text is in lower case */
};

/* Texts that are all looked for at once, whatever the case. */
struct needles {
	struct arena *arena;
	size_t size; /* of what begins with a struct needle */
	struct table table; /* by the ending of the text */
	uint8_t *endings; /* those there are, as bits */
	size_t unanchored; /* how many may stand anywhere */
	size_t from, reach; /* where in a value one may end before its end */
};

/* 0 or -ENOMEM; needles_close() in any case. What is kept of the texts lives
 * in the arena. */
int needles_open(struct needles *needles, struct arena *arena, size_t size);
void needles_close(struct needles *needles);
/* The one for a text, blank where it is new. NULL = out of memory. */
struct needle *needles_add(struct needles *needles,
			   const struct demand *demand);

typedef void (*needle_fn)(void *user, struct needle *needle);

/* Those that a value meets, each once or more. */
void needles_find(const struct needles *needles, struct str value, needle_fn fn,
		  void *user);

#endif
