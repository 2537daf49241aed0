#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What aueql explain says of captures: tests/cases/explain/CAPTURE.txt is what
# follows the rule itself. Of a rule CASE.toml there it is what it says of the
# ECS events CASE.ndjson. UPDATE_CASES=1 writes these anew.
set -u
top=${srcdir:-.}
cases=$top/tests/cases/explain
bad=0

explain() { # CASE
	if [ -f "$cases/$1.toml" ]; then
		./aueql explain --ecs "$cases/$1.toml" "$cases/$1.ndjson"
		return
	fi
	log=$(find "$top/tests/corpus/$1" -name '*.log' | LC_ALL=C sort |
		head -n 1)
	./aueql explain "$top/tests/rules/published_2023_form.toml" "$log" |
		sed '1,/^  \[network/d'
}

for want in "$cases"/*.txt; do
	name=$(basename "$want" .txt)
	[ -z "${UPDATE_CASES:-}" ] || explain "$name" >"$want"
	explain "$name" | diff "$want" - && continue
	echo "$name: another explanation"
	bad=1
done
[ $bad = 0 ] && echo "explain: all as expected"
exit $bad
