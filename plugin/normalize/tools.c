/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools.h"

#include <string.h>

#include "names.h"

/* Ancestors that are asked whether they had a program linked or installed. */
#define ANCESTORS 8

bool tool_is(const struct image *image, uint32_t programs)
{
	return image && image->tools & programs;
}

/* -run may have more behind it, as the first line of a script has it. */
bool tool_links_to_memory(const struct image *image)
{
	struct str run = STR("-run");

	for (size_t i = 1; image && i < image->kept_count; i++)
		if (image->args[i].len >= run.len &&
		    !memcmp(image->args[i].data, run.data, run.len))
			return tool_is(image,
				       PROGRAM_TCC | PROGRAM_MEMORY_LINKER);
	return tool_is(image, PROGRAM_MEMORY_LINKER);
}

bool tool_is_copied_linker(const struct process *process)
{
	return process->origin && process->origin_own &&
	       (process->origin->is.traits & ORIGIN_IS_LINKER);
}

bool tool_is_linker(const struct process *process)
{
	return image_is(process->image, PROGRAM_LINKER) ||
	       tool_is_copied_linker(process);
}

static bool has_ending(struct str text, struct str ending)
{
	return text.len > ending.len &&
	       !memcmp(text.data + text.len - ending.len, ending.data,
		       ending.len);
}

/* Whether arguments are those of a linker under another name: it is told what
 * to make, of objects. */
static bool has_linker_arguments(const struct image *image)
{
	bool output = false, objects = false;

	for (size_t i = 1; image && i < image->kept_count; i++) {
		output |= str_equal(image->args[i], STR("-o"));
		objects |= has_ending(image->args[i], STR(".o")) ||
			   str_equal(image->args[i], STR("-dynamic-linker"));
	}
	return output && objects;
}

/* The outermost ancestor that is a driver; NULL = none. */
const struct image *tool_driver(const struct process *process)
{
	const struct process *ancestors[ANCESTORS];
	size_t count = proctable_ancestry(process, ancestors, ANCESTORS);

	while (count--)
		if (image_is(ancestors[count]->image, PROGRAM_COMPILER))
			return ancestors[count]->image;
	return NULL;
}

bool tool_links(const struct process *process)
{
	return tool_is_linker(process) ||
	       has_linker_arguments(process->image) || tool_driver(process);
}

/* Root's own package manager, at work itself or by its scripts. */
static bool installs(const struct process *process)
{
	const struct process *ancestors[ANCESTORS];
	size_t count;

	if (process->ids.euid)
		return false;
	if (image_is(process->image, PROGRAM_PACKAGER))
		return true;
	count = proctable_ancestry(process, ancestors, ANCESTORS);
	while (count--)
		if (!ancestors[count]->ids.euid &&
		    image_is(ancestors[count]->image, PROGRAM_PACKAGER))
			return true;
	return false;
}

enum origin_kind tool_kind(const struct process *process)
{
	static const struct {
		uint32_t programs;
		enum origin_kind kind;
	} rows[] = {
		{ PROGRAM_DOWNLOADER, ORIGIN_DOWNLOADED },
		{ PROGRAM_UNPACKER, ORIGIN_UNPACKED },
		{ PROGRAM_COPIER, ORIGIN_COPIED },
		{ PROGRAM_MARKER, ORIGIN_MARKED },
	};

	if (installs(process))
		return ORIGIN_PACKAGED;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (tool_is(process->image, rows[i].programs))
			return rows[i].kind;
	return ORIGIN_WRITTEN;
}

/* What a copy can do, by the name of what it is a copy of. */
unsigned int tool_copied_traits(const struct process *process)
{
	const struct image *image = process->image;
	unsigned int traits = 0;

	if (!tool_is(image, PROGRAM_COPIER | PROGRAM_STREAMER))
		return 0;
	for (size_t i = 1; i < image->kept_count; i++) {
		uint32_t programs = name_programs(str_basename(image->args[i]));

		if (programs & PROGRAM_LINKER)
			traits |= ORIGIN_IS_LINKER;
		if (programs & PROGRAM_LOADER)
			traits |= ORIGIN_IS_LOADER;
	}
	return traits;
}
