/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A decompressor is a process of its own, without a shell: what is wrong with an
 * archive stays in a program that holds nothing else. It is looked for where
 * distributions have it and nowhere else, and gets no environment (GZIP, XZ_OPT,
 * PATH): aueql is run as root, perhaps from an account's own shell. So it is
 * gzip -cd and not zcat, which is a script for a shell in many places.
 *
 * What it gives is read as it comes: an archive that unpacks without end costs
 * time, and no memory. How much memory unpacking itself may take is limited by
 * xz's option, by what zstd does without one, and by the format of the others.
 */
#include "unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAGIC_MAX 6

struct unpacker {
	const char *argv[5]; /* NULL ends */
	const char *words;
	unsigned char magic[MAGIC_MAX], mask[MAGIC_MAX];
	size_t magic_len;
};

#define EXACT \
	{ \
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff \
	}

static const struct unpacker unpackers[] = {
	{ { "gzip", "-cd" }, "gzip -cd", { 0x1f, 0x8b }, EXACT, 2 },
	{ { "xz", "-cd", "-M256MiB" },
	  "xz -cd",
	  { 0xfd, '7', 'z', 'X', 'Z', 0 },
	  EXACT,
	  6 },
	{ { "zstd", "-cdq" },
	  "zstd -cd",
	  { 0x28, 0xb5, 0x2f, 0xfd },
	  EXACT,
	  4 },
	/* a frame to skip, as several processors at work put it first */
	{ { "zstd", "-cdq" },
	  "zstd -cd",
	  { 0x50, 0x2a, 0x4d, 0x18 },
	  { 0xf0, 0xff, 0xff, 0xff },
	  4 },
	{ { "bzip2", "-cd" }, "bzip2 -cd", { 'B', 'Z', 'h' }, EXACT, 3 },
};

const char *const unpack_suffixes[] = { ".gz", ".xz", ".zst", ".bz2", NULL };

static bool has_magic(const struct unpacker *unpacker,
		      const unsigned char *start, size_t len)
{
	if (len < unpacker->magic_len)
		return false;
	for (size_t i = 0; i < unpacker->magic_len; i++)
		if ((start[i] & unpacker->mask[i]) != unpacker->magic[i])
			return false;
	return true;
}

const struct unpacker *unpack_recognize(const void *start, size_t len)
{
	for (size_t i = 0; i < sizeof(unpackers) / sizeof(unpackers[0]); i++)
		if (has_magic(&unpackers[i], start, len))
			return &unpackers[i];
	return NULL;
}

const char *unpack_words(const struct unpacker *unpacker)
{
	return unpacker->words;
}

/* 0 or -errno. */
static int spawn(const struct unpacker *unpacker,
		 const posix_spawn_file_actions_t *actions, pid_t *child)
{
	static const char *const directories[] = { "/usr/bin", "/bin" };
	static char *const environment[] = { (char *)"LC_ALL=C", NULL };
	char path[64];
	int rc = ENOENT;

	for (size_t i = 0; i < 2 && rc == ENOENT; i++) {
		snprintf(path, sizeof(path), "%s/%s", directories[i],
			 unpacker->argv[0]);
		rc = posix_spawn(child, path, actions, NULL,
				 (char *const *)unpacker->argv, environment);
	}
	return -rc;
}

int unpack_begin(const struct unpacker *unpacker, int fd, struct unpacking *out)
{
	posix_spawn_file_actions_t actions;
	int ends[2], rc;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	rc = -posix_spawn_file_actions_init(&actions);
	if (rc) {
		close(ends[0]);
		close(ends[1]);
		return rc;
	}
	rc = -posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
	if (!rc)
		rc = -posix_spawn_file_actions_adddup2(&actions, ends[1],
						       STDOUT_FILENO);
	if (!rc)
		rc = spawn(unpacker, &actions, &out->child);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (rc) {
		close(ends[0]);
		return rc;
	}
	out->unpacker = unpacker;
	out->fd = ends[0];
	return 0;
}

bool unpack_end(struct unpacking *unpacking, bool early, char why[128])
{
	const char *name = unpacking->unpacker->argv[0];
	int status = 0;
	pid_t done;

	/* before its pipe is closed, of which it would complain */
	if (early)
		kill(unpacking->child, SIGTERM);
	close(unpacking->fd);
	do
		done = waitpid(unpacking->child, &status, 0);
	while (done < 0 && errno == EINTR);
	if (early || (done > 0 && WIFEXITED(status) && !WEXITSTATUS(status)))
		return true;
	if (done > 0 && WIFSIGNALED(status))
		snprintf(why, 128, "%s was ended by signal %d", name,
			 WTERMSIG(status));
	else
		snprintf(why, 128,
			 "%s failed (exit status %d): the file is damaged or "
			 "cut off",
			 name, WEXITSTATUS(status));
	return false;
}
