/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_AUEQL_CANARY_H
#define AUDISP_EQL_AUEQL_CANARY_H

#include <stdbool.h>

/* Whether this process was started as the canary, or as its linker; then it has
 * done that, and *code is what to end with. */
bool canary_run_as(int argc, char **argv, int *code);

#endif
