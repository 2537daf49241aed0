/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_ENGINE_GATHER_H
#define AUDISP_EQL_ENGINE_GATHER_H

#include "sequence.h"

/* Takes a hit of a sample, whose keys are engine->keys. 0 or -ENOMEM. */
int gather_take(struct turn *turn, const struct slot *slot, uint32_t readings);

#endif
