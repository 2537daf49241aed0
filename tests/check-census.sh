#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/rules/census: our own rules that ask for the fields, kinds of event and
# parts of the language that published ones for Linux ask for, about as often.
# What `aueql rules` says of each, by family, and why of those that are not full,
# is in tests/rules/census.expect; and how many rules have what. The environment
# of processes is not read there; the rules that ask for it are full where its
# variables are named.
# UPDATE_CASES=1 writes that file anew.
set -u
top=${srcdir:-$(dirname "$0")/..}
rules=$top/tests/rules/census
expect=$top/tests/rules/census.expect
got=census.got

# what the rules compare process.env_vars with
names='GLIBC_TUNABLES HISTFILE LD_AUDIT LD_PRELOAD container http_proxy https_proxy'

# a rule a line: family (FAMILY.ndjson, FAMILY_*.toml), status, name, reasons
verdicts() {
	./aueql rules --environment "${1:-}" --format json "$rules" 2>/dev/null |
		awk '
	function member(name,    text) {
		text = $0
		sub(".*\"" name "\":\"", "", text)
		sub("\".*", "", text)
		return text
	}
	{
		family = member("file")
		sub(".*/", "", family)
		sub("_[^.]*[.]toml$", "", family)
		sub("[.](toml|ndjson)$", "", family)
		reasons = ""
		rest = $0
		while (match(rest, "\"text\":\"[^\"]*\"")) {
			reasons = reasons "; " substr(rest, RSTART + 8, RLENGTH - 9)
			rest = substr(rest, RSTART + RLENGTH)
		}
		print family "\t" member("status") "\t" member("name") "\t" substr(reasons, 3)
	}'
}

totals() {
	verdicts "${1:-}" | awk -F '\t' '
	{
		n[$1 " " $2]++; n["all " $2]++; n[$1 " rules"]++; n["all rules"]++
	}
	END {
		split("linux cross_platform cloud_defend fim all", families, " ")
		print "family rules full degraded unsupported skipped invalid"
		for (i = 1; i <= 5; i++) {
			f = families[i]
			print f, n[f " rules"], n[f " full"] + 0, n[f " degraded"] + 0,
				n[f " unsupported"] + 0, n[f " skipped"] + 0, n[f " invalid"] + 0
		}
	}'
}

not_full() {
	verdicts | awk -F '\t' '$2 != "full" { print $1 ": " $3 ": " $2 ": " $4 }' |
		LC_ALL=C sort
}

# all rules, each a line
lines() {
	sed 's/\\n/ /g; s/\\"/"/g; s/.*"query": "//; /"exported_count"/d' \
		"$rules"/*.ndjson
	for file in "$rules"/*.toml; do
		sed -n "/^query = /,\$p" "$file" | tr '\n' ' '
		echo
	done
}

# "count what": what is a field, or after a / an extended regular expression
counts() {
	lines >census.lines
	sed -n '/^counts$/,$p' "$expect" | sed 1d | while read -r _ what; do
		case $what in
		/*) n=$(grep -cE -e "${what#/}" census.lines) ;;
		*) n=$(grep -cE "(^|[^A-Za-z_.])$(echo "$what" | sed 's/\./[.]/g')([^A-Za-z_.]|\$)" census.lines) ;;
		esac
		echo "$n $what"
	done
}

{
	totals
	echo
	echo "not full"
	not_full
	echo
	echo counts
	counts
} >$got
rm -f census.lines
if [ -n "${UPDATE_CASES:-}" ]; then
	cp $got "$expect"
fi
diff -u "$expect" $got || exit 1
./aueql rules --environment '' "$rules" 2>/dev/null | tail -n 1 | awk '{ exit $1 != 392 }' || {
	echo "the text has other totals"
	exit 1
}
[ "$(totals "$names" | sed -n 's/^all //p')" = '392 377 15 0 0 0' ] || {
	totals "$names"
	echo "with the environment's variables named, not so many are full"
	exit 1
}
for name in $names; do
	[ "$(totals "$(echo "$names" | sed "s/\\b$name\\b//")" |
		sed -n 's/^all 392 \([0-9]*\).*/\1/p')" = 376 ] || {
		echo "without $name not one rule less is full"
		exit 1
	}
done
echo "census: $(sed -n '/^all /p' "$expect") (rules, full, degraded, ...)"
rm -f $got
