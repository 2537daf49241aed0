/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of /proc are made when they are read and wait for no disk. A process
 * may end while it is read: what could be read counts, the rest is unknown.
 */
#include "procfs.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "limits.h"
#include "normalize/names.h"
#include "normalize/proctable.h"
#include "util/clock.h"

/* of /proc/PID/cmdline and its like: more than the table keeps */
#define FILE_MAX 8192
#define ARGS_MAX 512
/* a start is told in ticks of 10 ms, the offset to it is measured */
#define START_SLACK_MS 50

/* /proc/PID/stat, as far as it is of use. */
struct stat_line {
	char state;
	int64_t pid, ppid, group, session, tty;
	uint64_t start; /* ticks since boot */
};

struct procfs {
	int fd; /* of root */
	int64_t boot_ms; /* when start counts from */
	long ticks; /* per second */
	char file[FILE_MAX], exe[PATH_MAX], directory[PATH_MAX];
	char cgroup[FILE_MAX];
	struct str args[ARGS_MAX];
};

static struct procfs *procfs_open(const char *root)
{
	struct procfs *procfs = malloc(sizeof(*procfs));

	if (!procfs)
		return NULL;
	procfs->fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (procfs->fd < 0) {
		free(procfs);
		return NULL;
	}
	procfs->boot_ms =
		(clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME)) /
		NSEC_PER_MSEC;
	procfs->ticks = sysconf(_SC_CLK_TCK);
	return procfs;
}

static void procfs_close(struct procfs *procfs)
{
	close(procfs->fd);
	free(procfs);
}

static int64_t start_ms(const struct procfs *procfs, uint64_t start)
{
	return procfs->boot_ms +
	       (int64_t)(start * 1000 / (uint64_t)procfs->ticks);
}

/* --- files ---------------------------------------------------------------- */

/* The file's first FILE_MAX - 1 bytes and a NUL; empty = cannot be read. */
static struct str read_text(const struct procfs *procfs, int64_t pid,
			    const char *name, char out[FILE_MAX])
{
	size_t len = 0;
	ssize_t got;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%lld/%s", (long long)pid, name);
	fd = openat(procfs->fd, path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		while (len < FILE_MAX - 1 &&
		       (got = read(fd, out + len, FILE_MAX - 1 - len)) > 0)
			len += (size_t)got;
		close(fd);
	}
	out[len] = '\0';
	return (struct str){ out, len };
}

static struct str read_link(const struct procfs *procfs, int64_t pid,
			    const char *name, char out[PATH_MAX])
{
	ssize_t len;
	char path[64];

	snprintf(path, sizeof(path), "%lld/%s", (long long)pid, name);
	len = readlinkat(procfs->fd, path, out, PATH_MAX);
	return len < 0 ? (struct str){ 0 } : (struct str){ out, (size_t)len };
}

/* The name in parentheses may hold anything, these too: the last one ends it.
 */
static bool read_stat(struct procfs *procfs, int64_t pid, struct stat_line *out)
{
	struct str text = read_text(procfs, pid, "stat", procfs->file);
	const char *end = text.len ? strrchr(text.data, ')') : NULL;
	long long ppid, group, session, tty;
	unsigned long long start;
	char state;

	if (!end ||
	    sscanf(end + 1,
		   " %c %lld %lld %lld %lld %*d %*u %*u %*u %*u %*u %*u %*u "
		   "%*d %*d %*d %*d %*d %*d %llu",
		   &state, &ppid, &group, &session, &tty, &start) != 6)
		return false;
	*out = (struct stat_line){
		state, pid, ppid, group, session, tty, start
	};
	return true;
}

static enum process_tty tty_of_number(int64_t number)
{
	int64_t major = number >> 8 & 0xfff;
	int64_t minor = (number & 0xff) | (number >> 12 & 0xfff00);

	if (!number)
		return TTY_NONE;
	if (major >= 136 && major <= 143)
		return TTY_PTS;
	return major == 4 && minor < 64 ? TTY_CONSOLE : TTY_OTHER;
}

static struct process_ids read_ids(struct procfs *procfs, int64_t pid)
{
	struct str text = read_text(procfs, pid, "status", procfs->file);
	const char *uids = text.len ? strstr(text.data, "\nUid:") : NULL;
	const char *gids = text.len ? strstr(text.data, "\nGid:") : NULL;
	struct process_ids ids;

	if (!uids || !gids ||
	    sscanf(uids + 5, "%u %u", &ids.uid, &ids.euid) != 2 ||
	    sscanf(gids + 5, "%u %u", &ids.gid, &ids.egid) != 2)
		return PROCESS_IDS_UNKNOWN;
	return ids;
}

/* The file it runs, which need have no name any more. */
static struct file_seed read_file(struct procfs *procfs, int64_t pid)
{
	char path[32];
	struct stat file;

	snprintf(path, sizeof(path), "%lld/exe", (long long)pid);
	if (fstatat(procfs->fd, path, &file, 0))
		return (struct file_seed){ 0 };
	return (struct file_seed){
		.device =
			(uint64_t)major(file.st_dev) << 32 | minor(file.st_dev),
		.inode = file.st_ino,
		.owner = file.st_uid,
	};
}

/* Each ends with a NUL. */
static size_t read_args(struct procfs *procfs, int64_t pid)
{
	struct str text = read_text(procfs, pid, "cmdline", procfs->file);
	size_t count = 0, at = 0;

	while (at < text.len && count < ARGS_MAX) {
		size_t len = strlen(text.data + at);

		procfs->args[count++] = (struct str){ text.data + at, len };
		at += len + 1;
	}
	return count;
}

/* --- containers ----------------------------------------------------------- */

/* The 64 hex digits in a part of a path that make an id: docker-ID.scope, ID,
 * cri-containerd-ID.scope; not the monitor's own, libpod-conmon-ID.scope. */
static struct str id_in(struct str part)
{
	enum { DIGITS = 64 };
	size_t run = 0;

	if (part.len < DIGITS || memmem(part.data, part.len, "conmon-", 7))
		return (struct str){ 0 };
	for (size_t i = 0; i <= part.len; i++) {
		char c = i < part.len ? part.data[i] : '\0';

		if (isxdigit((unsigned char)c) && !isupper((unsigned char)c)) {
			run++;
			continue;
		}
		if (run == DIGITS)
			return (struct str){ part.data + i - DIGITS, DIGITS };
		run = 0;
	}
	return (struct str){ 0 };
}

/* Of containers in one another the innermost, the last of its path. */
struct str procfs_container_id(struct str cgroup)
{
	struct str id = { 0 };
	size_t begin = 0;

	for (size_t i = 0; i <= cgroup.len; i++) {
		char c = i < cgroup.len ? cgroup.data[i] : '\n';
		struct str found;

		if (c != '/' && c != '\n')
			continue;
		found = id_in((struct str){ cgroup.data + begin, i - begin });
		if (found.len)
			id = found;
		if (id.len && c == '\n')
			return id;
		begin = i + 1;
	}
	return id;
}

size_t procfs_container(void *root, int64_t pid, int64_t since_ms,
			char out[CONTAINER_ID_MAX])
{
	struct procfs *procfs = procfs_open(root);
	struct stat_line stat;
	struct str id = { 0 };

	if (!procfs)
		return 0;
	id = procfs_container_id(
		read_text(procfs, pid, "cgroup", procfs->cgroup));
	/* whose pid it is now, it was before */
	if (!read_stat(procfs, pid, &stat) ||
	    start_ms(procfs, stat.start) > since_ms + START_SLACK_MS)
		id.len = 0;
	if (id.len)
		memcpy(out, id.data, id.len);
	procfs_close(procfs);
	return id.len;
}

/* --- capabilities ----------------------------------------------------------- */

static bool parse_capabilities(struct str status,
			       struct process_capabilities *out)
{
	const char *effective =
		status.len ? strstr(status.data, "\nCapEff:") : NULL;
	const char *permitted =
		status.len ? strstr(status.data, "\nCapPrm:") : NULL;
	unsigned long long bits[2];

	if (!effective || !permitted ||
	    sscanf(effective + 8, "%llx", &bits[0]) != 1 ||
	    sscanf(permitted + 8, "%llx", &bits[1]) != 1)
		return false;
	*out = (struct process_capabilities){ bits[0], bits[1] };
	return true;
}

bool procfs_capabilities(void *root, int64_t pid, int64_t since_ms,
			 struct process_capabilities *out)
{
	struct procfs *procfs = procfs_open(root);
	struct stat_line stat;
	bool found;

	if (!procfs)
		return false;
	found = parse_capabilities(
		read_text(procfs, pid, "status", procfs->file), out);
	/* whose pid it is now, it was before */
	found = found && read_stat(procfs, pid, &stat) &&
		start_ms(procfs, stat.start) <= since_ms + START_SLACK_MS;
	procfs_close(procfs);
	return found;
}

/* --- environments ----------------------------------------------------------- */

/* Whether all of it could be read. Empty is none, too: of a process that ends
 * it is, and nobody can tell the one from the other. */
static bool hand_on(struct procfs *procfs, int64_t pid,
		    bool (*take)(void *user, struct str bytes), void *user)
{
	bool goes_on = true, any = false;
	ssize_t got = 1;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%lld/environ", (long long)pid);
	fd = openat(procfs->fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	while (goes_on && (got = read(fd, procfs->file, FILE_MAX)) > 0) {
		any = true;
		goes_on = take(user, (struct str){ procfs->file, (size_t)got });
	}
	close(fd);
	explicit_bzero(procfs->file, FILE_MAX);
	return any && !got;
}

bool procfs_environ(const char *root, int64_t pid, int64_t since_ms,
		    bool (*take)(void *user, struct str bytes), void *user)
{
	struct procfs *procfs = procfs_open(root);
	struct stat_line stat;
	bool found;

	if (!procfs)
		return false;
	found = hand_on(procfs, pid, take, user);
	/* whose pid it is now, it was before; what ends has lost its memory,
	 * perhaps while that was read */
	found = found && read_stat(procfs, pid, &stat) &&
		!strchr("ZX", stat.state) &&
		start_ms(procfs, stat.start) <= since_ms + START_SLACK_MS;
	procfs_close(procfs);
	return found;
}

/* --- seeds ---------------------------------------------------------------- */

/* Kernel threads are none that a rule could mean. */
static bool is_kernel_thread(const struct stat_line *stat)
{
	enum { KTHREADD = 2 };

	return stat->pid == KTHREADD || stat->ppid == KTHREADD;
}

static int seed_one(struct procfs *procfs, const struct seeder *seeder,
		    const struct stat_line *stat)
{
	struct process_seed seed = {
		.pid = stat->pid,
		.ppid = stat->ppid,
		.session = stat->session,
		.group = stat->group,
		.start = stat->start,
		.start_ms = start_ms(procfs, stat->start),
		.ids = read_ids(procfs, stat->pid),
		.tty = tty_of_number(stat->tty),
		.args = procfs->args,
	};

	seed.exe = name_without_deleted(
		read_link(procfs, stat->pid, "exe", procfs->exe));
	seed.file = read_file(procfs, stat->pid);
	seed.directory = read_link(procfs, stat->pid, "cwd", procfs->directory);
	seed.container = procfs_container_id(
		read_text(procfs, stat->pid, "cgroup", procfs->cgroup));
	seed.args_len = read_args(procfs, stat->pid);
	return seeder->seed(seeder->user, &seed);
}

int procfs_describe(void *root, int64_t pid, int64_t since_ms,
		    process_seed_fn seed, void *seed_user)
{
	const struct seeder seeder = { seed, seed_user };
	struct procfs *procfs = procfs_open(root);
	struct stat_line stat;
	int rc = 0;

	if (!procfs)
		return 0;
	/* whose pid it is now, it was before */
	if (read_stat(procfs, pid, &stat) && !is_kernel_thread(&stat) &&
	    start_ms(procfs, stat.start) <= since_ms + START_SLACK_MS)
		rc = seed_one(procfs, &seeder, &stat);
	procfs_close(procfs);
	return rc;
}

static int compare_start(const void *a, const void *b)
{
	const struct stat_line *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

/* Reads who there is, oldest first; returns how many. */
static size_t list_processes(struct procfs *procfs, DIR *directory,
			     struct stat_line *out, int64_t deadline_ns)
{
	const struct dirent *entry;
	size_t count = 0;

	while (count < LIMIT_PROCESSES && (entry = readdir(directory))) {
		int64_t pid = strtoll(entry->d_name, NULL, 10);

		if (clock_ns(CLOCK_MONOTONIC) > deadline_ns)
			break;
		if (pid > 0 && read_stat(procfs, pid, &out[count]) &&
		    !is_kernel_thread(&out[count]))
			count++;
	}
	qsort(out, count, sizeof(*out), compare_start);
	return count;
}

static int seed_all(struct procfs *procfs, const struct seeder *seeder,
		    int64_t deadline_ns, size_t *count)
{
	struct stat_line *stats = calloc(LIMIT_PROCESSES, sizeof(*stats));
	DIR *directory = fdopendir(dup(procfs->fd));
	size_t listed;
	int rc = 0;

	*count = 0;
	if (!stats || !directory) {
		rc = -ENOMEM;
		goto out;
	}
	listed = list_processes(procfs, directory, stats, deadline_ns);
	while (!rc && *count < listed &&
	       clock_ns(CLOCK_MONOTONIC) <= deadline_ns) {
		rc = seed_one(procfs, seeder, &stats[*count]);
		if (!rc)
			++*count;
	}
	if (!rc && clock_ns(CLOCK_MONOTONIC) > deadline_ns)
		rc = PROCFS_E_LATE;
out:
	if (directory)
		closedir(directory);
	free(stats);
	return rc;
}

int procfs_seed(const struct seeder *seeder, const char *root,
		int64_t deadline_ns, size_t *count)
{
	int64_t until_ns = clock_ns(CLOCK_MONOTONIC) + deadline_ns;
	struct procfs *procfs = procfs_open(root);
	int rc;

	if (!procfs)
		return -errno;
	rc = seed_all(procfs, seeder, until_ns, count);
	procfs_close(procfs);
	return rc;
}
