/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_ENGINE_INDEX_H
#define AUDISP_EQL_ENGINE_INDEX_H

#include "internal.h"

/* An index of the engine's probes, which stand as they will. 0 or -ENOMEM. */
int index_open(struct engine *engine);
void index_close(struct engine *engine);
/* Whether an event may hit a probe; then all it may, as bits in engine->asked.
 */
bool index_ask(struct engine *engine, const struct event *event);

#endif
