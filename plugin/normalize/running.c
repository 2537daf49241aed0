/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes that ran before anything was recorded. No record tells of them, so
 * such an event has no serial; it counts when they were met, not when they
 * began: an alert that bears a time of long ago is read by nobody.
 */
#include "handler.h"
#include "known.h"

static const struct event_kind kind_running = {
	.categories = CATEGORY_PROCESS,
	.category = WORDS(WORD("process")),
	.dataset = DATASETS("process"),
	.type = WORDS(WORD("info")),
	.action = WORDS(WORD("already_running")),
};

int running_make(struct context *context)
{
	const struct process *process = context->process;
	int rc = context_set_ids(context, &process->ids);

	context_set_place(context);
	context_set_program(context);
	context->sight.ids = process->ids;
	context->login = ID_UNKNOWN;
	context->event->charge_uid = known_payer(context);
	context->succeeded = true;
	context_set_kind(context, &kind_running);
	return rc;
}
