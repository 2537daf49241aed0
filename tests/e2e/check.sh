#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# aueql check against the real kernel, auditd and plugin: check.sh BUILD. What it
# says to type about audit rules is typed, and has to help. auditd's directory is
# put over /etc/audit in a mount namespace of the tool's own.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$1" && pwd)
live_rules=$top/rules.d/detect
. "$top/packaging/live.sh"

live_wait_for_others
if ! reason=$(live_possible); then
	echo "SKIP: aueql check with the real kernel: $reason"
	exit 77
fi
dir=$(mktemp -d)
chmod 755 "$dir"
before=$(auditctl -s)
setting() { # NAME OPTION: puts a setting of the kernel back
	local value
	value=$(printf '%s\n' "$before" | sed -n "s/^$1 //p")
	[ -z "$value" ] || auditctl "$2" "$value" >/dev/null 2>&1
}
finish() {
	setting rate_limit -r
	setting backlog_wait_time --backlog_wait_time
	live_stop
	rm -rf "$dir"
}
trap finish EXIT
passed=0 failed=0

ok() { # NAME COMMAND...
	local name=$1
	shift
	if "$@" >"$dir/out" 2>&1; then
		echo "ok - $name"
		passed=$((passed + 1))
	else
		echo "not ok - $name"
		sed 's/^/# /' "$dir/out" "$dir/said"
		failed=$((failed + 1))
	fi
}

check() {
	unshare -m sh -c 'mount --bind "$1" /etc/audit && shift && exec "$@"' \
		- "$dir" "$build/aueql" check -c "$dir/audisp-eql.conf" \
		--format json >"$dir/said"
}

problems() { grep '"severity":"problem"' "$dir/said"; }
well() { check && ! problems; }
# The one problem there is has this id, and says that.
says() { # SEVERITY ID TEXT
	check
	[ $? = "$([ "$1" = problem ] && echo 1 || echo 0)" ] || return 1
	grep -F "{\"id\":\"$2\",\"severity\":\"$1\"," "$dir/said" |
		grep -qF -e "$3" || return 1
	[ "$1" != problem ] || [ "$(problems | wc -l)" = 1 ]
}
# What is to be typed about a finding, up to where files are looked at.
mend() { # ID
	local type
	type=$(sed -n 's/^{"id":"'"$1"'",.*,"type":"\(.*\)"}$/\1/p' "$dir/said" |
		sed 's/\\\(["\\]\)/\1/g; s/; grep .*//' | head -n 1)
	echo "typed: $type"
	[ -n "$type" ] && sh -c "$type"
}
# An audit rule is told of, and what is said about it takes it out again.
told_and_mended() { # SEVERITY ID TEXT RULE...
	local severity=$1 id=$2 text=$3
	shift 3
	auditctl "$@" || return 1
	says "$severity" "$id" "$text" && mend "$id" && well
	local code=$?
	# whatever came of it, the next one begins anew
	[ $code = 0 ] || auditctl "${@/#-[aA]/-d}"
	return $code
}

mkdir "$dir/rules.d"
ok "auditd starts the plugin" live_start "$build" "$dir"
cp "$dir/rules" "$dir/rules.d/60-audisp-eql.rules"
live_wait 20 test -s "$dir/status"
ok "all is well" well
cat "$dir/said"
ok "audit rules are loaded" says ok audit-rule 'need are loaded'
ok "linkers are covered" says ok linker 'audit rules cover'
ok "auditd is known" says ok auditd "process $live_auditd"
ok "the plugin is seen" says ok plugin 'the plugin runs'

rule=$(grep -- '-S execve,execveat' "$dir/loaded" | head -n 1)
# shellcheck disable=SC2086
ok "an audit rule is taken away" auditctl ${rule/#-a/-d}
ok "which is told" says problem audit-rule '1 of the 2 audit rules audisp_eql_exec'
ok "with what loads it from its file" \
	grep -q '"audit-rule".*"type":"augenrules --load"' "$dir/said"
# shellcheck disable=SC2086
ok "put back in another form, it is as good" auditctl \
	-a always,exit -F arch=b64 -S execveat,execve,fork -k other
ok "which is told, too" well
auditctl -d always,exit -F arch=b64 -S execveat,execve,fork -k other
# shellcheck disable=SC2086
auditctl $rule

ok "a never in front" told_and_mended problem never-rule \
	'takes all their events' -A never,exit -F arch=b64 -S execve
ok "a never of an account" told_and_mended warning never-rule \
	'takes events of our audit rules' -A never,exit -F auid=54321
ok "a never with conditions of all forms" told_and_mended warning never-rule \
	'takes events of our audit rules' -A never,exit -F arch=b64 \
	-S openat,connect -F 'a2&0100' -C auid!=obj_uid -F auid!=-1 -F 'gid>=7' \
	-F exe=/usr/bin/true -F success=1
ok "one of a directory" told_and_mended warning never-rule \
	'takes events of our audit rules' -A never,exit -F arch=b64 \
	-S openat -F dir=/usr/lib -F perm=w -F key=x
ok "a never behind" auditctl -a never,exit -F arch=b64 -S execve
ok "which takes nothing" well
auditctl -d never,exit -F arch=b64 -S execve
ok "a never of no task" told_and_mended problem never-rule 'task,never' \
	-a never,task
ok "a type of record excluded" told_and_mended problem excluded-record \
	'files are not known' -a always,exclude -F msgtype=PATH
ok "some of one user" told_and_mended problem excluded-record \
	'programs have no arguments' -a always,exclude -F msgtype=EXECVE \
	-F uid=54321
ok "a pair that is proposed" auditctl -A never,exit -F arch=b64 -S connect \
	-F exe=/usr/bin/true -F uid=33
ok "which is well" says ok never-rule 'one program under one user'
auditctl -d never,exit -F arch=b64 -S connect -F exe=/usr/bin/true -F uid=33
ln -s /usr/bin/true "$dir/link"
ok "a rule that names a link" auditctl -a always,exit -F arch=b64 -S openat \
	-F exe="$dir/link"
ok "which matches nothing" says warning linker 'is a symbolic link'
auditctl -d always,exit -F arch=b64 -S openat -F exe="$dir/link"

ok "a rate limit" auditctl -r 100000
ok "which is told" says problem rate-limit 'more than 100000 records'
ok "and mended" mend rate-limit
ok "no waiting" auditctl --backlog_wait_time 0
ok "which is told" says warning backlog 'lost at once'
setting backlog_wait_time --backlog_wait_time
ok "a short backlog" auditctl -b 200
ok "which is told" says warning backlog 'only 200 records'
ok "and mended" mend backlog
ok "kernel audit off" auditctl -e 0
check
ok "which is told" grep -q '"audit-enabled","severity":"problem"' "$dir/said"
ok "and mended" mend audit-enabled
ok "all is well again" live_wait 30 well

live_stop
check
ok "no auditd is told" grep -q '"auditd","severity":"problem"' "$dir/said"
ok "and no audit rules" grep -q \
	'"audit-rule","severity":"problem","finding":"none of the' "$dir/said"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
