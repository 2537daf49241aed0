#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Compiles the policy module, links it into Debian's whole policy, and asks that
# for what the plugin needs. Nothing is loaded into a kernel.
set -u
. "$(dirname "$0")/lib.sh"
need apt-get dpkg semodule sesearch checkmodule
top=$(cd "$(dirname "$0")/../.." && pwd)
[ -d /usr/share/selinux/devel ] || { echo "skipped: no selinux-policy-dev"; exit 77; }

linked() {
	local of=$work/usr/share/selinux/default
	mkdir -p "$work/store/etc/selinux/default" "$work/store/var/lib/selinux"
	(cd "$work" && apt-get -q download selinux-policy-default &&
		dpkg -x selinux-policy-default_*.deb .) &&
		semodule -p "$work/store" -s default -n -N -X 100 -i \
			"$of/base.pp.bz2" $(find "$of" -name '*.pp.bz2' \
			! -name base.pp.bz2) &&
		semodule -p "$work/store" -s default -n -N -X 200 -i \
			"$work/audisp_eql.pp" &&
		policy=$(echo "$work"/store/etc/selinux/default/policy/policy.*) &&
		[ -s "$policy" ]
}
rule() { sesearch "$@" "$policy" | grep .; }
context() { # PATH TYPE
	matchpathcon -n -f "$work/store/etc/selinux/default/contexts/files/file_contexts" \
		"$1" | grep -q ":$2:"
}

cp "$top"/packaging/selinux/audisp_eql.* "$work"
ok "selinux: compiles" make -C "$work" -f /usr/share/selinux/devel/Makefile audisp_eql.pp
policy=
ok "selinux: links into the whole policy" linked
ok "selinux: auditd starts it in its domain" \
	rule -T -s auditd_t -t audisp_eql_exec_t -c process
ok "selinux: it may read what auditd writes" \
	rule -A -s audisp_eql_t -t auditd_t -c unix_stream_socket -p read
ok "selinux: auditd may signal it" \
	rule -A -s auditd_t -t audisp_eql_t -c process -p signal
ok "selinux: it may change its user" \
	rule -A -s audisp_eql_t -t audisp_eql_t -c capability -p setuid
ok "selinux: it may write its log" \
	rule -A -s audisp_eql_t -t audisp_eql_log_t -c file -p append
ok "selinux: it may talk to syslog" \
	rule -A -s audisp_eql_t -c sock_file -t devlog_t -p write
ok "selinux: it may not write what is others'" \
	sh -c "! sesearch -A -s audisp_eql_t -t auditd_etc_t -c file -p write '$policy' | grep ."
ok "selinux: nor start programs of others" \
	sh -c "! sesearch -A -s audisp_eql_t -t shell_exec_t -c file -p execute '$policy' | grep ."
if command -v matchpathcon >/dev/null; then
	ok "selinux: the program's type" context /usr/sbin/audisp-eql audisp_eql_exec_t
	ok "selinux: the log's type" context /var/log/audisp-eql/alerts.ndjson audisp_eql_log_t
	ok "selinux: the state's type" context /var/lib/audisp-eql/state audisp_eql_var_lib_t
fi
close_account
