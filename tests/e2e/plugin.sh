#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The plugin as auditd starts it, feeds it, signals it and ends it, but without
# auditd and kernel audit: ./dispatch (dispatch.c) stands in for them, for a
# journal of records a bundled capture, for syslog a socket of our own.
# Run in the build directory; with names of cases, only those.
set -u
top=$(cd "${srcdir:-.}" && pwd)
corpus=$top/tests/corpus
work=$(mktemp -d)
passed=0 failed=0 skipped=0
readers=

cleanup() {
	# shellcheck disable=SC2086
	[ -z "$readers" ] || kill $readers 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

ok() { # NAME COMMAND...
	local name=$1
	shift
	if "$@" >"$work/out" 2>&1; then
		echo "ok - $case: $name"
		passed=$((passed + 1))
	else
		echo "not ok - $case: $name"
		sed 's/^/# /' "$work/out"
		tail -n 20 "$dir/syslog" 2>/dev/null | cut -c1-300 |
			sed 's/^/# syslog: /'
		failed=$((failed + 1))
	fi
}

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

# --- one plugin --------------------------------------------------------------

prepare() { # NAME: a directory, a configuration, a syslog that listens
	case=$1 dir=$work/$1
	mkdir "$dir"
	cat >"$dir/conf" <<-EOF
	rules = $top/rules.d/detect/network_after_compile.toml
	json_file = $dir/alerts
	syslog_socket = $dir/log
	status_file = $dir/status
	state_file = $dir/state
	host_id = test-host
	EOF
	./dispatch syslog "$dir/log" "$dir/syslog" &
	reader=$!
	readers="$readers $reader"
	until_ok test -S "$dir/log"
}

# A program that has just been started ends by any signal: it has taken them
# once SIGUSR1 is blocked.
takes_signals() {
	local mask
	mask=$(cat "/proc/$(pgrep -x -P "$auditd_pid" audisp-eql)/status" |
		sed -n 's/^SigBlk:[^0-9a-f]*//p')
	[ $((0x${mask:-0} & 0x200)) != 0 ]
}

start() { # VERSION [INPUT]
	coproc auditd { exec ./dispatch "$1" "${2:-socket}" \
		"$PWD/audisp-eql" -c "$dir/conf"; }
	auditd_pid=$!
	# of a file it has read all by now, perhaps
	[ -f "${2:-}" ] || until_ok takes_signals
}

tell() { # COMMAND: the answer on stdout
	echo "$*" >&"${auditd[1]}" && read -r answer <&"${auditd[0]}" &&
		echo "$answer"
}

# The last word: the plugin has ended, and as it should.
finish() { # [COMMAND THAT ENDS IT]
	[ -z "${1:-}" ] || tell "$1" >/dev/null
	ok "it ends well" test "$(tell wait)" = "exit 0"
	exec {auditd[1]}>&-
	wait "$auditd_pid"
	ok "no worker came to grief" \
		sh -c "! grep -q 'the worker ended\|cannot go on' '$dir/syslog'"
	leave
}

leave() {
	kill "$reader" && wait "$reader" 2>/dev/null
	readers=${readers% "$reader"}
	unset reader
}

feed() {
	[ "$(tell feed "$@")" != failed ]
}

twice() { # TEXT: syslog has it two times
	[ "$(count "$1" "$dir/syslog")" -ge 2 ]
}

notice() { # TEXT: syslog has it
	until_ok grep -q "$1" "$dir/syslog"
}

count() { # PATTERN FILE
	grep -c "$1" "$2" 2>/dev/null || :
}

# The captures end with the end of auditd, which built-in rules tell of: of all
# alerts those of rule files.
file_alerts() {
	[ "$(grep '"kind":"alert"' "$dir/alerts" 2>/dev/null |
		grep -cv '"id":"audisp_eql\.')" = "$1" ]
}

syslog_alerts() {
	[ "$(grep 'ALERT ' "$dir/syslog" |
		grep -cv 'rule_id="audisp_eql\.')" = "$1" ]
}

# The same of a built-in one, in both.
builtin() { # NAME [NUMBER]
	[ "$(count "\"id\":\"audisp_eql.$1\"" "$dir/alerts")" = "${2:-1}" ] &&
		[ "$(count "ALERT .*rule_id=\"audisp_eql.$1\"" \
			"$dir/syslog")" = "${2:-1}" ]
}

# After a crash an alert may come again, but it is the same one.
one_finding() {
	[ "$(grep -v '"id":"audisp_eql\.' "$dir/alerts" |
		grep -o '"id":"[0-9a-f]\{32\}"' | sort -u | wc -l)" = 1 ]
}

one_alert() {
	ok "one alert in the file" file_alerts 1
	ok "the same in syslog" until_ok syslog_alerts 1
	ok "it names its four events" grep -q \
		'audit1=.* audit2=.* audit3=.* audit4=' "$dir/syslog"
}

counted() { # NAME NUMBER: the status has it now
	tell signal USR1 >/dev/null
	grep -qx "audisp_eql_$1 $2" "$dir/status"
}

head_of() { # FILE LINES
	head -n "$2" "$1" >"$dir/head"
	tail -n +$(($2 + 1)) "$1" >"$dir/tail"
}

# The middle of the attack: the program is linked, but has not connected.
half_of() { # FILE
	head_of "$1" $(($(grep -n 'type=SYSCALL.*syscall=42 ' "$1" |
		head -n 1 | cut -d: -f1) - 1))
}

# Records of two events in turn.
interleave() {
	awk '
	{ id = $0; sub(/.*msg=audit\(/, "", id); sub(/\).*/, "", id) }
	id != last { n++; last = id; size[n] = 0 }
	{ record[n, ++size[n]] = $0 }
	END {
		for (i = 1; i <= n; i += 2)
			for (k = 1; k <= size[i] || k <= size[i + 1]; k++) {
				if (k <= size[i]) print record[i, k]
				if (k <= size[i + 1]) print record[i + 1, k]
			}
	}' "$1"
}

# --- cases -------------------------------------------------------------------

# What auditd may write, under each version: every record is counted.
case_forms() {
	local log version form=0
	mkdir "$work/logs"
	cp "$corpus/gcc-o/plugin.log" "$work/logs/enriched"
	cp "$corpus/gcc-o/plugin-raw.log" "$work/logs/raw"
	cp "$corpus/gcc-o/plugin-node.log" "$work/logs/node"
	grep -v type=EOE "$work/logs/raw" >"$work/logs/no-eoe"
	interleave "$work/logs/enriched" >"$work/logs/interleaved"
	for log in enriched raw node no-eoe interleaved; do
		version=$(set -- 3.0 4.0 4.2; shift $((form % 3)); echo "$1")
		form=$((form + 1))
		prepare "forms-$log"
		start "$version"
		ok "records are taken" feed "$work/logs/$log"
		ok "each is counted" until_ok counted records_total \
			"$(wc -l <"$work/logs/$log")"
		ok "each byte is, too" counted received_bytes_total \
			"$(wc -c <"$work/logs/$log")"
		ok "none is malformed" counted malformed_records_total 0
		ok "an alert comes while it runs" until_ok file_alerts 1
		finish close
		one_alert
	done
}

case_pace() {
	prepare pace-slow
	start 3.0
	ok "slow records" feed "$corpus/gcc-o/plugin.log" 1 3
	finish close
	one_alert
	prepare pace-bursts
	start 4.0
	ok "bursts of records" feed "$corpus/gcc-o/plugin.log" 25 60
	finish close
	one_alert
}

case_eof() {
	prepare eof
	start 4.0
	feed "$corpus/gcc-o/plugin.log"
	finish close
	one_alert
}

case_term() {
	local version
	for version in 3.0 4.2; do
		prepare "term-$version"
		start $version
		# before it has begun SIGTERM just ends it
		notice 'rules run'
		feed "$corpus/gcc-o/plugin.log"
		finish stop
		one_alert
	done
	# what auditd still writes between the signal and its end
	prepare term-late
	start 4.0
	notice 'rules run'
	half_of "$corpus/gcc-o/plugin.log"
	feed "$dir/head"
	tell signal TERM >/dev/null
	ok "records after SIGTERM are taken" feed "$dir/tail"
	finish close
	one_alert
}

case_reload() {
	prepare reload
	start 3.0
	notice 'rules run'
	half_of "$corpus/gcc-o/plugin.log"
	feed "$dir/head"
	tell signal HUP >/dev/null
	ok "SIGHUP reloads" notice 'reloading configuration and rules'
	until_ok test "$(count 'rules run' "$dir/syslog")" = 2
	printf '[rule]\nid = "x"\n' >"$dir/bad.toml"
	sed -i "s|^rules = .*|&:$dir/bad.toml|" "$dir/conf"
	tell signal HUP >/dev/null
	ok "bad rules are refused" notice 'keeping the old ones'
	ok "and where they are bad is told" notice 'bad.toml:'
	sed -i 's|:[^:]*bad.toml||' "$dir/conf"
	echo 'memcap = much' >>"$dir/conf"
	tell signal HUP >/dev/null
	ok "a bad configuration is refused" notice "conf:7:10: .*'much'"
	feed "$dir/tail"
	finish close
	one_alert
}

# 4.2 starts plugins anew on a reload; earlier ones when the program changed.
case_restart() {
	prepare restart-reload
	start 4.2
	half_of "$corpus/gcc-o/plugin.log"
	feed "$dir/head"
	tell reload >/dev/null
	feed "$dir/tail"
	finish close
	one_alert
	prepare restart-replace
	start 3.0
	half_of "$corpus/gcc-o/plugin.log"
	feed "$dir/head"
	notice 'rules run'
	tell replace >/dev/null
	# the new one has begun, too
	until_ok twice 'rules run'
	tell signal HUP >/dev/null
	ok "blocked signals are heard" notice 'reloading configuration'
	feed "$dir/tail"
	finish stop
	one_alert
}

# A worker that stands still has read nothing of what comes then.
kill_at() { # LINES
	head_of "$corpus/gcc-o/plugin.log" "$1"
	notice 'rules run'
	feed "$dir/head"
	ok "it has read $1 records" until_ok counted records_total "$1"
	tell worker STOP >/dev/null
	feed "$dir/tail"
	tell worker KILL >/dev/null
	ok "a killed worker is replaced" \
		notice 'killed by signal 9; starting another'
}

case_kill() {
	local log=$corpus/gcc-o/plugin.log lines
	for lines in 0 20 40 60 80 $(($(wc -l <"$log") - 1)); do
		prepare "kill-$lines"
		start 4.0
		kill_at "$lines"
		finish close
		ok "the alert comes" file_alerts 1
		ok "to syslog as well" until_ok syslog_alerts 1
		ok "no byte was dropped" grep -qx \
			'audisp_eql_dropped_records_total 0' "$dir/status"
	done
}

case_kill_keeper() {
	prepare kill-keeper
	start 4.0
	notice 'rules run'
	feed "$corpus/gcc-o/plugin.log"
	until_ok counted received_bytes_total \
		"$(wc -c <"$corpus/gcc-o/plugin.log")"
	tell signal KILL >/dev/null
	ok "what the keeper had read is told" until_ok file_alerts 1
	ok "it was killed" test "$(tell wait)" = "signal 9"
	exec {auditd[1]}>&-
	wait "$auditd_pid"
	leave
}

case_syslog() {
	prepare syslog-absent
	leave
	rm "$dir/log"
	start 4.0
	feed "$corpus/gcc-o/plugin.log"
	ok "no syslog: the file has the alert" until_ok file_alerts 1
	tell close >/dev/null
	ok "it ends well" test "$(tell wait)" = "exit 0"
	exec {auditd[1]}>&-
	wait "$auditd_pid"
	prepare syslog-deaf
	leave
	rm "$dir/log"
	./dispatch deaf "$dir/log" &
	reader=$!
	readers="$readers $reader"
	until_ok test -S "$dir/log"
	start 4.0
	feed "$corpus/gcc-o/plugin.log"
	ok "a full syslog: the file has the alert" until_ok file_alerts 1
	ok "and records are counted" until_ok counted records_total \
		"$(wc -l <"$corpus/gcc-o/plugin.log")"
	tell close >/dev/null
	ok "it ends well" test "$(tell wait)" = "exit 0"
	exec {auditd[1]}>&-
	wait "$auditd_pid"
	leave
}

case_machine_id() {
	prepare machine-id
	sed -i '/^host_id/d' "$dir/conf"
	: >"$dir/nothing"
	if ! unshare -m sh -c \
		"mount --bind '$dir/nothing' /etc/machine-id" 2>/dev/null; then
		skip "an empty machine-id" "no mount namespace of our own"
		leave
		return
	fi
	coproc auditd { exec unshare -m sh -c \
		'mount --bind "$1" /etc/machine-id && shift && exec "$@"' sh \
		"$dir/nothing" ./dispatch 4.0 socket "$PWD/audisp-eql" \
		-c "$dir/conf"; }
	auditd_pid=$!
	feed "$corpus/gcc-o/plugin.log"
	finish close
	one_alert
	ok "the host is named by its node name" grep -q \
		"\"host\":{[^}]*\"id\":\"$(uname -n)\"" "$dir/alerts"
}

case_junk() {
	local log=$corpus/gcc-o/plugin.log
	prepare junk
	half_of "$log"
	start 4.0
	feed "$dir/head"
	# a record of 1 MB, with a right beginning and without
	{
		printf 'type=CWD msg=audit(1795486462.999:1): cwd="'
		head -c 1000000 /dev/zero | tr '\0' x
		printf '"\n'
		head -c 1000000 /dev/zero | tr '\0' y
		printf '\n'
	} >"$dir/long"
	head -c 300000 "$PWD/audisp-eql" >"$dir/binary"
	printf '\n' >>"$dir/binary"
	tell raw "$dir/long" >/dev/null
	tell raw "$dir/binary" >/dev/null
	printf '\n\n\0\n' >"$dir/empty"
	tell raw "$dir/empty" >/dev/null
	feed "$dir/tail"
	ok "all bytes are received" until_ok counted received_bytes_total \
		$(($(cat "$log" "$dir/long" "$dir/binary" "$dir/empty" |
			wc -c)))
	ok "junk is counted" until_ok counted malformed_records_total '[1-9].*'
	finish close
	one_alert
}

case_empty() {
	prepare empty
	start 4.0
	finish close
	ok "no input, no alert" test ! -s "$dir/alerts"
	prepare empty-cut
	head -c 100 "$corpus/gcc-o/plugin.log" >"$dir/cut"
	start 4.0
	tell raw "$dir/cut" >/dev/null
	finish close
	ok "half a record, no alert" test ! -s "$dir/alerts"
}

case_inputs() {
	prepare input-pipe
	start 4.0 pipe
	feed "$corpus/gcc-o/plugin-raw.log"
	finish close
	one_alert
	prepare input-file
	start 4.0 "$corpus/gcc-o/plugin-node.log"
	finish
	one_alert
}

# What runs when the plugin starts is an event, if a rule asks for it.
case_running() {
	prepare running
	sed -i "s|^rules = .*|rules = $dir/rule.toml|" "$dir/conf"
	cat >"$dir/rule.toml" <<-'EOF'
	[rule]
	rule_id = "runs"
	name = "It runs"
	type = "eql"
	query = """
	process where event.action == "already_running" and
	process.args == "marked-running"
	"""
	EOF
	sh -c 'sleep 600 & wait' marked-running &
	local marked=$!
	until_ok grep -q marked-running "/proc/$marked/cmdline"
	start 4.0
	ok "what runs is told of" until_ok file_alerts 1
	finish close
	pkill -P "$marked"
	wait "$marked" 2>/dev/null
	ok "once" file_alerts 1
	ok "by its process" grep -q "\"pid\":$marked[,}]" "$dir/alerts"
	ok "in syslog, too" until_ok syslog_alerts 1
}

# Each shipped rule that is not off, with its capture; these in the order of time.
case_detections() {
	prepare detections
	sed -i "s|^rules = .*|rules = $top/rules.d/detect|" "$dir/conf"
	start 4.2
	for log in "$top"/tests/detect/*/fires.log; do
		echo "$(sed -n '1s/.*audit(\([0-9.]*\).*/\1/p' "$log") $log"
	done | sort -n >"$dir/logs"
	while read -r _ log; do
		feed "$log"
	done <"$dir/logs"
	finish close
	for rule in "$top"/rules.d/detect/*.toml; do
		grep -q '^mode = "off"' "$rule" && continue
		id=$(sed -n 's/^rule_id = \(".*"\)/\1/p' "$rule")
		ok "$(basename "$rule" .toml) finds its capture" \
			grep -q "\"id\":$id" "$dir/alerts"
	done
}

# What is told of the sensor itself, whatever the rule files say.
case_builtin() {
	prepare builtin
	cat "$top/tests/cases/sensor/removed.log" >"$dir/log1"
	start 4.0
	notice 'rules run'
	feed "$dir/log1"
	ok "removed audit rules are told of" until_ok builtin audit_rules_removed
	ok "with what is gone, and by whom" grep -q \
		'audit rules gone: 40 (2 of key .*process="/usr/sbin/auditctl"' \
		"$dir/syslog"
	finish close
	ok "nothing is said twice" builtin audit_rules_removed
	ok "and the input's end is not auditd's" builtin auditd_stopped 0
	prepare builtin-reload
	start 4.0
	feed "$top/tests/cases/sensor/reloaded.log"
	finish close
	ok "a reload is one alert" builtin audit_rules_reloaded
	ok "and a low one" grep -q 'anew" severity=low' "$dir/syslog"
	ok "which is all" test "$(wc -l <"$dir/alerts")" = 1
}

# A worker dies while rules are being removed: it is told all the same.
case_builtin_kill() {
	prepare builtin-kill
	start 4.0
	notice 'rules run'
	feed "$top/tests/cases/sensor/removed.log"
	until_ok counted records_total \
		"$(wc -l <"$top/tests/cases/sensor/removed.log")"
	tell worker KILL >/dev/null
	ok "the next one tells" until_ok builtin audit_rules_removed
	finish close
	ok "once" builtin audit_rules_removed
}

case_no_rules() {
	prepare no-rules
	mkdir "$dir/rules.d"
	sed -i "s|^rules = .*|rules = $dir/rules.d|" "$dir/conf"
	start 4.0
	ok "that nothing is detected is told" until_ok builtin nothing_detected
	feed "$top/tests/cases/sensor/settings.log"
	ok "what weakens audit is told, too" until_ok builtin audit_weakened 3
	ok "and what ends it" until_ok builtin audit_disabled
	finish close
}

case_auditd_killed() {
	prepare auditd-killed
	start 4.0
	notice 'rules run'
	half_of "$corpus/gcc-o/plugin.log"
	feed "$dir/head"
	kill -9 "$auditd_pid"
	wait "$auditd_pid" 2>/dev/null
	ok "that auditd is gone is told" until_ok builtin auditd_stopped
	leave
	prepare auditd-ends
	start 4.0
	notice 'rules run'
	feed "$corpus/gcc-o/plugin.log"
	ok "so is an end that it tells of" until_ok builtin auditd_stopped
	kill -9 "$auditd_pid"
	wait "$auditd_pid" 2>/dev/null
	until_ok sh -c "! pgrep -f '$dir/conf'"
	ok "once" builtin auditd_stopped
	leave
}

# An event never came, between the link and the connection.
case_gap() {
	local log=$corpus/gcc-o/plugin.log lost
	prepare gap
	half_of "$log"
	# the second one after the compiler has begun
	lost=$(grep -o ':[0-9]*)' "$dir/head" | uniq |
		sed -n "/$(sed -n 's/.*\(:[0-9]*)\).*comm="gcc".*/\1/p' \
			"$dir/head" | head -n 1)/{n;n;p}")
	grep -v "$lost" "$dir/head" >"$dir/less"
	start 4.0
	feed "$dir/less"
	feed "$dir/tail"
	ok "a finding with a gap is one" until_ok syslog_alerts 1
	ok "and says so" grep -q 'ALERT .*evidence=incomplete' "$dir/syslog"
	ok "in the file, too" grep -q '"gap":true' "$dir/alerts"
	ok "the gap is told, later" until_ok builtin records_missing
	ok "with its number" grep -q 'reason="blind for 1 events' "$dir/syslog"
	finish close
}

beats() { # PATTERN: a heartbeat is like that, in file and syslog
	grep '"dataset":"audisp_eql.heartbeat"' "$dir/alerts" |
		grep -q "\"blind\":$1" &&
		grep -q "HEARTBEAT blind=$2" "$dir/syslog"
}

case_heartbeat() {
	local log=$corpus/gcc-o/plugin.log
	prepare heartbeat
	echo "heartbeat = 1s" >>"$dir/conf"
	start 4.0
	ok "it says that it sees" until_ok beats false no
	feed "$log"
	ok "and how much" until_ok grep -q \
		"HEARTBEAT .* records=$(wc -l <"$log") missing=0" "$dir/syslog"
	ok "and that it was killed does not end it" tell worker KILL
	: >"$dir/alerts"
	ok "its successor goes on" until_ok beats false no
	ok "once a time" test "$(grep -c heartbeat "$dir/alerts")" -lt 3
	finish close
	prepare heartbeat-blind
	echo "heartbeat = 1s" >>"$dir/conf"
	sed -i "s|^rules = .*|rules = $dir|" "$dir/conf"
	start 4.0
	ok "it says that it is blind" until_ok beats true yes
	finish close
}

# More than the ring holds, while the worker stands still.
case_dropped() {
	local log=$corpus/gcc-o/plugin.log
	prepare dropped
	start 4.0
	notice 'rules run'
	until [ "$(stat -c %s "$dir/many" 2>/dev/null || echo 0)" -gt 12000000 ]
	do
		grep -v 'type=DAEMON_\|type=CONFIG_' "$log" >>"$dir/many"
	done
	tell worker STOP >/dev/null
	tell raw "$dir/many" >/dev/null
	tell worker CONT >/dev/null
	ok "dropped records are an alert" until_ok builtin records_dropped
	ok "with how many" grep -q 'reason="[1-9][0-9]* records were dropped' \
		"$dir/syslog"
	ok "and make it blind" until_ok status_is 1 '^problem  blind'
	ok "for that reason" grep -q '^warning  .* records were dropped' \
		"$dir/said"
	finish close
}

status_is() { # CODE TEXT [OPTION]...: aueql status, of this plugin
	local code=$1 text=$2
	shift 2
	./aueql status "$@" "$dir/status" >"$dir/said" 2>&1
	[ $? = "$code" ] && grep -q -- "$text" "$dir/said"
}

case_status() {
	local log=$corpus/gcc-o/plugin.log now
	prepare status
	ok "before it has written there is none" status_is 1 'is not there'
	start 4.0
	notice 'rules run'
	half_of "$log"
	feed "$dir/head"
	ok "records are counted" until_ok counted records_total \
		"$(wc -l <"$dir/head")"
	ok "all is well" status_is 0 '^ok .*runs, and sees all'
	ok "as json" status_is 0 \
		"\"well\":true,.*\"records_total\":$(wc -l <"$dir/head")" \
		--format json
	ok "as it is" status_is 0 '^audisp_eql_running 1$' --format prometheus
	ok "whole" cmp "$dir/said" "$dir/status"
	finish close
	ok "its end is told" status_is 1 '^problem  the plugin has ended'
	ok "by the exit code, too" status_is 1 '"well":false' --format json
	now=$(date +%s)
	sed -i "s/^\(audisp_eql_running\) .*/\1 1/
		s/^\(audisp_eql_written_timestamp_seconds\) .*/\1 $((now - 60))/" \
		"$dir/status"
	ok "an old report is none" status_is 1 '^problem .*was killed, or hangs'
	sed -i "s/^\(audisp_eql_written_timestamp_seconds\) .*/\1 $now/
		s/^\(audisp_eql_blind\) .*/\1 1/
		s/^\(audisp_eql_missing_serials_total\) .*/\1 22/" "$dir/status"
	ok "blindness is a problem" status_is 1 '^problem  blind'
	ok "with its reason" grep -q '^warning  22 audit events never came' \
		"$dir/said"
	ok "which stands first" sh -c "head -n 1 '$dir/said' | grep -q problem"
	echo "audisp_eql_x" >>"$dir/status"
	ok "what cannot be read is told" status_is 1 'no status file'
	cp "$log" "$dir/status"
	ok "as is another file" status_is 1 'no status file'
}

all="forms pace eof term reload restart kill kill_keeper syslog machine_id junk
	empty inputs running detections builtin builtin_kill no_rules
	auditd_killed gap heartbeat dropped status"
# shellcheck disable=SC2086
for name in ${*:-$all}; do
	"case_$name"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
