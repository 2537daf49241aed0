/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules: metadata and a compiled query, loaded from files, immutable after.
 *
 * A rule set owns one arena and one field table; everything below it lives
 * until ruleset_free(). Loading never stops at a bad file: each complaint is a
 * struct diag, and a rule with an error is not in the set.
 */
#ifndef AUDISP_EQL_RULE_H
#define AUDISP_EQL_RULE_H

#include <audisp-eql/event.h>

struct diag;
struct pred; /* a compiled condition, eql/pred.h */

enum severity {
	SEVERITY_LOW = 21,
	SEVERITY_MEDIUM = 47,
	SEVERITY_HIGH = 73,
	SEVERITY_CRITICAL = 99,
};

/* Which reading of names a rule accepts. */
enum process_names {
	PROCESS_NAMES_EITHER,
	PROCESS_NAMES_INVOKED,
	PROCESS_NAMES_RESOLVED,
};

/* What becomes of a rule's findings. */
enum rule_mode {
	RULE_MODE_OFF, /* it does not run */
	RULE_MODE_OBSERVE, /* only the alerts file has them, marked as such */
	RULE_MODE_ALERT,
};

/* A condition under which a stage does not hold. */
struct exception {
	const struct pred *condition;
	struct str text; /* the condition as written */
	struct str owner, reason; /* empty = not said */
	int64_t expires_ns; /* no longer from then on; INT64_MAX = never */
	size_t index; /* among all of the rule set, for counting */
	uint64_t hash; /* of rule, stage and condition: the same one later */
};

/* A join key of one stage. */
struct stage_key {
	size_t slot;
	bool optional; /* ?field: null is a value */
};

struct stage {
	struct str category; /* empty = any */
	unsigned int category_bit; /* 0 = any */
	const struct pred *condition;
	/* condition, a key or an exception reads a FIELD_READING field */
	bool uses_readings;
	bool missing; /* ![ ]: must not happen */
	size_t key_count;
	const struct stage_key *keys; /* sequence-level ones first */
	size_t exception_count;
	const struct exception *exceptions;
};

enum query_type {
	QUERY_EVENT, /* one stage */
	QUERY_SEQUENCE,
	QUERY_SAMPLE,
};

enum pipe_type { PIPE_HEAD, PIPE_TAIL };

struct query_pipe {
	enum pipe_type type;
	int64_t count;
};

struct query {
	enum query_type type;
	int64_t maxspan_ns; /* 0 = none written */
	size_t key_count; /* the same for every stage and until */
	size_t stage_count; /* runs are expanded */
	struct stage *stages;
	struct stage *until; /* NULL = none */
	size_t pipe_count;
	struct query_pipe *pipes;
	size_t field_slot_count; /* slots any condition or key reads */
	const size_t *field_slots;
};

/* Whether a stage is the one before it once more: runs are copies of one. */
static inline bool query_stage_repeats(const struct query *query, size_t index)
{
	return index && query->stages[index].condition ==
				query->stages[index - 1].condition;
}

/* The number of a stage as the query is written, from 1: a run is one. */
static inline size_t query_stage_number(const struct query *query, size_t index)
{
	size_t number = 1;

	for (size_t i = 1; i <= index; i++)
		number += !query_stage_repeats(query, i);
	return number;
}

struct technique {
	struct str id, name, reference;
	size_t subtechnique_count;
	const struct technique *subtechniques;
};

struct threat {
	struct str framework;
	struct technique tactic; /* without techniques below */
	size_t technique_count;
	const struct technique *techniques;
};

struct str_list {
	size_t count;
	const struct str *items;
};

struct rule {
	struct str id; /* rule_id, unique in a set */
	struct str name;
	struct str description;
	struct str file; /* path it was loaded from */
	struct str type; /* "eql" */
	struct str language;
	struct str license;
	struct str version; /* as text, empty where absent */
	struct str query_text;
	enum severity severity;
	int64_t risk_score; /* 0..100 */
	int64_t from_ns; /* look-back of `from`, 6 minutes where absent */
	int64_t suppress_ns; /* -1 = the configuration's */
	int64_t budget; /* alerts an hour; 0 = all, -1 = the configuration's */
	enum process_names process_names;
	bool process_names_set; /* else the configuration's applies */
	enum rule_mode mode;
	struct str_list author, tags, references, false_positives, index;
	/* fields that make up a finding; empty = the built-in ones */
	size_t suppress_by_count;
	const size_t *suppress_by;
	size_t threat_count;
	const struct threat *threats;
	const struct query *query;
	/* variables that process.env_vars may have, the rule set's */
	const struct str_list *environment;
	uint64_t hash; /* same hash = it matches the same */
};

/* What became of one rule of a file, for `aueql rules`. */
enum rule_status {
	RULE_FULL,
	RULE_DEGRADED, /* runs, but some field or event kind is not supplied */
	RULE_UNSUPPORTED, /* the language is right but we cannot run it */
	RULE_SKIPPED, /* not an EQL rule */
	RULE_INVALID, /* an error in the file or the query */
};

struct rule_reason {
	unsigned int line, column; /* 0 = the rule as a whole */
	struct str text;
};

/* One row for every rule met, the bad ones included. */
struct rule_report {
	struct str file, id, name, type;
	unsigned int line; /* where its rule_id stands; 0 = nowhere */
	enum rule_status status;
	size_t reason_count;
	const struct rule_reason *reasons;
	const struct rule *rule; /* NULL unless full or degraded */
};

struct ruleset {
	struct arena *arena;
	struct str_list environment;
	struct field_table *fields;
	size_t rule_count;
	const struct rule *const *rules; /* the ones that run */
	size_t builtin_count; /* of these, not from a file: builtin.h */
	size_t exception_count; /* of all rules, see struct exception */
	size_t report_count;
	const struct rule_report *reports;
	size_t error_count; /* invalid rules, bad overrides, unreadable files */
	uint64_t hash; /* of all rules' hashes: the rule set's identity */
};

/* Called for every complaint; the diag is the caller's, valid meanwhile. */
typedef void (*diag_fn)(void *user, const struct diag *diag);

/* What becomes of rules that say themselves that they are off. */
enum ruleset_off {
	RULESET_OFF_STAY,
	RULESET_OFF_RUN_NAMED, /* those whose file is among the paths run */
	RULESET_OFF_RUN, /* all run */
};

struct ruleset_options {
	const char *const *paths; /* files and directories */
	size_t path_count;
	/* rule ids or file names (with or without suffix) that do not run */
	const char *const *disable;
	size_t disable_count;
	enum ruleset_off off;
	const char
		*overrides; /* directory; NULL = none, and it may be absent */
	enum process_names process_names; /* for rules that do not say */
	bool builtins; /* those of the program itself run, too */
	/* variables whose values are read; NULL = none */
	const struct str_list *environment;
	diag_fn on_diag; /* may be NULL */
	void *user;
};

/*
 * Loads files, and *.toml and *.ndjson in directories (sorted, not recursive):
 * a file that ends in .ndjson is an export of many rules, any other is one rule
 * in TOML. A path that does not exist is an error diag, a rules directory that is absent altogether
 * included. Returns 0 with *out set even where rules had errors (see
 * error_count), -ENOMEM else.
 */
int ruleset_load(const struct ruleset_options *options, struct ruleset **out);
void ruleset_free(struct ruleset **set);

/* One exception of the rules that run, and where it stands. All zero = before
 * the first. */
struct exception_place {
	const struct exception *exception;
	const struct rule *rule;
	size_t stage, number; /* as written, from 1 */
	size_t rule_index, stage_index; /* of the walk */
};

/* Goes on to the next one; false = there is none. */
bool ruleset_next_exception(const struct ruleset *set,
			    struct exception_place *place);

#endif
