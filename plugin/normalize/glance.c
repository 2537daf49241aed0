/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "glance.h"

#include <libaudit.h>
#include <string.h>

#include "../util/digits.h"

#ifndef AUDIT_OPENAT2
#define AUDIT_OPENAT2 1337
#endif

#define ENRICHMENT 0x1d /* begins it */

#define INLINE static inline __attribute__((always_inline))

/* What is left of a record, whose newline stands at its end: so no loop over
 * its bytes that ends at a control byte needs another end. In place, so that
 * the compiler keeps it in registers and compares constants by a word. */
struct rest {
	const char *p, *end;
};

/* Takes a text off the front; false = it is not there. */
INLINE bool take(struct rest *rest, struct str text)
{
	if ((size_t)(rest->end - rest->p) < text.len ||
	    memcmp(rest->p, text.data, text.len))
		return false;
	rest->p += text.len;
	return true;
}

/* Takes all up to a space, and the space. False = that is nothing, or something
 * else ends it: the record, or what auditd adds. */
INLINE bool take_word(struct rest *rest, struct str *out)
{
	const char *p = rest->p;

	while ((unsigned char)*p > ' ')
		p++;
	*out = (struct str){ rest->p, (size_t)(p - rest->p) };
	if (*p != ' ' || !out->len)
		return false;
	rest->p = p + 1;
	return true;
}

INLINE bool skip(struct rest *rest, struct str name)
{
	struct str word;

	return take(rest, name) && take_word(rest, &word);
}

/* The same of digits, no more of them than an id or a pid has. */
INLINE bool take_number(struct rest *rest, struct str name, int64_t *out)
{
	enum { DIGITS = 18 };
	int64_t number = 0;
	const char *p;

	if (!take(rest, name))
		return false;
	for (p = rest->p; *p >= '0' && *p <= '9'; p++)
		number =
			(int64_t)((uint64_t)number * 10 + (uint64_t)(*p - '0'));
	if (*p != ' ' || p == rest->p || p - rest->p > DIGITS)
		return false;
	rest->p = p + 1;
	*out = number;
	return true;
}

INLINE bool take_id(struct rest *rest, struct str name, uint32_t *out)
{
	int64_t id;

	if (!take_number(rest, name, &id))
		return false;
	*out = (uint32_t)id;
	return true;
}

/* A word in base 16. */
static bool take_hex(struct rest *rest, int64_t *out)
{
	struct str word;
	uint64_t number;

	if (!take_word(rest, &word) || !digits_parse(word, 16, &number))
		return false;
	*out = (int64_t)number;
	return true;
}

/* A quoted value, and nothing that goes on behind it. One that is encoded is
 * left to who parses it. */
static bool take_quoted(struct rest *rest, struct str *out)
{
	const char *p = rest->p;

	if (*p++ != '"')
		return false;
	while ((unsigned char)*p > ' ' && *p != '"')
		p++;
	*out = (struct str){ rest->p + 1, (size_t)(p - rest->p) - 1 };
	if (*p++ != '"' || !out->len)
		return false;
	rest->p = p;
	return p == rest->end || *p == ' ' || *p == ENRICHMENT;
}

/* What stands behind the stamp. */
static struct rest body_of(const struct raw_event *raw, size_t at)
{
	struct str text = raw->records[at];
	struct rest rest = { text.data + raw->heads[at].body,
			     text.data + text.len };

	if (!take(&rest, STR(" ")))
		rest.p = rest.end;
	return rest;
}

/* arch=c000003e syscall=257 [per=...] success=no: before anything that the
 * caller may choose. */
static bool read_call(struct rest rest, struct glance *out)
{
	if (!take(&rest, STR("arch=")) || !take_hex(&rest, &out->arch) ||
	    !take_number(&rest, STR("syscall="), &out->syscall))
		return false;
	skip(&rest, STR("per="));
	out->failed = take(&rest, STR("success=no "));
	if (!out->failed && !take(&rest, STR("success=yes ")))
		return false;
	out->caller = (struct str){ rest.p, (size_t)(rest.end - rest.p) };
	return true;
}

void glance_at(const struct raw_event *raw, struct glance *out)
{
	size_t calls = 0;

	*out = (struct glance){ .of = GLANCE_CALL };
	for (size_t i = 0; i < raw->record_count; i++) {
		int type = raw->heads[i].type;

		switch (type) {
		case AUDIT_SYSCALL:
			if (calls++ || !read_call(body_of(raw, i), out))
				out->of = GLANCE_OTHER;
			break;
		case AUDIT_CWD:
			out->directories++;
			out->directory_at = i;
			break;
		/* they say more about a system call, and nothing without it */
		case AUDIT_BPRM_FCAPS:
		case AUDIT_CAPSET:
		case AUDIT_EOE:
		case AUDIT_EXECVE:
		case AUDIT_FD_PAIR:
		case AUDIT_IPC:
		case AUDIT_MMAP:
		case AUDIT_OPENAT2:
		case AUDIT_PATH:
		case AUDIT_PROCTITLE:
		case AUDIT_SOCKETCALL:
			break;
		case AUDIT_SOCKADDR:
			out->addresses++;
			out->address_at = i;
			break;
		default:
			if (raw->record_count > 1) {
				out->of = GLANCE_OTHER;
				return;
			}
			out->of = GLANCE_RECORD;
			out->type = type;
			return;
		}
	}
	if (calls != 1)
		out->of = GLANCE_OTHER;
}

/* --- who ------------------------------------------------------------------ */

/* exit=3 a0=... items=1 ppid=1 ... exe="/usr/bin/x", as audit_log_exit() of the
 * kernel writes it. */
static bool read_caller(struct str text, struct glance_sight *out)
{
	struct rest rest = { text.data, text.data + text.len };
	struct process_ids *ids = &out->sight.ids;
	struct str tty;

	if (!skip(&rest, STR("exit=")))
		return false;
	out->arguments = (struct str){ rest.p, (size_t)(rest.end - rest.p) };
	if (!skip(&rest, STR("a0=")) || !skip(&rest, STR("a1=")) ||
	    !skip(&rest, STR("a2=")) || !skip(&rest, STR("a3=")) ||
	    !skip(&rest, STR("items=")) ||
	    !take_number(&rest, STR("ppid="), &out->sight.ppid) ||
	    !take_number(&rest, STR("pid="), &out->sight.pid) ||
	    !take_id(&rest, STR("auid="), &out->login) ||
	    !take_id(&rest, STR("uid="), &ids->uid) ||
	    !take_id(&rest, STR("gid="), &ids->gid) ||
	    !take_id(&rest, STR("euid="), &ids->euid) ||
	    !skip(&rest, STR("suid=")) || !skip(&rest, STR("fsuid=")) ||
	    !take_id(&rest, STR("egid="), &ids->egid) ||
	    !skip(&rest, STR("sgid=")) || !skip(&rest, STR("fsgid=")) ||
	    !take(&rest, STR("tty=")) || !take_word(&rest, &tty))
		return false;
	out->sight.tty = tty_of_name(tty);
	/* a name with a blank, as " (deleted)", is encoded */
	return skip(&rest, STR("ses=")) && skip(&rest, STR("comm=")) &&
	       take(&rest, STR("exe=")) && take_quoted(&rest, &out->sight.exe);
}

bool glance_argument(const struct glance_sight *sight, size_t number,
		     int64_t *out)
{
	struct str text = sight->arguments, word;
	struct rest rest = { text.data, text.data + text.len };

	/* a0= and so on: that much was seen */
	for (size_t i = 0; i < number; i++)
		take_word(&rest, &word);
	rest.p += sizeof("a0=") - 1;
	return take_hex(&rest, out);
}

/* Whether there is a field of an id or a terminal in it, or what looks so. */
static bool has_ids(struct rest text)
{
	const char *p = text.p;

	while ((p = memchr(p, '=', (size_t)(text.end - p)))) {
		if ((p - text.p >= 2 && !memcmp(p - 2, "id", 2)) ||
		    (p - text.p >= 3 && !memcmp(p - 3, "tty", 3)))
			return true;
		p++;
	}
	return false;
}

/* pid=1 uid=0 auid=1000 ...: what a program has sent. No other id is in it. */
static bool read_sender(struct rest rest, struct glance_sight *out)
{
	const char *enrichment;

	out->sight.ppid = -1;
	out->sight.ids = PROCESS_IDS_UNKNOWN;
	if (!take_number(&rest, STR("pid="), &out->sight.pid) ||
	    !take_id(&rest, STR("uid="), &out->sight.ids.uid) ||
	    !take_id(&rest, STR("auid="), &out->login))
		return false;
	enrichment = memchr(rest.p, ENRICHMENT, (size_t)(rest.end - rest.p));
	if (enrichment)
		rest.end = enrichment;
	return !has_ids(rest);
}

/* An event has one CWD record, and that nothing but cwd=. */
bool glance_directory(const struct raw_event *raw, const struct glance *glance,
		      struct str *out)
{
	struct rest rest;

	*out = (struct str){ 0 };
	if (glance->directories != 1)
		return !glance->directories;
	rest = body_of(raw, glance->directory_at);
	return take(&rest, STR("cwd=")) && take_quoted(&rest, out) &&
	       (rest.p == rest.end || *rest.p == ENRICHMENT);
}

/* In either order of bytes: the other one is of no family there is. */
bool glance_is_local(const struct raw_event *raw, const struct glance *glance)
{
	struct rest rest;

	if (glance->addresses != 1)
		return false;
	rest = body_of(raw, glance->address_at);
	return take(&rest, STR("saddr=")) &&
	       (take(&rest, STR("0100")) || take(&rest, STR("0001")));
}

bool glance_sight(const struct raw_event *raw, const struct glance *glance,
		  struct glance_sight *out)
{
	*out = (struct glance_sight){
		.login = ID_UNKNOWN,
		.sight = { .serial = raw->serial,
			   .time_ms = raw->time_ns / NSEC_PER_MSEC },
	};
	return (glance->of == GLANCE_CALL
			? read_caller(glance->caller, out)
			: read_sender(body_of(raw, 0), out)) &&
	       out->sight.pid > 0 &&
	       glance_directory(raw, glance, &out->sight.directory);
}
