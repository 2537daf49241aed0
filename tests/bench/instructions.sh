# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# Part of run.sh: what a record and an event cost in instructions, which no
# other work on the machine changes. What was before the counted ones is fed, but
# not counted (counted.c).

few_records=20000 more_records=60000
few_partials=1000 many_partials=100000 more_connections=4000
count_memcap=$((2 << 30)) # holds all of them: the last row says so

# Instructions of all lines behind the first; live partials in $work/live.
instructions() { # RULES FIRST-LINES
	valgrind --tool=callgrind --callgrind-out-file=/dev/null \
		--instr-atstart=no ./counted $count_memcap "$1" \
		"$work/more.log" "$2" 2>"$work/valgrind" >"$work/counted.out"
	awk 'NR == 1 { print $5 }' "$work/counted.out" >"$work/live"
	sed -n 's/.*Collected : *\([0-9]*\).*/\1/p' "$work/valgrind"
}

percent_more() { # FEW MANY
	awk -v few="$1" -v many="$2" \
		'BEGIN { printf "%.1f", 100 * (many / few - 1) }'
}

part_instructions() {
	local one lot=0 rest count
	command -v valgrind >/dev/null || {
		echo "NOT INSTALLED: valgrind; no instructions counted"
		return
	}
	"$top/tests/bench/rules.sh" "$work/generated" "$many"
	partials_rule "$work/partials.toml"

	./genlog --mix unused --records $more_records >"$work/more.log" \
		2>/dev/null
	rest=$(($(wc -l <"$work/more.log") - few_records))
	one=$(($(instructions "$work/partials.toml" $few_records) / rest))
	lot=$(($(instructions "$work/generated/rules" $few_records) / rest))
	echo "instructions a record that no rule can use: $one with 1 rule," \
		"$lot with $many"
	result rules_percent "$(percent_more "$one" "$lot")"

	# a connection is four records, a program that starts seven
	for count in $few_partials $many_partials; do
		./genlog --mix partials --partials "$count" --records \
			$((count * 7 + more_connections * 4)) \
			>"$work/more.log" 2>/dev/null
		one=$lot
		lot=$(($(instructions "$work/partials.toml" $((count * 7))) / \
			more_connections))
		echo "instructions an event that goes on a sequence: $lot" \
			"beside $(cat "$work/live") partials, memcap" \
			"$((count_memcap >> 20))M"
	done
	result partials_percent "$(percent_more "$one" "$lot")"
}
