/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process of any event, its parent, and whoever leads them: from the record
 * what that tells, from the table the rest. Most of it is made when it is asked
 * for (later.def). Texts are the table's own: nothing changes it before the next
 * event, and who needs an event for longer copies it.
 */
#include <errno.h>
#include <string.h>

#include "../util/digits.h"
#include "birth.h"
#include "capability.h"
#include "later.h"

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

/* What the table knows of a program; NULL = nothing. */
static void set_image_names(struct context *context, const struct role *role,
			    const struct image *image)
{
	if (image)
		set_names(context, role, image->invoked, image->resolved);
}

static int set_image_args(struct context *context, const struct role *role,
			  const struct image *image)
{
	int rc;

	if (!image)
		return 0;
	rc = set_args(context, role, image->args, image->kept_count);
	if (rc || role->command_line == NONE)
		return rc;
	if (image->arg_count >= 0)
		event_set(context->event, role->args_count,
			  VALUE_OF_INT(image->arg_count));
	return set_command_line(context, role, image->args, image->kept_count);
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

int subject_make_ancestry(struct context *context)
{
	const struct process *ancestors[ANCESTORS_MAX];
	size_t count =
		proctable_ancestry(context->process, ancestors, ANCESTORS_MAX);
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

/* NULL = not known. */
static const struct process *parent_of(const struct context *context)
{
	return context->is_child ? context->process
				 : proctable_parent(context->process);
}

int subject_make_parent(struct context *context)
{
	const struct process *parent = parent_of(context);
	const struct process_ids *ids;
	int rc;

	if (!parent)
		return 0;
	ids = &parent->ids;
	set_interactive(context, FIELD_PROCESS_PARENT_INTERACTIVE, parent->tty);
	context_set_str(context, FIELD_PROCESS_PARENT_WORKING_DIRECTORY,
			shared_text_str(parent->directory));
	rc = set_entity(context, role_parent.entity_id, parent->id);
	if (!rc)
		rc = set_id(context, FIELD_PROCESS_PARENT_USER_ID, ids->euid);
	if (!rc)
		rc = set_id(context, FIELD_PROCESS_PARENT_REAL_USER_ID,
			    ids->uid);
	if (!rc)
		rc = set_id(context, FIELD_PROCESS_PARENT_GROUP_ID, ids->egid);
	return rc ? rc
		  : set_id(context, FIELD_PROCESS_PARENT_REAL_GROUP_ID,
			   ids->gid);
}

int subject_make_parent_names(struct context *context)
{
	const struct process *parent = parent_of(context);

	if (parent)
		set_image_names(context, &role_parent, parent->image);
	return 0;
}

int subject_make_parent_args(struct context *context)
{
	const struct process *parent = parent_of(context);

	return parent ? set_image_args(context, &role_parent, parent->image)
		      : 0;
}

/* --- leaders -------------------------------------------------------------- */

static int set_leader(struct context *context, const struct leader_role *role,
		      const struct leader *leader)
{
	/* that of a child is not known */
	bool same = !context->is_child && leader &&
		    leader->id == context->process->id;
	int rc;

	if (!leader)
		return 0;
	rc = set_entity(context, role->role.entity_id, leader->id);
	event_set(context->event, role->pid, VALUE_OF_INT(leader->pid));
	event_set(context->event, role->same, VALUE_OF_BOOL(same));
	return rc ? rc : set_image_args(context, &role->role, leader->image);
}

static void set_leader_names(struct context *context,
			     const struct leader_role *role,
			     const struct leader *leader)
{
	if (leader)
		set_image_names(context, &role->role, leader->image);
}

int subject_make_leader_names(struct context *context)
{
	const struct lineage *lineage = &context->process->lineage;

	set_leader_names(context, &role_entry, lineage->entry);
	set_leader_names(context, &role_group, lineage->group);
	set_leader_names(context, &role_session, lineage->session);
	return 0;
}

int subject_make_entry_leader(struct context *context)
{
	const struct leader *entry = context->process->lineage.entry;

	if (entry && entry->entry_type)
		context_set_str(context,
				FIELD_PROCESS_ENTRY_LEADER_ENTRY_META_TYPE,
				str_from(entry->entry_type));
	return set_leader(context, &role_entry, entry);
}

int subject_make_group_leader(struct context *context)
{
	return set_leader(context, &role_group,
			  context->process->lineage.group);
}

int subject_make_session_leader(struct context *context)
{
	return set_leader(context, &role_session,
			  context->process->lineage.session);
}

/* Leaders and container. */
static void set_lineage(struct context *context)
{
	const struct lineage *lineage = &context->process->lineage;

	if (lineage->entry)
		context_later(context, LATER_ENTRY_LEADER);
	if (lineage->group)
		context_later(context, LATER_GROUP_LEADER);
	if (lineage->session)
		context_later(context, LATER_SESSION_LEADER);
	if (lineage->entry || lineage->group || lineage->session)
		context_later(context, LATER_LEADER_NAMES);
	context_set_str(context, FIELD_CONTAINER_ID,
			shared_text_str(lineage->container));
}

int subject_make_previous(struct context *context)
{
	const struct image *previous = context->process->previous;

	context_set_str(context, FIELD_PROCESS_PREVIOUS_EXECUTABLE,
			previous->invoked);
	context->event->resolved[READING_PROCESS_PREVIOUS_EXECUTABLE] =
		value_or_null(previous->resolved);
	return 0;
}

/* --- where its program comes from ----------------------------------------- */

static int set_audit_id(struct context *context, const struct origin_source *is)
{
	struct event born = { .time_ns = is->time_ns, .serial = is->serial };
	char *id = arena_alloc(context->arena, EVENT_ID_MAX);

	if (!id)
		return -ENOMEM;
	context_set_str(context, FIELD_PROCESS_ORIGIN_AUDIT_ID,
			(struct str){ id, event_id_format(&born, id) });
	return 0;
}

int subject_make_origin(struct context *context)
{
	struct event *event = context->event;
	const struct process *process = context->process;
	const struct origin_source *is = &process->origin->is;
	int64_t age = time_sub(event->time_ns, is->time_ns) / NSEC_PER_SEC;
	int rc;

	context_set_str(context, FIELD_PROCESS_ORIGIN_KIND,
			str_from(origin_kind_name(is->kind)));
	event_set(event, FIELD_PROCESS_ORIGIN_AGE,
		  VALUE_OF_INT(age > 0 ? age : 0));
	event_set(event, FIELD_PROCESS_ORIGIN_INHERITED,
		  VALUE_OF_BOOL(!process->origin_own));
	context_set_str(context, FIELD_PROCESS_ORIGIN_PATH, is->path);
	context_set_str(context, FIELD_PROCESS_ORIGIN_NAME, is->name);
	context_set_str(context, FIELD_PROCESS_ORIGIN_EXECUTABLE,
			is->executable);
	context_set_str(context, FIELD_PROCESS_ORIGIN_COMPILER, is->compiler);
	rc = set_id(context, FIELD_PROCESS_ORIGIN_USER_ID, is->uid);
	if (!rc)
		rc = set_id(context, FIELD_PROCESS_ORIGIN_USER_AUDIT_ID,
			    is->auid);
	return rc ? rc : set_audit_id(context, is);
}

/* --- the process ---------------------------------------------------------- */

int subject_make_entity(struct context *context)
{
	return set_entity(context, role_self.entity_id, context->process->id);
}

/* What the record says of it is what the table had last. */
int subject_make_directory(struct context *context)
{
	struct str told = context->sight.directory;

	if (!told.len && context->process && !context->is_child)
		told = shared_text_str(context->process->directory);
	context_set_str(context, FIELD_PROCESS_WORKING_DIRECTORY, told);
	return 0;
}

/* The same; a terminal that has a name is told by the record alone. */
int subject_make_tty(struct context *context)
{
	bool interactive = !str_equal(context->tty, STR("(none)"));

	if (!context->tty.len) {
		if (context->process && !context->is_child)
			set_interactive(context, FIELD_PROCESS_INTERACTIVE,
					context->process->tty);
		return 0;
	}
	event_set(context->event, FIELD_PROCESS_INTERACTIVE,
		  VALUE_OF_BOOL(interactive));
	if (interactive)
		context_set_str(context, FIELD_PROCESS_TTY, context->tty);
	return 0;
}

static void leave_relatives(struct context *context)
{
	context_later(context, LATER_PARENT);
	context_later(context, LATER_PARENT_ARGS);
	context_later(context, LATER_PARENT_NAMES);
	context_later(context, LATER_ANCESTRY);
	if (context->process->origin)
		context_later(context, LATER_ORIGIN);
	set_lineage(context);
}

void context_set_place(struct context *context)
{
	const struct process *process = context->process;

	event_set(context->event, FIELD_PROCESS_PID,
		  VALUE_OF_INT(process->pid));
	if (process->ppid >= 0)
		event_set(context->event, FIELD_PROCESS_PARENT_PID,
			  VALUE_OF_INT(process->ppid));
	context_later(context, LATER_ENTITY);
	if (process->previous)
		context_later(context, LATER_PREVIOUS);
	leave_relatives(context);
}

int subject_make_names(struct context *context)
{
	set_image_names(context, &role_self, context->process->image);
	return 0;
}

/* An exec tells all of them, and not always how many there are. */
int subject_make_args(struct context *context)
{
	const struct process_exec *exec = context->exec;
	int rc;

	if (!exec)
		return set_image_args(context, &role_self,
				      context->process->image);
	event_set(context->event, FIELD_PROCESS_ARGS_COUNT,
		  VALUE_OF_INT(exec->arg_count));
	rc = set_args(context, &role_self, exec->args, exec->args_len);
	return rc ? rc
		  : set_command_line(context, &role_self, exec->args,
				     exec->args_len);
}

/* The comm of a process without a file is a last resort: it is cut at 15 bytes,
 * and the process may change it. */
void context_set_program(struct context *context)
{
	enum { COMM_MAX = 15 };

	if (context->process->image) {
		context_later(context, LATER_NAMES);
		context_later(context, LATER_ARGS);
	} else if (context->comm.len < COMM_MAX) {
		context_set_str(context, role_self.name, context->comm);
	}
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

	if (rc)
		return rc;
	context_set_place(context);
	context_set_program(context);
	return 0;
}

void context_set_child(struct context *context, struct process *process)
{
	context->process = process;
	context->is_child = true;
	context_set_program(context);
	event_set(context->event, FIELD_PROCESS_PARENT_PID,
		  VALUE_OF_INT(process->pid));
	leave_relatives(context);
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

int subject_make_capabilities(struct context *context)
{
	const struct process_capabilities *capabilities =
		&context->capabilities;
	int rc = set_capability_names(
		context, FIELD_PROCESS_THREAD_CAPABILITIES_EFFECTIVE,
		capabilities->effective);

	if (rc)
		return rc;
	return set_capability_names(context,
				    FIELD_PROCESS_THREAD_CAPABILITIES_PERMITTED,
				    capabilities->permitted);
}

void context_set_capabilities(struct context *context,
			      const struct process_capabilities *capabilities)
{
	context->capabilities = *capabilities;
	context_later(context, LATER_CAPABILITIES);
}

void context_set_names(struct context *context, struct str invoked,
		       struct str resolved)
{
	context_never(context, LATER_NAMES);
	set_names(context, &role_self, invoked, resolved);
}
