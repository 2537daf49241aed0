/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What kinds.def promises to rules is what normalize makes: each event of the
 * logs in tests/cases/normalize is of a kind, comes from a call of it, and has
 * no field of a group that the kind does not have; and each kind is met there.
 * And queries in the form rules are published in find the events they mean.
 */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "eql/eql.h"
#include "eql/pred.h"
#include "normalize/normalize.h"
#include "readlog.h"

#define WORDS_MAX 6

enum group {
	GROUP_FILE = 1 << 0,
	GROUP_ORIGINAL = 1 << 1,
	GROUP_DESTINATION = 1 << 2,
	GROUP_EXIT = 1 << 3,
	GROUP_DIRECTORY = 1 << 4,
	GROUP_PID = 1 << 5,
	GROUP_OUTCOME = 1 << 6,
	GROUP_ARGUMENTS = 1 << 7,
	GROUP_SOURCE = 1 << 8,
	GROUP_DIRECTION = 1 << 9,
	GROUP_SOCKET = 1 << 10,
	GROUP_TARGET = 1 << 11,
	GROUP_MODULE = 1 << 12,
	GROUP_LINK = 1 << 13,
	GROUP_CLASS = 1 << 14,
	GROUP_ENVIRONMENT = 1 << 15,
	GROUP_CAPABILITIES = 0, /* of few execs; test_normalize has them */
};

static const struct {
	unsigned int group;
	enum field_id field;
} fields[] = {
	{ GROUP_FILE, FIELD_FILE_DEVICE },
	{ GROUP_FILE, FIELD_FILE_EXTENSION },
	{ GROUP_FILE, FIELD_FILE_GID },
	{ GROUP_FILE, FIELD_FILE_INODE },
	{ GROUP_FILE, FIELD_FILE_MODE },
	{ GROUP_FILE, FIELD_FILE_NAME },
	{ GROUP_FILE, FIELD_FILE_PATH },
	{ GROUP_FILE, FIELD_FILE_UID },
	{ GROUP_ORIGINAL, FIELD_FILE_EXT_ORIGINAL_EXTENSION },
	{ GROUP_ORIGINAL, FIELD_FILE_EXT_ORIGINAL_NAME },
	{ GROUP_ORIGINAL, FIELD_FILE_EXT_ORIGINAL_PATH },
	{ GROUP_DESTINATION, FIELD_DESTINATION_IP },
	{ GROUP_DESTINATION, FIELD_DESTINATION_PORT },
	{ GROUP_EXIT, FIELD_PROCESS_EXIT_CODE },
	{ GROUP_DIRECTORY, FIELD_PROCESS_WORKING_DIRECTORY },
	{ GROUP_PID, FIELD_PROCESS_PID },
	{ GROUP_ARGUMENTS, FIELD_AUDITD_DATA_A0 },
	{ GROUP_ARGUMENTS, FIELD_AUDITD_DATA_A1 },
	{ GROUP_ARGUMENTS, FIELD_AUDITD_DATA_A2 },
	{ GROUP_ARGUMENTS, FIELD_AUDITD_DATA_A3 },
	{ GROUP_SOURCE, FIELD_SOURCE_IP },
	{ GROUP_SOURCE, FIELD_SOURCE_PORT },
	{ GROUP_DIRECTION, FIELD_NETWORK_DIRECTION },
	{ GROUP_SOCKET, FIELD_AUDITD_DATA_SOCKET_FAMILY },
	{ GROUP_SOCKET, FIELD_NETWORK_TYPE },
	{ GROUP_TARGET, FIELD_TARGET_PROCESS_NAME },
	{ GROUP_TARGET, FIELD_TARGET_PROCESS_PID },
	{ GROUP_MODULE, FIELD_AUDITD_DATA_NAME },
	{ GROUP_LINK, FIELD_FILE_TARGET_PATH },
	{ GROUP_CLASS, FIELD_AUDITD_DATA_CLASS },
	{ GROUP_ENVIRONMENT, FIELD_PROCESS_ENV_VARS },
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static const struct kind {
	const char *name, *category, *dataset;
	const char *types[WORDS_MAX], *actions[WORDS_MAX];
	const char *calls;
	unsigned int groups;
} kinds[] = {
#define W(...) \
	{ \
		__VA_ARGS__ \
	}
#define KIND(id, name, need, category, dataset, types, actions, calls, groups) \
	{ name, category, dataset, types, actions, calls, groups },
#include "rules/kinds.def"
#undef KIND
#undef W
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct run {
	struct normalizer *normalizer;
	struct arena *arena;
	size_t field_count;
	const char *log;
	unsigned int met[KINDS]; /* events of the kind */
	unsigned int shown[KINDS]; /* groups that one of them had */
};

static bool has_word(const struct event *event, size_t slot, const char *word)
{
	size_t count;
	const struct value *items =
		value_items(event_value(event, slot, READING_INVOKED), &count);

	for (size_t i = 0; i < count; i++)
		if (str_equal(items[i].s, str_from(word)))
			return true;
	return false;
}

/* Whether the field has just these words: rules/support.c tells by them which
 * events no rule can match. A linker's rename and chmod are a creation beside
 * what they are; those are always made. */
static bool has_words(const struct event *event, size_t slot,
		      const char *const words[WORDS_MAX])
{
	size_t count, i = 0;

	value_items(event_value(event, slot, READING_INVOKED), &count);
	for (; i < WORDS_MAX && words[i]; i++)
		if (!has_word(event, slot, words[i]))
			return false;
	return count == i || (has_word(event, FIELD_EVENT_TYPE, "creation") &&
			      (has_word(event, FIELD_EVENT_ACTION, "rename") ||
			       has_word(event, FIELD_EVENT_ACTION,
					"changed-file-permissions-of")));
}

/* An operation of io_uring has no call. */
static bool has_call(const struct event *event, const char *calls)
{
	const struct value *call =
		event_value(event, FIELD_AUDITD_DATA_SYSCALL, READING_INVOKED);

	if (call->type == VALUE_NULL)
		return true;
	while (*calls) {
		struct str name = { calls, strcspn(calls, ",") };

		if (str_equal(name, call->s))
			return true;
		calls += name.len + (calls[name.len] == ',');
	}
	return false;
}

static bool is_of(const struct event *event, const struct kind *kind)
{
	char dataset[64];

	snprintf(dataset, sizeof(dataset), "endpoint.events.%s", kind->dataset);
	return has_word(event, FIELD_EVENT_CATEGORY, kind->category) &&
	       has_word(event, FIELD_DATA_STREAM_DATASET, dataset) &&
	       has_words(event, FIELD_EVENT_TYPE, kind->types) &&
	       has_words(event, FIELD_EVENT_ACTION, kind->actions) &&
	       has_call(event, kind->calls);
}

static unsigned int groups_of(const struct event *event)
{
	unsigned int groups = 0;

	for (size_t i = 0; i < FIELDS; i++)
		if (event_value(event, fields[i].field, READING_INVOKED)
			    ->type != VALUE_NULL)
			groups |= fields[i].group;
	if (has_word(event, FIELD_EVENT_OUTCOME, "failure"))
		groups |= GROUP_OUTCOME;
	return groups;
}

static int check_event(void *user, const struct raw_event *raw)
{
	struct run *run = user;
	unsigned int groups, known = 0;
	struct event *event = NULL;
	bool found = false;
	int rc;

	arena_reset(run->arena);
	rc = normalize_event(run->normalizer, raw, run->arena, &event);
	if (rc > 0)
		return 0;
	assert_int_equal(rc, 0);
	/* what programs send is not of kinds.def */
	if (has_word(event, FIELD_DATA_STREAM_DATASET,
		     "endpoint.events.security"))
		return 0;
	groups = groups_of(event);
	for (size_t i = 0; i < KINDS; i++) {
		if (!is_of(event, &kinds[i]))
			continue;
		found = true;
		known |= kinds[i].groups;
		run->met[i]++;
		run->shown[i] |= groups;
	}
	if (!found)
		fail_msg("%s: event %llu is of no kind", run->log,
			 (unsigned long long)event->serial);
	if (groups & ~known)
		fail_msg("%s: event %llu has fields that its kind has not: %x",
			 run->log, (unsigned long long)event->serial,
			 groups & ~known);
	return 0;
}

/* --- logs ----------------------------------------------------------------- */

typedef int (*event_fn)(void *user, const struct raw_event *raw);

/* As of every process, for what needs a /proc. */
static enum environment_answer tell_environment(void *user, int64_t pid,
						int64_t since_ms,
						struct arena *arena,
						struct value *out)
{
	(void)user;
	(void)pid;
	(void)since_ms;
	(void)arena;
	*out = VALUE_OF_STR(STR("A=1"));
	return ENVIRONMENT_WHOLE;
}

/* Gives fn all events of tests/cases/normalize/NAME.log. */

static void read_log(struct run *run, const char *name, event_fn fn, void *user)
{
	struct normalizer_config config = {
		.field_count = run->field_count,
		.memcap = 16U << 20,
		.host_id = STR("this-host"),
		.resolver.environment = tell_environment,
	};
	size_t len = 0;
	char *path, *data;

	assert_true(asprintf(&path, "%s/tests/cases/normalize/%s.log",
			     readlog_srcdir(), name) > 0);
	data = readlog_file(path, &len);
	if (!data)
		fail_msg("%s cannot be read", path);
	free(path);
	run->log = name;
	run->arena = arena_new(0);
	assert_non_null(run->arena);
	assert_int_equal(normalizer_new(&config, &run->normalizer), 0);
	assert_int_equal(readlog_events(data, len, fn, user), 0);
	normalizer_free(&run->normalizer);
	arena_free(&run->arena);
	free(data);
}

/* --- queries -------------------------------------------------------------- */

#define LINUX "host.os.type == \"linux\" and "

static const struct {
	const char *log, *query;
	size_t count; /* events that match */
} queries[] = {
	{ "kinds-delete",
	  "file where " LINUX "event.type == \"deletion\" and "
	  "event.action == \"deletion\" and file.name in (\"a.txt\", \"x\")",
	  1 },
	{ "kinds-delete",
	  "file where event.action == \"deleted\" and "
	  "file.path like \"/home/*/w/*\"",
	  6 },
	{ "kinds-open",
	  "file where " LINUX "event.type == \"change\" and "
	  "event.action in (\"modification\", \"overwrite\") and "
	  "file.name : \"A.TXT\"",
	  5 },
	{ "kinds-open",
	  "file where " LINUX "event.type in (\"creation\", \"change\") and "
	  "not file.Ext.original.extension == \"tmp\"",
	  9 },
	{ "kinds-open",
	  "file where " LINUX "auditd.data.syscall == \"open\" and "
	  "auditd.data.a2 == \"1b6\" and file.path == \"/proc/net/route\"",
	  1 },
	{ "kinds-open",
	  "file where event.action == \"opened-file\" and "
	  "file.path == \"/etc/passwd\" and event.outcome == \"success\"",
	  1 },
	{ "kinds-open", "file where event.type == \"access\"", 3 },
	{ "kinds-attributes",
	  "file where " LINUX "event.type == \"change\" and "
	  "event.action == \"changed-file-ownership-of\" and "
	  "event.outcome == \"success\" and file.path in "
	  "(\"/home/dev/w/a.txt\", \"/etc/shadow\") and user.id == \"0\"",
	  3 },
	{ "kinds-entries",
	  "file where event.action == \"rename\" and "
	  "file.Ext.original.name == \"b.txt\" and "
	  "file.Ext.original.extension == \"txt\"",
	  1 },
	{ "kinds-entries",
	  "file where event.action : \"symlinked\" and "
	  "file.target_path : \"/etc/*\"",
	  1 },
	{ "kinds-identity",
	  "process where " LINUX "event.type == \"change\" and "
	  "event.action in (\"uid_change\", \"guid_change\") and "
	  "event.type == \"change\" and user.id == \"0\"",
	  1 },
	{ "kinds-identity",
	  "process where event.action == \"changed-identity-of\" and "
	  "user.effective.id != \"0\" and process.real_user.id == \"0\"",
	  1 },
	{ "kinds-identity",
	  "process where " LINUX "event.type == \"change\" and "
	  "event.action == \"gid_change\" and group.id == \"2001\" and "
	  "user.id != null",
	  2 },
	{ "kinds-identity",
	  "process where event.action == \"session_id_change\" and "
	  "user.id == \"0\"",
	  1 },
	{ "kinds-signal",
	  "process where " LINUX "event.action == \"killed-pid\" and "
	  "auditd.data.syscall == \"kill\" and "
	  "auditd.data.a1 in (\"21\", \"24\", \"40\")",
	  1 },
	{ "kinds-signal",
	  "process where auditd.data.syscall == \"ptrace\" and "
	  "auditd.data.a0 == \"10\" and Target.process.name == \"proc\"",
	  1 },
	{ "kinds-call",
	  "process where " LINUX "auditd.data.syscall == \"prctl\" and "
	  "auditd.data.a0 == \"f\"",
	  1 },
	{ "kinds-call",
	  "process where auditd.data.syscall == \"mprotect\" and "
	  "auditd.data.a2 == \"7\"",
	  1 },
	{ "kinds-call",
	  "process where auditd.data.syscall == \"socket\" and "
	  "auditd.data.a1 == \"2\" or auditd.data.syscall == \"splice\"",
	  1 },
	{ "kinds-call", "process where event.action == null", 7 },
	{ "kinds-call",
	  "process where auditd.data.syscall == \"unshare\" and "
	  "auditd.data.class == \"namespace\"",
	  1 },
	{ "kinds-open",
	  "file where data_stream.dataset == \"fim.event\" and "
	  "event.action == \"updated\" and file.name == \"a.txt\"",
	  5 },
	/* only for writing */
	{ "kinds-open", "file where event.action == \"open\"", 6 },
	{ "security-modules",
	  "any where event.action == \"violated-apparmor-policy\" and "
	  "process.name == \"reader\"",
	  3 },
	{ "identity-same",
	  "process where event.action == \"uid_change\" and user.id == \"0\" "
	  "and process.thread.capabilities.effective : \"CAP_SET?ID\"",
	  1 },
	{ "kinds-made",
	  "driver where " LINUX "event.action == \"loaded-kernel-module\" "
	  "and auditd.data.syscall in (\"init_module\", \"finit_module\")",
	  2 },
	{ "kinds-made",
	  "process where " LINUX "event.type == \"start\" and "
	  "event.action == \"load_module\" and process.executable : \"*kmod\"",
	  2 },
	{ "kinds-made",
	  "any where event.category == \"network\" and "
	  "event.action == \"bound-socket\" and "
	  "data_stream.dataset == \"auditd_manager.auditd\" and "
	  "?auditd.data.socket.family == \"38\"",
	  1 },
	{ "kinds-server",
	  "network where " LINUX "event.action == \"connection_accepted\" "
	  "and event.type == \"start\" and source.ip != null and "
	  "cidrMatch(source.ip, \"127.0.0.0/8\", \"::1\")",
	  4 },
	{ "kinds-server",
	  "network where event.action == \"accepted-connection-from\" and "
	  "network.direction == \"ingress\" and source.port > 1024",
	  4 },
	{ "kinds-server",
	  "network where event.action == \"connection_accepted\" and "
	  "destination.port in (4444, 4445) and "
	  "not cidrMatch(destination.ip, \"10.0.0.0/8\")",
	  4 },
	{ "kinds-server",
	  "network where event.action == \"bound-socket\" and "
	  "source.port in (4444, 4445)",
	  2 },
	{ "kinds-mount",
	  "process where event.action == \"mounted\" and file.name == \"m\"",
	  2 },
};

/* One of them on its way through its log. */
struct search {
	struct run run;
	struct pred_context context;
	const struct stage *stage;
	size_t found;
};

static bool stage_holds(struct search *search, const struct event *event)
{
	const struct stage *stage = search->stage;

	return (!stage->category_bit ||
		(stage->category_bit & event->categories)) &&
	       (pred_eval(stage->condition, event, READING_INVOKED,
			  &search->context) ||
		pred_eval(stage->condition, event, READING_RESOLVED,
			  &search->context));
}

static int search_event(void *user, const struct raw_event *raw)
{
	struct search *search = user;
	struct event *event = NULL;
	int rc;

	arena_reset(search->run.arena);
	rc = normalize_event(search->run.normalizer, raw, search->run.arena,
			     &event);
	if (rc > 0)
		return 0;
	assert_int_equal(rc, 0);
	search->found += stage_holds(search, event);
	return 0;
}

static void test_queries(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		struct eql_options options = { .live = true };
		struct search search = { 0 };
		struct eql_error error;
		const struct query *query;

		options.arena = arena_new(0);
		search.context.scratch = arena_new(0);
		assert_int_equal(field_table_new(&options.fields), 0);
		if (eql_compile(&options, str_from(queries[i].query), &query,
				&error))
			fail_msg("%s: %.*s", queries[i].query,
				 STR_ARG(error.message));
		search.stage = query->stages;
		search.run.field_count = field_table_count(options.fields);
		read_log(&search.run, queries[i].log, search_event, &search);
		if (search.found != queries[i].count)
			fail_msg("%s: %zu events of %s, not %zu",
				 queries[i].query, search.found, queries[i].log,
				 queries[i].count);
		field_table_free(&options.fields);
		arena_free(&search.context.scratch);
		arena_free(&options.arena);
	}
}

/* --- all events ----------------------------------------------------------- */

static int is_log(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && !strcmp(dot, ".log");
}

static void test_events_are_of_kinds(void **state)
{
	struct run run = { .field_count = FIELD__COUNT };
	struct dirent **entries;
	char directory[4096];
	int count;

	(void)state;
	snprintf(directory, sizeof(directory), "%s/tests/cases/normalize",
		 readlog_srcdir());
	count = scandir(directory, &entries, is_log, alphasort);
	assert_true(count > 30);
	for (int i = 0; i < count; i++) {
		entries[i]->d_name[strlen(entries[i]->d_name) - 4] = '\0';
		read_log(&run, entries[i]->d_name, check_event, &run);
		free(entries[i]);
	}
	free(entries);
	for (size_t i = 0; i < KINDS; i++) {
		/* the directory may come from an exec that a log has not */
		unsigned int missing =
			kinds[i].groups & ~run.shown[i] & ~GROUP_DIRECTORY;

		if (!run.met[i])
			fail_msg("no log has a %s", kinds[i].name);
		if (missing)
			fail_msg("no %s has fields of all its groups: %x",
				 kinds[i].name, missing);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events_are_of_kinds),
		cmocka_unit_test(test_queries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
