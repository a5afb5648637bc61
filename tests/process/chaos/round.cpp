#include "process/chaos/round.hpp"

#include "process/chaos/calls.hpp"
#include "process/chaos/errand.hpp"
#include "process/chaos/judge.hpp"
#include "process/chaos/tormentor.hpp"
#include "process/chaos/transcript.hpp"
#include "support/loop_thread.hpp"
#include "support/sanitized.hpp"

#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/process/process_pool.hpp>

#include <boost/asio/use_future.hpp>

#include <fmt/format.h>

#include <chrono>
#include <iterator>
#include <random>
#include <thread>
#include <utility>
#include <vector>

namespace chaos {

namespace {

using namespace braid;
using namespace std::chrono_literals;

constexpr std::size_t calls_in_a_round = braid_test::sanitized ? 600 : 3'000;
constexpr std::size_t caller_threads = 3;
// For any scheduler: a worker that is alive gives a sign within it.
constexpr auto beat = braid_test::sanitized ? 2'000ms : 500ms;
constexpr std::chrono::microseconds limit_of_calls = braid_test::sanitized ? 1'000ms : 200ms;

/// A pool, and what will be done to it.
struct setting {
    process_pool_options options;
    bool has_zygote = false;
    tormentor::stops stops = tormentor::stops::for_a_while;
    bool has_limit = false;  ///< calls have deadlines
    bool cut_short = false;  ///< the pool is terminated half way
    bool is_closed = false;  ///< in the end; else its destructor has to do with it
};

setting draw_setting(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto one_in = [&](unsigned n) { return random() % n == 0; };
    setting s;
    process_pool_options& o = s.options;
    o.workers = 1 + static_cast<int>(random() % 4);
    o.grace = std::chrono::milliseconds(1 + random() % 40);
    o.start_limit = braid_test::sanitized ? 10s : 1s;  // a worker may be stopped before it can say hello
    o.initialise_limit = o.start_limit;
    if (one_in(2)) o.min_workers = 1;
    if (one_in(3)) o.calls_per_worker = 50 + random() % 500;
    if (one_in(3)) o.idle_time = 5ms;
    if (one_in(2)) o.spin = one_in(2) ? 50us : 0us;
    if (one_in(3)) o.max_queued = 1 + random() % 100;
    if (one_in(3)) o.heartbeat = beat;
    if (one_in(2)) o.initialise = {prepare, seed};
    s.has_zygote = one_in(3) && braid_test::may_fork_workers;
    if (!one_in(3)) o.output = one_in(3) ? worker_output::discard : worker_output::lines;
    // Where a worker that was stopped for good is found by nothing else, deadlines have to find it.
    if (o.heartbeat || one_in(6)) s.stops = tormentor::stops::for_good_too;
    s.has_limit = s.stops == tormentor::stops::for_good_too && !o.heartbeat;
    s.cut_short = one_in(8);
    s.is_closed = one_in(2);
    return s;
}

/// On the pool's home: tells the tormentor whom there is, and changes how many there are.
task<> disturb(process_pool& pool, const zygote& forked_of, tormentor& torments, const judge& all, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    while (all.ended() < calls_in_a_round) {
        torments.workers_are(pool.worker_pids(), forked_of.pid());
        if (random() % 16 == 0) pool.resize(1 + static_cast<int>(random() % 4));
        co_await sleep_for(2ms);
    }
}

task<pool_stats> stats_of(process_pool& pool) { co_return co_await pool.stats(); }

/// A pool all of whose calls have ended has none.
void check_empty(const pool_stats& now, std::vector<std::string>& complaints) {
    if (now.queued + now.awaiting_room + now.in_flight == 0) return;
    complaints.push_back(fmt::format("when all calls had ended there were {} in the queue, {} outside, {} in workers",
                                     now.queued, now.awaiting_room, now.in_flight));
}

void append(std::vector<std::string>& to, std::vector<std::string> more) {
    to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

/// A pool's life, with its calls and torments.
class trial {
public:
    trial(std::uint64_t seed, setting s) : seed_(seed), setting_(with_all(std::move(s))) {}
    trial(const trial&) = delete;
    trial& operator=(const trial&) = delete;

    verdict run() {
        const harm_by_pid done = live();
        append(complaints_, all_.complaints({.terminated = setting_.cut_short,
                                             .has_limit = setting_.has_limit,
                                             .queue_limit = setting_.options.max_queued.has_value()}));
        append(complaints_, printed_.complaints(done));
        append(complaints_, inquire(all_.deaths(), all_.wants(), done, ended_));
        return {fmt::format("{} ({}{})", all_.summary(), summary_of(done), setting_.cut_short ? ", terminated" : ""),
                std::move(complaints_)};
    }

private:
    setting with_all(setting s) {
        if (s.has_zygote) s.options.zygote = {preload, seed_};
        if (s.options.output == worker_output::lines) {
            s.options.on_line = [this](const worker_line& line) { printed_.add(line); };
        }
        return s;
    }

    harm_by_pid live() {
        const process_pool_options& o = setting_.options;
        braid_test::loop_thread loop;
        process_pool pool(loop.executor(), o);
        tormentor torments(seed_, all_, setting_.stops);
        callers by{.pool = pool,
                   .verdicts = all_,
                   .printed = printed_,
                   .seed = seed_,
                   .calls = calls_in_a_round,
                   .limit = setting_.has_limit ? std::optional(limit_of_calls) : std::nullopt,
                   .prints = o.output == worker_output::lines || o.output == worker_output::discard,
                   .lines_are_told = o.output == worker_output::lines,
                   .has_initialiser = static_cast<bool>(o.initialise),
                   .has_zygote = setting_.has_zygote};
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i != caller_threads; ++i) {
            threads.emplace_back([&] { run_blocking(make_calls(by)); });
        }
        auto disturbing =
            spawn(loop.executor(), disturb(pool, o.zygote, torments, all_, seed_), boost::asio::use_future);
        if (setting_.cut_short) {
            while (all_.ended() < calls_in_a_round / 2) std::this_thread::sleep_for(1ms);
            pool.terminate();
        }
        for (auto& thread : threads) thread.join();
        disturbing.get();
        harm_by_pid done = torments.stop();
        const pool_stats now = run_blocking(stats_of(pool));
        check_empty(now, complaints_);
        ended_ = now.ended;
        if (setting_.is_closed) run_blocking(pool.close());
        return done;
    }

    const std::uint64_t seed_;
    const setting setting_;
    judge all_{seed_, calls_in_a_round};
    transcript printed_;
    worker_ends ended_;
    std::vector<std::string> complaints_;
};

task<> call_once(process_pool& pool) {
    co_await pool.run([] {});
}

}  // namespace

verdict run_round(std::uint64_t seed) { return trial(seed, draw_setting(seed)).run(); }

features features_of(std::uint64_t seed) {
    const setting s = draw_setting(seed);
    return {.zygote = s.has_zygote, .spin = s.options.spin != 0us};
}

void use_all_that_is_made_once() {
    if (!braid_test::may_fork_workers) return;
    braid_test::loop_thread loop;
    process_pool pool(loop.executor(), {.workers = 1, .zygote = {preload, std::uint64_t{0}}});
    run_blocking(call_once(pool));
    run_blocking(pool.close());
}

void run_until_killed(std::uint64_t seed) {
    for (;; ++seed) run_round(seed);
}

}  // namespace chaos
