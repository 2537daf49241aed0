#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# package.sh deb|rpm audisp-eql-VERSION.tar.xz: packages of a tarball, into ./deb
# or ./rpm. They are built in a folder for the moment, so that neither the
# source tree nor the build directory has anything of them.
set -eu
kind=$1 tarball=$(readlink -f "$2")
here=$(cd "$(dirname "$0")" && pwd)
name=$(basename "$tarball" .tar.xz)
version=${name#audisp-eql-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -rf "./$kind"
mkdir "$kind"

case $kind in
deb)
	cp "$tarball" "$work/audisp-eql_$version.orig.tar.xz"
	tar -C "$work" -xf "$tarball"
	cp -a "$work/$name/packaging/debian" "$work/$name/debian"
	# shellcheck disable=SC2086
	(cd "$work/$name" && dpkg-buildpackage -us -uc ${DEB_FLAGS:-})
	find "$work" -maxdepth 1 -type f -exec mv -t deb {} +
	;;
rpm)
	# what other systems' own rpm configuration says
	[ -e /etc/debian_version ] && load="--nodeps
		--load=$here/rpm/macros.debian"
	mkdir -p "$work/SOURCES"
	cp "$tarball" "$work/SOURCES"
	# shellcheck disable=SC2086
	rpmbuild -ba ${load:-} --define "_topdir $work" \
		--define "revision ${RPM_RELEASE:-1}" ${RPM_FLAGS:-} \
		"$here/rpm/audisp-eql.spec"
	find "$work/RPMS" "$work/SRPMS" -name '*.rpm' -exec mv -t rpm {} +
	;;
esac
ls -l "$kind"
