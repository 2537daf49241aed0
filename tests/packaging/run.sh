#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# All tests of packages, in the build directory, after `make deb rpm`, as root.
# With names, only those: lint, deb-bookworm, deb-trixie, rpm, selinux, boot, live.
set -u
here=$(cd "$(dirname "$0")" && pwd)
passed=0 failed=0 skipped=0
[ $# -gt 0 ] || set -- lint deb-bookworm deb-trixie rpm selinux boot live
for test in "$@"; do
	script=${test%%-*}
	argument=${test#"$script"}
	"$here/$script.sh" ${argument:+"${argument#-}"}
	case $? in
	0) passed=$((passed + 1)) ;;
	77) skipped=$((skipped + 1)) ;;
	*) failed=$((failed + 1)) ;;
	esac
done
echo "packages: $passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
