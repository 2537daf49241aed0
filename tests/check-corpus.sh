#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Each capture, replayed: how many alerts the shipped rule and the rule in the
# published form of 2023 give, against tests/cases/corpus.expect (see there).
set -u
top=${srcdir:-.}
bad=0
while read -r capture log shipped published; do
	case $capture in '#'* | '') continue ;; esac
	# a sanitizer build is slow: it may take one log of each capture
	[ "${CORPUS_LOG:-$log}" = "$log" ] || continue
	for rules in rules.d/detect tests/rules/published_2023_form.toml; do
		want=$shipped
		[ $rules = rules.d/detect ] || want=$published
		got=$(./aueql replay -r "$top/$rules" \
			"$top/tests/corpus/$capture/$log" 2>/dev/null | wc -l)
		[ "$got" -eq "$want" ] && continue
		echo "$capture/$log with $rules: $got alerts, not $want"
		bad=1
	done
done <"$top/tests/cases/corpus.expect"
[ $bad = 0 ] && echo "corpus: all captures as expected"
exit $bad
