/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How wide text is, in columns of a fixed-width font; of no locale. */
#ifndef AUDISP_EQL_AUEQL_COLUMNS_H
#define AUDISP_EQL_AUEQL_COLUMNS_H

#include "../util/strbuf.h"

/* Columns of text that has been made safe: UTF-8, no control characters. */
size_t columns_of(struct str text);
/*
 * Adds as much of the text as fits into so many columns; where that is not all,
 * the mark (trusted) stands for what is left out: the end, or the middle.
 * Returns the columns taken.
 */
enum columns_cut { COLUMNS_CUT_END, COLUMNS_CUT_MIDDLE };
size_t columns_fit(struct strbuf *out, struct str text, size_t columns,
		   enum columns_cut cut, struct str mark);
/* Bytes from the start that fit into so many columns, at a whole character. */
size_t columns_prefix(struct str text, size_t columns);

#endif
