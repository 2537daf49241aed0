/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What text a condition demands: of most it can be said that they hold for no
 * event that does not have one of some texts in one of its fields. Of equality
 * it is the text itself, of a pattern a piece between its wildcards: the longest
 * is one demand, the second another. Of any leaf that is not negated it is that
 * the field has a value. Each part of an AND makes its demands; of an OR all
 * branches must make some.
 *
 * The branches of an OR often demand something each, but of different fields. So
 * a condition may be looked at in several ways, one a branch.
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

/* --- ways ----------------------------------------------------------------- */

/* Whether all leaves read the same slot, SIZE_MAX before the first: then one
 * demand tells all there is to tell. */
static bool reads_one_slot(const struct pred *pred, size_t *slot)
{
	const struct pred_group *group = (const struct pred_group *)pred;
	bool first = *slot == SIZE_MAX;

	if (pred->ops == &pred_const_ops)
		return true;
	if (pred->ops == &pred_script_ops)
		return false;
	if (pred->ops == &pred_all_ops || pred->ops == &pred_any_ops) {
		for (size_t i = 0; i < group->count; i++)
			if (!reads_one_slot(group->items[i], slot))
				return false;
		return true;
	}
	if (first)
		*slot = pred->slot;
	return *slot == pred->slot;
}

/* The first OR that must hold and is worth looking at by its branches. */
static const struct pred *find_fork(const struct pred *pred)
{
	const struct pred_group *group = (const struct pred_group *)pred;
	size_t slot = SIZE_MAX;
	const struct pred *fork;

	if (pred->ops == &pred_any_ops)
		return group->count <= DEMAND_WAYS_MAX &&
				       !reads_one_slot(pred, &slot)
			       ? pred
			       : NULL;
	if (pred->ops != &pred_all_ops)
		return NULL;
	for (size_t i = 0; i < group->count; i++) {
		fork = find_fork(group->order[i]);
		if (fork)
			return fork;
	}
	return NULL;
}

size_t demand_ways(const struct pred *condition)
{
	const struct pred *fork = find_fork(condition);

	return fork ? ((const struct pred_group *)fork)->count : 1;
}

struct demand_way demand_way(const struct pred *condition, size_t number)
{
	return (struct demand_way){ condition, find_fork(condition), number };
}

/* The branch, where a condition is the OR that it is looked at by. */
static const struct pred *branch_of(const struct demand_way *way,
				    const struct pred *pred)
{
	const struct pred_group *group = (const struct pred_group *)pred;

	return pred == way->fork ? group->items[way->branch] : pred;
}

/* --- groups --------------------------------------------------------------- */

static size_t count_in(const struct demand_way *way, const struct pred *pred,
		       size_t slot);

static size_t count_of_all(const struct demand_way *way,
			   const struct pred_group *group, size_t slot)
{
	size_t sum = 0;

	for (size_t i = 0; i < group->count; i++) {
		sum += count_in(way, group->order[i], slot);
		if (group->order[i]->may_fail)
			break;
	}
	return sum;
}

static size_t count_of_any(const struct demand_way *way,
			   const struct pred_group *group, size_t slot)
{
	size_t most = 0;

	for (size_t i = 0; i < group->count; i++) {
		size_t count = count_in(way, group->items[i], slot);

		if (!count)
			return 0;
		if (count > most)
			most = count;
	}
	return most;
}

static size_t count_in(const struct demand_way *way, const struct pred *pred,
		       size_t slot)
{
	const struct pred_group *group;

	pred = branch_of(way, pred);
	group = (const struct pred_group *)pred;
	if (pred->ops == &pred_all_ops)
		return count_of_all(way, group, slot);
	if (pred->ops == &pred_any_ops)
		return count_of_any(way, group, slot);
	return count_of_leaf(pred, slot);
}

size_t demand_count(const struct demand_way *way, size_t slot)
{
	return count_in(way, way->condition, slot);
}

static bool needs_value(const struct demand_way *way, const struct pred *pred,
			size_t slot)
{
	const struct pred_group *group;

	pred = branch_of(way, pred);
	group = (const struct pred_group *)pred;
	if (pred->ops == &pred_any_ops) {
		for (size_t i = 0; i < group->count; i++)
			if (!needs_value(way, group->items[i], slot))
				return false;
		return group->count;
	}
	if (pred->ops != &pred_all_ops)
		return !pred->negated && pred->ops != &pred_const_ops &&
		       pred->ops != &pred_script_ops && pred->slot == slot;
	for (size_t i = 0; i < group->count; i++) {
		if (needs_value(way, group->order[i], slot))
			return true;
		if (group->order[i]->may_fail)
			break;
	}
	return false;
}

bool demand_value(const struct demand_way *way, size_t slot)
{
	return needs_value(way, way->condition, slot);
}

/* --- telling -------------------------------------------------------------- */

/* What tells a demand, and of whom. */
struct telling {
	const struct demand_way *way;
	demand_fn fn;
	void *user;
};

/* The part of an AND that makes a demand, which is counted on in it. */
static const struct pred *part_of(const struct demand_way *way,
				  const struct pred_group *group, size_t slot,
				  size_t *which)
{
	for (size_t i = 0;; i++) {
		size_t count = count_in(way, group->order[i], slot);

		if (*which < count)
			return group->order[i];
		*which -= count;
	}
}

static int tell(const struct telling *telling, const struct pred *pred,
		struct demand_place place);

static int tell_branches(const struct telling *telling,
			 const struct pred_group *group,
			 struct demand_place place)
{
	int rc = 0;

	for (size_t i = 0; i < group->count && !rc; i++) {
		const struct pred *item = group->items[i];
		struct demand_place branch = place;

		if (branch.which >= count_in(telling->way, item, place.slot))
			branch.which = 0;
		rc = tell(telling, item, branch);
	}
	return rc;
}

static int tell(const struct telling *telling, const struct pred *pred,
		struct demand_place place)
{
	const struct pred_group *group;
	struct demand demand;
	int rc = 0;

	pred = branch_of(telling->way, pred);
	group = (const struct pred_group *)pred;
	if (pred->ops == &pred_all_ops) {
		pred = part_of(telling->way, group, place.slot, &place.which);
		return tell(telling, pred, place);
	}
	if (pred->ops == &pred_any_ops)
		return tell_branches(telling, group, place);
	for (size_t i = 0; leaf_text(pred, place.which, i, &demand) && !rc; i++)
		rc = telling->fn(telling->user, &demand);
	return rc;
}

int demand_tell(const struct demand_way *way, struct demand_place place,
		demand_fn fn, void *user)
{
	const struct telling telling = { way, fn, user };

	return tell(&telling, way->condition, place);
}
