#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Many hosts in one log: captures as hosts of their own, each with another clock,
# their records interleaved. The alerts must be those that each host gives by
# itself, and those of the log split by host over several processes.
set -u
top=${srcdir:-.}
. "$top/tests/as_host.sh"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
shards=3
hosts=0 bad=0

alerts() { # FILE: the documents, in an order of their own
	./aueql replay -r "$top/rules.d/detect/network_after_compile.toml" \
		-r "$top/rules.d/detect/network_after_compile_linked.toml" \
		--format json "$1" 2>"$dir/summary" || bad=1
}

# years behind, as after a flat battery, hours ahead, and right
offsets="0 -86400000 3600 -1 0 31536000 7200 -600 5 -31536000 86400 60"
for capture in gcc-o gcc-static cc-o ld-lld make-implicit run-fork run-renamed \
	b-project b-nonet hosts-crossed user-dev libtool-run; do
	hosts=$((hosts + 1))
	off=$(echo "$offsets" | cut -d' ' -f$hosts)
	as_host "host-$hosts" "$off" <"$top/tests/corpus/$capture/plugin.log" \
		>"$dir/host.$hosts"
	cat "$dir/host.$hosts" >>"$dir/shard.$((hosts % shards))"
	alerts "$dir/host.$hosts" >>"$dir/single"
done
paste -d '\n' "$dir"/host.* >"$dir/log"
alerts "$dir/log" | sort >"$dir/together"
sed 's/^/# /' "$dir/summary"
for shard in $(seq 0 $((shards - 1))); do
	alerts "$dir/shard.$shard"
done | sort >"$dir/split"
sort "$dir/single" >"$dir/apart"

count=$(wc -l <"$dir/together")
if [ "$count" -lt 10 ]; then
	echo "the log of $hosts hosts gives $count alerts: too few to compare"
	bad=1
fi
if ! cmp "$dir/together" "$dir/apart"; then
	echo "hosts disturb one another"
	bad=1
fi
if ! cmp "$dir/together" "$dir/split"; then
	echo "$shards processes give other alerts than one"
	bad=1
fi
# the same by way of documents, of which the records are no part
ids() {
	sed -n 's/.*"event":{[^}]*"id":"\([0-9a-f]*\)".*/\1/p' | sort
}
for shard in $(seq 0 $((shards - 1))); do
	./aueql events "$dir/shard.$shard" 2>/dev/null |
		./aueql replay -r "$top/rules.d/detect/network_after_compile.toml" \
			-r "$top/rules.d/detect/network_after_compile_linked.toml" \
			--format json --ecs - 2>/dev/null
done | ids >"$dir/ecs"
ids <"$dir/together" >"$dir/ids"
if ! cmp "$dir/ids" "$dir/ecs"; then
	echo "$shards processes give other alerts by way of ECS documents"
	bad=1
fi

# --- what the status says of many hosts ---------------------------------------

now=$(date +%s)
names='right off1 off2 off3 off4 off5 off6 ahead a\"b'
{
	echo 'audisp_eql_info{version="0",rule_set="0",host="here"} 1'
	printf 'audisp_eql_%s %d\n' running 1 written_timestamp_seconds "$now" \
		rules 1 hosts 10 hosts_mixed 1
	for metric in records_total missing_serials_total silent_seconds \
		clock_timestamp_seconds mixed; do
		for host in $names; do
			case $metric,$host in
			records*) number=4711 ;;
			missing*) number=5 ;;
			silent*) number=9 ;;
			clock*,off*) number=$((now - 3600)) ;;
			clock*,ahead) number=$((now + 3600)) ;;
			clock*) number=$now ;;
			mixed,a*b) number=1 ;;
			*) number=0 ;;
			esac
			printf '%s{host="%s"} %d\n' "audisp_eql_host_$metric" \
				"$host" "$number"
		done
	done
} >"$dir/status"
./aueql status "$dir/status" >"$dir/told"
says() { # PATTERN
	grep -q "$1" "$dir/told" && return
	echo "the status does not say: $1"
	sed 's/^/# /' "$dir/told"
	bad=1
}
says '^problem .*more than one host sends under the name a\\"b:'
says '^warning .*clock of off5 is 3600 s behind'
says '^warning .*so are those of 2 others'
says '^right  *4711  *5  *9  *+0$'
says '^off6  *4711  *5  *9  *-3600$'
says '^ahead .* +3600$'
says '^a.*b .*more than one host$'
grep -q 'clock of off6' "$dir/told" && bad=1

[ $bad = 0 ] && echo "hosts: $count alerts of $hosts hosts, together and apart"
exit $bad
