/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For a person the noise of each rule, and at the end all proposals as one text
 * for a file in overrides.d; for a program one line a rule.
 */
#include "tune_report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../util/json.h"
#include "exceptions.h"
#include "propose.h"

#define WIDTH 80
#define INDENT 4
#define LABEL 28
#define VALUES_SHOWN 5
#define DAYS_SHOWN 7
#define VALUE_SHOWN 60
#define DAY_NS (86400 * NSEC_PER_SEC)
#define HOUR_NS (3600 * NSEC_PER_SEC)
/* an exception is looked at again after that */
#define EXPIRES_NS (90 * DAY_NS)

struct proposals {
	size_t count;
	struct proposal items[PROPOSALS_MAX];
};

/* --- words ---------------------------------------------------------------- */

static void add_date(struct strbuf *out, int64_t time_ns)
{
	char text[TIME_TEXT_MAX];

	time_text(time_ns, text);
	text[10] = '\0'; /* the day alone */
	strbuf_add_str(out, str_from(text));
}

/* Alerts a day, where what was read is long enough to say so; else < 0. */
static double rate_of(const struct tally *tally, uint64_t alerts)
{
	int64_t span_ns = time_sub(tally->last_ns, tally->first_ns);

	if (!tally->seen || span_ns < HOUR_NS)
		return -1;
	return (double)alerts * ((double)DAY_NS / (double)span_ns);
}

static uint64_t value_least(const struct tally_value *value)
{
	return value->count - value->over;
}

/* --- text ----------------------------------------------------------------- */

/* A column of things between commas, broken between them. */
struct column {
	const char *label;
	size_t at;
	bool any;
};

static void column_begin(struct column *column, const char *label)
{
	*column = (struct column){ label, INDENT + LABEL, false };
	printf("%*s%-*s", INDENT, "", LABEL, label);
}

static void column_add(struct column *column, struct str text)
{
	if (column->any) {
		putchar(',');
		if (column->at + 2 + text.len > WIDTH) {
			printf("\n%*s", INDENT + LABEL, "");
			column->at = INDENT + LABEL;
		} else {
			putchar(' ');
			column->at += 2;
		}
	}
	fwrite(text.data, 1, text.len, stdout);
	column->at += text.len;
	column->any = true;
}

static void column_add_buf(struct column *column, struct strbuf *text)
{
	column_add(column, strbuf_str(text));
	strbuf_free(text);
}

static void column_end(void)
{
	putchar('\n');
}

/* A sentence, broken between words. */
static void print_sentence(const char *label, const char *text)
{
	size_t at = INDENT + LABEL;

	printf("%*s%-*s", INDENT, "", LABEL, label);
	while (*text) {
		size_t len = strcspn(text, " ");

		if (at > INDENT + LABEL && at + 1 + len > WIDTH) {
			printf("\n%*s", INDENT + LABEL, "");
			at = INDENT + LABEL;
		} else if (at > INDENT + LABEL) {
			putchar(' ');
			at++;
		}
		fwrite(text, 1, len, stdout);
		at += len;
		text += len + (text[len] == ' ');
	}
	putchar('\n');
}

/* As much of a value as is kept, in quotes where anybody may choose it. */
static void add_shown(struct strbuf *out, const struct tally_value *value,
		      bool chosen)
{
	bool cut = value->len > VALUE_SHOWN;
	struct str text = { value->text, cut ? VALUE_SHOWN : value->len };

	if (chosen)
		strbuf_add_char(out, '"');
	text_escape(out, text);
	if (chosen)
		strbuf_add_char(out, '"');
	if (cut)
		strbuf_add_str(out, STR("..."));
}

static void print_values(const struct tune_report *report,
			 const struct tally_rule *rule, size_t index)
{
	const struct tally_field *field = &tally_fields[index];
	const struct tally_top *top = rule->tops[index];
	struct strbuf label = STRBUF_INIT(0);
	struct column column;

	if (!top)
		return;
	strbuf_printf(
		&label, "%s%.*s%c", field->chosen ? "*" : " ",
		STR_ARG(field_table_name(report->rules->fields, field->slot)),
		'\0');
	column_begin(&column, label.failed ? "" : label.data);
	for (size_t i = 0; i < top->count && i < VALUES_SHOWN; i++) {
		const struct tally_value *value = &top->values[i];
		struct strbuf text = STRBUF_INIT(0);

		add_shown(&text, value, field->chosen);
		strbuf_printf(&text, " (%llu%s)",
			      (unsigned long long)value_least(value),
			      value->over ? "+" : "");
		column_add_buf(&column, &text);
	}
	if (top->count > VALUES_SHOWN)
		column_add(&column, STR("..."));
	column_end();
	strbuf_free(&label);
}

static void print_days(const struct tally_rule *rule)
{
	struct column column;
	size_t first =
		rule->day_count > DAYS_SHOWN ? rule->day_count - DAYS_SHOWN : 0;

	if (!rule->day_count)
		return;
	column_begin(&column, " alerts per day");
	if (first)
		column_add(&column, STR("..."));
	for (size_t i = first; i < rule->day_count; i++) {
		struct strbuf text = STRBUF_INIT(0);

		add_date(&text, rule->days[i].day * DAY_NS);
		strbuf_printf(&text, " (%llu)",
			      (unsigned long long)rule->days[i].alerts);
		column_add_buf(&column, &text);
	}
	column_end();
}

static void print_counts(const struct tune_report *report,
			 const struct tally_rule *rule)
{
	double rate = rate_of(report->tally, rule->alerts);
	struct column column;
	struct strbuf text = STRBUF_INIT(0);

	column_begin(&column, " alerts");
	strbuf_printf(&text, "%llu", (unsigned long long)rule->alerts);
	if (rate >= 0 && rule->alerts)
		strbuf_printf(&text, " (%.1f a day)", rate);
	column_add_buf(&column, &text);
	if (rule->untold) {
		text = (struct strbuf)STRBUF_INIT(0);
		strbuf_printf(&text, "%llu more only counted",
			      (unsigned long long)rule->untold);
		column_add_buf(&column, &text);
	}
	if (rule->rule && rule->rule->mode == RULE_MODE_OBSERVE)
		column_add(&column, STR("it only observes"));
	column_end();
	print_days(rule);
}

static void print_exceptions(const struct tune_report *report,
			     const struct rule *rule)
{
	struct exception_place place = { 0 };

	while (ruleset_next_exception(report->rules, &place)) {
		struct strbuf text = STRBUF_INIT(0);
		struct exception_use use = { 0 };

		if (place.rule != rule)
			continue;
		strbuf_printf(&text, "no. %zu of stage %zu", place.number,
			      place.stage);
		if (report->engine) {
			engine_exception_use(report->engine, place.exception,
					     &use);
			strbuf_printf(&text,
				      use.hits ? " held %llu times"
					       : " held nothing here",
				      (unsigned long long)use.hits);
		}
		if (exception_is_expired(place.exception)) {
			strbuf_add_str(&text, STR(", EXPIRED "));
			add_date(&text, place.exception->expires_ns);
		}
		strbuf_add_char(&text, '\0');
		if (!text.failed)
			print_sentence(" exception", text.data);
		strbuf_free(&text);
	}
}

/* "uid 33, login unset, to 192.0.2.1:443": what tells a group from others. */
static void add_group(struct strbuf *out, const struct tally_facts *facts)
{
	char ip[IP_TEXT_MAX];

	if (facts->uid >= 0)
		strbuf_printf(out, "uid %lld, ", (long long)facts->uid);
	if (facts->login >= 0)
		strbuf_printf(out, "login %lld", (long long)facts->login);
	else
		strbuf_add_str(out, STR("login unset"));
	if (!facts->has_ip)
		return;
	ip_format(&facts->ip, ip);
	strbuf_printf(out, strchr(ip, ':') ? ", to [%s]:%lld" : ", to %s:%lld",
		      ip, (long long)facts->port);
}

/* Of what no proposal hides, the groups with most. */
static void print_remaining(const struct tally_rule *rule)
{
	size_t shown = 0;

	for (size_t i = 0; i < rule->group_count && shown < VALUES_SHOWN; i++) {
		const struct tally_group *group = &rule->groups[i];
		struct strbuf text = STRBUF_INIT(0);

		if (group->hidden)
			continue;
		add_group(&text, &group->facts);
		strbuf_printf(&text, " (%llu)",
			      (unsigned long long)group->alerts);
		strbuf_add_char(&text, '\0');
		if (!text.failed)
			print_sentence(shown++ ? "" : " remaining", text.data);
		strbuf_free(&text);
	}
}

static void print_proposals(const struct tally_rule *rule,
			    const struct proposals *proposals)
{
	for (size_t i = 0; i < proposals->count; i++) {
		const struct proposal *proposal = &proposals->items[i];
		struct strbuf text = STRBUF_INIT(0);

		strbuf_printf(&text,
			      "an exception that rests on %s, hides %llu "
			      "alerts, %llu remain",
			      proposal_rests_on(proposal),
			      (unsigned long long)proposal->hides,
			      (unsigned long long)proposal->remain);
		strbuf_add_char(&text, '\0');
		if (!text.failed)
			print_sentence(i ? "" : " proposed", text.data);
		strbuf_free(&text);
	}
	if (proposals->count)
		print_remaining(rule);
	else if (rule->alerts)
		print_sentence(" proposed", proposal_why_none(rule));
}

static void print_rule(const struct tune_report *report,
		       const struct tally_rule *rule,
		       const struct proposals *proposals)
{
	struct strbuf text = STRBUF_INIT(0);

	text_escape(&text, rule->name.len ? rule->name : rule->id);
	printf("\n%.*s\n", STR_ARG(strbuf_str(&text)));
	strbuf_reset(&text);
	text_escape(&text, rule->id);
	printf("%*s%-*s%.*s\n", INDENT, "", LABEL, " rule",
	       STR_ARG(strbuf_str(&text)));
	strbuf_free(&text);
	print_counts(report, rule);
	for (size_t i = 0; i < TALLY_FIELDS; i++)
		print_values(report, rule, i);
	if (rule->rule)
		print_exceptions(report, rule->rule);
	print_proposals(rule, proposals);
}

/* --- overrides ------------------------------------------------------------ */

/* A TOML basic string: the escapes of JSON are its own. */
static void add_toml_string(struct strbuf *out, struct str text)
{
	struct json json;

	json_init(&json, out);
	json_string(&json, text);
}

/* A rule whose last stage is its first need not say which. */
static void add_exception(const struct tune_report *report,
			  const struct proposal *proposal, struct strbuf *out)
{
	strbuf_add_str(out, STR("[[override.exceptions]]\n"));
	if (proposal->facts.stage > 1)
		strbuf_printf(out, "stage = %zu\n", proposal->facts.stage);
	strbuf_add_str(out, STR("condition = '"));
	{
		struct strbuf condition = STRBUF_INIT(0);

		proposal_condition(proposal, &condition);
		strbuf_add_str(out, strbuf_str(&condition));
		out->failed = out->failed || condition.failed;
		strbuf_free(&condition);
	}
	strbuf_add_str(out, STR("'\nowner = \"who answers for it\"\n"
				"reason = \"why this is expected, and which "
				"ticket says so\"\n"
				"expires = "));
	add_date(out, time_add(report->now_ns, EXPIRES_NS));
	strbuf_add_char(out, '\n');
}

static void add_override(const struct tally_rule *rule, struct strbuf *out)
{
	strbuf_add_str(out, STR("[[override]]\n# "));
	text_escape(out, rule->name);
	strbuf_add_str(out, STR("\nrule_id = "));
	add_toml_string(out, rule->id);
	strbuf_add_char(out, '\n');
}

static void print_override(const struct tune_report *report,
			   const struct tally_rule *rule,
			   const struct proposals *proposals)
{
	struct strbuf text = STRBUF_INIT(0);

	if (!proposals->count)
		return;
	strbuf_add_char(&text, '\n');
	add_override(rule, &text);
	for (size_t i = 0; i < proposals->count; i++) {
		const struct proposal *proposal = &proposals->items[i];

		strbuf_printf(&text,
			      "\n# Hides %llu of %llu alerts, %llu remain. Not "
			      "seen any more:\n# %s.\n",
			      (unsigned long long)proposal->hides,
			      (unsigned long long)rule->alerts,
			      (unsigned long long)proposal->remain,
			      proposal_hides_whom(proposal));
		add_exception(report, proposal, &text);
	}
	fwrite(text.data, 1, text.len, stdout);
	strbuf_free(&text);
}

static void print_head(const struct tune_report *report)
{
	const struct tally *tally = report->tally;
	char from[TIME_TEXT_MAX], to[TIME_TEXT_MAX];

	time_text(tally->first_ns, from);
	time_text(tally->last_ns, to);
	printf("%llu alert%s of %zu rule%s", (unsigned long long)tally->alerts,
	       tally->alerts == 1 ? "" : "s", tally->loud_count,
	       tally->loud_count == 1 ? "" : "s");
	if (tally->seen)
		printf(", %s to %s", from, to);
	putchar('\n');
	if (tally->without_room)
		printf("%llu of rules for which there was no room\n",
		       (unsigned long long)tally->without_room);
}

static void print_text(const struct tune_report *report,
		       const struct proposals *proposals)
{
	const struct tally *tally = report->tally;
	size_t count = 0;

	print_head(report);
	for (size_t i = 0; i < tally->rule_count; i++) {
		print_rule(report, tally->rules[i], &proposals[i]);
		count += proposals[i].count;
	}
	if (tally->alerts)
		puts("\n* chosen by the account: no exception may rest on it");
	if (!count)
		return;
	puts("\n# Proposed, for a file in overrides.d: look at the alerts "
	     "first, and write who\n# answers for it and why. An attacker who "
	     "meets a condition is not seen.");
	for (size_t i = 0; i < tally->rule_count; i++)
		print_override(report, tally->rules[i], &proposals[i]);
}

/* --- JSON ----------------------------------------------------------------- */

static void json_add_count(struct json *json, const char *key, uint64_t number)
{
	json_key(json, str_from(key));
	json_uint(json, number);
}

static void json_add_days(struct json *json, const struct tally_rule *rule)
{
	json_key(json, STR("days"));
	json_array_begin(json);
	for (size_t i = 0; i < rule->day_count; i++) {
		struct strbuf text = STRBUF_INIT(0);

		add_date(&text, rule->days[i].day * DAY_NS);
		json_object_begin(json);
		json_add_str(json, "day", strbuf_str(&text));
		json_add_count(json, "alerts", rule->days[i].alerts);
		json_object_end(json);
		strbuf_free(&text);
	}
	json_array_end(json);
}

static void json_add_values(struct json *json, const struct tally_top *top)
{
	json_key(json, STR("values"));
	json_array_begin(json);
	for (size_t i = 0; i < top->count; i++) {
		const struct tally_value *value = &top->values[i];
		bool cut = value->len > TALLY_TEXT_MAX;

		json_object_begin(json);
		json_add_str(json, "value",
			     (struct str){ value->text,
					   cut ? TALLY_TEXT_MAX : value->len });
		if (cut)
			json_add_bool(json, "truncated", true);
		json_add_count(json, "at_least", value_least(value));
		json_add_count(json, "at_most", value->count);
		json_object_end(json);
	}
	json_array_end(json);
}

static void json_add_fields(const struct tune_report *report,
			    const struct tally_rule *rule, struct json *json)
{
	json_key(json, STR("fields"));
	json_array_begin(json);
	for (size_t i = 0; i < TALLY_FIELDS; i++) {
		if (!rule->tops[i])
			continue;
		json_object_begin(json);
		json_add_str(json, "field",
			     field_table_name(report->rules->fields,
					      tally_fields[i].slot));
		json_add_bool(json, "chosen", tally_fields[i].chosen);
		json_add_values(json, rule->tops[i]);
		json_object_end(json);
	}
	json_array_end(json);
}

static void json_add_exceptions(const struct tune_report *report,
				const struct rule *rule, struct json *json)
{
	struct exception_place place = { 0 };

	json_key(json, STR("exceptions"));
	json_array_begin(json);
	while (ruleset_next_exception(report->rules, &place)) {
		struct exception_use use;

		if (place.rule != rule)
			continue;
		json_object_begin(json);
		json_add_count(json, "stage", place.stage);
		json_add_count(json, "number", place.number);
		json_add_str(json, "condition", place.exception->text);
		json_add_bool(json, "expired",
			      exception_is_expired(place.exception));
		if (report->engine) {
			engine_exception_use(report->engine, place.exception,
					     &use);
			json_add_count(json, "hits", use.hits);
		}
		json_object_end(json);
	}
	json_array_end(json);
}

static void json_add_proposal(const struct tune_report *report,
			      const struct tally_rule *rule,
			      const struct proposal *proposal,
			      struct json *json)
{
	struct strbuf text = STRBUF_INIT(0);

	json_object_begin(json);
	json_add_count(json, "stage", proposal->facts.stage);
	proposal_condition(proposal, &text);
	json_add_str(json, "condition", strbuf_str(&text));
	json_add_str(json, "rests_on", str_from(proposal_rests_on(proposal)));
	json_add_str(json, "not_seen", str_from(proposal_hides_whom(proposal)));
	json_add_count(json, "hides", proposal->hides);
	json_add_count(json, "remain", proposal->remain);
	strbuf_reset(&text);
	add_override(rule, &text);
	add_exception(report, proposal, &text);
	json_add_str(json, "override", strbuf_str(&text));
	json_object_end(json);
	strbuf_free(&text);
}

static void json_add_id(struct json *json, const char *key, int64_t id)
{
	if (id >= 0)
		json_add_int(json, key, id);
}

static void json_add_remaining(const struct tally_rule *rule, struct json *json)
{
	json_key(json, STR("remaining"));
	json_array_begin(json);
	for (size_t i = 0, told = 0; i < rule->group_count && told < 20; i++) {
		const struct tally_group *group = &rule->groups[i];
		struct value ip = { .type = VALUE_IP, .ip = group->facts.ip };

		if (group->hidden)
			continue;
		told++;
		json_object_begin(json);
		json_add_count(json, "alerts", group->alerts);
		json_add_id(json, "uid", group->facts.uid);
		json_add_id(json, "login_uid", group->facts.login);
		if (group->facts.has_ip) {
			json_key(json, STR("ip"));
			json_value(json, &ip);
			json_add_id(json, "port", group->facts.port);
		}
		json_object_end(json);
	}
	json_array_end(json);
}

static void print_json(const struct tune_report *report,
		       const struct tally_rule *rule,
		       const struct proposals *proposals)
{
	double rate = rate_of(report->tally, rule->alerts);
	struct strbuf out = STRBUF_INIT(4U << 20);
	struct json json;

	json_init(&json, &out);
	json_object_begin(&json);
	json_add_str(&json, "rule_id", rule->id);
	json_add_str(&json, "name", rule->name);
	json_add_bool(&json, "runs", rule->rule);
	if (rule->rule)
		json_add_bool(&json, "observes",
			      rule->rule->mode == RULE_MODE_OBSERVE);
	json_add_count(&json, "alerts", rule->alerts);
	json_add_count(&json, "counted_only", rule->untold);
	if (rate >= 0) {
		json_key(&json, STR("per_day"));
		json_double(&json, rate);
	}
	if (rule->alerts || rule->summaries) {
		json_key(&json, STR("first"));
		json_time(&json, rule->first_ns);
		json_key(&json, STR("last"));
		json_time(&json, rule->last_ns);
	}
	json_add_days(&json, rule);
	json_add_fields(report, rule, &json);
	json_add_exceptions(report, rule->rule, &json);
	json_key(&json, STR("proposals"));
	json_array_begin(&json);
	for (size_t i = 0; i < proposals->count; i++)
		json_add_proposal(report, rule, &proposals->items[i], &json);
	json_array_end(&json);
	json_add_remaining(rule, &json);
	if (!proposals->count)
		json_add_str(&json, "no_proposal",
			     str_from(proposal_why_none(rule)));
	json_object_end(&json);
	strbuf_add_char(&out, '\n');
	fwrite(out.data, 1, out.len, stdout);
	strbuf_free(&out);
}

/* --- all ------------------------------------------------------------------ */

int tune_report(const struct tune_report *report, enum command_format format)
{
	struct tally *tally = report->tally;
	struct proposals *proposals =
		calloc(tally->rule_count + 1, sizeof(*proposals));

	if (!proposals)
		return -ENOMEM;
	for (size_t i = 0; i < tally->rule_count; i++)
		proposals[i].count =
			propose(tally->rules[i], proposals[i].items);
	if (format == FORMAT_TEXT)
		print_text(report, proposals);
	for (size_t i = 0; format == FORMAT_JSON && i < tally->rule_count; i++)
		print_json(report, tally->rules[i], &proposals[i]);
	free(proposals);
	return 0;
}
