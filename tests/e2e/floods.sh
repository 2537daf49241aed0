#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An ordinary user floods a real kernel and auditd while another does what is to
# be found, and does it himself: floods.sh BUILD. STORM_COUNT (20000) programs
# with few arguments, a hundredth as many with 20,000.
# shellcheck disable=SC2034,SC2154
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$1
live_rules=$top/rules.d/detect
# shellcheck source=/dev/null
. "$top/packaging/live.sh"

live_wait_for_others
if ! reason=$(live_possible); then
	echo "SKIP: floods of a real kernel: $reason"
	exit 77
fi
dir=$(mktemp -d)
chmod 755 "$dir"
count=${STORM_COUNT:-20000}
passed=0 failed=0
trap 'live_stop; rm -rf "$dir"' EXIT

ok() { # NAME COMMAND...
	local name=$1
	shift
	if "$@" >/dev/null 2>&1; then
		echo "ok - $name"
		passed=$((passed + 1))
	else
		echo "not ok - $name"
		failed=$((failed + 1))
	fi
}

# As a login would. Ids that no user database knows.
as() { # UID COMMAND...
	local uid=$1
	shift
	(echo "$uid" >/proc/self/loginuid &&
		exec setpriv --reuid "$uid" --regid "$uid" --clear-groups "$@")
}

# Compiles and links as a user; what it makes connects in the namespace.
build_as() { # UID NAME
	live_source "$dir/$1/$2.c" 198.51.100.1
	# shellcheck disable=SC2016
	as "$1" sh -c 'cd "$1" && gcc -o "$2" "$2.c"' sh "$dir/$1" "$2"
}

# The namespace is entered with root's rights, which are given up behind it.
run_as() { # UID NAME
	(echo "$1" >/proc/self/loginuid && cd "$dir/$1" &&
		exec ip netns exec "$live_netns" setpriv --reuid "$1" \
			--regid "$1" --clear-groups "./$2")
}

found() { # NAME
	grep -q "ALERT rule=\"[^\"]*linked on this host\".*/$1\"" "$dir/syslog"
}

storm() { # UID
	as "$1" "$dir/storm" "$dir/$1" "$count" 20 &&
		as "$1" "$dir/storm" "$dir/$1" $((count / 100)) 20000
}

said() {
	grep -qE 'rule_id="audisp_eql\.(memory_full|processes_forgotten|keys_cut)"' \
		"$dir/syslog"
}

gcc -O2 -o "$dir/storm" "$top/tests/e2e/storm.c" || exit 1
for uid in 61001 61002; do
	install -d -o "$uid" "$dir/$uid"
	cp /bin/true "$dir/$uid/gcc"
	chmod 755 "$dir/$uid/gcc"
done
if ! as 61001 true; then
	echo "SKIP: floods of a real kernel: a login uid cannot be set here"
	exit 77
fi
ok "auditd starts the plugin" live_start "$build" "$dir"
echo "memcap = 4M" >>"$dir/audisp-eql.conf"
kill -HUP "$(pgrep -P "$live_auditd" audisp-eql)"
ok "with little memory" live_wait 10 grep -q 'reloading' "$dir/syslog"
sleep 1

for flooder in 61001 61002; do
	build_as 61001 "before$flooder"
	storm "$flooder" &
	storming=$!
	sleep 1
	build_as 61001 "while$flooder" && run_as 61001 "while$flooder"
	ok "the flood of $flooder ran to its end" wait $storming
	run_as 61001 "before$flooder"
	build_as 61001 "after$flooder" && run_as 61001 "after$flooder"
	for when in before while after; do
		ok "flood of $flooder, of 61001 what is linked $when" \
			live_wait 30 found "$when$flooder"
	done
done
ok "the flood was told of" live_wait 30 said
worker=$(pgrep -P "$(pgrep -P "$live_auditd" audisp-eql)" | head -n 1)
peak=$(awk '$1 == "VmHWM:" { print $2 }' "/proc/$worker/status")
echo "# peak of the worker: $peak KiB; lost by the kernel:" \
	"$(auditctl -s | sed -n 's/^lost //p')"
grep -o 'rule_id="audisp_eql\.[a-z_]*"' "$dir/syslog" | sort | uniq -c |
	sed 's/^/# /'
# an event of 20,000 arguments takes another 6 while it is in hand
ok "memory stays within memcap, 16 MiB and 8" [ "$peak" -le $((28 << 10)) ]
echo "$passed passed, $failed failed"
[ $failed = 0 ]
