/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What processes share, counted: programs, and texts such as a directory. Each
 * is charged to *memory when it is made, and given back with its last owner.
 */
#ifndef AUDISP_EQL_NORMALIZE_IMAGE_H
#define AUDISP_EQL_NORMALIZE_IMAGE_H

#include <audisp-eql/event.h>

/* Arguments of one process that are kept at most. */
#define IMAGE_ARGS_KEPT 256

/* A program as one exec began it; shared by the children that run it on. Where
 * the exec was not seen, the file stands for the path given. */
struct image {
	unsigned int owners;
	uint32_t number; /* while a state is saved */
	size_t size;
	struct str invoked; /* path given to execve, as given */
	struct str resolved; /* exe=, without " (deleted)" */
	/* what it is by these names, enum program; and by its first argument,
	 * where it is a box of tools */
	uint32_t named, tools;
	int64_t arg_count; /* as the process has them; -1 = unknown */
	size_t kept_count; /* of these, the first that fit */
	struct str *args;
};

/* What an image is made of. */
struct image_source {
	struct str invoked, resolved;
	int64_t arg_count; /* may be more than args has */
	const struct str *args;
	size_t args_len;
};

/* NULL = out of memory. */
struct image *image_new(const struct image_source *source, size_t *memory);
/* Takes NULL. */
struct image *image_hold(struct image *image);
void image_release(struct image **image, size_t *memory);
/* Whether it is one of these (enum program) by one of its names. An unknown
 * program (NULL) is none. */
static inline bool image_is(const struct image *image, uint32_t programs)
{
	return image && image->named & programs;
}

struct shared_text {
	unsigned int owners;
	uint32_t number; /* while a state is saved */
	size_t len;
	char data[];
};

struct shared_text *shared_text_new(struct str text, size_t *memory);
struct shared_text *shared_text_hold(struct shared_text *text);
void shared_text_release(struct shared_text **text, size_t *memory);
/* Empty for NULL. */
struct str shared_text_str(const struct shared_text *text);
/* The bytes of one; 0 of NULL. */
size_t shared_text_size(const struct shared_text *text);

#endif
