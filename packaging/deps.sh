# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Sourced: deps_install SET... installs what building (build), testing (test),
# running a private auditd (live) and making packages (packages) need, on Debian,
# Ubuntu and RHEL-likes. Nothing is started by it: on Debian, packages would start
# their services, so that is denied for the moment.

deps_debian_build="autoconf automake gcc libc6-dev make pkg-config
	libaudit-dev libauparse-dev libpcre2-dev libjson-c-dev
	libcap-ng-dev libseccomp-dev"
deps_debian_test="binutils bsdutils bzip2 clang clang-format clang-tidy
	cppcheck fish groff-base gzip libcmocka-dev libclang-rt-dev
	libxml2-utils valgrind xz-utils zsh zstd"
deps_debian_live="auditd rsyslog iproute2 procps util-linux"
deps_debian_packages="checkpolicy debhelper lintian mmdebstrap rpm rpmlint
	selinux-policy-dev selinux-utils semodule-utils setools systemd-container
	util-linux"
deps_redhat_build="autoconf automake gcc make pkgconf-pkg-config
	audit-libs-devel pcre2-devel json-c-devel libcap-ng-devel
	libseccomp-devel"
deps_redhat_test="binutils bzip2 clang clang-tools-extra compiler-rt
	cppcheck fish groff-base gzip libasan libcmocka-devel libtsan libubsan
	libxml2 util-linux valgrind xz zsh zstd"
deps_redhat_live="audit rsyslog iproute procps-ng util-linux"
deps_redhat_packages="rpm-build rpmlint selinux-policy-devel systemd-rpm-macros"

# A command that installs packages of Debian, which may not start services.
deps_denied() {
	policy=/usr/sbin/policy-rc.d
	[ -e $policy ] && mv $policy $policy.audisp-eql
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
	status=0
	DEBIAN_FRONTEND=noninteractive "$@" || status=$?
	rm -f $policy
	[ -e $policy.audisp-eql ] && mv $policy.audisp-eql $policy
	return $status
}

deps_apt() {
	missing=
	for package in "$@"; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null |
			grep -q 'ok installed' || missing="$missing $package"
	done
	[ -n "$missing" ] || return 0
	# shellcheck disable=SC2086
	apt-get update -q && deps_denied apt-get install -q -y \
		--no-install-recommends $missing
}

deps_install() {
	list=
	for set in "$@"; do
		if command -v apt-get >/dev/null; then
			eval "list=\"\$list \$deps_debian_$set\""
		else
			eval "list=\"\$list \$deps_redhat_$set\""
		fi
	done
	if command -v apt-get >/dev/null; then
		# shellcheck disable=SC2086
		deps_apt $list
	else
		# shellcheck disable=SC2086
		dnf install -y --setopt=install_weak_deps=False $list
	fi
}
