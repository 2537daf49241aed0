/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events of processes, and the process of any event. */
#include <errno.h>
#include <libaudit.h>
#include <stdio.h>
#include <string.h>

#include "handler.h"

/* Ancestors named in an event. */
#define ANCESTORS_MAX 8

/* --- the process of any event --------------------------------------------- */

/* Where the fields of a process stand: the event's own, or its parent. */
struct role {
	size_t executable, name, args, args_count, command_line;
	enum field_reading executable_reading, name_reading;
};

static const struct role role_self = {
	.executable = FIELD_PROCESS_EXECUTABLE,
	.name = FIELD_PROCESS_NAME,
	.args = FIELD_PROCESS_ARGS,
	.args_count = FIELD_PROCESS_ARGS_COUNT,
	.command_line = FIELD_PROCESS_COMMAND_LINE,
	.executable_reading = READING_PROCESS_EXECUTABLE,
	.name_reading = READING_PROCESS_NAME,
};

static const struct role role_parent = {
	.executable = FIELD_PROCESS_PARENT_EXECUTABLE,
	.name = FIELD_PROCESS_PARENT_NAME,
	.args = FIELD_PROCESS_PARENT_ARGS,
	.args_count = FIELD_PROCESS_PARENT_ARGS_COUNT,
	.command_line = FIELD_PROCESS_PARENT_COMMAND_LINE,
	.executable_reading = READING_PARENT_EXECUTABLE,
	.name_reading = READING_PARENT_NAME,
};

static struct value value_or_null(struct str text)
{
	return text.len ? VALUE_OF_STR(text) : (struct value){ 0 };
}

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

/* The arguments as a list, and joined by blanks. */
static int set_arguments(struct context *context, const struct role *role,
			 const struct str_array *args)
{
	struct value *items =
		arena_array(context->arena, args->count, sizeof(*items));
	size_t len = 0;
	char *line, *at;

	for (size_t i = 0; i < args->count; i++)
		len += args->items[i].len + 1;
	line = at = arena_alloc(context->arena, len);
	if (!items || !line)
		return -ENOMEM;
	for (size_t i = 0; i < args->count; i++) {
		struct str arg = args->items[i];

		items[i] = VALUE_OF_STR(arg);
		if (i)
			*at++ = ' ';
		if (arg.len)
			memcpy(at, arg.data, arg.len);
		at += arg.len;
	}
	if (args->count)
		event_set(context->event, role->args,
			  (struct value){ .type = VALUE_LIST,
					  .list = { items, args->count } });
	context_set_str(context, role->command_line,
			(struct str){ line, (size_t)(at - line) });
	return 0;
}

/* What the table knows of a program, copied: the table may let go of it. */
static int set_image(struct context *context, const struct role *role,
		     const struct image *image)
{
	struct str invoked = arena_str(context->arena, image->invoked);
	struct str resolved = arena_str(context->arena, image->resolved);
	struct str_array args = { image->kept_count,
				  arena_array(context->arena, image->kept_count,
					      sizeof(*args.items)) };

	if (!invoked.data || !resolved.data || !args.items)
		return -ENOMEM;
	for (size_t i = 0; i < args.count; i++) {
		args.items[i] = arena_str(context->arena, image->args[i]);
		if (!args.items[i].data)
			return -ENOMEM;
	}
	set_names(context, role, invoked, resolved);
	if (image->arg_count >= 0)
		event_set(context->event, role->args_count,
			  VALUE_OF_INT(image->arg_count));
	return set_arguments(context, role, &args);
}

/* "pid executable", as text for people. */
static struct str describe(struct arena *arena, const struct process *process)
{
	struct str name = process->image ? process->image->invoked : STR("?");
	char pid[24];
	size_t len = (size_t)snprintf(pid, sizeof(pid), "%lld ",
				      (long long)process->pid);
	char *text = arena_alloc(arena, len + name.len);

	if (!text)
		return (struct str){ 0 };
	memcpy(text, pid, len);
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

/* Pid, parent and ancestors; names and arguments stay to be set. */
static int set_place(struct context *context, const struct process *process)
{
	const struct process *parent = proctable_parent(process);
	int rc = 0;

	event_set(context->event, FIELD_PROCESS_PID,
		  VALUE_OF_INT(process->pid));
	if (context->sight.ppid >= 0)
		event_set(context->event, FIELD_PROCESS_PARENT_PID,
			  VALUE_OF_INT(context->sight.ppid));
	if (parent && parent->image)
		rc = set_image(context, &role_parent, parent->image);
	return rc ? rc : set_ancestry(context, process);
}

/* The comm of a process without a file is a last resort: it is cut at 15 bytes,
 * and the process may change it. */
static int set_program(struct context *context, const struct role *role,
		       const struct process *process)
{
	enum { COMM_MAX = 15 };

	if (process->image)
		return set_image(context, role, process->image);
	if (context->comm.len < COMM_MAX)
		context_set_str(context, role->name, context->comm);
	return 0;
}

int context_set_process(struct context *context)
{
	struct process *process = proctable_see(context->host, &context->sight);
	int rc = process ? set_place(context, process) : -ENOMEM;

	return rc ? rc : set_program(context, &role_self, process);
}

/* --- exec ---------------------------------------------------------------- */

static const struct event_kind kind_exec = {
	.categories = CATEGORY_PROCESS,
	.category = WORDS(WORD("process")),
	.dataset = DATASETS("process"),
	.type = WORDS(WORD("start")),
	.action = WORDS(WORD("exec"), WORD("executed")),
};

/*
 * PATH item 0 is what was executed: the script, where it is one. Its name is
 * what the caller gave; fexecve gives none, and the file stands for it.
 */
static int set_exec_file(struct context *context, struct str *invoked)
{
	struct path_item item;
	size_t next = 0;

	*invoked = context->sight.exe;
	if (!context_next_path(context, &next, &item))
		return 0;
	if (item.name.len)
		*invoked = item.name;
	else
		item.name = context->sight.exe;
	return context_set_file(context, &item);
}

static int set_exec_arguments(struct context *context,
			      struct process_exec *exec)
{
	struct str_array args;
	const struct record *record;
	size_t next = 0;
	bool complete;
	int rc = record_arguments(&context->records, context->arena, &args,
				  &complete);

	if (rc)
		return rc;
	context->incomplete = context->incomplete || !complete;
	record = record_find(&context->records, AUDIT_EXECVE, &next);
	if (!record)
		return 0;
	exec->args = args.items;
	exec->args_len = args.count;
	if (!record_number(record, "argc", 10, &exec->arg_count) ||
	    exec->arg_count < (int64_t)args.count)
		exec->arg_count = (int64_t)args.count;
	event_set(context->event, FIELD_PROCESS_ARGS_COUNT,
		  VALUE_OF_INT(exec->arg_count));
	return set_arguments(context, &role_self, &args);
}

int process_on_exec(struct context *context)
{
	struct process_exec exec = { .sight = context->sight };
	struct process *process;
	int rc;

	if (!context->succeeded)
		return NORMALIZE_E_IGNORED;
	rc = set_exec_file(context, &exec.invoked);
	if (!rc)
		rc = set_exec_arguments(context, &exec);
	if (rc)
		return rc;
	set_names(context, &role_self, exec.invoked, exec.sight.exe);
	context_set_kind(context, &kind_exec);
	process = proctable_exec(context->host, &exec);
	return process ? set_place(context, process) : -ENOMEM;
}

/* --- fork and exit -------------------------------------------------------- */

static const struct event_kind kind_fork = {
	.categories = CATEGORY_PROCESS,
	.category = WORDS(WORD("process")),
	.dataset = DATASETS("process"),
	.type = WORDS(WORD("start")),
	.action = WORDS(WORD("fork")),
};

/* Whether a clone made a thread: that is no process. */
static bool made_thread(const struct context *context)
{
	enum { FLAG_THREAD = 0x00010000 };
	enum argument argument = context->row->flags;
	int64_t flags;

	/* s390 has the first two arguments the other way round */
	if (argument != A_NONE && context->arch == AUDIT_ARCH_S390X)
		argument = A1;
	return context_argument(context, argument, &flags) &&
	       (flags & FLAG_THREAD);
}

/*
 * The record is the caller's, so the caller is the parent; which pid the child
 * has is not in it (exit= counts in the child's own namespace). Both run the
 * same program.
 */
int process_on_fork(struct context *context)
{
	struct process *process;
	int rc;

	if (!context->succeeded || made_thread(context))
		return NORMALIZE_E_IGNORED;
	process = proctable_see(context->host, &context->sight);
	if (!process)
		return -ENOMEM;
	event_set(context->event, FIELD_PROCESS_PARENT_PID,
		  VALUE_OF_INT(process->pid));
	rc = set_program(context, &role_self, process);
	if (!rc)
		rc = set_program(context, &role_parent, process);
	if (!rc)
		rc = set_ancestry(context, process);
	context_set_kind(context, &kind_fork);
	return rc;
}

static const struct event_kind kind_exit = {
	.categories = CATEGORY_PROCESS,
	.category = WORDS(WORD("process")),
	.dataset = DATASETS("process"),
	.type = WORDS(WORD("end")),
	.action = WORDS(WORD("end")),
};

int process_on_exit(struct context *context)
{
	int64_t code;
	int rc = context_set_process(context);

	if (rc)
		return rc;
	if (context_argument(context, A0, &code))
		event_set(context->event, FIELD_PROCESS_EXIT_CODE,
			  VALUE_OF_INT(code & 0xff));
	/* it does not return, so its record has no success= */
	context->succeeded = true;
	context_set_kind(context, &kind_exit);
	return 0;
}
