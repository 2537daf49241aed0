/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_EQL_FUNCTIONS_H
#define AUDISP_EQL_EQL_FUNCTIONS_H

#include "ast.h"

/* What an expression gives, as far as it is known before any event. */
enum kind {
	KIND_ANY, /* a field that only the rule knows */
	KIND_NULL,
	KIND_BOOL,
	KIND_NUMBER,
	KIND_TEXT,
	KIND_IP,
	KIND_DATE,
};

enum {
	/* the computation has no result: division by zero, no number, ... */
	SCRIPT_E_RAISED = 1,
};

/* One call under way. */
struct call {
	const struct value *arguments;
	size_t count;
	bool insensitive;
	bool narrow; /* whole numbers have 32 bits */
	struct arena *arena; /* for text it makes */
	const char *error; /* why it raised; static */
};

struct function {
	const char *name;
	/*
	 * A letter for each argument: Text, Number, Ip, Bool, Any; Constant
	 * text. Upper case: null makes the result null; lower case: the
	 * function sees it. "+" = the last one may repeat.
	 */
	const char *parameters;
	size_t least; /* arguments */
	bool tilde; /* has an insensitive form */
	enum kind result;
	/* 0, SCRIPT_E_RAISED, -ENOMEM (the arena is full) */
	int (*run)(struct call *call, struct value *out);
};

/* Names ignore case. NULL = none such. */
const struct function *function_find(struct str name);
/* The function an operator of arithmetic stands for, '~' for unary minus. */
const struct function *function_of_symbol(char symbol);
/* The letter of a parameter; '\0' = no such parameter. */
char function_parameter(const struct function *function, size_t index);

#endif
