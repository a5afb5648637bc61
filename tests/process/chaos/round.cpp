#include "process/chaos/round.hpp"

#include "process/chaos/errand.hpp"
#include "process/chaos/judge.hpp"
#include "process/chaos/tormentor.hpp"
#include "support/loop_thread.hpp"
#include "support/sanitized.hpp"

#include <braid/core/deadline.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/process/process_pool.hpp>

#include <boost/asio/use_future.hpp>

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <random>
#include <thread>
#include <vector>

namespace chaos {

namespace {

using namespace braid;
using namespace std::chrono_literals;

constexpr std::size_t calls_in_a_round = braid_test::sanitized ? 1'000 : 4'000;
constexpr std::size_t caller_threads = 3;
constexpr std::size_t at_once = 60;  // of each thread

struct round_state {
    process_pool& pool;
    judge& all;
    std::uint64_t seed;
    std::atomic<std::size_t> next = 0;
};

errand errand_of(const round_state& r, std::size_t number, const plan& p) {
    return {.counter = r.all.counter(),
            .number = number,
            .what = p.what,
            .text = text_for(number, p.size_there),
            .reply_size = p.size_back,
            .time = p.time,
            .memory = p.memory};
}

task<std::string> call(round_state& r, std::size_t number, plan p) {
    const call_options options{.priority = static_cast<call_priority>(number % 3), .retries = p.retries};
    const errand e = errand_of(r, number, p);
    if (p.cancel_after) {
        auto job = r.pool.submit(options, run_errand, e);
        co_await sleep_for(*p.cancel_after);
        job.cancel();
        co_return co_await job;
    }
    if (p.what == deed::answer_as_task) co_return co_await r.pool.run(options, run_errand_as_task, e);
    co_return co_await r.pool.run(options, run_errand, e);
}

task<> make_calls(round_state& r) {
    for (std::size_t number = r.next++; number < calls_in_a_round; number = r.next++) {
        try {
            const plan p = plan_of(r.seed, number);
            const std::string text = co_await fail_after(p.limit, call(r, number, p));
            r.all.value(number, text);
        } catch (...) {
            r.all.caught(number);
        }
    }
}

task<> make_calls_at_once(round_state& r) {
    co_await with_task_group([&](task_group& g) -> task<> {
        for (std::size_t i = 0; i != at_once; ++i) g.start(make_calls, std::ref(r));
        co_return;
    });
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

/// What a zygote does in the rounds that have one.
void load() {}
task<> call_once(process_pool& pool) { co_await pool.run(load); }

process_pool_options options_from(std::mt19937_64& random) {
    process_pool_options options;
    options.workers = 1 + static_cast<int>(random() % 4);
    options.grace = std::chrono::milliseconds(1 + random() % 40);
    options.start_limit = braid_test::sanitized ? 10s : 1s;  // a worker may be stopped before it can say hello
    if (random() % 2) options.min_workers = 1;
    if (random() % 3 == 0) options.calls_per_worker = 50 + random() % 500;
    if (random() % 3 == 0) options.idle_time = 5ms;
    if (random() % 3 == 0) options.spin = 50us;
    if (random() % 3 == 0 && braid_test::may_fork_workers) options.zygote = {load};
    return options;
}

void end(process_pool& pool, bool by_closing) {
    if (by_closing) run_blocking(pool.close());
    // else its destructor has to do with it
}

}  // namespace

verdict run_round(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    judge all(seed, calls_in_a_round);
    harm done;
    {
        braid_test::loop_thread loop;
        const process_pool_options options = options_from(random);
        process_pool pool(loop.executor(), options);
        tormentor torments(seed, all);
        round_state r{pool, all, seed};
        const bool cut_short = random() % 8 == 0;

        std::vector<std::thread> callers;
        for (std::size_t i = 0; i != caller_threads; ++i) {
            callers.emplace_back([&] { run_blocking(make_calls_at_once(r)); });
        }
        auto disturbing =
            spawn(loop.executor(), disturb(pool, options.zygote, torments, all, seed), boost::asio::use_future);
        if (cut_short) {
            while (all.ended() < calls_in_a_round / 2) std::this_thread::sleep_for(1ms);
            pool.terminate();
        }
        for (auto& caller : callers) caller.join();
        disturbing.get();
        done = torments.stop();
        done.shut_down = cut_short;
        end(pool, random() % 2 == 0);
    }
    auto complaints = all.complaints(done);
    return {fmt::format("{} ({} kills, {} stops, {} starved{})", all.summary(), done.kills, done.stops, done.starved,
                        done.shut_down ? ", terminated" : ""),
            std::move(complaints)};
}

void use_all_that_is_made_once() {
    if (!braid_test::may_fork_workers) return;
    braid_test::loop_thread loop;
    process_pool pool(loop.executor(), {.workers = 1, .zygote = {load}});
    run_blocking(call_once(pool));
    run_blocking(pool.close());
}

void run_until_killed(std::uint64_t seed) {
    for (;; ++seed) run_round(seed);
}

}  // namespace chaos
