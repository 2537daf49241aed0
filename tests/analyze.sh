#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What analyzers say of our sources; fails with a complaint, names those that
# are not installed: analyze.sh [cppcheck|clang-tidy|gcc]... Run in a configured
# build directory. What is known and no error stands in analyze.cppcheck and
# analyze.tidy, with the reason.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
bad=0
mapfile -t sources < <(cd "$top" && find plugin -name '*.c' | sort)
mapfile -t flags < <(sed -n 's/^\(AUDIT\|AUPARSE\|CAPNG\|PCRE2\|JSONC\|SECCOMP\)_CFLAGS = //p' \
	Makefile | tr ' ' '\n' | sed '/^$/d')
flags+=(-D_GNU_SOURCE -I"$top/include" -I"$top/plugin"
	'-DPACKAGE_VERSION="0"' '-DSYSCONFDIR="/etc"' '-DLOCALSTATEDIR="/var"'
	'-DPKGDATADIR="/usr/share/audisp-eql"' '-DRUNSTATEDIR="/run"'
	'-DLIBEXECDIR="/usr/libexec"' '-DAUDIT_PLUGINS_DIR="/etc/audit/plugins.d"')
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

# What it says and analyze.tidy does not know of.
tidy() {
	printf '%s\n' "${sources[@]}" | xargs -P "$(nproc)" -I FILE \
		clang-tidy --quiet --checks="$checks" FILE -- -std=gnu11 \
		"${flags[@]}" 2>/dev/null |
		grep -E '(warning|error):' | sed "s|$top/||; s|[a-z]*/\.\./||g" |
		sort -u | while read -r row; do
		file=${row%%:*} check=${row##*[} check=${check%%[],]*}
		awk -v file="$file" -v check="$check" '
			$1 == file && $2 == check { known = 1 }
			END { exit known }' tests/analyze.tidy && echo "$row"
	done
}

# left out are those of style, what C is written like here (a size of pointers,
# !strcmp(), texts without NUL), and what asks for functions that libc has not
checks="-*,bugprone-*,clang-analyzer-*,misc-redundant-expression,\
-bugprone-easily-swappable-parameters,-bugprone-assignment-in-if-condition,\
-bugprone-reserved-identifier,-bugprone-macro-parentheses,\
-bugprone-narrowing-conversions,-bugprone-implicit-widening*,\
-bugprone-switch-missing-default-case,-bugprone-suspicious-include,\
-bugprone-multi-level-implicit-pointer-conversion,\
-bugprone-sizeof-expression,-bugprone-suspicious-string-compare,\
-bugprone-not-null-terminated-result,-clang-analyzer-optin.performance.Padding,\
-clang-analyzer-security.insecureAPI.strcpy,\
-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling"
only=" $* "

wanted() { # NAME
	[ "$only" = "  " ] || [[ $only == *" $1 "* ]]
}

wanted cppcheck && run "cppcheck" cppcheck --quiet --std=c11 --inline-suppr \
	--max-configs=1 -j "$(nproc)" --enable=warning,portability,performance \
	--suppressions-list=tests/analyze.cppcheck \
	"${flags[@]}" "${sources[@]}"
wanted gcc && run "gcc -fanalyzer" gcc -std=gnu11 -O1 -fanalyzer -Wall \
	-Wextra -fsyntax-only "${flags[@]}" "${sources[@]}"
if ! wanted clang-tidy; then
	:
elif ! command -v clang-tidy >/dev/null; then
	echo "skipped - clang-tidy: not installed"
elif ! clang-tidy --version | grep -q 'version 14\.'; then
	echo "skipped - clang-tidy: analyze.tidy is for version 14"
else
	run "clang-tidy" tidy
fi
exit $bad
