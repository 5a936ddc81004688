# Completion of civi-ingress in nushell 0.108 or later: the program itself says what can follow.

def "nu-complete civi-ingress" [words: list<string>] {
    let answer = (^civi-ingress __complete ...($words | skip 1) | complete | get stdout | lines)
    let candidates = ($answer | where {|line| not ($line | str starts-with ':') })
    if ($candidates | is-empty) and ($answer | last) == ':0' {
        return null # nushell then offers paths
    }
    let prefix = ($words | last | parse -r '^(?<option>--[^=]*=)' | get -o 0.option | default '')
    if ($candidates | is-empty) and ($answer | last) == ':16' {
        let typed = ($words | last | str substring ($prefix | str length)..)
        return (
            try { ls ($typed + '*' | into glob) } catch { [] }
            | each {|path| $path.name + '/' }
            | where {|path| $path | path exists }
            | each {|path| if ($path =~ '\s') { $"`($prefix)($path)`" } else { $prefix + $path } }
        )
    }
    $candidates | each {|line|
        let parts = ($line | split row -n 2 "\t")
        {value: ($prefix + $parts.0), description: ($parts | get -o 1 | default '')}
    }
}

@complete "nu-complete civi-ingress"
extern civi-ingress []
