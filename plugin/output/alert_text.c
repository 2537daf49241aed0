/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The alert for a person: what happened, who did it, where to, and step by step
 * with the serials that ausearch -a takes. Numbers, addresses, times and our
 * own words stand bare; all else is quoted, so that nobody whose program or
 * file is named here can add a key of his own.
 */
#include <endian.h>
#include <string.h>
#include <syslog.h>

#include "../util/json.h"
#include "render.h"

/* --- pairs ---------------------------------------------------------------- */

static void put_quoted(struct strbuf *out, const char *key, struct str text)
{
	strbuf_printf(out, " %s=\"", key);
	text_escape(out, text);
	strbuf_add_char(out, '"');
}

static void put_text(struct render *render, struct strbuf *out, const char *key,
		     struct str text)
{
	if (text.len)
		put_quoted(out, key, bounds_text(&render->bounds, text));
}

static bool is_number(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
	return text.len && text.len <= 20;
}

/* A field of an event, whatever it holds; nothing where it has none. */
static void put_field(struct render *render, struct strbuf *out,
		      const char *key, const struct event *event, size_t slot)
{
	const struct value *value = render_value(event, slot);

	if (value->type == VALUE_INT)
		strbuf_printf(out, " %s=%lld", key, (long long)value->i);
	else if (value->type == VALUE_STRING && is_number(value->s))
		strbuf_printf(out, " %s=%.*s", key, STR_ARG(value->s));
	else if (value->type == VALUE_STRING)
		put_text(render, out, key, value->s);
}

static void put_time(struct strbuf *out, const char *key, int64_t time_ns)
{
	struct json json;

	strbuf_printf(out, " %s=", key);
	json_init(&json, out);
	json_time(&json, time_ns);
}

/* --- who and where -------------------------------------------------------- */

static struct str program_of(const struct event *event, enum reading reading)
{
	const struct value *value =
		event_value(event, FIELD_PROCESS_EXECUTABLE, reading);

	if (value->type != VALUE_STRING)
		value = event_value(event, FIELD_PROCESS_NAME, reading);
	return value->type == VALUE_STRING ? value->s : (struct str){ 0 };
}

/* The file that ran; and what it was called by, where that is another name. */
static void put_process(struct render *render, struct strbuf *out)
{
	const struct event *last = render->last;
	struct str resolved = program_of(last, READING_RESOLVED);
	struct str invoked = program_of(last, READING_INVOKED);

	put_text(render, out, "process", resolved);
	if (!str_equal(str_basename(resolved), str_basename(invoked)))
		put_text(render, out, "invoked", invoked);
	put_field(render, out, "pid", last, FIELD_PROCESS_PID);
	put_field(render, out, "parent", last, FIELD_PROCESS_PARENT_NAME);
}

/* How its program came into being on this host, where that is known. */
static void put_origin(struct render *render, struct strbuf *out)
{
	const struct event *last = render->last;

	put_field(render, out, "origin", last, FIELD_PROCESS_ORIGIN_KIND);
	put_field(render, out, "origin_path", last, FIELD_PROCESS_ORIGIN_PATH);
	put_field(render, out, "origin_by", last,
		  FIELD_PROCESS_ORIGIN_EXECUTABLE);
	put_field(render, out, "compiler", last, FIELD_PROCESS_ORIGIN_COMPILER);
	put_field(render, out, "origin_age", last, FIELD_PROCESS_ORIGIN_AGE);
	put_field(render, out, "origin_audit", last,
		  FIELD_PROCESS_ORIGIN_AUDIT_ID);
}

static void put_user(struct render *render, struct strbuf *out)
{
	const struct event *last = render->last;

	put_field(render, out, "user", last, FIELD_USER_NAME);
	put_field(render, out, "uid", last, FIELD_USER_ID);
	if (render_value(last, FIELD_USER_AUDIT_ID)->type == VALUE_NULL)
		strbuf_add_str(out, STR(" login=unset"));
	else
		put_field(render, out, "login", last, FIELD_USER_AUDIT_ID);
}

static void put_host(struct render *render, struct strbuf *out)
{
	const struct value *name = render_value(render->last, FIELD_HOST_NAME);

	put_text(render, out, "host",
		 name->type == VALUE_STRING ? name->s : render->alert->host);
}

static bool add_address(struct strbuf *out, const struct event *event,
			enum field_id ip_slot, enum field_id port_slot)
{
	const struct value *ip = render_value(event, ip_slot);
	const struct value *port = render_value(event, port_slot);

	if (ip->type != VALUE_IP)
		return false;
	render_endpoint(out, &ip->ip, port->type == VALUE_INT ? port->i : -1);
	return true;
}

/* Where an event went to; false = nowhere. */
static bool add_endpoint(struct strbuf *out, const struct event *event)
{
	return add_address(out, event, FIELD_DESTINATION_IP,
			   FIELD_DESTINATION_PORT);
}

static void put_destinations(struct render *render, struct strbuf *out)
{
	const struct alert *alert = render->alert;
	const struct event *event =
		render_last_with(render, FIELD_DESTINATION_IP);

	if (render_value(event, FIELD_DESTINATION_IP)->type == VALUE_IP) {
		strbuf_add_str(out, STR(" destination="));
		add_endpoint(out, event);
	}
	if (!alert->destination_count)
		return;
	strbuf_add_str(out, STR(" destinations="));
	for (size_t i = 0; i < alert->destination_count; i++) {
		if (i)
			strbuf_add_char(out, ',');
		render_endpoint(out, &alert->destinations[i].ip,
				alert->destinations[i].port);
	}
}

/* --- steps ---------------------------------------------------------------- */

static void add_cut(struct render *render, struct strbuf *out, const char *word,
		    struct str text)
{
	if (!text.len)
		return;
	strbuf_add_str(out, str_from(word));
	strbuf_add_str(out, bounds_text(&render->bounds, text));
}

/* What an event is called: by its action, else by its system call. */
static struct str word_of(const struct event *event)
{
	const struct value *word = render_value(event, FIELD_EVENT_ACTION);

	if (word->type != VALUE_STRING)
		word = render_value(event, FIELD_AUDITD_DATA_SYSCALL);
	return word->type == VALUE_STRING ? word->s : STR("event");
}

/* "exec /usr/bin/gcc: gcc -o x x.c", "creation /tmp/x by /usr/bin/ld",
 * "connection_attempted 192.0.2.1:80 by ./x" */
static void write_phrase(struct render *render, const struct event *event,
			 struct strbuf *out)
{
	struct str program = program_of(event, READING_INVOKED);
	const struct value *value = render_value(event, FIELD_FILE_PATH);

	add_cut(render, out, "", word_of(event));
	if ((event->categories & CATEGORY_FILE) &&
	    value->type == VALUE_STRING) {
		add_cut(render, out, " ", value->s);
		add_cut(render, out, " by ", program);
		return;
	}
	if (event->categories & CATEGORY_NETWORK) {
		strbuf_add_char(out, ' ');
		if (add_endpoint(out, event) ||
		    add_address(out, event, FIELD_SOURCE_IP, FIELD_SOURCE_PORT))
			strbuf_add_char(out, ' ');
		add_cut(render, out, "by ", program);
		return;
	}
	add_cut(render, out, " ", program);
	value = render_value(event, FIELD_PROCESS_COMMAND_LINE);
	if (value->type == VALUE_STRING)
		add_cut(render, out, ": ", value->s);
}

static void put_step(struct render *render, struct strbuf *out, size_t index)
{
	const struct event *event = render->alert->events[index];
	const struct value *pid = render_value(event, FIELD_PROCESS_PID);
	size_t stage = render_stage(render, index);
	struct strbuf phrase = STRBUF_INIT(0);
	char id[EVENT_ID_MAX];

	if (!event) {
		strbuf_printf(out, " step%zu=\"nothing\"", stage);
		return;
	}
	write_phrase(render, event, &phrase);
	strbuf_printf(out, " step%zu=\"", stage);
	text_escape(out, strbuf_str(&phrase));
	strbuf_add_char(out, '"');
	render->bounds.failed = render->bounds.failed || phrase.failed;
	strbuf_free(&phrase);
	if (pid->type == VALUE_INT)
		strbuf_printf(out, " pid%zu=%lld", stage, (long long)pid->i);
	/* some events are of no record */
	if (!event->serial)
		return;
	event_id_format(event, id);
	strbuf_printf(out, " audit%zu=%s", stage, id);
}

static void put_steps(struct render *render, struct strbuf *out)
{
	size_t max = render->detail->events;
	size_t count = render->alert->event_count;

	for (size_t i = 0; i < count; i++)
		if (count <= max || i < max - max / 2 || i >= count - max / 2)
			put_step(render, out, i);
	if (count > max)
		strbuf_printf(out, " steps_omitted=%zu", count - max);
}

/* --- the sentence --------------------------------------------------------- */

/* The last alert that its rule's budget pays for says that it is that. */
static void put_budget(const struct alert *alert, struct strbuf *out)
{
	if (!alert->budget)
		return;
	strbuf_printf(out, " budget_spent=%lld", (long long)alert->budget);
	if (alert->kind != ALERT_BUDGET)
		put_time(out, "counted_until", alert->counted_until_ns);
}

static void put_kind(struct render *render, struct strbuf *out)
{
	static const char *const words[] = {
		[ALERT_MATCH] = "ALERT",   [ALERT_REPEATS] = "REPEATS",
		[ALERT_FLOOD] = "FLOOD",   [ALERT_BUDGET] = "BUDGET",
		[ALERT_NOTICE] = "NOTICE",
	};
	const struct alert *alert = render->alert;

	if (alert_is_observed(alert))
		strbuf_add_str(out, STR("OBSERVED-"));
	strbuf_add_str(out, str_from(words[alert->kind]));
	if (alert->rule)
		put_text(render, out, "rule", alert->rule->name);
	else
		put_text(render, out, "message", alert->message);
	if (alert_is_summary(alert))
		strbuf_printf(out, " suppressed=%llu",
			      (unsigned long long)alert->suppressed);
	put_budget(alert, out);
	strbuf_add_str(out, STR(" severity="));
	strbuf_add_str(out, render_severity_name(alert));
}

static void put_times(struct render *render, struct strbuf *out)
{
	const struct alert *alert = render->alert;
	int64_t start = render_start(alert);

	put_time(out, "time", alert->time_ns);
	if (start != alert->time_ns)
		put_time(out, "started", start);
}

static void put_identity(struct render *render, struct strbuf *out)
{
	const struct alert *alert = render->alert;

	if (render->context->number)
		strbuf_printf(out, " number=%llu",
			      (unsigned long long)render->context->number);
	strbuf_printf(out, " id=%.16s", render->id);
	if (alert->rule)
		put_text(render, out, "rule_id", alert->rule->id);
	if (alert->gap)
		strbuf_add_str(out, STR(" evidence=incomplete"));
	if (alert->degraded)
		strbuf_add_str(out, STR(" degraded=yes"));
}

void alert_text_write(struct render *render, struct strbuf *out)
{
	put_kind(render, out);
	put_field(render, out, "reason", render->last, FIELD_EVENT_REASON);
	put_host(render, out);
	if (render->last) {
		put_user(render, out);
		put_process(render, out);
		put_origin(render, out);
	}
	put_destinations(render, out);
	put_times(render, out);
	put_steps(render, out);
	put_identity(render, out);
}

/* --- journal -------------------------------------------------------------- */

#define MESSAGE_ID STR("79647ac63d8e48c5b60375967b46f77e")

/* A value with a newline goes with its length before it, as binary. */
static void journal_add(struct strbuf *out, const char *key, struct str value)
{
	uint64_t len = htole64(value.len);
	bool binary = value.len && memchr(value.data, '\n', value.len);

	if (!value.len)
		return;
	strbuf_add_str(out, str_from(key));
	if (binary) {
		strbuf_add_char(out, '\n');
		strbuf_add(out, &len, sizeof(len));
	} else {
		strbuf_add_char(out, '=');
	}
	strbuf_add_str(out, value);
	strbuf_add_char(out, '\n');
}

/* The fields of one journal entry, by journald's native protocol. */
void alert_journal_write(struct render *render, const struct rendered *forms,
			 struct strbuf *out)
{
	const struct alert *alert = render->alert;
	struct strbuf to = STRBUF_INIT(0);

	journal_add(out, "MESSAGE", forms->text);
	strbuf_printf(out, "PRIORITY=%d\n", forms->priority);
	strbuf_printf(out, "SYSLOG_FACILITY=%d\n", LOG_FAC(LOG_AUTHPRIV));
	journal_add(out, "SYSLOG_IDENTIFIER", STR("audisp-eql"));
	journal_add(out, "MESSAGE_ID", MESSAGE_ID);
	if (alert->rule) {
		journal_add(out, "AUDISP_EQL_RULE_ID",
			    bounds_text(&render->bounds, alert->rule->id));
		journal_add(out, "AUDISP_EQL_RULE_NAME",
			    bounds_text(&render->bounds, alert->rule->name));
	}
	journal_add(out, "AUDISP_EQL_EVENT_ID", str_from(render->id));
	if (render->context->number)
		strbuf_printf(out, "AUDISP_EQL_NUMBER=%llu\n",
			      (unsigned long long)render->context->number);
	add_endpoint(&to, render_last_with(render, FIELD_DESTINATION_IP));
	journal_add(out, "AUDISP_EQL_DESTINATION", strbuf_str(&to));
	out->failed = out->failed || to.failed;
	strbuf_free(&to);
	journal_add(out, "AUDISP_EQL_JSON", forms->json);
}
