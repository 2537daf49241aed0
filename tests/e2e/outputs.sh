#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Alerts as those read them who collect them: the plugin under ./dispatch, with
# real daemons on sockets of their own and our recipes (packaging/) as they are
# shipped: outputs.sh BUILD [CASE...]. Only paths, ports and @uid@ are put in.
# Needs root, for there have to be two users; no kernel audit, no auditd. What is
# not installed is unpacked from Debian's packages, else skipped.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
self=$top/tests/e2e/outputs.sh
build=$(cd "${1:?outputs.sh BUILD [CASE...]}" && pwd) || exit 1
shift
cd "$build" || exit 1
recipes=$top/packaging
work=${OUTPUTS_WORK:-$(mktemp -d)}
passed=0 failed=0 skipped=0 daemons= modules=
worker=nobody # the plugin's user; and another
stranger=12345
chmod 755 "$work"

cleanup() {
	# shellcheck disable=SC2086
	[ -z "$daemons" ] || kill $daemons 2>/dev/null
	[ -n "${OUTPUTS_WORK:-}" ] || rm -rf "$work"
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
		tail -n 20 "$work/out" | cut -c1-300 | sed 's/^/# /'
		failed=$((failed + 1))
	fi
}

. "$top/tests/e2e/cases.sh"

finish() {
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ] || exit 1
	[ "$passed" != 0 ] || exit 77
	exit 0
}

# --- tools -------------------------------------------------------------------

unpacked=$work/unpacked

# Debian's packages, not installed: syslog-ng and rsyslog would remove each other.
unpack() { # PACKAGE...
	command -v apt-get dpkg >/dev/null || return 1
	mkdir -p "$unpacked/deb"
	(cd "$unpacked/deb" && {
		apt-get -q download "$@" ||
			{ apt-get -q update && apt-get -q download "$@"; }
	}) >>"$work/unpack.log" 2>&1 || return 1
	for package in "$unpacked"/deb/*.deb; do
		dpkg -x "$package" "$unpacked" && rm "$package" || return 1
	done
}

# Where libraries are that were unpacked, for LD_LIBRARY_PATH.
libraries() {
	printf '%s:' "$unpacked"/usr/lib/*-linux-gnu \
		"$unpacked"/lib/*-linux-gnu "$unpacked"/usr/lib/syslog-ng
}

# A program of the host, or of an unpacked package; its path.
find_tool() { # NAME PACKAGE...
	local name=$1 path
	shift
	command -v "$name" && return
	unpack "$@" || return 1
	for path in "$unpacked"/usr/{,s}bin/"$name"; do
		[ ! -x "$path" ] || { echo "$path"; return 0; }
	done
	return 1
}

free_port() {
	local port
	for port in $(shuf -i 20000-30000 -n 50); do
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue
		echo "$port"
		return
	done
}

# --- the plugin --------------------------------------------------------------

prepare() { # NAME
	case=$1 dir=$work/$1
	mkdir -p "$dir"
	chown "$worker" "$dir"
	cat >"$dir/conf" <<-END
	rules = $top/rules.d/detect
	json_file = $dir/alerts
	syslog_socket = $dir/log
	status_file = $dir/status
	state_file = $dir/state
	host_id = test-host
	user = $worker
	END
}

start() {
	coproc auditd { exec ./dispatch 4.2 socket \
		"$PWD/audisp-eql" -c "$dir/conf"; }
	auditd_pid=$!
	until_ok test -s "$dir/status"
}

tell() { # COMMAND: the answer on stdout
	echo "$*" >&"${auditd[1]}" && read -r answer <&"${auditd[0]}" &&
		echo "$answer"
}

# What rules find in their captures, oldest first: dozens of alerts.
feed_all() {
	local log
	for log in "$top"/tests/detect/*/fires.log; do
		echo "$(sed -n '1s/.*audit(\([0-9.]*\).*/\1/p' "$log") $log"
	done | sort -n >"$dir/logs"
	while read -r _ log; do
		[ "$(tell feed "$log")" != failed ] || return 1
	done <"$dir/logs"
}

end() {
	tell close >/dev/null
	ok "the plugin ends well" test "$(tell wait)" = "exit 0"
	exec {auditd[1]}>&-
	wait "$auditd_pid"
	sent=$(sed -n 's/^audisp_eql_alert_number //p' "$dir/status")
	ok "it has sent some alerts" test "$sent" -gt 20
}

# --- what came ---------------------------------------------------------------

numbers() { # FILE [IN SYSLOG'S TEXT]
	if [ "${2:-json}" = text ]; then
		grep 'ALERT \|REPEATS \|FLOOD ' "$1" | grep -v OBSERVED- |
			grep -o ' number=[0-9]*'
	else
		grep -o '"number": *[0-9]*' "$1"
	fi | grep -o '[0-9]*$' | sort -n
}

whole() { # FILE [text]: each number there is, once
	[ "$(numbers "$@")" = "$(seq "$sent")" ] || {
		diff <(numbers "$@") <(seq "$sent")
		return 1
	}
}

# Each row is a document: read by another reader than it was written by.
is_json() { # FILE
	[ "$(./aueql eql 'any where true' --ecs "$1" | wc -l)" = \
		"$(wc -l <"$1")" ]
}

rows() { # NUMBER FILE
	[ "$(cat "$2" 2>/dev/null | wc -l)" = "$1" ]
}

has_rows() { # NUMBER FILE: at least
	[ "$(cat "$2" 2>/dev/null | wc -l)" -ge "$1" ]
}

# --- rsyslog -----------------------------------------------------------------

# A recipe as it is, with what an administrator puts in.
fill_in() { # RECIPE FILE
	sed -e "s/@uid@/$(id -u "$worker")/" -e "s|/var/log/audisp-eql/|$dir/|" \
		-e "s|/var/log/|$dir/|" -e "s|/var/spool/rsyslog/|$dir/|" \
		-e "s/log\.example\.com/127.0.0.1/; s/\"10514\"/\"${port:-}\"/" \
		"$recipes/$1" >"$2"
}

# Where its modules are: some are in packages of their own.
rsyslog_modules() {
	[ -z "$modules" ] || return 0
	unpack rsyslog-elasticsearch rsyslog-kafka librdkafka1 libcurl4
	modules=$(printf '%s:' /usr/lib/rsyslog /usr/lib64/rsyslog \
		/usr/lib/*-linux-gnu/rsyslog \
		"$unpacked"/usr/lib/*-linux-gnu/rsyslog)/
}

has_module() { # NAME
	# shellcheck disable=SC2086
	find ${modules//:/ } -name "$1.so" 2>/dev/null | grep -q .
}

start_rsyslogd() { # NAME
	LD_LIBRARY_PATH=$(libraries) rsyslogd -n ${modules:+-M "$modules"} \
		-f "$dir/$1.conf" -i "$dir/$1.pid" >"$dir/$1.out" 2>&1 &
	daemons="$daemons $!"
	eval "$1_pid=$!"
}

# The host's, which asks the kernel who writes; and the one in the middle.
start_host() { # [FORWARD]
	cat >"$dir/host.conf" <<-END
	global(workDirectory="$dir")
	module(load="imuxsock" SysSock.Use="off")
	input(type="imuxsock" Socket="$dir/log" Annotate="on" ParseTrusted="on")
	include(file="$dir/host-recipe.conf")
	action(type="omfile" file="$dir/others")
	END
	fill_in rsyslog/host.conf "$dir/host-recipe.conf"
	# what is commented out there is the forwarding
	[ -z "${1:-}" ] || sed -i 's/^#\t/\t/' "$dir/host-recipe.conf"
	start_rsyslogd host
	until_ok test -S "$dir/log"
}

start_central() { # [RECIPE NAME]: with another that it calls
	port=$(free_port)
	fill_in rsyslog/central.conf "$dir/central-recipe.conf"
	{
		echo "global(workDirectory=\"$dir\")"
		cat ${1:+"$1"}
		sed "s/^#\(\t*call audisp-eql-${2:-none}\)/\1/" \
			"$dir/central-recipe.conf"
	} >"$dir/central.conf" </dev/null
	start_rsyslogd central
	until_ok bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"
}

stop() { # NAME...
	local name
	for name in "$@"; do
		eval "kill \"\$${name}_pid\" && wait \"\$${name}_pid\""
	done 2>/dev/null
}

received() { # METRIC VALUE FILE
	"$recipes/prometheus/audisp-eql-numbers" "$3" |
		grep -qx "audisp_eql_$1{host=\"test-host\"} $2"
}

case_rsyslog() {
	prepare rsyslog
	command -v rsyslogd >/dev/null || {
		skip "host and central" "no rsyslogd"
		return
	}
	echo "syslog_format = cee" >>"$dir/conf"
	start_central
	start_host forward
	start
	feed_all
	end
	ok "the alerts file has each number" whole "$dir/alerts"
	ok "so has the host's syslog" until_ok whole "$dir/audisp-eql.log"
	ok "and the central one" until_ok whole "$dir/central.ndjson"
	stop host central
	ok "as JSON" is_json "$dir/central.ndjson"
	ok "with the address it came from" rows 0 <(grep -v \
		'"log": *{ *"source": *{ *"address": *"127.0.0.1"' \
		"$dir/central.ndjson")
	ok "the same documents" test "$(./aueql eql \
		'any where event.kind == "alert" and rule.id != null' \
		--ecs "$dir/central.ndjson" | wc -l)" = "$sent"
	ok "nothing is taken for forged" rows 0 "$dir/audisp-eql-forged.log"
	ok "notices are not among alerts" grep -q 'rules run' "$dir/central.log"
	ok "numbers as metrics" received received_alert_number "$sent" \
		"$dir/central.ndjson"
	ok "none is missing" received missing_alert_numbers 0 \
		"$dir/central.ndjson"
	sed -i '/"number": *5,/d; /"number": *7,/d' "$dir/central.ndjson"
	ok "what never came is" received missing_alert_numbers 2 \
		"$dir/central.ndjson"
}

# --- Elasticsearch -----------------------------------------------------------

# Takes what Elasticsearch would, by _bulk; its rows are in a file.
start_elasticsearch() {
	python3 - "$port" "$dir/bulk" >"$dir/python.out" 2>&1 <<-'END' &
	import http.server, sys
	class Bulk(http.server.BaseHTTPRequestHandler):
	    def answer(self):
	        length = int(self.headers.get('Content-Length') or 0)
	        body = self.rfile.read(length)
	        if self.path.startswith('/_bulk'):
	            with open(sys.argv[2], 'ab') as out:
	                out.write(body)
	        text = b'{"took":1,"errors":false,"items":[]}'
	        self.send_response(200)
	        self.send_header('Content-Type', 'application/json')
	        self.send_header('Content-Length', str(len(text)))
	        self.end_headers()
	        if self.command != 'HEAD':
	            self.wfile.write(text)
	    do_GET = do_HEAD = do_POST = answer
	http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Bulk).serve_forever()
	END
	python_pid=$!
	daemons="$daemons $!"
	until_ok bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"
}

# What Elastic's rule External Alerts asks for, or takes over.
external_alerts() {
	grep -v '^{ *"create"' "$dir/bulk" >"$dir/documents"
	[ "$(./aueql eql 'any where event.kind == "alert" and
		event.module == "audisp_eql" and message != null and
		event.severity in (21, 47, 73, 99) and
		event.risk_score != null' --ecs "$dir/documents" |
		wc -l)" = "$sent" ] && rows "$sent" "$dir/documents"
}

actions() { # NUMBER: so many are created in the data stream, by their ids
	[ "$(grep -o '^{ *"create".*"_index" *: *"logs-audisp_eql.alert-default".*' \
		"$dir/bulk" | grep -o '"_id" *: *"[0-9a-f]\{32\}"' |
		sort -u | wc -l)" = "$1" ]
}

case_elasticsearch() {
	prepare elasticsearch
	command -v rsyslogd python3 >/dev/null && rsyslog_modules &&
		has_module omelasticsearch || {
		skip "documents" "no rsyslogd with omelasticsearch, or no python3"
		return
	}
	port=$(free_port)
	start_elasticsearch
	fill_in rsyslog/elasticsearch.conf "$dir/elasticsearch.conf"
	sed -i -e "s|https://[^\"]*|http://127.0.0.1:$port|" \
		-e "s|/etc/rsyslog.d/|$dir/|" "$dir/elasticsearch.conf"
	touch "$dir/elasticsearch-ca.pem"
	echo "syslog_format = cee" >>"$dir/conf"
	start_central "$dir/elasticsearch.conf" elasticsearch
	start_host forward
	start
	feed_all
	end
	ok "each alert is created, with its id" until_ok actions "$sent"
	ok "as Elastic's rule External Alerts wants it" external_alerts
	stop host central
	kill $python_pid
}

# --- floods and forgeries ----------------------------------------------------

as_stranger() { # COMMAND...
	setpriv --reuid "$stranger" --regid "$stranger" --clear-groups "$@"
}

# A line as ours are, by somebody else.
forged_line='ALERT rule="Forged" severity=low number=1 id=0 rule_id="x"'

each_number_somewhere() {
	[ "$({ numbers "$dir/alerts"; numbers "$dir/audisp-eql.log" text; } |
		sort -nu)" = "$(seq "$sent")" ]
}

case_flood() {
	local lines=30000
	prepare flood
	command -v rsyslogd >/dev/null || {
		skip "a flood of lines" "no rsyslogd"
		return
	}
	start_host
	start
	yes "$forged_line" | head -n $lines >"$dir/flood"
	chmod 644 "$dir/flood"
	as_stranger logger -u "$dir/log" -t audisp-eql -f "$dir/flood" &
	flood=$!
	feed_all
	kill -0 $flood 2>/dev/null && echo "# the flood outlasts the alerts"
	end
	wait $flood
	until_ok has_rows $lines "$dir/audisp-eql-forged.log"
	ok "each alert came by one way at least" each_number_somewhere
	ok "the file has them all" whole "$dir/alerts"
	# where the queue stays full for a second, that way gives up
	echo "# of $sent alerts $(numbers "$dir/audisp-eql.log" text | wc -l)" \
		"came by syslog, beside $lines lines of another;" \
		"counted as undelivered: $(sed -n \
			's/^audisp_eql_outputs_failed_total //p' "$dir/status")"
	ok "no forged line is among them" rows 0 \
		<(grep 'rule="Forged"' "$dir/audisp-eql.log")
	ok "they are where their writer is told" \
		rows $lines <(grep "uid=$stranger .*rule=\"Forged\"" \
			"$dir/audisp-eql-forged.log")
	ok "and no true line is there" rows 0 \
		<(grep -v 'rule="Forged"' "$dir/audisp-eql-forged.log")
	# root can write whatever it likes: it is the plugin's equal
	ok "the keeper's, from root, are true" grep -q 'rules run' \
		"$dir/audisp-eql.log"
	forge_path
	stop host
}

# In a mount namespace of his own the stranger's logger is /usr/sbin/audisp-eql.
forge_path() {
	mkdir -p "$dir/sbin"
	cp "$(command -v logger)" "$dir/sbin/audisp-eql"
	chmod 755 "$dir/sbin" "$dir/sbin/audisp-eql"
	# it must still run when rsyslogd looks
	as_stranger unshare --user --map-root-user --mount sh -c '
		mount --bind "$1/sbin" /usr/sbin &&
		{ echo "forged path"; sleep 2; } |
		/usr/sbin/audisp-eql -u "$1/log" -t audisp-eql' sh "$dir" \
		2>"$dir/unshare" || {
		skip "a forged path" "$(head -n 1 "$dir/unshare")"
		return
	}
	ok "a forged path is seen" until_ok grep -q \
		"uid=$stranger .*exe=/usr/sbin/audisp-eql .*forged path" \
		"$dir/audisp-eql-forged.log"
}

# --- syslog-ng ---------------------------------------------------------------

case_syslog_ng() {
	local tool modules
	prepare syslog-ng
	tool=$(find_tool syslog-ng syslog-ng-core libivykis0 libnet1 libwrap0 \
		2>/dev/null) || {
		skip "a file of JSON" "no syslog-ng, and it cannot be had"
		return
	}
	echo "syslog_format = cee" >>"$dir/conf"
	fill_in syslog-ng/audisp-eql.conf "$dir/recipe.conf"
	modules=$(echo "$unpacked"/usr/lib/syslog-ng/*/)
	[ -d "$modules" ] || modules=$(dirname "$(find /usr/lib/ -name \
		libjson-plugin.so -path '*syslog-ng*' | head -n 1)")
	{
		echo "@version: $(LD_LIBRARY_PATH=$(libraries) "$tool" \
			--version 2>/dev/null | sed -n 's/^Config version: *//p')"
		echo "source s_src { unix-dgram(\"$dir/log\"); internal(); };"
		cat "$dir/recipe.conf"
	} >"$dir/syslog-ng.conf"
	set -- "$tool" --no-caps -F -f "$dir/syslog-ng.conf" \
		--module-path "$modules" -R "$dir/persist" -p "$dir/pid" \
		-c "$dir/control"
	ok "the recipe is one" env LD_LIBRARY_PATH="$(libraries)" "$@" \
		--syntax-only
	LD_LIBRARY_PATH=$(libraries) "$@" >"$dir/out" 2>&1 &
	syslog_ng_pid=$!
	daemons="$daemons $!"
	until_ok test -S "$dir/log"
	chmod 666 "$dir/log"
	start
	as_stranger logger -u "$dir/log" -t audisp-eql \
		'@cee: {"message":"Forged","audisp_eql":{"number":1}}'
	feed_all
	end
	ok "the alerts file has each number" whole "$dir/alerts"
	ok "so has syslog-ng's file" until_ok whole "$dir/audisp-eql.ndjson"
	ok "as JSON" is_json "$dir/audisp-eql.ndjson"
	ok "the forged one is elsewhere" until_ok grep -q \
		"uid=$stranger .*Forged" "$dir/audisp-eql-forged.log"
	ok "alone" rows 1 "$dir/audisp-eql-forged.log"
	ok "notices are beside" grep -q 'rules run' "$dir/audisp-eql.log"
	kill $syslog_ng_pid && wait $syslog_ng_pid 2>/dev/null
}

# --- journald ----------------------------------------------------------------

journal() { # ARGUMENT...
	journalctl -D /run/log/journal -q --no-pager "$@"
}

from_plugin() { # ARGUMENT...: as audisp-eql(8) has it
	journal -t audisp-eql _UID="$(id -u "$worker")" _UID=0 "$@"
}

journal_numbers() {
	[ "$(from_plugin -o json | grep -o '"AUDISP_EQL_NUMBER" *: *"[0-9]*"' |
		grep -o '[0-9]*"$' | tr -d '"' | sort -n)" = "$(seq "$sent")" ]
}

native_fields() {
	prepare journal
	sed -i '/^syslog_socket/d' "$dir/conf"
	echo "syslog = journal" >>"$dir/conf"
	start
	as_stranger logger --journald <<-END
	MESSAGE=$forged_line
	SYSLOG_IDENTIFIER=audisp-eql
	AUDISP_EQL_NUMBER=1
	_UID=$(id -u "$worker")
	END
	feed_all
	end
	ok "the alerts file has each number" whole "$dir/alerts"
	ok "so has the journal, of the plugin's user" until_ok journal_numbers
	journal -o json "AUDISP_EQL_RULE_ID=$(sed -n \
		's/.*"rule":{"id":"\([^"]*\)".*/\1/p' "$dir/alerts" |
		head -n 1)" >"$dir/found"
	ok "an alert is found by its rule" grep -q AUDISP_EQL_JSON "$dir/found"
	ok "and by what they all have" test "$(from_plugin -o cat \
		MESSAGE_ID=79647ac63d8e48c5b60375967b46f77e | wc -l)" = "$sent"
	from_plugin -a -o json --output-fields=AUDISP_EQL_JSON -n 1 \
		AUDISP_EQL_NUMBER=2 >"$dir/found"
	ok "with the whole document" grep -q 'event.*alert' "$dir/found"
	ok "the forged one has its writer's uid" test "$(journal -o json \
		-t audisp-eql _UID=$stranger | grep -c 'Forged')" = 1
}

# What most hosts have: journald takes what is written to /dev/log, and rsyslog
# has it from there, handed on (Debian) or by reading the journal (RHEL).
through_journald() { # NAME INPUT
	prepare "$1"
	sed -i 's|^syslog_socket.*|syslog_socket = /run/systemd/journal/dev-log|' \
		"$dir/conf"
	{
		echo "global(workDirectory=\"$dir\")"
		echo 'module(load="imuxsock" SysSock.Use="off")'
		echo "$2"
		echo "include(file=\"$dir/host-recipe.conf\")"
		echo "action(type=\"omfile\" file=\"$dir/others\")"
	} >"$dir/host.conf"
	fill_in rsyslog/host.conf "$dir/host-recipe.conf"
	start_rsyslogd host
	until_ok test -s "$dir/host.pid"
	start
	as_stranger logger -u /run/systemd/journal/dev-log -t audisp-eql \
		"$forged_line"
	feed_all
	end
	ok "the alerts file has each number" whole "$dir/alerts"
	ok "so has syslog" until_ok whole "$dir/audisp-eql.log" text
	ok "the forged line is elsewhere" until_ok grep -q \
		"uid=$stranger .*Forged" "$dir/audisp-eql-forged.log"
	ok "alone" rows 1 "$dir/audisp-eql-forged.log"
	stop host
}

# Within namespaces of its own, whose /run and /var/log are empty.
inside_journal() {
	case=journal
	mkdir -p /run/systemd/journald.conf.d
	printf '[Journal]\nAudit=no\nReadKMsg=no\nStorage=volatile\n%s\n%s\n' \
		RateLimitIntervalSec=0 ForwardToSyslog=yes \
		>/run/systemd/journald.conf.d/test.conf
	"$1" >"$work/journald.out" 2>&1 &
	daemons="$daemons $!"
	until_ok test -S /run/systemd/journal/socket || {
		skip "native fields" "journald does not start:
			$(tail -n 1 "$work/journald.out")"
		finish
	}
	native_fields
	if command -v rsyslogd >/dev/null; then
		through_journald journal-rsyslog \
			'input(type="imuxsock" Annotate="on" ParseTrusted="on"
			Socket="/run/systemd/journal/syslog")'
		find /usr/lib*/ -path '*rsyslog/imjournal.so' 2>/dev/null |
			grep -q . || {
			case=journal-read
			skip "rsyslog reads the journal" "no module imjournal"
			finish
		}
		through_journald journal-read "module(load=\"imjournal\"
			StateFile=\"imjournal\" IgnorePreviousMessages=\"on\"
			Ratelimit.Interval=\"0\")"
	else
		skip "journald before rsyslog" "no rsyslogd"
	fi
	finish
}

case_journal() {
	local journald=/lib/systemd/systemd-journald
	case=journal
	[ -x $journald ] && command -v journalctl >/dev/null || {
		skip "native fields" "no journald"
		return
	}
	# in a pid namespace it has no say in kernel audit
	OUTPUTS_WORK=$work unshare --mount --pid --net --ipc --uts --fork \
		--kill-child --mount-proc sh -c '
		mount --make-rprivate / && mount -t tmpfs tmpfs /run &&
		mount -t tmpfs tmpfs /var/log &&
		exec setpriv --bounding-set \
			-audit_control,-audit_read,-audit_write,-sys_module \
			"$@"' sh "$self" "$build" --inside $journald \
		>"$work/journal.log" 2>&1
	case $? in
	0 | 1 | 77)
		grep -v ' passed, ' "$work/journal.log"
		passed=$((passed + $(grep -c '^ok' "$work/journal.log")))
		failed=$((failed + $(grep -c '^not ok' "$work/journal.log")))
		skipped=$((skipped + $(grep -c '^skipped' "$work/journal.log")))
		grep -q '^ok\|^not ok\|^skipped' "$work/journal.log" ||
			skip "native fields" "no namespaces of its own"
		;;
	*) ok "a journald of its own" cat "$work/journal.log" ;;
	esac
}

# --- recipes -----------------------------------------------------------------

valid() { # FILE
	LD_LIBRARY_PATH=$(libraries) rsyslogd -M "$modules" -N1 -f "$1"
}

# Help texts there are none; nobody wants a lag in whole seconds.
no_lint() {
	"$promtool" check metrics <"$dir/status" >"$dir/lint" 2>&1
	# 3: it has something to say
	[ $? != 1 ] && ! grep -v 'no help text\|lag_milli' "$dir/lint"
}

case_recipes() {
	local name promtool
	prepare recipes
	port=10514
	if command -v rsyslogd >/dev/null; then
		rsyslog_modules
		{
			echo 'module(load="imuxsock" SysSock.Use="off")'
			cat "$recipes/rsyslog/host.conf"
		} >"$dir/host.conf"
		ok "rsyslog/host.conf is valid" valid "$dir/host.conf"
		ok "rsyslog/central.conf is" valid "$recipes/rsyslog/central.conf"
		for name in elasticsearch kafka; do
			has_module "om$name" || {
				skip "rsyslog/$name.conf" "no module om$name"
				continue
			}
			sed "s/^#\(\t*call audisp-eql-$name\)/\1/" \
				"$recipes/rsyslog/central.conf" |
				cat "$recipes/rsyslog/$name.conf" - |
				sed "s|/etc/rsyslog.d/|$dir/|" \
					>"$dir/$name.conf"
			touch "$dir/elasticsearch-ca.pem"
			ok "rsyslog/$name.conf is, called by the central one" \
				valid "$dir/$name.conf"
			ok "and is called" grep -q "^[^#]*call audisp-eql-$name" \
				"$dir/$name.conf"
		done
	else
		skip "rsyslog" "no rsyslogd"
	fi
	if promtool=$(find_tool promtool prometheus); then
		ok "the alert rules are valid" "$promtool" check rules \
			"$recipes/prometheus/audisp-eql.rules.yml"
		ok "and alert when they should, and only then" "$promtool" \
			test rules "$recipes/prometheus/audisp-eql.test.yml"
		start_status
		ok "the status is what Prometheus reads" no_lint
	else
		skip "prometheus" "no promtool, and it cannot be had"
	fi
	command -v python3 >/dev/null &&
		ok "the index template is JSON" python3 -m json.tool \
			"$recipes/elasticsearch/index-template.json"
}

# A status as the plugin writes it.
start_status() {
	sed -i 's/^syslog_socket.*/syslog = no/' "$dir/conf"
	start
	tell close >/dev/null
	tell wait >/dev/null
	exec {auditd[1]}>&-
	wait "$auditd_pid"
}

# --- all ---------------------------------------------------------------------

case=outputs
if [ "${1:-}" = --inside ]; then
	inside_journal "$2"
fi
[ "$(id -u)" = 0 ] || {
	skip all "needs root, for there have to be two users"
	finish
}
[ $# != 0 ] || set -- rsyslog elasticsearch flood syslog_ng journal recipes
for name in "$@"; do
	"case_$name"
done
finish
