/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Alerts: what the engine hands on when a rule has matched. Borrowed by the
 * receiver for the length of the call.
 */
#ifndef AUDISP_EQL_ALERT_H
#define AUDISP_EQL_ALERT_H

#include <audisp-eql/rule.h>

enum alert_kind {
	ALERT_MATCH, /* a rule matched */
	ALERT_REPEATS, /* end of a suppression interval: how many more */
	ALERT_FLOOD, /* a rule found more than 60 findings of a login in a minute */
	ALERT_BUDGET, /* what a rule found beyond its alerts an hour */
	ALERT_NOTICE, /* about the sensor itself: no rule, see message */
};

struct alert_destination {
	struct ip ip;
	int64_t port; /* -1 = none */
};

#define ALERT_DESTINATIONS_MAX 16

struct alert {
	enum alert_kind kind;
	const struct rule *rule; /* NULL for ALERT_NOTICE */
	struct str host;
	int64_t time_ns; /* of the last event */
	/* one per stage, in order; NULL = placeholder of a missing event. A
	 * rule without sequence has one. */
	size_t event_count;
	const struct event *const *events;
	/* join keys: tuple_count tuples of key_count values each. Matches of
	 * one rule that end in the same event are one alert. */
	size_t key_count;
	size_t tuple_count;
	const struct value *keys;
	/* identity: hash of rule id, host and the events' audit ids; equal
	 * when the same match is found live, replayed or again */
	uint8_t id[16];
	/* ALERT_REPEATS, ALERT_FLOOD, ALERT_BUDGET: how many were not sent,
	 * since, until */
	uint64_t suppressed;
	int64_t first_ns, last_ns;
	size_t destination_count;
	const struct alert_destination *destinations;
	/* ALERT_BUDGET: how many its rule tells an hour; of other kinds this
	 * is the last of them, and until then the rest is counted. 0 = not */
	int64_t budget;
	int64_t counted_until_ns;
	bool gap; /* serials were missing within its span */
	bool degraded; /* tables overflowed within its span */
	struct str message; /* ALERT_NOTICE: one sentence, trusted text */
};

/* Whether its rule only observes: the alerts file alone has it. */
static inline bool alert_is_observed(const struct alert *alert)
{
	return alert->rule && alert->rule->mode == RULE_MODE_OBSERVE;
}

/* Whether it stands for what was counted instead of told. */
static inline bool alert_is_summary(const struct alert *alert)
{
	return alert->kind == ALERT_REPEATS || alert->kind == ALERT_FLOOD ||
	       alert->kind == ALERT_BUDGET;
}

typedef void (*alert_fn)(void *user, const struct alert *alert);

#endif
