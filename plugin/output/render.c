/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An alert in all its forms. Each has a size it must stay below and holds text
 * of any length that an attacker chose, so it is written with less and less
 * detail until it fits: a form is never cut at its end, where what is lost is
 * lost silently and the rest no longer parses.
 */
#include "render.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "../limits.h"
#include "../util/arena.h"
#include "../util/hash.h"
#include "redact.h"

/* Lucene refuses a document with a term of more than 32,766 bytes; a byte that
 * is not UTF-8 becomes three. */
#define TEXT_MAX 10000

static const struct detail document_levels[] = {
	{ TEXT_MAX, 4096, SIZE_MAX, LIMIT_ALERT_RECORDS_BYTES, false },
	{ TEXT_MAX, 4096, SIZE_MAX, LIMIT_ALERT_RECORDS_BYTES / 4, false },
	{ TEXT_MAX, 4096, SIZE_MAX, 0, false },
	{ 4000, 1024, SIZE_MAX, 0, false },
	{ 1000, 256, SIZE_MAX, 0, false },
	{ 250, 64, SIZE_MAX, 0, false },
	{ 60, 16, SIZE_MAX, 0, true },
	{ 60, 8, 16, 0, true },
};

static const struct detail cee_levels[] = {
	{ 2000, 256, 64, 0, true }, { 512, 64, 32, 0, true },
	{ 256, 16, 16, 0, true },   { 120, 8, 8, 0, true },
	{ 60, 6, 6, 0, true },	    { 40, 4, 4, 0, true },
	{ 20, 2, 2, 0, true },	    { 12, 1, 0, 0, true },
};

static const struct detail text_levels[] = {
	{ 512, 16, 64, 0, true }, { 256, 16, 64, 0, true },
	{ 120, 16, 32, 0, true }, { 60, 16, 16, 0, true },
	{ 60, 16, 8, 0, true },	  { 40, 8, 4, 0, true },
	{ 20, 4, 2, 0, true },
};

/* The whole document goes into the journal where it is not larger: journald
 * takes a datagram, which the kernel limits to net.core.wmem_default. */
#define JOURNAL_JSON_BYTES (64U << 10)
#define JOURNAL_TEXT_BYTES 1000

struct form {
	size_t limit; /* the result is shorter */
	const struct detail *levels;
	size_t level_count;
	void (*write)(struct render *render, struct strbuf *out);
};

#define LEVELS(table) table, sizeof(table) / sizeof((table)[0])

static const struct form form_document = { LIMIT_ALERT_BYTES,
					   LEVELS(document_levels),
					   alert_json_write };
static const struct form form_cee = { LIMIT_SYSLOG_BYTES, LEVELS(cee_levels),
				      alert_cee_write };
static const struct form form_text = { LIMIT_SYSLOG_BYTES, LEVELS(text_levels),
				       alert_text_write };

/* --- what the forms share ------------------------------------------------- */

const struct event *render_last_with(const struct render *render, size_t slot)
{
	const struct alert *alert = render->alert;

	for (size_t i = alert->event_count; i-- > 0;)
		if (render_value(alert->events[i], slot)->type != VALUE_NULL)
			return alert->events[i];
	return NULL;
}

const struct value *render_value(const struct event *event, size_t slot)
{
	static const struct value null_value;
	const struct value *value;
	size_t count;

	if (!event)
		return &null_value;
	value = value_items(event_value(event, slot, READING_INVOKED), &count);
	return count ? value : &null_value;
}

struct str render_text(struct render *render, const struct event *event,
		       size_t slot)
{
	const struct value *value = render_value(event, slot);

	if (value->type != VALUE_STRING)
		return (struct str){ 0 };
	return bounds_text(&render->bounds, value->s);
}

/* A closing alert has only the last event of the sequence. */
size_t render_stage(const struct render *render, size_t index)
{
	const struct alert *alert = render->alert;
	const struct query *query = alert->rule ? alert->rule->query : NULL;

	if (!query || query->stage_count <= alert->event_count)
		return index + 1;
	return query->stage_count - alert->event_count + index + 1;
}

int64_t render_start(const struct alert *alert)
{
	if (alert_is_summary(alert))
		return alert->first_ns;
	for (size_t i = 0; i < alert->event_count; i++)
		if (alert->events[i])
			return alert->events[i]->time_ns;
	return alert->time_ns;
}

int render_severity(const struct alert *alert)
{
	return alert->rule ? (int)alert->rule->severity : SEVERITY_MEDIUM;
}

struct str render_severity_name(const struct alert *alert)
{
	int severity = render_severity(alert);

	if (severity >= SEVERITY_CRITICAL)
		return STR("critical");
	if (severity >= SEVERITY_HIGH)
		return STR("high");
	return severity >= SEVERITY_MEDIUM ? STR("medium") : STR("low");
}

static int priority_of(const struct alert *alert)
{
	int severity = render_severity(alert);

	if (severity >= SEVERITY_CRITICAL)
		return LOG_ALERT;
	if (severity >= SEVERITY_HIGH)
		return LOG_CRIT;
	return severity >= SEVERITY_MEDIUM ? LOG_WARNING : LOG_NOTICE;
}

void render_message(struct render *render, struct strbuf *out)
{
	const struct alert *alert = render->alert;
	unsigned long long count = alert->suppressed;

	strbuf_add_str(out, bounds_text(&render->bounds,
					alert->rule ? alert->rule->name
						    : alert->message));
	if (alert->kind == ALERT_REPEATS)
		strbuf_printf(out, ": %llu more like it", count);
	else if (alert->kind == ALERT_FLOOD)
		strbuf_printf(out, ": too many findings, %llu not told", count);
	else if (alert->kind == ALERT_BUDGET)
		strbuf_printf(out,
			      ": over its budget of %lld an hour, %llu "
			      "not told",
			      (long long)alert->budget, count);
}

void render_endpoint(struct strbuf *out, const struct ip *ip, int64_t port)
{
	char text[IP_TEXT_MAX];
	size_t len = ip_format(ip, text);
	bool brackets = port >= 0 && memchr(text, ':', len);

	if (brackets)
		strbuf_add_char(out, '[');
	strbuf_add(out, text, len);
	if (brackets)
		strbuf_add_char(out, ']');
	if (port >= 0)
		strbuf_printf(out, ":%lld", (long long)port);
}

/* --- forms ---------------------------------------------------------------- */

/* A notice has no events by which the engine could name it. */
static void notice_id(const struct alert *alert, uint8_t out[16])
{
	static const uint8_t seeds[2][16] = { { 1 }, { 2 } };

	for (size_t i = 0; i < 2; i++) {
		uint64_t half = hash_bytes(alert->message.data,
					   alert->message.len, seeds[i]);

		half = hash_combine(half, (uint64_t)alert->time_ns);
		half = hash_combine(half,
				    hash_bytes(alert->host.data,
					       alert->host.len, seeds[i]));
		memcpy(out + 8 * i, &half, sizeof(half));
	}
}

static void format_id(const struct alert *alert, char out[33])
{
	uint8_t id[16];

	memcpy(id, alert->id, sizeof(id));
	if (alert->kind == ALERT_NOTICE)
		notice_id(alert, id);
	for (size_t i = 0; i < sizeof(id); i++)
		snprintf(out + 2 * i, 3, "%02x", id[i]);
}

static int render_form(struct render *render, const struct form *form,
		       struct arena *arena, struct str *out)
{
	struct strbuf text = STRBUF_INIT(form->limit - 1);
	bool failed = true;

	for (size_t i = 0; failed && i < form->level_count; i++) {
		strbuf_reset(&text);
		render->detail = &form->levels[i];
		render->bounds.text = form->levels[i].text;
		render->bounds.items = form->levels[i].items;
		render->bounds.cut = false;
		form->write(render, &text);
		failed = text.failed;
	}
	if (!failed && !render->bounds.failed)
		*out = arena_str(arena, strbuf_str(&text));
	strbuf_free(&text);
	return out->data ? 0 : -ENOMEM;
}

static int render_journal(struct render *render, struct arena *arena,
			  struct rendered *forms)
{
	struct strbuf text = STRBUF_INIT(0);
	struct rendered told = *forms;

	render->bounds.text = JOURNAL_TEXT_BYTES;
	if (told.json.len > JOURNAL_JSON_BYTES) {
		told.json = told.cee;
		told.json.data += sizeof("@cee: ") - 1;
		told.json.len -= sizeof("@cee: ") - 1;
	}
	alert_journal_write(render, &told, &text);
	if (!text.failed && !render->bounds.failed)
		forms->journal = arena_str(arena, strbuf_str(&text));
	strbuf_free(&text);
	return forms->journal.data ? 0 : -ENOMEM;
}

int alert_render(const struct alert *alert,
		 const struct render_context *context, struct arena *arena,
		 struct rendered *out)
{
	struct rendered forms = {
		.priority = priority_of(alert),
		.observed = alert_is_observed(alert),
	};
	struct render render = { .context = context };
	struct alert masked;
	int rc;

	if (context->redact) {
		rc = redact_alert(context->redact, alert, arena, &masked);
		if (rc)
			return rc;
		alert = &masked;
	}
	render.alert = alert;
	for (size_t i = 0; i < alert->event_count; i++)
		if (alert->events[i])
			render.last = alert->events[i];
	format_id(alert, render.id);
	rc = render_form(&render, &form_document, arena, &forms.json);
	if (!rc)
		rc = render_form(&render, &form_cee, arena, &forms.cee);
	if (!rc)
		rc = render_form(&render, &form_text, arena, &forms.text);
	if (!rc)
		rc = render_journal(&render, arena, &forms);
	bounds_free(&render.bounds);
	if (!rc)
		*out = forms;
	return rc;
}
