// The floor of a hop between two CPUs that both look out: one word each way. It tells how far from each other they are,
// which on a virtual machine changes from hour to hour.

#include "core/hops.hpp"
#include "support/look_for.hpp"

#include <atomic>
#include <thread>

namespace {

void ping_pong(bench::hop_times& times, std::uint64_t count) {
    alignas(64) std::atomic<std::uint64_t> asked = 0;
    alignas(64) std::atomic<std::uint64_t> answered = 0;
    std::thread other([&] {
        for (std::uint64_t i = 1; i <= count; ++i) {
            bench::look_for(asked, i);
            answered.store(i, std::memory_order_release);
        }
    });
    for (std::uint64_t i = 1; i <= count; ++i) {
        times.begin();
        asked.store(i, std::memory_order_release);
        bench::look_for(answered, i);
        times.end();
    }
    other.join();
}

}  // namespace

int main(int argc, char** argv) {
    const auto asked = bench::parse(argc, argv);
    if (asked.problem != "on_thread_1" || bench::hop_threads() < 2) return 77;
    return bench::measure_hops(asked, ping_pong, [](std::uint64_t, std::uint64_t) {});
}
