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
 * How many demands a condition makes of a slot: it holds, under one reading of
 * names or another, for no event without one of the texts of each, and is no
 * error for one either. A value that is no text may meet any demand.
 */
size_t demand_count(const struct pred *pred, size_t slot);

/* One of these demands. */
struct demand_place {
	size_t slot, which; /* from 0 */
};

/* 0, or what ends the telling. */
typedef int (*demand_fn)(void *user, const struct demand *demand);

/* Tells the texts of a demand there is. 0 or what fn returned. */
int demand_tell(const struct pred *pred, struct demand_place place,
		demand_fn fn, void *user);

#endif
