/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_KEEPER_H
#define AUDISP_EQL_KEEPER_H

#include "util/log.h"

/*
 * The process auditd starts: reads standard input into the ring and keeps a
 * worker running. Returns at the end of input (or 3 s after SIGTERM) when the
 * worker has told all; an exit code.
 */
int keeper_run(const char *config_path, struct log *log);

#endif
