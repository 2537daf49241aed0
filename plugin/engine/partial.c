/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Partials: sequences begun and not ended.
 *
 * Elasticsearch keeps a list of partials per key and stage; a later event takes
 * the newest one that ended before it and drops all older ones. With events in
 * order that needs one slot only: the newest overwrites, since whatever an
 * older one could still become, the newer one becomes too (it has at least as
 * much of its span left). Events are visited last stage first, so that none
 * advances the partial it has just made.
 *
 * One thing arrives out of order: an attempt to connect bears the time it began
 * and comes when it ended, minutes later. It must find the partials as they
 * were at its time. So in the slot that feeds the last stage, what was
 * superseded or consumed stays behind the newest until no attempt can be that
 * late; how the right one is chosen is in sequence.c.
 *
 * Memory has a ceiling. Whoever has an ordinary account can make partials, so
 * each is charged to its host and login uid, and at the ceiling the largest
 * holder loses its oldest one: a flood pushes out itself. Holders are kept in
 * classes by the magnitude of what they hold, so that finding one of the
 * largest costs nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../limits.h"
#include "../util/hash.h"
#include "internal.h"

#define ACCOUNT_BUCKETS 1024
/* slots of the table per byte of memcap: a partial is some 400 bytes */
#define BYTES_PER_BUCKET 512
#define BUCKETS_MIN 1024

/* --- accounts ------------------------------------------------------------- */

static size_t account_class(size_t bytes)
{
	return bytes ? 63 - (size_t)__builtin_clzl(bytes) : 0;
}

static struct account **account_bucket(struct engine *engine,
				       const struct engine_host *host,
				       uint32_t uid)
{
	uint64_t key[2] = { (uint64_t)(uintptr_t)host, uid };

	return &engine->accounts[hash_bytes(key, sizeof(key), engine->seed) %
				 ACCOUNT_BUCKETS];
}

static struct account *account_get(struct engine *engine,
				   struct engine_host *host, uint32_t uid)
{
	struct account **bucket = account_bucket(engine, host, uid);
	struct account *account = *bucket;

	while (account && (account->host != host || account->uid != uid))
		account = account->next;
	if (account)
		return account;
	account = calloc(1, sizeof(*account));
	if (!account)
		return NULL;
	account->host = host;
	account->uid = uid;
	list_init(&account->partials);
	account->next = *bucket;
	*bucket = account;
	list_add_tail(&engine->account_classes[0], &account->in_class);
	engine_charge(engine, sizeof(*account));
	return account;
}

/* Moves an account to the class of its new size; an empty one goes. */
static void account_change(struct engine *engine, struct account *account,
			   size_t bytes)
{
	struct account **link;

	account->bytes = bytes;
	list_remove(&account->in_class);
	if (bytes) {
		list_add_tail(&engine->account_classes[account_class(bytes)],
			      &account->in_class);
		return;
	}
	link = account_bucket(engine, account->host, account->uid);
	while (*link != account)
		link = &(*link)->next;
	*link = account->next;
	free(account);
	engine_discharge(engine, sizeof(*account));
}

/* --- table ---------------------------------------------------------------- */

int partial_table_new(struct engine *engine)
{
	size_t count = BUCKETS_MIN;

	while (count < engine->config.memcap / BYTES_PER_BUCKET)
		count *= 2;
	engine->bucket_count = count;
	engine->buckets = calloc(count, sizeof(*engine->buckets));
	engine->accounts = calloc(ACCOUNT_BUCKETS, sizeof(*engine->accounts));
	for (size_t i = 0; i < 64; i++)
		list_init(&engine->account_classes[i]);
	return engine->buckets && engine->accounts ? 0 : -ENOMEM;
}

static uint64_t key_hash(const struct engine *engine,
			 const struct partial_key *key)
{
	uint64_t where[2] = { (uint64_t)(uintptr_t)key->host,
			      (uint64_t)key->rule << 32 | key->stage };
	uint64_t hash = hash_bytes(where, sizeof(where), engine->seed);

	for (size_t i = 0; i < key->count; i++)
		hash = hash_combine(hash,
				    value_hash(&key->values[i], engine->seed));
	return hash;
}

static bool key_equal(const struct partial *partial,
		      const struct partial_key *key)
{
	if (partial->host != key->host || partial->rule != key->rule ||
	    partial->stage != key->stage || partial->key_count != key->count)
		return false;
	for (size_t i = 0; i < key->count; i++)
		if (!value_equal(&partial->keys[i], &key->values[i]))
			return false;
	return true;
}

static struct partial **find_link(struct engine *engine,
				  const struct partial_key *key, uint64_t hash)
{
	struct partial **link =
		&engine->buckets[hash & (engine->bucket_count - 1)];

	while (*link && ((*link)->hash != hash || !key_equal(*link, key)))
		link = &(*link)->chain;
	return link;
}

struct partial *partial_find(struct engine *engine,
			     const struct partial_key *key)
{
	return *find_link(engine, key, key_hash(engine, key));
}

/* --- partials ------------------------------------------------------------- */

static size_t partial_size(const struct partial_key *key, size_t events)
{
	size_t size = sizeof(struct partial) +
		      key->count * sizeof(struct value) +
		      events * sizeof(struct event *);

	for (size_t i = 0; i < key->count; i++)
		if (key->values[i].type == VALUE_STRING)
			size += key->values[i].s.len;
	return size;
}

/* Copies the key's values and their bytes behind the struct. */
static void copy_key(struct partial *partial, const struct partial_key *key,
		     size_t events)
{
	char *at;

	partial->key_count = key->count;
	partial->keys = (struct value *)(partial + 1);
	partial->events = (struct event **)(partial->keys + key->count);
	at = (char *)(partial->events + events);
	for (size_t i = 0; i < key->count; i++) {
		partial->keys[i] = key->values[i];
		if (key->values[i].type != VALUE_STRING)
			continue;
		if (key->values[i].s.len)
			memcpy(at, key->values[i].s.data, key->values[i].s.len);
		partial->keys[i].s.data = at;
		at += key->values[i].s.len;
	}
}

static struct partial *partial_new(struct engine *engine,
				   const struct partial_key *key,
				   const struct partial *before,
				   struct event *event)
{
	size_t old = before ? before->event_count : 0;
	size_t count = old + (event != NULL);
	size_t size = partial_size(key, count);
	struct partial *partial = calloc(1, size);

	if (!partial)
		return NULL;
	partial->size = size;
	copy_key(partial, key, count);
	for (size_t i = 0; i < old; i++)
		partial->events[i] = event_hold(before->events[i]);
	if (event)
		partial->events[old] = event_hold(event);
	partial->event_count = count;
	partial->host = key->host;
	partial->rule = key->rule;
	partial->stage = key->stage;
	engine_charge(engine, size);
	return partial;
}

/* Frees a partial that is in no slot any more. */
static void partial_free(struct engine *engine, struct partial *partial)
{
	list_remove(&partial->in_rule);
	list_remove(&partial->in_account);
	for (size_t i = 0; i < partial->event_count; i++)
		engine_drop_event(engine, &partial->events[i]);
	engine_discharge(engine, partial->size);
	engine->stats.partials_live--;
	account_change(engine, partial->account,
		       partial->account->bytes - partial->size);
	free(partial);
}

static struct partial **link_of(struct engine *engine,
				const struct partial *head)
{
	struct partial **link =
		&engine->buckets[head->hash & (engine->bucket_count - 1)];

	while (*link != head)
		link = &(*link)->chain;
	return link;
}

/* Frees the partials behind one. */
static void free_older(struct engine *engine, struct partial *partial)
{
	while (partial) {
		struct partial *older = partial->older;

		partial_free(engine, partial);
		partial = older;
	}
}

void partial_remove(struct engine *engine, struct partial *partial)
{
	struct partial **link = link_of(engine, partial);

	*link = partial->chain;
	free_older(engine, partial);
}

/* Takes one partial out from wherever in its slot it stands. */
static void partial_unlink(struct engine *engine, struct partial *partial)
{
	struct partial_key key = { partial->host, partial->rule, partial->stage,
				   partial->key_count, partial->keys };
	struct partial **link = find_link(engine, &key, partial->hash);
	struct partial *at = *link;

	if (at == partial) {
		/* the one behind it moves up */
		*link = partial->older ? partial->older : partial->chain;
		if (partial->older)
			partial->older->chain = partial->chain;
	} else {
		while (at->older != partial)
			at = at->older;
		at->older = partial->older;
	}
	partial_free(engine, partial);
}

/* Whether superseded partials of this slot are kept for late attempts. */
static bool keeps_older(const struct engine *engine,
			const struct partial_key *key)
{
	const struct query *query =
		engine->config.rules->rules[key->rule]->query;

	return key->stage != UNTIL_STAGE &&
	       key->stage + 2 == query->stage_count;
}

static int partial_enlist(struct engine *engine, struct partial *partial,
			  const struct event *payer)
{
	struct account *account =
		account_get(engine, partial->host, payer->charge_uid);

	if (!account)
		return -ENOMEM;
	partial->account = account;
	list_add_tail(&account->partials, &partial->in_account);
	list_add_tail(&engine->rules[partial->rule].partials,
		      &partial->in_rule);
	account_change(engine, account, account->bytes + partial->size);
	engine->stats.partials_live++;
	engine->stats.partials_started++;
	return 0;
}

static void partial_abandon(struct engine *engine, struct partial *partial)
{
	for (size_t i = 0; i < partial->event_count; i++)
		engine_drop_event(engine, &partial->events[i]);
	engine_discharge(engine, partial->size);
	free(partial);
}

struct partial *partial_put(struct engine *engine,
			    const struct partial_key *key,
			    const struct partial *before, struct event *event,
			    struct ordinal ordinal)
{
	bool is_until = key->stage == UNTIL_STAGE;
	struct partial *partial =
		partial_new(engine, key, before, is_until ? NULL : event);
	struct partial **link, *old;

	if (!partial)
		return NULL;
	partial->hash = key_hash(engine, key);
	partial->first_ns = before ? before->first_ns : ordinal.time_ns;
	partial->last = ordinal;
	if (partial_enlist(engine, partial, event)) {
		partial_abandon(engine, partial);
		return NULL;
	}
	link = find_link(engine, key, partial->hash);
	old = *link;
	*link = partial;
	if (old) {
		partial->chain = old->chain;
		old->chain = NULL;
		if (keeps_older(engine, key))
			partial->older = old;
		else
			free_older(engine, old);
	}
	return partial;
}

void partial_expire(struct engine *engine, struct rule_state *rule)
{
	while (!list_empty(&rule->partials)) {
		struct partial *partial = list_entry(rule->partials.next,
						     struct partial, in_rule);
		int64_t end = partial->last.time_ns + rule->span_ns +
			      engine->config.lateness_ns;

		if (host_now(partial->host) <= end)
			return;
		partial_unlink(engine, partial);
	}
}

bool partial_evict(struct engine *engine)
{
	for (size_t class = 64; class -- > 0;) {
		struct list *accounts = &engine->account_classes[class];
		struct account *account;
		struct partial *partial;

		if (list_empty(accounts))
			continue;
		account = list_entry(accounts->next, struct account, in_class);
		partial = list_entry(account->partials.next, struct partial,
				     in_account);
		partial->host->evicted_ns = host_now(partial->host);
		engine->stats.partials_evicted++;
		partial_unlink(engine, partial);
		return true;
	}
	return false;
}

void partial_table_free(struct engine *engine)
{
	for (size_t i = 0; engine->buckets && i < engine->bucket_count; i++)
		while (engine->buckets[i])
			partial_remove(engine, engine->buckets[i]);
	free(engine->buckets);
	free(engine->accounts);
	engine->buckets = NULL;
	engine->accounts = NULL;
}
