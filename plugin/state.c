/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "limits.h"
#include "util/codec.h"
#include "util/hash.h"

#define MAGIC "AUDISPEQ"
#define MAGIC_BYTES 8
/* Grows with each change of what is behind the head. */
#define FORMAT 5
/* magic, format, length of the rest, its hash */
#define HEAD_BYTES (MAGIC_BYTES + 4 + 8 + 8)

#define LOCK_RETRY_MS 50

const char *state_error(int code)
{
	switch (code) {
	case STATE_E_DAMAGED:
		return "it is damaged";
	case STATE_E_FORMAT:
		return "it is of another version";
	case STATE_E_FOREIGN:
		return "others than its owner could have written it";
	default:
		return strerror(-code);
	}
}

/* --- bytes ---------------------------------------------------------------- */

void state_begin(struct strbuf *out, const struct state *state)
{
	strbuf_reset(out);
	strbuf_add(out, MAGIC, MAGIC_BYTES);
	write_u32(out, FORMAT);
	write_u64(out, 0);
	write_u64(out, 0);
	write_str(out, state->boot_id);
	write_str(out, state->host_id);
	write_u64(out, state->alerts);
	write_u64(out, state->position);
}

int state_seal(struct strbuf *out)
{
	uint64_t numbers[2];

	if (out->failed)
		return -ENOMEM;
	numbers[0] = htole64(out->len - HEAD_BYTES);
	numbers[1] = htole64(
		hash_check(out->data + HEAD_BYTES, out->len - HEAD_BYTES));
	memcpy(out->data + MAGIC_BYTES + 4, numbers, sizeof(numbers));
	return 0;
}

int state_parse(struct str bytes, struct state *out)
{
	struct reader reader = {
		.at = (const uint8_t *)bytes.data,
		.end = (const uint8_t *)bytes.data + bytes.len,
	};
	struct state state;
	char magic[MAGIC_BYTES];
	uint64_t len, hash;
	uint32_t format;

	read_bytes(&reader, magic, sizeof(magic));
	format = read_u32(&reader);
	if (reader.bad || memcmp(magic, MAGIC, MAGIC_BYTES))
		return STATE_E_DAMAGED;
	if (format != FORMAT)
		return STATE_E_FORMAT;
	len = read_u64(&reader);
	hash = read_u64(&reader);
	if (reader.bad || len != (uint64_t)(reader.end - reader.at) ||
	    hash != hash_check(reader.at, len))
		return STATE_E_DAMAGED;
	state.boot_id = read_str(&reader);
	state.host_id = read_str(&reader);
	state.alerts = read_u64(&reader);
	state.position = read_u64(&reader);
	if (reader.bad)
		return STATE_E_DAMAGED;
	state.tables.data = (const char *)reader.at;
	state.tables.len = (size_t)(reader.end - reader.at);
	*out = state;
	return 0;
}

struct str state_boot_id(struct arena *arena)
{
	char text[64];
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	size_t len = file ? fread(text, 1, sizeof(text), file) : 0;

	if (file)
		fclose(file);
	while (len && text[len - 1] == '\n')
		len--;
	return arena_str(arena, (struct str){ text, len });
}

/* --- the file ------------------------------------------------------------- */

static int read_all(int fd, struct arena *arena, off_t size, struct str *out)
{
	char *text;
	size_t len = 0;

	if (size > LIMIT_STATE_BYTES)
		return -EFBIG;
	text = arena_alloc(arena, (size_t)size + 1);
	if (!text)
		return -ENOMEM;
	while (len < (size_t)size) {
		ssize_t part =
			pread(fd, text + len, (size_t)size - len, (off_t)len);

		if (part < 0 && errno == EINTR)
			continue;
		if (part < 0)
			return -errno;
		if (!part)
			break;
		len += (size_t)part;
	}
	*out = (struct str){ text, len };
	return 0;
}

static int read_checked(int fd, struct arena *arena, struct str *out)
{
	struct stat info;

	if (fstat(fd, &info))
		return -errno;
	if (!S_ISREG(info.st_mode) || info.st_mode & 022 ||
	    (info.st_uid && info.st_uid != geteuid()))
		return STATE_E_FOREIGN;
	return read_all(fd, arena, info.st_size, out);
}

int state_file_read(const char *path, struct arena *arena, struct str *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int rc;

	if (fd < 0)
		return -errno;
	rc = read_checked(fd, arena, out);
	close(fd);
	return rc;
}

static int write_all(int fd, struct str bytes)
{
	off_t at = 0;

	while ((size_t)at < bytes.len) {
		ssize_t part =
			pwrite(fd, bytes.data + at, bytes.len - (size_t)at, at);

		if (part < 0 && errno != EINTR)
			return -errno;
		if (part > 0)
			at += part;
	}
	return 0;
}

int state_file_write(const char *path, struct str bytes)
{
	char name[4096];
	int fd, rc;

	if (snprintf(name, sizeof(name), "%s.new", path) >= (int)sizeof(name))
		return -ENAMETOOLONG;
	unlink(name);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	rc = write_all(fd, bytes);
	if (!rc && fdatasync(fd))
		rc = -errno;
	close(fd);
	if (!rc && rename(name, path))
		rc = -errno;
	if (rc)
		unlink(name);
	return rc;
}

int state_file_lock(const char *path, int timeout_ms, int *fd)
{
	const struct timespec pause = { 0, LOCK_RETRY_MS * 1000000L };
	char name[4096];
	int lock;

	if (snprintf(name, sizeof(name), "%s.lock", path) >= (int)sizeof(name))
		return -ENAMETOOLONG;
	lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (lock < 0)
		return -errno;
	while (flock(lock, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK || timeout_ms <= 0) {
			int rc = -errno;

			close(lock);
			return rc;
		}
		nanosleep(&pause, NULL);
		timeout_ms -= LOCK_RETRY_MS;
	}
	*fd = lock;
	return 0;
}

/* --- memory --------------------------------------------------------------- */

int state_fd_write(int fd, struct str bytes)
{
	return ftruncate(fd, 0) ? -errno : write_all(fd, bytes);
}

int state_fd_read(int fd, struct arena *arena, struct str *out)
{
	struct stat info;

	return fstat(fd, &info) ? -errno
				: read_all(fd, arena, info.st_size, out);
}

/* --- the writer ----------------------------------------------------------- */

struct state_writer {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct log *log;
	char *path;
	struct strbuf waiting; /* data == NULL = none */
	bool writing, stop, failed;
};

static void write_one(struct state_writer *writer, struct str bytes)
{
	int rc = state_file_write(writer->path, bytes);

	if (rc && !writer->failed)
		log_print(writer->log, LOG_WARNING,
			  "the state file %s cannot be written: %s",
			  writer->path, strerror(-rc));
	writer->failed = rc != 0;
}

static void *writer_run(void *user)
{
	struct state_writer *writer = user;

	pthread_mutex_lock(&writer->lock);
	for (;;) {
		struct strbuf bytes = writer->waiting;

		if (!bytes.data) {
			if (writer->stop)
				break;
			pthread_cond_wait(&writer->changed, &writer->lock);
			continue;
		}
		writer->waiting = (struct strbuf){ 0 };
		writer->writing = true;
		pthread_mutex_unlock(&writer->lock);
		write_one(writer, strbuf_str(&bytes));
		strbuf_free(&bytes);
		pthread_mutex_lock(&writer->lock);
		writer->writing = false;
		pthread_cond_broadcast(&writer->changed);
	}
	pthread_mutex_unlock(&writer->lock);
	return NULL;
}

int state_writer_new(const char *path, struct log *log,
		     struct state_writer **out)
{
	struct state_writer *writer = calloc(1, sizeof(*writer));
	pthread_condattr_t attributes;

	if (!writer)
		return -ENOMEM;
	writer->log = log;
	writer->path = strdup(path);
	pthread_mutex_init(&writer->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&writer->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	if (!writer->path ||
	    pthread_create(&writer->thread, NULL, writer_run, writer)) {
		free(writer->path);
		free(writer);
		return -ENOMEM;
	}
	*out = writer;
	return 0;
}

void state_writer_put(struct state_writer *writer, struct strbuf *bytes)
{
	struct strbuf old;

	pthread_mutex_lock(&writer->lock);
	old = writer->waiting;
	writer->waiting = *bytes;
	*bytes = (struct strbuf)STRBUF_INIT(bytes->max);
	pthread_cond_broadcast(&writer->changed);
	pthread_mutex_unlock(&writer->lock);
	strbuf_free(&old);
}

bool state_writer_drain(struct state_writer *writer, int timeout_ms)
{
	struct timespec until;
	bool idle;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += timeout_ms % 1000 * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	pthread_mutex_lock(&writer->lock);
	while (!rc && (writer->writing || writer->waiting.data))
		rc = pthread_cond_timedwait(&writer->changed, &writer->lock,
					    &until);
	idle = !writer->writing && !writer->waiting.data;
	pthread_mutex_unlock(&writer->lock);
	return idle;
}

void state_writer_free(struct state_writer **out)
{
	struct state_writer *writer = *out;

	*out = NULL;
	/* a thread stuck in a disk that hangs ends with the process */
	if (!writer || !state_writer_drain(writer, 1000))
		return;
	pthread_mutex_lock(&writer->lock);
	writer->stop = true;
	pthread_cond_broadcast(&writer->changed);
	pthread_mutex_unlock(&writer->lock);
	pthread_join(writer->thread, NULL);
	pthread_mutex_destroy(&writer->lock);
	pthread_cond_destroy(&writer->changed);
	free(writer->path);
	free(writer);
}
