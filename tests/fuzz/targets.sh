# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Sourced at the top of the tree: the fuzz targets, the directories each begins
# from, the words it is told, and the files it is about.

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

subjects() { # TARGET
	case $1 in
	auditd) echo plugin/aueql/auditd_conf.c plugin/node.c ;;
	config) echo plugin/config.c plugin/output/redact.c ;;
	ecs) echo plugin/aueql/ecs.c ;;
	engine) echo plugin/engine/match.c plugin/engine/sequence.c \
		plugin/engine/partial.c ;;
	eql) echo plugin/eql/lexer.c plugin/eql/parser.c plugin/eql/check.c ;;
	ndjson) echo plugin/rules/ndjson.c ;;
	normalize) echo plugin/record.c plugin/normalize/*.c ;;
	override) echo plugin/rules/override.c ;;
	pred) echo plugin/eql/pred.c plugin/eql/functions.c \
		plugin/eql/match.c plugin/eql/regex.c plugin/eql/wildcard.c ;;
	rulefile) echo plugin/rules/rulefile.c ;;
	sensor) echo plugin/sensor.c ;;
	sieve) echo plugin/sieve.c plugin/streams.c ;;
	skip) echo plugin/normalize/glance.c plugin/eql/demand.c ;;
	stanza) echo plugin/aueql/check_stanza.c ;;
	state) echo plugin/state.c plugin/engine/save.c \
		plugin/normalize/proctable_save.c plugin/normalize/provenance.c ;;
	status) echo plugin/aueql/status_file.c plugin/aueql/status.c ;;
	timeline) echo plugin/aueql/timeline_*.c ;;
	toml) echo plugin/rules/toml.c ;;
	esac
}
