/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel audit, asked over netlink as auditctl does. The audit rules we need
 * are built with libaudit from the same text that rules.d gets, and compared
 * with what the kernel holds: a loaded rule covers one of ours when it is
 * "always,exit", has all its system calls, and asks for nothing more. Keys do
 * not count: the first rule that fits takes the event, whoever wrote it.
 */
#include <errno.h>
#include <libaudit.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../rules/audit_rules.h"
#include "check.h"

#define REPLY_TIMEOUT_MS 2000
/* more audit rules than anyone loads */
#define KERNEL_RULES_MAX 4096

struct kernel_rules {
	size_t count;
	struct audit_rule_data *rules[KERNEL_RULES_MAX];
	bool refused; /* task,never: no system call is audited at all */
	size_t never; /* exit,never: each takes some events away */
	uint64_t excluded; /* record types left out that events are made of */
};

/* Waits for one reply; false = none came. */
static bool next_reply(int fd, struct audit_reply *reply)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	if (poll(&pfd, 1, REPLY_TIMEOUT_MS) <= 0)
		return false;
	return audit_get_reply(fd, reply, GET_REPLY_NONBLOCKING, 0) > 0;
}

static void check_status(struct check *check, int fd)
{
	struct audit_reply reply;

	if (audit_request_status(fd) <= 0)
		return;
	while (next_reply(fd, &reply)) {
		if (reply.type != AUDIT_GET)
			continue;
		if (!reply.status->enabled)
			check_finding(check, FINDING_PROBLEM, "auditctl -e 1",
				      "kernel audit is switched off");
		else
			check_finding(check, FINDING_OK, NULL,
				      "kernel audit is on");
		if (!reply.status->pid)
			check_finding(check, FINDING_PROBLEM,
				      "systemctl start auditd",
				      "no auditd takes the kernel's records");
		else
			check_finding(check, FINDING_OK, NULL,
				      "auditd runs as process %u",
				      reply.status->pid);
		if (!reply.status->backlog_wait_time)
			check_finding(check, FINDING_WARNING,
				      "auditctl --backlog_wait_time 60000",
				      "records that find no room are lost at "
				      "once: no process waits for auditd");
		if (reply.status->lost)
			check_finding(check, FINDING_WARNING, "auditctl -s",
				      "the kernel has lost %u records since "
				      "boot",
				      reply.status->lost);
		return;
	}
	check_finding(check, FINDING_PROBLEM, NULL,
		      "the kernel does not answer about audit");
}

/* What records events are made of, and what they are without them. */
static const struct part {
	uint32_t type;
	const char *name, *loss;
} parts[] = {
	{ AUDIT_SYSCALL, "SYSCALL", "there are no events" },
	{ AUDIT_EXECVE, "EXECVE", "programs have no arguments" },
	{ AUDIT_PATH, "PATH", "files are not known" },
	{ AUDIT_CWD, "CWD", "relative paths are not known" },
	{ AUDIT_SOCKADDR, "SOCKADDR", "connections are not seen" },
};

#define PARTS (sizeof(parts) / sizeof(parts[0]))

static void note_excluded(const struct audit_rule_data *rule,
			  struct kernel_rules *kernel)
{
	/* with another condition beside it, some are left out: some is enough */
	for (uint32_t i = 0; i < rule->field_count; i++)
		for (size_t k = 0; k < PARTS; k++)
			if (rule->fields[i] == AUDIT_MSGTYPE &&
			    rule->values[i] == parts[k].type)
				kernel->excluded |= 1ULL << k;
}

static void keep_rule(struct kernel_rules *kernel,
		      const struct audit_rule_data *rule)
{
	size_t size = sizeof(*rule) + rule->buflen;
	struct audit_rule_data *copy;

	if (rule->flags == AUDIT_FILTER_TASK && rule->action == AUDIT_NEVER)
		kernel->refused = true;
	kernel->never +=
		rule->flags == AUDIT_FILTER_EXIT && rule->action == AUDIT_NEVER;
	if (rule->flags == AUDIT_FILTER_EXCLUDE)
		note_excluded(rule, kernel);
	if (rule->flags != AUDIT_FILTER_EXIT || rule->action != AUDIT_ALWAYS ||
	    kernel->count == KERNEL_RULES_MAX)
		return;
	copy = malloc(size);
	if (!copy)
		return;
	memcpy(copy, rule, size);
	kernel->rules[kernel->count++] = copy;
}

/* All rules the kernel holds; false where it does not tell. */
static bool list_rules(int fd, struct kernel_rules *kernel)
{
	struct audit_reply reply;

	if (audit_request_rules_list_data(fd) <= 0)
		return false;
	while (next_reply(fd, &reply)) {
		if (reply.type == NLMSG_DONE)
			return true;
		if (reply.type == AUDIT_LIST_RULES)
			keep_rule(kernel, reply.ruledata);
	}
	return false;
}

/* Whether every condition of one loaded rule is also asked by ours. */
static bool rule_asks_no_more(const struct audit_rule_data *loaded,
			      const struct audit_rule_data *ours)
{
	for (uint32_t i = 0; i < loaded->field_count; i++) {
		bool found = loaded->fields[i] == AUDIT_FILTERKEY;

		for (uint32_t k = 0; !found && k < ours->field_count; k++)
			found = loaded->fields[i] == ours->fields[k] &&
				loaded->values[i] == ours->values[k] &&
				loaded->fieldflags[i] == ours->fieldflags[k];
		if (!found)
			return false;
	}
	return true;
}

/* The system calls of ours that no loaded rule takes are left in need[]. */
static bool rules_cover(const struct kernel_rules *kernel,
			const struct audit_rule_data *ours)
{
	uint32_t need[AUDIT_BITMASK_SIZE], left = 0;

	memcpy(need, ours->mask, sizeof(need));
	for (size_t i = 0; i < kernel->count; i++) {
		if (!rule_asks_no_more(kernel->rules[i], ours))
			continue;
		for (size_t k = 0; k < AUDIT_BITMASK_SIZE; k++)
			need[k] &= ~kernel->rules[i]->mask[k];
	}
	for (size_t k = 0; k < AUDIT_BITMASK_SIZE; k++)
		left |= need[k];
	return !left;
}

/* Adds one option and its argument of a rules.d line; false = not ours. */
static bool build_option(struct audit_rule_data **rule, const char *option,
			 char *argument)
{
	char *rest = NULL;

	if (!strcmp(option, "-a") || !strcmp(option, "-k"))
		return true;
	if (!strcmp(option, "-F"))
		return !strncmp(argument, "key=", 4) ||
		       !audit_rule_fieldpair_data(rule, argument,
						  AUDIT_FILTER_EXIT);
	if (strcmp(option, "-S"))
		return false;
	for (char *name = strtok_r(argument, ",", &rest); name;
	     name = strtok_r(NULL, ",", &rest))
		if (audit_rule_syscallbyname_data(*rule, name))
			return false;
	return true;
}

/* One line of rules.d as the kernel would hold it; NULL = not built. */
static struct audit_rule_data *build_rule(char *text)
{
	struct audit_rule_data *rule = audit_rule_create_data();
	char *rest = NULL, *option = strtok_r(text, " ", &rest);
	bool good = rule != NULL;

	while (good && option) {
		char *argument = strtok_r(NULL, " ", &rest);

		good = argument && build_option(&rule, option, argument);
		option = strtok_r(NULL, " ", &rest);
	}
	if (good)
		return rule;
	audit_rule_free_data(rule);
	return NULL;
}

static bool line_is_covered(const struct kernel_rules *kernel, const char *text,
			    size_t len)
{
	char *copy = strndup(text, len);
	struct audit_rule_data *ours = copy ? build_rule(copy) : NULL;
	bool covered = ours && rules_cover(kernel, ours);

	if (ours)
		audit_rule_free_data(ours);
	free(copy);
	return covered;
}

/* Each needed rule that is not loaded is a finding. */
static void check_needed(struct check *check, const struct kernel_rules *kernel,
			 struct str needed)
{
	size_t missing = 0, count = 0;

	while (needed.len) {
		const char *end = memchr(needed.data, '\n', needed.len);
		size_t len = end ? (size_t)(end - needed.data) : needed.len;

		if (len && needed.data[0] == '-') {
			count++;
			if (!line_is_covered(kernel, needed.data, len)) {
				missing++;
				check_finding(check, FINDING_PROBLEM,
					      "augenrules --load",
					      "audit rule not loaded: %.*s",
					      (int)len, needed.data);
			}
		}
		needed.data += len + !!end;
		needed.len -= len + !!end;
	}
	if (count && !missing)
		check_finding(check, FINDING_OK, NULL,
			      "all %zu audit rules that the rules need are "
			      "loaded",
			      count);
}

/* Rules that take away what ours ask for. */
static void check_taken(struct check *check, const struct kernel_rules *kernel)
{
	if (kernel->never)
		check_finding(check, FINDING_WARNING,
			      "auditctl -l | grep never",
			      "%zu audit rules keep what they match out of the "
			      "log: whoever runs as that account, or that "
			      "program, is not seen",
			      kernel->never);
	for (size_t i = 0; i < PARTS; i++)
		if (kernel->excluded & 1ULL << i)
			check_finding(check, FINDING_PROBLEM,
				      "auditctl -l | grep exclude",
				      "records of type %s are excluded: %s",
				      parts[i].name, parts[i].loss);
}

static void check_audit_rules(struct check *check, int fd,
			      const struct ruleset *rules)
{
	static const char no_task[] =
		"grep -l 'task,never\\|never,task' /etc/audit/rules.d/*";
	struct kernel_rules *kernel = calloc(1, sizeof(*kernel));
	struct strbuf needed = STRBUF_INIT(1U << 20);
	struct utsname host;

	if (!kernel || uname(&host) || !list_rules(fd, kernel))
		check_finding(check, FINDING_PROBLEM, "auditctl -l",
			      "the kernel does not list its audit rules");
	else if (kernel->refused)
		check_finding(check, FINDING_PROBLEM, no_task,
			      "the audit rule -a never,task keeps all system "
			      "calls out of the log");
	else if (!ruleset_audit_rules(rules, host.machine, &needed))
		check_needed(check, kernel, strbuf_str(&needed));
	if (kernel)
		check_taken(check, kernel);
	for (size_t i = 0; kernel && i < kernel->count; i++)
		free(kernel->rules[i]);
	free(kernel);
	strbuf_free(&needed);
}

void check_kernel(struct check *check, const struct ruleset *rules)
{
	int fd;

	if (geteuid()) {
		check_finding(check, FINDING_WARNING, "sudo aueql check",
			      "kernel audit was not examined: that needs root");
		return;
	}
	fd = audit_open();
	if (fd < 0) {
		check_finding(check, FINDING_PROBLEM, NULL,
			      "this kernel has no audit: %s", strerror(errno));
		return;
	}
	check_status(check, fd);
	if (rules)
		check_audit_rules(check, fd, rules);
	audit_close(fd);
}
