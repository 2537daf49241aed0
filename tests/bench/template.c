/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The events of a log, again and again, each time with other process ids.
 * DAEMON_* records are left out: their serials are unrelated.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "genlog.h"

#define PID_MAX 4194304ULL
/* Further than two runs of a short log are apart. */
#define PID_STEP 1009ULL

/* A record of the template: what stands before, in and behind its id. */
struct record {
	const char *type, *id, *rest;
	size_t event;
};

struct template
{
	char *text;
	struct record *records;
	size_t record_count, event_count, next;
	uint64_t round;
};

static int read_file(const char *path, char **out)
{
	FILE *file = fopen(path, "re");
	size_t len = 0, capacity = 1 << 20;
	char *text = file ? malloc(capacity) : NULL;

	while (text) {
		size_t got = fread(text + len, 1, capacity - len - 1, file);
		char *more;

		len += got;
		if (!got)
			break;
		more = realloc(text, capacity *= 2);
		if (!more)
			free(text);
		text = more;
	}
	if (!text || ferror(file))
		fprintf(stderr, "genlog: %s: %s\n", path, strerror(errno));
	else
		text[len] = '\0';
	if (file)
		fclose(file);
	*out = text;
	return text ? 0 : -EIO;
}

/* Cuts a line into a record; false where it is none we want. */
static bool record_split(char *line, struct record *record)
{
	char *type = strstr(line, "type="), *id, *rest;

	if (!type || !strncmp(type, "type=DAEMON_", 12))
		return false;
	id = strstr(type, " msg=audit(");
	rest = id ? strchr(id, ')') : NULL;
	if (!rest)
		return false;
	*id = '\0';
	*rest = '\0';
	*record = (struct record){ type, id + 11, rest + 1, 0 };
	return true;
}

/* Numbers the events in the order of their first records. */
static void template_number(struct template *template)
{
	for (size_t i = 0; i < template->record_count; i++) {
		struct record *record = &template->records[i];
		size_t before = i;

		while (before &&
		       strcmp(template->records[before - 1].id, record->id))
			before--;
		record->event = before ? template->records[before - 1].event
				       : template->event_count++;
	}
}

/* Records that follow each other belong together from here on. */
static int record_compare(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	if (x->event != y->event)
		return x->event < y->event ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static int template_split(const char *path, struct template *template)
{
	size_t lines = 0;

	for (const char *p = template->text; *p; p++)
		lines += *p == '\n';
	template->records = calloc(lines + 1, sizeof(*template->records));
	if (!template->records)
		return -ENOMEM;
	for (char *line = strtok(template->text, "\n"); line;
	     line = strtok(NULL, "\n"))
		template->record_count += record_split(
			line, &template->records[template->record_count]);
	if (!template->record_count) {
		fprintf(stderr, "genlog: %s: no records\n", path);
		return -EINVAL;
	}
	template_number(template);
	qsort(template->records, template->record_count,
	      sizeof(*template->records), record_compare);
	return 0;
}

int template_open(const char *path, struct template **out)
{
	struct template *template = calloc(1, sizeof(*template));
	int rc = template ? read_file(path, &template->text) : -ENOMEM;

	if (!rc)
		rc = template_split(path, template);
	if (rc)
		template_free(template);
	else
		*out = template;
	return rc;
}

/* The text of a record, with its process ids moved on by the round. */
static void add_rest(struct made_event *event, const char *text, uint64_t round)
{
	const char *pid;

	while ((pid = strstr(text, "pid="))) {
		char *end;
		uint64_t number = strtoull(pid + 4, &end, 10);

		event_add(event, "%.*s", (int)(pid + 4 - text), text);
		if (end != pid + 4 && number > 1)
			number = (number + round * PID_STEP) % PID_MAX;
		if (end != pid + 4)
			event_add(event, "%llu", (unsigned long long)number);
		text = end;
	}
	event_add(event, "%s", text);
}

void template_next(struct template *template, struct made_event *event)
{
	size_t number = template->records[template->next].event;

	for (; template->next < template->record_count; template->next++) {
		const struct record *record =
			&template->records[template->next];

		if (record->event != number)
			return;
		event_record(event, record->type);
		add_rest(event, record->rest, template->round);
	}
	template->next = 0;
	template->round++;
}

void template_free(struct template *template)
{
	if (!template)
		return;
	free(template->records);
	free(template->text);
	free(template);
}
