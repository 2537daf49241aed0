/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What save.c and load.c agree on. The parts of a state, in their order:
 *
 * magic; the seeds of the keys; names of fields;
 * hashes of rules; hosts; events; steps with their partials, parents before
 * their children; matches that wait; events held back; findings; what exceptions
 * did. Things refer to earlier ones by number. */
#ifndef AUDISP_EQL_ENGINE_SAVE_H
#define AUDISP_EQL_ENGINE_SAVE_H

#include <stdint.h>

#define STATE_MAGIC "AEQLENG3"
#define STATE_MAGIC_BYTES 8

#endif
