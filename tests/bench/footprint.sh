# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# Part of run.sh: sizes, and how long a start takes.

partials=100000
big_memcap=1G
# A state is saved for each 2 MiB of input; with so many sequences it is large.
slow_rate=25000

# A sequence that each of the mix's first programs begins and none ends.
partials_rule() { # FILE
	cat >"$1" <<-'END'
	[rule]
	rule_id = "00000000-0000-4000-8000-00000000bench"
	name = "Sequences that do not end"
	type = "eql"
	severity = "low"
	risk_score = 21
	index = ["logs-endpoint.events.*"]
	query = '''
	sequence by process.entity_id with maxspan=1h
	  [process where event.action == "exec" and process.name == "seed"]
	  [network where event.action == "connection_attempted"]
	  [process where event.action == "exec" and process.name == "never"]
	'''
	END
}

tell_memory() { # WHAT
	local dropped
	dropped=$(status dropped_records_total)
	[ "$dropped" = 0 ] || set -- "$1 ($dropped records dropped)"
	echo "| $1 | $(paced rss0_kib) | $(paced rss1_kib) |" \
		"$(($(paced pss0_kib) + $(paced pss1_kib))) |" \
		"$(($(paced peak0_kib) + $(paced peak1_kib))) |"
}

tell_starts() {
	local count rules
	"$top/tests/bench/rules.sh" "$work/many" "$many"
	partials_rule "$work/partials.toml"
	: >"$work/none"
	for count in 1 shipped "$many" census; do
		case $count in
		1) rules=$work/partials.toml ;;
		shipped) rules=$work/rules ;;
		census) rules=$top/tests/rules/census ;;
		*) rules=$work/many/rules ;;
		esac
		plugin_conf
		sed -i "s,^rules = .*,rules = $rules," "$work/conf"
		plugin_pace "$work/none"
		echo "start with $(status rules) rules ($count): $(paced ready_ms) ms," \
			"$(awk -v s="$(paced start_cpu_s)" \
				'BEGIN { printf "%.1f", s * 1000 }') ms of CPU"
	done
}

part_footprint() {
	local name
	for name in audisp-eql aueql; do
		strip -o "$work/stripped" $name
		echo "$name: $(stat -c %s "$work/stripped") bytes stripped"
	done
	tell_starts
	echo
	echo "| KiB | keeper RSS | worker RSS | both, shared counted once (PSS) | both, peak |"
	echo "|---|---|---|---|---|"
	: >"$work/none"
	plugin_conf
	plugin_pace "$work/none"
	tell_memory "at start, shipped rules"
	result start_rss_kib $(($(paced rss0_kib) + $(paced rss1_kib)))
	result start_pss_kib $(($(paced pss0_kib) + $(paced pss1_kib)))

	./genlog --mix exec --records 70000 >"$work/memory.log" 2>/dev/null
	plugin_conf
	plugin_pace --chunks --rate "$feed_rate" "$work/memory.log"
	tell_memory "$(status processes) processes in the table"

	./genlog --mix exec --records 1000000 >"$work/memory.log" 2>/dev/null
	plugin_conf
	plugin_pace --chunks --rate "$feed_rate" "$work/memory.log"
	tell_memory "after 1000000 records of executions, $(status processes) processes, memcap 32M"
	result full_peak_kib $(($(paced peak0_kib) + $(paced peak1_kib)))

	./genlog --mix partials --records $((partials * 7)) >"$work/memory.log" \
		2>/dev/null
	partials_rule "$work/partials.toml"
	plugin_conf "memcap = $big_memcap"
	sed -i "s,^rules = .*,rules = $work/partials.toml," "$work/conf"
	plugin_pace --chunks --rate $slow_rate "$work/memory.log"
	tell_memory "$(status partials) partials, memcap $big_memcap"
}
