/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes a long audit log of a short one: repeats the events of a template with
 * fresh times, serials and process ids.
 *
 *   genlog [--records N] [--rate N] [--raw] [--node NAME] [--no-eoe]
 *          [--no-proctitle] [--interleave] TEMPLATE.log
 *
 * --records     how many to write at least; the last event is whole (1000000)
 * --rate        records per second of log time (10000)
 * --raw         leaves out the enrichment (0x1d and what follows)
 * --node        node name for every record
 * --no-eoe, --no-proctitle  leave these records out
 * --interleave  takes the records of two events in turn
 *
 * DAEMON_* records of the template are left out: their serials are unrelated.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_MSEC 1800000000000ULL
#define PID_MAX 4194304ULL
/* Further than two runs of a short log are apart. */
#define PID_STEP 1009ULL

struct options {
	uint64_t records, rate;
	bool raw, no_eoe, no_proctitle, interleave;
	const char *node;
};

/* A record of the template: what stands before, in and behind its id. */
struct record {
	const char *type, *id, *rest;
	size_t event;
};

struct template
{
	char *text;
	struct record *records;
	size_t record_count, event_count;
};

struct output {
	const struct options *options;
	uint64_t records, events, round;
};

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	size_t len = 0, capacity = 1 << 20;
	char *text = malloc(capacity);

	if (!file || !text)
		goto fail;
	for (;;) {
		size_t got = fread(text + len, 1, capacity - len - 1, file);
		char *more;

		len += got;
		if (!got)
			break;
		more = realloc(text, capacity *= 2);
		if (!more)
			goto fail;
		text = more;
	}
	if (ferror(file))
		goto fail;
	fclose(file);
	text[len] = '\0';
	return text;
fail:
	fprintf(stderr, "genlog: %s: %s\n", path, strerror(errno));
	exit(1);
}

/* Cuts a line into a record; false where it is none we want. */
static bool record_split(char *line, const struct options *options,
			 struct record *record)
{
	char *type = strstr(line, "type="), *id, *rest, *enriched;

	if (!type || !strncmp(type, "type=DAEMON_", 12) ||
	    (options->no_eoe && !strncmp(type, "type=EOE ", 9)) ||
	    (options->no_proctitle && !strncmp(type, "type=PROCTITLE ", 15)))
		return false;
	id = strstr(type, " msg=audit(");
	rest = id ? strchr(id, ')') : NULL;
	if (!rest)
		return false;
	enriched = options->raw ? strchr(rest, 0x1d) : NULL;
	if (enriched)
		*enriched = '\0';
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

static void template_load(const char *path, const struct options *options,
			  struct template *template)
{
	size_t lines = 0;

	template->text = read_file(path);
	for (const char *p = template->text; *p; p++)
		lines += *p == '\n';
	template->records = calloc(lines + 1, sizeof(*template->records));
	if (!template->records)
		exit(1);
	for (char *line = strtok(template->text, "\n"); line;
	     line = strtok(NULL, "\n")) {
		struct record *record =
			&template->records[template->record_count];

		template->record_count += record_split(line, options, record);
	}
	if (!template->record_count) {
		fprintf(stderr, "genlog: %s: no records\n", path);
		exit(1);
	}
	template_number(template);
	qsort(template->records, template->record_count,
	      sizeof(*template->records), record_compare);
}

/* The text of a record, with its process ids moved on by the round. */
static void rest_write(const char *text, uint64_t round)
{
	const char *pid;

	while ((pid = strstr(text, "pid="))) {
		char *end;
		uint64_t number = strtoull(pid + 4, &end, 10);

		fwrite(text, 1, (size_t)(pid + 4 - text), stdout);
		if (end != pid + 4 && number > 1)
			number = (number + round * PID_STEP) % PID_MAX;
		if (end != pid + 4)
			printf("%llu", (unsigned long long)number);
		text = end;
	}
	fputs(text, stdout);
	putchar('\n');
}

static void record_write(const struct record *record, uint64_t event,
			 uint64_t msec, const struct output *out)
{
	if (out->options->node)
		printf("node=%s ", out->options->node);
	printf("%s msg=audit(%llu.%03llu:%llu)", record->type,
	       (unsigned long long)(msec / 1000),
	       (unsigned long long)(msec % 1000), (unsigned long long)event);
	rest_write(record->rest, out->round);
}

static size_t event_length(const struct template *template, size_t first)
{
	size_t end = first;

	while (end < template->record_count &&
	       template->records[end].event == template->records[first].event)
		end++;
	return end - first;
}

/* One event, or two in turn; returns the records written. */
static size_t group_write(const struct template *template, size_t first,
			  struct output *out)
{
	const struct record *record = &template->records[first];
	uint64_t msec = FIRST_MSEC + out->records * 1000 / out->options->rate;
	size_t a = event_length(template, first), b = 0;

	if (out->options->interleave && first + a < template->record_count)
		b = event_length(template, first + a);
	for (size_t i = 0; i < a || i < b; i++) {
		if (i < a)
			record_write(record + i, out->events + 1, msec, out);
		if (i < b)
			record_write(record + a + i, out->events + 2, msec,
				     out);
	}
	out->events += b ? 2 : 1;
	out->records += a + b;
	return a + b;
}

static uint64_t number_parse(const char *text)
{
	char *end;
	uint64_t number = strtoull(text, &end, 10);

	if (end == text || *end || !number) {
		fprintf(stderr, "genlog: %s: a number from 1\n", text);
		exit(2);
	}
	return number;
}

static void options_parse(int argc, char **argv, struct options *options)
{
	static const struct option longs[] = {
		{ "records", required_argument, NULL, 'n' },
		{ "rate", required_argument, NULL, 'r' },
		{ "raw", no_argument, NULL, 'w' },
		{ "node", required_argument, NULL, 'o' },
		{ "no-eoe", no_argument, NULL, 'e' },
		{ "no-proctitle", no_argument, NULL, 'p' },
		{ "interleave", no_argument, NULL, 'i' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'n':
			options->records = number_parse(optarg);
			break;
		case 'r':
			options->rate = number_parse(optarg);
			break;
		case 'w':
			options->raw = true;
			break;
		case 'o':
			options->node = optarg;
			break;
		case 'e':
			options->no_eoe = true;
			break;
		case 'p':
			options->no_proctitle = true;
			break;
		case 'i':
			options->interleave = true;
			break;
		default:
			exit(2);
		}
	}
	if (optind + 1 != argc) {
		fprintf(stderr, "genlog: one template is needed\n");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct options options = { .records = 1000000, .rate = 10000 };
	struct template template = { 0 };
	struct output out = { .options = &options };

	options_parse(argc, argv, &options);
	template_load(argv[optind], &options, &template);
	while (out.records < options.records) {
		for (size_t i = 0; i < template.record_count &&
				   out.records < options.records;)
			i += group_write(&template, i, &out);
		out.round++;
	}
	free(template.records);
	free(template.text);
	return fflush(stdout) || ferror(stdout);
}
