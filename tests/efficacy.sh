#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the published logic and the rules that follow files find in each capture,
# beside its truth: `make efficacy` prints the whole table, `make check` fails
# where the latter misses an attack that one of the capture's logs shows, alerts
# where none was, or tells one finding more than once.
#
# A capture whose truth is null is a matter of judgement: shown, not counted.
# b-slow-* are attacks to the rule that follows files: to wait a minute does not
# make the program another one. One with a limit is missed, or a false alert, as
# audisp-eql-rules(7) says in those words: it counts as such in the figures, and
# fails only where it is none any more. A log is marked with the audit rules it
# was made under; most captures were made under several, and no rule can find
# what its log does not have.
set -u
top=${srcdir:-.}
published=$top/rules.d/detect/network_after_compile.toml
linked="$top/rules.d/detect/network_after_compile_linked.toml
$top/rules.d/detect/network_send_linked.toml"
manual=$(tr '\n' ' ' <"$top/plugin/man/audisp-eql-rules.7")
bad=0
true_published=0 true_linked=0 attacks=0 limits=0
false_published=0 false_linked=0

# The alerts of a rule in a log, and how many findings they are.
alerts_of() { # RULES LOG
	local rule rules=()
	while read -r rule; do
		rules+=(-r "$rule")
	done <<<"$1"
	./aueql replay "${rules[@]}" "$2" 2>/dev/null
}

# A finding: of which rule, who, which program, where to.
findings_of() {
	sed -n 's/.*rule="\([^"]*\)".* login=\([^ ]*\) .*process="\([^"]*\)".*destination=\([^ ]*\).*/\1 \2 \3 \4/p' |
		sort -u | wc -l
}

truth_of() { # FILE
	sed -n 's/.*"pattern_really_happened": *\([a-z]*\).*/\1/p' "$1" |
		head -n 1
}

limit_of() { # FILE: empty = none
	sed -n 's/.*"limit": *"\(.*\)".*/\1/p' "$1" | head -n 1
}

# "LOG RULES" of each run.
runs_of() { # FILE
	sed -n -e 's/.*"log": *"\([^"]*\)".*/\1/p' \
		-e 's/.*"audit_rules": *"\([^"]*\)".*/\1/p' "$1" | paste -d' ' - -
}

printf '%-20s %-6s %-9s %-9s %s\n' CAPTURE TRUTH PUBLISHED LINKED 'BY LOG'
for truth in "$top"/tests/corpus/*/truth.json; do
	directory=${truth%/truth.json}
	capture=${directory##*/}
	expected=$(truth_of "$truth")
	wanted=$expected
	case $capture in b-slow-*) wanted=true ;; esac
	got_published=0 got_linked=0 detail=
	while read -r log rules; do
		[ -f "$directory/$log" ] || continue
		one=$(alerts_of "$published" "$directory/$log" | wc -l)
		alerts=$(alerts_of "$linked" "$directory/$log")
		two=$(printf '%s' "$alerts" | grep -c .)
		[ "$one" = 0 ] || got_published=1
		[ "$two" = 0 ] || got_linked=1
		detail="$detail $rules:$one/$two"
		if [ "$two" != "$(printf '%s\n' "$alerts" | findings_of)" ]; then
			echo "$capture/$log: a finding is told more than once"
			bad=1
		fi
	done <<<"$(runs_of "$truth")"
	printf '%-20s %-6s %-9s %-9s%s\n' "$capture" "$wanted" \
		$got_published $got_linked "$detail"
	case $wanted in
	true)
		attacks=$((attacks + 1))
		true_published=$((true_published + got_published))
		true_linked=$((true_linked + got_linked))
		;;
	false)
		false_published=$((false_published + got_published))
		false_linked=$((false_linked + got_linked))
		;;
	esac
	limit=$(limit_of "$truth")
	case $wanted:$got_linked:${limit:+limit} in
	true:0: | false:1:)
		echo "$capture: missed, or a false alert"
		bad=1
		;;
	true:1:limit | false:0:limit)
		echo "$capture: no limit any more"
		bad=1
		;;
	*:limit)
		limits=$((limits + 1))
		[[ $manual == *"$limit"* ]] || {
			echo "$capture: the manual does not say: $limit"
			bad=1
		}
		;;
	esac
done

percent() { # PART WHOLE
	[ "$2" = 0 ] && echo - || echo "$((100 * $1 / $2))%"
}
echo "published: recall $true_published of $attacks" \
	"($(percent $true_published $attacks)), precision" \
	"$(percent $true_published $((true_published + false_published)))"
echo "linked:    recall $true_linked of $attacks" \
	"($(percent $true_linked $attacks)), precision" \
	"$(percent $true_linked $((true_linked + false_linked)))"
echo "$limits of these are limits that the manual tells"
exit $bad
