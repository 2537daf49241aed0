/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Includes users.c, for what is under way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "users.c"

#define S NSEC_PER_SEC

static struct arena *arena;

/* --- name services -------------------------------------------------------- */

/* 1 has a name; 2 has one as soon as it was asked for twice; 3 has another one
 * each time; 4 ends who asks; from 1000 on all have theirs. */
static bool find_some(uint32_t uid, char out[USERS_NAME_MAX])
{
	static unsigned int twos, threes;

	if (uid == 1)
		strcpy(out, "first");
	else if (uid == 2 && ++twos > 1)
		strcpy(out, "second");
	else if (uid == 3)
		snprintf(out, USERS_NAME_MAX, "third-%u", ++threes);
	else if (uid >= 1000)
		snprintf(out, USERS_NAME_MAX, "user-%u", uid);
	else if (uid == 4)
		_exit(1);
	else
		return false;
	return true;
}

static bool find_never(uint32_t uid, char out[USERS_NAME_MAX])
{
	(void)uid;
	(void)out;
	while (pause())
		;
	return false;
}

static bool find_longest(uint32_t uid, char out[USERS_NAME_MAX])
{
	(void)uid;
	memset(out, 'x', USERS_NAME_MAX - 1);
	out[USERS_NAME_MAX - 1] = '\0';
	return true;
}

/* --- events --------------------------------------------------------------- */

static struct users *start(users_find_fn find)
{
	const struct users_config config = { STR("here"), find };
	struct users *users = NULL;

	assert_int_equal(users_start(&config, &users), 0);
	return users;
}

static struct event *event_of(const char *host, uint32_t uid)
{
	struct event *event = event_new(arena, FIELD__COUNT);
	struct str id = arena_printf(arena, "%u", uid);

	assert_non_null(event);
	event->host = str_from(host);
	event_set(event, FIELD_USER_ID, VALUE_OF_STR(id));
	return event;
}

static void want(struct users *users, uint32_t uid, int64_t now_ns)
{
	users_want(users, event_of("here", uid), now_ns);
}

/* All that was asked is answered. */
static void settle(struct users *users, int64_t now_ns)
{
	const struct timespec moment = { .tv_nsec = 1000000 };

	for (int tries = 0; users->under_way && tries < 30000; tries++) {
		hear(users, now_ns);
		nanosleep(&moment, NULL);
	}
	assert_int_equal(users->under_way, 0);
}

/* What an alert on this event says; NULL = nothing. The event stays as it was. */
static const char *name_of(struct users *users, struct event *event,
			   int64_t now_ns)
{
	const struct event *events[] = { event, NULL };
	const struct alert alert = { .event_count = 2, .events = events };
	struct value before = event->values[FIELD_USER_NAME];
	const struct value *name;
	struct alert told;

	assert_int_equal(users_name_alert(users, &alert, now_ns, arena, &told),
			 0);
	assert_int_equal(told.event_count, 2);
	assert_null(told.events[1]);
	assert_true(value_equal(&before, &event->values[FIELD_USER_NAME]));
	name = event_value(told.events[0], FIELD_USER_NAME, READING_INVOKED);
	return name->type == VALUE_STRING
		       ? arena_copy(arena, name->s.data, name->s.len)
		       : NULL;
}

static void assert_name(struct users *users, uint32_t uid, int64_t now_ns,
			const char *expected)
{
	const char *name = name_of(users, event_of("here", uid), now_ns);

	if (expected) {
		assert_non_null(name);
		assert_string_equal(name, expected);
	} else {
		assert_null(name);
	}
}

/* --- tests ---------------------------------------------------------------- */

static void test_name(void **state)
{
	struct users *users = start(find_some);
	struct event *event;

	(void)state;
	assert_name(users, 1, 0, NULL);
	want(users, 1, 0);
	settle(users, 0);
	assert_name(users, 1, 0, "first");
	/* one that auditd has named, another host's, nobody's */
	event = event_of("here", 1);
	event_set(event, FIELD_USER_NAME, VALUE_OF_STR(STR("told")));
	assert_string_equal(name_of(users, event, 0), "told");
	assert_null(name_of(users, event_of("there", 1), 0));
	event_set(event, FIELD_USER_NAME, (struct value){ 0 });
	event_set(event, FIELD_USER_ID, (struct value){ 0 });
	assert_null(name_of(users, event, 0));
	/* and these are not asked for */
	users_want(users, event, 0);
	users_want(users, event_of("there", 1001), 0);
	users_want(users, event_of("here", UINT32_MAX), 0);
	assert_int_equal(users->under_way, 0);
	users_free(&users);
	users_free(&users);
}

static void test_service(void **state)
{
	struct users *users = start(NULL);

	(void)state;
	want(users, 0, 0);
	settle(users, 0);
	assert_name(users, 0, 0, "root");
	users_free(&users);
}

static void test_longest(void **state)
{
	struct users *users = start(find_longest);
	char longest[USERS_NAME_MAX] = { 0 };

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	want(users, 1, 0);
	settle(users, 0);
	assert_name(users, 1, 0, longest);
	users_free(&users);
}

static void test_asked_once(void **state)
{
	struct users *users = start(find_some);

	(void)state;
	for (int i = 0; i < 5; i++)
		want(users, 1, i);
	assert_int_equal(users->under_way, 1);
	settle(users, 0);
	want(users, 1, NAMED_NS - 1);
	assert_int_equal(users->under_way, 0);
	users_free(&users);
}

/* That there is none is known for a minute. */
static void test_nameless(void **state)
{
	struct users *users = start(find_some);

	(void)state;
	want(users, 2, S);
	settle(users, S);
	assert_name(users, 2, S, NULL);
	want(users, 2, S + NAMELESS_NS - 1);
	assert_int_equal(users->under_way, 0);
	want(users, 2, S + NAMELESS_NS);
	assert_int_equal(users->under_way, 1);
	settle(users, S + NAMELESS_NS);
	assert_name(users, 2, S + NAMELESS_NS, "second");
	users_free(&users);
}

/* A name is asked for again after an hour, and stands until the answer. */
static void test_renamed(void **state)
{
	struct users *users = start(find_some);

	(void)state;
	want(users, 3, 0);
	settle(users, 0);
	assert_name(users, 3, 0, "third-1");
	want(users, 3, NAMED_NS);
	assert_int_equal(users->under_way, 1);
	assert_string_equal(find_entry(users, 3)->name, "third-1");
	settle(users, NAMED_NS);
	assert_name(users, 3, NAMED_NS, "third-2");
	users_free(&users);
}

/* The oldest of a set gives way, and may be asked for again. */
static void test_table(void **state)
{
	struct users *users = start(find_some);

	(void)state;
	for (uint32_t i = 0; i <= WAYS; i++) {
		want(users, 1000 + i * SETS, i * S);
		settle(users, i * S);
		if (i < WAYS)
			assert_name(users, 1000, i * S, "user-1000");
	}
	assert_name(users, 1000, WAYS * S, NULL);
	assert_name(users, 1000 + SETS, WAYS * S, "user-1064");
	want(users, 1000, WAYS * S);
	settle(users, WAYS * S);
	assert_name(users, 1000, WAYS * S, "user-1000");
	assert_name(users, 1000 + SETS, WAYS * S, NULL);
	users_free(&users);
}

/* An answer that comes when its row is another's is let go. */
static void test_forgotten(void **state)
{
	struct users *users = start(find_some);

	(void)state;
	for (uint32_t i = 0; i <= WAYS; i++)
		want(users, 1000 + i * SETS, i);
	settle(users, S);
	assert_name(users, 1000, S, NULL);
	for (uint32_t i = 1; i <= WAYS; i++)
		assert_non_null(find_entry(users, 1000 + i * SETS));
	assert_name(users, 1000 + WAYS * SETS, S, "user-1256");
	users_free(&users);
}

static void test_rate(void **state)
{
	struct users *users = start(find_some);
	uint32_t uid = 1000;

	(void)state;
	for (; uid < 1000 + QUESTIONS_A_SECOND; uid++) {
		want(users, uid, 0);
		settle(users, 0);
	}
	want(users, uid, S - 1);
	assert_null(find_entry(users, uid));
	want(users, uid, S);
	assert_int_equal(users->under_way, 1);
	settle(users, S);
	users_free(&users);
}

/* Nobody waits for a name service that hangs: not who asks, and neither the
 * alert nor the end. */
static void test_hanging(void **state)
{
	struct users *users = start(find_never);

	(void)state;
	for (uint32_t uid = 0; uid < 3 * UNDER_WAY_MAX; uid++)
		want(users, uid, uid * S);
	assert_int_equal(users->under_way, UNDER_WAY_MAX);
	assert_null(find_entry(users, UNDER_WAY_MAX));
	for (uint32_t uid = 0; uid < 3 * UNDER_WAY_MAX; uid++)
		assert_name(users, uid, 7200 * S, NULL);
	assert_false(users_failed(users));
	users_free(&users);
}

static void test_ended(void **state)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	struct users *users = start(find_some);

	(void)state;
	want(users, 1, 0);
	settle(users, 0);
	want(users, 4, 0);
	for (int tries = 0; !users_failed(users) && tries < 30000; tries++) {
		hear(users, 0);
		nanosleep(&moment, NULL);
	}
	assert_true(users_failed(users));
	want(users, 5, S);
	assert_name(users, 1, S, "first");
	assert_name(users, 5, S, NULL);
	users_free(&users);
}

static int set_up(void **state)
{
	(void)state;
	arena = arena_new(0);
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_service),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_asked_once),
		cmocka_unit_test(test_nameless),
		cmocka_unit_test(test_renamed),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_forgotten),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_hanging),
		cmocka_unit_test(test_ended),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
