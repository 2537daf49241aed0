/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel audit, asked over netlink as auditctl does, and its audit rules beside
 * those our rules need (loaded.h). With --root there is no kernel to ask: its
 * rules are those that augenrules would load.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../rules/audit_rules.h"
#include "../rules/support.h"
#include "check.h"
#include "check_linkers.h"

#define RULES_D "/etc/audit/rules.d"
#define RULES_FILE RULES_D "/60-audisp-eql.rules"
/* auditd's own default for a busy host; a burst of a build needs some of it */
#define BACKLOG_LEAST 1024
#define BACKLOG_GOOD "8192"

/* --- what the kernel says of itself ------------------------------------------ */

static void check_backlog(struct check *check, const struct audit_status *is)
{
	if (is->backlog_limit < BACKLOG_LEAST)
		check_finding(check, FINDING_BACKLOG, FINDING_WARNING,
			      "auditctl -b " BACKLOG_GOOD,
			      "only %u records may wait for auditd: a burst "
			      "makes all audited processes wait",
			      is->backlog_limit);
	else if (!is->backlog_wait_time)
		check_finding(check, FINDING_BACKLOG, FINDING_WARNING,
			      "auditctl --backlog_wait_time 60000",
			      "records that find no room are lost at once: no "
			      "process waits for auditd");
	else
		check_finding(check, FINDING_BACKLOG, FINDING_OK, NULL,
			      "%u records may wait for auditd",
			      is->backlog_limit);
	if (is->lost)
		check_finding(
			check, FINDING_LOST, FINDING_WARNING,
			"auditctl --reset-lost; auditctl -b " BACKLOG_GOOD,
			"the kernel has lost %u records since boot, or "
			"since that was last reset",
			is->lost);
	if (is->rate_limit)
		check_finding(check, FINDING_RATE_LIMIT, FINDING_PROBLEM,
			      "auditctl -r 0",
			      "the kernel throws away what is more than %u "
			      "records a second",
			      is->rate_limit);
	if (is->failure == AUDIT_FAIL_PANIC)
		check_finding(check, FINDING_FAILURE_MODE, FINDING_WARNING,
			      "auditctl -f 1",
			      "this host halts (panics) when a record is lost: "
			      "auditctl -f 2");
}

static void check_status(struct check *check, const struct audit_status *is)
{
	if (!is->enabled)
		check_finding(check, FINDING_AUDIT_ENABLED, FINDING_PROBLEM,
			      "auditctl -e 1", "kernel audit is switched off");
	else
		check_finding(check, FINDING_AUDIT_ENABLED, FINDING_OK, NULL,
			      "kernel audit is on");
	if (!is->pid)
		check_finding(check, FINDING_AUDITD, FINDING_PROBLEM,
			      "systemctl start auditd",
			      "no auditd takes the kernel's records");
	else
		check_finding(check, FINDING_AUDITD, FINDING_OK, NULL,
			      "auditd runs as process %u", is->pid);
	check_backlog(check, is);
}

/* False where the kernel does not answer, which is told. */
static bool ask_status(struct check *check, int fd, struct audit_status *out)
{
	struct audit_reply reply;

	if (audit_request_status(fd) > 0)
		while (loaded_next_reply(fd, &reply))
			if (reply.type == AUDIT_GET) {
				*out = *reply.status;
				return true;
			}
	check_finding(check, FINDING_KERNEL, FINDING_PROBLEM, NULL,
		      "the kernel does not answer about audit: another "
		      "namespace may own it, or rights are missing");
	return false;
}

/* --- records that are left out ------------------------------------------------ */

/* What records events are made of, and what they are without them. */
static const struct part {
	int type;
	const char *name, *loss;
} parts[] = {
	{ AUDIT_SYSCALL, "SYSCALL", "there are no events" },
	{ AUDIT_EXECVE, "EXECVE", "programs have no arguments" },
	{ AUDIT_PATH, "PATH", "files are not known" },
	{ AUDIT_CWD, "CWD", "relative paths are not known" },
	{ AUDIT_SOCKADDR, "SOCKADDR", "connections are not seen" },
	{ AUDIT_CONFIG_CHANGE, "CONFIG_CHANGE",
	  "nobody is told when audit rules are removed" },
};

static bool holds(uint32_t op, uint32_t value, uint32_t wanted)
{
	switch (op) {
	case AUDIT_EQUAL:
		return value == wanted;
	case AUDIT_NOT_EQUAL:
		return value != wanted;
	case AUDIT_LESS_THAN:
		return value < wanted;
	case AUDIT_LESS_THAN_OR_EQUAL:
		return value <= wanted;
	case AUDIT_GREATER_THAN:
		return value > wanted;
	case AUDIT_GREATER_THAN_OR_EQUAL:
		return value >= wanted;
	default:
		return true;
	}
}

/* Whether a rule leaves out records of a type: all, or those of somebody; some
 * is enough. */
static bool leaves_out(const struct audit_rule_data *rule, int type)
{
	for (uint32_t i = 0; i < rule->field_count; i++)
		if (rule->fields[i] == AUDIT_MSGTYPE &&
		    !holds(rule->fieldflags[i], (uint32_t)type,
			   rule->values[i]))
			return false;
	return true;
}

/* A rule goes out of the kernel at once, and out of the files by hand. */
static const char *mend_delete(struct check *check,
			       const struct audit_rule_data *rule)
{
	const char *rules_d = check_path(check, RULES_D);
	struct strbuf text = STRBUF_INIT(2048);
	const char *mend;

	loaded_print(rule, &text);
	if (check_is_live(check))
		mend = check_mend(check,
				  "auditctl -d %.*s; grep -rnE "
				  "'never|exclude' %s",
				  STR_ARG(strbuf_str(&text)), rules_d);
	else
		mend = check_mend(check, "grep -rnE 'never|exclude' '%s'",
				  rules_d);
	strbuf_free(&text);
	return mend;
}

struct exclusion {
	struct check *check;
	const struct audit_rule_data *rule;
	/* types that no rule can match an event of; 0 = the end */
	int unwanted[512];
	size_t unwanted_count;
	struct strbuf lost; /* what is missed without what it leaves out */
};

static void take_unwanted(void *user, struct str name)
{
	struct exclusion *exclusion = user;
	char text[64];

	if (name.len >= sizeof(text) ||
	    exclusion->unwanted_count == sizeof(exclusion->unwanted) /
						 sizeof(exclusion->unwanted[0]))
		return;
	memcpy(text, name.data, name.len);
	text[name.len] = '\0';
	exclusion->unwanted[exclusion->unwanted_count++] =
		audit_name_to_msg_type(text);
}

static bool is_wanted(const struct exclusion *exclusion, int type)
{
	for (size_t i = 0; i < exclusion->unwanted_count; i++)
		if (exclusion->unwanted[i] == type)
			return false;
	return type > 0;
}

static void note_lost(struct exclusion *exclusion, const char *name,
		      const char *loss)
{
	strbuf_printf(&exclusion->lost, "%s%s%s%s",
		      exclusion->lost.len ? "; " : "", name, loss ? ": " : "",
		      loss ? loss : "");
}

static void check_exclusion(struct exclusion *exclusion)
{
	static const char *const user_records[] = {
#define USER_RECORD(name, ...) #name,
#include <audisp-eql/user_records.def>
#undef USER_RECORD
	};
	struct check *check = exclusion->check;
	struct strbuf text = STRBUF_INIT(0);

	strbuf_reset(&exclusion->lost);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (leaves_out(exclusion->rule, parts[i].type))
			note_lost(exclusion, parts[i].name, parts[i].loss);
	for (size_t i = 0; i < sizeof(user_records) / sizeof(user_records[0]);
	     i++) {
		int type = audit_name_to_msg_type(user_records[i]);

		if (is_wanted(exclusion, type) &&
		    leaves_out(exclusion->rule, type))
			note_lost(exclusion, user_records[i], NULL);
	}
	if (!exclusion->lost.len)
		return;
	loaded_print(exclusion->rule, &text);
	check_finding(check, FINDING_EXCLUDED_RECORD, FINDING_PROBLEM,
		      mend_delete(check, exclusion->rule),
		      "records that our rules need are left out by -a %.*s "
		      "(%.*s)",
		      STR_ARG(strbuf_str(&text)),
		      STR_ARG(strbuf_str(&exclusion->lost)));
	strbuf_free(&text);
}

static void check_excluded(struct check *check, const struct loaded *loaded,
			   const struct ruleset *rules)
{
	struct exclusion exclusion = {
		.check = check, .lost = { .max = 1024 }, /* of a sentence */
	};

	ruleset_tell_unwanted(rules, take_unwanted, &exclusion);
	for (size_t i = 0; i < loaded->count; i++)
		if (loaded->rules[i]->flags == AUDIT_FILTER_EXCLUDE) {
			exclusion.rule = loaded->rules[i];
			check_exclusion(&exclusion);
		}
	strbuf_free(&exclusion.lost);
}

/* --- rules that are needed ---------------------------------------------------- */

/* What our rules need, and what is there of it. */
struct need {
	struct check *check;
	const struct loaded *loaded, *files;
	bool locked;
	struct str text; /* of all rules, a row each */
	size_t count, missing;
	bool *doubtful; /* of loaded: a never that takes some of ours */
	size_t *taken; /* of loaded: a never, and how many of ours it takes */
};

static struct str next_row(struct str *rest)
{
	const char *end = memchr(rest->data, '\n', rest->len);
	struct str row = { rest->data,
			   end ? (size_t)(end - rest->data) : rest->len };

	rest->data += row.len + !!end;
	rest->len -= row.len + !!end;
	return row;
}

/* The rule of a row; NULL = it is none that this machine can have. */
static struct audit_rule_data *build_row(struct str row)
{
	char *copy = strndup(row.data, row.len);
	struct audit_rule_data *rule =
		copy && row.data[0] == '-' ? loaded_build(copy) : NULL;

	free(copy);
	return rule;
}

static struct str key_of(struct str row)
{
	const char *key = memmem(row.data, row.len, "key=", 4);

	if (!key)
		return STR("");
	return (struct str){ key + 4,
			     (size_t)(row.data + row.len - (key + 4)) };
}

static bool is_missing(struct need *need, const struct loaded *loaded,
		       struct str row, bool mark)
{
	struct audit_rule_data *ours = build_row(row);
	struct coverage coverage = { .missing = true };

	if (!ours)
		return true;
	coverage = loaded_cover(loaded, ours, mark ? need->doubtful : NULL);
	for (size_t i = 0; mark && i < loaded->count; i++)
		need->taken[i] += loaded->rules[i] == coverage.never;
	audit_rule_free_data(ours);
	return coverage.missing;
}

/* What loads what is missing. */
static const char *mend_missing(const struct need *need, bool in_files)
{
	struct check *check = need->check;
	const char *rules_d = check_path(check, RULES_D);
	const char *file = check_path(check, RULES_FILE);

	if (need->locked)
		return "augenrules; reboot";
	if (!check_is_live(check))
		return check_mend(check, "aueql rules --audit-rules >'%s'",
				  file);
	if (in_files)
		return "augenrules --load";
	/* the packaged file is replaced by upgrades, what was switched on stays
	 * beside it */
	return check_mend(check,
			  "aueql rules --audit-rules >%s/%s; augenrules --load",
			  rules_d,
			  access(file, F_OK) ? "60-audisp-eql.rules"
					     : "61-audisp-eql-more.rules");
}

/* Of the rules of one key: how many are not there, and which is the first. */
static void check_key(struct need *need, struct str key)
{
	struct str rest = need->text, row, first = { 0 };
	size_t count = 0, missing = 0;
	bool in_files = true;

	while (rest.len) {
		row = next_row(&rest);
		if (!row.len || row.data[0] != '-' ||
		    !str_equal(key_of(row), key))
			continue;
		count++;
		if (!is_missing(need, need->loaded, row, true))
			continue;
		if (!missing++)
			first = row;
		if (is_missing(need, need->files, row, false))
			in_files = false;
	}
	need->count += count;
	need->missing += missing;
	if (missing)
		check_finding(need->check, FINDING_AUDIT_RULE, FINDING_PROBLEM,
			      mend_missing(need, in_files),
			      "%zu of the %zu audit rules %.*s are not loaded, "
			      "the first is %.*s",
			      missing, count, STR_ARG(key), STR_ARG(first));
}

/* Whether a row before this one has its key. */
static bool is_told(struct str text, struct str row)
{
	while (text.len && text.data < row.data) {
		struct str other = next_row(&text);

		if (other.data != row.data &&
		    str_equal(key_of(other), key_of(row)))
			return true;
	}
	return false;
}

static void check_needed(struct need *need)
{
	struct str rest = need->text;
	size_t before = need->check->finding_count;

	while (rest.len) {
		struct str row = next_row(&rest);

		if (row.len && row.data[0] == '-' && !is_told(need->text, row))
			check_key(need, key_of(row));
	}
	if (!need->count)
		return;
	if (!need->missing) {
		check_finding(need->check, FINDING_AUDIT_RULE, FINDING_OK, NULL,
			      "all %zu audit rules that the rules need are %s",
			      need->count,
			      check_is_live(need->check) ? "loaded" : "there");
		return;
	}
	if (need->missing < need->count)
		return;
	/* instead of a finding for each key */
	need->check->problems -= need->check->finding_count - before;
	need->check->finding_count = before;
	check_finding(need->check, FINDING_AUDIT_RULE, FINDING_PROBLEM,
		      mend_missing(need, need->files->count > 0),
		      "none of the %zu audit rules that the rules need is %s: "
		      "nothing can be detected",
		      need->count,
		      check_is_live(need->check) ? "loaded" : "there");
}

/* --- rules that take away ------------------------------------------------------ */

/* The pair that is proposed for a dear service: one program, under one user. */
static bool is_pair(struct check *check, const struct audit_rule_data *rule)
{
	struct str exe;
	uint32_t uid;

	return loaded_text_field(rule, AUDIT_EXE, &exe) &&
	       loaded_number_field(rule, AUDIT_UID, &uid) &&
	       check_is_of_root(check, exe);
}

static void check_never(struct need *need)
{
	struct check *check = need->check;
	size_t pairs = 0;

	for (size_t i = 0; i < need->loaded->count; i++) {
		const struct audit_rule_data *rule = need->loaded->rules[i];
		struct strbuf text = STRBUF_INIT(2048);

		if (!need->doubtful[i] && !need->taken[i])
			continue;
		if (!need->taken[i] && is_pair(check, rule)) {
			pairs++;
			continue;
		}
		loaded_print(rule, &text);
		if (need->taken[i])
			check_finding(check, FINDING_NEVER_RULE,
				      FINDING_PROBLEM, mend_delete(check, rule),
				      "-a %.*s stands before %zu of our audit "
				      "rules and takes all their events",
				      STR_ARG(strbuf_str(&text)),
				      need->taken[i]);
		else
			check_finding(
				check, FINDING_NEVER_RULE, FINDING_WARNING,
				mend_delete(check, rule),
				"-a %.*s takes events of our audit rules: "
				"whoever or whatever it fits is not seen",
				STR_ARG(strbuf_str(&text)));
		strbuf_free(&text);
	}
	if (pairs)
		check_finding(check, FINDING_NEVER_RULE, FINDING_OK, NULL,
			      "%zu audit rule%s one program under one user out "
			      "of the log, as proposed for dear services",
			      pairs, pairs == 1 ? " leaves" : "s leave each");
}

static void check_task(struct check *check, const struct loaded *loaded)
{
	for (size_t i = 0; i < loaded->count; i++)
		if (loaded->rules[i]->flags == AUDIT_FILTER_TASK &&
		    loaded->rules[i]->action == AUDIT_NEVER) {
			check_finding(check, FINDING_NEVER_RULE,
				      FINDING_PROBLEM,
				      mend_delete(check, loaded->rules[i]),
				      "the audit rule -a task,never keeps all "
				      "system calls of processes that start "
				      "from now on out of the log");
			return;
		}
}

/* --- all ------------------------------------------------------------------------ */

static void compare(struct need *need, const struct ruleset *rules)
{
	struct strbuf text = STRBUF_INIT(1U << 20);
	struct utsname host;

	need->doubtful = calloc(LOADED_MAX, sizeof(*need->doubtful));
	need->taken = calloc(LOADED_MAX, sizeof(*need->taken));
	if (!need->doubtful || !need->taken || uname(&host) ||
	    ruleset_audit_rules(rules, host.machine, &text) || text.failed) {
		need->check->failed = true;
	} else {
		need->text = strbuf_str(&text);
		check_needed(need);
		check_never(need);
		/* other rule sets need not know what is linked here */
		if (text.len && memmem(text.data, text.len, "openat", 6))
			check_linkers(need->check, need->loaded,
				      mend_missing(need, false));
	}
	free(need->doubtful);
	free(need->taken);
	strbuf_free(&text);
}

static void on_bad(void *user, const char *path, unsigned int line)
{
	check_finding(user, FINDING_RULE_FILE, FINDING_PROBLEM,
		      check_mend(user, "sed -n %up '%s'", line, path),
		      "%s:%u: auditctl takes no such rule, and loads none that "
		      "stands behind it",
		      path, line);
}

static void check_rules(struct check *check, int fd,
			const struct ruleset *rules, bool locked)
{
	struct loaded *kernel = calloc(1, sizeof(*kernel));
	struct loaded *files = calloc(1, sizeof(*files));
	struct need need = { .check = check, .files = files, .locked = locked };
	const char *rules_d = check_path(check, RULES_D);
	int rc;

	need.loaded = check_is_live(check) ? kernel : files;
	if (!kernel || !files) {
		check->failed = true;
		goto out;
	}
	rc = loaded_from_directory(files, rules_d, on_bad, check);
	if (rc)
		check_finding(check, FINDING_RULE_FILE, FINDING_PROBLEM, NULL,
			      "%s: %s", rules_d, strerror(-rc));
	if (check_is_live(check) && !loaded_from_kernel(kernel, fd)) {
		check_finding(check, FINDING_KERNEL, FINDING_PROBLEM,
			      "auditctl -l",
			      "the kernel does not list its audit rules");
		goto out;
	}
	check_task(check, need.loaded);
	if (rules) {
		compare(&need, rules);
		check_excluded(check, need.loaded, rules);
	}
out:
	if (kernel)
		loaded_clear(kernel);
	if (files)
		loaded_clear(files);
	free(kernel);
	free(files);
}

void check_kernel(struct check *check, const struct ruleset *rules)
{
	struct audit_status status = { 0 };
	int fd;

	if (!check_is_live(check)) {
		check_rules(check, -1, rules, false);
		return;
	}
	if (geteuid()) {
		check_finding(check, FINDING_KERNEL, FINDING_WARNING,
			      "sudo aueql check",
			      "kernel audit was not examined: that needs root");
		return;
	}
	fd = audit_open();
	if (fd < 0) {
		check_finding(check, FINDING_KERNEL, FINDING_PROBLEM, NULL,
			      "this kernel has no audit: %s", strerror(errno));
		return;
	}
	if (ask_status(check, fd, &status)) {
		check_status(check, &status);
		if (status.enabled == 2)
			check_finding(check, FINDING_RULES_LOCKED, FINDING_OK,
				      NULL,
				      "audit rules are locked: changes of them "
				      "need a reboot");
		check_rules(check, fd, rules, status.enabled == 2);
	}
	audit_close(fd);
}
