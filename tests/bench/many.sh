#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What 300 rules cost beside the shipped one: executions of real systems, from
# the captures, and made up ones that come near to many rules. Run in the build
# directory.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
rule=$top/rules.d/detect/network_after_compile.toml
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$top/tests/bench/rules.sh" "$work" "${BENCH_RULES:-300}"
for log in "$top"/tests/corpus/*/plugin.log; do
	# executions with thousands of arguments are a matter of their own
	case $log in */argv-*) continue ;; esac
	./aueql events "$log" 2>/dev/null
done >"$work/captures.ndjson"
./rulecost - "$rule"
./rulecost - "$rule" "$work/rules"
for events in captures near; do
	echo "$events:"
	./rulecost "$work/$events.ndjson" "$rule" "$work/rules"
done
