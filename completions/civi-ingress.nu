# Completion of civi-ingress in nushell 0.108 or later: the program itself says what can follow.

def "nu-complete civi-ingress" [words: list<string>] {
    let answer = (^civi-ingress __complete ...($words | skip 1) | complete | get stdout | lines)
    let candidates = ($answer | where {|line| not ($line | str starts-with ':') })
    if ($candidates | is-empty) and ($answer | last) != ':4' {
        return null # nushell then offers paths
    }
    let prefix = ($words | last | parse -r '^(?<option>--[^=]*=)' | get -o 0.option | default '')
    $candidates | each {|line|
        let parts = ($line | split row -n 2 "\t")
        {value: ($prefix + $parts.0), description: ($parts | get -o 1 | default '')}
    }
}

@complete "nu-complete civi-ingress"
extern civi-ingress []
