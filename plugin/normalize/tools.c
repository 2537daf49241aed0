/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools.h"

#include <string.h>

#include "names.h"

/* Ancestors that are asked whether they had a program linked or installed. */
#define ANCESTORS 8

/* Names behind the last slash. Whoever calls his own program so adds an origin
 * to what it writes; of no name here a file is the less suspicious. Package
 * managers are believed only as root. */
static const char *const packagers[] = {
	"apt*",
	"dnf*",
	"dpkg*",
	"flatpak*",
	"microdnf*",
	"packagekitd",
	"pacman",
	"rpm*",
	"snapd",
	"tdnf",
	"unattended-upgr*",
	"yum*",
	"zypper",
	NULL,
};
static const char *const downloaders[] = {
	"aria2c",    "axel",   "curl*", "fetch", "ftp", "git*",
	"lftp",	     "nc*",    "ncat",	"rsync", "scp", "sftp*",
	"smbclient", "socat*", "tftp",	"wget*", NULL,
};
static const char *const unpackers[] = {
	"7z*",	"ar",	 "bsdtar", "bunzip2", "cpio",	"gunzip",
	"gzip", "pax",	 "tar",	   "unar",    "unrar*", "unsquashfs",
	"unxz", "unzip", "unzstd", "xz",      "zstd",	NULL,
};
static const char *const copiers[] = {
	"cp",	   "dd",	"gcp",	 "ginstall", "install", "ln",	   "mv",
	"objcopy", "*-objcopy", "rsync", "scp",	     "strip",	"*-strip", NULL,
};
/* They install what was built, and their arguments do not say what. */
static const char *const installers[] = {
	"bazel*", "cmake*", "gradle*", "meson*", "ninja*",
	"scons*", "waf*",   "xmake*",  NULL,
};
static const char *const markers[] = { "chmod", "setfacl", NULL };
/* They read files to their standard output, or change the form of one. */
static const char *const streamers[] = {
	"*-ar",	   "*tar",   "7z*",	"*awk",	 "*zip*",   "ar",    "base32",
	"base64",  "basenc", "bzcat",	"cat",	 "cpio",    "dd",    "gpg*",
	"gzip",	   "head",   "hexdump", "lz4*",	 "nc*",	    "ncat",  "od",
	"openssl", "perl*",  "pax",	"pv",	 "python*", "ruby*", "sed",
	"socat*",  "split",  "tac",	"tail",	 "tee",	    "tr",    "uuencode",
	"xxd",	   "xz*",    "zcat",	"zstd*", NULL,
};
/* Of these: they may be given a directory, and pack or unpack all below it. */
static const char *const archivers[] = { "*tar",  "7z*", "cpio", "pax",
					 "unzip", "zip", NULL };
/* They run the program that they are given, in their own process. */
static const char *const loaders[] = {
	"box64*",     "box86*", "ld-*.so*",  "ld.so*", "ld64.so*",
	"memcheck-*", "qemu-*", "valgrind*", NULL,
};
/* They link into their own memory and run that; tcc where it is told to. */
static const char *const memory_linkers[] = { "clang-repl*", "cling", "lli*",
					      NULL };
static const char *const tccs[] = { "tcc", "*-tcc", NULL };
static const char *const boxes[] = { "busybox*", "coreutils", "toybox*", NULL };

/* By its file, by what it was started as, or as the applet of a box of tools. */
static bool image_is_tool(const struct image *image,
			  const char *const *patterns)
{
	if (!image || image_is(image, patterns))
		return image != NULL;
	return image->kept_count > 1 &&
	       name_matches(str_basename(image->invoked), boxes) &&
	       name_matches(str_basename(image->args[1]), patterns);
}

static const char *const *const lists[] = {
	[TOOL_ARCHIVER] = archivers,   [TOOL_COPIER] = copiers,
	[TOOL_INSTALLER] = installers, [TOOL_LOADER] = loaders,
	[TOOL_MARKER] = markers,       [TOOL_STREAMER] = streamers,
};

bool tool_is(const struct image *image, enum tool tool)
{
	return image_is_tool(image, lists[tool]);
}

bool tool_name_is(struct str name, enum tool tool)
{
	return name_matches(name, lists[tool]);
}

/* -run may have more behind it, as the first line of a script has it. */
bool tool_links_to_memory(const struct image *image)
{
	struct str run = STR("-run");

	for (size_t i = 1; image && i < image->kept_count; i++)
		if (image->args[i].len >= run.len &&
		    !memcmp(image->args[i].data, run.data, run.len))
			return image_is_tool(image, tccs);
	return image_is_tool(image, memory_linkers);
}

static bool image_is_named(const struct image *image,
			   bool (*is)(struct str name))
{
	return image && (is(str_basename(image->invoked)) ||
			 is(str_basename(image->resolved)));
}

bool tool_is_copied_linker(const struct process *process)
{
	return process->origin && process->origin_own &&
	       (process->origin->is.traits & ORIGIN_IS_LINKER);
}

bool tool_is_linker(const struct process *process)
{
	return image_is_named(process->image, name_is_linker) ||
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
		if (image_is_named(ancestors[count]->image, name_is_compiler))
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
	if (image_is(process->image, packagers))
		return true;
	count = proctable_ancestry(process, ancestors, ANCESTORS);
	while (count--)
		if (!ancestors[count]->ids.euid &&
		    image_is(ancestors[count]->image, packagers))
			return true;
	return false;
}

enum origin_kind tool_kind(const struct process *process)
{
	static const struct {
		const char *const *patterns;
		enum origin_kind kind;
	} rows[] = {
		{ downloaders, ORIGIN_DOWNLOADED },
		{ unpackers, ORIGIN_UNPACKED },
		{ copiers, ORIGIN_COPIED },
		{ markers, ORIGIN_MARKED },
	};

	if (installs(process))
		return ORIGIN_PACKAGED;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (image_is_tool(process->image, rows[i].patterns))
			return rows[i].kind;
	return ORIGIN_WRITTEN;
}

/* What a copy can do, by the name of what it is a copy of. */
unsigned int tool_copied_traits(const struct process *process)
{
	const struct image *image = process->image;
	unsigned int traits = 0;

	if (!tool_is(image, TOOL_COPIER) && !tool_is(image, TOOL_STREAMER))
		return 0;
	for (size_t i = 1; i < image->kept_count; i++) {
		struct str name = str_basename(image->args[i]);

		if (name_is_linker(name))
			traits |= ORIGIN_IS_LINKER;
		if (tool_name_is(name, TOOL_LOADER))
			traits |= ORIGIN_IS_LOADER;
	}
	return traits;
}
