#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Precision: builds Debian source packages with their test suites, each under a
# private auditd with the plugin, the shipped rules and their audit rules, as an
# ordinary account in a network namespace that reaches nothing. Tells what was
# alerted on or only observed, and what it cost. Run in the build directory:
#
#   packages.sh [PACKAGE...]    default: those of packages.list
#
# PACKAGES_SECONDS (600) is what one build may take, PACKAGES_KEEP=1 keeps the
# audit logs. Results are below ./packages. Audit is held until PACKAGES_HOLD
# (240) seconds have passed, then others have their turn. Build dependencies stay
# installed; nothing is removed for them.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
build=$PWD
work=$build/packages
account=aueql-build
hold=${PACKAGES_HOLD:-240}
live_rules=$top/rules.d/detect
live_logs=999
. "$top/packaging/live.sh"
. "$top/packaging/deps.sh"

skip() {
	echo "SKIP: $1"
	exit 77
}

# apt with sources of its own: what the system has of Debian, and their sources
apt_own() { # TOOL ARGUMENT...
	tool=$1
	shift
	"$tool" -q -o Dir::Etc::sourcelist="$work/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null \
		-o Dir::State::lists="$work/lists" "$@"
}

apt_prepare() {
	mkdir -p "$work/lists/partial" "$work/sources"
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Created-By: Packages' 'Origin: Debian' | sort -u |
		sed 'h;s/^/deb /p;g;s/^/deb-src /' >"$work/sources.list"
	[ -s "$work/sources.list" ] || skip "apt has no sources of Debian"
	apt_own apt-get update
	deps_denied apt-get install -q -y --no-install-recommends \
		build-essential fakeroot jq
}

# A package and what it needs; 1 where something would have to go for that, or
# the mirror has not all of it.
fetch() { # PACKAGE
	(cd "$work/sources" &&
		apt_own apt-get --download-only --only-source source "$1") &&
		deps_denied apt_own apt-get -y --no-remove --no-install-recommends \
			build-dep "$1"
}

# The build, as from a login of the account; all it leaves running is killed.
compile() { # PACKAGE
	# shellcheck disable=SC2016
	run='set -e
		dpkg-source -x "$1" tree
		cd tree
		dpkg-buildpackage -b -uc -us'
	(
		cd "$tree" || exit 1
		echo "$uid" >/proc/self/loginuid
		exec ip netns exec "$live_netns" \
			timeout -k 9 "${PACKAGES_SECONDS:-600}" \
			unshare --pid --fork --kill-child --mount-proc \
			setpriv --reuid $account --regid $account --init-groups \
			env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin LANG=C.UTF-8 \
			HOME="$tree" DEB_BUILD_OPTIONS=parallel=2 \
			sh -c "$run" sh "$work/sources/$1"_*.dsc
	) >"$out/build.log" 2>&1 9>&-
}

kernel() { # NAME: a figure of audit in the kernel
	auditctl -s | sed -n "s/^$1 //p"
}

figure() { # NAME: a figure of the plugin
	sed -n "s/^audisp_eql_$1 //p" "$out/status"
}

# What was audited is in the log, and the plugin has told of it.
settle() {
	auditctl -m "the end of $out" >/dev/null
	live_wait 120 grep -qs "the end of $out" "$out/audit/audit.log" \
		"$out/audit/audit.log.1"
	sleep 2
	keeper=$(pgrep -P "$live_auditd" audisp-eql)
	worker=$(pgrep -P "$keeper")
	rm -f "$out/status"
	kill -USR1 "$keeper"
	live_wait 30 test -s "$out/status"
}

# System calls of the account, and all events of the host: others may run on it.
measure() { # PACKAGE RESULT SECONDS LOST-BEFORE
	settle
	peak=$(sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' \
		"/proc/$worker/status")
	echo "$1 $2 $3 $(cat "$out"/audit/audit.log* |
		grep -c "^type=SYSCALL.* auid=$uid ")" \
		"$(figure audit_events_total)" \
		"$(figure dropped_records_total)/$(figure incomplete_events_total)" \
		"$(($(kernel lost) - $4))" "$peak" \
		"$(grep -c 'starting another' "$out/syslog")"
}

# How often: rule, mode, program as it was called, where to, what it was born as.
explain() { # PACKAGE
	jq -r --arg auid "$uid" \
		'select(.rule and .rule.ruleset != "built-in") |
		select(.user.audit.id == $auid or .user.audit.id == null) |
		[(.rule.ruleset | rtrimstr(".toml")),
		(if .event.kind == "alert" then "alert" else "observed" end),
		.process.executable, .destination.ip // "-",
		.process.origin.kind // "-", .process.origin.path // "-"] |
		@tsv' "$out/alerts.ndjson" 2>/dev/null | sed "s|$tree/||g" |
		sort | uniq -c | sed "s|^|$1 |"
}

run_package() { # PACKAGE
	out=$work/$1
	rm -rf "$out"
	install -d "$out"
	tree=$(mktemp -d)
	chown $account:$account "$tree"
	live_start "$build" "$out" || {
		echo "$1 no-audit" >"$work/row"
		live_stop
		return
	}
	lost=$(kernel lost) start=$SECONDS result=built
	compile "$1" || result=failed
	measure "$1" $result $((SECONDS - start)) "$lost" >"$work/row"
	live_stop
	explain "$1" >"$out/explain"
	rm -rf "$tree"
	[ -n "${PACKAGES_KEEP:-}" ] || rm -f "$out"/audit/audit.log*
}

command -v apt-get >/dev/null || skip "not Debian"
# another test may hold audit for the moment
reason=$(live_wait_for_others && live_possible) || skip "$reason"
[ $# -gt 0 ] || {
	# shellcheck disable=SC2046
	set -- $(grep -v '^#' "$top/tests/packages.list")
}
apt_prepare >"$build/packages.log" 2>&1
useradd -M -U -d /nonexistent -s /bin/sh $account 2>/dev/null
uid=$(id -u $account) || skip "no account to build with"
trap 'live_stop; rm -rf "${tree:-}"; userdel $account 2>/dev/null' EXIT
trap 'exit 1' HUP INT TERM
echo "package result seconds events of-the-host dropped/incomplete lost" \
	"peak-KiB restarts" | tee "$work/table"
for package; do
	if fetch "$package" >>"$build/packages.log" 2>&1; then
		list="${list:-} $package"
	else
		echo "$package not-fetched" | tee -a "$work/table"
	fi
done
for package in ${list:-}; do
	live_take
	run_package "$package"
	tee -a "$work/table" <"$work/row"
	[ $((SECONDS - live_taken)) -lt "$hold" ] || live_give
done
[ -z "${live_taken:-}" ] || live_give
echo
echo "alerts: package, how often, rule, mode, program, destination, origin, linked as"
cat "$work"/*/explain | tee "$work/alerts"
built=$(grep -c ' built ' "$work/table")
bad=$(awk '$2 == "built" || $2 == "failed" { n += $7 + $9 } END { print n + 0 }' \
	"$work/table")
echo "$built of $# built, $bad records lost or workers restarted," \
	"$(awk '$4 == "alert" { n += $2 } END { print n + 0 }' "$work/alerts") alerts"
[ "$built" -gt 0 ] && [ "$bad" = 0 ]
