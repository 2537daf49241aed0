/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "audit_rules.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "support.h"

/* Groups of system calls that not every machine has. */
enum calls {
	CALLS_ALL = 1 << 0,
	CALLS_RENAMEAT = 1 << 1,
	CALLS_LEGACY =
		1 << 2, /* open, creat, chmod, rename, unlink, fork ... */
	CALLS_SOCKETCALL = 1 << 3,
	CALLS_ACCEPT = 1 << 4, /* accept beside accept4 */
	CALLS_32BIT = 1 << 5, /* truncate64, and ids wider than 16 bits */
	CALLS_UMOUNT = 1 << 6, /* umount beside umount2 */
};

/*
 * What a machine has, for its 64-bit and its 32-bit calls: an audit rule with a
 * call it does not have is an error that keeps all later ones out. The last row
 * is for any other machine: new ones have no old calls. 32-bit calls beside
 * 64-bit ones are audited on x86 alone; elsewhere audit tools seldom can.
 */
static const struct machine {
	const char *pattern;
	unsigned int b64, b32;
} machines[] = {
#define OLD (CALLS_ALL | CALLS_RENAMEAT | CALLS_LEGACY)
#define I386 (OLD | CALLS_SOCKETCALL | CALLS_32BIT | CALLS_UMOUNT)
	{ "x86_64", OLD | CALLS_ACCEPT, I386 },
	{ "i?86", 0, I386 },
	{ "aarch64*", CALLS_ALL | CALLS_RENAMEAT | CALLS_ACCEPT, 0 },
	{ "arm64*", CALLS_ALL | CALLS_RENAMEAT | CALLS_ACCEPT, 0 },
	{ "arm*", 0, OLD | CALLS_ACCEPT | CALLS_32BIT },
	{ "ppc64*", OLD | CALLS_SOCKETCALL | CALLS_ACCEPT | CALLS_UMOUNT, 0 },
	{ "powerpc64*", OLD | CALLS_SOCKETCALL | CALLS_ACCEPT | CALLS_UMOUNT,
	  0 },
	{ "s390x", OLD | CALLS_SOCKETCALL | CALLS_UMOUNT, 0 },
	{ "*", CALLS_ALL | CALLS_ACCEPT, 0 },
#undef I386
#undef OLD
};

static const struct audit_row {
	uint64_t kind; /* a KIND_BIT */
	enum calls calls;
	const char *syscalls, *filters, *key;
} rows[] = {
#define AUDIT_ROW(kind, calls, syscalls, filters, key) \
	{ KIND_BIT(kind), calls, syscalls, filters, key },
#include "kinds.def"
#undef AUDIT_ROW
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

/* What suffices of a row's kind: all of it, or less. */
static const struct narrow {
	uint64_t kind, wide; /* KIND_BITs */
	const char *filter, *suffix; /* of the key */
} narrows[] = {
#define NARROW_KIND(id, wide, name, filter, suffix) \
	{ KIND_BIT(id), KIND_BIT(wide), filter, suffix },
#include "kinds.def"
#undef NARROW_KIND
};

static const struct narrow whole = { 0, 0, "", "" };

static const struct machine *find_machine(const char *name)
{
	const struct machine *machine = machines;

	while (fnmatch(machine->pattern, name, 0))
		machine++;
	return machine;
}

/* The next of some words; len 0 = no more. */
static struct str next_word(const char **rest, const char *between)
{
	struct str word;

	*rest += strspn(*rest, between);
	word = (struct str){ *rest, strcspn(*rest, between) };
	*rest += word.len;
	return word;
}

/* Whether all words of some are among others. */
static bool words_within(const char *some, const char *others,
			 const char *between)
{
	struct str word, other;

	while (word = next_word(&some, between), word.len) {
		const char *rest = others;

		do
			other = next_word(&rest, between);
		while (other.len && !str_equal(word, other));
		if (!other.len)
			return false;
	}
	return true;
}

/* How much of a row is needed; NULL = nothing. */
static const struct narrow *need_of(const struct audit_row *row, uint64_t kinds)
{
	if (row->kind & kinds)
		return &whole;
	for (size_t i = 0; i < sizeof(narrows) / sizeof(narrows[0]); i++)
		if (narrows[i].wide == row->kind && narrows[i].kind & kinds)
			return &narrows[i];
	return NULL;
}

/* Whether one row, as far as it is needed, logs all that another does. */
static bool row_covers(const struct audit_row *one,
		       const struct audit_row *other, uint64_t kinds)
{
	const struct narrow *need = need_of(one, kinds);

	return need && one->calls == other->calls &&
	       words_within(other->syscalls, one->syscalls, ",") &&
	       words_within(one->filters, other->filters, " ") &&
	       words_within(need->filter, need_of(other, kinds)->filter, " ");
}

/* Whether a row is needed for nothing; of two alike the first stays. */
static bool is_covered(const struct audit_row *row, uint64_t kinds)
{
	for (const struct audit_row *other = rows; other < rows + ROW_COUNT;
	     other++)
		if (other != row && row_covers(other, row, kinds) &&
		    (other < row || !row_covers(row, other, kinds)))
			return true;
	return false;
}

static void print_filters(const char *filters, struct strbuf *out)
{
	struct str filter;

	while (filter = next_word(&filters, " "), filter.len)
		strbuf_printf(out, " -F %.*s", STR_ARG(filter));
}

static void print_row(const struct audit_row *row, const char *arch,
		      const struct narrow *need, struct strbuf *out)
{
	strbuf_printf(out, "-a always,exit -F arch=%s -S %s", arch,
		      row->syscalls);
	print_filters(row->filters, out);
	print_filters(need->filter, out);
	strbuf_printf(out, " -F key=audisp_eql_%s%s\n", row->key, need->suffix);
}

static int print_kinds(uint64_t kinds, const char *name, struct strbuf *out)
{
	const struct machine *machine = find_machine(name);

	/* every creation is also that of a program */
	if (kinds & KIND_BIT(CREATE))
		kinds &= ~KIND_BIT(BIRTH);
	for (size_t i = 0; i < ROW_COUNT; i++) {
		const struct narrow *need = need_of(&rows[i], kinds);

		if (!need || is_covered(&rows[i], kinds))
			continue;
		if (machine->b64 & rows[i].calls)
			print_row(&rows[i], "b64", need, out);
		if (machine->b32 & rows[i].calls)
			print_row(&rows[i], "b32", need, out);
	}
	return out->failed ? -ENOMEM : 0;
}

int rule_audit_rules(const struct rule *rule, const char *machine,
		     struct strbuf *out)
{
	return print_kinds(support_kinds(rule), machine, out);
}

int ruleset_audit_rules(const struct ruleset *set, const char *machine,
			struct strbuf *out)
{
	uint64_t kinds = 0;

	for (size_t i = 0; i < set->rule_count; i++)
		kinds |= support_kinds(set->rules[i]);
	return print_kinds(kinds, machine, out);
}
