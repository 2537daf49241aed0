#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What a terminal gets that nobody else does: colours, but with NO_COLOR or a
# terminal without any, and how far reading came. script(1) is the terminal.
set -u
top=${srcdir:-.}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
bad=0
escape=$(printf '\033') cr=$(printf '\r')

command -v script >/dev/null || {
	echo "SKIP: no script(1)"
	exit 77
}

fail() {
	echo "$*"
	bad=1
}

on_terminal() { # COMMAND LINE
	script -qec "$*" /dev/null </dev/null
}

cat >"$work/bad.toml" <<'E2'
[rule]
name = "x"
rule_id = "x"
type = "eql"
language = "eql"
query = "process where process.name == "
E2
rule=$top/rules.d/detect/network_after_compile.toml
./aueql replay -r "$rule" --format json "$top/tests/corpus/gcc-o/plugin.log" \
	>"$work/alerts" 2>/dev/null
cat >"$work/status" <<'E2'
nothing of a status
E2

# command line; what stands in red, yellow or green
while read -r word command; do
	command=$(echo "$command" | sed "s|WORK|$work|; s|TOP|$top|")
	TERM=xterm on_terminal "$command" >"$work/colored"
	grep -qF "$escape[" "$work/colored" || fail "no colours: $command"
	grep -q "$escape\[[0-9;]*m$word" "$work/colored" ||
		fail "'$word' has no colour: $command"
	for setting in NO_COLOR=1 TERM=dumb TERM=; do
		TERM=xterm env "$setting" script -qec "$command" /dev/null \
			</dev/null >"$work/plain"
		! grep -qF "$escape[" "$work/plain" ||
			fail "colours with $setting: $command"
		sed "s/$escape\[[0-9;]*m//g" "$work/colored" |
			diff - "$work/plain" >/dev/null ||
			fail "other words with $setting: $command"
	done
	# an empty NO_COLOR is none
	NO_COLOR='' TERM=xterm on_terminal "$command" |
		cmp -s - "$work/colored" || fail "NO_COLOR='': $command"
	TERM=xterm sh -c "$command" 2>&1 | grep -qF "$escape[" &&
		fail "colours into a pipe: $command"
done <<'E2'
full ./aueql rules TOP/rules.d/detect/network_after_compile.toml
error ./aueql rules WORK/bad.toml
^ ./aueql rules WORK/bad.toml
problem ./aueql check
MEDIUM ./aueql timeline WORK/alerts
E2

# 40 MB are told of at least twice, and away again before the summary; a
# reader of standard error alone is told nothing
for i in 1 2 3 4 5 6 7 8; do
	cat "$top"/tests/corpus/conn-flood/plugin*.log
done >"$work/part"
while [ "$(wc -c <"$work/part")" -lt 40000000 ]; do
	cat "$work/part" "$work/part" >"$work/twice"
	mv "$work/twice" "$work/part"
done
on_terminal ./aueql replay -r "$rule" "$work/part" | sed "s/$cr\$//" \
	>"$work/seen"
[ "$(tr '\r' '\n' <"$work/seen" |
	grep -c "part: [0-9]* of [0-9]* MB, [0-9]*%")" -ge 2 ] ||
	fail "no progress: $(head -c 300 "$work/seen")"
# what is left of each row when all of it has been written
sed "s/.*$cr$escape\[K//" "$work/seen" >"$work/left"
grep -q '^ALERT' "$work/left" && grep -q '^[0-9]* records' "$work/left" ||
	fail "alerts or the summary are not to be seen"
! grep ' MB' "$work/left" || fail "progress stays"
gzip -c "$work/part" >"$work/part.gz"
on_terminal ./aueql replay -r "$rule" "$work/part.gz" "$work/alerts" |
	grep -q 'part.gz (1 of 2): .*%' || fail "no progress of a packed log"
./aueql replay -r "$rule" "$work/part" 2>&1 | grep -q ' MB' &&
	fail "progress into a pipe"

[ $bad = 0 ] && echo "terminal: all as expected"
exit $bad
