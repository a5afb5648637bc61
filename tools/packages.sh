# shellcheck shell=bash disable=SC2034 # the lists are used by ./dev
# Sourced by ./dev: which Debian 12 packages each command needs, and how missing ones are installed.

build_packages=(
    g++ cmake ninja-build ccache pkgconf
    libboost1.81-dev libboost-filesystem1.81-dev libboost-json1.81-dev libboost-url1.81-dev libfmt-dev libcereal-dev doctest-dev
    zlib1g-dev libxml2-dev libsqlite3-dev libcli11-dev libssl-dev libbrotli-dev libzstd-dev libpsl-dev libicu-dev libseccomp-dev
    libtbb-dev python3
)
sanitizer_packages=("${build_packages[@]}" clang-19 libclang-rt-19-dev)
script_packages=(python3)
# Asked for in continuous integration only; tests that want them are skipped where they are absent. Another web server to
# crawl, which starts as a service when it is installed, another compiler, and another writer of archives.
ci_packages=(nginx-light clang-19 libclang-rt-19-dev wget)
process_bench_packages=(python3-joblib nodejs) # peers of the process pool
crawl_bench_packages=(nginx-light wget2 python3-scrapy python3-aiohttp python3-lxml) # a server, and peers of the crawler
format_packages=(clang-format-19)
demo_package=python3.11-doc # unpacked, not installed
large_package=cppreference-doc-en-html # the same, for the bench

# Runs a command as root: directly, or with sudo.
as_root() {
    if ((EUID == 0)); then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "need root for \"$*\", and there is no sudo: run it as root, then try again"
    fi
}

apt_install() {
    as_root apt-get update -q && as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends "$@"
}

# require_packages NAME...: asks apt only if one of them is missing.
require_packages() {
    local name missing=()
    if ! command -v dpkg-query >/dev/null; then
        note "not a Debian system: taking it that you have the equivalents of: $*"
        return
    fi
    for name in "$@"; do
        [[ $(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || missing+=("$name")
    done
    ((${#missing[@]} == 0)) && return
    note "installing from Debian: ${missing[*]}"
    quietly install-packages apt_install "${missing[@]}"
}

# unpack_package NAME FOLDER: downloads a package and unpacks it there without installing it.
unpack_package() {
    local name=$1 folder=$2 scratch=$2.partial
    [[ -d $folder ]] && return
    note "downloading $name from Debian"
    rm -rf "$scratch"
    mkdir -p "$scratch/download"
    quietly "download-$name" download_package "$name" "$scratch/download"
    dpkg-deb -x "$scratch/download/"*.deb "$scratch/root"
    mv "$scratch/root" "$folder"
    rm -rf "$scratch"
}

# The first try needs no root; it fails where apt has no package lists yet, or old ones.
download_package() (
    cd "$2" || return
    fetch=(apt-get download -q -o APT::Sandbox::User=root "$1")
    "${fetch[@]}" || { as_root apt-get update -q && "${fetch[@]}"; }
)

# What tests use of Node's packages, in continuous integration only: in build/node, at the versions of tools/node's lock file,
# without running any script of theirs.
require_node_packages() {
    local folder=build/node
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
        require_packages nodejs npm
    fi
    # npm writes the hidden file when all is there.
    if cmp -s tools/node/package-lock.json "$folder/package-lock.json" && [[ -f $folder/node_modules/.package-lock.json ]]; then
        return
    fi
    note "installing Node packages for the tests"
    mkdir -p "$folder"
    cp tools/node/package.json tools/node/package-lock.json "$folder"
    quietly install-node-packages npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund
}
