/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_all(int fd, size_t max, struct strbuf *out)
{
	char chunk[16384];
	ssize_t got;

	do {
		got = read(fd, chunk, sizeof(chunk));
		if (got > 0)
			strbuf_add(out, chunk, (size_t)got);
	} while ((got > 0 && out->len <= max) || (got < 0 && errno == EINTR));
	if (out->failed)
		return -ENOMEM;
	if (out->len > max)
		return -EFBIG;
	return got < 0 ? -errno : 0;
}

int files_read(const char *path, size_t max, struct strbuf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int rc = fd < 0 ? -errno : read_all(fd, max, out);

	if (fd >= 0)
		close(fd);
	return rc;
}

bool files_has_suffix(struct str name, const char *const *suffixes)
{
	for (; *suffixes; suffixes++) {
		struct str suffix = str_from(*suffixes);

		if (name.len > suffix.len &&
		    !memcmp(name.data + name.len - suffix.len, suffix.data,
			    suffix.len))
			return true;
	}
	return false;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* What is no file (a pipe would never end) is passed over; a link that leads
 * nowhere is for who opens it to tell. */
static int visit(const char *directory, const char *name, files_fn fn,
		 void *user)
{
	struct stat st;
	char *path;
	int rc = 0;

	if (asprintf(&path, "%s/%s", directory, name) < 0)
		return -ENOMEM;
	if (stat(path, &st) || S_ISREG(st.st_mode))
		rc = fn(user, path);
	free(path);
	return rc;
}

int files_list(const char *directory, const char *const *suffixes, files_fn fn,
	       void *user)
{
	struct dirent **entries;
	int count = scandir(directory, &entries, NULL, by_bytes);
	int rc = 0;

	if (count < 0)
		return errno == ENOMEM ? -ENOMEM : errno;
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;

		if (!rc && name[0] != '.' &&
		    files_has_suffix(str_from(name), suffixes))
			rc = visit(directory, name, fn, user);
		free(entries[i]);
	}
	free(entries);
	return rc;
}
