/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_ENGINE_MATCH_H
#define AUDISP_EQL_ENGINE_MATCH_H

#include "partial.h"
#include "sequence.h"

/*
 * The matches an event has completed (a list by next, may be NULL), for an
 * alert now or at the end of their window. Takes them over, also where status
 * is an error, which it returns. 0 or -ENOMEM.
 */
int match_take(struct turn *turn, struct step *matches, int status);
/* A waiting match is decided: the alert goes out, or an until or a missing
 * event has undone it. 0 or -ENOMEM. */
int match_decide(struct engine *engine, struct item *item);
/* How many keys it has matched by. */
size_t match_count(const struct item *item);
void match_forget(struct engine *engine, struct item *item);

#endif
