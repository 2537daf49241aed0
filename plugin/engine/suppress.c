/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One finding, one alert. A finding is a rule, a host, a login, a program, a
 * destination and the join keys, or what the rule's suppress_by says; what
 * repeats within the interval is counted, and told once when the interval ends.
 * A rule that finds too many different things in a minute is a flood: it gets
 * one summary a minute.
 *
 * A finding is known by a 128-bit hash, so the table is small and its entries
 * of one size; at its ceiling the oldest interval is closed early.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../util/hash.h"
#include "internal.h"

#define FINDINGS_MAX 8192
#define BUCKETS 4096
#define FLOOD_FINDINGS 60
#define MINUTE_NS (60 * NSEC_PER_SEC)

struct finding {
	struct finding *chain;
	struct list in_age; /* oldest interval first */
	uint64_t id[2];
	uint8_t alert_id[16];
	uint32_t rule;
	struct engine_host *host;
	int64_t start_ns, first_ns, last_ns;
	uint64_t repeats;
	struct event *last; /* the last repeat's last event, kept */
	size_t destination_count;
	struct alert_destination destinations[ALERT_DESTINATIONS_MAX];
};

struct suppressor {
	struct list findings;
	size_t count;
	struct finding *buckets[BUCKETS];
};

int suppressor_new(struct engine *engine)
{
	engine->suppressor = calloc(1, sizeof(*engine->suppressor));
	if (!engine->suppressor)
		return -ENOMEM;
	list_init(&engine->suppressor->findings);
	return 0;
}

static void emit(struct engine *engine, const struct alert *alert)
{
	engine->stats.alerts++;
	engine->config.on_alert(engine->config.user, alert);
}

/* --- identity ------------------------------------------------------------- */

static const size_t finding_slots[] = {
	FIELD_USER_AUDIT_ID,
	FIELD_PROCESS_EXECUTABLE,
	FIELD_DESTINATION_IP,
	FIELD_DESTINATION_PORT,
};

static void finding_id(const struct engine *engine, uint32_t rule_index,
		       const struct alert *alert, uint64_t out[2])
{
	const struct event *last = alert->events[alert->event_count - 1];
	const struct rule *rule = alert->rule;
	const size_t *slots = finding_slots;
	size_t count = sizeof(finding_slots) / sizeof(finding_slots[0]);
	bool keys = true;

	if (rule->suppress_by_count) {
		slots = rule->suppress_by;
		count = rule->suppress_by_count;
		keys = false;
	}
	for (size_t half = 0; half < 2; half++) {
		uint8_t seed[16];

		memcpy(seed, engine->seed, sizeof(seed));
		seed[0] ^= (uint8_t)half;
		out[half] = hash_combine(
			rule_index,
			hash_bytes(alert->host.data, alert->host.len, seed));
		/* without slots of its own a rule tells of each login apart */
		out[half] = hash_combine(out[half], last->charge_uid);
		for (size_t i = 0; i < count; i++)
			out[half] = hash_combine(
				out[half],
				value_hash(event_value(last, slots[i],
						       READING_INVOKED),
					   seed));
		for (size_t i = 0;
		     keys && i < alert->key_count * alert->tuple_count; i++)
			out[half] = hash_combine(
				out[half], value_hash(&alert->keys[i], seed));
	}
}

static struct finding *finding_get(const struct suppressor *suppressor,
				   const uint64_t id[2])
{
	struct finding *finding = suppressor->buckets[id[0] % BUCKETS];

	while (finding && (finding->id[0] != id[0] || finding->id[1] != id[1]))
		finding = finding->chain;
	return finding;
}

/* --- intervals ------------------------------------------------------------ */

/* Tells what was held back, if anything was. */
static void finding_tell(struct engine *engine, const struct finding *finding)
{
	const struct event *last = finding->last;
	struct alert alert = {
		.kind = ALERT_REPEATS,
		.rule = engine->config.rules->rules[finding->rule],
		.host = { finding->host->name, finding->host->name_len },
		.time_ns = finding->last_ns,
		.event_count = 1,
		.events = &last,
		.suppressed = finding->repeats,
		.first_ns = finding->first_ns,
		.last_ns = finding->last_ns,
		.destination_count = finding->destination_count,
		.destinations = finding->destinations,
	};

	if (!finding->repeats)
		return;
	memcpy(alert.id, finding->alert_id, sizeof(alert.id));
	/* the same first alert, another document */
	alert.id[15] ^= 0xff;
	emit(engine, &alert);
}

static void finding_free(struct engine *engine, struct finding *finding)
{
	struct finding **link =
		&engine->suppressor->buckets[finding->id[0] % BUCKETS];

	while (*link != finding)
		link = &(*link)->chain;
	*link = finding->chain;
	list_remove(&finding->in_age);
	engine_drop_event(engine, &finding->last);
	engine_discharge(engine, sizeof(*finding));
	engine->suppressor->count--;
	free(finding);
}

static struct finding *oldest(const struct suppressor *suppressor)
{
	if (list_empty(&suppressor->findings))
		return NULL;
	return list_entry(suppressor->findings.next, struct finding, in_age);
}

static int64_t interval_of(const struct engine *engine,
			   const struct finding *finding)
{
	const struct rule *rule = engine->config.rules->rules[finding->rule];

	return rule->suppress_ns >= 0 ? rule->suppress_ns
				      : engine->config.suppress_ns;
}

static void flood_tell(struct engine *engine, uint32_t index,
		       struct engine_host *host)
{
	struct rule_state *state = &engine->rules[index];
	struct alert alert = {
		.kind = ALERT_FLOOD,
		.rule = engine->config.rules->rules[index],
		.host = { host->name, host->name_len },
		.time_ns = host_now(host),
		.suppressed = state->flooded,
		.first_ns = state->minute_ns,
		.last_ns = host_now(host),
	};
	uint64_t id[2] = { alert.rule->hash, (uint64_t)state->minute_ns };

	memcpy(alert.id, id, sizeof(alert.id));
	state->flooded = 0;
	emit(engine, &alert);
}

void suppress_expire(struct engine *engine)
{
	struct finding *finding;

	while ((finding = oldest(engine->suppressor)) &&
	       host_now(finding->host) - finding->start_ns >
		       interval_of(engine, finding)) {
		finding_tell(engine, finding);
		finding_free(engine, finding);
	}
}

void suppress_close_all(struct engine *engine)
{
	struct finding *finding;

	while ((finding = oldest(engine->suppressor))) {
		finding_tell(engine, finding);
		finding_free(engine, finding);
	}
	for (uint32_t i = 0; i < engine->config.rules->rule_count; i++)
		if (engine->rules[i].flooded && engine->hosts)
			flood_tell(engine, i, engine->hosts);
}

void suppressor_free(struct engine *engine)
{
	struct finding *finding;

	if (!engine->suppressor)
		return;
	while ((finding = oldest(engine->suppressor)))
		finding_free(engine, finding);
	free(engine->suppressor);
	engine->suppressor = NULL;
}

/* --- matches -------------------------------------------------------------- */

static void note_destination(struct finding *finding, const struct event *event)
{
	const struct value *ip =
		event_value(event, FIELD_DESTINATION_IP, READING_INVOKED);
	const struct value *port =
		event_value(event, FIELD_DESTINATION_PORT, READING_INVOKED);
	struct alert_destination destination = { .port = -1 };

	if (ip->type != VALUE_IP)
		return;
	destination.ip = ip->ip;
	if (port->type == VALUE_INT)
		destination.port = port->i;
	for (size_t i = 0; i < finding->destination_count; i++)
		if (!memcmp(&finding->destinations[i].ip, &destination.ip,
			    sizeof(destination.ip)) &&
		    finding->destinations[i].port == destination.port)
			return;
	if (finding->destination_count < ALERT_DESTINATIONS_MAX)
		finding->destinations[finding->destination_count++] =
			destination;
}

static void count_repeat(struct engine *engine, struct finding *finding,
			 const struct alert *alert)
{
	struct event *last =
		(struct event *)alert->events[alert->event_count - 1];

	engine->stats.suppressed++;
	if (!finding->repeats++)
		finding->first_ns = alert->time_ns;
	finding->last_ns = alert->time_ns;
	note_destination(finding, last);
	engine_drop_event(engine, &finding->last);
	finding->last = event_hold(last);
}

static int begin_interval(struct engine *engine, struct engine_host *host,
			  const struct alert *alert, const uint64_t id[2])
{
	struct suppressor *suppressor = engine->suppressor;
	struct finding *finding;

	if (suppressor->count == FINDINGS_MAX) {
		finding = oldest(suppressor);
		finding_tell(engine, finding);
		finding_free(engine, finding);
	}
	finding = calloc(1, sizeof(*finding));
	if (!finding)
		return -ENOMEM;
	memcpy(finding->id, id, sizeof(finding->id));
	memcpy(finding->alert_id, alert->id, sizeof(finding->alert_id));
	while (engine->config.rules->rules[finding->rule] != alert->rule)
		finding->rule++;
	finding->host = host;
	finding->start_ns = host_now(host);
	finding->chain = suppressor->buckets[id[0] % BUCKETS];
	suppressor->buckets[id[0] % BUCKETS] = finding;
	list_add_tail(&suppressor->findings, &finding->in_age);
	suppressor->count++;
	engine_charge(engine, sizeof(*finding));
	return 0;
}

/* Counts a new finding of a rule; true = there are too many this minute. */
static bool is_flood(struct engine *engine, uint32_t rule,
		     struct engine_host *host)
{
	struct rule_state *state = &engine->rules[rule];
	int64_t now = host_now(host);

	if (now - state->minute_ns >= MINUTE_NS || now < state->minute_ns) {
		if (state->flooded)
			flood_tell(engine, rule, host);
		state->minute_ns = now;
		state->findings = 0;
	}
	if (++state->findings <= FLOOD_FINDINGS)
		return false;
	state->flooded++;
	engine->stats.suppressed++;
	return true;
}

int suppress_match(struct engine *engine, struct engine_host *host,
		   struct alert *alert)
{
	int64_t interval = alert->rule->suppress_ns >= 0
				   ? alert->rule->suppress_ns
				   : engine->config.suppress_ns;
	struct finding *finding;
	uint32_t rule = 0;
	uint64_t id[2];
	int rc;

	while (engine->config.rules->rules[rule] != alert->rule)
		rule++;
	suppress_expire(engine);
	if (interval) {
		finding_id(engine, rule, alert, id);
		finding = finding_get(engine->suppressor, id);
		if (finding) {
			count_repeat(engine, finding, alert);
			return 0;
		}
		rc = begin_interval(engine, host, alert, id);
		if (rc)
			return rc;
	}
	if (!is_flood(engine, rule, host))
		emit(engine, alert);
	return 0;
}
