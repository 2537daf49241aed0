#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# generate.sh CPU < 60-audisp-eql.rules.in > 60-audisp-eql.rules
#
# Keeps the audit rules whose system calls a CPU has: one that names a missing
# call is an error, and all rules behind it stay out. The mark in front of a
# rule says which it needs:
#   @b64, @b32     calls of this width; 32-bit ones beside 64-bit ones on x86
#   ...-legacy     and of these open, creat, chmod
#   ...-socketcall and of these socketcall
#   ...-wide       and of these setuid32 and the like, for ids of 32 bits
# The same table is in plugin/rules/audit_rules.c; a test compares them.
set -eu

case ${1:?usage: generate.sh CPU} in
x86_64) has='b64 b64-legacy b32 b32-legacy b32-socketcall b32-wide' ;;
i?86) has='b32 b32-legacy b32-socketcall b32-wide' ;;
aarch64* | arm64*) has='b64' ;;
arm*) has='b32 b32-legacy b32-wide' ;;
ppc64* | powerpc64* | s390x) has='b64 b64-legacy b64-socketcall' ;;
*) has='b64' ;;
esac

awk -v has=" $has " '
/^@/ {
	mark = substr($1, 2)
	if (index(has, " " mark " ")) {
		sub(/^@[^ ]* /, "")
		print
	}
	next
}
{ print }'
