/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules that are in the program itself: builtins.def. */
#ifndef AUDISP_EQL_BUILTIN_H
#define AUDISP_EQL_BUILTIN_H

enum builtin_id {
#define BUILTIN(id, name, severity, same, minutes, title, description) \
	BUILTIN_##id,
#include <audisp-eql/builtins.def>
#undef BUILTIN
	BUILTIN__COUNT,
};

#define BUILTIN_ID_PREFIX "audisp_eql."

#endif
