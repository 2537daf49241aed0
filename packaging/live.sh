# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Sourced by quickstart.sh and the end-to-end test: a private auditd with the
# plugin, a private rsyslogd, a network namespace of its own. What was found is
# put back: audit rules, enabled flag, backlog. An auditd that already runs is
# never touched.
#
#   live_wait_for_others  until no other test has kernel audit: it is ours then
#   live_possible         0, or 1 with the reason on stdout
#   live_start BUILD DIR  starts all, below DIR; aueql and audisp-eql from BUILD.
#                         The worker runs as live_user (nobody), if that may get
#                         at DIR; one that is not there is made
#   live_stop             takes all down again; safe to call twice
#   live_take, live_give  hold audit for more than one live_start and live_stop

live_packaging=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
live_lock=/run/lock/audisp-eql-audit.lock

live_wait_for_others() {
	[ "$(id -u)" = 0 ] && [ -z "${live_held:-}" ] || return 0
	exec 9>"$live_lock"
	flock 9
	live_held=1
}

live_take() {
	live_wait_for_others
	live_taken=${live_taken:-$SECONDS}
}

live_give() {
	flock -u 9
	live_held= live_taken=
}

live_possible() {
	[ "$(id -u)" = 0 ] || { echo "not root"; return 1; }
	for tool in auditd auditctl rsyslogd ip gcc; do
		command -v $tool >/dev/null || { echo "no $tool"; return 1; }
	done
	status=$(auditctl -s 2>/dev/null) || {
		echo "this kernel has no audit, or does not let us"
		return 1
	}
	case "$status" in
	*"enabled 2"*) echo "the audit rules are locked until a reboot"; return 1 ;;
	esac
	printf '%s\n' "$status" | grep -qx 'pid 0' || {
		echo "an auditd already runs"
		return 1
	}
	return 0
}

live_wait() { # SECONDS COMMAND...: until it succeeds
	tries=$(($1 * 20))
	shift
	while [ $tries -gt 0 ]; do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.05
		tries=$((tries - 1))
	done
	return 1
}

live_write_config() {
	cat >"$live/auditd.conf" <<-EOF
	local_events = yes
	write_logs = yes
	log_file = $live/audit/audit.log
	log_format = ${live_format:-ENRICHED}
	log_group = root
	flush = INCREMENTAL_ASYNC
	freq = 50
	max_log_file = 8
	num_logs = ${live_logs:-2}
	max_log_file_action = ROTATE
	space_left = 75
	space_left_action = IGNORE
	admin_space_left = 50
	admin_space_left_action = IGNORE
	disk_full_action = IGNORE
	disk_error_action = IGNORE
	name_format = NONE
	q_depth = 8192
	overflow_action = SYSLOG
	plugin_dir = $live/plugins.d
	EOF
	# auditd makes the directory of its log its own
	mkdir -p "$live/plugins.d" "$live/audit"
	cat >"$live/plugins.d/audisp-eql.conf" <<-EOF
	active = yes
	direction = out
	path = $live/audisp-eql
	type = always
	args = -c $live/audisp-eql.conf
	format = string
	EOF
	cat >"$live/audisp-eql.conf" <<-EOF
	rules = ${live_rules}
	json_file = $live/alerts.ndjson
	status_file = $live/status
	state_file = $live/state
	audit_log = $live/audit/audit.log
	syslog_socket = $live/log.sock
	user = ${live_user:-nobody}
	EOF
	cat >"$live/rsyslog.conf" <<-EOF
	module(load="imuxsock" SysSock.Use="off")
	input(type="imuxsock" Socket="$live/log.sock")
	*.* action(type="omfile" file="$live/syslog")
	EOF
	chmod 640 "$live"/*.conf "$live"/plugins.d/*.conf
}

# Adds ours one by one; what is there already is left, and is not removed later.
# live_audit_rules, if set, is a file of others.
live_load_rules() {
	: >"$live/loaded"
	if [ -n "${live_audit_rules:-}" ]; then
		cp "$live_audit_rules" "$live/rules"
	else
		"$live_build/aueql" rules --audit-rules "$live_rules" \
			>"$live/rules"
	fi || return 1
	while read -r rule; do
		# shellcheck disable=SC2086
		if auditctl $rule >>"$live/auditctl.log" 2>&1; then
			printf '%s\n' "$rule" >>"$live/loaded"
		else
			echo "not loaded: $rule" >&2
		fi
	done <"$live/rules"
}

# DIR becomes the worker's: there it writes.
live_give_user() {
	live_user=${live_user:-nobody}
	if ! id "$live_user" >/dev/null 2>&1; then
		live_user_made=$live_user
		systemd-sysusers "$live_packaging/sysusers.d/audisp-eql.conf" \
			2>/dev/null || useradd --system "$live_user" || return 1
	fi
	chown "$live_user" "$live"
	setpriv --reuid "$live_user" --clear-groups test -w "$live" ||
		live_user=root
}

live_start() {
	live_build=$(cd "$1" && pwd) live=$2
	live_netns=audisp-eql-$$
	live_wait_for_others
	live_before=$(auditctl -s)
	live_give_user || return 1
	# auditd wants a program of root that others cannot write
	install -m 750 "$live_build/audisp-eql" "$live/audisp-eql"
	live_write_config
	rsyslogd -n -f "$live/rsyslog.conf" -i "$live/rsyslogd.pid" \
		>"$live/rsyslogd.log" 2>&1 9>&- &
	live_rsyslogd=$!
	live_wait 10 test -S "$live/log.sock" || return 1
	auditctl -b 8192 >/dev/null
	auditd -n -c "$live" >"$live/auditd.log" 2>&1 9>&- &
	live_auditd=$!
	live_wait 10 grep -q 'rules run' "$live/syslog" || return 1
	live_load_rules || return 1
	# an address of its own: a connection to it is refused at once
	ip netns add "$live_netns" &&
		ip -n "$live_netns" link set lo up &&
		ip -n "$live_netns" addr add 198.51.100.1/32 dev lo
}

live_stop() {
	[ -n "${live_before:-}" ] || return 0
	# shellcheck disable=SC2086
	[ -f "$live/loaded" ] && while read -r rule; do
		auditctl ${rule/#-a/-d} >/dev/null 2>&1 || :
	done <"$live/loaded"
	[ -n "${live_auditd:-}" ] && kill "$live_auditd" 2>/dev/null &&
		wait "$live_auditd" 2>/dev/null
	[ -n "${live_rsyslogd:-}" ] && kill "$live_rsyslogd" 2>/dev/null &&
		wait "$live_rsyslogd" 2>/dev/null
	ip netns del "$live_netns" 2>/dev/null
	auditctl -e "$(printf '%s\n' "$live_before" |
		sed -n 's/^enabled //p')" >/dev/null 2>&1
	auditctl -b "$(printf '%s\n' "$live_before" |
		sed -n 's/^backlog_limit //p')" >/dev/null 2>&1
	chown root "$live"
	[ -z "${live_user_made:-}" ] || userdel "$live_user_made"
	live_before= live_user_made=
	[ -n "${live_taken:-}" ] || live_give
	return 0
}

live_source() { # FILE ADDRESS: a harmless program that tries one connection
	cat >"$1" <<-EOF
	#include <arpa/inet.h>
	#include <sys/socket.h>
	int main(void)
	{
		struct sockaddr_in to = { .sin_family = AF_INET };
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		to.sin_port = htons(4444);
		inet_pton(AF_INET, "$2", &to.sin_addr);
		connect(fd, (struct sockaddr *)&to, sizeof(to));
		return 0;
	}
	EOF
}
