/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_ENGINE_HOLDBACK_H
#define AUDISP_EQL_ENGINE_HOLDBACK_H

#include "internal.h"

/* An event that hit something, waiting for its turn. */
struct held {
	struct heap_node node;
	struct ordinal ordinal;
	uint64_t arrival;
	struct kept *kept;
	size_t hit_count;
	struct hit hits[];
};

void holdback_open(struct host *host);
void holdback_close(struct engine *engine, struct host *host);
/* A copy of the hits waits for its turn; takes a hold of the event. */
int holdback_put(struct engine *engine, struct host *host,
		 const struct held *held, const struct hit *hits);
/* When the first counts, of a host that holds some. */
int64_t holdback_first_ns(const struct host *host);
/* What counts until then has its turn, in order. 0 or -errno. */
int holdback_release(struct engine *engine, struct host *host,
		     int64_t until_ns);
/* The first of the host that holds most goes early. 0 or -errno. */
int holdback_release_early(struct engine *engine);

#endif
