/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_EQL_FOLD_H
#define AUDISP_EQL_EQL_FOLD_H

#include "ast.h"

/*
 * Resolves the names of a condition, checks what EQL asks of its parts, folds
 * constants and brings comparisons into the form "value OP constant". *node is
 * replaced where it becomes another. 0, EQL_E_*, -ENOMEM.
 */
int fold_condition(struct compile *compile, struct node **node);
/* The same for an expression of any kind. */
int fold_expression(struct compile *compile, struct node **node);
/* Gives a field its slot. */
int fold_field(struct compile *compile, struct node *field);
/* Whether values of the two fields can be equal. */
bool fold_fields_comparable(const struct compile *compile, size_t a, size_t b);

#endif
