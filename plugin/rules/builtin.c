/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Built-in rules are rules like others: what the sensor says of itself is an
 * event, and is told, suppressed, numbered and saved as any finding is. Only
 * that their text is here, where no one can remove it.
 */
#include "builtin.h"

#include <assert.h>
#include <errno.h>

#include "../eql/eql.h"
#include "../util/hash.h"

enum same { SAME_KIND, SAME_REASON };

static const struct row {
	struct str name, title, description;
	enum severity severity;
	enum same same;
	int minutes;
} rows[] = {
#define BUILTIN(id, name, severity, same, minutes, title, description) \
	{ STR(name),	       STR(title),  STR(description), \
	  SEVERITY_##severity, SAME_##same, minutes },
#include <audisp-eql/builtins.def>
#undef BUILTIN
};

static_assert(sizeof(rows) / sizeof(rows[0]) == BUILTIN__COUNT,
	      "each has its row");

/* The same thing said is the same finding; of some all are. */
static const size_t suppress_by[] = { FIELD_EVENT_ACTION, FIELD_EVENT_REASON };

static uint64_t hash_text(struct str text)
{
	static const uint8_t seed[16];

	return hash_bytes(text.data, text.len, seed);
}

static int compile(struct rule *rule, struct arena *arena,
		   struct field_table *fields)
{
	const struct eql_options options = {
		.arena = arena,
		.fields = fields,
		.live = true,
	};
	struct eql_error error;
	int rc = eql_compile(&options, rule->query_text, &rule->query, &error);

	/* they are ours: nothing but memory can be wrong with them */
	assert(rc <= 0);
	return rc;
}

int builtin_rule(enum builtin_id id, struct arena *arena,
		 struct field_table *fields, struct rule **out)
{
	const struct row *row = &rows[id];
	struct rule *rule = arena_alloc(arena, sizeof(*rule));

	if (!rule)
		return -ENOMEM;
	*rule = (struct rule){
		.id = arena_printf(arena, BUILTIN_ID_PREFIX "%.*s",
				   STR_ARG(row->name)),
		.name = row->title,
		.description = row->description,
		.file = STR(BUILTIN_FILE),
		.type = STR("eql"),
		.language = STR("eql"),
		.license = STR("GPL-2.0-or-later"),
		.version = STR(PACKAGE_VERSION),
		.query_text = arena_printf(arena,
					   "configuration where event.action "
					   "== \"%.*s\"",
					   STR_ARG(row->name)),
		.severity = row->severity,
		.risk_score = (int64_t)row->severity,
		.from_ns = 60 * NSEC_PER_SEC,
		.suppress_ns = row->minutes * 60 * NSEC_PER_SEC,
		.budget = 0, /* not the configuration's: all is told */
		.mode = RULE_MODE_ALERT,
		.suppress_by_count = row->same == SAME_REASON ? 2 : 1,
		.suppress_by = suppress_by,
	};
	if (!rule->id.data || !rule->query_text.data)
		return -ENOMEM;
	rule->hash =
		hash_combine(hash_text(rule->id), hash_text(rule->query_text));
	*out = rule;
	return compile(rule, arena, fields);
}
