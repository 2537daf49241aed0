/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ast.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../limits.h"

int compile_fail(struct compile *compile, int code, size_t offset,
		 const char *format, ...)
{
	char text[512];
	struct str message;
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	message = arena_str(compile->options->arena, str_from(text));
	if (!message.data)
		return -ENOMEM;
	*compile->error = (struct eql_error){ offset, message };
	return code;
}

struct node *node_new(struct compile *compile, enum node_type type,
		      size_t offset)
{
	struct node *node = arena_alloc(compile->options->arena, sizeof(*node));

	if (node) {
		node->type = type;
		node->offset = offset;
	}
	return node;
}

int node_add(struct compile *compile, struct node_list *list,
	     struct node *operand)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 2;
		struct node **items = arena_array(compile->options->arena,
						  capacity, sizeof(*items));

		if (!items)
			return -ENOMEM;
		if (list->count)
			memcpy(items, list->items,
			       list->count * sizeof(*items));
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->count++] = operand;
	return 0;
}

int node_set_operands(struct compile *compile, struct node *node,
		      const struct node_list *list)
{
	node->operands = list->items;
	node->count = list->count;
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i]->depth >= node->depth)
			node->depth = list->items[i]->depth + 1;
	if (node->depth > LIMIT_NESTING)
		return compile_fail(compile, EQL_E_INVALID, node->offset,
				    "operators nest deeper than %d",
				    LIMIT_NESTING);
	return 0;
}

int node_over(struct compile *compile, struct node *node, struct node *left,
	      struct node *right)
{
	struct node_list list = { 0 };
	int rc = node_add(compile, &list, left);

	if (!rc && right)
		rc = node_add(compile, &list, right);
	return rc ? rc : node_set_operands(compile, node, &list);
}
