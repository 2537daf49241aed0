#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Which lines the inputs of each fuzz target reach, or of those named, of the files
# it is about (gcov): those in the tree, and with what run.sh has found below ./fuzz
# as well, where it has: coverage.sh [TARGET]... Builds below ./fuzz/coverage.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/tests/fuzz/targets.sh"
found=$PWD/fuzz/found
mkdir -p fuzz/coverage
cd fuzz/coverage
[ -f Makefile ] || "$top/configure" --disable-hardening \
	CFLAGS="-O0 -g --coverage" >configure.log
make -s Makefile

run_files() { # TARGET DIR...
	local target=$1
	shift
	find "$@" -type f -exec "./fuzz_$target" {} +
}

# "FILE PERCENT LINES" of each source that was run; of one that is in two objects,
# where more of it was.
lines_run() {
	find . -name '*.gcda' -exec gcov -n {} + 2>/dev/null | awk -F "'" '
	/^File / { file = $2 }
	/^Lines executed:/ {
		sub(/^Lines executed:/, ""); split($0, part, "% of ")
		if (!(file in best) || part[1] + 0 > best[file]) {
			best[file] = part[1] + 0; count[file] = part[2]
		}
	}
	END { for (file in best) print file, best[file], count[file] }'
}

# Of so many lines, how many in percent.
covered() { # TARGET
	local subjects
	subjects=$(cd "$top" && subjects "$1")
	lines_run | awk -v subjects="$subjects" '
	BEGIN { split(subjects, name, " ") }
	{
		for (i in name)
			if (substr($1, length($1) - length(name[i])) == \
			    "/" name[i]) {
				all += $3; run += $2 / 100 * $3
			}
	}
	END { printf "%d %.0f\n", all, all ? 100 * run / all : 0 }'
}

echo "| target | lines | run by inputs in the tree | and by those found |"
echo "|---|---|---|---|"
for target in ${*:-$targets}; do
	make -s -j2 "fuzz_$target" >"build-$target.log" 2>&1 || {
		cat "build-$target.log"
		exit 1
	}
	find . -name '*.gcda' -delete
	# shellcheck disable=SC2046
	run_files "$target" $(cd "$top" && seeds "$target" | tr ' ' '\n' |
		sed "s|^|$top/|")
	read -r all percent <<<"$(covered "$target")"
	more=-
	if [ -d "$found/$target" ]; then
		run_files "$target" "$found/$target"
		more="$(covered "$target" | cut -d' ' -f2)%"
	fi
	echo "| $target | $all | $percent% | $more |"
done
