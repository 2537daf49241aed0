#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An ordinary user floods before, while and after he or another does what the
# rule that follows files and the published one are for. What is asked of each:
# the finding is there, or a built-in alert says what the flood pushed out; of
# another's flood the finding is there. Memory stays within memcap and 16 MiB,
# and as many times the records take so many times the instructions.
#
# Run in the build directory (make check does, with little memory); with names of floods only those. FLOODS=full: with
# memcap as shipped, and as much of each flood as would fill that; the
# instructions, which take callgrind, are counted for all floods then.
set -u
export LC_ALL=C
top=$(cd "${srcdir:-.}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0 checked=0
mkdir "$work/rules"
cp "$top"/rules.d/detect/network_after_compile{,_linked}.toml "$work/rules"

# name, records of a flood in make check and in full, built-in alerts any of
# which say that it pushed something out ("-": nothing is)
floods() {
	cat <<-'END'
	args 4x20000 20x100000 keys_cut,memory_full
	keys 6000 100000 memory_full
	processes 6000 40000 processes_forgotten
	files 4000x20 40000x20 -
	long-files 400x4000 4000x4000 -
	linked 3000 40000 origins_forgotten
	runs 6000 40000 origins_forgotten
	findings 200 2000 -
	forged 1200 20000 memory_full
	colliding 3000 40000 memory_full
	uids 4000 65536 processes_forgotten
	END
}

say() { # NUMBER-OF-FAILURES WHAT
	checked=$((checked + 1))
	[ "$1" = 0 ] && return
	failed=$((failed + 1))
	echo "not ok - $2"
	sed 's/^/# /' "$work/told" | cut -c1-200 | head -n 30
}

# The rules that found user 1000: "linked", "sequence", both or none.
found() {
	awk '$1 == "alert" && $3 == "match" && $4 == "login=1000" {
		if ($2 == "network_after_compile_linked") linked = 1
		if ($2 == "network_after_compile") sequence = 1
	} END { print (linked ? "linked " : "") (sequence ? "sequence " : "") }' \
		"$work/told"
}

# One of these built-in alerts was told, and is itself marked as of that time.
told() { # NAMES
	grep -qE "^alert (${1//,/|}) match .*,degraded" "$work/told"
}

has() { # RULE
	case " $(found) " in *" $1 "*) return 0 ;; esac
	return 1
}

run() { # STEP...: of a time after which all is told
	./floods "$memcap" "$work/rules" "$@" wait:2@9 processes:1@9 \
		>"$work/told" 2>&1
}

# An event that is in hand takes some 300 bytes for each argument as well.
sanitized=$(sed -n 's/^SANITIZER_CFLAGS = .*sanitize.*/yes/p' Makefile)
[ -z "$sanitized" ] ||
	echo "skipped: with sanitizers neither memory nor instructions say anything"
peak_fits() { # SIZE-OF-FLOOD
	local peak room=$(((memcap >> 10) + 16384))
	[ -z "$sanitized" ] || return 0
	peak=$(awk '$1 == "peak_kib" { print $2 }' "$work/told")
	[ "$1" = "${1#*x}" ] || room=$((room + ${1#*x} * 300 / 1024))
	[ "${peak:-999999999}" -le $room ]
}

# The flood's user and the order: of another's flood both rules find, whatever
# the order; of his own, what they miss is told.
check_order() { # NAME FLOOD TELLS WHOSE ORDER STEP...
	local name=$1 tells=$3 whose=$4 order=$5 what bad=0 rule
	local expected="linked sequence"

	# nc is another name, and so nothing to the published rule
	[ "$order" = relay ] && expected=linked
	what="$name, user $whose, $order"
	shift 5
	run "$@" || bad=1
	peak_fits "${flood%@*}" || { bad=1; what="$what: more memory than there is"; }
	for rule in $expected; do
		has "$rule" && continue
		if [ "$whose" = 1000 ] && [ "$tells" != - ] && told "$tells"; then
			continue
		fi
		bad=1 what="$what: $rule finds nothing, unsaid"
	done
	say $bad "$what"
}

check_flood() { # NAME SIZE TELLS
	local kind=${1#long-} whose flood before
	for whose in 1000 1001; do
		flood=$kind:$2@$whose before=
		case $kind in
		runs | findings) before="compile@$whose run@$whose" ;;
		esac
		# shellcheck disable=SC2086
		{
			check_order "$1" "$flood" "$3" $whose before $before \
				$flood compile@1000 run@1000 connect@1000
			check_order "$1" "$flood" "$3" $whose while $before \
				compile@1000 run@1000 $flood connect@1000
			check_order "$1" "$flood" "$3" $whose relay $before \
				compile@1000 run@1000 relay@1000 $flood \
				connect@1000
			check_order "$1" "$flood" "$3" $whose after $before \
				compile@1000 run@1000 connect@1000 $flood
		}
	done
}

# Stripped: what newer compilers say for debuggers older valgrinds die of.
instructions() { # STEP...
	valgrind --tool=callgrind --callgrind-out-file=/dev/null \
		"$work/floods" "$memcap" "$work/rules" "$@" 2>&1 >/dev/null |
		awk '/Collected/ { print $4 }'
}

# Four times as much in place of one: what it takes beyond the start.
check_linear() { # NAME ONCE FOUR-TIMES
	local name=$1 none one four
	none=$(instructions compile@1000 run@1000)
	one=$(instructions compile@1000 run@1000 "$2")
	four=$(instructions compile@1000 run@1000 "$3")
	echo "instructions $none $one $four" >"$work/told"
	awk -v n="$none" -v a="$one" -v b="$four" \
		'BEGIN { exit !(a > n && (b - n) / (a - n) < 5) }'
	say $? "$name: four times as much takes more than five times as long"
}

if [ "${FLOODS:-}" = full ]; then
	memcap=$((32 << 20)) column=3
else
	memcap=$((2 << 20)) column=2
fi
while read -r name quick full tells; do
	[ $# = 0 ] || [[ " $* " = *" $name "* ]] || continue
	size=$quick
	[ $column = 2 ] || size=$full
	check_flood "$name" "$size" "$tells"
done < <(floods)
if [ -n "$sanitized" ]; then
	:
elif ! command -v valgrind >/dev/null; then
	echo "skipped: no valgrind, so it is not known whether time is linear"
elif ! strip -o "$work/floods" ./floods || [ -z "$(instructions wait@1)" ]; then
	echo "skipped: valgrind does not run this build (sanitizers?), so it is" \
		"not known whether time is linear"
else
	linear="args colliding"
	[ $column = 2 ] || linear="args keys processes files linked runs forged
		colliding uids"
	for name in $linear; do
		[ $# = 0 ] || [[ " $* " = *" $name "* ]] || continue
		case $name in
		args) check_linear args args:1x5000@1000 args:1x20000@1000 ;;
		*) check_linear "$name" "$name:1000@1000" "$name:4000@1000" ;;
		esac
	done
fi
echo "$checked checked, $failed failed"
[ $failed = 0 ]
