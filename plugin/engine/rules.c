/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rule set as the engine runs it: a slot for each stage and until, all in
 * one array in the order their hits are taken. Which of them an event asks:
 * index.c.
 */
#include "rules.h"

#include <errno.h>
#include <stdlib.h>

#include "../util/hash.h"
#include "index.h"

static void slot_init(struct rule_state *rule, struct slot *slot,
		      const struct stage *stage)
{
	static const uint8_t seed[16];
	const struct str id = rule->rule->id;

	slot->rule = rule;
	slot->stage = stage;
	slot->index = (uint32_t)(slot - rule->slots);
	/* the same in the next process, for partials that are saved */
	slot->salt = hash_combine(hash_combine(rule->rule->hash, slot->index),
				  hash_bytes(id.data, id.len, seed));
}

/* What its condition and keys say was just asked: a run written out. */
static bool is_run(const struct stage *a, const struct stage *b)
{
	return a->condition == b->condition && a->keys == b->keys &&
	       a->key_count == b->key_count &&
	       a->category_bit == b->category_bit &&
	       str_equal(a->category, b->category);
}

/* The stages of a sample stand side by side. */
static int open_sample(struct rule_state *rule)
{
	size_t count = rule->query->stage_count;

	rule->completions = calloc(count, sizeof(*rule->completions));
	rule->partners = calloc(count, sizeof(struct partial *));
	if (!rule->completions || !rule->partners)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		struct slot *slot = &rule->slots[i];

		slot_init(rule, slot, &rule->query->stages[i]);
		rule->completions[i] = *slot;
		rule->completions[i].last = true;
		slot->completion = &rule->completions[i];
	}
	return 0;
}

/* Links the stages that must happen, the missing ones left out. */
static int link_stages(struct engine *engine, struct rule_state *rule)
{
	const struct query *query = rule->query;
	struct slot *before = NULL;

	for (size_t i = 0; i < query->stage_count; i++) {
		struct slot *slot = &rule->slots[i];

		slot_init(rule, slot, &query->stages[i]);
		if (query->stages[i].missing) {
			slot->kind = SLOT_MISSING;
			slot->history = true;
			rule->has_missing = true;
			continue;
		}
		slot->before = before;
		before = slot;
	}
	if (!before)
		return -EINVAL;
	rule->last = before;
	before->last = true;
	if (before->before)
		before->before->history = !engine->config.exact;
	return 0;
}

static void ask_later(struct engine *engine, struct slot *slot)
{
	size_t probe = engine->probe_count++;
	const struct slot *before = probe ? engine->probes[probe - 1] : NULL;

	engine->probes[probe] = slot;
	slot->repeats = before && before->rule == slot->rule &&
			is_run(before->stage, slot->stage);
}

static int open_rule(struct engine *engine, uint32_t number)
{
	struct rule_state *rule = &engine->rules[number];
	const struct query *query;
	int rc;

	rule->rule = engine->config.rules->rules[number];
	rule->query = query = rule->rule->query;
	rule->number = number;
	rule->span_ns =
		query->maxspan_ns ? query->maxspan_ns : rule->rule->from_ns;
	rule->slot_count = query->stage_count + (query->until != NULL);
	rule->slots = calloc(rule->slot_count, sizeof(*rule->slots));
	if (!rule->slots)
		return -ENOMEM;
	rc = query->type == QUERY_SAMPLE ? open_sample(rule)
					 : link_stages(engine, rule);
	if (rc)
		return rc;
	if (query->until) {
		rule->until = &rule->slots[query->stage_count];
		slot_init(rule, rule->until, query->until);
		rule->until->kind = SLOT_UNTIL;
		rule->until->history = true;
	}
	/* in exact order all that comes before the last event has been seen */
	rule->waits = engine->config.exact
			      ? query->stages[query->stage_count - 1].missing
			      : rule->has_missing || query->until;
	for (size_t i = query->stage_count; i-- > 0;)
		ask_later(engine, &rule->slots[i]);
	if (rule->until)
		ask_later(engine, rule->until);
	return 0;
}

static bool runs_here(const struct query *query)
{
	return query->stage_count && !query->pipe_count;
}

static int open_probes(struct engine *engine, size_t slots)
{
	engine->word_count = (slots + PROBES_PER_WORD - 1) / PROBES_PER_WORD;
	engine->probes = calloc(slots + 1, sizeof(struct slot *));
	engine->hits = calloc(slots + 1, sizeof(*engine->hits));
	engine->late_hits = calloc(slots + 1, sizeof(*engine->late_hits));
	return engine->probes && engine->hits && engine->late_hits ? 0
								   : -ENOMEM;
}

static int open_exceptions(struct engine *engine)
{
	const struct ruleset *set = engine->config.rules;
	struct exception_place place = { 0 };

	engine->exceptions =
		calloc(set->exception_count + 1, sizeof(*engine->exceptions));
	if (!engine->exceptions)
		return -ENOMEM;
	while (ruleset_next_exception(set, &place))
		engine->exceptions[place.exception->index].hash =
			place.exception->hash;
	return 0;
}

int rules_open(struct engine *engine)
{
	const struct ruleset *set = engine->config.rules;
	size_t slots = 0;
	int rc;

	for (size_t i = 0; i < set->rule_count; i++) {
		if (!runs_here(set->rules[i]->query))
			return -EINVAL;
		slots += set->rules[i]->query->stage_count + 1;
	}
	engine->rules = calloc(set->rule_count + 1, sizeof(*engine->rules));
	if (!engine->rules)
		return -ENOMEM;
	rc = open_exceptions(engine);
	if (!rc)
		rc = open_probes(engine, slots);
	for (size_t i = 0; i < set->rule_count && !rc; i++)
		rc = open_rule(engine, (uint32_t)i);
	return rc ? rc : index_open(engine);
}

void rules_close(struct engine *engine)
{
	for (size_t i = 0;
	     engine->rules && i < engine->config.rules->rule_count; i++) {
		free(engine->rules[i].slots);
		free(engine->rules[i].completions);
		free(engine->rules[i].partners);
	}
	index_close(engine);
	free(engine->rules);
	free(engine->probes);
	free(engine->exceptions);
	free(engine->hits);
	free(engine->late_hits);
}
