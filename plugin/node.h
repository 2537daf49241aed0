/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What auditd.conf says of names: this host's own, and whether others send. */
#ifndef AUDISP_EQL_NODE_H
#define AUDISP_EQL_NODE_H

#include "util/arena.h"

#define NODE_AUDITD_CONF "/etc/audit/auditd.conf"
#define NODE_NAME_BYTES 256

/* name_format: what auditd puts before this host's own records. */
enum node_format {
	NODE_NONE,
	NODE_HOSTNAME,
	NODE_FQD, /* as the resolver completes it */
	NODE_NUMERIC, /* the address the resolver gives */
	NODE_USER, /* name */
};

/* What the resolver said of this host; empty = nothing, or it was not asked. */
struct node_answer {
	enum node_format format;
	char name[NODE_NAME_BYTES];
};

struct node_names {
	enum node_format format;
	/* the name before this host's own records; empty = there is none, or
	 * it is not known */
	struct str local;
	/* other hosts send records here (tcp_listen_port), and they are handed
	 * to plugins (distribute_network) */
	bool listens, distributes;
	bool enriched; /* auditd names users itself */
};

/*
 * Asks the resolver, if auditd.conf has a format that needs it, as auditd itself
 * has done at its start: in a process without privileges, that has NODE_WAIT_MS.
 */
#define NODE_WAIT_MS 1000
enum node_format node_format_of(const char *auditd_conf);
void node_ask(const char *auditd_conf, struct node_answer *out);
/* The texts are in the arena. 0 or -ENOMEM. */
int node_names(const char *auditd_conf, const struct node_answer *answer,
	       struct arena *arena, struct node_names *out);

/* Where auditd writes its log, its default where auditd.conf does not say; NULL =
 * it writes none. */
const char *node_log_file(const char *auditd_conf, struct arena *arena);

#endif
