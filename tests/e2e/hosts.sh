#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A central auditd, as packaged, with the plugin, and clients that send recorded
# events with the packaged audisp-remote, each in a network namespace of its own:
# hosts.sh BUILD. It needs root; this kernel's audit is left alone
# (local_events = no), and so are /etc and /run: they are others in a mount
# namespace.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$1" && pwd)
. "$top/packaging/live.sh"
. "$top/tests/as_host.sh"
clients=6
passed=0 failed=0 pids= auditd=
dir=

skip() {
	echo "SKIP: end-to-end test of many hosts: $1"
	exit 77
}

[ "$(id -u)" = 0 ] || skip "not root"
make -C "$build" genlog >/dev/null 2>&1 || skip "no genlog in $build"
for tool in auditd ip unshare; do
	command -v $tool >/dev/null || skip "no $tool"
done
live_wait_for_others

netns() { # NUMBER: 0 = the central one
	echo "audisp-eql-$$-$1"
}

cleanup() {
	# shellcheck disable=SC2086
	[ -z "$auditd$pids" ] || kill $auditd $pids 2>/dev/null
	for i in $(seq 0 $clients); do
		ip netns del "$(netns "$i")" 2>/dev/null
	done
	[ -z "$dir" ] || rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP
dir=$(mktemp -d)
chmod 755 "$dir"

ip netns add "$(netns 0)" 2>/dev/null || skip "no network namespaces"
unshare -m -u true 2>/dev/null || skip "no mount or uts namespaces"

# installed, or unpacked from the distribution's package
remote=$(PATH=$PATH:/sbin:/usr/sbin command -v audisp-remote) || remote=
if [ -z "$remote" ]; then
	(cd "$dir" && apt-get download audispd-plugins &&
		dpkg -x audispd-plugins_*.deb audispd-plugins) >"$dir/apt" 2>&1
	remote=$(find "$dir/audispd-plugins" -name audisp-remote \
		-type f 2>/dev/null)
fi
[ -x "$remote" ] || skip "no audisp-remote, and its package cannot be had"

ok() { # NAME COMMAND...
	name=$1
	shift
	if "$@" >"$dir/out" 2>&1; then
		echo "ok - $name"
		passed=$((passed + 1))
	else
		echo "not ok - $name"
		sed 's/^/# /' "$dir/out"
		failed=$((failed + 1))
	fi
}

# --- the hosts ----------------------------------------------------------------

join_networks() {
	ip -n "$(netns 0)" link set lo up
	for i in $(seq $clients); do
		ip netns add "$(netns "$i")" &&
			ip link add name "eth$i" netns "$(netns 0)" type veth \
				peer name eth0 netns "$(netns "$i")" &&
			ip -n "$(netns 0)" addr add "10.99.$i.1/30" dev "eth$i" &&
			ip -n "$(netns 0)" link set "eth$i" up &&
			ip -n "$(netns "$i")" addr add "10.99.$i.2/30" dev eth0 &&
			ip -n "$(netns "$i")" link set eth0 up || return 1
	done
}

write_central() { # LINE...: of auditd.conf
	cat >"$dir/central/auditd.conf" <<-EOF
	local_events = no
	write_logs = yes
	log_file = $dir/log/audit.log
	log_format = ENRICHED
	log_group = root
	flush = INCREMENTAL_ASYNC
	freq = 50
	max_log_file = 8
	num_logs = 2
	max_log_file_action = ROTATE
	space_left = 75
	space_left_action = IGNORE
	admin_space_left = 50
	admin_space_left_action = IGNORE
	disk_full_action = IGNORE
	disk_error_action = IGNORE
	q_depth = 20000
	overflow_action = SYSLOG
	plugin_dir = /etc/audit/plugins.d
	tcp_listen_port = 60
	tcp_max_per_addr = 1
	transport = TCP
	distribute_network = yes
	EOF
	printf '%s\n' "$@" >>"$dir/central/auditd.conf"
	chmod 640 "$dir/central/auditd.conf"
}

prepare() {
	mkdir -p "$dir/central/plugins.d" "$dir/log" "$dir/own"
	install -m 750 "$build/audisp-eql" "$dir/audisp-eql"
	cat >"$dir/central/plugins.d/audisp-eql.conf" <<-EOF
	active = yes
	direction = out
	path = $dir/audisp-eql
	type = always
	args = -c $dir/audisp-eql.conf
	format = string
	EOF
	cat >"$dir/audisp-eql.conf" <<-EOF
	rules = $top/rules.d/detect/network_after_compile.toml:$top/rules.d/detect/network_after_compile_linked.toml
	json_file = $dir/own/alerts
	syslog_socket = $dir/syslog.sock
	status_file = $dir/own/status
	state_file =
	host_id = central-id
	heartbeat = 2s
	user = nobody
	EOF
	chmod 640 "$dir"/central/plugins.d/*.conf "$dir/audisp-eql.conf"
	chown nobody "$dir/own"
	printf '127.0.0.1 localhost\n%s\n' \
		'10.99.1.1 central.test.example central' >"$dir/etc-hosts"
	for i in $(seq $clients); do
		mkdir "$dir/client$i"
		cat >"$dir/client$i/audisp-remote.conf" <<-EOF
		remote_server = 10.99.$i.1
		port = 60
		transport = tcp
		mode = immediate
		format = managed
		queue_depth = 100000
		network_failure_action = syslog
		remote_ending_action = reconnect
		EOF
		chmod 640 "$dir/client$i/audisp-remote.conf"
	done
	"$build/dispatch" syslog "$dir/syslog.sock" "$dir/syslog" 9>&- &
	pids="$pids $!"
	live_wait 10 test -S "$dir/syslog.sock"
}

start_central() {
	rm -f "$dir/own/alerts"
	: >"$dir/syslog"
	ip netns exec "$(netns 0)" unshare -m -u sh -c '
		mount -t tmpfs none /run &&
			mount --bind "$1/central" /etc/audit &&
			mount --bind "$1/etc-hosts" /etc/hosts &&
			hostname central && exec auditd -n' sh "$dir" \
		>"$dir/auditd.log" 2>&1 9>&- &
	auditd=$!
	live_wait 20 grep -q 'rules run' "$dir/syslog"
}

stop_central() {
	kill "$auditd"
	wait "$auditd" 2>/dev/null
	auditd=
}

# A client, which sends what is written to its fifo.
start_client() { # NUMBER
	mkfifo "$dir/client$1/records"
	ip netns exec "$(netns "$1")" unshare -m sh -c '
		mount --bind "$1" /etc/audit && exec "$2" <>"$1/records"' \
		sh "$dir/client$1" "$remote" >"$dir/client$1/log" 2>&1 9>&- &
	pids="$pids $!"
}

send() { # NUMBER: standard input
	cat >"$dir/client$1/records"
}

capture() { # NAME
	cat "$top/tests/corpus/$1/plugin.log"
}

alerts() { # HOST ID PART OF THE DOCUMENT
	grep -F "\"host\":{\"id\":\"$1\"" "$dir/own/alerts" | grep -c "$2"
}

has_alerts() { # NUMBER HOST PART
	[ "$(alerts "$2" "$3")" = "$1" ]
}

attacks='Compiled\|compiled\|linked'

# --- names of this host -------------------------------------------------------

join_networks || skip "no veth pairs"
prepare

# Its own records (of auditd's end) are this host's, whatever name they bear.
for format in none hostname fqd numeric 'user'; do
	write_central "name_format = $format" "name = an-aggregator"
	ok "name_format $format: auditd starts the plugin" start_central
	stop_central
	node=$(sed -n 's/^node=\([^ ]*\) type=DAEMON_END.*/\1/p' \
		"$dir/log/audit.log" | tail -n 1)
	echo "# its records are of node '$node'"
	ok "name_format $format: its end is told of this host" \
		live_wait 10 has_alerts 1 central-id auditd_stopped
done

# --- many hosts ---------------------------------------------------------------

write_central "name_format = user" "name = an-aggregator"
start_central || { cat "$dir/syslog" "$dir/auditd.log"; exit 1; }
for i in $(seq $clients); do
	start_client "$i"
done
now=$(date +%s)
then=$(capture gcc-o | sed -n '1s/.*audit(\([0-9]*\).*/\1/p')
right=$((now - then))

# a flood beside them, of a host whose clock is years ahead; what compiles and
# connects on another host is none
"$build/genlog" --records 30000 "$top/tests/corpus/b-project/plugin.log" \
	2>/dev/null | as_host flooder 90000000 >"$dir/flood"
send 3 <"$dir/flood" &
flood=$!
sed -n '/^node=host-a /p' "$top/tests/corpus/hosts-crossed/plugin.log" |
	as_host host-4 "$right" | send 4
sed -n '/^node=host-b /p' "$top/tests/corpus/hosts-crossed/plugin.log" |
	as_host host-5 "$right" 100000 | send 5
capture gcc-o | as_host host-1 "$right" | send 1 &
one=$!
capture gcc-static | as_host host-2 $((right - 40000000)) | send 2
wait $one
for i in 1 2; do
	ok "host $i, its clock right or not, is alerted on by two rules" \
		live_wait 60 has_alerts 2 "host-$i" "$attacks"
done
wait $flood
# audisp-remote leaves out EOE
floods=$(grep -vc ' type=EOE ' "$dir/flood")
flooded() {
	"$build/aueql" status --format prometheus "$dir/own/status" |
		grep -q "^audisp_eql_host_records_total{host=\"flooder\"} $floods$"
}
ok "all that the flood sends is read" live_wait 120 flooded
ok "what one host compiles and another runs is no alert" \
	has_alerts 0 host-4 "$attacks"
ok "nor there" has_alerts 0 host-5 "$attacks"
ok "serials of hosts have nothing to do with one another" \
	sh -c "! grep -q hosts_mixed '$dir/own/alerts'"
status() {
	"$build/aueql" status "$dir/own/status"
}
ok "the status has a row for each host" live_wait 15 sh -c \
	"'$build/aueql' status '$dir/own/status' | grep -q '^host-2 '"
status | sed 's/^/# /'
clock_off() {
	status | grep -q "^warning .*clock of host-2 is [0-9]* s behind"
}
ok "it says whose clock is off" live_wait 15 clock_off

# --- two hosts without a name -------------------------------------------------

for i in $(seq 12); do
	for host in 5 6; do
		echo "type=USER_CMD msg=audit($now.000:$((i + host * 100000))): pid=1 uid=0 auid=0 ses=1 msg='x'" |
			send "$host"
		sleep 0.05
	done
done
ok "two hosts under one name are noticed" live_wait 30 \
	grep -q 'more than one host sends without a name' "$dir/syslog"
ok "that is an alert" live_wait 30 has_alerts 1 '(no node name)' hosts_mixed
ok "and blindness in the next heartbeat" live_wait 30 \
	grep -q 'HEARTBEAT blind=yes' "$dir/syslog"
told() {
	status | grep -q '^problem .*more than one host sends'
}
ok "which the status tells" live_wait 15 told
status | sed -n 's/^\(problem.*\)/# \1/p'
sed -n '/^node=host-a /p' "$top/tests/corpus/hosts-crossed/plugin.log" |
	as_host "" "$right" 500000 | send 5
sed -n '/^node=host-b /p' "$top/tests/corpus/hosts-crossed/plugin.log" |
	as_host "" "$right" 600000 | send 6
# what comes behind it is seen, so that it has been
capture gcc-static | as_host host-6 "$right" | send 6
ok "who has a name is seen as before" \
	live_wait 30 has_alerts 2 host-6 "$attacks"
ok "what the two did is not correlated" \
	has_alerts 0 '(no node name)' "$attacks"

# --- names that somebody invents ----------------------------------------------

for i in $(seq 5000); do
	echo "node=invented-$i type=USER_CMD msg=audit($now.000:7): pid=1 uid=0"
done | send 3
ok "more hosts than there is room for is an alert" \
	live_wait 120 has_alerts 1 central-id hosts_too_many
too_many() {
	status | grep -q '^warning .*more hosts send than there is room for'
}
ok "which the status tells" live_wait 30 too_many
# of a later minute: the same again would only be counted
capture gcc-static | as_host host-1 "$right" 200000 | send 1
ok "a host known before is seen as before" \
	live_wait 60 has_alerts 4 host-1 "$attacks"

stop_central
[ $failed = 0 ] || {
	grep -v HEARTBEAT "$dir/syslog" | cut -c 1-400
	cat "$dir/auditd.log" "$dir"/client*/log
}
echo "$passed passed, $failed failed"
[ $failed = 0 ]
