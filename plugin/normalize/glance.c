/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "glance.h"

#include <stdlib.h>
#include <string.h>

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
	char digits[24], *end;
	struct str word;

	if (!take(rest, name))
		return false;
	word = take_word(rest);
	if (!word.len || word.len >= sizeof(digits))
		return false;
	memcpy(digits, word.data, word.len);
	digits[word.len] = '\0';
	*out = strtoll(digits, &end, base);
	return !*end && digits[0] != ' ' && digits[0] != '-';
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
	return true;
}

bool glance_at(const struct raw_event *raw, struct glance *out)
{
	size_t calls = 0;

	for (size_t i = 0; i < raw->record_count; i++) {
		struct str rest = raw->records[i];
		struct str type = take_head(&rest);

		if (is_companion(type))
			continue;
		if (!str_equal(type, STR("SYSCALL")) || calls++ ||
		    !read_call(rest, out))
			return false;
	}
	return calls == 1;
}
