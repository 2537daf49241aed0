#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The fuzz targets over what fuzzing found and what it begins from.
set -u
top=${srcdir:-.}
build=$PWD
bad=0
cd "$top" || exit 99
. tests/fuzz/targets.sh
for target in $targets; do
	if [ ! -x "$build/fuzz_$target" ]; then
		# one needs cmocka, and is not built without
		echo "$target: not built"
		[ "$target" = engine ] || bad=1
		continue
	fi
	files=$(find $(seeds "$target") -type f | sort)
	# one at a time, so that the one that fails is named
	for file in $files; do
		"$build/fuzz_$target" "$file" && continue
		echo "fuzz_$target fails with $file"
		bad=1
	done
	echo "$target: $(echo "$files" | wc -l) inputs"
done
exit $bad
