/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Partials: sequences begun and not ended.
 *
 * Elasticsearch keeps a list of partials per key and stage; a later event takes
 * the newest one that ended before it, and drops all older ones. With events in
 * order that needs one place per key and stage only: the newest overwrites,
 * since whatever an older one could still become, the newer one becomes too (it
 * has at least as much of its span left).
 *
 * One thing arrives out of order: an attempt to connect bears the time it began
 * and comes when it ended, minutes later. It must find what stood in the place
 * at its time. So in the place that feeds the last stage, what was superseded
 * or consumed stays behind the newest until no attempt can be that late; and so
 * do the marks of until and of missing stages. How the right one is chosen is
 * in sequence.c.
 *
 * Behind the newest they form a splay tree ordered by time. Events come nearly
 * in order, so putting one there is O(1); but whoever makes thousands of
 * partials of one key, and then lets thousands of attempts come late, must not
 * make each of those walk all of them. The newest stands in the hash table; in
 * the tree, node.next is the branch of the older ones, older that of the newer.
 */
#include "partial.h"

#include <errno.h>
#include <stdint.h>

#include "account.h"

static const struct ordinal never = { INT64_MAX, UINT64_MAX };

/* --- the tree ------------------------------------------------------------- */

static struct partial *partial_of(struct table_node *node)
{
	return node ? list_entry(node, struct partial, node) : NULL;
}

static struct partial *left_of(const struct partial *partial)
{
	return partial_of(partial->node.next);
}

static void set_left(struct partial *partial, struct partial *left)
{
	partial->node.next = left ? &left->node : NULL;
}

/* Where to stand: an ordinal, and the address to tell equals apart. */
struct point {
	struct ordinal ordinal;
	uintptr_t address;
};

static struct point point_of(const struct partial *partial)
{
	return (struct point){ partial->step->last, (uintptr_t)partial };
}

static int compare(struct point point, const struct partial *partial)
{
	if (ordinal_before(point.ordinal, partial->step->last))
		return -1;
	if (ordinal_before(partial->step->last, point.ordinal))
		return 1;
	return (point.address > (uintptr_t)partial) -
	       (point.address < (uintptr_t)partial);
}

static struct partial *rotate_right(struct partial *root)
{
	struct partial *left = left_of(root);

	set_left(root, left->older);
	left->older = root;
	return left;
}

static struct partial *rotate_left(struct partial *root)
{
	struct partial *right = root->older;

	root->older = left_of(right);
	set_left(right, root);
	return right;
}

/* Top-down splay: brings a neighbour of the point, or it itself, to the root
 * of a tree that is not empty. */
static struct partial *splay(struct partial *root, struct point point)
{
	struct partial side = { 0 }, *less = &side, *more = &side, *child;

	for (;;) {
		int order = compare(point, root);

		if (order < 0) {
			child = left_of(root);
			if (child && compare(point, child) < 0)
				root = rotate_right(root);
			if (!left_of(root))
				break;
			set_left(more, root);
			more = root;
			root = left_of(root);
		} else if (order > 0) {
			child = root->older;
			if (child && compare(point, child) > 0)
				root = rotate_left(root);
			if (!root->older)
				break;
			less->older = root;
			less = root;
			root = root->older;
		} else {
			break;
		}
	}
	less->older = left_of(root);
	set_left(more, root->older);
	set_left(root, side.older);
	root->older = left_of(&side);
	return root;
}

static const struct point end_of_time = { { INT64_MAX, UINT64_MAX },
					  UINTPTR_MAX };
static const struct point start_of_time = { { INT64_MIN, 0 }, 0 };

/* Two trees, all of the first before the second, as one. */
static struct partial *tree_join(struct partial *first, struct partial *second)
{
	if (!first)
		return second;
	first = splay(first, end_of_time);
	first->older = second;
	return first;
}

static struct partial *tree_add(struct partial *root, struct partial *partial)
{
	set_left(partial, NULL);
	partial->older = NULL;
	if (!root)
		return partial;
	/* the newest of all nearly always, which needs no search */
	if (compare(point_of(partial), root) > 0 && !root->older) {
		set_left(partial, root);
		return partial;
	}
	root = splay(root, point_of(partial));
	if (compare(point_of(partial), root) > 0) {
		partial->older = root->older;
		root->older = NULL;
		set_left(partial, root);
	} else {
		set_left(partial, left_of(root));
		set_left(root, NULL);
		partial->older = root;
	}
	return partial;
}

static struct partial *tree_remove(struct partial *root,
				   struct partial *partial)
{
	root = splay(root, point_of(partial));
	return tree_join(left_of(root), root->older);
}

/* --- places --------------------------------------------------------------- */

struct partial *partial_find(const struct engine *engine,
			     const struct print *place)
{
	struct table_node *node = table_bucket(&engine->partials, place->a);

	for (; node; node = node->next) {
		struct partial *partial = partial_of(node);

		if (node->hash == place->a && partial->print_b == place->b)
			return partial;
	}
	return NULL;
}

struct partial *partial_before(struct partial *newest, struct ordinal ordinal)
{
	const struct point point = { ordinal, 0 };
	struct partial *root;

	if (!newest || ordinal_before(newest->step->last, ordinal))
		return newest;
	if (!newest->older)
		return NULL;
	root = newest->older = splay(newest->older, point);
	if (compare(point, root) > 0)
		return root;
	if (!left_of(root))
		return NULL;
	set_left(root, splay(left_of(root), end_of_time));
	return left_of(root);
}

struct partial *partial_after(struct partial *newest, struct ordinal ordinal)
{
	const struct point point = { ordinal, UINTPTR_MAX };
	struct partial *root;

	if (!newest || !ordinal_before(ordinal, newest->step->last))
		return NULL;
	if (!newest->older)
		return newest;
	root = newest->older = splay(newest->older, point);
	if (compare(point, root) < 0)
		return root;
	if (!root->older)
		return newest;
	root->older = splay(root->older, start_of_time);
	return root->older;
}

/* A partial comes to a place where others are kept. */
static void place_behind(struct engine *engine, struct partial *newest,
			 struct partial *partial)
{
	struct partial *tree = newest->older;

	if (ordinal_before(partial->step->last, newest->step->last)) {
		newest->older = tree_add(tree, partial);
		return;
	}
	table_replace(&engine->partials, &newest->node, &partial->node);
	partial->older = tree_add(tree, newest);
}

static void place_leave(struct engine *engine, struct partial *partial)
{
	const struct print place = { partial->node.hash, partial->print_b };
	struct partial *newest = partial_find(engine, &place), *tree;

	if (newest != partial) {
		newest->older = tree_remove(newest->older, partial);
		return;
	}
	if (!partial->older) {
		table_remove(&engine->partials, &partial->node);
		return;
	}
	/* the newest behind it moves up */
	tree = splay(partial->older, end_of_time);
	partial->older = left_of(tree);
	table_replace(&engine->partials, &partial->node, &tree->node);
	tree->older = partial->older;
}

/* --- steps ---------------------------------------------------------------- */

struct step *step_new(struct engine *engine, const struct step_seed *seed)
{
	struct step *step = pool_get(&engine->step_pool);
	struct step *parent = seed->parent;

	if (!step)
		return NULL;
	step->owners = 1;
	step->host = seed->host;
	step->slot = seed->slot;
	step->readings = seed->readings;
	step->last = seed->ordinal;
	step->first = parent ? parent->first : seed->ordinal;
	step->item.account = seed->kept->account;
	step->item.kind = ITEM_STEP;
	list_init(&step->item.aged);
	account_charge(engine, step->item.account, STEP_BYTES);
	if (seed->slot->kind == SLOT_STAGE)
		step->kept = kept_hold(seed->kept);
	if (parent) {
		step->parent = parent;
		step_hold(parent);
	}
	return step;
}

void step_hold(struct step *step)
{
	step->owners++;
}

/* A chain of steps may go at once; it is as long as the sequence. */
void step_drop(struct engine *engine, struct step *step)
{
	while (step && !--step->owners) {
		struct step *parent = step->parent;

		while (step->partials)
			partial_remove(engine, step->partials);
		kept_drop(engine, step->kept);
		account_discharge(engine, step->item.account, STEP_BYTES);
		pool_put(&engine->step_pool, step);
		step = parent;
	}
}

int64_t step_due(const struct engine *engine, const struct step *step)
{
	int64_t span_ns = step->slot->rule->span_ns;
	int64_t due_ns;

	due_ns = time_add(step->first.time_ns, span_ns);
	/* a mark may matter to a sequence that begins a span later, and that
	 * is decided together with one that begins another span later */
	if (step->slot->kind != SLOT_STAGE)
		due_ns = time_add(time_add(due_ns, span_ns), span_ns);
	return step->slot->history ? time_add(due_ns, engine->late_ns) : due_ns;
}

int step_queue(struct engine *engine, struct step *step, enum item_kind kind,
	       int64_t due_ns)
{
	int rc;

	step->item.kind = kind;
	step->item.due_ns = due_ns;
	rc = item_queue(engine, &step->item);
	if (rc)
		return rc;
	step->queued = true;
	step_hold(step);
	return 0;
}

void step_unqueue(struct engine *engine, struct step *step)
{
	if (!step->queued)
		return;
	step->queued = false;
	item_unqueue(engine, &step->item);
	step_drop(engine, step);
}

void step_forget(struct engine *engine, struct item *item)
{
	struct step *step = list_entry(item, struct step, item);

	step_hold(step);
	while (step->partials)
		partial_remove(engine, step->partials);
	step_unqueue(engine, step);
	step_drop(engine, step);
}

/* --- partials ------------------------------------------------------------- */

static struct slot *slot_of(const struct step *step)
{
	return &step->slot->rule->slots[step->slot->index];
}

static struct partial *partial_new(struct engine *engine, struct step *step,
				   const struct print *print)
{
	struct partial *partial = pool_get(&engine->partial_pool);

	if (!partial)
		return NULL;
	partial->node.hash = print->a;
	partial->print_b = print->b;
	partial->step = step;
	partial->next = step->partials;
	if (step->partials)
		step->partials->prev = partial;
	step->partials = partial;
	step->partial_count++;
	account_charge(engine, step->item.account, PARTIAL_BYTES);
	return partial;
}

int partial_add_match(struct engine *engine, struct step *step,
		      const struct print *print, size_t tuple)
{
	struct partial *partial = partial_new(engine, step, print);

	if (!partial)
		return -ENOMEM;
	partial->tuple = tuple;
	return 0;
}

int partial_put(struct engine *engine, struct step *step,
		const struct print *place)
{
	struct partial *newest, *partial;

	while ((newest = partial_find(engine, place)) && !step->slot->history)
		partial_remove(engine, newest);
	partial = partial_new(engine, step, place);
	if (!partial)
		return -ENOMEM;
	partial->consumed = never;
	if (newest)
		place_behind(engine, newest, partial);
	else
		table_add(&engine->partials, &partial->node);
	slot_of(step)->partials++;
	if (step->slot->kind == SLOT_STAGE) {
		engine->stats.partials_live++;
		engine->stats.partials_started += !step->parent;
	}
	return 0;
}

void partial_remove(struct engine *engine, struct partial *partial)
{
	struct step *step = partial->step;

	if (!step->slot->last) {
		place_leave(engine, partial);
		slot_of(step)->partials--;
		engine->stats.partials_live -= step->slot->kind == SLOT_STAGE;
	}
	if (partial->prev)
		partial->prev->next = partial->next;
	else
		step->partials = partial->next;
	if (partial->next)
		partial->next->prev = partial->prev;
	step->partial_count--;
	account_discharge(engine, step->item.account, PARTIAL_BYTES);
	pool_put(&engine->partial_pool, partial);
	if (!step->partials && step->item.kind != ITEM_MATCH)
		step_unqueue(engine, step);
}
