/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "later.h"

#include "../util/list.h"

_Static_assert(LATER__COUNT <= 32, "a group of later.def has no bit");

static const uint32_t bits[FIELD__COUNT] = {
#define LATER(group, function)
#define OF(field, group) [FIELD_##field] = 1U << LATER_##group,
#include "later.def"
#undef LATER
#undef OF
};

/* Whatever they return, the arena tells it as well. */
static int (*const functions[])(struct context *context) = {
#define LATER(group, function) [LATER_##group] = function,
#define OF(field, group)
#include "later.def"
#undef LATER
#undef OF
};

static void make(struct event_rest *rest, unsigned int group)
{
	functions[group](list_entry(rest, struct context, rest));
}

void later_begin(struct context *context)
{
	context->rest.bits = bits;
	context->rest.make = make;
	context->rest.arena = context->arena;
	context->event->rest = &context->rest;
}
