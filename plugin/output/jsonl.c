/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The alerts file: a document a line. Whoever moves or removes it (logrotate)
 * need not tell us: the path is looked at before each line.
 */
#include "jsonl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../util/strbuf.h"

struct jsonl {
	char *path;
	int fd; /* -1 = not open */
	dev_t device;
	ino_t inode;
	bool torn; /* the file does not end with a newline */
	struct strbuf line;
};

static bool jsonl_wanted(const struct output_config *config)
{
	return config->json_file && *config->json_file;
}

static void close_file(struct jsonl *jsonl)
{
	if (jsonl->fd >= 0)
		close(jsonl->fd);
	jsonl->fd = -1;
}

/* Whether a file that has bytes ends in the middle of a line, as after a crash
 * or a full disk. The writing descriptor cannot read; where nobody may, it is
 * taken to be whole. */
static bool ends_torn(const char *path, off_t size)
{
	int fd = size > 0 ? open(path,
				 O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
			  : -1;
	char last = '\n';

	if (fd < 0)
		return false;
	if (pread(fd, &last, 1, size - 1) != 1)
		last = '\n';
	close(fd);
	return last != '\n';
}

/* The file may belong to a directory others can write to: no link is followed,
 * and a pipe put in its place does not make us wait. */
static int jsonl_reopen(void *state)
{
	struct jsonl *jsonl = state;
	struct stat st;
	int fd, rc;

	close_file(jsonl);
	fd = open(jsonl->path,
		  O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
			  O_NONBLOCK | O_NOCTTY,
		  0640);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st)) {
		rc = -errno;
		close(fd);
		return rc;
	}
	jsonl->fd = fd;
	jsonl->device = st.st_dev;
	jsonl->inode = st.st_ino;
	jsonl->torn = S_ISREG(st.st_mode) && ends_torn(jsonl->path, st.st_size);
	return 0;
}

static void jsonl_close(void *state)
{
	struct jsonl *jsonl = state;

	close_file(jsonl);
	strbuf_free(&jsonl->line);
	free(jsonl->path);
	free(jsonl);
}

static int jsonl_open(const struct output_config *config, void **state)
{
	struct jsonl *jsonl = calloc(1, sizeof(*jsonl));
	int rc;

	if (!jsonl)
		return -ENOMEM;
	jsonl->fd = -1;
	jsonl->path = strdup(config->json_file);
	rc = jsonl->path ? jsonl_reopen(jsonl) : -ENOMEM;
	if (rc) {
		jsonl_close(jsonl);
		return rc;
	}
	*state = jsonl;
	return 0;
}

/* Whether the path leads to another file now, or to none. Where it cannot be
 * told (a directory we may no longer search) the open file is good enough. */
static bool was_moved(const struct jsonl *jsonl)
{
	struct stat st;

	if (lstat(jsonl->path, &st))
		return errno == ENOENT || errno == ENOTDIR;
	return st.st_dev != jsonl->device || st.st_ino != jsonl->inode;
}

/* Appends a line in one write where the system lets us. */
static int append_line(struct jsonl *jsonl, struct str line)
{
	size_t done = 0;

	while (done < line.len) {
		ssize_t n = write(jsonl->fd, line.data + done, line.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int rc = n < 0 ? -errno : -EIO;

			/* opened anew, its end is looked at anew */
			close_file(jsonl);
			return rc;
		}
		done += (size_t)n;
	}
	jsonl->torn = false;
	return 0;
}

static int jsonl_write(void *state, const struct rendered *alert)
{
	struct jsonl *jsonl = state;
	int rc;

	if (jsonl->fd < 0 || was_moved(jsonl)) {
		rc = jsonl_reopen(jsonl);
		if (rc)
			return rc;
	}
	strbuf_reset(&jsonl->line);
	if (jsonl->torn)
		strbuf_add_char(&jsonl->line, '\n');
	strbuf_add_str(&jsonl->line, alert->json);
	strbuf_add_char(&jsonl->line, '\n');
	if (jsonl->line.failed)
		return -ENOMEM;
	return append_line(jsonl, strbuf_str(&jsonl->line));
}

const struct output_ops output_jsonl = {
	.takes_observed = true,
	.name = "json_file",
	.wanted = jsonl_wanted,
	.open = jsonl_open,
	.write = jsonl_write,
	.reopen = jsonl_reopen,
	.close = jsonl_close,
};
