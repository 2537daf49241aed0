/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
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

struct place {
	char directory[64], path[96];
	struct arena *arena;
	struct strbuf bytes;
};

static int place_open(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	strcpy(place->directory, "/tmp/test_state.XXXXXX");
	assert_non_null(mkdtemp(place->directory));
	snprintf(place->path, sizeof(place->path), "%s/state",
		 place->directory);
	place->arena = arena_new(0);
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
	arena_free(&place->arena);
	strbuf_free(&place->bytes);
	free(place);
	return 0;
}

static struct str make(struct place *place)
{
	const struct state state = {
		.boot_id = STR("boot"),
		.host_id = STR("host"),
		.alerts = 17,
		.position = 1ULL << 40,
	};

	state_begin(&place->bytes, &state);
	strbuf_add(&place->bytes, "tables", 6);
	assert_int_equal(state_seal(&place->bytes), 0);
	return strbuf_str(&place->bytes);
}

static void test_round(void **user)
{
	struct state state;

	assert_int_equal(state_parse(make(*user), &state), 0);
	assert_true(str_equal(state.boot_id, STR("boot")));
	assert_true(str_equal(state.host_id, STR("host")));
	assert_true(state.alerts == 17);
	assert_true(state.position == 1ULL << 40);
	assert_true(str_equal(state.tables, STR("tables")));
}

/* Each byte counts, and each length but the right one is wrong. */
static void test_damage(void **user)
{
	struct place *place = *user;
	struct str bytes = make(place);
	struct state state;

	for (size_t i = 0; i < bytes.len; i++) {
		struct str cut = { bytes.data, i };

		assert_int_equal(state_parse(cut, &state), STATE_E_DAMAGED);
		place->bytes.data[i] ^= 1;
		assert_int_not_equal(state_parse(bytes, &state), 0);
		place->bytes.data[i] ^= 1;
	}
	place->bytes.data[8]++;
	assert_int_equal(state_parse(bytes, &state), STATE_E_FORMAT);
}

static void test_limit(void **user)
{
	struct strbuf small = STRBUF_INIT(40);

	(void)user;
	state_begin(&small, &(struct state){ .host_id = STR("host") });
	assert_int_equal(state_seal(&small), -ENOMEM);
	strbuf_free(&small);
}

static void test_file(void **user)
{
	struct place *place = *user;
	struct str bytes = make(place), read;
	struct stat info;

	assert_int_equal(state_file_read(place->path, place->arena, &read),
			 -ENOENT);
	assert_int_equal(state_file_write(place->path, bytes), 0);
	assert_int_equal(state_file_read(place->path, place->arena, &read), 0);
	assert_true(str_equal(read, bytes));
	assert_int_equal(stat(place->path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	/* replaced as a whole */
	assert_int_equal(state_file_write(place->path, STR("short")), 0);
	assert_int_equal(state_file_read(place->path, place->arena, &read), 0);
	assert_true(str_equal(read, STR("short")));
	assert_int_equal(state_file_write("/nonexistent/state", bytes),
			 -ENOENT);
}

/* What others can write, or a link to somewhere, is not trusted. */
static void test_foreign(void **user)
{
	struct place *place = *user;
	char other[128];
	struct str read;

	assert_int_equal(state_file_write(place->path, make(place)), 0);
	assert_int_equal(chmod(place->path, 0620), 0);
	assert_int_equal(state_file_read(place->path, place->arena, &read),
			 STATE_E_FOREIGN);
	assert_int_equal(chmod(place->path, 0602), 0);
	assert_int_equal(state_file_read(place->path, place->arena, &read),
			 STATE_E_FOREIGN);
	assert_int_equal(chmod(place->path, 0600), 0);
	snprintf(other, sizeof(other), "%s/other", place->directory);
	assert_int_equal(symlink(place->path, other), 0);
	assert_int_equal(state_file_read(other, place->arena, &read), -ELOOP);
	assert_int_equal(state_file_read(place->directory, place->arena, &read),
			 STATE_E_FOREIGN);
	if (!geteuid()) {
		assert_int_equal(chown(place->path, 12345, 0), 0);
		assert_int_equal(
			state_file_read(place->path, place->arena, &read),
			STATE_E_FOREIGN);
	}
	assert_int_equal(truncate(place->path, LIMIT_STATE_BYTES + 1LL), 0);
	assert_int_equal(chown(place->path, geteuid(), (gid_t)-1), 0);
	assert_int_equal(state_file_read(place->path, place->arena, &read),
			 -EFBIG);
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

static void test_memory(void **user)
{
	struct place *place = *user;
	struct str bytes = make(place), read;
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(state_fd_write(fd, bytes), 0);
	assert_int_equal(state_fd_write(fd, STR("shorter")), 0);
	assert_int_equal(state_fd_read(fd, place->arena, &read), 0);
	assert_true(str_equal(read, STR("shorter")));
	close(fd);
}

static void test_writer(void **user)
{
	struct place *place = *user;
	struct state_writer *writer = NULL;
	struct str read;

	assert_int_equal(state_writer_new(place->path, NULL, &writer), 0);
	assert_true(state_writer_drain(writer, 0));
	for (int i = 0; i < 100; i++) {
		struct strbuf text = STRBUF_INIT(16);

		strbuf_printf(&text, "state %d", i);
		state_writer_put(writer, &text);
		assert_null(text.data);
	}
	/* the newest is what stands there in the end */
	assert_true(state_writer_drain(writer, 60000));
	assert_int_equal(state_file_read(place->path, place->arena, &read), 0);
	assert_true(str_equal(read, STR("state 99")));
	state_writer_free(&writer);
	assert_null(writer);
	state_writer_free(&writer);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, place_open, place_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_round),  TEST(test_damage),  TEST(test_limit),
		TEST(test_file),   TEST(test_foreign), TEST(test_lock),
		TEST(test_memory), TEST(test_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
