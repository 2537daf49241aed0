/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_ENGINE_INDEX_H
#define AUDISP_EQL_ENGINE_INDEX_H

#include "internal.h"

/* An index of the engine's probes, which stand as they will. 0 or -ENOMEM. */
int index_open(struct engine *engine);
void index_close(struct engine *engine);
/* The probes an event may hit, as bits in engine->asked. */
void index_ask(struct engine *engine, const struct event *event);

#endif
