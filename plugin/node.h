/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_NODE_H
#define AUDISP_EQL_NODE_H

#include "util/arena.h"

#define NODE_AUDITD_CONF "/etc/audit/auditd.conf"

/* The name auditd puts before this host's own records, by name_format and name
 * of auditd.conf; empty where it puts none or that cannot be known. */
struct str node_local(const char *auditd_conf, struct arena *arena);

#endif
