/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes a long audit log, of events that are made up or of a short log:
 *
 *   genlog [OPTION]... --mix exec|stig|connect|build|unused|partials
 *   genlog [OPTION]... TEMPLATE.log
 *
 * --records N      how many to write at least; the last event is whole (1000000)
 * --rate N         records per second of log time (10000)
 * --seed N         another log of the same kind (1)
 * --raw            leaves out the enrichment (0x1d and what follows)
 * --node NAME      node name for every record
 * --no-eoe, --no-proctitle  leave these records out
 * --interleave P   of 100 events so many come mixed with the next one (0)
 * --unknown P      mixes: percent of subjects no user database knows (0)
 * --alert-every N  mixes: one event of N is one that a shipped rule means, each
 *                  a finding of its own (0: none)
 * --partials N     mix partials: how many programs start (100000)
 *
 * A template's events are repeated with fresh times, serials and process ids.
 * On standard error: how many records and events that were.
 */
#include "genlog.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_MSEC 1800000000000ULL

struct options {
	uint64_t records, rate, interleave;
	bool raw, no_eoe, no_proctitle;
	const char *node, *mix;
	struct mix_options made;
};

struct output {
	const struct options *options;
	struct mix *mix; /* or a template */
	struct template *template;
	struct chance chance;
	uint64_t records, events;
};

uint64_t chance_below(struct chance *chance, uint64_t n)
{
	chance->state ^= chance->state >> 12;
	chance->state ^= chance->state << 25;
	chance->state ^= chance->state >> 27;
	return (chance->state * 0x2545f4914f6cdd1dULL >> 33) % n;
}

bool chance_percent(struct chance *chance, unsigned int percent)
{
	return chance_below(chance, 100) < percent;
}

/* --- an event ------------------------------------------------------------- */

void event_clear(struct made_event *event)
{
	event->count = event->used = 0;
}

void event_record(struct made_event *event, const char *type)
{
	if (event->count == EVENT_RECORDS || event->used + 1 >= EVENT_BYTES) {
		fputs("genlog: an event is too large\n", stderr);
		exit(1);
	}
	event->used += event->count != 0;
	event->text[event->used] = '\0';
	event->records[event->count].type = type;
	event->records[event->count].rest = event->text + event->used;
	event->count++;
}

void event_add(struct made_event *event, const char *format, ...)
{
	size_t room = EVENT_BYTES - event->used - 1;
	va_list arguments;
	int len;

	va_start(arguments, format);
	len = vsnprintf(event->text + event->used, room, format, arguments);
	va_end(arguments);
	if (len < 0 || (size_t)len >= room) {
		fputs("genlog: a record is too large\n", stderr);
		exit(1);
	}
	event->used += (size_t)len;
}

/* --- writing -------------------------------------------------------------- */

static bool is_left_out(const struct options *options, const char *type)
{
	return (options->no_eoe && !strcmp(type, "type=EOE")) ||
	       (options->no_proctitle && !strcmp(type, "type=PROCTITLE"));
}

static void record_write(struct output *out, const struct made_event *event,
			 size_t record, uint64_t serial, uint64_t msec)
{
	const struct options *options = out->options;
	const char *rest = event->records[record].rest;
	size_t len = options->raw ? strcspn(rest, "\x1d") : strlen(rest);

	if (is_left_out(options, event->records[record].type))
		return;
	if (options->node)
		printf("node=%s ", options->node);
	printf("%s msg=audit(%llu.%03llu:%llu)", event->records[record].type,
	       (unsigned long long)(msec / 1000),
	       (unsigned long long)(msec % 1000), (unsigned long long)serial);
	fwrite(rest, 1, len, stdout);
	putchar('\n');
	out->records++;
}

/* One event, or two whose records come mixed. */
static void events_write(struct output *out, const struct made_event *a,
			 const struct made_event *b)
{
	uint64_t msec = FIRST_MSEC + out->records * 1000 / out->options->rate;
	size_t i = 0, j = 0;

	while (i < a->count || (b && j < b->count)) {
		bool other = b && j < b->count && i &&
			     (i == a->count || chance_below(&out->chance, 2));

		if (other)
			record_write(out, b, j++, out->events + 2, msec);
		else
			record_write(out, a, i++, out->events + 1, msec);
	}
	out->events += b ? 2 : 1;
}

static void event_next(struct output *out, struct made_event *event)
{
	event_clear(event);
	if (out->mix)
		mix_next(out->mix, event);
	else
		template_next(out->template, event);
}

static void write_all(struct output *out)
{
	static struct made_event a, b;
	const struct options *options = out->options;

	while (out->records < options->records) {
		bool mixed =
			chance_below(&out->chance, 100) < options->interleave;

		event_next(out, &a);
		if (mixed)
			event_next(out, &b);
		events_write(out, &a, mixed ? &b : NULL);
	}
}

/* --- options -------------------------------------------------------------- */

static uint64_t number_parse(const char *text, uint64_t least, uint64_t most)
{
	char *end;
	uint64_t number = strtoull(text, &end, 10);

	if (end == text || *end || number < least || number > most) {
		fprintf(stderr, "genlog: %s: a number from %llu to %llu\n",
			text, (unsigned long long)least,
			(unsigned long long)most);
		exit(2);
	}
	return number;
}

static void option_parse(int c, struct options *options)
{
	switch (c) {
	case 'n':
		options->records = number_parse(optarg, 1, UINT64_MAX);
		break;
	case 'r':
		options->rate = number_parse(optarg, 1, UINT64_MAX);
		break;
	case 's':
		options->made.seed = number_parse(optarg, 1, UINT64_MAX);
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
		options->interleave = number_parse(optarg, 0, 100);
		break;
	case 'u':
		options->made.unknown =
			(unsigned int)number_parse(optarg, 0, 100);
		break;
	case 'a':
		options->made.alert_every = number_parse(optarg, 0, UINT64_MAX);
		break;
	case 'l':
		options->made.partials = number_parse(optarg, 1, 4000000);
		break;
	case 'm':
		options->mix = optarg;
		break;
	default:
		exit(2);
	}
}

static void options_parse(int argc, char **argv, struct options *options)
{
	static const struct option longs[] = {
		{ "records", required_argument, NULL, 'n' },
		{ "rate", required_argument, NULL, 'r' },
		{ "seed", required_argument, NULL, 's' },
		{ "raw", no_argument, NULL, 'w' },
		{ "node", required_argument, NULL, 'o' },
		{ "no-eoe", no_argument, NULL, 'e' },
		{ "no-proctitle", no_argument, NULL, 'p' },
		{ "interleave", required_argument, NULL, 'i' },
		{ "unknown", required_argument, NULL, 'u' },
		{ "alert-every", required_argument, NULL, 'a' },
		{ "partials", required_argument, NULL, 'l' },
		{ "mix", required_argument, NULL, 'm' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		option_parse(c, options);
	if (optind + !options->mix != argc) {
		fputs("genlog: a template or a --mix is needed\n", stderr);
		exit(2);
	}
}

static void source_open(struct output *out, const char *path)
{
	const struct options *options = out->options;

	if (!options->mix && template_open(path, &out->template))
		exit(1);
	if (!options->mix)
		return;
	out->mix = mix_open(options->mix, &options->made);
	if (out->mix)
		return;
	fprintf(stderr, "genlog: %s: no such mix; there are", options->mix);
	for (size_t i = 0; mix_name(i); i++)
		fprintf(stderr, " %s", mix_name(i));
	fputc('\n', stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	struct options options = {
		.records = 1000000,
		.rate = 10000,
		.made = { .seed = 1, .partials = 100000 },
	};
	struct output out = { .options = &options };

	options_parse(argc, argv, &options);
	out.chance.state = options.made.seed;
	source_open(&out, argv[optind]);
	write_all(&out);
	mix_free(out.mix);
	template_free(out.template);
	fprintf(stderr, "%llu records, %llu events\n",
		(unsigned long long)out.records,
		(unsigned long long)out.events);
	return fflush(stdout) || ferror(stdout);
}
