# Completion of civi-ingress in fish: the program itself says what can follow.

function __civi_ingress_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l answer ($words[1] __complete $words[2..] "$current" 2>/dev/null)
    set -l directive $answer[-1]
    set -e answer[-1]
    # Of `--option=value` the program completes the value, and fish the whole word.
    set -l prefix (string match -r -- '^--[^=]*=' "$current")
    set -l value (string replace -r -- '^--[^=]*=' '' "$current")
    if set -q answer[1]
        printf "$prefix%s\n" $answer
    else if test "$directive" = :0
        printf "$prefix%s\n" (__fish_complete_path "$value")
    else if test "$directive" = :16
        printf "$prefix%s\n" (__fish_complete_directories "$value" "")
    end
end

complete -c civi-ingress -f -a '(__civi_ingress_complete)'
