/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of this host makes it easier to do things that no record tells. All are
 * warnings: detection works, but sees less. What each host has and nobody can
 * mend (a library that is loaded, a file that is written over, a lease) is no
 * finding: audisp-eql-rules(7) tells of it.
 */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <asm/unistd.h>
#endif

#include "../util/strbuf.h"
#include "check.h"

#define TEXT_MAX 65536

/* The beginning of a file as text; false = there is none. */
static bool read_proc(const char *proc, const char *name, char out[TEXT_MAX])
{
	char path[4096];
	FILE *file;
	size_t len;

	snprintf(path, sizeof(path), "%s/%s", proc, name);
	file = fopen(path, "re");
	if (!file)
		return false;
	len = fread(out, 1, TEXT_MAX - 1, file);
	fclose(file);
	out[len] = '\0';
	return true;
}

/* A sysctl, now and after each boot. */
static const char *mend_sysctl(struct check *check, const char *setting)
{
	return check_mend(check,
			  "echo '%s' >>/etc/sysctl.d/60-audisp-eql.conf; "
			  "sysctl --system",
			  setting);
}

/* --- io_uring ------------------------------------------------------------- */

static bool has_io_uring(const char *proc, char text[TEXT_MAX])
{
	int major = 0, minor = 0;

	return read_proc(proc, "sys/kernel/osrelease", text) &&
	       sscanf(text, "%d.%d", &major, &minor) == 2 &&
	       (major > 5 || (major == 5 && minor >= 1));
}

static void check_io_uring(struct check *check, const char *proc,
			   char text[TEXT_MAX])
{
	bool can_disable =
		read_proc(proc, "sys/kernel/io_uring_disabled", text);

	if (can_disable && atoi(text) != 0)
		return;
	if (!can_disable && !has_io_uring(proc, text))
		return;
	check_finding(
		check, FINDING_IO_URING, FINDING_WARNING,
		can_disable ? mend_sysctl(check, "kernel.io_uring_disabled = 1")
			    : NULL,
		"any account may use io_uring: what its kernel thread "
		"(SQPOLL) connects to and opens is in no record");
}

/* --- ptrace ----------------------------------------------------------------- */

static void check_ptrace(struct check *check, const char *proc,
			 char text[TEXT_MAX])
{
	if (read_proc(proc, "sys/kernel/yama/ptrace_scope", text)) {
		if (atoi(text) != 0)
			return;
		check_finding(
			check, FINDING_PTRACE, FINDING_WARNING,
			mend_sysctl(check, "kernel.yama.ptrace_scope = 1"),
			"any process may take over others of its account, "
			"and rewrite the arguments that records show");
	} else if (read_proc(proc, "sys/kernel/osrelease", text)) {
		check_finding(check, FINDING_PTRACE, FINDING_WARNING, NULL,
			      "this kernel has no Yama: any process may take "
			      "over others of its account, and rewrite the "
			      "arguments that records show");
	}
}

/* --- programs that are no file ---------------------------------------------- */

/* 0 and 1 leave it to who makes the file; older kernels have no such thing. */
static void check_memfd(struct check *check, const char *proc,
			char text[TEXT_MAX])
{
	if (!read_proc(proc, "sys/vm/memfd_noexec", text) || atoi(text) > 1)
		return;
	check_finding(check, FINDING_MEMFD, FINDING_WARNING,
		      mend_sysctl(check, "vm.memfd_noexec = 2"),
		      "any account may run a program from memory (memfd): "
		      "what it is a copy of is in no record, and only "
		      "network_after_birth sees it");
}

/* What takes compilers away; paths as that host calls them. */
static const char *mend_compilers(struct check *check, const char *paths,
				  bool packaged)
{
	if (!packaged)
		return check_mend(check, "rm -i %s", paths);
	if (!check_is_live(check))
		return NULL;
	if (!access("/usr/bin/dpkg-query", X_OK))
		return check_mend(check,
				  "apt-get remove $(dpkg-query -S $(realpath "
				  "%s) | cut -d: -f1)",
				  paths);
	return check_mend(check, "dnf remove %s", paths);
}

/* Compilers of C and C++ that run what they compiled in their own process. Of
 * scripts each host has interpreters. */
static void check_compilers(struct check *check, const char *directory,
			    bool packaged)
{
	const char *pattern =
		check_mend(check, "%s%s/{tcc,clang-repl*,lli,lli-[0-9]*}",
			   check->root, directory);
	struct strbuf paths = STRBUF_INIT(2048);
	glob_t found = { 0 };

	if (!pattern || glob(pattern, GLOB_BRACE, NULL, &found)) {
		globfree(&found);
		return;
	}
	for (size_t i = 0; i < found.gl_pathc; i++)
		strbuf_printf(&paths, "%s%s", i ? " " : "",
			      found.gl_pathv[i] +
				      (packaged ? strlen(check->root) : 0));
	strbuf_add_char(&paths, '\0');
	if (!paths.failed)
		check_finding(check, FINDING_MEMORY_COMPILER, FINDING_WARNING,
			      mend_compilers(check, paths.data, packaged),
			      "what is compiled into memory and run there is "
			      "no file, and is known by the name of the "
			      "compiler alone: %s",
			      paths.data);
	strbuf_free(&paths);
	globfree(&found);
}

/* --- the kernel's command line ---------------------------------------------- */

static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at += len)
		if ((at == text || at[-1] == ' ') &&
		    (at[len] == '\0' || at[len] == ' ' || at[len] == '\n'))
			return true;
	return false;
}

/* How this host gives its kernel a word. */
static const char *mend_boot(struct check *check)
{
	if (!access(check_path(check, "/usr/sbin/grubby"), X_OK))
		return "grubby --update-kernel=ALL --args=audit=1";
	if (!access(check_path(check, "/etc/default/grub"), F_OK))
		return "sed -i 's/^GRUB_CMDLINE_LINUX=\"/&audit=1 /' "
		       "/etc/default/grub; update-grub; reboot";
	return NULL;
}

static void check_command_line(struct check *check, const char *proc,
			       char text[TEXT_MAX])
{
	if (!read_proc(proc, "cmdline", text))
		return;
	if (!has_word(text, "audit=1"))
		check_finding(check, FINDING_AUDIT_BOOT, FINDING_WARNING,
			      mend_boot(check),
			      "the kernel was not booted with audit=1: what "
			      "began before auditd did is not audited, and "
			      "not all records that are lost are counted");
}

/* --- x32 -------------------------------------------------------------------- */

/* Whether the kernel takes a call of that kind: a harmless one tells. Where a
 * service may make none, its process is killed for it: that is a child. */
static bool takes_x32(void)
{
#if defined(__x86_64__) && defined(__X32_SYSCALL_BIT)
	int status = 0;
	pid_t child = fork();

	if (!child)
		_exit(syscall(__X32_SYSCALL_BIT + __NR_getpid) > 0);
	while (child > 0 && waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 1;
#else
	return false;
#endif
}

static void check_x32(struct check *check, const char *proc,
		      char text[TEXT_MAX])
{
	bool on = read_proc(proc, "cmdline", text) &&
		  (has_word(text, "syscall.x32=y") ||
		   has_word(text, "syscall.x32"));

	if (on || (check_is_live(check) && takes_x32()))
		check_finding(
			check, FINDING_X32, FINDING_WARNING, NULL,
			"the kernel takes x32 calls: no audit rule can "
			"name one, so who makes them is not seen; Debian's "
			"kernel takes none without syscall.x32=y, others "
			"have to be built without CONFIG_X86_X32_ABI");
}

/* --- files that others write ------------------------------------------------ */

/* Whether a comma-separated list of options has one. */
static bool has_option(const char *options, const char *option)
{
	size_t len = strlen(option);

	for (const char *at = options; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (!strncmp(at, option, len) &&
		    (at[len] == ',' || at[len] == '\0'))
			return true;
	}
	return false;
}

static bool is_of_others(const char *type)
{
	static const char *const types[] = { "9p",	"afs",	"ceph",
					     "cifs",	"fuse", "glusterfs",
					     "nfs",	"nfs4", "smb3",
					     "virtiofs" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(type, types[i]))
			return true;
	/* fuse.sshfs and the like; fusectl is none */
	return !strncmp(type, "fuse.", 5);
}

static void check_mounts(struct check *check, const char *proc,
			 char text[TEXT_MAX])
{
	char *rest = NULL;

	if (!read_proc(proc, "self/mounts", text))
		return;
	for (char *row = strtok_r(text, "\n", &rest); row;
	     row = strtok_r(NULL, "\n", &rest)) {
		char *words = NULL;
		const char *source = strtok_r(row, " ", &words);
		const char *place = source ? strtok_r(NULL, " ", &words) : NULL;
		const char *type = place ? strtok_r(NULL, " ", &words) : NULL;
		const char *options = type ? strtok_r(NULL, " ", &words) : NULL;

		if (!options || !is_of_others(type) ||
		    has_option(options, "noexec"))
			continue;
		check_finding(check, FINDING_FOREIGN_MOUNT, FINDING_WARNING,
			      strpbrk(place, "'\\")
				      ? NULL
				      : check_mend(check,
						   "mount -o remount,noexec "
						   "'%s'",
						   place),
			      "programs at %s (%s) may come into being on "
			      "another host, or in a process that serves it: "
			      "no record here tells",
			      place, type);
	}
}

void check_host(struct check *check, const char *proc)
{
	char *text = malloc(TEXT_MAX);

	if (!text) {
		check->failed = true;
		return;
	}
	check_io_uring(check, proc, text);
	check_ptrace(check, proc, text);
	check_memfd(check, proc, text);
	check_compilers(check, "/usr/bin", true);
	check_compilers(check, "/usr/local/bin", false);
	check_command_line(check, proc, text);
	check_x32(check, proc, text);
	check_mounts(check, proc, text);
	free(text);
}
