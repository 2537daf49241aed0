#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The built programs have what configure asked for, as readelf and objdump see
# them: that a flag was given does not say that the linker could follow it.
set -u
build=$PWD
asked=$(sed -n 's/^HARDEN_C[P]*FLAGS = //p' "$build/Makefile" | tr '\n' ' ')
case $asked in
*-fPIE*) ;;
*)
	echo "skipped: built without hardening, or with sanitizers"
	exit 77
	;;
esac
if ! command -v readelf >/dev/null || ! command -v objdump >/dev/null; then
	echo "readelf and objdump (binutils) are missing"
	exit 1
fi
bad=0
dump=$(mktemp)
trap 'rm -f "$dump"' EXIT

has() { # WHAT PATTERN: there is such a row in the dump
	grep -Eq -e "$2" "$dump" && return
	echo "$program: no $1"
	bad=1
}

has_no() { # WHAT PATTERN
	grep -Eq -e "$2" "$dump" || return
	echo "$program: $1"
	bad=1
}

look() { # COMMAND...: its output is looked at
	LC_ALL=C "$@" >"$dump" 2>/dev/null && [ -s "$dump" ] && return
	echo "$program: $* says nothing"
	bad=1
}

# whether libc's own start has the mark: without it the linker drops it
starts_with_cet() {
	LC_ALL=C readelf -n "$(${CC:-cc} -print-file-name=crt1.o)" |
		grep -q 'IBT, SHSTK'
}

for program in audisp-eql aueql; do
	look readelf -hlW "$build/$program"
	has "position independent executable" 'Type: *DYN'
	has "read-only relocations" 'GNU_RELRO'
	has "mark for a stack without code" 'GNU_STACK.* RW '
	has_no "a segment that is written and run" '[ ]RWE[ ]'
	look readelf -dW "$build/$program"
	has "binding at start" 'FLAGS.* NOW'
	has "mark of a PIE" 'FLAGS_1.* PIE'
	has_no "relocations of its code" 'TEXTREL'
	has_no "a library path of the build" 'R(UN)?PATH'
	look readelf -sW --dyn-syms "$build/$program"
	has "stack protector" 'UND __stack_chk_fail'
	case "$asked $(sed -n 's/^CPPFLAGS = //p' "$build/Makefile")" in
	*FORTIFY_SOURCE*) has "fortified libc calls" 'UND __v?snprintf_chk' ;;
	esac
	look objdump -d --no-show-raw-insn "$build/$program"
	case $asked in
	*-fcf-protection*)
		case $(uname -m) in
		x86_64) has "branch targets marked" 'endbr64' ;;
		esac
		;;
	esac
	case $asked in
	*-fstack-clash-protection*)
		case $(uname -m) in
		x86_64)
			has "probes of large frames" \
				'(or|mov)q? +\$0x0,(0x[0-9a-f]+)?\(%rsp\)'
			;;
		esac
		;;
	esac
	case $asked in
	*-fcf-protection*)
		if [ "$(uname -m)" = x86_64 ] && starts_with_cet; then
			look readelf -n "$build/$program"
			has "mark of branch targets and a shadow stack" \
				'IBT, SHSTK'
		fi
		;;
	esac
done
[ $bad = 0 ] && echo "hardening: both programs have it"
exit $bad
