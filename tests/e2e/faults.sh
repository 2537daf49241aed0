#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What may befall the plugin, and what of it the detection survives: a row for
# each fault, of records that auditd had, alerts that came, those repeated (by
# the same event.id), those lost, and serials said to be missing. Run in the
# build directory; with names of faults, only those. The rows are also written
# to FAULTS_TABLE.
set -u
. "${srcdir:-.}/tests/e2e/plugin.sh"

log=$corpus/gcc-o/plugin.log
table=$work/table
# of the whole capture: the published logic, and the rule that follows files
wanted=2

# --- counting ----------------------------------------------------------------

alert_ids() {
	grep '"kind":"alert"' "$dir/alerts" 2>/dev/null |
		grep -v '"id":"audisp_eql\.' |
		sed 's/.*"event":{[^}]*"id":"\([0-9a-f]\{32\}\)".*/\1/'
}

found() { # NUMBER: so many alerts, or more, repeated ones counted once
	[ "$(alert_ids | sort -u | wc -l)" -ge "$1" ]
}

missing() { # serials that are said to be missing
	grep -o 'blind for [0-9]* events' "$dir/syslog" |
		awk '{ n += $3 } END { print n + 0 }'
}

# The row of a fault: over all its plugins, whose cases have called tally.
row() { # FAULT [WHAT IS SAID]
	printf '| %s | %d | %d | %d | %d | %d | %s |\n' "$1" "$records" \
		"$alerts" "$repeated" "$lost" "$missed" "${2:-}" |
		tee -a "$table" | sed 's/^/# /'
	records=0 alerts=0 repeated=0 lost=0 missed=0
}
records=0 alerts=0 repeated=0 lost=0 missed=0

tally() { # RECORDS [ALERTS WANTED]
	local distinct all
	distinct=$(alert_ids | sort -u | wc -l)
	all=$(alert_ids | wc -l)
	records=$((records + $1))
	alerts=$((alerts + distinct))
	repeated=$((repeated + all - distinct))
	[ "$distinct" -ge "${2:-$wanted}" ] ||
		lost=$((lost + ${2:-$wanted} - distinct))
	missed=$((missed + $(missing)))
}

# --- one plugin --------------------------------------------------------------

ready() { # NAME: a plugin's directory, with a log as auditd's
	prepare "$1"
	rules=$top/rules.d/detect
	sed -i "s|^rules = .*|rules = $rules/network_after_compile.toml:$rules/network_after_compile_linked.toml|
		s|^audit_log =.*|audit_log = $dir/audit.log|" "$dir/conf"
	echo 'state_interval = 1s' >>"$dir/conf"
}

run() { # VERSION
	start "$1"
	notice 'rules run'
	tell log "$dir/audit.log" >/dev/null
}

# The log cut at a row; the state knows of the first part's first rows.
cut_at() { # ROW
	head -n 5 "$log" >"$dir/begin"
	head -n "$1" "$log" | tail -n +6 >"$dir/before"
	tail -n +$(($1 + 1)) "$log" >"$dir/after"
}

state_is_saved() { # since it was asked last
	[ -s "$dir/state" ] && [ "$dir/state" -nt "$dir/asked" ]
}

begin() { # what a state knows of
	touch "$dir/asked"
	feed "$dir/begin"
	until_ok state_is_saved
}

ends() { # without asking how: workers came to grief
	tell close >/dev/null
	ok "it ends well" test "$(tell wait)" = "exit 0"
	exec {auditd[1]}>&-
	wait "$auditd_pid"
	leave
}

# --- kills -------------------------------------------------------------------

# Behind each event, and in the middle of some.
cuts() {
	awk '/type=EOE / && NR > 5 || NR % 17 == 8 { print NR }' "$log"
}

versions="3.0 4.0 4.2"
next_version() {
	version=${versions%% *}
	versions="${versions#* } $version"
}

killed() { # HOW ROW
	ready "kill-$1-$2"
	cut_at "$2"
	next_version
	run "$version"
	begin
	feed "$dir/before"
	case $1 in
	worker) tell worker KILL ;;
	keeper) tell signal KILL ;;
	both) tell crash ;;
	unread)
		# the keeper had not read it: it goes with the socket
		tell signal STOP
		feed "$dir/after"
		: >"$dir/after"
		tell crash
		tail -n 1 "$log" >"$dir/after"
		;;
	away)
		# auditd had no plugin for a while
		tell crash
		grep -v type=EOE "$dir/after" | head -n -1 >>"$dir/audit.log"
		tail -n 1 "$log" >"$dir/after"
		tell start
		;;
	esac >/dev/null
	feed "$dir/after"
	ok "$1 killed behind row $2: both alerts come" until_ok found $wanted
	ends
	tally "$(wc -l <"$log")"
}

fault_kill_worker() {
	for at in $(cuts); do killed worker "$at"; done
	row "worker killed, at each stage"
}

fault_kill_keeper() {
	for at in $(cuts); do killed keeper "$at"; done
	row "keeper killed, at each stage" "from the log, what it had not read"
}

fault_kill_both() {
	for at in $(cuts); do killed both "$at"; done
	row "both killed, at each stage" "from the log, since the last state"
}

fault_kill_unread() {
	for at in $(cuts); do killed unread "$at"; done
	row "both killed, with the socket full" "from the log"
}

fault_away() {
	for at in $(cuts); do killed away "$at"; done
	row "no plugin for the rest of the sequence" "from the log"
}

all="kill_worker kill_keeper kill_both kill_unread away"
# shellcheck disable=SC2086
for name in ${*:-$all}; do
	"fault_$name"
done
[ -z "${FAULTS_TABLE:-}" ] || cp "$table" "$FAULTS_TABLE"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
