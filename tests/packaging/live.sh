#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# From a bare root of Debian 12 to an alert: the package is installed beside the
# packaged auditd, which runs on this kernel's audit with a private rsyslogd; a
# program is compiled, run and connects, the alert is read, the package removed.
# Says how long it is from dpkg -i to the first alert. PACKAGED_SUITE is another
# release.
#
# auditd must be in the kernel's first pid namespace, so nothing is booted.
set -u
. "$(dirname "$0")/lib.sh"
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/packaging/live.sh"
need mmdebstrap setpriv ip
suite=${PACKAGED_SUITE:-bookworm}
deb=$(echo deb/audisp-eql_*_*.deb)
root=$work/root
alerts=$root/var/log/audisp-eql/alerts.ndjson
net=audisp-eql-deb-$$
auditd= rsyslogd= before=

down() {
	[ -z "$before" ] || auditctl -D >/dev/null 2>&1
	[ -z "$auditd" ] || kill "$auditd" 2>/dev/null
	[ -z "$rsyslogd" ] || kill "$rsyslogd" 2>/dev/null
	ip netns del "$net" 2>/dev/null
	sleep 1
	if [ -n "$before" ]; then
		auditctl -e "$(printf '%s\n' "$before" | sed -n 's/^enabled //p')"
		auditctl -b "$(printf '%s\n' "$before" | sed -n 's/^backlog_limit //p')"
	fi >/dev/null 2>&1
	umount -R "$root/dev" 2>/dev/null
	finish
}
trap down EXIT

# with audit, as on a host
on() {
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C \
		DEBIAN_FRONTEND=noninteractive chroot "$root" "$@" 9>&-
}
stays() { exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$root" "$@" 9>&-; }
show() { # COMMAND...: as a person would see it
	echo "# $*"
	on "$@" 2>&1 | cut -c1-700
	return "${PIPESTATUS[0]}"
}
attack() { # NAME
	on mkdir -p /home/dev
	live_source "$root/home/dev/$1.c" 198.51.100.1
	on gcc -o "/home/dev/$1" "/home/dev/$1.c" &&
		ip netns exec "$net" chroot "$root" "/home/dev/$1"
}
alerted() { grep -q "\"/home/dev/$1\"" "$alerts"; }
# keeper, worker and inspector: the keeper came first
keeper() { pgrep -o -f '^/usr/sbin/audisp-eql'; }
field() { awk -v name="$2:" '$1 == name { print $2, $3, $4, $5 }' "/proc/$1/status"; }
caps() { printf '%s\n' $((16#$(field "$1" CapEff | tr -d ' '))); }
# root keeps the socket; who parses has a user and no capability, and who looks at
# /proc for it has the same user and CAP_SYS_PTRACE
confined() {
	local uid
	uid=$(on id -u _audisp-eql)
	for pid in $(pgrep -f '^/usr/sbin/audisp-eql'); do
		[ "$pid" = "$(keeper)" ] ||
			echo "$(field "$pid" Uid) $(caps "$pid")"
	done | sort -n -k 5 >"$work/confined"
	cat "$work/confined"
	[ "$(field "$(keeper)" Uid)" = "0 0 0 0" ] &&
		printf '%s\n' "$uid $uid $uid $uid 0" \
			"$uid $uid $uid $uid $((1 << 19))" |
		cmp - "$work/confined"
}
log_owned() {
	[ "$(on stat -c '%U:%G %a' /var/log/audisp-eql/alerts.ndjson)" = \
		'_audisp-eql:adm 640' ]
}
stopped() { [ -z "$(pgrep -f '^/usr/sbin/audisp-eql')" ]; }
rules_of_ours() { auditctl -l | grep -c audisp_eql_; }

# everything that is slow, before audit is ours
ok "$suite: a root" root_make "$suite" "$root"
ok "$suite: lists of packages" inside "$root" apt-get -q update
ok "$suite: auditd, rsyslogd, a compiler" inside "$root" apt-get -q -y install \
	--no-install-recommends auditd rsyslog gcc libc6-dev \
	libcap-ng0 libjson-c5 libseccomp2 logrotate \
	systemd-standalone-sysusers systemd-standalone-tmpfiles
cp "$deb" "$root/audisp-eql.deb"
mount --rbind /dev "$root/dev" && mount --make-rslave "$root/dev"
mkdir -p "$root/run/log"
cat >"$root/etc/rsyslog-live.conf" <<-END
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="/run/log/dev-log")
*.* action(type="omfile" file="/var/log/syslog")
END

live_wait_for_others
reason=$(live_possible) || { echo "skipped: $reason"; exit 77; }
# the package has augenrules load what is in files, and that alone
auditctl -l | grep -qx 'No rules' || { echo "skipped: audit rules are loaded"; exit 77; }
before=$(auditctl -s)
stays rsyslogd -n -f /etc/rsyslog-live.conf -i /run/rsyslogd.pid >/dev/null 2>&1 &
rsyslogd=$!
stays auditd -n >"$work/auditd.log" 2>&1 &
auditd=$!
running() { [ -s "$root/run/auditd.pid" ] || [ -s "$root/run/audit/auditd.pid" ]; }
ok "$suite: the packaged auditd runs" live_wait 10 running
auditctl -b 8192 >/dev/null
mkdir -p "$root/etc/audisp-eql/conf.d"
echo 'syslog_socket = /run/log/dev-log' >"$root/etc/audisp-eql/conf.d/test.conf"
ip netns add "$net" && ip -n "$net" link set lo up &&
	ip -n "$net" addr add 198.51.100.1/32 dev lo

start=$(date +%s.%N)
ok "$suite: dpkg -i" on dpkg -i /audisp-eql.deb
cat "$work/out"
installed=$(date +%s.%N)
ok "$suite: auditd was not restarted" kill -0 "$auditd"
ok "$suite: the kernel has all rules" sh -c "[ $(rules_of_ours) = \
	$(grep -c '^-a' "$root/etc/audit/rules.d/60-audisp-eql.rules") ]"
ok "$suite: the plugin runs" live_wait 10 pgrep -f '^/usr/sbin/audisp-eql'
ok "$suite: compiles, runs, connects" attack first
ok "$suite: the alert is there" live_wait 20 alerted first
alert=$(date +%s.%N)
ok "$suite: by the worker's user, which has no rights" confined
ok "$suite: the alerts are its file, and adm's" log_owned
ok "$suite: and in syslog" live_wait 10 grep -q 'ALERT .*/home/dev/first' \
	"$root/var/log/syslog"
echo "# transcript"
show grep 'ALERT.*/home/dev/first' /var/log/syslog
show aueql timeline /var/log/audisp-eql/alerts.ndjson
show aueql check
ok "$suite: the canary comes through" show aueql canary \
	--syslog /var/log/syslog
cat "$work/out"
ok "$suite: a state report" live_wait 20 test -s "$root/run/audisp-eql/status"
ok "$suite: which says it is well" show aueql status
cat "$work/out"
ok "$suite: logrotate" on logrotate -f /etc/logrotate.d/audisp-eql
ok "$suite: the alerts were moved" \
	grep -q '"/home/dev/first"' "$alerts.1"
ok "$suite: the new file is its, and adm's" log_owned

old=$(keeper)
ok "$suite: the same again, as an upgrade" on dpkg -i /audisp-eql.deb
swapped() { [ -n "$(keeper)" ] && [ "$(keeper)" != "$old" ]; }
ok "$suite: auditd runs the new program" live_wait 10 swapped
ok "$suite: and was not restarted" kill -0 "$auditd"
ready() { [ "$(grep -c 'rules run' "$root/var/log/syslog")" -ge 2 ]; }
ok "$suite: which has its rules" live_wait 10 ready
ok "$suite: compiles again" attack second
ok "$suite: the alert is there again" live_wait 20 alerted second
show dpkg -r audisp-eql
ok "$suite: the plugin is gone" live_wait 10 stopped
ok "$suite: and its rules" sh -c "[ $(rules_of_ours) = 0 ]"
ok "$suite: auditd runs on" kill -0 "$auditd"
ok "$suite: purge" on dpkg -P audisp-eql
echo "# seconds: dpkg -i $(echo "$installed - $start" | bc), to the first alert" \
	"(compiling counted) $(echo "$alert - $start" | bc)"
close_account
