/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An audit event is what one system call did: its SYSCALL record says who and
 * whether it succeeded, the others what with. The call's number picks a handler
 * (syscalls.def); what all events have in common is filled in here.
 */
#include "normalize.h"

#include <errno.h>
#include <libaudit.h>
#include <stdlib.h>
#include <string.h>

#include "birth.h"
#include "glance.h"
#include "later.h"
#include "names.h"

#ifndef AUDIT_URINGOP
#define AUDIT_URINGOP 1336
#endif

static const struct syscall_row syscalls[] = {
#define SYSCALL_ROW(row_name, row_number, row_handler, ...) \
	{ .name = #row_name, \
	  .number = row_number, \
	  .handler = row_handler, \
	  __VA_ARGS__ },
#include "syscalls.def"
#undef SYSCALL_ROW
};

#define SYSCALLS (sizeof(syscalls) / sizeof(syscalls[0]))

/* Inside only: it cannot be told without parsing the event. */
enum { NORMALIZE_E_UNKNOWN = NORMALIZE_E_SEEN + 1 };

/* Architectures records may come from; a table each, made at first sight. */
#define MACHINES 8
#define SYSCALL_NUMBERS 512
#define RECORD_TYPES 4096

struct machine {
	int64_t arch; /* arch= of the record */
	uint8_t row[SYSCALL_NUMBERS]; /* of syscalls[] + 1, 0 = none */
};

_Static_assert(SYSCALLS < UINT8_MAX, "a row of syscalls.def has no number");

struct normalizer {
	struct normalizer_config config;
	struct normalizer_stats stats;
	struct record_parser *parser;
	struct proctable *processes;
	struct recent_files *recent;
	struct births *births;
	struct arena *names; /* owns the configuration's text */
	size_t machine_count;
	struct machine machines[MACHINES];
	/* what no rule asks for */
	bool unwanted_calls[SYSCALLS];
	bool unwanted_records[RECORD_TYPES];
};

/* --- system calls --------------------------------------------------------- */

static void machine_fill(struct machine *machine, int64_t arch)
{
	int audit_machine = audit_elf_to_machine((unsigned int)arch);

	*machine = (struct machine){ .arch = arch };
	for (size_t i = 0; i < SYSCALLS; i++) {
		int number = -1;

		if (audit_machine >= 0)
			number = audit_name_to_syscall(syscalls[i].name,
						       audit_machine);
		if (number < 0)
			number = syscalls[i].number;
		if (number >= 0 && number < SYSCALL_NUMBERS)
			machine->row[number] = (uint8_t)(i + 1);
	}
}

static const struct machine *machine_get(struct normalizer *normalizer,
					 int64_t arch)
{
	struct machine *machine;

	for (size_t i = 0; i < normalizer->machine_count; i++)
		if (normalizer->machines[i].arch == arch)
			return &normalizer->machines[i];
	/* an architecture beyond the table takes the last place */
	if (normalizer->machine_count < MACHINES)
		normalizer->machine_count++;
	machine = &normalizer->machines[normalizer->machine_count - 1];
	machine_fill(machine, arch);
	return machine;
}

/* NULL = none of ours. */
static const struct syscall_row *row_of(struct normalizer *normalizer,
					int64_t arch, int64_t number)
{
	uint8_t row;

	if (number < 0 || number >= SYSCALL_NUMBERS)
		return NULL;
	row = machine_get(normalizer, arch)->row[number];
	return row ? &syscalls[row - 1] : NULL;
}

/* The row of a SYSCALL record. */
static const struct syscall_row *find_syscall(struct normalizer *normalizer,
					      struct context *context)
{
	const struct glance *glance = context->glance;
	int64_t number;

	if (glance) {
		context->arch = glance->arch;
		return row_of(normalizer, glance->arch, glance->syscall);
	}
	if (!record_number(context->subject, "arch", 16, &context->arch) ||
	    !record_number(context->subject, "syscall", 10, &number))
		return NULL;
	return row_of(normalizer, context->arch, number);
}

bool context_argument(const struct context *context, enum argument argument,
		      int64_t *out)
{
	static const char *const names[] = {
		[A0] = "a0", [A1] = "a1", [A2] = "a2", [A3] = "a3"
	};

	return argument != A_NONE &&
	       record_number(context->subject, names[argument], 16, out);
}

/* --- common fields -------------------------------------------------------- */

void context_set_str(struct context *context, size_t slot, struct str text)
{
	if (text.len)
		event_set(context->event, slot, VALUE_OF_STR(text));
}

int common_make_registers(struct context *context)
{
	const struct record *subject = context->subject;

	context_set_str(context, FIELD_AUDITD_DATA_A0,
			record_raw(subject, "a0"));
	context_set_str(context, FIELD_AUDITD_DATA_A1,
			record_raw(subject, "a1"));
	context_set_str(context, FIELD_AUDITD_DATA_A2,
			record_raw(subject, "a2"));
	context_set_str(context, FIELD_AUDITD_DATA_A3,
			record_raw(subject, "a3"));
	return 0;
}

void context_set_kind(struct context *context, const struct event_kind *kind)
{
	struct event *event = context->event;

	event->categories = kind->categories;
	event_set(event, FIELD_EVENT_CATEGORY, kind->category);
	event_set(event, FIELD_EVENT_TYPE, kind->type);
	event_set(event, FIELD_EVENT_ACTION, kind->action);
	event_set(event, FIELD_DATA_STREAM_DATASET, kind->dataset);
	if (kind->arguments)
		context_later(context, LATER_REGISTERS);
}

int context_make_plain(struct context *context, const struct event_kind *kind)
{
	int rc;

	if (!context->succeeded)
		return NORMALIZE_E_IGNORED;
	rc = context_set_process(context);
	if (!rc)
		context_set_kind(context, kind);
	return rc;
}

/* An id as keyword, in all places that bear it; 4294967295 is none. */
static void set_id(struct context *context, struct str id, const size_t *slots,
		   size_t count)
{
	if (str_equal(id, STR("4294967295")) || str_equal(id, STR("-1")))
		return;
	for (size_t i = 0; i < count; i++)
		context_set_str(context, slots[i], id);
}

#define SET_ID(context, field, ...) \
	set_id(context, record_raw((context)->subject, field), \
	       (const size_t[]){ __VA_ARGS__ }, \
	       sizeof((const size_t[]){ __VA_ARGS__ }) / sizeof(size_t))

int common_make_ids(struct context *context)
{
	SET_ID(context, "euid", FIELD_USER_ID, FIELD_USER_EFFECTIVE_ID,
	       FIELD_PROCESS_USER_ID);
	return 0;
}

int common_make_other_ids(struct context *context)
{
	SET_ID(context, "uid", FIELD_USER_EXT_REAL_ID,
	       FIELD_PROCESS_REAL_USER_ID);
	SET_ID(context, "egid", FIELD_GROUP_ID, FIELD_PROCESS_GROUP_ID);
	SET_ID(context, "gid", FIELD_GROUP_EXT_REAL_ID,
	       FIELD_PROCESS_REAL_GROUP_ID);
	SET_ID(context, "auid", FIELD_USER_AUDIT_ID);
	SET_ID(context, "ses", FIELD_USER_AUDIT_SESSION);
	context_set_str(context, FIELD_USER_NAME,
			record_enriched(context->subject, "EUID"));
	return 0;
}

/* What all events have, whatever made them. */
int common_make_constants(struct context *context)
{
	struct event *event = context->event;

	event_set(event, FIELD_TIMESTAMP,
		  VALUE_OF_INT(event->time_ns / NSEC_PER_MSEC));
	context_set_str(context, FIELD_HOST_ID, event->host);
	context_set_str(context, FIELD_HOST_NAME, event->node);
	/* there is one sensor on a host */
	context_set_str(context, FIELD_AGENT_ID, event->host);
	context_set_str(context, FIELD_DATA_STREAM_NAMESPACE, STR("default"));
	context_set_str(context, FIELD_HOST_OS_TYPE, STR("linux"));
	context_set_str(context, FIELD_EVENT_KIND, STR("event"));
	context_set_str(context, FIELD_EVENT_MODULE, STR("auditd"));
	context_set_str(context, FIELD_EVENT_OUTCOME,
			context->succeeded ? STR("success") : STR("failure"));
	context_set_str(context, FIELD_AUDITD_RESULT,
			context->succeeded ? STR("success") : STR("fail"));
	if (context->row)
		context_set_str(context, FIELD_AUDITD_DATA_SYSCALL,
				str_from(context->row->name));
	return 0;
}

static void set_common(struct context *context)
{
	struct event *event = context->event;

	context_later(context, LATER_CONSTANTS);
	context_later(context, LATER_DIRECTORY);
	context_later(context, LATER_IDS);
	context_later(context, LATER_OTHER_IDS);
	context_later(context, LATER_TTY);
	event->charge_uid = known_payer(context);
	event->records = context->records.texts;
	event->record_count = context->records.raw->record_count;
	if (context->incomplete)
		event->flags |= EVENT_INCOMPLETE;
}

/* --- records -------------------------------------------------------------- */

struct str normalizer_host(const struct normalizer *normalizer, struct str node)
{
	const struct normalizer_config *config = &normalizer->config;

	if (!node.len && config->names_all)
		return STR(NORMALIZE_NO_NAME);
	if (!node.len || str_equal(node, config->local_node))
		return config->host_id;
	return node;
}

/* Whether all PATH records came that the subject's record announces. */
static bool has_all_paths(const struct context *context)
{
	int64_t items;

	return record_number(context->subject, "items", 10, &items) &&
	       (int64_t)context->path_count >= items;
}

static int seed_parent(void *user, const struct process_seed *seed)
{
	return normalizer_seed(user, seed);
}

/* A parent that was forked, and has done nothing since that is audited, as the
 * workers of many daemons, is only known to the kernel. */
static int ask_for_parent(struct normalizer *normalizer,
			  const struct context *context)
{
	const struct process_resolver *resolver = context->resolver;
	const struct process_sight *sight = &context->sight;

	if (!resolver || !resolver->describe || sight->ppid <= 1 ||
	    proctable_find(context->host, sight->pid) ||
	    proctable_find(context->host, sight->ppid))
		return 0;
	return resolver->describe(resolver->user, sight->ppid, sight->time_ms,
				  seed_parent, normalizer);
}

/* The tables of the host the event is of. */
static int begin_host(struct normalizer *normalizer, struct context *context,
		      struct str host)
{
	context->recent = normalizer->recent;
	context->births = normalizer->births;
	context->stats = &normalizer->stats;
	if (host.data == normalizer->config.host_id.data && !context->mixed)
		context->resolver = &normalizer->config.resolver;
	context->host = proctable_host(normalizer->processes, host);
	if (!context->host)
		return -ENOMEM;
	context->file_host = proctable_host_hash(context->host);
	if (context->mixed) {
		proctable_host_forget(context->host);
		provenance_forget(births_files(normalizer->births),
				  context->file_host);
	}
	return ask_for_parent(normalizer, context);
}

static int begin_event(struct normalizer *normalizer, struct context *context)
{
	const struct raw_event *raw = context->records.raw;
	struct event *event = event_new_sparse(context->arena,
					       normalizer->config.field_count);

	if (!event)
		return -ENOMEM;
	context->mixed = raw->mixed;
	context->event = event;
	later_begin(context);
	event->time_ns = raw->time_ns;
	event->serial = raw->serial;
	event->node = arena_str(context->arena, raw->node);
	if (!event->node.data || context_read_paths(context))
		return -ENOMEM;
	context->incomplete = !raw->complete || !has_all_paths(context);
	event->host = normalizer_host(normalizer, event->node);
	return begin_host(normalizer, context, event->host);
}

static uint32_t id_of(struct str text)
{
	int64_t id;

	return record_parse_number(text, 10, &id) ? (uint32_t)id : ID_UNKNOWN;
}

/* In the order of a SYSCALL record. */
enum {
	SUCCESS,
	PPID,
	PID,
	AUID,
	UID,
	GID,
	EUID,
	EGID,
	TTY,
	COMM,
	EXE,
	SUBJECT
};

static const struct record_name subject_names[SUBJECT] = {
	[SUCCESS] = RECORD_NAME("success"), [PPID] = RECORD_NAME("ppid"),
	[PID] = RECORD_NAME("pid"),	    [AUID] = RECORD_NAME("auid"),
	[UID] = RECORD_NAME("uid"),	    [GID] = RECORD_NAME("gid"),
	[EUID] = RECORD_NAME("euid"),	    [EGID] = RECORD_NAME("egid"),
	[TTY] = RECORD_NAME("tty"),	    [COMM] = RECORD_NAME("comm"),
	[EXE] = RECORD_NAME("exe"),
};

static struct str read_directory(const struct context *context)
{
	size_t next = 0;
	const struct record *cwd =
		record_find(&context->records, AUDIT_CWD, &next);

	return cwd ? record_decoded(cwd, "cwd") : context->directory;
}

/* What the subject's record says. False = no pid: not of use. */
static bool read_subject(struct context *context)
{
	struct process_sight *sight = &context->sight;
	struct str fields[SUBJECT], exe;

	record_pick(context->subject, subject_names, SUBJECT, fields);
	exe = record_decode(context->subject, fields[EXE]);
	*sight = (struct process_sight){
		.ppid = -1,
		.serial = context->records.raw->serial,
		.time_ms = context->records.raw->time_ns / NSEC_PER_MSEC,
		.exe = name_without_deleted(exe),
		.directory = read_directory(context),
		.ids = { .uid = id_of(fields[UID]),
			 .euid = id_of(fields[EUID]),
			 .gid = id_of(fields[GID]),
			 .egid = id_of(fields[EGID]) },
		.tty = tty_of_name(fields[TTY]),
	};
	context->succeeded = context->glance
				     ? !context->glance->failed
				     : str_equal(fields[SUCCESS], STR("yes"));
	context->comm = record_decode(context->subject, fields[COMM]);
	context->tty = fields[TTY];
	context->login = id_of(fields[AUID]);
	context->exe_deleted = exe.len != sight->exe.len;
	sight->payer = known_payer(context);
	record_parse_number(fields[PPID], 10, &sight->ppid);
	return record_parse_number(fields[PID], 10, &sight->pid) &&
	       sight->pid > 0;
}

/* Whether a call that failed can make an event: to try to connect counts. */
static bool counts_failed(const struct syscall_row *row)
{
	return row->handler == network_on_connect ||
	       row->handler == network_on_send ||
	       row->handler == network_on_socketcall;
}

static int run_handler(struct normalizer *normalizer, struct context *context,
		       syscall_handler handler)
{
	bool seen;
	int rc;

	if (!read_subject(context)) {
		normalizer->stats.malformed++;
		return NORMALIZE_E_IGNORED;
	}
	rc = begin_event(normalizer, context);
	seen = context->row && context->row->plain &&
	       (context->succeeded || counts_failed(context->row));
	if (!rc && seen)
		rc = context_see(context);
	if (!rc)
		rc = handler(context);
	if (!rc)
		set_common(context);
	/* as where it is not parsed */
	return seen && rc == NORMALIZE_E_IGNORED ? NORMALIZE_E_SEEN : rc;
}

static int on_syscall(struct normalizer *normalizer, struct context *context)
{
	context->row = find_syscall(normalizer, context);
	if (!context->row)
		return NORMALIZE_E_IGNORED;
	return run_handler(normalizer, context, context->row->handler);
}

/* An operation of io_uring, where a kernel thread carried it out. The record
 * has no comm, exe or login uid. */
static int on_uring(struct normalizer *normalizer, struct context *context)
{
	enum { URING_CONNECT = 16 };
	int64_t op;

	if (!record_number(context->subject, "uring_op", 10, &op) ||
	    op != URING_CONNECT)
		return NORMALIZE_E_IGNORED;
	return run_handler(normalizer, context, network_on_connect);
}

/* A record that is an event by itself; the SYSCALL record beside it, if there
 * is one, says more about who. */
static int on_user_record(struct normalizer *normalizer,
			  struct context *context)
{
	const struct user_record *row =
		user_record_find(record_type(context->message));
	size_t next = 0;
	int rc;

	context->row = NULL;
	context->subject = record_find(&context->records, AUDIT_SYSCALL, &next);
	if (!context->subject)
		context->subject = context->message;
	if (!read_subject(context)) {
		normalizer->stats.malformed++;
		return NORMALIZE_E_IGNORED;
	}
	rc = begin_event(normalizer, context);
	context->incomplete = false;
	if (!rc)
		rc = user_on_record(context, row);
	if (!rc)
		set_common(context);
	return rc;
}

static int on_boot(struct normalizer *normalizer, struct context *context)
{
	struct proctable_host *host = proctable_host(
		normalizer->processes,
		normalizer_host(normalizer, context->records.raw->node));

	if (!host)
		return -ENOMEM;
	proctable_host_boot(host);
	return NORMALIZE_E_IGNORED;
}

static const struct {
	int type;
	int (*handler)(struct normalizer *normalizer, struct context *context);
} record_rows[] = {
#define RECORD_ROW(type, handler) { type, handler },
#include "records.def"
#undef RECORD_ROW
};

#define RECORD_ROWS (sizeof(record_rows) / sizeof(record_rows[0]))

/* Whether records are there that belong to a SYSCALL record, which is not. */
static bool has_orphans(const struct context *context)
{
	static const int types[] = { AUDIT_EXECVE, AUDIT_PATH, AUDIT_CWD,
				     AUDIT_SOCKADDR };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		size_t next = 0;

		if (record_find(&context->records, types[i], &next))
			return true;
	}
	return false;
}

/* The first record that is an event by itself. */
static const struct record *find_message(const struct context *context)
{
	for (size_t i = 0; i < context->records.count; i++)
		if (user_record_find(record_type(context->records.records[i])))
			return context->records.records[i];
	return NULL;
}

static int dispatch(struct normalizer *normalizer, struct context *context)
{
	int rc = NORMALIZE_E_IGNORED;

	context->subject = NULL;
	for (size_t i = 0; i < RECORD_ROWS && !context->subject; i++) {
		size_t next = 0;

		context->subject = record_find(&context->records,
					       record_rows[i].type, &next);
		if (context->subject)
			rc = record_rows[i].handler(normalizer, context);
	}
	if (rc != NORMALIZE_E_IGNORED)
		return rc;
	context->message = find_message(context);
	if (context->message)
		return on_user_record(normalizer, context);
	if (context->subject)
		return rc;
	/* lost by the kernel: who did it is not known */
	normalizer->stats.malformed += has_orphans(context);
	return NORMALIZE_E_IGNORED;
}

/* Who was there, and the tables of its host. */
static int begin_seen(struct normalizer *normalizer,
		      const struct raw_event *raw,
		      const struct glance_sight *seen, struct context *context)
{
	context->sight = seen->sight;
	context->login = seen->login;
	context->mixed = raw->mixed;
	context->sight.payer = known_payer(context);
	return begin_host(normalizer, context,
			  normalizer_host(normalizer, raw->node));
}

/* Nothing of the event is of use but who was there, and when:
 * NORMALIZE_E_UNKNOWN where that is not to be seen at a glance. */
static int only_see(struct normalizer *normalizer, const struct raw_event *raw,
		    const struct glance *glance, const struct syscall_row *row)
{
	struct context context = { 0 };
	struct glance_sight seen;
	int64_t size;
	int rc;

	if (!glance_sight(raw, glance, &seen))
		return NORMALIZE_E_UNKNOWN;
	/* a file may become executable by it */
	if (row && row->size &&
	    (!glance_argument(&seen, row->size - A0, &size) ||
	     file_may_be_acl(size)))
		return NORMALIZE_E_UNKNOWN;
	rc = begin_seen(normalizer, raw, &seen, &context);
	if (!rc)
		rc = context_see(&context);
	return rc ? rc : NORMALIZE_E_SEEN;
}

/* A connection within the host is no event, and teaches nothing but that its
 * host is there. */
static int pass_local(struct normalizer *normalizer,
		      const struct raw_event *raw, const struct glance *glance)
{
	struct context context = { 0 };
	struct glance_sight seen;
	int rc;

	if (!glance_sight(raw, glance, &seen))
		return NORMALIZE_E_UNKNOWN;
	rc = begin_seen(normalizer, raw, &seen, &context);
	return rc ? rc : NORMALIZE_E_IGNORED;
}

static int glance_call(struct normalizer *normalizer,
		       const struct raw_event *raw, const struct glance *glance)
{
	const struct syscall_row *row =
		row_of(normalizer, glance->arch, glance->syscall);

	if (!row)
		return NORMALIZE_E_IGNORED;
	if (glance->failed && !counts_failed(row)) {
		/* the host is alive, though */
		proctable_host(normalizer->processes,
			       normalizer_host(normalizer, raw->node));
		return NORMALIZE_E_IGNORED;
	}
	if (row->handler == network_on_connect && glance_is_local(raw, glance))
		return pass_local(normalizer, raw, glance);
	if (!row->plain || !normalizer->unwanted_calls[row - syscalls])
		return NORMALIZE_E_UNKNOWN;
	return only_see(normalizer, raw, glance, row);
}

/* Whether no record of the type makes an event. */
static bool is_unread(int type)
{
	for (size_t i = 0; i < RECORD_ROWS; i++)
		if (record_rows[i].type == type)
			return false;
	return !user_record_find(type);
}

static int glance_record(struct normalizer *normalizer,
			 const struct raw_event *raw,
			 const struct glance *glance)
{
	if (glance->type < 0 || glance->type >= RECORD_TYPES)
		return NORMALIZE_E_UNKNOWN;
	if (is_unread(glance->type))
		return NORMALIZE_E_IGNORED;
	if (!normalizer->unwanted_records[glance->type])
		return NORMALIZE_E_UNKNOWN;
	return only_see(normalizer, raw, glance, NULL);
}

/* Deals with an event without parsing it; NORMALIZE_E_UNKNOWN = it has to be
 * parsed. */
static int glance_over(struct normalizer *normalizer,
		       const struct raw_event *raw, struct glance *glance)
{
	*glance = (struct glance){ .of = GLANCE_OTHER };
	if (normalizer->config.parse_all)
		return NORMALIZE_E_UNKNOWN;
	glance_at(raw, glance);
	switch (glance->of) {
	case GLANCE_CALL:
		return glance_call(normalizer, raw, glance);
	case GLANCE_RECORD:
		return glance_record(normalizer, raw, glance);
	default:
		return NORMALIZE_E_UNKNOWN;
	}
}

/* Whether no more is read of a call's arguments than its row says. */
static bool reads_few_arguments(const struct syscall_row *row)
{
	return row->handler == process_on_exec ||
	       row->handler == network_on_connect ||
	       row->handler == file_on_chmod ||
	       row->handler == file_on_rename ||
	       row->handler == entry_on_delete;
}

/* What of a call its handler reads, beside what a glance has read. */
static unsigned int wanted_parts(const struct syscall_row *row)
{
	static const unsigned int parts[] = {
		[A0] = RECORD_A0,
		[A1] = RECORD_A1,
		[A2] = RECORD_A2,
		[A3] = RECORD_A3,
	};
	unsigned int want = RECORD_ARGUMENTS;

	if (reads_few_arguments(row))
		want = parts[row->directory] | parts[row->old_directory] |
		       parts[row->flags] | parts[row->mode] | parts[row->size];
	/* what runs now has a better name */
	return row->handler == process_on_exec ? want : want | RECORD_COMM;
}

/* Of a call what stands at its beginning, and a working directory that is plain
 * text, are read already. */
static int parse_event(struct normalizer *normalizer,
		       const struct raw_event *raw, const struct glance *glance,
		       struct context *context)
{
	unsigned int want =
		normalizer->config.parse_all ? RECORD_ALL : RECORD_EVENT;

	if (glance->of == GLANCE_CALL) {
		struct str directory;

		context->glance = glance;
		want = wanted_parts(
			row_of(normalizer, glance->arch, glance->syscall));
		if (glance_directory(raw, glance, &directory))
			context->directory =
				arena_str(context->arena, directory);
		else
			want |= RECORD_CWD;
	}
	return record_parse(normalizer->parser, raw, want, context->arena,
			    &context->records);
}

/* NULL = out of memory. */
static struct context *context_new(struct arena *arena)
{
	struct context *context = arena_alloc(arena, sizeof(*context));

	if (context)
		context->arena = arena;
	return context;
}

int normalize_event(struct normalizer *normalizer, const struct raw_event *raw,
		    struct arena *arena, struct event **out)
{
	struct context *context;
	struct glance glance;
	int rc;

	rc = glance_over(normalizer, raw, &glance);
	if (rc != NORMALIZE_E_UNKNOWN) {
		normalizer->stats.ignored += rc > 0;
		return rc;
	}
	context = context_new(arena);
	if (!context)
		return -ENOMEM;
	rc = parse_event(normalizer, raw, &glance, context);
	if (rc == RECORD_E_MALFORMED) {
		normalizer->stats.malformed++;
		rc = NORMALIZE_E_IGNORED;
	} else if (!rc) {
		rc = dispatch(normalizer, context);
	}
	context->glance = NULL;
	normalizer->stats.ignored += rc > 0;
	if (!rc && normalizer->config.parse_all)
		rc = event_complete(context->event);
	if (rc)
		return rc;
	normalizer->stats.events++;
	*out = context->event;
	return 0;
}

/* A record without a system call names a process at most, which the table may
 * know; it does not learn of it: serials of auditd's own records are no order.
 */
static int set_who(struct context *context, bool has_call)
{
	if (has_call)
		return context_set_process(context);
	context->process = proctable_find(context->host, context->sight.pid);
	if (!context->process)
		return 0;
	context_set_place(context);
	context_set_program(context);
	return 0;
}

int normalize_about(struct normalizer *normalizer, const struct raw_event *raw,
		    struct arena *arena, struct record_event *records,
		    struct event **out)
{
	struct context *context = context_new(arena);
	const struct record *call;
	size_t next = 0;
	bool has_pid;
	int rc;

	if (!context)
		return -ENOMEM;
	rc = record_parse(normalizer->parser, raw, RECORD_EVENT, arena,
			  &context->records);
	if (rc == RECORD_E_MALFORMED || (!rc && !context->records.count))
		return NORMALIZE_E_IGNORED;
	if (rc)
		return rc;
	call = record_find(&context->records, AUDIT_SYSCALL, &next);
	context->subject = call ? call : context->records.records[0];
	has_pid = read_subject(context);
	context->succeeded = true;
	context->incomplete = false;
	rc = begin_event(normalizer, context);
	if (!rc && has_pid)
		rc = set_who(context, call != NULL);
	if (rc)
		return rc;
	set_common(context);
	*records = context->records;
	*out = context->event;
	return 0;
}

/* --- life ----------------------------------------------------------------- */

static int normalizer_open(struct normalizer *normalizer)
{
	struct normalizer_config *config = &normalizer->config;
	size_t recent_bytes = config->memcap / 16;
	size_t birth_bytes = config->memcap / 4;
	int rc;

	normalizer->names = arena_new(0);
	if (!normalizer->names)
		return -ENOMEM;
	config->host_id = arena_str(normalizer->names, config->host_id);
	config->local_node = arena_str(normalizer->names, config->local_node);
	if (!config->host_id.data || !config->local_node.data)
		return -ENOMEM;
	rc = record_parser_new(&normalizer->parser);
	if (!rc)
		rc = recent_new(recent_bytes, &normalizer->recent);
	if (!rc)
		rc = births_new(birth_bytes, &normalizer->births);
	if (!rc)
		rc = proctable_new(config->memcap - recent_bytes - birth_bytes,
				   &normalizer->processes);
	return rc;
}

int normalizer_new(const struct normalizer_config *config,
		   struct normalizer **out)
{
	struct normalizer *normalizer = calloc(1, sizeof(*normalizer));
	int rc;

	if (!normalizer)
		return -ENOMEM;
	normalizer->config = *config;
	rc = normalizer_open(normalizer);
	if (rc) {
		normalizer_free(&normalizer);
		return rc;
	}
	*out = normalizer;
	return 0;
}

void normalizer_free(struct normalizer **out)
{
	struct normalizer *normalizer = *out;

	if (!normalizer)
		return;
	proctable_free(&normalizer->processes);
	births_free(&normalizer->births);
	recent_free(&normalizer->recent);
	record_parser_free(&normalizer->parser);
	arena_free(&normalizer->names);
	free(normalizer);
	*out = NULL;
}

void normalizer_unwanted(void *user, struct str name)
{
	struct normalizer *normalizer = user;
	char type[32];
	int number;

	for (size_t i = 0; i < SYSCALLS; i++)
		if (str_equal(name, str_from(syscalls[i].name)))
			normalizer->unwanted_calls[i] = true;
	if (!name.len || name.len >= sizeof(type))
		return;
	memcpy(type, name.data, name.len);
	type[name.len] = '\0';
	number = audit_name_to_msg_type(type);
	/* those of the kernel stand beside a call */
	if (number >= 0 && number < RECORD_TYPES &&
	    user_record_is_plain(number))
		normalizer->unwanted_records[number] = true;
}

int normalizer_seed(struct normalizer *normalizer,
		    const struct process_seed *seed)
{
	struct proctable_host *host = proctable_host(
		normalizer->processes, normalizer->config.host_id);

	if (!host)
		return -ENOMEM;
	return proctable_seed(host, seed,
			      birth_of_seed(normalizer->births,
					    normalizer->config.host_id, seed));
}

void normalizer_save(const struct normalizer *normalizer, struct strbuf *out)
{
	provenance_save(births_files(normalizer->births), out);
	proctable_save(normalizer->processes, out);
}

int normalizer_load(struct normalizer *normalizer, struct reader *state,
		    bool booted)
{
	struct provenance *files = births_files(normalizer->births);
	int rc = provenance_load(files, state, booted);

	return rc || booted
		       ? rc
		       : proctable_load(normalizer->processes, files, state);
}

int normalizer_running(struct normalizer *normalizer, int64_t pid,
		       int64_t now_ns, struct arena *arena, struct event **out)
{
	struct context *context = context_new(arena);
	struct event *event = event_new(arena, normalizer->config.field_count);
	int rc;

	if (!context || !event)
		return -ENOMEM;
	context->host = proctable_host(normalizer->processes,
				       normalizer->config.host_id);
	if (!context->host)
		return -ENOMEM;
	context->process = proctable_find(context->host, pid);
	if (!context->process)
		return NORMALIZE_E_IGNORED;
	event->time_ns = now_ns;
	event->host = normalizer->config.host_id;
	context->event = event;
	later_begin(context);
	rc = running_make(context);
	if (rc)
		return rc;
	context_later(context, LATER_CONSTANTS);
	context_later(context, LATER_DIRECTORY);
	context_later(context, LATER_TTY);
	*out = event;
	return 0;
}

void normalizer_stats(const struct normalizer *normalizer,
		      struct normalizer_stats *out)
{
	struct proctable_stats processes;
	struct provenance_stats files;

	proctable_stats(normalizer->processes, &processes);
	*out = normalizer->stats;
	out->processes = processes.processes;
	out->processes_evicted = processes.evicted;
	provenance_stats(births_files(normalizer->births), &files);
	out->files = files.files;
	out->files_evicted = files.evicted;
	out->linked_evicted = files.linked_evicted + processes.linked_evicted;
	out->young_evicted = processes.young_evicted;
}

void normalizer_forgot(const struct normalizer *normalizer,
		       struct normalizer_forgotten *out)
{
	struct proctable_stats processes;
	struct provenance_stats files;

	proctable_stats(normalizer->processes, &processes);
	provenance_stats(births_files(normalizer->births), &files);
	*out = (struct normalizer_forgotten){
		.linked_files = { files.linked_evicted, files.evicted_payer },
		.linked_processes = { processes.linked_evicted,
				      processes.linked_payer },
		.young_processes = { processes.young_evicted,
				     processes.young_payer },
	};
}
