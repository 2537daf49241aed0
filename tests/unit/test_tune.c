/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What aueql tune counts, in bounds, and what it proposes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aueql/propose.h"
#include "aueql/tally.h"

static const struct rule rule_any = { .id = STR("r"), .name = STR("n") };
static const struct value null_value;

struct fixture {
	struct tally *tally;
	struct arena *arena; /* of the event in hand */
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	assert_int_equal(tally_new(&fixture->tally), 0);
	fixture->arena = arena_new(0);
	assert_non_null(fixture->arena);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	tally_free(&fixture->tally);
	arena_free(&fixture->arena);
	free(fixture);
	return 0;
}

/* --- alerts --------------------------------------------------------------- */

/* What an alert is made of: an id below 0 is not there. */
struct facts {
	int uid, login, origin, parent;
	const char *ip; /* NULL = none */
	int port;
};

static void set_id(struct fixture *fixture, struct event *event, size_t slot,
		   int id)
{
	if (id >= 0)
		event_set(event, slot,
			  VALUE_OF_STR(arena_printf(fixture->arena, "%d", id)));
}

static struct event *event_of(struct fixture *fixture,
			      const struct facts *facts)
{
	struct event *event;
	struct value ip = { .type = VALUE_IP };

	arena_reset(fixture->arena);
	event = event_new(fixture->arena, FIELD__COUNT);
	assert_non_null(event);
	set_id(fixture, event, FIELD_PROCESS_USER_ID, facts->uid);
	set_id(fixture, event, FIELD_USER_AUDIT_ID, facts->login);
	set_id(fixture, event, FIELD_PROCESS_ORIGIN_USER_ID, facts->origin);
	set_id(fixture, event, FIELD_PROCESS_PARENT_USER_ID, facts->parent);
	if (!facts->ip)
		return event;
	assert_int_equal(ip_parse(str_from(facts->ip), &ip.ip), 0);
	event_set(event, FIELD_DESTINATION_IP, ip);
	if (facts->port >= 0)
		event_set(event, FIELD_DESTINATION_PORT,
			  VALUE_OF_INT(facts->port));
	return event;
}

static void add_event(struct fixture *fixture, const struct event *event,
		      struct str id, int64_t time_ns)
{
	const struct tally_alert alert = {
		.rule = &rule_any,
		.id = id,
		.name = id,
		.time_ns = time_ns,
		.event = event,
		.stage = 1,
		.login = event_value(event, FIELD_USER_AUDIT_ID,
				     READING_INVOKED),
	};

	assert_int_equal(tally_add(fixture->tally, &alert), 0);
}

static void add(struct fixture *fixture, const struct facts *facts,
		size_t times)
{
	for (size_t i = 0; i < times; i++)
		add_event(fixture, event_of(fixture, facts), STR("r"), 0);
}

static const struct tally_top *top_of(const struct fixture *fixture,
				      size_t slot)
{
	for (size_t i = 0; i < TALLY_FIELDS; i++)
		if (tally_fields[i].slot == slot)
			return fixture->tally->rules[0]->tops[i];
	return NULL;
}

/* --- bounds --------------------------------------------------------------- */

static void add_path(struct fixture *fixture, const char *path)
{
	struct event *event =
		event_of(fixture, &(struct facts){ 1, 1, -1, -1, NULL, -1 });

	event_set(event, FIELD_FILE_PATH, VALUE_OF_STR(str_from(path)));
	add_event(fixture, event, STR("r"), 0);
}

static void add_number(struct fixture *fixture, size_t number)
{
	char path[32];

	snprintf(path, sizeof(path), "/%zu", number);
	add_path(fixture, path);
}

/* What one in thirty-two alerts has is not missed, whatever else there is, and
 * no count is told that is not so. */
static void test_values(void **state)
{
	struct fixture *fixture = *state;
	const struct tally_top *top;

	for (size_t i = 0; i < TALLY_VALUES; i++)
		add_number(fixture, i);
	top = top_of(fixture, FIELD_FILE_PATH);
	assert_int_equal(top->count, TALLY_VALUES);
	for (size_t i = 0; i < top->count; i++)
		assert_int_equal(top->values[i].over, 0);
	for (size_t i = 0; i < 5000; i++) {
		if (i % 16)
			add_number(fixture, 100 + i);
		else
			add_path(fixture, "/often");
	}
	tally_sort(fixture->tally);
	assert_int_equal(top->count, TALLY_VALUES);
	assert_memory_equal(top->values[0].text, "/often", 6);
	assert_true(top->values[0].count >= 313);
	assert_true(top->values[0].count - top->values[0].over <= 313);
	for (size_t i = 1; i < top->count; i++)
		assert_true(top->values[i].count - top->values[i].over <= 1);
}

/* Of a long value the beginning is kept, and two with the same are two. */
static void test_long_values(void **state)
{
	struct fixture *fixture = *state;
	char path[2 * TALLY_TEXT_MAX];
	const struct tally_top *top;

	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	for (char c = 'a'; c < 'd'; c++) {
		path[sizeof(path) - 2] = c;
		add_path(fixture, path);
	}
	add_path(fixture, path);
	tally_sort(fixture->tally);
	top = top_of(fixture, FIELD_FILE_PATH);
	assert_int_equal(top->count, 3);
	assert_int_equal(top->values[0].count, 2);
	assert_int_equal(top->values[0].len, sizeof(path) - 1);
}

static void test_rules(void **state)
{
	struct fixture *fixture = *state;
	struct facts facts = { 1, 1, -1, -1, NULL, -1 };

	for (size_t i = 0; i <= TALLY_RULES_MAX; i++) {
		struct event *event = event_of(fixture, &facts);

		add_event(fixture, event,
			  arena_printf(fixture->arena, "r%zu", i), 0);
		assert_int_equal(fixture->tally->without_room,
				 i == TALLY_RULES_MAX);
	}
	assert_int_equal(fixture->tally->rule_count, TALLY_RULES_MAX);
	assert_int_equal(fixture->tally->alerts, TALLY_RULES_MAX + 1);
}

static void test_days(void **state)
{
	struct fixture *fixture = *state;
	struct facts facts = { 1, 1, -1, -1, NULL, -1 };
	struct tally_rule *rule;

	for (int64_t day = TALLY_DAYS_MAX; day-- > 0;)
		for (int64_t i = -1; i < 2; i += 2)
			add_event(
				fixture, event_of(fixture, &facts), STR("r"),
				(day - 7) * 86400 * NSEC_PER_SEC +
					(i < 0 ? 0 : 86400 * NSEC_PER_SEC - 1));
	rule = fixture->tally->rules[0];
	assert_int_equal(rule->day_count, TALLY_DAYS_MAX);
	assert_int_equal(rule->other_days, 0);
	add_event(fixture, event_of(fixture, &facts), STR("r"), INT64_MAX);
	add_event(fixture, event_of(fixture, &facts), STR("r"), INT64_MIN);
	assert_int_equal(rule->day_count, TALLY_DAYS_MAX);
	assert_int_equal(rule->other_days, 2);
	tally_sort(fixture->tally);
	for (size_t i = 0; i < TALLY_DAYS_MAX; i++) {
		assert_int_equal(rule->days[i].day, (int64_t)i - 7);
		assert_int_equal(rule->days[i].alerts, 2);
	}
	assert_true(rule->first_ns == INT64_MIN);
	assert_true(rule->last_ns == INT64_MAX);
}

static void test_groups(void **state)
{
	struct fixture *fixture = *state;
	struct facts facts = { 1, 1, -1, -1, "192.0.2.1", 0 };
	struct tally_rule *rule;

	for (; facts.port <= TALLY_GROUPS_MAX; facts.port++)
		add(fixture, &facts, 1);
	facts.port = 0;
	add(fixture, &facts, 1);
	rule = fixture->tally->rules[0];
	assert_int_equal(rule->group_count, TALLY_GROUPS_MAX);
	assert_int_equal(rule->ungrouped, 1);
	assert_int_equal(rule->groups[0].alerts, 2);
}

static void test_summaries(void **state)
{
	struct fixture *fixture = *state;
	const struct tally_alert alert = {
		.id = STR("r"),
		.login = &null_value,
	};

	assert_int_equal(tally_add_rule(fixture->tally, &rule_any), 0);
	assert_int_equal(fixture->tally->loud_count, 0);
	assert_int_equal(tally_add_summary(fixture->tally, &alert, 3), 0);
	assert_int_equal(fixture->tally->rules[0]->untold, 3);
	assert_int_equal(tally_add_summary(fixture->tally, &alert, UINT64_MAX),
			 0);
	assert_true(fixture->tally->rules[0]->untold == UINT64_MAX);
	assert_int_equal(fixture->tally->rules[0]->summaries, 2);
	assert_int_equal(fixture->tally->loud_count, 1);
	assert_int_equal(fixture->tally->rule_count, 1);
}

/* --- proposals ------------------------------------------------------------ */

#define TO(ip, port) \
	"destination.ip == \"" ip "\" and destination.port == " #port
#define BY(uid, login) \
	"process.user.id == \"" #uid "\" and user.audit.id == " login

/* Groups of three alerts and more, and what is proposed for them. */
static const struct {
	struct {
		struct facts facts;
		size_t times;
	} groups[4];
	const char *expect; /* hides/remain: condition, one a line */
} cases[] = {
	/* where it goes, as narrow as may be */
	{ { { { 1000, 1000, -1, -1, "192.0.2.1", 443 }, 3 } },
	  "3/0: " BY(1000, "\"1000\"") " and " TO("192.0.2.1", 443) "\n" },
	{ { { { 0, -1, -1, -1, "2001:db8::1", 53 }, 3 } },
	  "3/0: " BY(0, "null") " and " TO("2001:db8::1", 53) "\n" },
	/* what happened less often is no noise */
	{ { { { 1000, 1000, -1, -1, "192.0.2.1", 443 }, 2 } }, "" },
	/* a destination of many accounts; three of four are as good as all */
	{ { { { 1000, 1000, -1, -1, "192.0.2.1", 443 }, 3 },
	    { { 1001, 1001, -1, -1, "192.0.2.1", 443 }, 3 } },
	  "6/0: " TO("192.0.2.1", 443) "\n" },
	{ { { { 1000, 1000, -1, -1, "192.0.2.1", 443 }, 74 },
	    { { 1001, 1001, -1, -1, "192.0.2.1", 443 }, 26 } },
	  "100/0: " TO("192.0.2.1", 443) "\n" },
	{ { { { 1000, 1000, -1, -1, "192.0.2.1", 443 }, 9 },
	    { { 1001, 1001, -1, -1, "192.0.2.1", 443 }, 3 } },
	  "9/3: " BY(1000, "\"1000\"") " and " TO(
		  "192.0.2.1", 443) "\n"
				    "3/0: " BY(1001, "\"1001\"") " and " TO(
					    "192.0.2.1", 443) "\n" },
	/* one after the other, but none for less than a twentieth */
	{ { { { 1000, 1000, -1, -1, "192.0.2.1", 443 }, 57 },
	    { { 1001, 1001, -1, -1, "192.0.2.2", 443 }, 3 } },
	  "57/3: " BY(1000, "\"1000\"") " and " TO(
		  "192.0.2.1", 443) "\n"
				    "3/0: " BY(1001, "\"1001\"") " and " TO(
					    "192.0.2.2", 443) "\n" },
	{ { { { 1000, 1000, -1, -1, "192.0.2.1", 443 }, 58 },
	    { { 1001, 1001, -1, -1, "192.0.2.2", 443 }, 3 } },
	  "58/3: " BY(1000, "\"1000\"") " and " TO("192.0.2.1", 443) "\n" },
	/* no more than three */
	{ { { { 1000, 1000, -1, -1, "192.0.2.1", 443 }, 6 },
	    { { 1001, 1001, -1, -1, "192.0.2.2", 443 }, 5 },
	    { { 1002, 1002, -1, -1, "192.0.2.3", 443 }, 4 },
	    { { 1003, 1003, -1, -1, "192.0.2.4", 443 }, 3 } },
	  "6/12: " BY(1000, "\"1000\"") " and " TO(
		  "192.0.2.1",
		  443) "\n"
		       "5/7: " BY(1001, "\"1001\"") " and " TO(
			       "192.0.2.2",
			       443) "\n"
				    "4/3: " BY(1002, "\"1002\"") " and " TO(
					    "192.0.2.3", 443) "\n" },
	/* a service, whatever it does; not who only became it */
	{ { { { 33, -1, -1, -1, NULL, -1 }, 3 } },
	  "3/0: " BY(33, "null") "\n" },
	{ { { { 1, -1, -1, -1, NULL, -1 }, 3 } }, "3/0: " BY(1, "null") "\n" },
	{ { { { 999, -1, -1, -1, NULL, -1 }, 3 } },
	  "3/0: " BY(999, "null") "\n" },
	{ { { { 33, 1000, -1, -1, NULL, -1 }, 3 } }, "" },
	{ { { { 33, -1, -1, -1, "192.0.2.1", 1 }, 2 },
	    { { 33, -1, -1, -1, "192.0.2.2", 2 }, 2 } },
	  "4/0: " BY(33, "null") "\n" },
	/* no person, not root, not nobody */
	{ { { { 1000, -1, -1, -1, NULL, -1 }, 3 } }, "" },
	{ { { { 1000, 1000, -1, -1, NULL, -1 }, 3 } }, "" },
	{ { { { 0, -1, -1, -1, NULL, -1 }, 3 } }, "" },
	{ { { { 0, 1000, 0, 0, NULL, -1 }, 3 } }, "" },
	{ { { { 65534, -1, -1, -1, NULL, -1 }, 3 } }, "" },
	{ { { { -1, -1, -1, -1, NULL, -1 }, 3 } }, "" },
	/* another account that wrote the program */
	{ { { { 1000, 1000, 0, -1, NULL, -1 }, 3 } },
	  "3/0: process.origin.user.id == \"0\" and " BY(1000,
							 "\"1000\"") "\n" },
	{ { { { 1000, 1000, 997, -1, NULL, -1 }, 3 } },
	  "3/0: process.origin.user.id == \"997\" and " BY(1000,
							   "\"1000\"") "\n" },
	{ { { { 1000, 1000, 1001, -1, NULL, -1 }, 3 } }, "" },
	{ { { { 1000, 1000, 1000, -1, NULL, -1 }, 3 } }, "" },
	/* the service that started it */
	{ { { { 1000, -1, -1, 997, NULL, -1 }, 3 } },
	  "3/0: process.parent.user.id == \"997\" and " BY(1000, "null") "\n" },
	{ { { { 1000, -1, -1, 0, NULL, -1 }, 3 } }, "" },
	{ { { { 1000, -1, -1, 1001, NULL, -1 }, 3 } }, "" },
	/* where anybody may listen is nowhere */
	{ { { { 1000, 1000, -1, -1, "127.0.0.1", 80 }, 3 } }, "" },
	{ { { { 1000, 1000, -1, -1, "127.255.0.9", 80 }, 3 } }, "" },
	{ { { { 1000, 1000, -1, -1, "0.0.0.0", 80 }, 3 } }, "" },
	{ { { { 1000, 1000, -1, -1, "0.1.2.3", 80 }, 3 } }, "" },
	{ { { { 1000, 1000, -1, -1, "169.254.169.254", 80 }, 3 } }, "" },
	{ { { { 1000, 1000, -1, -1, "224.0.0.251", 80 }, 3 } }, "" },
	{ { { { 1000, 1000, -1, -1, "255.255.255.255", 80 }, 3 } }, "" },
	{ { { { 1000, 1000, -1, -1, "::", 80 }, 3 } }, "" },
	{ { { { 1000, 1000, -1, -1, "::1", 80 }, 3 } }, "" },
	{ { { { 1000, 1000, -1, -1, "::ffff:127.0.0.1", 80 }, 3 } }, "" },
	{ { { { 1000, 1000, -1, -1, "fe80::1", 80 }, 3 } }, "" },
	{ { { { 1000, 1000, -1, -1, "febf::1", 80 }, 3 } }, "" },
	{ { { { 1000, 1000, -1, -1, "ff02::1", 80 }, 3 } }, "" },
	{ { { { 1000, 1000, -1, -1, "192.0.2.1", -1 }, 3 } }, "" },
	{ { { { 1000, 1000, -1, -1, "169.253.0.1", 80 }, 3 } },
	  "3/0: " BY(1000, "\"1000\"") " and " TO("169.253.0.1", 80) "\n" },
	{ { { { 1000, 1000, -1, -1, "223.255.255.255", 80 }, 3 } },
	  "3/0: " BY(1000, "\"1000\"") " and " TO("223.255.255.255", 80) "\n" },
	{ { { { 1000, 1000, -1, -1, "fec0::1", 80 }, 3 } },
	  "3/0: " BY(1000, "\"1000\"") " and " TO("fec0::1", 80) "\n" },
};

static void check_proposals(struct fixture *fixture, size_t index)
{
	struct proposal proposals[PROPOSALS_MAX];
	struct strbuf said = STRBUF_INIT(0);
	size_t count = propose(fixture->tally->rules[0], proposals);

	for (size_t i = 0; i < count; i++) {
		struct strbuf text = STRBUF_INIT(0);

		proposal_condition(&proposals[i], &text);
		strbuf_printf(&said, "%llu/%llu: %.*s\n",
			      (unsigned long long)proposals[i].hides,
			      (unsigned long long)proposals[i].remain,
			      STR_ARG(strbuf_str(&text)));
		strbuf_free(&text);
	}
	strbuf_add_char(&said, '\0');
	if (strcmp(said.data, cases[index].expect))
		fail_msg("case %zu:\n%swanted:\n%s", index, said.data,
			 cases[index].expect);
	strbuf_free(&said);
}

static void test_proposals(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t k = 0; k < 4; k++)
			add(fixture, &cases[i].groups[k].facts,
			    cases[i].groups[k].times);
		tally_sort(fixture->tally);
		check_proposals(fixture, i);
		tally_free(&fixture->tally);
		assert_int_equal(tally_new(&fixture->tally), 0);
	}
}

/* For a rule that is not known, and in a group that is not kept, nothing. */
static void test_not_proposed(void **state)
{
	struct fixture *fixture = *state;
	struct facts facts = { 33, -1, -1, -1, "192.0.2.1", 443 };
	struct proposal proposals[PROPOSALS_MAX];

	add(fixture, &facts, 5);
	fixture->tally->rules[0]->rule = NULL;
	assert_int_equal(propose(fixture->tally->rules[0], proposals), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_values),    TEST(test_long_values),
		TEST(test_rules),     TEST(test_days),
		TEST(test_groups),    TEST(test_summaries),
		TEST(test_proposals), TEST(test_not_proposed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
