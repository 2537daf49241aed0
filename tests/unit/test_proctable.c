/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process table: leaders, entries, containers, seeds, what it costs. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "limits.h"
#include "normalize/proctable.h"
#include "normalize/provenance.h"

static struct proctable *table;
static struct proctable_host *host;
static uint64_t serial; /* of the record before */

static int open_table(void **state)
{
	(void)state;
	serial = 100;
	if (proctable_new(64U << 20, &table))
		return -1;
	host = proctable_host(table, STR("host"));
	return host ? 0 : -1;
}

static int close_table(void **state)
{
	(void)state;
	proctable_free(&table);
	return 0;
}

/* A record of a process, as many as wanted in a row. */
static struct process_sight sight_of(int64_t pid, int64_t ppid, const char *exe)
{
	serial++;
	return (struct process_sight){
		.pid = pid,
		.ppid = ppid,
		.serial = serial,
		.time_ms = (int64_t)serial,
		.exe = str_from(exe),
		.ids = { 1, 2, 3, 4 },
	};
}

static struct process *see(int64_t pid, int64_t ppid, const char *exe)
{
	struct process_sight sight = sight_of(pid, ppid, exe);
	struct process *process = proctable_see(host, &sight);

	assert_non_null(process);
	return process;
}

static struct process *execute_at(int64_t pid, int64_t ppid, const char *exe,
				  const char *tty)
{
	struct process_exec exec = {
		.sight = sight_of(pid, ppid, exe),
		.invoked = str_from(exe),
	};
	struct process *process;

	exec.sight.tty = tty_of_name(str_from(tty));
	process = proctable_exec(host, &exec);
	assert_non_null(process);
	return process;
}

static struct process *execute(int64_t pid, int64_t ppid, const char *exe)
{
	return execute_at(pid, ppid, exe, "(none)");
}

static void assert_leader(const struct leader *leader, int64_t pid)
{
	assert_non_null(leader);
	assert_int_equal(leader->pid, pid);
}

/* --- sessions and groups -------------------------------------------------- */

/* Where no setsid is logged, what session a child is in is a guess. */
static void test_sessions_unseen(void **state)
{
	struct process *process;

	(void)state;
	execute(10, 5, "/bin/sh");
	process = execute(11, 10, "/bin/ls");
	assert_null(process->lineage.session);
	assert_null(process->lineage.group);
	assert_null(process->lineage.entry);
}

static void test_sessions(void **state)
{
	struct process *process;

	(void)state;
	process = execute(10, 5, "/bin/sh");
	assert_int_equal(proctable_set_session(process), 0);
	assert_leader(process->lineage.session, 10);
	assert_leader(process->lineage.group, 10);
	process = see(11, 10, "/bin/sh");
	assert_leader(process->lineage.session, 10);
	/* no setpgid has been seen yet */
	assert_null(process->lineage.group);
	assert_int_equal(proctable_set_group(process, true), 0);
	assert_leader(process->lineage.group, 11);
	assert_leader(see(12, 11, "/bin/sh")->lineage.group, 11);
	assert_int_equal(proctable_set_group(see(12, 11, "/bin/sh"), false), 0);
	assert_null(see(12, 11, "/bin/sh")->lineage.group);
	/* the leader executes: all its members see that */
	execute(10, 5, "/bin/bash");
	process = see(12, 11, "/bin/sh");
	assert_true(str_equal(process->lineage.session->image->resolved,
			      STR("/bin/bash")));
	/* a session of its own; the older children stay */
	assert_int_equal(proctable_set_session(see(11, 10, "/bin/sh")), 0);
	assert_leader(see(11, 10, "/bin/sh")->lineage.session, 11);
	assert_leader(see(12, 11, "/bin/sh")->lineage.session, 10);
}

/* Whoever has init or a shim as parent may be the orphan of another session. */
static void test_orphans(void **state)
{
	static const char *const reapers[] = {
		"/usr/bin/containerd-shim-runc-v2",
		"/usr/bin/conmon",
		"/usr/lib/systemd/systemd",
	};
	int64_t pid = 100;

	(void)state;
	proctable_set_session(execute(1, 0, "/sbin/other"));
	assert_null(see(50, 1, "/bin/d")->lineage.session);
	for (size_t i = 0; i < sizeof(reapers) / sizeof(reapers[0]); i++) {
		proctable_set_session(execute(pid, 1, reapers[i]));
		assert_null(see(pid + 1, pid, "/bin/d")->lineage.session);
		pid += 2;
	}
	/* an orphan that was known before keeps its session */
	proctable_set_session(execute(60, 55, "/bin/sh"));
	assert_leader(see(61, 60, "/bin/sh")->lineage.session, 60);
	assert_leader(see(61, 1, "/bin/sh")->lineage.session, 60);
}

/* What becomes unknown with the process does not come back from its parent. */
static void test_unseen_exec(void **state)
{
	struct process *process;
	uint64_t id;

	(void)state;
	proctable_set_session(execute(10, 5, "/bin/sh"));
	process = see(11, 10, "/bin/sh");
	id = process->id;
	process = see(11, 10, "/bin/other");
	assert_null(process->lineage.session);
	assert_int_not_equal(process->id, id);
}

/* --- entries -------------------------------------------------------------- */

static void check_entry(const char *parent, const char *exe, const char *tty,
			const char *expected)
{
	struct process *process;

	proctable_host_boot(host);
	if (parent)
		execute(20, 5, parent);
	see(30, parent ? 20 : 1, parent ? parent : "/sbin/init");
	process = see(30, parent ? 20 : 1, "");
	assert_int_equal(proctable_set_session(process), 0);
	process = execute_at(30, parent ? 20 : 1, exe, tty);
	if (!expected) {
		assert_null(process->lineage.entry);
		return;
	}
	assert_leader(process->lineage.entry, 30);
	assert_string_equal(process->lineage.entry->entry_type, expected);
	/* descendants have it, in sessions of their own, too */
	process = see(31, 30, exe);
	assert_leader(process->lineage.entry, 30);
	proctable_set_session(process);
	assert_leader(execute(31, 30, "/bin/x")->lineage.entry, 30);
}

static void test_entries(void **state)
{
	(void)state;
	check_entry("/usr/sbin/sshd", "/bin/bash", "pts0", "sshd");
	check_entry("/usr/lib/openssh/sshd-session", "/bin/bash", "pts0",
		    "sshd");
	/* the daemon starts its like: nobody has come in yet */
	check_entry("/usr/sbin/sshd", "/usr/sbin/sshd", "(none)", NULL);
	check_entry("/usr/bin/runc", "/bin/app", "(none)", "container");
	check_entry("/usr/bin/containerd-shim-runc-v2", "/bin/app", "(none)",
		    "container");
	check_entry("/usr/bin/containerd-shim", "/usr/bin/runc", "(none)",
		    NULL);
	check_entry("/usr/bin/ssm-session-worker", "/bin/sh", "pts1", "ssm");
	check_entry("/usr/bin/ssm-session-worker", "/bin/sh", "(none)", NULL);
	check_entry("/sbin/agetty", "/bin/login", "tty1", "console");
	check_entry("/sbin/agetty", "/bin/login", "ttyS0", "terminal");
	check_entry("/bin/sh", "/bin/bash", "pts0", NULL);
	check_entry(NULL, "/usr/sbin/cron", "(none)", "init");
}

/* The daemon of a connection ends, and its shell executes once more; getty is
 * of init, and the login it becomes is of the console. */
static void test_entry_stays(void **state)
{
	struct process *process;

	(void)state;
	execute(20, 5, "/usr/sbin/sshd");
	proctable_set_session(see(30, 20, "/usr/sbin/sshd"));
	execute(30, 20, "/bin/bash");
	process = execute(30, 1, "/bin/zsh");
	assert_string_equal(process->lineage.entry->entry_type, "sshd");
	proctable_set_session(see(40, 1, "/sbin/init"));
	process = execute_at(40, 1, "/sbin/agetty", "tty1");
	assert_string_equal(process->lineage.entry->entry_type, "init");
	process = execute_at(40, 1, "/bin/login", "tty1");
	assert_string_equal(process->lineage.entry->entry_type, "console");
}

/* A process that leads no session is no entry, whoever its parent is. */
static void test_no_entry(void **state)
{
	(void)state;
	proctable_set_session(execute(9, 5, "/bin/x"));
	execute(10, 5, "/usr/sbin/sshd");
	assert_null(execute(11, 10, "/bin/bash")->lineage.entry);
}

/* --- containers ----------------------------------------------------------- */

static void test_containers(void **state)
{
	struct process *process;

	(void)state;
	process = execute(10, 5, "/bin/app");
	assert_int_equal(proctable_set_container(process, STR("c1")), 0);
	process = execute(11, 10, "/bin/sh");
	assert_true(str_equal(shared_text_str(process->lineage.container),
			      STR("c1")));
	process = see(12, 11, "/bin/sh");
	assert_ptr_equal(process->lineage.container,
			 see(10, 5, "/bin/app")->lineage.container);
	assert_null(see(13, 5, "/bin/app")->lineage.container);
	/* asked anew: only its own descendants from now on */
	assert_int_equal(proctable_set_container(process, STR("c2")), 0);
	assert_true(
		str_equal(shared_text_str(see(14, 12, "/x")->lineage.container),
			  STR("c2")));
	assert_true(
		str_equal(shared_text_str(see(15, 11, "/x")->lineage.container),
			  STR("c1")));
}

/* --- facts ---------------------------------------------------------------- */

static void test_updates(void **state)
{
	struct process_sight sight = sight_of(10, 5, "/bin/sh");
	struct process *process;

	(void)state;
	sight.directory = STR("/home");
	sight.tty = TTY_PTS;
	process = proctable_see(host, &sight);
	assert_int_equal(process->ids.uid, 1);
	assert_int_equal(process->ids.egid, 4);
	/* what a record does not tell stays */
	sight = sight_of(10, -1, "");
	sight.ids =
		(struct process_ids){ 7, ID_UNKNOWN, ID_UNKNOWN, ID_UNKNOWN };
	process = proctable_see(host, &sight);
	assert_int_equal(process->ids.uid, 7);
	assert_int_equal(process->ids.euid, 2);
	assert_int_equal(process->ppid, 5);
	assert_int_equal(process->tty, TTY_PTS);
	assert_true(
		str_equal(shared_text_str(process->directory), STR("/home")));
	/* a child in the same place shares its name */
	sight = sight_of(11, 10, "/bin/sh");
	sight.directory = STR("/home");
	assert_ptr_equal(proctable_see(host, &sight)->directory,
			 process->directory);
}

static void test_directory_limit(void **state)
{
	struct process_sight sight = sight_of(10, 5, "/bin/sh");
	char name[1025];

	(void)state;
	memset(name, 'x', sizeof(name));
	sight.directory = (struct str){ name, 1024 };
	assert_int_equal(
		shared_text_str(proctable_see(host, &sight)->directory).len,
		1024);
	/* one more, and it is not known: the old one would be wrong */
	sight.directory.len++;
	assert_null(proctable_see(host, &sight)->directory);
}

static void test_previous(void **state)
{
	struct process *process;

	(void)state;
	assert_null(execute(10, 5, "/bin/a")->previous);
	process = execute(10, 5, "/bin/b");
	assert_true(str_equal(process->previous->resolved, STR("/bin/a")));
	process = execute(10, 5, "/bin/c");
	assert_true(str_equal(process->previous->resolved, STR("/bin/b")));
	/* a child that executes ran before what its parent runs */
	see(11, 10, "/bin/c");
	process = execute(11, 10, "/bin/d");
	assert_true(str_equal(process->previous->resolved, STR("/bin/c")));
}

static void test_ends(void **state)
{
	struct process *process;
	uint64_t id;

	(void)state;
	process = execute(10, 5, "/bin/a");
	id = process->id;
	proctable_end(process);
	/* a record that was on its way */
	assert_int_equal(see(10, 5, "/bin/a")->id, id);
	/* what executes behind it is another one, */
	process = execute(10, 5, "/bin/a");
	assert_int_not_equal(process->id, id);
	assert_null(process->previous);
	/* and so is who has another parent */
	id = process->id;
	proctable_end(process);
	assert_int_not_equal(see(10, 1, "/bin/a")->id, id);
}

/* Ids tell processes apart on one host and between hosts, the same each time.
 */
static void test_ids(void **state)
{
	struct proctable *other;
	struct process_sight sight = sight_of(10, 5, "/bin/a");
	struct process *process = proctable_see(host, &sight);
	struct process *again;

	(void)state;
	assert_int_equal(proctable_new(1U << 20, &other), 0);
	again = proctable_see(proctable_host(other, STR("host")), &sight);
	assert_int_equal(again->id, process->id);
	again = proctable_see(proctable_host(other, STR("tsoh")), &sight);
	assert_int_not_equal(again->id, process->id);
	assert_int_not_equal(see(11, 5, "/bin/a")->id, process->id);
	proctable_free(&other);
}

static void test_ttys(void **state)
{
	static const struct {
		const char *name;
		enum process_tty tty;
	} cases[] = {
		{ "", TTY_UNKNOWN },	  { "(none)", TTY_NONE },
		{ "pts0", TTY_PTS },	  { "pts12", TTY_PTS },
		{ "tty1", TTY_CONSOLE },  { "ttyS0", TTY_OTHER },
		{ "console", TTY_OTHER }, { "tty", TTY_OTHER },
		{ "pts", TTY_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(tty_of_name(str_from(cases[i].name)),
				 cases[i].tty);
}

/* --- seeds ---------------------------------------------------------------- */

static struct process *seed(const struct process_seed *what)
{
	struct process_sight sight = { .pid = what->pid, .ppid = -1 };

	assert_int_equal(proctable_seed(host, what, NULL), 0);
	sight.ids = PROCESS_IDS_UNKNOWN;
	sight.serial = serial;
	return proctable_see(host, &sight);
}

static void test_seeds(void **state)
{
	struct str args[] = { STR("-bash"), STR("") };
	struct process_seed init = {
		.pid = 1,
		.session = 1,
		.group = 1,
		.start_ms = 1,
		.exe = STR("/usr/lib/systemd/systemd"),
	};
	struct process_seed sshd = {
		.pid = 9,
		.ppid = 1,
		.session = 9,
		.group = 9,
		.start = 2,
		.start_ms = 20,
		.exe = STR("/usr/sbin/sshd"),
	};
	struct process_seed bash = {
		.pid = 12,
		.ppid = 9,
		.session = 12,
		.group = 12,
		.start = 5,
		.start_ms = 50,
		.exe = STR("/bin/bash"),
		.args = args,
		.args_len = 2,
		.tty = TTY_PTS,
		.container = STR("c1"),
		.ids = { 7, 7, 7, 7 },
		.directory = STR("/home"),
	};
	struct process_seed job = bash;
	struct process *process;

	(void)state;
	job.pid = job.group = 13;
	job.ppid = 12;
	job.start++;
	assert_string_equal(seed(&init)->lineage.entry->entry_type, "init");
	assert_string_equal(seed(&sshd)->lineage.entry->entry_type, "init");
	process = seed(&bash);
	assert_int_equal(process->serial, 0);
	assert_string_equal(process->lineage.entry->entry_type, "sshd");
	assert_int_equal(process->image->kept_count, 2);
	assert_int_equal(process->image->arg_count, 2);
	process = seed(&job);
	assert_leader(process->lineage.session, 12);
	assert_leader(process->lineage.group, 13);
	assert_leader(process->lineage.entry, 12);
	assert_int_equal(process->ids.uid, 7);
	assert_true(str_equal(shared_text_str(process->lineage.container),
			      STR("c1")));
	assert_int_equal(proctable_parent(process)->pid, 12);
	/* a session whose leader is gone is not known */
	job.pid = 14;
	job.session = job.group = 8;
	job.ppid = 1;
	process = seed(&job);
	assert_null(process->lineage.session);
	assert_null(process->lineage.group);
	/* its records find it; its children have it as parent */
	process = see(13, 12, "/bin/bash");
	assert_int_equal(process->image->arg_count, 2);
	assert_int_equal(proctable_parent(see(20, 13, "/bin/ls"))->pid, 13);
	/* what came first is not overwritten */
	bash.exe = STR("/other");
	assert_true(str_equal(seed(&bash)->image->resolved, STR("/bin/bash")));
}

/* A parent that began after its child is another one with that pid. */
static void test_seeds_are_older(void **state)
{
	struct process_seed parent = {
		.pid = 9,
		.ppid = 1,
		.start = 7,
		.start_ms = 500,
		.exe = STR("/bin/late"),
	};
	struct process_sight sight;

	(void)state;
	seed(&parent);
	sight = sight_of(20, 9, "/bin/ls");
	sight.time_ms = 499;
	assert_null(proctable_parent(proctable_see(host, &sight)));
	sight = sight_of(21, 9, "/bin/ls");
	sight.time_ms = 500;
	assert_non_null(proctable_parent(proctable_see(host, &sight)));
	/* nor is anybody his own parent */
	parent.pid = parent.ppid = 30;
	assert_null(proctable_parent(seed(&parent)));
}

/* The records of this host's boot may be read behind the seeds. */
static void test_seeds_and_boot(void **state)
{
	struct process_seed init = { .pid = 1, .exe = STR("/sbin/init") };
	struct proctable_stats stats;

	(void)state;
	execute(10, 5, "/bin/a");
	proctable_host_boot(host);
	proctable_stats(table, &stats);
	assert_int_equal(stats.processes, 0);
	seed(&init);
	proctable_host_boot(host);
	proctable_stats(table, &stats);
	assert_int_equal(stats.processes, 1);
}

/* --- memory --------------------------------------------------------------- */

/* All that is charged is given back, in whatever order it goes. */
static void test_memory_returns(void **state)
{
	size_t before = proctable_memory(table);

	(void)state;
	for (int64_t pid = 10; pid < 200; pid++) {
		struct process *process;

		see(pid, pid - pid % 5, "/bin/sh");
		process = execute(pid, pid - pid % 5, "/bin/longer-name");
		if (pid % 2)
			proctable_set_session(process);
		if (pid % 3)
			proctable_set_group(process, pid % 4);
		if (pid % 7 == 1)
			proctable_set_container(process, STR("c"));
		if (pid % 11 == 1)
			see(pid, 3, "/bin/unseen");
	}
	assert_true(proctable_memory(table) > before);
	proctable_host_boot(host);
	assert_int_equal(proctable_memory(table), before);
}

/* A flood of one host takes from that host, and what was loud before gives way
 * once another is louder. */
static void test_shares(void **state)
{
	struct proctable_host *quiet, *loud, *louder;
	struct proctable_stats stats;

	(void)state;
	proctable_free(&table);
	assert_int_equal(proctable_new(200U << 10, &table), 0);
	quiet = proctable_host(table, STR("quiet"));
	loud = proctable_host(table, STR("loud"));
	louder = proctable_host(table, STR("louder"));
	host = quiet;
	see(10, 1, "/bin/quiet");
	host = loud;
	for (int64_t pid = 100; pid < 3000; pid++)
		see(pid, 1, "/bin/flood");
	proctable_stats(table, &stats);
	assert_true(stats.evicted > 1000);
	assert_true(proctable_memory(table) <= 200U << 10);
	assert_non_null(proctable_find(quiet, 10));
	assert_null(proctable_find(loud, 100));
	assert_non_null(proctable_find(loud, 2999));
	host = louder;
	for (int64_t pid = 100; pid < 3000; pid++)
		see(pid, 1, "/bin/flood-of-another");
	proctable_stats(table, &stats);
	assert_true(proctable_memory(table) <= 200U << 10);
	assert_non_null(proctable_find(quiet, 10));
	assert_non_null(proctable_find(loud, 2999));
	/* about half of it is the other's now */
	assert_null(proctable_find(loud, 2500));
	assert_non_null(proctable_find(louder, 2900));
}

/* All of a host is forgotten, and nothing of others. */
static void test_forget(void **state)
{
	struct proctable_host *other = proctable_host(table, STR("other"));
	struct proctable_host *own = host;
	size_t before = proctable_memory(table);

	(void)state;
	see(10, 1, "/bin/sh");
	execute(11, 10, "/bin/own");
	proctable_host_forget(own);
	assert_int_equal(proctable_memory(table), before);
	host = other;
	see(10, 1, "/bin/sh");
	proctable_host_forget(own);
	assert_null(proctable_find(own, 11));
	assert_non_null(proctable_find(other, 10));
}

/* --- shares --------------------------------------------------------------- */

static struct process *execute_as(uint32_t payer, int64_t pid)
{
	struct process_exec exec = {
		.sight = sight_of(pid, 1, "/bin/x"),
		.invoked = STR("/bin/x"),
	};

	exec.sight.payer = payer;
	return proctable_exec(host, &exec);
}

/* What runs a program that was linked here. */
static void run_linked(uint32_t payer, int64_t pid)
{
	static size_t memory;
	const struct origin_source source = { .kind = ORIGIN_LINKED };
	struct origin *origin = origin_new(&source, &memory);

	proctable_set_origin(execute_as(payer, pid), origin);
	origin_release(&origin);
}

/* The process of a record is not lost while that is in hand. */
static void check_in_hand(int64_t pid)
{
	const struct process *process = execute_as(1001, pid);

	assert_ptr_equal(process, proctable_find(host, pid));
}

/* Nothing of another login is lost by a flood, and of its own what was linked
 * here last. Told is what was used a moment ago. */
static void test_login_shares(void **state)
{
	struct proctable_stats stats;

	(void)state;
	proctable_free(&table);
	assert_int_equal(proctable_new(1U << 20, &table), 0);
	host = proctable_host(table, STR("host"));
	execute_as(1000, 10);
	run_linked(1001, 11);
	for (int64_t pid = 100; pid < 10000; pid++)
		check_in_hand(pid);
	proctable_stats(table, &stats);
	assert_true(proctable_memory(table) <= 1U << 20);
	assert_true(stats.evicted > 5000);
	assert_int_equal(stats.young_evicted, stats.evicted);
	assert_int_equal(stats.young_payer, 1001);
	assert_int_equal(stats.linked_evicted, 0);
	assert_non_null(proctable_find(host, 10));
	assert_non_null(proctable_find(host, 11));
	assert_null(proctable_find(host, 100));
	for (int64_t pid = 10000; pid < 20000; pid++)
		run_linked(1001, pid);
	proctable_stats(table, &stats);
	assert_true(stats.linked_evicted > 5000);
	assert_int_equal(stats.linked_payer, 1001);
	assert_non_null(proctable_find(host, 10));
	assert_null(proctable_find(host, 11));
	/* a process of those there are most of is not lost while in hand */
	check_in_hand(9);
}

/* What was not used for more than a minute goes without a word. */
static void test_login_shares_idle(void **state)
{
	struct proctable_stats stats;

	(void)state;
	for (int64_t pid = 1; pid <= LIMIT_PROCESSES; pid++)
		execute_as(1000, pid);
	serial += 60000;
	execute_as(1000, LIMIT_PROCESSES + 1);
	proctable_stats(table, &stats);
	assert_int_equal(stats.evicted, 1);
	assert_int_equal(stats.young_evicted, 0);
}

/* 10,000 processes of an ordinary host: a few megabytes. */
static void test_cost(void **state)
{
	enum { COUNT = 10000 };
	struct str args[] = { STR("/usr/bin/program-of-some-name"),
			      STR("--with"), STR("--three=options-or-so"),
			      STR("/and/a/path/of/some/length") };
	size_t before = proctable_memory(table), each;

	(void)state;
	proctable_set_session(execute(1, 0, "/sbin/init"));
	for (int64_t pid = 2; pid < COUNT + 2; pid++) {
		struct process_exec exec = {
			.sight = sight_of(pid, pid / 4,
					  "/usr/bin/program-of-some-name"),
			.invoked = STR("/usr/bin/program-of-some-name"),
			.arg_count = 4,
			.args = args,
			.args_len = 4,
		};

		exec.sight.directory = STR("/var/lib/something");
		assert_non_null(proctable_exec(host, &exec));
	}
	each = (proctable_memory(table) - before) / COUNT;
	print_message("%zu bytes for each of %d processes\n", each, COUNT);
	assert_true(each < 640);
}

/* --- saving --------------------------------------------------------------- */

/* A table of all there is, and of what processes share. */
static void fill_table(struct provenance *files)
{
	const struct origin_source linked = {
		.kind = ORIGIN_LINKED,
		.path = STR("/home/x/prog"),
		.name = STR("ld"),
	};
	struct bound_socket bound = { .fd = 3, .port = 80 };
	struct origin *origin = provenance_origin(files, &linked);
	struct process *process;

	execute_at(10, 5, "/usr/sbin/sshd", "(none)");
	process = execute_at(11, 10, "/usr/sbin/sshd", "pts0");
	assert_int_equal(proctable_set_session(process), 0);
	process = execute_at(11, 10, "/bin/bash", "pts0");
	assert_non_null(process->lineage.entry);
	assert_int_equal(proctable_set_group(process, true), 0);
	process = execute(12, 11, "/home/x/prog");
	proctable_set_origin(process, origin);
	origin_release(&origin);
	for (size_t i = 0; i < BOUND_SOCKETS + 1; i++) {
		bound.fd++;
		assert_int_equal(proctable_bind(process, &bound), 0);
	}
	assert_int_equal(proctable_set_container(process, STR("abc")), 0);
	process = see(13, 12, "/home/x/prog");
	assert_non_null(process->origin);
	proctable_end(see(14, 11, "/bin/bash"));
	assert_non_null(proctable_host(table, STR("other")));
}

static int load_saved(struct str saved, struct proctable **out,
		      struct provenance **files)
{
	struct reader reader = {
		.at = (const uint8_t *)saved.data,
		.end = (const uint8_t *)saved.data + saved.len,
	};

	assert_int_equal(proctable_new(64U << 20, out), 0);
	assert_int_equal(provenance_new(1U << 20, files), 0);
	return proctable_load(*out, *files, &reader);
}

/* What is loaded is what was saved, and knows who it has things in common with.
 */
static void test_saved(void **state)
{
	struct strbuf saved = STRBUF_INIT(1U << 20);
	struct strbuf again = STRBUF_INIT(1U << 20);
	struct provenance *files, *loaded_files;
	struct proctable *loaded;
	const struct process *process, *parent;

	(void)state;
	assert_int_equal(provenance_new(1U << 20, &files), 0);
	fill_table(files);
	proctable_save(table, &saved);
	assert_false(saved.failed);
	assert_int_equal(load_saved(strbuf_str(&saved), &loaded, &loaded_files),
			 0);
	proctable_save(loaded, &again);
	assert_true(str_equal(strbuf_str(&saved), strbuf_str(&again)));
	assert_int_equal(proctable_memory(table), proctable_memory(loaded));
	host = proctable_host(loaded, STR("host"));
	process = proctable_find(host, 13);
	parent = proctable_parent(process);
	assert_int_equal(parent->pid, 12);
	assert_ptr_equal(process->image, parent->image);
	assert_ptr_equal(process->origin, parent->origin);
	assert_int_equal(parent->origin->is.kind, ORIGIN_LINKED);
	assert_non_null(proctable_bound(process, 4 + BOUND_SOCKETS));
	assert_null(proctable_bound(process, 4));
	process = proctable_find(host, 11);
	assert_ptr_equal(process->lineage.own, process->lineage.session);
	assert_string_equal(process->lineage.entry->entry_type, "sshd");
	assert_true(proctable_find(host, 14)->ended);
	proctable_free(&loaded);
	provenance_free(&loaded_files);
	/* its origins are those of the files */
	proctable_free(&table);
	provenance_free(&files);
	strbuf_free(&saved);
	strbuf_free(&again);
}

/* A table that is cut is refused, and one that is damaged harms nobody. */
static void test_saved_damage(void **state)
{
	struct strbuf saved = STRBUF_INIT(1U << 20);
	struct provenance *files, *loaded_files;
	struct proctable *loaded;

	(void)state;
	assert_int_equal(provenance_new(1U << 20, &files), 0);
	fill_table(files);
	proctable_save(table, &saved);
	for (size_t i = 0; i < saved.len; i++) {
		struct str cut = { saved.data, i };

		assert_int_equal(load_saved(cut, &loaded, &loaded_files),
				 -EBADMSG);
		proctable_free(&loaded);
		provenance_free(&loaded_files);
		for (unsigned int mask = 1; mask < 256; mask = mask << 4 | 1) {
			saved.data[i] = (char)(saved.data[i] ^ (char)mask);
			load_saved(strbuf_str(&saved), &loaded, &loaded_files);
			proctable_free(&loaded);
			provenance_free(&loaded_files);
			saved.data[i] = (char)(saved.data[i] ^ (char)mask);
		}
	}
	proctable_free(&table);
	provenance_free(&files);
	strbuf_free(&saved);
}

/* A process that was saved stays what it was, unless /proc has a later one by
 * its pid. */
static void test_saved_and_seeded(void **state)
{
	struct process_seed same = { .pid = 10,
				     .ppid = 5,
				     .exe = STR("/bin/x") };
	struct process_seed later = same;
	uint64_t id;

	(void)state;
	id = execute(10, 5, "/bin/sh")->id;
	same.start_ms = (int64_t)serial - 10;
	assert_int_equal(proctable_seed(host, &same, NULL), 0);
	assert_true(proctable_find(host, 10)->id == id);
	later.start_ms = (int64_t)serial + 5000;
	assert_int_equal(proctable_seed(host, &later, NULL), 0);
	assert_true(proctable_find(host, 10)->id != id);
	assert_true(str_equal(proctable_find(host, 10)->image->resolved,
			      STR("/bin/x")));
}

int main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, open_table, close_table)
	const struct CMUnitTest tests[] = {
		TEST(test_sessions_unseen),
		TEST(test_login_shares),
		TEST(test_login_shares_idle),
		TEST(test_sessions),
		TEST(test_orphans),
		TEST(test_unseen_exec),
		TEST(test_entries),
		TEST(test_entry_stays),
		TEST(test_no_entry),
		TEST(test_containers),
		TEST(test_updates),
		TEST(test_directory_limit),
		TEST(test_previous),
		TEST(test_ends),
		TEST(test_ids),
		TEST(test_ttys),
		TEST(test_seeds),
		TEST(test_seeds_are_older),
		TEST(test_seeds_and_boot),
		TEST(test_memory_returns),
		TEST(test_shares),
		TEST(test_forget),
		TEST(test_cost),
		TEST(test_saved),
		TEST(test_saved_damage),
		TEST(test_saved_and_seeded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
