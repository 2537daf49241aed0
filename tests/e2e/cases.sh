# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# Sourced by plugin.sh and outputs.sh, which count: passed, failed, skipped; case
# is the one in hand.

skip() { # NAME REASON
	echo "skipped - $case: $1: $2"
	skipped=$((skipped + 1))
}

# The ceiling is for machines that do something else as well: nothing here is
# about time.
until_ok() { # COMMAND...
	local tries=600
	while ! "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.05
	done
}
