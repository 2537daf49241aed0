# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Sourced by the tests of packages: clean roots, and commands inside them that
# cannot reach the kernel's audit. Run in the build directory, as root.
work=$(mktemp -d)
passed=0 failed=0

finish() {
	for root in "$work"/root*; do
		[ ! -d "$root/proc/self" ] || umount "$root/proc"
	done
	rm -rf --one-file-system "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM HUP

need() { # TOOL...
	[ "$(id -u)" = 0 ] || { echo "skipped: not root"; exit 77; }
	for tool in "$@"; do
		command -v "$tool" >/dev/null ||
			{ echo "skipped: no $tool"; exit 77; }
	done
}

ok() { # NAME COMMAND...
	local name=$1
	shift
	if "$@" >"$work/out" 2>&1; then
		echo "ok - $name"
		passed=$((passed + 1))
	else
		echo "not ok - $name"
		tail -n 40 "$work/out" | sed 's/^/# /'
		failed=$((failed + 1))
	fi
}

# A minimal root of a Debian release, kept packed in ./roots for the next time.
root_make() { # SUITE DIRECTORY
	mkdir -p roots "$2"
	[ -s "roots/$1.tar" ] || mmdebstrap --format=tar --variant=minbase \
		--skip=cleanup/apt/lists "$1" "roots/$1.tar.new" &&
		{ [ ! -e "roots/$1.tar.new" ] ||
			mv "roots/$1.tar.new" "roots/$1.tar"; } || return 1
	tar -C "$2" -xf "roots/$1.tar"
	cp /etc/resolv.conf "$2/etc/resolv.conf"
	printf '#!/bin/sh\nexit 101\n' >"$2/usr/sbin/policy-rc.d"
	chmod 755 "$2/usr/sbin/policy-rc.d"
	mount -t proc proc "$2/proc"
}

inside() { # DIRECTORY COMMAND...
	local dir=$1
	shift
	setpriv --bounding-set=-audit_control,-audit_write,-audit_read \
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C \
		DEBIAN_FRONTEND=noninteractive chroot "$dir" "$@"
}

close_account() {
	echo "$passed passed, $failed failed"
	[ "$failed" = 0 ]
}
