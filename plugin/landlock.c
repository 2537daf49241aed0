/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's interface, told here: headers and libraries of the systems we
 * are built on are often older than the kernels we run on.
 */
#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	CALL_CREATE = 444,
	CALL_ADD = 445,
	CALL_ENTER = 446,
};

#define CREATE_VERSION 1
#define RULE_BENEATH 1

#define FS_WRITE_FILE (1ULL << 1)
#define FS_READ_FILE (1ULL << 2)
#define FS_READ_DIR (1ULL << 3)
#define FS_REMOVE_FILE (1ULL << 5)
#define FS_MAKE_REG (1ULL << 8)
#define FS_TRUNCATE (1ULL << 14)

/* Of these, what a kernel does not know is left out. */
#define FS_OURS \
	(FS_READ_FILE | FS_WRITE_FILE | FS_REMOVE_FILE | FS_MAKE_REG | \
	 FS_TRUNCATE)
#define FS_READABLE (FS_READ_FILE | FS_READ_DIR)

#define NET_ALL 3ULL
#define SCOPE_ABSTRACT_SOCKETS 1ULL

struct ruleset {
	uint64_t fs, net, scoped;
};

struct beneath {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

/* What a version can forbid of files: the bits below this one. */
static uint64_t fs_known(int version)
{
	static const int bits[] = { 0, 13, 14, 15, 15, 16 };
	int newest = sizeof(bits) / sizeof(bits[0]) - 1;

	return (1ULL << bits[version < newest ? version : newest]) - 1;
}

int landlock_version(void)
{
	long version = syscall(CALL_CREATE, NULL, 0, CREATE_VERSION);

	return version > 0 ? (int)version : 0;
}

static int allow(int ruleset, const char *directory, uint64_t rights)
{
	struct beneath beneath = {
		.allowed = rights,
		.fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC),
	};
	int rc = 0;

	/* who wants to write there will tell */
	if (beneath.fd < 0)
		return 0;
	if (syscall(CALL_ADD, ruleset, RULE_BENEATH, &beneath, 0))
		rc = -errno;
	close(beneath.fd);
	return rc;
}

int landlock_enter(const char *const *directories, size_t count,
		   const char *readable)
{
	int version = landlock_version();
	struct ruleset ruleset = {
		.fs = fs_known(version),
		.net = version >= 4 ? NET_ALL : 0,
		.scoped = version >= 6 ? SCOPE_ABSTRACT_SOCKETS : 0,
	};
	int fd = (int)syscall(CALL_CREATE, &ruleset, sizeof(ruleset), 0);
	int rc = 0;

	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < count && !rc; i++)
		rc = allow(fd, directories[i], FS_OURS & ruleset.fs);
	if (!rc && readable)
		rc = allow(fd, readable, FS_READABLE & ruleset.fs);
	if (!rc && syscall(CALL_ENTER, fd, 0))
		rc = -errno;
	close(fd);
	return rc;
}
