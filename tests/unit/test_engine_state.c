/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's state as bytes: what was saved goes on as if nothing had
 * happened, with the same rules or others; what was not saved by it is refused,
 * or at least does no harm.
 */
#include "engine_rig.h"

#include "engine/holdback.h"
#include "engine/save.h"

static const char *const queries[] = {
	"sequence by j with maxspan=1m [any where k == \"a\"] "
	"[any where k == \"b\"] [any where k == \"c\"]",
	"sequence by j, ?i with maxspan=10s ![any where k == \"m\"] "
	"[any where k == \"a\"] [any where k == \"b\"] "
	"![any where k == \"m\"] until [any where k == \"u\"]",
	"any where k == \"s\"",
	"sequence by j with maxspan=1m [process where k == \"a\"] "
	"[any where k == \"b\"]",
	"sample by j [any where k == \"c\"] [any where k == \"a\"] "
	"[any where k == \"b\"]",
};

#define RULES (sizeof(queries) / sizeof(queries[0]))

static void state_open(struct rig *rig, const size_t *rules, size_t count)
{
	rig_open(rig);
	for (size_t i = 0; i < count; i++) {
		struct rule *rule = rig_rule(rig, queries[rules[i]]);

		/* the same rule whatever its place in the set */
		rule->id = arena_printf(rig->arena, "r%zu", rules[i]);
		rule->suppress_ns = 60 * SEC;
	}
	rig->config.reorder_ns = 500 * MS;
	rig_start(rig);
}

static const size_t all_rules[] = { 0, 1, 2, 3, 4 };

/* A state with something of everything. */
static const char *const before[] = {
	"t=1000 n=1 k=m j=x",
	"t=7000 n=2 k=a j=x,y,z cat=process process.args=cc,-o,x uid=5",
	"t=7100 n=3 k=b j=x,y",
	"t=7200 n=4 k=s destination.ip=192.0.2.1,2001:db8::1",
	"t=7300 n=5 k=s destination.ip=192.0.2.1,2001:db8::1",
	"t=7400 n=6 k=a j=z host=other process.pid=17",
	"t=8000 n=7 k=u j=w",
	"t=8000 n=8 k=b j=z !process.name=resolved process.name=invoked",
	"t=9000 n=9 k=a j=v",
	"t=9400 n=10 k=b j=v", /* and this is held back */
};

static const char *const after[] = {
	"t=10000 n=11 k=c j=y",
	"t=11000 n=12 k=s destination.ip=192.0.2.1,2001:db8::1",
	"t=12000 n=13 k=b j=z host=other",
	"t=13000 n=14 k=c j=z host=other",
	"t=20000 n=15 k=m j=v",
	"t=7150 n=16 k=c j=x attempt",
	"t=100000 n=17 k=z",
	"t=200000 n=18 k=z host=other",
};

static void feed_all(struct rig *rig, const char *const *events, size_t count)
{
	for (size_t i = 0; i < count; i++)
		rig_feed(rig, events[i]);
}

#define FEED(rig, events) \
	feed_all(rig, events, sizeof(events) / sizeof((events)[0]))

static void save(struct rig *rig, struct strbuf *state)
{
	*state = (struct strbuf)STRBUF_INIT(0);
	FEED(rig, before);
	engine_mark_gap(rig->engine, STR("h"), 7050 * MS, 7050 * MS);
	assert_int_equal(engine_save(rig->engine, state), 0);
}

/* --- budgets -------------------------------------------------------------- */

/* Who takes over does not begin the hour anew; the rule's budget may be another
 * by then. */
static void test_budget(void **state)
{
	static const size_t rules[] = { 2 };
	static const struct {
		int64_t budget;
		const char *expect;
	} cases[] = {
		{ 1, "" },
		{ 2, "" },
		{ 3, "r2: 4 spent 3 until 3601000\n" },
		{ 0, "r2: 4\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct strbuf bytes = STRBUF_INIT(0);
		struct rig rig;

		state_open(&rig, rules, 1);
		rig.rules[0].budget = 2;
		rig_feed(&rig, "t=1000 n=1 k=s destination.ip=192.0.2.1");
		rig_feed(&rig, "t=2000 n=2 k=s destination.ip=192.0.2.2");
		rig_feed(&rig, "t=3000 n=3 k=s destination.ip=192.0.2.3");
		rig_feed(&rig, "t=4000 n=0");
		rig_expect(&rig, "r2: 1\nr2: 2 spent 2 until 3601000\n");
		assert_int_equal(engine_save(rig.engine, &bytes), 0);
		engine_free(&rig.engine);
		rig.rules[0].budget = cases[i].budget;
		rig_start(&rig);
		assert_int_equal(rig_load(&rig, strbuf_str(&bytes)), 0);
		rig_feed(&rig, "t=5000 n=4 k=s destination.ip=192.0.2.4");
		rig_feed(&rig, "t=6000 n=0");
		rig_expect(&rig, cases[i].expect);
		/* what was counted before is told, whatever it is now */
		rig_feed(&rig, "t=3700000 n=0");
		strbuf_add_char(&rig.alerts, '\0');
		assert_non_null(strstr(rig.alerts.data, "budget r2: "));
		strbuf_free(&bytes);
		rig_close(&rig);
	}
}

/* --- exceptions ----------------------------------------------------------- */

/* Gives the first rule's stage exceptions of these hashes. */
static void except(struct rig *rig, const uint64_t *hashes, size_t count)
{
	struct query *query = arena_alloc(rig->arena, sizeof(*query));
	struct stage *stage = arena_alloc(rig->arena, sizeof(*stage));
	struct exception *all = arena_array(rig->arena, count, sizeof(*all));
	int error;

	*query = *rig->rules[0].query;
	*stage = query->stages[0];
	for (size_t i = 0; i < count; i++)
		all[i] = (struct exception){
			.condition =
				rig_compile(rig,
					    STR("any where process.pid == 7"),
					    &error)
					->stages[0]
					.condition,
			.expires_ns = INT64_MAX,
			.index = i,
			.hash = hashes[i],
		};
	stage->exceptions = all;
	stage->exception_count = count;
	query->stages = stage;
	rig->rules[0].query = query;
	rig->set.exception_count = count;
}

static void assert_use(const struct rig *rig, size_t index,
		       const struct exception_use *want)
{
	const struct exception *all = rig->rules[0].query->stages[0].exceptions;
	struct exception_use use;

	engine_exception_use(rig->engine, &all[index], &use);
	assert_int_equal(use.hits, want->hits);
	assert_true(use.since_ns == want->since_ns);
	assert_true(use.last_ns == want->last_ns);
}

/* What an exception held is still known when the worker is another, by what it
 * is and not by its place; one that is new is counted from then on. */
static void test_exceptions(void **state)
{
	static const size_t rules[] = { 2 };
	static const uint64_t before_hash[] = { 11 }, after_hash[] = { 12, 11 };
	struct strbuf bytes = STRBUF_INIT(0);
	struct rig rig;

	(void)state;
	state_open(&rig, rules, 1);
	except(&rig, before_hash, 1);
	engine_free(&rig.engine);
	rig_start(&rig);
	assert_use(&rig, 0, &(struct exception_use){ 0 });
	rig_feed(&rig, "t=1000 n=1 k=x");
	rig_feed(&rig, "t=2000 n=2 k=s process.pid=7");
	assert_use(&rig, 0, &(struct exception_use){ 1, 1000 * MS, 2000 * MS });
	assert_int_equal(engine_save(rig.engine, &bytes), 0);
	engine_free(&rig.engine);
	except(&rig, after_hash, 2);
	rig_start(&rig);
	assert_int_equal(rig_load(&rig, strbuf_str(&bytes)), 0);
	rig_feed(&rig, "t=9000 n=3 k=x");
	assert_use(&rig, 0, &(struct exception_use){ 0, 9000 * MS, 0 });
	assert_use(&rig, 1, &(struct exception_use){ 1, 1000 * MS, 2000 * MS });
	strbuf_free(&bytes);
	rig_close(&rig);
}

/* --- what goes on --------------------------------------------------------- */

/* Saved in the middle or not: the same is said. */
static void test_goes_on(void **state)
{
	struct rig plain, rig;
	struct strbuf bytes;

	(void)state;
	state_open(&plain, all_rules, RULES);
	FEED(&plain, before);
	engine_mark_gap(plain.engine, STR("h"), 7050 * MS, 7050 * MS);
	FEED(&plain, after);
	rig_finish(&plain);
	strbuf_add_char(&plain.alerts, '\0');
	assert_non_null(strstr(plain.alerts.data, " gap"));
	assert_non_null(strstr(plain.alerts.data, "repeats"));
	assert_non_null(strstr(plain.alerts.data, "r1: - 2 3 - "));
	assert_non_null(strstr(plain.alerts.data, "r0: 2 3 16 [x]"));
	assert_non_null(strstr(plain.alerts.data, "r4: 11 2 3 [y]"));

	state_open(&rig, all_rules, RULES);
	save(&rig, &bytes);
	engine_free(&rig.engine);
	rig_start(&rig);
	assert_int_equal(rig_load(&rig, strbuf_str(&bytes)), 0);
	FEED(&rig, after);
	rig_finish(&rig);
	rig_expect(&rig, plain.alerts.data);
	strbuf_free(&bytes);
	rig_close(&rig);
	rig_close(&plain);
}

/* Rules in another order, and other fields: the same for those still there. */
static void test_other_rules(void **state)
{
	static const size_t others[] = { 3, 0 };
	struct rig rig;
	struct strbuf bytes;

	(void)state;
	state_open(&rig, all_rules, RULES);
	save(&rig, &bytes);
	rig_close(&rig);
	state_open(&rig, others, 2);
	engine_free(&rig.engine);
	rig_rule(&rig, "any where more == \"of the fields\"");
	rig_start(&rig);
	assert_int_equal(rig_load(&rig, strbuf_str(&bytes)), 0);
	FEED(&rig, after);
	rig_finish(&rig);
	rig_expect(&rig, "r0: 2 3 11 [y] gap\nr0: 2 3 16 [x] gap\n"
			 "r0: 6 13 14 [z]\n");
	strbuf_free(&bytes);
	rig_close(&rig);
}

/* A rule that has changed begins anew. */
static void test_changed_rule(void **state)
{
	struct rig rig;
	struct strbuf bytes;

	(void)state;
	state_open(&rig, all_rules, RULES);
	save(&rig, &bytes);
	engine_free(&rig.engine);
	for (size_t i = 0; i < RULES; i++)
		rig.rules[i].hash++;
	rig_start(&rig);
	assert_int_equal(rig_load(&rig, strbuf_str(&bytes)), 0);
	engine_stats(rig.engine, &rig.stats);
	assert_int_equal(rig.stats.partials_live, 0);
	rig_feed(&rig, "t=10000 n=11 k=c j=y");
	rig_finish(&rig);
	strbuf_add_char(&rig.alerts, '\0');
	assert_null(strstr(rig.alerts.data, "11"));
	strbuf_free(&bytes);
	rig_close(&rig);
}

static void check_same(const struct event *a, const struct event *b)
{
	assert_int_equal(a->time_ns, b->time_ns);
	assert_int_equal(a->serial, b->serial);
	assert_true(str_equal(a->host, b->host));
	assert_true(str_equal(a->node, b->node));
	assert_int_equal(a->categories, b->categories);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->charge_uid, b->charge_uid);
	assert_int_equal(a->value_count, b->value_count);
	for (size_t i = 0; i < a->value_count; i++)
		assert_true(value_equal(&a->values[i], &b->values[i]));
	for (size_t i = 0; i < READING__COUNT; i++)
		assert_true(value_equal(&a->resolved[i], &b->resolved[i]));
	assert_int_equal(a->record_count, b->record_count);
	for (size_t i = 0; i < a->record_count; i++)
		assert_true(str_equal(a->records[i], b->records[i]));
	assert_true(str_equal(a->document, b->document));
}

/* Values of every type come back, under both readings. */
static void test_values(void **state)
{
	static struct value items[] = {
		{ .type = VALUE_NULL },
		{ .type = VALUE_BOOL, .b = true },
		{ .type = VALUE_INT, .i = INT64_MIN },
		{ .type = VALUE_DOUBLE, .d = -0.5 },
		{ .type = VALUE_STRING, .s = { "a\0\xff", 3 } },
		{ .type = VALUE_IP, .ip = { { 1, 2, [15] = 9 } } },
	};
	struct rig rig;
	struct strbuf bytes = STRBUF_INIT(0);
	struct event *event;
	const struct event *copy;

	(void)state;
	state_open(&rig, all_rules, RULES);
	event = rig_event(&rig, "t=1 n=2 k=a j=x uid=77 cat=file attempt");
	event->values[FIELD_PROCESS_ARGS] = (struct value){
		.type = VALUE_LIST,
		.list = { items, sizeof(items) / sizeof(items[0]) },
	};
	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++)
		event->values[FIELD_FILE_DEVICE + i] = items[i];
	event->resolved[READING_PROCESS_PARENT_NAME] = items[4];
	event->node = STR("node");
	event->record_count = 2;
	event->records = (const struct str[]){ STR("type=ONE"), STR("") };
	event->document = STR("{}");
	assert_int_equal(engine_process(rig.engine, event), 0);
	assert_int_equal(engine_save(rig.engine, &bytes), 0);
	engine_free(&rig.engine);
	rig_start(&rig);
	assert_int_equal(rig_load(&rig, strbuf_str(&bytes)), 0);
	assert_int_equal(rig.engine->host->held.count, 1);
	copy = list_entry(rig.engine->host->held.nodes[0], struct held, node)
		       ->kept->event;
	assert_true(copy != event);
	check_same(copy, event);
	strbuf_free(&bytes);
	rig_close(&rig);
}

/* --- what is refused ------------------------------------------------------ */

/* It is as new, and loads what is good. */
static void check_untouched(struct rig *rig, const struct strbuf *good)
{
	struct engine_stats stats;

	engine_stats(rig->engine, &stats);
	assert_int_equal(stats.memory, 0);
	assert_int_equal(stats.partials_live, 0);
	assert_int_equal(stats.events, 0);
	assert_int_equal(rig_load(rig, strbuf_str(good)), 0);
	engine_free(&rig->engine);
	rig_start(rig);
}

static void test_refused(void **state)
{
	struct rig rig;
	struct strbuf good;

	(void)state;
	state_open(&rig, all_rules, RULES);
	save(&rig, &good);
	/* an engine that has begun */
	assert_int_equal(rig_load(&rig, strbuf_str(&good)), -EINVAL);
	engine_free(&rig.engine);
	rig_start(&rig);
	for (size_t len = 0; len < good.len; len++)
		assert_int_equal(rig_load(&rig, (struct str){ good.data, len }),
				 -EBADMSG);
	for (size_t i = 0; i < STATE_MAGIC_BYTES; i++) {
		good.data[i] ^= (char)(1 << i % 8);
		assert_int_equal(rig_load(&rig, strbuf_str(&good)), -EBADMSG);
		good.data[i] ^= (char)(1 << i % 8);
	}
	strbuf_add_char(&good, 'x');
	assert_int_equal(rig_load(&rig, strbuf_str(&good)), -EBADMSG);
	good.len--;
	check_untouched(&rig, &good);
	strbuf_free(&good);
	rig_close(&rig);
}

/* A body that is not what it was: refused with nothing loaded, or taken for what
 * it says; in either case it runs on. */
static bool try_forged(struct rig *rig, char *data, size_t len,
		       const struct strbuf *good)
{
	int rc = rig_load(rig, (struct str){ data, len });

	if (rc) {
		assert_int_equal(rc, -EBADMSG);
		check_untouched(rig, good);
		return false;
	}
	FEED(rig, after);
	rig_finish(rig);
	engine_close_findings(rig->engine);
	assert_true(rig->stats.memory <= rig->config.memcap);
	engine_free(&rig->engine);
	rig_start(rig);
	strbuf_reset(&rig->alerts);
	strbuf_reset(&rig->matches);
	return true;
}

static void test_forged(void **state)
{
	static const uint8_t bytes[] = { 0x00, 0x01, 0x7f, 0xff };
	struct rig rig;
	struct strbuf good;
	size_t taken = 0, refused = 0;
	char *copy;

	(void)state;
	state_open(&rig, all_rules, RULES);
	save(&rig, &good);
	engine_free(&rig.engine);
	rig_start(&rig);
	copy = malloc(good.len);
	assert_non_null(copy);
	for (size_t i = STATE_MAGIC_BYTES; i < good.len; i++)
		for (size_t k = 0; k < sizeof(bytes); k++) {
			memcpy(copy, good.data, good.len);
			copy[i] = (char)bytes[k];
			if (try_forged(&rig, copy, good.len, &good))
				taken++;
			else
				refused++;
		}
	/* what one thing says of itself, another says too */
	for (size_t i = STATE_MAGIC_BYTES; i + 16 <= good.len; i++)
		for (size_t k = 0; k < 4; k++) {
			size_t from =
				STATE_MAGIC_BYTES +
				(i * 31 + k * 1013) %
					(good.len - STATE_MAGIC_BYTES - 16);

			memcpy(copy, good.data, good.len);
			memmove(copy + i, copy + from, 16);
			try_forged(&rig, copy, good.len, &good);
		}
	for (size_t len = STATE_MAGIC_BYTES; len < good.len; len++) {
		memcpy(copy, good.data, good.len);
		assert_false(try_forged(&rig, copy, len, &good));
	}
	print_message("%zu forged states taken, %zu refused\n", taken, refused);
	assert_true(taken > 100);
	assert_true(refused > 100);
	free(copy);
	strbuf_free(&good);
	rig_close(&rig);
}

/* What does not fit the buffer is not written. */
static void test_no_room(void **state)
{
	struct rig rig;
	struct strbuf bytes, small;

	(void)state;
	state_open(&rig, all_rules, RULES);
	save(&rig, &bytes);
	small = (struct strbuf)STRBUF_INIT(bytes.len - 1);
	assert_int_equal(engine_save(rig.engine, &small), -ENOMEM);
	assert_true(small.failed);
	strbuf_free(&small);
	small = (struct strbuf)STRBUF_INIT(bytes.len);
	assert_int_equal(engine_save(rig.engine, &small), 0);
	assert_int_equal(small.len, bytes.len);
	strbuf_free(&small);
	strbuf_free(&bytes);
	rig_close(&rig);
}

/* A state larger than what there is now: what fits is kept. */
static void test_less_memory(void **state)
{
	struct rig rig;
	struct strbuf bytes = STRBUF_INIT(0);

	(void)state;
	state_open(&rig, all_rules, RULES);
	for (int i = 0; i < 200; i++) {
		char words[64];

		snprintf(words, sizeof(words), "t=%d n=%d k=a j=%d", 1000 * i,
			 i, i);
		rig_feed(&rig, words);
	}
	assert_int_equal(engine_save(rig.engine, &bytes), 0);
	engine_stats(rig.engine, &rig.stats);
	engine_free(&rig.engine);
	rig.config.memcap = rig.stats.memory / 2;
	rig_start(&rig);
	assert_int_equal(rig_load(&rig, strbuf_str(&bytes)), 0);
	engine_stats(rig.engine, &rig.stats);
	assert_true(rig.stats.memory <= rig.config.memcap);
	assert_true(rig.stats.partials_evicted > 0);
	assert_true(rig.stats.partials_live > 0);
	strbuf_free(&bytes);
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_goes_on),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_exceptions),
		cmocka_unit_test(test_other_rules),
		cmocka_unit_test(test_changed_rule),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_less_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
