/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AUDISP_EQL_OUTPUT_JSONL_H
#define AUDISP_EQL_OUTPUT_JSONL_H

#include <audisp-eql/output.h>

extern const struct output_ops output_jsonl;

#endif
