/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the forms of an alert share. */
#ifndef AUDISP_EQL_OUTPUT_RENDER_H
#define AUDISP_EQL_OUTPUT_RENDER_H

#include <audisp-eql/output.h>

#include "../util/json.h"
#include "bounds.h"

/* How much a form tells. The levels of a form are tried in turn until it fits;
 * the last fits whatever the alert holds. */
struct detail {
	size_t text, items; /* see struct bounds */
	size_t events; /* stages */
	size_t records; /* bytes of raw records */
	bool compact; /* see struct event_json */
};

struct render {
	const struct alert *alert;
	const struct render_context *context;
	const struct detail *detail;
	struct bounds bounds;
	const struct event *last; /* its last event; NULL = it has none */
	char id[33]; /* event.id */
};

/* The last event that has a value in this slot; NULL = none. */
const struct event *render_last_with(const struct render *render, size_t slot);
/* A value of an event; null for no event. Lists give their first element. */
const struct value *render_value(const struct event *event, size_t slot);
/* Its text, cut; empty where it has none. */
struct str render_text(struct render *render, const struct event *event,
		       size_t slot);
/* The stage, from 1, of an event of the alert. */
size_t render_stage(const struct render *render, size_t index);
/* When it began: the first event, or the first one not told. */
int64_t render_start(const struct alert *alert);
int render_severity(const struct alert *alert);
struct str render_severity_name(const struct alert *alert);
/* The rule's name, with what else there is to say. */
void render_message(struct render *render, struct strbuf *out);
/* a.b.c.d:port or [v6]:port; port < 0 = none. */
void render_endpoint(struct strbuf *out, const struct ip *ip, int64_t port);

/* alert_json.c: the ECS document. */
void alert_json_write(struct render *render, struct strbuf *out);
/* The same with "@cee: " before it. */
void alert_cee_write(struct render *render, struct strbuf *out);
/* alert_text.c: the sentence, and the journal's fields. */
void alert_text_write(struct render *render, struct strbuf *out);
void alert_journal_write(struct render *render, const struct rendered *forms,
			 struct strbuf *out);

#endif
