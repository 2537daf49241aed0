/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text as auditd's stanza: a place in it, or none, and findings that hold
 * what they are about. Includes check_stanza.c, and stands in for check.c.
 */
#include "aueql/check_stanza.c"

#include <stdarg.h>

#include "target.h"

static unsigned int findings;

void check_finding(struct check *check, enum finding_id id,
		   enum finding_severity severity, const char *mend,
		   const char *format, ...)
{
	char sentence[4096];
	va_list ap;
	int len;

	(void)check;
	va_start(ap, format);
	len = vsnprintf(sentence, sizeof(sentence), format, ap);
	va_end(ap);
	require(id == FINDING_STANZA && severity == FINDING_PROBLEM);
	require(len > 0 && (size_t)len < sizeof(sentence));
	require(!mend || mend[0]);
	findings++;
}

const char *check_path(struct check *check, const char *path)
{
	return check_mend(check, "/nowhere/%s", path);
}

const char *check_mend(struct check *check, const char *format, ...)
{
	char text[4096];
	va_list ap;
	int len;

	va_start(ap, format);
	len = vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	require(len > 0 && (size_t)len < sizeof(text));
	return arena_copy(check->arena, text, (size_t)len);
}

const char *check_mend_package(struct check *check, const char *deb,
			       const char *rpm)
{
	(void)check;
	(void)rpm;
	return deb;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct check check = { .arena = arena_new(0), .root = "/nowhere" };
	struct stanza stanza = { 0 };
	const struct str text = { (const char *)data, size };
	unsigned int bad = stanza_read(text, &stanza);

	require(bad <= target_rows(data, size));
	require(memchr(stanza.path, '\0', sizeof(stanza.path)) != NULL);
	findings = 0;
	check_content(&check, "/etc/audit/plugins.d" STANZA, &stanza, bad);
	/* the program is not there, or has no path: that at least is told */
	require(findings >= 1);
	require(!bad || findings >= 2);
	arena_free(&check.arena);
	return 0;
}
