/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_ENGINE_ACCOUNT_H
#define AUDISP_EQL_ENGINE_ACCOUNT_H

#include "internal.h"

void memory_charge(struct engine *engine, size_t bytes);
void memory_discharge(struct engine *engine, size_t bytes);

/* The account of a login of a host, made where it is new. NULL = out of
 * memory. It lives as long as something is charged to it. */
struct account *account_get(struct engine *engine, struct host *host,
			    uint32_t uid);
/* Those to which nothing is charged, as memory ran out. */
void accounts_free(struct engine *engine);
void account_charge(struct engine *engine, struct account *account,
		    size_t bytes);
void account_discharge(struct engine *engine, struct account *account,
		       size_t bytes);

/* Queues an item, whose account, kind and due time are set. 0, -ENOMEM. */
int item_queue(struct engine *engine, struct item *item);
void item_unqueue(struct engine *engine, struct item *item);

/* A kept copy for one owner, charged. NULL = out of memory. */
struct kept *kept_new(struct engine *engine, struct host *host,
		      const struct event *event);
struct kept *kept_hold(struct kept *kept);
/* NULL is allowed. */
void kept_drop(struct engine *engine, struct kept *kept);
size_t kept_size(const struct kept *kept);

/*
 * The oldest item of the largest holder, for who needs memory. NULL = there is
 * nothing to give up.
 */
struct item *account_oldest(const struct engine *engine);

#endif
