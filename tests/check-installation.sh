#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# aueql check --root over installations that are broken in one way each. A block
# of tests/cases/check.case is a name, what is done to a good installation
# (rows that begin with "! ", run in its root), and all findings that are not ok
# then: id, severity, and a part of the sentence or of what to type; an "ok" row
# is asked for as well, but others may be there. check-installation.sh [NAME]...
# in the build directory, without root.
set -u
top=$(cd "${srcdir:-.}" && pwd)
aueql=$PWD/aueql
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
passed=0 failed=0

of_build() { # VARIABLE: a directory as configure has it
	local value
	value=$(echo "@$1@" | ./config.status -q --file=-:-)
	case $value in
	*'${prefix}'*) value=${value/'${prefix}'/$(of_build prefix)} ;;
	esac
	echo "$value"
}

sysconfdir=$(of_build sysconfdir)
conf=$root$sysconfdir/audisp-eql/audisp-eql.conf
mkdir "$work/rules.d"
cp "$top"/rules.d/detect/network_*.toml "$work/rules.d"
"$aueql" rules --audit-rules "$work/rules.d" >"$work/60-audisp-eql.rules"

# --- a good installation, and what cases change in it -----------------------

fresh() {
	rm -rf "$root"
	mkdir -p "$root"/{etc/audit/{plugins.d,rules.d},usr/sbin,usr/bin} \
		"$root"/var/log/{audit,audisp-eql} "${conf%/*}" \
		"$root"/proc/{self,sys/kernel/yama,sys/vm}
	cp -r "$work/rules.d" "$root/rules.d"
	cp "$work/60-audisp-eql.rules" "$root/etc/audit/rules.d"
	printf '%s\n' 'rules = /rules.d' 'json_file = /var/log/audisp-eql/a' \
		'disable = network_after_compile' >"$conf"
	echo "_audisp-eql:x:$(id -u):1::/:/usr/sbin/nologin" >"$root/etc/passwd"
	printf '%s\n' 'active = yes' 'direction = out' \
		'path = /usr/sbin/audisp-eql' 'type = always' \
		'format = string' >"$root/etc/audit/plugins.d/audisp-eql.conf"
	chmod 640 "$root/etc/audit/plugins.d/audisp-eql.conf"
	echo >"$root/usr/sbin/audisp-eql"
	chmod 750 "$root/usr/sbin/audisp-eql"
	printf '%s\n' 'local_events = yes' 'write_logs = yes' \
		'log_file = /var/log/audit/audit.log' 'max_log_file = 8' \
		'num_logs = 5' 'max_log_file_action = ROTATE' \
		'space_left = 75' 'space_left_action = SYSLOG' \
		'admin_space_left_action = SUSPEND' \
		'disk_full_action = SUSPEND' 'disk_error_action = SUSPEND' \
		'name_format = NONE' 'q_depth = 2000' \
		'plugin_dir = /etc/audit/plugins.d' >"$root/etc/audit/auditd.conf"
	echo 6.12.1 >"$root/proc/sys/kernel/osrelease"
	echo 2 >"$root/proc/sys/kernel/io_uring_disabled"
	echo 1 >"$root/proc/sys/kernel/yama/ptrace_scope"
	echo 2 >"$root/proc/sys/vm/memfd_noexec"
	echo 'quiet audit=1' >"$root/proc/cmdline"
	echo '/dev/sda / ext4 rw 0 0' >"$root/proc/self/mounts"
}

set_auditd() { # KEY VALUE
	sed -i "/^$1 *=/d" "$root/etc/audit/auditd.conf"
	echo "$1 = $2" >>"$root/etc/audit/auditd.conf"
}

set_conf() { # KEY VALUE
	sed -i "/^$1 *=/d" "$conf"
	echo "$1 = $2" >>"$conf"
}

front() { # RULE: before ours
	echo "$*" >>"$root/etc/audit/rules.d/50-others.rules"
}

behind() {
	echo "$*" >>"$root/etc/audit/rules.d/70-others.rules"
}

linker() { # NAME
	echo >"$root/usr/bin/$1"
	chmod 755 "$root/usr/bin/$1"
}

# A log of COUNT events in SECONDS, each a row of call 42.
log() { # COUNT SECONDS [KEY [EXE [AUID [NODE]]]]
	awk -v count="$1" -v seconds="$2" -v key="${3:-audisp_eql_net}" \
		-v before="$(cat "$root"/var/log/audit/* 2>/dev/null | wc -l)" \
		-v exe="${4:-/usr/bin/nginx}" -v auid="${5:-4294967295}" \
		-v node="${6:-}" 'BEGIN {
		for (i = 0; i < count; i++)
			printf "%stype=SYSCALL msg=audit(%d.000:%d): " \
				"arch=c000003e syscall=42 success=yes exit=0 " \
				"a0=3 a1=7ffc a2=10 a3=0 items=0 ppid=1 pid=9 " \
				"auid=%s uid=33 gid=33 euid=33 suid=33 fsuid=33 " \
				"egid=33 sgid=33 fsgid=33 tty=(none) ses=1 " \
				"comm=\"x\" exe=\"%s\" key=\"%s\"\n", node, \
				1000 + before + i * seconds / count, before + i + 1, auid, exe, key
	}' >>"$root/var/log/audit/audit.log"
}

# --- running ----------------------------------------------------------------

# "id severity sentence and command", a row each
findings() {
	sed -n 's/^{"id":"\([^"]*\)","severity":"\([^"]*\)","finding":/\1 \2 /p' \
		"$work/said"
}

# All that was wanted is there, and nothing else but what is ok.
compare() {
	local id severity part row bad=0
	findings >"$work/left"
	[ "$(wc -l <"$work/left")" = "$(wc -l <"$work/said")" ] || {
		echo "a finding is not of the form"
		bad=1
	}
	while read -r id severity part; do
		row=$(grep -n "^$id $severity " "$work/left" |
			grep -F -e "$part" | head -n 1)
		if [ -z "$row" ]; then
			echo "missing: $id $severity $part"
			bad=1
		else
			sed -i "${row%%:*}d" "$work/left"
		fi
	done <"$work/wanted"
	grep -v '^[a-z0-9-]* ok ' "$work/left" && {
		echo "which nobody wanted"
		bad=1
	}
	return $bad
}

run_case() { # NAME
	local code want=0
	grep -q '^[a-z0-9-]* problem' "$work/wanted" && want=1
	"$aueql" check --root "$root" --format json >"$work/said" 2>"$work/errors"
	code=$?
	if compare >"$work/why" && [ $code = $want ] && [ ! -s "$work/errors" ]
	then
		echo "ok - $1"
		passed=$((passed + 1))
	else
		echo "not ok - $1: exit status $code, wanted $want"
		cat "$work/why" "$work/errors" "$work/said"
		failed=$((failed + 1))
	fi
}

wanted() { # NAME: whether it is to be run
	[ ${#only[@]} = 0 ] || [[ " ${only[*]} " = *" $1 "* ]]
}

end_block() {
	[ -z "$name" ] || ! wanted "$name" || run_case "$name"
	name=
}

only=("$@")
name=
while IFS= read -r row; do
	case $row in
	'#'*) ;;
	'') end_block ;;
	'! '*) ! wanted "$name" || (cd "$root" && eval "${row#! }") ||
		echo "# $name: failed: $row" ;;
	*)
		if [ -z "$name" ]; then
			name=$row
			: >"$work/wanted"
			! wanted "$name" || fresh
		else
			echo "$row" >>"$work/wanted"
		fi
		;;
	esac
done <"$top/tests/cases/check.case"
end_block

# each id is in the manual
for id in $(sed -n 's/^FINDING([A-Z0-9_]*, "\(.*\)")/\1/p' \
	"$top/plugin/aueql/findings.def"); do
	sed 's/\\-/-/g' "$top/plugin/man/aueql.8" | grep -q "^\.B $id\$" || {
		echo "not ok - aueql(8) does not tell of $id"
		failed=$((failed + 1))
	}
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
