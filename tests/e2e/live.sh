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

# Keeper and worker die at once, between one stage and the next, and the program
# has run before auditd notices: nobody but its log has what happened then.
saved() { [ "$dir/state" -nt "$dir/asked" ]; }
crash() {
	keeper=$(pgrep -P "$live_auditd" audisp-eql)
	worker=$(pgrep -P "$keeper" audisp-eql | head -n 1)
	kill -STOP "$keeper"
	"$@"
	kill -9 "$worker" "$keeper"
}
touch "$dir/asked"
build_in third-half 198.51.100.1
ok "the state is written" live_wait 20 saved
build_in crashed 198.51.100.1
crash run_in crashed
ok "auditd starts another plugin" live_wait 20 grep -q \
	'records that came while no plugin read were taken from' "$dir/syslog"
grep -o '[0-9]* records that came while no plugin read' "$dir/syslog" |
	sed 's/^/# /'
ok "which finds what happened meanwhile" live_wait 10 one_alert crashed
ok "by the rule that follows files, too" live_wait 10 one_linked crashed
ok "with nothing missing" sh -c "! grep -q 'blind for' '$dir/syslog'"
runs=$(grep -c 'rules run' "$dir/syslog")
build_in killed 198.51.100.1
kill -9 "$(pgrep -P "$live_auditd" audisp-eql)"
run_in killed
another() { [ "$(grep -c 'rules run' "$dir/syslog")" -gt "$runs" ]; }
ok "a killed keeper is replaced by auditd" live_wait 20 another
ok "and what it had not read is found" live_wait 10 one_alert killed

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

# the canary, made by a compiler and without one
canary() { # OPTION...
	"$build/aueql" canary -c "$dir/audisp-eql.conf" --directory "$dir/w" \
		--audit-log "$dir/audit/audit.log" --syslog "$dir/syslog" "$@" \
		>"$dir/canary" 2>&1
}
sed -i '/^syslog = perhaps/d' "$dir/audisp-eql.conf"
ok "the canary's alert comes by every way" canary
grep '^ok' "$dir/canary" | sed 's/ after/:&/; s|/.*||; s/^/# /'
ok "three of them" [ "$(grep -c '^ok .* after' "$dir/canary")" = 3 ]
export -f canary
export build dir
ok "and where there is no compiler" unshare -m bash -c '
	for tool in cc gcc clang; do
		[ ! -e /usr/bin/$tool ] || mount --bind /dev/null /usr/bin/$tool
	done
	canary'
ok "which it says" grep -q 'made by aueql itself' "$dir/canary"
: >"$dir/nothing"
ok "a way that is broken is told" sh -c "! '$build/aueql' canary --wait 2s \
	-c '$dir/audisp-eql.conf' --directory '$dir/w' --syslog '$dir/nothing' \
	>'$dir/canary' 2>&1"
ok "as is which" grep -q '^broken   syslog ' "$dir/canary"
ok "and the others work" grep -q '^ok       alerts file' "$dir/canary"
ok "nothing is left of it" sh -c "! ls -d '$dir'/w/aueql-canary-*"

# audit itself, taken away and given back
told() { # NAME [NUMBER]
	[ "$(grep -c "ALERT .*rule_id=\"audisp_eql.$1\"" "$dir/syslog")" = \
		"${2:-1}" ]
}
auditctl -D >/dev/null
live_load_rules
ok "a reload of audit rules is one low alert" \
	live_wait 20 told audit_rules_reloaded
ok "and no other" told audit_rules_removed 0
rule=$(head -n 1 "$dir/loaded")
# shellcheck disable=SC2086
auditctl ${rule/#-a/-d} >/dev/null
ok "an audit rule removed is an alert" live_wait 20 told audit_rules_removed
ok "it names who and what" grep -q \
	'audit rules gone: 1 (1 of key .*process="[^"]*auditctl"' \
	"$dir/syslog"
# shellcheck disable=SC2086
auditctl $rule >/dev/null
mkdir "$dir/doomed"
auditctl -a always,exit -F arch=b64 -S unlinkat -F dir="$dir/doomed" \
	-k doomed >/dev/null
rmdir "$dir/doomed"
ok "so is one that the kernel removes" \
	live_wait 20 told audit_rule_autoremoved
auditctl -b 8000 >/dev/null
ok "a lower backlog limit, too" live_wait 20 told audit_backlog_lowered
auditctl -f 0 >/dev/null
auditctl -f 1 >/dev/null
ok "and a weaker failure mode" live_wait 20 told audit_weakened
# a rate limit is a way to lose records that the kernel counts
auditctl -r 1 >/dev/null
for _ in $(seq 20); do
	/bin/true
done
auditctl -r 0 >/dev/null
ok "records that the kernel lost are told of" live_wait 20 told records_lost
ok "and make it blind" live_wait 20 sh -c "'$build/aueql' status \
	'$dir/status' | grep -q '^problem  blind'"
auditctl -e 0 >/dev/null
ok "audit switched off is the worst" live_wait 20 told audit_disabled
auditctl -e 1 >/dev/null
asked() {
	"$build/aueql" status --format prometheus "$dir/status" |
		grep -q '^audisp_eql_kernel_audit_enabled 1$'
}
ok "the kernel is asked for its counters" live_wait 20 asked

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
# an upgrade: another program by the same name, and auditd told of it
runs=$(grep -c 'rules run' "$dir/syslog")
install -m 750 "$build/audisp-eql" "$dir/audisp-eql.new"
mv "$dir/audisp-eql.new" "$dir/audisp-eql"
kill -HUP "$live_auditd"
upgraded() { [ "$(grep -c 'rules run' "$dir/syslog")" -gt "$runs" ]; }
ok "another plugin takes over" live_wait 20 upgraded
ok "which is no end of auditd" told auditd_stopped 0
kill "$live_auditd"
ok "the end of auditd is told of" live_wait 20 told auditd_stopped
live_stop
[ $failed = 0 ] || cat "$dir/syslog" "$dir/auditd.log" "$dir/auditctl.log"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
