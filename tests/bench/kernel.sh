#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What auditing costs a host, with auditd and the plugin running: no audit rule,
# what the published rule needs, our default rules, every openat. One round runs
# each, in turn, so that what else the machine does meets them all; losses are
# medians of what a round lost against its own run without rules. Run in the
# build directory, as root. BENCH_ROUNDS (7), BENCH_SECONDS (3) of each load,
# BENCH_RATE (200) requests a second where there is a rate, or several of them;
# BENCH_SETS if not all of the rules are wanted, none first.
# Where nginx and PostgreSQL are installed, they are loads as well: a proxy that
# connects for each request, and pgbench -C. Audit is held for a round at a time,
# and what was found is put back.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$PWD
live_rules=$top/rules.d/detect
live_logs=999
. "$top/packaging/live.sh"
rounds=${BENCH_ROUNDS:-7} seconds=${BENCH_SECONDS:-3} rates="${BENCH_RATE:-200}"
# of loopback, and nobody else's
proxy=127.77.0.1 database=127.77.0.2
sets=${BENCH_SETS:-none published default openat}
all_sets=$sets

reason=$(live_wait_for_others && live_possible) || {
	echo "SKIP: $reason"
	exit 77
}
dir=$(mktemp -d)
trap 'live_stop; services_stop; rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

write_sets() {
	exec_rule="-a always,exit -F arch=b64 -S execve,execveat -F success=1"
	net_rules="-a always,exit -F arch=b64 -S connect -F saddr_fam=2
-a always,exit -F arch=b64 -S connect -F saddr_fam=10"
	ld=$(readlink -f "$(command -v ld)")
	: >"$dir/none"
	printf '%s\n' "$exec_rule" "$net_rules" \
		"-a always,exit -F arch=b64 -S openat -F a2&0100 -F exe=$ld" \
		>"$dir/published"
	"$build/aueql" rules --audit-rules "$live_rules" >"$dir/default"
	printf '%s\n' "$exec_rule" "$net_rules" \
		"-a always,exit -F arch=b64 -S openat" >"$dir/openat"
}

# A program of 60 files, as make -j2 builds it.
write_project() {
	mkdir "$dir/project"
	(
		cd "$dir/project" || exit 1
		echo 'int main(void) { return 0; }' >main.c
		for i in $(seq 60); do
			printf '#include <stdio.h>\n#include <stdlib.h>\n' >f"$i".c
			echo "int f$i(void) { return puts(\"$i\"); }" >>f"$i".c
		done
		{
			echo 'objects := $(patsubst %.c,%.o,$(wildcard *.c))'
			echo 'project: $(objects)'
			printf '\t$(CC) -o $@ $^\n'
		} >Makefile
	)
}

# A page, and before it a proxy that connects anew for each request.
start_nginx() {
	command -v nginx >/dev/null || {
		echo "NOT INSTALLED: nginx; no proxy is measured"
		return 1
	}
	mkdir "$dir/www"
	head -c 4096 /dev/zero | tr '\0' x >"$dir/www/index.html"
	chmod -R a+rX "$dir"
	cat >"$dir/nginx.conf" <<-END
		pid $dir/nginx.pid;
		error_log $dir/nginx.log;
		worker_processes 1;
		events { }
		http {
			access_log off;
			keepalive_requests 100000000;
			server { listen $proxy:8081; root $dir/www; }
			server {
				listen $proxy:8080;
				location / { proxy_pass http://$proxy:8081; }
			}
		}
	END
	nginx -c "$dir/nginx.conf"
}

as_postgres() { runuser -u postgres -- "$@"; }

start_postgres() {
	local tools
	tools=$(find /usr/lib/postgresql/*/bin /usr/bin -name initdb \
		-printf '%h\n' 2>/dev/null | tail -n 1)
	if [ -z "$tools" ] || ! command -v pgbench >/dev/null; then
		echo "NOT INSTALLED: PostgreSQL; no pgbench -C is measured"
		return 1
	fi
	pg_ctl=$tools/pg_ctl
	install -d -o postgres "$dir/database"
	as_postgres "$tools/initdb" -D "$dir/database" -A trust >/dev/null &&
		as_postgres "$pg_ctl" -s -w -D "$dir/database" \
			-l "$dir/database/log" -o "-F -h $database -k ''" \
			start &&
		pgbench -q -i -h $database -U postgres postgres \
			>"$dir/pgbench" 2>&1
}

services_stop() {
	[ ! -s "$dir/nginx.pid" ] || kill "$(cat "$dir/nginx.pid")"
	[ ! -s "$dir/database/postmaster.pid" ] ||
		as_postgres "$pg_ctl" -s -w -m fast -D "$dir/database" stop
}

# what was written of the audit log: bytes, and events with a system call
written() {
	cat "$live"/audit/audit.log* | awk '{ bytes += length($0) + 1 }
		/^type=SYSCALL/ { events++ }
		END { print bytes + 0, events + 0 }'
}

# What a load left in auditd's queue is no burden of the next one.
drain() {
	auditctl -m "drained $1" >/dev/null
	live_wait 120 grep -qs "drained $1" "$live/audit/audit.log" \
		"$live/audit/audit.log.1"
	sleep 0.5
}

# Selects, each on a connection of its own: as load tells it. With -R pgbench
# counts from when each was due, as load does.
run_pgbench() { # RATE
	local limit=
	[ "$1" = 0 ] || limit="-R $1"
	rm -f "$dir"/times.*
	# shellcheck disable=SC2086
	pgbench -n -S -C -T "$seconds" $limit -h $database -U postgres \
		--log --log-prefix "$dir/times" postgres >"$dir/pgbench" 2>&1 ||
		return 1
	sort -n -k 3,3 "$dir"/times.* | awk -v seconds="$seconds" \
		'{ took[NR] = $3 } END { print NR / seconds,
			took[int(NR / 2) + 1], took[int(NR * 99 / 100) + 1] }'
}

load() { # ROUND SET KIND RATE
	case $3 in
	pgbench) got=$(run_pgbench "$4") ;;
	http) got=$("$build/load" http "$seconds" "$4" $proxy 8080) ;;
	*) got=$(cd "$dir" && "$build/load" "$3" "$seconds" "$4") ;;
	esac || return 1
	name=$3
	[ "$4" = 0 ] || name=$3@$4
	echo "$1 $2 $name $got" >>"$dir/results"
	drain "$1-$2-$name"
}

project() { # ROUND SET
	rm -f "$dir"/project/*.o "$dir/project/project"
	start=$(date +%s%N)
	make -s -j2 -C "$dir/project" || return 1
	took=$((($(date +%s%N) - start) / 1000))
	echo "$1 $2 make $(awk "BEGIN { print 1e6 / $took }") $took $took" \
		>>"$dir/results"
	drain "$1-$2-make"
}

run_set() { # ROUND SET
	live_audit_rules=$dir/$2
	mkdir "$dir/live"
	live_start "$build" "$dir/live" || return 1
	lost=$(auditctl -s | sed -n 's/^lost //p')
	for kind in $kinds; do
		for rate in $rates 0; do
			load "$1" "$2" "$kind" "$rate" || return 1
		done
	done
	project "$1" "$2" || return 1
	echo "$2 $(written)" $(($(auditctl -s | sed -n 's/^lost //p') - lost)) \
		>>"$dir/logs"
	live_stop
	rm -rf "$dir/live"
}

write_sets
write_project
kinds="exec open connect"
start_nginx && kinds+=" http"
start_postgres && kinds+=" pgbench"
for round in $(seq "$rounds"); do
	live_take
	for set in $sets; do
		run_set "$round" "$set" || {
			echo "not ok - round $round, $set"
			exit 1
		}
	done
	live_give
	# the next round begins with another one
	sets="${sets#* } ${sets%% *}"
done

echo "# $rounds rounds, $seconds s each; $(uname -r), $(nproc) cores; median (least-most)"
awk -v all_sets="$all_sets" '
function sort_median(list, n,    i, j, t) {
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && list[j] < list[j - 1]; j--) {
			t = list[j]; list[j] = list[j - 1]; list[j - 1] = t
		}
	return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}
function figures(kind, set, what,    list, n, r, m) {
	n = 0
	for (r = 1; r <= rounds; r++)
		list[++n] = got[r, set, kind, what]
	m = sort_median(list, n)
	return sprintf(m < 10 ? "%.2f (%.2f-%.2f)" : "%.0f (%.0f-%.0f)",
		       m, list[1], list[n])
}
function change(kind, set, what,    list, n, r, base) {
	n = 0
	for (r = 1; r <= rounds; r++) {
		base = got[r, "none", kind, what]
		if (base > 0)
			list[++n] = 100 * (got[r, set, kind, what] / base - 1)
	}
	return n ? sprintf("%+.1f%%", sort_median(list, n)) : "-"
}
{
	got[$1, $2, $3, "rate"] = $4
	got[$1, $2, $3, "p99"] = $6
	if ($1 > rounds) rounds = $1
	if (!($3 in seen)) { seen[$3]; kinds[++k] = $3 }
}
END {
	set_count = split(all_sets, sets)
	print "| load | audit rules | requests/s | against none | p99 us | against none |"
	print "|---|---|---|---|---|---|"
	for (i = 1; i <= k; i++)
		for (j = 1; j <= set_count; j++)
			printf "| %s | %s | %s | %s | %s | %s |\n", kinds[i],
				sets[j], figures(kinds[i], sets[j], "rate"),
				change(kinds[i], sets[j], "rate"),
				figures(kinds[i], sets[j], "p99"),
				change(kinds[i], sets[j], "p99")
}' "$dir/results"
awk '{ bytes[$1] += $2; events[$1] += $3; lost[$1] += $4 }
END {
	for (set in events)
		printf "# %s: %d events, %.0f bytes of log each, %d lost\n", set,
			events[set], events[set] ? bytes[set] / events[set] : 0,
			lost[set]
}' "$dir/logs"
