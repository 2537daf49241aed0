/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A question is an id, an answer the same with a name or none, a message each.
 * What is known is in a table of fixed size, in which the oldest of a set gives
 * way. An id that has no name is known as well, but not for long: accounts are
 * made. So many questions are under way at a time, and are asked in a second, and
 * no more: who goes through thousands of ids hides names, and numbers are what
 * counts, but drowns no name service.
 *
 * Names are put into alerts, not into events: no rule's verdict may hang on how
 * fast a name service was.
 */
#include "users.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "privs.h"
#include "util/arena.h"
#include "util/clock.h"
#include "util/digits.h"

#define SETS 64
#define WAYS 4
#define UNDER_WAY_MAX 16
#define QUESTIONS_A_SECOND 64
#define NAMED_NS (3600 * NSEC_PER_SEC)
#define NAMELESS_NS (60 * NSEC_PER_SEC)
/* of a row of the user database */
#define ROW_BYTES 4096

struct answer {
	uint32_t uid;
	char name[USERS_NAME_MAX]; /* as long as the message; empty = none */
};

struct entry {
	int64_t since_ns; /* asked or answered */
	uint32_t uid;
	bool used, asked;
	size_t len; /* 0 = no name */
	char name[USERS_NAME_MAX];
};

struct users {
	int fd;
	struct str host;
	bool failed;
	size_t under_way;
	int64_t second; /* in which so many were asked */
	size_t asked;
	struct entry entries[SETS][WAYS];
};

/* --- the process that asks ------------------------------------------------ */

static bool find_by_service(uint32_t uid, char out[USERS_NAME_MAX])
{
	char row[ROW_BYTES];
	struct passwd entry, *found;

	if (getpwuid_r(uid, &entry, row, sizeof(row), &found) || !found ||
	    strlen(found->pw_name) >= USERS_NAME_MAX)
		return false;
	strcpy(out, found->pw_name);
	return true;
}

/* What a name service answers is parsed by nobody special. */
static bool confine(pid_t parent)
{
	const struct privs_user nobody = { PRIVS_NOBODY, PRIVS_NOBODY };

	if (!geteuid() && privs_drop(&nobody, 0))
		return false;
	/* one that waits for an answer does not see its socket close */
	return !prctl(PR_SET_PDEATHSIG, SIGKILL) && getppid() == parent;
}

static void serve(int fd, pid_t parent, users_find_fn find)
{
	struct answer answer;
	size_t len;

	if (dup2(fd, STDIN_FILENO) < 0)
		return;
	privs_close_inherited();
	if (!confine(parent))
		return;
	while (recv(STDIN_FILENO, &answer.uid, sizeof(answer.uid), 0) ==
	       (ssize_t)sizeof(answer.uid)) {
		len = find(answer.uid, answer.name) ? strlen(answer.name) : 0;
		len += offsetof(struct answer, name);
		if (send(STDIN_FILENO, &answer, len, MSG_NOSIGNAL) < 0)
			return;
	}
}

/* --- what is known -------------------------------------------------------- */

static struct entry *find_entry(struct users *users, uint32_t uid)
{
	struct entry *set = users->entries[uid % SETS];

	for (size_t i = 0; i < WAYS; i++)
		if (set[i].used && set[i].uid == uid)
			return &set[i];
	return NULL;
}

static struct entry *make_entry(struct users *users, uint32_t uid)
{
	struct entry *set = users->entries[uid % SETS], *oldest = set;

	for (size_t i = 1; i < WAYS && oldest->used; i++)
		if (!set[i].used || set[i].since_ns < oldest->since_ns)
			oldest = &set[i];
	*oldest = (struct entry){ .uid = uid, .used = true };
	return oldest;
}

/* An answer to what was forgotten since, or never asked, tells nothing. */
static void take_answer(struct users *users, const struct answer *answer,
			size_t len, int64_t now_ns)
{
	struct entry *entry = find_entry(users, answer->uid);

	if (!entry || !entry->asked)
		return;
	entry->asked = false;
	entry->since_ns = now_ns;
	entry->len = len;
	memcpy(entry->name, answer->name, len);
}

static void hear(struct users *users, int64_t now_ns)
{
	const ssize_t head = offsetof(struct answer, name);
	struct answer answer;

	while (users->under_way && !users->failed) {
		ssize_t len =
			recv(users->fd, &answer, sizeof(answer), MSG_DONTWAIT);

		if (len < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		users->failed = len < head;
		if (users->failed)
			return;
		users->under_way--;
		take_answer(users, &answer, (size_t)(len - head), now_ns);
	}
}

static bool may_ask(struct users *users, int64_t now_ns)
{
	int64_t second = now_ns / NSEC_PER_SEC;

	if (users->under_way == UNDER_WAY_MAX)
		hear(users, now_ns);
	if (second != users->second)
		users->asked = 0;
	users->second = second;
	return !users->failed && users->under_way < UNDER_WAY_MAX &&
	       users->asked < QUESTIONS_A_SECOND;
}

/* Of an event of this host that has no name. */
static bool uid_of(const struct users *users, const struct event *event,
		   uint32_t *out)
{
	const struct value *id =
		event_value(event, FIELD_USER_ID, READING_INVOKED);
	uint64_t number;

	if (event_value(event, FIELD_USER_NAME, READING_INVOKED)->type !=
		    VALUE_NULL ||
	    id->type != VALUE_STRING || !str_equal(event->host, users->host) ||
	    !digits_parse(id->s, 10, &number) || number >= UINT32_MAX)
		return false;
	*out = (uint32_t)number;
	return true;
}

void users_want(struct users *users, const struct event *event, int64_t now_ns)
{
	struct entry *entry;
	uint32_t uid;

	if (!uid_of(users, event, &uid))
		return;
	entry = find_entry(users, uid);
	if (entry &&
	    (entry->asked ||
	     now_ns - entry->since_ns < (entry->len ? NAMED_NS : NAMELESS_NS)))
		return;
	if (!may_ask(users, now_ns))
		return;
	if (send(users->fd, &uid, sizeof(uid), MSG_DONTWAIT | MSG_NOSIGNAL) <
	    0) {
		users->failed = errno != EAGAIN && errno != EINTR;
		return;
	}
	if (!entry)
		entry = make_entry(users, uid);
	entry->asked = true;
	entry->since_ns = now_ns;
	users->under_way++;
	users->asked++;
}

/* --- alerts --------------------------------------------------------------- */

/* NULL = out of memory. */
static const struct event *named(struct users *users, const struct event *event,
				 struct arena *arena)
{
	const struct entry *entry;
	struct value *values;
	struct event *copy;
	struct str name;
	uint32_t uid;

	if (!uid_of(users, event, &uid))
		return event;
	entry = find_entry(users, uid);
	if (!entry || !entry->len || event->value_count <= FIELD_USER_NAME)
		return event;
	name = arena_str(arena, (struct str){ entry->name, entry->len });
	copy = arena_alloc(arena, sizeof(*copy));
	values = arena_array(arena, event->value_count, sizeof(*values));
	if (!name.data || !copy || !values)
		return NULL;
	*copy = *event;
	memcpy(values, event->values, event->value_count * sizeof(*values));
	copy->values = values;
	event_set(copy, FIELD_USER_NAME, VALUE_OF_STR(name));
	return copy;
}

int users_name_alert(struct users *users, const struct alert *alert,
		     int64_t now_ns, struct arena *arena, struct alert *out)
{
	struct alert copy = *alert;
	const struct event **events =
		arena_array(arena, alert->event_count, sizeof(*events));

	if (!events && alert->event_count)
		return -ENOMEM;
	hear(users, now_ns);
	for (size_t i = 0; i < alert->event_count; i++) {
		events[i] = alert->events[i];
		if (events[i])
			events[i] = named(users, events[i], arena);
		if (!events[i] && alert->events[i])
			return -ENOMEM;
	}
	copy.events = events;
	*out = copy;
	return 0;
}

bool users_failed(const struct users *users)
{
	return users->failed;
}

/* --- life ----------------------------------------------------------------- */

int users_start(const struct users_config *config, struct users **out)
{
	struct users *users = calloc(1, sizeof(*users));
	pid_t parent = getpid(), pid;
	int fds[2], rc = 0;

	if (!users)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds)) {
		rc = -errno;
		free(users);
		return rc;
	}
	users->fd = fds[0];
	users->host = config->host;
	pid = fork();
	if (!pid) {
		serve(fds[1], parent,
		      config->find ? config->find : find_by_service);
		_exit(0);
	}
	if (pid < 0)
		rc = -errno;
	close(fds[1]);
	if (rc)
		users_free(&users);
	else
		*out = users;
	return rc;
}

void users_free(struct users **users)
{
	if (*users)
		close((*users)->fd);
	free(*users);
	*users = NULL;
}
