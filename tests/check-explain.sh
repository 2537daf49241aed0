#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What aueql explain says of captures: tests/cases/explain/CAPTURE.txt is what
# follows the rule itself.
set -u
top=${srcdir:-.}
bad=0
for want in "$top"/tests/cases/explain/*.txt; do
	capture=$(basename "$want" .txt)
	log=$(find "$top/tests/corpus/$capture" -name '*.log' | LC_ALL=C sort |
		head -n 1)
	./aueql explain "$top/tests/rules/published_2023_form.toml" "$log" |
		sed '1,/^  \[network/d' | diff "$want" - && continue
	echo "$capture: another explanation"
	bad=1
done
[ $bad = 0 ] && echo "explain: all as expected"
exit $bad
