/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "names.h"

#include <string.h>

struct name {
	const char *pattern;
	uint32_t programs;
};

/*
 * Programs that write other programs. For them alone, marking a file as
 * executable, renaming it or opening it anew is told as the file's creation:
 * ld.bfd marks its output at the end of the link, lld and mold rename it, mold
 * writes over what is there, tcc links by itself, go renames what its tool
 * "link" made. The list is wide, since a missing name costs a detection and one
 * too many an event of type creation for a file that was there. The names are
 * the invoked or the resolved ones: whoever calls his program ld has told
 * nothing but the truth about what it does to the file.
 */
static const struct name linkers[] = {
#define LINKER(pattern) { pattern, PROGRAM_LINKER },
#include <audisp-eql/linkers.def>
#undef LINKER
};

/* Sorted: those that begin with * come first. */
static const struct name names[] = {
#define NAME(pattern, programs) { pattern, programs },
#include "names.def"
#undef NAME
};

#define LINKERS (sizeof(linkers) / sizeof(linkers[0]))
#define NAMES (sizeof(names) / sizeof(names[0]))

/* fnmatch(3) would ask the locale what characters are, which takes most of the
 * time an event has, and finds no pattern in a name that is not UTF-8. */
static bool matches(struct str name, const char *pattern)
{
	const char *star = NULL;
	size_t at = 0, resume = 0;

	while (at < name.len) {
		if (*pattern == '*') {
			star = ++pattern;
			resume = at;
		} else if (*pattern == name.data[at] && *pattern) {
			pattern++;
			at++;
		} else if (star) {
			pattern = star;
			at = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

bool name_matches(struct str name, const char *const *patterns)
{
	if (!name.len)
		return false;
	for (; *patterns; patterns++)
		if ((**patterns == name.data[0] || **patterns == '*') &&
		    matches(name, *patterns))
			return true;
	return false;
}

/* A set of bytes, of which some pass for others. */
static uint64_t byte_bit(char c)
{
	return 1ULL << ((unsigned char)c & 63);
}

static uint64_t bytes_of(struct str name)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < name.len; i++)
		bytes |= byte_bit(name.data[i]);
	return bytes;
}

/* Whether it is worth comparing: of most patterns the first byte says no. */
static inline bool may_match(struct str name, uint64_t bytes,
			     const char *pattern)
{
	if (*pattern != '*')
		return *pattern == name.data[0];
	return !pattern[1] || pattern[1] == '*' || bytes & byte_bit(pattern[1]);
}

/* The first row that does not begin with less than this byte. */
static size_t first_from(unsigned char byte)
{
	size_t low = 0, high = NAMES;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if ((unsigned char)names[middle].pattern[0] < byte)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static uint32_t programs_among(struct str name, uint64_t bytes,
			       const struct name *rows, size_t count)
{
	uint32_t programs = 0;

	for (size_t i = 0; i < count; i++)
		if (may_match(name, bytes, rows[i].pattern) &&
		    matches(name, rows[i].pattern))
			programs |= rows[i].programs;
	return programs;
}

uint32_t name_programs(struct str name)
{
	size_t stars = first_from('*' + 1), first, count = 0;
	uint64_t bytes = bytes_of(name);

	if (!name.len)
		return 0;
	first = first_from((unsigned char)name.data[0]);
	if (first < stars)
		first = stars;
	while (first + count < NAMES &&
	       names[first + count].pattern[0] == name.data[0])
		count++;
	return programs_among(name, bytes, linkers, LINKERS) |
	       programs_among(name, bytes, names, stars) |
	       programs_among(name, bytes, names + first, count);
}

bool name_is_linker(struct str name)
{
	return name_programs(name) & PROGRAM_LINKER;
}

struct str name_extension(struct str name)
{
	const char *dot = name.len ? memrchr(name.data, '.', name.len) : NULL;

	/* ".profile" has none */
	if (!dot || dot == name.data)
		return (struct str){ 0 };
	dot++;
	return (struct str){ dot, name.len - (size_t)(dot - name.data) };
}

struct str name_without_deleted(struct str exe)
{
	struct str mark = STR(" (deleted)");

	if (exe.len > mark.len &&
	    !memcmp(exe.data + exe.len - mark.len, mark.data, mark.len))
		exe.len -= mark.len;
	return exe;
}
