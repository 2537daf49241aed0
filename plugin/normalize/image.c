/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image.h"

#include <stdlib.h>
#include <string.h>

#include "names.h"

/* of the arguments of one process; the rest is only counted */
#define ARGS_KEPT_BYTES 4096
#define ARGS_KEPT IMAGE_ARGS_KEPT

static struct str place(char **at, struct str text)
{
	struct str placed = { *at, text.len };

	if (text.len)
		memcpy(*at, text.data, text.len);
	*at += text.len;
	return placed;
}

/* How many arguments are kept, and their bytes. */
static size_t args_kept(const struct image_source *source, size_t *bytes)
{
	size_t kept = 0;

	*bytes = 0;
	while (kept < source->args_len && kept < ARGS_KEPT &&
	       *bytes + source->args[kept].len <= ARGS_KEPT_BYTES)
		*bytes += source->args[kept++].len;
	return kept;
}

static void set_programs(struct image *image)
{
	struct str invoked = str_basename(image->invoked);
	struct str resolved = str_basename(image->resolved);
	uint32_t programs = name_programs(invoked);

	image->named = programs;
	if (!str_equal(invoked, resolved))
		image->named |= name_programs(resolved);
	image->tools = image->named;
	if (programs & PROGRAM_BOX && image->kept_count > 1)
		image->tools |= name_programs(str_basename(image->args[1]));
}

struct image *image_new(const struct image_source *source, size_t *memory)
{
	size_t arg_bytes, kept = args_kept(source, &arg_bytes);
	size_t size = sizeof(struct image) + kept * sizeof(struct str) +
		      source->invoked.len + source->resolved.len + arg_bytes;
	struct image *image = malloc(size);
	char *at;

	if (!image)
		return NULL;
	*image = (struct image){
		.owners = 1,
		.size = size,
		.arg_count = source->arg_count,
		.kept_count = kept,
		.args = (struct str *)(image + 1),
	};
	at = (char *)(image->args + kept);
	image->invoked = place(&at, source->invoked);
	image->resolved = place(&at, source->resolved);
	for (size_t i = 0; i < kept; i++)
		image->args[i] = place(&at, source->args[i]);
	set_programs(image);
	*memory += size;
	return image;
}

struct image *image_hold(struct image *image)
{
	if (image)
		image->owners++;
	return image;
}

void image_release(struct image **image, size_t *memory)
{
	if (*image && !--(*image)->owners) {
		*memory -= (*image)->size;
		free(*image);
	}
	*image = NULL;
}

/* --- texts ---------------------------------------------------------------- */

struct shared_text *shared_text_new(struct str text, size_t *memory)
{
	struct shared_text *shared = malloc(sizeof(*shared) + text.len);

	if (!shared)
		return NULL;
	shared->owners = 1;
	shared->len = text.len;
	if (text.len)
		memcpy(shared->data, text.data, text.len);
	*memory += sizeof(*shared) + text.len;
	return shared;
}

struct shared_text *shared_text_hold(struct shared_text *text)
{
	if (text)
		text->owners++;
	return text;
}

void shared_text_release(struct shared_text **text, size_t *memory)
{
	if (*text && !--(*text)->owners) {
		*memory -= shared_text_size(*text);
		free(*text);
	}
	*text = NULL;
}

struct str shared_text_str(const struct shared_text *text)
{
	return text ? (struct str){ text->data, text->len } : (struct str){ 0 };
}

size_t shared_text_size(const struct shared_text *text)
{
	return text ? sizeof(*text) + text->len : 0;
}
