/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_ENGINE_SEQUENCE_H
#define AUDISP_EQL_ENGINE_SEQUENCE_H

#include "internal.h"

/* An event has its turn. */
struct turn {
	struct engine *engine;
	struct host *host;
	struct kept *kept;
	struct ordinal ordinal; /* when it counts */
	bool cut; /* it has too many keys, which is counted once */
};

/* Takes the hits of an event, in their order. 0 or -ENOMEM. */
int sequence_take(struct turn *turn, const struct hit *hits, size_t count);

#endif
