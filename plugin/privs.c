/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "privs.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

void privs_close_inherited(void)
{
	struct rlimit limit = { .rlim_cur = 1024 };

	if (!close_range(STDERR_FILENO + 1, ~0U, 0))
		return;
	/* kernels before 5.9 */
	getrlimit(RLIMIT_NOFILE, &limit);
	for (int fd = STDERR_FILENO + 1;
	     fd < (limit.rlim_cur < 4096 ? (int)limit.rlim_cur : 4096); fd++)
		close(fd);
}

void privs_signals(sigset_t *set)
{
	static const int numbers[] = { SIGCHLD, SIGHUP, SIGINT, SIGTERM,
				       SIGUSR1 };

	sigemptyset(set);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaddset(set, numbers[i]);
}

void privs_reset(void)
{
	sigset_t taken;
	FILE *file;

	/* first: one that comes now would end us by its default */
	privs_signals(&taken);
	sigprocmask(SIG_SETMASK, &taken, NULL);
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	umask(0027);
	privs_close_inherited();
	/* a plugin that eats memory must be killed before what it watches */
	file = fopen("/proc/self/oom_score_adj", "we");
	if (file) {
		fputs("0", file);
		fclose(file);
	}
}

/* --- capabilities and user ------------------------------------------------ */

/* Those that we have, of these, are all that libcap-ng will leave. */
static void choose(uint64_t capabilities, capng_type_t types)
{
	uint64_t held = 0;

	capng_get_caps_process();
	for (unsigned int i = 0; i <= CAP_LAST_CAP; i++)
		if (capabilities & PRIVS_CAP(i) &&
		    capng_have_capability(CAPNG_PERMITTED, i))
			held |= PRIVS_CAP(i);
	capng_clear(CAPNG_SELECT_BOTH);
	for (unsigned int i = 0; i <= CAP_LAST_CAP; i++)
		if (held & PRIVS_CAP(i))
			capng_update(CAPNG_ADD, types, i);
}

/* Whether this process may become somebody else. */
static bool is_privileged(void)
{
	capng_get_caps_process();
	return capng_have_capability(CAPNG_EFFECTIVE, CAP_SETUID) &&
	       capng_have_capability(CAPNG_EFFECTIVE, CAP_SETGID) &&
	       capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
}

static int apply_error(void)
{
	return errno ? -errno : -EPERM;
}

int privs_keep(uint64_t capabilities)
{
	bool privileged = is_privileged();

	errno = 0;
	choose(capabilities,
	       CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    capng_apply(privileged ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS))
		return apply_error();
	return 0;
}

int privs_find(const char *name, struct privs_user *out)
{
	const struct passwd *entry;

	errno = 0;
	entry = getpwnam(name);
	if (!entry)
		return errno ? -errno : -ENOENT;
	*out = (struct privs_user){ entry->pw_uid, entry->pw_gid };
	return 0;
}

int privs_drop(const struct privs_user *user, uint64_t capabilities)
{
	bool privileged = is_privileged();
	int rc;

	/* who is nobody special may be what he is, with nothing to give up */
	if (!privileged && geteuid() != user->uid)
		return -EPERM;
	errno = 0;
	choose(capabilities, CAPNG_EFFECTIVE | CAPNG_PERMITTED);
	if (privileged)
		rc = capng_change_id((int)user->uid, (int)user->gid,
				     CAPNG_DROP_SUPP_GRP |
					     CAPNG_CLEAR_BOUNDING);
	else
		rc = capng_apply(CAPNG_SELECT_CAPS);
	if (rc || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return apply_error();
	return 0;
}

int privs_directory(const char *path, const struct privs_user *user,
		    mode_t mode)
{
	int fd, rc = 0;

	/* one that is there is its owner's business: in a place that others
	 * can write to, it may not be what it seems */
	if (mkdir(path, 0700))
		return errno == EEXIST ? 0 : -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fchmod(fd, mode) || fchown(fd, user->uid, user->gid))
		rc = -errno;
	close(fd);
	return rc;
}
