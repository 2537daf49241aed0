#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Captures under valgrind's memcheck, through aueql and through the plugin as
# auditd starts it: what sanitizers cannot see is what libauparse, PCRE2 and
# json-c do with what we give them. Run in a build directory without sanitizers.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
corpus=$top/tests/corpus
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
captures="argv-long conn-ipv6 ev-overlay-out gcc-o hosts-crossed name-newline
	uid-unknown"
bad=0
valgrind=$(command -v valgrind) || {
	echo "not ok - valgrind is missing: packaging/deps.sh installs it (test)"
	exit 1
}

memcheck() { # COMMAND...: its errors, with all that it starts, in $work/log.*
	"$valgrind" -q --leak-check=full --trace-children=yes \
		--errors-for-leak-kinds=definite,indirect \
		--log-file="$work/log.%p" "$@"
}

judge() { # NAME COMMAND...: it is so, and memcheck found nothing
	local name=$1 found
	shift
	found=$(cat "$work"/log.* 2>/dev/null)
	if ! ls "$work"/log.* >/dev/null 2>&1; then
		found="valgrind did not run"
	elif ! "$@"; then
		found="$found
it did not do what it does without valgrind"
	fi
	rm -f "$work"/log.*
	if [ -z "$found" ]; then
		echo "ok - valgrind: $name"
	else
		echo "not ok - valgrind: $name"
		printf '%s\n' "$found" | sed 's/^/# /'
		bad=1
	fi
}

same() { # NAME COMMAND...: says the same as without
	local name=$1
	shift
	"$@" >"$work/without" 2>/dev/null
	memcheck "$@" >"$work/with" 2>/dev/null
	judge "$name" cmp -s "$work/without" "$work/with"
}

files=
for capture in $captures; do
	for file in full creat plugin; do
		file=$corpus/$capture/$file.log
		[ ! -f "$file" ] || files="$files $file"
	done
done
# shellcheck disable=SC2086
{
	same replay ./aueql replay --format json -r "$top/rules.d/detect" $files
	same events ./aueql events $corpus/gcc-o/full.log
	same explain ./aueql explain \
		"$top/rules.d/detect/network_after_compile_linked.toml" \
		$corpus/gcc-o/full.log
	./aueql events $corpus/gcc-o/full.log >"$work/events"
	same eql ./aueql eql --ecs 'sequence by process.entity_id
		[process where process.name regex~ "GCC.*"]
		[file where true]' "$work/events"
	same rules ./aueql rules --format json "$top/tests/rules/export.ndjson"
}

# no confinement: valgrind makes calls that it forbids
cat >"$work/conf" <<-END
rules = $top/rules.d/detect/network_after_compile.toml
json_file = $work/alerts
syslog = no
status_file = $work/status
state_file = $work/state
host_id = test-host
user = $(id -un)
sandbox = no
END

alerted() {
	[ "$(cat "$work/answer")" = "exit 0" ] &&
		[ "$(grep -c network_after_compile "$work/alerts")" = 1 ]
}

plugin() { # VERSION
	rm -f "$work/alerts" "$work/state"
	echo wait | ./dispatch "$1" "$corpus/gcc-o/plugin.log" "$valgrind" -q \
		--leak-check=full --errors-for-leak-kinds=definite,indirect \
		--log-file="$work/log.%p" "$PWD/audisp-eql" -c "$work/conf" \
		>"$work/answer"
	judge "the plugin, as auditd $1 starts it" alerted
}

plugin 3.0
plugin 4.2
exit $bad
