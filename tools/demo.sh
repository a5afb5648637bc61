# shellcheck shell=bash
# Sourced by ./dev: the demo (serve a folder, crawl it) and its comparison with the known truth.

# shellcheck disable=SC2154 # demo_package is set by tools/packages.sh
demo_site=build/corpus/$demo_package/usr/share/doc/python3.11/html
demo_truth=tests/crawl/data/$demo_package
demo_preset=${BRAID_DEMO_PRESET:-release}
crawl=build/$demo_preset/samples/crawl/crawl
serve=build/$demo_preset/samples/serve/serve
results=build/demo

unpack_demo_site() { unpack_package "$demo_package" "build/corpus/$demo_package"; }

server_pid=

stop_server() {
    [[ -n $server_pid ]] || return 0
    kill "$server_pid" 2>/dev/null || true # it may have ended by itself
    wait "$server_pid" 2>/dev/null || true
    server_pid=
}

# start_server FOLDER [SERVER...]: sets site_url. The server has a session of its own, so that Ctrl-C reaches the crawler alone and
# what is in flight can be finished; it is stopped when this shell ends, however it ends.
start_server() {
    local folder=$1 line server=("${@:2}")
    ((${#server[@]})) || server=("$serve" --port 0)
    trap stop_server EXIT
    exec {server_output}< <(exec setsid "${server[@]}" --root "$folder")
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
        start_server "$folder"
        set -- --allow-private "$@" # the server is on loopback
    fi
    note "crawling $site_url${folder:+ (serving $folder)}"
    rm -f "$results"/crawl.db*
    local status=0
    "$crawl" "$site_url" --output "$results/crawl.db" "$@" || status=$?
    note "the result is in $results/crawl.db"
    return "$status"
}

# crawl_for_check RESULT [WRAPPER...]: in the foreground, so that Ctrl-C ends it.
crawl_for_check() {
    timeout --foreground 300 "${@:2}" "$crawl" "$site_url" --output "$1" --quiet --allow-private
}

command_check_demo() {
    local runs=1 wrapper=() server=() site=$demo_package kill_crawler= argument run result failed=0 folder truth
    for argument; do
        case $argument in
            --kill-workers) wrapper=(python3 tests/crawl/kill_workers.py --every 1 --) ;;
            --kill-crawler) kill_crawler=yes ;;
            --nginx) server=(python3 tools/serve_with_nginx.py) ;;
            python3.11-doc | sqlite3-doc) site=$argument ;;
            [1-9]*) runs=$argument ;;
            *) die_usage "check-demo: unexpected argument: $argument" ;;
        esac
    done
    [[ -z $kill_crawler ]] || ((${#server[@]} == 0)) || die_usage "check-demo: --kill-crawler has a server of its own"
    require_packages "${script_packages[@]}"
    ((${#server[@]} == 0)) || require_packages nginx-light
    build_demo
    # Always the unpacked package: installed, its links to other packages would resolve, and fewer targets be broken.
    unpack_package "$site" "build/corpus/$site"
    case $site in
        python3.11-doc) folder=$demo_site ;;
        *) folder=build/corpus/$site/usr/share/doc/sqlite3 ;;
    esac
    truth=tests/crawl/data/$site
    start_server "$folder" "${server[@]}"
    for ((run = 1; run <= runs; run++)); do
        result=$results/check-$run.db
        rm -f "$result"*
        printf 'run %d of %d: ' "$run" "$runs"
        if [[ -n $kill_crawler ]]; then
            python3 tests/crawl/kill_crawler.py "$crawl" --site "$folder" --truth "$truth" || failed=$((failed + 1))
        elif ! crawl_for_check "$result" "${wrapper[@]}" >"$results/check-$run.log" 2>&1; then
            printf 'the crawl failed:\n'
            cat "$results/check-$run.log"
            failed=$((failed + 1))
        elif ! python3 tests/crawl/compare_with_truth.py "$result" "$site_url" "$truth"; then
            failed=$((failed + 1))
        fi
    done
    ((failed == 0)) || die "check-demo: $failed of $runs runs differ from the truth"
    echo "$runs of $runs runs equal the truth"
}
