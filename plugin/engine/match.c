/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Matches: sequences that are complete.
 *
 * All matches of one rule that end in the same event are one alert, with the
 * key tuples they were found by; the earlier events are those of the match with
 * the newest ones.
 *
 * A rule with until or missing events cannot always be decided at once. What
 * must not happen behind the last event may still happen until the window ends;
 * and where attempts come late, what would have ended a sequence may come after
 * it was complete. Such matches wait until the host's time has passed the end
 * of their window, all of an event together, and are then looked at as a whole.
 */
#include "match.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "../util/arena.h"
#include "../util/hash.h"
#include "host.h"
#include "suppress.h"

/* --- what must not have happened ------------------------------------------ */

static struct partial *marks_of(const struct engine *engine,
				const struct slot *slot,
				const struct host *host,
				const struct print *print)
{
	struct print place = keys_place(print, slot, host);

	return partial_find(engine, &place);
}

/* The beginning of the millisecond: missing events are compared by those. */
static int64_t floor_ms(int64_t time_ns)
{
	int64_t beyond = time_ns % NSEC_PER_MSEC;

	return time_sub(time_ns, beyond < 0 ? beyond + NSEC_PER_MSEC : beyond);
}

/* The latest mark in a millisecond before; NULL = none. */
static struct partial *mark_before(struct partial *marks, int64_t time_ns)
{
	const struct ordinal ordinal = { floor_ms(time_ns), 0 };

	return partial_before(marks, ordinal);
}

/* The earliest mark in a millisecond after; NULL = none. */
static struct partial *mark_after(struct partial *marks, int64_t time_ns)
{
	const struct ordinal ordinal = {
		time_add(floor_ms(time_ns), NSEC_PER_MSEC - 1), UINT64_MAX
	};

	return partial_after(marks, ordinal);
}

/* What surrounds a match: the latest mark of a leading missing stage, the
 * earliest of a trailing one. */
struct surround {
	bool leading, trailing; /* there are such stages */
	bool marked_before, marked_after;
	int64_t before_ns, after_ns;
};

static void look_before(struct surround *surround, struct partial *marks,
			const struct step *match)
{
	const struct partial *mark = mark_before(marks, match->first.time_ns);

	surround->leading = true;
	if (mark && (!surround->marked_before ||
		     mark->step->last.time_ns > surround->before_ns)) {
		surround->marked_before = true;
		surround->before_ns = mark->step->last.time_ns;
	}
}

static void look_after(struct surround *surround, struct partial *marks,
		       const struct step *match)
{
	const struct partial *mark = mark_after(marks, match->last.time_ns);

	surround->trailing = true;
	if (mark && (!surround->marked_after ||
		     mark->step->last.time_ns < surround->after_ns)) {
		surround->marked_after = true;
		surround->after_ns = mark->step->last.time_ns;
	}
}

static bool marked_between(struct partial *marks, const struct step *from,
			   const struct step *to)
{
	const struct partial *mark = mark_before(marks, to->last.time_ns);

	return mark && floor_ms(mark->step->last.time_ns) >
			       floor_ms(from->last.time_ns);
}

static bool surround_undoes(const struct surround *surround,
			    const struct step *match)
{
	int64_t from = surround->before_ns, to = surround->after_ns;

	if (!surround->leading)
		from = match->first.time_ns;
	else if (!surround->marked_before)
		return false;
	if (!surround->trailing)
		to = match->last.time_ns;
	else if (!surround->marked_after)
		return false;
	return (surround->leading || surround->trailing) &&
	       time_sub(to, from) <= match->slot->rule->span_ns;
}

/* Whether an event that must be missing is there. */
static bool undone_by_missing(const struct engine *engine,
			      const struct step *match,
			      const struct print *print)
{
	const struct rule_state *rule = match->slot->rule;
	const struct step *step = match, *later = NULL;
	struct surround surround = { 0 };

	for (size_t i = rule->query->stage_count; i-- > 0;) {
		const struct slot *slot = &rule->slots[i];
		struct partial *marks;

		if (slot->kind == SLOT_STAGE) {
			later = step;
			step = step->parent;
			continue;
		}
		marks = marks_of(engine, slot, match->host, print);
		if (!later)
			look_after(&surround, marks, match);
		else if (!step)
			look_before(&surround, marks, match);
		else if (marked_between(marks, step, later))
			return true;
	}
	return surround_undoes(&surround, match);
}

/* An until of the key stands between the first event (included) and the last
 * (excluded). */
static bool undone_by_until(const struct engine *engine,
			    const struct step *match, const struct print *print)
{
	const struct slot *until = match->slot->rule->until;
	const struct partial *mark;

	if (!until)
		return false;
	mark = partial_before(marks_of(engine, until, match->host, print),
			      match->last);
	return mark && !ordinal_before(mark->step->last, match->first);
}

static void remove_undone(struct engine *engine, struct step *match)
{
	struct partial *partial = match->partials, *next;

	for (; partial; partial = next) {
		const struct print print = { partial->node.hash,
					     partial->print_b };

		next = partial->next;
		if (undone_by_until(engine, match, &print) ||
		    (match->slot->rule->has_missing &&
		     undone_by_missing(engine, match, &print)))
			partial_remove(engine, partial);
	}
}

/* --- the alert ------------------------------------------------------------ */

/* Which of two chains has the newer events, the last but one first. */
static bool is_newer(const struct step *a, const struct step *b)
{
	for (a = a->parent, b = b->parent; a && b; a = a->parent, b = b->parent)
		if (a != b && (ordinal_before(a->last, b->last) ||
			       ordinal_before(b->last, a->last)))
			return ordinal_before(b->last, a->last);
	return false;
}

static const struct event **events_of(struct arena *arena,
				      const struct step *step)
{
	const struct rule_state *rule = step->slot->rule;
	const struct event **events =
		arena_array(arena, rule->query->stage_count, sizeof(*events));

	for (; step && events; step = step->parent)
		events[step->slot->index] = step->kept->event;
	return events;
}

static char *put(char *at, const void *data, size_t len)
{
	if (len)
		memcpy(at, data, len);
	return at + len;
}

static char *put_number(char *at, uint64_t number)
{
	number = htole64(number);
	return put(at, &number, sizeof(number));
}

static char *put_str(char *at, struct str text)
{
	return put(put_number(at, text.len), text.data, text.len);
}

/*
 * What tells a match from any other, whenever and wherever it is found: rule,
 * host, and the audit ids of its events.
 */
static int make_id(struct arena *arena, struct alert *alert)
{
	static const uint8_t seeds[2][16] = { "audisp-eql id a",
					      "audisp-eql id b" };
	size_t size = 16 + alert->rule->id.len + alert->host.len;
	char *text, *at;

	for (size_t i = 0; i < alert->event_count; i++)
		if (alert->events[i])
			size += 24 + alert->events[i]->node.len;
	text = at = arena_alloc(arena, size);
	if (!text)
		return -ENOMEM;
	at = put_str(put_str(at, alert->rule->id), alert->host);
	for (size_t i = 0; i < alert->event_count; i++) {
		const struct event *event = alert->events[i];

		if (!event)
			continue;
		at = put_str(at, event->node);
		at = put_number(at, (uint64_t)event->time_ns);
		at = put_number(at, event->serial);
	}
	for (size_t i = 0; i < 2; i++)
		put_number((char *)alert->id + 8 * i,
			   hash_bytes(text, size, seeds[i]));
	return 0;
}

static void tell_match(const struct engine *engine, const struct step *step,
		       const struct value *keys)
{
	struct engine_match match = {
		.rule = step->slot->rule->rule,
		.event_count = step->slot->rule->query->stage_count,
		.events = events_of(engine->scratch, step),
		.key_count = engine->keys->key_count,
		.keys = keys,
	};

	if (match.events)
		engine->config.on_match(engine->config.user, &match);
}

/* The keys that matched, in the order the event has them: *tuples receives
 * them, and the match that each belongs to goes to by_tuple[]. */
static struct value *collect_keys(struct engine *engine, struct step *matches,
				  size_t *count)
{
	const struct keys *keys = engine->keys;
	size_t width = keys->key_count, tuples = 0, total = 0;
	struct step **by_tuple =
		arena_array(engine->scratch, keys->count, sizeof(*by_tuple));
	struct value *values, *at;

	for (struct step *step = matches; step; step = step->next)
		total += step->partial_count;
	values = at =
		arena_array(engine->scratch, total * width, sizeof(*values));
	if (!by_tuple || !values)
		return NULL;
	for (struct step *step = matches; step; step = step->next)
		for (struct partial *p = step->partials; p; p = p->next)
			if (p->tuple < keys->count)
				by_tuple[p->tuple] = step;
	for (size_t i = 0; i < keys->count; i++) {
		if (!by_tuple[i])
			continue;
		for (size_t k = 0; k < width; k++)
			at[k] = *keys->values[i * width + k];
		if (engine->config.on_match)
			tell_match(engine, by_tuple[i], at);
		at += width;
		tuples++;
	}
	*count = tuples;
	return values;
}

static const struct step *newest_match(const struct step *matches)
{
	const struct step *newest = NULL;

	for (; matches; matches = matches->next)
		if (matches->partials && (!newest || is_newer(matches, newest)))
			newest = matches;
	return newest;
}

static void mark_evidence(struct alert *alert, const struct step *match)
{
	int64_t from = match->first.time_ns;
	const struct step *first = match;

	while (first->parent)
		first = first->parent;
	if (first->kept->event->time_ns < from)
		from = first->kept->event->time_ns;
	alert->gap =
		time_marks_within(match->host->gaps, from, match->last.time_ns);
	alert->degraded = time_marks_within(match->host->evictions, from,
					    match->last.time_ns);
}

static int tell(struct engine *engine, struct step *matches)
{
	const struct step *newest = newest_match(matches);
	struct alert alert = { .kind = ALERT_MATCH };
	int rc;

	if (!newest)
		return 0;
	arena_reset(engine->scratch);
	rc = keys_make(engine, newest->kept, newest->slot, newest->readings);
	if (rc)
		return rc;
	alert.rule = newest->slot->rule->rule;
	alert.host = newest->host->name;
	alert.time_ns = newest->kept->event->time_ns;
	alert.event_count = newest->slot->rule->query->stage_count;
	alert.events = events_of(engine->scratch, newest);
	alert.key_count = engine->keys->key_count;
	alert.keys = collect_keys(engine, matches, &alert.tuple_count);
	if (!alert.events || !alert.keys)
		return -ENOMEM;
	engine->stats.matches += alert.tuple_count;
	mark_evidence(&alert, newest);
	rc = make_id(engine->scratch, &alert);
	return rc ? rc : suppress_match(engine, newest, &alert);
}

/* --- life ----------------------------------------------------------------- */

static void drop_all(struct engine *engine, struct step *matches)
{
	struct step *next;

	for (; matches; matches = next) {
		next = matches->next;
		step_drop(engine, matches);
	}
}

static int decide(struct engine *engine, struct step *matches)
{
	for (struct step *step = matches; step; step = step->next)
		remove_undone(engine, step);
	return tell(engine, matches);
}

/* They wait together until the last of their windows has ended; the first of
 * the list stands for all. */
static int wait_for_window(struct engine *engine, struct step *matches)
{
	int64_t due_ns = INT64_MIN;

	for (struct step *step = matches; step; step = step->next) {
		int64_t end_ns = time_add(step->first.time_ns,
					  step->slot->rule->span_ns);

		if (end_ns > due_ns)
			due_ns = end_ns;
	}
	return step_queue(engine, matches, ITEM_MATCH, due_ns);
}

int match_take(struct turn *turn, struct step *matches, int status)
{
	struct engine *engine = turn->engine;

	if (matches && !status && matches->slot->rule->waits) {
		status = wait_for_window(engine, matches);
		if (!status) {
			/* the queue owns the first, that owns the others */
			step_drop(engine, matches);
			return 0;
		}
	} else if (matches && !status) {
		status = decide(engine, matches);
	}
	drop_all(engine, matches);
	return status;
}

int match_decide(struct engine *engine, struct item *item)
{
	struct step *matches = list_entry(item, struct step, item);
	int rc;

	step_hold(matches);
	step_unqueue(engine, matches);
	keys_forget(engine->keys);
	rc = decide(engine, matches);
	drop_all(engine, matches);
	return rc;
}

size_t match_count(const struct item *item)
{
	const struct step *step = list_entry(item, struct step, item);
	size_t count = 0;

	for (; step; step = step->next)
		count += step->partial_count;
	return count;
}

void match_forget(struct engine *engine, struct item *item)
{
	struct step *matches = list_entry(item, struct step, item);

	step_hold(matches);
	step_unqueue(engine, matches);
	drop_all(engine, matches);
}
