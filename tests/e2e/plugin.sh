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
# who the worker runs as; it must get at its files
user=$(id -un)
[ "$user" != root ] || user=nobody
chmod 755 "$work"

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

. "$top/tests/e2e/cases.sh"

# --- one plugin --------------------------------------------------------------

prepare() { # NAME: a directory, a configuration, a syslog that listens
	case=$1 dir=$work/$1
	mkdir "$dir"
	chown "$user" "$dir"
	cat >"$dir/conf" <<-EOF
	rules = $top/rules.d/detect/network_after_compile.toml
	json_file = $dir/alerts
	syslog_socket = $dir/log
	status_file = $dir/status
	state_file = $dir/state
	host_id = test-host
	user = $user
	audit_log =
	user_names = no
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

start() { # VERSION [INPUT [KERNEL THAT IS WITHOUT]]
	# shellcheck disable=SC2086
	coproc auditd { exec ./dispatch "$1" "${2:-socket}" \
		${3:+"$PWD/without" $3} "${program:-$PWD/audisp-eql}" \
		-c "$dir/conf"; }
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
findings() { # NUMBER
	[ "$(grep -v '"id":"audisp_eql\.' "$dir/alerts" |
		grep -o '"id":"[0-9a-f]\{32\}"' | sort -u | wc -l)" = "$1" ]
}

one_finding() {
	findings 1
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
	ok "a bad configuration is refused" notice "conf:10:10: .*'much'"
	sed -i "s|^user = .*|user = no-such-user|; /^memcap/d" "$dir/conf"
	tell signal HUP >/dev/null
	ok "a user who is not there is refused" \
		notice 'user = no-such-user: there is no such user'
	until_ok test "$(count 'keeping the old ones' "$dir/syslog")" = 3
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
ask_for_running() { # starts $marked, for which there is a rule
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
	marked=$!
	until_ok grep -q marked-running "/proc/$marked/cmdline"
}

told_running() {
	ok "what runs is told of" until_ok file_alerts 1
	ok "with its program, which root alone may see" grep -q \
		"\"executable\":\"$(readlink "/proc/$marked/exe")\"" "$dir/alerts"
	finish close
	pkill -P "$marked"
	wait "$marked" 2>/dev/null
}

case_running() {
	local marked
	prepare running
	ask_for_running
	start 4.0
	told_running
	ok "once" file_alerts 1
	ok "by its process" grep -q "\"pid\":$marked[,}]" "$dir/alerts"
	ok "in syslog, too" until_ok syslog_alerts 1
}

# Where users see their own processes alone, the worker's sees none.
case_hidepid() {
	local hide='mount -t proc -o hidepid=2 proc /proc' marked
	if [ "$user" != nobody ] || ! unshare -m sh -c "$hide" 2>/dev/null; then
		skip "/proc with hidepid" "no mount namespace of our own"
		return
	fi
	prepare hidepid
	ask_for_running
	coproc auditd { exec unshare -m sh -c "$hide && exec \"\$@\"" sh \
		./dispatch 4.0 socket "$PWD/audisp-eql" -c "$dir/conf"; }
	auditd_pid=$!
	told_running
	ok "no call was refused" grep -qx 'audisp_eql_refused_calls_total 0' \
		"$dir/status"
}

# A rule that asks for what a process preloads.
ask_for_preloads() {
	sed -i "s|^rules = .*|rules = $dir/rule.toml|" "$dir/conf"
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
}

# Of the environment of a process that has executed, what the configuration
# names is known, and nothing else is told.
case_environment() {
	prepare environment
	ask_for_preloads
	echo "environment = LD_PRELOAD" >>"$dir/conf"
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
	ok "no call was refused" counted refused_calls_total 0
	finish close
	kill "$marked"
	wait "$marked" 2>/dev/null
	ok "by its value" grep -q '"env_vars":\["LD_PRELOAD=/none/libmarked.so"\]' \
		"$dir/alerts"
	ok "nothing else is" sh -c \
		"! grep -q marked-secret '$dir/alerts' '$dir/state'"
	environment_reads
}

# Files that are nobody else's are read where a rule asks and the key says of
# what, by the inspector alone.
environment_reads() {
	local locked="NoNewPrivs: 1;Seccomp: 2;$" key caps
	needs_root "who reads environments" || return
	for key in "" LD_PRELOAD; do
		prepare "environment-of-${key:-none}"
		ask_for_preloads
		echo "environment = $key" >>"$dir/conf"
		start 4.0
		notice 'rules run'
		show_threads
		caps=80000
		[ "$key" ] && caps=80004
		ok "the inspector may do what reading '$key' takes" \
			each_is inspector \
			"$(id_of nobody)$(caps "$caps")$locked"
		ok "the worker nothing more" \
			each_is worker "$(id_of nobody)$(caps 0)$locked"
		finish close
	done
	ok "one thread of the inspector reads, one answers" \
		test "$(wc -l <"$dir/inspector")" = 2
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

# But for what the kernel's own auditd alone is told, and what is of the alerts
# that came.
has_metrics() {
	local name found=0
	for name in $(sed 's/#.*//' \
		"$top/packaging/prometheus/audisp-eql.rules.yml" |
		grep -o 'audisp_eql_[a-z_]*' | sort -u); do
		case $name in
		audisp_eql_kernel_*) grep -q "\"${name#audisp_eql_}\"" \
			"$top/plugin/status.c" ;;
		audisp_eql_received_* | audisp_eql_missing_alert_numbers)
			grep -q "# TYPE $name " \
			"$top/packaging/prometheus/audisp-eql-numbers" ;;
		*) grep -q "^$name[ {]" "$dir/status" ;;
		esac || { echo "$name"; return 1; }
		found=$((found + 1))
	done
	[ $found -ge 15 ]
}

case_status() {
	local log=$corpus/gcc-o/plugin.log now
	prepare status
	ok "before it has written there is none" status_is 1 'is not there'
	ok "as json, too" status_is 1 \
		'"id":"report",.*is not there.*"well":false' --format json
	ok "as prometheus" status_is 1 '^audisp_eql_running 0$' \
		--format prometheus
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
	ok "what Prometheus is to alert on is in it" has_metrics
	finish close
	ok "its end is told" status_is 1 '^problem  the plugin has ended'
	ok "as prometheus" status_is 1 '^audisp_eql_running 0$' \
		--format prometheus
	ok "by the exit code, too" status_is 1 '"well":false' --format json
	now=$(date +%s)
	sed -i "s/^\(audisp_eql_running\) .*/\1 1/
		s/^\(audisp_eql_written_timestamp_seconds\) .*/\1 $((now - 60))/" \
		"$dir/status"
	ok "an old report is none" status_is 1 '^problem .*was killed, or hangs'
	ok "as json" status_is 1 '"id":"running","severity":"problem"' \
		--format json
	ok "as prometheus it does not run" status_is 1 '^audisp_eql_running 0$' \
		--format prometheus
	ok "and all else is as it is" sh -c "diff '$dir/said' '$dir/status' |
		grep -c '^[<>]' | grep -qx 2"
	sed -i "s/^\(audisp_eql_written_timestamp_seconds\) .*/\1 $now/
		s/^\(audisp_eql_blind\) .*/\1 1/
		s/^\(audisp_eql_missing_serials_total\) .*/\1 22/" "$dir/status"
	ok "blindness is a problem" status_is 1 '^problem  blind'
	ok "with its reason" grep -q '^warning  22 audit events never came' \
		"$dir/said"
	ok "which stands first" sh -c "head -n 1 '$dir/said' | grep -q problem"
	echo "audisp_eql_x" >>"$dir/status"
	ok "what cannot be read is told" status_is 1 'no status file'
	for row in $'# \033[2J' $'audisp_eql_x{a="\001"} 1' 'audisp_eql_x -1' \
		'audisp_eql_x 99999999999999999999' 'audisp_eql_x{a="b' 'other 1'
	do
		{ sed '$d' "$dir/status"; printf '%s\n' "$row"; } >"$dir/bad"
		mv "$dir/bad" "$dir/status"
		ok "a damaged row is told" status_is 1 'no status file'
		ok "and not shown" sh -c "! grep -q '[[:cntrl:]]' '$dir/said'"
	done
	cp "$log" "$dir/status"
	ok "as is another file" status_is 1 'no status file'
	: >"$dir/status"
	ok "and an empty one" status_is 1 'no status file'
	rm "$dir/status"
	mkfifo "$dir/status"
	ok "a pipe does not hold it up" status_is 1 'no status file'
	rm "$dir/status"
	ln -s /etc/passwd "$dir/status"
	ok "a link is not followed" status_is 1 'no status file'
}

# --- privileges --------------------------------------------------------------

# A row for each thread of a process, of what the kernel says it may do.
# A rule has told what its budget pays for; the rest is counted, also by the
# worker after the next, and told by every output when the hour is over.
case_budget() {
	local linked=network_after_compile_linked
	prepare budget
	sed -i "s/network_after_compile/$linked/" "$dir/conf"
	echo 'budget = 2' >>"$dir/conf"
	start 4.0
	notice 'rules run'
	feed "$corpus/b-odd-local/plugin.log"
	ok "two are told" until_ok syslog_alerts 2
	ok "the second says that it is the last" grep -q \
		'ALERT .* budget_spent=2 counted_until=' "$dir/syslog"
	ok "the rest is counted" until_ok counted suppressed_total 4
	tell worker KILL >/dev/null
	ok "a killed worker is replaced" \
		notice 'killed by signal 9; starting another'
	feed "$corpus/b-project/plugin.log"
	sed 's/audit(1795/audit(1796/' "$corpus/gcc-o/plugin.log" >"$dir/later"
	feed "$dir/later"
	ok "the hour's end is told" notice \
		' BUDGET rule=.* suppressed=4 budget_spent=2 '
	finish close
	ok "in the file as well" grep -q \
		'"kind":"budget",.*"suppressed":4,"budget_spent":2' \
		"$dir/alerts"
	ok "two, their summary, and one in the next hour" findings 4
}

plugins_begun() { # NUMBER
	[ "$(count 'rules run' "$dir/syslog")" -ge "$1" ]
}

# What an exception held is known to the next worker, and to the next plugin.
case_exceptions() {
	local labels='{rule="5d3f0c52-6f0e-4d0b-9a46-1c8e2d7f4b19",stage="4"'
	labels="exception_hits_total$labels,exception=\"1\"}"
	prepare exceptions
	mkdir "$dir/overrides.d"
	cat >"$dir/overrides.d/a.toml" <<-EOF
	[[override]]
	rule_id = "5d3f0c52-6f0e-4d0b-9a46-1c8e2d7f4b19"
	[[override.exceptions]]
	stage = 4
	condition = 'destination.port == 4444'
	expires = 2026-12-31
	EOF
	start 4.0
	notice 'rules run'
	ok "it held nothing yet" until_ok counted "$labels" 0
	feed "$corpus/gcc-o/plugin.log"
	ok "it holds" until_ok counted "$labels" 1
	tell worker KILL >/dev/null
	ok "the next worker knows" until_ok twice 'rules run'
	ok "how often" until_ok counted "$labels" 1
	tell replace >/dev/null
	ok "the next plugin begins" until_ok plugins_begun 3
	ok "and knows" until_ok counted "$labels" 1
	ok "so that status tells" until_ok status_is 0 'held 1 times, last 2026-11-24'
	finish close
	ok "no alert" file_alerts 0
}

threads_of() { # PID
	local task
	for task in "/proc/$1"/task/*; do
		awk -v OFS= '/^(Uid|Gid|Groups|Cap...|NoNewPrivs|Seccomp):/ {
			gsub(/[ \t]+/, " "); sub(/ $/, ""); printf "%s;", $0 }
			END { print "" }' "$task/status"
	done
}

child_of() { # PID
	pgrep -x -o -P "$1" audisp-eql
}

find_processes() {
	keeper=$(child_of "$auditd_pid")
	worker=$(child_of "$keeper")
	inspector=$(child_of "$worker")
}

# What each thread is; the rows are shown.
show_threads() {
	find_processes
	for process in keeper worker inspector; do
		threads_of "${!process}" >"$dir/$process"
		sed "s/^/# $process: /" "$dir/$process"
	done
}

# 0 = as any other, 3 = takes no processor from who runs (sched(7)).
policy_is() { # PID NUMBER
	[ "$(awk '{ sub(/.*\) /, ""); print $39 }' "/proc/$1/stat")" = "$2" ]
}

each_is() { # PROCESS PATTERN: it has threads, and each row is so
	cat "$dir/$1"
	[ -s "$dir/$1" ] && ! grep -qvE "$2" "$dir/$1"
}

# The start of a row.
id_of() { # USER
	local uid gid
	uid=$(id -u "$1") gid=$(id -g "$1")
	echo "^Uid: $uid $uid $uid $uid;Gid: $gid $gid $gid $gid;Groups:;"
}

caps() { # HEX [HEX]: permitted and effective, bounding
	echo "CapInh: 0+;CapPrm: 0+$1;CapEff: 0+$1;CapBnd: 0+${2:-};CapAmb: 0+;"
}

# Changes of identity are root's.
needs_root() { # NAME
	[ "$user" = nobody ] && return
	skip "$1" "not root"
	return 1
}

case_privileges() {
	local locked="NoNewPrivs: 1;Seccomp: 2;$"
	needs_root "who is what" || return
	prepare privileges
	start 4.0
	notice 'rules run'
	feed "$corpus/gcc-o/plugin.log"
	until_ok file_alerts 1
	show_threads
	ok "the keeper is root with what starting workers takes" each_is keeper \
		"^Uid: 0 .*$(caps 400801e5 400801e5)$locked"
	ok "the worker has three threads" test "$(wc -l <"$dir/worker")" = 3
	ok "each is nobody, in no group, without capabilities, confined" \
		each_is worker "$(id_of nobody)$(caps 0)$locked"
	ok "the inspector has the one capability that looking takes" \
		each_is inspector "$(id_of nobody)$(caps 80000)$locked"
	ok "the worker lets others go first" policy_is "$worker" 3
	ok "the keeper does not" policy_is "$keeper" 0
	ok "no call was refused" counted refused_calls_total 0
	tell worker SYS >/dev/null
	ok "nor is one by who sends its signal" counted refused_calls_total 0
	finish close
	one_alert
}

case_unconfined() {
	needs_root "sandbox = no" || return
	prepare unconfined
	echo 'sandbox = no' >>"$dir/conf"
	start 4.0
	ok "that there is no sandbox is said aloud" \
		notice '<28>.*sandbox = no: '
	feed "$corpus/gcc-o/plugin.log"
	until_ok file_alerts 1
	show_threads
	for process in keeper worker inspector; do
		ok "the $process is not confined" each_is $process \
			"NoNewPrivs: 1;Seccomp: 0;"
	done
	ok "the worker has no privileges all the same" \
		each_is worker "$(id_of nobody)$(caps 0)"
	# what a forbidden call would be killed with
	tell worker SYS >/dev/null
	ok "a worker that dies of a forbidden call is told of" \
		notice '<26>.*forbidden system call: somebody may have got in'
	finish close
	ok "its successor tells of the same finding" one_finding
	prepare user-root
	sed -i 's/^user = .*/user = root/' "$dir/conf"
	chown root "$dir"
	start 4.0
	ok "that root parses is said aloud" notice '<28>.*user = root: '
	feed "$corpus/gcc-o/plugin.log"
	until_ok file_alerts 1
	show_threads
	ok "the worker is root, without capabilities, confined" each_is worker \
		"$(id_of root)$(caps 0)NoNewPrivs: 1;Seccomp: 2;"
	finish close
	one_alert
}

# Nothing is parsed, until what is missing is there.
refused() { # REASON
	ok "what is missing is told: $1" notice "<26>.*$1"
	ok "and that nothing is detected" \
		notice '<26>.*nothing is detected: the worker does not run unconf'
	head_of "$corpus/gcc-o/plugin.log" 40
	feed "$dir/head"
	tell signal USR1 >/dev/null
}

mended() { # it is once it is reloaded
	tell signal HUP >/dev/null
	ok "what is mended runs" notice 'rules run'
	feed "$corpus/gcc-o/plugin.log"
	finish close
	one_alert
}

case_fail_closed() {
	needs_root "it fails closed" || return
	prepare no-user
	sed -i 's/^user = .*/user = no-such-user/' "$dir/conf"
	start 4.0
	refused 'user = no-such-user: there is no such user; make it'
	ok "nothing was written" test ! -e "$dir/status" -a ! -e "$dir/alerts"
	sed -i "s/^user = .*/user = $user/" "$dir/conf"
	mended
	prepare no-seccomp
	start 4.0 socket seccomp
	refused 'not confined: Function not implemented; .*sandbox = no'
	ok "nothing was written" test ! -e "$dir/status" -a ! -e "$dir/alerts"
	echo 'sandbox = no' >>"$dir/conf"
	mended
	ok "and says what it lacks" notice '<28>.*sandbox = no: '
	prepare no-landlock
	start 4.0 socket landlock_create_ruleset
	ok "a kernel without Landlock is told of" notice 'no Landlock'
	feed "$corpus/gcc-o/plugin.log"
	until_ok file_alerts 1
	show_threads
	ok "and the worker confined by the rest" \
		each_is worker 'NoNewPrivs: 1;Seccomp: 2;'
	tell signal HUP >/dev/null
	until_ok twice 'rules run'
	ok "told of once" test "$(count 'no Landlock' "$dir/syslog")" = 1
	finish close
	one_alert
}

# Where files are made, and made anew, by who may no longer do so elsewhere.
case_directories() {
	local tree
	prepare directories
	tree=$dir/tree
	mkdir "$tree"
	echo 'suppress = 0' >>"$dir/conf"
	sed -i "s|^json_file.*|json_file = $tree/log/alerts|
		s|^state_file.*|state_file = $tree/lib/state|
		s|^status_file.*|status_file = $tree/run/status|" "$dir/conf"
	start 4.0
	notice 'rules run'
	feed "$corpus/gcc-o/plugin.log"
	tell signal USR1 >/dev/null
	ok "the status is readable" \
		until_ok grep -q '^audisp_eql_info' "$tree/run/status"
	ok "the state is written" until_ok test -s "$tree/lib/state"
	ok "each directory is made for whom it serves" test \
		"$(cd "$tree" && stat -c '%U %a %n' lib log run)" = "$user 700 lib
$user 750 log
$user 755 run"
	ok "the alert is there" grep -q '"kind":"alert"' "$tree/log/alerts"
	rm -r "$tree/log"
	ok "one that is removed is made again" \
		until_ok test -d "$tree/log"
	until_ok twice 'rules run'
	feed "$corpus/gcc-static/plugin.log"
	ok "for alerts to be in" \
		until_ok grep -q '"kind":"alert"' "$tree/log/alerts"
	finish close
	prepare rotation
	echo 'suppress = 0' >>"$dir/conf"
	start 4.0
	notice 'rules run'
	feed "$corpus/gcc-o/plugin.log"
	until_ok file_alerts 1
	mv "$dir/alerts" "$dir/alerts.1"
	feed "$corpus/cc-o/plugin.log"
	ok "a file moved away is made anew" until_ok file_alerts 1
	# as logrotate does with "create"
	mv "$dir/alerts" "$dir/alerts.2"
	install -m 640 -o "$user" /dev/null "$dir/alerts"
	feed "$corpus/gcc-static/plugin.log"
	ok "one made by logrotate is written to" until_ok file_alerts 1
	ok "nothing went elsewhere" test \
		"$(cat "$dir"/alerts.? | grep '"kind":"alert"' |
			grep -cv '"id":"audisp_eql\.')" = 2
	finish close
	prepare foreign
	needs_root "a directory of root" || { leave; return; }
	mkdir "$dir/root.d"
	sed -i "s|^json_file.*|json_file = $dir/root.d/alerts|" "$dir/conf"
	start 4.0
	ok "a directory of another user is told of" notice \
		"nobody cannot make files in $dir/root.d .*chown nobody"
	feed "$corpus/gcc-o/plugin.log"
	ok "the alert comes by syslog" until_ok syslog_alerts 1
	finish close
	ok "nobody got in there" test ! -e "$dir/root.d/alerts"
}

# A process may make wait for ever who reads its files in /proc.
case_inspector() {
	local first
	needs_root "the inspector stands still" || return
	for signal in STOP KILL; do
		prepare "inspector-$signal"
		start 4.0
		notice 'rules run'
		find_processes
		first=$inspector
		kill -"$signal" "$first"
		feed "$corpus/gcc-o/plugin.log"
		ok "another worker takes over" \
			notice 'could not be looked at in time'
		ok "the alert comes" until_ok file_alerts 1
		until_ok twice 'rules run'
		ok "the inspector is gone" until_ok test ! -e "/proc/$first"
		finish close
		one_alert
	done
}

# The capture as auditd writes it without names, of this user.
raw_of() { # UID
	sed -E "s/\\<euid=[0-9]+/euid=$1/" "$corpus/gcc-o/plugin-raw.log"
}

# Time enough for a name to come on a busy machine: alerts come that late.
prepare_names() { # NAME
	prepare "$1"
	printf 'reorder = 3s\nuser_names = yes\n' >>"$dir/conf"
	sed -i '/^user_names = no/d' "$dir/conf"
}

case_names() {
	local signal asks
	prepare_names names
	raw_of 65534 >"$dir/raw"
	start 4.0
	notice 'rules run'
	find_processes
	# who asks for names came first
	threads_of "$inspector" | tee "$dir/asks"
	[ "$user" != nobody ] || ok "who asks is nobody, and can do nothing" \
		each_is asks "$(id_of nobody)$(caps 0)NoNewPrivs: 1;"
	feed "$dir/raw"
	ok "the alert comes" until_ok file_alerts 1
	finish close
	ok "syslog has the name" grep -q ' user="nobody" uid=65534 ' \
		"$dir/syslog"
	ok "so has the file" grep -q '"name":"nobody"' "$dir/alerts"
	ok "who asked is gone" until_ok test ! -e "/proc/$inspector"
	prepare_names names-none
	raw_of 54321 >"$dir/raw"
	start 4.0
	notice 'rules run'
	feed "$dir/raw"
	ok "the alert comes" until_ok file_alerts 1
	finish close
	ok "who has no name has none" tells_none 'user="'
	prepare_names names-other
	raw_of 65534 | sed 's/^/node=other /' >"$dir/raw"
	start 4.0
	notice 'rules run'
	feed "$dir/raw"
	ok "the alert comes" until_ok file_alerts 1
	finish close
	ok "another host's users are not asked for" tells_none 'user="'
	for signal in STOP KILL; do
		prepare_names "names-$signal"
		raw_of 65534 >"$dir/raw"
		start 4.0
		notice 'rules run'
		find_processes
		asks=$inspector
		kill -"$signal" "$asks"
		feed "$dir/raw"
		ok "without who answers the alert comes" until_ok file_alerts 1
		ok "with the number" grep -q ' uid=65534 ' "$dir/syslog"
		[ $signal = STOP ] || ok "and it is told" notice \
			'who asks for names of users has ended'
		finish close
		ok "and no name" tells_none 'user="'
		ok "nothing is left" until_ok test ! -e "/proc/$asks"
	done
}

# The secret is an argument, and part of another's records.
tells() { # PATTERN: syslog and file do
	grep -q -- "$1" "$dir/syslog" && grep -q -- "$1" "$dir/alerts"
}

tells_none() {
	! grep -q -- "$1" "$dir/syslog" "$dir/alerts"
}

case_redact() {
	local hex form
	hex=$(printf 'revsh.c' | od -An -tx1 | tr -d ' \n' | tr a-f A-F)
	prepare redact-off
	start 4.0
	feed "$corpus/gcc-o/plugin.log"
	finish close
	one_alert
	ok "without it arguments are told" tells 'revsh\.c'
	ok "records, too" grep -q "proctitle=[0-9A-F]*$hex" "$dir/alerts"
	for form in text cee; do
		prepare "redact-$form"
		printf 'redact = (?<=-o revsh )\\S+\nsyslog_format = %s\n' $form \
			>>"$dir/conf"
		start 4.0
		feed "$corpus/gcc-o/plugin.log"
		finish close
		ok "there is an alert" file_alerts 1
		ok "the argument is masked" tells '-o revsh \[redacted\]'
		ok "and told nowhere" tells_none 'revsh\.c'
		ok "nor in hex" tells_none "$hex"
	done
	prepare redact-wrong
	start 4.0
	notice 'rules run'
	echo "redact = (" >>"$dir/conf"
	tell signal HUP >/dev/null
	ok "a wrong one is told, with its place" notice \
		"conf:[0-9]*:[0-9]*:.*no pattern that can be matched"
	finish close
}

found() { # RULE: an alert of user 1000
	grep "\"id\":\"$1\"" "$dir/alerts" | grep -q '"audit":{"id":"1000"'
}

# What it takes says nothing of the program then.
sanitized() {
	grep -q '^SANITIZER_CFLAGS = .*sanitize' Makefile
}

# The ring that the keeper shares with it included.
within() { # MEMCAP-IN-MIB
	local peak
	peak=$(awk '$1 == "VmHWM:" { print $2 }' "/proc/$worker/status")
	echo "peak: $peak KiB"
	[ "$peak" -le $((($1 + 16) * 1024)) ]
}

# One user floods while another, or he himself, does what is to be found: more of
# this is asked by check-floods.sh.
case_flood() {
	local linked=96612a94-ed98-48d3-915e-077d3187a0f2
	local published=5d3f0c52-6f0e-4d0b-9a46-1c8e2d7f4b19
	local rules=$top/rules.d/detect/network_after_compile
	for whose in 1000 1001; do
		prepare "flood-$whose"
		sed -i "s,^rules = .*,&:${rules}_linked.toml," "$dir/conf"
		echo "memcap = 4M" >>"$dir/conf"
		./floods --write compile@1000 run@1000 "keys:10000@$whose" \
			connect@1000 relay@1000 "processes:8000@$whose" \
			connect@1000 wait:5@9 processes:1@9 >"$dir/flood"
		start 4.2
		notice 'rules run'
		find_processes
		# no faster than a busy machine takes it
		feed "$dir/flood" 200 10
		ok "what was linked is found" until_ok found $linked
		ok "also what it started" until_ok \
			grep -q '"executable":"/usr/bin/nc' "$dir/alerts"
		[ "$whose" = 1000 ] ||
			ok "the sequence is found" until_ok found $published
		ok "the flood of sequences is told of" until_ok \
			builtin memory_full
		ok "and that of processes" until_ok builtin processes_forgotten
		ok "by its login" grep -q "login $whose" "$dir/syslog"
		ok "it is blind meanwhile" until_ok status_is 1 '^problem  blind'
		if sanitized; then
			skip "its memory" "built with sanitizers"
		else
			ok "its memory is within memcap and 16 MiB" within 4
		fi
		finish close
	done
}

# for faults.sh, which is made of the same
[ "${BASH_SOURCE[0]}" = "$0" ] || return 0

all="forms pace eof term reload restart kill kill_keeper syslog machine_id junk
	empty inputs running environment hidepid privileges unconfined fail_closed directories
	inspector detections builtin builtin_kill no_rules auditd_killed gap
	heartbeat dropped flood status budget exceptions redact
	names"
# shellcheck disable=SC2086
for name in ${*:-$all}; do
	"case_$name"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
