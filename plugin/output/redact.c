/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Masks passwords and the like in alerts. It is done once, on the alert, before
 * any form of it is written: what a form never sees it cannot tell.
 *
 * Arguments are matched as a command line, between blanks, so that a pattern may
 * reach from an option to its value, and the parts found are masked in each
 * argument. Bytes are matched, not characters: arguments need not be UTF-8.
 * Raw records have arguments in hex, cut and over several records, and a second
 * time in PROCTITLE: those are told without what they hold.
 *
 * Who is watched chooses the text, so that matching must end: no backtracking
 * (pcre2_dfa_match), and so much time for an alert. What has no answer by then
 * is masked.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "redact.h"

#include <errno.h>
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../limits.h"
#include "../util/arena.h"
#include "../util/clock.h"
#include "../util/strbuf.h"

#define MASK STR("[redacted]")
/* bytes tried as the beginning of a match, and steps of the pattern, between
 * two looks at the clock; groups and assertions entered for one match */
#define TRIES 16
#define STEPS 256
#define CALLS 1000

struct redact {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *context;
	int64_t until_ns; /* by the time of this thread */
	unsigned int steps;
	size_t start; /* where the match under way began */
	bool found; /* something was masked */
	struct strbuf line; /* arguments between blanks */
	bool hit[LIMIT_REDACT_TEXT_BYTES]; /* bytes to be masked */
};

/* --- pattern -------------------------------------------------------------- */

static bool is_late(const struct redact *redact)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID) > redact->until_ns;
}

static int on_step(pcre2_callout_block *block, void *user)
{
	struct redact *redact = user;

	redact->start = block->start_match;
	if (++redact->steps % STEPS == 0 && is_late(redact))
		return PCRE2_ERROR_CALLOUT;
	return 0;
}

static int refuse(struct redact_error *error, size_t at, const char *why)
{
	error->at = at;
	snprintf(error->why, sizeof(error->why), "%s", why);
	return REDACT_E_PATTERN;
}

/* What PCRE2 compiles and pcre2_dfa_match() does not run. */
static int check_items(struct str pattern, struct redact_error *error)
{
	for (size_t i = 0; i + 1 < pattern.len; i++) {
		const char *p = pattern.data + i;

		if (p[0] == '(' && p[1] == '*')
			return refuse(error, i, "(*...) does not run here");
		if (p[0] != '\\')
			continue;
		if (p[1] == 'K')
			return refuse(error, i,
				      "\\K does not run here; (?<=...) does");
		i++;
	}
	return 0;
}

static int compile(struct redact *redact, struct str pattern,
		   struct redact_error *error)
{
	/* a line end is a byte like others: what is behind it stays hidden */
	const uint32_t options = PCRE2_AUTO_CALLOUT | PCRE2_USE_OFFSET_LIMIT |
				 PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY |
				 PCRE2_NEVER_UTF | PCRE2_NEVER_UCP;
	uint32_t references = 0;
	PCRE2_SIZE at = 0;
	int code;

	redact->code = pcre2_compile((PCRE2_SPTR)pattern.data, pattern.len,
				     options, &code, &at, NULL);
	if (!redact->code) {
		if (code == PCRE2_ERROR_HEAP_FAILED)
			return -ENOMEM;
		error->at = at;
		pcre2_get_error_message(code, (PCRE2_UCHAR *)error->why,
					sizeof(error->why));
		return REDACT_E_PATTERN;
	}
	pcre2_pattern_info(redact->code, PCRE2_INFO_BACKREFMAX, &references);
	if (references)
		return refuse(error, 0, "back references do not run here");
	return 0;
}

int redact_new(struct str pattern, struct redact_error *error,
	       struct redact **out)
{
	struct redact *redact;
	int rc = check_items(pattern, error);

	if (rc)
		return rc;
	redact = calloc(1, sizeof(*redact));
	rc = redact ? compile(redact, pattern, error) : -ENOMEM;
	if (!rc) {
		redact->data = pcre2_match_data_create(1, NULL);
		redact->context = pcre2_match_context_create(NULL);
		if (!redact->data || !redact->context)
			rc = -ENOMEM;
	}
	if (rc) {
		redact_free(&redact);
		return rc;
	}
	pcre2_set_callout(redact->context, on_step, redact);
	pcre2_set_depth_limit(redact->context, LIMIT_NESTING);
	pcre2_set_match_limit(redact->context, CALLS);
	redact->line.max = LIMIT_REDACT_TEXT_BYTES;
	*out = redact;
	return 0;
}

void redact_free(struct redact **redact)
{
	if (!*redact)
		return;
	pcre2_match_context_free((*redact)->context);
	pcre2_match_data_free((*redact)->data);
	pcre2_code_free((*redact)->code);
	strbuf_free(&(*redact)->line);
	free(*redact);
	*redact = NULL;
}

/* --- texts ---------------------------------------------------------------- */

/*
 * Where the first match behind a byte begins and ends; both at the end of the
 * text: there is none. A few bytes of the text are tried as its beginning at a
 * time: PCRE2 by itself is square in the length of the text.
 */
static void match(struct redact *redact, struct str text, size_t at,
		  size_t found[2])
{
	const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(redact->data);
	int workspace[LIMIT_REGEX_WORKSPACE];
	int rc = PCRE2_ERROR_NOMATCH;

	for (; at < text.len && rc == PCRE2_ERROR_NOMATCH; at += TRIES) {
		redact->start = at;
		rc = PCRE2_ERROR_CALLOUT;
		if (is_late(redact))
			break;
		pcre2_set_offset_limit(redact->context, at + TRIES - 1);
		rc = pcre2_dfa_match(redact->code, (PCRE2_SPTR)text.data,
				     text.len, at, PCRE2_NOTEMPTY, redact->data,
				     redact->context, workspace,
				     LIMIT_REGEX_WORKSPACE);
	}
	found[0] = found[1] = text.len;
	/* 0: there were shorter ones, too */
	if (rc >= 0) {
		found[0] = ends[0];
		found[1] = ends[1];
	} else if (rc != PCRE2_ERROR_NOMATCH) {
		found[0] = redact->start;
	}
}

/* Notes which bytes are to be masked; false = none. */
static bool find(struct redact *redact, struct str text)
{
	size_t range[2] = { 0 };
	bool any = false;

	memset(redact->hit, 0, text.len);
	while (range[1] < text.len) {
		match(redact, text, range[1], range);
		memset(redact->hit + range[0], 1, range[1] - range[0]);
		any = any || range[0] < range[1];
	}
	redact->found = redact->found || any;
	return any;
}

/* A part of the text find() looked at, masked. data == NULL = out of memory. */
static struct str masked(const struct redact *redact, struct str text,
			 size_t offset, struct arena *arena)
{
	const bool *hit = redact->hit + offset;
	struct strbuf out = STRBUF_INIT(0);
	struct str copy = { 0 };

	for (size_t i = 0, next; i < text.len; i = next) {
		for (next = i + 1; next < text.len && hit[next] == hit[i];)
			next++;
		if (hit[i])
			strbuf_add_str(&out, MASK);
		else
			strbuf_add(&out, text.data + i, next - i);
	}
	if (!out.failed)
		copy = arena_str(arena, strbuf_str(&out));
	strbuf_free(&out);
	return copy;
}

static int mask_str(struct redact *redact, struct str *text,
		    struct arena *arena)
{
	struct str copy = MASK;

	if (text->len > LIMIT_REDACT_TEXT_BYTES)
		redact->found = true;
	else if (!find(redact, *text))
		return 0;
	else
		copy = masked(redact, *text, 0, arena);
	if (!copy.data)
		return -ENOMEM;
	*text = copy;
	return 0;
}

/* The texts of a list as a command line; false = it is too long. */
static bool join(struct redact *redact, const struct value *items, size_t count)
{
	struct strbuf *line = &redact->line;

	strbuf_reset(line);
	for (size_t i = 0; i < count; i++) {
		if (i)
			strbuf_add_char(line, ' ');
		if (items[i].type == VALUE_STRING)
			strbuf_add_str(line, items[i].s);
	}
	return !line->failed;
}

static int mask_list(struct redact *redact, struct value *list,
		     struct arena *arena)
{
	size_t count = list->list.count, at = 0;
	struct value *items = arena_array(arena, count, sizeof(*items));

	if (!items)
		return -ENOMEM;
	if (!join(redact, list->list.items, count)) {
		redact->found = true;
		items[0] = VALUE_OF_STR(MASK);
		list->list.items = items;
		list->list.count = 1;
		return 0;
	}
	if (!find(redact, strbuf_str(&redact->line)))
		return 0;
	for (size_t i = 0; i < count; i++) {
		items[i] = list->list.items[i];
		if (items[i].type != VALUE_STRING) {
			at++;
			continue;
		}
		if (items[i].s.len)
			items[i].s = masked(redact, items[i].s, at, arena);
		if (!items[i].s.data)
			return -ENOMEM;
		at += list->list.items[i].s.len + 1;
	}
	list->list.items = items;
	return 0;
}

static int mask_value(struct redact *redact, struct value *value,
		      struct arena *arena)
{
	if (value->type == VALUE_STRING)
		return mask_str(redact, &value->s, arena);
	if (value->type == VALUE_LIST && value->list.count)
		return mask_list(redact, value, arena);
	return 0;
}

/* --- events --------------------------------------------------------------- */

/* What holds arguments, or what was handed to a program beside them. */
static const enum field_id masked_fields[] = {
	FIELD_AUDITD_DATA_CMD,
	FIELD_PROCESS_ARGS,
	FIELD_PROCESS_COMMAND_LINE,
	FIELD_PROCESS_ENTRY_LEADER_ARGS,
	FIELD_PROCESS_ENV_VARS,
	FIELD_PROCESS_GROUP_LEADER_ARGS,
	FIELD_PROCESS_PARENT_ARGS,
	FIELD_PROCESS_PARENT_COMMAND_LINE,
	FIELD_PROCESS_SESSION_LEADER_ARGS,
};

#define MASKED_FIELDS (sizeof(masked_fields) / sizeof(masked_fields[0]))

/* Records of arguments, and of what was typed. */
static bool holds_arguments(struct str record)
{
	static const char *const types[] = {
		"type=EXECVE ",	  "type=PROCTITLE ", "type=TTY ",
		"type=USER_CMD ", "type=USER_TTY ",
	};
	const char *space =
		record.len ? memchr(record.data, ' ', record.len) : NULL;

	if (space && str_begins(record, STR("node="))) {
		record.len -= (size_t)(space + 1 - record.data);
		record.data = space + 1;
	}
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (str_begins(record, str_from(types[i])))
			return true;
	return false;
}

/* Type, time and serial of a record, and a mark for the rest. */
static struct str headline(struct str record, struct arena *arena)
{
	const char *end = memmem(record.data, record.len, "):", 2);
	size_t len = end ? (size_t)(end - record.data) + 2 : 0;

	return arena_printf(arena, "%.*s %.*s", (int)len, record.data,
			    STR_ARG(MASK));
}

static int mask_records(struct event *event, struct arena *arena)
{
	struct str *records =
		arena_array(arena, event->record_count, sizeof(*records));

	if (!records)
		return -ENOMEM;
	for (size_t i = 0; i < event->record_count; i++) {
		records[i] = event->records[i];
		if (holds_arguments(records[i]))
			records[i] = headline(records[i], arena);
		if (!records[i].data)
			return -ENOMEM;
	}
	event->records = records;
	return 0;
}

/* NULL = out of memory. */
static const struct event *mask_event(struct redact *redact,
				      const struct event *event,
				      struct arena *arena)
{
	struct event *copy = arena_alloc(arena, sizeof(*copy));
	struct value *values =
		arena_array(arena, event->value_count, sizeof(*values));

	if (!copy || (!values && event->value_count))
		return NULL;
	*copy = *event;
	if (event->value_count)
		memcpy(values, event->values,
		       event->value_count * sizeof(*values));
	copy->values = values;
	/* as it came in: nothing of it is told */
	copy->document = (struct str){ 0 };
	for (size_t i = 0; i < MASKED_FIELDS; i++)
		if (masked_fields[i] < event->value_count &&
		    mask_value(redact, &values[masked_fields[i]], arena))
			return NULL;
	if (event->record_count && mask_records(copy, arena))
		return NULL;
	return copy;
}

/* --- alerts --------------------------------------------------------------- */

static bool is_masked(size_t slot)
{
	for (size_t i = 0; i < MASKED_FIELDS; i++)
		if (masked_fields[i] == slot)
			return true;
	return false;
}

/* Whether a join key may be a command line, or one of its arguments. */
static bool is_argument(const struct alert *alert, size_t key)
{
	const struct query *query = alert->rule ? alert->rule->query : NULL;

	for (size_t i = 0; query && i < query->stage_count; i++)
		if (key < query->stages[i].key_count &&
		    is_masked(query->stages[i].keys[key].slot))
			return true;
	return false;
}

/* One argument does not tell that a pattern which begins in another masks it:
 * where something was masked, all such keys are. */
static int mask_keys(struct alert *alert, struct arena *arena)
{
	size_t count = alert->key_count * alert->tuple_count;
	struct value *keys = arena_array(arena, count, sizeof(*keys));

	if (!keys)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		keys[i] = alert->keys[i];
	for (size_t key = 0; key < alert->key_count; key++)
		if (is_argument(alert, key))
			for (size_t i = key; i < count; i += alert->key_count)
				keys[i] = VALUE_OF_STR(MASK);
	alert->keys = keys;
	return 0;
}

int redact_alert(struct redact *redact, const struct alert *alert,
		 struct arena *arena, struct alert *out)
{
	struct alert copy = *alert;
	const struct event **events =
		arena_array(arena, alert->event_count, sizeof(*events));

	if (!events && alert->event_count)
		return -ENOMEM;
	redact->until_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) +
			   LIMIT_REDACT_MS * NSEC_PER_MSEC;
	redact->found = false;
	for (size_t i = 0; i < alert->event_count; i++) {
		events[i] = alert->events[i];
		if (events[i])
			events[i] = mask_event(redact, events[i], arena);
		if (!events[i] && alert->events[i])
			return -ENOMEM;
	}
	copy.events = events;
	if (redact->found && alert->key_count && alert->tuple_count &&
	    mask_keys(&copy, arena))
		return -ENOMEM;
	*out = copy;
	return 0;
}
