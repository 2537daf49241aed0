#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Fuzzes each target, or those named, for FUZZ_SECONDS (60) with clang's
# libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer: run.sh [TARGET]...
# Builds below ./fuzz, where inputs that fail are left; new ones that are worth
# keeping go to tests/fuzz/corpus/TARGET by hand.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/tests/fuzz/targets.sh"
mkdir -p fuzz
cd fuzz
[ -f Makefile ] || "$top/configure" CC=clang --enable-sanitizers \
	CFLAGS="-O1 -g -fsanitize=fuzzer-no-link" >configure.log
# by itself: configure has nothing to do with the flags below
make -s Makefile
bad=0
for target in ${*:-$targets}; do
	make -s -j2 "fuzz_$target" LDFLAGS=-fsanitize=fuzzer \
		CPPFLAGS=-DWITH_LIBFUZZER >"build-$target.log" 2>&1 || {
		cat "build-$target.log"
		exit 1
	}
	mkdir -p "found/$target"
	seeds=$(cd "$top" && for dir in $(seeds "$target"); do echo "$top/$dir"; done)
	words=$(cd "$top" && dictionary "$target")
	# shellcheck disable=SC2086
	if "./fuzz_$target" -max_total_time="${FUZZ_SECONDS:-60}" -timeout=20 \
		-rss_limit_mb=2048 -artifact_prefix="$PWD/$target-" \
		${words:+-dict="$top/$words"} \
		-print_final_stats=1 "found/$target" $seeds \
		>"$target.log" 2>&1; then
		echo "ok - $target: $(sed -n \
			's/^stat::number_of_executed_units: *//p' \
			"$target.log") inputs tried, $(sed -n \
			's/.*DONE *cov: \([0-9]*\).*/\1/p' "$target.log") edges"
	else
		echo "not ok - $target: see fuzz/$target.log"
		tail -n 30 "$target.log"
		bad=1
	fi
done
exit $bad
