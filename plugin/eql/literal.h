/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_EQL_LITERAL_H
#define AUDISP_EQL_EQL_LITERAL_H

#include "../util/arena.h"
#include "ast.h"

/* An address, or all that share its first bits. */
struct network {
	struct ip ip; /* the other bits are 0 */
	unsigned int prefix; /* 0..128, of the v4-mapped form */
};

/* address or address/prefix; host bits may be set. */
bool network_parse(struct str text, struct network *out);
bool network_contains(const struct network *network, const struct ip *ip);

enum number_type { NUMBER_NONE, NUMBER_INT, NUMBER_DOUBLE };

/*
 * A literal in every form a value of an event can ask for: a number of the
 * event compares with a number, text with text, an address with a network. So
 * a field whose type only the events know still compares as it should.
 */
struct literal {
	struct value value; /* as written */
	struct str text;
	enum number_type number;
	int64_t low, high; /* INT; they differ where a date names a day */
	double real; /* DOUBLE */
	bool is_network;
	struct network network;
	bool by_version; /* text is ordered as a version */
};

enum {
	LITERAL_E_TYPE = 1, /* no such value in a field of this type */
	LITERAL_E_DATE_MATH = 2, /* "now-1d": needs a clock */
};

/* Prepares a literal for a field of this type; -ENOMEM or LITERAL_E_*. */
int literal_make(struct arena *arena, const struct value *value,
		 enum field_type type, struct literal *out);
/* Whether "value OP literal" holds; false where the two do not compare. */
bool literal_holds(const struct literal *literal, enum compare_op op,
		   const struct value *value);

bool compare_order(enum compare_op op, int order);
/* <0, 0, >0; both are numbers, neither is NaN. */
int compare_numbers(const struct value *a, const struct value *b);

/* As Java prints them: 2.0, 1.0E10. Returns the length. */
#define DOUBLE_TEXT_MAX 40
size_t double_format(double number, char out[DOUBLE_TEXT_MAX]);
/* A plain decimal number (no blanks, hex, inf); false = it is none. */
bool number_parse(struct str text, struct value *out);

#endif
