#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What bash, zsh and fish offer behind aueql: each command that its --help names,
# each option and value that the command's does; and that these fit a screen of 80
# columns and 24 lines. A shell that is not there is not asked.
set -u
top=$(cd "${srcdir:-.}" && pwd)
scripts=$top/packaging/completion
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
bad=0
PATH=$PWD:$PATH
LC_ALL=C.UTF-8
export PATH LC_ALL

fail() {
	echo "$*"
	bad=1
}

# --- what must be offered, read otherwise than the scripts do
aueql --help | awk '/^Commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }' \
	>"$work/commands"
[ -s "$work/commands" ] || fail "--help names no command"

named_options() { # COMMAND
	aueql "$1" --help | sed 's/ausearch --raw//' |
		tr ' ,[]|' '\n\n\n\n\n' | grep '^--[a-z]' | sort -u
}

# the words of --format, as the command names them when it is asked for another
named_formats() { # COMMAND
	aueql "$1" --help | tr '[]' '\n\n' | sed -n 's/^--format //p' |
		tr '|' '\n' | sort -u
}

fits() { # WHAT
	awk -v what="$1" 'length($0) > 80 { print what ": wider than 80: " $0; bad = 1 }
		END { if (NR > 24) { print what ": " NR " lines"; bad = 1 }; exit bad }'
}

# --- each shell: what it offers behind words, one a line
offered_by_bash() { # WORD...; the last is what is begun
	bash -c '
		. "$0/aueql.bash" || exit 9
		compopt() { :; }
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_aueql aueql "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
		printf "%s\n" "${COMPREPLY[@]}"' "$scripts" "$@"
}

offered_by_zsh() {
	zsh -f -c '
		_describe() { print -rl -- ${${(P)@[-1]}%%:*}; }
		_files() { :; }
		script=$1; shift
		words=("$@") CURRENT=$#
		source $script' zsh "$scripts/_aueql" "$@"
}

offered_by_fish() {
	fish --no-config -c '
		source $argv[1]/aueql.fish
		complete -C (string join " " -- $argv[2..-1])' "$scripts" "$@" |
		cut -f 1
}

offers() { # SHELL FILE WORD...: each line of FILE
	shell=$1 wanted=$2
	shift 2
	"offered_by_$shell" "$@" 2>"$work/err" | sort -u >"$work/got"
	! grep . "$work/err" || fail "$shell complains about: $*"
	sort -u "$wanted" | comm -23 - "$work/got" >"$work/lacking"
	[ ! -s "$work/lacking" ] ||
		fail "$shell: '$*' lacks $(tr '\n' ' ' <"$work/lacking")"
}

printf '%s\n' now recent this-hour today yesterday this-week week-ago this-month \
	this-year >"$work/times"
while read -r time; do
	aueql events --start "$time" /dev/null 2>&1 | grep -q 'no time for' &&
		fail "--start does not take '$time'"
done <"$work/times"

aueql --help | fits "aueql --help" || bad=1
while read -r command; do
	aueql "$command" --help | fits "aueql $command --help" || bad=1
done <"$work/commands"

for shell in bash zsh fish; do
	command -v $shell >/dev/null || {
		echo "no $shell: not asked"
		continue
	}
	offers $shell "$work/commands" aueql ''
	printf '%s\n' --help --version >"$work/options"
	offers $shell "$work/options" aueql -
	while read -r command; do
		named_options "$command" >"$work/options"
		grep -q '^--help$' "$work/options" ||
			fail "aueql $command --help does not name --help"
		offers $shell "$work/options" aueql "$command" --
		named_formats "$command" >"$work/formats"
		offers $shell "$work/formats" aueql "$command" --format ''
		# as bash has --format= in hand
		[ $shell != bash ] ||
			offers bash "$work/formats" aueql "$command" --format =
		! grep -q '^--start$' "$work/options" ||
			offers $shell "$work/times" aueql "$command" --start ''
	done <"$work/commands"
done

[ $bad = 0 ] && echo "completion: as --help has it"
exit $bad
