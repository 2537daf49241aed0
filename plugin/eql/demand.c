/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What text a condition demands: of most it can be said that they hold for no
 * event that does not have one of some texts in one of its fields. Of equality
 * it is the text itself, of a pattern a piece between its wildcards: the longest
 * is one demand, the second another. Each part of an AND makes its demands; of
 * an OR all branches must make some.
 *
 * A part that is asked behind one that may fail demands nothing: who does not
 * ask a condition because its demand is not met, spares no error.
 */
#include "demand.h"

#include "pred_node.h"

/* --- leaves --------------------------------------------------------------- */

static bool is_wild(char c)
{
	return c == '*' || c == '?';
}

static bool is_long_enough(const struct demand *demand)
{
	return demand->text.len >= DEMAND_PIECE_MIN ||
	       (demand->at_start && (demand->at_end || demand->text.len));
}

/* The longest piece of a pattern but one; NULL: of all. */
static struct demand longest_piece(struct str pattern, const struct demand *but)
{
	struct demand longest = { 0 };

	for (size_t from = 0, to; from <= pattern.len; from = to + 1) {
		const char *piece = pattern.data + from;

		for (to = from; to < pattern.len && !is_wild(pattern.data[to]);)
			to++;
		if ((from && to - from <= longest.text.len) ||
		    (but && piece == but->text.data))
			continue;
		longest.text = (struct str){ piece, to - from };
		longest.at_start = !from;
		longest.at_end = to == pattern.len;
	}
	return longest;
}

static struct demand demand_of_affix(const struct wildcard *wildcard)
{
	return (struct demand){
		.text = wildcard->text,
		.at_start = wildcard->shape == WILDCARD_PREFIX,
		.at_end = wildcard->shape == WILDCARD_SUFFIX,
	};
}

/* The index-th text of a leaf's demands; false = there are no more. Of a
 * pattern without a second piece the first is demanded twice. */
static bool leaf_text(const struct pred *leaf, size_t which, size_t index,
		      struct demand *out)
{
	const struct pred_affix *affix = (const struct pred_affix *)leaf;
	struct demand second;
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
		*out = longest_piece(text, NULL);
		second = longest_piece(text, out);
		if (which && is_long_enough(&second))
			*out = second;
		return true;
	default:
		return false;
	}
}

/* How many demands a leaf makes: one, or two where patterns have two pieces. */
static size_t count_of_leaf(const struct pred *leaf, size_t slot)
{
	struct demand first, second;
	size_t count = 0;

	if (leaf->negated || leaf->ops == &pred_const_ops ||
	    leaf->ops == &pred_script_ops || slot != leaf->slot)
		return 0;
	for (size_t i = 0; leaf_text(leaf, 0, i, &first); i++) {
		if (!is_long_enough(&first))
			return 0;
		leaf_text(leaf, 1, i, &second);
		if (second.text.data != first.text.data)
			count = 2;
		else if (!count)
			count = 1;
	}
	return count;
}

/* --- groups --------------------------------------------------------------- */

static size_t count_of_all(const struct pred_group *group, size_t slot)
{
	size_t sum = 0;

	for (size_t i = 0; i < group->count; i++) {
		sum += demand_count(group->order[i], slot);
		if (group->order[i]->may_fail)
			break;
	}
	return sum;
}

static size_t count_of_any(const struct pred_group *group, size_t slot)
{
	size_t most = 0;

	for (size_t i = 0; i < group->count; i++) {
		size_t count = demand_count(group->items[i], slot);

		if (!count)
			return 0;
		if (count > most)
			most = count;
	}
	return most;
}

size_t demand_count(const struct pred *pred, size_t slot)
{
	const struct pred_group *group = (const struct pred_group *)pred;

	if (pred->ops == &pred_all_ops)
		return count_of_all(group, slot);
	if (pred->ops == &pred_any_ops)
		return count_of_any(group, slot);
	return count_of_leaf(pred, slot);
}

/* The part of an AND that makes a demand, which is counted on in it. */
static const struct pred *part_of(const struct pred_group *group, size_t slot,
				  size_t *which)
{
	for (size_t i = 0;; i++) {
		size_t count = demand_count(group->order[i], slot);

		if (*which < count)
			return group->order[i];
		*which -= count;
	}
}

int demand_tell(const struct pred *pred, struct demand_place place,
		demand_fn fn, void *user)
{
	const struct pred_group *group = (const struct pred_group *)pred;
	struct demand demand;
	int rc = 0;

	if (pred->ops == &pred_all_ops) {
		pred = part_of(group, place.slot, &place.which);
		return demand_tell(pred, place, fn, user);
	}
	if (pred->ops != &pred_any_ops) {
		for (size_t i = 0;
		     leaf_text(pred, place.which, i, &demand) && !rc; i++)
			rc = fn(user, &demand);
		return rc;
	}
	for (size_t i = 0; i < group->count && !rc; i++) {
		struct demand_place branch = place;

		if (branch.which >= demand_count(group->items[i], place.slot))
			branch.which = 0;
		rc = demand_tell(group->items[i], branch, fn, user);
	}
	return rc;
}
