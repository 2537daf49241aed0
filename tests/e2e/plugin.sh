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

file_alerts() {
	[ "$(count '"kind":"alert"' "$dir/alerts")" = "$1" ]
}

syslog_alerts() {
	[ "$(count 'ALERT ' "$dir/syslog")" = "$1" ]
}

# After a crash an alert may come again, but it is the same one.
one_finding() {
	[ "$(grep -o '"id":"[0-9a-f]\{32\}"' "$dir/alerts" | sort -u |
		wc -l)" = 1 ]
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

# Of the environment of a process that has executed, what the configuration
# names is known, and nothing else is told.
case_environment() {
	prepare environment
	sed -i "s|^rules = .*|rules = $dir/rule.toml|" "$dir/conf"
	echo "environment = LD_PRELOAD" >>"$dir/conf"
	cat >"$dir/rule.toml" <<-'EOF'
	[rule]
	rule_id = "preloads"
	name = "It preloads"
	type = "eql"
	query = """
	process where event.action == "exec" and
	process.env_vars : "LD_PRELOAD=*libmarked*"
	"""
	EOF
	LD_PRELOAD='' SECRET=marked-secret \
		env LD_PRELOAD=/none/libmarked.so sleep 600 2>/dev/null &
	local marked=$! now
	until_ok grep -q sleep "/proc/$marked/cmdline"
	now=$(date +%s.%3N)
	cat >"$dir/log.log" <<-EOF
	type=SYSCALL msg=audit($now:70): arch=c000003e syscall=59 success=yes exit=0 a0=0 a1=0 a2=0 a3=0 items=0 ppid=1 pid=$marked auid=0 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=(none) ses=1 comm="sleep" exe="/usr/bin/sleep" key=(null)
	type=EXECVE msg=audit($now:70): argc=2 a0="sleep" a1="600"
	type=EOE msg=audit($now:70):
	EOF
	start 4.0
	feed "$dir/log.log"
	ok "the variable is told of" until_ok file_alerts 1
	ok "it was there" until_ok counted environments_unresolved_total 0
	finish close
	kill "$marked"
	wait "$marked" 2>/dev/null
	ok "by its value" grep -q '"env_vars":\["LD_PRELOAD=/none/libmarked.so"\]' \
		"$dir/alerts"
	ok "nothing else is" sh -c \
		"! grep -q marked-secret '$dir/alerts' '$dir/state'"
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

all="forms pace eof term reload restart kill kill_keeper syslog machine_id junk
	empty inputs running environment detections"
# shellcheck disable=SC2086
for name in ${*:-$all}; do
	"case_$name"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
