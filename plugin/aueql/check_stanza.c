/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stanza that has auditd start the plugin. auditd passes over a stanza it
 * does not like with one line in syslog, or none; what it wants differs between
 * versions, so the strictest of each is asked for here.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

#define STANZA AUDIT_PLUGINS_DIR "/audisp-eql.conf"
/* auditd's buffer up to 4.1.2 */
#define STANZA_COLUMNS 160

struct stanza {
	bool active, text_format, always;
	char path[STANZA_COLUMNS];
};

/* Takes "name = value"; false = auditd would refuse it. */
static bool stanza_take(struct stanza *stanza, char *text)
{
	char *rest = NULL;
	const char *name = strtok_r(text, " ", &rest);
	const char *equals = name ? strtok_r(NULL, " ", &rest) : NULL;
	const char *value = equals ? strtok_r(NULL, " ", &rest) : NULL;

	if (!name || name[0] == '#')
		return true;
	if (!value || strcmp(equals, "="))
		return false;
	if (!strcmp(name, "active"))
		stanza->active = !strcasecmp(value, "yes");
	else if (!strcmp(name, "format"))
		stanza->text_format = !strcasecmp(value, "string");
	else if (!strcmp(name, "type"))
		stanza->always = !strcasecmp(value, "always");
	else if (!strcmp(name, "path"))
		snprintf(stanza->path, sizeof(stanza->path), "%s", value);
	else
		return !strcmp(name, "direction") || !strcmp(name, "args");
	return true;
}

/* Reads the stanza; the number of the first bad text row, 0 = none. */
static unsigned int stanza_read(FILE *file, struct stanza *stanza)
{
	char row[512];
	unsigned int number = 0, bad = 0;

	while (fgets(row, sizeof(row), file)) {
		size_t len = strcspn(row, "\n");

		number++;
		row[len] = '\0';
		if ((len >= STANZA_COLUMNS || strpbrk(row, "\t\r") ||
		     !stanza_take(stanza, row)) &&
		    !bad)
			bad = number;
	}
	return bad;
}

/* Owner and mode that every auditd version takes. */
static void check_mode(struct check *check, const char *path, mode_t wanted)
{
	char mend[2 * STANZA_COLUMNS + 64];
	struct stat st;

	snprintf(mend, sizeof(mend), "chown root:root %s; chmod %04o %s", path,
		 (unsigned int)wanted, path);
	if (stat(path, &st))
		check_finding(check, FINDING_PROBLEM, NULL, "%s: %s", path,
			      strerror(errno));
	else if (!S_ISREG(st.st_mode) || st.st_uid ||
		 (st.st_mode & 07777 & ~(mode_t)0755) ||
		 (st.st_mode & wanted) != wanted)
		check_finding(check, FINDING_PROBLEM, mend,
			      "%s must be a file of root with mode %04o, "
			      "else auditd refuses it",
			      path, (unsigned int)wanted);
}

static void check_content(struct check *check, const struct stanza *stanza,
			  unsigned int bad)
{
	if (bad)
		check_finding(check, FINDING_PROBLEM, "$EDITOR " STANZA,
			      STANZA ":%u: not \"name = value\" with blanks, "
				     "or an unknown name",
			      bad);
	if (!stanza->active)
		check_finding(check, FINDING_PROBLEM,
			      "sed -i 's/^active.*/active = yes/' " STANZA
			      "; auditctl --signal HUP",
			      STANZA " is not active: auditd does not start "
				     "the plugin");
	if (!stanza->text_format || !stanza->always)
		check_finding(check, FINDING_PROBLEM, "$EDITOR " STANZA,
			      STANZA " wants format = string and "
				     "type = always");
	if (!stanza->path[0])
		check_finding(check, FINDING_PROBLEM, "$EDITOR " STANZA,
			      STANZA " names no path");
	else
		check_mode(check, stanza->path, 0750);
}

void check_stanza(struct check *check)
{
	struct stanza stanza = { 0 };
	size_t before = check->problems;
	int fd = open(STANZA, O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	unsigned int bad;

	if (!file) {
		int problem = errno;

		if (fd >= 0)
			close(fd);
		check_finding(check,
			      problem == EACCES ? FINDING_WARNING
						: FINDING_PROBLEM,
			      problem == EACCES ? "sudo aueql check" : NULL,
			      STANZA ": %s", strerror(problem));
		return;
	}
	check_mode(check, STANZA, 0640);
	bad = stanza_read(file, &stanza);
	fclose(file);
	check_content(check, &stanza, bad);
	if (check->problems == before)
		check_finding(check, FINDING_OK, NULL,
			      "auditd's stanza is right and active");
}
