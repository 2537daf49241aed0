/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kind of event is needed where a stage's condition could hold for it, with
 * the words that say its kind known and all else open. What must be audited for
 * a kind is a table; its rows take the first system calls of files only where
 * an executable comes into being, which is what rules on creation can bear to
 * ask of a host (see rules.d/README.md).
 */
#include "audit_rules.h"

#include <errno.h>
#include <string.h>

#include "../eql/pred.h"
#include "../util/arena.h"

#define W(...) \
	{ \
		__VA_ARGS__ \
	}
#define WORDS_MAX 3

enum kind_id {
#define KIND(id, category, types, actions) KIND_##id,
#include "kinds.def"
#undef KIND
	KIND__COUNT,
};

static const struct kind {
	const char *category;
	const char *types[WORDS_MAX], *actions[WORDS_MAX];
} kinds[] = {
#define KIND(id, category, types, actions) { category, types, actions },
#include "kinds.def"
#undef KIND
};

/* b32 rows are for x86 alone; LEGACY calls exist on x86 only. */
enum audit_flag { B64 = 1, B32 = 2, LEGACY = 4 };

static const struct audit_row {
	unsigned int kinds; /* bits of enum kind_id */
	unsigned int flags;
	const char *text; /* behind "-a always,exit -F arch=bNN " */
	const char *key;
} rows[] = {
#define BIT(id) (1U << KIND_##id)
	{ BIT(EXEC), B64 | B32, "-S execve,execveat -F success=1", "exec" },
	{ BIT(FORK), B64 | B32, "-S clone,clone3 -F success=1", "fork" },
	{ BIT(FORK), B64 | B32 | LEGACY, "-S fork,vfork -F success=1", "fork" },
	{ BIT(EXIT), B64 | B32, "-S exit_group", "exit" },
	{ BIT(CREATE), B64 | B32,
	  "-S openat -F a2&0100 -F a3&0111 -F success=1", "birth" },
	{ BIT(CREATE), B64 | B32,
	  "-S openat -F a2&020000000 -F a3&0111 -F success=1", "birth" },
	{ BIT(CREATE), B64 | B32 | LEGACY,
	  "-S open -F a1&0100 -F a2&0111 -F success=1", "birth" },
	{ BIT(CREATE), B64 | B32 | LEGACY, "-S creat -F a1&0111 -F success=1",
	  "birth" },
	{ BIT(CREATE), B64 | B32,
	  "-S fchmodat -F a2&0111 -F filetype=file -F success=1", "birth" },
	{ BIT(CREATE), B64 | B32,
	  "-S fchmod -F a1&0111 -F filetype=file -F success=1", "birth" },
	{ BIT(CREATE), B64 | B32 | LEGACY,
	  "-S chmod -F a1&0111 -F filetype=file -F success=1", "birth" },
	{ BIT(CREATE), B64 | B32,
	  "-S 452 -F a2&0111 -F filetype=file -F success=1", "birth" },
	{ BIT(RENAME), B64 | B32, "-S renameat,renameat2 -F success=1",
	  "rename" },
	{ BIT(RENAME), B64 | B32 | LEGACY, "-S rename -F success=1", "rename" },
	{ BIT(CHMOD), B64 | B32, "-S fchmod,fchmodat -F success=1", "chmod" },
	{ BIT(CHMOD), B64 | B32 | LEGACY, "-S chmod -F success=1", "chmod" },
	{ BIT(CONNECT), B64 | B32, "-S connect -F saddr_fam=2", "net" },
	{ BIT(CONNECT), B64 | B32, "-S connect -F saddr_fam=10", "net" },
	{ BIT(CONNECT), B32 | LEGACY, "-S socketcall -F a0=3 -F saddr_fam=2",
	  "net" },
	{ BIT(CONNECT), B32 | LEGACY, "-S socketcall -F a0=3 -F saddr_fam=10",
	  "net" },
	/* io_uring_enter has one number everywhere; old tools know only it */
	{ BIT(CONNECT), B64, "-S 426 -F saddr_fam=2", "net" },
	{ BIT(CONNECT), B64, "-S 426 -F saddr_fam=10", "net" },
	{ BIT(SEND), B64 | B32, "-S sendto,sendmsg,sendmmsg -F saddr_fam=2",
	  "net" },
	{ BIT(SEND), B64 | B32, "-S sendto,sendmsg,sendmmsg -F saddr_fam=10",
	  "net" },
#undef BIT
};

static void set_words(struct event *event, struct arena *arena, size_t slot,
		      const char *const *words)
{
	struct value *items = arena_array(arena, WORDS_MAX, sizeof(*items));
	size_t count = 0;

	for (; items && count < WORDS_MAX && words[count]; count++)
		items[count] = VALUE_OF_STR(str_from(words[count]));
	event_set(
		event, slot,
		(struct value){ .type = VALUE_LIST, .list = { items, count } });
}

/* An event of a kind that has nothing but the words of its kind. */
static struct event *kind_event(struct arena *arena, const struct kind *kind)
{
	struct event *event = event_new(arena, FIELD__COUNT);
	struct str category = str_from(kind->category);

	if (!event)
		return NULL;
	event->categories = event_category_bit(category);
	event_set(event, FIELD_EVENT_CATEGORY, VALUE_OF_STR(category));
	event_set(event, FIELD_EVENT_KIND, VALUE_OF_STR(STR("event")));
	event_set(event, FIELD_HOST_OS_TYPE, VALUE_OF_STR(STR("linux")));
	set_words(event, arena, FIELD_EVENT_TYPE, kind->types);
	set_words(event, arena, FIELD_EVENT_ACTION, kind->actions);
	return event;
}

static bool stage_needs(const struct stage *stage, const struct event *event)
{
	static const bool known[FIELD__COUNT] = {
		[FIELD_EVENT_CATEGORY] = true, [FIELD_EVENT_KIND] = true,
		[FIELD_EVENT_TYPE] = true,     [FIELD_EVENT_ACTION] = true,
		[FIELD_HOST_OS_TYPE] = true,
	};

	return (!stage->category_bit ||
		(stage->category_bit & event->categories)) &&
	       pred_possible(stage->condition, event, known, FIELD__COUNT);
}

/* Adds the kinds a rule needs to *needed. 0 or -ENOMEM. */
static int rule_kinds(const struct rule *rule, unsigned int *needed)
{
	struct arena *arena = arena_new(0);

	if (!arena)
		return -ENOMEM;
	for (size_t k = 0; k < KIND__COUNT; k++) {
		const struct event *event = kind_event(arena, &kinds[k]);
		const struct query *query = rule->query;

		if (!event) {
			arena_free(&arena);
			return -ENOMEM;
		}
		for (size_t i = 0; i < query->stage_count; i++)
			if (stage_needs(&query->stages[i], event))
				*needed |= 1U << k;
		if (query->until && stage_needs(query->until, event))
			*needed |= 1U << k;
	}
	arena_free(&arena);
	return 0;
}

static int print_rows(unsigned int needed, const char *machine,
		      struct strbuf *out)
{
	bool x86 = !strcmp(machine, "x86_64");

	for (unsigned int width = B64; width <= B32; width *= 2) {
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			const struct audit_row *row = &rows[i];

			if (!(row->kinds & needed) || !(row->flags & width) ||
			    (!x86 && (width == B32 || row->flags & LEGACY)))
				continue;
			strbuf_printf(out,
				      "-a always,exit -F arch=%s %s "
				      "-F key=audisp_eql_%s\n",
				      width == B64 ? "b64" : "b32", row->text,
				      row->key);
		}
	}
	return out->failed ? -ENOMEM : 0;
}

int rule_audit_rules(const struct rule *rule, const char *machine,
		     struct strbuf *out)
{
	unsigned int needed = 0;
	int rc = rule_kinds(rule, &needed);

	return rc ? rc : print_rows(needed, machine, out);
}

int ruleset_audit_rules(const struct ruleset *set, const char *machine,
			struct strbuf *out)
{
	unsigned int needed = 0;
	int rc = 0;

	for (size_t i = 0; i < set->rule_count && !rc; i++)
		rc = rule_kinds(set->rules[i], &needed);
	return rc ? rc : print_rows(needed, machine, out);
}
