/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "status.h"
#include "util/arena.h"

#include "readlog.h"

struct place {
	char directory[64], path[80];
	struct ring *ring;
	struct pipeline_stats pipeline;
	struct output_stats outputs;
	struct query query; /* without stages */
	struct rule rule;
	const struct rule *list[7];
	struct ruleset rules;
	struct status status;
};

static int setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	strcpy(place->directory, "/tmp/test_status.XXXXXX");
	if (!mkdtemp(place->directory))
		return -1;
	snprintf(place->path, sizeof(place->path), "%s/status",
		 place->directory);
	place->ring = ring_new();
	place->rule.query = &place->query;
	for (size_t i = 0; i < 7; i++)
		place->list[i] = &place->rule;
	place->rules = (struct ruleset){
		.hash = 0xabc,
		.rule_count = 7,
		.rules = place->list,
	};
	place->status = (struct status){
		.ring = place->ring,
		.pipeline = &place->pipeline,
		.outputs = &place->outputs,
		.rules = &place->rules,
		.host_id = STR("h\"1"),
		.now_ns = 1795486464123 * NSEC_PER_MSEC,
	};
	*state = place;
	return place->ring ? 0 : -1;
}

static int teardown(void **state)
{
	struct place *place = *state;
	int failed;

	unlink(place->path);
	/* nothing else may be left there */
	failed = rmdir(place->directory);
	ring_free(&place->ring);
	free(place);
	return failed;
}

/* Whether the report has a row; numbers are told apart by their ends. */
static void assert_row(const struct place *place, const char *row)
{
	char want[200];
	size_t len = 0;
	char *text = readlog_file(place->path, &len);

	assert_non_null(text);
	snprintf(want, sizeof(want), "\naudisp_eql_%s\n", row);
	if (!strstr(text, want))
		fail_msg("no %s in:\n%s", row, text);
	free(text);
}

static void test_numbers(void **state)
{
	struct place *place = *state;

	atomic_store(&place->ring->head, UINT64_MAX);
	atomic_store(&place->ring->dropped, 2);
	atomic_store(&place->ring->alerts, 3);
	place->pipeline.sieve.records = 4;
	place->pipeline.sieve.malformed = 5;
	place->pipeline.normalizer.events = 6;
	place->pipeline.engine.matches = 8;
	place->outputs.dropped = 9;
	assert_int_equal(status_write(place->path, &place->status), 0);
	assert_row(place, "rules 7");
	assert_row(place, "received_bytes_total 18446744073709551615");
	assert_row(place, "dropped_records_total 2");
	assert_row(place, "alert_number 3");
	assert_row(place, "records_total 4");
	assert_row(place, "malformed_records_total 5");
	assert_row(place, "events_total 6");
	assert_row(place, "matches_total 8");
	assert_row(place, "outputs_dropped_total 9");
}

/* A row for each host, where there are some; names are not to be trusted. */
static void test_hosts(void **state)
{
	static const char *const rows[] = {
		"hosts 2",
		"hosts_mixed 1",
		"refused_records_total 3",
		"host_records_total{host=\"web1\"} 7",
		"host_missing_serials_total{host=\"web1\"} 2",
		"host_silent_seconds{host=\"web1\"} 1",
		"host_clock_timestamp_seconds{host=\"web1\"} 1700000000",
		"host_mixed{host=\"web1\"} 0",
		"host_mixed{host=\"a\\\"b\\\\\"} 1",
	};
	static struct sieve_host hosts[STATUS_HOSTS] = {
		{ .node = STR("web1"),
		  .records = 7,
		  .gaps = 2,
		  .silent_ns = 1500 * NSEC_PER_MSEC,
		  .now_ns = 1700000000 * NSEC_PER_SEC },
		{ .node = STR("a\"b\\"), .mixed = true, .now_ns = -1 },
	};
	struct place *place = *state;
	static char worst[255];
	size_t len = 0;
	char *text;

	place->pipeline.sieve.hosts = 2;
	place->pipeline.sieve.mixed = 1;
	place->pipeline.sieve.refused = 3;
	place->status.hosts = hosts;
	place->status.host_count = 1;
	assert_int_equal(status_write(place->path, &place->status), 0);
	text = readlog_file(place->path, &len);
	assert_null(strstr(text, "host_records"));
	free(text);
	place->status.host_count = 2;
	assert_int_equal(status_write(place->path, &place->status), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_row(place, rows[i]);
	assert_int_equal(status_losses(&place->status), 3);
	/* as many as there can be, with the longest names */
	memset(worst, 0xff, sizeof(worst));
	for (size_t i = 0; i < STATUS_HOSTS; i++)
		hosts[i].node = (struct str){ worst, sizeof(worst) };
	place->status.host_count = STATUS_HOSTS;
	assert_int_equal(status_write(place->path, &place->status), 0);
}

/* How far behind: only while there is something to read. */
static void test_lag(void **state)
{
	struct place *place = *state;

	place->pipeline.sieve.last_ns =
		place->status.now_ns - 1500 * NSEC_PER_MSEC;
	assert_int_equal(status_lag_ns(&place->status), 0);
	place->status.unread = 1;
	assert_int_equal(status_lag_ns(&place->status), 1500 * NSEC_PER_MSEC);
	/* a clock that was set back */
	place->pipeline.sieve.last_ns = place->status.now_ns + 1;
	assert_int_equal(status_lag_ns(&place->status), 0);
	assert_int_equal(status_write(place->path, &place->status), 0);
	assert_row(place, "lag_milliseconds 0");
	assert_row(place, "unread_bytes 1");
	assert_row(place, "running 1");
}

/* What the kernel says is there once it has said something. */
static void test_kernel(void **state)
{
	struct place *place = *state;
	size_t len = 0;
	char *text;

	assert_int_equal(status_write(place->path, &place->status), 0);
	text = readlog_file(place->path, &len);
	assert_null(strstr(text, "kernel_"));
	free(text);
	atomic_store(&place->ring->kernel_seen, 1);
	atomic_store(&place->ring->kernel_lost, 12);
	assert_int_equal(status_write(place->path, &place->status), 0);
	assert_row(place, "kernel_audit_enabled 0");
	assert_row(place, "kernel_lost_total 12");
	/* those of before are no loss of ours */
	place->ring->told.lost_before = place->ring->told.lost = 12;
	assert_int_equal(status_losses(&place->status), 0);
	place->ring->told.lost = 15;
	assert_int_equal(status_losses(&place->status), 3);
	place->ring->told.lost = 2;
	assert_int_equal(status_losses(&place->status), 0);
}

static void test_heartbeat(void **state)
{
	struct place *place = *state;
	struct arena *arena = arena_new(0);
	struct rendered forms;

	atomic_store(&place->ring->alerts, 3);
	place->pipeline.sieve.gaps = 22;
	assert_int_equal(status_heartbeat(&place->status, arena, &forms), 0);
	assert_int_equal(forms.priority, LOG_INFO);
	assert_string_equal(
		forms.text.data,
		"HEARTBEAT blind=no version=" PACKAGE_VERSION
		" rule_set=0000000000000abc rules=7 alert_number=3 records=0 "
		"missing=22 lost=0 dropped=0 evicted=0 undelivered=0 lag_ms=0 "
		"hosts=0 host=\"h\\\"1\"");
	assert_string_equal(
		forms.json.data,
		"{\"@timestamp\":\"2026-11-24T02:14:24.123Z\",\"message\":"
		"\"audisp-eql runs and sees\",\"event\":{\"kind\":\"state\","
		"\"module\":\"audisp_eql\",\"dataset\":\"audisp_eql.heartbeat\"},"
		"\"host\":{\"id\":\"h\\\"1\"},\"audisp_eql\":{\"kind\":"
		"\"heartbeat\",\"blind\":false,\"version\":\"" PACKAGE_VERSION
		"\",\"rule_set\":\"0000000000000abc\",\"rules\":7,"
		"\"alert_number\":3,\"records\":0,\"missing\":22,\"lost\":0,"
		"\"dropped\":0,\"evicted\":0,\"undelivered\":0,\"lag_ms\":0,\"hosts\":0}}");
	place->status.blind = true;
	assert_int_equal(status_heartbeat(&place->status, arena, &forms), 0);
	assert_int_equal(forms.priority, LOG_WARNING);
	assert_memory_equal(forms.text.data, "HEARTBEAT blind=yes ", 20);
	assert_memory_equal(forms.cee.data, "@cee: {", 7);
	assert_non_null(strstr(forms.journal.data, "\nPRIORITY=4\n"));
	arena_free(&arena);
}

/* Each row is a name of ours and a number, none comes twice. */
static void test_form(void **state)
{
	static const char labels[] =
		"{version=\"" PACKAGE_VERSION
		"\",rule_set=\"0000000000000abc\",host=\"h\\\"1\"} 1";
	struct place *place = *state;
	char names[100][64], *text, *save = NULL;
	size_t len = 0, count = 0;

	assert_int_equal(status_write(place->path, &place->status), 0);
	text = readlog_file(place->path, &len);
	assert_non_null(text);
	assert_int_equal(text[len - 1], '\n');
	for (char *row = strtok_r(text, "\n", &save); row;
	     row = strtok_r(NULL, "\n", &save)) {
		unsigned long long number;
		int end = 0;

		if (*row == '#') {
			assert_memory_equal(row, "# TYPE audisp_eql_", 18);
			continue;
		}
		assert_true(count < 100);
		assert_int_equal(
			sscanf(row, "audisp_eql_%63[a-z_]", names[count]), 1);
		row += strlen("audisp_eql_") + strlen(names[count]);
		if (!strcmp(names[count], "info"))
			assert_memory_equal(row, labels, strlen(labels));
		row += strcspn(row, " ");
		assert_int_equal(sscanf(row, " %llu%n", &number, &end), 1);
		assert_int_equal(row[end], '\0');
		for (size_t i = 0; i < count; i++)
			assert_string_not_equal(names[i], names[count]);
		count++;
	}
	assert_true(count > 20);
	free(text);
}

static void test_file(void **state)
{
	struct place *place = *state;
	struct stat st, next;
	mode_t mask = umask(0077);
	FILE *reader;

	assert_int_equal(status_write(place->path, &place->status), 0);
	umask(mask);
	assert_int_equal(stat(place->path, &st), 0);
	/* the metrics collector is somebody else */
	assert_int_equal(st.st_mode, S_IFREG | 0644);
	/* who reads the old one at that moment has all of it */
	reader = fopen(place->path, "re");
	assert_non_null(reader);
	assert_int_equal(status_write(place->path, &place->status), 0);
	assert_int_equal(stat(place->path, &next), 0);
	assert_true(next.st_ino != st.st_ino);
	assert_int_equal(fseek(reader, 0, SEEK_END), 0);
	assert_int_equal(ftell(reader), st.st_size);
	fclose(reader);
}

/* A link laid in its way leads nowhere, and the old report stays. */
static void test_link(void **state)
{
	struct place *place = *state;
	char temporary[100], victim[100];
	struct stat st;

	place->rules.rule_count = 1;
	assert_int_equal(status_write(place->path, &place->status), 0);
	snprintf(temporary, sizeof(temporary), "%s.new", place->path);
	snprintf(victim, sizeof(victim), "%s/victim", place->directory);
	assert_int_equal(symlink(victim, temporary), 0);
	place->rules.rule_count = 2;
	assert_int_equal(status_write(place->path, &place->status), -ELOOP);
	assert_int_equal(stat(victim, &st), -1);
	assert_row(place, "rules 1");
	assert_int_equal(unlink(temporary), 0);
}

static void test_no_place(void **state)
{
	struct place *place = *state;
	char longer[5000];

	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(status_write(longer, &place->status), -ENAMETOOLONG);
	assert_int_equal(status_write("/nonexistent/status", &place->status),
			 -ENOENT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_numbers), TEST(test_hosts),	  TEST(test_lag),
		TEST(test_kernel),  TEST(test_heartbeat), TEST(test_form),
		TEST(test_file),    TEST(test_link),	  TEST(test_no_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
