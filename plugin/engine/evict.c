/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evict.h"

#include "account.h"
#include "host.h"
#include "match.h"
#include "suppress.h"

void evict_item(struct engine *engine, struct item *item)
{
	if (item->kind == ITEM_FINDING) {
		/* told early, nothing is lost */
		finding_close(engine, item);
		return;
	}
	host_mark_eviction(engine, item->account);
	if (item->kind == ITEM_MATCH) {
		engine->stats.partials_evicted += match_count(item);
		match_forget(engine, item);
	} else {
		engine->stats.partials_evicted +=
			list_entry(item, struct step, item)->partial_count;
		step_forget(engine, item);
	}
}

void evict_for(struct engine *engine, size_t bytes)
{
	size_t memcap = engine->config.memcap;
	struct item *item;

	while ((bytes > memcap || engine->stats.memory > memcap - bytes) &&
	       (item = account_oldest(engine)))
		evict_item(engine, item);
}
