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
# not where it could not be asked
none() { sesearch -A "$@" "$policy" >"$work/found" && [ ! -s "$work/found" ]; }
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
for capability in setgid setpcap kill chown dac_read_search; do
	ok "selinux: the keeper has $capability" rule -A -s audisp_eql_t \
		-t audisp_eql_t -c capability -p $capability
done
ok "selinux: it may ask the kernel about audit" \
	rule -A -s audisp_eql_t -t audisp_eql_t -c netlink_audit_socket -p nlmsg_read
ok "selinux: for which that wants audit_control" \
	rule -A -s audisp_eql_t -t audisp_eql_t -c capability -p audit_control
ok "selinux: and may not tell it" \
	none -s audisp_eql_t -t audisp_eql_t -c netlink_audit_socket -p nlmsg_write
ok "selinux: the inspector may read where others' links lead" \
	rule -A -s audisp_eql_t -t sshd_t -c lnk_file -p read
ok "selinux: and their environments" \
	rule -A -s audisp_eql_t -t sshd_t -c file -p read
ok "selinux: which are for those with sys_ptrace" \
	rule -A -s audisp_eql_t -t audisp_eql_t -c capability -p sys_ptrace
ok "selinux: but may not trace them" \
	none -s audisp_eql_t -t sshd_t -c process -p ptrace
ok "selinux: it may replace its state" \
	rule -A -s audisp_eql_t -t audisp_eql_var_lib_t -c file -p rename
ok "selinux: and leave one in memory" \
	rule -A -s audisp_eql_t -t audisp_eql_tmpfs_t -c file -p write
ok "selinux: it may make its directories" \
	rule -T -s audisp_eql_t -t var_run_t -c dir
ok "selinux: it may write its log" \
	rule -A -s audisp_eql_t -t audisp_eql_log_t -c file -p append
ok "selinux: it may talk to syslog" \
	rule -A -s audisp_eql_t -c sock_file -t devlog_t -p write
ok "selinux: it may not write what is others'" \
	none -s audisp_eql_t -t auditd_etc_t -c file -p write
ok "selinux: nor start programs of others" \
	none -s audisp_eql_t -t shell_exec_t -c file -p execute
if command -v matchpathcon >/dev/null; then
	ok "selinux: the program's type" context /usr/sbin/audisp-eql audisp_eql_exec_t
	ok "selinux: the log's type" context /var/log/audisp-eql/alerts.ndjson audisp_eql_log_t
	ok "selinux: the state's type" context /var/lib/audisp-eql/state audisp_eql_var_lib_t
fi
close_account
