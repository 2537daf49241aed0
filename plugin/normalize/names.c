/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "names.h"

#include <string.h>

struct name {
	const char *pattern;
	uint16_t first, last; /* its bytes at the ends */
	uint32_t programs;
};

#define ROW(pattern, programs) \
	{ pattern, (unsigned char)pattern[0], \
	  (unsigned char)pattern[sizeof(pattern) - 2], programs },

/* Sorted: those that begin with * come first. */
struct name_table {
	const struct name *rows;
	size_t count;
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
#define LINKER(pattern) ROW(pattern, PROGRAM_LINKER)
#include <audisp-eql/linkers.def>
#undef LINKER
};

static const struct name names[] = {
#define NAME(pattern, programs) ROW(pattern, programs)
#include "names.def"
#undef NAME
};

static const struct name_table tables[] = {
	{ linkers, sizeof(linkers) / sizeof(linkers[0]) },
	{ names, sizeof(names) / sizeof(names[0]) },
};

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

struct name_query {
	struct str name;
	uint64_t bytes; /* in it */
	unsigned char first, last;
	char second; /* NUL = none */
};

/* Whether it is worth comparing: of most patterns a byte says no. */
static inline bool may_match(const struct name_query *query,
			     const struct name *row)
{
	char second = row->pattern[1];

	if (row->last != query->last && row->last != '*')
		return false;
	if (second == '*' || (row->first == '*' && !second))
		return true;
	return row->first == '*' ? query->bytes & byte_bit(second)
				 : second == query->second;
}

/* The first row that does not begin with less than this byte. */
static size_t first_from(const struct name_table *table, unsigned int byte)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (table->rows[middle].first < byte)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Rows that begin with a byte. */
static uint32_t programs_from(const struct name_table *table,
			      const struct name_query *query, unsigned int byte)
{
	uint32_t programs = 0;

	/* the lowest byte there is */
	for (size_t i = byte == '*' ? 0 : first_from(table, byte);
	     i < table->count && table->rows[i].first == byte; i++)
		if (may_match(query, &table->rows[i]) &&
		    matches(query->name, table->rows[i].pattern))
			programs |= table->rows[i].programs;
	return programs;
}

uint32_t name_programs(struct str name)
{
	struct name_query query = { .name = name };
	uint32_t programs = 0;

	if (!name.len)
		return 0;
	query.first = (unsigned char)name.data[0];
	query.last = (unsigned char)name.data[name.len - 1];
	query.second = name.len > 1 ? name.data[1] : '\0';
	for (size_t i = 0; i < name.len; i++)
		query.bytes |= byte_bit(name.data[i]);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		programs |= programs_from(&tables[i], &query, '*') |
			    programs_from(&tables[i], &query, query.first);
	return programs;
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
