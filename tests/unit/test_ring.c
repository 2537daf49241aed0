/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "resident.h"
#include "ring.h"

#define STREAM_RECORDS 60000

static int setup(void **state)
{
	*state = ring_new();
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	struct ring *ring = *state;

	ring_free(&ring);
	return ring != NULL;
}

/* The reader has done with all but the last so many bytes. */
static void keep(struct ring *ring, size_t bytes)
{
	atomic_store(&ring->acked, atomic_load(&ring->head) - bytes);
}

/* Fills the ring until so much room is left, with records of no meaning. */
static void leave_room(struct ring *ring, size_t room)
{
	static char block[LIMIT_RING_BYTES];
	size_t len = LIMIT_RING_BYTES - room;

	memset(block, 'x', sizeof(block));
	block[len - 1] = '\n';
	keep(ring, 0);
	/* what a chunk must leave free would be in the way */
	ring_put(ring, block, len - LIMIT_RECORD_BYTES);
	ring_put(ring, block + len - LIMIT_RECORD_BYTES, LIMIT_RECORD_BYTES);
	assert_int_equal(atomic_load(&ring->dropped), 0);
	assert_int_equal(atomic_load(&ring->head) - atomic_load(&ring->acked),
			 len);
}

static void put(struct ring *ring, const char *text)
{
	ring_put(ring, text, strlen(text));
}

/* What was put in from a position on, however it lies. */
static void assert_from(const struct ring *ring, uint64_t position,
			const char *expected)
{
	size_t want = strlen(expected);

	assert_int_equal(atomic_load(&ring->head) - position, want);
	while (want) {
		const char *data;
		size_t len = ring_get(ring, position, &data);

		assert_in_range(len, 1, want);
		assert_memory_equal(data, expected, len);
		expected += len;
		position += len;
		want -= len;
	}
}

static void test_put_get(void **state)
{
	struct ring *ring = *state;
	const char *data;

	assert_int_equal(ring_get(ring, 0, &data), 0);
	put(ring, "one\ntw");
	put(ring, "o\n");
	put(ring, "");
	assert_from(ring, 0, "one\ntwo\n");
	assert_from(ring, 4, "two\n");
	assert_from(ring, 8, "");
}

static void test_wrap(void **state)
{
	struct ring *ring = *state;
	uint64_t head;
	const char *data;

	leave_room(ring, 3);
	keep(ring, 0);
	head = atomic_load(&ring->head);
	put(ring, "abcdef\n");
	assert_int_equal(ring_get(ring, head, &data), 3);
	assert_memory_equal(data, "abc", 3);
	assert_int_equal(ring_get(ring, head + 3, &data), 4);
	assert_memory_equal(data, "def\n", 4);
	assert_from(ring, head, "abcdef\n");
}

/* A whole record fits with one byte to spare, and not without. */
static void test_room(void **state)
{
	struct ring *ring = *state;
	uint64_t head;

	leave_room(ring, 6);
	head = atomic_load(&ring->head);
	put(ring, "12345\n");
	assert_from(ring, head, "");
	assert_int_equal(atomic_load(&ring->dropped), 1);
	put(ring, "1234\n");
	assert_from(ring, head, "1234\n");
	put(ring, "a\nb\nc\n");
	assert_from(ring, head, "1234\n");
	assert_int_equal(atomic_load(&ring->dropped), 4);
	/* room again: it goes on with the next record */
	keep(ring, 0);
	put(ring, "next\n");
	assert_from(ring, head, "1234\nnext\n");
	assert_int_equal(atomic_load(&ring->dropped), 4);
}

/* The records of one chunk that still fit are taken. */
static void test_some_fit(void **state)
{
	struct ring *ring = *state;
	uint64_t head;

	leave_room(ring, 10);
	head = atomic_load(&ring->head);
	put(ring, "123\n1234567890\n123\n123\n");
	assert_from(ring, head, "123\n123\n");
	assert_int_equal(atomic_load(&ring->dropped), 2);
}

/* A record cut by a chunk is begun only where the longest one has room. */
static void test_begun(void **state)
{
	struct ring *ring = *state;
	char rest[LIMIT_RECORD_BYTES];
	const char *data;
	uint64_t head;

	memset(rest, 'r', sizeof(rest));
	rest[sizeof(rest) - 3] = '\n';
	leave_room(ring, LIMIT_RECORD_BYTES);
	head = atomic_load(&ring->head);
	put(ring, "ab");
	put(ring, "cd");
	put(ring, "ef\nnext\n");
	assert_from(ring, head, "next\n");
	assert_int_equal(atomic_load(&ring->dropped), 1);

	atomic_store(&ring->dropped, 0);
	leave_room(ring, LIMIT_RECORD_BYTES + 1);
	head = atomic_load(&ring->head);
	put(ring, "ab");
	/* in two parts, and to the last byte */
	ring_put(ring, rest, 100);
	ring_put(ring, rest + 100, sizeof(rest) - 102);
	put(ring, "x\n");
	assert_int_equal(atomic_load(&ring->head) - head, LIMIT_RECORD_BYTES);
	assert_int_equal(atomic_load(&ring->dropped), 1);
	keep(ring, 0);
	head = atomic_load(&ring->head);
	put(ring, "x\n");
	assert_from(ring, head, "x\n");
	ring_get(ring, head - 1, &data);
	assert_int_equal(*data, '\n');
}

/* What is longer than any record may be cut, but then it ends. */
static void test_endless(void **state)
{
	struct ring *ring = *state;
	char text[1000];
	uint64_t head;

	memset(text, 'e', sizeof(text));
	leave_room(ring, LIMIT_RECORD_BYTES + 1);
	for (int i = 0; i < 40; i++)
		ring_put(ring, text, sizeof(text));
	assert_int_equal(atomic_load(&ring->dropped), 1);
	assert_int_equal(atomic_load(&ring->head) - atomic_load(&ring->acked),
			 LIMIT_RING_BYTES - LIMIT_RECORD_BYTES - 1 + 16001);
	keep(ring, 1);
	assert_from(ring, atomic_load(&ring->acked), "\n");
	head = atomic_load(&ring->head);
	put(ring, "still\nnext\n");
	assert_from(ring, head, "next\n");
	assert_int_equal(atomic_load(&ring->dropped), 1);
}

/* --- memory ---------------------------------------------------------------- */

/* What was put away is not this process's, and still there. */
static void test_put_away(void **state)
{
	static char block[LIMIT_RING_BYTES - 2 * LIMIT_RECORD_BYTES];
	struct ring *ring = *state;
	uint64_t head, away = 0;
	size_t done = 0;
	long before;

	memset(block, 'y', sizeof(block));
	block[sizeof(block) - 1] = '\n';
	for (int round = 0; round < 3; round++) {
		keep(ring, 0);
		away = atomic_load(&ring->head);
		ring_put(ring, block, sizeof(block));
		head = atomic_load(&ring->head);
		before = resident(ring);
		assert_true(before > LIMIT_RING_BYTES / 2048);
		ring_put_away(ring, &away, head);
		assert_true(away == head);
		assert_true(resident(ring) < 64);
		/* little is left for later */
		ring_put_away(ring, &away, head + 1);
		assert_true(away == head);
		for (done = 0; done < sizeof(block);) {
			const char *data;
			size_t len = ring_get(ring, head - sizeof(block) + done,
					      &data);

			assert_memory_equal(data, block + done, len);
			done += len;
		}
	}
}

/* --- two at once ----------------------------------------------------------- */

/* "NUMBER xxx...\n", of a length that depends on the number. */
static size_t make_record(unsigned int number, char out[700])
{
	size_t len = (size_t)snprintf(out, 20, "%u ", number);
	size_t more = number * 2654435761U % 600;

	memset(out + len, 'x', more);
	out[len + more] = '\n';
	return len + more + 1;
}

/* Puts the records in, in chunks that cut them anywhere. */
static void write_stream(struct ring *ring)
{
	char chunk[8192];
	size_t used = 0;

	for (unsigned int i = 0; i < STREAM_RECORDS; i++) {
		size_t cut = i % 17 == 1 ? 5 : 0;

		used += make_record(i, chunk + used);
		if (used < 7000 && i % 40 != 39)
			continue;
		ring_put(ring, chunk, used - cut);
		memmove(chunk, chunk + used - cut, cut);
		used = cut;
	}
	ring_put(ring, chunk, used);
	atomic_store(&ring->ended, true);
}

/* Reads them; how many came, or -1 where one is not as it was written. */
static int64_t read_stream(struct ring *ring)
{
	char record[1400], expected[700];
	size_t used = 0, count = 0;
	uint64_t position = 0;

	for (;;) {
		bool ended = atomic_load(&ring->ended);
		const char *data;
		size_t len = ring_get(ring, position, &data);

		if (!len && ended)
			return (int64_t)count;
		for (size_t i = 0; i < len; i++) {
			if (used == sizeof(record))
				return -1;
			record[used++] = data[i];
			if (data[i] != '\n')
				continue;
			if (make_record((unsigned int)atoi(record), expected) !=
				    used ||
			    memcmp(record, expected, used))
				return -1;
			count++;
			used = 0;
		}
		position += len;
		atomic_store(&ring->acked, position);
	}
}

/* Records are lost only where the ring says so, and whole. */
static void test_processes(void **state)
{
	struct ring *ring = *state;
	pid_t pid = fork();
	int64_t count;
	int status;

	if (!pid) {
		write_stream(ring);
		_exit(0);
	}
	assert_true(pid > 0);
	count = read_stream(ring);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(count + (int64_t)atomic_load(&ring->dropped),
			 STREAM_RECORDS);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_put_get),  TEST(test_wrap),	   TEST(test_room),
		TEST(test_some_fit), TEST(test_begun),	   TEST(test_endless),
		TEST(test_put_away), TEST(test_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
