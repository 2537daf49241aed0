#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# deb.sh SUITE: the package's life in a clean root of a Debian release, with and
# without auditd. What it weighs stands at the end.
set -u
. "$(dirname "$0")/lib.sh"
need mmdebstrap dpkg-deb setpriv
suite=${1:?usage: deb.sh SUITE}
deb=$(echo deb/audisp-eql_*_*.deb)
root=$work/root
etc=$root/etc/audit
stanza=$etc/plugins.d/audisp-eql.conf
rules=$etc/rules.d/60-audisp-eql.rules

# The same package with another number and one audit rule more.
make_newer() {
	dpkg-deb -R "$deb" "$work/newer" &&
		sed -i 's/^Version: .*/&.1/' "$work/newer/DEBIAN/control" &&
		echo '-a always,exit -F arch=b64 -S pause -F key=audisp_eql_new' \
			>>"$work/newer/usr/share/audisp-eql/auditd/60-audisp-eql.rules" &&
		dpkg-deb -b "$work/newer" "$root/newer.deb"
}

apt() { inside "$root" apt-get -q -y "$@"; }
installed() { # VERSION-PATTERN
	inside "$root" dpkg-query -W -f '${Status} ${Version}\n' audisp-eql |
		grep "^install ok installed $1"
}
owned() { # DIRECTORY GROUP MODE
	[ "$(inside "$root" stat -c '%U:%G %a' "$1")" = "_audisp-eql:$2 $3" ]
}
placed() {
	[ "$(stat -c '%u:%g %a' "$stanza")" = '0:0 640' ] &&
		[ "$(stat -c '%u:%g %a' "$rules")" = '0:0 640' ]
}
nothing_left() {
	! find "$root/etc" "$root/usr" "$root/var" "$root/run" -path \
		"$root/var/lib/dpkg" -prune -o -path "$root/var/log" -prune -o \
		-name '*audisp-eql*' -print | grep .
	[ ! -e "$root/var/log/audisp-eql" ]
}
works() {
	inside "$root" aueql --version && inside "$root" aueql rules &&
		inside "$root" aueql replay /plugin.log | grep -q '"/\|ALERT'
}

ok "$suite: a root" root_make "$suite" "$root"
cp "$deb" "$root/this.deb"
cp "${srcdir:-$(dirname "$0")/../..}/tests/corpus/gcc-o/plugin.log" "$root/"
ok "$suite: a newer package" make_newer
ok "$suite: lists of packages" apt update
before=$(inside "$root" dpkg-query -W -f '${Installed-Size}\n' | awk '{ n += $1 } END { print n }')

# the tool alone
ok "$suite: installs without auditd" apt install --no-install-recommends ./this.deb
after=$(inside "$root" dpkg-query -W -f '${Installed-Size}\n' | awk '{ n += $1 } END { print n }')
pulled=$(inside "$root" sed -n 's/^Commandline: .*this.deb.*//p; s/^Install: //p' \
	/var/log/apt/history.log | tail -n 1)
ok "$suite: without auditd the tool works" works
ok "$suite: directories are the user's" owned /var/lib/audisp-eql _audisp-eql 700
ok "$suite: and the log's" owned /var/log/audisp-eql adm 2750
ok "$suite: and the state report's" owned /run/audisp-eql _audisp-eql 755
ok "$suite: the tool alone is purged" apt purge audisp-eql
ok "$suite: nothing is left" nothing_left

# with auditd
ok "$suite: installs with auditd" apt install ./this.deb
ok "$suite: auditd came by itself" test -x "$root/usr/sbin/auditd"
ok "$suite: stanza and rules are placed" placed
ok "$suite: rules merge with those of others" inside "$root" augenrules
ok "$suite: ours among them" grep -q audisp_eql_exec "$etc/audit.rules"
ok "$suite: upgrades" apt install ./newer.deb
ok "$suite: is the newer" installed '.*\.1$'
ok "$suite: with its rules" grep -q audisp_eql_new "$rules"
ok "$suite: downgrades" inside "$root" dpkg -i /this.deb
ok "$suite: with the older's rules" \
	sh -c "[ -e $rules ] && ! grep -q audisp_eql_new $rules"
echo '-a always,exit -F arch=b64 -S pause -F key=mine' >>"$rules"
sed -i 's/^#suppress = .*/suppress = 5m/' "$root/etc/audisp-eql/audisp-eql.conf"
ok "$suite: upgrades with local changes" apt -o Dpkg::Options::=--force-confold \
	install ./newer.deb
ok "$suite: keeps changed audit rules" grep -q key=mine "$rules"
ok "$suite: keeps the configuration" \
	grep -q '^suppress = 5m' "$root/etc/audisp-eql/audisp-eql.conf"
rm "$stanza"
ok "$suite: installs again" inside "$root" dpkg -i /newer.deb
ok "$suite: a stanza that was deleted stays away" test ! -e "$stanza"
ok "$suite: removed" apt remove audisp-eql
ok "$suite: auditd finds nothing of it" \
	sh -c "[ ! -e $stanza ] && ! ls $etc/rules.d | grep 'audisp.*\.rules\$'"
ok "$suite: rules merge without it" inside "$root" augenrules
ok "$suite: none of ours among them" sh -c "! grep audisp_eql $etc/audit.rules"
ok "$suite: comes back" apt install ./this.deb
ok "$suite: with the changed rules" grep -q key=mine "$rules"
ok "$suite: auditd after it, the trigger" apt install --reinstall auditd
ok "$suite: purged" apt purge audisp-eql
ok "$suite: nothing is left of it" nothing_left

echo "# $suite: the package: $(stat -c %s "$deb") bytes, installed" \
	"$(dpkg-deb -f "$deb" Installed-Size) KiB; without auditd it adds" \
	"$((after - before)) KiB, of these pulled in: $pulled"
close_account
