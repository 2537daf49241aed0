#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# aueql tune over captures: what it says of them (tests/cases/tune; UPDATE_CASES=1
# writes these anew), that what it proposes loads and hides what it says, that
# nothing it proposes rests on what an account chooses, and that exceptions are
# told of by rules, replay and status.
set -u
top=${srcdir:-.}
cases=$top/tests/cases/tune
corpus=$top/tests/corpus
linked=96612a94-ed98-48d3-915e-077d3187a0f2
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0

complain() {
	echo "$*"
	bad=1
}

# in the order in which they were made: a log goes forward
logs=
for name in gcc-o gcc-aout gcc-static ld-gold name-newline name-forged \
	conn-ipv6 conn-nonblock run-renamed user-dev b-odd-local; do
	logs="$logs $corpus/$name/plugin.log"
done
echo "rules = $top/rules.d/detect/network_after_compile_linked.toml" \
	>"$dir/conf"
mkdir "$dir/overrides.d"

tune() {
	./aueql tune -c "$dir/conf" "$@"
}

# The day an exception ends depends on today's.
said() {
	sed 's/^expires = 20[0-9][0-9]-[01][0-9]-[0-3][0-9]$/expires = DAY/'
}

check_case() { # NAME: against $dir/out
	said <"$dir/out" >"$dir/said"
	[ -z "${UPDATE_CASES:-}" ] || cp "$dir/said" "$cases/$1.txt"
	diff "$cases/$1.txt" "$dir/said" || complain "$1: tune says another thing"
}

alerts() { # FILE: of rules that count there
	sed -n 's/.*"alerts":\([0-9]*\),"counted_only".*/\1/p' "$1"
}

# --- what it says ---

# shellcheck disable=SC2086 # a list of files
{
	cat $logs >"$dir/log"
	tune $logs >"$dir/out"
	check_case captures
	# the service of a user below 1000 that nobody logged in as
	sed 's/\([ae]\{0,1\}uid\)=0 /\1=997 /g; s/auid=2001/auid=4294967295/' \
		"$dir/log" | tune - >"$dir/out"
	check_case service
	tune "$corpus/b-odd-local/plugin.log" >"$dir/out"
	check_case nothing
	./aueql tune -r "$top/rules.d/detect/network_after_compile.toml" \
		$logs >"$dir/out"
	check_case sequence
}
tune "$cases/alerts.ndjson" >"$dir/out" 2>"$dir/err"
check_case alerts
grep -q '1 line of alerts could not be read' "$dir/err" ||
	complain "a line that is no alert is not told"

# --- what it proposes holds ---

tune "$dir/log" >"$dir/text"
tune --format json "$dir/log" >"$dir/json"
sed -n '/^# Proposed/,$p' "$dir/text" >"$dir/overrides.d/proposed.toml"
grep -q '^condition' "$dir/overrides.d/proposed.toml" ||
	complain "nothing is proposed"
./aueql rules -c "$dir/conf" >"$dir/rules" 2>&1 ||
	complain "what is proposed does not load: $(cat "$dir/rules")"
grep -q 'no\. 1: process.user.id == "0"' "$dir/rules" ||
	complain "what is proposed is not there"
remain=$(sed -n 's/.*"remain":\([0-9]*\),"override".*/\1/p' "$dir/json")
tune --format json "$dir/log" >"$dir/json.after"
[ "$(alerts "$dir/json.after")" = "$remain" ] ||
	complain "$remain should remain, not $(alerts "$dir/json.after")"
[ "$(alerts "$dir/json")" -gt "$remain" ] || complain "nothing was hidden"
grep -q '"exceptions":\[{"stage":1,"number":1,.*"expired":false,"hits":[1-9]' \
	"$dir/json.after" || complain "its hits are not told"

# of alerts as they are written: the same, but for what programs are called
rm "$dir/overrides.d/proposed.toml"
./aueql replay -c "$dir/conf" --format json "$dir/log" \
	>"$dir/alerts" 2>/dev/null
tune --format json "$dir/alerts" >"$dir/json.alerts"
for what in json json.alerts; do
	grep -o '"proposals":.*' "$dir/$what" >"$dir/$what.proposals"
done
cmp -s "$dir/json.proposals" "$dir/json.alerts.proposals" ||
	complain "of alerts it proposes another thing than of records"

# --- nothing that an account chooses ---

safe='process\.(origin\.|parent\.)?user\.id == "[0-9]+"'
safe="$safe|user\.audit\.id == (null|\"[0-9]+\")"
safe="$safe|destination\.ip == \"[0-9a-f.:]+\"|destination\.port == [0-9]+"
for log in "$corpus"/*/plugin*.log "$top"/tests/detect/*/fires.log; do
	./aueql replay -r "$top/rules.d/detect" --format json "$log" 2>/dev/null
done >"$dir/once"
# each thrice, so that it is often enough
cat "$dir/once" "$dir/once" "$dir/once" |
	./aueql tune -r "$top/rules.d/detect" - >"$dir/text"
grep -c '^condition' "$dir/text" >"$dir/count"
[ "$(cat "$dir/count")" -gt 0 ] || complain "of all captures none is proposed"
if grep '^condition' "$dir/text" |
	grep -vE "^condition = '($safe)( and ($safe))*'$"; then
	complain "these rest on something else"
fi
if grep '^condition' "$dir/text" |
	grep -E '"(127\.|0\.|169\.254\.|22[4-9]\.|2[345][0-9]\.|::1?")'; then
	complain "these rest on an address of this host"
fi

# --- names are no text of ours ---

printf '%s\n' '{"@timestamp":"2026-11-24T04:11:51Z","rule":{"id":"x\"\n# y","name":"\u001b[31m\ncondition = 1"},"audisp_eql":{"kind":"match"},"process":{"executable":"/a\u001b\ncondition = 2"}}' |
	tune - >"$dir/text"
if grep -q '^condition' "$dir/text" || grep -q "$(printf '\033')" "$dir/text"
then
	complain "a name writes lines of its own: $(cat "$dir/text")"
fi

# --- what is no log ---

echo junk | tune - >/dev/null 2>&1 && complain "junk is taken for a log"
tune "$dir/absent" >/dev/null 2>&1 && complain "an absent file is no error"
tune --format xml >/dev/null 2>&1
[ $? = 2 ] || complain "a wrong format is no wrong command line"

# --- exceptions ---

cat >"$dir/overrides.d/a.toml" <<END
[[override]]
rule_id = "$linked"
budget = 3
[[override.exceptions]]
condition = 'destination.ip != null'
owner = "build team"
expires = 2026-11-24T02:15:00Z
[[override.exceptions]]
condition = 'destination.port == 1'
END
./aueql rules -c "$dir/conf" >"$dir/said"
grep -q '3 alerts an hour' "$dir/said" || complain "rules tells no budget"
grep -q 'no\. 1: destination\.ip != null (EXPIRED' "$dir/said" ||
	complain "rules does not tell which has expired"
grep -qx '2 exceptions, 1 of them expired' "$dir/said" ||
	complain "rules does not count what has expired"
./aueql rules --format json -c "$dir/conf" | grep -q \
	'"budget":3,"exceptions":\[{"stage":1,"number":1,.*"owner":"build team".*"expired":true},{.*"number":2,.*"expired":false}\]' ||
	complain "rules has none in JSON"
# and more than an hour later
sed 's/audit(1795/audit(1796/' "$corpus/gcc-o/plugin.log" |
	cat "$dir/log" - >"$dir/later"
./aueql replay -c "$dir/conf" "$dir/later" >"$dir/alerts" 2>"$dir/said"
grep -qx "exception no. 1 of stage 1, rule $linked: held 1 times" \
	"$dir/said" || complain "replay counts none: $(cat "$dir/said")"
grep -qx '1 exception held nothing' "$dir/said" ||
	complain "replay does not tell what held nothing"
[ "$(grep -c '^ALERT' "$dir/alerts")" = 4 ] ||
	complain "three an hour are the budget"
grep -q ' budget_spent=3 counted_until=' "$dir/alerts" ||
	complain "the last one does not say so"
[ "$(grep -c '^BUDGET .* suppressed=[1-9][0-9]* budget_spent=3 ' \
	"$dir/alerts")" = 1 ] || complain "no summary: $(cat "$dir/alerts")"

now=$(date +%s)
for number in 1 2 3; do
	labels="{rule=\"$linked\",stage=\"1\",exception=\"$number\"}"
	hits=0
	[ $number != 3 ] || hits=5
	cat <<END
audisp_eql_exception_hits_total$labels $hits
audisp_eql_exception_since_timestamp_seconds$labels $((now - 40 * 86400))
audisp_eql_exception_last_hit_timestamp_seconds$labels $((hits * 300000000))
audisp_eql_exception_expires_timestamp_seconds$labels $((number % 2 * (now + (number - 2) * 86400)))
END
done >"$dir/rows"
cat - "$dir/rows" >"$dir/status" <<END
audisp_eql_info{version="1",rule_set="1",host="h"} 1
audisp_eql_running 1
audisp_eql_rules 1
audisp_eql_written_timestamp_seconds $now
END
./aueql status "$dir/status" >"$dir/said" || complain "status: these are no problems"
grep -q "^warning  exception no. 1 of stage 1, rule $linked, has expired at 20" \
	"$dir/said" || complain "status tells of none expired"
grep -q "^warning  exception no. 2 of stage 1, rule $linked, has held nothing since 20" \
	"$dir/said" || complain "status tells of none unused"
grep -q "held 5 times, last 2017-.*: no. 3 of stage 1, rule $linked" \
	"$dir/said" || complain "status counts no hits: $(cat "$dir/said")"

[ $bad = 0 ] && echo "tune: $(cat "$dir/count") proposals of all captures"
exit $bad
