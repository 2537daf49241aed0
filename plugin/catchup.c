/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * auditd writes a record to its log before it hands it to plugins, a row at a
 * time. So whoever opens the log after its input was connected finds in it all
 * that the input will not bring; that the two overlap does no harm. Rotation
 * renames files: what is open stays what it is.
 *
 * Where to begin is looked for from the end, by the first record of each stretch
 * of the log: what is asked for is mostly the last few seconds.
 */
#include "catchup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STRETCH_BYTES (256U << 10)
#define CHUNK_BYTES (64U << 10)

const char *catch_up_error(int error)
{
	switch (error) {
	case CATCH_UP_E_FOREIGN:
		return "others than root could have written it";
	case CATCH_UP_E_OFF:
		return "audit_log is empty";
	case CATCH_UP_E_NO_LOG:
		return "auditd.conf says that none is written";
	default:
		return strerror(error);
	}
}

/* --- opening -------------------------------------------------------------- */

static bool is_open(const struct catch_up *log, const struct stat *info)
{
	struct stat other;

	for (size_t i = 0; i < log->count; i++)
		if (!fstat(log->files[i].fd, &other) &&
		    other.st_dev == info->st_dev &&
		    other.st_ino == info->st_ino)
			return true;
	return false;
}

/* 0, an errno, or CATCH_UP_E_FOREIGN. */
static int check_file(int fd, struct stat *info)
{
	if (fstat(fd, info))
		return errno;
	if (!S_ISREG(info->st_mode) || info->st_mode & 022 ||
	    (info->st_uid && info->st_uid != geteuid()))
		return CATCH_UP_E_FOREIGN;
	return 0;
}

static int open_one(struct catch_up *log, const char *path)
{
	struct stat info;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int rc = fd < 0 ? errno : check_file(fd, &info);

	/* it was rotated between two of these calls */
	if (!rc && is_open(log, &info)) {
		close(fd);
		return 0;
	}
	if (rc) {
		if (fd >= 0)
			close(fd);
		return rc;
	}
	log->files[log->count].fd = fd;
	log->files[log->count].size = info.st_size;
	log->count++;
	return 0;
}

void catch_up_open(struct catch_up *log, const char *path)
{
	char name[4096];

	*log = (struct catch_up){ .path = path };
	if (!path || !*path) {
		log->error = path ? CATCH_UP_E_OFF : CATCH_UP_E_NO_LOG;
		return;
	}
	log->error = open_one(log, path);
	for (size_t i = 1; !log->error && i < LIMIT_CATCH_UP_FILES; i++) {
		if (snprintf(name, sizeof(name), "%s.%zu", path, i) >=
			    (int)sizeof(name) ||
		    open_one(log, name))
			break;
	}
}

void catch_up_close(struct catch_up *log)
{
	while (log->count)
		close(log->files[--log->count].fd);
}

/* --- reading -------------------------------------------------------------- */

struct spot {
	size_t file;
	off_t at;
};

static ssize_t read_at(int fd, char *data, size_t len, off_t at)
{
	ssize_t done;

	do
		done = pread(fd, data, len, at);
	while (done < 0 && errno == EINTR);
	return done;
}

/* The first whole row at or behind a place; empty = none is near. *at moves to
 * its beginning. */
static struct str first_row(int fd, off_t *at, char *data)
{
	ssize_t len = read_at(fd, data, 2 * LIMIT_RECORD_BYTES, *at);
	const char *start = data, *end;

	if (len > 0 && *at) {
		start = memchr(data, '\n', (size_t)len);
		start = start ? start + 1 : data + len;
	}
	if (len <= 0 || start == data + len)
		return (struct str){ 0 };
	end = memchr(start, '\n', (size_t)(data + len - start));
	if (!end)
		return (struct str){ 0 };
	*at += start - data;
	return (struct str){ start, (size_t)(end - start) };
}

/* Goes back until all that is before was seen. */
static struct spot find_start(const struct catch_up *log,
			      const struct catch_up_reader *reader,
			      bool *limited)
{
	char data[2 * LIMIT_RECORD_BYTES];
	uint64_t left = LIMIT_CATCH_UP_BYTES;
	struct spot spot = { 0, log->files[0].size };

	for (size_t file = 0; file < log->count; file++) {
		off_t at = log->files[file].size;

		while (at) {
			struct str row;

			at -= at < STRETCH_BYTES ? at : STRETCH_BYTES;
			spot = (struct spot){ file, at };
			row = first_row(log->files[file].fd, &spot.at, data);
			if (row.len && reader->has_passed(reader->user, row))
				return spot;
			*limited = left < STRETCH_BYTES;
			if (*limited)
				return spot;
			left -= STRETCH_BYTES;
		}
	}
	return spot;
}

static int read_file(const struct catch_up *log, struct spot spot,
		     const struct catch_up_reader *reader,
		     struct catch_up_result *out)
{
	char data[CHUNK_BYTES];
	off_t left = log->files[spot.file].size - spot.at;

	while (left > 0) {
		size_t want = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;
		ssize_t len =
			read_at(log->files[spot.file].fd, data, want, spot.at);
		int rc = len > 0 ? reader->feed(reader->user, data, (size_t)len)
				 : 0;

		if (len < 0 || rc)
			return len < 0 ? -errno : rc;
		out->bytes += (uint64_t)len;
		out->given_up = !reader->go_on(reader->user);
		if (!len || out->given_up)
			break;
		spot.at += len;
		left -= len;
	}
	return 0;
}

int catch_up_read(struct catch_up *log, const struct catch_up_reader *reader,
		  struct catch_up_result *out)
{
	struct spot spot;
	int rc = 0;

	*out = (struct catch_up_result){ 0 };
	if (!log->count)
		return 0;
	for (size_t i = 0; i < log->count; i++) {
		struct stat info;

		if (!fstat(log->files[i].fd, &info))
			log->files[i].size = info.st_size;
	}
	spot = find_start(log, reader, &out->limited);
	for (;;) {
		rc = read_file(log, spot, reader, out);
		if (rc || out->given_up || !spot.file)
			return rc;
		/* a file may end in the middle of a row */
		rc = reader->feed(reader->user, "\n", 1);
		if (rc)
			return rc;
		spot = (struct spot){ spot.file - 1, 0 };
	}
}
