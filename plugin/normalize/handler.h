/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the handlers of system calls share. */
#ifndef AUDISP_EQL_NORMALIZE_HANDLER_H
#define AUDISP_EQL_NORMALIZE_HANDLER_H

#include "normalize.h"
#include "proctable.h"
#include "recent.h"

struct births;
struct context;
struct glance;
struct path_item;

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
	enum argument size; /* of the value of an attribute */
	/* the tables learn nothing from it but that the process was there, in
	 * whatever way it succeeded: where no rule asks for it, that is told
	 * without parsing it */
	bool plain;
};

/* One audit event on its way to an ECS event. Stands in the arena: what is left
 * of the event is made from it (later.h). */
struct context {
	struct arena *arena;
	struct event_rest rest;
	struct record_event records;
	const struct record *subject; /* who did it: SYSCALL, URINGOP, or: */
	const struct record *message; /* a record that is an event by itself */
	const struct syscall_row *row; /* NULL for any but SYSCALL */
	int64_t arch; /* arch= of the SYSCALL record, else 0 */
	struct event *event;
	struct proctable_host *host;
	struct recent_files *recent;
	struct births *births;
	struct path_item *paths; /* of its PATH records */
	size_t path_count;
	uint64_t file_host; /* the event's host, as a file_id has it */
	uint32_t login; /* auid; ID_UNKNOWN = none */
	/* what was read of a call before it was parsed, and is not in its
	 * records; NULL = nothing */
	const struct glance *glance;
	struct str directory; /* cwd= of it; empty = see its records */
	struct process_sight sight;
	struct process *process; /* once context_set_process() has been there */
	bool is_child; /* the event is of a child of that, with no record yet */
	const struct process_exec *exec; /* NULL = another call, no arguments */
	struct process_capabilities capabilities; /* to be told */
	struct path_item *file; /* to be told; NULL = none */
	/* who is asked about processes; NULL = another host's event */
	const struct process_resolver *resolver;
	struct normalizer_stats *stats;
	struct str comm, tty; /* as the record has them */
	bool exe_deleted; /* the file the process runs has no name any more */
	bool succeeded;
	bool mixed; /* another host may have sent what is known of its host */
	bool incomplete; /* something was missing in its records */
};

int entry_on_delete(struct context *context);
int entry_on_link(struct context *context);
int entry_on_mkdir(struct context *context);
int entry_on_mknod(struct context *context);
int entry_on_symlink(struct context *context);
int file_on_chmod(struct context *context);
int file_on_chown(struct context *context);
int file_on_open(struct context *context);
int file_on_rename(struct context *context);
int file_on_setxattrat(struct context *context);
int file_on_truncate(struct context *context);
int file_on_xattr(struct context *context);
/* Whether the value of an attribute is of the size of an ACL. */
bool file_may_be_acl(int64_t size);
int identity_on_gid(struct context *context);
int identity_on_uid(struct context *context);
int kernel_on_call(struct context *context);
int kernel_on_namespace(struct context *context);
int kernel_on_module_load(struct context *context);
int kernel_on_module_unload(struct context *context);
int kernel_on_mount(struct context *context);
int kernel_on_unmount(struct context *context);
int network_on_accept(struct context *context);
int network_on_bind(struct context *context);
int network_on_connect(struct context *context);
int network_on_listen(struct context *context);
int network_on_send(struct context *context);
int network_on_socketcall(struct context *context);
int process_on_exec(struct context *context);
int process_on_exit(struct context *context);
int process_on_fork(struct context *context);
int process_on_setpgid(struct context *context);
int process_on_setsid(struct context *context);
/* Of context->process, without any record. */
int running_make(struct context *context);
int target_on_kill(struct context *context);
int target_on_ptrace(struct context *context);

/* The words that say what kind of event it is, as constant lists. */
struct event_kind {
	unsigned int categories;
	struct value category, dataset, type, action; /* action may be null */
	bool arguments; /* auditd.data.a0 .. a3 say something a rule may ask */
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
/* Of files a third one knows. */
#define FILE_DATASETS \
	WORDS(WORD("endpoint.events.file"), WORD("auditd_manager.auditd"), \
	      WORD("fim.event"))

void context_set_kind(struct context *context, const struct event_kind *kind);
void context_set_str(struct context *context, size_t slot, struct str text);
/* An argument of the call; false where it has none of that meaning. */
bool context_argument(const struct context *context, enum argument argument,
		      int64_t *out);
/* The process of the event, found or made in the table: context->process. */
int context_see(struct context *context);
/* The same, and what the event says of it: names, parent, arguments. */
int context_set_process(struct context *context);
/* An event that has nothing but its process and kind; failed calls are none. */
int context_make_plain(struct context *context, const struct event_kind *kind);
/* The parts of it, of context->process, for events that know better what it
 * runs: pid, parent and other relatives; what it runs; the two readings of the
 * name. */
void context_set_place(struct context *context);
void context_set_program(struct context *context);
/* Its ids, where no record tells them. */
int context_set_ids(struct context *context, const struct process_ids *ids);
void context_set_names(struct context *context, struct str invoked,
		       struct str resolved);
void context_set_capabilities(struct context *context,
			      const struct process_capabilities *capabilities);
/* The same for a child of the process that has no record yet. */
void context_set_child(struct context *context, struct process *process);

/* user.c: the words of a record that is an event by itself; NULL = it is none.
 */
struct user_record;
const struct user_record *user_record_find(int type);
/* Whether it tells the tables no more than that the process was there. */
bool user_record_is_plain(int type);
int user_on_record(struct context *context, const struct user_record *row);

/* A PATH record. */
struct path_item {
	struct str name; /* as given; data == NULL = none */
	struct str nametype;
	struct str device, owner, group, inode;
	int64_t mode, owner_id; /* -1 = none */
};

/* Reads the PATH records, before any of those below. 0 or -ENOMEM. */
int context_read_paths(struct context *context);
/* The next one from *next on; false = none. */
bool context_next_path(const struct context *context, size_t *next,
		       struct path_item *out);
/* The first item of a file that exists, which a call was about: no parent. */
bool context_find_object(const struct context *context, struct path_item *out);
/* file.* of an item; the path where an absolute one can be known. */
int context_set_file(struct context *context, const struct path_item *item);
/* Where relative names start from; empty = unknown: a descriptor, or no CWD
 * record. (PATH's PARENT item names the CWD even for a descriptor.) */
struct str context_start_directory(const struct context *context,
				   enum argument argument);
/*
 * An absolute path without "." and "..": name seen from directory, or name
 * itself. Empty where a relative name has no directory; data == NULL = out of
 * memory.
 */
struct str path_resolve(struct arena *arena, struct str directory,
			struct str name);

#endif
