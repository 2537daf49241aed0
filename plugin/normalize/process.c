/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events of processes. */
#include <errno.h>
#include <libaudit.h>

#include "birth.h"
#include "later.h"

/* --- containers ----------------------------------------------------------- */

/* Asks for the container of a process; must = it should have one. */
static int resolve_container(struct context *context, struct process *process,
			     bool must)
{
	const struct process_resolver *resolver = context->resolver;
	char id[CONTAINER_ID_MAX];
	size_t len;

	if (!resolver || !resolver->container || process->lineage.container)
		return 0;
	len = resolver->container(resolver->user, process->pid,
				  process->since_ms, id);
	if (len)
		return proctable_set_container(process,
					       (struct str){ id, len });
	context->stats->containers_unresolved += must;
	return 0;
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
	context->exec = exec;
	context_later(context, LATER_ARGS);
	return 0;
}

/* The record of an exec that raised capabilities says which there are now. Of
 * any other exec they may be inherited, or all be root's: the kernel is asked,
 * where the process still lives. */
static struct process_capabilities read_capabilities(struct context *context)
{
	const struct process_resolver *resolver = context->resolver;
	struct process_capabilities asked;
	size_t next = 0;
	const struct record *record =
		record_find(&context->records, AUDIT_BPRM_FCAPS, &next);
	int64_t effective, permitted;

	if (record && record_number(record, "pe", 16, &effective) &&
	    record_number(record, "pp", 16, &permitted))
		return (struct process_capabilities){ (uint64_t)effective,
						      (uint64_t)permitted };
	if (resolver && resolver->capabilities &&
	    resolver->capabilities(resolver->user, context->sight.pid,
				   context->sight.time_ms, &asked))
		return asked;
	return (struct process_capabilities){ 0 };
}

/* The kernel tells it of the program that runs when it is asked, which need not
 * be this one any more. */
static void set_environment(struct context *context)
{
	const struct process_resolver *resolver = context->resolver;
	struct value variables = { 0 };

	if (!resolver || !resolver->environment)
		return;
	switch (resolver->environment(
		resolver->environment_user, context->sight.pid,
		context->sight.time_ms, context->arena, &variables)) {
	case ENVIRONMENT_UNKNOWN:
		context->stats->environments_unresolved++;
		return;
	case ENVIRONMENT_CUT:
		context->incomplete = true;
		break;
	case ENVIRONMENT_WHOLE:
		break;
	}
	event_set(context->event, FIELD_PROCESS_ENV_VARS, variables);
}

/*
 * A container begins where a child of its runtime executes what is no runtime;
 * that its descendants are in it, too, is then known. The kernel is asked while
 * the process still lives.
 */
static int enter_container(struct context *context, struct process *process)
{
	if (lineage_is_runtime(process->image) ||
	    !lineage_is_of_runtime(process, proctable_parent(process)))
		return 0;
	return resolve_container(context, process, true);
}

int process_on_exec(struct context *context)
{
	struct process_exec *exec;
	struct process *process;
	int rc;

	if (!context->succeeded)
		return NORMALIZE_E_IGNORED;
	exec = arena_alloc(context->arena, sizeof(*exec));
	if (!exec)
		return -ENOMEM;
	exec->sight = context->sight;
	rc = set_exec_file(context, &exec->invoked);
	if (!rc)
		rc = set_exec_arguments(context, exec);
	if (rc)
		return rc;
	context_set_names(context, exec->invoked, exec->sight.exe);
	context_set_kind(context, &kind_exec);
	exec->capabilities = read_capabilities(context);
	set_environment(context);
	process = proctable_exec(context->host, exec);
	if (!process)
		return -ENOMEM;
	rc = enter_container(context, process);
	if (!rc)
		rc = birth_on_exec(context, process);
	if (rc)
		return rc;
	context_set_capabilities(context, &exec->capabilities);
	context_set_place(context);
	return 0;
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

	if (!context->succeeded || made_thread(context))
		return NORMALIZE_E_IGNORED;
	process = proctable_see(context->host, &context->sight);
	if (!process)
		return -ENOMEM;
	context_set_kind(context, &kind_fork);
	context_set_child(context, process);
	return 0;
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
	proctable_end(context->process);
	if (context_argument(context, A0, &code))
		event_set(context->event, FIELD_PROCESS_EXIT_CODE,
			  VALUE_OF_INT(code & 0xff));
	/* it does not return, so its record has no success= */
	context->succeeded = true;
	context_set_kind(context, &kind_exit);
	return 0;
}

/* --- sessions and groups --------------------------------------------------- */

static const struct event_kind kind_setsid = {
	.categories = CATEGORY_PROCESS,
	.category = WORDS(WORD("process")),
	.dataset = DATASETS("process"),
	.type = WORDS(WORD("change")),
	.action = WORDS(WORD("session_id_change")),
};

int process_on_setsid(struct context *context)
{
	struct process *process;

	if (!context->succeeded)
		return NORMALIZE_E_IGNORED;
	process = proctable_see(context->host, &context->sight);
	if (!process || proctable_set_session(process))
		return -ENOMEM;
	/* what a runtime makes a session of, and waits in it for its start,
	 * will be a container: there is more time to ask than at its exec */
	if (lineage_is_of_runtime(process, proctable_parent(process)) &&
	    resolve_container(context, process, false))
		return -ENOMEM;
	context_set_kind(context, &kind_setsid);
	return context_set_process(context);
}

/*
 * No event, but the table wants to know. Pids in arguments count in the pid
 * namespace of the caller, so only 0, and his own where it is the same, say
 * who is meant. What a parent does to its child, the child does itself, too:
 * neither can rely on the other having been there first.
 */
int process_on_setpgid(struct context *context)
{
	int64_t whom, group;
	struct process *process;
	bool own;

	if (!context->succeeded || !context_argument(context, A0, &whom) ||
	    !context_argument(context, A1, &group))
		return NORMALIZE_E_IGNORED;
	if (whom && whom != context->sight.pid)
		return NORMALIZE_E_IGNORED;
	process = proctable_see(context->host, &context->sight);
	own = !group || group == context->sight.pid;
	if (!process || proctable_set_group(process, own))
		return -ENOMEM;
	return NORMALIZE_E_IGNORED;
}
