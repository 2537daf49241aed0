/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linkers where packages and people put them. What they make is audited either
 * when any file is that is made, or made executable; or by an audit rule for
 * that one program. Such a rule compares the file that runs: a copy, or one in a
 * container, it does not see, and one that names a symbolic link sees nothing.
 */
#include "check_linkers.h"

#include <dirent.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LINKERS_MAX 256
#define PATH_ROOM 4096 /* PATH_MAX */
#if defined(__LP64__)
#define ARCH "b64"
#else
#define ARCH "b32"
#endif

static const char *const patterns[] = {
#define LINKER(pattern) pattern,
#include <audisp-eql/linkers.def>
#undef LINKER
};

/* Names of other programs, too: coreutils' link, the dynamic linker. go and
 * rustc start a linker of another name. */
static const char *const ambiguous[] = { "link",  "ld.so*", "go",
					 "rustc", "zig",    "wild" };

static const char *const directories[] = {
	"/usr/bin",
	"/usr/local/bin",
	"/usr/*-linux-*/bin",
	"/usr/lib/gcc/*/*",
	"/usr/libexec/gcc/*/*",
	"/usr/lib/llvm-*/bin",
	"/usr/lib64/llvm*/bin",
	"/opt/*/bin",
	"/home/*/bin",
	"/home/*/.local/bin",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct linkers {
	struct check *check;
	const struct loaded *loaded;
	size_t count;
	struct strbuf uncovered; /* their paths, between commas */
	struct {
		dev_t device;
		ino_t inode;
	} seen[LINKERS_MAX];
};

static bool is_linker(const char *name)
{
	for (size_t i = 0; i < COUNT(ambiguous); i++)
		if (!fnmatch(ambiguous[i], name, 0))
			return false;
	for (size_t i = 0; i < COUNT(patterns); i++)
		if (!fnmatch(patterns[i], name, 0))
			return true;
	return false;
}

/* Whether a rule, as text, has all its events logged where this file runs. */
static bool is_logged(const struct linkers *linkers, const char *text,
		      const char *exe)
{
	char row[PATH_ROOM + 256];
	struct audit_rule_data *rule;
	bool logged;

	snprintf(row, sizeof(row), "%s -F exe=%s", text, exe);
	rule = loaded_build(row);
	if (!rule)
		return false;
	logged = !loaded_cover(linkers->loaded, rule, NULL).missing &&
		 !loaded_cover(linkers->loaded, rule, NULL).never;
	audit_rule_free_data(rule);
	return logged;
}

/* Linkers either create an executable file or change the mode of one. */
static bool is_covered(const struct linkers *linkers, const char *exe)
{
#define NATIVE "-a always,exit -F arch=" ARCH " -F success=1 "
	static const char creates[] = NATIVE "-S openat -F a2&0100";
	static const char births[] = NATIVE "-S openat -F a2&0100 -F a3&0111";
	static const char modes[] =
		NATIVE "-S fchmod -F a1&0111 -F filetype=file";
#undef NATIVE

	return is_logged(linkers, creates, exe) ||
	       (is_logged(linkers, births, exe) &&
		is_logged(linkers, modes, exe));
}

static bool is_new(struct linkers *linkers, const struct stat *st)
{
	for (size_t i = 0; i < linkers->count; i++)
		if (linkers->seen[i].device == st->st_dev &&
		    linkers->seen[i].inode == st->st_ino)
			return false;
	if (linkers->count == LINKERS_MAX)
		return false;
	linkers->seen[linkers->count].device = st->st_dev;
	linkers->seen[linkers->count++].inode = st->st_ino;
	return true;
}

static void take_file(struct linkers *linkers, const char *path)
{
	struct check *check = linkers->check;
	char real[PATH_ROOM];
	size_t root = strlen(check->root);
	struct stat st;

	if (!realpath(path, real) || stat(real, &st) || !S_ISREG(st.st_mode) ||
	    !(st.st_mode & 0111) || !is_new(linkers, &st) || strchr(real, ' '))
		return;
	/* the kernel of that host knows it by the path in there */
	if (is_covered(linkers,
		       strncmp(real, check->root, root) ? real : real + root))
		return;
	strbuf_printf(&linkers->uncovered, "%s%s",
		      linkers->uncovered.len ? ", " : "", real);
}

static void take_directory(struct linkers *linkers, const char *directory)
{
	DIR *dir = opendir(directory);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char path[PATH_ROOM];

		if (is_linker(entry->d_name) &&
		    (size_t)snprintf(path, sizeof(path), "%s/%s", directory,
				     entry->d_name) < sizeof(path))
			take_file(linkers, path);
	}
	if (dir)
		closedir(dir);
}

static void take_all(struct linkers *linkers)
{
	for (size_t i = 0; i < COUNT(directories); i++) {
		glob_t found = { 0 };

		if (!glob(check_path(linkers->check, directories[i]), 0, NULL,
			  &found))
			for (size_t k = 0; k < found.gl_pathc; k++)
				take_directory(linkers, found.gl_pathv[k]);
		globfree(&found);
	}
}

/* Rules for programs that are named by a link. */
static void check_links(struct check *check, const struct loaded *loaded)
{
	for (size_t i = 0; i < loaded->count; i++) {
		struct strbuf text = STRBUF_INIT(0);
		char path[PATH_ROOM];
		struct str exe;
		struct stat st;

		if (!loaded_text_field(loaded->rules[i], AUDIT_EXE, &exe))
			continue;
		snprintf(path, sizeof(path), "%s%.*s", check->root,
			 STR_ARG(exe));
		if (lstat(path, &st) || !S_ISLNK(st.st_mode))
			continue;
		loaded_print(loaded->rules[i], &text);
		check_finding(check, FINDING_LINKER, FINDING_WARNING,
			      check_mend(check, "readlink -f '%s'", path),
			      "%s is a symbolic link: the audit rule %.*s "
			      "matches nothing, name the file it leads to",
			      path, STR_ARG(strbuf_str(&text)));
		strbuf_free(&text);
	}
}

void check_linkers(struct check *check, const struct loaded *loaded,
		   const char *mend)
{
	struct linkers *linkers = calloc(1, sizeof(*linkers));

	if (!linkers) {
		check->failed = true;
		return;
	}
	linkers->check = check;
	linkers->loaded = loaded;
	linkers->uncovered.max = 3000; /* of a sentence */
	take_all(linkers);
	if (linkers->uncovered.len)
		check_finding(check, FINDING_LINKER, FINDING_PROBLEM, mend,
			      "no audit rule covers what these linkers make, "
			      "so nothing is known to be linked by them: %.*s",
			      STR_ARG(strbuf_str(&linkers->uncovered)));
	else if (linkers->count)
		check_finding(check, FINDING_LINKER, FINDING_OK, NULL,
			      "audit rules cover what the %zu linkers of this "
			      "host make",
			      linkers->count);
	check_links(check, loaded);
	strbuf_free(&linkers->uncovered);
	free(linkers);
}
