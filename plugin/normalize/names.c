/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "names.h"

#include <string.h>

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
static const char *const linkers[] = {
#define LINKER(pattern) pattern,
#include <audisp-eql/linkers.def>
#undef LINKER
	NULL,
};

/* Drivers: what they have started to write programs links them, whatever it is
 * called. */
static const char *const compilers[] = {
	"*-c++",   "*-clang", "*-clang++",  "*-g++",	    "*-g++-*",
	"*-gcc",   "*-gcc-*", "*-gfortran", "*-gfortran-*", "c++",
	"c89",	   "c89-*",   "c99",	    "c99-*",	    "cc",
	"ccache",  "clang",   "clang++",    "clang++-*",    "clang-*",
	"crystal", "diet",    "distcc",	    "dmd",	    "fpc",
	"g++",	   "g++-*",   "gcc",	    "gcc-*",	    "gccgo",
	"gccgo-*", "gdc",     "gdc-*",	    "gfortran",	    "gfortran-*",
	"ghc",	   "ghc-*",   "gnat*",	    "go",	    "icc",
	"icx",	   "klcc",    "ldc2",	    "musl-clang",   "musl-gcc",
	"nim",	   "nvcc",    "ocamlopt*",  "rustc",	    "sccache",
	"swiftc",  "tcc",     "zig",	    NULL,
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

bool name_is_linker(struct str name)
{
	return name_matches(name, linkers);
}

bool name_is_compiler(struct str name)
{
	return name_matches(name, compilers);
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
