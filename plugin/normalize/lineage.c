/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A child begins in the session and the group of its parent, and leaves them by
 * calls that only records of setsid and setpgid tell. So these are handed down
 * only where such calls are seen to be logged, and not from a process that
 * orphans are given to.
 *
 * The entry leader is the process by which a user, a service or a container
 * came in: the leader of a session that began at a terminal, under init, sshd,
 * an agent for remote shells or a container runtime. It is judged when such a
 * leader executes, and its descendants have it in common.
 */
#include "lineage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "proctable.h"

enum process_tty tty_of_name(struct str name)
{
	if (!name.len)
		return TTY_UNKNOWN;
	if (str_equal(name, STR("(none)")))
		return TTY_NONE;
	if (name.len > 3 && !memcmp(name.data, "pts", 3))
		return TTY_PTS;
	if (name.len > 3 && !memcmp(name.data, "tty", 3) &&
	    name.data[3] >= '0' && name.data[3] <= '9')
		return TTY_CONSOLE;
	return TTY_OTHER;
}

/* --- leaders -------------------------------------------------------------- */

struct leader *leader_new(size_t *memory)
{
	struct leader *leader = calloc(1, sizeof(*leader));

	if (!leader)
		return NULL;
	leader->owners = 1;
	*memory += sizeof(*leader);
	return leader;
}

struct leader *leader_hold(struct leader *leader)
{
	if (leader)
		leader->owners++;
	return leader;
}

void leader_release(struct leader **leader, size_t *memory)
{
	if (*leader && !--(*leader)->owners) {
		image_release(&(*leader)->image, memory);
		*memory -= sizeof(**leader);
		free(*leader);
	}
	*leader = NULL;
}

/* Puts a leader in the place of another. */
static void leader_set(struct leader **place, struct leader *leader,
		       size_t *memory)
{
	struct leader *held = leader_hold(leader);

	leader_release(place, memory);
	*place = held;
}

/* What stands for the process itself, made where it is missing. */
static struct leader *leader_of(struct process *process, size_t *memory)
{
	struct leader *leader = process->lineage.own;

	if (leader)
		return leader;
	leader = leader_new(memory);
	if (!leader)
		return NULL;
	leader->pid = process->pid;
	leader->id = process->id;
	leader->image = image_hold(process->image);
	process->lineage.own = leader;
	return leader;
}

int lineage_lead_session(struct process *process, size_t *memory)
{
	struct leader *leader = leader_of(process, memory);

	if (!leader)
		return -ENOMEM;
	leader_set(&process->lineage.session, leader, memory);
	leader_set(&process->lineage.group, leader, memory);
	return 0;
}

int lineage_lead_group(struct process *process, size_t *memory)
{
	struct leader *leader = leader_of(process, memory);

	if (!leader)
		return -ENOMEM;
	leader_set(&process->lineage.group, leader, memory);
	return 0;
}

void lineage_leave_group(struct process *process, size_t *memory)
{
	leader_release(&process->lineage.group, memory);
}

void lineage_inherit(struct process *process, const struct process *parent,
		     unsigned int parts)
{
	struct lineage *lineage = &process->lineage;
	const struct lineage *from = &parent->lineage;

	lineage->container = shared_text_hold(from->container);
	if (parts & LINEAGE_SESSION) {
		lineage->session = leader_hold(from->session);
		lineage->entry = leader_hold(from->entry);
	}
	if (parts & LINEAGE_GROUP)
		lineage->group = leader_hold(from->group);
}

void lineage_release(struct lineage *lineage, size_t *memory)
{
	leader_release(&lineage->own, memory);
	leader_release(&lineage->session, memory);
	leader_release(&lineage->group, memory);
	leader_release(&lineage->entry, memory);
	shared_text_release(&lineage->container, memory);
}

/* --- entries -------------------------------------------------------------- */

bool lineage_is_runtime(const struct image *image)
{
	return image_is(image, PROGRAM_RUNTIME);
}

bool lineage_is_reaper(const struct process *process)
{
	return process->pid == 1 || image_is(process->image, PROGRAM_REAPER);
}

/* What began the program: the parent, or what the process ran before, which
 * tells it where the parent has not been seen. */
static bool comes_from(const struct process *process,
		       const struct process *parent, uint32_t programs)
{
	return (parent && image_is(parent->image, programs)) ||
	       image_is(process->previous, programs);
}

bool lineage_is_of_runtime(const struct process *process,
			   const struct process *parent)
{
	return lineage_is_runtime(process->image) ||
	       comes_from(process, parent, PROGRAM_RUNTIME);
}

static const char type_init[] = "init";

const char *lineage_entry_type(struct str name)
{
	static const char *const others[] = { "console", "container", "ssm",
					      "sshd", "terminal" };

	if (str_equal(name, str_from(type_init)))
		return type_init;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (str_equal(name, str_from(others[i])))
			return others[i];
	return NULL;
}

/* How a session leader that has executed came in; NULL = as its parent. */
static const char *entry_type(const struct process *process,
			      const struct process *parent)
{
	if (process->tty == TTY_CONSOLE &&
	    image_is(process->image, PROGRAM_LOGIN))
		return "console";
	if (process->tty == TTY_OTHER)
		return "terminal";
	if (process->pid == 1 || process->ppid == 1)
		return type_init;
	if (process->tty == TTY_PTS &&
	    comes_from(process, parent, PROGRAM_AGENT))
		return "ssm";
	if (comes_from(process, parent, PROGRAM_SSHD) &&
	    !image_is(process->image, PROGRAM_SSHD))
		return "sshd";
	if (comes_from(process, parent, PROGRAM_RUNTIME) &&
	    !image_is(process->image, PROGRAM_RUNTIME))
		return "container";
	return NULL;
}

void lineage_exec(struct process *process, const struct process *parent,
		  size_t *memory)
{
	struct lineage *lineage = &process->lineage;
	const char *type;

	if (!lineage->own)
		return;
	image_release(&lineage->own->image, memory);
	lineage->own->image = image_hold(process->image);
	if (lineage->own != lineage->session)
		return;
	type = entry_type(process, parent);
	/* who came in otherwise has lost his parent since */
	if (!type || (type == type_init && lineage->own->entry_type))
		return;
	lineage->own->entry_type = type;
	leader_set(&lineage->entry, lineage->own, memory);
}

int lineage_seed(struct process *process, const struct lineage_seed *seed,
		 size_t *memory)
{
	struct lineage *lineage = &process->lineage;
	int rc = 0;

	if (seed->session == process)
		rc = lineage_lead_session(process, memory);
	else if (seed->session)
		lineage->session = leader_hold(seed->session->lineage.own);
	if (rc)
		return rc;
	if (seed->group == process)
		rc = lineage_lead_group(process, memory);
	else if (seed->group)
		leader_set(&lineage->group, seed->group->lineage.own, memory);
	if (rc)
		return rc;
	if (seed->parent)
		lineage->entry = leader_hold(seed->parent->lineage.entry);
	if (!lineage->entry && seed->session)
		lineage->entry = leader_hold(seed->session->lineage.entry);
	lineage_exec(process, seed->parent, memory);
	return 0;
}
