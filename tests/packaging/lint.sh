#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lintian and rpmlint have nothing to say but what is overridden, with a reason;
# and all places name the same version.
set -u
. "$(dirname "$0")/lib.sh"
need lintian rpmlint
top=$(cd "$(dirname "$0")/../.." && pwd)
version=$(sed -n 's/^AC_INIT(\[audisp-eql\], \[\(.*\)\])$/\1/p' "$top/configure.ac")

rpm_clean() {
	# of none it has nothing to say either
	ls rpm/audisp-eql-[0-9]*.x86_64.rpm &&
		rpmlint -c "$top/packaging/rpm/rpmlint.toml" rpm/*.rpm \
		"$top/packaging/rpm/audisp-eql.spec" | grep ' 0 errors, 0 warnings'
}

# there is no address: who publishes packages of this puts in theirs
ok "lint: deb" lintian --allow-root --suppress-tags bogus-mail-host,bogus-mail-host-in-debian-changelog \
	 --fail-on error,warning deb/*.changes
ok "lint: rpm" rpm_clean
ok "lint: version of the deb" \
	grep -q "^audisp-eql ($version-[0-9]*)" "$top/packaging/debian/changelog"
ok "lint: version of the rpm" \
	grep -q "^Version: *$version\$" "$top/packaging/rpm/audisp-eql.spec"
close_account
