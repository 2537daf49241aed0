/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests: what the kernel counts of a mapping. */
#ifndef AUDISP_EQL_TESTS_RESIDENT_H
#define AUDISP_EQL_TESTS_RESIDENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* KiB of a mapping that are part of this process. */
static long resident(const void *mapping)
{
	FILE *maps = fopen("/proc/self/smaps", "re");
	unsigned long from, to, at = (unsigned long)(uintptr_t)mapping;
	bool inside = false;
	char row[512];
	long size = -1;

	assert_non_null(maps);
	while (fgets(row, sizeof(row), maps)) {
		if (sscanf(row, "%lx-%lx ", &from, &to) == 2)
			inside = from <= at && at < to;
		else if (inside && !strncmp(row, "Rss:", 4))
			size = strtol(row + 4, NULL, 10);
	}
	fclose(maps);
	return size;
}

#endif
