/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The least that a plugin on libauparse does with a log on its input: of
 * executions, connections and opened files it interprets who did it, the
 * arguments, the files, the directory, the address and the title; of all else it
 * asks for nothing. What we cost beyond that is ours. With --raw it takes values as
 * they stand in the log, and so counts what reader.c counts.
 */
#include <auparse.h>
#include <libaudit.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CHUNK (1U << 16)

struct count {
	bool raw;
	unsigned long events, fields, bytes;
};

static void take_field(auparse_state_t *parser, struct count *count)
{
	const char *text = count->raw ? auparse_get_field_str(parser)
				      : auparse_interpret_field(parser);

	count->fields++;
	count->bytes += text ? strlen(text) : 0;
}

/* auparse_find_field() would go on into the records that follow. */
static void take_named(auparse_state_t *parser, struct count *count,
		       const char *const *names)
{
	unsigned int record = auparse_get_record_num(parser);

	for (; *names; names++) {
		auparse_first_field(parser);
		if (auparse_find_field(parser, *names) &&
		    auparse_get_record_num(parser) == record)
			take_field(parser, count);
		auparse_goto_record_num(parser, record);
	}
}

static void take_arguments(auparse_state_t *parser, struct count *count)
{
	do {
		const char *name = auparse_get_field_name(parser);

		if (name && name[0] == 'a' && name[1] >= '0' && name[1] <= '9')
			take_field(parser, count);
	} while (auparse_next_field(parser) > 0);
}

static void take_record(auparse_state_t *parser, struct count *count)
{
	static const char *const syscall_names[] = {
		"syscall", "success", "exit", "ppid", "pid", "auid", "uid",
		"euid",	   "ses",     "comm", "exe",  "key", NULL
	};
	static const char *const path_names[] = { "name", "nametype", NULL };
	static const char *const cwd_names[] = { "cwd", NULL };
	static const char *const sockaddr_names[] = { "saddr", NULL };
	static const char *const proctitle_names[] = { "proctitle", NULL };

	switch (auparse_get_type(parser)) {
	case AUDIT_SYSCALL:
		take_named(parser, count, syscall_names);
		break;
	case AUDIT_EXECVE:
		take_arguments(parser, count);
		break;
	case AUDIT_PATH:
		take_named(parser, count, path_names);
		break;
	case AUDIT_CWD:
		take_named(parser, count, cwd_names);
		break;
	case AUDIT_SOCKADDR:
		take_named(parser, count, sockaddr_names);
		break;
	case AUDIT_PROCTITLE:
		take_named(parser, count, proctitle_names);
		break;
	default:
		break;
	}
}

static int is_wanted(auparse_state_t *parser)
{
	if (auparse_get_type(parser) != AUDIT_SYSCALL ||
	    !auparse_find_field(parser, "syscall"))
		return 0;
	switch (auparse_get_field_int(parser)) {
	case 42: /* connect */
	case 59: /* execve */
	case 257: /* openat */
	case 322: /* execveat */
		return 1;
	default:
		return 0;
	}
}

static void on_event(auparse_state_t *parser, auparse_cb_event_t type,
		     void *user)
{
	struct count *count = user;

	if (type != AUPARSE_CB_EVENT_READY)
		return;
	count->events++;
	auparse_first_record(parser);
	if (!is_wanted(parser))
		return;
	auparse_first_record(parser);
	do
		take_record(parser, count);
	while (auparse_next_record(parser) > 0);
}

int main(int argc, char **argv)
{
	auparse_state_t *parser = auparse_init(AUSOURCE_FEED, NULL);
	struct count count = { .raw = argc > 1 && !strcmp(argv[1], "--raw") };
	static char data[CHUNK];
	ssize_t len;

	if (!parser)
		return 1;
	auparse_add_callback(parser, on_event, &count, NULL);
	while ((len = read(STDIN_FILENO, data, sizeof(data))) > 0)
		if (auparse_feed(parser, data, (size_t)len))
			return 1;
	auparse_flush_feed(parser);
	auparse_destroy(parser);
	printf("%lu events, %lu fields, %lu bytes\n", count.events,
	       count.fields, count.bytes);
	return len != 0;
}
