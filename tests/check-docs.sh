#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is written about the programs against the programs: commands and options
# of --help in aueql(8) and the other way round; keys of configuration and
# overrides, built-in rules and metrics; links and paths in the texts; and the
# examples of the manual, which must run. A block of examples is marked by the
# row before it:
#
#   .\" tested as: command    each is run by a shell: a capture for auditd's log
#   .\" tested as: conf       a configuration is tried with it
#   .\" tested as: override   in overrides.d, over the shipped rules
#   .\" tested as: rule       must compile in full
set -u
top=$(cd "${srcdir:-.}" && pwd)
build=$PWD
man=$top/plugin/man
bad=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

wrong() {
	echo "$*"
	bad=1
}

# As text: without the escapes of roff.
plain() { sed -e 's/\\-/-/g' -e 's/\\f[BIRP]//g' -e "s/\\\\(aq/'/g" "$@"; }

# Words of one list that the other lacks.
lacking() { # LIST OTHER
	sort -u "$1" | comm -23 - <(sort -u "$2")
}

# What aueql(8) says of a command: its row of the synopsis, and its paragraph.
of_command() {
	plain "$man/aueql.8" | awk -v name="$1" '
		/^\.SH/ { synopsis = $2 == "SYNOPSIS" }
		synopsis && $1 == "aueql" && $2 == name { print; next }
		/^\.TP$/ { title = 1; next }
		title { told = $0 == ".B " name; title = 0 }
		/^\.(PP|SH|SS)/ { told = 0 }
		told'
}

# Those of other programs, such as ausearch --raw, are not asked for.
options_in() { sed 's/ausearch --[a-z]*//g' | grep -oE -e '--[a-z][a-z-]*[a-z]' | sort -u; }

./aueql --help >"$work/help" || wrong "aueql --help fails"
sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' "$work/help" >"$work/commands"
[ "$(wc -l <"$work/commands")" -ge 8 ] || wrong "aueql --help names no commands"
while read -r command; do
	./aueql "$command" --help >"$work/help.$command" || {
		wrong "aueql $command --help fails"
		continue
	}
	[ "$(wc -l <"$work/help.$command")" -le 24 ] ||
		wrong "aueql $command --help does not fit a screen"
	[ "$(wc -L <"$work/help.$command")" -le 80 ] ||
		wrong "aueql $command --help is wider than 80 columns"
	options_in <"$work/help.$command" | grep -vx -e --help >"$work/said"
	of_command "$command" | options_in | grep -vx -e --help >"$work/told"
	[ -n "$(of_command "$command")" ] || wrong "aueql(8) has no $command"
	for option in $(lacking "$work/said" "$work/told"); do
		wrong "aueql(8) does not tell of $command $option"
	done
	for option in $(lacking "$work/told" "$work/said"); do
		wrong "aueql(8) tells of $command $option, --help does not"
	done
done <"$work/commands"

# Keys of the configuration, in the manual's table, its text and the file shipped.
sed -n 's/^\tKEY("\([a-z_]*\)".*/\1/p' "$top/plugin/config.c" >"$work/keys"
[ -s "$work/keys" ] || wrong "no keys found in config.c"
sed -n '/^\.TS/,/^\.TE/s/^\([a-z][a-z_]*\)\t.*/\1/p' "$man/audisp-eql.conf.5" |
	grep -vx key >"$work/table"
sed -n '/^\.SH KEYS/,/^\.SH EX/s/^\.B \([a-z_]*\)$/\1/p' \
	"$man/audisp-eql.conf.5" >"$work/text"
sed -n 's/^#\{0,1\}\([a-z_]*\) =.*/\1/p' "$top/packaging/audisp-eql.conf" \
	>"$work/file"
for list in table text file; do
	for key in $(lacking "$work/keys" "$work/$list"); do
		wrong "key $key is not in the $list (audisp-eql.conf)"
	done
done
for key in $(lacking "$work/table" "$work/keys") \
	$(lacking "$work/file" "$work/keys"); do
	wrong "there is no key $key"
done

# Keys of overrides, built-in rules.
sed -n 's/.*{ "\([a-z_]*\)", take_.*/\1/p' "$top/plugin/rules/override.c" |
	grep -vx -e rule_id -e exceptions >"$work/keys"
[ -s "$work/keys" ] || wrong "no keys found in override.c"
for key in $(cat "$work/keys"); do
	grep -qE "^\.BR? .*\b$key\b" "$man/audisp-eql-rules.7" ||
		wrong "audisp-eql-rules(7) does not tell of $key"
done
sed -n 's/^BUILTIN([A-Z_]*, "\([a-z_]*\)".*/\1/p' \
	"$top/include/audisp-eql/builtins.def" >"$work/builtins"
[ -s "$work/builtins" ] || wrong "no rules found in builtins.def"
for name in $(cat "$work/builtins"); do
	grep -q "\b$name\b" "$man/audisp-eql.8" ||
		wrong "audisp-eql(8) does not tell of $name"
done

# What a text calls a metric is one.
texts=("$top"/*.md "$top"/*/README.md "$top/NEWS" "$man"/*.[578])
grep -ohE 'audisp_eql_[a-z_]+_(total|seconds|bytes)\b' "${texts[@]}" \
	"$top"/packaging -r | sort -u |
	while read -r metric; do
		grep -rqE "${metric#audisp_eql_}" "$top/plugin" \
			"$top/packaging/prometheus" --include='*.[ch]' \
			--include=audisp-eql-numbers ||
			echo "$metric"
	done >"$work/metrics"
for metric in $(cat "$work/metrics"); do
	wrong "there is no metric $metric"
done

# Links and paths.
for text in "$top"/*.md "$top"/*/README.md "$top"/*/*/README.md; do
	case $text in *'/*'*) continue ;; esac
	here=$(dirname "$text")
	grep -oE '\]\([^)#]+' "$text" | sed 's/^](//' |
		grep -vE '^[a-z]+:' >"$work/links"
	# in code, what begins with one of our directories and names no example
	grep -oE '`(tests|plugin|packaging|include|rules\.d)/[a-z0-9_./*-]+`' \
		"$text" | tr -d '`' >>"$work/links"
	while read -r link; do
		compgen -G "$here/$link" >/dev/null ||
			compgen -G "$top/$link" >/dev/null ||
			wrong "${text#"$top/"}: there is no $link"
	done <"$work/links"
done

# A reference to one of our pages names a page.
pages=$(cd "$man" && echo ./*.[578])
grep -ohE '\b(aueql|audisp-eql[a-z.-]*)( \(|\()[1-9]\)' <(plain "${texts[@]}") |
	tr -d ' ()' | sort -u >"$work/references"
while read -r reference; do
	page=${reference%?}.${reference: -1}
	[[ " $pages " == *" ./$page "* ]] || wrong "there is no page $page"
done <"$work/references"

if command -v groff >/dev/null; then
	for page in "$man"/*.[578]; do
		groff -man -t -ww -Tutf8 -rLL=80n "$page" 2>&1 >/dev/null |
			sed "s|^|${page##*/}: |"
	done >"$work/groff"
	[ ! -s "$work/groff" ] || wrong "$(cat "$work/groff")"
else
	echo "SKIP: no groff, whose warnings are not looked at"
fi

# The examples, each block a file NAME.NUMBER.KIND.
for page in "$man"/*.[578]; do
	plain "$page" | awk -v out="$work/${page##*/}" '
		/^\.\\" tested as: / { kind = $NF; next }
		/^\.EX/ { if (!kind) { print "an example that is not marked: " NR }
			file = out "." ++n "." kind ".example"; next }
		/^\.EE/ { file = kind = ""; next }
		file { print >file }'
done >"$work/unmarked"
[ ! -s "$work/unmarked" ] || wrong "$(cat "$work/unmarked")"

log=$top/tests/corpus/gcc-o/plugin.log
shipped=$top/rules.d/detect
mkdir "$work/bin" "$work/own-rules" "$work/conf" "$work/conf/overrides.d"
ln -s "$build/aueql" "$work/bin/aueql"
cp "$shipped/network_after_birth.toml" "$work/own-rules/own.toml"
sed -i 's/^rule_id = .*/rule_id = "own"/' "$work/own-rules/own.toml"
ran=0
for example in "$work"/*.example; do
	kind=${example%.example}
	kind=${kind##*.}
	name=${example##*/}
	case $kind in
	command)
		sed -e "s|/var/log/audit/audit.log|$log|g" \
			-e "s|/usr/share/audisp-eql/rules.d|$shipped|g" \
			"$example" >"$work/script"
		(cd "$work" && PATH=$work/bin:$PATH bash -e -o pipefail script) \
			>"$work/out" 2>&1 ||
			wrong "$name: fails: $(cat "$work/out")"
		;;
	conf)
		mkdir -p "$work/rules"
		sed -e "s|^rules = .*|rules = $work/rules|" "$example" \
			>"$work/tried.conf"
		grep -q '^rules' "$work/tried.conf" ||
			echo "rules = $work/rules" >>"$work/tried.conf"
		cp "$work/own-rules/own.toml" "$work/rules/"
		"$build/aueql" rules -c "$work/tried.conf" >/dev/null \
			2>"$work/out" && [ ! -s "$work/out" ] ||
			wrong "$name: $(cat "$work/out")"
		;;
	override)
		cp "$example" "$work/conf/overrides.d/example.toml"
		echo "rules = $shipped" >"$work/conf/audisp-eql.conf"
		# its rule_id and stage are made up: of the published logic here
		id=$(sed -n 's/^rule_id = "\(.*\)"/\1/p' \
			"$shipped/network_after_compile.toml")
		sed -i "s/^rule_id = .*/rule_id = \"$id\"/" \
			"$work/conf/overrides.d/example.toml"
		"$build/aueql" rules -c "$work/conf/audisp-eql.conf" >/dev/null \
			2>"$work/out" && [ ! -s "$work/out" ] ||
			wrong "$name: $(cat "$work/out")"
		;;
	rule)
		cp "$example" "$work/example.toml"
		"$build/aueql" rules --format json "$work/example.toml" \
			>"$work/out" 2>&1
		grep -q '"status":"full"' "$work/out" ||
			wrong "$name: $(cat "$work/out")"
		;;
	*) wrong "$name: nobody knows how to test '$kind'" ;;
	esac
	ran=$((ran + 1))
done
[ $ran -ge 8 ] || wrong "only $ran examples found"
[ $bad = 0 ] && echo "docs: $(wc -l <"$work/commands") commands, $ran examples"
exit $bad
