/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events of a process that becomes someone else. Its record is written when the
 * call ends, so the ids of the event are the new ones; what was asked for is in
 * the arguments, as the caller's user namespace counts.
 *
 * A call that leaves the real and the effective id as they were last told is no
 * event: daemons and the C library make many such, from each thread, and who
 * asks for a change to root does not mean root that stays root. Where nothing
 * was told before, it is one: better one too many. That a set-user-id program
 * has other ids than its caller is seen at its exec.
 */
#include "handler.h"

static const struct event_kind kind_uid = {
	.categories = CATEGORY_PROCESS,
	.category = WORDS(WORD("process")),
	.dataset = DATASETS("process"),
	.type = WORDS(WORD("change")),
	.action = WORDS(WORD("uid_change"), WORD("changed-identity-of")),
	.arguments = true,
};

static const struct event_kind kind_gid = {
	.categories = CATEGORY_PROCESS,
	.category = WORDS(WORD("process")),
	.dataset = DATASETS("process"),
	.type = WORDS(WORD("change")),
	.action = WORDS(WORD("gid_change"), WORD("changed-identity-of")),
	.arguments = true,
};

static bool is_other(uint32_t before, uint32_t now)
{
	return before == ID_UNKNOWN || before != now;
}

/* What the kernel does to capabilities when the effective id comes to be root's
 * or is so no longer (capabilities(7)). Whether some stay in the latter case
 * depends on what is not in the record. */
static void change_capabilities(struct process *process)
{
	struct process_capabilities *capabilities = &process->capabilities;
	bool was_root = !process->ids_before.euid, is_root = !process->ids.euid;

	if (is_root && !was_root)
		capabilities->effective = capabilities->permitted;
	else if (was_root && !is_root)
		*capabilities = (struct process_capabilities){ 0 };
}

int identity_on_uid(struct context *context)
{
	int rc = context_make_plain(context, &kind_uid);
	struct process *process = context->process;

	if (rc)
		return rc;
	if (!is_other(process->ids_before.uid, process->ids.uid) &&
	    !is_other(process->ids_before.euid, process->ids.euid))
		return NORMALIZE_E_IGNORED;
	change_capabilities(process);
	context_set_capabilities(context, &process->capabilities);
	return 0;
}

int identity_on_gid(struct context *context)
{
	int rc = context_make_plain(context, &kind_gid);
	const struct process *process = context->process;

	if (rc)
		return rc;
	if (!is_other(process->ids_before.gid, process->ids.gid) &&
	    !is_other(process->ids_before.egid, process->ids.egid))
		return NORMALIZE_E_IGNORED;
	context_set_capabilities(context, &process->capabilities);
	return 0;
}
