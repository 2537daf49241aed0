/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of the engine share: rules from a query's text, events from
 * one word a field, and what the engine says as text.
 */
#ifndef AUDISP_EQL_TESTS_ENGINE_RIG_H
#define AUDISP_EQL_TESTS_ENGINE_RIG_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <audisp-eql/engine.h>

#include "engine/internal.h"
#include "eql/eql.h"
#include "limits.h"
#include "util/arena.h"
#include "util/codec.h"
#include "util/hash.h"
#include "util/strbuf.h"

#define RIG_RULES 16
#define SEC NSEC_PER_SEC
#define MS NSEC_PER_MSEC

struct rig {
	struct arena *arena; /* rules */
	struct arena *event_arena;
	struct field_table *fields;
	struct rule rules[RIG_RULES];
	const struct rule *list[RIG_RULES];
	struct ruleset set;
	struct engine_config config;
	struct engine *engine;
	struct engine_stats stats;
	struct strbuf alerts; /* one a line */
	struct strbuf matches; /* the same, as the engine found them */
	uint8_t last_id[16];
};

static void rig_open(struct rig *rig)
{
	*rig = (struct rig){
		.arena = arena_new(0),
		.event_arena = arena_new(0),
		.alerts = STRBUF_INIT(0),
		.matches = STRBUF_INIT(0),
	};
	assert_non_null(rig->arena);
	assert_non_null(rig->event_arena);
	assert_int_equal(field_table_new(&rig->fields), 0);
	rig->set.fields = rig->fields;
	rig->set.rules = rig->list;
	rig->config.rules = &rig->set;
	rig->config.memcap = 32 << 20;
	rig->config.reorder_ns = 100 * MS;
	rig->config.lateness_ns = 300 * SEC;
	rig->config.user = rig;
}

static void rig_close(struct rig *rig)
{
	engine_free(&rig->engine);
	strbuf_free(&rig->alerts);
	strbuf_free(&rig->matches);
	field_table_free(&rig->fields);
	arena_free(&rig->event_arena);
	arena_free(&rig->arena);
}

/* A compiled query, or NULL with *error. */
static inline const struct query *rig_compile(struct rig *rig, struct str text,
					      int *error)
{
	const struct eql_options options = {
		.arena = rig->arena,
		.fields = rig->fields,
	};
	const struct query *query = NULL;
	struct eql_error complaint;

	*error = eql_compile(&options, text, &query, &complaint);
	return *error ? NULL : query;
}

/* Adds a rule; its id is r0, r1, ... */
static inline struct rule *rig_rule(struct rig *rig, const char *query)
{
	size_t number = rig->set.rule_count++;
	struct rule *rule = &rig->rules[number];
	int error;

	assert_true(number < RIG_RULES);
	*rule = (struct rule){
		.id = arena_printf(rig->arena, "r%zu", number),
		.query = rig_compile(rig, str_from(query), &error),
		.from_ns = INT64_MAX,
		.suppress_ns = 0,
	};
	rule->hash = hash_bytes(query, strlen(query), (const uint8_t[16]){ 0 });
	if (!rule->query)
		fail_msg("%s: does not compile (%d)", query, error);
	rig->list[number] = rule;
	return rule;
}

/* --- what is said --------------------------------------------------------- */

static void rig_write_value(struct strbuf *out, const struct value *value)
{
	char text[IP_TEXT_MAX];

	switch (value->type) {
	case VALUE_NULL:
		strbuf_add_str(out, STR("null"));
		break;
	case VALUE_INT:
		strbuf_printf(out, "%lld", (long long)value->i);
		break;
	case VALUE_STRING:
		strbuf_add_str(out, value->s);
		break;
	case VALUE_IP:
		strbuf_add(out, text, ip_format(&value->ip, text));
		break;
	default:
		strbuf_add_char(out, '?');
	}
}

static void rig_write_keys(struct strbuf *out, const struct value *keys,
			   size_t count)
{
	strbuf_add_char(out, '[');
	for (size_t i = 0; i < count; i++) {
		if (i)
			strbuf_add_char(out, ' ');
		rig_write_value(out, &keys[i]);
	}
	strbuf_add_char(out, ']');
}

static void rig_write_events(struct strbuf *out,
			     const struct event *const *events, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		strbuf_add_char(out, ' ');
		if (events[i])
			strbuf_printf(out, "%llu",
				      (unsigned long long)events[i]->serial);
		else
			strbuf_add_char(out, '-');
	}
}

/* rule: serials [keys]...; what else there is to say of it. */
static void rig_on_alert(void *user, const struct alert *alert)
{
	static const char *const kinds[] = { "", "repeats ", "flood ",
					     "budget ", "" };
	struct rig *rig = user;
	struct strbuf *out = &rig->alerts;
	struct alert_destination to;

	strbuf_printf(out, "%s%.*s:", kinds[alert->kind],
		      STR_ARG(alert->rule->id));
	rig_write_events(out, alert->events, alert->event_count);
	if (alert->key_count)
		strbuf_add_char(out, ' ');
	for (size_t i = 0; alert->key_count && i < alert->tuple_count; i++)
		rig_write_keys(out, alert->keys + i * alert->key_count,
			       alert->key_count);
	if (alert->kind != ALERT_MATCH)
		strbuf_printf(out, " %llu from %lld to %lld",
			      (unsigned long long)alert->suppressed,
			      (long long)(alert->first_ns / MS),
			      (long long)(alert->last_ns / MS));
	for (size_t i = 0; i < alert->destination_count; i++) {
		char text[IP_TEXT_MAX];

		to = alert->destinations[i];
		ip_format(&to.ip, text);
		strbuf_printf(out, " %s:%lld", text, (long long)to.port);
	}
	if (alert->budget)
		strbuf_printf(out, " spent %lld", (long long)alert->budget);
	if (alert->budget && alert->kind != ALERT_BUDGET)
		strbuf_printf(out, " until %lld",
			      (long long)(alert->counted_until_ns / MS));
	if (alert->gap)
		strbuf_add_str(out, STR(" gap"));
	if (alert->degraded)
		strbuf_add_str(out, STR(" degraded"));
	strbuf_add_char(out, '\n');
	memcpy(rig->last_id, alert->id, sizeof(rig->last_id));
}

static void rig_on_match(void *user, const struct engine_match *match)
{
	struct rig *rig = user;

	strbuf_printf(&rig->matches, "%.*s:", STR_ARG(match->rule->id));
	rig_write_events(&rig->matches, match->events, match->event_count);
	if (match->key_count)
		strbuf_add_char(&rig->matches, ' ');
	if (match->key_count)
		rig_write_keys(&rig->matches, match->keys, match->key_count);
	strbuf_add_char(&rig->matches, '\n');
}

/* --- feeding -------------------------------------------------------------- */

static void rig_start(struct rig *rig)
{
	rig->config.on_alert = rig_on_alert;
	rig->config.on_match = rig_on_match;
	assert_int_equal(engine_new(&rig->config, &rig->engine), 0);
}

/* What engine_load() makes of a state. */
static inline int rig_load(struct rig *rig, struct str state)
{
	struct reader reader = reader_of(state);

	return engine_load(rig->engine, &reader);
}

/* A word as a value: a number, an address, or text. */
static inline struct value rig_value(struct rig *rig, struct str text,
				     enum field_type type)
{
	struct value value = { .type = VALUE_STRING };

	if (!text.len)
		return (struct value){ 0 };
	value.s = arena_str(rig->event_arena, text);
	if (type == FIELD_LONG)
		value = VALUE_OF_INT(atoll(value.s.data));
	if (type == FIELD_IP) {
		value.type = VALUE_IP;
		assert_int_equal(ip_parse(text, &value.ip), 0);
	}
	return value;
}

/* a,b,c is a list, and nothing between commas null. */
static inline struct value rig_values(struct rig *rig, struct str text,
				      enum field_type type)
{
	struct value *items =
		arena_array(rig->event_arena, text.len + 1, sizeof(*items));
	struct value list = { .type = VALUE_LIST, .list = { items, 0 } };

	if (!text.len || !memchr(text.data, ',', text.len))
		return rig_value(rig, text, type);
	for (;;) {
		const char *comma = memchr(text.data, ',', text.len);
		size_t len = comma ? (size_t)(comma - text.data) : text.len;

		items[list.list.count++] =
			rig_value(rig, (struct str){ text.data, len }, type);
		if (!comma)
			return list;
		text.data += len + 1;
		text.len -= len + 1;
	}
}

static inline void rig_set(struct rig *rig, struct event *event,
			   const char *name, struct str text)
{
	bool resolved = name[0] == '!';
	int slot = field_table_find(rig->fields, str_from(name + resolved));
	struct value value;

	if (slot < 0)
		fail_msg("no field %s", name);
	value = rig_values(rig, text,
			   field_table_type(rig->fields, (size_t)slot));
	if (!resolved)
		event_set(event, (size_t)slot, value);
	else if (slot == FIELD_PROCESS_NAME)
		event->resolved[READING_PROCESS_NAME] = value;
	else
		event->resolved[READING_PROCESS_EXECUTABLE] = value;
}

static inline void rig_word(struct rig *rig, struct event *event, char *word)
{
	char *value = strchr(word, '=');

	if (!value) {
		assert_string_equal(word, "attempt");
		event->flags |= EVENT_ATTEMPT;
		return;
	}
	*value++ = '\0';
	if (!strcmp(word, "t"))
		event->time_ns = atoll(value) * MS;
	else if (!strcmp(word, "ns"))
		event->time_ns = atoll(value);
	else if (!strcmp(word, "n"))
		event->serial = strtoull(value, NULL, 10);
	else if (!strcmp(word, "host"))
		event->host = arena_str(rig->event_arena, str_from(value));
	else if (!strcmp(word, "uid"))
		event->charge_uid = (uint32_t)atoll(value);
	else if (!strcmp(word, "cat"))
		event->categories |= event_category_bit(str_from(value));
	else
		rig_set(rig, event, word, str_from(value));
}

/*
 * An event from words: t= milliseconds (or ns=), n= serial, host=, uid=, cat=
 * category, attempt; all else is FIELD=value, !FIELD=value for the resolved
 * reading.
 */
static inline struct event *rig_event(struct rig *rig, const char *words)
{
	struct event *event;
	char *copy, *word, *save;

	arena_reset(rig->event_arena);
	event = event_new(rig->event_arena, field_table_count(rig->fields));
	copy = arena_copy(rig->event_arena, words, strlen(words));
	assert_non_null(event);
	assert_non_null(copy);
	event->host = STR("h");
	for (word = strtok_r(copy, " ", &save); word;
	     word = strtok_r(NULL, " ", &save))
		rig_word(rig, event, word);
	return event;
}

static inline void rig_feed(struct rig *rig, const char *words)
{
	assert_int_equal(engine_process(rig->engine, rig_event(rig, words)), 0);
}

static inline void rig_finish(struct rig *rig)
{
	assert_int_equal(engine_finish(rig->engine), 0);
	engine_stats(rig->engine, &rig->stats);
}

/* What was said so far is this, and is forgotten. */
static inline void rig_expect(struct rig *rig, const char *alerts)
{
	strbuf_add_char(&rig->alerts, '\0');
	assert_string_equal(rig->alerts.data, alerts);
	strbuf_reset(&rig->alerts);
}

#endif
