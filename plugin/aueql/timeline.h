/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An alert as a picture: what happened when, and which processes did it. The
 * model is made of an alert document; two renderings show it, as text and as
 * SVG. All texts in it are as hostile as the document.
 */
#ifndef AUDISP_EQL_AUEQL_TIMELINE_H
#define AUDISP_EQL_AUEQL_TIMELINE_H

#include "../util/strbuf.h"
#include "ecs.h"

/* Fields of alerts that no event has. */
enum timeline_field {
#define TIMELINE_FIELD(id, name, type) TIMELINE_##id,
#include "timeline_fields.def"
#undef TIMELINE_FIELD
	TIMELINE__COUNT,
};

/* What a document is read with: the fields of events, and those above. */
struct timeline_reader {
	struct field_table *fields;
	size_t slots[TIMELINE__COUNT];
};

int timeline_reader_open(struct timeline_reader *reader);
void timeline_reader_close(struct timeline_reader *reader);
/* The first value of a field; a null where there is none. */
const struct value *timeline_value(const struct timeline_reader *reader,
				   const struct event *event,
				   enum timeline_field field);

enum timeline_kind {
	TIMELINE_COMMAND, /* a program that was started */
	TIMELINE_FILE,
	TIMELINE_ADDRESS,
	TIMELINE_OTHER,
};

#define TIMELINE_NONE SIZE_MAX

/* Something that happened. */
struct timeline_step {
	int64_t time_ns;
	int64_t stage; /* of the rule; 0 = what is told of a program's origin */
	bool missing; /* the stage is that nothing happened */
	enum timeline_kind kind;
	struct str action, object, outcome;
	struct str file; /* also where the object is the command it runs */
	struct str by; /* the program, where there is no process */
	struct str audit, node; /* id, and node of the record */
	size_t process; /* TIMELINE_NONE = not known */
};

struct timeline_process {
	int64_t pid; /* -1 = not known */
	struct str host, entity, name, executable, command, user;
	struct str resolved; /* what ran, where it was called otherwise */
	size_t parent; /* TIMELINE_NONE = a root */
	size_t depth;
	bool last; /* among the children of its parent */
};

/* A file or an address, of one or more steps. */
struct timeline_thing {
	enum timeline_kind kind;
	struct str text, device, inode;
};

struct timeline {
	struct str severity, rule, rule_id, id, host, user, uid, login, session;
	struct str techniques;
	int64_t severity_number, number, suppressed; /* -1 = none */
	int64_t start_ns, end_ns;
	bool observed, gap, degraded, truncated;
	bool foreign; /* of another tool: there is no list of events */
	size_t step_count, process_count, thing_count;
	struct timeline_step *steps; /* by time */
	struct timeline_process *processes;
	size_t *order; /* of the processes, each after its parent */
	struct timeline_thing *things;
	/* a picture of hundreds would be none: the middle is left out */
	size_t steps_left_out, left_out_at; /* how many, and before which */
	bool processes_left_out, things_left_out;
};

/* Everything lives in the arena. 0 or -ENOMEM. */
int timeline_make(const struct timeline_reader *reader,
		  const struct ecs_alert *alert, struct arena *arena,
		  struct timeline *out);
/* Whether a step is of this file or address. */
bool timeline_is_of(const struct timeline_step *step,
		    const struct timeline_thing *thing);
/* How long, in few characters: 324 ms, 12 s, 3 h 5 min. */
void timeline_put_span(struct strbuf *out, int64_t ns);

struct timeline_look {
	bool color;
	bool utf8; /* box characters */
};

/* Text made safe for a terminal: one that does not read UTF-8 may take a byte of
 * a character for a control. */
void timeline_escape(const struct timeline_look *look, struct str text,
		     struct strbuf *out);
/* At most 80 columns wide. */
void timeline_text(const struct timeline *timeline,
		   const struct timeline_look *look, struct strbuf *out);
/* One SVG document, with nothing outside itself. */
void timeline_svg(const struct timeline *timeline, struct strbuf *out);

#endif
