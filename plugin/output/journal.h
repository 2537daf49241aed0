/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_OUTPUT_JOURNAL_H
#define AUDISP_EQL_OUTPUT_JOURNAL_H

#include <audisp-eql/output.h>

#define JOURNAL_SOCKET_DEFAULT "/run/systemd/journal/socket"

extern const struct output_ops output_journal;

#endif
