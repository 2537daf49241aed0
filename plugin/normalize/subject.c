/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process of any event, its parent, and whoever leads them: from the record
 * what that tells, from the table the rest. Texts are copied: the table may let
 * go of them.
 */
#include <errno.h>
#include <string.h>

#include "../util/digits.h"
#include "birth.h"
#include "capability.h"
#include "handler.h"

/* Ancestors named in an event. */
#define ANCESTORS_MAX 8
/* No such field. */
#define NONE SIZE_MAX

/* Where the fields of a process stand. */
struct role {
	size_t executable, name, args, args_count, command_line, entity_id;
	size_t executable_reading, name_reading;
};

#define ROLE(id) \
	{ \
		.executable = FIELD_PROCESS_##id##EXECUTABLE, \
		.name = FIELD_PROCESS_##id##NAME, \
		.args = FIELD_PROCESS_##id##ARGS, \
		.args_count = FIELD_PROCESS_##id##ARGS_COUNT, \
		.command_line = FIELD_PROCESS_##id##COMMAND_LINE, \
		.entity_id = FIELD_PROCESS_##id##ENTITY_ID, \
		.executable_reading = READING_PROCESS_##id##EXECUTABLE, \
		.name_reading = READING_PROCESS_##id##NAME, \
	}

static const struct role role_self = ROLE();
static const struct role role_parent = ROLE(PARENT_);

#undef ROLE

/* The same for a leader, which has some more. */
struct leader_role {
	struct role role;
	size_t pid, same;
};

#define LEADER_ROLE(id) \
	{ \
		.role = { \
			.executable = FIELD_PROCESS_##id##_EXECUTABLE, \
			.name = FIELD_PROCESS_##id##_NAME, \
			.args = FIELD_PROCESS_##id##_ARGS, \
			.args_count = NONE, \
			.command_line = NONE, \
			.entity_id = FIELD_PROCESS_##id##_ENTITY_ID, \
			.executable_reading = \
				READING_PROCESS_##id##_EXECUTABLE, \
			.name_reading = READING_PROCESS_##id##_NAME, \
		}, \
		.pid = FIELD_PROCESS_##id##_PID, \
		.same = FIELD_PROCESS_##id##_SAME_AS_PROCESS, \
	}

static const struct leader_role role_entry = LEADER_ROLE(ENTRY_LEADER);
static const struct leader_role role_group = LEADER_ROLE(GROUP_LEADER);
static const struct leader_role role_session = LEADER_ROLE(SESSION_LEADER);

#undef LEADER_ROLE

/* --- values --------------------------------------------------------------- */

static struct value value_or_null(struct str text)
{
	return text.len ? VALUE_OF_STR(text) : (struct value){ 0 };
}

static int set_copy(struct context *context, size_t slot, struct str text)
{
	struct str copy = arena_str(context->arena, text);

	if (!copy.data)
		return -ENOMEM;
	context_set_str(context, slot, copy);
	return 0;
}

/* In hex with so many digits, or in decimal where that is 1. By hand: there are
 * several in each event. */
static int set_number(struct context *context, size_t slot, uint64_t number,
		      unsigned int digits)
{
	enum { MAX = 20 };
	const unsigned int base = digits > 1 ? 16 : 10;
	char *text = arena_alloc(context->arena, MAX);
	size_t at = MAX;

	if (!text)
		return -ENOMEM;
	while (number || at + digits > MAX) {
		text[--at] = "0123456789abcdef"[number % base];
		number /= base;
	}
	context_set_str(context, slot, (struct str){ text + at, MAX - at });
	return 0;
}

static int set_entity(struct context *context, size_t slot, uint64_t id)
{
	enum { HEX_DIGITS = 16 };

	return set_number(context, slot, id, HEX_DIGITS);
}

static int set_id(struct context *context, size_t slot, uint32_t id)
{
	return id == ID_UNKNOWN ? 0 : set_number(context, slot, id, 1);
}

static void set_interactive(struct context *context, size_t slot,
			    enum process_tty tty)
{
	if (tty != TTY_UNKNOWN)
		event_set(context->event, slot, VALUE_OF_BOOL(tty != TTY_NONE));
}

/* --- programs ------------------------------------------------------------- */

static void set_names(struct context *context, const struct role *role,
		      struct str invoked, struct str resolved)
{
	struct event *event = context->event;

	context_set_str(context, role->executable, invoked);
	context_set_str(context, role->name, str_basename(invoked));
	event->resolved[role->executable_reading] = value_or_null(resolved);
	event->resolved[role->name_reading] =
		value_or_null(str_basename(resolved));
}

/* The arguments as a list. */
static int set_args(struct context *context, const struct role *role,
		    const struct str *args, size_t count)
{
	struct value *items =
		arena_array(context->arena, count, sizeof(*items));

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		items[i] = VALUE_OF_STR(args[i]);
	if (count)
		event_set(context->event, role->args,
			  (struct value){ .type = VALUE_LIST,
					  .list = { items, count } });
	return 0;
}

/* The arguments joined by blanks. */
static int set_command_line(struct context *context, const struct role *role,
			    const struct str *args, size_t count)
{
	size_t len = 0;
	char *line, *at;

	for (size_t i = 0; i < count; i++)
		len += args[i].len + 1;
	line = at = arena_alloc(context->arena, len);
	if (!line)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (i)
			*at++ = ' ';
		if (args[i].len)
			memcpy(at, args[i].data, args[i].len);
		at += args[i].len;
	}
	context_set_str(context, role->command_line,
			(struct str){ line, (size_t)(at - line) });
	return 0;
}

/* What the table knows of a program. */
static int set_image(struct context *context, const struct role *role,
		     const struct image *image)
{
	struct str invoked = arena_str(context->arena, image->invoked);
	struct str resolved = arena_str(context->arena, image->resolved);
	size_t count = image->kept_count;
	struct str *args = arena_array(context->arena, count, sizeof(*args));
	int rc;

	if (!invoked.data || !resolved.data || !args)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		args[i] = arena_str(context->arena, image->args[i]);
		if (!args[i].data)
			return -ENOMEM;
	}
	set_names(context, role, invoked, resolved);
	rc = set_args(context, role, args, count);
	if (rc || role->command_line == NONE)
		return rc;
	if (image->arg_count >= 0)
		event_set(context->event, role->args_count,
			  VALUE_OF_INT(image->arg_count));
	return set_command_line(context, role, args, count);
}

/* --- relatives ------------------------------------------------------------ */

/* "pid executable", as text for people. */
static struct str describe(struct arena *arena, const struct process *process)
{
	struct str name = process->image ? process->image->invoked : STR("?");
	char *text = arena_alloc(arena, DIGITS_MAX + 1 + name.len);
	size_t len;

	if (!text)
		return (struct str){ 0 };
	/* the pid of a process is greater than nought */
	len = digits_format((uint64_t)process->pid, text);
	text[len++] = ' ';
	if (name.len)
		memcpy(text + len, name.data, name.len);
	return (struct str){ text, len + name.len };
}

static int set_ancestry(struct context *context, const struct process *process)
{
	const struct process *ancestors[ANCESTORS_MAX];
	size_t count = proctable_ancestry(process, ancestors, ANCESTORS_MAX);
	struct value *items =
		arena_array(context->arena, count, sizeof(*items));

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		struct str text = describe(context->arena, ancestors[i]);

		if (!text.data)
			return -ENOMEM;
		items[i] = VALUE_OF_STR(text);
	}
	if (count)
		event_set(context->event, FIELD_PROCESS_EXT_ANCESTRY,
			  (struct value){ .type = VALUE_LIST,
					  .list = { items, count } });
	return 0;
}

/* Both words for the effective ids, and both for the real ones. */
int context_set_ids(struct context *context, const struct process_ids *ids)
{
	const struct {
		size_t slot;
		uint32_t id;
	} rows[] = {
		{ FIELD_USER_ID, ids->euid },
		{ FIELD_USER_EFFECTIVE_ID, ids->euid },
		{ FIELD_PROCESS_USER_ID, ids->euid },
		{ FIELD_USER_EXT_REAL_ID, ids->uid },
		{ FIELD_PROCESS_REAL_USER_ID, ids->uid },
		{ FIELD_GROUP_ID, ids->egid },
		{ FIELD_PROCESS_GROUP_ID, ids->egid },
		{ FIELD_GROUP_EXT_REAL_ID, ids->gid },
		{ FIELD_PROCESS_REAL_GROUP_ID, ids->gid },
	};
	int rc = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && !rc; i++)
		rc = set_id(context, rows[i].slot, rows[i].id);
	return rc;
}

/* process.parent.* but the pid. */
static int set_parent(struct context *context, const struct process *parent)
{
	const struct {
		size_t slot;
		uint32_t id;
	} ids[] = {
		{ FIELD_PROCESS_PARENT_USER_ID, parent->ids.euid },
		{ FIELD_PROCESS_PARENT_REAL_USER_ID, parent->ids.uid },
		{ FIELD_PROCESS_PARENT_GROUP_ID, parent->ids.egid },
		{ FIELD_PROCESS_PARENT_REAL_GROUP_ID, parent->ids.gid },
	};
	int rc = set_entity(context, role_parent.entity_id, parent->id);

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]) && !rc; i++)
		rc = set_id(context, ids[i].slot, ids[i].id);
	set_interactive(context, FIELD_PROCESS_PARENT_INTERACTIVE, parent->tty);
	if (!rc)
		rc = set_copy(context, FIELD_PROCESS_PARENT_WORKING_DIRECTORY,
			      shared_text_str(parent->directory));
	if (rc || !parent->image)
		return rc;
	return set_image(context, &role_parent, parent->image);
}

static int set_leader(struct context *context, const struct leader_role *role,
		      const struct leader *leader, uint64_t own_id)
{
	int rc;

	if (!leader)
		return 0;
	rc = set_entity(context, role->role.entity_id, leader->id);
	event_set(context->event, role->pid, VALUE_OF_INT(leader->pid));
	event_set(context->event, role->same,
		  VALUE_OF_BOOL(leader->id == own_id));
	if (rc || !leader->image)
		return rc;
	return set_image(context, &role->role, leader->image);
}

/* Leaders and container. own_id 0 = that of no process. */
static int set_lineage(struct context *context, const struct lineage *lineage,
		       uint64_t own_id)
{
	int rc = set_leader(context, &role_entry, lineage->entry, own_id);

	if (!rc)
		rc = set_leader(context, &role_group, lineage->group, own_id);
	if (!rc)
		rc = set_leader(context, &role_session, lineage->session,
				own_id);
	if (rc)
		return rc;
	if (lineage->entry && lineage->entry->entry_type)
		context_set_str(context,
				FIELD_PROCESS_ENTRY_LEADER_ENTRY_META_TYPE,
				str_from(lineage->entry->entry_type));
	return set_copy(context, FIELD_CONTAINER_ID,
			shared_text_str(lineage->container));
}

static int set_previous(struct context *context, const struct image *previous)
{
	struct str resolved;
	int rc;

	if (!previous)
		return 0;
	resolved = arena_str(context->arena, previous->resolved);
	rc = set_copy(context, FIELD_PROCESS_PREVIOUS_EXECUTABLE,
		      previous->invoked);
	if (rc || !resolved.data)
		return -ENOMEM;
	context->event->resolved[READING_PROCESS_PREVIOUS_EXECUTABLE] =
		value_or_null(resolved);
	return 0;
}

/* --- where its program comes from ----------------------------------------- */

static int set_audit_id(struct context *context, const struct origin_source *is)
{
	struct event born = { .time_ns = is->time_ns, .serial = is->serial };
	char id[EVENT_ID_MAX];

	event_id_format(&born, id);
	return set_copy(context, FIELD_PROCESS_ORIGIN_AUDIT_ID, str_from(id));
}

static int set_origin_texts(struct context *context,
			    const struct origin_source *is)
{
	int rc = set_copy(context, FIELD_PROCESS_ORIGIN_PATH, is->path);

	if (!rc)
		rc = set_copy(context, FIELD_PROCESS_ORIGIN_NAME, is->name);
	if (!rc)
		rc = set_copy(context, FIELD_PROCESS_ORIGIN_EXECUTABLE,
			      is->executable);
	if (!rc)
		rc = set_copy(context, FIELD_PROCESS_ORIGIN_COMPILER,
			      is->compiler);
	return rc;
}

static int set_origin(struct context *context, const struct process *process)
{
	struct event *event = context->event;
	const struct origin_source *is;
	int64_t age;
	int rc;

	if (!process->origin)
		return 0;
	is = &process->origin->is;
	age = time_sub(event->time_ns, is->time_ns) / NSEC_PER_SEC;
	context_set_str(context, FIELD_PROCESS_ORIGIN_KIND,
			str_from(origin_kind_name(is->kind)));
	event_set(event, FIELD_PROCESS_ORIGIN_AGE,
		  VALUE_OF_INT(age > 0 ? age : 0));
	event_set(event, FIELD_PROCESS_ORIGIN_INHERITED,
		  VALUE_OF_BOOL(!process->origin_own));
	rc = set_origin_texts(context, is);
	if (!rc)
		rc = set_id(context, FIELD_PROCESS_ORIGIN_USER_ID, is->uid);
	if (!rc)
		rc = set_id(context, FIELD_PROCESS_ORIGIN_USER_AUDIT_ID,
			    is->auid);
	return rc ? rc : set_audit_id(context, is);
}

/* --- the process ---------------------------------------------------------- */

int context_set_place(struct context *context, const struct process *process)
{
	const struct process *parent = proctable_parent(process);
	int rc = set_entity(context, role_self.entity_id, process->id);

	event_set(context->event, FIELD_PROCESS_PID,
		  VALUE_OF_INT(process->pid));
	if (process->ppid >= 0)
		event_set(context->event, FIELD_PROCESS_PARENT_PID,
			  VALUE_OF_INT(process->ppid));
	set_interactive(context, FIELD_PROCESS_INTERACTIVE, process->tty);
	if (!rc)
		rc = set_copy(context, FIELD_PROCESS_WORKING_DIRECTORY,
			      shared_text_str(process->directory));
	if (!rc)
		rc = set_previous(context, process->previous);
	if (!rc)
		rc = set_origin(context, process);
	if (!rc && parent)
		rc = set_parent(context, parent);
	if (!rc)
		rc = set_lineage(context, &process->lineage, process->id);
	return rc ? rc : set_ancestry(context, process);
}

/* The comm of a process without a file is a last resort: it is cut at 15 bytes,
 * and the process may change it. */
int context_set_program(struct context *context, const struct process *process)
{
	enum { COMM_MAX = 15 };

	if (process->image)
		return set_image(context, &role_self, process->image);
	if (context->comm.len < COMM_MAX)
		context_set_str(context, role_self.name, context->comm);
	return 0;
}

int context_see(struct context *context)
{
	context->process = proctable_see(context->host, &context->sight);
	return context->process ? birth_recall(context, context->process)
				: -ENOMEM;
}

int context_set_process(struct context *context)
{
	int rc = context->process ? 0 : context_see(context);

	if (!rc)
		rc = context_set_place(context, context->process);
	return rc ? rc : context_set_program(context, context->process);
}

int context_set_child(struct context *context, const struct process *process)
{
	int rc = context_set_program(context, process);

	event_set(context->event, FIELD_PROCESS_PARENT_PID,
		  VALUE_OF_INT(process->pid));
	if (!rc)
		rc = set_origin(context, process);
	if (!rc)
		rc = set_parent(context, process);
	if (!rc)
		rc = set_lineage(context, &process->lineage, 0);
	return rc ? rc : set_ancestry(context, process);
}

static int set_capability_names(struct context *context, size_t slot,
				uint64_t mask)
{
	struct value list;

	if (!mask)
		return 0;
	list = capability_names(context->arena, mask);
	event_set(context->event, slot, list);
	return list.type == VALUE_NULL ? -ENOMEM : 0;
}

int context_set_capabilities(struct context *context,
			     const struct process_capabilities *capabilities)
{
	int rc = set_capability_names(
		context, FIELD_PROCESS_THREAD_CAPABILITIES_EFFECTIVE,
		capabilities->effective);

	if (rc)
		return rc;
	return set_capability_names(context,
				    FIELD_PROCESS_THREAD_CAPABILITIES_PERMITTED,
				    capabilities->permitted);
}

void context_set_names(struct context *context, struct str invoked,
		       struct str resolved)
{
	set_names(context, &role_self, invoked, resolved);
}

int context_set_arguments(struct context *context, const struct str_array *args)
{
	int rc = set_args(context, &role_self, args->items, args->count);

	if (rc)
		return rc;
	return set_command_line(context, &role_self, args->items, args->count);
}
