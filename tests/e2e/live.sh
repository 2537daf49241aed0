#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The main job with the real kernel, auditd and rsyslogd: live.sh BUILD
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$1
live_rules=$top/rules.d/detect
. "$top/packaging/live.sh"

live_wait_for_others
if ! reason=$(live_possible); then
	echo "SKIP: end-to-end test with the real auditd: $reason"
	exit 77
fi
dir=$(mktemp -d)
chmod 755 "$dir"
trap 'live_stop; rm -rf "$dir"' EXIT
passed=0 failed=0

ok() { # NAME COMMAND...
	name=$1
	shift
	if "$@" >/dev/null 2>&1; then
		echo "ok - $name"
		passed=$((passed + 1))
	else
		echo "not ok - $name"
		failed=$((failed + 1))
	fi
}

alerts() { # NAME: how many alerts of the published logic name the program
	grep -c "ALERT rule=\"[^\"]*compiled a moment ago\".*/$1\"" "$dir/syslog"
}

linked() { # NAME: the same of the rule that follows files
	grep -c "ALERT rule=\"[^\"]*linked on this host\".*/$1\"" "$dir/syslog"
}

build_in() { # NAME ADDRESS
	live_source "$dir/w/$1.c" "$2"
	(cd "$dir/w" && gcc -o "$1" "$1.c")
}

run_in() {
	(cd "$dir/w" && ip netns exec "$live_netns" "./$1")
}

one_alert() { [ "$(alerts "$1")" = 1 ]; }
one_linked() { [ "$(linked "$1")" = 1 ]; }

mkdir "$dir/w"
ok "auditd starts the plugin" live_start "$build" "$dir"

# connections that stay inside, and a program that makes none
quiet="127.0.0.1 127.9.9.9 169.254.1.1 224.0.0.1 0.0.0.0"
n=0
for address in $quiet; do
	n=$((n + 1))
	build_in "inside$n" "$address" && run_in "inside$n"
done
build_in unrun 198.51.100.1

# the attack, refused at once by the namespace's own address
build_in outside 198.51.100.1 && run_in outside
start=$(date +%s%N)
ok "the alert is in syslog within 10 s" live_wait 10 one_alert outside
took=$((($(date +%s%N) - start) / 1000000))
echo "# from the connect to the row in rsyslog's file: about $took ms"
ok "so is that of the rule that follows files" live_wait 10 one_linked outside
ok "the alert is in the alerts file" \
	grep -q '"path":"[^"]*/outside"' "$dir/alerts.ndjson"
ok "it names four audit events" grep -q \
	'audit1=.* audit2=.* audit3=.* audit4=' "$dir/syslog"
born=$(sed -n 's/.*origin_audit="[0-9.]*:\([0-9]*\).*/\1/p' "$dir/syslog" |
	head -n 1)
ok "ausearch finds the birth by its serial" \
	ausearch -if "$dir/audit/audit.log" -a "${born:-none}"
serial=$(sed -n 's/.*audit4=[0-9.]*:\([0-9]*\).*/\1/p' "$dir/syslog" |
	tail -n 1)
ok "ausearch finds the event by its serial" \
	ausearch -if "$dir/audit/audit.log" -a "${serial:-none}"

# the worker, as root's auditd had it started
worker=$(pgrep -P "$(pgrep -P "$live_auditd" audisp-eql)" | head -n 1)
confined=1
for task in "/proc/$worker"/task/*; do
	tr '\t\n' '  ' <"$task/status" | grep -o 'Uid:.*' |
		grep -q "^Uid: $(id -u "$live_user") .*CapPrm: 0* .*NoNewPrivs: 1 Seccomp: 2 " ||
		confined=0
done
ok "each of its threads is $live_user, without capabilities, confined" \
	[ $confined = 1 ]
ok "none of its system calls was refused" sh -c \
	"! grep -q 'refused by the sandbox' '$dir/syslog'"

# one process dies, the next takes over
kill -9 "$worker"
ok "a killed worker is replaced" \
	live_wait 10 grep -q 'killed by signal 9' "$dir/syslog"
# linked under the one, run under the other, by another name
build_in second 198.51.100.1 && run_in second
mv "$dir/w/outside" "$dir/w/moved" && run_in moved
ok "what was linked before is known to it" live_wait 10 one_linked moved
ok "and its successor alerts" live_wait 10 one_alert second

# reload, with good rules and with bad ones
kill -HUP "$(pgrep -P "$live_auditd" audisp-eql)"
ok "SIGHUP reloads" live_wait 10 grep -q 'reloading' "$dir/syslog"
sleep 1
echo "syslog = perhaps" >>"$dir/audisp-eql.conf"
kill -HUP "$(pgrep -P "$live_auditd" audisp-eql)"
ok "bad configuration is refused, the old one kept" \
	live_wait 10 grep -q 'keeping the old ones' "$dir/syslog"
build_in third 198.51.100.1 && run_in third
ok "and detection goes on" live_wait 10 one_alert third
kill -USR1 "$(pgrep -P "$live_auditd" audisp-eql)"
ok "SIGUSR1 writes the state report" \
	live_wait 10 grep -q '^audisp_eql_alert_number [1-9]' "$dir/status"

if [ "${AUDISP_EQL_SLOW:-0}" = 1 ]; then
	build_in slow 198.51.100.1
	sleep 61
	run_in slow
	sleep 2
	ok "a sequence longer than a minute is none" [ "$(alerts slow)" = 0 ]
	ok "but the file is known for longer" live_wait 10 one_linked slow
fi
for i in $(seq $n); do
	ok "no alert for $(echo $quiet | cut -d' ' -f"$i")" \
		sh -c "! grep -q 'ALERT .*/inside$i\"' '$dir/syslog'"
done
ok "no alert without a connection" \
	sh -c "! grep -q 'ALERT .*/unrun\"' '$dir/syslog'"
live_stop
[ $failed = 0 ] || cat "$dir/syslog" "$dir/auditd.log" "$dir/auditctl.log"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
