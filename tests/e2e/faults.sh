#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What may befall the plugin, and what of it the detection survives: a row for
# each fault, of records that auditd had, alerts that came, those repeated (by
# the same event.id), those lost, and serials said to be missing. Run in the
# build directory; with names of faults, only those. FAULTS_EACH=1 tries each
# stage of a sequence, and not one in four. The rows are also written to
# FAULTS_TABLE.
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
	grep -v 'ALERT ' "$dir/syslog" | grep -o 'blind for [0-9]* events' |
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

made() { # TYPE SERIAL TEXT: a record of the time of the log's begin
	printf "type=%s msg=audit(%s:%d): pid=1 uid=0 auid=0 ses=1 msg='%s'\n" \
		"$1" "$(sed -n '2s/.*audit(\([0-9.]*\):.*/\1/p' "$log")" "$2" "$3"
}

# --- kills -------------------------------------------------------------------

# Behind each event, and in the middle of some; of these one in FAULTS_EACH.
cuts() {
	awk '/type=EOE / && NR > 5 || NR % 17 == 8 { print NR }' "$log" |
		awk -v each="${FAULTS_EACH:-4}" 'NR % each == 0'
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
	keeper) tell signal KILL && tell wait ;;
	both) tell crash ;;
	unread)
		# the keeper had not read it: it goes with the socket
		tell signal STOP
		feed "$dir/after"
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

# --- a record that kills -----------------------------------------------------

# The plugin that has a mistake in it, under the name that it is known by.
crashing() {
	mkdir "$dir/bin"
	cp "$PWD/crashing" "$dir/bin/audisp-eql"
	program=$dir/bin/audisp-eql
}

fault_deadly() {
	local program
	ready deadly
	crashing
	cut_at 60
	run 4.0
	begin
	feed "$dir/before"
	made USER 99999 op=deadly >"$dir/deadly"
	feed "$dir/deadly"
	feed "$dir/after"
	ok "both alerts come" until_ok found $wanted
	ok "what two died of is left out" until_ok builtin event_skipped
	ok "two died" test \
		"$(count 'killed by signal 6; starting another' "$dir/syslog")" = 2
	ends
	tally "$(($(wc -l <"$log") + 1))"
	row "a record that kills the worker" "it is left out after two deaths, with an alert"
}

# --- upgrades ----------------------------------------------------------------

fault_upgrade() {
	local at how
	for at in $(cuts); do
		for how in 3.0:replace 4.0:replace 4.2:reload; do
			ready "upgrade-$at-${how%:*}"
			cut_at "$at"
			run "${how%:*}"
			begin
			feed "$dir/before"
			tell "${how#*:}" >/dev/null
			feed "$dir/after"
			ok "${how#*:} by ${how%:*} behind row $at" \
				until_ok found $wanted
			finish stop
			tally "$(wc -l <"$log")"
		done
	done
	row "plugin replaced, at each stage"
	# the old one's worker hangs, and has the lock
	ready upgrade-hangs
	cut_at 60
	run 4.0
	begin
	feed "$dir/before"
	tell worker STOP >/dev/null
	find_processes
	tell signal KILL >/dev/null
	tell wait >/dev/null
	feed "$dir/after"
	ok "the lock is waited for" notice 'lock of the state file'
	ok "both alerts come" until_ok found $wanted
	kill -9 "$worker"
	ends
	tally "$(wc -l <"$log")"
	row "the old plugin hangs" "that its state was not waited for"
}

# --- outputs -----------------------------------------------------------------

in_syslog() { # NUMBER of alerts of rule files
	[ "$(grep 'ALERT ' "$dir/syslog" | grep -cv 'rule_id="audisp_eql\.')" \
		-ge "$1" ]
}

listen() {
	./dispatch syslog "$dir/log" "$dir/syslog" &
	reader=$!
	readers="$readers $reader"
	until_ok test -S "$dir/log"
}

fault_syslog() {
	local how
	for how in absent full; do
		ready "syslog-$how"
		run 4.0
		leave
		rm "$dir/log"
		if [ $how = full ]; then
			./dispatch deaf "$dir/log" &
			reader=$!
			readers="$readers $reader"
			until_ok test -S "$dir/log"
		fi
		feed "$log"
		ok "$how: the file has the alerts" until_ok found $wanted
		[ $how = absent ] || leave
		rm -f "$dir/log"
		listen
		ok "$how: that syslog missed some is told once it is back" \
			notice 'syslog works again, [1-9].* did not get there'
		ends
		tally "$(wc -l <"$log")"
	done
	row "syslog absent, or full" "the alerts file has them; how many syslog missed"
	ready syslog-restarted
	cut_at 40
	run 4.0
	begin
	feed "$dir/before"
	leave
	rm "$dir/log"
	listen
	feed "$dir/after"
	ok "restarted: syslog has the alerts" until_ok in_syslog $wanted
	ok "restarted: so has the file" until_ok found $wanted
	ends
	tally "$(wc -l <"$log")"
	row "syslog restarted"
}

fault_file() {
	local small=$work/log-small
	mkdir "$small"
	if mount -t tmpfs -o size=64k,mode=755 tmpfs "$small" 2>/dev/null; then
		ready file-full
		chown "$user" "$small"
		sed -i "s|^json_file.*|json_file = $small/alerts|" "$dir/conf"
		run 4.0
		head -c 1000000 /dev/zero >"$small/all" 2>/dev/null
		feed "$log"
		ok "disk full: syslog has the alerts" until_ok in_syslog $wanted
		ok "disk full: that the file has not is told" \
			notice 'json_file: No space left'
		rm "$small/all"
		feed "$top/tests/cases/sensor/removed.log"
		ok "disk full: the next alert is in the file, whole" until_ok \
			grep -q '^{.*audit_rules_removed.*}$' "$small/alerts"
		ends
		umount "$small"
		records=$(wc -l <"$log")
		alerts=$(grep 'ALERT ' "$dir/syslog" |
			grep -cv 'rule_id="audisp_eql\.')
		lost=$((wanted - alerts))
		row "alerts file's disk full" "syslog has them; how many the file missed"
	else
		case=file-full dir=$work
		skip "a full disk" "no file system of our own"
	fi
	ready file-removed
	mkdir "$dir/root"
	sed -i "s|^json_file.*|json_file = $dir/root/tree/alerts|" "$dir/conf"
	run 4.0
	ok "its directory is made" until_ok test -d "$dir/root/tree"
	cut_at 40
	begin
	feed "$dir/before"
	rm -r "$dir/root/tree"
	ok "one that is removed is made again" until_ok test -d "$dir/root/tree"
	until_ok twice 'rules run'
	feed "$dir/after"
	ok "syslog has the alerts" until_ok in_syslog $wanted
	until_ok grep -q '"kind":"alert"' "$dir/root/tree/alerts"
	cp "$dir/root/tree/alerts" "$dir/alerts"
	ends
	tally "$(wc -l <"$log")"
	row "alerts file's directory removed" "that it was, and another worker takes over"
	ready file-rotated
	cut_at 40
	run 4.0
	begin
	feed "$dir/before"
	mv "$dir/alerts" "$dir/alerts.1"
	install -m 640 -o "$user" /dev/null "$dir/alerts"
	feed "$dir/after"
	ok "rotated: the new file has the alerts" until_ok found $wanted
	ends
	tally "$(wc -l <"$log")"
	row "alerts file rotated"
}

# --- state -------------------------------------------------------------------

# The same records, as if it were now: the last one is of this second.
as_of_now() { # FILE
	local last
	last=$(sed -n '$s/.*audit(\([0-9]*\).*/\1/p' "$1")
	awk -v by=$(($(date +%s) - last)) '{
		at = index($0, "audit(") + 6
		print substr($0, 1, at - 1) (substr($0, at, 10) + by) \
			substr($0, at + 10)
	}' "$1"
}

spoil() { # HOW: the state file
	case $1 in
	damaged) printf 'x' | dd of="$dir/state" bs=1 seek=200 conv=notrunc ;;
	truncated) truncate -s 300 "$dir/state" ;;
	empty) : >"$dir/state" ;;
	version) printf '\1' | dd of="$dir/state" bs=1 seek=8 conv=notrunc ;;
	owner) chown 12345 "$dir/state" ;;
	mode) chmod 666 "$dir/state" ;;
	host) sed -i 's/^host_id = .*/host_id = other-host/' "$dir/conf" ;;
	esac 2>/dev/null
}

fault_state() {
	local real_log=$log log=$work/now how said
	for how in damaged truncated empty version owner mode host; do
		[ "$how" != owner ] || needs_root "a state of another owner" ||
			continue
		ready "state-$how"
		as_of_now "$real_log" >"$log"
		# linked, not yet run
		cut_at "$(($(grep -n 'type=SYSCALL.*comm="revsh"' "$log" |
			head -n 1 | cut -d: -f1) - 1))"
		run 4.0
		begin
		feed "$dir/before"
		tell crash >/dev/null
		spoil $how
		feed "$dir/after"
		said='saved state is not used'
		[ $how != host ] || said="saved state is another host's"
		ok "$how: that it is not used is told" notice "$said"
		ok "$how: that the log is read instead, too" \
			notice 'in place of the state, were taken from'
		ok "$how: both alerts come" until_ok found $wanted
		ends
		tally "$(wc -l <"$log")"
	done
	row "state file damaged, truncated, empty, of another version, host or owner" \
		"that it is not used, and ten minutes of the log are instead"
	# neither state nor log
	ready state-and-log
	sed -i 's/^audit_log.*/audit_log =/' "$dir/conf"
	cut_at 60
	run 4.0
	begin
	tell signal STOP >/dev/null
	feed "$dir/before"
	tell crash >/dev/null
	feed "$dir/after"
	ok "no log: what is missing is counted" notice 'blind for [0-9]* events'
	ends
	tally "$(wc -l <"$log")"
	row "both killed, with the socket full, and no log to read" \
		"how many events are missing, by an alert"
}

# --- what comes --------------------------------------------------------------

fault_memory() {
	ready memory
	cat >"$dir/every.toml" <<-'END'
	[rule]
	rule_id = "every-start"
	name = "Every start begins a sequence"
	type = "eql"
	query = """
	sequence by process.entity_id with maxspan=10m
	  [process where event.action == "exec"]
	  [network where destination.port == 1]
	"""
	END
	sed -i "s|^rules = .*|&:$dir/every.toml\nmemcap = 1M|" "$dir/conf"
	step_by $((1800000090 - $(sed -n '1s/.*audit(\([0-9]*\).*/\1/p' "$log"))) \
		"$log" >"$dir/now"
	run 4.0
	./genlog --partials 20000 --records 200000 --mix partials \
		>"$dir/flood" 2>/dev/null
	# no faster than a build with sanitizers takes it
	feed "$dir/flood" 100 10 || :
	feed "$dir/now"
	ok "that memory is full is told" until_ok grep -q \
		'rule_id="audisp_eql.memory_full"' "$dir/syslog"
	ok "the alerts come" until_ok found $wanted
	ends
	tally "$(($(wc -l <"$dir/flood") + $(wc -l <"$dir/now")))"
	row "memory limit reached" "whose share is full, by an alert"
}

fault_sighup() {
	local how
	for how in rules configuration gone; do
		ready "sighup-$how"
		cut_at 60
		run 3.0
		begin
		feed "$dir/before"
		cp "$dir/conf" "$dir/good"
		case $how in
		rules)
			printf '[rule]\nid = "x"\n' >"$dir/bad.toml"
			sed -i "s|^rules = .*|&:$dir/bad.toml|" "$dir/conf"
			;;
		configuration) echo 'memcap = much' >>"$dir/conf" ;;
		gone) mv "$dir/conf" "$dir/away" ;;
		esac
		tell signal HUP >/dev/null
		ok "$how: the old ones are kept" notice 'keeping the old ones'
		feed "$dir/after"
		ok "$how: both alerts come" until_ok found $wanted
		ends
		tally "$(wc -l <"$log")"
	done
	row "rules or configuration broken at SIGHUP" "what is broken, with file and line"
}

# Rows behind the first are of a clock that has been set by so many seconds.
step_by() { # SECONDS FILE
	awk -v by="$1" '{
		at = index($0, "audit(") + 6
		printf "%s%d%s\n", substr($0, 1, at - 1),
			substr($0, at, 10) + by, substr($0, at + 10)
	}' "$2"
}

stepped() { # SECONDS ROW ALERTS [EVENTS FIRST]
	ready "clock-$1-$2"
	cut_at "$2"
	for number in $(seq "${4:-0}"); do
		made USER_START $((25000 + number)) \
			'op=PAM:session_open res=success'
	done >"$dir/first"
	cat "$dir/first" "$dir/after" >"$dir/rest"
	step_by "$1" "$dir/rest" >"$dir/stepped"
	run 4.0
	begin
	feed "$dir/before"
	feed "$dir/stepped"
	ok "by $1 s behind row $2: alerts come" until_ok found "$3"
	ends
	tally "$(wc -l <"$log")"
}

fault_clock() {
	local at by
	# a host's time follows after 64 events
	stepped -3600 6 2 100
	stepped 3600 6 2
	row "clock set before the sequence, by an hour either way"
	for at in 40 60 80; do
		stepped 5 $at 2
	done
	row "clock set amidst it, 5 s forward"
	# of one rule the minute is over, or the connection began before its
	# program, by the host's own clock; the other follows the file
	for at in 40 60 80; do
		for by in -3600 -5 3600; do
			stepped $by $at 1
		done
	done
	local program
	ready clock-set
	crashing
	run 4.0
	feed "$log"
	made USER 25001 op=earlier >"$dir/earlier"
	feed "$dir/earlier"
	ok "that the clock was set is told" notice \
		'the clock was set back by 3[56][0-9]* s'
	ends
	row "clock set amidst it, an hour either way, or 5 s back" \
		"that the clock was set: of two alerts for one attack one comes"
}

# A whole log, of which so many alerts are wanted.
fed() { # NAME FILE [WANTED]
	ready "$1"
	run 4.0
	feed "$2"
	ok "$1: alerts come" until_ok found "${3:-$wanted}"
}

fault_order() {
	interleave "$log" >"$work/log-mixed"
	fed interleaved "$work/log-mixed"
	ends
	tally "$(wc -l <"$work/log-mixed")"
	row "records of two events in turn"
	sed p "$log" >"$work/log-doubled"
	fed doubled "$work/log-doubled"
	ends
	tally "$(wc -l <"$work/log-doubled")"
	cat "$log" "$log" >"$work/log-again"
	fed again "$work/log-again"
	ends
	tally "$(wc -l <"$work/log-again")"
	row "records, or the whole log, twice"
}

fault_missing() {
	# not one of the sequence: an exec that failed
	grep -vF "$(grep 'success=no' "$log" | grep -o 'audit([0-9.:]*)' |
		head -n 1)" "$log" >"$work/log-less"
	fed missing "$work/log-less"
	ok "that it is missing is told" notice 'blind for 1 events'
	ok "and marked" grep -q '"gap":true' "$dir/alerts"
	ends
	tally "$(wc -l <"$work/log-less")"
	row "an event is missing" "evidence=incomplete in the alert, and an alert of its own"
}

fault_boots() {
	# the second boot begins with serial 1, after a minute
	awk '{
		at = index($0, "audit(") + 6
		end = index($0, "):")
		printf "%s%d.%s:%d%s\n", substr($0, 1, at - 1),
			substr($0, at, 10) + 90, substr($0, at + 11, 3),
			substr($0, at + 15, end - at - 15) - 5100,
			substr($0, end)
	}' "$log" >"$work/log-later"
	cat "$log" "$work/log-later" >"$work/log-boots"
	ready boots
	echo 'suppress = 0' >>"$dir/conf"
	run 4.0
	feed "$work/log-boots"
	ok "boots: both boots' alerts come" until_ok found 4
	ends
	tally "$(wc -l <"$work/log-boots")" 4
	row "records of two boots"
}

[ -z "${FAULTS_TABLE:-}" ] || table=$FAULTS_TABLE
: >"$table"
all="kill_worker kill_keeper kill_both kill_unread away deadly upgrade syslog file
	state memory sighup clock order missing boots"
# shellcheck disable=SC2086
for name in ${*:-$all}; do
	"fault_$name"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
