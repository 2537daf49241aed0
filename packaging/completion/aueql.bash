# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion of aueql for bash. Commands, options and the values of options are
# what its own --help says, so that nothing is to be kept in step here.

_aueql_help() { # PROGRAM [COMMAND]
	PATH=$PATH:/usr/sbin command "$@" --help 2>/dev/null
}

_aueql() {
	local program=$1 current=$2 previous=$3 words=''
	local times='now recent this-hour today yesterday this-week week-ago
		this-month this-year'

	COMPREPLY=()
	# --option=value comes in three words
	[ "$current" != = ] || current=''
	[ "$previous" != = ] || previous=${COMP_WORDS[COMP_CWORD - 2]}
	if [ "$COMP_CWORD" -eq 1 ]; then
		words=$(_aueql_help "$program" |
			sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
		words="$words --help --version"
	elif [[ $previous == --start || $previous == --end ]]; then
		words=$times
	elif [[ $previous == --* ]]; then
		words=$(_aueql_help "$program" "${COMP_WORDS[1]}" |
			sed -n "s/.*\[$previous \([a-z]*|[a-z|]*\)\].*/\1/p" |
			tr '|' ' ')
	fi
	if [[ -z $words && $current == -* ]]; then
		words=$(_aueql_help "$program" "${COMP_WORDS[1]}" |
			sed -n 's/^ *\(-[a-zA-Z]\), --/\1 --/; s/^ *\(-.*--[a-z-]*\).*/\1/p; s/^ *\(--[a-z-]*\).*/\1/p')
	fi
	if [ -z "$words" ]; then
		compopt -o default 2>/dev/null
		return
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _aueql aueql
