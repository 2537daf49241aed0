/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine against a slow matcher, on streams of chance: of a seed's, or of
 * bytes that a fuzzer chooses.
 *
 * The slow one works as Elasticsearch does, on all events at once: for each
 * key it takes the hits of one stage after the other, and joins each list of
 * hits with the list of partials that the stage before left. It keeps lists,
 * never slots, and looks at all until and missing events there are.
 *
 * The same stream goes through the engine in several ways: in exact order;
 * live, in disorder within the hold-back; with the state saved and loaded in
 * the middle; and with attempts that come late, where every match of the exact
 * order must be among those found. And streams of anything go through an engine
 * with too little memory.
 */
#ifndef AUDISP_EQL_TESTS_RANDOM_STREAMS_H
#define AUDISP_EQL_TESTS_RANDOM_STREAMS_H

#include "engine_rig.h"

#define EVENTS_MAX 120
#define STAGES_MAX 8
#define RULES_MAX 3
#define HOSTS 2
#define UNIT_NS 250000 /* of time: a quarter of a millisecond */
#define NO_SPAN INT64_MAX
#define REORDER_UNITS 40

/* --- chance --------------------------------------------------------------- */

struct chance {
	uint64_t state;
	/* where it is not all of a seed: bytes, behind which all is 0 */
	const uint8_t *bytes, *end;
};

/* Only zeros would come. */
static bool chance_is_over(const struct chance *chance)
{
	return chance->bytes && chance->bytes == chance->end;
}

/* A byte says which of a few, two which of many. */
static uint64_t chance_take(struct chance *chance, int below)
{
	uint64_t number = 0;

	for (int bytes = below > 256 ? 2 : 1; bytes; bytes--) {
		number <<= 8;
		if (chance->bytes < chance->end)
			number |= *chance->bytes++;
	}
	return number;
}

static uint64_t chance_next(struct chance *chance)
{
	uint64_t z = chance->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* From 0 to below. */
static int roll(struct chance *chance, int below)
{
	uint64_t number = chance->bytes ? chance_take(chance, below)
					: chance_next(chance);

	return (int)(number % (uint64_t)below);
}

/* --- streams -------------------------------------------------------------- */

/* Letters of k: a to d, m, u. */
#define LETTERS 6
static const char letters[LETTERS] = "abcdmu";

/* The values of a key, as bits; 0 = none. */
static const char *const values_of_j[8] = {
	"", "x", "y", "x,y,x", "z", ",x,z", "y,z", "x,y,z",
};
static const char *const values_of_i[4] = { "", "p", "q", "p,,q" };
static const char names_of_j[] = "xyz", names_of_i[] = "pq";

struct tick {
	int64_t units; /* of time */
	int letter, j, i, host;
	int64_t arrival;
	bool late;
};

enum key_form { KEY_NONE, KEY_J, KEY_OPTIONAL_J, KEY_J_I, KEY_FORMS };

struct shape {
	enum key_form form;
	int64_t span_ns;
	int stage_count; /* runs written out */
	int letters[STAGES_MAX]; /* bits */
	bool missing[STAGES_MAX];
	int until; /* bits, 0 = none */
	char text[1024];
};

struct stream {
	int event_count, rule_count;
	struct tick events[EVENTS_MAX];
	struct shape rules[RULES_MAX];
};

static int make_letters(struct chance *chance, int below)
{
	int bits = 1 << roll(chance, below);

	if (!roll(chance, 3))
		bits |= 1 << roll(chance, below);
	return bits;
}

static void make_events(struct chance *chance, struct stream *stream)
{
	int64_t units = 0;

	stream->event_count = 4 + roll(chance, EVENTS_MAX - 4);
	for (int i = 0; i < stream->event_count; i++) {
		units += roll(chance, 3) ? roll(chance, 12)
					 : 4 * roll(chance, 3);
		stream->events[i] = (struct tick){
			.units = units,
			.letter = roll(chance, LETTERS),
			.j = roll(chance, 8),
			.i = roll(chance, 4),
			.host = roll(chance, 4) ? 0 : 1,
			.arrival = units + roll(chance, REORDER_UNITS),
		};
	}
}

/* The letters with the form around each. */
static void write_list(struct strbuf *out, const char *form, int bits)
{
	const char *separator = "(";

	for (int i = 0; i < LETTERS; i++) {
		if (!(bits & 1 << i))
			continue;
		strbuf_printf(out, "%s\"", separator);
		for (const char *at = form; *at; at++)
			strbuf_add_char(out, *at == '@' ? letters[i] : *at);
		strbuf_add_char(out, '"');
		separator = ", ";
	}
	strbuf_add_char(out, ')');
}

/* A stage for some letters, in one of the ways to say so: all but the first
 * look at the arguments, see feed(). */
static void write_letters(struct chance *chance, struct strbuf *out, int bits)
{
	int way = roll(chance, 5), half = bits & -bits;

	strbuf_add_str(out, STR("[any where "));
	if (way == 1 || way == 2) {
		strbuf_add_str(out, way == 1 ? STR("process.args like ")
					     : STR("process.args : "));
		write_list(out, way == 1 ? "*letter-@*" : "RUN*LETTER-@?",
			   bits);
	} else if (way == 3 && bits != half) {
		strbuf_add_str(out, STR("(k in "));
		write_list(out, "@", half);
		strbuf_add_str(out, STR(" or process.args like "));
		write_list(out, "*-@.", bits & ~half);
		strbuf_add_char(out, ')');
	} else {
		strbuf_add_str(out, STR("k in "));
		write_list(out, "@", bits);
	}
	if (way == 4)
		strbuf_add_str(out, STR(" and process.args like \"*run*-*.\" "
					"and process.args == \"-x\""));
	strbuf_add_char(out, ']');
}

/* Stages with their runs; the same, written out, goes to the shape. */
static void make_stages(struct chance *chance, struct shape *shape,
			struct strbuf *out)
{
	bool with_missing = shape->span_ns != NO_SPAN && !roll(chance, 2);
	int terms = 2 + roll(chance, 3), positive = 0;

	for (int term = 0; term < terms; term++) {
		bool missing = with_missing && roll(chance, 3) == 0 &&
			       (term + 1 < terms || positive);
		int runs = !roll(chance, 6) ? 2 : 1;
		int bits = make_letters(chance, missing ? LETTERS : 4);

		positive += !missing;
		strbuf_add_str(out, missing ? STR(" !") : STR(" "));
		write_letters(chance, out, bits);
		if (runs > 1)
			strbuf_add_str(out, STR(" with runs=2"));
		for (; runs; runs--) {
			shape->letters[shape->stage_count] = bits;
			shape->missing[shape->stage_count++] = missing;
		}
	}
}

static void make_rule(struct chance *chance, struct shape *shape)
{
	static const char *const by[KEY_FORMS] = { "", " by j", " by ?j",
						   " by j, ?i" };
	struct strbuf out = STRBUF_INIT(0);

	*shape = (struct shape){
		.form = (enum key_form)roll(chance, KEY_FORMS),
		.span_ns =
			roll(chance, 4) ? (1 + roll(chance, 30)) * MS : NO_SPAN,
	};
	strbuf_printf(&out, "sequence%s", by[shape->form]);
	if (shape->span_ns != NO_SPAN)
		strbuf_printf(&out, " with maxspan=%dms",
			      (int)(shape->span_ns / MS));
	make_stages(chance, shape, &out);
	if (!roll(chance, 3)) {
		shape->until = make_letters(chance, LETTERS);
		strbuf_add_str(&out, STR(" until "));
		write_letters(chance, &out, shape->until);
	}
	assert_true(out.len < sizeof(shape->text));
	memcpy(shape->text, out.data, out.len);
	strbuf_free(&out);
}

static void make_stream(struct chance *chance, struct stream *stream)
{
	*stream = (struct stream){ .rule_count = 1 + roll(chance, RULES_MAX) };
	make_events(chance, stream);
	for (int i = 0; i < stream->rule_count; i++)
		make_rule(chance, &stream->rules[i]);
}

/* --- the slow matcher ----------------------------------------------------- */

/* One key: which value of j and i; -1 = null. */
struct key {
	int j, i;
};

struct slow_partial {
	int events[STAGES_MAX]; /* of the positive stages */
	int count;
	bool gone;
};

struct slow {
	const struct stream *stream;
	const struct shape *shape;
	int host, rule;
	struct key key;
	struct slow_partial partials[EVENTS_MAX], next[EVENTS_MAX];
	int count, next_count;
	struct strbuf *out;
};

static bool has_value(int bits, int value, bool optional)
{
	return value < 0 ? optional && !bits : bits >> value & 1;
}

static bool has_key(const struct slow *slow, const struct tick *tick)
{
	switch (slow->shape->form) {
	case KEY_J:
		return has_value(tick->j, slow->key.j, false);
	case KEY_OPTIONAL_J:
		return has_value(tick->j, slow->key.j, true);
	case KEY_J_I:
		return has_value(tick->j, slow->key.j, false) &&
		       has_value(tick->i, slow->key.i, true);
	default:
		return true;
	}
}

static bool hits(const struct slow *slow, int event, int bits)
{
	const struct tick *tick = &slow->stream->events[event];

	return bits >> tick->letter & 1 && tick->host == slow->host &&
	       has_key(slow, tick);
}

static int64_t time_of(const struct slow *slow, int event)
{
	return slow->stream->events[event].units * UNIT_NS;
}

static int64_t ms_of(const struct slow *slow, int event)
{
	return time_of(slow, event) / MS;
}

static bool until_between(const struct slow *slow, int from, int to)
{
	for (int event = from; event < to; event++)
		if (hits(slow, event, slow->shape->until))
			return true;
	return false;
}

/* Events are numbered in order, so before is less. */
static void slow_join(struct slow *slow, int event)
{
	struct slow_partial *taken = NULL;

	for (int i = slow->count - 1; i >= 0; i--) {
		struct slow_partial *partial = &slow->partials[i];

		if (partial->gone ||
		    partial->events[partial->count - 1] >= event)
			continue;
		if (!taken)
			taken = partial;
		partial->gone = true;
	}
	if (!taken ||
	    time_of(slow, event) - time_of(slow, taken->events[0]) >
		    slow->shape->span_ns ||
	    until_between(slow, taken->events[taken->count - 1], event))
		return;
	slow->next[slow->next_count] = *taken;
	slow->next[slow->next_count].gone = false;
	slow->next[slow->next_count]
		.events[slow->next[slow->next_count].count++] = event;
	slow->next_count++;
}

static void slow_stage(struct slow *slow, int bits, bool first)
{
	slow->next_count = 0;
	for (int event = 0; event < slow->stream->event_count; event++) {
		if (!hits(slow, event, bits))
			continue;
		if (!first) {
			slow_join(slow, event);
			continue;
		}
		slow->next[slow->next_count++] = (struct slow_partial){
			.events = { event },
			.count = 1,
		};
	}
	memcpy(slow->partials, slow->next, sizeof(slow->next));
	slow->count = slow->next_count;
}

/* The latest hit before, or the earliest after; -1 = none. */
static int nearest(const struct slow *slow, int bits, int event, bool before)
{
	int found = -1;

	for (int i = 0; i < slow->stream->event_count; i++) {
		if (!hits(slow, i, bits))
			continue;
		if (before && ms_of(slow, i) < ms_of(slow, event))
			found = i;
		if (!before && found < 0 && ms_of(slow, i) > ms_of(slow, event))
			found = i;
	}
	return found;
}

static bool misses(const struct slow *slow, const struct slow_partial *match)
{
	int first = match->events[0], last = match->events[match->count - 1];
	bool leading = false, trailing = false;
	int before = -1, after = -1, passed = 0;
	int64_t from, to;

	for (int stage = 0; stage < slow->shape->stage_count; stage++) {
		int bits = slow->shape->letters[stage], hit;

		if (!slow->shape->missing[stage]) {
			passed++;
		} else if (!passed) {
			leading = true;
			hit = nearest(slow, bits, first, true);
			before = hit > before ? hit : before;
		} else if (passed == match->count) {
			trailing = true;
			hit = nearest(slow, bits, last, false);
			if (hit >= 0 && (after < 0 || hit < after))
				after = hit;
		} else {
			hit = nearest(slow, bits, match->events[passed], true);
			if (hit >= 0 &&
			    ms_of(slow, hit) >
				    ms_of(slow, match->events[passed - 1]))
				return false;
		}
	}
	if ((!leading && !trailing) || (leading && before < 0) ||
	    (trailing && after < 0))
		return true;
	from = time_of(slow, leading ? before : first);
	to = time_of(slow, trailing ? after : last);
	return to - from > slow->shape->span_ns;
}

static void slow_write_key(struct slow *slow)
{
	const struct key *key = &slow->key;

	if (slow->shape->form == KEY_NONE)
		return;
	strbuf_add_str(slow->out, STR(" ["));
	if (key->j < 0)
		strbuf_add_str(slow->out, STR("null"));
	else
		strbuf_add_char(slow->out, names_of_j[key->j]);
	if (slow->shape->form == KEY_J_I) {
		strbuf_add_char(slow->out, ' ');
		if (key->i < 0)
			strbuf_add_str(slow->out, STR("null"));
		else
			strbuf_add_char(slow->out, names_of_i[key->i]);
	}
	strbuf_add_char(slow->out, ']');
}

static void slow_write(struct slow *slow, const struct slow_partial *match)
{
	int passed = 0;

	strbuf_printf(slow->out, "r%d:", slow->rule);
	for (int stage = 0; stage < slow->shape->stage_count; stage++) {
		if (slow->shape->missing[stage])
			strbuf_add_str(slow->out, STR(" -"));
		else
			strbuf_printf(slow->out, " %d",
				      match->events[passed++]);
	}
	slow_write_key(slow);
	strbuf_add_char(slow->out, '\n');
}

static void slow_key(struct slow *slow)
{
	bool first = true;

	for (int stage = 0; stage < slow->shape->stage_count; stage++) {
		if (slow->shape->missing[stage])
			continue;
		slow_stage(slow, slow->shape->letters[stage], first);
		first = false;
	}
	for (int i = 0; i < slow->count; i++)
		if (misses(slow, &slow->partials[i]))
			slow_write(slow, &slow->partials[i]);
}

static void slow_rule(const struct stream *stream, int rule, struct strbuf *out)
{
	struct slow *slow = calloc(1, sizeof(*slow));
	const struct shape *shape = &stream->rules[rule];
	int js = shape->form == KEY_NONE ? 0 : 3;
	int is = shape->form == KEY_J_I ? 2 : 0;

	assert_non_null(slow);
	slow->stream = stream;
	slow->shape = shape;
	slow->rule = rule;
	slow->out = out;
	for (slow->host = 0; slow->host < HOSTS; slow->host++)
		for (int j = js ? -1 : 0; j < js || (!js && j < 1); j++)
			for (int i = is ? -1 : 0; i < is || (!is && i < 1);
			     i++) {
				slow->key = (struct key){ j, i };
				slow_key(slow);
			}
	free(slow);
}

/* --- comparing ------------------------------------------------------------ */

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines of a text, which it cuts apart, sorted. */
static size_t sorted_lines(struct strbuf *text, char ***out)
{
	size_t count = 0;
	char *save, **lines;

	strbuf_add_char(text, '\0');
	lines = calloc(text->len + 1, sizeof(*lines));
	assert_non_null(lines);
	for (char *line = strtok_r(text->data, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		lines[count++] = line;
	qsort(lines, count, sizeof(*lines), compare_lines);
	*out = lines;
	return count;
}

static void fail_stream(const struct stream *stream, const char *what,
			const char *line)
{
	for (int i = 0; i < stream->rule_count; i++)
		print_error("r%d: %s\n", i, stream->rules[i].text);
	for (int i = 0; i < stream->event_count; i++) {
		const struct tick *tick = &stream->events[i];

		print_error("%d: t=%.2f k=%c j=%s i=%s host=%d%s\n", i,
			    (double)tick->units / 4, letters[tick->letter],
			    values_of_j[tick->j], values_of_i[tick->i],
			    tick->host, tick->late ? " late" : "");
	}
	fail_msg("%s: %s", what, line);
}

enum way { WAY_EXACT, WAY_LIVE, WAY_SAVED, WAY_SAVED_LIVE, WAY_LATE, WAYS };

static const char *const names_of_ways[WAYS] = { "exact", "live", "saved",
						 "saved live", "late" };

/* Two texts have the same lines; where events came late, there may be more. */
static void compare(const struct stream *stream, enum way way,
		    const struct strbuf *expected, struct strbuf *found)
{
	const char *what = names_of_ways[way];
	struct strbuf copy = STRBUF_INIT(0);
	char **wanted, **got;
	size_t wanted_count, got_count, at = 0;

	strbuf_add_str(&copy, strbuf_str(expected));
	wanted_count = sorted_lines(&copy, &wanted);
	got_count = sorted_lines(found, &got);
	for (size_t i = 0; i < got_count; i++) {
		int order = at < wanted_count ? strcmp(got[i], wanted[at]) : -1;

		if (order > 0)
			fail_stream(stream, what, wanted[at]);
		if (order < 0 && way != WAY_LATE)
			fail_stream(stream, what, got[i]);
		at += !order;
	}
	if (at < wanted_count)
		fail_stream(stream, what, wanted[at]);
	free(wanted);
	free(got);
	strbuf_free(&copy);
}

/* --- the engine ----------------------------------------------------------- */

/* The fields of a stream are known, whether a rule asks for them or not. */
static void open_rig(struct rig *rig)
{
	rig_open(rig);
	field_table_add(rig->fields, STR("k"), FIELD_KEYWORD);
	field_table_add(rig->fields, STR("j"), FIELD_KEYWORD);
	field_table_add(rig->fields, STR("i"), FIELD_KEYWORD);
}

static void feed(struct rig *rig, const struct stream *stream, int number)
{
	const struct tick *tick = &stream->events[number];
	char words[256];

	snprintf(words, sizeof(words),
		 "ns=%lld n=%d host=%c uid=%d k=%c j=%s i=%s "
		 "process.args=-x,run/letter-%c. attempt",
		 (long long)tick->units * UNIT_NS, number, 'a' + tick->host,
		 number % 3, letters[tick->letter], values_of_j[tick->j],
		 values_of_i[tick->i], letters[tick->letter]);
	rig_feed(rig, words);
}

/* A new engine goes on from the state of the old one. */
static void save_and_load(struct rig *rig)
{
	struct strbuf state = STRBUF_INIT(0);
	struct engine_stats before, after;

	engine_stats(rig->engine, &before);
	assert_int_equal(engine_save(rig->engine, &state), 0);
	engine_free(&rig->engine);
	rig_start(rig);
	assert_int_equal(rig_load(rig, strbuf_str(&state)), 0);
	engine_stats(rig->engine, &after);
	assert_int_equal(before.partials_live, after.partials_live);
	assert_int_equal(before.memory, after.memory);
	strbuf_free(&state);
}

static int by_arrival(const void *a, const void *b, void *user)
{
	const struct stream *stream = user;
	int x = *(const int *)a, y = *(const int *)b;
	int64_t first = stream->events[x].arrival;
	int64_t second = stream->events[y].arrival;

	return first != second ? (first > second) - (first < second)
			       : (x > y) - (x < y);
}

static void run(struct rig *rig, struct stream *stream, enum way way, int pause)
{
	bool exact = way == WAY_EXACT || way == WAY_SAVED;
	int order[EVENTS_MAX];

	rig->config.exact = exact;
	rig->config.lateness_ns = exact ? REORDER_UNITS * UNIT_NS : 300 * SEC;
	rig->config.reorder_ns = REORDER_UNITS * UNIT_NS;
	rig_start(rig);
	for (int i = 0; i < stream->event_count; i++)
		order[i] = i;
	qsort_r(order, (size_t)stream->event_count, sizeof(int), by_arrival,
		stream);
	for (int i = 0; i < stream->event_count; i++) {
		if (i == pause && (way == WAY_SAVED || way == WAY_SAVED_LIVE))
			save_and_load(rig);
		feed(rig, stream, order[i]);
	}
	rig_finish(rig);
}

static void try_way(struct stream *stream, enum way way, int pause,
		    const struct strbuf *expected)
{
	struct rig rig;

	open_rig(&rig);
	for (int i = 0; i < stream->rule_count; i++) {
		struct rule *rule = rig_rule(&rig, stream->rules[i].text);

		/* two of the same text are two rules */
		rule->hash = hash_combine(rule->hash, (uint64_t)i);
	}
	run(&rig, stream, way, pause);
	compare(stream, way, expected, &rig.matches);
	assert_int_equal(rig.stats.partials_evicted, 0);
	rig_close(&rig);
}

/* What only ends sequences comes late, by up to the lateness there is. */
static bool make_late(struct chance *chance, struct stream *stream)
{
	int ends = 0, others = 0;
	bool any = false;

	for (int i = 0; i < stream->rule_count; i++) {
		const struct shape *shape = &stream->rules[i];

		if (shape->until)
			return false;
		for (int stage = 0; stage < shape->stage_count; stage++) {
			if (shape->missing[stage])
				return false;
			if (stage + 1 < shape->stage_count)
				others |= shape->letters[stage];
			else
				ends |= shape->letters[stage];
		}
	}
	for (int i = 0; i < stream->event_count; i++) {
		struct tick *tick = &stream->events[i];

		if (~others & ends & 1 << tick->letter && !roll(chance, 2)) {
			tick->late = any = true;
			tick->arrival += roll(chance, 1000);
		}
	}
	return any;
}

/* How many bytes its matches are told in. */
static size_t try_stream(struct chance *chance)
{
	struct stream stream;
	struct strbuf expected = STRBUF_INIT(0);
	size_t matches;
	int pause;

	make_stream(chance, &stream);
	pause = roll(chance, stream.event_count);
	for (int i = 0; i < stream.rule_count; i++)
		slow_rule(&stream, i, &expected);
	for (enum way way = WAY_EXACT; way < WAY_LATE; way++)
		try_way(&stream, way, pause, &expected);
	if (make_late(chance, &stream))
		try_way(&stream, WAY_LATE, pause, &expected);
	matches = expected.len;
	strbuf_free(&expected);
	return matches;
}

/* --- pressure ------------------------------------------------------------- */

#define PRESSURE_MEMCAP (96 << 10)
#define PRESSURE_EVENTS 400

/* Anything, at any time, from anyone. */
static void feed_anything(struct chance *chance, struct rig *rig, int number)
{
	char words[256];
	int64_t ms = number * 3 - (roll(chance, 4) ? 0 : roll(chance, 400));
	char letter = letters[roll(chance, LETTERS)];

	if (!roll(chance, 200))
		ms = roll(chance, 100000);
	snprintf(words, sizeof(words),
		 "t=%lld n=%d host=%d uid=%d k=%c j=%s i=%s "
		 "process.args=-x,run/letter-%c.%s",
		 (long long)ms, number, roll(chance, roll(chance, 50) ? 3 : 60),
		 roll(chance, 6), letter, values_of_j[roll(chance, 8)],
		 values_of_i[roll(chance, 4)], letter,
		 roll(chance, 2) ? " attempt" : "");
	rig_feed(rig, words);
	if (!roll(chance, 20))
		assert_int_equal(
			engine_advance(rig->engine, roll(chance, 2000) * MS),
			0);
	if (!roll(chance, 30))
		engine_mark_gap(rig->engine, STR("1"), ms * MS, ms * MS);
}

/* Whatever goes on, memory stays below its ceiling, also with a state that is
 * saved and loaded then. */
static void try_pressure(struct chance *chance)
{
	struct shape shape;
	struct rig rig;
	int rules = 1 + roll(chance, 6);

	open_rig(&rig);
	for (int i = 0; i < rules; i++) {
		make_rule(chance, &shape);
		rig_rule(&rig, shape.text)->suppress_ns =
			roll(chance, 2) * 500 * MS;
	}
	rig_rule(&rig, "any where i == \"q\"");
	rig.config.memcap = PRESSURE_MEMCAP;
	rig.config.exact = roll(chance, 2);
	rig.config.lateness_ns = roll(chance, 2) * SEC;
	rig.config.reorder_ns = roll(chance, 2) * 100 * MS;
	rig_start(&rig);
	for (int i = 0; i < PRESSURE_EVENTS && !chance_is_over(chance); i++) {
		feed_anything(chance, &rig, i);
		engine_stats(rig.engine, &rig.stats);
		assert_true(rig.stats.memory <= PRESSURE_MEMCAP);
		assert_true(rig.stats.memory_peak <= PRESSURE_MEMCAP + 8192);
		if (!roll(chance, 100))
			save_and_load(&rig);
	}
	rig_finish(&rig);
	engine_close_findings(rig.engine);
	rig_close(&rig);
}

#endif
