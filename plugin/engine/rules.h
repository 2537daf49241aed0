/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_ENGINE_RULES_H
#define AUDISP_EQL_ENGINE_RULES_H

#include "internal.h"

/* Lays out the slots of the rule set, and which to ask for which category. 0,
 * -ENOMEM, -EINVAL (a query that does not run here). */
int rules_open(struct engine *engine);
void rules_close(struct engine *engine);

#endif
