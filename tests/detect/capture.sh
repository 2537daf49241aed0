#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes the captures of the shipped detections again, as root:
#
#   capture.sh BUILD [NAME]...     NAME/fires.log and NAME/quiet.log beside this
#
# A private auditd logs what the rule NAME has audited, while scenarios.sh acts
# in mount and network namespaces of its own: /etc, /root, /usr and /var are
# overlays, /home, /tmp and /dev/shm are empty, 198.51.100.1 is an address of the
# namespace. Login uid 2001 marks the actors, and nothing else is in a capture.
# CAPTURE_ROOT is a folder with packages unpacked that this host does not have
# (dpkg -x): its usr and etc are laid over.
set -u
here=${CAPTURE_HERE:-$(cd "$(dirname "$0")" && pwd)}
top=$here/../..
auid=2001

actor_mount() { # FOLDER: an overlay over it
	mkdir -p "$2/over$1" "$2/work$1"
	lower=$1
	[ -z "${CAPTURE_ROOT:-}" ] || [ ! -d "$CAPTURE_ROOT$1" ] ||
		lower=$CAPTURE_ROOT$1:$1
	mount -t overlay -o "lowerdir=$lower,upperdir=$2/over$1,workdir=$2/work$1" \
		overlay "$1"
}

# In namespaces of its own, before it has the login uid.
actor() { # NAME WHAT
	mount --make-rprivate /
	space=/mnt
	mount -t tmpfs tmpfs $space
	cp "$here/scenarios.sh" $space/
	for folder in /etc /root /usr /var; do
		actor_mount $folder $space
	done
	for folder in /home /dev/shm /tmp; do
		mount -t tmpfs -o mode=1777 tmpfs $folder
	done
	ip link set lo up && ip addr add 198.51.100.1/32 dev lo
	mkdir -p /run/sshd /home/dev/w
	mount -t tmpfs -o mode=755 tmpfs /run/sshd
	chown -R $auid:$auid /home/dev
	cd /home/dev/w || exit 1
	printf '%s\n' dev:x:2001:2001::/home/dev:/bin/bash \
		sshd:x:2002:65534::/run/sshd:/bin/false >>/etc/passwd
	set -- "$1" "$2" env -i PATH=/usr/sbin:/usr/bin:/usr/local/bin HOME=/root \
		LC_ALL=C bash $space/scenarios.sh
	"${@:3}" "$1" prepare </dev/null
	echo $auid >/proc/self/loginuid
	exec "${@:3}" "$1" "$2" </dev/null
}
[ "$1" != --actor ] || actor "$2" "$3"

build=$(cd "$1" && pwd)
shift
# shellcheck source=packaging/live.sh
. "$top/packaging/live.sh"

stop() {
	unload
	[ -z "${auditd:-}" ] || { kill "$auditd" && wait "$auditd"; } 2>/dev/null
	auditctl -e "$(printf '%s\n' "$before" | sed -n 's/^enabled //p')"
	auditctl -b "$(printf '%s\n' "$before" |
		sed -n 's/^backlog_limit //p')"
	rm -rf "$live"
} >/dev/null 2>&1

load() { # NAME
	"$build/aueql" rules --audit-rules "$top/rules.d/detect/$1.toml" \
		>"$live/rules" || return 1
	while read -r rule; do
		rule="${rule% -F key=*} -F auid=$auid"
		# shellcheck disable=SC2086
		auditctl $rule && printf '%s\n' "$rule" >>"$live/loaded"
	done <"$live/rules"
}

unload() {
	[ ! -f "$live/loaded" ] || while read -r rule; do
		# shellcheck disable=SC2086
		auditctl ${rule/#-a/-d} >/dev/null 2>&1
	done <"$live/loaded"
	rm -f "$live/loaded"
}

# The events of the actors, whole: those with a record that has their login uid,
# without that by which they got it.
select_events() {
	awk -v auid="$auid" '
	{ match($0, /msg=audit\([^)]*\)/); id = substr($0, RSTART, RLENGTH) }
	FNR == NR && $0 ~ "old-auid=4294967295 auid=" auid { begin[id] = 1 }
	FNR == NR { if ($0 ~ " (old-)?auid=" auid " ") ours[id] = 1; next }
	id in ours && !(id in begin) && !/^type=(CONFIG_CHANGE|EOE)/' "$1" "$1"
}

capture() { # NAME WHAT
	: >"$live/part"
	tail -n 0 -F "$live/audit/audit.log" >"$live/part" 2>/dev/null &
	tail=$!
	# by standard input, so that no path of ours is in a PROCTITLE
	CAPTURE_HERE=$here unshare -m -n -p --fork --kill-child --mount-proc \
		bash -s -- --actor "$1" "$2" <"$here/capture.sh" \
		>"$live/out" 2>&1 9>&-
	auditctl -m "capture $1 $2 ends" >/dev/null
	live_wait 10 grep -q "capture $1 $2 ends" "$live/part"
	kill $tail
	mkdir -p "$here/$1"
	select_events "$live/part" >"$here/$1/$2.log"
	echo "$1 $2: $(wc -l <"$here/$1/$2.log") records," \
		"$("$build/aueql" replay -r "$top/rules.d/detect/$1.toml" \
			"$here/$1/$2.log" 2>/dev/null | wc -l) alerts"
	[ -z "${CAPTURE_VERBOSE:-}" ] || cat "$live/out"
}

exec 9>"$live_lock"
flock 9
reason=$(live_possible) || { echo "capture.sh: $reason" >&2; exit 77; }
before=$(auditctl -s)
live=$(mktemp -d)
trap stop EXIT
live_rules=none live_write_config
rm "$live/plugins.d/audisp-eql.conf"
auditctl -b 8192 >/dev/null
auditd -n -c "$live" >"$live/auditd.log" 2>&1 9>&- &
auditd=$!
live_wait 10 sh -c "auditctl -s | grep -qx 'pid $auditd'" || exit 1
[ $# -gt 0 ] || set -- "$top"/rules.d/detect/*.toml
for name; do
	name=$(basename "$name" .toml)
	grep -q "^fires_$name()" "$here/scenarios.sh" || continue
	load "$name" >/dev/null 2>"$live/errors" || cat "$live/errors" >&2
	capture "$name" fires
	capture "$name" quiet
	unload
done
