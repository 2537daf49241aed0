/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events of one process doing something to others. An OBJ_PID record stands for
 * each of these: its pid is the one all records count by, while the argument of
 * the call counts in the caller's namespace, or is a group.
 */
#include <errno.h>
#include <libaudit.h>

#include "handler.h"

static const struct event_kind kind_kill = {
	.categories = CATEGORY_PROCESS,
	.category = WORDS(WORD("process")),
	.dataset = DATASETS("process"),
	.type = WORDS(WORD("end")),
	.action = WORDS(WORD("killed-pid")),
	.arguments = true,
};

static const struct event_kind kind_ptrace = {
	.categories = CATEGORY_PROCESS,
	.category = WORDS(WORD("process")),
	.dataset = DATASETS("process"),
	.type = WORDS(WORD("info")),
	.arguments = true,
};

static size_t count_targets(const struct context *context)
{
	size_t count = 0, next = 0;

	while (record_find(&context->records, AUDIT_OBJ_PID, &next))
		count++;
	return count;
}

static struct value list_or_one(const struct value *items, size_t count)
{
	return count == 1 ? items[0]
			  : (struct value){ .type = VALUE_LIST,
					    .list = { items, count } };
}

static int set_targets(struct context *context)
{
	size_t count = count_targets(context), next = 0, pids = 0, names = 0;
	struct value *pid = arena_array(context->arena, count, sizeof(*pid));
	struct value *name = arena_array(context->arena, count, sizeof(*name));
	const struct record *record;

	if (!pid || !name)
		return -ENOMEM;
	while ((record =
			record_find(&context->records, AUDIT_OBJ_PID, &next))) {
		struct str comm = record_decoded(record, "ocomm");
		int64_t number;

		if (record_number(record, "opid", 10, &number))
			pid[pids++] = VALUE_OF_INT(number);
		if (comm.len)
			name[names++] = VALUE_OF_STR(comm);
	}
	if (pids)
		event_set(context->event, FIELD_TARGET_PROCESS_PID,
			  list_or_one(pid, pids));
	if (names)
		event_set(context->event, FIELD_TARGET_PROCESS_NAME,
			  list_or_one(name, names));
	return 0;
}

static int target_event(struct context *context, const struct event_kind *kind)
{
	int rc = context_make_plain(context, kind);

	return rc ? rc : set_targets(context);
}

int target_on_kill(struct context *context)
{
	return target_event(context, &kind_kill);
}

int target_on_ptrace(struct context *context)
{
	return target_event(context, &kind_ptrace);
}
