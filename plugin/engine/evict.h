/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_ENGINE_EVICT_H
#define AUDISP_EQL_ENGINE_EVICT_H

#include "internal.h"

/* Makes room for bytes below memcap, as far as there is something to give up:
 * the largest holder loses its oldest, until it fits. */
void evict_for(struct engine *engine, size_t bytes);
/* One item goes before its time. */
void evict_item(struct engine *engine, struct item *item);

#endif
