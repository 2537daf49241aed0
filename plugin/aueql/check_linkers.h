/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_AUEQL_CHECK_LINKERS_H
#define AUDISP_EQL_AUEQL_CHECK_LINKERS_H

#include "check.h"
#include "loaded.h"

/* Whether what the linkers of this host make is audited; mend = what to type
 * where it is not. */
void check_linkers(struct check *check, const struct loaded *loaded,
		   const char *mend);

#endif
