/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One rule in Elastic's format, out of a file of its own or of an export. */
#ifndef AUDISP_EQL_RULES_RULEFILE_H
#define AUDISP_EQL_RULES_RULEFILE_H

#include <audisp-eql/rule.h>

#include "../util/arena.h"
#include "toml.h"

struct overrides;

/* For complaints about the file as a whole. */
#define RULEFILE_WHOLE SIZE_MAX

/* A text on its way to a rule. */
struct rulefile {
	const struct ruleset_options *options;
	struct overrides *overrides;
	struct arena *arena; /* of the rule set */
	struct arena *scratch; /* for what is over when the file is read */
	struct field_table *fields;
	const struct str_list *environment; /* of the rule set */
	size_t *exception_count; /* of the rule set */
	struct str path; /* in arena */
	struct str text; /* of the file, or one line of an export */
	unsigned int lines_before; /* of the file, before text */
	const char *object; /* what a rule is there, for complaints */
	/* where in text a byte of a string came from: toml_source() or
	 * ndjson_source() */
	size_t (*source)(struct str text, const struct toml_value *string,
			 size_t at);
	/* what becomes of it */
	struct rule *rule; /* filled as far as it could be */
	enum rule_status status;
	size_t reason_count, reason_capacity;
	struct rule_reason *reasons;
	size_t id_offset; /* where rule_id stands */
	const char *off; /* why it does not run though it could, or NULL */
};

/* Reads text as TOML. 0, whatever it is like (status and reasons say), or
 * -ENOMEM. */
int rulefile_read(struct rulefile *file);
/* The same for a rule that an export holds as one object. */
int rulefile_read_object(struct rulefile *file,
			 const struct toml_value *object);
/*
 * Adds a reason, and takes over the status where it is a graver one. Errors,
 * what is unsupported and what degrades also go to on_diag. 0 or -ENOMEM.
 */
int rulefile_complain(struct rulefile *file, enum rule_status status,
		      size_t offset, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* The line of the file that an offset into text is in. */
unsigned int rulefile_line(const struct rulefile *file, size_t offset);

#define RULEFILE_INVALID(file, offset, ...) \
	rulefile_complain(file, RULE_INVALID, offset, __VA_ARGS__)

/* A copy of a string that stays when the file is read; complains of what is no
 * string. 0 or -ENOMEM. */
int rulefile_take_string(struct rulefile *file, const struct toml_value *value,
			 struct str *out);
/* Complains of what is no list of tables, and sets *out to NULL. */
int rulefile_take_tables(struct rulefile *file, const struct toml_value *value,
			 const struct toml_value **out);
/* low, medium, high or critical. */
int rulefile_take_severity(struct rulefile *file,
			   const struct toml_value *value);
/* Which of some words a value is; -1 = none. */
int rulefile_word(const struct toml_value *value, const char *const *words,
		  size_t count);
/* user.id means the effective id to Elastic Defend, the real one to rules that
 * read only what auditd sent. */
bool rulefile_user_id_is_real(const struct rule *rule);

#endif
