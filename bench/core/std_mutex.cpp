// A std::mutex locked and unlocked, by one thread or by a thousand that contend. Unit: nanoseconds for each lock.
#include <mutex>
#include <thread>
#include <vector>

#include "support/contender.hpp"

namespace {

void count(std::mutex& m, std::uint64_t times, std::uint64_t& counter) {
    for (std::uint64_t i = 0; i < times; ++i) {
        const std::lock_guard lock(m);
        counter = counter + 1;
        asm volatile("" ::: "memory");
    }
}

}  // namespace

int main(int argc, char** argv) {
    bench::request asked = bench::parse(argc, argv);
    asked.operations = (asked.operations + 999) / 1'000 * 1'000;
    std::mutex m;
    std::uint64_t counter = 0;
    std::thread([] {}).join();  // a program of several threads: a lock costs less in one that never had any
    const bench::stopwatch watch;
    if (asked.problem == "mutex_uncontended") {
        count(m, asked.operations, counter);
    } else {
        std::vector<std::thread> threads;
        for (int i = 0; i < 1'000; ++i) threads.emplace_back([&] { count(m, asked.operations / 1'000, counter); });
        for (auto& t : threads) t.join();
    }
    const double wall = watch.wall_seconds();
    if (counter != asked.operations) return 1;
    bench::report(wall / static_cast<double>(asked.operations) * 1e9, watch.cpu_seconds());
}
