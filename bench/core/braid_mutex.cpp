// A braid::mutex locked and unlocked, by one task or by a thousand of one loop. Unit: nanoseconds for each lock.

#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/sync/mutex.hpp>

#include <functional>

#include "support/contender.hpp"

namespace {

braid::task<> alone(braid::mutex& m, std::uint64_t times, std::uint64_t& counter) {
    for (std::uint64_t i = 0; i < times; ++i) {
        const auto lock = co_await m.lock();
        ++counter;
    }
}

/// Gives way while it has the mutex, so that the others pile up.
braid::task<> contend(braid::mutex& m, std::uint64_t times, std::uint64_t& counter) {
    for (std::uint64_t i = 0; i < times; ++i) {
        const auto lock = co_await m.lock();
        ++counter;
        if (i == 0) co_await braid::checkpoint();
    }
}

braid::task<> thousand(braid::mutex& m, std::uint64_t times, std::uint64_t& counter) {
    co_await braid::with_task_group([&](braid::task_group& g) -> braid::task<> {
        for (int i = 0; i < 1'000; ++i) g.start(contend, std::ref(m), times, std::ref(counter));
        co_return;
    });
}

}  // namespace

int main(int argc, char** argv) {
    bench::request asked = bench::parse(argc, argv);
    asked.operations = (asked.operations + 999) / 1'000 * 1'000;
    braid::mutex m;
    std::uint64_t counter = 0;
    const bench::stopwatch watch;
    if (asked.problem == "mutex_uncontended") {
        braid::run_blocking(alone(m, asked.operations, counter));
    } else {
        braid::run_blocking(thousand(m, asked.operations / 1'000, counter));
    }
    const double wall = watch.wall_seconds();
    if (counter != asked.operations) return 1;
    bench::report(wall / static_cast<double>(asked.operations) * 1e9, watch.cpu_seconds());
}
