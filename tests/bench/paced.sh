# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# Part of run.sh: what comes at a rate, one write a record, as auditd feeds.

alerts_a_run=200
reorder_ms=100 # the default of the configuration

tell_paced() { # RATE PROGRAM DROPPED LATENCY...
	echo "| $1 | $2 | $(paced core_percent) | $(paced switches_s) | $3 | $4 |"
}

# Alerts come now and then: each is a finding of its own.
paced_log() { # RATE
	local events=$(($1 * seconds / 5))
	local every=$((events / alerts_a_run))
	./genlog --mix stig --interleave 10 --rate "$1" \
		--records $(($1 * seconds)) \
		--alert-every $((every > 1 ? every : 1)) >"$work/paced.log" \
		2>/dev/null
}

paced_plugin() { # RATE
	local dropped lag beyond=-
	plugin_conf
	plugin_pace --rate "$1" "$work/paced.log"
	dropped=$(($(status dropped_records_total) + $(paced queue_dropped)))
	if [ -n "$(paced lag_p99_ms)" ]; then
		beyond=$(awk -v lag="$(paced lag_p99_ms)" -v reorder=$reorder_ms \
			'BEGIN { printf "%.1f", lag - reorder }')
		result "lag_p99.$1" "$beyond"
	fi
	lag="$(paced lag_p50_ms) / $(paced lag_p99_ms) / $(paced lag_max_ms)"
	lag="$lag ($(paced alerts) of $(status alert_number))"
	tell_paced "$1" audisp-eql "$dropped" "$lag"
	result "core.$1" "$(paced core_percent)"
	result "dropped.$1" "$dropped"
}

paced_laurel() { # RATE
	command -v laurel >/dev/null || return 0
	rm -f "$work"/laurel/*
	./pace --rate "$1" "$work/paced.log" laurel -c "$work/laurel.toml" \
		>"$work/paced"
	tell_paced "$1" laurel "$(paced queue_dropped)" -
	result "core_laurel.$1" "$(paced core_percent)"
}

part_paced() {
	local rate
	echo "STIG-like, one write a record, $seconds s each; keeper and worker" \
		"together; lag from the write of an event's last record to its" \
		"alert in syslog, with the $reorder_ms ms of reorder"
	echo
	echo "| records/s | program | % of a core | wake-ups/s | dropped | lag ms p50 / p99 / max |"
	echo "|---|---|---|---|---|---|"
	for rate in $rates; do
		paced_log "$rate"
		paced_plugin "$rate"
		paced_laurel "$rate"
	done
}
