# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# Part of run.sh: what was aimed at, and what came of it. What was not measured
# is told as such and never as met.

default_memcap_mib=32

value() { # NAME
	awk -v name="$1" '$1 == name { print $2 }' "$results"
}

tell_goal() { # GOAL MEASURED UNIT min|max LIMIT
	local word=missed
	if [ -z "$2" ]; then
		echo "| $1 | - | not measured |"
		return
	fi
	awk -v value="$2" -v limit="$5" -v kind="$4" \
		'BEGIN { exit !(kind == "min" ? value >= limit : value <= limit) }' &&
		word=met
	echo "| $1 | $2$3 | $word |"
}

quotient() { # NAME NAME: of what was measured
	awk -v a="$(value "$1")" -v b="$(value "$2")" \
		'BEGIN { if (a != "" && b > 0) printf "%.2f", a / b }'
}

goal_speed() { # WORKLOAD PEER FACTOR
	tell_goal "$1, replay: $3x $2" \
		"$(quotient "speed.$1.aueql" "speed.$1.$2")" x min "$3"
}

goal_same() { # WORKLOAD ORDINARY WHAT
	tell_goal "$3: an event costs at most 1.2x of the ordinary" \
		"$(quotient "event_ns.$1.aueql" "event_ns.$2.aueql")" x max 1.2
}

part_goals() {
	local rate
	echo "| goal | measured | |"
	echo "|---|---|---|"
	goal_speed stig laurel 15
	goal_speed stig auparse 3
	goal_speed unused scan 0.5
	goal_speed connect laurel 9
	goal_speed connect auparse 1.7
	goal_speed exec laurel 7
	goal_speed exec auparse 1.5
	tell_goal "10,000 records/s: at most 2.5% of a core" \
		"$(value core.10000)" % max 2.5
	tell_goal "30,000 records/s: at most 8% of a core" \
		"$(value core.30000)" % max 8
	tell_goal "30,000 records/s: nothing dropped" \
		"$(value dropped.30000)" " records" max 0
	for rate in 1000 10000; do
		tell_goal "$rate records/s: lag beyond reorder, p99 at most 20 ms" \
			"$(value lag_p99.$rate)" " ms" max 20
	done
	for rate in exec stig; do
		goal_same $rate-unknown $rate-raw "$rate, RAW, unknown uids"
		goal_same $rate-bare $rate "$rate, no EOE, no PROCTITLE"
	done
	tell_goal "RSS at start, both processes: at most 8 MB" \
		"$(value start_rss_kib)" " KiB" max 8192
	tell_goal "peak RSS, both processes: at most memcap + 16 MB" \
		"$(value full_peak_kib)" " KiB" max $(((default_memcap_mib + 16) * 1024))
	tell_goal "1 to $many rules: at most 10% more instructions a record no rule can use" \
		"$(value rules_percent)" % max 10
	tell_goal "1,000 to 100,000 partials: at most 10% more instructions an event" \
		"$(value partials_percent)" % max 10
	echo "| connect to syslog under auditd, idle: p99 at most 150 ms | - | not measured here |"
}
