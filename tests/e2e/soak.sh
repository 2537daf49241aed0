#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Feeds the plugin as fast as it takes records for SOAK_SECONDS (600) and sees
# that neither process grows: the largest size of the last quarter against that
# of the second. Run in the build directory.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
seconds=${SOAK_SECONDS:-600}
grow_kib=2048
dir=$(mktemp -d)
pids=
# shellcheck disable=SC2086
trap '[ -z "$pids" ] || kill $pids 2>/dev/null; rm -rf "$dir"' EXIT

user=$(id -un)
[ "$user" != root ] || user=nobody
chown "$user" "$dir"
chmod 755 "$dir"
cat >"$dir/conf" <<EOF
rules = $top/rules.d/detect
json_file = $dir/alerts
syslog_socket = $dir/log
status_file = $dir/status
state_file = $dir/state
host_id = test-host
user = $user
EOF
./dispatch syslog "$dir/log" "$dir/syslog" &
pids=$!
mkfifo "$dir/records" "$dir/commands"
exec 8<>"$dir/commands"
./dispatch 4.0 socket "$PWD/audisp-eql" -c "$dir/conf" <"$dir/commands" \
	>"$dir/answers" 8>&- &
dispatch=$!
pids="$pids $dispatch"
until grep -q 'rules run' "$dir/syslog" 2>/dev/null; do sleep 0.1; done

./genlog --records 1000000000000 "$top/tests/corpus/gcc-o/plugin.log" \
	>"$dir/records" 2>/dev/null 8>&- &
genlog=$!
pids="$pids $genlog"
echo "feed $dir/records" >&8
keeper=$(pgrep -P $dispatch)
size() { # PID
	sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$1/status"
}
for second in $(seq "$seconds"); do
	sleep 1
	worker=$(pgrep -P "$keeper")
	echo "$second $(size "$keeper") $(size "$worker")"
done >"$dir/sizes"
kill $genlog
until grep -q . "$dir/answers"; do sleep 0.1; done
echo close >&8
exec 8>&-
wait $dispatch
grep -E '_(records_total|dropped_records_total|memory_bytes|alert_number) ' \
	"$dir/status" | sed 's/^/# /'
if grep -q 'starting another' "$dir/syslog"; then
	echo "not ok - a worker came to grief"
	exit 1
fi
awk -v most="$grow_kib" -v seconds="$seconds" '
{ quarter = int(($1 - 1) * 4 / seconds) }
$2 > keeper[quarter] { keeper[quarter] = $2 }
$3 > worker[quarter] { worker[quarter] = $3 }
END {
	bad = keeper[3] > keeper[1] + most || worker[3] > worker[1] + most
	bad = bad || !keeper[1] || !worker[1] || !keeper[3] || !worker[3]
	for (i = 0; i < 4; i++)
		printf "# quarter %d: keeper %d KiB, worker %d KiB\n", i + 1,
			keeper[i], worker[i]
	print (bad ? "not ok" : "ok") " - no process grows"
	exit bad
}' "$dir/sizes"
