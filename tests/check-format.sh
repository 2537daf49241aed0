#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The code is as clang-format 14 leaves it.
set -u
top=${srcdir:-.}
format=$(command -v clang-format-14 || command -v clang-format) || {
	echo "SKIP: no clang-format"
	exit 77
}
case $($format --version) in
*' 14.'*) ;;
*)
	echo "SKIP: clang-format is not version 14, whose taste .clang-format is"
	exit 77
	;;
esac
cd "$top" || exit 99
find plugin include tests -name '*.[ch]' | sort |
	xargs $format --dry-run -Werror || exit 1
echo "format: as .clang-format has it"
