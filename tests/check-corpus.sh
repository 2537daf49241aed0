#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Each capture, replayed: how many alerts the shipped rule for programs compiled a
# moment ago and the rule in the published form of 2023 give, against
# tests/cases/corpus.expect (see there). And of each capture once the same again
# from the events as ECS documents: alert for alert, with the same event.id.
set -u
top=${srcdir:-.}
ours=rules.d/detect/network_after_compile.toml
bad=0

# The ids of the alerts that a log gives.
alert_ids() {
	./aueql replay -r "$top/$ours" --format json "$@" 2>/dev/null |
		sed -n 's/.*"event":{[^}]*"id":"\([0-9a-f]*\)".*/\1/p'
}

while read -r capture log shipped published; do
	case $capture in '#'* | '') continue ;; esac
	# a sanitizer build is slow: it may take one log of each capture
	[ "${CORPUS_LOG:-$log}" = "$log" ] || continue
	for rules in $ours tests/rules/published_2023_form.toml; do
		want=$shipped
		[ $rules = $ours ] || want=$published
		got=$(./aueql replay -r "$top/$rules" \
			"$top/tests/corpus/$capture/$log" 2>/dev/null | wc -l)
		[ "$got" -eq "$want" ] && continue
		echo "$capture/$log with $rules: $got alerts, not $want"
		bad=1
	done
	[ "$log" = plugin.log ] && [ "$shipped" != 0 ] || continue
	direct=$(alert_ids "$top/tests/corpus/$capture/$log")
	again=$(./aueql events "$top/tests/corpus/$capture/$log" 2>/dev/null |
		alert_ids --ecs -)
	[ -n "$direct" ] && [ "$direct" = "$again" ] && continue
	echo "$capture/$log: other alerts by way of ECS documents"
	bad=1
done <"$top/tests/cases/corpus.expect"
[ $bad = 0 ] && echo "corpus: all captures as expected"
exit $bad
