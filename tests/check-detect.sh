#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Each shipped detection: it is full, its capture fires.log gives one alert and
# quiet.log none (tests/detect, made by capture.sh there). None that is on finds
# anything in what is quiet for another, nor in the benign captures of
# tests/corpus, but what cases/detect.expect lists with its reason. And each names
# its tactic, technique and false positives.
set -u
top=${srcdir:-.}
rules=$top/rules.d/detect
bad=0

complain() {
	echo "$*"
	bad=1
}

# What is not off, as options of replay, which runs all that it is given.
set --
for rule in "$rules"/*.toml; do
	grep -q '^mode = "off"' "$rule" || set -- "$@" -r "$rule"
done

# The names of the rules whose alerts LOG gives, of those that are not off.
alerting() { # LOG OPTION...
	log=$1
	shift
	./aueql replay "$@" --format json "$log" 2>/dev/null |
		sed -n 's/.*"rule":{[^}]*"name":"\([^"]*\)".*/\1/p' | sort -u
}

expected=$(grep -v '^#' "$top/tests/cases/detect.expect")

check_others() { # LOG OPTION...
	log=$1
	shift
	alerting "$top/tests/$log" "$@" | while read -r name; do
		printf '%s\n' "$expected" | grep -qxF "$log $name" ||
			echo "$log: alert of '$name', which is on"
	done
}

for rule in "$rules"/*.toml; do
	name=$(basename "$rule" .toml)
	row=$(./aueql rules --format json "$rule")
	case $row in
	*'"status":"full"'*) ;;
	*) complain "$name is not full" ;;
	esac
	for what in fires quiet; do
		log=$top/tests/detect/$name/$what.log
		[ -s "$log" ] || complain "$name: no $what.log"
		want=0
		[ $what = quiet ] || want=1
		got=$(./aueql replay -r "$rule" "$log" 2>/dev/null | wc -l)
		[ "$got" -eq $want ] ||
			complain "$name/$what.log: $got alerts, not $want"
	done
	for part in '^false_positives' '^\[rule.threat.tactic\]' \
		'^\[\[rule.threat.technique\]\]' '^risk_score' '^severity'; do
		grep -q "$part" "$rule" || complain "$name: nothing of $part"
	done
done
for log in "$top"/tests/detect/*/; do
	[ -f "$rules/$(basename "$log").toml" ] ||
		complain "$log: there is no such rule"
done
others=$(cd "$top/tests" && ls detect/*/quiet.log corpus/b-*/plugin.log)
unwanted=$(for log in $others; do check_others "$log" "$@"; done)
[ -z "$unwanted" ] || complain "$unwanted"
[ $bad = 0 ] && echo "detect: all captures as expected"
exit $bad
