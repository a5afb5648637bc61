# shellcheck shell=bash
# Sourced by ./dev: the runs that look for what no test thought of. They take as long as they are given.

# command_fuzz [SECONDS]: all fuzzers at once. What they learn stays in build/fuzz/corpus, for the next run.
command_fuzz() {
    local seconds=${1:-60} target status=0
    local -A fuzzers=()
    [[ $seconds =~ ^[0-9]+$ ]] && (($# <= 1)) || die_usage "fuzz: expected a number of seconds"
    require_packages "${sanitizer_packages[@]}"
    build fuzz
    note "fuzzing for $seconds s"
    for target in reply frame beside; do
        fuzz "$target" "$seconds" &
        fuzzers[$target]=$!
    done
    for target in "${!fuzzers[@]}"; do
        wait "${fuzzers[$target]}" || status=1
    done
    return $status
}

# fuzz TARGET SECONDS
fuzz() {
    local target=$1 seconds=$2 log=build/log/fuzz-$1.log known
    local corpora=(build/fuzz/corpus/"$target")
    mkdir -p build/log build/fuzz/findings "${corpora[@]}"
    for known in tests/fuzz/{seeds,findings}/"$target"; do
        [[ ! -d $known ]] || corpora+=("$known")
    done
    if ! build/fuzz/tests/fuzz/"${target}_fuzz" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
        -malloc_limit_mb=4 -max_len=4096 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/findings/$target-" "${corpora[@]}" >"$log" 2>&1; then
        tail -n 60 "$log" >&2
        note "the fuzzer of $target found something (above, and in $log); the input is in build/fuzz/findings:" \
            "with the repair it belongs into tests/fuzz/findings/$target"
        return 1
    fi
    printf 'fuzz: %s: %s inputs tried, nothing found\n' "$target" \
        "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
}

# command_chaos [SECONDS] [--seed N] [--parent-kills N]
command_chaos() {
    local seconds=120
    if [[ ${1:-} =~ ^[0-9]+$ ]]; then
        seconds=$1
        shift
    fi
    require_packages "${build_packages[@]}"
    build dev chaos
    build/dev/tests/chaos --seconds "$seconds" --parent-kills 200 "$@"
}
