/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of files that came into being: finding, losing, saving. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "normalize/provenance.h"

#define DISK (0xfeULL << 32)

static struct provenance *table;

static int open_table(void **state)
{
	(void)state;
	return provenance_new(1U << 20, &table);
}

static int close_table(void **state)
{
	(void)state;
	provenance_free(&table);
	return 0;
}

static struct file_id id_of(uint64_t inode)
{
	return (struct file_id){
		.host = provenance_host(STR("host")),
		.device = DISK,
		.inode = inode,
	};
}

static void add_as(uint32_t payer, uint64_t inode, const char *path,
		   enum origin_kind kind)
{
	const struct origin_source source = {
		.kind = kind,
		.time_ns = 7,
		.serial = inode,
		.path = str_from(path),
		.name = STR("ld"),
		.executable = STR("/usr/bin/ld"),
	};
	struct file_birth birth = {
		.id = id_of(inode),
		.path = str_from(path),
		.owner = payer,
		.payer = payer,
		.confirmed = true,
		.origin = provenance_origin(table, &source),
	};

	assert_non_null(birth.origin);
	assert_int_equal(provenance_add(table, &birth), 0);
	origin_release(&birth.origin);
}

static void add(uint64_t inode, const char *path)
{
	add_as(1000, inode, path, ORIGIN_LINKED);
}

static struct known_file *by_inode(uint64_t inode)
{
	const struct file_id id = id_of(inode);

	return provenance_find(table, &id);
}

static struct known_file *by_path(const char *path)
{
	return provenance_find_path(table, provenance_host(STR("host")),
				    str_from(path));
}

static size_t count(void)
{
	struct provenance_stats stats;

	provenance_stats(table, &stats);
	return stats.files;
}

/* --- finding -------------------------------------------------------------- */

static void test_parse(void **state)
{
	struct file_id id;

	(void)state;
	assert_true(file_id_parse(STR("fe:00"), STR("1343571"), &id));
	assert_true(id.device == DISK && id.inode == 1343571);
	assert_true(file_id_parse(STR("08:11"), STR("2"), &id));
	assert_true(id.device == (8ULL << 32 | 0x11));
	assert_false(file_id_parse(STR("fe00"), STR("1"), &id));
	assert_false(file_id_parse(STR("fe:"), STR("1"), &id));
	assert_false(file_id_parse(STR("fe:00"), STR(""), &id));
	assert_false(file_id_parse(STR("fe:00"), STR("0"), &id));
	assert_false(file_id_parse(STR("fe:00"), STR("1x"), &id));
	assert_false(file_id_parse((struct str){ 0 }, STR("1"), &id));
}

static void test_find(void **state)
{
	struct file_id other = id_of(1);

	(void)state;
	add(1, "/a");
	assert_non_null(by_inode(1));
	assert_ptr_equal(by_path("/a"), by_inode(1));
	assert_null(by_inode(2));
	assert_null(by_path("/b"));
	other.host = provenance_host(STR("other"));
	assert_null(provenance_find(table, &other));
	other = id_of(1);
	other.device++;
	assert_null(provenance_find(table, &other));
}

/* Another file with the inode, another one under the path. */
static void test_again(void **state)
{
	(void)state;
	add(1, "/a");
	add_as(1000, 1, "/b", ORIGIN_COPIED);
	assert_int_equal(count(), 1);
	assert_int_equal(by_inode(1)->origin->is.kind, ORIGIN_COPIED);
	assert_null(by_path("/a"));
	add(2, "/b");
	assert_int_equal(count(), 2);
	assert_null(by_inode(1)->path);
	assert_ptr_equal(by_path("/b"), by_inode(2));
}

static void test_move(void **state)
{
	(void)state;
	add(1, "/a");
	add(2, "/b");
	assert_int_equal(provenance_move(table, by_inode(1), STR("/b")), 0);
	assert_null(by_path("/a"));
	assert_ptr_equal(by_path("/b"), by_inode(1));
	assert_null(by_inode(2)->path);
}

/* What is known by its path alone goes with it. */
static void test_path_alone(void **state)
{
	(void)state;
	add(0, "/a");
	assert_int_equal(count(), 1);
	assert_null(by_inode(0));
	assert_non_null(by_path("/a"));
	add(1, "/a");
	assert_int_equal(count(), 1);
	assert_ptr_equal(by_path("/a"), by_inode(1));
}

static struct known_file *by_name(uint32_t payer, const char *name)
{
	return provenance_find_linked(table, provenance_host(STR("host")),
				      payer, str_from(name));
}

static void test_find_linked(void **state)
{
	(void)state;
	assert_null(by_name(1000, "a"));
	add(1, "/one/a");
	add(2, "/two/a");
	add_as(1000, 3, "/three/a", ORIGIN_WRITTEN);
	add_as(7, 4, "/four/b", ORIGIN_LINKED);
	assert_ptr_equal(by_name(1000, "a"), by_inode(2));
	assert_null(by_name(1000, "b"));
	assert_null(by_name(7, "a"));
	assert_ptr_equal(by_name(7, "b"), by_inode(4));
}

/* What is known by a path alone that is too long is not kept: nobody would find
 * it, and no saved state may hold it. */
static void test_long_path(void **state)
{
	struct strbuf saved = STRBUF_INIT(0);
	struct reader reader;
	char path[5000];

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	add(0, path);
	assert_int_equal(count(), 0);
	add(1, path);
	assert_null(by_inode(1)->path);
	provenance_save(table, &saved);
	close_table(NULL);
	assert_int_equal(open_table(NULL), 0);
	reader = (struct reader){
		.at = (const uint8_t *)saved.data,
		.end = (const uint8_t *)saved.data + saved.len,
	};
	assert_int_equal(provenance_load(table, &reader, false), 0);
	assert_int_equal(count(), 1);
	strbuf_free(&saved);
}

/* --- losing --------------------------------------------------------------- */

static void fill(uint32_t payer, uint64_t first, size_t files,
		 enum origin_kind kind)
{
	for (size_t i = 0; i < files; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/home/%u/%zu", payer, i);
		add_as(payer, first + i, path, kind);
	}
}

static void test_memcap(void **state)
{
	struct provenance_stats stats;

	(void)state;
	add_as(1, 1, "/quiet", ORIGIN_WRITTEN);
	add_as(2, 2, "/mine", ORIGIN_LINKED);
	fill(2, 100, 20000, ORIGIN_WRITTEN);
	provenance_stats(table, &stats);
	assert_true(stats.memory <= 1U << 20);
	assert_true(stats.evicted > 10000);
	assert_true(stats.files + stats.evicted == 20002);
	assert_true(stats.linked_evicted == 0);
	/* of somebody else, and what was linked, nothing was lost; of the rest
	 * the newest stay */
	assert_non_null(by_inode(1));
	assert_non_null(by_inode(2));
	assert_null(by_inode(100));
	assert_non_null(by_inode(100 + 19999));
	fill(2, 100000, 20000, ORIGIN_LINKED);
	provenance_stats(table, &stats);
	assert_true(stats.linked_evicted > 10000);
	assert_null(by_inode(2));
	assert_non_null(by_inode(1));
}

/* A file of another host. */
static void add_on(const char *name, uint32_t payer, uint64_t inode)
{
	struct file_birth birth = {
		.id = { .host = provenance_host(str_from(name)),
			.device = 1,
			.inode = inode },
		.payer = payer,
		.origin = provenance_origin(
			table,
			&(struct origin_source){ .kind = ORIGIN_LINKED }),
	};

	assert_non_null(birth.origin);
	assert_int_equal(provenance_add(table, &birth), 0);
	origin_release(&birth.origin);
}

/* Logins are cheap for who has a host: it is by host that somebody loses. */
static void test_memcap_by_host(void **state)
{
	struct provenance_stats stats;

	(void)state;
	fill(1, 1, 200, ORIGIN_LINKED);
	for (uint32_t i = 0; i < 20000; i++)
		add_on("other", i, i + 1);
	provenance_stats(table, &stats);
	assert_true(stats.evicted > 10000);
	assert_non_null(by_inode(1));
	assert_non_null(by_inode(200));
	provenance_forget(table, provenance_host(STR("other")));
	assert_int_equal(count(), 200);
	provenance_forget(table, provenance_host(STR("none")));
	provenance_forget(table, provenance_host(STR("host")));
	assert_int_equal(count(), 0);
}

/* Long paths take as much as many files: bytes are what counts. */
static void test_long_paths(void **state)
{
	char path[2048];

	(void)state;
	fill(1, 1, 500, ORIGIN_LINKED);
	memset(path, 'x', sizeof(path));
	for (uint64_t i = 0; i < 2000; i++) {
		snprintf(path, sizeof(path), "/%02000d", (int)i);
		add_as(2, 10000 + i, path, ORIGIN_LINKED);
	}
	for (uint64_t i = 1; i <= 500; i++)
		assert_non_null(by_inode(i));
	assert_null(by_inode(10000));
	assert_non_null(by_inode(10000 + 1999));
}

/* --- saving --------------------------------------------------------------- */

static int load(struct str bytes, bool booted)
{
	struct reader reader = {
		.at = (const uint8_t *)bytes.data,
		.end = (const uint8_t *)bytes.data + bytes.len,
	};

	provenance_free(&table);
	assert_int_equal(provenance_new(1U << 20, &table), 0);
	return provenance_load(table, &reader, booted);
}

static void test_save(void **state)
{
	struct strbuf saved = STRBUF_INIT(0), again = STRBUF_INIT(0);
	const struct origin_source *is;

	(void)state;
	add(1, "/a");
	add_as(0, 2, "/b", ORIGIN_PACKAGED);
	add(0, "/told");
	provenance_save(table, &saved);
	assert_int_equal(load(strbuf_str(&saved), false), 0);
	assert_int_equal(count(), 3);
	provenance_save(table, &again);
	assert_true(str_equal(strbuf_str(&saved), strbuf_str(&again)));
	is = &by_path("/a")->origin->is;
	assert_int_equal(is->kind, ORIGIN_LINKED);
	assert_true(is->time_ns == 7 && is->serial == 1);
	assert_true(str_equal(is->executable, STR("/usr/bin/ld")));
	assert_true(by_inode(1)->confirmed);
	for (size_t len = 0; len < saved.len; len++)
		assert_int_equal(load((struct str){ saved.data, len }, false),
				 -EBADMSG);
	strbuf_free(&saved);
	strbuf_free(&again);
}

/* After a boot there are no files of memory any more. */
static void test_booted(void **state)
{
	struct strbuf saved = STRBUF_INIT(0);
	struct origin *origin;
	struct file_birth birth = { .id = id_of(3), .path = STR("/dev/shm/x") };

	(void)state;
	add(1, "/a");
	origin = origin_hold(by_inode(1)->origin);
	birth.id.device = 0x1a;
	birth.origin = origin;
	assert_int_equal(provenance_add(table, &birth), 0);
	origin_release(&origin);
	provenance_save(table, &saved);
	assert_int_equal(load(strbuf_str(&saved), true), 0);
	assert_int_equal(count(), 1);
	assert_non_null(by_inode(1));
	strbuf_free(&saved);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test_setup_teardown(test_find, open_table,
						close_table),
		cmocka_unit_test_setup_teardown(test_again, open_table,
						close_table),
		cmocka_unit_test_setup_teardown(test_move, open_table,
						close_table),
		cmocka_unit_test_setup_teardown(test_path_alone, open_table,
						close_table),
		cmocka_unit_test_setup_teardown(test_find_linked, open_table,
						close_table),
		cmocka_unit_test_setup_teardown(test_long_path, open_table,
						close_table),
		cmocka_unit_test_setup_teardown(test_memcap, open_table,
						close_table),
		cmocka_unit_test_setup_teardown(test_long_paths, open_table,
						close_table),
		cmocka_unit_test_setup_teardown(test_memcap_by_host, open_table,
						close_table),
		cmocka_unit_test_setup_teardown(test_save, open_table,
						close_table),
		cmocka_unit_test_setup_teardown(test_booted, open_table,
						close_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
