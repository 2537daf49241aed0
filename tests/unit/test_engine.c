/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine, rule by rule of what it promises. */
#include "engine_rig.h"

/* Matches come at once, as of the events' own times. */
static void rig_start_plain(struct rig *rig)
{
	rig->config.reorder_ns = 0;
	rig_start(rig);
}

static struct rule *rig_live_rule(struct rig *rig, const char *query)
{
	struct rule *rule;

	rig_open(rig);
	rule = rig_rule(rig, query);
	rig_start_plain(rig);
	return rule;
}

/* Something at a time that nothing asks for: the host's time goes on. */
static void rig_tick(struct rig *rig, int64_t ms)
{
	char words[64];

	snprintf(words, sizeof(words), "t=%lld n=0", (long long)ms);
	rig_feed(rig, words);
}

/* --- which events hit ----------------------------------------------------- */

static void test_categories(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig);
	rig_rule(&rig, "process where true");
	rig_rule(&rig, "any where k == \"a\"");
	rig_rule(&rig, "email where true");
	rig_start_plain(&rig);
	rig_feed(&rig, "t=1 n=1 cat=process k=a");
	rig_expect(&rig, "r0: 1\nr1: 1\n");
	rig_feed(&rig, "t=2 n=2 cat=file cat=process");
	rig_expect(&rig, "r0: 2\n");
	/* a category without a bit of its own is compared by name */
	rig_feed(&rig, "t=3 n=3 cat=email event.category=,Email");
	rig_expect(&rig, "");
	rig_feed(&rig, "t=4 n=4 cat=email event.category=web,email");
	rig_expect(&rig, "r2: 4\n");
	rig_feed(&rig, "t=5 n=5");
	rig_expect(&rig, "");
	rig_finish(&rig);
	assert_int_equal(rig.stats.events, 5);
	assert_int_equal(rig.stats.hits, 4);
	assert_int_equal(rig.stats.alerts, 4);
	rig_close(&rig);
}

/* A name has two readings; a condition holds under one, never mixed. */
static void test_readings(void **state)
{
	const char *query = "process where process.name == \"cc\" and "
			    "process.executable == \"/bin/cc\"";
	struct rig rig;

	(void)state;
	rig_open(&rig);
	rig_rule(&rig, query);
	rig_rule(&rig, query)->process_names = PROCESS_NAMES_INVOKED;
	rig_rule(&rig, query)->process_names = PROCESS_NAMES_RESOLVED;
	for (size_t i = 0; i < 3; i++)
		rig.rules[i].hash += i;
	rig_start_plain(&rig);
	rig_feed(&rig, "t=1 n=1 cat=process process.name=cc "
		       "process.executable=/bin/cc !process.name=gcc "
		       "!process.executable=/bin/gcc");
	rig_expect(&rig, "r0: 1\nr1: 1\n");
	rig_feed(&rig, "t=2 n=2 cat=process process.name=x "
		       "process.executable=./x !process.name=cc "
		       "!process.executable=/bin/cc");
	rig_expect(&rig, "r0: 2\nr2: 2\n");
	/* one half under each */
	rig_feed(&rig, "t=3 n=3 cat=process process.name=cc "
		       "process.executable=./cc !process.name=gcc "
		       "!process.executable=/bin/cc");
	rig_expect(&rig, "");
	/* no second reading: the first stands for both */
	rig_feed(&rig, "t=4 n=4 cat=process process.name=cc "
		       "process.executable=/bin/cc");
	rig_expect(&rig, "r0: 4\nr1: 4\nr2: 4\n");
	rig_close(&rig);
}

/* Keys are those of the readings that held. */
static void test_keys_of_readings(void **state)
{
	struct rig rig;

	(void)state;
	rig_live_rule(&rig, "sequence by process.name "
			    "[process where process.name like \"a*\"] "
			    "[network where true]");
	rig_feed(&rig, "t=1 n=1 cat=process process.name=ab !process.name=ac");
	rig_feed(&rig, "t=2 n=2 cat=network process.name=ab");
	rig_expect(&rig, "r0: 1 2 [ab]\n");
	rig_feed(&rig, "t=3 n=3 cat=network process.name=ac");
	rig_expect(&rig, "r0: 1 3 [ac]\n");
	rig_feed(&rig, "t=4 n=4 cat=process process.name=ab !process.name=b");
	rig_feed(&rig, "t=5 n=5 cat=network process.name=b");
	rig_expect(&rig, "");
	/* both readings of the last event at once: one alert */
	rig_feed(&rig, "t=6 n=6 cat=process process.name=ax !process.name=ay");
	rig_feed(&rig, "t=7 n=7 cat=network process.name=ay !process.name=ax");
	rig_expect(&rig, "r0: 6 7 [ay][ax]\n");
	rig_close(&rig);
}

/* Where both readings give the same key it is one. */
static void test_same_key_of_readings(void **state)
{
	struct rig rig;

	(void)state;
	rig_live_rule(&rig, "sequence by process.name with maxspan=1s "
			    "![any where k == \"m\"] [process where "
			    "process.executable like \"/*\"]");
	rig_feed(&rig, "t=1 n=1 cat=process process.name=x !process.name=x "
		       "process.executable=/a !process.executable=/b");
	rig_finish(&rig);
	rig_expect(&rig, "r0: - 1 [x]\n");
	rig_close(&rig);
}

/* --- sequences ------------------------------------------------------------ */

static void test_sequence(void **state)
{
	struct rig rig;

	(void)state;
	rig_live_rule(&rig, "sequence by j with maxspan=1s "
			    "[any where k == \"a\"] [any where k == \"b\"]");
	rig_feed(&rig, "t=1000 n=1 k=a j=x");
	rig_feed(&rig, "t=1001 n=2 k=b j=X");
	rig_feed(&rig, "t=1001 n=3 k=b j=x host=other");
	rig_expect(&rig, "");
	/* exactly the span, and it is used up */
	rig_feed(&rig, "t=2000 n=4 k=b j=x");
	rig_expect(&rig, "r0: 1 4 [x]\n");
	rig_feed(&rig, "t=2000 n=5 k=b j=x");
	rig_expect(&rig, "");
	/* a nanosecond more */
	rig_feed(&rig, "t=3000 n=6 k=a j=x");
	rig_feed(&rig, "ns=4000000001 n=7 k=b j=x");
	rig_expect(&rig, "");
	/* equal ordinals are no order */
	rig_feed(&rig, "t=5000 n=8 k=a j=x");
	rig_feed(&rig, "t=5000 n=8 k=b j=x");
	rig_expect(&rig, "");
	rig_close(&rig);
}

/* A rule without maxspan looks back as far as it says. */
static void test_look_back(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig);
	rig_rule(&rig, "sequence [any where k == \"a\"] [any where k == \"b\"]")
		->from_ns = 10 * SEC;
	rig_start_plain(&rig);
	rig_feed(&rig, "t=1000 n=1 k=a");
	rig_feed(&rig, "t=11000 n=2 k=b");
	rig_expect(&rig, "r0: 1 2\n");
	rig_feed(&rig, "t=20000 n=3 k=a");
	rig_feed(&rig, "ns=30000000001 n=4 k=b");
	rig_expect(&rig, "");
	rig_close(&rig);
}

/* --- samples -------------------------------------------------------------- */

#define SAMPLE "sample by j [any where k == \"a\"] [any where k == \"b\"] "

/* In whatever order; each alert of its own events. */
static void test_sample(void **state)
{
	struct rig rig;

	(void)state;
	rig_live_rule(&rig, SAMPLE "[any where k == \"c\"]");
	rig_feed(&rig, "t=1 n=1 k=b j=x");
	rig_feed(&rig, "t=2 n=2 k=c j=x");
	rig_feed(&rig, "t=3 n=3 k=a j=y");
	rig_expect(&rig, "");
	rig_feed(&rig, "t=4 n=4 k=a j=x");
	rig_expect(&rig, "r0: 4 1 2 [x]\n");
	/* what it had is gone */
	rig_feed(&rig, "t=5 n=5 k=a j=x");
	rig_feed(&rig, "t=6 n=6 k=b j=x");
	rig_expect(&rig, "");
	rig_feed(&rig, "t=7 n=7 k=c j=x");
	rig_expect(&rig, "r0: 5 6 7 [x]\n");
	/* the newest of a stage stands for it */
	rig_feed(&rig, "t=8 n=8 k=a j=z");
	rig_feed(&rig, "t=9 n=9 k=a j=z");
	rig_feed(&rig, "t=10 n=10 k=c j=z");
	rig_feed(&rig, "t=11 n=11 k=b j=z");
	rig_expect(&rig, "r0: 9 11 10 [z]\n");
	rig_close(&rig);
}

static void test_sample_looks_back(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig);
	rig_rule(&rig, SAMPLE)->from_ns = 10 * SEC;
	rig_start_plain(&rig);
	rig_feed(&rig, "t=1000 n=1 k=b j=x");
	rig_feed(&rig, "t=11000 n=2 k=a j=x");
	rig_expect(&rig, "r0: 2 1 [x]\n");
	rig_feed(&rig, "t=20000 n=3 k=b j=x");
	rig_feed(&rig, "ns=30000000001 n=4 k=a j=x");
	rig_expect(&rig, "");
	/* nor do they stay for ever */
	rig_feed(&rig, "t=90000 n=5 k=q j=x");
	rig.stats = (struct engine_stats){ 0 };
	engine_stats(rig.engine, &rig.stats);
	assert_int_equal(rig.stats.partials_live, 0);
	rig_close(&rig);
}

/* An event stands for one stage of a match, whatever it could stand for. */
static void test_sample_uses_none_twice(void **state)
{
	struct rig rig;

	(void)state;
	rig_live_rule(&rig, "sample by j [any where k in (\"a\", \"c\")] "
			    "[any where k in (\"b\", \"c\")]");
	rig_feed(&rig, "t=1 n=1 k=c j=x");
	rig_expect(&rig, "");
	rig_feed(&rig, "t=2 n=2 k=c j=x");
	rig_expect(&rig, "r0: 1 2 [x]\n");
	rig_feed(&rig, "t=2 n=9 k=a j=x");
	rig_feed(&rig, "t=2 n=10 k=c j=x");
	rig_expect(&rig, "r0: 9 10 [x]\n");
	rig_feed(&rig, "t=3 n=3 k=c j=y");
	rig_feed(&rig, "t=4 n=4 k=a j=y");
	rig_expect(&rig, "r0: 4 3 [y]\n");
	rig_feed(&rig, "t=5 n=5 k=c j=z");
	rig_feed(&rig, "t=6 n=6 k=b j=z");
	rig_expect(&rig, "r0: 5 6 [z]\n");
	rig_close(&rig);
}

/* Of several keys of an event some are complete, the others stay. */
static void test_sample_keys(void **state)
{
	struct rig rig;

	(void)state;
	rig_live_rule(&rig, SAMPLE);
	rig_feed(&rig, "t=1 n=1 k=a j=x,y,z");
	rig_feed(&rig, "t=2 n=2 k=a j=y");
	rig_feed(&rig, "t=3 n=3 k=b j=x,y,q");
	rig_expect(&rig, "r0: 2 3 [x][y]\n");
	rig_feed(&rig, "t=4 n=4 k=b j=z");
	rig_expect(&rig, "r0: 1 4 [z]\n");
	rig_feed(&rig, "t=5 n=5 k=a j=q");
	rig_expect(&rig, "r0: 5 3 [q]\n");
	rig_feed(&rig, "t=6 n=6 k=a");
	rig_feed(&rig, "t=7 n=7 k=b");
	rig_expect(&rig, "");
	rig_close(&rig);
}

/* Against what is written down here: the newest unused event of each stage. */
static void test_sample_random(void **state)
{
	enum { STAGES = 3, KEYS = 4, EVENTS = 4000, BACK_MS = 10000 };

	struct {
		int number, ms;
	} newest[KEYS][STAGES] = { 0 };
	struct strbuf expected = STRBUF_INIT(0);
	struct rig rig;
	int ms = 1000;

	(void)state;
	srand(20261124);
	rig_open(&rig);
	rig_rule(&rig, SAMPLE "[any where k == \"c\"]")->from_ns = BACK_MS * MS;
	rig_start_plain(&rig);
	for (int i = 1; i <= EVENTS; i++) {
		int stage = rand() % STAGES, key = rand() % KEYS;
		bool all = true;
		char words[64];

		ms += rand() % 3000;
		snprintf(words, sizeof(words), "t=%d n=%d k=%c j=%c", ms, i,
			 'a' + stage, 'p' + key);
		rig_feed(&rig, words);
		newest[key][stage].number = i;
		newest[key][stage].ms = ms;
		for (int k = 0; k < STAGES; k++)
			all = all && newest[key][k].number &&
			      ms - newest[key][k].ms <= BACK_MS;
		if (!all)
			continue;
		strbuf_printf(&expected, "r0: %d %d %d [%c]\n",
			      newest[key][0].number, newest[key][1].number,
			      newest[key][2].number, 'p' + key);
		memset(newest[key], 0, sizeof(newest[key]));
	}
	assert_true(expected.len > 1000);
	strbuf_add_char(&expected, '\0');
	rig_expect(&rig, expected.data);
	strbuf_free(&expected);
	rig_close(&rig);
}

/* Several keys of one event: one alert, with the newest events before. */
static void test_one_alert_for_all_keys(void **state)
{
	struct rig rig;

	(void)state;
	rig_live_rule(&rig, "sequence [any where k == \"a\"] by j "
			    "[any where k == \"b\"] by i");
	rig_feed(&rig, "t=1 n=1 k=a j=x,y,z");
	rig_feed(&rig, "t=2 n=2 k=a j=y");
	rig_feed(&rig, "t=3 n=3 k=b i=x,y,x,q");
	rig_expect(&rig, "r0: 2 3 [x][y]\n");
	/* each match has events of its own */
	strbuf_add_char(&rig.matches, '\0');
	assert_string_equal(rig.matches.data, "r0: 1 3 [x]\nr0: 2 3 [y]\n");
	rig_feed(&rig, "t=4 n=4 k=b i=z");
	rig_expect(&rig, "r0: 1 4 [z]\n");
	/* whatever comes first among the keys */
	rig_feed(&rig, "t=5 n=5 k=a j=x");
	rig_feed(&rig, "t=6 n=6 k=a j=y");
	rig_feed(&rig, "t=7 n=7 k=b i=y,x");
	rig_expect(&rig, "r0: 6 7 [y][x]\n");
	rig_finish(&rig);
	assert_int_equal(rig.stats.matches, 5);
	assert_int_equal(rig.stats.alerts, 3);
	rig_close(&rig);
}

static void test_missing_keys(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig);
	rig_rule(&rig, "sequence by j, ?i [any where k == \"a\"] "
		       "[any where k == \"b\"]");
	rig_start_plain(&rig);
	/* the event does not count, and nothing is kept of it */
	rig_feed(&rig, "t=1 n=1 k=a i=p");
	rig_feed(&rig, "t=2 n=2 k=a j=, i=p");
	engine_stats(rig.engine, &rig.stats);
	assert_int_equal(rig.stats.hits, 0);
	assert_int_equal(rig.stats.partials_started, 0);
	rig_feed(&rig, "t=3 n=3 k=a j=x");
	rig_feed(&rig, "t=4 n=4 k=b j=x i=p");
	rig_expect(&rig, "");
	rig_feed(&rig, "t=5 n=5 k=b j=,x");
	rig_expect(&rig, "r0: 3 5 [x null]\n");
	rig_close(&rig);
}

/* What a key is, is its type too. */
static void test_key_types(void **state)
{
	struct rig rig;

	(void)state;
	rig_live_rule(&rig, "sequence [any where k == \"a\"] by k1 "
			    "[any where k == \"b\"] by k2");
	field_table_find(rig.fields, STR("k1"));
	rig_feed(&rig, "t=1 n=1 k=a k1=1");
	{
		struct event *event = rig_event(&rig, "t=2 n=2 k=b");
		int slot = field_table_find(rig.fields, STR("k2"));

		event_set(event, (size_t)slot, VALUE_OF_INT(1));
		assert_int_equal(engine_process(rig.engine, event), 0);
		rig_expect(&rig, "");
	}
	rig_feed(&rig, "t=3 n=3 k=b k2=1");
	rig_expect(&rig, "r0: 1 3 [1]\n");
	rig_close(&rig);
}

/* One event ends a sequence and begins the next, but is never twice in one. */
static void test_same_event(void **state)
{
	struct rig rig;

	(void)state;
	rig_live_rule(&rig, "sequence [any where k == \"a\"] with runs=3");
	for (int i = 1; i <= 5; i++) {
		char words[64];

		snprintf(words, sizeof(words), "t=%d n=%d k=a", i, i);
		rig_feed(&rig, words);
	}
	rig_expect(&rig, "r0: 1 2 3\nr0: 2 3 4\nr0: 3 4 5\n");
	rig_close(&rig);
}

static void add_many(struct strbuf *words, int from, int to)
{
	for (int i = from; i < to; i++)
		strbuf_printf(words, "%s%d", i > from ? "," : "", i);
}

static void feed_many(struct rig *rig, const char *start, int from, int to)
{
	struct strbuf words = STRBUF_INIT(0);

	strbuf_printf(&words, "%s", start);
	add_many(&words, from, to);
	strbuf_add_char(&words, '\0');
	rig_feed(rig, words.data);
	strbuf_free(&words);
}

/* As many key tuples as the limit fit; of one more the first ones count. */
static void test_key_limit(void **state)
{
	struct rig rig;

	(void)state;
	rig_live_rule(&rig, "sequence [any where k == \"a\"] by j "
			    "[any where k == \"b\"] by i");
	feed_many(&rig, "t=1 n=1 k=a j=", 0, LIMIT_KEY_TUPLES);
	engine_stats(rig.engine, &rig.stats);
	assert_int_equal(rig.stats.key_overflows, 0);
	assert_int_equal(rig.stats.partials_live, LIMIT_KEY_TUPLES);
	feed_many(&rig, "t=2 n=2 k=a j=", 0, LIMIT_KEY_TUPLES + 1);
	engine_stats(rig.engine, &rig.stats);
	assert_int_equal(rig.stats.key_overflows, 1);
	rig_feed(&rig, "t=3 n=3 k=b i=0,65535,65536");
	rig_expect(&rig, "r0: 2 3 [0][65535] degraded\n");
	rig_close(&rig);
}

/* With little memory fewer fit: an event leaves room for what others began. */
static void test_key_limit_of_memcap(void **state)
{
	struct rig rig;
	struct strbuf words = STRBUF_INIT(0);

	(void)state;
	rig_open(&rig);
	rig_rule(&rig, "sequence [any where k == \"a\"] by j "
		       "[any where k == \"b\"] by j");
	rig.config.memcap = 1 << 20;
	rig_start_plain(&rig);
	rig_feed(&rig, "t=1 n=1 k=a j=victim uid=1000");
	strbuf_printf(&words, "t=2 n=2 k=a uid=1001 j=");
	add_many(&words, 0, 6000);
	strbuf_add_char(&words, '\0');
	rig_feed(&rig, words.data);
	engine_stats(rig.engine, &rig.stats);
	assert_int_equal(rig.stats.key_overflows, 1);
	assert_int_equal(rig.stats.partials_evicted, 0);
	rig_feed(&rig, "t=3 n=3 k=b j=victim");
	rig_expect(&rig, "r0: 1 3 [victim] degraded\n");
	strbuf_free(&words);
	rig_close(&rig);
}

/* The product of keys is bounded too, however often their values repeat. */
static void test_key_product_limit(void **state)
{
	struct rig rig;
	struct strbuf words = STRBUF_INIT(0);

	(void)state;
	rig_live_rule(&rig, "sequence by j, i [any where k == \"a\"] "
			    "[any where k == \"b\"]");
	strbuf_printf(&words, "t=1 n=1 k=a j=");
	for (int i = 0; i < 100000; i++)
		strbuf_printf(&words, "%sx", i ? "," : "");
	strbuf_printf(&words, " i=");
	for (int i = 0; i < 100000; i++)
		strbuf_printf(&words, "%sy", i ? "," : "");
	strbuf_add_char(&words, '\0');
	rig_feed(&rig, words.data);
	engine_stats(rig.engine, &rig.stats);
	assert_int_equal(rig.stats.partials_live, 1);
	assert_int_equal(rig.stats.key_overflows, 0);
	strbuf_reset(&words);
	strbuf_printf(&words, "t=2 n=2 k=a j=");
	add_many(&words, 0, 256);
	strbuf_printf(&words, " i=");
	add_many(&words, 0, 257);
	strbuf_add_char(&words, '\0');
	rig_feed(&rig, words.data);
	engine_stats(rig.engine, &rig.stats);
	assert_int_equal(rig.stats.partials_live, 1 + LIMIT_KEY_TUPLES);
	assert_int_equal(rig.stats.key_overflows, 1);
	rig_feed(&rig, "t=3 n=3 k=b j=0 i=256");
	rig_expect(&rig, "r0: 2 3 [0 256] degraded\n");
	rig_feed(&rig, "t=4 n=4 k=b j=255 i=0,1,2");
	rig_expect(&rig, "r0: 2 4 [255 0] degraded\n");
	strbuf_free(&words);
	rig_close(&rig);
}

/* --- time ----------------------------------------------------------------- */

#define TWO_STAGES \
	"sequence with maxspan=1s [any where k == \"a\"] [any where k == \"b\"]"

/* Events wait for the hold-back, and come out in order. */
static void test_hold_back(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig);
	rig_rule(&rig, TWO_STAGES);
	rig_start(&rig);
	rig_feed(&rig, "t=1000 n=1 k=b attempt");
	rig_feed(&rig, "t=990 n=2 k=a attempt");
	/* 100 ms are over when they are over */
	rig_feed(&rig, "ns=1099999999 n=3 k=c");
	rig_expect(&rig, "");
	rig_feed(&rig, "t=1100 n=4 k=c");
	rig_expect(&rig, "r0: 2 1\n");
	/* of the same time the lower serial is first */
	rig_feed(&rig, "t=2000 n=8 k=b");
	rig_feed(&rig, "t=2000 n=7 k=a");
	rig_tick(&rig, 2100);
	rig_expect(&rig, "r0: 7 8\n");
	/* or when the host is silent, by the monotonic clock */
	rig_feed(&rig, "t=3000 n=9 k=a");
	rig_feed(&rig, "t=3001 n=10 k=b");
	assert_int_equal(engine_due_ns(rig.engine), 99 * MS);
	assert_int_equal(engine_advance(rig.engine, 100 * MS - 1), 0);
	rig_expect(&rig, "");
	assert_int_equal(engine_due_ns(rig.engine), 1);
	assert_int_equal(engine_advance(rig.engine, 1), 0);
	rig_expect(&rig, "r0: 9 10\n");
	assert_true(engine_due_ns(rig.engine) == INT64_MAX);
	/* or at the end */
	rig_feed(&rig, "t=4000 n=11 k=a");
	rig_feed(&rig, "t=4001 n=12 k=b");
	rig_finish(&rig);
	rig_expect(&rig, "r0: 11 12\n");
	rig_close(&rig);
}

/* An accomplished event counts when its call ended: not before what was seen.
 * An attempt counts when it began. */
static void test_effective_time(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig);
	rig_rule(&rig, TWO_STAGES);
	rig_start(&rig);
	/* began before the first, ended after it */
	rig_feed(&rig, "t=1000 n=1 k=a");
	rig_feed(&rig, "t=990 n=2 k=b");
	rig_tick(&rig, 1200);
	rig_expect(&rig, "r0: 1 2\n");
	rig_feed(&rig, "t=2000 n=3 k=a");
	rig_feed(&rig, "t=1990 n=4 k=b attempt");
	rig_tick(&rig, 2200);
	rig_expect(&rig, "");
	/* the span is measured between the times they count */
	rig_feed(&rig, "t=3000 n=5 k=a");
	rig_feed(&rig, "t=4001 n=6 k=c");
	rig_feed(&rig, "t=3500 n=7 k=b");
	rig_tick(&rig, 5000);
	rig_expect(&rig, "");
	rig_close(&rig);
}

/* A host's time is the latest of its last 64 events. */
static void test_clock_step(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig);
	rig_rule(&rig, TWO_STAGES);
	rig_start(&rig);
	rig_tick(&rig, 1000000);
	for (int i = 0; i < 63; i++)
		rig_tick(&rig, 1000);
	/* the wild stamp is forgotten with the 64th after it */
	rig_feed(&rig, "t=1000 n=1 k=a");
	rig_feed(&rig, "t=1500 n=2 k=b");
	rig_tick(&rig, 1600);
	rig_expect(&rig, "r0: 1 2\n");
	/* here it is the 64th last, so that the first counts as of then, and
	 * the second, of a time before it, is none that follows */
	rig_tick(&rig, 1000000);
	for (int i = 0; i < 62; i++)
		rig_tick(&rig, 2000);
	rig_feed(&rig, "t=2000 n=3 k=a");
	rig_feed(&rig, "t=2500 n=4 k=b");
	rig_tick(&rig, 2600);
	rig_expect(&rig, "");
	rig_close(&rig);
}

/* Nothing that a stamp may be is too much for the arithmetic. */
static void test_wild_times(void **state)
{
	static const char *const times[] = {
		"9223372036854775807",
		"-9223372036854775808",
		"0",
		"-1",
		"9223372036854775807",
		"1",
	};
	struct rig rig;

	(void)state;
	rig_open(&rig);
	rig_rule(&rig, "sequence with maxspan=1d ![any where k == \"m\"] "
		       "[any where k == \"a\"] ![any where k == \"m\"] "
		       "[any where k == \"a\"] ![any where k == \"m\"] "
		       "until [any where k == \"u\"]");
	rig_rule(&rig, TWO_STAGES)->suppress_ns = INT64_MAX;
	rig_start(&rig);
	for (int i = 0; i < 300; i++) {
		char words[128];

		snprintf(words, sizeof(words), "ns=%s n=%d k=%c %s",
			 times[i * 7 % 6], i, "abmu"[i % 4],
			 i % 3 ? "attempt" : "");
		rig_feed(&rig, words);
		engine_mark_gap(rig.engine, STR("h"),
				i % 3 ? INT64_MIN : INT64_MAX,
				i % 2 ? INT64_MIN : INT64_MAX);
		assert_int_equal(
			engine_advance(rig.engine, i % 50 ? SEC : INT64_MAX),
			0);
	}
	rig_finish(&rig);
	engine_close_findings(rig.engine);
	rig_close(&rig);
}

/* --- attempts that come late ---------------------------------------------- */

#define THREE_STAGES \
	"sequence by j with maxspan=1m [any where k == \"a\"] " \
	"[any where k == \"b\"] [any where k == \"c\"]"

static void late_start(struct rig *rig, const char *query)
{
	rig_open(rig);
	rig_rule(rig, query);
	rig_start(rig);
}

static void test_late_last_stage(void **state)
{
	struct rig rig;

	(void)state;
	late_start(&rig, THREE_STAGES);
	rig_feed(&rig, "t=1000 n=1 k=a j=x");
	rig_feed(&rig, "t=2000 n=2 k=b j=x");
	/* began within the span, comes minutes after it */
	rig_tick(&rig, 359000);
	rig_feed(&rig, "t=61000 n=3 k=c j=x attempt");
	rig_expect(&rig, "r0: 1 2 3 [x]\n");
	rig_finish(&rig);
	assert_int_equal(rig.stats.late_attempts, 1);
	rig_close(&rig);
}

static void test_late_beyond_span(void **state)
{
	struct rig rig;

	(void)state;
	late_start(&rig, THREE_STAGES);
	rig_feed(&rig, "t=1000 n=1 k=a j=x");
	rig_feed(&rig, "t=2000 n=2 k=b j=x");
	rig_tick(&rig, 100000);
	rig_feed(&rig, "ns=61000000001 n=3 k=c j=x attempt");
	rig_expect(&rig, "");
	rig_close(&rig);
}

/* Partials that feed the last stage live as long as the span and the lateness
 * say, and no longer. */
static void test_late_lifetime(void **state)
{
	struct rig rig;

	(void)state;
	for (int over = 0; over < 2; over++) {
		late_start(&rig, THREE_STAGES);
		rig_feed(&rig, "t=1000 n=1 k=a j=x");
		rig_feed(&rig, "t=2000 n=2 k=b j=x");
		/* what is due ends as soon as the hold-back says it has */
		rig_feed(&rig,
			 over ? "ns=361100000001 n=0" : "ns=361100000000 n=0");
		rig_feed(&rig, "t=60000 n=3 k=c j=x attempt");
		rig_expect(&rig, over ? "" : "r0: 1 2 3 [x]\n");
		rig_close(&rig);
	}
}

/* It finds what stood there at its time: neither newer partials, nor older
 * ones than the newest before it. */
static void test_late_superseded(void **state)
{
	struct rig rig;

	(void)state;
	late_start(&rig, THREE_STAGES);
	for (int i = 1; i <= 5; i++) {
		char words[64];

		snprintf(words, sizeof(words), "t=%d000 n=%d k=a j=x", 4 * i,
			 10 * i);
		rig_feed(&rig, words);
		snprintf(words, sizeof(words), "t=%d000 n=%d k=b j=x",
			 4 * i + 1, 10 * i + 1);
		rig_feed(&rig, words);
	}
	rig_tick(&rig, 62000);
	rig_feed(&rig, "t=14000 n=90 k=c j=x attempt");
	rig_expect(&rig, "r0: 30 31 90 [x]\n");
	/* which has used it up, and what is older, for what comes after it */
	rig_feed(&rig, "t=14500 n=91 k=c j=x attempt");
	rig_expect(&rig, "");
	rig_feed(&rig, "t=11000 n=92 k=c j=x attempt");
	rig_expect(&rig, "r0: 20 21 92 [x]\n");
	/* not after it had advanced itself */
	rig_feed(&rig, "t=5000 n=93 k=c j=x attempt");
	rig_expect(&rig, "r0: 10 11 93 [x]\n");
	rig_feed(&rig, "t=4500 n=94 k=c j=x attempt");
	rig_expect(&rig, "");
	/* the newest is there for who comes in order */
	rig_feed(&rig, "t=62000 n=95 k=c j=x");
	rig_tick(&rig, 63000);
	rig_expect(&rig, "r0: 50 51 95 [x]\n");
	rig_close(&rig);
}

/* What was consumed by an event ordered behind it, which merely arrived first,
 * is there for it. */
static void test_late_consumed(void **state)
{
	struct rig rig;

	(void)state;
	late_start(&rig, THREE_STAGES);
	rig_feed(&rig, "t=1000 n=1 k=a j=x");
	rig_feed(&rig, "t=2000 n=2 k=b j=x");
	rig_feed(&rig, "t=5000 n=3 k=c j=x attempt");
	rig_tick(&rig, 8000);
	rig_expect(&rig, "r0: 1 2 3 [x]\n");
	rig_feed(&rig, "t=6000 n=4 k=c j=x attempt");
	rig_expect(&rig, "");
	rig_feed(&rig, "t=4000 n=5 k=c j=x attempt");
	rig_expect(&rig, "r0: 1 2 5 [x]\n");
	/* of the same time the serial decides */
	rig_feed(&rig, "t=4000 n=6 k=c j=x attempt");
	rig_expect(&rig, "");
	rig_feed(&rig, "t=2000 n=1 k=c j=x attempt");
	rig_expect(&rig, "");
	rig_close(&rig);
}

/* What a late attempt begins or advances counts from its arrival. */
static void test_late_earlier_stage(void **state)
{
	struct rig rig;

	(void)state;
	late_start(&rig, THREE_STAGES);
	rig_tick(&rig, 100000);
	rig_feed(&rig, "t=1000 n=1 k=a j=x attempt");
	rig_feed(&rig, "t=101000 n=2 k=b j=x");
	rig_feed(&rig, "t=160000 n=3 k=c j=x");
	rig_tick(&rig, 161000);
	rig_expect(&rig, "r0: 1 2 3 [x]\n");
	/* both at once: it ends one and begins another */
	rig_close(&rig);
	late_start(&rig, "sequence with maxspan=1m [any where k == \"a\"] "
			 "[any where k == \"a\"]");
	rig_feed(&rig, "t=1000 n=1 k=a attempt");
	rig_tick(&rig, 100000);
	rig_feed(&rig, "t=2000 n=2 k=a attempt");
	rig_expect(&rig, "r0: 1 2\n");
	rig_feed(&rig, "t=160000 n=3 k=a");
	rig_tick(&rig, 161000);
	rig_expect(&rig, "r0: 2 3\n");
	rig_close(&rig);
}

/* Attempts within the hold-back are not late. */
static void test_not_late(void **state)
{
	struct rig rig;

	(void)state;
	late_start(&rig, TWO_STAGES);
	rig_feed(&rig, "t=1000 n=1 k=b attempt");
	rig_feed(&rig, "t=901 n=2 k=a attempt");
	rig_finish(&rig);
	assert_int_equal(rig.stats.late_attempts, 0);
	rig_expect(&rig, "r0: 2 1\n");
	rig_close(&rig);
}

/* A rule of one event alerts however late it comes. */
static void test_late_single(void **state)
{
	struct rig rig;

	(void)state;
	late_start(&rig, "any where k == \"a\"");
	rig_feed(&rig, "t=100000 n=1 k=a");
	rig_tick(&rig, 101000);
	rig_feed(&rig, "t=1000 n=2 k=a attempt");
	rig_expect(&rig, "r0: 1\nr0: 2\n");
	rig_close(&rig);
}

/* --- until and missing events --------------------------------------------- */

#define UNTIL \
	"sequence by j with maxspan=10s [any where k == \"a\"] " \
	"[any where k == \"b\"] [any where k == \"c\"] " \
	"until [any where k == \"u\"]"

static void test_until(void **state)
{
	struct rig rig;

	(void)state;
	rig_live_rule(&rig, UNTIL);
	rig_feed(&rig, "t=1000 n=1 k=a j=x");
	rig_feed(&rig, "t=2000 n=2 k=b j=x");
	rig_feed(&rig, "t=3000 n=3 k=u j=y");
	rig_feed(&rig, "t=4000 n=4 k=c j=x");
	/* decided when the window has passed, and not before */
	rig_tick(&rig, 11000);
	rig_expect(&rig, "");
	rig_feed(&rig, "ns=11000000001 n=0");
	rig_expect(&rig, "r0: 1 2 4 [x]\n");
	rig_feed(&rig, "t=20000 n=5 k=a j=x");
	rig_feed(&rig, "t=21000 n=6 k=u j=x,z");
	rig_feed(&rig, "t=22000 n=7 k=b j=x");
	rig_feed(&rig, "t=23000 n=8 k=c j=x");
	rig_finish(&rig);
	rig_expect(&rig, "");
	rig_close(&rig);
}

/* An until that comes late ends what was complete, while it still waits. */
static void test_late_until(void **state)
{
	static const struct {
		const char *until;
		bool ends;
	} cases[] = {
		{ "t=1000 n=1 k=u j=x attempt", true }, /* the first itself */
		{ "t=999 n=9 k=u j=x attempt", false },
		{ "t=1500 n=9 k=u j=x attempt", true },
		{ "t=3500 n=9 k=u j=x attempt", true },
		{ "t=3500 n=9 k=u j=y attempt", false },
		{ "t=4000 n=3 k=u j=x attempt", true }, /* just before */
		{ "t=4000 n=4 k=u j=x attempt", false }, /* the last itself */
		{ "t=4500 n=9 k=u j=x attempt", false },
	};
	struct rig rig;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rig_live_rule(&rig, UNTIL);
		rig_feed(&rig, "t=1000 n=1 k=a j=x");
		rig_feed(&rig, "t=2000 n=2 k=b j=x");
		rig_feed(&rig, "t=4000 n=4 k=c j=x");
		rig_tick(&rig, 9000);
		rig_feed(&rig, cases[i].until);
		rig_tick(&rig, 20000);
		rig_expect(&rig, cases[i].ends ? "" : "r0: 1 2 4 [x]\n");
		rig_close(&rig);
	}
}

/* In exact order an until is known in time: nothing waits. */
static void test_exact_does_not_wait(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig);
	rig_rule(&rig, UNTIL);
	rig_rule(&rig, "sequence with maxspan=10s [any where k == \"a\"] "
		       "![any where k == \"m\"] [any where k == \"b\"]");
	rig_rule(&rig, "sequence with maxspan=10s [any where k == \"a\"] "
		       "[any where k == \"b\"] ![any where k == \"m\"]");
	rig.config.exact = true;
	rig.config.lateness_ns = 0;
	rig_start(&rig);
	rig_feed(&rig, "t=1000 n=1 k=a j=x");
	rig_feed(&rig, "t=2000 n=2 k=b j=x");
	rig_expect(&rig, "r1: 1 - 2\n");
	rig_feed(&rig, "t=4000 n=3 k=c j=x");
	rig_expect(&rig, "r0: 1 2 3 [x]\n");
	/* what must not happen behind the end is known at its end only */
	rig_tick(&rig, 11000);
	rig_expect(&rig, "");
	rig_tick(&rig, 11001);
	rig_expect(&rig, "r2: 1 2 -\n");
	rig_close(&rig);
}

struct missing_case {
	const char *query, *events, *alerts;
};

/* Events are letters, in order; a dot is a second that passes. */
static void run_missing(const struct missing_case *test)
{
	struct rig rig;
	int64_t ms = 100000;
	int number = 0;

	rig_live_rule(&rig, test->query);
	for (const char *at = test->events; *at; at++) {
		char words[64];

		if (*at == '.') {
			ms += 1000;
			continue;
		}
		if (*at == '+') {
			ms++;
			continue;
		}
		snprintf(words, sizeof(words), "t=%lld n=%d k=%c",
			 (long long)ms, ++number, *at);
		rig_feed(&rig, words);
	}
	rig_finish(&rig);
	if (strcmp(strbuf_str(&rig.alerts).len ? "x" : "",
		   *test->alerts ? "x" : ""))
		print_error("%s: %s\n", test->query, test->events);
	rig_expect(&rig, test->alerts);
	rig_close(&rig);
}

#define A "[any where k == \"a\"] "
#define B "[any where k == \"b\"] "
#define M "![any where k == \"m\"] "
#define SPAN "sequence with maxspan=5s "

static void test_missing(void **state)
{
	static const struct missing_case cases[] = {
		{ SPAN A M B, "a.b", "r0: 1 - 2\n" },
		{ SPAN A M B, "am.b", "r0: 1 - 3\n" }, /* same millisecond */
		{ SPAN A M B, "a+m.b", "" },
		{ SPAN A M B, "a.mb", "r0: 1 - 3\n" },
		{ SPAN A M B, "m.a.b.m", "r0: 2 - 3\n" },
		/* a match undone is not tried with what is older */
		{ SPAN A M B, "a.a.m.b", "" },
		/* leading: within the span before the last */
		{ SPAN M A B, "m.a.....b", "r0: - 2 3\n" },
		{ SPAN M A B, "m.a....b", "" },
		{ SPAN M A B, "m.a....+b", "r0: - 2 3\n" },
		{ SPAN M A B, "ma.b", "r0: - 2 3\n" },
		{ SPAN M A B, "a.m.b", "r0: - 1 3\n" },
		/* trailing: within the span behind the first */
		{ SPAN A B M, "a.b....m", "" },
		{ SPAN A B M, "a.b....+m", "r0: 1 2 -\n" },
		{ SPAN A B M, "a.b", "r0: 1 2 -\n" },
		{ SPAN A B M, "a.bm", "r0: 1 2 -\n" },
		/* both: from the one to the other */
		{ SPAN M A B M, "m.a.b.m", "" },
		{ SPAN M A B M, "m.a.b...m", "" },
		{ SPAN M A B M, "m.a.b...+m", "r0: - 2 3 -\n" },
		{ SPAN M A B M, "m.a.b", "r0: - 2 3 -\n" },
		{ SPAN M A B M, "a.b.m", "r0: - 1 2 -\n" },
		/* one stage that must happen is enough */
		{ SPAN M A, "a", "r0: - 1\n" },
		{ SPAN M A, "m.....a", "" },
		{ SPAN M A, "m.....+a", "r0: - 2\n" },
		{ SPAN A M, "a.....m", "" },
		{ SPAN A M, "a.....+m", "r0: 1 -\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		run_missing(&cases[i]);
}

/* A late one undoes a match that waits. */
static void test_late_missing(void **state)
{
	struct rig rig;

	(void)state;
	for (int late = 0; late < 2; late++) {
		rig_live_rule(&rig, SPAN A M B);
		rig_feed(&rig, "t=1000 n=1 k=a");
		rig_feed(&rig, "t=2000 n=2 k=b");
		rig_tick(&rig, late ? 6001 : 6000);
		rig_feed(&rig, "t=1500 n=3 k=m attempt");
		rig_tick(&rig, 10000);
		rig_expect(&rig, late ? "r0: 1 - 2\n" : "");
		rig_close(&rig);
	}
}

/* Matches that end in one event are one alert, also where they wait. */
static void test_waiting_together(void **state)
{
	struct rig rig;

	(void)state;
	rig_live_rule(&rig, "sequence with maxspan=5s "
			    "[any where k == \"a\"] by j "
			    "[any where k == \"b\"] by j "
			    "![any where k == \"m\"] by j");
	rig_feed(&rig, "t=1000 n=1 k=a j=x");
	rig_feed(&rig, "t=3000 n=2 k=a j=y,z");
	rig_feed(&rig, "t=4000 n=3 k=b j=x,y,z");
	rig_tick(&rig, 8000);
	rig_expect(&rig, "");
	rig_tick(&rig, 8001);
	rig_expect(&rig, "r0: 2 3 - [x][y][z]\n");
	rig_feed(&rig, "t=11000 n=4 k=a j=x");
	rig_feed(&rig, "t=13000 n=5 k=a j=y,z");
	rig_feed(&rig, "t=14000 n=6 k=b j=y,x,z");
	rig_feed(&rig, "t=15000 n=7 k=m j=z,x");
	rig_tick(&rig, 18000);
	rig_expect(&rig, "");
	rig_tick(&rig, 18001);
	rig_expect(&rig, "r0: 5 6 - [y]\n");
	rig_close(&rig);
}

/* --- memory --------------------------------------------------------------- */

static void feed_uid(struct rig *rig, int number, int uid, const char *key)
{
	char words[128];

	snprintf(words, sizeof(words), "t=%d n=%d k=a j=%s uid=%d", number,
		 number, key, uid);
	rig_feed(rig, words);
}

/* The largest holder loses its oldest; what others began stays. */
static void test_eviction(void **state)
{
	struct rig rig;
	char key[32];

	(void)state;
	rig_open(&rig);
	rig_rule(&rig, "sequence by j with maxspan=1h [any where k == \"a\"] "
		       "[any where k == \"b\"]");
	rig.config.memcap = 1 << 20;
	rig_start_plain(&rig);
	feed_uid(&rig, 1, 1000, "victim");
	for (int i = 2; i < 3000; i++) {
		snprintf(key, sizeof(key), "flood%d", i);
		feed_uid(&rig, i, 1001, key);
	}
	engine_stats(rig.engine, &rig.stats);
	assert_true(rig.stats.partials_evicted > 1000);
	assert_true(rig.stats.memory_peak <= rig.config.memcap + 8192);
	assert_true(rig.stats.memory <= rig.config.memcap);
	assert_int_equal(rig.stats.partials_live + rig.stats.partials_evicted,
			 rig.stats.partials_started);
	rig_feed(&rig, "t=4000 n=9000 k=b j=victim uid=1001");
	rig_expect(&rig, "r0: 1 9000 [victim] degraded\n");
	rig_feed(&rig, "t=4001 n=9001 k=b j=flood2999");
	rig_expect(&rig, "r0: 2999 9001 [flood2999] degraded\n");
	rig_feed(&rig, "t=4002 n=9002 k=b j=flood2");
	rig_expect(&rig, "");
	rig_close(&rig);
}

/* Hosts are holders apart. */
static void test_eviction_by_host(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig);
	rig_rule(&rig, "sequence by j with maxspan=1h [any where k == \"a\"] "
		       "[any where k == \"b\"]");
	rig.config.memcap = 1 << 20;
	rig_start_plain(&rig);
	rig_feed(&rig, "t=1 n=1 k=a j=x uid=0 host=quiet");
	for (int i = 2; i < 3000; i++) {
		char words[64];

		snprintf(words, sizeof(words),
			 "t=%d n=%d k=a j=%d uid=0 host=loud", i, i, i);
		rig_feed(&rig, words);
	}
	/* and what another host lost is no matter here */
	rig_feed(&rig, "t=3000 n=3000 k=b j=x host=quiet");
	rig_expect(&rig, "r0: 1 3000 [x]\n");
	rig_close(&rig);
}

/* Whoever has a host has as many logins there as he likes. */
static void test_eviction_of_forged_logins(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig);
	rig_rule(&rig, "sequence by j with maxspan=1h [any where k == \"a\"] "
		       "[any where k == \"b\"]");
	rig.config.memcap = 1 << 20;
	rig_start_plain(&rig);
	for (int i = 1; i <= 50; i++) {
		char words[64];

		snprintf(words, sizeof(words),
			 "t=%d n=%d k=a j=q%d uid=0 host=quiet", i, i, i);
		rig_feed(&rig, words);
	}
	for (int i = 51; i < 3000; i++) {
		char words[64];

		snprintf(words, sizeof(words),
			 "t=%d n=%d k=a j=%d uid=%d host=loud", i, i, i, i);
		rig_feed(&rig, words);
	}
	engine_stats(rig.engine, &rig.stats);
	assert_true(rig.stats.partials_evicted > 1000);
	rig_feed(&rig, "t=3000 n=3000 k=b j=q1 host=quiet");
	rig_expect(&rig, "r0: 1 3000 [q1]\n");
	rig_close(&rig);
}

/* Of a host that cannot be told from others nothing goes on, but what it found
 * by one event it finds, and others go on. */
static void test_separate(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig);
	rig_rule(&rig, "sequence by j with maxspan=1h [any where k == \"a\"] "
		       "[any where k == \"b\"]");
	rig_rule(&rig, "any where k == \"b\"");
	rig_rule(&rig, "sequence by j with maxspan=1s [any where k == \"a\"] "
		       "![any where k == \"b\"]");
	rig_start_plain(&rig);
	rig_feed(&rig, "t=1000 n=1 k=a j=x host=mixed");
	rig_feed(&rig, "t=1000 n=1 k=a j=x host=other");
	assert_int_equal(engine_separate(rig.engine, STR("mixed")), 0);
	rig_feed(&rig, "t=1050 n=2 k=b j=x host=mixed");
	rig_feed(&rig, "t=1050 n=2 k=b j=x host=other");
	assert_int_equal(engine_separate(rig.engine, STR("mixed")), 0);
	rig_tick(&rig, 9000);
	rig_expect(&rig, "r1: 2\nr0: 1 2 [x]\nr1: 2\n");
	rig_close(&rig);
}

/* One event is kept once, and goes with all its keys. */
static void test_event_is_shared(void **state)
{
	struct rig rig;
	struct engine_stats one, many;

	(void)state;
	rig_live_rule(&rig, "sequence by j with maxspan=1h "
			    "[any where k == \"a\"] [any where k == \"b\"]");
	feed_many(&rig, "t=1 n=1 k=a j=", 0, 1);
	engine_stats(rig.engine, &one);
	rig_close(&rig);
	rig_live_rule(&rig, "sequence by j with maxspan=1h "
			    "[any where k == \"a\"] [any where k == \"b\"]");
	feed_many(&rig, "t=1 n=1 k=a j=", 0, 1001);
	engine_stats(rig.engine, &many);
	/* a key costs its partial, and its value within the event */
	assert_true(many.memory - one.memory < 1000 * 160);
	rig_close(&rig);
}

/* When all is forgotten nothing is charged any more. */
static void test_memory_returns(void **state)
{
	struct rig rig;
	struct engine_stats start;

	(void)state;
	rig_open(&rig);
	rig_rule(&rig, UNTIL);
	rig_rule(&rig, THREE_STAGES);
	rig_rule(&rig, "sequence by j with maxspan=10s "
		       "![any where k == \"m\"] [any where k == \"a\"] "
		       "[any where k == \"b\"] ![any where k == \"m\"]");
	for (size_t i = 0; i < 3; i++)
		rig.rules[i].suppress_ns = 20 * SEC;
	rig_start(&rig);
	rig_tick(&rig, 1);
	engine_stats(rig.engine, &start);
	for (int i = 0; i < 2000; i++) {
		char words[128];

		snprintf(words, sizeof(words), "t=%d n=%d k=%c j=%d,%d uid=%d",
			 i * 20, i, "abcum"[i * 31 % 5], i * 7 % 13, i % 5,
			 i % 4);
		rig_feed(&rig, words);
	}
	engine_stats(rig.engine, &rig.stats);
	assert_true(rig.stats.matches > 100);
	assert_true(rig.stats.suppressed > 10);
	assert_true(rig.stats.memory > start.memory);
	/* a span of a minute and the lateness */
	rig_tick(&rig, 40000 + 360000 + 200);
	engine_stats(rig.engine, &rig.stats);
	assert_int_equal(rig.stats.partials_live, 0);
	assert_int_equal(rig.stats.memory, start.memory);
	rig_close(&rig);
}

/* Events held back take half of the memory at most; then the oldest of the host
 * that holds most goes early. */
static void test_held_early(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig);
	rig_rule(&rig, TWO_STAGES);
	rig.config.memcap = 1 << 20;
	rig.config.reorder_ns = 3600 * SEC;
	rig_start(&rig);
	rig_feed(&rig, "t=10 n=1 k=a host=small");
	rig_feed(&rig, "t=1000 n=2 k=a");
	rig_feed(&rig, "t=1001 n=3 k=b");
	for (int i = 4; i < 1000; i++) {
		char words[64];

		snprintf(words, sizeof(words), "t=%d n=%d k=z%d", 1000 + i, i,
			 i);
		rig_feed(&rig, words);
	}
	rig_expect(&rig, "");
	engine_stats(rig.engine, &rig.stats);
	assert_int_equal(rig.stats.held_early, 0);
	for (int i = 1000; i < 2000; i++) {
		char words[64];

		snprintf(words, sizeof(words), "t=%d n=%d k=a", 1000 + i, i);
		rig_feed(&rig, words);
	}
	rig_expect(&rig, "r0: 2 3\n");
	engine_stats(rig.engine, &rig.stats);
	assert_true(rig.stats.held_early > 100);
	assert_true(rig.stats.memory <= rig.config.memcap);
	/* the other host's is still held */
	rig_feed(&rig, "t=20 n=9000 k=b host=small");
	rig_finish(&rig);
	strbuf_add_char(&rig.alerts, '\0');
	assert_non_null(strstr(rig.alerts.data, "r0: 1 9000\n"));
	rig_close(&rig);
}

/* As many hosts as the limit are kept apart; one more pushes out the one that
 * was silent longest. */
static void test_host_limit(void **state)
{
	struct rig rig;

	(void)state;
	for (int over = 0; over < 2; over++) {
		rig_open(&rig);
		rig_rule(&rig, TWO_STAGES);
		rig_rule(&rig, "any where k == \"held\"");
		rig.config.memcap = 64 << 20;
		rig_start(&rig);
		rig_feed(&rig, "t=1000 n=1 k=a host=first");
		rig_feed(&rig, "t=1000 n=1 k=held host=first");
		for (int i = 1; i < LIMIT_HOSTS + over; i++) {
			char words[64];

			snprintf(words, sizeof(words), "t=1 n=%d host=h%d", i,
				 i);
			rig_feed(&rig, words);
		}
		/* what waits is not lost with it */
		rig_expect(&rig, over ? "r1: 1\n" : "");
		engine_stats(rig.engine, &rig.stats);
		assert_int_equal(rig.stats.partials_evicted, over);
		rig_feed(&rig, "t=1001 n=2 k=b host=first");
		rig_finish(&rig);
		rig_expect(&rig, over ? "" : "r1: 1\nr0: 1 2\n");
		rig_close(&rig);
	}
}

static void test_gaps(void **state)
{
	struct rig rig;

	(void)state;
	rig_live_rule(&rig, TWO_STAGES);
	rig_feed(&rig, "t=1000 n=1 k=a");
	engine_mark_gap(rig.engine, STR("h"), 900 * MS, 999 * MS);
	engine_mark_gap(rig.engine, STR("other"), 1200 * MS, 1200 * MS);
	rig_feed(&rig, "t=1500 n=2 k=b");
	rig_expect(&rig, "r0: 1 2\n");
	for (int edge = 0; edge < 2; edge++) {
		rig_feed(&rig, edge ? "t=4000 n=3 k=a" : "t=2000 n=3 k=a");
		engine_mark_gap(rig.engine, STR("h"),
				edge ? 4500 * MS : 1990 * MS,
				edge ? 9999 * MS : 2000 * MS);
		rig_feed(&rig, edge ? "t=4500 n=4 k=b" : "t=2500 n=4 k=b");
		rig_expect(&rig, "r0: 3 4 gap\n");
	}
	/* 64 are remembered */
	for (int64_t i = 0; i < HOST_GAPS - 1; i++)
		engine_mark_gap(rig.engine, STR("h"), (10000 + i) * MS,
				(10000 + i) * MS);
	rig_feed(&rig, "t=4500 n=5 k=a");
	rig_feed(&rig, "t=4501 n=6 k=b");
	rig_expect(&rig, "r0: 5 6 gap\n");
	engine_mark_gap(rig.engine, STR("h"), 20000 * MS, 20000 * MS);
	rig_feed(&rig, "t=4501 n=7 k=a");
	rig_feed(&rig, "t=4502 n=8 k=b");
	rig_expect(&rig, "r0: 7 8\n");
	rig_close(&rig);
}

/* --- exceptions and modes ------------------------------------------------- */

/* Gives a stage one exception more. */
static void rig_except(struct rig *rig, struct rule *rule, size_t number,
		       const char *condition)
{
	struct query *query = arena_alloc(rig->arena, sizeof(*query));
	struct stage *stages = arena_array(rig->arena, rule->query->stage_count,
					   sizeof(*stages));
	struct stage *stage = &stages[number];
	struct exception *all;
	const struct query *other;
	char text[256];
	int error;

	snprintf(text, sizeof(text), "any where %s", condition);
	other = rig_compile(rig, str_from(text), &error);
	assert_non_null(other);
	*query = *rule->query;
	memcpy(stages, rule->query->stages,
	       query->stage_count * sizeof(*stages));
	all = arena_array(rig->arena, stage->exception_count + 1, sizeof(*all));
	for (size_t i = 0; i < stage->exception_count; i++)
		all[i] = stage->exceptions[i];
	all[stage->exception_count++] = (struct exception){
		.condition = other->stages[0].condition,
		.expires_ns = INT64_MAX,
		.index = rig->set.exception_count++,
	};
	stage->exceptions = all;
	stage->uses_readings |= other->stages[0].uses_readings;
	query->stages = stages;
	rule->query = query;
}

static void assert_exception_hits(const struct rig *rig, size_t index,
				  uint64_t hits)
{
	const struct exception exception = { .index = index };

	struct exception_use use;

	engine_exception_use(rig->engine, &exception, &use);
	assert_int_equal(use.hits, hits);
	assert_int_equal(use.last_ns != 0, hits != 0);
}

static void test_exceptions(void **state)
{
	struct rule *rule;
	struct rig rig;

	(void)state;
	rig_open(&rig);
	rule = rig_rule(&rig, TWO_STAGES);
	rig_except(&rig, rule, 0, "user.id == \"7\"");
	rig_except(&rig, rule, 1, "destination.port == 53");
	rig_except(&rig, rule, 1, "destination.port == 80");
	rig_start_plain(&rig);
	rig_feed(&rig, "t=1000 n=1 k=a user.id=7");
	rig_feed(&rig, "t=1001 n=2 k=b");
	rig_expect(&rig, "");
	/* an exception is for its stage alone */
	rig_feed(&rig, "t=1002 n=3 k=a destination.port=53");
	rig_feed(&rig, "t=1003 n=4 k=b destination.port=53 user.id=7");
	rig_feed(&rig, "t=1004 n=5 k=b destination.port=80");
	rig_expect(&rig, "");
	rig_feed(&rig, "t=1005 n=6 k=b user.id=7 destination.port=443");
	rig_expect(&rig, "r0: 3 6\n");
	/* what the stage does not ask for is no hit of an exception */
	rig_feed(&rig, "t=1006 n=7 k=c user.id=7 destination.port=53");
	rig_finish(&rig);
	assert_exception_hits(&rig, 0, 1);
	assert_exception_hits(&rig, 1, 1);
	assert_exception_hits(&rig, 2, 1);
	assert_int_equal(rig.stats.excepted, 3);
	rig_close(&rig);
}

/* It ends at its hour, by the time of the event. */
static void test_exception_expires(void **state)
{
	struct exception *exception;
	struct rule *rule;
	struct rig rig;

	(void)state;
	rig_open(&rig);
	rule = rig_rule(&rig, "any where k == \"a\"");
	rig_except(&rig, rule, 0, "true");
	exception = (struct exception *)rule->query->stages[0].exceptions;
	exception->expires_ns = 1000 * MS;
	rig_start_plain(&rig);
	rig_feed(&rig, "ns=999999999 n=1 k=a");
	rig_expect(&rig, "");
	rig_feed(&rig, "ns=1000000000 n=2 k=a");
	rig_expect(&rig, "r0: 2\n");
	rig_feed(&rig, "ns=999999999 n=3 k=a");
	rig_expect(&rig, "");
	assert_exception_hits(&rig, 0, 2);
	rig_close(&rig);
}

/* It takes away the reading under which it holds, never the other one: who
 * calls his program by an excepted name is still seen by what it is. */
static void test_exception_readings(void **state)
{
	struct rule *rule;
	struct rig rig;

	(void)state;
	rig_open(&rig);
	rule = rig_rule(&rig, "any where k == \"a\"");
	rig_except(&rig, rule, 0, "process.name == \"ssh\"");
	rig_start_plain(&rig);
	rig_feed(&rig, "t=1 n=1 k=a process.name=ssh !process.name=x");
	rig_expect(&rig, "r0: 1\n");
	rig_feed(&rig, "t=2 n=2 k=a process.name=x !process.name=ssh");
	rig_expect(&rig, "r0: 2\n");
	rig_feed(&rig, "t=3 n=3 k=a process.name=ssh !process.name=ssh");
	rig_feed(&rig, "t=4 n=4 k=a process.name=ssh");
	rig_expect(&rig, "");
	rig_finish(&rig);
	assert_exception_hits(&rig, 0, 4);
	assert_int_equal(rig.stats.excepted, 2);
	rig_close(&rig);
}

/* A condition that cannot be told is no exception: the rule alerts. */
static void test_exception_errors(void **state)
{
	struct rule *rule;
	struct rig rig;

	(void)state;
	rig_open(&rig);
	rule = rig_rule(&rig, "any where k == \"a\"");
	rig_except(&rig, rule, 0,
		   "not (100 / destination.port == 1) and user.id == \"7\"");
	rig_start_plain(&rig);
	rig_feed(&rig, "t=1 n=1 k=a user.id=7 destination.port=0");
	rig_expect(&rig, "r0: 1\n");
	rig_feed(&rig, "t=2 n=2 k=a user.id=7 destination.port=10");
	rig_expect(&rig, "");
	rig_finish(&rig);
	assert_int_equal(rig.stats.runtime_errors, 1);
	assert_exception_hits(&rig, 0, 1);
	rig_close(&rig);
}

/* Runs of a stage are asked once, and so counted. */
static void test_exception_of_runs(void **state)
{
	struct rule *rule;
	struct rig rig;

	(void)state;
	rig_open(&rig);
	rule = rig_rule(&rig, "sequence [any where k == \"a\"] with runs=2 "
			      "[any where k == \"b\"]");
	rig_except(&rig, rule, 0, "user.id == \"7\"");
	((struct stage *)rule->query->stages)[1].exceptions =
		rule->query->stages[0].exceptions;
	((struct stage *)rule->query->stages)[1].exception_count = 1;
	rig_start_plain(&rig);
	rig_feed(&rig, "t=1 n=1 k=a");
	rig_feed(&rig, "t=2 n=2 k=a user.id=7");
	rig_feed(&rig, "t=3 n=3 k=b");
	rig_expect(&rig, "");
	rig_feed(&rig, "t=4 n=4 k=a");
	rig_feed(&rig, "t=5 n=5 k=b");
	rig_expect(&rig, "r0: 1 4 5\n");
	assert_exception_hits(&rig, 0, 1);
	rig_close(&rig);
}

static void test_observed(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig);
	rig_rule(&rig, "any where k == \"a\"")->mode = RULE_MODE_OBSERVE;
	rig_rule(&rig, "any where k == \"a\" and true")->mode = RULE_MODE_ALERT;
	rig_start_plain(&rig);
	rig_feed(&rig, "t=1 n=1 k=a");
	rig_expect(&rig, "r0: 1\nr1: 1\n");
	rig_finish(&rig);
	assert_int_equal(rig.stats.alerts, 2);
	assert_int_equal(rig.stats.observed, 1);
	rig_close(&rig);
}

/* --- findings ------------------------------------------------------------- */

#define CONNECT(words) \
	words " k=c process.executable=/x destination.ip=192.0.2.1 " \
	      "destination.port=80"

static void finding_start(struct rig *rig, int64_t interval_ns)
{
	rig_open(rig);
	rig_rule(rig, "any where k == \"c\"")->suppress_ns = -1;
	rig->config.suppress_ns = interval_ns;
	rig_start_plain(rig);
}

static void test_repeats(void **state)
{
	struct rig rig;
	uint8_t first[16];

	(void)state;
	finding_start(&rig, 60 * SEC);
	rig_feed(&rig, CONNECT("t=1000 n=1"));
	rig_expect(&rig, "r0: 1\n");
	memcpy(first, rig.last_id, sizeof(first));
	rig_feed(&rig, CONNECT("t=2000 n=2"));
	rig_feed(&rig, CONNECT("t=61000 n=3"));
	rig_expect(&rig, "");
	rig_feed(&rig, "ns=61000000001 n=0");
	rig_expect(&rig, "repeats r0: 3 2 from 2000 to 61000\n");
	assert_memory_not_equal(first, rig.last_id, sizeof(first));
	/* a new one is told again */
	rig_feed(&rig, CONNECT("t=61001 n=4"));
	rig_expect(&rig, "r0: 4\n");
	/* and where nothing repeats nothing is said */
	rig_tick(&rig, 200000);
	rig_expect(&rig, "");
	/* at the end, too */
	rig_feed(&rig, CONNECT("t=200001 n=5"));
	rig_feed(&rig, CONNECT("t=200002 n=6"));
	rig_expect(&rig, "r0: 5\n");
	engine_close_findings(rig.engine);
	rig_expect(&rig, "repeats r0: 6 1 from 200002 to 200002\n");
	engine_stats(rig.engine, &rig.stats);
	assert_int_equal(rig.stats.suppressed, 3);
	assert_int_equal(rig.stats.alerts, 5);
	assert_int_equal(rig.stats.matches, 6);
	rig_close(&rig);
}

/* The interval ends by the monotonic clock where the host is silent. */
static void test_repeats_of_silent_host(void **state)
{
	struct rig rig;

	(void)state;
	finding_start(&rig, 60 * SEC);
	rig_feed(&rig, CONNECT("t=1000 n=1"));
	rig_feed(&rig, CONNECT("t=2000 n=2"));
	rig_expect(&rig, "r0: 1\n");
	assert_int_equal(engine_advance(rig.engine, 59 * SEC), 0);
	rig_expect(&rig, "");
	assert_int_equal(engine_advance(rig.engine, SEC), 0);
	rig_expect(&rig, "repeats r0: 2 1 from 2000 to 2000\n");
	rig_close(&rig);
}

/* What makes it another finding. */
static void test_finding_identity(void **state)
{
	static const char *const others[] = {
		"t=1 n=2 k=c process.executable=/y destination.ip=192.0.2.1 "
		"destination.port=80",
		"t=1 n=3 k=c process.executable=/x !process.executable=/z "
		"destination.ip=192.0.2.1 destination.port=80",
		"t=1 n=4 k=c process.executable=/x destination.ip=192.0.2.2 "
		"destination.port=80",
		"t=1 n=5 k=c process.executable=/x destination.ip=192.0.2.1 "
		"destination.port=81",
		CONNECT("t=1 n=6 uid=5"),
		CONNECT("t=1 n=7 user.audit.id=5"),
		CONNECT("t=1 n=8 host=other"),
	};
	struct rig rig;

	(void)state;
	finding_start(&rig, 60 * SEC);
	rig_feed(&rig, CONNECT("t=1 n=1"));
	rig_expect(&rig, "r0: 1\n");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		char text[16];

		rig_feed(&rig, others[i]);
		snprintf(text, sizeof(text), "r0: %zu\n", i + 2);
		rig_expect(&rig, text);
		rig_feed(&rig, others[i]);
		rig_expect(&rig, "");
	}
	rig_feed(&rig, CONNECT("t=1 n=9 process.args=new"));
	rig_expect(&rig, "");
	rig_close(&rig);
}

/* Join keys are part of it; a rule may say what is. */
static void test_finding_keys(void **state)
{
	static const size_t by[] = { FIELD_PROCESS_EXECUTABLE };
	struct rig rig;
	struct rule *rule;

	(void)state;
	for (int own = 0; own < 2; own++) {
		rig_open(&rig);
		rule = rig_rule(&rig, "sequence by j [any where k == \"a\"] "
				      "[any where k == \"c\"]");
		rule->suppress_ns = 60 * SEC;
		rule->suppress_by = by;
		rule->suppress_by_count = (size_t)own;
		rig_start_plain(&rig);
		rig_feed(&rig, "t=1 n=1 k=a j=x,y");
		rig_feed(&rig, CONNECT("t=2 n=2 j=x"));
		rig_feed(&rig, CONNECT("t=3 n=3 j=y"));
		rig_expect(&rig, own ? "r0: 1 2 [x]\n"
				     : "r0: 1 2 [x]\nr0: 1 3 [y]\n");
		rig_close(&rig);
	}
}

/* Further destinations are told, each once, up to 16; the first is not one. */
static void test_destinations(void **state)
{
	static const size_t by[] = { FIELD_PROCESS_EXECUTABLE };
	struct rig rig;

	(void)state;
	for (int count = 16; count <= 17; count++) {
		struct strbuf expected = STRBUF_INIT(0);

		finding_start(&rig, 60 * SEC);
		rig.rules[0].suppress_by = by;
		rig.rules[0].suppress_by_count = 1;
		rig_feed(&rig, CONNECT("t=1 n=1"));
		rig_feed(&rig, CONNECT("t=2 n=2"));
		rig_expect(&rig, "r0: 1\n");
		for (int i = 0; i < 2 * count; i++) {
			char words[128];

			snprintf(words, sizeof(words),
				 "t=3 n=3 k=c process.executable=/x "
				 "destination.ip=192.0.2.%d "
				 "destination.port=443",
				 100 + i % count);
			rig_feed(&rig, words);
		}
		strbuf_printf(&expected, "repeats r0: 3 %d from 2 to 3",
			      1 + 2 * count);
		for (int i = 0; i < 16; i++)
			strbuf_printf(&expected, " 192.0.2.%d:443", 100 + i);
		strbuf_add(&expected, "\n", 2);
		engine_close_findings(rig.engine);
		rig_expect(&rig, expected.data);
		strbuf_free(&expected);
		rig_close(&rig);
	}
}

static void feed_findings(struct rig *rig, int from, int to)
{
	for (int i = from; i < to; i++) {
		char words[128];

		snprintf(words, sizeof(words),
			 "t=%d n=%d k=c process.executable=/%d", 1000 + i, i,
			 i);
		rig_feed(rig, words);
	}
}

/* Sixty findings a minute are told, one more is counted. */
static void test_flood(void **state)
{
	struct rig rig;

	(void)state;
	finding_start(&rig, 600 * SEC);
	feed_findings(&rig, 0, 60);
	engine_stats(rig.engine, &rig.stats);
	assert_int_equal(rig.stats.alerts, 60);
	strbuf_reset(&rig.alerts);
	/* repeats of those told are none */
	feed_findings(&rig, 0, 60);
	rig_expect(&rig, "");
	feed_findings(&rig, 60, 63);
	rig_expect(&rig, "");
	rig_feed(&rig, "t=61000 n=0");
	rig_expect(&rig, "");
	rig_feed(&rig, "ns=61000000001 n=0");
	rig_expect(&rig, "flood r0: 62 3 from 1060 to 1062\n");
	/* the next minute begins anew, and what was only counted is told */
	rig_feed(&rig, "t=61001 n=62 k=c process.executable=/62");
	rig_expect(&rig, "r0: 62\n");
	rig_close(&rig);
}

/* What one login finds too much of hides nothing of another's. */
static void test_flood_of_other(void **state)
{
	struct rig rig;

	(void)state;
	finding_start(&rig, 600 * SEC);
	feed_findings(&rig, 0, 62);
	strbuf_reset(&rig.alerts);
	rig_feed(&rig, "t=1100 n=100 k=c process.executable=/x uid=1001");
	rig_expect(&rig, "r0: 100\n");
	rig_close(&rig);
}

/* Without suppression everything is told, but for a flood. */
static void test_no_suppression(void **state)
{
	struct rig rig;

	(void)state;
	finding_start(&rig, 0);
	rig_feed(&rig, CONNECT("t=1 n=1"));
	rig_feed(&rig, CONNECT("t=2 n=2"));
	rig_expect(&rig, "r0: 1\nr0: 2\n");
	rig_close(&rig);
	/* the rule's own interval goes before the configuration's */
	finding_start(&rig, 60 * SEC);
	rig.rules[0].suppress_ns = 0;
	rig_feed(&rig, CONNECT("t=1 n=1"));
	rig_feed(&rig, CONNECT("t=2 n=2"));
	rig_expect(&rig, "r0: 1\nr0: 2\n");
	rig_close(&rig);
}

/* --- budgets -------------------------------------------------------------- */

static void budget_start(struct rig *rig, int64_t own, int64_t configured)
{
	rig_open(rig);
	rig_rule(rig, "any where k == \"c\"")->suppress_ns = 60 * SEC;
	rig->rules[0].budget = own;
	rig->config.budget = configured;
	rig_start_plain(rig);
}

static void feed_found(struct rig *rig, int second, int number)
{
	char words[128];

	snprintf(words, sizeof(words),
		 "t=%d n=%d k=c process.executable=/%d "
		 "destination.ip=192.0.2.%d destination.port=80",
		 1000 * second, number, number, number);
	rig_feed(rig, words);
}

/* Three an hour: the third says so, what comes then is told with the hour's
 * end, once. */
static void test_budget(void **state)
{
	struct rig rig;
	uint8_t first[16];

	(void)state;
	budget_start(&rig, 3, 0);
	feed_found(&rig, 1, 1);
	memcpy(first, rig.last_id, sizeof(first));
	feed_found(&rig, 2, 2);
	rig_expect(&rig, "r0: 1\nr0: 2\n");
	feed_found(&rig, 3, 3);
	rig_expect(&rig, "r0: 3 spent 3 until 3601000\n");
	feed_found(&rig, 4, 4);
	feed_found(&rig, 3600, 5);
	rig_expect(&rig, "");
	rig_feed(&rig, "ns=3601000000000 n=0");
	rig_expect(&rig, "");
	rig_feed(&rig, "ns=3601000000001 n=0");
	rig_expect(&rig, "budget r0: 5 2 from 4000 to 3600000 "
			 "192.0.2.4:80 192.0.2.5:80 spent 3\n");
	assert_memory_not_equal(first, rig.last_id, sizeof(first));
	/* the next hour begins anew, and what was only counted is told */
	feed_found(&rig, 3602, 5);
	rig_expect(&rig, "r0: 5\n");
	engine_stats(rig.engine, &rig.stats);
	assert_int_equal(rig.stats.suppressed, 2);
	assert_int_equal(rig.stats.alerts, 5);
	rig_close(&rig);
}

/* The configuration's counts where the rule says nothing; 0 is no budget. An
 * hour in which it was not spent ends in silence. */
static void test_budget_default(void **state)
{
	static const struct {
		int64_t own, configured;
		const char *expect;
	} cases[] = {
		{ -1, 2, "r0: 1\nr0: 2 spent 2 until 3601000\n" },
		{ -1, 0, "r0: 1\nr0: 2\nr0: 3\n" },
		{ 0, 2, "r0: 1\nr0: 2\nr0: 3\n" },
		{ 3, 2, "r0: 1\nr0: 2\nr0: 3 spent 3 until 3601000\n" },
		{ 4, 2, "r0: 1\nr0: 2\nr0: 3\n" },
	};
	struct rig rig;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		budget_start(&rig, cases[i].own, cases[i].configured);
		for (int number = 1; number <= 3; number++)
			feed_found(&rig, number, number);
		rig_expect(&rig, cases[i].expect);
		engine_close_findings(rig.engine);
		rig_expect(&rig, i ? ""
				   : "budget r0: 3 1 from 3000 to 3000 "
				     "192.0.2.3:80 spent 2\n");
		rig_close(&rig);
	}
}

/* The end of an interval is an alert, too: it is paid for, or goes into the
 * summary with all that it has counted. */
static void test_budget_repeats(void **state)
{
	struct rig rig;

	(void)state;
	budget_start(&rig, 3, 0);
	feed_found(&rig, 1, 1);
	feed_found(&rig, 2, 1);
	rig_expect(&rig, "r0: 1\n");
	feed_found(&rig, 100, 2);
	rig_expect(&rig, "repeats r0: 1 1 from 2000 to 2000\n"
			 "r0: 2 spent 3 until 3601000\n");
	feed_found(&rig, 101, 2);
	feed_found(&rig, 102, 2);
	feed_found(&rig, 103, 3);
	rig_feed(&rig, "t=200000 n=0");
	rig_expect(&rig, "");
	rig_feed(&rig, "t=3700000 n=0");
	rig_expect(&rig, "budget r0: 2 3 from 101000 to 103000 "
			 "192.0.2.3:80 192.0.2.2:80 spent 3\n");
	engine_stats(rig.engine, &rig.stats);
	assert_int_equal(rig.stats.suppressed, 4);
	rig_close(&rig);
}

/* Each rule and each host has its own. */
static void test_budget_of_whom(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig);
	for (int i = 0; i < 2; i++)
		rig_rule(&rig, "any where k == \"c\"")->budget = 1;
	rig_start_plain(&rig);
	rig_feed(&rig, "t=1000 n=1 k=c");
	rig_expect(&rig, "r0: 1 spent 1 until 3601000\n"
			 "r1: 1 spent 1 until 3601000\n");
	rig_feed(&rig, "t=1000 n=2 k=c host=other");
	rig_expect(&rig, "r0: 2 spent 1 until 3601000\n"
			 "r1: 2 spent 1 until 3601000\n");
	rig_feed(&rig, "t=2000 n=3 k=c");
	rig_expect(&rig, "");
	rig_close(&rig);
}

/* A flood within the budget is a flood, and its summary is paid for. */
static void test_budget_and_flood(void **state)
{
	struct rig rig;

	(void)state;
	budget_start(&rig, 62, 0);
	for (int number = 1; number <= 63; number++)
		feed_found(&rig, 1, number);
	strbuf_reset(&rig.alerts);
	rig_feed(&rig, "t=61001 n=0");
	rig_expect(&rig, "flood r0: 63 3 from 1000 to 1000 192.0.2.61:80 "
			 "192.0.2.62:80 192.0.2.63:80\n");
	feed_found(&rig, 62, 64);
	rig_expect(&rig, "r0: 64 spent 62 until 3601000\n");
	feed_found(&rig, 62, 65);
	rig_expect(&rig, "");
	engine_close_findings(rig.engine);
	rig_expect(&rig, "budget r0: 65 1 from 62000 to 62000 192.0.2.65:80 "
			 "spent 62\n");
	rig_close(&rig);
}

/* A clock that is set back does not prolong the hour. */
static void test_budget_clock_back(void **state)
{
	struct rig rig;

	(void)state;
	budget_start(&rig, 1, 0);
	feed_found(&rig, 100000, 1);
	feed_found(&rig, 100001, 2);
	rig_expect(&rig, "r0: 1 spent 1 until 103600000\n");
	for (int i = 0; i < HOST_TIMES + 1; i++)
		rig_feed(&rig, "t=50000000 n=0");
	feed_found(&rig, 50001, 3);
	rig_expect(&rig, "budget r0: 2 1 from 100001000 to 100001000 "
			 "192.0.2.2:80 spent 1\n"
			 "r0: 3 spent 1 until 53601000\n");
	rig_close(&rig);
}

/* An interval evicted is told early: no repeat is lost. */
static void test_findings_evicted(void **state)
{
	struct rig rig;
	uint64_t told = 0, repeats = 0;
	int count;
	char *at;

	(void)state;
	finding_start(&rig, 3600 * SEC);
	rig.config.memcap = 128 << 10;
	engine_free(&rig.engine);
	rig_start_plain(&rig);
	for (int i = 0; i < 400; i++) {
		char words[128];

		for (int k = 0; k < 3; k++) {
			snprintf(words, sizeof(words),
				 "t=%d n=%d k=c process.executable=/%d",
				 1000 * i, i, i);
			rig_feed(&rig, words);
		}
	}
	engine_close_findings(rig.engine);
	engine_stats(rig.engine, &rig.stats);
	assert_true(rig.stats.memory_peak < (128 << 10) + 8192);
	strbuf_add_char(&rig.alerts, '\0');
	for (at = rig.alerts.data; (at = strstr(at, "r0: ")); at++)
		told++;
	for (at = rig.alerts.data; (at = strstr(at, "repeats")); at++) {
		assert_int_equal(sscanf(at, "repeats r0: %*d %d", &count), 1);
		repeats += (uint64_t)count;
	}
	assert_int_equal(told, 800);
	assert_int_equal(repeats, rig.stats.suppressed);
	rig_close(&rig);
}

/* --- identity ------------------------------------------------------------- */

static void id_of(const char *first, const char *last, uint8_t out[16])
{
	struct rig rig;

	rig_live_rule(&rig, TWO_STAGES);
	rig_feed(&rig, first);
	rig_feed(&rig, last);
	assert_true(rig.alerts.len > 0);
	memcpy(out, rig.last_id, 16);
	rig_close(&rig);
}

/* The same match has the same id in any engine; and this id, for ever. */
static void test_id(void **state)
{
	static const char *const others[][2] = {
		{ "t=1 n=2 k=a", "t=2 n=3 k=b" },
		{ "t=1 n=1 k=a", "t=2 n=2 k=b" },
		{ "t=1 n=1 k=a", "ns=2000001 n=3 k=b" },
		{ "t=1 n=1 k=a host=g", "t=2 n=3 k=b host=g" },
	};
	uint8_t id[16], other[16];

	(void)state;
	id_of("t=1 n=1 k=a", "t=2 n=3 k=b", id);
	id_of("t=1 n=1 k=a uid=3", "t=2 n=3 k=b cat=file", other);
	assert_memory_equal(id, other, 16);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		id_of(others[i][0], others[i][1], other);
		assert_memory_not_equal(id, other, 16);
	}
	assert_memory_equal(id,
			    "\x11\x23\xe5\x50\xbf\x5d\x66\xf3"
			    "\xf2\xee\xbf\xa4\x2c\xa7\x5d\x55",
			    16);
}

/* --- configuration -------------------------------------------------------- */

static void test_configuration(void **state)
{
	struct rig rig;
	struct engine *engine = NULL;
	struct engine_config config;

	(void)state;
	rig_open(&rig);
	rig.config.on_alert = rig_on_alert;
	config = rig.config;
	config.rules = NULL;
	assert_int_equal(engine_new(&config, &engine), -EINVAL);
	config = rig.config;
	config.on_alert = NULL;
	assert_int_equal(engine_new(&config, &engine), -EINVAL);
	config = rig.config;
	config.memcap = 1000;
	assert_int_equal(engine_new(&config, &engine), -EINVAL);
	config = rig.config;
	config.reorder_ns = -1;
	assert_int_equal(engine_new(&config, &engine), -EINVAL);
	assert_null(engine);
	engine_free(&engine);
	/* no rule at all is allowed */
	assert_int_equal(engine_new(&rig.config, &engine), 0);
	engine_free(&engine);
	assert_null(engine);
	rig_rule(&rig, "any where true | head 1");
	assert_int_equal(engine_new(&rig.config, &engine), -EINVAL);
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_categories),
		cmocka_unit_test(test_exceptions),
		cmocka_unit_test(test_exception_expires),
		cmocka_unit_test(test_exception_readings),
		cmocka_unit_test(test_exception_errors),
		cmocka_unit_test(test_exception_of_runs),
		cmocka_unit_test(test_observed),
		cmocka_unit_test(test_readings),
		cmocka_unit_test(test_keys_of_readings),
		cmocka_unit_test(test_same_key_of_readings),
		cmocka_unit_test(test_sequence),
		cmocka_unit_test(test_look_back),
		cmocka_unit_test(test_sample),
		cmocka_unit_test(test_sample_looks_back),
		cmocka_unit_test(test_sample_uses_none_twice),
		cmocka_unit_test(test_sample_keys),
		cmocka_unit_test(test_sample_random),
		cmocka_unit_test(test_one_alert_for_all_keys),
		cmocka_unit_test(test_missing_keys),
		cmocka_unit_test(test_key_types),
		cmocka_unit_test(test_same_event),
		cmocka_unit_test(test_key_limit),
		cmocka_unit_test(test_key_limit_of_memcap),
		cmocka_unit_test(test_key_product_limit),
		cmocka_unit_test(test_hold_back),
		cmocka_unit_test(test_effective_time),
		cmocka_unit_test(test_clock_step),
		cmocka_unit_test(test_wild_times),
		cmocka_unit_test(test_late_last_stage),
		cmocka_unit_test(test_late_beyond_span),
		cmocka_unit_test(test_late_lifetime),
		cmocka_unit_test(test_late_superseded),
		cmocka_unit_test(test_late_consumed),
		cmocka_unit_test(test_late_earlier_stage),
		cmocka_unit_test(test_not_late),
		cmocka_unit_test(test_late_single),
		cmocka_unit_test(test_until),
		cmocka_unit_test(test_late_until),
		cmocka_unit_test(test_exact_does_not_wait),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_late_missing),
		cmocka_unit_test(test_waiting_together),
		cmocka_unit_test(test_eviction),
		cmocka_unit_test(test_eviction_by_host),
		cmocka_unit_test(test_eviction_of_forged_logins),
		cmocka_unit_test(test_separate),
		cmocka_unit_test(test_event_is_shared),
		cmocka_unit_test(test_memory_returns),
		cmocka_unit_test(test_held_early),
		cmocka_unit_test(test_host_limit),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_repeats),
		cmocka_unit_test(test_repeats_of_silent_host),
		cmocka_unit_test(test_finding_identity),
		cmocka_unit_test(test_finding_keys),
		cmocka_unit_test(test_destinations),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_flood_of_other),
		cmocka_unit_test(test_no_suppression),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_budget_default),
		cmocka_unit_test(test_budget_repeats),
		cmocka_unit_test(test_budget_of_whom),
		cmocka_unit_test(test_budget_and_flood),
		cmocka_unit_test(test_budget_clock_back),
		cmocka_unit_test(test_findings_evicted),
		cmocka_unit_test(test_id),
		cmocka_unit_test(test_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
