/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "confine.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "landlock.h"

/* Of the keeper. As root it owns what it has to read. */
static const uint64_t keeper_capabilities =
	PRIVS_CAP(CAP_AUDIT_CONTROL) | /* asking for the state of audit */
	PRIVS_CAP(CAP_CHOWN) | /* directories it makes for the worker */
	/* rules and settings of others; the inspector's */
	PRIVS_CAP(CAP_DAC_READ_SEARCH) |
	PRIVS_CAP(CAP_KILL) | /* a worker is somebody else */
	PRIVS_CAP(CAP_SETGID) | PRIVS_CAP(CAP_SETUID) | /* becoming that */
	PRIVS_CAP(CAP_SETPCAP) | /* for that to be for good */
	PRIVS_CAP(CAP_SYS_PTRACE); /* the inspector's */

void confine_keeper(bool sandbox, struct log *log)
{
	int rc = privs_keep(keeper_capabilities);

	if (rc)
		log_print(log, LOG_WARNING,
			  "the keeper could not give up capabilities: %s",
			  strerror(-rc));
	if (!sandbox)
		return;
	/* without it the worker refuses to run, and says so */
	rc = sandbox_enter(SANDBOX_KEEPER, NULL);
	if (rc)
		log_print(log, LOG_WARNING,
			  "the keeper could not give up system calls: %s",
			  strerror(-rc));
	if (!landlock_version())
		log_print(log, LOG_NOTICE,
			  "this kernel has no Landlock: the worker may open "
			  "what its user may");
}

/* --- the worker ----------------------------------------------------------- */

bool confine_has_user(const struct config *config, struct log *log)
{
	struct privs_user user;
	int rc = privs_find(config->user, &user);

	if (rc)
		log_print(log, LOG_CRIT,
			  "user = %s: %s; make it (systemd-sysusers, or "
			  "useradd --system %s) or set another one",
			  config->user,
			  rc == -ENOENT ? "there is no such user"
					: strerror(-rc),
			  config->user);
	return !rc;
}

static const char *directory_of(struct arena *arena, const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	if (!path)
		return NULL;
	if (!slash)
		return ".";
	return slash == path ? "/"
			     : arena_copy(arena, path, (size_t)(slash - path));
}

static void find_places(const struct config *config,
			struct place places[CONFINE_PLACES])
{
	const char *const files[CONFINE_PLACES] = { config->json_file,
						    config->state_file,
						    config->status_file };
	/* whoever wants to may know how it is */
	static const mode_t modes[CONFINE_PLACES] = { 0750, 0700, 0755 };

	for (size_t i = 0; i < CONFINE_PLACES; i++)
		places[i] = (struct place){
			.directory = directory_of(config->arena, files[i]),
			.mode = modes[i],
		};
}

static void make_places(const struct place places[CONFINE_PLACES],
			const struct privs_user *user, struct log *log)
{
	for (size_t i = 0; i < CONFINE_PLACES; i++) {
		int rc = places[i].directory
				 ? privs_directory(places[i].directory, user,
						   places[i].mode)
				 : 0;

		if (rc)
			log_print(log, LOG_WARNING,
				  "the directory %s cannot be made: %s",
				  places[i].directory, strerror(-rc));
	}
}

static void look_at(const struct place *place, dev_t *device, ino_t *inode)
{
	struct stat now;
	bool there = place->directory && !stat(place->directory, &now);

	*device = there ? now.st_dev : 0;
	*inode = there ? now.st_ino : 0;
}

static void remember_places(struct place places[CONFINE_PLACES])
{
	for (size_t i = 0; i < CONFINE_PLACES; i++)
		look_at(&places[i], &places[i].device, &places[i].inode);
}

bool confine_moved(const struct confinement *confinement)
{
	for (size_t i = 0; i < CONFINE_PLACES; i++) {
		const struct place *place = &confinement->places[i];
		dev_t device;
		ino_t inode;

		look_at(place, &device, &inode);
		if (device != place->device || inode != place->inode)
			return true;
	}
	return false;
}

/* What is there may be of a time when another user wrote it. */
static void check_places(const struct place places[CONFINE_PLACES],
			 const char *user, struct log *log)
{
	for (size_t i = 0; i < CONFINE_PLACES; i++)
		/* one that is missing could not be made, which is told */
		if (places[i].directory &&
		    eaccess(places[i].directory, W_OK | X_OK) &&
		    errno != ENOENT)
			log_print(log, LOG_ERR,
				  "%s cannot make files in %s (%s): chown %s "
				  "it, and what of ours is in it",
				  user, places[i].directory, strerror(errno),
				  user);
}

static int refuse(struct log *log, const char *what, int rc)
{
	if (rc == -ENOMEM)
		return rc;
	log_print(log, LOG_CRIT,
		  "%s: %s; it takes root to start with, and seccomp in the "
		  "kernel (sandbox = no goes without)",
		  what, strerror(-rc));
	return CONFINE_E_REFUSED;
}

static int enter_sandbox(const struct place places[CONFINE_PLACES],
			 struct sandbox_refused *refused, struct log *log)
{
	const char *directories[CONFINE_PLACES];
	size_t count = 0;
	int rc = 0;

	for (size_t i = 0; i < CONFINE_PLACES; i++)
		if (places[i].directory)
			directories[count++] = places[i].directory;
	if (landlock_version())
		rc = landlock_enter(directories, count, "/proc");
	if (rc)
		return refuse(log, "Landlock does not confine the worker", rc);
	rc = sandbox_enter(SANDBOX_WORKER, refused);
	return rc ? refuse(log, "seccomp does not confine the worker", rc) : 0;
}

static void tell_weakness(const struct config *config,
			  const struct privs_user *user, struct log *log)
{
	if (!user->uid)
		log_print(log, LOG_WARNING,
			  "user = %s: what parses attackers' text owns all "
			  "of root's files",
			  config->user);
	if (!config->sandbox)
		log_print(log, LOG_WARNING,
			  "sandbox = no: what parses attackers' text may make "
			  "any system call and open what its user may");
}

int confine_worker(const struct config *config,
		   const struct str_list *environment,
		   struct sandbox_refused *refused, struct log *log,
		   struct confinement *out)
{
	struct inspector_config inspector = {
		.environment = environment,
		.refused = config->sandbox ? refused : NULL,
	};
	int rc;

	if (!confine_has_user(config, log))
		return CONFINE_E_REFUSED;
	privs_find(config->user, &inspector.user);
	tell_weakness(config, &inspector.user, log);
	find_places(config, out->places);
	make_places(out->places, &inspector.user, log);
	remember_places(out->places);
	rc = inspector_start(&inspector, &out->inspector);
	if (rc)
		return refuse(log, "the inspector of /proc is not confined",
			      rc);
	rc = privs_drop(&inspector.user, 0);
	if (rc)
		return refuse(log, "the worker does not become its user", rc);
	inspector_look_around(out->inspector);
	check_places(out->places, config->user, log);
	return config->sandbox ? enter_sandbox(out->places, refused, log) : 0;
}
