/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the configuration asks of this host: somewhere to tell alerts, and a user
 * for the worker; and whether the plugin runs. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "check.h"
#include "status_file.h"

#define DEV_LOG "/dev/log"
#define JOURNAL "/run/systemd/journal/socket"
/* alerts are small: that many are some thousands */
#define ROOM_LEAST (16U << 20)

/* --- user ------------------------------------------------------------------- */

/* A user of this host, or of the root's own passwd. */
static bool find_user(struct check *check, const char *name, uid_t *out)
{
	const struct passwd *user;
	FILE *file;

	if (check_is_live(check)) {
		user = getpwnam(name);
		*out = user ? user->pw_uid : 0;
		return user != NULL;
	}
	file = fopen(check_path(check, "/etc/passwd"), "re");
	while (file && (user = fgetpwent(file))) {
		if (strcmp(user->pw_name, name))
			continue;
		*out = user->pw_uid;
		fclose(file);
		return true;
	}
	if (file)
		fclose(file);
	return false;
}

static bool check_user(struct check *check, const struct config *config,
		       uid_t *uid)
{
	if (!strcmp(config->user, "root")) {
		*uid = check->owner;
		check_finding(check, FINDING_USER, FINDING_WARNING, NULL,
			      "user = root: what parses hostile records keeps "
			      "all rights");
		return true;
	}
	if (!find_user(check, config->user, uid)) {
		check_finding(
			check, FINDING_USER, FINDING_PROBLEM,
			check_mend(check,
				   "useradd --system --no-create-home "
				   "--shell /usr/sbin/nologin '%s'",
				   config->user),
			"there is no user '%s': the plugin does not start",
			config->user);
		return false;
	}
	check_finding(check, FINDING_USER, FINDING_OK, NULL,
		      "the worker runs as %s", config->user);
	return true;
}

/* --- alerts ----------------------------------------------------------------- */

static const char *syslog_socket(const struct config *config)
{
	if (config->syslog_socket)
		return config->syslog_socket;
	return config->syslog == OUTPUT_SYSLOG_JOURNAL ? JOURNAL : DEV_LOG;
}

/* Whether syslog, as far as one can see, takes them. */
static bool check_syslog(struct check *check, const struct config *config)
{
	const char *path = syslog_socket(config);
	struct stat st;

	/* sockets come with the running host */
	if (!check_is_live(check))
		return true;
	if (!stat(path, &st) && S_ISSOCK(st.st_mode))
		return true;
	check_finding(check, FINDING_ALERTS, FINDING_PROBLEM,
		      config->syslog == OUTPUT_SYSLOG_JOURNAL
			      ? "systemctl start systemd-journald"
			      : "systemctl start rsyslog",
		      "%s is no socket: no alert gets to syslog", path);
	return false;
}

/* The directory of a file; the result is in arena memory. */
static const char *directory_of(struct check *check, const char *file)
{
	const char *slash = strrchr(file, '/');
	struct str text = arena_printf(check->arena, "%.*s",
				       slash ? (int)(slash - file) : 0, file);

	return text.len ? text.data : "/";
}

/* Whether a user may make files there; groups and ACLs are not looked at, so it
 * may be that more is allowed. */
static bool may_write(const struct stat *st, uid_t uid, uid_t root)
{
	return uid == root || (st->st_uid == uid && st->st_mode & S_IWUSR) ||
	       st->st_mode & (S_IWGRP | S_IWOTH);
}

static bool check_file(struct check *check, const struct config *config,
		       uid_t uid)
{
	const char *directory =
		directory_of(check, check_path(check, config->json_file));
	struct statvfs room;
	struct stat st;

	if (stat(directory, &st) || !S_ISDIR(st.st_mode)) {
		check_finding(check, FINDING_ALERTS, FINDING_PROBLEM,
			      check_mend(check,
					 "install -d -m 2750 -o '%s' "
					 "-g adm '%s'",
					 config->user, directory),
			      "%s is no directory: no alert is written there",
			      directory);
		return false;
	}
	if (!may_write(&st, uid, check->owner)) {
		check_finding(check, FINDING_ALERTS, FINDING_PROBLEM,
			      check_mend(check, "chown '%s' '%s'", config->user,
					 directory),
			      "%s may not write into %s: no alert is there",
			      config->user, directory);
		return false;
	}
	if (!statvfs(directory, &room) &&
	    (uint64_t)room.f_bavail * room.f_frsize < ROOM_LEAST) {
		check_finding(check, FINDING_ALERTS, FINDING_PROBLEM,
			      check_mend(check, "df -h '%s'", directory),
			      "the file system of %s is full: alerts find no "
			      "room there",
			      directory);
		return false;
	}
	return true;
}

static void check_alerts(struct check *check, const struct config *config,
			 uid_t uid)
{
	bool to_syslog = config->syslog != OUTPUT_SYSLOG_NO;
	bool to_file = config->json_file != NULL;
	bool good = true;

	if (!to_syslog && !to_file) {
		check_finding(
			check, FINDING_ALERTS, FINDING_PROBLEM,
			check_mend(check, "$EDITOR '%s'",
				   check_path(check, CONFIG_FILE_DEFAULT)),
			"syslog and json_file are both off: alerts go "
			"nowhere");
		return;
	}
	if (to_syslog)
		good = check_syslog(check, config);
	if (to_file)
		good = check_file(check, config, uid) && good;
	if (good)
		check_finding(check, FINDING_ALERTS, FINDING_OK, NULL,
			      "alerts go to %s%s%s", to_syslog ? "syslog" : "",
			      to_syslog && to_file ? " and " : "",
			      to_file ? config->json_file : "");
}

/* --- plugin ----------------------------------------------------------------- */

static const char not_there[] =
	"auditctl --signal HUP; journalctl -n 50 -t audisp-eql -t auditd";

static void tell_life(struct check *check, const struct status_file *file)
{
	long long age = (long long)file->age_s;

	switch (status_file_life(file)) {
	case STATUS_ENDED:
		check_finding(check, FINDING_PLUGIN, FINDING_PROBLEM, not_there,
			      "the plugin does not run: it ended %lld s ago",
			      age);
		return;
	case STATUS_SILENT:
		check_finding(check, FINDING_PLUGIN, FINDING_PROBLEM, not_there,
			      "the plugin does not run, or hangs: its last "
			      "report is %lld s old",
			      age);
		return;
	case STATUS_RUNS:
	case STATUS_AHEAD:
		break;
	}
	if (status_file_number(file, "blind"))
		check_finding(check, FINDING_PLUGIN, FINDING_PROBLEM,
			      "aueql status",
			      "the plugin runs, and is blind for something");
	else
		check_finding(check, FINDING_PLUGIN, FINDING_OK, NULL,
			      "the plugin runs");
}

static void check_plugin(struct check *check, const char *path)
{
	struct status_file file;
	int rc = status_file_read(path, &file);

	if (!rc)
		tell_life(check, &file);
	else if (rc == -ENOENT)
		check_finding(check, FINDING_PLUGIN, FINDING_PROBLEM, not_there,
			      "the plugin does not run, or began just now: "
			      "there is no report %s",
			      path);
	else
		check_finding(check, FINDING_PLUGIN, FINDING_WARNING,
			      rc == -EACCES ? "sudo aueql check" : NULL,
			      "%s: %s", path,
			      rc > 0 ? "is no report of the plugin"
				     : strerror(-rc));
	status_file_free(&file);
}

void check_config(struct check *check, const struct config *config)
{
	uid_t uid = 0;

	if (check_user(check, config, &uid))
		check_alerts(check, config, uid);
	if (check_is_live(check) && config->status_file)
		check_plugin(check, config->status_file);
}
