/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Digits as records have them. strtoull(3) wants a NUL behind them, takes signs,
 * spaces and prefixes, and several times as long: an event has fifty numbers. */
#ifndef AUDISP_EQL_UTIL_DIGITS_H
#define AUDISP_EQL_UTIL_DIGITS_H

#include <audisp-eql/event.h>

/* The whole text as a number in base 8, 10 or 16; false = it is none, or has
 * more than 64 bits. */
bool digits_parse(struct str text, int base, uint64_t *out);

#define DIGITS_MAX 20 /* of 64 bits in base 10 */

/* Writes it in base 10, no NUL; the length. */
size_t digits_format(uint64_t number, char out[DIGITS_MAX]);

#endif
