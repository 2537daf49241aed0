# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of aueql for fish. Commands, options and the values of options are
# what its own --help says, so that nothing is to be kept in step here.

function __aueql_help
    set -l line (commandline -opc)
    set -lx PATH $PATH /usr/sbin
    command $line[1] $argv --help 2>/dev/null
end

function __aueql_commands
    __aueql_help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\)  *\(.*\)/\1\t\2/p'
end

function __aueql_options
    set -l line (commandline -opc)
    __aueql_help $line[2] | sed -n 's/^ *\(-[a-zA-Z], \)\{0,1\}\(--[a-z-]*\)\( [A-Z][A-Za-z=]*\)\{0,1\}  *\(.*\)/\2\t\4/p; s/^ *\(-[a-zA-Z], \)\{0,1\}\(--[a-z-]*\)\( [A-Z][A-Za-z=]*\)\{0,1\}$/\2/p'
end

# Of the option before the cursor; nothing where it has none to choose from.
function __aueql_values
    set -l line (commandline -opc)
    switch $line[-1]
        case --start --end
            printf '%s\n' now recent this-hour today yesterday this-week \
                week-ago this-month this-year
        case '--*'
            __aueql_help $line[2] |
                sed -n "s/.*\[$line[-1] \([a-z]*|[a-z|]*\)\].*/\1/p" |
                string split '|'
    end
end

function __aueql_is_first
    test (count (commandline -opc)) -eq 1
end

complete -c aueql -n __aueql_is_first -f -a '(__aueql_commands)'
complete -c aueql -n __aueql_is_first -f -l help -d 'a summary'
complete -c aueql -n __aueql_is_first -f -l version -d 'the version'
complete -c aueql -n 'not __aueql_is_first' -a '(__aueql_values)'
complete -c aueql -n 'not __aueql_is_first; and string match -q -- "-*" (commandline -ct)' -f -a '(__aueql_options)'
