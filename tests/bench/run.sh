#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How fast and how large, beside what else reads audit logs. The programs take
# turns, so that a busy machine is unfair to none; the best of BENCH_RUNS (3)
# counts. BENCH_RECORDS (200000) a workload. Run in the build directory.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
records=${BENCH_RECORDS:-200000} runs=${BENCH_RUNS:-3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
corpus=$top/tests/corpus/gcc-o

workload() { # NAME: a log in $work/log
	case $1 in
	enriched) set -- "$corpus/plugin.log" ;;
	raw) set -- --raw "$corpus/plugin.log" ;;
	node) set -- --node web-1 "$corpus/plugin.log" ;;
	interleaved) set -- --interleave "$corpus/plugin.log" ;;
	disk) set -- --no-eoe "$corpus/full.log" ;;
	esac
	./genlog --records "$records" "$@" >"$work/log"
}

# The command of a program in $command; fails where it is not there.
program() {
	case $1 in
	wc) command=(wc -l) ;;
	aueql) command=(./aueql replay -r "$top/rules.d/detect" -) ;;
	auparse) command=(./auparse_loop) ;;
	ausearch) command=(ausearch --raw -if "$work/log") ;;
	laurel) command=(laurel -c "$work/laurel.toml") ;;
	esac
	command -v "${command[0]}" >/dev/null
}

mkdir "$work/laurel"
printf 'directory = "%s"\ninput = "stdin"\n[auditlog]\nfile = "log"\n' \
	"$work/laurel" >"$work/laurel.toml"
printf '%-12s %-9s %12s %8s %10s %7s\n' workload program records/CPUs MB/s \
	'peak KiB' 'CPU/our'
for load in ${*:-enriched raw node interleaved disk}; do
	workload "$load"
	: >"$work/times"
	for run in $(seq "$runs"); do
		for name in wc aueql auparse ausearch laurel; do
			program $name || continue
			# without EOE and PROCTITLE it is quadratic
			[ "$load $name" != "disk auparse" ] || continue
			took=$(./measure "$work/log" "${command[@]}") || {
				echo "# $load: $name failed" >&2
				continue
			}
			echo "$name $took" >>"$work/times"
		done
	done
	awk -v load="$load" -v records="$(wc -l <"$work/log")" \
		-v bytes="$(wc -c <"$work/log")" '
	!($1 in cpu) { order[++n] = $1 }
	!($1 in cpu) || $2 < cpu[$1] { cpu[$1] = $2 + 0.0005 }
	!($1 in wall) || $3 < wall[$1] { wall[$1] = $3 + 0.0005 }
	$4 > rss[$1] { rss[$1] = $4 }
	END {
		for (i = 1; i <= n; i++) {
			p = order[i]
			printf "%-12s %-9s %12d %8.1f %10d %7.2f\n", load, p,
				records / cpu[p], bytes / wall[p] / 1e6, rss[p],
				cpu["aueql"] ? cpu[p] / cpu["aueql"] : 0
		}
	}' "$work/times"
done
