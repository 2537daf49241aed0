/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory runs out at each single place: whatever is loaded, fed, saved and
 * written then either says so, or is what it would have been; nothing is left
 * allocated, and nothing is broken.
 *
 * Of what is taken of arenas for many rules one in a few places is tried, each
 * with FAILING_STEP=1.
 */
#include "rulefiles.h"

#include <unistd.h>

#include <audisp-eql/output.h>

#include "allocations.h"
#include "makelog.h"
#include "pipeline.h"
#include "readlog.h"
#include "util/codec.h"

/* 0 or -errno; *result says what came of it. */
typedef int (*trial_fn)(void *user, uint64_t *result);

struct trial {
	const char *what;
	trial_fn run;
	void *user;
	size_t step; /* each so many places are tried */
};

static void fail_at(const struct trial *trial, size_t place, bool on,
		    uint64_t expected)
{
	const char *behind = on ? " and all behind" : "";
	size_t live = allocations.live;
	uint64_t result = 0;
	int rc;

	allocations.failing = place;
	allocations.on = on;
	allocations.count = 0;
	rc = trial->run(trial->user, &result);
	allocations.failing = 0;
	if (rc != -ENOMEM && (rc || result != expected))
		fail_msg("%s, allocation %zu%s: %d, %llx for %llx", trial->what,
			 place, behind, rc, (unsigned long long)result,
			 (unsigned long long)expected);
	if (allocations.live != live)
		fail_msg("%s, allocation %zu%s: %zd left", trial->what, place,
			 behind, (ssize_t)(allocations.live - live));
}

/* Once for each allocation that it makes, which fails alone, and once more with
 * all behind it. */
static void fail_each(const struct trial *trial)
{
	size_t count, live = allocations.live;
	uint64_t expected = 0;

	allocations.count = 0;
	assert_int_equal(trial->run(trial->user, &expected), 0);
	assert_int_equal(allocations.live, live);
	count = allocations.count;
	print_message("%s: %zu allocations\n", trial->what, count);
	assert_true(count > 0);
	for (size_t place = 1; place <= count; place += trial->step) {
		fail_at(trial, place, false, expected);
		fail_at(trial, place, true, expected);
	}
}

static size_t step_of_many(void)
{
	const char *step = getenv("FAILING_STEP");

	return step ? strtoul(step, NULL, 10) : 31;
}

/* --- rules ---------------------------------------------------------------- */

static int load(void *user, uint64_t *result)
{
	struct ruleset *set = NULL;
	int rc = ruleset_load(user, &set);

	if (rc) {
		assert_null(set);
		return rc;
	}
	*result = set->hash + set->rule_count + set->error_count +
		  set->report_count + set->exception_count;
	ruleset_free(&set);
	return 0;
}

static void on_diag(void *user, const struct diag *diag)
{
	(void)user;
	assert_true(diag->message.len > 0);
}

/* One file of rules, or a directory of them, with a file of overrides.d. */
static void fail_rules(const char *name, size_t step)
{
	char path[4096], overrides[] = "/tmp/test_failing.XXXXXX", file[64];
	const char *const paths[] = { path };
	struct ruleset_options options = { .paths = paths,
					   .path_count = 1,
					   .off = RULESET_OFF_RUN,
					   .overrides = overrides,
					   .builtins = true,
					   .on_diag = on_diag };
	const struct trial trial = { name, load, &options, step };

	snprintf(path, sizeof(path), "%s/%s", readlog_srcdir(), name);
	assert_non_null(mkdtemp(overrides));
	snprintf(file, sizeof(file), "%s/a.toml", overrides);
	rulefiles_write_text(file, "[[override]]\nrule_id = \"none\"\n"
				   "[[override]]\n"
				   "rule_id = \"audisp_eql.audit_disabled\"\n"
				   "severity = \"critical\"\n"
				   "[[override.exceptions]]\n"
				   "condition = 'process.name : \"x*\"'\n");
	fail_each(&trial);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rmdir(overrides), 0);
}

static void test_rules(void **state)
{
	(void)state;
	allocations.arenas = false;
	fail_rules("rules.d/detect", 1);
}

static void test_rules_arenas(void **state)
{
	(void)state;
	allocations.arenas = true;
	fail_rules("tests/rules/published_2025_form.toml", 1);
	fail_rules("tests/rules/export.ndjson", 1);
	fail_rules("rules.d/detect", step_of_many());
}

/* --- from records to alerts ----------------------------------------------- */

#define EVENTS_BEFORE 28
#define EVENTS 40

struct life {
	struct ruleset *rules;
	struct strbuf state; /* of the events before */
	struct strbuf before, after; /* records */
	struct arena *arena;
	struct strbuf said; /* in this trial */
	int rc; /* of what writes alerts */
};

static void on_alert(void *user, const struct alert *alert)
{
	struct life *life = user;
	const struct render_context context = { .fields = life->rules->fields,
						.version = "0" };
	struct rendered rendered;
	int rc;

	arena_reset(life->arena);
	rc = alert_render(alert, &context, life->arena, &rendered);
	if (!rc)
		strbuf_add_str(&life->said, rendered.json);
	life->rc = life->rc ? life->rc : rc;
}

static int open_pipeline(struct life *life, struct pipeline **out)
{
	const struct pipeline_config config = {
		.rules = life->rules,
		.host_id = STR("host"),
		.memcap = 4U << 20,
		.reorder_ns = 100 * NSEC_PER_MSEC,
		.lateness_ns = 300 * NSEC_PER_SEC,
		.suppress_ns = 60 * NSEC_PER_SEC,
		.on_alert = on_alert,
		.user = life,
	};

	return pipeline_new(&config, out);
}

static int live(struct life *life, struct pipeline *pipeline,
		struct strbuf *saved)
{
	struct reader state = reader_of(strbuf_str(&life->state));
	int rc = 0;

	if (life->state.len)
		rc = pipeline_load(pipeline, &state, false);
	if (!rc)
		rc = pipeline_feed(pipeline, life->after.data, life->after.len);
	if (!rc)
		rc = pipeline_advance(pipeline, NSEC_PER_SEC);
	if (!rc)
		rc = pipeline_save(pipeline, saved);
	if (!rc)
		rc = pipeline_finish(pipeline);
	return rc;
}

static int run_life(void *user, uint64_t *result)
{
	struct life *life = user;
	struct strbuf saved = STRBUF_INIT(0);
	struct pipeline *pipeline = NULL;
	int rc;

	life->said = (struct strbuf)STRBUF_INIT(0);
	life->rc = 0;
	life->arena = arena_new(0);
	rc = life->arena ? open_pipeline(life, &pipeline) : -ENOMEM;
	if (!rc)
		rc = live(life, pipeline, &saved);
	if (!rc)
		rc = life->said.failed ? -ENOMEM : life->rc;
	*result = life->said.len << 32 | saved.len;
	pipeline_free(&pipeline);
	arena_free(&life->arena);
	strbuf_free(&saved);
	strbuf_free(&life->said);
	return rc;
}

static struct ruleset *load_made(void)
{
	char directory[] = "/tmp/test_failing.XXXXXX", path[64];
	const char *const paths[] = { directory };
	struct ruleset_options options = { .paths = paths,
					   .path_count = 1,
					   .builtins = true };
	struct ruleset *rules;
	struct strbuf text = STRBUF_INIT(0);

	assert_non_null(mkdtemp(directory));
	for (size_t i = 0; i < MAKELOG_QUERIES; i++) {
		strbuf_reset(&text);
		makelog_rule(&text, i);
		snprintf(path, sizeof(path), "%s/%zu.toml", directory, i);
		rulefiles_write(path, text.data, text.len);
	}
	strbuf_free(&text);
	rules = rulefiles_load(&options, "");
	for (size_t i = 0; i < MAKELOG_QUERIES; i++) {
		snprintf(path, sizeof(path), "%s/%zu.toml", directory, i);
		unlink(path);
	}
	assert_int_equal(rmdir(directory), 0);
	return rules;
}

/* The first part of the log is in a state, the second is fed. */
static void open_life(struct life *life)
{
	struct pipeline *pipeline;

	*life = (struct life){ .rules = load_made() };
	for (size_t i = 0; i < EVENTS; i++)
		makelog_event(i < EVENTS_BEFORE ? &life->before : &life->after,
			      i);
	life->arena = arena_new(0);
	assert_int_equal(open_pipeline(life, &pipeline), 0);
	assert_int_equal(
		pipeline_feed(pipeline, life->before.data, life->before.len),
		0);
	assert_int_equal(pipeline_save(pipeline, &life->state), 0);
	pipeline_free(&pipeline);
	arena_free(&life->arena);
	strbuf_free(&life->said);
}

static void close_life(struct life *life)
{
	ruleset_free(&life->rules);
	strbuf_free(&life->state);
	strbuf_free(&life->before);
	strbuf_free(&life->after);
}

static void fail_life(bool arenas)
{
	struct life life;
	const struct trial trial = { "records to alerts", run_life, &life, 1 };
	uint64_t said;

	allocations.arenas = arenas;
	open_life(&life);
	assert_int_equal(run_life(&life, &said), 0);
	assert_true(said >> 32 > 0);
	fail_each(&trial);
	close_life(&life);
}

static void test_life(void **state)
{
	(void)state;
	fail_life(false);
}

static void test_life_arenas(void **state)
{
	(void)state;
	fail_life(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_rules_arenas),
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_life_arenas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
