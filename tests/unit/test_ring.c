/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
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

/* Writes by ring_space() and ring_fill(), as a system call would. */
static size_t fill(struct ring *ring, const char *text, size_t max)
{
	size_t len = strlen(text), first;
	struct iovec space[2];
	size_t count = ring_space(ring, max, space);

	if (!count)
		return 0;
	assert_int_equal(space[0].iov_len + (count > 1 ? space[1].iov_len : 0),
			 max);
	first = len < space[0].iov_len ? len : space[0].iov_len;
	memcpy(space[0].iov_base, text, first);
	if (count > 1)
		memcpy(space[1].iov_base, text + first, len - first);
	ring_fill(ring, len);
	return count;
}

static void test_fill(void **state)
{
	struct ring *ring = *state;
	uint64_t head;

	assert_int_equal(fill(ring, "one\ntw", 100), 1);
	assert_int_equal(ring->begun, 2);
	assert_int_equal(fill(ring, "o", 100), 1);
	assert_int_equal(ring->begun, 3);
	assert_int_equal(fill(ring, "\n", 100), 1);
	assert_int_equal(ring->begun, 0);
	assert_from(ring, 0, "one\ntwo\n");
	/* up to the end, and on at the beginning */
	leave_room(ring, 8 + 5);
	keep(ring, 0);
	head = atomic_load(&ring->head);
	assert_int_equal(fill(ring, "a\nbc", 5), 1);
	assert_int_equal(ring->begun, 2);
	assert_int_equal(fill(ring, "d", 2), 2);
	assert_int_equal(ring->begun, 3);
	assert_from(ring, head, "a\nbcd");
	/* a newline in either piece */
	head = atomic_load(&ring->head);
	leave_room(ring, head % LIMIT_RING_BYTES + 5);
	keep(ring, 0);
	head = atomic_load(&ring->head);
	assert_int_equal(fill(ring, "ab\ncdefg", 10), 2);
	assert_int_equal(ring->begun, 5);
	assert_int_equal(fill(ring, "h\nij", 10), 1);
	assert_int_equal(ring->begun, 2);
	assert_from(ring, head, "ab\ncdefgh\nij");
}

/* With as much room as a chunk and one record need, or it is not for that. */
static void test_fill_room(void **state)
{
	struct ring *ring = *state;

	leave_room(ring, LIMIT_RECORD_BYTES + 101);
	assert_int_equal(fill(ring, "", 101), 0);
	assert_int_not_equal(fill(ring, "a", 100), 0);
	assert_int_equal(fill(ring, "b", 100), 0);
	/* nor in the middle of a record that is left out */
	leave_room(ring, 3);
	put(ring, "12345");
	keep(ring, 0);
	assert_int_equal(fill(ring, "6\n", 100), 0);
	put(ring, "6\n");
	assert_int_not_equal(fill(ring, "7\n", 100), 0);
	assert_int_equal(atomic_load(&ring->dropped), 1);
}

static size_t in_memory(const struct ring *ring)
{
	static unsigned char pages[sizeof(struct ring) / 4096 + 1];
	size_t count = 0, page = (size_t)sysconf(_SC_PAGESIZE);

	assert_int_equal(mincore((void *)ring, sizeof(*ring), pages), 0);
	for (size_t i = 0; i < (sizeof(*ring) + page - 1) / page; i++)
		count += pages[i] & 1;
	return count * page;
}

/* What is free is given back, wherever it lies, and nothing else. */
static void test_trim(void **state)
{
	static const size_t rooms[] = { 100000, LIMIT_RING_BYTES / 2 };
	struct ring *ring = *state;

	for (size_t i = 0; i < 2; i++) {
		const char *text = "some text\n";
		uint64_t position;

		leave_room(ring, rooms[i]);
		keep(ring, 0);
		position = atomic_load(&ring->head);
		for (int j = 0; j < 20000; j++)
			put(ring, text);
		assert_true(in_memory(ring) > LIMIT_RING_BYTES / 2);
		ring_trim(ring);
		assert_in_range(in_memory(ring), 200000, 220000);
		for (int j = 0; j < 20000; j++) {
			char got[10];

			for (size_t k = 0; k < sizeof(got); k++) {
				const char *data;

				assert_int_not_equal(
					ring_get(ring, position++, &data), 0);
				got[k] = *data;
			}
			assert_memory_equal(got, text, sizeof(got));
		}
		assert_int_equal(ring->begun, 0);
	}
	/* all of it is in use */
	leave_room(ring, LIMIT_RECORD_BYTES);
	ring_trim(ring);
	assert_true(in_memory(ring) >
		    LIMIT_RING_BYTES - 3 * LIMIT_RECORD_BYTES);
	/* positions that cannot be */
	atomic_store(&ring->acked, atomic_load(&ring->head) + 4096);
	ring_trim(ring);
	assert_true(in_memory(ring) >
		    LIMIT_RING_BYTES - 3 * LIMIT_RECORD_BYTES);
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

/* A chunk, by turns without a copy where all of it has room. */
static void put_chunk(struct ring *ring, const char *chunk, size_t len)
{
	struct iovec space[2];
	size_t count = len % 2 ? ring_space(ring, len, space) : 0;

	if (!count) {
		ring_put(ring, chunk, len);
		return;
	}
	memcpy(space[0].iov_base, chunk, space[0].iov_len);
	if (count > 1)
		memcpy(space[1].iov_base, chunk + space[0].iov_len,
		       space[1].iov_len);
	ring_fill(ring, len);
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
		put_chunk(ring, chunk, used - cut);
		if (i % 8192 == 0)
			ring_trim(ring);
		memmove(chunk, chunk + used - cut, cut);
		used = cut;
	}
	put_chunk(ring, chunk, used);
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

/* --- sleeping and waking --------------------------------------------------- */

/* Whether it sleeps; whether it wakes. */
static bool reader_sleeps(struct ring *ring)
{
	return ring_wait(ring, 0);
}

static bool writer_wakes(struct ring *ring)
{
	ring_fill(ring, 1);
	return ring_wake(ring);
}

static bool writer_ends(struct ring *ring)
{
	atomic_store(&ring->ended, true);
	return ring_wake(ring);
}

typedef bool (*side_fn)(struct ring *ring);

/* One side, in a process that goes on instruction by instruction. */
static pid_t start_side(struct ring *ring, side_fn side)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(77);
		syscall(SYS_kill, getpid(), SIGSTOP);
		syscall(SYS_exit_group, side(ring));
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_true(WIFSTOPPED(status));
	return pid;
}

/* Lets it do so many instructions: false = it has ended before. */
static bool step(pid_t pid, unsigned int steps, int *status)
{
	while (steps--) {
		if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL))
			skip();
		assert_int_equal(waitpid(pid, status, 0), pid);
		if (WIFEXITED(*status))
			return false;
	}
	return true;
}

/* All of one side between any two instructions of the other: nobody sleeps whom
 * the other has not woken. */
static void meet_anywhere(side_fn stepped, side_fn whole, bool sleeps)
{
	bool ends = false;
	int both[2][2] = { { 0 } };

	for (unsigned int steps = 0; !ends; steps++) {
		struct ring *ring = ring_new();
		pid_t pid = start_side(ring, stepped);
		bool other, first;
		int status;

		ends = !step(pid, steps, &status);
		other = whole(ring);
		if (!ends) {
			ptrace(PTRACE_CONT, pid, NULL, NULL);
			assert_int_equal(waitpid(pid, &status, 0), pid);
		}
		assert_true(WIFEXITED(status));
		first = WEXITSTATUS(status);
		both[first][other]++;
		if (sleeps)
			assert_true(!first || other);
		else
			assert_true(!other || first);
		ring_free(&ring);
	}
	/* it was met on either side of what decides */
	assert_int_not_equal(both[0][0] + both[0][1], 0);
	assert_int_not_equal(both[1][1], 0);
}

static void test_wake(void **state)
{
	(void)state;
	meet_anywhere(reader_sleeps, writer_wakes, true);
	meet_anywhere(reader_sleeps, writer_ends, true);
	meet_anywhere(writer_wakes, reader_sleeps, false);
	meet_anywhere(writer_ends, reader_sleeps, false);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_put_get),  TEST(test_wrap),	   TEST(test_room),
		TEST(test_some_fit), TEST(test_begun),	   TEST(test_endless),
		TEST(test_fill),     TEST(test_fill_room), TEST(test_trim),
		TEST(test_put_away), TEST(test_processes), TEST(test_wake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
