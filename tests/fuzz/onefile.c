/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A main for a fuzz target without libFuzzer: runs it once over each file
 * named, so that `make check` covers what fuzzing found. With libFuzzer, which
 * has one, there is nothing here.
 */
#ifndef WITH_LIBFUZZER
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* All of a file, in memory of the caller; NULL and errno where it fails. */
static uint8_t *read_file(FILE *file, size_t *len)
{
	size_t capacity = 65536;
	uint8_t *data = malloc(capacity), *more = data;

	*len = 0;
	while (more) {
		*len += fread(data + *len, 1, capacity - *len, file);
		if (*len < capacity)
			break;
		capacity *= 2;
		more = realloc(data, capacity);
		data = more ? more : data;
	}
	if (!more || ferror(file)) {
		free(data);
		return NULL;
	}
	return data;
}

static int run_file(const char *path)
{
	FILE *file = fopen(path, "re");
	uint8_t *data;
	size_t len;
	int failed;

	data = file ? read_file(file, &len) : NULL;
	failed = !data;
	if (failed)
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	else
		LLVMFuzzerTestOneInput(data, len);
	free(data);
	if (file)
		fclose(file);
	return failed;
}

int main(int argc, char **argv)
{
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= run_file(argv[i]);
	return failed;
}

#endif
