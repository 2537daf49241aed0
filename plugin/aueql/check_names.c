/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A central auditd: whether the plugin sees what others send, and who is who. */
#include <errno.h>
#include <string.h>

#include "../node.h"
#include "check.h"

static void check_central(struct check *check, const struct node_names *names)
{
	if (!names->distributes)
		check_finding(check, FINDING_WARNING, NULL,
			      "auditd receives records of other hosts "
			      "(tcp_listen_port) and keeps them from plugins: "
			      "nothing is detected in them without "
			      "distribute_network = yes in auditd.conf");
	else if (names->format == NODE_NONE)
		check_finding(check, FINDING_WARNING, NULL,
			      "other hosts send, and this host's records bear "
			      "no name: those of clients without one are taken "
			      "for its own; set name_format in auditd.conf, "
			      "here and on the clients");
}

void check_names(struct check *check, const char *auditd_conf)
{
	const struct node_answer unasked = { 0 };
	struct arena *arena = arena_new(0);
	struct node_names names;

	if (!arena || node_names(auditd_conf, &unasked, arena, &names))
		check_finding(check, FINDING_PROBLEM, NULL, "%s",
			      strerror(ENOMEM));
	else if (names.listens)
		check_central(check, &names);
	arena_free(&arena);
}
