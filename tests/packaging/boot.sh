#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A Debian 12 that boots with the package: systemd in namespaces of its own starts
# the packaged auditd by its unit, and that the plugin. Outside the first pid
# namespace the kernel gives auditd no events, and does not say who sent a signal,
# without which auditd does not reload: alerts and reloads are for live.sh.
set -u
. "$(dirname "$0")/lib.sh"
need mmdebstrap unshare
deb=$(echo deb/audisp-eql_*_*.deb)
root=$work/root

prepared() {
	root_make bookworm "$root" && inside "$root" apt-get -q update &&
		inside "$root" apt-get -q -y install --no-install-recommends \
			systemd systemd-sysv auditd procps libjson-c5 &&
		cp "$deb" "$root/x.deb" && inside "$root" dpkg -i /x.deb &&
		rm "$root/usr/sbin/policy-rc.d" &&
		sed -i 's/^local_events.*/local_events = no/' \
			"$root/etc/audit/auditd.conf"
	cat >"$root/etc/systemd/system/probe.service" <<-END
	[Unit]
	After=multi-user.target
	[Service]
	ExecStart=/probe.sh
	END
	mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
	ln -s /etc/systemd/system/probe.service \
		"$root/etc/systemd/system/multi-user.target.wants/"
	cat >"$root/probe.sh" <<-'END'
	#!/bin/bash
	exec >/probe.out 2>&1
	plugin() { pgrep -o -f ^/usr/sbin/audisp-eql; }
	until_true() { for _ in $(seq 100); do "$@" && return; sleep 0.1; done; }
	none() { ! plugin >/dev/null; }
	until_true plugin >/dev/null && plugin >/dev/null && echo "plugin runs"
	dpkg -r audisp-eql
	systemctl restart auditd
	none && systemctl -q is-active auditd && echo "none runs"
	systemctl --failed --no-legend | grep -v audit-rules
	journalctl --no-pager -u auditd | tail -n 20
	systemctl poweroff --force --force
	END
	chmod 755 "$root/probe.sh"
}

booted() {
	umount "$root/proc"
	timeout -s KILL 120 unshare --pid --mount --uts --ipc --net --cgroup \
		--fork --kill-child sh -e -c '
		mount --make-rprivate /
		mount --bind "$1" "$1"
		cd "$1"
		mount -t proc proc proc
		mount -t sysfs -o ro sysfs sys
		mount -t cgroup2 cgroup2 sys/fs/cgroup
		mount -t tmpfs tmpfs run
		mount -t tmpfs tmpfs dev
		mkdir run/lock dev/shm dev/pts
		for node in null zero full random urandom tty; do
			touch dev/$node
			mount --bind /dev/$node dev/$node
		done
		ln -s /proc/self/fd dev/fd
		exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
			chroot . /lib/systemd/systemd' sh "$root" </dev/null
	grep -q '^none runs' "$root/probe.out"
}
has() { grep -q "$1" "$root/probe.out" || { cat "$root/probe.out"; return 1; }; }

ok "boot: a root with systemd and auditd" prepared
ok "boot: boots, and removes it" booted
ok "boot: auditd started the plugin" has '^plugin runs'
ok "boot: and starts without it afterwards" has '^none runs'
close_account
