#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Each header compiles alone, in C and (the public ones) in C++.
set -u
top=${srcdir:-.}
cc=${CC:-cc}
bad=0
for header in "$top"/include/audisp-eql/*.h "$top"/plugin/*.h \
	"$top"/plugin/*/*.h; do
	printf '#include "%s"\nextern int not_empty;\n' \
		"$(cd "$(dirname "$header")" && pwd)/$(basename "$header")" |
		$cc -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror \
			-fsyntax-only -I"$top/include" -I"$top/plugin" \
			-DSYSCONFDIR='""' -x c - || bad=1
done
[ $bad = 0 ] && echo "headers: each compiles alone"
exit $bad
