#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What analyzers say of our sources; fails with a complaint, names those that
# are not installed. Run in a configured build directory.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
bad=0
mapfile -t sources < <(cd "$top" && find plugin -name '*.c' | sort)
mapfile -t flags < <(sed -n 's/^\(AUDIT\|AUPARSE\|CAPNG\|PCRE2\|JSONC\|SECCOMP\)_CFLAGS = //p' \
	Makefile | tr ' ' '\n' | sed '/^$/d')
flags+=(-D_GNU_SOURCE -I"$top/include" -I"$top/plugin"
	'-DPACKAGE_VERSION="0"' '-DSYSCONFDIR="/etc"' '-DLOCALSTATEDIR="/var"'
	'-DPKGDATADIR="/usr/share/audisp-eql"' '-DRUNSTATEDIR="/run"'
	'-DAUDIT_PLUGINS_DIR="/etc/audit/plugins.d"')
cd "$top" || exit 1

run() { # NAME COMMAND...: any output is a complaint
	local name=$1
	shift
	if ! command -v "$1" >/dev/null; then
		echo "skipped - $name: not installed"
		return
	fi
	output=$("$@" 2>&1)
	if [ -z "$output" ]; then
		echo "ok - $name"
	else
		echo "$output"
		echo "not ok - $name"
		bad=1
	fi
}

tidy() {
	clang-tidy --quiet --warnings-as-errors='*' \
		--checks="-*,bugprone-*,clang-analyzer-*,misc-redundant-expression,\
-bugprone-easily-swappable-parameters,-bugprone-assignment-in-if-condition,\
-bugprone-reserved-identifier,-bugprone-macro-parentheses,\
-bugprone-narrowing-conversions,-bugprone-implicit-widening*,\
-bugprone-switch-missing-default-case,-bugprone-suspicious-include,\
-bugprone-multi-level-implicit-pointer-conversion,\
-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling" \
		"${sources[@]}" -- -std=gnu11 "${flags[@]}" 2>/dev/null |
		grep -E '(warning|error):'
}

run "cppcheck" cppcheck --quiet --std=c11 --inline-suppr --max-configs=1 \
	--enable=warning,portability,performance \
	--suppress=normalCheckLevelMaxBranches \
	"${flags[@]}" "${sources[@]}"
if command -v clang-tidy >/dev/null; then
	run "clang-tidy" tidy
else
	echo "skipped - clang-tidy: not installed"
fi
run "gcc -fanalyzer" gcc -std=gnu11 -O1 -fanalyzer -Wall -Wextra \
	-fsyntax-only "${flags[@]}" "${sources[@]}"
exit $bad
