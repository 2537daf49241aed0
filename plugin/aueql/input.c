/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"

#define CHUNK_BYTES (256U << 10)
#define AUDIT_LOG "/var/log/audit/audit.log"
/* auditd's num_logs goes to 999 */
#define AUDIT_LOGS_MAX 999

/* Where reading stands, for the progress on a terminal. */
struct progress {
	bool on;
	const char *path;
	off_t size; /* 0 = unknown */
	off_t done, shown;
};

static void progress_show(struct progress *progress)
{
	const off_t step = 16 << 20;

	if (!progress->on || progress->done < progress->shown + step)
		return;
	progress->shown = progress->done;
	fprintf(stderr, "\r%s: %lld MB", progress->path,
		(long long)(progress->done >> 20));
	if (progress->size)
		fprintf(stderr, " of %lld", (long long)(progress->size >> 20));
	fflush(stderr);
}

static void progress_end(const struct progress *progress)
{
	if (progress->on && progress->shown)
		fputs("\r\033[K", stderr);
}

/* One open file to its end. 0, -errno of the reader, positive errno of read. */
static int read_all(const struct input *input, int fd,
		    struct progress *progress)
{
	char *chunk = malloc(CHUNK_BYTES);
	ssize_t len;
	int rc = 0;

	if (!chunk)
		return -ENOMEM;
	for (;;) {
		len = read(fd, chunk, CHUNK_BYTES);
		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			break;
		rc = input->on_chunk(input->user, chunk, (size_t)len);
		if (rc)
			break;
		progress->done += len;
		progress_show(progress);
	}
	if (!rc && len < 0)
		rc = errno;
	if (!rc && input->on_end)
		rc = input->on_end(input->user);
	free(chunk);
	return rc;
}

/* EXIT_DONE; EXIT_NOT_DONE where it could not be read; -errno = stop. */
static int read_file(const struct input *input, const char *path)
{
	bool is_stdin = !strcmp(path, "-");
	struct progress progress = {
		.on = isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO),
		.path = is_stdin ? "standard input" : path,
	};
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int rc;

	if (fd < 0 || fstat(fd, &st)) {
		command_error("%s: %s", path, strerror(errno));
		return EXIT_NOT_DONE;
	}
	if (S_ISREG(st.st_mode))
		progress.size = st.st_size;
	rc = read_all(input, fd, &progress);
	progress_end(&progress);
	if (rc > 0)
		command_error("%s: %s", progress.path, strerror(rc));
	if (!is_stdin)
		close(fd);
	return rc > 0 ? EXIT_NOT_DONE : rc;
}

static int read_paths(const struct input *input, char **paths, size_t count)
{
	int code = EXIT_DONE;

	for (size_t i = 0; i < count; i++) {
		int rc = read_file(input, paths[i]);

		/* a reader of ours that had enough is told of nothing */
		if (rc == -EPIPE)
			return EXIT_NOT_DONE;
		if (rc < 0) {
			command_error("%s: %s", paths[i], strerror(-rc));
			return EXIT_NOT_DONE;
		}
		if (rc)
			code = rc;
	}
	return code;
}

/* auditd's own logs, oldest first: audit.log.N .. audit.log.1, audit.log. */
static int read_audit_logs(const struct input *input)
{
	char name[sizeof(AUDIT_LOG) + 12];
	char *path = name;
	int oldest = 0, code = EXIT_DONE;

	while (oldest < AUDIT_LOGS_MAX) {
		snprintf(name, sizeof(name), AUDIT_LOG ".%d", oldest + 1);
		if (access(name, F_OK))
			break;
		oldest++;
	}
	for (int i = oldest; i >= 0; i--) {
		int rc;

		if (i)
			snprintf(name, sizeof(name), AUDIT_LOG ".%d", i);
		else
			strcpy(name, AUDIT_LOG);
		rc = read_paths(input, &path, 1);
		if (rc)
			code = rc;
	}
	return code;
}

int input_read(const struct input *input)
{
	char standard_input[] = "-", *path = standard_input;

	if (!input->count && input->no_logs)
		return read_paths(input, &path, 1);
	if (!input->count)
		return read_audit_logs(input);
	return read_paths(input, input->paths, input->count);
}
