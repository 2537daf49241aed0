/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the handlers of system calls share. */
#ifndef AUDISP_EQL_NORMALIZE_HANDLER_H
#define AUDISP_EQL_NORMALIZE_HANDLER_H

#include "normalize.h"
#include "proctable.h"
#include "recent.h"

struct context;

/* Each: 0, NORMALIZE_E_IGNORED, -ENOMEM. */
typedef int (*syscall_handler)(struct context *context);

/* A register of the call that the SYSCALL record shows. */
enum argument { A_NONE, A0, A1, A2, A3 };

struct syscall_row {
	const char *name;
	int number;
	syscall_handler handler;
	enum argument directory; /* descriptor that relative names start from */
	enum argument old_directory; /* the same for a rename's old name */
	enum argument flags, mode;
};

/* One audit event on its way to an ECS event. */
struct context {
	struct arena *arena;
	struct record_event records;
	const struct record *subject; /* who did it: SYSCALL or URINGOP */
	const struct syscall_row *row; /* NULL for URINGOP */
	int64_t arch; /* arch= of the SYSCALL record, else 0 */
	struct event *event;
	struct proctable_host *host;
	struct recent_files *recent;
	struct process_sight sight;
	struct str comm;
	bool succeeded;
	bool incomplete; /* something was missing in its records */
};

int process_on_exec(struct context *context);
int process_on_fork(struct context *context);
int process_on_exit(struct context *context);
int file_on_open(struct context *context);
int file_on_rename(struct context *context);
int file_on_chmod(struct context *context);
int network_on_connect(struct context *context);
int network_on_send(struct context *context);
int network_on_socketcall(struct context *context);

/* The words that say what kind of event it is, as constant lists. */
struct event_kind {
	unsigned int categories;
	struct value category, dataset, type, action;
};

#define WORD(word) \
	{ \
		.type = VALUE_STRING, .s = { word, sizeof(word) - 1 } \
	}
#define WORDS(...) \
	{ \
		.type = VALUE_LIST, .list = { \
			(const struct value[]){ __VA_ARGS__ }, \
			sizeof((const struct value[]){ __VA_ARGS__ }) / \
				sizeof(struct value) \
		} \
	}
/* Both sensors whose rules know such events. */
#define DATASETS(endpoint) \
	WORDS(WORD("endpoint.events." endpoint), WORD("auditd_manager.auditd"))

void context_set_kind(struct context *context, const struct event_kind *kind);
void context_set_str(struct context *context, size_t slot, struct str text);
/* An argument of the call; false where it has none of that meaning. */
bool context_argument(const struct context *context, enum argument argument,
		      int64_t *out);
/* The process of the event: table look-up, names, parent, arguments. */
int context_set_process(struct context *context);

/* A PATH record. */
struct path_item {
	struct str name; /* as given; data == NULL = none */
	struct str nametype;
	struct str device, owner, group, inode;
	int64_t mode; /* -1 = none */
};

/* The next PATH record from *next on; false = none. */
bool context_next_path(const struct context *context, size_t *next,
		       struct path_item *out);
/* file.* of an item; the path where an absolute one can be known. */
int context_set_file(struct context *context, const struct path_item *item);
/*
 * An absolute path without "." and "..": name seen from directory. Empty where
 * a relative name has no directory; data == NULL = out of memory.
 */
struct str path_resolve(struct arena *arena, struct str directory,
			struct str name);

#endif
