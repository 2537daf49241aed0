/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events of a process that becomes someone else. Its record is written when the
 * call ends, so the ids of the event are the new ones; what was asked for is in
 * the arguments, as the caller's user namespace counts. A call that leaves all
 * ids as they were cannot be told from one that does not.
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

int identity_on_uid(struct context *context)
{
	return context_make_plain(context, &kind_uid);
}

int identity_on_gid(struct context *context)
{
	return context_make_plain(context, &kind_gid);
}
