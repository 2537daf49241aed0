#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What aueql reads logs from: compressed ones give what the plain one gives; one
# that is damaged, cut off or endless, a directory, or nothing ends with exit 1 and a
# word that helps.
set -u
top=${srcdir:-.}
log=$top/tests/corpus/gcc-o/plugin.log
rule=$top/rules.d/detect/network_after_compile.toml
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
bad=0

fail() {
	echo "$*"
	bad=1
}

replay() { # FILE... ; the alerts are $work/out, words $work/err, the code $code
	./aueql replay -r "$rule" "$@" >"$work/out" 2>"$work/err"
	code=$?
}

refused() { # TEXT
	[ "$code" = 1 ] || fail "exit $code where 1 is wanted: $1"
	grep -qF -e "$1" "$work/err" ||
		fail "not '$1' but $(cat "$work/err")"
}

replay "$log"
cp "$work/out" "$work/want"
[ -s "$work/want" ] || fail "no alert at all"

for how in gzip.gz xz.xz zstd.zst bzip2.bz2; do
	program=${how%.*} packed=$work/log.${how#*.}
	command -v "$program" >/dev/null || {
		echo "no $program: not tried"
		continue
	}
	"$program" -c <"$log" >"$packed"
	# by what it holds, whatever it is called
	cp "$packed" "$work/renamed"
	for file in "$packed" "$work/renamed"; do
		replay "$file"
		[ "$code" = 0 ] || fail "$program: exit $code"
		diff "$work/want" "$work/out" || fail "$program: other alerts"
	done
	./aueql replay -r "$rule" - <"$packed" 2>/dev/null |
		diff "$work/want" - || fail "$program: other alerts from stdin"
	for command in events eql explain; do
		case $command in
		events) set -- events ;;
		eql) set -- eql 'any where true' ;;
		explain) set -- explain "$rule" ;;
		esac
		./aueql "$@" "$log" >"$work/plain" 2>/dev/null
		./aueql "$@" "$packed" 2>/dev/null | cmp - "$work/plain" ||
			fail "$program: another answer of $1"
	done
	./aueql events "$log" | "$program" -c >"$work/events"
	./aueql replay --ecs -r "$rule" "$work/events" 2>/dev/null | wc -l |
		grep -qx 1 || fail "$program: not one alert of ECS documents"
	# from a pipe it cannot be given on
	code=0
	cat "$packed" | ./aueql replay -r "$rule" - >"$work/out" 2>"$work/err" ||
		code=$?
	refused "standard input: is compressed: unpack it before, by '$program -cd |'"
	head -c $(($(wc -c <"$packed") / 2)) "$packed" >"$work/cut"
	replay "$work/cut"
	refused 'cut: '
	refused 'failed (exit status'
	# what can be read is, and the next file, too
	replay "$work/cut" "$log"
	[ "$code" = 1 ] || fail "$program: exit $code with a file that is cut off"
	diff "$work/want" "$work/out" || fail "$program: takes the next file with it"
	{
		head -c 24 "$packed"
		head -c 4000 /dev/zero
	} >"$work/damaged"
	replay "$work/damaged"
	refused 'failed (exit status'
done

# auditd's own logs, of which the older ones have been compressed since
if [ -d /var/log/audit ] && unshare -m true 2>/dev/null; then
	# shellcheck disable=SC2016
	unshare -m sh -c 'mount -t tmpfs none /var/log/audit || exit 9
		lines=$(wc -l <"$1")
		head -n $((lines / 3)) "$1" | gzip -c >/var/log/audit/audit.log.2.gz
		head -n $((lines * 2 / 3)) "$1" | tail -n +$((lines / 3 + 1)) \
			>/var/log/audit/audit.log.1
		tail -n +$((lines * 2 / 3 + 1)) "$1" >/var/log/audit/audit.log
		exec ./aueql replay -r "$2" 2>/dev/null' sh "$log" "$rule" \
		>"$work/out" || fail "auditd's own logs: exit $?"
	diff "$work/want" "$work/out" || fail "auditd's own logs: other alerts"
else
	echo "no mount namespace: auditd's own logs were not tried"
fi

# a hostile environment has no say, and no directory of the account's own
mkdir "$work/bin"
printf '#!/bin/sh\necho taken >&2\n' >"$work/bin/gzip"
chmod +x "$work/bin/gzip"
gzip -c <"$log" >"$work/log.gz"
PATH=$work/bin:$PATH GZIP=-t ./aueql replay -r "$rule" "$work/log.gz" \
	2>"$work/err" | diff "$work/want" - || fail "the environment has a say"
! grep -q taken "$work/err" || fail "a program of PATH was run"

# endless: nothing of it is kept. Sanitizers want all addresses.
head -c 400000000 /dev/zero | gzip -1 >"$work/bomb"
(
	grep -q __asan_init ./aueql || ulimit -v 700000
	replay "$work/bomb"
	exit $code
)
code=$?
refused 'the input holds no audit record'
# and who stops reading stops it, in the middle, without a word
cat "$top"/tests/corpus/*/plugin.log | gzip -c >"$work/big.gz"
./aueql events "$work/big.gz" "$work/big.gz" 2>"$work/err" | head -n 1 >/dev/null
! grep . "$work/err" || fail "a reader that had enough is told of"

# --start and --end: of events what the time in them says, whoever reads them
a=2026-11-24T02:14:23.000Z b=2026-11-24T02:14:23.410Z
./aueql events "$log" >"$work/events"
awk -v a=$a -v b=$b 'match($0, /"@timestamp":"[^"]*/) {
	t = substr($0, RSTART + 14, RLENGTH - 14)
	if (t >= a && t <= b) print }' "$work/events" >"$work/part"
[ -s "$work/part" ] && ! cmp -s "$work/part" "$work/events" ||
	fail "the period is not a part of the log"
./aueql events --start $a --end $b "$log" | cmp - "$work/part" ||
	fail "events: another part"
for ecs in "$log" "--ecs $work/events"; do
	# shellcheck disable=SC2086
	./aueql eql --start $a --end $b 'any where true' $ecs | wc -l |
		grep -qx "$(wc -l <"$work/part" | tr -d ' ')" ||
		fail "eql: another part of $ecs"
	# shellcheck disable=SC2086
	./aueql explain --start $a --end $b "$rule" $ecs |
		grep -q '^0 sequences begun' || fail "explain: another part of $ecs"
	# shellcheck disable=SC2086
	set -- $ecs
	# the sequence began before, or ended after
	replay --start $a "$@"
	[ "$code" = 0 ] && [ ! -s "$work/out" ] || fail "replay --start: $*"
	grep -q 'outside the time asked for' "$work/err" || fail "not told: $*"
	replay --end $b "$@"
	[ "$code" = 0 ] && [ ! -s "$work/out" ] || fail "replay --end: $*"
	replay --start 2026-11-24T02:14:22.9Z --end 2026-11-24T02:14:23.422Z "$@"
	diff "$work/want" "$work/out" || fail "replay of a period: $*"
done
# what was before teaches who made a file: the rule that asks has its answer
linked=$top/rules.d/detect/network_after_compile_linked.toml
./aueql replay -r "$linked" --start $b "$log" 2>/dev/null | wc -l |
	grep -qx 1 || fail "what was before --start is not known"

wrong() { # TEXT OPTION...
	want=$1
	shift
	./aueql events "$@" "$log" >"$work/out" 2>"$work/err"
	[ $? = 2 ] || fail "$*: not exit 2"
	grep -qF -e "$want" "$work/err" || fail "$*: $(cat "$work/err")"
	[ ! -s "$work/out" ] || fail "$*: prints nevertheless"
}

wrong "'11/24/2026' is no time for --start: write YYYY-MM-DD" --start 11/24/2026
wrong "'boot' is no time for --end: the log need not be" --end boot
wrong '--start is behind --end' --start 2026-11-24 --end 2026-11-23
./aueql events "$log" --start 2>&1 | grep -q "'--start' wants an argument" ||
	fail "--start without a time"

replay "$work"
refused 'is a directory'
replay "$work/none"
refused 'No such file or directory'
: >"$work/empty"
replay "$work/empty"
refused 'the input holds no audit record'
name=$(printf 'a\033[31m\nb')
replay "$work/$name"
refused 'a\x1b[31m\x0ab: No such file'

# a configuration counts beside named rules, too
echo 'memcap = 3' >"$work/bad.conf"
replay -c "$work/bad.conf" "$log"
refused 'bad.conf:1:10: error: not a value'
replay -c "$work/none" "$log"
refused 'cannot be read'

[ $bad = 0 ] && echo "input: all as expected"
exit $bad
