#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Ways around the rules that follow files, tried on this kernel:
#
#   evasions.sh [--captures DIR] BUILD [NAME...]
#
# tests/evasions/rows.sh says what is tried; NAME picks rows. Each row is run by
# an account made for it, in a login session of its own, in a network namespace,
# under a private auditd with the plugin and the audit rules as shipped (for
# "more": and what the rules that are off need). What the plugin alerts live is
# held against what the row says, and against a replay of what the plugin received
# of that session, which --captures keeps, with its truth.json:
#
#   found        by a rule that follows what was linked
#   quiet        benign, and none of these alerts
#   limit        neither, as the manual says
#   MISSED, false-alert
#   failed       it did not happen: neither the program nor its peer noted it
#   skipped      a tool is not installed
#
# KEEP=1 leaves the logs of all where they were made.
#
# Events of other sessions are kept out by a rule in front of all. What others
# do on this machine meanwhile is neither slowed nor recorded.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
captures=
[ "${1:-}" = --captures ] && {
	mkdir -p "$2" && captures=$(cd "$2" && pwd)
	shift 2
}
build=${1:?usage: evasions.sh [--captures DIR] BUILD [NAME...]}
shift
wanted=" $* "
. "$top/packaging/live.sh"

account=evader
home=/home/$account
if id $account >/dev/null 2>&1 || [ -e $home ]; then
	echo "SKIP: evasions: there is an account or a home $account"
	exit 77
fi
live_wait_for_others
if ! reason=$(live_possible); then
	echo "SKIP: evasions: $reason"
	exit 77
fi
dir=$(mktemp -d)
chmod 755 "$dir"

# The rules tried: those that follow files, all of them on.
mkdir "$dir/detect"
for rule in "$top"/rules.d/detect/*linked*.toml \
	"$top/rules.d/detect/network_after_birth.toml"; do
	sed 's/^mode = .*/mode = "alert"/' "$rule" >"$dir/detect/${rule##*/}"
done
live_rules=$dir/detect

# The audit rules loaded: what is on as shipped. Others' sessions stay out.
live_load_rules() {
	auditctl -A "never,exit" -F "auid!=$uid" >>"$dir/auditctl.log" 2>&1 || return 1
	load_rules "$top/rules.d/detect"
}

load_rules() { # RULES: those not loaded yet
	"$build/aueql" rules --audit-rules "$1" >"$dir/rules" || return 1
	while read -r rule; do
		grep -qxF -e "$rule" "$dir/loaded" 2>/dev/null && continue
		# shellcheck disable=SC2086
		auditctl $rule >>"$dir/auditctl.log" 2>&1 &&
			printf '%s\n' "$rule" >>"$dir/loaded"
	done <"$dir/rules"
}

# A second plugin, that keeps what it receives.
keep_stream() {
	printf '#!/bin/sh\nexec cat >>%s/stream\n' "$dir" >"$dir/keeper"
	chmod 750 "$dir/keeper"
	mkdir -p "$dir/plugins.d"
	cat >"$dir/plugins.d/keeper.conf" <<-EOF
	active = yes
	direction = out
	path = $dir/keeper
	type = always
	format = string
	EOF
	chmod 640 "$dir/plugins.d/keeper.conf"
}

processes() { # of the accounts made for this
	local status
	for status in /proc/[0-9]*/loginuid; do
		[ "$(cat "$status" 2>/dev/null)" = "$uid" ] || continue
		status=${status%/loginuid}
		echo "${status#/proc/}"
	done
}

end() {
	local pid
	for pid in $(processes); do
		kill -9 "$pid" 2>/dev/null
	done
	[ -z "${listener:-}" ] || kill "$listener" 2>/dev/null
	auditctl -d "never,exit" -F "auid!=$uid" >/dev/null 2>&1
	live_stop
	userdel $account
	rm -rf "$home"
	[ -n "${KEEP:-}" ] || rm -rf "$dir"
}

listen() { # answers at every address of the namespace, notes which were called
	ip -n "$live_netns" route add local 198.51.100.0/24 dev lo
	ip -n "$live_netns" route add local 2001:db8::/64 dev lo
	ip netns exec "$live_netns" python3 - "$dir/called" <<-'EOF' 9>&- &
	import socket, sys, threading
	out = open(sys.argv[1], "a", buffering=1)
	def answer(peer, address):
	    out.write(address + " connected\n")
	    peer.settimeout(60)
	    try:
	        if peer.recv(100):
	            out.write(address + " spoke\n")
	        peer.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
	    except OSError:
	        pass
	    peer.close()
	s = socket.create_server(("", 4444), family=socket.AF_INET6,
	                         dualstack_ipv6=True, backlog=100)
	while True:
	    peer, _ = s.accept()
	    threading.Thread(target=answer, daemon=True, args=(peer,
	        peer.getsockname()[0].replace("::ffff:", ""))).start()
	EOF
	listener=$!
}

### the table

names=()
declare -A kind who limit text number
row() { # NAME KIND WHO LIMIT TEXT, the script on stdin
	names+=("$1")
	kind[$1]=$2 who[$1]=$3 limit[$1]=$4 text[$1]=$5
	number[$1]=${#names[@]}
	mkdir "$dir/rows" 2>/dev/null
	cat >"$dir/rows/$1"
}
. "$top/tests/evasions/rows.sh"

# A limit is one only if the manual says so.
manual=$(tr '\n' ' ' <"$top/plugin/man/audisp-eql-rules.7")
for name in "${names[@]}"; do
	[[ $manual == *"${limit[$name]}"* ]] || {
		echo "$name: the manual does not say: ${limit[$name]}"
		exit 1
	}
done

picked() { [ "$wanted" = '  ' ] || [[ $wanted == *" $1 "* ]]; }
address() { echo "198.51.100.${number[$1]}"; }
address6() { printf '2001:db8::%x\n' "${number[$1]}"; }

# What every row's script may use.
prelude() { # NAME
	cat <<-EOF
	NAME=$1 TO=$(address "$1") TO6=$(address6 "$1")
	need() {
		for tool in "\$@"; do
			command -v \$tool >/dev/null || { echo "no \$tool"; exit 77; }
		done
	}
	ldso() { readlink -f /lib64/ld-linux-x86-64.so.2; }
	bare_code() { # connects without a library, for as
		cat <<-'S'
			.globl _start
			_start: mov \$41,%eax
			mov \$2,%edi
			mov \$1,%esi
			xor %edx,%edx
			syscall
			mov %eax,%edi
			lea to(%rip),%rsi
			mov \$16,%edx
			mov \$42,%eax
			syscall
			mov \$60,%eax
			xor %edi,%edi
			syscall
			to: .short 2
			.byte 0x11,0x5c
		S
		echo ".byte \${TO//./,}; .quad 0"
	}
	as_user() { setpriv --reuid=$uid --regid=$uid --clear-groups "\$@"; }
	as_other() { setpriv --reuid=$((uid + 1)) --regid=$((uid + 1)) --clear-groups "\$@"; }
	EOF
}

try() { # NAME: in a session of its own
	local work=$home/$1 as=(setpriv "--reuid=$uid" "--regid=$uid" --clear-groups)
	mkdir "$work"
	{
		printf '#define TO4 "%s"\n#define TO6 "%s"\n' "$(address "$1")" \
			"$(address6 "$1")"
		printf '#define NOTE "%s/note"\n' "$work"
		cat "$top/tests/evasions/beacon.c"
	} >"$work/beacon.c"
	{
		prelude "$1"
		cat "$dir/rows/$1"
	} >"$work/.script"
	: >"$work/note"
	chmod 666 "$work/note"
	chown -R "$uid:$uid" "$work"
	[ "${who[$1]}" != root ] || as=()
	(
		cd "$work" || exit 1
		echo "$uid" >/proc/self/loginuid || exit 1
		cat /proc/self/sessionid >"$dir/session.$1"
		exec ip netns exec "$live_netns" "${as[@]}" env -i "HOME=$work" \
			LANG=C PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin \
			timeout -k 1 "${ROW_SECONDS:-150}" bash ./.script
	) >"$dir/out.$1" 2>&1 </dev/null 9>&-
	echo $? >"$dir/status.$1"
}

# Slow rows run beside the others.
try_all() { # WHO...
	local name slow=()
	for name in "${names[@]}"; do
		picked "$name" && [[ " $* " == *" ${who[$name]} "* ]] || continue
		if grep -q '^sleep 6' "$dir/rows/$name"; then
			try "$name" &
			slow+=($!)
		else
			try "$name"
			sleep 0.9 # a rule tells no more than 60 findings a minute
		fi
	done
	[ ${#slow[@]} = 0 ] || wait "${slow[@]}"
}

### what came of it

# Did it happen at all? The program says so, or the peer does.
happened() { # NAME
	grep -qv ' -1 ' "$home/$1/note" 2>/dev/null ||
		grep -q ' -1 1[01]' "$home/$1/note" 2>/dev/null ||
		grep -q -e "^$(address "$1") " -e "^$(address6 "$1") " "$dir/called"
}

# What the plugin received of a session: the events whose SYSCALL has it.
capture_of() { # SESSION
	awk -v ses="ses=$1" '
	{
		match($0, /msg=audit\([^)]*\)/)
		id = substr($0, RSTART, RLENGTH)
	}
	NR == FNR {
		if (index($0 " ", " " ses " "))
			of[id] = 1
		next
	}
	id in of' "$dir/stream" "$dir/stream"
}

declare -A short
name_rules() {
	local rule
	for rule in "$dir"/detect/*.toml; do
		short[$(sed -n 's/^name = "\(.*\)"/\1/p' "$rule" | head -n 1)]=$(
			basename "$rule" .toml)
	done
}

# The rules of alert texts on stdin, in short, each once.
rules_of() {
	local name
	sed -n 's/.*ALERT rule="\([^"]*\)".*/\1/p' | sort -u |
		while read -r name; do
			echo "${short[$name]:-$name}"
		done | paste -sd' ' -
}

# Live: the alerts whose last event is of the session.
live_alerts() { # NAME
	awk 'NR == FNR {
		if (match($0, /msg=audit\([^)]*\)/))
			of[substr($0, RSTART + 10, RLENGTH - 11)] = 1
		next
	}
	/ALERT rule=/ {
		last = ""
		for (i = 1; i <= NF; i++)
			if ($i ~ /^audit[0-9]+=/) {
				last = $i
				sub(/^[^=]*=/, "", last)
			}
		if (last in of)
			print
	}' "$dir/capture.$1" "$dir/syslog"
}

follows_files() { # RULES: one of those that follow what was linked
	case " $1 " in *_linked*) return 0 ;; *) return 1 ;; esac
}

verdict() { # NAME FOUND
	if [ "$(cat "$dir/status.$1")" = 77 ]; then
		echo skipped
	elif ! happened "$1"; then
		echo failed
	elif [ "${kind[$1]}" = benign ] && ! follows_files "$2"; then
		echo quiet
	elif [ "${kind[$1]}" = attack ] && follows_files "$2"; then
		echo found
	elif [ "${limit[$1]}" != - ]; then
		echo limit
	elif [ "${kind[$1]}" = benign ]; then
		echo false-alert
	else
		echo MISSED
	fi
}

write_truth() { # NAME
	local happened=false to=$captures/ev-$1
	[ "${kind[$1]}" = benign ] || happened=true
	mkdir -p "$to"
	cp "$dir/capture.$1" "$to/plugin.log"
	cat >"$to/truth.json" <<-EOF
	{
	 "scenario": "ev-$1",
	 "kind": "${kind[$1]/attack/positive}",
	 "description": "${text[$1]}",
	 "script": $(python3 -c 'import json, sys; print(json.dumps(sys.stdin.read().rstrip()))' <"$dir/rows/$1"),
	 "truth": {
	  "pattern_really_happened": $happened,
	  "limit": "${limit[$1]#-}",
	  "notes": $(python3 -c 'import json, sys; print(json.dumps(sys.stdin.read().split("\n")[:-1]))' <"$home/$1/note")
	 },
	 "runs": {
	  "default": {
	   "log": "plugin.log",
	   "log_format": "ENRICHED",
	   "name_format": "NONE",
	   "stages": {},
	   "audit_rules": "$([ "${who[$1]}" = more ] && echo more || echo default)"
	  }
	 }
	}
	EOF
}

report() {
	local name found again verdict
	declare -A count
	for name in "${names[@]}"; do
		[ -f "$dir/status.$name" ] || continue
		capture_of "$(cat "$dir/session.$name")" >"$dir/capture.$name"
		found=$(live_alerts "$name" | rules_of)
		again=$("$build/aueql" replay -r "$dir/detect" \
			"$dir/capture.$name" 2>/dev/null | rules_of)
		verdict=$(verdict "$name" "$found")
		count[$verdict]=$((${count[$verdict]:-0} + 1))
		printf '%-11s %-18s %s; %s\n' "$verdict" "$name" \
			"${text[$name]}" "${found:-nothing}"
		[ "$found" = "$again" ] ||
			echo "            $name: replayed: ${again:-nothing}"
		case $verdict in failed) sed 's/^/            # /' \
			"$dir/out.$name" | tail -n 5 ;; esac
		[ -z "$captures" ] || case $verdict in
		skipped | failed) ;;
		*) write_truth "$name" ;;
		esac
	done
	for verdict in "${!count[@]}"; do
		echo "$verdict: ${count[$verdict]}"
	done | sort
	[ "${count[MISSED]:-0}${count[false-alert]:-0}${count[failed]:-0}" = 000 ]
}

useradd -M -d $home -u 47110 -s /bin/bash $account || exit 1
uid=$(id -u $account)
trap end EXIT
mkdir "$home"
name_rules
keep_stream
: >"$dir/called"
live_start "$build" "$dir" || {
	cat "$dir/auditd.log" "$dir/auditctl.log"
	exit 1
}
listen
sleep 1
try_all user root
load_rules "$dir/detect"
try_all more
try_all last
sleep 3
report
