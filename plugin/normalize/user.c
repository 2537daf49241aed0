/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What programs tell of logins, accounts and services, and the kernel of a
 * login id that is set, of a crash and of what a security module forbids. Pid,
 * uid, login uid and session are the kernel's word on who sent it; all else (acct=, exe=, addr=) is the program's,
 * which had to have the right to send it. So that exe= names the program only
 * where the table does not know better, and the table learns nothing from it.
 */
#include <errno.h>
#include <libaudit.h>
#include <linux/audit.h>
#include <string.h>

#include "handler.h"
#include "names.h"

#define WORDS_MAX 3

enum account { ACCOUNT_NONE, ACCOUNT_SELF, ACCOUNT_USER, ACCOUNT_GROUP };

struct user_record {
	int type;
	const char *category;
	const char *types[WORDS_MAX], *actions[WORDS_MAX];
	enum account account;
};

static const struct user_record rows[] = {
#define W(...) \
	{ \
		__VA_ARGS__ \
	}
#define USER_RECORD(name, category, types, actions, account) \
	{ AUDIT_##name, category, types, actions, account },
#include <audisp-eql/user_records.def>
#undef USER_RECORD
#undef W
};

const struct user_record *user_record_find(int type)
{
	/* most records are of a system call, and none of those is one */
	if (type >= AUDIT_FIRST_EVENT && type <= AUDIT_LAST_EVENT)
		return NULL;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].type == type)
			return &rows[i];
	return NULL;
}

bool user_record_is_plain(int type)
{
	return user_record_find(type) && type != AUDIT_ANOM_ABEND;
}

static const struct value dataset = DATASETS("security");

/* --- security modules ----------------------------------------------------- */

/* apparmor=; empty = the record is SELinux's. */
static struct str apparmor_verdict(const struct context *context)
{
	return record_decoded(context->message, "apparmor");
}

/* Whether a policy says no, though it may only be observed (in complain mode,
 * or permissive). What is granted, or told of loading profiles, is no such. */
static bool is_violation(const struct context *context)
{
	struct str verdict = apparmor_verdict(context);

	if (verdict.len)
		return str_equal(verdict, STR("DENIED")) ||
		       str_equal(verdict, STR("ALLOWED"));
	return str_equal(record_raw(context->message, "seresult"),
			 STR("denied"));
}

static bool is_only_observed(const struct context *context)
{
	return str_equal(apparmor_verdict(context), STR("ALLOWED")) ||
	       str_equal(record_raw(context->message, "permissive"), STR("1"));
}

/* --- words ---------------------------------------------------------------- */

static int set_words(struct context *context, size_t slot,
		     const char *const *words, size_t max)
{
	struct value *items = arena_array(context->arena, max, sizeof(*items));
	size_t count = 0;

	if (!items)
		return -ENOMEM;
	for (; count < max && words[count]; count++)
		items[count] = VALUE_OF_STR(str_from(words[count]));
	event_set(
		context->event, slot,
		(struct value){ .type = VALUE_LIST, .list = { items, count } });
	return 0;
}

/* The last action of a login is that of the ssh daemon. */
static size_t action_count(const struct user_record *row, struct str exe)
{
	static const char *const daemons[] = { "sshd", "sshd-*", NULL };
	bool ssh = name_matches(str_basename(exe), daemons);

	return row->type == AUDIT_USER_LOGIN && !ssh ? WORDS_MAX - 1
						     : WORDS_MAX;
}

static int set_kind(struct context *context, const struct user_record *row,
		    struct str exe)
{
	int rc;

	context->event->categories =
		event_category_bit(str_from(row->category));
	context_set_str(context, FIELD_EVENT_CATEGORY, str_from(row->category));
	event_set(context->event, FIELD_DATA_STREAM_DATASET, dataset);
	rc = set_words(context, FIELD_EVENT_TYPE, row->types, WORDS_MAX);
	if (rc)
		return rc;
	if (row->type == AUDIT_AVC)
		return set_words(context, FIELD_EVENT_ACTION,
				 row->actions + !apparmor_verdict(context).len,
				 1);
	return set_words(context, FIELD_EVENT_ACTION, row->actions,
			 action_count(row, exe));
}

/* --- facts ---------------------------------------------------------------- */

/* Programs write ? for what they do not know. */
static struct str unless_unknown(struct str text)
{
	return str_equal(text, STR("?")) ? (struct str){ 0 } : text;
}

/* A field of the message that may hold any bytes; one that holds a word. */
static struct str told_text(const struct context *context, const char *field)
{
	return unless_unknown(record_decoded(context->message, field));
}

static struct str told_word(const struct context *context, const char *field)
{
	return unless_unknown(record_raw(context->message, field));
}

/* /dev/pts/0 and pts/0 are the same. */
static struct str without_dev(struct str terminal)
{
	struct str dev = STR("/dev/");

	if (terminal.len > dev.len && !memcmp(terminal.data, dev.data, dev.len))
		terminal = (struct str){ terminal.data + dev.len,
					 terminal.len - dev.len };
	return terminal;
}

/* A numeric id; text that is none, and the id that stands for none, are not.
 */
static struct str told_id(const struct context *context)
{
	int64_t id;

	if (!record_number(context->message, "id", 10, &id) || id < 0 ||
	    id >= UINT32_MAX)
		return (struct str){ 0 };
	return record_raw(context->message, "id");
}

/* The name of an account: acct=, or what auditd found for id=. */
static struct str told_name(const struct context *context)
{
	struct str name = told_text(context, "acct");

	if (name.len)
		return name;
	name = record_enriched(context->message, "ID");
	return name.len > 8 && !memcmp(name.data, "unknown(", 8)
		       ? (struct str){ 0 }
		       : name;
}

static void set_account(struct context *context, enum account account)
{
	struct str id = told_id(context), name = told_name(context);
	struct str group = told_text(context, "grp");

	switch (account) {
	case ACCOUNT_NONE:
		break;
	case ACCOUNT_SELF:
		context_set_str(context, FIELD_USER_ID, id);
		context_set_str(context, FIELD_USER_EFFECTIVE_ID, id);
		context_set_str(context, FIELD_USER_NAME, name);
		context_set_str(context, FIELD_USER_EFFECTIVE_NAME, name);
		break;
	case ACCOUNT_USER:
		context_set_str(context, FIELD_USER_TARGET_ID, id);
		context_set_str(context, FIELD_USER_TARGET_NAME, name);
		context_set_str(context, FIELD_GROUP_NAME, group);
		break;
	case ACCOUNT_GROUP:
		context_set_str(context, FIELD_GROUP_ID, id);
		context_set_str(context, FIELD_GROUP_NAME,
				group.len ? group : name);
		break;
	}
}

static void set_facts(struct context *context)
{
	struct ip address;

	if (!ip_parse(told_word(context, "addr"), &address) ||
	    !ip_parse(told_word(context, "hostname"), &address))
		event_set(context->event, FIELD_SOURCE_IP,
			  (struct value){ .type = VALUE_IP, .ip = address });
	context_set_str(context, FIELD_AUDITD_DATA_OP,
			told_word(context, "op"));
	context_set_str(context, FIELD_AUDITD_DATA_CMD,
			told_text(context, "cmd"));
	context_set_str(context, FIELD_SERVICE_NAME,
			told_word(context, "unit"));
	context_set_str(context, FIELD_PROCESS_TTY,
			without_dev(told_word(context, "terminal")));
}

/* res= of the message; a crash has none, and has happened. */
static bool has_succeeded(const struct context *context)
{
	struct str res = record_raw(context->message, "res");

	return !res.len || str_equal(res, STR("success")) ||
	       str_equal(res, STR("yes")) || str_equal(res, STR("1"));
}

int user_on_record(struct context *context, const struct user_record *row)
{
	struct str exe = name_without_deleted(told_text(context, "exe"));
	int rc;

	if (row->type == AUDIT_AVC && !is_violation(context))
		return NORMALIZE_E_IGNORED;
	if (context->subject == context->message)
		context->sight.exe = (struct str){ 0 };
	context->succeeded = row->type == AUDIT_AVC ? is_only_observed(context)
						    : has_succeeded(context);
	rc = context_set_process(context);
	if (rc)
		return rc;
	if (row->type == AUDIT_ANOM_ABEND)
		proctable_end(context->process);
	if (context->process->image)
		exe = context->process->image->resolved;
	else if (exe.len)
		context_set_names(context, exe, exe);
	set_facts(context);
	set_account(context, row->account);
	return set_kind(context, row, exe);
}
