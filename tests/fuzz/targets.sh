# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Sourced at the top of the tree: the fuzz targets, the directories each begins
# from, and the words it is told.

targets="auditd config ecs engine eql ndjson normalize override pred rulefile sensor
	sieve skip stanza state status timeline toml"

seeds() { # TARGET
	[ ! -d "tests/fuzz/corpus/$1" ] || echo "tests/fuzz/corpus/$1"
	case $1 in
	config) echo tests/cases/config packaging ;;
	stanza) echo packaging/auditd ;;
	normalize | sieve | skip) echo tests/cases/normalize tests/corpus/gcc-o ;;
	sensor) echo tests/cases/sensor ;;
	ndjson) echo tests/rules ;;
	timeline) echo tests/cases/timeline ;;
	rulefile | toml) echo rules.d/detect tests/rules ;;
	esac
}

dictionary() { # TARGET
	case $1 in
	pred) echo tests/fuzz/eql.dict ;;
	*) [ ! -f "tests/fuzz/$1.dict" ] || echo "tests/fuzz/$1.dict" ;;
	esac
}
