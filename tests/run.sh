#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs what the tests need and passes them all. Many tests of the plugin wait more
# than they work, so four at once do well on two cores.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/packaging/deps.sh"
deps_install build test live
passed=0 failed=0 skipped=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# One build and its tests: NAME COMPILER [configure option]...
build_and_check() {
	name=$1 compiler=$2
	shift 2
	mkdir "$work/$name"
	if (cd "$work/$name" &&
		"$top/configure" CC="$compiler" --enable-werror "$@" &&
		make -j2 && make -j4 check) >"$work/$name.log" 2>&1; then
		echo "ok - $name"
		passed=$((passed + 1))
	else
		echo "not ok - $name"
		tail -n 60 "$work/$name.log"
		cat "$work/$name/test-suite.log" 2>/dev/null || :
		failed=$((failed + 1))
	fi
	grep -E '^# (TOTAL|PASS|SKIP|FAIL|ERROR)' "$work/$name.log" || :
}

(cd "$top" && autoreconf -fi) >"$work/autoreconf.log" 2>&1 || {
	cat "$work/autoreconf.log"
	exit 1
}
build_and_check gcc gcc
build_and_check clang clang
CORPUS_LOG=plugin.log build_and_check sanitizers gcc --enable-sanitizers

step() { # NAME COMMAND...
	name=$1
	shift
	if ("$@") >"$work/$name.log" 2>&1; then
		echo "ok - $name"
		passed=$((passed + 1))
	else
		status=$?
		cat "$work/$name.log"
		if [ $status = 77 ]; then
			echo "skipped - $name"
			skipped=$((skipped + 1))
		else
			echo "not ok - $name"
			failed=$((failed + 1))
		fi
	fi
	grep -E '^(ok|not ok|skipped|#) ' "$work/$name.log" || :
}

# a sanitizer that goes with no other; threads.sh builds what it needs
threads() {
	mkdir "$work/threads" && cd "$work/threads" &&
		"$top/configure" -q CC=clang --enable-werror \
			--enable-sanitizers=thread && "$top/tests/threads.sh"
}
in_gcc() { # COMMAND...
	cd "$work/gcc" && "$@"
}
step threads threads
step valgrind in_gcc "$top/tests/valgrind.sh"
step analyze in_gcc "$top/tests/analyze.sh" cppcheck clang-tidy
step outputs "$top/tests/e2e/outputs.sh" "$work/gcc"
step distcheck make -j4 -C "$work/gcc" distcheck
step hosts "$top/tests/e2e/hosts.sh" "$work/gcc"
AUDISP_EQL_SLOW=1 step live "$top/tests/e2e/live.sh" "$work/gcc"
step floods "$top/tests/e2e/floods.sh" "$work/gcc"
step check-live "$top/tests/e2e/check.sh" "$work/gcc"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
