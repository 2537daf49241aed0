/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One finding, one alert. A finding is a rule, a host, a login, a program, a
 * destination and the join keys, or what the rule's suppress_by says. What
 * repeats within the interval is counted, and told once when the interval ends.
 * A rule that finds more than 60 different things of a login in a minute is a
 * flood: the rest of that minute is counted too, and told in one summary. They
 * are no findings known: what goes on in the next minute is told then.
 *
 * A rule may have a budget of alerts an hour, of a host. The last one that it
 * pays for says so; what comes then, the ends of intervals included, is counted
 * and told in one summary when the hour is over.
 *
 * Nothing is dropped unsaid: an interval that ends early for want of memory is
 * told early.
 */
#include "suppress.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../util/hash.h"
#include "account.h"

#define FLOOD_FINDINGS 60
#define MINUTE_NS (60 * NSEC_PER_SEC)
#define HOUR_NS (60 * MINUTE_NS)
#define FINDING_BYTES (sizeof(struct finding) + TABLE_NODE_BYTES)
#define NO_DESTINATION (-2)

static const size_t finding_slots[] = {
	FIELD_USER_AUDIT_ID,
	FIELD_PROCESS_EXECUTABLE,
	FIELD_DESTINATION_IP,
	FIELD_DESTINATION_PORT,
};

static void emit(struct engine *engine, const struct alert *alert)
{
	engine->stats.alerts++;
	engine->stats.observed += alert_is_observed(alert);
	engine->config.on_alert(engine->config.user, alert);
}

/* --- identity ------------------------------------------------------------- */

static void print_add(struct print *print, uint64_t number)
{
	print->a = hash_combine(print->a, number);
	print->b = hash_combine(print->b, number);
}

static void print_add_value(const struct engine *engine, struct print *print,
			    const struct value *value)
{
	print->a = hash_combine(print->a, value_hash(value, engine->seeds[0]));
	print->b = hash_combine(print->b, value_hash(value, engine->seeds[1]));
}

/* A program started by another name is another finding: both readings count. */
static void print_add_field(const struct engine *engine, struct print *print,
			    const struct event *event, size_t slot)
{
	print_add_value(engine, print,
			event_value(event, slot, READING_INVOKED));
	print_add_value(engine, print,
			event_value(event, slot, READING_RESOLVED));
}

/* Of a rule on a host; what is added tells its findings apart. */
static struct print rule_print(const struct engine *engine,
			       const struct host *host,
			       const struct rule_state *rule)
{
	const struct str id = rule->rule->id;
	struct print print = {
		hash_bytes(id.data, id.len, engine->seeds[0]),
		hash_bytes(id.data, id.len, engine->seeds[1]),
	};

	print_add(&print, host->salt);
	return print;
}

static struct print finding_print(const struct engine *engine,
				  const struct step *match,
				  const struct alert *alert)
{
	const struct rule *rule = alert->rule;
	const struct event *event = match->kept->event;
	struct print print = rule_print(engine, match->host, match->slot->rule);
	size_t keys = alert->key_count * alert->tuple_count;

	print_add(&print, 1);
	if (rule->suppress_by_count) {
		for (size_t i = 0; i < rule->suppress_by_count; i++)
			print_add_field(engine, &print, event,
					rule->suppress_by[i]);
		return print;
	}
	print_add(&print, event->charge_uid);
	for (size_t i = 0; i < sizeof(finding_slots) / sizeof(size_t); i++)
		print_add_field(engine, &print, event, finding_slots[i]);
	for (size_t i = 0; i < keys; i++)
		print_add_value(engine, &print, &alert->keys[i]);
	return print;
}

struct finding *finding_find(const struct engine *engine,
			     const struct print *print)
{
	struct table_node *node = table_bucket(&engine->findings, print->a);

	for (; node; node = node->next) {
		struct finding *finding =
			list_entry(node, struct finding, node);

		if (node->hash == print->a && finding->print_b == print->b)
			return finding;
	}
	return NULL;
}

/* --- intervals ------------------------------------------------------------ */

int finding_restore(struct engine *engine, struct finding *finding,
		    const struct print *print)
{
	int rc;

	finding->item.kind = ITEM_FINDING;
	finding->node.hash = print->a;
	finding->print_b = print->b;
	account_charge(engine, finding->item.account, FINDING_BYTES);
	rc = item_queue(engine, &finding->item);
	if (rc) {
		account_discharge(engine, finding->item.account, FINDING_BYTES);
		return rc;
	}
	table_add(&engine->findings, &finding->node);
	return 0;
}

/* Begins an interval; NULL = out of memory. */
static struct finding *finding_begin(struct engine *engine,
				     const struct step *match,
				     const struct print *print,
				     const struct alert *alert,
				     int64_t interval_ns)
{
	struct finding *finding = calloc(1, sizeof(*finding));

	if (!finding)
		return NULL;
	finding->rule = match->slot->rule;
	finding->start_ns = match->host->matched_ns;
	finding->item.due_ns = time_add(finding->start_ns, interval_ns);
	finding->item.account = match->item.account;
	finding->port = NO_DESTINATION;
	memcpy(finding->alert_id, alert->id, sizeof(alert->id));
	if (finding_restore(engine, finding, print)) {
		free(finding);
		return NULL;
	}
	return finding;
}

/* --- repeats -------------------------------------------------------------- */

/* The first destination of an event; false = it has none. */
static bool destination_of(const struct event *event,
			   struct alert_destination *out)
{
	size_t ips, ports;
	const struct value *ip = value_items(
		event_value(event, FIELD_DESTINATION_IP, READING_INVOKED),
		&ips);
	const struct value *port = value_items(
		event_value(event, FIELD_DESTINATION_PORT, READING_INVOKED),
		&ports);

	if (!ips || ip->type != VALUE_IP)
		return false;
	out->ip = ip->ip;
	out->port = ports && port->type == VALUE_INT ? port->i : -1;
	return true;
}

static bool is_destination(const struct alert_destination *to,
			   const struct ip *ip, int64_t port)
{
	return to->port == port && !memcmp(&to->ip, ip, sizeof(*ip));
}

static void add_destination(struct finding *finding,
			    const struct alert_destination *to)
{
	if (is_destination(to, &finding->ip, finding->port))
		return;
	for (size_t i = 0; i < finding->destination_count; i++)
		if (is_destination(to, &finding->destinations[i].ip,
				   finding->destinations[i].port))
			return;
	if (finding->destination_count < ALERT_DESTINATIONS_MAX)
		finding->destinations[finding->destination_count++] = *to;
}

static void note_destination(struct finding *finding, const struct event *event)
{
	struct alert_destination to;

	if (destination_of(event, &to))
		add_destination(finding, &to);
}

static void add_repeats(struct engine *engine, struct finding *finding,
			uint64_t count, struct kept *last)
{
	int64_t time_ns = last->event->time_ns;

	if (!finding->repeats)
		finding->first_ns = finding->last_ns = time_ns;
	finding->repeats += count;
	/* one that came late may be older than those before */
	if (time_ns < finding->first_ns)
		finding->first_ns = time_ns;
	if (time_ns > finding->last_ns)
		finding->last_ns = time_ns;
	note_destination(finding, last->event);
	kept_drop(engine, finding->last);
	finding->last = kept_hold(last);
}

static void count_repeat(struct engine *engine, struct finding *finding,
			 const struct step *match)
{
	engine->stats.suppressed++;
	add_repeats(engine, finding, 1, match->kept);
}

/* --- budgets -------------------------------------------------------------- */

/* Alerts an hour; 0 = as many as there are. */
static int64_t budget_limit(const struct engine *engine,
			    const struct rule *rule)
{
	if (engine->config.budget < 0)
		return 0;
	return rule->budget >= 0 ? rule->budget : engine->config.budget;
}

static struct print budget_print(const struct engine *engine,
				 const struct host *host,
				 const struct rule_state *rule)
{
	struct print print = rule_print(engine, host, rule);

	print_add(&print, 2);
	return print;
}

static bool budget_is_spent(const struct engine *engine,
			    const struct finding *budget)
{
	return budget &&
	       budget->sent >= budget_limit(engine, budget->rule->rule);
}

/* Tells an alert that a budget, where there is one, pays for. */
static void tell(struct engine *engine, struct finding *budget,
		 struct alert *alert)
{
	if (budget) {
		budget->sent++;
		if (budget_is_spent(engine, budget)) {
			alert->budget = budget_limit(engine, alert->rule);
			alert->counted_until_ns = budget->item.due_ns;
		}
	}
	emit(engine, alert);
}

/* What the end of an interval would have told is told with the hour's end. */
static void budget_take(struct engine *engine, struct finding *budget,
			const struct finding *finding)
{
	for (size_t i = 0; i < finding->destination_count; i++)
		add_destination(budget, &finding->destinations[i]);
	add_repeats(engine, budget, finding->repeats, finding->last);
	if (finding->first_ns < budget->first_ns)
		budget->first_ns = finding->first_ns;
	if (finding->last_ns > budget->last_ns)
		budget->last_ns = finding->last_ns;
}

/* --- the ends of intervals ------------------------------------------------ */

/* Told from the first alert by its id, and from those of other intervals. */
static void closing_id(const struct finding *finding, struct alert *alert)
{
	static const uint8_t seeds[2][16] = { "audisp-eql end a",
					      "audisp-eql end b" };
	uint8_t text[sizeof(finding->alert_id) + 1];

	memcpy(text, finding->alert_id, sizeof(finding->alert_id));
	text[sizeof(text) - 1] = (uint8_t)alert->kind;
	for (size_t i = 0; i < 2; i++) {
		uint64_t half = hash_bytes(text, sizeof(text), seeds[i]);

		for (size_t k = 0; k < 8; k++)
			alert->id[8 * i + k] = (uint8_t)(half >> 8 * k);
	}
}

static struct alert closing_alert(const struct engine *engine,
				  const struct finding *finding)
{
	static const enum alert_kind kinds[FINDING__COUNT] = {
		[FINDING_REPEATS] = ALERT_REPEATS,
		[FINDING_FLOOD] = ALERT_FLOOD,
		[FINDING_BUDGET] = ALERT_BUDGET,
	};
	const struct rule *rule = finding->rule->rule;
	struct alert alert = {
		.kind = kinds[finding->kind],
		.rule = rule,
		.host = finding->item.account->host->name,
		.time_ns = finding->last_ns,
		.event_count = 1,
		.suppressed = finding->repeats,
		.first_ns = finding->first_ns,
		.last_ns = finding->last_ns,
		.destination_count = finding->destination_count,
		.destinations = finding->destinations,
	};

	if (finding->kind == FINDING_BUDGET)
		alert.budget = budget_limit(engine, rule);
	closing_id(finding, &alert);
	return alert;
}

/* The summary of an hour is paid for by none. */
static void finding_tell(struct engine *engine, const struct finding *finding)
{
	const struct event *last = finding->last->event;
	struct alert alert = closing_alert(engine, finding);
	struct finding *budget = NULL;
	struct print print;

	alert.events = &last;
	if (finding->kind != FINDING_BUDGET &&
	    budget_limit(engine, alert.rule)) {
		print = budget_print(engine, finding->item.account->host,
				     finding->rule);
		budget = finding_find(engine, &print);
	}
	if (budget_is_spent(engine, budget))
		budget_take(engine, budget, finding);
	else
		tell(engine, budget, &alert);
}

void finding_forget(struct engine *engine, struct item *item)
{
	struct finding *finding = list_entry(item, struct finding, item);

	item_unqueue(engine, item);
	table_remove(&engine->findings, &finding->node);
	kept_drop(engine, finding->last);
	account_discharge(engine, item->account, FINDING_BYTES);
	free(finding);
}

void finding_close(struct engine *engine, struct item *item)
{
	struct finding *finding = list_entry(item, struct finding, item);

	if (finding->repeats)
		finding_tell(engine, finding);
	finding_forget(engine, item);
}

/* The running interval of a print; one that began in a future, before the
 * clock was set back, is over. (What is released early is ahead of the host's
 * time by the hold-back at most.) */
static struct finding *finding_running(struct engine *engine,
				       const struct print *print,
				       const struct host *host)
{
	struct finding *finding = finding_find(engine, print);

	if (!finding ||
	    time_sub(finding->start_ns, host->matched_ns) <= engine->wait_ns)
		return finding;
	finding_close(engine, &finding->item);
	return NULL;
}

/* --- matches -------------------------------------------------------------- */

/* Counts a finding of a rule; *count_it: there are too many this minute, it is
 * counted and not told. */
static int count_flood(struct engine *engine, const struct step *match,
		       const struct alert *alert, bool *count_it)
{
	struct print print = rule_print(engine, match->host, match->slot->rule);
	struct finding *flood;

	/* one account's flood hides nothing of another's */
	print_add(&print, 3);
	print_add(&print, match->kept->event->charge_uid);
	flood = finding_running(engine, &print, match->host);
	if (!flood) {
		flood = finding_begin(engine, match, &print, alert, MINUTE_NS);
		if (!flood)
			return -ENOMEM;
		flood->kind = FINDING_FLOOD;
	}
	*count_it = flood->sent == FLOOD_FINDINGS;
	if (*count_it)
		count_repeat(engine, flood, match);
	else
		flood->sent++;
	return 0;
}

static int begin_suppression(struct engine *engine, const struct step *match,
			     const struct alert *alert,
			     const struct print *print)
{
	struct alert_destination to;
	struct finding *finding;
	int64_t interval_ns = alert->rule->suppress_ns >= 0
				      ? alert->rule->suppress_ns
				      : engine->config.suppress_ns;

	if (!interval_ns)
		return 0;
	finding = finding_begin(engine, match, print, alert, interval_ns);
	if (!finding)
		return -ENOMEM;
	if (destination_of(match->kept->event, &to)) {
		finding->ip = to.ip;
		finding->port = to.port;
	}
	return 0;
}

/* The hour of a rule that has a budget; *out = NULL: it has none. */
static int find_budget(struct engine *engine, const struct step *match,
		       const struct alert *alert, struct finding **out)
{
	struct print print;

	*out = NULL;
	if (!budget_limit(engine, alert->rule))
		return 0;
	print = budget_print(engine, match->host, match->slot->rule);
	*out = finding_running(engine, &print, match->host);
	if (*out)
		return 0;
	*out = finding_begin(engine, match, &print, alert, HOUR_NS);
	if (!*out)
		return -ENOMEM;
	(*out)->kind = FINDING_BUDGET;
	return 0;
}

int suppress_match(struct engine *engine, const struct step *match,
		   struct alert *alert)
{
	struct print print = finding_print(engine, match, alert);
	struct finding *finding = finding_running(engine, &print, match->host);
	struct finding *budget;
	bool flood = false;
	int rc;

	if (finding) {
		count_repeat(engine, finding, match);
		return 0;
	}
	rc = find_budget(engine, match, alert, &budget);
	if (!rc && budget_is_spent(engine, budget)) {
		count_repeat(engine, budget, match);
		return 0;
	}
	if (!rc)
		rc = count_flood(engine, match, alert, &flood);
	if (rc || flood)
		return rc;
	rc = begin_suppression(engine, match, alert, &print);
	if (!rc)
		tell(engine, budget, alert);
	return rc;
}
