/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin.h"

#include <stdlib.h>
#include <string.h>

static void place(char **at, struct str *text)
{
	if (text->len)
		memcpy(*at, text->data, text->len);
	text->data = *at;
	*at += text->len;
}

struct origin *origin_new(const struct origin_source *source, size_t *memory)
{
	size_t size = sizeof(struct origin) + source->path.len +
		      source->name.len + source->executable.len +
		      source->compiler.len;
	struct origin *origin = malloc(size);
	char *text;

	if (!origin)
		return NULL;
	*origin = (struct origin){
		.owners = 1,
		.size = size,
		.memory = memory,
		.is = *source,
	};
	text = (char *)(origin + 1);
	place(&text, &origin->is.path);
	place(&text, &origin->is.name);
	place(&text, &origin->is.executable);
	place(&text, &origin->is.compiler);
	*memory += size;
	return origin;
}

struct origin *origin_hold(struct origin *origin)
{
	if (origin)
		origin->owners++;
	return origin;
}

void origin_release(struct origin **origin)
{
	if (*origin && !--(*origin)->owners) {
		*(*origin)->memory -= (*origin)->size;
		free(*origin);
	}
	*origin = NULL;
}

struct origin *origin_stronger(struct origin *a, struct origin *b)
{
	if (!a || !b)
		return a ? a : b;
	return b->is.kind > a->is.kind ? b : a;
}

const char *origin_kind_name(enum origin_kind kind)
{
	static const char *const names[] = {
		[ORIGIN_PACKAGED] = "packaged",
		[ORIGIN_MARKED] = "marked",
		[ORIGIN_WRITTEN] = "written",
		[ORIGIN_COPIED] = "copied",
		[ORIGIN_UNPACKED] = "unpacked",
		[ORIGIN_DOWNLOADED] = "downloaded",
		[ORIGIN_MEMORY] = "memory",
		[ORIGIN_LINKED] = "linked",
	};

	_Static_assert(sizeof(names) / sizeof(names[0]) == ORIGIN__COUNT,
		       "an origin has no name");
	return names[kind];
}
