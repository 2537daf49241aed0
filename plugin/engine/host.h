/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_ENGINE_HOST_H
#define AUDISP_EQL_ENGINE_HOST_H

#include "internal.h"

/* The host of a name, made where it is new. 0 and *out, or -ENOMEM. */
int host_get(struct engine *engine, struct str name, struct host **out);
/* Frees all of them as they are. */
void hosts_free(struct engine *engine);

/* An event of this time was seen: the host's clock follows. */
void host_see(struct engine *engine, struct host *host, int64_t time_ns);
/* Its time: the latest of its last events, and what passed since. */
int64_t host_now(const struct engine *engine, const struct host *host);
/*
 * Does all that is due: held-back events have their turn, and what stands in
 * the queues is fired. 0 or -errno.
 */
int host_run(struct engine *engine, struct host *host);
/* Fires what is due strictly before a time. */
int host_fire(struct engine *engine, struct host *host, int64_t time_ns);
/* Everything held back has its turn. */
int host_flush(struct engine *engine, struct host *host);
/* The same, and every waiting match is decided. */
int host_finish(struct engine *engine, struct host *host);
/* What is held back has its turn, and nothing that was begun goes on. */
int host_separate(struct engine *engine, struct host *host);
/* How many may be known at once. */
size_t host_max(const struct engine *engine);
/* Ends all intervals of suppression. */
void host_close_findings(struct engine *engine, struct host *host);

/* Records were lost within this time. */
void host_mark_gap(struct engine *engine, struct host *host,
		   struct time_span span);
/* Partials of this holder were evicted. */
void host_mark_eviction(struct engine *engine, const struct account *account);
/* Something else that findings may need was forgotten. */
void host_mark_loss(struct engine *engine, struct host *host, int64_t time_ns);
/* A mark known from a state. */
void host_restore_mark(struct engine *engine, struct time_marks **marks,
		       size_t capacity, struct time_span span);
/* Whether one falls into a span, ends included. */
bool time_marks_within(const struct time_marks *marks, int64_t from,
		       int64_t to);

#endif
