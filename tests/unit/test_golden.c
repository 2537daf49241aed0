/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The golden cases, whole: each query over its events through aueql eql, as
 * anyone would run it, gives the matches Elasticsearch gives, in its order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#define TYPES_MAX 16

static struct json_object *load(void)
{
	const char *srcdir = getenv("srcdir");
	char path[4096];
	struct json_object *cases;

	snprintf(path, sizeof(path), "%s/tests/cases/eql-golden.json",
		 srcdir ? srcdir : ".");
	cases = json_object_from_file(path);
	assert_non_null(cases);
	return cases;
}

static struct json_object *member(struct json_object *json, const char *name)
{
	return json_object_object_get(json, name);
}

/* --- running -------------------------------------------------------------- */

static void write_events(struct json_object *events, const char *path)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	for (size_t i = 0; i < json_object_array_length(events); i++)
		fprintf(file, "%s\n",
			json_object_to_json_string_ext(
				json_object_array_get_idx(events, i),
				JSON_C_TO_STRING_PLAIN));
	assert_int_equal(fclose(file), 0);
}

static void run_child(struct json_object *json, const char *path, int out)
{
	struct json_object *types = member(json, "types");
	static char texts[TYPES_MAX][256];
	const char *argv[2 * TYPES_MAX + 8] = { "./aueql", "eql", "--ecs" };
	size_t count = 3, number = 0;

	if (types) {
		json_object_object_foreach(types, name, type)
		{
			if (number == TYPES_MAX)
				_exit(99);
			snprintf(texts[number], sizeof(texts[0]), "%s=%s", name,
				 json_object_get_string(type));
			argv[count++] = "--type";
			argv[count++] = texts[number++];
		}
	}
	argv[count++] = json_object_get_string(member(json, "query"));
	argv[count++] = path;
	dup2(out, STDOUT_FILENO);
	if (json_object_is_type(member(json, "expect"), json_type_string) &&
	    !freopen("/dev/null", "w", stderr))
		_exit(99);
	execv(argv[0], (char **)argv);
	_exit(99);
}

/* What the command prints, as an array; its exit code. */
static int run(struct json_object *json, const char *path,
	       struct json_object **matches)
{
	struct json_object *array = json_object_new_array();
	char *line = NULL;
	size_t capacity = 0;
	int ends[2], status;
	pid_t pid;
	FILE *out;

	assert_int_equal(pipe(ends), 0);
	fflush(stdout);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		run_child(json, path, ends[1]);
	close(ends[1]);
	out = fdopen(ends[0], "r");
	assert_non_null(out);
	while (getline(&line, &capacity, out) > 0) {
		struct json_object *match = json_tokener_parse(line);

		assert_non_null(match);
		json_object_array_add(array, match);
	}
	free(line);
	fclose(out);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	*matches = array;
	return WEXITSTATUS(status);
}

/* --- comparing ------------------------------------------------------------ */

/* The match an expectation stands for: [[positions], [keys]], or [position]
 * for a single event. */
static struct json_object *expected_match(struct json_object *events,
					  struct json_object *expect)
{
	struct json_object *first = json_object_array_get_idx(expect, 0);
	bool single = !json_object_is_type(first, json_type_array);
	struct json_object *positions = single ? expect : first;
	struct json_object *keys =
		single ? json_object_new_array()
		       : json_object_get(json_object_array_get_idx(expect, 1));
	struct json_object *match = json_object_new_object();
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < json_object_array_length(positions); i++) {
		struct json_object *at =
			json_object_array_get_idx(positions, i);
		size_t position = at ? (size_t)json_object_get_int64(at) : 0;

		json_object_array_add(
			list, at ? json_object_get(json_object_array_get_idx(
					   events, position))
				 : NULL);
	}
	json_object_object_add(match, "join_keys", keys);
	json_object_object_add(match, "events", list);
	return match;
}

static void compare(struct json_object *json, struct json_object *matches)
{
	const char *query = json_object_get_string(member(json, "query"));
	struct json_object *expect = member(json, "expect");
	size_t count = json_object_array_length(expect);

	if (json_object_array_length(matches) != count)
		fail_msg("%s: %zu matches, not %zu", query,
			 json_object_array_length(matches), count);
	for (size_t i = 0; i < count; i++) {
		struct json_object *wanted =
			expected_match(member(json, "events"),
				       json_object_array_get_idx(expect, i));
		struct json_object *got = json_object_array_get_idx(matches, i);

		if (!json_object_equal(wanted, got))
			fail_msg("%s: match %zu is %s, not %s", query, i,
				 json_object_to_json_string(got),
				 json_object_to_json_string(wanted));
		json_object_put(wanted);
	}
}

static void test_golden(void **state)
{
	char path[] = "/tmp/test_golden.XXXXXX";
	struct json_object *cases = load();
	size_t count = json_object_array_length(cases), refused = 0;

	(void)state;
	assert_true(count >= 312);
	close(mkstemp(path));
	for (size_t i = 0; i < count; i++) {
		struct json_object *json = json_object_array_get_idx(cases, i);
		bool bad = json_object_is_type(member(json, "expect"),
					       json_type_string);
		struct json_object *matches;
		int code;

		write_events(member(json, "events"), path);
		code = run(json, path, &matches);
		if (code != bad)
			fail_msg("%s: exit code %d",
				 json_object_get_string(member(json, "query")),
				 code);
		if (bad)
			assert_int_equal(json_object_array_length(matches), 0);
		else
			compare(json, matches);
		refused += bad;
		json_object_put(matches);
	}
	unlink(path);
	print_message("%zu cases, of which %zu are refused\n", count, refused);
	json_object_put(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
