/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The records of one event, parsed by libauparse. Only record.c includes
 * <auparse.h>. Numeric ids are the truth: no user or group is ever looked up.
 */
#ifndef AUDISP_EQL_RECORD_H
#define AUDISP_EQL_RECORD_H

#include <string.h>

#include "sieve.h"
#include "util/arena.h"

struct record_parser;
struct record;

/* Strings in an arena. */
struct str_array {
	size_t count;
	struct str *items;
};

struct record_event {
	const struct raw_event *raw;
	size_t count;
	/* in the order they came; fewer than raw has where some are left out */
	const struct record *const *records;
	/* the raw records without enrichment, as many as raw has */
	const struct str *texts;
};

int record_parser_new(struct record_parser **out);
void record_parser_free(struct record_parser **parser);
/* What is parsed of an event beside what is always read. */
enum record_want {
	RECORD_A0 = 1, /* of a SYSCALL record */
	RECORD_A1 = 2,
	RECORD_A2 = 4,
	RECORD_A3 = 8,
	RECORD_ARGUMENTS = RECORD_A0 | RECORD_A1 | RECORD_A2 | RECORD_A3,
	RECORD_CALL = 16, /* arch=, syscall= and success= of it */
	RECORD_COMM = 32, /* comm= of it */
	RECORD_CWD = 64,
	/* all that any handler reads */
	RECORD_EVENT =
		RECORD_ARGUMENTS | RECORD_CALL | RECORD_COMM | RECORD_CWD,
	/* PROCTITLE and EOE records, and fields of SYSCALL and PATH records
	 * that make no event: see record.c */
	RECORD_UNREAD = 128,
	RECORD_ALL = RECORD_EVENT | RECORD_UNREAD,
};
/*
 * Parses a closed event; the result lives in the arena. What is not wanted (of
 * enum record_want) is as if it were not there.
 * 0; RECORD_E_MALFORMED when libauparse finds no record in it; -ENOMEM.
 */
enum { RECORD_E_MALFORMED = 1 };
int record_parse(struct record_parser *parser, const struct raw_event *raw,
		 unsigned int want, struct arena *arena,
		 struct record_event *out);

/* AUDIT_* of libaudit.h. */
int record_type(const struct record *record);

/* A field's name as a number, made where the name is a constant by the
 * compiler: its first eight bytes. */
static inline uint64_t record_key(struct str name)
{
	uint64_t key = 0;

	memcpy(&key, name.data,
	       name.len < sizeof(key) ? name.len : sizeof(key));
	return key;
}

/* What the look-ups below are made of. */
struct str record_field_at(const struct record *record, uint64_t key,
			   struct str name);
struct str record_decode(const struct record *record, struct str value);
bool record_parse_number(struct str value, int base, int64_t *out);

/* A field as it stands in the record; data == NULL where there is none. */
static inline struct str record_raw(const struct record *record,
				    const char *field)
{
	struct str name = str_from(field);

	return record_field_at(record, record_key(name), name);
}

/* The name of a field, of at most eight bytes. */
struct record_name {
	char text[sizeof(uint64_t) + 1];
	unsigned char len;
};

#define RECORD_NAME(text) \
	{ \
		text, sizeof(text) - 1 \
	}

/* Several fields as record_raw() has each, by one walk: quick where they are asked
 * for in the record's order. */
void record_pick(const struct record *record, const struct record_name *names,
		 size_t count, struct str *out);

/*
 * The field decoded: hex to bytes, quotes off, "(null)" unquoted to nothing.
 * Bytes are as the kernel had them, not escaped. data == NULL = none.
 */
static inline struct str record_decoded(const struct record *record,
					const char *field)
{
	return record_decode(record, record_raw(record, field));
}

/*
 * A name that auditd resolved when it wrote the record (log_format ENRICHED:
 * EUID="root" behind 0x1D), without quotes. data == NULL = none.
 */
struct str record_enriched(const struct record *record, const char *name);
/* A number in the given base; false where absent or no number. */
static inline bool record_number(const struct record *record, const char *field,
				 int base, int64_t *out)
{
	return record_parse_number(record_raw(record, field), base, out);
}

/* The first record of a type at or after index *next (start with 0). */
const struct record *record_find(const struct record_event *event, int type,
				 size_t *next);
/*
 * The argument vector of all EXECVE records joined: split arguments
 * (a1_len, a1[0], ...) and continuation records included. *complete is false
 * where argc promises another number than came, or one is missing.
 */
int record_arguments(const struct record_event *event, struct arena *arena,
		     struct str_array *out, bool *complete);

#endif
