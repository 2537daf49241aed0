/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the fuzz targets share. */
#ifndef AUDISP_EQL_TESTS_FUZZ_TARGET_H
#define AUDISP_EQL_TESTS_FUZZ_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/diag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void require(bool holds)
{
	if (!holds)
		abort();
}

static inline void target_write(int fd, const uint8_t *data, size_t size)
{
	while (size) {
		ssize_t done = write(fd, data, size);

		require(done > 0);
		data += done;
		size -= (size_t)done;
	}
}

/* The input as a file without a name: close it. */
static inline int target_file(const uint8_t *data, size_t size)
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	require(fd >= 0);
	target_write(fd, data, size);
	return fd;
}

static inline unsigned int target_rows(const uint8_t *data, size_t size)
{
	unsigned int rows = 1;

	for (size_t i = 0; i < size; i++)
		rows += data[i] == '\n';
	return rows;
}

/* A complaint points into a text of so many rows, and prints. */
static inline void target_check_diag(const struct diag *diag, unsigned int rows)
{
	struct strbuf out = STRBUF_INIT(0);

	require(diag->message.len > 0);
	require(diag->line <= rows && !diag->line == !diag->column);
	require(!diag->line || diag->column <= diag->source_line.len + 1);
	diag_summary(diag, &out);
	require(!out.failed && out.len && !memchr(out.data, '\n', out.len));
	strbuf_reset(&out);
	diag_print(diag, true, &out);
	require(!out.failed && out.data[out.len - 1] == '\n');
	strbuf_free(&out);
}

#endif
