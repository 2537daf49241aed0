/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields that are made when somebody asks for them, see later.def. */
#ifndef AUDISP_EQL_NORMALIZE_LATER_H
#define AUDISP_EQL_NORMALIZE_LATER_H

#include "handler.h"

enum later {
#define LATER(group, function) LATER_##group,
#define OF(field, group)
#include "later.def"
#undef LATER
#undef OF
	LATER__COUNT,
};

/* Of the event in hand this group is made when it is asked for. */
static inline void context_later(struct context *context, enum later group)
{
	context->rest.left |= 1U << group;
}

/* It is set otherwise, or is none of this event. */
static inline void context_never(struct context *context, enum later group)
{
	context->rest.left &= ~(1U << group);
}

/* The event leaves the rest to be made. */
void later_begin(struct context *context);

#define LATER(group, function) int function(struct context *context);
#define OF(field, group)
#include "later.def"
#undef LATER
#undef OF

#endif
