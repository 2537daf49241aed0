#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Each capture, replayed: how many alerts the published logic as it is shipped, a
# rule in the published form of 2023, and the rule that follows files give,
# against tests/cases/corpus.expect (see there; efficacy.sh has the truth).
# And of each capture once the same again from the events as ECS documents:
# alert for alert, with the same event.id.
set -u
top=${srcdir:-.}
bad=0

# The ids of the alerts that a log gives.
alert_ids() {
	./aueql replay -r "$top/$shipped_rule" -r "$top/$linked_rule" --format json "$@" 2>/dev/null |
		sed -n 's/.*"event":{[^}]*"id":"\([0-9a-f]*\)".*/\1/p'
}

shipped_rule=rules.d/detect/network_after_compile.toml
published_rule=tests/rules/published_2023_form.toml
linked_rule=rules.d/detect/network_after_compile_linked.toml

while read -r capture log shipped published linked; do
	case $capture in '#'* | '') continue ;; esac
	# a sanitizer build is slow: it may take one log of each capture
	[ "${CORPUS_LOG:-$log}" = "$log" ] || continue
	for pair in $shipped_rule:$shipped $published_rule:$published \
		$linked_rule:$linked; do
		rule=${pair%:*}
		want=${pair##*:}
		got=$(./aueql replay -r "$top/$rule" \
			"$top/tests/corpus/$capture/$log" 2>/dev/null | wc -l)
		[ "$got" -eq "$want" ] && continue
		echo "$capture/$log with $rule: $got alerts, not $want"
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
