/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_UTIL_DIAG_H
#define AUDISP_EQL_UTIL_DIAG_H

#include "strbuf.h"

enum diag_severity { DIAG_ERROR, DIAG_WARNING, DIAG_NOTE };

/* A complaint about a text of ours: a rule, a query, a configuration. */
struct diag {
	enum diag_severity severity;
	struct str file; /* empty = none */
	unsigned int line, column; /* from 1, column in bytes; 0 = whole file */
	struct str source_line; /* the line it is about; empty = none */
	struct str message; /* no full stop, no newline */
};

/* file:line:column: message, in one row, made safe; no newline. */
void diag_summary(const struct diag *diag, struct strbuf *out);
/*
 * file:line:column: error: message, then the source line and a caret below
 * the column (tabs kept, hostile bytes escaped). Ends with a newline. In colour
 * for a terminal.
 */
void diag_print(const struct diag *diag, bool color, struct strbuf *out);
/* Line, column and source line of an offset in a text. */
void diag_locate(struct str text, size_t offset, struct diag *diag);

#endif
