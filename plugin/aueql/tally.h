/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Alerts counted for aueql tune: by rule and day, the values most frequent in
 * them, and groups of what an account cannot choose. All of it is bounded; what
 * finds no room is counted as such.
 */
#ifndef AUDISP_EQL_AUEQL_TALLY_H
#define AUDISP_EQL_AUEQL_TALLY_H

#include <audisp-eql/rule.h>

#include "../util/arena.h"

#define TALLY_RULES_MAX 1024
#define TALLY_DAYS_MAX 400
#define TALLY_GROUPS_MAX 1024
#define TALLY_VALUES 32
#define TALLY_TEXT_MAX 128
#define TALLY_FIELDS 15

/* A field that is counted. */
struct tally_field {
	size_t slot;
	bool chosen; /* a name or path that the account chooses */
};

extern const struct tally_field tally_fields[TALLY_FIELDS];

/* A value and how many alerts have it: count - over at least, count at most. */
struct tally_value {
	uint64_t hash, count, over;
	size_t len; /* of all of it; text has the beginning */
	char text[TALLY_TEXT_MAX];
};

/* The values of one field of one rule. */
struct tally_top {
	size_t count;
	struct tally_value values[TALLY_VALUES];
};

/* What of an alert's last event no account can choose, and where it went. -1 =
 * not known; of a login: unset. */
struct tally_facts {
	int64_t uid, login, origin_uid, parent_uid;
	int64_t port;
	bool has_ip;
	struct ip ip;
	size_t stage; /* of that event, as written */
};

struct tally_group {
	struct tally_facts facts;
	uint64_t alerts;
	bool hidden; /* a proposal hides it: propose.c */
};

struct tally_day {
	int64_t day; /* since the epoch, UTC */
	uint64_t alerts;
};

struct tally_rule {
	const struct rule *rule; /* NULL = not among the configured ones */
	struct str id, name;
	uint64_t alerts;
	uint64_t summaries, untold; /* what was counted instead of told */
	int64_t first_ns, last_ns; /* of what it told, if anything */
	size_t day_count;
	struct tally_day *days; /* in the order they were met */
	uint64_t other_days; /* alerts of days without room */
	struct tally_top *tops[TALLY_FIELDS]; /* NULL = no alert has one */
	size_t group_count, group_capacity;
	struct tally_group *groups;
	uint64_t ungrouped; /* alerts without room */
};

struct tally {
	struct arena *arena; /* ids and names */
	size_t rule_count, loud_count; /* loud: have alerts, or summaries */
	struct tally_rule *rules[TALLY_RULES_MAX];
	uint64_t alerts, without_room; /* of rules without room */
	bool seen;
	int64_t first_ns, last_ns; /* of all that was read */
};

/* One alert that was told. */
struct tally_alert {
	const struct rule *rule; /* NULL = known by its id alone */
	struct str id, name;
	int64_t time_ns;
	const struct event *event; /* the last one */
	size_t stage; /* of that, as written; 0 = not known */
	const struct value *login; /* the login uid */
};

int tally_new(struct tally **out);
void tally_free(struct tally **tally);
/* A rule that is to be told of whether it alerts or not. 0 or -ENOMEM. */
int tally_add_rule(struct tally *tally, const struct rule *rule);
/* Something of that time was read. */
void tally_see(struct tally *tally, int64_t time_ns);
/* 0 or -ENOMEM. */
int tally_add(struct tally *tally, const struct tally_alert *alert);
/* A summary instead of count alerts; event is not looked at. */
int tally_add_summary(struct tally *tally, const struct tally_alert *alert,
		      uint64_t count);
/* Puts rules in order, the loudest first, and so their days and values. */
void tally_sort(struct tally *tally);

#endif
