// braid's process pool: how soon it gives its first results, what a queued call takes, how it takes the death of a
// worker, and what it costs calls that are long.

#include <braid/app/run.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/task_group.hpp>
#include <braid/core/when_all.hpp>
#include <braid/process/process_pool.hpp>

#include <csignal>
#include <cstring>
#include <vector>

#include <unistd.h>

#include "process/spin_work.hpp"
#include "support/contender.hpp"
#include "support/heap.hpp"

namespace {

int pid() { return ::getpid(); }
int waits(int milliseconds) {
    ::usleep(static_cast<useconds_t>(milliseconds) * 1000);
    return 0;
}
void spins(std::uint64_t rounds) { bench::spin(rounds); }

/// Of each of its two workers: the one that is ready first may have both calls, and gets no more while the other
/// starts.
braid::task<> first_results_of_both(braid::process_pool& pool) {
    for (;;) {
        const auto [one, other] = co_await braid::when_all(pool.run(pid), pool.run(pid));
        if (one != other) co_return;
        while ((co_await pool.stats()).workers.back().at == braid::worker_stats::state::starting) {
            co_await braid::sleep_for(std::chrono::microseconds(20));
        }
    }
}

/// It is not the first pool: to touch a GiB leaves the caches cold for whatever comes then.
braid::task<int> first_results(std::size_t resident) {
    const std::vector<char> touched(resident, 'x');
    braid::process_pool before({.workers = 2});
    co_await first_results_of_both(before);
    co_await before.close();
    const bench::stopwatch watch;
    braid::process_pool pool({.workers = 2});
    co_await first_results_of_both(pool);
    const double wall = watch.wall_seconds();
    co_await pool.close();
    bench::report(wall * 1e3, watch.cpu_seconds());
    co_return touched.back() == 'x' ? 0 : 1;
}

std::vector<char> preloaded;
void preload(std::size_t bytes) { preloaded.assign(bytes, 'x'); }

/// From a zygote that is warm: it has served another pool.
braid::task<int> first_results_of_zygote() {
    const braid::zygote warm(preload, std::size_t{1} << 20);
    braid::process_pool before({.workers = 2, .zygote = warm});
    co_await first_results_of_both(before);
    co_await before.close();
    const bench::stopwatch watch;
    braid::process_pool pool({.workers = 2, .zygote = warm});
    co_await first_results_of_both(pool);
    const double wall = watch.wall_seconds();
    co_await pool.close();
    bench::report(wall * 1e3, watch.cpu_seconds());
    co_return 0;
}

/// Bytes for each call that waits in the queue, its coroutine included.
braid::task<int> queued_memory(std::uint64_t calls) {
    braid::process_pool pool({.workers = 1});
    co_await pool.run(pid);
    const bench::stopwatch watch;
    double each = 0;
    co_await braid::with_task_group([&](braid::task_group& group) -> braid::task<> {
        group.start([](braid::process_pool& p) -> braid::task<> { co_await p.run(waits, 60'000); }, std::ref(pool));
        co_await braid::sleep_for(std::chrono::milliseconds(20));
        const std::size_t before = bench::heap_bytes();
        for (std::uint64_t i = 0; i < calls; ++i) {
            group.start([](braid::process_pool& p) -> braid::task<> { co_await p.run(pid); }, std::ref(pool));
        }
        co_await braid::sleep_for(std::chrono::milliseconds(20));
        each = static_cast<double>(bench::heap_bytes() - before) / static_cast<double>(calls);
        pool.terminate();
        group.cancel();
    });
    bench::report(each, watch.cpu_seconds());
    co_return 0;
}

/// Since the kill.
struct kill_clock {
    std::chrono::steady_clock::time_point killed;
    [[nodiscard]] double milliseconds() const {
        return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - killed).count();
    }
};

braid::task<> runs_when_killed(braid::process_pool& pool, const kill_clock& since, double& took) {
    try {
        co_await pool.run(waits, 60'000);
    } catch (const braid::worker_died&) {
        took = since.milliseconds();
    }
}
braid::task<> waits_when_killed(braid::process_pool& pool, const kill_clock& since, double& took) {
    co_await pool.run(pid);
    if (took == 0) took = since.milliseconds();
}

/// Milliseconds from SIGKILL to the error of the call that ran, or to the next result.
braid::task<int> after_kill(bool error) {
    braid::process_pool pool({.workers = 1});
    const int worker = co_await pool.run(pid);
    const bench::stopwatch all;
    double to_error = 0;
    double to_result = 0;
    kill_clock since;
    co_await braid::with_task_group([&](braid::task_group& group) -> braid::task<> {
        group.start(runs_when_killed, std::ref(pool), std::cref(since), std::ref(to_error));
        co_await braid::sleep_for(std::chrono::milliseconds(10));
        for (int i = 0; i < 1'000; ++i) {
            group.start(waits_when_killed, std::ref(pool), std::cref(since), std::ref(to_result));
        }
        co_await braid::sleep_for(std::chrono::milliseconds(10));
        since.killed = std::chrono::steady_clock::now();
        ::kill(worker, SIGKILL);
    });
    co_await pool.close();
    bench::report(error ? to_error : to_result, all.cpu_seconds());
    co_return 0;
}

braid::task<int> long_calls(std::uint64_t calls) {
    braid::process_pool pool({.workers = 2});
    co_await braid::when_all(pool.run(waits, 10), pool.run(waits, 10));
    const std::uint64_t rounds = bench::rounds_of_10_ms();
    const bench::stopwatch watch;
    co_await braid::with_task_group([&](braid::task_group& group) -> braid::task<> {
        for (std::uint64_t i = 0; i < calls; ++i) {
            group.start([](braid::process_pool& p, std::uint64_t n) -> braid::task<> { co_await p.run(spins, n); },
                        std::ref(pool), rounds);
        }
        co_return;
    });
    const double wall = watch.wall_seconds();
    co_await pool.close();
    bench::report(static_cast<double>(calls) / wall, watch.cpu_seconds());
    co_return 0;
}

braid::task<int> app(std::span<char*> args) {
    const bench::request asked = bench::parse(static_cast<int>(args.size()), args.data());
    if (asked.problem == "first_results_10m") co_return co_await first_results(std::size_t{10} << 20);
    if (asked.problem == "first_results_1g") co_return co_await first_results(std::size_t{1} << 30);
    if (asked.problem == "first_results_zygote") co_return co_await first_results_of_zygote();
    if (asked.problem == "queued_call") co_return co_await queued_memory(asked.operations);
    if (asked.problem == "kill_to_error") co_return co_await after_kill(true);
    if (asked.problem == "kill_to_result") co_return co_await after_kill(false);
    if (asked.problem == "long_calls") co_return co_await long_calls(asked.operations);
    co_return 77;
}

}  // namespace

int main(int argc, char** argv) {
    // What bare_processes starts.
    if (argc == 2 && std::strcmp(argv[1], "--hello") == 0) return ::write(STDOUT_FILENO, "h", 1) == 1 ? 0 : 1;
    if (argc == 2 && std::strcmp(argv[1], "--stay") == 0) return ::write(STDOUT_FILENO, "h", 1) == 1 ? ::pause() : 1;
    return braid::run(argc, argv, app);
}
