#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs what building needs, builds, and shows the main job: a program is
# compiled, run and connects out, and the alert arrives in syslog. It runs in a
# private auditd, rsyslogd and network namespace and takes all down again.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || {
		echo "quickstart.sh: needs root (or sudo)" >&2
		exit 1
	}
	exec sudo -- "$0" "$@"
fi
# shellcheck source=packaging/deps.sh
. "$top/packaging/deps.sh"
# shellcheck source=packaging/live.sh
. "$top/packaging/live.sh"

echo "== installing what building and the demonstration need"
dir=$(mktemp -d)
chmod 755 "$dir"
trap 'live_stop; rm -rf "$dir"' EXIT
deps_install build live >"$dir/install.log" 2>&1 || {
	tail -n 20 "$dir/install.log"
	exit 1
}
echo "== building in $top/build"
mkdir -p "$top/build"
(cd "$top" && autoreconf -fi && cd build && ../configure && make -j2) \
	>"$dir/build.log" 2>&1 || {
	tail -n 40 "$dir/build.log"
	exit 1
}
chown -R --reference="$top" "$top/build"
live_rules=$top/rules.d/detect

live_wait_for_others
if ! reason=$(live_possible); then
	echo "== no live demonstration here: $reason"
	echo "== replaying a recorded attack instead"
	"$top/build/aueql" replay -r "$live_rules" \
		"$top/tests/corpus/gcc-o/plugin.log"
	exit
fi
echo "== starting a private auditd with the plugin, and a private rsyslogd"
live_user=_audisp-eql
live_start "$top/build" "$dir" || {
	cat "$dir"/*.log
	exit 1
}
echo "== of the plugin, one process starts the others; what parses has no privileges:"
ps -o user:12,pid,ppid,args -C audisp-eql | grep -e USER -e "$dir"
echo "== compiling, running, connecting (in a network namespace of its own)"
mkdir "$dir/w"
live_source "$dir/w/demo.c" 198.51.100.1
(cd "$dir/w" && gcc -o demo demo.c && ip netns exec "$live_netns" ./demo)
live_wait 10 grep -q 'ALERT .*/demo"' "$dir/syslog" || {
	echo "no alert came" >&2
	cat "$dir/syslog" "$dir/auditctl.log" >&2
	exit 1
}
echo "== as syslog received it: by the published logic, which joins names within a"
echo "== minute, and by the rule that follows the file (installed, the latter alone runs):"
grep 'ALERT .*/demo"' "$dir/syslog"
echo "== taking all down again"
