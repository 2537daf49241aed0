/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Alerts as documents and sentences: what a good one looks like (the files in
 * tests/cases/alert, written anew with UPDATE_CASES=1), and that no bytes an
 * attacker chooses can break one.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <cmocka.h>
#include <json-c/json.h>

#include <audisp-eql/output.h>

#include "limits.h"
#include "output/bounds.h"
#include "output/event_json.h"
#include "util/arena.h"

#define T0 1795487386146000000LL

struct fixture {
	struct arena *arena;
	struct field_table *fields;
	struct render_context context;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	fixture->arena = arena_new(0);
	if (!fixture->arena || field_table_new(&fixture->fields))
		return -1;
	fixture->context = (struct render_context){
		.number = 17,
		.created_ns = T0 + 60 * NSEC_PER_SEC,
		.rule_set = 0x0123456789abcdefULL,
		.fields = fixture->fields,
		.version = "0.1.0",
	};
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	arena_free(&fixture->arena);
	field_table_free(&fixture->fields);
	free(fixture);
	return 0;
}

/* --- a compile, a link, a run, a connection -------------------------------- */

static void put(struct event *event, size_t slot, const char *text)
{
	event_set(event, slot, VALUE_OF_STR(str_from(text)));
}

static void put_list(struct fixture *fixture, struct event *event, size_t slot,
		     const char *const *words)
{
	struct value *items = arena_array(fixture->arena, 16, sizeof(*items));
	size_t count = 0;

	for (; words[count]; count++)
		items[count] = VALUE_OF_STR(str_from(words[count]));
	event_set(
		event, slot,
		(struct value){ .type = VALUE_LIST, .list = { items, count } });
}

static struct event *base_event(struct fixture *fixture, int64_t ms,
				uint64_t serial)
{
	struct event *event =
		event_new(fixture->arena, field_table_count(fixture->fields));

	event->time_ns = T0 + ms * NSEC_PER_MSEC;
	event->serial = serial;
	event->host = STR("6b1f0c3e5d7a4e0f9c2b8a7d6e5f4c3b");
	event_set(event, FIELD_TIMESTAMP,
		  VALUE_OF_INT(event->time_ns / NSEC_PER_MSEC));
	put(event, FIELD_HOST_ID, "6b1f0c3e5d7a4e0f9c2b8a7d6e5f4c3b");
	put(event, FIELD_HOST_OS_TYPE, "linux");
	put(event, FIELD_EVENT_KIND, "event");
	put(event, FIELD_EVENT_MODULE, "auditd");
	put(event, FIELD_EVENT_OUTCOME, "success");
	put(event, FIELD_USER_ID, "1000");
	put(event, FIELD_USER_NAME, "dev");
	put(event, FIELD_USER_AUDIT_ID, "1000");
	put(event, FIELD_USER_AUDIT_SESSION, "3");
	event_set(event, FIELD_PROCESS_PARENT_PID, VALUE_OF_INT(23813));
	put(event, FIELD_PROCESS_PARENT_NAME, "bash");
	return event;
}

static void put_kind(struct fixture *fixture, struct event *event,
		     const char *category, const char *type,
		     const char *const *actions)
{
	put(event, FIELD_EVENT_CATEGORY, category);
	event->categories = event_category_bit(str_from(category));
	put_list(fixture, event, FIELD_EVENT_TYPE,
		 (const char *const[]){ type, NULL });
	put_list(fixture, event, FIELD_EVENT_ACTION, actions);
}

static void put_program(struct event *event, int pid, const char *invoked,
			const char *resolved)
{
	event_set(event, FIELD_PROCESS_PID, VALUE_OF_INT(pid));
	put(event, FIELD_PROCESS_EXECUTABLE, invoked);
	event_set(event, FIELD_PROCESS_NAME,
		  VALUE_OF_STR(str_basename(str_from(invoked))));
	event->resolved[READING_PROCESS_EXECUTABLE] =
		VALUE_OF_STR(str_from(resolved));
	event->resolved[READING_PROCESS_NAME] =
		VALUE_OF_STR(str_basename(str_from(resolved)));
}

static void put_records(struct fixture *fixture, struct event *event,
			const char *const *records)
{
	struct str *items = arena_array(fixture->arena, 8, sizeof(*items));
	size_t count = 0;

	for (; records[count]; count++)
		items[count] = str_from(records[count]);
	event->records = items;
	event->record_count = count;
}

static struct event *compile_event(struct fixture *fixture)
{
	struct event *event = base_event(fixture, 0, 35693);

	put_kind(fixture, event, "process", "start",
		 (const char *const[]){ "exec", "executed", NULL });
	put_program(event, 23814, "/usr/bin/gcc",
		    "/usr/bin/x86_64-linux-gnu-gcc-12");
	put_list(
		fixture, event, FIELD_PROCESS_ARGS,
		(const char *const[]){ "gcc", "-o", "revsh", "revsh.c", NULL });
	event_set(event, FIELD_PROCESS_ARGS_COUNT, VALUE_OF_INT(4));
	put(event, FIELD_PROCESS_COMMAND_LINE, "gcc -o revsh revsh.c");
	put(event, FIELD_PROCESS_WORKING_DIRECTORY, "/home/dev/w");
	put_records(fixture, event,
		    (const char *const[]){
			    "type=SYSCALL msg=audit(1795487386.146:35693): "
			    "arch=c000003e syscall=59",
			    "type=EXECVE msg=audit(1795487386.146:35693): "
			    "argc=4 a0=\"gcc\"",
			    NULL });
	return event;
}

static struct event *link_event(struct fixture *fixture)
{
	struct event *event = base_event(fixture, 164, 35701);

	put_kind(fixture, event, "file", "creation",
		 (const char *const[]){ "creation", "opened-file", NULL });
	put_program(event, 23818, "/usr/bin/ld",
		    "/usr/bin/x86_64-linux-gnu-ld.bfd");
	put(event, FIELD_FILE_PATH, "/home/dev/w/revsh");
	put(event, FIELD_FILE_NAME, "revsh");
	put(event, FIELD_FILE_INODE, "1351688");
	put(event, FIELD_FILE_DEVICE, "fe:00");
	put(event, FIELD_FILE_MODE, "0644");
	put(event, FIELD_FILE_UID, "1000");
	put(event, FIELD_FILE_GID, "1000");
	return event;
}

static struct event *run_event(struct fixture *fixture)
{
	struct event *event = base_event(fixture, 212, 35702);

	put_kind(fixture, event, "process", "start",
		 (const char *const[]){ "exec", "executed", NULL });
	put_program(event, 23819, "./revsh", "/home/dev/w/revsh");
	put_list(fixture, event, FIELD_PROCESS_ARGS,
		 (const char *const[]){ "./revsh", NULL });
	put(event, FIELD_PROCESS_COMMAND_LINE, "./revsh");
	put(event, FIELD_FILE_PATH, "/home/dev/w/revsh");
	put(event, FIELD_FILE_NAME, "revsh");
	put(event, FIELD_FILE_INODE, "1351688");
	put(event, FIELD_FILE_DEVICE, "fe:00");
	put(event, FIELD_FILE_MODE, "0755");
	put(event, FIELD_FILE_UID, "1000");
	put(event, FIELD_FILE_GID, "1000");
	put_records(fixture, event,
		    (const char *const[]){
			    "type=SYSCALL msg=audit(1795487386.358:35702): "
			    "arch=c000003e syscall=59",
			    NULL });
	return event;
}

static struct ip ip_of(const char *text)
{
	struct ip ip;

	assert_int_equal(ip_parse(str_from(text), &ip), 0);
	return ip;
}

static struct event *connect_event(struct fixture *fixture, const char *ip)
{
	struct event *event = base_event(fixture, 1216, 35703);

	put_kind(fixture, event, "network", "start",
		 (const char *const[]){ "connection_attempted", "connected-to",
					NULL });
	put_program(event, 23819, "./revsh", "/home/dev/w/revsh");
	put_list(fixture, event, FIELD_PROCESS_ARGS,
		 (const char *const[]){ "./revsh", NULL });
	put_list(fixture, event, FIELD_PROCESS_EXT_ANCESTRY,
		 (const char *const[]){ "23813 /bin/bash", "1 /sbin/init",
					NULL });
	put(event, FIELD_PROCESS_COMMAND_LINE, "./revsh");
	event_set(event, FIELD_DESTINATION_IP,
		  (struct value){ .type = VALUE_IP, .ip = ip_of(ip) });
	event_set(event, FIELD_DESTINATION_PORT, VALUE_OF_INT(4444));
	return event;
}

static const struct technique subtechniques[] = {
	{ .id = STR("T1027.004"),
	  .name = STR("Compile After Delivery"),
	  .reference = STR("https://attack.mitre.org/techniques/T1027/004/") },
};

static const struct technique techniques[] = {
	{ .id = STR("T1027"),
	  .name = STR("Obfuscated Files or Information"),
	  .reference = STR("https://attack.mitre.org/techniques/T1027/"),
	  .subtechnique_count = 1,
	  .subtechniques = subtechniques },
};

static const struct threat threats[] = {
	{ .framework = STR("MITRE ATT&CK"),
	  .tactic = { .id = STR("TA0005"),
		      .name = STR("Defense Evasion"),
		      .reference =
			      STR("https://attack.mitre.org/tactics/TA0005/") },
	  .technique_count = 1,
	  .techniques = techniques },
	{ .framework = STR("MITRE ATT&CK"),
	  .tactic = { .id = STR("TA0002"),
		      .name = STR("Execution"),
		      .reference = STR(
			      "https://attack.mitre.org/tactics/TA0002/") } },
};

static const struct str authors[] = { STR("audisp-eql") };
static const struct str tags[] = { STR("OS: Linux"), STR("Tactic: Execution") };
static const struct str references[] = { STR("https://example.org/a") };
static const struct query four_stages = { .type = QUERY_SEQUENCE,
					  .stage_count = 4 };

static const struct rule rule_compiled = {
	.id = STR("0f4b1c62-8d7e-4a35-9b6c-2e1d3f5a7b90"),
	.name = STR("Network connection by a program just compiled"),
	.description = STR("A program was compiled, run and connected out."),
	.file = STR("/usr/share/audisp-eql/rules.d/network_after_compile.toml"),
	.license = STR("GPL-2.0-or-later"),
	.version = STR("3"),
	.severity = SEVERITY_MEDIUM,
	.risk_score = 47,
	.author = { 1, authors },
	.tags = { 2, tags },
	.references = { 1, references },
	.threat_count = 2,
	.threats = threats,
	.query = &four_stages,
};

/* The four events as an alert. */
static struct alert match_alert(struct fixture *fixture, const char *ip)
{
	const struct event **events =
		arena_array(fixture->arena, 4, sizeof(*events));
	struct value *keys = arena_array(fixture->arena, 2, sizeof(*keys));

	events[0] = compile_event(fixture);
	events[1] = link_event(fixture);
	events[2] = run_event(fixture);
	events[3] = connect_event(fixture, ip);
	keys[0] = VALUE_OF_STR(STR("revsh"));
	keys[1] = VALUE_OF_INT(23819);
	return (struct alert){
		.kind = ALERT_MATCH,
		.rule = &rule_compiled,
		.host = events[3]->host,
		.time_ns = events[3]->time_ns,
		.event_count = 4,
		.events = events,
		.key_count = 2,
		.tuple_count = 1,
		.keys = keys,
		.id = { 0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
			11, 12 },
	};
}

/* --- reading back ----------------------------------------------------------- */

/* C0, DEL, C1, marks and embeddings of direction, separators, isolates. */
static bool is_harmful(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c ||
	       code == 0x200e || code == 0x200f ||
	       (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

/* Fails where a byte could do harm on a terminal or in a line. */
static void assert_harmless(struct str text)
{
	for (size_t i = 0; i < text.len;) {
		const unsigned char *p = (const unsigned char *)text.data + i;
		size_t len = utf8_length(text.data + i, text.len - i);
		uint32_t code = len == 1 ? p[0] : p[0] & (0x7fU >> len);

		if (!len)
			fail_msg("not UTF-8 at %zu", i);
		for (size_t k = 1; k < len; k++)
			code = code << 6 | (p[k] & 0x3f);
		if (is_harmful(code))
			fail_msg("U+%04x at %zu", (unsigned int)code, i);
		i += len;
	}
}

static struct json_object *parse_json(struct str text)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *root;

	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT |
						JSON_TOKENER_VALIDATE_UTF8);
	root = json_tokener_parse_ex(tokener, text.data, (int)text.len);
	if (json_tokener_get_error(tokener) != json_tokener_success ||
	    json_tokener_get_parse_end(tokener) != text.len)
		fail_msg("not JSON: %s near %.60s",
			 json_tokener_error_desc(
				 json_tokener_get_error(tokener)),
			 text.data + json_tokener_get_parse_end(tokener));
	json_tokener_free(tokener);
	assert_non_null(root);
	return root;
}

/* root.a.b.c by "a.b.c"; an array's first element by the way. NULL = none. */
static struct json_object *at(struct json_object *root, const char *path)
{
	char copy[256], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *part = strtok_r(copy, ".", &save); part && root;
	     part = strtok_r(NULL, ".", &save)) {
		if (json_object_is_type(root, json_type_array))
			root = json_object_array_get_idx(root, 0);
		if (!json_object_is_type(root, json_type_object) ||
		    !json_object_object_get_ex(root, part, &root))
			return NULL;
	}
	return root;
}

static const char *text_at(struct json_object *root, const char *path)
{
	struct json_object *found = at(root, path);

	if (!found)
		fail_msg("the document has no %s", path);
	return json_object_get_string(found);
}

#define PAIRS_MAX 512

/* Reads 'WORD key=value ...' strictly: values are quoted, or bare words of
 * characters that need no quotes; no key comes twice. */
struct pairs {
	size_t count;
	struct str keys[PAIRS_MAX];
	struct str values[PAIRS_MAX]; /* as written, without the quotes */
	bool quoted[PAIRS_MAX];
};

static size_t read_value(struct str text, size_t i, struct pairs *pairs)
{
	size_t start, n = pairs->count;

	pairs->quoted[n] = text.data[i] == '"';
	i += pairs->quoted[n];
	start = i;
	if (pairs->quoted[n]) {
		while (i < text.len && text.data[i] != '"')
			i += 1 + (text.data[i] == '\\');
		if (i >= text.len)
			fail_msg("a quote is not closed");
	} else {
		i += strspn(text.data + i, "abcdefghijklmnopqrstuvwxyz"
					   "0123456789.:,[]-");
	}
	pairs->values[n] = (struct str){ text.data + start, i - start };
	return i + pairs->quoted[n];
}

static void read_pairs(struct str text, struct pairs *pairs)
{
	size_t i = strcspn(text.data, " ");

	pairs->count = 0;
	while (i < text.len) {
		size_t n = pairs->count, key = i + 1, len;

		assert_int_equal(text.data[i], ' ');
		len = strspn(text.data + key, "abcdefghijklmnopqrstuvwxyz_"
					      "0123456789");
		if (!len || text.data[key + len] != '=')
			fail_msg("no key at %.40s", text.data + i);
		pairs->keys[n] = (struct str){ text.data + key, len };
		for (size_t k = 0; k < n; k++)
			if (str_equal(pairs->keys[k], pairs->keys[n]))
				fail_msg("%.*s comes twice",
					 STR_ARG(pairs->keys[n]));
		i = read_value(text, key + len + 1, pairs);
		pairs->count++;
		assert_true(pairs->count < PAIRS_MAX);
	}
}

static struct str pair(const struct pairs *pairs, const char *key)
{
	for (size_t i = 0; i < pairs->count; i++)
		if (str_equal(pairs->keys[i], str_from(key)))
			return pairs->values[i];
	return (struct str){ 0 };
}

/* Reads a native journal entry; fails on a key that is not ours. */
static void assert_journal(struct str entry)
{
	static const char *const known[] = {
		"MESSAGE",
		"PRIORITY",
		"SYSLOG_FACILITY",
		"SYSLOG_IDENTIFIER",
		"MESSAGE_ID",
		"AUDISP_EQL_RULE_ID",
		"AUDISP_EQL_RULE_NAME",
		"AUDISP_EQL_EVENT_ID",
		"AUDISP_EQL_NUMBER",
		"AUDISP_EQL_DESTINATION",
		"AUDISP_EQL_JSON",
	};
	unsigned int seen = 0;

	for (size_t i = 0; i < entry.len;) {
		size_t len = strcspn(entry.data + i, "=\n"), k = 0;

		while (k < 11 && (strlen(known[k]) != len ||
				  memcmp(known[k], entry.data + i, len)))
			k++;
		if (k == 11 || (seen & 1U << k))
			fail_msg("field %.*s", (int)len, entry.data + i);
		seen |= 1U << k;
		i += len;
		if (entry.data[i++] == '\n') {
			uint64_t size;

			memcpy(&size, entry.data + i, sizeof(size));
			i += sizeof(size) + size;
		} else {
			i += strcspn(entry.data + i, "\n");
		}
		assert_true(i < entry.len);
		assert_int_equal(entry.data[i++], '\n');
	}
	assert_true((seen & 0x1f) == 0x1f);
}

/* All that holds for every alert, whatever it says. */
static struct json_object *assert_sound(const struct rendered *forms)
{
	static const struct str mark = STR("@cee: ");
	static struct pairs pairs;
	struct json_object *document = parse_json(forms->json);

	assert_true(forms->json.len < LIMIT_ALERT_BYTES);
	assert_true(forms->text.len < LIMIT_SYSLOG_BYTES);
	assert_true(forms->cee.len < LIMIT_SYSLOG_BYTES);
	assert_true(forms->journal.len < 128U << 10);
	assert_harmless(forms->json);
	assert_harmless(forms->text);
	assert_harmless(forms->cee);
	assert_memory_equal(forms->cee.data, mark.data, mark.len);
	json_object_put(parse_json((struct str){ forms->cee.data + mark.len,
						 forms->cee.len - mark.len }));
	read_pairs(forms->text, &pairs);
	assert_journal(forms->journal);
	assert_string_equal(text_at(document, "event.kind"),
			    forms->observed ? "event" : "alert");
	assert_int_equal(strlen(text_at(document, "event.id")), 32);
	assert_non_null(at(document, "audisp_eql.rule_set"));
	return document;
}

static struct json_object *render(struct fixture *fixture,
				  const struct alert *alert,
				  struct rendered *forms)
{
	assert_int_equal(
		alert_render(alert, &fixture->context, fixture->arena, forms),
		0);
	return assert_sound(forms);
}

/* --- cases ------------------------------------------------------------------ */

#define PRETTY \
	(JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | \
	 JSON_C_TO_STRING_NOSLASHESCAPE)

static void case_path(const char *name, const char *suffix, char out[512])
{
	const char *srcdir = getenv("srcdir");

	snprintf(out, 512, "%s/tests/cases/alert/%s%s", srcdir ? srcdir : ".",
		 name, suffix);
}

static void write_file(const char *path, struct str text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fwrite(text.data, 1, text.len, file);
	fputc('\n', file);
	fclose(file);
}

static struct str read_file(struct fixture *fixture, const char *path)
{
	char *text = arena_alloc(fixture->arena, 1U << 20);
	FILE *file = fopen(path, "r");
	size_t len;

	if (!file)
		fail_msg("%s: %s", path, strerror(errno));
	len = fread(text, 1, 1U << 20, file);
	fclose(file);
	while (len && text[len - 1] == '\n')
		len--;
	return (struct str){ text, len };
}

static void compare_document(struct fixture *fixture, const char *name,
			     struct json_object *document)
{
	const char *actual = json_object_to_json_string_ext(document, PRETTY);
	struct json_object *expected;
	char path[512];

	case_path(name, ".json", path);
	if (getenv("UPDATE_CASES"))
		write_file(path, str_from(actual));
	/* both by the same printer: versions of json-c differ in blanks */
	expected = parse_json(read_file(fixture, path));
	assert_string_equal(actual,
			    json_object_to_json_string_ext(expected, PRETTY));
	json_object_put(expected);
}

static void compare_text(struct fixture *fixture, const char *name,
			 struct str actual)
{
	struct str expected;
	char path[512];

	case_path(name, ".txt", path);
	if (getenv("UPDATE_CASES"))
		write_file(path, actual);
	expected = read_file(fixture, path);
	if (!str_equal(actual, expected))
		fail_msg("%s:\n%.*s\n is not\n%.*s", name, STR_ARG(actual),
			 STR_ARG(expected));
}

static void check_case(struct fixture *fixture, const char *name,
		       const struct alert *alert)
{
	struct rendered forms;
	struct json_object *document = render(fixture, alert, &forms);
	char cee[64];

	compare_document(fixture, name, document);
	compare_text(fixture, name, forms.text);
	json_object_put(document);
	snprintf(cee, sizeof(cee), "%s.cee", name);
	document = parse_json(
		(struct str){ forms.cee.data + 6, forms.cee.len - 6 });
	compare_document(fixture, cee, document);
	json_object_put(document);
}

static void test_match(void **state)
{
	struct fixture *fixture = *state;
	struct alert alert = match_alert(fixture, "203.0.113.9");

	check_case(fixture, "match", &alert);
}

static void test_ipv6_gap(void **state)
{
	struct fixture *fixture = *state;
	struct alert alert = match_alert(fixture, "2001:db8::7");

	alert.gap = true;
	alert.degraded = true;
	((struct event *)alert.events[3])->node = STR("web1.example.org");
	put((struct event *)alert.events[3], FIELD_HOST_NAME,
	    "web1.example.org");
	fixture->context.number = 0;
	fixture->context.created_ns = 0;
	check_case(fixture, "ipv6-gap", &alert);
}

/* A peer that connected to the host, and a call without an action. */
static void test_source(void **state)
{
	struct fixture *fixture = *state;
	struct alert alert = match_alert(fixture, "203.0.113.9");
	struct event *call = base_event(fixture, 300, 35710);
	struct event *accept = base_event(fixture, 400, 35711);

	put_kind(fixture, call, "process", "info",
		 (const char *const[]){ NULL });
	event_set(call, FIELD_EVENT_ACTION, (struct value){ 0 });
	put(call, FIELD_AUDITD_DATA_SYSCALL, "ptrace");
	put_program(call, 23819, "./revsh", "/home/dev/w/revsh");
	put_kind(fixture, accept, "network", "start",
		 (const char *const[]){ "connection_accepted",
					"accepted-connection-from", NULL });
	put_program(accept, 23819, "./revsh", "/home/dev/w/revsh");
	event_set(accept, FIELD_SOURCE_IP,
		  (struct value){ .type = VALUE_IP,
				  .ip = ip_of("198.51.100.7") });
	event_set(accept, FIELD_SOURCE_PORT, VALUE_OF_INT(50123));
	((const struct event **)alert.events)[2] = call;
	((const struct event **)alert.events)[3] = accept;
	check_case(fixture, "source", &alert);
}

static void test_missing(void **state)
{
	struct fixture *fixture = *state;
	struct alert alert = match_alert(fixture, "203.0.113.9");

	((const struct event **)alert.events)[2] = NULL;
	check_case(fixture, "missing", &alert);
}

static void test_repeats(void **state)
{
	struct fixture *fixture = *state;
	struct alert alert = match_alert(fixture, "203.0.113.9");
	struct alert_destination destinations[] = {
		{ ip_of("203.0.113.9"), 4444 },
		{ ip_of("2001:db8::9"), 443 },
		{ ip_of("203.0.113.10"), -1 },
	};

	/* as the engine closes an interval: the last event only */
	alert.kind = ALERT_REPEATS;
	alert.id[15] ^= 0xff;
	alert.events += 3;
	alert.event_count = 1;
	alert.tuple_count = 0;
	alert.suppressed = 7;
	alert.first_ns = T0;
	alert.last_ns = alert.time_ns;
	alert.destination_count = 3;
	alert.destinations = destinations;
	check_case(fixture, "repeats", &alert);
}

static void test_flood(void **state)
{
	struct fixture *fixture = *state;
	struct alert alert = {
		.kind = ALERT_FLOOD,
		.rule = &rule_compiled,
		.host = STR("6b1f0c3e5d7a4e0f9c2b8a7d6e5f4c3b"),
		.time_ns = T0 + 60 * NSEC_PER_SEC,
		.suppressed = 1234,
		.first_ns = T0,
		.last_ns = T0 + 60 * NSEC_PER_SEC,
		.id = { 1 },
	};

	check_case(fixture, "flood", &alert);
}

/* The summary of an hour, and the last alert before what it counts. */
static void test_budget(void **state)
{
	struct fixture *fixture = *state;
	struct alert alert = {
		.kind = ALERT_BUDGET,
		.rule = &rule_compiled,
		.host = STR("6b1f0c3e5d7a4e0f9c2b8a7d6e5f4c3b"),
		.time_ns = T0 + 3600 * NSEC_PER_SEC,
		.suppressed = 1234,
		.budget = 20,
		.first_ns = T0,
		.last_ns = T0 + 3600 * NSEC_PER_SEC,
		.id = { 1 },
	};

	check_case(fixture, "budget", &alert);
	alert.kind = ALERT_MATCH;
	alert.suppressed = 0;
	alert.counted_until_ns = alert.last_ns;
	check_case(fixture, "budget-last", &alert);
}

static void test_notice(void **state)
{
	struct fixture *fixture = *state;
	struct alert alert = {
		.kind = ALERT_NOTICE,
		.host = STR("6b1f0c3e5d7a4e0f9c2b8a7d6e5f4c3b"),
		.time_ns = T0,
		.message = STR("an event that ended the worker twice was "
			       "skipped"),
	};
	struct rendered forms[2];

	check_case(fixture, "notice", &alert);
	/* the same notice has the same id, another has not */
	json_object_put(render(fixture, &alert, &forms[0]));
	json_object_put(render(fixture, &alert, &forms[1]));
	assert_true(str_equal(forms[0].text, forms[1].text));
	alert.time_ns++;
	json_object_put(render(fixture, &alert, &forms[1]));
	assert_false(str_equal(forms[0].text, forms[1].text));
}

static void test_severity(void **state)
{
	static const struct {
		enum severity severity;
		int priority;
		const char *name;
	} cases[] = {
		{ SEVERITY_LOW, LOG_NOTICE, "low" },
		{ SEVERITY_MEDIUM, LOG_WARNING, "medium" },
		{ SEVERITY_HIGH, LOG_CRIT, "high" },
		{ SEVERITY_CRITICAL, LOG_ALERT, "critical" },
	};
	struct fixture *fixture = *state;
	struct alert alert = match_alert(fixture, "203.0.113.9");
	struct rule rule = rule_compiled;
	struct rendered forms;

	alert.rule = &rule;
	for (size_t i = 0; i < 4; i++) {
		static struct pairs pairs;
		struct json_object *document;

		rule.severity = cases[i].severity;
		document = render(fixture, &alert, &forms);
		assert_int_equal(forms.priority, cases[i].priority);
		read_pairs(forms.text, &pairs);
		assert_true(str_equal(pair(&pairs, "severity"),
				      str_from(cases[i].name)));
		assert_int_equal(
			json_object_get_int(at(document, "event.severity")),
			cases[i].severity);
		json_object_put(document);
	}
}

/* A rule that observes wakes nobody, and says so. */
static void test_observed(void **state)
{
	struct fixture *fixture = *state;
	struct alert alert = match_alert(fixture, "203.0.113.9");
	struct rule rule = rule_compiled;
	struct rendered forms;
	struct json_object *document;

	alert.rule = &rule;
	rule.mode = RULE_MODE_ALERT;
	document = render(fixture, &alert, &forms);
	assert_false(forms.observed);
	assert_null(at(document, "audisp_eql.mode"));
	json_object_put(document);
	rule.mode = RULE_MODE_OBSERVE;
	document = render(fixture, &alert, &forms);
	assert_true(forms.observed);
	assert_string_equal(text_at(document, "audisp_eql.mode"), "observe");
	assert_memory_equal(forms.text.data, "OBSERVED-ALERT ", 15);
	json_object_put(document);
}

/* --- hostile values --------------------------------------------------------- */

static const struct str hostile[] = {
	STR("a\nb"),
	STR("a\r\nb"),
	STR("\" rule=\"other\" severity=low x=\""),
	STR("\\\" rule=\\\"other"),
	STR("\\"),
	STR("x\\"),
	STR("\x1b[2J\x1b]0;owned\x07"),
	STR("a\x1dUID=\"root\""),
	STR("nul\0inside"),
	STR("\xe2\x80\xae"
	    "cod.exe"), /* right to left override */
	STR("\xe2\x81\xa6"
	    "isolate"),
	STR("\xe2\x80\xa8"
	    "line separator"),
	STR("\xc2\x9b"
	    "31mC1"),
	STR("\x7f"),
	STR("'; $(reboot) `id` %s%n%p"),
	STR("</script>{\"event\":{\"kind\":\"alert\"}}"),
	STR("\xf0\x9f\x90\xa7 penguin, \xc3\xbc, \xe6\x97\xa5"),
	STR("=,:{}[]"),
	STR(" "),
	STR(""),
};

static const struct str invalid[] = {
	STR("\xff\xfe"),	 STR("\xc3"),	  STR("\xe2\x80"),
	STR("\xf0\x9f\x90"),	 STR("\xc0\xaf"), STR("\xed\xa0\x80"),
	STR("\xf4\x90\x80\x80"), STR("ok\x80ok"),
};

/* All text of the last event's process and file becomes this. */
static void fill_text(struct event *event, struct str text)
{
	for (size_t i = 0; i < event->value_count; i++)
		if (i != FIELD_TIMESTAMP && i != FIELD_DESTINATION_IP &&
		    i != FIELD_DESTINATION_PORT && i != FIELD_PROCESS_PID)
			event_set(event, i, VALUE_OF_STR(text));
	for (size_t i = 0; i < READING__COUNT; i++)
		event->resolved[i] = VALUE_OF_STR(text);
	event->node = text;
	event->host = text.len ? text : STR("h");
}

static struct alert hostile_alert(struct fixture *fixture, struct str text)
{
	struct alert alert = match_alert(fixture, "203.0.113.9");
	struct str *records = arena_array(fixture->arena, 1, sizeof(*records));

	records[0] = text;
	for (size_t i = 0; i < 4; i++) {
		struct event *event = (struct event *)alert.events[i];

		fill_text(event, text);
		event->records = records;
		event->record_count = 1;
	}
	alert.host = text.len ? text : STR("h");
	((struct value *)alert.keys)[0] = VALUE_OF_STR(text);
	return alert;
}

static void test_hostile(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		struct alert alert = hostile_alert(fixture, hostile[i]);
		struct rendered forms;
		struct json_object *document, *found;

		arena_reset(fixture->arena);
		alert = hostile_alert(fixture, hostile[i]);
		document = render(fixture, &alert, &forms);
		/* the very bytes come back */
		found = at(document, "process.working_directory");
		assert_non_null(found);
		assert_int_equal(json_object_get_string_len(found),
				 hostile[i].len);
		assert_memory_equal(json_object_get_string(found),
				    hostile[i].data, hostile[i].len);
		found = at(document, "audisp_eql.records");
		assert_int_equal(json_object_array_length(found), 4);
		assert_null(at(document, "audisp_eql.truncated"));
		assert_string_equal(text_at(document, "rule.name"),
				    rule_compiled.name.data);
		json_object_put(document);
	}
}

static void test_invalid_utf8(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
		struct alert alert = hostile_alert(fixture, invalid[i]);
		struct rendered forms;
		struct json_object *document = render(fixture, &alert, &forms);

		assert_non_null(
			strstr(text_at(document, "process.working_directory"),
			       "\xef\xbf\xbd"));
		json_object_put(document);
	}
}

/* The sentence keeps the rule it is about, whatever a program is called. */
static void test_no_injection(void **state)
{
	struct fixture *fixture = *state;
	struct alert alert = hostile_alert(fixture, hostile[2]);
	static struct pairs pairs;
	struct rendered forms;

	json_object_put(render(fixture, &alert, &forms));
	read_pairs(forms.text, &pairs);
	assert_true(str_equal(pair(&pairs, "rule"), rule_compiled.name));
	assert_true(str_equal(pair(&pairs, "severity"), STR("medium")));
	assert_true(str_equal(pair(&pairs, "destination"),
			      STR("203.0.113.9:4444")));
	for (size_t i = 0; i < pairs.count; i++)
		if (str_equal(pairs.keys[i], STR("process")) ||
		    str_equal(pairs.keys[i], STR("user")) ||
		    str_equal(pairs.keys[i], STR("host")))
			assert_true(pairs.quoted[i]);
}

/* --- sizes ------------------------------------------------------------------ */

static struct str long_text(struct fixture *fixture, size_t len, char c)
{
	char *text = arena_alloc(fixture->arena, len);

	memset(text, c, len);
	return (struct str){ text, len };
}

static void test_megabyte_argument(void **state)
{
	struct fixture *fixture = *state;
	struct alert alert = match_alert(fixture, "203.0.113.9");
	struct event *compile = (struct event *)alert.events[0];
	struct event *connect = (struct event *)alert.events[3];
	struct value args[3] = {
		VALUE_OF_STR(STR("gcc")),
		VALUE_OF_STR(long_text(fixture, 1U << 20, '"')),
		VALUE_OF_STR(STR("last")),
	};
	struct str records[] = { STR("small before"),
				 long_text(fixture, 1U << 20, 'r'),
				 STR("small after") };
	struct str connect_record = STR("type=SOCKADDR saddr=0200");
	struct rendered forms;
	struct json_object *document, *found;

	event_set(compile, FIELD_PROCESS_ARGS,
		  (struct value){ .type = VALUE_LIST, .list = { args, 3 } });
	event_set(compile, FIELD_PROCESS_COMMAND_LINE, args[1]);
	compile->records = records;
	compile->record_count = 3;
	connect->records = &connect_record;
	connect->record_count = 1;
	document = render(fixture, &alert, &forms);
	/* the large one is cut, all else is there */
	found = at(document, "audisp_eql.events.process.args");
	assert_string_equal(
		json_object_get_string(json_object_array_get_idx(found, 0)),
		"gcc");
	assert_string_equal(
		json_object_get_string(json_object_array_get_idx(found, 2)),
		"last");
	assert_true(json_object_get_boolean(
		at(document, "audisp_eql.events.truncated")));
	assert_true(
		json_object_get_boolean(at(document, "audisp_eql.truncated")));
	assert_true(json_object_get_boolean(
		at(document, "audisp_eql.records_truncated")));
	found = at(document, "audisp_eql.records");
	assert_int_equal(json_object_array_length(found), 4);
	assert_string_equal(
		json_object_get_string(json_object_array_get_idx(found, 3)),
		connect_record.data);
	json_object_put(document);
	assert_non_null(memmem(forms.text.data, forms.text.len, BOUNDS_MARK,
			       sizeof(BOUNDS_MARK) - 1));
	assert_non_null(memmem(forms.text.data, forms.text.len,
			       "audit4=1795487387.362:35703", 27));
}

/* Records have their share of the room to the byte. */
static void test_record_room(void **state)
{
	struct fixture *fixture = *state;
	struct alert alert = match_alert(fixture, "203.0.113.9");
	struct event *only = (struct event *)alert.events[3];
	struct str records[2];
	struct rendered forms;
	struct json_object *document;

	alert.events += 3;
	alert.event_count = 1;
	only->records = records;
	only->record_count = 2;
	records[0] = long_text(fixture, LIMIT_ALERT_RECORDS_BYTES - 10, 'a');
	records[1] = long_text(fixture, 10, 'b');
	document = render(fixture, &alert, &forms);
	assert_int_equal(
		json_object_array_length(at(document, "audisp_eql.records")),
		2);
	assert_null(at(document, "audisp_eql.records_truncated"));
	json_object_put(document);
	records[1] = long_text(fixture, 11, 'b');
	document = render(fixture, &alert, &forms);
	assert_int_equal(
		json_object_array_length(at(document, "audisp_eql.records")),
		1);
	assert_true(json_object_get_boolean(
		at(document, "audisp_eql.records_truncated")));
	json_object_put(document);
}

/* However many records the first stage has, the last one's are told. */
static void test_record_shares(void **state)
{
	struct fixture *fixture = *state;
	struct alert alert = match_alert(fixture, "203.0.113.9");
	struct event *first = (struct event *)alert.events[0];
	struct event *last = (struct event *)alert.events[3];
	struct str *many = arena_array(fixture->arena, 2000, sizeof(*many));
	struct str record = STR("type=SOCKADDR saddr=0200");
	struct rendered forms;
	struct json_object *document, *records;
	size_t count;

	for (size_t i = 0; i < 2000; i++)
		many[i] = long_text(fixture, 100, 'a');
	first->records = many;
	first->record_count = 2000;
	last->records = &record;
	last->record_count = 1;
	document = render(fixture, &alert, &forms);
	records = at(document, "audisp_eql.records");
	count = json_object_array_length(records);
	/* a quarter of the room, one of run_event(), the last one */
	assert_int_equal(count, LIMIT_ALERT_RECORDS_BYTES / 4 / 100 + 2);
	assert_string_equal(json_object_get_string(json_object_array_get_idx(
				    records, count - 1)),
			    record.data);
	json_object_put(document);
}

/* A document of one byte less than the limit is whole; with that byte it has
 * to do without something. */
static void test_document_edge(void **state)
{
	static const size_t slots[] = {
		FIELD_FILE_EXT_ORIGINAL_PATH,
		FIELD_FILE_EXT_ORIGINAL_NAME,
		FIELD_FILE_EXTENSION,
		FIELD_PROCESS_COMMAND_LINE,
		FIELD_PROCESS_WORKING_DIRECTORY,
		FIELD_PROCESS_PARENT_NAME,
		FIELD_PROCESS_PARENT_EXECUTABLE,
		FIELD_AUDITD_DATA_SYSCALL,
	};
	struct fixture *fixture = *state;
	struct alert alert = match_alert(fixture, "203.0.113.9");
	struct str text = long_text(fixture, 9000, 'a'), filler = text;
	struct event *link = (struct event *)alert.events[1];
	struct rendered forms = { 0 };
	struct json_object *document;

	/* events but the last, whose fields come twice */
	for (size_t i = 0; i < 3 * 8; i++) {
		json_object_put(render(fixture, &alert, &forms));
		if (forms.json.len + 2 * text.len > LIMIT_ALERT_BYTES)
			break;
		event_set((struct event *)alert.events[i / 8], slots[i % 8],
			  VALUE_OF_STR(text));
	}
	filler.len = 0;
	event_set(link, FIELD_PROCESS_TTY, VALUE_OF_STR(filler));
	json_object_put(render(fixture, &alert, &forms));
	filler.len = LIMIT_ALERT_BYTES - 1 - forms.json.len;
	filler.data = long_text(fixture, filler.len + 1, 'b').data;
	for (int part = 0; part < 2; part++) {
		/* two fields share it, each below what one may have */
		struct str half = { filler.data, filler.len / 2 };

		if (!part)
			filler.len -= sizeof(",\"exit_code\":\"\"") - 1;
		half.len = filler.len / 2;
		event_set(link, FIELD_PROCESS_TTY, VALUE_OF_STR(half));
		half.len = filler.len - half.len;
		event_set(link, FIELD_PROCESS_EXIT_CODE, VALUE_OF_STR(half));
		document = render(fixture, &alert, &forms);
		if (!part) {
			assert_int_equal(forms.json.len, LIMIT_ALERT_BYTES - 1);
			assert_null(at(document, "audisp_eql.truncated"));
		} else {
			assert_non_null(at(document, "audisp_eql.truncated"));
		}
		json_object_put(document);
		filler.len++;
	}
}

static void test_journal_newline(void **state)
{
	static const struct str length = STR("AUDISP_EQL_RULE_NAME\n"
					     "\x12\0\0\0\0\0\0\0"
					     "one\nAUDISP_EQL_X=1\n");
	struct fixture *fixture = *state;
	struct alert alert = match_alert(fixture, "203.0.113.9");
	struct rule rule = rule_compiled;
	struct rendered forms;

	rule.name = STR("one\nAUDISP_EQL_X=1");
	alert.rule = &rule;
	json_object_put(render(fixture, &alert, &forms));
	assert_non_null(memmem(forms.journal.data, forms.journal.len,
			       length.data, length.len));
}

#define MANY_STAGES LIMIT_STAGES
#define MANY_TUPLES LIMIT_KEY_TUPLES

/* Everything as large and as hostile as it can be, all at once. */
static void test_largest(void **state)
{
	struct fixture *fixture = *state;
	struct str text = long_text(fixture, 100000, '\x01');
	struct rule rule = rule_compiled;
	struct value *keys =
		arena_array(fixture->arena, MANY_TUPLES, sizeof(*keys));
	const struct event **events =
		arena_array(fixture->arena, MANY_STAGES, sizeof(*events));
	struct alert alert = hostile_alert(fixture, text);
	struct event *event = (struct event *)alert.events[3];
	struct str *many = arena_array(fixture->arena, 1000, sizeof(*many));
	struct technique *technique =
		arena_array(fixture->arena, 1000, sizeof(*technique));
	struct threat threat = { .framework = text,
				 .technique_count = 1000,
				 .techniques = technique };
	struct alert_destination destinations[ALERT_DESTINATIONS_MAX];
	struct rendered forms;
	struct json_object *document;

	for (size_t i = 0; i < MANY_TUPLES; i++)
		keys[i] = VALUE_OF_STR(text);
	for (size_t i = 0; i < MANY_STAGES; i++)
		events[i] = event;
	for (size_t i = 0; i < 1000; i++) {
		many[i] = text;
		technique[i] = (struct technique){
			.id = text,
			.name = text,
			.reference = text,
			.subtechnique_count = 1000,
			.subtechniques = technique,
		};
	}
	threat.tactic = technique[0];
	for (size_t i = 0; i < ALERT_DESTINATIONS_MAX; i++)
		destinations[i] = (struct alert_destination){
			ip_of("2001:db8:1111:2222:3333:4444:5555:6666"), 65535
		};
	alert.events = events;
	alert.event_count = MANY_STAGES;
	alert.keys = keys;
	alert.key_count = 1;
	alert.tuple_count = MANY_TUPLES;
	alert.kind = ALERT_REPEATS;
	alert.suppressed = UINT64_MAX;
	alert.destination_count = ALERT_DESTINATIONS_MAX;
	alert.destinations = destinations;
	rule.threat_count = 1;
	rule.threats = &threat;
	rule.id = rule.name = rule.description = rule.version = text;
	rule.license = rule.file = text;
	rule.tags = rule.author = rule.references =
		(struct str_list){ 1000, many };
	alert.rule = &rule;
	document = render(fixture, &alert, &forms);
	assert_true(
		json_object_get_boolean(at(document, "audisp_eql.truncated")));
	assert_non_null(at(document, "audisp_eql.events"));
	json_object_put(document);
	document = parse_json(
		(struct str){ forms.cee.data + 6, forms.cee.len - 6 });
	assert_true(
		json_object_get_boolean(at(document, "audisp_eql.truncated")));
	json_object_put(document);
}

static void test_bounds_text(void **state)
{
	struct bounds bounds = { .text = 10, .items = 4 };

	(void)state;
	assert_true(str_equal(bounds_text(&bounds, STR("0123456789")),
			      STR("0123456789")));
	assert_false(bounds.cut);
	assert_true(str_equal(bounds_text(&bounds, STR("0123456789a")),
			      STR("01234[...]6789a")));
	assert_true(bounds.cut);
	/* no character is cut in two */
	assert_true(str_equal(bounds_text(&bounds, STR("012\xe2\x82\xac"
						       "45678\xe2\x82\xac"
						       "234")),
			      STR("012[...]234")));
	bounds_free(&bounds);
}

static void test_bounds_list(void **state)
{
	struct bounds bounds = { .text = 10, .items = 4 };
	struct value items[6];
	struct bounds_span span;

	(void)state;
	for (size_t i = 0; i < 6; i++)
		items[i] = VALUE_OF_STR(STR("ab"));
	span = bounds_list(&bounds, items, 4);
	assert_int_equal(span.head, 4);
	assert_false(bounds.cut);
	span = bounds_list(&bounds, items, 5);
	assert_true(bounds.cut);
	assert_int_equal(span.head, 2);
	assert_int_equal(span.tail, 2);
	/* few but long: by bytes; the first is always told */
	bounds.cut = false;
	items[0] = VALUE_OF_STR(STR("0123456789"));
	span = bounds_list(&bounds, items, 2);
	assert_true(bounds.cut);
	assert_int_equal(span.head, 1);
	assert_int_equal(span.tail, 1);
	items[0] = VALUE_OF_STR(STR("01234567"));
	bounds.cut = false;
	assert_int_equal(bounds_list(&bounds, items, 2).head, 2);
	assert_false(bounds.cut);
	assert_int_equal(bounds_count(&bounds, 4).head, 4);
	assert_false(bounds.cut);
	span = bounds_count(&bounds, 5);
	assert_true(bounds.cut);
	assert_int_equal(span.head + span.tail, 4);
}

/* --- one event -------------------------------------------------------------- */

static struct json_object *event_document(struct fixture *fixture,
					  const struct event *event)
{
	struct strbuf text = STRBUF_INIT(0);
	struct json_object *document;
	struct json json;

	json_init(&json, &text);
	event_json_document(event, fixture->fields, &json);
	assert_false(text.failed);
	document = parse_json(strbuf_str(&text));
	strbuf_free(&text);
	return document;
}

static void test_event(void **state)
{
	struct fixture *fixture = *state;
	struct json_object *document =
		event_document(fixture, compile_event(fixture));

	assert_string_equal(text_at(document, "@timestamp"),
			    "2026-11-24T02:29:46.146Z");
	assert_string_equal(text_at(document, "process.parent.name"), "bash");
	assert_string_equal(text_at(document, "process.executable"),
			    "/usr/bin/gcc");
	assert_string_equal(text_at(document, "audisp_eql.audit.id"),
			    "1795487386.146:35693");
	assert_string_equal(text_at(document, "audisp_eql.resolved.name"),
			    "x86_64-linux-gnu-gcc-12");
	assert_int_equal(json_object_array_length(at(document, "process.args")),
			 4);
	json_object_put(document);
}

/* Names only a rule knows, in an order and of a shape that nesting must bear:
 * each value is in the document once. */
static void test_odd_names(void **state)
{
	static const char *const names[] = {
		"zeta.b",	 "a.b.c.d", "a",	 "a.b",
		"process.a.b",	 "a-b",	    "process-x", "..",
		".lead.x",	 "trail.",  "dou..ble",	 "process.parent",
		"process.a.b.c", "a.b.c",   "host.os",	 "x",
	};
	struct fixture *fixture = *state;
	struct event *event;
	struct strbuf text = STRBUF_INIT(0);
	struct json json;

	for (size_t i = 0; i < 16; i++)
		assert_true(field_table_add(fixture->fields, str_from(names[i]),
					    FIELD_KEYWORD) >= 0);
	event = connect_event(fixture, "203.0.113.9");
	for (size_t i = 0; i < 16; i++)
		put(event,
		    (size_t)field_table_find(fixture->fields,
					     str_from(names[i])),
		    "@@");
	json_init(&json, &text);
	json_object_begin(&json);
	event_json_write(event, fixture->fields, READING_RESOLVED, &json);
	json_object_end(&json);
	strbuf_add_char(&text, '\0');
	json_object_put(parse_json((struct str){ text.data, text.len - 1 }));
	for (const char *p = text.data; (p = strstr(p, "\"@@\"")); p++)
		json.depth++;
	assert_int_equal(json.depth, 16);
	/* "a" has a value: what is below it stands beside it */
	assert_non_null(strstr(text.data, "\"a\":\"@@\",\"a.b\":\"@@\","
					  "\"a.b.c\":\"@@\","
					  "\"a.b.c.d\":\"@@\""));
	assert_non_null(strstr(text.data, "/home/dev/w/revsh"));
	strbuf_free(&text);
}

static void test_extreme_values(void **state)
{
	struct fixture *fixture = *state;
	struct event *event = connect_event(fixture, "203.0.113.9");
	struct json_object *document;
	struct value mixed[] = {
		{ .type = VALUE_NULL },
		VALUE_OF_INT(INT64_MIN),
		{ .type = VALUE_DOUBLE, .d = 1e308 * 10 },
		VALUE_OF_BOOL(true),
		VALUE_OF_STR(STR("x")),
	};

	event_set(event, FIELD_TIMESTAMP, VALUE_OF_INT(INT64_MAX));
	event_set(event, FIELD_PROCESS_TTY,
		  (struct value){ .type = VALUE_LIST, .list = { mixed, 5 } });
	event_set(event, FIELD_EVENT_ACTION,
		  (struct value){ .type = VALUE_LIST, .list = { mixed, 5 } });
	event_set(event, FIELD_DESTINATION_IP,
		  (struct value){ .type = VALUE_LIST, .list = { NULL, 0 } });
	event->flags = EVENT_INCOMPLETE;
	document = event_document(fixture, event);
	/* no time of ours: told as it is */
	assert_true(
		json_object_is_type(at(document, "@timestamp"), json_type_int));
	assert_true(
		json_object_get_boolean(at(document, "audisp_eql.incomplete")));
	json_object_put(document);
	for (size_t i = 0; i < 5; i++) {
		struct alert alert = match_alert(fixture, "203.0.113.9");
		const struct event *events[] = { event };
		struct rendered forms;

		alert.events = events;
		alert.event_count = 1;
		alert.key_count = 1;
		alert.keys = &mixed[i];
		json_object_put(render(fixture, &alert, &forms));
	}
}

/* --- chance ----------------------------------------------------------------- */

static uint64_t dice(uint64_t *seed, uint64_t sides)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed % sides;
}

static struct str random_text(struct fixture *fixture, uint64_t *seed)
{
	static const char spice[] = "\"\\\n\r\x1b\x1d =\xe2\x80\xae\xc2\x9b";
	size_t len = dice(seed, dice(seed, 20) ? 40 : 4000);
	char *text = arena_alloc(fixture->arena, len + 1);

	for (size_t i = 0; i < len; i++)
		text[i] = dice(seed, 4) ? (char)dice(seed, 256)
					: spice[dice(seed, sizeof(spice) - 1)];
	return (struct str){ text, len };
}

static struct value random_value(struct fixture *fixture, uint64_t *seed,
				 bool lists)
{
	struct value value = { .type = (enum value_type)dice(seed,
							     lists ? 7 : 6) };
	struct value *items;
	size_t count;

	switch (value.type) {
	case VALUE_STRING:
		value.s = random_text(fixture, seed);
		break;
	case VALUE_LIST:
		count = dice(seed, 5);
		items = arena_array(fixture->arena, count, sizeof(*items));
		for (size_t i = 0; i < count; i++)
			items[i] = random_value(fixture, seed, false);
		value.list.items = items;
		value.list.count = count;
		break;
	case VALUE_BOOL:
		value.b = dice(seed, 2);
		break;
	default:
		value.i = (int64_t)dice(seed, UINT64_MAX);
		break;
	}
	return value;
}

static struct event *random_event(struct fixture *fixture, uint64_t *seed)
{
	struct event *event =
		event_new(fixture->arena, field_table_count(fixture->fields));
	struct str *records = arena_array(fixture->arena, 4, sizeof(*records));

	event->time_ns = (int64_t)dice(seed, UINT64_MAX);
	event->serial = dice(seed, UINT64_MAX);
	event->host = random_text(fixture, seed);
	event->node = random_text(fixture, seed);
	event->categories = (unsigned int)dice(seed, 512);
	for (size_t i = 0; i < event->value_count; i++)
		if (dice(seed, 2))
			event->values[i] = random_value(fixture, seed, true);
	for (size_t i = 0; i < READING__COUNT; i++)
		event->resolved[i] = random_value(fixture, seed, false);
	event->record_count = dice(seed, 5);
	event->records = records;
	for (size_t i = 0; i < event->record_count; i++)
		records[i] = random_text(fixture, seed);
	return event;
}

static struct alert random_alert(struct fixture *fixture, uint64_t *seed)
{
	struct alert alert = {
		.kind = (enum alert_kind)dice(seed, 4),
		.rule = &rule_compiled,
		.host = random_text(fixture, seed),
		.time_ns = (int64_t)dice(seed, UINT64_MAX),
		.event_count = dice(seed, 6),
		.key_count = dice(seed, 3),
		.tuple_count = dice(seed, 3),
		.suppressed = dice(seed, UINT64_MAX),
		.first_ns = (int64_t)dice(seed, UINT64_MAX),
		.message = random_text(fixture, seed),
		.gap = dice(seed, 2),
	};
	const struct event **events =
		arena_array(fixture->arena, 6, sizeof(*events));
	struct value *keys = arena_array(fixture->arena, 6, sizeof(*keys));

	if (alert.kind == ALERT_NOTICE)
		alert.rule = NULL;
	for (size_t i = 0; i < alert.event_count; i++)
		if (dice(seed, 8))
			events[i] = random_event(fixture, seed);
	for (size_t i = 0; i < 6; i++)
		keys[i] = random_value(fixture, seed, false);
	alert.events = events;
	alert.keys = keys;
	return alert;
}

static void test_random(void **state)
{
	struct fixture *fixture = *state;
	uint64_t seed = 88172645463325252ULL;

	for (int round = 0; round < 2000; round++) {
		struct alert alert;
		struct rendered forms;

		arena_reset(fixture->arena);
		alert = random_alert(fixture, &seed);
		json_object_put(render(fixture, &alert, &forms));
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_match),	  TEST(test_ipv6_gap),
		TEST(test_missing),	  TEST(test_source),
		TEST(test_repeats),	  TEST(test_flood),
		TEST(test_budget),	  TEST(test_notice),
		TEST(test_severity),	  TEST(test_observed),
		TEST(test_hostile),	  TEST(test_invalid_utf8),
		TEST(test_no_injection),  TEST(test_megabyte_argument),
		TEST(test_record_room),	  TEST(test_record_shares),
		TEST(test_document_edge), TEST(test_journal_newline),
		TEST(test_largest),	  TEST(test_bounds_text),
		TEST(test_bounds_list),	  TEST(test_event),
		TEST(test_odd_names),	  TEST(test_extreme_values),
		TEST(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
