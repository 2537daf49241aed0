/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_KEEPER_H
#define AUDISP_EQL_KEEPER_H

#include <stdbool.h>

#include "util/log.h"

/*
 * The process auditd starts: reads standard input into the ring and keeps a
 * worker running. Returns at the end of input (or 3 s after SIGTERM) when the
 * worker has told all; an exit code. sandbox: it gives up system calls, too.
 */
int keeper_run(const char *config_path, bool sandbox, struct log *log);

#endif
