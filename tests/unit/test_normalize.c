/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Normalization: logs in tests/cases/normalize against what is written beside
 * them, and all captures of tests/corpus against their truth.
 *
 * Given a log as argument, this program prints its events as a case expects
 * them: read what it says before you make it the expectation.
 */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <json.h>

#include "limits.h"
#include "normalize/names.h"
#include "normalize/normalize.h"
#include "normalize/proctable.h"
#include "normalize/recent.h"
#include "readlog.h"
#include "util/json.h"

/* directory/name, where NULL stands for the top of the sources; free() it. */
static char *path_of(const char *directory, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", directory ? directory : readlog_srcdir(),
		     name) < 0)
		abort();
	return path;
}

static char *read_or_fail(const char *path, size_t *len)
{
	char *data = readlog_file(path, len);

	if (!data)
		fail_msg("%s cannot be read", path);
	return data;
}

/* --- events as text ------------------------------------------------------- */

static void print_value(struct strbuf *out, const struct value *value)
{
	char ip[IP_TEXT_MAX];

	switch (value->type) {
	case VALUE_NULL:
		strbuf_add_str(out, STR("null"));
		break;
	case VALUE_BOOL:
		strbuf_add_str(out, value->b ? STR("true") : STR("false"));
		break;
	case VALUE_INT:
		strbuf_printf(out, "%lld", (long long)value->i);
		break;
	case VALUE_DOUBLE:
		strbuf_printf(out, "%g", value->d);
		break;
	case VALUE_STRING:
		strbuf_add_char(out, '"');
		text_escape(out, value->s);
		strbuf_add_char(out, '"');
		break;
	case VALUE_IP:
		ip_format(&value->ip, ip);
		strbuf_add_str(out, str_from(ip));
		break;
	case VALUE_LIST:
		for (size_t i = 0; i < value->list.count; i++) {
			strbuf_add_str(out, i ? STR(", ") : STR("["));
			print_value(out, &value->list.items[i]);
		}
		strbuf_add_char(out, ']');
		break;
	}
}

static void print_field(struct strbuf *out, const char *name,
			const struct value *invoked,
			const struct value *resolved)
{
	if (invoked->type == VALUE_NULL && resolved->type == VALUE_NULL)
		return;
	strbuf_printf(out, "\t%s = ", name);
	print_value(out, invoked);
	if (!value_equal(invoked, resolved)) {
		strbuf_add_str(out, STR(" | "));
		print_value(out, resolved);
	}
	strbuf_add_char(out, '\n');
}

static const char *const field_names[] = {
#define FIELD(id, name, type, flags) name,
#include <audisp-eql/fields.def>
#undef FIELD
};

/* An event with all its fields; the two readings of a name where they differ,
 * parted by a bar. */
static void print_event(struct strbuf *out, const struct event *event)
{
	char id[EVENT_ID_MAX];

	event_id_format(event, id);
	strbuf_printf(out, "%s payer %u%s%s, %zu records\n", id,
		      event->charge_uid,
		      event->flags & EVENT_ATTEMPT ? ", attempt" : "",
		      event->flags & EVENT_INCOMPLETE ? ", incomplete" : "",
		      event->record_count);
	for (size_t slot = 0; slot < FIELD__COUNT; slot++)
		print_field(out, field_names[slot],
			    event_value(event, slot, READING_INVOKED),
			    event_value(event, slot, READING_RESOLVED));
}

/* --- running -------------------------------------------------------------- */

/* A normalizer and what to do with each of its events. */
struct run {
	struct normalizer *normalizer;
	struct arena *arena;
	void (*on_event)(struct run *run, const struct event *event);
	struct strbuf text; /* of print_run() */
	json_object *stages; /* of check_stages() */
	bool without_names;
};

static void run_open(struct run *run)
{
	struct normalizer_config config = {
		.field_count = FIELD__COUNT,
		.memcap = 16U << 20,
		.host_id = STR("this-host"),
		.local_node = STR("local.example"),
	};

	run->arena = arena_new(0);
	assert_non_null(run->arena);
	assert_int_equal(normalizer_new(&config, &run->normalizer), 0);
}

static void run_close(struct run *run)
{
	normalizer_free(&run->normalizer);
	arena_free(&run->arena);
	strbuf_free(&run->text);
}

static int run_on_raw(void *user, const struct raw_event *raw)
{
	struct run *run = user;
	struct event *event = NULL;
	int rc;

	arena_reset(run->arena);
	rc = normalize_event(run->normalizer, raw, run->arena, &event);
	if (rc > 0)
		return 0;
	assert_int_equal(rc, 0);
	run->on_event(run, event);
	return 0;
}

static void run_log(struct run *run, const char *data, size_t len)
{
	assert_int_equal(readlog_events(data, len, run_on_raw, run), 0);
}

static void print_run(struct run *run, const struct event *event)
{
	assert_int_equal(event_complete(event), 0);
	if (run->without_names)
		event->values[FIELD_USER_NAME] = (struct value){ 0 };
	print_event(&run->text, event);
}

/* The counters, behind the events. */
static void print_stats(struct run *run)
{
	struct normalizer_stats stats;

	normalizer_stats(run->normalizer, &stats);
	strbuf_printf(&run->text,
		      "%llu events, %llu ignored, %llu malformed, "
		      "%llu processes\n",
		      (unsigned long long)stats.events,
		      (unsigned long long)stats.ignored,
		      (unsigned long long)stats.malformed,
		      (unsigned long long)stats.processes);
}

/* --- cases ---------------------------------------------------------------- */

static void check_case(const char *directory, const char *log)
{
	struct run run = { .on_event = print_run };
	char *path = path_of(directory, log), *data, *expected;
	size_t len = 0, expected_len = 0;

	data = read_or_fail(path, &len);
	free(path);
	if (asprintf(&path, "%s/%.*s.expect", directory,
		     (int)(strlen(log) - strlen(".log")), log) < 0)
		abort();
	run_open(&run);
	run_log(&run, data, len);
	print_stats(&run);
	if (getenv("UPDATE_CASES")) {
		FILE *file = fopen(path, "w");

		assert_non_null(file);
		fwrite(run.text.data, 1, run.text.len, file);
		fclose(file);
	}
	expected = read_or_fail(path, &expected_len);
	if (!str_equal(strbuf_str(&run.text),
		       (struct str){ expected, expected_len }))
		fail_msg("%s is not what came:\n%.*s", path, (int)run.text.len,
			 run.text.data);
	run_close(&run);
	free(data);
	free(expected);
	free(path);
}

static bool is_plain_log(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && !strcmp(dot, ".log");
}

static int is_log(const struct dirent *entry)
{
	return is_plain_log(entry->d_name);
}

static void test_cases(void **state)
{
	char *directory = path_of(NULL, "tests/cases/normalize");
	struct dirent **entries;
	int count = scandir(directory, &entries, is_log, alphasort);

	(void)state;
	assert_true(count > 10);
	for (int i = 0; i < count; i++) {
		check_case(directory, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	free(directory);
}

/* --- captures: RAW and ENRICHED ------------------------------------------- */

/* Calls fn for each capture: its folder, the log and the truth of that run. */
typedef void (*capture_fn)(const char *path, json_object *truth, void *user);

static void each_run(const char *folder, capture_fn fn, void *user)
{
	char *path = path_of(folder, "truth.json");
	json_object *truth = json_object_from_file(path), *runs, *log;

	if (!truth)
		fail_msg("%s: %s", path, json_util_get_last_err());
	free(path);
	assert_true(json_object_object_get_ex(truth, "runs", &runs));
	json_object_object_foreach(runs, name, run)
	{
		(void)name;
		if (!json_object_object_get_ex(run, "log", &log) ||
		    !is_plain_log(json_object_get_string(log)))
			continue; /* aueql alone unpacks */
		path = path_of(folder, json_object_get_string(log));
		fn(path, run, user);
		free(path);
	}
	json_object_put(truth);
}

static void each_capture(capture_fn fn, void *user)
{
	char *corpus = path_of(NULL, "tests/corpus");
	struct dirent **entries;
	int count = scandir(corpus, &entries, NULL, alphasort);

	assert_true(count > 50);
	for (int i = 0; i < count; i++) {
		char *folder = path_of(corpus, entries[i]->d_name);

		if (entries[i]->d_name[0] != '.')
			each_run(folder, fn, user);
		free(folder);
		free(entries[i]);
	}
	free(entries);
	free(corpus);
}

/* Takes out what auditd adds behind 0x1D. */
static size_t strip_enrichment(char *data, size_t len)
{
	char *out = data;
	bool enrichment = false;

	for (size_t i = 0; i < len; i++) {
		if (data[i] == 0x1d)
			enrichment = true;
		else if (data[i] == '\n')
			enrichment = false;
		if (!enrichment)
			*out++ = data[i];
	}
	return (size_t)(out - data);
}

static void check_raw_and_enriched(const char *path, json_object *truth,
				   void *user)
{
	struct run enriched = { .on_event = print_run, .without_names = true };
	struct run raw = { .on_event = print_run, .without_names = true };
	size_t len = 0, *compared = user;
	char *data = read_or_fail(path, &len);

	(void)truth;
	run_open(&enriched);
	run_log(&enriched, data, len);
	len = strip_enrichment(data, len);
	run_open(&raw);
	run_log(&raw, data, len);
	if (!str_equal(strbuf_str(&enriched.text), strbuf_str(&raw.text)))
		fail_msg("%s: RAW and ENRICHED differ", path);
	*compared += raw.text.len;
	run_close(&enriched);
	run_close(&raw);
	free(data);
}

static void test_raw_is_enriched(void **state)
{
	size_t compared = 0;

	(void)state;
	each_capture(check_raw_and_enriched, &compared);
	assert_true(compared > 1000000);
}

/* --- captures: truth ------------------------------------------------------ */

static const char *get(json_object *object, const char *key)
{
	json_object *value;

	return json_object_object_get_ex(object, key, &value)
		       ? json_object_get_string(value)
		       : NULL;
}

static bool has(const struct event *event, size_t slot, const char *word)
{
	size_t count;
	const struct value *items =
		value_items(event_value(event, slot, READING_INVOKED), &count);

	for (size_t i = 0; i < count; i++)
		if (items[i].type == VALUE_STRING &&
		    str_equal(items[i].s, str_from(word)))
			return true;
	return false;
}

/* Truth texts are JSON: names that are no UTF-8 cannot be compared. */
static bool is_plain(const char *text)
{
	for (; text && *text; text++)
		if ((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e)
			return false;
	return text != NULL;
}

static void check_text(const struct event *event, size_t slot,
		       enum reading reading, const char *expected)
{
	const struct value *value = event_value(event, slot, reading);
	char id[EVENT_ID_MAX];

	if (!is_plain(expected))
		return;
	event_id_format(event, id);
	if (value->type != VALUE_STRING ||
	    !str_equal(value->s, str_from(expected)))
		fail_msg("%s: %s is \"%.*s\", not \"%s\"", id,
			 field_names[slot],
			 value->type == VALUE_STRING ? (int)value->s.len : 0,
			 value->type == VALUE_STRING ? value->s.data : "",
			 expected);
}

static void check_number(const struct event *event, size_t slot,
			 const char *expected)
{
	const struct value *value = event_value(event, slot, READING_INVOKED);

	if (!expected)
		return;
	assert_int_equal(value->type, VALUE_INT);
	assert_int_equal(value->i, atoll(expected));
}

static void check_address(const struct event *event, const char *expected)
{
	const struct value *value =
		event_value(event, FIELD_DESTINATION_IP, READING_INVOKED);
	struct ip ip;

	assert_int_equal(value->type, VALUE_IP);
	assert_int_equal(ip_parse(str_from(expected), &ip), 0);
	assert_memory_equal(&value->ip, &ip, sizeof(ip));
}

/* What the type and action of each stage's event must be. */
static const struct {
	const char *stage, *type, *action;
} stage_kinds[] = {
	{ "compile", "start", "exec" },
	{ "link", "creation", "creation" },
	{ "rename", "change", "rename" },
	{ "exec", "start", "executed" },
	{ "exec_of_born", "start", "exec" },
	{ "connect", "connection", NULL },
	{ "connect_excluded", "connection", NULL },
	{ "other_network", "connection", NULL },
	{ "births", NULL, NULL },
};

static void check_kind(const struct event *event, const char *stage)
{
	char id[EVENT_ID_MAX];

	event_id_format(event, id);
	/* the captures tell hard links among renames */
	if (!strcmp(stage, "rename") &&
	    has(event, FIELD_EVENT_ACTION, "linked")) {
		assert_true(has(event, FIELD_EVENT_TYPE, "creation"));
		return;
	}
	for (size_t i = 0; i < sizeof(stage_kinds) / sizeof(stage_kinds[0]);
	     i++) {
		const char *type = stage_kinds[i].type;
		const char *action = stage_kinds[i].action;

		if (strcmp(stage_kinds[i].stage, stage))
			continue;
		if (type && !has(event, FIELD_EVENT_TYPE, type))
			fail_msg("%s: a %s is no %s", id, stage, type);
		if (action && !has(event, FIELD_EVENT_ACTION, action))
			fail_msg("%s: a %s is no %s", id, stage, action);
		return;
	}
	fail_msg("stage %s is not known here", stage);
}

/* exe= may be marked as deleted; URINGOP has none. */
static void check_exe(const struct event *event, const char *exe)
{
	char text[4096];

	if (!is_plain(exe))
		return;
	snprintf(text, sizeof(text), "%.*s",
		 (int)name_without_deleted(str_from(exe)).len, exe);
	check_text(event, FIELD_PROCESS_EXECUTABLE, READING_RESOLVED, text);
}

/* A file's name in the truth is as given to the call. */
static void check_file(const struct event *event, json_object *entry)
{
	const char *name = get(entry, "name");

	if (is_plain(name) && *name)
		check_text(event, FIELD_FILE_NAME, READING_INVOKED,
			   str_basename(str_from(name)).data);
	check_text(event, FIELD_FILE_DEVICE, READING_INVOKED,
		   get(entry, "dev"));
	check_text(event, FIELD_FILE_INODE, READING_INVOKED,
		   get(entry, "inode"));
}

/* A linker's birth is a creation, but for these, whose file has been told as
 * one just before: go's tool created it, mold opened it anew. */
static bool is_first_told(json_object *entry)
{
	struct str name = str_basename(str_from(get(entry, "exe")));

	return name_is_linker(name) && !str_equal(name, STR("go")) &&
	       !str_equal(name, STR("mold"));
}

static void check_entry(const struct event *event, const char *stage,
			json_object *entry)
{
	const char *dst = get(entry, "dst");

	check_kind(event, stage);
	check_number(event, FIELD_PROCESS_PID, get(entry, "pid"));
	check_number(event, FIELD_PROCESS_PARENT_PID, get(entry, "ppid"));
	check_exe(event, get(entry, "exe"));
	if (strcmp(stage, "exec_of_born"))
		check_file(event, entry);
	if (!strcmp(stage, "births") && is_first_told(entry))
		assert_true(has(event, FIELD_EVENT_TYPE, "creation"));
	if (dst) {
		check_address(event, dst);
		check_number(event, FIELD_DESTINATION_PORT, get(entry, "port"));
		assert_true(event->flags & EVENT_ATTEMPT);
	}
}

/* Whether an event is one of the truth's, by time and serial; what has been
 * found is marked. */
static void check_stages(struct run *run, const struct event *event)
{
	char id[EVENT_ID_MAX];

	event_id_format(event, id);
	json_object_object_foreach(run->stages, stage, entries)
	{
		size_t count = json_object_is_type(entries, json_type_array)
				       ? json_object_array_length(entries)
				       : 0;

		for (size_t i = 0; i < count; i++) {
			json_object *entry =
				json_object_array_get_idx(entries, i);

			if (strcmp(get(entry, "id"), id))
				continue;
			check_entry(event, stage, entry);
			json_object_object_add(entry, "found",
					       json_object_new_boolean(true));
		}
	}
}

static void check_truth(const char *path, json_object *truth, void *user)
{
	struct run run = { .on_event = check_stages };
	size_t len = 0, *found = user;
	char *data = read_or_fail(path, &len);

	if (!json_object_object_get_ex(truth, "stages", &run.stages))
		fail_msg("%s has no stages", path);
	run_open(&run);
	run_log(&run, data, len);
	run_close(&run);
	free(data);
	json_object_object_foreach(run.stages, stage, entries)
	{
		size_t count = json_object_is_type(entries, json_type_array)
				       ? json_object_array_length(entries)
				       : 0;

		for (size_t i = 0; i < count; i++) {
			json_object *entry =
				json_object_array_get_idx(entries, i);

			if (!get(entry, "found"))
				fail_msg("%s: %s %s made no event", path, stage,
					 get(entry, "id"));
			++*found;
		}
	}
}

static void test_truth(void **state)
{
	size_t found = 0;

	(void)state;
	each_capture(check_truth, &found);
	assert_true(found > 1000);
}

/* --- what is not parsed ---------------------------------------------------- */

/* All events of a log, and the counters. */
static void write_log(bool parse_all, const char *data, size_t len,
		      struct strbuf *out)
{
	struct normalizer_config config = {
		.field_count = FIELD__COUNT,
		.memcap = 16U << 20,
		.host_id = STR("this-host"),
		.parse_all = parse_all,
	};
	struct run run = { .on_event = print_run, .arena = arena_new(0) };

	assert_non_null(run.arena);
	assert_int_equal(normalizer_new(&config, &run.normalizer), 0);
	run_log(&run, data, len);
	print_stats(&run);
	strbuf_add_str(out, strbuf_str(&run.text));
	run_close(&run);
}

static void compare_logs(const char *data, size_t len)
{
	struct strbuf all = STRBUF_INIT(0), some = STRBUF_INIT(0);

	write_log(true, data, len, &all);
	write_log(false, data, len, &some);
	assert_true(all.len > 0);
	assert_true(str_equal(strbuf_str(&all), strbuf_str(&some)));
	strbuf_free(&all);
	strbuf_free(&some);
}

static void check_skipped(const char *path, json_object *truth, void *user)
{
	size_t len = 0, *count = user;
	char *data = read_or_fail(path, &len);

	(void)truth;
	compare_logs(data, len);
	free(data);
	++*count;
}

/* What is left out by a glance is what parsing makes nothing of. */
static void test_skipped(void **state)
{
	size_t count = 0;

	(void)state;
	each_capture(check_skipped, &count);
	assert_true(count > 100);
}

/* --- names ---------------------------------------------------------------- */

static void test_linkers(void **state)
{
	static const char *const yes[] = {
		"ld",	   "ld.bfd",   "ld.gold",  "ld.lld",
		"lld",	   "rust-lld", "mold",	   "x86_64-linux-gnu-ld",
		"gold",	   "wasm-ld",  "tcc",	   "x86_64-linux-gnu-ld.bfd",
		"link",	   "go",       "collect2", "i386-tcc",
		"ld.mold",
	};
	static const char *const no[] = {
		"",    "gcc",	"cp",	 "ldd",	  "ldconfig", "mv",
		"as",  "build", "gold2", "ln",	  "linker",   "ld-linux.so.2",
		"git", "ld2",	"cargo", "chmod",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		if (!name_is_linker(str_from(yes[i])))
			fail_msg("%s is no linker", yes[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (name_is_linker(str_from(no[i])))
			fail_msg("%s is a linker", no[i]);
	assert_false(name_is_linker(STR("ld\0x")));
	/* whatever bytes a name has */
	assert_true(name_is_linker(STR("ld.\xff")));
	assert_true(name_is_linker(STR("\xff\xfe-ld")));
}

static void test_patterns(void **state)
{
	static const struct {
		const char *pattern, *yes, *no;
	} cases[] = {
		{ "a", "a", "ab" },
		{ "a*", "a", "ba" },
		{ "*a", "bca", "ab" },
		{ "*a*", "xax", "xbx" },
		{ "a*b", "ab", "abc" },
		{ "a*b*c", "aXbbYc", "acb" },
		{ "*-ld-*", "x-ld-y", "x-ld" },
		{ "*ab", "aab", "aba" },
		{ "*", "x", "" },
		{ "a**", "a", "b" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *const patterns[] = { cases[i].pattern, NULL };

		assert_true(name_matches(str_from(cases[i].yes), patterns));
		assert_false(name_matches(str_from(cases[i].no), patterns));
	}
}

/* Rows are looked for by their first byte: that finds the same as asking each.
 */
static void test_programs(void **state)
{
	static const struct {
		const char *pattern;
		uint32_t programs;
	} rows[] = {
#define NAME(pattern, programs) { pattern, programs },
#include "normalize/names.def"
#undef NAME
#define LINKER(pattern) { pattern, PROGRAM_LINKER },
#include <audisp-eql/linkers.def>
#undef LINKER
	};
	static const char *const fillers[] = { "",  "x", "a-b",
					       "-", "*", "gcc-12" };
	const size_t count = sizeof(rows) / sizeof(rows[0]);
	size_t names = 0;

	(void)state;
	for (size_t i = 0; i < count; i++) {
		/* the last of one file stands before the first of the other */
		if (i && (rows[i].programs == PROGRAM_LINKER) ==
				 (rows[i - 1].programs == PROGRAM_LINKER))
			assert_true(strcmp(rows[i - 1].pattern,
					   rows[i].pattern) < 0);
		for (size_t k = 0; k < sizeof(fillers) / sizeof(*fillers);
		     k++) {
			char name[128] = "";
			uint32_t programs = 0;

			for (const char *p = rows[i].pattern; *p; p++)
				strncat(name, *p == '*' ? fillers[k] : p,
					*p == '*' ? strlen(fillers[k]) : 1);
			for (size_t j = 0; j < count; j++) {
				const char *const patterns[] = {
					rows[j].pattern, NULL
				};

				if (name_matches(str_from(name), patterns))
					programs |= rows[j].programs;
			}
			if (programs != name_programs(str_from(name)))
				fail_msg("%s is %x", name, programs);
			names += programs != 0;
		}
	}
	assert_true(names > count);
	assert_int_equal(name_programs(STR("")), 0);
	assert_int_equal(name_programs(STR("\xff")), 0);
}

static void test_name_parts(void **state)
{
	static const struct {
		struct str name, extension;
	} cases[] = {
		{ STR("a.c"), STR("c") },    { STR("a.tar.gz"), STR("gz") },
		{ STR("plain"), STR("") },   { STR(".profile"), STR("") },
		{ STR("dot."), STR("") },    { STR(""), STR("") },
		{ STR(".a.sh"), STR("sh") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_true(str_equal(name_extension(cases[i].name),
				      cases[i].extension));
	assert_true(str_equal(name_without_deleted(STR("/a b (deleted)")),
			      STR("/a b")));
	assert_true(str_equal(name_without_deleted(STR("/a (deleted")),
			      STR("/a (deleted")));
	assert_true(str_equal(name_without_deleted(STR(" (deleted)")),
			      STR(" (deleted)")));
}

/* Who adds a row finds its place by name. */
static void test_rows_are_sorted(void **state)
{
	static const char *const names[] = {
#define SYSCALL_ROW(name, ...) #name,
#include "normalize/syscalls.def"
#undef SYSCALL_ROW
	};

	(void)state;
	for (size_t i = 1; i < sizeof(names) / sizeof(names[0]); i++)
		assert_true(strcmp(names[i - 1], names[i]) < 0);
}

/* --- containers ----------------------------------------------------------- */

/* Who asks for which containers, and what is answered. */
struct inquiry {
	struct run run;
	int64_t pid; /* of whom was asked last */
	size_t asked, answered; /* how often; events with a container */
	const char *answer;
};

static size_t answer(void *user, int64_t pid, int64_t since_ms,
		     char out[CONTAINER_ID_MAX])
{
	struct inquiry *inquiry = user;

	assert_true(since_ms > 1795509000000);
	inquiry->asked++;
	inquiry->pid = pid;
	memcpy(out, inquiry->answer, strlen(inquiry->answer));
	return strlen(inquiry->answer);
}

static void count_answers(struct run *run, const struct event *event)
{
	struct inquiry *inquiry = (struct inquiry *)run;

	inquiry->answered += has(event, FIELD_CONTAINER_ID, "c1");
}

/* A shim runs runc, that runs setsid, and that runs sh and true. */
static void inquire(struct inquiry *inquiry, const char *prefix)
{
	struct normalizer_config config = {
		.field_count = FIELD__COUNT,
		.memcap = 16U << 20,
		.host_id = STR("this-host"),
		.resolver = { .container = answer, .user = inquiry },
	};
	char *path = path_of(NULL, "tests/cases/normalize/lineage.log");
	size_t len = 0;
	char *data = read_or_fail(path, &len), *line, *rest = data;
	struct strbuf text = STRBUF_INIT(0);

	while ((line = strsep(&rest, "\n")))
		if (*line)
			strbuf_printf(&text, "%s%s\n", prefix, line);
	inquiry->run.on_event = count_answers;
	inquiry->run.arena = arena_new(0);
	assert_int_equal(normalizer_new(&config, &inquiry->run.normalizer), 0);
	run_log(&inquiry->run, text.data, text.len);
	strbuf_free(&text);
	free(data);
	free(path);
}

static void test_containers(void **state)
{
	struct inquiry known = { .answer = "c1" }, unknown = { .answer = "" };
	struct inquiry other = { .answer = "c1" };
	struct normalizer_stats stats;

	(void)state;
	inquire(&known, "");
	assert_int_equal(known.asked, 1);
	assert_int_equal(known.pid, 13351);
	/* setsid in its own words, sh, its end; true, and its end */
	assert_int_equal(known.answered, 6);
	run_close(&known.run);
	inquire(&unknown, "");
	assert_int_equal(unknown.answered, 0);
	normalizer_stats(unknown.run.normalizer, &stats);
	/* at setsid it need not have entered one yet */
	assert_int_equal(unknown.asked, 3);
	assert_int_equal(stats.containers_unresolved, 2);
	run_close(&unknown.run);
	/* /proc is this host's */
	inquire(&other, "node=other ");
	assert_int_equal(other.asked, 0);
	run_close(&other.run);
}

/* --- process table -------------------------------------------------------- */

static struct process *see(struct proctable_host *host, int64_t pid,
			   int64_t ppid, uint64_t serial, const char *exe)
{
	struct process_sight sight = {
		.pid = pid,
		.ppid = ppid,
		.serial = serial,
		.exe = str_from(exe),
	};

	return proctable_see(host, &sight);
}

static struct process *execute(struct proctable_host *host, int64_t pid,
			       int64_t ppid, uint64_t serial,
			       const char *invoked, const char *exe)
{
	struct str args[] = { STR("first"), STR("second") };
	struct process_exec exec = {
		.sight = {
			.pid = pid,
			.ppid = ppid,
			.serial = serial,
			.exe = str_from(exe),
		},
		.invoked = str_from(invoked),
		.arg_count = 2,
		.args = args,
		.args_len = 2,
	};

	return proctable_exec(host, &exec);
}

static void assert_invoked(const struct process *process, const char *invoked)
{
	assert_non_null(process);
	if (!invoked) {
		assert_null(process->image);
		return;
	}
	assert_non_null(process->image);
	assert_true(str_equal(process->image->invoked, str_from(invoked)));
}

static struct proctable_host *open_table(size_t memcap,
					 struct proctable **table)
{
	assert_int_equal(proctable_new(memcap, table), 0);
	return proctable_host(*table, STR("host"));
}

static void test_process_images(void **state)
{
	struct proctable *table;
	struct proctable_host *host = open_table(1U << 20, &table);

	(void)state;
	execute(host, 10, 1, 100, "./sh", "/usr/bin/dash");
	assert_invoked(see(host, 10, 1, 101, "/usr/bin/dash"), "./sh");
	/* without exe there is nothing that speaks against it */
	assert_invoked(see(host, 10, 1, 102, ""), "./sh");
	/* a child that runs on what its parent runs */
	assert_invoked(see(host, 11, 10, 103, "/usr/bin/dash"), "./sh");
	/* ... or has executed something unseen */
	assert_invoked(see(host, 12, 10, 104, "/usr/bin/nc"), "/usr/bin/nc");
	assert_int_equal(see(host, 12, 10, 104, "")->image->arg_count, -1);
	/* the parent executes; the child keeps what it runs */
	execute(host, 10, 1, 105, "/bin/nc", "/usr/bin/nc");
	assert_invoked(see(host, 11, 10, 106, "/usr/bin/dash"), "./sh");
	/* the image changed unseen: forgotten */
	assert_invoked(see(host, 11, 10, 107, "/bin/cat"), "/bin/cat");
	assert_invoked(see(host, 11, 10, 108, "/usr/bin/dash"),
		       "/usr/bin/dash");
	/* nothing is known of a kernel thread */
	assert_invoked(see(host, 13, 2, 109, ""), NULL);
	proctable_free(&table);
}

static void test_process_parents(void **state)
{
	struct proctable *table;
	struct proctable_host *host = open_table(1U << 20, &table);
	const struct process *ancestors[8];
	struct process *child;

	(void)state;
	execute(host, 10, 1, 100, "a", "/a");
	execute(host, 11, 10, 101, "b", "/b");
	child = execute(host, 12, 11, 102, "c", "/c");
	assert_int_equal(proctable_parent(child)->pid, 11);
	assert_int_equal(proctable_ancestry(child, ancestors, 8), 2);
	assert_int_equal(ancestors[0]->pid, 11);
	assert_int_equal(ancestors[1]->pid, 10);
	assert_int_equal(proctable_ancestry(child, ancestors, 1), 1);
	/* a parent that came later is another process with that pid */
	execute(host, 20, 99, 110, "d", "/d");
	execute(host, 99, 1, 111, "late", "/late");
	assert_null(proctable_parent(see(host, 20, 99, 112, "/d")));
	/* no circles */
	execute(host, 30, 31, 120, "e", "/e");
	execute(host, 31, 30, 121, "f", "/f");
	assert_int_equal(
		proctable_ancestry(see(host, 30, 31, 122, "/e"), ancestors, 8),
		0);
	child = see(host, 40, 40, 123, "/g");
	assert_null(proctable_parent(child));
	proctable_free(&table);
}

static void test_process_reuse(void **state)
{
	struct proctable *table;
	struct proctable_host *host = open_table(1U << 20, &table);
	struct process *process;

	(void)state;
	execute(host, 10, 5, 100, "old", "/usr/bin/dash");
	execute(host, 20, 1, 200, "new", "/usr/bin/dash");
	/* the same file, but a parent that is younger than the entry */
	process = see(host, 10, 20, 201, "/usr/bin/dash");
	assert_invoked(process, "new");
	assert_int_equal(proctable_parent(process)->pid, 20);
	/* an orphan is given to init: the same process still */
	execute(host, 30, 20, 202, "daemon", "/usr/bin/d");
	execute(host, 1, 0, 203, "init", "/usr/sbin/init");
	assert_invoked(see(host, 30, 1, 204, "/usr/bin/d"), "daemon");
	proctable_free(&table);
}

static void test_process_boot(void **state)
{
	struct proctable *table;
	struct proctable_host *host = open_table(1U << 20, &table);
	struct proctable_stats stats;

	(void)state;
	execute(host, 10, 1, 100000, "a", "/a");
	/* late, but not from another boot */
	assert_invoked(see(host, 11, 1, 100000 - 65536, "/b"), "/b");
	assert_invoked(see(host, 10, 1, 100001, "/a"), "a");
	assert_invoked(see(host, 10, 1, 100001 - 65537, "/a"), "/a");
	proctable_stats(table, &stats);
	assert_int_equal(stats.processes, 1);
	proctable_free(&table);
}

static void test_process_hosts(void **state)
{
	struct proctable *table;
	struct proctable_host *host = open_table(1U << 20, &table), *other;

	(void)state;
	execute(host, 10, 1, 100, "a", "/a");
	other = proctable_host(table, STR("other"));
	assert_ptr_not_equal(host, other);
	assert_ptr_equal(host, proctable_host(table, STR("host")));
	assert_invoked(see(other, 10, 1, 101, "/a"), "/a");
	assert_invoked(see(host, 10, 1, 102, "/a"), "a");
	proctable_free(&table);
}

static void test_process_limit(void **state)
{
	struct proctable *table;
	struct proctable_host *host = open_table(64U << 20, &table);
	struct proctable_stats stats;

	(void)state;
	for (int64_t pid = 1; pid <= LIMIT_PROCESSES; pid++)
		execute(host, pid, 0, (uint64_t)pid, "a", "/a");
	proctable_stats(table, &stats);
	assert_int_equal(stats.processes, LIMIT_PROCESSES);
	assert_int_equal(stats.evicted, 0);
	/* the first is used again, so the second goes */
	assert_invoked(see(host, 1, 0, LIMIT_PROCESSES + 1, "/a"), "a");
	execute(host, LIMIT_PROCESSES + 1, 0, LIMIT_PROCESSES + 2, "a", "/a");
	proctable_stats(table, &stats);
	assert_int_equal(stats.processes, LIMIT_PROCESSES);
	assert_int_equal(stats.evicted, 1);
	assert_invoked(see(host, 1, 0, LIMIT_PROCESSES + 3, "/a"), "a");
	assert_invoked(see(host, 2, 0, LIMIT_PROCESSES + 4, "/a"), "/a");
	proctable_free(&table);
}

static void test_process_memcap(void **state)
{
	enum { COUNT = 200 };
	struct proctable *table;
	struct proctable_host *host = open_table(64U << 10, &table);
	struct proctable_stats stats;
	char name[4096];

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (int64_t pid = 1; pid <= COUNT; pid++)
		assert_invoked(execute(host, pid, 0, (uint64_t)pid, name, "/a"),
			       name);
	proctable_stats(table, &stats);
	assert_true(stats.processes >= 10 && stats.processes <= 16);
	assert_int_equal(stats.processes + stats.evicted, COUNT);
	proctable_free(&table);
	/* less than one entry needs: the one in hand stays all the same */
	host = open_table(1, &table);
	execute(host, 1, 0, 1, "a", "/a");
	assert_invoked(execute(host, 2, 0, 2, "b", "/b"), "b");
	proctable_free(&table);
}

static void test_host_limit(void **state)
{
	struct proctable *table;
	struct proctable_host *host = open_table(64U << 20, &table);
	struct proctable_stats stats;
	char name[32];

	(void)state;
	execute(host, 1, 0, 1, "a", "/a");
	for (int i = 1; i <= LIMIT_HOSTS; i++) {
		proctable_stats(table, &stats);
		assert_int_equal(stats.evicted, 0);
		snprintf(name, sizeof(name), "host-%d", i);
		assert_non_null(proctable_host(table, str_from(name)));
	}
	proctable_stats(table, &stats);
	assert_int_equal(stats.processes, 0);
	assert_int_equal(stats.evicted, 1);
	proctable_free(&table);
}

/* --- recent files --------------------------------------------------------- */

static void test_recent(void **state)
{
	struct recent_file file = {
		.key = { STR("host"), STR("fe:00"), STR("42") },
		.time_ns = 100 * NSEC_PER_SEC,
		.by_linker = true,
		.path = STR("/tmp/a"),
	};
	struct recent_key other = { STR("other"), STR("fe:00"), STR("42") };
	struct recent_files *recent;
	const struct recent_file *found;

	(void)state;
	assert_int_equal(recent_new(64, &recent), 0);
	assert_null(recent_find(recent, &file.key, file.time_ns));
	recent_note(recent, &file);
	found = recent_find(recent, &file.key, 160 * NSEC_PER_SEC);
	assert_non_null(found);
	assert_true(str_equal(found->path, STR("/tmp/a")));
	assert_null(recent_find(recent, &file.key, 160 * NSEC_PER_SEC + 1));
	assert_null(recent_find(recent, &other, file.time_ns));
	/* 17 bytes are in it; 64 fit, 65 do not */
	file.key.inode = STR("43");
	file.path = STR("/234567890123456789012345678901234567");
	assert_int_equal(file.path.len, 37);
	recent_note(recent, &file);
	assert_null(recent_find(recent, &file.key, file.time_ns));
	file.path.len--;
	recent_note(recent, &file);
	assert_non_null(recent_find(recent, &file.key, file.time_ns));
	recent_free(&recent);
}

/* --- memory --------------------------------------------------------------- */

static int count_on_raw(void *user, const struct raw_event *raw)
{
	struct run *run = user;
	struct event *event = NULL;
	int rc;

	arena_reset(run->arena);
	rc = normalize_event(run->normalizer, raw, run->arena, &event);
	return rc > 0 ? 0 : rc;
}

/* With too small an arena it is out of memory that is told, no half event. */
static void test_out_of_memory(void **state)
{
	struct run run = { 0 };
	char *path = path_of(NULL, "tests/corpus/argv-many/plugin.log");
	size_t len = 0;
	char *data = read_or_fail(path, &len);

	(void)state;
	free(path);
	run_open(&run);
	assert_int_equal(readlog_events(data, len, count_on_raw, &run), 0);
	arena_free(&run.arena);
	run.arena = arena_new(128U << 10);
	assert_int_equal(readlog_events(data, len, count_on_raw, &run),
			 -ENOMEM);
	run_close(&run);
	free(data);
}

static int print_log(const char *path)
{
	struct run run = { .on_event = print_run };
	size_t len = 0;
	char *data = readlog_file(path, &len);

	if (!data) {
		perror(path);
		return 1;
	}
	run_open(&run);
	run_log(&run, data, len);
	print_stats(&run);
	fwrite(run.text.data, 1, run.text.len, stdout);
	run_close(&run);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_skipped),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_raw_is_enriched),
		cmocka_unit_test(test_truth),
		cmocka_unit_test(test_linkers),
		cmocka_unit_test(test_name_parts),
		cmocka_unit_test(test_rows_are_sorted),
		cmocka_unit_test(test_containers),
		cmocka_unit_test(test_process_images),
		cmocka_unit_test(test_process_parents),
		cmocka_unit_test(test_process_reuse),
		cmocka_unit_test(test_process_boot),
		cmocka_unit_test(test_process_hosts),
		cmocka_unit_test(test_process_limit),
		cmocka_unit_test(test_process_memcap),
		cmocka_unit_test(test_host_limit),
		cmocka_unit_test(test_recent),
		cmocka_unit_test(test_out_of_memory),
	};

	if (argc == 2)
		return print_log(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
