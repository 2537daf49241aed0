/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_EQL_DEMAND_H
#define AUDISP_EQL_EQL_DEMAND_H

#include <audisp-eql/event.h>

struct pred;

/* A text that must stand in a value, whatever the case of its ASCII letters. */
struct demand {
	struct str text;
	/* it begins the value, ends it; both: it is the value */
	bool at_start, at_end;
};

/* Shorter pieces are too frequent to be worth looking for, but at a start. */
#define DEMAND_PIECE_MIN 3

/*
 * A condition as it is looked at: whole, or of an OR in it one branch. It holds
 * for an event only if one of its ways does, and each way makes demands of its
 * own.
 */
struct demand_way {
	const struct pred *condition;
	const struct pred *fork; /* the OR; NULL = whole */
	size_t branch;
};

/* More branches than this are looked at as a whole. */
#define DEMAND_WAYS_MAX 16

size_t demand_ways(const struct pred *condition);
struct demand_way demand_way(const struct pred *condition, size_t number);

/*
 * How many demands a way makes of a slot: it holds, under one reading of names
 * or another, for no event without one of the texts of each, and is no error
 * for one either. A value that is no text may meet any demand.
 */
size_t demand_count(const struct demand_way *way, size_t slot);
/* Whether it demands any value of a slot at all, in the same sense. */
bool demand_value(const struct demand_way *way, size_t slot);

/* One of these demands. */
struct demand_place {
	size_t slot, which; /* from 0 */
};

/* 0, or what ends the telling. */
typedef int (*demand_fn)(void *user, const struct demand *demand);

/* Tells the texts of a demand there is. 0 or what fn returned. */
int demand_tell(const struct demand_way *way, struct demand_place place,
		demand_fn fn, void *user);

#endif
