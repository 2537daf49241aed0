#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Who may include whom (plugin/README.md, "Layers"). Fails with each include
# that points upwards or sideways.
set -u
top=${srcdir:-.}
cd "$top" || exit 99

awk '
BEGIN {
	# layer -> what its files may include beside their own layer
	allow["util"] = "event"
	allow["event"] = "util"
	allow["record"] = "util event sieve"
	allow["sieve"] = "util event"
	allow["normalize"] = "util event record sieve"
	allow["rule"] = "util event"
	allow["eql"] = "util event rule"
	allow["rules"] = "util event rule eql"
	allow["engine"] = "util event rule eql"
	allow["output"] = "util event rule"
}

# The layer a path belongs to; "" where it may include everything (the
# programs, and the modules that join the layers).
function layer(path) {
	if (path ~ /limits\.h$/) return "util"
	if (path ~ /event\.h$|fields\.def$|readings\.def$|linkers\.def$|user_records\.def$|builtins\.def$|audisp-eql\/builtin\.h$|plugin\/event\.c$/) return "event"
	if (path ~ /audisp-eql\/(rule|alert)\.h$/) return "rule"
	if (path ~ /audisp-eql\/engine\.h$/) return "engine"
	if (path ~ /audisp-eql\/output\.h$/) return "output"
	if (path ~ /plugin\/record\.[ch]$/) return "record"
	if (path ~ /plugin\/(sieve|record_kinds|streams)\.[ch]$/) return "sieve"
	if (match(path, /plugin\/(util|normalize|eql|rules|engine|output)\//))
		return substr(path, RSTART + 7, RLENGTH - 8)
	return ""
}

# The tree path an #include "x" or <audisp-eql/x> of a file means.
function resolve(file, name,    dir) {
	if (name ~ /^audisp-eql\//) return "include/" name
	dir = file
	sub(/[^\/]*$/, "", dir)
	while (name ~ /^\.\.\//) {
		sub(/^\.\.\//, "", name)
		sub(/[^\/]*\/$/, "", dir)
	}
	return dir name
}

/^#[ \t]*include[ \t]*["<]/ {
	name = $0
	sub(/^#[ \t]*include[ \t]*["<]/, "", name)
	sub(/[">].*/, "", name)
	from = layer(FILENAME)
	if (name ~ /^auparse\.h$/ && FILENAME != "plugin/record.c") {
		print FILENAME ":" FNR ": only plugin/record.c may include auparse.h"
		bad = 1
	}
	if ($0 ~ /</ && name !~ /^audisp-eql\//) next
	to = layer(resolve(FILENAME, name))
	if (from == "" || to == from) next
	if (to == "" || index(" " allow[from] " ", " " to " ") == 0) {
		print FILENAME ":" FNR ": " from " may not include " \
			(to == "" ? name : to)
		bad = 1
	}
}

END { exit bad }
' $(find plugin include -name '*.[ch]' | sort) || exit 1
echo "layers: every include points down"
