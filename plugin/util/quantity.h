/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_UTIL_QUANTITY_H
#define AUDISP_EQL_UTIL_QUANTITY_H

#include <audisp-eql/event.h>

/* A whole number and a unit, without a blank. False = not of that form, or
 * more than an int64_t holds; *out is unchanged then. */

/* ms, s, m, h, d or w, as nanoseconds. */
bool quantity_duration(struct str text, int64_t *out);
/* K, M, G (of 1024) or nothing, as bytes. */
bool quantity_size(struct str text, int64_t *out);

/* A number without unit. */
bool quantity_count(struct str text, int64_t *out);

#endif
