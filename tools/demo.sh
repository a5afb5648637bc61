# shellcheck shell=bash
# Sourced by ./dev: the demo (serve a folder, crawl it) and its comparison with the known truth.

# shellcheck disable=SC2154 # demo_package is set by tools/packages.sh
demo_site=build/corpus/$demo_package/usr/share/doc/python3.11/html
demo_preset=${BRAID_DEMO_PRESET:-release}
crawl=build/$demo_preset/samples/crawl/crawl
own_server=("build/$demo_preset/samples/serve/serve" --port 0)
results=build/demo

unpack_demo_site() { unpack_package "$demo_package" "build/corpus/$demo_package"; }

server_pid=

stop_server() {
    [[ -n $server_pid ]] || return 0
    kill "$server_pid" 2>/dev/null || true # it may have ended by itself
    wait "$server_pid" 2>/dev/null || true
    server_pid=
}

# start_server FOLDER SERVER...: sets site_url. The server has a session of its own, so that Ctrl-C reaches the crawler alone and
# what is in flight can be finished; it is stopped when this shell ends, however it ends.
start_server() {
    local folder=$1 line
    trap stop_server EXIT
    exec {server_output}< <(exec setsid "${@:2}" --root "$folder")
    server_pid=$!
    # The server says where it is once it listens.
    read -r -t 60 -u "$server_output" line || die "the server of $folder did not start"
    site_url=${line##* }
    [[ $site_url == http://127.0.0.1:*/ ]] || die "the server of $folder said \"$line\" instead of where it is"
}

build_demo() {
    require_packages "${build_packages[@]}"
    build "$demo_preset" crawl serve
    mkdir -p "$results"
}

command_demo() {
    local what=
    if (($#)) && [[ $1 != -- ]]; then
        what=$1
        shift
    fi
    if (($#)); then
        [[ $1 == -- ]] || die_usage "demo: options of the crawler go after --"
        shift
    fi

    local folder=
    case $what in
        '') folder=/usr/share/doc/python3.11/html ;;
        http://* | https://*) ;;
        *) [[ -d $what ]] || die "demo: neither a URL nor a folder: $what"
            folder=$what ;;
    esac
    build_demo
    if [[ -z $what && ! -f $folder/index.html ]]; then
        unpack_demo_site
        folder=$demo_site
    fi

    site_url=$what
    if [[ -n $folder ]]; then
        start_server "$folder" "${own_server[@]}"
        set -- --allow-private "$@" # the server is on loopback
    fi
    note "crawling $site_url${folder:+ (serving $folder)}"
    rm -f "$results"/crawl.db*
    local status=0
    "$crawl" "$site_url" --output "$results/crawl.db" "$@" || status=$?
    note "the result is in $results/crawl.db"
    return "$status"
}

# Each of these makes one run and ends with 0 if it found what is known to be there.

# check_crawl RUN TRUTH [WRAPPER...]: of the server that was started; in the foreground, so that Ctrl-C ends it.
check_crawl() {
    local result=$results/check-$1.db log=$results/check-$1.log truth=$2
    rm -f "$result"*
    if ! timeout --foreground 300 "${@:3}" "$crawl" "$site_url" --output "$result" --quiet --allow-private >"$log" 2>&1; then
        printf 'the crawl failed:\n'
        cat "$log"
        return 1
    fi
    sed -n 's/^kill_workers: //p' "$log"
    python3 tests/crawl/compare_with_truth.py "$result" "$site_url" "$truth"
}

# check_killed_crawl FOLDER TRUTH SERVER...: the one who kills the crawler has to know what it asked the server for.
check_killed_crawl() {
    python3 tests/crawl/kill_crawler.py "$crawl" --site "$1" --truth "$2" -- "${@:3}"
}

command_check_demo() {
    local runs=1 kill='' server=("${own_server[@]}") site=$demo_package argument run failed=0 folder truth
    for argument; do
        case $argument in
            --kill-workers | --kill-crawler)
                [[ -z $kill || $kill == "$argument" ]] || die_usage "check-demo: $kill and $argument exclude each other"
                kill=$argument ;;
            --nginx) server=(python3 tools/serve_with_nginx.py) ;;
            python3.11-doc | sqlite3-doc) site=$argument ;;
            [1-9]*) runs=$argument ;;
            *) die_usage "check-demo: unexpected argument: $argument" ;;
        esac
    done
    require_packages "${script_packages[@]}"
    [[ ${server[0]} != python3 ]] || require_packages nginx-light
    build_demo
    # Always the unpacked package: installed, its links to other packages would resolve, and fewer targets be broken.
    unpack_package "$site" "build/corpus/$site"
    case $site in
        python3.11-doc) folder=$demo_site ;;
        *) folder=build/corpus/$site/usr/share/doc/sqlite3 ;;
    esac
    truth=tests/crawl/data/$site
    [[ $kill == --kill-crawler ]] || start_server "$folder" "${server[@]}"
    for ((run = 1; run <= runs; run++)); do
        printf 'run %d of %d: ' "$run" "$runs"
        case $kill in
            --kill-crawler) check_killed_crawl "$folder" "$truth" "${server[@]}" ;;
            --kill-workers) check_crawl "$run" "$truth" python3 tests/crawl/kill_workers.py --every 0.5 -- ;;
            *) check_crawl "$run" "$truth" ;;
        esac || failed=$((failed + 1))
    done
    ((failed == 0)) || die "check-demo: $failed of $runs runs differ from the truth"
    echo "$runs of $runs runs equal the truth"
}
