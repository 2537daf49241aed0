/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the name of a record's type means, remembered of names seen lately: a
 * log has a dozen of them, and each record bears one. */
#ifndef AUDISP_EQL_RECORD_KINDS_H
#define AUDISP_EQL_RECORD_KINDS_H

#include <audisp-eql/event.h>

#define KIND_NAME_MAX 64 /* a longer name is none */
#define RECORD_KINDS 64

struct record_kind {
	bool valid; /* no other byte than a type's is in the name */
	int type; /* AUDIT_* of libaudit.h; -1 = it does not know the name */
	bool eoe; /* ends an event, and is none of its records */
	bool ends; /* is the last record of its event */
	bool alone; /* is a whole event */
	bool daemon; /* auditd's own: it counts them itself */
};

struct kind_note {
	struct record_kind kind;
	size_t len; /* of the name; 0 = unused */
	char name[KIND_NAME_MAX];
};

/* All zero = none yet. */
struct record_kinds {
	struct kind_note notes[RECORD_KINDS];
};

void kind_note_learn(struct kind_note *note, struct str name);

/* Of 1 to KIND_NAME_MAX bytes, whatever they are. The result is good until the next
 * call. */
static inline const struct record_kind *record_kinds_find(
	struct record_kinds *kinds, struct str name)
{
	/* keeps those apart that come most; others cost a look each time */
	size_t at = name.len * 53 + (unsigned char)name.data[0] +
		    (unsigned char)name.data[name.len - 1] * 57U;
	struct kind_note *note = &kinds->notes[at % RECORD_KINDS];

	if (note->len != name.len || memcmp(note->name, name.data, name.len))
		kind_note_learn(note, name);
	return &note->kind;
}

#endif
