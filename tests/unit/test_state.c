/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "limits.h"
#include "resident.h"
#include "util/codec.h"

/* --- calls that fail ------------------------------------------------------- */

/* The linker puts these before the calls by which a state is written
 * (wrap_writing in Makefile.am). */
ssize_t __real_pwrite(int fd, const void *data, size_t len, off_t at);
int __real_ftruncate(int fd, off_t size);
int __real_fdatasync(int fd);
int __real_rename(const char *from, const char *to);

ssize_t __wrap_pwrite(int fd, const void *data, size_t len, off_t at);
int __wrap_ftruncate(int fd, off_t size);
int __wrap_fdatasync(int fd);
int __wrap_rename(const char *from, const char *to);

static struct {
	size_t count; /* calls so far */
	size_t failing; /* counted from 1; 0 = none */
	int error; /* what it fails with; 0 = a write ends early */
	bool hangs; /* fdatasync() does, */
	sem_t reached, go_on; /* and waits for this */
} calls;

static bool call_fails(void)
{
	if (++calls.count != calls.failing || !calls.error)
		return false;
	errno = calls.error;
	return true;
}

ssize_t __wrap_pwrite(int fd, const void *data, size_t len, off_t at)
{
	if (call_fails())
		return -1;
	if (calls.count == calls.failing && len > 1)
		len /= 2;
	return __real_pwrite(fd, data, len, at);
}

int __wrap_ftruncate(int fd, off_t size)
{
	return call_fails() ? -1 : __real_ftruncate(fd, size);
}

int __wrap_fdatasync(int fd)
{
	if (calls.hangs) {
		sem_post(&calls.reached);
		sem_wait(&calls.go_on);
	}
	return call_fails() ? -1 : __real_fdatasync(fd);
}

int __wrap_rename(const char *from, const char *to)
{
	return call_fails() ? -1 : __real_rename(from, to);
}

static void fail_call(size_t number, int error)
{
	calls.count = 0;
	calls.failing = number;
	calls.error = error;
}

/* --- a place for them ------------------------------------------------------ */

struct place {
	char directory[64], path[96];
	struct state_out out;
	int fd; /* a file in memory */
};

static int memory_file(void)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static int place_open(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	strcpy(place->directory, "/tmp/test_state.XXXXXX");
	assert_non_null(mkdtemp(place->directory));
	snprintf(place->path, sizeof(place->path), "%s/state",
		 place->directory);
	place->fd = memory_file();
	*state = place;
	return 0;
}

static int place_close(void **state)
{
	static const char *const names[] = { "state", "state.new", "state.lock",
					     "other" };
	struct place *place = *state;
	char path[160];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", place->directory,
			 names[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(place->directory), 0);
	close(place->fd);
	free(place);
	return 0;
}

static int make_with(struct place *place, const char *tables, size_t len)
{
	const struct state state = {
		.boot_id = STR("boot"),
		.host_id = STR("host"),
		.alerts = 17,
		.position = 1ULL << 40,
	};

	state_begin(&place->out, place->fd, &state);
	strbuf_add(&place->out.tables, tables, len);
	return state_seal(&place->out);
}

static void make(struct place *place)
{
	assert_int_equal(make_with(place, "tables", 6), 0);
}

/* Any text in place of a state. */
static void put_text(int fd, struct str text)
{
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_true(pwrite(fd, text.data, text.len, 0) == (ssize_t)text.len);
}

static void check_text(int fd, struct str text)
{
	struct str found;

	assert_int_equal(state_map(fd, &found), 0);
	assert_true(str_equal(found, text));
	state_unmap(&found);
	assert_null(found.data);
}

static void check_file(struct place *place, struct str text)
{
	int fd = memory_file();

	assert_int_equal(state_file_read(place->path, fd), 0);
	check_text(fd, text);
	close(fd);
}

/* --- states ---------------------------------------------------------------- */

static void test_round(void **user)
{
	struct place *place = *user;
	struct state state;
	struct str bytes;

	make(place);
	assert_int_equal(state_map(place->fd, &bytes), 0);
	assert_int_equal(state_parse(bytes, &state), 0);
	/* it is still there */
	state_put_away(bytes);
	assert_true(str_equal(state.boot_id, STR("boot")));
	assert_true(str_equal(state.host_id, STR("host")));
	assert_true(state.alerts == 17);
	assert_true(state.position == 1ULL << 40);
	assert_true(str_equal(state.tables, STR("tables")));
	state_unmap(&bytes);
}

/* More than is in hand at once, and a shorter one in its place. */
static void test_large(void **user)
{
	struct place *place = *user;
	size_t len = 3 * STRBUF_DRAIN_BYTES + 17;
	char *text = malloc(len);
	struct state state;
	struct str bytes;

	assert_non_null(text);
	for (size_t i = 0; i < len; i++)
		text[i] = (char)(i * 2654435761U >> 9);
	for (; len; len /= 3) {
		assert_int_equal(make_with(place, text, len), 0);
		assert_int_equal(state_map(place->fd, &bytes), 0);
		assert_int_equal(state_parse(bytes, &state), 0);
		assert_true(str_equal(state.tables, (struct str){ text, len }));
		state_unmap(&bytes);
	}
	free(text);
}

/* What was read of one is no more part of the process, and read again where it is
 * looked at. */
static void test_reading(void **user)
{
	static char text[5000];
	const uint32_t count = 400;
	struct place *place = *user;
	struct reader reader;
	struct state state = { 0 };
	struct str bytes, first;

	state_begin(&place->out, place->fd, &state);
	for (uint32_t i = 0; i < count; i++) {
		memset(text, (int)i, sizeof(text));
		write_str(&place->out.tables,
			  (struct str){ text, sizeof(text) });
	}
	assert_int_equal(state_seal(&place->out), 0);
	assert_int_equal(state_map(place->fd, &bytes), 0);
	assert_int_equal(state_parse(bytes, &state), 0);
	assert_true(resident(bytes.data) > 1500);
	state_put_away(bytes);
	assert_int_equal(resident(bytes.data), 0);
	reader = reader_of(state.tables);
	reader.mapped = (const uint8_t *)bytes.data;
	for (uint32_t i = 0; i < count; i++) {
		struct str read = read_str(&reader);

		if (!i)
			first = read;
		memset(text, (int)i, sizeof(text));
		assert_true(
			str_equal(read, (struct str){ text, sizeof(text) }));
		/* as much as is read ahead of */
		assert_true(resident(bytes.data) < 700);
	}
	assert_true(!reader.bad && reader.at == reader.end);
	memset(text, 0, sizeof(text));
	assert_true(str_equal(first, (struct str){ text, sizeof(text) }));
	state_unmap(&bytes);
}

/* Each byte counts, and each length but the right one is wrong. */
static void test_damage(void **user)
{
	struct place *place = *user;
	struct str mapped;
	struct state state;
	char bytes[256];
	size_t len;

	make(place);
	assert_int_equal(state_map(place->fd, &mapped), 0);
	len = mapped.len;
	assert_true(len < sizeof(bytes));
	memcpy(bytes, mapped.data, len);
	state_unmap(&mapped);
	for (size_t i = 0; i < len; i++) {
		assert_int_equal(state_parse((struct str){ bytes, i }, &state),
				 STATE_E_DAMAGED);
		bytes[i] ^= 1;
		assert_int_not_equal(
			state_parse((struct str){ bytes, len }, &state), 0);
		bytes[i] ^= 1;
	}
	bytes[len] = 0;
	assert_int_equal(state_parse((struct str){ bytes, len + 1 }, &state),
			 STATE_E_DAMAGED);
	bytes[8]++;
	assert_int_equal(state_parse((struct str){ bytes, len }, &state),
			 STATE_E_FORMAT);
}

/* Who dies in the middle leaves nothing that looks like a state. */
static void test_cut(void **user)
{
	static char text[2 * STRBUF_DRAIN_BYTES];
	struct place *place = *user;
	struct state state = { 0 };
	struct str bytes;

	make(place);
	state_begin(&place->out, place->fd, &state);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(state_map(place->fd, &bytes), 0);
		assert_int_equal(state_parse(bytes, &state), STATE_E_DAMAGED);
		state_unmap(&bytes);
		strbuf_add(&place->out.tables, text, sizeof(text) / 2);
	}
}

static void test_limit(void **user)
{
	static char text[1U << 20];
	struct place *place = *user;
	size_t left;

	state_begin(&place->out, place->fd, &(struct state){ 0 });
	/* what is beyond it is not written; that is zeros, of which a file in
	 * memory takes all */
	place->out.tables.max = 10 * sizeof(text);
	left = place->out.tables.max - strbuf_total(&place->out.tables);
	for (; left > sizeof(text); left -= sizeof(text))
		strbuf_add(&place->out.tables, text, sizeof(text));
	strbuf_add(&place->out.tables, text, left);
	assert_false(place->out.tables.failed);
	strbuf_add(&place->out.tables, text, 1);
	assert_int_equal(state_seal(&place->out), -EFBIG);
	check_text(place->fd, (struct str){ 0 });
	state_begin(&place->out, place->fd, &(struct state){ 0 });
	assert_true(place->out.tables.max < LIMIT_STATE_BYTES);
}

/* Each call fails in turn: the file in memory is empty, but for the one that
 * empties it; one that writes less than it was given is no failure. */
static void test_failing(void **user)
{
	static const int errors[] = { ENOSPC, EIO, ENOMEM, 0 };
	static char text[3 * STRBUF_DRAIN_BYTES];
	struct place *place = *user;
	size_t count;

	make(place);
	fail_call(0, 0);
	assert_int_equal(make_with(place, text, sizeof(text)), 0);
	count = calls.count;
	assert_int_equal(count, 1 + 4 + 1);
	for (size_t i = 0; i < 4; i++)
		for (size_t call = 2; call <= count; call++) {
			struct stat info;

			fail_call(call, errors[i]);
			assert_int_equal(make_with(place, text, sizeof(text)),
					 -errors[i]);
			assert_int_equal(fstat(place->fd, &info), 0);
			assert_int_equal(info.st_size != 0, !errors[i]);
		}
	fail_call(1, EIO);
	assert_int_equal(make_with(place, text, sizeof(text)), -EIO);
	fail_call(0, 0);
	make(place);
}

/* --- the file -------------------------------------------------------------- */

static void test_file(void **user)
{
	struct place *place = *user;
	struct str bytes;
	struct stat info;
	int fd = memory_file();

	make(place);
	assert_int_equal(state_map(place->fd, &bytes), 0);
	assert_int_equal(state_file_read(place->path, fd), -ENOENT);
	assert_int_equal(state_file_write(place->path, place->fd), 0);
	check_file(place, bytes);
	state_unmap(&bytes);
	assert_int_equal(stat(place->path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	/* replaced as a whole */
	put_text(fd, STR("short"));
	assert_int_equal(state_file_write(place->path, fd), 0);
	check_file(place, STR("short"));
	/* an empty one is no error here, and no state */
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(state_file_write(place->path, fd), 0);
	check_file(place, (struct str){ 0 });
	assert_int_equal(state_parse((struct str){ 0 }, &(struct state){ 0 }),
			 STATE_E_DAMAGED);
	assert_int_equal(state_file_write("/nonexistent/state", fd), -ENOENT);
	close(fd);
}

/* Whatever fails, the file that was there stays, and no other beside it. */
static void test_file_failing(void **user)
{
	static const int errors[] = { ENOSPC, EIO, 0 };
	static char text[100000];
	struct place *place = *user;
	int good = memory_file();
	char other[128];
	size_t count;

	snprintf(other, sizeof(other), "%s.new", place->path);
	put_text(good, STR("good"));
	put_text(place->fd, (struct str){ text, sizeof(text) });
	fail_call(0, 0);
	assert_int_equal(state_file_write(place->path, place->fd), 0);
	count = calls.count;
	for (size_t i = 0; i < 3; i++)
		for (size_t call = 1; call <= count; call++) {
			fail_call(0, 0);
			assert_int_equal(state_file_write(place->path, good),
					 0);
			fail_call(call, errors[i]);
			assert_int_equal(
				state_file_write(place->path, place->fd),
				-errors[i]);
			fail_call(0, 0);
			if (errors[i])
				check_file(place, STR("good"));
			else
				check_file(place,
					   (struct str){ text, sizeof(text) });
			assert_int_equal(access(other, F_OK), -1);
		}
	/* what is read is not taken for whole where it cannot be kept */
	fail_call(2, ENOSPC);
	assert_int_equal(state_file_read(place->path, place->fd), -ENOSPC);
	fail_call(0, 0);
	close(good);
}

/* What others can write, or a link to somewhere, is not trusted. */
static void test_foreign(void **user)
{
	struct place *place = *user;
	char other[128];
	int fd = memory_file();

	make(place);
	assert_int_equal(state_file_write(place->path, place->fd), 0);
	assert_int_equal(chmod(place->path, 0620), 0);
	assert_int_equal(state_file_read(place->path, fd), STATE_E_FOREIGN);
	assert_int_equal(chmod(place->path, 0602), 0);
	assert_int_equal(state_file_read(place->path, fd), STATE_E_FOREIGN);
	assert_int_equal(chmod(place->path, 0600), 0);
	snprintf(other, sizeof(other), "%s/other", place->directory);
	assert_int_equal(symlink(place->path, other), 0);
	assert_int_equal(state_file_read(other, fd), -ELOOP);
	assert_int_equal(state_file_read(place->directory, fd),
			 STATE_E_FOREIGN);
	if (!geteuid()) {
		assert_int_equal(chown(place->path, 12345, 0), 0);
		assert_int_equal(state_file_read(place->path, fd),
				 STATE_E_FOREIGN);
	}
	assert_int_equal(truncate(place->path, LIMIT_STATE_BYTES + 1LL), 0);
	assert_int_equal(chown(place->path, geteuid(), (gid_t)-1), 0);
	assert_int_equal(state_file_read(place->path, fd), -EFBIG);
	close(fd);
}

static void test_lock(void **user)
{
	struct place *place = *user;
	int first, second;

	assert_int_equal(state_file_lock(place->path, 0, &first), 0);
	assert_int_equal(state_file_lock(place->path, 100, &second), -EAGAIN);
	close(first);
	assert_int_equal(state_file_lock(place->path, 0, &second), 0);
	close(second);
}

/* --- the writer ------------------------------------------------------------ */

static void test_writer(void **user)
{
	struct place *place = *user;
	struct state_writer *writer = NULL;

	assert_int_equal(state_writer_new(place->path, NULL, &writer), 0);
	assert_true(state_writer_drain(writer, 0));
	assert_int_equal(state_writer_busy(writer), -1);
	assert_false(state_writer_take_back(writer));
	put_text(place->fd, STR("state"));
	for (int i = 0; i < 100; i++)
		state_writer_put(writer, place->fd);
	assert_true(state_writer_drain(writer, 60000));
	check_file(place, STR("state"));
	assert_int_equal(state_writer_busy(writer), -1);
	state_writer_free(&writer);
	assert_null(writer);
	state_writer_free(&writer);
}

/* A disk that hangs holds nobody up, and of those that wait for it the newest is
 * written, unless it is taken back. */
static void test_writer_hangs(void **user)
{
	struct place *place = *user;
	int others[] = { memory_file(), memory_file() };
	struct state_writer *writer;

	put_text(place->fd, STR("first"));
	put_text(others[0], STR("second"));
	put_text(others[1], STR("third"));
	assert_int_equal(state_writer_new(place->path, NULL, &writer), 0);
	sem_init(&calls.reached, 0, 0);
	sem_init(&calls.go_on, 0, 0);
	calls.hangs = true;
	state_writer_put(writer, place->fd);
	sem_wait(&calls.reached);
	assert_int_equal(state_writer_busy(writer), place->fd);
	assert_false(state_writer_take_back(writer));
	assert_false(state_writer_drain(writer, 10));
	assert_int_equal(access(place->path, F_OK), -1);
	state_writer_put(writer, others[0]);
	assert_int_equal(state_writer_busy(writer), place->fd);
	assert_true(state_writer_take_back(writer));
	assert_false(state_writer_take_back(writer));
	state_writer_put(writer, others[0]);
	state_writer_put(writer, others[1]);
	sem_post(&calls.go_on);
	/* the first is there, whole, before the next */
	sem_wait(&calls.reached);
	assert_int_equal(state_writer_busy(writer), others[1]);
	check_file(place, STR("first"));
	sem_post(&calls.go_on);
	assert_true(state_writer_drain(writer, 60000));
	check_file(place, STR("third"));
	calls.hangs = false;
	state_writer_free(&writer);
	close(others[0]);
	close(others[1]);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, place_open, place_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_round),	 TEST(test_large),
		TEST(test_reading),	 TEST(test_damage),
		TEST(test_cut),		 TEST(test_limit),
		TEST(test_failing),	 TEST(test_file),
		TEST(test_file_failing), TEST(test_foreign),
		TEST(test_lock),	 TEST(test_writer),
		TEST(test_writer_hangs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
