#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The RPM's life in a clean root. It is one of Debian, for no other can be made
# here: dependencies are not looked at, and an empty package stands for audit.
set -u
. "$(dirname "$0")/lib.sh"
need mmdebstrap rpm rpmbuild setpriv
top=$(cd "$(dirname "$0")/../.." && pwd)
rpm=$(ls rpm/audisp-eql-[0-9]*.x86_64.rpm)
root=$work/root
etc=$root/etc/audit
stanza=$etc/plugins.d/audisp-eql.conf
rules=$etc/rules.d/60-audisp-eql.rules

rpm_in() {
	setpriv --bounding-set=-audit_control,-audit_write,-audit_read \
		rpm --root "$root" --nodeps "$@"
}

make_audit() {
	cat >"$work/audit.spec" <<-END
	Name: audit
	Version: 3.0
	Release: 1
	Summary: stands for audit
	License: none
	BuildArch: noarch
	%description
	%files
	END
	rpmbuild -bb --define "_topdir $work" "$work/audit.spec"
	mv "$work"/RPMS/noarch/audit-*.rpm "$work/audit.rpm"
}

# The same tree as release 2.
make_newer() {
	mkdir -p "$work/newer"
	(cd "$work/newer" && RPM_RELEASE=2 RPM_FLAGS=--nocheck \
		"$top/packaging/package.sh" rpm "$OLDPWD"/audisp-eql-*.tar.xz)
	mv "$work"/newer/rpm/audisp-eql-[0-9]*.x86_64.rpm "$work/newer.rpm"
}

owned() { # DIRECTORY GROUP MODE
	[ "$(inside "$root" stat -c '%U:%G %a' "$1")" = "_audisp-eql:$2 $3" ]
}
placed() {
	[ "$(stat -c '%u:%g %a' "$stanza")" = '0:0 640' ] &&
		[ "$(stat -c '%u:%g %a' "$rules")" = '0:0 640' ]
}
gone() { [ ! -e "$stanza" ] && [ ! -e "$rules" ]; }
# rpm -V says what differs from the package
whole() { ! rpm_in -V audisp-eql | grep .; }

ok "rpm: a root" root_make bookworm "$root"
ok "rpm: libraries" sh -c "
	chroot $root apt-get -q update && chroot $root apt-get -q -y install \
		--no-install-recommends libauparse0 libjson-c5 libcap-ng0 \
		libseccomp2"
ok "rpm: what stands for audit" make_audit
ok "rpm: release 2" make_newer
ok "rpm: installs without audit" rpm_in -i "$rpm"
ok "rpm: auditd is left alone" gone
ok "rpm: the tool works" inside "$root" aueql rules
ok "rpm: directories are the user's" owned /var/lib/audisp-eql _audisp-eql 700
ok "rpm: and the log's" owned /var/log/audisp-eql adm 2750
ok "rpm: all as packaged" whole
ok "rpm: audit comes" rpm_in -i "$work/audit.rpm"
ok "rpm: stanza and rules are placed" placed
ok "rpm: erased" rpm_in -e audisp-eql
ok "rpm: auditd finds nothing of it" gone
ok "rpm: no program is left" test ! -e "$root/usr/sbin/audisp-eql"
ok "rpm: installs with audit" rpm_in -i "$rpm"
ok "rpm: stanza and rules are placed again" placed
echo '-a always,exit -F arch=b64 -S pause -F key=mine' >>"$rules"
ok "rpm: upgrades" rpm_in -U "$work/newer.rpm"
ok "rpm: keeps changed rules" grep -q key=mine "$rules"
ok "rpm: and the stanza" placed
ok "rpm: downgrades" rpm_in -U --oldpackage "$rpm"
ok "rpm: still placed" placed
ok "rpm: erased again" rpm_in -e audisp-eql
ok "rpm: auditd finds nothing of it again" gone
ok "rpm: changed rules are kept aside" grep -q key=mine "$rules.removed"
echo "# the package: $(stat -c %s "$rpm") bytes"
close_account
