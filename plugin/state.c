/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "limits.h"
#include "util/codec.h"

#define MAGIC "AUDISPEQ"
#define MAGIC_BYTES 8
/* Grows with each change of what is behind the head. */
#define FORMAT 6
/* magic, format, length of the rest, its hash */
#define HEAD_BYTES (MAGIC_BYTES + 4 + 8 + 8)

#define LOCK_RETRY_MS 50
/* Copied at once, by a thread that has a stack of its own for it. */
#define PIECE_BYTES (16U << 10)

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

/* --- writing -------------------------------------------------------------- */

static int write_all(int fd, struct str bytes, uint64_t at)
{
	size_t done = 0;

	while (done < bytes.len) {
		ssize_t part = pwrite(fd, bytes.data + done, bytes.len - done,
				      (off_t)(at + done));

		if (part < 0 && errno != EINTR)
			return -errno;
		if (part > 0)
			done += (size_t)part;
	}
	return 0;
}

static int drain(void *user, struct str bytes)
{
	struct state_out *out = user;

	out->rc = write_all(out->fd, bytes, out->at);
	out->at += bytes.len;
	hash_check_add(&out->check, bytes.data, bytes.len);
	return out->rc;
}

void state_begin(struct state_out *out, int fd, const struct state *state)
{
	struct strbuf *tables = &out->tables;

	out->fd = fd;
	out->rc = ftruncate(fd, 0) ? -errno : 0;
	out->at = HEAD_BYTES;
	hash_check_begin(&out->check);
	*tables = (struct strbuf){
		.data = out->buffer,
		.max = LIMIT_STATE_BYTES - HEAD_BYTES,
		.failed = out->rc != 0,
		.drain = drain,
		.user = out,
	};
	write_str(tables, state->boot_id);
	write_str(tables, state->host_id);
	write_u64(tables, state->alerts);
	write_u64(tables, state->position);
}

static int write_head(const struct state_out *out)
{
	char bytes[HEAD_BYTES + 1]; /* one is kept for a NUL */
	struct strbuf head = { .data = bytes, .capacity = sizeof(bytes) };

	strbuf_add(&head, MAGIC, MAGIC_BYTES);
	write_u32(&head, FORMAT);
	write_u64(&head, out->at - HEAD_BYTES);
	write_u64(&head, hash_check_end(&out->check));
	return write_all(out->fd, strbuf_str(&head), 0);
}

int state_seal(struct state_out *out)
{
	strbuf_drain(&out->tables);
	if (out->tables.failed && !out->rc)
		out->rc = -EFBIG;
	if (!out->rc)
		out->rc = write_head(out);
	if (out->rc)
		state_discard(out->fd);
	return out->rc;
}

void state_discard(int fd)
{
	/* what it held is held on, which costs memory alone */
	if (ftruncate(fd, 0))
		return;
}

/* --- reading -------------------------------------------------------------- */

int state_parse(struct str bytes, struct state *out)
{
	struct reader reader = reader_of(bytes);
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

int state_map(int fd, struct str *out)
{
	struct stat info;
	void *memory;

	if (fstat(fd, &info))
		return -errno;
	if (info.st_size > LIMIT_STATE_BYTES)
		return -EFBIG;
	*out = (struct str){ 0 };
	if (!info.st_size)
		return 0;
	memory = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	*out = (struct str){ memory, (size_t)info.st_size };
	return 0;
}

void state_put_away(struct str bytes)
{
	if (bytes.len)
		madvise((void *)(uintptr_t)bytes.data, bytes.len,
			MADV_DONTNEED);
}

void state_unmap(struct str *bytes)
{
	if (bytes->len)
		munmap((void *)(uintptr_t)bytes->data, bytes->len);
	*bytes = (struct str){ 0 };
}

/* --- the file ------------------------------------------------------------- */

/* From the beginning of one to that of another, up to the end. */
static int copy_all(int from, int to)
{
	char piece[PIECE_BYTES];
	uint64_t at = 0;

	for (;;) {
		ssize_t len = pread(from, piece, sizeof(piece), (off_t)at);
		int rc;

		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return len ? -errno : 0;
		/* it may grow meanwhile */
		if (at + (size_t)len > LIMIT_STATE_BYTES)
			return -EFBIG;
		rc = write_all(to, (struct str){ piece, (size_t)len }, at);
		if (rc)
			return rc;
		at += (size_t)len;
	}
}

static int read_checked(int fd, int to)
{
	struct stat info;

	if (fstat(fd, &info))
		return -errno;
	if (!S_ISREG(info.st_mode) || info.st_mode & 022 ||
	    (info.st_uid && info.st_uid != geteuid()))
		return STATE_E_FOREIGN;
	if (info.st_size > LIMIT_STATE_BYTES)
		return -EFBIG;
	return ftruncate(to, 0) ? -errno : copy_all(fd, to);
}

int state_file_read(const char *path, int to)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int rc;

	if (fd < 0)
		return -errno;
	rc = read_checked(fd, to);
	close(fd);
	return rc;
}

int state_file_write(const char *path, int from)
{
	char name[4096];
	int fd, rc;

	if (snprintf(name, sizeof(name), "%s.new", path) >= (int)sizeof(name))
		return -ENAMETOOLONG;
	unlink(name);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	rc = copy_all(from, fd);
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

/* --- the writer ----------------------------------------------------------- */

struct state_writer {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct log *log;
	char *path;
	int waiting, writing; /* < 0 = none */
	bool stop, failed;
};

static void write_one(struct state_writer *writer, int fd)
{
	int rc = state_file_write(writer->path, fd);

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
		int fd = writer->waiting;

		if (fd < 0) {
			if (writer->stop)
				break;
			pthread_cond_wait(&writer->changed, &writer->lock);
			continue;
		}
		writer->waiting = -1;
		writer->writing = fd;
		pthread_mutex_unlock(&writer->lock);
		write_one(writer, fd);
		pthread_mutex_lock(&writer->lock);
		writer->writing = -1;
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
	writer->waiting = writer->writing = -1;
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

void state_writer_put(struct state_writer *writer, int fd)
{
	pthread_mutex_lock(&writer->lock);
	writer->waiting = fd;
	pthread_cond_broadcast(&writer->changed);
	pthread_mutex_unlock(&writer->lock);
}

bool state_writer_take_back(struct state_writer *writer)
{
	bool waited;

	pthread_mutex_lock(&writer->lock);
	waited = writer->waiting >= 0;
	writer->waiting = -1;
	pthread_mutex_unlock(&writer->lock);
	return waited;
}

int state_writer_busy(struct state_writer *writer)
{
	int fd;

	pthread_mutex_lock(&writer->lock);
	fd = writer->writing;
	pthread_mutex_unlock(&writer->lock);
	return fd;
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
	while (!rc && (writer->writing >= 0 || writer->waiting >= 0))
		rc = pthread_cond_timedwait(&writer->changed, &writer->lock,
					    &until);
	idle = writer->writing < 0 && writer->waiting < 0;
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
