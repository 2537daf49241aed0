/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What text a condition demands: of most it can be said that they hold for no
 * event that does not have one of some texts in one of its fields. Of equality
 * it is the text itself, of a pattern its longest piece between wildcards. All
 * branches of an OR must demand something; of an AND one part does, and where
 * several do the one with the fewest texts.
 *
 * A part that is asked behind one that may fail demands nothing: who does not
 * ask a condition because its demand is not met, spares no error.
 */
#include "demand.h"

#include "pred_node.h"

static bool is_group(const struct pred *pred)
{
	return pred->ops == &pred_all_ops || pred->ops == &pred_any_ops;
}

/* --- leaves --------------------------------------------------------------- */

static bool is_wild(char c)
{
	return c == '*' || c == '?';
}

/* The longest piece of a pattern. */
static struct demand demand_of_pattern(struct str pattern)
{
	struct demand demand = { 0 };

	for (size_t from = 0, to; from <= pattern.len; from = to + 1) {
		for (to = from; to < pattern.len && !is_wild(pattern.data[to]);)
			to++;
		if (from && to - from <= demand.text.len)
			continue;
		demand.text = (struct str){ pattern.data + from, to - from };
		demand.at_start = !from;
		demand.at_end = to == pattern.len;
	}
	return demand;
}

static struct demand demand_of_affix(const struct wildcard *wildcard)
{
	return (struct demand){
		.text = wildcard->text,
		.at_start = wildcard->shape == WILDCARD_PREFIX,
		.at_end = wildcard->shape == WILDCARD_SUFFIX,
	};
}

/* The index-th demand of a leaf; false = there are no more. */
static bool leaf_demand(const struct pred *leaf, size_t index,
			struct demand *out)
{
	const struct pred_affix *affix = (const struct pred_affix *)leaf;
	struct str text;

	if (leaf->ops == &pred_affix_ops) {
		*out = demand_of_affix(&affix->wildcard);
		return !index;
	}
	switch (pred_names(leaf, index, &text)) {
	case PRED_NAMES_TEXT:
		*out = (struct demand){ text, true, true };
		return true;
	case PRED_NAMES_PATTERN:
		*out = demand_of_pattern(text);
		return true;
	default:
		return false;
	}
}

static bool is_long_enough(const struct demand *demand)
{
	return demand->text.len >= DEMAND_PIECE_MIN ||
	       (demand->at_start && (demand->at_end || demand->text.len));
}

/* How many texts a leaf demands; 0 = it may hold without. */
static size_t count_of_leaf(const struct pred *leaf, size_t slot)
{
	struct demand demand;
	size_t count = 0;

	if (leaf->negated || leaf->ops == &pred_const_ops ||
	    leaf->ops == &pred_script_ops || slot != leaf->slot)
		return 0;
	for (; leaf_demand(leaf, count, &demand); count++)
		if (!is_long_enough(&demand))
			return 0;
	return count;
}

/* --- groups --------------------------------------------------------------- */

static size_t count_of(const struct pred *pred, size_t slot);

/* The part of an AND that demands the fewest texts; NULL = none does. */
static const struct pred *part_of(const struct pred_group *group, size_t slot)
{
	const struct pred *part = NULL;
	size_t least = SIZE_MAX;

	for (size_t i = 0; i < group->count; i++) {
		size_t count = count_of(group->order[i], slot);

		if (count && count < least) {
			part = group->order[i];
			least = count;
		}
		if (group->order[i]->may_fail)
			break;
	}
	return part;
}

static size_t count_of(const struct pred *pred, size_t slot)
{
	const struct pred_group *group = (const struct pred_group *)pred;
	const struct pred *part;
	size_t sum = 0;

	if (!is_group(pred))
		return count_of_leaf(pred, slot);
	if (pred->ops == &pred_all_ops) {
		part = part_of(group, slot);
		return part ? count_of(part, slot) : 0;
	}
	for (size_t i = 0; i < group->count; i++) {
		size_t count = count_of(group->items[i], slot);

		if (!count)
			return 0;
		sum += count;
	}
	return sum;
}

int demand_tell(const struct pred *pred, size_t slot, demand_fn fn, void *user)
{
	const struct pred_group *group = (const struct pred_group *)pred;
	struct demand demand;
	int rc = 0;

	if (pred->ops == &pred_all_ops)
		return demand_tell(part_of(group, slot), slot, fn, user);
	if (pred->ops == &pred_any_ops) {
		for (size_t i = 0; i < group->count && !rc; i++)
			rc = demand_tell(group->items[i], slot, fn, user);
		return rc;
	}
	for (size_t i = 0; leaf_demand(pred, i, &demand) && !rc; i++)
		rc = fn(user, &demand);
	return rc;
}

bool demand_made(const struct pred *pred, size_t slot)
{
	return count_of(pred, slot) > 0;
}
