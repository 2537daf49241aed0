/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stanza that has auditd start the plugin. auditd passes over a stanza it
 * does not like with one line in syslog, or none; what it wants differs between
 * versions, so the strictest of each is asked for here.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../rules/files.h"
#include "check.h"

#define STANZA "/audisp-eql.conf"
#define SETUP LIBEXECDIR "/audisp-eql/audit-setup"
/* auditd's buffer up to 4.1.2 */
#define STANZA_COLUMNS 160
#define FILE_BYTES_MAX (64U << 10)

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

/* False = auditd would refuse it. */
static bool stanza_take_row(struct stanza *stanza, struct str text)
{
	char row[STANZA_COLUMNS];

	if (text.len >= sizeof(row) || memchr(text.data, '\0', text.len))
		return false;
	memcpy(row, text.data, text.len);
	row[text.len] = '\0';
	return !strpbrk(row, "\t\r") && stanza_take(stanza, row);
}

/* Reads the stanza; the number of the first bad text row, 0 = none. */
static unsigned int stanza_read(struct str text, struct stanza *stanza)
{
	unsigned int number = 0, bad = 0;

	while (text.len) {
		const char *end = memchr(text.data, '\n', text.len);
		struct str row = { text.data,
				   end ? (size_t)(end - text.data) : text.len };

		number++;
		if (!stanza_take_row(stanza, row) && !bad)
			bad = number;
		text.data += row.len + !!end;
		text.len -= row.len + !!end;
	}
	return bad;
}

static const char editor[] = "$EDITOR '%s'";

/* Owner and mode that every auditd version takes. */
static void check_mode(struct check *check, const char *path, mode_t wanted)
{
	struct stat st;

	if (stat(path, &st))
		check_finding(check, FINDING_STANZA, FINDING_PROBLEM, NULL,
			      "%s: %s: auditd does not start the plugin", path,
			      strerror(errno));
	else if (!S_ISREG(st.st_mode) || st.st_uid != check->owner ||
		 (st.st_mode & 07777 & ~(mode_t)0755) ||
		 (st.st_mode & wanted) != wanted)
		check_finding(check, FINDING_STANZA, FINDING_PROBLEM,
			      check_mend(check,
					 "chown root:root '%s'; chmod %04o "
					 "'%s'",
					 path, (unsigned int)wanted, path),
			      "%s must be a file of root with mode %04o, "
			      "else auditd refuses it",
			      path, (unsigned int)wanted);
}

static void check_content(struct check *check, const char *path,
			  const struct stanza *stanza, unsigned int bad)
{
	if (bad)
		check_finding(check, FINDING_STANZA, FINDING_PROBLEM,
			      check_mend(check, "$EDITOR +%u '%s'", bad, path),
			      "%s:%u: not \"name = value\" with blanks, or an "
			      "unknown name: auditd refuses all of it",
			      path, bad);
	if (!stanza->active)
		check_finding(check, FINDING_STANZA, FINDING_PROBLEM,
			      check_mend(check,
					 "sed -i 's/^ *active *=.*/active = "
					 "yes/' '%s'%s",
					 path,
					 check_is_live(check)
						 ? "; auditctl --signal HUP"
						 : ""),
			      "%s is not active: auditd does not start the "
			      "plugin",
			      path);
	if (!stanza->text_format || !stanza->always)
		check_finding(check, FINDING_STANZA, FINDING_PROBLEM,
			      check_mend(check, editor, path),
			      "%s wants format = string and type = always",
			      path);
	if (!stanza->path[0])
		check_finding(check, FINDING_STANZA, FINDING_PROBLEM,
			      check_mend(check, editor, path),
			      "%s names no path", path);
	else
		check_mode(check, check_path(check, stanza->path), 0750);
}

/* What places the stanza: packages have a script for it. */
static const char *mend_absent(struct check *check)
{
	if (check_is_live(check) && !access(SETUP, X_OK))
		return SETUP " install";
	return check_mend_package(check, "audisp-eql", "audisp-eql");
}

void check_stanza(struct check *check)
{
	const char *plugins = check->auditd->plugin_dir[0]
				      ? check->auditd->plugin_dir
				      : AUDIT_PLUGINS_DIR;
	size_t before = check->problems;
	struct strbuf text = STRBUF_INIT(0);
	struct stanza stanza = { 0 };
	const char *path;
	unsigned int bad;
	int rc;

	path = check_mend(check, "%s%s%s", check->root, plugins, STANZA);
	rc = path ? files_read(path, FILE_BYTES_MAX, &text) : -ENOMEM;
	if (rc) {
		bool rights = rc == -EACCES && geteuid();

		check_finding(check, FINDING_STANZA,
			      rights ? FINDING_WARNING : FINDING_PROBLEM,
			      rights ? "sudo aueql check" : mend_absent(check),
			      "%s: %s%s", path ? path : STANZA, strerror(-rc),
			      rights ? ""
				     : ": auditd does not know of the plugin");
		strbuf_free(&text);
		return;
	}
	check_mode(check, path, 0640);
	bad = stanza_read(strbuf_str(&text), &stanza);
	strbuf_free(&text);
	check_content(check, path, &stanza, bad);
	if (check->problems == before)
		check_finding(check, FINDING_STANZA, FINDING_OK, NULL,
			      "auditd's stanza is right and active");
}
