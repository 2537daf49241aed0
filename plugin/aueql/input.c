/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../util/json.h"
#include "command.h"
#include "unpack.h"

#define CHUNK_BYTES (256U << 10)
#define AUDIT_LOG "/var/log/audit/audit.log"
/* auditd's num_logs goes to 999 */
#define AUDIT_LOGS_MAX 999
#define AUDIT_LOG_NAME_MAX (sizeof(AUDIT_LOG) + 16)

/* Where reading stands, for the progress on a terminal. */
struct progress {
	bool on;
	const char *name; /* made safe */
	size_t index, count; /* which of the files */
	int fd; /* of the file, packed as it is */
	off_t size; /* 0 = unknown */
	off_t done, shown; /* bytes that were read, unpacked */
};

/* A file that is read. */
struct source {
	const char *path;
	struct strbuf name; /* the path, made safe */
	bool is_stdin;
	int fd; /* the file itself */
	bool packed;
	struct unpacking unpacking;
};

static void progress_show(struct progress *progress)
{
	const off_t step = 16 << 20;
	off_t at = progress->done;

	if (!progress->on || progress->done < progress->shown + step)
		return;
	progress->shown = progress->done;
	/* a decompressor reads through the same open file */
	if (progress->size)
		at = lseek(progress->fd, 0, SEEK_CUR);
	fprintf(stderr, "\r\033[K%s", progress->name);
	if (progress->count > 1)
		fprintf(stderr, " (%zu of %zu)", progress->index + 1,
			progress->count);
	fprintf(stderr, ": %lld", (long long)(at >> 20));
	if (progress->size)
		fprintf(stderr, " of %lld MB, %d%%",
			(long long)(progress->size >> 20),
			(int)(100 * (double)at / (double)progress->size));
	else
		fputs(" MB", stderr);
	fflush(stderr);
}

static void progress_end(const struct progress *progress)
{
	if (progress->on && progress->shown)
		fputs("\r\033[K", stderr);
}

/* What comes from a pipe cannot be given to another program any more. */
static int check_start(const struct source *source, const char *chunk,
		       size_t len)
{
	const struct unpacker *unpacker = unpack_recognize(chunk, len);

	if (source->packed || !unpacker)
		return 0;
	command_error("%s: is compressed: unpack it before, by '%s |'",
		      source->name.data, unpack_words(unpacker));
	return -ECANCELED;
}

/* One open file to its end. 0, -errno of the reader, positive errno of read. */
static int read_all(const struct input *input, const struct source *source,
		    struct progress *progress)
{
	int fd = source->packed ? source->unpacking.fd : source->fd;
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
		if (!progress->done)
			rc = check_start(source, chunk, (size_t)len);
		if (!rc)
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

/* Has it unpacked, where its first bytes say that it must be. 0 or -errno, with
 * a word. */
static int source_unpack(struct source *source)
{
	unsigned char start[8];
	off_t at = lseek(source->fd, 0, SEEK_CUR);
	ssize_t len = at < 0 ? -1 : pread(source->fd, start, sizeof(start), at);
	const struct unpacker *unpacker =
		len > 0 ? unpack_recognize(start, (size_t)len) : NULL;
	int rc;

	if (!unpacker)
		return 0;
	rc = unpack_begin(unpacker, source->fd, &source->unpacking);
	source->packed = !rc;
	if (rc == -ENOENT)
		command_error("%s: is compressed, and there is no program for "
			      "'%s' in /usr/bin: install it",
			      source->name.data, unpack_words(unpacker));
	else if (rc)
		command_error("%s: '%s': %s", source->name.data,
			      unpack_words(unpacker), strerror(-rc));
	return rc;
}

static int source_refused(const struct source *source, int error)
{
	command_error("%s: %s%s", source->name.data, strerror(error),
		      error == EACCES && geteuid() ? ": audit logs are root's"
						   : "");
	return -error;
}

/* 0 or -errno, with a word. */
static int source_open(struct source *source)
{
	struct stat st;

	source->is_stdin = !strcmp(source->path, "-");
	text_escape_plain(&source->name, source->is_stdin
						 ? STR("standard input")
						 : str_from(source->path));
	strbuf_add_char(&source->name, '\0');
	if (source->name.failed)
		return -ENOMEM;
	source->fd = source->is_stdin
			     ? STDIN_FILENO
			     : open(source->path, O_RDONLY | O_CLOEXEC);
	if (source->fd < 0) {
		return source_refused(source, errno);
	}
	if (!fstat(source->fd, &st) && S_ISDIR(st.st_mode)) {
		command_error("%s: is a directory: name the files in it",
			      source->name.data);
		return -EISDIR;
	}
	return source_unpack(source);
}

/* EXIT_DONE, or EXIT_NOT_DONE with a word where unpacking failed. */
static int source_close(struct source *source, bool early)
{
	int code = EXIT_DONE;
	char why[128];

	if (source->packed && !unpack_end(&source->unpacking, early, why)) {
		command_error("%s: %s; what came before was read",
			      source->name.data, why);
		code = EXIT_NOT_DONE;
	}
	if (!source->is_stdin && source->fd >= 0)
		close(source->fd);
	strbuf_free(&source->name);
	return code;
}

/* EXIT_DONE; EXIT_NOT_DONE where it could not be read, with a word; -errno =
 * stop. */
static int read_source(const struct input *input, struct source *source,
		       size_t index)
{
	struct progress progress = {
		.on = isatty(STDERR_FILENO) &&
		      (input->sparse || !isatty(STDOUT_FILENO)),
		.name = source->name.data,
		.index = index,
		.count = input->count,
		.fd = source->fd,
	};
	struct stat st;
	int rc;

	if (!fstat(source->fd, &st) && S_ISREG(st.st_mode))
		progress.size = st.st_size;
	rc = read_all(input, source, &progress);
	progress_end(&progress);
	if (rc > 0)
		command_error("%s: %s", source->name.data, strerror(rc));
	/* a reader of ours that had enough is told of nothing */
	else if (rc && rc != -EPIPE && rc != -ECANCELED)
		command_error("%s: %s", source->name.data, strerror(-rc));
	return rc;
}

/* EXIT_DONE; EXIT_NOT_DONE = go on with the next; -errno = stop. */
static int read_file(const struct input *input, const char *path, size_t index)
{
	struct source source = {
		.path = path,
		.name = STRBUF_INIT(0),
		.fd = -1,
	};
	int rc = source_open(&source), code;

	if (rc) {
		source_close(&source, true);
		return EXIT_NOT_DONE;
	}
	rc = read_source(input, &source, index);
	code = source_close(&source, rc != 0);
	if (rc == -ECANCELED)
		return EXIT_NOT_DONE;
	return rc > 0 ? EXIT_NOT_DONE : rc ? rc : code;
}

static int read_paths(const struct input *input, char **paths, size_t count)
{
	int code = EXIT_DONE;

	for (size_t i = 0; i < count; i++) {
		int rc = read_file(input, paths[i], i);

		if (rc < 0)
			return EXIT_NOT_DONE;
		if (rc)
			code = rc;
	}
	return code;
}

/* The name of a log of auditd's, 0 = the one it writes, which may have been
 * compressed since. False = there is none. */
static bool find_audit_log(int number, char name[AUDIT_LOG_NAME_MAX])
{
	int len = number ? snprintf(name, AUDIT_LOG_NAME_MAX, AUDIT_LOG ".%d",
				    number)
			 : snprintf(name, AUDIT_LOG_NAME_MAX, AUDIT_LOG);

	if (!access(name, F_OK))
		return true;
	for (size_t i = 0; number && unpack_suffixes[i]; i++) {
		snprintf(name + len, AUDIT_LOG_NAME_MAX - (size_t)len, "%s",
			 unpack_suffixes[i]);
		if (!access(name, F_OK))
			return true;
	}
	name[len] = '\0';
	return false;
}

/* auditd's own logs, oldest first: audit.log.N .. audit.log.1, audit.log. */
static int read_audit_logs(const struct input *input)
{
	struct input logs = *input;
	char name[AUDIT_LOG_NAME_MAX];
	int oldest = 0, code = EXIT_DONE;

	while (oldest < AUDIT_LOGS_MAX && find_audit_log(oldest + 1, name))
		oldest++;
	logs.count = (size_t)oldest + 1;
	for (int i = oldest; i >= 0; i--) {
		int rc;

		find_audit_log(i, name);
		rc = read_file(&logs, name, (size_t)(oldest - i));
		if (rc < 0)
			return EXIT_NOT_DONE;
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

int input_was_empty(bool ecs)
{
	if (ecs)
		command_error("the input holds no ECS event: JSON objects with "
			      "@timestamp are wanted, one a line");
	else
		command_error("the input holds no audit record: logs of "
			      "auditd are wanted, or what 'ausearch --raw' "
			      "writes");
	return EXIT_NOT_DONE;
}

void input_before_output(void)
{
	if (isatty(STDERR_FILENO) && isatty(STDOUT_FILENO))
		fputs("\r\033[K", stderr);
}
