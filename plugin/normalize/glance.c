/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "glance.h"

#include <libaudit.h>
#include <string.h>

#include "../util/digits.h"

/* Records that say more about a system call, and nothing without it. */
static const char *const companions[] = {
	"BPRM_FCAPS", "CAPSET",	  "CWD",	"EOE",	   "EXECVE",
	"FD_PAIR",    "IPC",	  "MMAP",	"OPENAT2", "PATH",
	"PROCTITLE",  "SOCKADDR", "SOCKETCALL",
};

/* Takes a text off the front; false = it is not there. */
static bool take(struct str *rest, struct str text)
{
	if (rest->len < text.len || memcmp(rest->data, text.data, text.len))
		return false;
	rest->data += text.len;
	rest->len -= text.len;
	return true;
}

/* Takes all up to a space, and the space. */
static struct str take_word(struct str *rest)
{
	const char *space =
		rest->len ? memchr(rest->data, ' ', rest->len) : NULL;
	struct str word = { rest->data,
			    space ? (size_t)(space - rest->data) : rest->len };

	rest->data += word.len + (space != NULL);
	rest->len -= word.len + (space != NULL);
	return word;
}

static bool take_number(struct str *rest, struct str name, int base,
			int64_t *out)
{
	uint64_t number;

	if (!take(rest, name) || !digits_parse(take_word(rest), base, &number))
		return false;
	*out = (int64_t)number;
	return base == 16 || number <= INT64_MAX;
}

/* The record's type; the rest begins behind its stamp. Empty = no record. */
static struct str take_head(struct str *rest)
{
	struct str type;

	if (take(rest, STR("node=")))
		take_word(rest);
	if (!take(rest, STR("type=")))
		return (struct str){ 0 };
	type = take_word(rest);
	if (!take(rest, STR("msg=audit(")))
		return (struct str){ 0 };
	take_word(rest);
	return type;
}

static bool is_companion(struct str type)
{
	for (size_t i = 0; i < sizeof(companions) / sizeof(companions[0]); i++)
		if (str_equal(type, str_from(companions[i])))
			return true;
	return false;
}

/* arch=c000003e syscall=257 [per=...] success=no: before anything that the
 * caller may choose. */
static bool read_call(struct str rest, struct glance *out)
{
	if (!take_number(&rest, STR("arch="), 16, &out->arch) ||
	    !take_number(&rest, STR("syscall="), 10, &out->syscall))
		return false;
	if (take(&rest, STR("per=")))
		take_word(&rest);
	out->failed = take(&rest, STR("success=no "));
	if (!out->failed && !take(&rest, STR("success=yes ")))
		return false;
	out->rest = rest;
	return true;
}

static int type_number(struct str type)
{
	char name[32];

	if (!type.len || type.len >= sizeof(name))
		return -1;
	memcpy(name, type.data, type.len);
	name[type.len] = '\0';
	return audit_name_to_msg_type(name);
}

/* A quoted value; one that is encoded is left to who parses it. */
static bool take_quoted(struct str *rest, struct str name, struct str *out)
{
	struct str word;

	if (!take(rest, name) || !take(rest, STR("\"")))
		return false;
	word = take_word(rest);
	if (word.len < 2 || word.data[word.len - 1] != '"')
		return false;
	*out = (struct str){ word.data, word.len - 1 };
	return !memchr(out->data, '"', out->len);
}

/* An event has one CWD record, and that nothing but cwd=. */
static bool read_directory(struct str rest, struct str *out)
{
	struct str text = rest;
	const char *enrichment = memchr(text.data, 0x1d, text.len);

	if (enrichment)
		text.len = (size_t)(enrichment - text.data);
	return !out->len && take_quoted(&text, STR("cwd="), out) && !text.len;
}

void glance_at(const struct raw_event *raw, struct glance *out)
{
	size_t calls = 0;

	*out = (struct glance){ .of = GLANCE_CALL };
	for (size_t i = 0; i < raw->record_count; i++) {
		struct str rest = raw->records[i];
		struct str type = take_head(&rest);

		if (str_equal(type, STR("CWD"))) {
			out->blurred |= !read_directory(rest, &out->directory);
		} else if (is_companion(type)) {
			continue;
		} else if (str_equal(type, STR("SYSCALL")) && !calls++) {
			if (!read_call(rest, out))
				out->of = GLANCE_OTHER;
		} else if (raw->record_count == 1) {
			out->of = GLANCE_RECORD;
			out->type = type_number(type);
			out->rest = rest;
			return;
		} else {
			out->of = GLANCE_OTHER;
		}
	}
	if (calls != 1)
		out->of = GLANCE_OTHER;
}

static bool take_id(struct str *rest, struct str name, uint32_t *out)
{
	int64_t id;

	if (!take_number(rest, name, 10, &id))
		return false;
	*out = (uint32_t)id;
	return true;
}

static bool skip(struct str *rest, struct str name)
{
	return take(rest, name) && take_word(rest).len;
}

/* exit=3 a0=... items=1 ppid=1 ... exe="/usr/bin/x", as audit_log_exit() of the
 * kernel writes it. */
static bool read_caller(struct str rest, struct glance_sight *out)
{
	static const struct str arguments[] = { STR("a0="), STR("a1="),
						STR("a2="), STR("a3=") };
	struct process_ids *ids = &out->sight.ids;
	struct str tty;

	if (!skip(&rest, STR("exit=")))
		return false;
	for (size_t i = 0; i < 4; i++)
		if (!take_number(&rest, arguments[i], 16, &out->arguments[i]))
			return false;
	if (!skip(&rest, STR("items=")) ||
	    !take_number(&rest, STR("ppid="), 10, &out->sight.ppid) ||
	    !take_number(&rest, STR("pid="), 10, &out->sight.pid) ||
	    !take_id(&rest, STR("auid="), &out->login) ||
	    !take_id(&rest, STR("uid="), &ids->uid) ||
	    !take_id(&rest, STR("gid="), &ids->gid) ||
	    !take_id(&rest, STR("euid="), &ids->euid) ||
	    !skip(&rest, STR("suid=")) || !skip(&rest, STR("fsuid=")) ||
	    !take_id(&rest, STR("egid="), &ids->egid) ||
	    !skip(&rest, STR("sgid=")) || !skip(&rest, STR("fsgid=")) ||
	    !take(&rest, STR("tty=")))
		return false;
	tty = take_word(&rest);
	out->sight.tty = tty_of_name(tty);
	/* a name with a blank, as " (deleted)", is encoded */
	return tty.len && skip(&rest, STR("ses=")) &&
	       skip(&rest, STR("comm=")) &&
	       take_quoted(&rest, STR("exe="), &out->sight.exe);
}

/* pid=1 uid=0 auid=1000 ...: what a program has sent. No other id is in it. */
static bool read_sender(struct str rest, struct glance_sight *out)
{
	const char *enrichment = memchr(rest.data, 0x1d, rest.len);

	if (enrichment)
		rest.len = (size_t)(enrichment - rest.data);
	out->sight.ppid = -1;
	out->sight.ids = PROCESS_IDS_UNKNOWN;
	return take_number(&rest, STR("pid="), 10, &out->sight.pid) &&
	       take_id(&rest, STR("uid="), &out->sight.ids.uid) &&
	       take_id(&rest, STR("auid="), &out->login) &&
	       !memmem(rest.data, rest.len, "id=", 3) &&
	       !memmem(rest.data, rest.len, "tty=", 4);
}

bool glance_sight(const struct raw_event *raw, const struct glance *glance,
		  struct glance_sight *out)
{
	*out = (struct glance_sight){
		.login = ID_UNKNOWN,
		.sight = { .serial = raw->serial,
			   .time_ms = raw->time_ns / NSEC_PER_MSEC,
			   .directory = glance->directory },
	};
	if (glance->blurred)
		return false;
	return (glance->of == GLANCE_CALL ? read_caller(glance->rest, out)
					  : read_sender(glance->rest, out)) &&
	       out->sight.pid > 0;
}
