#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# aueql timeline: alerts of real logs as text and SVG, against tests/cases/timeline
# (UPDATE_CASES=1 writes these anew: look at them); that an SVG is XML and has
# nothing outside itself; which alert is chosen; and what is said of documents
# that are none.
set -u
top=${srcdir:-.}
cases=$top/tests/cases/timeline
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
bad=0
LC_ALL=C.UTF-8
export LC_ALL
unset NO_COLOR

fail() {
	echo "$*"
	bad=1
}

compare() { # NAME FORM ALERTS
	./aueql timeline --format "$2" "$3" >"$work/got" || fail "$1: exit $?"
	form=$2
	[ "$form" = svg ] || form=txt
	[ -z "${UPDATE_CASES:-}" ] || cp "$work/got" "$cases/$1.$form"
	diff "$cases/$1.$form" "$work/got" || fail "$1: another $2"
	[ "$form" = svg ] || return 0
	! grep -Eiq '<script|<image|<use|<foreignObject|href|url\(|@import|<!' \
		"$work/got" || fail "$1: an SVG with more than a picture"
	command -v xmllint >/dev/null || return 0
	xmllint --nonet --noout "$work/got" || fail "$1: no XML"
}

picture() { # NAME ALERTS
	compare "$1" text "$2"
	compare "$1" svg "$2"
}

while read -r name log rule; do
	case $name in '#'* | '') continue ;; esac
	./aueql replay -r "$top/rules.d/detect/$rule.toml" --format json \
		"$top/tests/$log" 2>/dev/null >>"$work/alerts"
	tail -n 1 "$work/alerts" >"$work/$name.ndjson"
	picture "$name" "$work/$name.ndjson"
done <"$cases/cases"
picture hostile "$cases/hostile.ndjson"
picture foreign "$cases/foreign.ndjson"
command -v xmllint >/dev/null || echo "no xmllint: whether SVGs are XML was not seen"

# no line of any is wider than a terminal, in characters; box characters are
# where the locale has them alone
wide=$(cat "$cases"/*.txt | grep -Ec '^.{81}')
[ "$wide" = 0 ] || fail "$wide lines are wider than 80"
for alert in "$work/sequence.ndjson" "$cases/hostile.ndjson"; do
	for how in --all --list; do
		LC_ALL=C ./aueql timeline $how "$alert" |
			LC_ALL=C grep '[^ -~]' &&
			fail "more than ASCII in the C locale: $alert"
	done
done
! grep -lP '[\x00-\x08\x0b-\x1f\x7f]|\xe2\x80\xae' "$cases"/*.txt "$cases"/*.svg ||
	fail "control characters in a picture"
# which one
want=$(./aueql timeline --list "$work/alerts" | tail -n 1)
count=$(wc -l <"$work/alerts")
[ "$(echo "$want" | awk '{ print $1 }')" = "$count" ] || fail "list: $want"
id=$(echo "$want" | awk '{ print $3 }')
./aueql timeline "$work/alerts" >"$work/last"
for which in "$count" "$id"; do
	./aueql timeline --alert "$which" - <"$work/alerts" |
		diff "$work/last" - || fail "alert $which is not the last"
done
./aueql timeline --alert 1 "$work/alerts" | diff "$cases/sequence.txt" - ||
	fail "alert 1 is not the first"
[ "$(./aueql timeline --all "$work/alerts" | grep -c '^host ')" = "$count" ] ||
	fail "--all does not show all"

# a heartbeat is no alert, and no place in the file
heartbeat='{"@timestamp":"2026-11-24T23:00:00.000Z","event":{"kind":"state"},"audisp_eql":{"kind":"heartbeat","number":9}}'
{
	echo "$heartbeat"
	cat "$work/alerts"
	echo "$heartbeat"
} >"$work/beats"
./aueql timeline "$work/beats" | diff "$work/last" - ||
	fail "a heartbeat is taken for an alert"
./aueql timeline --list "$work/beats" >"$work/got"
./aueql timeline --list "$work/alerts" | diff - "$work/got" ||
	fail "a heartbeat is listed"

# what is none
refuse() { # CODE TEXT ARGUMENT...
	code=$1 text=$2
	shift 2
	./aueql timeline "$@" >"$work/out" 2>"$work/err"
	[ $? = "$code" ] || fail "timeline $*: another exit code"
	grep -qF -e "$text" "$work/err" ||
		fail "timeline $*: not '$text' but $(cat "$work/err")"
	! grep -q . "$work/out" || fail "timeline $*: prints nevertheless"
}

document() { # NAME TEXT
	printf '%s\n' "$2" >"$work/$1"
}

document empty ''
document record 'type=SYSCALL msg=audit(1.000:1): arch=c000003e'
document number '{"@timestamp":1,"process":{"pid":"many"}}'
document notime '{"message":"x"}'
document events '{"@timestamp":1,"audisp_eql":{"events":7}}'
document stages '{"@timestamp":1,"audisp_eql":{"events":[7]}}'
document stage '{"@timestamp":1,"audisp_eql":{"events":[{"stage":1}]}}'
awk 'BEGIN { printf "{\"@timestamp\":1,\"a\":"; for (i = 0; i < 70; i++) printf "["
	for (i = 0; i < 70; i++) printf "]"; print "}" }' >"$work/deep"
awk 'BEGIN { printf "{\"@timestamp\":1,\"audisp_eql\":{\"events\":["
	for (i = 0; i < 300; i++) printf "%s{\"missing\":true}", i ? "," : ""
	print "]}}" }' >"$work/many"
awk 'BEGIN { printf "{\"@timestamp\":1,\"a\":\""; for (i = 0; i < 110000; i++)
	printf "0123456789"; print "\"}" }' >"$work/long"
refuse 1 'no alert is in it' "$work/empty"
refuse 1 'record:1: byte 2:' "$work/record"
refuse 1 'number:1: process.pid is not a number' "$work/number"
refuse 1 'notime:1: there is no @timestamp' "$work/notime"
refuse 1 'events:1: audisp_eql.events is not a list' "$work/events"
refuse 1 'stages:1: audisp_eql.events is not a list of objects' "$work/stages"
refuse 1 'stage:1: there is no @timestamp' "$work/stage"
refuse 1 'deep:1: byte' "$work/deep"
refuse 1 'many:1: audisp_eql.events has more than 256' "$work/many"
refuse 1 'long:1: the document is too long' "$work/long"
refuse 1 'No such file' "$work/none"
refuse 1 "no such alert is in it; 'aueql timeline --list'" --alert 999 "$work/alerts"
name=$(printf 'a\033\nb')
: >"$work/$name"
refuse 1 'a\x1b\x0ab: no alert is in it' "$work/$name"
refuse 2 'wants one file' --all
refuse 2 'no format' --format png "$work/alerts"
refuse 2 'an SVG is of one alert' --format svg --all "$work/alerts"
# a document that is none takes no other with it
cat "$work/record" "$work/sequence.ndjson" "$work/number" >"$work/mixed"
./aueql timeline "$work/mixed" 2>/dev/null | diff "$cases/sequence.txt" - ||
	fail "documents that are none take others with them"

[ $bad = 0 ] && echo "timeline: all as expected"
exit $bad
