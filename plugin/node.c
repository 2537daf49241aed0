/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "node.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The value of a key of auditd.conf; empty = it is not there. */
static struct str auditd_value(const char *path, struct arena *arena,
			       const char *key)
{
	FILE *file = fopen(path, "re");
	struct str value = { 0 };
	char row[512], name[64], word[256];

	while (file && fgets(row, sizeof(row), file))
		if (sscanf(row, " %63[^ =] = %255s", name, word) == 2 &&
		    !strcasecmp(name, key))
			value = arena_str(arena, str_from(word));
	if (file)
		fclose(file);
	return value;
}

/* fqd and numeric would need the resolver, which may wait for the network:
 * such records keep their node as host. */
struct str node_local(const char *auditd_conf, struct arena *arena)
{
	struct str format = auditd_value(auditd_conf, arena, "name_format");
	char name[256] = { 0 };

	if (format.len == 4 && !strncasecmp(format.data, "user", 4))
		return auditd_value(auditd_conf, arena, "name");
	if (format.len == 8 && !strncasecmp(format.data, "hostname", 8) &&
	    !gethostname(name, sizeof(name) - 1))
		return arena_str(arena, str_from(name));
	return (struct str){ 0 };
}
