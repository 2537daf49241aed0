/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A loaded rule covers one of ours when it has its system calls and asks for
 * nothing more. Of all that fit an event the first decides, so a "never" in
 * front takes away what stands behind it. Keys do not count.
 */
#include "loaded.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../rules/files.h"

#define REPLY_TIMEOUT_MS 2000
#define FILE_BYTES_MAX (4U << 20)
/* auditctl's own buffer */
#define ROW_BYTES 8192

/* --- fields --------------------------------------------------------------- */

static bool is_text_field(uint32_t field)
{
	switch (field) {
	case AUDIT_WATCH:
	case AUDIT_DIR:
	case AUDIT_EXE:
	case AUDIT_FILTERKEY:
	case AUDIT_SUBJ_USER:
	case AUDIT_SUBJ_ROLE:
	case AUDIT_SUBJ_TYPE:
	case AUDIT_SUBJ_SEN:
	case AUDIT_SUBJ_CLR:
	case AUDIT_OBJ_USER:
	case AUDIT_OBJ_ROLE:
	case AUDIT_OBJ_TYPE:
	case AUDIT_OBJ_LEV_LOW:
	case AUDIT_OBJ_LEV_HIGH:
		return true;
	default:
		return false;
	}
}

/* The text of field i; texts stand one behind the other. */
static struct str text_at(const struct audit_rule_data *rule, uint32_t i)
{
	size_t at = 0;

	if (!is_text_field(rule->fields[i]))
		return (struct str){ 0 };
	for (uint32_t k = 0; k < i; k++)
		if (is_text_field(rule->fields[k]))
			at += rule->values[k];
	if (at > rule->buflen || rule->values[i] > rule->buflen - at)
		return (struct str){ 0 };
	return (struct str){ rule->buf + at, rule->values[i] };
}

bool loaded_text_field(const struct audit_rule_data *rule, uint32_t field,
		       struct str *out)
{
	for (uint32_t i = 0; i < rule->field_count; i++) {
		if (rule->fields[i] != field ||
		    rule->fieldflags[i] != AUDIT_EQUAL)
			continue;
		*out = text_at(rule, i);
		return true;
	}
	return false;
}

bool loaded_number_field(const struct audit_rule_data *rule, uint32_t field,
			 uint32_t *out)
{
	for (uint32_t i = 0; i < rule->field_count; i++) {
		if (rule->fields[i] != field ||
		    rule->fieldflags[i] != AUDIT_EQUAL)
			continue;
		*out = rule->values[i];
		return true;
	}
	return false;
}

/* --- where they come from --------------------------------------------------- */

bool loaded_next_reply(int fd, struct audit_reply *reply)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	if (poll(&pfd, 1, REPLY_TIMEOUT_MS) <= 0)
		return false;
	return audit_get_reply(fd, reply, GET_REPLY_NONBLOCKING, 0) > 0;
}

static void add(struct loaded *loaded, const struct audit_rule_data *rule)
{
	size_t size = sizeof(*rule) + rule->buflen;
	struct audit_rule_data *copy = NULL;

	if (loaded->count < LOADED_MAX && rule->field_count <= AUDIT_MAX_FIELDS)
		copy = malloc(size);
	if (!copy)
		return;
	memcpy(copy, rule, size);
	loaded->rules[loaded->count++] = copy;
}

bool loaded_from_kernel(struct loaded *loaded, int fd)
{
	struct audit_reply reply;

	if (audit_request_rules_list_data(fd) <= 0)
		return false;
	while (loaded_next_reply(fd, &reply)) {
		if (reply.type == NLMSG_DONE)
			return true;
		if (reply.type == AUDIT_LIST_RULES)
			add(loaded, reply.ruledata);
	}
	return false;
}

/* "always,exit", in either order. */
static bool take_list(struct audit_rule_data *rule, char *argument)
{
	char *second = strchr(argument, ',');
	int list, action;

	if (!second)
		return false;
	*second++ = '\0';
	list = audit_name_to_flag(argument);
	action = audit_name_to_action(second);
	if (list < 0 || action < 0) {
		list = audit_name_to_flag(second);
		action = audit_name_to_action(argument);
	}
	if (list < 0 || action < 0)
		return false;
	rule->flags = (uint32_t)list;
	rule->action = (uint32_t)action;
	return true;
}

static bool take_calls(struct audit_rule_data *rule, char *argument)
{
	char *rest = NULL;

	for (char *name = strtok_r(argument, ",", &rest); name;
	     name = strtok_r(NULL, ",", &rest))
		if (audit_rule_syscallbyname_data(rule, name))
			return false;
	return true;
}

/* Adds one option and its argument; false = auditctl would not. */
static bool take_option(struct audit_rule_data **rule, const char *option,
			char *argument)
{
	if (!strcmp(option, "-a") || !strcmp(option, "-A"))
		return take_list(*rule, argument);
	if (!strcmp(option, "-S"))
		return take_calls(*rule, argument);
	if (!strcmp(option, "-C"))
		return !audit_rule_interfield_comp_data(rule, argument,
							(int)(*rule)->flags);
	if (!strcmp(option, "-F"))
		/* of a key only people ask */
		return !strncmp(argument, "key=", 4) ||
		       !audit_rule_fieldpair_data(rule, argument,
						  (int)(*rule)->flags);
	return !strcmp(option, "-k");
}

/* libaudit looks names of calls up for the arch it was told last. */
static void forget_arch(void)
{
	struct audit_rule_data *rule = audit_rule_create_data();
	char native[] = "arch=b64";

	if (sizeof(long) != 8)
		strcpy(native, "arch=b32");
	if (rule)
		(void)audit_rule_fieldpair_data(&rule, native,
						AUDIT_FILTER_EXIT);
	if (rule)
		audit_rule_free_data(rule);
}

/* Without any -S the rule is for all. */
static void finish(struct audit_rule_data *rule)
{
	for (size_t k = 0; k < AUDIT_BITMASK_SIZE; k++)
		if (rule->mask[k])
			return;
	memset(rule->mask, 0xff, sizeof(rule->mask));
}

struct audit_rule_data *loaded_build(char *text)
{
	struct audit_rule_data *rule = audit_rule_create_data();
	char *rest = NULL, *option = strtok_r(text, " \t", &rest);
	bool good = rule && option;

	set_aumessage_mode(MSG_QUIET, DBG_NO);
	forget_arch();
	while (good && option) {
		char *argument = strtok_r(NULL, " \t", &rest);

		good = argument && take_option(&rule, option, argument);
		option = strtok_r(NULL, " \t", &rest);
	}
	if (good) {
		finish(rule);
		return rule;
	}
	if (rule)
		audit_rule_free_data(rule);
	return NULL;
}

/* --- files ------------------------------------------------------------------ */

/* One row of a file; false = auditctl takes it for no rule. */
static bool add_row(struct loaded *loaded, const char *text, size_t len)
{
	struct audit_rule_data *rule;
	char row[ROW_BYTES];
	const char *start;

	if (len >= sizeof(row) || memchr(text, '\0', len))
		return false;
	memcpy(row, text, len);
	row[len] = '\0';
	start = row + strspn(row, " \t");
	if (strncmp(start, "-a", 2) && strncmp(start, "-A", 2)) {
		/* watches add events; all else is of auditd's own settings */
		if (!strncmp(start, "-D", 2))
			loaded_clear(loaded);
		return !*start || *start == '#' || *start == '-';
	}
	rule = loaded_build(row);
	if (!rule)
		return false;
	add(loaded, rule);
	if (!strncmp(start, "-A", 2) && loaded->count > 1) {
		struct audit_rule_data *first =
			loaded->rules[loaded->count - 1];

		memmove(loaded->rules + 1, loaded->rules,
			(loaded->count - 1) * sizeof(loaded->rules[0]));
		loaded->rules[0] = first;
	}
	audit_rule_free_data(rule);
	return true;
}

struct source {
	struct loaded *loaded;
	void (*on_bad)(void *user, const char *path, unsigned int line);
	void *user;
};

static int add_file(const struct source *source, const char *path)
{
	struct strbuf text = STRBUF_INIT(0);
	int rc = files_read(path, FILE_BYTES_MAX, &text);
	struct str rest = strbuf_str(&text);
	unsigned int number = 0;

	while (!rc && rest.len) {
		const char *end = memchr(rest.data, '\n', rest.len);
		size_t len = end ? (size_t)(end - rest.data) : rest.len;

		number++;
		if (!add_row(source->loaded, rest.data, len) && source->on_bad)
			source->on_bad(source->user, path, number);
		rest.data += len + !!end;
		rest.len -= len + !!end;
	}
	strbuf_free(&text);
	return rc;
}

static int is_rules_file(const struct dirent *entry)
{
	const char *end = strrchr(entry->d_name, '.');

	return entry->d_name[0] != '.' && end && !strcmp(end, ".rules");
}

int loaded_from_directory(struct loaded *loaded, const char *directory,
			  void (*on_bad)(void *user, const char *path,
					 unsigned int line),
			  void *user)
{
	const struct source source = { loaded, on_bad, user };
	struct dirent **names = NULL;
	int count, rc = 0;

	count = scandir(directory, &names, is_rules_file, versionsort);
	if (count < 0)
		return -errno;
	for (int i = 0; i < count; i++) {
		char path[4096];

		if ((size_t)snprintf(path, sizeof(path), "%s/%s", directory,
				     names[i]->d_name) >= sizeof(path))
			rc = -ENAMETOOLONG;
		else if (!rc)
			rc = add_file(&source, path);
		free(names[i]);
	}
	free(names);
	return rc;
}

void loaded_clear(struct loaded *loaded)
{
	while (loaded->count)
		free(loaded->rules[--loaded->count]);
}

/* --- what is covered -------------------------------------------------------- */

/* Whether field i of one takes all that field k of another does. */
static bool field_within(const struct audit_rule_data *one, uint32_t i,
			 const struct audit_rule_data *other, uint32_t k)
{
	if (one->fields[i] != other->fields[k] ||
	    one->fieldflags[i] != other->fieldflags[k])
		return false;
	if (is_text_field(one->fields[i]))
		return str_equal(text_at(one, i), text_at(other, k));
	if (one->fieldflags[i] == AUDIT_BIT_MASK ||
	    one->fields[i] == AUDIT_PERM)
		return !(other->values[k] & ~one->values[i]);
	return one->values[i] == other->values[k];
}

/* Whether every condition of a loaded rule is also asked by ours. */
static bool asks_no_more(const struct audit_rule_data *loaded,
			 const struct audit_rule_data *ours)
{
	for (uint32_t i = 0; i < loaded->field_count; i++) {
		bool found = loaded->fields[i] == AUDIT_FILTERKEY;

		for (uint32_t k = 0; !found && k < ours->field_count; k++)
			found = field_within(loaded, i, ours, k);
		if (!found)
			return false;
	}
	return true;
}

/* Whether no event can be of both: they want one field to be different. */
static bool are_apart(const struct audit_rule_data *a,
		      const struct audit_rule_data *b)
{
	for (uint32_t i = 0; i < a->field_count; i++)
		for (uint32_t k = 0; k < b->field_count; k++)
			if (a->fields[i] == b->fields[k] &&
			    a->fieldflags[i] == AUDIT_EQUAL &&
			    b->fieldflags[k] == AUDIT_EQUAL &&
			    a->fields[i] != AUDIT_FILTERKEY &&
			    a->fields[i] != AUDIT_PERM &&
			    a->fields[i] != AUDIT_DIR &&
			    !field_within(a, i, b, k))
				return true;
	return false;
}

static bool masks_meet(const uint32_t *a, const uint32_t *b)
{
	for (size_t k = 0; k < AUDIT_BITMASK_SIZE; k++)
		if (a[k] & b[k])
			return true;
	return false;
}

struct coverage loaded_cover(const struct loaded *loaded,
			     const struct audit_rule_data *ours, bool *doubtful)
{
	struct coverage coverage = { 0 };
	uint32_t need[AUDIT_BITMASK_SIZE], left = 0;

	memcpy(need, ours->mask, sizeof(need));
	for (size_t i = 0; i < loaded->count; i++) {
		const struct audit_rule_data *rule = loaded->rules[i];
		bool never = rule->action == AUDIT_NEVER;
		bool meets = rule->flags == AUDIT_FILTER_EXIT &&
			     masks_meet(rule->mask, need);

		if (!meets || (!asks_no_more(rule, ours) && !never))
			continue;
		if (!asks_no_more(rule, ours)) {
			if (doubtful && !are_apart(rule, ours))
				doubtful[i] = true;
			continue;
		}
		if (never && !coverage.never)
			coverage.never = rule;
		for (size_t k = 0; k < AUDIT_BITMASK_SIZE; k++)
			need[k] &= ~rule->mask[k];
	}
	for (size_t k = 0; k < AUDIT_BITMASK_SIZE; k++)
		left |= need[k];
	coverage.missing = left != 0;
	return coverage;
}

/* --- as text ---------------------------------------------------------------- */

static int machine_of(const struct audit_rule_data *rule)
{
	uint32_t elf;

	if (loaded_number_field(rule, AUDIT_ARCH, &elf))
		return audit_elf_to_machine(elf);
	return audit_detect_machine();
}

static bool is_for_all(const struct audit_rule_data *rule)
{
	/* the last bits are classes, which the kernel does not give back */
	for (size_t k = 0; k < AUDIT_BITMASK_SIZE - 1; k++)
		if (rule->mask[k] != UINT32_MAX)
			return false;
	return true;
}

static void print_calls(const struct audit_rule_data *rule, struct strbuf *out)
{
	int machine = machine_of(rule);
	const char *between = " -S ";

	if (is_for_all(rule)) {
		if (rule->flags == AUDIT_FILTER_EXIT)
			strbuf_add_str(out, STR(" -S all"));
		return;
	}
	for (int number = 0; number < AUDIT_BITMASK_SIZE * 32; number++) {
		const char *name;

		if (!(rule->mask[number / 32] & 1U << number % 32))
			continue;
		name = machine < 0 ? NULL
				   : audit_syscall_to_name(number, machine);
		if (name)
			strbuf_printf(out, "%s%s", between, name);
		else
			strbuf_printf(out, "%s%d", between, number);
		between = ",";
	}
}

static void print_perm(uint32_t value, struct strbuf *out)
{
	if (value & AUDIT_PERM_READ)
		strbuf_add_char(out, 'r');
	if (value & AUDIT_PERM_WRITE)
		strbuf_add_char(out, 'w');
	if (value & AUDIT_PERM_EXEC)
		strbuf_add_char(out, 'x');
	if (value & AUDIT_PERM_ATTR)
		strbuf_add_char(out, 'a');
}

static void print_number(const struct audit_rule_data *rule, uint32_t field,
			 uint32_t value, struct strbuf *out)
{
	int machine = machine_of(rule);
	const char *name = NULL;

	if (field == AUDIT_ARCH && machine >= 0)
		name = value & __AUDIT_ARCH_64BIT ? "b64" : "b32";
	else if (field == AUDIT_MSGTYPE)
		name = audit_msg_type_to_name((int)value);
	else if (field == AUDIT_FILETYPE)
		name = audit_ftype_to_name((int)value);
	if (name)
		strbuf_add_str(out, str_from(name));
	else if (field == AUDIT_PERM)
		print_perm(value, out);
	else if (field >= AUDIT_ARG0 && field <= AUDIT_ARG3)
		strbuf_printf(out, "0x%x", value);
	else
		strbuf_printf(out, "%d", (int)value);
}

static const char *const compared[][2] = {
	[AUDIT_COMPARE_UID_TO_OBJ_UID] = { "uid", "obj_uid" },
	[AUDIT_COMPARE_GID_TO_OBJ_GID] = { "gid", "obj_gid" },
	[AUDIT_COMPARE_EUID_TO_OBJ_UID] = { "euid", "obj_uid" },
	[AUDIT_COMPARE_EGID_TO_OBJ_GID] = { "egid", "obj_gid" },
	[AUDIT_COMPARE_AUID_TO_OBJ_UID] = { "auid", "obj_uid" },
	[AUDIT_COMPARE_SUID_TO_OBJ_UID] = { "suid", "obj_uid" },
	[AUDIT_COMPARE_SGID_TO_OBJ_GID] = { "sgid", "obj_gid" },
	[AUDIT_COMPARE_FSUID_TO_OBJ_UID] = { "fsuid", "obj_uid" },
	[AUDIT_COMPARE_FSGID_TO_OBJ_GID] = { "fsgid", "obj_gid" },
	[AUDIT_COMPARE_UID_TO_AUID] = { "uid", "auid" },
	[AUDIT_COMPARE_UID_TO_EUID] = { "uid", "euid" },
	[AUDIT_COMPARE_UID_TO_FSUID] = { "uid", "fsuid" },
	[AUDIT_COMPARE_UID_TO_SUID] = { "uid", "suid" },
	[AUDIT_COMPARE_AUID_TO_FSUID] = { "auid", "fsuid" },
	[AUDIT_COMPARE_AUID_TO_SUID] = { "auid", "suid" },
	[AUDIT_COMPARE_AUID_TO_EUID] = { "auid", "euid" },
	[AUDIT_COMPARE_EUID_TO_SUID] = { "euid", "suid" },
	[AUDIT_COMPARE_EUID_TO_FSUID] = { "euid", "fsuid" },
	[AUDIT_COMPARE_SUID_TO_FSUID] = { "suid", "fsuid" },
	[AUDIT_COMPARE_GID_TO_EGID] = { "gid", "egid" },
	[AUDIT_COMPARE_GID_TO_FSGID] = { "gid", "fsgid" },
	[AUDIT_COMPARE_GID_TO_SGID] = { "gid", "sgid" },
	[AUDIT_COMPARE_EGID_TO_FSGID] = { "egid", "fsgid" },
	[AUDIT_COMPARE_EGID_TO_SGID] = { "egid", "sgid" },
	[AUDIT_COMPARE_SGID_TO_FSGID] = { "sgid", "fsgid" },
};

static void print_field(const struct audit_rule_data *rule, uint32_t i,
			struct strbuf *out)
{
	const char *name = audit_field_to_name((int)rule->fields[i]);
	const char *sign = audit_operator_to_symbol((int)rule->fieldflags[i]);
	uint32_t value = rule->values[i];

	sign = sign ? sign : "?";
	if (rule->fields[i] == AUDIT_FIELD_COMPARE) {
		if (value < sizeof(compared) / sizeof(compared[0]) &&
		    compared[value][0])
			strbuf_printf(out, "%s%s%s", compared[value][0], sign,
				      compared[value][1]);
		return;
	}
	if (rule->fields[i] == AUDIT_FILTERKEY)
		name = "key";
	strbuf_printf(out, "%s%s", name ? name : "?", sign);
	if (is_text_field(rule->fields[i]))
		strbuf_add_str(out, text_at(rule, i));
	else
		print_number(rule, rule->fields[i], value, out);
}

/* As a shell takes it. */
static void print_quoted(struct str text, struct strbuf *out)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789/._+-=,:@%";
	bool quoted = false;

	for (size_t i = 0; i < text.len; i++)
		quoted =
			quoted || !text.data[i] || !strchr(plain, text.data[i]);
	if (!quoted) {
		strbuf_add_str(out, text);
		return;
	}
	strbuf_add_char(out, '\'');
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] == '\'')
			strbuf_add_str(out, STR("'\\''"));
		else
			strbuf_add_char(out, text.data[i]);
	strbuf_add_char(out, '\'');
}

static void print_condition(const struct audit_rule_data *rule, uint32_t i,
			    struct strbuf *out)
{
	struct strbuf field = STRBUF_INIT(0);

	print_field(rule, i, &field);
	strbuf_add_str(out, rule->fields[i] == AUDIT_FIELD_COMPARE
				    ? STR(" -C ")
				    : STR(" -F "));
	print_quoted(strbuf_str(&field), out);
	out->failed = out->failed || field.failed;
	strbuf_free(&field);
}

void loaded_print(const struct audit_rule_data *rule, struct strbuf *out)
{
	const char *action = audit_action_to_name((int)rule->action);
	const char *list = audit_flag_to_name((int)rule->flags);

	strbuf_printf(out, "%s,%s", action ? action : "?", list ? list : "?");
	/* the arch stands before the calls, whose names depend on it */
	for (uint32_t i = 0; i < rule->field_count; i++)
		if (rule->fields[i] == AUDIT_ARCH)
			print_condition(rule, i, out);
	print_calls(rule, out);
	for (uint32_t i = 0; i < rule->field_count; i++)
		if (rule->fields[i] != AUDIT_ARCH)
			print_condition(rule, i, out);
}
