/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Steps, KIND[:COUNT[xSIZE]]@UID. What is to be found, one after the other:
 *
 *   compile   gcc, ld, and the file that ld creates
 *   run       that program starts; relay: it starts nc, which is not linked here
 *   connect   what was run or relayed connects to 198.51.100.1
 *   wait      COUNT seconds pass
 *
 * What floods:
 *
 *   args      gcc with SIZE arguments, COUNT times
 *   keys      gcc with one argument, another one each time
 *   processes programs that start and are gone
 *   files     programs that cp makes; a path has SIZE bytes
 *   linked    programs that ld makes, as above
 *   runs      starts of the program linked last, each a process
 *   findings  connections of what was run, each to another address
 *   forged    gcc with arguments that look like records
 *   colliding programs and files that differ in the high bits of their numbers
 *   uids      gcc, each time as another uid from 100000 on, without login
 *
 * Records are as the kernel writes them (RAW): 7500 bytes of arguments each,
 * in hex what is no plain text.
 */
#include "flood.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define EXECVE_BYTES 7500
#define UNSET 4294967295U
#define STEP_US 100

struct step {
	char kind[16];
	unsigned long count, size;
	struct flood_user *user;
};

/* A call, who makes it, and the program that is. */
struct call {
	unsigned int number, pid, ppid, uid, auid, items;
	int exit;
	const char *comm, *exe;
	unsigned long args[3];
};

/* --- records -------------------------------------------------------------- */

static void add(struct flood *flood, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add(struct flood *flood, const char *format, ...)
{
	size_t room = sizeof(flood->record) - flood->len;
	va_list arguments;
	int len;

	va_start(arguments, format);
	len = vsnprintf(flood->record + flood->len, room, format, arguments);
	va_end(arguments);
	if (len < 0 || (size_t)len >= room) {
		fputs("floods: a record is too large\n", stderr);
		exit(2);
	}
	flood->len += (size_t)len;
}

/* Text that accounts choose. */
static void add_text(struct flood *flood, const char *text)
{
	bool plain = true;

	for (const char *p = text; *p; p++)
		plain = plain && *p > ' ' && *p < 0x7f && *p != '"';
	if (plain) {
		add(flood, "\"%s\"", text);
		return;
	}
	for (const char *p = text; *p; p++)
		add(flood, "%02X", (unsigned char)*p);
}

static void record_end(struct flood *flood)
{
	if (!flood->len)
		return;
	add(flood, "\n");
	flood->on_record(flood->user, flood->record, flood->len);
	flood->len = 0;
}

static void record(struct flood *flood, const char *type)
{
	record_end(flood);
	add(flood, "type=%s msg=audit(%llu.%03llu:%llu): ", type,
	    (unsigned long long)(flood->now_us / 1000000),
	    (unsigned long long)(flood->now_us / 1000 % 1000),
	    (unsigned long long)flood->serial);
}

static void begin(struct flood *flood, const struct call *call)
{
	flood->now_us += STEP_US;
	flood->serial++;
	record(flood, "SYSCALL");
	add(flood,
	    "arch=c000003e syscall=%u success=%s exit=%d a0=%lx a1=%lx a2=%lx "
	    "a3=0 items=%u ppid=%u pid=%u auid=%u uid=%u gid=%u euid=%u "
	    "suid=%u fsuid=%u egid=%u sgid=%u fsgid=%u tty=pts0 ses=%u comm=",
	    call->number, call->exit < 0 ? "no" : "yes", call->exit,
	    call->args[0], call->args[1], call->args[2], call->items,
	    call->ppid, call->pid, call->auid, call->uid, call->uid, call->uid,
	    call->uid, call->uid, call->uid, call->uid, call->uid, call->uid);
	add_text(flood, call->comm);
	add(flood, " exe=");
	add_text(flood, call->exe);
	add(flood, " key=\"audisp_eql\"");
}

static void end(struct flood *flood)
{
	record(flood, "EOE");
	record_end(flood);
}

static void add_cwd(struct flood *flood, unsigned int uid)
{
	record(flood, "CWD");
	add(flood, "cwd=\"/home/%u\"", uid);
}

static void add_path(struct flood *flood, unsigned int item, const char *name,
		     uint64_t inode, unsigned int uid, const char *type)
{
	record(flood, "PATH");
	add(flood, "item=%u name=", item);
	add_text(flood, name);
	add(flood,
	    " inode=%llu dev=fe:00 mode=0100755 ouid=%u ogid=%u rdev=00:00 "
	    "nametype=%s cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0",
	    (unsigned long long)inode, uid, uid, type);
}

/* --- calls ---------------------------------------------------------------- */

static struct call call_of(const struct flood_user *user, unsigned int number)
{
	return (struct call){
		.number = number,
		.ppid = user->shell,
		.uid = user->uid,
		.auid = user->uid,
	};
}

/* An exec up to its arguments, which argument() adds. */
static void exec_begin(struct flood *flood, struct call *call,
		       unsigned long argc)
{
	call->number = 59;
	call->items = 1;
	begin(flood, call);
	record(flood, "EXECVE");
	add(flood, "argc=%lu", argc);
}

static void argument(struct flood *flood, unsigned long number,
		     const char *text)
{
	if (flood->len > EXECVE_BYTES)
		record(flood, "EXECVE");
	add(flood, " a%lu=", number);
	add_text(flood, text);
}

static void exec_end(struct flood *flood, const struct call *call,
		     const char *name, uint64_t inode)
{
	add_cwd(flood, call->uid);
	add_path(flood, 0, name, inode, inode < 1000 ? 0 : call->uid, "NORMAL");
	end(flood);
}

static void exec_compiler(struct flood *flood, struct call *call,
			  const char *output)
{
	call->pid = flood->pid++;
	call->comm = "gcc";
	call->exe = "/usr/bin/x86_64-linux-gnu-gcc-12";
	exec_begin(flood, call, 4);
	argument(flood, 0, "gcc");
	argument(flood, 1, "-o");
	argument(flood, 2, output);
	argument(flood, 3, "a.c");
	exec_end(flood, call, "/usr/bin/gcc", 10);
}

static void create(struct flood *flood, const struct call *by, const char *path,
		   uint64_t inode)
{
	struct call call = *by;

	call.number = 257;
	call.exit = 3;
	call.args[0] = 0xffffff9c;
	call.args[2] = 0x241;
	call.items = 2;
	begin(flood, &call);
	add_cwd(flood, call.uid);
	add_path(flood, 0, "/home", 9, 0, "PARENT");
	add_path(flood, 1, path, inode, call.uid, "CREATE");
	end(flood);
}

/* The ld of a compiler. */
static struct call exec_linker(struct flood *flood,
			       const struct flood_user *user,
			       unsigned int compiler)
{
	struct call call = call_of(user, 59);

	call.pid = flood->pid++;
	call.ppid = compiler;
	call.comm = "ld";
	call.exe = "/usr/bin/x86_64-linux-gnu-ld.bfd";
	exec_begin(flood, &call, 3);
	argument(flood, 0, "ld");
	argument(flood, 1, "-o");
	argument(flood, 2, user->path);
	exec_end(flood, &call, "/usr/bin/ld", 11);
	return call;
}

/* --- what is to be found -------------------------------------------------- */

static void do_compile(struct flood *flood, const struct step *step)
{
	struct flood_user *user = step->user;
	struct call call = call_of(user, 59);

	snprintf(user->path, sizeof(user->path), "real%u-%u", user->uid,
		 flood->made++);
	snprintf(user->exe_path, sizeof(user->exe_path), "/home/%u/%s",
		 user->uid, user->path);
	user->program = (unsigned int)flood->inode++;
	exec_compiler(flood, &call, user->path);
	call = exec_linker(flood, user, call.pid);
	create(flood, &call, user->path, user->program);
}

static void start(struct flood *flood, struct flood_user *user)
{
	struct call call = call_of(user, 59);

	call.pid = user->running = flood->pid++;
	call.comm = user->name = user->path;
	call.exe = user->exe = user->exe_path;
	exec_begin(flood, &call, 1);
	argument(flood, 0, user->path);
	exec_end(flood, &call, user->path, user->program);
}

static void do_run(struct flood *flood, const struct step *step)
{
	start(flood, step->user);
}

static void do_relay(struct flood *flood, const struct step *step)
{
	struct flood_user *user = step->user;
	struct call call = call_of(user, 59);

	call.ppid = user->running;
	call.pid = user->running = flood->pid++;
	call.comm = user->name = "nc";
	call.exe = user->exe = "/usr/bin/nc.openbsd";
	exec_begin(flood, &call, 1);
	argument(flood, 0, "nc");
	exec_end(flood, &call, "/usr/bin/nc", 12);
}

static void connect_to(struct flood *flood, const struct flood_user *user,
		       unsigned int address)
{
	struct call call = call_of(user, 42);

	call.pid = user->running;
	call.comm = user->name;
	call.exe = user->exe;
	call.exit = -115;
	call.args[2] = 16;
	begin(flood, &call);
	record(flood, "SOCKADDR");
	add(flood, "saddr=0200115C%08X0000000000000000", address);
	end(flood);
}

static void do_connect(struct flood *flood, const struct step *step)
{
	connect_to(flood, step->user, 0xC6336401);
}

static void do_wait(struct flood *flood, const struct step *step)
{
	flood->now_us += step->count * 1000000;
}

/* --- what floods ---------------------------------------------------------- */

static void do_args(struct flood *flood, const struct step *step)
{
	struct call call = call_of(step->user, 59);

	for (unsigned long i = 0; i < step->count; i++) {
		call.pid = flood->pid++;
		call.comm = "gcc";
		call.exe = "/usr/bin/x86_64-linux-gnu-gcc-12";
		exec_begin(flood, &call, step->size);
		for (unsigned long k = 0; k < step->size; k++) {
			char text[32];

			snprintf(text, sizeof(text), "%lu-%u", k, flood->made);
			argument(flood, k, k ? text : "gcc");
		}
		flood->made++;
		exec_end(flood, &call, "/usr/bin/gcc", 10);
	}
}

static void do_keys(struct flood *flood, const struct step *step)
{
	struct call call = call_of(step->user, 59);
	char text[32];

	for (unsigned long i = 0; i < step->count; i++) {
		snprintf(text, sizeof(text), "key%u", flood->made++);
		exec_compiler(flood, &call, text);
	}
}

static void exec_plain(struct flood *flood, const struct flood_user *user)
{
	struct call call = call_of(user, 59);

	call.pid = flood->pid++;
	call.comm = "true";
	call.exe = "/usr/bin/true";
	exec_begin(flood, &call, 1);
	argument(flood, 0, "true");
	exec_end(flood, &call, "/usr/bin/true", 13);
}

static void do_processes(struct flood *flood, const struct step *step)
{
	for (unsigned long i = 0; i < step->count; i++)
		exec_plain(flood, step->user);
}

/* A copier that made this many files. */
static void do_files(struct flood *flood, const struct step *step)
{
	struct call call = call_of(step->user, 59);
	char path[4096];

	call.pid = flood->pid++;
	call.comm = "cp";
	call.exe = "/usr/bin/cp";
	exec_begin(flood, &call, 1);
	argument(flood, 0, "cp");
	exec_end(flood, &call, "/usr/bin/cp", 14);
	for (unsigned long i = 0; i < step->count; i++) {
		int len =
			snprintf(path, sizeof(path), "copy%u-", flood->made++);

		while ((unsigned long)len < step->size &&
		       len < (int)sizeof(path) - 1)
			path[len++] = 'x';
		path[len] = '\0';
		create(flood, &call, path, flood->inode++);
	}
}

static void do_linked(struct flood *flood, const struct step *step)
{
	struct call call = exec_linker(flood, step->user, step->user->shell);
	char path[64];

	for (unsigned long i = 0; i < step->count; i++) {
		snprintf(path, sizeof(path), "linked%u", flood->made++);
		create(flood, &call, path, flood->inode++);
	}
}

/* What ran before goes on, and is what connects. */
static void do_runs(struct flood *flood, const struct step *step)
{
	struct flood_user user = *step->user;

	for (unsigned long i = 0; i < step->count; i++)
		start(flood, &user);
}

static void do_findings(struct flood *flood, const struct step *step)
{
	for (unsigned long i = 0; i < step->count; i++)
		connect_to(flood, step->user, 0xCB000000 + flood->made++);
}

/* Around the id of an event: the one in hand, those before and behind it. */
static const struct {
	const char *before, *after;
} forgeries[] = {
	{ "\ntype=SYSCALL msg=audit(",
	  "): arch=c000003e syscall=59 success=yes exit=0 ppid=1 pid=1 auid=0 "
	  "uid=0 comm=\"x\" exe=\"/bin/x\"\n" },
	{ "\" a0=\"gcc\"\ntype=EOE msg=audit(", "): \n" },
	{ "\x1d"
	  "AUID=\"root\" UID=\"root\"\n\x1d",
	  "" },
	{ "msg=audit(", "): op=remove_rule key=(null) list=4 res=1" },
	{ "node=other type=DAEMON_END msg=audit(",
	  "): op=terminate auid=0 pid=1 res=success" },
	{ "\ntype=CONFIG_CHANGE msg=audit(",
	  "): audit_enabled=0 old=1 auid=0 ses=1 res=1\n" },
};

static void do_forged(struct flood *flood, const struct step *step)
{
	const size_t count = sizeof(forgeries) / sizeof(forgeries[0]);
	struct call call = call_of(step->user, 59);

	for (unsigned long i = 0; i < step->count; i++) {
		char text[512];

		call.pid = flood->pid++;
		call.comm = "a\nb\" c=";
		call.exe = "/home/x/\ntype=EOE msg=audit(1.0:1): ";
		exec_begin(flood, &call, count + 1);
		argument(flood, 0, "gcc");
		for (size_t k = 0; k < count; k++) {
			snprintf(text, sizeof(text), "%s%llu.000:%llu%s",
				 forgeries[k].before,
				 (unsigned long long)flood->now_us / 1000000,
				 (unsigned long long)flood->serial + k - 1,
				 forgeries[k].after);
			argument(flood, k + 1, text);
		}
		exec_end(flood, &call, "/usr/bin/gcc", 10);
	}
}

static void do_colliding(struct flood *flood, const struct step *step)
{
	struct call call = call_of(step->user, 59);
	char text[32];

	for (unsigned long i = 0; i < step->count; i++) {
		unsigned int before = flood->pid;

		flood->pid = (unsigned int)(1024 + (i << 14) % (1U << 22) +
					    (i >> 8));
		snprintf(text, sizeof(text), "%016lx", i << 32);
		exec_compiler(flood, &call, text);
		create(flood, &call, text, (uint64_t)(i + 1) << 32);
		flood->pid = before;
	}
}

static void do_uids(struct flood *flood, const struct step *step)
{
	for (unsigned long i = 0; i < step->count; i++) {
		struct call call = call_of(step->user, 59);

		call.auid = UNSET;
		call.uid = 100000 + (unsigned int)(i % 65536);
		exec_compiler(flood, &call, "x");
		exec_compiler(flood, &call, "y");
	}
}

static const struct {
	const char *name;
	void (*make)(struct flood *flood, const struct step *step);
} kinds[] = {
	{ "args", do_args },	   { "colliding", do_colliding },
	{ "compile", do_compile }, { "connect", do_connect },
	{ "files", do_files },	   { "findings", do_findings },
	{ "forged", do_forged },   { "keys", do_keys },
	{ "linked", do_linked },   { "processes", do_processes },
	{ "relay", do_relay },	   { "run", do_run },
	{ "runs", do_runs },	   { "uids", do_uids },
	{ "wait", do_wait },
};

/* --- steps ---------------------------------------------------------------- */

static struct flood_user *user_get(struct flood *flood, unsigned int uid)
{
	struct flood_user *user;

	for (size_t i = 0; i < flood->user_count; i++)
		if (flood->users[i].uid == uid)
			return &flood->users[i];
	if (flood->user_count == FLOOD_USERS)
		return NULL;
	user = &flood->users[flood->user_count++];
	user->uid = uid;
	user->shell = flood->pid++;
	snprintf(user->path, sizeof(user->path), "none");
	snprintf(user->exe_path, sizeof(user->exe_path), "/home/%u/none", uid);
	user->name = "none";
	user->exe = user->exe_path;
	return user;
}

int flood_step(struct flood *flood, const char *text)
{
	struct step step = { .count = 1, .size = 1 };
	size_t len = strcspn(text, ":@");
	const char *at = strchr(text, '@');

	if (!at || len >= sizeof(step.kind))
		return -1;
	memcpy(step.kind, text, len);
	if (text[len] == ':' &&
	    sscanf(text + len, ":%lux%lu", &step.count, &step.size) < 1)
		return -1;
	step.user = user_get(flood, (unsigned int)strtoul(at + 1, NULL, 10));
	if (!step.user)
		return -1;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, step.kind))
			continue;
		kinds[i].make(flood, &step);
		return 0;
	}
	return -1;
}

void flood_open(struct flood *flood)
{
	*flood = (struct flood){
		.now_us = 1800000000000000,
		.serial = 1000,
		.inode = 100000,
		.pid = 5000,
	};
}
