# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# Part of run.sh: files in, nothing out, in records per second of CPU.

# What the plugin is fed at, in 64 KiB: more than a host writes for long, less
# than its ring and one core take.
feed_rate=${BENCH_FEED:-75000}

workload() { # NAME: a log in $work/bench.log
	local mix=${1%%-*} options=(--interleave 10)
	case $1 in
	*-raw) options+=(--raw) ;;
	*-unknown) options+=(--raw --unknown 11) ;;
	*-bare) options+=(--no-eoe --no-proctitle) ;;
	*-node) options+=(--node web-1) ;;
	esac
	./genlog --mix "$mix" --records "$records" "${options[@]}" \
		>"$work/bench.log" 2>"$work/made"
}

# Prints CPU seconds, seconds, KiB.
run_program() { # PROGRAM
	local command
	case $1 in
	wc) command=(wc -l) ;;
	scan) command=(./scan) ;;
	reader)
		command=(./reader)
		[ "$(./reader <"$work/bench.log" | head -n 1)" = \
			"$(./auparse_loop --raw <"$work/bench.log")" ] || {
			echo "# reader takes other fields than libauparse" >&2
			return 1
		}
		;;
	aueql) command=(./aueql replay -r "$work/running" -) ;;
	auparse) command=(./auparse_loop) ;;
	ausearch) command=(ausearch --raw -if "$work/bench.log") ;;
	laurel) command=(laurel -c "$work/laurel.toml") ;;
	audisp-eql)
		plugin_conf
		plugin_pace --chunks --rate "$feed_rate" "$work/bench.log" ||
			return 1
		[ "$(status dropped_records_total)" = 0 ] || {
			echo "# $(status dropped_records_total) records" \
				"dropped at $feed_rate a second" >&2
			return 1
		}
		echo "$(paced cpu_s) $(paced seconds)" \
			$(($(paced peak0_kib) + $(paced peak1_kib)))
		return
		;;
	esac
	command -v "${command[0]}" >/dev/null || return 2
	./measure "$work/bench.log" "${command[@]}"
}

run_workload() { # NAME PROGRAM...: rows in $work/times
	local load=$1 run name took rc
	shift
	: >"$work/times"
	for ((run = 0; run < runs; run++)); do
		for name; do
			# without EOE and PROCTITLE it is quadratic
			case "$load $name" in *-bare\ auparse) continue ;; esac
			took=$(run_program "$name") && rc=0 || rc=$?
			case $rc in
			0) echo "$name $took" >>"$work/times" ;;
			2) ;;
			*) echo "# $load: $name failed" >&2 ;;
			esac
		done
	done
}

tell_workload() { # NAME
	awk -v workload="$1" -v records="$(wc -l <"$work/bench.log")" \
		-v bytes="$(wc -c <"$work/bench.log")" \
		-v events="$(awk '{ print $3 }' "$work/made")" \
		-v results="$work/new" '
	function sort_runs(p,    i, j, t) {
		for (i = 2; i <= n[p]; i++)
			for (j = i; j > 1 && cpu[p, j] < cpu[p, j - 1]; j--) {
				t = cpu[p, j]
				cpu[p, j] = cpu[p, j - 1]
				cpu[p, j - 1] = t
			}
		return cpu[p, int((n[p] + 1) / 2)]
	}
	function ratio(peer, p) {
		return peer in median ? sprintf("%.2f", median[peer] / median[p]) : "-"
	}
	!n[$1]++ { order[++count] = $1 }
	{ cpu[$1, n[$1]] = $2 + 1e-6 }
	$4 > rss[$1] { rss[$1] = $4 }
	END {
		for (i = 1; i <= count; i++)
			median[order[i]] = sort_runs(order[i])
		for (i = 1; i <= count; i++) {
			p = order[i]
			printf "| %s | %s | %.0f (%.0f-%.0f) | %.0f | %.1f | %s | %s | %s |\n",
				workload, p, records / median[p] / 1e3,
				records / cpu[p, n[p]] / 1e3,
				records / cpu[p, 1] / 1e3,
				bytes / median[p] / 1e6, rss[p] / 1024,
				ratio("laurel", p), ratio("auparse", p),
				ratio("scan", p)
			printf "speed.%s.%s %.0f\n", workload, p,
				records / median[p] >results
			printf "event_ns.%s.%s %.1f\n", workload, p,
				median[p] * 1e9 / events >results
		}
	}' "$work/times"
	while read -r name value; do
		result "$name" "$value"
	done <"$work/new"
}

part_throughput() {
	local load variant
	echo "Thousand records per CPU second, median (range) of $runs;" \
		"$records records a log; how many times as fast as a peer"
	echo
	echo "| workload | program | krecords/CPU s | MB/CPU s | peak MiB | laurel | auparse | scan |"
	echo "|---|---|---|---|---|---|---|---|"
	for load in ${BENCH_LOADS:-exec stig connect build unused}; do
		workload "$load"
		run_workload "$load" wc scan reader aueql audisp-eql auparse \
			ausearch laurel
		tell_workload "$load"
	done
	for load in exec stig; do
		for variant in raw unknown bare node; do
			workload "$load-$variant"
			run_workload "$load-$variant" aueql auparse laurel
			tell_workload "$load-$variant"
		done
	done
}
