/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an account chooses is known by the names of fields: how a program is
 * called, its arguments, the paths of files, whom it connects to. The kernel
 * records what it was given, and of arguments what stands in memory when it
 * looks, which a tracer may have rewritten. Ids, results and times are the
 * kernel's own.
 */
#include "traits.h"

#include <assert.h>
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "../eql/pred.h"
#include "support.h"

static const char *const kind_names[KIND__ALL] = {
#define KIND(id, name, ...) [KIND_##id] = name,
#define NARROW_KIND(id, wide, name, ...) [KIND_##id] = name,
#include "kinds.def"
#undef KIND
#undef NARROW_KIND
	[KIND_SETPGID] = "process group change",
	[KIND_ORIGIN] = "file made executable",
};

static const struct kind_cost {
	enum kind_id kind;
	enum cost_class cost;
} kind_costs[] = {
#define KIND_COST(kind, cost) { KIND_##kind, COST_##cost },
#include "kinds.def"
#undef KIND_COST
};

static_assert(sizeof(kind_costs) / sizeof(kind_costs[0]) == KIND__ALL,
	      "each kind has a KIND_COST in kinds.def");

/* The first pattern that fits decides; how == NULL: not the account's. */
static const struct choice {
	const char *pattern, *how;
} choices[] = {
#define NAMES "programs are named, copied and linked at will"
#define ARGUMENTS "arguments are chosen, and by ptrace rewritten in the record"
#define PATHS "files are named and linked at will"
	{ "process*.user.*", NULL },
	{ "process*.group.*", NULL },
	{ "process*.tty.*", "a terminal is had at will (script, ssh -tt)" },
	{ "process*interactive",
	  "a terminal is had at will (script, ssh -tt)" },
	{ "process*.name", NAMES },
	{ "process*.executable", NAMES },
	{ "process.Ext.ancestry", NAMES },
	{ "process*.args*", ARGUMENTS },
	{ "process*.command_line", ARGUMENTS },
	{ "process*.title", ARGUMENTS },
	{ "process*.working_directory", "the directory is chosen" },
	{ "process*.env_vars",
	  "the environment is chosen, and overwritten at will" },
	{ "file.path", PATHS },
	{ "file.name", PATHS },
	{ "file.extension", PATHS },
	{ "file.directory", PATHS },
	{ "file.target_path", PATHS },
	{ "file.Ext.original.*", PATHS },
	{ "destination.*", "the address is chosen, or a relay's" },
	{ "source.*", "the address is the peer's to choose" },
	{ "auditd.data.a?", "the arguments of the call are chosen" },
	{ "auditd.data.name", "modules are named at will" },
	{ "Target.process.name", "processes name themselves" },
#undef NAMES
#undef ARGUMENTS
#undef PATHS
};

/* How the account comes to choose a field; NULL = it does not. */
static const char *how_chosen(const struct field_table *fields, size_t slot)
{
	const struct str name = field_table_name(fields, slot);
	char text[256];

	if (name.len >= sizeof(text))
		return NULL;
	memcpy(text, name.data, name.len);
	text[name.len] = '\0';
	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++)
		if (!fnmatch(choices[i].pattern, text, 0))
			return choices[i].how;
	return NULL;
}

/* Fields by slot, on their way to be a list. */
struct collector {
	const struct field_table *fields;
	struct trait_field found[FIELD__COUNT]; /* how != NULL: it is one */
};

/* The row of a slot; NULL = the account does not choose it. */
static struct trait_field *row_of(struct collector *collector, size_t slot)
{
	struct trait_field *row;

	if (slot >= FIELD__COUNT)
		return NULL;
	row = &collector->found[slot];
	if (!row->how)
		row->how = how_chosen(collector->fields, slot);
	row->slot = slot;
	return row->how ? row : NULL;
}

static void collect_condition(struct collector *collector,
			      const struct pred *pred)
{
	const struct pred *const *items;
	const size_t *slots;
	size_t count = pred_items(pred, &items);

	for (size_t i = 0; i < count; i++)
		collect_condition(collector, items[i]);
	if (count)
		return;
	count = pred_slots(pred, &slots);
	for (size_t i = 0; i < count; i++) {
		struct trait_field *row = row_of(collector, slots[i]);

		if (row && pred_is_negated(pred))
			row->excluded = true;
		else if (row)
			row->wanted = true;
	}
}

static void collect_stage(struct collector *collector,
			  const struct stage *stage, bool sequence)
{
	collect_condition(collector, stage->condition);
	for (size_t i = 0; i < stage->exception_count; i++) {
		/* an exception is an exclusion of everything it asks for */
		struct collector excepted = { .fields = collector->fields };

		collect_condition(&excepted, stage->exceptions[i].condition);
		for (size_t slot = 0; slot < FIELD__COUNT; slot++)
			if (excepted.found[slot].wanted)
				row_of(collector, slot)->excluded = true;
	}
	for (size_t i = 0; sequence && i < stage->key_count; i++) {
		struct trait_field *row =
			row_of(collector, stage->keys[i].slot);

		if (row)
			row->key = true;
	}
}

static bool is_trait(const struct trait_field *field)
{
	return field->wanted || field->excluded || field->key;
}

static int list_fields(const struct collector *collector, struct arena *arena,
		       struct rule_traits *out)
{
	struct trait_field *fields =
		arena_array(arena, FIELD__COUNT, sizeof(*fields));

	if (!fields)
		return -ENOMEM;
	out->field_count = 0;
	for (size_t slot = 0; slot < FIELD__COUNT; slot++)
		if (is_trait(&collector->found[slot]))
			fields[out->field_count++] = collector->found[slot];
	out->fields = fields;
	return 0;
}

/* What is read from /proc while a process lives. */
static const struct {
	size_t slot;
	const char *how;
} racy[] = {
	{ FIELD_CONTAINER_ID,
	  "container.id is null if the first process of the container is gone "
	  "before it can be asked for" },
	{ FIELD_PROCESS_ENV_VARS,
	  "process.env_vars is null if the process is gone before it can be "
	  "asked for, and the next program's if it has executed one" },
};

static_assert(sizeof(racy) / sizeof(racy[0]) <= TRAITS_RACY_MAX,
	      "a rule may ask for all of them");

static void find_racy(const struct rule *rule, struct rule_traits *traits)
{
	for (size_t i = 0; i < sizeof(racy) / sizeof(racy[0]); i++) {
		bool read = racy[i].slot != FIELD_PROCESS_ENV_VARS ||
			    rule->environment->count;

		if (read && query_reads(rule->query, racy[i].slot))
			traits->racy[traits->racy_count++] = racy[i].how;
	}
}

/* What its own records tell of a parent; its pid stands in the child's. */
static bool asks_parents(const struct query *query,
			 const struct field_table *fields)
{
	static const struct str prefix = STR("process.parent.");

	for (size_t i = 0; i < query->field_slot_count; i++) {
		size_t slot = query->field_slots[i];
		struct str name = field_table_name(fields, slot);

		if (slot < FIELD__COUNT && slot != FIELD_PROCESS_PARENT_PID &&
		    name.len > prefix.len &&
		    !memcmp(name.data, prefix.data, prefix.len))
			return true;
	}
	return false;
}

static enum cost_class cost_of(uint64_t kinds)
{
	enum cost_class cost = COST_NONE;

	for (size_t i = 0; i < KIND__ALL; i++)
		if (kinds & 1ULL << kind_costs[i].kind &&
		    kind_costs[i].cost > cost)
			cost = kind_costs[i].cost;
	return cost;
}

int rule_traits(const struct rule *rule, const struct field_table *fields,
		struct arena *arena, struct rule_traits *out)
{
	const struct query *query = rule->query;
	struct collector collector = { .fields = fields };
	bool sequence = query->stage_count > 1;
	struct rule_traits traits = {
		.kinds = support_kinds(rule),
		.no_maxspan = sequence && !query->maxspan_ns,
		.parents = asks_parents(query, fields),
	};
	int rc;

	find_racy(rule, &traits);
	traits.cost = cost_of(traits.kinds);
	for (size_t i = 0; i < query->stage_count; i++)
		collect_stage(&collector, &query->stages[i], sequence);
	rc = list_fields(&collector, arena, &traits);
	if (!rc)
		*out = traits;
	return rc;
}

const char *cost_class_name(enum cost_class cost)
{
	static const char *const names[] = {
		[COST_NONE] = "none",
		[COST_LOW] = "low",
		[COST_MEDIUM] = "medium",
		[COST_HIGH] = "high",
	};

	static_assert(sizeof(names) / sizeof(names[0]) == COST__COUNT,
		      "each class has a name");
	return names[cost];
}

const char *trait_kind_name(size_t kind)
{
	return kind_names[kind];
}

size_t trait_kind_count(void)
{
	return KIND__ALL;
}
