# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Sourced at the top of the tree: the fuzz targets, and the directories each
# begins from.

targets="config eql ndjson normalize sensor sieve skip timeline toml"

seeds() { # TARGET
	[ ! -d "tests/fuzz/corpus/$1" ] || echo "tests/fuzz/corpus/$1"
	case $1 in
	config) echo tests/cases/config packaging ;;
	normalize | sieve | skip) echo tests/cases/normalize tests/corpus/gcc-o ;;
	sensor) echo tests/cases/sensor ;;
	ndjson) echo tests/rules ;;
	timeline) echo tests/cases/timeline ;;
	toml) echo rules.d/detect tests/rules ;;
	esac
}
