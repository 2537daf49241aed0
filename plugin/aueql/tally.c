/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The most frequent values are kept as Metwally's space-saving algorithm does:
 * where there is no room, a new value takes the place of the rarest and its
 * count, which is then too high by at most that. A value that more than one in
 * TALLY_VALUES alerts has is never missed, whatever else an account makes up.
 */
#include "tally.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../util/hash.h"

#define DAY_NS (86400 * NSEC_PER_SEC)

const struct tally_field tally_fields[TALLY_FIELDS] = {
	{ FIELD_HOST_ID, false },
	{ FIELD_PROCESS_USER_ID, false },
	{ FIELD_USER_AUDIT_ID, false },
	{ FIELD_EVENT_ACTION, false },
	{ FIELD_DESTINATION_IP, false },
	{ FIELD_DESTINATION_PORT, false },
	{ FIELD_SOURCE_IP, false },
	{ FIELD_FILE_UID, false },
	{ FIELD_FILE_PATH, true },
	{ FIELD_PROCESS_EXECUTABLE, true },
	{ FIELD_PROCESS_PARENT_USER_ID, false },
	{ FIELD_PROCESS_PARENT_EXECUTABLE, true },
	{ FIELD_PROCESS_ORIGIN_KIND, false },
	{ FIELD_PROCESS_ORIGIN_USER_ID, false },
	{ FIELD_PROCESS_ORIGIN_EXECUTABLE, true },
};

static const uint8_t seed[16];

int tally_new(struct tally **out)
{
	struct tally *tally = calloc(1, sizeof(*tally));

	if (!tally)
		return -ENOMEM;
	tally->arena = arena_new(0);
	if (!tally->arena) {
		free(tally);
		return -ENOMEM;
	}
	*out = tally;
	return 0;
}

void tally_free(struct tally **out)
{
	struct tally *tally = *out;

	if (!tally)
		return;
	for (size_t i = 0; i < tally->rule_count; i++) {
		struct tally_rule *rule = tally->rules[i];

		for (size_t k = 0; k < TALLY_FIELDS; k++)
			free(rule->tops[k]);
		free(rule->groups);
		free(rule->days);
		free(rule);
	}
	arena_free(&tally->arena);
	free(tally);
	*out = NULL;
}

void tally_see(struct tally *tally, int64_t time_ns)
{
	if (!tally->seen)
		tally->first_ns = tally->last_ns = time_ns;
	tally->seen = true;
	if (time_ns < tally->first_ns)
		tally->first_ns = time_ns;
	if (time_ns > tally->last_ns)
		tally->last_ns = time_ns;
}

/* --- rules ---------------------------------------------------------------- */

/* *out = NULL: no room. */
static int find_rule(struct tally *tally, const struct tally_alert *alert,
		     struct tally_rule **out)
{
	struct tally_rule *rule;

	*out = NULL;
	for (size_t i = 0; i < tally->rule_count; i++) {
		if (!str_equal(tally->rules[i]->id, alert->id))
			continue;
		*out = tally->rules[i];
		return 0;
	}
	if (tally->rule_count == TALLY_RULES_MAX)
		return 0;
	rule = calloc(1, sizeof(*rule));
	if (!rule)
		return -ENOMEM;
	rule->rule = alert->rule;
	rule->id = arena_str(tally->arena, alert->id);
	rule->name = arena_str(tally->arena, alert->name);
	if (!rule->id.data || !rule->name.data) {
		free(rule);
		return -ENOMEM;
	}
	tally->rules[tally->rule_count++] = rule;
	*out = rule;
	return 0;
}

int tally_add_rule(struct tally *tally, const struct rule *rule)
{
	const struct tally_alert alert = {
		.rule = rule,
		.id = rule->id,
		.name = rule->name,
	};
	struct tally_rule *row;

	return find_rule(tally, &alert, &row);
}

/* Before it is counted. */
static void see_time(struct tally *tally, struct tally_rule *rule,
		     int64_t time_ns)
{
	if (!rule->alerts && !rule->summaries) {
		tally->loud_count++;
		rule->first_ns = rule->last_ns = time_ns;
	}
	if (time_ns < rule->first_ns)
		rule->first_ns = time_ns;
	if (time_ns > rule->last_ns)
		rule->last_ns = time_ns;
}

/* Days before the epoch are days, too. */
static int64_t day_of(int64_t time_ns)
{
	return time_ns / DAY_NS - (time_ns % DAY_NS < 0);
}

static int add_day(struct tally_rule *rule, int64_t time_ns)
{
	int64_t day = day_of(time_ns);

	/* the newest is mostly it */
	for (size_t i = rule->day_count; i-- > 0;) {
		if (rule->days[i].day != day)
			continue;
		rule->days[i].alerts++;
		return 0;
	}
	if (rule->day_count == TALLY_DAYS_MAX) {
		rule->other_days++;
		return 0;
	}
	if (!rule->days)
		rule->days = calloc(TALLY_DAYS_MAX, sizeof(*rule->days));
	if (!rule->days)
		return -ENOMEM;
	rule->days[rule->day_count++] = (struct tally_day){ day, 1 };
	return 0;
}

/* --- values --------------------------------------------------------------- */

/* The text of a value; false = it has none. */
static bool text_of(const struct value *value, char room[IP_TEXT_MAX],
		    struct str *out)
{
	size_t count;

	value = value_items(value, &count);
	if (!count)
		return false;
	switch (value->type) {
	case VALUE_STRING:
		*out = value->s;
		return true;
	case VALUE_IP:
		*out = (struct str){ room, ip_format(&value->ip, room) };
		return true;
	case VALUE_INT:
		*out = (struct str){ room,
				     (size_t)snprintf(room, IP_TEXT_MAX, "%lld",
						      (long long)value->i) };
		return true;
	default:
		return false;
	}
}

static struct tally_value *place_of(struct tally_top *top, uint64_t hash,
				    size_t len)
{
	struct tally_value *rarest = top->values;

	for (size_t i = 0; i < top->count; i++) {
		struct tally_value *value = &top->values[i];

		if (value->hash == hash && value->len == len)
			return value;
		if (value->count < rarest->count)
			rarest = value;
	}
	if (top->count < TALLY_VALUES)
		return &top->values[top->count++];
	rarest->over = rarest->count;
	return rarest;
}

static void add_value(struct tally_top *top, struct str text)
{
	uint64_t hash = hash_bytes(text.data, text.len, seed);
	struct tally_value *value = place_of(top, hash, text.len);

	value->count++;
	if (value->count > 1 && value->hash == hash && value->len == text.len)
		return;
	value->hash = hash;
	value->len = text.len;
	memcpy(value->text, text.data,
	       text.len < TALLY_TEXT_MAX ? text.len : TALLY_TEXT_MAX);
}

/* The file that ran, not what it was called. */
static const struct value *value_of(const struct tally_alert *alert,
				    size_t slot)
{
	if (slot == FIELD_USER_AUDIT_ID)
		return alert->login;
	return event_value(alert->event, slot, READING_RESOLVED);
}

static int add_values(struct tally_rule *rule, const struct tally_alert *alert)
{
	for (size_t i = 0; i < TALLY_FIELDS; i++) {
		size_t slot = tally_fields[i].slot;
		char room[IP_TEXT_MAX];
		struct str text = STR("unset");

		if (!text_of(value_of(alert, slot), room, &text) &&
		    slot != FIELD_USER_AUDIT_ID)
			continue;
		if (!rule->tops[i])
			rule->tops[i] = calloc(1, sizeof(*rule->tops[i]));
		if (!rule->tops[i])
			return -ENOMEM;
		add_value(rule->tops[i], text);
	}
	return 0;
}

/* --- groups --------------------------------------------------------------- */

/* An id as a number; -1 = it is none. */
static int64_t id_of(const struct value *value)
{
	char room[IP_TEXT_MAX];
	int64_t number = 0;
	struct str text;

	if (!text_of(value, room, &text) || !text.len || text.len > 10)
		return -1;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return -1;
		number = 10 * number + (text.data[i] - '0');
	}
	return number;
}

static int64_t id_in(const struct tally_alert *alert, size_t slot)
{
	return id_of(event_value(alert->event, slot, READING_RESOLVED));
}

static struct tally_facts facts_of(const struct tally_alert *alert)
{
	struct tally_facts facts = {
		.uid = id_in(alert, FIELD_PROCESS_USER_ID),
		.login = id_of(alert->login),
		.origin_uid = id_in(alert, FIELD_PROCESS_ORIGIN_USER_ID),
		.parent_uid = id_in(alert, FIELD_PROCESS_PARENT_USER_ID),
		.port = id_in(alert, FIELD_DESTINATION_PORT),
		.stage = alert->stage,
	};
	const struct value *ip;
	size_t count;

	ip = value_items(event_value(alert->event, FIELD_DESTINATION_IP,
				     READING_RESOLVED),
			 &count);
	/* one of several would be none that the others are */
	if (count == 1 && ip->type == VALUE_IP) {
		facts.has_ip = true;
		facts.ip = ip->ip;
	}
	return facts;
}

static bool same_facts(const struct tally_facts *a, const struct tally_facts *b)
{
	return a->uid == b->uid && a->login == b->login &&
	       a->origin_uid == b->origin_uid &&
	       a->parent_uid == b->parent_uid && a->port == b->port &&
	       a->stage == b->stage && a->has_ip == b->has_ip &&
	       !memcmp(&a->ip, &b->ip, sizeof(a->ip));
}

static int grow_groups(struct tally_rule *rule)
{
	size_t capacity = rule->group_capacity ? 2 * rule->group_capacity : 8;
	struct tally_group *groups =
		reallocarray(rule->groups, capacity, sizeof(*groups));

	if (!groups)
		return -ENOMEM;
	rule->groups = groups;
	rule->group_capacity = capacity;
	return 0;
}

static int add_group(struct tally_rule *rule, const struct tally_alert *alert)
{
	struct tally_facts facts = facts_of(alert);

	for (size_t i = 0; i < rule->group_count; i++) {
		if (!same_facts(&rule->groups[i].facts, &facts))
			continue;
		rule->groups[i].alerts++;
		return 0;
	}
	if (rule->group_count == TALLY_GROUPS_MAX) {
		rule->ungrouped++;
		return 0;
	}
	if (rule->group_count == rule->group_capacity && grow_groups(rule))
		return -ENOMEM;
	rule->groups[rule->group_count++] = (struct tally_group){
		.facts = facts,
		.alerts = 1,
	};
	return 0;
}

/* --- alerts --------------------------------------------------------------- */

int tally_add(struct tally *tally, const struct tally_alert *alert)
{
	struct tally_rule *rule;
	int rc = find_rule(tally, alert, &rule);

	if (rc)
		return rc;
	tally_see(tally, alert->time_ns);
	tally->alerts++;
	if (!rule) {
		tally->without_room++;
		return 0;
	}
	see_time(tally, rule, alert->time_ns);
	rule->alerts++;
	rc = add_day(rule, alert->time_ns);
	if (!rc)
		rc = add_values(rule, alert);
	return rc ? rc : add_group(rule, alert);
}

int tally_add_summary(struct tally *tally, const struct tally_alert *alert,
		      uint64_t count)
{
	struct tally_rule *rule;
	int rc = find_rule(tally, alert, &rule);

	if (rc)
		return rc;
	tally_see(tally, alert->time_ns);
	if (!rule) {
		tally->without_room++;
		return 0;
	}
	see_time(tally, rule, alert->time_ns);
	rule->summaries++;
	if (__builtin_add_overflow(rule->untold, count, &rule->untold))
		rule->untold = UINT64_MAX;
	return 0;
}

/* --- order ---------------------------------------------------------------- */

static int more_first(uint64_t a, uint64_t b)
{
	return (a < b) - (a > b);
}

static int compare_rules(const void *x, const void *y)
{
	const struct tally_rule *a = *(struct tally_rule *const *)x;
	const struct tally_rule *b = *(struct tally_rule *const *)y;
	int order = more_first(a->alerts, b->alerts);

	return order ? order : str_compare(a->id, b->id);
}

static int compare_values(const void *x, const void *y)
{
	const struct tally_value *a = x, *b = y;
	int order = more_first(a->count - a->over, b->count - b->over);

	/* the same whatever the values are made of */
	return order ? order : more_first(b->hash, a->hash);
}

static int compare_days(const void *x, const void *y)
{
	const struct tally_day *a = x, *b = y;

	return (a->day > b->day) - (a->day < b->day);
}

static int compare_groups(const void *x, const void *y)
{
	const struct tally_group *a = x, *b = y;
	const struct tally_facts *f = &a->facts, *g = &b->facts;
	int order = more_first(a->alerts, b->alerts);

	if (!order)
		order = (f->uid > g->uid) - (f->uid < g->uid);
	if (!order)
		order = memcmp(&f->ip, &g->ip, sizeof(f->ip));
	return order ? order : (f->port > g->port) - (f->port < g->port);
}

void tally_sort(struct tally *tally)
{
	if (tally->rule_count)
		qsort(tally->rules, tally->rule_count, sizeof(tally->rules[0]),
		      compare_rules);
	for (size_t i = 0; i < tally->rule_count; i++) {
		struct tally_rule *rule = tally->rules[i];

		if (rule->days)
			qsort(rule->days, rule->day_count,
			      sizeof(rule->days[0]), compare_days);
		if (rule->groups)
			qsort(rule->groups, rule->group_count,
			      sizeof(rule->groups[0]), compare_groups);
		for (size_t k = 0; k < TALLY_FIELDS; k++)
			if (rule->tops[k])
				qsort(rule->tops[k]->values,
				      rule->tops[k]->count,
				      sizeof(rule->tops[k]->values[0]),
				      compare_values);
	}
}
