#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The threads under ThreadSanitizer: the writer of outputs, that of the state, the
# reader of environments, alone and in a plugin that runs. Run in a build
# directory of clang with --enable-sanitizers=thread; builds what it needs.
#
# Not test_sandbox and no case that asks the inspector for environments: the
# sanitizer's own thread, which is in each process, may not do what it tries.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
export srcdir=$top
bad=0
tests="test_environ test_output test_state test_status"
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# some kernels place programs where the sanitizer cannot be
fixed() {
	setarch "$(uname -m)" -R "$@"
}

# shellcheck disable=SC2086
make -s -j2 $tests audisp-eql aueql dispatch without >"$log" 2>&1 || {
	cat "$log"
	exit 1
}
for test in $tests; do
	if fixed "./$test" >"$log" 2>&1 && ! grep -q ThreadSanitizer "$log"; then
		echo "ok - threads: $test"
	else
		cat "$log"
		echo "not ok - threads: $test"
		bad=1
	fi
done
# a worker that raced ends at once, which fails there
TSAN_OPTIONS=halt_on_error=1:exitcode=66 fixed "$top/tests/e2e/plugin.sh" eof heartbeat reload status syslog term \
	>"$log" 2>&1 || bad=1
sed -n 's/^\(not \)*ok - /\1ok - threads: /p; /^#/p' "$log"
exit $bad
