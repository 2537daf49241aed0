/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A main for a fuzz target without libFuzzer: runs it once over each file
 * named, so that `make check` covers what fuzzing found.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
	FILE *file = fopen(path, "re");
	size_t len = 0, capacity = 0;
	uint8_t *data = NULL;

	while (file && !ferror(file) && !feof(file)) {
		if (len == capacity) {
			uint8_t *more;

			capacity = capacity ? 2 * capacity : 65536;
			more = realloc(data, capacity);
			if (!more)
				break;
			data = more;
		}
		len += fread(data + len, 1, capacity - len, file);
	}
	if (!file || ferror(file) || !feof(file)) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 1;
	}
	fclose(file);
	LLVMFuzzerTestOneInput(data, len);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= run_file(argv[i]);
	return failed;
}
