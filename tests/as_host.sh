# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Sourced: makes another host's of a capture.

# Standard input as records of the host NAME (empty: they bear no name), whose
# clock is SECONDS off, and whose serials are by SERIALS higher.
as_host() { # NAME SECONDS [SERIALS]
	awk -v name="$1" -v off="$2" -v more="${3:-0}" '
	{
		sub(/^node=[^ ]* /, "")
		start = index($0, "msg=audit(") + 10
		stop = start + index(substr($0, start), ")") - 1
		split(substr($0, start, stop - start), id, /[.:]/)
		printf "%s%s%.0f.%s:%.0f%s\n", name == "" ? "" : "node=" name " ",
			substr($0, 1, start - 1), id[1] + off, id[2],
			id[3] + more, substr($0, stop)
	}'
}
