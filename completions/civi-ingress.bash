# Completion of civi-ingress in bash 3.2 or later: the program itself says what can follow.

_civi_ingress() {
    local program=$1 current=$2 prefix="" directive=0 glued="" index word line
    local -a words
    words=()
    # Readline takes words apart at `=` and `:`; the program gets them as they were typed.
    for ((index = 1; index <= COMP_CWORD; index++)); do
        word=${COMP_WORDS[index]}
        if [[ ${#words[@]} -gt 0 && ($glued || $word == [=:]) ]]; then
            words[${#words[@]} - 1]+=$word
        else
            words+=("$word")
        fi
        [[ $word == [=:] ]] && glued=yes || glued=""
    done
    # Who has taken `=` out of COMP_WORDBREAKS completes the option with its value.
    [[ $current == --*=* ]] && prefix=${current%%=*}=

    COMPREPLY=()
    while IFS= read -r line; do
        if [[ $line == :* ]]; then
            directive=${line#:}
        else
            COMPREPLY+=("$prefix${line%%$'\t'*}")
        fi
    done < <("$program" __complete "${words[@]}" 2>/dev/null)

    # Where there is no candidate, readline offers paths, unless it is told otherwise here.
    case $directive in
        4) compopt +o default +o bashdefault ;;
        16) compopt +o default +o bashdefault -o dirnames ;;
    esac 2>/dev/null
}

complete -o bashdefault -o default -F _civi_ingress civi-ingress
