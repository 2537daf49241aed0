#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How fast, how large and how late, beside what else reads audit logs; then the
# goals, one a row. Run in the build directory (make bench), with names of parts
# only those: throughput paced footprint instructions. Results are kept in
# ./bench.results, so that goals can be told of parts run one by one.
#
# BENCH_RECORDS (200000) in a log, BENCH_RUNS (5) of each program, in turn, so
# that a busy machine is unfair to none; BENCH_RATES ("1000 10000 30000") records
# a second for BENCH_SECONDS (10) each; BENCH_FEED (75000) records a second into the
# plugin where it is only its CPU that counts; BENCH_RULES (300) where many are meant.
# shellcheck disable=SC2034
set -eu
export LC_ALL=C
top=$(cd "$(dirname "$0")/../.." && pwd)
records=${BENCH_RECORDS:-200000} runs=${BENCH_RUNS:-5}
rates=${BENCH_RATES:-1000 10000 30000} seconds=${BENCH_SECONDS:-10}
many=${BENCH_RULES:-300}
results=$PWD/bench.results
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
touch "$results"

# The rules of the shipped configuration, for those that take no configuration;
# without those that are off, which replay -r would run, and which ask for much.
mkdir "$work/rules" "$work/running" "$work/laurel"
disabled=$(sed -n 's/^disable *= *//p' "$top/packaging/audisp-eql.conf")
cp "$top"/rules.d/detect/*.toml "$work/rules"
for name in ${disabled//,/ }; do
	rm "$work/rules/$name.toml"
done
grep -L '^mode = "off"' "$work"/rules/*.toml | xargs cp -t "$work/running"
printf 'directory = "%s"\ninput = "stdin"\n[auditlog]\nfile = "log"\n' \
	"$work/laurel" >"$work/laurel.toml"

result() { # NAME VALUE: the latest counts
	sed -i "/^$1 /d" "$results"
	echo "$1 $2" >>"$results"
}

# A fresh plugin: its configuration differs from the shipped one in its paths.
plugin_conf() { # [KEY = VALUE]...
	rm -f "$work"/{log,state,status,alerts}
	cat >"$work/conf" <<-END
	rules = $top/rules.d/detect
	disable = $disabled
	json_file = $work/alerts
	syslog_socket = $work/log
	status_file = $work/status
	state_file = $work/state
	user = root
	END
	printf '%s\n' "$@" >>"$work/conf"
}

plugin_pace() { # PACE-OPTION... LOG: its numbers, in $work/paced
	./pace --syslog "$work/log" "$@" "$PWD/audisp-eql" -c "$work/conf" \
		>"$work/paced"
}

paced() { # NAME: of the last run
	awk -v name="$1" '$1 == name { print $2 }' "$work/paced"
}

status() { # NAME: what the plugin counted
	awk -v name="audisp_eql_$1" '$1 == name { print $2 }' "$work/status"
}

machine() {
	echo "machine: $(nproc) x$(sed -n 's/^model name[^:]*://p' \
		/proc/cpuinfo | head -n 1), $(awk '/^MemTotal/ {
		printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo)," \
		"Linux $(uname -r), $(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' \
		/etc/os-release)"
	echo "load: $(cut -d' ' -f1-3 /proc/loadavg)"
	echo "compiler: $(sed -n "s/^CC = //p" Makefile)," \
		"$(sed -n 's/^CFLAGS = //p' Makefile)"
	for program in laurel ausearch valgrind; do
		command -v $program >/dev/null ||
			echo "NOT INSTALLED: $program, what it would show is left out"
	done
}

for part in throughput paced footprint instructions goals; do
	# shellcheck source=/dev/null
	. "$top/tests/bench/$part.sh"
done
[ $# -gt 0 ] || set -- throughput paced footprint instructions
for part; do
	declare -F "part_$part" >/dev/null || {
		echo "$part: no such part" >&2
		exit 2
	}
done
machine
for part; do
	echo
	"part_$part"
done
echo
part_goals
