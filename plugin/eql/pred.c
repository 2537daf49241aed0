/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Evaluation of a condition.
 *
 * A leaf of one field looks at its values one by one and is true at the first
 * that holds; a field without a value makes it false. A script leaf does the
 * same over all tuples of its fields' values, a field without a value giving
 * null. A negated leaf is the complement of that. So "x != 1" and "not x > 1"
 * hold for an event without x, as they do in Elasticsearch.
 *
 * Nothing is allocated but by scripts, and for text that is not UTF-8 by
 * regex: both from the scratch arena.
 */
#include "pred_node.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../limits.h"
#include "script.h"
#include "text.h"

static bool holds(const struct pred *pred, const struct evaluation *evaluation)
{
	return pred->ops->holds(pred, evaluation);
}

/* --- groups and constants ------------------------------------------------- */

static bool all_holds(const struct pred *pred,
		      const struct evaluation *evaluation)
{
	const struct pred_group *group = (const struct pred_group *)pred;

	for (size_t i = 0; i < group->count; i++)
		if (!holds(group->order[i], evaluation))
			return false;
	return true;
}

static bool any_holds(const struct pred *pred,
		      const struct evaluation *evaluation)
{
	const struct pred_group *group = (const struct pred_group *)pred;

	for (size_t i = 0; i < group->count; i++)
		if (holds(group->order[i], evaluation))
			return true;
	return false;
}

static bool const_holds(const struct pred *pred,
			const struct evaluation *evaluation)
{
	(void)evaluation;
	return ((const struct pred_const *)pred)->truth;
}

/* --- leaves of one field -------------------------------------------------- */

static const struct value *leaf_values(const struct pred *pred,
				       const struct evaluation *evaluation,
				       size_t *count)
{
	return value_items(
		event_value(evaluation->event, pred->slot, evaluation->reading),
		count);
}

static bool exists_holds(const struct pred *pred,
			 const struct evaluation *evaluation)
{
	size_t count;
	const struct value *items = leaf_values(pred, evaluation, &count);

	for (size_t i = 0; i < count; i++)
		if (items[i].type != VALUE_NULL)
			return !pred->negated;
	return pred->negated;
}

/* Any value that holds; a limit counts only where none does. */
static bool field_holds(const struct pred *pred,
			const struct evaluation *evaluation)
{
	size_t count;
	const struct value *items = leaf_values(pred, evaluation, &count);
	bool limit = false;

	for (size_t i = 0; i < count; i++) {
		enum match_result result =
			pred->ops->value(pred, &items[i], evaluation);

		if (result == MATCH_YES)
			return !pred->negated;
		limit = limit || result == MATCH_LIMIT;
	}
	if (limit) {
		evaluation->context->errors++;
		return pred->on_limit;
	}
	return pred->negated;
}

static enum match_result result_of(bool found)
{
	return found ? MATCH_YES : MATCH_NO;
}

static bool has_whole(const struct pred_term *term, int64_t number)
{
	size_t low = 0, high = term->whole_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (term->wholes[middle] == number)
			return true;
		if (term->wholes[middle] < number)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static enum match_result term_value(const struct pred *pred,
				    const struct value *value,
				    const struct evaluation *evaluation)
{
	const struct pred_term *term = (const struct pred_term *)pred;

	(void)evaluation;
	if (value->type == VALUE_STRING)
		return result_of(strset_has(&term->strings, value->s));
	if (term->strings.insensitive)
		return MATCH_NO;
	if (value->type == VALUE_INT) {
		if (has_whole(term, value->i))
			return MATCH_YES;
		if (term->only_wholes)
			return MATCH_NO;
	}
	for (size_t i = 0; i < term->count; i++)
		if (literal_holds(&term->literals[i], OP_EQ, value))
			return MATCH_YES;
	return MATCH_NO;
}

static enum match_result range_value(const struct pred *pred,
				     const struct value *value,
				     const struct evaluation *evaluation)
{
	const struct pred_range *range = (const struct pred_range *)pred;

	(void)evaluation;
	return result_of(literal_holds(&range->literal, range->op, value));
}

static enum match_result match_value(const struct pred *pred,
				     const struct value *value,
				     const struct evaluation *evaluation)
{
	const struct pred_match *match = (const struct pred_match *)pred;

	if (value->type != VALUE_STRING)
		return MATCH_NO;
	return matcher_match(match->node->matcher, value->s,
			     evaluation->context->scratch);
}

static enum match_result cidr_value(const struct pred *pred,
				    const struct value *value,
				    const struct evaluation *evaluation)
{
	const struct pred_cidr *cidr = (const struct pred_cidr *)pred;
	const struct ip *ip = &value->ip;
	struct ip parsed;

	(void)evaluation;
	if (value->type == VALUE_STRING && !ip_parse(value->s, &parsed))
		ip = &parsed;
	else if (value->type != VALUE_IP)
		return MATCH_NO;
	for (size_t i = 0; i < cidr->count; i++)
		if (network_contains(&cidr->networks[i], ip))
			return MATCH_YES;
	return MATCH_NO;
}

static enum match_result affix_value(const struct pred *pred,
				     const struct value *value,
				     const struct evaluation *evaluation)
{
	const struct pred_affix *affix = (const struct pred_affix *)pred;

	(void)evaluation;
	return result_of(value->type == VALUE_STRING &&
			 wildcard_match(&affix->wildcard, value->s));
}

/* --- scripts -------------------------------------------------------------- */

/* The values one field of a script goes through. */
struct cell {
	size_t count, at;
	struct value *values; /* at least one; null where there is none */
};

/* A script sees addresses as text. */
static int cell_value(struct arena *arena, const struct value *value,
		      struct value *out)
{
	char text[IP_TEXT_MAX];
	struct str copy;

	*out = *value;
	if (value->type != VALUE_IP)
		return 0;
	copy = (struct str){ text, ip_format(&value->ip, text) };
	copy = arena_str(arena, copy);
	*out = VALUE_OF_STR(copy);
	return copy.data ? 0 : -ENOMEM;
}

static int cell_fill(const struct evaluation *evaluation, size_t slot,
		     struct cell *cell)
{
	struct arena *arena = evaluation->context->scratch;
	size_t count;
	const struct value *items = value_items(
		event_value(evaluation->event, slot, evaluation->reading),
		&count);

	cell->values = arena_array(arena, count + 1, sizeof(*cell->values));
	if (!cell->values)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (items[i].type == VALUE_NULL)
			continue;
		if (cell_value(arena, &items[i], &cell->values[cell->count]))
			return -ENOMEM;
		cell->count++;
	}
	if (!cell->count)
		cell->count = 1;
	return 0;
}

/* The next tuple of values, like the wheels of a counter. */
static bool cells_advance(struct cell *cells, size_t count, struct value *tuple)
{
	for (size_t i = count; i-- > 0;) {
		bool carry = ++cells[i].at == cells[i].count;

		if (carry)
			cells[i].at = 0;
		tuple[i] = cells[i].values[cells[i].at];
		if (!carry)
			return true;
	}
	return false;
}

/* Whether some tuple makes the expression true. 0, SCRIPT_E_*, -ENOMEM. */
static int script_any(const struct pred_script *script, struct cell *cells,
		      struct script *run, bool *found)
{
	struct value *tuple = (struct value *)run->cells;

	for (size_t tried = 0; tried < LIMIT_SCRIPT_TUPLES; tried++) {
		struct value result;
		int rc = script_eval(script->node, run, &result);

		*found = !rc && result.type == VALUE_BOOL && result.b;
		if (rc || *found ||
		    !cells_advance(cells, script->cell_count, tuple))
			return rc;
	}
	return -ENOMEM;
}

static int script_run(const struct pred_script *script,
		      const struct evaluation *evaluation, bool *found)
{
	struct arena *arena = evaluation->context->scratch;
	size_t count = script->cell_count;
	struct cell *cells = arena_array(arena, count + 1, sizeof(*cells));
	struct value *tuple = arena_array(arena, count + 1, sizeof(*tuple));
	struct script run = { .cells = tuple, .arena = arena };

	if (!cells || !tuple)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (cell_fill(evaluation, script->cells[i], &cells[i]))
			return -ENOMEM;
		tuple[i] = cells[i].values[0];
	}
	return script_any(script, cells, &run, found);
}

static bool script_holds(const struct pred *pred,
			 const struct evaluation *evaluation)
{
	bool found = false;
	int rc = script_run((const struct pred_script *)pred, evaluation,
			    &found);

	if (rc)
		evaluation->context->errors++;
	if (rc == -ENOMEM)
		return pred->on_limit;
	/* what raises is false, and its complement true */
	return found != pred->negated;
}

/* --- table ---------------------------------------------------------------- */

#define GROUP_OPS(holds) \
	{ \
		sizeof(struct pred_group), holds, NULL, print_group \
	}
#define FIELD_OPS(type, value, print) \
	{ \
		sizeof(struct type), field_holds, value, print \
	}

const struct pred_ops pred_all_ops = GROUP_OPS(all_holds);
const struct pred_ops pred_any_ops = GROUP_OPS(any_holds);
const struct pred_ops pred_const_ops = { sizeof(struct pred_const), const_holds,
					 NULL, print_const };
const struct pred_ops pred_exists_ops = { sizeof(struct pred), exists_holds,
					  NULL, print_exists };
const struct pred_ops pred_term_ops =
	FIELD_OPS(pred_term, term_value, print_term);
const struct pred_ops pred_range_ops =
	FIELD_OPS(pred_range, range_value, print_range);
const struct pred_ops pred_match_ops =
	FIELD_OPS(pred_match, match_value, print_match);
const struct pred_ops pred_cidr_ops =
	FIELD_OPS(pred_cidr, cidr_value, print_call);
const struct pred_ops pred_affix_ops =
	FIELD_OPS(pred_affix, affix_value, print_call);
const struct pred_ops pred_script_ops = { sizeof(struct pred_script),
					  script_holds, NULL, print_script };

size_t pred_all_items(const struct pred *const *pred,
		      const struct pred *const **items)
{
	const struct pred_group *group = (const struct pred_group *)*pred;

	*items = pred;
	if ((*pred)->ops != &pred_all_ops || (*pred)->negated)
		return 1;
	*items = group->items;
	return group->count;
}

bool pred_eval(const struct pred *pred, const struct event *event,
	       enum reading reading, struct pred_context *context)
{
	struct evaluation evaluation = { event, reading, context };

	return holds(pred, &evaluation);
}

/* --- possibility ---------------------------------------------------------- */

/* Whether a condition can come out as wanted where only some slots are known.
 */
struct possibility {
	const struct evaluation *evaluation;
	const bool *known;
	size_t known_count;
	bool wanted;
};

/*
 * Leaves are positive or negative each by itself, so letting every unknown one
 * be as wanted gives the best case of the whole. Scripts count as unknown, and
 * so does a leaf without an answer.
 */
static bool can_be(const struct pred *pred, const struct possibility *asked)
{
	const struct pred_group *group = (const struct pred_group *)pred;
	bool every = (pred->ops == &pred_all_ops) == asked->wanted;

	if (pred->ops == &pred_const_ops)
		return holds(pred, asked->evaluation) == asked->wanted;
	if (pred->ops == &pred_script_ops)
		return true;
	if (pred->ops != &pred_all_ops && pred->ops != &pred_any_ops)
		return pred->slot >= asked->known_count ||
		       !asked->known[pred->slot] ||
		       holds(pred, asked->evaluation) == asked->wanted ||
		       asked->evaluation->context->errors;
	for (size_t i = 0; i < group->count; i++)
		if (can_be(group->items[i], asked) != every)
			return !every;
	return every;
}

static bool can_be_somehow(const struct pred *pred, const struct event *event,
			   const struct pred_known *known, bool wanted)
{
	struct pred_context context = { 0 };
	struct evaluation evaluation = { event, READING_INVOKED, &context };
	const struct possibility asked = { &evaluation, known->slots,
					   known->count, wanted };

	if (can_be(pred, &asked))
		return true;
	evaluation.reading = READING_RESOLVED;
	return can_be(pred, &asked);
}

bool pred_possible(const struct pred *pred, const struct event *event,
		   const struct pred_known *known)
{
	return can_be_somehow(pred, event, known, true);
}

bool pred_open(const struct pred *pred, const struct event *event,
	       const struct pred_known *known)
{
	return can_be_somehow(pred, event, known, true) &&
	       can_be_somehow(pred, event, known, false);
}

/* --- what it is made of --------------------------------------------------- */

size_t pred_offset(const struct pred *pred)
{
	return pred->offset;
}

size_t pred_items(const struct pred *pred, const struct pred *const **items)
{
	const struct pred_group *group = (const struct pred_group *)pred;

	if (pred->ops != &pred_all_ops && pred->ops != &pred_any_ops)
		return 0;
	*items = group->items;
	return group->count;
}

size_t pred_slots(const struct pred *pred, const size_t **slots)
{
	const struct pred_script *script = (const struct pred_script *)pred;

	if (pred->ops == &pred_all_ops || pred->ops == &pred_any_ops ||
	    pred->ops == &pred_const_ops)
		return 0;
	*slots = pred->ops == &pred_script_ops ? script->cells : &pred->slot;
	return pred->ops == &pred_script_ops ? script->cell_count : 1;
}

enum pred_names pred_names(const struct pred *pred, size_t index,
			   struct str *name)
{
	const struct pred_term *term = (const struct pred_term *)pred;
	const struct pred_match *match = (const struct pred_match *)pred;

	if (pred->ops == &pred_term_ops) {
		if (index >= term->count)
			return PRED_NAMES_END;
		*name = term->literals[index].text;
		return PRED_NAMES_TEXT;
	}
	if (pred->ops != &pred_match_ops || match->node->match == MATCH_REGEX)
		return PRED_NAMES_UNKNOWN;
	if (index + 1 >= match->node->count)
		return PRED_NAMES_END;
	*name = match->node->operands[index + 1]->value.s;
	return PRED_NAMES_PATTERN;
}

bool pred_is_null_test(const struct pred *pred)
{
	return pred->ops == &pred_exists_ops;
}

bool pred_is_negated(const struct pred *pred)
{
	return pred->negated;
}
