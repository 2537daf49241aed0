#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# audit-setup with an auditctl and an augenrules of its own: a kernel that is a
# file of rules and refuses what it is told to, and auditd's pid file. Run in the
# build directory, without root.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
top=$(cd "${srcdir:-.}" && pwd)
passed=0 failed=0

mkdir "$work/bin"
sed -e 's|@pkgdatadir@|/usr/share/audisp-eql|' -e 's|@sysconfdir@|/etc|' \
	"$top/packaging/audit-setup.in" >"$work/audit-setup"
cat >"$work/bin/auditctl" <<'END'
#!/bin/sh
# A rule that fits a pattern of $FAKE/refused is refused, and so is a second one.
kernel=$FAKE/kernel
echo "auditctl $*" >>"$FAKE/calls"
case $1 in
-s)
	[ ! -e "$FAKE/unreachable" ] || exit 1
	cat "$FAKE/status"
	;;
-l) cat "$kernel" ;;
-D) : >"$kernel" ;;
-a)
	why=$(while IFS='	' read -r pattern why; do
		case $* in *$pattern*) echo "$why" && break ;; esac
	done <"$FAKE/refused")
	! grep -Fxq -e "$*" "$kernel" ||
		why='Error sending add rule data request (Rule exists)'
	[ -z "$why" ] || { echo "$why" >&2; exit 255; }
	echo "$*" >>"$kernel"
	;;
-d)
	shift
	grep -Fxv -e "-a $*" "$kernel" >"$kernel.new"
	mv "$kernel.new" "$kernel"
	;;
--signal)
	[ "$2" = "$(cat "$FAKE/word")" ] || exit 1
	;;
esac
END
cat >"$work/bin/augenrules" <<'END'
#!/bin/sh
etc=$AUDISP_EQL_ROOT/etc/audit
echo "augenrules $*" >>"$FAKE/calls"
cat "$etc"/rules.d/*.rules 2>/dev/null | grep -v '^#' >"$etc/new"
if cmp -s "$etc/new" "$etc/audit.rules"; then
	echo "No change"
elif [ "${1:-}" = --check ]; then
	echo "Rules have changed and should be updated"
	exit
fi
[ "${1:-}" != --check ] || exit 0
mv "$etc/new" "$etc/audit.rules"
[ "${1:-}" = --load ] || exit 0
: >"$FAKE/kernel"
number=0
while read -r rule; do
	number=$((number + 1))
	auditctl $rule || {
		echo "There was an error in line $number of audit.rules" >&2
		exit 1
	}
done <"$etc/audit.rules"
END
chmod +x "$work"/bin/*

# A host: auditd runs (this shell), rules of others before and behind ours.
fresh() {
	rm -rf "$work/root" "$work/fake"
	mkdir -p "$work/fake" "$work/root/etc/audit/rules.d" \
		"$work/root/etc/audit/plugins.d" "$work/root/run/systemd/system" \
		"$work/root/usr/share/audisp-eql/auditd"
	export FAKE=$work/fake AUDISP_EQL_ROOT=$work/root
	etc=$work/root/etc/audit
	stanza=$etc/plugins.d/audisp-eql.conf
	rules=$etc/rules.d/60-audisp-eql.rules
	packaged=$work/root/usr/share/audisp-eql/auditd
	: >"$FAKE/kernel"
	: >"$FAKE/refused"
	: >"$FAKE/calls"
	echo reload >"$FAKE/word"
	echo 'enabled 1' >"$FAKE/status"
	echo $$ >"$work/root/run/auditd.pid"
	echo '-a always,exit -F arch=b64 -S adjtimex -F key=time' \
		>"$etc/rules.d/10-before.rules"
	echo '-a always,exit -F arch=b64 -S mount -F key=mounts' \
		>"$etc/rules.d/70-behind.rules"
	cp 60-audisp-eql.rules "$packaged"
	cp stanza.conf "$packaged/audisp-eql.conf"
	ours=$(grep -c '^-a' "$packaged/60-audisp-eql.rules")
}

run() { # STATUS VERB
	PATH=$work/bin:$PATH sh "$work/audit-setup" "$2" >"$work/said" 2>&1
	local got=$?
	[ $got = "$1" ] || { echo "exit status $got"; cat "$work/said"; return 1; }
}

said() { grep -q -e "$1" "$work/said" || { cat "$work/said"; return 1; }; }
quiet() { [ ! -s "$work/said" ] || { cat "$work/said"; return 1; }; }
called() { # TIMES WHAT
	[ "$(grep -c -e "^$2" "$FAKE/calls")" = "$1" ] || {
		cat "$FAKE/calls"
		return 1
	}
}
in_kernel() { # COUNT PATTERN
	[ "$(grep -c -e "$2" "$FAKE/kernel")" = "$1" ] || {
		cat "$FAKE/kernel"
		return 1
	}
}

case_installs() {
	run 0 install && quiet && in_kernel "$ours" key=audisp_eql_ &&
		in_kernel 1 key=time && in_kernel 1 key=mounts &&
		called 1 'augenrules --load' &&
		called 1 'auditctl --signal reload' &&
		[ "$(stat -c %a "$stanza" "$rules" | sort -u)" = 640 ] &&
		grep -q '^active = yes' "$stanza" &&
		! awk 'length > 158 { exit 1 }' "$stanza" | grep .
}

# the loading of all is not repeated, for others may have loaded more by hand
case_upgrade_loads_only_changes() {
	run 0 install && run 0 upgrade && quiet &&
		called 1 'augenrules --load' &&
		called 2 'auditctl --signal reload' || return 1
	echo '-a always,exit -F arch=b64 -S pause -F key=audisp_eql_new' \
		>>"$packaged/60-audisp-eql.rules"
	run 0 upgrade && quiet && in_kernel $((ours + 1)) key=audisp_eql_ &&
		called 2 'augenrules --load'
}

# a downgrade is an upgrade to what has less
case_downgrade() {
	cp "$packaged/60-audisp-eql.rules" "$work/older"
	echo '-a always,exit -F arch=b64 -S pause -F key=audisp_eql_new' \
		>>"$packaged/60-audisp-eql.rules"
	run 0 install && in_kernel 1 key=audisp_eql_new || return 1
	cp "$work/older" "$packaged/60-audisp-eql.rules"
	run 0 upgrade && quiet && in_kernel 0 key=audisp_eql_new &&
		in_kernel "$ours" key=audisp_eql_
}

# a kernel without saddr_fam: ours are loaded but for these, all of others' are
case_refused_lines() {
	local less
	printf 'saddr_fam\tUnknown field: saddr_fam\n' >"$FAKE/refused"
	less=$(grep -c '^-a.*saddr_fam' "$packaged/60-audisp-eql.rules")
	[ "$less" -gt 0 ] && run 1 install &&
		said 'left out' && said 'saddr_fam=2.*Unknown field' &&
		in_kernel $((ours - less)) key=audisp_eql_ &&
		in_kernel 1 key=mounts && called 1 'augenrules --load' || return 1
	# and come back with another kernel, without a word
	: >"$FAKE/refused"
	run 0 load && quiet && in_kernel "$ours" key=audisp_eql_ &&
		! grep -q '^#left out' "$rules"
}

# a missing system call's message has signs that the mark must not have
case_refused_message() {
	printf 'listen\tSyscall name unknown: (listen)#\n' >"$FAKE/refused"
	run 1 install && in_kernel 0 listen && in_kernel 1 key=mounts || return 1
	: >"$FAKE/refused"
	run 0 upgrade && quiet && in_kernel "$ours" key=audisp_eql_ &&
		tail -n +2 "$rules" | cmp - "$packaged/60-audisp-eql.rules"
}

case_refused_keeps_what_is_packaged() {
	printf 'listen\tno\n' >"$FAKE/refused"
	run 1 install && run 1 remove
	# nothing of ours is left, nor taken for changed
	in_kernel 0 key=audisp_eql_ && [ ! -e "$rules" ] &&
		[ ! -e "$rules.removed" ]
}

# an exact copy in another file would end the loading, too
case_copy_in_other_file() {
	grep -m 1 execve "$packaged/60-audisp-eql.rules" >"$etc/rules.d/30-copy.rules"
	cat "$etc/rules.d/30-copy.rules" >>"$FAKE/kernel"
	run 1 install && said 'is in another file' && in_kernel 1 key=mounts &&
		in_kernel 1 "$(sed 's/-a //' "$etc/rules.d/30-copy.rules")"
}

# what others have wrong is theirs to mend; but it is told
case_line_of_others_refused() {
	printf 'adjtimex\tno such call\n' >"$FAKE/refused"
	run 1 install && said "0 of $ours audit rules are loaded" &&
		said 'error in line 1 of'
}

case_locked() {
	echo 'enabled 2' >"$FAKE/status"
	run 1 install && said 'reboot' && called 0 'auditctl -a' &&
		called 0 'augenrules --load' && called 1 'auditctl --signal' &&
		grep -q audisp_eql_exec "$etc/audit.rules"
}

case_kernel_out_of_reach() {
	touch "$FAKE/unreachable"
	run 0 install && said 'cannot be reached' && called 0 'auditctl -a' &&
		[ -e "$rules" ]
}

# an image that is being built: the kernel is another's
case_nothing_runs() {
	rm -r "$work/root/run"
	run 0 install && quiet && [ -e "$stanza" ] && [ -e "$rules" ] &&
		[ ! -s "$FAKE/calls" ]
}

# the tool alone; auditd may come later
case_no_auditd() {
	rm -r "$work/root/run/auditd.pid"
	mv "$work/bin" "$work/gone"
	run 0 install && quiet && [ -e "$stanza" ]
	local status=$?
	mv "$work/gone" "$work/bin"
	return $status
}

# installed together with auditd, which starts later: nothing that would stop it
case_auditd_not_yet() {
	rm "$work/root/run/auditd.pid"
	printf 'saddr_fam\tno\n' >"$FAKE/refused"
	run 1 install && in_kernel 0 . && called 0 'augenrules --load' &&
		called 0 'auditctl --signal' &&
		! grep -q '^-a.*saddr_fam' "$rules"
}

# a pid file that nobody removed
case_pid_of_nobody() {
	sleep 0 &
	wait $!
	echo $! >"$work/root/run/auditd.pid"
	run 0 install && called 0 'auditctl --signal'
}

case_older_auditctl() {
	echo HUP >"$FAKE/word"
	run 0 install && called 1 'auditctl --signal HUP'
}

# as one that takes records of other hosts alone
case_kernel_knows_no_auditd() {
	echo none >"$FAKE/word"
	(trap 'touch "$FAKE/hup"; exit' HUP
		touch "$FAKE/ready"
		for _ in $(seq 100); do sleep 0.1; done) &
	local pid=$!
	echo $pid >"$work/root/run/auditd.pid"
	until [ -e "$FAKE/ready" ]; do sleep 0.05; done
	run 0 install
	wait $pid
	[ -e "$FAKE/hup" ]
}

case_changes_are_kept() {
	run 0 install
	echo 'args = -c /etc/other.conf' >>"$stanza"
	echo '-a always,exit -F arch=b64 -S pause -F key=mine' >>"$rules"
	echo '# new' >>"$packaged/60-audisp-eql.rules"
	run 0 upgrade && said "60-audisp-eql.rules was changed here" &&
		said "audisp-eql.conf was changed here" && in_kernel 1 key=mine &&
		grep -q other.conf "$stanza" && ! grep -q '^# new' "$rules"
}

case_deleted_stays_away() {
	run 0 install && rm "$stanza" && run 0 upgrade && [ ! -e "$stanza" ]
}

case_file_without_our_first_line() {
	cp "$packaged/60-audisp-eql.rules" "$rules"
	run 0 install && said 'was changed here' && called 1 'augenrules --load'
}

# dpkg -r, and the package again
case_parked_and_back() {
	run 0 install
	echo 'args = -c /etc/other.conf' >>"$stanza"
	run 0 park && quiet && [ ! -e "$stanza" ] && [ ! -e "$rules" ] &&
		in_kernel 0 key=audisp_eql_ && in_kernel 1 key=mounts &&
		called 2 'auditctl --signal reload' || return 1
	run 0 upgrade && in_kernel "$ours" key=audisp_eql_ &&
		grep -q other.conf "$stanza"
}

case_removed() {
	run 0 install
	echo 'args = -c /etc/other.conf' >>"$stanza"
	run 0 remove && said 'kept as' && in_kernel 0 key=audisp_eql_ &&
		[ -e "$stanza.removed" ] && [ ! -e "$rules" ] &&
		[ ! -e "$rules.removed" ] && called 2 'auditctl --signal reload'
}

case_wrong_word() {
	run 2 reinstall && said '^usage: ' && [ ! -s "$FAKE/calls" ]
}

for name in $(declare -F | sed -n 's/^declare -f case_//p'); do
	fresh
	if out=$("case_$name" 2>&1); then
		echo "ok - $name"
		passed=$((passed + 1))
	else
		echo "not ok - $name"
		printf '%s\n' "$out" | sed 's/^/# /'
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
