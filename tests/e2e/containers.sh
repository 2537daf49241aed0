#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How many containers that live for a moment get their id, with the real kernel
# and auditd: containers.sh BUILD. CONTAINERS says of how many (10000); below 99
# in a hundred it fails. Rules that ask for container.id are told as racy.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$1
count=${CONTAINERS:-10000}
. "$top/packaging/live.sh"

# another test may be at it
live_wait_for_others
if ! reason=$(live_possible); then
	echo "SKIP: $reason"
	exit 77
fi
root=$(sed -n 's/^[^ ]* \([^ ]*\) cgroup2 .*/\1/p' /proc/mounts | head -n 1)
cgroup=$root/audisp-eql-test-$$
if [ -z "$root" ] || ! mkdir "$cgroup" 2>/dev/null; then
	echo "SKIP: no cgroups (version 2) of our own"
	exit 77
fi
dir=$(mktemp -d)
chmod 755 "$dir"
trap 'live_stop; find "$cgroup" -depth -type d -exec rmdir {} \; 2>/dev/null
	rm -rf "$dir"' EXIT

live_rules=$dir/rules.d
mkdir "$live_rules"
cat >"$live_rules/all.toml" <<'EOF'
[rule]
rule_id = "all"
name = "A program of a container"
type = "eql"
query = 'process where event.action == "exec" and process.name == "short-lived"'
EOF
sed 's/"all"/"known"/; s/lived"/& and container.id != null/' \
	"$live_rules/all.toml" >"$live_rules/known.toml"

# each a file of its own: by their real names they are known
gcc -O2 -o "$dir/runc" "$top/tests/e2e/containers.c" || exit 99
cp "$dir/runc" "$dir/containerd-shim-runc-v2"
cp "$dir/runc" "$dir/short-lived"

status() { # NAME: the number in the report
	sed -n "s/^audisp_eql_$1 //p" "$dir/status"
}

report() {
	rm -f "$dir/status"
	kill -USR1 "$(pgrep -P "$live_auditd" audisp-eql)"
	live_wait 10 grep -q '^audisp_eql_matches_total' "$dir/status"
}

seen_all() {
	report
	[ $(($(status matches_total) + $(status containers_unresolved_total))) \
		-ge $((2 * count)) ]
}

live_start "$build" "$dir" || exit 99
begin=$(date +%s)
"$dir/containerd-shim-runc-v2" "$count" "$cgroup" "$dir" || exit 99
took=$(($(date +%s) - begin))
live_wait 3 seen_all
matched=$(status matches_total) unresolved=$(status containers_unresolved_total)
lost=$(auditctl -s | sed -n 's/^lost //p')
live_stop
known=$((matched - count))
echo "$count containers in $took s: $known with their id," \
	"$unresolved without, lost records (since boot): $lost"
[ $((known * 100)) -ge $((count * 99)) ]
