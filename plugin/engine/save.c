/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the engine knows, as bytes. Everything is found through the accounts:
 * their items stand oldest first, and are read back in that order.
 *
 * What is written is gone, as the bytes may be on their way to a file. So how
 * many there are of what is met by several ways is counted before, when each of
 * them gets its number.
 */
#include "save.h"

#include <errno.h>
#include <string.h>

#include "../limits.h"
#include "codec.h"
#include "holdback.h"
#include "partial.h"
#include "suppress.h"

struct writer {
	const struct engine *engine;
	struct strbuf *out;
	uint32_t event_count, step_count; /* numbered */
	uint32_t hosts, events, steps; /* written */
};

/* --- walking -------------------------------------------------------------- */

typedef void (*item_fn)(struct writer *writer, const struct item *item);
typedef void (*step_fn)(struct writer *writer, struct step *step);

static void each_item(struct writer *writer, item_fn fn)
{
	const struct table *accounts = &writer->engine->accounts;

	for (size_t i = 0; i < accounts->bucket_count; i++)
		for (struct table_node *node = accounts->buckets[i]; node;
		     node = node->next) {
			struct account *account =
				list_entry(node, struct account, node);

			for (struct list *at = account->items.next;
			     at != &account->items; at = at->next)
				fn(writer, list_entry(at, struct item, aged));
		}
}

static struct step *step_of(const struct item *item)
{
	return list_entry(item, struct step, item);
}

/* A step and those below it, these first. */
static void each_below(struct writer *writer, struct step *step, step_fn fn)
{
	struct step *chain[LIMIT_STAGES];
	size_t count = 0;

	for (; step; step = step->parent)
		chain[count++] = step;
	while (count)
		fn(writer, chain[--count]);
}

static void item_steps(struct writer *writer, const struct item *item,
		       step_fn fn)
{
	if (item->kind == ITEM_STEP)
		each_below(writer, step_of(item), fn);
	if (item->kind == ITEM_MATCH)
		for (struct step *step = step_of(item); step; step = step->next)
			each_below(writer, step, fn);
}

static void each_held(struct writer *writer,
		      void (*fn)(struct writer *writer, const struct host *host,
				 const struct held *held))
{
	const struct list *hosts = &writer->engine->hosts;

	for (struct list *at = hosts->next; at != hosts; at = at->next) {
		const struct host *host = list_entry(at, struct host, recent);

		for (size_t i = 0; i < host->held.count; i++)
			fn(writer, host,
			   list_entry(host->held.nodes[i], struct held, node));
	}
}

/* --- numbers -------------------------------------------------------------- */

static void forget_step(struct writer *writer, struct step *step)
{
	(void)writer;
	step->number = UINT32_MAX;
	if (step->kept)
		step->kept->number = UINT32_MAX;
}

static void forget_item(struct writer *writer, const struct item *item)
{
	const struct finding *finding;

	item_steps(writer, item, forget_step);
	if (item->kind != ITEM_FINDING)
		return;
	finding = list_entry(item, struct finding, item);
	if (finding->last)
		finding->last->number = UINT32_MAX;
}

static void forget_held(struct writer *writer, const struct host *host,
			const struct held *held)
{
	(void)writer;
	(void)host;
	held->kept->number = UINT32_MAX;
}

/* What is met for the first time gets the next number. */
static void number_next(uint32_t *number, uint32_t *count)
{
	if (*number == UINT32_MAX)
		*number = (*count)++;
}

static void number_kept(struct writer *writer, struct kept *kept)
{
	if (kept)
		number_next(&kept->number, &writer->event_count);
}

static void number_step(struct writer *writer, struct step *step)
{
	number_next(&step->number, &writer->step_count);
	number_kept(writer, step->kept);
}

static void number_item(struct writer *writer, const struct item *item)
{
	item_steps(writer, item, number_step);
	if (item->kind == ITEM_FINDING)
		number_kept(writer,
			    list_entry(item, struct finding, item)->last);
}

static void number_held(struct writer *writer, const struct host *host,
			const struct held *held)
{
	(void)host;
	number_kept(writer, held->kept);
}

static void number_all(struct writer *writer)
{
	each_item(writer, forget_item);
	each_held(writer, forget_held);
	each_item(writer, number_item);
	each_held(writer, number_held);
}

/* Whether its turn has come: what is met in the same order again is written when
 * it is met first. */
static bool is_next(uint32_t number, uint32_t *written)
{
	if (number != *written)
		return false;
	++*written;
	return true;
}

/* --- events --------------------------------------------------------------- */

static void write_kept(struct writer *writer, struct kept *kept)
{
	if (kept && is_next(kept->number, &writer->events))
		write_event(writer->out, kept->event);
}

static void write_step_event(struct writer *writer, struct step *step)
{
	write_kept(writer, step->kept);
}

static void write_item_events(struct writer *writer, const struct item *item)
{
	item_steps(writer, item, write_step_event);
	if (item->kind == ITEM_FINDING)
		write_kept(writer,
			   list_entry(item, struct finding, item)->last);
}

static void write_held_event(struct writer *writer, const struct host *host,
			     const struct held *held)
{
	(void)host;
	write_kept(writer, held->kept);
}

/* --- parts ---------------------------------------------------------------- */

static void write_events(struct writer *writer)
{
	write_u32(writer->out, writer->event_count);
	each_item(writer, write_item_events);
	each_held(writer, write_held_event);
}

static void write_fields(struct writer *writer)
{
	const struct field_table *fields = writer->engine->config.rules->fields;
	size_t count = field_table_count(fields);

	write_u32(writer->out, (uint32_t)count);
	for (size_t i = 0; i < count; i++)
		write_str(writer->out, field_table_name(fields, i));
}

static void write_rules(struct writer *writer)
{
	const struct ruleset *set = writer->engine->config.rules;

	write_u32(writer->out, (uint32_t)set->rule_count);
	for (size_t i = 0; i < set->rule_count; i++)
		write_u64(writer->out, set->rules[i]->hash);
}

static void write_marks(struct strbuf *out, const struct time_marks *marks)
{
	size_t count = marks ? marks->count : 0;
	size_t oldest = count && count == marks->capacity ? marks->at + 1 : 0;

	write_u32(out, (uint32_t)count);
	for (size_t i = 0; i < count; i++) {
		size_t at = (oldest + i) % marks->capacity;

		write_u64(out, (uint64_t)marks->marks[at].from);
		write_u64(out, (uint64_t)marks->marks[at].to);
	}
}

static void write_hosts(struct writer *writer)
{
	const struct list *hosts = &writer->engine->hosts;
	struct strbuf *out = writer->out;

	write_u32(out, (uint32_t)writer->engine->host_table.count);
	for (struct list *at = hosts->next; at != hosts; at = at->next) {
		struct host *host = list_entry(at, struct host, recent);

		host->number = writer->hosts++;
		write_str(out, host->name);
		write_u8(out, host->time_count != 0);
		write_u64(out, (uint64_t)host->newest_ns);
		write_u64(out, (uint64_t)host->matched_ns);
		write_ordinal(out, host->released);
		write_marks(out, host->gaps);
		write_marks(out, host->evictions);
	}
}

static void write_slot(struct strbuf *out, const struct slot *slot)
{
	write_u32(out, slot->rule->number);
	write_u32(out, slot->index);
}

static void write_step(struct writer *writer, struct step *step)
{
	struct strbuf *out = writer->out;

	if (!is_next(step->number, &writer->steps))
		return;
	write_slot(out, step->slot);
	write_u32(out, step->host->number);
	write_u32(out, step->item.account->uid);
	write_u32(out, step->kept ? step->kept->number : UINT32_MAX);
	write_u32(out, step->parent ? step->parent->number : UINT32_MAX);
	write_ordinal(out, step->last);
	write_u32(out, step->readings);
	write_u32(out, (uint32_t)step->partial_count);
	for (struct partial *at = step->partials; at; at = at->next) {
		write_u64(out, at->node.hash);
		write_u64(out, at->print_b);
		if (step->slot->last)
			write_ordinal(out, (struct ordinal){ 0, at->tuple });
		else
			write_ordinal(out, at->consumed);
	}
}

static void write_item_steps(struct writer *writer, const struct item *item)
{
	item_steps(writer, item, write_step);
}

static void write_steps(struct writer *writer)
{
	write_u32(writer->out, writer->step_count);
	each_item(writer, write_item_steps);
}

static void write_match(struct writer *writer, const struct item *item)
{
	uint32_t count = 0;

	if (item->kind != ITEM_MATCH)
		return;
	for (struct step *step = step_of(item); step; step = step->next)
		count++;
	write_u32(writer->out, count);
	write_u64(writer->out, (uint64_t)item->due_ns);
	for (struct step *step = step_of(item); step; step = step->next)
		write_u32(writer->out, step->number);
}

static void write_held(struct writer *writer, const struct host *host,
		       const struct held *held)
{
	struct strbuf *out = writer->out;

	write_u32(out, 1);
	write_u32(out, host->number);
	write_u32(out, held->kept->number);
	write_ordinal(out, held->ordinal);
	write_u64(out, held->arrival);
	write_u32(out, (uint32_t)held->hit_count);
	for (size_t i = 0; i < held->hit_count; i++) {
		write_slot(out, writer->engine->probes[held->hits[i].probe]);
		write_u32(out, held->hits[i].readings);
	}
}

static void write_destinations(struct strbuf *out,
			       const struct finding *finding)
{
	strbuf_add(out, &finding->ip, sizeof(finding->ip));
	write_u64(out, (uint64_t)finding->port);
	write_u32(out, (uint32_t)finding->destination_count);
	for (size_t i = 0; i < finding->destination_count; i++) {
		strbuf_add(out, &finding->destinations[i].ip,
			   sizeof(finding->destinations[i].ip));
		write_u64(out, (uint64_t)finding->destinations[i].port);
	}
}

static void write_finding(struct writer *writer, const struct item *item)
{
	const struct finding *finding = list_entry(item, struct finding, item);
	struct strbuf *out = writer->out;

	if (item->kind != ITEM_FINDING)
		return;
	write_u32(out, 1);
	write_u32(out, item->account->host->number);
	write_u32(out, item->account->uid);
	write_u32(out, finding->rule->number);
	write_u64(out, finding->node.hash);
	write_u64(out, finding->print_b);
	write_u64(out, (uint64_t)item->due_ns);
	write_u8(out, finding->kind);
	write_u32(out, finding->sent);
	write_u64(out, (uint64_t)finding->start_ns);
	strbuf_add(out, finding->alert_id, sizeof(finding->alert_id));
	write_u32(out, finding->last ? finding->last->number : UINT32_MAX);
	write_u64(out, finding->repeats);
	write_u64(out, (uint64_t)finding->first_ns);
	write_u64(out, (uint64_t)finding->last_ns);
	write_destinations(out, finding);
}

static void write_exceptions(struct writer *writer)
{
	const struct engine *engine = writer->engine;

	for (size_t i = 0; i < engine->config.rules->exception_count; i++) {
		const struct exception_count *count = &engine->exceptions[i];
		int64_t since_ns = count->use.since_ns ? count->use.since_ns
						       : engine->first_ns;

		write_u32(writer->out, 1);
		write_u64(writer->out, count->hash);
		write_u64(writer->out, count->use.hits);
		write_u64(writer->out, (uint64_t)since_ns);
		write_u64(writer->out, (uint64_t)count->use.last_ns);
	}
}

/* --- the whole ------------------------------------------------------------ */

static void write_body(struct writer *writer)
{
	const struct engine *engine = writer->engine;

	strbuf_add(writer->out, engine->seeds, sizeof(engine->seeds));
	write_u64(writer->out, engine->arrivals);
	write_fields(writer);
	write_rules(writer);
	write_hosts(writer);
	write_events(writer);
	write_steps(writer);
	/* each of these begins with how many it has; none is the end */
	each_item(writer, write_match);
	write_u32(writer->out, 0);
	each_held(writer, write_held);
	write_u32(writer->out, 0);
	each_item(writer, write_finding);
	write_u32(writer->out, 0);
	write_exceptions(writer);
	write_u32(writer->out, 0);
}

int engine_save(const struct engine *engine, struct strbuf *out)
{
	struct writer writer = { .engine = engine, .out = out };

	number_all(&writer);
	strbuf_add(out, STATE_MAGIC, STATE_MAGIC_BYTES);
	write_body(&writer);
	return out->failed ? -ENOMEM : 0;
}
