/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An environment is memory of its process, which can keep a reader waiting for
 * as long as it likes: a thread of its own reads it. Who does not get an answer
 * within the deadline goes on without, and so do all that ask until that thread
 * is back.
 *
 * Bytes come in pieces and pass through: a variable's name is read up to the
 * '=', and only of one that is wanted the value is kept. The first and the last
 * of those with one name count, as some programs heed the one and some the
 * other; whoever has more of them, or longer ones, has an environment that is
 * cut.
 */
#include "environ.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "procfs.h"
#include "util/clock.h"

#define FREE_WAIT_NS NSEC_PER_SEC

/* One that is wanted. */
struct variable {
	struct str name;
	size_t count; /* how many came, with the one under way */
	size_t len[ENVIRON_TEXTS];
	char text[ENVIRON_TEXTS][ENVIRON_TEXT_MAX];
};

/* An environment on its way in. */
struct scan {
	size_t variable_count;
	struct variable *variables;
	struct variable *in; /* whose value it is in; NULL = of none */
	bool in_value, cut;
	size_t name_len;
	char name[LIMIT_ENVIRONMENT_NAME_BYTES + 1]; /* a longer one: no name */
	atomic_bool late; /* nobody waits for it any more */
};

enum phase { PHASE_IDLE, PHASE_ASKED, PHASE_READ };

struct environ_reader {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct arena *arena;
	const char *root;
	int64_t deadline_ns;
	enum phase phase;
	bool stop;
	int64_t pid, since_ms; /* of whom is asked */
	bool found;
	struct scan scan; /* the thread's while it is asked */
};

/* --- variables ------------------------------------------------------------ */

static void scan_begin(struct scan *scan)
{
	for (size_t i = 0; i < scan->variable_count; i++)
		scan->variables[i].count = 0;
	scan->in = NULL;
	scan->in_value = scan->cut = false;
	scan->name_len = 0;
}

static void keep(struct scan *scan, char byte)
{
	struct variable *variable = scan->in;
	size_t which = variable->count > 1;

	if (variable->len[which] == ENVIRON_TEXT_MAX)
		scan->cut = true;
	else
		variable->text[which][variable->len[which]++] = byte;
}

/* A name has ended. */
static void begin_value(struct scan *scan)
{
	const struct str name = { scan->name, scan->name_len };

	scan->in_value = true;
	scan->in = NULL;
	for (size_t i = 0; i < scan->variable_count && !scan->in; i++)
		if (str_equal(scan->variables[i].name, name))
			scan->in = &scan->variables[i];
	if (!scan->in)
		return;
	scan->cut = scan->cut || scan->in->count == ENVIRON_TEXTS;
	if (scan->in->count < ENVIRON_TEXTS)
		scan->in->count++;
	scan->in->len[scan->in->count - 1] = 0;
	for (size_t i = 0; i < name.len; i++)
		keep(scan, name.data[i]);
	keep(scan, '=');
}

static bool scan_take(void *user, struct str bytes)
{
	struct scan *scan = user;

	for (size_t i = 0; i < bytes.len; i++) {
		char byte = bytes.data[i];

		if (!byte) {
			scan->in = NULL;
			scan->in_value = false;
			scan->name_len = 0;
		} else if (scan->in) {
			keep(scan, byte);
		} else if (!scan->in_value && byte == '=') {
			begin_value(scan);
		} else if (!scan->in_value &&
			   scan->name_len < sizeof(scan->name)) {
			scan->name[scan->name_len++] = byte;
		}
	}
	return !atomic_load(&scan->late);
}

/* 0 or -ENOMEM. */
static int scan_tell(const struct scan *scan, struct arena *arena,
		     struct value *out)
{
	struct value *items = arena_array(
		arena, ENVIRON_TEXTS * scan->variable_count, sizeof(*items));
	size_t count = 0;

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < scan->variable_count; i++) {
		const struct variable *variable = &scan->variables[i];

		for (size_t k = 0; k < variable->count; k++) {
			struct str text = arena_str(
				arena, (struct str){ variable->text[k],
						     variable->len[k] });

			if (!text.data)
				return -ENOMEM;
			items[count++] = VALUE_OF_STR(text);
		}
	}
	if (count)
		*out = (struct value){ .type = VALUE_LIST,
				       .list = { items, count } };
	return 0;
}

/* --- the thread ----------------------------------------------------------- */

static void *reader_run(void *user)
{
	struct environ_reader *reader = user;

	pthread_mutex_lock(&reader->lock);
	while (!reader->stop) {
		if (reader->phase != PHASE_ASKED) {
			pthread_cond_wait(&reader->changed, &reader->lock);
			continue;
		}
		pthread_mutex_unlock(&reader->lock);
		scan_begin(&reader->scan);
		reader->found = procfs_environ(reader->root, reader->pid,
					       reader->since_ms, scan_take,
					       &reader->scan);
		pthread_mutex_lock(&reader->lock);
		reader->phase = atomic_load(&reader->scan.late) ? PHASE_IDLE
								: PHASE_READ;
		pthread_cond_broadcast(&reader->changed);
	}
	pthread_mutex_unlock(&reader->lock);
	return NULL;
}

/* Waits while the thread reads; the lock is held. */
static void wait_for_thread(struct environ_reader *reader, int64_t wait_ns)
{
	int64_t until_ns = clock_ns(CLOCK_MONOTONIC) + wait_ns;
	const struct timespec until = { .tv_sec = until_ns / NSEC_PER_SEC,
					.tv_nsec = until_ns % NSEC_PER_SEC };
	int rc = 0;

	while (!rc && reader->phase == PHASE_ASKED)
		rc = pthread_cond_timedwait(&reader->changed, &reader->lock,
					    &until);
}

enum environment_answer environ_read(void *user, int64_t pid, int64_t since_ms,
				     struct arena *arena, struct value *out)
{
	struct environ_reader *reader = user;
	enum environment_answer answer = ENVIRONMENT_UNKNOWN;

	pthread_mutex_lock(&reader->lock);
	if (reader->phase == PHASE_IDLE) {
		reader->pid = pid;
		reader->since_ms = since_ms;
		atomic_store(&reader->scan.late, false);
		reader->phase = PHASE_ASKED;
		pthread_cond_broadcast(&reader->changed);
		wait_for_thread(reader, reader->deadline_ns);
	}
	if (reader->phase == PHASE_ASKED) {
		atomic_store(&reader->scan.late, true);
	} else {
		reader->phase = PHASE_IDLE;
		if (reader->found && !scan_tell(&reader->scan, arena, out))
			answer = reader->scan.cut ? ENVIRONMENT_CUT
						  : ENVIRONMENT_WHOLE;
	}
	pthread_mutex_unlock(&reader->lock);
	return answer;
}

/* --- life ----------------------------------------------------------------- */

static int copy_names(struct environ_reader *reader,
		      const struct str_list *names)
{
	struct scan *scan = &reader->scan;

	scan->variables = arena_array(reader->arena, names->count,
				      sizeof(*scan->variables));
	if (!scan->variables)
		return -ENOMEM;
	for (size_t i = 0; i < names->count; i++) {
		struct variable *variable = &scan->variables[i];

		variable->name = arena_str(reader->arena, names->items[i]);
		if (!variable->name.data)
			return -ENOMEM;
	}
	scan->variable_count = names->count;
	return 0;
}

static int start_thread(struct environ_reader *reader)
{
	pthread_condattr_t attributes;

	pthread_mutex_init(&reader->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&reader->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	return pthread_create(&reader->thread, NULL, reader_run, reader)
		       ? -ENOMEM
		       : 0;
}

int environ_reader_new(const struct environ_config *config,
		       struct environ_reader **out)
{
	struct environ_reader *reader = calloc(1, sizeof(*reader));
	int rc = -ENOMEM;

	if (!reader)
		return rc;
	reader->deadline_ns = config->deadline_ns;
	reader->arena = arena_new(0);
	if (reader->arena)
		reader->root =
			arena_str(reader->arena, str_from(config->root)).data;
	if (reader->root)
		rc = copy_names(reader, config->names);
	if (!rc)
		rc = start_thread(reader);
	if (rc) {
		arena_free(&reader->arena);
		free(reader);
		return rc;
	}
	*out = reader;
	return 0;
}

void environ_reader_free(struct environ_reader **out)
{
	struct environ_reader *reader = *out;
	bool stuck;

	*out = NULL;
	if (!reader)
		return;
	pthread_mutex_lock(&reader->lock);
	reader->stop = true;
	atomic_store(&reader->scan.late, true);
	pthread_cond_broadcast(&reader->changed);
	wait_for_thread(reader, FREE_WAIT_NS);
	stuck = reader->phase == PHASE_ASKED;
	pthread_mutex_unlock(&reader->lock);
	/* a thread that is kept waiting ends with the process */
	if (stuck)
		return;
	pthread_join(reader->thread, NULL);
	pthread_mutex_destroy(&reader->lock);
	pthread_cond_destroy(&reader->changed);
	arena_free(&reader->arena);
	free(reader);
}
