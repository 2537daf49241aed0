/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests: an audit log of any length in which a linker creates a file that
 * is run, connects and is removed, again and again, on two hosts; and rules that
 * have something under way of it.
 */
#ifndef AUDISP_EQL_TESTS_MAKELOG_H
#define AUDISP_EQL_TESTS_MAKELOG_H

#include "util/strbuf.h"

static const char *const makelog_queries[] = {
	"sequence by process.entity_id with maxspan=1m"
	" [process where event.action == \"exec\"]"
	" [network where event.action == \"connection_attempted\"]"
	" [file where event.type == \"deletion\"]",
	"sequence by host.id, ?user.id with maxspan=30s"
	" ![file where file.name == \"none\"]"
	" [file where event.type == \"creation\"]"
	" [process where event.action == \"exec\"]"
	" ![file where event.type == \"deletion\" and file.name == \"kept\"]"
	" until [process where process.name == \"never\"]",
	"network where event.action == \"connection_attempted\"",
};

#define MAKELOG_QUERIES (sizeof(makelog_queries) / sizeof(makelog_queries[0]))

/* The file of a rule, "a" for the first query. */
static inline void makelog_rule(struct strbuf *out, size_t which)
{
	int id = 'a' + (int)which;

	strbuf_printf(out,
		      "[rule]\nrule_id = \"%c\"\nname = \"%c\"\n"
		      "type = \"eql\"\nrisk_score = 21\nseverity = \"low\"\n"
		      "query = '''%s'''\n",
		      id, id, makelog_queries[which]);
}

enum makelog_call {
	MAKELOG_LINKER,
	MAKELOG_CREATE,
	MAKELOG_RUN,
	MAKELOG_CONNECT,
	MAKELOG_DELETE,
	MAKELOG_CALLS,
};

struct makelog {
	struct strbuf *out;
	enum makelog_call call;
	size_t turn, number;
};

static inline void makelog_begin(const struct makelog *log, const char *type)
{
	strbuf_printf(log->out, "%stype=%s msg=audit(%zu.%03zu:%zu): ",
		      log->turn % 3 ? "" : "node=other ", type,
		      1800000000 + log->number / 4, log->number % 4 * 250,
		      100 + log->number);
}

static inline void makelog_path(const struct makelog *log, int item,
				const char *name, size_t inode,
				const char *mode, const char *type)
{
	makelog_begin(log, "PATH");
	strbuf_printf(log->out,
		      "item=%d name=\"%s\" inode=%zu dev=08:01 mode=%s ouid=0 "
		      "ogid=0 rdev=00:00 nametype=%s\n",
		      item, name, inode, mode, type);
}

static inline void makelog_exec(const struct makelog *log, const char *name,
				size_t inode)
{
	makelog_begin(log, "EXECVE");
	strbuf_printf(log->out, "argc=3 a0=\"%s\" a1=\"-o\" a2=\"out\"\n",
		      name);
	makelog_begin(log, "CWD");
	strbuf_add_str(log->out, STR("cwd=\"/tmp\"\n"));
	makelog_path(log, 0, name, inode, "0100755", "NORMAL");
}

static inline void makelog_entry(const struct makelog *log, size_t inode,
				 const char *type)
{
	makelog_begin(log, "CWD");
	strbuf_add_str(log->out, STR("cwd=\"/tmp\"\n"));
	makelog_path(log, 0, "/tmp", 2, "041777", "PARENT");
	makelog_path(log, 1, "out", inode, "0100755", type);
}

/* The records behind SYSCALL. */
static inline void makelog_rest(const struct makelog *log)
{
	size_t inode = 500 + log->turn;

	switch (log->call) {
	case MAKELOG_LINKER:
		makelog_exec(log, "/usr/bin/ld", 7);
		break;
	case MAKELOG_RUN:
		makelog_exec(log, "/tmp/out", inode);
		break;
	case MAKELOG_CONNECT:
		makelog_begin(log, "SOCKADDR");
		strbuf_printf(log->out,
			      "saddr=020001BB0A0000%02zX0000000000000000\n",
			      inode & 255);
		break;
	default:
		makelog_entry(log, inode,
			      log->call == MAKELOG_CREATE ? "CREATE"
							  : "DELETE");
	}
	makelog_begin(log, "PROCTITLE");
	strbuf_add_str(log->out, STR("proctitle=\"x\"\n"));
}

/* The records of the event of that number. */
static inline void makelog_event(struct strbuf *out, size_t number)
{
	static const char *const calls[MAKELOG_CALLS] = {
		"59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=1",
		"257 success=yes exit=3 a0=ffffff9c a1=2 a2=241 a3=1ff items=2",
		"59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=1",
		"42 success=yes exit=0 a0=3 a1=2 a2=10 a3=4 items=0",
		"263 success=yes exit=0 a0=ffffff9c a1=2 a2=0 a3=0 items=2",
	};
	const struct makelog log = {
		.out = out,
		.call = (enum makelog_call)(number % MAKELOG_CALLS),
		.turn = number / MAKELOG_CALLS,
		.number = number,
	};
	bool linker = log.call <= MAKELOG_CREATE;

	makelog_begin(&log, "SYSCALL");
	strbuf_printf(out,
		      "arch=c000003e syscall=%s ppid=1000 pid=%zu auid=1000 "
		      "uid=%zu gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 "
		      "fsgid=0 tty=pts0 ses=1 comm=\"%s\" exe=\"%s\" "
		      "key=(null)\n",
		      calls[log.call], 2000 + 2 * log.turn + !linker,
		      log.turn % 2 * 1000, linker ? "ld" : "out",
		      linker ? "/usr/bin/ld" : "/tmp/out");
	makelog_rest(&log);
}

#endif
