/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The alert document: nested ECS, one line. What stands outside "audisp_eql"
 * is for any tool that knows ECS; what only we have is inside it. All of one
 * field's values have one JSON type in every alert, because Elasticsearch
 * refuses a document that differs from the first it saw.
 *
 * Once the text is full, what follows need not be written: loops look at that,
 * so that an alert of many megabytes costs no more than one that fits.
 */
#include <stdio.h>

#include "event_json.h"
#include "render.h"

#define ECS_VERSION STR("8.17")

/* related.*: enough for a sequence, and what is compared is all against all */
#define RELATED_MAX 64

/* --- helpers -------------------------------------------------------------- */

static void add_text(struct render *render, struct json *json, const char *key,
		     struct str text)
{
	if (text.len)
		json_add_str(json, key, bounds_text(&render->bounds, text));
}

static void add_time(struct json *json, const char *key, int64_t time_ns)
{
	json_key(json, str_from(key));
	json_time(json, time_ns);
}

/* The text of an event's field, left out where it has none. */
static void add_field(struct render *render, struct json *json, const char *key,
		      const struct event *event, size_t slot)
{
	struct str text = render_text(render, event, slot);

	if (text.len)
		json_add_str(json, key, text);
}

/* A list of texts, left out where it is empty. */
static void add_list(struct render *render, struct json *json, const char *key,
		     const struct str_list *list)
{
	struct bounds_span span = bounds_count(&render->bounds, list->count);

	if (!list->count)
		return;
	json_key(json, str_from(key));
	json_array_begin(json);
	for (size_t i = 0; i < list->count && !json->out->failed; i++)
		if (i < span.head || i >= list->count - span.tail)
			json_string(json, bounds_text(&render->bounds,
						      list->items[i]));
	json_array_end(json);
}

/* A field of an event as a list, whatever it is there. */
static void add_field_list(struct render *render, struct json *json,
			   const char *key, size_t slot)
{
	struct bounds_span span;
	const struct value *items;
	size_t count;

	if (!render->last)
		return;
	items = value_items(event_value(render->last, slot, READING_INVOKED),
			    &count);
	if (!count)
		return;
	span = bounds_list(&render->bounds, items, count);
	json_key(json, str_from(key));
	json_array_begin(json);
	for (size_t i = 0; i < count; i++)
		if ((i < span.head || i >= count - span.tail) &&
		    items[i].type == VALUE_STRING)
			json_string(json,
				    bounds_text(&render->bounds, items[i].s));
	json_array_end(json);
}

/* The fields of an event below one name. user.audit is not ECS: it stands in
 * our own object. */
static void add_fields(struct render *render, struct json *json,
		       const struct event *event, struct str below)
{
	struct event_json how = {
		.fields = render->context->fields,
		.below = below,
		.without = STR("user.audit"),
		.compact = render->detail->compact,
		.bounds = &render->bounds,
	};

	if (event)
		event_json_members(&how, event, json);
}

/* --- ECS ------------------------------------------------------------------ */

static void add_event(struct render *render, struct json *json)
{
	const struct alert *alert = render->alert;

	json_key(json, STR("event"));
	json_object_begin(json);
	/* what is only observed must wake nobody who looks for alerts */
	json_add_str(json, "kind",
		     alert_is_observed(alert) ? STR("event") : STR("alert"));
	add_field_list(render, json, "category", FIELD_EVENT_CATEGORY);
	add_field_list(render, json, "type", FIELD_EVENT_TYPE);
	add_field_list(render, json, "action", FIELD_EVENT_ACTION);
	add_field(render, json, "outcome", render->last, FIELD_EVENT_OUTCOME);
	add_field(render, json, "reason", render->last, FIELD_EVENT_REASON);
	json_add_str(json, "module", STR("audisp_eql"));
	json_add_str(json, "dataset", STR("audisp_eql.alert"));
	json_add_str(json, "id", str_from(render->id));
	if (render->context->created_ns)
		add_time(json, "created", render->context->created_ns);
	json_add_int(json, "severity", render_severity(alert));
	json_add_int(json, "risk_score",
		     alert->rule ? alert->rule->risk_score
				 : render_severity(alert));
	add_time(json, "start", render_start(alert));
	add_time(json, "end", alert->time_ns);
	json_object_end(json);
}

static void add_rule(struct render *render, struct json *json)
{
	const struct rule *rule = render->alert->rule;

	if (!rule)
		return;
	json_key(json, STR("rule"));
	json_object_begin(json);
	add_text(render, json, "id", rule->id);
	add_text(render, json, "name", rule->name);
	add_text(render, json, "version", rule->version);
	if (!render->detail->compact) {
		add_text(render, json, "description", rule->description);
		add_text(render, json, "ruleset", str_basename(rule->file));
		add_list(render, json, "reference", &rule->references);
		add_list(render, json, "author", &rule->author);
		add_text(render, json, "license", rule->license);
	}
	json_object_end(json);
}

/* id, name and reference of several techniques, a list each; the members of
 * the object they stand in. */
static void add_techniques(struct render *render, struct json *json,
			   const struct technique *const *techniques,
			   size_t count)
{
	static const char *const keys[] = { "id", "name", "reference" };
	size_t key_count = render->detail->compact ? 2 : 3;

	for (size_t key = 0; key < key_count; key++) {
		json_key(json, str_from(keys[key]));
		json_array_begin(json);
		for (size_t i = 0; i < count && !json->out->failed; i++) {
			const struct str texts[] = {
				techniques[i]->id,
				techniques[i]->name,
				techniques[i]->reference,
			};

			json_string(json,
				    bounds_text(&render->bounds, texts[key]));
		}
		json_array_end(json);
	}
}

enum threat_part { THREAT_TACTIC, THREAT_TECHNIQUE, THREAT_SUBTECHNIQUE };

#define THREATS_MAX 64

struct collected {
	size_t count;
	const struct technique *items[THREATS_MAX];
};

static void collect(struct render *render, struct collected *collected,
		    const struct technique *technique)
{
	if (collected->count == THREATS_MAX ||
	    collected->count >= render->bounds.items)
		render->bounds.cut = true;
	else
		collected->items[collected->count++] = technique;
}

/* All of one kind that the rule names. */
static void collect_threats(struct render *render, enum threat_part part,
			    struct collected *out)
{
	const struct rule *rule = render->alert->rule;

	out->count = 0;
	for (size_t i = 0; i < rule->threat_count; i++) {
		const struct threat *threat = &rule->threats[i];

		if (part == THREAT_TACTIC)
			collect(render, out, &threat->tactic);
		for (size_t j = 0; j < threat->technique_count; j++) {
			const struct technique *technique =
				&threat->techniques[j];

			if (part == THREAT_TECHNIQUE)
				collect(render, out, technique);
			for (size_t k = 0; k < technique->subtechnique_count &&
					   part == THREAT_SUBTECHNIQUE;
			     k++)
				collect(render, out,
					&technique->subtechniques[k]);
		}
	}
}

/* Opens the object of one kind, left to the caller to close; false = the rule
 * names none. */
static bool threat_begin(struct render *render, struct json *json,
			 const char *key, enum threat_part part)
{
	struct collected found;

	collect_threats(render, part, &found);
	if (!found.count)
		return false;
	json_key(json, str_from(key));
	json_object_begin(json);
	add_techniques(render, json, found.items, found.count);
	return true;
}

static void add_threat(struct render *render, struct json *json)
{
	const struct rule *rule = render->alert->rule;

	if (!rule || !rule->threat_count)
		return;
	json_key(json, STR("threat"));
	json_object_begin(json);
	add_text(render, json, "framework", rule->threats[0].framework);
	if (threat_begin(render, json, "tactic", THREAT_TACTIC))
		json_object_end(json);
	if (threat_begin(render, json, "technique", THREAT_TECHNIQUE)) {
		if (threat_begin(render, json, "subtechnique",
				 THREAT_SUBTECHNIQUE))
			json_object_end(json);
		json_object_end(json);
	}
	json_object_end(json);
}

static void add_host(struct render *render, struct json *json)
{
	const struct event *last = render->last;

	json_key(json, STR("host"));
	json_object_begin(json);
	add_text(render, json, "id", render->alert->host);
	add_field(render, json, "name", last, FIELD_HOST_NAME);
	if (render_value(last, FIELD_HOST_OS_TYPE)->type == VALUE_STRING) {
		json_key(json, STR("os"));
		json_object_begin(json);
		add_field(render, json, "type", last, FIELD_HOST_OS_TYPE);
		json_object_end(json);
	}
	json_object_end(json);
}

/* --- related -------------------------------------------------------------- */

struct related {
	size_t count, max;
	const struct value *values[RELATED_MAX];
};

static void related_add(struct render *render, struct related *related,
			const struct value *value)
{
	for (size_t i = 0; i < related->count; i++)
		if (value_equal(related->values[i], value))
			return;
	if (related->count == related->max)
		render->bounds.cut = true;
	else
		related->values[related->count++] = value;
}

/* The distinct values of some fields over all events. */
static void related_collect(struct render *render, struct related *related,
			    const enum field_id *slots, size_t slot_count)
{
	const struct alert *alert = render->alert;

	for (size_t i = 0; i < alert->event_count; i++) {
		for (size_t k = 0; k < slot_count && alert->events[i]; k++) {
			const struct value *value =
				render_value(alert->events[i], slots[k]);

			if (value->type == VALUE_IP ||
			    (value->type == VALUE_STRING && value->s.len))
				related_add(render, related, value);
		}
	}
}

static void related_write(struct render *render, struct json *json,
			  const char *key, const struct related *related)
{
	if (!related->count)
		return;
	json_key(json, str_from(key));
	json_array_begin(json);
	for (size_t i = 0; i < related->count; i++) {
		const struct value *value = related->values[i];

		if (value->type == VALUE_STRING)
			json_string(json,
				    bounds_text(&render->bounds, value->s));
		else
			json_value(json, value);
	}
	json_array_end(json);
}

static void add_related(struct render *render, struct json *json)
{
	static const enum field_id hosts[] = { FIELD_HOST_ID, FIELD_HOST_NAME };
	static const enum field_id users[] = { FIELD_USER_NAME, FIELD_USER_ID,
					       FIELD_USER_AUDIT_ID };
	static const enum field_id ips[] = { FIELD_DESTINATION_IP,
					     FIELD_SOURCE_IP };
	const struct alert *alert = render->alert;
	const struct value host = VALUE_OF_STR(alert->host);
	struct value further[ALERT_DESTINATIONS_MAX];
	struct related related = { .max = render->bounds.items };

	if (related.max > RELATED_MAX)
		related.max = RELATED_MAX;
	json_key(json, STR("related"));
	json_object_begin(json);
	related_add(render, &related, &host);
	related_collect(render, &related, hosts, 2);
	related_write(render, json, "hosts", &related);
	related.count = 0;
	related_collect(render, &related, ips, 2);
	for (size_t i = 0;
	     i < alert->destination_count && i < ALERT_DESTINATIONS_MAX; i++) {
		further[i] = (struct value){ .type = VALUE_IP,
					     .ip = alert->destinations[i].ip };
		related_add(render, &related, &further[i]);
	}
	related_write(render, json, "ip", &related);
	related.count = 0;
	related_collect(render, &related, users, 3);
	related_write(render, json, "user", &related);
	json_object_end(json);
}

/* --- our own -------------------------------------------------------------- */

/* Always a string or null: keys of several rules share one field. */
static void add_key(struct render *render, struct json *json,
		    const struct value *key)
{
	struct strbuf text = STRBUF_INIT(0);
	struct json number;

	switch (key->type) {
	case VALUE_STRING:
		json_string(json, bounds_text(&render->bounds, key->s));
		break;
	case VALUE_BOOL:
	case VALUE_INT:
	case VALUE_DOUBLE:
		json_init(&number, &text);
		json_value(&number, key);
		json_string(json, strbuf_str(&text));
		render->bounds.failed = render->bounds.failed || text.failed;
		strbuf_free(&text);
		break;
	default:
		json_value(json, key);
		break;
	}
}

static void add_keys(struct render *render, struct json *json)
{
	const struct alert *alert = render->alert;
	struct bounds_span span;

	if (!alert->key_count || !alert->tuple_count)
		return;
	span = bounds_count(&render->bounds, alert->tuple_count);
	json_key(json, STR("join_keys"));
	json_array_begin(json);
	for (size_t i = 0; i < alert->tuple_count && !json->out->failed; i++) {
		const struct value *tuple = alert->keys + i * alert->key_count;

		if (i >= span.head && i < alert->tuple_count - span.tail)
			continue;
		json_array_begin(json);
		for (size_t k = 0; k < alert->key_count; k++)
			add_key(render, json, &tuple[k]);
		json_array_end(json);
	}
	json_array_end(json);
}

static void add_destinations(struct render *render, struct json *json)
{
	const struct alert *alert = render->alert;
	struct bounds_span span =
		bounds_count(&render->bounds, alert->destination_count);

	if (!alert->destination_count)
		return;
	json_key(json, STR("destinations"));
	json_array_begin(json);
	for (size_t i = 0; i < span.head; i++) {
		const struct alert_destination *to = &alert->destinations[i];
		struct value ip = { .type = VALUE_IP, .ip = to->ip };

		json_object_begin(json);
		json_key(json, STR("ip"));
		json_value(json, &ip);
		if (to->port >= 0)
			json_add_int(json, "port", to->port);
		json_object_end(json);
	}
	json_array_end(json);
}

static void add_stage(struct render *render, struct json *json, size_t index)
{
	const struct event *event = render->alert->events[index];
	bool cut = render->bounds.cut;

	json_object_begin(json);
	json_add_int(json, "stage", (int64_t)render_stage(render, index));
	if (event) {
		struct event_json how = {
			.fields = render->context->fields,
			.compact = render->detail->compact,
			.bounds = &render->bounds,
		};

		render->bounds.cut = false;
		event_json_origin(event, &render->bounds, json);
		event_json_members(&how, event, json);
		if (render->bounds.cut)
			json_add_bool(json, "truncated", true);
		render->bounds.cut = render->bounds.cut || cut;
	} else {
		json_add_bool(json, "missing", true);
	}
	json_object_end(json);
}

static void add_events(struct render *render, struct json *json)
{
	const struct alert *alert = render->alert;
	size_t max = render->detail->events, count = alert->event_count;

	if (!count)
		return;
	if (count > max)
		render->bounds.cut = true;
	json_key(json, STR("events"));
	json_array_begin(json);
	for (size_t i = 0; i < count && !json->out->failed; i++)
		if (count <= max || i < max - max / 2 || i >= count - max / 2)
			add_stage(render, json, i);
	json_array_end(json);
}

/*
 * The raw records, so that the alert outlives the audit log. Each event has its
 * share of the room: the first stage's arguments must not push out the last
 * stage's address. A record is told whole or not at all.
 */
static void add_records(struct render *render, struct json *json)
{
	const struct alert *alert = render->alert;
	size_t left = render->detail->records;
	bool truncated = false;

	if (!alert->event_count)
		return;
	json_key(json, STR("records"));
	json_array_begin(json);
	for (size_t i = 0; i < alert->event_count; i++) {
		const struct event *event = alert->events[i];
		size_t share = left / (alert->event_count - i);

		for (size_t k = 0; event && k < event->record_count; k++) {
			struct str record = event->records[k];

			if (record.len > share) {
				truncated = true;
				continue;
			}
			json_string(json, record);
			share -= record.len;
			left -= record.len;
		}
	}
	json_array_end(json);
	if (truncated) {
		json_add_bool(json, "records_truncated", true);
		render->bounds.cut = true;
	}
}

static void add_counts(struct render *render, struct json *json)
{
	const struct alert *alert = render->alert;
	const struct render_context *context = render->context;
	struct str version = str_from(context->version);
	char rule_set[17];

	if (context->number) {
		json_key(json, STR("number"));
		json_uint(json, context->number);
	}
	add_text(render, json, "version", version);
	snprintf(rule_set, sizeof(rule_set), "%016llx",
		 (unsigned long long)context->rule_set);
	json_add_str(json, "rule_set", str_from(rule_set));
	json_key(json, STR("suppressed"));
	json_uint(json, alert->suppressed);
	if (alert->budget)
		json_add_int(json, "budget_spent", alert->budget);
	if (alert->budget && alert->kind != ALERT_BUDGET)
		add_time(json, "counted_until", alert->counted_until_ns);
	if (alert_is_summary(alert)) {
		add_time(json, "first", alert->first_ns);
		add_time(json, "last", alert->last_ns);
	}
	json_add_bool(json, "gap", alert->gap);
	json_add_bool(json, "degraded", alert->degraded);
}

static void add_own(struct render *render, struct json *json)
{
	static const char *const kinds[] = {
		[ALERT_MATCH] = "match",   [ALERT_REPEATS] = "repeats",
		[ALERT_FLOOD] = "flood",   [ALERT_BUDGET] = "budget",
		[ALERT_NOTICE] = "notice",
	};

	json_key(json, STR("audisp_eql"));
	json_object_begin(json);
	json_add_str(json, "kind", str_from(kinds[render->alert->kind]));
	if (alert_is_observed(render->alert))
		json_add_str(json, "mode", STR("observe"));
	add_counts(render, json);
	add_field(render, json, "login_uid", render->last, FIELD_USER_AUDIT_ID);
	add_field(render, json, "session", render->last,
		  FIELD_USER_AUDIT_SESSION);
	add_keys(render, json);
	add_destinations(render, json);
	add_events(render, json);
	if (!render->detail->compact)
		add_records(render, json);
	/* last: now it is known */
	if (render->bounds.cut)
		json_add_bool(json, "truncated", true);
	json_object_end(json);
}

/* --- document ------------------------------------------------------------- */

void alert_json_write(struct render *render, struct strbuf *out)
{
	const struct event *last = render->last;
	struct strbuf message = STRBUF_INIT(0);
	struct json json;

	json_init(&json, out);
	json_object_begin(&json);
	add_time(&json, "@timestamp", render->alert->time_ns);
	render_message(render, &message);
	json_add_str(&json, "message", strbuf_str(&message));
	render->bounds.failed = render->bounds.failed || message.failed;
	strbuf_free(&message);
	add_event(render, &json);
	add_rule(render, &json);
	add_host(render, &json);
	add_fields(render, &json, last, STR("user"));
	add_fields(render, &json, last, STR("process"));
	add_fields(render, &json, render_last_with(render, FIELD_FILE_PATH),
		   STR("file"));
	add_fields(render, &json,
		   render_last_with(render, FIELD_DESTINATION_IP),
		   STR("destination"));
	add_fields(render, &json, render_last_with(render, FIELD_SOURCE_IP),
		   STR("source"));
	add_related(render, &json);
	add_threat(render, &json);
	if (render->alert->rule)
		add_list(render, &json, "tags", &render->alert->rule->tags);
	json_key(&json, STR("ecs"));
	json_object_begin(&json);
	json_add_str(&json, "version", ECS_VERSION);
	json_object_end(&json);
	add_own(render, &json);
	json_object_end(&json);
}

void alert_cee_write(struct render *render, struct strbuf *out)
{
	strbuf_add_str(out, STR("@cee: "));
	alert_json_write(render, out);
}
