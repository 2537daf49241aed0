/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What engine_save() wrote, read back. The bytes may be anything: every number
 * is looked at before it is used, what does not fit ends the reading, and then
 * all that was read is dropped. What belongs to a rule that is no longer there,
 * or has changed, is read and left out.
 */
#include "save.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "codec.h"
#include "evict.h"
#include "holdback.h"
#include "host.h"
#include "partial.h"
#include "suppress.h"

/* A state may hold more than memcap allows now, but a body of nothing but
 * empty events must not take all memory there is. */
#define MEMCAP_TIMES 4

struct loader {
	struct engine *engine;
	struct reader reader;
	struct arena *arena; /* of the tables below */
	struct arena *event_arena; /* of the event in hand */
	struct slot_map map;
	/* by their number in the state; NULL = it is left out */
	struct rule_state **rules;
	struct host **hosts;
	struct kept **events;
	struct step **steps;
	size_t rule_count, host_count, event_count, step_count;
};

static int loader_status(const struct loader *loader)
{
	const struct engine *engine = loader->engine;

	if (engine->starved)
		return -ENOMEM;
	if (loader->reader.bad ||
	    engine->stats.memory / MEMCAP_TIMES > engine->config.memcap)
		return -EBADMSG;
	return 0;
}

/* Room for the things of a part, by their number. 0, -EBADMSG, -ENOMEM. */
static int load_count(struct loader *loader, size_t least, size_t *count,
		      void *out)
{
	size_t things = read_count(&loader->reader, least);
	void *array = arena_array(loader->arena, things + 1, sizeof(void *));

	if (loader->reader.bad)
		return -EBADMSG;
	if (!array)
		return -ENOMEM;
	memcpy(out, &array, sizeof(array));
	*count = things;
	return 0;
}

/* --- fields, rules, hosts ------------------------------------------------- */

static int load_fields(struct loader *loader)
{
	const struct field_table *fields = loader->engine->config.rules->fields;
	size_t count = read_count(&loader->reader, 4);
	int *slots = arena_array(loader->arena, count + 1, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		slots[i] = field_table_find(fields, read_str(&loader->reader));
	loader->map =
		(struct slot_map){ count, slots, field_table_count(fields) };
	return loader_status(loader);
}

static struct rule_state *find_rule(struct engine *engine, uint64_t hash)
{
	for (size_t i = 0; i < engine->config.rules->rule_count; i++)
		if (engine->rules[i].rule->hash == hash)
			return &engine->rules[i];
	return NULL;
}

static int load_rules(struct loader *loader)
{
	int rc = load_count(loader, 8, &loader->rule_count, &loader->rules);

	for (size_t i = 0; i < loader->rule_count && !rc; i++)
		loader->rules[i] =
			find_rule(loader->engine, read_u64(&loader->reader));
	return rc ? rc : loader_status(loader);
}

static void load_marks(struct loader *loader, struct time_marks **marks,
		       size_t capacity)
{
	struct reader *reader = &loader->reader;
	uint32_t count = read_count(reader, sizeof(struct time_span));

	for (uint32_t i = 0; i < count && !reader->bad; i++) {
		struct time_span span;

		span.from = read_i64(reader);
		span.to = read_i64(reader);
		host_restore_mark(loader->engine, marks, capacity, span);
	}
}

static int load_host(struct loader *loader, struct host **out)
{
	struct reader *reader = &loader->reader;
	struct str name = read_str(reader);
	bool seen = read_u8(reader);
	int64_t newest_ns = read_i64(reader);
	struct host *host;
	int rc;

	if (reader->bad || !name.len)
		return -EBADMSG;
	rc = host_get(loader->engine, name, &host);
	if (rc)
		return rc;
	if (seen)
		host_see(loader->engine, host, newest_ns);
	host->matched_ns = read_i64(reader);
	host->released = read_ordinal(reader);
	load_marks(loader, &host->gaps, HOST_GAPS);
	load_marks(loader, &host->evictions, HOST_EVICTIONS);
	*out = host;
	return 0;
}

static int load_hosts(struct loader *loader)
{
	int rc = load_count(loader, 45, &loader->host_count, &loader->hosts);

	for (size_t i = 0; i < loader->host_count && !rc; i++) {
		rc = load_host(loader, &loader->hosts[i]);
		/* the same name twice, or more than there is room for */
		if (!rc && loader->engine->host_table.count != i + 1)
			rc = -EBADMSG;
	}
	return rc ? rc : loader_status(loader);
}

/* --- events --------------------------------------------------------------- */

static int load_event(struct loader *loader, struct kept **out)
{
	struct event *event;
	struct host *host;
	size_t hosts = loader->engine->host_table.count;
	int rc;

	arena_reset(loader->event_arena);
	event = read_event(&loader->reader, &loader->map, loader->event_arena);
	if (!event)
		return loader->reader.bad ? -EBADMSG : -ENOMEM;
	rc = event->host.len ? host_get(loader->engine, event->host, &host)
			     : -EBADMSG;
	if (!rc && loader->engine->host_table.count != hosts)
		rc = -EBADMSG;
	if (rc)
		return rc;
	*out = kept_new(loader->engine, host, event);
	return *out ? loader_status(loader) : -ENOMEM;
}

static int load_events(struct loader *loader)
{
	int rc = load_count(loader, 57, &loader->event_count, &loader->events);

	for (size_t i = 0; i < loader->event_count && !rc; i++)
		rc = load_event(loader, &loader->events[i]);
	return rc;
}

/* An event by its number, UINT32_MAX = none; bad where it is of another host
 * or beyond the end. */
static struct kept *event_at(struct loader *loader, const struct host *host)
{
	uint32_t number = read_u32(&loader->reader);
	struct kept *kept = NULL;

	if (number == UINT32_MAX)
		return NULL;
	if (number < loader->event_count)
		kept = loader->events[number];
	if (!kept || kept->account->host != host)
		loader->reader.bad = true;
	return kept;
}

static struct host *host_at(struct loader *loader)
{
	uint32_t number = read_index(&loader->reader, loader->host_count);

	return loader->reader.bad ? NULL : loader->hosts[number];
}

/* --- steps ---------------------------------------------------------------- */

/* The slot of a rule that runs; NULL = it is left out, or bad. */
static struct slot *load_slot(struct loader *loader)
{
	uint32_t number = read_index(&loader->reader, loader->rule_count);
	uint32_t index = read_u32(&loader->reader);
	struct rule_state *rule =
		loader->reader.bad ? NULL : loader->rules[number];

	if (!rule)
		return NULL;
	if (index >= rule->slot_count) {
		loader->reader.bad = true;
		return NULL;
	}
	return &rule->slots[index];
}

static int load_place(struct loader *loader, struct step *step,
		      const struct print *print, struct ordinal consumed)
{
	struct engine *engine = loader->engine;
	const struct partial *there = partial_find(engine, print);
	int rc;

	/* a place is of one slot, and without history of one partial */
	if (there && (there->step->slot != step->slot ||
		      there->step->host != step->host || !step->slot->history))
		return -EBADMSG;
	rc = partial_put(engine, step, print);
	if (!rc)
		step->partials->consumed = consumed;
	return rc;
}

/* A partial, or (step == NULL) one of a step that is left out. */
static int load_partial(struct loader *loader, struct step *step)
{
	struct reader *reader = &loader->reader;
	struct ordinal ordinal;
	struct print print;

	print.a = read_u64(reader);
	print.b = read_u64(reader);
	ordinal = read_ordinal(reader);
	if (reader->bad)
		return -EBADMSG;
	if (!step)
		return 0;
	if (step->slot->last)
		return partial_add_match(loader->engine, step, &print,
					 ordinal.serial);
	return load_place(loader, step, &print, ordinal);
}

/* Whether what a step says of itself fits its slot. */
static bool step_fits(const struct step_seed *seed, bool has_event)
{
	const struct slot *slot = seed->slot;

	if (seed->readings < 1 || seed->readings > 3)
		return false;
	if (slot->kind != SLOT_STAGE)
		return !has_event && !seed->parent;
	if (!has_event || !slot->before != !seed->parent)
		return false;
	return !seed->parent || (seed->parent->slot == slot->before &&
				 seed->parent->host == seed->host);
}

static struct step *parent_at(struct loader *loader, size_t number)
{
	uint32_t parent = read_u32(&loader->reader);

	if (parent == UINT32_MAX)
		return NULL;
	if (parent < number)
		return loader->steps[parent];
	loader->reader.bad = true;
	return NULL;
}

/* What is read of a step before its partials. */
struct step_head {
	struct step_seed seed;
	uint32_t uid; /* who pays for a mark, which has no event */
	uint32_t partials;
};

/* Owned by the loader too until the end: what nothing else owns then goes. */
static int make_step(struct loader *loader, const struct step_head *head,
		     struct step **out)
{
	struct engine *engine = loader->engine;
	struct step_seed seed = head->seed;
	struct kept stand_in = { 0 };
	struct step *step;

	if (!step_fits(&seed, seed.kept))
		return -EBADMSG;
	if (!seed.kept) {
		stand_in.account = account_get(engine, seed.host, head->uid);
		if (!stand_in.account)
			return -ENOMEM;
		seed.kept = &stand_in;
	}
	*out = step = step_new(engine, &seed);
	if (!step)
		return -ENOMEM;
	if (!head->partials || seed.slot->last)
		return 0;
	return step_queue(engine, step, ITEM_STEP, step_due(engine, step));
}

static void read_step(struct loader *loader, struct step_head *head,
		      size_t number)
{
	struct reader *reader = &loader->reader;
	struct step_seed *seed = &head->seed;

	*head = (struct step_head){ 0 };
	seed->slot = load_slot(loader);
	seed->host = host_at(loader);
	head->uid = read_u32(reader);
	seed->kept = event_at(loader, seed->host);
	seed->parent = parent_at(loader, number);
	seed->ordinal = read_ordinal(reader);
	seed->readings = read_u32(reader);
	head->partials = read_count(reader, 32);
}

static int load_step(struct loader *loader, size_t number)
{
	struct step **step = &loader->steps[number];
	struct step_head head;
	int rc = 0;

	read_step(loader, &head, number);
	if (loader->reader.bad)
		return -EBADMSG;
	if (head.seed.slot)
		rc = make_step(loader, &head, step);
	for (uint32_t i = 0; i < head.partials && !rc; i++)
		rc = load_partial(loader, *step);
	return rc ? rc : loader_status(loader);
}

static int load_steps(struct loader *loader)
{
	int rc = load_count(loader, 48, &loader->step_count, &loader->steps);

	for (size_t i = 0; i < loader->step_count && !rc; i++)
		rc = load_step(loader, i);
	return rc;
}

/* --- matches -------------------------------------------------------------- */

/* One more step of a match that waits; *first is the one before it. */
static int load_match_step(struct loader *loader, struct step **first)
{
	uint32_t number = read_index(&loader->reader, loader->step_count);
	struct step *step;

	if (loader->reader.bad)
		return -EBADMSG;
	step = loader->steps[number];
	if (!step) /* of a rule that is left out */
		return *first ? -EBADMSG : 0;
	/* all of one event, each in one match only; child says it is in one */
	if (!step->slot->last || step->child ||
	    (*first &&
	     ((*first)->slot != step->slot || (*first)->kept != step->kept ||
	      (*first)->readings != step->readings)))
		return -EBADMSG;
	step->child = step;
	step_hold(step);
	step->next = *first;
	*first = step;
	return 0;
}

static int load_match(struct loader *loader, uint32_t count)
{
	int64_t due_ns = read_i64(&loader->reader);
	struct step *first = NULL;
	int rc = 0;

	for (uint32_t i = 0; i < count && !rc; i++)
		rc = load_match_step(loader, &first);
	if (!rc && first) {
		rc = step_queue(loader->engine, first, ITEM_MATCH, due_ns);
		/* the queue owns the first, that owns the others */
		if (!rc)
			step_drop(loader->engine, first);
		first = rc ? first : NULL;
	}
	for (struct step *next; first; first = next) {
		next = first->next;
		step_drop(loader->engine, first);
	}
	return rc ? rc : loader_status(loader);
}

/* --- events held back ----------------------------------------------------- */

static uint32_t probe_of(const struct engine *engine, const struct slot *slot)
{
	uint32_t probe = 0;

	while (engine->probes[probe] != slot)
		probe++;
	return probe;
}

/* Hits stand in the order of probes, as find_hits() makes them. */
static int load_hits(struct loader *loader, uint32_t count, size_t *kept)
{
	struct engine *engine = loader->engine;
	size_t hits = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct slot *slot = load_slot(loader);
		uint32_t readings = read_u32(&loader->reader);

		if (loader->reader.bad || readings < 1 || readings > 3)
			return -EBADMSG;
		if (!slot)
			continue;
		if (hits == engine->probe_count)
			return -EBADMSG;
		engine->hits[hits++] = (struct hit){
			.probe = probe_of(engine, slot),
			.readings = readings,
		};
	}
	*kept = hits;
	return 0;
}

static int load_held(struct loader *loader, uint32_t one)
{
	struct engine *engine = loader->engine;
	struct reader *reader = &loader->reader;
	struct host *host = host_at(loader);
	struct held held = { 0 };
	uint32_t count;
	int rc;

	held.kept = event_at(loader, host);
	held.ordinal = read_ordinal(reader);
	held.arrival = read_u64(reader);
	count = read_count(reader, 12);
	if (reader->bad || !held.kept || one != 1)
		return -EBADMSG;
	rc = load_hits(loader, count, &held.hit_count);
	if (!rc && held.hit_count)
		rc = holdback_put(engine, host, &held, engine->hits);
	return rc ? rc : loader_status(loader);
}

/* --- findings ------------------------------------------------------------- */

static void load_destinations(struct reader *reader, struct finding *finding)
{
	uint32_t count;

	read_bytes(reader, &finding->ip, sizeof(finding->ip));
	finding->port = read_i64(reader);
	count = read_count(reader, sizeof(struct ip) + 8);
	if (count > ALERT_DESTINATIONS_MAX)
		reader->bad = true;
	for (uint32_t i = 0; i < count && !reader->bad; i++) {
		struct alert_destination *to = &finding->destinations[i];

		read_bytes(reader, &to->ip, sizeof(to->ip));
		to->port = read_i64(reader);
		finding->destination_count++;
	}
}

/* Where a finding belongs. */
struct home {
	struct host *host;
	uint32_t uid;
	struct print print;
};

/* Reads one; its rule may be gone. */
static void read_finding(struct loader *loader, struct finding *finding,
			 struct home *home)
{
	struct reader *reader = &loader->reader;
	uint32_t rule;

	home->host = host_at(loader);
	home->uid = read_u32(reader);
	rule = read_index(reader, loader->rule_count);
	home->print.a = read_u64(reader);
	home->print.b = read_u64(reader);
	finding->item.due_ns = read_i64(reader);
	finding->kind = read_u8(reader);
	finding->sent = read_u32(reader);
	finding->start_ns = read_i64(reader);
	read_bytes(reader, finding->alert_id, sizeof(finding->alert_id));
	finding->last = event_at(loader, home->host);
	finding->repeats = read_u64(reader);
	finding->first_ns = read_i64(reader);
	finding->last_ns = read_i64(reader);
	load_destinations(reader, finding);
	if (!reader->bad)
		finding->rule = loader->rules[rule];
	/* repeats have a last event, and only they */
	if (!finding->repeats != !finding->last ||
	    finding->kind >= FINDING__COUNT)
		reader->bad = true;
}

static int place_finding(struct loader *loader, struct finding *finding,
			 const struct home *home)
{
	struct engine *engine = loader->engine;
	int rc;

	finding->item.account = account_get(engine, home->host, home->uid);
	if (!finding->item.account)
		return -ENOMEM;
	rc = finding_restore(engine, finding, &home->print);
	if (!rc && finding->last)
		kept_hold(finding->last);
	return rc;
}

static int load_finding(struct loader *loader, uint32_t one)
{
	struct finding *finding = calloc(1, sizeof(*finding));
	struct home home;
	int rc = 0;

	if (!finding)
		return -ENOMEM;
	read_finding(loader, finding, &home);
	if (loader->reader.bad || one != 1 ||
	    finding_find(loader->engine, &home.print))
		rc = -EBADMSG;
	else if (finding->rule)
		rc = place_finding(loader, finding, &home);
	if (rc || !finding->rule)
		free(finding);
	return rc ? rc : loader_status(loader);
}

/* --- exceptions ----------------------------------------------------------- */

/* One that is gone, or another by now, is left out. */
static int load_exception(struct loader *loader, uint32_t one)
{
	struct engine *engine = loader->engine;
	struct reader *reader = &loader->reader;
	uint64_t hash = read_u64(reader);
	struct exception_use use;

	use.hits = read_u64(reader);
	use.since_ns = read_i64(reader);
	use.last_ns = read_i64(reader);
	if (reader->bad || one != 1)
		return -EBADMSG;
	for (size_t i = 0; i < engine->config.rules->exception_count; i++)
		if (engine->exceptions[i].hash == hash)
			engine->exceptions[i].use = use;
	return 0;
}

/* --- the whole ------------------------------------------------------------ */

/* Things that each begin with a number, until one is 0. */
static int load_each(struct loader *loader,
		     int (*load)(struct loader *loader, uint32_t number))
{
	uint32_t number;
	int rc = 0;

	while (!rc && (number = read_u32(&loader->reader)))
		rc = load(loader, number);
	return rc ? rc : loader_status(loader);
}

static int load_body(struct loader *loader)
{
	struct engine *engine = loader->engine;
	int rc;

	read_bytes(&loader->reader, engine->seeds, sizeof(engine->seeds));
	engine->arrivals = read_u64(&loader->reader);
	rc = load_fields(loader);
	if (!rc)
		rc = load_rules(loader);
	if (!rc)
		rc = load_hosts(loader);
	if (!rc)
		rc = load_events(loader);
	if (!rc)
		rc = load_steps(loader);
	if (!rc)
		rc = load_each(loader, load_match);
	if (!rc)
		rc = load_each(loader, load_held);
	if (!rc)
		rc = load_each(loader, load_finding);
	if (!rc)
		rc = load_each(loader, load_exception);
	if (!rc && loader->reader.at != loader->reader.end)
		rc = -EBADMSG;
	return rc;
}

/* What nothing in the engine owns goes. */
static void loader_close(struct loader *loader)
{
	struct engine *engine = loader->engine;

	for (size_t i = 0; i < loader->step_count; i++) {
		if (!loader->steps[i])
			continue;
		loader->steps[i]->child = NULL;
		step_drop(engine, loader->steps[i]);
	}
	for (size_t i = 0; i < loader->event_count; i++)
		kept_drop(engine, loader->events[i]);
	arena_free(&loader->arena);
	arena_free(&loader->event_arena);
}

static int check_magic(struct reader *reader)
{
	uint8_t magic[STATE_MAGIC_BYTES];

	read_bytes(reader, magic, sizeof(magic));
	return memcmp(magic, STATE_MAGIC, sizeof(magic)) ? -EBADMSG : 0;
}

/* As it was before anything was read. */
static void start_anew(struct engine *engine, const struct engine *before)
{
	hosts_free(engine);
	memcpy(engine->seeds, before->seeds, sizeof(engine->seeds));
	engine->arrivals = before->arrivals;
	engine->starved = false;
	engine->stats = before->stats;
	for (size_t i = 0; i < engine->config.rules->exception_count; i++)
		engine->exceptions[i].use = (struct exception_use){ 0 };
}

int engine_load(struct engine *engine, struct reader *state)
{
	struct loader loader = { .engine = engine, .reader = *state };
	const struct engine before = *engine;
	int rc;

	if (engine->host_table.count)
		return -EINVAL;
	rc = check_magic(&loader.reader);
	if (rc)
		return rc;
	loader.arena = arena_new(0);
	loader.event_arena = arena_new(0);
	rc = loader.arena && loader.event_arena ? load_body(&loader) : -ENOMEM;
	loader_close(&loader);
	*state = loader.reader;
	if (rc) {
		start_anew(engine, &before);
		return rc;
	}
	evict_for(engine, 0);
	engine->stats.partials_started = before.stats.partials_started;
	return 0;
}
