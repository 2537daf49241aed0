/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a rule needs is asked of its compiled conditions, never written down by
 * hand. For each kind of event a probe is made: an event that has the words of
 * the kind, in which fields the kind does not have are known to be null, and
 * everything else is unknown. A stage needs the kind if its condition is
 * possible for the probe.
 *
 * A leaf of the condition is live for a probe if the known fields leave its
 * truth open, and that of all conditions it is part of. Only what is live can
 * be missed: `host.os.type == "windows" and registry.path : "x"` folds away.
 * A live field that no event of this sensor has makes a rule degraded.
 */
#include "support.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../eql/pred.h"
#include "../limits.h"
#include "../util/strbuf.h"

#define WORDS_MAX 6
#define SLOTS_MAX (FIELD__COUNT + LIMIT_FIELDS)

/* A word that no rule names. */
#define OTHER "\001"

#define W(...) \
	{ \
		__VA_ARGS__ \
	}

/* Fields that not every kind has. */
enum group {
	GROUP_FILE = 1 << 0,
	GROUP_ORIGINAL = 1 << 1, /* the file before its rename */
	GROUP_DESTINATION = 1 << 2,
	GROUP_EXIT = 1 << 3,
	GROUP_DIRECTORY = 1 << 4, /* records of it name the working directory */
	GROUP_PID = 1 << 5, /* of a fork the child's pid is not in the record */
	GROUP_OUTCOME = 1 << 6, /* what failed counts, too */
	GROUP_COMMON = 1 << 7, /* any other field: every kind has it */
	GROUP_ARGUMENTS = 1 << 8, /* of the system call */
	GROUP_SOURCE = 1 << 9,
	GROUP_DIRECTION = 1 << 10,
	GROUP_SOCKET = 1 << 11, /* its family */
	GROUP_TARGET = 1 << 12, /* the process it is done to */
	GROUP_MODULE = 1 << 13,
	GROUP_LINK = 1 << 14,
	GROUP_CAPABILITIES = 1 << 15,
	GROUP_ACCOUNT = 1 << 16, /* what a program tells of an account */
	GROUP_CLASS = 1 << 17, /* the call is of a class that rules name */
	GROUP_ENVIRONMENT = 1 << 18,
};

/* When a rule is taken to want a kind it could match (kinds.def). */
enum need { ALWAYS, BY_TYPE, BY_NAME };

struct kind {
	const char *name;
	enum need need;
	const char *category, *dataset;
	const char *types[WORDS_MAX], *actions[WORDS_MAX];
	const char *calls; /* empty = not known */
	unsigned int groups;
};

static const struct kind kinds[] = {
#define KIND(id, ...) { __VA_ARGS__ },
#include "kinds.def"
#undef KIND
};

_Static_assert(KIND__ALL <= 64, "a kind has no bit");

/* Those that need no audit rule. */
static const struct kind free_kinds[] = {
#define USER_RECORD(name, category, types, actions, account) \
	{ \
		#name, \
		ALWAYS, \
		category, \
		"security", \
		types, \
		actions, \
		"", \
		GROUP_ACCOUNT | GROUP_OUTCOME | GROUP_DIRECTORY | GROUP_PID \
	},
#include <audisp-eql/user_records.def>
#undef USER_RECORD
#define RUNNING_KIND(...) { __VA_ARGS__ },
#include "kinds.def"
#undef RUNNING_KIND
};

#define FREE_KINDS (sizeof(free_kinds) / sizeof(free_kinds[0]))

static const struct kind absent_kinds[] = {
#define ABSENT_KIND(name, category, types, actions, by_type) \
	{ name,	    by_type ? BY_TYPE : BY_NAME, \
	  category, category, \
	  types,    actions, \
	  "",	    ~0U },
#include "kinds.def"
#undef ABSENT_KIND
};

/* --- probes --------------------------------------------------------------- */

struct probe {
	const struct kind *kind;
	struct event event;
	struct value values[FIELD__COUNT];
	struct value types[WORDS_MAX], actions[WORDS_MAX], datasets[3];
	char dataset[32];
	/* slots behind FIELD__COUNT are known to be null, or unknown, as the
	 * count says that is passed on */
	bool known[SLOTS_MAX];
};

static unsigned int group_of(size_t slot)
{
	switch (slot) {
	case FIELD_FILE_DEVICE:
	case FIELD_FILE_EXTENSION:
	case FIELD_FILE_GID:
	case FIELD_FILE_INODE:
	case FIELD_FILE_MODE:
	case FIELD_FILE_NAME:
	case FIELD_FILE_PATH:
	case FIELD_FILE_UID:
		return GROUP_FILE;
	case FIELD_FILE_EXT_ORIGINAL_EXTENSION:
	case FIELD_FILE_EXT_ORIGINAL_NAME:
	case FIELD_FILE_EXT_ORIGINAL_PATH:
		return GROUP_ORIGINAL;
	case FIELD_FILE_TARGET_PATH:
		return GROUP_LINK;
	case FIELD_DESTINATION_IP:
	case FIELD_DESTINATION_PORT:
		return GROUP_DESTINATION;
	case FIELD_SOURCE_IP:
		return GROUP_SOURCE | GROUP_ACCOUNT;
	case FIELD_SOURCE_PORT:
		return GROUP_SOURCE;
	case FIELD_NETWORK_DIRECTION:
		return GROUP_DIRECTION;
	case FIELD_AUDITD_DATA_SOCKET_FAMILY:
	case FIELD_NETWORK_TYPE:
		return GROUP_SOCKET;
	case FIELD_AUDITD_DATA_A0:
	case FIELD_AUDITD_DATA_A1:
	case FIELD_AUDITD_DATA_A2:
	case FIELD_AUDITD_DATA_A3:
		return GROUP_ARGUMENTS;
	case FIELD_AUDITD_DATA_NAME:
		return GROUP_MODULE;
	case FIELD_TARGET_PROCESS_NAME:
	case FIELD_TARGET_PROCESS_PID:
		return GROUP_TARGET;
	case FIELD_PROCESS_EXIT_CODE:
		return GROUP_EXIT;
	case FIELD_PROCESS_WORKING_DIRECTORY:
		return GROUP_DIRECTORY;
	case FIELD_PROCESS_ENTITY_ID:
	case FIELD_PROCESS_PID:
		return GROUP_PID;
	case FIELD_PROCESS_THREAD_CAPABILITIES_EFFECTIVE:
	case FIELD_PROCESS_THREAD_CAPABILITIES_PERMITTED:
		return GROUP_CAPABILITIES;
	case FIELD_PROCESS_ENV_VARS:
		return GROUP_ENVIRONMENT;
	case FIELD_AUDITD_DATA_CLASS:
		return GROUP_CLASS;
	case FIELD_AUDITD_DATA_CMD:
	case FIELD_AUDITD_DATA_OP:
	case FIELD_GROUP_NAME:
	case FIELD_SERVICE_NAME:
	case FIELD_USER_EFFECTIVE_NAME:
	case FIELD_USER_TARGET_ID:
	case FIELD_USER_TARGET_NAME:
		return GROUP_ACCOUNT;
	default:
		return GROUP_COMMON;
	}
}

/* The kinds that tell a field which events of other kinds then have, too. */
static uint64_t sources_of(size_t slot)
{
	switch (slot) {
	case FIELD_PROCESS_ARGS:
	case FIELD_PROCESS_ARGS_COUNT:
	case FIELD_PROCESS_COMMAND_LINE:
	case FIELD_PROCESS_EXECUTABLE:
	case FIELD_PROCESS_NAME:
	case FIELD_PROCESS_EXT_ANCESTRY:
	case FIELD_PROCESS_PARENT_ARGS:
	case FIELD_PROCESS_PARENT_ARGS_COUNT:
	case FIELD_PROCESS_PARENT_COMMAND_LINE:
	case FIELD_PROCESS_PARENT_EXECUTABLE:
	case FIELD_PROCESS_PARENT_NAME:
	case FIELD_PROCESS_PARENT_ENTITY_ID:
	case FIELD_PROCESS_PARENT_GROUP_ID:
	case FIELD_PROCESS_PARENT_INTERACTIVE:
	case FIELD_PROCESS_PARENT_REAL_GROUP_ID:
	case FIELD_PROCESS_PARENT_REAL_USER_ID:
	case FIELD_PROCESS_PARENT_USER_ID:
	case FIELD_PROCESS_PARENT_WORKING_DIRECTORY:
	case FIELD_PROCESS_PREVIOUS_EXECUTABLE:
		return KIND_BIT(EXEC);
	case FIELD_PROCESS_ORIGIN_AGE:
	case FIELD_PROCESS_ORIGIN_AUDIT_ID:
	case FIELD_PROCESS_ORIGIN_COMPILER:
	case FIELD_PROCESS_ORIGIN_EXECUTABLE:
	case FIELD_PROCESS_ORIGIN_INHERITED:
	case FIELD_PROCESS_ORIGIN_KIND:
	case FIELD_PROCESS_ORIGIN_NAME:
	case FIELD_PROCESS_ORIGIN_PATH:
	case FIELD_PROCESS_ORIGIN_USER_AUDIT_ID:
	case FIELD_PROCESS_ORIGIN_USER_ID:
		return KIND_BIT(EXEC) | KIND_BIT(BIRTH) | KIND_BIT(ORIGIN);
	case FIELD_CONTAINER_ID:
	case FIELD_PROCESS_ENTRY_LEADER_ARGS:
	case FIELD_PROCESS_ENTRY_LEADER_ENTITY_ID:
	case FIELD_PROCESS_ENTRY_LEADER_ENTRY_META_TYPE:
	case FIELD_PROCESS_ENTRY_LEADER_EXECUTABLE:
	case FIELD_PROCESS_ENTRY_LEADER_NAME:
	case FIELD_PROCESS_ENTRY_LEADER_PID:
	case FIELD_PROCESS_ENTRY_LEADER_SAME_AS_PROCESS:
	case FIELD_PROCESS_SESSION_LEADER_ARGS:
	case FIELD_PROCESS_SESSION_LEADER_ENTITY_ID:
	case FIELD_PROCESS_SESSION_LEADER_EXECUTABLE:
	case FIELD_PROCESS_SESSION_LEADER_NAME:
	case FIELD_PROCESS_SESSION_LEADER_PID:
	case FIELD_PROCESS_SESSION_LEADER_SAME_AS_PROCESS:
		return KIND_BIT(EXEC) | KIND_BIT(SESSION);
	case FIELD_PROCESS_GROUP_LEADER_ARGS:
	case FIELD_PROCESS_GROUP_LEADER_ENTITY_ID:
	case FIELD_PROCESS_GROUP_LEADER_EXECUTABLE:
	case FIELD_PROCESS_GROUP_LEADER_NAME:
	case FIELD_PROCESS_GROUP_LEADER_PID:
	case FIELD_PROCESS_GROUP_LEADER_SAME_AS_PROCESS:
		return KIND_BIT(EXEC) | KIND_BIT(SESSION) | KIND_BIT(SETPGID);
	default:
		return 0;
	}
}

static void probe_set(struct probe *probe, size_t slot, struct value value)
{
	probe->values[slot] = value;
	probe->known[slot] = true;
}

static void probe_set_words(struct probe *probe, size_t slot,
			    const char *const *words, struct value *items)
{
	size_t count = 0;

	for (; count < WORDS_MAX && words[count]; count++)
		items[count] = VALUE_OF_STR(str_from(words[count]));
	probe_set(probe, slot,
		  count ? (struct value){ .type = VALUE_LIST,
					  .list = { items, count } }
			: (struct value){ 0 });
}

/* An event of the kind. */
static void probe_init(struct probe *probe, const struct kind *kind)
{
	memset(probe, 0, sizeof(*probe));
	probe->kind = kind;
	probe->event.value_count = FIELD__COUNT;
	probe->event.values = probe->values;
	for (size_t slot = 0; slot < FIELD__COUNT; slot++)
		probe->known[slot] =
			!(group_of(slot) & (kind->groups | GROUP_COMMON));
	memset(probe->known + FIELD__COUNT, true, SLOTS_MAX - FIELD__COUNT);
	snprintf(probe->dataset, sizeof(probe->dataset), "endpoint.events.%s",
		 kind->dataset);
	probe->datasets[0] = VALUE_OF_STR(str_from(probe->dataset));
	probe->datasets[1] = VALUE_OF_STR(STR("auditd_manager.auditd"));
	probe->datasets[2] = VALUE_OF_STR(STR("fim.event"));
	probe_set(probe, FIELD_DATA_STREAM_DATASET,
		  (struct value){
			  .type = VALUE_LIST,
			  .list = { probe->datasets,
				    strcmp(kind->dataset, "file") ? 2 : 3 } });
	probe_set(probe, FIELD_DATA_STREAM_NAMESPACE,
		  VALUE_OF_STR(STR("default")));
	probe_set(probe, FIELD_EVENT_CATEGORY,
		  VALUE_OF_STR(str_from(kind->category)));
	probe_set(probe, FIELD_EVENT_KIND, VALUE_OF_STR(STR("event")));
	probe_set(probe, FIELD_EVENT_MODULE, VALUE_OF_STR(STR("auditd")));
	probe_set(probe, FIELD_HOST_OS_TYPE, VALUE_OF_STR(STR("linux")));
	if (!(kind->groups & GROUP_OUTCOME))
		probe_set(probe, FIELD_EVENT_OUTCOME,
			  VALUE_OF_STR(STR("success")));
	probe_set_words(probe, FIELD_EVENT_TYPE, kind->types, probe->types);
	probe_set_words(probe, FIELD_EVENT_ACTION, kind->actions,
			probe->actions);
}

/* Whether an event such as the probe can have all keys of the stage. */
static bool has_keys(const struct probe *probe, const struct stage *stage)
{
	for (size_t i = 0; i < stage->key_count; i++) {
		size_t slot = stage->keys[i].slot;

		if (stage->keys[i].optional)
			continue;
		if (slot >= FIELD__COUNT ||
		    (probe->known[slot] &&
		     probe->values[slot].type == VALUE_NULL))
			return false;
	}
	return true;
}

static bool has_category(const struct kind *kind, const struct stage *stage)
{
	return !stage->category.len ||
	       str_equal(stage->category, str_from(kind->category));
}

/* Whether an event such as the probe can match: FIELD__COUNT = whatever it has
 * in fields that this sensor does not know, SLOTS_MAX = without those. */
static bool can_match(const struct probe *probe, const struct stage *stage,
		      size_t known_count)
{
	const struct pred_known known = { probe->known, known_count };

	return has_category(probe->kind, stage) &&
	       (known_count == FIELD__COUNT || has_keys(probe, stage)) &&
	       pred_possible(stage->condition, &probe->event, &known);
}

static bool reads_slot(const struct pred *leaf, size_t slot)
{
	const size_t *slots;
	size_t count = pred_slots(leaf, &slots);

	for (size_t i = 0; i < count; i++)
		if (slots[i] == slot)
			return true;
	return false;
}

/* The first leaf that reads one of two fields. */
static const struct pred *find_leaf(const struct pred *pred, size_t slot,
				    size_t other)
{
	const struct pred *const *items, *found = NULL;
	size_t count = pred_items(pred, &items);

	if (!count && (reads_slot(pred, slot) || reads_slot(pred, other)))
		return pred;
	for (size_t i = 0; i < count && !found; i++)
		found = find_leaf(items[i], slot, other);
	return found;
}

/*
 * Makes the probe an event from the next call of its kind; once, from any, where
 * that is not asked. *rest begins as the kind's calls. False = there is none.
 */
static bool next_call(struct probe *probe, const struct stage *stage,
		      const char **rest)
{
	struct str call = { *rest, *rest ? strcspn(*rest, ",") : 0 };

	if (!*rest)
		return false;
	if (!call.len || !find_leaf(stage->condition, FIELD_AUDITD_DATA_SYSCALL,
				    FIELD_AUDITD_DATA_SYSCALL)) {
		*rest = NULL;
		return true;
	}
	probe_set(probe, FIELD_AUDITD_DATA_SYSCALL, VALUE_OF_STR(call));
	*rest = (*rest)[call.len] ? *rest + call.len + 1 : NULL;
	return true;
}

/* Whether an event of the kind can match. The probe is left as one that can. */
static bool can_come(struct probe *probe, const struct stage *stage)
{
	const char *rest = probe->kind->calls;

	while (next_call(probe, stage, &rest))
		if (can_match(probe, stage, FIELD__COUNT))
			return true;
	return false;
}

/* --- what confines a stage ------------------------------------------------ */

/*
 * Files that linkers create are seen by the births of executables, and those
 * below /etc by watching that directory; who becomes root is seen without all
 * the changes of others. All else only if everything of the kind is audited,
 * which costs a host much more. So it matters whether a stage can match nothing
 * else.
 */
struct bounds {
	size_t slot;
	/* whether all that a text stands for is within */
	bool (*hold)(struct str text, bool pattern);
};

static const char *const linkers[] = {
#define LINKER(pattern) pattern,
#include <audisp-eql/linkers.def>
#undef LINKER
};

/* The value a text stands for; of a pattern, the one with nothing in place of a
 * star. False = too long. */
static bool value_of(struct str text, bool pattern, char out[256])
{
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if (pattern && c == '*')
			continue;
		if (!c || len == 255)
			return false;
		out[len++] = pattern && c == '?' ? 'x' : c;
	}
	out[len] = '\0';
	return true;
}

static bool is_linker(struct str text, bool pattern)
{
	char name[256];

	if (!value_of(text, pattern, name))
		return false;
	for (size_t i = 0; i < sizeof(linkers) / sizeof(linkers[0]); i++)
		if (!fnmatch(linkers[i], name, 0))
			return true;
	return false;
}

/* Paths come without "..", so this is all there is to it. */
static bool is_below_etc(struct str text, bool pattern)
{
	(void)pattern;
	return text.len > 5 && !memcmp(text.data, "/etc/", 5);
}

static bool is_root(struct str text, bool pattern)
{
	return !pattern && str_equal(text, STR("0"));
}

static const struct bounds linkers_only = { FIELD_PROCESS_NAME, is_linker };
static const struct bounds etc_only = { FIELD_FILE_PATH, is_below_etc };
static const struct bounds root_only = { FIELD_USER_ID, is_root };

static bool leaf_within(struct probe *probe, const struct stage *stage,
			const struct pred *leaf, const struct bounds *bounds)
{
	struct str text;
	char value[256];

	if (pred_is_null_test(leaf) || !reads_slot(leaf, bounds->slot))
		return true;
	for (size_t i = 0;; i++) {
		enum pred_names names = pred_names(leaf, i, &text);
		bool pattern = names == PRED_NAMES_PATTERN;

		if (names == PRED_NAMES_END)
			return true;
		if (names == PRED_NAMES_UNKNOWN ||
		    !value_of(text, pattern, value))
			return false;
		probe_set(probe, bounds->slot, VALUE_OF_STR(str_from(value)));
		if (!bounds->hold(text, pattern) &&
		    can_match(probe, stage, SLOTS_MAX))
			return false;
	}
}

static bool leaves_within(struct probe *probe, const struct stage *stage,
			  const struct pred *pred, const struct bounds *bounds)
{
	const struct pred *const *items;
	size_t count = pred_items(pred, &items);

	if (!count)
		return leaf_within(probe, stage, pred, bounds);
	for (size_t i = 0; i < count; i++)
		if (!leaves_within(probe, stage, items[i], bounds))
			return false;
	return true;
}

/* Whether the stage can match no event of the kind but within the bounds. */
static bool is_within(enum kind_id id, const struct stage *stage,
		      const struct bounds *bounds)
{
	struct probe probe;

	probe_init(&probe, &kinds[id]);
	probe_set(&probe, bounds->slot, VALUE_OF_STR(STR(OTHER)));
	return !can_match(&probe, stage, SLOTS_MAX) &&
	       leaves_within(&probe, stage, stage->condition, bounds);
}

bool query_reads(const struct query *query, size_t slot)
{
	for (size_t i = 0; i < query->field_slot_count; i++)
		if (query->field_slots[i] == slot)
			return true;
	return false;
}

/* The least that must be audited of a kind that the stage wants. */
static enum kind_id narrowed(enum kind_id id, const struct query *query,
			     const struct stage *stage)
{
	static const struct {
		enum kind_id wide, narrow;
	} rows[] = {
#define NARROW_KIND(id, wide, ...) { KIND_##wide, KIND_##id },
#include "kinds.def"
#undef NARROW_KIND
	};

	if (id == KIND_CREATE && is_within(id, stage, &linkers_only))
		return KIND_BIRTH;
	/* a container's /etc is another directory than the host's */
	if (id != KIND_UID && query_reads(query, FIELD_CONTAINER_ID))
		return id;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].wide == id &&
		    is_within(id, stage,
			      id == KIND_UID ? &root_only : &etc_only))
			return rows[i].narrow;
	return id;
}

/* --- what is live --------------------------------------------------------- */

/* One query on its way through all this. */
struct survey {
	const struct query *query;
	const struct str_list *environment;
	const struct field_table *fields;
	struct arena *arena; /* NULL = only the kinds are asked for */
	struct support *out;
	size_t capacity;
	uint64_t kinds;
	bool told[2][SLOTS_MAX]; /* fields that are missed, each once a way */
	const struct stage *stage; /* the one that is looked at */
	struct probe probe;
};

/* What a problem means for who waits for alerts. */
enum effect { EFFECT_BLIND, EFFECT_NOISE };

/* What it means that the stage holds too seldom; the other way round where its
 * events undo a match. */
static enum effect effect_of_loss(const struct survey *survey)
{
	return survey->stage->missing || survey->stage == survey->query->until
		       ? EFFECT_NOISE
		       : EFFECT_BLIND;
}

static enum effect effect_of_excess(const struct survey *survey)
{
	return effect_of_loss(survey) == EFFECT_BLIND ? EFFECT_NOISE
						      : EFFECT_BLIND;
}

static int add_problem(struct survey *survey, size_t offset, enum effect effect,
		       const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static int add_problem(struct survey *survey, size_t offset, enum effect effect,
		       const char *format, ...)
{
	static const char *const effects[] = {
		[EFFECT_BLIND] = "a blind spot",
		[EFFECT_NOISE] = "more noise",
	};

	struct support *out = survey->out;
	struct support_problem problem = { .offset = offset };
	char text[512];
	va_list ap;

	if (!survey->arena)
		return 0;
	if (out->problem_count == survey->capacity) {
		size_t capacity = survey->capacity ? 2 * survey->capacity : 8;
		struct support_problem *problems =
			arena_array(survey->arena, capacity, sizeof(*problems));

		if (!problems)
			return -ENOMEM;
		if (out->problem_count)
			memcpy(problems, out->problems,
			       out->problem_count * sizeof(*problems));
		out->problems = problems;
		survey->capacity = capacity;
	}
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	problem.text =
		arena_printf(survey->arena, "%s: %s", text, effects[effect]);
	if (!problem.text.data)
		return -ENOMEM;
	out->problems[out->problem_count++] = problem;
	return 0;
}

/* Why there is no such field, for who may wonder; NULL = nothing is known. */
static const char *why_absent(struct str field)
{
	static const struct {
		const char *pattern, *why;
	} reasons[] = {
		{ "process*.env_vars", "of other processes it is not read" },
		{ "process*.code_signature.*", "programs here have none" },
		{ "process.Ext.load_module.*", "audit has but the name" },
		{ "container.security_context.*", "the runtime knows it" },
		{ "dns.*", "audit has no look-ups" },
		{ "http.*", "audit does not look into connections" },
		{ "url.*", "audit does not look into connections" },
		{ "network.application", "it is a firewall's" },
		{ "kubernetes.*", "it is of Kubernetes' own log" },
		{ "orchestrator.*", "it is of Kubernetes' own log" },
		{ "registry.*", "it is Windows'" },
		{ "dll.*", "it is Windows'" },
		{ "winlog.*", "it is Windows'" },
	};
	char name[256];

	if (field.len >= sizeof(name))
		return NULL;
	memcpy(name, field.data, field.len);
	name[field.len] = '\0';
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (!fnmatch(reasons[i].pattern, name, 0))
			return reasons[i].why;
	return NULL;
}

/* A field that is null: what asks for it holds never, what excludes always. */
static int miss_field(struct survey *survey, size_t slot, size_t offset,
		      enum effect effect)
{
	struct str name;
	const char *why;

	if (survey->told[effect][slot] || !survey->arena)
		return 0;
	survey->told[effect][slot] = true;
	name = field_table_name(survey->fields, slot);
	why = why_absent(name);
	return add_problem(survey, offset, effect,
			   "no event here has the field %.*s%s%s%s",
			   STR_ARG(name), why ? " (" : "", why ? why : "",
			   why ? ")" : "");
}

/* A live field: is it known at all, and where does it come from? */
static int use_field(struct survey *survey, size_t slot, size_t offset,
		     enum effect effect)
{
	if (slot >= FIELD__COUNT)
		return miss_field(survey, slot, offset, effect);
	survey->kinds |= sources_of(slot);
	/* the own end of what is accepted is what was bound before */
	if (survey->probe.kind == &kinds[KIND_ACCEPT] &&
	    group_of(slot) == GROUP_DESTINATION)
		survey->kinds |= KIND_BIT(BIND);
	return 0;
}

/* A leaf whose problem is told; another kind of event asks for it, too. */
static bool is_told(const struct survey *survey, size_t offset)
{
	for (size_t i = 0; i < survey->out->problem_count; i++)
		if (survey->out->problems[i].offset == offset)
			return true;
	return false;
}

/* --- environments --------------------------------------------------------- */

static bool has_name(const struct str_list *names, struct str name)
{
	for (size_t i = 0; i < names->count; i++)
		if (str_equal(names->items[i], name))
			return true;
	return false;
}

/* The variable that a text NAME=... is about; false = it does not say. */
static bool name_of_variable(struct str text, bool pattern, struct str *out)
{
	const char *end = memchr(text.data, '=', text.len);

	*out = (struct str){ text.data, end ? (size_t)(end - text.data) : 0 };
	return out->len && !(pattern && (memchr(out->data, '*', out->len) ||
					 memchr(out->data, '?', out->len)));
}

/* Whether the variables a leaf names are all read; else those that are not, or
 * none where they cannot be told. */
static bool knows_variables(const struct survey *survey,
			    const struct pred *leaf, struct strbuf *lacking)
{
	struct str text, name;
	bool all = true;

	if (pred_is_null_test(leaf))
		return survey->environment->count;
	for (size_t i = 0;; i++) {
		enum pred_names names = pred_names(leaf, i, &text);

		if (names == PRED_NAMES_END)
			return all;
		if (names == PRED_NAMES_UNKNOWN ||
		    !name_of_variable(text, names == PRED_NAMES_PATTERN,
				      &name)) {
			strbuf_reset(lacking);
			return false;
		}
		if (has_name(survey->environment, name))
			continue;
		strbuf_printf(lacking, "%s%.*s", all ? "" : ", ",
			      STR_ARG(name));
		all = false;
	}
}

/* Of an environment there is what the configuration names. */
static int use_variables(struct survey *survey, const struct pred *leaf,
			 enum effect effect)
{
	struct strbuf lacking = STRBUF_INIT(256);
	size_t offset = pred_offset(leaf);
	int rc = 0;

	if (!survey->arena || is_told(survey, offset) ||
	    knows_variables(survey, leaf, &lacking))
		rc = 0;
	else if (lacking.len)
		rc = add_problem(survey, offset, effect,
				 "process.env_vars lacks %.*s, which "
				 "'environment' in the configuration does not "
				 "name",
				 STR_ARG(strbuf_str(&lacking)));
	else
		rc = add_problem(survey, offset, effect,
				 "process.env_vars has only what 'environment' "
				 "in the configuration names, and this gives "
				 "no name");
	strbuf_free(&lacking);
	return rc;
}

static int use_live_fields(struct survey *survey, const struct pred *pred)
{
	const struct pred_known known = { survey->probe.known, FIELD__COUNT };
	const struct pred *const *items;
	const size_t *slots;
	size_t count = pred_items(pred, &items);
	int rc = 0;

	if (!pred_open(pred, &survey->probe.event, &known))
		return 0;
	for (size_t i = 0; i < count && !rc; i++)
		rc = use_live_fields(survey, items[i]);
	count = count ? 0 : pred_slots(pred, &slots);
	for (size_t i = 0; i < count && !rc; i++) {
		enum effect effect = pred_is_negated(pred)
					     ? effect_of_excess(survey)
					     : effect_of_loss(survey);

		rc = use_field(survey, slots[i], pred_offset(pred), effect);
		if (!rc && slots[i] == FIELD_PROCESS_ENV_VARS)
			rc = use_variables(survey, pred, effect);
	}
	return rc;
}

static int use_keys(struct survey *survey)
{
	const struct stage *stage = survey->stage;
	size_t offset = pred_offset(stage->condition);
	int rc = 0;

	for (size_t i = 0; i < stage->key_count && !rc; i++)
		rc = use_field(survey, stage->keys[i].slot, offset,
			       effect_of_loss(survey));
	return rc;
}

/* --- stages --------------------------------------------------------------- */

/* Whether a part of the condition that can hold has a leaf which the probe's
 * words make true, and the other ones not. */
static bool names_kind(const struct pred *pred, const struct probe *probe,
		       const struct probe *other)
{
	const struct pred_known known = { probe->known, SLOTS_MAX };
	const struct pred_known other_known = { other->known, SLOTS_MAX };
	const struct pred *const *items;
	size_t count = pred_items(pred, &items);

	if (!pred_possible(pred, &probe->event, &known))
		return false;
	for (size_t i = 0; i < count; i++)
		if (names_kind(items[i], probe, other))
			return true;
	return !count && !pred_possible(pred, &other->event, &other_known);
}

/* Whether the stage asks for the kind of the probe, which it can match: it
 * could not if the words were other ones, or it names them. */
static bool asks_for(const struct probe *probe, const struct stage *stage)
{
	static const char *const words[WORDS_MAX] = { OTHER };
	struct probe other;

	probe_init(&other, probe->kind);
	probe_set_words(&other, FIELD_EVENT_ACTION, words, other.actions);
	if (probe->kind->need == BY_TYPE)
		probe_set_words(&other, FIELD_EVENT_TYPE, words, other.types);
	if (*probe->kind->calls)
		probe_set(&other, FIELD_AUDITD_DATA_SYSCALL,
			  VALUE_OF_STR(STR(OTHER)));
	return !can_match(&other, stage, FIELD__COUNT) ||
	       names_kind(stage->condition, probe, &other);
}

/* Leaves the probe as can_come() does. */
static bool is_wanted(struct probe *probe, const struct stage *stage)
{
	const char *rest = probe->kind->calls;

	while (next_call(probe, stage, &rest))
		if (can_match(probe, stage, FIELD__COUNT) &&
		    (probe->kind->need == ALWAYS || asks_for(probe, stage)))
			return true;
	return false;
}

/* Whether events as the probe can match the stage; what they then need of other
 * kinds is added. */
static int try_probe(struct survey *survey, bool *matched)
{
	const struct stage *stage = survey->stage;
	uint64_t before = survey->kinds;
	int rc = use_live_fields(survey, stage->condition);

	/* they come after the rule has been assessed: no complaint is due */
	for (size_t i = 0; i < stage->exception_count && !rc; i++)
		rc = use_live_fields(survey, stage->exceptions[i].condition);
	if (!rc)
		rc = use_keys(survey);
	if (rc)
		return rc;
	if (!survey->environment->count)
		probe_set(&survey->probe, FIELD_PROCESS_ENV_VARS,
			  (struct value){ 0 });
	*matched = can_match(&survey->probe, stage, SLOTS_MAX);
	if (!*matched)
		survey->kinds = before;
	return 0;
}

/* One kind for the stage, which the probe is of; *any = it is of use. */
static int use_kind(struct survey *survey, enum kind_id id, bool *any)
{
	bool matched;
	int rc = try_probe(survey, &matched);

	if (rc || !matched)
		return rc;
	*any = true;
	survey->kinds |= 1ULL << narrowed(id, survey->query, survey->stage);
	return 0;
}

/* The same of those that need no audit rule. */
static int use_free_kinds(struct survey *survey, bool *any)
{
	int rc = 0;

	for (size_t i = 0; i < FREE_KINDS && !rc; i++) {
		bool matched;

		/* to make a probe is most of the work */
		if (!has_category(&free_kinds[i], survey->stage))
			continue;
		probe_init(&survey->probe, &free_kinds[i]);
		/* they come from no system call */
		probe_set(&survey->probe, FIELD_AUDITD_DATA_SYSCALL,
			  (struct value){ 0 });
		if (!can_match(&survey->probe, survey->stage, FIELD__COUNT))
			continue;
		rc = try_probe(survey, &matched);
		*any = *any || (!rc && matched);
	}
	return rc;
}

/* All kinds of use for the stage: those it wants, or any. */
static int use_kinds(struct survey *survey, bool any, bool *matched)
{
	const struct stage *stage = survey->stage;
	struct probe *probe = &survey->probe;
	int rc = 0;

	for (size_t id = 0; id < KIND__COUNT && !rc; id++) {
		if (id == KIND_BIRTH || !has_category(&kinds[id], stage))
			continue;
		probe_init(probe, &kinds[id]);
		if ((any ? can_come(probe, stage) : is_wanted(probe, stage)))
			rc = use_kind(survey, (enum kind_id)id, matched);
	}
	return rc;
}

static int miss_kinds(struct survey *survey)
{
	const struct stage *stage = survey->stage;
	const struct pred *condition = stage->condition;
	const struct pred *word =
		find_leaf(condition, FIELD_EVENT_ACTION, FIELD_EVENT_TYPE);
	struct probe *probe = &survey->probe;
	int rc = 0;

	for (size_t i = 0;
	     i < sizeof(absent_kinds) / sizeof(absent_kinds[0]) && !rc; i++) {
		probe_init(probe, &absent_kinds[i]);
		if (is_wanted(probe, stage))
			rc = add_problem(survey,
					 pred_offset(word ? word : condition),
					 effect_of_loss(survey),
					 "no event here is of the kind %s",
					 absent_kinds[i].name);
	}
	return rc;
}

static int survey_stage(struct survey *survey, const struct stage *stage)
{
	bool matched = false;
	int rc;

	survey->stage = stage;
	rc = use_kinds(survey, false, &matched);
	if (!rc)
		rc = use_free_kinds(survey, &matched);
	if (!rc && !matched)
		rc = use_kinds(survey, true, &matched);
	if (!rc)
		rc = miss_kinds(survey);
	if (rc || matched)
		return rc;
	return add_problem(survey, pred_offset(stage->condition),
			   effect_of_loss(survey), "no event here can match %s",
			   stage == survey->query->until ? "until"
			   : stage->missing
				   ? "the missing event"
				   : "this stage, the rule cannot fire");
}

static int survey_query(struct survey *survey)
{
	const struct query *query = survey->query;
	int rc = 0;

	for (size_t i = 0; i < query->stage_count && !rc; i++)
		if (!query_stage_repeats(query, i))
			rc = survey_stage(survey, &query->stages[i]);
	if (!rc && query->until)
		rc = survey_stage(survey, query->until);
	return rc;
}

/* --- what no rule wants --------------------------------------------------- */

/* Which actions these bear depends on the program, or on whose policy it is
 * (normalize/user.c); all others bear all of their kind. */
static bool actions_vary(const struct kind *kind)
{
	return !strcmp(kind->name, "USER_LOGIN") || !strcmp(kind->name, "AVC");
}

/*
 * Makes the probe an event of which nothing is known but the words that all of
 * its kind bear: what it cannot match, no event of the kind does.
 */
static void probe_forget(struct probe *probe)
{
	static const size_t constant[] = {
		FIELD_DATA_STREAM_DATASET, FIELD_DATA_STREAM_NAMESPACE,
		FIELD_EVENT_CATEGORY,	   FIELD_EVENT_KIND,
		FIELD_EVENT_MODULE,	   FIELD_EVENT_TYPE,
		FIELD_HOST_OS_TYPE,
	};

	memset(probe->known, 0, sizeof(probe->known));
	for (size_t i = 0; i < sizeof(constant) / sizeof(constant[0]); i++)
		probe->known[constant[i]] = true;
	probe->known[FIELD_EVENT_ACTION] = !actions_vary(probe->kind);
}

static bool query_may_match(const struct probe *probe,
			    const struct query *query)
{
	for (size_t i = 0; i < query->stage_count; i++)
		if (!query_stage_repeats(query, i) &&
		    can_match(probe, &query->stages[i], FIELD__COUNT))
			return true;
	return query->until && can_match(probe, query->until, FIELD__COUNT);
}

static bool may_match(const struct ruleset *set, const struct kind *kind)
{
	struct probe probe;

	probe_init(&probe, kind);
	probe_forget(&probe);
	for (size_t i = 0; i < set->rule_count; i++)
		if (query_may_match(&probe, set->rules[i]->query))
			return true;
	return false;
}

static bool has_call(const struct kind *kind, struct str call)
{
	for (const char *p = kind->calls; *p; p += strcspn(p, ",")) {
		p += *p == ',';
		if (str_equal(call, (struct str){ p, strcspn(p, ",") }))
			return true;
	}
	return false;
}

/* Whether one of the kinds in wanted, or an earlier one, has the call. */
static bool is_settled(uint64_t wanted, size_t before, struct str call)
{
	for (size_t i = 0; i < KIND__COUNT; i++)
		if ((i < before || (wanted >> i & 1)) &&
		    has_call(&kinds[i], call))
			return true;
	return false;
}

void ruleset_tell_unwanted(const struct ruleset *set,
			   void (*tell)(void *user, struct str name),
			   void *user)
{
	uint64_t wanted = 0;

	for (size_t i = 0; i < KIND__COUNT; i++)
		if (may_match(set, &kinds[i]))
			wanted |= 1ULL << i;
	for (size_t i = 0; i < KIND__COUNT; i++) {
		for (const char *p = kinds[i].calls; *p; p += strcspn(p, ",")) {
			struct str call;

			p += *p == ',';
			call = (struct str){ p, strcspn(p, ",") };
			if (!is_settled(wanted, i, call))
				tell(user, call);
		}
	}
	for (size_t i = 0; i < FREE_KINDS; i++)
		if (!may_match(set, &free_kinds[i]))
			tell(user, str_from(free_kinds[i].name));
}

bool ruleset_asks_running(const struct ruleset *set)
{
	struct probe probe;

	for (size_t i = 0; i < set->rule_count; i++) {
		const struct query *query = set->rules[i]->query;

		for (size_t k = 0; k < query->stage_count; k++) {
			probe_init(&probe, &free_kinds[FREE_KINDS - 1]);
			if (is_wanted(&probe, &query->stages[k]))
				return true;
		}
	}
	return false;
}

static bool ruleset_reads(const struct ruleset *set, size_t slot)
{
	for (size_t i = 0; i < set->rule_count; i++)
		if (query_reads(set->rules[i]->query, slot))
			return true;
	return false;
}

bool ruleset_asks_capabilities(const struct ruleset *set)
{
	return ruleset_reads(set,
			     FIELD_PROCESS_THREAD_CAPABILITIES_EFFECTIVE) ||
	       ruleset_reads(set, FIELD_PROCESS_THREAD_CAPABILITIES_PERMITTED);
}

bool ruleset_asks_environment(const struct ruleset *set)
{
	return set->environment.count &&
	       ruleset_reads(set, FIELD_PROCESS_ENV_VARS);
}

uint64_t support_kinds(const struct rule *rule)
{
	struct survey survey = {
		.query = rule->query,
		.environment = rule->environment,
	};

	survey_query(&survey);
	return survey.kinds;
}

int support_assess(const struct rule *rule, const struct field_table *fields,
		   struct arena *arena, struct support *out)
{
	struct support support = { 0 };
	struct survey survey = {
		.query = rule->query,
		.environment = rule->environment,
		.fields = fields,
		.arena = arena,
		.out = &support,
	};
	int rc = survey_query(&survey);

	if (!rc)
		*out = support;
	return rc;
}
