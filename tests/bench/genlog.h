/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What genlog.c writes, and where it comes from: templates and made up mixes. */
#ifndef GENLOG_H
#define GENLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENT_RECORDS 256
#define EVENT_BYTES (1U << 20)

/* One audit event: of each record what stands before and behind its id. */
struct made_event {
	size_t count, used;
	struct {
		const char *type; /* "type=SYSCALL" */
		const char *rest; /* ": arch=...", with the enrichment */
	} records[EVENT_RECORDS];
	char text[EVENT_BYTES];
};

/* xorshift64*: the same everywhere for a seed. */
struct chance {
	uint64_t state;
};

uint64_t chance_below(struct chance *chance, uint64_t n);
bool chance_percent(struct chance *chance, unsigned int percent);

void event_clear(struct made_event *event);
/* Begins a record; what event_add() adds belongs to it until the next. */
void event_record(struct made_event *event, const char *type);
void event_add(struct made_event *event, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A log that is repeated with other process ids. */
struct template;
int template_open(const char *path, struct template **out);
void template_next(struct template *template, struct made_event *event);
void template_free(struct template *template);

/* Events that are made up: see mix.c for the names. */
struct mix;
struct mix_options {
	uint64_t seed;
	unsigned int unknown; /* percent of subjects no user database knows */
	uint64_t alert_every; /* events; 0 = none that the rules mean */
	uint64_t partials; /* of the mix of that name: how many begin */
};

/* NULL: no mix is called so. */
struct mix *mix_open(const char *name, const struct mix_options *options);
void mix_next(struct mix *mix, struct made_event *event);
void mix_free(struct mix *mix);
/* The names, one after the other. */
const char *mix_name(size_t number);

#endif
